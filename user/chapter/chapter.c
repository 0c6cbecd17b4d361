// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "chapter_parts.h"

#include <string.h>

#include "base/number.h"

void person_set(struct person *p, const struct owner *o)
{
	*p = (struct person){ 0 };
	if (!o->pid)
		return;
	p->pid = known(o->pid);
	p->uid = known(o->uid);
	p->cgroup = known_unless_0(o->cgroup);
	memcpy(p->comm, o->comm, COMM_LEN);
}

bool person_is_other(const struct person *p, const struct person *owner)
{
	return p->pid.known && !(owner->pid.known && owner->pid.value == p->pid.value);
}

/*
 * Before accept() the owner is connect()'s caller or the listener's owner.  The accept hook writes
 * accept_ns last: a record that has it has the acceptor too.  Who accepted without being seen is not known.
 */
static void set_owner(struct chapter *ch, const struct handshake_part *h)
{
	if (h->accept_ns)
		person_set(&ch->owner, &h->acceptor);
	else if (!(h->flags & HANDSHAKE_ACCEPT_UNSEEN))
		person_set(&ch->owner, &h->owner);
}

void interface_text(char buf[IFNAME_LEN + 1], const struct interface *i)
{
	memset(buf, 0, IFNAME_LEN + 1);
	if (i->index && *i->name)
		memcpy(buf, i->name, IFNAME_LEN);
	else if (i->index)
		number_uint(buf, i->index);
}

void chapter_begin(struct chapter *ch, const struct handshake_part *h)
{
	/* the steps are most of it, and chapter_add_step() clears each */
	memset(ch, 0, offsetof(struct chapter, steps));
	ch->conn = h->conn;
	ch->cookie = known_unless_0(h->cookie);
	ch->netns = h->netns;
	interface_text(ch->ifname, &h->interface);
	ch->family = h->family == 6 ? 6 : 4;
	memcpy(ch->local, h->local, 16);
	memcpy(ch->remote, h->remote, 16);
	ch->local_port = known_unless_0(h->local_port);
	ch->remote_port = known_unless_0(h->remote_port);
	ch->role = h->role <= ROLE_SERVER ? (enum role)h->role : ROLE_UNKNOWN;
	ch->iss = known_if(h->options & OPTION_KNOWN || h->flags & HANDSHAKE_ISS, h->iss);
	ch->irs = known_if(h->options & OPTION_KNOWN || h->flags & HANDSHAKE_IRS, h->irs);
	ch->no_socket = h->flags & HANDSHAKE_NO_SOCKET;
	set_owner(ch, h);
	ch->accepted = TRISTATE_UNKNOWN;
	if (ch->role == ROLE_SERVER && (h->accept_ns || h->flags & HANDSHAKE_ACCEPTED))
		ch->accepted = TRISTATE_YES;
	else if (ch->role == ROLE_SERVER && h->flags & HANDSHAKE_UNACCEPTED)
		ch->accepted = TRISTATE_NO;
}

struct step *chapter_add_step(struct chapter *ch, struct maybe t_ns, uint8_t from, uint8_t to)
{
	struct step *s;

	if (ch->n_steps < CHAPTER_STEPS)
		ch->n_steps++;
	s = &ch->steps[ch->n_steps - 1];
	*s = (struct step){ .t_ns = t_ns, .from = from, .to = to };
	return s;
}

void step_set_segment(struct step *s, bool sent, uint8_t flags, struct maybe seq, struct maybe ack)
{
	s->segment = (struct segment){ .sent = sent, .flags = flags };
	s->seq = seq;
	s->ack = ack;
}

void step_set_unsent(struct step *s, uint8_t flags, struct maybe seq)
{
	s->segment = (struct segment){ .sent = true, .unsent = true, .flags = flags };
	s->seq = seq;
}

bool chapter_handshake_posted(const struct record *r)
{
	return r->h.flags & HANDSHAKE_POSTED;
}

bool chapter_handshake_seen(const struct record *r)
{
	return r->h.n_steps && !(r->h.flags & HANDSHAKE_BEFORE_TRACE);
}

size_t chapter_step_count(const struct chapter *ch)
{
	return ch->n_steps < CHAPTER_STEPS ? ch->n_steps : CHAPTER_STEPS;
}
