// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel has: pipes, sockets, queues, counters; and calls that do nothing. */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/msg.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "bench.h"

static int moved(const struct channel *channel, ssize_t len)
{
	if (len == (ssize_t)channel->len)
		return 0;
	if (len >= 0)
		errno = EBADMSG;
	return -1;
}

static void close_both(struct channel *channel)
{
	close(channel->fd[0]);
	if (channel->fd[1] != channel->fd[0])
		close(channel->fd[1]);
}

static void open_nothing(struct channel *channel)
{
	(void)channel;
}

static int do_nothing(struct channel *channel)
{
	(void)channel;
	return 0;
}

const struct rival rival_empty = {
	.name = "empty", .does = DOES_SOLO, .floor = true,
	.reason = "moves no message",
	.open = open_nothing, .send = do_nothing, .receive = do_nothing, .close = open_nothing,
};

static int getppid_send(struct channel *channel)
{
	(void)channel;
	return syscall(SYS_getppid) < 0;
}

const struct rival rival_getppid = {
	.name = "getppid", .does = DOES_SOLO, .floor = true,
	.reason = "moves no message",
	.open = open_nothing, .send = getppid_send, .receive = do_nothing,
	.close = open_nothing,
};

/* A counter, read and written: the floor for anything that wakes somebody. */
static void eventfd_open(struct channel *channel)
{
	channel->fd[0] = eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE);
	channel->fd[1] = channel->fd[0];
	if (channel->fd[0] < 0)
		die("eventfd");
}

static int eventfd_send(struct channel *channel)
{
	uint64_t one = 1;

	return moved(channel, write(channel->fd[1], &one, sizeof(one)));
}

static int eventfd_receive(struct channel *channel)
{
	uint64_t one;

	return moved(channel, read(channel->fd[0], &one, sizeof(one)));
}

const struct rival rival_eventfd = {
	.name = "eventfd", .does = DOES_SOLO | DOES_ROUND, .floor = true, .len_max = 8,
	.reason = "moves no message",
	.open = eventfd_open, .send = eventfd_send, .receive = eventfd_receive,
	.close = close_both,
};

/* A pipe is so many bytes; it is told how long a message is by who reads. */
static void pipe_open(struct channel *channel)
{
	size_t size = channel->len * channel->depth;

	if (pipe2(channel->fd, O_CLOEXEC))
		die("pipe");
	/* Pages of it hold a message each if they cannot be filled up. */
	if ((channel->exact || size > 65536) &&
	    fcntl(channel->fd[1], F_SETPIPE_SZ, size) < 0)
		die("a pipe of %zu bytes", size);
}

static int pipe_send(struct channel *channel)
{
	return moved(channel, write(channel->fd[1], channel->out, channel->len));
}

static int pipe_receive(struct channel *channel)
{
	return moved(channel, read(channel->fd[0], channel->in, channel->len));
}

const struct rival rival_pipe = {
	.name = "pipe", .does = DOES_ALL,
	.open = pipe_open, .send = pipe_send, .receive = pipe_receive, .close = close_both,
};

/*
 * What a message costs a socket's send buffer: the memory of its data, rounded
 * up as the kernel does, and of what describes it.
 */
static size_t socket_bytes(size_t len)
{
	size_t size = 512;

	while (size < len + 384)
		size *= 2;
	return size + 256;
}

static void socket_open(struct channel *channel, int type)
{
	/* The kernel doubles it. */
	size_t bytes = socket_bytes(channel->len) * channel->depth / 2;
	int size = bytes > 1 << 30 ? 1 << 30 : bytes;
	int size_was;
	socklen_t size_len = sizeof(size_was);

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, channel->fd))
		die("a pair of sockets");
	if (getsockopt(channel->fd[1], SOL_SOCKET, SO_SNDBUF, &size_was, &size_len))
		die("SO_SNDBUF");
	if ((channel->exact || size > size_was / 2) &&
	    setsockopt(channel->fd[1], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
		die("SO_SNDBUFFORCE, %d bytes", size);
}

static int socket_send(struct channel *channel)
{
	return moved(channel, send(channel->fd[1], channel->out, channel->len, 0));
}

static int socket_receive(struct channel *channel)
{
	return moved(channel, recv(channel->fd[0], channel->in, channel->len, 0));
}

static void seqpacket_open(struct channel *channel)
{
	socket_open(channel, SOCK_SEQPACKET);
}

static void dgram_open(struct channel *channel)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	socklen_t len;

	socket_open(channel, SOCK_DGRAM);
	len = offsetof(struct sockaddr_un, sun_path) + 1 +
	      snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "bench-%d-%u", getpid(),
		       channel->number);
	/* For find(): nothing is sent there. */
	if (bind(channel->fd[0], (struct sockaddr *)&name, len))
		die("bind a socket");
}

static int dgram_find(struct channel *channel)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(name);
	int failed;

	if (fd < 0)
		return -1;
	/* EPERM: it was found, and has another peer. */
	failed = getsockname(channel->fd[0], (struct sockaddr *)&name, &len) ||
		 (connect(fd, (struct sockaddr *)&name, len) && errno != EPERM);
	return close(fd) || failed ? -1 : 0;
}

const struct rival rival_seqpacket = {
	.name = "seqpacket", .does = DOES_ALL,
	.open = seqpacket_open, .send = socket_send, .receive = socket_receive,
	.close = close_both,
};

const struct rival rival_dgram = {
	.name = "dgram", .does = DOES_ALL,
	.open = dgram_open, .send = socket_send, .receive = socket_receive,
	.find = dgram_find, .close = close_both,
};

static void mq_name(const struct channel *channel, char name[32])
{
	snprintf(name, 32, "/bench-%d-%u", getpid(), channel->number);
}

static void mq_open_(struct channel *channel)
{
	struct mq_attr attr = { .mq_maxmsg = channel->depth, .mq_msgsize = channel->len };
	char name[32];

	mq_name(channel, name);
	channel->fd[0] = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
	if (channel->fd[0] < 0)
		die("mq_open, %u messages of %zu bytes", channel->depth, channel->len);
}

static int mq_send_(struct channel *channel)
{
	return mq_send(channel->fd[0], channel->out, channel->len, 0);
}

static int mq_receive_(struct channel *channel)
{
	return moved(channel, mq_receive(channel->fd[0], channel->in, channel->len, NULL));
}

static int mq_find(struct channel *channel)
{
	char name[32];
	mqd_t found;

	mq_name(channel, name);
	found = mq_open(name, O_RDWR);
	return found < 0 ? -1 : mq_close(found);
}

static void mq_close_(struct channel *channel)
{
	char name[32];

	mq_name(channel, name);
	if (mq_unlink(name) || mq_close(channel->fd[0]))
		die("mq_close");
}

const struct rival rival_mq = {
	.name = "posix mq", .does = DOES_ALL,
	.open = mq_open_, .send = mq_send_, .receive = mq_receive_, .find = mq_find,
	.close = mq_close_,
};

/* The type stands in front of the payload: in the headroom. */
struct sysv {
	long type, match;
};

static key_t sysv_key(const struct channel *channel)
{
	return 1 << 30 | (getpid() & 0xffff) << 14 | channel->number;
}

static void sysv_open(struct channel *channel)
{
	struct msqid_ds ds;
	struct sysv *sysv = calloc(1, sizeof(*sysv));

	channel->state = sysv;
	channel->fd[0] = msgget(sysv_key(channel), IPC_CREAT | IPC_EXCL | 0600);
	if (!sysv || channel->fd[0] < 0)
		die("msgget");
	sysv->type = 1;
	if (msgctl(channel->fd[0], IPC_STAT, &ds))
		die("IPC_STAT");
	if (channel->exact || ds.msg_qbytes < channel->len * channel->depth) {
		ds.msg_qbytes = channel->len * channel->depth;
		if (msgctl(channel->fd[0], IPC_SET, &ds))
			die("IPC_SET, %zu bytes", channel->len * channel->depth);
	}
}

static int sysv_send(struct channel *channel)
{
	struct sysv *sysv = channel->state;
	long *message = (long *)channel->out - 1;

	*message = sysv->type;
	return msgsnd(channel->fd[0], message, channel->len, 0);
}

static int sysv_receive(struct channel *channel)
{
	struct sysv *sysv = channel->state;

	return moved(channel, msgrcv(channel->fd[0], (long *)channel->in - 1, channel->len,
				     sysv->match, 0));
}

static void sysv_choose(struct channel *channel, long type, long match)
{
	struct sysv *sysv = channel->state;

	sysv->type = type;
	sysv->match = match;
}

static int sysv_find(struct channel *channel)
{
	return msgget(sysv_key(channel), 0600) == channel->fd[0] ? 0 : -1;
}

static void sysv_close(struct channel *channel)
{
	if (msgctl(channel->fd[0], IPC_RMID, NULL))
		die("IPC_RMID");
	free(channel->state);
}

const struct rival rival_sysv = {
	.name = "sysv msg", .does = DOES_ALL,
	.open = sysv_open, .send = sysv_send, .receive = sysv_receive,
	.choose = sysv_choose, .find = sysv_find, .close = sysv_close,
};
