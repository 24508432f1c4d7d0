/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the module share, from the lowest layer to the highest:
 *
 *   quota    what a user has here
 *   sender   who sends
 *   message  a payload with its stamp
 *   queue    order and selection of messages
 *   waiter   a task asleep at a port
 *   transfer sending, receiving, hand-over
 *   port     life and policy of what they happen at
 *   policy   what a policy may be, whom it lets do what
 *   registry the named ports of a network namespace
 *   handle   an open file description (fops.c, ioctl.c)
 *
 * A layer calls those above it in this list, never those below.
 *
 * DOC: locks
 *
 *   mbx_handle.lock      mutex: binding a handle, once
 *     mbx_registry.lock  mutex: the names, and what lives as long as a name
 *       mbx_port.lock    spinlock: everything that moves in a port
 *   mbx_quota.lock       spinlock, innermost: the table of users
 *
 * No lock is held while user memory is touched or while a task sleeps at a
 * port, and no spinlock while memory is allocated.
 */
#ifndef MBX_INTERNAL_H
#define MBX_INTERNAL_H

#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/mailbox_ipc.h>

#include "message.h"
#include "queue.h"

struct file;
struct net;

/* Module parameters; written at run time by root, so read with READ_ONCE(). */
extern unsigned int mbx_ports_max;
extern unsigned int mbx_user_ports_max;
extern unsigned long mbx_user_bytes_max;
extern unsigned int mbx_message_bytes_max;
extern unsigned int mbx_message_bytes_default;
extern unsigned int mbx_capacity_max;
extern unsigned int mbx_capacity_default;

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
 */
struct mbx_user {
	struct rb_node node;
	unsigned int refs;
	struct mbx_quota *quota;
	kuid_t uid;
	atomic_t ports;
	atomic64_t bytes;
};

void mbx_quota_init(struct mbx_quota *quota);
struct mbx_user *mbx_user_get(struct mbx_quota *quota, kuid_t uid);
void mbx_user_put(struct mbx_user *user);
int mbx_user_charge_port(struct mbx_user *user);
void mbx_user_uncharge_port(struct mbx_user *user);
int mbx_user_charge_bytes(struct mbx_user *user, size_t bytes);
void mbx_user_uncharge_bytes(struct mbx_user *user, size_t bytes);

/* --- transfer.c, port.c ------------------------------------------------- */

/**
 * struct mbx_policy - what a port is created with and PORT_SET changes
 * @buffering:	MAILBOX_BUFFERING_*
 * @capacity:	messages, for BOUNDED
 * @capacity_bytes: 0 = no limit
 * @message_bytes_max: longest message
 * @mode:	permission bits
 * @uid:	owner
 * @gid:	group
 */
struct mbx_policy {
	u32 buffering;
	u32 capacity;
	u64 capacity_bytes;
	u32 message_bytes_max;
	umode_t mode;
	kuid_t uid;
	kgid_t gid;
};

/**
 * struct mbx_port - a queue of messages that processes sleep at, and a policy
 *
 * For the registry:
 * @refs:	one for each bound handle, one for a persistent port's name, one
 *		for each look-up under way
 * @id:		invariant after init
 * @flags:	MAILBOX_CREATE_PERSIST and _HANGUP; invariant after init
 * @registry:	invariant after init
 * @user:	whose quota pays for the port; invariant after init
 * @by_name:	in mbx_registry.names; mbx_registry.lock
 * @linked:	whether it is; mbx_registry.lock
 * @handles:	bound handles; mbx_registry.lock
 * @name:	bytes are invariant after init, empty for an anonymous port;
 *		what the port is called only while @linked
 *
 * For those who talk, all protected by @lock:
 * @lock:	innermost but for the wait queues' own
 * @policy:	see there
 * @dead:	destroyed: every call fails with EIDRM
 * @ready:	messages that were accepted
 * @pending:	messages of senders that sleep for room or, on a rendezvous
 *		port, for a receiver; in the order of arrival
 * @senders:	struct mbx_waiter of sleeping senders, in the order of arrival
 * @receivers:	struct mbx_waiter of sleeping receivers, likewise
 * @senders_waiting: length of @senders
 * @receivers_waiting: length of @receivers
 * @send_handles: bound handles that may send
 * @receive_handles: bound handles that may receive
 * @had_sender:	there ever was a handle that may send
 * @had_receiver: there ever was a handle that may receive
 * @seq:	number of the last message
 * @sent:	messages accepted
 * @received:	messages taken
 *
 * With locks of their own:
 * @wait_receive: pollers for POLLIN
 * @wait_send:	pollers for POLLOUT
 * @fasync_receive: handles that may receive and want SIGIO
 * @fasync_send: handles that may send and want SIGIO
 */
struct mbx_port {
	spinlock_t lock;
	bool dead;
	struct mbx_policy policy;
	struct mbx_queue ready;
	struct mbx_queue pending;
	struct list_head senders;
	struct list_head receivers;
	unsigned int senders_waiting;
	unsigned int receivers_waiting;
	unsigned int send_handles;
	unsigned int receive_handles;
	bool had_sender;
	bool had_receiver;
	u64 seq;
	u64 sent;
	u64 received;

	wait_queue_head_t wait_receive;
	wait_queue_head_t wait_send;
	struct fasync_struct *fasync_receive;
	struct fasync_struct *fasync_send;

	struct kref refs;
	u64 id;
	u32 flags;
	struct mbx_registry *registry;
	struct mbx_user *user;
	struct rb_node by_name;
	bool linked;
	unsigned int handles;
	char name[MAILBOX_NAME_SIZE];
};

/**
 * struct mbx_deadline - how long a call may sleep
 * @nonblock:	not at all
 * @clock:	CLOCK_MONOTONIC or CLOCK_REALTIME
 * @ns:		until then; 0 = for ever
 */
struct mbx_deadline {
	bool nonblock;
	clockid_t clock;
	u64 ns;
};

/**
 * struct mbx_send - one send
 * @msg:	in: the message; out: NULL if the port has it now, otherwise
 *		it is still the caller's
 * @sync:	in: sleep until it is taken
 * @deadline:	in
 * @seq:	out: its number
 * @taken_bytes: out, for @sync: what the receiver took
 * @taken_pid:	out, for @sync: the receiving process; the caller's reference
 * @taken_tid:	out, for @sync: the receiving thread, likewise
 */
struct mbx_send {
	struct mbx_message *msg;
	bool sync;
	struct mbx_deadline deadline;
	u64 seq;
	u64 taken_bytes;
	struct pid *taken_pid;
	struct pid *taken_tid;
};

/**
 * struct mbx_receive - one receive
 * @select:	in: which message
 * @size:	in: room of the buffer in bytes
 * @peek:	in: leave it where it is
 * @trunc:	in: cut what does not fit
 * @deadline:	in
 * @copy:	in: gives the message to user space; called without a lock, and
 *		again if a message was withdrawn meanwhile. Returns 0 or -errno
 * @needed:	out, for -EMSGSIZE: length of the message
 */
struct mbx_receive {
	struct mbx_select select;
	size_t size;
	bool peek;
	bool trunc;
	struct mbx_deadline deadline;
	int (*copy)(struct mbx_receive *receive, const struct mbx_message *msg);
	size_t needed;
};

/* transfer.c */
int mbx_port_send(struct mbx_port *port, struct mbx_send *send);
int mbx_port_receive(struct mbx_port *port, struct mbx_receive *receive);

/* port.c */
struct mbx_port *mbx_port_alloc(const struct mbx_policy *policy, u32 flags);
void mbx_port_free(struct mbx_port *port);
int mbx_port_attach(struct mbx_port *port, fmode_t mode);
void mbx_port_detach(struct mbx_port *port, fmode_t mode);
void mbx_port_kill(struct mbx_port *port);
int mbx_port_set_policy(struct mbx_port *port, const struct mbx_policy *policy,
			u32 fields);
int mbx_port_get_policy(struct mbx_port *port, struct mbx_policy *policy);
__poll_t mbx_port_poll(struct mbx_port *port, struct file *file,
		       poll_table *wait);
void mbx_port_stat(struct mbx_port *port, struct mailbox_ioc_port_stat *stat,
		   struct mailbox_waiter *waiters, u32 room);

/* --- policy.c, registry.c ----------------------------------------------- */

/**
 * struct mbx_registry - the ports of one network namespace
 * @lock:	protects @names, @ports and @last_id
 * @names:	tree of struct mbx_port by name
 * @ports:	how many ports exist, named or not
 * @last_id:	number of the port that was created last
 * @quota:	what each user has
 * @user_ns:	whose capabilities count; invariant after init
 */
struct mbx_registry {
	struct mutex lock;
	struct rb_root names;
	unsigned int ports;
	u64 last_id;
	struct mbx_quota quota;
	struct user_namespace *user_ns;
};

/**
 * struct mbx_handle - what file->private_data of /dev/mailbox points to
 * @lock:	protects the change of @port from NULL
 * @port:	NULL, then invariant until release: readers use
 *		mbx_handle_port()
 * @sender:	stamp of the thread that sent last; RCU
 * @registry:	invariant after init
 * @net:	keeps the registry; invariant after init
 * @mode:	FMODE_READ and FMODE_WRITE of the file; invariant after init
 */
struct mbx_handle {
	struct mutex lock;
	struct mbx_port *port;
	struct mbx_sender __rcu *sender;
	struct mbx_registry *registry;
	struct net *net;
	fmode_t mode;
};

/* Pairs with the smp_store_release() of handle_bind(): the port is whole. */
static inline struct mbx_port *mbx_handle_port(const struct mbx_handle *handle)
{
	return smp_load_acquire(&handle->port);
}

/* policy.c */
bool mbx_policy_permits(const struct mbx_registry *registry,
			const struct mbx_policy *policy, fmode_t mode);
bool mbx_policy_owned(const struct mbx_registry *registry,
		      const struct mbx_policy *policy);
bool mbx_policy_listed(const struct mbx_policy *policy);
bool mbx_policy_visible(const struct mbx_registry *registry,
			const struct mbx_policy *policy);
int mbx_policy_create(const struct mbx_registry *registry,
		      const struct mailbox_ioc_port_create *arg,
		      struct mbx_policy *policy);
int mbx_policy_set(const struct mbx_registry *registry,
		   struct mbx_policy *policy,
		   const struct mailbox_ioc_port_set *arg);

/* registry.c */
int mbx_registry_init(void);
void mbx_registry_exit(void);
struct mbx_registry *mbx_registry_of(struct net *net);
int mbx_registry_create(struct mbx_handle *handle,
			struct mailbox_ioc_port_create *arg);
int mbx_registry_open(struct mbx_handle *handle, const char *name, u64 *id);
void mbx_registry_close(struct mbx_handle *handle);
int mbx_registry_unlink(struct mbx_handle *handle, const char *name);
int mbx_registry_destroy(struct mbx_handle *handle, const char *name);
int mbx_registry_set(struct mbx_handle *handle,
		     const struct mailbox_ioc_port_set *arg);
int mbx_registry_stat(struct mbx_handle *handle, const char *name,
		      struct mailbox_ioc_port_stat *stat,
		      struct mailbox_waiter *waiters, u32 room);
u32 mbx_registry_ports(struct mbx_registry *registry);
u32 mbx_registry_list(struct mbx_registry *registry, const char *after,
		      struct mailbox_ioc_port_stat *entries, u32 room);
bool mbx_name_valid(const char *name);

/* --- fops.c, ioctl.c ---------------------------------------------------- */

extern const struct file_operations mbx_fops;

int mbx_handle_send(struct mbx_handle *handle, struct mbx_port *port,
		    struct iov_iter *from, u64 type, u32 priority,
		    struct mbx_send *send);
long mbx_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

#endif /* MBX_INTERNAL_H */
