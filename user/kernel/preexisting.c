// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "preexisting.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chapter/select.h"
#include "holders.h"
#include "namespaces.h"
#include "processes.h"
#include "sock_diag.h"

#define BIT(state) (1U << (state))
/* the states of a full socket; a request socket (NEW_SYN_RECV, shown as SYN_RECV) is not one */
#define STATES                                                                       \
	(BIT(BPF_TCP_ESTABLISHED) | BIT(BPF_TCP_SYN_SENT) | BIT(BPF_TCP_FIN_WAIT1) | \
	 BIT(BPF_TCP_FIN_WAIT2) | BIT(BPF_TCP_CLOSE_WAIT) | BIT(BPF_TCP_LAST_ACK) |  \
	 BIT(BPF_TCP_LISTEN) | BIT(BPF_TCP_CLOSING))
/* idiag_timer of a minisocket: inet_twsk_diag_fill() */
#define TIMER_TIME_WAIT 3

struct scan {
	const struct preexisting_request *request;
	struct holders holders;
	uint32_t netns; /* of the namespace that is visited now */
	uint64_t n;	/* connections added so far */
	int err;	/* of the last namespace whose dump failed */
};

static FILE *open_proc(uint32_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
	return fopen(path, "re");
}

/* All zero if the process has ended.  The user is the real one, as the iterator of the BPF side reads it. */
static struct owner read_owner(uint32_t pid, uint64_t cgroup)
{
	FILE *comm = open_proc(pid, "comm"), *status = open_proc(pid, "status");
	struct owner o = { .pid = pid, .cgroup = cgroup };
	bool found = false;
	char line[256];

	while (status && !found && fgets(line, sizeof(line), status))
		found = sscanf(line, "Uid: %u", &o.uid) == 1;
	found = found && comm && fread(o.comm, 1, COMM_LEN - 1, comm);
	o.comm[strcspn(o.comm, "\n")] = '\0';
	if (comm)
		fclose(comm);
	if (status)
		fclose(status);
	return found ? o : (struct owner){ 0 };
}

static void set_address(uint8_t to[16], int family, const __be32 from[4])
{
	if (family == AF_INET6) {
		memcpy(to, from, 16);
		return;
	}
	memset(to, 0, 10);
	to[10] = to[11] = 0xff;
	memcpy(to + 12, from, 4);
}

static bool selects_by_owner(const struct scan *s)
{
	const struct options *o = s->request->options;

	return pid_list_given(&o->pids) || s->request->cfg->by_pid || o->comms.n || o->cgroup_path;
}

/* The map of the BPF side has the children of -f and COMMAND as well. */
static bool is_selected(const struct scan *s, const struct owner *owner)
{
	return processes_select(s->request->cfg, s->request->pids_fd, owner->pid) &&
	       select_comm_and_cgroup(s->request->options, NULL, owner);
}

/* Of the processes that have the socket open: the first that is selected, else the first; 0: none. */
static struct owner choose_owner(const struct scan *s, uint64_t inode, uint64_t cgroup)
{
	const struct holder *holder;
	size_t n = holders_find(&s->holders, inode, &holder);
	struct owner first = n ? read_owner(holder->pid, cgroup) : (struct owner){ 0 };

	for (size_t i = 0; selects_by_owner(s) && i < n; i++) {
		struct owner o = i ? read_owner(holder[i].pid, cgroup) : first;

		if (is_selected(s, &o))
			return o;
	}
	return first;
}

static void add_listener(const struct scan *s, const struct inet_diag_msg *m,
			 const struct owner *owner)
{
	struct listener_key key = { .netns = s->netns,
				    .ifindex = m->id.idiag_if,
				    .port = ntohs(m->id.idiag_sport) };
	struct listener l = { .owner = *owner, .sockets = 1, .selected = is_selected(s, owner) },
			old;

	set_address(key.addr, m->idiag_family, m->id.idiag_src);
	if (!owner->pid)
		return;
	/* if several processes listen here, accept() shows which of them a connection is for */
	if (!bpf_map_lookup_elem(s->request->listeners_fd, &key, &old)) {
		l.sockets += old.sockets;
		l.selected |= old.selected;
		if (old.owner.pid != owner->pid)
			l.owner = (struct owner){ 0 };
	}
	bpf_map_update_elem(s->request->listeners_fd, &key, &l, BPF_ANY);
}

static void add_connection(struct scan *s, const struct inet_diag_msg *m, const struct owner *owner)
{
	struct record r = { .h = { .owner = *owner, .netns = s->netns, .state = m->idiag_state } };
	struct tuple key = { .netns = s->netns, .ifindex = m->id.idiag_if };

	set_address(r.h.local, m->idiag_family, m->id.idiag_src);
	set_address(r.h.remote, m->idiag_family, m->id.idiag_dst);
	r.h.local_port = key.local_port = ntohs(m->id.idiag_sport);
	r.h.remote_port = key.remote_port = ntohs(m->id.idiag_dport);
	r.h.interface.index = key.ifindex;
	if (key.ifindex) /* in this namespace, where scan_netns() is */
		if_indextoname(key.ifindex, r.h.interface.name);
	r.h.family = IN6_IS_ADDR_V4MAPPED((struct in6_addr *)r.h.remote) ? 4 : 6;
	r.h.cookie = (uint64_t)m->id.idiag_cookie[1] << 32 | m->id.idiag_cookie[0];
	r.h.flags = HANDSHAKE_BEFORE_TRACE;
	if (r.h.state == BPF_TCP_SYN_SENT)
		r.h.role = ROLE_CLIENT;
	else
		r.h.flags |= HANDSHAKE_ESTABLISHED | HANDSHAKE_POSTED;
	if (s->request->options->role || !select_connection(s->request->options, &r.h) ||
	    (selects_by_owner(s) && !is_selected(s, owner)))
		return;
	r.h.flags |= HANDSHAKE_OWNER_SELECTED;
	r.h.conn = (uint64_t)LEVELS << CONN_LEVEL_SHIFT | ++s->n; /* beyond those of next_conn() */
	memcpy(key.local, r.h.local, 16);
	memcpy(key.remote, r.h.remote, 16);
	/* if a hook has seen a state change since, preexisting_take() of the BPF side has marked the place */
	bpf_map_update_elem(s->request->connections_fd, &key, &r, BPF_NOEXIST);
}

static void add_socket(struct scan *s, const struct nlmsghdr *header)
{
	const struct inet_diag_msg *m = NLMSG_DATA(header);
	struct rtattr *attribute = (struct rtattr *)(m + 1);
	int left = (int)(header->nlmsg_len - NLMSG_LENGTH(sizeof(*m)));
	uint64_t cgroup = 0;
	struct owner owner;

	if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*m)) || m->idiag_timer == TIMER_TIME_WAIT)
		return;
	for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left))
		if (attribute->rta_type == INET_DIAG_CGROUP_ID &&
		    RTA_PAYLOAD(attribute) == sizeof(cgroup))
			memcpy(&cgroup, RTA_DATA(attribute), sizeof(cgroup));
	owner = choose_owner(s, m->idiag_inode, cgroup);
	if (m->idiag_state == BPF_TCP_LISTEN)
		add_listener(s, m, &owner);
	else
		add_connection(s, m, &owner);
}

/* Reads a part of a dump.  1: more follows; 0: that was all; or -errno.  s: NULL to discard it. */
static int read_answer(struct scan *s, int fd)
{
	char buffer[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	ssize_t n = recv(fd, buffer, sizeof(buffer), 0);
	struct nlmsghdr *header = (struct nlmsghdr *)buffer;
	const struct nlmsgerr *error;

	if (n < 0)
		return errno == EINTR ? 1 : -errno;
	for (unsigned int left = (unsigned int)n; NLMSG_OK(header, left);
	     header = NLMSG_NEXT(header, left)) {
		if (header->nlmsg_type == NLMSG_DONE)
			return 0;
		if (header->nlmsg_type == NLMSG_ERROR) {
			error = NLMSG_DATA(header);
			return error->error ? error->error : -EIO;
		}
		if (s)
			add_socket(s, header);
	}
	return 1;
}

/* Dumps the sockets of this family and these states in the network namespace that this process is in. */
static int dump(struct scan *s, int family, uint32_t states)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG), err;

	if (fd < 0)
		return -errno;
	err = sock_diag_ask(fd, (uint8_t)family, states, 0, 0) ?: 1;
	while (err > 0)
		err = read_answer(s, fd);
	close(fd);
	return err;
}

static int scan_netns(void *ctx)
{
	struct scan *s = ctx;
	struct stat st;
	int err;

	if (stat("/proc/thread-self/ns/net", &st))
		return -errno;
	s->netns = (uint32_t)st.st_ino;
	err = dump(s, AF_INET, STATES);
	err = err ? err : dump(s, AF_INET6, STATES);
	if (err)
		s->err = err;
	return err;
}

int preexisting_try(void)
{
	return dump(NULL, AF_INET, 0);
}

int preexisting_scan(const struct preexisting_request *request, uint32_t *own)
{
	struct scan s = { .request = request };
	int err = holders_read(&s.holders);

	if (!err)
		err = namespaces_visit(request->options, scan_netns, &s, own);
	holders_free(&s.holders);
	return err < 0 ? err : s.err ?: err;
}
