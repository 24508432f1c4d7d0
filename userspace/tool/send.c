// SPDX-License-Identifier: GPL-2.0-only
/* send: send messages, from arguments or from stdin. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

enum {
	KEY_WHOLE = KEY_FIRST,
	KEY_CHUNK,
	KEY_INBOX,
};

static const struct option_text options[] = {
	{ "type", 't', "TYPE", "a number to select by (default 0)" },
	{ "priority", 'p', "N", "0 to 32767; higher is received first" },
	{ "timeout", 'w', "DURATION",
	  "give up if a message has to wait longer (500ms, 2s, 1m)" },
	{ "non-blocking", 'N', NULL, "fail rather than wait" },
	{ "sync", 's', NULL,
	  "wait until a message has been taken, and print who took it" },
	{ "whole", KEY_WHOLE, NULL, "all of stdin is one message" },
	{ "chunk", KEY_CHUNK, "SIZE",
	  "stdin is cut into messages of SIZE bytes; the last may be shorter" },
	{ "batch", 'b', "N", "send N messages in one system call" },
	{ "inbox", KEY_INBOX, "PID",
	  "to the inbox of this process instead of a PORT" },
	{ "json", 'j', NULL, "print a line of JSON for each message" },
	{ 0 },
};

struct sending {
	struct mailbox *mb;
	const char *port;
	struct mailbox_send_attr attr;	/* without deadline */
	struct opening opening;
	bool json;
	uint64_t count;		/* messages sent */
	/* Those that wait until there are batch_max; NULL if none do. */
	struct mailbox_send_entry *batch;
	size_t batch_max;
	size_t batch_count;
};

static void print_sent(const struct sending *sending,
		       const struct mailbox_send_attr *attr, size_t len)
{
	struct json_object *object, *taken;

	if (!sending->json) {
		if (!(attr->flags & MAILBOX_SEND_SYNC))
			return;
		printf("message %ju: %ju bytes taken by process %u, thread %u\n",
		       (uintmax_t)attr->seq, (uintmax_t)attr->taken_bytes,
		       attr->taken_pid, attr->taken_tid);
		if (output_finish())
			exit(EXIT_FAILED);
		return;
	}

	object = json_object_new_object();
	json_add_u64(object, "seq", attr->seq);
	json_add_u64(object, "len", len);
	json_object_object_add(object, "dropped",
			       json_object_new_boolean(!attr->seq));
	if (attr->flags & MAILBOX_SEND_SYNC) {
		taken = json_object_new_object();
		json_add_u64(taken, "bytes", attr->taken_bytes);
		json_add_u64(taken, "pid", attr->taken_pid);
		json_add_u64(taken, "tid", attr->taken_tid);
		json_object_object_add(object, "taken", taken);
	}
	if (output_json(object) < 0)
		fail("message %ju was sent, but that could not be printed: %s",
		     (uintmax_t)attr->seq, strerror(errno));
}

/* Which message it is that failed matters only if others were sent. */
static void fail_send(const struct sending *sending, size_t len)
{
	struct mailbox_port_status status;
	int err = errno;

	if (sending->count)
		complain("%s: the first %ju messages were sent, the next was not",
			 sending->port, (uintmax_t)sending->count);
	if (err == EINTR)
		fail("%s: interrupted; the message was not sent",
		     sending->port);
	if (err == EMSGSIZE &&
	    mailbox_port_stat_sends(sending->mb, &status) == 0)
		complain("%s: this message has %zu bytes, the port takes %ju",
			 sending->port, len,
			 (uintmax_t)status.message_bytes_max);
	fail_op(sending->port, err, MAILBOX_OP_SEND);
}

static uint64_t deadline_ns(const struct sending *sending)
{
	return timeout_deadline_ns(&sending->opening.timeout);
}

/* Sends what waits. Each call takes as many as it can, from where it is. */
static void send_batch(struct sending *sending)
{
	struct mailbox_send_batch_attr attr = {
		.flags = sending->attr.flags,
		.deadline_ns = deadline_ns(sending),
	};
	size_t done = 0, at;
	ssize_t n;

	while (done < sending->batch_count) {
		n = mailbox_send_batch(sending->mb, sending->batch + done,
				       sending->batch_count - done, &attr);
		for (at = done; n > 0 && at < done + (size_t)n; at++) {
			struct mailbox_send_attr sent = {
				.seq = sending->batch[at].seq,
			};

			sending->count++;
			print_sent(sending, &sent, sending->batch[at].len);
		}
		if (n > 0) {
			done += (size_t)n;
			errno = (int)attr.error;
		}
		if ((n < 0 || attr.error) && (errno != EINTR || stop_signals))
			fail_send(sending, sending->batch[done].len);
	}

	for (at = 0; at < sending->batch_count; at++)
		free((void *)(uintptr_t)sending->batch[at].data);
	sending->batch_count = 0;
}

static void add_to_batch(struct sending *sending, const void *data, size_t len)
{
	struct mailbox_send_entry *entry =
		&sending->batch[sending->batch_count++];
	void *copy = malloc(len + 1);

	if (!copy)
		fail_op(NULL, ENOMEM, MAILBOX_OP_SEND);
	memcpy(copy, data, len);
	*entry = (struct mailbox_send_entry) {
		.data = (uintptr_t)copy,
		.len = len,
		.type = sending->attr.type,
		.priority = sending->attr.priority,
	};
	if (sending->batch_count == sending->batch_max)
		send_batch(sending);
}

static void send_one(void *data, const void *message, size_t len)
{
	struct sending *sending = data;
	struct mailbox_send_attr attr = sending->attr;

	if (sending->batch) {
		add_to_batch(sending, message, len);
		return;
	}

	attr.deadline_ns = deadline_ns(sending);
	while (mailbox_message_send(sending->mb, message, len, &attr) < 0) {
		if (errno != EINTR || stop_signals)
			fail_send(sending, len);
	}
	sending->count++;
	print_sent(sending, &attr, len);
}

static void fail_read(struct sending *sending)
{
	int err = errno;

	/* What was read before is sent, with a batch as without. */
	send_batch(sending);
	fail("cannot read stdin: %s; %ju messages were sent", input_error(err),
	     (uintmax_t)sending->count);
}

static size_t read_full(struct sending *sending, char *buf, size_t size)
{
	ssize_t len = input_full(buf, size);

	if (len < 0)
		fail_read(sending);
	return (size_t)len;
}

static void send_chunks(struct sending *sending, size_t size)
{
	char *buf = malloc(size);
	size_t len;

	if (!buf)
		fail_op(NULL, ENOMEM, MAILBOX_OP_SEND);
	while ((len = read_full(sending, buf, size)) > 0)
		send_one(sending, buf, len);
	free(buf);
}

static void send_whole(struct sending *sending)
{
	struct mailbox_port_status status;
	size_t limit, len;
	char *buf;

	if (mailbox_port_stat_sends(sending->mb, &status) < 0)
		fail_op(sending->port, errno, MAILBOX_OP_SEND);

	/* One byte more shows that there is too much. */
	limit = status.message_bytes_max;
	buf = malloc(limit + 1);
	if (!buf)
		fail_op(NULL, ENOMEM, MAILBOX_OP_SEND);
	len = read_full(sending, buf, limit + 1);
	if (len > limit)
		fail("%s: stdin has more than the %zu bytes that a message of "
		     "this port may have, and nothing was sent; send it with "
		     "'--chunk %zu', or raise the limit with 'mailbox set "
		     "--message-size'", sending->port, limit, limit);
	send_one(sending, buf, len);
	free(buf);
}

static void open_batch(struct sending *sending)
{
	sending->batch = calloc(sending->batch_max, sizeof(*sending->batch));
	if (!sending->batch)
		fail_op(NULL, ENOMEM, MAILBOX_OP_SEND);
}

static struct mailbox *open_inbox(uint32_t pid)
{
	struct mailbox *mb = mailbox_inbox_link((pid_t)pid, 0, NULL);

	if (!mb)
		fail("process %u: %s", pid,
		     mailbox_strerror(errno, MAILBOX_OP_LINK));
	return mb;
}

static void check(const struct sending *sending, const struct args *args,
		  uint32_t inbox, bool cut)
{
	bool waits = sending->attr.flags & MAILBOX_SEND_SYNC;

	if (cut && args->argc > 0)
		usage_error("send", "--whole and --chunk send stdin, not "
			    "'%s'", args->argv[0]);
	if (sending->attr.flags & MAILBOX_SEND_NONBLOCK &&
	    (sending->opening.timeout.given || waits))
		usage_error("send", "--non-blocking excludes --timeout and "
			    "--sync, which wait");
	if (sending->batch_max && waits)
		usage_error("send", "--sync waits for each message, and "
			    "excludes --batch");
	if (inbox && sending->opening.flags)
		usage_error("send", "an inbox is there as long as its process, "
			    "so --inbox excludes --wait and --peer");
	if (!strcmp(sending->port, "-") && (sending->json || waits))
		usage_error("send", "what --json and --sync print would go to "
			    "the port that stdout is");
}

static int run(struct args *args)
{
	struct sending sending = { 0 };
	uint32_t inbox = 0;
	uint64_t chunk = 0;
	bool whole = false;
	int key, i;

	while ((key = args_next(args)) != -1) {
		if (open_option(&sending.opening, key))
			continue;
		switch (key) {
		case 't':
			sending.attr.type = value_number(args, 0, UINT64_MAX);
			break;
		case 'p':
			sending.attr.priority = (uint32_t)value_number(args, 0,
							MAILBOX_PRIORITY_MAX);
			break;
		case 'w':
			timeout_set(&sending.opening.timeout, args);
			break;
		case 'N':
			sending.attr.flags |= MAILBOX_SEND_NONBLOCK;
			break;
		case 's':
			sending.attr.flags |= MAILBOX_SEND_SYNC;
			break;
		case KEY_WHOLE:
			whole = true;
			break;
		case KEY_CHUNK:
			chunk = value_bytes(args);
			if (!chunk || chunk > MAILBOX_MESSAGE_BYTES_MAX)
				usage_error("send", "a chunk has 1 to %u bytes",
					    MAILBOX_MESSAGE_BYTES_MAX);
			break;
		case 'b':
			sending.batch_max = value_number(args, 1,
							 MAILBOX_BATCH_MAX);
			break;
		case KEY_INBOX:
			inbox = value_pid(args);
			break;
		case 'j':
			sending.json = true;
			break;
		}
	}
	if (whole && chunk)
		usage_error("send", "--whole and --chunk exclude each other");
	sending.port = "inbox";
	if (!inbox) {
		args_some(args, "port");
		sending.port = *args->argv++;
		args->argc--;
	}
	check(&sending, args, inbox, whole || chunk);

	stop_on_signals();
	sending.mb = inbox ? open_inbox(inbox) :
		     port_open(sending.port, &sending.opening,
			       MAILBOX_OPEN_SEND);
	if (sending.batch_max)
		open_batch(&sending);

	if (whole)
		send_whole(&sending);
	else if (chunk)
		send_chunks(&sending, chunk);
	else if (!args->argc && input_lines(send_one, &sending) < 0)
		fail_read(&sending);
	for (i = 0; i < args->argc; i++)
		send_one(&sending, args->argv[i], strlen(args->argv[i]));
	send_batch(&sending);

	free(sending.batch);
	mailbox_close(sending.mb);
	return output_finish();
}

const struct verb verb_send = {
	.name = "send",
	.args = "PORT | --inbox PID [MESSAGE...]",
	.summary = "send messages",
	.text =
"Each MESSAGE is sent as one. Without any, each line of stdin is a message,\n"
"without its newline; with --whole and --chunk every byte of stdin is sent.\n"
"Exit status 0 means that all of them are queued, or, with --sync, taken.\n"
"PORT '-' is the port that stdout is bound to. --timeout is also for --wait and\n"
"--peer.\n"
"\n"
"  mailbox send jobs 'first' 'second'\n"
"  mailbox send --type 7 --priority 10 --timeout 2s jobs urgent\n"
"  mailbox send --whole jobs < picture.png\n",
	.options = { options, open_options },
	.run = run,
};
