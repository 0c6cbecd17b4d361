/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Reads the packets of a pcapng file of one interface, by the formats' own documents alone. */
#ifndef PACKETS_H
#define PACKETS_H

#include <stdio.h>

/*
 * A line a packet: "0.020000000 10.0.0.1:40000 > 10.0.0.2:443 S seq=1000 mss=1460 comment", its time since
 * the first and what Wireshark would show.  Wrong checksums and lengths are failures.
 */
void packets_print(FILE *out, const void *file, size_t len);

#endif
