// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "hook_programs.h"

#include "tracer_parts.h"

#define PROG(name) offsetof(__typeof__(((struct tcpstates_bpf *)0)->progs), name)

const struct hook_program hook_programs[] = {
	{ FEATURE_STATE, HOOK_TP_BTF, 3, PROG(state_tp_btf), true },
	{ FEATURE_STATE, HOOK_TP_BTF, 3, PROG(state_tp_btf_relay), true },
	{ FEATURE_STATE, HOOK_RAW_TP, 3, PROG(state_raw_tp), true },
	{ FEATURE_STATE, HOOK_RAW_TP, 3, PROG(state_raw_tp_relay), true },
	{ FEATURE_STATE, HOOK_FENTRY, 2, PROG(state_fentry), true },
	{ FEATURE_STATE, HOOK_FENTRY, 2, PROG(state_fentry_relay), true },
	{ FEATURE_STATE, HOOK_FENTRY, 0, PROG(listen_fentry), false },
	{ FEATURE_STATE, HOOK_KPROBE, 0, PROG(state_kprobe), false },
	{ FEATURE_STATE, HOOK_KPROBE, 0, PROG(listen_kprobe), false },
	{ FEATURE_ACCEPT, HOOK_FEXIT, 2, PROG(accept_fexit), false },
	{ FEATURE_ACCEPT, HOOK_FEXIT, 4, PROG(accept_fexit_4args), false },
	{ FEATURE_ACCEPT, HOOK_SYSCALL, 0, PROG(accept_exit), false },
	{ FEATURE_ACCEPT, HOOK_SYSCALL, 0, PROG(accept4_exit), false },
	{ FEATURE_ACCEPT, HOOK_KRETPROBE, 0, PROG(accept_kretprobe), false },
	{ FEATURE_CONNECT, HOOK_FEXIT, 4, PROG(connect_fentry), false },
	{ FEATURE_CONNECT, HOOK_FEXIT, 4, PROG(connect_fexit), false },
	{ FEATURE_CONNECT, HOOK_SYSCALL, 0, PROG(connect_enters), false },
	{ FEATURE_CONNECT, HOOK_SYSCALL, 0, PROG(connect_exits), false },
	{ FEATURE_TIMEWAIT, HOOK_RAW_TP, 4, PROG(segment_freed), false },
	{ FEATURE_TIMEWAIT, HOOK_FEXIT, 3, PROG(segment_judged), false },
	{ FEATURE_TIMEWAIT, HOOK_FEXIT, 4, PROG(segment_judged_4args), false },
	{ FEATURE_TIMEWAIT, HOOK_FEXIT, 5, PROG(segment_judged_5args), false },
	{ FEATURE_TIMEWAIT, HOOK_HEADERS, 1, PROG(segment_dropped), false },
	{ FEATURE_REFUSED, HOOK_RAW_TP, 3, PROG(syn_refused), false },
	{ FEATURE_REFUSED, HOOK_HEADERS, 1, PROG(syn_freed), false },
	{ FEATURE_UNSENT, HOOK_RAW_TP, 1, PROG(segment_unsent), false },
	{ FEATURE_RESET, HOOK_RAW_TP, 2, PROG(reset_sent), false },
	{ FEATURE_SYNACK, HOOK_RAW_TP, 2, PROG(synack_retransmitted), false },
	{ FEATURE_HALF_OPEN, HOOK_ITER, 0, PROG(check_requests), true },
	{ FEATURE_HALF_OPEN, HOOK_FOR_EACH, 0, PROG(check_requests_run), true },
	{ FEATURE_REQUEST, HOOK_FEXIT, 5, PROG(request_checked_5args), false },
	{ FEATURE_REQUEST, HOOK_FEXIT, 6, PROG(request_checked_6args), false },
	{ FEATURE_DROPPED, HOOK_FENTRY, 4, PROG(syn_fentry), false },
	{ FEATURE_DROPPED, HOOK_KPROBE, 0, PROG(syn_kprobe), false },
	{ FEATURE_SYNCOOKIE, HOOK_FEXIT, 4, PROG(cookie_fexit), false },
	{ FEATURE_SYNCOOKIE, HOOK_FEXIT, 5, PROG(cookie_fexit_5args), false },
	{ FEATURE_SYNCOOKIE, HOOK_KRETPROBE, 0, PROG(cookie_kretprobe), false },
	{ FEATURE_SCAN, HOOK_ITER, 0, PROG(scan_files), true },
	{ FEATURE_SCAN, HOOK_ITER, 0, PROG(scan_tcp), true },
	{ FEATURE_SCAN, HOOK_ITER_5_8, 0, PROG(scan_holders), true },
	{ FEATURE_SCAN, HOOK_ITER_5_8, 0, PROG(scan_tcp), true },
	{ FEATURE_ALIVE, HOOK_ITER, 0, PROG(check_alive), true },
	{ FEATURE_ALIVE, HOOK_ITER, 0, PROG(check_unaccepted), true },
	{ FEATURE_ALIVE, HOOK_FOR_EACH, 0, PROG(check_alive_run), true },
	{ FEATURE_ALIVE, HOOK_FOR_EACH, 0, PROG(check_unaccepted_run), true },
	{ FEATURE_HOLDER, HOOK_ITER, 0, PROG(scan_holders), true },
	{ FEATURE_LISTENER, HOOK_ITER, 0, PROG(read_listeners), true },
	{ FEATURE_LISTENER, HOOK_FOR_EACH, 0, PROG(read_listeners_run), true },
};

const size_t hook_programs_n = sizeof(hook_programs) / sizeof(hook_programs[0]);
