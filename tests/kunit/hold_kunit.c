// SPDX-License-Identifier: GPL-2.0-only
/*
 * What receivers have in hand: leases, and requests to be answered. What comes
 * between is done by the copy itself, or by who owns the port.
 */
#include <linux/delay.h>

#include "fixture.h"

static struct fixture *fixture_of(struct kunit *test)
{
	return test->priv;
}

/* The token of a lease of the first message, which must be this number. */
static u64 lease_for(struct kunit *test, int value, u64 lease_ns)
{
	struct taking taking = {
		.receive = {
			.deadline.nonblock = true,
			.lease = true,
			.lease_ns = lease_ns,
		},
	};

	KUNIT_EXPECT_EQ(test, 0, taking_run(test, &fixture_of(test)->in, &taking));
	KUNIT_EXPECT_EQ(test, value, taking.value);
	return taking.token;
}

static u64 lease(struct kunit *test, int value)
{
	return lease_for(test, value, 0);
}

static int ack(struct kunit *test, u64 token)
{
	return mbx_port_ack(&fixture_of(test)->in, token);
}

static int nack(struct kunit *test, u64 token)
{
	return mbx_port_nack(&fixture_of(test)->in, token, &fixture_of(test)->spent);
}

/* How many have had their last lease. */
static int spent(struct kunit *test)
{
	return list_count_nodes(&fixture_of(test)->spent);
}

static void lease_is_settled_once(struct kunit *test)
{
	u64 token;

	PORT(test);
	put(test, 1);
	token = lease(test, 1);
	KUNIT_EXPECT_EQ(test, -EAGAIN, TAKE(test));
	KUNIT_EXPECT_EQ(test, -ESRCH, ack(test, token + 1));
	KUNIT_EXPECT_EQ(test, 0, ack(test, token));
	KUNIT_EXPECT_EQ(test, -ESRCH, ack(test, token));
	KUNIT_EXPECT_EQ(test, -ESRCH, nack(test, token));
	KUNIT_EXPECT_EQ(test, -ESRCH, ack(test, 0));
	KUNIT_EXPECT_EQ(test, 0, fixture_of(test)->port->leased);
}

static void leases_return_to_their_places(struct kunit *test)
{
	u64 token[3];
	int i;

	PORT(test);
	for (i = 0; i < 4; i++)
		put(test, i);
	for (i = 0; i < 3; i++)
		token[i] = lease(test, i);
	KUNIT_EXPECT_EQ(test, 0, nack(test, token[1]));
	KUNIT_EXPECT_EQ(test, 0, nack(test, 0));
	KUNIT_EXPECT_EQ(test, 0, nack(test, token[2]));
	CHECK_ORDER(test, 0, 1, 2, 3);
}

static void each_lease_has_a_token_of_its_own(struct kunit *test)
{
	u64 first, second;

	PORT(test);
	put(test, 1);
	first = lease(test, 1);
	KUNIT_EXPECT_EQ(test, 0, nack(test, first));
	second = lease(test, 1);
	KUNIT_EXPECT_NE(test, first, second);
	KUNIT_EXPECT_EQ(test, -ESRCH, ack(test, first));
	KUNIT_EXPECT_EQ(test, 0, ack(test, second));
}

static void lease_belongs_to_its_end(struct kunit *test)
{
	struct mbx_end other = {};
	u64 token;

	PORT(test);
	fixture_attach(test, &other, FMODE_READ);
	put(test, 1);
	token = lease(test, 1);
	KUNIT_EXPECT_EQ(test, -ESRCH, mbx_port_ack(&other, token));
	KUNIT_EXPECT_EQ(test, -ESRCH, mbx_port_ack(&other, 0));
	KUNIT_EXPECT_EQ(test, 0, ack(test, token));
	fixture_detach(test, &other);
}

static void close_returns_what_it_holds(struct kunit *test)
{
	struct mbx_end other = {};
	struct taking taking = { .receive = { .lease = true } };

	PORT(test);
	fixture_attach(test, &other, FMODE_READ);
	put(test, 1);
	put(test, 2);
	KUNIT_EXPECT_EQ(test, 0, taking_run(test, &other, &taking));
	fixture_detach(test, &other);
	CHECK_ORDER(test, 1, 2);
}

static void lease_ends_by_itself(struct kunit *test)
{
	u64 token;

	PORT(test);
	put(test, 1);
	put(test, 2);
	token = lease_for(test, 1, 20 * NSEC_PER_MSEC);
	lease_for(test, 2, 1000 * NSEC_PER_SEC);
	mbx_port_expire(fixture_of(test)->port, &fixture_of(test)->spent);
	KUNIT_EXPECT_EQ(test, 2, fixture_of(test)->port->leased);
	msleep(30);
	mbx_port_expire(fixture_of(test)->port, &fixture_of(test)->spent);
	KUNIT_EXPECT_EQ(test, 1, fixture_of(test)->port->leased);
	/* The one who comes later finds nothing. */
	KUNIT_EXPECT_EQ(test, -ESRCH, ack(test, token));
	CHECK_ORDER(test, 1);
	KUNIT_EXPECT_EQ(test, 0, ack(test, 0));
}

/* An end of a lease before it is expired, and one after. */
static void acked_lease_does_not_end_again(struct kunit *test)
{
	u64 token;

	PORT(test);
	put(test, 1);
	token = lease_for(test, 1, 10 * NSEC_PER_MSEC);
	msleep(20);
	KUNIT_EXPECT_EQ(test, 0, ack(test, token));
	mbx_port_expire(fixture_of(test)->port, &fixture_of(test)->spent);
	KUNIT_EXPECT_EQ(test, -EAGAIN, TAKE(test));
	KUNIT_EXPECT_EQ(test, 0, spent(test));
}

static void last_lease_spends_the_message(struct kunit *test)
{
	PORT(test, .max_deliveries = 2);
	put(test, 1);
	lease(test, 1);
	KUNIT_EXPECT_EQ(test, 0, nack(test, 0));
	KUNIT_EXPECT_EQ(test, 0, spent(test));
	lease_for(test, 1, NSEC_PER_MSEC);
	msleep(20);
	mbx_port_expire(fixture_of(test)->port, &fixture_of(test)->spent);
	KUNIT_EXPECT_EQ(test, 1, spent(test));
	KUNIT_EXPECT_EQ(test, 1, fixture_of(test)->port->dead_lettered);
	KUNIT_EXPECT_EQ(test, -EAGAIN, TAKE(test));
}

static void nack_in_a_peek(struct kunit *test, void *arg)
{
	lease(test, 1);
	KUNIT_EXPECT_EQ(test, 0, nack(test, 0));
}

/* It cannot go elsewhere while somebody looks at it here. */
static void peeked_message_is_not_spent(struct kunit *test)
{
	PORT(test, .max_deliveries = 1);
	put(test, 1);
	KUNIT_EXPECT_EQ(test, 1, TAKE(test, .receive.peek = true, .hook = nack_in_a_peek));
	KUNIT_EXPECT_EQ(test, 0, spent(test));
	CHECK_ORDER(test, 1);
}

static void leases_are_counted_where_the_message_is(struct kunit *test)
{
	struct mbx_port *port = PORT(test, .max_deliveries = 1);
	struct mbx_message *msg;

	put(test, 1);
	lease(test, 1);
	KUNIT_EXPECT_EQ(test, 0, nack(test, 0));
	KUNIT_ASSERT_EQ(test, 1, spent(test));
	msg = list_first_entry(&fixture_of(test)->spent, struct mbx_message, node);
	list_del(&msg->node);
	KUNIT_EXPECT_TRUE(test, mbx_port_post(port, msg));
	KUNIT_EXPECT_EQ(test, 0, mbx_message_deliveries(msg));
	lease(test, 1);
	KUNIT_EXPECT_EQ(test, 0, ack(test, 0));
}

static void kill_frees_what_is_leased(struct kunit *test)
{
	u64 token;

	PORT(test);
	put(test, 1);
	token = lease(test, 1);
	mbx_port_kill(fixture_of(test)->port);
	KUNIT_EXPECT_EQ(test, 0, fixture_of(test)->port->leased);
	KUNIT_EXPECT_EQ(test, -EIDRM, ack(test, token));
	KUNIT_EXPECT_EQ(test, -EIDRM, nack(test, token));
}

/* --- requests --------------------------------------------------------------------- */

#define CALLER(name, number, ...)					\
	struct mbx_caller name##_caller;				\
	SENDER(name, number, .sync = true, .caller = &name##_caller,	\
	       .reply_size = sizeof(int), __VA_ARGS__)

/* The token of the request, which must be this number. */
static u64 serve(struct kunit *test, int value)
{
	struct taking taking = {
		.receive = {
			.deadline.nonblock = true,
			.answers = true,
		},
	};

	await_sleepers(test, 1, 0);
	KUNIT_EXPECT_EQ(test, 0, taking_run(test, &fixture_of(test)->in, &taking));
	KUNIT_EXPECT_EQ(test, value, taking.value);
	return taking.token;
}

static int answer(struct kunit *test, u64 token, int value)
{
	struct mbx_reply reply = {
		.token = token,
		.msg = number_new(test, value),
	};
	int err = mbx_port_reply(&fixture_of(test)->in, &reply);

	KUNIT_EXPECT_EQ(test, !err, !reply.msg);
	mbx_message_free(reply.msg);
	return err;
}

static void request_is_answered_once(struct kunit *test)
{
	CALLER(caller, 1);
	u64 token;

	PORT(test);
	sleeper_start(test, &caller);
	token = serve(test, 1);
	KUNIT_EXPECT_EQ(test, -EAGAIN, TAKE(test));
	KUNIT_EXPECT_EQ(test, -EINVAL, ack(test, token));
	KUNIT_EXPECT_EQ(test, -ESRCH, answer(test, token + 1, 2));
	KUNIT_EXPECT_EQ(test, 0, answer(test, token, 2));
	KUNIT_EXPECT_EQ(test, -ESRCH, answer(test, token, 3));
	KUNIT_EXPECT_EQ(test, 0, sleeper_end(&caller));
	KUNIT_EXPECT_EQ(test, 0, fixture_of(test)->port->requests);
}

static void answer_that_is_too_long_changes_nothing(struct kunit *test)
{
	CALLER(caller, 1);
	u64 token;

	caller.send.reply_size = sizeof(int) - 1;
	PORT(test);
	sleeper_start(test, &caller);
	token = serve(test, 1);
	KUNIT_EXPECT_EQ(test, -EMSGSIZE, answer(test, token, 2));
	KUNIT_EXPECT_EQ(test, 1, fixture_of(test)->port->requests);
	mbx_port_kill(fixture_of(test)->port);
	KUNIT_EXPECT_EQ(test, -EIDRM, sleeper_end(&caller));
	KUNIT_EXPECT_EQ(test, -EIDRM, answer(test, token, 2));
}

static void caller_that_gives_up_is_not_answered(struct kunit *test)
{
	CALLER(caller, 1);
	u64 token;

	PORT(test);
	sleeper_start(test, &caller);
	token = serve(test, 1);
	KUNIT_EXPECT_EQ(test, -EINTR, sleeper_interrupt(&caller));
	KUNIT_EXPECT_EQ(test, 0, fixture_of(test)->port->requests);
	KUNIT_EXPECT_EQ(test, -ESRCH, answer(test, token, 2));
}

static void give_up_in_a_copy(struct kunit *test, void *arg)
{
	KUNIT_EXPECT_EQ(test, -ERESTARTSYS, sleeper_interrupt(arg));
}

static void request_that_is_withdrawn_is_not_received(struct kunit *test)
{
	CALLER(caller, 1);

	PORT(test);
	sleeper_start(test, &caller);
	await_sleepers(test, 1, 0);
	KUNIT_EXPECT_EQ(test, -EAGAIN, TAKE(test, .receive.answers = true,
					    .hook = give_up_in_a_copy, .arg = &caller));
	KUNIT_EXPECT_EQ(test, 0, fixture_of(test)->port->requests);
	KUNIT_EXPECT_EQ(test, 0, fixture_of(test)->port->received);
}

static void close_of_the_server_ends_the_call(struct kunit *test)
{
	struct mbx_end other = {};
	CALLER(caller, 1);

	PORT(test);
	fixture_attach(test, &other, FMODE_READ);
	sleeper_start(test, &caller);
	serve(test, 1);
	fixture_detach(test, &fixture_of(test)->in);
	KUNIT_EXPECT_EQ(test, -EPIPE, sleeper_end(&caller));
	fixture_detach(test, &other);
}

static bool keeps_nothing(const struct mbx_end *end)
{
	return end->mode != FMODE_READ;
}

static void revoke_of_the_server_ends_the_call(struct kunit *test)
{
	CALLER(caller, 1);
	u64 token;

	PORT(test);
	sleeper_start(test, &caller);
	token = serve(test, 1);
	mbx_port_revoke(fixture_of(test)->port, keeps_nothing, &fixture_of(test)->spent);
	KUNIT_EXPECT_EQ(test, -EPIPE, sleeper_end(&caller));
	KUNIT_EXPECT_EQ(test, -EACCES, answer(test, token, 2));
}

static struct kunit_case hold_cases[] = {
	KUNIT_CASE(lease_is_settled_once),
	KUNIT_CASE(leases_return_to_their_places),
	KUNIT_CASE(each_lease_has_a_token_of_its_own),
	KUNIT_CASE(lease_belongs_to_its_end),
	KUNIT_CASE(close_returns_what_it_holds),
	KUNIT_CASE(lease_ends_by_itself),
	KUNIT_CASE(acked_lease_does_not_end_again),
	KUNIT_CASE(last_lease_spends_the_message),
	KUNIT_CASE(peeked_message_is_not_spent),
	KUNIT_CASE(leases_are_counted_where_the_message_is),
	KUNIT_CASE(kill_frees_what_is_leased),
	KUNIT_CASE(request_is_answered_once),
	KUNIT_CASE(answer_that_is_too_long_changes_nothing),
	KUNIT_CASE(caller_that_gives_up_is_not_answered),
	KUNIT_CASE(request_that_is_withdrawn_is_not_received),
	KUNIT_CASE(close_of_the_server_ends_the_call),
	KUNIT_CASE(revoke_of_the_server_ends_the_call),
	{}
};

static struct kunit_suite hold_suite = {
	.name = "mailbox-hold",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = hold_cases,
};

kunit_test_suites(&hold_suite);
