/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What kernels tell in different ways, or not at all: for each such feature a ladder of hooks, best first.
 * Pure: which rung a kernel offers is found in tracer_rungs.c.
 */
#ifndef RUNGS_H
#define RUNGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum feature {
	FEATURE_STATE,	   /* the changes of state: the main hook */
	FEATURE_ACCEPT,	   /* who took a connection, and when */
	FEATURE_TIMEWAIT,  /* what comes to a FIN_WAIT2 without a socket */
	FEATURE_SYNACK,	   /* SYN,ACKs sent again */
	FEATURE_SYNCOOKIE, /* which connections come from a SYN cookie */
	FEATURE_COOKIE,	   /* the socket's cookie */
	FEATURE_SCAN,	   /* connections and listeners older than the trace */
	FEATURE_ALIVE,	   /* which of the recorded sockets are alive */
	FEATURE_MPTCP,
	FEATURES
};

enum hook_kind {
	HOOK_ANY, /* in a wish: the best that the kernel offers */
	HOOK_NONE,
	HOOK_TP_BTF,
	HOOK_RAW_TP,
	HOOK_FENTRY,
	HOOK_FEXIT,
	HOOK_KPROBE,
	HOOK_KRETPROBE,
	HOOK_SYSCALL,
	HOOK_HELPER,
	HOOK_ITER,
	HOOK_ITER_5_8, /* without bpf_sock_from_file() */
	HOOK_FIELD,
	HOOK_PROC,    /* user space asks */
	HOOK_HEADERS, /* a tracepoint that does not say whom a segment came to: by its addresses */
	HOOK_KINDS
};

#define HOOKS_MAX 4

/* One way to see a feature. */
struct hook {
	enum hook_kind kind; /* HOOK_ANY ends the list */
	const char *hook;
};

struct feature_hooks {
	const char *name;
	struct hook hooks[HOOKS_MAX + 1];
	const char *lost; /* without any: the fields that are null, and of what */
};

extern const struct feature_hooks features[FEATURES];

/* What was found: the kind of hook taken, and for those above it the reason why not. */
struct finding {
	enum hook_kind kind; /* HOOK_ANY: not known */
	int errs[HOOKS_MAX];
	bool forgone; /* HOOK_NONE because it was not wanted */
};

struct findings {
	struct finding of[FEATURES];
};

const char *hook_name(enum hook_kind kind);

/* Reads FEATURE=HOOK.  False when it is not one. */
bool features_parse(const char *arg, enum feature *feature, enum hook_kind *kind);

#define FEATURES_LINE 512 /* room for a line */

/* Why no hook was taken, in words. */
void features_why(const struct findings *found, enum feature feature, char *line, size_t size);

/*
 * One line of --features, without a newline: `FEATURE: KIND HOOK`, or
 * `FEATURE: none; null: FIELDS; why: REASONS`, or `FEATURE: unknown; why: REASONS`.
 */
void features_line(const struct findings *found, enum feature feature, char *line, size_t size);

/* All words that features_parse() takes; returns how many. */
size_t features_put_words(const char *separator, FILE *f);

#endif
