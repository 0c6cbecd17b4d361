/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Words for numbers, as the manual page spells them.  Every look-up is bounds-checked. */
#ifndef NAMES_H
#define NAMES_H

#include "base/text.h"
#include "chapter.h"

/*
 * The word, NULL for the "unknown" member of the enum.  A number outside the table gives
 * "UNKNOWN(14)" in a buffer that the next call of the same function reuses.
 */
const char *name_state(unsigned int state);
const char *name_outcome(unsigned int outcome);
const char *name_first_closer(unsigned int closer);
const char *name_ending(unsigned int ending);
const char *name_missing(unsigned int missing);
const char *name_role(unsigned int role);

/* "ECONNREFUSED"; NULL for 0, "UNKNOWN(4711)" for a number without a name. */
const char *name_errno(int err);

#define SEGMENT_TEXT_MAX 32

/* "> SYN", "< FIN,ACK", "> SYN (2)" into buf; NULL when the step has no segment. */
const char *name_segment(char buf[SEGMENT_TEXT_MAX], const struct segment *s);

/* Wireshark's text for a completeness mask: "Complete, WITH_DATA", "Incomplete, SYN_SENT"... */
const char *name_completeness(unsigned int mask);

#define PERSON_TEXT_MAX (COMM_TEXT_MAX + 16)

/* "curl[4711]", "-" for nobody known. */
const char *name_person(char buf[PERSON_TEXT_MAX], const struct person *p);

/* A word, "-" for NULL. */
const char *name_or_dash(const char *word);

#endif
