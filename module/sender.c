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

/**
 * mbx_sender_find() - mbx_sender_get(), if it is not where it is looked for first
 * @senders:	likewise
 * @quota:	likewise
 */
struct mbx_sender *mbx_sender_find(struct mbx_senders *senders,
				   struct mbx_quota *quota)
{
	struct mbx_sender __rcu **slot = &senders->slot[mbx_sender_slot()];
	struct mbx_sender *sender, *old;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(senders->slot); i++) {
		sender = mbx_sender_try(&senders->slot[i]);
		if (sender)
			return sender;
	}
	sender = sender_alloc(quota);
	if (!sender)
		return NULL;
	/* One that is free, rather than that of another thread. */
	for (i = 0; rcu_access_pointer(*slot) && i < ARRAY_SIZE(senders->slot);
	     i++)
		if (!rcu_access_pointer(senders->slot[i]))
			slot = &senders->slot[i];
	old = unrcu_pointer(xchg(slot, RCU_INITIALIZER(sender)));
	if (old) {
		/* Its thread may be about to take something. */
		WRITE_ONCE(old->spare.limit, 0);
		mbx_sender_put(old);
	}
	return sender;
}

static void sender_clear(struct mbx_sender *sender)
{
	WRITE_ONCE(sender->spare.limit, 0);
	mbx_spare_empty(&sender->spare);
	mbx_user_uncharge_spare(sender->user, sender->spare.charged);
	sender->spare.charged = 0;
}

/**
 * mbx_sender_free() - the last reference is gone
 * @sender:	the stamp
 *
 * Context: process. The memory stays until a grace period is over, as a
 * look-up in mbx_sender_get() may be reading it.
 */
void mbx_sender_free(struct mbx_sender *sender)
{
	sender_clear(sender);
	put_pid(sender->pid);
	put_pid(sender->tid);
	mbx_user_put(sender->user);
	kfree_rcu(sender, rcu);
}

/**
 * mbx_senders_forget() - a handle goes: drop the stamps that it keeps
 * @senders:	nobody else uses them any more
 */
void mbx_senders_forget(struct mbx_senders *senders)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(senders->slot); i++) {
		struct mbx_sender *sender =
			rcu_dereference_protected(senders->slot[i], true);

		if (!sender)
			continue;
		/* Its messages may be queued for long. */
		sender_clear(sender);
		mbx_sender_put(sender);
	}
}
