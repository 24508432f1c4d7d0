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
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "internal.h"
#include "user.h"

/* The message whose payload this one has. */
static struct mbx_message **message_origin(const struct mbx_message *msg)
{
	return (struct mbx_message **)msg->data;
}

/* The pages of a message that is not inline, chained by page->lru. */
static struct list_head *message_pages(const struct mbx_message *msg)
{
	return (struct list_head *)msg->data;
}

static size_t room_bytes(unsigned int room)
{
	return room == MBX_ROOM_PAGES ? 128 : 128UL << room;
}

static void page_drop(struct list_head *pages)
{
	struct page *page = list_first_entry(pages, struct page, lru);

	list_del(&page->lru);
	__free_page(page);
}

/* Have @count pages, of which there are @had. */
static int pages_fit(struct list_head *pages, unsigned int had,
		     unsigned int count)
{
	for (; had > count; had--)
		page_drop(pages);
	for (; had < count; had++) {
		struct page *page = alloc_page(GFP_KERNEL_ACCOUNT);

		if (page)
			list_add(&page->lru, pages);
		if (!page || fatal_signal_pending(current)) {
			while (!list_empty(pages))
				page_drop(pages);
			return -ENOMEM;
		}
	}
	return 0;
}

/**
 * mbx_message_destroy() - give the memory of a message back
 * @msg:	the message; its sender is not looked at
 *
 * Context: process.
 */
void mbx_message_destroy(struct mbx_message *msg)
{
	if (!msg->shared && !mbx_message_is_inline(msg)) {
		struct list_head *pages = message_pages(msg);

		while (!list_empty(pages))
			page_drop(pages);
	}
	kfree(msg);
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

	err = mbx_user_charge_bytes(msg->sender->user, mbx_message_cost(0));
	if (err)
		return ERR_PTR(err);
	copy = kmalloc(sizeof(*copy) + sizeof(msg), GFP_KERNEL_ACCOUNT);
	if (!copy) {
		mbx_user_uncharge_bytes(msg->sender->user, mbx_message_cost(0));
		return ERR_PTR(-ENOMEM);
	}
	*copy = *msg;
	refcount_inc(&msg->sender->refs);
	copy->waiter = NULL;
	copy->pins = 0;
	copy->shared = 1;
	copy->kept = 0;
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
	struct mbx_message *origin = NULL;
	struct mbx_sender *sender;

	if (!msg || mbx_message_keep(msg))
		return;
	sender = msg->sender;
	if (msg->shared) {
		mbx_user_uncharge_bytes(sender->user, mbx_message_cost(0));
		origin = *message_origin(msg);
	} else {
		mbx_user_uncharge_bytes(sender->user, mbx_message_cost(msg->len));
		mbx_spare_uncount(&sender->spare, msg);
	}
	mbx_message_destroy(msg);
	mbx_sender_put(sender);
	if (origin)
		mbx_message_unshare(origin);
}

/**
 * mbx_messages_free() - free messages that are in no queue
 * @msgs:	the messages
 * @count:	how many
 *
 * Nearly always they are all of one sender and one size, and to be kept: then
 * that is done once. Context: process, without a lock.
 */
void mbx_messages_free(struct mbx_message **msgs, unsigned int count)
{
	unsigned int done;

	for (; count; msgs += done, count -= done) {
		struct mbx_message *first = msgs[0], *last = first;
		struct mbx_sender *sender = first->sender;
		size_t bytes = mbx_message_cost(first->len);

		done = 1;
		if (!first->kept || !READ_ONCE(sender->spare.limit)) {
			mbx_message_free(first);
			continue;
		}
		for (; done < count; done++) {
			struct mbx_message *msg = msgs[done];

			if (msg->sender != sender || !msg->kept ||
			    msg->room != first->room)
				break;
			bytes += mbx_message_cost(msg->len);
			last->spare.next = &msg->spare;
			last = msg;
		}
		mbx_user_uncharge_bytes(sender->user, bytes);
		llist_add_batch(&first->spare, &last->spare,
				&sender->spare.returned[first->room]);
		if (refcount_sub_and_test(done, &sender->refs))
			mbx_sender_free(sender);
	}
}

/* Where the next @len bytes are, if that is one short piece of user memory. */
static void __user *iter_words(const struct iov_iter *iter, size_t len)
{
	if (len > MBX_WORDS_MAX || !iter_is_ubuf(iter))
		return NULL;
	return iter->ubuf + iter->iov_offset;
}

static int inline_fill(struct mbx_message *msg, const struct iov_iter *from)
{
	struct iov_iter iter;
	const void __user *user = iter_words(from, msg->len);

	if (user && !mbx_words_read(msg->data, user, msg->len))
		return 0;
	iter = *from;
	return copy_from_iter_full(msg->data, msg->len, &iter) ? 0 : -EFAULT;
}

static int inline_copy(const struct mbx_message *msg, size_t len,
		       const struct iov_iter *to)
{
	struct iov_iter iter;
	void __user *user = iter_words(to, len);

	if (user && !mbx_words_write(user, msg->data, len))
		return 0;
	iter = *to;
	return copy_to_iter(msg->data, len, &iter) == len ? 0 : -EFAULT;
}

static int pages_fill(struct mbx_message *msg, const struct iov_iter *from)
{
	struct iov_iter iter = *from;
	size_t left = msg->len;
	struct page *page;

	list_for_each_entry(page, message_pages(msg), lru) {
		size_t n = min_t(size_t, left, PAGE_SIZE);

		if (copy_page_from_iter(page, 0, n, &iter) != n)
			return -EFAULT;
		left -= n;
	}
	return 0;
}

static int pages_copy(const struct mbx_message *msg, size_t len,
		      const struct iov_iter *to)
{
	struct iov_iter iter = *to;
	struct page *page;

	list_for_each_entry(page, message_pages(msg), lru) {
		size_t n = min_t(size_t, len, PAGE_SIZE);

		if (!n)
			break;
		if (copy_page_to_iter(page, 0, n, &iter) != n)
			return -EFAULT;
		len -= n;
	}
	return 0;
}

/* Memory for a message of @len bytes, old or new. */
static struct mbx_message *message_alloc(struct mbx_spare *spare, size_t len)
{
	unsigned int room = mbx_message_room(len);
	struct mbx_message *msg = mbx_spare_take(spare, room);
	unsigned int had = 0;

	if (msg) {
		if (room != MBX_ROOM_PAGES)
			return msg;
		had = mbx_message_pages(msg);
		mbx_spare_uncount(spare, msg);
	} else {
		msg = kmalloc(room_bytes(room), GFP_KERNEL_ACCOUNT);
		if (!msg)
			return NULL;
		if (room == MBX_ROOM_PAGES)
			INIT_LIST_HEAD(message_pages(msg));
		msg->room = room;
		msg->shared = 0;
	}
	msg->len = len;
	if (room == MBX_ROOM_PAGES &&
	    pages_fit(message_pages(msg), had, mbx_message_pages(msg))) {
		kfree(msg);
		return NULL;
	}
	mbx_spare_count(spare, msg);
	return msg;
}

/**
 * mbx_message_make() - a message of the calling thread
 * @senders:	stamps that a handle keeps
 * @quota:	the users of the handle's registry
 * @from:	the payload, all of it, at most MAILBOX_MESSAGE_BYTES_MAX
 * @type:	of the message
 * @priority:	of the message, in range
 *
 * Context: process, may sleep. Return: the message, in no queue;
 * ERR_PTR(-EFAULT), ERR_PTR(-EDQUOT) or ERR_PTR(-ENOMEM).
 */
struct mbx_message *mbx_message_make(struct mbx_senders *senders,
				     struct mbx_quota *quota,
				     const struct iov_iter *from, u64 type,
				     u32 priority)
{
	struct mbx_sender *sender = mbx_sender_get(senders, quota);
	size_t len = iov_iter_count(from);
	struct mbx_message *msg;
	int err;

	if (!sender)
		return ERR_PTR(-ENOMEM);
	err = mbx_user_charge_bytes(sender->user, mbx_message_cost(len));
	if (err)
		goto put;
	msg = message_alloc(&sender->spare, len);
	if (!msg) {
		err = -ENOMEM;
		goto uncharge;
	}
	mbx_message_init(msg, sender, len, type, priority, ktime_get_ns());
	err = mbx_message_is_inline(msg) ? inline_fill(msg, from) :
					   pages_fill(msg, from);
	if (err) {
		mbx_message_free(msg);
		return ERR_PTR(err);
	}
	return msg;

uncharge:
	mbx_user_uncharge_bytes(sender->user, mbx_message_cost(len));
put:
	mbx_sender_put(sender);
	return ERR_PTR(err);
}

/**
 * mbx_message_copy() - copy the payload out, as much as there is room for
 * @msg:	the message
 * @to:		where to
 *
 * Context: process, may sleep. Return: 0 or -EFAULT.
 */
int mbx_message_copy(const struct mbx_message *msg, const struct iov_iter *to)
{
	size_t len = min_t(size_t, msg->len, iov_iter_count(to));

	if (msg->shared)
		msg = *message_origin(msg);
	return mbx_message_is_inline(msg) ? inline_copy(msg, len, to) :
					    pages_copy(msg, len, to);
}

/* --- one piece of user memory ---------------------------------------------- */

static int user_read(void *to, const void __user *from, size_t len)
{
	/* Of a whole page it is known that it is one. */
	if (len == PAGE_SIZE)
		return copy_from_user(to, from, PAGE_SIZE) ? -EFAULT : 0;
	return copy_from_user(to, from, len) ? -EFAULT : 0;
}

static int user_write(void __user *to, const void *from, size_t len)
{
	if (len == PAGE_SIZE)
		return copy_to_user(to, from, PAGE_SIZE) ? -EFAULT : 0;
	return copy_to_user(to, from, len) ? -EFAULT : 0;
}

/**
 * mbx_message_refill() - the payload of a message that was left
 * @msg:	the message, not used by anybody
 * @from:	the payload
 * @len:	of it; mbx_message_refits()
 *
 * Context: process, may sleep. Return: 0 or -EFAULT.
 */
int mbx_message_refill(struct mbx_message *msg, const void __user *from,
		       size_t len)
{
	struct page *page;

	if (msg->room != MBX_ROOM_PAGES)
		return user_read(msg->data, from, len);
	list_for_each_entry(page, message_pages(msg), lru) {
		size_t n = min_t(size_t, len, PAGE_SIZE);
		int err = user_read(page_address(page), from, n);

		if (err)
			return err;
		from += n;
		len -= n;
	}
	return 0;
}

/**
 * mbx_message_copy_user() - mbx_message_copy() to one piece of user memory
 * @msg:	likewise
 * @to:		where to
 * @size:	bytes that there is room for
 */
int mbx_message_copy_user(const struct mbx_message *msg, void __user *to,
			  size_t size)
{
	size_t len = min_t(size_t, msg->len, size);
	struct page *page;

	if (msg->shared)
		msg = *message_origin(msg);
	if (mbx_message_is_inline(msg))
		return user_write(to, msg->data, len);
	list_for_each_entry(page, message_pages(msg), lru) {
		size_t n = min_t(size_t, len, PAGE_SIZE);
		int err = user_write(to, page_address(page), n);

		if (err)
			return err;
		to += n;
		len -= n;
		if (!len)
			break;
	}
	return 0;
}
