/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Servers that call on to further ports, as the request says. What says
 * "checked" ends the test if it fails.
 */
#ifndef TESTS_DEADLOCK_H
#define TESTS_DEADLOCK_H

#include "port.h"

#define PORTS_MAX	1100
#define ROUTE_MAX	8

struct graph {
	unsigned int count;
	int fd[PORTS_MAX];		/* O_WRONLY: whoever has it does not serve */
	atomic_int met;
	atomic_int at_gate;
	atomic_bool gate;
};

struct request {
	int hops;			/* how many further ports are to be called */
	int meet;			/* go on when so many servers have a request */
	bool gate;			/* at the last port: go on when the gate is open */
	__u64 deadline_ns;		/* of the last call */
	__u64 others_deadline_ns;	/* of those before it */
	bool round;			/* to the next port each time, instead of: */
	unsigned char route[ROUTE_MAX];
};

/* Of a request and of those that it led to. */
struct result {
	int served, deadlocks, timeouts, broken;
};

struct server {
	struct graph *graph;
	int fd;				/* O_RDONLY */
	bool answers_first;		/* and calls then */
	bool once;			/* serves one request and ends */
	pthread_t thread;
	pid_t pid;
	atomic_int served;
};

static inline struct graph *graph_new(unsigned int count)
{
	struct graph *graph = shared_alloc(sizeof(*graph));

	for (graph->count = 0; graph->count < count; graph->count++)
		graph->fd[graph->count] = PORT(O_WRONLY);
	return graph;
}

/* A handle that serves. Checked. */
static inline int graph_receiver(struct graph *graph, unsigned int index)
{
	struct mailbox_ioc_port_open same = { .flags = MAILBOX_BIND_FD };
	int fd = node_open(O_RDONLY);

	same.fd = graph->fd[index];
	CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_OPEN, &same));
	return fd;
}

/* Checked, but for what @result counts. */
static inline void ask(struct graph *graph, unsigned int index, struct request *request,
		       struct result *result)
{
	struct mailbox_ioc_call call = { .len = sizeof(*request), .reply_size = sizeof(*result) };
	struct result inner;
	long long error;

	call.data = user_pointer(request);
	call.reply = user_pointer(&inner);
	call.deadline_ns = request->hops ? request->others_deadline_ns : request->deadline_ns;
	error = command(graph->fd[index], MAILBOX_IOC_CALL, &call);
	if (error == -EDEADLK) {
		result->deadlocks++;
	} else if (error == -ETIMEDOUT) {
		result->timeouts++;
	} else if (error == -EPIPE) {
		result->broken++;
	} else {
		CHECK_EQ(0, error);
		CHECK_EQ(sizeof(inner), call.reply_len);
		result->served += inner.served;
		result->deadlocks += inner.deadlocks;
		result->timeouts += inner.timeouts;
		result->broken += inner.broken;
	}
}

static inline void ask_next(struct graph *graph, const struct request *request,
			    struct result *result)
{
	unsigned int next = request->route[0];
	struct request rest = *request;

	if (request->round)
		next = (graph->count - request->hops + 1) % graph->count;
	rest.hops--;
	rest.meet = 0;
	memcpy(rest.route, request->route + 1, sizeof(rest.route) - 1);
	ask(graph, next, &rest, result);
}

static inline void serve_one(struct server *server)
{
	struct graph *graph = server->graph;
	struct mailbox_ioc_receive receive = { .size = sizeof(struct request) };
	struct mailbox_ioc_reply reply = { .len = sizeof(struct result) };
	struct result result = { .served = 1 };
	struct request request;

	receive.data = user_pointer(&request);
	CHECK_EQ(0, command(server->fd, MAILBOX_IOC_RECEIVE, &receive));
	if (request.meet) {
		graph->met++;
		WAIT_FOR(graph->met >= request.meet);
	}
	if (request.gate && !request.hops) {
		graph->at_gate++;
		WAIT_FOR(graph->gate);
	}
	reply.token = receive.token;
	reply.data = user_pointer(&result);
	if (server->answers_first)
		CHECK_EQ(0, command(server->fd, MAILBOX_IOC_REPLY, &reply));
	if (request.hops)
		ask_next(graph, &request, &result);
	if (!server->answers_first) {
		long long error = command(server->fd, MAILBOX_IOC_REPLY, &reply);

		/* Who asked may have given up. */
		if (error != -ESRCH)
			CHECK_EQ(0, error);
	} else {
		CHECK_EQ(0, result.deadlocks);
	}
	server->served++;
}

static inline void serve(void *arg)
{
	struct server *server = arg;

	do {
		serve_one(server);
	} while (!server->once);
}

static inline void *serve_in_thread(void *arg)
{
	serve(arg);
	return NULL;
}

static inline void server_run(struct server *server, bool process)
{
	if (process)
		server->pid = spawn(serve, server);
	else
		CHECK_EQ(0, pthread_create(&server->thread, NULL, serve_in_thread, server));
}

/* A server by this handle. */
static inline struct server *server_new(struct graph *graph, int fd)
{
	struct server *server = shared_alloc(sizeof(*server));

	server->graph = graph;
	server->fd = fd;
	return server;
}

/* Serves until the end of the test, by a handle of its own. Checked. */
static inline struct server *server_start(struct graph *graph, unsigned int index, bool process)
{
	struct server *server = server_new(graph, graph_receiver(graph, index));

	server_run(server, process);
	/* Otherwise it would not go with the process. */
	if (process)
		close(server->fd);
	return server;
}

/* A request for route[0] that goes on to the others. Checked. */
static inline struct result run_route(struct graph *graph, const char *route,
				      struct request request)
{
	struct result result = {};
	unsigned int i;

	for (i = 1; route[i]; i++)
		request.route[i - 1] = route[i] - '0';
	request.hops = i - 1;
	ask(graph, route[0] - '0', &request, &result);
	return result;
}

/* RUN(graph, "010"): port 0 calls port 1, which calls port 0. */
#define RUN(graph, route, ...) run_route(graph, route, (struct request){ __VA_ARGS__ })

/* The same in a thread. */
struct client {
	struct graph *graph;
	const char *route;
	struct request request;
	struct result result;
	pthread_t thread;
	atomic_bool done;
};

static inline void *client_run(void *arg)
{
	struct client *client = arg;

	client->result = run_route(client->graph, client->route, client->request);
	client->done = true;
	return NULL;
}

static inline void client_start_args(struct client *client, struct graph *graph,
				     const char *route, struct request request)
{
	*client = (struct client){ .graph = graph, .route = route, .request = request };
	CHECK_EQ(0, pthread_create(&client->thread, NULL, client_run, client));
}

#define CLIENT(client, graph, route, ...) \
	client_start_args(client, graph, route, (struct request){ __VA_ARGS__ })

static inline struct result client_end(struct client *client)
{
	CHECK_EQ(0, pthread_join(client->thread, NULL));
	return client->result;
}

static inline void check_result(struct result result, int served, int deadlocks, int timeouts)
{
	CHECK_EQ(deadlocks, result.deadlocks);
	CHECK_EQ(timeouts, result.timeouts);
	CHECK_EQ(served, result.served);
	CHECK_EQ(0, result.broken);
}

/* All of so many servers of the port have served. */
static inline void warm_up(struct graph *graph, unsigned int index, unsigned int count)
{
	struct client clients[80];
	char route[2] = { '0' + index };
	unsigned int i;

	graph->met = 0;
	for (i = 0; i < count; i++)
		CLIENT(&clients[i], graph, route, .meet = count);
	for (i = 0; i < count; i++)
		check_result(client_end(&clients[i]), 1, 0, 0);
}

#endif /* TESTS_DEADLOCK_H */
