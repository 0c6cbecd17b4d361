// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "other_ends.h"

#include <stdlib.h>
#include <string.h>

/* Without padding, so that it is compared and hashed as bytes. */
struct key {
	uint8_t client[16], server[16];
	uint16_t client_port, server_port;
	uint32_t isn;
};
_Static_assert(sizeof(struct key) == 40, "padding");

struct pair {
	struct key key;
	uint64_t client, server; /* numbers; 0: no chapter of it yet */
};

struct other_ends {
	struct pair pairs[OTHER_ENDS_MAX];
};

struct other_ends *other_ends_create(void)
{
	return calloc(1, sizeof(struct other_ends));
}

void other_ends_destroy(struct other_ends *ends)
{
	free(ends);
}

static void set_key(struct key *key, const struct chapter *ch)
{
	bool client = ch->role == ROLE_CLIENT;

	memset(key, 0, sizeof(*key));
	memcpy(key->client, client ? ch->local : ch->remote, 16);
	memcpy(key->server, client ? ch->remote : ch->local, 16);
	key->client_port = (uint16_t)(client ? ch->local_port : ch->remote_port).value;
	key->server_port = (uint16_t)(client ? ch->remote_port : ch->local_port).value;
	key->isn = (uint32_t)(client ? ch->iss : ch->irs).value;
}

/* FNV-1a */
static uint32_t hash(const struct key *key)
{
	const uint8_t *bytes = (const uint8_t *)key;
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < sizeof(*key); i++)
		h = (h ^ bytes[i]) * 16777619U;
	return h ^ h >> 16;
}

void other_ends_find(struct other_ends *ends, struct chapter *ch)
{
	bool client = ch->role == ROLE_CLIENT;
	struct pair *pair;
	struct key key;

	if ((!client && ch->role != ROLE_SERVER) || !(client ? ch->iss : ch->irs).known ||
	    !ch->local_port.known || !ch->remote_port.known)
		return;
	set_key(&key, ch);
	pair = &ends->pairs[hash(&key) % OTHER_ENDS_MAX];
	if (memcmp(&pair->key, &key, sizeof(key)) != 0)
		*pair = (struct pair){ .key = key };
	*(client ? &pair->client : &pair->server) = ch->conn;
	ch->other_conn = client ? pair->server : pair->client;
}
