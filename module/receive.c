// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receiving, and sleeping for a message.
 */
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "quick.h"

/* A batch lets others have the lock after so many messages. */
#define RECEIVES_LOCKED	16U

/* --- leases that are not begun yet ------------------------------------------ */

static void leases_free(struct list_head *leases)
{
	struct mbx_lease *lease, *next;

	list_for_each_entry_safe(lease, next, leases, held.by_end)
		kfree(lease);
}

static int leases_alloc(struct list_head *leases, unsigned int count)
{
	struct mbx_lease *lease;

	while (count--) {
		lease = kzalloc(sizeof(*lease), GFP_KERNEL_ACCOUNT);
		if (!lease) {
			leases_free(leases);
			return -ENOMEM;
		}
		list_add(&lease->held.by_end, leases);
	}
	return 0;
}

static struct mbx_lease *leases_take(struct list_head *leases)
{
	struct mbx_lease *lease;

	lease = list_first_entry(leases, struct mbx_lease, held.by_end);
	list_del(&lease->held.by_end);
	return lease;
}

/* --- taking ------------------------------------------------------------------ */

static void message_unpin(struct mbx_port *port, struct mbx_message *msg)
{
	bool last;

	spin_lock(&port->lock);
	msg->pins--;
	last = (msg->pins & (MBX_PINS_DEAD | MBX_PINS_MAX)) == MBX_PINS_DEAD;
	spin_unlock(&port->lock);
	if (last)
		mbx_message_free(msg);
}

static void taken_remove(struct mbx_end *end, struct mbx_taken *taken,
			 struct mbx_wakes *wakes)
{
	struct mbx_port *port = end->port;
	struct mbx_message *msg = taken->msg;
	struct mbx_waiter *sender = mbx_message_waiter(msg);
	bool pending = sender && sender->queue == &port->pending;

	mbx_queue_remove(pending ? &port->pending : &end->channel->ready, msg);
	port->received++;
	if (sender)
		sender->queue = NULL;
	if (pending)
		mbx_transfer_accept(port, msg, wakes);
	else
		mbx_transfer_admit(port, wakes);
	mbx_taken_fill(taken, msg);
}

/*
 * Returns 0 with a message in @taken, 1 when @waiter was added and the caller
 * is to sleep, -errno otherwise. @again: the caller was handed a message that
 * was withdrawn, and keeps its place.
 */
static int receive_locked(struct mbx_end *end, struct mbx_receive *receive,
			  struct mbx_taken *taken, struct mbx_waiter *waiter,
			  bool again, struct mbx_wakes *wakes)
{
	struct mbx_port *port = end->port;
	struct mbx_message *msg;

	if (port->dead)
		return -EIDRM;
	if (end->revoked)
		return -EACCES;
	if (receive->reply && receive->reply->token) {
		int err = mbx_hold_reply(end, receive->reply, wakes);

		if (err)
			return err;
	}

	msg = mbx_queue_find(&end->channel->ready, &receive->select);
	if (!msg && !mbx_port_broadcasts(port))
		msg = mbx_queue_find(&port->pending, &receive->select);
	if (!msg) {
		if (mbx_port_senders_gone(port))
			return -EPIPE;
		if (receive->deadline.nonblock)
			return -EAGAIN;
		mbx_waiter_receives(waiter, end, receive, taken);
		mbx_waiter_add(port, waiter, again);
		/* It may be what a sleeping sender, or a poller, waits for. */
		if (port->pending.count && mbx_port_broadcasts(port))
			mbx_transfer_admit(port, wakes);
		if (port->pending.count ||
		    !mbx_channel_has_room(port, end->channel))
			mbx_wakes_senders(port, MBX_POLL_SEND, false, wakes);
		return 1;
	}

	if (!receive->trunc && msg->len > receive->size) {
		receive->needed = msg->len;
		return -EMSGSIZE;
	}
	taken->msg = msg;
	if (!receive->peek) {
		taken_remove(end, taken, wakes);
	} else {
		if ((msg->pins & MBX_PINS_MAX) == MBX_PINS_MAX)
			return -EBUSY;
		msg->pins++;
		mbx_taken_fill(taken, msg);
	}
	return 0;
}

static int receive_sleep(struct mbx_port *port,
			 const struct mbx_receive *receive,
			 struct mbx_waiter *waiter, bool here)
{
	struct mbx_wakes wakes;
	int err;

	err = mbx_waiter_sleep(port, waiter, &receive->deadline, here);
	if (err) {
		mbx_wakes_begin(&wakes);
		spin_lock(&port->lock);
		if (!waiter->done)
			mbx_waiter_end(port, waiter, err, &wakes);
		spin_unlock(&port->lock);
		mbx_wakes_finish(port, &wakes);
	}
	return waiter->result;
}

/* The copy failed, or nobody will see it: all is as if it had not been taken. */
static void receive_put_back(struct mbx_end *end, const struct mbx_taken *taken)
{
	struct mbx_port *port = end->port;
	struct mbx_message *msg = taken->msg;
	struct mbx_waiter *sender;
	struct mbx_lanes lanes;
	struct mbx_wakes wakes;
	bool drop = false;

	/* There is no way to report a failure: the message must not get lost. */
	mbx_lanes_init(&lanes);
	mbx_lanes_fill(&lanes, 1, GFP_KERNEL | __GFP_NOFAIL);

	mbx_wakes_begin(&wakes);
	spin_lock(&port->lock);
	sender = mbx_message_waiter(msg);
	/* Its sender may still wait for its turn to be told of the end. */
	if (port->dead && sender) {
		mbx_transfer_withdraw(port, sender, -EIDRM, &wakes);
		sender = NULL;
	}
	if (port->dead || (taken->waited && !sender) ||
	    (end->revoked && end->channel == &end->own)) {
		port->received--;
		drop = mbx_message_drop(msg);
	} else {
		mbx_transfer_return(port, end->channel, msg, &lanes, &wakes);
	}
	spin_unlock(&port->lock);
	mbx_wakes_finish(port, &wakes);
	mbx_lanes_free(&lanes);
	if (drop)
		mbx_message_free(msg);
}

/**
 * mbx_port_unreceive() - a message that was in hand is not received
 * @end:	by which it was taken
 * @msg:	nobody waited for it
 * @err:	why
 *
 * Context: process, may sleep. Return: @err.
 */
int mbx_port_unreceive(struct mbx_end *end, struct mbx_message *msg, int err)
{
	struct mbx_taken taken;

	mbx_taken_fill(&taken, msg);
	receive_put_back(end, &taken);
	trace_mailbox_refuse(end->port->id, MAILBOX_WAITER_RECEIVER, err);
	return err;
}

/* What became of a message whose copy was made. */
enum commit {
	COMMIT_DONE,
	COMMIT_WITHDRAWN,	/* by its sender meanwhile: it was not received */
	COMMIT_REFUSED,		/* a lease is not to be had any more */
};

static void sender_answer(struct mbx_end *end, const struct mbx_receive *receive,
			  struct mbx_message *msg, struct mbx_waiter *sender,
			  struct mbx_wakes *wakes)
{
	msg->waiter = NULL;
	sender->msg = NULL;
	if (sender->call && receive->answers && !end->revoked) {
		mbx_hold_request(end, sender, msg->seq);
		return;
	}
	if (sender->call) {
		mbx_waiter_end(end->port, sender, -EPIPE, wakes);
		return;
	}
	sender->taken_bytes = min_t(size_t, msg->len, receive->size);
	sender->taken_pid = get_pid(task_tgid(current));
	sender->taken_tid = get_pid(task_pid(current));
	mbx_waiter_end(end->port, sender, 0, wakes);
}

static enum commit receive_commit(struct mbx_end *end,
				  const struct mbx_receive *receive,
				  const struct mbx_taken *taken,
				  struct list_head *leases)
{
	bool lease = receive->lease && !taken->request;
	enum commit commit = COMMIT_DONE;
	struct mbx_message *msg = taken->msg;
	struct mbx_wakes wakes __uninitialized;
	struct mbx_port *port = end->port;
	struct mbx_waiter *sender;
	bool drop = false;

	if (!taken->waited && !taken->pinned && !lease) {
		trace_mailbox_receive(port->id, msg->seq, msg->type, msg->len);
		mbx_message_finish(msg);
		return COMMIT_DONE;
	}
	if (taken->request && receive->answers)
		mbx_calls_note_server(end);

	mbx_wakes_begin(&wakes);
	spin_lock(&port->lock);
	sender = mbx_message_waiter(msg);
	if (taken->waited && !sender) {
		port->received--;
		drop = mbx_message_drop(msg);
		commit = COMMIT_WITHDRAWN;
	} else if (lease && (port->dead || end->revoked)) {
		commit = COMMIT_REFUSED;
	} else {
		/* From here on it may be freed at any time. */
		trace_mailbox_receive(port->id, msg->seq, msg->type, msg->len);
		if (sender)
			sender_answer(end, receive, msg, sender, &wakes);
		if (lease)
			mbx_hold_lease(end, leases_take(leases), msg,
				       receive->lease_ns);
		else
			drop = mbx_message_drop(msg);
	}
	spin_unlock(&port->lock);
	mbx_wakes_finish(port, &wakes);
	if (drop)
		mbx_message_free(msg);
	return commit;
}

/*
 * Receive one message, with @taken in hand. Returns 0, 1 if there was nothing to
 * be had and the caller looks again, -errno.
 */
static int receive_finish(struct mbx_end *end, struct mbx_receive *receive,
			  const struct mbx_taken *taken, unsigned int index,
			  struct list_head *leases)
{
	int err;

	err = receive->copy(receive, taken, index);
	if (receive->peek) {
		message_unpin(end->port, taken->msg);
		return err;
	}
	/* A process that will never run again has received nothing. */
	if (!err && fatal_signal_pending(current))
		err = -EINTR;
	if (!err) {
		switch (receive_commit(end, receive, taken, leases)) {
		case COMMIT_DONE:
			return 0;
		case COMMIT_WITHDRAWN:
			return signal_pending(current) ? -ERESTARTSYS : 1;
		case COMMIT_REFUSED:
			err = READ_ONCE(end->port->dead) ? -EIDRM : -EACCES;
			break;
		}
	}
	receive_put_back(end, taken);
	return err;
}

/* --- the others of a batch ---------------------------------------------------- */

/*
 * Take what may be taken without sleeping, after the first @done. A message whose
 * sender waits, or at which somebody peeks, ends it: these may yet turn out not
 * to be received, so they are received alone.
 */
static void rest_take(struct mbx_end *end, struct mbx_receive *receive,
		      unsigned int done, struct list_head *rest)
{
	struct mbx_port *port = end->port;
	unsigned int locked;
	bool more;

	do {
		struct mbx_wakes wakes;

		more = false;
		mbx_wakes_begin(&wakes);
		spin_lock(&port->lock);
		for (locked = 0; done < receive->count; locked++) {
			struct mbx_taken taken;

			more = locked == RECEIVES_LOCKED;
			if (more || port->dead || end->revoked)
				break;
			taken.msg = mbx_queue_find(&end->channel->ready,
						   &receive->select);
			if (!taken.msg || mbx_message_waiter(taken.msg) ||
			    (taken.msg->pins & MBX_PINS_MAX))
				break;
			if (!receive->trunc &&
			    taken.msg->len > receive->rooms[done].size) {
				receive->error = -EMSGSIZE;
				receive->needed = taken.msg->len;
				break;
			}
			taken_remove(end, &taken, &wakes);
			list_add_tail(&taken.msg->node, rest);
			done++;
		}
		spin_unlock(&port->lock);
		mbx_wakes_finish(port, &wakes);
	} while (more);
}

static void receive_rest(struct mbx_end *end, struct mbx_receive *receive,
			 struct list_head *leases)
{
	struct mbx_message *msg, *next;
	LIST_HEAD(rest);
	int err = receive->error;

	if (err || receive->done == receive->count)
		return;

	rest_take(end, receive, receive->done, &rest);
	list_for_each_entry_safe(msg, next, &rest, node) {
		struct mbx_taken taken;

		/* Nobody else has it, so no lock is needed. */
		mbx_taken_fill(&taken, msg);
		if (err) {
			receive_put_back(end, &taken);
			continue;
		}
		err = receive_finish(end, receive, &taken, receive->done,
				     leases);
		if (err)
			receive->error = err;
		else
			receive->done++;
	}
}

/* Take up to @count that nobody waits for, neither for them nor for their room. */
static unsigned int take_quickly(struct mbx_end *end,
				 const struct mbx_receive *receive,
				 unsigned int count, struct mbx_message **taken)
{
	const struct mbx_room *rooms = receive->rooms + receive->done;
	struct mbx_queue *ready = &end->channel->ready;
	bool trunc = receive->trunc;
	unsigned int first, done = 0;

	if (!mbx_quick_may_receive(end))
		return 0;
	do {
		struct mbx_message *msg = mbx_queue_find(ready, &receive->select);
		u64 bytes = 0;

		for (first = done; msg && done < count; done++) {
			if (!mbx_quick_may_take(msg, trunc ? SIZE_MAX :
							     rooms[done].size))
				break;
			taken[done] = msg;
			bytes += msg->len;
			msg = mbx_queue_next(ready, msg);
		}
		if (done > first)
			mbx_queue_remove_run(ready, taken[first],
					     taken[done - 1], done - first,
					     bytes);
	} while (done > first && done < count);
	end->port->received += done;
	return done;
}

/*
 * Receive what need only be taken; what is left after that is for the general
 * way. Returns 0, or -errno for the first message.
 */
static int receive_quickly(struct mbx_end *end, struct mbx_receive *receive)
{
	struct mbx_message *taken[RECEIVES_LOCKED] __uninitialized;
	struct mbx_port *port = end->port;
	unsigned int count, copied, i;
	int err = 0;

	do {
		count = min(receive->count - receive->done, RECEIVES_LOCKED);
		spin_lock(&port->lock);
		count = take_quickly(end, receive, count, taken);
		spin_unlock(&port->lock);

		if (!count)
			break;
		copied = receive->copy_run(receive, taken, count, receive->done);
		if (copied < count)
			err = -EFAULT;
		/* A process that will never run again has received nothing. */
		if (fatal_signal_pending(current)) {
			copied = 0;
			err = -EINTR;
		}
		for (i = copied; i < count; i++)
			receive_put_back(end, &(struct mbx_taken){ .msg = taken[i] });
		if (trace_mailbox_receive_enabled())
			for (i = 0; i < copied; i++)
				trace_mailbox_receive(port->id, taken[i]->seq,
						      taken[i]->type,
						      taken[i]->len);
		mbx_messages_free(taken, copied);
		receive->done += copied;
	} while (!err && count == RECEIVES_LOCKED &&
		 receive->done < receive->count);
	if (!receive->done)
		return err;
	receive->error = err;
	return 0;
}

/**
 * mbx_port_receive() - receive messages
 * @end:	by which
 * @receive:	what and how
 *
 * Context: process, sleeps for the first message unless told not to. Return: 0
 * if at least one was received; -EIDRM, -EACCES, -EPIPE (end of file),
 * -EMSGSIZE, -EBUSY, -EAGAIN, -ETIMEDOUT, -ERESTARTSYS, -ENOMEM, or what
 * @receive->copy returned: the message is where it was. With @receive->reply
 * what mbx_port_reply() returns; if its token is 0 the answer was given.
 */
int mbx_port_receive(struct mbx_end *end, struct mbx_receive *receive)
{
	struct mbx_waiter waiter __uninitialized;
	struct mbx_wakes wakes __uninitialized;
	struct mbx_port *port = end->port;
	struct mbx_taken taken;
	LIST_HEAD(leases);
	bool again = false;
	int err;

	if (receive->lease) {
		err = leases_alloc(&leases, receive->count);
		if (err)
			return err;
	}

	err = 0;
	if (receive->count > 1 && !receive->lease)
		err = receive_quickly(end, receive);
	if (err)
		goto out;
	if (receive->done)
		goto rest;

	do {
		mbx_wakes_begin(&wakes);
		spin_lock(&port->lock);
		err = receive_locked(end, receive, &taken, &waiter, again,
				     &wakes);
		wakes.sync = err == 1;
		spin_unlock(&port->lock);
		mbx_wakes_finish(port, &wakes);
		if (err == 1) {
			err = receive_sleep(port, receive, &waiter, wakes.here);
			again = true;
		}
		if (!err)
			err = receive_finish(end, receive, &taken, 0, &leases);
	} while (err == 1);
	if (err)
		goto out;
	receive->done = 1;
rest:
	if (receive->count > 1)
		receive_rest(end, receive, &leases);
out:
	if (err)
		trace_mailbox_refuse(port->id, MAILBOX_WAITER_RECEIVER, err);
	if (receive->lease)
		leases_free(&leases);
	return err;
}
