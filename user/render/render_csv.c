// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * CSV: a row for each chapter, a column for each field of either type, an empty cell for null.
 * Lines end in LF alone, for awk and cut.
 */
#include "csv_cell.h"
#include "fields.h"
#include "base/number.h"
#include "render_parts.h"

/* The steps as JSON in one cell. */
static void put_steps(struct printer *p, const struct chapter *ch)
{
	struct printer steps;

	_Static_assert(STEPS_JSON_MAX <= sizeof(steps.buf), "the steps fit the printer's buffer");
	printer_begin(&steps, p->out);
	render_steps_json(&steps, ch);
	csv_cell(p, json_end_text(&steps));
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
		csv_cell(p, v.name->text);
		break;
	case VALUE_WORD:
		csv_cell(p, v.text);
		break;
	case VALUE_FOREIGN:
		csv_foreign(p, v.text);
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
	.help = "one row for each chapter, after a header; with --by the rows of that",
	.machine_readable = true,
	.of_rows = &renderer_csv_rows,
	.begin = begin,
	.chapter = chapter,
};
