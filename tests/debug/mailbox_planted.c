// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mistakes of every kind that the kernels for finding bugs are there to find,
 * one of them each time the module is loaded: `insmod mailbox_planted.ko
 * bug=leak`. None of them is visible otherwise: the module is loaded, and
 * unloaded, without an error.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static char *bug = "none";
module_param(bug, charp, 0444);
MODULE_PARM_DESC(bug, "which mistake to make");

/* Not optimised away, and not seen through. */
static noinline char *block_alloc(size_t size)
{
	char *block = kzalloc(size, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(block);
	return block;
}

static noinline void use_after_free(void)
{
	char *block = block_alloc(100);

	if (!block)
		return;
	kfree(block);
	WRITE_ONCE(block[10], 1);
}

static noinline void out_of_bounds(void)
{
	char *block = block_alloc(100);

	if (!block)
		return;
	WRITE_ONCE(block[100], 1);
	kfree(block);
}

static noinline void double_free(void)
{
	char *block = block_alloc(100);

	kfree(block);
	OPTIMIZER_HIDE_VAR(block);
	kfree(block);
}

static noinline void leak(void)
{
	char *block = block_alloc(100);

	OPTIMIZER_HIDE_VAR(block);
}

static noinline void shift(void)
{
	int by = 40;

	OPTIMIZER_HIDE_VAR(by);
	WRITE_ONCE(by, 1 << by);
}

static DEFINE_SPINLOCK(planted_lock);

static noinline void sleep_in_atomic(void)
{
	spin_lock(&planted_lock);
	kfree(block_alloc(100));
	spin_unlock(&planted_lock);
}

static DEFINE_MUTEX(planted_a);
static DEFINE_MUTEX(planted_b);

/* No two tasks meet here: lockdep has to tell from the order alone. */
static noinline void lock_order(void)
{
	mutex_lock(&planted_a);
	mutex_lock(&planted_b);
	mutex_unlock(&planted_b);
	mutex_unlock(&planted_a);

	mutex_lock(&planted_b);
	mutex_lock(&planted_a);
	mutex_unlock(&planted_a);
	mutex_unlock(&planted_b);
}

static char __rcu *planted_pointer;

static noinline void rcu_without_lock(void)
{
	WRITE_ONCE(planted_pointer, rcu_dereference(planted_pointer));
}

static noinline void list_corruption(void)
{
	struct list_head entry;
	LIST_HEAD(list);

	list_add(&entry, &list);
	entry.next = &entry;
	list_del(&entry);
}

static noinline void refcount(void)
{
	refcount_t count = REFCOUNT_INIT(0);

	refcount_inc(&count);
}

static unsigned long planted_counter;

static int count_up(void *unused)
{
	while (!kthread_should_stop()) {
		planted_counter++;
		barrier();
		cond_resched();
	}
	return 0;
}

static noinline void race(void)
{
	struct task_struct *tasks[2];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		tasks[i] = kthread_run(count_up, NULL, "planted/%u", i);
	msleep(5000);
	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		if (!IS_ERR(tasks[i]))
			kthread_stop(tasks[i]);
}

static const struct {
	const char *name;
	void (*make)(void);
} bugs[] = {
	{ "use_after_free", use_after_free },
	{ "out_of_bounds", out_of_bounds },
	{ "double_free", double_free },
	{ "leak", leak },
	{ "shift", shift },
	{ "sleep_in_atomic", sleep_in_atomic },
	{ "lock_order", lock_order },
	{ "rcu_without_lock", rcu_without_lock },
	{ "list_corruption", list_corruption },
	{ "refcount", refcount },
	{ "data_race", race },
};

static int __init planted_init(void)
{
	unsigned int i;

	if (!strcmp(bug, "none"))
		return 0;
	for (i = 0; i < ARRAY_SIZE(bugs); i++) {
		if (!strcmp(bug, bugs[i].name)) {
			bugs[i].make();
			return 0;
		}
	}
	return -EINVAL;
}
module_init(planted_init);

static void __exit planted_exit(void)
{
}
module_exit(planted_exit);

MODULE_DESCRIPTION("Planted mistakes that a run on a debug kernel has to report");
MODULE_LICENSE("GPL");
