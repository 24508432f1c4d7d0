/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A task asleep at a port, and the waking of it.
 *
 * DOC: sleeping and waking
 *
 * A waiter lives on the stack of the task that sleeps, as does what @taken and
 * @receive of a receiver point to, for which the same holds. It is linked to the
 * port under mbx_port.lock, in the same critical section in which the task
 * found nothing to do, and whoever ends the wait fills it in, unlinks it and
 * sets @done under that lock too. So there is no moment in which what a task
 * waits for can come between its look and its sleep, and the result of a wait
 * is there before the task is woken: it need not take the lock again.
 *
 *	sleeper					waker
 *	lock, nothing there, link, unlock
 *	set_current_state(INTERRUPTIBLE) (A)	lock
 *	read @done			 (B)	fill in, unlink
 *	schedule()				set @done		(C)
 *						unlock
 *						wake_up_process()	(D)
 *
 * A is before B and C before D, each with a full barrier in between
 * (set_current_state() and wake_up_process() have it): either B sees C, or D
 * sees A and wakes. B acquires what C releases: the filled-in fields.
 *
 * A waker that is about to sleep itself has wake_before_sleep() in place of
 * wake_up_process(): D is the try_to_wake_up() that its wait queue calls by
 * default_wake_function(). It is the same function, which has the barrier, and
 * it is told the state that A sets. Nobody asks first whether the queue is
 * empty, which would want a barrier of its own.
 *
 * A sleeper that has woken somebody may give up the processor before A. It is
 * linked and TASK_RUNNING then, as if it had been preempted there.
 *
 * From C on the waiter may be gone. Its task may be too, so the waker takes a
 * reference before C, and gives it back after D.
 *
 * A signal or the deadline ends the sleep, not the wait: the task takes the
 * lock and looks at @done once more. If it is set, that result holds, and the
 * signal finds the task on its way out of the kernel; nothing that was handed
 * over is lost. If not, the task unlinks the waiter itself.
 */
#ifndef MBX_WAITER_H
#define MBX_WAITER_H

#include <linux/list.h>
#include <linux/sched.h>
#include <linux/sched/task.h>

#include "internal.h"
#include "trace.h"

/**
 * struct mbx_reserve - what placing a message may need, got beforehand
 * @lanes:	a lane for each queue that it goes into
 * @copies:	struct mbx_message, one for each receiver of a broadcast
 * @count:	length of @copies
 * @wanted:	so many of each are needed
 */
struct mbx_reserve {
	struct mbx_lanes lanes;
	struct list_head copies;
	unsigned int count;
	unsigned int wanted;
};

/**
 * struct mbx_waiter - a task asleep at a port
 * @node:	in mbx_port.senders or mbx_channel.receivers until @done
 * @end:	by which it is used
 * @task:	who sleeps
 * @done:	the wait is over; see above
 * @result:	0 or -errno
 * @receive:	receiver: what it wants; NULL for a sender
 * @taken:	receiver: gets what it is given
 * @msg:	sender: its message, while and if it is the sender's to free
 * @sync:	sender: sleeps until its message is taken, not only let in
 * @queue:	sender: where the message is; NULL while a receiver has it, or
 *		had it
 * @accepted:	sender: the message counts in mbx_port.sent
 * @seq:	sender: number of the message; 0 if it was dropped
 * @reserve:	sender: so that letting the message in needs no memory
 * @taken_bytes: sender, receipt: what the receiver took
 * @taken_pid:	sender, receipt: the process; holds a reference
 * @taken_tid:	sender, receipt: the thread; holds a reference
 * @call:	sender: sleeps until it is answered
 * @held:	sender, @call: in the hand of a server, if held.end is set
 * @reply_size:	sender, @call: longest answer
 * @reply:	sender, @call: the answer
 * @server:	sender, @call: the thread that received the request, while it is
 *		in hand; holds a reference
 *
 * All of it is protected by mbx_port.lock until @done, and the sleeper's own
 * afterwards.
 */
struct mbx_waiter {
	struct list_head node;
	struct mbx_end *end;
	struct task_struct *task;
	bool done;
	int result;

	struct mbx_receive *receive;
	struct mbx_taken *taken;

	struct mbx_message *msg;
	bool sync;
	struct mbx_queue *queue;
	bool accepted;
	u64 seq;
	struct mbx_reserve *reserve;
	u64 taken_bytes;
	struct pid *taken_pid;
	struct pid *taken_tid;

	bool call;
	struct mbx_held held;
	size_t reply_size;
	struct mbx_message *reply;
	struct pid *server;
};

/* A receiver's waiter, not added yet; without what only senders have. */
static inline void mbx_waiter_receives(struct mbx_waiter *waiter,
				       struct mbx_end *end,
				       struct mbx_receive *receive,
				       struct mbx_taken *taken)
{
	waiter->end = end;
	waiter->done = false;
	waiter->receive = receive;
	waiter->taken = taken;
}

/* A sender's waiter, not added yet; without what only receivers have. */
static inline void mbx_waiter_sends(struct mbx_waiter *waiter,
				    struct mbx_end *end,
				    const struct mbx_send *send,
				    struct mbx_message *msg,
				    struct mbx_reserve *reserve)
{
	waiter->end = end;
	waiter->done = false;
	waiter->receive = NULL;
	waiter->msg = msg;
	waiter->sync = send->sync;
	waiter->queue = NULL;
	waiter->accepted = false;
	waiter->seq = msg->seq;
	waiter->reserve = reserve;
	waiter->taken_bytes = 0;
	waiter->taken_pid = NULL;
	waiter->taken_tid = NULL;
	waiter->call = send->caller;
	waiter->held.end = NULL;
	waiter->reply_size = send->reply_size;
	waiter->reply = NULL;
	waiter->server = NULL;
}

/* So many wake-ups wait for the unlock; more happen at once. */
#define MBX_WAKES_MAX	8

/**
 * struct mbx_wakes - what is to be done once the lock is dropped
 * @some:	anything at all
 * @sync:	the caller is about to sleep
 * @here:	afterwards: somebody who slept was woken, and is to run on this
 *		processor
 * @receive_all: there is more than one message for them
 * @send_all:	there may be room for more than one of them
 * @count:	tasks in @task
 * @receive_events: for those who poll mbx_port.shared to receive
 * @send_events: for those who poll to send
 * @dropped:	messages to free, chained by @next
 * @task:	sleepers whose wait is over; holds references
 */
struct mbx_wakes {
	bool some;
	bool sync;
	bool here;
	bool receive_all;
	bool send_all;
	unsigned int count;
	__poll_t receive_events;
	__poll_t send_events;
	struct mbx_message *dropped;
	struct task_struct *task[MBX_WAKES_MAX];
};

/* Shorthand for the events of struct mbx_wakes. */
#define MBX_POLL_RECEIVE	(EPOLLIN | EPOLLRDNORM)
#define MBX_POLL_SEND		(EPOLLOUT | EPOLLWRNORM)

/**
 * mbx_wakes_begin() - start to collect wake-ups
 * @wakes:	filled under mbx_port.lock, which the caller takes next
 */
static inline void mbx_wakes_begin(struct mbx_wakes *wakes)
{
	wakes->some = false;
	wakes->sync = false;
	wakes->here = false;
	wakes->receive_all = false;
	wakes->send_all = false;
	wakes->count = 0;
	wakes->receive_events = 0;
	wakes->send_events = 0;
	wakes->dropped = NULL;
}

void mbx_wakes_run(struct mbx_port *port, struct mbx_wakes *wakes);

/**
 * mbx_wakes_finish() - wake whom there is to wake
 * @port:	where; the caller has dropped its lock just now
 * @wakes:	what mbx_wakes_begin() started
 *
 * Context: process.
 */
static inline void mbx_wakes_finish(struct mbx_port *port,
				    struct mbx_wakes *wakes)
{
	if (wakes->some)
		mbx_wakes_run(port, wakes);
}

/* mbx_port.lock held: @msg, which is in no queue, is to be freed. */
static inline void mbx_wakes_drop(struct mbx_wakes *wakes,
				  struct mbx_message *msg)
{
	msg->next = wakes->dropped;
	wakes->dropped = msg;
	wakes->some = true;
}

/*
 * Is there anybody to tell? No barrier is needed for waitqueue_active(): a
 * poller adds itself first and then looks at the port under its lock
 * (mbx_port_poll()). If it had the lock before us, we see it here; if after us,
 * it sees what we did.
 */
static inline bool mbx_polled(struct mbx_pollers *pollers)
{
	/* Who asks for signals does so under a lock of its own. */
	return waitqueue_active(&pollers->wait) || data_race(pollers->fasync);
}

void mbx_pollers_wake(struct mbx_pollers *pollers, __poll_t events, bool all);
void mbx_guests_wake(struct mbx_port *port, fmode_t mode, __poll_t events);
void mbx_end_note_poller(struct mbx_end *end);
void mbx_wakes_note_receivers(struct mbx_port *port,
			      struct mbx_channel *channel, __poll_t events,
			      struct mbx_wakes *wakes);

/* mbx_port.lock held: those who poll @channel to receive are to be told. */
static inline void mbx_wakes_receivers(struct mbx_port *port,
				       struct mbx_channel *channel,
				       __poll_t events, struct mbx_wakes *wakes)
{
	if (mbx_polled(&channel->pollers) || !list_empty(&port->guests))
		mbx_wakes_note_receivers(port, channel, events, wakes);
}

/**
 * mbx_waiter_add() - the caller is going to sleep
 * @port:	where
 * @waiter:	from mbx_waiter_receives() or mbx_waiter_sends()
 * @first:	before those who sleep there already
 *
 * Context: mbx_port.lock held.
 */
static inline void mbx_waiter_add(struct mbx_port *port,
				  struct mbx_waiter *waiter, bool first)
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
 * mbx_waiter_done() - mbx_waiter_end(), whose caller wakes
 * @port:	likewise
 * @waiter:	likewise
 * @result:	likewise
 *
 * Context: mbx_port.lock held. Return: whom to wake once it is dropped, by
 * mbx_wake(); NULL if that is the caller, whose wait is over too.
 */
static inline struct task_struct *mbx_waiter_done(struct mbx_port *port,
						  struct mbx_waiter *waiter,
						  int result)
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
		return NULL;
	}
	get_task_struct(task);
	/* C in the picture above; pairs with sleep_until(). */
	smp_store_release(&waiter->done, true);
	trace_mailbox_wake(port->id, task->pid, result);
	return task;
}

bool mbx_wake(struct task_struct *task, bool sync);
void mbx_waiter_end(struct mbx_port *port, struct mbx_waiter *waiter,
		    int result, struct mbx_wakes *wakes);
int mbx_waiter_sleep(struct mbx_port *port, struct mbx_waiter *waiter,
		     const struct mbx_deadline *deadline, bool here);

#endif /* MBX_WAITER_H */
