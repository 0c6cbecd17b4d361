// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Prints the ns of a trivial system call: the median of many short loops, robust against other
 * load.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LOOPS 201
#define CALLS 5000

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(void)
{
	double each[LOOPS];

	for (int i = 0; i < LOOPS; i++) {
		double begin = now_ns();

		for (int k = 0; k < CALLS; k++)
			syscall(SYS_getppid);
		each[i] = (now_ns() - begin) / CALLS;
	}
	qsort(each, LOOPS, sizeof(*each), compare);
	printf("%.2f\n", each[LOOPS / 2]);
	return 0;
}
