/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the renderers share; for the sources of this folder only. */
#ifndef RENDER_PARTS_H
#define RENDER_PARTS_H

#include "base/json.h"
#include "render.h"
#include "base/text.h"

extern const struct renderer renderer_timeline;
extern const struct renderer renderer_ladder;
extern const struct renderer renderer_line;
extern const struct renderer renderer_states;
extern const struct renderer renderer_json;
extern const struct renderer renderer_csv;
extern const struct renderer renderer_csv_rows;
extern const struct renderer renderer_html;
extern const struct renderer renderer_top;

/* From CLOCK_MONOTONIC ns to CLOCK_REALTIME ns. */
int64_t render_realtime(const struct render_context *rc, int64_t t_ns);

/* Writes the steps as a JSON array of less than STEPS_JSON_MAX bytes. */
#define STEPS_JSON_MAX (CHAPTER_STEPS * 192 + 3)
void render_steps_json(struct printer *p, const struct chapter *ch);

/* Writes a key and a time of CLOCK_MONOTONIC. */
void render_time_json(struct printer *p, const char *key, const struct render_context *rc,
		      struct maybe t_ns);

/*
 * The time of an event (CLOCK_MONOTONIC) in the style that -t and -T choose, else in the
 * renderer's: "15:04:05.123456Z" UTC, with -T "16:04:05.123456+01:00" local time, or "12.345678" s
 * since the first event; "-" when not known.
 */
const char *render_time(char buf[TIME_MAX], const struct render_context *rc,
			enum time_style by_default, struct maybe t_ns);

/* Instead of a time and a role that are not known: the connection is older than the trace. */
#define RENDER_OLDER "(began before the trace)"
bool render_is_older(const struct chapter *ch);

/*
 * A step's milliseconds since the chapter began: "44.892", "~44.892" when derived, "-" when not
 * known.
 */
const char *render_step_time(char buf[TIME_MAX], const struct step *s);

/*
 * The two endpoints.  As ss(8), the local one has the interface that the socket is bound to; the
 * other one has it where it is part of the address.
 */
const char *render_local(char buf[ENDPOINT_MAX], const struct chapter *ch);
const char *render_remote(char buf[ENDPOINT_MAX], const struct chapter *ch);

#define NUMBERS_TEXT_MAX 40

/*
 * " seq=0 ack=1", without a number that is not known.  Relative to the side's initial sequence
 * number as in Wireshark; absolute with -v, or when that one is not known.
 */
const char *render_numbers(char buf[NUMBERS_TEXT_MAX], const struct render_context *rc,
			   const struct chapter *ch, const struct step *s);

/* Does render_numbers() give an absolute number, since the beginning of the connection was not seen? */
bool render_is_absolute(const struct render_context *rc, const struct chapter *ch);

#define STUCK_TEXT_MAX 160

/*
 * "stuck: 3100 bytes unacknowledged for 12.4 s, 6 retransmits, peer's window 0", of an open
 * connection; false: the peer has acknowledged all.
 */
bool render_stuck(char buf[STUCK_TEXT_MAX], const struct chapter *ch);

/* "no data for 12.4 s before": silence before the close, of a second or more. */
bool render_idle(char buf[STUCK_TEXT_MAX], const struct close *cl);

#define RESET_TEXT_MAX 64

/* "4 bytes that the application had not read": why this end sent an RST; NULL: not known. */
const char *render_reset_reason(char buf[RESET_TEXT_MAX], const struct close *cl);

/* A number in decimal, "-" when not known. */
const char *render_number(char buf[32], struct maybe number);

#endif
