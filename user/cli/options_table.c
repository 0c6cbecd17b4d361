// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "options_help.h"
#include "options_row.h"
#include "options_set.h"
#include "render/render.h"

static const struct word role_words[] = {
	{ "client", ROLE_CLIENT },
	{ "server", ROLE_SERVER },
	{ NULL, 0 },
};

static const struct word attach_words[] = {
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
	.accepted = "ADDR[/LEN][,...], IPv4 or IPv6"
#define MS(member)                              \
	.arg = "MS", .set = set_ms, AT(member), \
	.accepted = "milliseconds above 0, such as 250 or 0.5, up to 365 days"
#define SECONDS(member)                             \
	.arg = "S", .set = set_seconds, AT(member), \
	.accepted = "seconds above 0, such as 10 or 0.5, up to 365 days"
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
	{ .help = "Select connections (all options must match, and any element of a list)" },
	{ 'p', "pid", .help = "owned or closed by one of these processes", .arg = "PID[,PID...]",
	  .set = set_pids, AT(pids), .accepted = "PID[,PID...] of running processes" },
	{ 'f', "follow", .help = "with --pid: or by a child of one", FLAG(follow) },
	{ 0, "wait", .help = "with --pid: go on when all of these processes have ended",
	  FLAG(wait) },
	{ 'c', "comm", .help = "owned by a process with this command name", .arg = "NAME",
	  .set = set_comm, .once = true, .accepted = "one NAME of 1 to 15 bytes" },
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
	{ 0, "netns", .help = "in this network namespace", .arg = "PATH|INODE", .set = set_netns,
	  .once = true,
	  .accepted = "one PATH such as /proc/PID/ns/net or /run/netns/NAME, or one inode number" },
	{ 0, "cgroup", .help = "owned by a process in this cgroup or below", .arg = "PATH",
	  .set = set_string, AT(cgroup_path), .once = true, .accepted = ACCEPTED_CGROUP },

	{ .help = "Select handshakes and closes" },
	{ 0, "min-connect",
	  .help = "handshakes that took at least MS milliseconds, including failed ones",
	  MS(min_connect_ns) },
	{ 0, "min-close", .help = "closes that took at least MS milliseconds", MS(min_close_ns) },
	{ 0, "failed", FLAG(failed),
	  .help = "handshakes that did not end in ESTABLISHED, closes that were not graceful" },

	{ .help = "Output" },
	{ 'o', "output", .help = "one of the formats below (default timeline)", .arg = "FORMAT",
	  .set = set_output, .put_words = put_formats },
	{ 't', .help = "print times as seconds since the first event", .set = set_time,
	  .low = TIME_RELATIVE },
	{ 'T', .help = "print times as local wall clock time", .set = set_time, .low = TIME_WALL },
	{ 'w', "write", .help = "record to FILE, in addition to printing", FILENAME(write_file) },
	{ 'C', .arg = "MB", .set = set_megabytes, AT(write_bytes),
	  .help = "with --write: start a new file after MB million bytes (FILE, FILE1, ...)",
	  .accepted = "millions of bytes above 0, such as 100 or 0.5, up to 1000000" },
	{ 'W', .arg = "COUNT", .set = set_number, AT(write_count), .low = 1, .high = 1000000,
	  .help = "with -C: after COUNT files, overwrite the first", .accepted = "1 to 1000000" },
	{ 'r', "read", .help = "replay a recording (needs no privileges)", FILENAME(read_file) },
	{ 0, "output-file", .help = "print to FILE instead of standard output",
	  FILENAME(output_file) },
	{ 's', "summary", .help = "add a table of counts and percentiles at the end",
	  FLAG(summary) },
	{ 'i', "interval", .help = "with --summary: also add one every S seconds",
	  SECONDS(interval_s) },

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
