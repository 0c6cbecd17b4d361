// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "options_run.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

void run_argv(struct run *r)
{
	size_t out_len, err_len;
	FILE *out = open_memstream(&r->out, &out_len), *err = open_memstream(&r->err, &err_len);

	assert_non_null(out);
	assert_non_null(err);
	r->result = options_parse(&r->o, r->argc, r->argv, out, err);
	fclose(out);
	fclose(err);
}

void run_free(struct run *r)
{
	options_free(&r->o);
	free(r->out);
	free(r->err);
}

void run_words(struct run *r, const char *const *words)
{
	static char program[] = "tcpstates-trace";

	memset(r, 0, sizeof(*r));
	r->argv[r->argc++] = program;
	for (; *words; words++) {
		assert_true(r->argc < WORDS_MAX - 1);
		r->argv[r->argc++] = (char *)*words;
	}
	run_argv(r);
}

void assert_run(const struct run *r)
{
	assert_string_equal(r->err, "");
	assert_string_equal(r->out, "");
	assert_int_equal(r->result, OPTIONS_RUN);
}

void assert_bad(const struct run *r, const char *begin, const char *part)
{
	const char prefix[] = "tcpstates-trace: ";

	assert_int_equal(r->result, OPTIONS_BAD);
	assert_string_equal(r->out, "");
	if (strncmp(r->err, prefix, sizeof(prefix) - 1) ||
	    strncmp(r->err + sizeof(prefix) - 1, begin, strlen(begin)) || !strstr(r->err, part) ||
	    !strstr(r->err, " (accepted: ") || strchr(r->err, '\n') != r->err + strlen(r->err) - 1)
		fail_msg("expected '%s' and '%s' in: %s", begin, part, r->err);
}

void check_bad(const char *begin, const char *part, const char *const *words)
{
	struct run r;

	run_words(&r, words);
	assert_bad(&r, begin, part);
	run_free(&r);
}

bool has_port(const struct port_set *set, unsigned int port)
{
	return set->words[port / 64] >> (port % 64) & 1;
}

unsigned int count_ports(const struct port_set *set)
{
	unsigned int n = 0;

	for (unsigned int port = 0; port < 65536; port++)
		n += has_port(set, port);
	return n;
}

void assert_prefix(const struct prefix *p, const char *address, unsigned int bits)
{
	uint8_t addr[16];

	assert_int_equal(inet_pton(AF_INET6, address, addr), 1);
	assert_memory_equal(p->addr, addr, 16);
	assert_int_equal(p->bits, bits);
}
