// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "page.h"

#include <linux/bpf.h>
#include <string.h>

#include "chapter/names.h"
#include "page_parts.h"

void page_add_port(const struct metrics *m, struct labels *l, uint16_t port)
{
	char number[8];

	if (m->options->metrics_by == METRICS_BY_ROLE)
		return;
	snprintf(number, sizeof(number), "%u", port);
	labels_add(l, "port", port == ROW_OTHER ? "other" : number);
}

const char *page_role(enum role role)
{
	const char *name = name_role(role);

	return name ? name : "unknown";
}

/* A state that a connection of this host can be in for a while; ROLE_UNKNOWN: of either role. */
static const struct {
	uint8_t state;
	enum role role;
} states[] = {
	{ BPF_TCP_SYN_SENT, ROLE_CLIENT },     { BPF_TCP_SYN_RECV, ROLE_SERVER },
	{ BPF_TCP_ESTABLISHED, ROLE_UNKNOWN }, { BPF_TCP_FIN_WAIT1, ROLE_UNKNOWN },
	{ BPF_TCP_FIN_WAIT2, ROLE_UNKNOWN },   { BPF_TCP_CLOSE_WAIT, ROLE_UNKNOWN },
	{ BPF_TCP_LAST_ACK, ROLE_UNKNOWN },    { BPF_TCP_CLOSING, ROLE_UNKNOWN },
};

static struct state_count state_of(const struct metrics *m, enum role role, uint8_t state)
{
	struct state_count c = m->states[role][state];

	/* a request of a peer is no socket yet: its listener counts it */
	for (size_t i = 0; state == BPF_TCP_SYN_RECV && i < m->n_listeners; i++)
		c.n += m->listeners[i].half_open;
	return c;
}

static void put_states(struct exposition *e, const struct metrics *m, const struct family *family,
		       bool ages)
{
	exposition_family(e, family);
	for (size_t i = 0; i < ROLES * sizeof(states) / sizeof(states[0]); i++) {
		enum role role = i % ROLES, only = states[i / ROLES].role;
		uint8_t state = states[i / ROLES].state;
		struct state_count c = state_of(m, role, state);
		struct labels l = { 0 };

		if ((only != ROLE_UNKNOWN && only != role) || (role == ROLE_UNKNOWN && !c.n))
			continue;
		/* without listeners, half-open handshakes are not known; without a time, their age is not */
		if ((state == BPF_TCP_SYN_RECV && m->hooks[FEATURE_LISTENER] == HOOK_NONE) ||
		    (ages && c.n && !c.since_ns))
			continue;
		labels_add(&l, "role", page_role(role));
		labels_add(&l, "state", name_state(state));
		if (!ages)
			e->format->count(e, &l, c.n);
		else if (state != BPF_TCP_SYN_RECV)
			e->format->seconds(e, &l,
					   c.since_ns && c.since_ns < m->now_ns
						   ? m->now_ns - c.since_ns
						   : 0);
	}
}

static void put_open(struct exposition *e, const struct metrics *m)
{
	static const struct family number = { "connections", FAMILY_GAUGE, NULL,
					      "Connections that are open now, by their state." };
	static const struct family oldest = {
		"oldest_seconds", FAMILY_GAUGE, "seconds",
		"How long the oldest of them, as far as that is known, has been in that state; 0: there is none."
	};

	if (!m->states_known)
		return;
	put_states(e, m, &number, false);
	put_states(e, m, &oldest, true);
}

static uint64_t queue_of(const struct listener_row *l)
{
	return l->queue;
}

static uint64_t limit_of(const struct listener_row *l)
{
	return l->queue_limit;
}

static uint64_t dropped_of(const struct listener_row *l)
{
	return l->dropped;
}

static void put_listeners(struct exposition *e, const struct metrics *m)
{
	static const struct {
		struct family family;
		uint64_t (*value)(const struct listener_row *l);
	} families[] = {
		{ { "listener_queue", FAMILY_GAUGE, NULL,
		    "Connections that wait for accept() in the fullest accept queue of a port." },
		  queue_of },
		{ { "listener_queue_limit", FAMILY_GAUGE, NULL,
		    "Its limit: the lesser of listen()'s backlog and net.core.somaxconn." },
		  limit_of },
		{ { "listener_dropped", FAMILY_COUNTER, NULL,
		    "SYNs and last ACKs that a listener dropped, most of them since its queue was full." },
		  dropped_of },
	};

	for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
		exposition_family(e, &families[f].family);
		for (size_t i = 0; i < m->n_listeners; i++) {
			struct labels l = { 0 };

			page_add_port(m, &l, m->listeners[i].port);
			e->format->count(e, &l, families[f].value(&m->listeners[i]));
		}
	}
}

static void put_shortfalls(struct exposition *e, const struct metrics *m)
{
	const struct {
		struct family family;
		uint64_t n;
	} of[] = {
		{ { "events_lost", FAMILY_COUNTER, NULL,
		    "Events that were missed: what they belong to is incomplete or not counted." },
		  m->shortfalls.events_lost },
		{ { "table_full", FAMILY_COUNTER, NULL,
		    "Connections that were not followed: see --max-connections." },
		  m->shortfalls.table_full },
		{ { "rows_full", FAMILY_COUNTER, NULL,
		    "Handshakes and closes that are counted as port=\"other\": see --metrics-rows." },
		  m->shortfalls.rows_full },
	};

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		exposition_family(e, &of[i].family);
		e->format->count(e, &(struct labels){ 0 }, of[i].n);
	}
}

/* To join the rows with what others say of the same container or pod. */
static void put_workloads(struct exposition *e, const struct metrics *m)
{
	static const struct family family = { "workload_info", FAMILY_GAUGE, NULL,
					      "What the label workload stands for." };

	if (m->options->metrics_by < METRICS_BY_UNIT)
		return;
	exposition_family(e, &family);
	for (size_t i = 0; i < m->n_workloads; i++) {
		const struct named_workload *n = &m->workloads[i];
		struct labels l = { 0 };

		labels_add(&l, "workload", n->name);
		labels_add(&l, "unit", n->of.unit);
		labels_add(&l, "container_id", n->of.container_id);
		labels_add(&l, "pod_uid", n->of.pod_uid);
		labels_add(&l, "cgroup", n->path);
		e->format->count(e, &l, 1);
	}
}

static void put_program(struct exposition *e, const struct metrics *m)
{
	static const struct family feature_info = {
		"feature_info", FAMILY_GAUGE, NULL,
		"The hook in use for a feature, as --features lists them; none: see the manual page."
	};
	static const struct family build_info = { "build_info", FAMILY_GAUGE, NULL,
						  "The version of the program." };
	struct labels version = { 0 };

	exposition_family(e, &feature_info);
	for (enum feature f = 0; f < FEATURES; f++) {
		struct labels l = { 0 };

		labels_add(&l, "feature", features[f].name);
		labels_add(&l, "hook", hook_name(m->hooks[f]));
		e->format->count(e, &l, 1);
	}
	exposition_family(e, &build_info);
	labels_add(&version, "version", TCPSTATES_TRACE_VERSION);
	e->format->count(e, &version, 1);
}

int metrics_page(struct metrics *m, FILE *out, const struct exposition_format *format,
		 int64_t clock_offset_ns)
{
	struct exposition e = { .out = out, .format = format, .clock_offset_ns = clock_offset_ns };

	page_put_rows(&e, m);
	put_open(&e, m);
	put_listeners(&e, m);
	put_workloads(&e, m);
	put_shortfalls(&e, m);
	put_program(&e, m);
	format->end(&e);
	return e.err;
}
