// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "sock_diag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

int sock_diag_ask(int fd, uint8_t family, uint32_t states, uint16_t remote_port, uint32_t number)
{
	const struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} message = {
		.header = { .nlmsg_len = sizeof(message),
			    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
			    .nlmsg_seq = number },
		.request = { .sdiag_family = family,
			     .sdiag_protocol = IPPROTO_TCP,
			     .idiag_states = states,
			     .id.idiag_dport = htons(remote_port) },
	};

	return send(fd, &message, sizeof(message), 0) < 0 ? -errno : 0;
}
