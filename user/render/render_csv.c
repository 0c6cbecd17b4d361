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

static void put_cell(struct printer *p, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		printer_words(p, text);
		return;
	}
	printer_char(p, '"');
	for (;;) {
		const char *quote = strchrnul(text, '"');

		printer_put(p, text, (size_t)(quote - text));
		if (!*quote)
			break;
		printer_words(p, "\"\"");
		text = quote + 1;
	}
	printer_char(p, '"');
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
static void put_foreign(struct printer *p, const char *text)
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
	put_cell(p, cell);
}

/* The steps as JSON in one cell. */
static void put_steps(struct printer *p, const struct chapter *ch)
{
	struct printer steps;

	_Static_assert(STEPS_JSON_MAX <= sizeof(steps.buf), "the steps fit the printer's buffer");
	printer_begin(&steps, p->out);
	render_steps_json(&steps, ch);
	put_cell(p, json_end_text(&steps));
}

static void put_value(struct printer *p, struct value v, const struct chapter *ch)
{
	char text[TIME_MAX > ADDRESS_MAX ? TIME_MAX : ADDRESS_MAX];

	switch (v.kind) {
	case VALUE_NULL:
		break;
	case VALUE_UINT:
		printer_put(p, text, number_uint(text, v.u));
		break;
	case VALUE_INT:
		printer_put(p, text, number_int(text, v.i));
		break;
	case VALUE_US:
		printer_put(p, text, number_us(text, v.i));
		break;
	case VALUE_BOOL:
		printer_words(p, v.b ? "true" : "false");
		break;
	case VALUE_HEX:
		printer_put(p, text, number_hex(text, v.u));
		break;
	case VALUE_TIME:
		printer_words(p, text_rfc3339(text, v.i));
		break;
	case VALUE_ADDRESS:
		printer_words(p, text_address(text, v.address, ch->family));
		break;
	case VALUE_NAME:
		put_cell(p, v.name->text);
		break;
	case VALUE_WORD:
		put_cell(p, v.text);
		break;
	case VALUE_FOREIGN:
		put_foreign(p, v.text);
		break;
	case VALUE_STEPS:
		put_steps(p, ch);
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
	struct printer p;

	printer_begin(&p, rc->out);
	for (const struct field *f = fields; f->name; f++) {
		if (!f->csv)
			continue;
		if (f != fields)
			printer_char(&p, ',');
		if (f->csv & type)
			put_value(&p, field_value(f, rc, ch), ch);
	}
	printer_char(&p, '\n');
	printer_flush(&p);
}

const struct renderer renderer_csv = {
	.name = "csv",
	.help = "one row for each chapter, after a header",
	.machine_readable = true,
	.begin = begin,
	.chapter = chapter,
};
