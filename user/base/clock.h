/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The clocks of the kernel. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

#define NS_PER_S 1000000000LL
#define NS_PER_MS 1000000LL

/* Now, on CLOCK_MONOTONIC, in ns.  This is the clock of bpf_ktime_get_ns(). */
uint64_t clock_monotonic_ns(void);

/* The processor's time that this thread has taken, in ns. */
uint64_t clock_cpu_ns(void);

/*
 * CLOCK_REALTIME minus CLOCK_MONOTONIC, in ns.  Reads one clock between two readings of the other, several
 * times, and uses the tightest pair, so that it does no harm if the process is preempted between two readings.
 */
int64_t clock_offset_ns(void);

/* The length of the kernel's tick (a jiffy) in ns, by the resolution of the coarse clock; 0: not known. */
uint64_t clock_tick_ns(void);

#endif
