/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the files tracer*.c share. */
#ifndef TRACER_PARTS_H
#define TRACER_PARTS_H

#include <bpf/libbpf.h>

#include "attempts.h"
#include "base/features.h"
#include "chapter/time_waits.h"
#include "for_each.h"
#include "ports.h"
#include "processes.h"
#include "requests.h"
#include "shared/config.h"
#include "shared/row.h"
#include "tcpstates.skel.h"
#include "tracer.h"
#include "types.h"

#define PROBES_MAX 8

/* A program that a perf event runs: a kprobe, or the tracepoint of a system call. */
struct probe {
	struct bpf_program *prog;
	int fd; /* of the perf event; negative: the link owns it */
	struct bpf_link *link;
};

struct tracer {
	const struct options *options;
	struct tcpstates_bpf *skel;
	int n_cpus;

	/* the kernel's own; NULL: it has none */
	struct types *own;
	/* these, or those of --btf; both are NULL once the hooks are chosen */
	struct types *types;
	int types_fd;	     /* a file with those of them that the BPF object reads */
	char types_path[32]; /* its name in /proc */
	/* this kernel preempts tasks while programs of a tracepoint run */
	bool preempted;
	struct findings found;
	struct processes processes;
	struct ports ports; /* where to ask which local ports are taken */
	/* the first program of each chosen hook; NULL: none */
	struct bpf_program *progs[FEATURES];

	struct probe probes[PROBES_MAX];
	int n_probes;
	struct bpf_link *primary;
	struct bpf_link *backups[BACKUPS]; /* NULL: not needed with this kernel */
	struct bpf_link *relay;
	struct for_each alive_check;
	struct for_each minisocket_counter;
	struct for_each queue_check;
	struct for_each listener_reader;
	struct for_each request_check;
	struct for_each holder_finder; /* which processes have the recorded sockets open */
	struct for_each held_finder;   /* -p: the sockets that the processes hold */
	bool stopped;

	struct ring_buffer *ring;
	/* while the ring is read: where items go, and how many went there */
	item_fn sink;
	void *ctx;
	unsigned int n_read;
	/* what was passed on of the BPF side's tallies */
	struct tally_counts *passed_on;

	struct attempts attempts;    /* what was reported of those that are counted */
	struct requests requests;    /* the same of half-open handshakes */
	struct listeners *listeners; /* what was reported of them */
	/* the same to those who count, and where they do; NULL: nobody does */
	struct listeners *counted_listeners;
	item_fn counted_sink;
	void *counted_ctx;
	uint64_t listeners_at_ns;   /* when to read them next */
	uint64_t listeners_read_ns; /* when that was done last */
	uint64_t checked_ns;	    /* when the last check of live sockets began */
	uint64_t minisockets_at_ns; /* when to sweep them next */
	uint64_t unaccepted_at_ns;  /* the same for those that wait for accept() */
	uint64_t unaccepted_ns;	    /* those that have waited since before then were swept */
	uint64_t established;	    /* how many the last report of open ones found beside them */
	uint32_t resets_number;	    /* what the BPF side counted at the last sweep of them */
	bool resets_left;	    /* and it found some */
	uint64_t segments_missed;   /* by the hook for minisockets, as of the last sweep */

	/* while both were attached: runs that the primary program missed, and those of them that the relay handled */
	uint64_t missed;
	uint64_t relayed;
};

/*
 * Between opening and loading the skeleton: sets what the options decide (constants, sizes), then chooses the
 * hooks, then sets what follows from them.
 */
void tracer_configure(struct tracer *t, pid_t command);

/* 0, or -EOPNOTSUPP after a message: the kernel does not offer a hook that the options name. */
int tracer_choose_hooks(struct tracer *t);
void tracer_configure_hooks(struct tracer *t);

struct hook_program;
struct bpf_program *tracer_program(struct tracer *t, const struct hook_program *p);

/* Tries to use what this program is attached to.  0, the descriptor of a perf event, or -errno. */
int tracer_try(struct tracer *t, const struct hook_program *p);

/* After loading, before attaching: fills the maps of the selections.  0 or -errno. */
int tracer_fill_maps(struct tracer *t, pid_t command);

/* The rows of the others, which the BPF side falls back on.  0 or -errno. */
int tracer_enter_rows(struct tracer *t);

/* Attaches all programs.  0 or -errno; after a failure, some are attached. */
int tracer_attach(struct tracer *t);

/* Detaches what is attached. */
void tracer_detach(struct tracer *t);

/* Adds what existed before the trace.  The hooks are attached, so no state change is missed meanwhile. */
void tracer_scan(struct tracer *t);

/* Marks the records whose sockets still exist. */
void tracer_check_sockets(struct tracer *t);

/* Finds out which processes have the recorded sockets open; for struct sweep. */
void tracer_find_holders(void *tracer);
void tracer_check_unaccepted(void *tracer);

/* Reads all listening sockets. */
void tracer_read_listeners(struct tracer *t);

/* Reports a listener that the BPF side has posted. */
int tracer_listener_ends(struct tracer *t, const struct listening *end);

/* Reports the listeners that have dropped something, at most once a second.  Called by tracer_sweep(). */
int tracer_sweep_listeners(struct tracer *t, item_fn sink, void *ctx, uint64_t now_ns);

/* Reports the attempts that were counted, at most once a second.  Called by tracer_sweep(). */
int tracer_sweep_attempts(struct tracer *t, item_fn sink, void *ctx, uint64_t now_ns);

/* Reports the last of them.  Called by tracer_finish(). */
int tracer_finish_attempts(struct tracer *t, item_fn sink, void *ctx);

/* Finds out which requests still exist. */
void tracer_check_requests(struct tracer *t);

/* Reports the half-open handshakes that are over, at most once a second.  Called by tracer_sweep(). */
int tracer_sweep_requests(struct tracer *t, item_fn sink, void *ctx, uint64_t now_ns);

/* Fills in q for those that are not over; the last time, reports the others.  Called by tracer_report_open(). */
int tracer_half_open(struct tracer *t, item_fn sink, void *ctx, struct requests_request *q,
		     bool *any);

/* The callback of the ring buffer; ctx is the tracer. */
int tracer_receive(void *ctx, void *data, size_t len);

/* The sum of a counter over all CPUs. */
uint64_t tracer_counter(struct tracer *t, enum counter which);

/*
 * Gets the backup programs, which run between the primary program and its relay if this kernel preempts tasks
 * while programs of a tracepoint run.  Returns their number: BACKUPS, or 0 if none is needed.
 */
int tracer_backups(const struct tracer *t, struct bpf_program *progs[BACKUPS]);

/*
 * How often the kernel skipped this program because it, or another one, was running already on that CPU
 * (recursion_misses of struct bpf_prog_info); 0 before Linux 5.12.
 */
uint64_t tracer_runs_missed(const struct bpf_program *prog);

/*
 * Sets missed and relayed: called first when both the primary program and the relay are attached, and a second
 * time before either is detached.
 */
void tracer_count_missed(struct tracer *t);

#endif
