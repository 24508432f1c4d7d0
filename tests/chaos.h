/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that are killed in the middle of communicating, and what has become
 * of each of their messages. All that they do is written down in memory that
 * they share with the test, before and after each call; messages are received
 * into that memory too, so that one which was received by a process that died
 * before it could say so is found there.
 */
#ifndef TESTS_CHAOS_H
#define TESTS_CHAOS_H

#include <stddef.h>

#include "lease.h"

#define NUMBERS		160		/* messages of a sender in a round */
#define MEMBERS		6		/* processes of a round */
#define SIDES		3		/* of them, that send */
#define BATCH		8		/* messages of a batch */
#define LETTER_BYTES	6000

/* A pattern goes through so many rounds, or as many as it can in this time. */
#define ROUNDS		240
#define ROUNDS_NS	(4 * NSEC_PER_SEC)
#define ROUNDS_LEAST	12
#define CHAOS_SECONDS	120

/* What a sender knows of its message. */
enum fate {
	UNTRIED,
	TRIED,				/* the call has not come back */
	SENT,
	REFUSED,
};

struct letter {
	unsigned int round, sender, number;
	unsigned int len;		/* of bytes */
	unsigned int sum;
	unsigned char bytes[LETTER_BYTES];
};

#define LETTER_HEAD	offsetof(struct letter, bytes)
#define NO_LETTER	0xffffffffU

struct round;

struct member {
	struct round *round;
	unsigned int index;		/* among its kind */
	unsigned int random;
	bool sends, receives;
	int fd;
	pid_t pid;			/* 0: it is dead */
	_Atomic pid_t born;		/* the same, for good */
	atomic_bool ready;		/* its handle is bound */
	atomic_bool doomed;		/* it is to be killed */
	unsigned int next[SIDES];	/* lowest number that may still come */
	struct letter letters[BATCH];
};

/* What is to be forgotten when the next round begins. */
struct ledger {
	atomic_uchar fate[SIDES][NUMBERS];
	atomic_uchar taken[SIDES][NUMBERS];
	atomic_uint total;		/* taken */
	atomic_bool hung_up;		/* somebody was killed, or ends */
};

struct round {
	unsigned int number;
	unsigned int count;		/* of members */
	int fd;				/* the test's own handle */
	struct ledger ledger;
	struct member members[MEMBERS];
	struct member heir;		/* the test itself, as a receiver */
};

/* --- chance ------------------------------------------------------------------------ */

struct chaos {
	unsigned long long seed;
	atomic_uint kills;		/* of all tests of the program */
};

static struct chaos *chaos;
static unsigned int chance;		/* the test's own */
static unsigned int kills;

static void __attribute__((constructor)) chaos_setup(void)
{
	const char *text = getenv("CHAOS_SEED");

	chaos = shared_alloc(sizeof(*chaos));
	chaos->seed = text ? strtoull(text, NULL, 0) :
			     (unsigned long long)now_ns(CLOCK_REALTIME) / 1000;
}

static inline unsigned int next_random(unsigned int *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static inline unsigned int random_below(unsigned int *state, unsigned int limit)
{
	return (next_random(state) >> 4) % limit;
}

/* The same for the same seed and test. What the scheduler does is not. */
static inline void chaos_begin(void)
{
	const char *name;

	chance = chaos->seed ^ chaos->seed >> 32;
	for (name = test_now->name; *name; name++)
		chance = chance * 33 + *name;
	chance |= 1;
	note("%s: CHAOS_SEED=%llu", test_now->name, chaos->seed);
}

/* With fewer kills than that it tested nothing. */
static inline void chaos_end(unsigned int least)
{
	note("%s: %u kills survived, %u in all so far", test_now->name, kills,
	     atomic_load(&chaos->kills));
	CHECK(kills >= least);
}

static inline bool rounds_go_on(unsigned int done, long long begin)
{
	return done < ROUNDS_LEAST ||
	       (done < ROUNDS && now_ns(CLOCK_MONOTONIC) < begin + ROUNDS_NS);
}

/* Awake, so that what ends at the same time as it is not always asleep. */
static inline void spin_ns(long long ns)
{
	long long end = now_ns(CLOCK_MONOTONIC) + ns;

	while (now_ns(CLOCK_MONOTONIC) < end)
		;
}

/* Short ones are as likely as long ones, up to half a millisecond. */
static inline void random_delay(void)
{
	unsigned int limit = 1U << random_below(&chance, 10);

	if (random_below(&chance, 8))
		spin_ns(random_below(&chance, limit * 1000));
}

/* --- processes --------------------------------------------------------------------- */

/* What a process ended with, which must not be a failed check. */
static inline bool was_killed(int status)
{
	if (WIFSIGNALED(status)) {
		CHECK_EQ(SIGKILL, WTERMSIG(status));
		kills++;
		atomic_fetch_add(&chaos->kills, 1);
		return true;
	}
	if (WEXITSTATUS(status))
		_exit(WEXITSTATUS(status));
	return false;
}

static inline struct member *member_start(struct round *round, void (*run)(void *),
					  unsigned int index, bool sends, bool receives)
{
	struct member *member = &round->members[round->count++];

	CHECK(round->count <= MEMBERS);
	member->round = round;
	member->index = index;
	member->sends = sends;
	member->receives = receives;
	member->random = next_random(&chance) | 1;
	member->ready = false;
	member->doomed = false;
	member->fd = -1;
	memset(member->next, 0, sizeof(member->next));
	member->letters[0].number = NO_LETTER;
	member->pid = 0;
	member->born = spawn(run, member);
	member->pid = member->born;
	return member;
}

static inline void member_kill(struct member *member)
{
	member->doomed = true;
	atomic_store(&member->round->ledger.hung_up, true);
	CHECK_OK(kill(member->pid, SIGKILL));
	was_killed(reap_status(member->pid));
	member->pid = 0;
}

/* It may end by itself, too. */
static inline bool member_lives(struct member *member)
{
	int status;
	pid_t pid;

	if (!member->pid)
		return false;
	pid = waitpid(member->pid, &status, WNOHANG);
	CHECK_OK(pid);
	if (!pid)
		return true;
	was_killed(status);
	member->pid = 0;
	return false;
}

static inline unsigned int living(struct round *round, bool senders, bool receivers)
{
	unsigned int i, count = 0;

	for (i = 0; i < round->count; i++) {
		struct member *member = &round->members[i];

		if ((senders && !member->sends) || (receivers && !member->receives))
			continue;
		count += member_lives(member);
	}
	return count;
}

#define SENDERS_ALIVE(round)	living(round, true, false)
#define RECEIVERS_ALIVE(round)	living(round, false, true)
#define ALIVE(round)		living(round, false, false)

/* One of those that live, at random. */
static inline struct member *random_member(struct round *round)
{
	unsigned int number = ALIVE(round), i;

	if (!number)
		return NULL;
	number = random_below(&chance, number);
	for (i = 0; i < round->count; i++)
		if (round->members[i].pid && !number--)
			return &round->members[i];
	return NULL;
}

static inline bool all_ready(struct round *round)
{
	unsigned int i;

	for (i = 0; i < round->count; i++)
		if (member_lives(&round->members[i]) && !round->members[i].ready)
			return false;
	return true;
}

static inline void round_begin(struct round *round, unsigned int number)
{
	unsigned int i;

	round->number = number;
	round->count = 0;
	for (i = 0; i < MEMBERS; i++)
		round->members[i].pid = round->members[i].born = 0;
	memset(&round->ledger, 0, sizeof(round->ledger));
	round->heir.round = round;
	memset(round->heir.next, 0, sizeof(round->heir.next));
}

/* --- messages ---------------------------------------------------------------------- */

static inline unsigned int letter_sum(const struct letter *letter)
{
	unsigned int sum = letter->round * 31 + letter->sender * 7 + letter->number, i;

	sum = sum * 33 + letter->len;
	for (i = 0; i < letter->len; i++)
		sum = sum * 33 + letter->bytes[i];
	return sum;
}

/* Most are short, some take several pages. */
static inline void letter_fill(struct member *me, struct letter *letter, unsigned int number)
{
	letter->round = me->round->number;
	letter->sender = me->index;
	letter->number = number;
	letter->len = random_below(&me->random, random_below(&me->random, 16) ? 120 : LETTER_BYTES);
	memset(letter->bytes, next_random(&me->random), letter->len);
	letter->sum = letter_sum(letter);
}

static inline bool letter_is_whole(const struct letter *letter)
{
	return letter->len <= LETTER_BYTES && letter->sum == letter_sum(letter);
}

static inline void check_letter(struct round *round, const struct letter *letter, size_t len)
{
	CHECK(len >= LETTER_HEAD);
	CHECK_EQ(len - LETTER_HEAD, letter->len);
	CHECK(letter_is_whole(letter));
	CHECK_EQ(round->number, letter->round);
	CHECK(letter->sender < SIDES && letter->number < NUMBERS);
}

/* Received, by whomever: never twice, and never if its sender was told of an error. */
static inline void note_taken(struct member *me, const struct letter *letter, size_t len)
{
	struct ledger *ledger = &me->round->ledger;

	check_letter(me->round, letter, len);
	if (ledger->taken[letter->sender][letter->number]++)
		FAIL("round %u: message %u of %u was received twice", me->round->number,
		     letter->number, letter->sender);
	if (ledger->fate[letter->sender][letter->number] == UNTRIED ||
	    ledger->fate[letter->sender][letter->number] == REFUSED)
		FAIL("round %u: message %u of %u was received and not sent", me->round->number,
		     letter->number, letter->sender);
	atomic_fetch_add(&ledger->total, 1);
}

/* The same, from a receiver that is the only one: in the order of its sender. */
static inline void note_taken_in_order(struct member *me, const struct letter *letter, size_t len)
{
	note_taken(me, letter, len);
	if (letter->number < me->next[letter->sender])
		FAIL("round %u: message %u of %u came after the one before %u", me->round->number,
		     letter->number, letter->sender, me->next[letter->sender]);
	me->next[letter->sender] = letter->number + 1;
}

/* A receiver that has died had it, and could not say so any more. */
static inline bool died_with(struct round *round, unsigned int sender, unsigned int number)
{
	unsigned int i, j;

	for (i = 0; i < round->count; i++) {
		struct member *member = &round->members[i];

		if (!member->receives || member->pid)
			continue;
		for (j = 0; j < BATCH; j++) {
			struct letter *letter = &member->letters[j];

			if (letter->sender == sender && letter->number == number &&
			    letter->round == round->number && letter_is_whole(letter))
				return true;
		}
	}
	return false;
}

/*
 * When all are dead and what was queued has been received: nothing is lost. If
 * the queue has gone with who received from it, @gone, then what is missing are
 * the last ones that were sent.
 */
static inline void check_sender(struct round *round, unsigned int sender, bool gone)
{
	struct ledger *ledger = &round->ledger;
	bool missing = false;
	unsigned int i;

	for (i = 0; i < NUMBERS; i++) {
		unsigned int fate = ledger->fate[sender][i], taken = ledger->taken[sender][i];

		CHECK_RANGE(0, 1, taken);
		if (taken && (fate == UNTRIED || fate == REFUSED))
			FAIL("round %u: message %u of %u was refused and received",
			     round->number, i, sender);
		if (fate != SENT)
			continue;
		if (taken && missing)
			FAIL("round %u: message %u of %u was received, one before it not",
			     round->number, i, sender);
		if (taken || died_with(round, sender, i))
			continue;
		if (!gone)
			FAIL("round %u: message %u of %u was sent and is lost", round->number,
			     i, sender);
		missing = true;
	}
}

#define CAPACITY 4

/* Of communicating, through one port. */
struct way {
	struct mailbox_ioc_port_create port;
	unsigned int senders, receivers;
	bool own;			/* each has a handle of its own */
	bool hangs_up;			/* the test neither sends nor receives meanwhile */
	bool sync;
	bool select;
	bool batches;
};

static const struct way *way;	/* of the rounds that are running */

/* --- sending ------------------------------------------------------------------------- */

static inline atomic_uchar *fate_of(struct member *me, unsigned int number)
{
	return &me->round->ledger.fate[me->index][number];
}

/* False if there is nobody left to send to. */
static inline bool was_sent(struct member *me, unsigned int number, long long result)
{
	*fate_of(me, number) = result ? REFUSED : SENT;
	if (result == -EPIPE) {
		CHECK(way->hangs_up && me->round->ledger.hung_up);
		return false;
	}
	if (result && result != -EAGAIN && result != -ETIMEDOUT)
		CHECK_EQ(0, result);
	return true;
}

static inline unsigned int send_one(struct member *me, unsigned int number)
{
	struct letter *letter = &me->letters[0];
	struct mailbox_ioc_send send = { .type = number % 3, .data = user_pointer(letter) };

	letter_fill(me, letter, number);
	send.len = LETTER_HEAD + letter->len;
	switch (random_below(&me->random, 8)) {
	case 0:
		send.flags = way->sync ? 0 : MAILBOX_SEND_NONBLOCK;
		break;
	case 1:
		send.deadline_ns = deadline_in(CLOCK_MONOTONIC, 200000);
		break;
	}
	if (way->sync)
		send.flags |= MAILBOX_SEND_SYNC;
	*fate_of(me, number) = TRIED;
	return was_sent(me, number, command(me->fd, MAILBOX_IOC_SEND, &send));
}

/* How many were sent or refused; 0 if there is nobody left to send to. */
static inline unsigned int send_batch(struct member *me, unsigned int number)
{
	struct mailbox_send_entry entries[BATCH] = {};
	struct mailbox_ioc_send_batch send = {
		.entries = user_pointer(entries),
		.entry_size = sizeof(entries[0]),
	};
	unsigned int i;
	long long result;

	send.count = 1 + random_below(&me->random, BATCH);
	if (send.count > NUMBERS - number)
		send.count = NUMBERS - number;
	for (i = 0; i < send.count; i++) {
		letter_fill(me, &me->letters[i], number + i);
		entries[i].type = (number + i) % 3;
		entries[i].data = user_pointer(&me->letters[i]);
		entries[i].len = LETTER_HEAD + me->letters[i].len;
		*fate_of(me, number + i) = TRIED;
	}
	if (!random_below(&me->random, 4))
		send.flags = MAILBOX_SEND_NONBLOCK;
	result = command(me->fd, MAILBOX_IOC_SEND_BATCH, &send);
	if (result)
		send.done = 0;
	for (i = 0; i < send.count; i++)
		if (!was_sent(me, number + i,
			      i < send.done ? 0 : result ? result : -(long long)send.error))
			return 0;
	return send.count;
}

/* Handles of their own are bound in the middle of all this, too. */
static inline void bind_member(struct member *me, int flags)
{
	me->fd = way->own ? open_fd(flags, me->round->fd) : me->round->fd;
	me->ready = true;
}

static inline void send_all(struct member *me)
{
	unsigned int number, step;

	for (number = 0; number < NUMBERS; number += step) {
		step = way->batches ? send_batch(me, number) : send_one(me, number);
		if (!step)
			return;
	}
}

static inline void run_sender(void *arg)
{
	struct member *me = arg;

	bind_member(me, O_WRONLY);
	send_all(me);
	/* A receiver may hear of that, too. */
	me->round->ledger.hung_up = true;
}

/* --- receiving ----------------------------------------------------------------------- */

/* What a receiver of this index waits for; nobody waits for type 2 of sender 1. */
static inline void select_for(struct round *round, unsigned int index,
		       struct mailbox_ioc_receive *receive)
{
	static const __u32 selections[] = {
		MAILBOX_SELECT_TYPE, MAILBOX_SELECT_SENDER, MAILBOX_SELECT_TYPE_AT_MOST,
	};

	if (!way->select)
		return;
	receive->select = selections[index];
	receive->match = index == 0 ? 1 : index == 1 ? round->members[0].born : 0;
}

static inline void take_note(struct member *me, const struct letter *letter, size_t len)
{
	if (way->receivers == 1)
		note_taken_in_order(me, letter, len);
	else
		note_taken(me, letter, len);
}

static inline long long receive_one(struct member *me, int fd, unsigned int flags)
{
	struct letter *letter = &me->letters[0];
	struct mailbox_ioc_receive receive = {
		.flags = flags,
		.data = user_pointer(letter),
		.size = sizeof(*letter),
	};
	long long result;

	if (me->receives)
		select_for(me->round, me->index, &receive);
	letter->number = NO_LETTER;
	result = command(fd, MAILBOX_IOC_RECEIVE, &receive);
	if (!result)
		take_note(me, letter, receive.len);
	return result;
}

static inline long long receive_batch(struct member *me)
{
	struct mailbox_receive_entry entries[BATCH] = {};
	struct mailbox_ioc_receive_batch receive = {
		.count = 1 + random_below(&me->random, BATCH),
		.entries = user_pointer(entries),
		.entry_size = sizeof(entries[0]),
	};
	long long result;
	unsigned int i;

	for (i = 0; i < BATCH; i++) {
		me->letters[i].number = NO_LETTER;
		entries[i].data = user_pointer(&me->letters[i]);
		entries[i].size = sizeof(me->letters[i]);
	}
	result = command(me->fd, MAILBOX_IOC_RECEIVE_BATCH, &receive);
	if (result)
		return result;
	CHECK_RANGE(1, receive.count, receive.done);
	for (i = 0; i < receive.done; i++)
		take_note(me, &me->letters[i], entries[i].len);
	return 0;
}

static inline void receive_all(struct member *me)
{
	long long result;

	do {
		result = way->batches ? receive_batch(me) : receive_one(me, me->fd, 0);
	} while (!result);
	CHECK_EQ(-EPIPE, result);
	CHECK(way->hangs_up && me->round->ledger.hung_up);
}

static inline void run_receiver(void *arg)
{
	bind_member(arg, O_RDONLY);
	receive_all(arg);
}

/* --- those who live on --------------------------------------------------------------- */

/* The test takes what the dead cannot take any more. */
static inline bool heir_takes(struct round *round, int fd)
{
	long long result = receive_one(&round->heir, fd, MAILBOX_RECEIVE_NONBLOCK);

	if (result != -EAGAIN)
		CHECK_EQ(0, result);
	return !result;
}

/* Every receiver sleeps, and for none of them there is anything. */
static inline bool all_is_received(struct round *round)
{
	struct mailbox_ioc_port_stat stat;
	unsigned int i, receivers = RECEIVERS_ALIVE(round);
	char byte;

	stat = port_stat(round->fd);
	if (stat.receivers_waiting != receivers)
		return false;
	if (!way->select)
		return !stat.messages;
	for (i = 0; i < round->count; i++) {
		struct mailbox_ioc_receive receive = {
			.flags = MAILBOX_RECEIVE_PEEK | MAILBOX_RECEIVE_NONBLOCK |
				 MAILBOX_RECEIVE_TRUNC,
			.data = user_pointer(&byte),
			.size = 1,
		};

		if (!round->members[i].receives || !round->members[i].pid)
			continue;
		select_for(round, round->members[i].index, &receive);
		if (command(round->fd, MAILBOX_IOC_RECEIVE, &receive) != -EAGAIN)
			return false;
	}
	return true;
}

static inline void check_nobody_is_stuck(struct round *round)
{
	unsigned int senders = SENDERS_ALIVE(round), receivers = RECEIVERS_ALIVE(round);
	unsigned int before = round->ledger.total, i;

	if (senders && receivers)
		WAIT_FOR(round->ledger.total > before || !SENDERS_ALIVE(round) ||
			 (way->select && all_is_received(round)));
	else if (way->hangs_up)
		WAIT_FOR(!ALIVE(round));
	else if (receivers)
		WAIT_FOR(all_is_received(round));
	else if (senders)
		for (i = 0; i < CAPACITY + 2; i++)
			WAIT_FOR(heir_takes(round, round->fd) || !SENDERS_ALIVE(round));
}

/* Each with ports of its own, of which nothing is left. */
static inline void run_rounds(void (*run)(struct round *))
{
	struct round *round = shared_alloc(sizeof(*round));
	long long begin = now_ns(CLOCK_MONOTONIC);
	struct account before = account();
	unsigned int number;

	chaos_begin();
	for (number = 0; rounds_go_on(number, begin); number++) {
		round_begin(round, number + 1);
		run(round);
		CHECK_ACCOUNT(&before);
	}
	chaos_end(number / 2);
}

#endif /* TESTS_CHAOS_H */
