// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "options_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "options_hint.h"
#include "parse.h"
#include "render/render.h"

#define BYTES_PER_MB 1000000ULL
#define BYTES_MAX (1000000 * BYTES_PER_MB)

static void *field(struct parse *p, const struct option_row *row)
{
	return (char *)p->o + row->offset;
}

/* Complains, unless why is NULL.  A row with words refuses nothing but unknown ones. */
static enum options_result complain_if(struct parse *p, const struct option_row *row,
				       const char *arg, const char *why)
{
	char hint[HINT_MAX];
	struct complaint c = {
		.what = p->what,
		.arg = arg,
		.why = why,
		.row = row,
		.hint = why ? hint_joined(hint, p->what, arg) ?: hint_choice(hint, row, arg) : NULL,
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
	return complain_if(p, row, arg, arg[0] ? NULL : "empty");
}

enum options_result set_number(struct parse *p, const struct option_row *row, const char *arg)
{
	uint64_t value = 0;
	const char *why = parse_number(arg, row->low, row->high, &value);

	*(uint32_t *)field(p, row) = (uint32_t)value;
	return complain_if(p, row, arg, why);
}

enum options_result set_ring(struct parse *p, const struct option_row *row, const char *arg)
{
	enum options_result r = set_number(p, row, arg);

	if (r != OPTIONS_RUN || !(p->o->ring_mib & (p->o->ring_mib - 1)))
		return r;
	return complain_if(p, row, arg, "not a power of two");
}

enum options_result set_ms(struct parse *p, const struct option_row *row, const char *arg)
{
	return complain_if(p, row, arg, parse_time(arg, NS_PER_MS, field(p, row)));
}

/* Any sign: parse_time() is for spans. */
enum options_result set_clock_offset(struct parse *p, const struct option_row *row, const char *arg)
{
	bool behind = *arg == '-';
	const char *digits = arg + (behind || *arg == '+');
	uint64_t ns = 0;
	/* 0 is a span of no length, which parse_time() refuses */
	const char *why = !digits[strspn(digits, "0.")] && *digits == '0'
				  ? NULL
				  : parse_time(digits, NS_PER_MS, &ns);

	p->o->clock_offset_ns = known(behind ? -(int64_t)ns : (int64_t)ns);
	return complain_if(p, row, arg, why);
}

enum options_result set_megabytes(struct parse *p, const struct option_row *row, const char *arg)
{
	return complain_if(p, row, arg, parse_decimal(arg, BYTES_PER_MB, BYTES_MAX, field(p, row)));
}

enum options_result set_seconds(struct parse *p, const struct option_row *row, const char *arg)
{
	uint64_t ns = 0;
	const char *why = parse_time(arg, NS_PER_S, &ns);

	*(double *)field(p, row) = (double)ns / (double)NS_PER_S;
	return complain_if(p, row, arg, why);
}

/* How a list is read: each element, and what to say of one that is refused. */
struct list_of {
	const char *(*parse)(const char *s, void *into);
	/* NULL: by the words of the row */
	const char *(*hint)(char buf[HINT_MAX], const char *element);
};

static enum options_result set_list(struct parse *p, const struct option_row *row, const char *arg,
				    const struct list_of *list)
{
	char element[PARSE_ELEMENT_MAX], hint[HINT_MAX];
	const char *why = parse_list(arg, list->parse, field(p, row), element);
	struct complaint c = {
		.what = p->what,
		.arg = arg,
		.why = why,
		.element = element[0] && strcmp(element, arg) ? element : NULL,
		.row = row,
		.hint = why ? hint_joined(hint, p->what, arg) : NULL,
	};

	if (why && !c.hint)
		c.hint = list->hint ? list->hint(hint, element + (element[0] == '!'))
				    : hint_choice(hint, row, element + (element[0] == '!'));
	return why ? options_complain(p->err, &c) : OPTIONS_RUN;
}

enum options_result set_pids(struct parse *p, const struct option_row *row, const char *arg)
{
	return set_list(p, row, arg, &(struct list_of){ parse_pid, hint_process });
}

enum options_result set_ports(struct parse *p, const struct option_row *row, const char *arg)
{
	return set_list(p, row, arg, &(struct list_of){ parse_ports, hint_port });
}

enum options_result set_prefixes(struct parse *p, const struct option_row *row, const char *arg)
{
	return set_list(p, row, arg, &(struct list_of){ parse_prefix, hint_address });
}

enum options_result set_states(struct parse *p, const struct option_row *row, const char *arg)
{
	p->o->open = true;
	return set_list(p, row, arg, &(struct list_of){ parse_state, NULL });
}

enum options_result set_causes(struct parse *p, const struct option_row *row, const char *arg)
{
	return set_list(p, row, arg, &(struct list_of){ parse_cause, NULL });
}

/* --older is of what is open. */
enum options_result set_older(struct parse *p, const struct option_row *row, const char *arg)
{
	p->o->open = true;
	return complain_if(p, row, arg, parse_time(arg, NS_PER_S, &p->o->older_ns));
}

enum options_result set_conn(struct parse *p, const struct option_row *row, const char *arg)
{
	struct options *o = p->o;

	if (o->n_conns == CONNS_MAX)
		return complain_if(p, row, arg, "too many");
	return complain_if(p, row, arg, parse_conn(arg, o->conns[o->n_conns++]));
}

enum options_result set_container(struct parse *p, const struct option_row *row, const char *arg)
{
	p->o->container = arg;
	return complain_if(p, row, arg, parse_container(arg));
}

enum options_result set_moment(struct parse *p, const struct option_row *row, const char *arg)
{
	return complain_if(p, row, arg, parse_moment(arg, field(p, row)));
}

enum options_result set_read(struct parse *p, const struct option_row *row, const char *arg)
{
	const char **more;

	if (!arg[0])
		return complain_if(p, row, arg, "empty");
	more = reallocarray(p->o->read_files, p->o->n_read_files + 1, sizeof(*more));
	if (!more)
		return complain_if(p, row, arg, strerror(ENOMEM));
	more[p->o->n_read_files++] = arg;
	p->o->read_files = more;
	p->o->read_file = more[0];
	return OPTIONS_RUN;
}

enum options_result set_comms(struct parse *p, const struct option_row *row, const char *arg)
{
	return set_list(p, row, arg, &(struct list_of){ parse_comm, NULL });
}

enum options_result set_family(struct parse *p, const struct option_row *row, const char *arg)
{
	const char *conflict = row->low == 4 ? "conflicts with -6" : "conflicts with -4";

	(void)arg;
	if (p->o->family && p->o->family != row->low)
		return complain_if(p, row, NULL, conflict);
	p->o->family = (uint8_t)row->low;
	return OPTIONS_RUN;
}

static bool find_word(const struct choice *words, const char *name, unsigned int *value)
{
	for (; words->name; words++) {
		if (!strcasecmp(words->name, name)) {
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
	return complain_if(p, row, arg, found ? NULL : "unknown role");
}

enum options_result set_attach(struct parse *p, const struct option_row *row, const char *arg)
{
	unsigned int value = ATTACH_AUTO;
	bool found = find_word(row->words, arg, &value);

	p->o->attach = (enum attach)value;
	return complain_if(p, row, arg, found ? NULL : "unknown hook");
}

enum options_result set_metrics_by(struct parse *p, const struct option_row *row, const char *arg)
{
	unsigned int value = METRICS_BY_PORT;
	bool found = find_word(row->words, arg, &value);

	p->o->metrics_by = (enum metrics_by)value;
	return complain_if(p, row, arg, found ? NULL : "unknown key");
}

enum options_result set_hook(struct parse *p, const struct option_row *row, const char *arg)
{
	enum feature feature;
	enum hook_kind kind;

	if (!features_parse(arg, &feature, &kind))
		return complain_if(p, row, arg, "unknown feature or hook");
	p->o->hooks[feature] = (uint8_t)kind;
	return OPTIONS_RUN;
}

enum options_result set_netns(struct parse *p, const struct option_row *row, const char *arg)
{
	return complain_if(p, row, arg, parse_netns(arg, &p->o->netns, &p->o->netns_fd));
}

/* -o JSON is as good as -o json. */
static const struct renderer *find_format(const char *name)
{
	for (const struct renderer *const *r = renderers; (*r)->name; r++)
		if (!strcasecmp((*r)->name, name))
			return *r;
	return NULL;
}

void options_set_renderer(struct options *o, const struct renderer *renderer)
{
	o->renderer = renderer;
	o->transitions = renderer->transition != NULL;
	o->silent = !renderer->chapter && !renderer->transition;
}

enum options_result set_output(struct parse *p, const struct option_row *row, const char *arg)
{
	const struct renderer *renderer = find_format(arg);

	if (!renderer)
		return complain_if(p, row, arg, "unknown format");
	options_set_renderer(p->o, renderer);
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
