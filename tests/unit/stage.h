/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A reporter with everything it needs, for tests that print items into a FILE. */
#ifndef STAGE_H
#define STAGE_H

#include "reporter.h"

struct stage {
	struct options options;
	struct reporter reporter;
};

/* s->options must be filled in.  Prints what the format begins with. */
void stage_open(struct stage *s, const char *format, FILE *out, bool colour);

/* After reporter_end(). */
void stage_close(struct stage *s);

#endif
