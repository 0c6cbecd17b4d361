// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "host.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

/* Of a UUID, "9c27f0a4-...", the 16 bytes. */
static bool read_uuid(FILE *f, uint8_t uuid[16])
{
	unsigned int byte;

	for (unsigned int i = 0; i < 16; i++) {
		int c = getc(f);

		if (c != '-')
			ungetc(c, f);
		if (fscanf(f, "%2x", &byte) != 1)
			return false;
		uuid[i] = (uint8_t)byte;
	}
	return true;
}

bool host_read(struct item_host *host)
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	struct utsname names;
	bool read;

	memset(host, 0, sizeof(*host));
	if (!f)
		return false;
	read = read_uuid(f, host->boot);
	fclose(f);
	if (read && !uname(&names))
		memcpy(host->name, names.nodename, strnlen(names.nodename, sizeof(host->name)));
	return read;
}
