// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many handles that lose their right at once: more than are looked at in one step,
 * with everything that they may have in hand, and while others close them.
 */
#include "many.h"
#include "allow.h"

/* More than three steps of revoking, and sleepers for several rounds of waking. */
enum { HANDLES = 210, SLEEPERS = 30 };

static const int modes[] = { O_RDONLY, O_WRONLY, O_RDWR };

/* The guest's own one is the first. Checked. */
static int *enter_with(struct guest *guest, int count)
{
	int *fds = malloc(count * sizeof(*fds)), i;

	CHECK(fds);
	guest_enter(guest);
	fds[0] = guest->fd;
	for (i = 1; i < count; i++)
		fds[i] = port_open(guest->flags, guest->name);
	return fds;
}

static pid_t guest_start(struct guest *guest, void (*run)(void *))
{
	pid_t pid = spawn(run, guest);

	WAIT_FOR(guest->step == 1);
	return pid;
}

static void guest_end(struct guest *guest, pid_t pid)
{
	guest->step = 2;
	REAP(pid);
}

static void check_only_the_owner_is_there(const struct guest *guest)
{
	struct mailbox_ioc_port_stat stat = port_stat(guest->owner);

	CHECK_EQ(1, stat.senders);
	CHECK_EQ(1, stat.receivers);
	CHECK_EQ(0, stat.senders_waiting);
	CHECK_EQ(0, stat.receivers_waiting);
	CHECK_EQ(0, stat.leased);
	CHECK_EQ(0, stat.requests);
}

/* --- all of them, and only them ------------------------------------------------- */

static void hold_each_kind(void *arg)
{
	struct guest *guest = arg;
	int fds[HANDLES], i;

	guest_enter(guest);
	close(guest->fd);
	for (i = 0; i < HANDLES / 2; i++)
		fds[i] = port_open(modes[i % 3], guest->name);
	guest_step(guest, 1);
	for (; i < HANDLES; i++)
		fds[i] = port_open(modes[i % 3], guest->name);
	guest_step(guest, 3);
	for (i = 0; i < HANDLES; i++) {
		CHECK(polls_as_revoked(fds[i]));
		if (modes[i % 3] != O_RDONLY)
			CHECK_EQ(-EACCES, put(fds[i], 1));
		if (modes[i % 3] != O_WRONLY)
			CHECK_EQ(-EACCES, take(fds[i]));
	}
}

TEST(each_of_many_is_revoked)
{
	struct guest *guest = GUEST(O_RDWR);
	int kept[HANDLES], i;
	pid_t pid;

	/* In the midst of the guest's. */
	pid = guest_start(guest, hold_each_kind);
	for (i = 0; i < HANDLES; i++)
		kept[i] = port_open(modes[i % 3], guest->name);
	guest_step(guest, 2);
	CHECK_EQ(0, guest_revoke(guest));
	CHECK_EQ(1 + HANDLES * 2 / 3, port_stat(guest->owner).senders);
	CHECK_EQ(1 + HANDLES * 2 / 3, port_stat(guest->owner).receivers);
	for (i = 0; i < HANDLES; i++) {
		CHECK(!polls_as_revoked(kept[i]));
		if (modes[i % 3] != O_RDONLY)
			CHECK_EQ(0, put(kept[i], i));
		if (modes[i % 3] == O_RDONLY)
			CHECK_EQ(-EAGAIN, take(kept[i]));
		else
			CHECK_EQ(i, take(guest->owner));
		close(kept[i]);
	}
	check_only_the_owner_is_there(guest);
	guest->step = 4;
	REAP(pid);
	check_only_the_owner_is_there(guest);
}

/* --- who sleeps ------------------------------------------------------------------- */

/* Where so many sleep: each by another handle, or all by the last one. */
static void receive_asleep(struct guest *guest, bool by_one)
{
	int *fds = enter_with(guest, HANDLES), i;
	struct call calls[SLEEPERS];

	for (i = 0; i < SLEEPERS; i++)
		CALL_RECEIVE(&calls[i], fds[by_one ? HANDLES - 1 : i * HANDLES / SLEEPERS]);
	guest->step = 1;
	for (i = 0; i < SLEEPERS; i++)
		CHECK_EQ(-EACCES, call_join(&calls[i]));
}

static void receive_by_many(void *arg)
{
	receive_asleep(arg, false);
}

static void receive_by_one(void *arg)
{
	receive_asleep(arg, true);
}

static void check_receivers_leave(struct guest *guest, void (*run)(void *))
{
	struct call other;
	pid_t pid;

	CALL_RECEIVE(&other, guest->owner);
	pid = guest_start(guest, run);
	wait_for_waiters(guest->owner, 0, SLEEPERS + 1);
	CHECK_EQ(0, guest_revoke(guest));
	REAP(pid);
	CHECK(waiters_are(guest->owner, 0, 1));
	CHECK_EQ(0, put(guest->owner, 7));
	CHECK_EQ(7, call_value(&other));
	check_only_the_owner_is_there(guest);
}

/* The last handle is looked at first: what it had must not go to the others. */
static void lease_beside_sleepers(void *arg)
{
	struct guest *guest = arg;
	int *fds = enter_with(guest, HANDLES), i;
	struct call calls[SLEEPERS];

	LEASE(fds[HANDLES - 1], 7);
	for (i = 0; i < SLEEPERS; i++)
		CALL_RECEIVE(&calls[i], fds[i]);
	guest->step = 1;
	for (i = 0; i < SLEEPERS; i++)
		CHECK_EQ(-EACCES, call_value(&calls[i]));
}

TEST(returned_lease_is_not_handed_to_who_is_revoked)
{
	struct guest *guest = GUEST(O_RDONLY);
	pid_t pid;

	CHECK_EQ(0, put(guest->owner, 7));
	pid = guest_start(guest, lease_beside_sleepers);
	wait_for_waiters(guest->owner, 0, SLEEPERS);
	CHECK_EQ(0, guest_revoke(guest));
	REAP(pid);
	CHECK_EQ(7, take(guest->owner));
	check_only_the_owner_is_there(guest);
}

TEST(receivers_asleep_by_many_handles)
{
	check_receivers_leave(GUEST(O_RDONLY), receive_by_many);
}

TEST(receivers_asleep_by_one_handle)
{
	check_receivers_leave(GUEST(O_RDONLY), receive_by_one);
}

TEST(receivers_asleep_by_many_handles_of_a_broadcast)
{
	check_receivers_leave(GUEST(O_RDONLY, .flags = MAILBOX_CREATE_BROADCAST),
			      receive_by_many);
}

TEST(receivers_asleep_by_one_handle_of_a_broadcast)
{
	check_receivers_leave(GUEST(O_RDONLY, .flags = MAILBOX_CREATE_BROADCAST),
			      receive_by_one);
}

static void send_asleep(void *arg)
{
	struct guest *guest = arg;
	int *fds = enter_with(guest, HANDLES), i;
	struct call calls[SLEEPERS];

	for (i = 0; i < SLEEPERS; i++)
		CALL_SEND(&calls[i], fds[i * HANDLES / SLEEPERS], 1000 + i);
	guest->step = 1;
	for (i = 0; i < SLEEPERS; i++)
		CHECK_EQ(-EACCES, call_join(&calls[i]));
}

static void start_sends(struct guest *guest, struct call *calls, int first)
{
	unsigned int before = port_stat(guest->owner).senders_waiting;
	int i;

	for (i = 0; i < SLEEPERS; i++) {
		CALL_SEND(&calls[i], guest->owner, first + i);
		wait_for_waiters(guest->owner, before + i + 1, 0);
	}
}

/* Those ahead of them and behind them sleep on, in their order. */
TEST(senders_asleep_among_others)
{
	struct guest *guest = GUEST(O_WRONLY, RENDEZVOUS);
	struct call ahead[SLEEPERS], behind[SLEEPERS];
	pid_t pid;
	int i;

	start_sends(guest, ahead, 0);
	pid = guest_start(guest, send_asleep);
	wait_for_waiters(guest->owner, 2 * SLEEPERS, 0);
	start_sends(guest, behind, SLEEPERS);
	CHECK_EQ(0, guest_revoke(guest));
	REAP(pid);
	CHECK(waiters_are(guest->owner, 2 * SLEEPERS, 0));
	for (i = 0; i < 2 * SLEEPERS; i++)
		CHECK_EQ(i, take(guest->owner));
	CHECK_EQ(-EAGAIN, take(guest->owner));
	for (i = 0; i < SLEEPERS; i++) {
		CHECK_EQ(0, call_join(&ahead[i]));
		CHECK_EQ(0, call_join(&behind[i]));
	}
	check_only_the_owner_is_there(guest);
}

/* --- what they have in hand --------------------------------------------------------- */

/* Two leases by each, the second half first. */
static void lease_by_many(void *arg)
{
	struct guest *guest = arg;
	int *fds = enter_with(guest, HANDLES), i;

	for (i = 0; i < HANDLES; i++)
		CHECK_EQ(i, take_as(fds[HANDLES - 1 - i], 0, 0, MAILBOX_RECEIVE_LEASE));
	for (i = 0; i < HANDLES; i++)
		CHECK_EQ(HANDLES + i, take_as(fds[i], 0, 0, MAILBOX_RECEIVE_LEASE));
	guest_step(guest, 1);
	for (i = 0; i < HANDLES; i++)
		CHECK_EQ(-EACCES, settle(fds[i], MAILBOX_IOC_ACK, 0));
}

TEST(leases_of_many)
{
	struct guest *guest = GUEST(O_RDONLY, UNBOUNDED);
	pid_t pid;

	put_range(guest->owner, 0, 2 * HANDLES);
	pid = guest_start(guest, lease_by_many);
	CHECK_EQ(2 * HANDLES, port_stat(guest->owner).leased);
	CHECK_EQ(0, guest_revoke(guest));
	check_only_the_owner_is_there(guest);
	CHECK_LEFT(guest->owner, 0, 2 * HANDLES);
	guest_end(guest, pid);
}

static void take_requests(void *arg)
{
	struct guest *guest = arg;
	int *fds = enter_with(guest, HANDLES), i;

	for (i = 0; i < SLEEPERS; i++) {
		struct mailbox_ioc_receive receive = {};

		CHECK_EQ(0, command(fds[i % 2 ? i * HANDLES / SLEEPERS : 0], MAILBOX_IOC_RECEIVE,
				    &receive));
		CHECK_EQ(MAILBOX_MESSAGE_REQUEST, receive.kind);
	}
	guest_step(guest, 1);
}

TEST(requests_of_many)
{
	struct guest *guest = GUEST(O_RDONLY);
	struct mailbox_ioc_call args[SLEEPERS] = {};
	struct call calls[SLEEPERS];
	pid_t pid;
	int i;

	for (i = 0; i < SLEEPERS; i++)
		call_start(&calls[i], guest->owner, MAILBOX_IOC_CALL, &args[i], 0);
	pid = guest_start(guest, take_requests);
	CHECK_EQ(SLEEPERS, port_stat(guest->owner).requests);
	CHECK_EQ(0, guest_revoke(guest));
	for (i = 0; i < SLEEPERS; i++)
		CHECK_EQ(-EPIPE, call_join(&calls[i]));
	check_only_the_owner_is_there(guest);
	guest_end(guest, pid);
}

/* --- what was queued for them -------------------------------------------------------- */

enum { QUEUED = 20 };

/* Some are queued, some under a lease, and the guest lives on. */
static void lease_some(void *arg)
{
	struct guest *guest = arg;
	int *fds = enter_with(guest, HANDLES), i;

	guest_step(guest, 1);
	for (i = 0; i < HANDLES; i += 7) {
		CHECK_EQ(0, take_as(fds[i], 0, 0, MAILBOX_RECEIVE_LEASE));
		CHECK_EQ(1, take_as(fds[i], 0, 0, MAILBOX_RECEIVE_LEASE));
	}
	guest_step(guest, 3);
	for (i = 0; i < HANDLES; i++)
		CHECK_EQ(-EACCES, take(fds[i]));
}

/* The senders' quota has it back as soon as nobody can receive it any more. */
TEST(what_is_queued_for_them_is_freed)
{
	struct guest *guest = GUEST(O_RDONLY, .flags = MAILBOX_CREATE_BROADCAST);
	unsigned long long before = user_bytes(guest->owner);
	pid_t pid = guest_start(guest, lease_some);

	put_range(guest->owner, 0, QUEUED - 1);
	CHECK_LEFT(guest->owner, 0, QUEUED - 1);
	CHECK_EQ(QUEUED * HANDLES, messages(guest->owner));
	guest_step(guest, 2);
	CHECK_EQ((HANDLES + 6) / 7 * 2, port_stat(guest->owner).leased);
	CHECK(user_bytes(guest->owner) > before);
	CHECK_EQ(0, guest_revoke(guest));
	CHECK_EQ(before, user_bytes(guest->owner));
	CHECK_EQ(0, messages(guest->owner));
	check_only_the_owner_is_there(guest);
	guest->step = 4;
	REAP(pid);
	CHECK_EQ(before, user_bytes(guest->owner));
}

/* --- while others close them ------------------------------------------------------------ */

struct closing {
	int *fds;
	int first;
};

static void *close_every_second(void *arg)
{
	struct closing *closing = arg;
	int i;

	for (i = closing->first; i < HANDLES; i += 2)
		close(closing->fds[i]);
	return NULL;
}

/* Two threads close them all while they are revoked: step 1, 3, 5 ... is ready. */
static void come_and_close(void *arg)
{
	struct guest *guest = arg;
	int fds[HANDLES], i;

	become_member(USER_B, GROUP);
	close(guest->owner);
	while (guest->step >= 0) {
		struct closing closings[2] = { { fds, 0 }, { fds, 1 } };
		int step = guest->step;
		pthread_t thread;

		for (i = 0; i < HANDLES; i++) {
			fds[i] = port_open(modes[i % 3], guest->name);
			if (i < 2 * SLEEPERS && modes[i % 3] == O_RDONLY)
				CHECK(take_as(fds[i], 0, 0, MAILBOX_RECEIVE_LEASE) >= 0);
		}
		guest->step = step + 1;
		CHECK_EQ(0, pthread_create(&thread, NULL, close_every_second, &closings[0]));
		close_every_second(&closings[1]);
		CHECK_EQ(0, pthread_join(thread, NULL));
		WAIT_FOR(guest->step != step + 1);
	}
}

TEST_WITHIN(closed_while_they_are_revoked, 60)
{
	struct guest *guest = GUEST(O_RDWR);
	int round, rounds = 60;
	pid_t pid;

	put_range(guest->owner, 0, 2 * SLEEPERS - 1);
	pid = spawn(come_and_close, guest);
	for (round = 1; round <= rounds; round++) {
		WAIT_FOR(guest->step == 2 * round - 1);
		pause_ns(random() % 2000000);
		CHECK_EQ(0, guest_revoke(guest));
		check_only_the_owner_is_there(guest);
		CHECK_EQ(0, allow_user(guest->owner, USER_B, BOTH));
		guest->step = round < rounds ? 2 * round : -1;
	}
	REAP(pid);
	check_only_the_owner_is_there(guest);
	CHECK_LEFT(guest->owner, 0, 2 * SLEEPERS - 1);
}
