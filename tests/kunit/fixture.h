/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites share: messages that are numbers, a port with ends, and
 * threads that sleep at it.
 */
#ifndef MAILBOX_KUNIT_FIXTURE_H
#define MAILBOX_KUNIT_FIXTURE_H

#include <kunit/test.h>
#include <linux/completion.h>

#include "handle.h"
#include "transfer.h"

/**
 * struct fixture - a port, with what it needs around it
 * @registry:	only its quota and its calls are there
 * @user:	whose quota pays
 * @senders:	what a handle keeps of its senders
 * @port:	the port, or NULL
 * @in:		an end that receives
 * @out:	an end that sends
 * @spent:	messages that have had their last lease
 */
struct fixture {
	struct mbx_registry registry;
	struct mbx_user *user;
	struct mbx_senders senders;
	struct mbx_port *port;
	struct mbx_end in;
	struct mbx_end out;
	struct list_head spent;
};

int fixture_init(struct kunit *test);
void fixture_exit(struct kunit *test);

struct mbx_port *fixture_port(struct kunit *test, struct mbx_policy policy, u32 flags);
void fixture_attach(struct kunit *test, struct mbx_end *end, fmode_t mode);
void fixture_detach(struct kunit *test, struct mbx_end *end);

/* PORT(test, .capacity = 1): with both ends. */
#define PORT_FLAGS(test, flags, ...)					\
	fixture_port(test, (struct mbx_policy) {			\
		.message_bytes_max = 1U << 20,				\
		__VA_ARGS__						\
	}, flags)
#define PORT(test, ...) PORT_FLAGS(test, 0, __VA_ARGS__)

struct mbx_message *payload_new(struct kunit *test, const void *payload, size_t len);
struct mbx_message *number_new(struct kunit *test, int value);
int put_as(struct kunit *test, int value, u64 type, u32 priority);
int put(struct kunit *test, int value);

/**
 * struct taking - one receive of a number
 * @receive:	how
 * @value:	the number
 * @token:	of a lease or a request
 * @hook:	called in the middle, after the copy was made, with @arg
 * @arg:	for @hook
 * @copy_result: what the copy is to return
 * @copies:	how many copies were made
 */
struct taking {
	struct mbx_receive receive;
	int value;
	u64 token;
	void (*hook)(struct kunit *test, void *arg);
	void *arg;
	int copy_result;
	int copies;
	struct kunit *test;
};

int taking_run(struct kunit *test, struct mbx_end *end, struct taking *taking);

/* The number, or -errno; without sleeping. */
#define TAKE_BY(test, end, ...)						\
	({								\
		struct taking taking_ = {				\
			.receive.deadline.nonblock = true,		\
			__VA_ARGS__					\
		};							\
		int err_ = taking_run(test, end, &taking_);		\
		err_ ?: taking_.value;					\
	})
#define TAKE(test, ...)							\
	TAKE_BY(test, &((struct fixture *)(test)->priv)->in, __VA_ARGS__)

/* Those numbers are there, in this order, and no more. */
void check_order(struct kunit *test, const int *values, int count);
#define CHECK_ORDER(test, ...)						\
	do {								\
		static const int values_[] = { __VA_ARGS__ };		\
		check_order(test, values_, ARRAY_SIZE(values_));	\
	} while (0)

/**
 * struct sleeper - a thread that sends or receives a number
 * @taking:	if it receives
 * @value:	if it sends, with @send
 */
struct sleeper {
	struct kunit *test;
	struct task_struct *task;
	struct mbx_end *end;
	bool sends;
	struct taking taking;
	int value;
	struct mbx_send send;
	struct mbx_post post;
	int result;
	struct completion done;
};

void sleeper_start(struct kunit *test, struct sleeper *sleeper);
int sleeper_end(struct sleeper *sleeper);
/* By a signal, at the moment that the test wants; then as sleeper_end(). */
int sleeper_interrupt(struct sleeper *sleeper);
/* Until so many sleep at the port. */
void await_sleepers(struct kunit *test, unsigned int senders, unsigned int receivers);

#define SENDER(name, number, ...)					\
	struct sleeper name = {						\
		.sends = true,						\
		.value = number,					\
		.send = { __VA_ARGS__ },				\
	}
#define RECEIVER(name, ...)						\
	struct sleeper name = {						\
		.taking = { .receive = { __VA_ARGS__ } },		\
	}

u64 in_ms(unsigned int ms);

#endif /* MAILBOX_KUNIT_FIXTURE_H */
