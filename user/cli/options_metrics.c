// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "options_metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hosts.h"
#include "options_hint.h"
#include "parse.h"

/* Of "name:9967", "*:9967" or "::1:9967". */
static const char *hint_host(char buf[HINT_MAX], const char *host, const char *port)
{
	char address[HINT_MAX / 2];

	if (!strcmp(host, "*"))
		snprintf(address, sizeof(address), "0.0.0.0");
	else if (strchr(host, ':'))
		snprintf(address, sizeof(address), "%s", host);
	else if (!hosts_address(address, host))
		return NULL;
	snprintf(buf, HINT_MAX, strchr(address, ':') ? "[%s]:%s" : "%s:%s", address, port);
	return buf;
}

/* What is the nearest that would be accepted? */
static const char *hint_listen(char buf[HINT_MAX], const char *s)
{
	char host[HINT_MAX / 2];
	const char *colon = strrchr(s, ':');
	struct listen_address address;

	if (strlen(s) >= sizeof(host))
		return NULL;
	buf[0] = '\0';
	if (s[0] == '/' || s[0] == '.')
		snprintf(buf, HINT_MAX, "unix:%s", s);
	else if (!colon)
		snprintf(buf, HINT_MAX, ":%s", s);
	else if (snprintf(host, sizeof(host), "%.*s", (int)(colon - s), s) >= 0)
		hint_host(buf, host, colon + 1);
	return buf[0] && !parse_listen(buf, &address) ? buf : NULL;
}

enum options_result set_metrics(struct parse *p, const struct option_row *row, const char *arg)
{
	const char *why = parse_listen(arg, &p->o->metrics);
	char hint[HINT_MAX];
	struct complaint c = {
		.what = p->what,
		.arg = arg,
		.why = why,
		.row = row,
		.hint = why ? hint_listen(hint, arg) : NULL,
	};

	return why ? options_complain(p->err, &c) : OPTIONS_RUN;
}

/* One copy has all the names. */
static const char *parse_tls_files(const char *arg, struct tls_files *files)
{
	char *rest;

	files->certificate = strdup(arg);
	if (!files->certificate)
		return strerror(ENOMEM);
	rest = files->certificate;
	strsep(&rest, ",");
	files->key = strsep(&rest, ",");
	files->client_ca = strsep(&rest, ",");
	if (rest)
		return "more than three files";
	if (!files->key)
		return "the file of the key is missing";
	return *files->certificate && *files->key && (!files->client_ca || *files->client_ca)
		       ? NULL
		       : "empty element";
}

enum options_result set_metrics_tls(struct parse *p, const struct option_row *row, const char *arg)
{
	const char *why = parse_tls_files(arg, &p->o->metrics_tls);
	struct complaint c = { .what = p->what, .arg = arg, .why = why, .row = row };

	return why ? options_complain(p->err, &c) : OPTIONS_RUN;
}

enum options_result options_check_metrics(const struct options *o, FILE *err)
{
	if (o->metrics_tls.certificate && !o->metrics.kind)
		return options_refuse(err, "--metrics-tls", "requires --metrics",
				      "--metrics :PORT --metrics-tls CERT,KEY");
	if (o->metrics.kind && o->read_file)
		return options_refuse(err, "--metrics", "conflicts with --read",
				      "only one of them");
	return OPTIONS_RUN;
}
