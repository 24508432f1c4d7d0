// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sending, and sleeping for room, for a receipt, or for an answer.
 */
#include <linux/pid.h>

#include "handle.h"
#include "quick.h"

/* A batch lets others have the lock after so many messages. */
#define SENDS_LOCKED	8
/* Those that need only be queued are quicker. */
#define QUICK_LOCKED	16U

/* Receivers may take what its sender sleeps with. */
static void pending_tell(struct mbx_port *port, struct mbx_message *msg,
			 struct mbx_wakes *wakes)
{
	mbx_transfer_show(port, &port->shared, msg, NULL, true, wakes);
	mbx_wakes_receivers(port, &port->shared, MBX_POLL_RECEIVE, wakes);
	if (port->pending.count == 1)
		mbx_watch_tell(&port->watches, MAILBOX_EVENT_MESSAGE);
}

/*
 * Returns 0 when the message is accepted or dropped, 1 when @waiter was added
 * and the caller is to sleep, -ENOBUFS with no waiter when more is needed in
 * @reserve and nothing has happened, -errno otherwise.
 */
static int send_locked(struct mbx_end *end, const struct mbx_send *send,
		       struct mbx_post *post, struct mbx_waiter *waiter,
		       struct mbx_reserve *reserve, struct mbx_wakes *wakes)
{
	struct mbx_port *port = end->port;
	struct mbx_message *msg = post->msg;
	bool accepted, sleeps;
	enum mbx_placed placed;

	if (port->dead)
		return -EIDRM;
	if (end->revoked)
		return -EACCES;
	if (mbx_port_receivers_gone(port) || port->sender_exited)
		return -EPIPE;
	if (msg->len > port->policy.message_bytes_max)
		return -EMSGSIZE;
	if (send->sync && mbx_port_broadcasts(port))
		return -EOPNOTSUPP;

	msg->seq = port->seq + 1;
	accepted = mbx_port_accepts(port, msg);
	sleeps = send->sync || !accepted;
	if (sleeps && send->deadline.nonblock) {
		struct mbx_channel *channel;

		list_for_each_entry(channel, &port->channels, node)
			mbx_transfer_show(port, channel, msg, NULL, false,
					  wakes);
		return -EAGAIN;
	}
	/* One lane to sleep with, and one to be let in with. */
	if ((!accepted || mbx_port_broadcasts(port)) &&
	    mbx_reserve_wants(port, reserve, 2))
		return -ENOBUFS;

	if (!sleeps) {
		post->seq = msg->seq;
		placed = mbx_transfer_place(port, msg, reserve, wakes);
		if (placed == MBX_UNPLACED)
			return -ENOBUFS;
		port->seq++;
		if (placed == MBX_DROPPED) {
			post->seq = 0;
			mbx_wakes_drop(wakes, msg);
		} else {
			port->sent++;
		}
		return 0;
	}

	mbx_waiter_sends(waiter, end, send, msg, reserve);
	msg->waiter = waiter;
	if (accepted) {
		placed = mbx_transfer_place(port, msg, reserve, wakes);
		if (placed == MBX_UNPLACED) {
			msg->waiter = NULL;
			return -ENOBUFS;
		}
		waiter->accepted = true;
		port->sent++;
	}
	port->seq++;
	mbx_waiter_add(port, waiter, false);
	if (send->caller)
		send->caller->waiter = waiter;
	if (!accepted) {
		waiter->queue = &port->pending;
		mbx_queue_push(&port->pending, msg, &reserve->lanes);
		if (!mbx_port_broadcasts(port))
			pending_tell(port, msg, wakes);
	} else if (placed == MBX_DROPPED) {
		mbx_transfer_refuse(port, waiter, wakes);
	}
	return 1;
}

/*
 * A signal or the deadline has ended the sleep. A call that a server has begun
 * to carry out must not be made anew by itself.
 */
static void send_give_up(struct mbx_port *port, struct mbx_waiter *waiter,
			 int err)
{
	struct mbx_wakes wakes;

	mbx_wakes_begin(&wakes);
	spin_lock(&port->lock);
	if (waiter->held.end && err == -ERESTARTSYS)
		err = -EINTR;
	if (!waiter->done)
		mbx_transfer_withdraw(port, waiter, err, &wakes);
	spin_unlock(&port->lock);
	mbx_wakes_finish(port, &wakes);
}

/* Nobody can receive the request, unless somebody just has. */
static void send_deadlocked(struct mbx_port *port, struct mbx_waiter *waiter)
{
	struct mbx_wakes wakes;

	mbx_wakes_begin(&wakes);
	spin_lock(&port->lock);
	if (!waiter->done && waiter->queue)
		mbx_transfer_withdraw(port, waiter, -EDEADLK, &wakes);
	spin_unlock(&port->lock);
	mbx_wakes_finish(port, &wakes);
}

static int send_sleep(struct mbx_port *port, struct mbx_send *send,
		      struct mbx_post *post, struct mbx_waiter *waiter,
		      bool here)
{
	int err;

	/* While somebody has the request there is no need to look. */
	if (send->caller && data_race(waiter->queue) &&
	    mbx_calls_stuck(&port->registry->calls, send->caller))
		send_deadlocked(port, waiter);
	err = mbx_waiter_sleep(port, waiter, &send->deadline, here);
	if (err)
		send_give_up(port, waiter, err);

	post->msg = waiter->msg;
	post->seq = waiter->seq;
	send->taken_bytes = waiter->taken_bytes;
	send->taken_pid = waiter->taken_pid;
	send->taken_tid = waiter->taken_tid;
	send->reply = waiter->reply;
	return waiter->result;
}

/* What a call keeps apart from that it is a send. */
static void call_end(struct mbx_calls *calls, struct mbx_caller *caller)
{
	mbx_calls_leave(calls, caller);
	if (caller->waiter)
		put_pid(caller->waiter->server);
}

/* Those of a lock's turn that need only be queued. Returns how many. */
static unsigned int send_quickly(struct mbx_end *end,
				 const struct mbx_send *send,
				 struct mbx_post *posts, unsigned int count)
{
	unsigned int done = 0;

	if (send->sync || !mbx_quick_may_send(end))
		return 0;
	count = min(count, QUICK_LOCKED);
	while (done < count) {
		struct mbx_message *msg = posts[done].msg;

		if (!mbx_quick_queue(end->port, msg))
			break;
		posts[done].seq = msg->seq;
		posts[done].msg = NULL;
		done++;
	}
	return done;
}

/**
 * mbx_port_send() - send messages in their order
 * @end:	by which
 * @send:	how, and what came of it
 * @posts:	the messages
 * @count:	how many; one, if @send->sync
 * @done:	how many were sent, or dropped by the port's policy
 *
 * Context: process, sleeps unless told not to. Return: 0; or for the message
 * after the last that was sent, of which nothing was: -EIDRM, -EACCES, -EPIPE,
 * -EMSGSIZE, -EOPNOTSUPP, -EAGAIN, -ETIMEDOUT, -ERESTARTSYS, -ENOMEM, -EDQUOT;
 * with SYNC or a call -ENOBUFS. For a call -EDEADLK too; it may have been
 * received if it is -EPIPE, -EIDRM, -EINTR or -ETIMEDOUT.
 */
int mbx_port_send(struct mbx_end *end, struct mbx_send *send,
		  struct mbx_post *posts, unsigned int count,
		  unsigned int *done)
{
	struct mbx_reserve reserve __uninitialized;
	struct mbx_waiter waiter __uninitialized;
	struct mbx_wakes wakes __uninitialized;
	struct mbx_port *port = end->port;
	struct mbx_post *post = posts;
	unsigned int locked;
	u64 type;
	u32 len;
	int err;

	if (send->caller)
		mbx_calls_enter(&port->registry->calls, send->caller, end);
	mbx_reserve_init(&reserve);
	do {
		mbx_wakes_begin(&wakes);
		spin_lock(&port->lock);
		err = 0;
		locked = send_quickly(end, send, post, posts + count - post);
		post += locked;
		while (post < posts + count && locked < SENDS_LOCKED) {
			/* It may be received and freed at any time. */
			type = post->msg->type;
			len = post->msg->len;
			err = send_locked(end, send, post, &waiter, &reserve,
					  &wakes);
			if (err)
				break;
			trace_mailbox_send(port->id, post->seq, type, len);
			post->msg = NULL;
			post++;
			locked++;
		}
		wakes.sync = err == 1;
		spin_unlock(&port->lock);
		mbx_wakes_finish(port, &wakes);

		if (err == 1) {
			err = send_sleep(port, send, post, &waiter, wakes.here);
			if (!err) {
				trace_mailbox_send(port->id, post->seq, type,
						   len);
				post++;
			}
		} else if (err == -ENOBUFS) {
			err = mbx_reserve_fill(&reserve, post->msg);
		}
	} while (!err && post < posts + count);
	mbx_reserve_free(&reserve);
	if (send->caller)
		call_end(&port->registry->calls, send->caller);

	if (err)
		trace_mailbox_refuse(port->id, MAILBOX_WAITER_SENDER, err);
	*done = post - posts;
	return err;
}

/**
 * mbx_port_hand() - send one message to the first receiver that sleeps
 * @end:	by which
 * @msg:	nobody waits for it; the port's if it is sent
 * @seq:	its number then; may be NULL
 *
 * Context: process. Return: false if it is for mbx_port_send() to do, as there is
 * none any more, or it does not take the message.
 */
bool mbx_port_hand(struct mbx_end *end, struct mbx_message *msg, u64 *seq)
{
	struct task_struct *task = NULL;
	struct mbx_port *port = end->port;
	struct mbx_waiter *first;
	bool sent = false;

	spin_lock(&port->lock);
	first = list_first_entry_or_null(&port->shared.receivers,
					 struct mbx_waiter, node);
	if (first && mbx_quick_may_hand(end) &&
	    msg->len <= port->policy.message_bytes_max &&
	    mbx_waiter_takes(first, msg)) {
		sent = true;
		msg->seq = ++port->seq;
		port->sent++;
		if (seq)
			*seq = msg->seq;
		trace_mailbox_send(port->id, msg->seq, msg->type, msg->len);
		mbx_waiter_give(port, first, msg);
		task = mbx_waiter_done(port, first, 0);
	}
	spin_unlock(&port->lock);
	if (task)
		mbx_wake(task, false);
	return sent;
}
