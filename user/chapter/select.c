// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "select.h"

#include <string.h>

#include "base/workload.h"
#include "open_place.h"
#include "shared/endpoint.h"
#include "shared/wanted.h"

static bool by_cgroup(const struct options *o)
{
	return o->cgroup_path || o->container;
}

/* A recording has the paths of its cgroups, the running kernel their ids. */
static bool in_cgroup(const struct options *o, struct cgroups *cgroups, const struct owner *owner)
{
	const char *path;
	bool fresh;

	if (!o->read_file)
		return o->cgroup_id == owner->cgroup;
	path = cgroups_path(cgroups, owner->cgroup, &fresh);
	if (!path || (o->container && !workload_in_container(path, o->container)))
		return false;
	return !o->cgroup_path || cgroups_below(path, o->cgroup_path);
}

bool select_comm_and_cgroup(const struct options *o, struct cgroups *cgroups,
			    const struct owner *owner)
{
	return (!o->comms.n || comm_selected(&o->comms, owner->comm)) &&
	       (!by_cgroup(o) || in_cgroup(o, cgroups, owner));
}

bool select_owner(const struct options *o, struct cgroups *cgroups, const struct owner *owner)
{
	return pid_list_has(&o->pids, owner->pid) && select_comm_and_cgroup(o, cgroups, owner);
}

bool select_ports(const struct options *o, const struct handshake_part *h)
{
	return (!o->local_ports.given || port_set_has(&o->local_ports, h->local_port)) &&
	       (!o->remote_ports.given || port_set_has(&o->remote_ports, h->remote_port)) &&
	       (!o->any_ports.given ||
		port_set_has_either(&o->any_ports, h->local_port, h->remote_port));
}

static bool select_conn(const struct options *o, const struct handshake_part *h)
{
	for (uint32_t i = 0; i < o->n_conns; i++)
		if (endpoints_are(o->conns[i], h))
			return true;
	return !o->n_conns;
}

bool select_connection(const struct options *o, const struct handshake_part *h)
{
	if ((o->netns && h->netns != o->netns) || (o->family && h->family != o->family) ||
	    (o->role && h->role != o->role))
		return false;
	if (!select_ports(o, h) || !select_conn(o, h))
		return false;
	return prefix_list_has(&o->local, h->family, h->local) &&
	       prefix_list_has(&o->remote, h->family, h->remote) &&
	       prefix_list_has_either(&o->host, h->family, h->local, h->remote);
}

/* By the owner that is printed. */
bool select_handshake(const struct options *o, struct cgroups *cgroups,
		      const struct handshake_part *h)
{
	return select_connection(o, h) &&
	       select_owner(o, cgroups, h->accept_ns ? &h->acceptor : &h->owner);
}

/* With --pid, also by the process that closes it. */
static bool select_close(const struct options *o, struct cgroups *cgroups, const struct record *r)
{
	return select_handshake(o, cgroups, &r->h) ||
	       (o->pids.included.n && r->c.closer.pid && select_connection(o, &r->h) &&
		select_owner(o, cgroups, &r->c.closer));
}

static bool is_any_address(const struct item_listener *l)
{
	static const uint8_t any[16], any_ipv4[16] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(l->addr, any, 16) || !memcmp(l->addr, any_ipv4, 16);
}

bool select_listener(const struct options *o, struct cgroups *cgroups,
		     const struct item_listener *l)
{
	bool any = is_any_address(l);

	if ((o->netns && l->netns != o->netns) || o->role == ROLE_CLIENT || o->remote.included.n ||
	    o->remote_ports.includes || o->n_conns || o->open)
		return false;
	/* [::] takes IPv4 as well */
	if (o->family && l->family != o->family && !(any && l->family == 6))
		return false;
	if ((o->local_ports.given && !port_set_has(&o->local_ports, l->port)) ||
	    (o->any_ports.given && !port_set_has(&o->any_ports, l->port)))
		return false;
	if (!any && (!prefix_list_has(&o->local, l->family, l->addr) ||
		     !prefix_list_has(&o->host, l->family, l->addr)))
		return false;
	return o->read_file ? select_owner(o, cgroups, &l->owner) : l->selected;
}

struct config select_wanted(const struct options *o)
{
	return (struct config){
		.by_chapter = o->failed || o->open || o->min_connect_ns || o->min_close_ns,
		.failed = o->failed,
		.open = o->open,
		.min_connect_ns = o->min_connect_ns,
		.min_close_ns = o->min_close_ns,
	};
}

/*
 * Not by its owner.  Live, a server's handshake comes with the close then if that is selected: by
 * who accepts the connection late, or closes it.
 */
static int pass_over(struct selection *s, const struct handshake_part *h)
{
	if (h->role != ROLE_SERVER || !select_connection(s->options, h))
		return 0;
	return passed_over_add(&s->passed_over, h->conn);
}

static int pass_handshake(struct selection *s, const struct handshake_part *h)
{
	const struct config cfg = select_wanted(s->options);
	struct record r = { .h = *h };

	if (!wanted_handshake(&cfg, &r))
		return 0;
	if (!select_handshake(s->options, s->cgroups, h))
		return pass_over(s, h);
	return s->sink(s->ctx, &(struct item){ ITEM_HANDSHAKE, h, sizeof(*h) });
}

static int pass_close(struct selection *s, const struct record *record)
{
	const struct config cfg = select_wanted(s->options);
	struct record r = *record;
	bool posted;

	if (passed_over_take(&s->passed_over, r.h.conn)) {
		r.h.flags &= ~HANDSHAKE_POSTED;
		/* which says so, as it has the time of accept() now */
		r.h.accept_fate &= ~ACCEPT_LATE;
	}
	posted = r.h.flags & HANDSHAKE_POSTED;
	if (!select_close(s->options, s->cgroups, &r))
		return 0;
	if (!posted && !wanted_handshake(&cfg, &r))
		r.h.flags |= HANDSHAKE_POSTED;
	if (wanted_close(&cfg, &r))
		return s->sink(s->ctx, &(struct item){ ITEM_CLOSE, &r, sizeof(r) });
	if (r.h.flags & HANDSHAKE_POSTED)
		return 0;
	return s->sink(s->ctx, &(struct item){ ITEM_HANDSHAKE, &r.h, sizeof(r.h) });
}

bool select_open(const struct options *o, const struct record *r, uint64_t now_ns)
{
	uint64_t since_ns;

	if (!bits_have(&o->states, r->h.state & STEP_NIBBLE))
		return false;
	if (!o->older_ns)
		return true;
	since_ns = open_place(r).since_ns;
	return !since_ns || since_ns + o->older_ns <= now_ns;
}

/* With --pid, also what a selected process holds. */
static bool select_held(const struct selection *s, const struct item_open *open)
{
	return s->options->pids.included.n && open->holder.pid &&
	       select_connection(s->options, &open->record.h) &&
	       select_owner(s->options, s->cgroups, &open->holder);
}

static int pass_open(const struct selection *s, const struct item_open *open)
{
	const struct config cfg = select_wanted(s->options);

	if (!(select_close(s->options, s->cgroups, &open->record) || select_held(s, open)) ||
	    !wanted_open(&cfg, &open->record, open->now_ns) ||
	    !select_open(s->options, &open->record, open->now_ns))
		return 0;
	return s->sink(s->ctx, &(struct item){ ITEM_OPEN, open, sizeof(*open) });
}

static int pass_transition(const struct selection *s, const struct transition *t)
{
	struct handshake_part h = {
		.netns = t->netns,
		.local_port = t->local_port,
		.remote_port = t->remote_port,
		.family = t->family,
		.role = t->role,
		.owner = { .pid = t->pid },
	};

	memcpy(h.local, t->local, 16);
	memcpy(h.remote, t->remote, 16);
	memcpy(h.owner.comm, t->comm, COMM_LEN);
	if (!select_handshake(s->options, s->cgroups, &h)) {
		/* with --pid, also who closes it; there is no more of him than that */
		h.owner = (struct owner){ .pid = t->closer };
		if (!s->options->pids.included.n || !t->closer ||
		    !select_handshake(s->options, s->cgroups, &h))
			return 0;
	}
	return s->sink(s->ctx, &(struct item){ ITEM_TRANSITION, t, sizeof(*t) });
}

static int pass_listener(const struct selection *s, const struct item_listener *l)
{
	return select_listener(s->options, s->cgroups, l)
		       ? s->sink(s->ctx, &(struct item){ ITEM_LISTENER, l, sizeof(*l) })
		       : 0;
}

static bool by_owner(const struct options *o)
{
	return pid_list_given(&o->pids) || o->comms.n || by_cgroup(o);
}

static bool by_address(const struct options *o)
{
	return prefix_list_given(&o->local) || prefix_list_given(&o->remote) ||
	       prefix_list_given(&o->host) || o->n_conns;
}

/* Whose they are is not known, and nobody owns them. */
static int pass_counted(const struct selection *s, const struct item_counted *c)
{
	const struct options *o = s->options;

	if ((o->netns && c->netns != o->netns) || o->role == ROLE_CLIENT || o->family ||
	    by_owner(o) || by_address(o) || o->remote_ports.given || o->any_ports.given ||
	    o->min_connect_ns || o->min_close_ns || o->open)
		return 0;
	if (o->local_ports.given && (c->ports != 1 || !port_set_has(&o->local_ports, c->port)))
		return 0;
	return s->sink(s->ctx, &(struct item){ ITEM_COUNTED, c, sizeof(*c) });
}

int select_item(void *selection, const struct item *item)
{
	struct selection *s = selection;
	union {
		struct handshake_part handshake;
		struct record record;
		struct item_open open;
		struct transition transition;
		struct item_listener listener;
		struct item_counted counted;
	} u;

	/* the trace is over, and the next one of the recording has the same numbers */
	s->transitions |= item->type == ITEM_TRANSITION;
	if (item->type == ITEM_COUNTS || item->type == ITEM_CUT_OFF)
		passed_over_free(&s->passed_over);
	if (item->len && item->len <= sizeof(u))
		memcpy(&u, item->data, item->len);
	if (item->type == ITEM_HANDSHAKE && item->len == sizeof(u.handshake))
		return pass_handshake(s, &u.handshake);
	if (item->type == ITEM_CLOSE && item->len == sizeof(u.record))
		return pass_close(s, &u.record);
	if (item->type == ITEM_OPEN && item->len == sizeof(u.open))
		return pass_open(s, &u.open);
	if (item->type == ITEM_TRANSITION && item->len == sizeof(u.transition))
		return pass_transition(s, &u.transition);
	if (item->type == ITEM_LISTENER && item->len == sizeof(u.listener))
		return pass_listener(s, &u.listener);
	if (item->type == ITEM_COUNTED && item->len == sizeof(u.counted))
		return pass_counted(s, &u.counted);
	return s->sink(s->ctx, item);
}

void select_end(struct selection *selection)
{
	passed_over_free(&selection->passed_over);
}
