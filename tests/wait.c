// SPDX-License-Identifier: GPL-2.0-only
/*
 * MAILBOX_IOC_PORT_WAIT: sleeping until a port is in some state. Opening that
 * waits is in wait_open.c, poll() in wait_watch.c.
 */
#include "wait.h"

/* --- what is refused ---------------------------------------------------------- */

TEST(wait_for_what_there_is_not)
{
	int fd = PORT(O_RDWR), bit;

	CHECK_EQ(-EINVAL, events_now(fd, NULL, 0));
	for (bit = 6; bit < 32; bit++)
		CHECK_EQ(-EINVAL, events_now(fd, NULL, 1U << bit | SENDER));
	for (bit = 2; bit < 32; bit++)
		CHECK_EQ(-EINVAL, WAIT(fd, NULL, .events = SENDER, .flags = 1U << bit));
	CHECK_EQ(-EINVAL, WAIT(fd, NULL, .events = SENDER, .pad = 1));
}

TEST(wait_for_a_name_that_is_none)
{
	struct mailbox_ioc_port_wait wait = { .events = NAMED };
	int fd = PORT(O_RDWR);

	CHECK_EQ(-EINVAL, events_now(fd, "a/b", NAMED));
	CHECK_EQ(-EINVAL, events_now(fd, "a\x01" "b", NAMED));
	memset(wait.name, 'x', sizeof(wait.name));
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_WAIT, &wait));
}

TEST(wait_by_an_unbound_handle)
{
	int fd = node_open(O_RDWR);

	CHECK_EQ(-ENOTCONN, events_now(fd, NULL, NAMED));
	CHECK_EQ(-ENOTCONN, events_now(fd, NULL, NOT_THERE));
}

TEST(failed_wait_leaves_the_struct)
{
	struct mailbox_ioc_port_wait wait = {
		.flags = MAILBOX_WAIT_NONBLOCK, .events = MESSAGE, .id = 77, .happened = 5,
	};
	struct mailbox_ioc_port_wait before = wait;
	int fd = PORT(O_RDWR);

	CHECK_EQ(-EAGAIN, command(fd, MAILBOX_IOC_PORT_WAIT, &wait));
	CHECK(!memcmp(&before, &wait, sizeof(wait)));
}

TEST(struct_that_cannot_be_written)
{
	struct mailbox_ioc_port_wait *wait = shared_alloc(sysconf(_SC_PAGESIZE));
	int fd = PORT(O_RDWR);

	wait->events = SENDER;
	CHECK_OK(mprotect(wait, sysconf(_SC_PAGESIZE), PROT_READ));
	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_PORT_WAIT, wait));
	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_PORT_WAIT, (void *)8));
}

/* --- what holds now ----------------------------------------------------------- */

static void create_with_nobody(void)
{
	create_persistent();
	last_close();
}

static void create_and_unlink(void)
{
	create_with_message();
	unlink_port();
}

static void create_and_destroy(void)
{
	create_with_message();
	destroy_port();
}

static void senders_hung_up(void)
{
	create_with_hang_up();
	close_second();
}

static void receivers_hung_up(void)
{
	create_with_hang_up();
	last_close();
}

static void nobody_was_there_yet(void)
{
	create(3, MAILBOX_CREATE_HANGUP);
}

static void rendezvous_with_sender(void)
{
	create_rendezvous();
	send_asleep();
}

static void broadcast_with_message(void)
{
	create_broadcast();
	send_message();
}

static void message_was_taken(void)
{
	create_with_message();
	CHECK_EQ(1, take(port_fds[0]));
}

struct state {
	const char *name;
	void (*build)(void);
	__u32 events;
};

static const struct state states[] = {
	{ "no_port", build_nothing, NOT_THERE },
	{ "observed", create_watched, NAMED },
	{ "receiver", create_with_receiver, NAMED | RECEIVER },
	{ "sender", create_with_sender, NAMED | SENDER },
	{ "both", create_with_both, NAMED | SENDER | RECEIVER },
	{ "message", create_with_message, NAMED | SENDER | RECEIVER | MESSAGE },
	{ "message_taken", message_was_taken, NAMED | SENDER | RECEIVER },
	{ "leased", create_with_lease, NAMED | SENDER | RECEIVER },
	{ "rendezvous", create_rendezvous, NAMED | SENDER | RECEIVER },
	{ "rendezvous_sender", rendezvous_with_sender, NAMED | SENDER | RECEIVER | MESSAGE },
	{ "broadcast", broadcast_with_message, NAMED | SENDER | RECEIVER | MESSAGE },
	{ "nobody", create_with_nobody, NAMED },
	{ "nobody_yet", nobody_was_there_yet, NAMED },
	{ "senders_hung_up", senders_hung_up, NAMED | RECEIVER | HANGUP },
	{ "receivers_hung_up", receivers_hung_up, NAMED | SENDER | HANGUP },
	{ "unlinked", create_and_unlink, NOT_THERE },
	{ "destroyed", create_and_destroy, NOT_THERE },
};

/* Each event alone, and all together; poll() of a watching handle says the same. */
static void state_is_told(void)
{
	const struct state *state = test_now->row;
	struct mailbox_ioc_port_wait wait = { .events = EVENTS, .flags = MAILBOX_WAIT_NONBLOCK };
	int fd = node_open(O_RDONLY), watching = node_open(O_RDONLY), bit;

	port_name = unique_name();
	state->build();
	strcpy(wait.name, port_name);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_WAIT, &wait));
	CHECK_EQ(state->events, wait.happened);
	CHECK_EQ(!!(state->events & NAMED), !!wait.id);
	for (bit = 0; bit < 6; bit++) {
		long long event = 1 << bit, holds = state->events & event;

		CHECK_EQ(holds ? event : -EAGAIN, events_now(fd, port_name, event));
		CHECK_EQ(0, watch(watching, port_name, event));
		CHECK_EQ(holds ? IN : 0, polled(watching));
	}
	port_forget();
}

static void __attribute__((constructor)) add_states(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(states); i++)
		test_add("state", states[i].name, state_is_told, &states[i]);
}

TEST(wait_tells_the_number)
{
	struct mailbox_ioc_port_wait wait = { .events = NAMED | SENDER };
	char *name = unique_name();
	int fd = NAMED_PORT(O_WRONLY, name);

	strcpy(wait.name, name);
	CHECK_EQ(0, command(node_open(O_WRONLY), MAILBOX_IOC_PORT_WAIT, &wait));
	CHECK_EQ(port_stat(fd).id, wait.id);
	memset(wait.name, 0, sizeof(wait.name));
	wait.id = 0;
	CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_WAIT, &wait));
	CHECK_EQ(port_stat(fd).id, wait.id);
	CHECK_EQ(SENDER, wait.happened & SENDER);
}

/* Whatever it is bound to, and however it was opened. */
TEST(any_handle_waits_by_name)
{
	char *name = unique_name();
	int handles[] = {
		node_open(O_RDONLY), node_open(O_WRONLY), node_open(O_RDWR), node_open(3),
		PORT(O_RDONLY), PORT(O_WRONLY), PORT(O_RDWR), PORT(3),
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(handles); i++) {
		CHECK_EQ(NOT_THERE, events_now(handles[i], name, EVENTS));
		CHECK_EQ(-EAGAIN, events_now(handles[i], name, NAMED));
	}
}

/* --- on a bound handle -------------------------------------------------------- */

TEST(bound_handle_looks_at_its_port)
{
	int fd = PORT(O_RDONLY, .flags = MAILBOX_CREATE_HANGUP), sender;

	CHECK_EQ(RECEIVER, events_now(fd, NULL, EVENTS & ~NAMED));
	sender = open_fd(O_WRONLY, fd);
	CHECK_EQ(RECEIVER | SENDER, events_now(fd, NULL, EVENTS & ~NAMED));
	CHECK_EQ(0, put(sender, 1));
	CHECK_EQ(MESSAGE, events_now(fd, NULL, MESSAGE | HANGUP));
	close(sender);
	CHECK_EQ(MESSAGE | HANGUP, events_now(fd, NULL, MESSAGE | HANGUP));
	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(NOT_THERE, events_now(fd, NULL, NOT_THERE));
	CHECK_EQ(-EAGAIN, events_now(fd, NULL, NAMED | MESSAGE));
}

TEST(since_it_was_bound)
{
	int port = PORT(3), receiver, sender;

	receiver = open_fd(O_RDONLY, port);
	CHECK_EQ(-EAGAIN, events_now(receiver, NULL, SENDER));
	close(open_fd(O_WRONLY, port));
	CHECK_EQ(SENDER, events_now(receiver, NULL, SENDER));
	CHECK_EQ(SENDER, events_now(receiver, NULL, SENDER));
	close(receiver);
	sender = open_fd(O_WRONLY, port);
	CHECK_EQ(-EAGAIN, events_now(sender, NULL, RECEIVER));
	close(open_fd(O_RDONLY, port));
	CHECK_EQ(RECEIVER, events_now(sender, NULL, RECEIVER));
}

/* It is neither; so it sees who is there. */
TEST(observer_does_not_look_back)
{
	int fd = PORT(3), sender;

	CHECK_EQ(-EAGAIN, events_now(fd, NULL, SENDER | RECEIVER));
	sender = open_fd(O_WRONLY, fd);
	CHECK_EQ(SENDER, events_now(fd, NULL, SENDER | RECEIVER));
	close(sender);
	CHECK_EQ(-EAGAIN, events_now(fd, NULL, SENDER | RECEIVER));
}

/* Of two ports, each is asked for its own. */
TEST(ends_of_a_pair)
{
	struct ends pair = PAIR(O_RDWR);

	CHECK_EQ(SENDER | RECEIVER, events_now(pair.first, NULL, EVENTS & ~NAMED));
	CHECK_EQ(0, put(pair.first, 1));
	CHECK_EQ(-EAGAIN, events_now(pair.first, NULL, MESSAGE));
	CHECK_EQ(MESSAGE, events_now(pair.second, NULL, MESSAGE));
	close(pair.first);
	CHECK_EQ(MESSAGE | HANGUP, events_now(pair.second, NULL, MESSAGE | HANGUP));
}

TEST(pair_wakes_who_waits)
{
	struct ends pair = PAIR(O_RDWR);
	struct waiting message, hangup;

	WAITING(&message, pair.second, NULL, .events = MESSAGE);
	WAITING(&hangup, pair.second, NULL, .events = HANGUP | NOT_THERE);
	CHECK_EQ(0, put(pair.first, 1));
	CHECK_EQ(MESSAGE, waiting_end(&message));
	CHECK(!hangup.call.done);
	close(pair.first);
	CHECK_EQ(HANGUP, waiting_end(&hangup));
}

/* --- how long ----------------------------------------------------------------- */

TEST(wait_that_may_not_sleep)
{
	char *name = unique_name();
	int fd = node_open(O_RDONLY | O_NONBLOCK);

	CHECK_EQ(-EAGAIN, WAIT(fd, name, .events = NAMED));
	CHECK_EQ(NOT_THERE, WAIT(fd, name, .events = NOT_THERE));
	CHECK_EQ(-EAGAIN, WAIT(PORT(O_RDWR | O_NONBLOCK), NULL, .events = MESSAGE));
	CHECK_EQ(-EAGAIN, events_now(PORT(O_RDWR), NULL, MESSAGE));
}

static void wait_until(clockid_t clock, __u32 flags, int fd, const char *name)
{
	long long deadline = deadline_in(clock, 3 * NSEC_PER_MSEC);

	CHECK_EQ(-ETIMEDOUT, WAIT(fd, name, .events = MESSAGE, .flags = flags,
				  .deadline_ns = deadline));
	CHECK(now_ns(clock) >= deadline);
	/* Long ago. */
	CHECK_EQ(-ETIMEDOUT, WAIT(fd, name, .events = MESSAGE, .flags = flags, .deadline_ns = 1));
}

TEST(deadline_ends_a_wait)
{
	char *name = unique_name();

	wait_until(CLOCK_MONOTONIC, 0, node_open(O_RDONLY), name);
	wait_until(CLOCK_MONOTONIC, 0, PORT(O_RDWR), NULL);
}

TEST(deadline_of_the_calendar)
{
	char *name = unique_name();

	wait_until(CLOCK_REALTIME, MAILBOX_WAIT_REALTIME, node_open(O_RDONLY), name);
	wait_until(CLOCK_REALTIME, MAILBOX_WAIT_REALTIME, PORT(O_RDWR), NULL);
}

TEST(deadline_that_never_comes)
{
	static const __u64 deadlines[] = { 0, 1ULL << 63, UINT64_MAX };
	struct waiting waiting[ARRAY_SIZE(deadlines)];
	char *name = unique_name();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(deadlines); i++)
		WAITING(&waiting[i], node_open(O_RDONLY), name, .events = NAMED,
			.deadline_ns = deadlines[i]);
	NAMED_PORT(O_RDWR, name);
	for (i = 0; i < ARRAY_SIZE(deadlines); i++)
		CHECK_EQ(NAMED, waiting_end(&waiting[i]));
}

/* --- signals ------------------------------------------------------------------ */

static void signal_a_wait(struct waiting *waiting, int flags, int fd, const char *name)
{
	handle_signal(SIGUSR1, flags);
	WAITING(waiting, fd, name, .events = MESSAGE);
	CHECK_EQ(0, pthread_kill(waiting->call.thread, SIGUSR1));
	WAIT_FOR(signals == 1);
}

TEST(signal_ends_a_wait)
{
	struct waiting waiting;

	signal_a_wait(&waiting, 0, node_open(O_RDONLY), unique_name());
	CHECK_EQ(-EINTR, waiting_end(&waiting));
}

TEST(signal_ends_a_bound_wait)
{
	struct waiting waiting;

	signal_a_wait(&waiting, 0, PORT(O_RDWR), NULL);
	CHECK_EQ(-EINTR, waiting_end(&waiting));
}

TEST(wait_goes_on_after_a_signal)
{
	char *name = unique_name();
	struct waiting waiting;

	signal_a_wait(&waiting, SA_RESTART, node_open(O_RDONLY), name);
	wait_for_sleep(&waiting.call);
	CHECK_EQ(0, put(NAMED_PORT(O_RDWR, name), 1));
	CHECK_EQ(MESSAGE, waiting_end(&waiting));
}

TEST(bound_wait_goes_on_after_a_signal)
{
	int fd = PORT(O_RDWR);
	struct waiting waiting;

	signal_a_wait(&waiting, SA_RESTART, fd, NULL);
	wait_for_sleep(&waiting.call);
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(MESSAGE, waiting_end(&waiting));
}

static void wait_for_sender(void *arg)
{
	CHECK_EQ(SENDER, WAIT(node_open(O_RDONLY), arg, .events = SENDER));
}

/* The wait begins anew, and sees who has come meanwhile. */
TEST(sender_comes_while_stopped)
{
	char *name = unique_name();
	int status;
	pid_t pid;

	NAMED_PORT(O_RDONLY, name);
	pid = spawn(wait_for_sender, name);
	WAIT_FOR(task_is(pid, pid, 'S'));
	CHECK_OK(kill(pid, SIGSTOP));
	CHECK_EQ(pid, RESULT(waitpid(pid, &status, WUNTRACED)));
	port_open(O_WRONLY, name);
	CHECK_OK(kill(pid, SIGCONT));
	WAIT_FOR(waitpid(pid, &status, WNOHANG) == pid);
	CHECK(WIFEXITED(status));
	CHECK_EQ(0, WEXITSTATUS(status));
}

/* What it waited by is given back. */
TEST(killed_wait_leaves_nothing)
{
	struct account before = account();
	char *name = unique_name();
	int i;

	for (i = 0; i < 20; i++) {
		pid_t pid = spawn(wait_for_sender, name);

		WAIT_FOR(task_is(pid, pid, 'S'));
		CHECK_OK(kill(pid, SIGKILL));
		CHECK(WIFSIGNALED(reap_status(pid)));
	}
	close(NAMED_PORT(O_RDWR, name));
	CHECK_ACCOUNT(&before);
}

/* --- who may know ------------------------------------------------------------- */

static void look_as_stranger(void *arg)
{
	int fd = node_open(O_RDONLY), bit;

	become(USER_A);
	CHECK_EQ(NAMED, events_now(fd, arg, NAMED));
	CHECK_EQ(-EAGAIN, events_now(fd, arg, NOT_THERE));
	CHECK_EQ(NAMED, events_now(fd, arg, NAMED | NOT_THERE));
	for (bit = 2; bit < 6; bit++) {
		CHECK_EQ(-EACCES, events_now(fd, arg, 1U << bit));
		CHECK_EQ(-EACCES, events_now(fd, arg, 1U << bit | NAMED));
	}
}

TEST(stranger_learns_that_there_is_a_name)
{
	char *name = unique_name();
	int fd;

	NEED_ROOT();
	fd = NAMED_PORT(O_RDWR, name, .mode = 0600);
	CHECK_EQ(0, put(fd, 1));
	REAP(spawn(look_as_stranger, name));
}

static void look_as_guest(void *arg)
{
	int fd = node_open(O_RDONLY);

	become(USER_A);
	CHECK_EQ(NAMED | MESSAGE | SENDER | RECEIVER, events_now(fd, arg, EVENTS));
}

TEST(either_permission_will_do)
{
	static const __u32 modes[] = { 0604, 0602 };
	unsigned int i;

	NEED_ROOT();
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		char *name = unique_name();

		CHECK_EQ(0, put(NAMED_PORT(O_RDWR, name, .mode = modes[i]), 1));
		REAP(spawn(look_as_guest, name));
	}
}

static void wait_as_stranger(void *arg)
{
	int fd = node_open(O_RDONLY);

	become(USER_A);
	CHECK_EQ(NOT_THERE, events_now(fd, arg, EVENTS));
	CHECK_EQ(-EACCES, WAIT(fd, arg, .events = MESSAGE));
}

/* As soon as there is a port of that name. */
TEST(stranger_is_told_when_the_port_comes)
{
	char *name = unique_name();
	pid_t pid;

	NEED_ROOT();
	pid = spawn(wait_as_stranger, name);
	WAIT_FOR(task_is(pid, pid, 'S'));
	NAMED_PORT(O_RDWR, name, .mode = 0600);
	REAP(pid);
}

/* --- names that come and go --------------------------------------------------- */

TEST(wait_goes_on_with_the_next_port)
{
	char *name = unique_name();
	struct waiting waiting;
	int fd = NAMED_PORT(O_RDWR, name);

	WAITING(&waiting, node_open(O_RDONLY), name, .events = MESSAGE);
	CHECK_EQ(0, port_destroy(fd, NULL));
	fd = NAMED_PORT(O_RDWR, name);
	close(fd);
	fd = NAMED_PORT(O_RDWR, name);
	CHECK_EQ(0, port_unlink(fd, NULL));
	/* It has not the name any more. */
	CHECK_EQ(0, put(fd, 1));
	fd = NAMED_PORT(O_RDWR, name);
	CHECK(!waiting.call.done);
	CHECK_EQ(0, put(fd, 2));
	CHECK_EQ(MESSAGE, waiting_end(&waiting));
	CHECK_EQ(port_stat(fd).id, waiting.arg.id);
}

TEST(only_the_name_that_is_waited_for)
{
	enum { COUNT = 40 };
	struct waiting waiting[COUNT];
	char *names[COUNT];
	int i, fds[COUNT];

	for (i = 0; i < COUNT; i++) {
		names[i] = unique_name();
		WAITING(&waiting[i], node_open(O_RDONLY), names[i], .events = NAMED);
	}
	for (i = COUNT - 1; i >= 0; i--) {
		fds[i] = NAMED_PORT(O_RDWR, names[i]);
		CHECK_EQ(NAMED, waiting_end(&waiting[i]));
		CHECK_EQ(port_stat(fds[i]).id, waiting[i].arg.id);
		CHECK(!i || !waiting[i - 1].call.done);
	}
}

TEST(all_who_wait_are_woken)
{
	enum { COUNT = 40 };
	struct waiting waiting[COUNT];
	char *name = unique_name();
	int fd = node_open(O_RDONLY), i;

	for (i = 0; i < COUNT; i++)
		WAITING(&waiting[i], fd, name, .events = NAMED | MESSAGE);
	NAMED_PORT(O_RDWR, name);
	for (i = 0; i < COUNT; i++)
		CHECK_EQ(NAMED, waiting_end(&waiting[i]));
}

static void *come_and_go_often(void *arg)
{
	int i;

	for (i = 0; i < 3000; i++)
		close(NAMED_PORT(O_RDWR, arg));
	return NULL;
}

/* Both states come again and again, and the last one lasts. */
TEST(name_comes_and_goes_quickly)
{
	char *name = unique_name();
	int fd = node_open(O_RDONLY), i;
	pthread_t thread;

	CHECK_EQ(0, pthread_create(&thread, NULL, come_and_go_often, name));
	for (i = 0; i < 300; i++) {
		long long limit = deadline_in(CLOCK_MONOTONIC, 200 * NSEC_PER_MSEC);
		long long result = WAIT(fd, name, .events = NAMED, .deadline_ns = limit);

		if (result == -ETIMEDOUT)
			break;
		CHECK_EQ(NAMED, result);
		CHECK_EQ(NOT_THERE, WAIT(fd, name, .events = NOT_THERE));
	}
	CHECK_EQ(0, pthread_join(thread, NULL));
	CHECK_EQ(NOT_THERE, WAIT(fd, name, .events = EVENTS));
}
