/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a trace could not follow or count since it began. */
#ifndef SHORTFALLS_H
#define SHORTFALLS_H

#include <stdint.h>

struct shortfalls {
	uint64_t events_lost;
	/* connections that found no room in the table */
	uint64_t table_full;
	/* handshakes and closes that are counted under port="other" since all rows were taken */
	uint64_t rows_full;
};

#endif
