/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Finds the two ends of a connection, of this host or in several recordings: by the addresses, the ports and the
 * client's initial sequence number; across NAT by both initial sequence numbers and what was negotiated, if only
 * one end fits.  An end waits for the other one, and both for their closes.
 */
#ifndef PAIRING_H
#define PAIRING_H

#include "end.h"

/* So many ends wait at most: for another one, the one that waits for longest does so no more. */
#define PAIRING_MAX (1U << 17)

/* How the two were found to belong together. */
enum matched { MATCHED_ADDRESSES, MATCHED_NUMBERS };

/* What becomes of the ends; they are valid during the call. */
struct pairing_sink {
	void (*both)(void *ctx, const struct end *client, const struct end *server,
		     enum matched matched);
	/* Its other end did not come.  It may be called again when a handshake that it got has its close, too. */
	void (*alone)(void *ctx, const struct end *end);
	void *ctx;
};

struct pairing;

/*
 * patience_ns: how long an end waits for one that has not been met yet, by the times of pairing_expire(); UINT64_MAX:
 * until pairing_flush().  NULL when there is no memory.
 */
struct pairing *pairing_create(const struct pairing_sink *sink, uint64_t patience_ns);
void pairing_destroy(struct pairing *p);

/*
 * Takes an end, or what has become of one that it has: they have the same number and host.  False: it is to be reported
 * by itself.  Nothing tells its other end, or there is no memory; or it is a SYN for which a queue had no room, which
 * is counted for the connection that it belongs to.
 */
bool pairing_add(struct pairing *p, const struct end *end, uint64_t now_ns);

/* Those whose patience is over are alone. */
void pairing_expire(struct pairing *p, uint64_t now_ns);

/* All that wait are alone, or were joined as far as they had come. */
void pairing_flush(struct pairing *p);

#endif
