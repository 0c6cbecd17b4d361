/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The functions that store the arguments of options; each row of the table has one. */
#ifndef OPTIONS_SET_H
#define OPTIONS_SET_H

#include "options_row.h"

options_set set_flag;
options_set set_string;
options_set set_number;
options_set set_ring;
options_set set_ms;
options_set set_megabytes;
options_set set_seconds;
options_set set_pids;
options_set set_ports;
options_set set_prefixes;
options_set set_comms;
options_set set_conn;
options_set set_container;
options_set set_states;
options_set set_causes;
options_set set_older;
options_set set_moment;
options_set set_read;
options_set set_clock_offset;
options_set set_family;
options_set set_role;
options_set set_attach;
options_set set_metrics_by;
options_set set_hook;
options_set set_netns;
options_set set_output;
options_set set_time;
options_set set_version;

/* What -o says of how to trace. */
void options_set_renderer(struct options *o, const struct renderer *renderer);

#endif
