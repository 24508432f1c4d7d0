// SPDX-License-Identifier: LGPL-2.1-or-later
/* Calls: a request and its answer, one system call a side. */
#include "internal.h"

ssize_t mailbox_call(struct mailbox *mb, const void *request, size_t len,
		     void *reply, size_t size, struct mailbox_call_attr *attr)
{
	struct mailbox_ioc_call arg = {
		.data = (uintptr_t)request,
		.len = len,
		.reply = (uintptr_t)reply,
		.reply_size = size,
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

	if (ioctl(mb->fd, MAILBOX_IOC_CALL, &arg) < 0)
		return -1;

	if (attr) {
		attr->reply_type = arg.reply_type;
		attr->seq = arg.seq;
		attr->reply_pid = arg.reply_pid;
		attr->reply_tid = arg.reply_tid;
	}
	return (ssize_t)arg.reply_len;
}

int mailbox_reply(struct mailbox *mb, uint64_t token, const void *data,
		  size_t len, uint64_t type)
{
	struct mailbox_ioc_reply arg = {
		.token = token,
		.type = type,
		.data = (uintptr_t)data,
		.len = len,
	};

	return ioctl(mb->fd, MAILBOX_IOC_REPLY, &arg) < 0 ? -1 : 0;
}

ssize_t mailbox_reply_receive(struct mailbox *mb,
			      struct mailbox_reply_attr *reply,
			      void *buf, size_t size,
			      struct mailbox_receive_attr *attr)
{
	struct mailbox_ioc_reply_receive arg = { 0 };
	int ret;

	/* Without it the token of the next request would be lost. */
	if (!attr || (reply && !mailbox_all_zero(reply->reserved,
						 sizeof(reply->reserved)))) {
		errno = EINVAL;
		return -1;
	}
	if (mailbox_receive_fill(&arg.receive, buf, size, attr) < 0)
		return -1;
	/* What answers nobody may still be there from the last round. */
	if (reply && reply->token) {
		arg.reply.token = reply->token;
		arg.reply.type = reply->type;
		arg.reply.data = (uintptr_t)reply->data;
		arg.reply.len = reply->len;
	}

	ret = ioctl(mb->fd, MAILBOX_IOC_REPLY_RECEIVE, &arg);
	if (reply)
		reply->token = arg.reply.token;
	if (ret < 0) {
		if (errno == EMSGSIZE && !arg.reply.token)
			attr->len = arg.receive.len;
		return -1;
	}
	mailbox_receive_tell(attr, &arg.receive);
	return (ssize_t)(attr->len < size ? attr->len : size);
}
