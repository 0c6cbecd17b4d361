// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Which ends belong together, and how long one waits for the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"
#include "conversation/expected.h"
#include "conversation/pairing.h"

/* What became of the ends, "both 1 2", "numbers 1 2", "alone 3", and for how many. */
struct told {
	char text[512];
	unsigned int both, alone;
};

static void note(struct told *t, const char *what, uint64_t a, uint64_t b)
{
	size_t len = strlen(t->text);
	char end[24] = "";

	if (b)
		snprintf(end, sizeof(end), " %u", (unsigned int)b);
	if (len < sizeof(t->text) - 64)
		snprintf(t->text + len, sizeof(t->text) - len, "%s%s %u%s", len ? ", " : "", what,
			 (unsigned int)a, end);
}

static void both(void *ctx, const struct end *client, const struct end *server,
		 enum matched matched)
{
	struct told *t = ctx;

	assert_int_equal(client->record.h.role, ROLE_CLIENT);
	assert_int_equal(server->record.h.role, ROLE_SERVER);
	t->both++;
	note(t, matched == MATCHED_NUMBERS ? "numbers" : "both", client->record.h.conn,
	     server->record.h.conn);
}

static void alone(void *ctx, const struct end *end)
{
	struct told *t = ctx;

	t->alone++;
	note(t, end->handshake_reported ? "close" : "alone", end->record.h.conn, 0);
}

static struct pairing *create(struct told *t, uint64_t patience_ns)
{
	const struct pairing_sink sink = { both, alone, t };
	struct pairing *p = pairing_create(&sink, patience_ns);

	assert_non_null(p);
	memset(t, 0, sizeof(*t));
	return p;
}

/* An end of 10.0.0.1:port > 10.0.0.2:443; the numbers come of the port. */
static struct end end_of(enum role role, uint64_t conn, uint16_t port, bool over)
{
	struct end end = { .has_close = over };
	struct flow f;

	flow_open(&f, role);
	flow_numbers(&f, role == ROLE_CLIENT ? port : port + 7U,
		     role == ROLE_CLIENT ? port + 7U : port);
	f.r.h.conn = conn;
	if (role == ROLE_CLIENT) {
		f.r.h.local_port = port;
	} else {
		f.r.h.remote_port = port;
		f.r.h.snd_wscale = 9;
		f.r.h.rcv_wscale = 7;
	}
	end.record = f.r;
	return end;
}

static bool add(struct pairing *p, struct end end, uint64_t now_ns)
{
	return pairing_add(p, &end, now_ns);
}

/* The addresses of the client are translated on the way: the server sees others. */
static struct end translated(uint64_t conn, uint16_t port, uint16_t seen_port)
{
	struct end end = end_of(ROLE_SERVER, conn, port, true);

	end.record.h.remote_port = seen_port;
	end.record.h.remote[15] = 99;
	return end;
}

static void by_addresses(void **state)
{
	struct told t;
	struct pairing *p = create(&t, UINT64_MAX);

	(void)state;
	assert_true(add(p, end_of(ROLE_CLIENT, 1, 40000, true), 0));
	assert_true(add(p, end_of(ROLE_CLIENT, 2, 40001, true), 0));
	assert_true(add(p, end_of(ROLE_SERVER, 3, 40002, true), 0));
	assert_string_equal(t.text, "");
	assert_true(add(p, end_of(ROLE_SERVER, 4, 40000, true), 0));
	assert_string_equal(t.text, "both 1 4");
	/* one whose close comes later, and its handshake again with it */
	assert_true(add(p, end_of(ROLE_SERVER, 5, 40001, false), 0));
	assert_int_equal(t.both, 1);
	assert_true(add(p, end_of(ROLE_SERVER, 5, 40001, true), 0));
	assert_string_equal(t.text, "both 1 4, both 2 5");
	pairing_flush(p);
	assert_string_equal(t.text, "both 1 4, both 2 5, alone 3");
	pairing_destroy(p);
}

static void without_a_number(void **state)
{
	struct end end = end_of(ROLE_CLIENT, 1, 40000, true);
	struct told t;
	struct pairing *p = create(&t, UINT64_MAX);

	(void)state;
	end.record.h.options = 0;
	assert_false(add(p, end, 0));
	end.record.h.role = ROLE_UNKNOWN;
	end.record.h.options = OPTION_KNOWN;
	assert_false(add(p, end, 0));
	pairing_destroy(p);
}

/* The same addresses and ports, used again. */
static void used_again(void **state)
{
	struct end again = end_of(ROLE_SERVER, 2, 40000, true);
	struct told t;
	struct pairing *p = create(&t, UINT64_MAX);

	(void)state;
	again.record.h.irs++;
	assert_true(add(p, end_of(ROLE_CLIENT, 1, 40000, true), 0));
	assert_true(add(p, again, 0));
	pairing_flush(p);
	assert_string_equal(t.text, "alone 1, alone 2");
	pairing_destroy(p);
}

static void by_numbers(void **state)
{
	struct told t;
	struct pairing *p = create(&t, UINT64_MAX);
	struct end other = translated(4, 40001, 6001);

	(void)state;
	assert_true(add(p, end_of(ROLE_CLIENT, 1, 40000, true), 0));
	assert_true(add(p, translated(2, 40000, 6000), 0));
	/* what was negotiated is not the same */
	other.record.h.snd_wscale = 3;
	assert_true(add(p, end_of(ROLE_CLIENT, 3, 40001, true), 0));
	assert_true(add(p, other, 0));
	/* only the end shows that nobody else fits */
	assert_string_equal(t.text, "");
	pairing_flush(p);
	assert_string_equal(t.text, "numbers 1 2, alone 3, alone 4");
	pairing_destroy(p);
}

static void two_candidates(void **state)
{
	struct told t;
	struct pairing *p = create(&t, UINT64_MAX);

	(void)state;
	assert_true(add(p, end_of(ROLE_CLIENT, 1, 40000, true), 0));
	assert_true(add(p, translated(2, 40000, 6000), 0));
	assert_true(add(p, translated(3, 40000, 6001), 0));
	pairing_flush(p);
	/* nor does the second one get the client that the first one could have had */
	assert_int_equal(t.both, 0);
	assert_int_equal(t.alone, 3);
	/* in another order */
	assert_true(add(p, translated(2, 40000, 6000), 0));
	assert_true(add(p, translated(3, 40000, 6001), 0));
	assert_true(add(p, end_of(ROLE_CLIENT, 1, 40000, true), 0));
	pairing_flush(p);
	assert_int_equal(t.both, 0);
	pairing_destroy(p);
}

static void patience(void **state)
{
	struct told t;
	struct pairing *p = create(&t, 10);

	(void)state;
	assert_true(add(p, end_of(ROLE_CLIENT, 1, 40000, false), 100));
	assert_true(add(p, end_of(ROLE_CLIENT, 2, 40001, false), 100));
	assert_true(add(p, end_of(ROLE_SERVER, 3, 40001, false), 105));
	pairing_expire(p, 109);
	assert_string_equal(t.text, "");
	/* the one that has met its other end waits for the closes */
	pairing_expire(p, 200);
	assert_string_equal(t.text, "alone 1");
	assert_true(add(p, end_of(ROLE_CLIENT, 1, 40000, true), 300));
	assert_string_equal(t.text, "alone 1, close 1");
	assert_true(add(p, end_of(ROLE_CLIENT, 2, 40001, true), 400));
	assert_true(add(p, end_of(ROLE_SERVER, 3, 40001, true), 500));
	assert_string_equal(t.text, "alone 1, close 1, both 2 3");
	/* a handshake that was reported alone, without a close until the end */
	assert_true(add(p, end_of(ROLE_CLIENT, 4, 40004, false), 600));
	pairing_expire(p, 700);
	pairing_flush(p);
	assert_string_equal(t.text, "alone 1, close 1, both 2 3, alone 4");
	pairing_destroy(p);
}

/* SYNs that a full queue dropped are of the connection that comes of a later one. */
static void dropped(void **state)
{
	struct told t;
	struct pairing *p = create(&t, 10);
	struct end drop = { 0 };
	struct flow f;

	(void)state;
	flow_begin(&f, ROLE_SERVER);
	f.r.h.remote_port = 40000;
	f.r.h.irs = 40000;
	f.r.h.flags = HANDSHAKE_NO_SOCKET | HANDSHAKE_IRS;
	diary_handshake_step(&f.r, f.now_ns, BPF_TCP_LISTEN, BPF_TCP_LISTEN, STEP_DROPPED);
	f.r.h.conn = 9;
	drop.record = f.r;
	/* each is reported by itself, too */
	assert_false(add(p, drop, 1));
	drop.record.h.conn = 10;
	assert_false(add(p, drop, 2));
	assert_true(add(p, end_of(ROLE_SERVER, 3, 40000, true), 3));
	assert_true(add(p, end_of(ROLE_CLIENT, 1, 40000, true), 4));
	assert_string_equal(t.text, "both 1 3");
	/* nothing came of it, and the client gave up */
	drop.record.h.conn = 11;
	assert_false(add(p, drop, 5));
	assert_true(add(p, end_of(ROLE_CLIENT, 4, 40000, true), 6));
	pairing_expire(p, 17);
	assert_string_equal(t.text, "both 1 3, both 4 11");
	pairing_destroy(p);
}

/* More than wait at most: the oldest are alone, and the memory does not grow. */
static void many(void **state)
{
	struct told t;
	struct pairing *p = create(&t, UINT64_MAX);
	struct end end = end_of(ROLE_CLIENT, 1, 40000, true);

	(void)state;
	for (uint32_t i = 1; i <= PAIRING_MAX + 100; i++) {
		end.record.h.conn = i;
		end.record.h.iss = i;
		assert_true(pairing_add(p, &end, 0));
	}
	assert_int_equal(t.alone, 100);
	pairing_flush(p);
	assert_int_equal(t.alone, PAIRING_MAX + 100);
	pairing_destroy(p);
}

static void expected(void **state)
{
	struct expected *e = expected_create();
	struct end client = end_of(ROLE_CLIENT, 1, 40000, true),
		   other = end_of(ROLE_CLIENT, 2, 40001, true);
	struct end server = translated(3, 40000, 6000);

	(void)state;
	assert_non_null(e);
	expected_note(e, &client.record.h);
	expected_note(e, &other.record.h);
	assert_false(expected_other(e, &client.record.h));
	expected_note(e, &server.record.h);
	assert_true(expected_other(e, &client.record.h));
	assert_true(expected_other(e, &server.record.h));
	assert_false(expected_other(e, &other.record.h));
	expected_destroy(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_addresses),	  cmocka_unit_test(without_a_number),
		cmocka_unit_test(used_again),	  cmocka_unit_test(by_numbers),
		cmocka_unit_test(two_candidates), cmocka_unit_test(patience),
		cmocka_unit_test(dropped),	  cmocka_unit_test(many),
		cmocka_unit_test(expected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
