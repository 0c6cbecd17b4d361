/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What tracer.c and tracer_setup.c share; nobody else knows the skeleton. */
#ifndef TRACER_PARTS_H
#define TRACER_PARTS_H

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "config.h"
#include "tcpstates.skel.h"
#include "tracer.h"

struct tracer {
	struct tcpstates_bpf *skel;
	struct ring_buffer *ring;
	struct bpf_link *stand_in;
	struct bpf_link *accept[3];
	struct bpf_link
		*cookies; /* NULL: this kernel lets nobody see who comes from a SYN cookie */
	struct bpf_program *files;    /* what finds older sockets' owners */
	struct bpf_program *io_uring; /* what sees its accept(), NULL: nothing does or need not */
	struct bpf_program *segments; /* what sees the minisockets' segments, NULL: nothing */
	struct bpf_link *check; /* NULL: the kernel has no iterator over a map's elements (5.9) */
	const struct options *options;
	uint64_t checked_ns; /* when the last check on live sockets began */
	bool stopped;
	bool no_accept;		    /* asked for, or nothing could be attached */
	uint64_t missed_before;	    /* runs the main program missed before there was a stand-in */
	uint64_t minisockets_at_ns; /* when to sweep them next */
	uint64_t segments_missed;   /* by the minisockets' hook, as of the last sweep */
	int n_cpus;
	struct tally_counts *counted; /* what was passed on of the kernel's tallies */
	/* where items go while the ring is read */
	item_fn sink;
	void *ctx;
};

/* Between opening and loading the skeleton. */
void tracer_configure(struct tracer *t, const struct btf *btf, pid_t command);

/* After loading, before attaching: 0 or -errno. */
int tracer_fill_maps(struct tracer *t, pid_t command);

/* 0, or -errno after a message: the trace must do without. */
int tracer_attach_accept(struct tracer *t);

/* Enters what is older than the trace; a state change that comes meanwhile finds the hooks in place. */
void tracer_scan(struct tracer *t);

/* Which of the recorded sockets are alive? */
void tracer_check(struct tracer *t);

#endif
