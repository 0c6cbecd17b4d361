// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "printer.h"

#include <string.h>

void printer_flush(struct printer *p)
{
	fwrite(p->buf, 1, (size_t)(p->at - p->buf), p->out);
	p->at = p->buf;
}

void printer_put(struct printer *p, const char *s, size_t n)
{
	while (n) {
		size_t part = n < sizeof(p->buf) ? n : sizeof(p->buf);

		memcpy(printer_room(p, part), s, part);
		p->at += part;
		s += part;
		n -= part;
	}
}

void printer_blanks(struct printer *p, size_t n)
{
	memset(printer_room(p, n), ' ', n);
	p->at += n;
}

size_t printer_list(struct printer *p, const char *const *words)
{
	size_t len = 0;

	for (; *words; words++) {
		size_t n = strlen(*words);

		printer_put(p, *words, n);
		len += n;
	}
	return len;
}
