// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"
#define IPV4_MAPPED_BITS 96

const char *parse_number(const char *s, uint64_t low, uint64_t high, uint64_t *value)
{
	size_t digits = strspn(s, DIGITS);
	uint64_t sum = 0;

	if (!digits || s[digits] || (s[0] == '0' && digits > 1))
		return "not a decimal number";
	for (; *s; s++) {
		unsigned int digit = (unsigned int)(*s - '0');

		if (sum > (UINT64_MAX - digit) / 10)
			return "too large";
		sum = sum * 10 + digit;
	}
	if (sum < low)
		return "too small";
	if (sum > high)
		return "too large";
	*value = sum;
	return NULL;
}

/* Uses integers only, so there is no rounding, no exponent, no "inf" and no decimal point of a locale. */
const char *parse_decimal(const char *s, uint64_t unit, uint64_t limit, uint64_t *value)
{
	size_t whole = strspn(s, DIGITS);
	size_t fraction = s[whole] == '.' ? strspn(s + whole + 1, DIGITS) : 0;
	size_t end = s[whole] == '.' ? whole + 1 + fraction : whole;
	uint64_t place = unit, sum = 0;

	if (!(whole + fraction) || s[end] || (s[0] == '0' && whole > 1))
		return "not a decimal number";
	for (size_t i = 0; i < whole; i++) {
		sum = sum * 10 + (uint64_t)(s[i] - '0') * unit;
		if (sum > limit)
			return "too large";
	}
	for (size_t i = 0; i < fraction; i++) {
		place /= 10;
		sum += (uint64_t)(s[whole + 1 + i] - '0') * place;
	}
	if (!sum)
		return "too small";
	if (sum > limit)
		return "too large";
	*value = sum;
	return NULL;
}

/* The capacity of the array is the smallest power of two that holds n elements, so it is not stored. */
static void *grow(void *items, size_t n, size_t size)
{
	if (n & (n - 1))
		return items;
	return reallocarray(items, n ? 2 * n : 1, size);
}

/* "!" excludes an element. */
static bool take_exclusion(const char **s)
{
	bool excluded = **s == '!';

	*s += excluded;
	return excluded;
}

const char *parse_pid(const char *s, void *pid_list)
{
	struct pid_list *both = pid_list;
	struct pid_array *list = take_exclusion(&s) ? &both->excluded : &both->included;
	uint64_t pid;
	void *items;

	if (parse_number(s, 1, INT32_MAX, &pid))
		return "not a process ID";
	items = grow(list->items, list->n, sizeof(*list->items));
	if (!items)
		return strerror(ENOMEM);
	list->items = items;
	list->items[list->n++] = (uint32_t)pid;
	return NULL;
}

const char *parse_ports(const char *s, void *port_set)
{
	char low_text[PARSE_ELEMENT_MAX];
	struct port_set *set = port_set;
	bool excluded = take_exclusion(&s);
	uint64_t *words = excluded ? set->excluded : set->words;
	const char *dash = strchr(s, '-');
	size_t len = dash ? (size_t)(dash - s) : strlen(s);
	uint64_t low, high;

	if (len >= sizeof(low_text))
		return "not a port";
	memcpy(low_text, s, len);
	low_text[len] = '\0';
	if (parse_number(low_text, 1, 65535, &low) ||
	    parse_number(dash ? dash + 1 : low_text, 1, 65535, &high))
		return dash ? "not a port range" : "not a port";
	if (low > high)
		return "range in reverse order";
	for (uint64_t port = low; port <= high; port++)
		words[port / 64] |= 1ULL << (port % 64);
	set->given = true;
	set->includes |= !excluded;
	return NULL;
}

static void clear_host_bits(struct prefix *p)
{
	for (uint32_t bit = p->bits; bit < 128; bit++)
		p->addr[bit / 8] &= (uint8_t)(0xff ^ 0x80u >> bit % 8);
}

static const char *prefix_of_text(const char *s, struct prefix *p)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char address[PARSE_ELEMENT_MAX];
	const char *slash = strchr(s, '/');
	size_t len = slash ? (size_t)(slash - s) : strlen(s);
	uint64_t bits, skipped = 0;

	if (len >= sizeof(address))
		return "not an address";
	memcpy(address, s, len);
	address[len] = '\0';
	memcpy(p->addr, mapped, sizeof(mapped));
	if (inet_pton(AF_INET, address, p->addr + sizeof(mapped)) == 1)
		skipped = IPV4_MAPPED_BITS;
	else if (inet_pton(AF_INET6, address, p->addr) != 1)
		return "not an address";

	bits = 128 - skipped;
	if (slash && parse_number(slash + 1, 0, 128 - skipped, &bits))
		return skipped ? "not a prefix length of 0 to 32"
			       : "not a prefix length of 0 to 128";
	p->bits = (uint32_t)(bits + skipped);
	clear_host_bits(p);
	return NULL;
}

const char *parse_prefix(const char *s, void *prefix_list)
{
	struct prefix_list *both = prefix_list;
	struct prefix_array *list = take_exclusion(&s) ? &both->excluded : &both->included;
	struct prefix p;
	const char *why = prefix_of_text(s, &p);
	void *items;

	if (why)
		return why;
	items = grow(list->items, list->n, sizeof(*list->items));
	if (!items)
		return strerror(ENOMEM);
	list->items = items;
	list->items[list->n++] = p;
	return NULL;
}

const char *parse_comm(const char *s, void *comm_patterns)
{
	bool excluded = take_exclusion(&s);
	int err = *s ? comm_patterns_add(comm_patterns, s, excluded) : -EINVAL;

	if (err == -EINVAL)
		return "empty element";
	if (err == -E2BIG)
		return "the kernel keeps only the first 15 bytes of a name: give those";
	return err ? "more names than 8" : NULL;
}

const char *parse_list(const char *list, const char *(*parse)(const char *s, void *into),
		       void *into, char element[PARSE_ELEMENT_MAX])
{
	const char *why;

	element[0] = '\0';
	if (!list[0])
		return "empty list";
	for (;;) {
		size_t len = strcspn(list, ",");

		if (!len) {
			element[0] = '\0';
			return "empty element";
		}
		if (len >= PARSE_ELEMENT_MAX) {
			element[0] = '\0';
			return "element too long";
		}
		memcpy(element, list, len);
		element[len] = '\0';
		why = parse(element, into);
		if (why || !list[len])
			return why;
		list += len + 1;
	}
}
