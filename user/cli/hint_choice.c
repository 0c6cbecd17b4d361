// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Hints for the words that options accept. */
#include <stdlib.h>
#include <string.h>

#include "nearest.h"
#include "options_hint.h"
#include "options_row.h"
#include "parse.h"

/* What these things are called elsewhere; meant: NULL for what there is not here. */
static const struct synonym {
	const char *option, *word, *meant;
} synonyms[] = {
	{ "by", "process", "comm" },
	{ "by", "command", "comm" },
	{ "by", "name", "comm" },
	{ "by", "program", "comm" },
	{ "by", "address", "peer" },
	{ "by", "host", "peer" },
	{ "by", "addr", "peer" },
	{ "by", "ip", "peer" },
	{ "by", "remote", "peer" },
	{ "by", "service", "port" },
	{ "by", "reason", "cause" },
	{ "by", "namespace", "netns" },
	{ "sort", "number", "count" },
	{ "sort", "connections", "count" },
	{ "sort", "errors", "failed" },
	{ "sort", "failures", "failed" },
	{ "sort", "age", "oldest" },
	{ "sort", "latency", "p99" },
	{ "sort", "handshake", "connect" },
	{ "cause", "timeout", "filtered or retransmit_timeout" },
	{ "cause", "timed_out", "filtered or retransmit_timeout" },
	{ "cause", "reset", "peer_reset" },
	{ "cause", "rst", "peer_reset" },
	{ "cause", "close_wait", "app_slow" },
	{ "cause", "time_wait", "no_ports" },
	{ "cause", "backlog", "queue_full" },
	{ "cause", "exit", "process_ended" },
	{ "state", "FIN_WAIT", "FIN_WAIT1,FIN_WAIT2" },
	{ "state", "FINWAIT", "FIN_WAIT1,FIN_WAIT2" },
	{ "state", "CLOSE", "CLOSE_WAIT" },
	{ "state", "TIME_WAIT", NULL },
	{ "output", "text", "timeline" },
	{ "output", "pcap", "-o none -w FILE" },
	{ "output", "table", "-o none -s" },
	{ "output", "summary", "-o none -s" },
};

/* list: the words, each on a line; it is cut into pieces, and must live as long as n. */
static void try_lines(struct nearest *n, char *list)
{
	char *left = NULL;

	for (char *line = strtok_r(list, "\n", &left); line; line = strtok_r(NULL, "\n", &left))
		nearest_try(n, line);
}

static const char *try_synonyms(struct nearest *n, const char *option)
{
	const char *meant = n->best;

	for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++) {
		if (strcmp(synonyms[i].option, option) != 0)
			continue;
		nearest_try(n, synonyms[i].word);
		if (n->best == synonyms[i].word)
			meant = synonyms[i].meant;
	}
	return meant;
}

const char *hint_choice(char buf[HINT_MAX], const struct option_row *row, const char *word)
{
	char name[PARSE_ELEMENT_MAX], *list = NULL;
	const char *found = NULL;
	struct nearest n;
	size_t len = 0, words;
	/* of FEATURE=HOOK both are near to those of others */
	FILE *f = word && !strchr(word, '=') && (row->words || row->put_words)
			  ? open_memstream(&list, &len)
			  : NULL;

	/* also without memory there is no hint */
	if (!f)
		return NULL;
	words = options_put_words(row, "\n", f);
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "/"), word);
	if (!fclose(f) && words && list) {
		n = nearest_begin(name);
		try_lines(&n, list);
		found = try_synonyms(&n, row->long_name);
	}
	if (found)
		snprintf(buf, HINT_MAX, "%s", found);
	free(list);
	return found ? buf : NULL;
}
