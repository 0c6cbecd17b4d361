/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Reads the packets of a pcapng file, without any code of the writer. */
#ifndef PACKETS_H
#define PACKETS_H

#include <stdio.h>

/*
 * Prints a line for each packet: "0.020000000 10.0.0.1.40000 > 10.0.0.2.443 S seq=1000 mss=1460 out
 * "COMMENT"", with the seconds since the first one.  A wrong checksum or length fails the test.
 */
void packets_print(FILE *out, const void *file, size_t len);

#endif
