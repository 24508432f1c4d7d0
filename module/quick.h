/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The common case of sending and of receiving, in a straight line.
 *
 * A thread sends as it has done before, to a port with room, where nobody sleeps,
 * polls or watches; or a message is ready, and nobody waits for its receipt, nor
 * for its room. Then there is nobody to wake, nothing to allocate, and nothing to
 * undo but to put back a message whose copy failed.
 *
 * Whatever is not like that is left as it is, for the general way (message.c,
 * send.c, receive.c), which makes all decisions anew, and reports all errors. So
 * what is here may only be too strict; who changes the general way has to see
 * whether there is something more that makes a send or a receive uncommon.
 */
#ifndef MBX_QUICK_H
#define MBX_QUICK_H

#include <linux/sched/signal.h>
#include <linux/timekeeping.h>

#include "handle.h"
#include "trace.h"
#include "transfer.h"
#include "user.h"

/**
 * mbx_quick_handle_message() - make a message of memory that was left
 * @handle:	who sends
 * @data:	the payload
 * @len:	of it
 * @type:	of the message
 * @priority:	of the message, in range
 * @time_ns:	of the message
 *
 * Context: process, may sleep. Return: the message; NULL if it is for
 * mbx_handle_message() to do.
 */
static __always_inline struct mbx_message *
mbx_quick_handle_message(struct mbx_handle *handle, const void __user *data,
			 size_t len, u64 type, u32 priority, u64 time_ns)
{
	struct mbx_sender *sender = mbx_handle_sender(handle);
	struct mbx_message *msg;

	if (!sender)
		return NULL;
	msg = mbx_quick_message(sender, data, len, type, priority, time_ns);
	if (!msg)
		mbx_sender_put(sender);
	return msg;
}

/**
 * mbx_quick_may_hand() - is a message for the first receiver that sleeps, if any?
 * @end:	by which it is sent
 *
 * Context: mbx_port.lock held.
 */
static inline bool mbx_quick_may_hand(const struct mbx_end *end)
{
	struct mbx_port *port = end->port;

	return !port->dead && !end->revoked &&
	       !mbx_port_receivers_gone(port) && !port->sender_exited &&
	       port->policy.on_full == MAILBOX_FULL_BLOCK &&
	       !mbx_port_broadcasts(port) && !port->pending.count;
}

/**
 * mbx_quick_may_send() - need messages only be queued, as long as there is room?
 * @end:	by which they are sent
 *
 * Context: mbx_port.lock held.
 */
static inline bool mbx_quick_may_send(const struct mbx_end *end)
{
	struct mbx_port *port = end->port;
	struct mbx_channel *channel = &port->shared;

	return mbx_quick_may_hand(end) && list_empty(&channel->receivers) &&
	       !mbx_polled(&channel->pollers) && list_empty(&port->guests) &&
	       list_empty(&port->watches.seeing);
}

/**
 * mbx_quick_queue() - queue a message that nobody waits for
 * @port:	where mbx_quick_may_send()
 * @msg:	in no queue; the port's if it is queued
 *
 * Context: mbx_port.lock held. Return: false if there is no room, or a lane is
 * needed, or the port does not take messages of this length.
 */
static inline bool mbx_quick_queue(struct mbx_port *port,
				   struct mbx_message *msg)
{
	if (msg->len > port->policy.message_bytes_max ||
	    !mbx_channel_has_room(port, &port->shared))
		return false;
	msg->seq = port->seq + 1;
	if (!mbx_queue_push(&port->shared.ready, msg, NULL))
		return false;
	port->seq++;
	port->sent++;
	trace_mailbox_send(port->id, msg->seq, msg->type, msg->len);
	return true;
}

/**
 * mbx_quick_send() - send one message
 * @end:	by which
 * @msg:	nobody waits for it; the port's if it is sent
 * @seq:	its number then; may be NULL
 *
 * Context: process. Return: false if it is for mbx_port_send() to do.
 */
static __always_inline bool mbx_quick_send(struct mbx_end *end,
					   struct mbx_message *msg, u64 *seq)
{
	struct mbx_port *port = end->port;
	bool sent;

	if (!list_empty(&port->shared.receivers))
		return mbx_port_hand(end, msg, seq);
	spin_lock(&port->lock);
	sent = mbx_quick_may_send(end) && mbx_quick_queue(port, msg);
	if (sent && seq)
		*seq = msg->seq;
	spin_unlock(&port->lock);
	return sent;
}

/**
 * mbx_quick_may_receive() - need messages only be taken, if there are any?
 * @end:	by which they are received
 *
 * Context: mbx_port.lock held.
 */
static inline bool mbx_quick_may_receive(const struct mbx_end *end)
{
	struct mbx_port *port = end->port;

	return !port->dead && !end->revoked && !port->pending.count &&
	       !mbx_polled(&port->pollers_send) && list_empty(&port->guests);
}

/* Is this message one that nobody waits for, and that fits? */
static inline bool mbx_quick_may_take(const struct mbx_message *msg,
				      size_t size)
{
	return !msg->waiter && !msg->pins && msg->len <= size;
}

/**
 * mbx_quick_receive() - take the first message in hand
 * @end:	by which
 * @size:	of at most so many bytes
 *
 * Context: process. Return: the message, for mbx_quick_finish(); NULL if it is for
 * mbx_port_receive() to do.
 */
static __always_inline struct mbx_message *
mbx_quick_receive(struct mbx_end *end, size_t size)
{
	static const struct mbx_select any = { .kind = MAILBOX_SELECT_ANY };
	struct mbx_queue *ready = &end->channel->ready;
	struct mbx_port *port = end->port;
	struct mbx_message *msg = NULL;

	/* Only spares the lock: the caller may have to sleep. */
	if (!data_race(end->channel->ready.count))
		return NULL;
	spin_lock(&port->lock);
	if (mbx_quick_may_receive(end))
		msg = mbx_queue_find(ready, &any);
	if (msg && !mbx_quick_may_take(msg, size))
		msg = NULL;
	if (msg) {
		mbx_queue_remove(ready, msg);
		port->received++;
	}
	spin_unlock(&port->lock);
	return msg;
}

/**
 * mbx_quick_finish() - a message that was in hand is received
 * @end:	by which
 * @msg:	from mbx_quick_receive()
 * @err:	what came of its copy to user space
 *
 * Context: process, may sleep. Return: 0; or -errno, and the message is where it
 * was.
 */
static __always_inline int mbx_quick_finish(struct mbx_end *end,
					    struct mbx_message *msg, int err)
{
	/* A process that will never run again has received nothing. */
	if (err || fatal_signal_pending(current))
		return mbx_port_unreceive(end, msg, err ?: -EINTR);
	trace_mailbox_receive(end->port->id, msg->seq, msg->type, msg->len);
	mbx_message_finish(msg);
	return 0;
}
#endif /* MBX_QUICK_H */
