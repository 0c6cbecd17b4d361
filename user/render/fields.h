/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The fields of a chapter: one table, in the manual page's order, from which JSON and CSV are
 * written.
 */
#ifndef FIELDS_H
#define FIELDS_H

#include "base/json.h"
#include "render.h"
#include "base/text.h"

enum field_mask {
	IN_HANDSHAKE = 1 << CHAPTER_HANDSHAKE,
	IN_CLOSE = 1 << CHAPTER_CLOSE,
	IN_BOTH = IN_HANDSHAKE | IN_CLOSE,
};

enum value_kind {
	VALUE_NULL,
	VALUE_UINT,
	VALUE_INT,
	VALUE_US, /* nanoseconds, to be told as microseconds */
	VALUE_BOOL,
	VALUE_WORD,    /* the program's own: plain ASCII without quotes */
	VALUE_FOREIGN, /* bytes a process chose */
	VALUE_STEPS,   /* the chapter's steps */
};

struct value {
	enum value_kind kind;
	union {
		uint64_t u;
		int64_t i; /* VALUE_INT and VALUE_US */
		bool b;
		const char *text; /* points into buf, the chapter or a table */
	};
	char buf[ADDRESS_MAX > TIME_MAX ? ADDRESS_MAX : TIME_MAX];
};

struct field {
	const char *name;
	char key[JSON_KEY_MAX]; /* as JSON has it */
	uint8_t key_len;
	uint8_t json;	/* enum field_mask: in which chapters' objects */
	uint8_t csv;	/* 0: no column, an earlier field of this name has it */
	bool only_open; /* JSON: a key of open chapters alone */
	uint8_t how;	/* fields.c knows */
	uint16_t at;
};

/* Ended by a field without a name. */
extern const struct field fields[];

/* The value; only of a chapter in whose json or csv mask the field is. */
void field_value(struct value *v, const struct field *f, const struct render_context *rc,
		 const struct chapter *ch);

#endif
