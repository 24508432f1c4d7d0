/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allow lists, made short. Helpers return what the kernel returned, with -errno
 * in place of -1; those that say "checked" end the test instead.
 */
#ifndef TESTS_ALLOW_H
#define TESTS_ALLOW_H

#include <linux/capability.h>

#include "port.h"

#define GROUP	60100

#define RECEIVES	MAILBOX_RIGHT_RECEIVE
#define SENDS		MAILBOX_RIGHT_SEND
#define BOTH		(RECEIVES | SENDS)

static inline long long allow_named(int fd, const char *name, __u32 kind, __u32 id, __u32 rights)
{
	struct mailbox_ioc_port_allow allow = { .entry = { kind, id, rights, 0 } };

	if (name)
		strcpy(allow.name, name);
	return command(fd, MAILBOX_IOC_PORT_ALLOW, &allow);
}

/* On the bound port. */
static inline long long allow_user(int fd, uid_t uid, __u32 rights)
{
	return allow_named(fd, NULL, MAILBOX_ALLOW_USER, uid, rights);
}

static inline long long allow_group(int fd, gid_t gid, __u32 rights)
{
	return allow_named(fd, NULL, MAILBOX_ALLOW_GROUP, gid, rights);
}

static inline long long allow_process(int fd, pid_t pid, __u32 rights)
{
	return allow_named(fd, NULL, MAILBOX_ALLOW_PROCESS, pid, rights);
}

/* How many entries were filled, and how many there are. */
static inline long long allowed_list(int fd, const char *name, struct mailbox_allow *entries,
				     __u32 room, __u32 *total)
{
	struct mailbox_ioc_port_allowed allowed = { .count = room };
	long long result;

	allowed.entries = user_pointer(entries);
	if (name)
		strcpy(allowed.name, name);
	result = command(fd, MAILBOX_IOC_PORT_ALLOWED, &allowed);
	if (total)
		*total = allowed.total;
	return result < 0 ? result : allowed.count;
}

/* Becomes a user who is in no group but its own, and this one if not 0. Checked. */
static inline void become_member(uid_t user, gid_t group)
{
	CHECK_OK(setgroups(group ? 1 : 0, &group));
	CHECK_OK(setresgid(user, user, user));
	CHECK_OK(setresuid(user, user, user));
	prctl(PR_SET_DUMPABLE, 1);
	end_with_parent();
}

/* Checked. */
static inline void drop_capability(int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	CHECK_OK(syscall(SYS_capget, &header, data));
	data[capability / 32].effective &= ~(1U << capability % 32);
	data[capability / 32].permitted &= ~(1U << capability % 32);
	CHECK_OK(syscall(SYS_capset, &header, data));
}

/* A process that was let in by the list, and does something there. */
struct guest {
	char name[MAILBOX_NAME_SIZE];
	int owner;			/* the owner's handle */
	int fd;				/* the guest's */
	int flags;			/* of its handle */
	atomic_int step;
	__u64 token;
};

/* Who owns the port is another user; the test itself may do everything. */
static inline struct guest *guest_new(struct mailbox_ioc_port_create create, int flags)
{
	struct guest *guest = shared_alloc(sizeof(*guest));

	NEED_ROOT();
	strcpy(guest->name, unique_name());
	guest->owner = port_new(O_RDWR, guest->name, create);
	guest->flags = flags;
	CHECK_EQ(0, allow_user(guest->owner, USER_B, BOTH));
	return guest;
}

#define GUEST(flags, ...) guest_new((struct mailbox_ioc_port_create){ __VA_ARGS__ }, flags)

static inline void guest_enter(struct guest *guest)
{
	become_member(USER_B, GROUP);
	close(guest->owner);
	guest->fd = port_open(guest->flags, guest->name);
}

static inline long long guest_revoke(struct guest *guest)
{
	return allow_user(guest->owner, USER_B, 0);
}

static inline void guest_step(struct guest *guest, int step)
{
	guest->step = step;
	WAIT_FOR(guest->step > step);
}

static inline bool polls_as_revoked(int fd)
{
	struct pollfd poll_fd = { .fd = fd };

	return poll(&poll_fd, 1, 0) == 1 && poll_fd.revents & POLLERR;
}

#endif /* TESTS_ALLOW_H */
