// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sleeping at a port, and waking; waiter.h says why nobody is left asleep.
 */
#include <linux/freezer.h>
#include <linux/hrtimer.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "trace.h"
#include "waiter.h"

/* After a yield in vain so many sleeps go without: it costs a sixteenth then. */
#define YIELD_SKIPS	15

/* --- waking ---------------------------------------------------------------- */

/**
 * mbx_pollers_wake() - tell those who poll
 * @pollers:	whom
 * @events:	what of
 * @all:	not only one of those who want to be told one at a time
 *
 * Context: any.
 */
void mbx_pollers_wake(struct mbx_pollers *pollers, __poll_t events, bool all)
{
	if (all || (events & (EPOLLHUP | EPOLLERR)))
		wake_up_all(&pollers->wait);
	else
		wake_up_poll(&pollers->wait, events);
	kill_fasync(&pollers->fasync, SIGIO,
		    events & MBX_POLL_RECEIVE ? POLL_IN : POLL_OUT);
}

/**
 * mbx_guests_wake() - tell the guests who poll
 * @port:	where
 * @mode:	FMODE_READ for those that receive, FMODE_WRITE for those that send
 * @events:	what of
 *
 * Context: mbx_port.lock held: a guest may be gone once it is dropped.
 */
void mbx_guests_wake(struct mbx_port *port, fmode_t mode, __poll_t events)
{
	struct mbx_end *end;

	list_for_each_entry(end, &port->guests, polled)
		if (end->mode == mode)
			mbx_pollers_wake(&end->own.pollers, events, true);
}

/**
 * mbx_end_note_poller() - somebody polls an end, and looks now
 * @end:	the end
 *
 * Context: mbx_port.lock held.
 */
void mbx_end_note_poller(struct mbx_end *end)
{
	lockdep_assert_held(&end->port->lock);
	if (end->guest && !end->revoked && end->channel != &end->own &&
	    list_empty(&end->polled))
		list_add(&end->polled, &end->port->guests);
}

/*
 * Tell the scheduler that the caller is about to sleep: the task that it wakes
 * may as well run here. There is no wake_up_process() that says so, but a wait
 * queue, even one that exists only for the moment, can.
 */
static noinline void wake_before_sleep(struct task_struct *task)
{
	DECLARE_WAIT_QUEUE_HEAD_ONSTACK(queue);
	DECLARE_WAITQUEUE(entry, task);

	__add_wait_queue(&queue, &entry);
	__wake_up_sync_key(&queue, TASK_INTERRUPTIBLE, NULL);
}

/**
 * mbx_wake() - wake somebody whose wait is over
 * @task:	who; the reference is given back
 * @sync:	the caller is about to sleep
 *
 * Not inline, so that somebody can be held before it. Context: process, without
 * mbx_port.lock. Return: true if @sync, and it slept, and is to run on this
 * processor, as far as that can be seen.
 */
noinline bool mbx_wake(struct task_struct *task, bool sync)
{
	bool here = sync && !task_is_running(task);

	/* With one processor there is nothing to choose. */
	if (sync && num_online_cpus() > 1)
		wake_before_sleep(task);
	else
		wake_up_process(task);
	if (here)
		here = task_cpu(task) == raw_smp_processor_id();
	put_task_struct(task);
	return here;
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
	if (channel != &port->shared) {
		mbx_pollers_wake(&channel->pollers, events, false);
		return;
	}
	mbx_guests_wake(port, FMODE_READ, events);
	if (!mbx_polled(&channel->pollers))
		return;
	wakes->some = true;
	if (wakes->receive_events)
		wakes->receive_all = true;
	wakes->receive_events |= events;
}

/**
 * mbx_wakes_run() - mbx_wakes_finish(), if there is something to do
 * @port:	likewise
 * @wakes:	likewise
 */
void mbx_wakes_run(struct mbx_port *port, struct mbx_wakes *wakes)
{
	bool sync = wakes->sync && wakes->count == 1;
	struct mbx_message *msg;
	unsigned int i;

	for (i = 0; i < wakes->count; i++)
		wakes->here |= mbx_wake(wakes->task[i], sync);
	if (wakes->receive_events)
		mbx_pollers_wake(&port->shared.pollers, wakes->receive_events,
				 wakes->receive_all);
	if (wakes->send_events)
		mbx_pollers_wake(&port->pollers_send, wakes->send_events,
				 wakes->send_all);
	while ((msg = wakes->dropped)) {
		wakes->dropped = msg->next;
		mbx_message_free(msg);
	}
}

/* --- sleeping -------------------------------------------------------------- */

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
	struct task_struct *task = mbx_waiter_done(port, waiter, result);

	if (!task)
		return;
	wakes->some = true;
	if (wakes->count < MBX_WAKES_MAX) {
		wakes->task[wakes->count++] = task;
	} else {
		wake_up_process(task);
		put_task_struct(task);
	}
}

/* Sleep once, in the state that is set. Returns false when the time is up. */
static noinline bool sleep_timed(const struct mbx_deadline *deadline)
{
	ktime_t until = ns_to_ktime(min_t(u64, deadline->ns, KTIME_MAX));

	return schedule_hrtimeout_range_clock(&until, current->timer_slack_ns,
					      HRTIMER_MODE_ABS, deadline->clock);
}

/*
 * What wants the caller may be the freezer, which interrupts as a signal does, and
 * sends none. Who may be frozen in his sleep is frozen here, and sleeps on.
 */
static noinline bool interrupted(unsigned int state)
{
	if (state & TASK_FREEZABLE) {
		struct sighand_struct *own = unrcu_pointer(current->sighand);

		__set_current_state(TASK_RUNNING);
		try_to_freeze();
		spin_lock_irq(&own->siglock);
		recalc_sigpending();
		spin_unlock_irq(&own->siglock);
	}
	return signal_pending(current);
}

/*
 * Sleep in @state until *@done, which somebody sets before he wakes the caller.
 * Returns 0, -ERESTARTSYS or -ETIMEDOUT.
 */
static __always_inline int sleep_until(const bool *done, unsigned int state,
				       const struct mbx_deadline *deadline)
{
	int err = 0;

	for (;;) {
		set_current_state(state);
		/* B in waiter.h; pairs with who sets it. */
		if (smp_load_acquire(done))
			break;
		if (signal_pending(current)) {
			if (!interrupted(state))
				continue;
			err = -ERESTARTSYS;
			break;
		}
		if (!deadline->ns) {
			schedule();
		} else if (!sleep_timed(deadline)) {
			err = -ETIMEDOUT;
			break;
		}
	}
	__set_current_state(TASK_RUNNING);
	return err;
}

/*
 * The caller is linked, and about to sleep. If it has woken somebody who is to
 * run on its processor, @here, he may as well do so now: if the wait is over by
 * then, the caller has only been off the processor, and need neither sleep nor
 * be woken. Who runs is the scheduler's choice, as when a wake-up preempts; for
 * it may choose the caller again, and he who was woken may have other things to
 * do, what was in vain is not tried at the next sleeps.
 */
static inline void yield_before_sleep(const struct mbx_waiter *waiter, bool here)
{
	struct mbx_end *end = waiter->end;
	unsigned int skips;

	if (!here) {
		/* The scheduler may want it, for who was woken before. */
		cond_resched();
		return;
	}
	if (READ_ONCE(waiter->done) || signal_pending(current))
		return;
	skips = READ_ONCE(end->yield_skips);
	if (skips) {
		WRITE_ONCE(end->yield_skips, skips - 1);
		cond_resched();
		return;
	}
	schedule();
	if (!READ_ONCE(waiter->done))
		WRITE_ONCE(end->yield_skips, YIELD_SKIPS);
}

/**
 * mbx_waiter_sleep() - sleep until the wait is over
 * @port:	where, for the trace
 * @waiter:	the caller's, added
 * @deadline:	when to give up
 * @here:	the caller has just woken somebody who is to run on this processor
 *
 * Context: process, sleeps. Return: 0 if the waiter is done; -ERESTARTSYS or
 * -ETIMEDOUT if it was not when last seen: the caller looks again under the
 * lock.
 */
int mbx_waiter_sleep(struct mbx_port *port, struct mbx_waiter *waiter,
		     const struct mbx_deadline *deadline, bool here)
{
	/* The freezer is no reason to wake, as no lock is held. */
	unsigned int state = TASK_INTERRUPTIBLE | TASK_FREEZABLE;

	trace_mailbox_sleep(port->id, waiter->receive ? MAILBOX_WAITER_RECEIVER :
							MAILBOX_WAITER_SENDER);
	/* But a receiver that is frozen must not be handed a message. */
	if (waiter->receive)
		state = TASK_INTERRUPTIBLE;
	yield_before_sleep(waiter, here);
	return sleep_until(&waiter->done, state, deadline);
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

static void watch_tell(struct mbx_watch *watch)
{
	struct mbx_watcher *watcher = watch->watcher;

	/* Pairs with sleep_until(). */
	smp_store_release(&watcher->changed, true);
	/*
	 * A poller adds itself before it looks, which takes a lock. It is not
	 * told of what: then nobody takes that for what it would see. So it is
	 * not known who wants it, and all are told.
	 */
	wake_up_all(&watcher->wait);
}

/**
 * mbx_watch_tell_all() - mbx_watch_tell(), if somebody may be concerned
 * @watches:	likewise
 * @events:	likewise
 */
void mbx_watch_tell_all(struct mbx_watches *watches, u32 events)
{
	struct mbx_watch *watch;

	/* Until they look they may not see it. */
	if (events == MBX_EVENTS_ALL)
		list_splice_tail_init(&watches->seeing, &watches->blind);
	list_for_each_entry(watch, &watches->seeing, node)
		if (watch->events & events)
			watch_tell(watch);
	if (!(events & MBX_EVENTS_PUBLIC))
		return;
	list_for_each_entry(watch, &watches->blind, node)
		if (watch->events & events)
			watch_tell(watch);
}

/**
 * mbx_watch_add() - watch a port
 * @port:	the port
 * @watch:	nowhere yet
 *
 * Context: mbx_port.lock held.
 */
void mbx_watch_add(struct mbx_port *port, struct mbx_watch *watch)
{
	lockdep_assert_held(&port->lock);
	watch->port = port;
	list_add_tail(&watch->node, &port->watches.blind);
}

/**
 * mbx_watch_see() - somebody looks at what it watches
 * @watches:	of the port
 * @watch:	in one of them
 * @sees:	it may see it
 *
 * Context: mbx_port.lock held, until it has looked.
 */
void mbx_watch_see(struct mbx_watches *watches, struct mbx_watch *watch,
		   bool sees)
{
	if (sees && (watch->events & ~MBX_EVENTS_PUBLIC))
		list_move_tail(&watch->node, &watches->seeing);
	else
		list_move_tail(&watch->node, &watches->blind);
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
	err = sleep_until(&watcher->changed, TASK_INTERRUPTIBLE | TASK_FREEZABLE,
			  deadline);
	remove_wait_queue(&watcher->wait, &entry);
	return err;
}
