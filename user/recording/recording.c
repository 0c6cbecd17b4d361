// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sudo_user.h"
#include "base/output.h"
#include "pcapng.h"
#include "shared/record.h"
#include "recording_parts.h"

#define AT_ONCE_BYTES (256 << 10)

struct recording {
	struct recording_files files;
	FILE *f; /* the current file, its name, number and size in bytes */
	char *name;
	uint32_t number;
	uint64_t size;
	uint64_t expected;	     /* recording_expect() */
	int fd;			     /* of f; -1: no regular file, or not of this recording alone */
	off_t begin;		     /* where in it the recording begins */
	struct bytes packets, items; /* not written yet */
};

/* With a count all names have as many digits as the last one takes. */
static int name_file(struct recording *r)
{
	const struct recording_files *files = &r->files;
	int width = 0, len;

	for (uint32_t last = files->count ? files->count - 1 : 0; last; last /= 10)
		width++;
	free(r->name);
	if (!width && !r->number)
		len = asprintf(&r->name, "%s", files->path);
	else
		len = asprintf(&r->name, "%s%0*u", files->path, width, r->number);
	if (len < 0)
		r->name = NULL;
	return r->name ? 0 : -ENOMEM;
}

/*
 * With -C the trace goes on while files are opened: it must not wait for the reader of a FIFO.  Of the names, the
 * user has chosen only the first: somebody may have put a link to another file at one of the others.
 */
static int open_rotated(const struct recording *r)
{
	bool chosen = !strcmp(r->name, r->files.path);
	int fd = sudo_user_open(r->name,
				O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY |
					(chosen ? 0 : O_NOFOLLOW),
				0600);
	struct stat st;
	int err = 0;

	if (fd == -ELOOP && !chosen)
		return -RECORDING_ELINK;
	if (fd < 0)
		return fd == -ENXIO ? -RECORDING_ENOTFILE : fd;
	if (fstat(fd, &st))
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = -RECORDING_ENOTFILE;
	if (!err && ftruncate(fd, 0))
		err = -errno;
	if (err)
		close(fd);
	return err ? err : fd;
}

/* Standard output may have something before the recording. */
static void find_begin(struct recording *r, int fd)
{
	int flags = fcntl(fd, F_GETFL);
	struct stat st;

	r->fd = -1;
	if (flags < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return;
	r->begin = flags & O_APPEND ? st.st_size : lseek(fd, 0, SEEK_CUR);
	if (r->begin >= 0)
		r->fd = fd;
}

/* Takes away the part of a block that was written when the disk was full.  Returns err. */
static int cut_off(struct recording *r, int err)
{
	if (r->fd >= 0 && ftruncate(r->fd, r->begin + (off_t)r->size))
		r->fd = -1;
	return err;
}

static int open_file(struct recording *r)
{
	int fd, err = name_file(r);

	if (err)
		return err;
	if (r->files.limit_bytes)
		fd = open_rotated(r);
	else if (strcmp(r->files.path, "-"))
		fd = sudo_user_open(r->name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	else
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return strcmp(r->files.path, "-") ? fd : -errno;
	r->f = output_fdopen(fd);
	if (!r->f) {
		err = -errno;
		close(fd);
		return err;
	}
	r->size = 0;
	find_begin(r, fd);
	pcapng_put_section(&r->packets);
	pcapng_put_interface(&r->packets);
	return recording_write(r);
}

int recording_create(struct recording **recording, const struct recording_files *files)
{
	struct recording *r = calloc(1, sizeof(*r));
	int err = -ENOMEM;

	if (!r)
		return err;
	r->files = *files;
	err = open_file(r);
	if (err)
		recording_close(r);
	else
		*recording = r;
	return err;
}

int recording_add(struct recording *r, const struct item *item)
{
	const struct recording_head head = {
		.enterprise = RECORDING_ENTERPRISE,
		.magic = RECORDING_MAGIC,
		.version = RECORD_VERSION,
	};
	const struct recording_item_head item_head = { item->type, (uint32_t)item->len };

	if (!r->items.len)
		bytes_put(&r->items, &head, sizeof(head));
	bytes_put(&r->items, &item_head, sizeof(item_head));
	bytes_put(&r->items, item->data, item->len);
	bytes_pad(&r->items);
	return r->items.failed ? -ENOMEM : 0;
}

int recording_add_packet(struct recording *r, const struct packet *packet)
{
	pcapng_put_packet(&r->packets, packet);
	return r->packets.failed ? -ENOMEM : 0;
}

void recording_expect(struct recording *r, uint64_t bytes)
{
	r->expected = bytes;
}

static bool exceeds(const struct recording *r, uint64_t more)
{
	return r->files.limit_bytes && r->size + more + r->expected > r->files.limit_bytes;
}

enum recording_pending recording_pending(const struct recording *r)
{
	size_t len = r->packets.len + r->items.len;

	if (!len)
		return RECORDING_NOTHING;
	if (len >= AT_ONCE_BYTES || exceeds(r, len))
		return RECORDING_AT_ONCE;
	return r->packets.len ? RECORDING_PACKETS : RECORDING_ITEMS;
}

/*
 * The packets precede the items: Wireshark shows times since the first frame of a file, and a
 * custom block has none.
 */
int recording_write(struct recording *r)
{
	struct bytes *b = &r->packets;

	if (r->items.len)
		pcapng_put_block(b, PCAPNG_CUSTOM, r->items.data, r->items.len);
	if (b->failed || r->items.failed)
		return -ENOMEM;
	errno = 0;
	if (b->len && (fwrite(b->data, b->len, 1, r->f) != 1 || fflush(r->f)))
		return cut_off(r, errno ? -errno : -EIO);
	r->size += b->len;
	b->len = r->items.len = 0;
	return 0;
}

bool recording_is_full(const struct recording *r)
{
	return exceeds(r, 0) && recording_pending(r) == RECORDING_NOTHING;
}

int recording_next(struct recording *r)
{
	int err = fclose(r->f) ? -errno : 0;

	r->f = NULL;
	r->number++;
	if (r->files.count && r->number >= r->files.count)
		r->number = 0;
	return err ? err : open_file(r);
}

int recording_check_next(const struct recording *r)
{
	const char *slash = strrchr(r->files.path, '/');
	char *folder;
	int err;

	if (!r->files.limit_bytes || r->files.count == 1)
		return 0;
	folder = slash ? strndup(r->files.path, (size_t)(slash - r->files.path + 1)) : strdup(".");
	if (!folder)
		return -ENOMEM;
	err = access(folder, W_OK | X_OK) ? -errno : 0;
	free(folder);
	return err;
}

const char *recording_why(int err)
{
	if (err == RECORDING_ENOTFILE)
		return "not a regular file, which -C requires";
	if (err == RECORDING_ELINK)
		return "a symbolic link, which -C does not follow";
	return output_why(err);
}

const char *recording_name(const struct recording *r)
{
	return r->name ? r->name : r->files.path;
}

int recording_close(struct recording *r)
{
	int err = 0;

	if (!r)
		return 0;
	if (r->f) {
		err = recording_write(r);
		if (fclose(r->f) && !err)
			err = -errno;
	}
	bytes_free(&r->packets);
	bytes_free(&r->items);
	free(r->name);
	free(r);
	return err;
}
