/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the parts of the reporter share. */
#ifndef REPORTER_PARTS_H
#define REPORTER_PARTS_H

#include "conversation/end.h"
#include "reporter.h"

/* Writes the item to the recording, if there is one.  0; or -errno if it failed and the trace should end. */
int reporter_record_item(struct reporter *reporter, const struct item *item);

/* Writes what is buffered of it; the same. */
int reporter_flush_recorder(struct reporter *reporter);

/* Sets the chapter's cause, and who holds the ports that it did not find. */
void reporter_explain(struct reporter *reporter, struct chapter *ch);

/* Remembers whose local port a close leaves in TIME_WAIT.  The item must have the size of its type. */
void reporter_note_close(struct reporter *reporter, const struct item *item);

/* Looks for the cgroups of the item's processes while they may still be in them.  The item must have the size of its type. */
void reporter_hint_cgroups(struct reporter *reporter, const struct item *item);

/* Reads an item of what is open that reporter_item() does not print.  False: it is not selected. */
bool reporter_read_open(struct reporter *reporter, struct item_open *open, const struct item *item);

/* The chapter of what is open. */
void reporter_open_chapter(const struct reporter *reporter, struct chapter *ch,
			   const struct item_open *open);

/* Passes it on to the renderer.  record: of a close; NULL for a handshake. */
void reporter_render(struct reporter *reporter, const struct chapter *ch,
		     const struct record *record);

/* Is this a close whose handshake is not reported? */
bool reporter_is_alone(const struct reporter *reporter, const struct record *r);

/* The chapter of a close, over or open. */
void reporter_close_chapter(const struct reporter *reporter, struct chapter *ch,
			    const struct end *end);

/* Takes the data of an item for a conversation.  True: nothing of it is printed now, if the format waits for both ends. */
bool reporter_pair(struct reporter *reporter, enum item_type type, const void *data);

/* Sets ch->unseen_by for a client's handshake that nothing answered. */
void reporter_find_witness(const struct reporter *reporter, struct chapter *ch);

/* Those of a live trace that waited long enough, and at the end all of them, are printed. */
void reporter_pairs_expire(struct reporter *reporter);
void reporter_flush_pairs(struct reporter *reporter);
void reporter_free_pairs(struct reporter *reporter);

/* Where the table of --summary goes: to stderr if the output is for programs. */
FILE *reporter_table_out(const struct reporter *reporter);
/*
 * Replaces the connection's number in the data of an item of this type.  False: it is about no
 * connection.
 */
bool reporter_number(struct reporter *reporter, enum item_type type, void *data);

/* A trace is over.  Another may follow in the same recording, which has the same numbers for other connections. */
void reporter_number_next_trace(struct reporter *reporter);

#endif
