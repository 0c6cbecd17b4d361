/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The files of tests/golden, read and compared, or with GOLDEN_UPDATE in the environment replaced. */
#ifndef GOLDEN_FILES_H
#define GOLDEN_FILES_H

#include <stdbool.h>
#include <stddef.h>

#define GOLDEN_FOLDER "tests/golden/"

/* NULL when there is no such file; ended by a NUL that is not counted. */
char *golden_read(const char *path, size_t *len);

/* Are these the bytes of the file?  Prints where they differ. */
bool golden_compare(const char *path, const char *text, size_t len);

/* How much of a line fits print_error(). */
int golden_shown(const char *text);

#endif
