/* SPDX-License-Identifier: GPL-2.0-only */
/* transfer.c: hand-over, admission, put-back, withdrawal. And what queue.c promises. */

inline mbx_queue_push(queue, m)
{
	verdict(doubled_message, !(queue & BIT(m)));
	queue = queue | BIT(m)
}

inline mbx_queue_remove(queue, m)
{
	verdict(doubled_message, queue & BIT(m));
	queue = queue & ~BIT(m)
}

/* @best becomes the first in @queue that @t wants, or NONE. */
inline mbx_queue_find(queue, t)
{
	best = 0;
	do
	:: best == MESSAGES -> best = NONE; break
	:: best < MESSAGES ->
		if
		:: (queue & BIT(best)) && MATCH(t, best) -> break
		:: else -> best++
		fi
	od
}

/* The same, for anybody, and @queue is not empty. */
inline queue_first(queue)
{
	best = 0;
	do
	:: queue & BIT(best) -> break
	:: else -> best++
	od
}

inline mbx_transfer_taker(m)
{
	taker = NONE;
	j = 0;
	do
	:: j < RECEIVERS ->
		if
		:: !receivers[j] -> break
		:: receivers[j] && MATCH((receivers[j] - 1), m) ->
			taker = receivers[j] - 1; break
		:: else -> j++
		fi
	:: else -> break
	od
}

inline mbx_transfer_hand(m)
{
	received++;
	move(m, MOVING, TAKEN);
	waiter_use(taker);
	/* mbx_waiter_give() */
	waiter_msg[taker] = m;
	taken_waited = (taken_waited & ~BIT(taker)) | ((waited >> m & 1) << taker);
	mbx_waiter_end(taker, OK)
}

inline ready_push(m)
{
	move(m, MOVING, READY);
	mbx_queue_push(ready, m);
	ready_count++
}

inline ready_remove(m)
{
	mbx_queue_remove(ready, m);
	ready_count--
}

inline channel_put(m)
{
	mbx_transfer_taker(m);
#ifdef BROKEN_MESSAGE_GOES_TO_NOBODY
	taker = NONE;
#endif
	if
	:: taker != NONE -> mbx_transfer_hand(m)
	:: else -> ready_push(m)
	fi
}

inline mbx_transfer_return(m)
{
	received--;
	channel_put(m)
}

inline message_accept(m)
{
	sent++;
	waiter_use(from[m]);
	assert(waiter_msg[from[m]] == m);
	if
	:: sync & BIT(from[m])
	:: else -> waited = waited & ~BIT(m)
	fi
}

inline mbx_transfer_accept(m)
{
	message_accept(m);
	if
	:: !(waited & BIT(m)) ->
#ifdef BROKEN_TAKING_TELLS_NOBODY
		skip
#else
		mbx_waiter_end(from[m], OK)
#endif
	:: else
	fi
}

inline port_admit(m)
{
	mbx_queue_remove(pending, m);
	move(m, PENDING, MOVING);
	message_accept(m);
	channel_put(m);		/* mbx_transfer_place() */
	if
	:: !(waited & BIT(m)) -> mbx_waiter_end(from[m], OK)
	:: else
	fi
}

/* mbx_transfer_admit_pending(), with mbx_port_has_place() */
inline mbx_transfer_admit()
{
	do
	:: !dead && !RECEIVERS_GONE && pending ->
		queue_first(pending);
		mbx_transfer_taker(best);
		if
		:: HAS_ROOM || taker != NONE -> port_admit(best)
		:: else -> break
		fi;
#ifdef BROKEN_ADMITS_ONLY_ONE
		break
#endif
	:: else -> break
	od
}

/* With sender_withdraw(). mbx_waiter.queue is where[], or NULL if that is no queue. */
inline mbx_transfer_withdraw(t, how)
{
	waiter_use(t);
	msg = waiter_msg[t];
	room = (where[msg] == READY);
	assert(waited & BIT(msg));
	waited = waited & ~BIT(msg);
	if
	:: where[msg] == PENDING ->
		mbx_queue_remove(pending, msg);
		where[msg] = WITHDRAWN
	:: where[msg] == READY ->
#ifndef BROKEN_WITHDRAWAL_STAYS_COUNTED
		sent--;
#endif
#ifdef BROKEN_WITHDRAWAL_LEAVES_MESSAGE
		skip
#else
		ready_remove(msg);
		where[msg] = WITHDRAWN
#endif
	:: else ->
		sent--;
		move(msg, TAKEN, ABANDONED)
	fi;
	mbx_waiter_end(t, how);
#ifndef BROKEN_WITHDRAWAL_ADMITS_NOBODY
	if
	:: room -> mbx_transfer_admit()
	:: else
	fi
#endif
}
