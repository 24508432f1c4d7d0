// SPDX-License-Identifier: GPL-2.0-only
/*
 * io_uring: reads, writes and polls, on handles that block and that do not.
 */
#include "uring.h"

static void submit_read(int fd, void *data, unsigned int size, unsigned long tag)
{
	struct io_uring_sqe *sqe = next_sqe();

	io_uring_prep_read(sqe, fd, data, size, 0);
	sqe->user_data = tag;
	CHECK_EQ(1, io_uring_submit(&ring));
}

static void submit_write(int fd, const void *data, unsigned int len, unsigned long tag)
{
	struct io_uring_sqe *sqe = next_sqe();

	io_uring_prep_write(sqe, fd, data, len, 0);
	sqe->user_data = tag;
	CHECK_EQ(1, io_uring_submit(&ring));
}

static void submit_cancel(unsigned long victim, unsigned long tag)
{
	struct io_uring_sqe *sqe = next_sqe();

	io_uring_prep_cancel64(sqe, victim, 0);
	sqe->user_data = tag;
	CHECK_EQ(1, io_uring_submit(&ring));
}

TEST(read_of_a_queued_message)
{
	int fd = PORT(O_RDWR), value = 0;

	ring_setup();
	CHECK_EQ(0, put(fd, 7));
	submit_read(fd, &value, sizeof(value), 1);
	CHECK_EQ(4, done(1));
	CHECK_EQ(7, value);
	CHECK_EQ(0, messages(fd));
}

TEST(read_waits_for_a_message)
{
	int fd = PORT(O_RDWR), value = 0;

	ring_setup();
	submit_read(fd, &value, sizeof(value), 1);
	CHECK(nothing_is_done());
	CHECK_EQ(0, put(fd, 7));
	CHECK_EQ(4, done(1));
	CHECK_EQ(7, value);
}

/* For a file that can be polled a ring waits whether it is O_NONBLOCK or not. */
TEST(read_on_a_nonblocking_handle)
{
	int fd = PORT(O_RDWR | O_NONBLOCK), value = 0;

	ring_setup();
	submit_read(fd, &value, sizeof(value), 1);
	CHECK(nothing_is_done());
	CHECK_EQ(0, put(fd, 7));
	CHECK_EQ(4, done(1));
	CHECK_EQ(7, value);
}

TEST(read_that_must_not_wait)
{
	int fd = PORT(O_RDWR), value = 0;
	struct io_uring_sqe *sqe;

	ring_setup();
	sqe = next_sqe();
	io_uring_prep_read(sqe, fd, &value, sizeof(value), 0);
	sqe->rw_flags = RWF_NOWAIT;
	sqe->user_data = 1;
	CHECK_EQ(1, io_uring_submit(&ring));
	CHECK_EQ(-EAGAIN, done(1));
}

TEST(write_with_room)
{
	int fd = PORT(O_RDWR), value = 7;

	ring_setup();
	submit_write(fd, &value, sizeof(value), 1);
	CHECK_EQ(4, done(1));
	CHECK_EQ(7, take(fd));
}

TEST(write_waits_for_room)
{
	int fd = PORT(O_RDWR, .capacity = 1), value = 7;

	ring_setup();
	CHECK_EQ(0, put(fd, 1));
	submit_write(fd, &value, sizeof(value), 1);
	CHECK(nothing_is_done());
	CHECK_EQ(1, take(fd));
	CHECK_EQ(4, done(1));
	CHECK_EQ(7, take(fd));
}

TEST(write_on_a_nonblocking_handle)
{
	int fd = PORT(O_RDWR | O_NONBLOCK, .capacity = 1), value = 7;

	ring_setup();
	CHECK_EQ(0, put(fd, 1));
	submit_write(fd, &value, sizeof(value), 1);
	CHECK(nothing_is_done());
	CHECK_EQ(1, take(fd));
	CHECK_EQ(4, done(1));
	CHECK_EQ(7, take(fd));
}

TEST(write_that_must_not_wait)
{
	int fd = PORT(O_RDWR, .capacity = 1), value = 7;
	struct io_uring_sqe *sqe;

	ring_setup();
	CHECK_EQ(0, put(fd, 1));
	sqe = next_sqe();
	io_uring_prep_write(sqe, fd, &value, sizeof(value), 0);
	sqe->rw_flags = RWF_NOWAIT;
	sqe->user_data = 1;
	CHECK_EQ(1, io_uring_submit(&ring));
	CHECK_EQ(-EAGAIN, done(1));
	CHECK_EQ(1, messages(fd));
}

TEST(write_waits_for_a_rendezvous)
{
	int fd = PORT(O_RDWR, RENDEZVOUS), value = 7;
	struct call call;

	ring_setup();
	submit_write(fd, &value, sizeof(value), 1);
	CALL_RECEIVE(&call, fd);
	CHECK_EQ(4, done(1));
	CHECK_EQ(7, call_value(&call));
}

TEST(short_buffer_keeps_the_message)
{
	int fd = PORT(O_RDWR);
	short value;

	ring_setup();
	CHECK_EQ(0, put(fd, 7));
	submit_read(fd, &value, sizeof(value), 1);
	CHECK_EQ(-EMSGSIZE, done(1));
	CHECK_EQ(7, take(fd));
}

TEST(bad_buffer_keeps_the_message)
{
	int fd = PORT(O_RDWR);

	ring_setup();
	CHECK_EQ(0, put(fd, 7));
	submit_read(fd, (void *)8, 4, 1);
	CHECK_EQ(-EFAULT, done(1));
	CHECK_EQ(7, take(fd));
}

TEST(poll_tells_of_a_message)
{
	int fd = PORT(O_RDWR);
	struct io_uring_sqe *sqe;

	ring_setup();
	sqe = next_sqe();
	io_uring_prep_poll_add(sqe, fd, POLLIN);
	sqe->user_data = 1;
	CHECK_EQ(1, io_uring_submit(&ring));
	CHECK(nothing_is_done());
	CHECK_EQ(0, put(fd, 7));
	CHECK_EQ(POLLIN, done(1));
	CHECK_EQ(7, take(fd));
}

TEST(poll_tells_of_room)
{
	int fd = PORT(O_RDWR, .capacity = 1);
	struct io_uring_sqe *sqe;

	ring_setup();
	CHECK_EQ(0, put(fd, 1));
	sqe = next_sqe();
	io_uring_prep_poll_add(sqe, fd, POLLOUT);
	sqe->user_data = 1;
	CHECK_EQ(1, io_uring_submit(&ring));
	CHECK(nothing_is_done());
	CHECK_EQ(1, take(fd));
	CHECK_EQ(POLLOUT, done(1));
}

/* Completions of the victim and of the cancellation, in either order. */
static int cancel(unsigned long victim)
{
	struct io_uring_cqe *cqe;
	int i, result = 0;

	submit_cancel(victim, 99);
	for (i = 0; i < 2; i++) {
		CHECK_EQ(0, io_uring_wait_cqe(&ring, &cqe));
		if (cqe->user_data == victim)
			result = cqe->res;
		io_uring_cqe_seen(&ring, cqe);
	}
	return result;
}

TEST(cancelled_read_takes_nothing)
{
	int fd = PORT(O_RDWR), value = 0;

	ring_setup();
	submit_read(fd, &value, sizeof(value), 1);
	CHECK_EQ(-ECANCELED, cancel(1));
	CHECK_EQ(0, put(fd, 7));
	CHECK_EQ(7, take(fd));
	CHECK_EQ(0, value);
}

TEST(cancelled_write_sends_nothing)
{
	int fd = PORT(O_RDWR, .capacity = 1), value = 7;

	ring_setup();
	CHECK_EQ(0, put(fd, 1));
	submit_write(fd, &value, sizeof(value), 1);
	CHECK_EQ(-ECANCELED, cancel(1));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(-EAGAIN, take(fd));
}

TEST(destroy_ends_a_read)
{
	int fd = PORT(O_RDWR), value;

	ring_setup();
	submit_read(fd, &value, sizeof(value), 1);
	CHECK(nothing_is_done());
	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(-EIDRM, done(1));
}

TEST(hangup_ends_a_read)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDONLY, name, .flags = MAILBOX_CREATE_HANGUP), value;
	int sender = port_open(O_WRONLY, name);

	ring_setup();
	submit_read(fd, &value, sizeof(value), 1);
	CHECK(nothing_is_done());
	close(sender);
	CHECK_EQ(0, done(1));
}

/* All reads wait; each message completes one of them, and none is left over. */
TEST(many_reads_and_as_many_messages)
{
	int fd = PORT(O_RDWR, .capacity = 64), values[32] = {}, seen[32] = {}, i;
	struct io_uring_cqe *cqe;

	ring_setup();
	for (i = 0; i < 32; i++)
		submit_read(fd, &values[i], sizeof(values[i]), i + 1);
	for (i = 0; i < 32; i++)
		CHECK_EQ(0, put(fd, i));
	for (i = 0; i < 32; i++) {
		CHECK_EQ(0, io_uring_wait_cqe(&ring, &cqe));
		CHECK_EQ(4, cqe->res);
		seen[values[cqe->user_data - 1]]++;
		io_uring_cqe_seen(&ring, cqe);
	}
	for (i = 0; i < 32; i++)
		CHECK_EQ(1, seen[i]);
	CHECK_EQ(0, messages(fd));
}

TEST(message_through_a_ring_tells_its_sender)
{
	struct mailbox_ioc_receive receive = { .size = 4 };
	int fd = PORT(O_RDWR), value = 7;

	ring_setup();
	submit_write(fd, &value, sizeof(value), 1);
	CHECK_EQ(4, done(1));
	receive.data = user_pointer(&value);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(getpid(), receive.pid);
	CHECK_EQ(geteuid(), receive.uid);
}

static bool name_exists(const char *name)
{
	int fd = node_open(O_RDWR);
	bool exists = !bind_name(fd, name);

	close(fd);
	return exists;
}

static void die_with_reads(void *arg)
{
	int fd = *(int *)arg, values[8], i;

	ring_setup();
	for (i = 0; i < 8; i++)
		submit_read(fd, &values[i], sizeof(values[i]), i + 1);
}

/* The kernel undoes the ring some time after its process has ended. */
TEST(process_that_ends_with_reads_under_way)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name), i;

	for (i = 0; i < 20; i++)
		REAP(spawn(die_with_reads, &fd));
	CHECK_EQ(0, put(fd, 7));
	close(fd);
	WAIT_FOR(!name_exists(name));
}
