// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "options_hint.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/sudo_user.h"
#include "hosts.h"
#include "nearest.h"
#include "options_row.h"
#include "parse.h"
#include "render/render.h"

/* What other tools call it, and what is often asked for. */
static const struct slip {
	const char *word, *meant;
} slips[] = {
	{ "interface", "--local with an address of the interface, or --netns" },
	{ "iface", "--local with an address of the interface, or --netns" },
	{ "dev", "--local with an address of the interface, or --netns" },
	{ "address", "--host" },
	{ "addr", "--host" },
	{ "ip", "--host" },
	{ "net", "--host" },
	{ "src", "--local" },
	{ "source", "--local" },
	{ "saddr", "--local" },
	{ "laddr", "--local" },
	{ "dst", "--remote" },
	{ "destination", "--remote" },
	{ "daddr", "--remote" },
	{ "raddr", "--remote" },
	{ "peer", "--remote" },
	{ "sport", "--local-port" },
	{ "lport", "--local-port" },
	{ "dport", "--remote-port" },
	{ "rport", "--remote-port" },
	{ "ipv4", "-4" },
	{ "ipv6", "-6" },
	{ "process", "--pid or --comm" },
	{ "name", "--comm" },
	{ "program", "--comm" },
	{ "children", "--follow" },
	{ "client", "--role client" },
	{ "server", "--role server" },
	{ "namespace", "--netns" },
	{ "format", "--output" },
	{ "pcap", "--write" },
	{ "record", "--write" },
	{ "replay", "--read" },
	{ "timeout", "--duration" },
	{ "time", "--duration" },
	{ "stats", "--summary" },
	{ "statistics", "--summary" },
	{ "slow", "--min-connect" },
	{ "errors", "--failed" },
	{ "failures", "--failed" },
	{ "filter", "--host, --port" },
	{ "j", "-o json" },
	{ "P", "--port" },
	{ "a", "no option: all connections are shown" },
};

static const char *find_slip(const char *word)
{
	for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++)
		if (!strcmp(slips[i].word, word))
			return slips[i].meant;
	return NULL;
}

/* Options, and formats: "--jsno". */
static const char *nearest_option(const char *word)
{
	struct nearest n = nearest_begin(word);

	for (const struct option_row *row = options_table; !options_row_is_last(row); row++)
		if (row->long_name && row->help)
			nearest_try(&n, row->long_name);
	for (const struct renderer *const *r = renderers; (*r)->name; r++)
		nearest_try(&n, (*r)->name);
	return n.best;
}

const char *hint_option(char buf[HINT_MAX], const char *word)
{
	char name[PARSE_ELEMENT_MAX];
	size_t hyphens = strspn(word, "-"), len = strcspn(word + hyphens, "=");
	const char *found;

	if (!hyphens || !len || len >= sizeof(name))
		return NULL;
	memcpy(name, word + hyphens, len);
	name[len] = '\0';
	found = find_slip(name);
	if (found) {
		snprintf(buf, HINT_MAX, "%s", found);
		return buf;
	}
	found = nearest_option(name);
	if (!found)
		return NULL;
	snprintf(buf, HINT_MAX, "%s%s", renderer_find(found) ? "-o " : "--", found);
	return buf;
}

const char *hint_joined(char buf[HINT_MAX], const char *option, const char *arg)
{
	if (strlen(option) != strlen("-p") || !arg)
		return NULL;
	for (const struct option_row *row = options_table; !options_row_is_last(row); row++) {
		if (!row->long_name || row->long_name[0] != option[1] ||
		    strcmp(row->long_name + 1, arg) != 0)
			continue;
		snprintf(buf, HINT_MAX, "--%s", row->long_name);
		return buf;
	}
	return NULL;
}

static bool is_number(const char *s)
{
	return *s && !s[strspn(s, "0123456789")];
}

static bool is_address(const char *s)
{
	unsigned char address[16];

	return inet_pton(AF_INET, s, address) == 1 || inet_pton(AF_INET6, s, address) == 1;
}

static bool is_recording(const char *path)
{
	static const unsigned char section[] = { 0x0a, 0x0d, 0x0d, 0x0a };
	unsigned char head[sizeof(section)];
	int fd = sudo_user_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	bool is;

	if (fd < 0)
		return false;
	is = read(fd, head, sizeof(head)) == sizeof(head) && !memcmp(head, section, sizeof(head));
	close(fd);
	return is;
}

const char *hint_word(char buf[HINT_MAX], const char *word)
{
	const char *option = is_number(word)	   ? "-p"
			     : is_address(word)	   ? "--host"
			     : renderer_find(word) ? "-o"
			     : is_recording(word)  ? "-r"
						   : NULL;

	if (!option || strlen(word) > HINT_MAX / 2)
		return NULL;
	snprintf(buf, HINT_MAX, "%s %s", option, word);
	return buf;
}

const char *hint_port(char buf[HINT_MAX], const char *element)
{
	unsigned int port = hosts_service(element);

	if (!port)
		return NULL;
	snprintf(buf, HINT_MAX, "%u", port);
	return buf;
}

/* "10.0.0.1:80", "[::1]:80", "[::1]" and "fe80::1%eth0". */
static const char *hint_end(char buf[HINT_MAX], const char *element)
{
	char address[PARSE_ELEMENT_MAX];
	size_t bracket = element[0] == '[', len = strcspn(element + bracket, bracket ? "]" : ":%");
	const char *rest = element + bracket + len;

	if (!bracket && *rest == ':' && strchr(rest + 1, ':')) {
		len = strcspn(element, "%");
		rest = element + len;
	}
	if (len >= sizeof(address))
		return NULL;
	memcpy(address, element + bracket, len);
	address[len] = '\0';
	rest += bracket && *rest == ']';
	if (!is_address(address) || !*element)
		return NULL;
	if (*rest == ':' && is_number(rest + 1))
		snprintf(buf, HINT_MAX, "%s, and --port %s", address, rest + 1);
	else
		snprintf(buf, HINT_MAX, "%s", address);
	return buf;
}

const char *hint_address(char buf[HINT_MAX], const char *element)
{
	char address[INET6_ADDRSTRLEN];

	if (hint_end(buf, element))
		return buf;
	if (!hosts_address(address, element))
		return NULL;
	snprintf(buf, HINT_MAX, "%s", address);
	return buf;
}

const char *hint_process(char buf[HINT_MAX], const char *element)
{
	if (!isalpha((unsigned char)element[0]))
		return NULL;
	snprintf(buf, HINT_MAX, "-c %.15s", element);
	return buf;
}
