// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "ladder.h"

#include <linux/bpf.h>

static const struct glyphs ascii = {
	.life = "|",
	.leaves_here = "|",
	.leaves_there = "|",
	.shaft = "-",
	.arrives_here = "<",
	.arrives_there = ">",
	.lost = "x",
	.gap = ":",
};

/* Box drawings and shapes that the same fonts have, but none that may be displayed as an emoji. */
static const struct glyphs utf8 = {
	.life = "\u2502",
	.leaves_here = "\u251c",
	.leaves_there = "\u2524",
	.shaft = "\u2500",
	.arrives_here = "\u25c4",
	.arrives_there = "\u25ba",
	.lost = "\u00d7",
	.gap = "\u22ee",
};

const struct glyphs *ladder_glyphs(bool want_utf8)
{
	return want_utf8 ? &utf8 : &ascii;
}

void ladder_shaft(FILE *out, const struct glyphs *glyphs, size_t columns)
{
	while (columns--)
		fputs(glyphs->shaft, out);
}

static bool is_syn_received(uint8_t state)
{
	return state == BPF_TCP_NEW_SYN_RECV || state == BPF_TCP_SYN_RECV;
}

bool ladder_same_state(uint8_t a, uint8_t b)
{
	return a == b || (is_syn_received(a) && is_syn_received(b));
}
