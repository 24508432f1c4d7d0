/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The commands: what the files that carry them out share.
 */
#ifndef MBX_IOCTL_H
#define MBX_IOCTL_H

#include <linux/cred.h>
#include <linux/overflow.h>
#include <linux/pid_namespace.h>
#include <linux/time_namespace.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/user_namespace.h>

#include "handle.h"

/**
 * struct mbx_ioctl - one command under way
 * @file:	of the handle
 * @handle:	the handle
 * @user:	the caller's struct
 * @size:	how much of it both sides know
 * @arg:	the kernel's copy of it
 */
struct mbx_ioctl {
	struct file *file;
	struct mbx_handle *handle;
	void __user *user;
	size_t size;
	union {
		struct mailbox_ioc_info info;
		struct mailbox_ioc_port_create create;
		struct mailbox_ioc_port_open open;
		struct mailbox_ioc_port_remove remove;
		struct mailbox_ioc_port_stat stat;
		struct mailbox_ioc_port_set set;
		struct mailbox_ioc_port_list list;
		struct mailbox_ioc_port_pair pair;
		struct mailbox_ioc_port_link link;
		struct mailbox_ioc_port_allow allow;
		struct mailbox_ioc_port_allowed allowed;
		struct mailbox_ioc_port_wait wait;
		struct mailbox_ioc_port_watch watch;
		struct mailbox_ioc_send send;
		struct mailbox_ioc_receive receive;
		struct mailbox_ioc_send_batch send_batch;
		struct mailbox_ioc_receive_batch receive_batch;
		struct mailbox_ioc_call call;
		struct mailbox_ioc_reply reply;
		struct mailbox_ioc_reply_receive reply_receive;
		struct mailbox_ioc_settle settle;
	} arg;
};

/* May the handle receive, or send, whichever @end is for? */
static inline int mbx_ioctl_may(const struct mbx_handle *handle,
				const struct mbx_end *end)
{
	if (!mbx_handle_port(handle))
		return -ENOTCONN;
	return end->port ? 0 : -EBADF;
}

static inline void mbx_ioctl_source(struct iov_iter *from, u64 data, u64 len)
{
	iov_iter_ubuf(from, ITER_SOURCE, u64_to_user_ptr(data), len);
}

/* ioctl.c */
int mbx_ioctl_reply(const struct mbx_ioctl *ioctl, size_t from);
int mbx_ioctl_probe(const struct mbx_ioctl *ioctl, size_t from);

/**
 * mbx_ioctl_clock_offset() - what CLOCK_MONOTONIC is ahead by for the caller
 *
 * Return: nanoseconds; not 0 in a time namespace only.
 */
static inline s64 mbx_ioctl_clock_offset(void)
{
	if (!IS_ENABLED(CONFIG_TIME_NS))
		return 0;
	return timespec64_to_ns(&current->nsproxy->time_ns->offsets.monotonic);
}

/* Is a command not to sleep, as its flags say, or the handle's? */
static inline bool mbx_ioctl_nonblock(const struct mbx_ioctl *ioctl,
				      bool nonblock)
{
	return nonblock || (ioctl->file->f_flags & O_NONBLOCK);
}

/**
 * mbx_ioctl_deadline() - how long a command may sleep
 * @ioctl:	the command
 * @nonblock:	its flags say: not at all
 * @realtime:	its flags say: on CLOCK_REALTIME
 * @ns:		until then; 0 = for ever
 */
static inline struct mbx_deadline
mbx_ioctl_deadline(const struct mbx_ioctl *ioctl, bool nonblock, bool realtime,
		   u64 ns)
{
	if (ns && !realtime) {
		s64 host;

		/* 0 is taken; and what is over is over. */
		if (check_sub_overflow((s64)min_t(u64, ns, KTIME_MAX),
				       mbx_ioctl_clock_offset(), &host))
			host = KTIME_MAX;
		ns = max_t(s64, host, 1);
	}
	return (struct mbx_deadline) {
		.nonblock = mbx_ioctl_nonblock(ioctl, nonblock),
		.clock = realtime ? CLOCK_REALTIME : CLOCK_MONOTONIC,
		.ns = ns,
	};
}

/**
 * struct mbx_stamp - who sent a message, as the calling process sees it
 * @pid:	process, or 0
 * @tid:	thread, or 0
 * @uid:	user
 * @gid:	group
 */
struct mbx_stamp {
	u32 pid;
	u32 tid;
	u32 uid;
	u32 gid;
};

static inline struct mbx_stamp mbx_ioctl_stamp(const struct mbx_sender *sender)
{
	struct user_namespace *users = current_user_ns();
	struct pid_namespace *pids = task_active_pid_ns(current);

	struct mbx_stamp stamp;

	/* In the first namespaces there is nothing to look up. */
	if (pids == &init_pid_ns) {
		stamp.pid = pid_nr(sender->pid);
		stamp.tid = pid_nr(sender->tid);
	} else {
		stamp.pid = pid_nr_ns(sender->pid, pids);
		stamp.tid = pid_nr_ns(sender->tid, pids);
	}
	if (users == &init_user_ns) {
		stamp.uid = __kuid_val(sender->uid);
		stamp.gid = __kgid_val(sender->gid);
	} else {
		stamp.uid = from_kuid_munged(users, sender->uid);
		stamp.gid = from_kgid_munged(users, sender->gid);
	}
	return stamp;
}

/**
 * struct mbx_extra - what is to be told of a message that is not plain
 * @token:	as in the ABI, as are the following
 * @reply_size: likewise
 * @deliveries:	likewise
 * @kind:	likewise
 */
struct mbx_extra {
	u64 token;
	u64 reply_size;
	u32 deliveries;
	u32 kind;
};

static inline struct mbx_extra
mbx_ioctl_extra(const struct mbx_receive *receive, const struct mbx_taken *taken)
{
	bool leased = receive->lease && !taken->request;

	return (struct mbx_extra) {
		.token = receive->peek ? 0 :
					 mbx_taken_token(taken, receive->lease),
		.reply_size = taken->reply_size,
		.deliveries = taken->deliveries + leased,
		.kind = taken->request ? MAILBOX_MESSAGE_REQUEST :
					 MAILBOX_MESSAGE_PLAIN,
	};
}

/* ioctl_port.c */
int mbx_ioctl_info(struct mbx_ioctl *ioctl);
int mbx_ioctl_create(struct mbx_ioctl *ioctl);
int mbx_ioctl_open(struct mbx_ioctl *ioctl);
int mbx_ioctl_pair(struct mbx_ioctl *ioctl);
int mbx_ioctl_link(struct mbx_ioctl *ioctl);
int mbx_ioctl_unlink(struct mbx_ioctl *ioctl);
int mbx_ioctl_destroy(struct mbx_ioctl *ioctl);
int mbx_ioctl_stat(struct mbx_ioctl *ioctl);
int mbx_ioctl_set(struct mbx_ioctl *ioctl);
int mbx_ioctl_list(struct mbx_ioctl *ioctl);
int mbx_ioctl_allow(struct mbx_ioctl *ioctl);
int mbx_ioctl_allowed(struct mbx_ioctl *ioctl);
int mbx_ioctl_wait(struct mbx_ioctl *ioctl);
int mbx_ioctl_watch(struct mbx_ioctl *ioctl);

/* ioctl_message.c */
int mbx_ioctl_select(struct mbx_select *select, u32 kind, u64 match);
int mbx_ioctl_send(struct mbx_ioctl *ioctl);
int mbx_ioctl_receive(struct mbx_ioctl *ioctl);
int mbx_ioctl_call(struct mbx_ioctl *ioctl);
int mbx_ioctl_answer(struct mbx_ioctl *ioctl);
int mbx_ioctl_answer_receive(struct mbx_ioctl *ioctl);
int mbx_ioctl_ack(struct mbx_ioctl *ioctl);
int mbx_ioctl_nack(struct mbx_ioctl *ioctl);

/* ioctl_batch.c */
int mbx_ioctl_send_batch(struct mbx_ioctl *ioctl);
int mbx_ioctl_receive_batch(struct mbx_ioctl *ioctl);

#endif /* MBX_IOCTL_H */
