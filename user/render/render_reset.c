// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Why this end sent an RST, in words. */
#include <inttypes.h>

#include "render_parts.h"

static const char *unread_words(char buf[RESET_TEXT_MAX], struct maybe unread)
{
	if (!unread.known)
		return "data that the application had not read";
	snprintf(buf, RESET_TEXT_MAX, "%" PRId64 " byte%s that the application had not read",
		 unread.value, unread.value == 1 ? "" : "s");
	return buf;
}

const char *render_reset_reason(char buf[RESET_TEXT_MAX], const struct close *cl)
{
	static const char *const words[RESET_REASONS] = {
		[RESET_LINGER] = "close() with SO_LINGER and 0 s",
		[RESET_LINGER2] = "TCP_LINGER2 does not wait for the peer's FIN",
		[RESET_DATA_AFTER_CLOSE] = "data came that nobody reads any more",
		[RESET_DISCONNECT] = "the application disconnected the socket",
		[RESET_LISTENER_CLOSED] = "the listener was closed before accept()",
		[RESET_KILLED] = NULL, /* the ending says it */
		[RESET_KEEPALIVE] = "no answer to keepalive probes",
		[RESET_MEMORY] = "TCP is short of memory",
		[RESET_FIN_TIMEOUT] = "the peer's FIN did not come in time",
		[RESET_MPTCP] = "MPTCP closed the subflow",
	};

	if (cl->reset_reason == RESET_UNREAD_DATA)
		return unread_words(buf, cl->unread);
	return (unsigned int)cl->reset_reason < RESET_REASONS ? words[cl->reset_reason] : NULL;
}
