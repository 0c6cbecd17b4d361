/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The terminal as the screen of -o top. */
#ifndef SCREEN_H
#define SCREEN_H

#include <stdbool.h>

#include "base/options.h"
#include "render/render.h"

struct screen;

/* Before a trace begins: can there be a screen?  0, or -errno after a message. */
int screen_check(const struct options *options);

/*
 * Takes over the terminal, and with it what is written to stderr if that is the terminal.  rc: of a renderer with
 * on_screen.  0, or -errno after a message.
 */
int screen_open(struct screen **screen, struct render_context *rc);

/* Gives the terminal back, and prints what was written to stderr meanwhile.  s may be NULL. */
void screen_close(struct screen *s);

/* A descriptor to poll for keys; -1 of NULL. */
int screen_fd(const struct screen *s);

/* Handles the keys that were pressed, and a change of size.  False: leave. */
bool screen_keys(struct screen *s);
void screen_draw(struct screen *s);

/* Of a recording that was read: until a key or a signal ends it.  0 or -errno. */
int screen_show(struct render_context *rc, uint64_t lost);

#endif
