// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* One line for each state change, with the columns of tcpstates(8). */
#include <inttypes.h>
#include <string.h>

#include "chapter/names.h"
#include "render_parts.h"

/* "12.345678"; "16:04:05.123456+01:00" */
static int time_columns(const struct render_context *rc)
{
	return rc->time_style == TIME_RELATIVE ? 15 : 21;
}

static void begin(struct render_context *rc)
{
	if (rc->time_style != TIME_DEFAULT)
		fprintf(rc->out, "%-*s ", time_columns(rc),
			rc->time_style == TIME_RELATIVE ? "TIME(s)" : "TIME");
	fprintf(rc->out, "%-16s %-7s %-10s %-15s %-5s %-15s %-5s %-12s -> %-12s %s\n", "SKADDR",
		"PID", "COMM", "LADDR", "LPORT", "RADDR", "RPORT", "OLDSTATE", "NEWSTATE", "MS");
}

static void transition(struct render_context *rc, const struct transition *t)
{
	char local[ZONED_MAX], remote[ZONED_MAX], ifname[IFNAME_LEN + 1], time[TIME_MAX], ms[32],
		pid[32], text[COMM_TEXT_MAX];
	struct maybe since = { .known = t->since_ns != 0, .value = (int64_t)t->since_ns };
	struct maybe owner = { .known = t->pid != 0, .value = t->pid };
	struct maybe t_ns = { .known = t->t_ns != 0, .value = (int64_t)t->t_ns };
	struct word from;

	if (rc->time_style != TIME_DEFAULT)
		fprintf(rc->out, "%-*s ", time_columns(rc), render_time(time, rc, TIME_WALL, t_ns));
	text_comm(text, t->comm);
	interface_text(ifname, &t->interface);
	/* a copy: when both numbers are unknown name_state() has one buffer for them */
	from = *name_word(NAMES_STATE, t->from);
	fprintf(rc->out, "%-16" PRIx64 " %-7s %-10s %-15s %-5u %-15s %-5u %-12s -> %-12s %s\n",
		(uint64_t)t->skaddr, render_number(pid, owner), *text ? text : "-",
		text_zoned(local, t->local, t->family, ifname), t->local_port,
		text_zoned(remote, t->remote, t->family, text_remote_zone(t->remote, ifname)),
		t->remote_port, from.text, name_state(t->to), text_ms(ms, since));
}

const struct renderer renderer_states = {
	.name = "states",
	.help = "one line for each state change, with the columns of tcpstates",
	.begin = begin,
	.transition = transition,
};
