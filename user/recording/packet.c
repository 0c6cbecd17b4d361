// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "packet.h"

#include <string.h>

#define PROTOCOL_TCP 6
#define HOP_LIMIT 64
#define IPV4_HEADER 20
#define IPV6_HEADER 40
#define JUMBO_HEADER 8
#define TCP_HEADER 20

/* What window a segment announced is not known, and 0 would say that it was closed. */
#define WINDOW 65535

static uint8_t *put_u16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
	return at + 2;
}

static uint8_t *put_u32(uint8_t *at, uint32_t value)
{
	return put_u16(put_u16(at, (uint16_t)(value >> 16)), (uint16_t)value);
}

static uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t len)
{
	memcpy(at, bytes, len);
	return at + len;
}

/* The Internet checksum (RFC 1071); len is even. */
static uint64_t sum_words(uint64_t sum, const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)at[i] << 8 | at[i + 1];
	return sum;
}

static uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static size_t put_ipv4(uint8_t *at, const struct packet *p, size_t len)
{
	uint8_t *begin = at;

	at = put_u16(at, 0x4500);
	at = put_u16(at, IPV4_HEADER + len > UINT16_MAX ? 0 : (uint16_t)(IPV4_HEADER + len));
	/* no identification, don't fragment */
	at = put_u32(at, 0x4000);
	*at++ = HOP_LIMIT;
	*at++ = PROTOCOL_TCP;
	at = put_u16(at, 0);
	at = put_bytes(at, p->from + 12, 4);
	at = put_bytes(at, p->to + 12, 4);
	put_u16(begin + 10, fold(sum_words(0, begin, IPV4_HEADER)));
	return (size_t)(at - begin);
}

static size_t put_ipv6(uint8_t *at, const struct packet *p, size_t len)
{
	bool jumbo = len > UINT16_MAX;
	uint8_t *begin = at;

	at = put_u32(at, 6U << 28);
	at = put_u16(at, jumbo ? 0 : (uint16_t)len);
	/* 0: hop-by-hop options */
	*at++ = jumbo ? 0 : PROTOCOL_TCP;
	*at++ = HOP_LIMIT;
	at = put_bytes(at, p->from, 16);
	at = put_bytes(at, p->to, 16);
	if (jumbo) {
		at = put_u32(at, (uint32_t)PROTOCOL_TCP << 24 | 0xc204);
		at = put_u32(at, (uint32_t)(JUMBO_HEADER + len));
	}
	return (size_t)(at - begin);
}

static uint8_t *put_options(uint8_t *at, const struct packet *p)
{
	if (p->mss)
		at = put_u32(at, 0x02040000U | p->mss);
	if (p->scales)
		at = put_u32(at, 0x01030300U | p->wscale);
	if (p->sack)
		at = put_u32(at, 0x01010402U);
	return at;
}

static size_t put_tcp(uint8_t *at, const struct packet *p)
{
	uint8_t *begin = at;
	size_t len;

	at = put_u16(at, p->from_port);
	at = put_u16(at, p->to_port);
	at = put_u32(at, p->seq);
	at = put_u32(at, p->ack);
	at = put_u16(at, p->flags);
	at = put_u16(at, WINDOW);
	at = put_u32(at, 0);
	len = (size_t)(put_options(at, p) - begin);
	begin[12] = (uint8_t)(len / 4 << 4);
	return len;
}

size_t packet_headers(uint8_t buf[PACKET_HEADER_MAX], const struct packet *p)
{
	uint8_t tcp[TCP_HEADER + 12];
	size_t len = put_tcp(tcp, p), at;
	uint64_t whole = (uint64_t)len + p->payload, sum;
	bool v4 = p->family == 4;

	sum = sum_words(whole + PROTOCOL_TCP, tcp, len);
	sum = sum_words(sum, p->from + (v4 ? 12 : 0), v4 ? 4 : 16);
	sum = sum_words(sum, p->to + (v4 ? 12 : 0), v4 ? 4 : 16);
	put_u16(tcp + 16, fold(sum));
	at = v4 ? put_ipv4(buf, p, whole) : put_ipv6(buf, p, whole);
	memcpy(buf + at, tcp, len);
	return at + len;
}
