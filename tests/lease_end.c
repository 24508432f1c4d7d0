// SPDX-License-Identifier: GPL-2.0-only
/*
 * What ends a lease: the end of who holds it, however that comes; its time; the
 * end of the port. Each message has exactly one outcome.
 */
#include "lease.h"

/* --- the end of the holder ---------------------------------------------------- */

/* A process that has leased number 1, by a handle that nobody else has. */
struct holder {
	char name[MAILBOX_NAME_SIZE];
	int outside;			/* the test's own handle */
	atomic_bool leased, go;
	void (*end)(int fd);
};

static void end_close(int fd)
{
	close(fd);
	pause();
}

static void end_exit(int fd)
{
	(void)fd;
	_exit(0);
}

static void end_kill(int fd)
{
	(void)fd;
	kill(getpid(), SIGKILL);
}

static void end_exec(int fd)
{
	CHECK_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	/* What it prints is no part of what is read here. */
	CHECK_OK(dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO));
	execl("/proc/self/exe", "nothing", "--no-such-test", NULL);
	FAIL("exec: %s", strerror(errno));
}

static void end_replace(int fd)
{
	CHECK_OK(dup2(STDOUT_FILENO, fd));
	pause();
}

static void *end_kill_thread(void *arg)
{
	(void)arg;
	kill(getpid(), SIGKILL);
	return NULL;
}

/* While another thread is asleep in a receive by the same handle. */
static void end_kill_asleep(int fd)
{
	pthread_t thread;

	CHECK_EQ(0, pthread_create(&thread, NULL, end_kill_thread, NULL));
	RECEIVE(fd, .select = MAILBOX_SELECT_TYPE, .match = 99);
	FAIL("still there");
}

static void hold_lease(void *arg)
{
	struct holder *holder = arg;
	int fd;

	close(holder->outside);
	fd = port_open(O_RDONLY, holder->name);
	LEASE(fd, 1);
	holder->leased = true;
	WAIT_FOR(holder->go);
	holder->end(fd);
}

enum observer {
	SLEEPING,
	LEASING,
	POLLING,
	EPOLLING,
	EPOLLING_EDGE,
	SIGNALLED,
};

struct end_row {
	const char *name;
	void (*end)(int fd);
};

static const struct end_row ends[] = {
	{ "close", end_close },
	{ "exit", end_exit },
	{ "kill", end_kill },
	{ "exec", end_exec },
	{ "dup2", end_replace },
	{ "kill_asleep", end_kill_asleep },
};

static const char * const observers[] = {
	"wakes_a_receiver", "wakes_a_leasing_receiver", "wakes_poll", "wakes_epoll",
	"wakes_epoll_edge", "sends_sigio",
};

struct end_case {
	const struct end_row *end;
	enum observer observer;
};

static struct end_case end_cases[ARRAY_SIZE(ends) * ARRAY_SIZE(observers)];

static void observe_end(int fd, enum observer observer, struct holder *holder)
{
	struct poller poller;
	struct call call;
	sigset_t set;

	switch (observer) {
	case SLEEPING:
	case LEASING:
		CALL_RECEIVE(&call, fd, .flags = observer == LEASING ? LEASED : 0);
		wait_for_waiters(fd, 0, 1);
		holder->go = true;
		CHECK_EQ(1, call_value(&call));
		CHECK_EQ(observer == LEASING ? 2 : 1, call.receive.deliveries);
		CHECK_EQ(observer == LEASING, leases(fd));
		return;
	case POLLING:
	case EPOLLING:
	case EPOLLING_EDGE:
		poller_start(&poller, fd, BY_POLL + observer - POLLING, POLLIN);
		holder->go = true;
		CHECK_EQ(POLLIN, poller_end(&poller));
		break;
	case SIGNALLED:
		set = block_io();
		handle_io(fd);
		holder->go = true;
		CHECK(io_arrives(&set, 20));
	}
	CHECK_EQ(0, leases(fd));
	CHECK_EQ(1, messages(fd));
	CHECK_EQ(1, GET(fd, .flags = LEASED).value);
}

static void end_of_holder(void)
{
	const struct end_case *row = test_now->row;
	struct holder *holder = shared_alloc(sizeof(*holder));
	pid_t pid;

	strcpy(holder->name, unique_name());
	holder->end = row->end->end;
	holder->outside = NAMED_PORT(O_RDWR, holder->name);
	CHECK_EQ(0, put(holder->outside, 1));
	pid = spawn(hold_lease, holder);
	WAIT_FOR(holder->leased);
	CHECK_EQ(1, leases(holder->outside));
	observe_end(holder->outside, row->observer, holder);
	kill(pid, SIGKILL);
	reap_status(pid);
}

static void __attribute__((constructor)) add_ends(void)
{
	struct end_case *row = end_cases;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		for (j = 0; j < ARRAY_SIZE(observers); j++, row++) {
			row->end = &ends[i];
			row->observer = j;
			test_add(ends[i].name, observers[j], end_of_holder, row);
		}
	}
}

/* A child has the handle too. */
static void keep_handle(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

TEST(lease_lasts_as_long_as_a_child_has_the_handle)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name), other;
	pid_t pid;

	CHECK_EQ(0, put(fd, 1));
	LEASE(fd, 1);
	pid = spawn(keep_handle, NULL);
	other = port_open(O_RDWR, name);
	close(fd);
	CHECK_EQ(1, leases(other));
	CHECK_EQ(-EAGAIN, take(other));
	CHECK_OK(kill(pid, SIGKILL));
	reap_status(pid);
	WAIT_FOR(!leases(other));
	CHECK_ORDER(other, 1);
}

TEST(close_returns_all_to_their_places)
{
	int fd = PORT(O_RDWR), holder = open_fd(O_RDONLY, fd);

	CHECK_EQ(0, put_as(fd, 1, 0, 1));
	CHECK_EQ(0, put_as(fd, 2, 0, 5));
	CHECK_EQ(0, put_as(fd, 3, 0, 1));
	CHECK_EQ(0, put_as(fd, 4, 0, 5));
	LEASE(holder, 2);
	LEASE(holder, 4);
	LEASE(holder, 1);
	CHECK_EQ(0, put_as(fd, 5, 0, 5));
	CHECK_EQ(0, put_as(fd, 6, 0, 1));
	close(holder);
	CHECK_EQ(0, leases(fd));
	CHECK_ORDER(fd, 2, 4, 5, 1, 3, 6);
}

TEST(close_loses_none_of_many)
{
	enum { COUNT = 5000 };
	int fd = PORT(O_RDWR, UNBOUNDED), holder = open_fd(O_RDONLY, fd), i;

	put_all(fd, COUNT);
	for (i = 1; i <= COUNT; i++)
		LEASE(holder, i);
	for (i = 0; i < COUNT; i += 5)
		CHECK_EQ(0, ack(holder, 0));
	CHECK_EQ(COUNT * 4 / 5, leases(fd));
	close(holder);
	CHECK_EQ(0, leases(fd));
	CHECK_EQ(COUNT * 4 / 5, messages(fd));
	for (i = COUNT / 5 + 1; i <= COUNT; i++)
		CHECK_EQ(i, take(fd));
}

TEST(deliveries_count_across_holders)
{
	int fd = PORT(O_RDWR), i;

	CHECK_EQ(0, put(fd, 1));
	for (i = 1; i <= 3; i++) {
		int holder = open_fd(O_RDONLY, fd);

		CHECK_EQ(i, GET(holder, .flags = LEASED).receive.deliveries);
		close(holder);
	}
	CHECK_EQ(3, GET(fd).receive.deliveries);
}

/* Nobody is there at the moment. */
TEST(persistent_port_keeps_what_goes_back)
{
	char *name = unique_name();
	int fd;

	fd = NAMED_PORT(O_RDWR, name, .flags = MAILBOX_CREATE_PERSIST);
	put_all(fd, 2);
	LEASE(fd, 1);
	close(fd);
	fd = port_open(O_RDWR, name);
	CHECK_EQ(0, leases(fd));
	CHECK_EQ(1, GET(fd, .flags = MAILBOX_RECEIVE_PEEK).receive.deliveries);
	CHECK_ORDER(fd, 1, 2);
	CHECK_EQ(0, port_unlink(fd, name));
}

TEST(port_goes_with_its_leases)
{
	struct account before = account();
	int fd = PORT(O_RDWR);

	put_all(fd, 3);
	LEASE(fd, 1);
	LEASE_FOR(fd, 2, 20 * NSEC_PER_MSEC);
	close(fd);
	CHECK_ACCOUNT(&before);
}

/* --- its time ----------------------------------------------------------------- */

TEST(lease_ends_by_itself)
{
	int fd = PORT(O_RDWR);
	__u64 token;

	put_all(fd, 2);
	token = LEASE_FOR(fd, 1, NSEC_PER_MSEC);
	WAIT_FOR(!leases(fd));
	CHECK_EQ(2, messages(fd));
	CHECK_EQ(-ESRCH, ack(fd, token));
	CHECK_EQ(-ESRCH, nack(fd, token));
	CHECK_EQ(-ESRCH, ack(fd, 0));
	CHECK_EQ(1, GET(fd, .flags = MAILBOX_RECEIVE_PEEK).receive.deliveries);
	CHECK_ORDER(fd, 1, 2);
}

TEST(late_ack_is_not_of_the_next_lease)
{
	int fd = PORT(O_RDWR);
	__u64 late, token;

	CHECK_EQ(0, put(fd, 1));
	late = LEASE_FOR(fd, 1, NSEC_PER_MSEC);
	WAIT_FOR(!leases(fd));
	token = LEASE(fd, 1);
	CHECK_EQ(-ESRCH, ack(fd, late));
	CHECK_EQ(1, leases(fd));
	CHECK_EQ(0, ack(fd, token));
}

/* Of many, so that they end at any time between two ticks. */
TEST(lease_is_never_too_short)
{
	enum { COUNT = 400 };
	int fd = PORT(O_RDWR, UNBOUNDED), i;
	long long due[COUNT + 1];

	put_all(fd, COUNT);
	for (i = 1; i <= COUNT; i++) {
		long long time_ns = NSEC_PER_SEC + i * 131071;

		due[i] = now_ns(CLOCK_MONOTONIC) + time_ns;
		LEASE_FOR(fd, i, time_ns);
	}
	for (i = 0; i < COUNT; i++) {
		struct mailbox_ioc_receive receive = { .size = sizeof(int) };
		int value = 0;

		receive.data = user_pointer(&value);
		CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
		CHECK_RANGE(due[value], INT64_MAX, now_ns(CLOCK_MONOTONIC));
	}
	CHECK_EQ(0, leases(fd));
}

TEST(time_wakes_a_receiver)
{
	int fd = PORT(O_RDWR);
	struct call call;

	CHECK_EQ(0, put(fd, 1));
	LEASE_FOR(fd, 1, 100 * NSEC_PER_MSEC);
	CALL_RECEIVE(&call, fd, .flags = LEASED);
	CHECK_EQ(1, call_value(&call));
	CHECK_EQ(2, call.receive.deliveries);
	CHECK_EQ(0, ack(fd, call.receive.token));
}

static void time_wakes(enum poller_kind kind)
{
	int fd = PORT(O_RDWR);
	struct poller poller;

	CHECK_EQ(0, put(fd, 1));
	LEASE_FOR(fd, 1, 500 * NSEC_PER_MSEC);
	poller_start(&poller, fd, kind, POLLIN);
	CHECK_EQ(POLLIN, poller_end(&poller));
	CHECK_EQ(0, leases(fd));
	CHECK_ORDER(fd, 1);
}

TEST(time_wakes_poll)
{
	time_wakes(BY_POLL);
}

TEST(time_wakes_epoll)
{
	time_wakes(BY_EPOLL);
}

TEST(time_wakes_epoll_edge)
{
	time_wakes(BY_EPOLL_EDGE);
}

/* The last one to begin is the first one to end. */
TEST(leases_end_each_in_its_time)
{
	int fd = PORT(O_RDWR);
	__u64 longest, longer;

	put_all(fd, 3);
	longest = LEASE_FOR(fd, 1, 3600 * NSEC_PER_SEC);
	longer = LEASE_FOR(fd, 2, 600 * NSEC_PER_SEC);
	LEASE_FOR(fd, 3, NSEC_PER_MSEC);
	WAIT_FOR(leases(fd) == 2);
	CHECK_ORDER(fd, 3);
	CHECK_EQ(0, ack(fd, longer));
	CHECK_EQ(0, nack(fd, longest));
	CHECK_ORDER(fd, 1);
}

/* What is due is still noticed when a lease before it was settled. */
TEST(settled_lease_holds_up_no_other)
{
	int fd = PORT(O_RDWR);
	__u64 first;

	put_all(fd, 3);
	first = LEASE_FOR(fd, 1, 300 * NSEC_PER_MSEC);
	LEASE_FOR(fd, 2, 320 * NSEC_PER_MSEC);
	LEASE_FOR(fd, 3, 320 * NSEC_PER_MSEC);
	CHECK_EQ(0, ack(fd, first));
	WAIT_FOR(!leases(fd));
	CHECK_ORDER(fd, 2, 3);
}

TEST(many_end_at_once)
{
	enum { COUNT = 1000 };
	int fd = PORT(O_RDWR, UNBOUNDED), i;

	put_all(fd, COUNT);
	for (i = 1; i <= COUNT; i++)
		LEASE_FOR(fd, i, NSEC_PER_SEC - i * 1000);
	WAIT_FOR(!leases(fd));
	for (i = 1; i <= COUNT; i++)
		CHECK_EQ(i, take(fd));
}

TEST(lease_that_never_ends)
{
	static const __u64 times[] = { 0, INT64_MAX, 1ULL << 63, UINT64_MAX };
	int fd = PORT(O_RDWR);
	unsigned int i;

	CHECK_EQ(0, put(fd, 100));
	put_all(fd, ARRAY_SIZE(times));
	LEASE_FOR(fd, 100, 300 * NSEC_PER_MSEC);
	for (i = 0; i < ARRAY_SIZE(times); i++)
		LEASE_FOR(fd, i + 1, times[i]);
	/* The one that ends has them all looked at. */
	WAIT_FOR(leases(fd) != ARRAY_SIZE(times) + 1);
	CHECK_ORDER(fd, 100);
	CHECK_EQ(ARRAY_SIZE(times), leases(fd));
}

TEST(ack_in_time)
{
	int fd = PORT(O_RDWR);

	put_all(fd, 2);
	CHECK_EQ(0, ack(fd, LEASE_FOR(fd, 1, 300 * NSEC_PER_MSEC)));
	LEASE_FOR(fd, 2, 320 * NSEC_PER_MSEC);
	WAIT_FOR(!leases(fd));
	CHECK_ORDER(fd, 2);
}

/* --- the end of the port ------------------------------------------------------ */

TEST(destroy_ends_leases)
{
	struct account before = account();
	int fd = PORT(O_RDWR);
	__u64 token;

	put_all(fd, 3);
	token = LEASE(fd, 1);
	LEASE_FOR(fd, 2, 20 * NSEC_PER_MSEC);
	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(-EIDRM, ack(fd, token));
	CHECK_EQ(-EIDRM, nack(fd, token));
	CHECK_EQ(-EIDRM, ack(fd, 0));
	CHECK_EQ(before.user_bytes, account().user_bytes);
	close(fd);
	CHECK_ACCOUNT(&before);
}

TEST(unlink_leaves_leases)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name);
	__u64 token;

	put_all(fd, 2);
	token = LEASE(fd, 1);
	LEASE_FOR(fd, 2, 20 * NSEC_PER_MSEC);
	CHECK_EQ(0, port_unlink(fd, name));
	CHECK_EQ(0, nack(fd, token));
	WAIT_FOR(!leases(fd));
	CHECK_ORDER(fd, 1, 2);
}

TEST(hang_up_of_senders_with_a_lease)
{
	int fd = PORT(O_RDONLY, .flags = MAILBOX_CREATE_HANGUP), sender = open_fd(O_WRONLY, fd);
	__u64 token;

	CHECK_EQ(0, put(sender, 1));
	token = LEASE(fd, 1);
	close(sender);
	CHECK_EQ(-EPIPE, take(fd));
	CHECK_EQ(IN | POLLHUP, polled(fd));
	CHECK_EQ(0, nack(fd, token));
	CHECK_EQ(IN, polled(fd));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(-EPIPE, take(fd));
}

TEST(hang_up_of_the_receiver_with_a_lease)
{
	int fd = PORT(O_WRONLY, .flags = MAILBOX_CREATE_HANGUP);
	int receiver = open_fd(O_RDONLY, fd);

	CHECK_EQ(0, put(fd, 1));
	LEASE(receiver, 1);
	close(receiver);
	CHECK_EQ(-EPIPE, put(fd, 2));
	CHECK_EQ(1, messages(fd));
	receiver = open_fd(O_RDONLY, fd);
	CHECK_EQ(1, GET(receiver, .flags = LEASED).receive.deliveries - 1);
	CHECK_EQ(0, ack(receiver, 0));
	CHECK_EQ(0, put(fd, 2));
	CHECK_ORDER(receiver, 2);
}

TEST(slot_goes_with_its_leases)
{
	struct account before = account();
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDONLY, name, .flags = MAILBOX_CREATE_SLOT);
	int sender = port_open(O_WRONLY, name);

	CHECK_EQ(0, put(sender, 1));
	LEASE(fd, 1);
	close(fd);
	CHECK_EQ(-EPIPE, put(sender, 2));
	CHECK_EQ(0, leases(sender));
	close(sender);
	CHECK_ACCOUNT(&before);
}

TEST(pair_has_leases)
{
	struct ends pair = PAIR(O_RDWR);
	__u64 token;

	CHECK_EQ(0, put(pair.first, 1));
	token = LEASE(pair.second, 1);
	CHECK_EQ(-ESRCH, ack(pair.first, token));
	close(pair.first);
	CHECK_EQ(-EPIPE, take(pair.second));
	CHECK_EQ(0, nack(pair.second, token));
	CHECK_EQ(1, take(pair.second));
	CHECK_EQ(-EPIPE, take(pair.second));
}

TEST(each_receiver_of_a_broadcast_has_its_lease)
{
	int fd = PORT(O_WRONLY, .flags = MAILBOX_CREATE_BROADCAST);
	int one = open_fd(O_RDONLY, fd), two = open_fd(O_RDONLY, fd);
	__u64 first, second;

	put_all(fd, 2);
	first = LEASE(one, 1);
	second = LEASE(two, 1);
	CHECK_EQ(2, leases(fd));
	CHECK_EQ(0, ack(one, first));
	CHECK_EQ(0, nack(two, second));
	CHECK_EQ(-EAGAIN, take_as(one, MAILBOX_SELECT_TYPE, 9, 0));
	CHECK_ORDER(one, 2);
	CHECK_EQ(2, GET(two, .flags = LEASED).receive.deliveries);
	close(two);
	CHECK_EQ(0, leases(fd));
	CHECK_EQ(0, messages(fd));
}
