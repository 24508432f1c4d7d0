// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sleeping and not sleeping: each cell of the table of sends, and deadlines.
 */
#include "port.h"

#define MSEC NSEC_PER_MSEC
/* Long enough to be told from "at once" on a slow machine. */
#define NOW CLOCK_MONOTONIC

/* A port of capacity 1 that is full. */
static int full_port(void)
{
	int fd = PORT(O_RDWR, .capacity = 1);

	CHECK_EQ(0, put(fd, 0));
	return fd;
}

TEST(send_with_room_returns)
{
	int fd = PORT(O_RDWR, .capacity = 4);

	CHECK_EQ(0, SEND(fd));
	CHECK_EQ(0, SEND(fd, .flags = MAILBOX_SEND_NONBLOCK));
	CHECK_EQ(0, SEND(fd, .deadline_ns = deadline_in(NOW, MSEC)));
	CHECK_EQ(3, messages(fd));
}

TEST(send_without_room_sleeps)
{
	int fd = full_port();
	struct call call;

	CALL_SEND(&call, fd, 1);
	wait_for_waiters(fd, 1, 0);
	CHECK(!call.done);
	CHECK_EQ(1, messages(fd));
	CHECK_EQ(0, take(fd));
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(1, take(fd));
}

TEST(write_without_room_sleeps)
{
	int fd = full_port();
	struct call call;

	call_start(&call, fd, CALL_WRITE, "abc", 3);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(0, take(fd));
	CHECK_EQ(3, call_join(&call));
}

TEST(nonblocking_send_without_room)
{
	int fd = full_port();

	CHECK_EQ(-EAGAIN, SEND(fd, .flags = MAILBOX_SEND_NONBLOCK));
	CHECK_EQ(1, messages(fd));
}

TEST(nonblocking_handle_without_room)
{
	int fd = PORT(O_RDWR | O_NONBLOCK, .capacity = 1);

	CHECK_EQ(0, SEND(fd));
	CHECK_EQ(-EAGAIN, SEND(fd));
	CHECK_EQ(-EAGAIN, SEND(fd, .deadline_ns = deadline_in(NOW, MSEC)));
	CHECK_ERRNO(EAGAIN, write(fd, "x", 1));
}

/* Elapsed time of a call that must time out. */
static long long timed_send(int fd, clockid_t clock, long long ns, __u32 flags)
{
	long long start = now_ns(NOW);

	CHECK_EQ(-ETIMEDOUT, SEND(fd, .flags = flags, .deadline_ns = deadline_in(clock, ns)));
	return now_ns(NOW) - start;
}

static long long timed_receive(int fd, clockid_t clock, long long ns, __u32 flags)
{
	long long start = now_ns(NOW);

	CHECK_EQ(-ETIMEDOUT, RECEIVE(fd, .flags = flags,
				     .deadline_ns = deadline_in(clock, ns)));
	return now_ns(NOW) - start;
}

/* Not early in any of them; the quickest tells how late the kernel is. */
#define CHECK_DEADLINES(timed, fd, clock, flags)			\
	do {								\
		long long least_ = INT64_MAX, elapsed_;			\
		int try_;						\
		for (try_ = 0; try_ < 20; try_++) {			\
			elapsed_ = timed(fd, clock, MSEC, flags);	\
			CHECK(elapsed_ >= MSEC);			\
			least_ = elapsed_ < least_ ? elapsed_ : least_;	\
		}							\
		CHECK_RANGE(MSEC, 20 * MSEC, least_);			\
	} while (0)

TEST(send_gives_up_at_its_deadline)
{
	int fd = full_port();

	CHECK_DEADLINES(timed_send, fd, CLOCK_MONOTONIC, 0);
	CHECK_EQ(1, messages(fd));
	CHECK_EQ(0, port_stat(fd).senders_waiting);
}

TEST(send_gives_up_at_its_realtime_deadline)
{
	int fd = full_port();

	CHECK_DEADLINES(timed_send, fd, CLOCK_REALTIME, MAILBOX_SEND_REALTIME);
	CHECK_EQ(1, messages(fd));
}

TEST(receive_gives_up_at_its_deadline)
{
	int fd = PORT(O_RDWR);

	CHECK_DEADLINES(timed_receive, fd, CLOCK_MONOTONIC, 0);
	CHECK_EQ(0, port_stat(fd).receivers_waiting);
}

TEST(receive_gives_up_at_its_realtime_deadline)
{
	int fd = PORT(O_RDWR);

	CHECK_DEADLINES(timed_receive, fd, CLOCK_REALTIME, MAILBOX_RECEIVE_REALTIME);
}

TEST(rendezvous_send_gives_up_at_its_deadline)
{
	int fd = PORT(O_RDWR, RENDEZVOUS);

	CHECK_DEADLINES(timed_send, fd, CLOCK_MONOTONIC, 0);
	CHECK_EQ(0, port_stat(fd).sent);
	CHECK_EQ(-EAGAIN, take(fd));
}

TEST(sync_send_gives_up_at_its_deadline)
{
	int fd = PORT(O_RDWR);

	CHECK_DEADLINES(timed_send, fd, CLOCK_MONOTONIC, MAILBOX_SEND_SYNC);
	CHECK_EQ(0, messages(fd));
}

TEST(peek_gives_up_at_its_deadline)
{
	int fd = PORT(O_RDWR);

	CHECK_DEADLINES(timed_receive, fd, CLOCK_MONOTONIC, MAILBOX_RECEIVE_PEEK);
}

/* The clock is the one that was named: their zeros are decades apart. */
TEST(deadline_is_on_the_clock_it_names)
{
	int fd = PORT(O_RDWR);
	struct call call;

	CHECK_EQ(-ETIMEDOUT, RECEIVE(fd, .flags = MAILBOX_RECEIVE_REALTIME,
				     .deadline_ns = now_ns(CLOCK_MONOTONIC) + 3600 * NSEC_PER_SEC));
	if (now_ns(CLOCK_REALTIME) < 2 * 86400 * NSEC_PER_SEC)
		SKIP("the clock is not set");
	CALL_RECEIVE(&call, fd, .deadline_ns = now_ns(CLOCK_REALTIME));
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, put(fd, 5));
	CHECK_EQ(5, call_value(&call));
}

TEST(past_deadline_does_not_sleep)
{
	int fd = full_port(), empty = PORT(O_RDWR), zero = PORT(O_RDWR, RENDEZVOUS);

	CHECK_EQ(-ETIMEDOUT, SEND(fd, .deadline_ns = 1));
	CHECK_EQ(-ETIMEDOUT, RECEIVE(empty, .deadline_ns = 1));
	CHECK_EQ(-ETIMEDOUT, SEND(zero, .deadline_ns = 1));
	CHECK_EQ(-ETIMEDOUT, SEND(empty, .deadline_ns = 1, .flags = MAILBOX_SEND_SYNC));
	CHECK_EQ(0, messages(empty));
}

TEST(past_deadline_is_none_where_nothing_sleeps)
{
	int fd = PORT(O_RDWR), value;

	CHECK_EQ(0, SEND(fd, .deadline_ns = 1));
	CHECK_EQ(0, RECEIVE(fd, .deadline_ns = 1, .data = user_pointer(&value), .size = 4));
}

TEST(farthest_deadlines_are_no_past)
{
	static const __u64 deadlines[] = { INT64_MAX, INT64_MAX + 1ULL, UINT64_MAX };
	int fd = PORT(O_RDWR);
	struct call call;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(deadlines); i++) {
		CALL_RECEIVE(&call, fd, .deadline_ns = deadlines[i]);
		wait_for_waiters(fd, 0, 1);
		CHECK_EQ(0, put(fd, 5));
		CHECK_EQ(5, call_value(&call));
	}
}

TEST(deadline_that_is_not_reached)
{
	int fd = full_port();
	struct call call;

	CALL_SEND(&call, fd, 1, .deadline_ns = deadline_in(NOW, 60 * NSEC_PER_SEC));
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(0, take(fd));
	CHECK_EQ(0, call_join(&call));
}

/* What one sleeper gives up is no hole in the queue of sleepers. */
TEST(sleeper_that_gives_up_is_passed_over)
{
	int fd = full_port();
	struct call one, two;

	CALL_SEND(&one, fd, 1, .deadline_ns = deadline_soon());
	wait_for_waiters(fd, 1, 0);
	CALL_SEND(&two, fd, 2);
	CHECK_EQ(-ETIMEDOUT, call_join(&one));
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(0, take(fd));
	CHECK_EQ(0, call_join(&two));
	CHECK_EQ(2, take(fd));
}

TEST(receive_sleeps_until_a_message_comes)
{
	int fd = PORT(O_RDWR);
	struct call call;

	CALL_RECEIVE(&call, fd);
	wait_for_waiters(fd, 0, 1);
	CHECK(!call.done);
	CHECK_EQ(0, put(fd, 7));
	CHECK_EQ(7, call_value(&call));
	CHECK_EQ(0, messages(fd));
}

TEST(read_sleeps_until_a_message_comes)
{
	int fd = PORT(O_RDWR), value = 0;
	struct call call;

	call_start(&call, fd, CALL_READ, &value, sizeof(value));
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, put(fd, 7));
	CHECK_EQ(4, call_join(&call));
	CHECK_EQ(7, value);
}

TEST(nonblocking_receive_of_nothing)
{
	int fd = PORT(O_RDWR), quiet = PORT(O_RDWR | O_NONBLOCK);
	char byte;

	CHECK_EQ(-EAGAIN, RECEIVE(fd, .flags = MAILBOX_RECEIVE_NONBLOCK));
	CHECK_EQ(-EAGAIN, RECEIVE(quiet));
	CHECK_EQ(-EAGAIN, RECEIVE(quiet, .deadline_ns = deadline_in(NOW, MSEC)));
	CHECK_ERRNO(EAGAIN, read(quiet, &byte, 1));
}

TEST(rendezvous_send_sleeps_until_a_receiver_is_there)
{
	int fd = PORT(O_RDWR, RENDEZVOUS);
	struct call call;

	CALL_SEND(&call, fd, 1);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(0, messages(fd));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(0, call_join(&call));
}

TEST(rendezvous_send_returns_where_a_receiver_sleeps)
{
	int fd = PORT(O_RDWR, RENDEZVOUS);
	struct call call;

	CALL_RECEIVE(&call, fd);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(1, call_value(&call));
	CHECK_EQ(-EAGAIN, put(fd, 2));
}

TEST(rendezvous_needs_a_receiver_that_wants_it)
{
	int fd = PORT(O_RDWR, RENDEZVOUS);
	struct call call;

	CALL_RECEIVE(&call, fd, .select = MAILBOX_SELECT_TYPE, .match = 5);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(-EAGAIN, put_as(fd, 1, 4, 0));
	CHECK_EQ(0, put_as(fd, 2, 5, 0));
	CHECK_EQ(2, call_value(&call));
}

/* Two messages at one receiver would be one queued. */
TEST(rendezvous_receiver_is_there_for_one)
{
	int fd = PORT(O_RDWR, RENDEZVOUS), i;
	struct call call;

	for (i = 0; i < 100; i++) {
		CALL_RECEIVE(&call, fd);
		wait_for_waiters(fd, 0, 1);
		CHECK_EQ(0, put(fd, 1));
		CHECK_EQ(-EAGAIN, put(fd, 2));
		CHECK_EQ(1, call_value(&call));
	}
}

TEST(rendezvous_receiver_selects_among_sleeping_senders)
{
	int fd = PORT(O_RDWR, RENDEZVOUS);
	struct call one, two;

	CALL_SEND(&one, fd, 1, .type = 1);
	wait_for_waiters(fd, 1, 0);
	CALL_SEND(&two, fd, 2, .type = 2);
	wait_for_waiters(fd, 2, 0);
	CHECK_EQ(2, take_as(fd, MAILBOX_SELECT_TYPE, 2, 0));
	CHECK_EQ(0, call_join(&two));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(0, call_join(&one));
}

TEST(unbounded_send_does_not_sleep)
{
	int fd = PORT(O_RDWR, UNBOUNDED), i;

	for (i = 0; i < 5000; i++)
		CHECK_EQ(0, put(fd, i));
	CHECK_EQ(5000, messages(fd));
	for (i = 0; i < 5000; i++)
		CHECK_EQ(i, take(fd));
}

static long long put_length(int fd, unsigned int len)
{
	static char data[256];

	return SEND(fd, .flags = MAILBOX_SEND_NONBLOCK, .data = user_pointer(data), .len = len);
}

static long long drop(int fd)
{
	static char data[256];

	return RECEIVE(fd, .flags = MAILBOX_RECEIVE_NONBLOCK, .data = user_pointer(data),
		       .size = sizeof(data));
}

/* The last message admitted may exceed the limit, as with SO_SNDBUF. */
TEST(bytes_limit_admits_while_fewer_are_queued)
{
	int fd = PORT(O_RDWR, .capacity = 10, .capacity_bytes = 10);

	CHECK_EQ(0, put_length(fd, 9));
	CHECK_EQ(0, put_length(fd, 100));
	CHECK_EQ(-EAGAIN, put_length(fd, 1));
	CHECK_EQ(-EAGAIN, put_length(fd, 0));
	CHECK_EQ(0, drop(fd));
	CHECK_EQ(-EAGAIN, put_length(fd, 1));
	CHECK_EQ(0, drop(fd));
	CHECK_EQ(0, put_length(fd, 10));
	CHECK_EQ(-EAGAIN, put_length(fd, 1));
}

TEST(bytes_limit_holds_for_unbounded_ports_too)
{
	int fd = PORT(O_RDWR, UNBOUNDED, .capacity_bytes = 10);

	CHECK_EQ(0, put_length(fd, 10));
	CHECK_EQ(-EAGAIN, put_length(fd, 1));
}

TEST(bytes_that_go_let_as_many_senders_in_as_fit)
{
	int fd = PORT(O_RDWR, .capacity = 10, .capacity_bytes = 8);
	struct call one, two, three;

	CHECK_EQ(0, put_length(fd, 100));
	CALL_SEND(&one, fd, 1);
	wait_for_waiters(fd, 1, 0);
	CALL_SEND(&two, fd, 2);
	wait_for_waiters(fd, 2, 0);
	CALL_SEND(&three, fd, 3);
	wait_for_waiters(fd, 3, 0);
	CHECK_EQ(0, drop(fd));
	CHECK_EQ(0, call_join(&one));
	CHECK_EQ(0, call_join(&two));
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(1, take(fd));
	CHECK_EQ(0, call_join(&three));
}
