// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "features.h"

#include <stdarg.h>
#include <string.h>

const struct feature_hooks features[FEATURES] = {
	[FEATURE_STATE] = { "state",
			    { { HOOK_TP_BTF, "inet_sock_set_state" },
			      { HOOK_RAW_TP, "inet_sock_set_state" },
			      { HOOK_FENTRY, "tcp_set_state" },
			      { HOOK_KPROBE, "tcp_set_state" } },
			    "everything" },
	[FEATURE_ACCEPT] = { "accept",
			     { { HOOK_FEXIT, "inet_csk_accept" },
			       { HOOK_SYSCALL, "sys_exit_accept, sys_exit_accept4" },
			       { HOOK_KRETPROBE, "inet_csk_accept" } },
			     "accept_us" },
	[FEATURE_CONNECT] = { "connect",
			      { { HOOK_FEXIT, "inet_stream_connect" },
				{ HOOK_SYSCALL, "sys_enter_connect, sys_exit_connect" } },
			      "no connect() that fails before a SYN is reported" },
	[FEATURE_TIMEWAIT] = { "timewait",
			       { { HOOK_RAW_TP, "kfree_skb" },
				 { HOOK_FEXIT, "tcp_timewait_state_process" },
				 { HOOK_HEADERS, "kfree_skb" } },
			       "ending, time_wait, close_us, peer_fin_us, remote_fin_seq (if FIN_WAIT2 outlives the socket)" },
	[FEATURE_REFUSED] = { "refused",
			      { { HOOK_RAW_TP, "tcp_send_reset" }, { HOOK_HEADERS, "kfree_skb" } },
			      "no SYN that this host refuses is reported" },
	[FEATURE_UNSENT] = { "unsent",
			     { { HOOK_RAW_TP, "kfree_skb" } },
			     "nothing (a SYN, FIN or RST that this host drops is reported as sent)" },
	[FEATURE_RESET] = { "reset",
			    { { HOOK_RAW_TP, "tcp_send_reset" } },
			    "reset_reason (of some; an RST in answer to late data is reported as received)" },
	[FEATURE_SYNACK] = { "synack",
			     { { HOOK_RAW_TP, "tcp_retransmit_synack" } },
			     "handshake_us (if the SYN,ACK was retransmitted)" },
	[FEATURE_HALF_OPEN] = { "half_open",
				{ { HOOK_ITER, "bpf_map_elem" },
				  { HOOK_FOR_EACH, "bpf_for_each_map_elem" } },
				"no handshake whose SYN,ACK is never answered is reported" },
	[FEATURE_REQUEST] = { "request",
			      { { HOOK_FEXIT, "tcp_check_req" }, { HOOK_RAW_TP, "kfree_skb" } },
			      "no RST that answers a SYN,ACK is reported" },
	[FEATURE_DROPPED] = { "dropped",
			      { { HOOK_FENTRY, "tcp_conn_request" },
				{ HOOK_KPROBE, "tcp_conn_request" } },
			      "no SYN that a full queue drops is reported (its listener counts it)" },
	[FEATURE_DEFERRED] = { "deferred",
			       { { HOOK_FENTRY, "tcp_check_req" },
				 { HOOK_KPROBE, "tcp_check_req" },
				 { HOOK_RAW_TP, "kfree_skb" } },
			       "handshake_us, rtt_us (at a listener with TCP_DEFER_ACCEPT; with a full accept queue they are of a later ACK)" },
	[FEATURE_SYNCOOKIE] = { "syncookie",
				{ { HOOK_FEXIT, "tcp_get_cookie_sock" },
				  { HOOK_KRETPROBE, "tcp_get_cookie_sock" } },
				"syncookie (of a listener that has sent cookies lately)" },
	[FEATURE_COOKIE] = { "cookie",
			     { { HOOK_HELPER, "bpf_get_socket_cookie" } },
			     "cookie (unless the socket already has one)" },
	[FEATURE_SCAN] = { "scan",
			   { { HOOK_ITER, "task_file, tcp" },
			     { HOOK_ITER_5_8, "task_file, tcp" },
			     { HOOK_PROC, "sock_diag, /proc" } },
			   "pid, comm, uid, cgroup (of connections that existed before the trace)" },
	[FEATURE_ALIVE] = { "alive",
			    { { HOOK_ITER, "bpf_map_elem" },
			      { HOOK_FOR_EACH, "bpf_for_each_map_elem" } },
			    "nothing (connections whose end was missed may be reported as open)" },
	[FEATURE_HOLDER] = { "holder",
			     { { HOOK_ITER, "task_file" } },
			     "holder_pid, holder_comm (of what is open)" },
	[FEATURE_LISTENER] = { "listener",
			       { { HOOK_ITER, "bpf_map_elem" },
				 { HOOK_FOR_EACH, "bpf_for_each_map_elem" } },
			       "no listener is reported" },
	[FEATURE_MPTCP] = { "mptcp", { { HOOK_FIELD, "tcp_sock.is_mptcp" } }, "mptcp" },
};

static const char *const kind_names[HOOK_KINDS] = {
	[HOOK_ANY] = "unknown",	      [HOOK_NONE] = "none",	      [HOOK_TP_BTF] = "tp_btf",
	[HOOK_RAW_TP] = "raw_tp",     [HOOK_FENTRY] = "fentry",	      [HOOK_FEXIT] = "fexit",
	[HOOK_KPROBE] = "kprobe",     [HOOK_KRETPROBE] = "kretprobe", [HOOK_SYSCALL] = "syscall",
	[HOOK_HELPER] = "helper",     [HOOK_ITER] = "iter",	      [HOOK_ITER_5_8] = "iter_5.8",
	[HOOK_FIELD] = "field",	      [HOOK_HEADERS] = "headers",     [HOOK_PROC] = "proc",
	[HOOK_FOR_EACH] = "for_each",
};

const char *hook_name(enum hook_kind kind)
{
	return (unsigned int)kind < HOOK_KINDS ? kind_names[kind] : kind_names[HOOK_ANY];
}

bool features_parse(const char *arg, enum feature *feature, enum hook_kind *kind)
{
	size_t len = strcspn(arg, "=");

	if (!arg[len])
		return false;
	for (*feature = 0; *feature < FEATURES; (*feature)++) {
		const struct feature_hooks *info = &features[*feature];

		if (strlen(info->name) != len || strncmp(info->name, arg, len) != 0)
			continue;
		*kind = HOOK_NONE;
		if (!strcmp(arg + len + 1, kind_names[HOOK_NONE]))
			return *feature != FEATURE_STATE;
		for (const struct hook *h = info->hooks; h->kind != HOOK_ANY; h++) {
			*kind = h->kind;
			if (!strcmp(arg + len + 1, kind_names[*kind]))
				return true;
		}
		return false;
	}
	return false;
}

/* Appends to line as snprintf() does: the text is cut off if it does not fit. */
__attribute__((format(printf, 3, 4))) static void append(char *line, size_t size,
							 const char *format, ...)
{
	size_t at = strlen(line);
	va_list args;

	va_start(args, format);
	vsnprintf(line + at, size - at, format, args);
	va_end(args);
}

void features_reasons(const struct findings *found, enum feature feature, char *line, size_t size)
{
	const struct finding *f = &found->of[feature];
	const struct feature_hooks *info = &features[feature];
	const char *separator = "";

	snprintf(line, size, "%s", f->not_wanted ? "not needed or turned off" : "");
	for (size_t i = 0; i < HOOKS_MAX && info->hooks[i].kind != HOOK_ANY; i++) {
		if (!f->errs[i])
			continue;
		append(line, size, "%s%s %s: %s", separator, kind_names[info->hooks[i].kind],
		       info->hooks[i].hook, strerror(-f->errs[i]));
		separator = ", ";
	}
}

void features_line(const struct findings *found, enum feature feature, char *line, size_t size)
{
	const struct finding *f = &found->of[feature];
	const struct feature_hooks *info = &features[feature];
	char reasons[FEATURES_LINE];

	snprintf(line, size, "%s: %s", info->name, hook_name(f->kind));
	if (f->kind == HOOK_NONE)
		append(line, size, "; null: %s", info->null_fields);
	if (f->kind == HOOK_NONE || f->kind == HOOK_ANY) {
		features_reasons(found, feature, reasons, sizeof(reasons));
		append(line, size, "; why: %s", reasons);
	}
	for (const struct hook *h = info->hooks; h->kind != HOOK_ANY; h++)
		if (h->kind == f->kind)
			append(line, size, " %s", h->hook);
}

size_t features_put_words(const char *separator, FILE *f)
{
	size_t n = 0;

	for (const struct feature_hooks *info = features; info < features + FEATURES; info++) {
		for (const struct hook *h = info->hooks; h->kind != HOOK_ANY; h++)
			fprintf(f, "%s%s=%s", n++ ? separator : "", info->name,
				kind_names[h->kind]);
		if (info != &features[FEATURE_STATE])
			fprintf(f, "%s%s=%s", n++ ? separator : "", info->name,
				kind_names[HOOK_NONE]);
	}
	return n;
}
