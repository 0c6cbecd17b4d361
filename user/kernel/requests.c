// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "requests.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "chapter/select.h"
#include "keys.h"
#include "listeners.h"
#include "shared/wanted.h"

/*
 * A request is gone a moment before its child is ESTABLISHED, and the child's program removes the
 * entry.
 */
#define CHILD_WAIT_NS NS_PER_S

/* False: it is not selected. */
static bool make_record(struct record *r, const struct requests_request *q, const struct tuple *key,
			const struct synacks *s)
{
	struct listening l = { 0 };

	*r = (struct record){ .h = {
				      .conn = s->conn,
				      .netns = key->netns,
				      .local_port = key->local_port,
				      .remote_port = key->remote_port,
				      .iss = s->iss,
				      .irs = s->irs,
				      .retransmits = (__u16)s->n,
				      .role = ROLE_SERVER,
				      .state = BPF_TCP_NEW_SYN_RECV,
				      .flags = HANDSHAKE_NO_SOCKET | HANDSHAKE_ISS | HANDSHAKE_IRS,
				      .interface = s->interface,
			      } };
	memcpy(r->h.local, key->local, 16);
	memcpy(r->h.remote, key->remote, 16);
	r->h.family = IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)r->h.remote) ? 4 : 6;
	if (s->acked)
		r->h.flags |= HANDSHAKE_ACK_QUEUE_FULL;
	diary_synacks(r, s);
	bpf_map_lookup_elem(q->listening_fd, &s->listener, &l);
	r->h.owner = l.owner;
	return select_connection(q->options, &r->h) && listener_is_selected(q->cfg, q->pids_fd, &l);
}

/* The kernel gives it up when it is due.  One that is gone before has ended in another way. */
static enum attempt end_record(struct record *r, const struct synacks *s)
{
	bool due = s->due_ns && s->due_ns <= s->gone_ns;

	if (!due)
		r->h.flags |= HANDSHAKE_EVENTS_LOST;
	diary_handshake_step(r, due ? s->due_ns : s->gone_ns, BPF_TCP_NEW_SYN_RECV, BPF_TCP_CLOSE,
			     !due	? STEP_STATE
			     : s->acked ? STEP_DROPPED
					: STEP_EXPIRED);
	r->h.state = BPF_TCP_CLOSE;
	return s->acked ? ATTEMPT_DROPPED : ATTEMPT_TIMED_OUT;
}

static bool may_report(struct requests *known, const struct requests_request *q, uint64_t now_ns)
{
	if (known->second != now_ns / NS_PER_S) {
		known->second = now_ns / NS_PER_S;
		known->n = 0;
	}
	return !(q->cfg->tally || q->cfg->rows) && known->n++ < q->cfg->max_attempts;
}

static void count(const struct requests_request *q, const struct handshake_part *h,
		  enum attempt attempt)
{
	struct counted_key key = {
		.period = COUNTED_BY_USER,
		.netns = h->netns,
		.port = h->local_port,
		.attempt = (__u16)attempt,
	};
	__u64 n = 0;

	bpf_map_lookup_elem(q->counted_fd, &key, &n);
	n++;
	bpf_map_update_elem(q->counted_fd, &key, &n, BPF_ANY);
}

static int report_over(struct requests *known, const struct requests_request *q, uint64_t now_ns,
		       const struct tuple *key, const struct synacks *s)
{
	enum attempt attempt;
	struct record r;

	if (!s->gone_ns)
		return 0;
	if (s->gone_ns + CHILD_WAIT_NS > now_ns && !(q->last && s->due_ns <= s->gone_ns))
		return 0;
	if (bpf_map_delete_elem(q->synacks_fd, key) || !make_record(&r, q, key, s))
		return 0;
	attempt = end_record(&r, s);
	if (!wanted_handshake(q->cfg, &r))
		return 0;
	if (may_report(known, q, now_ns))
		return q->sink(q->ctx, &(struct item){ ITEM_HANDSHAKE, &r.h, sizeof(r.h) });
	count(q, &r.h, attempt);
	return 0;
}

int requests_report(struct requests *known, const struct requests_request *q, uint64_t now_ns)
{
	struct synacks s;
	struct keys keys;
	int err = keys_read(&keys, q->synacks_fd, sizeof(struct tuple), sizeof(s));

	known->any = !err && keys.n;
	if (err)
		return err;
	for (size_t i = 0; !err && i < keys.n; i++)
		if (!bpf_map_lookup_elem(q->synacks_fd, key_at(&keys, i), &s))
			err = report_over(known, q, now_ns, key_at(&keys, i), &s);
	free(keys.items);
	return err;
}

static bool is_open(const struct requests_open *open, const struct synacks *s)
{
	return !s->gone_ns && s->seen == open->q->number;
}

static bool find_open(const void *ctx, const void *value, struct open_place *place)
{
	const struct synacks *s = value;

	*place = (struct open_place){
		.since_ns = s->first_ns,
		.conn = s->conn,
		.state = BPF_TCP_NEW_SYN_RECV,
	};
	return is_open(ctx, s);
}

static int report_open(const void *ctx, const void *key)
{
	const struct requests_open *half = ctx;
	const struct requests_request *q = half->q;
	struct item_open open = { .now_ns = half->now_ns };
	struct synacks s;

	if (bpf_map_lookup_elem(q->synacks_fd, key, &s) || !is_open(half, &s) ||
	    !make_record(&open.record, q, key, &s) ||
	    !wanted_open(q->cfg, &open.record, half->now_ns) ||
	    !select_open(q->options, &open.record, half->now_ns))
		return 0;
	return q->sink(q->ctx, &(struct item){ ITEM_OPEN, &open, sizeof(open) });
}

struct open_source requests_source(const struct requests_open *open)
{
	return (struct open_source){
		.map_fd = open->q->synacks_fd,
		.key_size = sizeof(struct tuple),
		.value_size = sizeof(struct synacks),
		.find = find_open,
		.report = report_open,
		.ctx = open,
	};
}
