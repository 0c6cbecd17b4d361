// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "identity.h"

#include <string.h>

static bool is_client(const struct handshake_part *h)
{
	return h->role == ROLE_CLIENT;
}

uint32_t identity_client_isn(const struct handshake_part *h)
{
	return is_client(h) ? h->iss : h->irs;
}

uint32_t identity_server_isn(const struct handshake_part *h)
{
	return is_client(h) ? h->irs : h->iss;
}

/* A step of splitmix64. */
uint64_t identity_mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

static uint64_t mix_bytes(uint64_t hash, const uint8_t bytes[16])
{
	uint64_t halves[2];

	memcpy(halves, bytes, sizeof(halves));
	return identity_mix(identity_mix(hash ^ halves[0]) ^ halves[1]);
}

uint64_t identity_of_addresses(const struct handshake_part *h)
{
	bool client = is_client(h);
	uint64_t hash = (uint64_t)identity_client_isn(h) << 32 |
			(uint32_t)(client ? h->local_port : h->remote_port) << 16 |
			(client ? h->remote_port : h->local_port);

	hash = mix_bytes(identity_mix(hash), client ? h->local : h->remote);
	return mix_bytes(hash, client ? h->remote : h->local);
}

uint64_t identity_of_numbers(const struct handshake_part *h)
{
	return identity_mix((uint64_t)identity_client_isn(h) << 32 | identity_server_isn(h));
}

bool identity_has_isn(const struct handshake_part *h)
{
	__u32 flag = is_client(h) ? HANDSHAKE_ISS : HANDSHAKE_IRS;

	return (h->role == ROLE_CLIENT || h->role == ROLE_SERVER) && h->local_port &&
	       h->remote_port && (h->options & OPTION_KNOWN || h->flags & flag);
}

bool identity_has_both_isns(const struct handshake_part *h)
{
	return h->options & OPTION_KNOWN || (h->flags & HANDSHAKE_ISS && h->flags & HANDSHAKE_IRS);
}

bool identity_same_addresses(const struct handshake_part *a, const struct handshake_part *b)
{
	return a->role != b->role && identity_client_isn(a) == identity_client_isn(b) &&
	       a->local_port == b->remote_port && a->remote_port == b->local_port &&
	       !memcmp(a->local, b->remote, 16) && !memcmp(a->remote, b->local, 16) &&
	       (!identity_has_both_isns(a) || !identity_has_both_isns(b) ||
		identity_server_isn(a) == identity_server_isn(b));
}

bool identity_same_numbers(const struct handshake_part *a, const struct handshake_part *b)
{
	const __u8 both = OPTION_SACK | OPTION_TIMESTAMPS | OPTION_WSCALE;

	return a->role != b->role && identity_client_isn(a) == identity_client_isn(b) &&
	       identity_server_isn(a) == identity_server_isn(b) &&
	       a->options & b->options & OPTION_KNOWN &&
	       (a->options & both) == (b->options & both) && a->snd_wscale == b->rcv_wscale &&
	       a->rcv_wscale == b->snd_wscale;
}
