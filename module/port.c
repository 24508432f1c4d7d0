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

static __poll_t poll_receive(struct mbx_end *in)
{
	struct mbx_port *port = in->port;
	__poll_t events = 0;

	spin_lock(&port->lock);
	mbx_end_note_poller(in);
	if (port->dead || in->revoked)
		events = EPOLLERR | EPOLLHUP | MBX_POLL_RECEIVE | MBX_POLL_SEND;
	else if (in->channel->ready.count ||
		 (port->pending.count && !mbx_port_broadcasts(port)))
		events = MBX_POLL_RECEIVE;
	else if (mbx_port_senders_gone(port))
		events = MBX_POLL_RECEIVE | EPOLLHUP;
	spin_unlock(&port->lock);
	return events;
}

static __poll_t poll_send(struct mbx_end *out)
{
	struct mbx_sender self = {
		.key = task_tgid_nr(current),
		.pid = task_tgid(current),
	};
	/* What write() would send, if it is short. */
	struct mbx_message probe = { .sender = &self };
	struct mbx_port *port = out->port;
	__poll_t events = 0;

	spin_lock(&port->lock);
	mbx_end_note_poller(out);
	probe.seq = port->seq + 1;
	if (port->dead || out->revoked)
		events = EPOLLERR | EPOLLHUP | MBX_POLL_RECEIVE | MBX_POLL_SEND;
	else if (mbx_port_receivers_gone(port) || port->sender_exited)
		events = MBX_POLL_SEND | EPOLLERR;
	else if (mbx_port_accepts(port, &probe))
		events = MBX_POLL_SEND;
	spin_unlock(&port->lock);
	return events;
}

/**
 * mbx_port_poll() - what read() and write() would not sleep for
 * @in:		how the handle receives, if it does
 * @out:	how it sends, if it does
 * @file:	the handle's
 * @wait:	where to note who polls, or NULL in it
 *
 * Context: process, may sleep before the lock is taken. Return: the events;
 * see mbx_polled() in waiter.h for why none is missed.
 */
__poll_t mbx_port_poll(struct mbx_end *in, struct mbx_end *out,
		       struct file *file, poll_table *wait)
{
	__poll_t events = 0;

	if (in->port) {
		poll_wait(file, &mbx_end_pollers(in)->wait, wait);
		events |= poll_receive(in);
	}
	if (out->port) {
		poll_wait(file, &mbx_end_pollers(out)->wait, wait);
		events |= poll_send(out);
	}
	return events;
}

/**
 * mbx_port_events() - in which states is a port?
 * @port:	the port
 * @watch:	since when, and what is of interest; its owner sees the port
 *
 * Context: process. Return: those of @watch->events that hold.
 */
u32 mbx_port_events(struct mbx_port *port, struct mbx_watch *watch)
{
	u32 events = MAILBOX_EVENT_NAMED;

	spin_lock(&port->lock);
	mbx_watch_see(&port->watches, watch, true);
	if (port->dead)
		events = MAILBOX_EVENT_GONE;
	if (port->shared.ready.count || port->pending.count)
		events |= MAILBOX_EVENT_MESSAGE;
	if (mbx_port_broadcasts(port)) {
		const struct mbx_channel *channel;

		list_for_each_entry(channel, &port->channels, node)
			if (channel->ready.count)
				events |= MAILBOX_EVENT_MESSAGE;
	}
	if (port->send_handles || port->senders_seen != watch->senders_seen)
		events |= MAILBOX_EVENT_SENDER;
	if (port->receive_handles ||
	    port->receivers_seen != watch->receivers_seen)
		events |= MAILBOX_EVENT_RECEIVER;
	if (mbx_port_senders_gone(port) || mbx_port_receivers_gone(port))
		events |= MAILBOX_EVENT_HANGUP;
	spin_unlock(&port->lock);
	return events & watch->events;
}

/* --- life ---------------------------------------------------------------- */

/**
 * mbx_channel_init() - a channel with nothing in it
 * @channel:	the channel
 * @since:	number of the last message that is not for it
 */
void mbx_channel_init(struct mbx_channel *channel, u64 since)
{
	channel->since = since;
	mbx_queue_init(&channel->ready, false);
	INIT_LIST_HEAD(&channel->receivers);
	init_waitqueue_head(&channel->pollers.wait);
	channel->pollers.fasync = NULL;
}

/**
 * mbx_port_drain() - free what is queued
 * @port:	where
 * @ready:	the messages. It is not the port's any more, or the port has no
 *		users any more
 *
 * Context: process, may sleep.
 */
void mbx_port_drain(struct mbx_port *port, struct mbx_queue *ready)
{
	static const struct mbx_select any = { .kind = MAILBOX_SELECT_ANY };
	struct mbx_message *msg;

	while ((msg = mbx_queue_find(ready, &any))) {
		bool drop;

		mbx_queue_remove(ready, msg);
		spin_lock(&port->lock);
		drop = mbx_message_drop(msg);
		spin_unlock(&port->lock);
		if (drop)
			mbx_message_free(msg);
		cond_resched();
	}
	mbx_queue_exit(ready);
}

/* Free all that is queued, without keeping others out while it is freed. */
static void port_drain_all(struct mbx_port *port)
{
	struct mbx_channel *channel;
	struct mbx_queue ready;

	do {
		mbx_queue_init(&ready, false);
		spin_lock(&port->lock);
		list_for_each_entry(channel, &port->channels, node) {
			if (!channel->ready.count)
				continue;
			ready = channel->ready;
			mbx_queue_init(&channel->ready, false);
			break;
		}
		spin_unlock(&port->lock);
		mbx_port_drain(port, &ready);
	} while (!list_entry_is_head(channel, &port->channels, node));
}

static void port_set_room(struct mbx_port *port)
{
	const struct mbx_policy *policy = &port->policy;

	switch (policy->buffering) {
	case MAILBOX_BUFFERING_RENDEZVOUS:
		port->room = 0;
		break;
	case MAILBOX_BUFFERING_BOUNDED:
		port->room = policy->capacity;
		break;
	default:
		port->room = U32_MAX;
	}
	port->room_bytes = policy->capacity_bytes ?: U64_MAX;
}

/**
 * mbx_port_alloc() - make a port that nobody knows yet
 * @policy:	checked by the caller
 * @flags:	MAILBOX_CREATE_PERSIST, _HANGUP, _SLOT, _BROADCAST, MAILBOX_PORT_*
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
	port_set_room(port);
	port->flags = flags;
	mbx_channel_init(&port->shared, 0);
	INIT_LIST_HEAD(&port->channels);
	if (!mbx_port_broadcasts(port))
		list_add(&port->shared.node, &port->channels);
	mbx_queue_init(&port->pending, true);
	INIT_LIST_HEAD(&port->senders);
	INIT_LIST_HEAD(&port->ends);
	port->held = RB_ROOT;
	timerqueue_init_head(&port->due);
	INIT_LIST_HEAD(&port->watches.seeing);
	INIT_LIST_HEAD(&port->watches.blind);
	init_waitqueue_head(&port->pollers_send.wait);
	INIT_LIST_HEAD(&port->guests);
	kref_init(&port->refs);
	INIT_LIST_HEAD(&port->allow);
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
	mbx_port_drain(port, &port->shared.ready);
	mbx_queue_exit(&port->pending);
	put_pid(port->receiver);
	kfree(port);
}

static bool waiter_leaves(const struct mbx_waiter *waiter, bool all)
{
	return all || waiter->end->revoked;
}

static struct mbx_waiter *sender_first(struct mbx_port *port, bool all)
{
	struct mbx_waiter *waiter;

	list_for_each_entry(waiter, &port->senders, node)
		if (waiter_leaves(waiter, all))
			return waiter;
	return NULL;
}

/**
 * mbx_port_end_senders() - end the waits of senders
 * @port:	where
 * @all:	not only by ends that were revoked
 * @result:	-errno
 * @wakes:	gets them, as many as it holds
 *
 * Context: mbx_port.lock held. Return: true if some may be left: the caller
 * drops the lock, wakes, and calls again.
 */
bool mbx_port_end_senders(struct mbx_port *port, bool all, int result,
			  struct mbx_wakes *wakes)
{
	struct mbx_waiter *waiter;

	/* To end one wait may let others in: so each is looked for anew. */
	while ((waiter = sender_first(port, all))) {
		if (wakes->count >= MBX_WAKES_MAX)
			return true;
		mbx_transfer_withdraw(port, waiter, result, wakes);
	}
	return false;
}

/**
 * mbx_channel_end() - end the waits of receivers
 * @port:	where
 * @channel:	of it, or of an end
 * @all:	not only by ends that were revoked
 * @result:	-errno
 * @wakes:	gets them, as many as it holds
 *
 * Context: mbx_port.lock held. Return: as mbx_port_end_senders().
 */
bool mbx_channel_end(struct mbx_port *port, struct mbx_channel *channel,
		     bool all, int result, struct mbx_wakes *wakes)
{
	struct mbx_waiter *waiter, *next;

	list_for_each_entry_safe(waiter, next, &channel->receivers, node) {
		if (!waiter_leaves(waiter, all))
			continue;
		if (wakes->count >= MBX_WAKES_MAX)
			return true;
		mbx_waiter_end(port, waiter, result, wakes);
	}
	return false;
}

static bool receivers_end(struct mbx_port *port, int result,
			  struct mbx_wakes *wakes)
{
	struct mbx_channel *channel;

	list_for_each_entry(channel, &port->channels, node)
		if (mbx_channel_end(port, channel, true, result, wakes))
			return true;
	return false;
}

/* Those who poll, and those who watch. */
static void pollers_tell(struct mbx_port *port, __poll_t receive, __poll_t send,
			 u32 events, struct mbx_wakes *wakes)
{
	struct mbx_channel *channel;

	if (receive)
		list_for_each_entry(channel, &port->channels, node)
			mbx_wakes_receivers(port, channel, receive, wakes);
	if (send)
		mbx_wakes_senders(port, send, false, wakes);
	mbx_watch_tell(&port->watches, events);
}

/**
 * mbx_port_changed() - somebody may use or see a port who could not, or cannot
 *	any more
 * @port:	the port: who watches it looks anew
 *
 * Context: process.
 */
void mbx_port_changed(struct mbx_port *port)
{
	spin_lock(&port->lock);
	mbx_watch_tell(&port->watches, MBX_EVENTS_ALL);
	spin_unlock(&port->lock);
}

/**
 * mbx_port_kill() - destroy a port: everybody gets EIDRM from now on
 * @port:	the port
 *
 * Context: process, may sleep.
 */
void mbx_port_kill(struct mbx_port *port)
{
	struct mbx_wakes wakes;
	bool more;

	trace_mailbox_destroy(port->id);
	do {
		mbx_wakes_begin(&wakes);
		spin_lock(&port->lock);
		if (!port->dead)
			pollers_tell(port, MBX_POLL_RECEIVE | EPOLLHUP | EPOLLERR,
				     MBX_POLL_SEND | EPOLLHUP | EPOLLERR,
				     MBX_EVENTS_ALL, &wakes);
		WRITE_ONCE(port->dead, true);
		more = mbx_port_end_senders(port, true, -EIDRM, &wakes) ||
		       receivers_end(port, -EIDRM, &wakes);
		spin_unlock(&port->lock);
		mbx_wakes_finish(port, &wakes);
		cond_resched();
	} while (more);

	/* Nothing is queued any more, and what was is long to free. */
	mbx_hold_drop_all(port);
	port_drain_all(port);
}

/**
 * mbx_port_hang_up() - tell who sleeps or polls that one side is gone
 * @port:	where; nobody is told if that is not so
 *
 * Context: process.
 */
void mbx_port_hang_up(struct mbx_port *port)
{
	bool told_receivers = false;
	bool told_senders = false;
	struct mbx_wakes wakes;
	bool more;

	/* Somebody may bind in between: then it is not hung up any more. */
	do {
		more = false;
		mbx_wakes_begin(&wakes);
		spin_lock(&port->lock);
		/* Receivers asleep found nothing, and nothing will come. */
		if (mbx_port_senders_gone(port)) {
			more = receivers_end(port, -EPIPE, &wakes);
			if (!told_receivers)
				pollers_tell(port, MBX_POLL_RECEIVE | EPOLLHUP,
					     0, MAILBOX_EVENT_HANGUP, &wakes);
			told_receivers = true;
		}
		if (mbx_port_receivers_gone(port) || port->sender_exited) {
			more |= mbx_port_end_senders(port, true, -EPIPE,
						     &wakes);
			if (!told_senders)
				pollers_tell(port, 0, MBX_POLL_SEND | EPOLLERR,
					     MAILBOX_EVENT_HANGUP, &wakes);
			told_senders = true;
		}
		spin_unlock(&port->lock);
		mbx_wakes_finish(port, &wakes);
		cond_resched();
	} while (more);
}

/**
 * mbx_port_exit() - one of the two processes of a link is gone for good
 * @port:	one direction of it
 * @mode:	FMODE_READ if it was the one that received here
 *
 * Context: process.
 */
void mbx_port_exit(struct mbx_port *port, fmode_t mode)
{
	spin_lock(&port->lock);
	if (mode & FMODE_READ)
		port->receiver_exited = true;
	if (mode & FMODE_WRITE)
		port->sender_exited = true;
	spin_unlock(&port->lock);
	mbx_port_hang_up(port);
}

/**
 * mbx_port_post() - put a message from elsewhere into a port
 * @port:	the port; its capacity does not count
 * @msg:	in no queue, and nobody waits for it; the port's if it takes it
 *
 * Context: process, may sleep for memory. Return: false if the port does not
 * take it.
 */
bool mbx_port_post(struct mbx_port *port, struct mbx_message *msg)
{
	struct mbx_lanes lanes;
	struct mbx_wakes wakes;
	bool takes;

	mbx_lanes_init(&lanes);
	mbx_lanes_fill(&lanes, 1, GFP_KERNEL | __GFP_NOFAIL);
	mbx_wakes_begin(&wakes);
	spin_lock(&port->lock);
	takes = !port->dead && !mbx_port_broadcasts(port);
	if (takes) {
		msg->seq = ++port->seq;
		/* Leases are counted where it is. */
		msg->pins &= ~MBX_PINS_LEASED;
		msg->waiter = NULL;
		port->sent++;
		/* As if it had been taken here before. */
		port->received++;
		mbx_transfer_return(port, &port->shared, msg, &lanes, &wakes);
	}
	spin_unlock(&port->lock);
	mbx_wakes_finish(port, &wakes);
	mbx_lanes_free(&lanes);
	return takes;
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
		WRITE_ONCE(own->message_bytes_max, policy->message_bytes_max);
	if (fields & MAILBOX_SET_ON_FULL)
		own->on_full = policy->on_full;
	if (fields & MAILBOX_SET_DELIVERIES)
		own->max_deliveries = policy->max_deliveries;
	port_set_room(port);
	if (fields & (MAILBOX_SET_MODE | MAILBOX_SET_UID | MAILBOX_SET_GID))
		mbx_watch_tell(&port->watches, MBX_EVENTS_ALL);
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
 * @stat:	all zero; filled but for what the registry knows of the port
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
	const struct mbx_channel *channel;
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
	list_for_each_entry(channel, &port->channels, node) {
		stat->messages += channel->ready.count;
		stat->bytes += channel->ready.bytes;
	}
	stat->senders = port->send_handles;
	stat->receivers = port->receive_handles;
	stat->senders_waiting = port->senders_waiting;
	stat->receivers_waiting = port->receivers_waiting;
	stat->sent = port->sent;
	stat->received = port->received;
	stat->on_full = policy->on_full;
	stat->max_deliveries = policy->max_deliveries;
	stat->leased = port->leased;
	stat->requests = port->requests;
	stat->dropped = port->dropped;
	stat->dead_lettered = port->dead_lettered;
	count = stat_waiters(&port->senders, MAILBOX_WAITER_SENDER, waiters,
			     room);
	list_for_each_entry(channel, &port->channels, node)
		count += stat_waiters(&channel->receivers,
				      MAILBOX_WAITER_RECEIVER, waiters + count,
				      room - count);
	stat->waiters_len = count;
	spin_unlock(&port->lock);
}
