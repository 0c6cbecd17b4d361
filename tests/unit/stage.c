// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stage.h"

void stage_open(struct stage *s, const char *format, FILE *out, bool colour)
{
	const struct renderer *renderer = renderer_find(format);

	assert_non_null(renderer);
	assert_non_null(out);
	s->teller = (struct teller){ .options = &s->options, .renderer = renderer };
	s->teller.cgroups = cgroups_open(false);
	s->teller.summary = summary_create();
	assert_non_null(s->teller.cgroups);
	assert_non_null(s->teller.summary);
	teller_begin(&s->teller, out, colour);
	if (renderer->begin)
		renderer->begin(&s->teller.context);
}

void stage_close(struct stage *s)
{
	teller_free(&s->teller);
}
