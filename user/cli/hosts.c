// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "hosts.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define BLANK " \t\n"

/* A minimal host has no /etc/services. */
static const struct {
	const char *name;
	unsigned int port;
} usual[] = {
	{ "ssh", 22 },	      { "smtp", 25 },	      { "domain", 53 },	    { "dns", 53 },
	{ "http", 80 },	      { "ldap", 389 },	      { "https", 443 },	    { "mysql", 3306 },
	{ "postgres", 5432 }, { "postgresql", 5432 }, { "amqp", 5672 },	    { "redis", 6379 },
	{ "http-alt", 8080 }, { "memcached", 11211 }, { "mongodb", 27017 },
};

/* Is the name one of the words of this line, up to a comment?  The line is taken apart. */
static bool has_word(char *line, const char *name)
{
	char *left = NULL;

	for (char *word = strtok_r(line, BLANK, &left); word; word = strtok_r(NULL, BLANK, &left))
		if (!strcasecmp(word, name))
			return true;
	return false;
}

/* Of a line "https 443/tcp web # comment"; 0: it is not of this service. */
static unsigned int port_of_line(char *line, const char *name)
{
	char first[64], protocol[8];
	unsigned int port;
	int end = 0;

	line[strcspn(line, "#")] = '\0';
	if (sscanf(line, "%63s %u/%7s%n", first, &port, protocol, &end) != 3 ||
	    strcmp(protocol, "tcp") != 0 || port > 65535)
		return 0;
	return !strcasecmp(first, name) || has_word(line + end, name) ? port : 0;
}

unsigned int hosts_service(const char *name)
{
	FILE *f = fopen("/etc/services", "re");
	unsigned int port = 0;
	char line[512];

	while (f && !port && fgets(line, sizeof(line), f))
		port = port_of_line(line, name);
	if (f)
		fclose(f);
	for (size_t i = 0; !port && i < sizeof(usual) / sizeof(usual[0]); i++)
		if (!strcasecmp(usual[i].name, name))
			port = usual[i].port;
	return port;
}

/* Of a line "127.0.0.1 localhost host # comment". */
static bool address_of_line(char *buf, char *line, const char *name)
{
	unsigned char address[16];
	size_t len;

	line[strcspn(line, "#")] = '\0';
	line += strspn(line, BLANK);
	len = strcspn(line, BLANK);
	if (!len || len >= INET6_ADDRSTRLEN || !has_word(line + len, name))
		return false;
	memcpy(buf, line, len);
	buf[len] = '\0';
	return inet_pton(AF_INET, buf, address) == 1 || inet_pton(AF_INET6, buf, address) == 1;
}

bool hosts_address(char *buf, const char *name)
{
	FILE *f = fopen("/etc/hosts", "re");
	bool found = false;
	char line[512];

	while (f && !found && fgets(line, sizeof(line), f))
		found = address_of_line(buf, line, name);
	if (f)
		fclose(f);
	return found;
}
