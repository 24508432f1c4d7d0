// SPDX-License-Identifier: GPL-2.0-only
/* work and serve: run a program for each message, or for each call. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

enum {
	KEY_DRAIN = KEY_FIRST,
	KEY_LEASE,
	KEY_PAUSE,
};

static const struct option_text common_options[] = {
	{ "count", 'n', "N", "end after N messages (default: go on)" },
	{ "timeout", 'w', "DURATION",
	  "give up if a message does not come for so long (500ms, 2s, 1m)" },
	{ 0 },
};

static const struct option_text work_options[] = {
	{ "drain", KEY_DRAIN, NULL, "end when nothing is queued" },
	{ "lease", KEY_LEASE, "DURATION",
	  "somebody else gets a message that takes COMMAND longer (default: "
	  "it may take any time)" },
	{ "pause", KEY_PAUSE, "DURATION",
	  "wait so long after COMMAND has failed (default 1s)" },
	{ 0 },
};

struct working {
	struct mailbox *mb;
	const char *port;
	char **command;
	struct mailbox_receive_attr attr;	/* without deadline */
	struct opening opening;
	bool drain;
	uint64_t pause_ns;
	void *buf;
	size_t size;
	int not_run;		/* exit status if COMMAND cannot be started */
	bool failed;		/* a message was given back, or a call refused */
};

/* A file of which COMMAND reads as much as it likes, without a pipe to fill. */
static int message_file(const void *data, size_t len)
{
	int fd = memfd_create("message", MFD_CLOEXEC);
	size_t at = 0;
	ssize_t n;

	while (fd >= 0 && at < len) {
		n = write(fd, (const char *)data + at, len - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			close(fd);
			return -1;
		}
		at += (size_t)n;
	}
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}

static void tell(const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%ju", (uintmax_t)value);
	setenv(name, text, 1);
}

/* What COMMAND may want to know, in its environment. */
static void tell_message(const struct mailbox_receive_attr *attr)
{
	tell("MAILBOX_SEQ", attr->seq);
	tell("MAILBOX_TYPE", attr->type);
	tell("MAILBOX_PRIORITY", attr->priority);
	tell("MAILBOX_PID", attr->pid);
	tell("MAILBOX_UID", attr->uid);
	tell("MAILBOX_DELIVERIES", attr->deliveries);
}

/* Up to @size bytes; then whoever writes more fails. -1 if there are more. */
static ssize_t read_answer(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	do {
		n = read(fd, buf + len, size + 1 - len);
		if (n > 0)
			len += (size_t)n;
	} while ((n > 0 && len <= size) || (n < 0 && errno == EINTR));
	return n < 0 || len > size ? -1 : (ssize_t)len;
}

/*
 * Runs COMMAND with the message as stdin, and returns its exit status, or -1 if
 * it could not be run. With @answer what it writes is collected there.
 */
static int run_command(struct working *working, size_t len, char *answer,
		       size_t answer_size, ssize_t *answer_len)
{
	int in = message_file(working->buf, len);
	int out[2] = { -1, -1 };
	int status = -1;
	pid_t pid;

	if (in < 0 || (answer && pipe2(out, O_CLOEXEC) < 0)) {
		complain("cannot run '%s': %s", working->command[0],
			 strerror(errno));
		working->not_run = EXIT_FAILED;
		goto out_close;
	}
	pid = child_start(working->command, in, out[1]);
	if (pid < 0) {
		working->not_run = child_not_started(errno);
		goto out_close;
	}
	if (answer) {
		close(out[1]);
		*answer_len = read_answer(out[0], answer, answer_size);
		close(out[0]);
		out[0] = out[1] = -1;
	}
	status = child_exit_status(children_wait(&pid, 1, false));

out_close:
	if (out[0] >= 0) {
		close(out[0]);
		close(out[1]);
	}
	if (in >= 0)
		close(in);
	return status;
}

/* The message is done with, or goes back. */
static void handle_message(struct working *working, size_t len,
			   const struct mailbox_receive_attr *attr)
{
	int status = run_command(working, len, NULL, 0, NULL);
	int ret = status ? mailbox_nack(working->mb, attr->token) :
			   mailbox_ack(working->mb, attr->token);

	if (ret < 0 && errno != ESRCH)
		fail_op(working->port, errno, MAILBOX_OP_SETTLE);
	if (ret < 0)
		complain("%s: message %ju took longer than its lease, and goes "
			 "to somebody else as well", working->port,
			 (uintmax_t)attr->seq);
	else if (status > 0)
		complain("%s: message %ju was given back: '%s' ended with status "
			 "%d", working->port, (uintmax_t)attr->seq,
			 working->command[0], status);
	working->failed = working->failed || ret < 0 || status;
}

static void refuse(struct working *working,
		   const struct mailbox_receive_attr *attr, const char *reason)
{
	if (*reason)
		complain("%s: call %ju of process %u was refused: %s",
			 working->port, (uintmax_t)attr->seq, attr->pid, reason);
	working->failed = true;
	if (port_refuse(&working->mb) < 0)
		fail_op(working->port, errno, MAILBOX_OP_OPEN);
}

/* What COMMAND writes is the answer, if it succeeds. */
static void handle_request(struct working *working, size_t len,
			   const struct mailbox_receive_attr *attr)
{
	size_t size = attr->reply_size < MAILBOX_MESSAGE_BYTES_MAX ?
		      attr->reply_size : MAILBOX_MESSAGE_BYTES_MAX;
	char *answer = malloc(size + 1);
	ssize_t answer_len = 0;
	char reason[64] = "";
	int status;

	if (!answer)
		fail_op(NULL, ENOMEM, MAILBOX_OP_REPLY);
	status = run_command(working, len, answer, size, &answer_len);
	if (status >= 0 && answer_len < 0)
		snprintf(reason, sizeof(reason),
			 "its caller takes no more than %zu bytes", size);
	else if (status > 0)
		snprintf(reason, sizeof(reason),
			 "the program ended with status %d", status);

	if (status || answer_len < 0) {
		refuse(working, attr, reason);
	} else if (mailbox_reply(working->mb, attr->token, answer,
				 (size_t)answer_len, 0) < 0) {
		/* Nobody waits for it any more: that is the caller's affair. */
		if (errno != ESRCH)
			refuse(working, attr,
			       mailbox_strerror(errno, MAILBOX_OP_REPLY));
	}
	free(answer);
}

static void pause_after_failure(const struct working *working)
{
	struct timespec left = {
		.tv_sec = (time_t)(working->pause_ns / NS_PER_S),
		.tv_nsec = (long)(working->pause_ns % NS_PER_S),
	};

	if (!stop_signals)
		nanosleep(&left, NULL);
}

/* False if it is time to end. */
static bool work_once(struct working *working)
{
	struct mailbox_receive_attr attr = working->attr;
	bool failed_before = working->failed;
	ssize_t len;

	attr.deadline_ns = timeout_deadline_ns(&working->opening.timeout);
	do {
		if (stop_signals)
			return false;
		len = mailbox_message_receive_alloc(working->mb, &working->buf,
						    &working->size, &attr);
	} while (len < 0 && errno == EINTR);
	if (len < 0) {
		if (errno == EPIPE || (working->drain && errno == EAGAIN))
			return false;
		fail_op(working->port, errno, MAILBOX_OP_RECEIVE);
	}

	working->failed = false;
	tell_message(&attr);
	if (attr.kind == MAILBOX_MESSAGE_REQUEST)
		handle_request(working, (size_t)len, &attr);
	else
		handle_message(working, (size_t)len, &attr);
	if (working->failed && !working->not_run &&
	    attr.kind != MAILBOX_MESSAGE_REQUEST)
		pause_after_failure(working);
	working->failed = working->failed || failed_before;
	return !working->not_run;
}

static int run(struct args *args)
{
	struct working working = {
		.attr = { .flags = MAILBOX_RECEIVE_LEASE },
		.pause_ns = NS_PER_S,
	};
	uint64_t count = UINT64_MAX;
	int key;

	while ((key = args_next(args)) != -1) {
		if (select_option(&working.attr, args, key) ||
		    open_option(&working.opening, key))
			continue;
		switch (key) {
		case 'n':
			count = value_number(args, 1, UINT64_MAX);
			break;
		case 'w':
			timeout_set(&working.opening.timeout, args);
			break;
		case KEY_DRAIN:
			working.drain = true;
			working.attr.flags |= MAILBOX_RECEIVE_NONBLOCK;
			break;
		case KEY_LEASE:
			working.attr.lease_ns = value_duration_ns(args);
			break;
		case KEY_PAUSE:
			working.pause_ns = value_duration_ns(args);
			break;
		}
	}
	args_some(args, "port");
	if (args->argc < 2)
		usage_error(args->verb->name, "no COMMAND is given, to be run "
			    "for each message");
	if (working.drain && working.opening.timeout.given)
		usage_error(args->verb->name, "--timeout is for waiting, and "
			    "excludes --drain");
	working.port = args->argv[0];
	working.command = args->argv + 1;

	stop_on_signals();
	working.mb = port_open(working.port, &working.opening,
			       MAILBOX_OPEN_RECEIVE);
	while (count-- && work_once(&working))
		;
	mailbox_close(working.mb);
	free(working.buf);
	return working.not_run ? working.not_run :
	       working.failed ? EXIT_FAILED : 0;
}

const struct verb verb_work = {
	.name = "work",
	.args = "PORT [--] COMMAND [ARGUMENT...]",
	.summary = "run a program for each message of a queue of jobs",
	.text =
"COMMAND finds the message at its stdin, and about it MAILBOX_SEQ, _TYPE,\n"
"_PRIORITY, _PID, _UID and _DELIVERIES in its environment. The message is leased\n"
"meanwhile: done with when COMMAND succeeds, and else back at its old place, for\n"
"whoever comes next; so also if this worker is killed. A port made with\n"
"--max-deliveries sets it aside when that has happened too often. Any number of\n"
"workers may work at a port. It ends when the senders hang up, or, after the\n"
"message in hand, at SIGINT or SIGTERM; with status 1 if a COMMAND failed.\n"
"\n"
"  mailbox work jobs -- sh -c 'read job; build $job'\n",
	.options = { common_options, work_options, select_options,
		     open_options },
	.run = run,
};

const struct verb verb_serve = {
	.name = "serve",
	.args = "PORT [--] COMMAND [ARGUMENT...]",
	.summary = "answer calls with the output of a program",
	.text =
"COMMAND finds the request at its stdin, and about it MAILBOX_SEQ, _TYPE,\n"
"_PRIORITY, _PID and _UID in its environment; what it writes is the answer. If it\n"
"fails, or this server is killed, the caller gets an error. Any number of servers\n"
"may serve a port. A message that is no call is handled as by 'mailbox work'. It\n"
"ends when the callers hang up, or, after the answer in hand, at SIGINT or\n"
"SIGTERM; with status 1 if a COMMAND failed.\n"
"\n"
"  mailbox serve upper -- tr a-z A-Z\n",
	.options = { common_options, select_options, open_options },
	.run = run,
};
