/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the command line asks for; cli/ fills it in. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "features.h"
#include "sets.h"
#include "shared/record.h"

struct renderer;

#define RING_MIB_DEFAULT 4

enum attach {
	ATTACH_AUTO,
	ATTACH_TRACEPOINT,
	ATTACH_FENTRY,
	ATTACH_KPROBE,
};

enum time_style {
	TIME_DEFAULT,  /* the renderer's own choice */
	TIME_RELATIVE, /* -t: seconds since the first event told */
	TIME_WALL,     /* -T: local wall clock */
};

/* Strings are argv's own. */
struct options {
	/* which connections */
	struct pid_list pids;
	bool follow;	     /* always with a command */
	char comm[COMM_LEN]; /* "": all */
	struct port_set local_ports, remote_ports, any_ports;
	struct prefix_list local, remote, host;
	uint8_t family;		 /* 4, 6, 0: both */
	enum role role;		 /* ROLE_UNKNOWN: both */
	uint32_t netns;		 /* inode, 0: all */
	const char *cgroup_path; /* NULL: all */
	uint64_t cgroup_id;

	/* which chapters */
	uint64_t min_connect_ns; /* 0: not asked for */
	uint64_t min_close_ns;
	bool failed;

	/* output */
	const struct renderer *renderer; /* never NULL after a successful parse */
	bool transitions;		 /* it prints each change of state */
	bool silent;			 /* it prints nothing */
	enum time_style time_style;
	const char *write_file; /* NULL: none */
	uint64_t write_bytes;	/* of a file, then comes the next; 0: there is one */
	uint32_t write_count;	/* of files, then the first is overwritten; 0: no limit */
	const char *read_file;
	const char *output_file;
	bool summary;
	double interval_s; /* 0: at the end only */

	/* how to trace, and for how long */
	uint32_t count;		  /* 0: no limit */
	double duration_s;	  /* 0: no limit */
	uint32_t max_connections; /* 0: as many as memory suggests */
	bool no_accept;
	enum attach attach;
	uint8_t hooks[FEATURES]; /* enum hook_kind; HOOK_ANY: the best */
	const char *btf_file;	 /* NULL: the kernel's own types */
	bool features;		 /* tell what the kernel offers, and end */
	uint32_t ring_mib;	 /* a power of two */
	bool verbose, quiet;
	char **command; /* what follows "--", ended by NULL; NULL: no command */
};

#endif
