/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What tracer.c and tracer_setup.c share; nobody else knows the skeleton. */
#ifndef TRACER_PARTS_H
#define TRACER_PARTS_H

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "shared/config.h"
#include "base/features.h"
#include "tcpstates.skel.h"
#include "tracer.h"

#define PROBES_MAX 8

/* A program that hangs on a perf event, which its link closes. */
struct probe {
	struct bpf_program *prog;
	int fd; /* negative: the link has it */
	struct bpf_link *link;
};

struct tracer {
	struct tcpstates_bpf *skel;
	struct btf *own; /* the kernel's type information; NULL: it has none */
	struct btf *btf; /* that or the one of --btf; both NULL once the hooks are chosen */
	bool preempted;	 /* this kernel takes tasks off their CPU in a tracepoint's program */
	struct findings found;
	struct bpf_program *progs[FEATURES]; /* of the chosen hook, the first; NULL: none */
	struct probe probes[PROBES_MAX];
	int n_probes;
	struct ring_buffer *ring;
	struct bpf_link *state;
	struct bpf_link *backups[BACKUPS]; /* NULL: not needed here */
	struct bpf_link *relay;
	/* NULL before 5.9: commit a5cbe05a6673 ("bpf: Implement bpf iterator for map elements") */
	struct bpf_link *check;
	const struct options *options;
	uint64_t checked_ns; /* when the last check on live sockets began */
	bool stopped;
	uint64_t missed_before;	    /* runs the main program missed before there was a relay */
	uint64_t relay_before;	    /* runs of the relay before there was a main program */
	uint64_t minisockets_at_ns; /* when to sweep them next */
	uint64_t segments_missed;   /* by the minisockets' hook, as of the last sweep */
	int n_cpus;
	struct tally_counts *counted; /* what was passed on of the kernel's tallies */
	/* where items go while the ring is read, and how many went there at once */
	item_fn sink;
	void *ctx;
	unsigned int n_read;
};

/*
 * Between opening and loading the skeleton: first the constants that the options give, then the hooks, then
 * what follows from them.
 */
void tracer_configure(struct tracer *t, pid_t command);

/* 0, or -EOPNOTSUPP after a message: the main hook, or what was asked for by hand, is not to be had. */
int tracer_choose(struct tracer *t);
void tracer_configure_hooks(struct tracer *t);

/* 0 or -errno. */
int tracer_attach(struct tracer *t);

/* Also what was attached in part, or not at all. */
void tracer_detach(struct tracer *t);

/* After loading, before attaching: 0 or -errno. */
int tracer_fill_maps(struct tracer *t, pid_t command);

/* Enters what is older than the trace; a state change that comes meanwhile finds the hooks in place. */
void tracer_scan(struct tracer *t);

/* Which of the recorded sockets are alive? */
void tracer_check(struct tracer *t);

/* What comes out of the ring; ctx is the tracer. */
int tracer_receive(void *ctx, void *data, size_t len);

uint64_t tracer_counter(struct tracer *t, enum counter which);

/*
 * Where a task can be taken off its CPU in a tracepoint's program: those that run between the main one and
 * its relay.  Returns how many: BACKUPS, or 0 where none is needed.
 */
int tracer_backups(const struct tracer *t, struct bpf_program *progs[BACKUPS]);

/* How often the kernel did not run this program because it, or another, ran already; 0 before 5.12. */
uint64_t tracer_runs_missed(const struct bpf_program *prog);

#endif
