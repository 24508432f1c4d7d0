// SPDX-License-Identifier: GPL-2.0-only
/*
 * kill -9 at random moments at ports that drop messages when they are full. Every
 * message is received exactly once or counted as dropped, or its sender was told
 * of an error, and nobody is left asleep. CHAOS_SEED in the environment repeats
 * the random choices of a run.
 */
#include "chaos.h"

struct drops {
	atomic_uint told;		/* senders that were told that theirs was dropped */
	atomic_uint hinted;		/* by a number of 0, though the send succeeded */
};

static struct drops *drops;
static unsigned int all_dropped, all_received;	/* in all rounds */

static void send_letter(struct member *me, unsigned int number)
{
	struct letter *letter = &me->letters[0];
	struct mailbox_ioc_send send = {
		.priority = random_below(&me->random, 3),
		.data = user_pointer(letter),
	};
	long long result;

	letter_fill(me, letter, number);
	send.len = LETTER_HEAD + letter->len;
	/* Who waits for its message is told what becomes of it. */
	if (!random_below(&me->random, 4)) {
		send.flags = MAILBOX_SEND_SYNC;
		send.deadline_ns = deadline_in(CLOCK_MONOTONIC, 200000);
	}
	*fate_of(me, number) = TRIED;
	result = command(me->fd, MAILBOX_IOC_SEND, &send);
	if (!result)
		drops->hinted += !send.seq;
	else if (result == -ENOBUFS)
		drops->told++;
	else
		CHECK(result == -ETIMEDOUT && send.flags == MAILBOX_SEND_SYNC);
	/* Last: of who is killed before that it is not known what was told. */
	*fate_of(me, number) = result ? REFUSED : SENT;
}

static void run_careless(void *arg)
{
	struct member *me = arg;
	unsigned int number;

	bind_member(me, O_WRONLY);
	for (number = 0; number < NUMBERS; number++)
		send_letter(me, number);
}

/* Sometimes slower than the senders, so that the port is full, and sometimes not. */
static void run_slow(void *arg)
{
	struct member *me = arg;
	struct letter *letter = &me->letters[0];

	bind_member(me, O_RDONLY);
	for (;;) {
		struct mailbox_ioc_receive receive = {
			.data = user_pointer(letter),
			.size = sizeof(*letter),
		};

		letter->number = NO_LETTER;
		CHECK_EQ(0, command(me->fd, MAILBOX_IOC_RECEIVE, &receive));
		note_taken(me, letter, receive.len);
		if (!random_below(&me->random, 3))
			spin_ns(random_below(&me->random, 60000));
	}
}

/*
 * All are dead, and nothing is queued. What a dead sender was about to send may
 * have been sent, and what is in the hands of a dead receiver may yet have been
 * put back, and dropped later.
 */
static void check_drops(struct round *round)
{
	struct mailbox_ioc_port_stat stat = port_stat(round->fd);
	unsigned int unknown = 0, missing = 0, doubtful = 0, i, j;

	for (i = 0; i < way->senders; i++) {
		for (j = 0; j < NUMBERS; j++) {
			unsigned int fate = round->ledger.fate[i][j];

			CHECK_RANGE(0, 1, round->ledger.taken[i][j]);
			if (round->ledger.taken[i][j])
				continue;
			unknown += fate == TRIED;
			if (fate == SENT && died_with(round, i, j))
				doubtful++;
			else
				missing += fate == SENT;
		}
	}
	missing += drops->told;
	CHECK_EQ(0, stat.messages);
	CHECK_EQ(0, stat.bytes);
	CHECK_EQ(0, stat.senders_waiting);
	CHECK_RANGE(missing, missing + doubtful + unknown, stat.dropped);
	CHECK_RANGE(0, stat.dropped, drops->hinted);
	CHECK_RANGE(round->ledger.total, round->ledger.total + way->receivers, stat.received);
	all_dropped += stat.dropped;
	all_received += round->ledger.total;
}

static void run_dropping(struct round *round)
{
	unsigned int before, i;
	struct member *victim;

	memset(drops, 0, sizeof(*drops));
	round->fd = port_new(O_RDWR, NULL, way->port);
	for (i = 0; i < way->senders; i++)
		member_start(round, run_careless, i, true, false);
	for (i = 0; i < way->receivers; i++)
		member_start(round, run_slow, i, false, true);
	WAIT_FOR(round->ledger.total || !SENDERS_ALIVE(round));
	while ((victim = random_member(round))) {
		random_delay();
		member_kill(victim);
		before = round->ledger.total;
		/* Senders go on whether somebody receives or not. */
		if (!RECEIVERS_ALIVE(round))
			WAIT_FOR(!SENDERS_ALIVE(round));
		else if (SENDERS_ALIVE(round))
			WAIT_FOR(round->ledger.total > before || !SENDERS_ALIVE(round));
		else
			WAIT_FOR(all_is_received(round));
	}
	/* What is queued comes in the order of its priorities, not of its numbers. */
	while (messages(round->fd)) {
		memset(round->heir.next, 0, sizeof(round->heir.next));
		CHECK(heir_takes(round, round->fd));
	}
	check_drops(round);
	close(round->fd);
}

static void run_way(const struct way *this_way)
{
	drops = shared_alloc(sizeof(*drops));
	way = this_way;
	run_rounds(run_dropping);
	note("%u messages were dropped, %u received", all_dropped, all_received);
	CHECK(all_dropped && all_received);
}

#define WAY(...) run_way(&(const struct way){ __VA_ARGS__ })

TEST_WITHIN(oldest, CHAOS_SECONDS)
{
	WAY(.port = { .capacity = CAPACITY, .on_full = MAILBOX_FULL_DROP_OLDEST },
	    .senders = 2, .receivers = 2);
}

TEST_WITHIN(newest, CHAOS_SECONDS)
{
	WAY(.port = { .capacity = CAPACITY, .on_full = MAILBOX_FULL_DROP_NEWEST },
	    .senders = 2, .receivers = 2, .own = true);
}

TEST_WITHIN(overwrite, CHAOS_SECONDS)
{
	WAY(.port = { .capacity = 1, .on_full = MAILBOX_FULL_OVERWRITE },
	    .senders = 3, .receivers = 1, .own = true);
}

TEST_WITHIN(few_bytes, CHAOS_SECONDS)
{
	WAY(.port = { .capacity = CAPACITY, .capacity_bytes = LETTER_BYTES,
		      .on_full = MAILBOX_FULL_DROP_OLDEST },
	    .senders = 2, .receivers = 2);
}

TEST_WITHIN(rendezvous, CHAOS_SECONDS)
{
	WAY(.port = { RENDEZVOUS, .on_full = MAILBOX_FULL_DROP_NEWEST },
	    .senders = 2, .receivers = 2);
}
