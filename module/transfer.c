// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where messages go: hand-over, admission, drops, put-back, withdrawal.
 *
 * DOC: where a message is
 *
 *	send ---> pending ---> ready ---> taken ---> freed
 *	     \________________/ ^  \______/ ^  \
 *	      \________________/__________/     \--> leased ---> freed
 *	                       \_________________________/
 *
 * ready:   accepted. A sender without SYNC is not concerned any more.
 * pending: not accepted yet: its sender sleeps for room or, on a rendezvous
 *	    port, for a receiver. It can be received all the same, when nothing
 *	    that is ready matches; so a receiver never sleeps beside a sleeping
 *	    sender that has what it waits for. To be taken is to be accepted.
 * taken:   in no queue, a receiver copies it to user memory, without a lock.
 *	    If that fails it goes to where its number belongs in ready, which
 *	    may then hold more than its capacity: capacity bounds sends.
 * leased:  in no queue, with a struct mbx_lease. It goes back in the same way.
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
 * sender gets its receipt; or, if it calls, it is in the hand of the receiver
 * now and sleeps on for its answer. A signal, the deadline or the end of the
 * port withdraws: the waiter leaves the message, and a receiver that has it
 * finds at its commit that it has nothing, and looks for the next one. Nobody
 * waits for another process's copy.
 *
 * DOC: broadcast
 *
 * Each end that receives has a channel of its own. The message that is sent
 * goes into none of them: for each there is a copy, a header that shares the
 * payload. A message that is pending is for those who were there when it was
 * sent, and is let in when all of them have room, in one step; so its sender
 * brings all copies along. Nobody sleeps for a copy, so a broadcast message has
 * a waiter only while it is pending, and pending is nobody's to receive from.
 */
#include <linux/pid.h>

#include "trace.h"
#include "transfer.h"

static const struct mbx_select select_any = { .kind = MAILBOX_SELECT_ANY };

/* One send drops at most so many, if it finds a port that was made smaller. */
#define DROPS_MAX	8

/* --- reserve --------------------------------------------------------------- */

/**
 * mbx_reserve_wants() - is there too little in reserve to place a message?
 * @port:	where
 * @reserve:	the reserve; told how much is needed
 * @lanes:	so many on a port that does not broadcast
 *
 * Context: mbx_port.lock held.
 */
bool mbx_reserve_wants(const struct mbx_port *port, struct mbx_reserve *reserve,
		       unsigned int lanes)
{
	if (mbx_port_broadcasts(port)) {
		reserve->wanted = port->receive_handles;
		return reserve->lanes.count <= reserve->wanted ||
		       reserve->count < reserve->wanted;
	}
	return reserve->lanes.count < lanes;
}

/**
 * mbx_reserve_fill() - get what is wanted
 * @reserve:	the reserve
 * @msg:	what is to be placed
 *
 * Context: process, may sleep. Return: 0, -ENOMEM, -EDQUOT.
 */
int mbx_reserve_fill(struct mbx_reserve *reserve, const struct mbx_message *msg)
{
	/* One to sleep with, and one for each queue that it goes into. */
	if (!mbx_lanes_fill(&reserve->lanes, max(reserve->wanted + 1, 2U),
			    GFP_KERNEL))
		return -ENOMEM;
	while (reserve->count < reserve->wanted) {
		struct mbx_message *copy = mbx_message_alloc_copy(msg);

		if (IS_ERR(copy))
			return PTR_ERR(copy);
		list_add(&copy->node, &reserve->copies);
		reserve->count++;
	}
	return 0;
}

/**
 * mbx_reserve_empty() - mbx_reserve_free(), if there is something in it
 * @reserve:	the reserve
 */
void mbx_reserve_empty(struct mbx_reserve *reserve)
{
	struct mbx_message *copy, *next;

	mbx_lanes_free(&reserve->lanes);
	list_for_each_entry_safe(copy, next, &reserve->copies, node)
		mbx_message_free(copy);
}

/* --- hand-over ------------------------------------------------------------- */

/* It was queued, and its sender does not wait for it. */
static void message_discard(struct mbx_message *msg, struct mbx_wakes *wakes)
{
	if (mbx_message_drop(msg))
		mbx_wakes_drop(wakes, msg);
}

/**
 * mbx_transfer_taker_of() - mbx_transfer_taker(), if somebody sleeps
 * @channel:	where
 * @msg:	the message
 */
struct mbx_waiter *mbx_transfer_taker_of(const struct mbx_channel *channel,
					 const struct mbx_message *msg)
{
	struct mbx_waiter *waiter;

	list_for_each_entry(waiter, &channel->receivers, node)
		if (mbx_waiter_takes(waiter, msg))
			return waiter;
	return NULL;
}

/**
 * mbx_transfer_show() - let those see a message who will not take it
 * @port:	where
 * @channel:	of it
 * @msg:	the message
 * @taker:	who will, or NULL
 * @sent:	it stays, or goes to @taker
 * @wakes:	gets whom it concerns
 *
 * Those who sleep ahead of @taker (or all, if NULL) for a message like @msg,
 * but will not take it, have their answer: a buffer that is too short, and, if
 * @sent, a peek.
 *
 * A send that is refused answers too. What polled for it was told by the
 * sleeping receiver that it would be accepted (mbx_port_accepts()), and the two
 * would go on like this for ever.
 *
 * Context: mbx_port.lock held.
 */
void mbx_transfer_show(struct mbx_port *port, struct mbx_channel *channel,
		       struct mbx_message *msg, const struct mbx_waiter *taker,
		       bool sent, struct mbx_wakes *wakes)
{
	struct mbx_waiter *waiter, *next;

	list_for_each_entry_safe(waiter, next, &channel->receivers, node) {
		struct mbx_receive *receive = waiter->receive;

		if (waiter == taker)
			break;
		if (!mbx_select_match(&receive->select, msg))
			continue;
		if (!receive->trunc && msg->len > receive->size) {
			receive->needed = msg->len;
			mbx_waiter_end(port, waiter, -EMSGSIZE, wakes);
		} else if (!sent) {
			continue;
		} else if ((msg->pins & MBX_PINS_MAX) < MBX_PINS_MAX) {
			msg->pins++;
			mbx_taken_fill(waiter->taken, msg);
			mbx_waiter_end(port, waiter, 0, wakes);
		} else {
			mbx_waiter_end(port, waiter, -EBUSY, wakes);
		}
	}
}

/**
 * mbx_transfer_hand() - give a message to a sleeping receiver
 * @port:	where
 * @msg:	in no queue
 * @taker:	mbx_waiter_takes() the message
 * @wakes:	gets it
 *
 * Context: mbx_port.lock held.
 */
void mbx_transfer_hand(struct mbx_port *port, struct mbx_message *msg,
		       struct mbx_waiter *taker, struct mbx_wakes *wakes)
{
	struct mbx_waiter *sender = mbx_message_waiter(msg);

	if (sender)
		sender->queue = NULL;
	mbx_waiter_give(port, taker, msg);
	mbx_waiter_end(port, taker, 0, wakes);
}

/**
 * mbx_channel_put() - give a message to whom it belongs, or queue it
 * @port:	where
 * @channel:	of it
 * @msg:	in no queue
 * @lanes:	one of them may be needed
 * @wakes:	gets whom it concerns
 *
 * Context: mbx_port.lock held. Return: MBX_PLACED; MBX_UNPLACED if there is no
 * lane, and nothing has happened.
 */
enum mbx_placed mbx_channel_put(struct mbx_port *port,
				struct mbx_channel *channel,
				struct mbx_message *msg,
				struct mbx_lanes *lanes,
				struct mbx_wakes *wakes)
{
	struct mbx_waiter *taker = mbx_transfer_taker(channel, msg);

	if (!taker && !mbx_channel_queue(port, channel, msg, lanes, wakes))
		return MBX_UNPLACED;
	if (!list_empty(&channel->receivers))
		mbx_transfer_show(port, channel, msg, taker, true, wakes);
	if (taker)
		mbx_transfer_hand(port, msg, taker, wakes);
	return MBX_PLACED;
}

/* End the wait of a sender in vain, whatever room that makes. */
static void sender_withdraw(struct mbx_port *port, struct mbx_waiter *sender,
			    int result, struct mbx_wakes *wakes)
{
	struct mbx_message *msg = sender->msg;

	if (sender->held.end) {
		/* A server has the request, and will find nobody to answer. */
		mbx_hold_forget(port, &sender->held);
		goto end;
	}
	msg->waiter = NULL;
	if (sender->accepted)
		port->sent--;
	if (sender->queue) {
		mbx_queue_remove(sender->queue, msg);
		if (!mbx_message_drop(msg))
			sender->msg = NULL;
	} else {
		/* The receiver that has it drops it when it commits. */
		sender->msg = NULL;
	}
end:
	mbx_waiter_end(port, sender, result, wakes);
}

/* --- a full port ----------------------------------------------------------- */

static void message_count_drop(struct mbx_port *port, struct mbx_message *msg)
{
	port->dropped++;
	trace_mailbox_drop(port->id, msg->seq, msg->type, msg->len);
}

static void channel_drop(struct mbx_port *port, struct mbx_channel *channel,
			 struct mbx_message *msg, struct mbx_wakes *wakes)
{
	struct mbx_waiter *sender = mbx_message_waiter(msg);

	message_count_drop(port, msg);
	if (sender) {
		sender_withdraw(port, sender, -ENOBUFS, wakes);
	} else {
		mbx_queue_remove(&channel->ready, msg);
		message_discard(msg, wakes);
	}
}

/*
 * Make room for @msg, on a port that does not block. Returns false if it is
 * @msg itself that is dropped.
 */
static bool channel_make_room(struct mbx_port *port,
			      struct mbx_channel *channel,
			      const struct mbx_message *msg,
			      struct mbx_wakes *wakes)
{
	u32 on_full = port->policy.on_full;
	unsigned int drops;

	if (on_full == MAILBOX_FULL_DROP_NEWEST)
		return false;
	for (drops = 0; drops < DROPS_MAX &&
	     !mbx_channel_has_room(port, channel); drops++) {
		struct mbx_message *least = mbx_queue_least(&channel->ready);

		if (!least)
			break;
		if (on_full == MAILBOX_FULL_DROP_OLDEST &&
		    least->priority > msg->priority)
			return drops;
		channel_drop(port, channel, least, wakes);
	}
	return true;
}

/* --- placing a message ----------------------------------------------------- */

/* Broadcast: those who came later than the message do not get it. */
static bool channel_concerns(const struct mbx_channel *channel,
			     const struct mbx_message *msg)
{
	return channel->since < msg->seq;
}

/**
 * mbx_port_has_place() - could a message be placed, if nobody was before it?
 * @port:	where
 * @msg:	the message, numbered
 *
 * Context: mbx_port.lock held.
 */
bool mbx_port_has_place(const struct mbx_port *port,
			const struct mbx_message *msg)
{
	const struct mbx_channel *channel;

	if (port->policy.on_full != MAILBOX_FULL_BLOCK)
		return true;
	if (!mbx_port_broadcasts(port))
		return mbx_channel_has_room(port, &port->shared) ||
		       mbx_transfer_taker(&port->shared, msg);
	list_for_each_entry(channel, &port->channels, node)
		if (channel_concerns(channel, msg) &&
		    !mbx_channel_has_room(port, channel) &&
		    !mbx_transfer_taker(channel, msg))
			return false;
	return true;
}

/* Is there room for a message of anybody? */
static bool port_has_room(const struct mbx_port *port)
{
	const struct mbx_channel *channel;

	if (port->pending.count)
		return false;
	if (port->policy.on_full != MAILBOX_FULL_BLOCK)
		return true;
	list_for_each_entry(channel, &port->channels, node)
		if (!mbx_channel_has_room(port, channel))
			return false;
	return true;
}

/**
 * mbx_wakes_note_senders() - mbx_wakes_senders(), if somebody polls
 * @port:	likewise, as are the others
 * @events:	what of
 * @all:	all of them
 * @wakes:	noted here
 *
 * Some believe what they are told and do not look, so it must be true; and if it
 * depends on who asks, all are to look.
 */
void mbx_wakes_note_senders(struct mbx_port *port, __poll_t events, bool all,
			    struct mbx_wakes *wakes)
{
	lockdep_assert_held(&port->lock);
	if (!(events & (EPOLLHUP | EPOLLERR)) && !port_has_room(port)) {
		/* A receiver that sleeps may take it past all that. */
		if (!port->receivers_waiting)
			return;
		all = true;
	}
	mbx_guests_wake(port, FMODE_WRITE, events);
	if (!mbx_polled(&port->pollers_send))
		return;
	wakes->some = true;
	/* What several have done concerns several. */
	if (all || wakes->send_events)
		wakes->send_all = true;
	wakes->send_events |= events;
}

static void broadcast_place(struct mbx_port *port, struct mbx_message *msg,
			    struct mbx_reserve *reserve,
			    struct mbx_wakes *wakes)
{
	struct mbx_channel *channel;

	refcount_set(&msg->copies, 1);
	list_for_each_entry(channel, &port->channels, node) {
		struct mbx_message *copy;

		if (!channel_concerns(channel, msg))
			continue;
		if (!mbx_channel_has_room(port, channel) &&
		    !mbx_transfer_taker(channel, msg) &&
		    !channel_make_room(port, channel, msg, wakes)) {
			message_count_drop(port, msg);
			continue;
		}
		copy = list_first_entry(&reserve->copies, struct mbx_message,
					node);
		list_del(&copy->node);
		reserve->count--;
		mbx_message_share(copy, msg);
		mbx_channel_put(port, channel, copy, &reserve->lanes, wakes);
	}
	/* Nobody was there, or all were full. */
	if (refcount_dec_and_test(&msg->copies))
		mbx_wakes_drop(wakes, msg);
}

/**
 * mbx_transfer_place_other() - mbx_transfer_place(), if a full port does not block,
 *	or it broadcasts
 * @port:	likewise, as are the others
 * @msg:	likewise
 * @reserve:	likewise
 * @wakes:	likewise
 */
enum mbx_placed mbx_transfer_place_other(struct mbx_port *port,
					 struct mbx_message *msg,
					 struct mbx_reserve *reserve,
					 struct mbx_wakes *wakes)
{
	struct mbx_channel *channel = &port->shared;

	if (mbx_port_broadcasts(port)) {
		broadcast_place(port, msg, reserve, wakes);
		return MBX_PLACED;
	}
	if (!mbx_channel_has_room(port, channel) &&
	    !mbx_transfer_taker(channel, msg)) {
		/* Nothing is dropped for one that is not queued then. */
		if (!reserve->lanes.count)
			return MBX_UNPLACED;
		if (!channel_make_room(port, channel, msg, wakes)) {
			message_count_drop(port, msg);
			return MBX_DROPPED;
		}
	}
	return mbx_channel_put(port, channel, msg, &reserve->lanes, wakes);
}

/**
 * mbx_transfer_return() - a message that was taken goes back
 * @port:	where
 * @channel:	from which it was taken
 * @msg:	the message, in no queue
 * @lanes:	at least one
 * @wakes:	gets whom it concerns
 *
 * Context: mbx_port.lock held.
 */
void mbx_transfer_return(struct mbx_port *port, struct mbx_channel *channel,
			 struct mbx_message *msg, struct mbx_lanes *lanes,
			 struct mbx_wakes *wakes)
{
	port->received--;
	mbx_channel_put(port, channel, msg, lanes, wakes);
}

/* --- senders that sleep ---------------------------------------------------- */

/*
 * @msg has left the pending queue for good: its sender need not wait for room.
 * Returns the sender if its wait is over, for the caller to end.
 */
static struct mbx_waiter *message_accept(struct mbx_port *port,
					 struct mbx_message *msg)
{
	struct mbx_waiter *sender = msg->waiter;

	port->sent++;
	sender->accepted = true;
	sender->queue = NULL;
	if (sender->sync)
		return NULL;
	msg->waiter = NULL;
	sender->msg = NULL;
	return sender;
}

/**
 * mbx_transfer_accept() - a pending message was taken
 * @port:	where
 * @msg:	the message, in no queue now
 * @wakes:	gets its sender, if it waited for room only
 *
 * Context: mbx_port.lock held.
 */
void mbx_transfer_accept(struct mbx_port *port, struct mbx_message *msg,
			 struct mbx_wakes *wakes)
{
	struct mbx_waiter *sender = message_accept(port, msg);

	if (sender)
		mbx_waiter_end(port, sender, 0, wakes);
}

/**
 * mbx_transfer_refuse() - the message of a sender with SYNC is dropped
 * @port:	where
 * @sender:	whose message is accepted, and was not placed
 * @wakes:	gets both
 *
 * Context: mbx_port.lock held.
 */
void mbx_transfer_refuse(struct mbx_port *port, struct mbx_waiter *sender,
			 struct mbx_wakes *wakes)
{
	struct mbx_message *msg = sender->msg;

	sender_withdraw(port, sender, -ENOBUFS, wakes);
	message_discard(msg, wakes);
}

/* Let the first of those who sleep in. */
static void port_admit(struct mbx_port *port, struct mbx_message *msg,
		       struct mbx_wakes *wakes)
{
	struct mbx_waiter *sender = msg->waiter;
	bool sync = sender->sync;
	bool dropped;

	mbx_queue_remove(&port->pending, msg);
	message_accept(port, msg);
	dropped = mbx_transfer_place(port, msg, sender->reserve, wakes) ==
		  MBX_DROPPED;
	if (sync) {
		if (dropped)
			mbx_transfer_refuse(port, sender, wakes);
		return;
	}
	if (dropped) {
		port->sent--;
		sender->seq = 0;
		message_discard(msg, wakes);
	}
	mbx_waiter_end(port, sender, 0, wakes);
}

/**
 * mbx_transfer_admit_pending() - let in who there is room for
 * @port:	where
 * @wakes:	gets the senders that are let in, in the order of their arrival
 *
 * Context: mbx_port.lock held.
 */
void mbx_transfer_admit_pending(struct mbx_port *port, struct mbx_wakes *wakes)
{
	/* Whoever is still asleep then is about to be told so. */
	while (!port->dead && !mbx_port_receivers_gone(port) &&
	       port->pending.count) {
		struct mbx_message *msg;

		msg = mbx_queue_find(&port->pending, &select_any);
		if (!mbx_port_has_place(port, msg))
			break;
		port_admit(port, msg, wakes);
	}
}

/**
 * mbx_transfer_withdraw() - end the wait of a sender in vain
 * @port:	where
 * @sender:	whose message was not received, or not answered
 * @result:	-errno
 * @wakes:	gets it, and whom it makes room for
 *
 * Nobody gets the message any more. The sender frees it if mbx_waiter.msg is
 * set afterwards.
 *
 * Context: mbx_port.lock held.
 */
void mbx_transfer_withdraw(struct mbx_port *port, struct mbx_waiter *sender,
			   int result, struct mbx_wakes *wakes)
{
	/* Whoever slept behind a broadcast may be able to go now. */
	bool room = sender->queue && (sender->queue != &port->pending ||
				      mbx_port_broadcasts(port));

	sender_withdraw(port, sender, result, wakes);
	if (room)
		mbx_transfer_admit(port, wakes);
}
