// SPDX-License-Identifier: GPL-2.0-only
/*
 * Servers that call each other at random, under load: nobody waits for ever. The
 * end of a test shows who does.
 */
#include "deadlock.h"

#define RANDOM_PORTS	6
#define WALKERS		6

struct walker {
	struct graph *graph;
	unsigned int seed, count;
	bool downwards, timed;
	struct result total;
	atomic_bool done;
};

static unsigned int next_random(unsigned int *state)
{
	*state = *state * 1103515245 + 12345;
	return *state >> 8;
}

static void walk(void *arg)
{
	struct walker *walker = arg;
	unsigned int state = walker->seed, i;

	for (i = 0; i < walker->count; i++) {
		unsigned int length = 1 + next_random(&state) % 4, at = 0, j;
		struct request request = {};
		struct result result;
		char route[6] = "";

		for (j = 0; j < length; j++) {
			at = walker->downwards ? at + !!j + next_random(&state) % 2 :
						 next_random(&state) % RANDOM_PORTS;
			if (at >= RANDOM_PORTS)
				break;
			route[j] = '0' + at;
		}
		if (walker->timed && next_random(&state) % 2)
			request.deadline_ns = deadline_in(CLOCK_MONOTONIC,
							  next_random(&state) % 3000000);
		result = run_route(walker->graph, route, request);
		walker->total.served += result.served;
		walker->total.deadlocks += result.deadlocks;
		walker->total.timeouts += result.timeouts;
		walker->total.broken += result.broken;
	}
	walker->done = true;
}

/* What serves a port: one thread or process, two with a handle each, or of one. */
enum servers { ALONE, HANDLES, THREADS };

static struct graph *graph_start(enum servers servers)
{
	struct graph *graph = graph_new(RANDOM_PORTS);
	unsigned int i;

	for (i = 0; i < graph->count; i++) {
		struct server *server = server_start(graph, i, servers != THREADS && i % 2);

		if (servers == HANDLES)
			server_start(graph, i, i % 3 == 0);
		if (servers == THREADS)
			server_run(server_new(graph, server->fd), false);
	}
	return graph;
}

/* Who waits for ever is shown by the end of the test. @disturb until all are done. */
static struct result run_walkers(struct graph *graph, struct walker how,
				 void (*disturb)(struct graph *))
{
	struct walker *walkers = shared_alloc(WALKERS * sizeof(*walkers));
	struct result total = {};
	pid_t pids[WALKERS];
	unsigned int i;

	for (i = 0; i < WALKERS; i++) {
		walkers[i] = how;
		walkers[i].graph = graph;
		walkers[i].seed = i;
		pids[i] = spawn(walk, &walkers[i]);
	}
	for (i = 0; i < WALKERS; i++) {
		while (disturb && !walkers[i].done)
			disturb(graph);
		REAP(pids[i]);
		total.served += walkers[i].total.served;
		total.deadlocks += walkers[i].total.deadlocks;
		total.timeouts += walkers[i].total.timeouts;
		total.broken += walkers[i].total.broken;
	}
	/* What a call without an answer left in hand is answered too. */
	for (i = 0; i < graph->count; i++) {
		WAIT_FOR(port_stat(graph->fd[i]).requests == 0);
		CHECK_EQ(0, messages(graph->fd[i]));
	}
	note("%d served, %d EDEADLK, %d ETIMEDOUT, %d EPIPE", total.served, total.deadlocks,
	     total.timeouts, total.broken);
	return total;
}

TEST_WITHIN(random_calls_never_hang, 60)
{
	struct result total = run_walkers(graph_start(ALONE), (struct walker){ .count = 600 },
					  NULL);

	CHECK(total.deadlocks > 0);
	CHECK_EQ(0, total.broken);
}

TEST_WITHIN(random_calls_to_several_handles_never_hang, 60)
{
	struct result total = run_walkers(graph_start(HANDLES), (struct walker){ .count = 600 },
					  NULL);

	CHECK(total.deadlocks > 0);
	CHECK_EQ(0, total.broken);
}

TEST_WITHIN(random_calls_to_several_threads_never_hang, 60)
{
	struct result total = run_walkers(graph_start(THREADS), (struct walker){ .count = 600 },
					  NULL);

	CHECK(total.deadlocks > 0);
	CHECK_EQ(0, total.broken);
}

TEST_WITHIN(random_calls_with_deadlines_never_hang, 60)
{
	struct result total = run_walkers(graph_start(ALONE),
					  (struct walker){ .count = 600, .timed = true }, NULL);

	CHECK(total.timeouts > 0);
	CHECK_EQ(0, total.broken);
}

static struct server *victims[RANDOM_PORTS];

static void kill_a_server(struct graph *graph)
{
	unsigned int i = random() % RANDOM_PORTS;

	pause_ns(random() % 10000000);
	kill(victims[i]->pid, SIGKILL);
	CHECK(WIFSIGNALED(reap_status(victims[i]->pid)));
	victims[i] = server_start(graph, i, true);
}

TEST_WITHIN(random_calls_of_killed_servers_never_hang, 60)
{
	struct graph *graph = graph_new(RANDOM_PORTS);
	struct result total;
	unsigned int i;

	for (i = 0; i < RANDOM_PORTS; i++)
		victims[i] = server_start(graph, i, true);
	total = run_walkers(graph, (struct walker){ .count = 600 }, kill_a_server);
	CHECK(total.broken > 0);
}

/* Where nobody calls upwards there is no circle. */
TEST_WITHIN(random_calls_downwards_are_answered, 60)
{
	struct walker downwards = { .count = 600, .downwards = true };
	enum servers servers;

	for (servers = ALONE; servers <= THREADS; servers++)
		CHECK_EQ(0, run_walkers(graph_start(servers), downwards, NULL).deadlocks);
}

/* One server more than clients: one is always free. */
TEST_WITHIN(enough_servers_never_deadlock, 60)
{
	struct client clients[3];
	unsigned int round, i, j;

	for (round = 0; round < 30; round++) {
		struct graph *graph = graph_new(1);
		int fd = graph_receiver(graph, 0);

		for (i = 0; i < 4; i++)
			server_run(server_new(graph, fd), false);
		wait_for_waiters(graph->fd[0], 0, 4);
		for (j = 0; j < 5; j++) {
			for (i = 0; i < 3; i++)
				CLIENT(&clients[i], graph, "00");
			for (i = 0; i < 3; i++)
				check_result(client_end(&clients[i]), 2, 0, 0);
		}
	}
}
