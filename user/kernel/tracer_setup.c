// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Sets what the BPF programs need before they run: constants, sizes of maps, selections. */
#include "tracer_parts.h"

#include <bpf/bpf.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>

#include "base/clock.h"
#include "base/message.h"
#include "kernel.h"

/* PROC_PID_INIT_INO of include/linux/proc_ns.h */
#define INITIAL_PIDNS 0xEFFFFFFCU
#define FOLLOWED_PIDS 65536
/* threads that are in connect() at a time, and clients that have failed since */
#define CONNECTS 16384
/* requests that wait for data (TCP_DEFER_ACCEPT) */
#define DEFERRED 8192
/* the table has room for one connection per so much memory of the host */
#define BYTES_PER_CONNECTION (64 << 10)
#define CONNECTIONS_MIN 65536
#define CONNECTIONS_MAX (4 << 20)

static uint32_t table_size(const struct options *o)
{
	struct sysinfo info;
	uint64_t n;

	if (o->max_connections)
		return o->max_connections;
	if (sysinfo(&info))
		return CONNECTIONS_MIN;
	n = (uint64_t)info.totalram * info.mem_unit / BYTES_PER_CONNECTION;
	return n < CONNECTIONS_MIN   ? CONNECTIONS_MIN
	       : n > CONNECTIONS_MAX ? CONNECTIONS_MAX
				     : (uint32_t)n;
}

/* The inode number of this process's PID namespace; 0: the initial one, or not known. */
static uint32_t own_pidns(void)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) || (uint32_t)st.st_ino == INITIAL_PIDNS)
		return 0;
	return (uint32_t)st.st_ino;
}

static bool by_owner(const struct options *o, pid_t command)
{
	return o->pids.n || command || o->comm[0] || o->cgroup_id;
}

/* Is the summary all that is printed?  Then the BPF side counts the chapters and does not post them. */
static bool only_summary(const struct options *o)
{
	return o->silent && o->summary && !o->write_file && !o->count;
}

static void set_config(struct tracer *t, pid_t command)
{
	const struct options *o = t->options;
	struct tcpstates_bpf *skel = t->skel;
	struct config *cfg = (struct config *)&skel->rodata->cfg;

	*cfg = (struct config){
		.min_connect_ns = o->min_connect_ns,
		.min_close_ns = o->min_close_ns,
		.cgroup = o->cgroup_id,
		.max_attempts = o->max_attempts,
		.wake_bytes = ((uint64_t)o->ring_mib << 20) / 4,
		.tick_ns = clock_tick_ns(),
		.netns = o->netns,
		.pidns = own_pidns(),
		.n_cpus = (uint32_t)t->n_cpus,
		.family = o->family,
		.role = o->role,
		.failed = o->failed,
		.by_chapter = o->failed || o->min_connect_ns || o->min_close_ns,
		.by_owner = by_owner(o, command),
		.by_pid = o->pids.n || command,
		.by_comm = o->comm[0],
		.by_remote_end = o->netns || o->family || o->role || o->remote_ports.given ||
				 o->local.n || o->remote.n || o->host.n,
		.by_remote_port = o->remote_ports.given,
		.by_local = o->local.n,
		.by_remote = o->remote.n,
		.by_host = o->host.n,
		.by_local_end = o->local_ports.given || o->any_ports.given,
		.by_local_port = o->local_ports.given,
		.by_port = o->any_ports.given,
		.states = o->transitions,
		.tally = only_summary(o),
		.owners = !only_summary(o) || by_owner(o, command),
		.retransmit_err = kernel_tracepoint_args(t->types, "tcp_retransmit_skb") >= 3,
		.refused_by_headers = kernel_tracepoint_args(t->types, "kfree_skb") < 3,
		.reset_reasons = kernel_tracepoint_args(t->types, "tcp_send_reset") >= 3,
		.current_btf = t->own && kernel_has_helper(t->own, "BPF_FUNC_get_current_task_btf"),
	};
	memcpy(cfg->comm, o->comm, COMM_LEN);
	memcpy((void *)skel->rodata->local_ports, o->local_ports.words,
	       sizeof(o->local_ports.words));
	memcpy((void *)skel->rodata->remote_ports, o->remote_ports.words,
	       sizeof(o->remote_ports.words));
	memcpy((void *)skel->rodata->any_ports, o->any_ports.words, sizeof(o->any_ports.words));
}

static void size_maps(struct tracer *t, pid_t command)
{
	const struct options *o = t->options;
	struct tcpstates_bpf *skel = t->skel;
	uint32_t size = table_size(o), pids = (uint32_t)o->pids.n + 1;

	if (o->follow || command)
		pids += FOLLOWED_PIDS;
	bpf_map__set_max_entries(skel->maps.ring, o->ring_mib << 20);
	bpf_map__set_max_entries(skel->maps.table, size);
	bpf_map__set_max_entries(skel->maps.minisockets, size);
	bpf_map__set_max_entries(skel->maps.preexisting, size);
	if (only_summary(o)) {
		bpf_map__set_max_entries(skel->maps.tallies, TALLIES);
		bpf_map__set_max_entries(skel->maps.tallies_other, TALLIES_OTHER);
	}
	bpf_map__set_max_entries(skel->maps.pids, pids);
	bpf_map__set_max_entries(skel->maps.local_prefixes, (uint32_t)o->local.n + 1);
	bpf_map__set_max_entries(skel->maps.remote_prefixes, (uint32_t)o->remote.n + 1);
	bpf_map__set_max_entries(skel->maps.any_prefixes, (uint32_t)o->host.n + 1);
	if (o->verbose)
		message("table: room for %u connections", size);
}

void tracer_configure(struct tracer *t, pid_t command)
{
	bool follow = t->options->follow || command;

	set_config(t, command);
	size_maps(t, command);
	bpf_program__set_autoload(t->skel->progs.process_forked, follow);
	bpf_program__set_autoload(t->skel->progs.process_exited, follow || t->options->pids.n);
}

void tracer_configure_hooks(struct tracer *t)
{
	const struct finding *found = t->found.of;
	enum hook_kind state = found[FEATURE_STATE].kind;
	struct tcpstates_bpf *skel = t->skel;
	struct config *cfg = (struct config *)&skel->rodata->cfg;

	cfg->typed = state == HOOK_TP_BTF || state == HOOK_FENTRY;
	cfg->on_entry = state == HOOK_FENTRY || state == HOOK_KPROBE;
	cfg->accept_seen = found[FEATURE_ACCEPT].kind != HOOK_NONE;
	cfg->connect_seen = found[FEATURE_CONNECT].kind != HOOK_NONE;
	cfg->listeners_seen = found[FEATURE_LISTENER].kind != HOOK_NONE;
	cfg->minisockets_seen = found[FEATURE_TIMEWAIT].kind != HOOK_NONE;
	cfg->resets_seen = found[FEATURE_RESET].kind != HOOK_NONE;
	cfg->unsent_seen = found[FEATURE_UNSENT].kind != HOOK_NONE;
	cfg->request_by_free = found[FEATURE_REQUEST].kind == HOOK_RAW_TP;
	cfg->syncookie_seen = found[FEATURE_SYNCOOKIE].kind != HOOK_NONE;
	cfg->deferred_seen = found[FEATURE_DEFERRED].kind != HOOK_NONE;
	cfg->mptcp_known = found[FEATURE_MPTCP].kind != HOOK_NONE;
	cfg->preexisting = found[FEATURE_SCAN].kind == HOOK_PROC;
	cfg->cookie_helper = found[FEATURE_COOKIE].kind != HOOK_NONE;
	cfg->preempted = t->preempted;
	if (cfg->connect_seen)
		bpf_map__set_max_entries(skel->maps.failed_clients, CONNECTS);
	if (found[FEATURE_CONNECT].kind == HOOK_SYSCALL)
		bpf_map__set_max_entries(skel->maps.calls, CONNECTS);
	if (cfg->deferred_seen)
		bpf_map__set_max_entries(skel->maps.deferred, DEFERRED);
	if (!cfg->typed)
		bpf_map__set_max_entries(skel->maps.rooms, LEVELS);
	if (found[FEATURE_SCAN].kind != HOOK_ITER_5_8 && found[FEATURE_HOLDER].kind == HOOK_NONE)
		bpf_map__set_max_entries(skel->maps.holders, 1);
	if (!cfg->preexisting)
		bpf_map__set_max_entries(skel->maps.preexisting, 1);
}

static int add_prefix(const struct bpf_map *map, const struct prefix *p)
{
	struct prefix_key key = { .bits = PREFIX_FAMILY_BITS + p->bits,
				  .family = prefix_family(p) };
	__u8 one = 1;

	memcpy(key.addr, p->addr, sizeof(key.addr));
	return bpf_map_update_elem(bpf_map__fd(map), &key, &one, BPF_ANY);
}

int tracer_fill_maps(struct tracer *t, pid_t command)
{
	const struct options *o = t->options;
	struct tcpstates_bpf *skel = t->skel;
	const struct {
		const struct prefix_list *list;
		struct bpf_map *map;
	} prefixes[] = {
		{ &o->local, skel->maps.local_prefixes },
		{ &o->remote, skel->maps.remote_prefixes },
		{ &o->host, skel->maps.any_prefixes },
	};
	__u32 pid = (__u32)command;
	__u8 one = 1;
	int err = 0;

	for (size_t i = 0; i < o->pids.n; i++)
		err = err
			      ?: bpf_map_update_elem(bpf_map__fd(skel->maps.pids),
						     &o->pids.items[i], &one, BPF_ANY);
	if (command)
		err = err ?: bpf_map_update_elem(bpf_map__fd(skel->maps.pids), &pid, &one, BPF_ANY);
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		for (size_t k = 0; k < prefixes[i].list->n && !err; k++)
			err = add_prefix(prefixes[i].map, &prefixes[i].list->items[k]);
	return err;
}
