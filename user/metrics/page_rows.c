// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What was counted since the trace began, by service. */
#include <stddef.h>

#include "chapter/names.h"
#include "page_parts.h"

/* Of a metric that only servers have, the role is no label. */
static void add_labels(const struct metrics *m, struct labels *l, const struct row_labels *of,
		       bool has_role)
{
	if (has_role)
		labels_add(l, "role", page_role(of->role));
	page_add_port(m, l, of->port);
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

static void put_histogram(struct exposition *e, struct metrics *m, enum row_histogram_type type)
{
	exposition_family(e, &histograms[type]);
	for (size_t i = 0; i < metrics_rows_number(m->rows); i++) {
		struct metrics_row *row = metrics_rows_at(m->rows, i);
		struct labels l = { 0 };

		if (!exposition_observations(&row->counts.histograms[type]))
			continue;
		add_labels(m, &l, &row->labels, type != ROW_ACCEPT);
		e->format->histogram(e, &l, &row->counts.histograms[type], &row->exemplars[type]);
		/* the other format has not shown it */
		if (e->format->has_exemplars)
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
		struct labels l = { 0 };

		if (!handshakes(&row->counts) && !closes(&row->counts))
			continue;
		if (only != ROLE_UNKNOWN && row->labels.role != only)
			continue;
		add_labels(m, &l, &row->labels, true);
		e->format->count(e, &l, count(&row->counts));
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
			struct labels l = { 0 };

			if (!n[word] || word == w->without)
				continue;
			add_labels(m, &l, &row->labels, true);
			labels_add(&l, w->label, name ? name : "unknown");
			e->format->count(e, &l, n[word]);
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

void page_put_rows(struct exposition *e, struct metrics *m)
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
