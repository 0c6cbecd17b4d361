/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Chapters that are slow or have failed, and what that is put down to. */
#ifndef CAUSED_H
#define CAUSED_H

#include "chapter/cause.h"

/* Of curl[4711]: a handshake of 20 ms, from a client to port 443 or with a server's port 80; a client's close. */
struct chapter caused_handshake(enum role role, enum outcome outcome);
struct chapter caused_close(enum ending ending);

/* One more step: a segment with these flags. */
void caused_step(struct chapter *ch, uint64_t t_ns, bool sent, uint8_t flags, bool unsent);

/* The name of its cause, "-" if it has none, and the sentence. */
void caused_expect(struct chapter *ch, const char *cause, const char *sentence);

#endif
