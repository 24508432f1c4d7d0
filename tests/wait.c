// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for a name, for a port's first message and for its life: PORT_WAIT,
 * PORT_WATCH with poll, and opens that wait.
 */
#include <sys/resource.h>

#include "direct.h"

#define NAMED		MAILBOX_EVENT_NAMED
#define PORT_GONE	MAILBOX_EVENT_GONE
#define MESSAGE		MAILBOX_EVENT_MESSAGE
#define SENDER		MAILBOX_EVENT_SENDER
#define RECEIVER	MAILBOX_EVENT_RECEIVER
#define HANGUP		MAILBOX_EVENT_HANGUP
#define ALL		(NAMED | PORT_GONE | MESSAGE | SENDER | RECEIVER | HANGUP)

static struct mailbox_ioc_port_wait wait_of(const char *name, struct mailbox_ioc_port_wait wait)
{
	if (name)
		strcpy(wait.name, name);
	return wait;
}

#define WAIT_OF(name, ...) wait_of(name, (struct mailbox_ioc_port_wait){ __VA_ARGS__ })

/* Which of these hold now, or -errno. */
static long long holds(int fd, const char *name, __u32 events)
{
	struct mailbox_ioc_port_wait wait =
		WAIT_OF(name, .flags = MAILBOX_WAIT_NONBLOCK, .events = events);
	long long err = command(fd, MAILBOX_IOC_PORT_WAIT, &wait);

	return err ?: wait.happened;
}

static void wait_start(struct call *call, struct mailbox_ioc_port_wait *wait, int fd)
{
	call_start(call, fd, MAILBOX_IOC_PORT_WAIT, wait, 0);
	wait_for_sleep(call);
	CHECK(!call->done);
}

static long long watch(int fd, const char *name, __u32 events)
{
	struct mailbox_ioc_port_watch arg = { .events = events };

	strcpy(arg.name, name);
	return command(fd, MAILBOX_IOC_PORT_WATCH, &arg);
}

/* --- what holds now -------------------------------------------------------------------- */

TEST(name_that_nobody_has)
{
	char *name = unique_name();
	int fd = node_open(O_RDWR);

	CHECK_EQ(PORT_GONE, holds(fd, name, NAMED | PORT_GONE));
	CHECK_EQ(-EAGAIN, holds(fd, name, NAMED | MESSAGE | SENDER | RECEIVER | HANGUP));
}

TEST(states_of_a_port)
{
	char *name = unique_name();
	int fd = node_open(O_RDWR), in, out;

	in = NAMED_PORT(O_RDONLY, name, .flags = MAILBOX_CREATE_HANGUP);
	CHECK_EQ(NAMED | RECEIVER, holds(fd, name, ALL));
	out = port_open(O_WRONLY, name);
	CHECK_EQ(NAMED | RECEIVER | SENDER, holds(fd, name, ALL));
	CHECK_EQ(0, put(out, 1));
	CHECK_EQ(NAMED | RECEIVER | SENDER | MESSAGE, holds(fd, name, ALL));
	close(out);
	CHECK_EQ(NAMED | RECEIVER | MESSAGE | HANGUP, holds(fd, name, ALL));
	CHECK_EQ(1, take(in));
	CHECK_EQ(NAMED | RECEIVER | HANGUP, holds(fd, name, ALL));
	CHECK_EQ(0, port_destroy(in, NULL));
	CHECK_EQ(PORT_GONE, holds(fd, name, ALL));
}

TEST(states_of_the_bound_port)
{
	int fd = PORT(O_RDWR);

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(MESSAGE, holds(fd, NULL, MESSAGE));
	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(PORT_GONE, holds(fd, NULL, PORT_GONE | NAMED | MESSAGE));
}

TEST(pair_speaks_of_its_two_ports)
{
	struct ends ends = PAIR(O_RDWR);

	CHECK_EQ(-EAGAIN, holds(ends.first, NULL, MESSAGE));
	CHECK_EQ(0, put(ends.first, 1));
	CHECK_EQ(-EAGAIN, holds(ends.first, NULL, MESSAGE));
	CHECK_EQ(MESSAGE, holds(ends.second, NULL, MESSAGE));
}

TEST(values_that_make_no_sense)
{
	struct mailbox_ioc_port_wait wait = WAIT_OF("test-x", .events = NAMED, .flags = 4);
	int fd = node_open(O_RDWR);

	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_WAIT, &wait));
	CHECK_EQ(-EINVAL, holds(fd, "test-x", 0));
	CHECK_EQ(-EINVAL, holds(fd, "test-x", 64));
	CHECK_EQ(-EINVAL, holds(fd, "test/x", NAMED));
	CHECK_EQ(-ENOTCONN, holds(fd, NULL, MESSAGE));
	CHECK_EQ(-EINVAL, watch(fd, "test-x", 64));
	CHECK_EQ(-EISCONN, watch(PORT(O_RDWR), "test-x", NAMED));
}

/* --- sleeping --------------------------------------------------------------------------- */

TEST(sleeps_until_a_name_appears)
{
	char *name = unique_name();
	struct mailbox_ioc_port_wait wait = WAIT_OF(name, .events = NAMED | MESSAGE);
	struct call call;
	int fd;

	wait_start(&call, &wait, node_open(O_RDWR));
	fd = NAMED_PORT(O_RDWR, name);
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(NAMED, wait.happened);
	CHECK_EQ(port_stat(fd).id, wait.id);
}

TEST(sleeps_until_the_first_message)
{
	char *name = unique_name();
	struct mailbox_ioc_port_wait wait = WAIT_OF(name, .events = MESSAGE);
	struct call call;
	int fd;

	/* From before there is a port at all. */
	wait_start(&call, &wait, node_open(O_RDWR));
	fd = NAMED_PORT(O_RDWR, name);
	wait_for_sleep(&call);
	CHECK(!call.done);
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(MESSAGE, wait.happened);
	CHECK_EQ(1, take(fd));
}

TEST(sleeps_until_somebody_hangs_up)
{
	char *name = unique_name();
	struct mailbox_ioc_port_wait wait = WAIT_OF(name, .events = HANGUP);
	int in = NAMED_PORT(O_RDONLY, name, .flags = MAILBOX_CREATE_HANGUP);
	int out = port_open(O_WRONLY, name);
	struct call call;

	wait_start(&call, &wait, node_open(O_RDWR));
	close(out);
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(HANGUP, wait.happened);
	close(in);
}

TEST(sleeps_until_the_name_is_gone)
{
	static const unsigned long numbers[] = { MAILBOX_IOC_PORT_UNLINK, MAILBOX_IOC_PORT_DESTROY };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		char *name = unique_name();
		struct mailbox_ioc_port_wait wait = WAIT_OF(name, .events = PORT_GONE);
		int fd = NAMED_PORT(O_RDWR, name);
		struct call call;

		wait_start(&call, &wait, node_open(O_RDWR));
		if (i < 2)
			CHECK_EQ(0, port_remove(fd, numbers[i], NULL));
		else
			close(fd);
		CHECK_EQ(0, call_join(&call));
		CHECK_EQ(PORT_GONE, wait.happened);
		CHECK_EQ(0, wait.id);
	}
}

TEST(sleeps_at_its_own_port_until_it_is_destroyed)
{
	int fd = PORT(O_RDWR);
	struct mailbox_ioc_port_wait wait = WAIT_OF(NULL, .events = PORT_GONE | MESSAGE);
	struct call call;

	wait_start(&call, &wait, fd);
	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(PORT_GONE, wait.happened);
}

TEST(sender_that_came_and_went)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDONLY, name), i;

	for (i = 0; i < 100; i++) {
		struct mailbox_ioc_port_wait wait = WAIT_OF(name, .events = SENDER);
		struct call call;

		wait_start(&call, &wait, node_open(O_RDWR));
		close(port_open(O_WRONLY, name));
		CHECK_EQ(0, call_join(&call));
		CHECK_EQ(SENDER, wait.happened);
		close(call.fd);
	}
	/* On a bound handle since it was bound. */
	CHECK_EQ(SENDER, holds(fd, NULL, SENDER));
}

TEST(deadline)
{
	char *name = unique_name();
	struct mailbox_ioc_port_wait wait = WAIT_OF(name, .events = NAMED);

	wait.deadline_ns = deadline_in(CLOCK_MONOTONIC, 50 * NSEC_PER_MSEC);
	CHECK_EQ(-ETIMEDOUT, command(node_open(O_RDWR), MAILBOX_IOC_PORT_WAIT, &wait));
	CHECK(now_ns(CLOCK_MONOTONIC) >= (long long)wait.deadline_ns);
	wait.flags = MAILBOX_WAIT_REALTIME;
	wait.deadline_ns = deadline_in(CLOCK_REALTIME, 50 * NSEC_PER_MSEC);
	CHECK_EQ(-ETIMEDOUT, command(node_open(O_RDWR), MAILBOX_IOC_PORT_WAIT, &wait));
	CHECK(now_ns(CLOCK_REALTIME) >= (long long)wait.deadline_ns);
}

static void check_signal(int flags, long long expected)
{
	char *name = unique_name();
	struct mailbox_ioc_port_wait wait = WAIT_OF(name, .events = NAMED);
	struct call call;

	handle_signal(SIGUSR1, flags);
	wait_start(&call, &wait, node_open(O_RDWR));
	pthread_kill(call.thread, SIGUSR1);
	WAIT_FOR(signals == 1);
	if (!expected) {
		wait_for_sleep(&call);
		NAMED_PORT(O_RDWR, name);
	}
	CHECK_EQ(expected, call_join(&call));
}

TEST(signal_interrupts)
{
	check_signal(0, -EINTR);
}

TEST(signal_with_restart_goes_on)
{
	check_signal(SA_RESTART, 0);
}

TEST(nonblocking_handle)
{
	struct mailbox_ioc_port_wait wait = WAIT_OF(unique_name(), .events = NAMED);

	CHECK_EQ(-EAGAIN, command(node_open(O_RDWR | O_NONBLOCK), MAILBOX_IOC_PORT_WAIT, &wait));
}

static void wait_as_child(void *arg)
{
	struct mailbox_ioc_port_wait wait = WAIT_OF(arg, .events = NAMED);

	command(node_open(O_RDWR), MAILBOX_IOC_PORT_WAIT, &wait);
}

TEST(killed_while_it_waits)
{
	char *name = unique_name();
	int i;

	for (i = 0; i < 20; i++) {
		pid_t pid = spawn(wait_as_child, name);

		WAIT_FOR(task_is(pid, pid, 'S'));
		kill(pid, SIGKILL);
		reap_status(pid);
	}
	NAMED_PORT(O_RDWR, name);
}

/* --- poll ----------------------------------------------------------------------------------- */

TEST(unbound_handle_without_a_watch)
{
	CHECK_EQ(POLLERR, polled(node_open(O_RDWR)) & POLLERR);
}

static void check_watch(enum poller_kind kind)
{
	char *name = unique_name();
	int fd = node_open(O_RDWR), port;
	struct poller poller;

	CHECK_EQ(0, watch(fd, name, NAMED));
	CHECK_EQ(0, polled(fd));
	poller_start(&poller, fd, kind, POLLIN);
	port = NAMED_PORT(O_RDWR, name);
	CHECK_EQ(POLLIN, poller_end(&poller));
	CHECK_EQ(POLLIN, polled(fd) & POLLIN);
	CHECK_EQ(NAMED, holds(fd, name, NAMED));
	CHECK_EQ(0, port_unlink(port, NULL));
	CHECK_EQ(0, polled(fd));
}

TEST(poll_tells_of_a_name)
{
	check_watch(BY_POLL);
}

TEST(epoll_tells_of_a_name)
{
	check_watch(BY_EPOLL);
}

TEST(edge_tells_of_a_name)
{
	check_watch(BY_EPOLL_EDGE);
}

TEST(poll_tells_of_messages_and_of_the_end)
{
	char *name = unique_name();
	int port = NAMED_PORT(O_RDWR, name), fd = node_open(O_RDWR);
	struct poller poller;

	CHECK_EQ(0, watch(fd, name, MESSAGE));
	poller_start(&poller, fd, BY_EPOLL_EDGE, POLLIN);
	CHECK_EQ(0, put(port, 1));
	CHECK_EQ(POLLIN, poller_end(&poller));
	CHECK_EQ(1, take(port));
	CHECK_EQ(0, polled(fd));
	CHECK_EQ(0, watch(fd, name, PORT_GONE));
	poller_start(&poller, fd, BY_POLL, POLLIN);
	CHECK_EQ(0, port_destroy(port, NULL));
	CHECK_EQ(POLLIN, poller_end(&poller));
}

TEST(one_epoll_for_several_names)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC), i;
	char *names[3];

	for (i = 0; i < 3; i++) {
		int fd = node_open(O_RDWR);
		struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };

		names[i] = unique_name();
		CHECK_EQ(0, watch(fd, names[i], NAMED));
		CHECK_OK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
	}
	for (i = 2; i >= 0; i--) {
		struct epoll_event event;
		int port;

		CHECK_EQ(0, epoll_wait(epoll, &event, 1, 0));
		port = NAMED_PORT(O_RDWR, names[i]);
		CHECK_EQ(1, epoll_wait(epoll, &event, 1, -1));
		CHECK_EQ(i, event.data.u32);
		close(port);
	}
}

TEST(last_watch_counts)
{
	char *first = unique_name(), *second = unique_name();
	int fd = node_open(O_RDWR);

	CHECK_EQ(0, watch(fd, first, NAMED));
	CHECK_EQ(0, watch(fd, second, NAMED));
	NAMED_PORT(O_RDWR, first);
	CHECK_EQ(0, polled(fd));
	NAMED_PORT(O_RDWR, second);
	CHECK_EQ(POLLIN, polled(fd) & POLLIN);
	CHECK_EQ(-EINVAL, watch(fd, second, 0));
	CHECK_EQ(0, watch(fd, "", 0));
	CHECK_EQ(POLLERR, polled(fd) & POLLERR);
}

TEST(bound_handle_watches_no_more)
{
	char *name = unique_name();
	int fd = node_open(O_RDWR);

	CHECK_EQ(0, watch(fd, name, NAMED));
	NAMED_PORT(O_RDWR, name);
	CHECK_EQ(0, bind_name(fd, name));
	CHECK_EQ(OUT, polled(fd));
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(IN | OUT, polled(fd));
}

TEST(names_that_come_and_go)
{
	char *name = unique_name();
	int fd = node_open(O_RDWR), i;

	CHECK_EQ(0, watch(fd, name, NAMED));
	for (i = 0; i < 300; i++) {
		int port = NAMED_PORT(O_RDWR, name);

		CHECK_EQ(POLLIN, polled(fd) & POLLIN);
		close(port);
		CHECK_EQ(0, polled(fd));
	}
}

/* --- who may see ------------------------------------------------------------------------------ */

static void look_as_a_stranger(void *arg)
{
	int fd = node_open(O_RDWR);

	become(USER_B);
	/* That a name is taken anybody finds out by trying to create it. */
	CHECK_EQ(NAMED, holds(fd, arg, NAMED | PORT_GONE));
	CHECK_EQ(-EACCES, holds(fd, arg, MESSAGE));
	CHECK_EQ(-EACCES, holds(fd, arg, NAMED | HANGUP));
	CHECK_EQ(0, watch(fd, arg, MESSAGE));
	CHECK_EQ(POLLERR, polled(fd) & POLLERR);
}

TEST(stranger_sees_the_name_only)
{
	char *name = unique_name();
	int fd;

	NEED_ROOT();
	fd = NAMED_PORT(O_RDWR, name);
	CHECK_EQ(0, put(fd, 1));
	REAP(spawn(look_as_a_stranger, name));
}

static void wait_as_a_stranger(void *arg)
{
	struct mailbox_ioc_port_wait wait = WAIT_OF(arg, .events = MESSAGE);

	become(USER_B);
	CHECK_EQ(-EACCES, command(node_open(O_RDWR), MAILBOX_IOC_PORT_WAIT, &wait));
}

TEST(stranger_is_told_as_soon_as_there_is_a_port)
{
	char *name = unique_name();
	pid_t pid;

	NEED_ROOT();
	pid = spawn(wait_as_a_stranger, name);
	WAIT_FOR(task_is(pid, pid, 'S'));
	NAMED_PORT(O_RDWR, name);
	REAP(pid);
}

static void watch_too_much(void *arg)
{
	char name[32];
	int fds[1025], i;

	(void)arg;
	for (i = 0; i < 1025; i++)
		fds[i] = node_open(O_RDWR);
	become(USER_A);
	for (i = 0; i < 1025; i++) {
		sprintf(name, "test-watch-%d", i);
		CHECK_EQ(i < 1024 ? 0 : -EDQUOT, watch(fds[i], name, NAMED));
	}
	CHECK_EQ(0, watch(fds[0], "test-watch-again", NAMED));
	close(fds[1]);
	CHECK_EQ(0, watch(fds[1024], "test-watch-more", NAMED));
}

TEST(watches_of_a_user_are_limited)
{
	struct rlimit limit = { 4096, 4096 };

	NEED_ROOT();
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
	REAP(spawn(watch_too_much, NULL));
}

/* --- opens that wait ---------------------------------------------------------------------------- */

static void open_waiting(struct call *call, struct mailbox_ioc_port_open *arg, const char *name)
{
	*arg = (struct mailbox_ioc_port_open){ .flags = MAILBOX_BIND_WAIT };
	strcpy(arg->name, name);
	call_start(call, node_open(O_RDWR), MAILBOX_IOC_PORT_OPEN, arg, 0);
	wait_for_sleep(call);
	CHECK(!call->done);
}

TEST(open_waits_for_the_name)
{
	char *name = unique_name();
	struct mailbox_ioc_port_open arg;
	struct call call;
	int fd;

	open_waiting(&call, &arg, name);
	fd = NAMED_PORT(O_RDWR, name);
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(port_stat(fd).id, arg.id);
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(1, take(call.fd));
}

TEST(open_of_a_name_that_is_there)
{
	char *name = unique_name();

	NAMED_PORT(O_RDWR, name);
	CHECK_EQ(0, OPEN(node_open(O_RDWR), name, .flags = MAILBOX_BIND_WAIT));
}

TEST(open_that_gives_up)
{
	char *name = unique_name();
	long long until = deadline_in(CLOCK_MONOTONIC, 50 * NSEC_PER_MSEC);
	int fd = node_open(O_RDWR);

	CHECK_EQ(-ETIMEDOUT, OPEN(fd, name, .flags = MAILBOX_BIND_WAIT, .deadline_ns = until));
	CHECK(now_ns(CLOCK_MONOTONIC) >= until);
	CHECK_EQ(-EAGAIN, OPEN(fd, name, .flags = MAILBOX_BIND_WAIT | MAILBOX_BIND_NONBLOCK));
	/* It is not bound. */
	CHECK_EQ(-ENOTCONN, put(fd, 1));
	NAMED_PORT(O_RDWR, name);
	CHECK_EQ(0, bind_name(fd, name));
}

TEST(open_is_interrupted)
{
	char *name = unique_name();
	struct mailbox_ioc_port_open arg;
	struct call call;

	handle_signal(SIGUSR1, 0);
	open_waiting(&call, &arg, name);
	pthread_kill(call.thread, SIGUSR1);
	CHECK_EQ(-EINTR, call_join(&call));
	CHECK_EQ(-ENOTCONN, put(call.fd, 1));
}

static void open_as_a_stranger(void *arg)
{
	become(USER_B);
	CHECK_EQ(-EACCES, OPEN(node_open(O_RDWR), arg, .flags = MAILBOX_BIND_WAIT));
}

TEST(open_waits_in_vain_for_a_strangers_port)
{
	char *name = unique_name();
	pid_t pid;

	NEED_ROOT();
	pid = spawn(open_as_a_stranger, name);
	WAIT_FOR(task_is(pid, pid, 'S'));
	NAMED_PORT(O_RDWR, name);
	REAP(pid);
}

TEST(many_wait_for_one_name)
{
	char *name = unique_name();
	struct mailbox_ioc_port_open args[8];
	struct call calls[8];
	int fd, i;

	for (i = 0; i < 8; i++)
		open_waiting(&calls[i], &args[i], name);
	fd = NAMED_PORT(O_RDWR, name);
	for (i = 0; i < 8; i++)
		CHECK_EQ(0, call_join(&calls[i]));
	CHECK_EQ(9, port_stat(fd).receivers);
}
