// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sleeping at a port, and waking; waiter.h says why nobody is left asleep.
 */
#include <linux/hrtimer.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "trace.h"
#include "waiter.h"

/* --- waking ---------------------------------------------------------------- */

static void poll_wake(struct wait_queue_head *wait, __poll_t events, bool all)
{
	if (all || (events & (EPOLLHUP | EPOLLERR)))
		wake_up_all(wait);
	else
		wake_up_poll(wait, events);
}

/*
 * Tell the scheduler that the caller is about to sleep: the task that it wakes
 * may as well run here. There is no wake_up_process() that says so, but a wait
 * queue, even one that exists only for the moment, can.
 */
static void wake_before_sleep(struct task_struct *task)
{
	DECLARE_WAIT_QUEUE_HEAD_ONSTACK(queue);
	DECLARE_WAITQUEUE(entry, task);

	__add_wait_queue(&queue, &entry);
	__wake_up_sync_key(&queue, TASK_INTERRUPTIBLE, NULL);
}

/**
 * mbx_wakes_note_receivers() - mbx_wakes_receivers(), if somebody polls
 * @port:	likewise, as are the others
 * @channel:	by which they receive
 * @events:	what of
 * @wakes:	noted here, unless @channel is an end's own: that may be gone
 *		once the lock is dropped
 */
void mbx_wakes_note_receivers(struct mbx_port *port,
			      struct mbx_channel *channel, __poll_t events,
			      struct mbx_wakes *wakes)
{
	lockdep_assert_held(&port->lock);
	if (channel == &port->shared) {
		wakes->some = true;
		if (wakes->receive_events)
			wakes->receive_all = true;
		wakes->receive_events |= events;
		return;
	}
	poll_wake(&channel->wait, events, false);
	kill_fasync(&channel->fasync, SIGIO, POLL_IN);
}

/**
 * mbx_wakes_run() - mbx_wakes_finish(), if there is something to do
 * @port:	likewise
 * @wakes:	likewise
 */
void mbx_wakes_run(struct mbx_port *port, struct mbx_wakes *wakes)
{
	struct mbx_message *msg;
	unsigned int i;

	for (i = 0; i < wakes->count; i++) {
		if (wakes->sync && wakes->count == 1)
			wake_before_sleep(wakes->task[i]);
		else
			wake_up_process(wakes->task[i]);
		put_task_struct(wakes->task[i]);
	}
	if (wakes->receive_events) {
		poll_wake(&port->shared.wait, wakes->receive_events,
			  wakes->receive_all);
		kill_fasync(&port->shared.fasync, SIGIO, POLL_IN);
	}
	if (wakes->send_events) {
		poll_wake(&port->wait_send, wakes->send_events,
			  wakes->send_all);
		kill_fasync(&port->fasync_send, SIGIO, POLL_OUT);
	}
	while ((msg = wakes->dropped)) {
		wakes->dropped = msg->next;
		mbx_message_free(msg);
	}
}

/* --- sleeping -------------------------------------------------------------- */

/**
 * mbx_waiter_add() - the caller is going to sleep
 * @port:	where
 * @waiter:	its end set, and what the wait is about; all else zero
 * @first:	before those who sleep there already
 *
 * Context: mbx_port.lock held.
 */
void mbx_waiter_add(struct mbx_port *port, struct mbx_waiter *waiter,
		    bool first)
{
	struct list_head *list = waiter->receive ?
		&waiter->end->channel->receivers : &port->senders;

	lockdep_assert_held(&port->lock);
	waiter->task = current;
	if (first)
		list_add(&waiter->node, list);
	else
		list_add_tail(&waiter->node, list);
	if (waiter->receive)
		port->receivers_waiting++;
	else
		port->senders_waiting++;
}

/**
 * mbx_waiter_end() - a wait is over
 * @port:	where
 * @waiter:	the waiter; must not be touched afterwards
 * @result:	0 or -errno
 * @wakes:	gets its task, unless that is the caller
 *
 * Context: mbx_port.lock held, after mbx_wakes_begin().
 */
void mbx_waiter_end(struct mbx_port *port, struct mbx_waiter *waiter,
		    int result, struct mbx_wakes *wakes)
{
	struct task_struct *task = waiter->task;

	lockdep_assert_held(&port->lock);
	list_del(&waiter->node);
	if (waiter->receive)
		port->receivers_waiting--;
	else
		port->senders_waiting--;
	waiter->result = result;
	if (task == current) {
		waiter->done = true;
		return;
	}
	get_task_struct(task);
	/* C in waiter.h; pairs with sleep_until(). */
	smp_store_release(&waiter->done, true);

	trace_mailbox_wake(port->id, task->pid, result);
	wakes->some = true;
	if (wakes->count < MBX_WAKES_MAX) {
		wakes->task[wakes->count++] = task;
	} else {
		wake_up_process(task);
		put_task_struct(task);
	}
}

/*
 * Sleep until *@done, which somebody sets before he wakes the caller. Returns 0,
 * -ERESTARTSYS or -ETIMEDOUT.
 */
static int sleep_until(const bool *done, const struct mbx_deadline *deadline)
{
	ktime_t until = ns_to_ktime(min_t(u64, deadline->ns, KTIME_MAX));
	int err = 0;

	for (;;) {
		/* No lock is held, and the freezer is no reason to wake. */
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		/* B in waiter.h; pairs with who sets it. */
		if (smp_load_acquire(done))
			break;
		if (signal_pending(current)) {
			err = -ERESTARTSYS;
			break;
		}
		if (!deadline->ns) {
			schedule();
		} else if (!schedule_hrtimeout_range_clock(&until,
							   current->timer_slack_ns,
							   HRTIMER_MODE_ABS,
							   deadline->clock)) {
			err = -ETIMEDOUT;
			break;
		}
	}
	__set_current_state(TASK_RUNNING);
	return err;
}

/**
 * mbx_waiter_sleep() - sleep until the wait is over
 * @port:	where, for the trace
 * @waiter:	the caller's, added
 * @deadline:	when to give up
 *
 * Context: process, sleeps. Return: 0 if the waiter is done; -ERESTARTSYS or
 * -ETIMEDOUT if it was not when last seen: the caller looks again under the
 * lock.
 */
int mbx_waiter_sleep(struct mbx_port *port, struct mbx_waiter *waiter,
		     const struct mbx_deadline *deadline)
{
	trace_mailbox_sleep(port->id, waiter->receive ? MAILBOX_WAITER_RECEIVER :
							MAILBOX_WAITER_SENDER);
	return sleep_until(&waiter->done, deadline);
}

/* --- watching -------------------------------------------------------------- */

/**
 * mbx_watcher_init() - nobody is told anything yet
 * @watcher:	who will be
 */
void mbx_watcher_init(struct mbx_watcher *watcher)
{
	watcher->changed = false;
	init_waitqueue_head(&watcher->wait);
}

/**
 * mbx_watch_tell() - what is watched may have changed
 * @watches:	by whom
 * @events:	MAILBOX_EVENT_* which may hold now; MBX_EVENTS_ALL
 *
 * To be told is to know that something has happened. So who may not see a port
 * is told only of what everybody may know, and of what may change that.
 *
 * Context: the lock of @watches held.
 */
void mbx_watch_tell(struct list_head *watches, u32 events)
{
	struct mbx_watch *watch;

	list_for_each_entry(watch, watches, node) {
		struct mbx_watcher *watcher = watch->watcher;

		if (!(watch->events & events) ||
		    (watch->blind && !(events & MBX_EVENTS_PUBLIC)))
			continue;
		/* Pairs with sleep_until(). */
		smp_store_release(&watcher->changed, true);
		/* A poller adds itself before it looks, which takes a lock. */
		wake_up_poll(&watcher->wait, MBX_POLL_RECEIVE);
	}
}

/**
 * mbx_watch_add() - watch a port
 * @port:	the port
 * @watch:	in no list
 *
 * Context: mbx_port.lock held.
 */
void mbx_watch_add(struct mbx_port *port, struct mbx_watch *watch)
{
	lockdep_assert_held(&port->lock);
	watch->port = port;
	list_add_tail(&watch->node, &port->watches);
}

/**
 * mbx_watcher_sleep() - sleep until there may be news
 * @watcher:	the caller's; not changed by it: clear @changed before looking
 * @deadline:	when to give up
 *
 * Context: process, sleeps. Return: 0, -ERESTARTSYS or -ETIMEDOUT.
 */
int mbx_watcher_sleep(struct mbx_watcher *watcher,
		      const struct mbx_deadline *deadline)
{
	DECLARE_WAITQUEUE(entry, current);
	int err;

	add_wait_queue(&watcher->wait, &entry);
	err = sleep_until(&watcher->changed, deadline);
	remove_wait_queue(&watcher->wait, &entry);
	return err;
}
