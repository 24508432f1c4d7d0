// SPDX-License-Identifier: GPL-2.0-only
/* exec: run a program with its stdin or stdout bound to a port. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

static const struct option_text options[] = {
	{ "stdin", 'i', "PORT", "what PROGRAM reads are messages of PORT" },
	{ "stdout", 'o', "PORT", "what PROGRAM writes are messages to PORT" },
	{ "link", 'l', "PID",
	  "both, for the link between PROGRAM and this process" },
	{ "timeout", 'w', "DURATION", "give up if --wait or --peer takes longer" },
	{ 0 },
};

/* The copies have no close-on-exec. */
static void pass_on(const struct mailbox *mb, int fd)
{
	if (dup2(mailbox_fd(mb), fd) < 0)
		fail("cannot pass the port on: %s", strerror(errno));
}

static void bind_to(int fd, const char *name, const struct opening *opening,
		    unsigned int flags)
{
	struct mailbox *mb = port_open(name, opening, flags);

	pass_on(mb, fd);
	mailbox_close(mb);
}

/* The link is that of this process, and PROGRAM will be this process. */
static void bind_link(uint32_t pid)
{
	struct mailbox *mb = mailbox_link((pid_t)pid, MAILBOX_OPEN_BOTH, NULL);

	if (!mb)
		fail("process %u: %s", pid,
		     mailbox_strerror(errno, MAILBOX_OP_LINK));
	pass_on(mb, STDIN_FILENO);
	pass_on(mb, STDOUT_FILENO);
	mailbox_close(mb);
}

static int run(struct args *args)
{
	const char *in = NULL, *out = NULL;
	struct opening opening = { 0 };
	uint32_t link = 0;
	int key;

	while ((key = args_next(args)) != -1) {
		if (open_option(&opening, key))
			continue;
		switch (key) {
		case 'i':
			in = args->value;
			break;
		case 'o':
			out = args->value;
			break;
		case 'l':
			link = value_pid(args);
			break;
		case 'w':
			timeout_set(&opening.timeout, args);
			break;
		}
	}
	args_some(args, "program");
	if (!in && !out && !link)
		usage_error("exec", "give --stdin PORT, --stdout PORT, both, or "
			    "--link PID");
	if (link && (in || out || opening.flags))
		usage_error("exec", "--link is both stdin and stdout, and there "
			    "at once: it goes with no other option");

	if (link)
		bind_link(link);
	if (in)
		bind_to(STDIN_FILENO, in, &opening, MAILBOX_OPEN_RECEIVE);
	if (out)
		bind_to(STDOUT_FILENO, out, &opening, MAILBOX_OPEN_SEND);
	return program_become(args->argv);
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
"  mailbox exec --stdin jobs --stdout results sort\n"
"  mailbox exec --peer --stdout fifo cat file\n",
	.options = { options, open_options },
	.run = run,
};
