// SPDX-License-Identifier: GPL-2.0-only
/*
 * kill -9 at random moments among callers and their servers. No request is
 * received twice, every caller gets its own answer or is told that there will be
 * none, and a server hears whether its answer was given. With deadlines, some of
 * which end while the answer is on its way. CHAOS_SEED in the environment repeats
 * the random choices of a run.
 */
#include "chaos.h"

struct question {
	unsigned int round, caller, number, check;
};

struct calls {
	atomic_uchar replied[SIDES][NUMBERS];	/* enum fate of the answer */
	atomic_uint broken;			/* calls whose server died */
	atomic_uint late;			/* calls whose deadline came first */
};

static struct calls *calls;
static long long patience_ns;			/* longest deadline; 0 = none */
static unsigned int answered, late;		/* in all rounds */

static void question_fill(struct question *question, struct member *me, unsigned int number)
{
	*question = (struct question){ me->round->number, me->index, number, 0 };
	question->check = question->round * 31 + question->caller * 7 + number;
}

static void run_caller(void *arg)
{
	struct member *me = arg;
	struct question question, answer;
	unsigned int number;
	long long result;

	me->fd = open_fd(O_WRONLY, me->round->fd);
	me->ready = true;
	for (number = 0; number < NUMBERS; number++) {
		struct mailbox_ioc_call call = {
			.data = user_pointer(&question),
			.len = sizeof(question),
			.reply = user_pointer(&answer),
			.reply_size = sizeof(answer),
		};

		question_fill(&question, me, number);
		memset(&answer, 0, sizeof(answer));
		if (patience_ns)
			call.deadline_ns = deadline_in(CLOCK_MONOTONIC,
						       random_below(&me->random, patience_ns));
		*fate_of(me, number) = TRIED;
		result = command(me->fd, MAILBOX_IOC_CALL, &call);
		*fate_of(me, number) = result ? REFUSED : SENT;
		atomic_fetch_add(&me->round->ledger.total, 1);
		if (result == -ETIMEDOUT && patience_ns) {
			atomic_fetch_add(&calls->late, 1);
			continue;
		}
		if (result) {
			CHECK_EQ(-EPIPE, result);
			CHECK(me->round->ledger.hung_up);
			atomic_fetch_add(&calls->broken, 1);
			continue;
		}
		/* Its own, and no other. */
		question.check = ~question.check;
		CHECK_EQ(sizeof(answer), call.reply_len);
		CHECK_EQ(number, call.reply_type);
		CHECK(!memcmp(&answer, &question, sizeof(answer)));
	}
}

static void note_reply(const struct question *answer, long long result)
{
	if (result)
		CHECK_EQ(-ESRCH, result);
	calls->replied[answer->caller][answer->number] = result ? REFUSED : SENT;
}

static void run_server(void *arg)
{
	struct member *me = arg;
	struct mailbox_ioc_reply_receive turn;
	struct question question, answer = {};
	struct question expected;
	__u64 token = 0;
	long long result;

	me->fd = open_fd(O_RDONLY, me->round->fd);
	me->ready = true;
	for (;;) {
		turn = (struct mailbox_ioc_reply_receive){};
		turn.receive.data = user_pointer(&question);
		turn.receive.size = sizeof(question);
		if (token) {
			turn.reply.token = token;
			turn.reply.type = answer.number;
			turn.reply.data = user_pointer(&answer);
			turn.reply.len = sizeof(answer);
			calls->replied[answer.caller][answer.number] = TRIED;
		}
		/* One by one, or both at once. */
		if (token && random_below(&me->random, 2)) {
			result = command(me->fd, MAILBOX_IOC_REPLY, &turn.reply);
			note_reply(&answer, result);
			token = 0;
			continue;
		}
		result = command(me->fd, MAILBOX_IOC_REPLY_RECEIVE, &turn);
		if (token)
			note_reply(&answer, result);
		token = 0;
		if (result)
			continue;
		CHECK_EQ(MAILBOX_MESSAGE_REQUEST, turn.receive.kind);
		CHECK_EQ(sizeof(question), turn.receive.len);
		token = turn.receive.token;
		CHECK(question.caller < SIDES && question.number < NUMBERS);
		expected = question;
		question_fill(&expected, &me->round->members[question.caller], question.number);
		CHECK(!memcmp(&question, &expected, sizeof(question)));
		/* Nobody else is ever asked the same. */
		CHECK_EQ(0, me->round->ledger.taken[question.caller][question.number]++);
		if (random_below(&me->random, 2))
			spin_ns(random_below(&me->random, 50000));
		answer = question;
		answer.check = ~answer.check;
	}
}

static void check_calls(struct round *round, unsigned int callers)
{
	unsigned int i, j;

	for (i = 0; i < callers; i++) {
		for (j = 0; j < NUMBERS; j++) {
			unsigned int fate = round->ledger.fate[i][j];
			unsigned int replied = calls->replied[i][j];

			if (fate == UNTRIED)
				CHECK_EQ(0, round->ledger.taken[i][j]);
			if (fate == TRIED)
				CHECK(round->members[i].doomed);
			if (fate == SENT)
				CHECK(replied == SENT || replied == TRIED);
			if (fate == REFUSED)
				CHECK(replied != SENT);
			/* Only who is dead, or late, is not there to be answered. */
			if (replied == REFUSED)
				CHECK(fate == TRIED || (fate == REFUSED && patience_ns));
			answered += fate == SENT;
		}
	}
}

static bool all_calls_wait(struct round *round)
{
	struct mailbox_ioc_port_stat stat = port_stat(round->fd);
	unsigned int callers = SENDERS_ALIVE(round);

	return stat.senders_waiting == callers && stat.messages == callers && !stat.requests;
}

static bool all_servers_wait(struct round *round)
{
	struct mailbox_ioc_port_stat stat = port_stat(round->fd);

	return stat.receivers_waiting == RECEIVERS_ALIVE(round) && !stat.messages &&
	       !stat.requests;
}

static void check_callers_go_on(struct round *round)
{
	unsigned int callers = SENDERS_ALIVE(round), servers = RECEIVERS_ALIVE(round);
	unsigned int before = round->ledger.total;

	if (!callers && servers)
		WAIT_FOR(all_servers_wait(round));
	if (!callers)
		return;
	/* Those whose server died have been told, and ask anew. */
	if (!servers) {
		if (!patience_ns)
			WAIT_FOR(all_calls_wait(round));
		if (round->count == MEMBERS)
			return;
		member_start(round, run_server, 0, false, true);
	}
	WAIT_FOR(round->ledger.total > before || !SENDERS_ALIVE(round));
}

static void run_calls(struct round *round)
{
	unsigned int dead_servers = 0, i;
	struct member *victim;

	memset(calls, 0, sizeof(*calls));
	round->fd = port_new(3, NULL, (struct mailbox_ioc_port_create){ .capacity = CAPACITY });
	for (i = 0; i < 2; i++)
		member_start(round, run_caller, i, true, false);
	for (i = 0; i < 2; i++)
		member_start(round, run_server, i, false, true);
	if (random_below(&chance, 4))
		WAIT_FOR(all_ready(round));
	while ((victim = random_member(round))) {
		random_delay();
		member_kill(victim);
		dead_servers += victim->receives;
		if (random_below(&chance, 4))
			check_callers_go_on(round);
	}
	check_calls(round, 2);
	/* Each had one request in its hand at most. */
	CHECK_RANGE(0, dead_servers, calls->broken);
	late += calls->late;
	CHECK_EQ(0, messages(round->fd));
	CHECK_EQ(0, port_stat(round->fd).requests);
	close(round->fd);
}

TEST_WITHIN(calls, CHAOS_SECONDS)
{
	calls = shared_alloc(sizeof(*calls));
	run_rounds(run_calls);
	CHECK(answered);
}

TEST_WITHIN(calls_with_deadlines, CHAOS_SECONDS)
{
	calls = shared_alloc(sizeof(*calls));
	patience_ns = 400000 * test_scale();
	run_rounds(run_calls);
	note("%u calls were answered, %u came too late", answered, late);
	CHECK(answered && late);
}
