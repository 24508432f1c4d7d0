/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A task asleep at a port, and the waking of it.
 *
 * DOC: sleeping and waking
 *
 * A waiter lives on the stack of the task that sleeps. It is linked to the
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
 * From C on the waiter may be gone. Its task may be too, so the waker holds
 * the RCU read lock from before C until D is done.
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

#include "internal.h"

/**
 * struct mbx_waiter - a task asleep at a port
 * @node:	in mbx_port.senders or .receivers until @done
 * @task:	who sleeps
 * @done:	the wait is over; see above
 * @result:	0 or -errno
 * @msg:	receiver: what it was given. Sender: its message, while and if
 *		it is the sender's to free
 * @receive:	receiver: what it wants; NULL for a sender
 * @waited:	receiver: a sender sleeps until @msg is taken
 * @pinned:	receiver: somebody peeks at @msg
 * @needed:	receiver, -EMSGSIZE: length of the message
 * @sync:	sender: sleeps until its message is taken, not only let in
 * @taken:	sender: a receiver has the message and is copying it
 * @queue:	sender: where the message is; ready if @taken
 * @lane:	sender: so that letting the message in needs no memory
 * @taken_bytes: sender, receipt: what the receiver took
 * @taken_pid:	sender, receipt: the process; holds a reference
 * @taken_tid:	sender, receipt: the thread; holds a reference
 *
 * All of it is protected by mbx_port.lock until @done, and the sleeper's own
 * afterwards.
 */
struct mbx_waiter {
	struct list_head node;
	struct task_struct *task;
	bool done;
	int result;
	struct mbx_message *msg;

	struct mbx_receive *receive;
	bool waited;
	bool pinned;
	size_t needed;

	bool sync;
	bool taken;
	struct mbx_queue *queue;
	struct mbx_lane *lane;
	u64 taken_bytes;
	struct pid *taken_pid;
	struct pid *taken_tid;
};

/* So many wake-ups wait for the unlock; more happen at once. */
#define MBX_WAKES_MAX	8

/**
 * struct mbx_wakes - what is to be woken once the lock is dropped
 * @count:	tasks in @task
 * @task:	sleepers whose wait is over; valid under the RCU read lock
 * @receive_events: for those who poll to receive
 * @send_events: for those who poll to send
 * @send_all:	there may be room for more than one of them
 */
struct mbx_wakes {
	unsigned int count;
	struct task_struct *task[MBX_WAKES_MAX];
	__poll_t receive_events;
	__poll_t send_events;
	bool send_all;
};

/* Shorthand for the events of struct mbx_wakes. */
#define MBX_POLL_RECEIVE	(EPOLLIN | EPOLLRDNORM)
#define MBX_POLL_SEND		(EPOLLOUT | EPOLLWRNORM)

void mbx_wakes_begin(struct mbx_wakes *wakes);
void mbx_wakes_finish(struct mbx_port *port, struct mbx_wakes *wakes);

void mbx_waiter_add(struct mbx_port *port, struct mbx_waiter *waiter,
		    bool first);
void mbx_waiter_end(struct mbx_port *port, struct mbx_waiter *waiter,
		    int result, struct mbx_wakes *wakes);
int mbx_waiter_sleep(struct mbx_port *port, struct mbx_waiter *waiter,
		     const struct mbx_deadline *deadline);

#endif /* MBX_WAITER_H */
