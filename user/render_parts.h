/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the renderers share. */
#ifndef RENDER_PARTS_H
#define RENDER_PARTS_H

#include "render.h"
#include "text.h"

extern const struct renderer renderer_timeline;
extern const struct renderer renderer_line;
extern const struct renderer renderer_states;
extern const struct renderer renderer_json;
extern const struct renderer renderer_csv;
extern const struct renderer renderer_html;

/* The sum of two times; one that does not fit stays at the end of the range. */
int64_t render_add_ns(int64_t a_ns, int64_t b_ns);

/* CLOCK_REALTIME of a time of CLOCK_MONOTONIC. */
int64_t render_realtime(const struct render_context *rc, int64_t t_ns);

/* Steps that may be looked at. */
size_t render_steps(const struct chapter *ch);

/*
 * The time of an event in the style asked for, TIME_DEFAULT being the renderer's:
 * "15:04:05.123456" or "12.345678", "-" when not known.
 */
const char *render_time(char buf[TIME_MAX], const struct render_context *rc,
			enum time_style by_default, struct maybe t_ns);

#define PERSON_TEXT_MAX (COMM_TEXT_MAX + 16)

/* "curl[4711]", "-" for nobody known. */
const char *render_person(char buf[PERSON_TEXT_MAX], const struct person *p);

/* A number in decimal, "-" when not known. */
const char *render_number(char buf[32], struct maybe number);

/* A word, "-" for NULL. */
const char *render_word(const char *word);

#endif
