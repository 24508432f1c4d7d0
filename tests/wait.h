/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Waiting for ports, made short. Helpers return what the kernel returned, with
 * -errno in place of -1; those that say "checked" end the test instead.
 */
#ifndef TESTS_WAIT_H
#define TESTS_WAIT_H

#include "direct.h"

#define NAMED		MAILBOX_EVENT_NAMED
#define NOT_THERE	MAILBOX_EVENT_GONE
#define MESSAGE		MAILBOX_EVENT_MESSAGE
#define SENDER		MAILBOX_EVENT_SENDER
#define RECEIVER	MAILBOX_EVENT_RECEIVER
#define HANGUP		MAILBOX_EVENT_HANGUP
#define EVENTS		(NAMED | NOT_THERE | MESSAGE | SENDER | RECEIVER | HANGUP)

/* What happened. Without a name, for the bound port. */
static inline long long wait_args(int fd, const char *name, struct mailbox_ioc_port_wait wait)
{
	long long result;

	if (name)
		strcpy(wait.name, name);
	result = command(fd, MAILBOX_IOC_PORT_WAIT, &wait);
	return result < 0 ? result : wait.happened;
}

#define WAIT(fd, name, ...) \
	wait_args(fd, name, (struct mailbox_ioc_port_wait){ __VA_ARGS__ })

/* Those of the events that hold now, or -EAGAIN. */
static inline long long events_now(int fd, const char *name, __u32 events)
{
	return WAIT(fd, name, .events = events, .flags = MAILBOX_WAIT_NONBLOCK);
}

static inline long long watch(int fd, const char *name, __u32 events)
{
	struct mailbox_ioc_port_watch arg = { .events = events };

	if (name)
		strcpy(arg.name, name);
	return command(fd, MAILBOX_IOC_PORT_WATCH, &arg);
}

/* A handle that watches. Checked. */
static inline int watch_new(const char *name, __u32 events)
{
	int fd = node_open(O_RDONLY);

	CHECK_EQ(0, watch(fd, name, events));
	return fd;
}

/* A thread in PORT_WAIT. */
struct waiting {
	struct call call;
	struct mailbox_ioc_port_wait arg;
};

static inline void waiting_start_args(struct waiting *waiting, int fd, const char *name,
				      struct mailbox_ioc_port_wait arg)
{
	waiting->arg = arg;
	if (name)
		strcpy(waiting->arg.name, name);
	call_start(&waiting->call, fd, MAILBOX_IOC_PORT_WAIT, &waiting->arg, 0);
	wait_for_sleep(&waiting->call);
}

#define WAITING(waiting, fd, name, ...) \
	waiting_start_args(waiting, fd, name, (struct mailbox_ioc_port_wait){ __VA_ARGS__ })

static inline long long waiting_end(struct waiting *waiting)
{
	long long result = call_join(&waiting->call);

	return result < 0 ? result : waiting->arg.happened;
}

/* --- what may happen to a port -------------------------------------------------------- */

/* The port's name, and handles of it; build() makes them, act() does it. */
static char *port_name __attribute__((unused));
static int port_fds[2] __attribute__((unused));
static struct call port_sleeper __attribute__((unused));

struct happening {
	const char *name;
	void (*build)(void);
	void (*act)(void);
	__u32 event;
};

static inline void build_nothing(void)
{
}

static inline void create(int flags, __u32 create_flags)
{
	port_fds[0] = NAMED_PORT(flags, port_name, .flags = create_flags);
}

static inline void create_watched(void)
{
	create(3, 0);
}

static inline void create_persistent(void)
{
	create(3, MAILBOX_CREATE_PERSIST);
}

static inline void create_with_receiver(void)
{
	create(O_RDONLY, 0);
}

static inline void create_with_sender(void)
{
	create(O_WRONLY, 0);
}

static inline void create_with_both(void)
{
	create(O_RDWR, 0);
}

static inline void create_with_hang_up(void)
{
	create(O_RDONLY, MAILBOX_CREATE_HANGUP);
	port_fds[1] = port_open(O_WRONLY, port_name);
}

static inline void create_rendezvous(void)
{
	port_fds[0] = NAMED_PORT(O_RDWR, port_name, RENDEZVOUS);
}

static inline void create_broadcast(void)
{
	create(O_RDWR, MAILBOX_CREATE_BROADCAST);
}

static inline void create_with_message(void)
{
	create(O_RDWR, 0);
	CHECK_EQ(0, put(port_fds[0], 1));
}

static inline void create_with_lease(void)
{
	create_with_message();
	CHECK_EQ(1, take_as(port_fds[0], 0, 0, MAILBOX_RECEIVE_LEASE));
}

static inline void last_close(void)
{
	close(port_fds[0]);
}

static inline void close_second(void)
{
	close(port_fds[1]);
}

static inline void unlink_port(void)
{
	CHECK_EQ(0, port_unlink(port_fds[0], port_name));
}

static inline void destroy_port(void)
{
	CHECK_EQ(0, port_destroy(port_fds[0], port_name));
}

static inline void send_message(void)
{
	CHECK_EQ(0, put(port_fds[0], 1));
}

static inline void send_asleep(void)
{
	CALL_SEND(&port_sleeper, port_fds[0], 1);
	wait_for_waiters(port_fds[0], 1, 0);
}

static inline void nack_message(void)
{
	struct mailbox_ioc_settle first = {};

	CHECK_EQ(0, command(port_fds[0], MAILBOX_IOC_NACK, &first));
}

static inline void open_sender(void)
{
	port_open(O_WRONLY, port_name);
}

static inline void open_receiver(void)
{
	port_open(O_RDONLY, port_name);
}

static inline void open_both(void)
{
	port_open(O_RDWR, port_name);
}

static inline void come_and_go(void)
{
	close(port_open(O_RDWR, port_name));
}

static const struct happening happenings[] __attribute__((unused)) = {
	{ "creation", build_nothing, create_watched, NAMED },
	{ "persistent_creation", build_nothing, create_persistent, NAMED },
	{ "last_close", create_with_both, last_close, NOT_THERE },
	{ "unlink", create_with_both, unlink_port, NOT_THERE },
	{ "destroy", create_with_both, destroy_port, NOT_THERE },
	{ "persistent_destroy", create_persistent, destroy_port, NOT_THERE },
	{ "message", create_with_both, send_message, MESSAGE },
	{ "sleeping_sender", create_rendezvous, send_asleep, MESSAGE },
	{ "broadcast", create_broadcast, send_message, MESSAGE },
	{ "nack", create_with_lease, nack_message, MESSAGE },
	{ "new_port_with_message", build_nothing, create_with_message, MESSAGE },
	{ "sender", create_with_receiver, open_sender, SENDER },
	{ "sender_of_both", create_with_receiver, open_both, SENDER },
	{ "new_port_with_sender", build_nothing, create_with_sender, SENDER },
	{ "sender_come_and_gone", create_with_receiver, come_and_go, SENDER },
	{ "receiver", create_with_sender, open_receiver, RECEIVER },
	{ "receiver_of_both", create_with_sender, open_both, RECEIVER },
	{ "new_port_with_receiver", build_nothing, create_with_receiver, RECEIVER },
	{ "receiver_come_and_gone", create_with_sender, come_and_go, RECEIVER },
	{ "senders_hang_up", create_with_hang_up, close_second, HANGUP },
	{ "receivers_hang_up", create_with_hang_up, last_close, HANGUP },
};

/* A persistent port is left by some. Checked. */
static inline void port_forget(void)
{
	port_destroy(node_open(O_RDONLY), port_name);
}

#endif /* TESTS_WAIT_H */
