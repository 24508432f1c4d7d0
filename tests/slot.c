// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mail slots: who made it receives, everybody else sends, and it goes with him.
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
	CHECK_EQ(-EACCES, OPEN(node_open(O_RDONLY), name, .flags = MAILBOX_BIND_PEER));
	CHECK_EQ(0, bind_name(node_open(O_ACCMODE), name));
	CHECK_EQ(0, bind_name(node_open(O_WRONLY), name));
}

TEST(create_that_opens_does_not_receive)
{
	struct mailbox_ioc_port_create create = { .flags = MAILBOX_CREATE_OPEN };
	char *name = unique_name();
	int slot = SLOT(name), sender = node_open(O_WRONLY);

	strcpy(create.name, name);
	CHECK_EQ(-EACCES, command(node_open(O_RDONLY), MAILBOX_IOC_PORT_CREATE, &create));
	CHECK_EQ(0, command(sender, MAILBOX_IOC_PORT_CREATE, &create));
	CHECK_EQ(0, create.created);
	CHECK_EQ(0, put(sender, 1));
	CHECK_EQ(1, take(slot));
}

static void receive_by_the_list(void *arg)
{
	int fd;

	become(USER_B);
	CHECK_EQ(-EACCES, bind_name(node_open(O_RDONLY), arg));
	fd = port_open(O_WRONLY, arg);
	CHECK_EQ(0, put(fd, 1));
}

TEST(allow_list_gives_nobody_to_receive)
{
	struct mailbox_ioc_port_allow allow = {
		.entry = {
			.kind = MAILBOX_ALLOW_USER,
			.id = USER_B,
			.rights = MAILBOX_RIGHT_RECEIVE | MAILBOX_RIGHT_SEND,
		},
	};
	char *name = unique_name();
	int slot;

	NEED_ROOT();
	slot = SLOT(name);
	CHECK_EQ(0, command(slot, MAILBOX_IOC_PORT_ALLOW, &allow));
	REAP(spawn(receive_by_the_list, name));
	CHECK_EQ(1, take(slot));
}

TEST(creator_may_send_too)
{
	char *name = unique_name();
	int slot = NAMED_PORT(O_RDWR, name, .flags = MAILBOX_CREATE_SLOT);
	int sender = port_open(O_WRONLY, name);

	CHECK_EQ(0, put(slot, 1));
	CHECK_EQ(1, take(slot));
	close(slot);
	CHECK_EQ(-EPIPE, put(sender, 2));
	CHECK_EQ(-ENOENT, bind_name(node_open(O_WRONLY), name));
}

TEST(slot_without_a_name)
{
	int slot = SLOT(NULL), sender = open_fd(O_WRONLY, slot);

	CHECK_EQ(0, put(sender, 1));
	CHECK_EQ(1, take(slot));
	close(slot);
	CHECK_EQ(-EPIPE, put(sender, 2));
}

TEST(senders_that_go_are_no_end)
{
	char *name = unique_name();
	int slot = SLOT(name);

	close(port_open(O_WRONLY, name));
	CHECK_EQ(-EAGAIN, take(slot));
	CHECK_EQ(0, polled(slot));
}

TEST(creator_must_receive)
{
	struct mailbox_ioc_port_create create = { .flags = MAILBOX_CREATE_SLOT };

	strcpy(create.name, unique_name());
	CHECK_EQ(-EINVAL, command(node_open(O_WRONLY), MAILBOX_IOC_PORT_CREATE, &create));
	CHECK_EQ(-EINVAL, command(node_open(O_ACCMODE), MAILBOX_IOC_PORT_CREATE, &create));
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

TEST(passed_on_it_lives_as_long_as_somebody_has_it)
{
	char *name = unique_name();
	int slot = SLOT(name), sender = port_open(O_WRONLY, name), sockets[2];

	CHECK_OK(socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets));
	send_handle(sockets[0], slot);
	close(slot);
	CHECK_EQ(0, put(sender, 1));
	slot = receive_handle(sockets[1]);
	CHECK_EQ(1, take(slot));
	close(slot);
	CHECK_EQ(-EPIPE, put(sender, 2));
}

TEST(writer_gets_sigpipe)
{
	char *name = unique_name();
	int slot = SLOT(name), sender = port_open(O_WRONLY, name);

	handle_signal(SIGPIPE, 0);
	close(slot);
	CHECK_ERRNO(EPIPE, write(sender, "x", 1));
	CHECK_EQ(1, signals);
}

TEST(rendezvous_sender_gets_epipe)
{
	char *name = unique_name();
	int slot = SLOT(name, RENDEZVOUS), sender = port_open(O_WRONLY, name);
	struct call call;

	CALL_SEND(&call, sender, 1);
	wait_for_waiters(sender, 1, 0);
	close(slot);
	CHECK_EQ(-EPIPE, call_join(&call));
}

TEST(nothing_is_left)
{
	struct account before = account();
	char *name = unique_name();
	int slot = SLOT(name), sender = port_open(O_WRONLY, name);

	CHECK_EQ(0, put(sender, 1));
	close(slot);
	close(sender);
	CHECK_ACCOUNT(&before);
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

static void check_poller(enum poller_kind kind)
{
	char *name = unique_name();
	int slot = SLOT(name, .capacity = 1), sender = port_open(O_WRONLY, name);
	struct poller poller;

	CHECK_EQ(0, put(sender, 1));
	poller_start(&poller, sender, kind, POLLOUT);
	close(slot);
	CHECK(poller_end(&poller) & POLLERR);
	CHECK_EQ(POLLERR, polled(sender) & POLLERR);
}

TEST(poller_is_told)
{
	check_poller(BY_POLL);
}

TEST(poller_by_epoll_is_told)
{
	check_poller(BY_EPOLL);
}

TEST(poller_by_edge_is_told)
{
	check_poller(BY_EPOLL_EDGE);
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
