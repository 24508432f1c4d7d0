/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of pairs, links, slots and of waiting share: ends of a pair,
 * who sleeps in poll(), signals, and accounts of what was there before. Helpers
 * return what the kernel returned, with -errno in place of -1; those that say
 * "checked" end the test instead.
 */
#ifndef TESTS_DIRECT_H
#define TESTS_DIRECT_H

#include <sys/epoll.h>
#include <sys/socket.h>

#include "port.h"

#define IN	(POLLIN | POLLRDNORM)
#define OUT	(POLLOUT | POLLWRNORM)
#define GONE	(POLLERR | POLLHUP)

/* --- pairs ---------------------------------------------------------------------- */

struct ends {
	int first, second;
	struct mailbox_ioc_port_pair arg;
};

/* Checked. */
static inline struct ends pair_new(int flags, struct mailbox_ioc_port_pair arg)
{
	struct ends ends = { .first = node_open(flags), .arg = arg };

	CHECK_EQ(0, command(ends.first, MAILBOX_IOC_PORT_PAIR, &ends.arg));
	ends.second = ends.arg.fd;
	return ends;
}

#define PAIR(flags, ...) pair_new(flags, (struct mailbox_ioc_port_pair){ __VA_ARGS__ })

/* Of the port that the handle sends to. Checked. */
static inline struct mailbox_ioc_port_stat stat_sends(int fd)
{
	struct mailbox_ioc_port_stat stat = { .flags = MAILBOX_STAT_SENDS };

	CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_STAT, &stat));
	return stat;
}

static inline long long open_args(int fd, const char *name, struct mailbox_ioc_port_open arg)
{
	if (name)
		strcpy(arg.name, name);
	return command(fd, MAILBOX_IOC_PORT_OPEN, &arg);
}

#define OPEN(fd, name, ...) open_args(fd, name, (struct mailbox_ioc_port_open){ __VA_ARGS__ })

/* A new handle for the port of another one. */
static inline long long bind_fd(int fd, int other)
{
	return OPEN(fd, NULL, .flags = MAILBOX_BIND_FD, .fd = other);
}

/* Checked. */
static inline int open_fd(int flags, int other)
{
	int fd = node_open(flags);

	CHECK_EQ(0, bind_fd(fd, other));
	return fd;
}

/* --- what there is ---------------------------------------------------------------- */

struct account {
	unsigned long long ports, user_ports, user_bytes;
	int lowest_fd;			/* that is free */
};

static inline struct account account(void)
{
	int fd = node_open(O_RDONLY);
	struct mailbox_ioc_info now = info(fd);

	close(fd);
	return (struct account){ now.ports, now.user_ports, now.user_bytes, fd };
}

static inline bool account_is(const struct account *before)
{
	struct account now = account();

	return before->ports == now.ports && before->user_ports == now.user_ports &&
	       before->user_bytes == now.user_bytes && before->lowest_fd == now.lowest_fd;
}

static inline void check_account(const struct account *before, const char *file, int line)
{
	struct account now = account();

	check_equal(before->ports, now.ports, "ports", file, line);
	check_equal(before->user_ports, now.user_ports, "user_ports", file, line);
	check_equal(before->user_bytes, now.user_bytes, "user_bytes", file, line);
	check_equal(before->lowest_fd, now.lowest_fd, "free descriptor", file, line);
}

/* All of it is as it was. */
#define CHECK_ACCOUNT(before) check_account(before, __FILE__, __LINE__)

/* --- who sleeps --------------------------------------------------------------------- */

static inline bool task_is(pid_t pid, int tid, char wanted)
{
	char path[64], text[256], *state;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	if (!tid || file_read(path, text, sizeof(text)) <= 0)
		return false;
	state = strrchr(text, ')');
	return state && state[2] == wanted;
}

static inline bool thread_is_asleep(int tid)
{
	return task_is(getpid(), tid, 'S');
}

/* Until the call sleeps, wherever that is. Checked. */
#define wait_for_sleep(call) WAIT_FOR(thread_is_asleep((call)->tid))

/* What poll() says now. */
static inline short polled(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = IN | OUT };

	CHECK_OK(poll(&poll_fd, 1, 0));
	return poll_fd.revents;
}

/* Checked. */
static inline int epoll_of(int fd, unsigned int events)
{
	struct epoll_event event = { .events = events };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	CHECK_OK(epoll);
	CHECK_OK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
	return epoll;
}

/* What epoll has to tell within so many milliseconds; -1 = for ever. */
static inline unsigned int epolled(int epoll, int ms)
{
	struct epoll_event event = {};
	int count;

	do {
		count = epoll_wait(epoll, &event, 1, ms);
	} while (count < 0 && errno == EINTR);
	CHECK_OK(count);
	return count ? event.events : 0;
}

/*
 * A thread in poll() or epoll_wait(). No timeout: both look once more when it
 * ends, which would hide that nobody woke them.
 */
enum poller_kind {
	BY_POLL,
	BY_EPOLL,
	BY_EPOLL_EDGE,
};

struct poller {
	pthread_t thread;
	int fd;
	enum poller_kind kind;
	unsigned int events, revents;
	atomic_int tid;
};

static inline void *poller_run(void *arg)
{
	struct poller *poller = arg;
	struct pollfd poll_fd = { .fd = poller->fd, .events = poller->events };
	int epoll;

	if (poller->kind == BY_POLL) {
		atomic_store(&poller->tid, syscall(SYS_gettid));
		CHECK_EQ(1, RESULT(poll(&poll_fd, 1, -1)));
		poller->revents = poll_fd.revents;
		return NULL;
	}
	epoll = epoll_of(poller->fd, poller->events |
			 (poller->kind == BY_EPOLL_EDGE ? EPOLLET : 0));
	atomic_store(&poller->tid, syscall(SYS_gettid));
	poller->revents = epolled(epoll, -1);
	close(epoll);
	return NULL;
}

static inline void poller_start(struct poller *poller, int fd, enum poller_kind kind,
				unsigned int events)
{
	*poller = (struct poller){ .fd = fd, .kind = kind, .events = events };
	CHECK_EQ(0, pthread_create(&poller->thread, NULL, poller_run, poller));
	WAIT_FOR(thread_is_asleep(poller->tid));
}

static inline unsigned int poller_end(struct poller *poller)
{
	CHECK_EQ(0, pthread_join(poller->thread, NULL));
	return poller->revents;
}

/* --- signals -------------------------------------------------------------------------- */

static atomic_uint signals __attribute__((unused));

static inline void count_signal(int number)
{
	(void)number;
	atomic_fetch_add(&signals, 1);
}

/* Checked. */
static inline void handle_signal(int number, int flags)
{
	struct sigaction action = { .sa_handler = count_signal, .sa_flags = flags };

	CHECK_OK(sigaction(number, &action, NULL));
}

/* SIGIO is to be waited for. */
static inline sigset_t block_io(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
	return set;
}

/* Checked. */
static inline void handle_io(int fd)
{
	CHECK_OK(fcntl(fd, F_SETOWN, getpid()));
	CHECK_OK(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC));
}

static inline bool io_arrives(const sigset_t *set, int seconds)
{
	struct timespec limit = { .tv_sec = seconds };

	return sigtimedwait(set, NULL, &limit) == SIGIO;
}

/* --- passing handles on ------------------------------------------------------------------ */

/* Checked. */
static inline void send_handle(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec data = { "x", 1 };
	struct msghdr msg = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&msg);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(int));
	CHECK_OK(sendmsg(socket, &msg, 0));
}

/* Checked. */
static inline int receive_handle(int socket)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec data = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	CHECK_OK(recvmsg(socket, &msg, 0));
	CHECK(CMSG_FIRSTHDR(&msg));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	return fd;
}

#endif /* TESTS_DIRECT_H */
