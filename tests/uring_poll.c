// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a poll of io_uring is told. A ring may believe what wakes its poll, and
 * not ask again.
 */
#include "allow.h"
#include "uring.h"
#include "wait.h"

/* --- what a poll of a ring is told, holds ---------------------------------------- */

static void submit_poll(int fd, unsigned int events)
{
	struct io_uring_sqe *sqe = next_sqe();

	io_uring_prep_poll_add(sqe, fd, events);
	sqe->user_data = 1;
	CHECK_EQ(1, io_uring_submit(&ring));
	CHECK(nothing_is_done());
}

/* A handle that sends to a port, whose ring waits for room there. */
static int poll_for_room(int fd)
{
	int sender = open_fd(O_WRONLY, fd);

	ring_setup();
	submit_poll(sender, POLLOUT);
	return sender;
}

TEST(room_that_a_sleeper_gets_is_not_told)
{
	int fd = PORT(O_RDWR, .capacity = 1), sender;
	struct call call;

	CHECK_EQ(0, put(fd, 1));
	CALL_SEND(&call, fd, 2);
	wait_for_waiters(fd, 1, 0);
	sender = poll_for_room(fd);
	CHECK_EQ(1, take(fd));
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(0, polled(sender));
	CHECK(nothing_is_done());
	CHECK_EQ(2, take(fd));
	CHECK_EQ(POLLOUT, done(1));
}

TEST(room_that_is_too_little_is_not_told)
{
	int fd = PORT(O_RDWR, .capacity = 8, .capacity_bytes = 8), sender;

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, SEND(fd, .data = user_pointer("12345678"), .len = 8));
	sender = poll_for_room(fd);
	CHECK_EQ(1, take(fd));
	CHECK_EQ(0, polled(sender));
	CHECK(nothing_is_done());
	CHECK_EQ(-EMSGSIZE, take(fd));
	CHECK_EQ(0, RECEIVE(fd, .flags = MAILBOX_RECEIVE_TRUNC));
	CHECK_EQ(POLLOUT, done(1));
}

TEST(rendezvous_of_others_is_not_told)
{
	int fd = PORT(O_RDWR, RENDEZVOUS), sender;
	struct call calls[2], receiver;

	CALL_SEND(&calls[0], fd, 1);
	wait_for_waiters(fd, 1, 0);
	CALL_SEND(&calls[1], fd, 2);
	wait_for_waiters(fd, 2, 0);
	sender = poll_for_room(fd);
	CHECK_EQ(1, take(fd));
	CHECK_EQ(2, take(fd));
	CHECK_EQ(0, call_join(&calls[0]));
	CHECK_EQ(0, call_join(&calls[1]));
	CHECK_EQ(0, polled(sender));
	CHECK(nothing_is_done());
	CALL_RECEIVE(&receiver, fd);
	CHECK_EQ(POLLOUT, done(1));
	CHECK_EQ(0, put(sender, 3));
	CHECK_EQ(3, call_value(&receiver));
}

TEST(room_at_one_receiver_of_a_broadcast_is_not_told)
{
	int fd = PORT(O_RDWR, .flags = MAILBOX_CREATE_BROADCAST, .capacity = 1);
	int other = open_fd(O_RDONLY, fd), sender;

	CHECK_EQ(0, put(fd, 1));
	sender = poll_for_room(fd);
	CHECK_EQ(1, take(fd));
	CHECK_EQ(0, polled(sender));
	CHECK(nothing_is_done());
	CHECK_EQ(1, take(other));
	CHECK_EQ(POLLOUT, done(1));
}

/* What the one waits for is not what write() sends; for the other one it is. */
TEST(receiver_that_wants_something_else_is_not_told)
{
	struct call receivers[2];
	int fd = PORT(O_RDWR, .capacity = 1), sender;

	CHECK_EQ(0, put_as(fd, 1, 5, 0));
	sender = poll_for_room(fd);
	CALL_RECEIVE(&receivers[0], fd, .select = MAILBOX_SELECT_TYPE, .match = 6);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, polled(sender));
	CHECK(nothing_is_done());
	CALL_RECEIVE(&receivers[1], fd, .select = MAILBOX_SELECT_TYPE, .match = 0);
	CHECK_EQ(POLLOUT, done(1));
	CHECK_EQ(0, put(sender, 7));
	CHECK_EQ(7, call_value(&receivers[1]));
	CHECK_EQ(0, put_as(sender, 8, 6, 0));
	CHECK_EQ(8, call_value(&receivers[0]));
}

TEST(port_that_comes_empty_is_no_message)
{
	int watching, fd;

	port_name = unique_name();
	watching = watch_new(port_name, MESSAGE);
	ring_setup();
	submit_poll(watching, POLLIN);
	fd = NAMED_PORT(O_RDWR, port_name);
	CHECK_EQ(0, polled(watching));
	CHECK(nothing_is_done());
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(POLLIN, done(1));
}

/* --- who watches by a poll that goes on ------------------------------------------- */

/* How often it was told since the last time; *@last becomes what of. */
static int times_told(int *last)
{
	struct io_uring_cqe *cqe;
	int count = 0;

	/* What is left to be done by this thread is done now. */
	CHECK_OK(io_uring_get_events(&ring));
	while (!io_uring_peek_cqe(&ring, &cqe)) {
		CHECK_EQ(1, cqe->user_data);
		CHECK(cqe->flags & IORING_CQE_F_MORE);
		*last = cqe->res;
		count++;
		io_uring_cqe_seen(&ring, cqe);
	}
	return count;
}

#define CHECK_TOLD(events)						\
	do {								\
		int last_ = 0;						\
		CHECK_EQ(1, times_told(&last_));			\
		CHECK_EQ(events, last_);				\
	} while (0)

#define CHECK_NOT_TOLD()						\
	do {								\
		int last_ = 0;						\
		CHECK_EQ(0, times_told(&last_));			\
	} while (0)

/* Returns the handle that watches. */
static int watch_by_ring(__u32 events, bool by_set)
{
	int fd = watch_new(port_name, events);
	struct io_uring_sqe *sqe;

	ring_setup();
	sqe = next_sqe();
	io_uring_prep_poll_multishot(sqe, by_set ? epoll_of(fd, POLLIN | EPOLLET) : fd, POLLIN);
	sqe->user_data = 1;
	CHECK_EQ(1, io_uring_submit(&ring));
	return fd;
}

static void five_messages(int fd)
{
	int i;

	for (i = 0; i < 5; i++) {
		CHECK_EQ(0, put(fd, i));
		CHECK_EQ(i, take(fd));
	}
}

TEST(watcher_is_told_of_each_message)
{
	int fd, i;

	port_name = unique_name();
	watch_by_ring(MESSAGE, false);
	CHECK_NOT_TOLD();
	fd = NAMED_PORT(O_RDWR, port_name);
	CHECK_NOT_TOLD();
	for (i = 0; i < 5; i++) {
		CHECK_EQ(0, put(fd, i));
		CHECK_TOLD(POLLIN);
		CHECK_EQ(i, take(fd));
		CHECK_NOT_TOLD();
	}
	close(fd);
	CHECK_NOT_TOLD();
	/* The next port of that name. */
	fd = NAMED_PORT(O_RDWR, port_name);
	CHECK_EQ(0, put(fd, 1));
	CHECK_TOLD(POLLIN);
}

static void step(atomic_int *now, int step)
{
	*now = step;
	WAIT_FOR(*now > step);
}

struct stranger {
	bool by_set;			/* it polls a set that its watch is in */
	atomic_int step;
};

/* When the port has come it was told, and may not look. */
static void watch_as_stranger(void *arg)
{
	struct stranger *stranger = arg;
	int fd, last;

	become(USER_A);
	fd = watch_by_ring(MESSAGE, stranger->by_set);
	CHECK_NOT_TOLD();
	step(&stranger->step, 1);
	CHECK_EQ(1, times_told(&last));
	step(&stranger->step, 3);
	CHECK_NOT_TOLD();
	CHECK_EQ(-EACCES, events_now(fd, port_name, MESSAGE));
}

static void check_stranger(bool by_set)
{
	struct stranger *stranger = shared_alloc(sizeof(*stranger));
	pid_t pid;
	int fd;

	NEED_ROOT();
	port_name = unique_name();
	stranger->by_set = by_set;
	pid = spawn(watch_as_stranger, stranger);
	WAIT_FOR(stranger->step == 1);
	fd = NAMED_PORT(O_RDWR, port_name, .mode = 0600);
	step(&stranger->step, 2);
	five_messages(fd);
	CHECK_EQ(0, put(fd, 1));
	stranger->step = 4;
	REAP(pid);
}

TEST(stranger_is_told_of_no_message)
{
	check_stranger(false);
}

TEST(stranger_is_told_of_no_message_by_a_set)
{
	check_stranger(true);
}

static void watch_until_revoked(void *arg)
{
	int last;

	become(USER_A);
	close(port_fds[0]);
	watch_by_ring(MESSAGE, false);
	CHECK_NOT_TOLD();
	step(arg, 1);
	CHECK_TOLD(POLLIN);
	step(arg, 3);
	CHECK_EQ(1, times_told(&last));
	step(arg, 5);
	CHECK_NOT_TOLD();
}

TEST(watcher_who_loses_the_right)
{
	atomic_int *now = shared_alloc(sizeof(*now));
	pid_t pid;
	int fd;

	NEED_ROOT();
	port_name = unique_name();
	fd = NAMED_PORT(O_RDWR, port_name, .mode = 0600);
	port_fds[0] = fd;
	CHECK_EQ(0, allow_user(fd, USER_A, RECEIVES));
	pid = spawn(watch_until_revoked, now);
	WAIT_FOR(*now == 1);
	CHECK_EQ(0, put(fd, 1));
	step(now, 2);
	CHECK_EQ(1, take(fd));
	CHECK_EQ(0, allow_user(fd, USER_A, 0));
	step(now, 4);
	five_messages(fd);
	*now = 6;
	REAP(pid);
}

/* Who is let in is told from then on, and who is not any more, not any more. */
static void watch_with_changing_rights(void *arg)
{
	int i;

	become(USER_A);
	close(port_fds[0]);
	watch_by_ring(MESSAGE, false);
	CHECK_TOLD(POLLERR);
	for (i = 0; i < 3; i++) {
		step(arg, 10 * i + 1);
		/* It may see the port, and there is nothing. */
		CHECK_NOT_TOLD();
		step(arg, 10 * i + 3);
		CHECK_TOLD(POLLIN);
		step(arg, 10 * i + 5);
		CHECK_TOLD(POLLERR);
		step(arg, 10 * i + 7);
		CHECK_NOT_TOLD();
	}
}

TEST(watcher_who_gains_and_loses_the_right)
{
	atomic_int *now = shared_alloc(sizeof(*now));
	pid_t pid;
	int fd, i;

	NEED_ROOT();
	port_name = unique_name();
	fd = NAMED_PORT(O_RDWR, port_name, .mode = 0600);
	port_fds[0] = fd;
	pid = spawn(watch_with_changing_rights, now);
	for (i = 0; i < 3; i++) {
		WAIT_FOR(*now == 10 * i + 1);
		CHECK_EQ(0, allow_user(fd, USER_A, RECEIVES));
		step(now, 10 * i + 2);
		CHECK_EQ(0, put(fd, 1));
		step(now, 10 * i + 4);
		CHECK_EQ(1, take(fd));
		CHECK_EQ(0, allow_user(fd, USER_A, 0));
		step(now, 10 * i + 6);
		five_messages(fd);
		*now = 10 * i + 8;
	}
	REAP(pid);
}
