// SPDX-License-Identifier: GPL-2.0-only
/*
 * By what handles use a port: they come, go, and lose their right.
 */
#include <linux/slab.h>

#include "transfer.h"

/* One who revokes lets others have the lock after so many ends. */
#define ENDS_LOCKED	64

/**
 * mbx_port_attach() - a handle is going to use a port
 * @port:	the port
 * @end:	for what: its mode, who and by what right are set
 *
 * Context: process. Return: 0, -EIDRM, -ENOSPC.
 */
int mbx_port_attach(struct mbx_port *port, struct mbx_end *end)
{
	struct mbx_wakes wakes;
	int err = 0;

	end->channel = NULL;
	end->sibling = NULL;
	INIT_LIST_HEAD(&end->polled);
	mbx_channel_init(&end->own, 0);
	end->revoked = false;
	INIT_LIST_HEAD(&end->held);
	INIT_LIST_HEAD(&end->servers);
	end->servers_known = 0;
	end->servers_unknown = false;
	end->server_last = NULL;
	end->yield_skips = 0;

	mbx_wakes_begin(&wakes);
	spin_lock(&port->lock);
	if (port->dead) {
		err = -EIDRM;
		goto unlock;
	}
	if (mbx_port_broadcasts(port) && end->mode == FMODE_READ &&
	    port->receive_handles >= MAILBOX_BROADCAST_MAX) {
		err = -ENOSPC;
		goto unlock;
	}
	if (end->mode == FMODE_READ) {
		bool gone = mbx_port_receivers_gone(port);

		end->channel = &port->shared;
		if (mbx_port_broadcasts(port)) {
			end->channel = &end->own;
			end->own.since = port->seq;
			list_add_tail(&end->own.node, &port->channels);
		}
		port->receive_handles++;
		port->receivers_seen++;
		end->peers_seen = port->senders_seen;
		end->met = port->send_handles;
		/* Nobody was let in while the port was hung up. */
		if (gone) {
			mbx_transfer_admit(port, &wakes);
			wakes.send_all = true;
		}
	} else {
		port->send_handles++;
		port->senders_seen++;
		end->peers_seen = port->receivers_seen;
		end->met = port->receive_handles;
	}
	/* Those that receive come first, for who looks for them. */
	if (end->mode == FMODE_READ)
		list_add(&end->node, &port->ends);
	else
		list_add_tail(&end->node, &port->ends);
	end->port = port;
	mbx_watch_tell(&port->watches, end->mode == FMODE_READ ?
				       MAILBOX_EVENT_RECEIVER :
				       MAILBOX_EVENT_SENDER);
unlock:
	spin_unlock(&port->lock);
	mbx_wakes_finish(port, &wakes);
	return err;
}

/* An end does not count any more. */
static void end_leave(struct mbx_end *end, struct mbx_wakes *wakes)
{
	struct mbx_port *port = end->port;

	lockdep_assert_held(&port->lock);
	list_del_init(&end->polled);
	if (end->mode == FMODE_READ)
		port->receive_handles--;
	else
		port->send_handles--;
	if (end->channel == &end->own) {
		list_del(&end->own.node);
		/* It may have been what others had to wait for. */
		mbx_transfer_admit(port, wakes);
		wakes->send_all = true;
	}
}

/**
 * mbx_port_detach() - a bound handle is closed
 * @end:	nobody uses it any more
 * @spent:	gets messages that have had their last lease
 *
 * Context: process, may sleep for memory.
 */
void mbx_port_detach(struct mbx_end *end, struct list_head *spent)
{
	struct mbx_port *port = end->port;
	struct mbx_wakes wakes;

	while (mbx_hold_release(end, spent))
		cond_resched();

	mbx_wakes_begin(&wakes);
	spin_lock(&port->lock);
	if (port->cursor == &end->node)
		port->cursor = end->node.next;
	list_del(&end->node);
	if (end->sibling)
		end->sibling->sibling = NULL;
	if (!end->revoked)
		end_leave(end, &wakes);
	spin_unlock(&port->lock);
	mbx_wakes_finish(port, &wakes);

	mbx_port_hang_up(port);
	if (end->channel == &end->own)
		mbx_port_drain(port, &end->own.ready);
	mbx_calls_forget_servers(end);
}

/* --- losing the right -------------------------------------------------------- */

/* A handle that may not do both any more may do neither. */
static bool end_loses(const struct mbx_end *end,
		      bool (*keeps)(const struct mbx_end *end))
{
	return !keeps(end) || (end->sibling && !keeps(end->sibling));
}

/* Who polls it is told so, and of nothing else any more. */
static void end_revoke(struct mbx_end *end, struct mbx_wakes *wakes)
{
	struct mbx_port *port = end->port;

	WRITE_ONCE(end->revoked, true);
	end_leave(end, wakes);
	mbx_pollers_wake(&end->own.pollers, MBX_POLL_RECEIVE | MBX_POLL_SEND |
					    EPOLLHUP | EPOLLERR, true);
	/* Behind those that count, where the cursor meets it again. */
	port->cursor = end->node.next;
	list_move_tail(&end->node, &port->ends);
	if (port->cursor == &port->ends)
		port->cursor = &end->node;
}

/* The next of the ends that are to be looked at in turn, or NULL. */
static struct mbx_end *cursor_end(const struct mbx_port *port)
{
	if (port->cursor == &port->ends)
		return NULL;
	return list_entry(port->cursor, struct mbx_end, node);
}

static void cursor_begin(struct mbx_port *port)
{
	spin_lock(&port->lock);
	port->cursor = port->ends.next;
	spin_unlock(&port->lock);
}

/* Revoke some more ends. Returns false when all were looked at. */
static bool ends_revoke(struct mbx_port *port,
			bool (*keeps)(const struct mbx_end *end))
{
	struct mbx_wakes wakes;
	unsigned int looked;
	struct mbx_end *end;

	mbx_wakes_begin(&wakes);
	spin_lock(&port->lock);
	for (looked = 0; looked < ENDS_LOCKED; looked++) {
		end = cursor_end(port);
		if (!end)
			break;
		if (!end->revoked && end_loses(end, keeps)) {
			end_revoke(end, &wakes);
			continue;
		}
		/* Who sleeps at its own channel is not found at the port. */
		if (end->revoked && end->channel == &end->own &&
		    mbx_channel_end(port, &end->own, true, -EACCES, &wakes))
			break;
		port->cursor = port->cursor->next;
	}
	end = cursor_end(port);
	spin_unlock(&port->lock);
	mbx_wakes_finish(port, &wakes);
	return end;
}

/*
 * Settle one thing that a revoked end had: what is in its hand, what is queued for
 * it alone. Returns false if there is nothing left.
 */
static bool end_clear(struct mbx_end *end, struct mbx_lanes *lanes,
		      struct list_head *spent, struct mbx_lease **lease,
		      struct mbx_queue *ready, struct mbx_wakes *wakes)
{
	if (mbx_hold_release_locked(end, lanes, spent, lease, wakes))
		return true;
	/* In this order: a lease returns to the queue. */
	if (end->channel != &end->own || !end->own.ready.count)
		return false;
	*ready = end->own.ready;
	mbx_queue_init(&end->own.ready, false);
	return true;
}

/* Clear up behind some more ends. Returns false when all were looked at. */
static bool ends_clear(struct mbx_port *port, struct list_head *spent)
{
	struct mbx_lease *lease = NULL;
	struct mbx_queue ready;
	struct mbx_lanes lanes;
	struct mbx_wakes wakes;
	unsigned int looked;
	struct mbx_end *end;

	mbx_queue_init(&ready, false);
	mbx_lanes_init(&lanes);
	mbx_lanes_fill(&lanes, 1, GFP_KERNEL | __GFP_NOFAIL);
	mbx_wakes_begin(&wakes);
	spin_lock(&port->lock);
	for (looked = 0; looked < ENDS_LOCKED; looked++) {
		end = cursor_end(port);
		if (!end)
			break;
		if (end->revoked &&
		    end_clear(end, &lanes, spent, &lease, &ready, &wakes))
			break;
		port->cursor = port->cursor->next;
	}
	end = cursor_end(port);
	spin_unlock(&port->lock);
	mbx_wakes_finish(port, &wakes);
	mbx_lanes_free(&lanes);
	kfree(lease);
	mbx_port_drain(port, &ready);
	return end;
}

/**
 * mbx_port_revoke() - some handles lose their right
 * @port:	the port
 * @keeps:	called under mbx_port.lock: does the end keep it?
 * @spent:	gets messages that have had their last lease
 *
 * Those who sleep get -EACCES, and what they had in hand is settled.
 *
 * Context: process, mbx_registry.lock held, so that nobody else revokes, and no
 * end comes; may sleep for memory.
 */
void mbx_port_revoke(struct mbx_port *port,
		     bool (*keeps)(const struct mbx_end *end),
		     struct list_head *spent)
{
	struct mbx_wakes wakes;
	bool more;

	cursor_begin(port);
	while (ends_revoke(port, keeps))
		cond_resched();

	/* Before a lease returns, which must not be handed to one of them. */
	do {
		mbx_wakes_begin(&wakes);
		spin_lock(&port->lock);
		more = mbx_port_end_senders(port, false, -EACCES, &wakes) ||
		       mbx_channel_end(port, &port->shared, false, -EACCES,
				       &wakes);
		spin_unlock(&port->lock);
		mbx_wakes_finish(port, &wakes);
		cond_resched();
	} while (more);

	cursor_begin(port);
	while (ends_clear(port, spent))
		cond_resched();
	mbx_port_changed(port);
	mbx_port_hang_up(port);
}
