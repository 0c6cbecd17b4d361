// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "exposition.h"

#include <netinet/in.h>
#include <string.h>

#include "base/text.h"

/* OpenMetrics, "Exemplars": of all names and values together */
#define EXEMPLAR_LABELS_MAX 128

void labels_add(struct labels *l, const char *name, const char *value)
{
	size_t room = sizeof(l->text) - l->used;
	char clean[LABELS_TEXT_MAX / 2], *text = l->text + l->used;
	size_t size = strlen(text_foreign(clean, sizeof(clean), value)) + 1;

	if (!*clean || l->n == LABELS_MAX || size > room)
		return;
	memcpy(text, clean, size);
	l->of[l->n].name = name;
	l->of[l->n++].value = text;
	l->used += size;
}

void exposition_family(struct exposition *e, const struct family *family)
{
	e->family = family;
	e->format->family(e);
}

void exposition_name(char name[FAMILY_NAME_MAX], const struct family *family)
{
	snprintf(name, FAMILY_NAME_MAX, "tcpstates_%s%s", family->name,
		 family->type == FAMILY_COUNTER ? "_total" : "");
}

void exposition_exemplar_labels(struct labels *l, const struct exemplar *x)
{
	bool v4 = IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)x->remote);
	char peer[ENDPOINT_MAX], conn[24], comm[COMM_LEN + 1] = "";
	size_t len = 0;

	text_endpoint(peer, x->remote, v4 ? 4 : 6, "", known_unless_0(x->remote_port));
	labels_add(l, "peer", peer);
	memcpy(comm, x->comm, COMM_LEN);
	labels_add(l, "comm", comm);
	snprintf(conn, sizeof(conn), "0x%llx", x->cookie);
	labels_add(l, "conn", x->cookie ? conn : "");
	for (size_t i = 0; i < l->n; i++)
		len += strlen(l->of[i].name) + strlen(l->of[i].value);
	if (len > EXEMPLAR_LABELS_MAX)
		l->n = 0;
}

#define NO(ns) false,
#define YES(ns) true,
static const uint64_t bounds_ns[ROW_BUCKETS - 1] = { ROW_BOUNDS(ROW_BOUND_NS, ROW_BOUND_NS,
								ROW_BOUND_NS) };
static const bool is_classic[ROW_BUCKETS - 1] = { ROW_BOUNDS(YES, NO, YES) };
static const bool is_native[ROW_BUCKETS - 1] = { ROW_BOUNDS(NO, YES, YES) };

void exposition_classic(const struct row_histogram *h, classic_fn *fn, void *ctx)
{
	uint64_t n = 0;

	for (size_t i = 0; i < ROW_BUCKETS - 1; i++) {
		n += h->n[i];
		if (is_classic[i])
			fn(ctx, bounds_ns[i], n);
	}
}

void exposition_native(struct native_histogram *native, const struct row_histogram *h)
{
	uint64_t *bucket = &native->zero;
	size_t next = 0;

	memset(native, 0, sizeof(*native));
	for (size_t i = 0; i < ROW_BUCKETS; i++) {
		*bucket += h->n[i];
		if (i < ROW_BUCKETS - 1 && is_native[i])
			bucket = &native->of[next++];
	}
}

uint64_t exposition_observations(const struct row_histogram *h)
{
	uint64_t n = 0;

	for (size_t i = 0; i < ROW_BUCKETS; i++)
		n += h->n[i];
	return n;
}
