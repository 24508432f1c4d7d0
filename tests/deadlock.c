// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls in a circle: the one that closes it is told, and no other.
 */
#include <sys/resource.h>

#include "allow.h"
#include "deadlock.h"

/* --- circles ------------------------------------------------------------------ */

struct circle {
	const char *name;
	unsigned int count;
	bool processes;
	const char *route;		/* all the way round */
};

static const struct circle circles[] = {
	{ "of_one_thread", 1, false, "00" },
	{ "of_two_threads", 2, false, "010" },
	{ "of_three_threads", 3, false, "0120" },
	{ "of_one_process", 1, true, "00" },
	{ "of_two_processes", 2, true, "010" },
	{ "of_three_processes", 3, true, "0120" },
};

static struct graph *circle_start(void)
{
	const struct circle *circle = test_now->row;
	struct graph *graph = graph_new(circle->count);
	unsigned int i;

	for (i = 0; i < circle->count; i++)
		server_start(graph, i, circle->processes);
	return graph;
}

static void circle_is_closed(void)
{
	const struct circle *circle = test_now->row;
	struct graph *graph = circle_start();
	unsigned int round, i;

	for (round = 1; round <= 20; round++) {
		check_result(RUN(graph, circle->route), circle->count, 1, 0);
		/* What got EDEADLK was not sent. */
		for (i = 0; i < circle->count; i++) {
			CHECK_EQ(round, port_stat(graph->fd[i]).sent);
			CHECK_EQ(0, messages(graph->fd[i]));
		}
	}
	/* Up to the last step there is no circle. */
	for (i = 0; i < circle->count; i++) {
		char *route = strdup(circle->route);

		route[i + 1] = 0;
		check_result(RUN(graph, route), i + 1, 0, 0);
	}
}

/* All servers have a request in hand, and then call their neighbours at once. */
static void circle_is_closed_at_once(void)
{
	const struct circle *circle = test_now->row;
	struct graph *graph = circle_start();
	struct client clients[3];
	unsigned int round, i;

	for (round = 0; round < 100; round++) {
		static const char * const next[][3] = {
			{ "00" }, { "01", "10" }, { "01", "12", "20" },
		};
		int served = 0, deadlocks = 0;

		graph->met = 0;
		for (i = 0; i < circle->count; i++)
			CLIENT(&clients[i], graph, next[circle->count - 1][i],
			       .meet = circle->count);
		for (i = 0; i < circle->count; i++) {
			struct result result = client_end(&clients[i]);

			served += result.served;
			deadlocks += result.deadlocks;
		}
		CHECK_EQ(1, deadlocks);
		CHECK_EQ(2 * circle->count - 1, served);
	}
}

/* A deadline somewhere would end it, but that is no reason to wait for it. */
static void circle_with_a_deadline(void)
{
	const struct circle *circle = test_now->row;
	__u64 deadline_ns = deadline_in(CLOCK_MONOTONIC, 100 * NSEC_PER_SEC);
	struct graph *graph = circle_start();

	check_result(RUN(graph, circle->route, .deadline_ns = deadline_ns), circle->count, 1, 0);
	check_result(RUN(graph, circle->route, .others_deadline_ns = deadline_ns),
		     circle->count, 1, 0);
}

static void __attribute__((constructor)) circle_table(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(circles); i++) {
		test_add("circle", circles[i].name, circle_is_closed, &circles[i]);
		test_add("at_once_circle", circles[i].name, circle_is_closed_at_once,
			 &circles[i]);
		test_add("timed_circle", circles[i].name, circle_with_a_deadline, &circles[i]);
	}
}

/* 0 calls 1, which calls 0, where the other one calls 1. */
TEST(circle_through_two_handles_of_a_port)
{
	struct graph *graph = graph_new(2);

	server_start(graph, 0, false);
	server_start(graph, 0, false);
	server_start(graph, 1, false);
	warm_up(graph, 0, 2);
	check_result(RUN(graph, "0101"), 3, 1, 0);
	check_result(RUN(graph, "010"), 3, 0, 0);
}

TEST(circle_through_two_threads_of_a_handle)
{
	struct graph *graph = graph_new(2);
	struct server *server = server_start(graph, 0, false);

	server_run(server_new(graph, server->fd), false);
	server_start(graph, 1, false);
	warm_up(graph, 0, 2);
	check_result(RUN(graph, "0101"), 3, 1, 0);
	check_result(RUN(graph, "010"), 3, 0, 0);
}

/*
 * 0 calls 1, where the one that has the request calls 0. The other one of 1 is
 * idle, but it cannot answer what it has not received.
 */
static void check_request_in_hand(bool shared)
{
	struct graph *graph = graph_new(2);
	struct server *server;

	server_start(graph, 0, false);
	server = server_start(graph, 1, false);
	if (shared)
		server_run(server_new(graph, server->fd), false);
	else
		server_start(graph, 1, false);
	warm_up(graph, 1, 2);
	wait_for_waiters(graph->fd[1], 0, 2);
	check_result(RUN(graph, "010", .deadline_ns = deadline_soon()),
		     2, 1, 0);
}

TEST(circle_through_the_handle_that_has_the_request)
{
	check_request_in_hand(false);
}

TEST(circle_through_the_thread_that_has_the_request)
{
	check_request_in_hand(true);
}

/* Both ends of a pair call each other, and each is served by one thread. */
TEST(circle_over_a_pair)
{
	struct mailbox_ioc_port_pair pair = {};
	struct graph *graph = graph_new(2);
	int fd = node_open(O_RDWR);

	CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_PAIR, &pair));
	/* Port 0 is the one that fd receives from, and its peer sends to. */
	graph->fd[0] = pair.fd;
	graph->fd[1] = fd;
	server_run(server_new(graph, fd), false);
	server_run(server_new(graph, pair.fd), false);
	check_result(RUN(graph, "01"), 2, 0, 0);
	check_result(RUN(graph, "010"), 2, 1, 0);
}

/* --- no circles --------------------------------------------------------------- */

/* It has never served before; the nested call is its first. */
static void check_second_server(bool shared, bool process)
{
	unsigned int round;

	for (round = 0; round < 50; round++) {
		struct graph *graph = graph_new(1);
		int fd = graph_receiver(graph, 0);

		server_run(server_new(graph, fd), process);
		wait_for_waiters(graph->fd[0], 0, 1);
		if (shared)
			server_run(server_new(graph, fd), process);
		else
			server_start(graph, 0, process);
		wait_for_waiters(graph->fd[0], 0, 2);
		check_result(RUN(graph, "00"), 2, 0, 0);
	}
}

TEST(second_thread_of_the_handle_is_idle)
{
	check_second_server(true, false);
}

TEST(second_process_of_the_handle_is_idle)
{
	check_second_server(true, true);
}

TEST(second_handle_is_idle)
{
	check_second_server(false, false);
}

TEST(handle_by_which_nobody_receives_yet)
{
	struct graph *graph = graph_new(1);
	struct server *late;
	int fd;

	server_start(graph, 0, false);
	wait_for_waiters(graph->fd[0], 0, 1);
	fd = graph_receiver(graph, 0);
	check_result(RUN(graph, "00", .deadline_ns = deadline_soon()), 1, 0, 1);
	late = server_new(graph, fd);
	server_run(late, false);
	wait_for_waiters(graph->fd[0], 0, 2);
	check_result(RUN(graph, "00"), 2, 0, 0);
	WAIT_FOR(late->served >= 1);
}

/* One of two is at work, asleep or not, but in no call: it will come back. */
TEST(second_server_is_busy)
{
	struct graph *graph = graph_new(1);
	struct client slow, nested;

	server_start(graph, 0, false);
	server_start(graph, 0, false);
	warm_up(graph, 0, 2);
	CLIENT(&slow, graph, "0", .gate = true);
	WAIT_FOR(graph->at_gate == 1);
	CLIENT(&nested, graph, "00");
	/* Both that are in hand, and the nested one, which is queued. */
	WAIT_FOR(port_stat(graph->fd[0]).senders_waiting == 3);
	CHECK_EQ(1, messages(graph->fd[0]));
	CHECK(!nested.done);
	graph->gate = true;
	check_result(client_end(&slow), 1, 0, 0);
	check_result(client_end(&nested), 2, 0, 0);
}

/* 0 calls 1, which calls 2, which is at work; others may well call 0 and 1. */
TEST(chain_is_no_circle)
{
	struct graph *graph = graph_new(3);
	struct client first, others[4];
	unsigned int i;

	for (i = 0; i < 3; i++)
		server_start(graph, i, i % 2);
	/* Each of them has served. */
	check_result(RUN(graph, "012"), 3, 0, 0);
	CLIENT(&first, graph, "012", .gate = true);
	WAIT_FOR(graph->at_gate == 1);
	CLIENT(&others[0], graph, "0");
	CLIENT(&others[1], graph, "1");
	CLIENT(&others[2], graph, "01");
	CLIENT(&others[3], graph, "2");
	WAIT_FOR(messages(graph->fd[0]) == 2 && messages(graph->fd[1]) == 1 &&
		 messages(graph->fd[2]) == 1);
	graph->gate = true;
	check_result(client_end(&first), 3, 0, 0);
	check_result(client_end(&others[0]), 1, 0, 0);
	check_result(client_end(&others[1]), 1, 0, 0);
	check_result(client_end(&others[2]), 2, 0, 0);
	check_result(client_end(&others[3]), 1, 0, 0);
}

/* 0 has called 1, where one is at work, and the other one calls 0 meanwhile. */
TEST(queued_request_is_for_any_server)
{
	struct graph *graph = graph_new(2);
	struct client clients[3];
	unsigned int i;

	for (i = 0; i < 3; i++)
		server_start(graph, !!i, false);
	check_result(RUN(graph, "0"), 1, 0, 0);
	warm_up(graph, 1, 2);
	graph->met = 0;
	CLIENT(&clients[0], graph, "10", .meet = 2);
	WAIT_FOR(graph->met == 1);
	CLIENT(&clients[1], graph, "1", .gate = true);
	WAIT_FOR(graph->at_gate == 1);
	CLIENT(&clients[2], graph, "01");
	WAIT_FOR(messages(graph->fd[1]) == 1);
	graph->met++;
	WAIT_FOR(messages(graph->fd[0]) == 1);
	graph->gate = true;
	check_result(client_end(&clients[0]), 2, 0, 0);
	check_result(client_end(&clients[1]), 1, 0, 0);
	check_result(client_end(&clients[2]), 2, 0, 0);
}

/* 1 answers 0, and then calls it: 0 may not run yet, but it has its answer. */
TEST(circle_that_an_answer_has_broken)
{
	struct graph *graph = graph_new(2);
	struct server *server = server_new(graph, graph_receiver(graph, 1));
	unsigned int round;

	server_start(graph, 0, false);
	server->answers_first = true;
	server_run(server, false);
	for (round = 1; round <= 500; round++) {
		check_result(RUN(graph, "010"), 2, 0, 0);
		WAIT_FOR(server->served == (int)round);
	}
}

TEST(server_is_gone_and_another_one_comes)
{
	struct graph *graph = graph_new(2);
	struct server *server;
	struct client client;

	server_start(graph, 0, false);
	server = server_start(graph, 1, true);
	check_result(RUN(graph, "01"), 2, 0, 0);
	kill(server->pid, SIGKILL);
	reap_status(server->pid);
	check_result(RUN(graph, "01", .deadline_ns = deadline_soon()), 1, 0, 1);
	CLIENT(&client, graph, "01");
	WAIT_FOR(messages(graph->fd[1]) == 1);
	server_start(graph, 1, false);
	check_result(client_end(&client), 2, 0, 0);
}

/* --- servers that have ended keep nobody waiting --------------------------------- */

TEST(second_thread_has_exited)
{
	struct graph *graph = graph_new(1);
	struct server *server = server_start(graph, 0, false);
	struct server *other = server_new(graph, server->fd);

	other->once = true;
	server_run(other, false);
	warm_up(graph, 0, 2);
	CHECK_EQ(0, pthread_join(other->thread, NULL));
	check_result(RUN(graph, "00", .deadline_ns = deadline_soon()),
		     1, 1, 0);
}

static void check_exited_process(bool reaped)
{
	struct graph *graph = graph_new(1);
	struct server *server = server_start(graph, 0, false);
	struct server *other = server_new(graph, server->fd);
	siginfo_t exited;

	other->once = true;
	server_run(other, true);
	warm_up(graph, 0, 2);
	CHECK_OK(waitid(P_PID, other->pid, &exited, WEXITED | (reaped ? 0 : WNOWAIT)));
	check_result(RUN(graph, "00", .deadline_ns = deadline_soon()),
		     1, 1, 0);
}

TEST(second_process_has_exited)
{
	check_exited_process(true);
}

/* Nobody has waited for it; it does not run again for that. */
TEST(second_process_is_a_zombie)
{
	check_exited_process(false);
}

/* A thread for each request, and what they were is forgotten. */
TEST(threads_that_come_and_go)
{
	struct graph *graph = graph_new(1);
	int fd = graph_receiver(graph, 0), i;

	for (i = 0; i < 150; i++) {
		struct server *server = server_new(graph, fd);

		server->once = true;
		server_run(server, false);
		check_result(RUN(graph, "0"), 1, 0, 0);
		CHECK_EQ(0, pthread_join(server->thread, NULL));
	}
	server_run(server_new(graph, fd), false);
	check_result(RUN(graph, "00"), 1, 1, 0);
}

/* --- how far it looks ----------------------------------------------------------- */

/* All threads of a handle call its port at once. */
static struct result call_all_at_once(unsigned int count, __u64 deadline_ns)
{
	struct graph *graph = graph_new(1);
	int fd = graph_receiver(graph, 0);
	struct result total = {};
	struct client clients[80];
	unsigned int i;

	for (i = 0; i < count; i++)
		server_run(server_new(graph, fd), false);
	warm_up(graph, 0, count);
	graph->met = 0;
	for (i = 0; i < count; i++)
		CLIENT(&clients[i], graph, "00", .meet = count, .deadline_ns = deadline_ns);
	for (i = 0; i < count; i++) {
		struct result result = client_end(&clients[i]);

		total.served += result.served;
		total.deadlocks += result.deadlocks;
		total.timeouts += result.timeouts;
	}
	return total;
}

TEST(all_threads_of_a_handle_call_at_once)
{
	check_result(call_all_at_once(3, 0), 5, 1, 0);
	check_result(call_all_at_once(40, 0), 79, 1, 0);
}

/* Then the first deadline ends it, and who is awake serves the others. */
TEST(handle_of_more_threads_than_are_remembered)
{
	struct result total = call_all_at_once(65, deadline_in(CLOCK_MONOTONIC,
							       5 * NSEC_PER_SEC));

	CHECK_EQ(0, total.deadlocks);
	CHECK(total.timeouts > 0);
	CHECK_EQ(2 * 65, total.served + total.timeouts);
}

/* Handles that may serve no more, more of them than a search looks at. */
enum { REVOKED = 2000 };

static void keep_handles_open(void *arg)
{
	struct rlimit limit = { REVOKED + 100, REVOKED + 100 };
	struct guest *guest = arg;
	int i;

	CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
	become(USER_B);
	for (i = 0; i < REVOKED; i++)
		port_open(O_RDONLY, guest->name);
	guest_step(guest, 1);
}

TEST(circle_beside_revoked_handles)
{
	struct guest *guest = GUEST(O_RDONLY);
	struct graph *graph = graph_new(0);
	struct result result;
	pid_t pid;

	graph->fd[graph->count++] = port_open(O_WRONLY, guest->name);
	close(guest->owner);
	guest->owner = graph->fd[0];
	server_start(graph, 0, false);
	pid = spawn(keep_handles_open, guest);
	WAIT_FOR(guest->step == 1);
	CHECK_EQ(REVOKED + 1, port_stat(guest->owner).receivers);
	CHECK_EQ(0, guest_revoke(guest));
	CHECK_EQ(1, port_stat(guest->owner).receivers);
	result = RUN(graph, "00", .deadline_ns = deadline_soon());
	check_result(result, 1, 1, 0);
	guest->step = 2;
	REAP(pid);
}

static struct result go_round(unsigned int count)
{
	struct graph *graph = graph_new(count);
	struct request request = { .hops = count, .round = true };
	struct result result = {};
	unsigned int i;

	for (i = 0; i < count; i++)
		server_start(graph, i, false);
	request.deadline_ns = deadline_in(CLOCK_MONOTONIC, 10 * NSEC_PER_SEC);
	ask(graph, 0, &request, &result);
	return result;
}

TEST(circle_of_64_ports)
{
	check_result(go_round(64), 64, 1, 0);
}

/* Each call is a step at least, and there are 1024: what is left is the deadline. */
TEST_WITHIN(circle_of_1100_ports, 60)
{
	struct rlimit limit = { 5000, 5000 };
	struct result result;

	if (setrlimit(RLIMIT_NOFILE, &limit))
		SKIP("5000 files may not be open");
	result = go_round(PORTS_MAX);
	CHECK_EQ(PORTS_MAX, result.served);
	CHECK_EQ(0, result.deadlocks);
	CHECK_EQ(1, result.timeouts);
}
