/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the renderers share. */
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
extern const struct renderer renderer_html;

/* CLOCK_REALTIME of a time of CLOCK_MONOTONIC. */
int64_t render_realtime(const struct render_context *rc, int64_t t_ns);

/* The steps as a JSON array, of less than STEPS_JSON_MAX bytes. */
#define STEPS_JSON_MAX (CHAPTER_STEPS * 192 + 3)
void render_steps_json(struct json *j, const struct chapter *ch);

/*
 * The time of an event in the style asked for, TIME_DEFAULT being the renderer's:
 * "15:04:05.123456" or "12.345678", "-" when not known.
 */
const char *render_time(char buf[TIME_MAX], const struct render_context *rc,
			enum time_style by_default, struct maybe t_ns);

/* Milliseconds since the chapter began: "44.892", "~44.892" when derived, "-" when not known. */
const char *render_step_time(char buf[TIME_MAX], const struct step *s);

#define NUMBERS_TEXT_MAX 40

/*
 * " seq=0 ack=1", without what is not known: counted from the first of its side as Wireshark does,
 * absolute with -v, or when that first one is not known.
 */
const char *render_numbers(char buf[NUMBERS_TEXT_MAX], const struct render_context *rc,
			   const struct chapter *ch, const struct step *s);

/* A number in decimal, "-" when not known. */
const char *render_number(char buf[32], struct maybe number);

#endif
