/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of links share: binding them, and a second process that does
 * its part step by step.
 */
#ifndef TESTS_LINK_H
#define TESTS_LINK_H

#include <stdint.h>

#include "direct.h"

static inline long long link_args(int fd, pid_t pid, struct mailbox_ioc_port_link *arg)
{
	arg->pid = pid;
	return command(fd, MAILBOX_IOC_PORT_LINK, arg);
}

static inline long long link_to(int fd, pid_t pid)
{
	struct mailbox_ioc_port_link arg = {};

	return link_args(fd, pid, &arg);
}

static inline long long inbox_of(int fd, pid_t pid)
{
	struct mailbox_ioc_port_link arg = { .flags = MAILBOX_LINK_INBOX };

	return link_args(fd, pid, &arg);
}

/* Checked. */
static inline int link_new(int flags, pid_t pid)
{
	int fd = node_open(flags);

	CHECK_EQ(0, link_to(fd, pid));
	return fd;
}

/* What two processes of a test share. */
struct shared {
	pid_t parent;
	atomic_int step;
	atomic_long results[4];
	__u64 ids[4];
};

static inline struct shared *shared_new(void)
{
	struct shared *shared = shared_alloc(sizeof(*shared));

	shared->parent = getpid();
	return shared;
}

static inline void reach(struct shared *shared, int step)
{
	atomic_store(&shared->step, step);
}

#define AWAIT(shared, number) WAIT_FOR(atomic_load(&(shared)->step) >= (number))

static inline void stay(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

static inline void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	reap_status(pid);
}

#endif /* TESTS_LINK_H */
