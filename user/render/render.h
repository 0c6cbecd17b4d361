/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A renderer turns chapters into text.  Pure: no BPF, no clock, and only html remembers
 * connections.
 */
#ifndef RENDER_H
#define RENDER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/item.h"
#include "base/options.h"
#include "chapter/chapter.h"
#include "chapter/listener.h"

struct summary;
struct conversation;

/* The columns of a line of -o line, and of a narrow one. */
#define LINE_WIDTH 120
#define LINE_NARROW 80

/* What a renderer is given; reporter_begin() fills it in. */
struct render_context {
	FILE *out;
	enum time_style time_style;
	bool colour;
	bool utf8;		 /* the output may have more than ASCII */
	bool narrow;		 /* lines of 80 columns instead of 120 */
	bool handshakes_alone;	 /* the closes of handshakes that are reported may not be */
	bool verbose;		 /* -v: absolute sequence numbers, and more in the verdict */
	int64_t clock_offset_ns; /* CLOCK_REALTIME minus CLOCK_MONOTONIC */
	uint64_t first_ns;	 /* CLOCK_MONOTONIC of the first event reported; 0 until then */
	/* path of a cgroup id, or NULL when it is not known; valid until the next call */
	const char *(*cgroup_path)(void *ctx, uint64_t id);
	/* the same of what its path says; valid until the next call of either */
	const struct workload *(*workload)(void *ctx, uint64_t id);
	void *cgroup_ctx;
	const struct summary *summary; /* of all chapters so far */
	void *state;		       /* the renderer's own, from begin() to free() */
	int error;		       /* set by end() when its output is not complete: -errno */
};

/* Counts of the whole trace, for the JSON summary and the table at the end. */
struct totals {
	uint64_t connections;	     /* with at least one chapter reported */
	uint64_t handshakes, closes; /* chapters reported, without open ones */
	uint64_t open;		     /* chapters reported as open */
	struct maybe established;    /* connections selected that are established at the end */
	uint64_t events_lost;	     /* chapters and transitions not posted, hook runs skipped */
	uint64_t table_full;	     /* connections that found the table full */
	uint64_t counted;	     /* handshakes among those above that were only counted */
	uint64_t incomplete;	     /* chapters reported of which events were not seen */
	uint64_t outcomes[OUTCOMES], endings[ENDINGS];
};

/* Any function may be NULL.  Write errors show at fclose(). */
struct renderer {
	const char *name;
	const char *help;
	bool machine_readable; /* the summary's table goes to stderr instead */
	bool on_screen;	       /* prints nothing: a screen shows what it has counted */
	bool other_ends;       /* prints which connection is the other end of one */
	bool pairs_recordings; /* joins both ends of a connection in a recording without being asked */
	bool pairs_instead; /* prints a conversation instead of the chapters of its ends, not besides */
	const struct renderer
		*of_rows; /* with --by: the one of its rows, instead of the chapters */
	void (*begin)(struct render_context *rc);
	void (*chapter)(struct render_context *rc, const struct chapter *ch);
	/*
	 * Called instead of chapter() for a close, with the handshake of the same connection,
	 * which may have been reported before; NULL when it was not seen.
	 */
	void (*connection)(struct render_context *rc, const struct chapter *handshake,
			   const struct chapter *close);
	/* both ends of a connection; NULL: the format does not join them */
	void (*conversation)(struct render_context *rc, const struct conversation *c);
	/* lines for people are printed of those in trouble only */
	void (*listener)(struct render_context *rc, const struct listener_report *listener);
	void (*counted)(struct render_context *rc, const struct item_counted *counted);
	/* all that is open is about to be told again; or another trace follows, beside which it stays so */
	void (*open_begin)(struct render_context *rc);
	void (*next_trace)(struct render_context *rc);
	void (*transition)(struct render_context *rc, const struct transition *t);
	/*
	 * What --interval adds, instead of a table.  The times are CLOCK_MONOTONIC.  What is open
	 * at its end is counted with --by only.
	 */
	void (*interval)(struct render_context *rc, const struct summary *s, uint64_t from_ns,
			 uint64_t to_ns);
	void (*end)(struct render_context *rc, const struct totals *totals);
	/* called even if end() was not */
	void (*free)(struct render_context *rc);
};

/* All renderers, the default first, ended by one without a name. */
extern const struct renderer *const renderers[];

/*
 * The line about a listener, "listener 0.0.0.0:8000 nginx[123]: accept queue 2 of 1, 16 SYNs
 * dropped"; nothing if it is not in trouble.  width: where to break the line; 0: nowhere.
 */
void render_listener(struct render_context *rc, FILE *out, size_t width,
		     const struct listener_report *listener);

/* The line about attempts of peers, "port 80: 4711 more SYNs refused, only counted". */
void render_counted(struct render_context *rc, FILE *out, const struct item_counted *counted);

/* NULL when no renderer has this name. */
const struct renderer *renderer_find(const char *name);

#endif
