// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "sets.h"

#include <errno.h>
#include <string.h>

uint8_t prefix_family(const struct prefix *p)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return p->bits >= 96 && !memcmp(p->addr, mapped, sizeof(mapped)) ? 4 : 6;
}

static bool has_pid(const struct pid_array *a, uint32_t pid)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->items[i] == pid)
			return true;
	return false;
}

bool pid_list_has(const struct pid_list *list, uint32_t pid)
{
	return (!list->included.n || has_pid(&list->included, pid)) &&
	       !has_pid(&list->excluded, pid);
}

static bool bit_of(const uint64_t words[PORT_WORDS], uint16_t port)
{
	return words[port / 64] >> (port % 64) & 1;
}

bool port_set_has(const struct port_set *set, uint16_t port)
{
	return bit_of(set->words, port) && !bit_of(set->excluded, port);
}

bool port_set_has_either(const struct port_set *set, uint16_t a, uint16_t b)
{
	return (bit_of(set->words, a) || bit_of(set->words, b)) && !bit_of(set->excluded, a) &&
	       !bit_of(set->excluded, b);
}

void port_set_settle(struct port_set *set)
{
	if (set->given && !set->includes)
		memset(set->words, 0xff, sizeof(set->words));
}

static bool prefix_has(const struct prefix *p, uint8_t family, const uint8_t addr[16])
{
	size_t whole = p->bits / 8, rest = p->bits % 8;

	return prefix_family(p) == family && !memcmp(p->addr, addr, whole) &&
	       (!rest || (p->addr[whole] ^ addr[whole]) >> (8 - rest) == 0);
}

bool prefix_within(const struct prefix *a, const struct prefix *b)
{
	return a->bits >= b->bits && prefix_has(b, prefix_family(a), a->addr);
}

static bool has_address(const struct prefix_array *a, uint8_t family, const uint8_t addr[16])
{
	for (size_t i = 0; i < a->n; i++)
		if (prefix_has(&a->items[i], family, addr))
			return true;
	return false;
}

bool prefix_list_has(const struct prefix_list *list, uint8_t family, const uint8_t addr[16])
{
	return (!list->included.n || has_address(&list->included, family, addr)) &&
	       !has_address(&list->excluded, family, addr);
}

bool prefix_list_has_either(const struct prefix_list *list, uint8_t family, const uint8_t a[16],
			    const uint8_t b[16])
{
	return (!list->included.n || has_address(&list->included, family, a) ||
		has_address(&list->included, family, b)) &&
	       !has_address(&list->excluded, family, a) && !has_address(&list->excluded, family, b);
}

static size_t length_without_stars(const char *pattern)
{
	size_t len = 0;

	for (; *pattern; pattern++)
		len += *pattern != '*';
	return len;
}

int comm_patterns_add(struct comm_patterns *p, const char *pattern, bool excluded)
{
	uint64_t place = 1ULL << p->n % COMM_WORD_PATTERNS * COMM_LEN;
	struct comm_word *w;

	if (length_without_stars(pattern) >= COMM_LEN)
		return -E2BIG;
	if (p->n == COMM_PATTERNS)
		return -ENOSPC;
	w = &p->words[p->n / COMM_WORD_PATTERNS];
	w->begin |= place;
	for (; *pattern; pattern++) {
		if (*pattern == '*') {
			w->star |= place;
		} else {
			w->byte[(uint8_t)*pattern] |= place;
			place <<= 1;
		}
	}
	w->end |= place;
	if (excluded)
		w->excluded |= place;
	p->others = excluded && (!p->n || p->others);
	p->n++;
	return 0;
}
