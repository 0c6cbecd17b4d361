// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "grouped.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const uint8_t grouped_address[16] = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 7 };

struct chapter grouped_client(const char *comm, enum outcome outcome, int64_t ns)
{
	struct chapter ch = {
		.type = CHAPTER_HANDSHAKE,
		.family = 4,
		.role = ROLE_CLIENT,
		.accepted = TRISTATE_UNKNOWN,
		.local_port = known(40000),
		.remote_port = known(443),
		.owner = { .pid = known(4711), .cgroup = known(77) },
		.handshake = { .outcome = outcome, .handshake_ns = { ns > 0, ns } },
	};

	memcpy(ch.remote, grouped_address, sizeof(grouped_address));
	memcpy(ch.owner.comm, comm, strlen(comm));
	return ch;
}

struct chapter grouped_server(const char *comm, enum ending ending, enum first_closer closer)
{
	struct chapter ch = grouped_client(comm, 0, 0);

	ch.role = ROLE_SERVER;
	ch.local_port = known(80);
	ch.type = CHAPTER_CLOSE;
	ch.close = (struct close){
		.ending = ending,
		.first_closer = closer,
		.close_ns = known(2 * MS),
		.app_close_ns = known_if(closer == CLOSER_REMOTE, 250 * MS),
	};
	return ch;
}

/* Of one that is open in this state; ns below 0: since before the trace. */
struct chapter grouped_left(const char *comm, uint8_t state, int64_t ns)
{
	struct chapter ch = grouped_server(comm, ENDING_UNKNOWN, CLOSER_REMOTE);

	ch.close = (struct close){ 0 };
	ch.open = true;
	ch.state = state;
	ch.state_ns = known_if(ns >= 0, ns);
	ch.missing = ns < 0 ? MISSING_BEFORE_TRACE : MISSING_NOTHING;
	ch.role = ns < 0 ? ROLE_UNKNOWN : ROLE_SERVER;
	return ch;
}

struct summary *grouped_create(const struct by *by)
{
	struct summary *s = summary_create();

	assert_non_null(s);
	assert_true(summary_group(s, by));
	return s;
}

void grouped_add(struct summary *s, struct chapter ch, unsigned int n)
{
	while (n--)
		summary_add(s, &ch);
}

void grouped_fits(const char *text, size_t width)
{
	for (; *text; text += strcspn(text, "\n") + 1) {
		size_t len = strcspn(text, "\n"), columns = 0;

		for (size_t i = 0; i < len; i++)
			columns += (text[i] & 0xc0) != 0x80;
		if (columns > width || (len && text[len - 1] == ' '))
			fail_msg("%.*s", (int)len, text);
	}
}

/* What is printed before the totals. */
static char *print_rows(const struct summary *s)
{
	char *text = NULL, *totals;
	size_t len, width = summary_width(s);
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	summary_print(out, s, false);
	assert_int_equal(fclose(out), 0);
	grouped_fits(text, width ? width : 80);
	totals = strstr(text, "connections  ");
	assert_non_null(totals);
	*totals = '\0';
	return text;
}

void grouped_expect(const struct summary *s, const char *expected)
{
	char *text = print_rows(s);

	assert_string_equal(text, expected);
	free(text);
}

void grouped_expect_table(const struct summary *s, const char *expected)
{
	char *text = print_rows(s), *table = strstr(text, ")\n\n");

	table = table ? table + strlen(")\n\n") : text;
	table[strlen(table) - 1] = '\0';
	assert_string_equal(table, expected);
	free(text);
}
