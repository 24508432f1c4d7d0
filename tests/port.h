/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The raw ABI, made short for tests. Everything here returns what the kernel
 * returned, with -errno in place of -1; helpers that say "checked" end the
 * test instead.
 */
#ifndef TESTS_PORT_H
#define TESTS_PORT_H

#include <grp.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <linux/mailbox_ipc.h>

#include "harness.h"

#define NODE "/dev/mailbox"
#define PARAMETERS "/sys/module/mailbox_ipc/parameters/"

/* Users without any privilege, for tests that need some. */
#define USER_A	60001
#define USER_B	60002

static inline __u64 user_pointer(const volatile void *pointer)
{
	return (uintptr_t)pointer;
}

static inline long long command(int fd, unsigned long number, const void *arg)
{
	return RESULT(ioctl(fd, number, arg));
}

/* Checked. */
static inline int node_open(int flags)
{
	int fd = open(NODE, flags | O_CLOEXEC);

	if (fd < 0)
		FAIL("open %s: %s", NODE, strerror(errno));
	return fd;
}

/* Checked: a new port, bound to a new handle. */
static inline int port_new(int flags, const char *name, struct mailbox_ioc_port_create create)
{
	int fd = node_open(flags);

	if (name)
		strcpy(create.name, name);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_CREATE, &create));
	return fd;
}

/* PORT(O_RDWR, .capacity = 1): a port without a name. Checked. */
#define PORT(flags, ...) \
	port_new(flags, NULL, (struct mailbox_ioc_port_create){ __VA_ARGS__ })
#define NAMED_PORT(flags, name, ...) \
	port_new(flags, name, (struct mailbox_ioc_port_create){ __VA_ARGS__ })

#define RENDEZVOUS	.buffering = MAILBOX_BUFFERING_RENDEZVOUS
#define UNBOUNDED	.buffering = MAILBOX_BUFFERING_UNBOUNDED

static inline long long bind_name(int fd, const char *name)
{
	struct mailbox_ioc_port_open bind = {};

	strcpy(bind.name, name);
	return command(fd, MAILBOX_IOC_PORT_OPEN, &bind);
}

/* Checked. */
static inline int port_open(int flags, const char *name)
{
	int fd = node_open(flags);

	CHECK_EQ(0, bind_name(fd, name));
	return fd;
}

static inline long long port_remove(int fd, unsigned long number, const char *name)
{
	struct mailbox_ioc_port_remove remove = {};

	if (name)
		strcpy(remove.name, name);
	return command(fd, number, &remove);
}

static inline long long port_unlink(int fd, const char *name)
{
	return port_remove(fd, MAILBOX_IOC_PORT_UNLINK, name);
}

static inline long long port_destroy(int fd, const char *name)
{
	return port_remove(fd, MAILBOX_IOC_PORT_DESTROY, name);
}

/* A name that no other test has; freed with the test's process. */
static inline char *unique_name(void)
{
	char *name;

	CHECK(asprintf(&name, "test-%d-%u", runner_pid, atomic_fetch_add(&verdict->names, 1)) > 0);
	return name;
}

/* Checked. */
static inline struct mailbox_ioc_port_stat port_stat(int fd)
{
	struct mailbox_ioc_port_stat stat = {};

	CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_STAT, &stat));
	return stat;
}

/* Checked. */
static inline struct mailbox_ioc_info info(int fd)
{
	struct mailbox_ioc_info info = {};

	CHECK_EQ(0, command(fd, MAILBOX_IOC_INFO, &info));
	return info;
}

static inline bool waiters_are(int fd, unsigned int senders, unsigned int receivers)
{
	struct mailbox_ioc_port_stat stat = port_stat(fd);

	return stat.senders_waiting == senders && stat.receivers_waiting == receivers;
}

/* Until so many are asleep at the port. Checked. */
#define wait_for_waiters(fd, senders, receivers) \
	WAIT_FOR(waiters_are(fd, senders, receivers))

static inline unsigned long long messages(int fd)
{
	return port_stat(fd).messages;
}

/* SEND(fd, .type = 3, .data = ..., .len = 4) */
static inline long long send_args(int fd, struct mailbox_ioc_send send)
{
	return command(fd, MAILBOX_IOC_SEND, &send);
}

#define SEND(fd, ...) send_args(fd, (struct mailbox_ioc_send){ __VA_ARGS__ })

static inline long long receive_args(int fd, struct mailbox_ioc_receive receive)
{
	return command(fd, MAILBOX_IOC_RECEIVE, &receive);
}

#define RECEIVE(fd, ...) receive_args(fd, (struct mailbox_ioc_receive){ __VA_ARGS__ })

static inline long long set_args(int fd, struct mailbox_ioc_port_set set)
{
	return command(fd, MAILBOX_IOC_PORT_SET, &set);
}

#define SET(fd, ...) set_args(fd, (struct mailbox_ioc_port_set){ __VA_ARGS__ })

/* A number as a message, without sleeping. */
static inline long long put_as(int fd, int value, __u64 type, __u32 priority)
{
	return SEND(fd, .flags = MAILBOX_SEND_NONBLOCK, .type = type, .priority = priority,
		    .data = user_pointer(&value), .len = sizeof(value));
}

static inline long long put(int fd, int value)
{
	return put_as(fd, value, 0, 0);
}

/* The number in the first message that matches, without sleeping. */
static inline long long take_as(int fd, __u32 select, __u64 match, __u32 flags)
{
	int value = -1;
	long long result = RECEIVE(fd, .flags = MAILBOX_RECEIVE_NONBLOCK | flags,
				   .select = select, .match = match,
				   .data = user_pointer(&value), .size = sizeof(value));

	return result < 0 ? result : value;
}

static inline long long take(int fd)
{
	return take_as(fd, MAILBOX_SELECT_ANY, 0, 0);
}

static inline long long deadline_in(clockid_t clock, long long ns)
{
	return now_ns(clock) + ns;
}

/* For a call that others are to find asleep, and whose time has to be over. */
static inline long long deadline_soon(void)
{
	return deadline_in(CLOCK_MONOTONIC, NSEC_PER_SEC * test_scale());
}

/*
 * A call that may sleep, in a thread. `call` is started by call_start() and
 * its result collected by call_join(), which waits as long as the test may.
 */
struct call {
	pthread_t thread;
	int fd;
	unsigned long number;		/* of an ioctl, or CALL_READ, CALL_WRITE */
	void *arg;
	size_t size;
	atomic_int tid;
	atomic_bool done;
	long long result;
	long long finished_ns;
	int value;			/* payload of call_send, call_receive */
	struct mailbox_ioc_send send;
	struct mailbox_ioc_receive receive;
};

#define CALL_READ	1UL
#define CALL_WRITE	2UL

static inline void *call_run(void *arg)
{
	struct call *call = arg;

	atomic_store(&call->tid, syscall(SYS_gettid));
	if (call->number == CALL_READ)
		call->result = RESULT(read(call->fd, call->arg, call->size));
	else if (call->number == CALL_WRITE)
		call->result = RESULT(write(call->fd, call->arg, call->size));
	else
		call->result = command(call->fd, call->number, call->arg);
	call->finished_ns = now_ns(CLOCK_MONOTONIC);
	atomic_store(&call->done, true);
	return NULL;
}

static inline void call_start(struct call *call, int fd, unsigned long number, void *arg,
			      size_t size)
{
	call->fd = fd;
	call->number = number;
	call->arg = arg;
	call->size = size;
	atomic_store(&call->tid, 0);
	atomic_store(&call->done, false);
	CHECK_EQ(0, pthread_create(&call->thread, NULL, call_run, call));
	WAIT_FOR(atomic_load(&call->tid));
}

static inline long long call_join(struct call *call)
{
	CHECK_EQ(0, pthread_join(call->thread, NULL));
	return call->result;
}

/* Sends the number call->value; send has the other fields. */
static inline void call_send_args(struct call *call, int fd, int value,
				  struct mailbox_ioc_send send)
{
	call->value = value;
	call->send = send;
	call->send.data = user_pointer(&call->value);
	call->send.len = sizeof(call->value);
	call_start(call, fd, MAILBOX_IOC_SEND, &call->send, 0);
}

#define CALL_SEND(call, fd, value, ...) \
	call_send_args(call, fd, value, (struct mailbox_ioc_send){ __VA_ARGS__ })

/* Receives a number into call->value. */
static inline void call_receive_args(struct call *call, int fd,
				     struct mailbox_ioc_receive receive)
{
	call->value = -1;
	call->receive = receive;
	call->receive.data = user_pointer(&call->value);
	call->receive.size = sizeof(call->value);
	call_start(call, fd, MAILBOX_IOC_RECEIVE, &call->receive, 0);
}

#define CALL_RECEIVE(call, fd, ...) \
	call_receive_args(call, fd, (struct mailbox_ioc_receive){ __VA_ARGS__ })

/* The number that a CALL_RECEIVE got, or -errno. */
static inline long long call_value(struct call *call)
{
	long long result = call_join(call);

	return result < 0 ? result : call->value;
}

/* Becomes a user without privileges; for a child. Checked. */
static inline void become(uid_t user)
{
	CHECK_OK(setgroups(0, NULL));
	CHECK_OK(setresgid(user, user, user));
	CHECK_OK(setresuid(user, user, user));
	/* Credentials that change turn this off, and /proc needs it. */
	prctl(PR_SET_DUMPABLE, 1);
	end_with_parent();
}

#define NEED_ROOT()							\
	do {								\
		if (geteuid())						\
			SKIP("needs root");				\
	} while (0)

/*
 * Until the end of the test. Checked. With MAILBOX_TEST_SHARED other tests run
 * beside it, whose parameters these are too.
 */
static inline void parameter_set(const char *name, unsigned long long value)
{
	char path[160], text[32];

	if (getenv("MAILBOX_TEST_SHARED"))
		SKIP("the module's parameters are not this test's alone");
	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	if (access(path, W_OK))
		SKIP("cannot write %s", path);
	file_save(path);
	snprintf(text, sizeof(text), "%llu", value);
	CHECK_EQ(0, file_write(path, text));
}

/* Destroys the named ports that a test left, and says so. */
static inline int port_sweep(void)
{
	struct mailbox_ioc_port_stat entry;
	struct mailbox_ioc_port_list list = {
		.entry_size = sizeof(entry),
		.entries = user_pointer(&entry),
	};
	int fd = open(NODE, O_RDWR | O_CLOEXEC);
	unsigned int left = 0;
	char prefix[32];

	snprintf(prefix, sizeof(prefix), "test-%d-", runner_pid);
	for (;;) {
		list.count = 1;
		if (ioctl(fd, MAILBOX_IOC_PORT_LIST, &list) || !list.count)
			break;
		memcpy(list.after, entry.name, sizeof(list.after));
		if (strncmp(entry.name, prefix, strlen(prefix)))
			continue;
		left++;
		if (port_destroy(fd, entry.name))
			note("cannot destroy the port %s", entry.name);
	}
	close(fd);
	if (left)
		note("%u ports were left behind", left);
	return left ? -1 : 0;
}

static inline const char *port_skip(void)
{
	static char reason[80];
	int fd = open(NODE, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		snprintf(reason, sizeof(reason), "%s: %s", NODE, strerror(errno));
		return reason;
	}
	close(fd);
	return NULL;
}

static void __attribute__((constructor)) port_setup(void)
{
	program_skip = port_skip;
	test_sweep = port_sweep;
}

#endif /* TESTS_PORT_H */
