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
	case STEP_RST_RECEIVED:
		return OUTCOME_RESET;
	case STEP_EXPIRED:
		return OUTCOME_TIMED_OUT;
	case STEP_DROPPED:
		return OUTCOME_DROPPED;
	default:
		return OUTCOME_UNKNOWN;
	}
}

enum outcome attempt_counted(unsigned int attempt)
{
	static const enum outcome outcomes[ATTEMPTS] = {
		[ATTEMPT_REFUSED] = OUTCOME_REFUSED,
		[ATTEMPT_RESET] = OUTCOME_RESET,
		[ATTEMPT_TIMED_OUT] = OUTCOME_TIMED_OUT,
		[ATTEMPT_DROPPED] = OUTCOME_DROPPED,
	};

	return attempt < ATTEMPTS ? outcomes[attempt] : OUTCOME_UNKNOWN;
}
