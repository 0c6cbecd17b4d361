/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Attempts of peers that made no socket.  Pure. */
#ifndef ATTEMPT_H
#define ATTEMPT_H

#include "chapter.h"

/* Of those that were only counted: enum attempt of shared/config.h. */
enum outcome attempt_counted(unsigned int attempt);

#endif
