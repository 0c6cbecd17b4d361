// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "item.h"

size_t item_size(enum item_type type)
{
	switch (type) {
	case ITEM_CLOCK:
		return sizeof(int64_t);
	case ITEM_HANDSHAKE:
		return sizeof(struct handshake_part);
	case ITEM_CLOSE:
		return sizeof(struct record);
	case ITEM_OPEN:
		return sizeof(struct item_open);
	case ITEM_TRANSITION:
		return sizeof(struct transition);
	case ITEM_CGROUP:
		return sizeof(uint64_t);
	case ITEM_SNAPSHOT:
		return 0;
	case ITEM_TALLY:
		return sizeof(struct item_tally);
	case ITEM_LISTENER:
		return sizeof(struct item_listener);
	case ITEM_COUNTS:
		return sizeof(struct item_counts);
	}
	return SIZE_MAX;
}
