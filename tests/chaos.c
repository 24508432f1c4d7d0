// SPDX-License-Identifier: GPL-2.0-only
/*
 * kill -9 at random moments, on either side, in every way of communicating.
 * Every message is received exactly once, or still queued, or its sender was
 * told of an error; only of the one that a process was sending when it was
 * killed nobody can say, and even that is not received twice. Who lives on is
 * never left asleep, and nothing is left of who does not. CHAOS_SEED in the
 * environment repeats the random choices of a run.
 */
#include "chaos.h"

/* One by one, until nobody is left. */
static void kill_all(struct round *round)
{
	struct member *victim;

	if (way->hangs_up || random_below(&chance, 4))
		WAIT_FOR(all_ready(round));
	while ((victim = random_member(round))) {
		random_delay();
		member_kill(victim);
		/* Or several at once. */
		if (random_below(&chance, 4))
			check_nobody_is_stuck(round);
	}
}

static void check_counts(struct round *round)
{
	struct mailbox_ioc_port_stat stat = port_stat(round->fd);

	CHECK_EQ(0, stat.messages);
	CHECK_EQ(0, stat.bytes);
	CHECK_EQ(0, stat.senders_waiting);
	CHECK_EQ(0, stat.receivers_waiting);
	/* A withdrawn one was not received. */
	if (!way->sync)
		CHECK_EQ(stat.sent, stat.received);
	CHECK_RANGE(round->ledger.total,
		    round->ledger.total + way->receivers * (way->batches ? BATCH : 1),
		    stat.received);
}

static void run_round(struct round *round)
{
	unsigned int i;

	round->fd = port_new(way->hangs_up ? 3 : O_RDWR, NULL, way->port);
	for (i = 0; i < way->senders; i++)
		member_start(round, run_sender, i, true, false);
	for (i = 0; i < way->receivers; i++)
		member_start(round, run_receiver, i, false, true);
	kill_all(round);
	if (way->sync)
		CHECK_EQ(0, messages(round->fd));
	round->heir.fd = way->hangs_up ? open_fd(O_RDONLY, round->fd) : round->fd;
	while (messages(round->fd))
		CHECK(heir_takes(round, round->heir.fd));
	for (i = 0; i < way->senders; i++)
		check_sender(round, i, false);
	check_counts(round);
	if (way->hangs_up)
		close(round->heir.fd);
	close(round->fd);
}

static void run_way(const struct way *this_way)
{
	way = this_way;
	run_rounds(run_round);
}

#define WAY(...) run_way(&(const struct way){ __VA_ARGS__ })

TEST_WITHIN(bounded, CHAOS_SECONDS)
{
	WAY(.port.capacity = CAPACITY, .senders = 1, .receivers = 1);
}

TEST_WITHIN(bounded_with_many, CHAOS_SECONDS)
{
	WAY(.port.capacity = 1, .senders = 3, .receivers = 3, .own = true);
}

TEST_WITHIN(unbounded, CHAOS_SECONDS)
{
	WAY(.port = { UNBOUNDED }, .senders = 1, .receivers = 1, .own = true);
}

TEST_WITHIN(rendezvous, CHAOS_SECONDS)
{
	WAY(.port = { RENDEZVOUS }, .senders = 2, .receivers = 1);
}

TEST_WITHIN(rendezvous_with_receipt, CHAOS_SECONDS)
{
	WAY(.port = { RENDEZVOUS }, .senders = 1, .receivers = 2, .sync = true);
}

TEST_WITHIN(bounded_with_receipt, CHAOS_SECONDS)
{
	WAY(.port.capacity = 1, .senders = 2, .receivers = 1, .own = true, .sync = true);
}

TEST_WITHIN(selection, CHAOS_SECONDS)
{
	WAY(.port = { UNBOUNDED }, .senders = 2, .receivers = 3, .select = true);
}

TEST_WITHIN(batches, CHAOS_SECONDS)
{
	WAY(.port.capacity = CAPACITY, .senders = 2, .receivers = 1, .batches = true);
}

TEST_WITHIN(batches_to_several, CHAOS_SECONDS)
{
	WAY(.port = { UNBOUNDED }, .senders = 1, .receivers = 2, .batches = true, .own = true);
}

TEST_WITHIN(pipe_hangs_up, CHAOS_SECONDS)
{
	WAY(.port = { .capacity = CAPACITY, .flags = MAILBOX_CREATE_HANGUP },
	    .senders = 1, .receivers = 1, .own = true, .hangs_up = true);
}

/* --- pairs and links ----------------------------------------------------------------- */

/* Both send and receive, on one handle, until the other one is gone. */
static void communicate(struct member *me)
{
	struct pollfd ready = { .fd = me->fd };
	unsigned int number = 0;
	long long result;

	for (;;) {
		ready.events = number < NUMBERS ? IN | OUT : IN;
		/* With nothing more to send, one may as well sleep in the receive. */
		if (number < NUMBERS || random_below(&me->random, 2))
			CHECK_EQ(1, RESULT(poll(&ready, 1, -1)));
		else
			ready.revents = 0;
		if (number < NUMBERS && ready.revents & (OUT | GONE)) {
			struct letter *letter = &me->letters[1];

			letter_fill(me, letter, number);
			*fate_of(me, number) = TRIED;
			result = SEND(me->fd, .flags = MAILBOX_SEND_NONBLOCK,
				      .data = user_pointer(letter),
				      .len = LETTER_HEAD + letter->len);
			number = was_sent(me, number, result) ? number + 1 : NUMBERS;
		}
		if (ready.revents && !(ready.revents & (IN | GONE)))
			continue;
		result = receive_one(me, me->fd, ready.revents ? MAILBOX_RECEIVE_NONBLOCK : 0);
		if (result == -EPIPE)
			break;
		if (result)
			CHECK_EQ(-EAGAIN, result);
	}
	CHECK(way->hangs_up && me->round->ledger.hung_up);
}

static const struct way two_that_hang_up = { .receivers = 1, .hangs_up = true };
static const struct way two_with_an_heir = { .receivers = 1 };
static int end_of[2];

static void run_end(void *arg)
{
	struct member *me = arg;

	me->fd = end_of[me->index];
	close(end_of[!me->index]);
	me->ready = true;
	communicate(me);
}

/* The one that lives on receives all, is told, and ends by itself. */
static void check_hang_up(struct round *round)
{
	struct member *victim = random_member(round);
	bool both = !random_below(&chance, 4), bound;
	unsigned int other = !victim->index;

	random_delay();
	/* A link that only the victim has bound goes with it. */
	bound = round->members[other].ready;
	member_kill(victim);
	if (both && member_lives(&round->members[other]))
		member_kill(&round->members[other]);
	WAIT_FOR(!ALIVE(round));
	check_sender(round, victim->index, both || !bound);
	check_sender(round, other, true);
}

/* The test has both ends, too: nobody is told, and nothing is lost. */
static void check_heir(struct round *round)
{
	struct member *victim = random_member(round), *other = &round->members[!victim->index];
	atomic_uchar *last = &round->ledger.fate[other->index][NUMBERS - 1];
	int i;

	random_delay();
	member_kill(victim);
	for (i = 0; i < CAPACITY + 2; i++)
		WAIT_FOR(heir_takes(round, end_of[victim->index]) || *last != UNTRIED);
	WAIT_FOR(!messages(end_of[other->index]));
	CHECK(member_lives(other));
	random_delay();
	member_kill(other);
	for (i = 0; i < 2; i++)
		while (heir_takes(round, end_of[i]))
			;
	for (i = 0; i < 2; i++)
		check_sender(round, i, false);
}

static void run_pair(struct round *round)
{
	struct ends ends = PAIR(O_RDWR, .capacity = CAPACITY);
	bool heir = random_below(&chance, 2);
	int i;

	way = heir ? &two_with_an_heir : &two_that_hang_up;
	end_of[0] = ends.first;
	end_of[1] = ends.second;
	for (i = 0; i < 2; i++)
		member_start(round, run_end, i, true, true);
	WAIT_FOR(all_ready(round));
	if (heir)
		check_heir(round);
	close(ends.first);
	close(ends.second);
	if (!heir)
		check_hang_up(round);
}

TEST_WITHIN(pair, CHAOS_SECONDS)
{
	run_rounds(run_pair);
}

static void run_linked(void *arg)
{
	struct member *me = arg, *other = &me->round->members[!me->index];
	struct mailbox_ioc_port_link link = { .capacity = CAPACITY };
	long long result;

	WAIT_FOR(other->born);
	link.pid = other->born;
	me->fd = node_open(O_RDWR);
	result = command(me->fd, MAILBOX_IOC_PORT_LINK, &link);
	if (result) {
		CHECK_EQ(-ESRCH, result);
		CHECK(me->round->ledger.hung_up);
		return;
	}
	me->ready = true;
	communicate(me);
}

static void run_link(struct round *round)
{
	int i;

	way = &two_that_hang_up;
	for (i = 0; i < 2; i++)
		member_start(round, run_linked, i, true, true);
	/* Or while they make the link. */
	if (random_below(&chance, 4))
		WAIT_FOR(all_ready(round));
	check_hang_up(round);
}

TEST_WITHIN(link_between_two, CHAOS_SECONDS)
{
	run_rounds(run_link);
}

/* --- slots --------------------------------------------------------------------------- */

static const struct way slot_way = { .senders = 2, .receivers = 1, .hangs_up = true };
static char *slot_name;

static void run_slot_owner(void *arg)
{
	struct member *me = arg;

	/* The name is free again as soon as its last owner is dead. */
	me->fd = NAMED_PORT(O_RDONLY, slot_name, .flags = MAILBOX_CREATE_SLOT,
			    .capacity = CAPACITY);
	me->ready = true;
	receive_all(me);
}

static void run_slot_sender(void *arg)
{
	struct member *me = arg;
	long long result;

	me->fd = node_open(O_WRONLY);
	result = bind_name(me->fd, slot_name);
	if (result) {
		CHECK_EQ(-ENOENT, result);
		CHECK(me->round->ledger.hung_up);
		return;
	}
	me->ready = true;
	send_all(me);
}

static void run_slot(struct round *round)
{
	struct member *owner = member_start(round, run_slot_owner, 0, false, true);
	bool drained = false;
	struct member *victim;
	unsigned int i, before;
	int probe;

	way = &slot_way;
	WAIT_FOR(all_ready(round));
	round->fd = port_open(3, slot_name);
	for (i = 0; i < way->senders; i++)
		member_start(round, run_slot_sender, i, true, false);
	if (random_below(&chance, 2))
		WAIT_FOR(all_ready(round));
	while ((victim = random_member(round))) {
		random_delay();
		member_kill(victim);
		if (victim == owner) {
			WAIT_FOR(!ALIVE(round));
		} else if (!SENDERS_ALIVE(round)) {
			WAIT_FOR(all_is_received(round));
			drained = true;
		} else {
			before = round->ledger.total;
			WAIT_FOR(round->ledger.total > before || !SENDERS_ALIVE(round));
		}
	}
	probe = node_open(O_WRONLY);
	CHECK_EQ(-ENOENT, bind_name(probe, slot_name));
	close(probe);
	for (i = 0; i < way->senders; i++)
		check_sender(round, i, !drained);
	close(round->fd);
}

TEST_WITHIN(slot, CHAOS_SECONDS)
{
	slot_name = unique_name();
	way = &slot_way;
	run_rounds(run_slot);
}

/* --- broadcast ----------------------------------------------------------------------- */

#define HEARERS 3

static const struct way broadcast_way = {
	.port = { .capacity = CAPACITY, .flags = MAILBOX_CREATE_BROADCAST },
};
static atomic_uchar (*heard)[NUMBERS];

static void run_broadcaster(void *arg)
{
	struct member *me = arg;
	struct letter *letter = &me->letters[0];
	unsigned int number;

	me->fd = open_fd(O_WRONLY, me->round->fd);
	me->ready = true;
	for (number = 0; number < NUMBERS; number++) {
		letter_fill(me, letter, number);
		*fate_of(me, number) = TRIED;
		CHECK_EQ(0, SEND(me->fd, .data = user_pointer(letter),
				 .len = LETTER_HEAD + letter->len));
		*fate_of(me, number) = SENT;
	}
}

/* Each of them, in their order. */
static void run_hearer(void *arg)
{
	struct member *me = arg;
	struct letter *letter = &me->letters[0];
	unsigned int number;

	me->fd = open_fd(O_RDONLY, me->round->fd);
	me->ready = true;
	for (number = 0;; number++) {
		struct mailbox_ioc_receive receive = {
			.data = user_pointer(letter),
			.size = sizeof(*letter),
		};

		letter->number = NO_LETTER;
		CHECK_EQ(0, command(me->fd, MAILBOX_IOC_RECEIVE, &receive));
		check_letter(me->round, letter, receive.len);
		CHECK_EQ(number, letter->number);
		CHECK_EQ(0, heard[me->index][number]++);
		atomic_fetch_add(&me->round->ledger.total, 1);
	}
}

static unsigned int tried_to_send(struct round *round)
{
	unsigned int i;

	for (i = 0; i < NUMBERS && round->ledger.fate[0][i] != UNTRIED; i++)
		;
	return i;
}

/* The sender is dead: who lives has all that was sent, and they have the same. */
static void check_heard(struct round *round)
{
	unsigned int sent, i, last = NO_LETTER;

	for (sent = 0; sent < NUMBERS && round->ledger.fate[0][sent] == SENT; sent++)
		;
	for (i = 0; i < HEARERS; i++) {
		unsigned int count = 0;

		if (!round->members[i].pid)
			continue;
		while (count < NUMBERS && heard[i][count])
			count++;
		CHECK_RANGE(sent, sent + 1, count);
		if (last != NO_LETTER)
			CHECK_EQ(last, count);
		last = count;
	}
}

static void run_broadcast(struct round *round)
{
	struct member *victim, *sender;
	unsigned int i, before;

	memset(heard, 0, HEARERS * sizeof(*heard));
	round->fd = port_new(3, NULL, way->port);
	for (i = 0; i < HEARERS; i++)
		member_start(round, run_hearer, i, false, true);
	WAIT_FOR(all_ready(round));
	sender = member_start(round, run_broadcaster, 0, true, false);
	if (random_below(&chance, 4))
		WAIT_FOR(all_ready(round));
	while ((victim = random_member(round))) {
		random_delay();
		member_kill(victim);
		if (member_lives(sender)) {
			/* Whoever is dead needs no room any more. */
			before = tried_to_send(round);
			WAIT_FOR(tried_to_send(round) > before || !member_lives(sender));
		} else if (RECEIVERS_ALIVE(round)) {
			WAIT_FOR(all_is_received(round));
			check_heard(round);
		}
	}
	CHECK_EQ(0, messages(round->fd));
	close(round->fd);
}

TEST_WITHIN(broadcast, CHAOS_SECONDS)
{
	heard = shared_alloc(HEARERS * sizeof(*heard));
	way = &broadcast_way;
	run_rounds(run_broadcast);
}
