// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "options_filter.h"

#include <stdio.h>
#include <string.h>

#define BLANK " ()"

enum part {
	PART_VALUE,
	PART_HOST,
	PART_PORT,
	PART_FAMILY,
	PART_ANY, /* says nothing of a connection, which has both directions */
	PART_AND,
	PART_OR,
	PART_NOT,
	PART_OTHER, /* of a packet, not of a TCP connection */
};

static const struct {
	const char *word;
	enum part part;
} parts[] = {
	{ "host", PART_HOST },	    { "net", PART_HOST },   { "port", PART_PORT },
	{ "portrange", PART_PORT }, { "ip", PART_FAMILY },  { "ip6", PART_FAMILY },
	{ "tcp", PART_ANY },	    { "src", PART_ANY },    { "dst", PART_ANY },
	{ "and", PART_AND },	    { "&&", PART_AND },	    { "or", PART_OR },
	{ "||", PART_OR },	    { "not", PART_NOT },    { "!", PART_NOT },
	{ "udp", PART_OTHER },	    { "icmp", PART_OTHER }, { "arp", PART_OTHER },
	{ "ether", PART_OTHER },    { "less", PART_OTHER }, { "greater", PART_OTHER },
	{ "vlan", PART_OTHER },
};

static enum part part_of(const char *word)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!strcmp(parts[i].word, word))
			return parts[i].part;
	return PART_VALUE;
}

/* What the words before a value say of it. */
struct translation {
	struct filter_hint *hint;
	enum part of;	/* PART_HOST or PART_PORT */
	enum part last; /* of the list that was begun last; PART_VALUE: none */
	bool negated, alternative, impossible;
};

static void append(struct translation *t, const char *text)
{
	size_t len = strlen(t->hint->options), more = strlen(text);

	if (len + more >= FILTER_MAX)
		t->impossible = true;
	else
		memcpy(t->hint->options + len, text, more + 1);
}

static void append_option(struct translation *t, const char *option)
{
	if (t->hint->options[0])
		append(t, " ");
	append(t, option);
}

/* "or" makes a list of values of one kind; of two kinds there is none. */
static void append_value(struct translation *t, const char *value)
{
	if (t->alternative && t->last != t->of)
		t->impossible = true;
	if (t->alternative)
		append(t, ",");
	else
		append_option(t, t->of == PART_PORT ? "--port " : "--host ");
	append(t, t->negated ? "'!" : "");
	append(t, value);
	append(t, t->negated ? "'" : "");
	t->last = t->of;
	t->negated = t->alternative = false;
}

static void translate(struct translation *t, const char *word)
{
	enum part part = part_of(word);

	switch (part) {
	case PART_VALUE:
		append_value(t, word);
		break;
	case PART_HOST:
	case PART_PORT:
		t->of = part;
		break;
	case PART_FAMILY:
		append_option(t, strcmp(word, "ip6") ? "-4" : "-6");
		break;
	case PART_OR:
		t->alternative = true;
		break;
	case PART_NOT:
		t->negated = true;
		break;
	case PART_OTHER:
		t->impossible = true;
		break;
	case PART_ANY:
	case PART_AND:
		break;
	}
}

static void join(char text[FILTER_MAX], char *const *words)
{
	size_t len = 0;

	text[0] = '\0';
	for (; *words && len < FILTER_MAX - 1; words++)
		len += (size_t)snprintf(text + len, FILTER_MAX - len, "%s%s", len ? " " : "",
					*words);
}

bool filter_hint(struct filter_hint *hint, char *const *words)
{
	struct translation t = { .hint = hint, .of = PART_HOST, .last = PART_VALUE };
	char text[FILTER_MAX], *left = NULL;
	bool is_filter = false;
	size_t n = 0;

	hint->options[0] = '\0';
	join(hint->text, words);
	memcpy(text, hint->text, sizeof(text));
	for (char *word = strtok_r(text, BLANK, &left); word; word = strtok_r(NULL, BLANK, &left)) {
		enum part part = part_of(word);

		/* `ip netns exec` and the like are commands */
		is_filter |= n++ < 2 &&
			     (part == PART_HOST || part == PART_PORT || part == PART_ANY);
		translate(&t, word);
	}
	if (t.impossible)
		hint->options[0] = '\0';
	return is_filter;
}
