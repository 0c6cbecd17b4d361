/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Features that kernels offer in different ways or not at all.  Each has a list of hooks, the best first.
 * These functions are pure; kernel/tracer_hooks.c finds out which hooks a kernel offers.
 */
#ifndef FEATURES_H
#define FEATURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum feature {
	FEATURE_STATE,	   /* state changes: the main hook */
	FEATURE_ACCEPT,	   /* which process accepted a connection, and when */
	FEATURE_CONNECT,   /* connect() that fails before a SYN */
	FEATURE_TIMEWAIT,  /* segments for a FIN_WAIT2 minisocket */
	FEATURE_REFUSED,   /* SYNs that this host refuses */
	FEATURE_UNSENT,	   /* SYNs, FINs and RSTs that do not leave this host */
	FEATURE_RESET,	   /* who sends an RST, and why */
	FEATURE_SYNACK,	   /* retransmitted SYN,ACKs */
	FEATURE_HALF_OPEN, /* handshakes whose SYN,ACK is never answered */
	FEATURE_REQUEST,   /* an RST that ends one, or an ACK that is not enough */
	FEATURE_DROPPED,   /* SYNs that a full queue drops, by peer */
	FEATURE_DEFERRED,  /* the first ACK where a listener waits for data */
	FEATURE_SYNCOOKIE, /* connections made from a SYN cookie */
	FEATURE_COOKIE,	   /* the socket's cookie */
	FEATURE_SCAN,	   /* connections and listeners that existed before the trace */
	FEATURE_ALIVE,	   /* which of the recorded sockets still exist */
	FEATURE_HOLDER,	   /* which process has a recorded socket open */
	FEATURE_MPTCP,	   /* whether a connection uses MPTCP */
	FEATURE_LISTENER,  /* the queues of listening sockets */
	FEATURES
};

enum hook_kind {
	/* in options: the best one that the kernel offers; in a finding: not known */
	HOOK_ANY,
	HOOK_NONE,
	HOOK_TP_BTF,
	HOOK_RAW_TP,
	HOOK_FENTRY,
	HOOK_FEXIT,
	HOOK_KPROBE,
	HOOK_KRETPROBE,
	HOOK_SYSCALL, /* the tracepoint at the exit of a system call */
	HOOK_HELPER,  /* a BPF helper */
	HOOK_ITER,
	HOOK_ITER_5_8, /* where bpf_sock_from_file() is missing */
	HOOK_FOR_EACH, /* a helper, in a program that user space runs */
	HOOK_FIELD,    /* a field of a kernel structure */
	HOOK_PROC,     /* user space reads sock_diag and /proc */
	HOOK_HEADERS,  /* a tracepoint without the receiving socket: the headers identify it */
	HOOK_KINDS
};

#define HOOKS_MAX 4

struct hook {
	enum hook_kind kind; /* HOOK_ANY ends the list */
	const char *hook;    /* what it is attached to, or uses */
};

struct feature_hooks {
	const char *name;
	struct hook hooks[HOOKS_MAX + 1];
	const char *null_fields; /* without any hook, and for which connections */
};

extern const struct feature_hooks features[FEATURES];

/* The hook chosen for a feature. */
struct finding {
	enum hook_kind kind; /* HOOK_ANY: not known */
	int errs[HOOKS_MAX]; /* -errno of each hook that this kernel does not offer, else 0 */
	bool not_wanted;     /* kind is HOOK_NONE because no hook was looked for */
};

struct findings {
	struct finding of[FEATURES];
};

/* The name of a kind for --hook and --features; "unknown" for one out of range. */
const char *hook_name(enum hook_kind kind);

/* Parses FEATURE=HOOK.  Returns false if there is no such feature or hook. */
bool features_parse(const char *arg, enum feature *feature, enum hook_kind *kind);

/* size of a buffer for a line */
#define FEATURES_LINE 512

/* Writes why this kernel does not offer the better hooks, or any. */
void features_reasons(const struct findings *found, enum feature feature, char *line, size_t size);

/*
 * Writes a line of --features, without a newline: `FEATURE: KIND HOOK`, or
 * `FEATURE: none; null: FIELDS; why: REASONS`, or `FEATURE: unknown; why: REASONS`.
 */
void features_line(const struct findings *found, enum feature feature, char *line, size_t size);

/* Prints all words that features_parse() accepts, and returns their number. */
size_t features_put_words(const char *separator, FILE *f);

#endif
