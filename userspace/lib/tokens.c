// SPDX-License-Identifier: LGPL-2.1-or-later
/* Ports of tokens: made, filled, opened. */
#include <stdio.h>

#include "tokens.h"

/* Tokens that one system call sends. */
#define FILL_BATCH	32

/* How many tokens the port still lacks, of those that it has to begin with. */
static int tokens_missing(int fd, uint64_t *missing)
{
	struct mailbox_ioc_port_stat stat = { 0 };

	if (ioctl(fd, MAILBOX_IOC_PORT_STAT, &stat) < 0)
		return -1;
	*missing = stat.sent < stat.capacity_bytes - 1 ?
		   stat.capacity_bytes - 1 - stat.sent : 0;
	return 0;
}

static int tokens_send(int fd, uint64_t count)
{
	while (count) {
		struct mailbox_send_entry entries[FILL_BATCH] = { 0 };
		struct mailbox_ioc_send_batch arg = {
			.flags = MAILBOX_SEND_NONBLOCK,
			.count = count < FILL_BATCH ? (uint32_t)count :
						      FILL_BATCH,
			.entries = (uintptr_t)entries,
			.entry_size = sizeof(entries[0]),
		};

		if (ioctl(fd, MAILBOX_IOC_SEND_BATCH, &arg) < 0)
			return -1;
		count -= arg.done;
	}
	return 0;
}

/* Returns a descriptor of the guard, or -1: EEXIST if another one has it. */
static int guard_take(const char *name)
{
	int fd = mailbox_device_open(MAILBOX_OPEN_CONTROL);

	if (fd >= 0 && mailbox_fd_create(fd, name, NULL) < 0) {
		mailbox_device_put(NULL, fd);
		fd = -1;
	}
	return fd;
}

/* Destroyed, for a process that is forked meanwhile has the descriptor, too. */
static void guard_drop(int fd)
{
	struct mailbox_ioc_port_remove arg = { 0 };
	int saved = errno;

	ioctl(fd, MAILBOX_IOC_PORT_DESTROY, &arg);
	errno = saved;
	mailbox_device_put(NULL, fd);
}

static int guard_wait(const char *name)
{
	struct mailbox_wait_attr gone = { .events = MAILBOX_EVENT_GONE };

	return mailbox_port_wait(NULL, name, &gone);
}

/* Sees to it that the port @id has had all of its tokens. */
static int tokens_complete(int fd, uint64_t id)
{
	char name[MAILBOX_NAME_SIZE];
	int saved = errno, guard, ret;
	uint64_t missing;

	snprintf(name, sizeof(name), "mailbox-semaphore-%llu",
		 (unsigned long long)id);
	for (;;) {
		if (tokens_missing(fd, &missing) < 0)
			return -1;
		if (!missing) {
			errno = saved;
			return 0;
		}
		guard = guard_take(name);
		if (guard >= 0)
			break;
		if (errno != EEXIST || guard_wait(name) < 0)
			return -1;
	}

	/* Whoever had the guard before may have been faster. */
	ret = tokens_missing(fd, &missing);
	if (ret == 0)
		ret = tokens_send(fd, missing);
	guard_drop(guard);
	if (ret == 0)
		errno = saved;
	return ret;
}

/* That the port is what it should be; then its number is in *id. */
static int tokens_check(int fd, enum mailbox_tokens_kind kind, uint64_t *id)
{
	struct mailbox_ioc_port_stat stat = { 0 };

	if (ioctl(fd, MAILBOX_IOC_PORT_STAT, &stat) < 0)
		return -1;
	if (stat.buffering != MAILBOX_BUFFERING_BOUNDED ||
	    stat.message_bytes_max != kind || stat.capacity_bytes == 0 ||
	    stat.capacity_bytes - 1 > stat.capacity) {
		errno = EINVAL;
		return -1;
	}
	*id = stat.id;
	return 0;
}

/* One that cannot be completed is not left to others, unless they have it. */
static void tokens_undo(int fd, const struct mailbox_create_attr *create)
{
	struct mailbox_ioc_port_remove arg = { 0 };
	int saved = errno;

	if (create->created && create->flags & MAILBOX_CREATE_PERSIST)
		ioctl(fd, MAILBOX_IOC_PORT_DESTROY, &arg);
	errno = saved;
}

int mailbox_tokens_create(const char *name,
			  const struct mailbox_tokens *tokens,
			  struct mailbox_lock_attr *attr)
{
	struct mailbox_create_attr create = {
		.buffering = MAILBOX_BUFFERING_BOUNDED,
		.capacity = tokens->capacity,
		.capacity_bytes = (uint64_t)tokens->count + 1,
		.message_bytes_max = tokens->kind,
	};
	uint64_t id;
	int fd;

	if (attr) {
		if (attr->flags & ~(MAILBOX_CREATE_PERSIST |
				    MAILBOX_CREATE_OPEN | MAILBOX_CREATE_UID |
				    MAILBOX_CREATE_GID)) {
			errno = EINVAL;
			return -1;
		}
		create.flags = attr->flags;
		create.mode = attr->mode;
		create.uid = attr->uid;
		create.gid = attr->gid;
	}

	fd = mailbox_device_open(MAILBOX_OPEN_BOTH);
	if (fd < 0)
		return -1;
	if (mailbox_fd_create(fd, name, &create) < 0)
		goto close;
	if (tokens_check(fd, tokens->kind, &id) < 0)
		goto undo;
	if ((name ? tokens_complete(fd, id) :
		    tokens_send(fd, tokens->count)) < 0)
		goto undo;

	if (attr) {
		attr->created = create.created;
		attr->id = id;
	}
	return fd;

undo:
	tokens_undo(fd, &create);
close:
	mailbox_device_put(NULL, fd);
	return -1;
}

int mailbox_tokens_open(const char *name, enum mailbox_tokens_kind kind)
{
	uint64_t id;
	int fd;

	fd = mailbox_device_open(MAILBOX_OPEN_BOTH);
	if (fd < 0)
		return -1;
	if (mailbox_fd_bind(fd, name) < 0 || tokens_check(fd, kind, &id) < 0 ||
	    tokens_complete(fd, id) < 0) {
		mailbox_device_put(NULL, fd);
		return -1;
	}
	return fd;
}

int mailbox_tokens_dup(int fd)
{
	int other = mailbox_device_open(MAILBOX_OPEN_BOTH);

	if (other >= 0 && mailbox_fd_bind_fd(other, fd) < 0) {
		mailbox_device_put(NULL, other);
		other = -1;
	}
	return other;
}

int mailbox_tokens_take(int fd, uint32_t flags, uint64_t deadline_ns)
{
	struct mailbox_ioc_receive arg = {
		.flags = flags,
		.select = MAILBOX_SELECT_TYPE,
		.match = MAILBOX_TOKEN_TYPE,
		.deadline_ns = deadline_ns,
	};

	return ioctl(fd, MAILBOX_IOC_RECEIVE, &arg) < 0 ? -1 : 0;
}
