// SPDX-License-Identifier: GPL-2.0-only
/*
 * module/queue.c in user space: which message comes first, for whom, and which
 * matters least.
 */
#include "queue_test.h"

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
		model_send(&model, 3, 0, 1, 1, 0);
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
				model_send(&model, i == other ? 4 : 7, i, 1, 0, 1);
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

/* --- the least ----------------------------------------------------------- */

TEST(empty_queue_has_no_least)
{
	const struct mbx_message *msg;

	start(false);
	CHECK(!mbx_queue_least(&model.queue));
	msg = add(1, 0, 1);
	take(msg);
	CHECK(!mbx_queue_least(&model.queue));
	end();
}

/* In one lane alone, which is in no index. */
TEST(least_of_one_kind_is_the_oldest)
{
	start(false);
	add(1, 0, 5);
	add(1, 0, 5);
	CHECK_EQ(1, least());
	take(model.queued[0]);
	CHECK_EQ(2, least());
	end();
}

TEST(least_is_of_the_lowest_priority)
{
	start(false);
	add(1, 0, 5);
	add(1, 0, 0);
	add(1, 0, 32767);
	CHECK_EQ(2, least());
	end();
}

/* Not the last one of the order, which is the youngest of them. */
TEST(least_is_the_oldest_of_the_lowest_priority)
{
	unsigned int i;

	start(false);
	add(0, 0, 9);
	for (i = 0; i < 8; i++)
		add(i, i % 3, 2);
	add(0, 1, 9);
	CHECK_EQ(2, least());
	end();
}

TEST(least_changes_with_what_is_queued)
{
	const struct mbx_message *msg[4];

	start(false);
	msg[0] = add(1, 0, 1);
	msg[1] = add(2, 0, 1);
	msg[2] = add(3, 0, 1);
	msg[3] = add(1, 0, 3);
	CHECK_EQ(1, least());
	take(msg[0]);
	CHECK_EQ(2, least());
	put_back(msg[0]);
	CHECK_EQ(1, least());
	take(msg[0]);
	take(msg[1]);
	take(msg[2]);
	CHECK_EQ(4, least());
	add(1, 1, 0);
	CHECK_EQ(5, least());
	end();
}

TEST(least_of_fifo_is_the_first)
{
	start(true);
	add(1, 0, 5);
	add(2, 0, 0);
	add(3, 0, 7);
	CHECK_EQ(1, least());
	CHECK_EQ(1, next(ANY));
	end();
}

/* The oldest of the lowest, at each place, in trees of many shapes. */
TEST(least_is_found_anywhere)
{
	unsigned int shape, higher, i;

	for (shape = 0; shape < 20; shape++) {
		for (higher = 0; higher < 20; higher++) {
			shim_rbtree_seed(100 + shape);
			start(false);
			for (i = 0; i < 20; i++)
				model_send(&model, i, 0, i < higher ? 9 : 3, 0, 1);
			CHECK_EQ(higher + 1, least());
			model_exit(&model);
		}
	}
}

TEST(least_leaves_the_queue_as_it_is)
{
	struct mbx_queue before;

	start(false);
	add(1, 0, 5);
	add(2, 0, 3);
	before = model.queue;
	CHECK_EQ(2, least());
	CHECK_EQ(2, least());
	CHECK(!memcmp(&before, &model.queue, sizeof(before)));
	CHECK_ORDER(1, 2);
	end();
}

/* --- what a message says of itself --------------------------------------- */

/* With a payload of up to 64 bytes it fits into a slab object of 128. */
TEST(message_has_64_bytes)
{
	CHECK_EQ(64, sizeof(struct mbx_message));
	CHECK_EQ(64, offsetof(struct mbx_message, data));
}

TEST(priority_and_shared_do_not_touch)
{
	struct mbx_message msg = { .priority = MAILBOX_PRIORITY_MAX };

	CHECK_EQ(MAILBOX_PRIORITY_MAX, msg.priority);
	CHECK_EQ(0, msg.shared);
	msg.shared = 1;
	CHECK_EQ(MAILBOX_PRIORITY_MAX, msg.priority);
	msg.priority = 0;
	CHECK_EQ(1, msg.shared);
}

TEST(pins_do_not_touch_their_marks)
{
	CHECK_EQ(0, MBX_PINS_MAX & (MBX_PINS_DEAD | MBX_PINS_LEASED));
	CHECK_EQ(0, MBX_PINS_DEAD & MBX_PINS_LEASED);
	CHECK_EQ(UINT16_MAX, MBX_PINS_MAX | MBX_PINS_DEAD | MBX_PINS_LEASED);
}

TEST(sender_may_wait_for_a_message)
{
	struct mbx_waiter *waiter = (void *)0x1000;
	struct mbx_message msg = { .waiter = waiter, .pins = MBX_PINS_DEAD | MBX_PINS_MAX };

	CHECK(mbx_message_waiter(&msg) == waiter);
	CHECK_EQ(0, mbx_message_deliveries(&msg));
}

TEST(nobody_waits_for_a_leased_message)
{
	struct mbx_message msg = { .deliveries = 3, .pins = MBX_PINS_LEASED };

	CHECK(!mbx_message_waiter(&msg));
	CHECK_EQ(3, mbx_message_deliveries(&msg));
}
