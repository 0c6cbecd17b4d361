// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "cause_parts.h"

bool is_sent(const struct step *s, uint8_t flags)
{
	return s->segment.sent && s->segment.flags == flags;
}

struct tries handshake_tries(const struct chapter *ch)
{
	uint8_t ours = ch->role == ROLE_SERVER ? SEGMENT_SYN | SEGMENT_ACK : SEGMENT_SYN;
	uint8_t answer = ch->role == ROLE_SERVER ? SEGMENT_ACK : SEGMENT_SYN | SEGMENT_ACK;
	struct maybe first = { 0 }, last = { 0 };
	struct maybe retransmits = ch->role == ROLE_SERVER ? ch->handshake.synack_retransmits
							   : ch->handshake.syn_retransmits;
	struct tries t = { 0 };

	for (size_t i = 0; i < chapter_step_count(ch); i++) {
		const struct step *s = &ch->steps[i];

		if (is_sent(s, ours) && s->segment.unsent) {
			t.unsent++;
		} else if (is_sent(s, ours)) {
			if (!t.sent++)
				first = s->t_ns;
			last = s->t_ns;
		} else if (!s->segment.sent && s->segment.flags == answer) {
			t.answer_ns = known_if(last.known && s->t_ns.known &&
						       s->t_ns.value >= last.value,
					       s->t_ns.value - last.value);
		}
	}
	/* there is room for some steps only */
	if (retransmits.known && retransmits.value >= t.sent && t.sent) {
		t.sent = (unsigned int)retransmits.value + 1;
		return t;
	}
	t.between_ns = known_if(first.known && last.known, last.value - first.value);
	return t;
}

void chapter_set_cause(struct chapter *ch, const struct slow_limits *slow)
{
	const struct cause_rule *rule = ch->type == CHAPTER_CLOSE ? close_rules : handshake_rules;

	while (rule->applies && !rule->applies(ch, slow))
		rule++;
	ch->cause = rule->cause;
}
