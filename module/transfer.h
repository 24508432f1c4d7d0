/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Moving messages through a port: what port.c needs of transfer.c.
 */
#ifndef MBX_TRANSFER_H
#define MBX_TRANSFER_H

#include "waiter.h"

/* All of these: mbx_port.lock held. */

static inline bool mbx_port_has_room(const struct mbx_port *port)
{
	const struct mbx_policy *policy = &port->policy;

	if (policy->buffering == MAILBOX_BUFFERING_RENDEZVOUS)
		return false;
	if (policy->buffering == MAILBOX_BUFFERING_BOUNDED &&
	    port->ready.count >= policy->capacity)
		return false;
	return !policy->capacity_bytes ||
	       port->ready.bytes < policy->capacity_bytes;
}

/* Would a send that finds no receiver be accepted? Sleepers go first. */
static inline bool mbx_port_accepts(const struct mbx_port *port)
{
	return !port->pending.count && mbx_port_has_room(port);
}

static inline bool mbx_port_receivers_gone(const struct mbx_port *port)
{
	return (port->flags & MAILBOX_CREATE_HANGUP) && port->had_receiver &&
	       !port->receive_handles;
}

static inline bool mbx_port_senders_gone(const struct mbx_port *port)
{
	return (port->flags & MAILBOX_CREATE_HANGUP) && port->had_sender &&
	       !port->send_handles;
}

struct mbx_waiter *mbx_transfer_taker(const struct mbx_port *port,
				      const struct mbx_message *msg);
void mbx_transfer_admit(struct mbx_port *port, struct mbx_wakes *wakes);
bool mbx_transfer_end_senders(struct mbx_port *port, int result,
			      struct mbx_wakes *wakes);
bool mbx_transfer_end_receivers(struct mbx_port *port, int result,
				struct mbx_wakes *wakes);

/* Without the lock. */
void mbx_transfer_drain(struct mbx_port *port, struct mbx_queue *queue);

#endif /* MBX_TRANSFER_H */
