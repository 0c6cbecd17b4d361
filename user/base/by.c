// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "by.h"

#include <string.h>
#include <strings.h>

static const char *const names[] = {
	[BY_COMM] = "comm",	[BY_PID] = "pid",
	[BY_PEER] = "peer",	[BY_PORT] = "port",
	[BY_ROLE] = "role",	[BY_LISTENER] = "listener",
	[BY_CGROUP] = "cgroup", [BY_CONTAINER] = "container",
	[BY_UNIT] = "unit",	[BY_POD] = "pod_uid",
	[BY_CAUSE] = "cause",	[BY_NETNS] = "netns",
};
_Static_assert(sizeof(names) / sizeof(names[0]) == BY_KEYS, "a name for each key");

const char *by_key_name(unsigned int key)
{
	return key < BY_KEYS ? names[key] : NULL;
}

static bool is(const char *name, size_t len, const char *word)
{
	return len == strlen(word) && !strncasecmp(name, word, len);
}

enum by_key by_key_find(const char *name, size_t len)
{
	unsigned int key = BY_COMM;

	if (is(name, len, "process"))
		return BY_COMM;
	if (is(name, len, "pod"))
		return BY_POD;
	while (key < BY_KEYS && !is(name, len, names[key]))
		key++;
	return (enum by_key)key;
}

bool by_is_tallied(const struct by *by)
{
	for (unsigned int i = 0; i < by->n; i++)
		if (by->keys[i] != BY_PORT && by->keys[i] != BY_ROLE)
			return false;
	return true;
}

bool by_has(const struct by *by, enum by_key key)
{
	for (unsigned int i = 0; i < by->n; i++)
		if (by->keys[i] == key)
			return true;
	return false;
}
