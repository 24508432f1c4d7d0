// SPDX-License-Identifier: LGPL-2.1-or-later
/* Ports: looked at, changed, ended. */
#include "internal.h"

void mailbox_status_fill(struct mailbox_port_status *status,
			 const struct mailbox_ioc_port_stat *from)
{
	memset(status, 0, sizeof(*status));
	memcpy(status->name, from->name, sizeof(status->name));
	status->id = from->id;
	status->flags = from->port_flags;
	status->mode = from->mode;
	status->uid = from->uid;
	status->gid = from->gid;
	status->buffering = from->buffering;
	status->capacity = from->capacity;
	status->capacity_bytes = from->capacity_bytes;
	status->message_bytes_max = from->message_bytes_max;
	status->messages = from->messages;
	status->bytes = from->bytes;
	status->senders = from->senders;
	status->receivers = from->receivers;
	status->senders_waiting = from->senders_waiting;
	status->receivers_waiting = from->receivers_waiting;
	status->sent = from->sent;
	status->received = from->received;
	status->on_full = from->on_full;
	status->max_deliveries = from->max_deliveries;
	status->leased = from->leased;
	status->requests = from->requests;
	status->dropped = from->dropped;
	status->dead_lettered = from->dead_lettered;
	status->allowed = from->allowed;
	status->link_pid = from->link_pid;
	status->link_peer = from->link_peer;
	memcpy(status->dead_letter, from->dead_letter,
	       sizeof(status->dead_letter));
}

ssize_t mailbox_port_waiters(struct mailbox *mb, const char *name,
			     struct mailbox_waiter *waiters, size_t count,
			     struct mailbox_port_status *status)
{
	struct mailbox_ioc_port_stat arg = { 0 };
	int fd, ret;

	if (count > MAILBOX_WAITERS_MAX)
		count = MAILBOX_WAITERS_MAX;
	arg.waiters_len = (uint32_t)count;
	arg.waiters = count ? (uintptr_t)waiters : 0;
	if (mailbox_name_copy(arg.name, name) < 0)
		return -1;

	fd = mailbox_device_get(mb, name, true);
	if (fd < 0)
		return -1;
	ret = ioctl(fd, MAILBOX_IOC_PORT_STAT, &arg);
	mailbox_device_put(mb, fd);
	if (ret < 0)
		return -1;

	if (status)
		mailbox_status_fill(status, &arg);
	return (ssize_t)arg.waiters_len;
}

int mailbox_port_stat(struct mailbox *mb, const char *name,
		      struct mailbox_port_status *status)
{
	return mailbox_port_waiters(mb, name, NULL, 0, status) < 0 ? -1 : 0;
}

int mailbox_port_stat_sends(struct mailbox *mb,
			    struct mailbox_port_status *status)
{
	struct mailbox_ioc_port_stat arg = { .flags = MAILBOX_STAT_SENDS };

	if (ioctl(mb->fd, MAILBOX_IOC_PORT_STAT, &arg) < 0)
		return -1;
	mailbox_status_fill(status, &arg);
	return 0;
}

int mailbox_port_set(struct mailbox *mb, const char *name,
		     const struct mailbox_set_attr *attr)
{
	struct mailbox_ioc_port_set arg = {
		.flags = attr->flags,
		.mode = attr->mode,
		.uid = attr->uid,
		.gid = attr->gid,
		.buffering = attr->buffering,
		.capacity = attr->capacity,
		.capacity_bytes = attr->capacity_bytes,
		.message_bytes_max = attr->message_bytes_max,
		.on_full = attr->on_full,
		.max_deliveries = attr->max_deliveries,
	};
	int fd, ret;

	if ((mb && name) ||
	    !mailbox_all_zero(attr->reserved, sizeof(attr->reserved))) {
		errno = EINVAL;
		return -1;
	}
	if (mailbox_name_copy(arg.dead_letter, attr->dead_letter) < 0)
		return -1;

	fd = mailbox_device_get(mb, name, true);
	if (fd < 0)
		return -1;
	/* The request knows no name: it changes what its handle is bound to. */
	ret = name ? mailbox_fd_bind(fd, name) : 0;
	if (ret == 0)
		ret = ioctl(fd, MAILBOX_IOC_PORT_SET, &arg);
	mailbox_device_put(mb, fd);
	return ret < 0 ? -1 : 0;
}

static int port_remove(struct mailbox *mb, const char *name,
		       unsigned long request)
{
	struct mailbox_ioc_port_remove arg = { 0 };
	int fd, ret;

	if (mailbox_name_copy(arg.name, name) < 0)
		return -1;

	fd = mailbox_device_get(mb, name, true);
	if (fd < 0)
		return -1;
	ret = ioctl(fd, request, &arg);
	mailbox_device_put(mb, fd);
	return ret < 0 ? -1 : 0;
}

int mailbox_port_unlink(struct mailbox *mb, const char *name)
{
	return port_remove(mb, name, MAILBOX_IOC_PORT_UNLINK);
}

int mailbox_port_destroy(struct mailbox *mb, const char *name)
{
	return port_remove(mb, name, MAILBOX_IOC_PORT_DESTROY);
}
