// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* States, and the two ends of a connection. */
#include <arpa/inet.h>
#include <ctype.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "chapter/names.h"
#include "parse.h"

#define STATES 13

/* As this program writes states, and as ss(8) does: "CLOSE_WAIT", "fin-wait-1", "estab". */
static bool same_state(const char *a, const char *b)
{
	while (*a || *b) {
		a += strspn(a, "-_");
		b += strspn(b, "-_");
		if (toupper((unsigned char)*a) != toupper((unsigned char)*b))
			return false;
		a += *a != '\0';
		b += *b != '\0';
	}
	return true;
}

static bool is_open_state(unsigned int state)
{
	return state != BPF_TCP_CLOSE && state != BPF_TCP_LISTEN && state != BPF_TCP_TIME_WAIT;
}

const char *parse_state(const char *s, void *states)
{
	struct bits *bits = states;
	uint64_t *to = *s == '!' ? &bits->excluded : &bits->included, found = 0;

	s += *s == '!';
	if (same_state(s, "ESTAB"))
		s = name_state(BPF_TCP_ESTABLISHED);
	for (unsigned int state = 1; state < STATES; state++)
		if (is_open_state(state) && same_state(s, name_state(state)))
			found = 1ULL << state;
	/* half-open handshakes are in it for ss(8) and netstat(8) */
	if (found == 1ULL << BPF_TCP_SYN_RECV)
		found |= 1ULL << BPF_TCP_NEW_SYN_RECV;
	*to |= found;
	return found ? NULL : "not a state that is open";
}

size_t parse_put_states(const char *separator, FILE *f)
{
	size_t n = 0;

	for (unsigned int state = 1; state < STATES; state++)
		if (is_open_state(state))
			fprintf(f, "%s%s", n++ ? separator : "", name_state(state));
	return n;
}

const char *parse_cause(const char *s, void *causes)
{
	struct bits *bits = causes;
	uint64_t *to = *s == '!' ? &bits->excluded : &bits->included;

	s += *s == '!';
	for (unsigned int cause = CAUSE_NONE + 1; cause < CAUSES; cause++) {
		if (strcasecmp(s, name_word(NAMES_CAUSE, cause)->text) != 0)
			continue;
		*to |= 1ULL << cause;
		return NULL;
	}
	return "unknown cause";
}

size_t parse_put_causes(const char *separator, FILE *f)
{
	for (unsigned int cause = CAUSE_NONE + 1; cause < CAUSES; cause++)
		fprintf(f, "%s%s", cause > 1 ? separator : "", name_word(NAMES_CAUSE, cause)->text);
	return CAUSES - 1;
}

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

/* An interface, as in "fe80::1%eth0", stands for itself: the address is enough. */
static bool set_address(struct endpoint *e, char *text)
{
	text[strcspn(text, "%")] = '\0';
	memcpy(e->addr, mapped, sizeof(mapped));
	return inet_pton(AF_INET, text, e->addr + sizeof(mapped)) == 1 ||
	       inet_pton(AF_INET6, text, e->addr) == 1;
}

bool parse_endpoint(struct endpoint *e, const char *s, size_t len)
{
	char text[PARSE_ELEMENT_MAX], *address = text, *colon, *bracket;
	uint64_t port;

	if (len >= sizeof(text))
		return false;
	memcpy(text, s, len);
	text[len] = '\0';
	colon = strrchr(text, ':');
	if (!colon || parse_number(colon + 1, 1, 65535, &port))
		return false;
	*colon = '\0';
	if (*address == '[') {
		bracket = strchr(++address, ']');
		if (!bracket || bracket[1])
			return false;
		*bracket = '\0';
	} else if (strchr(address, ':')) {
		return false;
	}
	e->port = (uint16_t)port;
	return set_address(e, address);
}

static bool is_ipv4(const struct endpoint *e)
{
	return !memcmp(e->addr, mapped, sizeof(mapped));
}

const char *parse_conn(const char *s, struct endpoint ends[2])
{
	/* also as the timeline prints them: "10.0.0.1:4711 > 10.0.0.2:443" */
	static const char between[] = " -<>";
	size_t first = strcspn(s, between), skipped = strspn(s + first, between);

	if (!skipped)
		return "not two ends";
	if (!parse_endpoint(&ends[0], s, first))
		return "the first is not ADDR:PORT, or [ADDR]:PORT for IPv6";
	if (!parse_endpoint(&ends[1], s + first + skipped, strlen(s + first + skipped)))
		return "the second is not ADDR:PORT, or [ADDR]:PORT for IPv6";
	/* an IPv4 address is mapped, as the kernel does */
	if (is_ipv4(&ends[0]) != is_ipv4(&ends[1]))
		return "one end is IPv4, the other IPv6: no connection has both";
	return NULL;
}
