// SPDX-License-Identifier: GPL-2.0-only
/* Handles on ports: by name, or inherited. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

enum {
	KEY_WAIT = KEY_FIRST + 200,
	KEY_PEER,
};

const struct option_text open_options[] = {
	{ "wait", KEY_WAIT, NULL, "wait until there is a port of this name" },
	{ "peer", KEY_PEER, NULL,
	  "as opening a FIFO does: wait until the other side has been there, for "
	  "a sender a receiver, for a receiver a sender" },
	{ 0 },
};

bool open_option(struct opening *opening, int key)
{
	switch (key) {
	case KEY_WAIT:
		opening->flags |= MAILBOX_OPEN_WAIT;
		return true;
	case KEY_PEER:
		opening->flags |= MAILBOX_OPEN_PEER;
		return true;
	}
	return false;
}

static struct mailbox *inherited(unsigned int flags)
{
	bool send = flags & MAILBOX_OPEN_SEND;
	struct mailbox *mb;

	mb = mailbox_adopt(send ? STDOUT_FILENO : STDIN_FILENO);
	if (!mb)
		fail("%s is not a port: %s; 'mailbox exec', 'mailbox pipe' and "
		     "'mailbox create --slot' run programs with ports",
		     send ? "stdout" : "stdin",
		     mailbox_strerror(errno, MAILBOX_OP_ADOPT));
	return mb;
}

struct mailbox *port_open(const char *port, const struct opening *opening,
			  unsigned int flags)
{
	uint64_t deadline_ns = 0;
	struct mailbox *mb;

	if (!strcmp(port, "-"))
		return inherited(flags);

	if (opening->flags)
		deadline_ns = timeout_deadline_ns(&opening->timeout);
	do {
		if (stop_signals)
			fail("%s: interrupted while it was waited for", port);
		mb = mailbox_open_until(port, flags | opening->flags,
					deadline_ns);
	} while (!mb && errno == EINTR);

	if (!mb)
		fail_op(port, errno, MAILBOX_OP_OPEN);
	return mb;
}

int port_refuse(struct mailbox **mb)
{
	struct mailbox *other = mailbox_open(NULL, MAILBOX_OPEN_RECEIVE);

	if (!other)
		return -1;
	/* In this order: the port must not be without a receiver in between. */
	if (mailbox_port_bind_handle(other, *mb) < 0) {
		mailbox_close(other);
		return -1;
	}
	mailbox_close(*mb);
	*mb = other;
	return 0;
}
