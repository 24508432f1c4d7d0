// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the module offers. */
#include "internal.h"

int mailbox_info_get(struct mailbox *mb, struct mailbox_info *info)
{
	struct mailbox_ioc_info arg = { 0 };
	int fd, ret;

	fd = mailbox_device_get(mb, NULL, false);
	if (fd < 0)
		return -1;
	ret = ioctl(fd, MAILBOX_IOC_INFO, &arg);
	mailbox_device_put(mb, fd);
	if (ret < 0)
		return -1;

	memset(info, 0, sizeof(*info));
	info->version = arg.version;
	info->features = arg.features;
	info->capacity_default = arg.capacity_default;
	info->capacity_max = arg.capacity_max;
	info->message_bytes_default = arg.message_bytes_default;
	info->message_bytes_max = arg.message_bytes_max;
	info->ports_max = arg.ports_max;
	info->user_ports_max = arg.user_ports_max;
	info->user_bytes_max = arg.user_bytes_max;
	info->ports = arg.ports;
	info->user_ports = arg.user_ports;
	info->user_bytes = arg.user_bytes;
	return 0;
}
