// SPDX-License-Identifier: GPL-2.0-only
/* pipe: run programs, each joined to the next by a pipe port, or a pair. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

static const struct option_text options[] = {
	{ "duplex", 'd', NULL,
	  "two programs, whose stdin and stdout are the ends of a duplex "
	  "channel" },
	{ 0 },
};

/* What cat(1) and the like write at once fits; more is one more option. */
#define MESSAGE_BYTES	(1 << 20)

/* Splits @argv at each "--": @programs[i] begins one, NULL ends each. */
static size_t split(char **argv, int argc, char ***programs)
{
	size_t count = 0;
	int i, start = 0;

	for (i = 0; i <= argc; i++) {
		if (i < argc && strcmp(argv[i], "--") != 0)
			continue;
		if (i == start)
			usage_error("pipe", "there is no program %s '--'",
				    i < argc ? "before a" : "after the last");
		argv[i] = NULL;
		programs[count++] = argv + start;
		start = i + 1;
	}
	return count;
}

static void make(struct mailbox *ends[2], unsigned int flags,
		 const struct policy *policy)
{
	struct mailbox_channel_attr attr = {
		.buffering = policy->buffering,
		.capacity = policy->capacity,
		.capacity_bytes = policy->capacity_bytes,
		.message_bytes_max = policy->message_bytes_max,
	};
	struct mailbox_info info;

	if (!(policy->given & MAILBOX_SET_MESSAGE_BYTES_MAX) &&
	    mailbox_info_get(NULL, &info) == 0)
		attr.message_bytes_max = info.message_bytes_max < MESSAGE_BYTES ?
					 info.message_bytes_max : MESSAGE_BYTES;
	if (mailbox_pair(ends, flags, &attr) < 0)
		policy_fail("pipe", policy, errno, MAILBOX_OP_PAIR);
}

/* Both programs are started before either end is closed here. */
static size_t start_duplex(char ***programs, pid_t *pids,
			   const struct policy *policy, int *err)
{
	struct mailbox *ends[2];
	size_t i;
	int fd;

	make(ends, MAILBOX_OPEN_BOTH, policy);
	for (i = 0; i < 2; i++) {
		fd = mailbox_fd(ends[i]);
		pids[i] = child_start(programs[i], fd, fd);
		if (pids[i] < 0) {
			*err = errno;
			break;
		}
	}
	mailbox_close(ends[0]);
	mailbox_close(ends[1]);
	return i;
}

/*
 * The end of the last pipe is kept from one program to the next, and the rest
 * closed as soon as it is passed on: so each sees the end of its input when the
 * one before it has ended.
 */
static size_t start_pipeline(char ***programs, size_t count, pid_t *pids,
			     const struct policy *policy, int *err)
{
	struct mailbox *in = NULL, *ends[2];
	size_t i;

	for (i = 0; i < count; i++) {
		ends[0] = ends[1] = NULL;
		if (i + 1 < count)
			make(ends, MAILBOX_OPEN_RECEIVE, policy);
		pids[i] = child_start(programs[i], in ? mailbox_fd(in) : -1,
				      ends[1] ? mailbox_fd(ends[1]) : -1);
		*err = pids[i] < 0 ? errno : 0;
		mailbox_close(in);
		mailbox_close(ends[1]);
		in = ends[0];
		if (*err)
			break;
	}
	mailbox_close(in);
	return i;
}

static int run(struct args *args)
{
	struct policy policy = { 0 };
	bool duplex = false;
	size_t count, started;
	int key, status, err = 0;
	char ***programs;
	pid_t *pids;

	while ((key = args_next(args)) != -1) {
		if (!policy_option(&policy, args, key))
			duplex = true;
	}
	args_some(args, "program");
	programs = calloc((size_t)args->argc + 1, sizeof(*programs));
	pids = calloc((size_t)args->argc + 1, sizeof(*pids));
	if (!programs || !pids)
		fail_op(NULL, ENOMEM, MAILBOX_OP_PAIR);
	count = split(args->argv, args->argc, programs);
	if (count < 2 || (duplex && count > 2))
		usage_error("pipe", "%s, with '--' between them",
			    duplex ? "a duplex channel has two programs" :
				     "a pipe is between two programs or more");

	stop_on_signals();
	started = duplex ? start_duplex(programs, pids, &policy, &err) :
			   start_pipeline(programs, count, pids, &policy, &err);
	status = children_wait(pids, started, true);
	free(programs);
	free(pids);
	return err ? child_not_started(err) : child_exit_status(status);
}

const struct verb verb_pipe = {
	.name = "pipe",
	.args = "PROGRAM [ARGUMENT...] -- PROGRAM [ARGUMENT...]",
	.summary = "run programs that are joined by a pipe of messages",
	.options_first = true,
	.text =
"As PROGRAM | PROGRAM of a shell, with a port that has no name: each write is\n"
"one message, each read takes one, and a read with a buffer shorter than the\n"
"message fails (EMSGSIZE) and loses nothing. There may be more than two. A\n"
"program gets the end of its input when the one before it has ended. The exit\n"
"status is that of the last one; 126 or 127 if one could not be run.\n"
"\n"
"  mailbox pipe cat file -- dd bs=1M of=copy\n"
"  mailbox pipe --duplex server -- client\n",
	.options = { options, buffer_options },
	.run = run,
};
