// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which message a receiver gets, and which sleeper is served: priority, FIFO,
 * selection, and random operations against a model that is too simple to be
 * wrong.
 */

#include "port.h"

#define PEEK MAILBOX_RECEIVE_PEEK

TEST(equal_priority_is_first_in_first_out)
{
	int fd = PORT(O_RDWR, .capacity = 64), i;

	for (i = 0; i < 64; i++)
		CHECK_EQ(0, put_as(fd, i, i % 5, 3));
	for (i = 0; i < 64; i++)
		CHECK_EQ(i, take(fd));
}

TEST(higher_priority_is_first)
{
	static const __u32 priorities[] = { 5, 0, 32767, 1, 5, 32766 };
	static const int order[] = { 2, 5, 0, 4, 3, 1 };
	int fd = PORT(O_RDWR, .capacity = 8);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(priorities); i++)
		CHECK_EQ(0, put_as(fd, i, 0, priorities[i]));
	for (i = 0; i < ARRAY_SIZE(order); i++)
		CHECK_EQ(order[i], take(fd));
}

TEST(every_priority_has_its_place)
{
	int fd = PORT(O_RDWR, UNBOUNDED), i;

	for (i = 0; i < 2048; i++)
		CHECK_EQ(0, put_as(fd, i, 0, i * 13 % 2048 * 16));
	for (i = 2047; i >= 0; i--)
		CHECK_EQ(i * 16, take(fd) * 13 % 2048 * 16);
}

/* Three messages: values 1, 2, 3 of types 10, 20, 10, with rising priority. */
static int selection_fixture(void)
{
	int fd = PORT(O_RDWR, .capacity = 8);

	CHECK_EQ(0, put_as(fd, 1, 10, 0));
	CHECK_EQ(0, put_as(fd, 2, 20, 1));
	CHECK_EQ(0, put_as(fd, 3, 10, 2));
	return fd;
}

TEST(select_any)
{
	int fd = selection_fixture();

	CHECK_EQ(3, take_as(fd, MAILBOX_SELECT_ANY, 0, 0));
	CHECK_EQ(2, take_as(fd, MAILBOX_SELECT_ANY, 0, 0));
	CHECK_EQ(1, take_as(fd, MAILBOX_SELECT_ANY, 0, 0));
	CHECK_EQ(-EAGAIN, take_as(fd, MAILBOX_SELECT_ANY, 0, 0));
}

TEST(select_type)
{
	int fd = selection_fixture();

	CHECK_EQ(-EAGAIN, take_as(fd, MAILBOX_SELECT_TYPE, 0, 0));
	CHECK_EQ(3, take_as(fd, MAILBOX_SELECT_TYPE, 10, 0));
	CHECK_EQ(1, take_as(fd, MAILBOX_SELECT_TYPE, 10, 0));
	CHECK_EQ(-EAGAIN, take_as(fd, MAILBOX_SELECT_TYPE, 10, 0));
	CHECK_EQ(2, take_as(fd, MAILBOX_SELECT_TYPE, 20, 0));
}

TEST(select_type_compares_all_64_bits)
{
	int fd = PORT(O_RDWR, .capacity = 4);

	CHECK_EQ(0, put_as(fd, 1, 1ULL << 32, 0));
	CHECK_EQ(-EAGAIN, take_as(fd, MAILBOX_SELECT_TYPE, 0, 0));
	CHECK_EQ(-EAGAIN, take_as(fd, MAILBOX_SELECT_TYPE_AT_MOST, UINT32_MAX, 0));
	CHECK_EQ(1, take_as(fd, MAILBOX_SELECT_TYPE, 1ULL << 32, 0));
}

TEST(select_type_not)
{
	int fd = selection_fixture();

	CHECK_EQ(2, take_as(fd, MAILBOX_SELECT_TYPE_NOT, 10, 0));
	CHECK_EQ(-EAGAIN, take_as(fd, MAILBOX_SELECT_TYPE_NOT, 10, 0));
	CHECK_EQ(3, take_as(fd, MAILBOX_SELECT_TYPE_NOT, 11, 0));
	CHECK_EQ(1, take_as(fd, MAILBOX_SELECT_TYPE_NOT, 20, 0));
}

TEST(select_type_at_most_takes_the_lowest_type)
{
	int fd = PORT(O_RDWR, .capacity = 8);

	CHECK_EQ(0, put_as(fd, 1, 30, 9));
	CHECK_EQ(0, put_as(fd, 2, 20, 0));
	CHECK_EQ(0, put_as(fd, 3, 20, 1));
	CHECK_EQ(0, put_as(fd, 4, 20, 1));
	CHECK_EQ(-EAGAIN, take_as(fd, MAILBOX_SELECT_TYPE_AT_MOST, 19, 0));
	CHECK_EQ(3, take_as(fd, MAILBOX_SELECT_TYPE_AT_MOST, 20, 0));
	CHECK_EQ(4, take_as(fd, MAILBOX_SELECT_TYPE_AT_MOST, 30, 0));
	CHECK_EQ(2, take_as(fd, MAILBOX_SELECT_TYPE_AT_MOST, UINT64_MAX, 0));
	CHECK_EQ(1, take_as(fd, MAILBOX_SELECT_TYPE_AT_MOST, UINT64_MAX, 0));
}

static void put_two(void *arg)
{
	CHECK_EQ(0, put(*(int *)arg, 100));
	CHECK_EQ(0, put_as(*(int *)arg, 101, 0, 1));
}

TEST(select_sender)
{
	int fd = PORT(O_RDWR, .capacity = 8);
	pid_t pid;

	CHECK_EQ(0, put_as(fd, 1, 0, 5));
	pid = spawn(put_two, &fd);
	REAP(pid);
	CHECK_EQ(0, put_as(fd, 2, 0, 6));
	CHECK_EQ(101, take_as(fd, MAILBOX_SELECT_SENDER, pid, 0));
	CHECK_EQ(100, take_as(fd, MAILBOX_SELECT_SENDER, pid, 0));
	CHECK_EQ(-EAGAIN, take_as(fd, MAILBOX_SELECT_SENDER, pid, 0));
	CHECK_EQ(2, take_as(fd, MAILBOX_SELECT_SENDER, getpid(), 0));
	CHECK_EQ(1, take_as(fd, MAILBOX_SELECT_SENDER, getpid(), 0));
}

/* A thread's messages are its process's. */
TEST(select_sender_is_a_process)
{
	int fd = PORT(O_RDWR, .capacity = 8);
	struct call call;

	CALL_SEND(&call, fd, 1);
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(-EAGAIN, take_as(fd, MAILBOX_SELECT_SENDER, call.tid, 0));
	CHECK_EQ(1, take_as(fd, MAILBOX_SELECT_SENDER, getpid(), 0));
}

TEST(select_sender_that_is_nobody)
{
	int fd = PORT(O_RDWR, .capacity = 8);

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(-EAGAIN, take_as(fd, MAILBOX_SELECT_SENDER, 4000000, 0));
	CHECK_EQ(-EINVAL, take_as(fd, MAILBOX_SELECT_SENDER, 1ULL << 40, 0));
	CHECK_EQ(1, take(fd));
}

struct value {
	int fd, value;
};

static void put_value(void *arg)
{
	struct value *value = arg;

	CHECK_EQ(0, put(value->fd, value->value));
}

/* From a child with this very pid, which was another's before. */
static void send_as_pid(pid_t pid, int fd, int value)
{
	REAP(spawn_as(pid, put_value, &(struct value){ fd, value }));
}

/* Whoever had the number: the older message first. */
TEST(select_sender_whose_number_is_used_again)
{
	int fd = PORT(O_RDWR, .capacity = 8);
	pid_t pid;

	NEED_ROOT();
	pid = spawn(put_two, &fd);
	REAP(pid);
	send_as_pid(pid, fd, 200);
	CHECK_EQ(101, take_as(fd, MAILBOX_SELECT_SENDER, pid, 0));
	CHECK_EQ(100, take_as(fd, MAILBOX_SELECT_SENDER, pid, 0));
	CHECK_EQ(200, take_as(fd, MAILBOX_SELECT_SENDER, pid, 0));
	CHECK_EQ(-EAGAIN, take_as(fd, MAILBOX_SELECT_SENDER, pid, 0));
}

/* What is accepted comes before what is not, whatever its priority. */
TEST(sleeping_sender_is_served_last)
{
	int fd = PORT(O_RDWR, .capacity = 1);
	struct call call;

	CHECK_EQ(0, put_as(fd, 1, 0, 0));
	CALL_SEND(&call, fd, 2, .priority = 9);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(1, take_as(fd, 0, 0, PEEK));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(2, take(fd));
	CHECK_EQ(0, call_join(&call));
}

#define SLEEPERS 6

TEST(sleeping_receivers_are_served_in_order)
{
	struct call calls[SLEEPERS];
	int fd = PORT(O_RDWR, .capacity = 8), i;

	for (i = 0; i < SLEEPERS; i++) {
		CALL_RECEIVE(&calls[i], fd);
		wait_for_waiters(fd, 0, i + 1);
	}
	for (i = 0; i < SLEEPERS; i++)
		CHECK_EQ(0, put(fd, i));
	for (i = 0; i < SLEEPERS; i++)
		CHECK_EQ(i, call_value(&calls[i]));
}

TEST(sleeping_senders_are_served_in_order)
{
	struct call calls[SLEEPERS];
	int fd = PORT(O_RDWR, .capacity = 1), i;

	CHECK_EQ(0, put(fd, 99));
	for (i = 0; i < SLEEPERS; i++) {
		CALL_SEND(&calls[i], fd, i);
		wait_for_waiters(fd, i + 1, 0);
	}
	CHECK_EQ(99, take(fd));
	for (i = 0; i < SLEEPERS; i++)
		CHECK_EQ(i, take(fd));
	for (i = 0; i < SLEEPERS; i++)
		CHECK_EQ(0, call_join(&calls[i]));
}

/* Waiting for room is first come, first served; only the queue has priorities. */
TEST(sleeping_senders_do_not_overtake_by_priority)
{
	struct call low, high;
	int fd = PORT(O_RDWR, .capacity = 1);

	CHECK_EQ(0, put(fd, 0));
	CALL_SEND(&low, fd, 1, .priority = 1);
	wait_for_waiters(fd, 1, 0);
	CALL_SEND(&high, fd, 2, .priority = 2);
	wait_for_waiters(fd, 2, 0);
	CHECK_EQ(0, take(fd));
	CHECK_EQ(0, call_join(&low));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(2, take(fd));
	CHECK_EQ(0, call_join(&high));
}

TEST(rendezvous_senders_are_served_in_order)
{
	struct call calls[SLEEPERS];
	int fd = PORT(O_RDWR, RENDEZVOUS), i;

	for (i = 0; i < SLEEPERS; i++) {
		CALL_SEND(&calls[i], fd, i);
		wait_for_waiters(fd, i + 1, 0);
	}
	for (i = 0; i < SLEEPERS; i++)
		CHECK_EQ(i, take(fd));
	for (i = 0; i < SLEEPERS; i++)
		CHECK_EQ(0, call_join(&calls[i]));
}

/* Room that a sleeper waits for is the sleeper's from the moment it is made. */
TEST(newcomer_does_not_overtake_a_sleeping_sender)
{
	struct call call;
	int fd = PORT(O_RDWR, .capacity = 1), i;

	for (i = 0; i < 200; i++) {
		CHECK_EQ(0, put(fd, 0));
		CALL_SEND(&call, fd, 1);
		wait_for_waiters(fd, 1, 0);
		CHECK_EQ(0, take(fd));
		CHECK_EQ(-EAGAIN, put(fd, 2));
		CHECK_EQ(1, take(fd));
		CHECK_EQ(0, call_join(&call));
	}
}

/* A message that a sleeper waits for is the sleeper's from its sending on. */
TEST(newcomer_does_not_overtake_a_sleeping_receiver)
{
	struct call call;
	int fd = PORT(O_RDWR, .capacity = 1), i;

	for (i = 0; i < 200; i++) {
		CALL_RECEIVE(&call, fd);
		wait_for_waiters(fd, 0, 1);
		CHECK_EQ(0, put(fd, i));
		CHECK_EQ(-EAGAIN, take(fd));
		CHECK_EQ(i, call_value(&call));
	}
}

/* Bytes: a small message does not slip past a sleeper that waits for bytes. */
TEST(newcomer_does_not_overtake_where_bytes_are_the_limit)
{
	struct call call;
	int fd = PORT(O_RDWR, .capacity = 8, .capacity_bytes = 4);

	CHECK_EQ(0, put(fd, 1));
	CALL_SEND(&call, fd, 2);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(-EAGAIN, SEND(fd, .flags = MAILBOX_SEND_NONBLOCK));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(2, take(fd));
}

TEST(message_goes_to_the_first_sleeper_that_wants_it)
{
	struct call first, second, third;
	int fd = PORT(O_RDWR, .capacity = 8);

	CALL_RECEIVE(&first, fd, .select = MAILBOX_SELECT_TYPE, .match = 1);
	wait_for_waiters(fd, 0, 1);
	CALL_RECEIVE(&second, fd, .select = MAILBOX_SELECT_TYPE, .match = 2);
	wait_for_waiters(fd, 0, 2);
	CALL_RECEIVE(&third, fd);
	wait_for_waiters(fd, 0, 3);
	CHECK_EQ(0, put_as(fd, 22, 2, 0));
	CHECK_EQ(0, put_as(fd, 33, 3, 0));
	CHECK_EQ(0, put_as(fd, 11, 1, 0));
	CHECK_EQ(22, call_value(&second));
	CHECK_EQ(33, call_value(&third));
	CHECK_EQ(11, call_value(&first));
}

TEST(message_that_no_sleeper_wants_is_queued)
{
	struct call call;
	int fd = PORT(O_RDWR, .capacity = 8);

	CALL_RECEIVE(&call, fd, .select = MAILBOX_SELECT_TYPE, .match = 1);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, put_as(fd, 2, 2, 0));
	CHECK_EQ(1, messages(fd));
	CHECK_EQ(0, put_as(fd, 1, 1, 0));
	CHECK_EQ(1, call_value(&call));
	CHECK_EQ(2, take(fd));
}

/*
 * The model: what is queued, in the order of sending. Random sends, takes and
 * peeks of each selection must answer what a search from the start answers.
 */
struct model_message {
	int value;
	__u64 type;
	__u32 priority;
};

struct model {
	struct model_message queue[64];
	unsigned int count, capacity;
};

static unsigned int random_state;

static unsigned int random_below(unsigned int limit)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 8) % limit;
}

static bool model_matches(const struct model_message *message, __u32 select, __u64 match)
{
	switch (select) {
	case MAILBOX_SELECT_TYPE:
		return message->type == match;
	case MAILBOX_SELECT_TYPE_NOT:
		return message->type != match;
	case MAILBOX_SELECT_TYPE_AT_MOST:
		return message->type <= match;
	default:
		return true;
	}
}

static int model_find(struct model *model, __u32 select, __u64 match)
{
	int best = -1;
	unsigned int i;

	for (i = 0; i < model->count; i++) {
		struct model_message *one = &model->queue[i], *two = &model->queue[best < 0 ? (int)i : best];

		if (!model_matches(one, select, match))
			continue;
		if (best < 0 ||
		    (select == MAILBOX_SELECT_TYPE_AT_MOST && one->type < two->type) ||
		    ((select != MAILBOX_SELECT_TYPE_AT_MOST || one->type == two->type) &&
		     one->priority > two->priority))
			best = i;
	}
	return best;
}

static void model_remove(struct model *model, int found)
{
	model->count--;
	memmove(&model->queue[found], &model->queue[found + 1],
		(model->count - found) * sizeof(model->queue[0]));
}

static void model_step(struct model *model, int fd, int step)
{
	__u32 select = random_below(4);
	__u64 match = select ? random_below(6) : 0;
	unsigned int action = random_below(5);
	struct model_message new = {
		.value = step,
		.type = random_below(6),
		.priority = random_below(3) * 100,
	};
	long long result;
	int found;

	if (action < 2) {
		result = put_as(fd, new.value, new.type, new.priority);
		CHECK_EQ(model->count < model->capacity ? 0 : -EAGAIN, result);
		if (!result)
			model->queue[model->count++] = new;
		return;
	}
	found = model_find(model, select, match);
	result = take_as(fd, select, match, action == 2 ? PEEK : 0);
	CHECK_EQ(found < 0 ? -EAGAIN : model->queue[found].value, result);
	if (found >= 0 && action != 2)
		model_remove(model, found);
}

static void check_model(unsigned int capacity, unsigned int seed)
{
	struct model model = { .capacity = capacity };
	int fd = PORT(O_RDWR, .capacity = capacity), step, found;

	random_state = seed;
	for (step = 0; step < 4000; step++)
		model_step(&model, fd, step);
	CHECK_EQ(model.count, messages(fd));
	while (model.count) {
		found = model_find(&model, MAILBOX_SELECT_ANY, 0);
		CHECK_EQ(model.queue[found].value, take(fd));
		model_remove(&model, found);
	}
}

TEST(random_operations_as_the_model_has_them)
{
	unsigned int seed;

	for (seed = 1; seed <= 4; seed++)
		check_model(seed * 16, seed);
}

/* Sleeping receivers with random selections: who gets what is determined. */
struct sleeper {
	struct call call;
	__u32 select;
	__u64 match;
	bool asleep;
};

static void sleeper_start(struct sleeper *sleeper, int fd, unsigned int asleep)
{
	sleeper->select = random_below(4);
	sleeper->match = sleeper->select ? random_below(4) : 0;
	sleeper->asleep = true;
	CALL_RECEIVE(&sleeper->call, fd, .select = sleeper->select, .match = sleeper->match);
	wait_for_waiters(fd, 0, asleep);
}

TEST_WITHIN(random_messages_go_to_the_sleeper_that_is_due, 60)
{
	/* In the order in which they went to sleep. */
	struct sleeper *order[SLEEPERS], *due;
	struct model_message message;
	struct sleeper sleepers[SLEEPERS];
	int fd = PORT(O_RDWR, UNBOUNDED), step, i, j;
	unsigned int queued = 0;

	random_state = 7;
	for (i = 0; i < SLEEPERS; i++) {
		order[i] = &sleepers[i];
		sleeper_start(order[i], fd, i + 1);
	}
	for (step = 0; step < 400; step++) {
		message.type = random_below(4);
		CHECK_EQ(0, put_as(fd, step, message.type, 0));
		for (i = 0; i < SLEEPERS; i++)
			if (model_matches(&message, order[i]->select, order[i]->match))
				break;
		if (i == SLEEPERS) {
			CHECK_EQ(1, messages(fd));
			CHECK_EQ(step, take(fd));
			queued++;
			continue;
		}
		due = order[i];
		CHECK_EQ(step, call_value(&due->call));
		for (j = i; j < SLEEPERS - 1; j++)
			order[j] = order[j + 1];
		order[SLEEPERS - 1] = due;
		sleeper_start(due, fd, SLEEPERS);
	}
	CHECK_RANGE(0, 399, queued);
}
