/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Plays items through the program's reporter into memory, and checks the text. */
#ifndef PLAY_H
#define PLAY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "reporter.h"

/* A FILE in memory, which stays for the whole process: each use overwrites the one before. */
struct memory {
	FILE *file;
	char *text;
	size_t len, room;
};

/* Empties it; then m->file can be written, until memory_end() completes m->text. */
void memory_begin(struct memory *m);
void memory_end(struct memory *m);

/* Bits of a style, one byte of the input. */
enum style {
	STYLE_VERBOSE = 1 << 0,
	STYLE_COLOUR = 1 << 1,
	STYLE_RELATIVE = 1 << 2,
	STYLE_WALL = 1 << 3,
	STYLE_SUMMARY = 1 << 4,
	STYLE_UTF8 = 1 << 5,
};

struct play {
	struct options options;
	struct reporter reporter;
	struct memory memory; /* the text, after play_end() */
};

/* p is static, so that its memory is kept from one use to the next.  style: enum style. */
void play_begin(struct play *p, const struct renderer *renderer, uint8_t style);

/* An item_fn; ctx is a struct play. */
int play_item(void *play, const struct item *item);

/* Ends the text and checks it. */
void play_end(struct play *p);

/* A file in memory with these bytes.  Returns its descriptor, and its path. */
#define MEMORY_PATH_MAX 64
int memory_file(char path[MEMORY_PATH_MAX], const void *data, size_t len);

#endif
