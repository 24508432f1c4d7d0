// SPDX-License-Identifier: GPL-2.0-only
/* wait: sleep until a port is in some state. */
#include <errno.h>
#include <string.h>

#include "tool.h"

enum {
	KEY_GONE = KEY_FIRST,
	KEY_MESSAGE,
	KEY_SENDER,
	KEY_RECEIVER,
	KEY_HANG_UP,
};

static const struct option_text options[] = {
	{ "message", KEY_MESSAGE, NULL, "a message is there" },
	{ "sender", KEY_SENDER, NULL, "somebody has it open who may send" },
	{ "receiver", KEY_RECEIVER, NULL,
	  "somebody has it open who may receive" },
	{ "hang-up", KEY_HANG_UP, NULL, "one of the sides has hung up" },
	{ "gone", KEY_GONE, NULL, "there is no port of this name" },
	{ "timeout", 'w', "DURATION", "give up after so long (500ms, 2s, 1m)" },
	{ "json", 'j', NULL, "tell the number of the port, and what holds" },
	{ 0 },
};

static const struct {
	int key;
	uint32_t event;
	const char *name;
} events[] = {
	{ 0, MAILBOX_EVENT_NAMED, "named" },
	{ KEY_GONE, MAILBOX_EVENT_GONE, "gone" },
	{ KEY_MESSAGE, MAILBOX_EVENT_MESSAGE, "message" },
	{ KEY_SENDER, MAILBOX_EVENT_SENDER, "sender" },
	{ KEY_RECEIVER, MAILBOX_EVENT_RECEIVER, "receiver" },
	{ KEY_HANG_UP, MAILBOX_EVENT_HANGUP, "hang-up" },
};

static struct json_object *wait_json(const struct mailbox_wait_attr *attr)
{
	struct json_object *object = json_object_new_object();
	struct json_object *names = json_object_new_array();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(events); i++)
		if (attr->happened & events[i].event)
			json_object_array_add(names,
				json_object_new_string(events[i].name));
	json_add_u64(object, "id", attr->id);
	json_object_object_add(object, "happened", names);
	return object;
}

static void print_happened(const struct mailbox_wait_attr *attr)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(events); i++)
		if (attr->happened & events[i].event)
			puts(events[i].name);
}

static int run(struct args *args)
{
	struct mailbox_wait_attr attr = { 0 };
	struct timeout timeout = { 0 };
	bool json = false;
	const char *port;
	int key, ret;
	size_t i;

	while ((key = args_next(args)) != -1) {
		for (i = 0; i < ARRAY_SIZE(events); i++)
			if (key == events[i].key)
				attr.events |= events[i].event;
		if (key == 'w')
			timeout_set(&timeout, args);
		else if (key == 'j')
			json = true;
	}
	port = args_one(args, "port");
	if (!attr.events)
		attr.events = MAILBOX_EVENT_NAMED;

	stop_on_signals();
	attr.deadline_ns = timeout_deadline_ns(&timeout);
	do {
		if (stop_signals)
			fail("%s: interrupted while it was waited for", port);
		ret = mailbox_port_wait(NULL, port, &attr);
	} while (ret < 0 && errno == EINTR);
	if (ret < 0)
		fail_op(port, errno, MAILBOX_OP_WAIT);

	if (json && output_json(wait_json(&attr)) < 0)
		fail("cannot write the output: %s", strerror(errno));
	/* Who waits for one thing knows what came. */
	else if (!json && attr.events & (attr.events - 1))
		print_happened(&attr);
	return output_finish();
}

const struct verb verb_wait = {
	.name = "wait",
	.args = "PORT",
	.summary = "wait for a port, or until it is in some state",
	.text =
"Without an option it waits until there is a port of this name. With more than\n"
"one it waits for any of them, and prints those that hold. It takes nothing,\n"
"and keeps no port alive.\n"
"\n"
"  mailbox wait --timeout 5s jobs && mailbox send jobs hello\n"
"  mailbox wait --message --gone jobs\n",
	.options = { options },
	.run = run,
};
