// SPDX-License-Identifier: GPL-2.0-only
/* Messages, as stdout shows them. */
#include <string.h>
#include <sys/uio.h>

#include "tool.h"

const struct option_text format_options[] = {
	{ "raw", 'r', NULL,
	  "write the bytes of the messages and nothing else (default: a newline "
	  "after each)" },
	{ "long", 'l', NULL,
	  "number, type, priority, process, user and length before each" },
	{ "json", 'j', NULL, "a line of JSON for each" },
	{ 0 },
};

static void set_format(enum format *format, struct args *args,
		       enum format given)
{
	if (*format != FORMAT_LINE && *format != given)
		usage_error(args->verb->name,
			    "--raw, --long and --json exclude each other");
	*format = given;
}

bool format_option(enum format *format, struct args *args, int key)
{
	switch (key) {
	case 'r':
		set_format(format, args, FORMAT_RAW);
		return true;
	case 'l':
		set_format(format, args, FORMAT_LONG);
		return true;
	case 'j':
		set_format(format, args, FORMAT_JSON);
		return true;
	}
	return false;
}

static struct json_object *message_json(const void *data, size_t len,
					const struct mailbox_receive_attr *attr)
{
	struct json_object *object = json_object_new_object();
	struct json_object *sender = json_object_new_object();

	json_add_u64(object, "seq", attr->seq);
	json_add_u64(object, "type", attr->type);
	json_add_u64(object, "priority", attr->priority);
	json_add_u64(object, "len", attr->len);
	json_add_u64(object, "time_ns", attr->time_ns);
	json_add_u64(sender, "pid", attr->pid);
	json_add_u64(sender, "tid", attr->tid);
	json_add_u64(sender, "uid", attr->uid);
	json_add_u64(sender, "gid", attr->gid);
	json_object_object_add(object, "sender", sender);
	json_object_object_add(object, "request", json_object_new_boolean(
			attr->kind == MAILBOX_MESSAGE_REQUEST));
	json_add_u64(object, "deliveries", attr->deliveries);
	json_add_payload(object, data, len);
	return object;
}

int message_write(enum format format, const void *data, size_t len,
		  const struct mailbox_receive_attr *attr)
{
	char head[160] = "", deliveries[32] = "";
	struct iovec iov[3] = {
		{ head, 0 },
		{ (void *)data, len },
		{ "\n", format == FORMAT_RAW ? 0 : 1 },
	};

	if (format == FORMAT_JSON)
		return output_json(message_json(data, len, attr));
	if (format == FORMAT_LONG) {
		if (attr->deliveries)
			snprintf(deliveries, sizeof(deliveries),
				 " deliveries=%u", attr->deliveries);
		snprintf(head, sizeof(head), "seq=%ju type=%ju priority=%u "
			 "pid=%u uid=%u%s%s len=%ju: ", (uintmax_t)attr->seq,
			 (uintmax_t)attr->type, attr->priority, attr->pid,
			 attr->uid, deliveries,
			 attr->kind == MAILBOX_MESSAGE_REQUEST ? " request" : "",
			 (uintmax_t)attr->len);
		iov[0].iov_len = strlen(head);
	}
	return output_write(iov, 3);
}
