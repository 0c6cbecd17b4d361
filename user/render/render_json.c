// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* JSON Lines: an object for each chapter, and one with the totals at the end. */
#include "fields.h"
#include "base/json.h"
#include "chapter/attempt.h"
#include "chapter/names.h"
#include "render_parts.h"

static void put_step(struct json *j, const struct step *s)
{
	char segment[SEGMENT_TEXT_MAX];

	json_open(j, '{');
	json_literal_key(j, "t_us");
	if (s->t_ns.known)
		json_us(j, s->t_ns.value);
	else
		json_null(j);
	json_literal_key(j, "from");
	json_word(j, name_state(s->from));
	json_literal_key(j, "to");
	json_word(j, name_state(s->to));
	json_literal_key(j, "segment");
	json_word(j, name_segment(segment, &s->segment));
	if (s->seq.known) {
		json_literal_key(j, "seq");
		json_int(j, s->seq.value);
	}
	if (s->ack.known) {
		json_literal_key(j, "ack");
		json_int(j, s->ack.value);
	}
	if (s->segment.unsent) {
		json_literal_key(j, "sent");
		json_bool(j, false);
	}
	if (s->derived) {
		json_literal_key(j, "derived");
		json_bool(j, true);
	}
	json_close(j, '}');
}

void render_steps_json(struct json *j, const struct chapter *ch)
{
	json_open(j, '[');
	for (size_t i = 0; i < chapter_step_count(ch); i++)
		put_step(j, &ch->steps[i]);
	json_close(j, ']');
}

static void put_value(struct json *j, const struct value *v, const struct chapter *ch)
{
	switch (v->kind) {
	case VALUE_NULL:
		json_null(j);
		break;
	case VALUE_UINT:
		json_uint(j, v->u);
		break;
	case VALUE_INT:
		json_int(j, v->i);
		break;
	case VALUE_US:
		json_us(j, v->i);
		break;
	case VALUE_BOOL:
		json_bool(j, v->b);
		break;
	case VALUE_WORD:
		json_word(j, v->text);
		break;
	case VALUE_FOREIGN:
		json_text(j, v->text);
		break;
	case VALUE_STEPS:
		render_steps_json(j, ch);
		break;
	}
}

static void chapter(struct render_context *rc, const struct chapter *ch)
{
	uint8_t type = ch->type == CHAPTER_CLOSE ? IN_CLOSE : IN_HANDSHAKE;
	struct json j;
	struct value v;

	json_begin(&j, rc->out);
	json_open(&j, '{');
	for (const struct field *f = fields; f->name; f++) {
		if (!(f->json & type) || (f->only_open && !ch->open))
			continue;
		field_value(&v, f, rc, ch);
		json_ready_key(&j, f->key, f->key_len);
		put_value(&j, &v, ch);
	}
	json_close(&j, '}');
	json_end_line(&j);
}

static void put_maybe(struct json *j, const char *key, struct maybe m)
{
	json_key(j, key);
	if (m.known)
		json_int(j, m.value);
	else
		json_null(j);
}

static void listener(struct render_context *rc, const struct listener_report *l)
{
	char time[TIME_MAX], address[ADDRESS_MAX];
	const struct person *o = &l->owner;
	struct json j;

	json_begin(&j, rc->out);
	json_open(&j, '{');
	json_key(&j, "type");
	json_word(&j, "listener");
	json_key(&j, "time");
	json_word(&j,
		  l->t_ns.known ? text_rfc3339(time, render_realtime(rc, l->t_ns.value)) : NULL);
	put_maybe(&j, "netns", (struct maybe){ .known = l->netns, .value = l->netns });
	json_key(&j, "ifname");
	json_text(&j, *l->ifname ? l->ifname : NULL);
	json_key(&j, "family");
	json_uint(&j, l->family);
	json_key(&j, "local");
	json_word(&j, text_address(address, l->local, l->family));
	put_maybe(&j, "local_port", l->local_port);
	put_maybe(&j, "pid", o->pid);
	json_key(&j, "comm");
	json_text(&j, *o->comm ? o->comm : NULL);
	put_maybe(&j, "uid", o->uid);
	json_key(&j, "cgroup");
	json_text(&j, o->cgroup.known && rc->cgroup_path
			      ? rc->cgroup_path(rc->cgroup_ctx, (uint64_t)o->cgroup.value)
			      : NULL);
	put_maybe(&j, "queue", l->queue);
	put_maybe(&j, "queue_max", l->queue_max);
	put_maybe(&j, "backlog", l->backlog);
	put_maybe(&j, "half_open", l->half_open);
	put_maybe(&j, "dropped", l->dropped);
	put_maybe(&j, "accepted", l->accepted);
	json_close(&j, '}');
	json_end_line(&j);
}

static void counted(struct render_context *rc, const struct item_counted *c)
{
	char time[TIME_MAX];
	struct json j;

	json_begin(&j, rc->out);
	json_open(&j, '{');
	json_key(&j, "type");
	json_word(&j, "counted");
	json_key(&j, "time");
	json_word(&j, c->now_ns && c->now_ns <= INT64_MAX
			      ? text_rfc3339(time, render_realtime(rc, (int64_t)c->now_ns))
			      : NULL);
	put_maybe(&j, "netns", known_unless_0(c->netns));
	json_key(&j, "role");
	json_word(&j, name_role(ROLE_SERVER));
	put_maybe(&j, "local_port", known_if(c->ports == 1, c->port));
	put_maybe(&j, "ports", known_unless_0(c->ports));
	json_key(&j, "outcome");
	json_word(&j, name_outcome(attempt_counted(c->attempt)));
	json_key(&j, "count");
	json_uint(&j, c->n);
	json_close(&j, '}');
	json_end_line(&j);
}

static void put_count(struct json *j, const char *key, uint64_t count)
{
	json_key(j, key);
	json_uint(j, count);
}

static void end(struct render_context *rc, const struct totals *totals)
{
	struct json j;

	json_begin(&j, rc->out);
	json_open(&j, '{');
	json_key(&j, "type");
	json_word(&j, "summary");
	put_count(&j, "connections", totals->connections);
	put_count(&j, "handshakes", totals->handshakes);
	put_count(&j, "counted", totals->counted);
	put_count(&j, "closes", totals->closes);
	put_count(&j, "open", totals->open);
	put_count(&j, "events_lost", totals->events_lost);
	put_count(&j, "table_full", totals->table_full);
	put_count(&j, "incomplete", totals->incomplete);
	json_key(&j, "outcomes");
	json_open(&j, '{');
	for (unsigned int i = OUTCOME_UNKNOWN + 1; i < OUTCOMES; i++)
		put_count(&j, name_outcome(i), totals->outcomes[i]);
	json_close(&j, '}');
	json_key(&j, "endings");
	json_open(&j, '{');
	for (unsigned int i = ENDING_UNKNOWN + 1; i < ENDINGS; i++)
		put_count(&j, name_ending(i), totals->endings[i]);
	json_close(&j, '}');
	json_close(&j, '}');
	json_end_line(&j);
}

const struct renderer renderer_json = {
	.name = "json",
	.help = "one JSON object per line (JSON Lines)",
	.machine_readable = true,
	.chapter = chapter,
	.listener = listener,
	.counted = counted,
	.end = end,
};
