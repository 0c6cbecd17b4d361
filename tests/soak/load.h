/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the load's processes share.  truth.py reads it by this layout. */
#ifndef LOAD_H
#define LOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define TRUTHS (1 << 20) /* connections per epoch */
#define FIRST_PORT 7000
#define PORTS 4
#define NO_PORT 7099 /* nobody listens here */

enum script {
	SCRIPT_CLIENT_FIRST,
	SCRIPT_SERVER_FIRST,
	SCRIPT_HALF_CLOSE,
	SCRIPT_CLIENT_RESET,
	SCRIPT_SERVER_RESET,
	SCRIPT_UNREAD,
	SCRIPT_REFUSED,
	SCRIPTS
};

/* How far an end has come.  A killed one stays at BEGUN or OPEN. */
enum progress {
	NOTHING,
	BEGUN,	 /* is about to connect() */
	OPEN,	 /* connect() or accept() has returned */
	DONE,	 /* did all of its script */
	BROKEN,	 /* the other end did not follow the script */
	REFUSED, /* connect(): ECONNREFUSED */
	FAILED,	 /* connect(): any other error */
};

/* What a connection did.  Its number is in the destination address. */
struct truth {
	uint32_t client_pid;
	uint32_t server_pid;
	uint32_t up; /* bytes from the client */
	uint32_t down;
	uint16_t port;
	uint8_t script;
	uint8_t family;
	_Atomic uint8_t client;
	_Atomic uint8_t server;
	uint8_t pad[2];
};
_Static_assert(sizeof(struct truth) == 24, "ONE in truth.py");

struct shared {
	_Atomic uint32_t next; /* truths in use */
	_Atomic uint32_t clients_stop;
	_Atomic uint32_t servers_stop;
	uint32_t first; /* number of the epoch's first connection */
	struct truth truths[TRUTHS];
};

struct load {
	struct shared *shared;
	unsigned int seed; /* of this process */
	unsigned int threads;
	uint32_t pid;
	int listener;
};

/* A thread's own random numbers. */
struct dice {
	uint64_t state;
};

uint32_t dice_roll(struct dice *d, uint32_t sides);
/* Mostly not at all, sometimes long. */
void dice_pause(struct dice *d);

void client_main(struct load *l) __attribute__((noreturn));

/* busy: slow to accept() */
void server_main(struct load *l, uint16_t port, bool busy) __attribute__((noreturn));

/* Each end's part of the script, with its close().  Returns how far it came. */
enum progress script_client(int fd, const struct truth *t, struct dice *d);
enum progress script_server(int fd, const struct truth *t, struct dice *d);

#endif
