/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The connections of the golden files (tests/golden). */
#ifndef GOLDEN_CASES_H
#define GOLDEN_CASES_H

#include "post.h"

struct golden_case {
	const char *name; /* of the files */
	void (*post)(struct poster *p);
};

/* Ended by one without a name. */
extern const struct golden_case golden_cases[];

/* Distinguishes the connections of a case: number, cookie, and a client's port. */
void golden_number(struct flow *f, unsigned int conn);

/* golden_graceful.c: with a FIN from each side. */
void case_ssh_client(struct poster *p);
void case_ssh_server(struct poster *p);
void case_http_server(struct poster *p);
void case_http_client(struct poster *p);
void case_simultaneous(struct poster *p);
void case_slow_peer(struct poster *p);
void case_three_segments(struct poster *p);
void case_forked_server(struct poster *p);
void case_widest(struct poster *p);
void case_unseen(struct poster *p);
void case_two_links(struct poster *p);

/* golden_failed.c: connections that fail, time out or are reset. */
void case_attempts(struct poster *p);
void case_failed(struct poster *p);
void case_timed_out(struct poster *p);
void case_half_open(struct poster *p);
void case_resets(struct poster *p);

/* golden_both.c: with both ends of each connection. */
void case_both_ends(struct poster *p);

/* golden_older.c: from before the trace. */
void case_older(struct poster *p);

/* golden_stuck.c: open, with data that the peer does not acknowledge. */
void case_stuck(struct poster *p);

#endif
