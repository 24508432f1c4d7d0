// SPDX-License-Identifier: GPL-2.0-only
/* recv: receive messages and write them to stdout. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

enum {
	KEY_TRUNCATE = KEY_FIRST,
	KEY_DRAIN,
	KEY_LEASE,
	KEY_INBOX,
};

static const struct option_text options[] = {
	{ "count", 'n', "N", "receive N messages (default 1)" },
	{ "follow", 'f', NULL, "receive until the senders hang up" },
	{ "drain", KEY_DRAIN, NULL, "receive what there is, without waiting" },
	{ "timeout", 'w', "DURATION",
	  "give up if a message does not come for so long (500ms, 2s, 1m)" },
	{ "non-blocking", 'N', NULL, "fail rather than wait" },
	{ "peek", 'p', NULL, "leave the message queued" },
	{ "truncate", KEY_TRUNCATE, "SIZE",
	  "drop what a message has beyond SIZE bytes" },
	{ "lease", KEY_LEASE, NULL,
	  "a message is done with when it has been written; if that fails it "
	  "goes back to its place" },
	{ "batch", 'b', "N", "receive up to N messages in one system call" },
	{ "inbox", KEY_INBOX, NULL,
	  "from the inbox of this process instead of a PORT" },
	{ 0 },
};

/* Room for a message in a batch; a longer one is received by itself. */
#define BATCH_ROOM	65536U

struct receiving {
	struct mailbox *mb;
	const char *port;
	struct mailbox_receive_attr attr;	/* without deadline */
	struct opening opening;
	bool inbox;
	bool follow;
	bool drain;
	enum format format;
	void *buf;
	size_t size;
	struct mailbox_receive_entry *batch;
	size_t batch_max;	/* 0: one by one */
	size_t behind;		/* how many of the batch come after this one */
};

static ssize_t receive_next(struct receiving *receiving,
			    struct mailbox_receive_attr *attr)
{
	if (attr->flags & MAILBOX_RECEIVE_TRUNC)
		return mailbox_message_receive(receiving->mb, receiving->buf,
					       receiving->size, attr);
	return mailbox_message_receive_alloc(receiving->mb, &receiving->buf,
					     &receiving->size, attr);
}

/* False if it is time for a good end; does not return at a bad one. */
static bool go_on(const struct receiving *receiving)
{
	bool stop = stop_wanted();

	if (stop && !receiving->follow && !receiving->drain)
		fail("%s: %s; no message was taken", receiving->port,
		     stop_output_gone ? "nobody reads the output" :
					"interrupted");
	return !stop;
}

/* Whether the call that failed means a good end; does not return otherwise. */
static void expect_end(const struct receiving *receiving)
{
	if (receiving->follow && errno == EPIPE)
		return;
	if (receiving->drain && (errno == EAGAIN || errno == EPIPE))
		return;
	fail_op(receiving->port, errno, MAILBOX_OP_RECEIVE);
}

static void fail_write(const struct receiving *receiving,
		       const struct mailbox_receive_attr *attr)
{
	int err = errno;

	if (attr->flags & (MAILBOX_RECEIVE_PEEK | MAILBOX_RECEIVE_LEASE))
		fail("%s: cannot write message %ju, which %s: %s",
		     receiving->port, (uintmax_t)attr->seq,
		     attr->flags & MAILBOX_RECEIVE_PEEK ? "is still queued" :
							  "goes back",
		     strerror(err));
	if (receiving->behind)
		complain("%s: %zu messages after message %ju are LOST as well",
			 receiving->port, receiving->behind,
			 (uintmax_t)attr->seq);
	fail("%s: message %ju (type %ju, priority %u, %ju bytes, from process "
	     "%u) was taken, but could not be written, and is LOST: %s",
	     receiving->port, (uintmax_t)attr->seq, (uintmax_t)attr->type,
	     attr->priority, (uintmax_t)attr->len, attr->pid, strerror(err));
}

/* Its caller is not to sleep for an answer that recv does not give. */
static void refuse(struct receiving *receiving,
		   const struct mailbox_receive_attr *attr)
{
	struct mailbox *inbox;

	complain("%s: message %ju is a call of process %u, and will not be "
		 "answered; 'mailbox serve' answers calls", receiving->port,
		 (uintmax_t)attr->seq, attr->pid);
	if (!receiving->inbox) {
		if (port_refuse(&receiving->mb) < 0)
			fail_op(receiving->port, errno, MAILBOX_OP_OPEN);
		return;
	}
	inbox = mailbox_inbox_open(0, NULL);
	if (!inbox)
		fail_op(receiving->port, errno, MAILBOX_OP_LINK);
	mailbox_close(receiving->mb);
	receiving->mb = inbox;
}

/* A message has been received: shows it, and is done with it then. */
static void put(struct receiving *receiving, const void *data, size_t len,
		const struct mailbox_receive_attr *attr)
{
	if (message_write(receiving->format, data, len, attr) < 0)
		fail_write(receiving, attr);
	if (attr->kind == MAILBOX_MESSAGE_REQUEST) {
		if (attr->token)
			refuse(receiving, attr);
		return;
	}
	if (attr->token && mailbox_ack(receiving->mb, attr->token) < 0)
		fail_op(receiving->port, errno, MAILBOX_OP_SETTLE);
}

/* How many there were: 0 if this is a good end; does not return at a bad one. */
static size_t receive_one(struct receiving *receiving)
{
	struct mailbox_receive_attr attr = receiving->attr;
	ssize_t len;

	attr.deadline_ns = timeout_deadline_ns(&receiving->opening.timeout);
	do {
		if (!go_on(receiving))
			return 0;
		len = receive_next(receiving, &attr);
	} while (len < 0 && errno == EINTR);

	if (len < 0) {
		expect_end(receiving);
		return 0;
	}
	put(receiving, receiving->buf, (size_t)len, &attr);
	return 1;
}

/* A request ends a batch: refusing it gives back what is leased as well. */
static size_t put_batch(struct receiving *receiving, size_t count)
{
	struct mailbox_receive_attr request = { 0 };
	size_t i;

	for (i = 0; i < count; i++) {
		const struct mailbox_receive_entry *entry = &receiving->batch[i];
		struct mailbox_receive_attr attr = {
			.flags = receiving->attr.flags,
			.len = entry->len,
			.type = entry->type,
			.seq = entry->seq,
			.time_ns = entry->time_ns,
			.priority = entry->priority,
			.pid = entry->pid,
			.tid = entry->tid,
			.uid = entry->uid,
			.gid = entry->gid,
			.kind = entry->kind,
			.deliveries = entry->deliveries,
			.token = entry->token,
		};

		receiving->behind = count - i - 1;
		if (attr.kind == MAILBOX_MESSAGE_REQUEST) {
			request = attr;
			attr.token = 0;
		}
		put(receiving, (const void *)(uintptr_t)entry->data,
		    entry->len, &attr);
	}
	if (request.kind)
		refuse(receiving, &request);
	return count;
}

static size_t receive_batch(struct receiving *receiving, uint64_t most)
{
	struct mailbox_receive_batch_attr attr = {
		.flags = receiving->attr.flags,
		.select = receiving->attr.select,
		.match = receiving->attr.match,
	};
	size_t room = receiving->batch_max < most ? receiving->batch_max : most;
	size_t i;
	ssize_t n;

	attr.deadline_ns = timeout_deadline_ns(&receiving->opening.timeout);
	for (i = 0; i < room; i++)
		receiving->batch[i] = (struct mailbox_receive_entry) {
			.data = (uintptr_t)receiving->buf + i * BATCH_ROOM,
			.size = BATCH_ROOM,
		};
	do {
		if (!go_on(receiving))
			return 0;
		n = mailbox_receive_batch(receiving->mb, receiving->batch, room,
					  &attr);
	} while (n < 0 && errno == EINTR);

	if (n > 0)
		return put_batch(receiving, (size_t)n);
	if (errno == EMSGSIZE) {
		struct receiving single = *receiving;

		single.buf = NULL;
		single.size = 0;
		room = receive_one(&single);
		free(single.buf);
		receiving->mb = single.mb;
		return room;
	}
	expect_end(receiving);
	return 0;
}

static void open_batch(struct receiving *receiving)
{
	receiving->batch = calloc(receiving->batch_max,
				  sizeof(*receiving->batch));
	receiving->buf = malloc(receiving->batch_max * BATCH_ROOM);
	if (!receiving->batch || !receiving->buf)
		fail_op(NULL, ENOMEM, MAILBOX_OP_RECEIVE);
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

static void check(const struct receiving *receiving, uint64_t count)
{
	uint32_t flags = receiving->attr.flags;

	if (!!count + receiving->follow + receiving->drain > 1)
		usage_error("recv",
			    "--count, --follow and --drain exclude each other");
	if (flags & MAILBOX_RECEIVE_PEEK &&
	    (count > 1 || receiving->follow || receiving->drain))
		usage_error("recv", "--peek shows the same message each time, "
			    "so it can only show one");
	if (flags & MAILBOX_RECEIVE_PEEK && flags & MAILBOX_RECEIVE_LEASE)
		usage_error("recv", "--peek takes nothing, and excludes --lease");
	if (flags & MAILBOX_RECEIVE_NONBLOCK && receiving->opening.timeout.given)
		usage_error("recv", "--timeout is for waiting, and excludes "
			    "--non-blocking and --drain");
	if (receiving->batch_max &&
	    flags & (MAILBOX_RECEIVE_PEEK | MAILBOX_RECEIVE_TRUNC))
		usage_error("recv", "--batch excludes --peek and --truncate");
	if (receiving->inbox && receiving->opening.flags)
		usage_error("recv", "an inbox is there as long as its process, "
			    "so --inbox excludes --wait and --peer");
}

static void open_source(struct receiving *receiving)
{
	if (!receiving->inbox) {
		receiving->mb = port_open(receiving->port, &receiving->opening,
					  MAILBOX_OPEN_RECEIVE);
		return;
	}
	receiving->mb = mailbox_inbox_open(0, NULL);
	if (!receiving->mb)
		fail_op(receiving->port, errno, MAILBOX_OP_LINK);
}

static int run(struct args *args)
{
	struct receiving receiving = { 0 };
	uint64_t count = 0;
	size_t n;
	int key;

	while ((key = args_next(args)) != -1) {
		if (select_option(&receiving.attr, args, key) ||
		    format_option(&receiving.format, args, key) ||
		    open_option(&receiving.opening, key))
			continue;
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
		case 'w':
			timeout_set(&receiving.opening.timeout, args);
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
		case KEY_LEASE:
			receiving.attr.flags |= MAILBOX_RECEIVE_LEASE;
			break;
		case 'b':
			receiving.batch_max = value_number(args, 1,
							   MAILBOX_BATCH_MAX);
			break;
		case KEY_INBOX:
			receiving.inbox = true;
			break;
		}
	}
	if (receiving.inbox)
		args_none(args);
	receiving.port = receiving.inbox ? "inbox" : args_one(args, "port");
	check(&receiving, count);

	stop_on_signals();
	stop_on_output_gone();
	open_source(&receiving);
	if (receiving.batch_max)
		open_batch(&receiving);

	if (receiving.follow || receiving.drain)
		count = UINT64_MAX;
	else if (!count)
		count = 1;
	for (n = 1; n && count; count -= n)
		n = receiving.batch ? receive_batch(&receiving, count) :
				      receive_one(&receiving);

	mailbox_close(receiving.mb);
	free(receiving.batch);
	free(receiving.buf);
	return 0;
}

const struct verb verb_recv = {
	.name = "recv",
	.args = "PORT | --inbox",
	.summary = "receive messages",
	.text =
"Waits for a message if there is none. Messages of any length are received\n"
"whole. A message is not taken while nobody could read the output, and if it\n"
"cannot be written an error tells which one it was. SIGINT ends --follow with\n"
"status 0; a port that is destroyed ends it with 1. At a port that broadcasts\n"
"--follow subscribes. PORT '-' is the port that stdin is bound to. --timeout is\n"
"also for --wait and --peer.\n"
"\n"
"  mailbox recv jobs\n"
"  mailbox recv --follow --json jobs | jq .text\n"
"  mailbox recv --raw jobs > picture.png\n",
	.options = { options, select_options, format_options, open_options },
	.run = run,
};
