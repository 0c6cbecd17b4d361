// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int put(void *ctx, const struct packet *p)
{
	struct story *s = ctx;
	int side = p->from_port != 40000;
	size_t len = strnlen(s->text, sizeof(s->text));

	if (len < sizeof(s->text) - 1)
		snprintf(s->text + len, sizeof(s->text) - len, "%s%s%s %s%s%s%s%s", len ? ", " : "",
			 side ? "<" : ">", p->outbound ? "" : "!", p->flags & PACKET_SYN ? "S" : "",
			 p->flags & PACKET_FIN ? "F" : "", p->flags & PACKET_RST ? "R" : "",
			 p->flags & PACKET_ACK ? "." : "", p->payload ? " data" : "");
	s->n++;
	s->backwards |= p->t_ns < s->last_ns;
	s->last_ns = p->t_ns;
	s->payload[side] += p->payload;
	if (s->next[side] && !(p->flags & PACKET_SYN))
		assert_int_equal(p->seq, s->next[side]);
	s->next[side] = p->seq + p->payload + !!(p->flags & (PACKET_SYN | PACKET_FIN));
	s->unacknowledged[side] += p->payload;
	s->unacknowledged[!side] = 0;
	assert_true(s->unacknowledged[side] <= GIB);
	return 0;
}

int story_begin(void **state)
{
	struct story *s = calloc(1, sizeof(*s));

	if (s)
		s->c = conversations_create(put, s);
	*state = s;
	return s && s->c ? 0 : -1;
}

int story_end(void **state)
{
	struct story *s = *state;

	conversations_destroy(s->c);
	free(s);
	return 0;
}

void story_add(struct story *s, const struct flow *f, enum segments_part part, uint64_t now_ns)
{
	const struct segments_end e = { .record = &f->r };

	assert_int_equal(conversations_add(s->c, &e, part, now_ns), 0);
}

void story_open_both(struct flow *client, struct flow *server)
{
	flow_open(client, ROLE_CLIENT);
	flow_open(server, ROLE_SERVER);
	flow_numbers(server, 5000, 1000);
	server->r.h.conn = 2;
}

void story_close_both(struct flow *client, struct flow *server)
{
	flow_data(client, 100, 200);
	flow_data(server, 200, 100);
	client->now_ns = server->now_ns = BEGIN_NS + S;
	flow_fin(client, 0);
	flow_wait(server, 10 * US);
	flow_peer_fin(server);
	flow_wait(server, 10 * US);
	flow_ack_sent(server);
	flow_wait(client, 30 * US);
	flow_fin_acked(client);
	flow_wait(server, S);
	flow_fin(server, 0);
	flow_wait(client, S + 20 * US);
	flow_peer_fin(client);
	flow_wait(server, 60 * US);
	flow_last_ack(server);
}
