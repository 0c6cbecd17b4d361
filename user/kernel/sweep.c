// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "sweep.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "chapter/select.h"
#include "shared/wanted.h"

/* A tick of the kernel's timer wheel is an eighth of the time to go at most, and a second here. */
#define EXPIRY_SLACK_NS NS_PER_S

#define CHUNK 512

struct keys {
	unsigned char *items;
	size_t n, size;
};

static bool keys_grow(struct keys *keys, size_t *room)
{
	void *more;

	if (keys->n + CHUNK <= *room)
		return true;
	more = realloc(keys->items, (*room * 2 + CHUNK) * keys->size);
	if (!more)
		return false;
	keys->items = more;
	*room = *room * 2 + CHUNK;
	return true;
}

/*
 * The keys that are in a map now, bucket by bucket, so that a key that goes away under the walk does not
 * send it back to the beginning.  The values come along and are not used.
 */
static int keys_read(struct keys *keys, int map_fd, size_t size, size_t value_size)
{
	void *values = malloc(CHUNK * value_size), *position = NULL;
	__u32 bucket, n;
	size_t room = 0;
	int err = values ? 0 : -ENOMEM;

	*keys = (struct keys){ .size = size };
	while (!err) {
		if (!keys_grow(keys, &room)) {
			err = -ENOMEM;
			break;
		}
		n = CHUNK;
		err = bpf_map_lookup_batch(map_fd, position, &bucket, keys->items + keys->n * size,
					   values, &n, NULL);
		if (!err || err == -ENOENT)
			keys->n += n;
		position = &bucket;
	}
	free(values);
	if (err == -ENOENT)
		return 0;
	free(keys->items);
	return err;
}

static const void *key_at(const struct keys *keys, size_t i)
{
	return keys->items + i * keys->size;
}

/* Owner selections of a server connection are settled by accept(), or else by who listens. */
static bool is_selected(const struct sweep *s, const struct record *r)
{
	bool by_owner = s->cfg->by_pid || s->cfg->by_comm || s->cfg->cgroup;

	/* a client's own port was not known yet when the kernel decided */
	if (!select_ports(s->options, &r->h))
		return false;
	return !by_owner || r->h.flags & HANDSHAKE_OWNER_SELECTED || r->h.accept_ns;
}

static int report(const struct sweep *s, enum item_type type, const void *data, size_t len)
{
	return s->sink(s->ctx, &(struct item){ .type = type, .data = data, .len = len });
}

/* Handshakes posted or told meanwhile are left alone. */
static int report_unaccepted(const struct sweep *s, __u64 sk, uint64_t before_ns)
{
	struct unaccepted u;
	struct record r;

	if (bpf_map_lookup_elem(s->unaccepted_fd, &sk, &u) || u.since_ns > before_ns ||
	    bpf_map_lookup_elem(s->table_fd, &sk, &r) || r.h.conn != u.conn || !is_selected(s, &r))
		return 0;
	if (bpf_map_delete_elem(s->unaccepted_fd, &sk))
		return 0;
	return wanted_handshake(s->cfg, &r) ? report(s, ITEM_HANDSHAKE, &r.h, sizeof(r.h)) : 0;
}

int sweep_unaccepted(const struct sweep *s, uint64_t before_ns)
{
	struct keys keys;
	int err = keys_read(&keys, s->unaccepted_fd, sizeof(__u64), sizeof(struct unaccepted));

	if (err)
		return err;
	for (size_t i = 0; !err && i < keys.n; i++)
		err = report_unaccepted(s, *(const __u64 *)key_at(&keys, i), before_ns);
	free(keys.items);
	return err;
}

/* sk: NULL for a minisocket's record, of which the end of its socket decided who tells the handshake. */
static int report_unposted(const struct sweep *s, const struct record *r, const __u64 *sk)
{
	bool unposted = !(r->h.flags & HANDSHAKE_POSTED);

	if (!r->h.conn || !diary_established(r) || !is_selected(s, r))
		return 0;
	if (unposted && sk && r->h.role == ROLE_SERVER && s->cfg->accept_seen)
		unposted = !bpf_map_delete_elem(s->unaccepted_fd, sk) ||
			   r->h.accept_fate == ACCEPT_LOST;
	return unposted && wanted_handshake(s->cfg, r)
		       ? report(s, ITEM_HANDSHAKE, &r->h, sizeof(r->h))
		       : 0;
}

/* What is due at the last is over: no segment that came meanwhile is seen any more. */
static int report_expired(const struct sweep *s, const struct tuple *key, uint64_t now_ns,
			  bool blind)
{
	struct record r;
	uint64_t patience = 0;

	if (bpf_map_lookup_elem(s->minisockets_fd, key, &r))
		return 0;
	if (!s->last)
		patience = (r.c.end_ns - diary_close_end_ns(&r)) / 8 + EXPIRY_SLACK_NS;
	if (r.c.end_ns + patience > now_ns || bpf_map_delete_elem(s->minisockets_fd, key))
		return 0;
	r.c.flags |= CLOSE_OVER | (blind ? CLOSE_EVENTS_LOST : CLOSE_EXPIRED);
	diary_change(&r, r.c.end_ns, BPF_TCP_FIN_WAIT2, BPF_TCP_CLOSE, STEP_EXPIRED);
	if (wanted_close(s->cfg, &r))
		return report(s, ITEM_CLOSE, &r, sizeof(r));
	return report_unposted(s, &r, NULL);
}

int sweep_minisockets(const struct sweep *s, uint64_t now_ns, bool blind)
{
	struct keys keys;
	int err = keys_read(&keys, s->minisockets_fd, sizeof(struct tuple), sizeof(struct record));

	if (err)
		return err;
	for (size_t i = 0; !err && i < keys.n; i++)
		err = report_expired(s, key_at(&keys, i), now_ns, blind);
	free(keys.items);
	return err;
}

static bool is_open(const struct sweep *s, const struct record *r, uint64_t now_ns)
{
	if (!r->h.conn || r->c.flags & CLOSE_OVER || !is_selected(s, r))
		return false;
	/* a close found on the way when tracing began has a state and no step */
	if (diary_established(r) && !r->c.n_steps && r->h.state == BPF_TCP_ESTABLISHED)
		return false;
	return wanted_open(s->cfg, r, now_ns);
}

static uint64_t last_event_ns(const struct record *r)
{
	uint64_t handshake = diary_handshake_end_ns(&r->h), close = diary_close_end_ns(r);

	return close > handshake ? close : handshake;
}

static bool is_gone(const struct sweep *s, const struct record *r)
{
	return s->checked_ns && r->h.conn && !(r->c.flags & CLOSE_MINISOCKET) &&
	       r->c.seen != s->check && last_event_ns(r) < s->checked_ns;
}

static int report_gone(const struct sweep *s, struct record *r)
{
	if (!s->last || !is_selected(s, r))
		return 0;
	if (!diary_established(r)) {
		r->h.flags |= HANDSHAKE_EVENTS_LOST;
		return wanted_handshake(s->cfg, r) ? report(s, ITEM_HANDSHAKE, &r->h, sizeof(r->h))
						   : 0;
	}
	r->c.flags |= CLOSE_EVENTS_LOST;
	r->h.flags |= HANDSHAKE_POSTED; /* sweep_unposted() was here before */
	return wanted_close(s->cfg, r) ? report(s, ITEM_CLOSE, r, sizeof(*r)) : 0;
}

static int open_in(const struct sweep *s, int map_fd, size_t key_size, uint64_t now_ns)
{
	struct item_open open = { .now_ns = now_ns };
	struct keys keys;
	int err = keys_read(&keys, map_fd, key_size, sizeof(struct record));

	if (err)
		return err;
	for (size_t i = 0; !err && i < keys.n; i++) {
		if (bpf_map_lookup_elem(map_fd, key_at(&keys, i), &open.record))
			continue;
		if (is_gone(s, &open.record))
			err = report_gone(s, &open.record);
		else if (is_open(s, &open.record, now_ns))
			err = report(s, ITEM_OPEN, &open, sizeof(open));
	}
	free(keys.items);
	return err;
}

int sweep_open(const struct sweep *s, uint64_t now_ns)
{
	struct sweep preexisting = *s;
	int err = report(s, ITEM_SNAPSHOT, NULL, 0);

	preexisting.checked_ns = 0; /* the check does not come by what has not changed */
	if (!err)
		err = open_in(s, s->table_fd, sizeof(__u64), now_ns);
	if (!err)
		err = open_in(s, s->minisockets_fd, sizeof(struct tuple), now_ns);
	return err ? err : open_in(&preexisting, s->preexisting_fd, sizeof(struct tuple), now_ns);
}

static int unposted_in(const struct sweep *s, int map_fd, size_t key_size)
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
	int err = unposted_in(s, s->table_fd, sizeof(__u64));

	return err ? err : unposted_in(s, s->minisockets_fd, sizeof(struct tuple));
}

/* How many records of a map are such as `is` says. */
static int count_in(const struct sweep *s, int map_fd, size_t key_size,
		    bool (*is)(const struct sweep *s, const struct record *r))
{
	struct record r;
	struct keys keys;
	int n = 0;

	if (keys_read(&keys, map_fd, key_size, sizeof(struct record)))
		return 0;
	for (size_t i = 0; i < keys.n; i++)
		if (!bpf_map_lookup_elem(map_fd, key_at(&keys, i), &r) && r.h.conn && is(s, &r))
			n++;
	free(keys.items);
	return n;
}

int sweep_count(const struct sweep *s)
{
	return count_in(s, s->table_fd, sizeof(__u64), is_selected) +
	       count_in(s, s->minisockets_fd, sizeof(struct tuple), is_selected) +
	       count_in(s, s->preexisting_fd, sizeof(struct tuple), is_selected);
}
