/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The connections of the golden files (tests/golden), built as cases.h builds them. */
#ifndef GOLDEN_CASES_H
#define GOLDEN_CASES_H

#include "cases.h"
#include "base/item.h"

/* Items, as the ring or the sweep gives them. */
struct telling {
	item_fn sink;
	void *ctx;
	int err;
};

void tell_item(struct telling *t, enum item_type type, const void *data, size_t len);
void tell_handshake(struct telling *t, struct flow *f);
void tell_close(struct telling *t, struct flow *f);
void tell_open(struct telling *t, const struct flow *f);
/* What stands at the beginning and at the end of every recording. */
void tell_begin(struct telling *t);
void tell_counts(struct telling *t, uint64_t events_lost, uint64_t table_full);

struct golden_case {
	const char *name; /* of the files */
	void (*tell)(struct telling *t);
};

/* Ended by one without a name. */
extern const struct golden_case golden_cases[];

/* Those that a file of its own has; for the table only. */
void case_ssh_client(struct telling *t);
void case_ssh_server(struct telling *t);
void case_http_server(struct telling *t);
void case_http_client(struct telling *t);
void case_simultaneous(struct telling *t);
void case_slow_peer(struct telling *t);
void case_three_segments(struct telling *t);
void case_forked_server(struct telling *t);
void case_widest(struct telling *t);
void case_unseen(struct telling *t);

#endif
