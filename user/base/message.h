/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a person must be told goes to stderr, as "tcpstates-trace: what: why (what to do)". */
#ifndef MESSAGE_H
#define MESSAGE_H

#define PROGRAM "tcpstates-trace"

void message(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
