// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "ends.h"

#include <stdlib.h>
#include <string.h>

#include "chapter/names.h"

void ends_again(struct ends *e)
{
	flow_begin(&e->client, ROLE_CLIENT);
	flow_begin(&e->server, ROLE_SERVER);
	flow_numbers(&e->server, 5000, 1000);
	e->server.r.h.conn = 2;
	memset(e->end, 0, sizeof(e->end));
}

int ends_begin(void **state)
{
	struct ends *e = calloc(1, sizeof(*e));

	*state = e;
	if (!e)
		return -1;
	ends_again(e);
	e->clocks = clocks_create();
	return e->clocks ? 0 : -1;
}

int ends_end(void **state)
{
	struct ends *e = *state;

	clocks_destroy(e->clocks);
	free(e);
	return 0;
}

static void give(struct ends *e, enum item_type type, const void *data, size_t len)
{
	const struct item item = { type, data, len };

	clocks_item(e->clocks, &item);
}

static void be_host(struct ends *e, enum side side)
{
	const struct item_host host = { .boot = { (uint8_t)(1 + side) }, .name = "host" };

	give(e, ITEM_HOST, &host, sizeof(host));
	give(e, ITEM_CLOCK, &e->end[side].clock_offset_ns, sizeof(e->end[side].clock_offset_ns));
	e->end[side].host = clocks_host(e->clocks);
}

void ends_two_hosts(struct ends *e, int64_t ahead_ns)
{
	e->end[SERVER].clock_offset_ns = ahead_ns;
	be_host(e, CLIENT);
	be_host(e, SERVER);
}

void ends_compare_clocks(struct ends *e)
{
	be_host(e, CLIENT);
	give(e, ITEM_HANDSHAKE, &e->client.r.h, sizeof(e->client.r.h));
	be_host(e, SERVER);
	give(e, ITEM_HANDSHAKE, &e->server.r.h, sizeof(e->server.r.h));
}

void ends_open(struct ends *e, uint64_t way_ns)
{
	flow_syn(&e->client);
	e->server.now_ns = e->client.now_ns + way_ns;
	flow_synack(&e->server);
	flow_wait(&e->client, 2 * way_ns);
	flow_established(&e->client, 0);
	flow_wait(&e->server, 2 * way_ns);
	flow_established(&e->server, 0);
	flow_wait(&e->server, MS);
	flow_accepted(&e->server, 80, "nginx");
}

void ends_close(struct ends *e, uint64_t way_ns)
{
	flow_fin(&e->client, 0);
	e->server.now_ns = e->client.now_ns + way_ns;
	flow_peer_fin(&e->server);
	flow_ack_sent(&e->server);
	flow_wait(&e->client, 2 * way_ns);
	flow_fin_acked(&e->client);
	flow_wait(&e->server, 5 * MS);
	flow_fin(&e->server, 0);
	flow_wait(&e->client, 5 * MS);
	flow_peer_fin(&e->client);
	flow_wait(&e->server, 2 * way_ns);
	flow_last_ack(&e->server);
}

void ends_fin_at(struct flow *f, uint64_t ms)
{
	flow_at(f, ms * MS);
	flow_fin(f, 0);
}

void ends_fin_again_at(struct flow *f, uint64_t ms)
{
	flow_at(f, ms * MS);
	flow_fin_again(f);
}

/* By TIME_WAIT, or by a step of its own. */
void ends_gets_fin_at(struct flow *f, uint64_t ms)
{
	flow_at(f, ms * MS);
	flow_peer_fin(f);
	if (f->r.h.state == BPF_TCP_CLOSE_WAIT)
		flow_ack_sent(f);
}

void ends_fin_acked_at(struct flow *f, uint64_t ms)
{
	flow_at(f, ms * MS);
	flow_fin_acked(f);
}

void ends_last_ack_at(struct flow *f, uint64_t ms)
{
	flow_at(f, ms * MS);
	flow_last_ack(f);
}

void ends_establish(struct ends *e, uint64_t now_ns, uint64_t acked_ns)
{
	flow_at(&e->client, now_ns);
	flow_established(&e->client, 0);
	flow_at(&e->server, acked_ns);
	flow_established(&e->server, 0);
}

void ends_synack_at(struct ends *e, uint64_t t_ns)
{
	flow_at(&e->server, t_ns);
	flow_synack(&e->server);
}

void ends_synack_again_at(struct ends *e, uint64_t t_ns)
{
	flow_at(&e->server, t_ns);
	flow_synack_again(&e->server);
}

void ends_join(struct ends *e)
{
	const struct slow_limits slow = SLOW_LIMITS_DEFAULT;
	const struct conversation_context with = { .clocks = e->clocks, .slow = &slow };

	e->end[CLIENT].record = e->client.r;
	e->end[SERVER].record = e->server.r;
	for (unsigned int side = 0; side < SIDES; side++) {
		struct end *end = &e->end[side];

		end->has_close = end->record.c.n_steps ||
				 (end->now_ns && end->record.h.flags & HANDSHAKE_ESTABLISHED);
	}
	conversation_set(&e->c, &e->end[CLIENT], &e->end[SERVER], &with);
}

static void put_ms(FILE *out, int64_t ns)
{
	fprintf(out, "%.10g", (double)ns / MS);
}

static void put_time(FILE *out, const struct step *s)
{
	if (!s->t_ns.known) {
		fputs("?", out);
		return;
	}
	fputs(s->derived ? "~" : "", out);
	put_ms(out, s->t_ns.value);
}

static void put_name(FILE *out, const struct event *e)
{
	struct word word;

	fprintf(out, "%s%s ", ftell(out) ? ", " : "", name_segment(&word, &e->step.segment) + 2);
}

static void put_sent(FILE *out, const struct conversation *c, enum side side, size_t i)
{
	const struct event *e = &c->events[side][i];

	put_name(out, e);
	put_time(out, &e->step);
	if (e->fate == FATE_ARRIVED || e->fate == FATE_DROPPED) {
		fputs(">", out);
		put_time(out, &c->events[!side][e->other].step);
	}
	fputs(e->fate == FATE_UNKNOWN	? ">?"
	      : e->fate == FATE_LOST	? " lost"
	      : e->fate == FATE_DROPPED ? " dropped"
	      : e->fate == FATE_UNSENT	? " unsent"
					: "",
	      out);
}

const char *ends_text(char buf[ENDS_TEXT_MAX], const struct conversation *c, enum side side)
{
	FILE *out = fmemopen(buf, ENDS_TEXT_MAX, "w");

	if (!out)
		abort();
	*buf = '\0';
	for (size_t i = 0; i < c->n_events[side]; i++)
		if (c->events[side][i].step.segment.flags && c->events[side][i].step.segment.sent)
			put_sent(out, c, side, i);
	for (size_t i = 0; i < c->n_events[!side]; i++) {
		const struct event *e = &c->events[!side][i];

		if (!e->step.segment.flags || e->step.segment.sent || e->other >= 0)
			continue;
		put_name(out, e);
		fputs("?>", out);
		put_time(out, &e->step);
	}
	if (fclose(out))
		abort();
	return buf;
}

static void put_part(FILE *out, const char *name, int64_t ns)
{
	if (!ns)
		return;
	fputs(name, out);
	put_ms(out, ns);
}

const char *ends_parts_text(char buf[ENDS_TEXT_MAX], const struct parts *p)
{
	FILE *out = fmemopen(buf, ENDS_TEXT_MAX, "w");

	if (!out)
		abort();
	if (p->total_ns.known)
		put_ms(out, p->total_ns.value);
	else
		fputs("unknown", out);
	fputs(p->split ? ":" : "", out);
	put_part(out, " again ", p->retransmission_ns);
	put_part(out, " there ", p->there_ns);
	put_part(out, " back ", p->back_ns);
	put_part(out, " accept ", p->accept_queue_ns);
	put_part(out, " client ", p->client_ns);
	put_part(out, " server ", p->server_ns);
	if (fclose(out))
		abort();
	return buf;
}

static void put_count(FILE *out, const char *name, unsigned int n)
{
	if (n)
		fprintf(out, "%s%s %u", ftell(out) ? " " : "", name, n);
}

const char *ends_lost_text(char buf[ENDS_TEXT_MAX], const struct lost *lost)
{
	FILE *out = fmemopen(buf, ENDS_TEXT_MAX, "w");

	if (!out)
		abort();
	*buf = '\0';
	put_count(out, "syn", lost->syn);
	put_count(out, "synack", lost->synack);
	put_count(out, "ack", lost->ack);
	put_count(out, "fin", lost->fin);
	put_count(out, "rst", lost->rst);
	put_count(out, "dropped", lost->dropped);
	if (fclose(out))
		abort();
	return buf;
}
