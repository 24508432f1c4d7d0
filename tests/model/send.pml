/* SPDX-License-Identifier: GPL-2.0-only */
/* send.c: sending, and sleeping for room or for a receipt. */

inline send_locked(is_sync)
{
	if
	:: dead -> err = EIDRM
	:: !dead && RECEIVERS_GONE -> err = EPIPE
	:: else ->
		m = seq;
		from[m] = me;
		where[m] = MOVING;
		/* mbx_port_accepts() */
		mbx_transfer_taker(m);
		room = (!pending && HAS_ROOM) || taker != NONE;
#ifdef BROKEN_SENDER_LOOKS_OUTSIDE_THE_LOCK
		room = room && found_room;
#endif
		err = OK;
		if
		:: is_sync || !room ->
			err = SLEEP;
			mbx_waiter_add_sender();
			waiter_msg[me] = m;
			waited = waited | BIT(m);
			sync = (sync & ~BIT(me)) | (is_sync << me)
		:: else
		fi;
		if
		:: room ->
			overtakes_nobody(m);
			sent++;
			channel_put(m)		/* mbx_transfer_place() */
		:: else ->
			move(m, MOVING, PENDING);
			mbx_queue_push(pending, m)
		fi;
		seq++
	fi
}

inline send_once(is_sync)
{
	mbx_wakes_begin();
	begin(senders_begun, me);
	send_locked(is_sync);
	if
	:: err == SLEEP
	:: else -> check_sent(is_sync); m = NONE
	fi;
	invariant()
}

inline send_give_up()
{
#ifdef BROKEN_WITHDRAWS_WITHOUT_LOCK
	was_waited = (waiter[me] != DONE);
#endif
	d_step {	/* send_give_up() */
		mbx_wakes_begin();
		if
#ifdef BROKEN_SENDER_LEAVES_UNCHECKED
		:: true -> mbx_transfer_withdraw(me, GAVE_UP)
#elif defined(BROKEN_WITHDRAWS_WITHOUT_LOCK)
		:: was_waited -> mbx_transfer_withdraw(me, GAVE_UP)
#else
		:: waiter[me] != DONE -> mbx_transfer_withdraw(me, GAVE_UP)
#endif
		:: else
		fi;
		waiter_read();
		invariant()
	};
	mbx_wakes_finish()
}

inline mbx_port_send()
{
#ifdef BROKEN_SENDER_LOOKS_OUTSIDE_THE_LOCK
	d_step {
		mbx_transfer_taker(seq);
		found_room = (!pending && HAS_ROOM) || taker != NONE
	};
#endif
	if
	:: d_step {	/* mbx_port_send() */
		SYNC != 1 && in_turn(senders_begun, me) ->
		send_once(false)
	   }
	:: d_step {	/* mbx_port_send(), with SYNC */
		SYNC != 0 && in_turn(senders_begun, me) ->
		send_once(true)
	   }
	fi;
	mbx_wakes_finish();
	if
	:: err == SLEEP ->
		mbx_waiter_sleep();
		if
		:: err == INTERRUPTED -> send_give_up()
		:: else
		fi
	:: else
	fi
}
