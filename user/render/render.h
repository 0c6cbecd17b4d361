/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A renderer turns chapters into text.  It knows nothing of BPF, of clocks or of other connections. */
#ifndef RENDER_H
#define RENDER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/options.h"
#include "chapter/chapter.h"

struct summary;

/* What a renderer needs from outside; filled by main() or by a test. */
struct render_context {
	FILE *out;
	enum time_style time_style;
	bool colour;
	bool utf8;		 /* what reads the text shows more than ASCII */
	bool verbose;		 /* absolute sequence numbers */
	int64_t clock_offset_ns; /* CLOCK_REALTIME minus CLOCK_MONOTONIC */
	uint64_t first_ns; /* monotonic time of the first event told, 0 until then; set by main() */
	/* path of a cgroup id, or NULL; the string lives until the next call */
	const char *(*cgroup_path)(void *ctx, uint64_t id);
	void *cgroup_ctx;
	const struct summary *summary; /* of all chapters told so far */
	void *state;		       /* the renderer's own, from begin() to free() */
};

/* Counts of the whole trace, as the JSON summary and the table at the end tell them. */
struct totals {
	uint64_t connections;	     /* distinct, of which at least one chapter was told */
	uint64_t handshakes, closes; /* chapters told, open ones not counted */
	uint64_t open;		     /* chapters told as open */
	uint64_t events_lost;	     /* chapters and transitions not posted, hook runs skipped */
	uint64_t table_full;
	uint64_t incomplete; /* chapters told though events of them were not seen */
	uint64_t outcomes[OUTCOMES], endings[ENDINGS];
};

struct renderer {
	const char *name;
	const char *help;
	bool apart; /* a table for a person has no place in it and goes to the standard error */
	void (*begin)(struct render_context *rc);
	void (*chapter)(struct render_context *rc, const struct chapter *ch);
	/*
	 * In place of chapter(), for a close: with the handshake of its connection, which may have
	 * been told before; NULL when that was not seen.
	 */
	void (*connection)(struct render_context *rc, const struct chapter *handshake,
			   const struct chapter *close);
	void (*transition)(struct render_context *rc, const struct transition *t);
	void (*end)(struct render_context *rc, const struct totals *totals);
	void (*free)(struct render_context *rc); /* also when end() could not be called */
};

/* All renderers, ended by one without a name.  Any function may be NULL. */
extern const struct renderer *const renderers[];

/* NULL when there is none of this name. */
const struct renderer *renderer_find(const char *name);

#endif
