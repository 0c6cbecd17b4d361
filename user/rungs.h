/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What kernels tell in different ways, or not at all: for each such fact a ladder of hooks, best first.
 * Pure: which rung a kernel offers is found in tracer_rungs.c.
 */
#ifndef RUNGS_H
#define RUNGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum fact {
	FACT_STATE,	/* the changes of state: the main hook */
	FACT_ACCEPT,	/* who took a connection, and when */
	FACT_TIMEWAIT,	/* what comes to a FIN_WAIT2 without a socket */
	FACT_SYNACK,	/* SYN,ACKs sent again */
	FACT_SYNCOOKIE, /* which connections come from a SYN cookie */
	FACT_COOKIE,	/* the socket's cookie */
	FACT_SCAN,	/* connections and listeners older than the trace */
	FACT_ALIVE,	/* which of the recorded sockets are alive */
	FACT_MPTCP,
	FACTS
};

enum rung {
	RUNG_ANY, /* in a wish: the best that the kernel offers */
	RUNG_NONE,
	RUNG_TP_BTF,
	RUNG_RAW_TP,
	RUNG_FENTRY,
	RUNG_FEXIT,
	RUNG_KPROBE,
	RUNG_KRETPROBE,
	RUNG_SYSCALL,
	RUNG_HELPER,
	RUNG_ITER,
	RUNG_ITER_5_8, /* without bpf_sock_from_file() */
	RUNG_FIELD,
	RUNG_PROC,    /* user space asks */
	RUNG_HEADERS, /* a tracepoint that does not say whom a segment came to: by its addresses */
	RUNGS
};

#define WAYS_MAX 4

/* A rung of one fact's ladder. */
struct way {
	enum rung rung; /* RUNG_ANY ends a ladder */
	const char *hook;
};

struct ladder {
	const char *fact;
	struct way ways[WAYS_MAX + 1];
	const char *lost; /* without any: the fields that are null, and of what */
};

extern const struct ladder ladders[FACTS];

/* What was found: the rung taken, and of those above it why not. */
struct finding {
	enum rung rung; /* RUNG_ANY: not known */
	int errs[WAYS_MAX];
	bool forgone; /* RUNG_NONE because it was not wanted */
};

struct findings {
	struct finding of[FACTS];
};

const char *rung_name(enum rung rung);

/* Reads FACT=RUNG.  False when this is not one. */
bool rungs_parse(const char *arg, enum fact *fact, enum rung *rung);

#define RUNGS_LINE 512 /* room for a line */

/* Why no rung was taken, in words. */
void rungs_why(const struct findings *found, enum fact fact, char *line, size_t size);

/*
 * One line of --features, without a newline: `FACT: RUNG HOOK`, or `FACT: none; null: FIELDS; why: REASONS`,
 * or `FACT: unknown; why: REASONS`.
 */
void rungs_line(const struct findings *found, enum fact fact, char *line, size_t size);

/* All words that rungs_parse() takes; returns how many. */
size_t rungs_put_words(const char *separator, FILE *f);

#endif
