// SPDX-License-Identifier: GPL-2.0-only
/*
 * Broadcast: senders that sleep until all have room, a policy that changes
 * meanwhile, and receivers that come and go, with what they had not received.
 */
#include "allow.h"
#include "many.h"

/* --- senders that sleep -------------------------------------------------------------- */

/* A receiver whose queue is full, one whose queue is empty, and the sender. */
struct trio {
	int out, slow, fast;
};

static struct trio trio_new(struct mailbox_ioc_port_create create)
{
	struct trio trio = { .out = broadcast_new(O_WRONLY, create) };

	trio.slow = open_fd(O_RDONLY, trio.out);
	trio.fast = open_fd(O_RDONLY, trio.out);
	CHECK_EQ(0, put_as(trio.out, 1, 7, 0));
	CHECK_EQ(1, take(trio.fast));
	return trio;
}

#define TRIO(...) trio_new((struct mailbox_ioc_port_create){ .capacity = 1, __VA_ARGS__ })

TEST(full_receiver_that_sleeps_for_it_has_room)
{
	struct trio trio = TRIO();
	struct call call;

	CALL_RECEIVE(&call, trio.slow, .select = MAILBOX_SELECT_TYPE, .match = 9);
	wait_for_waiters(trio.out, 0, 1);
	CHECK_EQ(-EAGAIN, put_as(trio.out, 2, 8, 0));
	CHECK_EQ(0, put_as(trio.out, 3, 9, 0));
	CHECK_EQ(3, call_value(&call));
	CHECK_LEFT(trio.slow, 1, 1);
	CHECK_LEFT(trio.fast, 3, 3);
}

TEST(receiver_that_goes_to_sleep_lets_the_sender_in)
{
	struct trio trio = TRIO();
	struct call send, receive;

	CALL_SEND(&send, trio.out, 3, .type = 9);
	wait_for_waiters(trio.out, 1, 0);
	CALL_RECEIVE(&receive, trio.slow, .select = MAILBOX_SELECT_TYPE, .match = 9);
	CHECK_EQ(3, call_value(&receive));
	CHECK_EQ(0, call_join(&send));
	CHECK_LEFT(trio.slow, 1, 1);
	CHECK_LEFT(trio.fast, 3, 3);
}

TEST(peek_of_a_full_receiver_lets_nobody_in)
{
	struct trio trio = TRIO();
	struct call send, peek;

	CALL_SEND(&send, trio.out, 3, .type = 9);
	wait_for_waiters(trio.out, 1, 0);
	CALL_RECEIVE(&peek, trio.slow, .flags = MAILBOX_RECEIVE_PEEK,
		     .select = MAILBOX_SELECT_TYPE, .match = 9);
	wait_for_waiters(trio.out, 1, 1);
	CHECK_EQ(-EAGAIN, take(trio.fast));
	CHECK_EQ(1, take(trio.slow));
	CHECK_EQ(0, call_join(&send));
	CHECK_EQ(3, call_value(&peek));
	CHECK_LEFT(trio.slow, 3, 3);
}

TEST(refused_send_reaches_nobody)
{
	struct trio trio = TRIO();
	unsigned long long before = user_bytes(trio.out);
	struct call call;

	CHECK_EQ(-EAGAIN, put(trio.out, 2));
	CHECK_EQ(-ETIMEDOUT, SEND(trio.out, .deadline_ns =
				  deadline_in(CLOCK_MONOTONIC, NSEC_PER_MSEC)));
	handle_signal(SIGUSR1, 0);
	CALL_SEND(&call, trio.out, 2);
	wait_for_waiters(trio.out, 1, 0);
	pthread_kill(call.thread, SIGUSR1);
	CHECK_EQ(-EINTR, call_join(&call));
	CHECK_EQ(1, port_stat(trio.out).sent);
	CHECK_EQ(before, user_bytes(trio.out));
	CHECK_EQ(-EAGAIN, take(trio.fast));
	CHECK_LEFT(trio.slow, 1, 1);
}

/* Whoever sleeps behind one that gives up goes in if all have room for it. */
TEST(sender_behind_one_that_gives_up)
{
	struct trio trio = TRIO();
	struct call first, second, receive;

	CALL_SEND(&first, trio.out, 2, .type = 8, .deadline_ns = deadline_soon());
	wait_for_waiters(trio.out, 1, 0);
	CALL_SEND(&second, trio.out, 3, .type = 9);
	CALL_RECEIVE(&receive, trio.slow, .select = MAILBOX_SELECT_TYPE, .match = 9);
	CHECK_EQ(-ETIMEDOUT, call_join(&first));
	CHECK_EQ(0, call_join(&second));
	CHECK_EQ(3, call_value(&receive));
	CHECK_LEFT(trio.fast, 3, 3);
}

TEST(nobody_overtakes_who_sleeps)
{
	struct trio trio = TRIO();
	struct call calls[3];
	int i;

	for (i = 0; i < 3; i++) {
		CALL_SEND(&calls[i], trio.out, 2 + i, .priority = i);
		wait_for_waiters(trio.out, i + 1, 0);
	}
	for (i = 0; i < 3; i++) {
		CHECK_EQ(-EAGAIN, put(trio.out, 9));
		CHECK_EQ(1 + i, take(trio.slow));
		CHECK_EQ(0, call_join(&calls[i]));
		CHECK_LEFT(trio.fast, 2 + i, 2 + i);
	}
	CHECK_LEFT(trio.slow, 4, 4);
}

TEST(last_of_several_that_are_full_lets_in)
{
	int out = BROADCAST(O_WRONLY, .capacity = 1), in[5], i;
	struct call call;

	for (i = 0; i < 5; i++)
		in[i] = open_fd(O_RDONLY, out);
	CHECK_EQ(0, put(out, 1));
	CALL_SEND(&call, out, 2);
	for (i = 0; i < 5; i++) {
		wait_for_waiters(out, 1, 0);
		CHECK_EQ(1, take(in[i]));
		if (i < 4)
			CHECK_EQ(-EAGAIN, take(in[i]));
	}
	CHECK_EQ(0, call_join(&call));
	for (i = 0; i < 5; i++)
		CHECK_LEFT(in[i], 2, 2);
}

TEST(poll_says_what_a_send_would_do)
{
	static const enum poller_kind kinds[] = { BY_POLL, BY_EPOLL, BY_EPOLL_EDGE };
	struct trio trio = TRIO();
	struct poller pollers[3];
	int i;

	CHECK_EQ(0, polled(trio.out));
	CHECK_EQ(IN, polled(trio.slow));
	CHECK_EQ(0, polled(trio.fast));
	for (i = 0; i < 3; i++)
		poller_start(&pollers[i], trio.out, kinds[i], POLLOUT);
	CHECK_EQ(1, take(trio.slow));
	for (i = 0; i < 3; i++)
		CHECK_EQ(POLLOUT, poller_end(&pollers[i]));
	CHECK_EQ(OUT, polled(trio.out));
	CHECK_EQ(0, put(trio.out, 2));
	CHECK_EQ(0, polled(trio.out));
}

TEST(bytes_of_each_receiver_count)
{
	struct trio trio = trio_new((struct mailbox_ioc_port_create){
		UNBOUNDED,
		.capacity_bytes = 8,
	});

	CHECK_EQ(0, put(trio.out, 2));
	CHECK_EQ(-EAGAIN, put(trio.out, 3));
	CHECK_EQ(1, take(trio.slow));
	CHECK_EQ(0, put(trio.out, 3));
	CHECK_LEFT(trio.slow, 2, 3);
	CHECK_LEFT(trio.fast, 2, 3);
}

TEST(hang_up_for_both_sides)
{
	struct trio trio = TRIO(.flags = MAILBOX_CREATE_HANGUP);
	struct call call;

	CALL_SEND(&call, trio.out, 2);
	wait_for_waiters(trio.out, 1, 0);
	close(trio.fast);
	wait_for_waiters(trio.out, 1, 0);
	close(trio.slow);
	CHECK_EQ(-EPIPE, call_join(&call));
	trio.slow = open_fd(O_RDONLY, trio.out);
	trio.fast = open_fd(O_RDONLY, trio.out);
	CHECK_EQ(0, put(trio.out, 3));
	close(trio.out);
	CHECK_EQ(3, take(trio.slow));
	CHECK_EQ(-EPIPE, take(trio.slow));
	CHECK_EQ(3, take(trio.fast));
	CHECK_EQ(-EPIPE, take(trio.fast));
}

/* --- a policy that changes ------------------------------------------------------------ */

static void check_set(__u32 on_full, int slow_first, int slow_last)
{
	struct trio trio = TRIO();
	struct call calls[2];
	int i;

	for (i = 0; i < 2; i++) {
		CALL_SEND(&calls[i], trio.out, 2 + i);
		wait_for_waiters(trio.out, i + 1, 0);
	}
	CHECK_EQ(0, SET(trio.out, .flags = MAILBOX_SET_ON_FULL | MAILBOX_SET_CAPACITY,
			.capacity = on_full == MAILBOX_FULL_OVERWRITE ? 1 : 2,
			.on_full = on_full));
	for (i = 0; i < 2; i++)
		CHECK_EQ(0, call_join(&calls[i]));
	CHECK_LEFT(trio.slow, slow_first, slow_last);
	if (on_full == MAILBOX_FULL_OVERWRITE)
		CHECK_LEFT(trio.fast, 3, 3);
	else
		CHECK_LEFT(trio.fast, 2, 3);
}

TEST(sleeping_senders_when_each_drops_its_oldest)
{
	check_set(MAILBOX_FULL_DROP_OLDEST, 2, 3);
}

TEST(sleeping_senders_when_each_drops_the_newest)
{
	check_set(MAILBOX_FULL_DROP_NEWEST, 1, 2);
}

TEST(sleeping_senders_when_each_has_the_latest)
{
	check_set(MAILBOX_FULL_OVERWRITE, 3, 3);
}

TEST(all_drop_it)
{
	struct mailbox_ioc_send send = {};
	struct trio trio = TRIO(NEWEST);

	CHECK_EQ(0, put(trio.out, 2));
	CHECK_EQ(1, dropped(trio.out));
	CHECK_EQ(0, command(trio.out, MAILBOX_IOC_SEND, &send));
	CHECK_EQ(3, send.seq);
	CHECK_EQ(3, dropped(trio.out));
	CHECK_LEFT(trio.slow, 1, 1);
	CHECK_LEFT(trio.fast, 2, 2);
}

TEST(more_room_lets_sleeping_senders_in)
{
	struct trio trio = TRIO();
	struct call call;

	CALL_SEND(&call, trio.out, 2);
	wait_for_waiters(trio.out, 1, 0);
	CHECK_EQ(0, set_capacity(trio.out, 2));
	CHECK_EQ(0, call_join(&call));
	CHECK_LEFT(trio.slow, 1, 2);
	CHECK_LEFT(trio.fast, 2, 2);
}

TEST(less_room_drops_nothing)
{
	int out = BROADCAST(O_WRONLY, .capacity = 4), in = open_fd(O_RDONLY, out);

	put_range(out, 1, 4);
	CHECK_EQ(0, set_capacity(out, 1));
	CHECK_EQ(4, messages(out));
	CHECK_EQ(-EAGAIN, put(out, 5));
	CHECK_LEFT(in, 1, 4);
	CHECK_EQ(0, put(out, 5));
	CHECK_EQ(-EAGAIN, put(out, 6));
}

TEST(broadcast_cannot_become_a_rendezvous)
{
	int out = BROADCAST(O_WRONLY, .capacity = 4);

	CHECK_EQ(-EINVAL, SET(out, .flags = MAILBOX_SET_CAPACITY, RENDEZVOUS));
	CHECK_EQ(MAILBOX_BUFFERING_BOUNDED, port_stat(out).buffering);
	CHECK_EQ(MAILBOX_CREATE_BROADCAST, port_stat(out).port_flags);
}

/* --- receivers that come and go ------------------------------------------------------- */

/* The message of a sender that sleeps was sent before. */
TEST(who_comes_while_a_sender_sleeps)
{
	struct trio trio = TRIO();
	struct call call;
	int late;

	CALL_SEND(&call, trio.out, 2);
	wait_for_waiters(trio.out, 1, 0);
	late = open_fd(O_RDONLY, trio.out);
	CHECK_EQ(1, take(trio.slow));
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(-EAGAIN, take(late));
	CHECK_LEFT(trio.slow, 2, 2);
	CHECK_LEFT(trio.fast, 2, 2);
	CHECK_EQ(0, put(trio.out, 3));
	CHECK_LEFT(late, 3, 3);
}

TEST(all_leave_while_a_sender_sleeps)
{
	struct trio trio = TRIO();
	unsigned long long before;
	struct call call;

	before = user_bytes(trio.out) - sizeof(int) - 2 * MAILBOX_MESSAGE_OVERHEAD;
	CALL_SEND(&call, trio.out, 2);
	wait_for_waiters(trio.out, 1, 0);
	close(trio.fast);
	CHECK(waiters_are(trio.out, 1, 0));
	close(trio.slow);
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(0, messages(trio.out));
	CHECK_EQ(before, user_bytes(trio.out));
}

TEST(what_was_not_received_goes_with_the_receiver)
{
	int out = BROADCAST(O_WRONLY), first = open_fd(O_RDONLY, out);
	unsigned long long before = user_bytes(out);
	int second = open_fd(O_RDONLY, out);

	put_range(out, 1, 10);
	lease_first(first);
	close(first);
	CHECK_EQ(10, messages(out));
	CHECK_EQ(0, port_stat(out).leased);
	CHECK_EQ(before + 10 * (sizeof(int) + 2 * MAILBOX_MESSAGE_OVERHEAD), user_bytes(out));
	CHECK_EQ(1, take(second));
	close(second);
	CHECK_EQ(0, messages(out));
	CHECK_EQ(before, user_bytes(out));
	CHECK_EQ(0, dropped(out));
}

static void take_two(void *arg)
{
	const int *fd = arg;

	CHECK_EQ(1, take(*fd));
	CHECK_EQ(2, take(*fd));
}

TEST(process_that_shares_the_handle_shares_its_messages)
{
	int out = BROADCAST(O_WRONLY), in = open_fd(O_RDONLY, out);

	put_range(out, 1, 4);
	CHECK_EQ(4, messages(out));
	REAP(spawn(take_two, &in));
	/* It has exited, and the handle is open still. */
	CHECK_EQ(0, put(out, 5));
	CHECK_LEFT(in, 3, 5);
}

TEST(handles_that_do_not_receive_get_nothing)
{
	int out = BROADCAST(O_WRONLY), in = open_fd(O_RDONLY, out);

	open_fd(O_WRONLY, out);
	open_fd(3, out);
	CHECK_EQ(0, put(out, 1));
	CHECK_EQ(1, messages(out));
	CHECK_EQ(1, port_stat(out).receivers);
	CHECK_EQ(2, port_stat(out).senders);
	CHECK_LEFT(in, 1, 1);
}

static void enter_and_stay(void *arg)
{
	struct guest *guest = arg;

	guest_enter(guest);
	guest->step = 1;
	for (;;)
		pause();
}

TEST(slow_receiver_that_is_revoked_holds_up_nobody)
{
	struct guest *guest = GUEST(O_RDONLY, .flags = MAILBOX_CREATE_BROADCAST, .capacity = 1);
	struct call call;

	spawn(enter_and_stay, guest);
	WAIT_FOR(guest->step == 1);
	CHECK_EQ(0, put(guest->owner, 1));
	CHECK_EQ(1, take(guest->owner));
	CALL_SEND(&call, guest->owner, 2);
	wait_for_waiters(guest->owner, 1, 0);
	CHECK_EQ(0, guest_revoke(guest));
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(1, messages(guest->owner));
	CHECK_LEFT(guest->owner, 2, 2);
}

/* Given up by one, it is nobody else's loss. */
TEST(given_up_by_one_receiver_only)
{
	char *name = unique_name(), text[] = "the payload that two share", got[64];
	int dead = NAMED_PORT(O_RDWR, name), out, first, second;
	struct mailbox_ioc_port_create create = {
		.flags = MAILBOX_CREATE_BROADCAST,
		.max_deliveries = 1,
	};
	unsigned long long before = user_bytes(dead);

	strcpy(create.dead_letter, name);
	out = port_new(O_WRONLY, NULL, create);
	first = open_fd(O_RDONLY, out);
	second = open_fd(O_RDONLY, out);
	CHECK_EQ(0, SEND(out, .data = user_pointer(text), .len = sizeof(text)));
	CHECK_EQ(0, settle(first, MAILBOX_IOC_NACK, lease_first(first)));
	CHECK_EQ(1, port_stat(out).dead_lettered);
	CHECK_EQ(-EAGAIN, take(first));
	CHECK_EQ(sizeof(text), RESULT(read(second, got, sizeof(got))));
	CHECK(!memcmp(text, got, sizeof(text)));
	memset(got, 0, sizeof(got));
	CHECK_EQ(sizeof(text), RESULT(read(dead, got, sizeof(got))));
	CHECK(!memcmp(text, got, sizeof(text)));
	CHECK_EQ(before, user_bytes(dead));
}

/* --- all at once ------------------------------------------------------------------------ */

#define COUNT	400
#define WORDS	3000

struct stage {
	int out;
	atomic_int ready;
};

static void *read_long_ones(void *arg)
{
	struct stage *stage = arg;
	int in = open_fd(O_RDONLY, stage->out), i, j;
	static __thread int text[WORDS];

	stage->ready++;
	for (i = 0; i < COUNT; i++) {
		CHECK_EQ(sizeof(text), RESULT(read(in, text, sizeof(text))));
		for (j = 0; j < WORDS; j++)
			CHECK_EQ(i, text[j]);
	}
	CHECK_EQ(-EAGAIN, take(in));
	close(in);
	return NULL;
}

TEST(each_reads_all_of_the_payload_they_share)
{
	struct stage stage = { .out = BROADCAST(O_WRONLY, .capacity = 2) };
	unsigned long long before = user_bytes(stage.out);
	static int text[WORDS];
	pthread_t threads[4];
	int i, j;

	for (i = 0; i < 4; i++)
		CHECK_EQ(0, pthread_create(&threads[i], NULL, read_long_ones, &stage));
	WAIT_FOR(stage.ready == 4);
	for (i = 0; i < COUNT; i++) {
		for (j = 0; j < WORDS; j++)
			text[j] = i;
		CHECK_EQ(sizeof(text), RESULT(write(stage.out, text, sizeof(text))));
	}
	for (i = 0; i < 4; i++)
		CHECK_EQ(0, pthread_join(threads[i], NULL));
	CHECK_EQ(before, user_bytes(stage.out));
}

#define LIVES	12

static void receive_until_killed(void *arg)
{
	struct stage *stage = arg;
	int in = open_fd(O_RDONLY, stage->out), value;

	stage->ready++;
	for (;;)
		CHECK_EQ(sizeof(value), RESULT(read(in, &value, sizeof(value))));
}

static void *send_until_told(void *arg)
{
	struct stage *stage = arg;
	int i;

	for (i = 0; stage->ready >= 0; i++)
		CHECK_EQ(sizeof(i), RESULT(write(stage->out, &i, sizeof(i))));
	i = -1;
	CHECK_EQ(sizeof(i), RESULT(write(stage->out, &i, sizeof(i))));
	return NULL;
}

/* Who is killed in the middle holds up nobody, and nobody misses anything. */
TEST(receivers_that_are_killed)
{
	struct stage *stage = shared_alloc(sizeof(*stage));
	unsigned long long before;
	long long value, expected = 0;
	pthread_t sender;
	int in, lives;
	pid_t pid;

	stage->out = BROADCAST(O_WRONLY, .capacity = 2);
	before = user_bytes(stage->out);
	in = open_fd(O_RDONLY, stage->out);
	pid = spawn(receive_until_killed, stage);
	CHECK_EQ(0, pthread_create(&sender, NULL, send_until_told, stage));
	for (lives = 0; lives < LIVES;) {
		value = take(in);
		if (value == -EAGAIN) {
			sched_yield();
			continue;
		}
		CHECK_EQ(expected++, value);
		if (stage->ready <= lives || expected % 50)
			continue;
		kill(pid, SIGKILL);
		reap_status(pid);
		if (++lives < LIVES)
			pid = spawn(receive_until_killed, stage);
	}
	stage->ready = -1;
	while ((value = take(in)) != -1)
		if (value != -EAGAIN)
			CHECK_EQ(expected++, value);
	CHECK_EQ(0, pthread_join(sender, NULL));
	CHECK_EQ(1, port_stat(stage->out).receivers);
	CHECK_EQ(before, user_bytes(stage->out));
}
