/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Names of numbers, as the manual page spells them.  Every look-up is bounds-checked. */
#ifndef NAMES_H
#define NAMES_H

#include "base/printer.h"
#include "base/text.h"
#include "chapter.h"

/* The tables: states are the kernel's (include/net/tcp_states.h), the others the enums of these names. */
enum names {
	NAMES_STATE,
	NAMES_OUTCOME,
	NAMES_FIRST_CLOSER,
	NAMES_ENDING,
	NAMES_RESET_REASON,
	NAMES_DROP_REASON,
	NAMES_MISSING,
	NAMES_ROLE,
	NAMES_CAUSE,
};

/*
 * The name of a member of the enum, NULL for its UNKNOWN member (MISSING_NOTHING of enum
 * missing).  A number outside the table gives "UNKNOWN(14)", in a buffer that the next call for
 * the same table reuses.
 */
const struct word *name_word(enum names names, unsigned int number);

/* The same as text. */
const char *name_state(unsigned int state);
const char *name_outcome(unsigned int outcome);
const char *name_first_closer(unsigned int closer);
const char *name_ending(unsigned int ending);
const char *name_reset_reason(unsigned int reason);
const char *name_missing(unsigned int missing);
const char *name_role(unsigned int role);
const char *name_cause(unsigned int cause);

/* "exit", "signal 9", NULL for CLOSER_LIVES. */
const char *name_closer_exit(unsigned int exit);

/* The symbol of a positive errno, "ECONNREFUSED"; NULL for 0, "UNKNOWN(4711)" when it has none. */
const char *name_errno(int err);

/*
 * "> SYN" (sent), "< FIN,ACK" (received), "> SYN (2)" (sent again, in buf); NULL when there is no
 * segment.
 */
const char *name_segment(struct word *buf, const struct segment *s);
const struct word *name_segment_word(struct word *buf, const struct segment *s);

/*
 * Wireshark's text for a mask of enum completeness: "Complete, WITH_DATA", "Incomplete,
 * SYN_SENT"...
 */
const struct word *name_completeness(unsigned int mask);

#define PERSON_TEXT_MAX (COMM_TEXT_MAX + 16)

/* "curl[4711]", "-" when the process is not known; fit for a terminal. */
const char *name_person(char buf[PERSON_TEXT_MAX], const struct person *p);

/* The word itself, or "-" for NULL. */
const char *name_or_dash(const char *word);

#endif
