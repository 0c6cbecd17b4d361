/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What both chapters are made of; for chapter_*.c only. */
#ifndef CHAPTER_PARTS_H
#define CHAPTER_PARTS_H

#include "chapter.h"
#include "diary.h"

static inline struct maybe known(int64_t value)
{
	return (struct maybe){ true, value };
}

/* 0 means that the kernel did not tell. */
static inline struct maybe known_unless_0(uint64_t value)
{
	return (struct maybe){ value != 0, (int64_t)value };
}

static inline struct maybe known_if(bool condition, int64_t value)
{
	return (struct maybe){ condition, condition ? value : 0 };
}

/* Not known either when an end of it is missing, or in a damaged record that is centuries long. */
static inline struct maybe known_span(uint64_t from_ns, uint64_t to_ns)
{
	return known_if(from_ns && to_ns >= from_ns && to_ns - from_ns <= INT64_MAX,
			(int64_t)(to_ns - from_ns));
}

/* A moment that the clocks may have put a little before the one it cannot precede. */
static inline struct maybe known_delay(uint64_t from_ns, uint64_t to_ns)
{
	return known_span(to_ns ? from_ns : 0, to_ns > from_ns ? to_ns : from_ns);
}

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
