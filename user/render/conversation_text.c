// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include <linux/bpf.h>
#include <string.h>

#include "base/number.h"
#include "chapter/names.h"
#include "conversation_say.h"

#define WIDTH 80
#define END_MAX (NUMBER_MAX + PERSON_TEXT_MAX + 4 * HOST_NAME_MAX_LEN + 32)

static size_t end_text(char buf[END_MAX], const struct conversation *c, enum side side)
{
	const struct chapter *ch = conversation_end(c, side);
	char conn[NUMBER_MAX + 1], who[PERSON_TEXT_MAX], host[4 * HOST_NAME_MAX_LEN + 1];
	bool named = *c->host_name[side] && !c->one_host;

	conn[number_uint(conn, ch->conn)] = '\0';
	return text_join(buf, END_MAX, "#", conn, " ", conversation_side(side), " ",
			 name_person(who, &ch->owner), named ? " on " : "",
			 named ? text_foreign(host, sizeof(host), c->host_name[side]) : "");
}

void conversation_header(struct printer *p, const struct render_context *rc,
			 const struct conversation *c)
{
	char text[TIME_MAX], client[END_MAX], server[END_MAX];
	struct maybe begin = known_if(c->n_events[CLIENT] || c->n_events[SERVER], c->begin_ns);
	const char *time = render_time(text, rc, TIME_WALL, begin);
	size_t len = strlen(time) + 1 + end_text(client, c, CLIENT);

	printer_words(p, time, " ", client,
		      len + 2 + end_text(server, c, SERVER) > WIDTH ? ",\n  " : ", ", server, "\n");
}

const char *conversation_state(uint8_t state)
{
	return name_state(state == BPF_TCP_NEW_SYN_RECV ? BPF_TCP_SYN_RECV : state);
}

const char *conversation_label(char buf[CONVERSATION_LABEL_MAX], const struct render_context *rc,
			       const struct conversation *c, enum side side, const struct event *e,
			       size_t width)
{
	char numbers[NUMBERS_TEXT_MAX], *ack;
	struct word word;
	const char *name = name_segment(&word, &e->step.segment);

	if (!name)
		return memcpy(buf, "", 1);
	/* without "> ": the arrow has the direction */
	render_numbers(numbers, rc, conversation_end(c, side), &e->step);
	text_join(buf, CONVERSATION_LABEL_MAX, name + 2, numbers);
	ack = strstr(buf, " ack=");
	if (strlen(buf) > width && ack)
		*ack = '\0';
	if (strlen(buf) > width)
		text_join(buf, CONVERSATION_LABEL_MAX, name + 2);
	return buf;
}
