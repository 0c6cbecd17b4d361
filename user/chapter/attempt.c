// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "attempt.h"

#include "shared/config.h"
#include "shared/diary.h"

enum outcome attempt_outcome(const struct handshake_part *h)
{
	unsigned int last = h->n_steps - 1U;

	if (last >= HANDSHAKE_STEPS)
		return OUTCOME_UNKNOWN;
	switch (step_kind(h->steps[last])) {
	case STEP_RST_SENT:
		return OUTCOME_REFUSED;
	default:
		return OUTCOME_UNKNOWN;
	}
}

enum outcome attempt_counted(unsigned int attempt)
{
	static const enum outcome outcomes[ATTEMPTS] = {
		[ATTEMPT_REFUSED] = OUTCOME_REFUSED,
	};

	return attempt < ATTEMPTS ? outcomes[attempt] : OUTCOME_UNKNOWN;
}
