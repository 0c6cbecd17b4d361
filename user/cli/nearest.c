// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define LETTERS_MAX 31

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment; d[i][j] is the distance of the first i letters of a and the first j of b. */
size_t nearest_distance(const char *a, const char *b)
{
	size_t d[LETTERS_MAX + 1][LETTERS_MAX + 1], n = strlen(a), m = strlen(b);

	if (n > LETTERS_MAX || m > LETTERS_MAX)
		return SIZE_MAX;
	for (size_t i = 0; i <= n; i++) {
		for (size_t j = 0; j <= m; j++) {
			if (!i || !j) {
				d[i][j] = i + j;
				continue;
			}
			d[i][j] = least(d[i - 1][j - 1] + !same(a[i - 1], b[j - 1]),
					least(d[i - 1][j], d[i][j - 1]) + 1);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[n][m];
}

/* One slip in three letters. */
struct nearest nearest_begin(const char *word)
{
	return (struct nearest){ .word = word, .distance = strlen(word) / 3 + 1 };
}

void nearest_try(struct nearest *n, const char *name)
{
	size_t distance = nearest_distance(n->word, name);

	if (distance >= n->distance)
		return;
	n->distance = distance;
	n->best = name;
}
