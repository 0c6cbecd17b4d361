// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "bpf_objects.h"

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

/* inflateInit2(): the largest window, and the header is gzip's instead of zlib's */
#define GZIP_WINDOW (MAX_WBITS + 16)

static const unsigned char plain[] = {
#include "tcpstates.bpf.inc"
};
static const unsigned char preempt[] = {
#include "tcpstates_preempt.bpf.inc"
};

/* gzip's last four bytes, in the order of x86: how many bytes come out (RFC 1952, ISIZE). */
static size_t inflated_size(const unsigned char *gzip, size_t n)
{
	size_t size = 0;

	for (size_t i = 1; i <= 4; i++)
		size = size << 8 | gzip[n - i];
	return size;
}

static void *inflate_all(const unsigned char *gzip, size_t n, size_t *size)
{
	z_stream z = { .next_in = (unsigned char *)gzip, .avail_in = (uInt)n };
	unsigned char *elf;

	*size = inflated_size(gzip, n);
	elf = malloc(*size);
	if (!elf || inflateInit2(&z, GZIP_WINDOW) != Z_OK)
		goto fail;
	z.next_out = elf;
	z.avail_out = (uInt)*size;
	/* a stream that this program was built with can only fail for want of memory */
	if (inflate(&z, Z_FINISH) != Z_STREAM_END) {
		inflateEnd(&z);
		goto fail;
	}
	inflateEnd(&z);
	return elf;
fail:
	free(elf);
	errno = ENOMEM;
	return NULL;
}

void *bpf_objects_inflate(bool preempt_kfuncs, size_t *size)
{
	return preempt_kfuncs ? inflate_all(preempt, sizeof(preempt), size)
			      : inflate_all(plain, sizeof(plain), size);
}
