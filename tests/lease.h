/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Leases, made short. Helpers return what the kernel returned, with -errno in
 * place of -1; those that say "checked" end the test instead.
 */
#ifndef TESTS_LEASE_H
#define TESTS_LEASE_H

#include "direct.h"

#define LEASED	MAILBOX_RECEIVE_LEASE

static inline long long settle(int fd, unsigned long number, __u64 token)
{
	struct mailbox_ioc_settle settle = { .token = token };

	return command(fd, number, &settle);
}

static inline long long ack(int fd, __u64 token)
{
	return settle(fd, MAILBOX_IOC_ACK, token);
}

static inline long long nack(int fd, __u64 token)
{
	return settle(fd, MAILBOX_IOC_NACK, token);
}

/* A number that was received, and what was told of it. */
struct got {
	int value;
	struct mailbox_ioc_receive receive;
};

/* Without sleeping. Checked. */
static inline struct got get_args(int fd, struct mailbox_ioc_receive receive,
				  const char *file, int line)
{
	struct got got = { .value = -1, .receive = receive };

	got.receive.flags |= MAILBOX_RECEIVE_NONBLOCK;
	got.receive.data = user_pointer(&got.value);
	got.receive.size = sizeof(got.value);
	check_equal(0, command(fd, MAILBOX_IOC_RECEIVE, &got.receive), "RECEIVE", file, line);
	return got;
}

#define GET(fd, ...) \
	get_args(fd, (struct mailbox_ioc_receive){ __VA_ARGS__ }, __FILE__, __LINE__)

/* The token of a lease of the first message, which must be this number. Checked. */
static inline __u64 lease_token(int fd, int value, __u64 lease_ns, const char *file, int line)
{
	struct mailbox_ioc_receive receive = { .flags = LEASED, .lease_ns = lease_ns };
	struct got got = get_args(fd, receive, file, line);

	check_equal(value, got.value, "what was leased", file, line);
	check_true(got.receive.token, "token", file, line);
	return got.receive.token;
}

#define LEASE(fd, value) lease_token(fd, value, 0, __FILE__, __LINE__)
#define LEASE_FOR(fd, value, lease_ns) lease_token(fd, value, lease_ns, __FILE__, __LINE__)

static inline unsigned int leases(int fd)
{
	return port_stat(fd).leased;
}

/* Those and no others, in this order; they are taken. */
static inline void check_order(int fd, const int *values, int count, const char *file, int line)
{
	int i;

	for (i = 0; i < count; i++)
		check_equal(values[i], take(fd), "in this order", file, line);
	check_equal(-EAGAIN, take(fd), "nothing more", file, line);
}

#define CHECK_ORDER(fd, ...)						\
	do {								\
		const int order_[] = { __VA_ARGS__ };			\
		check_order(fd, order_, ARRAY_SIZE(order_), __FILE__, __LINE__); \
	} while (0)

/* The numbers from 1 on. Checked. */
static inline void put_all(int fd, int count)
{
	int i;

	for (i = 1; i <= count; i++)
		CHECK_EQ(0, put(fd, i));
}

#endif /* TESTS_LEASE_H */
