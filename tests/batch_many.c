// SPDX-License-Identifier: GPL-2.0-only
/*
 * Batches of several senders and receivers at once, on ports of each kind.
 */
#include "many.h"

#define SENDERS		3
#define RECEIVERS	3
#define COUNT		2000

struct crowd {
	int fd;				/* of the senders */
	atomic_int senders, receivers;	/* that have started */
	atomic_int sent, done;		/* messages that were settled */
	atomic_uchar seen[SENDERS * COUNT];
};

/* Sender s sends the numbers from s * COUNT on, in batches of all lengths. */
static void *send_batches(void *arg)
{
	struct crowd *crowd = arg;
	int self = crowd->senders++, sent = 0, i;
	struct batch *batch = batch_new();
	unsigned int seed = self;

	while (sent < COUNT) {
		int count = 1 + rand_r(&seed) % 20;

		if (count > COUNT - sent)
			count = COUNT - sent;
		for (i = 0; i < count; i++)
			batch->values[i] = self * COUNT + sent + i;
		CHECK_EQ(0, command(crowd->fd, MAILBOX_IOC_SEND_BATCH, sending(batch, count, 0)));
		CHECK_EQ(count, batch->send.done);
		CHECK_EQ(0, batch->send.error);
		sent += count;
	}
	crowd->sent += sent;
	return NULL;
}

static void start_senders(struct crowd *crowd, pthread_t *threads)
{
	int i;

	for (i = 0; i < SENDERS; i++)
		CHECK_EQ(0, pthread_create(&threads[i], NULL, send_batches, crowd));
}

static void join(pthread_t *threads, int count)
{
	int i;

	for (i = 0; i < count; i++)
		CHECK_EQ(0, pthread_join(threads[i], NULL));
}

/* --- one receiver: each sender's messages in their order ------------------------------- */

static void check_batch_order(struct mailbox_ioc_port_create create)
{
	struct crowd *crowd = shared_alloc(sizeof(*crowd));
	int next[SENDERS] = {}, received = 0, i;
	struct batch *batch = batch_new();
	pthread_t threads[SENDERS];

	crowd->fd = port_new(O_RDWR, NULL, create);
	start_senders(crowd, threads);
	while (received < SENDERS * COUNT) {
		CHECK_EQ(0, command(crowd->fd, MAILBOX_IOC_RECEIVE_BATCH, receiving(batch, 40, 0)));
		CHECK_EQ(0, batch->receive.error);
		for (i = 0; i < (int)batch->receive.done; i++) {
			int sender = batch->values[i] / COUNT;

			CHECK_EQ(next[sender]++, batch->values[i] % COUNT);
		}
		received += batch->receive.done;
	}
	join(threads, SENDERS);
	CHECK_EQ(-EAGAIN, take(crowd->fd));
	CHECK_EQ(SENDERS * COUNT, port_stat(crowd->fd).sent);
	CHECK_EQ(SENDERS * COUNT, port_stat(crowd->fd).received);
}

TEST(order_on_a_bounded_port)
{
	check_batch_order((struct mailbox_ioc_port_create){ .capacity = 5 });
}

TEST(order_on_an_unbounded_port)
{
	check_batch_order((struct mailbox_ioc_port_create){ UNBOUNDED });
}

TEST(order_on_a_rendezvous_port)
{
	check_batch_order((struct mailbox_ioc_port_create){ RENDEZVOUS });
}

TEST(order_on_a_port_of_few_bytes)
{
	check_batch_order((struct mailbox_ioc_port_create){ UNBOUNDED, .capacity_bytes = 10 });
}

/* --- leases: each message is settled once --------------------------------------------------- */

static void *lease_batches(void *arg)
{
	struct crowd *crowd = arg;
	struct batch *batch = batch_new();
	int in = open_fd(O_RDONLY, crowd->fd);
	unsigned int seed = crowd->receivers++, i;
	long long err;

	while (crowd->done < SENDERS * COUNT) {
		receiving(batch, 10, MAILBOX_RECEIVE_LEASE)->deadline_ns =
			deadline_in(CLOCK_MONOTONIC, 20 * NSEC_PER_MSEC);
		err = command(in, MAILBOX_IOC_RECEIVE_BATCH, &batch->receive);
		if (err == -ETIMEDOUT)
			continue;
		CHECK_EQ(0, err);
		for (i = 0; i < batch->receive.done; i++) {
			bool keep = rand_r(&seed) % 4;

			CHECK_EQ(0, settle(in, keep ? MAILBOX_IOC_ACK : MAILBOX_IOC_NACK,
					   batch->in[i].token));
			if (!keep)
				continue;
			CHECK_EQ(0, crowd->seen[batch->values[i]]++);
			crowd->done++;
		}
		/* The rest of the next ones goes back with the handle. */
		if (rand_r(&seed) % 10)
			continue;
		err = receive_flags(batch, in, 5, MAILBOX_RECEIVE_LEASE);
		CHECK(err > 0 || err == -EAGAIN);
		close(in);
		in = open_fd(O_RDONLY, crowd->fd);
	}
	return NULL;
}

TEST(leases_that_are_given_back)
{
	struct crowd *crowd = shared_alloc(sizeof(*crowd));
	pthread_t senders[SENDERS], receivers[RECEIVERS];
	unsigned long long before;
	int i;

	crowd->fd = PORT(O_WRONLY, .capacity = 20);
	before = user_bytes(crowd->fd);
	for (i = 0; i < RECEIVERS; i++)
		CHECK_EQ(0, pthread_create(&receivers[i], NULL, lease_batches, crowd));
	start_senders(crowd, senders);
	join(senders, SENDERS);
	join(receivers, RECEIVERS);
	for (i = 0; i < SENDERS * COUNT; i++)
		CHECK_EQ(1, crowd->seen[i]);
	CHECK_EQ(0, messages(crowd->fd));
	CHECK_EQ(0, port_stat(crowd->fd).leased);
	CHECK_EQ(before, user_bytes(crowd->fd));
}

/* --- receipts: what was withdrawn is in no batch ----------------------------------------- */

#define RECEIPTS	600

struct receipts {
	int fd;
	atomic_int senders, sent;
	bool taken[SENDERS * RECEIPTS];
	atomic_uchar seen[SENDERS * RECEIPTS];
};

/* The first sender does not wait for its messages. */
static void *send_for_receipts(void *arg)
{
	struct receipts *receipts = arg;
	int self = receipts->senders++, value, i;
	unsigned int seed = self;

	for (i = 0; i < RECEIPTS; i++) {
		struct mailbox_ioc_send send = { .len = sizeof(value) };
		long long err;

		value = self * RECEIPTS + i;
		send.data = user_pointer(&value);
		if (self) {
			send.flags = MAILBOX_SEND_SYNC;
			send.deadline_ns = deadline_in(CLOCK_MONOTONIC, rand_r(&seed) % 500000);
		}
		err = command(receipts->fd, MAILBOX_IOC_SEND, &send);
		if (err)
			CHECK_EQ(-ETIMEDOUT, err);
		receipts->taken[value] = !err;
	}
	receipts->sent++;
	return NULL;
}

static void *receive_for_receipts(void *arg)
{
	struct receipts *receipts = arg;
	struct batch *batch = batch_new();
	bool last = false;
	unsigned int i;

	for (;;) {
		long long count = receive_some(batch, receipts->fd, 10);

		if (count == -EAGAIN) {
			if (last)
				return NULL;
			last = receipts->sent == SENDERS;
			sched_yield();
			continue;
		}
		CHECK(count > 0);
		for (i = 0; i < count; i++)
			receipts->seen[batch->values[i]]++;
	}
}

TEST(received_or_withdrawn)
{
	struct receipts *receipts = shared_alloc(sizeof(*receipts));
	pthread_t senders[SENDERS], receivers[2];
	int i, taken = 0;

	receipts->fd = PORT(O_RDWR, .capacity = 4);
	for (i = 0; i < SENDERS; i++)
		CHECK_EQ(0, pthread_create(&senders[i], NULL, send_for_receipts, receipts));
	for (i = 0; i < 2; i++)
		CHECK_EQ(0, pthread_create(&receivers[i], NULL, receive_for_receipts, receipts));
	join(senders, SENDERS);
	join(receivers, 2);
	for (i = 0; i < SENDERS * RECEIPTS; i++) {
		CHECK_EQ(receipts->taken[i], receipts->seen[i]);
		taken += receipts->taken[i];
	}
	note("%d of %d were received", taken, SENDERS * RECEIPTS);
	CHECK_EQ(taken, port_stat(receipts->fd).received);
	CHECK_EQ(taken, port_stat(receipts->fd).sent);
}

/* --- broadcast: each gets all ---------------------------------------------------------- */

static void *receive_all(void *arg)
{
	struct crowd *crowd = arg;
	int in = open_fd(O_RDONLY, crowd->fd), next[SENDERS] = {}, received = 0, i;
	struct batch *batch = batch_new();

	crowd->receivers++;
	while (received < SENDERS * COUNT) {
		CHECK_EQ(0, command(in, MAILBOX_IOC_RECEIVE_BATCH, receiving(batch, 40, 0)));
		for (i = 0; i < (int)batch->receive.done; i++) {
			int sender = batch->values[i] / COUNT;

			CHECK_EQ(next[sender]++, batch->values[i] % COUNT);
		}
		received += batch->receive.done;
	}
	CHECK_EQ(-EAGAIN, take(in));
	close(in);
	return NULL;
}

/* Comes and goes. */
static void *receive_some_batches(void *arg)
{
	struct crowd *crowd = arg;
	struct batch *batch = batch_new();

	while (crowd->sent < SENDERS * COUNT) {
		int in = open_fd(O_RDONLY, crowd->fd), next[SENDERS] = {}, rounds = 10, i;

		while (rounds-- && crowd->sent < SENDERS * COUNT) {
			long long count = receive_some(batch, in, 7);

			CHECK(count > 0 || count == -EAGAIN);
			for (i = 0; i < count; i++) {
				int sender = batch->values[i] / COUNT;
				int number = batch->values[i] % COUNT;

				if (next[sender])
					CHECK_EQ(next[sender], number);
				next[sender] = number + 1;
			}
			if (count < 0)
				sched_yield();
		}
		close(in);
	}
	return NULL;
}

TEST(batches_to_all)
{
	struct crowd *crowd = shared_alloc(sizeof(*crowd));
	pthread_t senders[SENDERS], receivers[RECEIVERS];
	unsigned long long before;
	int i;

	crowd->fd = BROADCAST(O_WRONLY, .capacity = 6);
	before = user_bytes(crowd->fd);
	for (i = 0; i < 2; i++)
		CHECK_EQ(0, pthread_create(&receivers[i], NULL, receive_all, crowd));
	WAIT_FOR(crowd->receivers == 2);
	CHECK_EQ(0, pthread_create(&receivers[2], NULL, receive_some_batches, crowd));
	start_senders(crowd, senders);
	join(senders, SENDERS);
	join(receivers, 3);
	CHECK_EQ(SENDERS * COUNT, port_stat(crowd->fd).sent);
	CHECK_EQ(0, messages(crowd->fd));
	CHECK_EQ(before, user_bytes(crowd->fd));
}

TEST(batch_to_all_is_full_in_the_middle)
{
	int out = BROADCAST(O_WRONLY, .capacity = 3), in[3], i;
	struct batch *batch = batch_new();

	for (i = 0; i < 3; i++)
		in[i] = open_fd(O_RDONLY, out);
	CHECK_EQ(0, put(out, 100));
	CHECK_EQ(100, take(in[0]));
	CHECK_EQ(100, take(in[1]));
	CHECK_EQ(2, send_some(batch, out, 10));
	CHECK_EQ(EAGAIN, batch->send.error);
	CHECK_LEFT(in[0], 0, 1);
	CHECK_LEFT(in[1], 0, 1);
	CHECK_EQ(100, take(in[2]));
	CHECK_LEFT(in[2], 0, 1);
}

TEST(batch_to_all_when_the_slow_one_leaves)
{
	int out = BROADCAST(O_WRONLY, .capacity = 3), slow = open_fd(O_RDONLY, out);
	struct batch *batch = batch_new();
	struct call call;

	call_start(&call, out, MAILBOX_IOC_SEND_BATCH, sending(batch, 10, 0), 0);
	wait_for_waiters(out, 1, 0);
	CHECK_EQ(0, take(slow));
	wait_for_waiters(out, 1, 0);
	close(slow);
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(10, batch->send.done);
	CHECK_EQ(0, batch->send.error);
	CHECK_EQ(0, messages(out));
}

TEST(slow_one_of_a_batch_loses_its_oldest)
{
	int out = BROADCAST(O_WRONLY, OLDEST, .capacity = 3), first = open_fd(O_RDONLY, out);
	int second = open_fd(O_RDONLY, out), i;
	struct batch *batch = batch_new();

	CHECK_EQ(10, send_some(batch, out, 10));
	for (i = 0; i < 10; i++)
		CHECK_EQ(i + 1, batch->out[i].seq);
	CHECK_EQ(14, dropped(out));
	check_batch(batch, first, 7, 9);
	check_batch(batch, second, 7, 9);
}
