/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef CONVERSATION_JSON_H
#define CONVERSATION_JSON_H

#include "render.h"

/* As struct renderer has it: one object, {"type":"conversation", ...}. */
void conversation_json(struct render_context *rc, const struct conversation *c);

#endif
