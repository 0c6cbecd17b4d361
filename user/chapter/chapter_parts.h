/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What both chapters are made of; for chapter_*.c only. */
#ifndef CHAPTER_PARTS_H
#define CHAPTER_PARTS_H

#include "chapter.h"
#include "shared/diary.h"

/* When a step came; 0 when that was so long after the part's first that its time stands still. */
static inline uint64_t step_moment_ns(uint64_t t0_ns, uint64_t step)
{
	return step_t_ns(step) < STEP_T_MAX ? t0_ns + step_t_ns(step) : 0;
}

/* Identity, owner and sequence base, the same in both chapters. */
void chapter_identity(struct chapter *ch, const struct handshake_part *h);

/* Appends a step and returns it; the last place is overwritten when there is no room. */
struct step *chapter_step(struct chapter *ch, struct maybe t_ns, uint8_t from, uint8_t to);

/* The segment of the step, with its numbers. */
void step_segment(struct step *s, bool sent, uint8_t flags, struct maybe seq, struct maybe ack);

/* A copy of bytes a process chose: terminated, NUL when empty. */
void person_set(struct person *p, const struct owner *o, bool is_known);

/* How the connection ended (ENDING_UNKNOWN: it did not, or nothing tells), and who sent the first FIN. */
enum ending chapter_ending(const struct record *r);
enum first_closer chapter_first_closer(const struct record *r);

/* Wireshark's mask.  fin_left: our FIN left, as far as is known. */
uint8_t chapter_close_completeness(const struct record *r, bool fin_left, enum ending ending);

#endif
