/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a recording of tests/golden prints. */
#ifndef GOLDEN_REPLAY_H
#define GOLDEN_REPLAY_H

#include "base/options.h"

struct golden_view {
	const char *renderer;
	const char *suffix;
	const char *only; /* a view of this case alone; NULL: of all */
	bool verbose;
	bool colour;
	bool utf8;
	enum time_style time_style;
	bool narrow;
	bool pair;
};

/* As the view has it: of a page just its data, with --by of JSON the last object.  by: of --by, NULL: without it. */
char *golden_replay(const char *path, const struct golden_view *v, const struct by *by,
		    size_t *len);

#endif
