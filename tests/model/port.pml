/* SPDX-License-Identifier: GPL-2.0-only */
/* port.c: the end of all waits. */

/* As many at once as there are wake-ups; @more if there are others. */
inline mbx_port_end_senders(how)
{
	do
	::
		/* sender_first(): in the order of their messages. */
		task = NONE;
		count = 0;
		do
		:: count < SENDERS ->
			if
			:: waiter[count] == LINKED &&
			   (task == NONE || waiter_msg[count] < waiter_msg[task]) ->
				task = count
			:: else
			fi;
			count++
		:: else -> break
		od;
		if
		:: task == NONE -> break
		:: task != NONE && WAKES_FULL -> more = true; break
		:: else -> mbx_transfer_withdraw(task, how)
		fi
	od
}

inline receivers_end(how)
{
	do
	:: !receivers[0] -> break
	:: receivers[0] && WAKES_FULL -> more = true; break
	:: else -> task = receivers[0] - 1; mbx_waiter_end(task, how)
	od
}

inline port_drain_all()
{
	d_step {		/* port_drain_all() */
		do
		:: ready ->
			queue_first(ready);
			ready_remove(best);
			move(best, READY, DRAINED)
		:: else -> break
		od
	}
}

inline mbx_port_kill()
{
	do
	::
		d_step {	/* mbx_port_kill() */
			mbx_wakes_begin();
#ifndef BROKEN_KILL_FORGETS_TO_STOP
			more = false;
#endif
			dead = true;
#ifndef BROKEN_KILL_FORGETS_SENDERS
			mbx_port_end_senders(EIDRM);
#endif
			if
#ifndef BROKEN_KILL_FORGETS_RECEIVERS
			:: !more -> receivers_end(EIDRM)
#endif
			:: else
			fi
		};
		mbx_wakes_finish();
#ifdef BROKEN_KILL_ENDS_ONLY_SO_MANY
		more = false;
#endif
		if
		:: more
		:: else -> break
		fi
	od;
	mbx_hold_drop_all();
	port_drain_all()
}

inline mbx_port_set_policy()
{
	d_step {		/* mbx_port_set_policy() */
		mbx_wakes_begin();
		capacity = GROW;
#ifndef BROKEN_POLICY_ADMITS_NOBODY
		mbx_transfer_admit();
#endif
		invariant()
	};
	mbx_wakes_finish()
}

#if HANGUP
inline mbx_port_hang_up()
{
#ifdef BROKEN_HANG_UP_TELLS_NOBODY
	skip
#else
	do
	::
		d_step {	/* mbx_port_hang_up() */
			mbx_wakes_begin();
			more = false;
			if
			:: SENDERS_GONE -> receivers_end(EPIPE)
			:: else
			fi;
			if
			:: RECEIVERS_GONE -> mbx_port_end_senders(EPIPE)
			:: else
			fi;
			invariant()
		};
		mbx_wakes_finish();
		if
		:: more
		:: else -> break
		fi
	od
#endif
}
#endif
