// SPDX-License-Identifier: GPL-2.0-only
/*
 * The common case: what it does, and that it leaves everything else alone.
 */
#include "fixture.h"
#include "quick.h"

static struct fixture *fixture_of(struct kunit *test)
{
	return test->priv;
}

/* A port that has been used, so that its queue has a lane. */
static struct mbx_port *used_port(struct kunit *test)
{
	struct mbx_port *port = PORT(test, .capacity = 4);

	KUNIT_EXPECT_EQ(test, 0, put(test, 0));
	KUNIT_EXPECT_EQ(test, 0, TAKE(test));
	return port;
}

static bool send_quickly(struct kunit *test, int value)
{
	struct mbx_message *msg = number_new(test, value);
	struct fixture *fixture = fixture_of(test);
	u64 before = fixture->port->seq, seq = 0;

	KUNIT_ASSERT_FALSE(test, IS_ERR(msg));
	if (mbx_quick_send(&fixture->out, msg, &seq)) {
		KUNIT_EXPECT_EQ(test, before + 1, seq);
		return true;
	}
	KUNIT_EXPECT_EQ(test, before, fixture->port->seq);
	mbx_message_free(msg);
	return false;
}

static void one_after_the_other(struct kunit *test)
{
	struct mbx_port *port = used_port(test);
	struct fixture *fixture = fixture_of(test);
	struct mbx_message *msg;
	int i;

	for (i = 1; i <= 4; i++)
		KUNIT_EXPECT_TRUE(test, send_quickly(test, i));
	KUNIT_EXPECT_FALSE(test, send_quickly(test, 5));
	KUNIT_EXPECT_EQ(test, 5, port->sent);
	for (i = 1; i <= 4; i++) {
		msg = mbx_quick_receive(&fixture->in, sizeof(int));
		KUNIT_ASSERT_NOT_NULL(test, msg);
		KUNIT_EXPECT_EQ(test, i, *(int *)msg->data);
		KUNIT_EXPECT_EQ(test, 0, mbx_quick_finish(&fixture->in, msg, 0));
	}
	KUNIT_EXPECT_NULL(test, mbx_quick_receive(&fixture->in, sizeof(int)));
	KUNIT_EXPECT_EQ(test, 5, port->received);
}

/* It is where it was, before what came meanwhile. */
static void failed_copy_puts_it_back(struct kunit *test)
{
	struct fixture *fixture = fixture_of(test);
	struct mbx_message *msg;

	used_port(test);
	KUNIT_EXPECT_TRUE(test, send_quickly(test, 1));
	KUNIT_EXPECT_TRUE(test, send_quickly(test, 2));
	msg = mbx_quick_receive(&fixture->in, sizeof(int));
	KUNIT_ASSERT_NOT_NULL(test, msg);
	KUNIT_EXPECT_TRUE(test, send_quickly(test, 3));
	KUNIT_EXPECT_EQ(test, -EFAULT, mbx_quick_finish(&fixture->in, msg, -EFAULT));
	KUNIT_EXPECT_EQ(test, 1, fixture->port->received);
	CHECK_ORDER(test, 1, 2, 3);
}

/* Something at a port that makes it uncommon, while it is set. */
struct condition {
	const char *name;
	void (*set)(struct fixture *fixture, bool on);
};

static struct list_head somebody;

static void list_set(struct list_head *list, bool on)
{
	if (on)
		list_add(&somebody, list);
	else
		list_del(&somebody);
}

static void set_dead(struct fixture *fixture, bool on)
{
	fixture->port->dead = on;
}

static void set_revoked(struct fixture *fixture, bool on)
{
	fixture->out.revoked = on;
	fixture->in.revoked = on;
}

static void set_guest(struct fixture *fixture, bool on)
{
	list_set(&fixture->port->guests, on);
}

static void set_pending(struct fixture *fixture, bool on)
{
	fixture->port->pending.count += on ? 1 : -1;
}

static void set_polled(struct fixture *fixture, bool on)
{
	struct mbx_port *port = fixture->port;
	static struct wait_queue_entry receives, sends;

	if (on) {
		init_wait_entry(&receives, 0);
		init_wait_entry(&sends, 0);
		add_wait_queue(&port->shared.pollers.wait, &receives);
		add_wait_queue(&port->pollers_send.wait, &sends);
	} else {
		remove_wait_queue(&port->shared.pollers.wait, &receives);
		remove_wait_queue(&port->pollers_send.wait, &sends);
	}
}

static void set_receiver_exited(struct fixture *fixture, bool on)
{
	fixture->port->receiver_exited = on;
}

static void set_sender_exited(struct fixture *fixture, bool on)
{
	fixture->port->sender_exited = on;
}

static void set_drops(struct fixture *fixture, bool on)
{
	fixture->port->policy.on_full = on ? MAILBOX_FULL_DROP_NEWEST : MAILBOX_FULL_BLOCK;
}

static void set_broadcast(struct fixture *fixture, bool on)
{
	fixture->port->flags ^= MAILBOX_CREATE_BROADCAST;
}

/* A receiver that sleeps, and does not take what comes. */
static void set_peeking(struct fixture *fixture, bool on)
{
	static struct mbx_receive peeks = { .peek = true, .trunc = true };
	static struct mbx_waiter waiter = { .receive = &peeks };

	if (on)
		list_add(&waiter.node, &fixture->port->shared.receivers);
	else
		list_del(&waiter.node);
}

/* One that does. */
static void set_receiver(struct fixture *fixture, bool on)
{
	static struct mbx_receive takes = { .trunc = true };
	static struct mbx_waiter waiter = { .receive = &takes };

	if (on)
		list_add(&waiter.node, &fixture->port->shared.receivers);
	else
		list_del(&waiter.node);
}

static void set_watched(struct fixture *fixture, bool on)
{
	list_set(&fixture->port->watches.seeing, on);
}

static void set_long(struct fixture *fixture, bool on)
{
	fixture->port->policy.message_bytes_max = on ? sizeof(int) - 1 : sizeof(int);
}

static void set_full_of_bytes(struct fixture *fixture, bool on)
{
	fixture->port->room_bytes = on ? 0 : U64_MAX;
}

static void condition_name(const struct condition *condition, char *name)
{
	strscpy(name, condition->name, KUNIT_PARAM_DESC_SIZE);
}

static const struct condition no_send[] = {
	{ "dead", set_dead },
	{ "revoked", set_revoked },
	{ "guest", set_guest },
	{ "pending", set_pending },
	{ "polled", set_polled },
	{ "receiver_exited", set_receiver_exited },
	{ "sender_exited", set_sender_exited },
	{ "drops", set_drops },
	{ "broadcast", set_broadcast },
	{ "peeking", set_peeking },
	{ "watched", set_watched },
	{ "long", set_long },
	{ "full_of_bytes", set_full_of_bytes },
};

KUNIT_ARRAY_PARAM(no_send, no_send, condition_name);

static void uncommon_send_is_left(struct kunit *test)
{
	const struct condition *condition = test->param_value;

	used_port(test);
	condition->set(fixture_of(test), true);
	KUNIT_EXPECT_FALSE(test, send_quickly(test, 1));
	condition->set(fixture_of(test), false);
	KUNIT_EXPECT_TRUE(test, send_quickly(test, 2));
	CHECK_ORDER(test, 2);
}

static void first_sleeper_is_given_it(struct kunit *test)
{
	struct mbx_port *port = used_port(test);
	RECEIVER(receiver);
	RECEIVER(next);

	sleeper_start(test, &receiver);
	await_sleepers(test, 0, 1);
	sleeper_start(test, &next);
	await_sleepers(test, 0, 2);
	KUNIT_EXPECT_TRUE(test, send_quickly(test, 7));
	KUNIT_EXPECT_EQ(test, 0, sleeper_end(&receiver));
	KUNIT_EXPECT_EQ(test, 7, receiver.taking.value);
	KUNIT_EXPECT_EQ(test, 2, port->sent);
	KUNIT_EXPECT_EQ(test, 2, port->received);
	KUNIT_EXPECT_TRUE(test, send_quickly(test, 8));
	KUNIT_EXPECT_EQ(test, 0, sleeper_end(&next));
	KUNIT_EXPECT_EQ(test, 8, next.taking.value);
}

static const struct condition no_hand[] = {
	{ "dead", set_dead },
	{ "revoked", set_revoked },
	{ "pending", set_pending },
	{ "receiver_exited", set_receiver_exited },
	{ "sender_exited", set_sender_exited },
	{ "drops", set_drops },
	{ "long", set_long },
};

KUNIT_ARRAY_PARAM(no_hand, no_hand, condition_name);

static void sleeper_is_not_given_it(struct kunit *test)
{
	const struct condition *condition = test->param_value;
	struct fixture *fixture = fixture_of(test);

	used_port(test);
	set_receiver(fixture, true);
	condition->set(fixture, true);
	KUNIT_EXPECT_FALSE(test, send_quickly(test, 1));
	condition->set(fixture, false);
	set_receiver(fixture, false);
	KUNIT_EXPECT_TRUE(test, send_quickly(test, 2));
	CHECK_ORDER(test, 2);
}

static struct mbx_message *first_message(struct fixture *fixture)
{
	static const struct mbx_select any = { .kind = MAILBOX_SELECT_ANY };

	return mbx_queue_find(&fixture->port->shared.ready, &any);
}

static void set_pinned(struct fixture *fixture, bool on)
{
	first_message(fixture)->pins += on ? 1 : -1;
}

static void set_leased(struct fixture *fixture, bool on)
{
	first_message(fixture)->pins ^= MBX_PINS_LEASED;
}

static void set_waited(struct fixture *fixture, bool on)
{
	first_message(fixture)->waiter = on ? (struct mbx_waiter *)fixture : NULL;
}

static const struct condition no_receive[] = {
	{ "dead", set_dead },
	{ "revoked", set_revoked },
	{ "guest", set_guest },
	{ "pending", set_pending },
	{ "polled", set_polled },
	{ "pinned", set_pinned },
	{ "leased", set_leased },
	{ "waited", set_waited },
};

KUNIT_ARRAY_PARAM(no_receive, no_receive, condition_name);

static void uncommon_receive_is_left(struct kunit *test)
{
	const struct condition *condition = test->param_value;
	struct fixture *fixture = fixture_of(test);

	used_port(test);
	KUNIT_EXPECT_TRUE(test, send_quickly(test, 1));
	KUNIT_EXPECT_NULL(test, mbx_quick_receive(&fixture->in, sizeof(int) - 1));
	condition->set(fixture, true);
	KUNIT_EXPECT_NULL(test, mbx_quick_receive(&fixture->in, sizeof(int)));
	condition->set(fixture, false);
	CHECK_ORDER(test, 1);
}

static struct kunit_case quick_cases[] = {
	KUNIT_CASE(one_after_the_other),
	KUNIT_CASE(failed_copy_puts_it_back),
	KUNIT_CASE_PARAM(uncommon_send_is_left, no_send_gen_params),
	KUNIT_CASE(first_sleeper_is_given_it),
	KUNIT_CASE_PARAM(sleeper_is_not_given_it, no_hand_gen_params),
	KUNIT_CASE_PARAM(uncommon_receive_is_left, no_receive_gen_params),
	{}
};

static struct kunit_suite quick_suite = {
	.name = "mailbox-quick",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = quick_cases,
};

kunit_test_suites(&quick_suite);
