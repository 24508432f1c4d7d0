// SPDX-License-Identifier: GPL-2.0-only
/*
 * A change of the allow list takes rights away in steps, and drops the port's lock
 * between them: first nobody may do anything any more, and then what each had in
 * hand goes back, one by one. Whatever comes between finds a port that is right.
 */
#include "window.h"

#define SHORT	(500 * NSEC_PER_MSEC)

/* Before the step that settles what is left after so many. */
#define STEP	BEFORE_LANES

struct revocation {
	struct call call;
	struct mailbox_ioc_port_allow arg;
	int gate;
};

/* The owner of the port, and the handles that are going to be revoked. */
static char *name;
static int owner, guests[2];

static void port_with_guests(int flags, struct mailbox_ioc_port_create create)
{
	unsigned int i;

	name = unique_name();
	owner = foreign_port(name, create);
	for (i = 0; i < ARRAY_SIZE(guests); i++)
		guests[i] = listed_handle(flags, owner, name);
}

#define PORT_WITH_GUESTS(flags, ...) \
	port_with_guests(flags, (struct mailbox_ioc_port_create){ __VA_ARGS__ })

/* Held when so many steps are done. Meanwhile PORT_STAT and the like would wait. */
static void revoke_start(struct revocation *held, int steps)
{
	held->arg = (struct mailbox_ioc_port_allow){
		.entry = { MAILBOX_ALLOW_PROCESS, getpid(), 0, 0 },
	};
	held->gate = gated_start_later(&held->call, owner, MAILBOX_IOC_PORT_ALLOW, &held->arg,
				       STEP, steps);
	gate_wait(held->gate);
}

/* Then nothing is left of them. */
static void revoke_end(struct revocation *held)
{
	gate_go(held->gate);
	CHECK_EQ(0, call_join(&held->call));
	CHECK_EQ(0, leases(owner));
	CHECK_EQ(0, port_stat(owner).requests);
	CHECK(waiters_are(owner, 0, 0));
}

static bool has_come(void)
{
	return polled(owner) & POLLIN;
}

TEST(used_before_it_is_settled)
{
	struct revocation held;
	__u64 token;

	PORT_WITH_GUESTS(O_RDWR);
	put_all(owner, 1);
	token = LEASE(guests[0], 1);
	revoke_start(&held, 0);
	CHECK(!has_come());
	CHECK_EQ(-EACCES, ack(guests[0], token));
	CHECK_EQ(-EACCES, nack(guests[0], token));
	CHECK_EQ(-EACCES, answer(guests[0], token, 1));
	CHECK_EQ(-EACCES, put(guests[1], 2));
	CHECK_EQ(-EACCES, take(guests[1]));
	CHECK_EQ(IN | OUT | GONE, polled(guests[1]));
	revoke_end(&held);
	CHECK_ORDER(owner, 1);
}

TEST(received_between_two_steps)
{
	struct revocation held;
	struct call call;

	PORT_WITH_GUESTS(O_RDONLY);
	put_all(owner, 3);
	LEASE(guests[0], 1);
	LEASE(guests[0], 2);
	LEASE(guests[0], 3);
	CALL_RECEIVE(&call, owner);
	wait_for_waiters(owner, 0, 1);
	revoke_start(&held, 2);
	CHECK_EQ(1, call_value(&call));
	CHECK_EQ(2, take(owner));
	CHECK_EQ(-EAGAIN, take(owner));
	CHECK_EQ(0, put(owner, 4));
	revoke_end(&held);
	CHECK_ORDER(owner, 3, 4);
}

TEST(lease_ends_between_two_steps)
{
	struct revocation held;

	PORT_WITH_GUESTS(O_RDONLY);
	put_all(owner, 3);
	LEASE(guests[0], 1);
	LEASE_FOR(guests[0], 2, SHORT);
	LEASE(guests[1], 3);
	revoke_start(&held, 0);
	WAIT_FOR(has_come());
	CHECK_ORDER(owner, 2);
	revoke_end(&held);
	CHECK_ORDER(owner, 1, 3);
}

/* --- handles that are closed ------------------------------------------------------------- */

/* Everything that can be had, each once. */
static void take_into(bool *taken)
{
	long long value;

	while ((value = take(owner)) > 0) {
		CHECK(!taken[value]);
		taken[value] = true;
	}
	CHECK_EQ(-EAGAIN, value);
}

/* It was about to go when the revocation began, and goes when that is held. */
static void check_closed(int steps, int first)
{
	struct account before = account();
	struct closing closing;
	struct revocation held;
	bool taken[5] = {};
	int i;

	PORT_WITH_GUESTS(O_RDONLY);
	put_all(owner, 4);
	LEASE(guests[0], 1);
	LEASE(guests[1], 2);
	LEASE(guests[0], 3);
	LEASE(guests[1], 4);
	close_start(&closing, guests[first], "before mbx_port_detach");
	revoke_start(&held, steps);
	gate_go(closing.gate);
	/* What it had goes back, however much of it did before. */
	WAIT_FOR((take_into(taken), taken[first + 1] && taken[first + 3]));
	revoke_end(&held);
	take_into(taken);
	for (i = 1; i <= 4; i++)
		CHECK(taken[i]);
	CHECK_EQ(0, pthread_join(closing.thread, NULL));
	close(guests[1 - first]);
	close(owner);
	CHECK_EQ(before.user_bytes, account().user_bytes);
}

TEST(closed_between_two_steps)
{
	int steps;

	for (steps = 0; steps <= 4; steps++) {
		check_closed(steps, 0);
		check_closed(steps, 1);
	}
}

/* It waits for the revocation, and ends what that has left. */
TEST(destroyed_between_two_steps)
{
	struct account before = account();
	struct mailbox_ioc_port_remove all = {};
	struct revocation held;
	struct call destroy;

	PORT_WITH_GUESTS(O_RDONLY);
	put_all(owner, 2);
	LEASE(guests[0], 1);
	LEASE(guests[0], 2);
	revoke_start(&held, 1);
	call_start(&destroy, owner, MAILBOX_IOC_PORT_DESTROY, &all, 0);
	CHECK_EQ(1, take(owner));
	gate_go(held.gate);
	CHECK_EQ(0, call_join(&held.call));
	CHECK_EQ(0, call_join(&destroy));
	CHECK_EQ(-EIDRM, take(owner));
	CHECK_EQ(-EIDRM, take(guests[0]));
	CHECK_EQ(before.user_bytes, account().user_bytes);
}

/* --- what is under way -------------------------------------------------------------------- */

/* It began to receive while it might, and could not copy: that goes back too. */
TEST(put_back_between_two_steps)
{
	struct revocation held;
	struct trap trap;
	struct call call;

	PORT_WITH_GUESTS(O_RDONLY);
	put_all(owner, 2);
	trap = trap_new();
	RECEIVE_HELD(&call, guests[0], &trap);
	LEASE(guests[0], 2);
	revoke_start(&held, 0);
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&call));
	CHECK_EQ(1, take(owner));
	CHECK_EQ(-EAGAIN, take(owner));
	revoke_end(&held);
	CHECK_ORDER(owner, 2);
}

/* The request is in hand; its caller gives up before it is told. */
TEST(caller_gives_up_between_two_steps)
{
	struct asker late, other;
	struct revocation held;
	__u64 tokens[2];

	PORT_WITH_GUESTS(O_RDONLY);
	ask_args(&late, owner, 1, (struct mailbox_ioc_call){
		.deadline_ns = deadline_in(CLOCK_MONOTONIC, SHORT),
	});
	tokens[0] = serve(guests[0], 1);
	ask_args(&other, owner, 2, (struct mailbox_ioc_call){});
	tokens[1] = serve(guests[0], 2);
	revoke_start(&held, 0);
	CHECK_EQ(-ETIMEDOUT, answer_of(&late));
	CHECK_EQ(-EACCES, answer(guests[0], tokens[0], 1));
	CHECK_EQ(-EACCES, answer(guests[0], tokens[1], 1));
	CHECK(!other.call.done);
	revoke_end(&held);
	CHECK_EQ(-EPIPE, answer_of(&other));
}

/* --- a broadcast --------------------------------------------------------------------------- */

/* What it would have had to receive keeps nobody waiting, though it is there yet. */
TEST(broadcast_between_two_steps)
{
	struct account before = account();
	struct revocation held;
	struct call call;

	PORT_WITH_GUESTS(O_RDONLY, .flags = MAILBOX_CREATE_BROADCAST, .capacity = 1);
	CHECK_EQ(0, put(owner, 1));
	CHECK_EQ(1, take(owner));
	CALL_SEND(&call, owner, 2);
	wait_for_waiters(owner, 1, 0);
	revoke_start(&held, 0);
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(2, take(owner));
	CHECK_EQ(0, put(owner, 3));
	revoke_end(&held);
	CHECK_EQ(1, messages(owner));
	CHECK_ORDER(owner, 3);
	CHECK_EQ(before.user_bytes, account().user_bytes);
}
