// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "caller.h"
#include "message.h"
#include "output.h"
#include "record.h"

/* https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng: section header and custom block */
#define SECTION_HEADER 0x0A0D0D0A
#define CUSTOM_BLOCK 0x00000BAD
#define BYTE_ORDER_MAGIC 0x1A2B3C4D
#define ENTERPRISE 32473 /* RFC 5612: for documentation; no number is assigned to this program */
#define ITEM_MAGIC 0x54435354

#define BLOCK_MAX (1 << 20)

struct section_header {
	uint32_t type, len, magic;
	uint16_t major, minor;
	uint32_t section_len[2];
	uint32_t len_again;
};

struct item_block {
	uint32_t type, len, enterprise;
	uint32_t magic;
	uint16_t version;
	uint16_t item_type;
	uint32_t item_len;
};

struct recording {
	FILE *f;
};

int recording_create(struct recording **recording, const char *path)
{
	const struct section_header header = {
		.type = SECTION_HEADER,
		.len = sizeof(header),
		.magic = BYTE_ORDER_MAGIC,
		.major = 1,
		.section_len = { UINT32_MAX, UINT32_MAX }, /* not known */
		.len_again = sizeof(header),
	};
	struct recording *r = calloc(1, sizeof(*r));
	int fd, err;

	if (!r)
		return -ENOMEM;
	if (strcmp(path, "-"))
		fd = caller_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	else
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	if (fd < 0) {
		err = strcmp(path, "-") ? fd : -errno;
		goto fail;
	}
	r->f = output_fdopen(fd);
	if (!r->f) {
		err = -errno;
		close(fd);
		goto fail;
	}
	if (fwrite(&header, sizeof(header), 1, r->f) != 1) {
		err = -errno;
		goto fail;
	}
	*recording = r;
	return 0;
fail:
	recording_close(r);
	return err;
}

int recording_add(struct recording *recording, const struct item *item)
{
	const char padding[4] = { 0 };
	uint32_t pad = -(uint32_t)item->len & 3;
	const struct item_block block = {
		.type = CUSTOM_BLOCK,
		.len = (uint32_t)(sizeof(block) + item->len + pad + sizeof(uint32_t)),
		.enterprise = ENTERPRISE,
		.magic = ITEM_MAGIC,
		.version = RECORD_VERSION,
		.item_type = (uint16_t)item->type,
		.item_len = (uint32_t)item->len,
	};

	if (fwrite(&block, sizeof(block), 1, recording->f) != 1 ||
	    (item->len && fwrite(item->data, item->len, 1, recording->f) != 1) ||
	    (pad && fwrite(padding, pad, 1, recording->f) != 1) ||
	    fwrite(&block.len, sizeof(block.len), 1, recording->f) != 1)
		return -errno;
	return 0;
}

int recording_close(struct recording *recording)
{
	int err = 0;

	if (!recording)
		return 0;
	if (recording->f && fclose(recording->f))
		err = -errno;
	free(recording);
	return err;
}

/* Reads the rest of a block behind its type and length.  NULL: short. */
static unsigned char *read_block(FILE *f, uint32_t len)
{
	unsigned char *rest = malloc(len - 8);

	if (rest && fread(rest, len - 8, 1, f) == 1 && !memcmp(rest + len - 12, &len, 4))
		return rest;
	free(rest);
	return NULL;
}

static int pass_on(const unsigned char *rest, uint32_t len, item_fn sink, void *ctx)
{
	struct item_block block;
	struct item item;

	if (len < sizeof(block) + 4)
		return 0;
	memcpy((char *)&block + 8, rest, sizeof(block) - 8);
	if (block.enterprise != ENTERPRISE || block.magic != ITEM_MAGIC)
		return 0;
	if (block.version != RECORD_VERSION)
		return -EPROTO;
	if (block.item_len > len - sizeof(block) - 4)
		return -EBADMSG;
	item = (struct item){ block.item_type, rest + sizeof(block) - 8, block.item_len };
	return sink(ctx, &item);
}

static int read_blocks(FILE *f, item_fn sink, void *ctx)
{
	bool first = true;
	uint32_t head[2];
	size_t n;

	while ((n = fread(head, 1, sizeof(head), f)) == sizeof(head)) {
		unsigned char *rest;
		int err = 0;

		if (first && head[0] != SECTION_HEADER)
			return -EBADMSG;
		if (head[1] < 12 || head[1] > BLOCK_MAX || head[1] % 4)
			return -EBADMSG;
		rest = read_block(f, head[1]);
		if (!rest)
			return -EBADMSG;
		if (first && (head[1] < sizeof(struct section_header) ||
			      memcmp(rest, &(uint32_t){ BYTE_ORDER_MAGIC }, 4)))
			err = -EBADMSG;
		else if (head[0] == CUSTOM_BLOCK)
			err = pass_on(rest, head[1], sink, ctx);
		free(rest);
		if (err)
			return err;
		first = false;
	}
	return n || first ? -EBADMSG : 0;
}

int recording_read(const char *path, item_fn sink, void *ctx)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	int err;

	if (!f) {
		err = -errno;
		message("%s: %s", path, strerror(-err));
		return err;
	}
	err = read_blocks(f, sink, ctx);
	if (err == -EBADMSG)
		message("%s: not a recording of this program, or cut off or damaged (what could be "
			"read is told)",
			path);
	if (err == -EPROTO)
		message("%s: made by another version of this program (use that one to read it)",
			path);
	if (f != stdin)
		fclose(f);
	return err;
}
