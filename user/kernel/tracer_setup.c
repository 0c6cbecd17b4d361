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
	return pid_list_given(&o->pids) || command || o->comms.n || o->cgroup_id;
}

/* Do the selections by owner only exclude? */
static bool owner_others(const struct options *o, pid_t command)
{
	return !o->pids.included.n && !command && !o->cgroup_id && (!o->comms.n || o->comms.others);
}

/* What is counted in which way, and what need not be known for it. */
static void set_counted(struct config *cfg, const struct options *o)
{
	bool counted = options_only_counted(o), by_cgroup = o->metrics_by >= METRICS_BY_UNIT;

	cfg->tally = counted && o->summary;
	cfg->rows = counted && options_metrics(o);
	cfg->rows_by_port = o->metrics_by != METRICS_BY_ROLE;
	cfg->rows_by_cgroup = cfg->rows && by_cgroup;
	cfg->count_states = options_metrics(o);
	cfg->keep_taken = o->failed && !counted;
	cfg->owners = !counted || cfg->by_owner || cfg->rows_by_cgroup;
}

/* The selections by what both ends show. */
static void set_ends(struct config *cfg, const struct options *o)
{
	cfg->netns = o->netns;
	cfg->family = o->family;
	cfg->role = o->role;
	cfg->by_conn = o->n_conns;
	cfg->n_conns = o->n_conns;
	memcpy(cfg->conns, o->conns, sizeof(cfg->conns));
	cfg->by_remote_port = o->remote_ports.given;
	cfg->by_local_port = o->local_ports.given;
	cfg->by_port = o->any_ports.given;
	cfg->by_local = prefix_list_given(&o->local);
	cfg->by_remote = prefix_list_given(&o->remote);
	cfg->by_host = prefix_list_given(&o->host);
	cfg->local_others = !o->local.included.n;
	cfg->remote_others = !o->remote.included.n;
	cfg->host_others = !o->host.included.n;
	cfg->by_remote_end = cfg->netns || cfg->family || cfg->role || cfg->by_remote_port ||
			     cfg->by_local || cfg->by_remote || cfg->by_host || cfg->by_conn;
	cfg->by_local_end = cfg->by_local_port || cfg->by_port || cfg->by_conn;
}

static void set_ports(const volatile __u64 *to, const struct port_set *set)
{
	__u64 *words = (__u64 *)to;

	for (size_t i = 0; i < PORT_WORDS; i++)
		words[i] = set->words[i] & ~set->excluded[i];
}

/* Written before the BPF object is loaded, which freezes them. */
static void set_lists(struct tcpstates_bpf *skel, const struct options *o)
{
	set_ports(skel->rodata->local_ports, &o->local_ports);
	set_ports(skel->rodata->remote_ports, &o->remote_ports);
	memcpy((void *)skel->rodata->any_ports, o->any_ports.words, sizeof(o->any_ports.words));
	memcpy((void *)skel->rodata->other_ports, o->any_ports.excluded,
	       sizeof(o->any_ports.excluded));
	set_ports(skel->rodata->row_ports, &o->metrics_ports);
	memcpy((void *)&skel->rodata->comms, &o->comms, sizeof(o->comms));
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
		.pidns = own_pidns(),
		.n_cpus = (uint32_t)t->n_cpus,
		.failed = o->failed,
		.open = o->open,
		.by_chapter = o->failed || o->open || o->min_connect_ns || o->min_close_ns,
		.by_owner = by_owner(o, command),
		.by_pid = o->pids.included.n || command,
		.by_other_pid = o->pids.excluded.n,
		.by_comm = o->comms.n,
		.owner_others = owner_others(o, command),
		.states = o->transitions,
		.retransmit_err = kernel_tracepoint_args(t->types, "tcp_retransmit_skb") >= 3,
		.refused_by_headers = kernel_tracepoint_args(t->types, "kfree_skb") < 3,
		.reset_reasons = kernel_tracepoint_args(t->types, "tcp_send_reset") >= 3,
	};
	set_ends(cfg, o);
	set_counted(cfg, o);
	set_lists(skel, o);
}

static uint32_t room_for(const struct prefix_list *list)
{
	return (uint32_t)(list->included.n + list->excluded.n) + 1;
}

static void size_maps(struct tracer *t, pid_t command)
{
	const struct options *o = t->options;
	struct tcpstates_bpf *skel = t->skel;
	uint32_t size = table_size(o);
	uint32_t pids = (uint32_t)(o->pids.included.n + o->pids.excluded.n) + 1;

	if (o->follow || command)
		pids += FOLLOWED_PIDS;
	bpf_map__set_max_entries(skel->maps.ring, o->ring_mib << 20);
	bpf_map__set_max_entries(skel->maps.table, size);
	bpf_map__set_max_entries(skel->maps.minisockets, size);
	bpf_map__set_max_entries(skel->maps.preexisting, size);
	if (skel->rodata->cfg.keep_taken)
		bpf_map__set_max_entries(skel->maps.taken_ports, TAKEN_PORTS);
	if (skel->rodata->cfg.tally) {
		bpf_map__set_max_entries(skel->maps.tallies, TALLIES);
		bpf_map__set_max_entries(skel->maps.tallies_other, TALLIES_OTHER);
	}
	if (skel->rodata->cfg.rows)
		bpf_map__set_max_entries(skel->maps.rows, ROLES + o->metrics_rows);
	bpf_map__set_max_entries(skel->maps.pids, pids);
	bpf_map__set_max_entries(skel->maps.local_prefixes, room_for(&o->local));
	bpf_map__set_max_entries(skel->maps.remote_prefixes, room_for(&o->remote));
	bpf_map__set_max_entries(skel->maps.any_prefixes, room_for(&o->host));
	if (o->verbose)
		message("table: room for %u connections", size);
}

void tracer_configure(struct tracer *t, pid_t command)
{
	bool follow = t->options->follow || command;

	set_config(t, command);
	size_maps(t, command);
	bpf_program__set_autoload(t->skel->progs.process_forked, follow);
	bpf_program__set_autoload(t->skel->progs.process_exited,
				  follow || pid_list_given(&t->options->pids));
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
	/* what is only counted need not wait, unless whoever accepts it selects it */
	cfg->accept_awaited = cfg->accept_seen && (!(cfg->tally || cfg->rows) || cfg->by_owner);
	cfg->connect_seen = found[FEATURE_CONNECT].kind != HOOK_NONE;
	cfg->listeners_seen = found[FEATURE_LISTENER].kind != HOOK_NONE;
	cfg->minisockets_seen = found[FEATURE_TIMEWAIT].kind != HOOK_NONE;
	cfg->resets_seen = found[FEATURE_RESET].kind != HOOK_NONE;
	cfg->unsent_seen = found[FEATURE_UNSENT].kind != HOOK_NONE;
	cfg->request_by_free = found[FEATURE_REQUEST].kind == HOOK_RAW_TP;
	cfg->syncookie_seen = found[FEATURE_SYNCOOKIE].kind != HOOK_NONE;
	cfg->deferred_seen = found[FEATURE_DEFERRED].kind != HOOK_NONE;
	cfg->deferred_by_free = found[FEATURE_DEFERRED].kind == HOOK_RAW_TP;
	cfg->mptcp_known = found[FEATURE_MPTCP].kind != HOOK_NONE;
	cfg->preexisting = found[FEATURE_SCAN].kind == HOOK_PROC;
	cfg->cookie_helper = found[FEATURE_COOKIE].kind != HOOK_NONE;
	cfg->minisocket_cookies = cfg->cookie_helper &&
				  found[FEATURE_TIMEWAIT].kind != HOOK_HEADERS;
	cfg->preempted = t->preempted;
	if (t->own)
		kernel_type_ids(t->own, &cfg->type_ids);
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
	if (!cfg->count_states) {
		bpf_program__set_autoload(skel->progs.count_minisocket, false);
		bpf_program__set_autoload(skel->progs.count_minisocket_run, false);
	}
}

static int add_prefix(int fd, const struct prefix *p, enum element element)
{
	struct prefix_key key = { .bits = PREFIX_FAMILY_BITS + p->bits,
				  .family = prefix_family(p) };
	__u8 value = element;

	memcpy(key.addr, p->addr, sizeof(key.addr));
	return bpf_map_update_elem(fd, &key, &value, BPF_ANY);
}

static bool within_any(const struct prefix *p, const struct prefix_array *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (prefix_within(p, &a->items[i]))
			return true;
	return false;
}

/* In a trie the longest prefix decides: what is excluded as a whole is not entered as included. */
static int add_prefixes(const struct bpf_map *map, const struct prefix_list *list)
{
	int err = 0, fd = bpf_map__fd(map);

	for (size_t i = 0; i < list->included.n && !err; i++)
		if (!within_any(&list->included.items[i], &list->excluded))
			err = add_prefix(fd, &list->included.items[i], ELEMENT_INCLUDED);
	for (size_t i = 0; i < list->excluded.n && !err; i++)
		err = add_prefix(fd, &list->excluded.items[i], ELEMENT_EXCLUDED);
	return err;
}

static int add_pids(int fd, const struct pid_array *a, enum element element)
{
	__u8 value = element;
	int err = 0;

	for (size_t i = 0; i < a->n && !err; i++)
		err = bpf_map_update_elem(fd, &a->items[i], &value, BPF_ANY);
	return err;
}

int tracer_fill_maps(struct tracer *t, pid_t command)
{
	const struct options *o = t->options;
	struct tcpstates_bpf *skel = t->skel;
	const struct pid_array of_command = { &(uint32_t){ (uint32_t)command }, command ? 1 : 0 };
	int pids = bpf_map__fd(skel->maps.pids);
	int err = add_pids(pids, &o->pids.included, ELEMENT_INCLUDED);

	err = err ?: tracer_enter_rows(t);
	err = err ?: add_pids(pids, &of_command, ELEMENT_INCLUDED);
	err = err ?: add_pids(pids, &o->pids.excluded, ELEMENT_EXCLUDED);
	err = err ?: add_prefixes(skel->maps.local_prefixes, &o->local);
	err = err ?: add_prefixes(skel->maps.remote_prefixes, &o->remote);
	return err ?: add_prefixes(skel->maps.any_prefixes, &o->host);
}
