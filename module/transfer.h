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
	const struct mbx_policy *policy = &port->policy;

	if (policy->buffering == MAILBOX_BUFFERING_RENDEZVOUS)
		return false;
	if (policy->buffering == MAILBOX_BUFFERING_BOUNDED &&
	    channel->ready.count >= policy->capacity)
		return false;
	return !policy->capacity_bytes ||
	       channel->ready.bytes < policy->capacity_bytes;
}

static inline bool mbx_port_receivers_gone(const struct mbx_port *port)
{
	return port->receiver_exited ||
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

/* transfer.c */
bool mbx_message_drop(struct mbx_message *msg);
bool mbx_port_accepts(const struct mbx_port *port,
		      const struct mbx_message *msg);
struct mbx_waiter *mbx_transfer_taker(const struct mbx_channel *channel,
				      const struct mbx_message *msg);
void mbx_transfer_show(struct mbx_port *port, struct mbx_channel *channel,
		       struct mbx_message *msg, const struct mbx_waiter *taker,
		       bool sent, struct mbx_wakes *wakes);
enum mbx_placed mbx_transfer_place(struct mbx_port *port,
				   struct mbx_message *msg,
				   struct mbx_reserve *reserve,
				   struct mbx_wakes *wakes);
void mbx_transfer_return(struct mbx_port *port, struct mbx_channel *channel,
			 struct mbx_message *msg, struct mbx_lanes *lanes,
			 struct mbx_wakes *wakes);
void mbx_transfer_accept(struct mbx_port *port, struct mbx_message *msg,
			 struct mbx_wakes *wakes);
void mbx_transfer_admit(struct mbx_port *port, struct mbx_wakes *wakes);
void mbx_transfer_withdraw(struct mbx_port *port, struct mbx_waiter *sender,
			   int result, struct mbx_wakes *wakes);
void mbx_transfer_refuse(struct mbx_port *port, struct mbx_waiter *sender,
			 struct mbx_wakes *wakes);
void mbx_taken_fill(struct mbx_taken *taken, struct mbx_message *msg);

bool mbx_reserve_wants(const struct mbx_port *port, struct mbx_reserve *reserve,
		       unsigned int lanes);
/* Without the lock. */
void mbx_reserve_init(struct mbx_reserve *reserve);
int mbx_reserve_fill(struct mbx_reserve *reserve, const struct mbx_message *msg);
void mbx_reserve_free(struct mbx_reserve *reserve);

/* hold.c */
void mbx_hold_request(struct mbx_end *end, struct mbx_waiter *caller, u64 token);
void mbx_hold_lease(struct mbx_end *end, struct mbx_lease *lease,
		    struct mbx_message *msg, u64 lease_ns);
void mbx_hold_forget(struct mbx_port *port, struct mbx_held *held);
int mbx_hold_reply(struct mbx_end *end, struct mbx_reply *reply,
		   struct mbx_wakes *wakes);
/* Without the lock. */
bool mbx_hold_release(struct mbx_port *port, struct mbx_end *end,
		      struct list_head *spent);
void mbx_hold_drop_all(struct mbx_port *port);

/* calls.c, without the lock */
void mbx_calls_note_server(struct mbx_end *end);
void mbx_calls_forget_servers(struct mbx_end *end);
void mbx_calls_enter(struct mbx_calls *calls, struct mbx_caller *caller,
		     struct mbx_end *end);
bool mbx_calls_stuck(struct mbx_calls *calls, struct mbx_caller *caller);
void mbx_calls_leave(struct mbx_calls *calls, struct mbx_caller *caller);

#endif /* MBX_TRANSFER_H */
