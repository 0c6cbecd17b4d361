// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "message.h"

#include <stdarg.h>
#include <stdio.h>

#include "text.h"

void message(const char *format, ...)
{
	char line[1024], safe[4 * sizeof(line)];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	/* file names and the names of processes may contain any bytes */
	fprintf(stderr, PROGRAM ": %s\n", text_foreign(safe, sizeof(safe), line));
}
