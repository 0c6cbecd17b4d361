// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* How a FIN_WAIT2 minisocket takes a segment, by the rules of tcp_timewait_state_process(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "shared/segment.h"

#define FIN_ACK (TCP_FIN | TCP_ACK)

#define WINDOW 65536

/* seq and end_seq relative to rcv_nxt, with a window of WINDOW */
static const struct {
	const char *what;
	__u32 flags;
	int seq;
	int end_seq;
	enum arrival_kind kind;
} cases[] = {
	{ "the awaited FIN", FIN_ACK, 0, 1, ARRIVAL_FIN },
	{ "a FIN behind old data", FIN_ACK, -100, 1, ARRIVAL_FIN },
	{ "a FIN with new data", FIN_ACK, 0, 101, ARRIVAL_REFUSED },
	{ "a FIN beyond a gap", FIN_ACK, 50, 51, ARRIVAL_REFUSED },
	{ "a FIN without ACK", TCP_FIN, 0, 1, ARRIVAL_OTHER },
	{ "a FIN of long ago", FIN_ACK, -10, -9, ARRIVAL_OTHER },
	{ "new data", TCP_ACK, 0, 100, ARRIVAL_REFUSED },
	{ "old and new data", TCP_ACK, -50, 100, ARRIVAL_REFUSED },
	{ "old data", TCP_ACK, -100, 0, ARRIVAL_OTHER },
	{ "an ACK", TCP_ACK, 0, 0, ARRIVAL_OTHER },
	{ "an old ACK", TCP_ACK, -1, -1, ARRIVAL_OTHER },
	{ "an RST", TCP_RST, 0, 0, ARRIVAL_RST },
	{ "an RST,ACK", TCP_RST | TCP_ACK, 0, 0, ARRIVAL_RST },
	{ "an RST beyond a gap", TCP_RST, 7, 7, ARRIVAL_RST },
	{ "an RST at the end of the window", TCP_RST, WINDOW, WINDOW, ARRIVAL_RST },
	{ "an RST beyond the window", TCP_RST, WINDOW + 1, WINDOW + 1, ARRIVAL_OTHER },
	{ "a blind RST", TCP_RST, 0x7fff0000, 0x7fff0000, ARRIVAL_OTHER },
	{ "data beyond the window", TCP_ACK, WINDOW, WINDOW + 100, ARRIVAL_OTHER },
	{ "an RST from before", TCP_RST, -1, -1, ARRIVAL_OTHER },
	{ "a new SYN", TCP_SYN, 1000, 1001, ARRIVAL_REFUSED },
	{ "an old SYN", TCP_SYN, -1000, -999, ARRIVAL_OTHER },
	{ "a SYN just before", TCP_SYN, -1, 0, ARRIVAL_OTHER },
};

static void as_the_kernel(void **state)
{
	static const __u32 awaited[] = { 0, 1, 99, 1000000, 0x7fffffff, 0x80000000, 0xffffffff };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t k = 0; k < sizeof(awaited) / sizeof(awaited[0]); k++) {
			struct arrival s = {
				.seq = awaited[k] + (__u32)cases[i].seq,
				.end_seq = awaited[k] + (__u32)cases[i].end_seq,
				.flags = cases[i].flags,
			};

			if (segment_by_headers(&s, awaited[k], WINDOW) != cases[i].kind)
				fail_msg("%s at %u: %d", cases[i].what, awaited[k],
					 segment_by_headers(&s, awaited[k], WINDOW));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(as_the_kernel) };

	return cmocka_run_group_tests_name("segment", tests, NULL, NULL);
}
