/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Why a kernel cannot be traced, and what to do about it. */
#ifndef REFUSAL_H
#define REFUSAL_H

#include <stdbool.h>

struct refusal {
	int err;       /* of what failed, -errno */
	int ring_err;  /* of making a ring buffer; -EINVAL: the kernel knows none */
	bool no_types; /* neither the kernel nor a file has type information */
};

/* One line, of what to do in parentheses; to stand behind what failed (strerror). */
const char *refusal_advice(const struct refusal *r);

#endif
