// SPDX-License-Identifier: GPL-2.0-only
/* The mailbox, in each of its forms: the device's own calls, without the library. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/mailbox_ipc.h>

#include "bench.h"

#define NODE "/dev/mailbox"

/* Prepared at the open, so that the loop is nothing but the calls. */
struct mailbox {
	struct mailbox_ioc_send send;
	struct mailbox_ioc_receive receive;
	struct mailbox_ioc_settle settle;
	struct mailbox_ioc_call call;
	struct mailbox_ioc_reply_receive reply_receive;
	struct mailbox_ioc_send_batch send_batch;
	struct mailbox_ioc_receive_batch receive_batch;
	struct mailbox_send_entry sent[BATCH];
	struct mailbox_receive_entry received[BATCH];
	char name[MAILBOX_NAME_SIZE];
};

static uint64_t address(const void *pointer)
{
	return (uintptr_t)pointer;
}

static int moved(const struct channel *channel, uint64_t len)
{
	if (len == channel->len)
		return 0;
	errno = EBADMSG;
	return -1;
}

static int node_open(void)
{
	int fd = open(NODE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die("open %s", NODE);
	return fd;
}

static void mailbox_prepare(struct channel *channel, struct mailbox *mailbox)
{
	unsigned int i;

	mailbox->send.data = address(channel->out);
	mailbox->send.len = channel->len;
	mailbox->receive.data = address(channel->in);
	mailbox->receive.size = channel->len;
	mailbox->call.data = address(channel->out);
	mailbox->call.len = channel->len;
	mailbox->call.reply = address(channel->in);
	mailbox->call.reply_size = channel->len;
	mailbox->reply_receive.receive = mailbox->receive;
	mailbox->send_batch.count = BATCH;
	mailbox->send_batch.entry_size = sizeof(mailbox->sent[0]);
	mailbox->send_batch.entries = address(mailbox->sent);
	mailbox->receive_batch.count = BATCH;
	mailbox->receive_batch.entry_size = sizeof(mailbox->received[0]);
	mailbox->receive_batch.entries = address(mailbox->received);
	for (i = 0; i < rival_unit(channel->rival); i++) {
		mailbox->sent[i].data = address(channel->out + i * channel->len);
		mailbox->sent[i].len = channel->len;
		mailbox->received[i].data = address(channel->in + i * channel->len);
		mailbox->received[i].size = channel->len;
	}
}

static void mailbox_open(struct channel *channel)
{
	struct mailbox_ioc_port_create create = { .message_bytes_max = channel->len };
	struct mailbox *mailbox = calloc(1, sizeof(*mailbox));

	if (!mailbox)
		die("no memory");
	channel->state = mailbox;
	mailbox_prepare(channel, mailbox);
	snprintf(mailbox->name, sizeof(mailbox->name), "bench-%d-%u", getpid(),
		 channel->number);
	memcpy(create.name, mailbox->name, sizeof(create.name));
	/* Bounded ports have a limit, which the deepest cases exceed. */
	create.capacity = channel->depth * rival_unit(channel->rival);
	if (create.capacity > 65536) {
		create.buffering = MAILBOX_BUFFERING_UNBOUNDED;
		create.capacity = 0;
	}
	channel->fd[0] = node_open();
	if (ioctl(channel->fd[0], MAILBOX_IOC_PORT_CREATE, &create))
		die("MAILBOX_IOC_PORT_CREATE, %u messages of %zu bytes", channel->depth,
		    channel->len);
}

static void mailbox_close(struct channel *channel)
{
	close(channel->fd[0]);
	free(channel->state);
}

/* A handle that is bound to the channel's port, or -1. */
static int handle_open(const struct channel *channel)
{
	const struct mailbox *mailbox = channel->state;
	struct mailbox_ioc_port_open bind = {};
	int fd = open(NODE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -1;
	memcpy(bind.name, mailbox->name, sizeof(bind.name));
	if (!ioctl(fd, MAILBOX_IOC_PORT_OPEN, &bind))
		return fd;
	close(fd);
	return -1;
}

/* Processes have handles of their own. */
static void mailbox_attach(struct channel *channel)
{
	if (channel->role == ROLE_BOTH)
		return;
	channel->fd[0] = handle_open(channel);
	if (channel->fd[0] < 0)
		die("MAILBOX_IOC_PORT_OPEN");
}

static int mailbox_find(struct channel *channel)
{
	int fd = handle_open(channel);

	return fd < 0 ? -1 : close(fd);
}

static int rw_send(struct channel *channel)
{
	ssize_t len = write(channel->fd[0], channel->out, channel->len);

	return len < 0 ? -1 : moved(channel, len);
}

static int rw_receive(struct channel *channel)
{
	ssize_t len = read(channel->fd[0], channel->in, channel->len);

	return len < 0 ? -1 : moved(channel, len);
}

const struct rival rival_mailbox_rw = {
	.name = "mailbox read/write", .does = DOES_ALL, .mailbox = true,
	.open = mailbox_open, .attach = mailbox_attach,
	.send = rw_send, .receive = rw_receive, .find = mailbox_find,
	.close = mailbox_close,
};

static int ioctl_send(struct channel *channel)
{
	struct mailbox *mailbox = channel->state;

	return ioctl(channel->fd[0], MAILBOX_IOC_SEND, &mailbox->send);
}

static int ioctl_receive(struct channel *channel)
{
	struct mailbox *mailbox = channel->state;

	if (ioctl(channel->fd[0], MAILBOX_IOC_RECEIVE, &mailbox->receive))
		return -1;
	return moved(channel, mailbox->receive.len);
}

static void ioctl_choose(struct channel *channel, long type, long match)
{
	struct mailbox *mailbox = channel->state;

	mailbox->send.type = type;
	mailbox->receive.select = match ? MAILBOX_SELECT_TYPE : MAILBOX_SELECT_ANY;
	mailbox->receive.match = match;
}

const struct rival rival_mailbox_ioctl = {
	.name = "mailbox SEND/RECEIVE", .does = DOES_ALL, .mailbox = true,
	.open = mailbox_open, .attach = mailbox_attach,
	.send = ioctl_send, .receive = ioctl_receive,
	.choose = ioctl_choose, .close = mailbox_close,
};

static int batch_send(struct channel *channel)
{
	struct mailbox *mailbox = channel->state;

	if (ioctl(channel->fd[0], MAILBOX_IOC_SEND_BATCH, &mailbox->send_batch))
		return -1;
	errno = mailbox->send_batch.error;
	return mailbox->send_batch.done == BATCH ? 0 : -1;
}

/* In a stream it may end before it is full. */
static int batch_receive(struct channel *channel)
{
	struct mailbox *mailbox = channel->state;
	unsigned int i;

	if (ioctl(channel->fd[0], MAILBOX_IOC_RECEIVE_BATCH, &mailbox->receive_batch))
		return -1;
	channel->got = mailbox->receive_batch.done;
	for (i = 0; i < channel->got; i++)
		if (moved(channel, mailbox->received[i].len))
			return -1;
	errno = EBADMSG;
	return channel->got == BATCH || channel->stream ? 0 : -1;
}

const struct rival rival_mailbox_batch = {
	.name = "mailbox batch of 16", .does = DOES_SOLO | DOES_STREAM | DOES_STREAM4,
	.unit = BATCH, .mailbox = true, .reason = "moves 16 messages at once",
	.open = mailbox_open, .attach = mailbox_attach,
	.send = batch_send, .receive = batch_receive,
	.close = mailbox_close,
};

static int lease_receive(struct channel *channel)
{
	struct mailbox *mailbox = channel->state;

	mailbox->receive.flags = MAILBOX_RECEIVE_LEASE;
	if (ioctl(channel->fd[0], MAILBOX_IOC_RECEIVE, &mailbox->receive))
		return -1;
	mailbox->settle.token = mailbox->receive.token;
	if (ioctl(channel->fd[0], MAILBOX_IOC_ACK, &mailbox->settle))
		return -1;
	return moved(channel, mailbox->receive.len);
}

const struct rival rival_mailbox_lease = {
	.name = "mailbox leased", .does = DOES_SOLO | DOES_ROUND | DOES_STREAM | DOES_STREAM4,
	.mailbox = true, .reason = "stores what is stored otherwise",
	.open = mailbox_open, .attach = mailbox_attach,
	.send = ioctl_send, .receive = lease_receive,
	.close = mailbox_close,
};

/*
 * The near end sends its request and has the answer at once; the far end
 * answers with the call that fetches the next request.
 */
static int call_send(struct channel *channel)
{
	struct mailbox *mailbox = channel->state;

	if (channel->role == ROLE_NEAR)
		return ioctl(channel->fd[0], MAILBOX_IOC_CALL, &mailbox->call);
	mailbox->reply_receive.reply.token = mailbox->reply_receive.receive.token;
	mailbox->reply_receive.reply.data = address(channel->out);
	mailbox->reply_receive.reply.len = channel->len;
	return 0;
}

static int call_receive(struct channel *channel)
{
	struct mailbox *mailbox = channel->state;

	if (channel->role == ROLE_NEAR)
		return moved(channel, mailbox->call.reply_len);
	if (ioctl(channel->fd[0], MAILBOX_IOC_REPLY_RECEIVE, &mailbox->reply_receive))
		return -1;
	return moved(channel, mailbox->reply_receive.receive.len);
}

const struct rival rival_mailbox_call = {
	.name = "mailbox call/reply", .does = DOES_ROUND, .mailbox = true, .duplex = true,
	.reason = "a call needs somebody who answers",
	.open = mailbox_open, .attach = mailbox_attach,
	.send = call_send, .receive = call_receive,
	.close = mailbox_close,
};
