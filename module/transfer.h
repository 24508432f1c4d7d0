/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where messages go: what the files that move them share.
 */
#ifndef MBX_TRANSFER_H
#define MBX_TRANSFER_H

#include "waiter.h"

/* All of these: mbx_port.lock held. */

static inline bool mbx_channel_has_room(const struct mbx_port *port,
					const struct mbx_channel *channel)
{
	return channel->ready.count < port->room &&
	       channel->ready.bytes < port->room_bytes;
}

static inline bool mbx_port_receivers_gone(const struct mbx_port *port)
{
	return port->receiver_exited ||
	       (port->receiver && mbx_process_gone(port->receiver)) ||
	       ((port->flags & (MAILBOX_CREATE_HANGUP | MAILBOX_CREATE_SLOT)) &&
		port->receivers_seen && !port->receive_handles);
}

static inline bool mbx_port_senders_gone(const struct mbx_port *port)
{
	return port->sender_exited || port->receiver_exited ||
	       ((port->flags & MAILBOX_CREATE_HANGUP) && port->senders_seen &&
		!port->send_handles);
}

enum mbx_placed {
	MBX_PLACED,
	MBX_DROPPED,
	MBX_UNPLACED,
};

/**
 * mbx_message_drop() - a message is done with
 * @msg:	in no queue
 *
 * Return: true if the caller is to free it; false if somebody peeks at it, who
 * will.
 */
static inline bool mbx_message_drop(struct mbx_message *msg)
{
	if (!(msg->pins & MBX_PINS_MAX))
		return true;
	msg->pins |= MBX_PINS_DEAD;
	return false;
}

/**
 * mbx_taken_fill() - note what is to be known of a message that is taken
 * @taken:	filled
 * @msg:	the message
 */
static inline void mbx_taken_fill(struct mbx_taken *taken,
				  struct mbx_message *msg)
{
	const struct mbx_waiter *sender = mbx_message_waiter(msg);

	taken->msg = msg;
	taken->waited = sender;
	taken->pinned = msg->pins & MBX_PINS_MAX;
	taken->request = sender && sender->call;
	taken->reply_size = taken->request ? sender->reply_size : 0;
	taken->deliveries = mbx_message_deliveries(msg);
}

/* A sleeping receiver: can it take this message? */
static inline bool mbx_waiter_takes(const struct mbx_waiter *waiter,
				    const struct mbx_message *msg)
{
	const struct mbx_receive *receive = waiter->receive;

	return !receive->peek &&
	       (receive->trunc || msg->len <= receive->size) &&
	       mbx_select_match(&receive->select, msg);
}

/* It takes this one. */
static inline void mbx_waiter_give(struct mbx_port *port,
				   struct mbx_waiter *waiter,
				   struct mbx_message *msg)
{
	port->received++;
	mbx_taken_fill(waiter->taken, msg);
}

/* transfer.c */
struct mbx_waiter *mbx_transfer_taker_of(const struct mbx_channel *channel,
					 const struct mbx_message *msg);

/**
 * mbx_transfer_taker() - who gets a message that comes now?
 * @channel:	where
 * @msg:	the message
 *
 * Return: the first sleeping receiver that can take it, or NULL.
 */
static inline struct mbx_waiter *
mbx_transfer_taker(const struct mbx_channel *channel,
		   const struct mbx_message *msg)
{
	if (list_empty(&channel->receivers))
		return NULL;
	return mbx_transfer_taker_of(channel, msg);
}

void mbx_wakes_note_senders(struct mbx_port *port, __poll_t events, bool all,
			    struct mbx_wakes *wakes);

/* Who polls to send is to be told, all or one of them. */
static inline void mbx_wakes_senders(struct mbx_port *port, __poll_t events,
				     bool all, struct mbx_wakes *wakes)
{
	if (mbx_polled(&port->pollers_send) || !list_empty(&port->guests))
		mbx_wakes_note_senders(port, events, all, wakes);
}

void mbx_transfer_admit_pending(struct mbx_port *port, struct mbx_wakes *wakes);

/**
 * mbx_transfer_admit() - there may be more room than before
 * @port:	where
 * @wakes:	gets the senders that are let in, and who polls
 */
static inline void mbx_transfer_admit(struct mbx_port *port,
				      struct mbx_wakes *wakes)
{
	if (port->pending.count)
		mbx_transfer_admit_pending(port, wakes);
	/* One long message may have made room for many. */
	mbx_wakes_senders(port, MBX_POLL_SEND, port->policy.capacity_bytes,
			  wakes);
}

bool mbx_port_has_place(const struct mbx_port *port,
			const struct mbx_message *msg);

/**
 * mbx_port_accepts() - would a message that comes now not have to wait?
 * @port:	where
 * @msg:	the message, numbered
 *
 * Those who sleep already go first; but a receiver that sleeps does not want
 * what they have, so it may get this.
 */
static inline bool mbx_port_accepts(const struct mbx_port *port,
				    const struct mbx_message *msg)
{
	if (port->pending.count)
		return !mbx_port_broadcasts(port) &&
		       mbx_transfer_taker(&port->shared, msg);
	return (!mbx_port_broadcasts(port) &&
		mbx_channel_has_room(port, &port->shared)) ||
	       mbx_port_has_place(port, msg);
}

void mbx_transfer_show(struct mbx_port *port, struct mbx_channel *channel,
		       struct mbx_message *msg, const struct mbx_waiter *taker,
		       bool sent, struct mbx_wakes *wakes);
void mbx_transfer_hand(struct mbx_port *port, struct mbx_message *msg,
		       struct mbx_waiter *taker, struct mbx_wakes *wakes);
enum mbx_placed mbx_channel_put(struct mbx_port *port,
				struct mbx_channel *channel,
				struct mbx_message *msg,
				struct mbx_lanes *lanes,
				struct mbx_wakes *wakes);
enum mbx_placed mbx_transfer_place_other(struct mbx_port *port,
					 struct mbx_message *msg,
					 struct mbx_reserve *reserve,
					 struct mbx_wakes *wakes);

/* Queue a message that no receiver takes. False without a lane. */
static inline bool mbx_channel_queue(struct mbx_port *port,
				     struct mbx_channel *channel,
				     struct mbx_message *msg,
				     struct mbx_lanes *lanes,
				     struct mbx_wakes *wakes)
{
	struct mbx_waiter *sender = mbx_message_waiter(msg);

	if (!mbx_queue_push(&channel->ready, msg, lanes))
		return false;
	if (sender)
		sender->queue = &channel->ready;
	mbx_wakes_receivers(port, channel, MBX_POLL_RECEIVE, wakes);
	if (channel->ready.count == 1)
		mbx_watch_tell(&port->watches, MAILBOX_EVENT_MESSAGE);
	return true;
}

/**
 * mbx_transfer_place() - accept a message
 * @port:	where; mbx_port_accepts() the message
 * @msg:	numbered, in no queue; the port's if it is placed
 * @reserve:	what was brought along for it
 * @wakes:	gets whom it concerns
 *
 * Return: MBX_PLACED; MBX_DROPPED: that is the port's policy; MBX_UNPLACED: more
 * is needed in reserve, and nothing has happened. That cannot be if
 * mbx_reserve_wants() was asked.
 */
static inline enum mbx_placed mbx_transfer_place(struct mbx_port *port,
						 struct mbx_message *msg,
						 struct mbx_reserve *reserve,
						 struct mbx_wakes *wakes)
{
	struct mbx_channel *channel = &port->shared;
	struct mbx_waiter *first;

	if (port->policy.on_full != MAILBOX_FULL_BLOCK ||
	    mbx_port_broadcasts(port))
		return mbx_transfer_place_other(port, msg, reserve, wakes);
	first = list_first_entry_or_null(&channel->receivers,
					 struct mbx_waiter, node);
	/* Nearly always it wants what comes, and nobody is ahead of it. */
	if (first && mbx_waiter_takes(first, msg)) {
		mbx_transfer_hand(port, msg, first, wakes);
		return MBX_PLACED;
	}
	if (first)
		return mbx_channel_put(port, channel, msg, &reserve->lanes,
				       wakes);
	return mbx_channel_queue(port, channel, msg, &reserve->lanes, wakes) ?
	       MBX_PLACED : MBX_UNPLACED;
}

void mbx_transfer_return(struct mbx_port *port, struct mbx_channel *channel,
			 struct mbx_message *msg, struct mbx_lanes *lanes,
			 struct mbx_wakes *wakes);
void mbx_transfer_accept(struct mbx_port *port, struct mbx_message *msg,
			 struct mbx_wakes *wakes);
void mbx_transfer_withdraw(struct mbx_port *port, struct mbx_waiter *sender,
			   int result, struct mbx_wakes *wakes);
void mbx_transfer_refuse(struct mbx_port *port, struct mbx_waiter *sender,
			 struct mbx_wakes *wakes);

bool mbx_reserve_wants(const struct mbx_port *port, struct mbx_reserve *reserve,
		       unsigned int lanes);
/* Without the lock. */
int mbx_reserve_fill(struct mbx_reserve *reserve, const struct mbx_message *msg);
void mbx_reserve_empty(struct mbx_reserve *reserve);

static inline void mbx_reserve_init(struct mbx_reserve *reserve)
{
	mbx_lanes_init(&reserve->lanes);
	INIT_LIST_HEAD(&reserve->copies);
	reserve->count = 0;
	reserve->wanted = 0;
}

static inline void mbx_reserve_free(struct mbx_reserve *reserve)
{
	if (reserve->lanes.count || reserve->count)
		mbx_reserve_empty(reserve);
}

/* hold.c */
void mbx_hold_request(struct mbx_end *end, struct mbx_waiter *caller, u64 token);
void mbx_hold_lease(struct mbx_end *end, struct mbx_lease *lease,
		    struct mbx_message *msg, u64 lease_ns);
void mbx_hold_forget(struct mbx_port *port, struct mbx_held *held);
int mbx_hold_reply(struct mbx_end *end, struct mbx_reply *reply,
		   struct mbx_wakes *wakes);
bool mbx_hold_release_locked(struct mbx_end *end, struct mbx_lanes *lanes,
			     struct list_head *spent, struct mbx_lease **lease,
			     struct mbx_wakes *wakes);
/* Without the lock. */
bool mbx_hold_release(struct mbx_end *end, struct list_head *spent);
void mbx_hold_drop_all(struct mbx_port *port);

/* port.c */
void mbx_channel_init(struct mbx_channel *channel, u64 since);
bool mbx_channel_end(struct mbx_port *port, struct mbx_channel *channel,
		     bool all, int result, struct mbx_wakes *wakes);
bool mbx_port_end_senders(struct mbx_port *port, bool all, int result,
			  struct mbx_wakes *wakes);

/* calls.c, without the lock */
void mbx_calls_note_another(struct mbx_end *end);

/**
 * mbx_calls_note_server() - the calling thread receives a request
 * @end:	by which
 *
 * Context: process, may sleep. Without memory the end is never held to be stuck.
 */
static inline void mbx_calls_note_server(struct mbx_end *end)
{
	/* Set once it is in the list, which keeps it. */
	if (READ_ONCE(end->server_last) != task_pid(current))
		mbx_calls_note_another(end);
}

void mbx_calls_forget_servers(struct mbx_end *end);
void mbx_calls_enter(struct mbx_calls *calls, struct mbx_caller *caller,
		     struct mbx_end *end);
bool mbx_calls_stuck(struct mbx_calls *calls, struct mbx_caller *caller);
void mbx_calls_leave(struct mbx_calls *calls, struct mbx_caller *caller);

#endif /* MBX_TRANSFER_H */
