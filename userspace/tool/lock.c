// SPDX-License-Identifier: GPL-2.0-only
/* lock and sem: run a program while a mutex or a semaphore is held. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tool.h"

enum {
	KEY_KEEP = KEY_FIRST,
	KEY_CREATE,
	KEY_MAX,
	KEY_POST,
	KEY_WAIT,
};

static const struct option_text common_options[] = {
	{ "timeout", 'w', "DURATION", "give up after so long (500ms, 2s, 1m)" },
	{ "non-blocking", 'N', NULL, "fail rather than wait" },
	{ "mode", 'm', "MODE",
	  "who may use one that is new: needs r and w, for owner, group and "
	  "others, in octal (default 0600)" },
	{ 0 },
};

struct locking {
	const char *name;
	struct timeout timeout;
	bool non_blocking;
	struct mailbox_lock_attr attr;
};

static bool common_option(struct locking *locking, struct args *args, int key)
{
	switch (key) {
	case 'w':
		timeout_set(&locking->timeout, args);
		return true;
	case 'N':
		locking->non_blocking = true;
		return true;
	case 'm':
		locking->attr.mode = value_mode(args);
		if (!locking->attr.mode)
			usage_error(args->verb->name, "with mode 0 nobody could "
				    "use it");
		return true;
	}
	return false;
}

static void common_args(struct locking *locking, struct args *args)
{
	args_some(args, "name");
	locking->name = args->argv[0];
	if (locking->timeout.given && locking->non_blocking)
		usage_error(args->verb->name, "--timeout is for waiting, and "
			    "excludes --non-blocking");
}

/*
 * The program inherits the handle: if this process alone is killed, what it
 * held is not free while the program goes on.
 */
static int run_program(const struct mailbox *mb, char **argv, bool *killed)
{
	int status;
	pid_t pid;

	*killed = false;
	if (fcntl(mailbox_fd(mb), F_SETFD, 0) < 0)
		fail("cannot pass the lock on: %s", strerror(errno));
	pid = child_start(argv, -1, -1);
	if (pid < 0)
		return child_not_started(errno);
	status = children_wait(&pid, 1, true);
	*killed = WIFSIGNALED(status);
	return child_exit_status(status);
}

static void fail_acquire(const struct locking *locking)
{
	if (errno == EINTR)
		fail("%s: interrupted while it was waited for", locking->name);
	fail_op(locking->name, errno, MAILBOX_OP_ACQUIRE);
}

/* --- lock ----------------------------------------------------------------- */

static const struct option_text lock_options[] = {
	{ "keep", KEY_KEEP, NULL,
	  "a new one stays until 'mailbox rm', and tells of a holder that died "
	  "also if nobody waited" },
	{ 0 },
};

/* As the functions of the library: 1 if the last holder died, -1 at an error. */
static int lock(const struct locking *locking, struct mailbox_mutex *mutex)
{
	uint64_t deadline_ns = timeout_deadline_ns(&locking->timeout);
	int ret;

	do {
		if (stop_signals) {
			errno = EINTR;
			return -1;
		}
		ret = locking->non_blocking ? mailbox_mutex_try_lock(mutex) :
		      mailbox_mutex_lock_until(mutex, deadline_ns);
	} while (ret < 0 && errno == EINTR);
	return ret;
}

static int run_lock(struct args *args)
{
	struct locking locking = { .attr.flags = MAILBOX_CREATE_OPEN };
	struct mailbox_mutex *mutex;
	int key, ret, status;
	bool killed;

	while ((key = args_next(args)) != -1) {
		if (!common_option(&locking, args, key))
			locking.attr.flags |= MAILBOX_CREATE_PERSIST;
	}
	common_args(&locking, args);
	if (args->argc < 2)
		usage_error("lock", "no PROGRAM is given, to be run while it is "
			    "locked");

	stop_on_signals();
	mutex = mailbox_mutex_create(locking.name, &locking.attr);
	if (!mutex)
		fail_op(locking.name, errno, MAILBOX_OP_LOCK_OPEN);
	ret = lock(&locking, mutex);
	if (ret < 0)
		fail_acquire(&locking);
	if (ret > 0) {
		complain("%s: its last holder ended without unlocking it: what "
			 "it protects may be half changed", locking.name);
		setenv("MAILBOX_ABANDONED", "1", 1);
	} else {
		unsetenv("MAILBOX_ABANDONED");
	}

	status = run_program(mailbox_mutex_handle(mutex), args->argv + 1,
			     &killed);
	/* One that was killed has unlocked nothing: the next is to know. */
	if (!killed && mailbox_mutex_unlock(mutex) < 0) {
		complain_op(locking.name, errno, MAILBOX_OP_RELEASE);
		status = status ? status : EXIT_FAILED;
	}
	mailbox_mutex_close(mutex);
	return status;
}

const struct verb verb_lock = {
	.name = "lock",
	.args = "NAME [--] PROGRAM [ARGUMENT...]",
	.summary = "run a program while a mutex is locked",
	.text =
"Waits until nobody holds the mutex of this name, which is made if there is\n"
"none, runs PROGRAM, and unlocks. A holder that is killed unlocks nothing, but\n"
"the kernel does, and the next one is told: by a line on stderr, and by\n"
"MAILBOX_ABANDONED=1 in the environment of its PROGRAM. The exit status is that\n"
"of PROGRAM; 126 or 127 if it could not be run, 1 if it could not be locked.\n"
"\n"
"  mailbox lock --timeout 10s accounts -- update-accounts\n",
	.options = { common_options, lock_options },
	.run = run_lock,
};

/* --- sem ------------------------------------------------------------------ */

static const struct option_text sem_options[] = {
	{ "create", KEY_CREATE, "N",
	  "make it, with N tokens; with PROGRAM only if there is none, and for "
	  "as long as it is used" },
	{ "max", KEY_MAX, "N", "tokens that one that is new may hold" },
	{ "post", KEY_POST, NULL, "add a token" },
	{ "wait", KEY_WAIT, NULL, "take a token for good" },
	{ 0 },
};

static int take(const struct locking *locking,
		struct mailbox_semaphore *semaphore, bool for_good)
{
	uint64_t deadline_ns = timeout_deadline_ns(&locking->timeout);

	if (locking->non_blocking)
		return for_good ? mailbox_semaphore_try_wait(semaphore) :
				  mailbox_semaphore_try_acquire(semaphore);
	return for_good ?
	       mailbox_semaphore_wait_until(semaphore, deadline_ns) :
	       mailbox_semaphore_acquire_until(semaphore, deadline_ns);
}

static void take_or_fail(const struct locking *locking,
			 struct mailbox_semaphore *semaphore, bool for_good)
{
	int ret;

	do {
		if (stop_signals)
			errno = EINTR;
		ret = stop_signals ? -1 : take(locking, semaphore, for_good);
	} while (ret < 0 && errno == EINTR && !stop_signals);
	if (ret < 0)
		fail_acquire(locking);
}

static int hold(const struct locking *locking,
		struct mailbox_semaphore *semaphore, char **argv)
{
	bool killed;
	int status;

	take_or_fail(locking, semaphore, false);
	status = run_program(mailbox_semaphore_handle(semaphore), argv,
			     &killed);
	if (mailbox_semaphore_release(semaphore) < 0) {
		complain_op(locking->name, errno, MAILBOX_OP_RELEASE);
		status = status ? status : EXIT_FAILED;
	}
	return status;
}

static void print_value(const struct locking *locking,
			struct mailbox_semaphore *semaphore)
{
	int value = mailbox_semaphore_value(semaphore);

	if (value < 0)
		fail_op(locking->name, errno, MAILBOX_OP_STAT);
	printf("%d\n", value);
}

static int run_sem(struct args *args)
{
	struct mailbox_semaphore *semaphore;
	struct locking locking = { 0 };
	bool create = false, program;
	unsigned int count = 0;
	int key, action = 0, status = 0;

	while ((key = args_next(args)) != -1) {
		if (common_option(&locking, args, key))
			continue;
		switch (key) {
		case KEY_CREATE:
			count = (unsigned int)value_number(args, 0, INT32_MAX);
			create = true;
			break;
		case KEY_MAX:
			locking.attr.max = (uint32_t)value_number(args, 1,
								  INT32_MAX);
			break;
		default:
			if (action)
				usage_error("sem", "--post and --wait exclude "
					    "each other");
			action = key;
		}
	}
	common_args(&locking, args);
	program = args->argc > 1;
	if (action && (program || create))
		usage_error("sem", "--post and --wait go neither with a PROGRAM "
			    "nor with --create");
	if (!create && (locking.attr.max || locking.attr.mode))
		usage_error("sem", "--max and --mode go with --create");
	if ((locking.timeout.given || locking.non_blocking) && !program &&
	    action != KEY_WAIT)
		usage_error("sem", "there is nothing to wait for: --timeout and "
			    "--non-blocking go with --wait or a PROGRAM");

	stop_on_signals();
	locking.attr.flags = program ? MAILBOX_CREATE_OPEN :
				       MAILBOX_CREATE_PERSIST;
	semaphore = create ? mailbox_semaphore_create(locking.name, count,
						      &locking.attr) :
			     mailbox_semaphore_open(locking.name);
	if (!semaphore)
		fail_op(locking.name, errno, MAILBOX_OP_LOCK_OPEN);

	if (program)
		status = hold(&locking, semaphore, args->argv + 1);
	else if (action == KEY_WAIT)
		take_or_fail(&locking, semaphore, true);
	else if (action == KEY_POST && mailbox_semaphore_post(semaphore) < 0)
		fail_op(locking.name, errno, MAILBOX_OP_RELEASE);
	else if (!action && !create)
		print_value(&locking, semaphore);
	mailbox_semaphore_close(semaphore);
	return output_finish() ? EXIT_FAILED : status;
}

const struct verb verb_sem = {
	.name = "sem",
	.args = "NAME [-- PROGRAM [ARGUMENT...]]",
	.summary = "use a semaphore: run a program with a token, post, wait, look",
	.text =
"With PROGRAM it waits for a token, holds it while PROGRAM runs, and gives it\n"
"back; when a holder is killed the kernel does. Without anything it prints how\n"
"many tokens are there. 'mailbox rm' removes it. The exit status is that of\n"
"PROGRAM; 126 or 127 if it could not be run, 1 if there was no token.\n"
"\n"
"  mailbox sem --create 3 printers\n"
"  mailbox sem printers -- lp file\n"
"  mailbox sem --wait --timeout 5s items\n",
	.options = { common_options, sem_options },
	.run = run_sem,
};
