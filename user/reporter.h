/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Makes chapters from items, and passes them on to the renderer, the summary and the recorder. */
#ifndef REPORTER_H
#define REPORTER_H

#include <errno.h>

#include "base/cgroups.h"
#include "base/item.h"
#include "base/numbering.h"
#include "base/options.h"
#include "chapter/other_ends.h"
#include "chapter/time_waits.h"
#include "chapter/verdict_filter.h"
#include "metrics/metrics.h"
#include "recording/recorder.h"
#include "render/render.h"
#include "render/summary.h"

/* --count is reached */
#define REPORTER_ENOUGH (-ECANCELED)

struct pairs;

struct reporter {
	/* set by the caller before reporter_begin() */
	const struct options *options;
	const struct renderer *renderer;
	struct cgroups *cgroups;
	struct summary *summary;
	struct summary *interval;      /* since the last table of --interval; NULL: not wanted */
	struct recorder *recorder;     /* NULL: none */
	struct time_waits *time_waits; /* NULL: a connect() without a free port is not explained */
	struct other_ends *other_ends; /* NULL: the other end of a connection is not named */
	struct metrics *metrics;       /* NULL: none */
	struct pairs *pairs;	       /* NULL: both ends of a connection are not joined */
	bool held; /* what is reported now waits for its other end, and is not printed yet */
	struct port_source ports; /* of a live trace: without ask() there is no kernel to ask */

	struct verdict_filter filter;
	struct render_context context;
	struct numbering numbering; /* of the connections, as they are reported */
	/* the same of a replay: the highest number, and that when the trace before ended */
	uint64_t highest_number, numbers_before;
	int out_fd;	       /* of the output; set by main() */
	bool recording_failed; /* the recording could not be written completely */
	struct totals totals;  /* complete after reporter_end() */
	int error;	       /* of the output, -errno; 0: none */
	uint64_t finished;     /* connections that count for --count */
};

/*
 * Creates the recording of -w.  0, also if the disk is full and the trace prints something: then recording_failed is
 * set; or -errno.  After a message in either case.
 */
int reporter_open_recorder(struct reporter *reporter);

/*
 * Prepares to join both ends of each connection, if the options and the format want that; compares the clocks of
 * several recordings, which must be files then.  0 or -ENOMEM.
 */
int reporter_open_pairs(struct reporter *reporter);

/* Sets the renderer's context; the caller may change context.utf8 (false) and narrow afterwards. */
void reporter_begin(struct reporter *reporter, FILE *out, bool colour);

/*
 * An item_fn; ctx is the reporter.  Returns 0; REPORTER_ENOUGH; -EPIPE if the reader of the output has exited; or
 * another -errno if the output could not be written.
 */
int reporter_item(void *ctx, const struct item *item);

/* Does what --interval prints say what is open?  To find that takes a while: with --by. */
bool reporter_interval_counts_open(const struct reporter *reporter);

/*
 * An item_fn for a report of what is open at the end of an interval: that is counted in the interval, and
 * neither printed nor recorded.  Other items are for reporter_item().
 */
int reporter_interval_item(void *ctx, const struct item *item);

/*
 * The same for a report of what is open that is for the renderer of a screen: it is neither counted in the summary nor
 * recorded.
 */
int reporter_screen_item(void *ctx, const struct item *item);

/* Writes what is buffered.  0 or -errno, as reporter_item(). */
int reporter_flush(struct reporter *reporter);

/* Prints what the renderer prints at the end, and the summary.  0 or -errno, as reporter_item(). */
int reporter_end(struct reporter *reporter);

/* Writes what is left of the recording and closes it.  A failure is printed, and sets recording_failed. */
void reporter_end_recording(struct reporter *reporter);

/* Frees what the caller and the renderer have set. */
void reporter_free(struct reporter *reporter);

/* Prints the table of --interval, or its JSON.  The times are CLOCK_MONOTONIC. */
void reporter_print_interval(struct reporter *reporter, uint64_t from_ns, uint64_t to_ns);

/* The path of a cgroup, and whose it is; NULL: not known.  As struct render_context and struct metrics_cgroups want them. */
const char *reporter_cgroup_path(void *reporter, uint64_t id);
const struct workload *reporter_workload(void *reporter, uint64_t id);

#endif
