// SPDX-License-Identifier: GPL-2.0-only
/* recv: receive messages and write them to stdout. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tool.h"

enum {
	KEY_NOT_TYPE = KEY_FIRST,
	KEY_AT_MOST,
	KEY_FROM,
	KEY_TRUNCATE,
	KEY_DRAIN,
};

static const struct option_text options[] = {
	{ "count", 'n', "N", "receive N messages (default 1)" },
	{ "follow", 'f', NULL, "receive until the senders hang up" },
	{ "drain", KEY_DRAIN, NULL, "receive what there is, without waiting" },
	{ "raw", 'r', NULL,
	  "write the bytes of the messages and nothing else (default: a newline "
	  "after each)" },
	{ "long", 'l', NULL,
	  "number, type, priority, process, user and length before each" },
	{ "json", 'j', NULL, "a line of JSON for each" },
	{ "type", 't', "TYPE", "only messages of this type" },
	{ "not-type", KEY_NOT_TYPE, "TYPE", "only messages of other types" },
	{ "at-most", KEY_AT_MOST, "TYPE",
	  "messages of the lowest type that is TYPE or less" },
	{ "from", KEY_FROM, "PID", "only messages that this process sent" },
	{ "timeout", 'w', "DURATION",
	  "give up if a message does not come for so long (500ms, 2s, 1m)" },
	{ "non-blocking", 'N', NULL, "fail rather than wait" },
	{ "peek", 'p', NULL, "leave the message queued" },
	{ "truncate", KEY_TRUNCATE, "SIZE",
	  "drop what a message has beyond SIZE bytes" },
	{ 0 },
};

enum format {
	FORMAT_LINE,
	FORMAT_RAW,
	FORMAT_LONG,
	FORMAT_JSON,
};

struct receiving {
	struct mailbox *mb;
	const char *port;
	struct mailbox_receive_attr attr;	/* without deadline */
	bool timed;
	uint64_t timeout_ns;
	bool follow;
	bool drain;
	enum format format;
	void *buf;
	size_t size;
};

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
	json_add_payload(object, data, len);
	return object;
}

static int put_message(enum format format, void *data, size_t len,
		       const struct mailbox_receive_attr *attr)
{
	char head[128] = "";
	struct iovec iov[3] = {
		{ head, 0 },
		{ data, len },
		{ "\n", format == FORMAT_RAW ? 0 : 1 },
	};

	if (format == FORMAT_JSON)
		return output_json(message_json(data, len, attr));
	if (format == FORMAT_LONG) {
		snprintf(head, sizeof(head), "seq=%ju type=%ju priority=%u "
			 "pid=%u uid=%u len=%ju: ", (uintmax_t)attr->seq,
			 (uintmax_t)attr->type, attr->priority, attr->pid,
			 attr->uid, (uintmax_t)attr->len);
		iov[0].iov_len = strlen(head);
	}
	return output_write(iov, 3);
}

static ssize_t receive_next(struct receiving *receiving,
			    struct mailbox_receive_attr *attr)
{
	if (attr->flags & MAILBOX_RECEIVE_TRUNC)
		return mailbox_message_receive(receiving->mb, receiving->buf,
					       receiving->size, attr);
	return mailbox_message_receive_alloc(receiving->mb, &receiving->buf,
					     &receiving->size, attr);
}

/* 1 if there was a message, 0 if this is a good end; does not return else. */
static int receive_one(struct receiving *receiving)
{
	struct mailbox_receive_attr attr = receiving->attr;
	ssize_t len;

	if (receiving->timed)
		attr.deadline_ns =
			mailbox_deadline_after(receiving->timeout_ns);
	do {
		bool stop = stop_wanted();

		if (stop && (receiving->follow || receiving->drain))
			return 0;
		if (stop)
			fail("%s: %s; no message was taken", receiving->port,
			     stop_output_gone ? "nobody reads the output" :
						"interrupted");
		len = receive_next(receiving, &attr);
	} while (len < 0 && errno == EINTR);

	if (len < 0) {
		if (receiving->follow && errno == EPIPE)
			return 0;
		if (receiving->drain && (errno == EAGAIN || errno == EPIPE))
			return 0;
		fail_op(receiving->port, errno, MAILBOX_OP_RECEIVE);
	}

	if (put_message(receiving->format, receiving->buf, (size_t)len,
			&attr) == 0)
		return 1;
	if (attr.flags & MAILBOX_RECEIVE_PEEK)
		fail("%s: cannot write message %ju, which is still queued: %s",
		     receiving->port, (uintmax_t)attr.seq, strerror(errno));
	fail("%s: message %ju (type %ju, priority %u, %ju bytes, from process "
	     "%u) was taken, but could not be written, and is LOST: %s",
	     receiving->port, (uintmax_t)attr.seq, (uintmax_t)attr.type,
	     attr.priority, (uintmax_t)attr.len, attr.pid, strerror(errno));
}

static void set_select(struct receiving *receiving, uint32_t select,
		       uint64_t match)
{
	if (receiving->attr.select != MAILBOX_SELECT_ANY)
		usage_error("recv", "only one of --type, --not-type, --at-most "
			    "and --from can be given");
	receiving->attr.select = select;
	receiving->attr.match = match;
}

static void set_format(struct receiving *receiving, enum format format)
{
	if (receiving->format != FORMAT_LINE && receiving->format != format)
		usage_error("recv",
			    "--raw, --long and --json exclude each other");
	receiving->format = format;
}

static void set_truncate(struct receiving *receiving, struct args *args)
{
	uint64_t size = value_bytes(args);

	/* There is no longer message. */
	if (size > MAILBOX_MESSAGE_BYTES_MAX)
		size = MAILBOX_MESSAGE_BYTES_MAX;
	free(receiving->buf);
	receiving->buf = malloc(size + 1);
	if (!receiving->buf)
		fail_op(NULL, ENOMEM, MAILBOX_OP_RECEIVE);
	receiving->size = size;
	receiving->attr.flags |= MAILBOX_RECEIVE_TRUNC;
}

static int run(struct args *args)
{
	struct receiving receiving = { 0 };
	uint64_t count = 0;
	int key;

	while ((key = args_next(args)) != -1) {
		switch (key) {
		case 'n':
			count = value_number(args, 1, UINT64_MAX);
			break;
		case 'f':
			receiving.follow = true;
			break;
		case KEY_DRAIN:
			receiving.drain = true;
			receiving.attr.flags |= MAILBOX_RECEIVE_NONBLOCK;
			break;
		case 'r':
			set_format(&receiving, FORMAT_RAW);
			break;
		case 'l':
			set_format(&receiving, FORMAT_LONG);
			break;
		case 'j':
			set_format(&receiving, FORMAT_JSON);
			break;
		case 't':
			set_select(&receiving, MAILBOX_SELECT_TYPE,
				   value_number(args, 0, UINT64_MAX));
			break;
		case KEY_NOT_TYPE:
			set_select(&receiving, MAILBOX_SELECT_TYPE_NOT,
				   value_number(args, 0, UINT64_MAX));
			break;
		case KEY_AT_MOST:
			set_select(&receiving, MAILBOX_SELECT_TYPE_AT_MOST,
				   value_number(args, 0, UINT64_MAX));
			break;
		case KEY_FROM:
			set_select(&receiving, MAILBOX_SELECT_SENDER,
				   value_number(args, 1, INT32_MAX));
			break;
		case 'w':
			receiving.timeout_ns = value_duration_ns(args);
			receiving.timed = true;
			break;
		case 'N':
			receiving.attr.flags |= MAILBOX_RECEIVE_NONBLOCK;
			break;
		case 'p':
			receiving.attr.flags |= MAILBOX_RECEIVE_PEEK;
			break;
		case KEY_TRUNCATE:
			set_truncate(&receiving, args);
			break;
		}
	}
	receiving.port = args_one(args, "port");
	if (!!count + receiving.follow + receiving.drain > 1)
		usage_error("recv",
			    "--count, --follow and --drain exclude each other");
	if (receiving.attr.flags & MAILBOX_RECEIVE_PEEK &&
	    (count > 1 || receiving.follow || receiving.drain))
		usage_error("recv", "--peek shows the same message each time, "
			    "so it can only show one");
	if (receiving.attr.flags & MAILBOX_RECEIVE_NONBLOCK && receiving.timed)
		usage_error("recv", "--timeout is for waiting, and excludes "
			    "--non-blocking and --drain");

	stop_on_signals();
	stop_on_output_gone();
	receiving.mb = mailbox_open(receiving.port, MAILBOX_OPEN_RECEIVE);
	if (!receiving.mb)
		fail_op(receiving.port, errno, MAILBOX_OP_OPEN);

	if (receiving.follow || receiving.drain)
		count = UINT64_MAX;
	else if (!count)
		count = 1;
	while (count-- && receive_one(&receiving))
		;

	mailbox_close(receiving.mb);
	free(receiving.buf);
	return 0;
}

const struct verb verb_recv = {
	.name = "recv",
	.args = "PORT",
	.summary = "receive messages",
	.text =
"Waits for a message if there is none. Messages of any length are received\n"
"whole. A message is not taken while nobody could read the output, and if it\n"
"cannot be written an error tells which one it was. SIGINT ends --follow with\n"
"status 0; a port that is destroyed ends it with 1.\n"
"\n"
"  mailbox recv jobs\n"
"  mailbox recv --follow --json jobs | jq .text\n"
"  mailbox recv --raw jobs > picture.png\n",
	.options = { options },
	.run = run,
};
