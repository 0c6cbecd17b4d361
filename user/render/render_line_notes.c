// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The last column of -o line. */
#include "render_line_notes.h"

#include <linux/bpf.h>
#include <string.h>

#include "chapter/names.h"
#include "render_short.h"

/* What notes may take behind an address that is too long for the line. */
#define NOTES_BEHIND_LONG 40

/* A person of which less than this would be left is not printed. */
#define PERSON_MIN 8

/* What follows the endpoints, as far as there is room for it. */
struct notes {
	char text[LINE_NOTES_MAX];
	size_t columns, room;
};

const struct person *line_person(const struct chapter *ch)
{
	return ch->open && person_is_other(&ch->holder, &ch->owner) ? &ch->holder : &ch->owner;
}

/* Of an open one the state says the most, but of what no state shows. */
bool line_cause_is_result(const struct line_connection *c)
{
	enum cause cause = c->last->cause;

	return !c->last->open || cause == CAUSE_ACCEPT_WAIT || cause == CAUSE_ZERO_WINDOW ||
	       cause == CAUSE_PEER_SILENT || cause == CAUSE_NOT_SENT;
}

/* Why it is slow or failed, in a word; "-": nothing is wrong, or nothing shows why. */
static const char *cause_word(const struct chapter *ch)
{
	return name_or_dash(name_cause(ch->cause));
}

static bool is_word(const char *word)
{
	return strcmp(word, "-") != 0;
}

/* Without a cause: the reason of a reset, or what an open connection waits for. */
static const char *other_word(const struct chapter *close)
{
	if (!close->open)
		return name_or_dash(name_reset_reason(close->close.reset_reason));
	if (!close->close.unacked.known || !close->close.unacked.value)
		return "-";
	return close->close.zero_window == TRISTATE_YES ? "zero_window" : "unacked";
}

const char *line_cause(char buf[LINE_NOTES_MAX], const struct line_connection *c)
{
	const char *opening = c->handshake ? cause_word(c->handshake) : "-";
	const char *closing = c->close ? cause_word(c->close) : "-";
	bool both;

	if (!is_word(opening) && !is_word(closing) && c->close)
		closing = other_word(c->close);
	/* accept() may have been late for both */
	if (!strcmp(opening, closing))
		opening = "-";
	both = is_word(opening) && is_word(closing);
	text_join(buf, LINE_NOTES_MAX, is_word(opening) ? opening : "", both ? "," : "",
		  is_word(closing) ? closing : "");
	return buf;
}

static bool add_note(struct notes *n, const char *before, const char *what)
{
	size_t columns = strlen(before) + short_columns(what), len = strlen(n->text);

	if (!*what || n->columns + columns > n->room ||
	    len + strlen(before) + strlen(what) >= LINE_NOTES_MAX)
		return false;
	text_join(n->text + len, LINE_NOTES_MAX - len, before, what);
	n->columns += columns;
	return true;
}

/* Another process than the owner, cut if there is no room for it. */
static void add_person(struct notes *n, const char *verb, const struct person *p)
{
	static const char by[] = " by ";
	char who[PERSON_TEXT_MAX], cut[PERSON_TEXT_MAX];
	size_t left = n->room - n->columns;

	name_person(who, p);
	if (add_note(n, verb, who) || add_note(n, by, who) || left < PERSON_MIN + strlen(by))
		return;
	add_note(n, by, short_cut(cut, sizeof(cut), who, left - strlen(by), '['));
}

/* Who closed it; of an open one, whose it is, for whoever has it is in its column. */
static void add_persons(struct notes *n, const struct chapter *ch)
{
	char who[PERSON_TEXT_MAX];

	if (line_person(ch) != &ch->owner && ch->owner.pid.known)
		add_note(n, " opened by ", name_person(who, &ch->owner));
	else if (ch->type == CHAPTER_CLOSE && person_is_other(&ch->close.closer, &ch->owner))
		add_person(n, " closed by ", &ch->close.closer);
}

static void add_others(struct notes *n, const struct chapter *ch)
{
	char buf[STUCK_TEXT_MAX];

	if (ch->err)
		add_note(n, " ", name_errno(ch->err));
	if (ch->type == CHAPTER_CLOSE && ch->close.closer_exit)
		add_note(n, " ", name_closer_exit(ch->close.closer_exit));
	if (ch->open && ch->type == CHAPTER_CLOSE && render_stuck(buf, ch))
		add_note(n, ", ", buf);
	if (ch->missing && !add_note(n, " incomplete:", name_missing(ch->missing)))
		add_note(n, " ", "incomplete");
}

static const char *arrow(enum role role)
{
	return role == ROLE_CLIENT ? " > " : role == ROLE_SERVER ? " < " : " - ";
}

void line_put_rest(const struct render_context *rc, const struct line_connection *c, size_t room)
{
	const struct chapter *ch = c->last;
	char local[ENDPOINT_MAX], remote[ENDPOINT_MAX], full[3 * ENDPOINT_MAX],
		brief[2 * ENDPOINT_MAX], buf[LINE_NOTES_MAX];
	const char *port = strrchr(render_local(local, ch), ':'), *ends = brief;
	struct notes n = { .room = NOTES_BEHIND_LONG };

	text_join(full, sizeof(full), local, arrow(ch->role), render_remote(remote, ch));
	text_join(brief, sizeof(brief), port, arrow(ch->role), remote);
	if (short_columns(brief) < room)
		n.room = room - short_columns(brief);
	add_note(&n, " ", line_cause(buf, c));
	add_persons(&n, ch);
	if (short_columns(full) + n.columns <= room)
		ends = full;
	n.room = room > short_columns(ends) ? room - short_columns(ends) : 0;
	add_others(&n, ch);
	fprintf(rc->out, "%s%s\n", ends, n.text);
}

void line_put_narrow(const struct render_context *rc, const struct line_connection *c, size_t room)
{
	const struct chapter *ch = c->last;
	const char *sign = arrow(ch->role) + 1;
	char remote[ENDPOINT_MAX], cut[ENDPOINT_MAX];
	struct notes n = { .room = room - strlen(sign) };
	size_t port;

	render_remote(remote, ch);
	/* the number of a client's port says nothing */
	if (ch->role == ROLE_SERVER && short_columns(remote) > n.room) {
		port = (size_t)(strrchr(remote, ':') - remote);
		remote[port] = '\0';
	}
	short_end(cut, sizeof(cut), remote, n.room);
	n.room -= short_columns(cut);
	add_persons(&n, ch);
	add_others(&n, ch);
	fprintf(rc->out, "%s%s%s\n", sign, cut, n.text);
}
