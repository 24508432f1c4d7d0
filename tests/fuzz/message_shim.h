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
#include <linux/rbtree.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

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
#define MBX_WORDS_MAX		256
#define PAGE_SIZE		4096UL
#define GFP_KERNEL_ACCOUNT	(GFP_KERNEL | __GFP_ACCOUNT)
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define min_t(type, a, b)	((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define READ_ONCE(x)		(x)
#define WRITE_ONCE(x, value)	((x) = (value))
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define hash_ptr(pointer, bits)	((unsigned int)(uintptr_t)(pointer) & ((1U << (bits)) - 1))
#define ERR_PTR(error)		((void *)(intptr_t)(error))
#define IS_ERR(pointer)		((uintptr_t)(pointer) >= (uintptr_t)-4095)
#define PTR_ERR(pointer)	((int)(intptr_t)(pointer))

static inline unsigned int ilog2(unsigned long n)
{
	return 63 - __builtin_clzl(n);
}

/* --- lists, references, numbers --------------------------------------------------- */

/* One thread: nothing comes in between. */
typedef struct {
	long value;
} atomic64_t;

typedef atomic64_t atomic_t;

#define atomic_long_set(atomic, i)	((atomic)->value = (i))
#define atomic_long_add_return(i, atomic) ((atomic)->value += (i))
#define atomic_long_sub(i, atomic)	((atomic)->value -= (i))
#define atomic64_add_return(i, atomic)	((atomic)->value += (i))

static inline void atomic64_sub(long i, atomic64_t *atomic)
{
	SHIM_CHECK(atomic->value >= i);
	atomic->value -= i;
}

#define llist_entry(ptr, type, member)	container_of(ptr, type, member)
#define llist_for_each_entry_safe(pos, n, node, member)			\
	for (struct llist_node *at_ = (node), *next_;			\
	     at_ && (next_ = at_->next, n = NULL,			\
		     pos = llist_entry(at_, __typeof__(*pos), member)); \
	     at_ = next_)

static inline void init_llist_head(struct llist_head *list)
{
	list->first = NULL;
}

static inline bool llist_empty(const struct llist_head *list)
{
	return !list->first;
}

static inline void llist_add_batch(struct llist_node *first, struct llist_node *last,
				   struct llist_head *list)
{
	last->next = list->first;
	list->first = first;
}

static inline void llist_add(struct llist_node *node, struct llist_head *list)
{
	llist_add_batch(node, node, list);
}

static inline struct llist_node *llist_del_all(struct llist_head *list)
{
	struct llist_node *first = list->first;

	list->first = NULL;
	return first;
}

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

static inline bool refcount_sub_and_test(int refs, refcount_t *count)
{
	SHIM_CHECK(count->refs >= refs);
	count->refs -= refs;
	return !count->refs;
}

/* One thread: nobody is in the middle of anything. */
#define rcu_read_lock_sched()		do { } while (0)
#define rcu_read_unlock_sched()		do { } while (0)
#define rcu_dereference_sched(pointer)	(pointer)
#define rcu_access_pointer(pointer)	(pointer)
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
#define current				shim_tid
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

static inline void *page_address(struct page *page)
{
	return page->data;
}

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

/* The one piece of user memory that there is otherwise. */
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

static inline void iov_iter_ubuf(struct iov_iter *iter, unsigned int direction, void *data,
				 size_t len)
{
	*iter = *shim_iter;
	SHIM_CHECK(data == iter->ubuf && len == iter->count && direction <= 1);
}

/* How much of @len from @user on can be copied. */
static inline size_t shim_user_good(const u8 *user, size_t len)
{
	size_t at = user - shim_iter->ubuf;
	size_t left = shim_iter->good > at ? shim_iter->good - at : 0;

	SHIM_CHECK(user >= shim_iter->ubuf && at + len <= shim_iter->count);
	return len < left ? len : left;
}

/* They return what was not copied. */
static inline size_t copy_from_user(void *to, const void *from, size_t len)
{
	size_t good = shim_user_good(from, len);

	memcpy(to, from, good);
	return len - good;
}

static inline size_t copy_to_user(void *to, const void *from, size_t len)
{
	size_t good = shim_user_good(to, len);

	memcpy(to, from, good);
	return len - good;
}

static inline int mbx_words_read(void *to, const void *from, size_t len)
{
	SHIM_CHECK(len <= MBX_WORDS_MAX);
	return copy_from_user(to, from, len) ? -EFAULT : 0;
}

static inline int mbx_words_write(void *to, const void *from, size_t len)
{
	SHIM_CHECK(len <= MBX_WORDS_MAX);
	return copy_to_user(to, from, len) ? -EFAULT : 0;
}

/* --- quotas ------------------------------------------------------------------------- */

#define SHIM_USERS	4

static unsigned long mbx_user_bytes_max;
static unsigned int mbx_spare_bytes;

#include "memory_body.h"

static struct mbx_user shim_users[SHIM_USERS];

struct mbx_user *mbx_user_get(struct mbx_quota *quota, kuid_t uid)
{
	SHIM_CHECK(!quota);
	if (!shim_slab_left)
		return NULL;
	shim_users[uid.val].refs++;
	return &shim_users[uid.val];
}

void mbx_user_put(struct mbx_user *user)
{
	SHIM_CHECK(user->refs-- > 0);
}

int mbx_user_charge_over(struct mbx_user *user, size_t bytes)
{
	SHIM_CHECK(user->refs > 0 && (unsigned long)user->bytes.value > mbx_user_bytes_max);
	mbx_user_uncharge_bytes(user, bytes);
	return -EDQUOT;
}

unsigned long mbx_user_charge_spare(struct mbx_user *user)
{
	user->spare.value += mbx_spare_bytes;
	return mbx_spare_bytes;
}

void mbx_user_uncharge_spare(struct mbx_user *user, unsigned long bytes)
{
	atomic64_sub(bytes, &user->spare);
}

#endif /* MESSAGE_SHIM_H */
