// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "cgroups.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroups_walk.h"
#include "clock.h"

#define ENTRIES_MAX 65536
#define SLOTS_MIN 1024 /* a power of two */

/*
 * The search for new cgroups may take a twentieth of the time; unused time is saved, up to 100 ms.  One look-up
 * reads at most so many entries of directories, about 1 ms; the next one continues.
 */
#define WALK_SHARE 20
#define WALK_SAVED_MAX_NS 100000000LL
#define WALK_ENTRIES 512

#define HINTS 4

struct entry {
	uint64_t id;		   /* 0: the slot is free */
	char *path;		   /* NULL: not found so far */
	struct workload *workload; /* of the path; NULL: not asked for so far */
	/* without a path: the number of the first walk that began after the cgroup was asked for */
	uint64_t sought_by;
	uint64_t returned_in; /* the round in which cgroups_path() last returned it; 0: never */
};

struct hint {
	uint64_t id;
	uint32_t pid;
};

struct cgroups {
	int mount_fd; /* -1: none */
	char mount[CGROUP_PATH_MAX];
	/*
	 * An open hash table, at most half full.  The hash is the upper bits of id times a random odd number:
	 * nobody can write a recording whose ids collide.
	 */
	struct entry *slots;
	unsigned int shift; /* there are 2^(64 - shift) slots */
	size_t n;
	uint64_t factor;
	uint64_t round; /* cgroups_ask_again() begins the next */
	struct hint hints[HINTS];
	unsigned int next_hint;
	struct cgroups_walk *walk; /* NULL: none is under way */
	uint64_t walks_begun, walks_ended;
	int64_t allowance_ns;
	uint64_t walked_ns;
};

static size_t slots_of(const struct cgroups *cgroups)
{
	return (size_t)1 << (64 - cgroups->shift);
}

/* The slot of this id, or the free one where it belongs. */
static struct entry *slot_of(const struct cgroups *cgroups, uint64_t id)
{
	size_t at = (size_t)(id * cgroups->factor >> cgroups->shift);

	while (cgroups->slots[at].id && cgroups->slots[at].id != id)
		at = (at + 1) % slots_of(cgroups);
	return &cgroups->slots[at];
}

static struct entry *find(const struct cgroups *cgroups, uint64_t id)
{
	struct entry *e = id ? slot_of(cgroups, id) : NULL;

	return e && e->id ? e : NULL;
}

static bool grow(struct cgroups *cgroups)
{
	struct entry *old = cgroups->slots;
	size_t n = slots_of(cgroups);
	struct entry *more = calloc(2 * n, sizeof(*more));

	if (!more)
		return false;
	cgroups->slots = more;
	cgroups->shift--;
	for (size_t i = 0; i < n; i++)
		if (old[i].id)
			*slot_of(cgroups, old[i].id) = old[i];
	free(old);
	return true;
}

/* Adds an entry without a path, or returns the one that exists; NULL if memory is short. */
static struct entry *add(struct cgroups *cgroups, uint64_t id)
{
	struct entry *e = find(cgroups, id);

	if (e || !id || (2 * cgroups->n >= slots_of(cgroups) && !grow(cgroups)))
		return e;
	e = slot_of(cgroups, id);
	*e = (struct entry){ .id = id };
	cgroups->n++;
	return e;
}

static void forget_path(struct entry *e)
{
	free(e->path);
	free(e->workload);
	e->path = NULL;
	e->workload = NULL;
}

/* Also ends a walk, which would find only the rest. */
static void forget_all(struct cgroups *cgroups)
{
	for (size_t i = 0; i < slots_of(cgroups); i++)
		forget_path(&cgroups->slots[i]);
	memset(cgroups->slots, 0, slots_of(cgroups) * sizeof(*cgroups->slots));
	cgroups->n = 0;
	cgroups_walk_end(cgroups->walk);
	cgroups->walk = NULL;
}

static void found(void *ctx, uint64_t id, const char *path)
{
	struct cgroups *cgroups = ctx;
	struct entry *e = cgroups->n < 2 * ENTRIES_MAX ? add(cgroups, id) : find(cgroups, id);

	if (e && !e->path)
		e->path = strdup(path);
}

/*
 * Reads a part of the hierarchy.  To open a single cgroup by its id, open_by_handle_at() needs
 * CAP_DAC_READ_SEARCH, the right to read any file, for as long as the trace lasts.
 */
static void walk_on(struct cgroups *cgroups, size_t entries)
{
	if (!cgroups->walk) {
		if (cgroups->n > ENTRIES_MAX)
			forget_all(cgroups);
		cgroups->walk = cgroups_walk_begin(cgroups->mount_fd);
		if (!cgroups->walk)
			return;
		cgroups->walks_begun++;
	}
	if (!cgroups_walk_on(cgroups->walk, entries, found, cgroups))
		return;
	cgroups_walk_end(cgroups->walk);
	cgroups->walk = NULL;
	cgroups->walks_ended = cgroups->walks_begun;
}

static void walk_if_allowed(struct cgroups *cgroups)
{
	uint64_t now_ns = clock_monotonic_ns();

	cgroups->allowance_ns += (int64_t)((now_ns - cgroups->walked_ns) / WALK_SHARE);
	cgroups->walked_ns = now_ns;
	if (cgroups->allowance_ns > WALK_SAVED_MAX_NS)
		cgroups->allowance_ns = WALK_SAVED_MAX_NS;
	if (cgroups->allowance_ns <= 0)
		return;
	walk_on(cgroups, WALK_ENTRIES);
	cgroups->walked_ns = clock_monotonic_ns();
	cgroups->allowance_ns -= (int64_t)(cgroups->walked_ns - now_ns);
}

struct cgroups *cgroups_open(bool live)
{
	struct cgroups *cgroups = calloc(1, sizeof(*cgroups));

	if (!cgroups)
		return NULL;
	cgroups->mount_fd = -1;
	cgroups->shift = 64 - (unsigned int)__builtin_ctz(SLOTS_MIN);
	cgroups->slots = calloc(SLOTS_MIN, sizeof(*cgroups->slots));
	if (!cgroups->slots) {
		free(cgroups);
		return NULL;
	}
	if (getrandom(&cgroups->factor, sizeof(cgroups->factor), GRND_NONBLOCK) < 0)
		cgroups->factor = clock_monotonic_ns() * 0x9e3779b97f4a7c15ULL;
	cgroups->factor |= 1;
	cgroups->round = 1;
	if (live && cgroups_find_mount(cgroups->mount))
		cgroups->mount_fd = open(cgroups->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* the whole hierarchy, while nothing is traced yet; the entries of a directory are mostly files */
	if (cgroups->mount_fd >= 0)
		walk_on(cgroups, 100 * ENTRIES_MAX);
	cgroups->walked_ns = clock_monotonic_ns();
	cgroups->allowance_ns = WALK_SAVED_MAX_NS;
	return cgroups;
}

void cgroups_close(struct cgroups *cgroups)
{
	if (!cgroups)
		return;
	forget_all(cgroups);
	free(cgroups->slots);
	if (cgroups->mount_fd >= 0)
		close(cgroups->mount_fd);
	free(cgroups);
}

void cgroups_hint(struct cgroups *cgroups, uint64_t id, uint32_t pid)
{
	if (id && pid)
		cgroups->hints[cgroups->next_hint++ % HINTS] = (struct hint){ id, pid };
}

/* The path of the process's cgroup, if the cgroup has this id; NULL if not.  To be freed. */
static char *path_of_process(const struct cgroups *cgroups, uint32_t pid, uint64_t id)
{
	char file[sizeof("/proc//cgroup") + 10], *line = NULL, *path = NULL;
	size_t room = 0;
	struct stat st;
	ssize_t len;
	FILE *f;

	snprintf(file, sizeof(file), "/proc/%u/cgroup", pid);
	f = fopen(file, "re");
	while (f && !path && (len = getline(&line, &room, f)) > 0)
		if (!strncmp(line, "0::/", 4)) {
			line[len - 1] = '\0';
			path = line + 3;
		}
	if (f)
		fclose(f);
	/* the process may have moved, or be outside of the mount */
	if (path &&
	    !fstatat(cgroups->mount_fd, path[1] ? path + 1 : ".", &st, AT_SYMLINK_NOFOLLOW) &&
	    st.st_ino == id)
		path = strdup(path);
	else
		path = NULL;
	free(line);
	return path;
}

/* A process that is in a cgroup names it at once.  The walk finds those without processes. */
static struct entry *look_for(struct cgroups *cgroups, uint64_t id)
{
	struct entry *e = find(cgroups, id);

	if (!e) {
		if (cgroups->n > ENTRIES_MAX)
			forget_all(cgroups);
		e = add(cgroups, id);
		if (!e)
			return NULL;
		e->sought_by = cgroups->walks_begun + 1;
	}
	/* a whole walk has not found it: it was removed, or it is outside of the mount */
	if (e->sought_by <= cgroups->walks_ended)
		return e;
	for (unsigned int i = 0; i < HINTS && !e->path; i++)
		if (cgroups->hints[i].id == id)
			e->path = path_of_process(cgroups, cgroups->hints[i].pid, id);
	if (e->path)
		return e;
	walk_if_allowed(cgroups);
	return find(cgroups, id);
}

const char *cgroups_path(struct cgroups *cgroups, uint64_t id, bool *fresh)
{
	struct entry *e = find(cgroups, id);

	*fresh = false;
	if ((!e || !e->path) && id && cgroups->mount_fd >= 0)
		e = look_for(cgroups, id);
	if (!e || !e->path)
		return NULL;
	*fresh = e->returned_in != cgroups->round;
	e->returned_in = cgroups->round;
	return e->path;
}

const struct workload *cgroups_workload(struct cgroups *cgroups, uint64_t id)
{
	bool fresh;
	const char *path = cgroups_path(cgroups, id, &fresh);
	struct entry *e = path ? find(cgroups, id) : NULL;

	if (e && !e->workload) {
		e->workload = malloc(sizeof(*e->workload));
		if (e->workload)
			workload_read(e->workload, path);
	}
	return e ? e->workload : NULL;
}

void cgroups_ask_again(struct cgroups *cgroups)
{
	cgroups->round++;
}

void cgroups_learn(struct cgroups *cgroups, uint64_t id, const char *path, size_t len)
{
	struct entry *e;

	/* no cgroup has such a path: the recording is damaged */
	if (len >= CGROUP_PATH_MAX)
		return;
	if (!find(cgroups, id) && cgroups->n > ENTRIES_MAX)
		forget_all(cgroups);
	e = add(cgroups, id);
	if (!e)
		return;
	forget_path(e);
	e->path = strndup(path, len);
}
