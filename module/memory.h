/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of messages, and who pays for it: quotas, the stamps of senders, what is
 * kept for the next messages.
 */
#ifndef MBX_MEMORY_H
#define MBX_MEMORY_H

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/cred.h>
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/mailbox_ipc.h>

#include "message.h"
#include "user.h"

struct iov_iter;

/* Module parameters, as in internal.h. */
extern unsigned long mbx_user_bytes_max;
extern unsigned int mbx_spare_bytes;

/* --- quota.c ------------------------------------------------------------ */

/**
 * struct mbx_quota - the users of one registry
 * @lock:	protects @users
 * @users:	tree of struct mbx_user by uid
 */
struct mbx_quota {
	spinlock_t lock;
	struct rb_root users;
};

/**
 * struct mbx_user - what one user has in one registry
 * @node:	in mbx_quota.users; mbx_quota.lock
 * @refs:	one for each port and each struct mbx_sender; mbx_quota.lock
 * @quota:	invariant after init
 * @uid:	invariant after init
 * @ports:	ports created by this user that still exist
 * @bytes:	what its messages cost: payload and MAILBOX_MESSAGE_OVERHEAD
 * @spare:	what may be kept ready for its next messages
 * @watches:	names that it watches
 */
struct mbx_user {
	struct rb_node node;
	unsigned int refs;
	struct mbx_quota *quota;
	kuid_t uid;
	atomic_t ports;
	atomic64_t bytes;
	atomic64_t spare;
	atomic_t watches;
};

/* What is kept ready is this part of the quota of bytes at most. */
#define MBX_USER_SPARE_PART	8

/* Whoever changes a port tells all who watch it. */
#define MBX_USER_WATCHES_MAX	1024

void mbx_quota_init(struct mbx_quota *quota);
struct mbx_user *mbx_user_get(struct mbx_quota *quota, kuid_t uid);
void mbx_user_put(struct mbx_user *user);
int mbx_user_charge_port(struct mbx_user *user);
void mbx_user_uncharge_port(struct mbx_user *user);
int mbx_user_charge_over(struct mbx_user *user, size_t bytes);
unsigned long mbx_user_charge_spare(struct mbx_user *user);
void mbx_user_uncharge_spare(struct mbx_user *user, unsigned long bytes);
int mbx_user_charge_watch(struct mbx_user *user);
void mbx_user_uncharge_watch(struct mbx_user *user);

/**
 * mbx_user_charge_bytes() - count a message that the user sends
 * @user:	the account
 * @bytes:	what it costs
 *
 * Context: process. Return: 0 or -EDQUOT.
 */
static inline int mbx_user_charge_bytes(struct mbx_user *user, size_t bytes)
{
	if (atomic64_add_return(bytes, &user->bytes) <=
	    READ_ONCE(mbx_user_bytes_max))
		return 0;
	return mbx_user_charge_over(user, bytes);
}

/**
 * mbx_user_uncharge_bytes() - the message is gone
 * @user:	the account
 * @bytes:	what was charged
 */
static inline void mbx_user_uncharge_bytes(struct mbx_user *user, size_t bytes)
{
	atomic64_sub(bytes, &user->bytes);
}

/* --- spare.c ------------------------------------------------------------ */

void mbx_spare_init(struct mbx_spare *spare, unsigned long limit);
void mbx_spare_count(struct mbx_spare *spare, struct mbx_message *msg);
void mbx_spare_uncount(struct mbx_spare *spare, struct mbx_message *msg);
void mbx_spare_return(struct mbx_spare *spare);
void mbx_spare_empty(struct mbx_spare *spare);

/**
 * mbx_spare_take() - a message that was left
 * @spare:	the calling thread's, whose struct mbx_sender it has a reference to
 * @room:	of this size
 *
 * Context: process. Return: the message, of which @room and @kept hold, and the
 * length, which tells how many pages it has. NULL if there is none.
 */
static inline struct mbx_message *mbx_spare_take(struct mbx_spare *spare,
						 unsigned int room)
{
	struct llist_node *node = spare->ready[room];

	if (!node) {
		if (llist_empty(&spare->returned[room]))
			return NULL;
		node = llist_del_all(&spare->returned[room]);
		/* Whoever takes the stamp's place frees them: mbx_spare_return(). */
		if (!node)
			return NULL;
	}
	spare->ready[room] = node->next;
	return llist_entry(node, struct mbx_message, spare);
}

/**
 * mbx_spare_untake() - it is not needed after all
 * @spare:	likewise
 * @msg:	from mbx_spare_take()
 */
static inline void mbx_spare_untake(struct mbx_spare *spare,
				    struct mbx_message *msg)
{
	msg->spare.next = spare->ready[msg->room];
	spare->ready[msg->room] = &msg->spare;
}

/* --- sender.c ------------------------------------------------------------ */

struct mbx_sender *mbx_sender_find(struct mbx_senders *senders,
				   struct mbx_quota *quota);
void mbx_sender_free(struct mbx_sender *sender);
void mbx_senders_forget(struct mbx_senders *senders);

/* A thread is of the same process for good. */
static inline bool mbx_sender_is_current(const struct mbx_sender *sender)
{
	const struct cred *cred = current_cred();

	return sender->tid == task_pid(current) &&
	       uid_eq(sender->uid, cred->uid) && gid_eq(sender->gid, cred->gid);
}

/* The stamp of the calling thread, if it is in the slot, with a reference. */
static inline struct mbx_sender *
mbx_sender_try(struct mbx_sender __rcu **slot)
{
	struct mbx_sender *sender;

	/* Cheaper than rcu_read_lock(), and a grace period waits for it too. */
	rcu_read_lock_sched();
	sender = rcu_dereference_sched(*slot);
	if (sender && (!mbx_sender_is_current(sender) ||
		       !refcount_inc_not_zero(&sender->refs)))
		sender = NULL;
	rcu_read_unlock_sched();
	return sender;
}

static inline unsigned int mbx_sender_slot(void)
{
	return hash_ptr(current, MBX_SENDERS_BITS);
}

/**
 * mbx_sender_get() - the stamp of the calling thread
 * @senders:	those that a handle keeps
 * @quota:	the users of the handle's registry
 *
 * Real user and group, as for SCM_CREDENTIALS: a set-user-id program that
 * writes to a handle which it was given speaks for whoever started it.
 *
 * Context: process, may sleep. Return: the stamp with a reference for the
 * caller, or NULL without memory.
 */
static inline struct mbx_sender *mbx_sender_get(struct mbx_senders *senders,
						struct mbx_quota *quota)
{
	return mbx_sender_try(&senders->slot[mbx_sender_slot()]) ?:
	       mbx_sender_find(senders, quota);
}

/**
 * mbx_sender_put() - give a reference back
 * @sender:	the stamp
 *
 * Context: process.
 */
static inline void mbx_sender_put(struct mbx_sender *sender)
{
	if (refcount_dec_and_test(&sender->refs))
		mbx_sender_free(sender);
}

/* --- message.c ----------------------------------------------------------- */

/* What fits into a page, or the largest room, together with the rest of the message. */
#define MBX_INLINE_MAX	(min_t(size_t, PAGE_SIZE, SZ_4K) - sizeof(struct mbx_message))

static inline bool mbx_message_is_inline(const struct mbx_message *msg)
{
	return msg->len <= MBX_INLINE_MAX;
}

static inline unsigned int mbx_message_pages(const struct mbx_message *msg)
{
	return DIV_ROUND_UP(msg->len, PAGE_SIZE);
}

/* A message that was left: has it as many pages as @len bytes need? */
static inline bool mbx_message_refits(const struct mbx_message *msg, size_t len)
{
	return msg->room != MBX_ROOM_PAGES ||
	       mbx_message_pages(msg) == DIV_ROUND_UP(len, PAGE_SIZE);
}

/* The slab object for a payload of @len bytes, or for the head of its pages. */
static inline unsigned int mbx_message_room(size_t len)
{
	size_t size = sizeof(struct mbx_message) + len;

	if (len > MBX_INLINE_MAX)
		return MBX_ROOM_PAGES;
	return size <= 128 ? 0 : ilog2(size - 1) - 6;
}

/* What a message costs its sender's quota. */
static inline size_t mbx_message_cost(size_t len)
{
	return len + MAILBOX_MESSAGE_OVERHEAD;
}

/* What a message takes, in bytes. It does not share another one's payload. */
static inline size_t mbx_message_memory(const struct mbx_message *msg)
{
	if (msg->room == MBX_ROOM_PAGES)
		return 128 + mbx_message_pages(msg) * PAGE_SIZE;
	return 128UL << msg->room;
}

struct mbx_message *mbx_message_make(struct mbx_senders *senders,
				     struct mbx_quota *quota,
				     const struct iov_iter *from, u64 type,
				     u32 priority);
struct mbx_message *mbx_message_alloc_copy(const struct mbx_message *msg);
void mbx_message_share(struct mbx_message *copy, struct mbx_message *msg);
void mbx_message_unshare(struct mbx_message *msg);
void mbx_message_free(struct mbx_message *msg);
void mbx_messages_free(struct mbx_message **msgs, unsigned int count);
void mbx_message_destroy(struct mbx_message *msg);
int mbx_message_refill(struct mbx_message *msg, const void __user *from,
		       size_t len);
int mbx_message_copy(const struct mbx_message *msg, const struct iov_iter *to);
int mbx_message_copy_user(const struct mbx_message *msg, void __user *to,
			  size_t size);

/* All but the payload, and what is known since it was allocated. */
static inline void mbx_message_init(struct mbx_message *msg,
				    struct mbx_sender *sender, size_t len,
				    u64 type, u32 priority, u64 time_ns)
{
	msg->waiter = NULL;
	msg->sender = sender;
	msg->type = type;
	msg->seq = 0;
	msg->time_ns = time_ns;
	msg->len = len;
	msg->priority = priority;
	msg->pins = 0;
}

/**
 * mbx_message_keep() - mbx_message_free(), if its memory is to be kept
 * @msg:	likewise, not NULL
 *
 * Return: false if it is not; then nothing has happened.
 */
static inline bool mbx_message_keep(struct mbx_message *msg)
{
	struct mbx_sender *sender = msg->sender;

	if (!msg->kept || !READ_ONCE(sender->spare.limit))
		return false;
	mbx_user_uncharge_bytes(sender->user, mbx_message_cost(msg->len));
	llist_add(&msg->spare, &sender->spare.returned[msg->room]);
	mbx_sender_put(sender);
	return true;
}

/* mbx_message_free(), for one whose memory is kept as a rule. */
static inline void mbx_message_finish(struct mbx_message *msg)
{
	if (!mbx_message_keep(msg))
		mbx_message_free(msg);
}

/* --- the common case: see quick.h -------------------------------------------- */

/**
 * mbx_quick_message() - make a message of memory that was left
 * @sender:	the calling thread's; the message gets the caller's reference
 * @data:	the payload
 * @len:	of it
 * @type:	of the message
 * @priority:	of the message, in range
 * @time_ns:	of the message
 *
 * Context: process, may sleep. Return: the message, or NULL: it is to be made by
 * mbx_message_make(), and the reference is still the caller's.
 */
static __always_inline struct mbx_message *
mbx_quick_message(struct mbx_sender *sender, const void __user *data,
		  size_t len, u64 type, u32 priority, u64 time_ns)
{
	struct mbx_message *msg;

	msg = mbx_spare_take(&sender->spare, mbx_message_room(len));
	if (!msg)
		return NULL;
	/* First, so that no length is charged that no message can have. */
	if (len > MBX_WORDS_MAX && !mbx_message_refits(msg, len))
		goto untake;
	if (mbx_user_charge_bytes(sender->user, mbx_message_cost(len)))
		goto untake;
	if (len <= MBX_WORDS_MAX ? mbx_words_read(msg->data, data, len) :
				   mbx_message_refill(msg, data, len))
		goto uncharge;
	mbx_message_init(msg, sender, len, type, priority, time_ns);
	return msg;

uncharge:
	mbx_user_uncharge_bytes(sender->user, mbx_message_cost(len));
untake:
	mbx_spare_untake(&sender->spare, msg);
	return NULL;
}

/**
 * mbx_quick_copy() - copy the payload out, as much as there is room for
 * @msg:	the message
 * @to:		where to
 * @size:	bytes that there is room for
 *
 * Context: process, may sleep. Return: 0 or -EFAULT.
 */
static __always_inline int mbx_quick_copy(const struct mbx_message *msg,
					  void __user *to, size_t size)
{
	size_t len = min_t(size_t, msg->len, size);

	if (msg->shared || msg->len > MBX_WORDS_MAX ||
	    mbx_words_write(to, msg->data, len))
		return mbx_message_copy_user(msg, to, size);
	return 0;
}

#endif /* MBX_MEMORY_H */
