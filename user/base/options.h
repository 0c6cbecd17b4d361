/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The options of the command line, as cli/ parses them. */
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
#define ATTEMPTS_DEFAULT 100

enum attach {
	ATTACH_AUTO,
	ATTACH_TRACEPOINT,
	ATTACH_FENTRY,
	ATTACH_KPROBE,
};

enum time_style {
	TIME_DEFAULT,  /* the renderer's own choice */
	TIME_RELATIVE, /* -t: seconds since the first event that is reported */
	TIME_WALL,     /* -T: local wall clock */
};

/* What to do after the command line was read. */
enum options_result {
	OPTIONS_RUN,
	OPTIONS_DONE, /* --help or --version was printed: exit with status 0 */
	OPTIONS_BAD,  /* a line on stderr says why: exit with status 2 */
};

/* Strings point into argv. */
struct options {
	/* which connections */
	struct pid_list pids;
	bool follow;	     /* also true if there is a command */
	bool wait;	     /* for a signal, although all of them have ended */
	char comm[COMM_LEN]; /* "": any */
	struct port_set local_ports, remote_ports, any_ports;
	struct prefix_list local, remote, host;
	uint8_t family; /* 4 or 6; 0: both */
	enum role role; /* ROLE_UNKNOWN: both */
	uint32_t netns; /* inode number; 0: all */
	/* keeps it, and its number, from being given to another; 0: none, with --read */
	int netns_fd;
	const char *cgroup_path; /* NULL: all */
	uint64_t cgroup_id;	 /* inode number; 0 with --read */

	/* which chapters */
	uint64_t min_connect_ns; /* 0: not given */
	uint64_t min_close_ns;	 /* 0: not given */
	bool failed;

	/* output */
	const struct renderer *renderer; /* never NULL after a successful parse */
	bool transitions;		 /* the renderer prints each state change */
	bool silent;			 /* the renderer prints nothing */
	enum time_style time_style;
	const char *write_file; /* NULL: none */
	uint64_t write_bytes;	/* size at which the next file begins; 0: one file only */
	uint32_t write_count;	/* files before the first is overwritten; 0: no limit */
	const char *read_file;
	const char *output_file;
	bool summary;
	double interval_s; /* 0: print the table at the end only */

	/* how to trace, and for how long */
	uint32_t count;		  /* 0: no limit */
	double duration_s;	  /* 0: no limit */
	uint32_t max_connections; /* 0: by the host's memory */
	uint32_t max_attempts;	  /* peers' attempts that are posted in a second */
	bool no_accept;
	enum attach attach;
	uint8_t hooks[FEATURES]; /* enum hook_kind; HOOK_ANY: the best one */
	const char *btf_file;	 /* NULL: the kernel's own types */
	bool features;		 /* list what this kernel offers, and exit */
	uint32_t ring_mib;	 /* a power of two */
	bool verbose, quiet;
	char **command; /* the words after "--", ended by NULL; NULL: no command */
};

#endif
