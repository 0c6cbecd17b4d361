// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"
#include "base/sudo_user.h"
#include "pcapng.h"
#include "shared/record.h"
#include "recording.h"
#include "recording_parts.h"

struct reading {
	const char *path;
	FILE *f;
	item_fn sink;
	void *ctx;
	bool quiet;  /* no messages */
	bool ours;   /* it has a block of this program */
	uint64_t at; /* offset of the current block */
	bool end;    /* the file ends here, between two blocks */
	int failure; /* errno of a read, 0: none */
};

/* A block as it is in the file. */
struct block {
	uint32_t type, len;
	unsigned char *body;
	size_t got;    /* bytes read of the body */
	bool is_short; /* the file ends in it */
};

/* Passes on the items of a block that are complete.  -EBADMSG when one is not. */
static int pass_on_items(const struct reading *in, const unsigned char *at, size_t left)
{
	struct recording_item_head head;
	int err = 0;

	while (!err && left >= sizeof(head)) {
		size_t padded;

		memcpy(&head, at, sizeof(head));
		at += sizeof(head);
		left -= sizeof(head);
		padded = ((size_t)head.len + 3) / 4 * 4;
		if (padded > left)
			return -EBADMSG;
		err = in->sink(in->ctx, &(struct item){ (enum item_type)head.type, at, head.len });
		at += padded;
		left -= padded;
	}
	return err ? err : left ? -EBADMSG : 0;
}

static int read_custom(struct reading *in, const struct block *b)
{
	struct recording_head head;

	if (b->got < sizeof(head))
		return 0;
	memcpy(&head, b->body, sizeof(head));
	if (head.enterprise != RECORDING_ENTERPRISE || head.magic != RECORDING_MAGIC)
		return 0;
	in->ours = true;
	if (head.version != RECORD_VERSION) {
		if (!in->quiet)
			message("%s: recorded by another version of this program (format %u, this one "
				"reads %u; what precedes it is printed)",
				in->path, head.version, RECORD_VERSION);
		return -EPROTO;
	}
	return pass_on_items(in, b->body + sizeof(head), b->got - sizeof(head));
}

/* A section of the other byte order comes from another kind of machine, and is not read. */
static int read_section(struct reading *in, const struct block *b)
{
	const uint32_t order = PCAPNG_BYTE_ORDER;
	struct bytes own = { 0 };

	if (b->got < sizeof(order) || memcmp(b->body, &order, sizeof(order)))
		return -EBADMSG;
	pcapng_put_section(&own);
	in->ours |= !own.failed && own.len == b->len &&
		    !memcmp(own.data + PCAPNG_HEAD, b->body, b->got);
	bytes_free(&own);
	return 0;
}

/* Returns fewer bytes at the end of the file, or after a failure. */
static size_t read_bytes(struct reading *in, void *buf, size_t len)
{
	size_t n;

	errno = 0;
	n = fread(buf, 1, len, in->f);
	if (n < len && ferror(in->f))
		in->failure = errno ? errno : EIO;
	return n;
}

static int read_block(struct reading *in, struct block *b)
{
	uint32_t head[2], len_again;
	size_t n = read_bytes(in, head, sizeof(head));

	in->end = !n;
	if (n < sizeof(head))
		return n ? -EBADMSG : 0;
	*b = (struct block){ .type = head[0], .len = head[1] };
	if (b->len < PCAPNG_AROUND || b->len > PCAPNG_BLOCK_MAX || b->len % 4 ||
	    (!in->at && b->type != PCAPNG_SECTION))
		return -EBADMSG;
	b->body = malloc(b->len - PCAPNG_HEAD);
	if (!b->body)
		return -ENOMEM;
	n = read_bytes(in, b->body, b->len - PCAPNG_HEAD);
	b->is_short = n < b->len - PCAPNG_HEAD;
	b->got = b->is_short ? n : n - sizeof(len_again);
	if (!b->is_short) {
		memcpy(&len_again, b->body + b->got, sizeof(len_again));
		if (len_again != b->len)
			return -EBADMSG;
	}
	return 0;
}

static int read_blocks(struct reading *in)
{
	int err;

	do {
		struct block b = { 0 };

		err = read_block(in, &b);
		if (!err && b.type == PCAPNG_SECTION)
			err = read_section(in, &b);
		else if (!err && b.type == PCAPNG_CUSTOM)
			err = read_custom(in, &b);
		if (!err && b.is_short)
			err = -EBADMSG;
		in->at += b.len;
		free(b.body);
	} while (!err && !in->end);
	if (in->failure && (!err || err == -EBADMSG))
		return -EIO;
	return !err && !in->ours ? -EBADMSG : err;
}

int recording_peek(const char *path, item_fn sink, void *ctx)
{
	struct reading in = { .path = path, .sink = sink, .ctx = ctx, .quiet = true };
	int err;

	in.f = fopen(path, "re");
	if (!in.f)
		return -errno;
	err = read_blocks(&in);
	fclose(in.f);
	return err;
}

int recording_read(const char *path, item_fn sink, void *ctx)
{
	struct reading in = { .path = path, .sink = sink, .ctx = ctx };
	int err;

	in.f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	if (!in.f) {
		err = -errno;
		message("%s: %s%s", path, strerror(-err), sudo_user_hint(err));
		return err;
	}
	err = read_blocks(&in);
	if (in.failure)
		message("%s: %s%s", path, strerror(in.failure),
			in.ours ? " (what precedes it is printed)" : "");
	else if (err == -EBADMSG && !in.ours)
		message("%s: not a recording of this program", path);
	else if (err == -EBADMSG)
		message("%s: %s (what precedes it is printed)", path,
			feof(in.f) ? "cut off" : "damaged");
	else if (err == -ENOMEM)
		message("%s: %s", path, strerror(ENOMEM));
	if (in.f != stdin)
		fclose(in.f);
	return err;
}
