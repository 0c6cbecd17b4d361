// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* -o top: what the screen shows is read from the kernel once a second. */
#include <poll.h>

#include "live_parts.h"
#include "render/top/top.h"
#include "screen.h"

#define REFRESH_NS NS_PER_S

int live_screen_open(struct live *l)
{
	if (!l->reporter->renderer->on_screen)
		return 0;
	l->screen_at_ns = clock_monotonic_ns();
	return screen_open(&l->screen, &l->reporter->context);
}

void live_screen_close(struct live *l)
{
	screen_close(l->screen);
	l->screen = NULL;
}

void live_screen_keys(struct live *l, short events)
{
	/* the terminal is gone; SIGHUP comes with that, unless it is ignored */
	if (l->screen && ((events & (POLLHUP | POLLERR | POLLNVAL)) || !screen_keys(l->screen)))
		l->ended = l->impatient = true;
}

int live_screen_refresh(struct live *l, uint64_t now_ns)
{
	struct top *top = l->screen ? top_of(&l->reporter->context) : NULL;
	struct top_now now = { 0 };
	struct shortfalls shortfalls;
	uint64_t end_ns;
	int err = 0;

	if (!top || now_ns < l->screen_at_ns)
		return 0;
	if (!top_is_frozen(top))
		err = tracer_report_open(l->tracer, reporter_screen_item, l->reporter);
	tracer_shortfalls(l->tracer, &shortfalls);
	end_ns = clock_monotonic_ns();
	now.ns = end_ns;
	now.established = tracer_established(l->tracer, shortfalls.table_full);
	now.lost = shortfalls.events_lost + shortfalls.table_full;
	top_refresh(top, &now);
	screen_draw(l->screen);
	/* where it takes long, the ring must be read meanwhile */
	l->screen_at_ns = now_ns + REFRESH_NS;
	if (l->screen_at_ns < end_ns + LIVE_REPORT_SHARE * (end_ns - now_ns))
		l->screen_at_ns = end_ns + LIVE_REPORT_SHARE * (end_ns - now_ns);
	return err;
}
