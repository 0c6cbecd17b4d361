// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The same addresses and ports on two links: what keeps their connections apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"
#include "chapter/chapter.h"
#include "recording/conversations.h"
#include "shared/segment.h"

static int count(void *ctx, const struct packet *p)
{
	(void)p;
	++*(unsigned int *)ctx;
	return 0;
}

static void add(struct conversations *c, const struct flow *f)
{
	const struct segments_end e = { .record = &f->r };

	assert_int_equal(conversations_add(c, &e, SEGMENTS_CLOSE, 1), 0);
}

static void open_both(struct flow *client, struct flow *server, uint32_t iss, uint32_t irs)
{
	flow_open(client, ROLE_CLIENT);
	flow_open(server, ROLE_SERVER);
	flow_numbers(client, iss, irs);
	flow_numbers(server, irs, iss);
	flow_interface(client, 3, "eth0");
	flow_interface(server, 8, "eth0");
	flow_fin(client, 0);
	flow_fin_acked(client);
	flow_peer_fin(server);
}

/* The two ends are bound to different interfaces, or one to none: that does not part them. */
static void both_ends(void **state)
{
	struct flow client, server;
	struct conversations *c;
	unsigned int n = 0;

	(void)state;
	c = conversations_create(count, &n);
	assert_non_null(c);
	open_both(&client, &server, 1000, 5000);
	add(c, &client);
	assert_int_equal(n, 0);
	add(c, &server);
	assert_int_not_equal(n, 0);
	conversations_destroy(c);
}

/*
 * Without initial sequence numbers nothing says on which link the other record's connection is:
 * they are no pair.
 */
static void older_than_the_trace(void **state)
{
	struct flow client, server;
	struct conversations *c;
	unsigned int n = 0;

	(void)state;
	c = conversations_create(count, &n);
	assert_non_null(c);
	open_both(&client, &server, 0, 0);
	add(c, &client);
	add(c, &server);
	assert_int_equal(n, 0);
	assert_int_equal(conversations_flush(c), 0);
	assert_int_not_equal(n, 0);
	conversations_destroy(c);
}

/* What was written of one link's connection does not keep the other's out of the file. */
static void older_on_both_links(void **state)
{
	struct flow client, server;
	unsigned int n = 0, first;
	struct conversations *c;

	(void)state;
	c = conversations_create(count, &n);
	assert_non_null(c);
	open_both(&client, &server, 0, 0);
	add(c, &client);
	assert_int_equal(conversations_flush(c), 0);
	first = n;
	assert_int_not_equal(first, 0);
	flow_interface(&client, 4, "eth1");
	add(c, &client);
	assert_int_equal(conversations_flush(c), 0);
	assert_int_equal(n, 2 * first);
	conversations_destroy(c);
}

/* A segment by its headers: the socket may be bound to its interface, to that one's VRF, or not. */
static void by_which_interface(void **state)
{
	const struct arrival s = { .ifindex = { 7, 3, 0 } }, known = { .ifindex = { 3, 3, 3 } };

	(void)state;
	assert_true(segment_came_by(&s, 7));
	assert_true(segment_came_by(&s, 3));
	assert_true(segment_came_by(&s, 0));
	assert_false(segment_came_by(&s, 4));
	assert_true(segment_came_by(&known, 3));
	assert_false(segment_came_by(&known, 0));
}

static void name(const struct interface *i, const char *expected)
{
	char buf[IFNAME_LEN + 1];

	interface_text(buf, i);
	assert_string_equal(buf, expected);
}

static void names(void **state)
{
	struct interface full = { .index = 3 };

	(void)state;
	name(&(struct interface){ 0 }, "");
	name(&(struct interface){ .index = 3, .name = "eth0" }, "eth0");
	name(&(struct interface){ .index = 3 }, "3");
	name(&(struct interface){ .index = UINT32_MAX }, "4294967295");
	/* a damaged record */
	name(&(struct interface){ .name = "eth0" }, "");
	memset(full.name, 'x', IFNAME_LEN);
	name(&full, "xxxxxxxxxxxxxxxx");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends),
		cmocka_unit_test(older_than_the_trace),
		cmocka_unit_test(older_on_both_links),
		cmocka_unit_test(by_which_interface),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests_name("two links", tests, NULL, NULL);
}
