// SPDX-License-Identifier: LGPL-2.1-or-later
/* Allow lists: who may use a port besides those that its mode lets in. */
#include "internal.h"

int mailbox_port_allow(struct mailbox *mb, const char *name,
		       const struct mailbox_allow *entry)
{
	struct mailbox_ioc_port_allow arg = { .entry = *entry };
	int fd, ret;

	if (mailbox_name_copy(arg.name, name) < 0)
		return -1;

	fd = mailbox_device_get(mb, name, true);
	if (fd < 0)
		return -1;
	ret = ioctl(fd, MAILBOX_IOC_PORT_ALLOW, &arg);
	mailbox_device_put(mb, fd);
	return ret < 0 ? -1 : 0;
}

ssize_t mailbox_port_allowed(struct mailbox *mb, const char *name,
			     struct mailbox_allow *entries, size_t count,
			     size_t *total)
{
	struct mailbox_ioc_port_allowed arg = { 0 };
	int fd, ret;

	if (count > MAILBOX_ALLOW_MAX)
		count = MAILBOX_ALLOW_MAX;
	arg.count = (uint32_t)count;
	arg.entries = count ? (uintptr_t)entries : 0;
	if (mailbox_name_copy(arg.name, name) < 0)
		return -1;

	fd = mailbox_device_get(mb, name, true);
	if (fd < 0)
		return -1;
	ret = ioctl(fd, MAILBOX_IOC_PORT_ALLOWED, &arg);
	mailbox_device_put(mb, fd);
	if (ret < 0)
		return -1;

	if (total)
		*total = arg.total;
	return (ssize_t)arg.count;
}
