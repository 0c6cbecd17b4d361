// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* JSON Lines: an object for each chapter, and one with the totals at the end. */
#include "conversation_json.h"
#include "fields.h"
#include "base/json.h"
#include "chapter/attempt.h"
#include "chapter/names.h"
#include "render_parts.h"
#include "summary_json.h"

static void put_step(struct printer *p, const struct step *s)
{
	struct word buf;
	const struct word *segment = name_segment_word(&buf, &s->segment);

	json_open(p, '{');
	json_literal_key(p, "t_us");
	if (s->t_ns.known)
		json_us(p, s->t_ns.value);
	else
		json_null(p);
	json_literal_key(p, "from");
	json_name(p, name_word(NAMES_STATE, s->from));
	json_literal_key(p, "to");
	json_name(p, name_word(NAMES_STATE, s->to));
	json_literal_key(p, "segment");
	if (segment)
		json_name(p, segment);
	else
		json_null(p);
	if (s->seq.known) {
		json_literal_key(p, "seq");
		json_int(p, s->seq.value);
	}
	if (s->ack.known) {
		json_literal_key(p, "ack");
		json_int(p, s->ack.value);
	}
	if (s->segment.unsent) {
		json_literal_key(p, "sent");
		json_bool(p, false);
	}
	if (s->derived) {
		json_literal_key(p, "derived");
		json_bool(p, true);
	}
	json_close(p, '}');
}

void render_steps_json(struct printer *p, const struct chapter *ch)
{
	json_open(p, '[');
	for (size_t i = 0; i < chapter_step_count(ch); i++)
		put_step(p, &ch->steps[i]);
	json_close(p, ']');
}

static void chapter(struct render_context *rc, const struct chapter *ch)
{
	struct printer p;

	printer_begin(&p, rc->out);
	json_open(&p, '{');
	fields_json(&p, rc, ch);
	json_close(&p, '}');
	json_end_line(&p);
}

void render_time_json(struct printer *p, const char *key, const struct render_context *rc,
		      struct maybe t_ns)
{
	json_key(p, key);
	if (t_ns.known)
		json_time(p, render_realtime(rc, t_ns.value));
	else
		json_null(p);
}

static void put_maybe(struct printer *p, const char *key, struct maybe m)
{
	json_key(p, key);
	if (m.known)
		json_int(p, m.value);
	else
		json_null(p);
}

static void listener(struct render_context *rc, const struct listener_report *l)
{
	const struct person *o = &l->owner;
	struct printer p;

	printer_begin(&p, rc->out);
	json_open(&p, '{');
	json_key(&p, "type");
	json_word(&p, "listener");
	render_time_json(&p, "time", rc, l->t_ns);
	put_maybe(&p, "netns", (struct maybe){ .known = l->netns, .value = l->netns });
	json_key(&p, "ifname");
	json_text(&p, *l->ifname ? l->ifname : NULL);
	json_key(&p, "family");
	json_uint(&p, l->family);
	json_key(&p, "local");
	json_address(&p, l->local, l->family);
	put_maybe(&p, "local_port", l->local_port);
	put_maybe(&p, "pid", o->pid);
	json_key(&p, "comm");
	json_text(&p, *o->comm ? o->comm : NULL);
	put_maybe(&p, "uid", o->uid);
	json_key(&p, "cgroup");
	json_text(&p, o->cgroup.known && rc->cgroup_path
			      ? rc->cgroup_path(rc->cgroup_ctx, (uint64_t)o->cgroup.value)
			      : NULL);
	put_maybe(&p, "queue", l->queue);
	put_maybe(&p, "queue_max", l->queue_max);
	put_maybe(&p, "backlog", l->backlog);
	put_maybe(&p, "half_open", l->half_open);
	put_maybe(&p, "dropped", l->dropped);
	put_maybe(&p, "accepted", l->accepted);
	json_close(&p, '}');
	json_end_line(&p);
}

static void counted(struct render_context *rc, const struct item_counted *c)
{
	struct printer p;

	printer_begin(&p, rc->out);
	json_open(&p, '{');
	json_key(&p, "type");
	json_word(&p, "counted");
	render_time_json(&p, "time", rc,
			 known_if(c->now_ns && c->now_ns <= INT64_MAX, (int64_t)c->now_ns));
	put_maybe(&p, "netns", known_unless_0(c->netns));
	json_key(&p, "role");
	json_word(&p, name_role(ROLE_SERVER));
	put_maybe(&p, "local_port", known_if(c->ports == 1, c->port));
	put_maybe(&p, "ports", known_unless_0(c->ports));
	json_key(&p, "outcome");
	json_word(&p, name_outcome(attempt_counted(c->attempt)));
	json_key(&p, "count");
	json_uint(&p, c->n);
	json_close(&p, '}');
	json_end_line(&p);
}

static void interval(struct render_context *rc, const struct summary *s, uint64_t from_ns,
		     uint64_t to_ns)
{
	const struct summary_interval of = { from_ns, to_ns };
	struct totals totals = { 0 };

	summary_totals(s, &totals);
	summary_json(rc, s, &totals, &of);
}

static void end(struct render_context *rc, const struct totals *totals)
{
	summary_json(rc, rc->summary, totals, NULL);
}

const struct renderer renderer_json = {
	.name = "json",
	.help = "one JSON object per line (JSON Lines)",
	.machine_readable = true,
	.chapter = chapter,
	.conversation = conversation_json,
	.listener = listener,
	.counted = counted,
	.interval = interval,
	.end = end,
};
