/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Walks over the tables of the BPF side, and reports what no hook will report.  The functions that report return
 * 0, what the sink returned if that is not 0, or -errno.  All times are CLOCK_MONOTONIC.
 */
#ifndef SWEEP_H
#define SWEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/item.h"
#include "base/options.h"
#include "shared/config.h"

/* how long a connection may wait for accept() before its handshake is reported */
#define ACCEPT_WAIT_NS NS_PER_S

struct sweep {
	const volatile struct config *cfg;
	const struct options *options;
	int table_fd;
	int unaccepted_fd;
	int minisockets_fd;
	int preexisting_fd;
	int holders_fd;
	/* fills the map of holders */
	void (*find_holders)(void *finder);
	/* marks those in `unaccepted` that have left the accept queue unseen */
	void (*check_unaccepted)(void *finder);
	void *finder;
	int resets_fd;
	item_fn sink;
	void *ctx;
	/* a socket that the check with this number found exists; the check began at checked_ns; 0: none */
	uint32_t check;
	uint64_t checked_ns;
	bool last; /* no hook is attached any more: report what is gone as lost */
};

/*
 * Reports the handshakes of connections that have waited for accept() since before_ns, or longer, up to from_ns.
 * Each record is read first and claimed afterwards, by a delete from `unaccepted`, so that no handshake is
 * reported twice.  One that is not selected stays there until it is accepted: there may be thousands, so an
 * earlier sweep's are left out.
 */
int sweep_unaccepted(const struct sweep *s, uint64_t from_ns, uint64_t before_ns);

/*
 * Reports the closes whose minisocket has expired at now_ns.  The last time, it reports all whose time is
 * over, without a margin.  blind: the hook may have missed a segment, so that it is not known whether the
 * peer's FIN came.
 */
int sweep_minisockets(const struct sweep *s, uint64_t now_ns, bool blind);

/*
 * Reports the closes of those that were reset before before_ns, and of which nothing more is said.  *left: there
 * were any.
 */
int sweep_resets(const struct sweep *s, uint64_t before_ns, bool *left);

struct requests_request;

/*
 * Reports the handshakes and closes that are not over at now_ns, by state and age.  If the socket of a record is
 * gone, its end was missed: the last time, it is reported as incomplete, and before not at all.  requests: the
 * half-open handshakes; NULL: there are none.  *established: how many others are established.
 */
int sweep_open(const struct sweep *s, const struct requests_request *requests, uint64_t now_ns,
	       uint64_t *established);

/* After detaching: reports the handshakes of established connections that were not posted. */
int sweep_unposted(const struct sweep *s);

/* The number of selected connections in the tables.  It cannot fail: a table that cannot be read counts 0. */
int sweep_count(const struct sweep *s);

#endif
