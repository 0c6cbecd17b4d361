/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

#define NS_PER_S 1000000000LL

/* CLOCK_MONOTONIC now, in ns: the clock of bpf_ktime_get_ns(). */
uint64_t clock_monotonic_ns(void);

/*
 * CLOCK_REALTIME minus CLOCK_MONOTONIC in ns: the tightest of several bracketed readings, so that being
 * scheduled out between the two clocks does not count.
 */
int64_t clock_offset_ns(void);

/* Length of the kernel's tick (a jiffy) in ns: what the coarse clock is counted in. */
uint64_t clock_tick_ns(void);

#endif
