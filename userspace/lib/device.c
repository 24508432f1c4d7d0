// SPDX-License-Identifier: LGPL-2.1-or-later
/* The device file, and what every request to it needs. */
#include <fcntl.h>
#include <unistd.h>

#include "internal.h"

int mailbox_device_open(unsigned int flags)
{
	/*
	 * Access mode 3 asks for both permissions on the file and allows
	 * neither read() nor write(): a descriptor for ioctl() only.
	 */
	static const int access_modes[] = {
		[MAILBOX_OPEN_CONTROL] = O_ACCMODE,
		[MAILBOX_OPEN_RECEIVE] = O_RDONLY,
		[MAILBOX_OPEN_SEND] = O_WRONLY,
		[MAILBOX_OPEN_BOTH] = O_RDWR,
	};
	int open_flags, fd;

	if (flags & ~(MAILBOX_OPEN_BOTH | MAILBOX_OPEN_NONBLOCK)) {
		errno = EINVAL;
		return -1;
	}

	open_flags = access_modes[flags & MAILBOX_OPEN_BOTH] | O_CLOEXEC;
	if (flags & MAILBOX_OPEN_NONBLOCK)
		open_flags |= O_NONBLOCK;

	fd = open(MAILBOX_DEVICE, open_flags);
	if (fd >= 0)
		return fd;

	/* ENOENT and EACCES speak of ports, here and everywhere else. */
	if (errno == ENOENT || errno == ENOTDIR || errno == ENXIO)
		errno = ENODEV;
	else if (errno == EACCES)
		errno = EPERM;
	return -1;
}

int mailbox_device_get(struct mailbox *mb, const char *name, bool name_needed)
{
	if (mb)
		return mb->fd;
	if (name_needed && !name) {
		errno = EINVAL;
		return -1;
	}
	return mailbox_device_open(MAILBOX_OPEN_CONTROL);
}

void mailbox_device_put(struct mailbox *mb, int fd)
{
	int saved = errno;

	if (!mb)
		close(fd);
	errno = saved;
}

int mailbox_name_copy(char field[MAILBOX_NAME_SIZE], const char *name)
{
	size_t len;

	memset(field, 0, MAILBOX_NAME_SIZE);
	if (!name)
		return 0;

	len = strlen(name);
	if (len == 0 || len > MAILBOX_NAME_MAX) {
		errno = len ? ENAMETOOLONG : EINVAL;
		return -1;
	}
	memcpy(field, name, len);
	return 0;
}

bool mailbox_all_zero(const void *start, size_t bytes)
{
	const unsigned char *p = start;

	while (bytes--)
		if (*p++)
			return false;
	return true;
}
