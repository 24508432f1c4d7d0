/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of full ports, of broadcast and of batches share. Helpers
 * return what the kernel returned, with -errno in place of -1; those that say
 * "checked" end the test instead.
 */
#ifndef TESTS_MANY_H
#define TESTS_MANY_H

#include "lease.h"

#define OLDEST		.on_full = MAILBOX_FULL_DROP_OLDEST
#define NEWEST		.on_full = MAILBOX_FULL_DROP_NEWEST
#define OVERWRITE	.on_full = MAILBOX_FULL_OVERWRITE, .capacity = 1

/* --- numbers in a row ------------------------------------------------------------ */

/* Checked. */
static inline void put_range(int fd, int first, int last)
{
	int i;

	for (i = first; i <= last; i++)
		CHECK_EQ(0, put(fd, i));
}

static inline void check_left_at(int fd, int first, int last, const char *file, int line)
{
	int i;

	for (i = first; i <= last; i++)
		check_equal(i, take(fd), "in this order", file, line);
	check_equal(-EAGAIN, take(fd), "nothing more", file, line);
}

/* Those and no others; they are taken. */
#define CHECK_LEFT(fd, first, last) check_left_at(fd, first, last, __FILE__, __LINE__)

static inline unsigned long long dropped(int fd)
{
	return port_stat(fd).dropped;
}

static inline unsigned long long user_bytes(int fd)
{
	return info(fd).user_bytes;
}

static inline long long set_on_full(int fd, __u32 on_full)
{
	return SET(fd, .flags = MAILBOX_SET_ON_FULL, .on_full = on_full);
}

static inline long long set_capacity(int fd, __u32 capacity)
{
	return SET(fd, .flags = MAILBOX_SET_CAPACITY, .capacity = capacity);
}

/* --- leases ------------------------------------------------------------------------ */

/* The token of the first message, which is not looked at. Checked. */
static inline __u64 lease_first(int fd)
{
	struct mailbox_ioc_receive receive = {
		.flags = MAILBOX_RECEIVE_LEASE | MAILBOX_RECEIVE_TRUNC | MAILBOX_RECEIVE_NONBLOCK,
	};

	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	return receive.token;
}

/* --- broadcast ---------------------------------------------------------------------- */

static inline int broadcast_new(int flags, struct mailbox_ioc_port_create create)
{
	create.flags |= MAILBOX_CREATE_BROADCAST;
	return port_new(flags, NULL, create);
}

#define BROADCAST(flags, ...) \
	broadcast_new(flags, (struct mailbox_ioc_port_create){ __VA_ARGS__ })

/* --- batches ------------------------------------------------------------------------- */

#define MANY	64

/* A number a message. */
struct batch {
	int values[MANY];
	struct mailbox_send_entry out[MANY];
	struct mailbox_receive_entry in[MANY];
	struct mailbox_ioc_send_batch send;
	struct mailbox_ioc_receive_batch receive;
};

/* The numbers are those from 0 on. Checked. */
static inline struct batch *batch_new(void)
{
	struct batch *batch = shared_alloc(sizeof(*batch));
	int i;

	for (i = 0; i < MANY; i++) {
		batch->values[i] = i;
		batch->out[i].data = user_pointer(&batch->values[i]);
		batch->out[i].len = sizeof(int);
		batch->in[i].data = user_pointer(&batch->values[i]);
		batch->in[i].size = sizeof(int);
	}
	return batch;
}

static inline struct mailbox_ioc_send_batch *sending(struct batch *batch, unsigned int count,
						     __u32 flags)
{
	batch->send = (struct mailbox_ioc_send_batch){
		.flags = flags,
		.count = count,
		.entries = user_pointer(batch->out),
		.entry_size = sizeof(batch->out[0]),
	};
	return &batch->send;
}

static inline struct mailbox_ioc_receive_batch *receiving(struct batch *batch,
							  unsigned int count, __u32 flags)
{
	batch->receive = (struct mailbox_ioc_receive_batch){
		.flags = flags,
		.count = count,
		.entries = user_pointer(batch->in),
		.entry_size = sizeof(batch->in[0]),
	};
	return &batch->receive;
}

/* How many were sent; -errno. */
static inline long long send_some(struct batch *batch, int fd, unsigned int count)
{
	long long err = command(fd, MAILBOX_IOC_SEND_BATCH,
				sending(batch, count, MAILBOX_SEND_NONBLOCK));

	return err ?: batch->send.done;
}

/* How many were received; -errno. */
static inline long long receive_flags(struct batch *batch, int fd, unsigned int count, __u32 flags)
{
	long long err;

	memset(batch->values, -1, sizeof(batch->values));
	err = command(fd, MAILBOX_IOC_RECEIVE_BATCH,
		      receiving(batch, count, MAILBOX_RECEIVE_NONBLOCK | flags));
	return err ?: batch->receive.done;
}

static inline long long receive_some(struct batch *batch, int fd, unsigned int count)
{
	return receive_flags(batch, fd, count, 0);
}

/* The next batch has exactly these numbers, in their order; they are taken. */
static inline void check_batch(struct batch *batch, int fd, int first, int last)
{
	int i;

	CHECK_EQ(last - first + 1, receive_some(batch, fd, MANY));
	for (i = first; i <= last; i++)
		CHECK_EQ(i, batch->values[i - first]);
}

#endif /* TESTS_MANY_H */
