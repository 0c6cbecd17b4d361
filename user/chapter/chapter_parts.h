/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What both chapters are made of; for the sources of this folder and for segments*.c. */
#ifndef CHAPTER_PARTS_H
#define CHAPTER_PARTS_H

#include "chapter.h"
#include "shared/diary.h"

/*
 * CLOCK_MONOTONIC ns of a packed step of a part that begins at t0_ns.  0: not known, the step
 * came so long after t0_ns (52 days) that its time does not fit STEP_T_BITS.
 */
static inline uint64_t step_moment_ns(uint64_t t0_ns, uint64_t step)
{
	return step_t_ns(step) < STEP_T_MAX ? t0_ns + step_t_ns(step) : 0;
}

/* Clears a chapter and fills in what both types have: identity, owner, initial sequence numbers. */
void chapter_begin(struct chapter *ch, const struct handshake_part *h);

/* Appends a step and returns it.  When there is no room it takes the place of the last one. */
struct step *chapter_add_step(struct chapter *ch, struct maybe t_ns, uint8_t from, uint8_t to);

/* Gives a step its segment: enum segment_flag, sequence and acknowledgment number. */
void step_set_segment(struct step *s, bool sent, uint8_t flags, struct maybe seq, struct maybe ack);

/* The same for one of ours that did not leave this host. */
void step_set_unsent(struct step *s, uint8_t flags, struct maybe seq);

/* Fills in what was negotiated, and in which way the connection was opened. */
void chapter_read_options(struct handshake *hs, const struct handshake_part *h);

/* Who sent the first FIN. */
enum first_closer chapter_first_closer(const struct record *r);

/* Why this end sent an RST; RESET_UNKNOWN: it sent none, or nothing shows why. */
enum reset_reason chapter_reset_reason(const struct record *r, enum ending ending);

/* When the current state was entered, CLOCK_MONOTONIC ns; 0: not known. */
uint64_t chapter_handshake_since_ns(const struct handshake_part *h);
uint64_t chapter_close_since_ns(const struct record *r);

/* enum completeness of a whole connection.  fin_left: our FIN is known to have left. */
uint8_t chapter_close_completeness(const struct record *r, bool fin_left, enum ending ending);

/* What the socket counted: retransmits of our FIN; totals; what was not acknowledged when the record was read. */
uint32_t chapter_fin_retransmits(const struct close_part *c);
void chapter_read_totals(struct close *cl, const struct record *r, bool have_counters);
void chapter_read_unacked(struct close *cl, const struct close_part *c, bool open);

#endif
