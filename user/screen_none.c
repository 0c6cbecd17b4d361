// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The screen of a build without ncurses: there is none. */
#include <errno.h>

#include "base/message.h"
#include "screen.h"

int screen_check(const struct options *options)
{
	if (!options->renderer->on_screen)
		return 0;
	message("-o top: this build is without ncurses (use -o none -s --by pid for a table)");
	return -ENOSYS;
}

int screen_open(struct screen **screen, struct render_context *rc)
{
	(void)screen;
	(void)rc;
	return -ENOSYS;
}

void screen_close(struct screen *s)
{
	(void)s;
}

int screen_fd(const struct screen *s)
{
	(void)s;
	return -1;
}

bool screen_keys(struct screen *s)
{
	(void)s;
	return false;
}

void screen_draw(struct screen *s)
{
	(void)s;
}
