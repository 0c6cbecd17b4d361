/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The options of the command line, as cli/ parses them. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "by.h"
#include "features.h"
#include "maybe.h"
#include "sets.h"
#include "shared/config.h"
#include "shared/record.h"
#include "shared/row.h"

struct renderer;

#define RING_MIB_DEFAULT 4
#define ATTEMPTS_DEFAULT 100

enum attach {
	ATTACH_AUTO,
	ATTACH_TRACEPOINT,
	ATTACH_FENTRY,
	ATTACH_KPROBE,
};

enum listen_kind {
	LISTEN_NOT,
	LISTEN_TCP,
	LISTEN_UNIX,
	LISTEN_INHERITED, /* the first socket that systemd passes: sd_listen_fds(3) */
};

/* Where the metrics are served. */
struct listen_address {
	enum listen_kind kind;
	struct endpoint at; /* an IPv4 address is mapped */
	const char *path;
};

/* The files of --metrics-tls, in PEM format. */
struct tls_files {
	char *certificate, *key;
	char *client_ca; /* NULL: clients need no certificate */
};

enum time_style {
	TIME_DEFAULT,  /* the renderer's own choice, UTC */
	TIME_RELATIVE, /* -t: seconds since the first event that is reported */
	TIME_WALL,     /* -T: local wall clock */
};

/* What has a row of the metrics. */
enum metrics_by {
	METRICS_BY_ROLE,
	METRICS_BY_PORT,
	METRICS_BY_UNIT,
	METRICS_BY_CONTAINER,
};

/* From where on something is slow, ns. */
struct slow_limits {
	/* a handshake without a retransmission */
	uint64_t connect_ns;
	/* the wait for accept() */
	uint64_t accept_ns;
	/* the wait for the second FIN, or for ours to leave */
	uint64_t close_ns;
	/* silence before a reset */
	uint64_t idle_ns;
};

#define SLOW_LIMITS_DEFAULT                                                              \
	{                                                                                \
		.connect_ns = 200000000, .accept_ns = 100000000, .close_ns = 1000000000, \
		.idle_ns = 1000000000                                                    \
	}

/* What to do after the command line was read. */
enum options_result {
	OPTIONS_RUN,
	OPTIONS_DONE, /* --help or --version was printed: exit with status 0 */
	OPTIONS_BAD,  /* a line on stderr says why: exit with status 2 */
};

/* A time of --since or --until.  A recording may be from any day: that of its first event. */
struct moment {
	bool given;
	bool of_day; /* ns is that since midnight, local time; else CLOCK_REALTIME */
	int64_t ns;
};

/* Strings point into argv. */
struct options {
	/* which connections */
	struct pid_list pids;
	bool follow; /* also true if there is a command */
	bool wait;   /* for a signal, although all of them have ended */
	struct comm_patterns comms;
	struct port_set local_ports, remote_ports, any_ports;
	struct prefix_list local, remote, host;
	uint8_t family;			     /* 4 or 6; 0: both */
	enum role role;			     /* ROLE_UNKNOWN: both */
	struct endpoint conns[CONNS_MAX][2]; /* these connections, by their ends in either order */
	uint32_t n_conns;		     /* 0: all */
	uint32_t netns;			     /* inode number; 0: all */
	/* keeps it, and its number, from being given to another; 0: none, with --read */
	int netns_fd;
	const char *cgroup_path; /* NULL: all */
	const char *container;	 /* the beginning of its id; NULL: all */
	uint64_t cgroup_id;	 /* of either: inode number; 0 with --read */

	/* which chapters */
	uint64_t min_connect_ns; /* 0: not given */
	uint64_t min_close_ns;	 /* 0: not given */
	bool failed;
	struct slow_limits slow;
	struct bits causes;	/* by enum cause */
	uint64_t min_accept_ns; /* 0: not given */
	bool open;		/* only those that are not over */
	struct bits states;	/* of those: by the kernel's numbers */
	uint64_t older_ns;	/* and in that state for at least so long */
	struct moment since, until;

	/* output */
	const struct renderer *renderer; /* never NULL after a successful parse */
	bool transitions;		 /* the renderer prints each state change */
	bool silent;			 /* the renderer prints nothing */
	enum time_style time_style;
	bool narrow; /* -o line fits 80 columns */
	bool pair;   /* join both ends of a connection */
	/* of the other recordings' clocks, from the first one's; unknown: work it out */
	struct maybe clock_offset_ns;
	const char *write_file;	 /* NULL: none */
	uint64_t write_bytes;	 /* size at which the next file begins; 0: one file only */
	uint32_t write_count;	 /* files before the first is overwritten; 0: no limit */
	const char *read_file;	 /* NULL: trace */
	const char **read_files; /* all of --read, of which that is the first */
	size_t n_read_files;
	const char *output_file;
	bool summary;
	struct by by;
	double interval_s; /* 0: print the table at the end only */

	/* metrics */
	struct listen_address metrics;
	struct tls_files metrics_tls; /* certificate NULL: without TLS */
	const char *metrics_file;     /* NULL: none */
	enum metrics_by metrics_by;
	struct port_set metrics_ports; /* of clients' services that get a row */
	uint32_t metrics_rows;

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

/* Are metrics served or written? */
static inline bool options_metrics(const struct options *o)
{
	return o->metrics.kind || o->metrics_file;
}

/* Are chapters selected by what only user space works out? */
static inline bool options_by_verdict(const struct options *o)
{
	return bits_given(&o->causes) || o->min_accept_ns || o->since.given || o->until.given;
}

/* Is what the BPF side can count all that is printed?  Then it posts no chapters, unless user space selects them. */
static inline bool options_only_counted(const struct options *o)
{
	return o->silent && (o->summary || options_metrics(o)) && !o->write_file && !o->count &&
	       !options_by_verdict(o) && by_is_tallied(&o->by);
}

#endif
