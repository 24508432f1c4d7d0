// SPDX-License-Identifier: GPL-2.0-only
/*
 * A port: its life, its policy, how it stands. What moves through it is in
 * transfer.c.
 */
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "trace.h"
#include "transfer.h"

/* --- poll ---------------------------------------------------------------- */

/* On a full port: is a receiver asleep that takes what write() sends? */
static bool port_awaits_write(const struct mbx_port *port)
{
	struct mbx_sender self = {
		.key = task_tgid_nr(current),
		.pid = task_tgid(current),
	};
	struct mbx_message probe = { .sender = &self };

	return mbx_transfer_taker(port, &probe);
}

/**
 * mbx_port_poll() - what read() and write() would not sleep for
 * @port:	the port
 * @file:	the handle's
 * @wait:	where to note who polls, or NULL in it
 *
 * Context: process, may sleep before the lock is taken. Return: the events;
 * see poll_wake() in waiter.c for why none is missed.
 */
__poll_t mbx_port_poll(struct mbx_port *port, struct file *file,
		       poll_table *wait)
{
	__poll_t events = 0;

	if (file->f_mode & FMODE_READ)
		poll_wait(file, &port->wait_receive, wait);
	if (file->f_mode & FMODE_WRITE)
		poll_wait(file, &port->wait_send, wait);

	spin_lock(&port->lock);
	if (port->dead) {
		events = EPOLLERR | EPOLLHUP | MBX_POLL_RECEIVE | MBX_POLL_SEND;
		goto unlock;
	}
	if (file->f_mode & FMODE_READ) {
		if (port->ready.count || port->pending.count)
			events |= MBX_POLL_RECEIVE;
		else if (mbx_port_senders_gone(port))
			events |= MBX_POLL_RECEIVE | EPOLLHUP;
	}
	if (file->f_mode & FMODE_WRITE) {
		if (mbx_port_receivers_gone(port))
			events |= MBX_POLL_SEND | EPOLLERR;
		else if (mbx_port_accepts(port) || port_awaits_write(port))
			events |= MBX_POLL_SEND;
	}
unlock:
	spin_unlock(&port->lock);
	return events;
}

/* --- life ---------------------------------------------------------------- */

/**
 * mbx_port_alloc() - make a port that nobody knows yet
 * @policy:	checked by the caller
 * @flags:	MAILBOX_CREATE_PERSIST, MAILBOX_CREATE_HANGUP
 *
 * Context: process, may sleep. Return: the port, with one reference and the
 * registry's part all zero; NULL without memory.
 */
struct mbx_port *mbx_port_alloc(const struct mbx_policy *policy, u32 flags)
{
	struct mbx_port *port = kzalloc(sizeof(*port), GFP_KERNEL_ACCOUNT);

	if (!port)
		return NULL;
	spin_lock_init(&port->lock);
	port->policy = *policy;
	port->flags = flags;
	mbx_queue_init(&port->ready, false);
	mbx_queue_init(&port->pending, true);
	INIT_LIST_HEAD(&port->senders);
	INIT_LIST_HEAD(&port->receivers);
	init_waitqueue_head(&port->wait_receive);
	init_waitqueue_head(&port->wait_send);
	kref_init(&port->refs);
	return port;
}

/**
 * mbx_port_free() - free a port that nobody knows any more
 * @port:	the port, without handles, so without sleepers
 *
 * Context: process, may sleep.
 */
void mbx_port_free(struct mbx_port *port)
{
	mbx_transfer_drain(port, &port->ready);
	mbx_queue_exit(&port->pending);
	kfree(port);
}

/**
 * mbx_port_kill() - destroy a port: everybody gets EIDRM from now on
 * @port:	the port
 *
 * Context: process, may sleep.
 */
void mbx_port_kill(struct mbx_port *port)
{
	struct mbx_queue ready;
	struct mbx_wakes wakes;
	bool more;

	trace_mailbox_destroy(port->id);
	do {
		mbx_wakes_begin(&wakes);
		spin_lock(&port->lock);
		port->dead = true;
		more = mbx_transfer_end_senders(port, -EIDRM, &wakes) ||
		       mbx_transfer_end_receivers(port, -EIDRM, &wakes);
		wakes.receive_events = MBX_POLL_RECEIVE | EPOLLHUP | EPOLLERR;
		wakes.send_events = MBX_POLL_SEND | EPOLLHUP | EPOLLERR;
		spin_unlock(&port->lock);
		mbx_wakes_finish(port, &wakes);
	} while (more);

	/* Nothing is queued any more, and what was is long to free. */
	spin_lock(&port->lock);
	ready = port->ready;
	mbx_queue_init(&port->ready, false);
	spin_unlock(&port->lock);
	mbx_transfer_drain(port, &ready);
}

/**
 * mbx_port_attach() - a handle is bound
 * @port:	the port
 * @mode:	FMODE_READ, FMODE_WRITE of the handle
 *
 * Context: process. Return: 0 or -EIDRM.
 */
int mbx_port_attach(struct mbx_port *port, fmode_t mode)
{
	struct mbx_wakes wakes;
	int err = 0;

	mbx_wakes_begin(&wakes);
	spin_lock(&port->lock);
	if (port->dead) {
		err = -EIDRM;
		goto unlock;
	}
	if (mode & FMODE_READ) {
		bool gone = mbx_port_receivers_gone(port);

		port->receive_handles++;
		port->had_receiver = true;
		/* Nobody was let in while the port was hung up. */
		if (gone) {
			mbx_transfer_admit(port, &wakes);
			wakes.send_all = true;
		}
	}
	if (mode & FMODE_WRITE) {
		port->send_handles++;
		port->had_sender = true;
	}
unlock:
	spin_unlock(&port->lock);
	mbx_wakes_finish(port, &wakes);
	return err;
}

/**
 * mbx_port_detach() - a bound handle is closed
 * @port:	the port
 * @mode:	as at mbx_port_attach()
 *
 * Context: process.
 */
void mbx_port_detach(struct mbx_port *port, fmode_t mode)
{
	struct mbx_wakes wakes;
	bool more;

	spin_lock(&port->lock);
	if (mode & FMODE_READ)
		port->receive_handles--;
	if (mode & FMODE_WRITE)
		port->send_handles--;
	spin_unlock(&port->lock);

	/* Somebody may bind in between: then it is not hung up any more. */
	do {
		more = false;
		mbx_wakes_begin(&wakes);
		spin_lock(&port->lock);
		/* Receivers asleep found nothing, and nothing will come. */
		if (mbx_port_senders_gone(port)) {
			more = mbx_transfer_end_receivers(port, -EPIPE, &wakes);
			wakes.receive_events = MBX_POLL_RECEIVE | EPOLLHUP;
		}
		if (mbx_port_receivers_gone(port)) {
			more |= mbx_transfer_end_senders(port, -EPIPE, &wakes);
			wakes.send_events = MBX_POLL_SEND | EPOLLERR;
		}
		spin_unlock(&port->lock);
		mbx_wakes_finish(port, &wakes);
	} while (more);
}

/* --- policy and state ----------------------------------------------------- */

/**
 * mbx_port_get_policy() - a snapshot of the policy
 * @port:	the port
 * @policy:	filled
 *
 * Context: process. Return: 0 or -EIDRM.
 */
int mbx_port_get_policy(struct mbx_port *port, struct mbx_policy *policy)
{
	int err;

	spin_lock(&port->lock);
	*policy = port->policy;
	err = port->dead ? -EIDRM : 0;
	spin_unlock(&port->lock);
	return err;
}

/**
 * mbx_port_set_policy() - change some of the policy
 * @port:	the port
 * @policy:	checked by the caller
 * @fields:	MAILBOX_SET_*: which fields count
 *
 * Context: process. Return: 0 or -EIDRM.
 */
int mbx_port_set_policy(struct mbx_port *port, const struct mbx_policy *policy,
			u32 fields)
{
	struct mbx_policy *own = &port->policy;
	struct mbx_wakes wakes;
	int err = 0;

	mbx_wakes_begin(&wakes);
	spin_lock(&port->lock);
	if (port->dead) {
		err = -EIDRM;
		goto unlock;
	}
	if (fields & MAILBOX_SET_MODE)
		own->mode = policy->mode;
	if (fields & MAILBOX_SET_UID)
		own->uid = policy->uid;
	if (fields & MAILBOX_SET_GID)
		own->gid = policy->gid;
	if (fields & MAILBOX_SET_CAPACITY) {
		own->buffering = policy->buffering;
		own->capacity = policy->capacity;
	}
	if (fields & MAILBOX_SET_CAPACITY_BYTES)
		own->capacity_bytes = policy->capacity_bytes;
	if (fields & MAILBOX_SET_MESSAGE_BYTES_MAX)
		own->message_bytes_max = policy->message_bytes_max;
	mbx_transfer_admit(port, &wakes);
	wakes.send_all = true;
unlock:
	spin_unlock(&port->lock);
	mbx_wakes_finish(port, &wakes);
	return err;
}

/* Who sleeps in @list, up to @room of them, appended to @waiters. */
static u32 stat_waiters(const struct list_head *list, u32 direction,
			struct mailbox_waiter *waiters, u32 room)
{
	struct mbx_waiter *waiter;
	u32 count = 0;

	list_for_each_entry(waiter, list, node) {
		if (count == room)
			break;
		waiters[count++] = (struct mailbox_waiter) {
			.direction = direction,
			.pid = task_tgid_vnr(waiter->task),
			.tid = task_pid_vnr(waiter->task),
		};
	}
	return count;
}

/**
 * mbx_port_stat() - how a port stands
 * @port:	the port
 * @stat:	filled but for the name, @flags and @waiters
 * @waiters:	filled with who sleeps, or NULL
 * @room:	in @waiters
 *
 * Context: process.
 */
void mbx_port_stat(struct mbx_port *port, struct mailbox_ioc_port_stat *stat,
		   struct mailbox_waiter *waiters, u32 room)
{
	const struct mbx_policy *policy = &port->policy;
	struct user_namespace *user_ns = current_user_ns();
	u32 count;

	spin_lock(&port->lock);
	stat->id = port->id;
	stat->port_flags = port->flags;
	stat->mode = policy->mode;
	stat->uid = from_kuid_munged(user_ns, policy->uid);
	stat->gid = from_kgid_munged(user_ns, policy->gid);
	stat->buffering = policy->buffering;
	stat->capacity = policy->capacity;
	stat->capacity_bytes = policy->capacity_bytes;
	stat->message_bytes_max = policy->message_bytes_max;
	stat->messages = port->ready.count;
	stat->bytes = port->ready.bytes;
	stat->senders = port->send_handles;
	stat->receivers = port->receive_handles;
	stat->senders_waiting = port->senders_waiting;
	stat->receivers_waiting = port->receivers_waiting;
	stat->sent = port->sent;
	stat->received = port->received;
	count = stat_waiters(&port->senders, MAILBOX_WAITER_SENDER, waiters,
			     room);
	count += stat_waiters(&port->receivers, MAILBOX_WAITER_RECEIVER,
			      waiters + count, room - count);
	stat->waiters_len = count;
	spin_unlock(&port->lock);
}
