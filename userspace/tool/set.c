// SPDX-License-Identifier: GPL-2.0-only
/* set: change a port. */
#include <errno.h>

#include "tool.h"

/* The two are set together: what is not given stays as it is. */
static void set_deliveries(const char *name, struct mailbox_set_attr *attr,
			   const struct policy *policy,
			   struct mailbox_port_status *status)
{
	attr->max_deliveries = policy->max_deliveries;
	attr->dead_letter = policy->dead_letter;
	if (policy->max_deliveries_given && policy->dead_letter)
		return;
	if (mailbox_port_stat(NULL, name, status) < 0)
		fail_op(name, errno, MAILBOX_OP_SET);
	if (!policy->max_deliveries_given)
		attr->max_deliveries = status->max_deliveries;
	/* Without a last delivery there is no dead letter. */
	else if (policy->max_deliveries)
		attr->dead_letter = status->dead_letter;
	if (policy->dead_letter && *policy->dead_letter && !attr->max_deliveries)
		fail("%s: its messages may be delivered any number of times, so "
		     "none becomes a dead letter; add --max-deliveries", name);
}

static int run(struct args *args)
{
	struct mailbox_set_attr attr = { 0 };
	struct mailbox_port_status status;
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
	attr.on_full = policy.on_full;
	if (policy.given & MAILBOX_SET_DELIVERIES)
		set_deliveries(name, &attr, &policy, &status);

	if (mailbox_port_set(NULL, name, &attr) < 0)
		policy_fail(name, &policy, errno, MAILBOX_OP_SET);
	return 0;
}

const struct verb verb_set = {
	.name = "set",
	.args = "PORT",
	.summary = "change capacity, limits, policy, mode or owner of a port",
	.text =
"All of it is changed, or nothing. What is queued stays, even if it is more\n"
"than the port holds now; senders that wait for room go on if there is some.\n"
"\n"
"  mailbox set --capacity 1000 --message-size 1M jobs\n"
"  mailbox set --max-deliveries 3 --dead-letter '' jobs\n",
	.options = { buffer_options, policy_options },
	.run = run,
};
