// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "summary_key.h"

#include <string.h>

#include "base/number.h"
#include "base/workload.h"
#include "chapter/names.h"

#define IPV4_MAPPED_BITS 96

/* at: where the next key's text goes.  SUMMARY_KEY_MAX has room for all: only a path is long. */
struct key {
	char *at;
};

static void put(struct key *k, const char *text)
{
	size_t n = strlen(text);

	if (n >= CGROUP_PATH_MAX)
		n = CGROUP_PATH_MAX - 1;
	memcpy(k->at, text, n);
	k->at[n] = '\0';
	k->at += n + 1;
}

static void put_number(struct key *k, struct maybe m)
{
	char text[NUMBER_MAX + 1] = "";

	if (m.known)
		text[number_int(text, m.value)] = '\0';
	put(k, text);
}

const struct person *summary_person(const struct chapter *ch)
{
	return ch->open && ch->holder.pid.known ? &ch->holder : &ch->owner;
}

struct maybe summary_port(const struct chapter *ch)
{
	if (ch->role == ROLE_CLIENT)
		return ch->remote_port;
	if (ch->role == ROLE_SERVER)
		return ch->local_port;
	return (struct maybe){ 0 };
}

static void clear_host_bits(uint8_t addr[16], unsigned int bits)
{
	for (unsigned int bit = bits; bit < 128; bit++)
		addr[bit / 8] &= (uint8_t)(0xff ^ 0x80u >> bit % 8);
}

/* "10.0.0.5", "10.0.0.0/24".  What is only counted has no family. */
static void put_peer(struct key *k, const struct by *by, const struct chapter *ch)
{
	unsigned int bits = ch->family == 4 ? by->ipv4_bits : by->ipv6_bits;
	unsigned int all = ch->family == 4 ? 32 : 128;
	char text[ADDRESS_MAX + 1 + NUMBER_MAX] = "";
	uint8_t addr[16];
	size_t len;

	if (!ch->family) {
		put(k, "");
		return;
	}
	memcpy(addr, ch->remote, sizeof(addr));
	clear_host_bits(addr, ch->family == 4 ? IPV4_MAPPED_BITS + bits : bits);
	len = text_put_address(text, addr, ch->family);
	if (bits < all) {
		text[len++] = '/';
		len += number_uint(text + len, bits);
	}
	text[len] = '\0';
	put(k, text);
}

static void put_listener(struct key *k, const struct chapter *ch)
{
	char text[ENDPOINT_MAX] = "";

	if (ch->role == ROLE_SERVER && ch->family)
		text_endpoint(text, ch->local, ch->family, ch->ifname, ch->local_port);
	put(k, text);
}

static const char *path_of(const struct summary_paths *paths, const struct person *p)
{
	if (!p->cgroup.known || !paths->find)
		return NULL;
	return paths->find(paths->ctx, (uint64_t)p->cgroup.value);
}

static const char *find_path(const struct summary_paths *paths, const struct chapter *ch)
{
	return path_of(paths, summary_person(ch)) ?: path_of(paths, &ch->owner);
}

static void put_workload(struct key *k, unsigned int by_key, const char *path)
{
	struct workload w = { 0 };
	const char *text = by_key == BY_UNIT  ? w.unit
			   : by_key == BY_POD ? w.pod_uid
					      : w.container_id;

	if (path)
		workload_read(&w, path);
	w.container_id[CONTAINER_ID_SHORT] = '\0';
	put(k, path && !*text ? SUMMARY_NO_WORKLOAD : text);
}

static const char *text_or_none(const char *text)
{
	return text ? text : "";
}

static void put_part(struct key *k, const struct by *by, unsigned int by_key,
		     const struct chapter *ch, const struct summary_paths *paths)
{
	switch ((enum by_key)by_key) {
	case BY_COMM:
		put(k, summary_person(ch)->comm);
		break;
	case BY_PID:
		put_number(k, summary_person(ch)->pid);
		break;
	case BY_PEER:
		put_peer(k, by, ch);
		break;
	case BY_PORT:
		put_number(k, summary_port(ch));
		break;
	case BY_ROLE:
		put(k, text_or_none(name_role(ch->role)));
		break;
	case BY_LISTENER:
		put_listener(k, ch);
		break;
	case BY_CGROUP:
		put(k, text_or_none(find_path(paths, ch)));
		break;
	case BY_CONTAINER:
	case BY_UNIT:
	case BY_POD:
		put_workload(k, by_key, find_path(paths, ch));
		break;
	case BY_CAUSE:
		put(k, text_or_none(name_cause(ch->cause)));
		break;
	case BY_NETNS:
		put_number(k, known_unless_0(ch->netns));
		break;
	case BY_KEYS:
		put(k, "");
		break;
	}
}

size_t summary_key(char buf[SUMMARY_KEY_MAX], const struct by *by, const struct chapter *ch,
		   const struct summary_paths *paths)
{
	struct key k = { buf };

	for (unsigned int i = 0; i < by->n; i++)
		put_part(&k, by, by->keys[i], ch, paths);
	return (size_t)(k.at - buf);
}

const char *summary_key_part(const char *key, unsigned int number)
{
	while (number--)
		key += strlen(key) + 1;
	return key;
}

bool summary_key_is_number(unsigned int by_key)
{
	return by_key == BY_PID || by_key == BY_PORT || by_key == BY_NETNS;
}
