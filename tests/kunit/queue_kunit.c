// SPDX-License-Identifier: GPL-2.0-only
/*
 * Order and selection, in the kernel: what tests/unit has is not repeated, but
 * for the random comparison with a list.
 */
#include <linux/prandom.h>
#include <linux/slab.h>

#include "fixture.h"

#define MESSAGES	64

struct queue_fixture {
	struct mbx_queue queue;
	struct mbx_sender sender[3];
	struct mbx_message *msg[MESSAGES];
	u64 seq;
};

static int queue_fixture_init(struct kunit *test)
{
	struct queue_fixture *fixture = kunit_kzalloc(test, sizeof(*fixture), GFP_KERNEL);
	int i;

	if (!fixture)
		return -ENOMEM;
	for (i = 0; i < 3; i++) {
		fixture->sender[i].key = 100 + i;
		/* Only compared. */
		fixture->sender[i].pid = (struct pid *)&fixture->sender[i];
	}
	mbx_queue_init(&fixture->queue, false);
	test->priv = fixture;
	return 0;
}

static struct mbx_message *message_new(struct kunit *test, u64 type, u32 priority, int sender)
{
	struct queue_fixture *fixture = test->priv;
	struct mbx_message *msg = kunit_kzalloc(test, sizeof(*msg), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, msg);
	msg->type = type;
	msg->priority = priority;
	msg->sender = &fixture->sender[sender];
	msg->seq = ++fixture->seq;
	msg->len = 10;
	return msg;
}

static bool push(struct kunit *test, struct mbx_message *msg)
{
	struct queue_fixture *fixture = test->priv;
	struct mbx_lanes lanes;
	bool pushed;

	mbx_lanes_init(&lanes);
	KUNIT_ASSERT_TRUE(test, mbx_lanes_fill(&lanes, 1, GFP_KERNEL));
	pushed = mbx_queue_push(&fixture->queue, msg, &lanes);
	mbx_lanes_free(&lanes);
	return pushed;
}

static struct mbx_message *pushed(struct kunit *test, u64 type, u32 priority, int sender)
{
	struct mbx_message *msg = message_new(test, type, priority, sender);

	KUNIT_EXPECT_TRUE(test, push(test, msg));
	return msg;
}

static struct mbx_message *find(struct kunit *test, u32 kind, u64 match)
{
	struct queue_fixture *fixture = test->priv;
	struct mbx_select select = { .kind = kind, .type = match, .key = match, .nr = match };

	return mbx_queue_find(&fixture->queue, &select);
}

static void queue_fixture_exit(struct kunit *test)
{
	struct queue_fixture *fixture = test->priv;
	struct mbx_message *msg;

	while ((msg = find(test, MAILBOX_SELECT_ANY, 0)))
		mbx_queue_remove(&fixture->queue, msg);
	KUNIT_EXPECT_EQ(test, 0, fixture->queue.count);
	KUNIT_EXPECT_EQ(test, 0, fixture->queue.bytes);
	mbx_queue_exit(&fixture->queue);
}

static void empty_queue_has_nothing(struct kunit *test)
{
	struct queue_fixture *fixture = test->priv;
	u32 kind;

	for (kind = MAILBOX_SELECT_ANY; kind <= MAILBOX_SELECT_SENDER; kind++)
		KUNIT_EXPECT_NULL(test, find(test, kind, 1));
	KUNIT_EXPECT_NULL(test, mbx_queue_least(&fixture->queue));
}

static void higher_priority_goes_first(struct kunit *test)
{
	struct queue_fixture *fixture = test->priv;
	struct mbx_message *low = pushed(test, 1, 0, 0);
	struct mbx_message *high = pushed(test, 1, MAILBOX_PRIORITY_MAX, 0);
	struct mbx_message *middle = pushed(test, 1, 5, 0);

	KUNIT_EXPECT_PTR_EQ(test, high, find(test, MAILBOX_SELECT_ANY, 0));
	mbx_queue_remove(&fixture->queue, high);
	KUNIT_EXPECT_PTR_EQ(test, middle, find(test, MAILBOX_SELECT_ANY, 0));
	mbx_queue_remove(&fixture->queue, middle);
	KUNIT_EXPECT_PTR_EQ(test, low, find(test, MAILBOX_SELECT_ANY, 0));
}

static void selections_find_what_they_say(struct kunit *test)
{
	struct mbx_message *four = pushed(test, 4, 0, 0);
	struct mbx_message *two = pushed(test, 2, 0, 1);
	struct mbx_message *nine = pushed(test, 9, 3, 2);

	KUNIT_EXPECT_PTR_EQ(test, nine, find(test, MAILBOX_SELECT_ANY, 0));
	KUNIT_EXPECT_PTR_EQ(test, four, find(test, MAILBOX_SELECT_TYPE, 4));
	KUNIT_EXPECT_NULL(test, find(test, MAILBOX_SELECT_TYPE, 3));
	KUNIT_EXPECT_PTR_EQ(test, four, find(test, MAILBOX_SELECT_TYPE_NOT, 9));
	KUNIT_EXPECT_PTR_EQ(test, two, find(test, MAILBOX_SELECT_TYPE_AT_MOST, 4));
	KUNIT_EXPECT_NULL(test, find(test, MAILBOX_SELECT_TYPE_AT_MOST, 1));
	KUNIT_EXPECT_PTR_EQ(test, two, find(test, MAILBOX_SELECT_SENDER, 101));
	KUNIT_EXPECT_NULL(test, find(test, MAILBOX_SELECT_SENDER, 99));
}

static void least_is_the_oldest_of_the_lowest(struct kunit *test)
{
	struct queue_fixture *fixture = test->priv;
	struct mbx_message *first;

	pushed(test, 1, 7, 0);
	first = pushed(test, 2, 1, 0);
	pushed(test, 1, 1, 1);
	KUNIT_EXPECT_PTR_EQ(test, first, mbx_queue_least(&fixture->queue));
}

static void what_comes_back_finds_its_place(struct kunit *test)
{
	struct queue_fixture *fixture = test->priv;
	struct mbx_message *msg[4];
	int i;

	for (i = 0; i < 4; i++)
		msg[i] = pushed(test, 1, 0, 0);
	for (i = 0; i < 3; i++)
		mbx_queue_remove(&fixture->queue, msg[i]);
	/* Out of order. */
	push(test, msg[2]);
	push(test, msg[0]);
	push(test, msg[1]);
	for (i = 0; i < 4; i++) {
		KUNIT_EXPECT_PTR_EQ(test, msg[i], find(test, MAILBOX_SELECT_ANY, 0));
		mbx_queue_remove(&fixture->queue, msg[i]);
	}
}

static void nothing_happens_without_a_lane(struct kunit *test)
{
	struct queue_fixture *fixture = test->priv;
	struct mbx_message *first = message_new(test, 1, 0, 0);
	struct mbx_message *again = message_new(test, 1, 0, 0);
	struct mbx_message *other = message_new(test, 2, 0, 0);
	struct mbx_lanes none;

	mbx_lanes_init(&none);
	KUNIT_EXPECT_FALSE(test, mbx_queue_push(&fixture->queue, first, &none));
	KUNIT_EXPECT_EQ(test, 0, fixture->queue.count);
	KUNIT_EXPECT_EQ(test, 0, fixture->queue.bytes);
	KUNIT_EXPECT_TRUE(test, push(test, first));
	/* One of the same kind needs none, another one does. */
	KUNIT_EXPECT_TRUE(test, mbx_queue_push(&fixture->queue, again, &none));
	KUNIT_EXPECT_FALSE(test, mbx_queue_push(&fixture->queue, other, &none));
	KUNIT_EXPECT_EQ(test, 2, fixture->queue.count);
	KUNIT_EXPECT_EQ(test, 20, fixture->queue.bytes);
	/* An empty queue keeps its last one. */
	mbx_queue_remove(&fixture->queue, first);
	mbx_queue_remove(&fixture->queue, again);
	KUNIT_EXPECT_TRUE(test, mbx_queue_push(&fixture->queue, other, &none));
}

static void fifo_ignores_priorities(struct kunit *test)
{
	struct queue_fixture *fixture = test->priv;
	struct mbx_message *first;

	mbx_queue_init(&fixture->queue, true);
	first = pushed(test, 1, 0, 0);
	pushed(test, 1, 9, 0);
	KUNIT_EXPECT_PTR_EQ(test, first, find(test, MAILBOX_SELECT_ANY, 0));
}

/* The first by priority and number among all that match. */
static struct mbx_message *model_find(struct queue_fixture *fixture, u32 kind, u64 match)
{
	struct mbx_select select = { .kind = kind, .type = match, .key = match };
	struct mbx_message *best = NULL;
	int i;

	for (i = 0; i < MESSAGES; i++) {
		struct mbx_message *msg = fixture->msg[i];

		if (!msg || !mbx_select_match(&select, msg))
			continue;
		if (!best ||
		    (kind == MAILBOX_SELECT_TYPE_AT_MOST && msg->type != best->type ?
		     msg->type < best->type :
		     msg->priority != best->priority ? msg->priority > best->priority :
						       msg->seq < best->seq))
			best = msg;
	}
	return best;
}

static void any_history_agrees_with_a_list(struct kunit *test)
{
	struct queue_fixture *fixture = test->priv;
	struct mbx_message *back[8] = {};
	struct rnd_state random;
	int step, i;

	prandom_seed_state(&random, 20240611);
	for (step = 0; step < 20000; step++) {
		u32 dice = prandom_u32_state(&random);
		u32 kind = (dice >> 8) % 5;
		u64 match = kind == MAILBOX_SELECT_SENDER ? 100 + (dice >> 16) % 3 :
							    (dice >> 16) % 4;
		struct mbx_message **place = &fixture->msg[(dice >> 20) % MESSAGES];
		struct mbx_message *msg, **away = &back[(dice >> 4) % 8];

		if (dice % 4 == 0 && !*place && *away) {
			/* What was taken comes back. */
			*place = *away;
			*away = NULL;
			KUNIT_ASSERT_TRUE(test, push(test, *place));
			continue;
		}
		if (dice % 4 < 2 && !*place) {
			*place = message_new(test, (dice >> 10) % 4, (dice >> 12) % 3,
					     (dice >> 14) % 3);
			KUNIT_ASSERT_TRUE(test, push(test, *place));
			continue;
		}
		msg = find(test, kind, match);
		KUNIT_ASSERT_PTR_EQ(test, model_find(fixture, kind, match), msg);
		if (!msg)
			continue;
		mbx_queue_remove(&fixture->queue, msg);
		for (i = 0; i < MESSAGES; i++)
			if (fixture->msg[i] == msg)
				fixture->msg[i] = NULL;
		if (!*away)
			*away = msg;
		cond_resched();
	}
}

static struct kunit_case queue_cases[] = {
	KUNIT_CASE(empty_queue_has_nothing),
	KUNIT_CASE(higher_priority_goes_first),
	KUNIT_CASE(selections_find_what_they_say),
	KUNIT_CASE(least_is_the_oldest_of_the_lowest),
	KUNIT_CASE(what_comes_back_finds_its_place),
	KUNIT_CASE(nothing_happens_without_a_lane),
	KUNIT_CASE(fifo_ignores_priorities),
	KUNIT_CASE(any_history_agrees_with_a_list),
	{}
};

static struct kunit_suite queue_suite = {
	.name = "mailbox-queue",
	.init = queue_fixture_init,
	.exit = queue_fixture_exit,
	.test_cases = queue_cases,
};

kunit_test_suites(&queue_suite);
