// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "holders.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int add_holder(struct holders *h, uint64_t inode, uint32_t pid)
{
	if (h->n == h->room) {
		size_t room = h->room ? 2 * h->room : 1024;
		void *more = realloc(h->items, room * sizeof(*h->items));

		if (!more)
			return -ENOMEM;
		h->items = more;
		h->room = room;
	}
	h->items[h->n++] = (struct holder){ inode, pid };
	return 0;
}

/* 1: the directory lists descriptors; 0: it lists none, or cannot be read; or -errno. */
static int read_directory(struct holders *h, const char *path, uint32_t pid)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char link[64];
	int result = 0;

	if (!dir)
		return 0; /* the process has ended, or this one may not see its descriptors */
	while (result >= 0 && (entry = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);
		unsigned long long inode;

		if (n < 0)
			continue;
		link[n] = '\0';
		result = 1;
		if (sscanf(link, "socket:[%llu]", &inode) == 1)
			result = add_holder(h, inode, pid) ?: 1;
	}
	closedir(dir);
	return result;
}

/* The main thread has no descriptors once it has ended; the other threads go on with them. */
static int read_descriptors(struct holders *h, uint32_t pid)
{
	struct dirent *entry;
	char path[300];
	DIR *threads;
	int result;

	snprintf(path, sizeof(path), "/proc/%u/fd", pid);
	result = read_directory(h, path, pid);
	if (result)
		return result < 0 ? result : 0;
	snprintf(path, sizeof(path), "/proc/%u/task", pid);
	threads = opendir(path);
	while (!result && threads && (entry = readdir(threads))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%u/task/%s/fd", pid, entry->d_name);
		result = read_directory(h, path, pid);
	}
	if (threads)
		closedir(threads);
	return result < 0 ? result : 0;
}

static int compare_holders(const void *a, const void *b)
{
	const struct holder *x = a, *y = b;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

int holders_read(struct holders *h)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int err = 0;

	*h = (struct holders){ 0 };
	if (!proc)
		return -errno;
	while (!err && (entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]))
			err = read_descriptors(h, (uint32_t)strtoul(entry->d_name, NULL, 10));
	closedir(proc);
	if (h->n)
		qsort(h->items, h->n, sizeof(*h->items), compare_holders);
	return err;
}

size_t holders_find(const struct holders *h, uint64_t inode, const struct holder **first)
{
	size_t low = 0, high = h->n, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (h->items[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < h->n && h->items[end].inode == inode;)
		end++;
	*first = h->items + low;
	return end - low;
}

void holders_free(struct holders *h)
{
	free(h->items);
	h->items = NULL;
}
