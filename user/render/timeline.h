/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef TIMELINE_H
#define TIMELINE_H

#include "render.h"

/* As struct renderer has it: both ends, with the times and the states of each. */
void timeline_conversation(struct render_context *rc, const struct conversation *c);

#endif
