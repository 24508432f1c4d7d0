// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose handles an allow list takes away again when it is changed, and what
 * becomes of what they had in hand; any number of times, while they are used.
 */
#include "allow.h"

static long long settle(int fd, unsigned long number, __u64 token)
{
	struct mailbox_ioc_settle settle = { .token = token };

	return command(fd, number, &settle);
}

static long long reply(int fd, __u64 token)
{
	struct mailbox_ioc_reply reply = { .token = token };

	return command(fd, MAILBOX_IOC_REPLY, &reply);
}

/* --- what it has in hand ------------------------------------------------------ */

static void lease_two(void *arg)
{
	struct guest *guest = arg;

	guest_enter(guest);
	CHECK_EQ(1, take_as(guest->fd, 0, 0, MAILBOX_RECEIVE_LEASE));
	CHECK_EQ(2, take_as(guest->fd, 0, 0, MAILBOX_RECEIVE_LEASE));
	guest_step(guest, 1);
	CHECK_EQ(-EACCES, settle(guest->fd, MAILBOX_IOC_ACK, 0));
	CHECK_EQ(-EACCES, settle(guest->fd, MAILBOX_IOC_NACK, 0));
}

TEST(leases_go_back)
{
	struct guest *guest = GUEST(O_RDONLY);
	pid_t pid;
	int i;

	for (i = 1; i <= 3; i++)
		CHECK_EQ(0, put(guest->owner, i));
	pid = spawn(lease_two, guest);
	WAIT_FOR(guest->step == 1);
	CHECK_EQ(2, port_stat(guest->owner).leased);
	CHECK_EQ(0, guest_revoke(guest));
	CHECK_EQ(0, port_stat(guest->owner).leased);
	CHECK_EQ(3, messages(guest->owner));
	guest->step = 2;
	REAP(pid);
	for (i = 1; i <= 3; i++)
		CHECK_EQ(i, take(guest->owner));
	CHECK_EQ(-EAGAIN, take(guest->owner));
}

static void take_a_request(void *arg)
{
	struct guest *guest = arg;
	struct mailbox_ioc_receive receive = {};

	guest_enter(guest);
	CHECK_EQ(0, command(guest->fd, MAILBOX_IOC_RECEIVE, &receive));
	guest->token = receive.token;
	guest_step(guest, 1);
	CHECK_EQ(-EACCES, reply(guest->fd, guest->token));
}

TEST(its_callers_are_told)
{
	struct guest *guest = GUEST(O_RDONLY);
	struct mailbox_ioc_call args = {}, next = {};
	struct call call, later;
	pid_t pid;

	pid = spawn(take_a_request, guest);
	call_start(&call, guest->owner, MAILBOX_IOC_CALL, &args, 0);
	WAIT_FOR(guest->step == 1);
	/* This one is in the queue, for whoever comes. */
	call_start(&later, guest->owner, MAILBOX_IOC_CALL, &next, 0);
	wait_for_waiters(guest->owner, 2, 0);
	CHECK_EQ(0, guest_revoke(guest));
	CHECK_EQ(-EPIPE, call_join(&call));
	CHECK(waiters_are(guest->owner, 1, 0));
	CHECK_EQ(1, messages(guest->owner));
	CHECK_EQ(0, port_stat(guest->owner).requests);
	guest->step = 2;
	REAP(pid);
	CHECK_EQ(0, port_destroy(guest->owner, NULL));
	CHECK_EQ(-EIDRM, call_join(&later));
}

static void call_and_wait(void *arg)
{
	struct mailbox_ioc_call call = {};
	struct guest *guest = arg;

	guest_enter(guest);
	CHECK_EQ(-EACCES, command(guest->fd, MAILBOX_IOC_CALL, &call));
}

TEST(its_own_request_is_in_hand)
{
	struct guest *guest = GUEST(O_WRONLY);
	struct mailbox_ioc_receive receive = {};
	pid_t pid;

	pid = spawn(call_and_wait, guest);
	CHECK_EQ(0, command(guest->owner, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(0, guest_revoke(guest));
	REAP(pid);
	CHECK_EQ(-ESRCH, reply(guest->owner, receive.token));
	CHECK_EQ(0, port_stat(guest->owner).requests);
}

/* --- whom it concerns --------------------------------------------------------- */

static void check_handle(int fd, bool receives, bool sends)
{
	if (sends)
		CHECK_EQ(0, put(fd, 1));
	if (receives)
		CHECK_EQ(sends ? 1 : -EAGAIN, take(fd));
	CHECK(!polls_as_revoked(fd));
}

static void check_revoked(int fd, int flags)
{
	if (flags != O_RDONLY)
		CHECK_EQ(-EACCES, put(fd, 1));
	if (flags != O_WRONLY)
		CHECK_EQ(-EACCES, take(fd));
	CHECK(polls_as_revoked(fd));
}

/* After step 2 the handle works, after step 4 it does not. */
static void work_then_not(void *arg)
{
	struct guest *guest = arg;
	int flags = guest->flags;

	guest_enter(guest);
	guest_step(guest, 1);
	check_handle(guest->fd, flags != O_WRONLY, flags != O_RDONLY);
	guest_step(guest, 3);
	check_revoked(guest->fd, flags);
}

static pid_t guest_wait(struct guest *guest, void (*run)(void *))
{
	pid_t pid = spawn(run, guest);

	WAIT_FOR(guest->step == 1);
	return pid;
}

TEST(one_of_two_entries_is_taken_off)
{
	struct guest *guest = GUEST(O_RDWR);
	pid_t pid;

	CHECK_EQ(0, allow_group(guest->owner, GROUP, BOTH));
	pid = guest_wait(guest, work_then_not);
	CHECK_EQ(0, guest_revoke(guest));
	guest_step(guest, 2);
	CHECK_EQ(0, allow_group(guest->owner, GROUP, 0));
	guest->step = 4;
	REAP(pid);
}

TEST(entries_of_others_are_changed)
{
	struct guest *guest = GUEST(O_RDWR);
	pid_t pid;

	CHECK_EQ(0, allow_user(guest->owner, USER_A, BOTH));
	CHECK_EQ(0, allow_group(guest->owner, GROUP + 1, BOTH));
	CHECK_EQ(0, allow_process(guest->owner, getpid(), BOTH));
	pid = guest_wait(guest, work_then_not);
	CHECK_EQ(0, allow_user(guest->owner, USER_A, 0));
	CHECK_EQ(0, allow_group(guest->owner, GROUP + 1, RECEIVES));
	CHECK_EQ(0, allow_process(guest->owner, getpid(), 0));
	CHECK_EQ(0, allow_user(guest->owner, USER_B, BOTH));
	guest_step(guest, 2);
	CHECK_EQ(0, guest_revoke(guest));
	guest->step = 4;
	REAP(pid);
}

/* The rights that are left are not those that the handle needs. */
static void check_reduced(int flags, __u32 kept, __u32 left)
{
	struct guest *guest = GUEST(flags);
	pid_t pid = guest_wait(guest, work_then_not);

	CHECK_EQ(0, allow_user(guest->owner, USER_B, kept));
	guest_step(guest, 2);
	CHECK_EQ(0, allow_user(guest->owner, USER_B, left));
	guest->step = 4;
	REAP(pid);
}

TEST(receiver_may_only_send_now)
{
	check_reduced(O_RDONLY, RECEIVES, SENDS);
}

TEST(sender_may_only_receive_now)
{
	check_reduced(O_WRONLY, SENDS, RECEIVES);
}

/* A handle for both needs both. */
TEST(sender_and_receiver_may_only_send_now)
{
	check_reduced(O_RDWR, BOTH, SENDS);
}

TEST(sender_and_receiver_may_only_receive_now)
{
	check_reduced(O_RDWR, BOTH, RECEIVES);
}

/* Half of it by the mode: it could not be bound any more all the same. */
TEST(half_of_a_handle_is_the_lists)
{
	struct guest *guest = GUEST(O_RDWR, .mode = 0602);
	pid_t pid = guest_wait(guest, work_then_not);

	CHECK_EQ(0, allow_user(guest->owner, USER_B, RECEIVES));
	guest_step(guest, 2);
	CHECK_EQ(0, guest_revoke(guest));
	guest->step = 4;
	REAP(pid);
}

TEST(handle_of_the_mode_stays)
{
	struct guest *guest = GUEST(O_RDWR, .mode = 0606);
	pid_t pid = guest_wait(guest, work_then_not);

	CHECK_EQ(0, guest_revoke(guest));
	CHECK_EQ(0, SET(guest->owner, .flags = MAILBOX_SET_MODE, .mode = 0600));
	CHECK_EQ(0, allow_user(guest->owner, USER_B, RECEIVES));
	CHECK_EQ(0, guest_revoke(guest));
	guest_step(guest, 2);
	kill(pid, SIGKILL);
	reap_status(pid);
}

/* The mode has come to give what the list gave: it would be bound now too. */
TEST(handle_that_the_mode_lets_now_stays)
{
	struct guest *guest = GUEST(O_RDWR);
	pid_t pid = guest_wait(guest, work_then_not);

	CHECK_EQ(0, SET(guest->owner, .flags = MAILBOX_SET_MODE, .mode = 0606));
	CHECK_EQ(0, guest_revoke(guest));
	guest_step(guest, 2);
	kill(pid, SIGKILL);
	reap_status(pid);
}

TEST(handles_of_the_owner_and_the_administrator_stay)
{
	struct guest *guest = GUEST(O_RDWR, .flags = MAILBOX_CREATE_UID, .uid = USER_A);
	int other;

	CHECK_EQ(0, allow_user(guest->owner, 0, BOTH));
	CHECK_EQ(0, allow_user(guest->owner, USER_A, BOTH));
	other = port_open(O_RDWR, guest->name);
	CHECK_EQ(0, allow_user(guest->owner, USER_A, 0));
	CHECK_EQ(0, allow_user(guest->owner, 0, 0));
	check_handle(guest->owner, true, true);
	check_handle(other, true, true);
}

/* Access mode 3 does nothing that could be taken away. */
static void look_on(void *arg)
{
	struct guest *guest = arg;

	guest_enter(guest);
	guest_step(guest, 1);
	CHECK_EQ(1, port_stat(guest->fd).senders);
	CHECK_EQ(-EACCES, bind_name(node_open(O_ACCMODE), guest->name));
}

TEST(handle_that_only_looks_stays)
{
	struct guest *guest = GUEST(O_ACCMODE);
	pid_t pid = guest_wait(guest, look_on);

	CHECK_EQ(0, guest_revoke(guest));
	guest->step = 2;
	REAP(pid);
}

/* Once it is revoked, it stays so; what is bound then is another handle. */
static void enter_again(void *arg)
{
	struct guest *guest = arg;

	guest_enter(guest);
	guest_step(guest, 1);
	check_revoked(guest->fd, guest->flags);
	check_handle(port_open(O_RDWR, guest->name), true, true);
}

TEST(revoked_handle_stays_so)
{
	struct guest *guest = GUEST(O_RDWR);
	pid_t pid = guest_wait(guest, enter_again);

	CHECK_EQ(0, guest_revoke(guest));
	CHECK_EQ(0, allow_user(guest->owner, USER_B, BOTH));
	guest->step = 2;
	REAP(pid);
}

/* --- whose handle it is ------------------------------------------------------- */

/* Has the handle of its parent, and no right of its own. */
static void use_the_handle_of_another(void *arg)
{
	struct guest *guest = arg;

	guest_step(guest, 1);
	check_handle(guest->fd, true, true);
	guest_step(guest, 3);
	check_revoked(guest->fd, O_RDWR);
}

static void hand_on(void *arg)
{
	struct guest *guest = arg;

	guest_enter(guest);
	REAP(spawn(use_the_handle_of_another, guest));
}

TEST(handle_that_was_handed_on_counts_for_its_binder)
{
	struct guest *guest = GUEST(O_RDWR);
	pid_t pid;

	/* By its number, so that the child is nobody on the list. */
	CHECK_EQ(0, guest_revoke(guest));
	CHECK_EQ(0, allow_process(guest->owner, getpid(), SENDS));
	CHECK_EQ(0, allow_user(guest->owner, USER_B, BOTH));
	pid = guest_wait(guest, hand_on);
	CHECK_EQ(0, allow_process(guest->owner, getpid(), 0));
	guest_step(guest, 2);
	CHECK_EQ(0, guest_revoke(guest));
	guest->step = 4;
	REAP(pid);
}

static void enter_as_process(void *arg)
{
	struct guest *guest = arg;
	pid_t pid;

	become_member(USER_B, 0);
	close(guest->owner);
	guest_step(guest, 1);
	guest->fd = port_open(O_RDWR, guest->name);
	guest->step = 3;
	pid = fork();
	CHECK_OK(pid);
	if (pid)
		_exit(EXIT_PASS);
	/* Its parent is gone, and has left it the handle. */
	WAIT_FOR(getppid() == runner_pid);
	test_parent = runner_pid;
	end_with_parent();
	WAIT_FOR(guest->step == 4);
	check_handle(guest->fd, true, true);
	guest->step = 5;
	_exit(EXIT_PASS);
}

/*
 * Nobody has taken the right of the process away. That it is gone, and that
 * somebody has looked at the list, must not revoke what it has left behind as
 * soon as an entry of anybody else is taken off.
 */
static void check_left_behind(bool looked_at)
{
	struct guest *guest = GUEST(O_RDWR);
	pid_t pid = guest_wait(guest, enter_as_process);

	CHECK_EQ(0, guest_revoke(guest));
	CHECK_EQ(0, allow_user(guest->owner, USER_A, BOTH));
	CHECK_EQ(0, allow_process(guest->owner, pid, BOTH));
	guest->step = 2;
	REAP(pid);
	if (looked_at)
		CHECK_EQ(0, allowed_list(guest->owner, NULL, NULL, 0, NULL));
	CHECK_EQ(0, allow_user(guest->owner, USER_A, 0));
	guest->step = 4;
	WAIT_FOR(guest->step == 5);
}

TEST(handle_of_a_process_that_has_exited)
{
	check_left_behind(false);
}

TEST(handle_of_a_process_that_has_exited_when_the_list_was_read)
{
	check_left_behind(true);
}

/* --- it is not there any more ---------------------------------------------------- */

static void stay_bound(void *arg)
{
	struct guest *guest = arg;

	guest_enter(guest);
	guest_step(guest, 1);
}

TEST(revoked_handle_is_no_sender_and_no_receiver)
{
	struct guest *guest = GUEST(O_RDWR);
	pid_t pid = guest_wait(guest, stay_bound);

	CHECK_EQ(2, port_stat(guest->owner).senders);
	CHECK_EQ(2, port_stat(guest->owner).receivers);
	CHECK_EQ(0, guest_revoke(guest));
	CHECK_EQ(1, port_stat(guest->owner).senders);
	CHECK_EQ(1, port_stat(guest->owner).receivers);
	guest->step = 2;
	REAP(pid);
	CHECK_EQ(1, port_stat(guest->owner).senders);
	CHECK_EQ(1, port_stat(guest->owner).receivers);
}

/* What it would have had to receive keeps nobody waiting. */
TEST(revoked_receiver_of_a_broadcast_is_in_nobodys_way)
{
	struct guest *guest = GUEST(O_RDONLY, .flags = MAILBOX_CREATE_BROADCAST, .capacity = 1);
	pid_t pid = guest_wait(guest, stay_bound);
	struct call call;

	CHECK_EQ(0, put(guest->owner, 1));
	CHECK_EQ(1, take(guest->owner));
	CALL_SEND(&call, guest->owner, 2);
	wait_for_waiters(guest->owner, 1, 0);
	CHECK_EQ(0, guest_revoke(guest));
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(2, take(guest->owner));
	CHECK_EQ(0, put(guest->owner, 3));
	CHECK_EQ(3, take(guest->owner));
	guest->step = 2;
	REAP(pid);
}

/* --- any number of times ---------------------------------------------------------- */

#define NUMBERS 200000
#define ROUNDS (600 * test_scale())

struct race {
	char name[MAILBOX_NAME_SIZE];
	int owner;
	atomic_bool stop;
	atomic_int next;
	atomic_uint sent[NUMBERS], taken[NUMBERS];
	atomic_uint turns, lost;
	unsigned int worked;		/* by the owner */
};

struct racer {
	struct race *race;
	uid_t user;
	int flags;
	/* Once by the handle; false when it was revoked. */
	bool (*use)(struct race *race, int fd, unsigned int *state);
};

static unsigned int next_random(unsigned int *state)
{
	*state = *state * 1103515245 + 12345;
	return *state >> 8;
}

/* Whatever fails, fails because the right is gone. */
static bool kept(struct race *race, long long result)
{
	if (result)
		CHECK_EQ(-EACCES, result);
	race->turns++;
	race->lost += !!result;
	return !result;
}

static bool receive_or_lease(struct race *race, int fd, unsigned int *state)
{
	struct mailbox_ioc_receive receive = { .size = sizeof(int) };
	bool lease = next_random(state) % 2;
	int value;

	receive.data = user_pointer(&value);
	receive.flags = lease ? MAILBOX_RECEIVE_LEASE : 0;
	if (!kept(race, command(fd, MAILBOX_IOC_RECEIVE, &receive)))
		return false;
	if (lease && !kept(race, settle(fd, MAILBOX_IOC_ACK, receive.token)))
		return false;
	race->taken[value]++;
	return true;
}

static bool send_number(struct race *race, int fd, unsigned int *state)
{
	int value = race->next++;

	CHECK(value < NUMBERS);
	if (!kept(race, SEND(fd, .data = user_pointer(&value), .len = sizeof(value),
			     .flags = next_random(state) % 3 ? 0 : MAILBOX_SEND_SYNC)))
		return false;
	race->sent[value]++;
	return true;
}

static bool serve_number(struct race *race, int fd, unsigned int *state)
{
	struct mailbox_ioc_receive receive = {};
	long long result;

	(void)state;
	if (!kept(race, command(fd, MAILBOX_IOC_RECEIVE, &receive)))
		return false;
	result = reply(fd, receive.token);
	/* Its caller was told before we were. */
	return kept(race, result == -ESRCH ? 0 : result);
}

static void run_racer(void *arg)
{
	struct racer *racer = arg;
	struct race *race = racer->race;
	unsigned int state = racer->user;
	long long result;
	int fd;

	become_member(racer->user, 0);
	close(race->owner);
	while (!race->stop) {
		fd = node_open(racer->flags);
		result = bind_name(fd, race->name);
		if (!result)
			while (racer->use(race, fd, &state))
				;
		else
			CHECK_EQ(-EACCES, result);
		close(fd);
	}
}

/* Where a machine is slow, little happens in a round. */
static bool has_raced(const struct race *race)
{
	return race->turns > 100 && race->lost > 50 && race->worked > 20;
}

/* Rights come and go; @work is what the owner does meanwhile. */
static struct race *run_race(int flags, bool (*use)(struct race *, int, unsigned int *),
			     void (*work)(struct race *))
{
	struct race *race = shared_alloc(sizeof(*race));
	static struct racer racers[2];
	unsigned int round, i;
	pid_t pids[2];

	NEED_ROOT();
	strcpy(race->name, unique_name());
	race->owner = NAMED_PORT(O_RDWR, race->name, .capacity = 4);
	for (i = 0; i < 2; i++) {
		racers[i] = (struct racer){ race, i ? USER_A : USER_B, flags, use };
		pids[i] = spawn(run_racer, &racers[i]);
	}
	for (round = 0; round < ROUNDS || !has_raced(race); round++) {
		long long result;

		CHECK(round < 8 * ROUNDS);
		i = random() % 2;
		result = allow_user(race->owner, racers[i].user, random() % 2 ? BOTH : 0);
		CHECK(result == 0 || result == -ESRCH);
		work(race);
		if (random() % 2)
			pause_ns(random() % 300000);
	}
	race->stop = true;
	/* Nobody is left asleep. */
	for (i = 0; i < 2; i++) {
		allow_user(race->owner, racers[i].user, 0);
		REAP(pids[i]);
	}
	note("%u times used, %u times taken away", race->turns, race->lost);
	return race;
}

static bool take_number(struct race *race)
{
	long long value = take(race->owner);

	if (value >= 0) {
		race->taken[value]++;
		race->worked++;
	} else {
		CHECK_EQ(-EAGAIN, value);
	}
	return value >= 0;
}

static void check_numbers(struct race *race)
{
	unsigned int i;

	while (take_number(race))
		;
	for (i = 0; i < NUMBERS; i++)
		if (race->sent[i] != race->taken[i])
			FAIL("%u was sent %u times, received %u times", i, race->sent[i],
			     race->taken[i]);
	CHECK(waiters_are(race->owner, 0, 0));
	CHECK_EQ(0, port_stat(race->owner).leased);
}

static void send_some(struct race *race)
{
	int i;

	for (i = 0; i < 6; i++)
		if (!put(race->owner, race->next)) {
			race->sent[race->next]++;
			race->next++;
			race->worked++;
		}
}

TEST_WITHIN(receivers_come_and_go, 60)
{
	check_numbers(run_race(O_RDONLY, receive_or_lease, send_some));
}

static void take_some(struct race *race)
{
	int i;

	for (i = 0; i < 6; i++)
		take_number(race);
}

TEST_WITHIN(senders_come_and_go, 60)
{
	check_numbers(run_race(O_WRONLY, send_number, take_some));
}

static void call_once(struct race *race)
{
	struct mailbox_ioc_call call = {};
	long long result;

	/* With nobody there it would wait. */
	call.deadline_ns = deadline_in(CLOCK_MONOTONIC, 2 * NSEC_PER_MSEC);
	result = command(race->owner, MAILBOX_IOC_CALL, &call);
	CHECK(result == 0 || result == -EPIPE || result == -ETIMEDOUT);
	race->worked += !result;
}

TEST_WITHIN(servers_come_and_go, 60)
{
	struct race *race = run_race(O_RDONLY, serve_number, call_once);

	CHECK(waiters_are(race->owner, 0, 0));
	CHECK_EQ(0, port_stat(race->owner).requests);
	CHECK_EQ(0, messages(race->owner));
}
