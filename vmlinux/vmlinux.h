/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Just the kernel types that the BPF programs touch, and of them just the fields.
 * Every access is relocated by libbpf against the running kernel's BTF (CO-RE), so neither the order
 * nor the missing fields matter here; `make check-btf BTF=path` says whether a kernel has them all.
 * A struct whose name ends in ___something stands for another kernel's version of it.
 */
#ifndef VMLINUX_H
#define VMLINUX_H

#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <linux/types.h>
#include <stdbool.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct in6_addr {
	union {
		__u8 u6_addr8[16];
		__be32 u6_addr32[4];
	} in6_u;
};

struct ns_common {
	unsigned int inum;
};

typedef struct {
	struct {
		int counter;
	} refs;
} refcount_t;

struct netns_ipv4 {
	int sysctl_tcp_fin_timeout;
	__u8 sysctl_tcp_syncookies;
};

struct hlist_node {
	struct hlist_node *next;
	struct hlist_node **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

struct net {
	struct hlist_head *dev_index_head;
	struct ns_common ns;
	struct netns_ipv4 ipv4;
};

/* the table of minisockets was in three places, see facts_timewait_full() */
struct inet_timewait_death_row___5_18 {
	refcount_t tw_refcount;
	int sysctl_max_tw_buckets;
};

struct netns_ipv4___6_1 {
	struct inet_timewait_death_row___5_18 tcp_death_row;
};

struct net___6_1 {
	struct netns_ipv4___6_1 ipv4;
};

struct netns_ipv4___5_18 {
	struct inet_timewait_death_row___5_18 *tcp_death_row;
};

struct net___5_18 {
	struct netns_ipv4___5_18 ipv4;
};

struct inet_timewait_death_row___5_8 {
	struct {
		int counter;
	} tw_count;
	int sysctl_max_tw_buckets;
};

struct netns_ipv4___5_8 {
	struct inet_timewait_death_row___5_8 tcp_death_row;
};

struct net___5_8 {
	struct netns_ipv4___5_8 ipv4;
};

typedef struct {
	struct net *net;
} possible_net_t;

typedef struct {
	long long counter;
} atomic64_t;

typedef struct {
	int counter;
} atomic_t;

struct kernfs_node {
	__u64 id;
};

struct cgroup;

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
};

typedef struct {
	unsigned int val;
} kuid_t;

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	int skc_bound_dev_if;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	atomic64_t skc_cookie;
	unsigned long skc_flags;
	/* of a request */
	struct sock *skc_listener;
	__u32 skc_tw_rcv_nxt;
	struct hlist_node skc_node;
};

struct inet_timewait_sock {
	volatile unsigned char tw_substate;
};

struct socket;

struct sk_buff;

struct sk_buff_head {
	struct sk_buff *prev;
	__u32 qlen;
};

struct sock_extended_err {
	__u32 ee_errno;
	__u8 ee_origin;
};

/* in sk_buff.cb of what the error queue has */
struct sock_exterr_skb {
	struct sock_extended_err ee;
};

typedef struct {
	int owned; /* by a system call */
} socket_lock_t;

/* why an RST is sent, of many; since 6.10, most of them since 6.12: the numbers differ */
enum sk_rst_reason {
	SK_RST_REASON_TCP_ABORT_ON_DATA,
	SK_RST_REASON_TCP_ABORT_ON_CLOSE,
	SK_RST_REASON_TCP_ABORT_ON_LINGER,
	SK_RST_REASON_TCP_ABORT_ON_MEMORY,
	SK_RST_REASON_TCP_KEEPALIVE_TIMEOUT,
	SK_RST_REASON_TCP_DISCONNECT_WITH_DATA,
	SK_RST_REASON_MPTCP_RST_EUNSPEC,
	SK_RST_REASON_MPTCP_RST_EMIDDLEBOX,
};

/* of the listeners that share a port */
struct sock_reuseport {
	unsigned int synq_overflow_ts;
};

struct sock {
	struct sock_common __sk_common;
	socket_lock_t sk_lock;
	struct sk_buff_head sk_receive_queue;
	struct sk_buff_head sk_error_queue;
	int sk_err;
	int sk_err_soft;
	struct socket *sk_socket;
	atomic_t sk_drops;
	__u32 sk_ack_backlog;
	__u32 sk_max_ack_backlog;
	__u8 sk_shutdown;
	unsigned long sk_lingertime;
	__u16 sk_protocol;
	struct sock_reuseport *sk_reuseport_cb;
};

/* what accept() returns for an MPTCP listener; the TCP connection is its first subflow */
struct mptcp_sock {
	struct sock *first;
};

/* behind icsk_ulp_data of a subflow */
struct mptcp_subflow_context {
	struct sock *conn;
};

struct sockaddr;

/* only as a type: CO-RE takes no integer for an enum */
typedef enum { SS_FREE } socket_state;

struct socket {
	socket_state state;
	short type;
	struct sock *sk;
};

struct inet_sock {
	struct sock sk;
	__be16 inet_sport;
};

struct request_sock_queue {
	__u8 rskq_defer_accept;
	atomic_t qlen;
};

struct inet_bind_bucket;

struct inet_connection_sock {
	struct inet_sock icsk_inet;
	__u8 icsk_retransmits;
	__u8 icsk_pending;
	struct inet_bind_bucket *icsk_bind_hash;
	struct request_sock_queue icsk_accept_queue;
	__u32 icsk_rto;
	__u32 icsk_pmtu_cookie;
	void *icsk_ulp_data;
	struct {
		__u8 pending;
		__u8 pingpong;
		__u32 lrcvtime;
	} icsk_ack;
};

struct minmax_sample {
	__u32 t;
	__u32 v;
};

struct minmax {
	struct minmax_sample s[3];
};

struct tcp_rack {
	__u64 mstamp;
	__u32 end_seq;
};

struct tcp_options_received {
	__u16 tstamp_ok : 1;
	__u16 wscale_ok : 1;
	__u16 sack_ok : 3;
	__u16 snd_wscale : 4;
	__u16 rcv_wscale : 4;
	__u16 mss_clamp;
	int ts_recent_stamp;
};

struct tcp_fastopen_request;

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u32 rcv_nxt;
	__u32 rcv_wup;
	__u32 rcv_wnd;
	__u32 copied_seq;
	__u32 snd_nxt;
	__u32 snd_una;
	__u32 snd_wl1;
	__u32 snd_wnd;
	__u32 lsndtime;
	__u32 retrans_stamp;
	__u32 chrono_start;
	__u8 chrono_type : 2;
	__u8 tcp_usec_ts : 1;
	__u32 write_seq;
	__u32 srtt_us;
	__u32 mss_cache;
	__u16 advmss;
	__u32 segs_in;
	__u32 segs_out;
	__u32 data_segs_in;
	__u32 rcv_tstamp;
	__u32 packets_out;
	__u32 total_retrans;
	__u64 bytes_received;
	__u64 bytes_acked;
	__u64 bytes_sent;
	__u64 bytes_retrans;
	__u64 tcp_wstamp_ns;
	__u64 tcp_clock_cache;
	struct minmax rtt_min;
	struct tcp_rack rack;
	struct tcp_options_received rx_opt;
	__u8 ecn_flags;
	__u8 syn_data : 1;
	__u8 fastopen_connect : 1;
	int linger2;
	bool is_mptcp;
	struct tcp_fastopen_request *fastopen_req;
};

struct timer_list {
	unsigned long expires;
};

struct request_sock {
	struct sock_common __req_common;
	struct timer_list rsk_timer;
};

struct inet_request_sock {
	struct request_sock req;
	__u16 acked : 1;
};

struct tcp_request_sock {
	struct inet_request_sock req;
	__u64 snt_synack;
	__u32 rcv_isn;
	__u32 snt_isn;
};

struct net_device {
	char name[16];
	struct hlist_node index_hlist;
	int ifindex;
	possible_net_t nd_net;
};

struct sk_buff {
	struct net_device *dev;
	struct sock *sk;
	__u64 tstamp;
	int skb_iif;
	char cb[48];
	__u16 transport_header;
	__u16 network_header;
	unsigned char *head;
	unsigned char *data;
};

/* of this enum just what is compared: CO-RE finds its number in the kernel */
enum skb_drop_reason {
	SKB_DROP_REASON_NO_SOCKET = 2,
	SKB_DROP_REASON_NOT_SPECIFIED = 1,
	SKB_DROP_REASON_TCP_LISTEN_OVERFLOW = 3,
};

struct inet_skb_parm {
	int iif;
};

struct tcp_skb_cb {
	__u32 seq;
	__u32 end_seq;
	union {
		union {
			struct inet_skb_parm h4;
		} header;
	};
	__u32 ack_seq;
};

struct pid_namespace {
	struct ns_common ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct super_block {
	unsigned long s_magic;
};

struct inode {
	struct super_block *i_sb;
};

struct file {
	struct inode *f_inode;
	void *private_data;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct cred {
	kuid_t uid;
};

struct signal_struct {
	/* threads that have not begun to exit */
	struct {
		int counter;
	} live;
};

struct nsproxy {
	struct net *net_ns;
};

struct task_struct {
	unsigned int flags;
	int exit_code;
	int pid;
	int tgid;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	const struct cred *cred;
	char comm[16];
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct css_set *cgroups;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	void *key;
	void *value;
};

/* as an argument of io_uring_complete: 6.14 on */
struct io_uring_cqe {
	__s32 res;
	__u32 flags;
};

struct io_kiocb {
	__u8 opcode;
};

struct trace_event_raw_sys_enter {
	unsigned long args[6];
};

/* where `ret` lies depends on the kernel's configuration (PREEMPT_RT) */
struct trace_event_raw_sys_exit {
	long ret;
};

#pragma clang attribute pop

#endif
