/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the test programs here have in common: one queue and its model for each
 * test, and short words for what is done to them.
 */
#ifndef UNIT_QUEUE_TEST_H
#define UNIT_QUEUE_TEST_H

#define _GNU_SOURCE
#include "../harness.h"

/* Where a random run is when a check fails. */
static long model_step = -1;

#define MODEL_FAIL(...)							\
	do {								\
		if (model_step >= 0)					\
			note("at step %ld", model_step);		\
		FAIL(__VA_ARGS__);					\
	} while (0)

#include "model.h"

#ifdef UNIT_LEAKS
#include <sanitizer/lsan_interface.h>
#define CHECK_LEAKS() CHECK_EQ(0, __lsan_do_recoverable_leak_check())
#else
#define CHECK_LEAKS() ((void)0)
#endif

/* --- what the tests are made of ------------------------------------------ */

static struct model model;

static inline void start(bool fifo)
{
	model_init(&model, fifo);
}

/* Ends each test: nothing is kept, nothing is lost. */
static inline void end(void)
{
	model_exit(&model);
	CHECK_EQ(0, shim_slab_live);
	CHECK_LEAKS();
}

/* One more message; the numbers 1, 2, 3... name them. */
static inline struct mbx_message *add(u64 type, unsigned int sender, u16 priority)
{
	struct mbx_message *msg = model_send(&model, type, sender, priority, 10, 1);

	model_check(&model, 1);
	return msg;
}

static inline void take(const struct mbx_message *msg)
{
	model_take(&model, msg);
	model_check(&model, 1);
}

/* A message that was taken returns. */
static inline void put_back(const struct mbx_message *msg)
{
	unsigned int i;

	for (i = 0; model.taken[i] != msg; i++)
		CHECK(i + 1 < model.taken_count);
	model_put_back(&model, i, 1);
	model_check(&model, 1);
}

static inline void message_init(struct mbx_message *msg, u64 type, unsigned int sender,
				u16 priority)
{
	memset(msg, 0, sizeof(*msg));
	msg->type = type;
	msg->sender = &model.senders[sender];
	msg->priority = priority;
	msg->len = 10;
	msg->seq = ++model.seq;
}

/* A reserve of @count that the model does not know. */
static inline void reserve_init(struct mbx_lanes *reserve, unsigned int count)
{
	mbx_lanes_init(reserve);
	CHECK(mbx_lanes_fill(reserve, count, GFP_KERNEL));
}

/* Past the model: a lane is there, whether it is needed or not. */
static inline void push(struct mbx_message *msg, u64 type, unsigned int sender, u16 priority)
{
	struct mbx_lanes reserve;

	reserve_init(&reserve, 1);
	message_init(msg, type, sender, priority);
	CHECK(mbx_queue_push(&model.queue, msg, &reserve));
	mbx_lanes_free(&reserve);
}

/* The number of the message that is next, or 0. */
static inline u64 next_select(struct mbx_select select)
{
	const struct mbx_message *msg = mbx_queue_find(&model.queue, &select);

	if (msg)
		CHECK(mbx_select_match(&select, msg));
	return msg ? msg->seq : 0;
}

#define next(select_kind, ...) \
	next_select((struct mbx_select){ .kind = MAILBOX_SELECT_##select_kind, ##__VA_ARGS__ })

#define next_of(sender) \
	next(SENDER, .nr = model.pids[sender].nr[0], .key = model.senders[sender].key)

/* The number of the message that matters least, or 0. */
static inline u64 least(void)
{
	const struct mbx_message *msg = mbx_queue_least(&model.queue);

	return msg ? msg->seq : 0;
}

/* For a receiver in an inner pid namespace. */
#define next_of_ns(process, sender_key) \
	next(SENDER, .nr = (process), .key = (sender_key), .ns = &model_ns)

/* Take all, in the order of @select; their numbers have to be these. */
static inline void drain(const struct mbx_select *select, unsigned int count, const u64 *numbers)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		const struct mbx_message *msg = mbx_queue_find(&model.queue, select);

		CHECK(msg);
		CHECK_EQ(numbers[i], msg->seq);
		take(msg);
	}
	CHECK(!mbx_queue_find(&model.queue, select));
}

#define CHECK_ORDER_OF(select_kind, value, ...)				\
	do {								\
		const u64 numbers_[] = { __VA_ARGS__ };			\
		const struct mbx_select select_ = {			\
			.kind = MAILBOX_SELECT_##select_kind,		\
			.type = value,					\
		};							\
		drain(&select_, ARRAY_SIZE(numbers_), numbers_);	\
	} while (0)

#define CHECK_ORDER(...) CHECK_ORDER_OF(ANY, 0, __VA_ARGS__)

/*
 * A process has exited and its number was given out again, in the first or in
 * an inner namespace, while its messages were queued.
 */
static inline void reuse_number(unsigned int sender, unsigned int of, int ns)
{
	model.pids[sender].nr[ns] = model.pids[of].nr[ns];
	model.senders[sender].key = model.pids[sender].nr[0];
}

#endif /* UNIT_QUEUE_TEST_H */
