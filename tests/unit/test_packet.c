// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The headers of packets, read back by other code than wrote them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "packets.h"
#include "recording/pcapng.h"

/* Lengths that fit an IP header and lengths that do not, in both versions. */
static void lengths(void **state)
{
	const uint32_t payloads[] = { 0, 1, 1000, 65495, 65496, 70000, PACKET_PAYLOAD_MAX };
	struct bytes b = { 0 };
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	assert_non_null(out);
	pcapng_put_section(&b);
	pcapng_put_interface(&b);
	for (int v6 = 0; v6 < 2; v6++)
		for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++)
			pcapng_put_packet(&b, &(struct packet){
						      .family = v6 ? 6 : 4,
						      .flags = PACKET_ACK,
						      .from = { 0x20, 1, [12] = 10, 0, 0, 1 },
						      .to = { 0x20, 1, [12] = 10, 0, 0, 255 },
						      .from_port = 65535,
						      .to_port = 1,
						      .seq = UINT32_MAX,
						      .ack = 1,
						      .payload = payloads[i],
						      .comment = "",
					      });
	assert_false(b.failed);
	packets_print(out, b.data, b.len);
	fclose(out);
	assert_non_null(
		strstr(text, "10.0.0.1.65535 > 10.0.0.255.1 . seq=4294967295 ack=1 len=70000 "));
	assert_non_null(strstr(text, "2001::a00:1.65535 > 2001::a00:ff.1 . seq=4294967295 ack=1 "
				     "len=1073741824 "));
	free(text);
	bytes_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
