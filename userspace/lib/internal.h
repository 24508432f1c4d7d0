/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the library share; nothing here is exported. */
#ifndef MAILBOX_LIB_INTERNAL_H
#define MAILBOX_LIB_INTERNAL_H

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>

#include "mailbox.h"

#define MAILBOX_DEVICE	"/dev/mailbox"

/*
 * A handle never changes after it was made, so that any number of threads can
 * use it without a lock.
 */
struct mailbox {
	int fd;
};

/* Opens the device; returns a descriptor, or -1 with errno as mailbox_open(). */
int mailbox_device_open(unsigned int flags);

/*
 * The descriptor to ask: that of @mb, or, if there is none, a new one for
 * control, that mailbox_device_put() closes again. EINVAL if both are NULL and
 * @name_needed.
 */
int mailbox_device_get(struct mailbox *mb, const char *name, bool name_needed);
void mailbox_device_put(struct mailbox *mb, int fd);

/* Writes @name to @field, all of it; NULL is no name, an empty one EINVAL. */
int mailbox_name_copy(char field[MAILBOX_NAME_SIZE], const char *name);

/* A handle that owns @fd; if there is no memory for it @fd is the caller's. */
struct mailbox *mailbox_handle_new(int fd);
/* The device opened, as a handle. */
struct mailbox *mailbox_handle_open(unsigned int flags);

/* PORT_OPEN and PORT_CREATE on a descriptor. */
int mailbox_fd_bind(int fd, const char *name);
int mailbox_fd_bind_fd(int fd, int other);
int mailbox_fd_create(int fd, const char *name,
		      struct mailbox_create_attr *attr);

void mailbox_status_fill(struct mailbox_port_status *status,
			 const struct mailbox_ioc_port_stat *from);

/* Attribute structs may grow into reserved[]: what is not 0 there is EINVAL. */
bool mailbox_all_zero(const void *start, size_t bytes);

/* Between the ABI's struct and the library's; EINVAL for what is reserved. */
int mailbox_receive_fill(struct mailbox_ioc_receive *arg, void *buf,
			 size_t size, const struct mailbox_receive_attr *attr);
void mailbox_receive_tell(struct mailbox_receive_attr *attr,
			  const struct mailbox_ioc_receive *arg);

#endif /* MAILBOX_LIB_INTERNAL_H */
