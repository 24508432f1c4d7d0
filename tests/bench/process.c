// SPDX-License-Identifier: GPL-2.0-only
/* The other processes of a case. */
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

/* One that ends by itself has said why; the rest would wait for it for ever. */
static void ended(int number)
{
	static const char text[] = "ipc-bench: a process of the case ended too early\n";

	(void)number;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(3);
	_exit(1);
}

pid_t process_start(void (*body)(void *arg), void *arg)
{
	pid_t parent = getpid();
	pid_t pid;

	signal(SIGCHLD, ended);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	signal(SIGCHLD, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	body(arg);
	_exit(0);
}

void process_end(pid_t pid)
{
	signal(SIGCHLD, SIG_DFL);
	if (kill(pid, SIGKILL) || waitpid(pid, NULL, 0) != pid)
		die("a process cannot be ended");
}

void *shared_new(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die("no memory");
	return memory;
}

void shared_free(void *memory, size_t size)
{
	munmap(memory, size);
}

/* Until the process is ended. */
void process_sleep(void)
{
	for (;;)
		pause();
}

/* What one process tells another, once at a time. */
int event_new(void)
{
	int event = eventfd(0, EFD_CLOEXEC);

	if (event < 0)
		die("eventfd");
	return event;
}

void event_set(int event)
{
	if (eventfd_write(event, 1))
		die("eventfd_write");
}

void event_wait(int event)
{
	eventfd_t value;

	if (eventfd_read(event, &value))
		die("eventfd_read");
}

void event_free(int event)
{
	close(event);
}
