// SPDX-License-Identifier: GPL-2.0-only
/* create: make a port. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

enum {
	KEY_HANG_UP = KEY_FIRST,
	KEY_EXISTING,
};

static const struct option_text options[] = {
	{ "hang-up", KEY_HANG_UP, NULL,
	  "as a pipe: receivers see the end when the last sender has closed it, "
	  "senders fail when the last receiver has" },
	{ "existing", KEY_EXISTING, NULL,
	  "a port of this name will do, as it is" },
	{ "transient", 't', NULL,
	  "the port lives as long as PROGRAM, or, without one, until stdin "
	  "ends" },
	{ "json", 'j', NULL, "tell its name, its number, and whether it is new" },
	{ 0 },
};

/* Keeps the port by doing nothing, until stdin ends or a signal comes. */
static int hold(void)
{
	char dropped[4096];
	ssize_t n;

	do {
		n = read(STDIN_FILENO, dropped, sizeof(dropped));
	} while (!stop_signals && (n > 0 || (n < 0 && errno == EINTR)));

	if (n < 0 && errno != EINTR)
		fail("cannot read stdin: %s", strerror(errno));
	return 0;
}

/* The program inherits the handle, and so has the port live as long as it. */
static int become(struct mailbox *mb, char **argv)
{
	if (fcntl(mailbox_fd(mb), F_SETFD, 0) < 0)
		fail("cannot pass the port on: %s", strerror(errno));
	execvp(argv[0], argv);
	complain("%s: %s", argv[0], strerror(errno));
	return errno == ENOENT ? 127 : 126;
}

static int run(struct args *args)
{
	bool transient = false, json = false, hang_up = false, existing = false;
	struct mailbox_create_attr attr = { 0 };
	struct policy policy = { 0 };
	struct mailbox *mb;
	const char *name;
	int key;

	while ((key = args_next(args)) != -1) {
		if (policy_option(&policy, args, key))
			continue;
		switch (key) {
		case KEY_HANG_UP:
			hang_up = true;
			break;
		case KEY_EXISTING:
			existing = true;
			break;
		case 't':
			transient = true;
			break;
		case 'j':
			json = true;
			break;
		}
	}
	args_some(args, "name");
	name = args->argv[0];
	if (args->argc > 1 && !transient)
		usage_error("create", "one name is enough, '%s' is one "
			    "too many (a program goes with --transient)", args->argv[1]);
	if (policy.given & MAILBOX_SET_MODE && !policy.mode)
		usage_error("create", "with mode 0 nobody could use the port");

	if (!transient)
		attr.flags |= MAILBOX_CREATE_PERSIST;
	if (hang_up)
		attr.flags |= MAILBOX_CREATE_HANGUP;
	if (existing)
		attr.flags |= MAILBOX_CREATE_OPEN;
	if (policy.given & MAILBOX_SET_UID)
		attr.flags |= MAILBOX_CREATE_UID;
	if (policy.given & MAILBOX_SET_GID)
		attr.flags |= MAILBOX_CREATE_GID;
	attr.mode = policy.mode;
	attr.uid = policy.uid;
	attr.gid = policy.gid;
	attr.buffering = policy.buffering;
	attr.capacity = policy.capacity;
	attr.capacity_bytes = policy.capacity_bytes;
	attr.message_bytes_max = policy.message_bytes_max;

	/* A program is to find the signals as they were. */
	if (transient && args->argc == 1)
		stop_on_signals();
	/* Neither sender nor receiver: there is nobody to hang up. */
	mb = mailbox_create(name, MAILBOX_OPEN_CONTROL, &attr);
	if (!mb)
		policy_fail(name, &policy, errno, MAILBOX_OP_CREATE);

	if (json) {
		struct json_object *object = json_object_new_object();

		json_add_name(object, name);
		json_add_u64(object, "id", attr.id);
		json_object_object_add(object, "created",
				       json_object_new_boolean(attr.created));
		if (output_json(object) < 0)
			fail("cannot write the output: %s", strerror(errno));
	} else if (transient && args->argc == 1) {
		/* Whoever started this may now use the port. */
		puts(name);
		if (output_finish())
			return EXIT_FAILED;
	}

	if (transient) {
		if (args->argc > 1)
			return become(mb, args->argv + 1);
		hold();
	}
	mailbox_close(mb);
	return 0;
}

const struct verb verb_create = {
	.name = "create",
	.args = "NAME [-- PROGRAM [ARGUMENT...]]",
	.summary = "make a port",
	.text =
"The port stays, with what is queued, until 'mailbox rm' or a restart of the\n"
"machine. With --transient it goes when PROGRAM and all that inherited its\n"
"files have ended. Without PROGRAM, --transient prints the name when the port\n"
"is there, and ends it when stdin ends or at a signal.\n"
"\n"
"  mailbox create --mode 0660 --group audio --capacity 16 jobs\n"
"  mailbox create --transient scratch -- sh script-that-uses-scratch\n",
	.options = { options, policy_options },
	.run = run,
};
