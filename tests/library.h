/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of libmailbox share.
 */
#ifndef TESTS_LIBRARY_H
#define TESTS_LIBRARY_H

#include <mailbox.h>

#include "port.h"

/* Checked: a port for eight messages, and a handle that never sleeps. */
static inline struct mailbox *create(const char *name)
{
	struct mailbox_create_attr attr = { .capacity = 8 };
	struct mailbox *mb = mailbox_create(name, MAILBOX_OPEN_BOTH | MAILBOX_OPEN_NONBLOCK,
					    &attr);

	CHECK(mb);
	CHECK_EQ(1, attr.created);
	CHECK(attr.id);
	return mb;
}

#define CHECK_NULL(error, call)						\
	do {								\
		CHECK(!(call));						\
		CHECK_EQ(error, errno);					\
	} while (0)

static inline void kill_now(pid_t pid)
{
	kill(pid, SIGKILL);
	reap_status(pid);
}

#endif /* TESTS_LIBRARY_H */
