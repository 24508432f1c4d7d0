// SPDX-License-Identifier: GPL-2.0-only
/* call: send requests and print their answers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "tool.h"

enum {
	KEY_WHOLE = KEY_FIRST,
	KEY_REPLY_SIZE,
};

static const struct option_text options[] = {
	{ "type", 't', "TYPE", "a number for the server (default 0)" },
	{ "priority", 'p', "N", "0 to 32767; higher is received first" },
	{ "timeout", 'w', "DURATION",
	  "give up if an answer takes longer (500ms, 2s, 1m)" },
	{ "whole", KEY_WHOLE, NULL, "all of stdin is one request" },
	{ "reply-size", KEY_REPLY_SIZE, "SIZE",
	  "longest answer to take (default 1M)" },
	{ "raw", 'r', NULL,
	  "write the bytes of the answers and nothing else (default: a newline "
	  "after each)" },
	{ "json", 'j', NULL, "a line of JSON for each" },
	{ 0 },
};

struct calling {
	struct mailbox *mb;
	const char *port;
	struct mailbox_call_attr attr;	/* without deadline */
	struct opening opening;
	bool raw;
	bool json;
	void *reply;
	size_t reply_size;
};

static struct json_object *answer_json(const void *data, size_t len,
				       const struct mailbox_call_attr *attr)
{
	struct json_object *object = json_object_new_object();
	struct json_object *server = json_object_new_object();

	json_add_u64(object, "seq", attr->seq);
	json_add_u64(object, "type", attr->reply_type);
	json_add_u64(object, "len", len);
	json_add_u64(server, "pid", attr->reply_pid);
	json_add_u64(server, "tid", attr->reply_tid);
	json_object_object_add(object, "server", server);
	json_add_payload(object, data, len);
	return object;
}

static void call_one(void *data, const void *request, size_t len)
{
	struct calling *calling = data;
	struct mailbox_call_attr attr = calling->attr;
	struct iovec iov[2] = { { .iov_base = calling->reply }, { "\n", 1 } };
	ssize_t answer;
	int ret;

	if (stop_signals)
		fail("%s: interrupted; the request was not sent",
		     calling->port);
	attr.deadline_ns = timeout_deadline_ns(&calling->opening.timeout);
	answer = mailbox_call(calling->mb, request, len, calling->reply,
			      calling->reply_size, &attr);
	/* Not repeated at EINTR: the request may have been carried out. */
	if (answer < 0)
		fail_op(calling->port, errno, MAILBOX_OP_CALL);

	iov[0].iov_len = (size_t)answer;
	ret = calling->json ?
	      output_json(answer_json(calling->reply, (size_t)answer, &attr)) :
	      output_write(iov, calling->raw ? 1 : 2);
	if (ret < 0)
		fail("%s: request %ju was answered, but the answer cannot be "
		     "written: %s", calling->port, (uintmax_t)attr.seq,
		     strerror(errno));
}

static void call_whole(struct calling *calling)
{
	/* One byte more than any port takes: the call itself will tell. */
	size_t room = MAILBOX_MESSAGE_BYTES_MAX + 1;
	char *buf = malloc(room);
	ssize_t len;

	if (!buf)
		fail_op(NULL, ENOMEM, MAILBOX_OP_CALL);
	len = input_full(buf, room);
	if (len < 0)
		fail("cannot read stdin: %s; nothing was sent",
		     input_error(errno));
	call_one(calling, buf, (size_t)len);
	free(buf);
}

static int run(struct args *args)
{
	struct calling calling = { .reply_size = 1 << 20 };
	bool whole = false;
	int key, i;

	while ((key = args_next(args)) != -1) {
		if (open_option(&calling.opening, key))
			continue;
		switch (key) {
		case 't':
			calling.attr.type = value_number(args, 0, UINT64_MAX);
			break;
		case 'p':
			calling.attr.priority = (uint32_t)value_number(args, 0,
							MAILBOX_PRIORITY_MAX);
			break;
		case 'w':
			timeout_set(&calling.opening.timeout, args);
			break;
		case KEY_WHOLE:
			whole = true;
			break;
		case KEY_REPLY_SIZE:
			calling.reply_size = value_bytes(args);
			if (calling.reply_size > MAILBOX_MESSAGE_BYTES_MAX)
				usage_error("call", "an answer has at most %u "
					    "bytes", MAILBOX_MESSAGE_BYTES_MAX);
			break;
		case 'r':
			calling.raw = true;
			break;
		case 'j':
			calling.json = true;
			break;
		}
	}
	args_some(args, "port");
	if (!strcmp(args->argv[0], "-"))
		usage_error("call", "the answers go to stdout, so that cannot be "
			    "the port");
	if (whole && args->argc > 1)
		usage_error("call", "--whole sends stdin, not '%s'",
			    args->argv[1]);
	if (calling.raw && calling.json)
		usage_error("call", "--raw and --json exclude each other");

	stop_on_signals();
	calling.port = args->argv[0];
	calling.mb = port_open(calling.port, &calling.opening,
			       MAILBOX_OPEN_SEND);
	calling.reply = malloc(calling.reply_size + 1);
	if (!calling.reply)
		fail_op(NULL, ENOMEM, MAILBOX_OP_CALL);

	if (whole)
		call_whole(&calling);
	else if (args->argc == 1 && input_lines(call_one, &calling) < 0)
		fail("cannot read stdin: %s", input_error(errno));
	for (i = 1; i < args->argc; i++)
		call_one(&calling, args->argv[i], strlen(args->argv[i]));

	mailbox_close(calling.mb);
	free(calling.reply);
	return 0;
}

const struct verb verb_call = {
	.name = "call",
	.args = "PORT [REQUEST...]",
	.summary = "send requests to a server, and print its answers",
	.text =
"Each REQUEST is one call. Without any, each line of stdin is one, without its\n"
"newline. It waits until a server has received the request and answered it;\n"
"that the server ends first, or refuses, is an error. After an error the\n"
"request may have been carried out nevertheless, unless it says otherwise.\n"
"\n"
"  mailbox call upper 'some text'\n"
"  mailbox call --wait --timeout 5s --whole --raw convert < in > out\n",
	.options = { options, open_options },
	.run = run,
};
