// SPDX-License-Identifier: GPL-2.0-only
/*
 * How calls end without an answer: servers that go, callers that give up, ports
 * that are destroyed; at every point of the way, and never in two ways.
 */
#include "call.h"

/* --- the server goes ---------------------------------------------------------- */

struct server {
	int fd;
	char name[MAILBOX_NAME_SIZE];
	atomic_bool holds;
	bool exits;
};

/* Takes a request by a handle of its own, and exits or waits to be killed. */
static void serve_and_die(void *arg)
{
	struct server *server = arg;

	serve(port_open(O_RDONLY, server->name), 7);
	server->holds = true;
	while (!server->exits)
		pause();
}

static void check_server_dies(bool exits)
{
	struct server *server = shared_alloc(sizeof(*server));
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name);
	struct asker asker, next;
	pid_t pid;

	strcpy(server->name, name);
	server->exits = exits;
	pid = spawn(serve_and_die, server);
	ask_args(&asker, fd, 7, (struct mailbox_ioc_call){});
	WAIT_FOR(server->holds);
	if (!exits)
		kill(pid, SIGKILL);
	CHECK_EQ(-EPIPE, answer_of(&asker));
	reap_status(pid);
	CHECK_EQ(0, port_stat(fd).requests);
	CHECK(waiters_are(fd, 0, 0));
	CHECK_EQ(-EAGAIN, take(fd));
	/* The next one is answered by those who are left. */
	ASK(&next, fd, 8);
	CHECK_EQ(0, answer(fd, serve(fd, 8), 9));
	CHECK_EQ(9, answer_of(&next));
}

TEST(server_exits)
{
	check_server_dies(true);
}

TEST(server_is_killed)
{
	check_server_dies(false);
}

/* With several in hand, and one that somebody else has. */
TEST(server_closes)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name), other = port_open(O_RDONLY, name), i;
	struct asker askers[4];
	__u64 token = 0;

	for (i = 0; i < 4; i++) {
		ask_args(&askers[i], fd, i, (struct mailbox_ioc_call){});
		token = serve(i == 3 ? fd : other, i);
	}
	close(other);
	for (i = 0; i < 3; i++)
		CHECK_EQ(-EPIPE, answer_of(&askers[i]));
	CHECK_EQ(1, port_stat(fd).requests);
	CHECK_EQ(0, answer(fd, token, 1));
	CHECK_EQ(1, answer_of(&askers[3]));
}

static void keep_open(void *arg)
{
	struct server *server = arg;

	server->holds = true;
	pause();
}

/* The handle is closed when nobody has it any more. */
TEST(server_shares_its_handle)
{
	struct server *server = shared_alloc(sizeof(*server));
	char *name = unique_name();
	int fd = NAMED_PORT(O_WRONLY, name), served = port_open(O_RDONLY, name);
	struct asker asker;
	pid_t pid;

	ASK(&asker, fd, 7);
	serve(served, 7);
	pid = spawn(keep_open, server);
	WAIT_FOR(server->holds);
	close(served);
	CHECK_EQ(1, port_stat(fd).requests);
	CHECK(waiters_are(fd, 1, 0));
	kill(pid, SIGKILL);
	CHECK_EQ(-EPIPE, answer_of(&asker));
	reap_status(pid);
}

/* Without hang-up a request waits, as any message, for a server to come. */
TEST(last_server_goes_before_it_has_the_request)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_WRONLY, name, .capacity = 1);
	int server = port_open(O_RDONLY, name);
	struct asker queued, pending;

	ASK(&queued, fd, 1);
	ask_args(&pending, fd, 2, (struct mailbox_ioc_call){});
	wait_for_waiters(fd, 2, 0);
	close(server);
	CHECK(waiters_are(fd, 2, 0));
	server = port_open(O_RDONLY, name);
	CHECK_EQ(0, answer(server, serve(server, 1), 10));
	CHECK_EQ(0, answer(server, serve(server, 2), 20));
	CHECK_EQ(10, answer_of(&queued));
	CHECK_EQ(20, answer_of(&pending));
}

TEST(last_server_hangs_up)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_WRONLY, name, .capacity = 1, .flags = MAILBOX_CREATE_HANGUP);
	int server = port_open(O_RDONLY, name), i;
	struct asker askers[3];

	for (i = 0; i < 3; i++) {
		ask_args(&askers[i], fd, i, (struct mailbox_ioc_call){});
		wait_for_waiters(fd, i + 1, 0);
		if (!i)
			serve(server, 0);
	}
	close(server);
	for (i = 0; i < 3; i++)
		CHECK_EQ(-EPIPE, answer_of(&askers[i]));
	CHECK_EQ(-EPIPE, CALL(fd));
	/* None of them is there for the next server. */
	server = port_open(O_RDONLY, name);
	CHECK_EQ(-EAGAIN, take(server));
}

/* --- servers that cannot answer ----------------------------------------------- */

TEST(server_reads)
{
	int fd = PORT(O_RDWR), value;
	struct asker asker;

	ASK(&asker, fd, 7);
	CHECK_EQ(4, RESULT(read(fd, &value, sizeof(value))));
	CHECK_EQ(7, value);
	CHECK_EQ(-EPIPE, answer_of(&asker));
	CHECK_EQ(0, port_stat(fd).requests);
	CHECK_EQ(1, port_stat(fd).received);
}

static long long receive_sized(int fd, struct mailbox_ioc_receive *receive, unsigned int size)
{
	return command(fd, _IOC(_IOC_READ | _IOC_WRITE, MAILBOX_IOC_MAGIC, 0x11, size), receive);
}

/* The struct as it was first published. */
TEST(server_of_before_there_were_calls)
{
	struct mailbox_ioc_receive receive = { .flags = MAILBOX_RECEIVE_PEEK };
	int fd = PORT(O_RDWR), value;
	struct asker asker;

	ASK(&asker, fd, 7);
	receive.data = user_pointer(&value);
	receive.size = sizeof(value);
	receive.token = 99;
	CHECK_EQ(0, receive_sized(fd, &receive, 96));
	CHECK_EQ(7, value);
	CHECK(waiters_are(fd, 1, 0));
	receive.flags = 0;
	CHECK_EQ(0, receive_sized(fd, &receive, 96));
	CHECK_EQ(-EPIPE, answer_of(&asker));
	CHECK_EQ(99, receive.token);
	CHECK_EQ(0, port_stat(fd).requests);
}

TEST(server_with_room_for_a_token_answers)
{
	struct mailbox_ioc_receive receive = {};
	int fd = PORT(O_RDWR), value;
	struct asker asker;

	ASK(&asker, fd, 7);
	receive.data = user_pointer(&value);
	receive.size = sizeof(value);
	CHECK_EQ(0, receive_sized(fd, &receive, 104));
	CHECK_EQ(0, answer(fd, receive.token, 1));
	CHECK_EQ(1, answer_of(&asker));
}

/* --- the caller goes, or the port --------------------------------------------- */

/* A call in a process of its own. */
struct caller {
	int fd;
	struct asker asker;
	int restart;			/* SA_RESTART or 0 */
	atomic_uint signals;
	long long result;
};

static struct caller *caller;

static void count_signal(int number)
{
	(void)number;
	caller->signals++;
}

static void call_in_child(void *arg)
{
	struct sigaction action = { .sa_handler = count_signal };

	(void)arg;
	action.sa_flags = caller->restart;
	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
	caller->result = command(caller->fd, MAILBOX_IOC_CALL, &caller->asker.arg);
}

/* Where the request is when the call ends. */
struct place {
	const char *name;
	bool rendezvous, full, taken;
};

static const struct place places[] = {
	{ "queued_request", false, false, false },
	{ "request_that_waits_for_room", false, true, false },
	{ "request_at_a_rendezvous", true, false, false },
	{ "request_in_hand", false, false, true },
	{ "request_in_hand_of_a_rendezvous", true, false, true },
};

static const struct place *place(void)
{
	return test_now->row;
}

static __u64 token_held;
static unsigned long long bytes_before;

static pid_t place_call(__u64 deadline_ns, int restart)
{
	struct mailbox_ioc_port_create create = { .capacity = 1 };
	struct mailbox_ioc_call call = { .deadline_ns = deadline_ns };
	pid_t pid;

	if (place()->rendezvous) {
		create.capacity = 0;
		create.buffering = MAILBOX_BUFFERING_RENDEZVOUS;
	}
	caller = shared_alloc(sizeof(*caller));
	caller->fd = port_new(O_RDWR, NULL, create);
	caller->restart = restart;
	if (place()->full)
		CHECK_EQ(0, put(caller->fd, 1));
	asker_fill(&caller->asker, 7, call);
	bytes_before = info(caller->fd).user_bytes;
	pid = spawn(call_in_child, NULL);
	wait_for_waiters(caller->fd, 1, 0);
	if (place()->taken)
		token_held = serve(caller->fd, 7);
	return pid;
}

/* Nobody gets the request, and nobody the answer. */
static void place_check_withdrawn(void)
{
	int fd = caller->fd;

	CHECK(waiters_are(fd, 0, 0));
	CHECK_EQ(0, port_stat(fd).requests);
	CHECK_EQ(bytes_before, info(fd).user_bytes);
	CHECK_EQ(place()->full + place()->taken, port_stat(fd).sent);
	CHECK_EQ(place()->taken, port_stat(fd).received);
	if (place()->taken)
		CHECK_EQ(-ESRCH, answer(fd, token_held, 1));
	if (place()->full)
		CHECK_EQ(1, take(fd));
	CHECK_EQ(0, messages(fd));
	CHECK_EQ(-EAGAIN, take(fd));
}

static void caller_is_killed(void)
{
	pid_t pid = place_call(0, 0);

	kill(pid, SIGKILL);
	reap_status(pid);
	place_check_withdrawn();
}

static void caller_times_out(void)
{
	long long deadline = deadline_soon();
	struct mailbox_ioc_call before;
	pid_t pid = place_call(deadline, 0);

	before = caller->asker.arg;
	REAP(pid);
	CHECK_EQ(-ETIMEDOUT, caller->result);
	CHECK(now_ns(CLOCK_MONOTONIC) >= deadline);
	CHECK(!memcmp(&before, &caller->asker.arg, sizeof(before)));
	CHECK_EQ(-1, caller->asker.answer);
	place_check_withdrawn();
}

static void caller_is_interrupted(void)
{
	pid_t pid = place_call(0, 0);

	kill(pid, SIGUSR1);
	REAP(pid);
	CHECK_EQ(-EINTR, caller->result);
	place_check_withdrawn();
}

/* What a server has received is not begun anew; all else is, and is one request. */
static void caller_is_interrupted_with_restart(void)
{
	pid_t pid = place_call(0, SA_RESTART);
	unsigned int i;

	for (i = 1; i <= 10 && !place()->taken; i++) {
		kill(pid, SIGUSR1);
		WAIT_FOR(caller->signals == i);
		wait_for_waiters(caller->fd, 1, 0);
	}
	if (place()->taken) {
		kill(pid, SIGUSR1);
		REAP(pid);
		CHECK_EQ(-EINTR, caller->result);
		place_check_withdrawn();
		return;
	}
	if (place()->full)
		CHECK_EQ(1, take(caller->fd));
	CHECK_EQ(0, answer(caller->fd, serve(caller->fd, 7), 1));
	REAP(pid);
	CHECK_EQ(0, caller->result);
	CHECK_EQ(1, caller->asker.answer);
	CHECK_EQ(-EAGAIN, take(caller->fd));
}

static void port_is_destroyed(void)
{
	pid_t pid = place_call(0, SA_RESTART);
	struct turn turn;

	CHECK_EQ(0, port_destroy(caller->fd, NULL));
	REAP(pid);
	CHECK_EQ(-EIDRM, caller->result);
	CHECK_EQ(-EIDRM, answer(caller->fd, place()->taken ? token_held : 1, 1));
	turn_fill(&turn, 0, 0, 0);
	CHECK_EQ(-EIDRM, turn_run(caller->fd, &turn));
	CHECK_EQ(-EIDRM, CALL(caller->fd));
}

static void __attribute__((constructor)) place_table(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		test_add(places[i].name, "of_a_killed_caller", caller_is_killed, &places[i]);
		test_add(places[i].name, "times_out", caller_times_out, &places[i]);
		test_add(places[i].name, "is_interrupted", caller_is_interrupted, &places[i]);
		test_add(places[i].name, "is_interrupted_with_restart",
			 caller_is_interrupted_with_restart, &places[i]);
		test_add(places[i].name, "of_a_destroyed_port", port_is_destroyed, &places[i]);
	}
}

TEST(deadline_that_has_passed)
{
	int fd = PORT(O_RDWR);

	CHECK_EQ(-ETIMEDOUT, CALL(fd, .deadline_ns = 1));
	CHECK_EQ(-ETIMEDOUT, CALL(fd, .deadline_ns = 1, .flags = MAILBOX_CALL_REALTIME));
	CHECK_EQ(-ETIMEDOUT, CALL(fd, .flags = MAILBOX_CALL_REALTIME, .deadline_ns =
				  deadline_in(CLOCK_REALTIME, 10 * NSEC_PER_MSEC)));
	CHECK_EQ(0, messages(fd));
}

/* --- answer or error, and never both ------------------------------------------ */

#define NUMBERS 3000

static struct {
	int fd;
	atomic_int next;
	atomic_bool stop;
	atomic_uint served[NUMBERS], answered[NUMBERS], told[NUMBERS];
	atomic_uint answers, failures;
	bool timed;
} race;

static void *race_caller(void *arg)
{
	unsigned int state = (uintptr_t)arg;
	struct asker asker;
	long long result;
	int number;

	while ((number = atomic_fetch_add(&race.next, 1)) < NUMBERS) {
		state = state * 1103515245 + 12345;
		asker_fill(&asker, number, (struct mailbox_ioc_call){});
		if (race.timed)
			asker.arg.deadline_ns =
				deadline_in(CLOCK_MONOTONIC, (state >> 8) % 600000);
		result = command(race.fd, MAILBOX_IOC_CALL, &asker.arg);
		if (!result) {
			CHECK_EQ(number + 1, asker.answer);
			race.told[number]++;
			race.answers++;
		} else {
			CHECK_EQ(race.timed ? -ETIMEDOUT : -EINTR, result);
			race.failures++;
		}
	}
	return NULL;
}

static void *race_server(void *arg)
{
	unsigned int state = (uintptr_t)arg;
	struct turn turn;
	long long result;

	while (!race.stop) {
		turn_fill(&turn, 0, 0, 0);
		turn.arg.receive.deadline_ns = deadline_in(CLOCK_MONOTONIC, NSEC_PER_MSEC);
		result = turn_run(race.fd, &turn);
		if (result) {
			CHECK_EQ(-ETIMEDOUT, result);
			continue;
		}
		race.served[turn.question]++;
		state = state * 1103515245 + 12345;
		if (state >> 8 & 1)
			pause_ns((state >> 9) % 200000);
		result = answer(race.fd, turn.arg.receive.token, turn.question + 1);
		if (!result)
			race.answered[turn.question]++;
		else
			CHECK_EQ(-ESRCH, result);
	}
	return NULL;
}

static void check_race(int fd, bool timed)
{
	struct sigaction action = { .sa_handler = count_signal, .sa_flags = SA_RESTART };
	pthread_t callers[3], servers[2];
	sigset_t blocked;
	int i;

	race.fd = fd;
	race.timed = timed;
	caller = shared_alloc(sizeof(*caller));
	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
	for (i = 0; i < 3; i++)
		pthread_create(&callers[i], NULL, race_caller, (void *)(i + 1L));
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &blocked, NULL);
	for (i = 0; i < 2; i++)
		pthread_create(&servers[i], NULL, race_server, (void *)(i + 1L));
	while (!timed && race.next < NUMBERS) {
		pthread_kill(callers[random() % 3], SIGUSR1);
		pause_ns(random() % 300000);
	}
	for (i = 0; i < 3; i++)
		pthread_join(callers[i], NULL);
	race.stop = true;
	for (i = 0; i < 2; i++)
		pthread_join(servers[i], NULL);
	for (i = 0; i < NUMBERS; i++) {
		if (race.told[i] != race.answered[i])
			FAIL("call %d: %u answers given, %u had", i, race.answered[i],
			     race.told[i]);
		/* A restart is one of what nobody has seen; a deadline may withdraw. */
		CHECK_RANGE(timed ? 0 : 1, 1, race.served[i]);
	}
	CHECK(waiters_are(fd, 0, 0));
	CHECK_EQ(0, messages(fd));
	CHECK_EQ(0, port_stat(fd).requests);
	note("%u answers, %u without", race.answers, race.failures);
	CHECK_RANGE(50, NUMBERS - 50, race.answers);
}

TEST_WITHIN(signal_or_answer_and_once, 60)
{
	check_race(PORT(O_RDWR, .capacity = 2), false);
}

TEST_WITHIN(signal_or_answer_and_once_at_a_rendezvous, 60)
{
	check_race(PORT(O_RDWR, RENDEZVOUS), false);
}

TEST_WITHIN(deadline_or_answer_and_never_both, 60)
{
	check_race(PORT(O_RDWR, .capacity = 2), true);
}

TEST_WITHIN(deadline_or_answer_and_never_both_at_a_rendezvous, 60)
{
	check_race(PORT(O_RDWR, RENDEZVOUS), true);
}

static void call_for_ever(void *arg)
{
	struct asker asker;
	long long result;
	int number;

	for (number = getpid(); ; number++) {
		asker_fill(&asker, number, (struct mailbox_ioc_call){});
		result = command(*(int *)arg, MAILBOX_IOC_CALL, &asker.arg);
		if (!result)
			CHECK_EQ(number + 1, asker.answer);
		else
			CHECK_EQ(-EPIPE, result);
	}
}

static void serve_for_ever(void *arg)
{
	int fd = node_open(O_RDONLY);
	struct mailbox_ioc_port_open same = { .flags = MAILBOX_BIND_FD, .fd = *(int *)arg };
	struct turn turn;
	long long result;

	CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_OPEN, &same));
	turn_fill(&turn, 0, 0, 0);
	for (;;) {
		__u64 token;

		result = turn_run(fd, &turn);
		/* Its caller was killed. */
		if (result == -ESRCH) {
			turn_fill(&turn, 0, 0, 0);
			continue;
		}
		CHECK_EQ(0, result);
		token = turn.arg.receive.token;
		turn_fill(&turn, token, turn.question + 1, 0);
	}
}

TEST_WITHIN(killed_callers_and_servers_leave_nothing, 60)
{
	void (* const run[])(void *) = { call_for_ever, call_for_ever, call_for_ever,
					 serve_for_ever, serve_for_ever };
	pid_t pids[ARRAY_SIZE(run)];
	int fd = PORT(O_RDWR, .capacity = 2);
	unsigned long long before = info(fd).user_bytes;
	unsigned int i, round;

	for (i = 0; i < ARRAY_SIZE(run); i++)
		pids[i] = spawn(run[i], &fd);
	/* Where a machine is slow, few are served in a round. */
	for (round = 0; round < 400 || port_stat(fd).sent <= 1000; round++) {
		int status;

		i = random() % ARRAY_SIZE(run);
		pause_ns(random() % 5000000);
		kill(pids[i], SIGKILL);
		status = reap_status(pids[i]);
		/* A check that fails in it has said why. */
		CHECK(WIFSIGNALED(status));
		pids[i] = spawn(run[i], &fd);
	}
	for (i = 0; i < ARRAY_SIZE(run); i++) {
		kill(pids[i], SIGKILL);
		CHECK(WIFSIGNALED(reap_status(pids[i])));
	}
	CHECK(waiters_are(fd, 0, 0));
	CHECK_EQ(0, port_stat(fd).requests);
	CHECK_EQ(0, messages(fd));
	CHECK_EQ(before, info(fd).user_bytes);
}
