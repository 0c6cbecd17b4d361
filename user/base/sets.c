// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "sets.h"

#include <string.h>

uint8_t prefix_family(const struct prefix *p)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return p->bits >= 96 && !memcmp(p->addr, mapped, sizeof(mapped)) ? 4 : 6;
}

bool pid_list_has(const struct pid_list *list, uint32_t pid)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i] == pid)
			return true;
	return false;
}

bool port_set_has(const struct port_set *set, uint16_t port)
{
	return set->words[port / 64] >> (port % 64) & 1;
}

bool prefix_list_has(const struct prefix_list *list, uint8_t family, const uint8_t addr[16])
{
	for (size_t i = 0; i < list->n; i++) {
		const struct prefix *p = &list->items[i];
		size_t whole = p->bits / 8, rest = p->bits % 8;

		if (prefix_family(p) == family && !memcmp(p->addr, addr, whole) &&
		    (!rest || (p->addr[whole] ^ addr[whole]) >> (8 - rest) == 0))
			return true;
	}
	return false;
}
