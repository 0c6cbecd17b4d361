// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "render_parts.h"

#include <string.h>

#include "base/number.h"

static const struct renderer renderer_none = {
	.name = "none",
	.help = "nothing (with -w or -s)",
};

static const struct renderer end_of_table = { 0 };

const struct renderer *const renderers[] = {
	&renderer_timeline, &renderer_ladder, &renderer_line, &renderer_states, &renderer_json,
	&renderer_csv,	    &renderer_html,   &renderer_top,  &renderer_none,	&end_of_table,
};

const struct renderer *renderer_find(const char *name)
{
	for (size_t i = 0; renderers[i]->name; i++)
		if (strcmp(renderers[i]->name, name) == 0)
			return renderers[i];
	return NULL;
}

int64_t render_realtime(const struct render_context *rc, int64_t t_ns)
{
	return number_add(t_ns, rc->clock_offset_ns);
}

static const char *relative_time(char buf[TIME_MAX], uint64_t t_ns, uint64_t base_ns)
{
	/*
	 * below 0 for an event that precedes the first one reported, in a chapter that took
	 * longer
	 */
	uint64_t span_us = (t_ns < base_ns ? base_ns - t_ns : t_ns - base_ns) / 1000;
	size_t len = t_ns < base_ns;

	if (len)
		buf[0] = '-';
	len += number_uint(buf + len, span_us / 1000000);
	buf[len++] = '.';
	number_pad(buf + len, span_us % 1000000, 6);
	buf[len + 6] = '\0';
	return buf;
}

const char *render_time(char buf[TIME_MAX], const struct render_context *rc,
			enum time_style by_default, struct maybe t_ns)
{
	enum time_style style = rc->time_style == TIME_DEFAULT ? by_default : rc->time_style;

	if (!t_ns.known)
		return memcpy(buf, "-", 2);
	if (style == TIME_RELATIVE)
		return relative_time(buf, (uint64_t)t_ns.value, rc->first_ns);
	if (rc->time_style != TIME_WALL)
		return text_utc(buf, render_realtime(rc, t_ns.value));
	return text_wall(buf, render_realtime(rc, t_ns.value));
}

bool render_is_older(const struct chapter *ch)
{
	return ch->missing == MISSING_BEFORE_TRACE && !ch->t_ns.known;
}

const char *render_step_time(char buf[TIME_MAX], const struct step *s)
{
	size_t tilde = s->derived && s->t_ns.known;

	buf[0] = '~';
	text_ms(buf + tilde, s->t_ns);
	return buf;
}

static size_t put_sequence(char *buf, const char what[5], struct maybe number, struct maybe first,
			   bool absolute)
{
	uint32_t value = (uint32_t)number.value;

	if (!number.known)
		return 0;
	if (first.known && !absolute)
		value -= (uint32_t)first.value;
	memcpy(buf, what, 5);
	return 5 + number_uint(buf + 5, value);
}

const char *render_numbers(char buf[NUMBERS_TEXT_MAX], const struct render_context *rc,
			   const struct chapter *ch, const struct step *s)
{
	bool sent = s->segment.sent;
	size_t len = put_sequence(buf, " seq=", s->seq, sent ? ch->iss : ch->irs, rc->verbose);

	len += put_sequence(buf + len, " ack=", s->ack, sent ? ch->irs : ch->iss, rc->verbose);
	buf[len] = '\0';
	return buf;
}

/* Is one of the step's numbers known, but not the one from which it would count? */
static bool has_absolute(const struct chapter *ch, const struct step *s)
{
	bool sent = s->segment.sent;

	return (s->seq.known && !(sent ? ch->iss : ch->irs).known) ||
	       (s->ack.known && !(sent ? ch->irs : ch->iss).known);
}

bool render_is_absolute(const struct render_context *rc, const struct chapter *ch)
{
	if (rc->verbose || ch->missing == MISSING_NOTHING)
		return false;
	for (size_t i = 0; i < chapter_step_count(ch); i++)
		if (has_absolute(ch, &ch->steps[i]))
			return true;
	return false;
}

const char *render_number(char buf[32], struct maybe number)
{
	size_t len;

	if (!number.known)
		return "-";
	len = number_int(buf, number.value);
	buf[len] = '\0';
	return buf;
}

const char *render_local(char buf[ENDPOINT_MAX], const struct chapter *ch)
{
	return text_endpoint(buf, ch->local, ch->family, ch->ifname, ch->local_port);
}

const char *render_remote(char buf[ENDPOINT_MAX], const struct chapter *ch)
{
	return text_endpoint(buf, ch->remote, ch->family, text_remote_zone(ch->remote, ch->ifname),
			     ch->remote_port);
}
