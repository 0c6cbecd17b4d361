// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "page.h"

#include <linux/bpf.h>
#include <string.h>

#include "chapter/names.h"
#include "exposition.h"
#include "metrics_parts.h"

/* Where no port has a row, none is told. */
static void add_port(const struct metrics *m, struct labels *l, uint16_t port)
{
	char number[8];

	if (m->options->metrics_by == METRICS_BY_ROLE)
		return;
	snprintf(number, sizeof(number), "%u", port);
	labels_add(l, "port", port == ROW_OTHER ? "other" : number);
}

static const char *name_of_role(enum role role)
{
	const char *name = name_role(role);

	return name ? name : "unknown";
}

/* Of a metric that only servers have, the role is no label. */
static void add_labels(const struct metrics *m, struct labels *l, const struct row_labels *of,
		       bool has_role)
{
	if (has_role)
		labels_add(l, "role", name_of_role(of->role));
	add_port(m, l, of->port);
	labels_add(l, "workload", of->workload);
}

static const struct family histograms[ROW_HISTOGRAMS] = {
	[ROW_HANDSHAKE] = { "handshake_duration_seconds", FAMILY_HISTOGRAM, "seconds",
			    "From the SYN to the SYN,ACK (client), or from the SYN,ACK to the ACK (server)." },
	[ROW_ACCEPT] = { "accept_wait_seconds", FAMILY_HISTOGRAM, "seconds",
			 "From ESTABLISHED to the return of accept()." },
	[ROW_CLOSE] = { "close_duration_seconds", FAMILY_HISTOGRAM, "seconds",
			"From the first FIN, or the segment that ended it, to the end of the close." },
	[ROW_CLOSE_WAIT] = { "close_wait_seconds", FAMILY_HISTOGRAM, "seconds",
			     "From the peer's FIN to close() or shutdown() by this host." },
};

static bool is_empty(const struct row_histogram *h)
{
	for (int i = 0; i < ROW_BUCKETS; i++)
		if (h->n[i])
			return false;
	return true;
}

static void put_histogram(struct exposition *e, struct metrics *m, enum row_histogram_type type)
{
	exposition_family(e, &histograms[type]);
	for (size_t i = 0; i < metrics_rows_number(m->rows); i++) {
		struct metrics_row *row = metrics_rows_at(m->rows, i);
		struct labels l = { "" };

		if (is_empty(&row->counts.histograms[type]))
			continue;
		add_labels(m, &l, &row->labels, type != ROW_ACCEPT);
		exposition_histogram(e, &l, &row->counts.histograms[type], &row->exemplars[type]);
		/* the other format has not shown it */
		if (e->format == METRICS_OPENMETRICS)
			row->exemplars[type].ns = 0;
	}
}

/* What is counted of a row; n: how many of them. */
typedef uint64_t count_fn(const struct row_counts *c);

static uint64_t sum(const __u64 *n, size_t size)
{
	uint64_t all = 0;

	for (size_t i = 0; i < size; i++)
		all += n[i];
	return all;
}

static uint64_t handshakes(const struct row_counts *c)
{
	return sum(c->outcomes, OUTCOMES);
}

static uint64_t closes(const struct row_counts *c)
{
	return sum(c->endings, ENDINGS);
}

static uint64_t syn_retransmits(const struct row_counts *c)
{
	return c->syn_retransmits;
}

static uint64_t synack_retransmits(const struct row_counts *c)
{
	return c->synack_retransmits;
}

/* only: rows of this role; ROLE_UNKNOWN: all that have something. */
static void put_counts(struct exposition *e, struct metrics *m, const struct family *family,
		       count_fn *count, enum role only)
{
	exposition_family(e, family);
	for (size_t i = 0; i < metrics_rows_number(m->rows); i++) {
		const struct metrics_row *row = metrics_rows_at(m->rows, i);
		struct labels l = { "" };

		if (!handshakes(&row->counts) && !closes(&row->counts))
			continue;
		if (only != ROLE_UNKNOWN && row->labels.role != only)
			continue;
		add_labels(m, &l, &row->labels, true);
		exposition_count(e, &l, count(&row->counts));
	}
}

/* Those of a row by a word; without what is not a failure.  What has not occurred has no sample. */
struct words {
	const struct family family;
	const char *label;
	size_t offset, n, without;
	const char *(*name)(unsigned int number);
};

static void put_words(struct exposition *e, struct metrics *m, const struct words *w)
{
	exposition_family(e, &w->family);
	for (size_t i = 0; i < metrics_rows_number(m->rows); i++) {
		const struct metrics_row *row = metrics_rows_at(m->rows, i);
		const __u64 *n = (const __u64 *)((const char *)&row->counts + w->offset);

		for (size_t word = 0; word < w->n; word++) {
			const char *name = w->name((unsigned int)word);
			struct labels l = { "" };

			if (!n[word] || word == w->without)
				continue;
			add_labels(m, &l, &row->labels, true);
			labels_add(&l, w->label, name ? name : "unknown");
			exposition_count(e, &l, n[word]);
		}
	}
}

static const struct words failures = {
	.family = { "handshake_failures", FAMILY_COUNTER, NULL,
		    "Handshakes that did not end in ESTABLISHED." },
	.label = "outcome",
	.offset = offsetof(struct row_counts, outcomes),
	.n = OUTCOMES,
	.without = OUTCOME_ESTABLISHED,
	.name = name_outcome,
};

static const struct words abnormal = {
	.family = { "abnormal_closes", FAMILY_COUNTER, NULL,
		    "Closes without a FIN from both ends that was acknowledged." },
	.label = "ending",
	.offset = offsetof(struct row_counts, endings),
	.n = ENDINGS,
	.without = ENDING_GRACEFUL,
	.name = name_ending,
};

static void put_rows(struct exposition *e, struct metrics *m)
{
	static const struct family handshakes_family = {
		"handshakes", FAMILY_COUNTER, NULL, "Handshakes that are over, failed ones too."
	};
	static const struct family closes_family = { "closes", FAMILY_COUNTER, NULL,
						     "Closes that are over." };
	static const struct family syn_family = { "syn_retransmits", FAMILY_COUNTER, NULL,
						  "SYNs that this host sent again." };
	static const struct family synack_family = { "synack_retransmits", FAMILY_COUNTER, NULL,
						     "SYN,ACKs that this host sent again." };

	for (enum row_histogram_type type = 0; type < ROW_HISTOGRAMS; type++)
		put_histogram(e, m, type);
	put_counts(e, m, &handshakes_family, handshakes, ROLE_UNKNOWN);
	put_words(e, m, &failures);
	put_counts(e, m, &closes_family, closes, ROLE_UNKNOWN);
	put_words(e, m, &abnormal);
	put_counts(e, m, &syn_family, syn_retransmits, ROLE_CLIENT);
	put_counts(e, m, &synack_family, synack_retransmits, ROLE_SERVER);
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
		struct labels l = { "" };

		if ((only != ROLE_UNKNOWN && only != role) || (role == ROLE_UNKNOWN && !c.n))
			continue;
		/* without listeners, half-open handshakes are not known; without a time, their age is not */
		if ((state == BPF_TCP_SYN_RECV && m->hooks[FEATURE_LISTENER] == HOOK_NONE) ||
		    (ages && c.n && !c.since_ns))
			continue;
		labels_add(&l, "role", name_of_role(role));
		labels_add(&l, "state", name_state(state));
		if (!ages)
			exposition_count(e, &l, c.n);
		else if (state != BPF_TCP_SYN_RECV)
			exposition_seconds(e, &l,
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
			struct labels l = { "" };

			add_port(m, &l, m->listeners[i].port);
			exposition_count(e, &l, families[f].value(&m->listeners[i]));
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
		exposition_count(e, &(struct labels){ "" }, of[i].n);
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
		struct labels l = { "" };

		labels_add(&l, "workload", n->name);
		labels_add(&l, "unit", n->of.unit);
		labels_add(&l, "container_id", n->of.container_id);
		labels_add(&l, "pod_uid", n->of.pod_uid);
		labels_add(&l, "cgroup", n->path);
		exposition_count(e, &l, 1);
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
	struct labels version = { "" };

	exposition_family(e, &feature_info);
	for (enum feature f = 0; f < FEATURES; f++) {
		struct labels l = { "" };

		labels_add(&l, "feature", features[f].name);
		labels_add(&l, "hook", hook_name(m->hooks[f]));
		exposition_count(e, &l, 1);
	}
	exposition_family(e, &build_info);
	labels_add(&version, "version", TCPSTATES_TRACE_VERSION);
	exposition_count(e, &version, 1);
}

void metrics_page(struct metrics *m, FILE *out, enum metrics_format format, int64_t clock_offset_ns)
{
	struct exposition e = { .out = out, .format = format, .clock_offset_ns = clock_offset_ns };

	put_rows(&e, m);
	put_open(&e, m);
	put_listeners(&e, m);
	put_workloads(&e, m);
	put_shortfalls(&e, m);
	put_program(&e, m);
	exposition_end(&e);
}
