// SPDX-License-Identifier: GPL-2.0-only
/*
 * A port, its ends, and what moves between them. What happens while a receiver
 * copies is done by the copy itself, so each of these moments is held exactly.
 */
#include "fixture.h"

static struct fixture *fixture_of(struct kunit *test)
{
	return test->priv;
}

static unsigned int ready(struct kunit *test)
{
	return fixture_of(test)->port->shared.ready.count;
}

/* --- sending and receiving -------------------------------------------------------- */

static void messages_leave_in_order(struct kunit *test)
{
	PORT(test);
	KUNIT_EXPECT_EQ(test, 0, put(test, 1));
	KUNIT_EXPECT_EQ(test, 0, put_as(test, 2, 0, 5));
	KUNIT_EXPECT_EQ(test, 0, put_as(test, 3, 7, 0));
	CHECK_ORDER(test, 2, 1, 3);
	KUNIT_EXPECT_EQ(test, 3, fixture_of(test)->port->sent);
	KUNIT_EXPECT_EQ(test, 3, fixture_of(test)->port->received);
}

static void full_port_refuses(struct kunit *test)
{
	PORT(test, .capacity = 2);
	KUNIT_EXPECT_EQ(test, 0, put(test, 1));
	KUNIT_EXPECT_EQ(test, 0, put(test, 2));
	KUNIT_EXPECT_EQ(test, -EAGAIN, put(test, 3));
	KUNIT_EXPECT_EQ(test, 1, TAKE(test));
	KUNIT_EXPECT_EQ(test, 0, put(test, 3));
	CHECK_ORDER(test, 2, 3);
}

static void port_that_is_full_of_bytes_refuses(struct kunit *test)
{
	PORT(test, .capacity_bytes = sizeof(int) + 1);
	KUNIT_EXPECT_EQ(test, 0, put(test, 1));
	KUNIT_EXPECT_EQ(test, 0, put(test, 2));
	KUNIT_EXPECT_EQ(test, -EAGAIN, put(test, 3));
	CHECK_ORDER(test, 1, 2);
}

static void message_that_is_too_long_is_refused(struct kunit *test)
{
	PORT(test, .message_bytes_max = sizeof(int) - 1);
	KUNIT_EXPECT_EQ(test, -EMSGSIZE, put(test, 1));
	KUNIT_EXPECT_EQ(test, 0, ready(test));
}

static void rendezvous_needs_a_receiver(struct kunit *test)
{
	RECEIVER(receiver);

	PORT(test, .buffering = MAILBOX_BUFFERING_RENDEZVOUS);
	KUNIT_EXPECT_EQ(test, -EAGAIN, put(test, 1));
	sleeper_start(test, &receiver);
	await_sleepers(test, 0, 1);
	KUNIT_EXPECT_EQ(test, 0, put(test, 2));
	KUNIT_EXPECT_EQ(test, 0, sleeper_end(&receiver));
	KUNIT_EXPECT_EQ(test, 2, receiver.taking.value);
	KUNIT_EXPECT_EQ(test, 0, ready(test));
}

static void room_lets_a_sleeper_in(struct kunit *test)
{
	SENDER(sender, 2);

	PORT(test, .capacity = 1);
	KUNIT_EXPECT_EQ(test, 0, put(test, 1));
	sleeper_start(test, &sender);
	await_sleepers(test, 1, 0);
	KUNIT_EXPECT_EQ(test, 1, TAKE(test));
	KUNIT_EXPECT_EQ(test, 0, sleeper_end(&sender));
	CHECK_ORDER(test, 2);
}

static void policy_lets_a_sleeper_in(struct kunit *test)
{
	struct mbx_policy policy = { .capacity = 2 };
	SENDER(sender, 2);

	PORT(test, .capacity = 1);
	KUNIT_EXPECT_EQ(test, 0, put(test, 1));
	sleeper_start(test, &sender);
	await_sleepers(test, 1, 0);
	KUNIT_EXPECT_EQ(test, 0, mbx_port_set_policy(fixture_of(test)->port, &policy,
						     MAILBOX_SET_CAPACITY));
	KUNIT_EXPECT_EQ(test, 0, sleeper_end(&sender));
	CHECK_ORDER(test, 1, 2);
}

static void sender_gives_up_at_its_deadline(struct kunit *test)
{
	SENDER(sender, 2, .deadline.ns = in_ms(50));

	PORT(test, .capacity = 1);
	KUNIT_EXPECT_EQ(test, 0, put(test, 1));
	sleeper_start(test, &sender);
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, sleeper_end(&sender));
	CHECK_ORDER(test, 1);
	KUNIT_EXPECT_EQ(test, 1, fixture_of(test)->port->sent);
}

static void receiver_gives_up_at_its_deadline(struct kunit *test)
{
	RECEIVER(receiver, .deadline.ns = in_ms(50));

	PORT(test);
	sleeper_start(test, &receiver);
	KUNIT_EXPECT_EQ(test, -ETIMEDOUT, sleeper_end(&receiver));
	KUNIT_EXPECT_EQ(test, 0, put(test, 1));
	CHECK_ORDER(test, 1);
}

static void sync_sender_has_its_receipt(struct kunit *test)
{
	SENDER(sender, 1, .sync = true);

	PORT(test);
	sleeper_start(test, &sender);
	await_sleepers(test, 1, 0);
	KUNIT_EXPECT_EQ(test, 1, TAKE(test));
	KUNIT_EXPECT_EQ(test, 0, sleeper_end(&sender));
	KUNIT_EXPECT_EQ(test, sizeof(int), sender.send.taken_bytes);
	KUNIT_EXPECT_PTR_EQ(test, task_tgid(current), sender.send.taken_pid);
}

/* --- while a receiver copies ------------------------------------------------------- */

static void put_another(struct kunit *test, void *arg)
{
	KUNIT_EXPECT_EQ(test, 0, put(test, *(int *)arg));
}

static void failed_copy_puts_back(struct kunit *test)
{
	int third = 3;

	PORT(test, .capacity = 2);
	KUNIT_EXPECT_EQ(test, 0, put(test, 1));
	KUNIT_EXPECT_EQ(test, 0, put(test, 2));
	KUNIT_EXPECT_EQ(test, -EFAULT, TAKE(test, .copy_result = -EFAULT, .hook = put_another,
					    .arg = &third));
	KUNIT_EXPECT_EQ(test, 0, fixture_of(test)->port->received);
	/* One more than the capacity. */
	KUNIT_EXPECT_EQ(test, 3, ready(test));
	KUNIT_EXPECT_EQ(test, -EAGAIN, put(test, 4));
	CHECK_ORDER(test, 1, 2, 3);
}

static void take_the_rest(struct kunit *test, void *arg)
{
	KUNIT_EXPECT_EQ(test, *(int *)arg, TAKE(test));
	KUNIT_EXPECT_EQ(test, -EAGAIN, TAKE(test));
}

static void message_in_a_copy_is_nobody_elses(struct kunit *test)
{
	int second = 2;

	PORT(test);
	KUNIT_EXPECT_EQ(test, 0, put(test, 1));
	KUNIT_EXPECT_EQ(test, 0, put(test, 2));
	KUNIT_EXPECT_EQ(test, 1, TAKE(test, .hook = take_the_rest, .arg = &second));
	KUNIT_EXPECT_EQ(test, 2, fixture_of(test)->port->received);
}

static void take_the_first(struct kunit *test, void *arg)
{
	KUNIT_EXPECT_EQ(test, 1, TAKE(test));
	KUNIT_EXPECT_EQ(test, -EAGAIN, TAKE(test));
}

static void peeked_message_can_be_taken(struct kunit *test)
{
	PORT(test);
	KUNIT_EXPECT_EQ(test, 0, put(test, 1));
	KUNIT_EXPECT_EQ(test, 1, TAKE(test, .receive.peek = true, .hook = take_the_first));
	KUNIT_EXPECT_EQ(test, -EAGAIN, TAKE(test));
}

static void peek_once_more(struct kunit *test, void *arg)
{
	KUNIT_EXPECT_EQ(test, -EBUSY, TAKE(test, .receive.peek = true));
}

/* Each but the last of them would be a thread that is held in its copy. */
static void peeks_have_a_limit(struct kunit *test)
{
	static const struct mbx_select any = { .kind = MAILBOX_SELECT_ANY };
	struct mbx_message *msg;

	PORT(test);
	KUNIT_EXPECT_EQ(test, 0, put(test, 1));
	msg = mbx_queue_find(&fixture_of(test)->port->shared.ready, &any);
	msg->pins += MBX_PINS_MAX - 1;
	KUNIT_EXPECT_EQ(test, 1, TAKE(test, .receive.peek = true, .hook = peek_once_more));
	KUNIT_EXPECT_EQ(test, MBX_PINS_MAX - 1, msg->pins);
	msg->pins -= MBX_PINS_MAX - 1;
	CHECK_ORDER(test, 1);
}

static void kill_port(struct kunit *test, void *arg)
{
	mbx_port_kill(fixture_of(test)->port);
}

static void copy_outlives_the_port(struct kunit *test)
{
	PORT(test);
	KUNIT_EXPECT_EQ(test, 0, put(test, 1));
	KUNIT_EXPECT_EQ(test, 0, put(test, 2));
	KUNIT_EXPECT_EQ(test, 1, TAKE(test, .hook = kill_port));
	KUNIT_EXPECT_EQ(test, -EIDRM, TAKE(test));
	KUNIT_EXPECT_EQ(test, -EIDRM, put(test, 3));
	KUNIT_EXPECT_EQ(test, 0, ready(test));
}

static void failed_copy_is_freed_with_the_port(struct kunit *test)
{
	PORT(test);
	KUNIT_EXPECT_EQ(test, 0, put(test, 1));
	KUNIT_EXPECT_EQ(test, -EFAULT, TAKE(test, .copy_result = -EFAULT, .hook = kill_port));
	KUNIT_EXPECT_EQ(test, 0, ready(test));
}

static void lease_is_refused_by_a_dead_port(struct kunit *test)
{
	PORT(test);
	KUNIT_EXPECT_EQ(test, 0, put(test, 1));
	KUNIT_EXPECT_EQ(test, -EIDRM, TAKE(test, .receive.lease = true, .hook = kill_port));
	KUNIT_EXPECT_EQ(test, 0, fixture_of(test)->port->leased);
}

static bool keeps_nothing(const struct mbx_end *end)
{
	return end->mode != FMODE_READ;
}

static void revoke_readers(struct kunit *test, void *arg)
{
	mbx_port_revoke(fixture_of(test)->port, keeps_nothing, &fixture_of(test)->spent);
}

static void revoked_copy_counts(struct kunit *test)
{
	PORT(test);
	KUNIT_EXPECT_EQ(test, 0, put(test, 1));
	KUNIT_EXPECT_EQ(test, 1, TAKE(test, .hook = revoke_readers));
	KUNIT_EXPECT_EQ(test, -EACCES, TAKE(test));
}

static void revoked_lease_goes_back(struct kunit *test)
{
	PORT(test);
	KUNIT_EXPECT_EQ(test, 0, put(test, 1));
	KUNIT_EXPECT_EQ(test, -EACCES, TAKE(test, .receive.lease = true,
					    .hook = revoke_readers));
	KUNIT_EXPECT_EQ(test, 1, ready(test));
	KUNIT_EXPECT_EQ(test, 0, fixture_of(test)->port->received);
}

static bool keeps_listed(const struct mbx_end *end)
{
	return end->mode != FMODE_READ || end->listed;
}

/*
 * Where a search for a deadlock stops before it comes to them; and each is met
 * once, however many are looked at in one step.
 */
static void revoked_ends_are_behind_the_others(struct kunit *test)
{
	enum { COUNT = 150 };
	struct mbx_end *ends = kunit_kcalloc(test, COUNT, sizeof(*ends), GFP_KERNEL);
	unsigned int receivers = 0, revoked = 0, i;
	const struct mbx_end *end;

	KUNIT_ASSERT_NOT_NULL(test, ends);
	PORT(test);
	fixture_of(test)->in.listed = true;
	for (i = 0; i < COUNT; i++) {
		ends[i].listed = i % 3 == 1;
		fixture_attach(test, &ends[i], FMODE_READ);
	}
	mbx_port_revoke(fixture_of(test)->port, keeps_listed, &fixture_of(test)->spent);
	list_for_each_entry(end, &fixture_of(test)->port->ends, node) {
		KUNIT_EXPECT_EQ(test, end->revoked, !keeps_listed(end));
		KUNIT_EXPECT_TRUE(test, end->revoked || !revoked);
		revoked += end->revoked;
		receivers += end->mode == FMODE_READ && !end->revoked;
	}
	KUNIT_EXPECT_EQ(test, COUNT - COUNT / 3, revoked);
	KUNIT_EXPECT_EQ(test, COUNT / 3 + 1, receivers);
	KUNIT_EXPECT_EQ(test, receivers, fixture_of(test)->port->receive_handles);
	for (i = 0; i < COUNT; i++)
		fixture_detach(test, &ends[i]);
}

/* Its sender gives up in the middle of the copy. */
static void await_end(struct kunit *test, void *arg)
{
	KUNIT_EXPECT_EQ(test, -ERESTARTSYS, sleeper_interrupt(arg));
}

static void withdrawn_message_is_not_received(struct kunit *test)
{
	SENDER(sender, 1, .sync = true);

	PORT(test);
	sleeper_start(test, &sender);
	await_sleepers(test, 1, 0);
	KUNIT_EXPECT_EQ(test, -EAGAIN, TAKE(test, .hook = await_end, .arg = &sender));
	KUNIT_EXPECT_EQ(test, 0, fixture_of(test)->port->received);
	KUNIT_EXPECT_EQ(test, 0, fixture_of(test)->port->sent);
}

static void withdrawn_message_of_a_failed_copy_is_gone(struct kunit *test)
{
	SENDER(sender, 1, .sync = true);

	PORT(test);
	sleeper_start(test, &sender);
	await_sleepers(test, 1, 0);
	KUNIT_EXPECT_EQ(test, -EFAULT, TAKE(test, .copy_result = -EFAULT, .hook = await_end,
					    .arg = &sender));
	KUNIT_EXPECT_EQ(test, 0, ready(test));
	KUNIT_EXPECT_EQ(test, 0, fixture_of(test)->port->received);
}

/* --- full ports that drop ------------------------------------------------------------- */

static void oldest_is_dropped(struct kunit *test)
{
	PORT(test, .capacity = 2, .on_full = MAILBOX_FULL_DROP_OLDEST);
	put(test, 1);
	put_as(test, 2, 0, 4);
	KUNIT_EXPECT_EQ(test, 0, put(test, 3));
	CHECK_ORDER(test, 2, 3);
	KUNIT_EXPECT_EQ(test, 1, fixture_of(test)->port->dropped);
}

static void newest_is_dropped(struct kunit *test)
{
	PORT(test, .capacity = 1, .on_full = MAILBOX_FULL_DROP_NEWEST);
	put(test, 1);
	KUNIT_EXPECT_EQ(test, 0, put(test, 2));
	CHECK_ORDER(test, 1);
	KUNIT_EXPECT_EQ(test, 1, fixture_of(test)->port->dropped);
	KUNIT_EXPECT_EQ(test, 1, fixture_of(test)->port->sent);
}

/* What is being copied is not in the port any more. */
static void what_is_copied_is_not_dropped(struct kunit *test)
{
	int second = 2;

	PORT(test, .capacity = 1, .on_full = MAILBOX_FULL_OVERWRITE);
	put(test, 1);
	KUNIT_EXPECT_EQ(test, -EFAULT, TAKE(test, .copy_result = -EFAULT, .hook = put_another,
					    .arg = &second));
	KUNIT_EXPECT_EQ(test, 0, fixture_of(test)->port->dropped);
	CHECK_ORDER(test, 1, 2);
}

static void dropped_sync_sender_is_told(struct kunit *test)
{
	SENDER(sender, 1, .sync = true);

	PORT(test, .capacity = 1, .on_full = MAILBOX_FULL_DROP_OLDEST);
	sleeper_start(test, &sender);
	await_sleepers(test, 1, 0);
	KUNIT_EXPECT_EQ(test, 0, put(test, 2));
	KUNIT_EXPECT_EQ(test, -ENOBUFS, sleeper_end(&sender));
	CHECK_ORDER(test, 2);
}

/* --- broadcast --------------------------------------------------------------------------- */

static void everybody_gets_a_broadcast(struct kunit *test)
{
	struct mbx_end late = {};

	PORT_FLAGS(test, MAILBOX_CREATE_BROADCAST);
	KUNIT_EXPECT_EQ(test, 0, put(test, 1));
	fixture_attach(test, &late, FMODE_READ);
	KUNIT_EXPECT_EQ(test, 0, put(test, 2));
	CHECK_ORDER(test, 1, 2);
	KUNIT_EXPECT_EQ(test, 2, TAKE_BY(test, &late));
	KUNIT_EXPECT_EQ(test, -EAGAIN, TAKE_BY(test, &late));
	fixture_detach(test, &late);
}

static void broadcast_goes_with_who_closes(struct kunit *test)
{
	struct mbx_end other = {};
	SENDER(sender, 2);

	PORT_FLAGS(test, MAILBOX_CREATE_BROADCAST, .capacity = 1);
	fixture_attach(test, &other, FMODE_READ);
	KUNIT_EXPECT_EQ(test, 0, put(test, 1));
	KUNIT_EXPECT_EQ(test, 1, TAKE(test));
	sleeper_start(test, &sender);
	await_sleepers(test, 1, 0);
	KUNIT_EXPECT_EQ(test, -EAGAIN, TAKE(test));
	fixture_detach(test, &other);
	KUNIT_EXPECT_EQ(test, 0, sleeper_end(&sender));
	CHECK_ORDER(test, 2);
}

/* --- hang-up, exit, post ------------------------------------------------------------------- */

static void end_of_file_comes_after_the_last_message(struct kunit *test)
{
	struct fixture *fixture = fixture_of(test);

	PORT_FLAGS(test, MAILBOX_CREATE_HANGUP);
	put(test, 1);
	fixture_detach(test, &fixture->out);
	KUNIT_EXPECT_EQ(test, 1, TAKE(test));
	KUNIT_EXPECT_EQ(test, -EPIPE, TAKE(test));
	fixture_attach(test, &fixture->out, FMODE_WRITE);
	KUNIT_EXPECT_EQ(test, -EAGAIN, TAKE(test));
}

static void last_receiver_hangs_up(struct kunit *test)
{
	struct fixture *fixture = fixture_of(test);
	SENDER(sender, 2);

	PORT_FLAGS(test, MAILBOX_CREATE_HANGUP, .capacity = 1);
	put(test, 1);
	sleeper_start(test, &sender);
	await_sleepers(test, 1, 0);
	fixture_detach(test, &fixture->in);
	KUNIT_EXPECT_EQ(test, -EPIPE, sleeper_end(&sender));
	KUNIT_EXPECT_EQ(test, -EPIPE, put(test, 3));
	fixture_attach(test, &fixture->in, FMODE_READ);
	CHECK_ORDER(test, 1);
}

static void exit_of_the_sender_wakes_the_receiver(struct kunit *test)
{
	RECEIVER(receiver);

	PORT_FLAGS(test, MAILBOX_PORT_LINK);
	sleeper_start(test, &receiver);
	await_sleepers(test, 0, 1);
	mbx_port_exit(fixture_of(test)->port, FMODE_WRITE);
	KUNIT_EXPECT_EQ(test, -EPIPE, sleeper_end(&receiver));
	KUNIT_EXPECT_EQ(test, -EPIPE, put(test, 1));
}

static void kill_wakes_all(struct kunit *test)
{
	SENDER(sender, 2);
	RECEIVER(receiver, .select = { .kind = MAILBOX_SELECT_TYPE, .type = 9 });

	PORT(test, .capacity = 1);
	put(test, 1);
	sleeper_start(test, &sender);
	sleeper_start(test, &receiver);
	await_sleepers(test, 1, 1);
	mbx_port_kill(fixture_of(test)->port);
	KUNIT_EXPECT_EQ(test, -EIDRM, sleeper_end(&sender));
	KUNIT_EXPECT_EQ(test, -EIDRM, sleeper_end(&receiver));
}

static void post_ignores_the_capacity(struct kunit *test)
{
	struct mbx_port *port = PORT(test, .capacity = 1);

	put(test, 1);
	KUNIT_EXPECT_TRUE(test, mbx_port_post(port, number_new(test, 2)));
	KUNIT_EXPECT_EQ(test, 0, port->received);
	KUNIT_EXPECT_EQ(test, 2, port->sent);
	CHECK_ORDER(test, 1, 2);
}

static void post_is_refused(struct kunit *test)
{
	struct mbx_port *port = PORT_FLAGS(test, MAILBOX_CREATE_BROADCAST);
	struct mbx_message *msg = number_new(test, 1);

	KUNIT_EXPECT_FALSE(test, mbx_port_post(port, msg));
	mbx_port_kill(port);
	KUNIT_EXPECT_FALSE(test, mbx_port_post(port, msg));
	mbx_message_free(msg);
}

static void events_tell_the_state(struct kunit *test)
{
	u32 always = MAILBOX_EVENT_NAMED | MAILBOX_EVENT_SENDER | MAILBOX_EVENT_RECEIVER;
	struct mbx_watcher watcher;
	struct mbx_watch watch = { .events = U32_MAX, .watcher = &watcher };
	struct mbx_port *port = PORT(test);

	mbx_watcher_init(&watcher);
	spin_lock(&port->lock);
	mbx_watch_add(port, &watch);
	spin_unlock(&port->lock);
	KUNIT_EXPECT_EQ(test, always, mbx_port_events(port, &watch));
	put(test, 1);
	KUNIT_EXPECT_EQ(test, always | MAILBOX_EVENT_MESSAGE, mbx_port_events(port, &watch));
	watch.events = MAILBOX_EVENT_HANGUP;
	KUNIT_EXPECT_EQ(test, 0, mbx_port_events(port, &watch));
	mbx_port_kill(port);
	watch.events = MAILBOX_EVENT_GONE | MAILBOX_EVENT_NAMED;
	KUNIT_EXPECT_EQ(test, MAILBOX_EVENT_GONE, mbx_port_events(port, &watch));
	spin_lock(&port->lock);
	list_del(&watch.node);
	spin_unlock(&port->lock);
}

static struct kunit_case port_cases[] = {
	KUNIT_CASE(messages_leave_in_order),
	KUNIT_CASE(full_port_refuses),
	KUNIT_CASE(port_that_is_full_of_bytes_refuses),
	KUNIT_CASE(message_that_is_too_long_is_refused),
	KUNIT_CASE(rendezvous_needs_a_receiver),
	KUNIT_CASE(room_lets_a_sleeper_in),
	KUNIT_CASE(policy_lets_a_sleeper_in),
	KUNIT_CASE(sender_gives_up_at_its_deadline),
	KUNIT_CASE(receiver_gives_up_at_its_deadline),
	KUNIT_CASE(sync_sender_has_its_receipt),
	KUNIT_CASE(failed_copy_puts_back),
	KUNIT_CASE(message_in_a_copy_is_nobody_elses),
	KUNIT_CASE(peeked_message_can_be_taken),
	KUNIT_CASE(peeks_have_a_limit),
	KUNIT_CASE(copy_outlives_the_port),
	KUNIT_CASE(failed_copy_is_freed_with_the_port),
	KUNIT_CASE(lease_is_refused_by_a_dead_port),
	KUNIT_CASE(revoked_copy_counts),
	KUNIT_CASE(revoked_lease_goes_back),
	KUNIT_CASE(revoked_ends_are_behind_the_others),
	KUNIT_CASE(withdrawn_message_is_not_received),
	KUNIT_CASE(withdrawn_message_of_a_failed_copy_is_gone),
	KUNIT_CASE(oldest_is_dropped),
	KUNIT_CASE(newest_is_dropped),
	KUNIT_CASE(what_is_copied_is_not_dropped),
	KUNIT_CASE(dropped_sync_sender_is_told),
	KUNIT_CASE(everybody_gets_a_broadcast),
	KUNIT_CASE(broadcast_goes_with_who_closes),
	KUNIT_CASE(end_of_file_comes_after_the_last_message),
	KUNIT_CASE(last_receiver_hangs_up),
	KUNIT_CASE(exit_of_the_sender_wakes_the_receiver),
	KUNIT_CASE(kill_wakes_all),
	KUNIT_CASE(post_ignores_the_capacity),
	KUNIT_CASE(post_is_refused),
	KUNIT_CASE(events_tell_the_state),
	{}
};

static struct kunit_suite port_suite = {
	.name = "mailbox-port",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = port_cases,
};

kunit_test_suites(&port_suite);
