// SPDX-License-Identifier: LGPL-2.1-or-later
/* The states of a port: waited for, and watched. */
#include "internal.h"

int mailbox_port_wait(struct mailbox *mb, const char *name,
		      struct mailbox_wait_attr *attr)
{
	struct mailbox_ioc_port_wait arg = {
		.flags = attr->flags,
		.events = attr->events,
		.deadline_ns = attr->deadline_ns,
	};
	int fd, ret;

	if (!mailbox_all_zero(attr->reserved, sizeof(attr->reserved))) {
		errno = EINVAL;
		return -1;
	}
	if (mailbox_name_copy(arg.name, name) < 0)
		return -1;

	fd = mailbox_device_get(mb, name, true);
	if (fd < 0)
		return -1;
	ret = ioctl(fd, MAILBOX_IOC_PORT_WAIT, &arg);
	mailbox_device_put(mb, fd);
	if (ret < 0)
		return -1;

	attr->id = arg.id;
	attr->happened = arg.happened;
	return 0;
}

int mailbox_port_watch(struct mailbox *mb, const char *name,
		       unsigned int events)
{
	struct mailbox_ioc_port_watch arg = { .events = events };

	if (events && !name) {
		errno = EINVAL;
		return -1;
	}
	/* The request that ends it has no name. */
	if (events && mailbox_name_copy(arg.name, name) < 0)
		return -1;
	return ioctl(mb->fd, MAILBOX_IOC_PORT_WATCH, &arg) < 0 ? -1 : 0;
}
