// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The rules of the end-to-end tests' wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../e2e/link_rules.h"

/* A packet of `header` bytes IPv4 (40: IPv6), TCP with `options` bytes, and data. */
static size_t build(uint8_t *p, size_t header, uint8_t flags, size_t options, size_t data)
{
	size_t len = header + 20 + options + data;

	memset(p, 0, len);
	if (header == IP6_HEADER) {
		p[0] = 6 << 4;
		store16(p + 4, (unsigned int)(len - header));
		p[6] = 6;
	} else {
		p[0] = (uint8_t)(4 << 4 | header / 4);
		store16(p + 2, (unsigned int)len);
		p[9] = 6;
	}
	for (uint8_t i = 0; i < 32; i++)
		p[header == IP6_HEADER ? 8 + i : 12 + i % 8] = i;
	p[header + 12] = (uint8_t)((20 + options) / 4 << 4);
	p[header + 13] = flags;
	return len;
}

static void kinds(void **state)
{
	static const size_t headers[] = { 20, 24, 60, IP6_HEADER };
	uint8_t p[256];
	size_t len;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		size_t h = headers[i];

		assert_int_equal(packet_kind(p, build(p, h, TCP_SYN, 20, 0)), KIND_SYN);
		assert_int_equal(packet_kind(p, build(p, h, TCP_SYN | TCP_ACK, 8, 0)), KIND_SYNACK);
		assert_int_equal(packet_kind(p, build(p, h, TCP_FIN | TCP_ACK, 12, 9)), KIND_FIN);
		assert_int_equal(packet_kind(p, build(p, h, TCP_RST | TCP_ACK, 0, 0)), KIND_RST);
		assert_int_equal(packet_kind(p, build(p, h, TCP_ACK, 12, 1)), KIND_DATA);
		len = build(p, h, TCP_ACK, 12, 0);
		assert_int_equal(packet_kind(p, len), KIND_ACK);
		/* with padding of the frame */
		assert_int_equal(packet_kind(p, len + 6), KIND_ACK);
		assert_int_equal(packet_kind(p, len - 13), KIND_OTHER);
		assert_int_equal(packet_kind(p, h - 1), KIND_OTHER);
	}
	len = build(p, 20, TCP_SYN, 0, 0);
	/* a later fragment */
	p[7] = 1;
	assert_int_equal(packet_kind(p, len), KIND_OTHER);
	len = build(p, IP6_HEADER, TCP_SYN, 0, 0);
	/* hop-by-hop options first */
	p[6] = 0;
	assert_int_equal(packet_kind(p, len), KIND_OTHER);
	assert_int_equal(packet_kind(p, 0), KIND_OTHER);
}

static void parsing(void **state)
{
	static const char *const bad[][2] = {
		{ "drop", "" },
		{ "drop", "a" },
		{ "drop", "c:SYN:1" },
		{ "drop", "a:SYN" },
		{ "drop", "a:SYN:" },
		{ "drop", "a:SYN:0" },
		{ "drop", "a:SYN:1:5" },
		{ "drop", "a:SYN:3-2" },
		{ "drop", "a:SYN:1-x" },
		{ "drop", "a:SY:1" },
		{ "drop", "a::1" },
		{ "drop", "a:SYN:99999999999" },
		{ "drop", "a:SYN:-1" },
		{ "delay-nth", "a:SYN:1" },
		{ "delay-nth", "a:SYN:1:" },
		{ "", "a:SYN:1" },
		{ "forward", "a:SYN:1" },
		{ "drop", "a:SYN,ACK,FIN:1" },
		{ "delay-nth", "a:SYN:1-2 3" },
	};
	struct rule r;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(rule_parse(&r, bad[i][0], bad[i][1]));
	assert_true(rule_parse(&r, "drop", "b:SYN,ACK:2"));
	assert_true(r.verdict == VERDICT_DROP && r.side == 1 && r.kind == KIND_SYNACK);
	assert_true(r.first == 2 && r.last == 2);
	assert_true(rule_parse(&r, "unreachable", "a:ANY:1-"));
	assert_true(r.verdict == VERDICT_UNREACHABLE && r.first == 1 && r.last == UINT_MAX);
	assert_true(rule_parse(&r, "delay-nth", "a:FIN:3-4:30000"));
	assert_true(r.first == 3 && r.last == 4 && r.delay_us == 30000);
}

static void judging(void **state)
{
	struct rule rules[3];
	uint64_t us = 0;

	(void)state;
	assert_true(rule_parse(&rules[0], "drop", "a:SYN:2"));
	assert_true(rule_parse(&rules[1], "unreachable", "a:ANY:2-3"));
	assert_true(rule_parse(&rules[2], "delay-nth", "b:ACK:1-:7"));
	assert_int_equal(rules_judge(rules, 3, 0, KIND_SYN, &us), VERDICT_FORWARD);
	assert_int_equal(rules_judge(rules, 3, 1, KIND_SYN, &us), VERDICT_FORWARD);
	assert_int_equal(rules_judge(rules, 3, 0, KIND_OTHER, &us), VERDICT_FORWARD);
	assert_int_equal(rules_judge(rules, 3, 0, KIND_SYN, &us), VERDICT_DROP);
	assert_int_equal(rules_judge(rules, 3, 0, KIND_DATA, &us), VERDICT_UNREACHABLE);
	assert_int_equal(rules_judge(rules, 3, 0, KIND_DATA, &us), VERDICT_FORWARD);
	assert_int_equal(us, 0);
	assert_int_equal(rules_judge(rules, 3, 1, KIND_ACK, &us), VERDICT_DELAY);
	assert_int_equal(us, 7);
}

static void holding(void **state)
{
	struct rule rules[2];
	uint64_t us = 0;

	(void)state;
	assert_true(rule_parse(&rules[0], "hold", "a:FIN:1-"));
	assert_true(rule_parse(&rules[1], "drop", "a:FIN:3"));
	assert_int_equal(rules_judge(rules, 2, 0, KIND_FIN, &us), VERDICT_HOLD);
	assert_int_equal(rules_judge(rules, 2, 1, KIND_FIN, &us), VERDICT_FORWARD);
	assert_int_equal(rules_judge(rules, 2, 0, KIND_FIN, &us), VERDICT_HOLD);
	rules_release(rules, 2);
	assert_int_equal(rules_judge(rules, 2, 0, KIND_FIN, &us), VERDICT_DROP);
	assert_int_equal(rules_judge(rules, 2, 0, KIND_FIN, &us), VERDICT_FORWARD);
}

/* As a receiver checks it: the sum over everything, with the checksum, is 0. */
static void refusals(void **state)
{
	uint8_t p[2048], out[ICMP_V6_MAX];
	size_t len, got;

	(void)state;
	for (size_t data = 0; data < 1500; data += 499) {
		len = build(p, 24, TCP_ACK, 12, data);
		got = icmp_unreachable(out, p, len);
		assert_int_equal(got, len + 28 < ICMP_V4_MAX ? len + 28 : ICMP_V4_MAX);
		assert_int_equal(load16(out + 2), got);
		assert_int_equal(checksum(out, 20, 0), 0);
		assert_int_equal(checksum(out + 20, got - 20, 0), 0);
		assert_true(out[9] == 1 && out[20] == 3 && out[21] == 1);
		assert_memory_equal(out + 12, p + 16, 4);
		assert_memory_equal(out + 16, p + 12, 4);
		assert_memory_equal(out + 28, p, got - 28);

		len = build(p, IP6_HEADER, TCP_ACK, 12, data);
		got = icmp_unreachable(out, p, len);
		assert_int_equal(got, len + 48 < ICMP_V6_MAX ? len + 48 : ICMP_V6_MAX);
		assert_int_equal(load16(out + 4), got - 40);
		assert_true(out[6] == 58 && out[40] == 1 && out[41] == 3);
		assert_memory_equal(out + 8, p + 24, 16);
		assert_memory_equal(out + 24, p + 8, 16);
		assert_memory_equal(out + 48, p, got - 48);
		/* the pseudo header, in place of the first bytes up to the hop limit */
		memset(out, 0, 8);
		store16(out + 2, (unsigned int)got - 40);
		out[7] = 58;
		assert_int_equal(checksum(out, got, 0), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),   cmocka_unit_test(parsing),  cmocka_unit_test(judging),
		cmocka_unit_test(holding), cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
