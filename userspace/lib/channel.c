// SPDX-License-Identifier: LGPL-2.1-or-later
/* Channels without a name: pairs, and links between processes. */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

static int channel_check(const struct mailbox_channel_attr *attr)
{
	if (attr && (attr->flags ||
		     !mailbox_all_zero(attr->reserved,
				       sizeof(attr->reserved)))) {
		errno = EINVAL;
		return -1;
	}
	return 0;
}

int mailbox_pair(struct mailbox *ends[2], unsigned int flags,
		 struct mailbox_channel_attr *attr)
{
	struct mailbox_ioc_port_pair arg = { 0 };
	struct mailbox *first, *second;

	if (channel_check(attr) < 0)
		return -1;
	if (attr) {
		arg.buffering = attr->buffering;
		arg.capacity = attr->capacity;
		arg.capacity_bytes = attr->capacity_bytes;
		arg.message_bytes_max = attr->message_bytes_max;
	}

	first = mailbox_handle_open(flags);
	if (!first)
		return -1;
	if (ioctl(first->fd, MAILBOX_IOC_PORT_PAIR, &arg) < 0)
		goto close_first;
	second = mailbox_handle_new(arg.fd);
	if (!second) {
		mailbox_device_put(NULL, arg.fd);
		goto close_first;
	}

	if (attr) {
		attr->id = arg.id;
		attr->peer_id = arg.peer_id;
		attr->created = 1;
	}
	ends[0] = first;
	ends[1] = second;
	return 0;

close_first:
	mailbox_close(first);
	return -1;
}

static struct mailbox *link_open(pid_t pid, unsigned int flags,
				 uint32_t link_flags,
				 struct mailbox_channel_attr *attr)
{
	struct mailbox_ioc_port_link arg = {
		.flags = link_flags,
		.pid = (uint32_t)pid,
	};
	struct mailbox *mb;

	if (channel_check(attr) < 0)
		return NULL;
	/* To the ABI 0 is the caller, where there is any use for that. */
	if (pid <= 0) {
		errno = ESRCH;
		return NULL;
	}
	if (attr) {
		arg.buffering = attr->buffering;
		arg.capacity = attr->capacity;
		arg.capacity_bytes = attr->capacity_bytes;
		arg.message_bytes_max = attr->message_bytes_max;
	}

	mb = mailbox_handle_open(flags);
	if (!mb)
		return NULL;
	if (ioctl(mb->fd, MAILBOX_IOC_PORT_LINK, &arg) < 0) {
		mailbox_close(mb);
		return NULL;
	}

	if (attr) {
		attr->id = arg.id;
		attr->peer_id = arg.peer_id;
		attr->created = arg.created;
	}
	return mb;
}

/* The pid of a pidfd's process; -1 with EBADF, ESRCH or EOPNOTSUPP. */
static pid_t pidfd_pid(int pidfd)
{
	char path[64], line[128];
	FILE *info;
	long pid = 0;
	bool found = false;

	if (fcntl(pidfd, F_GETFD) < 0)
		return -1;

	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", pidfd);
	info = fopen(path, "re");
	if (!info) {
		if (errno != ENOMEM && errno != EMFILE && errno != ENFILE)
			errno = EOPNOTSUPP;
		return -1;
	}
	while (!found && fgets(line, sizeof(line), info))
		found = sscanf(line, "Pid: %ld", &pid) == 1;
	fclose(info);

	if (!found) {
		errno = EBADF;
		return -1;
	}
	/* -1: it has exited; 0: it is not in this pid namespace. */
	if (pid <= 0) {
		errno = ESRCH;
		return -1;
	}
	return (pid_t)pid;
}

/*
 * What has its number from a pidfd has it for sure if the process still lives
 * after the link was made: then nobody else can have had the number meanwhile.
 * poll() tells, also where this process may not signal that one.
 */
static struct mailbox *link_open_pidfd(int pidfd, unsigned int flags,
				       uint32_t link_flags,
				       struct mailbox_channel_attr *attr)
{
	struct pollfd exited = { .fd = pidfd, .events = POLLIN };
	struct mailbox_channel_attr told = { 0 };
	struct mailbox *mb;
	int saved = errno;
	pid_t pid;

	if (attr)
		told = *attr;
	pid = pidfd_pid(pidfd);
	if (pid < 0)
		return NULL;
	mb = link_open(pid, flags, link_flags, &told);
	if (!mb)
		return NULL;

	if (poll(&exited, 1, 0) != 0) {
		mailbox_close(mb);
		errno = ESRCH;
		return NULL;
	}
	if (attr)
		*attr = told;
	errno = saved;
	return mb;
}

struct mailbox *mailbox_link(pid_t pid, unsigned int flags,
			     struct mailbox_channel_attr *attr)
{
	return link_open(pid, flags, 0, attr);
}

struct mailbox *mailbox_link_pidfd(int pidfd, unsigned int flags,
				   struct mailbox_channel_attr *attr)
{
	return link_open_pidfd(pidfd, flags, 0, attr);
}

/* Which way an inbox goes is clear, so that @flags do not say it again. */
static int inbox_flags_check(unsigned int flags)
{
	if (flags & ~MAILBOX_OPEN_NONBLOCK) {
		errno = EINVAL;
		return -1;
	}
	return 0;
}

struct mailbox *mailbox_inbox_open(unsigned int flags,
				   struct mailbox_channel_attr *attr)
{
	if (inbox_flags_check(flags) < 0)
		return NULL;
	return link_open(getpid(), flags | MAILBOX_OPEN_RECEIVE,
			 MAILBOX_LINK_INBOX, attr);
}

struct mailbox *mailbox_inbox_link(pid_t pid, unsigned int flags,
				   struct mailbox_channel_attr *attr)
{
	if (inbox_flags_check(flags) < 0)
		return NULL;
	return link_open(pid, flags | MAILBOX_OPEN_SEND, MAILBOX_LINK_INBOX,
			 attr);
}

struct mailbox *mailbox_inbox_link_pidfd(int pidfd, unsigned int flags,
					 struct mailbox_channel_attr *attr)
{
	if (inbox_flags_check(flags) < 0)
		return NULL;
	return link_open_pidfd(pidfd, flags | MAILBOX_OPEN_SEND,
			       MAILBOX_LINK_INBOX, attr);
}
