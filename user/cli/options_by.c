// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "options_by.h"

#include <string.h>
#include <strings.h>

#include "options_hint.h"
#include "parse.h"

#define IPV4_BITS 32
#define IPV6_BITS 128
#define KEYS \
	"comm, pid, peer[/LEN[/LEN6]], port, role, listener, cgroup, container, unit, pod_uid, cause, netns"

const struct choice sort_words[] = {
	{ "count", BY_SORT_COUNT },
	{ "failed", BY_SORT_FAILED },
	{ "open", BY_SORT_OPEN },
	{ "oldest", BY_SORT_OLDEST },
	{ "p99", BY_SORT_CONNECT },
	{ "connect", BY_SORT_CONNECT },
	{ "accept", BY_SORT_ACCEPT },
	{ "close", BY_SORT_CLOSE },
	{ "close_wait", BY_SORT_CLOSE_WAIT },
	{ NULL, 0 },
};

static const char unknown_key[] = "unknown key";

size_t put_keys(const char *separator, FILE *f)
{
	for (unsigned int key = 0; key < BY_KEYS; key++)
		fprintf(f, "%s%s", key ? separator : "", by_key_name(key));
	return BY_KEYS;
}

/* "/24" or "/24/56": the prefix lengths of IPv4 and of IPv6; "": addresses as a whole. */
static const char *parse_lengths(const char *s, struct by *by)
{
	char length[PARSE_ELEMENT_MAX];
	uint64_t ipv4 = IPV4_BITS, ipv6 = BY_IPV6_BITS;
	size_t len;

	if (!*s) {
		by->ipv4_bits = IPV4_BITS;
		by->ipv6_bits = IPV6_BITS;
		return NULL;
	}
	len = strcspn(++s, "/");
	memcpy(length, s, len);
	length[len] = '\0';
	if (parse_number(length, 0, IPV4_BITS, &ipv4))
		return "not a prefix length of 0 to 32";
	if (s[len] && parse_number(s + len + 1, 0, IPV6_BITS, &ipv6))
		return "not a prefix length of 0 to 128";
	by->ipv4_bits = (uint8_t)ipv4;
	by->ipv6_bits = (uint8_t)ipv6;
	return NULL;
}

/* s: shorter than PARSE_ELEMENT_MAX, as of parse_list(). */
static const char *parse_key(const char *s, void *into)
{
	size_t len = strcspn(s, "/");
	enum by_key key = by_key_find(s, len);
	struct by *by = into;

	if (key == BY_KEYS)
		return unknown_key;
	if (s[len] && key != BY_PEER)
		return "only a peer has a prefix length";
	for (unsigned int i = 0; i < by->n; i++)
		if (by->keys[i] == key)
			return "given twice";
	if (by->n == BY_KEYS_MAX)
		return "more than three keys";
	by->keys[by->n++] = (uint8_t)key;
	return key == BY_PEER ? parse_lengths(s + len, by) : NULL;
}

enum options_result set_by(struct parse *p, const struct option_row *row, const char *arg)
{
	char element[PARSE_ELEMENT_MAX], hint[HINT_MAX];
	const char *why = parse_list(arg, parse_key, &p->o->by, element);
	struct complaint c = {
		.what = p->what,
		.arg = arg,
		.why = why,
		.element = *element && strcmp(element, arg) ? element : NULL,
		.accepted = "up to three of " KEYS,
		.row = row,
		.hint = why == unknown_key ? hint_choice(hint, row, element) : NULL,
	};

	return why ? options_complain(p->err, &c) : OPTIONS_RUN;
}

enum options_result set_sort(struct parse *p, const struct option_row *row, const char *arg)
{
	struct complaint c = { .what = p->what, .arg = arg, .why = "unknown column", .row = row };
	const struct choice *word = sort_words;
	char hint[HINT_MAX];

	while (word->name && strcasecmp(word->name, arg))
		word++;
	p->o->by.sort = (enum by_sort)word->value;
	if (word->name)
		return OPTIONS_RUN;
	c.hint = hint_choice(hint, row, arg);
	return options_complain(p->err, &c);
}

enum options_result options_check_by(const struct options *o, FILE *err)
{
	struct complaint c = { .why = "requires --by", .accepted = "--summary --by KEY" };

	if (o->by.n && !o->summary) {
		c.what = "--by";
		c.why = "requires --summary";
	} else if (!o->by.n && o->by.sort) {
		c.what = "--sort";
	} else if (!o->by.n && o->by.limit) {
		c.what = "--limit";
	}
	return c.what ? options_complain(err, &c) : OPTIONS_RUN;
}
