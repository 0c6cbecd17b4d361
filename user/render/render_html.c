// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A report as one HTML page, written at the end.  The scripts of the page (page/) draw it from
 * the JSON Lines inside it: one about the report, one for each service, and the chapters and the
 * summary as render_json.c writes them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/message.h"
#include "chapter/names.h"
#include "conversation/conversation.h"
#include "render_parts.h"
#include "report.h"
#include "summary.h"

/* page_head and page_tail: the page before and after the JSON Lines, made by page/embed */
#include "page.inc"

struct state {
	struct report *report;
	struct maybe first_ns, last_ns; /* when the first and the last chapter began */
};

static void begin(struct render_context *rc)
{
	struct state *s = calloc(1, sizeof(*s));

	if (s)
		s->report = report_create();
	if (!s || !s->report) {
		free(s);
		s = NULL;
	}
	rc->state = s;
}

static void note_time(struct state *s, struct maybe t_ns)
{
	if (!t_ns.known)
		return;
	if (!s->first_ns.known || t_ns.value < s->first_ns.value)
		s->first_ns = t_ns;
	if (!s->last_ns.known || t_ns.value > s->last_ns.value)
		s->last_ns = t_ns;
}

/* What is printed as JSON Lines. */
struct json {
	const struct chapter *handshake, *close;
	const struct conversation *conversation;
};

/*
 * NULL when there is no memory.  The lines are written at once, while the paths of the cgroups in them are known.
 */
static char *json_lines(const struct render_context *rc, const struct json *of)
{
	struct render_context own = *rc;
	char *text = NULL;
	bool failed;
	size_t len;

	own.out = open_memstream(&text, &len);
	if (!own.out)
		return NULL;
	if (of->handshake)
		renderer_json.chapter(&own, of->handshake);
	if (of->close)
		renderer_json.chapter(&own, of->close);
	if (of->conversation)
		renderer_json.conversation(&own, of->conversation);
	failed = fflush(own.out) || ferror(own.out);
	if (!fclose(own.out) && !failed)
		return text;
	free(text);
	return NULL;
}

static void add(struct render_context *rc, const struct chapter *handshake,
		const struct chapter *close)
{
	struct state *s = rc->state;

	if (!s)
		return;
	note_time(s, close ? close->t_ns : handshake->t_ns);
	if (report_wants(s->report, handshake, close))
		report_keep(s->report, handshake, close,
			    json_lines(rc, &(struct json){ handshake, close, NULL }));
}

static void chapter(struct render_context *rc, const struct chapter *handshake)
{
	add(rc, handshake, NULL);
}

/* With the client's end, or with the server's where that is all that is kept; without memory there is no picture. */
static void conversation(struct render_context *rc, const struct conversation *c)
{
	struct state *s = rc->state;
	char *text = s ? json_lines(rc, &(struct json){ .conversation = c }) : NULL;

	if (text && !report_add(s->report, conversation_end(c, CLIENT)->conn, text))
		report_add(s->report, conversation_end(c, SERVER)->conn, text);
	free(text);
}

static void put_report(const struct render_context *rc)
{
	const struct state *s = rc->state;
	struct printer p;

	printer_begin(&p, rc->out);
	json_open(&p, '{');
	json_key(&p, "type");
	json_word(&p, "report");
	json_key(&p, "version");
	json_word(&p, TCPSTATES_TRACE_VERSION);
	render_time_json(&p, "first", rc, s ? s->first_ns : (struct maybe){ 0 });
	render_time_json(&p, "last", rc, s ? s->last_ns : (struct maybe){ 0 });
	json_key(&p, "kept");
	json_uint(&p, s ? report_kept(s->report) : 0);
	json_key(&p, "slowest");
	json_uint(&p, REPORT_SLOWEST);
	json_key(&p, "of_a_kind");
	json_uint(&p, REPORT_OF_A_KIND);
	json_close(&p, '}');
	json_end_line(&p);
}

/* A damaged recording may have times that do not fit: they become the largest that does. */
static void put_us(struct printer *p, uint64_t ns)
{
	json_us(p, ns < INT64_MAX ? (int64_t)ns : INT64_MAX);
}

/* Its buckets, those not empty, are [middle in us, count]. */
static void put_histogram(struct printer *p, const char *key, const struct histogram *h)
{
	json_key(p, key);
	json_open(p, '{');
	json_key(p, "count");
	json_uint(p, h->total);
	json_key(p, "min_us");
	put_us(p, h->min);
	json_key(p, "max_us");
	put_us(p, h->max);
	json_key(p, "buckets");
	json_open(p, '[');
	for (uint32_t i = 0; i < h->n_cells; i++) {
		json_open(p, '[');
		put_us(p, histogram_value(h->cells[i].bucket));
		json_uint(p, h->cells[i].n);
		json_close(p, ']');
	}
	json_close(p, ']');
	json_close(p, '}');
}

static void put_service(void *ctx, const struct summary_row *row)
{
	const struct render_context *rc = ctx;
	struct printer p;

	printer_begin(&p, rc->out);
	json_open(&p, '{');
	json_key(&p, "type");
	json_word(&p, "service");
	json_key(&p, "other");
	json_bool(&p, row->other);
	json_key(&p, "role");
	json_word(&p, name_role(row->role));
	json_key(&p, "port");
	if (row->port.known)
		json_int(&p, row->port.value);
	else
		json_null(&p);
	json_key(&p, "failed");
	json_uint(&p, row->failed);
	put_histogram(&p, "connect", &row->connect);
	put_histogram(&p, "close", &row->close);
	json_close(&p, '}');
	json_end_line(&p);
}

static void put_text(void *ctx, const char *text)
{
	const struct render_context *rc = ctx;

	fputs(text, rc->out);
}

/* A report without some of its connections, or without all, must not look complete. */
static void check_memory(struct render_context *rc)
{
	const struct state *s = rc->state;
	bool no_memory = !s;
	uint64_t left_out = s ? report_left_out(s->report, &no_memory) : 0;

	if (left_out)
		message("report: %" PRIu64 " %s left out: no memory", left_out,
			left_out == 1 ? "connection is" : "connections are");
	if (no_memory)
		rc->error = -ENOMEM;
}

static void end(struct render_context *rc, const struct totals *totals)
{
	const struct state *s = rc->state;

	fwrite(page_head, 1, sizeof(page_head), rc->out);
	put_report(rc);
	summary_rows(rc->summary, put_service, rc);
	if (s && report_each(s->report, put_text, rc))
		rc->error = -ENOMEM;
	check_memory(rc);
	renderer_json.end(rc, totals);
	fwrite(page_tail, 1, sizeof(page_tail), rc->out);
}

static void free_state(struct render_context *rc)
{
	struct state *s = rc->state;

	if (s)
		report_destroy(s->report);
	free(s);
	rc->state = NULL;
}

const struct renderer renderer_html = {
	.name = "html",
	.help = "a report as a single page for a browser, written at the end",
	.machine_readable = true,
	.pairs_recordings = true,
	.begin = begin,
	.chapter = chapter,
	.connection = add,
	.conversation = conversation,
	.end = end,
	.free = free_state,
};
