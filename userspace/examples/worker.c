// SPDX-License-Identifier: GPL-2.0-only
/*
 * A work queue: each job is done once, by whichever worker is free, also if
 * workers die. A worker has a job under a lease until it says that it is done;
 * if it dies before, the job goes back, and the next worker gets it. A job that
 * kills whoever takes it is given up after three, and put aside.
 *
 *	worker [JOBS]	(100)
 */
#include <errno.h>
#include <mailbox.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS		3
#define DEADLY_EVERY	10	/* so many jobs kill the first who takes them */
#define POISON		3	/* this one kills everybody */

static volatile int *done;	/* shared memory: how often each job was done */
static struct mailbox *queue;	/* looks after the port, neither sends nor receives */

static void need(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		exit(1);
	}
}

static void work(void)
{
	/* A handle of its own: the lease ends with it. */
	struct mailbox *mb = mailbox_open(NULL, MAILBOX_OPEN_RECEIVE);
	struct mailbox_receive_attr attr = { .flags = MAILBOX_RECEIVE_LEASE };
	int job;

	need(mb && mailbox_port_bind_handle(mb, queue) == 0, "bind");
	while (mailbox_message_receive(mb, &job, sizeof(job), &attr) >= 0) {
		if (job == POISON || (job % DEADLY_EVERY == 0 && attr.deliveries == 1))
			raise(SIGKILL);
		/* Nobody else has it. */
		done[job]++;
		need(mailbox_ack(mb, attr.token) == 0, "ack");
	}
	/* All jobs are done, and there will be no more. */
	need(errno == EPIPE, "receive");
}

static void start(void)
{
	pid_t pid = fork();

	need(pid >= 0, "fork");
	if (!pid) {
		work();
		exit(0);
	}
}

int main(int argc, char **argv)
{
	struct mailbox_create_attr policy = {
		.flags = MAILBOX_CREATE_HANGUP,
		.buffering = MAILBOX_BUFFERING_UNBOUNDED,
		.max_deliveries = 3,
	};
	int jobs = argc > 1 ? atoi(argv[1]) : 100;
	int job, i, status, died = 0, failed = 0;
	struct mailbox *sender, *aside;
	char name[32];

	if (jobs <= POISON)
		jobs = POISON + 1;
	done = mmap(NULL, jobs * sizeof(*done), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	need(done != MAP_FAILED, "mmap");

	snprintf(name, sizeof(name), "worker-%d-aside", (int)getpid());
	policy.dead_letter = name;
	aside = mailbox_create(name, MAILBOX_OPEN_RECEIVE | MAILBOX_OPEN_NONBLOCK, NULL);
	queue = mailbox_create(NULL, MAILBOX_OPEN_CONTROL, &policy);
	sender = mailbox_open(NULL, MAILBOX_OPEN_SEND);
	need(aside && queue && sender, "create");
	need(mailbox_port_bind_handle(sender, queue) == 0, "bind");

	for (job = 0; job < jobs; job++)
		need(mailbox_send(sender, &job, sizeof(job)) >= 0, "send");
	mailbox_close(sender);

	for (i = 0; i < WORKERS; i++)
		start();
	while (wait(&status) > 0) {
		if (WIFSIGNALED(status)) {
			died++;
			start();
		} else {
			failed |= status;
		}
	}

	for (job = 0; job < jobs; job++)
		failed |= done[job] != (job == POISON ? 0 : 1);
	failed |= mailbox_receive(aside, &job, sizeof(job)) < 0 || job != POISON;
	printf("%d jobs, %d workers died, job %d was put aside\n", jobs, died, job);
	return failed != 0;
}
