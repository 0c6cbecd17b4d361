// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "verdict_say.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "chapter/names.h"

#define WIDTH 80
#define PHRASE_MAX 160

void say(struct verdict *v, const char *separator, const char *format, ...)
{
	char phrase[PHRASE_MAX];
	va_list args;
	size_t len;

	va_start(args, format);
	vsnprintf(phrase, sizeof(phrase), format, args);
	va_end(args);
	len = strlen(phrase);
	/* 1 for the comma or semicolon that may follow */
	if (v->column > VERDICT_INDENT && v->column + strlen(separator) + len + 1 > WIDTH) {
		fprintf(v->out, "%.*s\n%*s", (int)strlen(separator) - 1, separator, VERDICT_INDENT,
			"");
		v->column = VERDICT_INDENT;
	} else if (v->column > VERDICT_INDENT) {
		fputs(separator, v->out);
		v->column += strlen(separator);
	}
	fputs(phrase, v->out);
	v->column += len;
}

void say_ms(struct verdict *v, const char *separator, const char *what, struct maybe ns)
{
	char ms[32];

	if (ns.known)
		say(v, separator, "%s %s ms", what, text_ms(ms, ns));
}

void say_count(struct verdict *v, const char *separator, const char *what, struct maybe count)
{
	if (count.known && count.value > 0)
		say(v, separator, "%" PRId64 " %s%s", count.value, what,
		    count.value == 1 ? "" : "s");
}

void say_if(struct verdict *v, enum tristate t, const char *what)
{
	if (t == TRISTATE_YES)
		say(v, ", ", "%s", what);
}

void say_open(struct verdict *v, const struct chapter *ch)
{
	char ms[32], who[PERSON_TEXT_MAX];

	if (ch->state_ns.known)
		say(v, "; ", "OPEN: in %s for %s ms", name_state(ch->state),
		    text_ms(ms, ch->state_ns));
	else
		say(v, "; ", "OPEN: in %s", name_state(ch->state));
	if (person_is_other(&ch->holder, &ch->owner))
		say(v, "; ", "held by %s", name_person(who, &ch->holder));
}

const char *errno_words(char buf[32], int err)
{
	buf[0] = '\0';
	if (err)
		snprintf(buf, 32, " (%s)", name_errno(err));
	return buf;
}

const char *duration_words(char buf[32], struct maybe ns)
{
	char ms[32];

	if (ns.value >= NS_PER_S)
		return text_seconds(buf, ns.value);
	snprintf(buf, 32, "%s ms", text_ms(ms, ns));
	return buf;
}
