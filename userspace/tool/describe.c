// SPDX-License-Identifier: GPL-2.0-only
/* Ports, their users and their sleepers, as text and as JSON. */
#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "tool.h"

static const char *const buffering_names[] = {
	[MAILBOX_BUFFERING_BOUNDED] = "bounded",
	[MAILBOX_BUFFERING_RENDEZVOUS] = "rendezvous",
	[MAILBOX_BUFFERING_UNBOUNDED] = "unbounded",
};

static const char *buffering_name(uint32_t buffering)
{
	return buffering < ARRAY_SIZE(buffering_names) ?
		buffering_names[buffering] : "unknown";
}

const char *status_capacity(const struct mailbox_port_status *status,
			    char buf[16])
{
	if (status->buffering != MAILBOX_BUFFERING_BOUNDED)
		return buffering_name(status->buffering);
	snprintf(buf, 16, "%u", status->capacity);
	return buf;
}

static const struct {
	uint32_t flag;
	const char *key;	/* in JSON */
	char letter;		/* in a list */
	const char *text;
} kinds[] = {
	{ MAILBOX_CREATE_PERSIST, "persistent", 'p', "persistent" },
	{ MAILBOX_CREATE_HANGUP, "hang_up", 'h', "hangs up" },
	{ MAILBOX_CREATE_SLOT, "slot", 's', "mail slot" },
	{ MAILBOX_CREATE_BROADCAST, "broadcast", 'b', "broadcasts" },
	{ MAILBOX_PORT_PAIR, "pair", 0, "of a pair" },
	{ MAILBOX_PORT_LINK, "link", 0, "of a link" },
};

const char *status_letters(const struct mailbox_port_status *status,
			   char buf[8])
{
	size_t i, at = 0;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i].letter)
			buf[at++] = status->flags & kinds[i].flag ?
				    kinds[i].letter : '-';
	buf[at] = '\0';
	return buf;
}

void status_print_kinds(const struct mailbox_port_status *status)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (status->flags & kinds[i].flag)
			printf(", %s", kinds[i].text);
}

struct json_object *status_json(const struct mailbox_port_status *status)
{
	struct json_object *object = json_object_new_object();
	char buf[TEXT_NAME_SIZE];
	char mode[8];
	size_t i;

	snprintf(mode, sizeof(mode), "%04o", status->mode & 07777);
	json_add_name(object, status->name);
	json_add_u64(object, "id", status->id);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		json_object_object_add(object, kinds[i].key,
			json_object_new_boolean(!!(status->flags &
						   kinds[i].flag)));
	json_add_string(object, "mode", mode);
	json_add_u64(object, "uid", status->uid);
	json_add_u64(object, "gid", status->gid);
	json_add_string(object, "buffering", buffering_name(status->buffering));
	json_add_u64(object, "capacity", status->capacity);
	json_add_u64(object, "capacity_bytes", status->capacity_bytes);
	json_add_u64(object, "message_bytes_max", status->message_bytes_max);
	json_add_u64(object, "messages", status->messages);
	json_add_u64(object, "bytes", status->bytes);
	json_add_u64(object, "senders", status->senders);
	json_add_u64(object, "receivers", status->receivers);
	json_add_u64(object, "senders_waiting", status->senders_waiting);
	json_add_u64(object, "receivers_waiting", status->receivers_waiting);
	json_add_u64(object, "sent", status->sent);
	json_add_u64(object, "received", status->received);
	json_add_string(object, "on_full", on_full_name(status->on_full));
	json_add_u64(object, "dropped", status->dropped);
	json_add_u64(object, "leased", status->leased);
	json_add_u64(object, "max_deliveries", status->max_deliveries);
	json_add_string(object, "dead_letter",
			text_name(status->dead_letter, buf, 0));
	json_add_u64(object, "dead_lettered", status->dead_lettered);
	json_add_u64(object, "requests", status->requests);
	json_add_u64(object, "allowed", status->allowed);
	if (status->flags & MAILBOX_PORT_LINK) {
		json_add_u64(object, "link_pid", status->link_pid);
		json_add_u64(object, "link_peer", status->link_peer);
	}
	return object;
}

void json_add_waiters(struct json_object *object,
		      const struct mailbox_waiter *waiters, size_t count)
{
	struct json_object *array = json_object_new_array();
	struct json_object *waiter;
	size_t i;

	for (i = 0; i < count; i++) {
		waiter = json_object_new_object();
		json_add_string(waiter, "direction",
				waiters[i].direction == MAILBOX_WAITER_SENDER ?
				"send" : "receive");
		json_add_u64(waiter, "pid", waiters[i].pid);
		json_add_u64(waiter, "tid", waiters[i].tid);
		json_object_array_add(array, waiter);
	}
	json_object_object_add(object, "waiters", array);
}

const char *user_name(uint32_t uid, char buf[32])
{
	const struct passwd *entry = getpwuid(uid);

	if (entry)
		snprintf(buf, 32, "%s", entry->pw_name);
	else
		snprintf(buf, 32, "%u", uid);
	return buf;
}

const char *group_name(uint32_t gid, char buf[32])
{
	const struct group *entry = getgrgid(gid);

	if (entry)
		snprintf(buf, 32, "%s", entry->gr_name);
	else
		snprintf(buf, 32, "%u", gid);
	return buf;
}

const char *process_name(uint32_t pid, char buf[32])
{
	char path[32];
	FILE *file;
	char *p;

	buf[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return buf;
	if (!fgets(buf, 32, file))
		buf[0] = '\0';
	fclose(file);

	buf[strcspn(buf, "\n")] = '\0';
	/* A process may call itself anything; a terminal shall not obey it. */
	for (p = buf; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	return buf;
}
