// SPDX-License-Identifier: GPL-2.0-only
/*
 * The policy of a port that changes under those who sleep at it, and ports that
 * are made smaller.
 */
#include "many.h"

static void check_change(__u32 on_full, int first, int last, unsigned int drops)
{
	int fd = PORT(O_RDWR, .capacity = 2);
	struct call calls[2];
	int i;

	put_range(fd, 1, 2);
	for (i = 0; i < 2; i++) {
		CALL_SEND(&calls[i], fd, 3 + i);
		wait_for_waiters(fd, i + 1, 0);
	}
	CHECK_EQ(0, set_on_full(fd, on_full));
	for (i = 0; i < 2; i++) {
		CHECK_EQ(0, call_join(&calls[i]));
		CHECK_EQ(on_full == MAILBOX_FULL_DROP_OLDEST, !!calls[i].send.seq);
	}
	CHECK_EQ(drops, dropped(fd));
	CHECK_LEFT(fd, first, last);
}

TEST(sleeping_senders_when_the_oldest_is_dropped)
{
	check_change(MAILBOX_FULL_DROP_OLDEST, 3, 4, 2);
}

TEST(sleeping_senders_when_the_newest_is_dropped)
{
	check_change(MAILBOX_FULL_DROP_NEWEST, 1, 2, 2);
}

TEST(back_to_blocking)
{
	int fd = PORT(O_RDWR, OLDEST, .capacity = 1);

	put_range(fd, 1, 2);
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_ON_FULL, .on_full = MAILBOX_FULL_BLOCK));
	CHECK_EQ(-EAGAIN, put(fd, 3));
	CHECK_LEFT(fd, 2, 2);
}

TEST(port_made_smaller_drops_when_the_next_comes)
{
	int fd = PORT(O_RDWR, OLDEST, .capacity = 6);

	put_range(fd, 1, 6);
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_CAPACITY, .capacity = 2));
	CHECK_EQ(6, messages(fd));
	CHECK_EQ(0, dropped(fd));
	CHECK_EQ(0, put(fd, 7));
	CHECK_EQ(5, dropped(fd));
	CHECK_LEFT(fd, 6, 7);
}

TEST(sleeping_senders_when_the_latest_counts)
{
	int fd = PORT(O_RDWR, .capacity = 1), i;
	struct call calls[3];

	CHECK_EQ(0, put_as(fd, 1, 0, 9));
	for (i = 0; i < 3; i++) {
		CALL_SEND(&calls[i], fd, 2 + i, .priority = 5 - i);
		wait_for_waiters(fd, i + 1, 0);
	}
	CHECK_EQ(0, set_on_full(fd, MAILBOX_FULL_OVERWRITE));
	for (i = 0; i < 3; i++)
		CHECK_EQ(0, call_join(&calls[i]));
	CHECK_EQ(3, dropped(fd));
	CHECK_LEFT(fd, 4, 4);
}

TEST(sleeping_writer_and_batch_are_let_go)
{
	int fd = PORT(O_RDWR, .capacity = 1), i;
	struct batch *batch = batch_new();
	struct call writing, sends;

	CHECK_EQ(0, put(fd, 1));
	call_start(&writing, fd, CALL_WRITE, "xy", 2);
	wait_for_waiters(fd, 1, 0);
	call_start(&sends, fd, MAILBOX_IOC_SEND_BATCH, sending(batch, 3, 0), 0);
	wait_for_waiters(fd, 2, 0);
	CHECK_EQ(0, set_on_full(fd, MAILBOX_FULL_DROP_NEWEST));
	CHECK_EQ(2, call_join(&writing));
	CHECK_EQ(0, call_join(&sends));
	CHECK_EQ(3, batch->send.done);
	CHECK_EQ(0, batch->send.error);
	for (i = 0; i < 3; i++)
		CHECK_EQ(0, batch->out[i].seq);
	CHECK_EQ(4, dropped(fd));
	CHECK_EQ(1, port_stat(fd).sent);
	CHECK_LEFT(fd, 1, 1);
}

TEST(sleeping_sync_sender_and_caller_are_told)
{
	struct mailbox_ioc_call arg = {};
	int fd = PORT(O_RDWR, .capacity = 1), other = open_fd(O_WRONLY, fd);
	struct call sync, asking;

	CHECK_EQ(0, put(fd, 1));
	CALL_SEND(&sync, fd, 2, .flags = MAILBOX_SEND_SYNC);
	wait_for_waiters(fd, 1, 0);
	call_start(&asking, other, MAILBOX_IOC_CALL, &arg, 0);
	wait_for_waiters(fd, 2, 0);
	CHECK_EQ(0, set_on_full(fd, MAILBOX_FULL_DROP_NEWEST));
	CHECK_EQ(-ENOBUFS, call_join(&sync));
	CHECK_EQ(-ENOBUFS, call_join(&asking));
	CHECK_EQ(2, dropped(fd));
	CHECK_LEFT(fd, 1, 1);
}

/* The room that it waits for is made; it sleeps on for its receipt. */
TEST(sleeping_sync_sender_is_let_in)
{
	int fd = PORT(O_RDWR, .capacity = 1);
	struct call sync;

	CHECK_EQ(0, put(fd, 1));
	CALL_SEND(&sync, fd, 2, .flags = MAILBOX_SEND_SYNC);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(0, set_on_full(fd, MAILBOX_FULL_DROP_OLDEST));
	CHECK_EQ(1, dropped(fd));
	CHECK(waiters_are(fd, 1, 0));
	CHECK_LEFT(fd, 2, 2);
	CHECK_EQ(0, call_join(&sync));
}

TEST(senders_that_sleep_for_a_receiver_are_let_go)
{
	int fd = PORT(O_RDWR, RENDEZVOUS), i;
	struct call calls[2];

	for (i = 0; i < 2; i++) {
		CALL_SEND(&calls[i], fd, i);
		wait_for_waiters(fd, i + 1, 0);
	}
	CHECK_EQ(0, set_on_full(fd, MAILBOX_FULL_DROP_NEWEST));
	for (i = 0; i < 2; i++) {
		CHECK_EQ(0, call_join(&calls[i]));
		CHECK_EQ(0, calls[i].send.seq);
	}
	CHECK_EQ(2, dropped(fd));
	CHECK_EQ(-EAGAIN, take(fd));
}

TEST(each_direction_of_a_pair_has_its_own)
{
	struct ends ends = PAIR(O_RDWR, .capacity = 1);

	CHECK_EQ(0, set_on_full(ends.first, MAILBOX_FULL_DROP_OLDEST));
	put_range(ends.second, 1, 3);
	CHECK_LEFT(ends.first, 3, 3);
	CHECK_EQ(0, put(ends.first, 4));
	CHECK_EQ(-EAGAIN, put(ends.first, 5));
	CHECK_LEFT(ends.second, 4, 4);
}

static void check_pollers(__u32 on_full)
{
	static const enum poller_kind kinds[] = { BY_POLL, BY_EPOLL, BY_EPOLL_EDGE };
	int fd = PORT(O_RDWR, .capacity = 1), i;
	struct poller pollers[3];

	CHECK_EQ(0, put(fd, 1));
	for (i = 0; i < 3; i++)
		poller_start(&pollers[i], fd, kinds[i], POLLOUT);
	CHECK_EQ(0, set_on_full(fd, on_full));
	for (i = 0; i < 3; i++)
		CHECK_EQ(POLLOUT, poller_end(&pollers[i]));
	CHECK_EQ(IN | OUT, polled(fd));
	CHECK_EQ(0, set_on_full(fd, MAILBOX_FULL_BLOCK));
	CHECK_EQ(IN, polled(fd));
}

TEST(pollers_are_told_of_a_policy_that_drops)
{
	check_pollers(MAILBOX_FULL_DROP_OLDEST);
	check_pollers(MAILBOX_FULL_DROP_NEWEST);
	check_pollers(MAILBOX_FULL_OVERWRITE);
}

TEST(policies_that_do_not_go_together)
{
	int fd = PORT(O_RDWR, .capacity = 3), meeting = PORT(O_RDWR, RENDEZVOUS);

	CHECK_EQ(-EINVAL, set_on_full(fd, MAILBOX_FULL_OVERWRITE));
	CHECK_EQ(-EINVAL, set_on_full(fd, 4));
	CHECK_EQ(-EINVAL, SET(fd, .on_full = MAILBOX_FULL_DROP_OLDEST));
	CHECK_EQ(MAILBOX_FULL_BLOCK, port_stat(fd).on_full);
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_ON_FULL | MAILBOX_SET_CAPACITY, OVERWRITE));
	CHECK_EQ(-EINVAL, set_capacity(fd, 2));
	CHECK_EQ(-EINVAL, SET(fd, .flags = MAILBOX_SET_CAPACITY, RENDEZVOUS));
	CHECK_EQ(1, port_stat(fd).capacity);
	CHECK_EQ(MAILBOX_FULL_OVERWRITE, port_stat(fd).on_full);
	CHECK_EQ(-EINVAL, set_on_full(meeting, MAILBOX_FULL_DROP_OLDEST));
	CHECK_EQ(0, set_on_full(meeting, MAILBOX_FULL_DROP_NEWEST));
}

TEST(one_value_replaces_all_that_are_queued)
{
	int fd = PORT(O_RDWR, .capacity = 5);

	put_range(fd, 1, 5);
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_ON_FULL | MAILBOX_SET_CAPACITY, OVERWRITE));
	CHECK_EQ(5, messages(fd));
	CHECK_EQ(0, put(fd, 6));
	CHECK_EQ(5, dropped(fd));
	CHECK_LEFT(fd, 6, 6);
}

TEST(fewer_bytes_drop_when_the_next_comes)
{
	int fd = PORT(O_RDWR, OLDEST, .capacity = 10);

	put_range(fd, 1, 6);
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_CAPACITY_BYTES, .capacity_bytes = 8));
	CHECK_EQ(0, dropped(fd));
	CHECK_EQ(0, put(fd, 7));
	CHECK_LEFT(fd, 6, 7);
}

/* A single send does not have to drop them all. */
TEST(much_smaller_port_fits_after_some_sends)
{
	int fd = PORT(O_RDWR, OLDEST, .capacity = 100), last = 100;

	put_range(fd, 1, 100);
	CHECK_EQ(0, set_capacity(fd, 2));
	while (messages(fd) > 2 && last < 200)
		CHECK_EQ(0, put(fd, ++last));
	CHECK_EQ(last - 2, dropped(fd));
	CHECK_LEFT(fd, last - 1, last);
}

TEST(smaller_port_that_blocks_has_to_be_drained)
{
	int fd = PORT(O_RDWR, .capacity = 5);
	struct call call;

	put_range(fd, 1, 5);
	CHECK_EQ(0, set_capacity(fd, 2));
	CALL_SEND(&call, fd, 6);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(1, take(fd));
	CHECK_EQ(2, take(fd));
	CHECK_EQ(3, take(fd));
	CHECK(waiters_are(fd, 1, 0));
	CHECK_EQ(4, take(fd));
	CHECK_EQ(0, call_join(&call));
	CHECK_LEFT(fd, 5, 6);
}
