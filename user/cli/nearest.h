/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Finds the name that a misspelled word is nearest to. */
#ifndef NEAREST_H
#define NEAREST_H

#include <stddef.h>

struct nearest {
	const char *word;
	const char *best; /* NULL: none is near */
	size_t distance;  /* of the best; before, one more than is near enough */
};

/* The word must live as long as the struct. */
struct nearest nearest_begin(const char *word);

/* Offers a name, of static storage.  Of names that are equally near, the first wins. */
void nearest_try(struct nearest *n, const char *name);

/*
 * How many letters must be inserted, deleted, replaced or swapped with their neighbour to make b of a.
 * Upper and lower case are the same.  SIZE_MAX for more than 31 letters.
 */
size_t nearest_distance(const char *a, const char *b);

#endif
