// SPDX-License-Identifier: GPL-2.0-only
/*
 * module/queue.c in user space: what each function promises, then random
 * operations next to a model.
 *
 * UNIT_SEED repeats a random run, UNIT_STEPS is its length per load.
 */
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

static void start(bool fifo)
{
	model_init(&model, fifo);
}

/* Ends each test: nothing is kept, nothing is lost. */
static void end(void)
{
	model_exit(&model);
	CHECK_EQ(0, shim_slab_live);
	CHECK_LEAKS();
}

/* One more message; the numbers 1, 2, 3... name them. */
static struct mbx_message *add(u64 type, unsigned int sender, u16 priority)
{
	struct mbx_message *msg = model_send(&model, type, sender, priority, 10, true);

	model_check(&model, 1);
	return msg;
}

static void take(const struct mbx_message *msg)
{
	model_take(&model, msg);
	model_check(&model, 1);
}

/* A message that was taken returns. */
static void put_back(const struct mbx_message *msg)
{
	unsigned int i;

	for (i = 0; model.taken[i] != msg; i++)
		CHECK(i + 1 < model.taken_count);
	model_put_back(&model, i, true);
	model_check(&model, 1);
}

static void message_init(struct mbx_message *msg, u64 type, unsigned int sender, u16 priority)
{
	memset(msg, 0, sizeof(*msg));
	msg->type = type;
	msg->sender = &model.senders[sender];
	msg->priority = priority;
	msg->len = 10;
	msg->seq = ++model.seq;
}

/* Past the model: a lane is there, whether it is needed or not. */
static void push(struct mbx_message *msg, u64 type, unsigned int sender, u16 priority)
{
	struct mbx_lane *reserve = mbx_lane_alloc(GFP_KERNEL);

	message_init(msg, type, sender, priority);
	CHECK(mbx_queue_push(&model.queue, msg, &reserve));
	mbx_lane_free(reserve);
}

/* The number of the message that is next, or 0. */
static u64 next_select(struct mbx_select select)
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

/* For a receiver in an inner pid namespace. */
#define next_of_ns(process, sender_key) \
	next(SENDER, .nr = (process), .key = (sender_key), .ns = &model_ns)

/* Take all, in the order of @select; their numbers have to be these. */
static void drain(const struct mbx_select *select, unsigned int count, const u64 *numbers)
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

/* --- the order ----------------------------------------------------------- */

TEST(empty_queue_has_nothing)
{
	start(false);
	CHECK_EQ(0, model.queue.count);
	CHECK_EQ(0, model.queue.bytes);
	model_check(&model, 0);
	CHECK_EQ(0, next(ANY));
	CHECK_EQ(0, next(TYPE_NOT, .type = 1));
	CHECK_EQ(0, next(TYPE_AT_MOST, .type = UINT64_MAX));
	end();
}

TEST(equal_priority_is_first_in_first_out)
{
	unsigned int i;

	start(false);
	for (i = 0; i < 6; i++)
		add(i % 2, i % 3, 7);
	CHECK_ORDER(1, 2, 3, 4, 5, 6);
	end();
}

TEST(higher_priority_is_first)
{
	start(false);
	add(0, 0, 5);
	add(0, 0, 0);
	add(0, 0, 32767);
	add(0, 0, 5);
	add(0, 1, 32766);
	CHECK_ORDER(3, 5, 1, 4, 2);
	end();
}

TEST(fifo_ignores_priority)
{
	start(true);
	add(0, 0, 5);
	add(0, 0, 32767);
	add(0, 1, 0);
	add(1, 0, 6);
	CHECK_ORDER(1, 2, 3, 4);
	end();
}

TEST(fifo_needs_no_lane_for_a_priority)
{
	start(true);
	add(0, 0, 1);
	add(0, 0, 2);
	CHECK_EQ(1, check_queue(&model.queue));
	end();
}

TEST(long_backlog_needs_one_lane)
{
	unsigned int i;

	start(false);
	for (i = 0; i < MODEL_MESSAGES; i++)
		model_send(&model, 3, 0, 1, 1, false);
	CHECK_EQ(1, shim_slab_live);
	CHECK_EQ(1, next(ANY));
	end();
}

/* --- selection ----------------------------------------------------------- */

TEST(type_is_found_behind_others)
{
	start(false);
	add(1, 0, 9);
	add(2, 0, 0);
	add(2, 1, 3);
	add(2, 0, 3);
	CHECK_EQ(0, next(TYPE, .type = 0));
	CHECK_EQ(0, next(TYPE, .type = 3));
	CHECK_EQ(1, next(TYPE, .type = 1));
	CHECK_ORDER_OF(TYPE, 2, 3, 4, 2);
	end();
}

TEST(type_compares_all_bits)
{
	start(false);
	add(1ULL << 32, 0, 0);
	add(0, 0, 0);
	add(UINT64_MAX, 0, 0);
	add(1ULL << 63, 0, 0);
	CHECK_EQ(2, next(TYPE, .type = 0));
	CHECK_EQ(1, next(TYPE, .type = 1ULL << 32));
	CHECK_EQ(3, next(TYPE, .type = UINT64_MAX));
	CHECK_EQ(4, next(TYPE, .type = 1ULL << 63));
	CHECK_EQ(0, next(TYPE, .type = UINT32_MAX));
	end();
}

TEST(type_not_passes_over_many_lanes)
{
	unsigned int i;

	start(false);
	for (i = 0; i < 60; i++)
		add(7, i % 30, 100 + i);
	CHECK_EQ(0, next(TYPE_NOT, .type = 7));
	CHECK_EQ(60, next(TYPE_NOT, .type = 8));
	add(9, 0, 3);
	CHECK_EQ(61, next(TYPE_NOT, .type = 7));
	add(6, 0, 120);
	CHECK_EQ(62, next(TYPE_NOT, .type = 7));
	add(9, 1, 120);
	CHECK_EQ(62, next(TYPE_NOT, .type = 7));
	CHECK_EQ(60, next(TYPE_NOT, .type = 9));
	CHECK_ORDER_OF(TYPE_NOT, 7, 62, 63, 61);
	end();
}

/* The first, the last and each place between, in trees of many shapes. */
TEST(type_not_finds_one_lane_anywhere)
{
	unsigned int shape, other, i;

	for (shape = 0; shape < 20; shape++) {
		for (other = 0; other < 20; other++) {
			shim_rbtree_seed(100 + shape);
			start(false);
			for (i = 0; i < 20; i++)
				model_send(&model, i == other ? 4 : 7, i, 1, 0, true);
			CHECK_EQ(other + 1, next(TYPE_NOT, .type = 7));
			CHECK_EQ(other ? 1 : 2, next(TYPE_NOT, .type = 4));
			model_check(&model, 1);
			model_exit(&model);
		}
	}
}

/* Types on both sides of the unwanted one, and none of it between them. */
TEST(type_not_is_not_fooled_by_a_span)
{
	start(false);
	add(5, 0, 9);
	add(4, 0, 1);
	add(6, 0, 1);
	CHECK_ORDER_OF(TYPE_NOT, 5, 2, 3);
	end();
}

TEST(type_at_most_takes_the_lowest_type)
{
	start(false);
	add(5, 0, 9);
	add(3, 0, 1);
	add(3, 1, 2);
	add(UINT64_MAX, 0, 9);
	CHECK_EQ(0, next(TYPE_AT_MOST, .type = 2));
	CHECK_EQ(3, next(TYPE_AT_MOST, .type = 3));
	CHECK_EQ(3, next(TYPE_AT_MOST, .type = 4));
	CHECK_ORDER_OF(TYPE_AT_MOST, 5, 3, 2, 1);
	CHECK_EQ(0, next(TYPE_AT_MOST, .type = UINT64_MAX - 1));
	CHECK_ORDER_OF(TYPE_AT_MOST, UINT64_MAX, 4);
	end();
}

TEST(sender_is_found_behind_others)
{
	start(false);
	add(1, 0, 9);
	add(1, 2, 1);
	add(2, 2, 8);
	add(3, 2, 8);
	CHECK_EQ(1, next_of(0));
	CHECK_EQ(0, next_of(1));
	CHECK_EQ(3, next_of(2));
	take(model.queued[2]);
	CHECK_EQ(4, next_of(2));
	CHECK_EQ(0, next(SENDER, .nr = MODEL_NO_PID, .key = MODEL_NO_PID));
	end();
}

TEST(sender_in_namespace_is_found_by_key)
{
	start(false);
	add(1, 0, 1);
	add(1, 1, 1);
	add(1, 1, 5);
	CHECK_EQ(3, next_of_ns(model.pids[1].nr[1], model.senders[1].key));
	CHECK_EQ(1, next_of_ns(model.pids[0].nr[1], model.senders[0].key));
	end();
}

TEST(dead_sender_in_namespace_is_found_by_number)
{
	start(false);
	add(1, 0, 1);
	add(1, 1, 1);
	add(2, 1, 5);
	CHECK_EQ(3, next_of_ns(model.pids[1].nr[1], 0));
	CHECK_EQ(1, next_of_ns(model.pids[0].nr[1], 0));
	CHECK_EQ(0, next_of_ns(MODEL_NO_PID, 0));
	end();
}

/* In an inner namespace the first one's numbers mean nothing. */
TEST(sender_in_namespace_has_its_number_there)
{
	start(false);
	add(1, 0, 1);
	CHECK_EQ(0, next_of_ns(model.pids[0].nr[0], 0));
	CHECK_EQ(0, next_of_ns(model.pids[0].nr[0], model.senders[0].key));
	end();
}

TEST(sender_outside_namespace_is_not_found)
{
	start(false);
	CHECK_EQ(0, model.pids[3].nr[1]);
	add(1, 3, 1);
	CHECK_EQ(0, next_of_ns(model.pids[2].nr[1], 0));
	CHECK_EQ(1, next_of(3));
	end();
}

/* While select.key was looked up, its process died and another got the number. */
TEST(key_of_another_process_does_no_harm)
{
	start(false);
	add(1, 0, 9);
	add(1, 1, 1);
	CHECK_EQ(2, next_of_ns(model.pids[1].nr[1], model.senders[0].key));
	CHECK_EQ(0, next_of_ns(model.pids[2].nr[1], model.senders[0].key));
	end();
}

/*
 * A process has exited and its number was given out again, in the first or in
 * an inner namespace, while its messages were queued.
 */
static void reuse_number(unsigned int sender, unsigned int of, int ns)
{
	model.pids[sender].nr[ns] = model.pids[of].nr[ns];
	model.senders[sender].key = model.pids[sender].nr[0];
}

TEST(reused_key_is_one_process_in_first_namespace)
{
	struct mbx_message a, b;

	start(false);
	reuse_number(1, 0, 0);
	push(&a, 1, 0, 1);
	push(&b, 1, 1, 1);
	CHECK_EQ(1, next_of(1));
	mbx_queue_remove(&model.queue, &a);
	CHECK_EQ(2, next_of(0));
	mbx_queue_remove(&model.queue, &b);
	end();
}

TEST(reused_key_hides_no_message_in_namespace)
{
	struct mbx_message a, b;

	start(false);
	reuse_number(1, 0, 0);
	push(&a, 1, 0, 1);
	push(&b, 1, 1, 1);
	CHECK_EQ(1, next_of_ns(model.pids[0].nr[1], 0));
	CHECK_EQ(2, next_of_ns(model.pids[1].nr[1], 0));
	CHECK_EQ(2, next_of_ns(model.pids[1].nr[1], model.senders[1].key));
	mbx_queue_remove(&model.queue, &a);
	mbx_queue_remove(&model.queue, &b);
	end();
}

TEST(reused_number_in_namespace_keeps_the_order)
{
	struct mbx_message a, b, c;

	start(false);
	reuse_number(1, 0, 1);
	push(&a, 1, 0, 1);
	push(&b, 1, 1, 9);
	push(&c, 1, 0, 9);
	CHECK_EQ(2, next_of_ns(model.pids[0].nr[1], 0));
	mbx_queue_remove(&model.queue, &b);
	CHECK_EQ(3, next_of_ns(model.pids[0].nr[1], 0));
	mbx_queue_remove(&model.queue, &a);
	mbx_queue_remove(&model.queue, &c);
	end();
}

TEST(unknown_kind_finds_nothing)
{
	start(false);
	add(1, 0, 1);
	CHECK_EQ(0, next_select((struct mbx_select){ .kind = 99 }));
	end();
}

TEST(match_is_what_find_finds)
{
	const struct mbx_message *msg;
	struct mbx_select select;
	u64 type;

	start(false);
	msg = add(5, 0, 1);
	for (select.kind = MAILBOX_SELECT_ANY; select.kind <= MAILBOX_SELECT_TYPE_AT_MOST;
	     select.kind++) {
		for (type = 4; type <= 6; type++) {
			select.type = type;
			CHECK_EQ(model_match(&select, msg), mbx_select_match(&select, msg));
			CHECK_EQ(model_match(&select, msg),
				 !!mbx_queue_find(&model.queue, &select));
		}
	}
	select = (struct mbx_select){ .kind = MAILBOX_SELECT_SENDER, .nr = 1000, .key = 1000 };
	CHECK(mbx_select_match(&select, msg));
	select.key = 1001;
	CHECK(!mbx_select_match(&select, msg));
	select.ns = &model_ns;
	select.nr = model.pids[0].nr[1];
	CHECK(mbx_select_match(&select, msg));
	select.nr = model.pids[1].nr[1];
	CHECK(!mbx_select_match(&select, msg));
	end();
}

/* --- put back, remove ---------------------------------------------------- */

TEST(put_back_goes_to_the_front)
{
	const struct mbx_message *msg;

	start(false);
	msg = add(1, 0, 1);
	add(1, 0, 1);
	take(msg);
	CHECK_EQ(2, next(ANY));
	put_back(msg);
	CHECK_ORDER(1, 2);
	end();
}

TEST(put_back_goes_to_the_middle)
{
	const struct mbx_message *msg[5];
	unsigned int i;

	start(false);
	for (i = 0; i < ARRAY_SIZE(msg); i++)
		msg[i] = add(1, 0, 1);
	take(msg[1]);
	take(msg[2]);
	take(msg[3]);
	put_back(msg[2]);
	put_back(msg[3]);
	put_back(msg[1]);
	CHECK_ORDER(1, 2, 3, 4, 5);
	end();
}

TEST(put_back_goes_to_the_end)
{
	const struct mbx_message *msg;

	start(false);
	add(1, 0, 1);
	msg = add(1, 0, 1);
	take(msg);
	put_back(msg);
	CHECK_ORDER(1, 2);
	end();
}

/* The lane of a message has become empty, and it needs one again. */
TEST(put_back_of_the_last_of_its_kind)
{
	const struct mbx_message *msg;

	start(false);
	add(1, 0, 1);
	msg = add(2, 0, 1);
	add(3, 0, 1);
	take(msg);
	put_back(msg);
	CHECK_ORDER(1, 2, 3);
	end();
}

TEST(put_back_moves_its_lane_ahead)
{
	const struct mbx_message *msg;

	start(false);
	msg = add(1, 0, 1);
	add(1, 1, 1);
	add(2, 0, 1);
	add(1, 0, 1);
	take(msg);
	CHECK_EQ(2, next(ANY));
	CHECK_EQ(2, next(TYPE, .type = 1));
	CHECK_EQ(3, next_of(0));
	put_back(msg);
	CHECK_EQ(1, next(ANY));
	CHECK_EQ(1, next(TYPE, .type = 1));
	CHECK_EQ(1, next_of(0));
	CHECK_EQ(1, next(TYPE_AT_MOST, .type = 1));
	CHECK_EQ(3, next(TYPE_NOT, .type = 1));
	CHECK_ORDER(1, 2, 3, 4);
	end();
}

TEST(remove_of_the_first_moves_its_lane_back)
{
	unsigned int i;

	start(false);
	for (i = 0; i < 9; i++)
		add(i % 3, i % 2, 1);
	CHECK_ORDER(1, 2, 3, 4, 5, 6, 7, 8, 9);
	end();
}

TEST(remove_from_the_middle)
{
	const struct mbx_message *msg;

	start(false);
	add(1, 0, 1);
	msg = add(1, 0, 1);
	add(1, 0, 1);
	take(msg);
	CHECK_ORDER(1, 3);
	end();
}

TEST(remove_does_not_need_the_last_used_lane)
{
	const struct mbx_message *msg;

	start(false);
	msg = add(1, 0, 1);
	add(2, 0, 1);
	CHECK(model.queue.last != lane_find(&model.queue, msg));
	add(3, 0, 1);
	take(msg);
	CHECK_ORDER(2, 3);
	end();
}

/* --- lanes and memory ---------------------------------------------------- */

TEST(push_without_a_lane_changes_nothing)
{
	struct mbx_lane *reserve = NULL;
	struct mbx_queue before;
	struct mbx_message a, b;

	start(false);
	message_init(&a, 1, 0, 0);
	message_init(&b, 2, 0, 0);
	before = model.queue;
	CHECK(!mbx_queue_push(&model.queue, &a, &reserve));
	CHECK(!memcmp(&before, &model.queue, sizeof(before)));

	reserve = mbx_lane_alloc(GFP_KERNEL);
	CHECK(mbx_queue_push(&model.queue, &a, &reserve));
	CHECK(!reserve);
	before = model.queue;
	CHECK(!mbx_queue_push(&model.queue, &b, &reserve));
	CHECK(!memcmp(&before, &model.queue, sizeof(before)));
	CHECK_EQ(a.seq, next(ANY));
	CHECK_EQ(1, check_queue(&model.queue));

	mbx_queue_remove(&model.queue, &a);
	end();
}

TEST(push_leaves_a_lane_it_does_not_need)
{
	struct mbx_lane *reserve;
	struct mbx_message a, b;

	start(false);
	message_init(&a, 1, 0, 0);
	message_init(&b, 1, 0, 0);
	reserve = mbx_lane_alloc(GFP_KERNEL);
	CHECK(mbx_queue_push(&model.queue, &a, &reserve));
	CHECK(!reserve);
	reserve = mbx_lane_alloc(GFP_KERNEL);
	CHECK(mbx_queue_push(&model.queue, &b, &reserve));
	CHECK(reserve);
	mbx_lane_free(reserve);
	mbx_queue_remove(&model.queue, &a);
	mbx_queue_remove(&model.queue, &b);
	end();
}

TEST(empty_lane_is_kept_and_used_again)
{
	struct mbx_lane *reserve, *lane;
	struct mbx_message a, b;

	start(false);
	message_init(&a, 1, 0, 0);
	message_init(&b, 2, 1, 0);
	reserve = lane = mbx_lane_alloc(GFP_KERNEL);
	CHECK(mbx_queue_push(&model.queue, &a, &reserve));
	mbx_queue_remove(&model.queue, &a);
	CHECK(model.queue.spare == lane);
	CHECK_EQ(0, check_queue(&model.queue));

	/* Before the one that is offered, which stays the caller's. */
	reserve = mbx_lane_alloc(GFP_KERNEL);
	CHECK(mbx_queue_push(&model.queue, &b, &reserve));
	CHECK(reserve);
	CHECK(!model.queue.spare);
	CHECK(lane_find(&model.queue, &b) == lane);
	mbx_lane_free(reserve);
	mbx_queue_remove(&model.queue, &b);
	end();
}

TEST(second_empty_lane_is_freed)
{
	start(false);
	add(1, 0, 0);
	add(2, 0, 0);
	add(3, 0, 0);
	CHECK_EQ(3, shim_slab_live);
	CHECK_ORDER(1, 2, 3);
	CHECK_EQ(1, shim_slab_live);
	end();
}

TEST(exit_frees_what_is_kept)
{
	start(false);
	add(1, 0, 0);
	CHECK_ORDER(1);
	CHECK(model.queue.spare);
	mbx_queue_exit(&model.queue);
	CHECK(!model.queue.spare);
	CHECK_EQ(0, shim_slab_live);
	mbx_queue_exit(&model.queue);
	end();
}

TEST(freeing_no_lane_is_nothing)
{
	mbx_lane_free(NULL);
	CHECK_EQ(0, shim_slab_live);
}

TEST(bytes_and_messages_are_counted)
{
	struct mbx_message *msg;

	start(false);
	model_send(&model, 1, 0, 0, UINT32_MAX, true);
	CHECK_EQ(UINT32_MAX, model.queue.bytes);
	msg = model_send(&model, 1, 0, 0, 0, true);
	CHECK_EQ(UINT32_MAX, model.queue.bytes);
	model_send(&model, 2, 0, 0, UINT32_MAX, true);
	CHECK_EQ(2ULL * UINT32_MAX, model.queue.bytes);
	CHECK_EQ(3, model.queue.count);
	take(msg);
	CHECK_EQ(2ULL * UINT32_MAX, model.queue.bytes);
	CHECK_EQ(2, model.queue.count);
	CHECK_ORDER(1, 3);
	CHECK_EQ(0, model.queue.bytes);
	CHECK_EQ(0, model.queue.count);
	end();
}

/* --- random operations --------------------------------------------------- */

struct load {
	const char *name;
	unsigned int types;
	unsigned int senders;
	unsigned int priorities;
	unsigned int depth;		/* about so many messages are queued */
	unsigned int put_backs;		/* of 100 that were taken */
	bool fifo;
	bool reuse;			/* two processes each have had the same key */
};

static const struct load loads[] = {
	{ "one_lane",		1, 1, 1, 24, 20 },
	{ "shallow",		3, 3, 3, 3, 30 },
	{ "many_types",		64, 1, 1, 40, 10 },
	{ "many_senders",	1, 32, 1, 40, 10 },
	{ "many_priorities",	1, 1, 64, 40, 10 },
	{ "many_lanes",		16, 16, 16, 64, 10 },
	{ "two_types",		2, 8, 4, 40, 10 },
	{ "few_of_each",	3, 3, 3, 48, 20 },
	{ "put_backs",		4, 4, 4, 24, 90 },
	{ "deep",		6, 6, 6, 200, 20 },
	{ "fifo",		4, 4, 8, 32, 20, .fifo = true },
	{ "fifo_put_backs",	2, 3, 8, 24, 90, .fifo = true },
	{ "reused_keys",	3, 8, 3, 24, 20, .reuse = true },
};

static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoul(text, NULL, 0) : otherwise;
}

static u64 random_state;

static void random_start(u64 seed)
{
	random_state = seed * 0x9e3779b97f4a7c15ULL + 1;
	if (!random_state)
		random_state = 1;
}

static unsigned int random_below(unsigned int limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 32) * limit >> 32;
}

static void random_take(void)
{
	struct mbx_select select = { .kind = random_below(MAILBOX_SELECT_SENDER + 1) };
	const struct mbx_message *msg;

	if (!model.count)
		return;
	/* Somebody withdraws: any message. Otherwise what a receiver gets. */
	msg = model.queued[random_below(model.count)];
	if (random_below(4)) {
		select.type = msg->type;
		select.nr = msg->sender->key;
		select.key = msg->sender->key;
		msg = mbx_queue_find(&model.queue, &select);
	}
	if (msg)
		model_take(&model, msg);
}

static void random_step(const struct load *load)
{
	unsigned int what = random_below(100);
	unsigned int sends = model.count < load->depth ? 50 : 35;

	if (what < sends && model.count < 2 * load->depth)
		model_send(&model, model_type(random_below(load->types)),
			   random_below(load->senders),
			   model_priority(random_below(load->priorities)),
			   random_below(5000), random_below(2));
	else if (what < 80 && model.taken_count < 16)
		random_take();
	else if (model.taken_count && random_below(100) < load->put_backs)
		model_put_back(&model, random_below(model.taken_count), random_below(2));
	else if (model.taken_count)
		model_drop(&model, random_below(model.taken_count));
}

static void random_run(void)
{
	const struct load *load = test_now->row;
	unsigned long seed = setting("UNIT_SEED", time(NULL));
	long steps = setting("UNIT_STEPS", 100000);
	unsigned int i;

	note("UNIT_SEED=%lu, %ld steps", seed, steps);
	random_start(seed);
	shim_rbtree_seed(seed);
	start(load->fifo);
	for (i = 0; load->reuse && i < MODEL_SENDERS; i += 2)
		reuse_number(i + 1, i, 0);
	for (model_step = 0; model_step < steps; model_step++) {
		random_step(load);
		model_check(&model, random_below(1 << 16));
	}
	model_step = -1;
	end();
}

static void __attribute__((constructor)) random_add(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(loads); i++)
		test_add("random", loads[i].name, random_run, &loads[i]);
}
