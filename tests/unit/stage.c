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
	s->options.read_file = "recording";
	s->options.slow = (struct slow_limits)SLOW_LIMITS_DEFAULT;
	s->reporter = (struct reporter){ .options = &s->options, .renderer = renderer };
	s->reporter.cgroups = cgroups_open(false);
	s->reporter.summary = summary_create();
	assert_non_null(s->reporter.cgroups);
	assert_non_null(s->reporter.summary);
	if (s->options.by.n)
		assert_true(summary_group(s->reporter.summary, &s->options.by));
	assert_int_equal(reporter_open_pairs(&s->reporter), 0);
	reporter_begin(&s->reporter, out, colour);
	if (renderer->begin)
		renderer->begin(&s->reporter.context);
}

void stage_close(struct stage *s)
{
	reporter_free(&s->reporter);
}
