/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A teller with all that it needs, for tests that tell items into a FILE. */
#ifndef STAGE_H
#define STAGE_H

#include "teller.h"

struct stage {
	struct options options;
	struct teller teller;
};

/* The options stand already; writes what the format begins with. */
void stage_open(struct stage *s, const char *format, FILE *out, bool colour);

/* After teller_end(). */
void stage_close(struct stage *s);

#endif
