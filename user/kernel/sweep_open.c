// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What is open: handshakes and closes that are not over. */
#include "sweep_parts.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include "chapter/select.h"
#include "open_list.h"
#include "requests.h"
#include "shared/wanted.h"

/* One of the maps of records. */
struct walk {
	const struct sweep *s;
	int map_fd;
	uint64_t now_ns;
	uint64_t *established; /* those found so far that are not reported */
};

/* It waits for accept() since before the trace, or for so long that its handshake was reported without it. */
static bool is_stuck_in_queue(const struct sweep *s, const struct record *r, uint64_t now_ns)
{
	return r->h.role == ROLE_SERVER && !r->h.accept_ns && s->checked_ns &&
	       r->h.seen == (s->check | SEEN_UNACCEPTED) &&
	       (r->h.flags & HANDSHAKE_BEFORE_TRACE ||
		diary_handshake_end_ns(&r->h) + ACCEPT_WAIT_NS <= now_ns);
}

/* Does an established connection retransmit for a time-out, or wait for the peer's window? */
static bool is_stuck(const struct sweep *s, const struct record *r)
{
	if (!s->checked_ns || (r->h.seen & ~SEEN_UNACCEPTED) != s->check)
		return false;
	return r->c.unacked &&
	       (r->c.unacked_retransmits || r->c.unacked_flags & UNACKED_ZERO_WINDOW);
}

/* -p: also what a selected process holds. */
static bool is_open(const struct sweep *s, const struct record *r, bool held, uint64_t now_ns)
{
	if (!r->h.conn || r->c.flags & CLOSE_OVER ||
	    !(sweep_selects(s, r) || (held && select_ports(s->options, &r->h))))
		return false;
	/* a close that had begun before the trace has a state but no step */
	if (diary_established(r) && !r->c.n_steps && r->h.state == BPF_TCP_ESTABLISHED &&
	    !(s->options->states.included >> BPF_TCP_ESTABLISHED & 1) &&
	    !is_stuck_in_queue(s, r, now_ns) && !is_stuck(s, r))
		return false;
	return wanted_open(s->cfg, r, now_ns) && select_open(s->options, r, now_ns);
}

static uint64_t last_event_ns(const struct record *r)
{
	uint64_t handshake = diary_handshake_end_ns(&r->h), close = diary_close_end_ns(r);

	return close > handshake ? close : handshake;
}

static bool is_gone(const struct sweep *s, const struct record *r)
{
	return s->checked_ns && r->h.conn && !(r->c.flags & CLOSE_MINISOCKET) &&
	       (r->h.seen & ~SEEN_UNACCEPTED) != s->check && last_event_ns(r) < s->checked_ns;
}

static int report_gone(const struct sweep *s, struct record *r)
{
	if (!s->last || !sweep_selects(s, r))
		return 0;
	if (!diary_established(r)) {
		r->h.flags |= HANDSHAKE_EVENTS_LOST;
		return wanted_handshake(s->cfg, r)
			       ? sweep_report(s, ITEM_HANDSHAKE, &r->h, sizeof(r->h))
			       : 0;
	}
	r->c.flags |= CLOSE_EVENTS_LOST;
	/* sweep_unposted() has reported the handshake before */
	r->h.flags |= HANDSHAKE_POSTED;
	return wanted_close(s->cfg, r) ? sweep_report(s, ITEM_CLOSE, r, sizeof(*r)) : 0;
}

/* The check for live sockets found which connections are still in the accept queue. */
static int report_as_open(const struct sweep *s, struct item_open *open)
{
	struct handshake_part *h = &open->record.h;

	if (s->checked_ns && diary_established(&open->record) && !h->accept_ns &&
	    h->seen == (s->check | SEEN_UNACCEPTED))
		h->flags |= HANDSHAKE_UNACCEPTED;
	else if (s->checked_ns && diary_established(&open->record) && !h->accept_ns &&
		 s->cfg->accept_seen && h->role == ROLE_SERVER && !(h->flags & HANDSHAKE_MPTCP) &&
		 h->seen == s->check)
		h->flags |= HANDSHAKE_ACCEPTED | HANDSHAKE_ACCEPT_UNSEEN;
	return sweep_report(s, ITEM_OPEN, open, sizeof(*open));
}

/* Is it established, with nothing begun that would be reported? */
static bool is_established(const struct sweep *s, const struct record *r)
{
	return r->h.conn && diary_established(r) && !r->c.n_steps &&
	       r->h.state == BPF_TCP_ESTABLISHED && sweep_selects(s, r);
}

/* Who holds it is not known yet: with -p any process may be selected. */
static bool find_open(const void *ctx, const void *value, struct open_place *place)
{
	const struct walk *w = ctx;
	const struct record *r = value;
	bool gone = is_gone(w->s, r);

	if (gone ? !w->s->last : !is_open(w->s, r, w->s->cfg->by_pid, w->now_ns)) {
		*w->established += !gone && is_established(w->s, r);
		return false;
	}
	*place = open_place(r);
	if (gone)
		place->state = 0;
	return true;
}

static void find_holders(const void *ctx)
{
	const struct walk *w = ctx;

	w->s->find_holders(w->s->finder);
}

static int report_open(const void *ctx, const void *key)
{
	const struct walk *w = ctx;
	const struct sweep *s = w->s;
	struct item_open open = { .now_ns = w->now_ns };
	struct socket_holder holder;

	if (bpf_map_lookup_elem(w->map_fd, key, &open.record))
		return 0;
	if (w->map_fd != s->table_fd || bpf_map_lookup_elem(s->holders_fd, key, &holder))
		holder = (struct socket_holder){ 0 };
	open.holder = holder.owner;
	if (is_gone(s, &open.record))
		return report_gone(s, &open.record);
	return is_open(s, &open.record, s->cfg->by_pid && holder.selected, w->now_ns)
		       ? report_as_open(s, &open)
		       : 0;
}

static struct open_source source_of(const struct walk *w, size_t key_size)
{
	return (struct open_source){
		.map_fd = w->map_fd,
		.key_size = key_size,
		.value_size = sizeof(struct record),
		.find = find_open,
		.prepare = w->map_fd == w->s->table_fd ? find_holders : NULL,
		.report = report_open,
		.ctx = w,
	};
}

/* In the order in which a connection moves from map to map, so that none is missed meanwhile. */
int sweep_open(const struct sweep *s, const struct requests_request *requests, uint64_t now_ns,
	       uint64_t *established)
{
	/* the check does not cover connections that have not changed state since the trace began */
	struct sweep unchecked = *s;
	const struct walk preexisting = { &unchecked, s->preexisting_fd, now_ns, established },
			  table = { s, s->table_fd, now_ns, established },
			  minisockets = { s, s->minisockets_fd, now_ns, established };
	const struct requests_open half_open = { requests, now_ns };
	struct open_source sources[OPEN_SOURCES_MAX];
	size_t n = 0;
	int err = sweep_report(s, ITEM_SNAPSHOT, NULL, 0);

	*established = 0;
	unchecked.checked_ns = 0;
	if (requests)
		sources[n++] = requests_source(&half_open);
	sources[n++] = source_of(&preexisting, sizeof(struct tuple));
	sources[n++] = source_of(&table, sizeof(__u64));
	sources[n++] = source_of(&minisockets, sizeof(__u64));
	return err ? err : open_list_report(sources, n);
}
