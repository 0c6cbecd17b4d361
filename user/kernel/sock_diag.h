/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* How TCP sockets are asked for by sock_diag(7). */
#ifndef SOCK_DIAG_H
#define SOCK_DIAG_H

#include <linux/inet_diag.h>
#include <stdint.h>

/*
 * Asks for all TCP sockets of this family and these states, and with remote_port not 0 of this remote port, in the
 * namespace of fd, a socket of NETLINK_SOCK_DIAG.  The answers have this number.  0 or -errno.
 */
int sock_diag_ask(int fd, uint8_t family, uint32_t states, uint16_t remote_port, uint32_t number);

#endif
