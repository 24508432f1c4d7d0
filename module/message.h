/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A message and the stamp of its sender. What queue.c needs of them builds in
 * user space too.
 */
#ifndef MBX_MESSAGE_H
#define MBX_MESSAGE_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/uidgid.h>

struct mbx_user;
struct mbx_waiter;
struct pid;

/* Sizes of slab objects for messages: 128 << room bytes. */
#define MBX_ROOM_PAGES	6	/* but this one: 128 bytes, and pages */
#define MBX_ROOMS	7

/**
 * struct mbx_spare - memory of messages that were received, for the next ones
 * @limit:	so many bytes may be kept; 0 = none, any more
 * @charged:	for so many of them the user's account pays
 * @bytes:	what the messages take that are kept, or will be: mbx_message.kept
 * @ready:	messages by their room, chained by @spare; the sending thread's own
 * @returned:	likewise, those that were received since it looked
 */
struct mbx_spare {
	unsigned long limit;
	unsigned long charged;
	atomic_long_t bytes;
	struct llist_node *ready[MBX_ROOMS];
	struct llist_head returned[MBX_ROOMS];
};

/**
 * struct mbx_sender - who sends: the stamp that messages of a thread share
 * @refs:	one for each message that is not spare, one for the handle that keeps
 *		it ready
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

/* So that a few threads may take turns at a handle. */
#define MBX_SENDERS_BITS	2

/**
 * struct mbx_senders - stamps of threads that sent lately by a handle
 * @slot:	each is in the one that is the hash of its thread, if that was
 *		free, or in another one; RCU
 */
struct mbx_senders {
	struct mbx_sender __rcu *slot[1 << MBX_SENDERS_BITS];
};

/**
 * struct mbx_message - payload and stamp
 * @node:	in its lane, or in a list of those that have it
 * @copies:	instead, once it is shared: how many refer to its payload
 * @next:	instead, while it is about to be freed
 * @spare:	instead, in mbx_spare.ready or .returned
 * @waiter:	the sender that sleeps until this is taken or let in, or NULL;
 *		mbx_port.lock. Use mbx_message_waiter()
 * @deliveries:	instead, with MBX_PINS_LEASED: how many leases it has had
 * @sender:	who sent it; holds a reference
 * @type:	as sent
 * @seq:	its number on the port; set under mbx_port.lock
 * @time_ns:	when it was sent, CLOCK_MONOTONIC
 * @len:	payload bytes
 * @room:	of the slab object
 * @kept:	counts in mbx_spare.bytes, and goes there when it is done with
 * @shared:	the payload is that of another message
 * @priority:	as sent
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
		struct llist_node spare;
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
	u32 kept : 1;
	u32 shared : 1;
	u16 priority;
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

#endif /* MBX_MESSAGE_H */
