// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of messages: payloads of every kind of length, what they cost, what is
 * kept for the next ones, and what several share.
 */
#include <linux/cred.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "fixture.h"

#define INLINE_MAX	(PAGE_SIZE - sizeof(struct mbx_message))

static struct mbx_message *message_new(struct kunit *test, size_t len)
{
	void *payload = kvzalloc(len + 1, GFP_KERNEL);
	struct mbx_message *msg;

	KUNIT_ASSERT_NOT_NULL(test, payload);
	msg = payload_new(test, payload, len);
	kvfree(payload);
	return msg;
}

static u64 bytes(struct kunit *test)
{
	struct fixture *fixture = test->priv;

	return atomic64_read(&fixture->user->bytes);
}

static const size_t lengths[] = {
	0, 1, 7, 8, 63, 64, 65, 191, 192, 193, 255, 256, 257, 1000,
	INLINE_MAX - 1, INLINE_MAX, INLINE_MAX + 1, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1,
	3 * PAGE_SIZE - 1, 3 * PAGE_SIZE, 3 * PAGE_SIZE + 1, 100000,
};

static void length_name(const size_t *len, char *name)
{
	snprintf(name, KUNIT_PARAM_DESC_SIZE, "%zu", *len);
}

KUNIT_ARRAY_PARAM(length, lengths, length_name);

static void payload_comes_out_as_it_went_in(struct kunit *test)
{
	size_t len = *(const size_t *)test->param_value;
	u8 *in = kunit_kmalloc(test, len + 1, GFP_KERNEL);
	u8 *out = kunit_kmalloc(test, len + 1, GFP_KERNEL);
	struct kvec to_vec = { out, len };
	struct mbx_message *msg;
	struct iov_iter iter;
	size_t i;

	KUNIT_ASSERT_NOT_NULL(test, in);
	KUNIT_ASSERT_NOT_NULL(test, out);
	for (i = 0; i < len; i++)
		in[i] = i % 251;
	memset(out, 0xff, len + 1);
	msg = payload_new(test, in, len);
	KUNIT_ASSERT_FALSE(test, IS_ERR(msg));
	KUNIT_EXPECT_EQ(test, len + MAILBOX_MESSAGE_OVERHEAD, bytes(test));

	iov_iter_kvec(&iter, ITER_DEST, &to_vec, 1, len);
	KUNIT_EXPECT_EQ(test, 0, mbx_message_copy(msg, &iter));
	KUNIT_EXPECT_MEMEQ(test, in, out, len);
	KUNIT_EXPECT_EQ(test, 0xff, out[len]);

	/* And the first part of it. */
	memset(out, 0xff, len + 1);
	iov_iter_kvec(&iter, ITER_DEST, &to_vec, 1, len / 2);
	KUNIT_EXPECT_EQ(test, 0, mbx_message_copy(msg, &iter));
	KUNIT_EXPECT_MEMEQ(test, in, out, len / 2);
	KUNIT_EXPECT_EQ(test, 0xff, out[len / 2]);
	mbx_message_free(msg);
	KUNIT_EXPECT_EQ(test, 0, bytes(test));
}

static void longest_message_is_charged(struct kunit *test)
{
	struct mbx_message *msg = message_new(test, MAILBOX_MESSAGE_BYTES_MAX);

	KUNIT_ASSERT_FALSE(test, IS_ERR(msg));
	KUNIT_EXPECT_EQ(test, MAILBOX_MESSAGE_BYTES_MAX + MAILBOX_MESSAGE_OVERHEAD, bytes(test));
	mbx_message_free(msg);
	KUNIT_EXPECT_EQ(test, 0, bytes(test));
}

static void quota_holds_without_the_capability(struct kunit *test)
{
	struct cred *cred = prepare_creds();
	const struct cred *old;
	struct mbx_message *msg;
	unsigned long before = mbx_user_bytes_max;

	KUNIT_ASSERT_NOT_NULL(test, cred);
	cap_clear(cred->cap_effective);
	old = override_creds(cred);
	mbx_user_bytes_max = 2 * (100 + MAILBOX_MESSAGE_OVERHEAD) - 1;
	msg = message_new(test, 100);
	KUNIT_EXPECT_FALSE(test, IS_ERR(msg));
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EDQUOT), message_new(test, 100));
	KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EDQUOT), message_new(test, 2 * PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, 100 + MAILBOX_MESSAGE_OVERHEAD, bytes(test));
	/* A copy has no payload of its own. */
	mbx_user_bytes_max = 100 + 2 * MAILBOX_MESSAGE_OVERHEAD - 1;
	if (!IS_ERR(msg))
		KUNIT_EXPECT_PTR_EQ(test, ERR_PTR(-EDQUOT), mbx_message_alloc_copy(msg));
	mbx_message_free(IS_ERR(msg) ? NULL : msg);
	msg = message_new(test, 99);
	KUNIT_EXPECT_FALSE(test, IS_ERR(msg));
	mbx_message_free(IS_ERR(msg) ? NULL : msg);
	mbx_user_bytes_max = before;
	revert_creds(old);
	put_cred(cred);
	KUNIT_EXPECT_EQ(test, 0, bytes(test));
}

static void memory_is_kept_for_the_next(struct kunit *test)
{
	struct mbx_message *first = message_new(test, 64);
	struct mbx_message *again;

	KUNIT_ASSERT_FALSE(test, IS_ERR(first));
	/* What a message was does not show in the next one. */
	first->type = 9;
	first->priority = 9;
	first->pins = MBX_PINS_LEASED;
	first->deliveries = 9;
	mbx_message_free(first);
	again = message_new(test, 10);
	KUNIT_EXPECT_PTR_EQ(test, first, again);
	KUNIT_EXPECT_EQ(test, 0, again->type);
	KUNIT_EXPECT_EQ(test, 0, (u32)again->priority);
	KUNIT_EXPECT_EQ(test, 0, mbx_message_deliveries(again));
	KUNIT_EXPECT_NULL(test, mbx_message_waiter(again));
	KUNIT_EXPECT_EQ(test, 10, (u32)again->len);
	/* One that is longer needs more. */
	first = message_new(test, 65);
	KUNIT_ASSERT_FALSE(test, IS_ERR(first));
	KUNIT_EXPECT_PTR_NE(test, first, again);
	mbx_message_free(first);
	mbx_message_free(again);
}

static void no_more_is_kept_than_may_be(struct kunit *test)
{
	struct mbx_message *msg[4];
	unsigned int before = mbx_spare_bytes;
	struct mbx_sender *sender;
	int i;

	mbx_spare_bytes = 256;
	for (i = 0; i < 4; i++)
		msg[i] = message_new(test, 64);
	/* The handle keeps it. */
	sender = msg[0]->sender;
	for (i = 0; i < 4; i++)
		mbx_message_free(msg[i]);
	KUNIT_EXPECT_EQ(test, 256, atomic_long_read(&sender->spare.bytes));
	mbx_spare_bytes = before;
}

static void sender_is_shared_by_its_messages(struct kunit *test)
{
	struct mbx_message *a = message_new(test, 1);
	struct mbx_message *b = message_new(test, 2 * PAGE_SIZE);

	KUNIT_ASSERT_FALSE(test, IS_ERR(a));
	KUNIT_ASSERT_FALSE(test, IS_ERR(b));
	KUNIT_EXPECT_PTR_EQ(test, a->sender, b->sender);
	KUNIT_EXPECT_PTR_EQ(test, task_tgid(current), a->sender->pid);
	KUNIT_EXPECT_EQ(test, 3, refcount_read(&a->sender->refs));
	mbx_message_free(a);
	mbx_message_free(b);
}

/**
 * struct once - a thread that sends one message
 * @test:	where
 * @msg:	the message, which is not sent really
 * @done:	it was made
 */
struct once {
	struct kunit *test;
	struct mbx_message *msg;
	struct completion done;
};

static int once_run(void *arg)
{
	struct once *once = arg;

	once->msg = payload_new(once->test, "", 1);
	complete(&once->done);
	return 0;
}

static bool thread_exists(struct pid *tid)
{
	bool exists;

	rcu_read_lock();
	exists = pid_task(tid, PIDTYPE_PID);
	rcu_read_unlock();
	return exists;
}

/* More threads, one after the other, than a handle keeps stamps of. */
static void stamps_of_threads_that_are_gone_keep_nothing(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	struct mbx_message *msg[6];
	int i;

	for (i = 0; i < ARRAY_SIZE(msg); i++) {
		struct once once = { .test = test };
		struct task_struct *task;

		init_completion(&once.done);
		task = kthread_run(once_run, &once, "mailbox_kunit");
		KUNIT_ASSERT_FALSE(test, IS_ERR(task));
		wait_for_completion(&once.done);
		msg[i] = once.msg;
		KUNIT_ASSERT_FALSE(test, IS_ERR(msg[i]));
		while (thread_exists(msg[i]->sender->tid))
			usleep_range(100, 1000);
	}
	KUNIT_EXPECT_GT(test, atomic64_read(&fixture->user->spare), 0);
	mbx_senders_forget(&fixture->senders);
	memset(&fixture->senders, 0, sizeof(fixture->senders));
	KUNIT_EXPECT_EQ(test, 0, atomic64_read(&fixture->user->spare));
	for (i = 0; i < ARRAY_SIZE(msg); i++)
		mbx_message_free(msg[i]);
}

/* Whatever order they go in. */
static void copies_share_the_payload(struct kunit *test)
{
	struct mbx_message *msg = message_new(test, 2 * PAGE_SIZE);
	struct mbx_message *copy[2];
	int i;

	KUNIT_ASSERT_FALSE(test, IS_ERR(msg));
	msg->type = 5;
	msg->seq = 17;
	for (i = 0; i < 2; i++) {
		copy[i] = mbx_message_alloc_copy(msg);
		KUNIT_ASSERT_FALSE(test, IS_ERR(copy[i]));
	}
	KUNIT_EXPECT_EQ(test, 2 * PAGE_SIZE + 3 * MAILBOX_MESSAGE_OVERHEAD, bytes(test));
	refcount_set(&msg->copies, 1);
	for (i = 0; i < 2; i++) {
		mbx_message_share(copy[i], msg);
		KUNIT_EXPECT_EQ(test, 17, copy[i]->seq);
		KUNIT_EXPECT_EQ(test, 5, copy[i]->type);
	}
	mbx_message_unshare(msg);
	mbx_message_free(copy[1]);
	KUNIT_EXPECT_EQ(test, 2 * PAGE_SIZE + 2 * MAILBOX_MESSAGE_OVERHEAD, bytes(test));
	mbx_message_free(copy[0]);
	KUNIT_EXPECT_EQ(test, 0, bytes(test));
}

static void copy_that_was_not_used_is_freed_alone(struct kunit *test)
{
	struct mbx_message *msg = message_new(test, 10);
	struct mbx_message *copy;

	KUNIT_ASSERT_FALSE(test, IS_ERR(msg));
	copy = mbx_message_alloc_copy(msg);
	KUNIT_ASSERT_FALSE(test, IS_ERR(copy));
	mbx_message_free(copy);
	KUNIT_EXPECT_EQ(test, 10 + MAILBOX_MESSAGE_OVERHEAD, bytes(test));
	mbx_message_free(msg);
}

static struct kunit_case message_cases[] = {
	KUNIT_CASE_PARAM(payload_comes_out_as_it_went_in, length_gen_params),
	KUNIT_CASE(longest_message_is_charged),
	KUNIT_CASE(quota_holds_without_the_capability),
	KUNIT_CASE(memory_is_kept_for_the_next),
	KUNIT_CASE(no_more_is_kept_than_may_be),
	KUNIT_CASE(sender_is_shared_by_its_messages),
	KUNIT_CASE(stamps_of_threads_that_are_gone_keep_nothing),
	KUNIT_CASE(copies_share_the_payload),
	KUNIT_CASE(copy_that_was_not_used_is_freed_alone),
	{}
};

static struct kunit_suite message_suite = {
	.name = "mailbox-message",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = message_cases,
};

kunit_test_suites(&message_suite);
