/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The command line: one table of options gives the parser, --help and the shell's completion. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "config.h"
#include "render.h"
#include "rungs.h"

#ifndef TCPSTATES_TRACE_VERSION
#define TCPSTATES_TRACE_VERSION "0.1.0"
#endif

#define RING_MIB_DEFAULT 4

enum attach {
	ATTACH_AUTO,
	ATTACH_TRACEPOINT,
	ATTACH_FENTRY,
	ATTACH_KPROBE,
};

struct pid_list {
	uint32_t *items;
	size_t n;
};

/* IPv6 or IPv4-mapped (96 bits and more), host bits zero: what the BPF side's tries take. */
struct prefix_list {
	struct prefix *items;
	size_t n;
};

struct port_set {
	bool given;
	uint64_t words[PORT_WORDS]; /* port p is bit p % 64 of word p / 64 */
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
	uint8_t rungs[FACTS]; /* enum rung; RUNG_ANY: the best */
	const char *btf_file; /* NULL: the kernel's own types */
	bool features;	      /* tell what the kernel offers, and end */
	uint32_t ring_mib;    /* a power of two */
	bool verbose, quiet;
	char **command; /* what follows "--", ended by NULL; NULL: no command */
};

enum options_result {
	OPTIONS_RUN,
	OPTIONS_DONE, /* help or version went to out: exit 0 */
	OPTIONS_BAD,  /* one line on err says why: exit 2 */
};

/* Fills all of *o, which options_free() must empty whatever is returned. */
int options_parse(struct options *o, int argc, char **argv, FILE *out, FILE *err);
void options_free(struct options *o);

void options_print_help(FILE *out);

#endif
