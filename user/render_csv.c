// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * CSV: one row a chapter, the fields of both types as columns, nothing for null.  Quoted as RFC
 * 4180 says, but lines end in LF alone, for awk and cut.
 */
#include <string.h>

#include "fields.h"
#include "names.h"
#include "number.h"
#include "render_parts.h"

#define CELL_MAX 8192

static void put_cell(FILE *out, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

/*
 * A spreadsheet takes a cell that begins like this for a formula, and a process may choose its
 * name.  Some pass over blanks first, and take the full-width forms of these signs too.
 */
static bool is_formula(const char *text)
{
	static const char *const begins[] = {
		"=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20",
	};

	text += strspn(text, " ");
	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (!strncmp(text, begins[i], strlen(begins[i])))
			return true;
	return false;
}

static void put_foreign(FILE *out, const char *text)
{
	size_t guard = is_formula(text);
	char cell[CELL_MAX];

	cell[0] = '\'';
	text_foreign(cell + guard, sizeof(cell) - guard, text);
	put_cell(out, cell);
}

/*
 * "0 CLOSE->SYN_SENT > SYN; 35412 SYN_SENT->ESTABLISHED < SYN,ACK", with "~" before a derived
 * time and "?" for one not known.
 */
static void put_steps(FILE *out, const struct chapter *ch)
{
	char cell[CELL_MAX], segment[SEGMENT_TEXT_MAX], t_us[NUMBER_MAX + 1];
	size_t len = 0;

	cell[0] = '\0';
	for (size_t i = 0; i < render_steps(ch) && len < sizeof(cell); i++) {
		const struct step *s = &ch->steps[i];
		const char *name = name_segment(segment, &s->segment);

		memcpy(t_us, "?", 2);
		if (s->t_ns.known)
			t_us[number_us(t_us, s->t_ns.value)] = '\0';
		len += (size_t)snprintf(cell + len, sizeof(cell) - len, "%s%s%s %s->",
					i ? "; " : "", s->derived ? "~" : "", t_us,
					name_state(s->from));
		if (len >= sizeof(cell))
			break;
		len += (size_t)snprintf(cell + len, sizeof(cell) - len, "%s%s%s", name_state(s->to),
					name ? " " : "", name ? name : "");
	}
	put_cell(out, cell);
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
	.help = "one row a chapter, with a header",
	.apart = true,
	.begin = begin,
	.chapter = chapter,
};
