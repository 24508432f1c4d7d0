/* SPDX-License-Identifier: GPL-2.0-only */
/* waiter.c: sleeping and waking. A, B, C and D are those of waiter.h. */

/* MBX_WAKES_MAX is 8: here it is small, so that there are more. */
#define WAKES_MAX	2

/* mbx_wakes.task: numbers of tasks, from 1, the first in the lowest four bits. */
#if FINE
#define mbx_wakes	short wakes;
#else
#define mbx_wakes
hidden short wakes;
#endif

#define WAKES_FULL	(wakes >= BIT(4 * (WAKES_MAX - 1)))

inline mbx_wakes_begin()
{
	wakes = 0
}

inline get_task_struct(t)
{
#if FINE && !defined(BROKEN_WAKES_WITHOUT_REFERENCE)
	task_refs[t]++
#else
	skip
#endif
}

inline put_task_struct(t)
{
#if FINE && !defined(BROKEN_WAKES_WITHOUT_REFERENCE)
	task_refs[t]--
#else
	skip
#endif
}

inline wake_up_process(t)
{
#if FINE
	verdict(task_gone, !(exited & BIT(t)) || task_refs[t]);
	asleep = asleep & ~BIT(t)
#else
	skip
#endif
}

/* From C on the waiter is the sleeper's. */
inline waiter_use(t)
{
	verdict(waiter_gone, waiter[t] == LINKED)
}

/* list_del() from mbx_channel.receivers. */
inline receivers_del(t)
{
	i = 0;
	do
	:: receivers[i] != t + 1 -> i++
	:: else -> break
	od;
	do
	:: i + 1 < RECEIVERS -> receivers[i] = receivers[i + 1]; i++
	:: else -> receivers[i] = 0; break
	od;
	receivers_waiting--
}

inline mbx_waiter_add_receiver(first)
{
	assert(waiter[me] == IDLE);
	waiter[me] = LINKED;
	i = receivers_waiting;
	do
	:: first && i -> receivers[i] = receivers[i - 1]; i--
	:: else -> break
	od;
	receivers[i] = me + 1;
	receivers_waiting++
}

/* mbx_port.senders needs no order of its own: it is that of the messages. */
inline mbx_waiter_add_sender()
{
	assert(waiter[me] == IDLE);
	waiter[me] = LINKED
}

/* Up to C it is mbx_waiter_done(). */
inline mbx_waiter_end(t, how)
{
	waiter_use(t);
	if
	:: t >= SENDERS -> receivers_del(t)
	:: else
	fi;
	result[t] = how;
#ifdef BROKEN_WAKES_BEFORE_DONE
	wake_up_process(t);
	if
	:: t == me -> waiter[t] = DONE
	:: else
	fi;
#else
	waiter[t] = DONE;				/* C */
#endif
	if
	:: t == me
	:: t != me && !WAKES_FULL ->
		get_task_struct(t);
		wakes = (wakes -> wakes | ((t + 1) << 4) : t + 1)
	:: t != me && WAKES_FULL ->
#ifdef BROKEN_WAKES_ONLY_SO_MANY
		skip
#else
		wake_up_process(t)			/* D */
#endif
	fi
}

/* mbx_wakes_run(), and mbx_wake() for each of them */
inline mbx_wakes_finish()
{
#if FINE
	do
	:: wakes ->
		d_step {
#ifdef BROKEN_WAKES_BEFORE_DONE
			waiter[(wakes & 15) - 1] = DONE;
#else
			wake_up_process((wakes & 15) - 1);	/* D */
#endif
			put_task_struct((wakes & 15) - 1);
			wakes = wakes >> 4
		}
	:: else -> break
	od;
#endif
	skip	/* SPIN lets no loop end before a d_step */
}

/* What the sleeper finds in its waiter, and where that points to. It is not there afterwards. */
inline waiter_read()
{
	assert(waiter[me] == DONE);
	err = result[me];
	waiter[me] = IDLE;
	result[me] = 0;
	if
	:: me < SENDERS ->
		check_sent(sync >> me & 1);
		sync = sync & ~BIT(me);
		m = NONE
	:: else ->
		m = (err == OK -> waiter_msg[me] : NONE);
		was_waited = taken_waited >> me & 1;
		taken_waited = taken_waited & ~BIT(me);
		again = true;
		commit_alone()
	fi;
	waiter_msg[me] = 0
}

/*
 * sleep_until(). A signal may come before schedule() or end it. Once it is done
 * the waiter is the sleeper's own, so what it reads there is no step.
 */
#if FINE
inline mbx_waiter_sleep()
{
	do
	::
#ifdef BROKEN_TESTS_BEFORE_STATE
		if
		:: d_step { waiter[me] == DONE -> waiter_read() }; break
		:: waiter[me] != DONE
		fi;
		asleep = asleep | BIT(me);
#else
		asleep = asleep | BIT(me);			/* A */
		if
		:: d_step {					/* B */
			waiter[me] == DONE ->
			asleep = asleep & ~BIT(me);
			waiter_read()
		   };
		   break
		:: waiter[me] != DONE
		fi;
#endif
		if
		:: !(asleep & BIT(me))				/* schedule() */
		:: d_step {
			give_ups ->
			give_ups--;
			asleep = asleep & ~BIT(me);
			err = INTERRUPTED
		   };
		   break
		fi
	od;
	skip
}
#else
inline mbx_waiter_sleep()
{
	if
	:: d_step { waiter[me] == DONE -> waiter_read() }
	:: d_step { give_ups -> give_ups--; err = INTERRUPTED }
	fi
}
#endif
