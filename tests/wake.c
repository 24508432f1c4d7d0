// SPDX-License-Identifier: GPL-2.0-only
/*
 * What lets a sleeper go besides the message or the room that it waits for:
 * a changed policy, the end of the port, hang-up; and sleepers with short
 * buffers, that peek, or that select.
 */
#include "port.h"

/* A port of capacity 1 that is full. */
static int full_port(void)
{
	int fd = PORT(O_RDWR, .capacity = 1);

	CHECK_EQ(0, put(fd, 0));
	return fd;
}

TEST(more_capacity_lets_sleepers_in)
{
	int fd = full_port();
	struct call calls[3];
	int i;

	for (i = 0; i < 3; i++) {
		CALL_SEND(&calls[i], fd, i + 1);
		wait_for_waiters(fd, i + 1, 0);
	}
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_CAPACITY, .capacity = 3));
	CHECK_EQ(0, call_join(&calls[0]));
	CHECK_EQ(0, call_join(&calls[1]));
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(3, messages(fd));
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_CAPACITY, UNBOUNDED));
	CHECK_EQ(0, call_join(&calls[2]));
	for (i = 0; i < 4; i++)
		CHECK_EQ(i, take(fd));
}

TEST(more_bytes_let_sleepers_in)
{
	int fd = PORT(O_RDWR, .capacity = 10, .capacity_bytes = 4);
	struct call call;

	CHECK_EQ(0, put(fd, 0));
	CALL_SEND(&call, fd, 1);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_CAPACITY_BYTES, .capacity_bytes = 5));
	CHECK_EQ(0, call_join(&call));
}

TEST(capacity_for_a_rendezvous_lets_sleepers_in)
{
	int fd = PORT(O_RDWR, RENDEZVOUS);
	struct call call;

	CALL_SEND(&call, fd, 1);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_CAPACITY, .capacity = 1));
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(1, take(fd));
}

TEST(destroy_wakes_senders)
{
	int fd = full_port();
	struct call one, two, sync;

	CALL_SEND(&one, fd, 1);
	call_start(&two, fd, CALL_WRITE, "x", 1);
	CALL_SEND(&sync, fd, 2, .flags = MAILBOX_SEND_SYNC);
	wait_for_waiters(fd, 3, 0);
	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(-EIDRM, call_join(&one));
	CHECK_EQ(-EIDRM, call_join(&two));
	CHECK_EQ(-EIDRM, call_join(&sync));
}

/* The message that is withdrawn first makes no room for those behind it. */
TEST(destroy_lets_no_sleeper_in)
{
	int fd = PORT(O_RDWR, .capacity = 1);
	struct call sync, send;

	CALL_SEND(&sync, fd, 1, .flags = MAILBOX_SEND_SYNC);
	wait_for_waiters(fd, 1, 0);
	CALL_SEND(&send, fd, 2);
	wait_for_waiters(fd, 2, 0);
	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(-EIDRM, call_join(&sync));
	CHECK_EQ(-EIDRM, call_join(&send));
}

TEST(destroy_wakes_rendezvous_senders)
{
	int fd = PORT(O_RDWR, RENDEZVOUS);
	struct call call;

	CALL_SEND(&call, fd, 1);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(-EIDRM, call_join(&call));
}

TEST(destroy_wakes_who_waits_for_a_receipt)
{
	int fd = PORT(O_RDWR);
	struct call call;

	CALL_SEND(&call, fd, 2, .flags = MAILBOX_SEND_SYNC);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(1, messages(fd));
	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(-EIDRM, call_join(&call));
}

TEST(destroy_wakes_receivers)
{
	int fd = PORT(O_RDWR), value;
	struct call one, two, peek;

	CALL_RECEIVE(&one, fd, .select = MAILBOX_SELECT_TYPE, .match = 3);
	call_start(&two, fd, CALL_READ, &value, sizeof(value));
	CALL_RECEIVE(&peek, fd, .flags = MAILBOX_RECEIVE_PEEK);
	wait_for_waiters(fd, 0, 3);
	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(-EIDRM, call_join(&one));
	CHECK_EQ(-EIDRM, call_join(&two));
	CHECK_EQ(-EIDRM, call_join(&peek));
}

TEST(unlink_wakes_nobody)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name);
	struct call call;

	CALL_RECEIVE(&call, fd);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, port_unlink(fd, name));
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, put(fd, 4));
	CHECK_EQ(4, call_value(&call));
}

TEST(last_sender_that_closes_wakes_receivers)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDONLY, name, .flags = MAILBOX_CREATE_HANGUP), value;
	int sender = port_open(O_WRONLY, name);
	struct call receive, reading;

	CALL_RECEIVE(&receive, fd);
	call_start(&reading, fd, CALL_READ, &value, sizeof(value));
	wait_for_waiters(fd, 0, 2);
	close(sender);
	CHECK_EQ(-EPIPE, call_join(&receive));
	CHECK_EQ(0, call_join(&reading));
}

TEST(last_receiver_that_closes_wakes_senders)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_WRONLY, name, .flags = MAILBOX_CREATE_HANGUP, .capacity = 1);
	int receiver = port_open(O_RDONLY, name);
	struct call send, writing, sync;

	signal(SIGPIPE, SIG_IGN);
	CALL_SEND(&sync, fd, 1, .flags = MAILBOX_SEND_SYNC);
	wait_for_waiters(fd, 1, 0);
	CALL_SEND(&send, fd, 1);
	call_start(&writing, fd, CALL_WRITE, "x", 1);
	wait_for_waiters(fd, 3, 0);
	close(receiver);
	CHECK_EQ(-EPIPE, call_join(&send));
	CHECK_EQ(-EPIPE, call_join(&writing));
	CHECK_EQ(-EPIPE, call_join(&sync));
	CHECK_EQ(0, messages(fd));
}

/* The sleeper that cannot take it is told; the message goes on to the next. */
TEST(short_sleeper_is_told_and_the_message_goes_on)
{
	char little[2], large[16];
	struct mailbox_ioc_receive receive = { .size = sizeof(little) };
	int fd = PORT(O_RDWR);
	struct call brief, next;

	receive.data = user_pointer(little);
	call_start(&brief, fd, MAILBOX_IOC_RECEIVE, &receive, 0);
	wait_for_waiters(fd, 0, 1);
	call_start(&next, fd, CALL_READ, large, sizeof(large));
	wait_for_waiters(fd, 0, 2);
	CHECK_EQ(0, SEND(fd, .data = user_pointer("abcde"), .len = 5));
	CHECK_EQ(-EMSGSIZE, call_join(&brief));
	CHECK_EQ(5, receive.len);
	CHECK_EQ(5, call_join(&next));
	CHECK(!memcmp(large, "abcde", 5));
}

TEST(short_sleeper_alone_leaves_the_message)
{
	char little[2];
	int fd = PORT(O_RDWR), i;
	struct call brief;

	call_start(&brief, fd, CALL_READ, little, sizeof(little));
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, put(fd, 1234));
	CHECK_EQ(-EMSGSIZE, call_join(&brief));
	for (i = 0; i < 2; i++)
		CHECK_EQ(1234, take_as(fd, 0, 0, i ? 0 : MAILBOX_RECEIVE_PEEK));
}

TEST(short_sleeper_with_trunc_takes_it)
{
	char little[2];
	struct mailbox_ioc_receive receive = {
		.flags = MAILBOX_RECEIVE_TRUNC,
		.size = sizeof(little),
	};
	int fd = PORT(O_RDWR);
	struct call call;

	receive.data = user_pointer(little);
	call_start(&call, fd, MAILBOX_IOC_RECEIVE, &receive, 0);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, SEND(fd, .data = user_pointer("abcde"), .len = 5));
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(5, receive.len);
	CHECK(!memcmp(little, "ab", 2));
	CHECK_EQ(0, messages(fd));
}

/* On a port without a buffer there is nowhere to leave it: nobody was there. */
TEST(short_sleeper_is_no_rendezvous)
{
	char little[2];
	int fd = PORT(O_RDWR, RENDEZVOUS);
	struct call brief, send;

	call_start(&brief, fd, CALL_READ, little, sizeof(little));
	wait_for_waiters(fd, 0, 1);
	CALL_SEND(&send, fd, 1234);
	CHECK_EQ(-EMSGSIZE, call_join(&brief));
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(1234, take(fd));
	CHECK_EQ(0, call_join(&send));
}

/* Otherwise who polls would be told for ever that it can be sent. */
TEST(short_sleeper_is_told_of_a_refused_send_too)
{
	char little[2];
	int fd = PORT(O_RDWR, RENDEZVOUS);
	struct call brief;

	call_start(&brief, fd, CALL_READ, little, sizeof(little));
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(-EAGAIN, put(fd, 1234));
	CHECK_EQ(-EMSGSIZE, call_join(&brief));
	CHECK_EQ(0, port_stat(fd).sent);
}

/* A refused send leaves nothing to look at. */
TEST(peeking_sleeper_sleeps_on_when_a_send_is_refused)
{
	int fd = PORT(O_RDWR, RENDEZVOUS);
	struct call peek, send;

	CALL_RECEIVE(&peek, fd, .flags = MAILBOX_RECEIVE_PEEK);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(-EAGAIN, put(fd, 1));
	wait_for_waiters(fd, 0, 1);
	CHECK(!peek.done);
	CALL_SEND(&send, fd, 2);
	CHECK_EQ(2, call_value(&peek));
	CHECK_EQ(2, take(fd));
	CHECK_EQ(0, call_join(&send));
}

/* More of them than are woken in one go. */
TEST(destroy_wakes_a_crowd)
{
	struct call senders[30], receivers[30];
	int fd = PORT(O_RDWR, .capacity = 1), i;

	CHECK_EQ(0, put_as(fd, 1, 1, 0));
	for (i = 0; i < 30; i++) {
		CALL_SEND(&senders[i], fd, i, .type = 1,
			  .flags = i % 2 ? MAILBOX_SEND_SYNC : 0);
		CALL_RECEIVE(&receivers[i], fd, .select = MAILBOX_SELECT_TYPE, .match = 2);
	}
	wait_for_waiters(fd, 30, 30);
	CHECK_EQ(0, port_destroy(fd, NULL));
	for (i = 0; i < 30; i++) {
		CHECK_EQ(-EIDRM, call_join(&senders[i]));
		CHECK_EQ(-EIDRM, call_join(&receivers[i]));
	}
}

TEST(peeking_sleeper_sees_and_leaves)
{
	int fd = PORT(O_RDWR);
	struct call peek;

	CALL_RECEIVE(&peek, fd, .flags = MAILBOX_RECEIVE_PEEK);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, put(fd, 3));
	CHECK_EQ(3, call_value(&peek));
	CHECK_EQ(3, take(fd));
}

TEST(message_passes_peeking_sleepers_on_to_the_taker)
{
	int fd = PORT(O_RDWR);
	struct call one, two, taker, last;

	CALL_RECEIVE(&one, fd, .flags = MAILBOX_RECEIVE_PEEK);
	wait_for_waiters(fd, 0, 1);
	CALL_RECEIVE(&two, fd, .flags = MAILBOX_RECEIVE_PEEK);
	wait_for_waiters(fd, 0, 2);
	CALL_RECEIVE(&taker, fd);
	wait_for_waiters(fd, 0, 3);
	CALL_RECEIVE(&last, fd);
	wait_for_waiters(fd, 0, 4);
	CHECK_EQ(0, put(fd, 3));
	CHECK_EQ(3, call_value(&one));
	CHECK_EQ(3, call_value(&two));
	CHECK_EQ(3, call_value(&taker));
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, put(fd, 4));
	CHECK_EQ(4, call_value(&last));
}

TEST(selecting_receiver_is_served_by_a_sleeping_sender)
{
	int fd = PORT(O_RDWR, .capacity = 2);
	struct call other, wanted;

	CHECK_EQ(0, put_as(fd, 1, 1, 0));
	CHECK_EQ(0, put_as(fd, 2, 1, 0));
	CALL_SEND(&other, fd, 3, .type = 1);
	wait_for_waiters(fd, 1, 0);
	CALL_SEND(&wanted, fd, 4, .type = 2);
	wait_for_waiters(fd, 2, 0);
	CHECK_EQ(4, take_as(fd, MAILBOX_SELECT_TYPE, 2, 0));
	CHECK_EQ(0, call_join(&wanted));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(0, call_join(&other));
}

/* The other way round: the port is full, and the receiver came first. */
TEST(sender_to_a_full_port_finds_the_receiver_that_wants_it)
{
	int fd = PORT(O_RDWR, .capacity = 1);
	struct call call;

	CHECK_EQ(0, put_as(fd, 1, 1, 0));
	CALL_RECEIVE(&call, fd, .select = MAILBOX_SELECT_TYPE, .match = 2);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, put_as(fd, 2, 2, 0));
	CHECK_EQ(2, call_value(&call));
	CHECK_EQ(1, take(fd));
}

#define SYNC_CROWD	100

/* Takes, and fails to copy, what the last senders of the crowd have sent. */
static void *take_into_nothing(void *arg)
{
	int fd = *(int *)arg;
	long long err;

	do {
		err = RECEIVE(fd, .flags = MAILBOX_RECEIVE_NONBLOCK,
			      .select = MAILBOX_SELECT_TYPE, .match = 1,
			      .data = 8, .size = 64);
	} while (err == -EFAULT || err == -EAGAIN);
	return (void *)(long)err;
}

/* The waits end in batches; messages that come back in between are nobody's. */
TEST(destroy_while_copies_of_a_sync_crowd_fail)
{
	struct call senders[SYNC_CROWD];
	int fd = PORT(O_RDWR, UNBOUNDED), i;
	pthread_t receivers[2];
	void *err;

	for (i = 0; i < SYNC_CROWD; i++) {
		CALL_SEND(&senders[i], fd, i, .flags = MAILBOX_SEND_SYNC,
			  .type = i >= SYNC_CROWD - 2);
		wait_for_waiters(fd, i + 1, 0);
	}
	for (i = 0; i < 2; i++)
		CHECK_EQ(0, pthread_create(&receivers[i], NULL, take_into_nothing, &fd));
	CHECK_EQ(0, port_destroy(fd, NULL));
	for (i = 0; i < SYNC_CROWD; i++)
		CHECK_EQ(-EIDRM, call_join(&senders[i]));
	for (i = 0; i < 2; i++) {
		CHECK_EQ(0, pthread_join(receivers[i], &err));
		CHECK_EQ(-EIDRM, (long)err);
	}
}
