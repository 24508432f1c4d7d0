// SPDX-License-Identifier: LGPL-2.1-or-later
/* Deadlines: absolute nanoseconds, made of durations or of points in time. */
#include "internal.h"

#define NS_PER_S	1000000000U

/* The kernel counts time in signed 64 bits. */
#define DEADLINE_MAX	((uint64_t)INT64_MAX)

static uint64_t deadline_add(uint64_t a, uint64_t b)
{
	return a > DEADLINE_MAX || b > DEADLINE_MAX - a ? DEADLINE_MAX : a + b;
}

uint64_t mailbox_deadline_at(const struct timespec *when)
{
	uint64_t deadline, seconds;

	/* 0 would mean never, and what is negative has long passed. */
	if (when->tv_sec < 0)
		return 1;

	seconds = (uint64_t)when->tv_sec;
	if (seconds > DEADLINE_MAX / NS_PER_S)
		return DEADLINE_MAX;
	deadline = deadline_add(seconds * NS_PER_S, (uint64_t)when->tv_nsec);
	return deadline ? deadline : 1;
}

uint64_t mailbox_deadline_after(uint64_t timeout_ns)
{
	struct timespec now;

	/* With this clock and a valid pointer it cannot fail. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	return deadline_add(mailbox_deadline_at(&now), timeout_ns);
}
