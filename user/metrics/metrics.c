// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "metrics_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "chapter/attempt.h"

struct metrics *metrics_create(const struct options *o, const struct metrics_cgroups *cgroups)
{
	struct metrics *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->options = o;
	m->cgroups = *cgroups;
	m->rows = metrics_rows_create(o->metrics_rows);
	m->workloads = calloc(o->metrics_rows, sizeof(*m->workloads));
	if (m->rows && m->workloads)
		return m;
	metrics_destroy(m);
	return NULL;
}

void metrics_destroy(struct metrics *m)
{
	if (!m)
		return;
	metrics_rows_destroy(m->rows);
	free(m->workloads);
	free(m->listeners);
	free(m);
}

static const char *name_of(const struct metrics *m, const struct workload *w)
{
	return m->options->metrics_by == METRICS_BY_UNIT ? w->unit : w->container_id;
}

static void remember(struct metrics *m, const struct workload *w, uint64_t cgroup)
{
	const char *name = name_of(m, w), *path;
	struct named_workload *n = m->workloads;

	while (n < m->workloads + m->n_workloads && strcmp(n->name, name) != 0)
		n++;
	if (!*name || n < m->workloads + m->n_workloads ||
	    m->n_workloads == m->options->metrics_rows)
		return;
	m->n_workloads++;
	text_join(n->name, WORKLOAD_NAME_MAX, name);
	n->of = *w;
	path = m->cgroups.path(m->cgroups.ctx, cgroup);
	if (path && strlen(path) < sizeof(n->path))
		text_join(n->path, sizeof(n->path), path);
}

static void make_labels(struct metrics *m, struct row_labels *labels, const struct row_key *key)
{
	const struct workload *w = NULL;

	*labels = (struct row_labels){ .role = key->role, .port = key->port };
	if (m->options->metrics_by >= METRICS_BY_UNIT && key->cgroup)
		w = m->cgroups.workload(m->cgroups.ctx, key->cgroup);
	if (!w)
		return;
	text_join(labels->workload, WORKLOAD_NAME_MAX, name_of(m, w));
	remember(m, w, key->cgroup);
}

/* As port_gets_row() of bpf/row.bpf.h.  Peers may try any port: an attempt counts where connections do. */
static bool port_gets_row(const struct metrics *m, const struct row_key *key, bool attempt)
{
	if (m->options->metrics_by == METRICS_BY_ROLE)
		return false;
	if (key->role == ROLE_SERVER)
		return !attempt || metrics_rows_has(m->rows, ROLE_SERVER, key->port);
	return key->role == ROLE_CLIENT && port_set_has(&m->options->metrics_ports, key->port);
}

static struct metrics_row *row_of(struct metrics *m, const struct handshake_part *h)
{
	struct row_key key = { 0 };
	struct row_labels labels;

	row_key_of(&key, h);
	if (key.role >= ROLES)
		key.role = ROLE_UNKNOWN;
	if (!port_gets_row(m, &key, h->flags & HANDSHAKE_NO_SOCKET))
		key.port = ROW_OTHER;
	key.cgroup = h->accept_ns ? h->acceptor.cgroup : h->owner.cgroup;
	make_labels(m, &labels, &key);
	return metrics_rows_find(m->rows, &labels);
}

static void observe(struct metrics_row *row, const struct handshake_part *h,
		    enum row_histogram_type type, uint64_t ns, uint64_t end_ns)
{
	struct exemplar e = {
		.ns = ns, .t_ns = end_ns, .cookie = h->cookie, .remote_port = h->remote_port
	};

	if (!ns)
		return;
	row_observe(&row->counts, type, ns, row_bucket(ns));
	memcpy(e.remote, h->remote, sizeof(e.remote));
	memcpy(e.comm, h->accept_ns ? h->acceptor.comm : h->owner.comm, COMM_LEN);
	metrics_row_offer(row, type, &e);
}

/* Where the BPF side counts, it has counted the wait for accept() when that returned. */
static bool counts_accept(const struct metrics *m)
{
	return !options_only_counted(m->options);
}

static void add_handshake(struct metrics *m, const struct handshake_part *h)
{
	struct metrics_row *row = row_of(m, h);

	row_add_handshake(&row->counts, h, verdict_outcome(h));
	observe(row, h, ROW_HANDSHAKE, row_handshake_ns(h), diary_handshake_end_ns(h));
	if (counts_accept(m))
		observe(row, h, ROW_ACCEPT, row_accept_ns(h), h->accept_ns);
}

static void add_close(struct metrics *m, const struct record *r)
{
	uint64_t end_ns = diary_close_end_ns(r);
	struct metrics_row *row;

	if (!(r->h.flags & HANDSHAKE_POSTED))
		add_handshake(m, &r->h);
	row = row_of(m, &r->h);
	row_add_close(&row->counts, verdict_ending(r));
	observe(row, &r->h, ROW_CLOSE, diary_close_ns(r), end_ns);
	observe(row, &r->h, ROW_CLOSE_WAIT, row_close_wait_ns(r), end_ns);
	if (counts_accept(m) && accept_fate_of(&r->h) == ACCEPT_LATE)
		observe(row, &r->h, ROW_ACCEPT, row_accept_ns(&r->h), r->h.accept_ns);
}

/* Attempts of peers that made no socket. */
static void add_counted(struct metrics *m, const struct item_counted *counted)
{
	struct row_key key = { .role = ROLE_SERVER, .port = counted->port };
	struct row_labels labels;

	if (!port_gets_row(m, &key, true))
		key.port = ROW_OTHER;
	make_labels(m, &labels, &key);
	metrics_rows_find(m->rows, &labels)->counts.outcomes[attempt_counted(counted->attempt)] +=
		counted->n;
}

static struct listener_row *find_listener(const struct metrics *m, uint16_t port)
{
	for (size_t i = 0; i < m->n_listeners; i++)
		if (m->listeners[i].port == port)
			return &m->listeners[i];
	return NULL;
}

/*
 * Those whose port has a row, and the first of the others: one that drops all that comes has no row, and one whose
 * first drops are to be seen has a sample before.
 */
static bool is_listed(const struct metrics *m, uint16_t port)
{
	if (m->options->metrics_by == METRICS_BY_ROLE)
		return false;
	return m->n_listeners < m->options->metrics_rows || find_listener(m, port) ||
	       metrics_rows_has(m->rows, ROLE_SERVER, port);
}

/* NULL: no memory. */
static struct listener_row *listener_of(struct metrics *m, uint16_t port)
{
	struct listener_row *l;

	if (!is_listed(m, port))
		port = ROW_OTHER;
	l = find_listener(m, port);
	if (l)
		return l;
	l = realloc(m->listeners, (m->n_listeners + 1) * sizeof(*l));
	if (!l)
		return NULL;
	m->listeners = l;
	l += m->n_listeners++;
	*l = (struct listener_row){ .port = port };
	return l;
}

/* Is queue of limit fuller than that of the other?  A listener with a limit of 0 takes one. */
static bool is_fuller(uint32_t queue, uint32_t limit, const struct listener_row *than)
{
	return (uint64_t)queue * (than->queue_limit + 1ULL) >=
	       (uint64_t)than->queue * (limit + 1ULL);
}

static void add_listener(struct metrics *m, const struct item_listener *item)
{
	struct listener_row *l = listener_of(m, item->port);

	if (!l)
		return;
	l->dropped += item->dropped;
	l->half_open += item->half_open;
	if (is_fuller(item->queue, item->backlog, l)) {
		l->queue = item->queue;
		l->queue_limit = item->backlog;
	}
}

void metrics_item(struct metrics *m, const struct item *item)
{
	union {
		struct handshake_part handshake;
		struct record record;
		struct item_counted counted;
	} u;
	size_t size = item_size(item->type);

	if (item->len < size || size > sizeof(u))
		return;
	memcpy(&u, item->data, size);
	switch (item->type) {
	case ITEM_HANDSHAKE:
		add_handshake(m, &u.handshake);
		break;
	case ITEM_CLOSE:
		add_close(m, &u.record);
		break;
	case ITEM_COUNTED:
		add_counted(m, &u.counted);
		break;
	default:
		break;
	}
}

int metrics_listener(void *metrics, const struct item *item)
{
	struct item_listener l;

	if (item->type != ITEM_LISTENER || item->len < sizeof(l))
		return 0;
	memcpy(&l, item->data, sizeof(l));
	add_listener(metrics, &l);
	return 0;
}

void metrics_set_hook(struct metrics *m, enum feature feature, enum hook_kind kind)
{
	m->hooks[feature] = kind;
}

void metrics_begin(struct metrics *m, uint64_t now_ns)
{
	m->now_ns = now_ns;
	m->states_known = false;
	for (size_t i = 0; i < m->n_listeners; i++) {
		m->listeners[i].queue = m->listeners[i].queue_limit = 0;
		m->listeners[i].half_open = 0;
	}
}

bool metrics_kernel_row(void *metrics, const struct row_key *key, const struct kernel_row *row)
{
	struct metrics *m = metrics;
	struct row_labels labels;

	make_labels(m, &labels, key);
	return metrics_rows_take(m->rows, key, &labels, row, m->now_ns);
}

void metrics_set_states(struct metrics *m, const struct state_count (*counts)[STATE_NUMBERS])
{
	m->states_known = counts;
	if (counts)
		memcpy(m->states, counts, sizeof(m->states));
}

void metrics_set_shortfalls(struct metrics *m, const struct shortfalls *s)
{
	m->shortfalls = *s;
	m->shortfalls.rows_full += metrics_rows_full(m->rows);
}
