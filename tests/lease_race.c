// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leases that end in two ways at once: ACK, NACK, time, close, kill, destroy.
 * Each message is acknowledged once, or goes to the dead-letter port once.
 */
#include <sched.h>

#include "lease.h"

enum { COUNT = 1500, WORKERS = 4 };

struct race {
	char name[MAILBOX_NAME_SIZE];
	int fd;				/* the test's own handle */
	int common;			/* handle of all workers, or -1 */
	bool close, nack;		/* what else workers do */
	atomic_uint state, done, late, bound;
	atomic_int outcomes[COUNT + 1];
};

static unsigned int race_random(struct race *race, unsigned int below)
{
	unsigned int state = atomic_fetch_add(&race->state, 0x9E3779B9);

	state ^= state >> 16;
	state *= 0x7FEB352D;
	state ^= state >> 15;
	return (state >> 4) % below;
}

/* About as long as its lease. */
static void work(struct race *race)
{
	long long end = now_ns(CLOCK_MONOTONIC) + race_random(race, 8) * NSEC_PER_MSEC;

	while (now_ns(CLOCK_MONOTONIC) < end)
		sched_yield();
}

static void end_one(struct race *race, int fd, const struct got *got)
{
	bool back = race->nack && !race_random(race, 3);
	long long result;

	if (!race_random(race, 4))
		work(race);
	result = back ? nack(fd, got->receive.token) : ack(fd, got->receive.token);
	CHECK(!result || result == -ESRCH);
	if (result) {
		atomic_fetch_add(&race->late, 1);
	} else if (!back) {
		atomic_fetch_add(&race->outcomes[got->value], 1);
		atomic_fetch_add(&race->done, 1);
	}
}

static void *race_work(void *arg)
{
	struct race *race = arg;
	int fd = race->common < 0 ? port_open(O_RDONLY, race->name) : race->common;

	while (race->done < COUNT) {
		struct got got = { .receive = { .flags = LEASED | MAILBOX_RECEIVE_NONBLOCK } };

		got.receive.lease_ns = race_random(race, 3) ? 6 * NSEC_PER_MSEC : 1000;
		got.receive.data = user_pointer(&got.value);
		got.receive.size = sizeof(got.value);
		if (command(fd, MAILBOX_IOC_RECEIVE, &got.receive)) {
			pause_ns(100000);
			continue;
		}
		if (race->close && !race_random(race, 8)) {
			close(fd);
			fd = port_open(O_RDONLY, race->name);
			continue;
		}
		end_one(race, fd, &got);
	}
	return NULL;
}

static struct race *race_new(void)
{
	struct race *race = shared_alloc(sizeof(*race));

	race->common = -1;
	strcpy(race->name, unique_name());
	race->fd = NAMED_PORT(O_RDWR, race->name, UNBOUNDED);
	put_all(race->fd, COUNT);
	return race;
}

/* To the end; then nothing is left. */
static void race_run(struct race *race)
{
	pthread_t threads[WORKERS];
	int i;

	for (i = 0; i < WORKERS; i++)
		CHECK_EQ(0, pthread_create(&threads[i], NULL, race_work, race));
	for (i = 0; i < WORKERS; i++)
		CHECK_EQ(0, pthread_join(threads[i], NULL));
	for (i = 1; i <= COUNT; i++)
		CHECK_EQ(1, race->outcomes[i]);
	CHECK(race->late > 0);
	CHECK_EQ(0, leases(race->fd));
	CHECK_EQ(0, messages(race->fd));
	CHECK_EQ(-EAGAIN, take(race->fd));
}

TEST_WITHIN(ack_or_time, 60)
{
	race_run(race_new());
}

TEST_WITHIN(ack_or_time_by_one_handle, 60)
{
	struct race *race = race_new();

	race->common = open_fd(O_RDONLY, race->fd);
	race_run(race);
}

TEST_WITHIN(ack_or_nack_or_time, 60)
{
	struct race *race = race_new();

	race->nack = true;
	race_run(race);
}

TEST_WITHIN(ack_or_close_or_time, 60)
{
	struct race *race = race_new();

	race->close = true;
	race->nack = true;
	race_run(race);
}

/* --- ack or dead letter ------------------------------------------------------- */

static void *give_up_some(void *arg)
{
	struct race *race = arg;
	int fd = port_open(O_RDONLY, race->name);

	for (;;) {
		struct got got = { .receive = { .flags = LEASED | MAILBOX_RECEIVE_NONBLOCK } };

		got.receive.lease_ns = race_random(race, 3) ? 6 * NSEC_PER_MSEC : 1000;
		got.receive.data = user_pointer(&got.value);
		got.receive.size = sizeof(got.value);
		if (!command(fd, MAILBOX_IOC_RECEIVE, &got.receive))
			end_one(race, fd, &got);
		else if (!messages(race->fd) && !leases(race->fd))
			return NULL;
		else
			pause_ns(100000);
	}
}

TEST_WITHIN(ack_or_dead_letter, 60)
{
	struct mailbox_ioc_port_set set = {
		.flags = MAILBOX_SET_DELIVERIES, .max_deliveries = 2,
	};
	struct race *race = race_new();
	pthread_t threads[WORKERS];
	unsigned int letters = 0;
	long long value;
	int i, dead;

	strcpy(set.dead_letter, unique_name());
	dead = NAMED_PORT(O_RDWR, set.dead_letter, .capacity = 1);
	CHECK_EQ(0, set_args(race->fd, set));
	race->nack = true;
	for (i = 0; i < WORKERS; i++)
		CHECK_EQ(0, pthread_create(&threads[i], NULL, give_up_some, race));
	for (i = 0; i < WORKERS; i++)
		CHECK_EQ(0, pthread_join(threads[i], NULL));
	CHECK_EQ(COUNT - race->done, port_stat(race->fd).dead_lettered);
	/* The last ones may still be on their way. */
	WAIT_FOR(messages(dead) == COUNT - race->done);
	while ((value = take(dead)) >= 0) {
		CHECK_RANGE(1, COUNT, value);
		race->outcomes[value]++;
		letters++;
	}
	CHECK(letters && race->done);
	for (i = 1; i <= COUNT; i++)
		CHECK_EQ(1, race->outcomes[i]);
}

/* --- against the end of a process, and of the port ---------------------------- */

static void lease_until_killed(void *arg)
{
	struct race *race = arg;
	int fd = port_open(O_RDONLY, race->name);

	close(race->fd);
	for (;;) {
		struct mailbox_ioc_receive receive = { .flags = LEASED };
		int value;

		receive.data = user_pointer(&value);
		receive.size = sizeof(value);
		CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
		if (value % 3)
			nack(fd, receive.token);
	}
}

TEST_WITHIN(kills_lose_nothing, 60)
{
	struct race *race = race_new();
	int i, round;

	for (round = 0; round < 30; round++) {
		unsigned long long leased = port_stat(race->fd).received;
		pid_t pid = spawn(lease_until_killed, race);

		WAIT_FOR(port_stat(race->fd).received != leased);
		CHECK_OK(kill(pid, SIGKILL));
		CHECK(WIFSIGNALED(reap_status(pid)));
		CHECK_EQ(0, leases(race->fd));
		CHECK_EQ(COUNT, messages(race->fd));
	}
	for (i = 1; i <= COUNT; i++)
		CHECK_EQ(i, take(race->fd));
}

static void *lease_until_destroyed(void *arg)
{
	struct race *race = arg;
	int fd = port_open(O_RDONLY, race->name);
	struct mailbox_ioc_receive receive;
	long long result;

	atomic_fetch_add(&race->bound, 1);
	do {
		int value;

		receive = (struct mailbox_ioc_receive){ .flags = LEASED };
		receive.lease_ns = race_random(race, 2) ? 1000 : 2 * NSEC_PER_MSEC;
		receive.data = user_pointer(&value);
		receive.size = sizeof(value);
		result = command(fd, MAILBOX_IOC_RECEIVE, &receive);
		if (!result && race_random(race, 2)) {
			result = nack(fd, receive.token);
			if (result == -ESRCH)
				result = 0;
		}
	} while (!result);
	CHECK_EQ(-EIDRM, result);
	CHECK_EQ(-EIDRM, ack(fd, 0));
	close(fd);
	return NULL;
}

TEST_WITHIN(destroy_ends_all, 60)
{
	struct account before = account();
	int round;

	for (round = 0; round < 10; round++) {
		struct race *race = race_new();
		pthread_t threads[WORKERS];
		int i;

		for (i = 0; i < WORKERS; i++)
			CHECK_EQ(0, pthread_create(&threads[i], NULL, lease_until_destroyed, race));
		WAIT_FOR(race->bound == WORKERS && leases(race->fd) > 20);
		CHECK_EQ(0, port_destroy(race->fd, NULL));
		for (i = 0; i < WORKERS; i++)
			CHECK_EQ(0, pthread_join(threads[i], NULL));
		close(race->fd);
		CHECK_ACCOUNT(&before);
	}
}
