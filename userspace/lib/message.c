// SPDX-License-Identifier: LGPL-2.1-or-later
/* Messages: sent, received, and settled. */
#include <stddef.h>
#include <stdlib.h>

#include "internal.h"

/* A first buffer of this size saves most programs a second look. */
#define RECEIVE_ALLOC_FIRST	4096

ssize_t mailbox_message_send(struct mailbox *mb, const void *data, size_t len,
			     struct mailbox_send_attr *attr)
{
	struct mailbox_ioc_send arg = {
		.data = (uintptr_t)data,
		.len = len,
	};

	if (attr) {
		if (!mailbox_all_zero(attr->reserved, sizeof(attr->reserved))) {
			errno = EINVAL;
			return -1;
		}
		arg.flags = attr->flags;
		arg.priority = attr->priority;
		arg.type = attr->type;
		arg.deadline_ns = attr->deadline_ns;
	}

	if (ioctl(mb->fd, MAILBOX_IOC_SEND, &arg) < 0)
		return -1;

	if (attr) {
		attr->seq = arg.seq;
		attr->taken_bytes = arg.taken_bytes;
		attr->taken_pid = arg.taken_pid;
		attr->taken_tid = arg.taken_tid;
	}
	return (ssize_t)len;
}

ssize_t mailbox_send(struct mailbox *mb, const void *data, size_t len)
{
	return mailbox_message_send(mb, data, len, NULL);
}

/*
 * A struct that ends before @token: the kernel sees that a request which is
 * received with it cannot be answered, and tells its caller at once.
 */
#define RECEIVE_WITHOUT_TOKEN						\
	_IOC(_IOC_READ | _IOC_WRITE, MAILBOX_IOC_MAGIC,			\
	     _IOC_NR(MAILBOX_IOC_RECEIVE),				\
	     offsetof(struct mailbox_ioc_receive, token))

int mailbox_receive_fill(struct mailbox_ioc_receive *arg, void *buf,
			 size_t size, const struct mailbox_receive_attr *attr)
{
	memset(arg, 0, sizeof(*arg));
	arg->data = (uintptr_t)buf;
	arg->size = size;
	if (!attr)
		return 0;

	if (!mailbox_all_zero(attr->reserved, sizeof(attr->reserved))) {
		errno = EINVAL;
		return -1;
	}
	arg->flags = attr->flags;
	arg->select = attr->select;
	arg->match = attr->match;
	arg->deadline_ns = attr->deadline_ns;
	arg->lease_ns = attr->lease_ns;
	return 0;
}

void mailbox_receive_tell(struct mailbox_receive_attr *attr,
			  const struct mailbox_ioc_receive *arg)
{
	attr->len = arg->len;
	attr->type = arg->type;
	attr->seq = arg->seq;
	attr->time_ns = arg->time_ns;
	attr->priority = arg->priority;
	attr->pid = arg->pid;
	attr->tid = arg->tid;
	attr->uid = arg->uid;
	attr->gid = arg->gid;
	attr->kind = arg->kind;
	attr->token = arg->token;
	attr->reply_size = arg->reply_size;
	attr->deliveries = arg->deliveries;
}

/* As the system call: *len is written on success and on EMSGSIZE. */
static int receive(struct mailbox *mb, void *buf, size_t size,
		   struct mailbox_receive_attr *attr, uint64_t *len)
{
	struct mailbox_ioc_receive arg;
	int ret;

	if (mailbox_receive_fill(&arg, buf, size, attr) < 0)
		return -1;
	ret = ioctl(mb->fd, attr ? MAILBOX_IOC_RECEIVE : RECEIVE_WITHOUT_TOKEN,
		    &arg);
	*len = arg.len;
	if (ret < 0)
		return -1;

	if (attr)
		mailbox_receive_tell(attr, &arg);
	return 0;
}

ssize_t mailbox_message_receive(struct mailbox *mb, void *buf, size_t size,
				struct mailbox_receive_attr *attr)
{
	uint64_t len;

	if (receive(mb, buf, size, attr, &len) < 0) {
		if (attr && errno == EMSGSIZE)
			attr->len = len;
		return -1;
	}
	return (ssize_t)(len < size ? len : size);
}

ssize_t mailbox_receive(struct mailbox *mb, void *buf, size_t size)
{
	return mailbox_message_receive(mb, buf, size, NULL);
}

/* Room for @len bytes and a NUL; the buffer never shrinks. */
static int buffer_reserve(void **buf, size_t *size, uint64_t len)
{
	void *bigger;

	if (*buf && *size > len)
		return 0;
	if (len >= SIZE_MAX) {
		errno = ENOMEM;
		return -1;
	}
	bigger = realloc(*buf, len + 1);
	if (!bigger)
		return -1;
	*buf = bigger;
	*size = len + 1;
	return 0;
}

ssize_t mailbox_message_receive_alloc(struct mailbox *mb, void **buf,
				      size_t *size,
				      struct mailbox_receive_attr *attr)
{
	int saved = errno;
	uint64_t len;

	if (attr && attr->flags & MAILBOX_RECEIVE_TRUNC) {
		errno = EINVAL;
		return -1;
	}
	if ((!*buf || !*size) &&
	    buffer_reserve(buf, size, RECEIVE_ALLOC_FIRST - 1) < 0)
		return -1;

	/*
	 * Another receiver may take the message that did not fit, and the next
	 * one may be longer still: every round makes the buffer grow.
	 */
	while (receive(mb, *buf, *size - 1, attr, &len) < 0) {
		if (errno != EMSGSIZE)
			return -1;
		if (buffer_reserve(buf, size, len) < 0)
			return -1;
	}
	((char *)*buf)[len] = '\0';
	errno = saved;
	return (ssize_t)len;
}

static int settle(struct mailbox *mb, uint64_t token, unsigned long request)
{
	struct mailbox_ioc_settle arg = { .token = token };

	return ioctl(mb->fd, request, &arg) < 0 ? -1 : 0;
}

int mailbox_ack(struct mailbox *mb, uint64_t token)
{
	return settle(mb, token, MAILBOX_IOC_ACK);
}

int mailbox_nack(struct mailbox *mb, uint64_t token)
{
	return settle(mb, token, MAILBOX_IOC_NACK);
}
