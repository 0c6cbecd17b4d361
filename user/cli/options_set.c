// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "options_set.h"

#include <string.h>

#include "base/clock.h"
#include "parse.h"
#include "render/render.h"

#define NS_PER_MS 1000000ULL
#define BYTES_PER_MB 1000000ULL
#define BYTES_MAX (1000000 * BYTES_PER_MB)

static void *field(struct parse *p, const struct option_row *row)
{
	return (char *)p->o + row->offset;
}

/* Complains, unless why is NULL.  element: which part of arg is wrong; "" or NULL: not a part of it. */
static enum options_result complain_if(struct parse *p, const struct option_row *row,
				       const char *arg, const char *why, const char *element)
{
	struct complaint c = {
		.what = p->what,
		.arg = arg,
		.why = why,
		.element = element && element[0] && strcmp(element, arg) ? element : NULL,
		.row = row,
	};

	return why ? options_complain(p->err, &c) : OPTIONS_RUN;
}

enum options_result set_flag(struct parse *p, const struct option_row *row, const char *arg)
{
	(void)arg;
	*(bool *)field(p, row) = true;
	return OPTIONS_RUN;
}

enum options_result set_string(struct parse *p, const struct option_row *row, const char *arg)
{
	*(const char **)field(p, row) = arg;
	return complain_if(p, row, arg, arg[0] ? NULL : "empty", NULL);
}

enum options_result set_number(struct parse *p, const struct option_row *row, const char *arg)
{
	uint64_t value = 0;
	const char *why = parse_number(arg, row->low, row->high, &value);

	*(uint32_t *)field(p, row) = (uint32_t)value;
	return complain_if(p, row, arg, why, NULL);
}

enum options_result set_ring(struct parse *p, const struct option_row *row, const char *arg)
{
	enum options_result r = set_number(p, row, arg);

	if (r != OPTIONS_RUN || !(p->o->ring_mib & (p->o->ring_mib - 1)))
		return r;
	return complain_if(p, row, arg, "not a power of two", NULL);
}

enum options_result set_ms(struct parse *p, const struct option_row *row, const char *arg)
{
	return complain_if(p, row, arg, parse_time(arg, NS_PER_MS, field(p, row)), NULL);
}

enum options_result set_megabytes(struct parse *p, const struct option_row *row, const char *arg)
{
	return complain_if(p, row, arg, parse_decimal(arg, BYTES_PER_MB, BYTES_MAX, field(p, row)),
			   NULL);
}

enum options_result set_seconds(struct parse *p, const struct option_row *row, const char *arg)
{
	uint64_t ns = 0;
	const char *why = parse_time(arg, NS_PER_S, &ns);

	*(double *)field(p, row) = (double)ns / (double)NS_PER_S;
	return complain_if(p, row, arg, why, NULL);
}

static enum options_result set_list(struct parse *p, const struct option_row *row, const char *arg,
				    const char *(*parse)(const char *s, void *into))
{
	char element[PARSE_ELEMENT_MAX];
	const char *why = parse_list(arg, parse, field(p, row), element);

	return complain_if(p, row, arg, why, element);
}

enum options_result set_pids(struct parse *p, const struct option_row *row, const char *arg)
{
	return set_list(p, row, arg, parse_pid);
}

enum options_result set_ports(struct parse *p, const struct option_row *row, const char *arg)
{
	return set_list(p, row, arg, parse_ports);
}

enum options_result set_prefixes(struct parse *p, const struct option_row *row, const char *arg)
{
	return set_list(p, row, arg, parse_prefix);
}

enum options_result set_comm(struct parse *p, const struct option_row *row, const char *arg)
{
	size_t len = strlen(arg);

	if (!len)
		return complain_if(p, row, arg, "empty", NULL);
	if (len >= sizeof(p->o->comm))
		return complain_if(p, row, arg,
				   "the kernel keeps only the first 15 bytes of a name: give those",
				   NULL);
	memcpy(p->o->comm, arg, len);
	return OPTIONS_RUN;
}

enum options_result set_family(struct parse *p, const struct option_row *row, const char *arg)
{
	const char *conflict = row->low == 4 ? "conflicts with -6" : "conflicts with -4";

	(void)arg;
	if (p->o->family && p->o->family != row->low)
		return complain_if(p, row, NULL, conflict, NULL);
	p->o->family = (uint8_t)row->low;
	return OPTIONS_RUN;
}

static bool find_word(const struct word *words, const char *name, unsigned int *value)
{
	for (; words->name; words++) {
		if (!strcmp(words->name, name)) {
			*value = words->value;
			return true;
		}
	}
	return false;
}

enum options_result set_role(struct parse *p, const struct option_row *row, const char *arg)
{
	unsigned int value = ROLE_UNKNOWN;
	bool found = find_word(row->words, arg, &value);

	p->o->role = (enum role)value;
	return complain_if(p, row, arg, found ? NULL : "unknown role", NULL);
}

enum options_result set_attach(struct parse *p, const struct option_row *row, const char *arg)
{
	unsigned int value = ATTACH_AUTO;
	bool found = find_word(row->words, arg, &value);

	p->o->attach = (enum attach)value;
	return complain_if(p, row, arg, found ? NULL : "unknown hook", NULL);
}

enum options_result set_hook(struct parse *p, const struct option_row *row, const char *arg)
{
	enum feature feature;
	enum hook_kind kind;

	if (!features_parse(arg, &feature, &kind))
		return complain_if(p, row, arg, "unknown feature or hook", NULL);
	p->o->hooks[feature] = (uint8_t)kind;
	return OPTIONS_RUN;
}

enum options_result set_netns(struct parse *p, const struct option_row *row, const char *arg)
{
	return complain_if(p, row, arg, parse_netns(arg, &p->o->netns, &p->o->netns_fd), NULL);
}

enum options_result set_output(struct parse *p, const struct option_row *row, const char *arg)
{
	const struct renderer *renderer = renderer_find(arg);

	p->o->renderer = renderer;
	if (!renderer)
		return complain_if(p, row, arg, "unknown format", NULL);
	p->o->transitions = renderer->transition != NULL;
	p->o->silent = !renderer->chapter && !renderer->transition;
	return OPTIONS_RUN;
}

enum options_result set_time(struct parse *p, const struct option_row *row, const char *arg)
{
	(void)arg;
	p->o->time_style = (enum time_style)row->low;
	return OPTIONS_RUN;
}

enum options_result set_version(struct parse *p, const struct option_row *row, const char *arg)
{
	(void)row;
	(void)arg;
	fprintf(p->out, "tcpstates-trace %s\n", TCPSTATES_TRACE_VERSION);
	return OPTIONS_DONE;
}
