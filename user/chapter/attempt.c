// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "attempt.h"

#include "shared/config.h"

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
