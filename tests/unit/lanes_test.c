// SPDX-License-Identifier: GPL-2.0-only
/*
 * module/queue.c in user space: messages that leave and come back; lanes, their
 * memory, and those in reserve.
 */
#include "queue_test.h"

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

/* Many that come back in their order need no lane of their own. */
TEST(put_back_in_order)
{
	struct mbx_message msg[5];
	unsigned int i;

	start(false);
	for (i = 0; i < ARRAY_SIZE(msg); i++)
		push(&msg[i], 1, 0, 1);
	for (i = 0; i < 4; i++)
		mbx_queue_remove(&model.queue, &msg[i]);
	for (i = 0; i < 4; i++) {
		struct mbx_lanes none;

		reserve_init(&none, 0);
		CHECK(mbx_queue_push(&model.queue, &msg[i], &none));
	}
	CHECK_EQ(1, check_queue(&model.queue));
	for (i = 0; i < ARRAY_SIZE(msg); i++) {
		CHECK_EQ(i + 1, next(ANY));
		mbx_queue_remove(&model.queue, &msg[i]);
	}
	end();
}

/* The order that is hardest: each belongs between two others. */
TEST(put_back_between_others)
{
	struct mbx_message msg[40];
	struct mbx_lanes lanes;
	unsigned int i;

	start(false);
	for (i = 0; i < ARRAY_SIZE(msg); i++)
		push(&msg[i], 1, 0, 1);
	for (i = 0; i < ARRAY_SIZE(msg) - 1; i++)
		mbx_queue_remove(&model.queue, &msg[i]);
	reserve_init(&lanes, ARRAY_SIZE(msg));
	for (i = 0; i < ARRAY_SIZE(msg) - 1; i += 2)
		CHECK(mbx_queue_push(&model.queue, &msg[i], &lanes));
	CHECK_EQ(1, check_queue(&model.queue));
	for (i = ARRAY_SIZE(msg) - 3; i < ARRAY_SIZE(msg); i -= 2)
		CHECK(mbx_queue_push(&model.queue, &msg[i], &lanes));
	CHECK(check_queue(&model.queue) > 10);
	mbx_lanes_free(&lanes);
	for (i = 0; i < ARRAY_SIZE(msg); i++) {
		CHECK_EQ(i + 1, next(ANY));
		CHECK_EQ(i + 1, next(TYPE, .type = 1));
		mbx_queue_remove(&model.queue, &msg[i]);
		check_queue(&model.queue);
	}
	CHECK_EQ(0, model.queue.apart);
	end();
}

/* The one that came back last has been received. */
TEST(put_back_after_the_last_one_left_again)
{
	const struct mbx_message *msg[4];
	unsigned int i;

	start(false);
	for (i = 0; i < ARRAY_SIZE(msg); i++)
		msg[i] = add(1, 0, 1);
	take(msg[0]);
	take(msg[1]);
	take(msg[2]);
	put_back(msg[1]);
	take(msg[1]);
	put_back(msg[2]);
	put_back(msg[0]);
	put_back(msg[1]);
	CHECK_ORDER(1, 2, 3, 4);
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

/* --- several at once ------------------------------------------------------- */

static void take_run(unsigned int max)
{
	model_take_run(&model, &(struct mbx_select){ .kind = MAILBOX_SELECT_ANY }, max);
}

TEST(run_ends_with_its_lane)
{
	start(false);
	add(1, 0, 1);
	add(1, 0, 1);
	add(1, 0, 1);
	take_run(2);
	CHECK_EQ(2, model.taken_count);
	CHECK_EQ(1, check_queue(&model.queue));
	add(2, 0, 1);
	/* Of two lanes one message goes at a time. */
	take_run(2);
	CHECK_EQ(3, model.taken_count);
	CHECK_ORDER(4);
	end();
}

TEST(run_leaves_nothing)
{
	start(false);
	add(1, 0, 1);
	take_run(5);
	CHECK_EQ(1, model.taken_count);
	add(1, 0, 1);
	add(1, 0, 1);
	take_run(5);
	CHECK_EQ(3, model.taken_count);
	CHECK_EQ(0, check_queue(&model.queue));
	CHECK_EQ(0, model.queue.bytes);
	CHECK(model.queue.spare);
	take_run(5);
	CHECK_EQ(3, model.taken_count);
	add(3, 0, 1);
	CHECK_ORDER(4);
	end();
}

/* What came back last is remembered as long as it is there. */
TEST(run_takes_what_came_back)
{
	const struct mbx_message *msg[4];
	unsigned int max, i;

	for (max = 1; max <= 4; max++) {
		start(false);
		for (i = 0; i < ARRAY_SIZE(msg); i++)
			msg[i] = add(1, 0, 1);
		take(msg[0]);
		take(msg[1]);
		put_back(msg[0]);
		put_back(msg[1]);
		take_run(max);
		CHECK_EQ(max, model.taken_count);
		CHECK_EQ(max < 4, check_queue(&model.queue));
		for (i = 0; i < max; i++)
			put_back(msg[i]);
		CHECK_ORDER(1, 2, 3, 4);
		end();
	}
}

/* --- lanes and memory ---------------------------------------------------- */

/* The queue says no, and is what it was. */
static void push_is_refused(struct mbx_message *msg, struct mbx_lanes *reserve)
{
	struct mbx_queue before = model.queue;

	CHECK(!mbx_queue_push(&model.queue, msg, reserve));
	CHECK(!memcmp(&before, &model.queue, sizeof(before)));
	CHECK_EQ(0, reserve->count);
	check_lanes(reserve);
}

TEST(push_without_a_lane_changes_nothing)
{
	struct mbx_lanes reserve;
	struct mbx_message a, b;

	start(false);
	message_init(&a, 1, 0, 0);
	message_init(&b, 2, 0, 0);
	reserve_init(&reserve, 0);
	push_is_refused(&a, &reserve);

	CHECK(mbx_lanes_fill(&reserve, 1, GFP_KERNEL));
	CHECK(mbx_queue_push(&model.queue, &a, &reserve));
	CHECK_EQ(0, reserve.count);
	push_is_refused(&b, &reserve);
	CHECK_EQ(a.seq, next(ANY));
	CHECK_EQ(1, check_queue(&model.queue));

	mbx_queue_remove(&model.queue, &a);
	end();
}

TEST(push_leaves_lanes_it_does_not_need)
{
	struct mbx_lanes reserve;
	struct mbx_message a, b;

	start(false);
	message_init(&a, 1, 0, 0);
	message_init(&b, 1, 0, 0);
	reserve_init(&reserve, 3);
	CHECK(mbx_queue_push(&model.queue, &a, &reserve));
	CHECK_EQ(2, reserve.count);
	CHECK(mbx_queue_push(&model.queue, &b, &reserve));
	CHECK_EQ(2, reserve.count);
	check_lanes(&reserve);
	mbx_lanes_free(&reserve);
	mbx_queue_remove(&model.queue, &a);
	mbx_queue_remove(&model.queue, &b);
	end();
}

TEST(empty_lane_is_kept_and_used_again)
{
	const struct mbx_lane *lane;
	struct mbx_lanes reserve;
	struct mbx_message a, b, c;

	start(false);
	message_init(&a, 1, 0, 0);
	message_init(&b, 2, 1, 0);
	message_init(&c, 2, 1, 0);
	reserve_init(&reserve, 1);
	CHECK(mbx_queue_push(&model.queue, &a, &reserve));
	lane = lane_find(&model.queue, &a);
	mbx_queue_remove(&model.queue, &a);
	CHECK(model.queue.spare == lane);
	CHECK_EQ(0, check_queue(&model.queue));

	/* One message alone does without; then before the lane that is offered. */
	CHECK(mbx_lanes_fill(&reserve, 1, GFP_KERNEL));
	CHECK(mbx_queue_push(&model.queue, &b, &reserve));
	CHECK(model.queue.single == &b);
	CHECK(model.queue.spare == lane);
	CHECK_EQ(0, check_queue(&model.queue));
	CHECK(mbx_queue_push(&model.queue, &c, &reserve));
	CHECK_EQ(1, reserve.count);
	CHECK(!model.queue.spare);
	CHECK(lane_find(&model.queue, &b) == lane);
	CHECK(lane_find(&model.queue, &c) == lane);
	mbx_lanes_free(&reserve);
	mbx_queue_remove(&model.queue, &b);
	mbx_queue_remove(&model.queue, &c);
	end();
}

/* Whatever the second one is. */
TEST(message_alone_gets_its_lane_when_another_comes)
{
	unsigned int kind;

	for (kind = 0; kind < 4; kind++) {
		start(kind == 3);
		add(1, 0, 0);
		take(mbx_queue_find(&model.queue, &(struct mbx_select){}));
		add(5, 0, 1);
		CHECK(model.queue.single);
		add(kind == 1 ? 6 : 5, kind == 2, kind == 3 ? 2 : 1);
		CHECK(!model.queue.single);
		CHECK_EQ(kind % 3 ? 2 : 1, check_queue(&model.queue));
		CHECK_ORDER(2, 3);
		end();
	}
}

/* One that comes back is no worse off than the one that has its lane now. */
TEST(empty_lane_needs_no_reserve)
{
	const struct mbx_message *msg;

	start(false);
	msg = add(1, 0, 1);
	take(msg);
	CHECK(model.queue.spare);
	model_put_back(&model, 0, 0);
	CHECK(model.queue.single == msg);
	CHECK_ORDER(1);
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

/* The longest that mbx_message.len can hold. */
#define LEN_MAX	((1U << 25) - 1)

TEST(bytes_and_messages_are_counted)
{
	struct mbx_message *msg;

	start(false);
	model_send(&model, 1, 0, 0, LEN_MAX, 1);
	CHECK_EQ(LEN_MAX, model.queue.bytes);
	msg = model_send(&model, 1, 0, 0, 0, 1);
	CHECK_EQ(LEN_MAX, model.queue.bytes);
	model_send(&model, 2, 0, 0, LEN_MAX, 1);
	CHECK_EQ(2ULL * LEN_MAX, model.queue.bytes);
	CHECK_EQ(3, model.queue.count);
	take(msg);
	CHECK_EQ(2ULL * LEN_MAX, model.queue.bytes);
	CHECK_EQ(2, model.queue.count);
	CHECK_ORDER(1, 3);
	CHECK_EQ(0, model.queue.bytes);
	CHECK_EQ(0, model.queue.count);
	end();
}

/* --- lanes in reserve ---------------------------------------------------- */

/* It has @count lanes, and nobody else has any. */
static void reserve_is(const struct mbx_lanes *reserve, unsigned int count)
{
	CHECK_EQ(count, reserve->count);
	check_lanes(reserve);
	CHECK_EQ(count, shim_slab_live);
}

TEST(reserve_starts_empty)
{
	struct mbx_lanes reserve;

	memset(&reserve, 0xa5, sizeof(reserve));
	mbx_lanes_init(&reserve);
	reserve_is(&reserve, 0);
}

TEST(fill_gets_so_many)
{
	struct mbx_lanes reserve;

	mbx_lanes_init(&reserve);
	CHECK(mbx_lanes_fill(&reserve, 4, GFP_KERNEL));
	reserve_is(&reserve, 4);
	mbx_lanes_free(&reserve);
}

TEST(fill_again_gets_what_is_missing)
{
	struct mbx_lanes reserve;

	reserve_init(&reserve, 2);
	CHECK(mbx_lanes_fill(&reserve, 5, GFP_KERNEL));
	reserve_is(&reserve, 5);
	mbx_lanes_free(&reserve);
}

TEST(fill_again_with_as_many_gets_none)
{
	struct mbx_lanes reserve;

	reserve_init(&reserve, 3);
	shim_slab_left = 0;
	CHECK(mbx_lanes_fill(&reserve, 3, GFP_KERNEL));
	reserve_is(&reserve, 3);
	mbx_lanes_free(&reserve);
}

TEST(fill_with_fewer_takes_none_away)
{
	struct mbx_lanes reserve;

	reserve_init(&reserve, 5);
	CHECK(mbx_lanes_fill(&reserve, 2, GFP_KERNEL));
	reserve_is(&reserve, 5);
	CHECK(mbx_lanes_fill(&reserve, 0, GFP_KERNEL));
	reserve_is(&reserve, 5);
	mbx_lanes_free(&reserve);
}

TEST(fill_of_none_needs_no_memory)
{
	struct mbx_lanes reserve;

	shim_slab_left = 0;
	reserve_init(&reserve, 0);
	reserve_is(&reserve, 0);
}

TEST(fill_without_memory_keeps_what_there_is)
{
	struct mbx_lanes reserve;

	reserve_init(&reserve, 2);
	shim_slab_left = 1;
	CHECK(!mbx_lanes_fill(&reserve, 5, GFP_KERNEL));
	reserve_is(&reserve, 3);
	CHECK(!mbx_lanes_fill(&reserve, 5, GFP_KERNEL));
	reserve_is(&reserve, 3);
	shim_slab_left = -1;
	CHECK(mbx_lanes_fill(&reserve, 5, GFP_KERNEL));
	reserve_is(&reserve, 5);
	mbx_lanes_free(&reserve);
}

/* Allocated as the caller says, and charged to its memory cgroup. */
TEST(fill_allocates_as_it_is_told)
{
	struct mbx_lanes reserve;

	mbx_lanes_init(&reserve);
	CHECK(mbx_lanes_fill(&reserve, 1, GFP_ATOMIC));
	CHECK_EQ(GFP_ATOMIC | __GFP_ACCOUNT, shim_slab_gfp);
	CHECK(mbx_lanes_fill(&reserve, 2, GFP_KERNEL));
	CHECK_EQ(GFP_KERNEL | __GFP_ACCOUNT, shim_slab_gfp);
	mbx_lanes_free(&reserve);
}

TEST(free_leaves_an_empty_reserve)
{
	struct mbx_lanes reserve;

	reserve_init(&reserve, 3);
	mbx_lanes_free(&reserve);
	reserve_is(&reserve, 0);
	mbx_lanes_free(&reserve);
	reserve_is(&reserve, 0);
	CHECK(mbx_lanes_fill(&reserve, 2, GFP_KERNEL));
	reserve_is(&reserve, 2);
	mbx_lanes_free(&reserve);
	CHECK_LEAKS();
}

TEST(all_lanes_of_a_reserve_can_be_used)
{
	struct mbx_message msg[4];
	struct mbx_lanes reserve;
	unsigned int i;

	start(false);
	for (i = 0; i < 4; i++)
		message_init(&msg[i], i, 0, 0);
	reserve_init(&reserve, 3);
	for (i = 0; i < 3; i++) {
		CHECK(mbx_queue_push(&model.queue, &msg[i], &reserve));
		CHECK_EQ(2 - i, reserve.count);
		check_lanes(&reserve);
		CHECK_EQ(i + 1, check_queue(&model.queue));
	}
	push_is_refused(&msg[3], &reserve);
	CHECK_EQ(3, check_queue(&model.queue));
	CHECK_EQ(3, shim_slab_live);

	/* Those that are in use do not count as in reserve. */
	CHECK(mbx_lanes_fill(&reserve, 2, GFP_KERNEL));
	CHECK_EQ(5, shim_slab_live);
	CHECK(mbx_queue_push(&model.queue, &msg[3], &reserve));
	mbx_lanes_free(&reserve);
	CHECK_EQ(4, shim_slab_live);
	for (i = 0; i < 4; i++)
		mbx_queue_remove(&model.queue, &msg[i]);
	end();
}

/* As a broadcast does: a copy for each queue, whatever they hold already. */
TEST(one_reserve_serves_several_queues)
{
	struct mbx_message msg[3], copy[3];
	struct mbx_queue queues[3];
	struct mbx_lanes reserve;
	unsigned int i;

	start(false);
	for (i = 0; i < 3; i++) {
		mbx_queue_init(&queues[i], false);
		message_init(&msg[i], 1, 0, 0);
		message_init(&copy[i], i == 1 ? 1 : 2, 0, 0);
	}
	reserve_init(&reserve, 3);
	for (i = 0; i < 3; i++)
		CHECK(mbx_queue_push(&queues[i], &msg[i], &reserve));
	CHECK_EQ(0, reserve.count);
	CHECK(mbx_lanes_fill(&reserve, 3, GFP_KERNEL));
	for (i = 0; i < 3; i++)
		CHECK(mbx_queue_push(&queues[i], &copy[i], &reserve));
	CHECK_EQ(1, reserve.count);
	mbx_lanes_free(&reserve);
	for (i = 0; i < 3; i++) {
		CHECK_EQ(i == 1 ? 1 : 2, check_queue(&queues[i]));
		mbx_queue_remove(&queues[i], &copy[i]);
		mbx_queue_remove(&queues[i], &msg[i]);
		mbx_queue_exit(&queues[i]);
	}
	end();
}
