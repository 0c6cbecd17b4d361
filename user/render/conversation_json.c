// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "conversation_json.h"

#include "chapter/names.h"
#include "conversation_say.h"

static void put_us(struct printer *p, const char *key, struct maybe ns)
{
	json_key(p, key);
	if (ns.known)
		json_us(p, ns.value);
	else
		json_null(p);
}

static void put_parts(struct printer *p, const char *total, const char *key,
		      const struct parts *parts, bool open)
{
	put_us(p, total, parts->total_ns);
	json_key(p, key);
	if (!parts->total_ns.known || !parts->split) {
		json_null(p);
		return;
	}
	json_open(p, '{');
	put_us(p, "retransmission_us", known(parts->retransmission_ns));
	put_us(p, "network_there_us", known(parts->there_ns));
	put_us(p, "network_back_us", known(parts->back_ns));
	if (open)
		put_us(p, "accept_queue_us", known(parts->accept_queue_ns));
	else {
		put_us(p, "client_us", known(parts->client_ns));
		put_us(p, "server_us", known(parts->server_ns));
	}
	json_close(p, '}');
}

static void put_lost(struct printer *p, const char *key, const struct lost *l)
{
	json_key(p, key);
	json_open(p, '{');
	json_key(p, "syn");
	json_uint(p, l->syn);
	json_key(p, "synack");
	json_uint(p, l->synack);
	json_key(p, "ack");
	json_uint(p, l->ack);
	json_key(p, "fin");
	json_uint(p, l->fin);
	json_key(p, "rst");
	json_uint(p, l->rst);
	json_key(p, "dropped");
	json_uint(p, l->dropped);
	json_close(p, '}');
}

static void put_endpoint(struct printer *p, const char *key, const char *port_key,
			 const uint8_t addr[16], uint8_t family, struct maybe port)
{
	json_key(p, key);
	json_address(p, addr, family);
	json_key(p, port_key);
	if (port.known)
		json_int(p, port.value);
	else
		json_null(p);
}

static const char *fate_word(const struct event *e)
{
	static const char *const words[] = {
		[FATE_UNKNOWN] = NULL,	    [FATE_ARRIVED] = "arrived", [FATE_LOST] = "lost",
		[FATE_DROPPED] = "dropped", [FATE_UNSENT] = "unsent",
	};

	if (e->kind == EVENT_DROP)
		return words[FATE_DROPPED];
	/* who has it knows that it came, if not when it left */
	return e->step.segment.sent ? words[e->fate] : "arrived";
}

static struct maybe time_of(const struct event *e)
{
	return e ? e->step.t_ns : (struct maybe){ 0 };
}

static void put_accept(struct printer *p, const struct conversation *c)
{
	const struct event *accept = NULL;

	for (size_t i = 0; i < c->n_events[SERVER]; i++)
		if (c->events[SERVER][i].kind == EVENT_ACCEPT)
			accept = &c->events[SERVER][i];
	put_us(p, "accepted_us", time_of(accept));
}

/* The state of an end after its event; null: it has none of this segment. */
static void put_state(struct printer *p, const char *key, const struct event *e)
{
	json_key(p, key);
	json_word(p, e ? conversation_state(e->step.to) : NULL);
}

static void put_segment(struct printer *p, const struct conversation *c, enum side side,
			const struct event *e)
{
	enum side other = conversation_other(side);
	const struct event *there = e->other < 0 ? NULL : &c->events[other][e->other];
	bool sent = e->step.segment.sent;
	struct word word;

	if (!e->step.segment.flags || (!sent && there))
		return;
	json_open(p, '{');
	json_key(p, "segment");
	/* without the arrow of one end's view */
	json_text(p, name_segment(&word, &e->step.segment) + 2);
	json_key(p, "from");
	json_word(p, conversation_side(sent ? side : other));
	put_us(p, "sent_us", sent ? e->step.t_ns : (struct maybe){ 0 });
	put_us(p, "received_us", sent ? time_of(there) : e->step.t_ns);
	json_key(p, "fate");
	json_word(p, fate_word(e));
	put_state(p, side == CLIENT ? "client_state" : "server_state", e);
	put_state(p, side == CLIENT ? "server_state" : "client_state", there);
	json_close(p, '}');
}

/* Each segment once: of its sender, or of its receiver where the sender has no record of it. */
static void put_segments(struct printer *p, const struct conversation *c)
{
	struct conversation_row rows[CONVERSATION_ROWS_MAX];
	size_t n = conversation_rows(c, rows);

	json_key(p, "segments");
	json_open(p, '[');
	for (size_t i = 0; i < n; i++)
		for (unsigned int side = 0; side < SIDES; side++)
			if (rows[i].at[side] >= 0)
				put_segment(p, c, side, &c->events[side][rows[i].at[side]]);
	json_close(p, ']');
}

static void put_clock(struct printer *p, const struct conversation *c)
{
	put_us(p, "clock_offset_us", known_if(!c->clock.unknown, c->clock.ns));
	put_us(p, "clock_uncertainty_us", known_if(!c->clock.unknown, c->clock.uncertainty_ns));
}

static void put_host(struct printer *p, const char *key, const char *name)
{
	json_key(p, key);
	json_text(p, *name ? name : NULL);
}

void conversation_json(struct render_context *rc, const struct conversation *c)
{
	const struct chapter *client = conversation_end(c, CLIENT),
			     *server = conversation_end(c, SERVER);
	struct printer p;

	printer_begin(&p, rc->out);
	json_open(&p, '{');
	json_key(&p, "type");
	json_word(&p, "conversation");
	json_key(&p, "client_conn");
	json_uint(&p, client->conn);
	json_key(&p, "server_conn");
	json_uint(&p, server->conn);
	render_time_json(&p, "time", rc,
			 known_if(c->n_events[CLIENT] || c->n_events[SERVER], c->begin_ns));
	json_key(&p, "matched");
	json_word(&p, c->matched == MATCHED_NUMBERS ? "numbers" : "addresses");
	put_endpoint(&p, "client", "client_port", client->local, client->family,
		     client->local_port);
	put_endpoint(&p, "server", "server_port", client->remote, client->family,
		     client->remote_port);
	put_host(&p, "client_host", c->host_name[CLIENT]);
	put_host(&p, "server_host", c->host_name[SERVER]);
	put_clock(&p, c);
	json_key(&p, "cause");
	json_word(&p, name_cause(c->cause));
	put_parts(&p, "open_us", "open_parts", &c->open, true);
	put_parts(&p, "close_us", "close_parts", &c->finish, false);
	put_lost(&p, "client_lost", &c->lost[CLIENT]);
	put_lost(&p, "server_lost", &c->lost[SERVER]);
	put_accept(&p, c);
	put_segments(&p, c);
	json_close(&p, '}');
	json_end_line(&p);
}
