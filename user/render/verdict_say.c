// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "verdict_say.h"

#include <string.h>

#include "base/clock.h"
#include "chapter/names.h"

#define WIDTH 80
#define PHRASE_MAX 160
/* From here on a span has no milliseconds. */
#define LONG_NS (10 * NS_PER_S)

void say_list(struct verdict *v, const char *separator, const char *const *words)
{
	char phrase[PHRASE_MAX];
	size_t len = text_list(phrase, sizeof(phrase), words), before = strlen(separator);

	/* 1 for the comma or semicolon that may follow */
	if (v->column > VERDICT_INDENT && v->column + before + len + 1 > WIDTH) {
		printer_put(v->out, separator, before - 1);
		printer_char(v->out, '\n');
		printer_blanks(v->out, VERDICT_INDENT);
		v->column = VERDICT_INDENT;
	} else if (v->column > VERDICT_INDENT) {
		printer_put(v->out, separator, before);
		v->column += before;
	}
	printer_put(v->out, phrase, len);
	v->column += len;
}

void say_ms(struct verdict *v, const char *separator, const char *what, struct maybe ns)
{
	char words[32];

	if (ns.known)
		say(v, separator, what, " ", ms_words(words, ns));
}

void say_count(struct verdict *v, const char *separator, const char *what, struct maybe count)
{
	char number[32];

	if (count.known && count.value > 0)
		say(v, separator, render_number(number, count), " ", what,
		    count.value == 1 ? "" : "s");
}

void say_if(struct verdict *v, enum tristate t, const char *what)
{
	if (t == TRISTATE_YES)
		say(v, ", ", what);
}

void say_open(struct verdict *v, const struct chapter *ch)
{
	char words[32], who[PERSON_TEXT_MAX];

	if (ch->state_ns.known)
		say(v, "; ", "OPEN: in ", name_state(ch->state), " for ",
		    ms_words(words, ch->state_ns));
	else
		say(v, "; ", "OPEN: in ", name_state(ch->state));
	if (person_is_other(&ch->holder, &ch->owner))
		say(v, "; ", "held by ", name_person(who, &ch->holder));
}

const char *errno_words(char buf[32], int err)
{
	buf[0] = '\0';
	if (err)
		text_join(buf, 32, " (", name_errno(err), ")");
	return buf;
}

const char *ms_words(char buf[32], struct maybe ns)
{
	char ms[32];

	if (!ns.known)
		return "-";
	if (ns.value >= LONG_NS)
		return text_duration(buf, ns.value);
	text_join(buf, 32, text_ms(ms, ns), " ms");
	return buf;
}

const char *duration_words(char buf[32], struct maybe ns)
{
	return ns.value >= NS_PER_S ? text_seconds(buf, ns.value) : ms_words(buf, ns);
}
