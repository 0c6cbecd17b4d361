// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The order of the rows of --by; and that anything fits. */
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grouped.h"
#include "render/summary_by_table.h"

static const struct by_row *first_row(struct by_table *t, const struct summary *s)
{
	assert_int_equal(summary_by_table(t, summary_grouped(s), 0), 0);
	return summary_by_row(t, 0);
}

static void expect_first(const struct summary *s, const char *key)
{
	struct by_table t;

	assert_string_equal(first_row(&t, s)->key, key);
	summary_by_table_free(&t);
}

static void orders(void **state)
{
	struct by by = { .n = 1, .keys = { BY_COMM } };
	struct summary *s = grouped_create(&by);
	static const struct {
		enum by_sort sort;
		const char *first;
	} orders[] = {
		{ BY_SORT_NONE, "many" },	 { BY_SORT_COUNT, "many" },
		{ BY_SORT_FAILED, "fails" },	 { BY_SORT_OPEN, "open" },
		{ BY_SORT_OLDEST, "old" },	 { BY_SORT_CONNECT, "slow" },
		{ BY_SORT_ACCEPT, "busy" },	 { BY_SORT_CLOSE, "lingers" },
		{ BY_SORT_CLOSE_WAIT, "leaks" },
	};
	struct chapter ch;

	(void)state;
	grouped_add(s, grouped_client("many", OUTCOME_ESTABLISHED, MS), 9);
	grouped_add(s, grouped_client("fails", OUTCOME_TIMED_OUT, 127 * S), 3);
	grouped_add(s, grouped_client("slow", OUTCOME_ESTABLISHED, S), 1);
	grouped_add(s, grouped_left("open", BPF_TCP_FIN_WAIT2, S), 5);
	grouped_add(s, grouped_left("old", BPF_TCP_CLOSE_WAIT, -1), 1);
	ch = grouped_server("leaks", ENDING_GRACEFUL, CLOSER_REMOTE);
	ch.close.app_close_ns = known(MIN);
	grouped_add(s, ch, 1);
	ch = grouped_server("lingers", ENDING_GRACEFUL, CLOSER_LOCAL);
	ch.close.close_ns = known(MIN);
	grouped_add(s, ch, 1);
	ch = grouped_server("busy", ENDING_GRACEFUL, CLOSER_LOCAL);
	ch.close.accept_ns = known(MIN);
	grouped_add(s, ch, 1);
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		by.sort = orders[i].sort;
		expect_first(s, orders[i].first);
	}
	summary_destroy(s);
}

static const char *path_of(void *ctx, uint64_t id)
{
	(void)ctx;
	return id == 77	  ? "/docker/"
			    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	       : id == 78 ? "/system.slice/nginx.service"
			  : NULL;
}

static uint32_t dice(uint32_t sides)
{
	static uint64_t seed = 1;

	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(seed >> 33) % sides;
}

/* Names of any bytes, numbers outside every table, all columns at once: it fits. */
static void anything(void **state)
{
	struct by by = { .n = 3, .ipv4_bits = 32, .ipv6_bits = 128 };
	char *text;
	size_t len;

	(void)state;
	for (unsigned int round = 0; round < 300; round++) {
		struct summary *s;
		FILE *out;

		for (unsigned int i = 0; i < 3; i++)
			by.keys[i] = (uint8_t)((round + i * (1 + round % 3)) % BY_KEYS);
		by.limit = 1 + dice(30);
		s = grouped_create(&by);
		summary_set_paths(s, &(struct summary_paths){ path_of, NULL });
		for (unsigned int n = dice(200); n; n--) {
			struct chapter ch = dice(2) ? grouped_client("", dice(13),
								     (int64_t)dice(1u << 31)
									     << dice(20))
						    : grouped_server("", dice(9), dice(6));

			ch.open = !dice(4);
			ch.state = (uint8_t)dice(20);
			ch.state_ns = known_if(dice(2), (int64_t)dice(1u << 31) << dice(24));
			ch.missing = dice(MISSINGS);
			ch.family = dice(2) ? 6 : 4;
			for (unsigned int i = 0; i < 16; i++)
				ch.remote[i] = ch.local[i] = (uint8_t)dice(256);
			for (unsigned int i = 0; i < dice(COMM_LEN); i++)
				ch.owner.comm[i] = (char)dice(256);
			ch.owner.cgroup = known(70 + dice(10));
			grouped_add(s, ch, 1 + dice(100000) * !dice(20));
		}
		out = open_memstream(&text, &len);
		assert_non_null(out);
		summary_print(out, s, false);
		assert_int_equal(fclose(out), 0);
		grouped_fits(text, 80);
		free(text);
		summary_destroy(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(orders),
		cmocka_unit_test(anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
