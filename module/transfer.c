// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sending, receiving and the hand-over between them.
 *
 * DOC: where a message is
 *
 *	send ---> pending ---> ready ---> taken ---> freed
 *	     \________________/ ^  \______/ ^
 *	      \________________/__________/
 *
 * ready:   accepted. A sender without SYNC is not concerned any more.
 * pending: not accepted yet: its sender sleeps for room or, on a rendezvous
 *	    port, for a receiver. It can be received all the same, when nothing
 *	    that is ready matches; so a receiver never sleeps beside a sleeping
 *	    sender that has what it waits for. To be taken is to be accepted.
 * taken:   in no queue, a receiver copies it to user memory, without a lock.
 *	    If that fails it goes to where its number belongs in ready, which
 *	    may then hold more than its capacity: capacity bounds sends.
 *
 * A new message goes past both queues to the first sleeping receiver that
 * wants it. All moves happen under mbx_port.lock.
 *
 * DOC: a sender that sleeps
 *
 * mbx_message.waiter is set while the sender of a message sleeps: in pending,
 * and with SYNC until it is received. The end of such a wait and the fate of
 * the message are one decision under the lock. A receiver commits after it has
 * copied: if the waiter is still there the message counts as received and the
 * sender gets its receipt. A signal, the deadline or the end of the port
 * withdraws: the waiter leaves the message, and a receiver that has it finds
 * at its commit that it has nothing, and looks for the next one. Nobody waits
 * for another process's copy.
 */
#include <linux/pid.h>
#include <linux/sched/signal.h>

#include "trace.h"
#include "transfer.h"

static const struct mbx_select select_any = { .kind = MAILBOX_SELECT_ANY };

/* --- messages that others still look at ---------------------------------- */

/* Returns false if somebody peeks at @msg and will free it. */
static bool message_drop_locked(struct mbx_message *msg)
{
	if (!msg->pins)
		return true;
	msg->pins |= MBX_PINS_DEAD;
	return false;
}

static void message_unpin(struct mbx_port *port, struct mbx_message *msg)
{
	bool last;

	spin_lock(&port->lock);
	last = --msg->pins == MBX_PINS_DEAD;
	spin_unlock(&port->lock);
	if (last)
		mbx_message_free(msg);
}

/* --- hand-over ----------------------------------------------------------- */

/**
 * mbx_transfer_taker() - who gets a message that is sent now?
 * @port:	where
 * @msg:	the message
 *
 * Context: mbx_port.lock held. Return: the first sleeping receiver that can
 * take it, or NULL.
 */
struct mbx_waiter *mbx_transfer_taker(const struct mbx_port *port,
				      const struct mbx_message *msg)
{
	struct mbx_waiter *waiter;

	list_for_each_entry(waiter, &port->receivers, node) {
		const struct mbx_receive *receive = waiter->receive;

		if (!receive->peek &&
		    (receive->trunc || msg->len <= receive->size) &&
		    mbx_select_match(&receive->select, msg))
			return waiter;
	}
	return NULL;
}

/*
 * Those who sleep ahead of @taker (or all, if NULL) for a message like @msg,
 * but will not take it, have their answer: a buffer that is too short, and, if
 * @msg stays or goes to @taker (@sent), a peek.
 *
 * A send that is refused answers too. What polled for it was told by the
 * sleeping receiver that it would be accepted (port_awaits_write()), and the
 * two would go on like this for ever.
 */
static void message_show(struct mbx_port *port, struct mbx_message *msg,
			 const struct mbx_waiter *taker, bool sent,
			 struct mbx_wakes *wakes)
{
	struct mbx_waiter *waiter, *next;

	list_for_each_entry_safe(waiter, next, &port->receivers, node) {
		const struct mbx_receive *receive = waiter->receive;

		if (waiter == taker)
			break;
		if (!mbx_select_match(&receive->select, msg))
			continue;
		if (!receive->trunc && msg->len > receive->size) {
			waiter->needed = msg->len;
			mbx_waiter_end(port, waiter, -EMSGSIZE, wakes);
		} else if (!sent) {
			continue;
		} else if (msg->pins < MBX_PINS_MAX) {
			msg->pins++;
			waiter->msg = msg;
			mbx_waiter_end(port, waiter, 0, wakes);
		} else {
			mbx_waiter_end(port, waiter, -EBUSY, wakes);
		}
	}
}

/* Give @msg, which is in no queue, to a sleeping receiver. */
static void message_hand(struct mbx_port *port, struct mbx_message *msg,
			 struct mbx_waiter *taker, struct mbx_wakes *wakes)
{
	port->received++;
	taker->msg = msg;
	taker->waited = msg->waiter;
	taker->pinned = msg->pins;
	mbx_waiter_end(port, taker, 0, wakes);
}

/* @msg has left the pending queue for good: its sender need not wait for room. */
static void message_accept(struct mbx_port *port, struct mbx_message *msg,
			   struct mbx_wakes *wakes)
{
	struct mbx_waiter *sender = msg->waiter;

	port->sent++;
	sender->queue = &port->ready;
	if (sender->sync)
		return;
	msg->waiter = NULL;
	sender->msg = NULL;
	mbx_waiter_end(port, sender, 0, wakes);
}

/* Let sleeping senders in, in the order of their arrival, while there is room. */
static void port_admit(struct mbx_port *port, struct mbx_wakes *wakes)
{
	/* Whoever is still asleep then is about to be told so. */
	if (port->dead || mbx_port_receivers_gone(port))
		return;
	while (port->pending.count && mbx_port_has_room(port)) {
		struct mbx_message *msg;

		msg = mbx_queue_find(&port->pending, &select_any);
		mbx_queue_remove(&port->pending, msg);
		mbx_queue_push(&port->ready, msg, &msg->waiter->lane);
		message_accept(port, msg, wakes);
	}
}

/**
 * mbx_transfer_admit() - there may be more room than before
 * @port:	where
 * @wakes:	gets the senders that are let in, in the order of their arrival
 *
 * Context: mbx_port.lock held.
 */
void mbx_transfer_admit(struct mbx_port *port, struct mbx_wakes *wakes)
{
	port_admit(port, wakes);
	wakes->send_events |= MBX_POLL_SEND;
	/* One long message may have made room for many. */
	if (port->policy.capacity_bytes)
		wakes->send_all = true;
}

/* --- send ---------------------------------------------------------------- */

/* Lanes that a send brings along; which of them it needs shows under the lock. */
struct mbx_lanes {
	struct mbx_lane *push;
	struct mbx_lane *admit;
};

static bool lanes_fill(struct mbx_lanes *lanes)
{
	if (!lanes->push)
		lanes->push = mbx_lane_alloc(GFP_KERNEL);
	if (!lanes->admit)
		lanes->admit = mbx_lane_alloc(GFP_KERNEL);
	return lanes->push && lanes->admit;
}

static void lanes_free(struct mbx_lanes *lanes)
{
	mbx_lane_free(lanes->push);
	mbx_lane_free(lanes->admit);
}

/*
 * Returns 0 when the message is accepted, 1 when @waiter was added and the
 * caller is to sleep, -ENOBUFS when more lanes are needed and nothing has
 * happened, -errno otherwise.
 */
static int send_locked(struct mbx_port *port, struct mbx_send *send,
		       struct mbx_waiter *waiter, struct mbx_lanes *lanes,
		       struct mbx_wakes *wakes)
{
	struct mbx_message *msg = send->msg;
	bool accepted = mbx_port_accepts(port);
	struct mbx_waiter *taker;
	struct mbx_queue *queue;
	bool sleeps;

	if (port->dead)
		return -EIDRM;
	if (mbx_port_receivers_gone(port))
		return -EPIPE;
	if (msg->len > port->policy.message_bytes_max)
		return -EMSGSIZE;

	taker = mbx_transfer_taker(port, msg);
	if (taker)
		accepted = true;
	queue = accepted ? &port->ready : &port->pending;
	sleeps = send->sync || !accepted;
	if (sleeps) {
		if (send->deadline.nonblock) {
			message_show(port, msg, NULL, false, wakes);
			return -EAGAIN;
		}
		if (!lanes->admit)
			return -ENOBUFS;
	}
	msg->seq = port->seq + 1;
	if (!taker && !mbx_queue_push(queue, msg, &lanes->push))
		return -ENOBUFS;
	port->seq++;
	send->seq = msg->seq;

	if (sleeps) {
		*waiter = (struct mbx_waiter) {
			.msg = msg,
			.sync = send->sync,
			.taken = taker,
			.queue = queue,
			.lane = lanes->admit,
		};
		lanes->admit = NULL;
		msg->waiter = waiter;
		mbx_waiter_add(port, waiter, false);
	}
	if (accepted)
		port->sent++;

	message_show(port, msg, taker, true, wakes);
	if (taker)
		message_hand(port, msg, taker, wakes);
	else
		wakes->receive_events |= MBX_POLL_RECEIVE;
	return sleeps;
}

/*
 * End the wait of a sender whose message was not received: nobody gets it any
 * more. The sender frees it if waiter->msg is set afterwards.
 */
static void send_withdraw(struct mbx_port *port, struct mbx_waiter *sender,
			  int result, struct mbx_wakes *wakes)
{
	struct mbx_message *msg = sender->msg;
	struct mbx_queue *queue = sender->queue;

	msg->waiter = NULL;
	if (sender->taken) {
		/* The receiver that has it drops it in receive_commit(). */
		sender->msg = NULL;
	} else {
		mbx_queue_remove(queue, msg);
		if (!message_drop_locked(msg))
			sender->msg = NULL;
		if (queue == &port->ready)
			mbx_transfer_admit(port, wakes);
	}
	if (queue == &port->ready)
		port->sent--;
	mbx_waiter_end(port, sender, result, wakes);
}

static int send_sleep(struct mbx_port *port, struct mbx_send *send,
		      struct mbx_waiter *waiter)
{
	struct mbx_wakes wakes;
	int err;

	err = mbx_waiter_sleep(port, waiter, &send->deadline);
	if (err) {
		mbx_wakes_begin(&wakes);
		spin_lock(&port->lock);
		if (!waiter->done)
			send_withdraw(port, waiter, err, &wakes);
		spin_unlock(&port->lock);
		mbx_wakes_finish(port, &wakes);
	}

	send->msg = waiter->msg;
	send->taken_bytes = waiter->taken_bytes;
	send->taken_pid = waiter->taken_pid;
	send->taken_tid = waiter->taken_tid;
	mbx_lane_free(waiter->lane);
	return waiter->result;
}

/**
 * mbx_port_send() - send one message
 * @port:	where
 * @send:	the message and how; the message is the port's if it is NULL
 *		afterwards, and the caller's to free otherwise
 *
 * Context: process, sleeps unless told not to. Return: 0; -EIDRM, -EPIPE,
 * -EMSGSIZE, -EAGAIN, -ETIMEDOUT, -ERESTARTSYS, -ENOMEM: nothing was sent.
 */
int mbx_port_send(struct mbx_port *port, struct mbx_send *send)
{
	u64 type = send->msg->type;
	u32 len = send->msg->len;
	struct mbx_lanes lanes = {};
	struct mbx_waiter waiter;
	struct mbx_wakes wakes;
	int err;

	do {
		mbx_wakes_begin(&wakes);
		spin_lock(&port->lock);
		err = send_locked(port, send, &waiter, &lanes, &wakes);
		spin_unlock(&port->lock);
		mbx_wakes_finish(port, &wakes);
	} while (err == -ENOBUFS && lanes_fill(&lanes));
	lanes_free(&lanes);

	if (err == 1)
		err = send_sleep(port, send, &waiter);
	else if (!err)
		send->msg = NULL;
	else if (err == -ENOBUFS)
		err = -ENOMEM;

	if (err)
		trace_mailbox_refuse(port->id, MAILBOX_WAITER_SENDER, err);
	else
		trace_mailbox_send(port->id, send->seq, type, len);
	return err;
}

/* --- receive ------------------------------------------------------------- */

/* A message that a receiver has in hand; the fields are as in mbx_waiter. */
struct mbx_taken {
	struct mbx_message *msg;
	bool waited;
	bool pinned;
};

static void taken_remove(struct mbx_port *port, struct mbx_taken *taken,
			 struct mbx_wakes *wakes)
{
	struct mbx_message *msg = taken->msg;
	struct mbx_waiter *sender = msg->waiter;
	struct mbx_queue *queue = sender ? sender->queue : &port->ready;

	mbx_queue_remove(queue, msg);
	port->received++;
	if (queue == &port->ready)
		mbx_transfer_admit(port, wakes);
	else
		message_accept(port, msg, wakes);
	sender = msg->waiter;
	if (sender)
		sender->taken = true;
	taken->waited = sender;
	taken->pinned = msg->pins;
}

/*
 * Returns 0 with a message in @taken, 1 when @waiter was added and the caller
 * is to sleep, -errno otherwise. @again: the caller was handed a message that
 * was withdrawn, and keeps its place.
 */
static int receive_locked(struct mbx_port *port, struct mbx_receive *receive,
			  struct mbx_taken *taken, struct mbx_waiter *waiter,
			  bool again, struct mbx_wakes *wakes)
{
	struct mbx_message *msg;

	if (port->dead)
		return -EIDRM;

	msg = mbx_queue_find(&port->ready, &receive->select);
	if (!msg)
		msg = mbx_queue_find(&port->pending, &receive->select);
	if (!msg) {
		if (mbx_port_senders_gone(port))
			return -EPIPE;
		if (receive->deadline.nonblock)
			return -EAGAIN;
		*waiter = (struct mbx_waiter) { .receive = receive };
		mbx_waiter_add(port, waiter, again);
		/* It may be what a send to a full port waits for. */
		if (!mbx_port_accepts(port))
			wakes->send_events |= MBX_POLL_SEND;
		return 1;
	}

	if (!receive->trunc && msg->len > receive->size) {
		receive->needed = msg->len;
		return -EMSGSIZE;
	}
	taken->msg = msg;
	if (!receive->peek) {
		taken_remove(port, taken, wakes);
	} else {
		if (msg->pins == MBX_PINS_MAX)
			return -EBUSY;
		msg->pins++;
	}
	return 0;
}

static int receive_sleep(struct mbx_port *port, struct mbx_receive *receive,
			 struct mbx_taken *taken, struct mbx_waiter *waiter)
{
	struct mbx_wakes wakes;
	int err;

	err = mbx_waiter_sleep(port, waiter, &receive->deadline);
	if (err) {
		mbx_wakes_begin(&wakes);
		spin_lock(&port->lock);
		if (!waiter->done)
			mbx_waiter_end(port, waiter, err, &wakes);
		spin_unlock(&port->lock);
		mbx_wakes_finish(port, &wakes);
	}
	receive->needed = waiter->needed;
	taken->msg = waiter->msg;
	taken->waited = waiter->waited;
	taken->pinned = waiter->pinned;
	return waiter->result;
}

/* The copy failed, or nobody will see it: all is as if it had not been taken. */
static void receive_put_back(struct mbx_port *port,
			     const struct mbx_taken *taken)
{
	/* There is no way to report a failure: the message must not get lost. */
	struct mbx_lane *lane = mbx_lane_alloc(GFP_KERNEL | __GFP_NOFAIL);
	struct mbx_message *msg = taken->msg;
	struct mbx_waiter *taker;
	struct mbx_wakes wakes;
	bool drop = false;

	mbx_wakes_begin(&wakes);
	spin_lock(&port->lock);
	port->received--;
	/* Its sender may still wait for its turn to be told of the end. */
	if (port->dead && msg->waiter)
		send_withdraw(port, msg->waiter, -EIDRM, &wakes);
	if (port->dead || (taken->waited && !msg->waiter)) {
		drop = message_drop_locked(msg);
		goto unlock;
	}

	taker = mbx_transfer_taker(port, msg);
	message_show(port, msg, taker, true, &wakes);
	if (taker) {
		message_hand(port, msg, taker, &wakes);
		goto unlock;
	}
	if (msg->waiter)
		msg->waiter->taken = false;
	mbx_queue_push(&port->ready, msg, &lane);
	wakes.receive_events |= MBX_POLL_RECEIVE;
unlock:
	spin_unlock(&port->lock);
	mbx_wakes_finish(port, &wakes);
	mbx_lane_free(lane);
	if (drop)
		mbx_message_free(msg);
}

/*
 * The copy is made. Returns false if the sender has withdrawn the message in
 * the meantime: then it was not received.
 */
static bool receive_commit(struct mbx_port *port,
			   const struct mbx_receive *receive,
			   const struct mbx_taken *taken)
{
	struct mbx_message *msg = taken->msg;
	struct mbx_waiter *sender;
	struct mbx_wakes wakes;
	bool received = true;
	bool drop;

	if (!taken->waited && !taken->pinned) {
		mbx_message_free(msg);
		return true;
	}

	mbx_wakes_begin(&wakes);
	spin_lock(&port->lock);
	sender = msg->waiter;
	if (sender) {
		sender->taken_bytes = min_t(size_t, msg->len, receive->size);
		sender->taken_pid = get_pid(task_tgid(current));
		sender->taken_tid = get_pid(task_pid(current));
		msg->waiter = NULL;
		sender->msg = NULL;
		mbx_waiter_end(port, sender, 0, &wakes);
	} else if (taken->waited) {
		port->received--;
		received = false;
	}
	drop = message_drop_locked(msg);
	spin_unlock(&port->lock);
	mbx_wakes_finish(port, &wakes);
	if (drop)
		mbx_message_free(msg);
	return received;
}

/**
 * mbx_port_receive() - receive one message
 * @port:	where
 * @receive:	what and how
 *
 * Context: process, sleeps unless told not to. Return: 0; -EIDRM, -EPIPE (end
 * of file), -EMSGSIZE, -EBUSY, -EAGAIN, -ETIMEDOUT, -ERESTARTSYS, or what
 * @receive->copy returned: the message is where it was.
 */
int mbx_port_receive(struct mbx_port *port, struct mbx_receive *receive)
{
	struct mbx_taken taken;
	struct mbx_waiter waiter;
	struct mbx_wakes wakes;
	bool again = false;
	int err;

	for (;;) {
		u64 seq, type;
		u32 len;

		mbx_wakes_begin(&wakes);
		spin_lock(&port->lock);
		err = receive_locked(port, receive, &taken, &waiter, again,
				     &wakes);
		spin_unlock(&port->lock);
		mbx_wakes_finish(port, &wakes);
		if (err == 1) {
			err = receive_sleep(port, receive, &taken, &waiter);
			again = true;
		}
		if (err)
			break;

		seq = taken.msg->seq;
		type = taken.msg->type;
		len = taken.msg->len;
		err = receive->copy(receive, taken.msg);
		if (receive->peek) {
			message_unpin(port, taken.msg);
			if (err)
				break;
			return 0;
		}
		/* A process that will never run again has received nothing. */
		if (!err && fatal_signal_pending(current))
			err = -EINTR;
		if (err) {
			receive_put_back(port, &taken);
			break;
		}
		if (receive_commit(port, receive, &taken)) {
			trace_mailbox_receive(port->id, seq, type, len);
			return 0;
		}
		if (signal_pending(current)) {
			err = -ERESTARTSYS;
			break;
		}
	}
	trace_mailbox_refuse(port->id, MAILBOX_WAITER_RECEIVER, err);
	return err;
}

/* --- the end ------------------------------------------------------------- */

/**
 * mbx_transfer_end_senders() - end the wait of every sender
 * @port:	where
 * @result:	-errno: their messages are withdrawn
 * @wakes:	gets them, as many as it holds
 *
 * Context: mbx_port.lock held. Return: true if some are left: the caller
 * drops the lock, wakes, and calls again.
 */
bool mbx_transfer_end_senders(struct mbx_port *port, int result,
			      struct mbx_wakes *wakes)
{
	while (!list_empty(&port->senders)) {
		if (wakes->count == MBX_WAKES_MAX)
			return true;
		send_withdraw(port, list_first_entry(&port->senders,
						     struct mbx_waiter, node),
			      result, wakes);
	}
	return false;
}

/**
 * mbx_transfer_end_receivers() - end the wait of every receiver
 * @port:	where
 * @result:	-errno
 * @wakes:	gets them, as many as it holds
 *
 * Context: mbx_port.lock held. Return: as mbx_transfer_end_senders().
 */
bool mbx_transfer_end_receivers(struct mbx_port *port, int result,
				struct mbx_wakes *wakes)
{
	while (!list_empty(&port->receivers)) {
		if (wakes->count == MBX_WAKES_MAX)
			return true;
		mbx_waiter_end(port, list_first_entry(&port->receivers,
						      struct mbx_waiter, node),
			       result, wakes);
	}
	return false;
}

/**
 * mbx_transfer_drain() - free all messages of a queue
 * @port:	whose it was
 * @queue:	not the port's any more, or the port has no users any more
 *
 * Context: process, may sleep, no lock held.
 */
void mbx_transfer_drain(struct mbx_port *port, struct mbx_queue *queue)
{
	struct mbx_message *msg;

	while ((msg = mbx_queue_find(queue, &select_any))) {
		bool drop;

		mbx_queue_remove(queue, msg);
		spin_lock(&port->lock);
		drop = message_drop_locked(msg);
		spin_unlock(&port->lock);
		if (drop)
			mbx_message_free(msg);
		cond_resched();
	}
	mbx_queue_exit(queue);
}
