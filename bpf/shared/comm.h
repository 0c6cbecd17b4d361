/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Patterns of command names, and whether a name matches them.  Pure; both sides decide by it.
 *
 * All patterns are compared at once: a set of places is a bit each, and the bit of a place is set when the name so
 * far matches the pattern up to there (Shift-And; Baeza-Yates and Gonnet, CACM 35(10), 1992).  A name costs a step
 * for each of its bytes, however many patterns there are, and no step branches by what it finds.
 */
#ifndef COMM_H
#define COMM_H

#include <linux/types.h>
#include <stdbool.h>

#include "record.h"

/* a pattern has COMM_LEN - 1 bytes without its '*'s, and a place before each and after the last */
#define COMM_WORD_PATTERNS (64 / COMM_LEN)
#define COMM_WORDS 2
#define COMM_PATTERNS (COMM_WORDS * COMM_WORD_PATTERNS)

struct comm_word {
	/* where the patterns begin */
	__u64 begin;
	/* before or after which any bytes may stand */
	__u64 star;
	/* where the patterns end, and those of them that exclude */
	__u64 end;
	__u64 excluded;
	/* behind which places each byte may stand */
	__u64 byte[256];
};

struct comm_patterns {
	__u32 n;
	/* only names that are excluded are given: all others are selected */
	__u32 others;
	struct comm_word words[COMM_WORDS];
};

/* The places that are reached when all of the name is read. */
static __always_inline __u64 comm_places(const volatile struct comm_word *w, const char *comm)
{
	__u64 at = w->begin;

	for (int i = 0; i < COMM_LEN - 1; i++) {
		if (!comm[i])
			break;
		at = (at & w->byte[(__u8)comm[i]]) << 1 | (at & w->star);
	}
	return at & w->end;
}

/* Is the name selected?  comm has COMM_LEN bytes, of which the first COMM_LEN - 1 count. */
static __always_inline bool comm_selected(const volatile struct comm_patterns *p, const char *comm)
{
	bool selected = p->others;

	for (int i = 0; i < COMM_WORDS; i++) {
		__u64 reached;

		if (!p->words[i].begin)
			break;
		reached = comm_places(&p->words[i], comm);
		if (reached & p->words[i].excluded)
			return false;
		selected |= reached != 0;
	}
	return selected;
}

#endif
