// SPDX-License-Identifier: GPL-2.0-only
/*
 * Time namespaces: deadlines on CLOCK_MONOTONIC, and times of messages, are on the
 * clock that the caller reads.
 */
#include <sched.h>

#include "many.h"

#define OFFSETS	"/proc/self/timens_offsets"

/* What the clock of the namespace is ahead by. */
static long long offset_ns;

/* Children are in a time namespace of their own from now on. Checked. */
static void namespace_new(bool ahead)
{
	long long seconds = 1000;
	char text[64];

	NEED_ROOT();
	if (access(OFFSETS, F_OK))
		SKIP("this kernel has no time namespaces");
	if (!ahead) {
		/* The clock cannot be before its beginning. */
		WAIT_FOR(now_ns(CLOCK_MONOTONIC) > 3 * NSEC_PER_SEC);
		seconds = 1 - now_ns(CLOCK_MONOTONIC) / NSEC_PER_SEC;
	}
	CHECK_OK(unshare(CLONE_NEWTIME));
	snprintf(text, sizeof(text), "monotonic %lld 0\n", seconds);
	CHECK_EQ(0, file_write(OFFSETS, text));
	offset_ns = seconds * NSEC_PER_SEC;
}

/* --- each command that has a deadline ------------------------------------------ */

static long long by_receive(__u64 deadline_ns)
{
	return RECEIVE(PORT(O_RDWR), .deadline_ns = deadline_ns);
}

static long long by_lease(__u64 deadline_ns)
{
	return RECEIVE(PORT(O_RDWR), .flags = MAILBOX_RECEIVE_LEASE, .deadline_ns = deadline_ns);
}

static long long by_reply_receive(__u64 deadline_ns)
{
	struct mailbox_ioc_reply_receive turn = { .receive.deadline_ns = deadline_ns };

	return command(PORT(O_RDWR), MAILBOX_IOC_REPLY_RECEIVE, &turn);
}

static long long by_receive_batch(__u64 deadline_ns)
{
	struct mailbox_ioc_receive_batch *arg = receiving(batch_new(), 2, 0);

	arg->deadline_ns = deadline_ns;
	return command(PORT(O_RDWR), MAILBOX_IOC_RECEIVE_BATCH, arg);
}

static long long by_send(__u64 deadline_ns)
{
	return SEND(PORT(O_RDWR, RENDEZVOUS), .deadline_ns = deadline_ns);
}

static long long by_sync(__u64 deadline_ns)
{
	return SEND(PORT(O_RDWR), .flags = MAILBOX_SEND_SYNC, .deadline_ns = deadline_ns);
}

static long long by_send_batch(__u64 deadline_ns)
{
	struct mailbox_ioc_send_batch *arg = sending(batch_new(), 2, 0);

	arg->deadline_ns = deadline_ns;
	return command(PORT(O_RDWR, RENDEZVOUS), MAILBOX_IOC_SEND_BATCH, arg);
}

static long long by_call(__u64 deadline_ns)
{
	struct mailbox_ioc_call call = { .deadline_ns = deadline_ns };

	return command(PORT(O_RDWR), MAILBOX_IOC_CALL, &call);
}

static long long by_wait(__u64 deadline_ns)
{
	struct mailbox_ioc_port_wait wait = {
		.events = MAILBOX_EVENT_MESSAGE,
		.deadline_ns = deadline_ns,
	};

	return command(PORT(O_RDWR), MAILBOX_IOC_PORT_WAIT, &wait);
}

static long long by_wait_for_a_name(__u64 deadline_ns)
{
	struct mailbox_ioc_port_wait wait = {
		.events = MAILBOX_EVENT_NAMED,
		.deadline_ns = deadline_ns,
	};

	strcpy(wait.name, unique_name());
	return command(node_open(O_RDONLY), MAILBOX_IOC_PORT_WAIT, &wait);
}

static long long by_open(__u64 deadline_ns)
{
	return OPEN(node_open(O_RDONLY), unique_name(), .flags = MAILBOX_BIND_WAIT,
		    .deadline_ns = deadline_ns);
}

static long long by_peer(__u64 deadline_ns)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_ACCMODE, name);
	long long result;

	result = OPEN(node_open(O_RDONLY), name, .flags = MAILBOX_BIND_PEER,
		      .deadline_ns = deadline_ns);
	close(fd);
	return result;
}

static long long by_realtime(__u64 deadline_ns)
{
	deadline_ns += now_ns(CLOCK_REALTIME) - now_ns(CLOCK_MONOTONIC);
	return RECEIVE(PORT(O_RDWR), .flags = MAILBOX_RECEIVE_REALTIME,
		       .deadline_ns = deadline_ns);
}

struct way {
	const char *name;
	long long (*run)(__u64 deadline_ns);
};

static const struct way ways[] = {
	{ "receive", by_receive },
	{ "lease", by_lease },
	{ "reply_receive", by_reply_receive },
	{ "receive_batch", by_receive_batch },
	{ "send", by_send },
	{ "sync", by_sync },
	{ "send_batch", by_send_batch },
	{ "call", by_call },
	{ "wait", by_wait },
	{ "wait_for_a_name", by_wait_for_a_name },
	{ "open", by_open },
	{ "open_for_a_peer", by_peer },
	{ "deadline_of_the_calendar", by_realtime },
};

/* Neither before the deadline nor, as the test has its limit, long after it. */
static void give_up(void *arg)
{
	const struct way *way = arg;
	long long deadline = now_ns(CLOCK_MONOTONIC) + 50 * NSEC_PER_MSEC;

	CHECK_EQ(-ETIMEDOUT, way->run(deadline));
	CHECK(now_ns(CLOCK_MONOTONIC) >= deadline - NSEC_PER_MSEC * (way->run == by_realtime));
	/* One that is over is over. */
	deadline = now_ns(CLOCK_MONOTONIC);
	CHECK_EQ(-ETIMEDOUT, way->run(deadline - NSEC_PER_MSEC));
}

static void deadline_ahead(void)
{
	namespace_new(true);
	REAP(spawn(give_up, (void *)test_now->row));
}

static void deadline_behind(void)
{
	namespace_new(false);
	REAP(spawn(give_up, (void *)test_now->row));
}

static void __attribute__((constructor)) add_ways(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		test_add("clock_ahead", ways[i].name, deadline_ahead, &ways[i]);
		test_add("clock_behind", ways[i].name, deadline_behind, &ways[i]);
	}
}

/* --- the ends of what can be said ------------------------------------------------ */

/* Before the kernel's own clock began. */
static void receive_with_the_first_deadline(void *arg)
{
	(void)arg;
	CHECK_EQ(-ETIMEDOUT, by_receive(1));
}

TEST(deadline_before_all_time)
{
	namespace_new(true);
	REAP(spawn(receive_with_the_first_deadline, NULL));
}

static void receive_without_end(void *arg)
{
	static const __u64 deadlines[] = { 0, INT64_MAX - 1, INT64_MAX, 1ULL << 63, UINT64_MAX };
	int fd = PORT(O_RDWR);
	unsigned int i;

	(void)arg;
	for (i = 0; i < ARRAY_SIZE(deadlines); i++) {
		struct call call;

		CALL_RECEIVE(&call, fd, .deadline_ns = deadlines[i]);
		wait_for_waiters(fd, 0, 1);
		CHECK_EQ(0, put(fd, i));
		CHECK_EQ(i, call_value(&call));
	}
}

TEST(deadline_that_never_comes_ahead)
{
	namespace_new(true);
	REAP(spawn(receive_without_end, NULL));
}

TEST(deadline_that_never_comes_behind)
{
	namespace_new(false);
	REAP(spawn(receive_without_end, NULL));
}

/* --- when a message was sent ------------------------------------------------------ */

struct outside {
	int fd;
	long long before_ns, after_ns;
};

static void read_times(void *arg)
{
	const struct outside *outside = arg;
	long long before = outside->before_ns + offset_ns, after = outside->after_ns + offset_ns;
	struct mailbox_ioc_receive receive = {};
	struct batch *batch = batch_new();

	CHECK_EQ(0, command(outside->fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_RANGE(before, after, receive.time_ns);
	CHECK_EQ(2, receive_some(batch, outside->fd, 2));
	CHECK_RANGE(before, after, batch->in[0].time_ns);
	CHECK_RANGE(before, after, batch->in[1].time_ns);
	CHECK_EQ(1, receive_flags(batch, outside->fd, 1, MAILBOX_RECEIVE_LEASE));
	CHECK_RANGE(before, after, batch->in[0].time_ns);

	/* And its own ones. */
	before = now_ns(CLOCK_MONOTONIC);
	CHECK_EQ(0, put(outside->fd, 1));
	receive = (struct mailbox_ioc_receive){ .flags = MAILBOX_RECEIVE_TRUNC };
	CHECK_EQ(0, command(outside->fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_RANGE(before, now_ns(CLOCK_MONOTONIC), receive.time_ns);
}

static void check_times(bool ahead)
{
	struct outside outside = { .fd = PORT(O_RDWR) };
	int i;

	outside.before_ns = now_ns(CLOCK_MONOTONIC);
	CHECK_EQ(0, SEND(outside.fd));
	for (i = 0; i < 3; i++)
		CHECK_EQ(0, put(outside.fd, i));
	outside.after_ns = now_ns(CLOCK_MONOTONIC);
	namespace_new(ahead);
	REAP(spawn(read_times, &outside));
}

TEST(time_is_the_readers_ahead)
{
	check_times(true);
}

TEST(time_is_the_readers_behind)
{
	check_times(false);
}

/* How long a lease lasts is no point in time. */
static void lease_for_a_while(void *arg)
{
	struct mailbox_ioc_receive receive = {
		.flags = MAILBOX_RECEIVE_LEASE,
		.lease_ns = 50 * NSEC_PER_MSEC,
	};
	long long began = now_ns(CLOCK_MONOTONIC);
	int fd = PORT(O_RDWR);

	(void)arg;
	CHECK_EQ(0, SEND(fd));
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	WAIT_FOR(messages(fd) == 1);
	CHECK(now_ns(CLOCK_MONOTONIC) >= began + 50 * NSEC_PER_MSEC);
}

TEST(lease_lasts_as_long_ahead)
{
	namespace_new(true);
	REAP(spawn(lease_for_a_while, NULL));
}

TEST(lease_lasts_as_long_behind)
{
	namespace_new(false);
	REAP(spawn(lease_for_a_while, NULL));
}
