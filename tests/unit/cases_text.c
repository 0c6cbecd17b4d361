// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "cases.h"

#include <stdlib.h>

#include "chapter/names.h"
#include "base/number.h"

static void put_step(FILE *out, const struct chapter *ch, const struct step *s)
{
	struct maybe seq_base = s->segment.sent ? ch->iss : ch->irs;
	struct maybe ack_base = s->segment.sent ? ch->irs : ch->iss;
	char us[NUMBER_MAX + 1] = "?";
	struct word segment;
	const char *name = name_segment(&segment, &s->segment);

	if (s->t_ns.known)
		us[number_us(us, s->t_ns.value)] = '\0';
	fprintf(out, "%s%s %s", s->derived ? "~" : "", us, name_state(s->from));
	if (s->to != s->from)
		fprintf(out, "->%s", name_state(s->to));
	if (name)
		fprintf(out, " %s", name);
	if (s->seq.known)
		fprintf(out, " seq=%u", (uint32_t)(s->seq.value - seq_base.value));
	if (s->ack.known)
		fprintf(out, " ack=%u", (uint32_t)(s->ack.value - ack_base.value));
}

const char *steps_text(char buf[STEPS_TEXT_MAX], const struct chapter *ch)
{
	FILE *out = fmemopen(buf, STEPS_TEXT_MAX, "w");

	if (!out)
		abort();
	for (size_t i = 0; i < ch->n_steps; i++) {
		fputs(i ? "; " : "", out);
		put_step(out, ch, &ch->steps[i]);
	}
	if (fclose(out))
		abort();
	return buf;
}
