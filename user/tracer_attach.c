// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Attaches the programs of the rungs taken, and detaches them. */
#include "tracer_parts.h"

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

static struct bpf_program *stand_in_of(const struct tracer *t)
{
	switch (t->found.of[FACT_STATE].rung) {
	case RUNG_TP_BTF:
		return t->skel->progs.state_tp_btf_stand_in;
	case RUNG_RAW_TP:
		return t->skel->progs.state_raw_tp_stand_in;
	case RUNG_FENTRY:
		return t->skel->progs.state_fentry_stand_in;
	default:
		return NULL;
	}
}

static int attach_to(struct bpf_link **link, const struct bpf_program *prog)
{
	*link = bpf_program__attach(prog);
	return *link ? 0 : -errno;
}

static int attach_between(struct tracer *t)
{
	struct bpf_program *progs[BETWEENS];
	int n = tracer_between(t, progs), err = 0;

	for (int i = 0; !err && i < n; i++)
		err = attach_to(&t->between[i], progs[i]);
	return err;
}

/*
 * The stand-in is to run after the main program.  A tracepoint's programs run in the order they came in, a
 * function's in the reverse.
 */
static int attach_state(struct tracer *t)
{
	struct bpf_program *main = t->progs[FACT_STATE], *stand_in = stand_in_of(t);
	bool reverse = t->found.of[FACT_STATE].rung == RUNG_FENTRY;
	int err = 0;

	if (!stand_in)
		return 0; /* a kprobe, which is attached already */
	if (reverse)
		err = attach_to(&t->stand_in, stand_in);
	if (!err)
		err = attach_to(&t->state, main);
	if (!err)
		err = attach_between(t);
	if (!err && !reverse)
		err = attach_to(&t->stand_in, stand_in);
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

/* The stand-in goes after the main program: it does what that one misses. */
void tracer_detach(struct tracer *t)
{
	detach(&t->state);
	for (int i = 0; i < BETWEENS; i++)
		detach(&t->between[i]);
	if (t->skel)
		tcpstates_bpf__detach(t->skel);
	detach(&t->stand_in);
	detach_probes(t);
}
