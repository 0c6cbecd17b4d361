// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "listener.h"

#include <string.h>

#include "chapter_parts.h"

void listener_report(struct listener_report *report, const struct item_listener *item)
{
	*report = (struct listener_report){
		.t_ns = known_unless_0(item->now_ns),
		.netns = item->netns,
		.family = item->family == 6 ? 6 : 4,
		.local_port = known_unless_0(item->port),
		.queue = known(item->queue),
		.queue_max = known(item->queue_max),
		.backlog = known(item->backlog),
		.half_open = known(item->half_open),
		.dropped = known(item->dropped),
		.accepted = known_if(item->accept_seen && item->accepted <= INT64_MAX,
				     (int64_t)item->accepted),
	};
	interface_text(report->ifname, &item->interface);
	memcpy(report->local, item->addr, 16);
	person_set(&report->owner, &item->owner);
}

/* The kernel takes one more than the limit (sk_acceptq_is_full()). */
bool listener_is_in_trouble(const struct listener_report *report)
{
	return report->dropped.value || report->queue.value > report->backlog.value;
}
