// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * CSV: a row for each chapter, a column for each field of either type, an empty cell for null.
 * Quoted as in RFC 4180, but lines end in LF alone, for awk and cut.
 */
#include <string.h>

#include "base/cgroups.h"
#include "fields.h"
#include "base/number.h"
#include "render_parts.h"

/* each byte of a cgroup path may become \xNN */
#define CELL_MAX (4 * CGROUP_PATH_MAX + 2)

static void put_cell(FILE *out, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (;;) {
		const char *quote = strchrnul(text, '"');

		fwrite(text, 1, (size_t)(quote - text), out);
		if (!*quote)
			break;
		fputs("\"\"", out);
		text = quote + 1;
	}
	fputc('"', out);
}

/*
 * Does a spreadsheet take this cell for a formula?  A process chooses its own name, so it may
 * try.  Some programs skip blanks first, and accept the full-width forms of the signs.
 */
static bool is_formula(const char *text, const char *skipped)
{
	static const char *const prefixes[] = {
		"=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20",
	};

	text += strspn(text, skipped);
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (!strncmp(text, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

/*
 * Bytes a process chose: escaped, and with an apostrophe before what looks like a formula.  In
 * many locales a spreadsheet begins another cell after a semicolon, even one inside quotes.
 */
static void put_foreign(FILE *out, const char *text)
{
	char escaped[CELL_MAX], cell[2 * CELL_MAX];
	bool guard = is_formula(text, " ");
	size_t n = 0;

	text_foreign(escaped, sizeof(escaped), text);
	for (const char *at = escaped; *at; at++) {
		if (guard)
			cell[n++] = '\'';
		cell[n++] = *at;
		guard = *at == ';' && is_formula(at + 1, " \"");
	}
	cell[n] = '\0';
	put_cell(out, cell);
}

/* The steps as JSON in one cell. */
static void put_steps(FILE *out, const struct chapter *ch)
{
	struct json j;

	_Static_assert(STEPS_JSON_MAX <= sizeof(j.buf), "the steps fit the writer's buffer");
	json_begin(&j, out);
	render_steps_json(&j, ch);
	put_cell(out, json_end_text(&j));
}

static void put_value(FILE *out, const struct value *v, const struct chapter *ch)
{
	char number[NUMBER_MAX];

	switch (v->kind) {
	case VALUE_NULL:
		break;
	case VALUE_UINT:
		fwrite(number, 1, number_uint(number, v->u), out);
		break;
	case VALUE_INT:
		fwrite(number, 1, number_int(number, v->i), out);
		break;
	case VALUE_US:
		fwrite(number, 1, number_us(number, v->i), out);
		break;
	case VALUE_BOOL:
		fputs(v->b ? "true" : "false", out);
		break;
	case VALUE_WORD:
		put_cell(out, v->text);
		break;
	case VALUE_FOREIGN:
		put_foreign(out, v->text);
		break;
	case VALUE_STEPS:
		put_steps(out, ch);
		break;
	}
}

static void begin(struct render_context *rc)
{
	for (const struct field *f = fields; f->name; f++) {
		if (!f->csv)
			continue;
		if (f != fields)
			fputc(',', rc->out);
		fputs(f->name, rc->out);
	}
	fputs("\n", rc->out);
}

static void chapter(struct render_context *rc, const struct chapter *ch)
{
	uint8_t type = ch->type == CHAPTER_CLOSE ? IN_CLOSE : IN_HANDSHAKE;
	struct value v;

	for (const struct field *f = fields; f->name; f++) {
		if (!f->csv)
			continue;
		if (f != fields)
			fputc(',', rc->out);
		if (!(f->csv & type))
			continue;
		field_value(&v, f, rc, ch);
		put_value(rc->out, &v, ch);
	}
	fputs("\n", rc->out);
}

const struct renderer renderer_csv = {
	.name = "csv",
	.help = "one row for each chapter, after a header",
	.machine_readable = true,
	.begin = begin,
	.chapter = chapter,
};
