// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leases: messages that stay on the port's books until they are acknowledged,
 * and come back when they are not, whatever became of who had them.
 */
#include "direct.h"

#define LEASE	MAILBOX_RECEIVE_LEASE

struct lease {
	long long value;		/* of the message, or -errno */
	__u64 token;
	__u32 deliveries;
	__u32 pid;
	__u64 type;
};

static struct lease lease_args(int fd, struct mailbox_ioc_receive receive)
{
	struct lease lease;
	int value = -1;
	long long err;

	receive.flags |= LEASE | MAILBOX_RECEIVE_NONBLOCK;
	receive.data = user_pointer(&value);
	receive.size = sizeof(value);
	err = command(fd, MAILBOX_IOC_RECEIVE, &receive);
	lease = (struct lease){
		.value = err ?: value,
		.token = receive.token,
		.deliveries = receive.deliveries,
		.pid = receive.pid,
		.type = receive.type,
	};
	return lease;
}

#define TAKE(fd, ...) lease_args(fd, (struct mailbox_ioc_receive){ __VA_ARGS__ })

static long long settle(int fd, unsigned long number, __u64 token)
{
	struct mailbox_ioc_settle arg = { .token = token };

	return command(fd, number, &arg);
}

static long long ack(int fd, __u64 token)
{
	return settle(fd, MAILBOX_IOC_ACK, token);
}

static long long nack(int fd, __u64 token)
{
	return settle(fd, MAILBOX_IOC_NACK, token);
}

static void put_many(int fd, int count)
{
	int i;

	for (i = 1; i <= count; i++)
		CHECK_EQ(0, put(fd, i));
}

static void check_order(int fd, int first, int last)
{
	int i;

	for (i = first; i <= last; i++)
		CHECK_EQ(i, take(fd));
	CHECK_EQ(-EAGAIN, take(fd));
}

/* --- one lease ------------------------------------------------------------------------ */

TEST(acknowledged_message_is_gone)
{
	int fd = PORT(O_RDWR);
	struct lease lease;

	put_many(fd, 1);
	lease = TAKE(fd);
	CHECK_EQ(1, lease.value);
	CHECK(lease.token);
	CHECK_EQ(1, lease.deliveries);
	CHECK_EQ(0, messages(fd));
	CHECK_EQ(1, port_stat(fd).leased);
	CHECK_EQ(0, ack(fd, lease.token));
	CHECK_EQ(0, port_stat(fd).leased);
	CHECK_EQ(-EAGAIN, take(fd));
	CHECK_EQ(-ESRCH, ack(fd, lease.token));
	CHECK_EQ(-ESRCH, nack(fd, lease.token));
}

TEST(message_that_is_given_back_comes_again)
{
	int fd = PORT(O_RDWR);
	struct lease lease;
	__u32 i;

	put_many(fd, 1);
	for (i = 1; i <= 5; i++) {
		lease = TAKE(fd);
		CHECK_EQ(1, lease.value);
		CHECK_EQ(i, lease.deliveries);
		CHECK_EQ(getpid(), lease.pid);
		CHECK_EQ(0, nack(fd, lease.token));
		CHECK_EQ(-ESRCH, nack(fd, lease.token));
	}
	CHECK_EQ(0, port_stat(fd).leased);
	check_order(fd, 1, 1);
}

TEST(deliveries_are_told_without_a_lease_too)
{
	struct mailbox_ioc_receive receive = { .size = 0, .flags = MAILBOX_RECEIVE_TRUNC };
	int fd = PORT(O_RDWR);

	put_many(fd, 1);
	CHECK_EQ(0, nack(fd, TAKE(fd).token));
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(1, receive.deliveries);
	CHECK_EQ(0, receive.token);
}

TEST(zero_is_the_oldest)
{
	int fd = PORT(O_RDWR);

	CHECK_EQ(-ESRCH, ack(fd, 0));
	put_many(fd, 3);
	TAKE(fd);
	TAKE(fd);
	TAKE(fd);
	CHECK_EQ(0, ack(fd, 0));
	CHECK_EQ(0, nack(fd, 0));
	check_order(fd, 2, 2);
	CHECK_EQ(0, nack(fd, 0));
	check_order(fd, 3, 3);
	CHECK_EQ(-ESRCH, nack(fd, 0));
}

TEST(payload_is_under_its_old_stamp)
{
	int fd = PORT(O_RDWR);
	struct lease lease;

	CHECK_EQ(0, put_as(fd, 1, 77, 5));
	CHECK_EQ(0, nack(fd, TAKE(fd).token));
	lease = TAKE(fd, .select = MAILBOX_SELECT_TYPE, .match = 77);
	CHECK_EQ(77, lease.type);
	CHECK_EQ(2, lease.deliveries);
}

/* --- order ------------------------------------------------------------------------------- */

TEST(back_to_its_old_place)
{
	int fd = PORT(O_RDWR);
	__u64 token;

	put_many(fd, 3);
	token = TAKE(fd).token;
	CHECK_EQ(0, put(fd, 4));
	CHECK_EQ(0, nack(fd, token));
	check_order(fd, 1, 4);
}

TEST(several_come_back_in_any_order)
{
	static const int orders[][4] = {
		{ 0, 1, 2, 3 }, { 3, 2, 1, 0 }, { 1, 3, 0, 2 }, { 2, 0, 3, 1 },
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		int fd = PORT(O_RDWR);
		__u64 tokens[4];

		put_many(fd, 6);
		for (j = 0; j < 4; j++)
			tokens[j] = TAKE(fd).token;
		for (j = 0; j < 4; j++)
			CHECK_EQ(0, nack(fd, tokens[orders[i][j]]));
		check_order(fd, 1, 6);
	}
}

TEST(leases_and_acks_overlap)
{
	int fd = PORT(O_RDWR);
	__u64 tokens[7];
	int i;

	put_many(fd, 6);
	for (i = 1; i <= 4; i++)
		tokens[i] = TAKE(fd).token;
	CHECK_EQ(0, ack(fd, tokens[2]));
	CHECK_EQ(0, nack(fd, tokens[3]));
	CHECK_EQ(3, TAKE(fd).value);
	CHECK_EQ(5, TAKE(fd).value);
	CHECK_EQ(0, ack(fd, tokens[1]));
	CHECK_EQ(0, nack(fd, tokens[4]));
	CHECK_EQ(4, take(fd));
	CHECK_EQ(6, take(fd));
	CHECK_EQ(2, port_stat(fd).leased);
}

TEST(priorities_count_when_it_comes_back)
{
	int fd = PORT(O_RDWR);
	__u64 token;

	CHECK_EQ(0, put_as(fd, 1, 0, 9));
	CHECK_EQ(0, put_as(fd, 2, 0, 1));
	token = TAKE(fd).token;
	CHECK_EQ(0, put_as(fd, 3, 0, 9));
	CHECK_EQ(0, nack(fd, token));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(3, take(fd));
	CHECK_EQ(2, take(fd));
}

TEST(leased_ones_make_room)
{
	int fd = PORT(O_RDWR, .capacity = 1);
	__u64 token;

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(-EAGAIN, put(fd, 2));
	token = TAKE(fd).token;
	CHECK_EQ(0, put(fd, 2));
	/* It comes back all the same; capacity is for sends. */
	CHECK_EQ(0, nack(fd, token));
	CHECK_EQ(2, messages(fd));
	check_order(fd, 1, 2);
}

TEST(leased_ones_are_in_the_quota)
{
	int fd = PORT(O_RDWR);
	unsigned long long before = info(fd).user_bytes;
	__u64 token;

	put_many(fd, 1);
	token = TAKE(fd).token;
	CHECK_EQ(before + sizeof(int) + MAILBOX_MESSAGE_OVERHEAD, info(fd).user_bytes);
	CHECK_EQ(0, ack(fd, token));
	CHECK_EQ(before, info(fd).user_bytes);
}

/* --- whose it is ---------------------------------------------------------------------------- */

TEST(token_of_another_handle)
{
	char *name = unique_name();
	int first = NAMED_PORT(O_RDWR, name), second = port_open(O_RDWR, name);
	__u64 token;

	put_many(first, 1);
	token = TAKE(first).token;
	CHECK_EQ(-ESRCH, ack(second, token));
	CHECK_EQ(-ESRCH, nack(second, token));
	CHECK_EQ(-ESRCH, ack(second, 0));
	CHECK_EQ(-ESRCH, ack(first, token + 1));
	CHECK_EQ(0, ack(first, token));
}

static void ack_as_child(void *arg)
{
	CHECK_EQ(0, ack(*(int *)arg, 0));
}

TEST(handle_that_is_shared_shares_its_leases)
{
	int fd = PORT(O_RDWR);

	put_many(fd, 1);
	TAKE(fd);
	REAP(spawn(ack_as_child, &fd));
	CHECK_EQ(0, port_stat(fd).leased);
}

TEST(handle_that_cannot_receive)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name);

	CHECK_EQ(-EBADF, ack(port_open(O_WRONLY, name), 0));
	CHECK_EQ(-ENOTCONN, ack(node_open(O_RDWR), 0));
	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(-EIDRM, ack(fd, 0));
	CHECK_EQ(-EIDRM, nack(fd, 0));
}

TEST(flags_that_make_no_sense)
{
	struct mailbox_ioc_settle arg = { .flags = 1 };
	int fd = PORT(O_RDWR);

	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_ACK, &arg));
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_NACK, &arg));
	CHECK_EQ(-EINVAL, RECEIVE(fd, .flags = LEASE | MAILBOX_RECEIVE_PEEK));
	CHECK_EQ(-EINVAL, RECEIVE(fd, .lease_ns = 5));
}

/* --- the handle goes -------------------------------------------------------------------------- */

TEST(close_gives_back_in_order)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name), worker = port_open(O_RDONLY, name), i;

	put_many(fd, 5);
	for (i = 0; i < 3; i++)
		TAKE(worker);
	close(worker);
	check_order(fd, 1, 5);
}

TEST(copy_of_the_handle_keeps_them)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name), worker = port_open(O_RDONLY, name), copy = dup(worker);
	__u64 token;

	put_many(fd, 1);
	token = TAKE(worker).token;
	close(worker);
	CHECK_EQ(-EAGAIN, take(fd));
	CHECK_EQ(0, ack(copy, token));
}

static void lease_and_stay(void *arg)
{
	int fd = port_open(O_RDONLY, arg);

	CHECK_EQ(1, TAKE(fd).value);
	CHECK_EQ(2, TAKE(fd).value);
	for (;;)
		pause();
}

static void check_killed_worker(bool poll)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name);
	struct poller poller;
	struct call call;
	pid_t pid;

	put_many(fd, 2);
	pid = spawn(lease_and_stay, name);
	WAIT_FOR(port_stat(fd).leased == 2);
	if (poll) {
		poller_start(&poller, fd, BY_EPOLL_EDGE, POLLIN);
	} else {
		CALL_RECEIVE(&call, fd);
		wait_for_waiters(fd, 0, 1);
	}
	kill(pid, SIGKILL);
	if (poll) {
		CHECK(poller_end(&poller) & POLLIN);
		CHECK_EQ(1, take(fd));
	} else {
		CHECK_EQ(1, call_value(&call));
	}
	reap_status(pid);
	check_order(fd, 2, 2);
}

TEST(killed_worker_wakes_a_receiver)
{
	check_killed_worker(false);
}

TEST(killed_worker_wakes_a_poller)
{
	check_killed_worker(true);
}

TEST(given_back_message_wakes_a_receiver)
{
	int fd = PORT(O_RDWR);
	struct call call;
	__u64 token;

	put_many(fd, 1);
	token = TAKE(fd).token;
	CALL_RECEIVE(&call, fd);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, nack(fd, token));
	CHECK_EQ(1, call_value(&call));
}

TEST(hung_up_while_leased)
{
	char *name = unique_name();
	int in = NAMED_PORT(O_RDONLY, name, .flags = MAILBOX_CREATE_HANGUP);
	int out = port_open(O_WRONLY, name);
	__u64 token;

	put_many(out, 1);
	token = TAKE(in).token;
	close(out);
	CHECK_EQ(-EPIPE, take(in));
	CHECK_EQ(0, nack(in, token));
	CHECK_EQ(1, take(in));
	CHECK_EQ(-EPIPE, take(in));
}

TEST(destroyed_while_leased)
{
	struct account before = account();
	int fd = PORT(O_RDWR);
	__u64 token;

	put_many(fd, 2);
	token = TAKE(fd).token;
	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(-EIDRM, ack(fd, token));
	close(fd);
	CHECK_ACCOUNT(&before);
}

TEST(copy_that_fails_is_no_lease)
{
	struct mailbox_ioc_receive receive = {
		.flags = LEASE | MAILBOX_RECEIVE_NONBLOCK, .data = 8, .size = 64,
	};
	int fd = PORT(O_RDWR);

	put_many(fd, 2);
	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(0, port_stat(fd).leased);
	CHECK_EQ(-ESRCH, ack(fd, 0));
	CHECK_EQ(1, TAKE(fd).value);
	/* The delivery that failed was none. */
	CHECK_EQ(0, nack(fd, 0));
	CHECK_EQ(2, TAKE(fd).deliveries);
}

/* --- after so many times ------------------------------------------------------------------------ */

TEST(dropped_and_counted)
{
	int fd = PORT(O_RDWR, .max_deliveries = 2);

	put_many(fd, 2);
	CHECK_EQ(0, nack(fd, TAKE(fd).token));
	CHECK_EQ(1, TAKE(fd).value);
	CHECK_EQ(0, nack(fd, 0));
	CHECK_EQ(1, port_stat(fd).dead_lettered);
	check_order(fd, 2, 2);
}

TEST(to_the_dead_letter_port)
{
	char *name = unique_name();
	struct mailbox_ioc_port_create create = { .max_deliveries = 1 };
	int dead = NAMED_PORT(O_RDWR, name, .capacity = 1), fd, i;

	strcpy(create.dead_letter, name);
	fd = port_new(O_RDWR, NULL, create);
	CHECK_EQ(0, strcmp(name, port_stat(fd).dead_letter));
	for (i = 1; i <= 3; i++)
		CHECK_EQ(0, put_as(fd, i, 100 + i, 0));
	for (i = 1; i <= 3; i++)
		CHECK_EQ(0, nack(fd, TAKE(fd).token));
	CHECK_EQ(3, port_stat(fd).dead_lettered);
	CHECK_EQ(-EAGAIN, take(fd));
	/* Also if it is full; with the stamp, and counted anew. */
	for (i = 1; i <= 3; i++) {
		struct lease lease = TAKE(dead);

		CHECK_EQ(i, lease.value);
		CHECK_EQ(100 + i, lease.type);
		CHECK_EQ(getpid(), lease.pid);
		CHECK_EQ(1, lease.deliveries);
	}
}

TEST(killed_worker_sends_to_the_dead_letter_port)
{
	char *name = unique_name(), *letters = unique_name();
	struct mailbox_ioc_port_create create = { .max_deliveries = 1 };
	int dead = NAMED_PORT(O_RDWR, letters), fd;
	struct call call;
	pid_t pid;

	strcpy(create.dead_letter, letters);
	fd = port_new(O_RDWR, name, create);
	put_many(fd, 2);
	pid = spawn(lease_and_stay, name);
	WAIT_FOR(port_stat(fd).leased == 2);
	CALL_RECEIVE(&call, dead);
	wait_for_waiters(dead, 0, 1);
	kill(pid, SIGKILL);
	reap_status(pid);
	CHECK_EQ(1, call_value(&call));
	check_order(dead, 2, 2);
	CHECK_EQ(-EAGAIN, take(fd));
}

TEST(no_port_of_that_name)
{
	struct mailbox_ioc_port_create create = { .max_deliveries = 1 };
	struct account before = account();
	int fd;

	strcpy(create.dead_letter, unique_name());
	fd = port_new(O_RDWR, NULL, create);
	put_many(fd, 1);
	CHECK_EQ(0, nack(fd, TAKE(fd).token));
	CHECK_EQ(1, port_stat(fd).dead_lettered);
	CHECK_EQ(-EAGAIN, take(fd));
	close(fd);
	CHECK_ACCOUNT(&before);
}

TEST(dead_letter_needs_a_limit)
{
	struct mailbox_ioc_port_create create = {};

	strcpy(create.dead_letter, "test-any");
	CHECK_EQ(-EINVAL, command(node_open(O_RDWR), MAILBOX_IOC_PORT_CREATE, &create));
}

TEST(limit_set_later)
{
	int fd = PORT(O_RDWR);

	put_many(fd, 1);
	CHECK_EQ(0, nack(fd, TAKE(fd).token));
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_DELIVERIES, .max_deliveries = 2));
	CHECK_EQ(0, nack(fd, TAKE(fd).token));
	CHECK_EQ(1, port_stat(fd).dead_lettered);
	CHECK_EQ(-EAGAIN, take(fd));
}

/* --- leases that end by themselves ------------------------------------------------------------------ */

TEST(lease_that_ends)
{
	int fd = PORT(O_RDWR);
	struct lease lease;
	struct call call;
	long long begun;

	put_many(fd, 1);
	begun = now_ns(CLOCK_MONOTONIC);
	lease = TAKE(fd, .lease_ns = 80 * NSEC_PER_MSEC);
	CHECK_EQ(1, lease.value);
	CALL_RECEIVE(&call, fd);
	CHECK_EQ(1, call_value(&call));
	CHECK(call.finished_ns >= begun + 80 * NSEC_PER_MSEC);
	CHECK_EQ(1, call.receive.deliveries);
	CHECK_EQ(-ESRCH, ack(fd, lease.token));
}

TEST(leases_end_in_the_order_of_their_times)
{
	int fd = PORT(O_RDWR), i;

	put_many(fd, 3);
	CHECK_EQ(1, TAKE(fd, .lease_ns = 300 * NSEC_PER_MSEC).value);
	CHECK_EQ(2, TAKE(fd, .lease_ns = 100 * NSEC_PER_MSEC).value);
	CHECK_EQ(3, TAKE(fd).value);
	for (i = 2; i >= 1; i--) {
		struct call call;

		CALL_RECEIVE(&call, fd);
		CHECK_EQ(i, call_value(&call));
	}
	CHECK_EQ(1, port_stat(fd).leased);
}

TEST(lease_that_is_settled_in_time)
{
	int fd = PORT(O_RDWR);

	put_many(fd, 1);
	CHECK_EQ(0, ack(fd, TAKE(fd, .lease_ns = 400 * NSEC_PER_MSEC).token));
	pause_ns(450 * NSEC_PER_MSEC);
	CHECK_EQ(-EAGAIN, take(fd));
}

TEST(closed_while_a_lease_is_to_end)
{
	struct account before = account();
	int i;

	for (i = 0; i < 50; i++) {
		int fd = PORT(O_RDWR);

		put_many(fd, 2);
		TAKE(fd, .lease_ns = (1 + i % 7) * NSEC_PER_MSEC);
		TAKE(fd, .lease_ns = 1);
		pause_ns(i % 5 * NSEC_PER_MSEC);
		close(fd);
	}
	WAIT_FOR(account_is(&before));
}

/* An ACK, or the end of the lease: one of them, and the message is once there. */
TEST(ack_races_with_the_end)
{
	int fd = PORT(O_RDWR), i, acked = 0, returned = 0;
	struct timespec tick;

	/* A lease ends with one of the next ticks. */
	CHECK_OK(clock_getres(CLOCK_MONOTONIC_COARSE, &tick));
	for (i = 0; i < 300; i++) {
		struct lease lease;
		long long err;

		CHECK_EQ(0, put(fd, i));
		lease = TAKE(fd, .lease_ns = NSEC_PER_MSEC);
		CHECK_EQ(i, lease.value);
		pause_ns(i % 10 * tick.tv_nsec / 3);
		err = ack(fd, lease.token);
		if (err) {
			CHECK_EQ(-ESRCH, err);
			CHECK_EQ(i, take(fd));
			returned++;
		} else {
			acked++;
		}
		CHECK_EQ(-EAGAIN, take(fd));
	}
	note("%d acknowledged in time, %d came back", acked, returned);
	CHECK(acked && returned);
}

/* --- many workers ----------------------------------------------------------------------------------- */

#define JOBS	600

struct pool {
	int fd;
	atomic_int done[JOBS], finished;
};

static void *work(void *arg)
{
	struct pool *pool = arg;
	unsigned int seed = syscall(SYS_gettid);
	int fd = open_fd(O_RDONLY, pool->fd);

	while (pool->finished < JOBS) {
		struct lease lease = TAKE(fd);

		if (lease.value < 0) {
			CHECK_EQ(-EAGAIN, lease.value);
			sched_yield();
			continue;
		}
		if (rand_r(&seed) % 3 == 0) {
			CHECK_EQ(0, nack(fd, lease.token));
			continue;
		}
		if (rand_r(&seed) % 20 == 0) {
			close(fd);
			fd = open_fd(O_RDONLY, pool->fd);
			continue;
		}
		pool->done[lease.value]++;
		CHECK_EQ(0, ack(fd, lease.token));
		pool->finished++;
	}
	close(fd);
	return NULL;
}

TEST(each_is_done_once_by_many_who_fail)
{
	struct pool *pool = shared_alloc(sizeof(*pool));
	pthread_t threads[4];
	int i;

	pool->fd = PORT(O_RDWR, UNBOUNDED);
	for (i = 0; i < 4; i++)
		CHECK_EQ(0, pthread_create(&threads[i], NULL, work, pool));
	for (i = 0; i < JOBS; i++)
		CHECK_EQ(0, put(pool->fd, i));
	for (i = 0; i < 4; i++)
		CHECK_EQ(0, pthread_join(threads[i], NULL));
	for (i = 0; i < JOBS; i++)
		CHECK_EQ(1, pool->done[i]);
	CHECK_EQ(0, messages(pool->fd));
	CHECK_EQ(0, port_stat(pool->fd).leased);
}
