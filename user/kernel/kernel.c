// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "kernel.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shared/config.h"
#include "types.h"

/* Follows a function or a typedef to its prototype; NULL: there is none. */
static const struct btf_type *find_prototype(const struct types *types, const char *name,
					     __u32 kind)
{
	int id = types_find(types, name, kind);
	const struct btf_type *t;

	while (id > 0) {
		t = btf__type_by_id(types_btf(types), (unsigned int)id);
		if (!t || btf_is_func_proto(t))
			return t;
		id = (int)t->type;
	}
	return NULL;
}

/* The prototype of a tracepoint.  Its first parameter is a context, not an argument of the tracepoint. */
static const struct btf_type *find_tracepoint(const struct types *types, const char *name)
{
	char type[128];

	snprintf(type, sizeof(type), "btf_trace_%s", name);
	return find_prototype(types, type, BTF_KIND_TYPEDEF);
}

int kernel_tracepoint_args(const struct types *types, const char *name)
{
	const struct btf_type *t = find_tracepoint(types, name);

	return t && btf_vlen(t) ? btf_vlen(t) - 1 : -ENOENT;
}

bool kernel_tracepoint_arg_is(const struct types *types, const char *name, int arg,
			      const char *structure)
{
	const struct btf_type *t = find_tracepoint(types, name);
	int id = types_find(types, structure, BTF_KIND_STRUCT);

	if (!t || id <= 0 || arg + 1 >= btf_vlen(t))
		return false;
	t = btf__type_by_id(types_btf(types), btf_params(t)[arg + 1].type);
	return t && btf_is_ptr(t) && t->type == (__u32)id;
}

int kernel_function_args(const struct types *types, const char *name)
{
	const struct btf_type *t = find_prototype(types, name, BTF_KIND_FUNC);

	return t ? btf_vlen(t) : -ENOENT;
}

bool kernel_has_helper(const struct types *types, const char *enumerator)
{
	int id = types_find(types, "bpf_func_id", BTF_KIND_ENUM);
	const struct btf_type *t = id > 0 ? btf__type_by_id(types_btf(types), (unsigned int)id)
					  : NULL;
	const struct btf_enum *e;

	if (!t)
		return false;
	e = btf_enum(t);
	for (int i = 0; i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(types_btf(types), e[i].name_off), enumerator))
			return true;
	return false;
}

bool kernel_has_struct(const struct types *types, const char *name)
{
	return types_find(types, name, BTF_KIND_STRUCT) > 0;
}

bool kernel_has_preempt_kfuncs(const struct types *own)
{
	return kernel_function_args(own, "bpf_preempt_disable") >= 0;
}

static __u32 struct_id(const struct types *types, const char *name)
{
	int id = types_find(types, name, BTF_KIND_STRUCT);

	return id > 0 ? (__u32)id : 0;
}

void kernel_type_ids(const struct types *own, struct type_ids *to)
{
	to->fdtable = struct_id(own, "fdtable");
	to->file = struct_id(own, "file");
	to->files_struct = struct_id(own, "files_struct");
	to->inet_connection_sock = struct_id(own, "inet_connection_sock");
	to->inet_timewait_sock = struct_id(own, "inet_timewait_sock");
	to->sk_buff = struct_id(own, "sk_buff");
	to->sock = struct_id(own, "sock");
	to->sock_common = struct_id(own, "sock_common");
	to->socket = struct_id(own, "socket");
	to->task_struct = struct_id(own, "task_struct");
	to->tcp_skb_cb = struct_id(own, "tcp_skb_cb");
}

bool kernel_preempts_tracepoints(const struct types *own)
{
	return kernel_has_preempt_kfuncs(own) && kernel_has_struct(own, "srcu_ctr") &&
	       types_find(own, "tracepoint_srcu_srcu_data", BTF_KIND_VAR) > 0;
}

bool kernel_has_field(const struct types *types, const char *structure, const char *field)
{
	int id = types_find(types, structure, BTF_KIND_STRUCT);
	const struct btf_type *t = id > 0 ? btf__type_by_id(types_btf(types), (unsigned int)id)
					  : NULL;
	const struct btf_member *m;

	if (!t)
		return false;
	m = btf_members(t);
	for (int i = 0; i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(types_btf(types), m[i].name_off), field))
			return true;
	return false;
}

/* Loads a program for this tracepoint, function or iterator.  A file descriptor or -errno. */
static int load_trial(const struct types *own, enum bpf_attach_type type, const char *name,
		      const struct bpf_insn *insns, size_t n)
{
	bool tracepoint = type == BPF_TRACE_RAW_TP;
	const char *prefix = tracepoint ? "btf_trace_" : type == BPF_TRACE_ITER ? "bpf_iter_" : "";
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = type);
	char prefixed[128];
	int id;

	snprintf(prefixed, sizeof(prefixed), "%s%s", prefix, name);
	id = types_find(own, prefixed, tracepoint ? BTF_KIND_TYPEDEF : BTF_KIND_FUNC);
	if (id <= 0)
		return -ENOENT;
	opts.attach_btf_id = (__u32)id;
	return bpf_prog_load(BPF_PROG_TYPE_TRACING, "trial", "GPL", insns, n, &opts);
}

/* include/linux/errno.h, not in user space: arm64 has no trampolines for fentry and fexit before 6.4 */
#define ENOTSUPP 524

static const struct bpf_insn return_0[] = {
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
	{ .code = BPF_JMP | BPF_EXIT },
};

int kernel_try_raw(void)
{
	int prog = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "trial", "GPL", return_0, 2, NULL);

	if (prog < 0)
		return prog;
	close(prog);
	return 0;
}

int kernel_try_typed(const struct types *own, enum bpf_attach_type type, const char *name)
{
	int prog = load_trial(own, type, name, return_0, 2), link = 0;

	if (prog < 0)
		return prog;
	/* a program that was loaded for a tracepoint can be attached; fentry and fexit need a trial */
	if (type != BPF_TRACE_RAW_TP) {
		link = bpf_raw_tracepoint_open(NULL, prog);
		if (link >= 0)
			close(link);
	}
	close(prog);
	if (link == -ENOTSUPP)
		return -EOPNOTSUPP;
	return link < 0 ? link : 0;
}

int kernel_try_iterator(const struct types *own, const char *name)
{
	int prog = load_trial(own, BPF_TRACE_ITER, name, return_0, 2);

	if (prog < 0)
		return prog;
	close(prog);
	return 0;
}

int kernel_try_cookie(const struct types *own)
{
	const struct bpf_insn get_cookie[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_1 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_get_socket_cookie },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int prog = load_trial(own, BPF_TRACE_RAW_TP, "inet_sock_set_state", get_cookie, 4);

	if (prog < 0)
		return prog;
	close(prog);
	return 0;
}

int kernel_try_ring(void)
{
	int map = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "trial", 0, 0, (__u32)sysconf(_SC_PAGESIZE),
				 NULL);

	if (map < 0)
		return map;
	close(map);
	return 0;
}

/* tracefs: an open directory.  The tracepoint's number, or a negative errno. */
static int read_tracepoint_id(int tracefs, const char *category, const char *name)
{
	char path[256], text[16] = "";
	int fd, n, err;

	snprintf(path, sizeof(path), "events/%s/%s/id", category, name);
	fd = openat(tracefs, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = read(fd, text, sizeof(text) - 1) < 0 ? -errno : 0;
	if (!err && sscanf(text, "%d", &n) != 1)
		err = -EIO;
	close(fd);
	return err ? err : n;
}

static int read_tracepoint_id_in(const char *tracefs, const char *category, const char *name)
{
	int dir = open(tracefs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int id = dir < 0 ? -errno : read_tracepoint_id(dir, category, name);

	if (dir >= 0)
		close(dir);
	return id;
}

/* tracefs, mounted nowhere, so that no other process sees it: a descriptor, or a negative errno.  Since Linux 5.2. */
static int open_own_tracefs(void)
{
	int fs = fsopen("tracefs", FSOPEN_CLOEXEC), dir;

	if (fs < 0)
		return -errno;
	dir = fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) ? -1
							       : fsmount(fs, FSMOUNT_CLOEXEC, 0);
	if (dir < 0)
		dir = -errno;
	close(fs);
	return dir;
}

static int tracepoint_id(const char *category, const char *name)
{
	int id = read_tracepoint_id_in("/sys/kernel/tracing", category, name), own, own_id;

	if (id < 0 && id != -EACCES)
		id = read_tracepoint_id_in("/sys/kernel/debug/tracing", category, name);
	if (id >= 0)
		return id;
	own = open_own_tracefs();
	if (own < 0)
		return own == -EPERM && id == -EACCES ? id : own;
	own_id = read_tracepoint_id(own, category, name);
	close(own);
	return own_id;
}

static int open_perf(struct perf_event_attr *attr)
{
	int fd = (int)syscall(SYS_perf_event_open, attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int kernel_open_tracepoint(const char *category, const char *name)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr) };
	int id = tracepoint_id(category, name);

	if (id < 0)
		return id;
	attr.config = (__u64)id;
	return open_perf(&attr);
}

int kernel_open_kprobe(const char *function, bool at_return)
{
	/* /sys/bus/event_source/devices/kprobe/format/retprobe: config:0, unchanged since 4.17 */
	struct perf_event_attr attr = { .size = sizeof(attr), .config = at_return };
	FILE *f = fopen("/sys/bus/event_source/devices/kprobe/type", "re");
	int err = 0;

	if (!f)
		return -errno;
	if (fscanf(f, "%u", &attr.type) != 1)
		err = -EIO;
	fclose(f);
	if (err)
		return err;
	attr.kprobe_func = (__u64)(unsigned long)function;
	return open_perf(&attr);
}
