/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* From item to text: reads the chapters out of a record and hands them to the renderer and the summary. */
#ifndef TELLER_H
#define TELLER_H

#include <errno.h>

#include "cgroups.h"
#include "options.h"
#include "recorder.h"
#include "render.h"
#include "source.h"
#include "summary.h"

#define TELLER_ENOUGH (-ECANCELED)

struct teller {
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
void teller_begin(struct teller *teller, FILE *out, bool colour);

/* An item_fn; ctx is the teller.  0; TELLER_ENOUGH when --count is reached; -EPIPE when nobody reads any more;
 * another -errno when the output could not be written. */
int teller_item(void *teller, const struct item *item);

/* Writes what is buffered; 0 or -errno as above. */
int teller_flush(struct teller *teller);

/* Prints what stands at the end: the renderer's own words and the summary table. */
int teller_end(struct teller *teller);

/* Writes what waits for the recording, which ends; what fails is said, and is in recording_failed. */
void teller_end_recording(struct teller *teller);

/* What main() or a test gave it, and what the renderer kept. */
void teller_free(struct teller *teller);

/* The table of what was told between these two times (CLOCK_MONOTONIC), for --interval. */
void teller_print_interval(struct teller *teller, uint64_t from_ns, uint64_t to_ns);

#endif
