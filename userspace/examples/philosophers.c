// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dining philosophers: five of them, five forks, and each needs two to eat.
 *
 * A fork is a binary semaphore. If all take their left fork at once, nobody
 * ever gets a right one; so only four may sit down, which is a semaphore, too.
 * One of them dies at the table, with both forks in hand: the kernel gives them
 * back, and its neighbours eat.
 *
 *	philosophers [MEALS]	of each philosopher (100)
 */
#include <mailbox.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PHILOSOPHERS	5
#define DIES		2	/* who dies, at the second meal */

struct table {
	volatile int meals[PHILOSOPHERS];
	volatile int used[PHILOSOPHERS];	/* fork: who eats with it, or 0 */
	volatile pid_t dead;
};

static struct table *table;			/* shared memory */
static struct mailbox_semaphore *chairs;
static struct mailbox_semaphore *forks[PHILOSOPHERS];
static struct mailbox *bell;
static int meals = 100;

static void need(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		exit(1);
	}
}

static void take(struct mailbox_semaphore *semaphore)
{
	need(mailbox_semaphore_acquire(semaphore) == 0, "acquire");
}

static void give(struct mailbox_semaphore *semaphore)
{
	need(mailbox_semaphore_release(semaphore) == 0, "release");
}

/* What a fork is for; nobody else may be at it. */
static void use(int fork)
{
	if (table->used[fork] && table->used[fork] != table->dead) {
		fputs("two philosophers have the same fork\n", stderr);
		exit(1);
	}
	table->used[fork] = getpid();
}

static void philosopher(int me)
{
	int left = me, right = (me + 1) % PHILOSOPHERS;
	/* Handles of its own: what it holds by them ends with it. */
	struct mailbox_semaphore *chair = mailbox_semaphore_dup(chairs);
	struct mailbox_semaphore *left_fork = mailbox_semaphore_dup(forks[left]);
	struct mailbox_semaphore *right_fork = mailbox_semaphore_dup(forks[right]);

	need(chair && left_fork && right_fork, "dup");
	while (table->meals[me] < meals) {
		take(chair);
		take(left_fork);
		take(right_fork);

		use(left);
		use(right);
		table->meals[me]++;
		if (me == DIES && table->meals[me] == 2) {
			need(mailbox_send(bell, NULL, 0) == 0, "send");
			for (;;)
				pause();
		}
		table->used[left] = 0;
		table->used[right] = 0;

		give(right_fork);
		give(left_fork);
		give(chair);
	}
}

int main(int argc, char **argv)
{
	int i, status, failed = 0;
	pid_t pids[PHILOSOPHERS];

	if (argc > 1)
		meals = atoi(argv[1]);
	if (meals < 2)
		meals = 2;

	table = mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	need(table != MAP_FAILED, "mmap");
	chairs = mailbox_semaphore_create(NULL, PHILOSOPHERS - 1, NULL);
	bell = mailbox_create(NULL, MAILBOX_OPEN_BOTH, NULL);
	need(chairs && bell, "create");
	for (i = 0; i < PHILOSOPHERS; i++) {
		forks[i] = mailbox_semaphore_create(NULL, 1, NULL);
		need(forks[i] != NULL, "create");
	}

	for (i = 0; i < PHILOSOPHERS; i++) {
		pids[i] = fork();
		need(pids[i] >= 0, "fork");
		if (!pids[i]) {
			philosopher(i);
			exit(0);
		}
	}

	need(mailbox_receive(bell, NULL, 0) == 0, "receive");
	printf("philosopher %d dies, with two forks in hand\n", DIES);
	table->dead = pids[DIES];
	kill(pids[DIES], SIGKILL);

	for (i = 0; i < PHILOSOPHERS; i++) {
		waitpid(pids[i], &status, 0);
		printf("philosopher %d had %d meals\n", i, table->meals[i]);
		if (i == DIES)
			failed |= !WIFSIGNALED(status);
		else
			failed |= status || table->meals[i] != meals;
	}
	for (i = 0; i < PHILOSOPHERS; i++)
		failed |= mailbox_semaphore_value(forks[i]) != 1;
	return failed;
}
