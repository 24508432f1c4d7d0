// SPDX-License-Identifier: GPL-2.0-only
/*
 * Those who work for others, and die: workers of a pool that lease their jobs,
 * and servers that are asked by a crowd. CHAOS_SEED in the environment repeats
 * the random choices of a run.
 */
#include <sched.h>

#include "chaos.h"

/* --- leases -------------------------------------------------------------------------- */

struct pool {
	atomic_uchar holder[SIDES][NUMBERS];	/* number of the member, from 1 on */
	atomic_uchar acked[SIDES][NUMBERS];
	atomic_uchar tried[SIDES][NUMBERS];	/* to acknowledge it */
};

static const struct way lease_way = { .senders = 2, .receivers = 3 };
static struct pool *pool;
static long long lease_ns;

static void work_on(struct member *me, const struct letter *letter, __u64 token)
{
	unsigned int sender = letter->sender, number = letter->number, previous;
	long long result;

	/* A lease that has ended by now says nothing. */
	if (!lease_ns && pool->acked[sender][number])
		FAIL("message %u of %u came again after it was done with", number, sender);
	previous = atomic_exchange(&pool->holder[sender][number],
				   me - me->round->members + 1);
	if (previous && !lease_ns && !me->round->members[previous - 1].doomed)
		FAIL("message %u of %u was leased twice", number, sender);
	spin_ns(random_below(&me->random, random_below(&me->random, 4) ? 60000 : 400000));
	if (!random_below(&me->random, 16)) {
		pool->holder[sender][number] = 0;
		result = nack(me->fd, token);
	} else {
		pool->tried[sender][number] = 1;
		result = ack(me->fd, random_below(&me->random, 2) ? token : 0);
		if (!result && pool->acked[sender][number]++)
			FAIL("message %u of %u was done with twice", number, sender);
		me->round->ledger.total += !result;
	}
	if (result)
		CHECK_EQ(lease_ns ? -ESRCH : 0, result);
}

static void run_worker(void *arg)
{
	struct member *me = arg;
	struct letter *letter = &me->letters[0];

	me->fd = open_fd(O_RDONLY, me->round->fd);
	me->ready = true;
	for (;;) {
		struct mailbox_ioc_receive receive = {
			.flags = MAILBOX_RECEIVE_LEASE,
			.data = user_pointer(letter),
			.size = sizeof(*letter),
			.lease_ns = lease_ns,
		};

		CHECK_EQ(0, command(me->fd, MAILBOX_IOC_RECEIVE, &receive));
		check_letter(me->round, letter, receive.len);
		CHECK(receive.token && receive.deliveries);
		work_on(me, letter, receive.token);
	}
}

/* At least once; exactly once, but for what a worker died with. */
static void check_leases(struct round *round)
{
	unsigned int i, j;

	for (i = 0; i < SIDES; i++) {
		for (j = 0; j < NUMBERS; j++) {
			unsigned int fate = round->ledger.fate[i][j];
			unsigned int acked = pool->acked[i][j];
			unsigned int left = round->ledger.taken[i][j];

			CHECK_RANGE(0, 1, acked + left);
			if (fate == UNTRIED || fate == REFUSED)
				CHECK_EQ(0, acked + left);
			/* A worker that died while it acknowledged it. */
			if (fate == SENT && acked + left == 0 && !pool->tried[i][j])
				FAIL("message %u of %u is lost", j, i);
		}
	}
}

static void run_leases(struct round *round)
{
	struct member *victim;
	unsigned int i;

	memset(pool, 0, sizeof(*pool));
	round->fd = PORT(O_RDWR, .capacity = CAPACITY);
	for (i = 0; i < way->senders; i++)
		member_start(round, run_sender, i, true, false);
	for (i = 0; i < way->receivers; i++)
		member_start(round, run_worker, i, false, true);
	if (random_below(&chance, 4))
		WAIT_FOR(all_ready(round));
	while ((victim = random_member(round))) {
		random_delay();
		member_kill(victim);
		if (!RECEIVERS_ALIVE(round))
			CHECK_EQ(0, port_stat(round->fd).leased);
		if (random_below(&chance, 4))
			check_nobody_is_stuck(round);
	}
	while (messages(round->fd))
		CHECK(heir_takes(round, round->fd));
	check_leases(round);
	close(round->fd);
}

static void run_lease_rounds(long long ns)
{
	pool = shared_alloc(sizeof(*pool));
	lease_ns = ns;
	way = &lease_way;
	run_rounds(run_leases);
}

TEST_WITHIN(lease, CHAOS_SECONDS)
{
	run_lease_rounds(0);
}

TEST_WITHIN(lease_that_ends, CHAOS_SECONDS)
{
	run_lease_rounds(300000);
}

/* --- a crowd of callers -------------------------------------------------------------- */

#define CALLERS		100
#define SERVERS		4
#define IN_HAND		3		/* requests that a server has at once */
#define GENERATIONS	4096		/* of callers, of servers */
#define CROWD_NS	(5 * NSEC_PER_SEC)	/* or until there were enough kills */
#define LEAST_KILLS	20

struct question {
	unsigned int caller, number, check;
};

struct caller {
	pid_t pid;
	atomic_uint number;		/* of the question it asks, from 1 on */
	atomic_uint served;		/* the question that a server has seen last */
	atomic_uint server;		/* which one: its generation */
};

struct crowd {
	int fd;
	atomic_bool stop;
	atomic_uint answered, broken;
	struct caller callers[GENERATIONS];
	unsigned int caller_of[CALLERS], callers_begun;
	pid_t servers[SERVERS];
	unsigned int generation_of[SERVERS], generations;
	atomic_bool doomed[GENERATIONS];
};

static struct crowd *crowd;

/*
 * A caller or server by its generation, as the argument of its process: a server
 * may note the question of a caller that has died after its successor has asked.
 */
static void run_crowd_caller(void *arg)
{
	unsigned int index = (uintptr_t)arg, random = getpid();
	struct caller *me = &crowd->callers[index];
	int fd = open_fd(O_WRONLY, crowd->fd);

	while (!crowd->stop) {
		struct question question = { index, ++me->number, next_random(&random) }, answer = {};
		struct mailbox_ioc_call call = {
			.data = user_pointer(&question),
			.len = sizeof(question),
			.reply = user_pointer(&answer),
			.reply_size = sizeof(answer),
		};
		long long result = command(fd, MAILBOX_IOC_CALL, &call);

		if (result) {
			CHECK_EQ(-EPIPE, result);
			/* Unless it died before it could say that it had it. */
			if (me->served == question.number)
				CHECK(crowd->doomed[me->server]);
			crowd->broken++;
			continue;
		}
		CHECK_EQ(index, answer.caller);
		CHECK_EQ(question.number, answer.number);
		CHECK_EQ(~question.check, answer.check);
		CHECK_EQ(question.number, me->served);
		crowd->answered++;
	}
}

struct hand {
	struct question questions[IN_HAND];
	__u64 tokens[IN_HAND];
	unsigned int count;
};

/* False if there is none, and others to answer. */
static bool take_question(int fd, struct hand *hand, unsigned int generation)
{
	struct question *question = &hand->questions[hand->count];
	struct mailbox_ioc_receive receive = {
		/* Who has something to answer does not sleep. */
		.flags = hand->count ? MAILBOX_RECEIVE_NONBLOCK : 0,
		.data = user_pointer(question),
		.size = sizeof(*question),
	};
	long long result = command(fd, MAILBOX_IOC_RECEIVE, &receive);
	struct caller *caller;

	if (result == -EAGAIN && hand->count)
		return false;
	CHECK_EQ(0, result);
	CHECK(question->caller < GENERATIONS);
	caller = &crowd->callers[question->caller];
	/* Nobody has seen it before. */
	CHECK(question->number > caller->served);
	caller->server = generation;
	caller->served = question->number;
	hand->tokens[hand->count++] = receive.token;
	return true;
}

static void answer_question(int fd, struct hand *hand, unsigned int index)
{
	struct question *question = &hand->questions[index];
	struct mailbox_ioc_reply reply = {
		.token = hand->tokens[index],
		.data = user_pointer(question),
		.len = sizeof(*question),
	};
	long long result;

	question->check = ~question->check;
	result = command(fd, MAILBOX_IOC_REPLY, &reply);
	/* Its caller has died. */
	if (result)
		CHECK_EQ(-ESRCH, result);
	hand->count--;
	hand->questions[index] = hand->questions[hand->count];
	hand->tokens[index] = hand->tokens[hand->count];
}

static void run_crowd_server(void *arg)
{
	unsigned int generation = (uintptr_t)arg, random = getpid();
	struct hand hand = {};
	int fd = open_fd(O_RDONLY, crowd->fd);

	for (;;) {
		while (hand.count < IN_HAND && take_question(fd, &hand, generation))
			;
		answer_question(fd, &hand, random_below(&random, hand.count));
	}
}

static void server_start(unsigned int index)
{
	unsigned int generation = ++crowd->generations;

	CHECK(generation < GENERATIONS);
	crowd->generation_of[index] = generation;
	crowd->servers[index] = spawn(run_crowd_server, (void *)(uintptr_t)generation);
}

static void caller_start(unsigned int index)
{
	unsigned int generation = crowd->callers_begun++;

	CHECK(generation < GENERATIONS);
	crowd->caller_of[index] = generation;
	crowd->callers[generation].pid = spawn(run_crowd_caller, (void *)(uintptr_t)generation);
}

static struct caller *caller_now(unsigned int index)
{
	return &crowd->callers[crowd->caller_of[index]];
}

static void kill_one(pid_t pid)
{
	CHECK_OK(kill(pid, SIGKILL));
	CHECK(was_killed(reap_status(pid)));
}

/* It must not wait for its turn among a hundred; its children do. */
static void go_first(void)
{
	struct sched_param param = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param))
		note("without priority there are fewer kills: %s", strerror(errno));
}

/* Whoever was asked by it is told that there will be no answer, and goes on. */
static void server_kill(unsigned int index)
{
	unsigned int generation = crowd->generation_of[index], asked, i;

	crowd->doomed[generation] = true;
	kill_one(crowd->servers[index]);
	for (i = 0; i < CALLERS; i++) {
		struct caller *caller = caller_now(i);

		asked = caller->served;
		if (caller->server == generation && caller->number == asked)
			WAIT_FOR(caller->number != asked);
	}
}

TEST_WITHIN(hundred_callers_and_four_servers, CHAOS_SECONDS)
{
	struct account before = account();
	unsigned int dead_servers = 0, i;
	long long end;

	chaos_begin();
	crowd = shared_alloc(sizeof(*crowd));
	crowd->fd = port_new(3, NULL, (struct mailbox_ioc_port_create){ .capacity = 16 });
	for (i = 0; i < SERVERS; i++)
		server_start(i);
	for (i = 0; i < CALLERS; i++)
		caller_start(i);
	WAIT_FOR(crowd->answered > CALLERS);
	go_first();
	end = now_ns(CLOCK_MONOTONIC) + CROWD_NS;
	while ((kills < LEAST_KILLS || now_ns(CLOCK_MONOTONIC) < end) &&
	       crowd->generations < GENERATIONS - 1 && crowd->callers_begun < GENERATIONS) {
		unsigned int answered = crowd->answered;

		random_delay();
		if (random_below(&chance, 3)) {
			i = random_below(&chance, SERVERS);
			server_kill(i);
			server_start(i);
			dead_servers++;
		} else {
			i = random_below(&chance, CALLERS);
			kill_one(caller_now(i)->pid);
			caller_start(i);
		}
		if (!random_below(&chance, 8))
			WAIT_FOR(crowd->answered > answered);
	}
	crowd->stop = true;
	for (i = 0; i < CALLERS; i++)
		REAP(caller_now(i)->pid);
	WAIT_FOR(waiters_are(crowd->fd, 0, SERVERS));
	CHECK_EQ(0, messages(crowd->fd));
	CHECK_EQ(0, port_stat(crowd->fd).requests);
	for (i = 0; i < SERVERS; i++)
		kill_one(crowd->servers[i]);
	note("%u calls answered, %u broken by the death of %u servers", crowd->answered,
	     crowd->broken, dead_servers);
	CHECK_RANGE(0, dead_servers * IN_HAND, crowd->broken);
	close(crowd->fd);
	CHECK_ACCOUNT(&before);
	chaos_end(LEAST_KILLS);
}

/* --- a pool of workers --------------------------------------------------------------- */

#define JOBS		3000
#define WORKERS		4
#define LEASES		3		/* that a worker has at once */
#define WORKS		4096		/* generations of workers */
#define TRIES		3		/* of a job that kills its worker */

struct job {
	atomic_uint begun, done;	/* times */
	atomic_uint worker;		/* generation of the last one */
	atomic_bool tried;		/* to say that it is done */
};

struct shop {
	int fd;
	unsigned int at_once;		/* leases of a worker */
	unsigned int deadly;		/* each such job kills its worker; 0 = none */
	unsigned int generations;
	pid_t workers[WORKERS];
	unsigned int generation_of[WORKERS];
	atomic_uint done;
	struct job jobs[JOBS];
	atomic_bool doomed[WORKS];
};

static struct shop *shop;

static bool is_deadly(unsigned int number)
{
	return shop->deadly && number % shop->deadly == 0;
}

static void begin_job(unsigned int number, unsigned int generation)
{
	struct job *job;
	unsigned int previous;

	CHECK(number < JOBS);
	job = &shop->jobs[number];
	if (job->done)
		FAIL("job %u came again after it was done", number);
	previous = atomic_exchange(&job->worker, generation);
	if (previous && !shop->doomed[previous])
		FAIL("job %u came again, and worker %u lives", number, previous);
	job->begun++;
	if (!is_deadly(number))
		return;
	shop->doomed[generation] = true;
	kill(getpid(), SIGKILL);
}

static void run_shop_worker(void *arg)
{
	unsigned int generation = (uintptr_t)arg, random = getpid(), numbers[LEASES] = {}, i;
	struct mailbox_receive_entry entries[LEASES];
	int fd = open_fd(O_RDONLY, shop->fd);

	for (;;) {
		struct mailbox_ioc_receive_batch receive = {
			.flags = MAILBOX_RECEIVE_LEASE,
			.count = 1 + random_below(&random, shop->at_once),
			.entry_size = sizeof(entries[0]),
			.entries = user_pointer(entries),
		};

		memset(entries, 0, sizeof(entries));
		for (i = 0; i < LEASES; i++) {
			entries[i].data = user_pointer(&numbers[i]);
			entries[i].size = sizeof(numbers[i]);
		}
		CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE_BATCH, &receive));
		CHECK_RANGE(1, receive.count, receive.done);
		for (i = 0; i < receive.done; i++)
			begin_job(numbers[i], generation);
		spin_ns(random_below(&random, 800000));
		for (i = receive.done; i--;) {
			struct job *job = &shop->jobs[numbers[i]];

			job->tried = true;
			CHECK_EQ(0, ack(fd, entries[i].token));
			CHECK_EQ(0, job->done++);
			shop->done++;
		}
	}
}

static void worker_start(unsigned int index)
{
	unsigned int generation = ++shop->generations;

	CHECK(generation < WORKS);
	shop->generation_of[index] = generation;
	shop->workers[index] = spawn(run_shop_worker, (void *)(uintptr_t)generation);
}

/* Those that their jobs have killed are replaced. */
static void replace_dead(void)
{
	unsigned int i;
	int status;

	for (i = 0; i < WORKERS; i++) {
		if (!waitpid(shop->workers[i], &status, WNOHANG))
			continue;
		CHECK(was_killed(status));
		worker_start(i);
	}
}

static bool shop_is_idle(void)
{
	struct mailbox_ioc_port_stat stat = port_stat(shop->fd);

	return !stat.messages && !stat.leased && stat.receivers_waiting == WORKERS;
}

static void shop_open(struct mailbox_ioc_port_create port, unsigned int at_once)
{
	int i;

	shop = shared_alloc(sizeof(*shop));
	shop->at_once = at_once;
	shop->fd = port_new(O_RDWR, NULL, port);
	for (i = 0; i < WORKERS; i++)
		worker_start(i);
}

/* Everybody has died or sleeps: kills who is left. */
static void shop_close(void)
{
	int i;

	for (i = 0; i < WORKERS; i++)
		kill_one(shop->workers[i]);
	CHECK_EQ(0, messages(shop->fd));
	CHECK_EQ(0, port_stat(shop->fd).leased);
	close(shop->fd);
}

TEST_WITHIN(pool_without_deaths, CHAOS_SECONDS)
{
	struct account before = account();
	unsigned int i;

	shop_open((struct mailbox_ioc_port_create){ .capacity = CAPACITY }, LEASES);
	for (i = 0; i < JOBS; i++)
		CHECK_EQ(0, SEND(shop->fd, .data = user_pointer(&i), .len = sizeof(i)));
	WAIT_FOR(shop_is_idle());
	for (i = 0; i < JOBS; i++) {
		CHECK_EQ(1, shop->jobs[i].begun);
		CHECK_EQ(1, shop->jobs[i].done);
	}
	CHECK_EQ(JOBS, shop->done);
	shop_close();
	CHECK_ACCOUNT(&before);
}

TEST_WITHIN(pool_with_deaths, CHAOS_SECONDS)
{
	unsigned int dead = 0, again = 0, i, victim;
	struct account before = account();

	chaos_begin();
	shop_open((struct mailbox_ioc_port_create){ UNBOUNDED }, LEASES);
	for (i = 0; i < JOBS; i++)
		CHECK_EQ(0, SEND(shop->fd, .data = user_pointer(&i), .len = sizeof(i)));
	while (messages(shop->fd) || port_stat(shop->fd).leased) {
		unsigned int done = shop->done;

		random_delay();
		victim = random_below(&chance, WORKERS);
		shop->doomed[shop->generation_of[victim]] = true;
		kill_one(shop->workers[victim]);
		worker_start(victim);
		dead++;
		if (!random_below(&chance, 4))
			WAIT_FOR(shop->done > done || shop_is_idle());
	}
	WAIT_FOR(shop_is_idle());
	for (i = 0; i < JOBS; i++) {
		CHECK(shop->jobs[i].begun >= 1);
		again += shop->jobs[i].begun - 1;
		/* Its worker may have died before it could note that. */
		CHECK(shop->jobs[i].done == 1 || shop->jobs[i].tried);
	}
	CHECK_RANGE(0, dead * LEASES, again);
	CHECK_RANGE(JOBS - dead, JOBS, shop->done);
	note("%u jobs were begun again as %u workers died", again, dead);
	shop_close();
	CHECK_ACCOUNT(&before);
	chaos_end(10);
}

TEST_WITHIN(deadly_jobs_are_given_up, CHAOS_SECONDS)
{
	struct mailbox_ioc_port_create port = { UNBOUNDED, .max_deliveries = TRIES };
	struct account before = account();
	char *name = unique_name();
	int dead = NAMED_PORT(O_RDWR, name, UNBOUNDED);
	unsigned int i, jobs = JOBS / 10, deadly = 0;
	long long given_up, last = -1;

	chaos_begin();
	strcpy(port.dead_letter, name);
	/* One job each, so that nobody else's dies with it. */
	shop_open(port, 1);
	shop->deadly = 5;
	for (i = 0; i < jobs; i++) {
		CHECK_EQ(0, SEND(shop->fd, .data = user_pointer(&i), .len = sizeof(i)));
		deadly += is_deadly(i);
	}
	WAIT_FOR((replace_dead(), shop_is_idle()));
	for (i = 0; i < jobs; i++) {
		CHECK_EQ(is_deadly(i) ? TRIES : 1, shop->jobs[i].begun);
		CHECK_EQ(!is_deadly(i), shop->jobs[i].done);
	}
	CHECK_EQ(deadly, port_stat(shop->fd).dead_lettered);
	for (i = 0; i < deadly; i++) {
		given_up = take(dead);
		CHECK(given_up >= 0 && given_up < jobs && is_deadly(given_up));
		CHECK(given_up != last);
		CHECK_EQ(0, shop->jobs[given_up].done++);
		last = given_up;
	}
	CHECK_EQ(-EAGAIN, take(dead));
	CHECK_EQ(deadly * TRIES, kills);
	shop_close();
	close(dead);
	CHECK_ACCOUNT(&before);
	chaos_end(deadly * TRIES);
}
