// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "options_check.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/netns.h"
#include "options_by.h"
#include "options_metrics.h"
#include "options_row.h"
#include "options_rows.h"
#include "options_set.h"
#include "parse.h"
#include "render/render.h"

static bool same_file(const char *a, const char *b)
{
	struct stat sa, sb;

	if (!a || !b)
		return false;
	/* devices, pipes and "-" may be used twice */
	if (!stat(a, &sa) && !stat(b, &sb))
		return S_ISREG(sa.st_mode) && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
	return !strcmp(a, b) && strcmp(a, "-") != 0;
}

static enum options_result check_files(const struct options *o, FILE *err)
{
	if (o->write_bytes && (!o->write_file || !strcmp(o->write_file, "-")))
		return options_refuse(err, "-C", "requires --write to a file",
				      "--write FILE -C MB");
	if (o->write_count && !o->write_bytes)
		return options_refuse(err, "-W", "requires -C", "--write FILE -C MB -W COUNT");
	for (size_t i = 0; i < o->n_read_files; i++) {
		if (same_file(o->output_file, o->read_files[i]))
			return options_refuse(err, "--output-file",
					      "would overwrite the file of --read", "another FILE");
		if (o->n_read_files > 1 && !strcmp(o->read_files[i], "-"))
			return options_refuse(err, "--read -", "standard input is read alone",
					      "one FILE of -, or several others");
	}
	if (same_file(o->output_file, o->write_file))
		return options_refuse(err, "--output-file", "is also the file of --write",
				      "another FILE");
	if (o->write_file && !strcmp(o->write_file, "-") && !o->output_file &&
	    (o->summary || !o->silent))
		return options_refuse(err, "--write -", "would mix with the printed output",
				      "with -o none, or with --output-file FILE");
	return OPTIONS_RUN;
}

/* The processes of a recording need not exist any more. */
static enum options_result check_pids(const struct options *o, const struct pid_array *pids,
				      FILE *err)
{
	for (size_t i = 0; i < pids->n && !o->read_file; i++) {
		const char *why = parse_check_process(pids->items[i]);
		char what[PARSE_ELEMENT_MAX];

		snprintf(what, sizeof(what), "--pid %u", pids->items[i]);
		if (why)
			return options_refuse(err, what, why, "PID[,PID...] of running processes");
	}
	return OPTIONS_RUN;
}

/* The cgroup of a recording may be gone, or be one of another host. */
static enum options_result check_cgroup(struct options *o, FILE *err)
{
	struct complaint c = {
		.what = o->container ? "--container" : "--cgroup",
		.arg = o->container ? o->container : o->cgroup_path,
		.accepted = o->container ? ACCEPTED_CONTAINER : ACCEPTED_CGROUP,
	};

	if (o->container && o->cgroup_path)
		return options_refuse(err, "--container", "conflicts with --cgroup",
				      "only one of them");
	if (!c.arg || o->read_file)
		return OPTIONS_RUN;
	c.why = o->container ? parse_find_container(o->container, &o->cgroup_id)
			     : parse_cgroup(o->cgroup_path, &o->cgroup_id);
	return c.why ? options_complain(err, &c) : OPTIONS_RUN;
}

/*
 * A namespace that is named by its number: nobody may get that number during the trace.  One that
 * this process may not see is not kept.
 */
static enum options_result check_netns(struct options *o, FILE *err)
{
	char what[PARSE_ELEMENT_MAX];
	int fd;

	if (!o->netns || o->netns_fd || o->read_file)
		return OPTIONS_RUN;
	fd = netns_open(o->netns);
	snprintf(what, sizeof(what), "--netns %u", o->netns);
	if (fd == -ENOENT)
		return options_refuse(err, what, "no such network namespace",
				      "the PATH or the inode number of one that exists");
	o->netns_fd = fd < 0 ? 0 : fd;
	return OPTIONS_RUN;
}

/* Of which day a time of day is, the recording says. */
static enum options_result check_window(const struct options *o, FILE *err)
{
	static const char accepted[] = "--since TIME --until A-LATER-TIME";

	if (!o->since.given || !o->until.given || o->since.of_day != o->until.of_day ||
	    o->since.ns < o->until.ns)
		return OPTIONS_RUN;
	return options_refuse(
		err, "--since",
		o->since.of_day ? "not before --until, and both are of one day: give the dates, too"
				: "not before --until",
		accepted);
}

/* The terminal is one screen, which nothing else is printed on. */
static enum options_result check_screen(const struct options *o, FILE *err)
{
	if (!o->renderer->on_screen)
		return OPTIONS_RUN;
	if (o->output_file)
		return options_refuse(err, "-o top", "conflicts with --output-file",
				      "another format for a file");
	if (o->interval_s > 0)
		return options_refuse(err, "-o top", "conflicts with --interval",
				      "only one of them");
	if (o->command)
		return options_refuse(err, "-o top", "a COMMAND would print on the same terminal",
				      "-o top in one terminal, and the command in another");
	return OPTIONS_RUN;
}

/* A conversation is printed of both ends, and one end of it says nothing of the other's clock. */
static enum options_result check_pair(const struct options *o, FILE *err)
{
	if (o->pair && !o->renderer->conversation)
		return options_refuse(err, "--pair", "this format prints one end at a time",
				      "-o timeline, ladder, html or json");
	if (o->clock_offset_ns.known &&
	    (o->n_read_files < 2 || !(o->pair || o->renderer->pairs_recordings)))
		return options_refuse(err, "--clock-offset", "requires recordings of several hosts",
				      "--read FILE FILE --pair --clock-offset MS");
	return OPTIONS_RUN;
}

enum options_result options_check(struct options *o, FILE *err)
{
	static const char one[] = "only one of them";
	enum options_result r;

	/* a daemon of which metrics are asked has nobody who reads what it prints */
	if (!o->renderer)
		options_set_renderer(o, renderer_find(options_metrics(o) ? "none" : "timeline"));
	port_set_settle(&o->local_ports);
	port_set_settle(&o->remote_ports);
	port_set_settle(&o->any_ports);
	if (o->by.n && o->renderer->of_rows) {
		o->renderer = o->renderer->of_rows;
		o->silent = true;
	}
	if (o->write_file && o->read_file)
		return options_refuse(err, "--write", "conflicts with --read", one);
	if (o->command && o->read_file)
		return options_refuse(err, "-- COMMAND", "conflicts with --read", one);
	if (o->read_file && o->interval_s > 0)
		return options_refuse(err, "--interval", "conflicts with --read", one);
	if (o->read_file && o->duration_s > 0)
		return options_refuse(err, "--duration", "conflicts with --read", one);
	if (o->command && pid_list_given(&o->pids))
		return options_refuse(err, "--pid", "conflicts with -- COMMAND", one);
	if (o->attach != ATTACH_AUTO && o->hooks[FEATURE_STATE] != HOOK_ANY)
		return options_refuse(err, "--hook state", "conflicts with --attach", one);
	if (o->interval_s > 0 && !o->summary)
		return options_refuse(err, "--interval", "requires --summary",
				      "--summary --interval S");
	if ((o->since.given || o->until.given) && !o->read_file)
		return options_refuse(err, o->since.given ? "--since" : "--until",
				      "requires --read", "--read FILE --since TIME");
	r = check_window(o, err);
	if (r != OPTIONS_RUN)
		return r;
	if (o->follow && !pid_list_given(&o->pids) && !o->command)
		return options_refuse(err, "--follow", "requires --pid", "--pid PID --follow");
	if (o->follow && o->read_file)
		return options_refuse(err, "--follow",
				      "a recording does not say whose child a process is",
				      "--read without --follow");
	if (o->wait && !o->pids.included.n)
		return options_refuse(err, "--wait", "requires --pid", "--pid PID --wait");
	r = check_screen(o, err);
	if (r == OPTIONS_RUN)
		r = check_pair(o, err);
	if (r != OPTIONS_RUN)
		return r;
	r = options_check_by(o, err);
	if (r == OPTIONS_RUN)
		r = options_check_metrics(o, err);
	if (r == OPTIONS_RUN)
		r = options_check_rows(o, err);
	if (r == OPTIONS_RUN)
		r = check_files(o, err);
	if (r == OPTIONS_RUN)
		r = check_pids(o, &o->pids.included, err);
	if (r == OPTIONS_RUN)
		r = check_pids(o, &o->pids.excluded, err);
	if (r == OPTIONS_RUN)
		r = check_netns(o, err);
	return r == OPTIONS_RUN ? check_cgroup(o, err) : r;
}
