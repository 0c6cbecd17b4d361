// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#include "recorder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/sudo_user.h"
#include "conversations.h"
#include "base/message.h"
#include "recording.h"
#include "chapter/select.h"
#include "shared/wanted.h"

/* What the packets of a handshake or a close take in a file, about. */
#define PACKETS_BYTES 600

struct recorder {
	struct recording *file;
	struct conversations *conversations;
	struct cgroups *cgroups;
	struct config cfg;
	int64_t clock_offset_ns;
	struct item_host host;
	bool has_host;
	uint64_t pending_since_ns; /* since when something waits to be written; 0: nothing does */
	bool at_end;		   /* recorder_last() was called */
};

/*
 * Each file can be read alone: it has the packets of its records, the clock, the host, and the path of each cgroup
 * that its records name.
 */
static int next_file(struct recorder *r)
{
	int err = conversations_flush(r->conversations);

	if (!err)
		err = recording_write(r->file);
	if (!err)
		err = recording_next(r->file);
	if (err)
		return err;
	cgroups_ask_again(r->cgroups);
	err = recording_add(r->file, &(struct item){ ITEM_CLOCK, &r->clock_offset_ns,
						     sizeof(r->clock_offset_ns) });
	if (err || !r->has_host)
		return err;
	return recording_add(r->file, &(struct item){ ITEM_HOST, &r->host, sizeof(r->host) });
}

/* Before what belongs together: a record, the paths of its cgroups, and its packets. */
static int make_room(struct recorder *r)
{
	recording_expect(r->file, conversations_waiting(r->conversations) * PACKETS_BYTES);
	return recording_is_full(r->file) ? next_file(r) : 0;
}

static int add_packet(void *ctx, const struct packet *packet)
{
	struct recorder *r = ctx;

	return recording_add_packet(r->file, packet);
}

int recorder_create(struct recorder **recorder, const struct options *o, struct cgroups *cgroups)
{
	const struct recording_files files = { o->write_file, o->write_bytes, o->write_count };
	struct recorder *r = calloc(1, sizeof(*r));
	int err = -ENOMEM;

	if (r)
		r->conversations = conversations_create(add_packet, r);
	if (r && r->conversations)
		err = recording_create(&r->file, &files);
	if (err) {
		message("%s: %s%s", o->write_file, recording_why(-err), sudo_user_hint(err));
		recorder_abandon(r);
		return err;
	}
	r->cgroups = cgroups;
	r->cfg = select_wanted(o);
	*recorder = r;
	return 0;
}

int recorder_check(const struct recorder *r)
{
	int err = r ? recording_check_next(r->file) : 0;

	if (err)
		message("%s: %s: cannot create the next file of -C (privileges are dropped once "
			"everything is attached)",
			recorder_name(r), strerror(-err));
	return err;
}

/* The path of a cgroup precedes the first record that names it. */
static int add_cgroup(struct recorder *r, uint64_t id)
{
	char data[sizeof(id) + CGROUP_PATH_MAX];
	const char *path;
	size_t len;
	bool fresh;

	path = id ? cgroups_path(r->cgroups, id, &fresh) : NULL;
	if (!path || !fresh)
		return 0;
	len = strnlen(path, sizeof(data) - sizeof(id));
	memcpy(data, &id, sizeof(id));
	memcpy(data + sizeof(id), path, len);
	return recording_add(r->file, &(struct item){ ITEM_CGROUP, data, sizeof(id) + len });
}

static int add_cgroups(struct recorder *r, const struct handshake_part *h)
{
	int err = add_cgroup(r, h->owner.cgroup);

	if (!err && h->accept_ns)
		err = add_cgroup(r, h->acceptor.cgroup);
	return err;
}

static int add_part(struct recorder *r, const struct record *record, enum segments_part part,
		    uint64_t open_ns, uint64_t now_ns)
{
	const struct segments_end end = { record, open_ns, r->clock_offset_ns };

	return conversations_add(r->conversations, &end, part, now_ns);
}

/*
 * The handshake's packets come with the close unless the handshake was posted.  That of a
 * connection which is open at the end was, if it is selected.
 */
static int add_close(struct recorder *r, const struct record *record, uint64_t open_ns,
		     uint64_t now_ns)
{
	bool posted = wanted_handshake(&r->cfg, record) &&
		      (open_ns || record->h.flags & HANDSHAKE_POSTED);
	int err = 0;

	/* of one that the trace met open nothing is known to write */
	if (!posted && record->h.options & OPTION_KNOWN)
		err = add_part(r, record, SEGMENTS_HANDSHAKE, 0, now_ns);
	return err ? err : add_part(r, record, SEGMENTS_CLOSE, open_ns, now_ns);
}

static int add_open(struct recorder *r, const struct item_open *open, uint64_t now_ns)
{
	if (diary_established(&open->record))
		return add_close(r, &open->record, open->now_ns, now_ns);
	return add_part(r, &open->record, SEGMENTS_HANDSHAKE, open->now_ns, now_ns);
}

int recorder_item(struct recorder *r, const struct item *item, uint64_t now_ns)
{
	union {
		int64_t clock;
		struct item_host host;
		struct record record;
		struct item_open open;
		struct item_listener listener;
	} u = { 0 };
	int err = make_room(r);

	if (err)
		return err;
	if (item->len <= sizeof(u) && item->len)
		memcpy(&u, item->data, item->len);
	switch (item->type) {
	case ITEM_CLOCK:
		if (item->len == sizeof(u.clock))
			r->clock_offset_ns = u.clock;
		break;
	case ITEM_HOST:
		r->has_host = item->len == sizeof(u.host);
		if (r->has_host)
			r->host = u.host;
		break;
	case ITEM_HANDSHAKE:
		if (item->len != sizeof(u.record.h))
			break;
		err = add_cgroups(r, &u.record.h);
		if (!err)
			err = add_part(r, &u.record, SEGMENTS_HANDSHAKE, 0, now_ns);
		break;
	case ITEM_CLOSE:
		if (item->len != sizeof(u.record))
			break;
		err = add_cgroups(r, &u.record.h);
		if (!err)
			err = add_close(r, &u.record, 0, now_ns);
		break;
	case ITEM_OPEN:
		if (item->len != sizeof(u.open))
			break;
		err = add_cgroups(r, &u.open.record.h);
		if (!err && r->at_end)
			err = add_open(r, &u.open, now_ns);
		break;
	case ITEM_LISTENER:
		if (item->len != sizeof(u.listener))
			break;
		err = add_cgroup(r, u.listener.owner.cgroup);
		break;
	default:
		break;
	}
	if (!err)
		err = recording_add(r->file, item);
	return err ? err : recorder_flush(r, now_ns);
}

const char *recorder_why(int err)
{
	return recording_why(err);
}

void recorder_last(struct recorder *r)
{
	if (r)
		r->at_end = true;
}

int recorder_flush(struct recorder *r, uint64_t now_ns)
{
	static const uint64_t patience_ns[] = {
		[RECORDING_ITEMS] = RECORDER_WAIT_NS,
		[RECORDING_PACKETS] = RECORDER_EVERY_NS,
		[RECORDING_AT_ONCE] = 0,
	};
	int err = conversations_expire(r->conversations, now_ns);
	enum recording_pending pending = recording_pending(r->file);

	if (err || pending == RECORDING_NOTHING)
		return err;
	if (!r->pending_since_ns)
		r->pending_since_ns = now_ns;
	if (now_ns - r->pending_since_ns < patience_ns[pending])
		return 0;
	r->pending_since_ns = 0;
	return recording_write(r->file);
}

const char *recorder_name(const struct recorder *r)
{
	return recording_name(r->file);
}

int recorder_close(struct recorder *r)
{
	int err, closed;

	if (!r)
		return 0;
	err = conversations_flush(r->conversations);
	closed = recording_close(r->file);
	r->file = NULL;
	recorder_abandon(r);
	return err ? err : closed;
}

void recorder_abandon(struct recorder *r)
{
	if (!r)
		return;
	recording_close(r->file);
	conversations_destroy(r->conversations);
	free(r);
}
