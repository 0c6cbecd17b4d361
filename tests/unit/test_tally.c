// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A chapter that the kernel counts has the same verdict as if it were posted. */
#include <errno.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/histogram.h"
#include "render/summary.h"
#include "chapter/tally_chapter.h"

#define MS 1000000ULL
#define ROUNDS 200000

static uint64_t seed = 1;

static uint32_t dice(uint32_t sides)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(seed >> 33) % sides;
}

static int16_t any_errno(void)
{
	static const int16_t errs[] = { 0,
					0,
					ECONNREFUSED,
					ECONNRESET,
					EPIPE,
					ETIMEDOUT,
					EHOSTUNREACH,
					ENETUNREACH,
					ECONNABORTED,
					ENOMEM };

	return errs[dice(sizeof(errs) / sizeof(errs[0]))];
}

static void any_close(struct record *r)
{
	static const uint8_t first[] = { BPF_TCP_FIN_WAIT1, BPF_TCP_CLOSE_WAIT, BPF_TCP_CLOSE };
	static const uint8_t later[] = { BPF_TCP_CLOSING, BPF_TCP_TIME_WAIT, BPF_TCP_CLOSE };
	uint64_t t_ns = 2000 * MS;
	uint8_t from = BPF_TCP_ESTABLISHED, to = first[dice(3)];

	diary_close_step(r, t_ns, from, to, STEP_STATE);
	if (to != BPF_TCP_FIN_WAIT1)
		return;
	if (dice(2))
		diary_close_step(r, t_ns += dice(MS), to, to, STEP_RETRANSMIT);
	if (dice(2)) {
		diary_close_step(r, t_ns += dice(100 * MS), to, BPF_TCP_FIN_WAIT2, STEP_STATE);
		diary_close_step(r, t_ns + dice(1000), BPF_TCP_FIN_WAIT2, BPF_TCP_TIME_WAIT,
				 dice(2) ? STEP_SAME_SEGMENT : STEP_STATE);
		return;
	}
	from = later[dice(3)];
	diary_close_step(r, t_ns += dice(100 * MS), to, from, STEP_STATE);
}

/* Random values, which need not be possible together. */
static void any_record(struct record *r)
{
	static const uint32_t missing[] = {
		0, 0, 0, HANDSHAKE_BEFORE_TRACE, HANDSHAKE_EVENTS_LOST, HANDSHAKE_TABLE_FULL
	};

	memset(r, 0, sizeof(*r));
	r->h.conn = 1;
	r->h.family = 4;
	r->h.role = (uint8_t)dice(3);
	r->h.local_port = (uint16_t)dice(3);
	r->h.remote_port = (uint16_t)dice(3);
	r->h.flags = missing[dice(6)] | (dice(8) ? 0 : HANDSHAKE_NO_PORT);
	r->h.retransmits = (uint16_t)(dice(4) ? 0 : dice(8));
	r->h.rtt_us = dice(3000);
	r->h.sent_ns = dice(2) ? 0 : dice(1000) * MS;
	r->h.err = any_errno();
	r->h.err_soft = dice(2) ? r->h.err : any_errno();
	diary_change(r, (1 + dice(1000)) * MS, BPF_TCP_CLOSE, BPF_TCP_SYN_SENT, STEP_STATE);
	for (uint32_t n = dice(r->h.retransmits + 2U); n; n--)
		diary_retransmit(r, 1000 * MS, BPF_TCP_SYN_SENT);
	diary_change(r, (1000 + dice(1000)) * MS, BPF_TCP_SYN_SENT,
		     dice(2) ? BPF_TCP_ESTABLISHED : BPF_TCP_CLOSE, STEP_STATE);
	if (!diary_established(r))
		return;
	any_close(r);
	r->c.flags = dice(1 << 16) | CLOSE_OVER;
	r->c.err = any_errno();
	r->c.err_soft = any_errno();
	r->c.fin_sent_us = dice(2) ? 0 : 2000000 + dice(1000);
	r->h.state = (uint8_t)(dice(2) ? BPF_TCP_CLOSE : BPF_TCP_TIME_WAIT);
}

static void same_latency(uint16_t bucket, struct maybe ns)
{
	if (ns.known && ns.value)
		assert_int_equal(bucket, tally_bucket((uint64_t)ns.value));
	else
		assert_int_equal(bucket, BUCKET_NONE);
}

static void same_identity(const struct chapter *posted, const struct chapter *tallied)
{
	assert_int_equal(posted->missing, tallied->missing);
	assert_int_equal(posted->role, tallied->role);
	assert_int_equal(posted->type, tallied->type);
	if (posted->role == ROLE_CLIENT)
		assert_int_equal(posted->remote_port.value, tallied->remote_port.value);
	if (posted->role == ROLE_SERVER)
		assert_int_equal(posted->local_port.value, tallied->local_port.value);
}

static void same_verdicts(void **state)
{
	struct chapter posted, tallied;
	struct record r;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct tally_key handshake = { 0 }, close = { 0 };

		any_record(&r);
		tally_handshake(&handshake, &r);
		tally_chapter(&tallied, &handshake);
		chapter_handshake(&posted, &r.h, 0);
		same_identity(&posted, &tallied);
		assert_int_equal(posted.handshake.outcome, tallied.handshake.outcome);
		if (posted.handshake.outcome == OUTCOME_ESTABLISHED)
			same_latency(handshake.bucket, posted.handshake.handshake_ns);
		if (!diary_established(&r))
			continue;
		tally_close(&close, &r);
		tally_chapter(&tallied, &close);
		chapter_close(&posted, &r, 0);
		same_identity(&posted, &tallied);
		assert_int_equal(posted.close.ending, tallied.close.ending);
		same_latency(close.bucket, posted.close.close_ns);
	}
}

/* A counter is read repeatedly, but each count is taken once. */
static void taken_once(void **state)
{
	struct tally_counts *c = tally_counts_create();
	struct tally_key a = { .port = 80 }, b = { .port = 443 };

	(void)state;
	assert_non_null(c);
	assert_int_equal(tally_counts_take(c, &a, 3), 3);
	assert_int_equal(tally_counts_take(c, &b, 0), 0);
	assert_int_equal(tally_counts_take(c, &b, 1), 1);
	assert_int_equal(tally_counts_take(c, &a, 3), 0);
	assert_int_equal(tally_counts_take(c, &a, 10), 7);
	assert_int_equal(tally_counts_take(c, &b, 1), 0);
	for (uint16_t port = 1000; port < 1000 + TALLIES; port++)
		assert_int_equal(tally_counts_take(c, &(struct tally_key){ .port = port }, 2), 2);
	for (uint16_t port = 1000; port < 1000 + TALLIES; port++)
		assert_int_equal(tally_counts_take(c, &(struct tally_key){ .port = port }, 3), 1);
	tally_counts_destroy(c);
	tally_counts_destroy(NULL);
}

/*
 * Tallies give the table that chapters give: the same counts and maximum, percentiles of the same
 * bucket.
 */
static void same_table(void **state)
{
	struct summary *one = summary_create(), *many = summary_create();
	struct totals a = { 0 }, b = { 0 };
	char *text[2];
	size_t size[2];
	FILE *out;

	(void)state;
	for (uint32_t i = 1; i <= 1000; i++) {
		struct tally_key key = { 0 };
		struct chapter ch;
		struct record r;
		uint64_t ns;

		memset(&r, 0, sizeof(r));
		r.h.role = ROLE_CLIENT;
		r.h.remote_port = 443;
		diary_change(&r, MS, BPF_TCP_CLOSE, BPF_TCP_SYN_SENT, STEP_STATE);
		diary_change(&r, MS + i * MS, BPF_TCP_SYN_SENT, BPF_TCP_ESTABLISHED, STEP_STATE);
		chapter_handshake(&ch, &r.h, 0);
		summary_add(one, &ch);
		ns = tally_handshake(&key, &r);
		tally_chapter(&ch, &key);
		summary_add_tally(many, &ch, key.bucket, 1, ns);
	}
	summary_totals(one, &a);
	summary_totals(many, &b);
	assert_memory_equal(&a, &b, sizeof(a));
	for (int i = 0; i < 2; i++) {
		out = open_memstream(&text[i], &size[i]);
		summary_print(out, i ? many : one, true);
		fclose(out);
	}
	assert_string_equal(text[0], text[1]);
	assert_non_null(strstr(text[0], "1000.000"));
	summary_reset(one);
	summary_totals(one, &a);
	assert_int_equal(a.handshakes, 0);
	free(text[0]);
	free(text[1]);
	summary_destroy(one);
	summary_destroy(many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_verdicts),
		cmocka_unit_test(taken_once),
		cmocka_unit_test(same_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
