/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hold.c: messages under a lease. What an end has in hand are numbers of
 * messages, from 1, the oldest lease in the lowest four bits.
 */

inline mbx_hold_lease(m)
{
	move(m, TAKEN, LEASED);
	i = 0;
	do
	:: held[END] >> i & 15 -> i = i + 4
	:: else -> break
	od;
	held[END] = held[END] | ((m + 1) << i);
	leased = leased | BIT(m);
#if SHARED
	/* mbx_lease_token() */
	deliveries[m]++;
	token = deliveries[m];
	lessee[m] = me
#endif
}

/* held_find(): @i becomes the place of @m in what @r holds, @best is NONE if it does not. */
inline held_find(r, m)
{
	best = NONE;
	i = 0;
	do
	:: !(held[r] >> i & 15) -> break
	:: (held[r] >> i & 15) == m + 1 -> best = m; break
	:: else -> i = i + 4
	od
}

inline mbx_hold_forget(r, m)
{
	held_find(r, m);
	assert(best == m);
	held[r] = (held[r] & (BIT(i) - 1)) | (held[r] >> (i + 4) << i);
	leased = leased & ~BIT(m)
}

/* @task becomes whose end has @m in hand. */
inline held_by(m)
{
	task = 0;
	do
	:: task == RECEIVERS -> break
	:: else ->
		held_find(task, m);
		if
		:: best == m -> break
		:: else -> task++
		fi
	od;
	assert(task < RECEIVERS)
}

inline lease_return(m)
{
#ifdef BROKEN_LEASE_RETURNS_TO_NOBODY
	move(m, LEASED, MOVING);
	received--;
	ready_push(m)
#else
	move(m, LEASED, MOVING);
	mbx_transfer_return(m)
#endif
}

#if SHARED && !defined(BROKEN_TOKEN_IS_NUMBER)
#define TOKEN_FITS(m)	(token == deliveries[m])
#else
#define TOKEN_FITS(m)	true
#endif

/* lease_take_locked(): takes @m from its lease, or @best is NONE. */
inline lease_take(m)
{
	best = NONE;
	if
	:: dead
	:: else ->
		held_find(END, m);
		if
		:: best == m && TOKEN_FITS(m) ->
#if SHARED
			verdict(stolen_lease, lessee[m] == me);
#endif
			mbx_hold_forget(END, m)
		:: else -> best = NONE
		fi
	fi
}

inline mbx_port_ack()
{
	d_step {	/* mbx_port_ack() */
		true ->
		lease_take(m);
		if
		:: best == m -> move(m, LEASED, RECEIVED)
#ifdef BROKEN_ACK_UNCHECKED
		:: best == NONE && !dead -> move(m, LEASED, RECEIVED)
#endif
		:: else
		fi;
		invariant()
	}
}

inline mbx_port_nack()
{
	d_step {	/* mbx_port_nack() */
		true ->
		mbx_wakes_begin();
		lease_take(m);
		if
		:: best == m -> lease_return(m)
		:: else
		fi;
		invariant()
	};
	mbx_wakes_finish()
}

/* What a receiver does with its lease. */
inline settle()
{
	if
	:: mbx_port_ack()
	:: mbx_port_nack()
	:: true		/* until its handle is closed */
	fi
}

/* The lease on message number @number ends by itself. */
inline mbx_port_expire(number)
{
	d_step {	/* mbx_port_expire() */
		expires && (leased & BIT(number)) ->
		mbx_wakes_begin();
		expires--;
		held_by(number);
#ifndef BROKEN_LEASE_EXPIRES_AND_STAYS
		mbx_hold_forget(task, number);
#endif
		lease_return(number);
		invariant()
	};
	mbx_wakes_finish()
}

/* The handle is closed: the oldest first, so that is who sleeps gets. */
inline mbx_hold_release()
{
	d_step {	/* mbx_hold_release() */
		mbx_wakes_begin();
		if
		:: held[END] ->
			m = (held[END] & 15) - 1;
			mbx_hold_forget(END, m);
			lease_return(m);
			m = NONE
		:: else
		fi;
		invariant()
	};
	mbx_wakes_finish()
}

/* The port is destroyed. */
inline mbx_hold_drop_all()
{
	do
	:: leased ->
		d_step {	/* mbx_hold_drop_all() */
			if
			:: leased ->
				queue_first(leased);
				msg = best;
				held_by(msg);
				mbx_hold_forget(task, msg);
				move(msg, LEASED, DRAINED);
				received--
			:: else
			fi
		}
	:: else -> break
	od;
	skip
}
