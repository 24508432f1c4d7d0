// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several messages a call. What the array itself may look like is in
 * abi_entries.c.
 */
#include "many.h"

/* --- all of it ---------------------------------------------------------------------- */

TEST(sent_in_their_order)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR), i;

	CHECK_EQ(20, send_some(batch, fd, 20));
	CHECK_EQ(0, batch->send.error);
	for (i = 0; i < 20; i++)
		CHECK_EQ(i + 1, batch->out[i].seq);
	CHECK_LEFT(fd, 0, 19);
}

TEST(received_in_their_order_with_their_stamps)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR), i;

	for (i = 0; i < 20; i++)
		CHECK_EQ(0, put_as(fd, 100 + i, 7 * i, 0));
	CHECK_EQ(20, receive_some(batch, fd, MANY));
	CHECK_EQ(0, batch->receive.error);
	for (i = 0; i < 20; i++) {
		CHECK_EQ(100 + i, batch->values[i]);
		CHECK_EQ(sizeof(int), batch->in[i].len);
		CHECK_EQ(7 * i, batch->in[i].type);
		CHECK_EQ(i + 1, batch->in[i].seq);
		CHECK_EQ(getpid(), batch->in[i].pid);
		CHECK_EQ(getuid(), batch->in[i].uid);
		CHECK(batch->in[i].time_ns);
		CHECK_EQ(0, batch->in[i].token);
	}
	CHECK_EQ(-1, batch->values[20]);
	CHECK_EQ(-EAGAIN, receive_some(batch, fd, MANY));
}

TEST(entries_have_type_and_priority_of_their_own)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR);

	batch->out[1].priority = 9;
	batch->out[2].type = 5;
	batch->out[3].len = 0;
	CHECK_EQ(4, send_some(batch, fd, 4));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(2, take_as(fd, MAILBOX_SELECT_TYPE, 5, 0));
	CHECK_EQ(0, take(fd));
	CHECK_EQ(1, messages(fd));
}

TEST(selection_is_for_all)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR), i;

	for (i = 0; i < 10; i++)
		CHECK_EQ(0, put_as(fd, i, i % 2, 0));
	receiving(batch, MANY, MAILBOX_RECEIVE_NONBLOCK);
	batch->receive.select = MAILBOX_SELECT_TYPE;
	batch->receive.match = 1;
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE_BATCH, &batch->receive));
	CHECK_EQ(5, batch->receive.done);
	for (i = 0; i < 5; i++)
		CHECK_EQ(2 * i + 1, batch->values[i]);
	CHECK_EQ(5, messages(fd));
}

TEST(largest_batch)
{
	struct mailbox_send_entry *out = calloc(MAILBOX_BATCH_MAX, sizeof(*out));
	struct mailbox_receive_entry *in = calloc(MAILBOX_BATCH_MAX, sizeof(*in));
	struct mailbox_ioc_send_batch send = {
		.count = MAILBOX_BATCH_MAX, .entries = user_pointer(out),
		.entry_size = sizeof(*out), .flags = MAILBOX_SEND_NONBLOCK,
	};
	struct mailbox_ioc_receive_batch receive = {
		.count = MAILBOX_BATCH_MAX, .entries = user_pointer(in),
		.entry_size = sizeof(*in),
	};
	int fd = PORT(O_RDWR, UNBOUNDED);

	CHECK(out && in);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_SEND_BATCH, &send));
	CHECK_EQ(MAILBOX_BATCH_MAX, send.done);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE_BATCH, &receive));
	CHECK_EQ(MAILBOX_BATCH_MAX, receive.done);
	CHECK_EQ(MAILBOX_BATCH_MAX, in[MAILBOX_BATCH_MAX - 1].seq);
	send.count++;
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_SEND_BATCH, &send));
	receive.count++;
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_RECEIVE_BATCH, &receive));
	send.count = 0;
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_SEND_BATCH, &send));
}

/* --- a part of it ------------------------------------------------------------------- */

static void check_bad_entry(unsigned int bad, long long expected)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR);

	switch (expected) {
	case EFAULT:
		batch->out[bad].data = 8;
		break;
	case EMSGSIZE:
		batch->out[bad].len = MAILBOX_MESSAGE_BYTES_MAX + 1ULL;
		break;
	default:
		batch->out[bad].priority = MAILBOX_PRIORITY_MAX + 1;
	}
	if (!bad) {
		CHECK_EQ(-expected, send_some(batch, fd, 5));
	} else {
		CHECK_EQ(bad, send_some(batch, fd, 5));
		CHECK_EQ(expected, batch->send.error);
		CHECK_EQ(0, batch->out[bad].seq);
	}
	CHECK_LEFT(fd, 0, (int)bad - 1);
}

TEST(bad_pointer_belongs_to_the_next)
{
	check_bad_entry(3, EFAULT);
	check_bad_entry(0, EFAULT);
}

TEST(bad_length_belongs_to_the_next)
{
	check_bad_entry(3, EMSGSIZE);
	check_bad_entry(0, EMSGSIZE);
}

TEST(bad_priority_belongs_to_the_next)
{
	check_bad_entry(3, EINVAL);
	check_bad_entry(0, EINVAL);
}

TEST(port_takes_shorter_ones_only)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR, .message_bytes_max = 2);

	batch->out[0].len = 2;
	batch->out[1].len = 2;
	CHECK_EQ(2, send_some(batch, fd, 4));
	CHECK_EQ(EMSGSIZE, batch->send.error);
}

TEST(port_is_full_in_the_middle)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR, .capacity = 3);

	CHECK_EQ(3, send_some(batch, fd, 10));
	CHECK_EQ(EAGAIN, batch->send.error);
	CHECK_EQ(-EAGAIN, send_some(batch, fd, 10));
	CHECK_LEFT(fd, 0, 2);
}

TEST(send_sleeps_as_often_as_the_port_is_full)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR, .capacity = 2), i;
	struct call call;

	call_start(&call, fd, MAILBOX_IOC_SEND_BATCH, sending(batch, 10, 0), 0);
	for (i = 0; i < 10; i++) {
		WAIT_FOR(messages(fd));
		CHECK_EQ(i, take(fd));
	}
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(10, batch->send.done);
	CHECK_EQ(0, batch->send.error);
}

TEST(deadline_in_the_middle)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR, .capacity = 3);

	sending(batch, 10, 0)->deadline_ns = deadline_in(CLOCK_MONOTONIC, 50 * NSEC_PER_MSEC);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_SEND_BATCH, &batch->send));
	CHECK_EQ(3, batch->send.done);
	CHECK_EQ(ETIMEDOUT, batch->send.error);
	CHECK_EQ(-ETIMEDOUT, command(fd, MAILBOX_IOC_SEND_BATCH, &batch->send));
	CHECK_LEFT(fd, 0, 2);
}

TEST(signal_in_the_middle)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR, .capacity = 3);
	struct call call;

	handle_signal(SIGUSR1, SA_RESTART);
	call_start(&call, fd, MAILBOX_IOC_SEND_BATCH, sending(batch, 10, 0), 0);
	wait_for_waiters(fd, 1, 0);
	pthread_kill(call.thread, SIGUSR1);
	/* Not from the start again: three were sent. */
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(3, batch->send.done);
	CHECK_EQ(EINTR, batch->send.error);
	CHECK_LEFT(fd, 0, 2);
}

TEST(port_is_destroyed_in_the_middle)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR, .capacity = 3);
	struct call call;

	call_start(&call, fd, MAILBOX_IOC_SEND_BATCH, sending(batch, 10, 0), 0);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(3, batch->send.done);
	CHECK_EQ(EIDRM, batch->send.error);
}

TEST(buffer_that_is_too_short)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR), i;

	for (i = 0; i < 5; i++)
		CHECK_EQ(0, put(fd, i));
	batch->in[3].size = 2;
	CHECK_EQ(3, receive_some(batch, fd, 5));
	CHECK_EQ(EMSGSIZE, batch->receive.error);
	CHECK_EQ(sizeof(int), batch->in[3].len);
	CHECK_LEFT(fd, 3, 4);
}

TEST(first_buffer_is_too_short)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR);

	CHECK_EQ(0, put(fd, 1));
	batch->in[0].size = 2;
	CHECK_EQ(-EMSGSIZE, receive_some(batch, fd, 5));
	CHECK_EQ(sizeof(int), batch->in[0].len);
	CHECK_LEFT(fd, 1, 1);
}

TEST(buffer_that_is_not_there)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR), i;

	for (i = 0; i < 5; i++)
		CHECK_EQ(0, put(fd, i));
	batch->in[2].data = 8;
	CHECK_EQ(2, receive_some(batch, fd, 5));
	CHECK_EQ(EFAULT, batch->receive.error);
	/* The others are all there still, in their order. */
	CHECK_LEFT(fd, 2, 4);
}

TEST(cut_to_the_buffers)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR), i;

	for (i = 0; i < 3; i++)
		CHECK_EQ(0, put(fd, i));
	batch->in[1].size = 1;
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE_BATCH,
			    receiving(batch, 3, MAILBOX_RECEIVE_TRUNC)));
	CHECK_EQ(3, batch->receive.done);
	CHECK_EQ(sizeof(int), batch->in[1].len);
}

/* --- sleeping for the first --------------------------------------------------------- */

TEST(receive_waits_for_the_first_only)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR);
	struct call call;

	call_start(&call, fd, MAILBOX_IOC_RECEIVE_BATCH, receiving(batch, 5, 0), 0);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, put(fd, 7));
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(1, batch->receive.done);
	CHECK_EQ(0, batch->receive.error);
	CHECK_EQ(7, batch->values[0]);
}

TEST(receive_gives_up)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR);
	struct call call;

	receiving(batch, 5, 0)->deadline_ns = deadline_in(CLOCK_MONOTONIC, 30 * NSEC_PER_MSEC);
	CHECK_EQ(-ETIMEDOUT, command(fd, MAILBOX_IOC_RECEIVE_BATCH, &batch->receive));
	handle_signal(SIGUSR1, 0);
	call_start(&call, fd, MAILBOX_IOC_RECEIVE_BATCH, receiving(batch, 5, 0), 0);
	wait_for_waiters(fd, 0, 1);
	pthread_kill(call.thread, SIGUSR1);
	CHECK_EQ(-EINTR, call_join(&call));
}

TEST(messages_of_sleeping_senders_are_received_too)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR, .capacity = 1), got = 0, i;
	struct call calls[3];

	CHECK_EQ(0, put(fd, 0));
	for (i = 0; i < 3; i++) {
		CALL_SEND(&calls[i], fd, i + 1, .flags = i == 1 ? MAILBOX_SEND_SYNC : 0);
		wait_for_waiters(fd, i + 1, 0);
	}
	/* One call may end before one whose sender waits. */
	while (got < 4) {
		long long some = receive_some(batch, fd, MANY);

		CHECK(some > 0);
		for (i = 0; i < some; i++)
			CHECK_EQ(got + i, batch->values[i]);
		got += some;
	}
	for (i = 0; i < 3; i++)
		CHECK_EQ(0, call_join(&calls[i]));
}

TEST(room_lets_many_senders_in)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR, .capacity = 20), i;
	struct call calls[20];

	CHECK_EQ(20, send_some(batch, fd, 20));
	for (i = 0; i < 20; i++) {
		CALL_SEND(&calls[i], fd, 100 + i);
		wait_for_waiters(fd, i + 1, 0);
	}
	CHECK_EQ(20, receive_some(batch, fd, 20));
	for (i = 0; i < 20; i++)
		CHECK_EQ(0, call_join(&calls[i]));
	CHECK_LEFT(fd, 100, 119);
}

/* --- with other policies ------------------------------------------------------------ */

TEST(leases_of_a_batch)
{
	struct batch *batch = batch_new();
	struct mailbox_ioc_settle settle = {};
	int fd = PORT(O_RDWR), i;

	CHECK_EQ(6, send_some(batch, fd, 6));
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE_BATCH,
			    receiving(batch, 6, MAILBOX_RECEIVE_LEASE)));
	CHECK_EQ(6, batch->receive.done);
	CHECK_EQ(6, port_stat(fd).leased);
	for (i = 0; i < 6; i++) {
		CHECK_EQ(1, batch->in[i].deliveries);
		settle.token = batch->in[i].token;
		CHECK_EQ(0, command(fd, i % 2 ? MAILBOX_IOC_ACK : MAILBOX_IOC_NACK, &settle));
	}
	CHECK_EQ(0, take(fd));
	CHECK_EQ(2, take(fd));
	CHECK_EQ(4, take(fd));
	CHECK_EQ(-EAGAIN, take(fd));
}

TEST(batch_to_all)
{
	struct batch *batch = batch_new();
	int out = PORT(O_WRONLY, .flags = MAILBOX_CREATE_BROADCAST), in[3], i, j;

	for (i = 0; i < 3; i++)
		in[i] = open_fd(O_RDONLY, out);
	CHECK_EQ(10, send_some(batch, out, 10));
	for (i = 0; i < 3; i++) {
		CHECK_EQ(10, receive_some(batch, in[i], MANY));
		for (j = 0; j < 10; j++)
			CHECK_EQ(j, batch->values[j]);
	}
}

TEST(dropped_ones_have_no_number)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR, .capacity = 3, .on_full = MAILBOX_FULL_DROP_NEWEST), i;

	CHECK_EQ(5, send_some(batch, fd, 5));
	for (i = 0; i < 5; i++)
		CHECK_EQ(i < 3, !!batch->out[i].seq);
	CHECK_LEFT(fd, 0, 2);
}

TEST(quota_in_the_middle)
{
	struct batch *batch = batch_new();
	pid_t pid;

	NEED_ROOT();
	parameter_set("user_bytes_max", 3 * (sizeof(int) + MAILBOX_MESSAGE_OVERHEAD));
	pid = fork_child();
	CHECK_OK(pid);
	if (!pid) {
		int fd;

		become(USER_A);
		fd = PORT(O_RDWR);
		CHECK_EQ(3, send_some(batch, fd, 10));
		CHECK_EQ(EDQUOT, batch->send.error);
		CHECK_LEFT(fd, 0, 2);
		CHECK_EQ(0, info(fd).user_bytes);
		_exit(EXIT_PASS);
	}
	REAP(pid);
}

/* --- waking ------------------------------------------------------------------------- */

TEST(eight_messages_wake_eight_readers)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR), sum = 0, i;
	struct call calls[8];

	for (i = 0; i < 8; i++)
		CALL_RECEIVE(&calls[i], fd);
	wait_for_waiters(fd, 0, 8);
	CHECK_EQ(8, send_some(batch, fd, 8));
	for (i = 0; i < 8; i++)
		sum += call_value(&calls[i]);
	CHECK_EQ(28, sum);
}

TEST(eight_messages_wake_eight_in_read)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR), got[8], sum = 0, i;
	struct call calls[8];

	for (i = 0; i < 8; i++)
		call_start(&calls[i], fd, CALL_READ, &got[i], sizeof(got[i]));
	wait_for_waiters(fd, 0, 8);
	CHECK_EQ(8, send_some(batch, fd, 8));
	for (i = 0; i < 8; i++) {
		CHECK_EQ(sizeof(int), call_join(&calls[i]));
		sum += got[i];
	}
	CHECK_EQ(28, sum);
}

TEST(as_many_are_woken_as_there_are_messages)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR), i;
	struct call calls[8];

	for (i = 0; i < 8; i++) {
		CALL_RECEIVE(&calls[i], fd);
		wait_for_waiters(fd, 0, i + 1);
	}
	CHECK_EQ(5, send_some(batch, fd, 5));
	/* In the order of their arrival. */
	for (i = 0; i < 5; i++)
		CHECK_EQ(i, call_value(&calls[i]));
	CHECK(waiters_are(fd, 0, 3));
	CHECK_EQ(3, send_some(batch, fd, 3));
	for (i = 0; i < 3; i++)
		CHECK_EQ(i, call_value(&calls[5 + i]));
}

TEST(two_batches_share_what_comes)
{
	struct batch *batch = batch_new(), *got[2] = { batch_new(), batch_new() };
	int fd = PORT(O_RDWR), i, left;
	struct call calls[2];

	for (i = 0; i < 2; i++) {
		call_start(&calls[i], fd, MAILBOX_IOC_RECEIVE_BATCH,
			   receiving(got[i], MANY, 0), 0);
		wait_for_waiters(fd, 0, i + 1);
	}
	CHECK_EQ(8, send_some(batch, fd, 8));
	for (i = 0; i < 2; i++) {
		CHECK_EQ(0, call_join(&calls[i]));
		CHECK_EQ(i, got[i]->values[0]);
	}
	/* Each may have looked for more before there was more. */
	left = 8 - got[0]->receive.done - got[1]->receive.done;
	CHECK_EQ(left, messages(fd));
	for (i = 8 - left; i < 8; i++)
		CHECK_EQ(i, take(fd));
	CHECK_EQ(-EAGAIN, take(fd));
}

struct worker {
	int fd, epoll;			/* epoll is -1: it uses poll() */
	pthread_t thread;
	atomic_int tid;
};

/* Until it has one message. */
static void *wait_and_take(void *arg)
{
	struct worker *worker = arg;

	worker->tid = syscall(SYS_gettid);
	while (take(worker->fd) == -EAGAIN) {
		struct pollfd poll_fd = { .fd = worker->fd, .events = POLLIN };

		if (worker->epoll < 0)
			CHECK_EQ(1, RESULT(poll(&poll_fd, 1, -1)));
		else
			epolled(worker->epoll, -1);
	}
	return NULL;
}

/* @events: of an epoll set; 0 = poll(). @shared: all use the same set. */
static void check_workers(unsigned int events, bool shared)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR), epoll = -1, i;
	struct worker workers[8];

	for (i = 0; i < 8; i++) {
		if (events && (!i || !shared))
			epoll = epoll_of(fd, events);
		workers[i] = (struct worker){ .fd = fd, .epoll = epoll };
		CHECK_EQ(0, pthread_create(&workers[i].thread, NULL, wait_and_take, &workers[i]));
		WAIT_FOR(thread_is_asleep(workers[i].tid));
	}
	CHECK_EQ(8, send_some(batch, fd, 8));
	for (i = 0; i < 8; i++)
		CHECK_EQ(0, pthread_join(workers[i].thread, NULL));
}

TEST(eight_messages_wake_eight_in_poll)
{
	check_workers(0, false);
}

TEST(eight_messages_wake_eight_in_epoll)
{
	check_workers(EPOLLIN, false);
}

TEST(eight_messages_wake_eight_of_one_set)
{
	check_workers(EPOLLIN, true);
}

TEST(eight_messages_wake_eight_at_the_edge)
{
	check_workers(EPOLLIN | EPOLLET, false);
}

TEST(eight_messages_wake_eight_exclusive_pollers)
{
	check_workers(EPOLLIN | EPOLLEXCLUSIVE, false);
}

TEST(room_of_a_batch_wakes_pollers)
{
	static const enum poller_kind kinds[] = { BY_POLL, BY_EPOLL, BY_EPOLL_EDGE };
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR, .capacity = 8), i;
	struct poller pollers[3];

	CHECK_EQ(8, send_some(batch, fd, 8));
	for (i = 0; i < 3; i++)
		poller_start(&pollers[i], fd, kinds[i], POLLOUT);
	check_batch(batch, fd, 0, 7);
	for (i = 0; i < 3; i++)
		CHECK_EQ(POLLOUT, poller_end(&pollers[i]));
}

/* --- many at once ------------------------------------------------------------------- */

#define SENDERS		3
#define RECEIVERS	2
#define COUNT		4000

struct crowd {
	int fd;
	atomic_int next, received;
	atomic_uchar seen[SENDERS * COUNT];
};

static void *send_batches(void *arg)
{
	struct crowd *crowd = arg;
	int self = crowd->next++, sent = 0, i;
	unsigned int seed = self;

	while (sent < COUNT) {
		struct batch *batch = batch_new();
		int count = 1 + rand_r(&seed) % 20;

		if (count > COUNT - sent)
			count = COUNT - sent;
		for (i = 0; i < count; i++)
			batch->values[i] = self * COUNT + sent + i;
		CHECK_EQ(0, command(crowd->fd, MAILBOX_IOC_SEND_BATCH, sending(batch, count, 0)));
		CHECK_EQ(count, batch->send.done);
		sent += count;
		munmap(batch, sizeof(*batch));
	}
	return NULL;
}

static void *receive_batches(void *arg)
{
	struct crowd *crowd = arg;
	struct batch *batch = batch_new();
	unsigned int i;

	for (;;) {
		CHECK_EQ(0, command(crowd->fd, MAILBOX_IOC_RECEIVE_BATCH, receiving(batch, 30, 0)));
		for (i = 0; i < batch->receive.done; i++) {
			if (batch->values[i] < 0)
				return NULL;
			CHECK_EQ(0, atomic_fetch_add(&crowd->seen[batch->values[i]], 1));
			crowd->received++;
		}
	}
}

TEST(each_message_once)
{
	struct crowd *crowd = shared_alloc(sizeof(*crowd));
	pthread_t senders[SENDERS], receivers[RECEIVERS];
	int i;

	crowd->fd = PORT(O_RDWR, .capacity = 7);
	for (i = 0; i < RECEIVERS; i++)
		CHECK_EQ(0, pthread_create(&receivers[i], NULL, receive_batches, crowd));
	for (i = 0; i < SENDERS; i++)
		CHECK_EQ(0, pthread_create(&senders[i], NULL, send_batches, crowd));
	for (i = 0; i < SENDERS; i++)
		CHECK_EQ(0, pthread_join(senders[i], NULL));
	WAIT_FOR(crowd->received == SENDERS * COUNT);
	for (i = 0; i < RECEIVERS; i++) {
		/* Whoever gets it may have got others with it, which are his. */
		CHECK_EQ(0, put(crowd->fd, -1));
		WAIT_FOR(!messages(crowd->fd));
	}
	for (i = 0; i < RECEIVERS; i++)
		CHECK_EQ(0, pthread_join(receivers[i], NULL));
	for (i = 0; i < SENDERS * COUNT; i++)
		CHECK_EQ(1, crowd->seen[i]);
}
