// SPDX-License-Identifier: GPL-2.0-only
/*
 * FIFOs: names with the hang-up policy, of which an open waits for the other
 * side.
 */
#include "direct.h"

static int fifo_new(const char *name)
{
	return NAMED_PORT(O_ACCMODE, name,
			  .flags = MAILBOX_CREATE_PERSIST | MAILBOX_CREATE_HANGUP);
}

static void fifo_end(int fd)
{
	CHECK_EQ(0, port_destroy(fd, NULL));
}

static void open_peer(struct call *call, struct mailbox_ioc_port_open *arg, int flags,
		      const char *name)
{
	*arg = (struct mailbox_ioc_port_open){ .flags = MAILBOX_BIND_PEER };
	strcpy(arg->name, name);
	call_start(call, node_open(flags), MAILBOX_IOC_PORT_OPEN, arg, 0);
}

static void check_meeting(int first, int second)
{
	char *name = unique_name();
	struct mailbox_ioc_port_open args[2];
	int fifo = fifo_new(name);
	struct call calls[2];

	open_peer(&calls[0], &args[0], first, name);
	wait_for_sleep(&calls[0]);
	CHECK(!calls[0].done);
	open_peer(&calls[1], &args[1], second, name);
	CHECK_EQ(0, call_join(&calls[0]));
	CHECK_EQ(0, call_join(&calls[1]));
	CHECK_EQ(args[0].id, args[1].id);
	fifo_end(fifo);
}

TEST(receiver_waits_for_a_sender)
{
	check_meeting(O_RDONLY, O_WRONLY);
}

TEST(sender_waits_for_a_receiver)
{
	check_meeting(O_WRONLY, O_RDONLY);
}

TEST(both_sides_need_not_wait)
{
	char *name = unique_name();
	int fifo = fifo_new(name);

	CHECK_EQ(0, OPEN(node_open(O_RDWR), name, .flags = MAILBOX_BIND_PEER));
	fifo_end(fifo);
}

TEST(handle_of_neither_side_need_not_wait)
{
	char *name = unique_name();
	int fifo = fifo_new(name);

	CHECK_EQ(0, OPEN(node_open(O_ACCMODE), name, .flags = MAILBOX_BIND_PEER));
	fifo_end(fifo);
}

TEST(peer_that_is_there_is_enough)
{
	char *name = unique_name();
	int fifo = fifo_new(name), sender = port_open(O_WRONLY, name);

	/* A deadline that has passed, or not to sleep: it does not sleep. */
	CHECK_EQ(0, OPEN(node_open(O_RDONLY), name, .flags = MAILBOX_BIND_PEER,
			 .deadline_ns = 1));
	CHECK_EQ(0, OPEN(node_open(O_RDONLY), name,
			 .flags = MAILBOX_BIND_PEER | MAILBOX_BIND_NONBLOCK));
	close(sender);
	fifo_end(fifo);
}

TEST(peer_that_was_there_before_is_not_enough)
{
	char *name = unique_name();
	int fifo = fifo_new(name);

	close(port_open(O_WRONLY, name));
	CHECK_EQ(-EAGAIN, OPEN(node_open(O_RDONLY), name,
			       .flags = MAILBOX_BIND_PEER | MAILBOX_BIND_NONBLOCK));
	fifo_end(fifo);
}

TEST(handle_that_gave_up_was_seen)
{
	char *name = unique_name();
	struct mailbox_ioc_port_open arg;
	int fifo = fifo_new(name), fd = node_open(O_WRONLY);
	struct call call;

	open_peer(&call, &arg, O_RDONLY, name);
	wait_for_sleep(&call);
	CHECK_EQ(0, OPEN(fd, name, .flags = MAILBOX_BIND_PEER, .deadline_ns = 1));
	CHECK_EQ(0, call_join(&call));
	fifo_end(fifo);
}

TEST(wait_goes_on_where_the_open_gave_up)
{
	struct mailbox_ioc_port_wait wait = { .events = MAILBOX_EVENT_SENDER };
	char *name = unique_name();
	int fifo = fifo_new(name), fd = node_open(O_RDONLY);
	struct call call;

	CHECK_EQ(-ETIMEDOUT, OPEN(fd, name, .flags = MAILBOX_BIND_PEER, .deadline_ns = 1));
	/* It is bound: not again, but there is a wait. */
	CHECK_EQ(-EISCONN, OPEN(fd, name, .flags = MAILBOX_BIND_PEER));
	call_start(&call, fd, MAILBOX_IOC_PORT_WAIT, &wait, 0);
	wait_for_sleep(&call);
	close(port_open(O_WRONLY, name));
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(MAILBOX_EVENT_SENDER, wait.happened);
	close(fd);
	CHECK_EQ(0, port_stat(fifo).receivers);
	fifo_end(fifo);
}

TEST(name_and_peer_are_waited_for)
{
	struct mailbox_ioc_port_open arg = { .flags = MAILBOX_BIND_PEER | MAILBOX_BIND_WAIT };
	char *name = unique_name();
	struct call call;
	int fifo;

	strcpy(arg.name, name);
	call_start(&call, node_open(O_RDONLY), MAILBOX_IOC_PORT_OPEN, &arg, 0);
	wait_for_sleep(&call);
	fifo = fifo_new(name);
	WAIT_FOR(port_stat(fifo).receivers == 1);
	CHECK(!call.done);
	port_open(O_WRONLY, name);
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(port_stat(fifo).id, arg.id);
	fifo_end(fifo);
}

TEST(name_that_is_not_there)
{
	CHECK_EQ(-ENOENT, OPEN(node_open(O_RDONLY), unique_name(),
			       .flags = MAILBOX_BIND_PEER));
}

TEST(peer_of_a_port_without_a_name)
{
	struct mailbox_ioc_port_open arg = { .flags = MAILBOX_BIND_PEER | MAILBOX_BIND_FD };
	int port = PORT(O_ACCMODE, .flags = MAILBOX_CREATE_HANGUP);
	struct call call;

	arg.fd = port;
	call_start(&call, node_open(O_RDONLY), MAILBOX_IOC_PORT_OPEN, &arg, 0);
	wait_for_sleep(&call);
	open_fd(O_WRONLY, port);
	CHECK_EQ(0, call_join(&call));
}

TEST(name_that_is_taken_away_meanwhile)
{
	char *name = unique_name();
	struct mailbox_ioc_port_open arg;
	int fifo = fifo_new(name);
	struct call call;

	open_peer(&call, &arg, O_RDONLY, name);
	wait_for_sleep(&call);
	CHECK_EQ(0, port_unlink(fifo, NULL));
	CHECK(!call.done);
	/* The port is there all the same, for who has a handle. */
	open_fd(O_WRONLY, fifo);
	CHECK_EQ(0, call_join(&call));
}

TEST(deadline_of_nothing)
{
	char *name = unique_name();
	int fifo = fifo_new(name);

	CHECK_EQ(-EINVAL, OPEN(node_open(O_RDONLY), name, .deadline_ns = 1));
	CHECK_EQ(-EINVAL, OPEN(node_open(O_RDONLY), name, .flags = 1U << 5));
	CHECK_EQ(-EINVAL, OPEN(node_open(O_RDONLY), name, .fd = 1));
	fifo_end(fifo);
}

#define MEETINGS	300

/* Whoever comes first, and however close the other one is: nobody sleeps on. */
TEST(both_at_once_never_miss_each_other)
{
	char *name = unique_name();
	struct mailbox_ioc_port_open args[2];
	int fifo = fifo_new(name), i;
	struct call calls[2];

	for (i = 0; i < MEETINGS; i++) {
		open_peer(&calls[0], &args[0], i % 2 ? O_RDONLY : O_WRONLY, name);
		open_peer(&calls[1], &args[1], i % 2 ? O_WRONLY : O_RDONLY, name);
		CHECK_EQ(0, call_join(&calls[0]));
		CHECK_EQ(0, call_join(&calls[1]));
		close(calls[0].fd);
		close(calls[1].fd);
	}
	fifo_end(fifo);
}

TEST(same_side_is_no_peer)
{
	char *name = unique_name();
	struct mailbox_ioc_port_open args[3];
	int fifo = fifo_new(name);
	struct call calls[3];

	open_peer(&calls[0], &args[0], O_RDONLY, name);
	open_peer(&calls[1], &args[1], O_RDONLY, name);
	wait_for_sleep(&calls[0]);
	wait_for_sleep(&calls[1]);
	CHECK(!calls[0].done && !calls[1].done);
	open_peer(&calls[2], &args[2], O_WRONLY, name);
	CHECK_EQ(0, call_join(&calls[2]));
	CHECK_EQ(0, call_join(&calls[0]));
	CHECK_EQ(0, call_join(&calls[1]));
	fifo_end(fifo);
}

TEST(peer_that_has_gone_again_was_there)
{
	char *name = unique_name();
	struct mailbox_ioc_port_open arg;
	int fifo = fifo_new(name), i;
	struct call call;

	for (i = 0; i < 200; i++) {
		open_peer(&call, &arg, O_RDONLY, name);
		wait_for_waiters(fifo, 0, 0);
		WAIT_FOR(port_stat(fifo).receivers == 1);
		close(port_open(O_WRONLY, name));
		CHECK_EQ(0, call_join(&call));
		close(call.fd);
	}
	fifo_end(fifo);
}

TEST(open_that_must_not_sleep)
{
	char *name = unique_name();
	int fifo = fifo_new(name), fd = node_open(O_RDONLY);

	CHECK_EQ(-EAGAIN, OPEN(fd, name, .flags = MAILBOX_BIND_PEER | MAILBOX_BIND_NONBLOCK));
	/* It is bound all the same. */
	CHECK_EQ(1, port_stat(fd).receivers);
	CHECK_EQ(-EAGAIN, OPEN(node_open(O_RDONLY | O_NONBLOCK), name,
			       .flags = MAILBOX_BIND_PEER));
	fifo_end(fifo);
}

TEST(open_with_a_deadline)
{
	char *name = unique_name();
	int fifo = fifo_new(name), fd = node_open(O_RDONLY);
	long long until = deadline_in(CLOCK_MONOTONIC, 50 * NSEC_PER_MSEC);

	CHECK_EQ(-ETIMEDOUT, OPEN(fd, name, .flags = MAILBOX_BIND_PEER, .deadline_ns = until));
	CHECK(now_ns(CLOCK_MONOTONIC) >= until);
	until = deadline_in(CLOCK_REALTIME, 50 * NSEC_PER_MSEC);
	CHECK_EQ(-ETIMEDOUT, OPEN(node_open(O_RDONLY), name,
				  .flags = MAILBOX_BIND_PEER | MAILBOX_BIND_REALTIME,
				  .deadline_ns = until));
	CHECK(now_ns(CLOCK_REALTIME) >= until);
	fifo_end(fifo);
}

TEST(signal_gives_eintr_also_with_restart)
{
	char *name = unique_name();
	struct mailbox_ioc_port_open arg;
	int fifo = fifo_new(name);
	struct call call;

	handle_signal(SIGUSR1, SA_RESTART);
	open_peer(&call, &arg, O_RDONLY, name);
	wait_for_sleep(&call);
	pthread_kill(call.thread, SIGUSR1);
	CHECK_EQ(-EINTR, call_join(&call));
	CHECK_EQ(1, port_stat(call.fd).receivers);
	fifo_end(fifo);
}

TEST(sending_side_does_not_sleep_either)
{
	char *name = unique_name();
	int fifo = fifo_new(name);

	CHECK_EQ(-EAGAIN, OPEN(node_open(O_WRONLY | O_NONBLOCK), name,
			       .flags = MAILBOX_BIND_PEER));
	CHECK_EQ(-ETIMEDOUT, OPEN(node_open(O_WRONLY), name, .flags = MAILBOX_BIND_PEER,
				  .deadline_ns = 1));
	fifo_end(fifo);
}

TEST(port_that_is_destroyed_meanwhile)
{
	char *name = unique_name();
	struct mailbox_ioc_port_open arg;
	int fifo = fifo_new(name);
	struct call call;

	open_peer(&call, &arg, O_RDONLY, name);
	wait_for_sleep(&call);
	fifo_end(fifo);
	CHECK_EQ(-EIDRM, call_join(&call));
}

static void open_as_child(void *arg)
{
	CHECK_EQ(0, OPEN(node_open(O_RDONLY), arg, .flags = MAILBOX_BIND_PEER));
}

TEST(killed_while_it_waits)
{
	char *name = unique_name();
	int fifo = fifo_new(name);
	pid_t pid = spawn(open_as_child, name);

	WAIT_FOR(port_stat(fifo).receivers == 1);
	kill(pid, SIGKILL);
	reap_status(pid);
	CHECK_EQ(0, port_stat(fifo).receivers);
	fifo_end(fifo);
}

TEST(cat_through_a_fifo)
{
	char *name = unique_name(), text[32] = {};
	int fifo = fifo_new(name), fd;
	pid_t pid = fork_child();

	CHECK_OK(pid);
	if (!pid) {
		fd = node_open(O_WRONLY);
		CHECK_EQ(0, OPEN(fd, name, .flags = MAILBOX_BIND_PEER));
		dup2(fd, 1);
		execlp("echo", "echo", "through", NULL);
		_exit(EXIT_FAIL);
	}
	fd = node_open(O_RDONLY);
	CHECK_EQ(0, OPEN(fd, name, .flags = MAILBOX_BIND_PEER));
	CHECK_EQ(8, read(fd, text, sizeof(text)));
	CHECK_EQ(0, strcmp(text, "through\n"));
	CHECK_EQ(0, read(fd, text, sizeof(text)));
	REAP(pid);
	fifo_end(fifo);
}
