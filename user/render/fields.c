// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "fields.h"

#include <string.h>

#include "chapter/names.h"
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
	HOW_COOKIE,
	HOW_NETNS,
	HOW_FAMILY,
	HOW_ADDRESS,
	HOW_COMPLETE,
	HOW_COMPLETENESS,
	HOW_COMPLETENESS_TEXT,
	HOW_ERRNO,
	HOW_ACCEPT, /* accept_ns of the handshake or the close, by the chapter's type */
	HOW_CGROUP,
	HOW_STEPS,
	HOW_BOOL,
	HOW_STATE,
	HOW_COMM,
	HOW_INT,
	HOW_SPAN,
	HOW_TRISTATE,
	HOW_ROLE,
	HOW_MISSING,
	HOW_OUTCOME,
	HOW_FIRST_CLOSER,
	HOW_ENDING,
	HOW_RESET_REASON,
	HOW_DROP_REASON,
	HOW_CLOSER_EXIT,
};

#define AT(member) offsetof(struct chapter, member)
#define NAME(name) name, "\"" name "\":", sizeof("\"" name "\":") - 1
#define BOTH(name, how, at)                                  \
	{                                                    \
		NAME(name), IN_BOTH, IN_BOTH, false, how, at \
	}
#define HANDSHAKE(name, how, member)                                                     \
	{                                                                                \
		NAME(name), IN_HANDSHAKE, IN_HANDSHAKE, false, how, AT(handshake.member) \
	}
#define CLOSE(name, how, member)                                             \
	{                                                                    \
		NAME(name), IN_CLOSE, IN_CLOSE, false, how, AT(close.member) \
	}
#define OPEN(name, how, member)                                     \
	{                                                           \
		NAME(name), IN_BOTH, IN_BOTH, true, how, AT(member) \
	}

const struct field fields[] = {
	BOTH("type", HOW_TYPE, 0),
	BOTH("conn", HOW_CONN, 0),
	BOTH("time", HOW_TIME, 0),
	BOTH("cookie", HOW_COOKIE, 0),
	BOTH("netns", HOW_NETNS, 0),
	BOTH("ifname", HOW_COMM, AT(ifname)),
	BOTH("family", HOW_FAMILY, 0),
	BOTH("local", HOW_ADDRESS, AT(local)),
	BOTH("local_port", HOW_INT, AT(local_port)),
	BOTH("remote", HOW_ADDRESS, AT(remote)),
	BOTH("remote_port", HOW_INT, AT(remote_port)),
	BOTH("role", HOW_ROLE, AT(role)),
	BOTH("pid", HOW_INT, AT(owner.pid)),
	BOTH("comm", HOW_COMM, AT(owner.comm)),
	BOTH("uid", HOW_INT, AT(owner.uid)),
	BOTH("cgroup", HOW_CGROUP, AT(owner.cgroup)),
	BOTH("complete", HOW_COMPLETE, 0),
	BOTH("missing", HOW_MISSING, AT(missing)),
	BOTH("steps", HOW_STEPS, 0),
	BOTH("completeness", HOW_COMPLETENESS, 0),
	BOTH("completeness_text", HOW_COMPLETENESS_TEXT, 0),
	BOTH("accepted", HOW_TRISTATE, AT(accepted)),

	HANDSHAKE("outcome", HOW_OUTCOME, outcome),
	{ NAME("errno"), IN_HANDSHAKE, IN_BOTH, false, HOW_ERRNO, 0 },
	HANDSHAKE("handshake_us", HOW_SPAN, handshake_ns),
	HANDSHAKE("rtt_us", HOW_SPAN, rtt_ns),
	HANDSHAKE("syn_retransmits", HOW_INT, syn_retransmits),
	HANDSHAKE("synack_retransmits", HOW_INT, synack_retransmits),
	{ NAME("accept_us"), IN_HANDSHAKE, IN_BOTH, false, HOW_ACCEPT, 0 },
	HANDSHAKE("drop_reason", HOW_DROP_REASON, drop_reason),
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

	CLOSE("first_closer", HOW_FIRST_CLOSER, first_closer),
	CLOSE("ending", HOW_ENDING, ending),
	{ NAME("errno"), IN_CLOSE, 0, false, HOW_ERRNO, 0 },
	CLOSE("closer_pid", HOW_INT, closer.pid),
	CLOSE("closer_comm", HOW_COMM, closer.comm),
	CLOSE("close_us", HOW_SPAN, close_ns),
	CLOSE("fin_rtt_us", HOW_SPAN, fin_rtt_ns),
	CLOSE("peer_fin_us", HOW_SPAN, peer_fin_ns),
	CLOSE("app_close_us", HOW_SPAN, app_close_ns),
	CLOSE("fin_queued_us", HOW_SPAN, fin_queued_ns),
	{ NAME("accept_us"), IN_CLOSE, 0, false, HOW_ACCEPT, 0 },
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
	CLOSE("reset_reason", HOW_RESET_REASON, reset_reason),
	CLOSE("unread_bytes", HOW_INT, unread),
	CLOSE("closer_exit", HOW_CLOSER_EXIT, closer_exit),
	CLOSE("idle_us", HOW_SPAN, idle_ns),
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

static void set_uint(struct value *v, bool known, uint64_t number)
{
	v->kind = known ? VALUE_UINT : VALUE_NULL;
	v->u = number;
}

static void set_maybe(struct value *v, enum value_kind kind, struct maybe m)
{
	v->kind = m.known ? kind : VALUE_NULL;
	v->i = m.value;
}

static void set_text(struct value *v, enum value_kind kind, const char *text)
{
	v->kind = text ? kind : VALUE_NULL;
	v->text = text;
}

static void set_time(struct value *v, const struct render_context *rc, struct maybe t_ns)
{
	set_text(v, VALUE_WORD,
		 t_ns.known ? text_rfc3339(v->buf, render_realtime(rc, t_ns.value)) : NULL);
}

static void set_cookie(struct value *v, struct maybe cookie)
{
	v->buf[number_hex(v->buf, (uint64_t)cookie.value)] = '\0';
	set_text(v, VALUE_WORD, cookie.known ? v->buf : NULL);
}

static void set_cgroup(struct value *v, const struct render_context *rc, struct maybe id)
{
	set_text(v, VALUE_FOREIGN,
		 id.known && rc->cgroup_path ? rc->cgroup_path(rc->cgroup_ctx, (uint64_t)id.value)
					     : NULL);
}

static void set_tristate(struct value *v, enum tristate t)
{
	v->kind = t == TRISTATE_UNKNOWN ? VALUE_NULL : VALUE_BOOL;
	v->b = t == TRISTATE_YES;
}

void field_value(struct value *v, const struct field *f, const struct render_context *rc,
		 const struct chapter *ch)
{
	const void *at = (const char *)ch + f->at;

	switch ((enum how)f->how) {
	case HOW_TYPE:
		set_text(v, VALUE_WORD, ch->type == CHAPTER_CLOSE ? "close" : "handshake");
		return;
	case HOW_CONN:
		set_uint(v, true, ch->conn);
		return;
	case HOW_TIME:
		set_time(v, rc, ch->t_ns);
		return;
	case HOW_COOKIE:
		set_cookie(v, ch->cookie);
		return;
	case HOW_NETNS:
		set_uint(v, ch->netns, ch->netns);
		return;
	case HOW_FAMILY:
		set_uint(v, true, ch->family);
		return;
	case HOW_ADDRESS:
		set_text(v, VALUE_WORD, text_address(v->buf, at, ch->family));
		return;
	case HOW_COMPLETE:
		v->kind = VALUE_BOOL;
		v->b = ch->missing == MISSING_NOTHING;
		return;
	case HOW_COMPLETENESS:
		set_uint(v, true, ch->completeness);
		return;
	case HOW_COMPLETENESS_TEXT:
		set_text(v, VALUE_WORD, name_completeness(ch->completeness));
		return;
	case HOW_ERRNO:
		set_text(v, VALUE_WORD, name_errno(ch->err));
		return;
	case HOW_ACCEPT:
		set_maybe(v, VALUE_US,
			  ch->type == CHAPTER_CLOSE ? ch->close.accept_ns
						    : ch->handshake.accept_ns);
		return;
	case HOW_CGROUP:
		set_cgroup(v, rc, ch->owner.cgroup);
		return;
	case HOW_STEPS:
		v->kind = VALUE_STEPS;
		return;
	case HOW_BOOL:
		v->kind = VALUE_BOOL;
		v->b = *(const bool *)at;
		return;
	case HOW_STATE:
		set_text(v, VALUE_WORD, ch->open ? name_state(ch->state) : NULL);
		return;
	case HOW_COMM:
		set_text(v, VALUE_FOREIGN, *(const char *)at ? at : NULL);
		return;
	case HOW_INT:
		set_maybe(v, VALUE_INT, *(const struct maybe *)at);
		return;
	case HOW_SPAN:
		set_maybe(v, VALUE_US, *(const struct maybe *)at);
		return;
	case HOW_TRISTATE:
		set_tristate(v, *(const enum tristate *)at);
		return;
	case HOW_ROLE:
		set_text(v, VALUE_WORD, name_role(*(const enum role *)at));
		return;
	case HOW_MISSING:
		set_text(v, VALUE_WORD, name_missing(*(const enum missing *)at));
		return;
	case HOW_OUTCOME:
		set_text(v, VALUE_WORD, name_outcome(*(const enum outcome *)at));
		return;
	case HOW_FIRST_CLOSER:
		set_text(v, VALUE_WORD, name_first_closer(*(const enum first_closer *)at));
		return;
	case HOW_ENDING:
		set_text(v, VALUE_WORD, name_ending(*(const enum ending *)at));
		return;
	case HOW_CLOSER_EXIT:
		set_text(v, VALUE_WORD, name_closer_exit(*(const uint8_t *)at));
		return;
	case HOW_DROP_REASON:
		set_text(v, VALUE_WORD, name_drop_reason(*(const enum drop_reason *)at));
		return;
	case HOW_RESET_REASON:
		set_text(v, VALUE_WORD, name_reset_reason(*(const enum reset_reason *)at));
		return;
	}
	v->kind = VALUE_NULL;
}
