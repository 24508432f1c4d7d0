// SPDX-License-Identifier: LGPL-2.1-or-later
/* Semaphores: tokens that are held and given back, or added and taken. */
#include <stdlib.h>

#include "tokens.h"

struct mailbox_semaphore {
	struct mailbox mb;
};

/* Of a descriptor, or of -1; on failure it is closed. */
static struct mailbox_semaphore *semaphore_new(int fd)
{
	struct mailbox_semaphore *semaphore;
	int saved = errno;

	if (fd < 0)
		return NULL;
	semaphore = malloc(sizeof(*semaphore));
	if (!semaphore) {
		mailbox_device_put(NULL, fd);
		return NULL;
	}
	semaphore->mb.fd = fd;
	errno = saved;
	return semaphore;
}

struct mailbox_semaphore *
mailbox_semaphore_create(const char *name, unsigned int count,
			 struct mailbox_lock_attr *attr)
{
	struct mailbox_tokens tokens = {
		.kind = MAILBOX_TOKENS_SEMAPHORE,
		.count = count,
		.capacity = attr ? attr->max : 0,
	};
	struct mailbox_info info;

	if (attr &&
	    !mailbox_all_zero(attr->reserved, sizeof(attr->reserved))) {
		errno = EINVAL;
		return NULL;
	}
	if (!tokens.capacity) {
		if (mailbox_info_get(NULL, &info) < 0)
			return NULL;
		tokens.capacity = count;
		if (count < info.capacity_default)
			tokens.capacity = (uint32_t)info.capacity_default;
	}
	if (count > tokens.capacity) {
		errno = EINVAL;
		return NULL;
	}
	return semaphore_new(mailbox_tokens_create(name, &tokens, attr));
}

struct mailbox_semaphore *mailbox_semaphore_open(const char *name)
{
	return semaphore_new(mailbox_tokens_open(name,
						 MAILBOX_TOKENS_SEMAPHORE));
}

struct mailbox_semaphore *
mailbox_semaphore_dup(const struct mailbox_semaphore *semaphore)
{
	return semaphore_new(mailbox_tokens_dup(semaphore->mb.fd));
}

void mailbox_semaphore_close(struct mailbox_semaphore *semaphore)
{
	int saved = errno;

	if (!semaphore)
		return;
	mailbox_device_put(NULL, semaphore->mb.fd);
	free(semaphore);
	errno = saved;
}

struct mailbox *
mailbox_semaphore_handle(const struct mailbox_semaphore *semaphore)
{
	return (struct mailbox *)&semaphore->mb;
}

int mailbox_semaphore_acquire_until(struct mailbox_semaphore *semaphore,
				    uint64_t deadline_ns)
{
	return mailbox_tokens_take(semaphore->mb.fd, MAILBOX_RECEIVE_LEASE,
				   deadline_ns);
}

int mailbox_semaphore_acquire(struct mailbox_semaphore *semaphore)
{
	return mailbox_semaphore_acquire_until(semaphore, 0);
}

int mailbox_semaphore_try_acquire(struct mailbox_semaphore *semaphore)
{
	return mailbox_tokens_take(semaphore->mb.fd,
				   MAILBOX_RECEIVE_LEASE |
				   MAILBOX_RECEIVE_NONBLOCK, 0);
}

int mailbox_semaphore_release(struct mailbox_semaphore *semaphore)
{
	/* All tokens are the same: any lease of this handle will do. */
	if (mailbox_nack(&semaphore->mb, 0) == 0)
		return 0;
	if (errno == ESRCH)
		errno = EPERM;
	return -1;
}

int mailbox_semaphore_post(struct mailbox_semaphore *semaphore)
{
	struct mailbox_ioc_send arg = {
		.flags = MAILBOX_SEND_NONBLOCK,
		.type = MAILBOX_TOKEN_TYPE,
	};

	if (ioctl(semaphore->mb.fd, MAILBOX_IOC_SEND, &arg) == 0)
		return 0;
	if (errno == EAGAIN)
		errno = EOVERFLOW;
	return -1;
}

int mailbox_semaphore_wait_until(struct mailbox_semaphore *semaphore,
				 uint64_t deadline_ns)
{
	return mailbox_tokens_take(semaphore->mb.fd, 0, deadline_ns);
}

int mailbox_semaphore_wait(struct mailbox_semaphore *semaphore)
{
	return mailbox_semaphore_wait_until(semaphore, 0);
}

int mailbox_semaphore_try_wait(struct mailbox_semaphore *semaphore)
{
	return mailbox_tokens_take(semaphore->mb.fd, MAILBOX_RECEIVE_NONBLOCK,
				   0);
}

int mailbox_semaphore_value(const struct mailbox_semaphore *semaphore)
{
	struct mailbox_port_status status;

	if (mailbox_port_stat(mailbox_semaphore_handle(semaphore), NULL,
			      &status) < 0)
		return -1;
	return (int)status.messages;
}
