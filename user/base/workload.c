// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "workload.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#define HEX "0123456789abcdef"

/* One name of a path, which does not end with a NUL. */
struct name {
	const char *text;
	size_t len;
};

/* The next name of the path.  False: there is no more. */
static bool next_name(struct name *name, const char **path)
{
	*path += strspn(*path, "/");
	name->text = *path;
	name->len = strcspn(*path, "/");
	*path += name->len;
	return name->len;
}

/* The id in a name; NULL: it has none. */
static const char *find_id(const struct name *name)
{
	static const char monitor[] = "conmon";

	if (memmem(name->text, name->len, monitor, sizeof(monitor) - 1))
		return NULL;
	for (size_t at = 0; at < name->len;) {
		size_t digits = strspn(name->text + at, HEX);

		if (digits == CONTAINER_ID_DIGITS)
			return name->text + at;
		at += digits + 1;
	}
	return NULL;
}

static void read_container(char id[CONTAINER_ID_DIGITS + 1], const char *path)
{
	const char *found = NULL;
	struct name name;

	while (next_name(&name, &path))
		found = find_id(&name) ?: found;
	if (found)
		memcpy(id, found, CONTAINER_ID_DIGITS);
}

bool workload_in_container(const char *path, const char *digits)
{
	struct name name;

	while (next_name(&name, &path)) {
		const char *found = find_id(&name);

		if (found && !strncmp(found, digits, strlen(digits)))
			return true;
	}
	return false;
}

/* The length of the UUID at `s`, whose dashes systemd(1) makes underscores; 0: there is none. */
static size_t uid_len(const char *s)
{
	static const char form[] = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";
	size_t digits = strspn(s, HEX), i = 0;

	if (digits == 32)
		return digits;
	while (form[i] && (form[i] == '-' ? s[i] == '-' || s[i] == '_' : s[i] && strchr(HEX, s[i])))
		i++;
	return form[i] || isalnum((unsigned char)s[i]) ? 0 : i;
}

/* "kubepods-burstable-podUID.slice" or "podUID": the UID; NULL: it has none. */
static const char *find_uid(const struct name *name, size_t *len)
{
	static const char pod[] = "pod";
	const size_t n = sizeof(pod) - 1;

	for (size_t at = 0; at + n <= name->len; at++) {
		if ((at && name->text[at - 1] != '-') || memcmp(name->text + at, pod, n) != 0)
			continue;
		*len = uid_len(name->text + at + n);
		if (*len)
			return name->text + at + n;
	}
	return NULL;
}

static void read_pod(char uid[POD_UID_MAX + 1], const char *path)
{
	const char *last = NULL;
	size_t len = 0;
	struct name name;

	while (next_name(&name, &path)) {
		size_t found_len;
		const char *found = find_uid(&name, &found_len);

		if (found) {
			last = found;
			len = found_len;
		}
	}
	for (size_t i = 0; i < len; i++)
		uid[i] = last[i] == '_' ? '-' : last[i];
}

static bool ends_with(const struct name *name, const char *suffix)
{
	size_t len = strlen(suffix);

	return name->len > len && !memcmp(name->text + name->len - len, suffix, len);
}

/* systemd.unit(5): those that have processes */
static bool is_unit(const struct name *name)
{
	static const char *const suffixes[] = { ".service", ".scope", ".socket", ".mount",
						".swap" };

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (ends_with(name, suffixes[i]))
			return name->len <= UNIT_NAME_MAX;
	return false;
}

static void read_unit(char unit[UNIT_NAME_MAX + 1], const char *path)
{
	struct name name;

	do {
		if (!next_name(&name, &path))
			return;
	} while (ends_with(&name, ".slice"));
	if (!is_unit(&name))
		return;
	/* systemd(1) puts it before names that the kernel has files for */
	if (*name.text == '_') {
		name.text++;
		name.len--;
	}
	memcpy(unit, name.text, name.len);
}

void workload_read(struct workload *w, const char *path)
{
	memset(w, 0, sizeof(*w));
	read_unit(w->unit, path);
	read_container(w->container_id, path);
	read_pod(w->pod_uid, path);
}
