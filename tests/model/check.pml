/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is proved. Each verdict has a name, which SPIN prints when it is false.
 * That all processes come to their end it looks at by itself.
 */

/* Somebody sleeps beside what he waits for, or was woken and sleeps. */
hidden byte lost_wake_up;
/* Somebody sleeps at a port that is destroyed, and nobody will wake him. */
hidden byte asleep_for_ever;
/* Nobody has it: no queue, no receiver, no lease, no sender. */
hidden byte lost_message;
/* It is in two places, or was received twice. */
hidden byte doubled_message;
/* A sender was told something else than what became of its message. */
hidden byte false_report;
/* A message is left at a port that is destroyed. */
hidden byte leaked_message;
/* A thread ended a lease that was another one's meanwhile. */
hidden byte stolen_lease;
/* A waiter was used after its sleeper may have returned. */
hidden byte waiter_gone;
/* A task was woken after its memory may have been freed. */
hidden byte task_gone;
/* A message went past one that came before it. */
hidden byte overtaken;
/* The port shows wrong numbers. */
hidden byte miscounted;

inline verdict(name, holds)
{
	name = !(holds);
	assert(!name)
}

/* Every move of a message: it is where it was thought to be. */
inline move(m, old, new)
{
	verdict(false_report, where[m] == old || where[m] < WITHDRAWN);
	verdict(doubled_message, where[m] == old);
	where[m] = new
}

/* What the caller of a send is told is what became of the message. */
inline check_sent(is_sync)
{
	if
	:: err == OK && is_sync -> verdict(false_report, receipts & BIT(m))
	:: err == OK && !is_sync ->
		verdict(false_report, where[m] < WITHDRAWN && where[m] != PENDING)
	:: err != OK && m != NONE ->
		verdict(false_report, !(receipts & BIT(m)) && where[m] >= WITHDRAWN)
	:: else
	fi
}

/*
 * A newcomer may go past those who sleep only to who does not want theirs. What
 * is taken out of a queue is the first one there, in taken_remove().
 */
inline overtakes_nobody(m)
{
	i = 0;
	do
	:: i < m ->
		if
		:: taker == NONE -> verdict(overtaken, !(pending & BIT(i)))
		:: else ->
			verdict(overtaken, !((pending | ready) & BIT(i)) || !MATCH(taker, i))
		fi;
		i++
	:: else -> break
	od
}

/* What holds whenever the lock is free. */
inline invariant()
{
	if
	:: !dead ->
		/* Nobody sleeps for room that there is. */
		verdict(lost_wake_up, !pending || !HAS_ROOM || RECEIVERS_GONE);
		/* No receiver sleeps for a message that there is. */
		i = 0;
		do
		:: i < RECEIVERS && receivers[i] ->
			mbx_queue_find((ready | pending), (receivers[i] - 1));
			verdict(lost_wake_up, best == NONE);
			i++
		:: else -> break
		od;
		/* The numbers that a port shows. */
		i = 0;
		j = 0;
		count = 0;
		do
		:: i < MESSAGES ->
			if
			:: where[i] == READY || where[i] == TAKEN ||
			   where[i] == LEASED || where[i] == RECEIVED -> j++
			:: else
			fi;
			if
			:: where[i] == TAKEN || where[i] == ABANDONED ||
			   where[i] == LEASED || where[i] == RECEIVED -> count++
			:: else
			fi;
			i++
		:: else -> break
		od;
		verdict(miscounted, sent == j && received == count)
	:: else
	fi
}

/* When nothing moves any more: whoever sleeps does so for a reason. */
inline quiet()
{
	count = 0;
	do
	:: count < TASKS ->
		if
		:: waiter[count] == IDLE
		:: waiter[count] != IDLE && count < SENDERS ->
			msg = waiter_msg[count];
			verdict(asleep_for_ever, !dead);
			verdict(lost_wake_up, waiter[count] == LINKED && !RECEIVERS_GONE);
			verdict(lost_wake_up, (where[msg] == PENDING && !HAS_ROOM) ||
				(where[msg] == READY && (sync & BIT(count))))
		:: else ->
			mbx_queue_find((ready | pending), count);
			verdict(asleep_for_ever, !dead);
			verdict(lost_wake_up, waiter[count] == LINKED && !SENDERS_GONE);
			verdict(lost_wake_up, best == NONE)
		fi;
		count++
	:: else -> break
	od;
	/* Messages are somewhere: nobody has any in hand. */
	count = 0;
	do
	:: count < MESSAGES ->
		verdict(lost_message, where[count] != TAKEN && where[count] != MOVING &&
			where[count] != ABANDONED);
		verdict(lost_message, (where[count] == PENDING) == (pending >> count & 1));
		verdict(lost_message, (where[count] == READY) == (ready >> count & 1));
		verdict(lost_message, (where[count] == LEASED) == (leased >> count & 1));
		count++
	:: else -> break
	od
}

/* When nothing moves any more at a port that is destroyed: that was the end of all. */
inline nothing_left()
{
	count = 0;
	do
	:: count < TASKS ->
		verdict(asleep_for_ever, waiter[count] == IDLE);
		count++
	:: else -> break
	od;
	verdict(leaked_message, !pending && !ready && !leased);
	count = 0;
	do
	:: count < MESSAGES ->
		verdict(leaked_message, where[count] == UNSENT || where[count] == RECEIVED ||
			where[count] == DRAINED || where[count] == WITHDRAWN ||
			where[count] == GONE);
		count++
	:: else -> break
	od
}
