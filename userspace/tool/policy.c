// SPDX-License-Identifier: GPL-2.0-only
/* The options that say what a port is like. */
#include <errno.h>
#include <string.h>

#include "tool.h"

enum {
	KEY_BYTES = KEY_FIRST + 100,
	KEY_RENDEZVOUS,
	KEY_UNBOUNDED,
	KEY_ON_FULL,
	KEY_MAX_DELIVERIES,
	KEY_DEAD_LETTER,
};

const struct option_text buffer_options[] = {
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

const struct option_text policy_options[] = {
	{ "on-full", KEY_ON_FULL, "WHAT",
	  "what becomes of a message that comes to a full port: block (its "
	  "sender waits), drop-oldest, drop-newest, or, with a capacity of 1, "
	  "overwrite" },
	{ "max-deliveries", KEY_MAX_DELIVERIES, "N",
	  "how often a message is taken under a lease that comes to nothing, "
	  "before it is given up (0: any number of times)" },
	{ "dead-letter", KEY_DEAD_LETTER, "PORT",
	  "where such a message goes (default: it is dropped)" },
	{ "mode", 'm', "MODE",
	  "who may use it: r receives, w sends, for owner, group and others, "
	  "in octal (default 0600)" },
	{ "owner", 'o', "USER", "who owns it (root only)" },
	{ "group", 'g', "GROUP", "which group it belongs to" },
	{ 0 },
};

static const char *const on_full_names[] = {
	[MAILBOX_FULL_BLOCK] = "block",
	[MAILBOX_FULL_DROP_OLDEST] = "drop-oldest",
	[MAILBOX_FULL_DROP_NEWEST] = "drop-newest",
	[MAILBOX_FULL_OVERWRITE] = "overwrite",
};

const char *on_full_name(uint32_t on_full)
{
	return on_full < ARRAY_SIZE(on_full_names) ? on_full_names[on_full] :
						     "unknown";
}

static uint32_t value_on_full(struct args *args)
{
	uint32_t i;

	for (i = 0; i < ARRAY_SIZE(on_full_names); i++)
		if (!strcmp(args->value, on_full_names[i]))
			return i;
	usage_error(args->verb->name, "'%s' is none of block, drop-oldest, "
		    "drop-newest and overwrite", args->value);
}

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
	case KEY_ON_FULL:
		policy->on_full = value_on_full(args);
		policy->given |= MAILBOX_SET_ON_FULL;
		return true;
	case KEY_MAX_DELIVERIES:
		policy->max_deliveries = (uint32_t)value_number(args, 0,
						MAILBOX_DELIVERIES_MAX);
		policy->max_deliveries_given = true;
		policy->given |= MAILBOX_SET_DELIVERIES;
		return true;
	case KEY_DEAD_LETTER:
		policy->dead_letter = args->value;
		policy->given |= MAILBOX_SET_DELIVERIES;
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
	if (policy->on_full == MAILBOX_FULL_OVERWRITE)
		fail("%s: only a port that holds one message can be overwritten; "
		     "add '--capacity 1'", port);
	if (policy->buffering == MAILBOX_BUFFERING_RENDEZVOUS &&
	    (policy->capacity_bytes ||
	     policy->on_full == MAILBOX_FULL_DROP_OLDEST))
		fail("%s: a rendezvous port queues nothing; it has no "
		     "--capacity-bytes, and --on-full is block or drop-newest",
		     port);
	fail_op(port, err, op);
}
