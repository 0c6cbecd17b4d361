// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Text in the columns of a screen.  A character takes one of them. */
#include <string.h>

#include "top_parts.h"

size_t top_text_columns(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

const char *top_after(const char *s, size_t n)
{
	for (; *s; s++)
		if ((*s & 0xc0) != 0x80 && !n--)
			break;
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
	size_t n = top_text_columns(text), dots = width > 8 ? 2 : 0;

	if (n <= width)
		fprintf(out, "%s%*s", text, (int)(width - n), "");
	else if (keep_end)
		fprintf(out, "%.*s%s", (int)dots, "..", top_after(text, n + dots - width));
	else
		fprintf(out, "%.*s%.*s", (int)(top_after(text, width - dots) - text), text,
			(int)dots, "..");
}
