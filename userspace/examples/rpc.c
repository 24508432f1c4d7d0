// SPDX-License-Identifier: GPL-2.0-only
/*
 * Remote procedure calls: a server that calculates, and clients that ask it.
 * A call and its answer are one system call on either side. A server that dies
 * while it calculates leaves nobody waiting.
 *
 *	rpc [CALLS]	of each client (200)
 */
#include <errno.h>
#include <mailbox.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLIENTS	3

/* The type of a request is the procedure. */
enum { ADD, MULTIPLY, DIE };

struct numbers {
	long a, b;
};

static char name[32];
static long calls = 200;

static void need(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		exit(1);
	}
}

static void server(void)
{
	/* A mail slot: nobody else can take requests, and it ends with us. */
	struct mailbox_create_attr slot = { .flags = MAILBOX_CREATE_SLOT };
	struct mailbox *mb = mailbox_create(name, MAILBOX_OPEN_RECEIVE, &slot);
	struct mailbox_reply_attr answer = { 0 };
	struct mailbox_receive_attr request = { 0 };
	struct numbers numbers;
	long result;

	need(mb != NULL, "create");
	for (;;) {
		/* Answers the last request, if there was one, gets the next. */
		if (mailbox_reply_receive(mb, &answer, &numbers, sizeof(numbers), &request) < 0) {
			/* That client did not wait for its answer. */
			need(errno == ESRCH, "receive");
			answer.token = 0;
			continue;
		}
		if (request.type == DIE)
			exit(0);
		result = request.type == ADD ? numbers.a + numbers.b :
					       numbers.a * numbers.b;
		answer.token = request.token;
		answer.data = &result;
		answer.len = sizeof(result);
	}
}

static long call(struct mailbox *mb, int procedure, long a, long b)
{
	struct mailbox_call_attr attr = {
		.type = procedure,
		.deadline_ns = mailbox_deadline_after(20 * 1000000000ULL),
	};
	struct numbers numbers = { a, b };
	long result;

	need(mailbox_call(mb, &numbers, sizeof(numbers), &result, sizeof(result), &attr) ==
	     sizeof(result), "call");
	return result;
}

static void client(long me)
{
	/* The server need not be there yet. */
	struct mailbox *mb = mailbox_open(name, MAILBOX_OPEN_SEND | MAILBOX_OPEN_WAIT);
	long i;

	need(mb != NULL, "open");
	for (i = 0; i < calls; i++) {
		if (call(mb, ADD, i, me) != i + me || call(mb, MULTIPLY, i, me) != i * me) {
			fputs("the server cannot calculate\n", stderr);
			exit(1);
		}
	}
}

static void start(void (*work)(long), long number)
{
	pid_t pid = fork();

	need(pid >= 0, "fork");
	if (!pid) {
		work(number);
		exit(0);
	}
}

int main(int argc, char **argv)
{
	struct mailbox_call_attr die = { .type = DIE };
	struct mailbox *mb;
	pid_t server_pid;
	int i, status;

	if (argc > 1)
		calls = atol(argv[1]);
	snprintf(name, sizeof(name), "rpc-%d", (int)getpid());

	for (i = 0; i < CLIENTS; i++)
		start(client, i + 1);
	server_pid = fork();
	need(server_pid >= 0, "fork");
	if (!server_pid)
		server();
	mb = mailbox_open(name, MAILBOX_OPEN_SEND | MAILBOX_OPEN_WAIT);
	need(mb != NULL, "open");

	for (i = 0; i < CLIENTS; i++) {
		wait(&status);
		if (status)
			return 1;
	}
	printf("%d clients had %ld answers each\n", CLIENTS, 2 * calls);

	if (mailbox_call(mb, NULL, 0, NULL, 0, &die) >= 0 || errno != EPIPE) {
		perror("call of a server that dies");
		return 1;
	}
	printf("the last call: %s\n", mailbox_strerror(EPIPE, MAILBOX_OP_CALL));
	return waitpid(server_pid, &status, 0) != server_pid || status;
}
