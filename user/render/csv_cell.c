// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "csv_cell.h"

#include <stdbool.h>
#include <string.h>

#include "base/cgroups.h"
#include "base/text.h"

/* each byte of a cgroup path may become \xNN */
#define CELL_MAX (4 * CGROUP_PATH_MAX + 2)

void csv_cell(struct printer *p, const char *text)
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

void csv_foreign(struct printer *p, const char *text)
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
	csv_cell(p, cell);
}
