// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What the static libelf of elfutils 0.192 (Debian 13) refers to and lacks, mended in 0.193
 * (https://sourceware.org/bugzilla/show_bug.cgi?id=32293).  Weak, so that a library's own go first.
 * Theirs take a lock, which lies behind the root; this program has one thread.
 */
#include <search.h>
#include <stddef.h>

#define WEAK __attribute__((weak))

struct search_tree {
	void *root;
};

WEAK void eu_search_tree_init(struct search_tree *tree);
WEAK void eu_search_tree_fini(struct search_tree *tree, void (*free_node)(void *node));
WEAK void *eu_tsearch(const void *key, struct search_tree *tree,
		      int (*compare)(const void *a, const void *b));
WEAK void *eu_tdelete(const void *key, struct search_tree *tree,
		      int (*compare)(const void *a, const void *b));

void eu_search_tree_init(struct search_tree *tree)
{
	tree->root = NULL;
}

void eu_search_tree_fini(struct search_tree *tree, void (*free_node)(void *node))
{
	tdestroy(tree->root, free_node);
}

void *eu_tsearch(const void *key, struct search_tree *tree,
		 int (*compare)(const void *a, const void *b))
{
	return tsearch(key, &tree->root, compare);
}

void *eu_tdelete(const void *key, struct search_tree *tree,
		 int (*compare)(const void *a, const void *b))
{
	return tdelete(key, &tree->root, compare);
}
