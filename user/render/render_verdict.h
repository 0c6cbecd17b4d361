/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The verdict: the last lines of a chapter in the timeline and the ladder, in words and
 * milliseconds.
 */
#ifndef RENDER_VERDICT_H
#define RENDER_VERDICT_H

#include "base/printer.h"
#include "render.h"

/* Prints it indented, broken between phrases to fit 80 columns, with a final newline. */
void verdict_print(struct printer *p, const struct render_context *rc, const struct chapter *ch);

#endif
