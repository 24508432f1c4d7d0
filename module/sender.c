// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who sends. A thread that keeps sending through one handle, with the same
 * user and group, shares one stamp for all its messages.
 */
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "internal.h"

static bool sender_is_current(const struct mbx_sender *sender)
{
	const struct cred *cred = current_cred();

	return sender->tid == task_pid(current) &&
	       sender->pid == task_tgid(current) &&
	       uid_eq(sender->uid, cred->uid) && gid_eq(sender->gid, cred->gid);
}

static struct mbx_sender *sender_alloc(struct mbx_quota *quota)
{
	const struct cred *cred = current_cred();
	struct mbx_sender *sender;

	sender = kmalloc(sizeof(*sender), GFP_KERNEL_ACCOUNT);
	if (!sender)
		return NULL;
	sender->user = mbx_user_get(quota, cred->uid);
	if (!sender->user) {
		kfree(sender);
		return NULL;
	}
	/* One for the handle, one for the caller. */
	refcount_set(&sender->refs, 2);
	sender->pid = get_pid(task_tgid(current));
	sender->tid = get_pid(task_pid(current));
	sender->key = pid_nr(sender->pid);
	sender->uid = cred->uid;
	sender->gid = cred->gid;
	mbx_spare_init(&sender->spare, mbx_user_charge_spare(sender->user));
	return sender;
}

/* A handle does not keep it ready any more. */
static void sender_retire(struct mbx_sender *sender)
{
	struct mbx_message *msg;
	LIST_HEAD(pages);

	mbx_user_uncharge_spare(sender->user, sender->spare.limit);
	msg = mbx_spare_close(&sender->spare, &pages);
	mbx_pages_free(&pages);
	while (msg) {
		struct mbx_message *next = msg->next;

		kfree(msg);
		mbx_sender_put(sender);
		msg = next;
	}
	mbx_sender_put(sender);
}

/**
 * mbx_sender_get() - the stamp of the calling thread
 * @kept:	where a handle keeps the one that was used last
 * @quota:	the users of the handle's registry
 *
 * Real user and group, as for SCM_CREDENTIALS: a set-user-id program that
 * writes to a handle which it was given speaks for whoever started it.
 *
 * Context: process, may sleep. Return: the stamp with a reference for the
 * caller, or NULL without memory.
 */
struct mbx_sender *mbx_sender_get(struct mbx_sender __rcu **kept,
				  struct mbx_quota *quota)
{
	struct mbx_sender *sender, *old;

	rcu_read_lock();
	sender = rcu_dereference(*kept);
	if (sender && sender_is_current(sender) &&
	    refcount_inc_not_zero(&sender->refs)) {
		rcu_read_unlock();
		return sender;
	}
	rcu_read_unlock();

	sender = sender_alloc(quota);
	if (!sender)
		return NULL;
	old = unrcu_pointer(xchg(kept, RCU_INITIALIZER(sender)));
	if (old)
		sender_retire(old);
	return sender;
}

/**
 * mbx_sender_spare() - memory for a message of the calling thread, if there is
 * @kept:	where a handle keeps the stamp that was used last
 * @room:	how large
 *
 * Context: process. Return: what mbx_spare_take() does.
 */
struct mbx_message *mbx_sender_spare(struct mbx_sender __rcu **kept,
				     unsigned int room)
{
	struct mbx_message *msg = NULL;
	struct mbx_sender *sender;

	rcu_read_lock();
	sender = rcu_dereference(*kept);
	if (sender && sender_is_current(sender))
		msg = mbx_spare_take(&sender->spare, room);
	rcu_read_unlock();
	return msg;
}

/**
 * mbx_sender_put() - give a reference back
 * @sender:	the stamp
 *
 * Context: process. The memory stays until a grace period is over, as a
 * look-up in mbx_sender_get() may be reading it.
 */
void mbx_sender_put(struct mbx_sender *sender)
{
	if (!refcount_dec_and_test(&sender->refs))
		return;
	put_pid(sender->pid);
	put_pid(sender->tid);
	mbx_user_put(sender->user);
	kfree_rcu(sender, rcu);
}

/**
 * mbx_sender_forget() - a handle goes: drop the stamp that it keeps
 * @kept:	where it keeps it; nobody else uses it any more
 */
void mbx_sender_forget(struct mbx_sender __rcu **kept)
{
	struct mbx_sender *sender = rcu_dereference_protected(*kept, true);

	if (sender)
		sender_retire(sender);
}
