/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The buckets that durations are counted in.  Two histograms are read off them, both exactly: the
 * classic one, whose bounds people chose, and Prometheus' native one, whose bounds are powers of
 * the square root of 2.  Pure: both sides and the unit tests compile it.
 */
#ifndef BUCKETS_H
#define BUCKETS_H

#include "diary.h"

/*
 * The upper bounds of all but the last bucket, in ns, rising.  CLASSIC: the last five are when a SYN
 * is sent again.  NATIVE: 2^(i/2) s, for i from NATIVE_FIRST up; as durations are whole ns, so are they.
 */
/* clang-format off */
#define ROW_BOUNDS(CLASSIC, NATIVE, BOTH) \
	NATIVE(30517) NATIVE(43158) NATIVE(61035) NATIVE(86316) CLASSIC(100000) NATIVE(122070) \
	NATIVE(172633) NATIVE(244140) CLASSIC(250000) NATIVE(345266) NATIVE(488281) \
	CLASSIC(500000) NATIVE(690533) NATIVE(976562) CLASSIC(1000000) NATIVE(1381067) \
	NATIVE(1953125) CLASSIC(2500000) NATIVE(2762135) NATIVE(3906250) CLASSIC(5000000) \
	NATIVE(5524271) NATIVE(7812500) CLASSIC(10000000) NATIVE(11048543) NATIVE(15625000) \
	NATIVE(22097086) CLASSIC(25000000) NATIVE(31250000) NATIVE(44194173) CLASSIC(50000000) \
	NATIVE(62500000) NATIVE(88388347) CLASSIC(100000000) NATIVE(125000000) NATIVE(176776695) \
	BOTH(250000000) NATIVE(353553390) BOTH(500000000) NATIVE(707106781) BOTH(1000000000) \
	NATIVE(1414213562) NATIVE(2000000000) NATIVE(2828427124) CLASSIC(3000000000) \
	NATIVE(4000000000) NATIVE(5656854249) CLASSIC(7000000000) NATIVE(8000000000) \
	NATIVE(11313708498) CLASSIC(15000000000) NATIVE(16000000000) NATIVE(22627416997) \
	CLASSIC(31000000000) NATIVE(32000000000) NATIVE(45254833995) NATIVE(64000000000) \
	NATIVE(90509667991) NATIVE(128000000000) NATIVE(181019335983) NATIVE(256000000000) \
	NATIVE(362038671967) NATIVE(512000000000) NATIVE(724077343935) NATIVE(1024000000000) \
	NATIVE(1448154687870) NATIVE(2048000000000) NATIVE(2896309375740) NATIVE(4096000000000) \
	NATIVE(5792618751480) NATIVE(8192000000000)
/* clang-format on */

/* Prometheus' schema: 2^1 bounds for each power of 2. */
#define NATIVE_SCHEMA 1
#define NATIVE_FIRST (-30)

#define ROW_BOUND_NONE(ns)
#define ROW_BOUND_ONE(ns) +1
#define ROW_BOUND_NS(ns) (ns),
#define ROW_BUCKETS (1 ROW_BOUNDS(ROW_BOUND_ONE, ROW_BOUND_ONE, ROW_BOUND_ONE))
/* the bounds, and what is above the last of them */
#define CLASSIC_BUCKETS (1 ROW_BOUNDS(ROW_BOUND_ONE, ROW_BOUND_NONE, ROW_BOUND_ONE))
/* what is above each bound */
#define NATIVE_BUCKETS (0 ROW_BOUNDS(ROW_BOUND_NONE, ROW_BOUND_ONE, ROW_BOUND_ONE))
/* a power of 2 less 1, for row_bucket() */
#define ROW_BOUNDS_ROOM 127

/*
 * The first bucket whose bound is not below ns: a binary search, without a branch, see nonzero().
 */
static __always_inline __u32 row_bucket(__u64 ns)
{
	static const __u64 bounds_ns[ROW_BOUNDS_ROOM] = {
		ROW_BOUNDS(ROW_BOUND_NS, ROW_BOUND_NS,
			   ROW_BOUND_NS)[ROW_BUCKETS - 1 ... ROW_BOUNDS_ROOM - 1] = ~0ULL >> 1
	};
	__u64 bucket = 0, below;

	ns &= ~0ULL >> 1;
	for (int bit = 6; bit >= 0; bit--) {
		below = bounds_ns[bucket + (1U << bit) - 1] - ns;
		barrier_var(below);
		bucket += below >> 63 << bit;
	}
	return (__u32)bucket;
}

_Static_assert(ROW_BUCKETS <= ROW_BOUNDS_ROOM, "row_bucket() finds the last one");

#endif
