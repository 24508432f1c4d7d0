// SPDX-License-Identifier: GPL-2.0-only
/* The options that say what a port is like. */
#include <errno.h>

#include "tool.h"

enum {
	KEY_BYTES = KEY_FIRST + 100,
	KEY_RENDEZVOUS,
	KEY_UNBOUNDED,
};

const struct option_text policy_options[] = {
	{ "mode", 'm', "MODE",
	  "who may use it: r receives, w sends, for owner, group and others, "
	  "in octal (default 0600)" },
	{ "owner", 'o', "USER", "who owns it (root only)" },
	{ "group", 'g', "GROUP", "which group it belongs to" },
	{ "capacity", 'c', "N",
	  "a send waits while N messages are queued (0: the module's default)" },
	{ "rendezvous", KEY_RENDEZVOUS, NULL,
	  "nothing is queued: a send waits for a receiver" },
	{ "unbounded", KEY_UNBOUNDED, NULL,
	  "a send never waits; only the sender's quota is a limit" },
	{ "capacity-bytes", KEY_BYTES, "SIZE",
	  "a send waits also while so many bytes are queued (0: no limit)" },
	{ "message-size", 's', "SIZE",
	  "longest message (0: the module's default)" },
	{ 0 },
};

static void set_buffering(struct policy *policy, struct args *args,
			  uint32_t buffering)
{
	if (policy->given & MAILBOX_SET_CAPACITY &&
	    policy->buffering != buffering)
		usage_error(args->verb->name, "--capacity, --rendezvous and "
			    "--unbounded exclude each other");
	policy->buffering = buffering;
	policy->given |= MAILBOX_SET_CAPACITY;
}

bool policy_option(struct policy *policy, struct args *args, int key)
{
	switch (key) {
	case 'm':
		policy->mode = value_mode(args);
		policy->given |= MAILBOX_SET_MODE;
		return true;
	case 'o':
		policy->uid = value_user(args);
		policy->given |= MAILBOX_SET_UID;
		return true;
	case 'g':
		policy->gid = value_group(args);
		policy->given |= MAILBOX_SET_GID;
		return true;
	case 'c':
		set_buffering(policy, args, MAILBOX_BUFFERING_BOUNDED);
		policy->capacity = (uint32_t)value_number(args, 0, UINT32_MAX);
		return true;
	case KEY_RENDEZVOUS:
		set_buffering(policy, args, MAILBOX_BUFFERING_RENDEZVOUS);
		return true;
	case KEY_UNBOUNDED:
		set_buffering(policy, args, MAILBOX_BUFFERING_UNBOUNDED);
		return true;
	case KEY_BYTES:
		policy->capacity_bytes = value_bytes(args);
		policy->given |= MAILBOX_SET_CAPACITY_BYTES;
		return true;
	case 's':
		policy->message_bytes_max = value_bytes(args);
		policy->given |= MAILBOX_SET_MESSAGE_BYTES_MAX;
		return true;
	}
	return false;
}

void policy_fail(const char *port, const struct policy *policy, int err,
		 enum mailbox_op op)
{
	struct mailbox_info info;

	if (err != EINVAL || mailbox_info_get(NULL, &info) < 0)
		fail_op(port, err, op);
	if (policy->capacity > info.capacity_max)
		fail("%s: the capacity is at most %ju messages, not %u",
		     port, (uintmax_t)info.capacity_max, policy->capacity);
	if (policy->message_bytes_max > info.message_bytes_max)
		fail("%s: a message has at most %ju bytes, not %ju", port,
		     (uintmax_t)info.message_bytes_max,
		     (uintmax_t)policy->message_bytes_max);
	fail_op(port, err, op);
}
