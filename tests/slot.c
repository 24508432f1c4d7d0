// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mail slots; and FIFOs, of which an open waits for the other side.
 */
#include "direct.h"

/* --- slots ------------------------------------------------------------------------- */

static int slot_new(const char *name, struct mailbox_ioc_port_create create)
{
	create.flags |= MAILBOX_CREATE_SLOT;
	return port_new(O_RDONLY, name, create);
}

#define SLOT(name, ...) slot_new(name, (struct mailbox_ioc_port_create){ __VA_ARGS__ })

TEST(creator_receives_and_others_send)
{
	char *name = unique_name();
	int slot = SLOT(name), sender = port_open(O_WRONLY, name);

	CHECK_EQ(MAILBOX_CREATE_SLOT, port_stat(slot).port_flags & MAILBOX_CREATE_SLOT);
	CHECK_EQ(0, put(sender, 1));
	CHECK_EQ(1, take(slot));
	CHECK_EQ(-EBADF, put(slot, 1));
}

TEST(nobody_else_receives)
{
	char *name = unique_name();
	int slot = SLOT(name, .mode = 0666);

	CHECK_EQ(-EACCES, bind_name(node_open(O_RDONLY), name));
	CHECK_EQ(-EACCES, bind_name(node_open(O_RDWR), name));
	CHECK_EQ(-EACCES, bind_fd(node_open(O_RDONLY), slot));
	CHECK_EQ(0, bind_name(node_open(O_WRONLY), name));
}

TEST(creator_must_receive)
{
	struct mailbox_ioc_port_create create = { .flags = MAILBOX_CREATE_SLOT };

	strcpy(create.name, unique_name());
	CHECK(command(node_open(O_WRONLY), MAILBOX_IOC_PORT_CREATE, &create) < 0);
	create.flags |= MAILBOX_CREATE_PERSIST;
	CHECK_EQ(-EINVAL, command(node_open(O_RDONLY), MAILBOX_IOC_PORT_CREATE, &create));
}

static void send_as_a_stranger(void *arg)
{
	become(USER_B);
	CHECK_EQ(0, put(port_open(O_WRONLY, arg), 4));
}

static void fail_as_a_stranger(void *arg)
{
	become(USER_B);
	CHECK_EQ(-EACCES, bind_name(node_open(O_WRONLY), arg));
}

TEST(who_is_permitted_sends)
{
	char *name = unique_name(), *other = unique_name();
	int slot;

	NEED_ROOT();
	slot = SLOT(name, .mode = 0622);
	SLOT(other);
	REAP(spawn(send_as_a_stranger, name));
	CHECK_EQ(4, take(slot));
	REAP(spawn(fail_as_a_stranger, other));
}

TEST(it_goes_with_the_creators_handle)
{
	char *name = unique_name();
	int slot = SLOT(name), sender = port_open(O_WRONLY, name);

	CHECK_EQ(0, put(sender, 1));
	close(slot);
	CHECK_EQ(-EPIPE, put(sender, 2));
	CHECK_EQ(-ENOENT, bind_name(node_open(O_WRONLY), name));
	/* The name is free, and the next one is another. */
	slot = SLOT(name);
	CHECK_EQ(-EPIPE, put(sender, 3));
	CHECK_EQ(-EAGAIN, take(slot));
}

TEST(copy_of_the_handle_keeps_it)
{
	char *name = unique_name();
	int slot = SLOT(name), sender = port_open(O_WRONLY, name), copy = dup(slot);

	close(slot);
	CHECK_EQ(0, put(sender, 1));
	CHECK_EQ(1, take(copy));
	close(copy);
	CHECK_EQ(-EPIPE, put(sender, 2));
}

TEST(sleeping_sender_gets_epipe)
{
	char *name = unique_name();
	int slot = SLOT(name, .capacity = 1), sender = port_open(O_WRONLY, name);
	struct call calls[2];

	CHECK_EQ(0, put(sender, 1));
	CALL_SEND(&calls[0], sender, 2);
	CALL_SEND(&calls[1], sender, 3, .flags = MAILBOX_SEND_SYNC);
	wait_for_waiters(sender, 2, 0);
	close(slot);
	CHECK_EQ(-EPIPE, call_join(&calls[0]));
	CHECK_EQ(-EPIPE, call_join(&calls[1]));
}

TEST(poller_is_told)
{
	char *name = unique_name();
	int slot = SLOT(name, .capacity = 1), sender = port_open(O_WRONLY, name);
	struct poller poller;

	CHECK_EQ(0, put(sender, 1));
	poller_start(&poller, sender, BY_EPOLL_EDGE, POLLOUT);
	close(slot);
	CHECK(poller_end(&poller) & POLLERR);
	CHECK_EQ(POLLERR, polled(sender) & POLLERR);
}

static void hold_slot(void *arg)
{
	SLOT(arg);
	for (;;)
		pause();
}

TEST(killed_creator)
{
	char *name = unique_name();
	pid_t pid = spawn(hold_slot, name);
	int sender = node_open(O_WRONLY);
	struct call call;

	WAIT_FOR(bind_name(sender, name) == 0);
	CALL_SEND(&call, sender, 1, .flags = MAILBOX_SEND_SYNC);
	wait_for_waiters(sender, 1, 0);
	kill(pid, SIGKILL);
	CHECK_EQ(-EPIPE, call_join(&call));
	reap_status(pid);
}

/* --- opening a FIFO ------------------------------------------------------------------ */

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
	pid_t pid = fork();

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
