/* SPDX-License-Identifier: GPL-2.0-only */
/* receive.c: receiving, and sleeping for a message. */

inline taken_remove(m)
{
#if !SELECT && !defined(BROKEN_COPIES_THEN_UNLINKS)
	verdict(overtaken, !((pending | ready) & (BIT(m) - 1)));
#endif
	received++;
	if
	:: pending & BIT(m) ->
		mbx_queue_remove(pending, m);
		move(m, PENDING, TAKEN);
		mbx_transfer_accept(m)
	:: else ->
		ready_remove(m);
		move(m, READY, TAKEN);
#ifndef BROKEN_TAKING_ADMITS_NOBODY
		mbx_transfer_admit()
#endif
	fi;
	was_waited = waited >> m & 1
}

inline receive_find()
{
#ifdef BROKEN_RECEIVER_PREFERS_PENDING
	mbx_queue_find(pending, me);
	if
	:: best == NONE -> mbx_queue_find(ready, me)
	:: else
	fi;
#else
	mbx_queue_find(ready, me);
#endif
#ifndef BROKEN_RECEIVER_IGNORES_PENDING
	if
	:: best == NONE -> mbx_queue_find(pending, me)
	:: else
	fi;
#endif
	m = best
}

inline receive_locked()
{
	if
#ifndef BROKEN_RECEIVER_IGNORES_DEATH
	:: dead -> err = EIDRM
#endif
	:: else ->
#ifdef BROKEN_LOSER_DOES_NOT_LOOK
		if
		:: again -> m = NONE
		:: else -> receive_find()
		fi;
#elif !defined(BROKEN_LOOKS_OUTSIDE_THE_LOCK)
		receive_find();
#endif
		if
#ifdef BROKEN_COPIES_THEN_UNLINKS
		:: m != NONE -> was_waited = waited >> m & 1; err = OK
#else
		:: m != NONE -> taken_remove(m); err = OK
#endif
		:: m == NONE && SENDERS_GONE -> err = EPIPE
		:: else -> mbx_waiter_add_receiver(again); err = SLEEP
		fi
	fi
}

inline receive_sleep()
{
	mbx_waiter_sleep();
	if
	:: err == INTERRUPTED ->
		d_step {	/* receive_sleep() */
			mbx_wakes_begin();
			if
			:: waiter[me] != DONE -> mbx_waiter_end(me, GAVE_UP)
#ifdef BROKEN_RECEIVER_LEAVES_UNCHECKED
			:: else -> result[me] = GAVE_UP
#else
			:: else
#endif
			fi;
			waiter_read();
			invariant()
		};
		mbx_wakes_finish()
	:: else
	fi
}

/* The copy failed, or a lease is not to be had. */
inline receive_put_back()
{
	if
	:: dead && (waited & BIT(m)) -> mbx_transfer_withdraw(from[m], EIDRM)
	:: else
	fi;
	if
#ifdef BROKEN_PUT_BACK_IGNORES_DEATH
	:: was_waited && !(waited & BIT(m)) ->
#else
	:: dead || (was_waited && !(waited & BIT(m))) ->
#endif
		received--;
		if
		:: where[m] == ABANDONED -> where[m] = GONE
		:: else -> move(m, TAKEN, DRAINED)
		fi
	:: else ->
		move(m, TAKEN, MOVING);
#ifdef BROKEN_PUT_BACK_HANDS_TO_NOBODY
		received--;
		ready_push(m)
#else
		mbx_transfer_return(m)
#endif
	fi
}

/* With sender_answer(). */
inline receive_commit(lease_it)
{
#ifdef BROKEN_COPIES_THEN_UNLINKS
	if
	:: (pending | ready) & BIT(m) -> taken_remove(m)
	:: else
	fi;
#endif
	if
#ifdef BROKEN_COMMIT_UNCHECKED
	:: where[m] == ABANDONED -> move(m, TAKEN, RECEIVED); err = OK
#else
	:: was_waited && !(waited & BIT(m)) ->
		received--;
		move(m, ABANDONED, GONE);
		err = AGAIN
#endif
#ifndef BROKEN_LEASE_IGNORES_DEATH
	:: !(was_waited && !(waited & BIT(m))) && lease_it && dead -> err = EIDRM
#endif
	:: else ->
		if
		:: waited & BIT(m) ->
			waited = waited & ~BIT(m);
			receipts = receipts | BIT(m);
#ifndef BROKEN_COMMIT_TELLS_NOBODY
			mbx_waiter_end(from[m], OK)
#endif
		:: else
		fi;
		if
		:: lease_it -> mbx_hold_lease(m)
		:: else -> move(m, TAKEN, RECEIVED)
		fi;
		err = OK
	fi
}

/*
 * A message that nobody waits for is the receiver's alone. If its copy cannot
 * fail any more, when it ends makes no difference: so that is no step.
 */
inline commit_alone()
{
#ifndef BROKEN_COPIES_THEN_UNLINKS
	if
	:: err == OK && !was_waited && !LEASE && !faults ->
		move(m, TAKEN, RECEIVED);
		m = NONE
	:: else
	fi
#else
	skip
#endif
}

/* receive->copy(), and what follows from it; a kill -9 is a copy that fails. */
inline receive_finish()
{
	if
	:: d_step { faults -> faults--; err = EFAULT }
#ifndef BROKEN_COPIES_THEN_UNLINKS
	:: d_step {
		LEASE != 1 && !was_waited ->
		move(m, TAKEN, RECEIVED)
	   }
#endif
	:: d_step {	/* receive_commit() */
#ifndef BROKEN_COPIES_THEN_UNLINKS
		LEASE != 1 && was_waited ->
#else
		true ->
#endif
		mbx_wakes_begin();
		receive_commit(false);
		invariant()
	   };
	   mbx_wakes_finish()
#if LEASE
	:: d_step {	/* receive_commit(), with a lease */
		true ->
		mbx_wakes_begin();
		receive_commit(true);
		lease = (err == OK);
		invariant()
	   };
	   mbx_wakes_finish()
#endif
	fi;
	if
	:: err == EFAULT || err == EIDRM ->
#ifndef BROKEN_FAULT_PUTS_NOTHING_BACK
		d_step {	/* receive_put_back() */
			mbx_wakes_begin();
			receive_put_back();
			invariant()
		};
#endif
		mbx_wakes_finish()
	:: else
	fi
}

inline mbx_port_receive()
{
	do
	::
#ifdef BROKEN_LOOKS_OUTSIDE_THE_LOCK
		d_step {
			in_turn(receivers_begun, (me - SENDERS)) ->
			receive_find()
		};
		skip;	/* or SPIN makes one d_step of the two */
#endif
		d_step {	/* mbx_port_receive() */
			in_turn(receivers_begun, (me - SENDERS)) ->
			mbx_wakes_begin();
			begin(receivers_begun, (me - SENDERS));
			receive_locked();
			commit_alone();
			invariant()
		};
		mbx_wakes_finish();
		if
		:: err == SLEEP -> receive_sleep()
		:: else
		fi;
		if
		:: err == OK && m != NONE -> receive_finish()
		:: else
		fi;
		/* The message was withdrawn: on to the next, but for a signal. */
		if
		:: err == AGAIN -> m = NONE
		:: d_step { err == AGAIN && give_ups -> give_ups-- }; break
		:: err != AGAIN -> break
		fi
	od;
	skip
}
