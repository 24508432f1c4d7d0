// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many senders and receivers at ports of every capacity. Every message is
 * checksummed, received once and in the order of its sender, and nobody sleeps
 * beside a message that it waits for.
 */
#include <stddef.h>

#include "port.h"

#define SENDERS		3
#define RECEIVERS	3
#define EACH		1200		/* messages of a sender */
#define BYTES_MAX	600
#define DATA		1		/* types */
#define STOP		2

struct payload {
	unsigned int sender;
	unsigned int number;
	unsigned int sum;
	unsigned char bytes[BYTES_MAX];
};

struct crowd {
	int fd;
	bool sync;
	atomic_uint finished;		/* senders */
	atomic_uint received;
	atomic_uchar taken[SENDERS][EACH];
};

struct member {
	struct crowd *crowd;
	unsigned int index;
};

static unsigned int checksum(const struct payload *payload, size_t len)
{
	unsigned int sum = payload->sender * 31 + payload->number;
	size_t i;

	for (i = 0; i < len - offsetof(struct payload, bytes); i++)
		sum = sum * 33 + payload->bytes[i];
	return sum;
}

static unsigned int next_random(unsigned int *state)
{
	*state = *state * 1103515245 + 12345;
	return *state >> 8;
}

/* Every way of sending, at random. */
static void send_some_way(struct crowd *crowd, struct payload *payload, size_t len,
			  unsigned int *state)
{
	struct mailbox_ioc_send send = { .type = DATA, .len = len };
	struct pollfd room = { .fd = crowd->fd, .events = POLLOUT };
	long long result;

	send.data = user_pointer(payload);
	for (;;) {
		send.flags = 0;
		send.deadline_ns = 0;
		switch (next_random(state) % 4) {
		case 0:
			send.flags = MAILBOX_SEND_NONBLOCK;
			break;
		case 1:
			send.deadline_ns = deadline_in(CLOCK_MONOTONIC, 50000);
			break;
		case 2:
			send.flags = crowd->sync ? MAILBOX_SEND_SYNC : 0;
			break;
		}
		result = command(crowd->fd, MAILBOX_IOC_SEND, &send);
		if (!result)
			return;
		if (result == -EAGAIN)
			CHECK_OK(poll(&room, 1, 1));
		else
			CHECK_EQ(-ETIMEDOUT, result);
	}
}

static void run_sender(void *arg)
{
	struct member *me = arg;
	unsigned int state = me->index + 1, i;
	struct payload payload;
	size_t len;

	payload.sender = me->index;
	for (i = 0; i < EACH; i++) {
		len = offsetof(struct payload, bytes) + next_random(&state) % BYTES_MAX;
		memset(payload.bytes, state, BYTES_MAX);
		payload.number = i;
		payload.sum = 0;
		payload.sum = checksum(&payload, len);
		send_some_way(me->crowd, &payload, len, &state);
	}
	me->crowd->finished++;
}

static void run_receiver(void *arg)
{
	struct member *me = arg;
	struct mailbox_ioc_receive receive = {};
	unsigned int state = me->index + 100, sum, last[SENDERS] = {};
	struct payload payload;
	long long result;

	receive.data = user_pointer(&payload);
	receive.size = sizeof(payload);
	for (;;) {
		receive.flags = next_random(&state) % 3 ? 0 : MAILBOX_RECEIVE_NONBLOCK;
		receive.deadline_ns = 0;
		if (next_random(&state) % 3 == 0)
			receive.deadline_ns = deadline_in(CLOCK_MONOTONIC, 50000);
		result = command(me->crowd->fd, MAILBOX_IOC_RECEIVE, &receive);
		if (result == -EAGAIN || result == -ETIMEDOUT)
			continue;
		CHECK_EQ(0, result);
		if (receive.type == STOP)
			return;
		sum = payload.sum;
		payload.sum = 0;
		CHECK_EQ(sum, checksum(&payload, receive.len));
		CHECK(payload.sender < SENDERS && payload.number < EACH);
		/* Numbers count from 0: 0 says that none was seen. */
		CHECK(payload.number + 1 > last[payload.sender]);
		last[payload.sender] = payload.number + 1;
		CHECK_EQ(0, me->crowd->taken[payload.sender][payload.number]++);
		me->crowd->received++;
	}
}

/* What must hold in every moment in which the port's lock is free. */
static void check_nobody_sleeps_beside_a_message(struct crowd *crowd)
{
	struct mailbox_ioc_port_stat stat = port_stat(crowd->fd);
	bool room = stat.buffering == MAILBOX_BUFFERING_UNBOUNDED || stat.messages < stat.capacity;

	/* Every receiver takes anything. */
	if (stat.receivers_waiting && stat.messages)
		FAIL("%u receivers sleep beside %llu messages", stat.receivers_waiting,
		     stat.messages);
	/* With SYNC a sender sleeps for its receipt. */
	if (crowd->sync)
		return;
	/* At a rendezvous a sender sleeps on while its message is copied. */
	if (stat.buffering == MAILBOX_BUFFERING_RENDEZVOUS)
		return;
	if (stat.senders_waiting && stat.receivers_waiting)
		FAIL("%u senders and %u receivers sleep at once", stat.senders_waiting,
		     stat.receivers_waiting);
	if (stat.senders_waiting && room)
		FAIL("%u senders sleep, and %llu of %u messages are queued",
		     stat.senders_waiting, stat.messages, stat.capacity);
}

static void run_crowd(int fd, bool sync)
{
	struct crowd *crowd = shared_alloc(sizeof(*crowd));
	struct member members[SENDERS + RECEIVERS];
	pid_t pids[SENDERS + RECEIVERS];
	unsigned int i, j;

	crowd->fd = fd;
	crowd->sync = sync;
	for (i = 0; i < SENDERS + RECEIVERS; i++) {
		members[i].crowd = crowd;
		members[i].index = i < SENDERS ? i : i - SENDERS;
		pids[i] = spawn(i < SENDERS ? run_sender : run_receiver, &members[i]);
	}
	while (crowd->finished < SENDERS) {
		int status;

		check_nobody_sleeps_beside_a_message(crowd);
		/* A member that failed has said why. */
		for (i = SENDERS; i < SENDERS + RECEIVERS; i++)
			if (waitpid(pids[i], &status, WNOHANG))
				FAIL("a receiver ended early");
		pause_ns(300000);
	}
	for (i = 0; i < RECEIVERS; i++)
		CHECK_EQ(0, SEND(fd, .type = STOP));
	for (i = 0; i < SENDERS + RECEIVERS; i++)
		REAP(pids[i]);
	CHECK_EQ(SENDERS * EACH, crowd->received);
	for (i = 0; i < SENDERS; i++)
		for (j = 0; j < EACH; j++)
			CHECK_EQ(1, crowd->taken[i][j]);
	CHECK(waiters_are(fd, 0, 0));
	CHECK_EQ(0, messages(fd));
	CHECK_EQ(SENDERS * EACH + RECEIVERS, port_stat(fd).sent);
	CHECK_EQ(SENDERS * EACH + RECEIVERS, port_stat(fd).received);
}

TEST_WITHIN(rendezvous, 90)
{
	run_crowd(PORT(O_RDWR, RENDEZVOUS), false);
}

TEST_WITHIN(capacity_1, 90)
{
	run_crowd(PORT(O_RDWR, .capacity = 1), false);
}

TEST_WITHIN(capacity_2, 90)
{
	run_crowd(PORT(O_RDWR, .capacity = 2), false);
}

TEST_WITHIN(capacity_8, 90)
{
	run_crowd(PORT(O_RDWR, .capacity = 8), false);
}

TEST_WITHIN(capacity_in_bytes, 90)
{
	run_crowd(PORT(O_RDWR, UNBOUNDED, .capacity_bytes = 1000), true);
}

TEST_WITHIN(unbounded, 90)
{
	run_crowd(PORT(O_RDWR, UNBOUNDED), false);
}

TEST_WITHIN(rendezvous_with_sync, 90)
{
	run_crowd(PORT(O_RDWR, RENDEZVOUS), true);
}

TEST_WITHIN(capacity_2_with_sync, 90)
{
	run_crowd(PORT(O_RDWR, .capacity = 2), true);
}

/* Two processes, always one awake: the first lost wake-up stops it. */
#define ROUNDS 10000

struct rally {
	int there, back;
};

static void return_all(void *arg)
{
	struct rally *rally = arg;
	int i, value;

	for (i = 0; i < ROUNDS; i++) {
		CHECK_EQ(4, RESULT(read(rally->there, &value, sizeof(value))));
		CHECK_EQ(i, value);
		CHECK_EQ(4, RESULT(write(rally->back, &value, sizeof(value))));
	}
}

static void run_rally(int there, int back)
{
	struct rally rally = { there, back };
	pid_t pid = spawn(return_all, &rally);
	int i, value;

	for (i = 0; i < ROUNDS; i++) {
		CHECK_EQ(4, RESULT(write(there, &i, sizeof(i))));
		CHECK_EQ(4, RESULT(read(back, &value, sizeof(value))));
		CHECK_EQ(i, value);
	}
	REAP(pid);
}

TEST_WITHIN(rally_at_capacity_1, 60)
{
	run_rally(PORT(O_RDWR, .capacity = 1), PORT(O_RDWR, .capacity = 1));
}

TEST_WITHIN(rally_at_a_rendezvous, 60)
{
	run_rally(PORT(O_RDWR, RENDEZVOUS), PORT(O_RDWR, RENDEZVOUS));
}

/* Ports that come and go under the names that others look for. */
static void churn(void *arg)
{
	char *name = arg;
	unsigned int state = getpid(), i;
	long long result;
	int fd;

	for (i = 0; i < 1500; i++) {
		struct mailbox_ioc_port_create create = { .flags = MAILBOX_CREATE_OPEN };

		strcpy(create.name, name);
		fd = node_open(O_RDWR);
		result = command(fd, MAILBOX_IOC_PORT_CREATE, &create);
		CHECK(!result || result == -EIDRM || result == -ENOENT);
		if (!result) {
			result = put(fd, i);
			CHECK(!result || result == -EAGAIN || result == -EIDRM);
			result = take(fd);
			CHECK(result >= 0 || result == -EAGAIN || result == -EIDRM);
			if (next_random(&state) % 8 == 0) {
				result = next_random(&state) % 2 ? port_destroy(fd, name) :
								   port_unlink(fd, name);
				CHECK(!result || result == -ENOENT);
			}
		}
		close(fd);
	}
}

TEST_WITHIN(ports_come_and_go, 60)
{
	int fd = node_open(O_RDWR);
	unsigned long long before = info(fd).ports, bytes = info(fd).user_bytes;
	char *name = unique_name();
	pid_t pids[4];
	int i;

	for (i = 0; i < 4; i++)
		pids[i] = spawn(churn, name);
	for (i = 0; i < 4; i++)
		REAP(pids[i]);
	CHECK_EQ(before, info(fd).ports);
	CHECK_EQ(bytes, info(fd).user_bytes);
	CHECK_EQ(-ENOENT, bind_name(fd, name));
}
