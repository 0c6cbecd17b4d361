/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The last lines of a chapter of the timeline and of the ladder: what it amounts to, in words and milliseconds. */
#ifndef RENDER_VERDICT_H
#define RENDER_VERDICT_H

#include "render.h"

/* Indented, broken between phrases to fit 80 columns, ended by a newline. */
void verdict_print(const struct render_context *rc, const struct chapter *ch);

#endif
