// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the live view counts. */
#include "top_parts.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	uint8_t key;
} views[TOP_VIEWS] = {
	[TOP_BY_PROCESS] = { "process", BY_PID },
	[TOP_BY_PEER] = { "peer", BY_PEER },
	[TOP_BY_LISTENER] = { "listener", BY_LISTENER },
};

static bool create_view(struct top_view *v, unsigned int i)
{
	v->name = views[i].name;
	v->by = (struct by){ .n = 1, .keys = { views[i].key }, .ipv4_bits = 32, .ipv6_bits = 128 };
	v->summary = summary_create();
	return v->summary && summary_group(v->summary, &v->by);
}

struct top *top_create(const struct render_context *rc)
{
	struct top *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->rc = rc;
	t->sort = TOP_OPEN;
	t->page = 1;
	for (unsigned int i = 0; i < TOP_VIEWS; i++) {
		if (!create_view(&t->views[i], i)) {
			top_destroy(t);
			return NULL;
		}
	}
	return t;
}

void top_destroy(struct top *t)
{
	if (!t)
		return;
	for (unsigned int i = 0; i < TOP_VIEWS; i++) {
		summary_destroy(t->views[i].summary);
		free(t->views[i].rows);
	}
	for (unsigned int i = 0; i < TOP_WINDOW; i++)
		histogram_free(&t->connect[i]);
	top_conns_free(&t->conns);
	free(t->shown);
	free(t->entries);
	free(t->ladder);
	free(t);
}

static void note_time(struct top *t, uint64_t ns)
{
	if (ns && (!t->begin_ns || ns < t->begin_ns))
		t->begin_ns = ns;
	if (ns > t->last_ns)
		t->last_ns = ns;
}

static void note_chapter_time(struct top *t, const struct chapter *ch)
{
	struct maybe took = ch->open			? ch->state_ns
			    : ch->type == CHAPTER_CLOSE ? ch->close.close_ns
							: ch->handshake.handshake_ns;

	if (!ch->t_ns.known)
		return;
	note_time(t, (uint64_t)ch->t_ns.value);
	note_time(t, (uint64_t)ch->t_ns.value + (uint64_t)(took.known ? took.value : 0));
}

void top_add(struct top *t, const struct chapter *handshake, const struct chapter *ch)
{
	const struct maybe *ns = &ch->handshake.handshake_ns;

	note_chapter_time(t, ch);
	for (unsigned int i = 0; i < TOP_VIEWS; i++)
		summary_add(t->views[i].summary, ch);
	top_conns_add(&t->conns, handshake, ch);
	if (!ch->open && ch->type == CHAPTER_HANDSHAKE &&
	    ch->handshake.outcome == OUTCOME_ESTABLISHED && ns->known && ns->value > 0)
		histogram_add(&t->connect[t->ticks % TOP_WINDOW], (uint64_t)ns->value);
}

static bool is_zero(const uint8_t addr[16], uint8_t family)
{
	static const uint8_t any[16], any4[16] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(addr, any, sizeof(any)) ||
	       (family == 4 && !memcmp(addr, any4, sizeof(any4)));
}

void top_add_listener(struct top *t, const struct listener_report *report)
{
	char key[ENDPOINT_MAX];
	size_t i = 0;
	struct top_listener *l;

	text_endpoint(key, report->local, report->family, report->ifname, report->local_port);
	while (i < t->n_listeners && strcmp(t->listeners[i].key, key))
		i++;
	if (i == TOP_LISTENERS)
		return;
	l = &t->listeners[i];
	if (i == t->n_listeners) {
		t->n_listeners++;
		memcpy(l->key, key, sizeof(key));
		l->any_address = is_zero(report->local, report->family);
	}
	l->queue = (uint64_t)report->queue.value;
	l->backlog = (uint64_t)report->backlog.value;
	l->dropped += (uint64_t)report->dropped.value;
}

void top_add_counted(struct top *t, const struct item_counted *counted)
{
	note_time(t, counted->now_ns);
	for (unsigned int i = 0; i < TOP_VIEWS; i++)
		summary_add_counted(t->views[i].summary, counted);
}

void top_open_begin(struct top *t)
{
	for (unsigned int i = 0; i < TOP_VIEWS; i++)
		summary_open_begin(t->views[i].summary);
	top_conns_open_begin(&t->conns);
}

void top_next_trace(struct top *t)
{
	for (unsigned int i = 0; i < TOP_VIEWS; i++)
		summary_next_trace(t->views[i].summary);
}

bool top_is_frozen(const struct top *t)
{
	return t->frozen;
}

void top_say(struct top *t, const char *line)
{
	char safe[TOP_SAY_MAX];

	snprintf(t->said, sizeof(t->said), "%s", text_foreign(safe, sizeof(safe), line));
}
