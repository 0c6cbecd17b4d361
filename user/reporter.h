/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Makes chapters from items, and passes them on to the renderer, the summary and the recorder. */
#ifndef REPORTER_H
#define REPORTER_H

#include <errno.h>

#include "base/cgroups.h"
#include "base/item.h"
#include "base/options.h"
#include "recording/recorder.h"
#include "render/render.h"
#include "render/summary.h"

/* --count is reached */
#define REPORTER_ENOUGH (-ECANCELED)

struct reporter {
	/* set by the caller before reporter_begin() */
	const struct options *options;
	const struct renderer *renderer;
	struct cgroups *cgroups;
	struct summary *summary;
	struct summary *interval;  /* since the last table of --interval; NULL: not wanted */
	struct recorder *recorder; /* NULL: none */

	struct render_context context;
	int out_fd;	       /* of the output; set by main() */
	bool recording_failed; /* the recording could not be written completely */
	struct totals totals;  /* complete after reporter_end() */
	int error;	       /* of the output, -errno; 0: none */
	uint64_t finished;     /* connections that count for --count */
	bool counted;	       /* ITEM_COUNTS was received: the trace or recording is complete */
};

/* Sets the renderer's context; the caller may change context.utf8 (false) afterwards. */
void reporter_begin(struct reporter *reporter, FILE *out, bool colour);

/*
 * An item_fn; ctx is the reporter.  Returns 0; REPORTER_ENOUGH; -EPIPE if the reader of the output has exited; or
 * another -errno if the output could not be written.
 */
int reporter_item(void *ctx, const struct item *item);

/* Writes what is buffered.  0 or -errno, as reporter_item(). */
int reporter_flush(struct reporter *reporter);

/* Prints what the renderer prints at the end, and the summary.  0 or -errno, as reporter_item(). */
int reporter_end(struct reporter *reporter);

/* Writes what is left of the recording and closes it.  A failure is printed, and sets recording_failed. */
void reporter_end_recording(struct reporter *reporter);

/* Frees what the caller and the renderer have set. */
void reporter_free(struct reporter *reporter);

/* Prints the table of --interval.  The times are CLOCK_MONOTONIC. */
void reporter_print_interval(struct reporter *reporter, uint64_t from_ns, uint64_t to_ns);

#endif
