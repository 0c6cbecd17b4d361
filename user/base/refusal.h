/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What to do if the kernel refuses to be traced. */
#ifndef REFUSAL_H
#define REFUSAL_H

#include <stdbool.h>

struct refusal {
	int err;       /* of the step that failed, -errno */
	int ring_err;  /* of creating a ring buffer, 0 or -errno; -EINVAL: not supported */
	bool no_types; /* no type information (BTF), neither of the kernel nor in a file */
};

/* The text for the parentheses of a message. */
const char *refusal_advice(const struct refusal *r);

#endif
