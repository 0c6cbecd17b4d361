/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The formats of the inputs, which the targets read and seeds.c writes. */
#ifndef INPUT_H
#define INPUT_H

#include <stddef.h>
#include <stdint.h>

/*
 * record	one byte of enum style (play.h), one of enum item_type, then the item
 * recording	one byte that chooses a selection, then the file
 * diary	one byte, the role; then two bytes an event of the connection
 * metrics	one byte, where the request is cut in two; then the request
 * options	the words of a command line, each ended by a NUL or a line feed
 * round_trip	two bytes: where the file is cut off; then items, each one byte of enum item_type and
 *		two of its length before it
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
