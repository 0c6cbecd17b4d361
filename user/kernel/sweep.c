// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "sweep_parts.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "chapter/select.h"
#include "keys.h"
#include "shared/wanted.h"

/*
 * A minisocket may expire late: the kernel's timer wheel rounds a time-out up by at most an eighth of it
 * (kernel/time/timer.c).  report_expired() allows for that and for a second more.
 */
#define EXPIRY_SLACK_NS NS_PER_S

bool sweep_selects(const struct sweep *s, const struct record *r)
{
	/* accept() returned it before it was ESTABLISHED: no more is known of it yet (accept_early) */
	if (r->h.role == ROLE_SERVER && r->h.state == BPF_TCP_SYN_RECV)
		return false;
	/* the local port of a client was not known when the BPF side selected the record */
	return select_ports(s->options, &r->h) && wanted_owner(s->cfg, r);
}

int sweep_report(const struct sweep *s, enum item_type type, const void *data, size_t len)
{
	return s->sink(s->ctx, &(struct item){ .type = type, .data = data, .len = len });
}

/* The sweep's part in the table of bpf/handshake.bpf.h.  Does nothing if the handshake was claimed meanwhile. */
static int report_unaccepted(const struct sweep *s, __u64 sk, uint64_t before_ns)
{
	struct unaccepted u;
	struct record r;

	if (bpf_map_lookup_elem(s->unaccepted_fd, &sk, &u) || u.since_ns > before_ns ||
	    bpf_map_lookup_elem(s->table_fd, &sk, &r) || r.h.conn != u.conn ||
	    !sweep_selects(s, &r))
		return 0;
	if (bpf_map_delete_elem(s->unaccepted_fd, &sk))
		return 0;
	if (!r.h.accept_ns)
		r.h.flags |= u.left_queue ? HANDSHAKE_ACCEPTED | HANDSHAKE_ACCEPT_UNSEEN
					  : HANDSHAKE_AWAITS_ACCEPT;
	return wanted_handshake(s->cfg, &r) ? sweep_report(s, ITEM_HANDSHAKE, &r.h, sizeof(r.h))
					    : 0;
}

static bool waits_since(const struct filter *f, const void *value)
{
	const struct unaccepted *u = value;

	return u->since_ns >= f->from_ns && u->since_ns <= f->until_ns;
}

int sweep_unaccepted(const struct sweep *s, uint64_t from_ns, uint64_t before_ns)
{
	const struct filter f = { .wanted = waits_since,
				  .from_ns = from_ns,
				  .until_ns = before_ns };
	struct keys keys;
	int err = keys_read_some(&keys, s->unaccepted_fd, sizeof(__u64), sizeof(struct unaccepted),
				 &f);

	if (err)
		return err;
	if (keys.n)
		s->check_unaccepted(s->finder);
	for (size_t i = 0; !err && i < keys.n; i++)
		err = report_unaccepted(s, *(const __u64 *)key_at(&keys, i), before_ns);
	free(keys.items);
	return err;
}

/*
 * Reports the handshake of an established connection, unless it was posted.  sk: the socket's address; NULL for
 * a minisocket, whose HANDSHAKE_POSTED was settled when its socket ended.
 */
static int report_unposted(const struct sweep *s, const struct record *r, const __u64 *sk)
{
	bool unposted = !(r->h.flags & HANDSHAKE_POSTED);

	if (!r->h.conn || !diary_established(r) || !sweep_selects(s, r))
		return 0;
	if (unposted && sk && r->h.role == ROLE_SERVER && s->cfg->accept_awaited)
		unposted = !bpf_map_delete_elem(s->unaccepted_fd, sk) ||
			   accept_fate_of(&r->h) == ACCEPT_UNPOSTED;
	return unposted && wanted_handshake(s->cfg, r)
		       ? sweep_report(s, ITEM_HANDSHAKE, &r->h, sizeof(r->h))
		       : 0;
}

/* The last time, no margin is allowed: the hook is detached, and a segment would not be seen. */
static int report_expired(const struct sweep *s, const __u64 *key, uint64_t now_ns, bool blind)
{
	struct record r;
	uint64_t slack_ns = 0;

	if (bpf_map_lookup_elem(s->minisockets_fd, key, &r))
		return 0;
	if (!s->last)
		slack_ns = (r.c.end_ns - diary_close_end_ns(&r)) / 8 + EXPIRY_SLACK_NS;
	if (r.c.end_ns + slack_ns > now_ns || bpf_map_delete_elem(s->minisockets_fd, key))
		return 0;
	r.c.flags |= CLOSE_OVER | (blind ? CLOSE_EVENTS_LOST : CLOSE_EXPIRED);
	diary_change(&r, r.c.end_ns, BPF_TCP_FIN_WAIT2, BPF_TCP_CLOSE, STEP_EXPIRED);
	if (wanted_close(s->cfg, &r))
		return sweep_report(s, ITEM_CLOSE, &r, sizeof(r));
	return report_unposted(s, &r, NULL);
}

static bool ends_before(const struct filter *f, const void *value)
{
	const struct record *r = value;

	return r->c.end_ns <= f->until_ns;
}

int sweep_minisockets(const struct sweep *s, uint64_t now_ns, bool blind)
{
	const struct filter f = { .wanted = ends_before, .until_ns = now_ns };
	struct keys keys;
	int err = keys_read_some(&keys, s->minisockets_fd, sizeof(__u64), sizeof(struct record),
				 &f);

	if (err)
		return err;
	for (size_t i = 0; !err && i < keys.n; i++)
		err = report_expired(s, key_at(&keys, i), now_ns, blind);
	free(keys.items);
	return err;
}

static int report_reset(const struct sweep *s, const __u64 *sk, uint64_t before_ns)
{
	struct record r;

	if (bpf_map_lookup_elem(s->resets_fd, sk, &r) || diary_close_end_ns(&r) > before_ns ||
	    bpf_map_delete_elem(s->resets_fd, sk))
		return 0;
	/* as post_finished() */
	if (!wanted_owner(s->cfg, &r))
		return 0;
	if (!wanted_handshake(s->cfg, &r))
		r.h.flags |= HANDSHAKE_POSTED;
	if (wanted_close(s->cfg, &r))
		return sweep_report(s, ITEM_CLOSE, &r, sizeof(r));
	return report_unposted(s, &r, NULL);
}

int sweep_resets(const struct sweep *s, uint64_t before_ns, bool *left)
{
	struct keys keys;
	int err = keys_read(&keys, s->resets_fd, sizeof(__u64), sizeof(struct record));

	if (err)
		return err;
	for (size_t i = 0; !err && i < keys.n; i++)
		err = report_reset(s, key_at(&keys, i), before_ns);
	*left = keys.n;
	free(keys.items);
	return err;
}

static int report_unposted_in(const struct sweep *s, int map_fd, size_t key_size)
{
	struct record r;
	struct keys keys;
	int err = keys_read(&keys, map_fd, key_size, sizeof(struct record));

	if (err)
		return err;
	for (size_t i = 0; !err && i < keys.n; i++)
		if (!bpf_map_lookup_elem(map_fd, key_at(&keys, i), &r))
			err = report_unposted(s, &r,
					      map_fd == s->table_fd ? key_at(&keys, i) : NULL);
	free(keys.items);
	return err;
}

int sweep_unposted(const struct sweep *s)
{
	int err = report_unposted_in(s, s->table_fd, sizeof(__u64));

	return err ? err : report_unposted_in(s, s->minisockets_fd, sizeof(__u64));
}

static int count_selected_in(const struct sweep *s, int map_fd, size_t key_size)
{
	struct record r;
	struct keys keys;
	int n = 0;

	if (keys_read(&keys, map_fd, key_size, sizeof(struct record)))
		return 0;
	for (size_t i = 0; i < keys.n; i++)
		if (!bpf_map_lookup_elem(map_fd, key_at(&keys, i), &r) && r.h.conn &&
		    sweep_selects(s, &r))
			n++;
	free(keys.items);
	return n;
}

int sweep_count(const struct sweep *s)
{
	return count_selected_in(s, s->table_fd, sizeof(__u64)) +
	       count_selected_in(s, s->minisockets_fd, sizeof(__u64)) +
	       count_selected_in(s, s->preexisting_fd, sizeof(struct tuple));
}
