// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "text.h"

#include <string.h>

#include "number.h"

static size_t put_ipv4(char *buf, const uint8_t addr[4])
{
	size_t len = 0;

	for (int i = 0; i < 4; i++) {
		if (i)
			buf[len++] = '.';
		len += number_uint(buf + len, addr[i]);
	}
	return len;
}

/* RFC 5952: "::" for the longest run of two or more zero words, the first of equals (4.2). */
static size_t put_ipv6(char *buf, const uint8_t addr[16])
{
	int run = 0, at = -1, best = 1;
	uint16_t words[8];
	size_t len = 0;

	for (int i = 0; i < 8; i++) {
		words[i] = (uint16_t)(addr[2 * i] << 8 | addr[2 * i + 1]);
		run = words[i] ? 0 : run + 1;
		if (run > best) {
			best = run;
			at = i + 1 - run;
		}
	}
	for (int i = 0; i < 8; i++) {
		if (i == at) {
			memcpy(buf + len, "::", 2);
			len += 2;
			i += best - 1;
			continue;
		}
		/* RFC 5952, section 5: prefixes that embed an IPv4 address; as ss and inet_ntop() */
		if (i == 6 && at == 0 && (best == 6 || (best == 5 && words[5] == 0xffff))) {
			if (best == 5)
				buf[len++] = ':';
			return len + put_ipv4(buf + len, addr + 12);
		}
		if (i && i != at + best)
			buf[len++] = ':';
		len += number_hex(buf + len, words[i]);
	}
	return len;
}

size_t text_put_address(char buf[ADDRESS_MAX], const uint8_t addr[16], uint8_t family)
{
	return family == 4 ? put_ipv4(buf, addr + 12) : put_ipv6(buf, addr);
}

const char *text_address(char buf[ADDRESS_MAX], const uint8_t addr[16], uint8_t family)
{
	buf[text_put_address(buf, addr, family)] = '\0';
	return buf;
}

static size_t put_zoned(char buf[ZONED_MAX], const uint8_t addr[16], uint8_t family,
			const char *ifname)
{
	size_t len = text_put_address(buf, addr, family);

	if (*ifname) {
		buf[len++] = '%';
		text_foreign(buf + len, IFNAME_TEXT_MAX, ifname);
		len += strlen(buf + len);
	}
	return len;
}

const char *text_zoned(char buf[ZONED_MAX], const uint8_t addr[16], uint8_t family,
		       const char *ifname)
{
	buf[put_zoned(buf, addr, family, ifname)] = '\0';
	return buf;
}

const char *text_remote_zone(const uint8_t addr[16], const char *ifname)
{
	static const uint8_t v4[14] = { [10] = 0xff, [11] = 0xff, [12] = 169, [13] = 254 };
	bool v6 = addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80;

	return v6 || !memcmp(addr, v4, sizeof(v4)) ? ifname : "";
}

const char *text_endpoint(char buf[ENDPOINT_MAX], const uint8_t addr[16], uint8_t family,
			  const char *ifname, struct maybe port)
{
	bool brackets = family != 4;
	size_t len = 0;

	if (brackets)
		buf[len++] = '[';
	len += put_zoned(buf + len, addr, family, ifname);
	if (brackets)
		buf[len++] = ']';
	buf[len++] = ':';
	if (port.known)
		len += number_uint(buf + len, (uint16_t)port.value);
	else
		buf[len++] = '-';
	buf[len] = '\0';
	return buf;
}
