// SPDX-License-Identifier: GPL-2.0-only
/* send: send messages, from arguments or from stdin. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

enum {
	KEY_WHOLE = KEY_FIRST,
	KEY_CHUNK,
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
	{ "json", 'j', NULL, "print a line of JSON for each message" },
	{ 0 },
};

struct sending {
	struct mailbox *mb;
	const char *port;
	struct mailbox_send_attr attr;	/* without deadline */
	bool timed;
	uint64_t timeout_ns;
	bool json;
	uint64_t count;		/* messages sent */
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
	    mailbox_port_stat(sending->mb, NULL, &status) == 0)
		complain("%s: this message has %zu bytes, the port takes %ju",
			 sending->port, len,
			 (uintmax_t)status.message_bytes_max);
	fail_op(sending->port, err, MAILBOX_OP_SEND);
}

static void send_one(struct sending *sending, const void *data, size_t len)
{
	struct mailbox_send_attr attr = sending->attr;

	if (sending->timed)
		attr.deadline_ns = mailbox_deadline_after(sending->timeout_ns);

	while (mailbox_message_send(sending->mb, data, len, &attr) < 0) {
		if (errno != EINTR || stop_signals)
			fail_send(sending, len);
	}
	sending->count++;
	print_sent(sending, &attr, len);
}

static void fail_read(const struct sending *sending)
{
	fail("cannot read stdin: %s; %ju messages were sent",
	     stop_signals ? "interrupted" : strerror(errno),
	     (uintmax_t)sending->count);
}

static void send_lines(struct sending *sending)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;

	while ((len = getline(&line, &room, stdin)) > 0) {
		if (line[len - 1] == '\n')
			len--;
		/* At a signal, what was read of a line comes without its end. */
		else if (ferror(stdin))
			break;
		send_one(sending, line, (size_t)len);
	}
	free(line);
	if (ferror(stdin))
		fail_read(sending);
}

/* Up to @size bytes of stdin; less only at its end. */
static size_t read_full(const struct sending *sending, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size) {
		n = read(STDIN_FILENO, buf + len, size - len);
		if (n == 0)
			break;
		if (n > 0)
			len += (size_t)n;
		else if (errno != EINTR || stop_signals)
			fail_read(sending);
	}
	return len;
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

	if (mailbox_port_stat(sending->mb, NULL, &status) < 0)
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

static int run(struct args *args)
{
	struct sending sending = { 0 };
	uint64_t chunk = 0;
	bool whole = false;
	int key, i;

	while ((key = args_next(args)) != -1) {
		switch (key) {
		case 't':
			sending.attr.type = value_number(args, 0, UINT64_MAX);
			break;
		case 'p':
			sending.attr.priority = (uint32_t)value_number(args, 0,
							MAILBOX_PRIORITY_MAX);
			break;
		case 'w':
			sending.timeout_ns = value_duration_ns(args);
			sending.timed = true;
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
		case 'j':
			sending.json = true;
			break;
		}
	}
	args_some(args, "port");
	if (whole && chunk)
		usage_error("send", "--whole and --chunk exclude each other");
	if ((whole || chunk) && args->argc > 1)
		usage_error("send", "--whole and --chunk send stdin, not "
			    "'%s'", args->argv[1]);
	if (sending.attr.flags & MAILBOX_SEND_NONBLOCK &&
	    (sending.timed || sending.attr.flags & MAILBOX_SEND_SYNC))
		usage_error("send", "--non-blocking excludes --timeout and "
			    "--sync, which wait");

	stop_on_signals();
	sending.port = args->argv[0];
	sending.mb = mailbox_open(sending.port, MAILBOX_OPEN_SEND);
	if (!sending.mb)
		fail_op(sending.port, errno, MAILBOX_OP_OPEN);

	if (whole)
		send_whole(&sending);
	else if (chunk)
		send_chunks(&sending, chunk);
	else if (args->argc == 1)
		send_lines(&sending);
	for (i = 1; i < args->argc; i++)
		send_one(&sending, args->argv[i], strlen(args->argv[i]));

	mailbox_close(sending.mb);
	return output_finish();
}

const struct verb verb_send = {
	.name = "send",
	.args = "PORT [MESSAGE...]",
	.summary = "send messages",
	.text =
"Each MESSAGE is sent as one. Without any, each line of stdin is a message,\n"
"without its newline; with --whole and --chunk every byte of stdin is sent.\n"
"Exit status 0 means that all of them are queued, or, with --sync, taken.\n"
"\n"
"  mailbox send jobs 'first' 'second'\n"
"  mailbox send --type 7 --priority 10 --timeout 2s jobs urgent\n"
"  mailbox send --whole jobs < picture.png\n",
	.options = { options },
	.run = run,
};
