// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "passed_over.h"

#include <errno.h>
#include <search.h>
#include <stddef.h>

/* The keys are the numbers themselves. */
_Static_assert(sizeof(void *) == sizeof(uint64_t), "a number fits a pointer");

static int compare(const void *a, const void *b)
{
	return ((uintptr_t)a > (uintptr_t)b) - ((uintptr_t)a < (uintptr_t)b);
}

int passed_over_add(struct passed_over *p, uint64_t conn)
{
	return tsearch((const void *)(uintptr_t)conn, &p->tree, compare) ? 0 : -ENOMEM;
}

bool passed_over_take(struct passed_over *p, uint64_t conn)
{
	return tdelete((const void *)(uintptr_t)conn, &p->tree, compare) != NULL;
}

static void free_nothing(void *key)
{
	(void)key;
}

void passed_over_free(struct passed_over *p)
{
	tdestroy(p->tree, free_nothing);
	p->tree = NULL;
}
