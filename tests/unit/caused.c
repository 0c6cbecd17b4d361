// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "caused.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"
#include "chapter/names.h"
#include "render/render_why.h"

static const struct slow_limits limits = SLOW_LIMITS_DEFAULT;

struct chapter caused_handshake(enum role role, enum outcome outcome)
{
	struct chapter ch = { .type = CHAPTER_HANDSHAKE, .role = role };

	ch.remote_port = known(443);
	ch.local_port = known(80);
	ch.handshake.outcome = outcome;
	ch.handshake.handshake_ns = known(20 * MS);
	ch.owner.pid = known(4711);
	memcpy(ch.owner.comm, "curl", 5);
	return ch;
}

struct chapter caused_close(enum ending ending)
{
	struct chapter ch = { .type = CHAPTER_CLOSE, .role = ROLE_CLIENT };

	ch.close.ending = ending;
	ch.accepted = TRISTATE_UNKNOWN;
	ch.owner.pid = known(4711);
	memcpy(ch.owner.comm, "curl", 5);
	return ch;
}

void caused_step(struct chapter *ch, uint64_t t_ns, bool sent, uint8_t flags, bool unsent)
{
	ch->steps[ch->n_steps++] = (struct step){
		.t_ns = known((int64_t)t_ns),
		.segment = { .sent = sent, .flags = flags, .unsent = unsent },
	};
}

void caused_expect(struct chapter *ch, const char *cause, const char *sentence)
{
	char buf[WHY_MAX];
	const struct word *word;

	chapter_set_cause(ch, &limits);
	word = name_word(NAMES_CAUSE, ch->cause);
	assert_string_equal(word ? word->text : "-", cause);
	assert_string_equal(render_why(buf, ch), sentence);
}
