// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sleeping at a port, and waking; waiter.h says why nobody is left asleep.
 */
#include <linux/hrtimer.h>
#include <linux/poll.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>

#include "trace.h"
#include "waiter.h"

/**
 * mbx_wakes_begin() - start to collect wake-ups
 * @wakes:	filled under mbx_port.lock, which the caller takes next
 *
 * Context: process. The RCU read lock keeps the tasks in @wakes.
 */
void mbx_wakes_begin(struct mbx_wakes *wakes)
	__acquires(RCU)
{
	wakes->count = 0;
	wakes->receive_events = 0;
	wakes->send_events = 0;
	wakes->send_all = false;
	rcu_read_lock();
}

/*
 * No barrier is needed before waitqueue_active(): a poller adds itself first
 * and then looks at the port under its lock (mbx_port_poll()). If it had the
 * lock before us, we see it here; if after us, it sees what we did.
 */
static void poll_wake(struct wait_queue_head *wait, __poll_t events, bool all)
{
	if (!waitqueue_active(wait))
		return;
	if (all || (events & (EPOLLHUP | EPOLLERR)))
		wake_up_all(wait);
	else
		wake_up_poll(wait, events);
}

/**
 * mbx_wakes_finish() - wake whom there is to wake
 * @port:	where; the caller has dropped its lock just now
 * @wakes:	what mbx_wakes_begin() started
 *
 * Context: process.
 */
void mbx_wakes_finish(struct mbx_port *port, struct mbx_wakes *wakes)
	__releases(RCU)
{
	unsigned int i;

	for (i = 0; i < wakes->count; i++)
		wake_up_process(wakes->task[i]);
	rcu_read_unlock();

	if (wakes->receive_events) {
		poll_wake(&port->wait_receive, wakes->receive_events, false);
		kill_fasync(&port->fasync_receive, SIGIO, POLL_IN);
	}
	if (wakes->send_events) {
		poll_wake(&port->wait_send, wakes->send_events,
			  wakes->send_all);
		kill_fasync(&port->fasync_send, SIGIO, POLL_OUT);
	}
}

/**
 * mbx_waiter_add() - the caller is going to sleep
 * @port:	where
 * @waiter:	all zero but for what the wait is about
 * @first:	before those who sleep there already
 *
 * Context: mbx_port.lock held.
 */
void mbx_waiter_add(struct mbx_port *port, struct mbx_waiter *waiter,
		    bool first)
{
	struct list_head *list = waiter->receive ? &port->receivers :
						   &port->senders;

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
	/* C in waiter.h; pairs with mbx_waiter_sleep(). */
	smp_store_release(&waiter->done, true);

	if (task == current)
		return;
	trace_mailbox_wake(port->id, task->pid, result);
	if (wakes->count < MBX_WAKES_MAX)
		wakes->task[wakes->count++] = task;
	else
		wake_up_process(task);
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
	ktime_t until = ns_to_ktime(min_t(u64, deadline->ns, KTIME_MAX));
	int err = 0;

	trace_mailbox_sleep(port->id, waiter->receive ? MAILBOX_WAITER_RECEIVER :
							MAILBOX_WAITER_SENDER);
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		/* B in waiter.h; pairs with mbx_waiter_end(). */
		if (smp_load_acquire(&waiter->done))
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
