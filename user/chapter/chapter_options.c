// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What was negotiated in a handshake. */
#include <linux/bpf.h>

#include "chapter_parts.h"

static enum tristate tristate_of(bool is_known, bool value)
{
	return is_known ? value ? TRISTATE_YES : TRISTATE_NO : TRISTATE_UNKNOWN;
}

static bool is_simultaneous_open(const struct handshake_part *h)
{
	for (unsigned int i = 0; i < h->n_steps && i < HANDSHAKE_STEPS; i++)
		if (step_from(h->steps[i]) == BPF_TCP_SYN_SENT &&
		    step_to(h->steps[i]) == BPF_TCP_SYN_RECV)
			return true;
	return false;
}

void chapter_read_options(struct handshake *hs, const struct handshake_part *h)
{
	bool negotiated = h->options & OPTION_KNOWN;
	bool wscale = negotiated && h->options & OPTION_WSCALE;

	hs->mss = known_if(negotiated, h->mss);
	hs->snd_wscale = known_if(wscale, h->snd_wscale);
	hs->rcv_wscale = known_if(wscale, h->rcv_wscale);
	hs->sack = tristate_of(negotiated, h->options & OPTION_SACK);
	hs->timestamps = tristate_of(negotiated, h->options & OPTION_TIMESTAMPS);
	hs->ecn = tristate_of(negotiated, h->options & OPTION_ECN);
	hs->fastopen = tristate_of(negotiated, h->flags & HANDSHAKE_FASTOPEN);
	hs->mptcp = tristate_of(h->flags & HANDSHAKE_MPTCP_KNOWN, h->flags & HANDSHAKE_MPTCP);
	hs->simultaneous_open = tristate_of(h->role != ROLE_UNKNOWN, is_simultaneous_open(h));
	hs->syncookie = tristate_of(h->flags & HANDSHAKE_SYNCOOKIE_KNOWN,
				    h->flags & HANDSHAKE_SYNCOOKIE);
	/* only a listener sends SYN cookies */
	if (h->role == ROLE_CLIENT)
		hs->syncookie = TRISTATE_NO;
}
