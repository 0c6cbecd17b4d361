// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A listening socket: the line for people. */
#include <string.h>

#include "chapter/names.h"
#include "render_parts.h"

#define INDENT 2

struct line {
	FILE *out;
	size_t column, width;
};

/* separator: what comes before the phrase, its last character a blank, which a line break replaces. */
static void put(struct line *line, const char *separator, const char *phrase)
{
	size_t before = strlen(separator), len = strlen(phrase);

	/* 1 for the comma that may follow */
	if (line->width && line->column + before + len + 1 > line->width) {
		fprintf(line->out, "%.*s\n%*s", (int)before - 1, separator, INDENT, "");
		line->column = INDENT;
	} else {
		fputs(separator, line->out);
		line->column += before;
	}
	fputs(phrase, line->out);
	line->column += len;
}

static void put_count(struct line *line, struct maybe n, const char *one, const char *many)
{
	char number[32], phrase[64];

	if (!n.known || !n.value)
		return;
	snprintf(phrase, sizeof(phrase), "%s %s", render_number(number, n),
		 n.value == 1 ? one : many);
	put(line, ", ", phrase);
}

void render_listener(struct render_context *rc, FILE *out, size_t width,
		     const struct listener_report *l)
{
	char time[TIME_MAX], local[ENDPOINT_MAX], who[PERSON_TEXT_MAX], owner[PERSON_TEXT_MAX + 1],
		most[32] = "";
	char queue[32], backlog[32], phrase[128];
	struct line line = { .out = out, .width = width };

	if (!listener_is_in_trouble(l))
		return;
	line.column = (size_t)fprintf(out, "%s listener",
				      render_time(time, rc, TIME_WALL, l->t_ns));
	put(&line, " ", text_endpoint(local, l->local, l->family, l->ifname, l->local_port));
	snprintf(owner, sizeof(owner), "%s:", name_person(who, &l->owner));
	put(&line, " ", owner);
	snprintf(phrase, sizeof(phrase), "accept queue %s of %s", render_number(queue, l->queue),
		 render_number(backlog, l->backlog));
	put(&line, " ", phrase);
	snprintf(phrase, sizeof(phrase), "(%s at most)", render_number(most, l->queue_max));
	if (l->queue_max.value > l->queue.value)
		put(&line, " ", phrase);
	put_count(&line, l->dropped, "SYN or ACK dropped", "SYNs or ACKs dropped");
	put_count(&line, l->half_open, "half open", "half open");
	fputc('\n', out);
}
