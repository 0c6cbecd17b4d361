/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* How a connection came to its end at this host. */
#ifndef END_H
#define END_H

/* Did the end of its process close the descriptor? */
enum closer_exit {
	/* no, or it is not known who closed it */
	CLOSER_LIVES,
	/* a number of a signal, up to here */
	CLOSER_SIGNAL_MAX = 127,
	/* by exit() */
	CLOSER_EXITED,
};

/* Why this end sent an RST.  The numbers are part of the format of a recording. */
enum reset_reason {
	/* not known, or it sent none */
	RESET_UNKNOWN,
	/* close() before all that had come was read: `unread` says how many bytes */
	RESET_UNREAD_DATA,
	/* close() with SO_LINGER and a time of 0 */
	RESET_LINGER,
	/* TCP_LINGER2 below 0: the peer's FIN is not waited for */
	RESET_LINGER2,
	/* data came that nobody reads any more */
	RESET_DATA_AFTER_CLOSE,
	/* connect() to AF_UNSPEC */
	RESET_DISCONNECT,
	/* the listener was closed before accept() took the connection */
	RESET_LISTENER_CLOSED,
	/* by `ss -K` */
	RESET_KILLED,
	/* no answer to the keepalive probes, or within TCP_USER_TIMEOUT */
	RESET_KEEPALIVE,
	/* no memory for an orphan */
	RESET_MEMORY,
	/* the peer's FIN did not come in time, and there was no minisocket to wait for it */
	RESET_FIN_TIMEOUT,
	/* by MPTCP, for one of its subflows */
	RESET_MPTCP,
	RESET_REASONS
};

#endif
