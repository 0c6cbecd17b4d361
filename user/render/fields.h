/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The table of a chapter's fields, in the manual page's order.  JSON and CSV are written from it.
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
	IN_OPEN = 1 << 7, /* in those of open chapters only */
};

enum value_kind {
	VALUE_NULL,
	VALUE_UINT,
	VALUE_INT,
	VALUE_US, /* in ns, printed as microseconds */
	VALUE_BOOL,
	VALUE_HEX,
	VALUE_TIME,    /* CLOCK_REALTIME in ns */
	VALUE_ADDRESS, /* of the chapter's family */
	VALUE_NAME,
	VALUE_WORD,    /* plain ASCII, needs no escaping */
	VALUE_FOREIGN, /* any bytes, must be escaped */
	VALUE_STEPS,   /* the chapter's steps; no member of the union */
};

/* As small as what a function returns in registers. */
struct value {
	enum value_kind kind;
	union {
		uint64_t u; /* of VALUE_UINT and VALUE_HEX */
		int64_t i;  /* of VALUE_INT, VALUE_US and VALUE_TIME */
		bool b;
		const uint8_t *address;
		const struct word *name;
		const char *text; /* in the chapter or a table */
	};
};

struct field {
	const char *name;
	struct word key; /* JSON's */
	/*
	 * enum field_mask: in which type's objects, and rows; csv 0: an earlier field has the
	 * column
	 */
	uint8_t json;
	uint8_t csv;
	/* where the value is: enum how and an offset, both private to fields.c */
	uint8_t how;
	uint16_t at;
};

/* Ended by a field without a name. */
extern const struct field fields[];

/* Reads the value.  The chapter must be of a type that is in the field's json or csv mask. */
struct value field_value(const struct field *f, const struct render_context *rc,
			 const struct chapter *ch);

/* Writes the members of the chapter's object. */
void fields_json(struct printer *p, const struct render_context *rc, const struct chapter *ch);

#endif
