/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of io_uring share: one ring, and what it says.
 */
#ifndef TESTS_URING_H
#define TESTS_URING_H

#include <liburing.h>

#include "port.h"

static struct io_uring ring;

static inline void ring_setup(void)
{
	int error = io_uring_queue_init(64, &ring, 0);

	if (error == -ENOSYS || error == -EPERM)
		SKIP("no io_uring here: %s", strerror(-error));
	CHECK_EQ(0, error);
}

static inline struct io_uring_sqe *next_sqe(void)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

	CHECK(sqe);
	return sqe;
}

/* The result of the request that is done next, which must be this one. */
static inline int done(unsigned long tag)
{
	struct __kernel_timespec limit = { .tv_sec = 15 };
	struct io_uring_cqe *cqe;
	int result;

	CHECK_EQ(0, io_uring_wait_cqe_timeout(&ring, &cqe, &limit));
	CHECK_EQ(tag, cqe->user_data);
	result = cqe->res;
	io_uring_cqe_seen(&ring, cqe);
	return result;
}

static inline bool nothing_is_done(void)
{
	struct io_uring_cqe *cqe;

	return io_uring_peek_cqe(&ring, &cqe) == -EAGAIN;
}

#endif /* TESTS_URING_H */
