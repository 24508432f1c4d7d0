// SPDX-License-Identifier: GPL-2.0-only
/*
 * SYNC sends: the receipt, the withdrawal, and never both.
 */
#include "port.h"

#define SYNC MAILBOX_SEND_SYNC

/* In a process of its own, so that the receipt has a pid to tell. */
struct taker {
	int fd;
	int value;
	int tid;
};

static void take_in_thread(void *arg)
{
	struct taker *taker = arg;
	struct call call;

	CALL_RECEIVE(&call, taker->fd);
	taker->tid = call.tid;
	taker->value = call_value(&call);
}

TEST(receipt_tells_who_took_how_much)
{
	struct taker *taker = shared_alloc(sizeof(*taker));
	struct call call;
	pid_t pid;

	taker->fd = PORT(O_RDWR);
	CALL_SEND(&call, taker->fd, 7, .flags = SYNC);
	wait_for_waiters(taker->fd, 1, 0);
	pid = spawn(take_in_thread, taker);
	CHECK_EQ(0, call_join(&call));
	REAP(pid);
	CHECK_EQ(7, taker->value);
	CHECK_EQ(4, call.send.taken_bytes);
	CHECK_EQ(pid, call.send.taken_pid);
	CHECK_EQ(taker->tid, call.send.taken_tid);
	CHECK(taker->tid != pid);
}

TEST(receipt_of_a_receiver_that_slept)
{
	struct taker *taker = shared_alloc(sizeof(*taker));
	struct mailbox_ioc_send send = { .flags = SYNC, .len = 4 };
	int value = 7;
	pid_t pid;

	taker->fd = PORT(O_RDWR);
	pid = spawn(take_in_thread, taker);
	wait_for_waiters(taker->fd, 0, 1);
	send.data = user_pointer(&value);
	CHECK_EQ(0, command(taker->fd, MAILBOX_IOC_SEND, &send));
	REAP(pid);
	CHECK_EQ(7, taker->value);
	CHECK_EQ(4, send.taken_bytes);
	CHECK_EQ(pid, send.taken_pid);
	CHECK_EQ(taker->tid, send.taken_tid);
}

TEST(receipt_of_a_read)
{
	int fd = PORT(O_RDWR), value;
	struct call call;

	CALL_SEND(&call, fd, 7, .flags = SYNC);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(4, RESULT(read(fd, &value, sizeof(value))));
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(getpid(), call.send.taken_pid);
}

TEST(receipt_counts_what_was_cut)
{
	int fd = PORT(O_RDWR);
	struct call call;
	char bytes[3];

	CALL_SEND(&call, fd, 7, .flags = SYNC);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(0, RECEIVE(fd, .flags = MAILBOX_RECEIVE_TRUNC, .data = user_pointer(bytes),
			    .size = sizeof(bytes)));
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(3, call.send.taken_bytes);
}

TEST(receipt_on_a_rendezvous)
{
	int fd = PORT(O_RDWR, RENDEZVOUS);
	struct call call;

	CALL_SEND(&call, fd, 7, .flags = SYNC);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(7, take(fd));
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(getpid(), call.send.taken_pid);
}

TEST(sync_sleeps_though_there_is_room)
{
	int fd = PORT(O_RDWR, UNBOUNDED);
	struct call call;

	CALL_SEND(&call, fd, 7, .flags = SYNC);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(1, messages(fd));
	CHECK(!call.done);
	CHECK_EQ(7, take(fd));
	CHECK_EQ(0, call_join(&call));
}

TEST(sync_waits_for_room_first)
{
	int fd = PORT(O_RDWR, .capacity = 1);
	struct call call;

	CHECK_EQ(0, put(fd, 1));
	CALL_SEND(&call, fd, 2, .flags = SYNC);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(1, take(fd));
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(1, messages(fd));
	CHECK(!call.done);
	CHECK_EQ(2, take(fd));
	CHECK_EQ(0, call_join(&call));
}

TEST(sync_contradicts_nonblocking)
{
	int fd = PORT(O_RDWR), quiet = PORT(O_RDWR | O_NONBLOCK);

	CHECK_EQ(-EINVAL, SEND(fd, .flags = SYNC | MAILBOX_SEND_NONBLOCK));
	CHECK_EQ(-EINVAL, SEND(quiet, .flags = SYNC));
	CHECK_EQ(0, messages(fd) + messages(quiet));
}

TEST(peek_gives_no_receipt)
{
	int fd = PORT(O_RDWR);
	struct call call;

	CALL_SEND(&call, fd, 7, .flags = SYNC);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(7, take_as(fd, 0, 0, MAILBOX_RECEIVE_PEEK));
	wait_for_waiters(fd, 1, 0);
	CHECK(!call.done);
	CHECK_EQ(7, take(fd));
	CHECK_EQ(0, call_join(&call));
}

TEST(failed_receive_gives_no_receipt)
{
	int fd = PORT(O_RDWR);
	struct call call;
	char bytes[2];

	CALL_SEND(&call, fd, 7, .flags = SYNC);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(-EMSGSIZE, RECEIVE(fd, .data = user_pointer(bytes), .size = sizeof(bytes)));
	CHECK_EQ(-EFAULT, RECEIVE(fd, .data = 8, .size = 4));
	wait_for_waiters(fd, 1, 0);
	CHECK(!call.done);
	CHECK_EQ(7, take(fd));
	CHECK_EQ(0, call_join(&call));
}

TEST(deadline_withdraws)
{
	struct mailbox_ioc_send send = { .flags = SYNC }, before;
	int fd = PORT(O_RDWR, .capacity = 2);

	send.deadline_ns = deadline_in(CLOCK_MONOTONIC, NSEC_PER_MSEC);
	before = send;
	CHECK_EQ(-ETIMEDOUT, command(fd, MAILBOX_IOC_SEND, &send));
	CHECK(!memcmp(&before, &send, sizeof(send)));
	CHECK_EQ(0, messages(fd));
	CHECK_EQ(-EAGAIN, take(fd));
}

TEST(withdrawal_leaves_the_others)
{
	int fd = PORT(O_RDWR, .capacity = 4);
	struct call call;

	CHECK_EQ(0, put(fd, 1));
	CALL_SEND(&call, fd, 2, .flags = SYNC,
		  .deadline_ns = deadline_soon());
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(0, put(fd, 3));
	CHECK_EQ(-ETIMEDOUT, call_join(&call));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(3, take(fd));
	CHECK_EQ(-EAGAIN, take(fd));
}

TEST(withdrawal_makes_room)
{
	int fd = PORT(O_RDWR, .capacity = 1);
	struct call sync, send;

	CALL_SEND(&sync, fd, 1, .flags = SYNC,
		  .deadline_ns = deadline_soon());
	wait_for_waiters(fd, 1, 0);
	CALL_SEND(&send, fd, 2);
	CHECK_EQ(-ETIMEDOUT, call_join(&sync));
	CHECK_EQ(0, call_join(&send));
	CHECK_EQ(2, take(fd));
}

TEST(withdrawal_gives_the_quota_back)
{
	int fd = PORT(O_RDWR);
	unsigned long long before = info(fd).user_bytes;

	CHECK_EQ(-ETIMEDOUT, SEND(fd, .flags = SYNC, .deadline_ns = 1));
	CHECK_EQ(-ETIMEDOUT, SEND(fd, .flags = SYNC, .deadline_ns =
				  deadline_in(CLOCK_MONOTONIC, NSEC_PER_MSEC)));
	CHECK_EQ(before, info(fd).user_bytes);
}

static atomic_uint signals;

static void count_signal(int number)
{
	(void)number;
	atomic_fetch_add(&signals, 1);
}

static void handle_signals(int flags)
{
	struct sigaction action = { .sa_handler = count_signal, .sa_flags = flags };

	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
}

TEST(signal_withdraws)
{
	int fd = PORT(O_RDWR);
	struct call call;

	handle_signals(0);
	CALL_SEND(&call, fd, 1, .flags = SYNC);
	wait_for_waiters(fd, 1, 0);
	pthread_kill(call.thread, SIGUSR1);
	CHECK_EQ(-EINTR, call_join(&call));
	CHECK_EQ(0, messages(fd));
	CHECK_EQ(-EAGAIN, take(fd));
}

TEST(signal_with_restart_leaves_one_message)
{
	int fd = PORT(O_RDWR), i;
	struct call call;

	handle_signals(SA_RESTART);
	CALL_SEND(&call, fd, 1, .flags = SYNC);
	for (i = 1; i <= 20; i++) {
		wait_for_waiters(fd, 1, 0);
		pthread_kill(call.thread, SIGUSR1);
		WAIT_FOR(signals == (unsigned int)i);
	}
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(1, messages(fd));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(-EAGAIN, take(fd));
}

/*
 * Never both, counted: senders that may be interrupted or time out at any
 * moment, and receivers; each number's fate is written down by both sides.
 */
#define NUMBERS 4000

struct race {
	int fd;
	atomic_int next;
	atomic_bool stop;
	atomic_uint told[NUMBERS];	/* the sender has a receipt */
	atomic_uint taken[NUMBERS];	/* a receiver has it */
	atomic_uint kept, withdrawn;
	bool timed;
};

static struct race race;

static void *race_sender(void *arg)
{
	unsigned int state = (uintptr_t)arg;
	long long result;
	int value;

	while ((value = atomic_fetch_add(&race.next, 1)) < NUMBERS) {
		state = state * 1103515245 + 12345;
		result = SEND(race.fd, .flags = SYNC, .data = user_pointer(&value), .len = 4,
			      .deadline_ns = race.timed ?
			      deadline_in(CLOCK_MONOTONIC, (state >> 8) % 400000) : 0);
		if (!result) {
			race.told[value]++;
			race.kept++;
		} else {
			CHECK_EQ(race.timed ? -ETIMEDOUT : -EINTR, result);
			race.withdrawn++;
		}
	}
	return NULL;
}

static void *race_receiver(void *arg)
{
	unsigned int state = (uintptr_t)arg;
	long long result;
	int value;

	while (!race.stop) {
		state = state * 1103515245 + 12345;
		pause_ns((state >> 8) % 300000);
		result = RECEIVE(race.fd, .data = user_pointer(&value), .size = 4,
				 .deadline_ns = deadline_in(CLOCK_MONOTONIC, NSEC_PER_MSEC));
		if (!result)
			race.taken[value]++;
		else
			CHECK_EQ(-ETIMEDOUT, result);
	}
	return NULL;
}

static void check_race(int fd, bool timed)
{
	pthread_t senders[2], receivers[2];
	sigset_t blocked;
	int i;

	race.fd = fd;
	race.timed = timed;
	handle_signals(0);
	for (i = 0; i < 2; i++)
		pthread_create(&senders[i], NULL, race_sender, (void *)(i + 1L));
	/* Receivers are not disturbed. */
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &blocked, NULL);
	for (i = 0; i < 2; i++)
		pthread_create(&receivers[i], NULL, race_receiver, (void *)(i + 1L));
	while (!timed && race.next < NUMBERS) {
		pthread_kill(senders[random() % 2], SIGUSR1);
		pause_ns(random() % 200000);
	}
	/* A sender may sleep in the last message, with nobody left to signal. */
	for (i = 0; i < 2; i++)
		pthread_join(senders[i], NULL);
	race.stop = true;
	for (i = 0; i < 2; i++)
		pthread_join(receivers[i], NULL);
	for (i = 0; i < NUMBERS; i++) {
		if (race.told[i] != race.taken[i])
			FAIL("message %d: %u receipts, received %u times", i, race.told[i],
			     race.taken[i]);
		CHECK_RANGE(0, 1, race.taken[i]);
	}
	CHECK_EQ(0, messages(fd));
	note("%u received, %u withdrawn", race.kept, race.withdrawn);
	/* Otherwise nothing raced. */
	CHECK_RANGE(50, NUMBERS - 50, race.kept);
}

TEST_WITHIN(receipt_or_signal_and_never_both, 60)
{
	check_race(PORT(O_RDWR, .capacity = 2), false);
}

TEST_WITHIN(receipt_or_signal_and_never_both_on_a_rendezvous, 60)
{
	check_race(PORT(O_RDWR, RENDEZVOUS), false);
}

TEST_WITHIN(receipt_or_deadline_and_never_both, 60)
{
	check_race(PORT(O_RDWR, .capacity = 1), true);
}

TEST_WITHIN(receipt_or_deadline_and_never_both_on_a_rendezvous, 60)
{
	check_race(PORT(O_RDWR, RENDEZVOUS), true);
}
