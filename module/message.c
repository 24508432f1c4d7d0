// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of messages. A message that fits into a page is one allocation; the
 * payload of a longer one is a chain of single pages, so that no length needs
 * more than order-0 memory. All of it is charged to the sender's memory cgroup.
 */
#include <linux/highmem.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uio.h>

#include "internal.h"
#include "user.h"

#define MBX_INLINE_MAX	(PAGE_SIZE - sizeof(struct mbx_message))

/* The message whose payload this one has. */
static struct mbx_message **message_origin(const struct mbx_message *msg)
{
	return (struct mbx_message **)msg->data;
}

static bool message_is_inline(const struct mbx_message *msg)
{
	return msg->len <= MBX_INLINE_MAX;
}

/* The pages of a message that is not inline, chained by page->lru. */
static struct list_head *message_pages(const struct mbx_message *msg)
{
	return (struct list_head *)msg->data;
}

static size_t message_cost(size_t len)
{
	return len + MAILBOX_MESSAGE_OVERHEAD;
}

/* What it was charged with. */
static size_t message_charged(const struct mbx_message *msg)
{
	return message_cost(msg->shared ? 0 : msg->len);
}

static unsigned int message_page_count(const struct mbx_message *msg)
{
	return DIV_ROUND_UP(msg->len, PAGE_SIZE);
}

/* The slab object for a payload of @len bytes, or for the head of its pages. */
static unsigned int message_room(size_t len)
{
	size_t size = sizeof(struct mbx_message) +
		      (len <= MBX_INLINE_MAX ? len : sizeof(struct list_head));

	return size <= 128 ? 0 : ilog2(size - 1) - 6;
}

/**
 * mbx_pages_free() - free a chain of pages
 * @pages:	chained by page->lru
 */
void mbx_pages_free(struct list_head *pages)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, pages, lru)
		__free_page(page);
}

static int pages_alloc(struct mbx_message *msg)
{
	struct list_head *pages = message_pages(msg);
	unsigned int count = message_page_count(msg);

	INIT_LIST_HEAD(pages);
	count -= mbx_spare_take_pages(&msg->sender->spare, pages, count);
	while (count--) {
		struct page *page = alloc_page(GFP_KERNEL_ACCOUNT);

		if (!page || fatal_signal_pending(current)) {
			if (page)
				__free_page(page);
			mbx_pages_free(pages);
			return -ENOMEM;
		}
		list_add(&page->lru, pages);
	}
	return 0;
}

static struct mbx_message *message_make(struct mbx_sender __rcu **kept,
					struct mbx_quota *quota,
					unsigned int room)
{
	struct mbx_sender *sender = mbx_sender_get(kept, quota);
	struct mbx_message *msg;

	if (!sender)
		return NULL;
	msg = kmalloc(128UL << room, GFP_KERNEL_ACCOUNT);
	if (!msg) {
		mbx_sender_put(sender);
		return NULL;
	}
	msg->sender = sender;
	msg->room = room;
	return msg;
}

static void message_release(struct mbx_message *msg)
{
	struct mbx_sender *sender = msg->sender;

	kfree(msg);
	mbx_sender_put(sender);
}

/**
 * mbx_message_alloc() - memory for a message of the calling thread
 * @kept:	where a handle keeps the stamp that was used last
 * @quota:	the users of the handle's registry
 * @len:	payload bytes, at most MAILBOX_MESSAGE_BYTES_MAX
 *
 * Context: process, may sleep. Return: a stamped message of type and priority
 * 0, to be filled; ERR_PTR(-EDQUOT) or ERR_PTR(-ENOMEM).
 */
struct mbx_message *mbx_message_alloc(struct mbx_sender __rcu **kept,
				      struct mbx_quota *quota, size_t len)
{
	unsigned int room = message_room(len);
	struct mbx_message *msg;
	int err;

	msg = mbx_sender_spare(kept, room) ?: message_make(kept, quota, room);
	if (!msg)
		return ERR_PTR(-ENOMEM);
	err = mbx_user_charge_bytes(msg->sender->user, message_cost(len));
	if (err)
		goto release;
	msg->len = len;
	if (len > MBX_INLINE_MAX) {
		err = pages_alloc(msg);
		if (err)
			goto uncharge;
	}
	msg->waiter = NULL;
	msg->type = 0;
	msg->seq = 0;
	msg->time_ns = ktime_get_ns();
	msg->priority = 0;
	msg->shared = 0;
	msg->pins = 0;
	return msg;

uncharge:
	mbx_user_uncharge_bytes(msg->sender->user, message_cost(len));
release:
	message_release(msg);
	return ERR_PTR(err);
}

/**
 * mbx_message_alloc_copy() - memory for one more message with the same payload
 * @msg:	a message of the same sender
 *
 * Context: process, may sleep. Return: a copy for mbx_message_share(), or
 * ERR_PTR(-EDQUOT), ERR_PTR(-ENOMEM).
 */
struct mbx_message *mbx_message_alloc_copy(const struct mbx_message *msg)
{
	struct mbx_message *copy;
	int err;

	err = mbx_user_charge_bytes(msg->sender->user, message_cost(0));
	if (err)
		return ERR_PTR(err);
	copy = kmalloc(sizeof(*copy) + sizeof(msg), GFP_KERNEL_ACCOUNT);
	if (!copy) {
		mbx_user_uncharge_bytes(msg->sender->user, message_cost(0));
		return ERR_PTR(-ENOMEM);
	}
	*copy = *msg;
	refcount_inc(&msg->sender->refs);
	copy->waiter = NULL;
	copy->pins = 0;
	copy->shared = 1;
	*message_origin(copy) = NULL;
	return copy;
}

/**
 * mbx_message_share() - let a copy have the payload of a message
 * @copy:	from mbx_message_alloc_copy()
 * @msg:	the message. Its node is not used any more, @msg->copies is 1 for
 *		the caller's own
 *
 * Context: any.
 */
void mbx_message_share(struct mbx_message *copy, struct mbx_message *msg)
{
	copy->type = msg->type;
	copy->seq = msg->seq;
	copy->time_ns = msg->time_ns;
	copy->len = msg->len;
	copy->priority = msg->priority;
	refcount_inc(&msg->copies);
	*message_origin(copy) = msg;
}

/**
 * mbx_message_unshare() - the caller has no more copies to make
 * @msg:	the message; freed with its last copy, or now if it has none
 *
 * Context: process, without a lock.
 */
void mbx_message_unshare(struct mbx_message *msg)
{
	if (refcount_dec_and_test(&msg->copies))
		mbx_message_free(msg);
}

/**
 * mbx_message_free() - free a message that is in no queue
 * @msg:	may be NULL; not one that is shared
 *
 * Context: process, without a lock.
 */
void mbx_message_free(struct mbx_message *msg)
{
	struct list_head *pages = NULL;
	unsigned int count = 0;

	if (!msg)
		return;
	mbx_user_uncharge_bytes(msg->sender->user, message_charged(msg));
	if (msg->shared) {
		struct mbx_message *origin = *message_origin(msg);

		message_release(msg);
		if (origin)
			mbx_message_unshare(origin);
		return;
	}
	if (!message_is_inline(msg)) {
		pages = message_pages(msg);
		count = message_page_count(msg);
	}
	if (mbx_spare_keep(&msg->sender->spare, msg, pages, count))
		return;
	if (pages)
		mbx_pages_free(pages);
	message_release(msg);
}

/* Where the next @len bytes are, if that is one short piece of user memory. */
static void __user *iter_words(const struct iov_iter *iter, size_t len)
{
	if (len > MBX_USER_WORDS_MAX || !iter_is_ubuf(iter))
		return NULL;
	return iter->ubuf + iter->iov_offset;
}

static int inline_fill(struct mbx_message *msg, struct iov_iter *from)
{
	const void __user *user = iter_words(from, msg->len);

	if (user && !mbx_user_read(msg->data, user, msg->len)) {
		iov_iter_advance(from, msg->len);
		return 0;
	}
	return copy_from_iter_full(msg->data, msg->len, from) ? 0 : -EFAULT;
}

static int inline_copy(const struct mbx_message *msg, size_t len,
		       struct iov_iter *to)
{
	void __user *user = iter_words(to, len);

	if (user && !mbx_user_write(user, msg->data, len)) {
		iov_iter_advance(to, len);
		return 0;
	}
	return copy_to_iter(msg->data, len, to) == len ? 0 : -EFAULT;
}

/**
 * mbx_message_fill() - copy the payload in
 * @msg:	the message
 * @from:	holds at least as many bytes as it is long
 *
 * Context: process, may sleep. Return: 0 or -EFAULT.
 */
int mbx_message_fill(struct mbx_message *msg, struct iov_iter *from)
{
	size_t left = msg->len;
	struct page *page;

	if (message_is_inline(msg))
		return inline_fill(msg, from);

	list_for_each_entry(page, message_pages(msg), lru) {
		size_t n = min_t(size_t, left, PAGE_SIZE);

		if (copy_page_from_iter(page, 0, n, from) != n)
			return -EFAULT;
		left -= n;
	}
	return 0;
}

/**
 * mbx_message_copy() - copy the payload out, as much as there is room for
 * @msg:	the message
 * @to:		where to; advanced by what was copied
 *
 * Context: process, may sleep. Return: 0 or -EFAULT.
 */
int mbx_message_copy(const struct mbx_message *msg, struct iov_iter *to)
{
	size_t left = min_t(size_t, msg->len, iov_iter_count(to));
	struct page *page;

	if (msg->shared)
		msg = *message_origin(msg);
	if (message_is_inline(msg))
		return inline_copy(msg, left, to);

	list_for_each_entry(page, message_pages(msg), lru) {
		size_t n = min_t(size_t, left, PAGE_SIZE);

		if (!n)
			break;
		if (copy_page_to_iter(page, 0, n, to) != n)
			return -EFAULT;
		left -= n;
	}
	return 0;
}
