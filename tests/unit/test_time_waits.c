// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Who has the local ports that a connect() did not find. */
#include <errno.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"
#include "chapter/time_waits.h"
#include "shared/diary.h"

/* A close of a client to port 443 that left a TIME_WAIT at this time. */
static struct record close_at(uint64_t t_ns, uint16_t local_port, uint32_t pid)
{
	struct record r;

	memset(&r, 0, sizeof(r));
	r.h.role = ROLE_CLIENT;
	r.h.local_port = local_port;
	r.h.remote_port = 443;
	r.h.owner.pid = pid;
	r.c.flags = CLOSE_TIME_WAIT;
	r.c.t0_ns = t_ns;
	diary_close_step(&r, t_ns, BPF_TCP_FIN_WAIT2, BPF_TCP_TIME_WAIT, STEP_STATE);
	return r;
}

static struct chapter failed_at(uint64_t t_ns)
{
	struct chapter ch = { .type = CHAPTER_HANDSHAKE, .role = ROLE_CLIENT };

	ch.t_ns = known((int64_t)t_ns);
	ch.remote_port = known(443);
	ch.handshake.outcome = OUTCOME_NO_PORT;
	return ch;
}

/* Two processes close connections to one peer, one of them most; those of a minute ago are over. */
static void closes(void **state)
{
	struct time_waits *t = time_waits_create();
	struct chapter ch = failed_at(BEGIN_NS + 1000 * S);
	struct record r;

	(void)state;
	for (unsigned int i = 0; i < 1000; i++) {
		r = close_at(BEGIN_NS + i * S, (uint16_t)(2000 + i), i % 3 ? 2 : 1);
		time_waits_add(t, &r);
	}
	r = close_at(BEGIN_NS + 999 * S, 1, 3);
	r.h.role = ROLE_SERVER;
	time_waits_add(t, &r);
	r.h.role = ROLE_CLIENT;
	r.c.flags = 0;
	time_waits_add(t, &r);
	r.c.flags = CLOSE_TIME_WAIT;
	r.h.remote_port = 80;
	time_waits_add(t, &r);
	time_waits_explain(t, &ch, NULL);
	assert_int_equal(ch.handshake.ports_in_time_wait.n, 60);
	assert_int_equal(ch.handshake.ports_in_time_wait.n_most, 40);
	assert_int_equal(ch.handshake.ports_in_time_wait.most.pid.value, 2);
	assert_int_equal(ch.handshake.ports_open.n, 0);
	ch.remote_port = known(80);
	time_waits_explain(t, &ch, NULL);
	assert_int_equal(ch.handshake.ports_in_time_wait.n, 1);
	ch.remote[0] = 1;
	time_waits_explain(t, &ch, NULL);
	assert_int_equal(ch.handshake.ports_in_time_wait.n, 0);
	assert_int_equal(ch.handshake.ports_in_time_wait.n_most, 0);
	time_waits_destroy(t);
}

/* As many as are kept, and more: a port counts once. */
static void many(void **state)
{
	struct time_waits *t = time_waits_create();
	struct chapter ch = failed_at(BEGIN_NS + 2001 * S);

	(void)state;
	for (unsigned int i = 0; i < 3 * TIME_WAITS_MAX; i++) {
		struct record r = close_at(BEGIN_NS + 2000 * S, (uint16_t)(i % 60000), 1);

		time_waits_add(t, &r);
	}
	time_waits_explain(t, &ch, NULL);
	assert_int_equal(ch.handshake.ports_in_time_wait.n, TIME_WAITS_MAX);
	time_waits_destroy(t);
}

/* What the kernel says at this moment. */
static int asked, answer;

static int ask(void *ctx, const struct chapter *ch, struct port_map *map)
{
	const struct owner app = { .pid = 7 }, closer = { .pid = 8 };

	(void)ctx;
	(void)ch;
	asked++;
	port_map_use(map, 2000, PORT_TIME_WAIT, NULL);
	port_map_use(map, 2001, PORT_OPEN, NULL);
	port_map_use(map, 2002, PORT_OPEN, NULL);
	port_map_use(map, 2002, PORT_OWNER, &app);
	/* a record whose socket is gone */
	port_map_use(map, 2003, PORT_OWNER, &app);
	port_map_use(map, 2004, PORT_TIME_WAIT, &closer);
	return answer;
}

/* The kernel knows what is taken, the closes whose it was. */
static void kernel(void **state)
{
	const struct port_source source = { .ask = ask };
	struct time_waits *t = time_waits_create();
	struct chapter ch = failed_at(BEGIN_NS + 5 * S);

	(void)state;
	for (uint16_t port = 2000; port < 2010; port++) {
		struct record r = close_at(BEGIN_NS, port, port == 2004 ? 4 : 1);

		time_waits_add(t, &r);
	}
	time_waits_explain(t, &ch, &source);
	assert_int_equal(ch.handshake.ports_in_time_wait.n, 2);
	assert_int_equal(ch.handshake.ports_in_time_wait.n_most, 1);
	assert_int_equal(ch.handshake.ports_in_time_wait.most.pid.value, 1);
	assert_int_equal(ch.handshake.ports_open.n, 2);
	/* the closer of an earlier connection is not the owner of what is open */
	assert_int_equal(ch.handshake.ports_open.n_most, 1);
	assert_int_equal(ch.handshake.ports_open.most.pid.value, 7);
	time_waits_destroy(t);
}

/* A storm of failures asks now and then; without an answer the closes count. */
static void storm(void **state)
{
	const struct port_source source = { .ask = ask };
	struct time_waits *t = time_waits_create();
	struct record r = close_at(BEGIN_NS, 2001, 1);
	struct chapter ch = failed_at(BEGIN_NS + 1 * S);

	(void)state;
	asked = 0;
	answer = -EIO;
	time_waits_add(t, &r);
	for (int i = 0; i < 100; i++) {
		ch.t_ns.value += 1000;
		time_waits_explain(t, &ch, &source);
	}
	assert_int_equal(asked, 1);
	assert_int_equal(ch.handshake.ports_in_time_wait.n, 1);
	assert_int_equal(ch.handshake.ports_open.n, 0);
	ch.t_ns.value += 30 * S;
	time_waits_explain(t, &ch, &source);
	assert_int_equal(asked, 2);
	answer = 0;
	time_waits_destroy(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closes),
		cmocka_unit_test(many),
		cmocka_unit_test(kernel),
		cmocka_unit_test(storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
