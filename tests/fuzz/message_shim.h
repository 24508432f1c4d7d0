/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What message.c, spare.c and sender.c need of the kernel and of the rest of the
 * module, for a program of user space: as simple as can be, and strict.
 */
#ifndef MESSAGE_SHIM_H
#define MESSAGE_SHIM_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/list.h>
#include <linux/mailbox_ipc.h>
#include <linux/slab.h>

#include "message.h"

#define SHIM_CHECK(condition)						\
	do {								\
		if (!(condition)) {					\
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__,	\
				#condition);				\
			abort();					\
		}							\
	} while (0)

#define __user
#define MBX_USER_WORDS_MAX	256
#define PAGE_SIZE		4096UL
#define GFP_KERNEL_ACCOUNT	(GFP_KERNEL | __GFP_ACCOUNT)
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define min_t(type, a, b)	((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define READ_ONCE(x)		(x)
#define ERR_PTR(error)		((void *)(intptr_t)(error))
#define IS_ERR(pointer)		((uintptr_t)(pointer) >= (uintptr_t)-4095)
#define PTR_ERR(pointer)	((int)(intptr_t)(pointer))

static inline unsigned int ilog2(unsigned long n)
{
	return 63 - __builtin_clzl(n);
}

/* --- lists, references, locks --------------------------------------------------- */

#define LIST_HEAD(name) struct list_head name = { &name, &name }
#define list_for_each_entry_safe(pos, n, list, member)			\
	for (pos = list_first_entry(list, __typeof__(*pos), member),	\
	     n = list_first_entry(&pos->member, __typeof__(*pos), member); \
	     &pos->member != (list);					\
	     pos = n, n = list_first_entry(&n->member, __typeof__(*n), member))

static inline void list_move(struct list_head *entry, struct list_head *list)
{
	list_del(entry);
	list_add(entry, list);
}

/* @list is not to be used any more. */
static inline void list_splice(struct list_head *list, struct list_head *to)
{
	while (!list_empty(list))
		list_move(list->prev, to);
}

#define list_splice_init list_splice

static inline void refcount_set(refcount_t *count, int refs)
{
	count->refs = refs;
}

static inline void refcount_inc(refcount_t *count)
{
	SHIM_CHECK(count->refs > 0);
	count->refs++;
}

static inline bool refcount_inc_not_zero(refcount_t *count)
{
	return count->refs && count->refs++;
}

static inline bool refcount_dec_and_test(refcount_t *count)
{
	SHIM_CHECK(count->refs > 0);
	return !--count->refs;
}

static inline void spin_lock_init(spinlock_t *lock)
{
	lock->unused = 0;
}

static inline void spin_lock(spinlock_t *lock)
{
	SHIM_CHECK(lock->unused++ == 0);
}

static inline void spin_unlock(spinlock_t *lock)
{
	SHIM_CHECK(--lock->unused == 0);
}

/* One thread: nobody is in the middle of anything. */
#define rcu_read_lock()			do { } while (0)
#define rcu_read_unlock()		do { } while (0)
#define rcu_dereference(pointer)	(pointer)
#define rcu_dereference_protected(pointer, condition) (pointer)
#define RCU_INITIALIZER(pointer)	(pointer)
#define unrcu_pointer(pointer)		(pointer)
#define kfree_rcu(object, member)	kfree(object)
#define xchg(at, value)							\
	({ __typeof__(*(at)) old_ = *(at); *(at) = (value); old_; })

/* --- who calls ------------------------------------------------------------------ */

struct cred {
	kuid_t uid;
	kgid_t gid;
};

/* What the fuzzer says of the calling thread. */
static struct cred shim_cred;
static struct pid *shim_tid, *shim_tgid;
static bool shim_killed;
static long shim_pid_refs;

#define current_cred()			((const struct cred *)&shim_cred)
#define current				NULL
#define task_pid(task)			shim_tid
#define task_tgid(task)			shim_tgid
#define fatal_signal_pending(task)	shim_killed
#define uid_eq(a, b)			((a).val == (b).val)
#define gid_eq(a, b)			((a).val == (b).val)
#define pid_nr(pid)			((u32)(uintptr_t)(pid))

static inline struct pid *get_pid(struct pid *pid)
{
	shim_pid_refs++;
	return pid;
}

static inline void put_pid(struct pid *pid)
{
	SHIM_CHECK(pid && shim_pid_refs-- > 0);
}

static inline u64 ktime_get_ns(void)
{
	static u64 now;

	return ++now;
}

/* --- pages ---------------------------------------------------------------------- */

struct page {
	struct list_head lru;
	u8 data[PAGE_SIZE];
};

static long shim_pages;

static inline struct page *alloc_page(gfp_t gfp)
{
	struct page *page;

	if (!shim_slab_left)
		return NULL;
	if (shim_slab_left > 0)
		shim_slab_left--;
	SHIM_CHECK(gfp == GFP_KERNEL_ACCOUNT);
	page = malloc(sizeof(*page));
	memset(page->data, 0xa5, PAGE_SIZE);
	shim_pages++;
	return page;
}

static inline void __free_page(struct page *page)
{
	shim_pages--;
	free(page);
}

/* --- user memory ------------------------------------------------------------------- */

/**
 * struct iov_iter - memory of a program
 * @ubuf:	its bytes
 * @iov_offset:	how many are done with
 * @count:	how many are left
 * @good:	the first one that is not mapped; for all that is before it
 * @single:	one piece, so that short copies go by words
 */
struct iov_iter {
	u8 *ubuf;
	size_t iov_offset;
	size_t count;
	size_t good;
	bool single;
};

/* The one that mbx_user_read() and mbx_user_write() may use. */
static struct iov_iter *shim_iter;

static inline bool iter_is_ubuf(const struct iov_iter *iter)
{
	return iter->single;
}

static inline size_t iov_iter_count(const struct iov_iter *iter)
{
	return iter->count;
}

static inline void iov_iter_advance(struct iov_iter *iter, size_t len)
{
	SHIM_CHECK(len <= iter->count);
	iter->iov_offset += len;
	iter->count -= len;
}

/* How much of @len can be copied. */
static inline size_t shim_iter_good(const struct iov_iter *iter, size_t len)
{
	size_t left = iter->good > iter->iov_offset ? iter->good - iter->iov_offset : 0;

	len = len < iter->count ? len : iter->count;
	return len < left ? len : left;
}

static inline size_t copy_from_iter(void *to, size_t len, struct iov_iter *iter)
{
	len = shim_iter_good(iter, len);
	memcpy(to, iter->ubuf + iter->iov_offset, len);
	iov_iter_advance(iter, len);
	return len;
}

static inline bool copy_from_iter_full(void *to, size_t len, struct iov_iter *iter)
{
	return shim_iter_good(iter, len) == len && copy_from_iter(to, len, iter) == len;
}

static inline size_t copy_to_iter(const void *from, size_t len, struct iov_iter *iter)
{
	len = shim_iter_good(iter, len);
	memcpy(iter->ubuf + iter->iov_offset, from, len);
	iov_iter_advance(iter, len);
	return len;
}

static inline size_t copy_page_from_iter(struct page *page, size_t offset, size_t len,
					 struct iov_iter *iter)
{
	SHIM_CHECK(offset + len <= PAGE_SIZE);
	return copy_from_iter(page->data + offset, len, iter);
}

static inline size_t copy_page_to_iter(struct page *page, size_t offset, size_t len,
				       struct iov_iter *iter)
{
	SHIM_CHECK(offset + len <= PAGE_SIZE);
	return copy_to_iter(page->data + offset, len, iter);
}

static inline int mbx_user_read(void *to, const void *from, size_t len)
{
	SHIM_CHECK(from == shim_iter->ubuf + shim_iter->iov_offset && len <= MBX_USER_WORDS_MAX);
	if (shim_iter_good(shim_iter, len) < len)
		return -EFAULT;
	memcpy(to, from, len);
	return 0;
}

static inline int mbx_user_write(void *to, const void *from, size_t len)
{
	SHIM_CHECK(to == shim_iter->ubuf + shim_iter->iov_offset && len <= MBX_USER_WORDS_MAX);
	if (shim_iter_good(shim_iter, len) < len)
		return -EFAULT;
	memcpy(to, from, len);
	return 0;
}

/* --- quotas ------------------------------------------------------------------------- */

#define SHIM_USERS	4

struct mbx_user {
	long refs;
	size_t bytes;
};

struct mbx_quota {
	struct mbx_user users[SHIM_USERS];
	size_t bytes_max;
};

static struct mbx_quota shim_quota;
static unsigned long mbx_spare_bytes;

static inline struct mbx_user *mbx_user_get(struct mbx_quota *quota, kuid_t uid)
{
	if (!shim_slab_left)
		return NULL;
	quota->users[uid.val].refs++;
	return &quota->users[uid.val];
}

static inline void mbx_user_put(struct mbx_user *user)
{
	SHIM_CHECK(user->refs-- > 0);
}

static inline int mbx_user_charge_bytes(struct mbx_user *user, size_t bytes)
{
	SHIM_CHECK(user->refs > 0);
	if (user->bytes + bytes > shim_quota.bytes_max)
		return -EDQUOT;
	user->bytes += bytes;
	return 0;
}

static inline void mbx_user_uncharge_bytes(struct mbx_user *user, size_t bytes)
{
	SHIM_CHECK(user->refs > 0 && user->bytes >= bytes);
	user->bytes -= bytes;
}

#endif /* MESSAGE_SHIM_H */
