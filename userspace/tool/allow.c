// SPDX-License-Identifier: GPL-2.0-only
/* allow: give or take rights to a port, or list who has some. */
#include <errno.h>
#include <string.h>

#include "tool.h"

enum {
	KEY_PROCESS = KEY_FIRST,
};

static const struct option_text options[] = {
	{ "user", 'u', "USER", "for the processes of this user" },
	{ "group", 'g', "GROUP", "for the processes that are in this group" },
	{ "process", KEY_PROCESS, "PID",
	  "for this process, and no other that gets its number" },
	{ "json", 'j', NULL, "list them as JSON" },
	{ 0 },
};

static const char *const kinds[] = {
	[MAILBOX_ALLOW_USER] = "user",
	[MAILBOX_ALLOW_GROUP] = "group",
	[MAILBOX_ALLOW_PROCESS] = "process",
};

static const struct {
	const char *name;
	uint32_t rights;
} rights[] = {
	{ "none", 0 },
	{ "r", MAILBOX_RIGHT_RECEIVE },
	{ "w", MAILBOX_RIGHT_SEND },
	{ "rw", MAILBOX_RIGHT_RECEIVE | MAILBOX_RIGHT_SEND },
};

static uint32_t read_rights(const char *text)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rights); i++)
		if (!strcmp(rights[i].name, text))
			return rights[i].rights;
	usage_error("allow", "'%s' is none of r, w, rw and none", text);
}

static const char *rights_name(uint32_t given)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rights); i++)
		if (rights[i].rights == given)
			return rights[i].name;
	return "?";
}

static const char *entry_name(const struct mailbox_allow *entry, char buf[32])
{
	switch (entry->kind) {
	case MAILBOX_ALLOW_USER:
		return user_name(entry->id, buf);
	case MAILBOX_ALLOW_GROUP:
		return group_name(entry->id, buf);
	}
	return process_name(entry->id, buf);
}

static void print_entry(const struct mailbox_allow *entry)
{
	char name[32];

	printf("%-8s %-10u %-4s %s\n", kinds[entry->kind], entry->id,
	       rights_name(entry->rights), entry_name(entry, name));
}

static struct json_object *entry_json(const struct mailbox_allow *entry)
{
	struct json_object *object = json_object_new_object();

	json_add_string(object, "kind", kinds[entry->kind]);
	json_add_u64(object, "id", entry->id);
	json_add_string(object, "rights", rights_name(entry->rights));
	return object;
}

static void list(const char *port, bool json)
{
	static struct mailbox_allow entries[MAILBOX_ALLOW_MAX];
	ssize_t count, i;

	count = mailbox_port_allowed(NULL, port, entries, ARRAY_SIZE(entries),
				     NULL);
	if (count < 0)
		fail_op(port, errno, MAILBOX_OP_STAT);
	for (i = 0; i < count; i++) {
		/* A kind that is newer than this program. */
		if (entries[i].kind >= ARRAY_SIZE(kinds) ||
		    !kinds[entries[i].kind])
			continue;
		if (!json)
			print_entry(&entries[i]);
		else if (output_json(entry_json(&entries[i])) < 0)
			fail("cannot write the output: %s", strerror(errno));
	}
}

static void set_entry(struct mailbox_allow *entry, uint32_t kind, uint32_t id)
{
	if (entry->kind)
		usage_error("allow", "only one of --user, --group and --process "
			    "can be given");
	entry->kind = kind;
	entry->id = id;
}

static int run(struct args *args)
{
	struct mailbox_allow entry = { 0 };
	const char *port;
	bool json = false;
	int key;

	while ((key = args_next(args)) != -1) {
		switch (key) {
		case 'u':
			set_entry(&entry, MAILBOX_ALLOW_USER, value_user(args));
			break;
		case 'g':
			set_entry(&entry, MAILBOX_ALLOW_GROUP,
				  value_group(args));
			break;
		case KEY_PROCESS:
			set_entry(&entry, MAILBOX_ALLOW_PROCESS,
				  value_pid(args));
			break;
		case 'j':
			json = true;
			break;
		}
	}
	args_some(args, "port");
	port = args->argv[0];
	if (!entry.kind && args->argc == 1) {
		list(port, json);
		return output_finish();
	}
	if (!entry.kind)
		usage_error("allow", "for whom? give --user, --group or "
			    "--process");
	if (args->argc != 2)
		usage_error("allow", "one of r, w, rw and none comes after the "
			    "port");
	if (json)
		usage_error("allow", "--json is for the list");

	entry.rights = read_rights(args->argv[1]);
	if (mailbox_port_allow(NULL, port, &entry) < 0)
		fail_op(port, errno, MAILBOX_OP_ALLOW);
	return 0;
}

const struct verb verb_allow = {
	.name = "allow",
	.args = "PORT [r|w|rw|none]",
	.summary = "give rights to a port, take them back, or list who has some",
	.text =
"The list is added to what the mode of the port gives: r receives, w sends.\n"
"With 'none' an entry goes off the list, and who had the port open by virtue of\n"
"it, or of more than is left, is cut off at once. Without a right the list is\n"
"shown: kind, number, rights, name.\n"
"\n"
"  mailbox allow --user alice jobs w\n"
"  mailbox allow --user alice jobs none\n"
"  mailbox allow jobs\n",
	.options = { options },
	.run = run,
};
