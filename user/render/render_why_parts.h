/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The sentences of render_why.c. */
#ifndef RENDER_WHY_PARTS_H
#define RENDER_WHY_PARTS_H

#include "chapter/names.h"
#include "render_why.h"

struct sentence {
	char *text;
	size_t len;
};

/* Appends; what does not fit is cut off. */
void why_put(struct sentence *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends a duration between two words; nothing if it is not known. */
void why_put_span(struct sentence *s, const char *before, struct maybe ns, const char *after);

/* "3 SYNs", "1 SYN" */
void why_put_count(struct sentence *s, int64_t n, const char *what);

/* The owner, of an open one who has it now; "the application" if that is not known. */
const char *why_owner(char buf[PERSON_TEXT_MAX], const struct chapter *ch);

/* One for each cause. */
typedef void why_sentence(struct sentence *s, const struct chapter *ch);
why_sentence why_syn_lost, why_synack_lost, why_slow_network, why_accept_wait, why_queue_full,
	why_refused, why_filtered, why_no_route, why_no_ports, why_gave_up, why_not_sent,
	why_syn_cookie, why_peer_reset, why_app_slow, why_peer_slow, why_zero_window,
	why_unsent_data, why_peer_silent, why_fin_lost, why_unread_data, why_linger,
	why_data_after_close, why_idle_reset, why_process_ended, why_killed, why_keepalive,
	why_retransmit_timeout, why_listener_closed, why_never_accepted, why_half_open,
	why_no_memory, why_disconnected;

#endif
