/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A message and the stamp of its sender. What queue.c needs of them builds in
 * user space too.
 */
#ifndef MBX_MESSAGE_H
#define MBX_MESSAGE_H

#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/uidgid.h>

struct iov_iter;
struct mbx_quota;
struct mbx_user;
struct mbx_waiter;
struct pid;

/* Sizes of slab objects for messages: 128 << room bytes. */
#define MBX_ROOMS	6

/**
 * struct mbx_spare - memory of messages that were received, for the next ones
 * @lock:	protects all of it
 * @limit:	at most so many @bytes are kept; 0 = none, any more
 * @bytes:	how much there is
 * @messages:	by their room, chained by @next
 * @pages:	chained by page->lru
 */
struct mbx_spare {
	spinlock_t lock;
	unsigned long limit;
	unsigned int bytes;
	struct mbx_message *messages[MBX_ROOMS];
	struct list_head pages;
};

/**
 * struct mbx_sender - who sends: the stamp that messages of a thread share
 * @refs:	one for each message, also a spare one, one for the handle that
 *		keeps it ready
 * @key:	the process's number in the first pid namespace: what a queue
 *		is indexed by
 * @pid:	process; holds a reference
 * @tid:	thread; holds a reference
 * @uid:	real user
 * @gid:	real group
 * @user:	the account of @uid: whose quota pays; holds a reference
 * @spare:	what its messages leave, while a handle keeps it ready; so memory
 *		goes back to whose memory cgroup pays for it
 * @rcu:	frees it, as a handle's is looked at without a lock
 *
 * All but @refs and @spare is invariant after init.
 */
struct mbx_sender {
	refcount_t refs;
	u32 key;
	struct pid *pid;
	struct pid *tid;
	kuid_t uid;
	kgid_t gid;
	struct mbx_user *user;
	struct mbx_spare spare;
	struct rcu_head rcu;
};

/**
 * struct mbx_message - payload and stamp
 * @node:	in its lane, or in a list of those that have it
 * @copies:	instead, once it is shared: how many refer to its payload
 * @next:	instead, while it is spare
 * @waiter:	the sender that sleeps until this is taken or let in, or NULL;
 *		mbx_port.lock. Use mbx_message_waiter()
 * @deliveries:	instead, with MBX_PINS_LEASED: how many leases it has had
 * @sender:	who sent it; holds a reference
 * @type:	as sent
 * @seq:	its number on the port; set under mbx_port.lock
 * @time_ns:	when it was sent, CLOCK_MONOTONIC
 * @len:	payload bytes
 * @room:	of the slab object
 * @priority:	as sent
 * @shared:	the payload is that of another message
 * @pins:	peeks under way, MBX_PINS_DEAD and _LEASED; mbx_port.lock
 * @data:	the payload, if all of it fits into a page together with this;
 *		otherwise struct list_head of the pages that hold it. If @shared,
 *		a pointer to the message that has it
 *
 * 64 bytes, so that a small message fits into a 128-byte slab object. What has
 * no lock named is invariant once the message is sent.
 */
struct mbx_message {
	union {
		struct list_head node;
		refcount_t copies;
		struct mbx_message *next;
	};
	union {
		struct mbx_waiter *waiter;
		unsigned long deliveries;
	};
	struct mbx_sender *sender;
	u64 type;
	u64 seq;
	u64 time_ns;
	u32 len : 25;
	u32 room : 3;
	u16 priority : 15;
	u16 shared : 1;
	u16 pins;
	u8 data[];
};

/* Whoever unpins last frees the message. */
#define MBX_PINS_DEAD	0x8000
/* It has been under a lease: nobody waits for it any more. */
#define MBX_PINS_LEASED	0x4000
#define MBX_PINS_MAX	0x3fff

/* mbx_port.lock held, or the message is in the caller's hands. */
static inline struct mbx_waiter *
mbx_message_waiter(const struct mbx_message *msg)
{
	return msg->pins & MBX_PINS_LEASED ? NULL : msg->waiter;
}

static inline unsigned int mbx_message_deliveries(const struct mbx_message *msg)
{
	return msg->pins & MBX_PINS_LEASED ? msg->deliveries : 0;
}

/* --- sender.c ----------------------------------------------------------- */

struct mbx_sender *mbx_sender_get(struct mbx_sender __rcu **kept,
				  struct mbx_quota *quota);
void mbx_sender_put(struct mbx_sender *sender);
void mbx_sender_forget(struct mbx_sender __rcu **kept);
struct mbx_message *mbx_sender_spare(struct mbx_sender __rcu **kept,
				     unsigned int room);

/* --- spare.c ------------------------------------------------------------ */

void mbx_spare_init(struct mbx_spare *spare, unsigned long limit);
struct mbx_message *mbx_spare_take(struct mbx_spare *spare, unsigned int room);
unsigned int mbx_spare_take_pages(struct mbx_spare *spare,
				  struct list_head *pages, unsigned int count);
bool mbx_spare_keep(struct mbx_spare *spare, struct mbx_message *msg,
		    struct list_head *pages, unsigned int count);
struct mbx_message *mbx_spare_close(struct mbx_spare *spare,
				    struct list_head *pages);

/* --- message.c ---------------------------------------------------------- */

struct mbx_message *mbx_message_alloc(struct mbx_sender __rcu **kept,
				      struct mbx_quota *quota, size_t len);
struct mbx_message *mbx_message_alloc_copy(const struct mbx_message *msg);
void mbx_message_share(struct mbx_message *copy, struct mbx_message *msg);
void mbx_message_unshare(struct mbx_message *msg);
void mbx_message_free(struct mbx_message *msg);
void mbx_pages_free(struct list_head *pages);
int mbx_message_fill(struct mbx_message *msg, struct iov_iter *from);
int mbx_message_copy(const struct mbx_message *msg, struct iov_iter *to);

#endif /* MBX_MESSAGE_H */
