// SPDX-License-Identifier: GPL-2.0-only
/*
 * Readers and writers: any number of readers at once, or one writer alone.
 *
 * The room has as many places as there are readers. A reader takes one, a
 * writer all of them; a mutex sees to it that no two writers have half of them
 * each. Places are given in the order in which they are asked for, so that
 * neither side starves. Each is a token under a lease: a reader that is killed
 * in the room leaves it.
 *
 *	readers_writers [ROUNDS]	by each of them (200)
 */
#include <mailbox.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define READERS	4
#define WRITERS	2

struct book {
	volatile long left, right;	/* always the same, but while a writer writes */
	volatile int readers;		/* those who are reading now */
	volatile int writers;
};

static struct book *book;			/* shared memory */
static struct mailbox_semaphore *room;
static struct mailbox_mutex *writing;
static long rounds = 200;

static void need(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		exit(1);
	}
}

static void reader(void)
{
	long i;

	for (i = 0; i < rounds; i++) {
		need(mailbox_semaphore_acquire(room) == 0, "acquire");
		__atomic_add_fetch(&book->readers, 1, __ATOMIC_SEQ_CST);
		if (book->left != book->right || book->writers) {
			fputs("a reader saw what a writer had half done\n", stderr);
			exit(1);
		}
		__atomic_sub_fetch(&book->readers, 1, __ATOMIC_SEQ_CST);
		need(mailbox_semaphore_release(room) == 0, "release");
	}
}

/* Reads for ever, until it is killed. */
static void slow_reader(void)
{
	need(mailbox_semaphore_acquire(room) == 0, "acquire");
	for (;;)
		pause();
}

static void writer(void)
{
	long i;
	int place;

	for (i = 0; i < rounds; i++) {
		need(mailbox_mutex_lock(writing) == 0, "lock");
		for (place = 0; place < READERS; place++)
			need(mailbox_semaphore_acquire(room) == 0, "acquire");

		if (book->writers++ || book->readers) {
			fputs("a writer was not alone\n", stderr);
			exit(1);
		}
		book->left++;
		book->right++;
		book->writers--;

		for (place = 0; place < READERS; place++)
			need(mailbox_semaphore_release(room) == 0, "release");
		need(mailbox_mutex_unlock(writing) == 0, "unlock");
	}
}

/* A process with handles of its own, so that what it holds ends with it. */
static pid_t start(void (*work)(void))
{
	pid_t pid = fork();

	need(pid >= 0, "fork");
	if (pid)
		return pid;
	room = mailbox_semaphore_dup(room);
	writing = mailbox_mutex_dup(writing);
	need(room && writing, "dup");
	work();
	exit(0);
}

int main(int argc, char **argv)
{
	int i, status;
	pid_t slow;

	if (argc > 1)
		rounds = atol(argv[1]);

	book = mmap(NULL, sizeof(*book), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	need(book != MAP_FAILED, "mmap");
	room = mailbox_semaphore_create(NULL, READERS, NULL);
	writing = mailbox_mutex_create(NULL, NULL);
	need(room && writing, "create");

	slow = start(slow_reader);
	while (mailbox_semaphore_value(room) == READERS)
		usleep(1000);
	for (i = 0; i < READERS; i++)
		start(reader);
	for (i = 0; i < WRITERS; i++)
		start(writer);
	/* No writer gets in before this one is gone. */
	kill(slow, SIGKILL);
	waitpid(slow, &status, 0);
	while (wait(&status) > 0)
		if (status)
			return 1;

	printf("%ld writes, expected: %ld\n", book->left, WRITERS * rounds);
	return book->left != WRITERS * rounds || book->right != book->left ||
	       mailbox_semaphore_value(room) != READERS;
}
