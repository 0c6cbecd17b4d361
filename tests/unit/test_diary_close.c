// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The times of a close, and which chapters are wanted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shared/wanted.h"

#define MS 1000000ULL
#define T0 5000000000ULL

static struct record r;
static struct config cfg;

static void add(uint64_t ms, uint8_t from, uint8_t to)
{
	diary_change(&r, T0 + ms * MS, from, to, STEP_STATE);
}

/* A client whose handshake took 40 ms and whose close, 36 + 2 ms, begins 100 ms after the SYN. */
static int fresh(void **state)
{
	(void)state;
	memset(&r, 0, sizeof(r));
	memset(&cfg, 0, sizeof(cfg));
	r.h.role = ROLE_CLIENT;
	add(0, BPF_TCP_CLOSE, BPF_TCP_SYN_SENT);
	add(40, BPF_TCP_SYN_SENT, BPF_TCP_ESTABLISHED);
	add(100, BPF_TCP_ESTABLISHED, BPF_TCP_FIN_WAIT1);
	add(136, BPF_TCP_FIN_WAIT1, BPF_TCP_FIN_WAIT2);
	add(138, BPF_TCP_FIN_WAIT2, BPF_TCP_TIME_WAIT);
	r.c.flags = CLOSE_LOCAL_FIN | CLOSE_LOCAL_FIN_LEFT | CLOSE_LOCAL_FIN_ACKED |
		    CLOSE_REMOTE_FIN | CLOSE_TIME_WAIT | CLOSE_OVER;
	return 0;
}

static void graceful(void **state)
{
	const uint32_t spoilers[] = { CLOSE_RST_RECEIVED, CLOSE_RST_SENT, CLOSE_EXPIRED };
	const uint32_t needed[] = { CLOSE_LOCAL_FIN_ACKED, CLOSE_REMOTE_FIN };

	(void)state;
	assert_true(diary_graceful(&r));
	for (size_t i = 0; i < 3; i++) {
		r.c.flags |= spoilers[i];
		assert_false(diary_graceful(&r));
		r.c.flags &= ~spoilers[i];
	}
	for (size_t i = 0; i < 2; i++) {
		r.c.flags &= ~needed[i];
		assert_false(diary_graceful(&r));
		r.c.flags |= needed[i];
	}
	r.c.err = 110;
	assert_false(diary_graceful(&r));
}

static void fin_left(void **state)
{
	const uint64_t queued = T0 + 100 * MS;

	(void)state;
	/* no data before it */
	assert_int_equal(diary_fin_left_ns(&r, queued), queued);
	/* the kernel's retransmit queue has the time */
	r.c.fin_sent_us = (queued + 50 * MS) / 1000;
	assert_int_equal(diary_fin_left_ns(&r, queued), queued + 50 * MS);
	/* rounded down to microseconds, it must not precede close() */
	r.c.fin_sent_us = queued / 1000 - 1;
	assert_int_equal(diary_fin_left_ns(&r, queued), queued);
	/* of a FIN that was sent again it has the time of the second */
	r.c.fin_sent_us = (queued + 50 * MS) / 1000;
	r.c.fin_retransmits = 1;
	assert_int_equal(diary_fin_left_ns(&r, queued), queued);
	r.c.flags |= CLOSE_FIN_BEHIND_DATA;
	assert_int_equal(diary_fin_left_ns(&r, queued), 0);
	r.c.fin_retransmits = 0;
	assert_int_equal(diary_fin_left_ns(&r, queued), queued + 50 * MS);
	r.c.fin_sent_us = 0;
	assert_int_equal(diary_fin_left_ns(&r, queued), 0);
}

/* The socket's count of retransmissions, with those before the FIN, shows one that no hook saw. */
static void fins_seen(void **state)
{
	(void)state;
	r.c.retransmits_at_local_fin = 3;
	r.c.fin_retransmits = 1;
	assert_true(diary_fins_seen(&r.c, 5));
	r.c.flags |= CLOSE_FIN_ALONE;
	assert_true(diary_fins_seen(&r.c, 4));
	assert_false(diary_fins_seen(&r.c, 5));
	/* the count has 32 bits */
	r.c.retransmits_at_local_fin = UINT32_MAX;
	assert_true(diary_fins_seen(&r.c, 0));
	assert_false(diary_fins_seen(&r.c, 1));
}

static void fin_never_left(void **state)
{
	(void)state;
	r.c.flags &= ~CLOSE_LOCAL_FIN_LEFT;
	assert_int_equal(diary_fin_left_ns(&r, T0), 0);
	assert_int_equal(diary_close_ns(&r), 0);
	/* while it is open, whether the FIN left is not known yet */
	r.c.flags &= ~CLOSE_OVER;
	assert_int_equal(diary_fin_left_ns(&r, T0), T0);
}

static void close_ns(void **state)
{
	(void)state;
	assert_int_equal(diary_close_ns(&r), 38 * MS);
	r.c.fin_sent_us = (T0 + 130 * MS) / 1000;
	assert_int_equal(diary_close_ns(&r), 8 * MS);
	r.c.flags |= CLOSE_EVENTS_LOST;
	assert_int_equal(diary_close_ns(&r), 0);
}

static void close_ns_of_others(void **state)
{
	(void)state;
	r.c = (struct close_part){ 0 };
	r.h.state = BPF_TCP_ESTABLISHED;
	assert_int_equal(diary_close_ns(&r), 0);
	/* the peer closed first: the close begins with its FIN */
	add(200, BPF_TCP_ESTABLISHED, BPF_TCP_CLOSE_WAIT);
	add(230, BPF_TCP_CLOSE_WAIT, BPF_TCP_LAST_ACK);
	add(270, BPF_TCP_LAST_ACK, BPF_TCP_CLOSE);
	r.c.flags = CLOSE_OVER | CLOSE_LOCAL_FIN | CLOSE_FIN_BEHIND_DATA;
	assert_int_equal(diary_close_ns(&r), 70 * MS);
	/* found in FIN_WAIT1, and our FIN left after the peer's came */
	r.c = (struct close_part){ 0 };
	r.h.state = BPF_TCP_FIN_WAIT1;
	add(200, BPF_TCP_FIN_WAIT1, BPF_TCP_CLOSING);
	add(240, BPF_TCP_CLOSING, BPF_TCP_TIME_WAIT);
	r.c.flags = CLOSE_OVER | CLOSE_LOCAL_FIN | CLOSE_REMOTE_FIN_FIRST;
	assert_int_equal(diary_close_ns(&r), 40 * MS);
	/* an RST ends the connection at once */
	r.c = (struct close_part){ 0 };
	r.h.state = BPF_TCP_ESTABLISHED;
	add(300, BPF_TCP_ESTABLISHED, BPF_TCP_CLOSE);
	r.c.flags = CLOSE_OVER | CLOSE_RST_RECEIVED;
	assert_int_equal(diary_close_ns(&r), 0);
}

static void fails(void)
{
	memset(&r, 0, sizeof(r));
	r.h.role = ROLE_CLIENT;
	add(0, BPF_TCP_CLOSE, BPF_TCP_SYN_SENT);
	add(40, BPF_TCP_SYN_SENT, BPF_TCP_CLOSE);
}

static void wants_all(void **state)
{
	(void)state;
	assert_true(wanted_handshakes(&cfg));
	assert_true(wanted_closes(&cfg));
	assert_true(wanted_handshake(&cfg, &r));
	assert_true(wanted_close(&cfg, &r));
	/* its duration is not known, and not asked for */
	r.c.flags |= CLOSE_EVENTS_LOST;
	assert_true(wanted_close(&cfg, &r));
}

static void wants_failed(void **state)
{
	(void)state;
	cfg.by_chapter = cfg.failed = true;
	assert_false(wanted_handshake(&cfg, &r));
	assert_false(wanted_close(&cfg, &r));
	r.c.flags |= CLOSE_RST_SENT;
	assert_true(wanted_close(&cfg, &r));
	fails();
	assert_true(wanted_handshake(&cfg, &r));
}

static void wants_slow_handshakes(void **state)
{
	(void)state;
	cfg.by_chapter = true;
	cfg.min_connect_ns = 40 * MS;
	assert_true(wanted_handshake(&cfg, &r)); /* at least this slow */
	assert_false(wanted_close(&cfg, &r));	 /* not named */
	cfg.min_connect_ns = 40 * MS + 1;
	assert_false(wanted_handshake(&cfg, &r));
	/* failed handshakes count too */
	fails();
	assert_false(wanted_handshake(&cfg, &r));
	cfg.min_connect_ns = 1;
	assert_true(wanted_handshake(&cfg, &r));
	/* a duration that is not known is not long enough */
	r.h.flags |= HANDSHAKE_EVENTS_LOST;
	assert_false(wanted_handshake(&cfg, &r));
}

static void wants_slow_closes(void **state)
{
	(void)state;
	cfg.by_chapter = true;
	cfg.min_close_ns = 38 * MS;
	assert_true(wanted_close(&cfg, &r));
	assert_false(wanted_handshake(&cfg, &r));
	cfg.min_close_ns = 38 * MS + 1;
	assert_false(wanted_close(&cfg, &r));
}

static void wants_slow_ones_of_both(void **state)
{
	(void)state;
	cfg.by_chapter = true;
	cfg.min_connect_ns = 40 * MS;
	cfg.min_close_ns = 40 * MS;
	assert_true(wanted_handshake(&cfg, &r));
	assert_false(wanted_close(&cfg, &r));
	cfg.min_connect_ns = 41 * MS;
	cfg.min_close_ns = 38 * MS;
	assert_false(wanted_handshake(&cfg, &r));
	assert_true(wanted_close(&cfg, &r));
	/* selections combine by AND */
	cfg.by_chapter = cfg.failed = true;
	assert_false(wanted_close(&cfg, &r));
	r.c.flags |= CLOSE_RST_RECEIVED;
	assert_true(wanted_close(&cfg, &r));
	cfg.min_close_ns = 0;
	cfg.min_connect_ns = 39 * MS;
	assert_false(wanted_close(&cfg, &r));
	assert_false(wanted_handshake(&cfg, &r));
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(graceful),
		TEST(fin_left),
		TEST(fins_seen),
		TEST(fin_never_left),
		TEST(close_ns),
		TEST(close_ns_of_others),
		TEST(wants_all),
		TEST(wants_failed),
		TEST(wants_slow_handshakes),
		TEST(wants_slow_closes),
		TEST(wants_slow_ones_of_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
