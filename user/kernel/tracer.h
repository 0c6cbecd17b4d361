/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Loads and attaches the BPF programs, and reads items from them.  Only tracer*.c know the BPF skeleton. */
#ifndef TRACER_H
#define TRACER_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/item.h"
#include "base/maybe.h"
#include "base/options.h"
#include "base/shortfalls.h"
#include "shared/row.h"

struct tracer;

/*
 * Loads and attaches everything.  It does without what the kernel does not offer, and prints that with -v.
 * command: the PID of a process to trace in addition to the selected ones; 0: none.  0, or -errno after a
 * message that says what to do.
 */
int tracer_open(struct tracer **tracer, const struct options *options, pid_t command);

/*
 * Prints a line for each feature: the hook that this kernel offers for it.  Hooks are attached only to try
 * them.  Without privileges, some features are unknown, and a message says so.  0, or -errno after a message.
 */
int tracer_features(const struct options *options, FILE *out);

/* Are the capabilities that this process has now sufficient for the functions below? */
bool tracer_can_read_maps(void *tracer);

/* A descriptor that poll() reports as readable when the ring buffer should be read soon. */
int tracer_fd(struct tracer *tracer);

/*
 * Passes on what was posted.  0; 1 if it has read a lot and there may be more (the ring buffer can fill faster
 * than it is read); what the sink returned if that is not 0; or -errno.
 */
int tracer_read(struct tracer *tracer, item_fn sink, void *ctx);

/*
 * Reports what has waited too long for accept() or in FIN_WAIT2.  Call it ten times a second; where the BPF
 * side only counts, before what it has counted is read.
 */
int tracer_sweep(struct tracer *tracer, item_fn sink, void *ctx);

/* Reports every handshake and close that has begun and is not over, as it stands. */
int tracer_report_open(struct tracer *tracer, item_fn sink, void *ctx);

/*
 * How many were established, with nothing to tell of them, at the last tracer_report_open().  Unknown if some may not
 * be in the tables.  table_full: as of tracer_shortfalls().
 */
struct maybe tracer_established(const struct tracer *tracer, uint64_t table_full);

/* Reports the listeners that had a connection, a queue or a drop since the trace began, as they are now. */
int tracer_report_listeners(struct tracer *tracer, item_fn sink, void *ctx);

/*
 * From now on passes on to this sink, too, each listener that ends, and with tracer_read_counted_listeners() those
 * that there are: what is new since it last had them.
 */
void tracer_count_listeners(struct tracer *tracer, item_fn sink, void *ctx);
int tracer_read_counted_listeners(struct tracer *tracer);

/* Are there handshakes whose SYN,ACK was sent again?  Then tracer_sweep() is to be called once a second. */
bool tracer_handshakes_hang(const struct tracer *tracer);

/* With -o none -s: passes on what the BPF side has counted since the last call.  Otherwise does nothing. */
int tracer_tally(struct tracer *tracer, item_fn sink, void *ctx);

/* One row of the metrics as it stands, the sum over all CPUs.  True: it is to be removed. */
typedef bool (*row_fn)(void *ctx, const struct row_key *key, const struct kernel_row *row);

/* Passes on the rows that the BPF side counts, if it does; their exemplars begin anew.  0 or -errno. */
int tracer_rows(struct tracer *tracer, row_fn sink, void *ctx);

/* With --metrics: counts what is open, by role and state.  False: this kernel offers no way to. */
bool tracer_count_states(struct tracer *tracer, struct state_count counts[ROLES][STATE_NUMBERS]);

void tracer_shortfalls(struct tracer *tracer, struct shortfalls *to);

/* The hook in use for a feature. */
enum hook_kind tracer_hook(const struct tracer *tracer, enum feature feature);

/* Have all processes of --pid ended, and with --follow their children? */
bool tracer_processes_ended(struct tracer *tracer);

/* The number of selected connections that are not closed. */
int tracer_count_open(struct tracer *tracer);

/* Detaches all programs, then passes on everything that was posted. */
int tracer_stop(struct tracer *tracer, item_fn sink, void *ctx);

/* After tracer_stop(): reports the handshakes and closes that are not over, and ITEM_COUNTS. */
int tracer_finish(struct tracer *tracer, item_fn sink, void *ctx);

struct chapter;
struct port_map;

/*
 * Enters the local ports to the peer of ch, a connect() that found none, and who has them as far as the trace shows
 * it.  0 or -errno, as of a port_source.
 */
int tracer_ask_ports(void *tracer, const struct chapter *ch, struct port_map *map);

/* tracer may be NULL. */
void tracer_close(struct tracer *tracer);

/* Does a hook show each SYN that a full queue drops? */
bool tracer_sees_drops(const struct tracer *t);

#endif
