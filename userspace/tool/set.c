// SPDX-License-Identifier: GPL-2.0-only
/* set: change a port. */
#include <errno.h>

#include "tool.h"

static int run(struct args *args)
{
	struct mailbox_set_attr attr = { 0 };
	struct policy policy = { 0 };
	const char *name;
	int key;

	while ((key = args_next(args)) != -1)
		policy_option(&policy, args, key);
	name = args_one(args, "port");
	if (!policy.given)
		usage_error("set", "nothing to change is given");

	attr.flags = policy.given;
	attr.mode = policy.mode;
	attr.uid = policy.uid;
	attr.gid = policy.gid;
	attr.buffering = policy.buffering;
	attr.capacity = policy.capacity;
	attr.capacity_bytes = policy.capacity_bytes;
	attr.message_bytes_max = policy.message_bytes_max;

	if (mailbox_port_set(NULL, name, &attr) < 0)
		policy_fail(name, &policy, errno, MAILBOX_OP_SET);
	return 0;
}

const struct verb verb_set = {
	.name = "set",
	.args = "PORT",
	.summary = "change capacity, limits, mode or owner of a port",
	.text =
"All of it is changed, or nothing. What is queued stays, even if it is more\n"
"than the port holds now; senders that wait for room go on if there is some.\n"
"\n"
"  mailbox set --capacity 1000 --message-size 1M jobs\n",
	.options = { policy_options },
	.run = run,
};
