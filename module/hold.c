// SPDX-License-Identifier: GPL-2.0-only
/*
 * What receivers have in hand: messages under a lease, and requests that are to
 * be answered.
 *
 * DOC: in hand
 *
 * What was received and is not settled hangs on the end by which it was
 * received, so that the close of the handle settles it, whatever the reason: a
 * lease returns to the queue, and the caller of a request is told. A token
 * names one lease or request, and only together with the end.
 *
 * A request is the waiter of its caller, which sleeps as long as it is here. Of
 * the two who may end that, the server with its answer and the caller with its
 * deadline, the first who has the lock wins; the other one finds nothing.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/pid.h>
#include <linux/slab.h>

#include "trace.h"
#include "transfer.h"

static struct mbx_lease *held_lease(struct mbx_held *held)
{
	return container_of(held, struct mbx_lease, held);
}

static struct mbx_waiter *held_caller(struct mbx_held *held)
{
	return container_of(held, struct mbx_waiter, held);
}

/* Ends of a broadcast port have messages of the same number. */
static int held_compare(const struct mbx_held *held, u64 token,
			const struct mbx_end *end)
{
	if (token != held->token)
		return token < held->token ? -1 : 1;
	if (end != held->end)
		return end < held->end ? -1 : 1;
	return 0;
}

static void hold(struct mbx_end *end, struct mbx_held *held, u64 token,
		 bool lease)
{
	struct mbx_port *port = end->port;
	struct rb_node **link = &port->held.rb_node;
	struct rb_node *parent = NULL;

	lockdep_assert_held(&port->lock);
	held->end = end;
	held->token = token;
	held->lease = lease;
	while (*link) {
		parent = *link;
		if (held_compare(rb_entry(parent, struct mbx_held, node), token,
				 end) < 0)
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&held->node, parent, link);
	rb_insert_color(&held->node, &port->held);
	list_add_tail(&held->by_end, &end->held);
}

static struct mbx_held *held_find(struct mbx_end *end, u64 token)
{
	struct rb_node *node = end->port->held.rb_node;

	lockdep_assert_held(&end->port->lock);
	while (node) {
		struct mbx_held *held = rb_entry(node, struct mbx_held, node);
		int order = held_compare(held, token, end);

		if (!order)
			return held;
		node = order < 0 ? node->rb_left : node->rb_right;
	}
	return NULL;
}

/**
 * mbx_hold_request() - the calling thread has received a request
 * @end:	by which
 * @caller:	who sleeps for the answer
 * @token:	its number
 *
 * Context: mbx_port.lock held.
 */
void mbx_hold_request(struct mbx_end *end, struct mbx_waiter *caller, u64 token)
{
	hold(end, &caller->held, token, false);
	caller->server = get_pid(task_pid(current));
	end->port->requests++;
}

/* When the first lease ends by itself, there is work to do. */
static void port_expect(struct mbx_port *port)
{
	struct timerqueue_node *first = timerqueue_getnext(&port->due);
	ktime_t now = ktime_get();

	if (!first)
		return;
	/* Rounded up: a lease is never shorter than was asked for. */
	mod_delayed_work(system_wq, &port->expire,
			 ktime_after(first->expires, now) ?
			 nsecs_to_jiffies(ktime_sub(first->expires, now)) + 1 :
			 0);
}

/**
 * mbx_hold_lease() - a message is under a lease
 * @end:	who has it
 * @lease:	all zero; the port's from now on
 * @msg:	the message, in no queue, without a waiter
 * @lease_ns:	how long; 0 = until it is ended
 *
 * Context: mbx_port.lock held.
 */
void mbx_hold_lease(struct mbx_end *end, struct mbx_lease *lease,
		    struct mbx_message *msg, u64 lease_ns)
{
	struct mbx_port *port = end->port;

	msg->deliveries = mbx_message_deliveries(msg) + 1;
	msg->pins |= MBX_PINS_LEASED;
	lease->msg = msg;
	hold(end, &lease->held, mbx_lease_token(msg->seq, msg->deliveries),
	     true);
	port->leased++;

	timerqueue_init(&lease->due);
	if (lease_ns) {
		lease->due.expires = ktime_add_safe(ktime_get(),
						    min_t(u64, lease_ns,
							  KTIME_MAX));
		if (timerqueue_add(&port->due, &lease->due))
			port_expect(port);
	}
}

/**
 * mbx_hold_forget() - somebody has settled what was in hand
 * @port:	where
 * @held:	what it was; nobody has it any more
 *
 * Context: mbx_port.lock held.
 */
void mbx_hold_forget(struct mbx_port *port, struct mbx_held *held)
{
	lockdep_assert_held(&port->lock);
	rb_erase(&held->node, &port->held);
	list_del(&held->by_end);
	held->end = NULL;
	if (!held->lease) {
		port->requests--;
		return;
	}
	port->leased--;
	if (!RB_EMPTY_NODE(&held_lease(held)->due.node))
		timerqueue_del(&port->due, &held_lease(held)->due);
}

/* --- answers ----------------------------------------------------------------- */

/**
 * mbx_hold_reply() - answer a request
 * @end:	who has it
 * @reply:	the answer; its token is 0 afterwards, and its message the
 *		caller's of the request
 * @wakes:	gets the caller
 *
 * Context: mbx_port.lock held. Return: 0, -EINVAL, -ESRCH, -EMSGSIZE.
 */
int mbx_hold_reply(struct mbx_end *end, struct mbx_reply *reply,
		   struct mbx_wakes *wakes)
{
	struct mbx_held *held = held_find(end, reply->token);
	struct mbx_port *port = end->port;
	struct mbx_waiter *caller;

	if (!held)
		return -ESRCH;
	if (held->lease)
		return -EINVAL;
	caller = held_caller(held);
	if (reply->msg->len > caller->reply_size)
		return -EMSGSIZE;

	mbx_hold_forget(port, held);
	trace_mailbox_reply(port->id, reply->token, reply->msg->type,
			    reply->msg->len);
	caller->reply = reply->msg;
	mbx_waiter_end(port, caller, 0, wakes);
	reply->msg = NULL;
	reply->token = 0;
	return 0;
}

/**
 * mbx_port_reply() - answer a request
 * @end:	who has it
 * @reply:	the answer; see mbx_hold_reply()
 *
 * Context: process. Return: 0, -EIDRM, -EACCES, -EINVAL, -ESRCH, -EMSGSIZE.
 */
int mbx_port_reply(struct mbx_end *end, struct mbx_reply *reply)
{
	struct mbx_port *port = end->port;
	struct mbx_wakes wakes;
	int err;

	mbx_wakes_begin(&wakes);
	spin_lock(&port->lock);
	if (port->dead)
		err = -EIDRM;
	else if (end->revoked)
		err = -EACCES;
	else
		err = mbx_hold_reply(end, reply, &wakes);
	spin_unlock(&port->lock);
	mbx_wakes_finish(port, &wakes);
	return err;
}

/* --- leases ------------------------------------------------------------------ */

/*
 * Find the lease that @token names. Returns 0 with it in @lease, in nobody's
 * hand any more.
 */
static int lease_take_locked(struct mbx_end *end, u64 token,
			     struct mbx_lease **lease)
{
	struct mbx_held *held;

	if (end->port->dead)
		return -EIDRM;
	if (end->revoked)
		return -EACCES;
	if (token) {
		held = held_find(end, token);
		if (!held)
			return -ESRCH;
		if (!held->lease)
			return -EINVAL;
		goto found;
	}
	list_for_each_entry(held, &end->held, by_end)
		if (held->lease)
			goto found;
	return -ESRCH;
found:
	mbx_hold_forget(end->port, held);
	*lease = held_lease(held);
	return 0;
}

/*
 * The message of a lease that came to nothing goes back, or to @spent. The
 * caller frees @lease.
 */
static void lease_return(struct mbx_port *port, struct mbx_channel *channel,
			 struct mbx_lease *lease, struct mbx_lanes *lanes,
			 struct list_head *spent, struct mbx_wakes *wakes)
{
	u32 most = port->policy.max_deliveries;
	struct mbx_message *msg = lease->msg;

	trace_mailbox_return(port->id, msg->seq, msg->type, msg->len);
	/* While somebody peeks at it, it must stay at this port. */
	if (!most || msg->deliveries < most || (msg->pins & MBX_PINS_MAX)) {
		mbx_transfer_return(port, channel, msg, lanes, wakes);
		return;
	}
	port->dead_lettered++;
	list_add_tail(&msg->node, spent);
}

/* Lanes for what cannot be allowed to fail. */
static void lanes_need(struct mbx_lanes *lanes)
{
	mbx_lanes_init(lanes);
	mbx_lanes_fill(lanes, 1, GFP_KERNEL | __GFP_NOFAIL);
}

/**
 * mbx_port_ack() - a leased message is done with
 * @end:	who has it
 * @token:	which; 0 = the first
 *
 * Context: process. Return: 0, -EIDRM, -EACCES, -EINVAL, -ESRCH.
 */
int mbx_port_ack(struct mbx_end *end, u64 token)
{
	struct mbx_port *port = end->port;
	struct mbx_lease *lease;
	bool drop = false;
	int err;

	spin_lock(&port->lock);
	err = lease_take_locked(end, token, &lease);
	if (!err)
		drop = mbx_message_drop(lease->msg);
	spin_unlock(&port->lock);
	if (err)
		return err;
	if (drop)
		mbx_message_free(lease->msg);
	kfree(lease);
	return 0;
}

/**
 * mbx_port_nack() - a leased message goes back
 * @end:	who has it
 * @token:	which; 0 = the first
 * @spent:	gets it, if it has had its last lease
 *
 * Context: process, may sleep for memory. Return: 0, -EIDRM, -EACCES, -EINVAL,
 * -ESRCH.
 */
int mbx_port_nack(struct mbx_end *end, u64 token, struct list_head *spent)
{
	struct mbx_port *port = end->port;
	struct mbx_lease *lease = NULL;
	struct mbx_lanes lanes;
	struct mbx_wakes wakes;
	int err;

	lanes_need(&lanes);
	mbx_wakes_begin(&wakes);
	spin_lock(&port->lock);
	err = lease_take_locked(end, token, &lease);
	if (!err)
		lease_return(port, end->channel, lease, &lanes, spent, &wakes);
	spin_unlock(&port->lock);
	mbx_wakes_finish(port, &wakes);
	mbx_lanes_free(&lanes);
	kfree(lease);
	return err;
}

/**
 * mbx_port_expire() - end the leases whose time is over
 * @port:	where
 * @spent:	gets messages that have had their last lease
 *
 * Context: process, may sleep for memory.
 */
void mbx_port_expire(struct mbx_port *port, struct list_head *spent)
{
	struct mbx_lease *lease;

	do {
		struct timerqueue_node *first;
		struct mbx_lanes lanes;
		struct mbx_wakes wakes;

		lanes_need(&lanes);
		lease = NULL;
		mbx_wakes_begin(&wakes);
		spin_lock(&port->lock);
		first = timerqueue_getnext(&port->due);
		if (first && ktime_before(first->expires, ktime_get())) {
			struct mbx_channel *channel;

			lease = container_of(first, struct mbx_lease, due);
			channel = lease->held.end->channel;
			mbx_hold_forget(port, &lease->held);
			lease_return(port, channel, lease, &lanes, spent,
				     &wakes);
		} else {
			port_expect(port);
		}
		spin_unlock(&port->lock);
		mbx_wakes_finish(port, &wakes);
		mbx_lanes_free(&lanes);
		kfree(lease);
		cond_resched();
	} while (lease);
}

/* --- the end ------------------------------------------------------------------ */

/**
 * mbx_hold_release_locked() - settle what an end has in hand for longest
 * @end:	which
 * @lanes:	at least one
 * @spent:	gets a message that has had its last lease
 * @lease:	gets a lease for the caller to free, or is left
 * @wakes:	gets whom it concerns
 *
 * A lease returns, the oldest first, so whoever sleeps gets that; the caller of
 * a request gets -EPIPE.
 *
 * Context: mbx_port.lock held. Return: false if there was nothing.
 */
bool mbx_hold_release_locked(struct mbx_end *end, struct mbx_lanes *lanes,
			     struct list_head *spent, struct mbx_lease **lease,
			     struct mbx_wakes *wakes)
{
	struct mbx_port *port = end->port;
	struct mbx_held *held;

	held = list_first_entry_or_null(&end->held, struct mbx_held, by_end);
	if (!held)
		return false;
	mbx_hold_forget(port, held);
	if (held->lease) {
		*lease = held_lease(held);
		lease_return(port, end->channel, *lease, lanes, spent, wakes);
	} else {
		mbx_waiter_end(port, held_caller(held), -EPIPE, wakes);
	}
	return true;
}

/**
 * mbx_hold_release() - settle one of the things that an end has in hand
 * @end:	which
 * @spent:	gets messages that have had their last lease
 *
 * Context: process, may sleep for memory. Return: false if there was nothing.
 */
bool mbx_hold_release(struct mbx_end *end, struct list_head *spent)
{
	struct mbx_port *port = end->port;
	struct mbx_lease *lease = NULL;
	struct mbx_lanes lanes;
	struct mbx_wakes wakes;
	bool released;

	/* It gets nothing more, and most have nothing. */
	if (list_empty_careful(&end->held))
		return false;
	lanes_need(&lanes);
	mbx_wakes_begin(&wakes);
	spin_lock(&port->lock);
	released = mbx_hold_release_locked(end, &lanes, spent, &lease, &wakes);
	spin_unlock(&port->lock);
	mbx_wakes_finish(port, &wakes);
	mbx_lanes_free(&lanes);
	kfree(lease);
	return released;
}

/**
 * mbx_hold_drop_all() - free what is under a lease
 * @port:	destroyed, so that nothing is received any more
 *
 * Context: process, may sleep.
 */
void mbx_hold_drop_all(struct mbx_port *port)
{
	struct rb_node *node;

	do {
		struct mbx_lease *lease = NULL;
		bool drop = false;

		spin_lock(&port->lock);
		/* Those who called have been told, and are gone from here. */
		node = rb_first(&port->held);
		if (node) {
			lease = held_lease(rb_entry(node, struct mbx_held,
						    node));
			mbx_hold_forget(port, &lease->held);
			drop = mbx_message_drop(lease->msg);
		}
		spin_unlock(&port->lock);
		if (drop)
			mbx_message_free(lease->msg);
		kfree(lease);
		cond_resched();
	} while (node);
}
