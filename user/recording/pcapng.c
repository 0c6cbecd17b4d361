// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "pcapng.h"

#include <stdlib.h>
#include <string.h>

#define INTERFACE 1
#define ENHANCED_PACKET 6

/* A packet begins with its IPv4 or IPv6 header. */
#define LINKTYPE_RAW 101

enum option {
	END_OF_OPTIONS = 0,
	COMMENT = 1,
	PACKET_FLAGS = 2,
	INTERFACE_NAME = 2,
	INTERFACE_DESCRIPTION = 3,
	USER_APPLICATION = 4,
	TIME_RESOLUTION = 9,
};

#define INBOUND 1U
#define OUTBOUND 2U

void bytes_put(struct bytes *b, const void *data, size_t len)
{
	if (b->failed || !len)
		return;
	if (b->room - b->len < len) {
		size_t room = 2 * (b->len + len);
		uint8_t *more = realloc(b->data, room);

		if (!more) {
			b->failed = true;
			return;
		}
		b->data = more;
		b->room = room;
	}
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

void bytes_pad(struct bytes *b)
{
	const uint8_t zeros[4] = { 0 };

	bytes_put(b, zeros, -b->len & 3);
}

void bytes_free(struct bytes *b)
{
	free(b->data);
	*b = (struct bytes){ 0 };
}

static void put_u32(struct bytes *b, uint32_t value)
{
	bytes_put(b, &value, sizeof(value));
}

static void put_option(struct bytes *b, uint16_t code, const void *value, size_t len)
{
	const uint16_t head[2] = { code, (uint16_t)len };

	bytes_put(b, head, sizeof(head));
	bytes_put(b, value, len);
	bytes_pad(b);
}

static void put_text(struct bytes *b, uint16_t code, const char *text)
{
	put_option(b, code, text, strlen(text));
}

/* Returns the offset of the block; end_block() fills in its length. */
static size_t begin_block(struct bytes *b, uint32_t type)
{
	size_t at = b->len;

	put_u32(b, type);
	put_u32(b, 0);
	return at;
}

static void end_block(struct bytes *b, size_t at)
{
	uint32_t len = (uint32_t)(b->len - at + sizeof(len));

	put_u32(b, len);
	if (!b->failed)
		memcpy(b->data + at + sizeof(len), &len, sizeof(len));
}

void pcapng_put_section(struct bytes *b)
{
	const uint16_t version[2] = { 1, 0 };
	const int64_t length = -1; /* not known */
	size_t at = begin_block(b, PCAPNG_SECTION);

	put_u32(b, PCAPNG_BYTE_ORDER);
	bytes_put(b, version, sizeof(version));
	bytes_put(b, &length, sizeof(length));
	put_text(b, USER_APPLICATION, "tcpstates-trace");
	put_option(b, END_OF_OPTIONS, NULL, 0);
	end_block(b, at);
}

void pcapng_put_interface(struct bytes *b)
{
	const uint16_t link[2] = { LINKTYPE_RAW, 0 };
	const uint8_t nanoseconds = 9;
	size_t at = begin_block(b, INTERFACE);

	bytes_put(b, link, sizeof(link));
	/* SnapLen: no limit */
	put_u32(b, 0);
	put_text(b, INTERFACE_NAME, "tcpstates-trace, reconstructed headers");
	put_text(b, INTERFACE_DESCRIPTION,
		 "Not a capture: headers reconstructed from the state of the kernel's TCP "
		 "connections");
	put_option(b, TIME_RESOLUTION, &nanoseconds, sizeof(nanoseconds));
	put_option(b, END_OF_OPTIONS, NULL, 0);
	end_block(b, at);
}

void pcapng_put_packet(struct bytes *b, const struct packet *p)
{
	const uint32_t flags = p->outbound ? OUTBOUND : INBOUND;
	uint8_t headers[PACKET_HEADER_MAX];
	size_t len = packet_headers(headers, p), at = begin_block(b, ENHANCED_PACKET);

	/* the interface's number */
	put_u32(b, 0);
	put_u32(b, (uint32_t)((uint64_t)p->t_ns >> 32));
	put_u32(b, (uint32_t)p->t_ns);
	put_u32(b, (uint32_t)len);
	put_u32(b, (uint32_t)len + p->payload);
	bytes_put(b, headers, len);
	bytes_pad(b);
	put_option(b, PACKET_FLAGS, &flags, sizeof(flags));
	put_text(b, COMMENT, p->comment);
	put_option(b, END_OF_OPTIONS, NULL, 0);
	end_block(b, at);
}

void pcapng_put_block(struct bytes *b, uint32_t type, const void *body, size_t len)
{
	size_t at = begin_block(b, type);

	bytes_put(b, body, len);
	bytes_pad(b);
	end_block(b, at);
}
