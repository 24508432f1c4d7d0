/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ports of tokens, of which semaphores and mutexes are made. */
#ifndef MAILBOX_LIB_TOKENS_H
#define MAILBOX_LIB_TOKENS_H

#include "internal.h"

/*
 * DOC: tokens
 *
 * A token is an empty message of type 0. How a semaphore or a mutex stands is in
 * its port alone; the library keeps no count that could differ from it.
 *
 * A port cannot be made with messages in it, and its creator may be killed
 * before they are sent. So what it is to begin with is part of its policy, in
 * fields that mean nothing else where all messages are empty: @capacity_bytes
 * is the number of tokens to begin with, and 1, and @message_bytes_max is the
 * kind. As nobody takes a token before all were sent, the port's count of
 * messages sent tells how many are missing: whoever opens it sees that, and
 * sends them.
 *
 * Of those who see it at once one must do so. That is who makes the guard, a
 * port whose name has the number of the first one; the others wait until it is
 * gone. Ports end with their handles, so that none waits for one that died.
 */
enum mailbox_tokens_kind {
	MAILBOX_TOKENS_SEMAPHORE = 1,
	MAILBOX_TOKENS_MUTEX = 2,
};

#define MAILBOX_TOKEN_TYPE	0

/**
 * struct mailbox_tokens - what a new port of tokens is to be
 * @kind:	MAILBOX_TOKENS_*
 * @count:	tokens to begin with
 * @capacity:	most tokens that may be there
 */
struct mailbox_tokens {
	enum mailbox_tokens_kind kind;
	uint32_t count;
	uint32_t capacity;
};

/* Each returns the descriptor of a new handle, or -1 with errno. */
int mailbox_tokens_create(const char *name,
			  const struct mailbox_tokens *tokens,
			  struct mailbox_lock_attr *attr);
int mailbox_tokens_open(const char *name, enum mailbox_tokens_kind kind);
int mailbox_tokens_dup(int fd);

/* Takes a token, with MAILBOX_RECEIVE_LEASE one to be given back. Returns 0. */
int mailbox_tokens_take(int fd, uint32_t flags, uint64_t deadline_ns);

#endif /* MAILBOX_LIB_TOKENS_H */
