/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the files of this folder share of struct metrics. */
#ifndef METRICS_PARTS_H
#define METRICS_PARTS_H

#include "metrics.h"
#include "rows.h"

/* The listening sockets of a port together. */
struct listener_row {
	uint16_t port; /* ROW_OTHER: those that are not listed */
	/* of the socket whose queue is the fullest */
	uint32_t queue, queue_limit;
	/* handshakes of all of them whose last ACK is missing */
	uint32_t half_open;
	uint64_t dropped;
};

#define CGROUP_TEXT_MAX 1024

/* What the label of a row stands for. */
struct named_workload {
	char name[WORKLOAD_NAME_MAX];
	struct workload of;
	char path
		[CGROUP_TEXT_MAX]; /* of the cgroup that was met first; empty: not known, or too long */
};

struct metrics {
	const struct options *options;
	struct metrics_cgroups cgroups;
	/* those that have a row, as many as there may be rows */
	struct named_workload *workloads;
	size_t n_workloads;
	struct metrics_rows *rows;
	struct listener_row *listeners; /* in the order of their first report */
	size_t n_listeners;
	enum hook_kind hooks[FEATURES];
	struct state_count states[ROLES][STATE_NUMBERS];
	bool states_known;
	struct shortfalls shortfalls;
	uint64_t now_ns;
};

#endif
