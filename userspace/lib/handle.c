// SPDX-License-Identifier: LGPL-2.1-or-later
/* Handles: made, adopted, bound to a port, ended. */
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

struct mailbox *mailbox_handle_new(int fd)
{
	int saved = errno;
	struct mailbox *mb = malloc(sizeof(*mb));

	if (!mb)
		return NULL;
	errno = saved;
	mb->fd = fd;
	return mb;
}

struct mailbox *mailbox_handle_open(unsigned int flags)
{
	struct mailbox *mb;
	int fd;

	fd = mailbox_device_open(flags);
	if (fd < 0)
		return NULL;

	mb = mailbox_handle_new(fd);
	if (!mb)
		mailbox_device_put(NULL, fd);
	return mb;
}

static int fd_bind_until(int fd, const char *name, uint32_t flags,
			 uint64_t deadline_ns)
{
	struct mailbox_ioc_port_open arg = {
		.flags = flags,
		.deadline_ns = deadline_ns,
	};

	if (!name) {
		errno = EINVAL;
		return -1;
	}
	if (mailbox_name_copy(arg.name, name) < 0)
		return -1;
	return ioctl(fd, MAILBOX_IOC_PORT_OPEN, &arg) < 0 ? -1 : 0;
}

int mailbox_fd_bind(int fd, const char *name)
{
	return fd_bind_until(fd, name, 0, 0);
}

int mailbox_fd_bind_fd(int fd, int other)
{
	struct mailbox_ioc_port_open arg = {
		.flags = MAILBOX_BIND_FD,
		.fd = other,
	};

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
		arg.on_full = attr->on_full;
		arg.max_deliveries = attr->max_deliveries;
		if (mailbox_name_copy(arg.dead_letter, attr->dead_letter) < 0)
			return -1;
	}

	if (ioctl(fd, MAILBOX_IOC_PORT_CREATE, &arg) < 0)
		return -1;

	if (attr) {
		attr->id = arg.id;
		attr->created = arg.created;
	}
	return 0;
}

struct mailbox *mailbox_open_until(const char *name, unsigned int flags,
				   uint64_t deadline_ns)
{
	struct mailbox *mb;
	uint32_t bind = 0;

	if (flags & MAILBOX_OPEN_WAIT)
		bind |= MAILBOX_BIND_WAIT;
	if (flags & MAILBOX_OPEN_PEER)
		bind |= MAILBOX_BIND_PEER;
	if (bind ? !name : deadline_ns != 0) {
		errno = EINVAL;
		return NULL;
	}

	mb = mailbox_handle_open(flags &
				 ~(MAILBOX_OPEN_WAIT | MAILBOX_OPEN_PEER));
	if (mb && name &&
	    fd_bind_until(mb->fd, name, bind, deadline_ns) < 0) {
		mailbox_close(mb);
		return NULL;
	}
	return mb;
}

struct mailbox *mailbox_open(const char *name, unsigned int flags)
{
	return mailbox_open_until(name, flags, 0);
}

struct mailbox *mailbox_create(const char *name, unsigned int flags,
			       struct mailbox_create_attr *attr)
{
	struct mailbox *mb = mailbox_handle_open(flags);

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

int mailbox_port_bind_handle(struct mailbox *mb, const struct mailbox *other)
{
	return mailbox_fd_bind_fd(mb->fd, other->fd);
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
	return mailbox_handle_new(fd);
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
