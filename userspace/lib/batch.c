// SPDX-License-Identifier: LGPL-2.1-or-later
/* Several messages in one system call. */
#include "internal.h"

static uint32_t batch_count(size_t count)
{
	return count < MAILBOX_BATCH_MAX ? (uint32_t)count : MAILBOX_BATCH_MAX;
}

ssize_t mailbox_send_batch(struct mailbox *mb,
			   struct mailbox_send_entry *entries, size_t count,
			   struct mailbox_send_batch_attr *attr)
{
	struct mailbox_ioc_send_batch arg = {
		.count = batch_count(count),
		.entries = (uintptr_t)entries,
		.entry_size = sizeof(*entries),
	};

	if (attr) {
		if (!mailbox_all_zero(attr->reserved, sizeof(attr->reserved))) {
			errno = EINVAL;
			return -1;
		}
		arg.flags = attr->flags;
		arg.deadline_ns = attr->deadline_ns;
	}

	if (ioctl(mb->fd, MAILBOX_IOC_SEND_BATCH, &arg) < 0)
		return -1;

	if (attr)
		attr->error = arg.error;
	return (ssize_t)arg.done;
}

ssize_t mailbox_receive_batch(struct mailbox *mb,
			      struct mailbox_receive_entry *entries,
			      size_t count,
			      struct mailbox_receive_batch_attr *attr)
{
	struct mailbox_ioc_receive_batch arg = {
		.count = batch_count(count),
		.entries = (uintptr_t)entries,
		.entry_size = sizeof(*entries),
	};

	if (attr) {
		if (!mailbox_all_zero(attr->reserved, sizeof(attr->reserved))) {
			errno = EINVAL;
			return -1;
		}
		arg.flags = attr->flags;
		arg.select = attr->select;
		arg.match = attr->match;
		arg.deadline_ns = attr->deadline_ns;
		arg.lease_ns = attr->lease_ns;
	}

	if (ioctl(mb->fd, MAILBOX_IOC_RECEIVE_BATCH, &arg) < 0)
		return -1;

	if (attr)
		attr->error = arg.error;
	return (ssize_t)arg.done;
}
