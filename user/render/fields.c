// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "fields.h"

#include <string.h>

#include "chapter/names.h"
#include "base/workload.h"
#include "base/number.h"
#include "render_parts.h"

/*
 * How a field is read: from the chapter, or where its place differs from field to field, at
 * offset `at`.
 */
enum how {
	HOW_TYPE,
	HOW_CONN,
	HOW_TIME,
	HOW_HEX,
	HOW_NETNS,
	HOW_FAMILY,
	HOW_ADDRESS,
	HOW_COMPLETE,
	HOW_COMPLETENESS,
	HOW_COMPLETENESS_TEXT,
	HOW_ERRNO,
	HOW_ACCEPT, /* accept_ns of the handshake or the close, by the chapter's type */
	HOW_CGROUP,
	HOW_UNIT,
	HOW_CONTAINER,
	HOW_POD,
	HOW_STEPS,
	HOW_BOOL,
	HOW_STATE,
	HOW_COMM,
	HOW_INT,
	HOW_SPAN,
	HOW_TRISTATE,
	HOW_CLOSER_EXIT,
	HOW_NAME, /* plus one of enum names */
};

#define AT(member) offsetof(struct chapter, member)
#define NAME(name) name, JSON_KEY(name)
#define BOTH(name, how, at)                           \
	{                                             \
		NAME(name), IN_BOTH, IN_BOTH, how, at \
	}
#define HANDSHAKE(name, how, member)                                              \
	{                                                                         \
		NAME(name), IN_HANDSHAKE, IN_HANDSHAKE, how, AT(handshake.member) \
	}
#define CLOSE(name, how, member)                                      \
	{                                                             \
		NAME(name), IN_CLOSE, IN_CLOSE, how, AT(close.member) \
	}
#define OPEN(name, how, member)                               \
	{                                                     \
		NAME(name), IN_OPEN, IN_BOTH, how, AT(member) \
	}

const struct field fields[] = {
	BOTH("type", HOW_TYPE, 0),
	BOTH("conn", HOW_CONN, 0),
	BOTH("time", HOW_TIME, 0),
	BOTH("cookie", HOW_HEX, AT(cookie)),
	BOTH("netns", HOW_NETNS, 0),
	BOTH("ifname", HOW_COMM, AT(ifname)),
	BOTH("family", HOW_FAMILY, 0),
	BOTH("local", HOW_ADDRESS, AT(local)),
	BOTH("local_port", HOW_INT, AT(local_port)),
	BOTH("remote", HOW_ADDRESS, AT(remote)),
	BOTH("remote_port", HOW_INT, AT(remote_port)),
	BOTH("role", HOW_NAME + NAMES_ROLE, AT(role)),
	BOTH("pid", HOW_INT, AT(owner.pid)),
	BOTH("comm", HOW_COMM, AT(owner.comm)),
	BOTH("uid", HOW_INT, AT(owner.uid)),
	BOTH("cgroup", HOW_CGROUP, AT(owner.cgroup)),
	BOTH("unit", HOW_UNIT, 0),
	BOTH("container_id", HOW_CONTAINER, 0),
	BOTH("pod_uid", HOW_POD, 0),
	BOTH("complete", HOW_COMPLETE, 0),
	BOTH("missing", HOW_NAME + NAMES_MISSING, AT(missing)),
	BOTH("steps", HOW_STEPS, 0),
	BOTH("completeness", HOW_COMPLETENESS, 0),
	BOTH("completeness_text", HOW_COMPLETENESS_TEXT, 0),
	BOTH("accepted", HOW_TRISTATE, AT(accepted)),
	BOTH("cause", HOW_NAME + NAMES_CAUSE, AT(cause)),

	HANDSHAKE("outcome", HOW_NAME + NAMES_OUTCOME, outcome),
	{ NAME("errno"), IN_HANDSHAKE, IN_BOTH, HOW_ERRNO, 0 },
	HANDSHAKE("handshake_us", HOW_SPAN, handshake_ns),
	HANDSHAKE("rtt_us", HOW_SPAN, rtt_ns),
	HANDSHAKE("syn_retransmits", HOW_INT, syn_retransmits),
	HANDSHAKE("synack_retransmits", HOW_INT, synack_retransmits),
	{ NAME("accept_us"), IN_HANDSHAKE, IN_BOTH, HOW_ACCEPT, 0 },
	HANDSHAKE("drop_reason", HOW_NAME + NAMES_DROP_REASON, drop_reason),
	HANDSHAKE("simultaneous_open", HOW_TRISTATE, simultaneous_open),
	HANDSHAKE("fastopen", HOW_TRISTATE, fastopen),
	HANDSHAKE("syncookie", HOW_TRISTATE, syncookie),
	HANDSHAKE("mptcp", HOW_TRISTATE, mptcp),
	HANDSHAKE("iss", HOW_INT, iss),
	HANDSHAKE("irs", HOW_INT, irs),
	HANDSHAKE("mss", HOW_INT, mss),
	HANDSHAKE("snd_wscale", HOW_INT, snd_wscale),
	HANDSHAKE("rcv_wscale", HOW_INT, rcv_wscale),
	HANDSHAKE("sack", HOW_TRISTATE, sack),
	HANDSHAKE("timestamps", HOW_TRISTATE, timestamps),
	HANDSHAKE("ecn", HOW_TRISTATE, ecn),

	CLOSE("first_closer", HOW_NAME + NAMES_FIRST_CLOSER, first_closer),
	CLOSE("ending", HOW_NAME + NAMES_ENDING, ending),
	{ NAME("errno"), IN_CLOSE, 0, HOW_ERRNO, 0 },
	CLOSE("closer_pid", HOW_INT, closer.pid),
	CLOSE("closer_comm", HOW_COMM, closer.comm),
	CLOSE("close_us", HOW_SPAN, close_ns),
	CLOSE("fin_rtt_us", HOW_SPAN, fin_rtt_ns),
	CLOSE("peer_fin_us", HOW_SPAN, peer_fin_ns),
	CLOSE("app_close_us", HOW_SPAN, app_close_ns),
	CLOSE("fin_queued_us", HOW_SPAN, fin_queued_ns),
	{ NAME("accept_us"), IN_CLOSE, 0, HOW_ACCEPT, 0 },
	CLOSE("time_wait", HOW_TRISTATE, time_wait),
	CLOSE("lifetime_us", HOW_SPAN, lifetime_ns),
	CLOSE("bytes_sent", HOW_INT, bytes_sent),
	CLOSE("bytes_received", HOW_INT, bytes_received),
	CLOSE("segs_out", HOW_INT, segs_out),
	CLOSE("segs_in", HOW_INT, segs_in),
	CLOSE("retransmits", HOW_INT, retransmits),
	CLOSE("fin_retransmits", HOW_INT, fin_retransmits),
	CLOSE("srtt_us", HOW_SPAN, srtt_ns),
	CLOSE("min_rtt_us", HOW_SPAN, min_rtt_ns),
	CLOSE("local_fin_seq", HOW_INT, local_fin_seq),
	CLOSE("remote_fin_seq", HOW_INT, remote_fin_seq),
	CLOSE("reset_reason", HOW_NAME + NAMES_RESET_REASON, reset_reason),
	CLOSE("unread_bytes", HOW_INT, unread),
	CLOSE("closer_exit", HOW_CLOSER_EXIT, closer_exit),
	CLOSE("idle_us", HOW_SPAN, idle_ns),
	CLOSE("silent_us", HOW_SPAN, silent_ns),
	CLOSE("unacked_bytes", HOW_INT, unacked),
	CLOSE("unacked_us", HOW_SPAN, unacked_ns),
	CLOSE("zero_window", HOW_TRISTATE, zero_window),

	OPEN("open", HOW_BOOL, open),
	OPEN("state", HOW_STATE, state),
	OPEN("state_us", HOW_SPAN, state_ns),
	OPEN("holder_pid", HOW_INT, holder.pid),
	OPEN("holder_comm", HOW_COMM, holder.comm),
	{ 0 },
};

static struct value null(void)
{
	return (struct value){ .kind = VALUE_NULL };
}

static struct value number(uint64_t number)
{
	return (struct value){ .kind = VALUE_UINT, .u = number };
}

static struct value boolean(bool value)
{
	return (struct value){ .kind = VALUE_BOOL, .b = value };
}

static struct value maybe(enum value_kind kind, struct maybe m)
{
	return (struct value){ .kind = m.known ? kind : VALUE_NULL, .i = m.value };
}

static struct value text(enum value_kind kind, const char *text)
{
	return (struct value){ .kind = text ? kind : VALUE_NULL, .text = text };
}

static struct value word(const char *word)
{
	return text(VALUE_WORD, word);
}

static struct value name(const struct word *name)
{
	return (struct value){ .kind = name ? VALUE_NAME : VALUE_NULL, .name = name };
}

static struct value cgroup(const struct render_context *rc, struct maybe id)
{
	if (!id.known || !rc->cgroup_path)
		return null();
	return text(VALUE_FOREIGN, rc->cgroup_path(rc->cgroup_ctx, (uint64_t)id.value));
}

static const struct workload *workload(const struct render_context *rc, struct maybe id)
{
	static const struct workload none;
	const struct workload *w = NULL;

	if (id.known && rc->workload)
		w = rc->workload(rc->cgroup_ctx, (uint64_t)id.value);
	return w ? w : &none;
}

static struct value unless_empty(enum value_kind kind, const char *s)
{
	return text(kind, *s ? s : NULL);
}

/* Once in each caller: there the compiler goes from how a value is read straight to how it is written. */
static __always_inline struct value read_value(const struct field *f,
					       const struct render_context *rc,
					       const struct chapter *ch)
{
	static const struct word types[] = { WORD("handshake"), WORD("close") };
	const void *at = (const char *)ch + f->at;

	switch ((enum how)f->how) {
	case HOW_TYPE:
		return name(&types[ch->type == CHAPTER_CLOSE]);
	case HOW_CONN:
		return number(ch->conn);
	case HOW_TIME:
		return maybe(VALUE_TIME,
			     known_if(ch->t_ns.known, render_realtime(rc, ch->t_ns.value)));
	case HOW_HEX:
		return maybe(VALUE_HEX, *(const struct maybe *)at);
	case HOW_NETNS:
		return maybe(VALUE_UINT, known_unless_0(ch->netns));
	case HOW_FAMILY:
		return number(ch->family);
	case HOW_ADDRESS:
		return (struct value){ .kind = VALUE_ADDRESS, .address = at };
	case HOW_COMPLETE:
		return boolean(ch->missing == MISSING_NOTHING);
	case HOW_COMPLETENESS:
		return number(ch->completeness);
	case HOW_COMPLETENESS_TEXT:
		return name(name_completeness(ch->completeness));
	case HOW_ERRNO:
		return word(name_errno(ch->err));
	case HOW_ACCEPT:
		return maybe(VALUE_US, ch->type == CHAPTER_CLOSE ? ch->close.accept_ns
								 : ch->handshake.accept_ns);
	case HOW_CGROUP:
		return cgroup(rc, ch->owner.cgroup);
	case HOW_UNIT:
		return unless_empty(VALUE_FOREIGN, workload(rc, ch->owner.cgroup)->unit);
	case HOW_CONTAINER:
		return unless_empty(VALUE_WORD, workload(rc, ch->owner.cgroup)->container_id);
	case HOW_POD:
		return unless_empty(VALUE_WORD, workload(rc, ch->owner.cgroup)->pod_uid);
	case HOW_STEPS:
		return (struct value){ .kind = VALUE_STEPS };
	case HOW_BOOL:
		return boolean(*(const bool *)at);
	case HOW_STATE:
		return name(ch->open ? name_word(NAMES_STATE, ch->state) : NULL);
	case HOW_COMM:
		return text(VALUE_FOREIGN, *(const char *)at ? at : NULL);
	case HOW_INT:
		return maybe(VALUE_INT, *(const struct maybe *)at);
	case HOW_SPAN:
		return maybe(VALUE_US, *(const struct maybe *)at);
	case HOW_TRISTATE: {
		enum tristate t = *(const enum tristate *)at;

		return t == TRISTATE_UNKNOWN ? null() : boolean(t == TRISTATE_YES);
	}
	case HOW_CLOSER_EXIT:
		return word(name_closer_exit(*(const uint8_t *)at));
	default:
		return name(name_word(f->how - HOW_NAME, *(const unsigned int *)at));
	}
}

struct value field_value(const struct field *f, const struct render_context *rc,
			 const struct chapter *ch)
{
	return read_value(f, rc, ch);
}

static inline void put_value(struct printer *p, struct value v, const struct chapter *ch)
{
	switch (v.kind) {
	case VALUE_NULL:
		json_null(p);
		break;
	case VALUE_UINT:
		json_uint(p, v.u);
		break;
	case VALUE_INT:
		json_int(p, v.i);
		break;
	case VALUE_US:
		json_us(p, v.i);
		break;
	case VALUE_BOOL:
		json_bool(p, v.b);
		break;
	case VALUE_HEX:
		json_hex(p, v.u);
		break;
	case VALUE_TIME:
		json_time(p, v.i);
		break;
	case VALUE_ADDRESS:
		json_address(p, v.address, ch->family);
		break;
	case VALUE_NAME:
		json_name(p, v.name);
		break;
	case VALUE_WORD:
		json_word(p, v.text);
		break;
	case VALUE_FOREIGN:
		json_text(p, v.text);
		break;
	case VALUE_STEPS:
		render_steps_json(p, ch);
		break;
	}
}

void fields_json(struct printer *p, const struct render_context *rc, const struct chapter *ch)
{
	uint8_t in = (ch->type == CHAPTER_CLOSE ? IN_CLOSE : IN_HANDSHAKE) |
		     (ch->open ? IN_OPEN : 0);

	for (const struct field *f = fields; f->name; f++) {
		if (!(f->json & in))
			continue;
		printer_word(p, &f->key);
		put_value(p, read_value(f, rc, ch), ch);
	}
}
