// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "rungs.h"

#include <stdarg.h>
#include <string.h>

const struct ladder ladders[FACTS] = {
	[FACT_STATE] = { "state",
			 { { RUNG_TP_BTF, "inet_sock_set_state" },
			   { RUNG_RAW_TP, "inet_sock_set_state" },
			   { RUNG_FENTRY, "tcp_set_state" },
			   { RUNG_KPROBE, "tcp_set_state" } },
			 "everything" },
	[FACT_ACCEPT] = { "accept",
			  { { RUNG_FEXIT, "inet_csk_accept" },
			    { RUNG_SYSCALL, "sys_exit_accept, sys_exit_accept4" },
			    { RUNG_KRETPROBE, "inet_csk_accept" } },
			  "accept_us" },
	[FACT_TIMEWAIT] = { "timewait",
			    { { RUNG_RAW_TP, "kfree_skb" },
			      { RUNG_FEXIT, "tcp_timewait_state_process" },
			      { RUNG_HEADERS, "kfree_skb" } },
			    "ending, time_wait, close_us, peer_fin_us, remote_fin_seq "
			    "(after FIN_WAIT2 without a socket)" },
	[FACT_SYNACK] = { "synack",
			  { { RUNG_RAW_TP, "tcp_retransmit_synack" } },
			  "handshake_us (after a SYN,ACK sent again)" },
	[FACT_SYNCOOKIE] = { "syncookie",
			     { { RUNG_FEXIT, "tcp_get_cookie_sock" },
			       { RUNG_KRETPROBE, "tcp_get_cookie_sock" } },
			     "syncookie" },
	[FACT_COOKIE] = { "cookie",
			  { { RUNG_HELPER, "bpf_get_socket_cookie" } },
			  "cookie (unless another program asked for it)" },
	[FACT_SCAN] = { "scan",
			{ { RUNG_ITER, "task_file, tcp" },
			  { RUNG_ITER_5_8, "task_file, tcp" },
			  { RUNG_PROC, "sock_diag, /proc" } },
			"pid, comm, uid, cgroup (of what is older than the trace)" },
	[FACT_ALIVE] = { "alive",
			 { { RUNG_ITER, "bpf_map_elem" } },
			 "nothing (what ended unseen may be told as open)" },
	[FACT_MPTCP] = { "mptcp", { { RUNG_FIELD, "tcp_sock.is_mptcp" } }, "mptcp" },
};

static const char *const names[RUNGS] = {
	[RUNG_ANY] = "unknown",	  [RUNG_NONE] = "none",		  [RUNG_TP_BTF] = "tp_btf",
	[RUNG_RAW_TP] = "raw_tp", [RUNG_FENTRY] = "fentry",	  [RUNG_FEXIT] = "fexit",
	[RUNG_KPROBE] = "kprobe", [RUNG_KRETPROBE] = "kretprobe", [RUNG_SYSCALL] = "syscall",
	[RUNG_HELPER] = "helper", [RUNG_ITER] = "iter",		  [RUNG_ITER_5_8] = "iter_5.8",
	[RUNG_FIELD] = "field",	  [RUNG_HEADERS] = "headers",	  [RUNG_PROC] = "proc",
};

const char *rung_name(enum rung rung)
{
	return (unsigned int)rung < RUNGS ? names[rung] : names[RUNG_ANY];
}

bool rungs_parse(const char *arg, enum fact *fact, enum rung *rung)
{
	size_t len = strcspn(arg, "=");

	if (!arg[len])
		return false;
	for (*fact = 0; *fact < FACTS; (*fact)++) {
		const struct ladder *l = &ladders[*fact];

		if (strlen(l->fact) != len || strncmp(l->fact, arg, len) != 0)
			continue;
		*rung = RUNG_NONE;
		if (!strcmp(arg + len + 1, names[RUNG_NONE]))
			return *fact != FACT_STATE;
		for (const struct way *w = l->ways; w->rung != RUNG_ANY; w++) {
			*rung = w->rung;
			if (!strcmp(arg + len + 1, names[*rung]))
				return true;
		}
		return false;
	}
	return false;
}

/* Appends as snprintf() does; what finds no room is cut off. */
__attribute__((format(printf, 3, 4))) static void append(char *line, size_t size,
							 const char *format, ...)
{
	size_t at = strlen(line);
	va_list args;

	va_start(args, format);
	vsnprintf(line + at, size - at, format, args);
	va_end(args);
}

void rungs_why(const struct findings *found, enum fact fact, char *line, size_t size)
{
	const struct finding *f = &found->of[fact];
	const struct ladder *l = &ladders[fact];
	const char *separator = "";

	snprintf(line, size, "%s", f->forgone ? "not wanted" : "");
	for (size_t i = 0; i < WAYS_MAX && l->ways[i].rung != RUNG_ANY; i++) {
		if (!f->errs[i])
			continue;
		append(line, size, "%s%s %s: %s", separator, names[l->ways[i].rung],
		       l->ways[i].hook, strerror(-f->errs[i]));
		separator = ", ";
	}
}

void rungs_line(const struct findings *found, enum fact fact, char *line, size_t size)
{
	const struct finding *f = &found->of[fact];
	const struct ladder *l = &ladders[fact];
	char why[RUNGS_LINE];

	snprintf(line, size, "%s: %s", l->fact, rung_name(f->rung));
	if (f->rung == RUNG_NONE)
		append(line, size, "; null: %s", l->lost);
	if (f->rung == RUNG_NONE || f->rung == RUNG_ANY) {
		rungs_why(found, fact, why, sizeof(why));
		append(line, size, "; why: %s", why);
	}
	for (const struct way *w = l->ways; w->rung != RUNG_ANY; w++)
		if (w->rung == f->rung)
			append(line, size, " %s", w->hook);
}

size_t rungs_put_words(const char *separator, FILE *f)
{
	size_t n = 0;

	for (const struct ladder *l = ladders; l < ladders + FACTS; l++) {
		for (const struct way *w = l->ways; w->rung != RUNG_ANY; w++)
			fprintf(f, "%s%s=%s", n++ ? separator : "", l->fact, names[w->rung]);
		if (l != &ladders[FACT_STATE])
			fprintf(f, "%s%s=%s", n++ ? separator : "", l->fact, names[RUNG_NONE]);
	}
	return n;
}
