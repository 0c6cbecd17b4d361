// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the peer of an open connection has not acknowledged, in words. */
#include <inttypes.h>
#include <linux/bpf.h>

#include "base/clock.h"
#include "render_parts.h"

bool render_stuck(char buf[STUCK_TEXT_MAX], const struct chapter *ch)
{
	const struct close *cl = &ch->close;
	const char *where = ch->state == BPF_TCP_ESTABLISHED || ch->state == BPF_TCP_CLOSE_WAIT
				    ? ""
				    : " before our FIN";
	char text[32];
	int n;

	if (!cl->unacked.known || !cl->unacked.value)
		return false;
	n = snprintf(buf, STUCK_TEXT_MAX, "%s%" PRId64 " byte%s%s unacknowledged",
		     *where ? "" : "stuck: ", cl->unacked.value, cl->unacked.value == 1 ? "" : "s",
		     where);
	if (cl->unacked_ns.known)
		n += snprintf(buf + n, STUCK_TEXT_MAX - (size_t)n, " for %s",
			      text_seconds(text, cl->unacked_ns.value));
	if (cl->unacked_retransmits.value)
		n += snprintf(buf + n, STUCK_TEXT_MAX - (size_t)n, ", %" PRId64 " retransmit%s",
			      cl->unacked_retransmits.value,
			      cl->unacked_retransmits.value == 1 ? "" : "s");
	if (cl->zero_window == TRISTATE_YES)
		snprintf(buf + n, STUCK_TEXT_MAX - (size_t)n, ", peer's window 0");
	return true;
}

bool render_idle(char buf[STUCK_TEXT_MAX], const struct close *cl)
{
	char text[32];

	if (!cl->idle_ns.known || cl->idle_ns.value < NS_PER_S)
		return false;
	snprintf(buf, STUCK_TEXT_MAX, "no data for %s before",
		 text_seconds(text, cl->idle_ns.value));
	return true;
}
