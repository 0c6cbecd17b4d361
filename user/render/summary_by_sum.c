// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Sums of rows of --by. */
#include "summary_by.h"

void summary_by_add_open_of(struct by_open *to, const struct by_open *from)
{
	to->n += from->n;
	to->older += from->older;
	to->sum_ns += from->sum_ns;
	if (from->oldest_ns > to->oldest_ns)
		to->oldest_ns = from->oldest_ns;
}

void summary_by_add_row(struct by_row *to, const struct by_row *from)
{
	const uint64_t *counts = (const uint64_t *)&from->counts;
	uint64_t *sums = (uint64_t *)&to->counts;

	for (size_t i = 0; i < sizeof(from->counts) / sizeof(*counts); i++)
		sums[i] += counts[i];
	for (size_t i = 0; i < BY_STATES; i++)
		summary_by_add_open_of(&to->open[i], &from->open[i]);
	for (size_t i = 0; i < BY_LATENCIES; i++)
		histogram_add_all(&to->latency[i], &from->latency[i]);
}
