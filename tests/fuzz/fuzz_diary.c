// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Random connections that TCP's states allow, written through the diary as the BPF programs do.
 * The kernel decides by the diary's times what to post, so they must be those of the verdict.
 */
#include <errno.h>
#include <linux/bpf.h>

#include "cases.h"
#include "check.h"
#include "input.h"
#include "chapter/tally_chapter.h"

#define IN(state) (1u << (state))
/* before the first state change */
#define NEW IN(0)
#define OPEN (IN(BPF_TCP_ESTABLISHED) | IN(BPF_TCP_CLOSE_WAIT))
#define FIN_OUT (IN(BPF_TCP_FIN_WAIT1) | IN(BPF_TCP_CLOSING) | IN(BPF_TCP_LAST_ACK))
#define ALIVE (OPEN | FIN_OUT | IN(BPF_TCP_FIN_WAIT2))

struct life {
	struct flow f;
	bool minisocket;
};

static uint64_t span_ns(uint8_t arg)
{
	return (uint64_t)(arg & 15) << (arg >> 4) * 3;
}

static void do_wait(struct life *l, uint8_t arg)
{
	flow_wait(&l->f, span_ns(arg));
}

static void do_syn(struct life *l, uint8_t arg)
{
	(void)arg;
	if (l->f.r.h.role == ROLE_CLIENT)
		flow_syn(&l->f);
}

static void do_syn_again(struct life *l, uint8_t arg)
{
	(void)arg;
	flow_syn_again(&l->f);
}

static void do_established(struct life *l, uint8_t arg)
{
	if (l->f.r.h.role == ROLE_SERVER || l->f.r.h.state)
		flow_established(&l->f, (uint32_t)(span_ns(arg) / 1000 % 1000000));
}

static void do_accepted(struct life *l, uint8_t arg)
{
	flow_accepted(&l->f, arg, "server");
	l->f.r.h.accept_fate = arg % 3;
}

static void do_data(struct life *l, uint8_t arg)
{
	flow_data(&l->f, arg, arg * 3u);
}

static void do_fin(struct life *l, uint8_t arg)
{
	uint32_t more = arg & 1 ? CLOSE_FIN_BEHIND_DATA | CLOSE_DATA_OUTSTANDING : 0;

	if (arg & 2 && l->f.r.h.state == BPF_TCP_CLOSE_WAIT)
		more |= CLOSE_ACK_PENDING;
	flow_fin(&l->f, more);
	if (arg & 1)
		l->f.fin_left_ns = l->f.now_ns + span_ns(arg & 0xf0);
	l->f.fin_held = arg & 1 && arg & 4;
}

static void do_fin_again(struct life *l, uint8_t arg)
{
	(void)arg;
	l->f.fin_left_ns = l->f.now_ns;
	flow_fin_again(&l->f);
}

/* Our FIN leaves now at the latest: what follows comes after it. */
static void after_fin(struct life *l)
{
	if (l->f.now_ns < l->f.fin_left_ns)
		l->f.now_ns = l->f.fin_left_ns;
	l->f.fin_held = false;
}

static void do_fin_acked(struct life *l, uint8_t arg)
{
	after_fin(l);
	if (arg & 1)
		flow_peer_fin_ack(&l->f);
	else
		flow_fin_acked(&l->f);
}

static void do_peer_fin(struct life *l, uint8_t arg)
{
	(void)arg;
	flow_peer_fin(&l->f);
}

static void do_ack_sent(struct life *l, uint8_t arg)
{
	(void)arg;
	/* only the first ACK of the peer's FIN makes a step */
	if (l->f.r.c.n_steps == 1)
		flow_ack_sent(&l->f);
}

static void do_last_ack(struct life *l, uint8_t arg)
{
	(void)arg;
	after_fin(l);
	flow_last_ack(&l->f);
}

static void do_died(struct life *l, uint8_t arg)
{
	static const int errors[] = { 0, ECONNRESET, EPIPE, ETIMEDOUT, EHOSTUNREACH, ECONNABORTED };
	static const uint32_t flags[] = { 0, CLOSE_RST_RECEIVED, CLOSE_RST_SENT };

	flow_died(&l->f, errors[arg % 6], arg & 64 ? EHOSTUNREACH : 0, flags[arg / 6 % 3]);
}

static void do_minisocket(struct life *l, uint8_t arg)
{
	if (l->minisocket)
		return;
	flow_minisocket(&l->f, span_ns(arg));
	l->minisocket = true;
}

static void do_minisocket_end(struct life *l, uint8_t arg)
{
	if (!l->minisocket)
		return;
	if (arg % 3 == 0)
		flow_minisocket_fin(&l->f);
	else if (arg % 3 == 1)
		flow_minisocket_rst(&l->f);
	else
		flow_minisocket_expired(&l->f);
}

static void do_flags(struct life *l, uint8_t arg)
{
	static const uint32_t flags[] = {
		HANDSHAKE_BEFORE_TRACE, HANDSHAKE_EVENTS_LOST,	HANDSHAKE_TABLE_FULL,
		HANDSHAKE_FASTOPEN,	HANDSHAKE_SYN_AT_WRITE, HANDSHAKE_ACK_DEFERRED,
		HANDSHAKE_POSTED,
	};

	if (arg < sizeof(flags) / sizeof(flags[0]))
		l->f.r.h.flags |= flags[arg];
	else if (arg & 1)
		l->f.r.c.flags |= CLOSE_EVENTS_LOST;
	else
		l->f.r.h.sent_ns = l->f.now_ns;
}

/* A state change after one that was not seen. */
static void do_unseen(struct life *l, uint8_t arg)
{
	static const struct {
		uint8_t state, from, to;
	} changes[] = {
		{ BPF_TCP_SYN_SENT, BPF_TCP_SYN_RECV, BPF_TCP_ESTABLISHED },
		{ BPF_TCP_SYN_SENT, BPF_TCP_ESTABLISHED, BPF_TCP_CLOSE_WAIT },
		{ BPF_TCP_ESTABLISHED, BPF_TCP_FIN_WAIT1, BPF_TCP_FIN_WAIT2 },
		{ BPF_TCP_ESTABLISHED, BPF_TCP_CLOSE_WAIT, BPF_TCP_LAST_ACK },
	};
	size_t n = arg % (sizeof(changes) / sizeof(changes[0]));

	if (changes[n].state == l->f.r.h.state)
		diary_change(&l->f.r, l->f.now_ns, changes[n].from, changes[n].to, STEP_STATE);
}

/* The first byte of an event chooses it, the second is its argument. */
static const struct {
	void (*run)(struct life *l, uint8_t arg);
	unsigned int states;
	bool of_minisocket;
} events[] = {
	{ do_wait, UINT32_MAX, true },
	{ do_syn, NEW, false },
	{ do_syn_again, IN(BPF_TCP_SYN_SENT), false },
	{ do_established, NEW | IN(BPF_TCP_SYN_SENT), false },
	{ do_accepted, ALIVE, true },
	{ do_data, OPEN, false },
	{ do_fin, OPEN, false },
	{ do_fin_again, FIN_OUT, false },
	{ do_fin_acked, IN(BPF_TCP_FIN_WAIT1), false },
	{ do_peer_fin, IN(BPF_TCP_ESTABLISHED) | IN(BPF_TCP_FIN_WAIT1) | IN(BPF_TCP_FIN_WAIT2),
	  false },
	{ do_ack_sent, IN(BPF_TCP_CLOSE_WAIT), false },
	{ do_last_ack, IN(BPF_TCP_LAST_ACK) | IN(BPF_TCP_CLOSING), false },
	{ do_died, ALIVE | IN(BPF_TCP_SYN_SENT), false },
	{ do_minisocket, IN(BPF_TCP_FIN_WAIT2), false },
	{ do_minisocket_end, IN(BPF_TCP_FIN_WAIT2), true },
	{ do_flags, UINT32_MAX, true },
	{ do_unseen, IN(BPF_TCP_SYN_SENT) | IN(BPF_TCP_ESTABLISHED), false },
};
#define EVENTS (sizeof(events) / sizeof(events[0]))

/* Steps are in order of time. */
static void check_steps(const struct chapter *ch)
{
	int64_t last_ns = 0;

	CHECK(ch->n_steps <= CHAPTER_STEPS);
	for (size_t i = 0; i < ch->n_steps; i++) {
		if (!ch->steps[i].t_ns.known)
			continue;
		CHECK(ch->steps[i].t_ns.value >= last_ns);
		last_ns = ch->steps[i].t_ns.value;
	}
}

/* A chapter that the kernel counts has the same verdict as if it were posted. */
static void check_tally(const struct record *r, const struct chapter *ch)
{
	struct tally_key key = { .port = 0 };
	struct chapter counted;

	if (ch->type == CHAPTER_CLOSE)
		tally_close(&key, r);
	else
		tally_handshake(&key, r);
	tally_chapter(&counted, &key);
	CHECK(counted.type == ch->type && counted.role == ch->role && !counted.open);
	CHECK(counted.missing == ch->missing);
	if (ch->type == CHAPTER_CLOSE)
		CHECK(counted.close.ending == ch->close.ending);
	else
		CHECK(counted.handshake.outcome == ch->handshake.outcome);
}

static void check_handshake(const struct life *l)
{
	const struct handshake_part *h = &l->f.r.h;
	struct chapter ch;
	bool over;

	chapter_handshake(&ch, h, l->f.now_ns);
	over = !ch.open;
	CHECK(over == (h->flags & HANDSHAKE_ESTABLISHED || h->state == BPF_TCP_CLOSE));
	CHECK(over == (ch.handshake.outcome != OUTCOME_UNKNOWN));
	CHECK(diary_established(&l->f.r) == (ch.handshake.outcome == OUTCOME_ESTABLISHED));
	if (ch.handshake.handshake_ns.known)
		CHECK((uint64_t)ch.handshake.handshake_ns.value == diary_handshake_ns(h));
	else
		CHECK(!over || !diary_handshake_ns(h));
	CHECK(!ch.open || !ch.state_ns.known || ch.state_ns.value >= 0);
	check_steps(&ch);
	if (over)
		check_tally(&l->f.r, &ch);
}

/* Did it take longer than a step's time has bits for (52 days)? */
static bool is_too_long(const struct record *r)
{
	for (unsigned int i = 0; i < r->c.n_steps && i < CLOSE_STEPS; i++)
		if (step_t_ns(r->c.steps[i]) == STEP_T_MAX)
			return true;
	return false;
}

static void check_close(const struct life *l)
{
	const struct record *r = &l->f.r;
	struct chapter ch;

	chapter_close(&ch, r, l->f.now_ns);
	CHECK(ch.open == !(r->c.flags & CLOSE_OVER));
	if (!ch.open)
		CHECK(diary_graceful(r) == (ch.close.ending == ENDING_GRACEFUL));
	if (ch.close.close_ns.known)
		CHECK((uint64_t)ch.close.close_ns.value == diary_close_ns(r));
	else
		CHECK(ch.open || !diary_close_ns(r) || is_too_long(r));
	check_steps(&ch);
	if (!ch.open)
		check_tally(r, &ch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct life l = { .minisocket = false };

	if (!size)
		return -1;
	flow_begin(&l.f, data[0] & 1 ? ROLE_SERVER : ROLE_CLIENT);
	for (size_t i = 1; i + 1 < size; i += 2) {
		size_t n = data[i] % EVENTS;

		if (l.f.r.c.flags & CLOSE_OVER || !(events[n].states & IN(l.f.r.h.state)) ||
		    (l.minisocket && !events[n].of_minisocket))
			continue;
		events[n].run(&l, data[i + 1]);
		if (!l.f.r.h.state)
			continue;
		check_handshake(&l);
		if (diary_established(&l.f.r) && l.f.r.c.n_steps)
			check_close(&l);
	}
	return 0;
}
