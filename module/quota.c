// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each user has in a registry, and how much of it may be had.
 */
#include <linux/capability.h>
#include <linux/slab.h>

#include "internal.h"

/**
 * mbx_quota_init() - make an empty table of users
 * @quota:	the table
 */
void mbx_quota_init(struct mbx_quota *quota)
{
	spin_lock_init(&quota->lock);
	quota->users = RB_ROOT;
}

/* Find the user, or insert @new if there is none. Returns who is there now. */
static struct mbx_user *user_find_locked(struct mbx_quota *quota, kuid_t uid,
					 struct mbx_user *new)
{
	struct rb_node **link = &quota->users.rb_node;
	struct rb_node *parent = NULL;

	lockdep_assert_held(&quota->lock);
	while (*link) {
		struct mbx_user *user = rb_entry(*link, struct mbx_user, node);

		parent = *link;
		if (uid_lt(uid, user->uid)) {
			link = &parent->rb_left;
		} else if (uid_gt(uid, user->uid)) {
			link = &parent->rb_right;
		} else {
			user->refs++;
			return user;
		}
	}
	if (new) {
		rb_link_node(&new->node, parent, link);
		rb_insert_color(&new->node, &quota->users);
	}
	return new;
}

/**
 * mbx_user_get() - the account of a user
 * @quota:	the table of users
 * @uid:	which one
 *
 * Context: process, may sleep. Return: the account with a reference for the
 * caller, made if there was none; NULL without memory.
 */
struct mbx_user *mbx_user_get(struct mbx_quota *quota, kuid_t uid)
{
	struct mbx_user *user, *new;

	spin_lock(&quota->lock);
	user = user_find_locked(quota, uid, NULL);
	spin_unlock(&quota->lock);
	if (user)
		return user;

	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return NULL;
	new->refs = 1;
	new->quota = quota;
	new->uid = uid;

	spin_lock(&quota->lock);
	user = user_find_locked(quota, uid, new);
	spin_unlock(&quota->lock);
	if (user != new)
		kfree(new);
	return user;
}

/**
 * mbx_user_put() - give a reference back
 * @user:	the account
 *
 * Context: process.
 */
void mbx_user_put(struct mbx_user *user)
{
	struct mbx_quota *quota = user->quota;
	bool last;

	spin_lock(&quota->lock);
	last = !--user->refs;
	if (last)
		rb_erase(&user->node, &quota->users);
	spin_unlock(&quota->lock);
	if (last)
		kfree(user);
}

/**
 * mbx_user_charge_port() - count a port that the user creates
 * @user:	the account
 *
 * CAP_SYS_RESOURCE may have more, as it may of the kernel's other limits.
 * Context: process. Return: 0 or -EDQUOT.
 */
int mbx_user_charge_port(struct mbx_user *user)
{
	if (atomic_inc_return(&user->ports) <= READ_ONCE(mbx_user_ports_max) ||
	    capable(CAP_SYS_RESOURCE))
		return 0;
	atomic_dec(&user->ports);
	return -EDQUOT;
}

/**
 * mbx_user_uncharge_port() - the port is gone
 * @user:	the account
 */
void mbx_user_uncharge_port(struct mbx_user *user)
{
	atomic_dec(&user->ports);
}

/**
 * mbx_user_charge_over() - mbx_user_charge_bytes(), if the quota is used up
 * @user:	likewise
 * @bytes:	likewise; they were counted
 */
int mbx_user_charge_over(struct mbx_user *user, size_t bytes)
{
	if (capable(CAP_SYS_RESOURCE))
		return 0;
	mbx_user_uncharge_bytes(user, bytes);
	return -EDQUOT;
}

/**
 * mbx_user_charge_spare() - count memory that may be kept ready
 * @user:	the account
 *
 * Context: process. Return: how many bytes, all or nothing.
 */
unsigned long mbx_user_charge_spare(struct mbx_user *user)
{
	unsigned long bytes = READ_ONCE(mbx_spare_bytes);

	if (atomic64_add_return(bytes, &user->spare) <=
	    READ_ONCE(mbx_user_bytes_max) / MBX_USER_SPARE_PART)
		return bytes;
	atomic64_sub(bytes, &user->spare);
	return 0;
}

/**
 * mbx_user_uncharge_spare() - nothing is kept ready any more
 * @user:	the account
 * @bytes:	what mbx_user_charge_spare() returned
 */
void mbx_user_uncharge_spare(struct mbx_user *user, unsigned long bytes)
{
	atomic64_sub(bytes, &user->spare);
}

/**
 * mbx_user_charge_watch() - count a name that the user watches
 * @user:	the account
 *
 * Context: process. Return: 0 or -EDQUOT.
 */
int mbx_user_charge_watch(struct mbx_user *user)
{
	if (atomic_inc_return(&user->watches) <= MBX_USER_WATCHES_MAX ||
	    capable(CAP_SYS_RESOURCE))
		return 0;
	atomic_dec(&user->watches);
	return -EDQUOT;
}

/**
 * mbx_user_uncharge_watch() - it is not watched any more
 * @user:	the account
 */
void mbx_user_uncharge_watch(struct mbx_user *user)
{
	atomic_dec(&user->watches);
}
