// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Text in the columns of a screen. */
#include <locale.h>
#include <string.h>
#include <wchar.h>

#include "base/text.h"
#include "top_parts.h"

/*
 * A terminal gives CJK and emoji two columns, and a combining mark none: wcwidth(3), of a locale of its own, for this
 * process stays in "C".
 */
static size_t character_columns(const char *s)
{
	static locale_t utf8;
	static bool asked;
	locale_t before;
	int columns;

	if ((uint8_t)*s < 0x80)
		return 1;
	if (!asked)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
	asked = true;
	if (!utf8)
		return 1;
	before = uselocale(utf8);
	columns = wcwidth((wchar_t)text_character(s, text_utf8(s, strlen(s))));
	uselocale(before);
	return columns < 0 ? 1 : (size_t)columns;
}

/* Where the next character begins. */
static const char *next_character(const char *s)
{
	do
		s++;
	while ((*s & 0xc0) == 0x80);
	return s;
}

size_t top_text_columns(const char *s)
{
	size_t n = 0;

	for (; *s; s = next_character(s))
		n += character_columns(s);
	return n;
}

const char *top_after(const char *s, size_t n)
{
	for (; *s; s = next_character(s)) {
		size_t columns = character_columns(s);

		if (columns > n)
			break;
		n -= columns;
	}
	return s;
}

void top_put(struct top_page *page, size_t line, enum top_style style, const char *text)
{
	struct top_line *to = line < page->height ? &page->lines[line] : NULL;
	size_t len;

	if (!to)
		return;
	len = (size_t)(top_after(text, page->width) - text);
	if (len >= sizeof(to->text))
		len = sizeof(to->text) - 1;
	while (len && text[len - 1] == ' ')
		len--;
	memcpy(to->text, text, len);
	to->text[len] = '\0';
	to->style = style;
}

void top_put_padded(FILE *out, const char *text, size_t width, bool keep_end)
{
	size_t n = top_text_columns(text), dots = width > 8 ? 2 : 0, kept;
	const char *end;

	if (n <= width) {
		fprintf(out, "%s%*s", text, (int)(width - n), "");
		return;
	}
	/* where a wide character would be cut in the middle, a blank stands for its half */
	if (keep_end) {
		end = top_after(text, n + dots - width);
		kept = top_text_columns(end);
		if (kept + dots > width) {
			end = next_character(end);
			kept = top_text_columns(end);
		}
		fprintf(out, "%.*s%s%*s", (int)dots, "..", end, (int)(width - dots - kept), "");
		return;
	}
	end = top_after(text, width - dots);
	kept = n - top_text_columns(end);
	fprintf(out, "%.*s%.*s%*s", (int)(end - text), text, (int)dots, "..",
		(int)(width - dots - kept), "");
}
