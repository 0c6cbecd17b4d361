/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef RENDER_WHY_H
#define RENDER_WHY_H

#include "render_parts.h"

#define WHY_MAX 320

/*
 * The cause as a sentence, without a capital and a full stop: "python3[4711] has not closed it; the peer has, 41 min
 * ago".  "": there is none.  Fit for a terminal.
 */
const char *render_why(char buf[WHY_MAX], const struct chapter *ch);

#endif
