// SPDX-License-Identifier: LGPL-2.1-or-later
/* Handles: made, adopted, bound to a port, ended. */
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

static struct mailbox *handle_new(int fd)
{
	int saved = errno;
	struct mailbox *mb = malloc(sizeof(*mb));

	if (!mb)
		return NULL;
	errno = saved;
	mb->fd = fd;
	return mb;
}

static struct mailbox *handle_open(unsigned int flags)
{
	struct mailbox *mb;
	int fd;

	fd = mailbox_device_open(flags);
	if (fd < 0)
		return NULL;

	mb = handle_new(fd);
	if (!mb)
		mailbox_device_put(NULL, fd);
	return mb;
}

int mailbox_fd_bind(int fd, const char *name)
{
	struct mailbox_ioc_port_open arg = { 0 };

	if (!name) {
		errno = EINVAL;
		return -1;
	}
	if (mailbox_name_copy(arg.name, name) < 0)
		return -1;
	return ioctl(fd, MAILBOX_IOC_PORT_OPEN, &arg) < 0 ? -1 : 0;
}

int mailbox_fd_create(int fd, const char *name,
		      struct mailbox_create_attr *attr)
{
	struct mailbox_ioc_port_create arg = { 0 };

	if (mailbox_name_copy(arg.name, name) < 0)
		return -1;
	if (attr) {
		if (!mailbox_all_zero(attr->reserved, sizeof(attr->reserved))) {
			errno = EINVAL;
			return -1;
		}
		arg.flags = attr->flags;
		arg.mode = attr->mode;
		arg.uid = attr->uid;
		arg.gid = attr->gid;
		arg.buffering = attr->buffering;
		arg.capacity = attr->capacity;
		arg.capacity_bytes = attr->capacity_bytes;
		arg.message_bytes_max = attr->message_bytes_max;
	}

	if (ioctl(fd, MAILBOX_IOC_PORT_CREATE, &arg) < 0)
		return -1;

	if (attr) {
		attr->id = arg.id;
		attr->created = arg.created;
	}
	return 0;
}

struct mailbox *mailbox_open(const char *name, unsigned int flags)
{
	struct mailbox *mb = handle_open(flags);

	if (mb && name && mailbox_fd_bind(mb->fd, name) < 0) {
		mailbox_close(mb);
		return NULL;
	}
	return mb;
}

struct mailbox *mailbox_create(const char *name, unsigned int flags,
			       struct mailbox_create_attr *attr)
{
	struct mailbox *mb = handle_open(flags);

	if (mb && mailbox_fd_create(mb->fd, name, attr) < 0) {
		mailbox_close(mb);
		return NULL;
	}
	return mb;
}

int mailbox_port_bind(struct mailbox *mb, const char *name)
{
	return mailbox_fd_bind(mb->fd, name);
}

int mailbox_port_create(struct mailbox *mb, const char *name,
			struct mailbox_create_attr *attr)
{
	return mailbox_fd_create(mb->fd, name, attr);
}

struct mailbox *mailbox_adopt(int fd)
{
	struct mailbox_ioc_info arg = { 0 };

	/* A file that is no device may answer with any of these. */
	if (ioctl(fd, MAILBOX_IOC_INFO, &arg) < 0) {
		if (errno != EBADF)
			errno = ENOTTY;
		return NULL;
	}
	return handle_new(fd);
}

int mailbox_detach(struct mailbox *mb)
{
	int saved = errno;
	int fd = mb->fd;

	free(mb);
	errno = saved;
	return fd;
}

int mailbox_fd(const struct mailbox *mb)
{
	return mb->fd;
}

void mailbox_close(struct mailbox *mb)
{
	if (mb)
		mailbox_device_put(NULL, mailbox_detach(mb));
}
