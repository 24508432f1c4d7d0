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
	KEY_SLOT,
	KEY_BROADCAST,
};

static const struct option_text options[] = {
	{ "hang-up", KEY_HANG_UP, NULL,
	  "as a pipe: receivers see the end when the last sender has closed it, "
	  "senders fail when the last receiver has" },
	{ "broadcast", KEY_BROADCAST, NULL,
	  "every receiver gets each message that is sent while it is there" },
	{ "slot", KEY_SLOT, NULL,
	  "a mail slot: PROGRAM alone receives, from its stdin, and the port "
	  "goes with it" },
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

/*
 * The program inherits the handle, and so has the port live as long as it; a
 * mail slot it receives from as well. A copy has no close-on-exec.
 */
static int become(struct mailbox *mb, bool slot, char **argv)
{
	if (slot ? dup2(mailbox_fd(mb), STDIN_FILENO) < 0 :
		   fcntl(mailbox_fd(mb), F_SETFD, 0) < 0)
		fail("cannot pass the port on: %s", strerror(errno));
	return program_become(argv);
}

static void set_policy(struct mailbox_create_attr *attr,
		       const struct policy *policy)
{
	if (policy->given & MAILBOX_SET_UID)
		attr->flags |= MAILBOX_CREATE_UID;
	if (policy->given & MAILBOX_SET_GID)
		attr->flags |= MAILBOX_CREATE_GID;
	attr->mode = policy->mode;
	attr->uid = policy->uid;
	attr->gid = policy->gid;
	attr->buffering = policy->buffering;
	attr->capacity = policy->capacity;
	attr->capacity_bytes = policy->capacity_bytes;
	attr->message_bytes_max = policy->message_bytes_max;
	attr->on_full = policy->on_full;
	attr->max_deliveries = policy->max_deliveries;
	attr->dead_letter = policy->dead_letter;
}

static void check(const struct args *args, const struct policy *policy,
		  const struct mailbox_create_attr *attr)
{
	bool slot = attr->flags & MAILBOX_CREATE_SLOT;

	if (slot && args->argc == 1)
		usage_error("create", "a mail slot goes with the program that "
			    "receives from it, and none is given (for example: "
			    "'-- mailbox recv --follow -')");
	if (args->argc > 1 && attr->flags & MAILBOX_CREATE_PERSIST)
		usage_error("create", "one name is enough, '%s' is one "
			    "too many (a program goes with --transient or "
			    "--slot)", args->argv[1]);
	if (slot && attr->flags & (MAILBOX_CREATE_BROADCAST |
				   MAILBOX_CREATE_OPEN))
		usage_error("create", "a mail slot is new and has one receiver: "
			    "--slot excludes --existing and --broadcast");
	if (attr->flags & MAILBOX_CREATE_BROADCAST &&
	    policy->buffering == MAILBOX_BUFFERING_RENDEZVOUS)
		usage_error("create", "a port that broadcasts queues messages: "
			    "--broadcast excludes --rendezvous");
	if (policy->given & MAILBOX_SET_MODE && !policy->mode)
		usage_error("create", "with mode 0 nobody could use the port");
	if (policy->dead_letter && !policy->max_deliveries)
		usage_error("create", "--dead-letter needs --max-deliveries, "
			    "which says when a message goes there");
}

static int run(struct args *args)
{
	struct mailbox_create_attr attr = { .flags = MAILBOX_CREATE_PERSIST };
	bool transient, slot, json = false;
	struct policy policy = { 0 };
	struct mailbox *mb;
	const char *name;
	int key;

	while ((key = args_next(args)) != -1) {
		if (policy_option(&policy, args, key))
			continue;
		switch (key) {
		case KEY_HANG_UP:
			attr.flags |= MAILBOX_CREATE_HANGUP;
			break;
		case KEY_EXISTING:
			attr.flags |= MAILBOX_CREATE_OPEN;
			break;
		case KEY_BROADCAST:
			attr.flags |= MAILBOX_CREATE_BROADCAST;
			break;
		case KEY_SLOT:
			attr.flags |= MAILBOX_CREATE_SLOT;
			attr.flags &= ~MAILBOX_CREATE_PERSIST;
			break;
		case 't':
			attr.flags &= ~MAILBOX_CREATE_PERSIST;
			break;
		case 'j':
			json = true;
			break;
		}
	}
	args_some(args, "name");
	name = args->argv[0];
	check(args, &policy, &attr);
	/* There is no other capacity to go with it. */
	if (policy.on_full == MAILBOX_FULL_OVERWRITE &&
	    !(policy.given & MAILBOX_SET_CAPACITY))
		policy.capacity = 1;
	set_policy(&attr, &policy);
	transient = !(attr.flags & MAILBOX_CREATE_PERSIST);
	slot = attr.flags & MAILBOX_CREATE_SLOT;

	/* A program is to find the signals as they were. */
	if (transient && args->argc == 1)
		stop_on_signals();
	/* Neither sender nor receiver: there is nobody to hang up. */
	mb = mailbox_create(name, slot ? MAILBOX_OPEN_RECEIVE :
					 MAILBOX_OPEN_CONTROL, &attr);
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
			return become(mb, slot, args->argv + 1);
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
"  mailbox create --max-deliveries 3 --dead-letter failed jobs\n"
"  mailbox create --on-full overwrite temperature\n"
"  mailbox create --transient scratch -- sh script-that-uses-scratch\n"
"  mailbox create --slot --mode 0622 letters -- mailbox recv --follow -\n",
	.options = { options, buffer_options, policy_options },
	.run = run,
};
