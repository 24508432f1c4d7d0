// SPDX-License-Identifier: GPL-2.0-only
/* link: talk to one process, line by line. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

static const struct option_text options[] = {
	{ "count", 'n', "N",
	  "end when stdin has ended and N messages have come (default: when the "
	  "other process ends)" },
	{ 0 },
};

/*
 * Nothing here sleeps but poll(): a process that only sent, while the other one
 * only sends as well, would never get to receive.
 */
struct linking {
	struct mailbox *mb;
	char subject[32];
	enum format format;
	bool counted;
	uint64_t left;		/* messages that are to come, if counted */
	bool input_ended;
	char *input;		/* what was read of stdin and not yet sent */
	size_t input_len;
	size_t input_room;
	void *buf;
	size_t size;
};

static void read_input(struct linking *linking)
{
	ssize_t n;

	if (linking->input_room - linking->input_len < 4096) {
		linking->input_room += 65536;
		linking->input = realloc(linking->input, linking->input_room);
		if (!linking->input)
			fail_op(NULL, ENOMEM, MAILBOX_OP_SEND);
	}
	n = read(STDIN_FILENO, linking->input + linking->input_len,
		 linking->input_room - linking->input_len);
	if (n < 0 && errno != EINTR && errno != EAGAIN)
		fail("cannot read stdin: %s", strerror(errno));
	if (n == 0)
		linking->input_ended = true;
	if (n > 0)
		linking->input_len += (size_t)n;
}

/* The length of the next message in the input; -1 if there is no whole one. */
static ssize_t next_line(const struct linking *linking)
{
	const char *end = NULL;

	if (linking->input_len)
		end = memchr(linking->input, '\n', linking->input_len);
	if (end)
		return end - linking->input;
	return linking->input_ended && linking->input_len ?
	       (ssize_t)linking->input_len : -1;
}

static void send_line(struct linking *linking, size_t len)
{
	struct mailbox_send_attr attr = { .flags = MAILBOX_SEND_NONBLOCK };
	size_t used = len < linking->input_len ? len + 1 : len;

	if (mailbox_message_send(linking->mb, linking->input, len, &attr) < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return;
		fail("%s: a line was not sent: %s", linking->subject,
		     errno == EPIPE ? "the process has ended" :
				      mailbox_strerror(errno, MAILBOX_OP_SEND));
	}
	linking->input_len -= used;
	memmove(linking->input, linking->input + used, linking->input_len);
}

/* False if no more will come. */
static bool receive(struct linking *linking)
{
	struct mailbox_receive_attr attr = { .flags = MAILBOX_RECEIVE_NONBLOCK };
	ssize_t len;

	len = mailbox_message_receive_alloc(linking->mb, &linking->buf,
					    &linking->size, &attr);
	if (len < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return true;
		if (errno == EPIPE)
			return false;
		fail_op(linking->subject, errno, MAILBOX_OP_RECEIVE);
	}
	if (message_write(linking->format, linking->buf, (size_t)len, &attr) < 0)
		fail("%s: message %ju was taken, but could not be written, and "
		     "is LOST: %s", linking->subject, (uintmax_t)attr.seq,
		     strerror(errno));
	if (linking->left)
		linking->left--;
	return true;
}

static int talk(struct linking *linking)
{
	struct pollfd files[2] = { { .fd = mailbox_fd(linking->mb) } };
	ssize_t line;

	for (;;) {
		line = next_line(linking);
		if (linking->counted && !linking->left &&
		    linking->input_ended && line < 0)
			return 0;
		files[0].events = line < 0 ? POLLIN : POLLIN | POLLOUT;
		/* One line after the other: stdin is not read ahead. */
		files[1].fd = line < 0 && !linking->input_ended ? STDIN_FILENO :
								  -1;
		files[1].events = POLLIN;
		if (stop_wanted())
			return 0;
		if (poll(files, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			fail("cannot wait: %s", strerror(errno));
		}

		if (files[1].revents)
			read_input(linking);
		if (line >= 0 && files[0].revents & (POLLOUT | POLLERR))
			send_line(linking, (size_t)line);
		if (files[0].revents & ~POLLOUT && !receive(linking))
			return 0;
	}
}

static int run(struct args *args)
{
	struct linking linking = { 0 };
	uint32_t pid;
	int key, ret;

	while ((key = args_next(args)) != -1) {
		if (format_option(&linking.format, args, key))
			continue;
		linking.left = value_number(args, 0, UINT64_MAX);
		linking.counted = true;
	}
	args->value = args_one(args, "pid");
	pid = value_pid(args);
	snprintf(linking.subject, sizeof(linking.subject), "process %u", pid);

	stop_on_signals();
	stop_on_output_gone();
	linking.mb = mailbox_link((pid_t)pid, MAILBOX_OPEN_BOTH, NULL);
	if (!linking.mb)
		fail_op(linking.subject, errno, MAILBOX_OP_LINK);
	ret = talk(&linking);

	mailbox_close(linking.mb);
	free(linking.input);
	free(linking.buf);
	return ret;
}

const struct verb verb_link = {
	.name = "link",
	.args = "PID",
	.summary = "talk to one process, over the link between it and this one",
	.text =
"Each line of stdin is sent to the process, and what it sends is written to\n"
"stdout. Nobody else can send or receive there. The other one says the same: it\n"
"links to this process, whose number $$ of a shell and 'exec mailbox link' keep.\n"
"It ends with status 0 when the other process has ended, or at SIGINT. 'mailbox\n"
"exec --link' runs a program with the link as its stdin and stdout.\n"
"\n"
"  mailbox link 1234\n",
	.options = { options, format_options },
	.run = run,
};
