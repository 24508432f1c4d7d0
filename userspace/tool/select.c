// SPDX-License-Identifier: GPL-2.0-only
/* The options that say which messages to receive. */
#include "tool.h"

enum {
	KEY_NOT_TYPE = KEY_FIRST + 220,
	KEY_AT_MOST,
	KEY_FROM,
};

const struct option_text select_options[] = {
	{ "type", 't', "TYPE", "only messages of this type" },
	{ "not-type", KEY_NOT_TYPE, "TYPE", "only messages of other types" },
	{ "at-most", KEY_AT_MOST, "TYPE",
	  "messages of the lowest type that is TYPE or less" },
	{ "from", KEY_FROM, "PID", "only messages that this process sent" },
	{ 0 },
};

static void set_select(struct mailbox_receive_attr *attr, struct args *args,
		       uint32_t select, uint64_t match)
{
	if (attr->select != MAILBOX_SELECT_ANY)
		usage_error(args->verb->name, "only one of --type, --not-type, "
			    "--at-most and --from can be given");
	attr->select = select;
	attr->match = match;
}

bool select_option(struct mailbox_receive_attr *attr, struct args *args,
		   int key)
{
	switch (key) {
	case 't':
		set_select(attr, args, MAILBOX_SELECT_TYPE,
			   value_number(args, 0, UINT64_MAX));
		return true;
	case KEY_NOT_TYPE:
		set_select(attr, args, MAILBOX_SELECT_TYPE_NOT,
			   value_number(args, 0, UINT64_MAX));
		return true;
	case KEY_AT_MOST:
		set_select(attr, args, MAILBOX_SELECT_TYPE_AT_MOST,
			   value_number(args, 0, UINT64_MAX));
		return true;
	case KEY_FROM:
		set_select(attr, args, MAILBOX_SELECT_SENDER, value_pid(args));
		return true;
	}
	return false;
}
