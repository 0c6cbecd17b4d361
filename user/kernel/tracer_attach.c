// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Attaches the programs of the chosen hooks, and detaches them. */
#include "tracer_parts.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <unistd.h>

static void detach(struct bpf_link **link)
{
	bpf_link__destroy(*link);
	*link = NULL;
}

static void detach_probes(struct tracer *t)
{
	for (struct probe *p = t->probes; p < t->probes + t->n_probes; p++) {
		detach(&p->link);
		if (p->fd >= 0)
			close(p->fd);
		p->fd = -1;
	}
}

static struct bpf_program *relay_of(const struct tracer *t)
{
	switch (t->found.of[FEATURE_STATE].kind) {
	case HOOK_TP_BTF:
		return t->preempted ? t->skel->progs.state_tp_btf_held_relay
				    : t->skel->progs.state_tp_btf_relay;
	case HOOK_RAW_TP:
		return t->skel->progs.state_raw_tp_relay;
	case HOOK_FENTRY:
		return t->skel->progs.state_fentry_relay;
	default:
		return NULL;
	}
}

static int attach_to(struct bpf_link **link, const struct bpf_program *prog)
{
	*link = bpf_program__attach(prog);
	return *link ? 0 : -errno;
}

static int attach_backups(struct tracer *t)
{
	struct bpf_program *progs[BACKUPS];
	int n = tracer_backups(t, progs), err = 0;

	for (int i = 0; !err && i < n; i++)
		err = attach_to(&t->backups[i], progs[i]);
	return err;
}

/* What the tracepoint's programs tail-call. */
static int set_body(const struct tracer *t)
{
	__u32 first = 0;
	int fd = bpf_program__fd(t->skel->progs.state_tp_btf_body);

	return fd < 0 ? 0
		      : bpf_map_update_elem(bpf_map__fd(t->skel->maps.bodies), &first, &fd,
					    BPF_ANY);
}

/*
 * The relay has to run after the primary program.  The programs of a tracepoint run in the order in which they
 * were attached, those of a function in the reverse order.
 */
static int attach_state(struct tracer *t)
{
	struct bpf_program *primary = t->progs[FEATURE_STATE], *relay = relay_of(t);
	bool reverse = t->found.of[FEATURE_STATE].kind == HOOK_FENTRY;
	int err = set_body(t);

	if (!relay)
		return 0; /* a kprobe: tracer_attach() has attached it */
	if (!err && reverse)
		err = attach_to(&t->relay, relay);
	if (!err)
		err = attach_to(&t->primary, primary);
	if (!err)
		err = attach_backups(t);
	if (!err && !reverse)
		err = attach_to(&t->relay, relay);
	return err;
}

int tracer_attach(struct tracer *t)
{
	int err = 0;

	for (struct probe *p = t->probes + t->n_probes; !err && p-- > t->probes;) {
		p->link = bpf_program__attach_perf_event(p->prog, p->fd);
		if (p->link)
			p->fd = -1;
		else
			err = -errno;
	}
	if (!err)
		err = tcpstates_bpf__attach(t->skel);
	if (!err)
		err = attach_state(t);
	return err;
}

/* The relay is detached after the primary program: it handles what that one misses. */
/*
 * The body is in the map that it tail-calls through.  The kernel takes such a map and its program for used as long as
 * each has the other; it empties the map when the last descriptor is closed, but not if somebody, such as
 * bpftool(8), opens it at that moment.
 */
static void remove_body(const struct tracer *t)
{
	__u32 first = 0;

	bpf_map_delete_elem(bpf_map__fd(t->skel->maps.bodies), &first);
}

void tracer_detach(struct tracer *t)
{
	detach(&t->primary);
	for (int i = 0; i < BACKUPS; i++)
		detach(&t->backups[i]);
	if (t->skel)
		tcpstates_bpf__detach(t->skel);
	detach(&t->relay);
	if (t->skel)
		remove_body(t);
	detach_probes(t);
}
