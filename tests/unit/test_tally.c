// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A chapter that the kernel counts has the same verdict as if it were posted. */
#include <errno.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "any_record.h"
#include "base/histogram.h"
#include "cases.h"
#include "render/summary.h"
#include "chapter/tally_chapter.h"

#define ROUNDS 200000

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

static void same_closer(const struct flow *f, enum first_closer closer)
{
	struct tally_key key = { 0 };
	struct chapter tallied;

	tally_close(&key, &f->r);
	tally_chapter(&tallied, &key);
	assert_int_equal(tallied.close.first_closer, closer);
}

/* Who closed first is known without the steps before the last one. */
static void same_closers(void **state)
{
	struct flow f;

	(void)state;
	flow_until_fin_wait2(&f);
	flow_peer_fin(&f);
	same_closer(&f, CLOSER_LOCAL);
	flow_until_last_ack(&f, MS, 0);
	flow_last_ack(&f);
	same_closer(&f, CLOSER_REMOTE);
	flow_open_with_data(&f, ROLE_CLIENT);
	flow_fin(&f, 0);
	flow_peer_fin(&f);
	flow_last_ack(&f);
	same_closer(&f, CLOSER_BOTH);
	flow_open_with_data(&f, ROLE_CLIENT);
	flow_died(&f, ECONNRESET, 0, CLOSE_RST_RECEIVED);
	same_closer(&f, CLOSER_NONE);
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
		cmocka_unit_test(same_closers),
		cmocka_unit_test(taken_once),
		cmocka_unit_test(same_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
