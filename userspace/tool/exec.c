// SPDX-License-Identifier: GPL-2.0-only
/* exec: run a program with its stdin or stdout bound to a port. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

static const struct option_text options[] = {
	{ "stdin", 'i', "PORT", "what PROGRAM reads are messages of PORT" },
	{ "stdout", 'o', "PORT", "what PROGRAM writes are messages to PORT" },
	{ 0 },
};

static void bind_to(int fd, const char *name, unsigned int flags)
{
	struct mailbox *mb = mailbox_open(name, flags);

	if (!mb)
		fail_op(name, errno, MAILBOX_OP_OPEN);
	/* The copy has no close-on-exec. */
	if (dup2(mailbox_fd(mb), fd) < 0)
		fail("%s: cannot pass the port on: %s", name, strerror(errno));
	mailbox_close(mb);
}

static int run(struct args *args)
{
	const char *in = NULL, *out = NULL;
	int key;

	while ((key = args_next(args)) != -1) {
		switch (key) {
		case 'i':
			in = args->value;
			break;
		case 'o':
			out = args->value;
			break;
		}
	}
	args_some(args, "program");
	if (!in && !out)
		usage_error("exec", "give --stdin PORT, --stdout PORT, or both");

	if (in)
		bind_to(STDIN_FILENO, in, MAILBOX_OPEN_RECEIVE);
	if (out)
		bind_to(STDOUT_FILENO, out, MAILBOX_OPEN_SEND);

	execvp(args->argv[0], args->argv);
	complain("%s: %s", args->argv[0], strerror(errno));
	return errno == ENOENT ? 127 : 126;
}

const struct verb verb_exec = {
	.name = "exec",
	.args = "PROGRAM [ARGUMENT...]",
	.summary = "run a program with its stdin or stdout bound to a port",
	.options_first = true,
	.text =
"Each read of PROGRAM takes one message, each write sends one. A read with a\n"
"buffer shorter than the message fails (EMSGSIZE) and loses nothing. PROGRAM\n"
"sees the end of its input only on a port made with --hang-up.\n"
"The exit status is that of PROGRAM; 126 or 127 if it could not be run.\n"
"\n"
"  mailbox exec --stdout jobs ls -l\n"
"  mailbox exec --stdin jobs --stdout results sort\n",
	.options = { options },
	.run = run,
};
