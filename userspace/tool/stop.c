// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a person ends the tool without losing a message: a signal only says so,
 * a call that sleeps comes back empty-handed, and one that was done already is
 * seen through to its end.
 */
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "tool.h"

volatile sig_atomic_t stop_signals;
volatile sig_atomic_t stop_output_gone;
volatile sig_atomic_t stop_forward;

static const int stopping[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGALRM };
static pthread_t main_thread;
static bool pipe_ignored;

static void on_signal(int number)
{
	stop_signals++;
	if (number == SIGTERM || number == SIGHUP)
		stop_forward = number;
	/*
	 * The signal may have come after the last look at stop_signals, and
	 * before the call that sleeps: there will be another one.
	 */
	alarm(1);
}

void stop_on_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct sigaction old;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(stopping); i++) {
		/* nohup, and a shell's background jobs, ignore some of them. */
		sigaction(stopping[i], NULL, &old);
		if (old.sa_handler != SIG_IGN)
			sigaction(stopping[i], &action, NULL);
	}
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, &old);
	pipe_ignored = old.sa_handler != SIG_IGN;
}

bool stop_ignores_pipe(void)
{
	return pipe_ignored;
}

/* No event is asked for: only errors and hang-ups are told. */
static bool wait_output_gone(int timeout_ms)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	if (poll(&out, 1, timeout_ms) <= 0)
		return false;
	stop_output_gone = 1;
	return true;
}

bool stop_wanted(void)
{
	return stop_signals || wait_output_gone(0);
}

static void *watch_output(void *unused)
{
	(void)unused;
	while (!wait_output_gone(-1))
		;
	pthread_kill(main_thread, SIGUSR1);
	return NULL;
}

void stop_on_output_gone(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t all, old;
	pthread_t thread;

	main_thread = pthread_self();
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGALRM, &action, NULL);

	/* Signals are for the thread that sleeps at the port. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	/* Without it, a message may get lost when the reader goes: no worse. */
	if (pthread_create(&thread, NULL, watch_output, NULL) == 0)
		pthread_detach(thread);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}
