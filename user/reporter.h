/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* From item to text: reads the chapters out of a record and hands them to the renderer and the summary. */
#ifndef REPORTER_H
#define REPORTER_H

#include <errno.h>

#include "base/cgroups.h"
#include "base/options.h"
#include "recording/recorder.h"
#include "render/render.h"
#include "base/item.h"
#include "render/summary.h"

#define REPORTER_ENOUGH (-ECANCELED)

struct reporter {
	const struct options *options;
	const struct renderer *renderer;
	struct render_context context;
	int out_fd;		   /* behind the renderer's stream; set by main() */
	struct recorder *recorder; /* NULL: none */
	bool recording_failed;	   /* it ended before the trace */
	struct cgroups *cgroups;
	struct summary *summary;
	struct summary *interval; /* since the last table of --interval; NULL: not asked for */
	struct totals totals;	  /* events_lost, table_full: as of ITEM_COUNTS */
	int error;		  /* of the output, -errno; 0: none */
	uint64_t finished;	  /* connections told to their end */
	bool counted;		  /* ITEM_COUNTS came */
};

/*
 * Fills the renderer's context (context.utf8 is false until main() says otherwise); options, summary
 * and cgroups must stand already.
 */
void reporter_begin(struct reporter *reporter, FILE *out, bool colour);

/* An item_fn; ctx is the reporter.  0; REPORTER_ENOUGH when --count is reached; -EPIPE when nobody reads any more;
 * another -errno when the output could not be written. */
int reporter_item(void *reporter, const struct item *item);

/* Writes what is buffered; 0 or -errno as above. */
int reporter_flush(struct reporter *reporter);

/* Prints what stands at the end: the renderer's own words and the summary table. */
int reporter_end(struct reporter *reporter);

/* Writes what waits for the recording, which ends; what fails is said, and is in recording_failed. */
void reporter_end_recording(struct reporter *reporter);

/* What main() or a test gave it, and what the renderer kept. */
void reporter_free(struct reporter *reporter);

/* The table of what was told between these two times (CLOCK_MONOTONIC), for --interval. */
void reporter_print_interval(struct reporter *reporter, uint64_t from_ns, uint64_t to_ns);

#endif
