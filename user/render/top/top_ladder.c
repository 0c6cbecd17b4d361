// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The ladder of one connection, as -o ladder prints it. */
#include <stdlib.h>

#include "render/render_parts.h"
#include "top_parts.h"

static void print(const struct top *t, FILE *out, const struct top_packed *packed)
{
	struct render_context rc = *t->rc;
	struct chapter ch;

	rc.out = out;
	rc.colour = false;
	if (top_unpack(&ch, packed))
		renderer_ladder.chapter(&rc, &ch);
}

bool top_ladder_refresh(struct top *t)
{
	const struct top_conn *conn = top_conns_find(&t->conns, t->conn);
	char *text = NULL;
	size_t len;
	FILE *out = conn ? open_memstream(&text, &len) : NULL;

	if (!out)
		return false;
	print(t, out, conn->handshake);
	print(t, out, conn->close);
	if (fclose(out)) {
		free(text);
		return false;
	}
	free(t->ladder);
	t->ladder = text;
	return true;
}
