// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of a message that comes to a full port, besides that its sender
 * sleeps.
 */
#include "many.h"

/* With its number: 0 if it was dropped. */
static long long put_numbered(int fd, int value, __u64 *seq)
{
	struct mailbox_ioc_send send = {
		.flags = MAILBOX_SEND_NONBLOCK,
		.data = user_pointer(&value),
		.len = sizeof(value),
	};
	long long err = command(fd, MAILBOX_IOC_SEND, &send);

	*seq = send.seq;
	return err;
}

static long long peek(int fd)
{
	return take_as(fd, MAILBOX_SELECT_ANY, 0, MAILBOX_RECEIVE_PEEK);
}

/* --- drop the oldest ---------------------------------------------------------------- */

TEST(oldest_makes_room)
{
	int fd = PORT(O_RDWR, OLDEST, .capacity = 3);

	put_range(fd, 1, 10);
	CHECK_EQ(3, messages(fd));
	CHECK_EQ(7, dropped(fd));
	CHECK_EQ(10, port_stat(fd).sent);
	CHECK_LEFT(fd, 8, 10);
	CHECK_EQ(3, port_stat(fd).received);
	CHECK_EQ(MAILBOX_FULL_DROP_OLDEST, port_stat(fd).on_full);
}

TEST(oldest_of_the_lowest_priority)
{
	int fd = PORT(O_RDWR, OLDEST, .capacity = 3);

	CHECK_EQ(0, put_as(fd, 1, 0, 5));
	CHECK_EQ(0, put_as(fd, 2, 0, 1));
	CHECK_EQ(0, put_as(fd, 3, 0, 1));
	CHECK_EQ(0, put_as(fd, 4, 0, 1));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(3, take(fd));
	CHECK_EQ(4, take(fd));
}

TEST(lower_priority_than_all_is_dropped_itself)
{
	int fd = PORT(O_RDWR, OLDEST, .capacity = 1);
	__u64 seq = 1;

	CHECK_EQ(0, put_as(fd, 1, 0, 5));
	CHECK_EQ(0, put_numbered(fd, 2, &seq));
	CHECK_EQ(0, seq);
	CHECK_EQ(1, dropped(fd));
	CHECK_LEFT(fd, 1, 1);
}

TEST(oldest_of_any_type)
{
	int fd = PORT(O_RDWR, OLDEST, .capacity = 3), i;

	for (i = 1; i <= 5; i++)
		CHECK_EQ(0, put_as(fd, i, 10 - i, 0));
	CHECK_LEFT(fd, 3, 5);
}

TEST(equal_priority_takes_the_place)
{
	int fd = PORT(O_RDWR, OLDEST, .capacity = 1);

	CHECK_EQ(0, put_as(fd, 1, 0, 5));
	CHECK_EQ(0, put_as(fd, 2, 0, 5));
	CHECK_EQ(1, dropped(fd));
	CHECK_LEFT(fd, 2, 2);
}

TEST(oldest_may_be_one_that_came_back)
{
	int fd = PORT(O_RDWR, OLDEST, .capacity = 2);
	__u64 token;

	CHECK_EQ(0, put(fd, 1));
	token = lease_first(fd);
	CHECK_EQ(0, put(fd, 2));
	CHECK_EQ(0, settle(fd, MAILBOX_IOC_NACK, token));
	CHECK_EQ(0, put(fd, 3));
	CHECK_EQ(1, dropped(fd));
	CHECK_LEFT(fd, 2, 3);
}

TEST(refused_send_drops_nothing)
{
	int fd = PORT(O_RDWR, OLDEST, .capacity = 1, .message_bytes_max = 4);
	char text[5] = "";

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(-EMSGSIZE, SEND(fd, .data = user_pointer(text), .len = sizeof(text)));
	CHECK_EQ(-EFAULT, SEND(fd, .data = 8, .len = 4));
	CHECK_EQ(-EINVAL, put_as(fd, 2, 0, MAILBOX_PRIORITY_MAX + 1));
	CHECK_EQ(0, dropped(fd));
	CHECK_LEFT(fd, 1, 1);
}

/* A message is charged before one is dropped for it. */
static void send_without_quota(void *arg)
{
	int fd;

	(void)arg;
	become(USER_A);
	fd = PORT(O_RDWR, OLDEST, .capacity = 2);
	put_range(fd, 1, 2);
	CHECK_EQ(-EDQUOT, put(fd, 3));
	CHECK_EQ(0, dropped(fd));
	CHECK_LEFT(fd, 1, 2);
}

TEST(send_without_quota_drops_nothing)
{
	NEED_ROOT();
	parameter_set("user_bytes_max", 2 * (sizeof(int) + MAILBOX_MESSAGE_OVERHEAD));
	REAP(spawn(send_without_quota, NULL));
}

TEST(bytes_make_room)
{
	int fd = PORT(O_RDWR, OLDEST, UNBOUNDED, .capacity_bytes = 3 * sizeof(int));

	put_range(fd, 1, 6);
	CHECK_LEFT(fd, 4, 6);
	CHECK_EQ(3, dropped(fd));
}

TEST(long_message_replaces_several)
{
	int fd = PORT(O_RDWR, OLDEST, UNBOUNDED, .capacity_bytes = 8);
	char text[100] = "";

	put_range(fd, 1, 2);
	/* The last one admitted may exceed it. */
	CHECK_EQ(0, SEND(fd, .data = user_pointer(text), .len = sizeof(text)));
	CHECK_EQ(1, dropped(fd));
	CHECK_EQ(0, put(fd, 3));
	CHECK_EQ(1, messages(fd));
	CHECK_EQ(3, dropped(fd));
}

/* What is too much goes with the sends that follow, some with each. */
TEST(send_drops_no_more_than_eight)
{
	int fd = PORT(O_RDWR, OLDEST, UNBOUNDED);

	put_range(fd, 1, 20);
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_CAPACITY_BYTES, .capacity_bytes = 1));
	CHECK_EQ(0, dropped(fd));
	CHECK_EQ(0, put(fd, 21));
	CHECK_EQ(8, dropped(fd));
	CHECK_EQ(0, put(fd, 22));
	CHECK_EQ(16, dropped(fd));
	CHECK_EQ(0, put(fd, 23));
	CHECK_EQ(22, dropped(fd));
	CHECK_LEFT(fd, 23, 23);
}

TEST(writer_never_sleeps)
{
	int fd = PORT(O_RDWR, OLDEST, .capacity = 1), i;

	for (i = 0; i < 100; i++)
		CHECK_EQ(sizeof(i), write(fd, &i, sizeof(i)));
	CHECK_EQ(OUT | IN, polled(fd));
	CHECK_LEFT(fd, 99, 99);
}

TEST(dropped_ones_are_not_in_the_quota)
{
	int fd = PORT(O_RDWR, OLDEST, .capacity = 2);
	unsigned long long before = info(fd).user_bytes;

	put_range(fd, 1, 50);
	CHECK_EQ(before + 2 * (sizeof(int) + MAILBOX_MESSAGE_OVERHEAD), info(fd).user_bytes);
	CHECK_LEFT(fd, 49, 50);
	CHECK_EQ(before, info(fd).user_bytes);
}

TEST(leased_ones_are_never_dropped)
{
	int fd = PORT(O_RDWR, OLDEST, .capacity = 1);
	__u64 token;

	CHECK_EQ(0, put(fd, 1));
	token = lease_first(fd);
	put_range(fd, 2, 5);
	CHECK_EQ(3, dropped(fd));
	/* It comes back, to a full port. */
	CHECK_EQ(0, settle(fd, MAILBOX_IOC_NACK, token));
	CHECK_EQ(2, messages(fd));
	CHECK_EQ(1, take(fd));
	CHECK_LEFT(fd, 5, 5);
}

TEST(sleeping_receiver_gets_it_and_nothing_is_dropped)
{
	int fd = PORT(O_RDWR, OLDEST, .capacity = 1);
	struct call call;

	CHECK_EQ(0, put_as(fd, 1, 7, 0));
	CALL_RECEIVE(&call, fd, .select = MAILBOX_SELECT_TYPE, .match = 9);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, put_as(fd, 2, 9, 0));
	CHECK_EQ(2, call_value(&call));
	CHECK_EQ(0, dropped(fd));
	CHECK_LEFT(fd, 1, 1);
}

/* --- who waits for what is dropped -------------------------------------------------- */

TEST(sync_sender_of_a_dropped_message_is_told)
{
	int fd = PORT(O_RDWR, OLDEST, .capacity = 1);
	struct call call;

	CALL_SEND(&call, fd, 1, .flags = MAILBOX_SEND_SYNC);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(0, put(fd, 2));
	CHECK_EQ(-ENOBUFS, call_join(&call));
	CHECK_EQ(1, dropped(fd));
	CHECK_LEFT(fd, 2, 2);
}

TEST(sync_send_to_a_full_port_that_drops_the_newest)
{
	int fd = PORT(O_RDWR, NEWEST, .capacity = 1);
	int value = 2;

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(-ENOBUFS, SEND(fd, .flags = MAILBOX_SEND_SYNC, .data = user_pointer(&value),
				.len = sizeof(value)));
	CHECK_EQ(1, dropped(fd));
	CHECK_LEFT(fd, 1, 1);
}

TEST(oldest_of_two_sync_senders_is_told)
{
	int fd = PORT(O_RDWR, OLDEST, .capacity = 2), i;
	struct call calls[2];

	for (i = 0; i < 2; i++) {
		CALL_SEND(&calls[i], fd, i + 1, .flags = MAILBOX_SEND_SYNC);
		wait_for_waiters(fd, i + 1, 0);
	}
	CHECK_EQ(0, put(fd, 3));
	CHECK_EQ(-ENOBUFS, call_join(&calls[0]));
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(2, take(fd));
	CHECK_EQ(0, call_join(&calls[1]));
	CHECK_EQ(getpid(), calls[1].send.taken_pid);
	CHECK_LEFT(fd, 3, 3);
}

TEST(overwritten_sync_sender_is_told_and_charged_nothing)
{
	int fd = PORT(O_RDWR, OVERWRITE);
	unsigned long long before = user_bytes(fd);
	struct call call;

	CALL_SEND(&call, fd, 1, .flags = MAILBOX_SEND_SYNC);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(0, put(fd, 2));
	CHECK_EQ(-ENOBUFS, call_join(&call));
	/* On failure the struct is left as it was. */
	CHECK_EQ(0, call.send.seq);
	CHECK_EQ(0, call.send.taken_pid);
	CHECK_LEFT(fd, 2, 2);
	CHECK_EQ(before, user_bytes(fd));
}

TEST(sync_send_of_too_low_a_priority_is_told)
{
	int fd = PORT(O_RDWR, OLDEST, .capacity = 1);

	CHECK_EQ(0, put_as(fd, 1, 0, 5));
	CHECK_EQ(-ENOBUFS, SEND(fd, .flags = MAILBOX_SEND_SYNC, .priority = 4));
	CHECK_EQ(1, dropped(fd));
	CHECK_EQ(1, port_stat(fd).sent);
	CHECK_LEFT(fd, 1, 1);
}

/* It has its receipt, and is not in the port any more. */
TEST(leased_message_of_a_sync_sender_is_not_dropped)
{
	int fd = PORT(O_RDWR, OVERWRITE);
	struct call call;
	__u64 token;

	CALL_SEND(&call, fd, 1, .flags = MAILBOX_SEND_SYNC);
	wait_for_waiters(fd, 1, 0);
	token = lease_first(fd);
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(0, put(fd, 2));
	CHECK_EQ(0, dropped(fd));
	CHECK_EQ(0, settle(fd, MAILBOX_IOC_ACK, token));
	CHECK_LEFT(fd, 2, 2);
}

TEST(caller_at_a_full_port_is_told)
{
	struct mailbox_ioc_call arg = {};
	int fd = PORT(O_RDWR, NEWEST, .capacity = 1);

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(-ENOBUFS, command(open_fd(O_WRONLY, fd), MAILBOX_IOC_CALL, &arg));
	CHECK_EQ(1, dropped(fd));
	CHECK_LEFT(fd, 1, 1);
}

TEST(caller_of_a_dropped_request_is_told)
{
	struct mailbox_ioc_call arg = {};
	int fd = PORT(O_RDWR, OVERWRITE), other = open_fd(O_WRONLY, fd);
	struct call call;

	call_start(&call, other, MAILBOX_IOC_CALL, &arg, 0);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(-ENOBUFS, call_join(&call));
	CHECK_LEFT(fd, 1, 1);
}

TEST(request_in_hand_is_never_dropped)
{
	struct mailbox_ioc_receive receive = { .flags = MAILBOX_RECEIVE_TRUNC };
	struct mailbox_ioc_reply reply = {};
	struct mailbox_ioc_call arg = {};
	int fd = PORT(O_RDWR, OVERWRITE), other = open_fd(O_WRONLY, fd);
	struct call call;

	call_start(&call, other, MAILBOX_IOC_CALL, &arg, 0);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	put_range(fd, 1, 5);
	reply.token = receive.token;
	CHECK_EQ(0, command(fd, MAILBOX_IOC_REPLY, &reply));
	CHECK_EQ(0, call_join(&call));
}

TEST(message_that_somebody_peeks_at_is_dropped_all_the_same)
{
	int fd = PORT(O_RDWR, OVERWRITE), i;

	for (i = 0; i < 50; i++) {
		CHECK_EQ(0, put(fd, i));
		CHECK_EQ(i, peek(fd));
	}
	CHECK_LEFT(fd, 49, 49);
}

/* --- drop the newest ---------------------------------------------------------------- */

TEST(newest_is_dropped)
{
	int fd = PORT(O_RDWR, NEWEST, .capacity = 3);
	__u64 seq = 0;

	put_range(fd, 1, 3);
	CHECK_EQ(0, put_numbered(fd, 4, &seq));
	CHECK_EQ(0, seq);
	CHECK_EQ(1, dropped(fd));
	CHECK_EQ(3, port_stat(fd).sent);
	CHECK_LEFT(fd, 1, 3);
	CHECK_EQ(0, put_numbered(fd, 5, &seq));
	CHECK(seq);
}

TEST(newest_is_dropped_whatever_its_priority)
{
	int fd = PORT(O_RDWR, NEWEST, .capacity = 1);

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, put_as(fd, 2, 0, 100));
	CHECK_LEFT(fd, 1, 1);
}

TEST(rendezvous_with_nobody_there)
{
	int fd = PORT(O_RDWR, RENDEZVOUS, NEWEST);
	struct call call;

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(1, dropped(fd));
	CHECK_EQ(-EAGAIN, take(fd));
	CALL_RECEIVE(&call, fd);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, put(fd, 2));
	CHECK_EQ(2, call_value(&call));
	CHECK_EQ(1, dropped(fd));
}

TEST(newest_is_dropped_when_there_are_enough_bytes)
{
	int fd = PORT(O_RDWR, UNBOUNDED, NEWEST, .capacity_bytes = 2 * sizeof(int));

	put_range(fd, 1, 3);
	CHECK_EQ(1, dropped(fd));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(0, put(fd, 4));
	CHECK_EQ(2, take(fd));
	CHECK_LEFT(fd, 4, 4);
}

TEST(write_of_a_dropped_one_succeeds)
{
	int fd = PORT(O_RDWR | O_NONBLOCK, NEWEST, .capacity = 1), i;

	for (i = 1; i <= 3; i++)
		CHECK_EQ(sizeof(i), RESULT(write(fd, &i, sizeof(i))));
	CHECK_EQ(2, dropped(fd));
	CHECK_LEFT(fd, 1, 1);
}

TEST(newest_is_not_dropped_if_somebody_sleeps_for_it)
{
	int fd = PORT(O_RDWR, NEWEST, .capacity = 1);
	struct call call;

	CHECK_EQ(0, put_as(fd, 1, 7, 0));
	CALL_RECEIVE(&call, fd, .select = MAILBOX_SELECT_TYPE, .match = 9);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, put_as(fd, 2, 8, 0));
	CHECK_EQ(1, dropped(fd));
	CHECK_EQ(0, put_as(fd, 3, 9, 0));
	CHECK_EQ(3, call_value(&call));
	CHECK_EQ(1, dropped(fd));
	CHECK_LEFT(fd, 1, 1);
}

TEST(rendezvous_for_who_waits_with_sync)
{
	int fd = PORT(O_RDWR, RENDEZVOUS, NEWEST), value = 3;
	struct mailbox_ioc_call arg = {};
	struct call call;

	CHECK_EQ(OUT, polled(fd));
	CHECK_EQ(-ENOBUFS, SEND(fd, .flags = MAILBOX_SEND_SYNC));
	CHECK_EQ(-ENOBUFS, command(open_fd(O_WRONLY, fd), MAILBOX_IOC_CALL, &arg));
	CHECK_EQ(2, dropped(fd));
	CALL_RECEIVE(&call, fd);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, SEND(fd, .flags = MAILBOX_SEND_SYNC, .data = user_pointer(&value),
			 .len = sizeof(value)));
	CHECK_EQ(3, call_value(&call));
	CHECK_EQ(2, dropped(fd));
}

/* --- overwrite ---------------------------------------------------------------------- */

TEST(latest_value_is_there_for_all)
{
	int fd = PORT(O_RDWR, OVERWRITE), i;

	for (i = 1; i <= 5; i++)
		CHECK_EQ(0, put_as(fd, i, 0, 10 - i));
	for (i = 0; i < 3; i++)
		CHECK_EQ(5, peek(fd));
	CHECK_EQ(4, dropped(fd));
	CHECK_EQ(5, take(fd));
	CHECK_EQ(-EAGAIN, peek(fd));
}

TEST(peek_sleeps_for_the_first_value)
{
	int fd = PORT(O_RDWR, OVERWRITE);
	struct call call;

	CALL_RECEIVE(&call, fd, .flags = MAILBOX_RECEIVE_PEEK);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, put(fd, 3));
	CHECK_EQ(3, call_value(&call));
	CHECK_EQ(3, peek(fd));
}

TEST(overwrite_counts_bytes_too)
{
	int fd = PORT(O_RDWR, OVERWRITE, .capacity_bytes = 1);

	put_range(fd, 1, 3);
	CHECK_EQ(2, dropped(fd));
	CHECK_LEFT(fd, 3, 3);
}

#define LONG	20000

struct gauge {
	int fd;
	atomic_bool done;
};

static void *read_the_gauge(void *arg)
{
	struct gauge *gauge = arg;
	char *text = malloc(LONG);

	CHECK(text);
	while (!gauge->done) {
		CHECK_EQ(0, RECEIVE(gauge->fd, .flags = MAILBOX_RECEIVE_PEEK,
				    .data = user_pointer(text), .size = LONG));
		CHECK(!memcmp(text, text + 1, LONG - 1));
	}
	free(text);
	return NULL;
}

/* Whoever looks at a value has that one, also if it is replaced meanwhile. */
TEST(values_are_seen_whole)
{
	struct gauge gauge = { .fd = PORT(O_RDWR, OVERWRITE) };
	unsigned long long before = user_bytes(gauge.fd);
	pthread_t threads[2];
	char text[LONG];
	int i;

	for (i = 0; i < 1000; i++) {
		memset(text, i, LONG);
		CHECK_EQ(0, SEND(gauge.fd, .data = user_pointer(text), .len = LONG));
		if (i < 2)
			CHECK_EQ(0, pthread_create(&threads[i], NULL, read_the_gauge, &gauge));
	}
	gauge.done = true;
	for (i = 0; i < 2; i++)
		CHECK_EQ(0, pthread_join(threads[i], NULL));
	CHECK_EQ(999, dropped(gauge.fd));
	CHECK_EQ(LONG, RESULT(read(gauge.fd, text, LONG)));
	CHECK_EQ(before, user_bytes(gauge.fd));
}

TEST(overwrite_needs_a_capacity_of_one)
{
	struct mailbox_ioc_port_create create = {
		.on_full = MAILBOX_FULL_OVERWRITE,
		.capacity = 2,
	};
	int fd = node_open(O_RDWR);

	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_CREATE, &create));
	create = (struct mailbox_ioc_port_create){ .on_full = MAILBOX_FULL_OVERWRITE, UNBOUNDED };
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_CREATE, &create));
	create = (struct mailbox_ioc_port_create){ OLDEST, RENDEZVOUS };
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_CREATE, &create));
	create = (struct mailbox_ioc_port_create){ .on_full = 4 };
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_CREATE, &create));
}

TEST(hung_up_port_drops_nothing)
{
	int in = PORT(O_RDONLY, OLDEST, .capacity = 1, .flags = MAILBOX_CREATE_HANGUP);
	int out = open_fd(O_WRONLY, in);

	CHECK_EQ(0, put(out, 1));
	close(in);
	CHECK_EQ(-EPIPE, put(out, 2));
	CHECK_EQ(0, dropped(out));
}

/* --- all at once -------------------------------------------------------------------- */

#define SENDERS	3
#define COUNT	3000

struct crowd {
	int fd, self;
	unsigned int dropped;
};

static void *send_many(void *arg)
{
	struct crowd *crowd = arg;
	__u64 seq;
	int i;

	for (i = 0; i < COUNT; i++) {
		CHECK_EQ(0, put_numbered(crowd->fd, crowd->self * COUNT + i, &seq));
		crowd->dropped += !seq;
	}
	return NULL;
}

static void check_crowd(struct mailbox_ioc_port_create create)
{
	int fd = port_new(O_RDWR, NULL, create), last[SENDERS], i;
	unsigned int received = 0, refused = 0;
	struct crowd crowds[SENDERS];
	pthread_t threads[SENDERS];

	for (i = 0; i < SENDERS; i++) {
		crowds[i] = (struct crowd){ fd, i };
		last[i] = -1;
		CHECK_EQ(0, pthread_create(&threads[i], NULL, send_many, &crowds[i]));
	}
	while (received + dropped(fd) < SENDERS * COUNT) {
		long long value = take(fd);

		if (value == -EAGAIN) {
			sched_yield();
			continue;
		}
		CHECK(value >= 0);
		/* In the order of sending, and none twice. */
		CHECK(value % COUNT > last[value / COUNT]);
		last[value / COUNT] = value % COUNT;
		received++;
	}
	for (i = 0; i < SENDERS; i++) {
		CHECK_EQ(0, pthread_join(threads[i], NULL));
		refused += crowds[i].dropped;
	}
	CHECK_EQ(SENDERS * COUNT, received + dropped(fd));
	if (create.on_full == MAILBOX_FULL_DROP_NEWEST)
		CHECK_EQ(refused, dropped(fd));
	CHECK_EQ(-EAGAIN, take(fd));
	note("%u received, %llu dropped", received, dropped(fd));
}

TEST(each_is_received_or_counted_oldest)
{
	check_crowd((struct mailbox_ioc_port_create){ OLDEST, .capacity = 4 });
}

TEST(each_is_received_or_counted_newest)
{
	check_crowd((struct mailbox_ioc_port_create){ NEWEST, .capacity = 4 });
}

TEST(each_is_received_or_counted_overwrite)
{
	check_crowd((struct mailbox_ioc_port_create){ OVERWRITE });
}
