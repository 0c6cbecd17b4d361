// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "packets.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct frame {
	uint64_t t_ns;
	const uint8_t *at;
	uint32_t captured, original;
	uint32_t flags; /* 1 inbound, 2 outbound */
	char comment[512];
};

static uint32_t word(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, 4);
	return value;
}

static uint32_t big16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t big32(const uint8_t *at)
{
	return big16(at) << 16 | big16(at + 2);
}

static uint32_t add16(uint32_t sum, const uint8_t *at, size_t len)
{
	assert_int_equal(len % 2, 0);
	for (size_t i = 0; i < len; i += 2) {
		sum += big16(at + i);
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

static void read_options(struct frame *f, const uint8_t *at, const uint8_t *end)
{
	while (end - at >= 4) {
		uint16_t code, len;

		memcpy(&code, at, 2);
		memcpy(&len, at + 2, 2);
		at += 4;
		assert_true(len <= end - at);
		if (!code) {
			assert_ptr_equal(at, end);
			return;
		}
		if (code == 1)
			snprintf(f->comment, sizeof(f->comment), "%.*s", (int)len, at);
		if (code == 2)
			f->flags = word(at);
		at += (len + 3) / 4 * 4;
	}
	fail_msg("options without an end");
}

static void print_tcp_options(FILE *out, const uint8_t *at, const uint8_t *end)
{
	while (at < end) {
		if (*at == 1) {
			at++;
			continue;
		}
		assert_true(end - at >= 2 && at[1] >= 2 && at[1] <= end - at);
		if (*at == 2)
			fprintf(out, " mss=%u", big16(at + 2));
		else if (*at == 3)
			fprintf(out, " wscale=%u", at[2]);
		else if (*at == 4)
			fprintf(out, " sack");
		else
			fail_msg("option %u", *at);
		at += at[1];
	}
}

static void print_frame(FILE *out, const struct frame *f, uint64_t first_ns)
{
	const uint8_t *ip = f->at, *tcp;
	int family = ip[0] >> 4 == 4 ? AF_INET : AF_INET6;
	size_t width = family == AF_INET ? 4 : 16, header;
	const uint8_t *from = ip + (family == AF_INET ? 12 : 8), *to = from + width;
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	uint32_t sum, whole, payload;
	uint8_t proto[4] = { 0, 6 };

	if (family == AF_INET) {
		assert_int_equal(ip[0], 0x45);
		assert_int_equal(add16(0, ip, 20), 0xffff);
		assert_int_equal(big16(ip + 2), f->original > 0xffff ? 0 : f->original);
		assert_int_equal(ip[9], 6);
		tcp = ip + 20;
	} else if (ip[6] == 0) { /* a jumbo payload */
		assert_int_equal(big16(ip + 4), 0);
		assert_int_equal(big32(ip + 40), 0x0600c204);
		assert_int_equal(big32(ip + 44), f->original - 40);
		tcp = ip + 48;
	} else {
		assert_int_equal(big16(ip + 4), f->original - 40);
		assert_int_equal(ip[6], 6);
		tcp = ip + 40;
	}
	header = (size_t)(tcp[12] >> 4) * 4;
	assert_int_equal(tcp - ip + header, f->captured);
	payload = f->original - f->captured;
	whole = (uint32_t)header + payload;
	sum = add16(0, from, 2 * width);
	sum = add16(sum, proto, 2);
	sum = add16(sum,
		    (uint8_t[]){ whole >> 24, whole >> 16 & 255, whole >> 8 & 255, whole & 255 },
		    4);
	assert_int_equal(add16(sum, tcp, header), 0xffff);
	inet_ntop(family, from, src, sizeof(src));
	inet_ntop(family, to, dst, sizeof(dst));
	fprintf(out, "%llu.%09llu %s.%u > %s.%u %s%s%s%s",
		(unsigned long long)((f->t_ns - first_ns) / 1000000000),
		(unsigned long long)((f->t_ns - first_ns) % 1000000000), src, big16(tcp), dst,
		big16(tcp + 2), tcp[13] & 2 ? "S" : "", tcp[13] & 1 ? "F" : "",
		tcp[13] & 4 ? "R" : "", tcp[13] & 16 ? "." : "");
	assert_int_equal(tcp[13] & ~0x17, 0);
	fprintf(out, " seq=%u", big32(tcp + 4));
	if (tcp[13] & 16)
		fprintf(out, " ack=%u", big32(tcp + 8));
	else
		assert_int_equal(big32(tcp + 8), 0);
	if (payload)
		fprintf(out, " len=%u", payload);
	print_tcp_options(out, tcp + 20, tcp + header);
	fprintf(out, " %s \"%s\"\n", f->flags == 2 ? "out" : "in", f->comment);
}

void packets_print(FILE *out, const void *file, size_t len)
{
	const uint8_t *at = file, *end = at + len;
	uint64_t first_ns = 0;

	while (at < end) {
		uint32_t type, size;

		assert_true(end - at >= 12);
		type = word(at);
		size = word(at + 4);
		assert_true(size >= 12 && size % 4 == 0 && size <= end - at);
		assert_int_equal(word(at + size - 4), size);
		if (type == 6) {
			struct frame f = {
				.t_ns = (uint64_t)word(at + 12) << 32 | word(at + 16),
				.captured = word(at + 20),
				.original = word(at + 24),
				.at = at + 28,
			};

			assert_int_equal(word(at + 8), 0);
			read_options(&f, at + 28 + (f.captured + 3) / 4 * 4, at + size - 4);
			if (!first_ns)
				first_ns = f.t_ns;
			print_frame(out, &f, first_ns);
		}
		at += size;
	}
}
