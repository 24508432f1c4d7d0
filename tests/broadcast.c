// SPDX-License-Identifier: GPL-2.0-only
/*
 * Broadcast: each receiving handle gets each message that was sent after it was
 * bound.
 */
#include <sys/resource.h>

#include "many.h"

/* --- who gets what ------------------------------------------------------------------ */

TEST(all_get_it)
{
	int out = BROADCAST(O_WRONLY), in[3], i;

	for (i = 0; i < 3; i++)
		in[i] = open_fd(O_RDONLY, out);
	for (i = 1; i <= 4; i++)
		CHECK_EQ(0, put(out, i));
	CHECK_EQ(12, messages(out));
	for (i = 0; i < 3; i++)
		CHECK_LEFT(in[i], 1, 4);
	CHECK_EQ(4, port_stat(out).sent);
	CHECK_EQ(12, port_stat(out).received);
}

TEST(who_sends_and_receives_gets_its_own)
{
	int fd = BROADCAST(O_RDWR);

	CHECK_EQ(0, put(fd, 1));
	CHECK_LEFT(fd, 1, 1);
}

TEST(who_comes_later_gets_what_comes_later)
{
	int out = BROADCAST(O_WRONLY), first = open_fd(O_RDONLY, out), second;

	CHECK_EQ(0, put(out, 1));
	second = open_fd(O_RDONLY, out);
	CHECK_EQ(0, put(out, 2));
	CHECK_LEFT(first, 1, 2);
	CHECK_LEFT(second, 2, 2);
}

TEST(nobody_is_there)
{
	int out = BROADCAST(O_WRONLY);
	unsigned long long before = user_bytes(out);
	__u64 i;

	for (i = 1; i < 200; i++)
		CHECK_EQ(0, put(out, i));
	CHECK_EQ(before, user_bytes(out));
	CHECK_EQ(-EAGAIN, take(open_fd(O_RDONLY, out)));
}

TEST(each_selects_for_itself)
{
	int out = BROADCAST(O_WRONLY), first = open_fd(O_RDONLY, out);
	int second = open_fd(O_RDONLY, out);

	CHECK_EQ(0, put_as(out, 1, 10, 0));
	CHECK_EQ(0, put_as(out, 2, 20, 5));
	CHECK_EQ(1, take_as(first, MAILBOX_SELECT_TYPE, 10, 0));
	CHECK_EQ(2, take(second));
	CHECK_EQ(1, take(second));
	CHECK_EQ(2, take(first));
}

TEST(each_peeks_for_itself)
{
	int out = BROADCAST(O_WRONLY), first = open_fd(O_RDONLY, out);
	int second = open_fd(O_RDONLY, out);

	CHECK_EQ(0, put(out, 1));
	CHECK_EQ(1, take_as(first, MAILBOX_SELECT_ANY, 0, MAILBOX_RECEIVE_PEEK));
	CHECK_EQ(1, take(second));
	CHECK_EQ(1, take(first));
}

TEST(copies_of_a_handle_are_one_receiver)
{
	int out = BROADCAST(O_WRONLY), in = open_fd(O_RDONLY, out), copy = dup(in);

	CHECK_EQ(0, put(out, 1));
	CHECK_EQ(1, take(copy));
	CHECK_EQ(-EAGAIN, take(in));
}

TEST(sleeping_receivers_all_wake)
{
	int out = BROADCAST(O_WRONLY), in[20], i;
	struct call calls[20];

	for (i = 0; i < 20; i++) {
		in[i] = open_fd(O_RDONLY, out);
		CALL_RECEIVE(&calls[i], in[i]);
	}
	wait_for_waiters(out, 0, 20);
	CHECK_EQ(0, put(out, 5));
	for (i = 0; i < 20; i++)
		CHECK_EQ(5, call_value(&calls[i]));
}

TEST(pollers_of_all_wake)
{
	static const enum poller_kind kinds[] = { BY_POLL, BY_EPOLL, BY_EPOLL_EDGE };
	int out = BROADCAST(O_WRONLY), in[3], i;
	struct poller pollers[3];

	for (i = 0; i < 3; i++) {
		in[i] = open_fd(O_RDONLY, out);
		poller_start(&pollers[i], in[i], kinds[i], POLLIN);
	}
	CHECK_EQ(0, put(out, 1));
	for (i = 0; i < 3; i++)
		CHECK_EQ(POLLIN, poller_end(&pollers[i]));
	CHECK_EQ(1, take(in[0]));
	CHECK_EQ(0, polled(in[0]) & IN);
	CHECK_EQ(IN, polled(in[1]) & IN);
}

TEST(each_has_its_sigio)
{
	int out = BROADCAST(O_WRONLY, .capacity = 1), in[2], i;
	sigset_t set = block_io();

	for (i = 0; i < 2; i++) {
		in[i] = open_fd(O_RDONLY, out);
		handle_io(in[i]);
		CHECK_EQ(0, put(out, i));
		CHECK(io_arrives(&set, 10));
		CHECK_EQ(i, take(in[i]));
		CHECK_OK(fcntl(in[i], F_SETFL, 0));
	}
	/* The first one is full. */
	handle_io(out);
	close(in[0]);
	CHECK(io_arrives(&set, 10));
}

/* --- payload is stored once --------------------------------------------------------- */

#define LONG	20000

TEST(payload_is_stored_once)
{
	int out = BROADCAST(O_WRONLY), in[10], i;
	unsigned long long before = user_bytes(out);
	char *text = malloc(LONG);

	CHECK(text);
	memset(text, 'x', LONG);
	for (i = 0; i < 10; i++)
		in[i] = open_fd(O_RDONLY, out);
	CHECK_EQ(0, SEND(out, .data = user_pointer(text), .len = LONG));
	CHECK_EQ(10ULL * LONG, port_stat(out).bytes);
	CHECK_EQ(before + LONG + 11 * MAILBOX_MESSAGE_OVERHEAD, user_bytes(out));
	for (i = 0; i < 10; i++) {
		memset(text, 0, LONG);
		CHECK_EQ(LONG, read(in[i], text, LONG));
		CHECK(text[0] == 'x' && !memcmp(text, text + 1, LONG - 1));
	}
	CHECK_EQ(before, user_bytes(out));
}

/* --- slow receivers ----------------------------------------------------------------- */

TEST(slow_receiver_holds_up_who_blocks)
{
	int out = BROADCAST(O_WRONLY, .capacity = 2), slow = open_fd(O_RDONLY, out);
	int fast = open_fd(O_RDONLY, out);
	struct call call;

	CHECK_EQ(0, put(out, 1));
	CHECK_EQ(0, put(out, 2));
	CHECK_EQ(1, take(fast));
	CHECK_EQ(2, take(fast));
	CHECK_EQ(-EAGAIN, put(out, 3));
	CALL_SEND(&call, out, 3);
	wait_for_waiters(out, 1, 0);
	/* Nobody gets it before all have room. */
	CHECK_EQ(-EAGAIN, take(fast));
	CHECK_EQ(1, take(slow));
	CHECK_EQ(0, call_join(&call));
	CHECK_LEFT(fast, 3, 3);
	CHECK_LEFT(slow, 2, 3);
}

static void check_slow(__u32 on_full, __u32 capacity, int first, int last, unsigned int drops)
{
	int out = BROADCAST(O_WRONLY, .capacity = capacity, .on_full = on_full);
	int slow = open_fd(O_RDONLY, out), fast = open_fd(O_RDONLY, out), i;

	for (i = 1; i <= 6; i++) {
		CHECK_EQ(0, put(out, i));
		CHECK_EQ(i, take(fast));
	}
	CHECK_EQ(drops, port_stat(out).dropped);
	CHECK_LEFT(slow, first, last);
}

TEST(slow_receiver_loses_its_oldest)
{
	check_slow(MAILBOX_FULL_DROP_OLDEST, 2, 5, 6, 4);
}

TEST(slow_receiver_loses_the_newest)
{
	check_slow(MAILBOX_FULL_DROP_NEWEST, 2, 1, 2, 4);
}

TEST(slow_receiver_has_the_latest)
{
	check_slow(MAILBOX_FULL_OVERWRITE, 1, 6, 6, 5);
}

static void check_leave(void (*leave)(int slow, pid_t pid), bool child)
{
	int out = BROADCAST(O_WRONLY, .capacity = 1), fast = open_fd(O_RDONLY, out);
	struct poller poller;
	struct call call;
	int slow = open_fd(O_RDONLY, out);
	pid_t pid = 0;

	if (child) {
		pid = fork_child();
		CHECK_OK(pid);
		if (!pid)
			for (;;)
				pause();
		close(slow);
	}
	CHECK_EQ(0, put(out, 1));
	CHECK_EQ(1, take(fast));
	CALL_SEND(&call, out, 2);
	wait_for_waiters(out, 1, 0);
	poller_start(&poller, out, BY_EPOLL_EDGE, POLLOUT);
	leave(slow, pid);
	CHECK_EQ(0, call_join(&call));
	CHECK_LEFT(fast, 2, 2);
	CHECK_EQ(POLLOUT, poller_end(&poller));
}

static void leave_by_close(int slow, pid_t pid)
{
	(void)pid;
	close(slow);
}

static void leave_by_death(int slow, pid_t pid)
{
	(void)slow;
	kill(pid, SIGKILL);
	reap_status(pid);
}

TEST(slow_receiver_closes)
{
	check_leave(leave_by_close, false);
}

TEST(slow_receiver_is_killed)
{
	check_leave(leave_by_death, true);
}

/* --- limits and refusals ------------------------------------------------------------ */

TEST(what_is_not_for_a_broadcast_port)
{
	struct mailbox_ioc_port_create create = { .flags = MAILBOX_CREATE_BROADCAST, RENDEZVOUS };
	struct mailbox_ioc_call call = {};
	int fd = BROADCAST(O_RDWR);

	CHECK_EQ(-EOPNOTSUPP, SEND(fd, .flags = MAILBOX_SEND_SYNC));
	CHECK_EQ(-EOPNOTSUPP, command(fd, MAILBOX_IOC_CALL, &call));
	CHECK_EQ(-EINVAL, command(node_open(O_RDWR), MAILBOX_IOC_PORT_CREATE, &create));
	create = (struct mailbox_ioc_port_create){
		.flags = MAILBOX_CREATE_BROADCAST | MAILBOX_CREATE_SLOT,
	};
	CHECK_EQ(-EINVAL, command(node_open(O_RDONLY), MAILBOX_IOC_PORT_CREATE, &create));
	CHECK_EQ(-EAGAIN, take(fd));
}

TEST(so_many_receivers)
{
	struct rlimit limit = { 4096, 4096 };
	int out, i, last = -1;

	if (setrlimit(RLIMIT_NOFILE, &limit))
		SKIP("needs %lu descriptors", (unsigned long)limit.rlim_cur);
	out = BROADCAST(O_WRONLY);
	for (i = 0; i < MAILBOX_BROADCAST_MAX; i++)
		last = open_fd(O_RDONLY, out);
	CHECK_EQ(-ENOSPC, bind_fd(node_open(O_RDONLY), out));
	CHECK_EQ(0, put(out, 1));
	CHECK_EQ(MAILBOX_BROADCAST_MAX, messages(out));
	CHECK_EQ(1, take(last));
	close(last);
	open_fd(O_RDONLY, out);
	CHECK_EQ(-ENOSPC, bind_fd(node_open(O_RDONLY), out));
}

static void send_beyond_the_quota(void *arg)
{
	char *name = arg, text[1000] = "";
	int out = node_open(O_WRONLY), sent = 0;
	long long err;

	become(USER_A);
	CHECK_EQ(0, bind_name(out, name));
	do {
		err = SEND(out, .flags = MAILBOX_SEND_NONBLOCK, .data = user_pointer(text),
			   .len = sizeof(text));
		sent += !err;
	} while (!err);
	CHECK_EQ(-EDQUOT, err);
	note("%d sent before the quota was used up", sent);
	/* What was refused is at none of the receivers. */
	CHECK_EQ(5 * sent, messages(out));
	CHECK_EQ(sent * (sizeof(text) + 6 * MAILBOX_MESSAGE_OVERHEAD), user_bytes(out));
}

TEST(quota_ends_in_the_middle_of_the_copies)
{
	char *name = unique_name();
	int fd, i;

	NEED_ROOT();
	fd = NAMED_PORT(O_WRONLY, name, .flags = MAILBOX_CREATE_BROADCAST, UNBOUNDED, .mode = 0666);
	for (i = 0; i < 5; i++)
		open_fd(O_RDONLY, fd);
	/* Room for three of them, and for some copies of the fourth. */
	parameter_set("user_bytes_max", 3 * (1000 + 6 * MAILBOX_MESSAGE_OVERHEAD) + 1000 +
				       3 * MAILBOX_MESSAGE_OVERHEAD);
	REAP(spawn(send_beyond_the_quota, name));
}

TEST(leases_of_each_receiver)
{
	struct mailbox_ioc_receive first = {
		.flags = MAILBOX_RECEIVE_LEASE | MAILBOX_RECEIVE_TRUNC,
	};
	struct mailbox_ioc_receive second = first;
	struct mailbox_ioc_settle settle = {};
	int out = BROADCAST(O_WRONLY), in[2];

	in[0] = open_fd(O_RDONLY, out);
	in[1] = open_fd(O_RDONLY, out);
	CHECK_EQ(0, put(out, 1));
	CHECK_EQ(0, command(in[0], MAILBOX_IOC_RECEIVE, &first));
	CHECK_EQ(0, command(in[1], MAILBOX_IOC_RECEIVE, &second));
	settle.token = first.token;
	CHECK_EQ(0, command(in[0], MAILBOX_IOC_NACK, &settle));
	CHECK_LEFT(in[0], 1, 1);
	CHECK_EQ(-EAGAIN, take(in[1]));
	settle.token = second.token;
	CHECK_EQ(0, command(in[1], MAILBOX_IOC_ACK, &settle));
	CHECK_EQ(-EAGAIN, take(in[1]));
}

/* --- receivers that come and go ----------------------------------------------------- */

#define SENDERS		2
#define COUNT		1500

struct crowd {
	int out;
	atomic_int finished;
};

struct sending {
	struct crowd *crowd;
	int self;
};

static void *send_many(void *arg)
{
	struct sending *sending = arg;
	int i;

	for (i = 0; i < COUNT; i++) {
		int value = sending->self * COUNT + i;

		CHECK_EQ(0, SEND(sending->crowd->out, .data = user_pointer(&value),
				 .len = sizeof(value)));
	}
	sending->crowd->finished++;
	return NULL;
}

/* Each receiver gets of each sender a run without a gap, to the end or till it leaves. */
static void *receive_runs(void *arg)
{
	struct crowd *crowd = arg;
	unsigned int seed = syscall(SYS_gettid);

	while (crowd->finished < SENDERS) {
		int fd = open_fd(O_RDONLY, crowd->out), limit = 1 + rand_r(&seed) % 200;
		int last[SENDERS] = { -1, -1 };

		while (limit) {
			long long value = take(fd);

			if (value == -EAGAIN) {
				if (crowd->finished == SENDERS)
					break;
				sched_yield();
				continue;
			}
			CHECK(value >= 0);
			if (last[value / COUNT] >= 0)
				CHECK_EQ(last[value / COUNT] + 1, value % COUNT);
			last[value / COUNT] = value % COUNT;
			limit--;
		}
		close(fd);
	}
	return NULL;
}

TEST(runs_without_gaps)
{
	struct crowd crowd = { .out = BROADCAST(O_WRONLY, .capacity = 3) };
	struct account before;
	struct sending sendings[SENDERS];
	pthread_t senders[SENDERS], receivers[3];
	int i;

	before = account();
	for (i = 0; i < 3; i++)
		CHECK_EQ(0, pthread_create(&receivers[i], NULL, receive_runs, &crowd));
	for (i = 0; i < SENDERS; i++) {
		sendings[i] = (struct sending){ &crowd, i };
		CHECK_EQ(0, pthread_create(&senders[i], NULL, send_many, &sendings[i]));
	}
	for (i = 0; i < SENDERS; i++)
		CHECK_EQ(0, pthread_join(senders[i], NULL));
	for (i = 0; i < 3; i++)
		CHECK_EQ(0, pthread_join(receivers[i], NULL));
	CHECK_EQ(SENDERS * COUNT, port_stat(crowd.out).sent);
	CHECK_ACCOUNT(&before);
}

TEST(destroyed_with_all_asleep)
{
	int out = BROADCAST(O_WRONLY, .capacity = 1), in[12], i;
	struct call calls[12], sender;

	for (i = 0; i < 12; i++)
		in[i] = open_fd(O_RDONLY, out);
	CHECK_EQ(0, put(out, 1));
	for (i = 1; i < 12; i++) {
		CHECK_EQ(1, take(in[i]));
		CALL_RECEIVE(&calls[i], in[i]);
	}
	CALL_SEND(&sender, out, 2);
	wait_for_waiters(out, 1, 11);
	CHECK_EQ(0, port_destroy(out, NULL));
	CHECK_EQ(-EIDRM, call_join(&sender));
	for (i = 1; i < 12; i++)
		CHECK_EQ(-EIDRM, call_join(&calls[i]));
	CHECK_EQ(-EIDRM, take(in[0]));
}
