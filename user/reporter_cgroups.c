// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "reporter_parts.h"

#include <string.h>

const char *reporter_cgroup_path(void *reporter, uint64_t id)
{
	const struct reporter *r = reporter;
	bool fresh;

	return cgroups_path(r->cgroups, id, &fresh);
}

const struct workload *reporter_workload(void *reporter, uint64_t id)
{
	const struct reporter *r = reporter;

	return cgroups_workload(r->cgroups, id);
}

static void hint(struct reporter *reporter, const struct owner *owner)
{
	cgroups_hint(reporter->cgroups, owner->cgroup, owner->pid);
}

void reporter_hint_cgroups(struct reporter *reporter, const struct item *item)
{
	union {
		struct handshake_part handshake;
		struct item_open open;
		struct item_listener listener;
	} u;
	const struct handshake_part *h = &u.handshake;

	switch (item->type) {
	case ITEM_LISTENER:
		memcpy(&u.listener, item->data, sizeof(u.listener));
		hint(reporter, &u.listener.owner);
		return;
	case ITEM_OPEN:
		memcpy(&u.open, item->data, sizeof(u.open));
		h = &u.open.record.h;
		break;
	case ITEM_HANDSHAKE:
	case ITEM_CLOSE:
		/* a record begins with its handshake */
		memcpy(&u.handshake, item->data, sizeof(u.handshake));
		break;
	default:
		return;
	}
	hint(reporter, &h->owner);
	if (h->accept_ns)
		hint(reporter, &h->acceptor);
}
