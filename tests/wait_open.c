// SPDX-License-Identifier: GPL-2.0-only
/*
 * PORT_OPEN that sleeps: until the name is there, until the other side is.
 */
#include "wait.h"

#define WAITS	MAILBOX_BIND_WAIT
#define PEER	MAILBOX_BIND_PEER

/* A thread in PORT_OPEN. */
struct opening {
	struct call call;
	struct mailbox_ioc_port_open arg;
};

static void opening_start_args(struct opening *opening, int fd, const char *name,
			       struct mailbox_ioc_port_open arg)
{
	opening->arg = arg;
	strcpy(opening->arg.name, name);
	call_start(&opening->call, fd, MAILBOX_IOC_PORT_OPEN, &opening->arg, 0);
	wait_for_sleep(&opening->call);
}

#define OPENING(opening, fd, name, ...) \
	opening_start_args(opening, fd, name, (struct mailbox_ioc_port_open){ __VA_ARGS__ })

static long long opening_end(struct opening *opening)
{
	return call_join(&opening->call);
}

/* --- the name ----------------------------------------------------------------- */

TEST(open_sleeps_for_the_name)
{
	char *name = unique_name();
	int fd = node_open(O_RDONLY), port;
	struct opening opening;

	OPENING(&opening, fd, name, .flags = WAITS);
	CHECK(!opening.call.done);
	port = NAMED_PORT(O_WRONLY, name);
	CHECK_EQ(0, opening_end(&opening));
	CHECK_EQ(port_stat(port).id, opening.arg.id);
	CHECK_EQ(0, put(port, 1));
	CHECK_EQ(1, take(fd));
}

TEST(open_does_not_sleep_if_it_need_not)
{
	char *name = unique_name();
	int fd = node_open(O_RDONLY);

	NAMED_PORT(O_WRONLY, name);
	CHECK_EQ(0, OPEN(fd, name, .flags = WAITS, .deadline_ns = 1));
	CHECK_EQ(-EISCONN, OPEN(fd, name, .flags = WAITS));
}

TEST(open_that_may_not_sleep)
{
	char *name = unique_name();
	int fd = node_open(O_RDONLY), quiet = node_open(O_RDONLY | O_NONBLOCK);

	CHECK_EQ(-EAGAIN, OPEN(fd, name, .flags = WAITS | MAILBOX_BIND_NONBLOCK));
	CHECK_EQ(-EAGAIN, OPEN(quiet, name, .flags = WAITS));
	CHECK_EQ(-ENOENT, OPEN(fd, name));
	CHECK_EQ(-ENOTCONN, take(fd));
}

TEST(open_flags_that_make_no_sense)
{
	int fd = node_open(O_RDONLY), port = PORT(O_RDWR), bit;
	char *name = unique_name();

	for (bit = 5; bit < 32; bit++)
		CHECK_EQ(-EINVAL, OPEN(fd, name, .flags = 1U << bit | WAITS));
	CHECK_EQ(-EINVAL, OPEN(fd, name, .deadline_ns = 1));
	CHECK_EQ(-EINVAL, OPEN(fd, NULL, .flags = WAITS | MAILBOX_BIND_FD, .fd = port));
	CHECK_EQ(-EINVAL, OPEN(fd, "a/b", .flags = WAITS));
	CHECK_EQ(-EINVAL, OPEN(fd, NULL, .flags = WAITS));
	CHECK_EQ(-EINVAL, OPEN(fd, name, .flags = WAITS, .fd = port));
}

static void open_until(clockid_t clock, __u32 flags)
{
	long long deadline = deadline_in(clock, 3 * NSEC_PER_MSEC);
	struct mailbox_ioc_port_open arg = { .flags = WAITS | flags, .id = 99 }, before;
	int fd = node_open(O_RDONLY);

	strcpy(arg.name, unique_name());
	arg.deadline_ns = deadline;
	before = arg;
	CHECK_EQ(-ETIMEDOUT, command(fd, MAILBOX_IOC_PORT_OPEN, &arg));
	CHECK(now_ns(clock) >= deadline);
	CHECK(!memcmp(&before, &arg, sizeof(arg)));
	CHECK_EQ(-ENOTCONN, take(fd));
	NAMED_PORT(O_RDWR, arg.name);
	CHECK_EQ(0, bind_name(fd, arg.name));
}

TEST(deadline_ends_an_open)
{
	open_until(CLOCK_MONOTONIC, 0);
}

TEST(deadline_of_the_calendar)
{
	open_until(CLOCK_REALTIME, MAILBOX_BIND_REALTIME);
}

TEST(signal_ends_an_open)
{
	char *name = unique_name();
	int fd = node_open(O_RDONLY);
	struct opening opening;

	handle_signal(SIGUSR1, 0);
	OPENING(&opening, fd, name, .flags = WAITS);
	CHECK_EQ(0, pthread_kill(opening.call.thread, SIGUSR1));
	CHECK_EQ(-EINTR, opening_end(&opening));
	CHECK_EQ(-ENOTCONN, take(fd));
}

TEST(open_goes_on_after_a_signal)
{
	char *name = unique_name();
	int fd = node_open(O_RDONLY);
	struct opening opening;

	handle_signal(SIGUSR1, SA_RESTART);
	OPENING(&opening, fd, name, .flags = WAITS);
	CHECK_EQ(0, pthread_kill(opening.call.thread, SIGUSR1));
	WAIT_FOR(signals);
	NAMED_PORT(O_RDWR, name);
	CHECK_EQ(0, opening_end(&opening));
	CHECK_EQ(-EAGAIN, take(fd));
}

static void open_in_child(void *arg)
{
	OPEN(node_open(O_RDONLY), arg, .flags = WAITS);
}

TEST(killed_open_leaves_nothing)
{
	struct account before = account();
	char *name = unique_name();
	pid_t pid = spawn(open_in_child, name);

	WAIT_FOR(task_is(pid, pid, 'S'));
	CHECK_OK(kill(pid, SIGKILL));
	CHECK(WIFSIGNALED(reap_status(pid)));
	close(NAMED_PORT(O_RDWR, name));
	CHECK_ACCOUNT(&before);
}

static void open_as_stranger(void *arg)
{
	int fd = node_open(O_RDONLY);

	become(USER_A);
	CHECK_EQ(-EACCES, OPEN(fd, arg, .flags = WAITS));
	CHECK_EQ(-ENOTCONN, take(fd));
}

TEST(stranger_may_not_open_what_comes)
{
	char *name = unique_name();
	pid_t pid;

	NEED_ROOT();
	pid = spawn(open_as_stranger, name);
	WAIT_FOR(task_is(pid, pid, 'S'));
	NAMED_PORT(O_RDWR, name, .mode = 0602);
	REAP(pid);
}

TEST(all_who_open_are_bound)
{
	enum { COUNT = 30 };
	struct opening openings[COUNT];
	char *name = unique_name();
	int port, i;

	for (i = 0; i < COUNT; i++)
		OPENING(&openings[i], node_open(O_WRONLY), name, .flags = WAITS);
	port = NAMED_PORT(O_RDONLY, name);
	for (i = 0; i < COUNT; i++)
		CHECK_EQ(0, opening_end(&openings[i]));
	CHECK_EQ(COUNT, port_stat(port).senders);
}

TEST(handle_that_is_bound_meanwhile)
{
	char *name = unique_name(), *other = unique_name();
	int fd = node_open(O_RDONLY);
	struct opening opening;

	NAMED_PORT(O_RDWR, other);
	OPENING(&opening, fd, name, .flags = WAITS);
	CHECK_EQ(0, bind_name(fd, other));
	NAMED_PORT(O_RDWR, name);
	CHECK_EQ(-EISCONN, opening_end(&opening));
	CHECK(!strcmp(other, port_stat(fd).name));
}

static void *come_and_go_often(void *arg)
{
	struct mailbox_ioc_port_create create = {};
	int i;

	strcpy(create.name, arg);
	for (i = 0; i < 2000; i++) {
		int fd = node_open(O_RDWR);
		long long result = command(fd, MAILBOX_IOC_PORT_CREATE, &create);

		/* The one before lives on while it is bound to. */
		CHECK(!result || result == -EEXIST);
		close(fd);
	}
	return NULL;
}

/* The port may be gone before it is bound to: then the next one will do. */
TEST(open_of_a_name_that_comes_and_goes)
{
	char *name = unique_name();
	struct opening opening;
	pthread_t thread;
	int i;

	CHECK_EQ(0, pthread_create(&thread, NULL, come_and_go_often, name));
	for (i = 0; i < 100; i++) {
		int fd = node_open(3);
		long long limit = deadline_in(CLOCK_MONOTONIC, 100 * NSEC_PER_MSEC);
		long long result = OPEN(fd, name, .flags = WAITS, .deadline_ns = limit);

		CHECK(!result || result == -ETIMEDOUT);
		close(fd);
	}
	CHECK_EQ(0, pthread_join(thread, NULL));
	OPENING(&opening, node_open(O_RDONLY), name, .flags = WAITS);
	NAMED_PORT(O_RDWR, name);
	CHECK_EQ(0, opening_end(&opening));
}

/* --- the other side ----------------------------------------------------------- */

TEST(reader_and_writer_wait_for_each_other)
{
	char *name = unique_name();
	int reader = node_open(O_RDONLY), writer = node_open(O_WRONLY);
	struct opening opening;

	NAMED_PORT(3, name);
	OPENING(&opening, reader, name, .flags = PEER);
	/* The other one finds it there. */
	CHECK_EQ(0, OPEN(writer, name, .flags = PEER));
	CHECK_EQ(0, opening_end(&opening));
	CHECK_EQ(0, put(writer, 1));
	CHECK_EQ(1, take(reader));
}

TEST(who_does_both_waits_for_nobody)
{
	char *name = unique_name();

	NAMED_PORT(3, name);
	CHECK_EQ(0, OPEN(node_open(O_RDWR), name, .flags = PEER));
	CHECK_EQ(0, OPEN(node_open(3), name, .flags = PEER));
}

TEST(peer_that_did_not_come)
{
	char *name = unique_name();
	int fd = node_open(O_RDONLY), port = NAMED_PORT(3, name);
	struct waiting waiting;

	CHECK_EQ(-ETIMEDOUT, OPEN(fd, name, .flags = PEER,
				  .deadline_ns = deadline_in(CLOCK_MONOTONIC, NSEC_PER_MSEC)));
	/* It is bound all the same. */
	CHECK_EQ(1, port_stat(port).receivers);
	CHECK_EQ(-EISCONN, bind_name(fd, name));
	CHECK_EQ(-EAGAIN, OPEN(node_open(O_WRONLY | O_NONBLOCK), unique_name(),
			       .flags = WAITS | PEER));
	WAITING(&waiting, fd, NULL, .events = SENDER);
	close(port_open(O_WRONLY, name));
	CHECK_EQ(SENDER, waiting_end(&waiting));
}

TEST(failed_open_leaves_the_struct)
{
	struct mailbox_ioc_port_open arg = { .flags = PEER | MAILBOX_BIND_NONBLOCK }, before;
	char *name = unique_name();
	int port = NAMED_PORT(3, name);

	strcpy(arg.name, name);
	arg.id = 12345;
	before = arg;
	CHECK_EQ(-EAGAIN, command(node_open(O_RDONLY), MAILBOX_IOC_PORT_OPEN, &arg));
	CHECK(!memcmp(&before, &arg, sizeof(arg)));
	arg.flags = PEER;
	arg.deadline_ns = 1;
	before = arg;
	CHECK_EQ(-ETIMEDOUT, command(node_open(O_RDONLY), MAILBOX_IOC_PORT_OPEN, &arg));
	CHECK(!memcmp(&before, &arg, sizeof(arg)));
	/* One that succeeds tells. */
	port_open(O_WRONLY, name);
	CHECK_EQ(0, command(node_open(O_RDONLY), MAILBOX_IOC_PORT_OPEN, &arg));
	CHECK_EQ(port_stat(port).id, arg.id);
}

TEST(peer_that_is_not_waited_for)
{
	char *name = unique_name();
	int quiet = node_open(O_WRONLY | O_NONBLOCK), fd = node_open(O_WRONLY);
	int port = NAMED_PORT(3, name);

	CHECK_EQ(-EAGAIN, OPEN(quiet, name, .flags = PEER));
	CHECK_EQ(-EAGAIN, OPEN(fd, name, .flags = PEER | MAILBOX_BIND_NONBLOCK));
	CHECK_EQ(2, port_stat(port).senders);
}

TEST(signal_ends_it_even_with_restart)
{
	char *name = unique_name();
	int fd = node_open(O_RDONLY), port = NAMED_PORT(3, name);
	struct opening opening;

	handle_signal(SIGUSR1, SA_RESTART);
	OPENING(&opening, fd, name, .flags = PEER);
	CHECK_EQ(0, pthread_kill(opening.call.thread, SIGUSR1));
	CHECK_EQ(-EINTR, opening_end(&opening));
	CHECK_EQ(1, port_stat(port).receivers);
}

TEST(destroy_ends_it)
{
	char *name = unique_name();
	int fd = node_open(O_RDONLY), port = NAMED_PORT(3, name);
	struct opening opening;

	OPENING(&opening, fd, name, .flags = PEER);
	CHECK_EQ(0, port_destroy(port, NULL));
	CHECK_EQ(-EIDRM, opening_end(&opening));
}

TEST(name_first_then_the_other_side)
{
	char *name = unique_name();
	int fd = node_open(O_RDONLY), port;
	struct opening opening;

	OPENING(&opening, fd, name, .flags = WAITS | PEER);
	port = NAMED_PORT(3, name);
	WAIT_FOR(port_stat(port).receivers == 1);
	CHECK(!opening.call.done);
	close(port_open(O_WRONLY, name));
	CHECK_EQ(0, opening_end(&opening));
	CHECK_EQ(port_stat(port).id, opening.arg.id);
}
