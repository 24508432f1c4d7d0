// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bounded buffer: producers put numbers in, consumers take them out, and
 * who finds it full or empty waits. First as textbooks have it, with semaphores
 * and shared memory; then with a port, which is a bounded buffer.
 *
 *	producer_consumer [NUMBERS]	so many by each producer (1000)
 */
#include <mailbox.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOTS		8
#define PRODUCERS	2
#define CONSUMERS	2

struct buffer {
	long slot[SLOTS];
	unsigned int in, out;
	long sum[2];		/* of what was consumed, by either way */
};

static struct buffer *buffer;			/* shared memory */
static struct mailbox_semaphore *empty;		/* slots to fill */
static struct mailbox_semaphore *full;		/* slots to take from */
static struct mailbox_mutex *mutex;		/* who uses the buffer */
static struct mailbox *port;
static long numbers = 1000;

static void need(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		exit(1);
	}
}

static void lock(void)
{
	need(mailbox_mutex_lock(mutex) == 0, "lock");
}

static void unlock(void)
{
	need(mailbox_mutex_unlock(mutex) == 0, "unlock");
}

/* --- with semaphores --------------------------------------------------------- */

static void produce(void)
{
	long i;

	for (i = 1; i <= numbers; i++) {
		need(mailbox_semaphore_wait(empty) == 0, "wait");
		lock();
		buffer->slot[buffer->in++ % SLOTS] = i;
		unlock();
		need(mailbox_semaphore_post(full) == 0, "post");
	}
}

static void consume(void)
{
	long i;

	for (i = 0; i < numbers * PRODUCERS / CONSUMERS; i++) {
		need(mailbox_semaphore_wait(full) == 0, "wait");
		lock();
		buffer->sum[0] += buffer->slot[buffer->out++ % SLOTS];
		unlock();
		need(mailbox_semaphore_post(empty) == 0, "post");
	}
}

/* --- with a port --------------------------------------------------------------- */

static void produce_port(void)
{
	long i;

	for (i = 1; i <= numbers; i++)
		need(mailbox_send(port, &i, sizeof(i)) >= 0, "send");
}

static void consume_port(void)
{
	long i, number, sum = 0;

	for (i = 0; i < numbers * PRODUCERS / CONSUMERS; i++) {
		need(mailbox_receive(port, &number, sizeof(number)) >= 0, "receive");
		sum += number;
	}
	lock();
	buffer->sum[1] += sum;
	unlock();
}

/* --- all of them ---------------------------------------------------------------- */

/*
 * A process of its own. What it locks it locks by a handle of its own: should
 * it be killed, the lock is free again.
 */
static void start(void (*work)(void))
{
	pid_t pid = fork();

	need(pid >= 0, "fork");
	if (pid)
		return;
	mutex = mailbox_mutex_dup(mutex);
	need(mutex != NULL, "dup");
	work();
	exit(0);
}

int main(int argc, char **argv)
{
	struct mailbox_create_attr policy = { .capacity = SLOTS };
	long expected;
	int i, status;

	if (argc > 1)
		numbers = atol(argv[1]);
	expected = PRODUCERS * (numbers * (numbers + 1) / 2);

	buffer = mmap(NULL, sizeof(*buffer), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	need(buffer != MAP_FAILED, "mmap");
	empty = mailbox_semaphore_create(NULL, SLOTS, NULL);
	full = mailbox_semaphore_create(NULL, 0, NULL);
	mutex = mailbox_mutex_create(NULL, NULL);
	port = mailbox_create(NULL, MAILBOX_OPEN_BOTH, &policy);
	need(empty && full && mutex && port, "create");

	for (i = 0; i < PRODUCERS; i++) {
		start(produce);
		start(produce_port);
	}
	for (i = 0; i < CONSUMERS; i++) {
		start(consume);
		start(consume_port);
	}
	while (wait(&status) > 0)
		if (status)
			return 1;

	printf("with semaphores: sum %ld, with a port: sum %ld, expected: %ld\n",
	       buffer->sum[0], buffer->sum[1], expected);
	return buffer->sum[0] != expected || buffer->sum[1] != expected ||
	       mailbox_semaphore_value(empty) != SLOTS ||
	       mailbox_semaphore_value(full) != 0;
}
