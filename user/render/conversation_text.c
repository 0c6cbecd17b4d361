// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include <linux/bpf.h>
#include <string.h>

#include "base/number.h"
#include "chapter/names.h"
#include "conversation_say.h"

static void put_end(struct printer *p, const struct conversation *c, enum side side)
{
	const struct chapter *ch = conversation_end(c, side);
	char conn[NUMBER_MAX + 1], who[PERSON_TEXT_MAX], host[4 * HOST_NAME_MAX_LEN + 1];

	conn[number_uint(conn, ch->conn)] = '\0';
	printer_words(p, "#", conn, " ", conversation_side(side), " ",
		      name_person(who, &ch->owner));
	if (*c->host_name[side] && !c->one_host)
		printer_words(p, " on ", text_foreign(host, sizeof(host), c->host_name[side]));
}

void conversation_header(struct printer *p, const struct render_context *rc,
			 const struct conversation *c)
{
	char time[TIME_MAX];
	bool known_time = c->n_events[CLIENT] || c->n_events[SERVER];

	printer_words(p, render_time(time, rc, TIME_WALL, known_if(known_time, c->begin_ns)), " ");
	put_end(p, c, CLIENT);
	printer_words(p, ", ");
	put_end(p, c, SERVER);
	printer_char(p, '\n');
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
