// SPDX-License-Identifier: LGPL-2.1-or-later
/* Mutexes: one token, and a mark that says that it is held. */
#include <stdlib.h>

#include "tokens.h"

/*
 * DOC: the mark
 *
 * Who locks takes the token under a lease, then sends the mark; who unlocks
 * takes the mark back, then gives the token back. The port has a capacity of 1,
 * and what is leased is not in it: so the mark finds room exactly if there is
 * none. If there is one, the last holder left it: it ended after lock() and
 * before unlock() had done their work. Nobody without the token touches the
 * mark, so neither can be overtaken.
 */
#define MARK_TYPE	1

struct mailbox_mutex {
	struct mailbox mb;
	int locked;		/* atomic; this handle has the token */
};

/* Of a descriptor, or of -1; on failure it is closed. */
static struct mailbox_mutex *mutex_new(int fd)
{
	struct mailbox_mutex *mutex;
	int saved = errno;

	if (fd < 0)
		return NULL;
	mutex = malloc(sizeof(*mutex));
	if (!mutex) {
		mailbox_device_put(NULL, fd);
		return NULL;
	}
	mutex->mb.fd = fd;
	mutex->locked = 0;
	errno = saved;
	return mutex;
}

struct mailbox_mutex *mailbox_mutex_create(const char *name,
					   struct mailbox_lock_attr *attr)
{
	static const struct mailbox_tokens tokens = {
		.kind = MAILBOX_TOKENS_MUTEX,
		.count = 1,
		.capacity = 1,
	};

	if (attr && (attr->max ||
		     !mailbox_all_zero(attr->reserved,
				       sizeof(attr->reserved)))) {
		errno = EINVAL;
		return NULL;
	}
	return mutex_new(mailbox_tokens_create(name, &tokens, attr));
}

struct mailbox_mutex *mailbox_mutex_open(const char *name)
{
	return mutex_new(mailbox_tokens_open(name, MAILBOX_TOKENS_MUTEX));
}

struct mailbox_mutex *mailbox_mutex_dup(const struct mailbox_mutex *mutex)
{
	return mutex_new(mailbox_tokens_dup(mutex->mb.fd));
}

void mailbox_mutex_close(struct mailbox_mutex *mutex)
{
	int saved = errno;

	if (!mutex)
		return;
	mailbox_device_put(NULL, mutex->mb.fd);
	free(mutex);
	errno = saved;
}

struct mailbox *mailbox_mutex_handle(const struct mailbox_mutex *mutex)
{
	return (struct mailbox *)&mutex->mb;
}

static int mark_send(struct mailbox_mutex *mutex)
{
	struct mailbox_ioc_send arg = {
		.flags = MAILBOX_SEND_NONBLOCK,
		.type = MARK_TYPE,
	};

	return ioctl(mutex->mb.fd, MAILBOX_IOC_SEND, &arg);
}

static int mark_take(struct mailbox_mutex *mutex)
{
	struct mailbox_ioc_receive arg = {
		.flags = MAILBOX_RECEIVE_NONBLOCK,
		.select = MAILBOX_SELECT_TYPE,
		.match = MARK_TYPE,
	};

	return ioctl(mutex->mb.fd, MAILBOX_IOC_RECEIVE, &arg);
}

static int mutex_lock(struct mailbox_mutex *mutex, uint32_t flags,
		      uint64_t deadline_ns)
{
	int saved = errno, died = 0;

	if (mailbox_tokens_take(mutex->mb.fd, flags | MAILBOX_RECEIVE_LEASE,
				deadline_ns) < 0)
		return -1;

	if (mark_send(mutex) < 0) {
		if (errno != EAGAIN) {
			saved = errno;
			mailbox_nack(&mutex->mb, 0);
			errno = saved;
			return -1;
		}
		died = 1;
		errno = saved;
	}
	__atomic_store_n(&mutex->locked, 1, __ATOMIC_RELEASE);
	return died;
}

int mailbox_mutex_lock(struct mailbox_mutex *mutex)
{
	return mutex_lock(mutex, 0, 0);
}

int mailbox_mutex_try_lock(struct mailbox_mutex *mutex)
{
	return mutex_lock(mutex, MAILBOX_RECEIVE_NONBLOCK, 0);
}

int mailbox_mutex_lock_until(struct mailbox_mutex *mutex, uint64_t deadline_ns)
{
	return mutex_lock(mutex, 0, deadline_ns);
}

int mailbox_mutex_unlock(struct mailbox_mutex *mutex)
{
	int saved = errno;

	/* Of several that unlock at once one does; the others must not touch it. */
	if (!__atomic_exchange_n(&mutex->locked, 0, __ATOMIC_ACQ_REL)) {
		errno = EPERM;
		return -1;
	}
	/* Somebody may have emptied the port by hand: that makes no difference. */
	if (mark_take(mutex) < 0 && errno != EAGAIN)
		return -1;
	/* There is one token, so this is its lease. */
	if (mailbox_nack(&mutex->mb, 0) < 0) {
		if (errno == ESRCH)
			errno = EPERM;
		return -1;
	}
	errno = saved;
	return 0;
}
