// SPDX-License-Identifier: GPL-2.0-only
/* info: what the module offers, and what is used of it. */
#include <errno.h>
#include <string.h>

#include "tool.h"

static const struct option_text options[] = {
	{ "json", 'j', NULL, "as JSON" },
	{ 0 },
};

static const struct {
	uint64_t bit;
	const char *name;
} features[] = {
	{ MAILBOX_FEATURE_SYNC, "sync" },
	{ MAILBOX_FEATURE_SELECT, "select" },
	{ MAILBOX_FEATURE_HANGUP, "hang-up" },
	{ MAILBOX_FEATURE_PAIR, "pair" },
	{ MAILBOX_FEATURE_LINK, "link" },
	{ MAILBOX_FEATURE_SLOT, "slot" },
	{ MAILBOX_FEATURE_ALLOW, "allow" },
	{ MAILBOX_FEATURE_CALL, "call" },
	{ MAILBOX_FEATURE_LEASE, "lease" },
	{ MAILBOX_FEATURE_DROP, "drop" },
	{ MAILBOX_FEATURE_BROADCAST, "broadcast" },
	{ MAILBOX_FEATURE_BATCH, "batch" },
	{ MAILBOX_FEATURE_WAIT, "wait" },
};

static struct json_object *info_json(const struct mailbox_info *info)
{
	struct json_object *object = json_object_new_object();
	struct json_object *names = json_object_new_array();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(features); i++)
		if (info->features & features[i].bit)
			json_object_array_add(names,
				json_object_new_string(features[i].name));

	json_add_u64(object, "version", info->version);
	json_object_object_add(object, "features", names);
	json_add_u64(object, "capacity_default", info->capacity_default);
	json_add_u64(object, "capacity_max", info->capacity_max);
	json_add_u64(object, "message_bytes_default",
		     info->message_bytes_default);
	json_add_u64(object, "message_bytes_max", info->message_bytes_max);
	json_add_u64(object, "message_overhead", MAILBOX_MESSAGE_OVERHEAD);
	json_add_u64(object, "ports", info->ports);
	json_add_u64(object, "ports_max", info->ports_max);
	json_add_u64(object, "user_ports", info->user_ports);
	json_add_u64(object, "user_ports_max", info->user_ports_max);
	json_add_u64(object, "user_bytes", info->user_bytes);
	json_add_u64(object, "user_bytes_max", info->user_bytes_max);
	return object;
}

static void info_print(const struct mailbox_info *info)
{
	size_t i;

	printf("ABI version:        %u\nfeatures:          ", info->version);
	for (i = 0; i < ARRAY_SIZE(features); i++)
		if (info->features & features[i].bit)
			printf(" %s", features[i].name);
	printf("\ncapacity:           %ju messages by default, at most %ju\n"
	       "message size:       %ju bytes by default, at most %ju\n"
	       "ports:              %ju, at most %ju\n"
	       "ports of this user: %ju, at most %ju\n"
	       "bytes of this user: %ju, at most %ju (each message counts %d more)\n",
	       (uintmax_t)info->capacity_default,
	       (uintmax_t)info->capacity_max,
	       (uintmax_t)info->message_bytes_default,
	       (uintmax_t)info->message_bytes_max,
	       (uintmax_t)info->ports, (uintmax_t)info->ports_max,
	       (uintmax_t)info->user_ports, (uintmax_t)info->user_ports_max,
	       (uintmax_t)info->user_bytes, (uintmax_t)info->user_bytes_max,
	       MAILBOX_MESSAGE_OVERHEAD);
}

static int run(struct args *args)
{
	struct mailbox_info info;
	bool json = false;

	while (args_next(args) != -1)
		json = true;
	args_none(args);

	if (mailbox_info_get(NULL, &info) < 0)
		fail_op(NULL, errno, MAILBOX_OP_ANY);
	if (!json)
		info_print(&info);
	else if (output_json(info_json(&info)) < 0)
		fail("cannot write the output: %s", strerror(errno));
	return output_finish();
}

const struct verb verb_info = {
	.name = "info",
	.summary = "show the limits of the module, and what is used of them",
	.options = { options },
	.run = run,
};
