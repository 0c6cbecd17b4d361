// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "options_by.h"
#include "options_help.h"
#include "options_metrics.h"
#include "options_row.h"
#include "options_set.h"
#include "parse.h"
#include "render/render.h"

static const struct choice role_words[] = {
	{ "client", ROLE_CLIENT },
	{ "server", ROLE_SERVER },
	{ NULL, 0 },
};

static const struct choice metrics_by_words[] = {
	{ "role", METRICS_BY_ROLE },
	{ "port", METRICS_BY_PORT },
	{ "unit", METRICS_BY_UNIT },
	{ "container", METRICS_BY_CONTAINER },
	{ NULL, 0 },
};

static const struct choice attach_words[] = {
	{ "auto", ATTACH_AUTO },
	{ "tracepoint", ATTACH_TRACEPOINT },
	{ "fentry", ATTACH_FENTRY },
	{ "kprobe", ATTACH_KPROBE },
	{ NULL, 0 },
};

#define AT(member) .offset = offsetof(struct options, member)
#define FLAG(member) .set = set_flag, AT(member)
#define PORTS(member)                                      \
	.arg = "PORT[,...]", .set = set_ports, AT(member), \
	.accepted = "PORT[,PORT|LOW-HIGH...], 1 to 65535"
#define PREFIXES(member)                                            \
	.arg = "ADDR[/LEN][,...]", .set = set_prefixes, AT(member), \
	.accepted = "ADDR[/LEN][,...], IPv4 or IPv6; getent ahosts NAME has those of a name"
#define MS(member)                              \
	.arg = "MS", .set = set_ms, AT(member), \
	.accepted = "milliseconds above 0, or a time such as 0.5s or 2min, up to 365 days"
#define ACCEPTED_SECONDS "seconds above 0, or a time such as 500ms, 2min or 1h, up to 365 days"
#define SECONDS(member) .arg = "S", .set = set_seconds, AT(member), .accepted = ACCEPTED_SECONDS
#define MOMENT(member)                                              \
	.arg = "TIME", .set = set_moment, AT(member), .once = true, \
	.accepted = "HH:MM[:SS] of local time, or a date and time such as 2026-11-29T12:30:00Z"
#define FILENAME(member) \
	.arg = "FILE", .set = set_string, AT(member), .accepted = "the name of a file"
#define FAMILY(number)                    \
	.set = set_family, .low = number, \
	.accepted = "only one of them, or neither for both families"
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

static size_t put_formats(const char *separator, FILE *f)
{
	size_t n = 0;

	for (; renderers[n] && renderers[n]->name; n++)
		fprintf(f, "%s%s", n ? separator : "", renderers[n]->name);
	return n;
}

const struct option_row options_table[] = {
	{ .help = "Select connections (all options must match, and any element of a list;\n"
		  "'!' before an element excludes it)" },
	{ 'p', "pid", .help = "owned or closed by one of these processes", .arg = "PID[,PID...]",
	  .set = set_pids, AT(pids), .accepted = "PID[,PID...] of running processes" },
	{ 'f', "follow", .help = "with --pid: or by a child of one", FLAG(follow) },
	{ 0, "wait", .help = "with --pid: go on when all of these processes have ended",
	  FLAG(wait) },
	{ 'c', "comm", .help = "owned by a process with one of these command names",
	  .arg = "NAME[,...]", .set = set_comms, AT(comms),
	  .accepted = "up to 8 NAMEs of 1 to 15 bytes, with * for any bytes" },
	{ 'L', "local-port", .help = "port of this end; LOW-HIGH is a range", PORTS(local_ports) },
	{ 'D', "remote-port", .help = "port of the other end", PORTS(remote_ports) },
	{ 0, "port", .help = "port of either end", PORTS(any_ports) },
	{ 'l', "local", .help = "address or prefix of this end", PREFIXES(local) },
	{ 'd', "remote", .help = "address or prefix of the other end", PREFIXES(remote) },
	{ 0, "host", .help = "address or prefix of either end", PREFIXES(host) },
	{ '4', .help = "IPv4 only, including IPv4-mapped IPv6", FAMILY(4) },
	{ '6', .help = "IPv6 only", FAMILY(6) },
	{ 0, "role", .help = "client (this end sent the first SYN) or server", .arg = "ROLE",
	  .set = set_role, .words = role_words, .once = true },
	{ 0, "netns", .help = "in this network namespace", .arg = "NAME|PATH|INODE",
	  .set = set_netns, .once = true,
	  .accepted =
		  "one NAME of `ip netns`, one PATH such as /proc/PID/ns/net, or one inode number" },
	{ 0, "conn",
	  .help = "this one connection, by its two ends in either order; can be repeated",
	  .arg = "ADDR:PORT-ADDR:PORT", .set = set_conn,
	  .accepted = "up to " TEXT(
		  CONNS_MAX) " ADDR:PORT-ADDR:PORT, such as 10.0.0.1:4711-10.0.0.2:443 or "
			     "[::1]:4711-[::1]:443" },
	{ 0, "cgroup", .help = "owned by a process in this cgroup or below", .arg = "PATH",
	  .set = set_string, AT(cgroup_path), .once = true, .accepted = ACCEPTED_CGROUP },
	{ 0, "container", .help = "owned by a process in the container whose id begins so",
	  .arg = "ID", .set = set_container, .once = true, .accepted = ACCEPTED_CONTAINER },

	{ .help = "Select handshakes and closes" },
	{ 0, "min-connect",
	  .help = "handshakes that took at least MS milliseconds, including failed ones",
	  MS(min_connect_ns) },
	{ 0, "min-close", .help = "closes that took at least MS milliseconds", MS(min_close_ns) },
	{ 0, "min-accept", .help = "handshakes that waited at least MS milliseconds for accept()",
	  MS(min_accept_ns) },
	{ 0, "failed", FLAG(failed),
	  .help = "handshakes that did not end in ESTABLISHED, closes that were not graceful" },
	{ 0, "cause", .help = "with one of these causes, such as syn_lost or app_slow",
	  .arg = "NAME[,...]", .set = set_causes, AT(causes), .put_words = parse_put_causes },
	{ 0, "open", FLAG(open), .help = "only what is not over, at the end and on SIGUSR1" },
	{ 0, "state", .help = "with --open (implied): in one of these states, such as CLOSE_WAIT",
	  .arg = "STATE[,...]", .set = set_states, AT(states), .put_words = parse_put_states },
	{ 0, "older", .help = "with --open (implied): in this state for at least S seconds",
	  .arg = "S", .set = set_older, .once = true, .accepted = ACCEPTED_SECONDS },
	{ 0, "since", .help = "with --read: whose first event was at this time or later",
	  MOMENT(since) },
	{ 0, "until", .help = "with --read: whose first event was before this time",
	  MOMENT(until) },

	{ .help = "Output" },
	{ 'o', "output", .help = "one of the formats below (default timeline)", .arg = "FORMAT",
	  .set = set_output, .put_words = put_formats },
	{ 't', .help = "print times as seconds since the first event", .set = set_time,
	  .low = TIME_RELATIVE },
	{ 'T', .help = "print times as local wall clock time", .set = set_time, .low = TIME_WALL },
	{ 0, "narrow", .help = "with -o line: at most 80 columns", FLAG(narrow) },
	{ 0, "pair", FLAG(pair),
	  .help = "join both ends of a connection, of this host or of several recordings" },
	{ 0, "clock-offset", .arg = "MS", .set = set_clock_offset, .once = true,
	  .help = "with --pair and several FILEs: how far their clocks are ahead of the first one's",
	  .accepted = "milliseconds, below 0 if they are behind, such as 12.5 or -300" },
	{ 'w', "write", .help = "record to FILE, in addition to printing", FILENAME(write_file),
	  .once = true },
	{ 'C', .arg = "MB", .set = set_megabytes, AT(write_bytes),
	  .help = "with --write: start a new file after MB million bytes (FILE, FILE1, ...)",
	  .accepted = "millions of bytes above 0, such as 100 or 0.5, up to 1000000" },
	{ 'W', .arg = "COUNT", .set = set_number, AT(write_count), .low = 1, .high = 1000000,
	  .help = "with -C: after COUNT files, overwrite the first", .accepted = "1 to 1000000" },
	{ 'r', "read", .help = "replay a recording, or several files (needs no privileges)",
	  .arg = "FILE...", .set = set_read, .accepted = "the name of a file, or of several" },
	{ 0, "output-file", .help = "print to FILE instead of standard output",
	  FILENAME(output_file), .once = true },
	{ 's', "summary", .help = "add a table of counts and percentiles at the end",
	  FLAG(summary) },
	{ 0, "by", .arg = "KEY[,KEY]", .set = set_by, .once = true, .put_words = put_keys,
	  .help = "with --summary: a row for each comm (process), pid, peer[/LEN], port, role, "
		  "listener, cgroup, container, unit, pod_uid, cause or netns" },
	{ 0, "sort", .arg = "COLUMN", .set = set_sort, .words = sort_words,
	  .help = "with --by: the greatest first (default count)" },
	{ 0, "limit", .arg = "N", .set = set_number, AT(by.limit), .low = 1, .high = 1000000,
	  .help = "with --by: N rows, and one for all others (default " TEXT(
		  BY_LIMIT_DEFAULT) ", JSON: all)",
	  .accepted = "1 to 1000000" },
	{ 'i', "interval", .help = "with --summary: also add one every S seconds",
	  SECONDS(interval_s) },
	{ 0, "slow-connect",
	  .help = "a handshake of MS milliseconds or more has a cause (default 200)",
	  MS(slow.connect_ns) },
	{ 0, "slow-accept", .help = "the same for the wait for accept() (default 100)",
	  MS(slow.accept_ns) },
	{ 0, "slow-close", .help = "the same for the wait for the second FIN (default 1000)",
	  MS(slow.close_ns) },
	{ 0, "slow-idle", .help = "the same for silence before a reset (default 1000)",
	  MS(slow.idle_ns) },

	{ .help = "Metrics, for Prometheus" },
	{ 0, "metrics", .arg = "[HOST]:PORT|unix:PATH|fd", .set = set_metrics, .once = true,
	  .help = "serve them at /metrics; print nothing else unless -o is given",
	  .accepted = ":PORT of 127.0.0.1, ADDR:PORT such as 0.0.0.0:9967 or [::1]:9967, "
		      "unix:PATH, or fd, a socket that systemd passes" },
	{ 0, "metrics-tls", .arg = "CERT,KEY[,CLIENT_CA]", .set = set_metrics_tls, .once = true,
	  .help = "by HTTPS; with CLIENT_CA, only to clients with a certificate of it",
	  .accepted = "CERT,KEY or CERT,KEY,CLIENT_CA: files in PEM format" },
	{ 0, "metrics-file", .help = "write them to FILE, for node_exporter's textfile collector",
	  FILENAME(metrics_file), .once = true },
	{ 0, "metrics-by", .arg = "KEY", .set = set_metrics_by, .words = metrics_by_words,
	  .once = true,
	  .help = "count by role, or also by port (default), or also by unit or container" },
	{ 0, "metrics-ports",
	  .help = "ports of clients' services that get a row (default: see the manual page)",
	  PORTS(metrics_ports) },
	{ 0, "metrics-rows", .arg = "N", .set = set_number, AT(metrics_rows), .low = 1,
	  .high = ROWS_MAX, .accepted = "1 to " TEXT(ROWS_MAX),
	  .help = "rows of services; the rest is counted as port=\"other\" (default " TEXT(
		  ROWS_DEFAULT) ")" },

	{ .help = "Tracing" },
	{ 'n', "count", .help = "stop when N connections have ended", .arg = "N", .set = set_number,
	  AT(count), .low = 1, .high = UINT32_MAX, .accepted = "1 to 4294967295" },
	{ 'u', "duration", .help = "stop after S seconds", SECONDS(duration_s) },
	{ 0, "max-connections", .arg = "N", .set = set_number, AT(max_connections),
	  .help = "follow at most N connections at a time (the default depends on memory)",
	  .low = 1, .high = 1 << 24, .accepted = "1 to 16777216" },
	{ 0, "max-attempts", .arg = "N", .set = set_number, AT(max_attempts),
	  .help = "print N attempts of peers a second, and count the others (default " TEXT(
		  ATTEMPTS_DEFAULT) ")",
	  .low = 0, .high = 1000000, .accepted = "0 to 1000000" },
	{ 0, "ring", .arg = "MIB", .set = set_ring, AT(ring_mib),
	  .help = "size of the ring buffer in MiB (default " TEXT(RING_MIB_DEFAULT) ")", .low = 1,
	  .high = 1024, .accepted = "a power of two from 1 to 1024" },
	{ 0, "no-accept", .help = "do not use the hooks on accept() and connect()",
	  FLAG(no_accept) },
	{ 0, "attach", .help = "main hook: auto, tracepoint, fentry or kprobe", .arg = "HOW",
	  .set = set_attach, .words = attach_words },
	{ 0, "btf", .help = "read this kernel's types from FILE (BTF format)", FILENAME(btf_file) },
	{ 0, "features", .help = "print which hooks this kernel offers, and exit", FLAG(features) },
	{ 0, "hook", .help = "for debugging: use this hook for a feature that --features lists",
	  .arg = "FEATURE=HOOK", .set = set_hook, .put_words = features_put_words },

	{ .help = "General" },
	{ 'v', "verbose",
	  .help = "print the hooks in use, libbpf's messages and absolute sequence numbers",
	  FLAG(verbose) },
	{ 'q', "quiet", .help = "do not print the \"Tracing\" line", FLAG(quiet) },
	{ 'V', "version", .help = "print the version and exit", .set = set_version },
	{ 'h', "help", .help = "print this help and exit", .set = set_help },
	{ .help = NULL },
};

_Static_assert(sizeof(options_table) / sizeof(options_table[0]) <= OPTIONS_MAX, "rows");
