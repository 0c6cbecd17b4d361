// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "tracer.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "clock.h"
#include "kernel.h"
#include "message.h"
#include "namespaces.h"
#include "parse.h"
#include "sweep.h"
#include "tcpstates.skel.h"

#define INITIAL_PIDNS 0xEFFFFFFCU /* include/linux/proc_ns.h: PROC_PID_INIT_INO */
#define FOLLOWED_PIDS 65536
#define BYTES_PER_CONNECTION (64 << 10) /* of the host's memory, for one place in the table */
#define CONNECTIONS_MIN 65536
#define CONNECTIONS_MAX (4 << 20)
#define ACCEPT_PATIENCE_NS 1000000000ULL
#define MINISOCKETS_EVERY_NS 2000000000ULL /* their table may be large, their time-out is a minute */

struct tracer {
	struct tcpstates_bpf *skel;
	struct ring_buffer *ring;
	struct bpf_link *stand_in;
	struct bpf_link *accept[3];
	const struct options *options;
	uint64_t minisockets_at_ns; /* when to sweep them next */
	uint64_t segments_missed; /* by the minisockets' hook, as of the last sweep */
	int n_cpus;
	/* where items go while the ring is read */
	item_fn sink;
	void *ctx;
};

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_DEBUG)
		return 0;
	return vfprintf(stderr, format, args);
}

static int print_nothing(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static uint32_t table_size(const struct options *o)
{
	struct sysinfo info;
	uint64_t n;

	if (o->max_connections)
		return o->max_connections;
	if (sysinfo(&info))
		return CONNECTIONS_MIN;
	n = (uint64_t)info.totalram * info.mem_unit / BYTES_PER_CONNECTION;
	return n < CONNECTIONS_MIN ? CONNECTIONS_MIN : n > CONNECTIONS_MAX ? CONNECTIONS_MAX : (uint32_t)n;
}

static uint32_t own_pidns(void)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) || (uint32_t)st.st_ino == INITIAL_PIDNS)
		return 0;
	return (uint32_t)st.st_ino;
}

static void configure(struct tracer *t, pid_t command, const struct btf *btf)
{
	const struct options *o = t->options;
	struct tcpstates_bpf *skel = t->skel;
	struct config *cfg = (struct config *)&skel->rodata->cfg;

	*cfg = (struct config){
		.min_connect_ns = o->min_connect_ns,
		.min_close_ns = o->min_close_ns,
		.cgroup = o->cgroup_id,
		.wake_bytes = ((uint64_t)o->ring_mib << 20) / 4,
		.tick_ns = clock_tick_ns(),
		.netns = o->netns,
		.pidns = own_pidns(),
		.n_cpus = (uint32_t)t->n_cpus,
		.family = o->family,
		.role = o->role,
		.failed = o->failed,
		.by_pid = o->pids.n || command,
		.by_comm = o->comm[0],
		.by_local_port = o->local_ports.given,
		.by_remote_port = o->remote_ports.given,
		.by_port = o->any_ports.given,
		.by_local = o->local.n,
		.by_remote = o->remote.n,
		.by_host = o->host.n,
		.states = o->renderer->transition,
		.no_chapters = o->renderer->transition && !o->summary && !o->write_file,
		.retransmit_err = kernel_tracepoint_args(btf, "tcp_retransmit_skb") >= 3,
		.cookie_helper = kernel_allows_cookie(btf),
		.current_btf = kernel_has_helper(btf, "BPF_FUNC_get_current_task_btf"),
	};
	memcpy(cfg->comm, o->comm, COMM_LEN);
	memcpy((void *)skel->rodata->local_ports, o->local_ports.words, sizeof(o->local_ports.words));
	memcpy((void *)skel->rodata->remote_ports, o->remote_ports.words, sizeof(o->remote_ports.words));
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
	bpf_map__set_max_entries(skel->maps.pids, pids);
	bpf_map__set_max_entries(skel->maps.local_prefixes, (uint32_t)o->local.n + 1);
	bpf_map__set_max_entries(skel->maps.remote_prefixes, (uint32_t)o->remote.n + 1);
	bpf_map__set_max_entries(skel->maps.any_prefixes, (uint32_t)o->host.n + 1);
	if (o->verbose)
		message("table: room for %u connections", size);
}

/* Chooses the rungs that are settled before loading.  Those of accept() are tried when attaching. */
static void choose_programs(struct tracer *t, const struct btf *btf, pid_t command)
{
	const struct options *o = t->options;
	struct tcpstates_bpf *skel = t->skel;
	struct config *cfg = (struct config *)&skel->rodata->cfg;
	bool follow = o->follow || command;

	cfg->minisockets_seen = kernel_tracepoint_args(btf, "kfree_skb") >= 4;
	bpf_program__set_autoload(skel->progs.segment_freed, cfg->minisockets_seen);
	bpf_program__set_autoload(skel->progs.process_forked, follow);
	bpf_program__set_autoload(skel->progs.process_exited, follow);
	bpf_program__set_autoload(skel->progs.scan_files, kernel_has_helper(btf, "BPF_FUNC_sock_from_file"));
	bpf_program__set_autoload(skel->progs.scan_tcp, true);
	bpf_program__set_autoattach(skel->progs.scan_files, false);
	bpf_program__set_autoattach(skel->progs.scan_tcp, false);
	bpf_program__set_autoattach(skel->progs.state_changed_stand_in, false);
	if (o->verbose)
		message("FIN_WAIT2 minisockets: %s",
			cfg->minisockets_seen ? "kfree_skb" : "not seen on this kernel");
}

/*
 * accept(): fexit, else kretprobe, else the exits of the system calls and io_uring.  Whether the last
 * two can be attached is known only by trying, so `accept_seen` is settled with what could be loaded.
 */
static void choose_accept(struct tracer *t, const struct btf *btf)
{
	struct tcpstates_bpf *skel = t->skel;
	struct config *cfg = (struct config *)&skel->rodata->cfg;
	struct bpf_program *syscalls[] = { skel->progs.accept_kretprobe, skel->progs.accept_exit,
					   skel->progs.accept4_exit };

	if (t->options->no_accept)
		return;
	cfg->accept_seen = true;
	if (kernel_allows_fexit(btf, "inet_csk_accept")) {
		bool four = kernel_function_args(btf, "inet_csk_accept") == 4;

		bpf_program__set_autoload(four ? skel->progs.accept_fexit_4args : skel->progs.accept_fexit, true);
		if (t->options->verbose)
			message("accept(): fexit");
		return;
	}
	for (size_t i = 0; i < sizeof(syscalls) / sizeof(syscalls[0]); i++) {
		bpf_program__set_autoload(syscalls[i], true);
		bpf_program__set_autoattach(syscalls[i], false);
	}
	bpf_program__set_autoload(skel->progs.accept_io_uring,
				  kernel_tracepoint_args(btf, "io_uring_complete") == 3);
	bpf_program__set_autoattach(skel->progs.accept_io_uring, false);
}

static struct bpf_link *attach_syscall_exit(struct bpf_program *prog, const char *name)
{
	int fd = kernel_open_tracepoint("syscalls", name);
	struct bpf_link *link;

	if (fd < 0)
		return NULL;
	link = bpf_program__attach_perf_event(prog, fd);
	if (!link)
		close(fd);
	return link;
}

static int attach_accept(struct tracer *t)
{
	struct tcpstates_bpf *skel = t->skel;
	const char *rung = "kretprobe";

	if (!skel->rodata->cfg.accept_seen || skel->links.accept_fexit || skel->links.accept_fexit_4args)
		return 0;
	t->accept[0] = bpf_program__attach(skel->progs.accept_kretprobe);
	if (!t->accept[0]) {
		rung = "system call exit";
		t->accept[0] = attach_syscall_exit(skel->progs.accept_exit, "sys_exit_accept");
		t->accept[1] = attach_syscall_exit(skel->progs.accept4_exit, "sys_exit_accept4");
		if (bpf_program__autoload(skel->progs.accept_io_uring))
			t->accept[2] = bpf_program__attach(skel->progs.accept_io_uring);
		if (!t->accept[0] || !t->accept[1])
			return -ENOENT;
	}
	if (t->options->verbose)
		message("accept(): %s", rung);
	return 0;
}

static int add_prefix(const struct bpf_map *map, const struct prefix *p)
{
	struct prefix_key key = { .bits = 8 + p->bits, .family = prefix_family(p) };
	__u8 one = 1;

	memcpy(key.addr, p->addr, sizeof(key.addr));
	return bpf_map_update_elem(bpf_map__fd(map), &key, &one, BPF_ANY);
}

static int fill_maps(struct tracer *t, pid_t command)
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
		err = err ?: bpf_map_update_elem(bpf_map__fd(skel->maps.pids), &o->pids.items[i], &one, BPF_ANY);
	if (command)
		err = err ?: bpf_map_update_elem(bpf_map__fd(skel->maps.pids), &pid, &one, BPF_ANY);
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		for (size_t k = 0; k < prefixes[i].list->n && !err; k++)
			err = add_prefix(prefixes[i].map, &prefixes[i].list->items[k]);
	return err;
}

static int run_iterator(void *link)
{
	int fd = bpf_iter_create(bpf_link__fd(link));
	char nothing[64];
	ssize_t n;

	if (fd < 0)
		return -errno;
	while ((n = read(fd, nothing, sizeof(nothing))) > 0 || (n < 0 && errno == EAGAIN))
		;
	close(fd);
	return n < 0 ? -errno : 0;
}

static void scan_namespaces(struct tracer *t)
{
	struct bpf_link *link = bpf_program__attach_iter(t->skel->progs.scan_tcp, NULL);

	if (link)
		namespaces_visit(t->options->netns, run_iterator, link);
	bpf_link__destroy(link);
}

/* Enters what is older than the trace; a state change that comes meanwhile finds the hooks in place. */
static void scan(struct tracer *t)
{
	struct tcpstates_bpf *skel = t->skel;
	struct bpf_link *link;

	if (bpf_program__autoload(skel->progs.scan_files)) {
		link = bpf_program__attach_iter(skel->progs.scan_files, NULL);
		if (link)
			run_iterator(link);
		bpf_link__destroy(link);
	}
	scan_namespaces(t);
	skel->data->scanning = 0;
}

static int receive(void *ctx, void *data, size_t len)
{
	struct tracer *t = ctx;
	struct item item = { .data = data, .len = len };

	switch (len) {
	case sizeof(struct handshake_part):
		item.type = ITEM_HANDSHAKE;
		break;
	case sizeof(struct record):
		item.type = ITEM_CLOSE;
		break;
	case sizeof(struct transition):
		item.type = ITEM_TRANSITION;
		break;
	default:
		return 0;
	}
	return t->sink(t->ctx, &item);
}

/* One line that says what is wrong and what to do. */
static int refuse(int err)
{
	if (err == -EPERM)
		message("BPF: %s (run it as root, or with CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN and CAP_SYS_ADMIN)",
			strerror(-err));
	else if (err == -ENOMEM)
		message("BPF: %s (a smaller --max-connections needs less)", strerror(-err));
	else
		message("BPF: %s (a kernel from 5.8 on with CONFIG_DEBUG_INFO_BTF is needed; -v shows more)",
			strerror(-err));
	return err;
}

static int load(struct tracer *t, pid_t command)
{
	struct btf *btf;
	int err;

	if (t->options->attach == ATTACH_FENTRY || t->options->attach == ATTACH_KPROBE) {
		message("--attach: only the tracepoint can be attached to (use --attach tracepoint)");
		return -EOPNOTSUPP;
	}
	btf = btf__load_vmlinux_btf();
	if (!btf) {
		message("/sys/kernel/btf/vmlinux: %s (the kernel must be built with CONFIG_DEBUG_INFO_BTF)",
			strerror(errno));
		return -ENOENT;
	}
	t->skel = tcpstates_bpf__open();
	if (!t->skel) {
		err = refuse(-errno);
		goto out;
	}
	configure(t, command, btf);
	choose_programs(t, btf, command);
	choose_accept(t, btf);
	size_maps(t, command);
	err = tcpstates_bpf__load(t->skel);
	if (!err)
		err = fill_maps(t, command);
	if (err)
		refuse(err);
out:
	btf__free(btf);
	return err;
}

int tracer_open(struct tracer **tracer, const struct options *options, pid_t command)
{
	struct tracer *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return -ENOMEM;
	t->options = options;
	t->n_cpus = libbpf_num_possible_cpus();
	libbpf_set_print(options->verbose ? print_libbpf : print_nothing);
	err = load(t, command);
	if (err)
		goto fail;
	t->ring = ring_buffer__new(bpf_map__fd(t->skel->maps.ring), receive, t, NULL);
	if (!t->ring) {
		err = refuse(-errno);
		goto fail;
	}
	err = attach_accept(t);
	if (err) {
		message("accept(): no hook can be attached: %s (use --no-accept)", strerror(-err));
		goto fail;
	}
	err = tcpstates_bpf__attach(t->skel);
	if (!err) {
		t->stand_in = bpf_program__attach(t->skel->progs.state_changed_stand_in);
		err = t->stand_in ? 0 : -errno;
	}
	if (err) {
		refuse(err);
		goto fail;
	}
	scan(t);
	*tracer = t;
	return 0;
fail:
	tracer_close(t);
	return err;
}

int tracer_fd(struct tracer *t)
{
	return ring_buffer__epoll_fd(t->ring);
}

int tracer_read(struct tracer *t, item_fn sink, void *ctx)
{
	int n;

	t->sink = sink;
	t->ctx = ctx;
	n = ring_buffer__consume(t->ring);
	return n < 0 ? n : 0;
}

static struct sweep sweep_of(struct tracer *t, item_fn sink, void *ctx)
{
	return (struct sweep){
		.cfg = &t->skel->rodata->cfg,
		.table_fd = bpf_map__fd(t->skel->maps.table),
		.unaccepted_fd = bpf_map__fd(t->skel->maps.unaccepted),
		.minisockets_fd = bpf_map__fd(t->skel->maps.minisockets),
		.sink = sink,
		.ctx = ctx,
	};
}

static uint64_t runs_missed(const struct bpf_program *prog)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
		return 0;
	return info.recursion_misses;
}

int tracer_sweep(struct tracer *t, item_fn sink, void *ctx)
{
	struct sweep s = sweep_of(t, sink, ctx);
	uint64_t now_ns = clock_monotonic_ns(), missed;
	int err = sweep_unaccepted(&s, now_ns - ACCEPT_PATIENCE_NS);

	if (err || !s.cfg->minisockets_seen || now_ns < t->minisockets_at_ns)
		return err;
	t->minisockets_at_ns = now_ns + MINISOCKETS_EVERY_NS;
	missed = runs_missed(t->skel->progs.segment_freed);
	err = sweep_minisockets(&s, now_ns, missed != t->segments_missed);
	t->segments_missed = missed;
	return err;
}

int tracer_tell_open(struct tracer *t, item_fn sink, void *ctx)
{
	struct sweep s = sweep_of(t, sink, ctx);

	if (sweep_lacks_port(&s))
		scan_namespaces(t);
	return sweep_open(&s, clock_monotonic_ns());
}

int tracer_busy(struct tracer *t)
{
	struct sweep s = sweep_of(t, NULL, NULL);

	return sweep_count(&s);
}

static uint64_t counter(struct tracer *t, __u32 which)
{
	__u64 *values = calloc((size_t)t->n_cpus, sizeof(*values)), sum = 0;

	if (values && !bpf_map_lookup_elem(bpf_map__fd(t->skel->maps.counters), &which, values))
		for (int i = 0; i < t->n_cpus; i++)
			sum += values[i];
	free(values);
	return sum;
}

int tracer_stop(struct tracer *t, item_fn sink, void *ctx)
{
	bpf_link__destroy(t->stand_in);
	t->stand_in = NULL;
	for (size_t i = 0; i < sizeof(t->accept) / sizeof(t->accept[0]); i++) {
		bpf_link__destroy(t->accept[i]);
		t->accept[i] = NULL;
	}
	tcpstates_bpf__detach(t->skel);
	return tracer_read(t, sink, ctx);
}

int tracer_finish(struct tracer *t, item_fn sink, void *ctx)
{
	struct sweep s = sweep_of(t, sink, ctx);
	uint64_t missed = runs_missed(t->skel->progs.state_changed);
	uint64_t stand_in = counter(t, COUNT_STAND_IN);
	struct item_counts counts = {
		.events_lost = counter(t, COUNT_LOST_HANDSHAKE) + counter(t, COUNT_LOST_CLOSE) +
			       counter(t, COUNT_LOST_TRANSITION) + (missed > stand_in ? missed - stand_in : 0),
		.table_full = counter(t, COUNT_TABLE_FULL),
	};
	int err = sweep_untold(&s);

	if (!err)
		err = tracer_tell_open(t, sink, ctx);
	if (!err)
		err = sink(ctx, &(struct item){ ITEM_COUNTS, &counts, sizeof(counts) });
	if (t->options->verbose)
		message("hook runs skipped: %llu, of which the stand-in did %llu; unknown sockets: %llu",
			(unsigned long long)missed, (unsigned long long)stand_in,
			(unsigned long long)counter(t, COUNT_UNKNOWN));
	return err;
}

void tracer_close(struct tracer *t)
{
	if (!t)
		return;
	bpf_link__destroy(t->stand_in);
	for (size_t i = 0; i < sizeof(t->accept) / sizeof(t->accept[0]); i++)
		bpf_link__destroy(t->accept[i]);
	ring_buffer__free(t->ring);
	tcpstates_bpf__destroy(t->skel);
	free(t);
}
