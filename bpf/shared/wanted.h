/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which connections are wanted by their owner (-p, -c, --cgroup), and which of their chapters
 * (--failed, --min-connect, --min-close, --open).  Pure; both sides decide by it.
 */
#ifndef WANTED_H
#define WANTED_H

#include "config.h"
#include "diary_read.h"

static __always_inline bool wanted_by_owner(const volatile struct config *cfg)
{
	return cfg->by_owner;
}

/*
 * As far as it is known now: is the owner that is printed selected?  That is accept()'s caller, and
 * before that the listener's owner; a client's is connect()'s caller.  With -p so is what a selected
 * process closes.
 */
static __always_inline bool wanted_owner(const volatile struct config *cfg, const struct record *r)
{
	if (!wanted_by_owner(cfg) || r->c.flags & CLOSE_CLOSER_SELECTED)
		return true;
	return r->h.accept_ns ? !(r->h.accept_fate & ACCEPT_UNSELECTED)
			      : r->h.flags & HANDSHAKE_OWNER_SELECTED;
}

/* Naming only one of the two durations hides the other type of chapter. */
static __always_inline bool wanted_handshakes(const volatile struct config *cfg)
{
	return cfg->min_connect_ns || !cfg->min_close_ns;
}

static __always_inline bool wanted_closes(const volatile struct config *cfg)
{
	return cfg->min_close_ns || !cfg->min_connect_ns;
}

/* Of a handshake that is over. */
static __always_inline bool wanted_handshake(const volatile struct config *cfg,
					     const struct record *r)
{
	if (!cfg->by_chapter)
		return true;
	if (cfg->open || !wanted_handshakes(cfg) || (cfg->failed && diary_established(r)))
		return false;
	return !cfg->min_connect_ns || diary_handshake_ns(&r->h) >= cfg->min_connect_ns;
}

/* Of a close that is over. */
static __always_inline bool wanted_close(const volatile struct config *cfg, const struct record *r)
{
	if (!cfg->by_chapter)
		return true;
	if (cfg->open || !wanted_closes(cfg) || (cfg->failed && diary_graceful(r)))
		return false;
	return !cfg->min_close_ns || diary_close_ns(r) >= cfg->min_close_ns;
}

/*
 * Of one that is not over at now_ns: has its handshake or close lasted for as long as is asked for?
 */
static __always_inline bool wanted_open(const volatile struct config *cfg, const struct record *r,
					__u64 now_ns)
{
	bool close = diary_established(r);
	__u64 least = close ? cfg->min_close_ns : cfg->min_connect_ns;
	__u64 begin = close ? r->c.t0_ns : r->h.t0_ns;

	if (!(close ? wanted_closes(cfg) : wanted_handshakes(cfg)))
		return false;
	return !least || (begin && begin + least <= now_ns);
}

#endif
