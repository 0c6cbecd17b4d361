/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a packet is, what the rules of a link say of it, and the ICMP message that refuses it.  Pure, so
 * that the unit tests compile the same lines as the link.
 */
#ifndef LINK_RULES_H
#define LINK_RULES_H

#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum kind { KIND_OTHER, KIND_SYN, KIND_SYNACK, KIND_FIN, KIND_RST, KIND_DATA, KIND_ACK, KIND_ANY };

static const char *const kind_names[] = {
	[KIND_OTHER] = "",  [KIND_SYN] = "SYN",	  [KIND_SYNACK] = "SYN,ACK", [KIND_FIN] = "FIN",
	[KIND_RST] = "RST", [KIND_DATA] = "DATA", [KIND_ACK] = "ACK",	     [KIND_ANY] = "ANY",
};
_Static_assert(sizeof(kind_names) / sizeof(*kind_names) == KIND_ANY + 1, "a name for each kind");

enum verdict { VERDICT_FORWARD, VERDICT_DELAY, VERDICT_HOLD, VERDICT_UNREACHABLE, VERDICT_DROP };

static const char *const rule_verbs[] = {
	[VERDICT_FORWARD] = "",	 [VERDICT_DELAY] = "delay-nth",
	[VERDICT_HOLD] = "hold", [VERDICT_UNREACHABLE] = "unreachable",
	[VERDICT_DROP] = "drop",
};

/* VERB DIR:KIND:N[-[M]][:US]: of the packets of this kind from this side, the Nth to the Mth. */
struct rule {
	enum verdict verdict;
	enum kind kind;
	unsigned int side; /* who sent it: 0 is a, 1 is b */
	unsigned int first, last;
	unsigned int seen; /* packets of the kind since the rule was given */
	unsigned int delay_us;
};

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

/* An ICMP message is no longer than what every path carries (RFC 1812, 4.3.2.3; RFC 4443, 3.1). */
#define ICMP_V4_MAX 576
#define ICMP_V6_MAX 1280
#define IP6_HEADER 40

static unsigned int load16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

static void store16(uint8_t *p, unsigned int value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

/* KIND_OTHER: no TCP, or behind extension headers, or a fragment, or cut short. */
static enum kind packet_kind(const uint8_t *p, size_t len)
{
	size_t header, whole, data;
	unsigned int flags;

	if (len >= 20 && p[0] >> 4 == 4 && p[9] == 6 && !(load16(p + 6) & 0x1fff)) {
		header = (p[0] & 15) * 4U;
		whole = load16(p + 2);
	} else if (len >= IP6_HEADER && p[0] >> 4 == 6 && p[6] == 6) {
		header = IP6_HEADER;
		whole = IP6_HEADER + load16(p + 4);
	} else {
		return KIND_OTHER;
	}
	if (header < 20 || whole > len || whole < header + 20)
		return KIND_OTHER;
	flags = p[header + 13];
	data = header + (p[header + 12] >> 4) * 4U;
	if (flags & TCP_RST)
		return KIND_RST;
	if (flags & TCP_SYN)
		return flags & TCP_ACK ? KIND_SYNACK : KIND_SYN;
	if (flags & TCP_FIN)
		return KIND_FIN;
	return whole > data ? KIND_DATA : KIND_ACK;
}

static bool parse_number(const char **text, unsigned int *value)
{
	unsigned long number;
	char *end;

	if (!isdigit((unsigned char)**text))
		return false;
	number = strtoul(*text, &end, 10);
	*text = end;
	*value = (unsigned int)number;
	return number <= UINT_MAX;
}

static unsigned int find_name(const char *const *names, unsigned int n, const char *text,
			      size_t len)
{
	while (--n)
		if (strlen(names[n]) == len && !memcmp(names[n], text, len))
			break;
	return n;
}

static bool rule_parse(struct rule *r, const char *verb, const char *text)
{
	size_t len;

	*r = (struct rule){ .last = UINT_MAX };
	r->verdict = find_name(rule_verbs, VERDICT_DROP + 1, verb, strlen(verb));
	if (!r->verdict || (*text != 'a' && *text != 'b') || text[1] != ':')
		return false;
	r->side = *text == 'b';
	text += 2;
	len = strcspn(text, ":");
	r->kind = find_name(kind_names, KIND_ANY + 1, text, len);
	if (!r->kind || text[len] != ':')
		return false;
	text += len + 1;
	if (!parse_number(&text, &r->first))
		return false;
	if (*text != '-')
		r->last = r->first;
	else if (isdigit((unsigned char)*++text) && !parse_number(&text, &r->last))
		return false;
	if (r->verdict == VERDICT_DELAY && (*text++ != ':' || !parse_number(&text, &r->delay_us)))
		return false;
	return !*text && r->first && r->first <= r->last;
}

/* From now on nothing is held. */
static void rules_release(struct rule *rules, unsigned int n)
{
	for (struct rule *r = rules; r < rules + n; r++)
		if (r->verdict == VERDICT_HOLD)
			r->last = 0;
}

/* One more packet: every rule that is about it counts it, and the harshest verdict holds. */
static enum verdict rules_judge(struct rule *rules, unsigned int n, unsigned int side,
				enum kind kind, uint64_t *delay_us)
{
	enum verdict verdict = VERDICT_FORWARD;

	if (kind == KIND_OTHER)
		return verdict;
	for (struct rule *r = rules; r < rules + n; r++) {
		if (r->side != side || (r->kind != kind && r->kind != KIND_ANY))
			continue;
		r->seen++;
		if (r->seen < r->first || r->seen > r->last)
			continue;
		*delay_us += r->delay_us;
		if (r->verdict > verdict)
			verdict = r->verdict;
	}
	return verdict;
}

/* The Internet checksum (RFC 1071), begun with the sum of a pseudo header. */
static unsigned int checksum(const uint8_t *p, size_t len, uint32_t sum)
{
	for (; len > 1; p += 2, len -= 2)
		sum += load16(p);
	if (len)
		sum += (uint32_t)*p << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

/*
 * Says to the sender of a TCP packet, in its destination's name, that this cannot be reached.  `out` has
 * room for ICMP_V6_MAX bytes; returns how many are used.
 */
static size_t icmp_unreachable(uint8_t *out, const uint8_t *packet, size_t len)
{
	const bool v6 = packet[0] >> 4 == 6;
	const size_t header = v6 ? IP6_HEADER : 20, room = v6 ? ICMP_V6_MAX : ICMP_V4_MAX;
	uint8_t *icmp = out + header;
	uint32_t pseudo = 0;
	size_t size;

	if (len > room - header - 8)
		len = room - header - 8;
	size = 8 + len;
	memset(out, 0, header + 8);
	if (v6) {
		out[0] = 6 << 4;
		store16(out + 4, (unsigned int)size);
		out[6] = 58;
		out[7] = 64;
		memcpy(out + 8, packet + 24, 16);
		memcpy(out + 24, packet + 8, 16);
		icmp[0] = 1; /* destination unreachable */
		icmp[1] = 3; /* address */
		pseudo = (~checksum(out + 8, 32, 0) & 0xffff) + (uint32_t)size + 58;
	} else {
		out[0] = 4 << 4 | 5;
		store16(out + 2, (unsigned int)(header + size));
		out[8] = 64;
		out[9] = 1;
		memcpy(out + 12, packet + 16, 4);
		memcpy(out + 16, packet + 12, 4);
		store16(out + 10, checksum(out, header, 0));
		icmp[0] = 3; /* destination unreachable */
		icmp[1] = 1; /* host */
	}
	memcpy(icmp + 8, packet, len);
	store16(icmp + 2, checksum(icmp, size, pseudo));
	return header + size;
}

#endif
