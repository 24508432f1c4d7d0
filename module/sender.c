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

/*
 * A thread that does not exist any more is in no system call, so nobody takes from
 * what it has ready.
 */
static bool sender_is_gone(const struct mbx_sender *sender)
{
	bool gone;

	rcu_read_lock();
	gone = !pid_task(sender->tid, PIDTYPE_PID);
	rcu_read_unlock();
	return gone;
}

static void sender_clear(struct mbx_sender *sender)
{
	WRITE_ONCE(sender->spare.limit, 0);
	mbx_spare_empty(&sender->spare);
	mbx_user_uncharge_spare(sender->user, sender->spare.charged);
	sender->spare.charged = 0;
}

/* Its place is another thread's now. */
static void sender_retire(struct mbx_sender *sender)
{
	if (sender_is_gone(sender)) {
		sender_clear(sender);
	} else {
		/* What it has ready goes with the last of its messages. */
		WRITE_ONCE(sender->spare.limit, 0);
		mbx_spare_return(&sender->spare);
	}
	mbx_sender_put(sender);
}

/* Where the calling thread's stamp goes: rather not in place of one in use. */
static struct mbx_sender __rcu **slot_choose(struct mbx_senders *senders)
{
	struct mbx_sender __rcu **own = &senders->slot[mbx_sender_slot()];
	struct mbx_sender __rcu **best = own;
	unsigned int i;

	rcu_read_lock();
	for (i = 0; i < ARRAY_SIZE(senders->slot) && rcu_access_pointer(*best);
	     i++) {
		struct mbx_sender __rcu **slot = &senders->slot[i];
		struct mbx_sender *sender = rcu_dereference(*slot);

		if (!sender || (best == own && sender_is_gone(sender)))
			best = slot;
	}
	rcu_read_unlock();
	return best;
}

/**
 * mbx_sender_find() - mbx_sender_get(), if it is not where it is looked for first
 * @senders:	likewise
 * @quota:	likewise
 */
struct mbx_sender *mbx_sender_find(struct mbx_senders *senders,
				   struct mbx_quota *quota)
{
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
	old = unrcu_pointer(xchg(slot_choose(senders), RCU_INITIALIZER(sender)));
	if (old)
		sender_retire(old);
	return sender;
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
