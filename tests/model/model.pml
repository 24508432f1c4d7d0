/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sleeping and hand-over at a port, for SPIN: what waiter.c, transfer.c,
 * send.c, receive.c, hold.c, port.c and end.c of module/ do, each in the file
 * of the same name here. queue.c is taken at its word: a queue is a set of messages,
 * of which the lowest number that matches comes first.
 *
 * A d_step is one critical section under mbx_port.lock, and has the name of
 * the function beside it. All else is a step of its own: the halves of going
 * to sleep, each wake-up, the copy to user memory. SPIN goes through all orders
 * of all steps. Memory is sequentially consistent here; in the module the
 * barriers named in waiter.h see to that.
 *
 * What is not in it: the common case of quick.h, mbx_port_hand(), which is
 * mbx_transfer_hand() with one wake-up; that who has woken somebody, and is
 * about to sleep, lets others run first, which they may between any two steps;
 * broadcast, calls and answers, policies that drop, peeks, buffers that are too
 * short, batches, poll, revocation, priorities. A call that does not sleep
 * changes nothing where another would sleep, and a pass that finds too little
 * in reserve changes nothing either: so both are as if they began later, and
 * have no step.
 *
 * What is chosen with -D (the script `run` has the choices):
 *
 *   SENDERS, RECEIVERS	processes
 *   SENDS, RECEIVES	calls that each of them makes
 *   CAPACITY		0 = rendezvous
 *   FINE		1: the steps of going to sleep and waking, of waiter.h.
 *			0: a sleep is one step that ends once the waiter is done;
 *			that it does is what FINE shows
 *   SYNC		sends are: 0 plain, 1 SYNC, 2 either
 *   LEASE		receives are: 0 plain, 1 with a lease, 2 either
 *   SHARED		1: receivers are threads that share a handle, with LEASE
 *   SELECT		1: receivers select, each something else
 *   GIVE_UPS		so many sleeps are ended by a signal or a deadline
 *   FAULTS		so many copies fail
 *   EXPIRES		so many leases end by themselves
 *   HANGUP		1: MAILBOX_CREATE_HANGUP; receivers come at any time
 *   DESTROY		1: somebody destroys the port at any time
 *   GROW		somebody sets this capacity at any time; 0: nobody
 *   BROKEN_...		the port has this mistake, which is to be found
 *
 * Verdicts are in check.pml.
 */

#ifndef SENDERS
#define SENDERS		3
#endif
#ifndef RECEIVERS
#define RECEIVERS	3
#endif
#ifndef SENDS
#define SENDS		1
#endif
#ifndef RECEIVES
#define RECEIVES	1
#endif
#ifndef CAPACITY
#define CAPACITY	1
#endif
#ifndef FINE
#define FINE		0
#endif
#ifndef SYNC
#define SYNC		0
#endif
#ifndef LEASE
#define LEASE		0
#endif
#ifndef SHARED
#define SHARED		0
#endif
#ifndef SELECT
#define SELECT		0
#endif
#ifndef GIVE_UPS
#define GIVE_UPS	0
#endif
#ifndef FAULTS
#define FAULTS		0
#endif
#ifndef EXPIRES
#define EXPIRES		0
#endif
#ifndef HANGUP
#define HANGUP		0
#endif
#ifndef DESTROY
#define DESTROY		0
#endif
#ifndef GROW
#define GROW		0
#endif

#define TASKS		(SENDERS + RECEIVERS)
#define MESSAGES	(SENDERS * SENDS)
#define NONE		15
#define BIT(n)		(1 << (n))

/* --- messages, which are known by their number ------------------------------- */

/* Where a message is. */
#define UNSENT		0
#define PENDING		1	/* in mbx_port.pending */
#define READY		2	/* in mbx_channel.ready */
#define TAKEN		3	/* in the hand of a receiver */
#define MOVING		4	/* only within a critical section */
#define LEASED		5
#define RECEIVED	6	/* user space has it, for good */
#define DRAINED		7	/* freed with the port */
/* From here on its sender was told, or is about to be, that it was not sent. */
#define WITHDRAWN	8	/* its sender has it, or has freed it */
#define ABANDONED	9	/* a receiver has it, and will free it */
#define GONE		10	/* freed after that */

byte where[MESSAGES];
byte from[MESSAGES];
byte waited;			/* mbx_message.waiter is set: it is from[] */
byte receipts;			/* its sender was told that it was received */

#define TYPE(m)		(from[m] % 2)
#define TYPE_ANY	2
/* What receivers want: the first of them type 0, the second type 1, others any. */
#if SELECT
#define WANTS(task)	(task - SENDERS < 2 -> task - SENDERS : TYPE_ANY)
#else
#define WANTS(task)	TYPE_ANY
#endif
#define MATCH(task, m)	(WANTS(task) == TYPE_ANY || WANTS(task) == TYPE(m))

/* --- tasks and their waiters -------------------------------------------------- */

#define WORKER		TASKS		/* mbx_port.expire */
#define OWNER		(TASKS + 1)	/* who destroys or changes the port */

/* The state of a waiter. */
#define IDLE		0	/* not there, or the sleeper's own again */
#define LINKED		1
#define DONE		2

/* Results: the errno does not matter, who chose it does. */
#define OK		0
#define SLEEP		1	/* the 1 of send_locked(), receive_locked() */
#define GAVE_UP		2	/* ERESTARTSYS, ETIMEDOUT */
#define EIDRM		3
#define EPIPE		4
#define EFAULT		5
#define AGAIN		6	/* the 1 of receive_finish() */
#define INTERRUPTED	7	/* the sleep, not the wait */

byte waiter[TASKS];
byte result[TASKS];
byte waiter_msg[TASKS];		/* mbx_waiter.msg, and .taken.msg */
byte taken_waited;		/* receivers: .taken.waited, by task */
byte sync;			/* senders: .sync, by task */

#if FINE
byte asleep;			/* TASK_INTERRUPTIBLE, by task */
byte exited;			/* gone for good, by task */
byte task_refs[TASKS];		/* what keeps its memory then */
#endif

/* --- the port ----------------------------------------------------------------- */

bool dead;
byte capacity = CAPACITY;
byte seq;
byte pending;			/* sets of messages */
byte ready;
byte ready_count;
byte receivers[RECEIVERS];	/* who sleeps, in the order of arrival; 0 = end */
byte receivers_waiting;
short held[RECEIVERS];		/* mbx_end.held: see hold.pml */
byte leased;			/* the messages in all of them */
#if SHARED
byte deliveries[MESSAGES];
byte lessee[MESSAGES];		/* the thread that works on it */
byte users = RECEIVERS;
#define END		0
#else
#define END		(me - SENDERS)
#endif
byte sent;
byte received;
#if HANGUP
byte send_handles = SENDERS;
byte receive_handles;
bool receivers_seen;
#define SENDERS_GONE	(!send_handles)
#define RECEIVERS_GONE	(receivers_seen && !receive_handles)
#else
#define SENDERS_GONE	false
#define RECEIVERS_GONE	false
#endif

#define HAS_ROOM	(ready_count < capacity)

/* What may still happen. */
byte give_ups = GIVE_UPS;
byte faults = FAULTS;
byte expires = EXPIRES;

/* How many have begun. */
byte senders_begun;
byte receivers_begun;

/*
 * Those of a kind are the same, but for what they select: so it is enough to
 * look at the orders in which their first steps come in the order of @me.
 */
#if SELECT
#define in_turn(begun, number)	true
#else
#define in_turn(begun, number)	(begun >= number)
#endif

inline begin(begun, number)
{
	if
	:: begun == number -> begun++
	:: else
	fi
}

/* Of single critical sections, which set them before they use them. */
hidden byte i;
hidden byte j;
hidden byte taker;
hidden byte best;
hidden byte msg;
hidden byte task;
hidden byte count;
hidden byte room;

#include "check.pml"
#include "waiter.pml"
#include "transfer.pml"
#include "send.pml"
#include "receive.pml"
#include "hold.pml"
#include "port.pml"
#include "end.pml"

/* --- processes ----------------------------------------------------------------- */

inline task_exit()
{
	more = false;
#if FINE
	exited = exited | BIT(me)
#endif
}

proctype sender(byte me)
{
	byte calls = SENDS;
	byte m = NONE;
	byte err;
	mbx_wakes
	bool was_waited;	/* a receiver's, for what both use; likewise @again */
	bool again;
	bool more;
#ifdef BROKEN_SENDER_LOOKS_OUTSIDE_THE_LOCK
	bool found_room;
#endif

	do
	:: calls ->
		calls--;
		mbx_port_send();
		err = OK
	:: else -> break
	od;
#if HANGUP
	mbx_port_detach(send_handles);
#endif
	task_exit()
}

proctype receiver(byte me)
{
	byte calls = RECEIVES;
	byte m = NONE;
	byte err;
	mbx_wakes
	bool was_waited;
	bool again;
	bool lease;
	bool more;
#if SHARED
	byte token;
#endif

#if HANGUP
	mbx_port_attach();
#endif
	do
	:: calls ->
		calls--;
		mbx_port_receive();
#if LEASE
		if
		:: lease -> settle()
		:: else
		fi;
#endif
		d_step {
			m = NONE;
			was_waited = false;
			again = false;
			lease = false;
#if SHARED
			token = 0;
#endif
			err = OK
		}
	:: else -> break
	od;
#if LEASE
#if SHARED
	/* The last of them closes the handle. */
	users--;
	do
	:: held[END] && !users -> mbx_hold_release()
#else
	do
	:: held[END] -> mbx_hold_release()
#endif
	:: else -> break
	od;
#endif
#if HANGUP
	mbx_port_detach(receive_handles);
#endif
	task_exit()
}

#if EXPIRES
/* The work item. Any of the leases may be the one that is due. */
proctype worker()
{
	byte me = WORKER;
	mbx_wakes

end:	do
	:: mbx_port_expire(0)
#if MESSAGES > 1
	:: mbx_port_expire(1)
#endif
#if MESSAGES > 2
	:: mbx_port_expire(2)
#endif
#if MESSAGES > 3
	:: mbx_port_expire(3)
#endif
	od
}
#endif

/* Who does what is rare, and has the last word. */
proctype owner()
{
	byte me = OWNER;
	mbx_wakes
	bool more;

#if GROW
	mbx_port_set_policy();
#endif
#if DESTROY
	mbx_port_kill();
#endif
	/* Nothing moves any more, and there will be no signal and no deadline. */
	timeout;
	d_step { give_ups = 0; expires = 0; quiet() };
	if
	:: !dead -> mbx_port_kill()
	:: else
	fi;
	/* SPIN sees to it that all have come to their end. */
	timeout;
	d_step { nothing_left() }
}

init {
	byte n;

	atomic {
		do
		:: n < SENDERS -> run sender(n); n++
		:: n >= SENDERS && n < TASKS -> run receiver(n); n++
		:: else -> break
		od;
		n = 0;
#if EXPIRES
		run worker();
#endif
		run owner()
	}
}
