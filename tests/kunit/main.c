// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the suites share; see fixture.h. And what the module's own main.c would
 * have.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/uio.h>

#include "fixture.h"

unsigned int mbx_user_ports_max = 4096;
unsigned long mbx_user_bytes_max = 64UL << 20;
unsigned int mbx_spare_bytes = 80U << 10;

int fixture_init(struct kunit *test)
{
	struct fixture *fixture = kunit_kzalloc(test, sizeof(*fixture), GFP_KERNEL);

	if (!fixture)
		return -ENOMEM;
	mbx_quota_init(&fixture->registry.quota);
	mbx_calls_init(&fixture->registry.calls);
	INIT_LIST_HEAD(&fixture->spent);
	fixture->user = mbx_user_get(&fixture->registry.quota, current_uid());
	if (!fixture->user)
		return -ENOMEM;
	test->priv = fixture;
	return 0;
}

/* Nothing is left, and nobody pays for anything. */
void fixture_exit(struct kunit *test)
{
	struct fixture *fixture = test->priv;
	struct mbx_message *msg, *next;

	if (!fixture)
		return;
	if (fixture->port) {
		mbx_port_kill(fixture->port);
		if (fixture->in.port)
			fixture_detach(test, &fixture->in);
		if (fixture->out.port)
			fixture_detach(test, &fixture->out);
		cancel_delayed_work_sync(&fixture->port->expire);
		mbx_port_free(fixture->port);
	}
	list_for_each_entry_safe(msg, next, &fixture->spent, node)
		mbx_message_free(msg);
	mbx_senders_forget(&fixture->senders);
	KUNIT_EXPECT_EQ(test, 0, atomic64_read(&fixture->user->bytes));
	KUNIT_EXPECT_EQ(test, 1, fixture->user->refs);
	mbx_user_put(fixture->user);
}

static void expire(struct work_struct *work)
{
}

struct mbx_port *fixture_port(struct kunit *test, struct mbx_policy policy, u32 flags)
{
	struct fixture *fixture = test->priv;
	struct mbx_port *port;

	if (!policy.capacity && policy.buffering == MAILBOX_BUFFERING_BOUNDED)
		policy.capacity = 64;
	port = mbx_port_alloc(&policy, flags);
	KUNIT_ASSERT_NOT_NULL(test, port);
	port->registry = &fixture->registry;
	INIT_DELAYED_WORK(&port->expire, expire);
	fixture->port = port;
	fixture_attach(test, &fixture->in, FMODE_READ);
	fixture_attach(test, &fixture->out, FMODE_WRITE);
	return port;
}

void fixture_attach(struct kunit *test, struct mbx_end *end, fmode_t mode)
{
	struct fixture *fixture = test->priv;

	end->mode = mode;
	KUNIT_ASSERT_EQ(test, 0, mbx_port_attach(fixture->port, end));
}

void fixture_detach(struct kunit *test, struct mbx_end *end)
{
	struct fixture *fixture = test->priv;

	mbx_port_detach(end, &fixture->spent);
	end->port = NULL;
}

/* --- numbers --------------------------------------------------------------- */

struct mbx_message *payload_new(struct kunit *test, const void *payload, size_t len)
{
	struct kvec kvec = { (void *)payload, len };
	struct fixture *fixture = test->priv;
	struct iov_iter from;

	iov_iter_kvec(&from, ITER_SOURCE, &kvec, 1, len);
	return mbx_message_make(&fixture->senders, &fixture->registry.quota, &from, 0, 0);
}

struct mbx_message *number_new(struct kunit *test, int value)
{
	return payload_new(test, &value, sizeof(value));
}

int put_as(struct kunit *test, int value, u64 type, u32 priority)
{
	struct mbx_send send = { .deadline.nonblock = true };
	struct mbx_post post = { .msg = number_new(test, value) };
	struct fixture *fixture = test->priv;
	unsigned int done;
	int err;

	KUNIT_ASSERT_FALSE(test, IS_ERR(post.msg));
	post.msg->type = type;
	post.msg->priority = priority;
	err = mbx_port_send(&fixture->out, &send, &post, 1, &done);
	KUNIT_EXPECT_EQ(test, done, err ? 0 : 1);
	KUNIT_EXPECT_EQ(test, !post.msg, !err);
	mbx_message_free(post.msg);
	return err;
}

int put(struct kunit *test, int value)
{
	return put_as(test, value, 0, 0);
}

static int taking_copy(struct mbx_receive *receive, const struct mbx_taken *taken,
		       unsigned int index)
{
	struct taking *taking = container_of(receive, struct taking, receive);
	struct kvec kvec = { &taking->value, sizeof(taking->value) };
	struct iov_iter to;
	int err;

	taking->copies++;
	iov_iter_kvec(&to, ITER_DEST, &kvec, 1, sizeof(taking->value));
	err = mbx_message_copy(taken->msg, &to);
	taking->token = mbx_taken_token(taken, receive->lease);
	if (taking->hook)
		taking->hook(taking->test, taking->arg);
	return err ?: taking->copy_result;
}

int taking_run(struct kunit *test, struct mbx_end *end, struct taking *taking)
{
	taking->test = test;
	taking->receive.size = sizeof(taking->value);
	taking->receive.copy = taking_copy;
	taking->receive.count = 1;
	return mbx_port_receive(end, &taking->receive);
}

void check_order(struct kunit *test, const int *values, int count)
{
	int i;

	for (i = 0; i < count; i++)
		KUNIT_EXPECT_EQ(test, values[i], TAKE(test));
	KUNIT_EXPECT_EQ(test, -EAGAIN, TAKE(test));
}

/* --- sleepers -------------------------------------------------------------- */

static int sleeper_run(void *arg)
{
	struct sleeper *sleeper = arg;
	unsigned int done;

	allow_signal(SIGUSR1);
	if (sleeper->sends) {
		sleeper->result = mbx_port_send(sleeper->end, &sleeper->send, &sleeper->post, 1,
						&done);
		mbx_message_free(sleeper->post.msg);
	} else {
		sleeper->result = taking_run(sleeper->test, sleeper->end, &sleeper->taking);
	}
	complete(&sleeper->done);
	return 0;
}

void sleeper_start(struct kunit *test, struct sleeper *sleeper)
{
	struct fixture *fixture = test->priv;

	sleeper->test = test;
	if (!sleeper->end)
		sleeper->end = sleeper->sends ? &fixture->out : &fixture->in;
	if (sleeper->sends)
		sleeper->post.msg = number_new(test, sleeper->value);
	init_completion(&sleeper->done);
	sleeper->task = kthread_create(sleeper_run, sleeper, "mailbox_kunit");
	KUNIT_ASSERT_FALSE(test, IS_ERR(sleeper->task));
	get_task_struct(sleeper->task);
	wake_up_process(sleeper->task);
}

/* Its result; what it received is in its taking. */
int sleeper_end(struct sleeper *sleeper)
{
	/* It is on our stack: there is no way out before it is done. */
	wait_for_completion(&sleeper->done);
	put_task_struct(sleeper->task);
	put_pid(sleeper->send.taken_pid);
	put_pid(sleeper->send.taken_tid);
	mbx_message_free(sleeper->send.reply);
	return sleeper->result;
}

int sleeper_interrupt(struct sleeper *sleeper)
{
	send_sig(SIGUSR1, sleeper->task, 1);
	return sleeper_end(sleeper);
}

void await_sleepers(struct kunit *test, unsigned int senders, unsigned int receivers)
{
	struct fixture *fixture = test->priv;
	unsigned long limit = jiffies + 20 * HZ;
	bool there;

	do {
		spin_lock(&fixture->port->lock);
		there = fixture->port->senders_waiting == senders &&
			fixture->port->receivers_waiting == receivers;
		spin_unlock(&fixture->port->lock);
		if (there)
			return;
		usleep_range(1000, 2000);
	} while (time_before(jiffies, limit));
	KUNIT_FAIL(test, "there are no %u senders and %u receivers asleep", senders, receivers);
}

u64 in_ms(unsigned int ms)
{
	return ktime_get_ns() + (u64)ms * NSEC_PER_MSEC;
}

MODULE_DESCRIPTION("Tests of the inner parts of mailbox_ipc");
MODULE_LICENSE("GPL");
