// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "options_table.h"

#include "options_set.h"

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
#define FAMILY(number) \
	.set = set_family, .low = number, .accepted = "one of them; neither for both families"
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

const struct option_row options_table[] = {
	{ .help = "Which connections (all that is named must hold; within a list, any)" },
	{ 'p', "pid", .help = "owned by these processes, from either side of accept()",
	  .arg = "PID[,PID...]", .set = set_pids, AT(pids),
	  .accepted = "PID[,PID...], running processes" },
	{ 'f', "follow", .help = "and by the children these processes fork", FLAG(follow) },
	{ 'c', "comm", .help = "the owner's command name", .arg = "NAME", .set = set_comm,
	  .once = true, .accepted = "one NAME of 1 to 15 bytes" },
	{ 'L', "local-port", .help = "this side's port; LOW-HIGH is a range", PORTS(local_ports) },
	{ 'D', "remote-port", .help = "the other side's port", PORTS(remote_ports) },
	{ 0, "port", .help = "either side's port", PORTS(any_ports) },
	{ 'l', "local", .help = "this side's address or prefix", PREFIXES(local) },
	{ 'd', "remote", .help = "the other side's address or prefix", PREFIXES(remote) },
	{ 0, "host", .help = "either side's address or prefix", PREFIXES(host) },
	{ '4', .help = "IPv4, also when IPv4-mapped in an IPv6 socket", FAMILY(4) },
	{ '6', .help = "IPv6", FAMILY(6) },
	{ 0, "role", .help = "client or server: who sent the first SYN", .arg = "ROLE",
	  .set = set_role, .words = role_words, .once = true },
	{ 0, "netns", .help = "in one network namespace", .arg = "PATH|INODE", .set = set_netns,
	  .once = true,
	  .accepted = "one PATH such as /proc/PID/ns/net or /run/netns/NAME, or one inode number" },
	{ 0, "cgroup", .help = "of one cgroup and those below it", .arg = "PATH", .set = set_string,
	  AT(cgroup_path), .once = true,
	  .accepted = "one PATH of a directory in a cgroup2 file system" },

	{ .help = "Which handshakes and closes" },
	{ 0, "min-connect", .help = "handshakes at least this slow, failed ones included",
	  MS(min_connect_ns) },
	{ 0, "min-close", .help = "closes at least this slow", MS(min_close_ns) },
	{ 0, "failed", FLAG(failed),
	  .help = "handshakes that did not end in ESTABLISHED, closes that were not graceful" },

	{ .help = "Output" },
	{ 'o', "output", .help = "a format listed below, default timeline", .arg = "FORMAT",
	  .set = set_output },
	{ 't', .help = "times as seconds since the first event", .set = set_time,
	  .low = TIME_RELATIVE },
	{ 'T', .help = "times by the wall clock", .set = set_time, .low = TIME_WALL },
	{ 'w', "write", .help = "record to FILE, besides printing", FILENAME(write_file) },
	{ 'C', .arg = "MB", .set = set_megabytes, AT(write_bytes),
	  .help = "with --write: begin another file when one is longer, FILE, FILE1...",
	  .accepted = "millions of bytes above 0, such as 100 or 0.5, up to 1000000" },
	{ 'W', .arg = "COUNT", .set = set_number, AT(write_count), .low = 1, .high = 1000000,
	  .help = "with -C: so many files, then the first is overwritten",
	  .accepted = "1 to 1000000" },
	{ 'r', "read", .help = "replay a recording; needs no privilege", FILENAME(read_file) },
	{ 0, "output-file", .help = "print to FILE, not to the standard output",
	  FILENAME(output_file) },
	{ 's', "summary", .help = "add a table of counts and percentiles at the end",
	  FLAG(summary) },
	{ 'i', "interval",
	  .help = "with --summary: every S seconds, also the table of these S seconds",
	  SECONDS(interval_s) },

	{ .help = "Tracing" },
	{ 'n', "count", .help = "stop after N connections", .arg = "N", .set = set_number,
	  AT(count), .low = 1, .high = UINT32_MAX, .accepted = "1 to 4294967295" },
	{ 'u', "duration", .help = "stop after S seconds", SECONDS(duration_s) },
	{ 0, "max-connections", .arg = "N", .set = set_number, AT(max_connections),
	  .help = "connections followed at a time; the default depends on the memory", .low = 1,
	  .high = 1 << 24, .accepted = "1 to 16777216" },
	{ 0, "ring", .arg = "MIB", .set = set_ring, AT(ring_mib),
	  .help = "size of the buffer that the kernel fills, default " TEXT(RING_MIB_DEFAULT),
	  .low = 1, .high = 1024, .accepted = "a power of two from 1 to 1024" },
	{ 0, "no-accept", .help = "do without the hook that sees accept() return",
	  FLAG(no_accept) },
	{ 0, "attach", .help = "the main hook: auto, tracepoint, fentry or kprobe", .arg = "HOW",
	  .set = set_attach, .words = attach_words },
	{ 0, "btf", .help = "the kernel's types, where it does not describe them itself",
	  FILENAME(btf_file) },
	{ 0, "features", .help = "print what this kernel offers and what is null without, and end",
	  FLAG(features) },
	{ 0, "hook",
	  .help = "for debugging: which hook serves one of the features that --features lists",
	  .arg = "FEATURE=HOOK", .set = set_hook },

	{ .help = "General" },
	{ 'v', "verbose", .help = "hooks used, libbpf's messages, absolute sequence numbers",
	  FLAG(verbose) },
	{ 'q', "quiet", .help = "no banner", FLAG(quiet) },
	{ 'V', "version", .help = "print the version", .set = set_version },
	{ 'h', "help", .help = "print this", .set = set_help },
	{ .help = NULL },
};

_Static_assert(sizeof(options_table) / sizeof(options_table[0]) <= OPTIONS_MAX, "rows");

bool options_row_is_option(const struct option_row *row)
{
	return row->short_name || row->long_name;
}

bool options_row_is_last(const struct option_row *row)
{
	return !options_row_is_option(row) && !row->help;
}

size_t options_put_words(const struct option_row *row, const char *separator, FILE *f)
{
	size_t n = 0;

	if (row->set == set_output)
		for (; renderers[n] && renderers[n]->name; n++)
			fprintf(f, "%s%s", n ? separator : "", renderers[n]->name);
	else if (row->set == set_hook)
		n = features_put_words(separator, f);
	else if (row->words)
		for (; row->words[n].name; n++)
			fprintf(f, "%s%s", n ? separator : "", row->words[n].name);
	return n;
}
