// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Functions that the static libelf of elfutils 0.192 (Debian 13) calls and lacks; 0.193 has them
 * (https://sourceware.org/bugzilla/show_bug.cgi?id=32293).  They are weak, so the library's own take precedence.
 * Those also take a lock, which follows root; this program has only one thread.
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
