/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the module share, from the lowest layer to the highest:
 *
 *   process  whether one has exited
 *   user     copies from and to user space
 *   quota    what a user has here
 *   spare    memory kept ready
 *   sender   who sends
 *   message  a payload with its stamp
 *   queue    order and selection of messages
 *   waiter   a task asleep at a port, or watching one
 *   transfer where messages go: hand-over, admission, drops, put-back
 *   hold     what receivers have in hand: leases, and requests to be answered
 *   calls    who sleeps in a call, and whether that can end
 *   quick    the common case of both that follow
 *   send, receive
 *   port     life of what they happen at
 *   end      by what handles it is used: they come, go, and lose their right
 *   policy   what a policy may be, whom it lets do what
 *   allow    the list of those who may as well
 *   registry the named ports of a network namespace
 *   link     pairs and links: two ports, one a direction
 *   handle   an open file description, and what it is bound to
 *   fops, ioctl
 *
 * A layer calls those above it in this list, never those below; but for transfer,
 * which has hold forget a request whose caller gives up, and quick, which looks for
 * the stamp that a handle keeps, and has receive put back what cannot be copied.
 *
 * DOC: locks
 *
 *   mbx_handle.lock      mutex: binding a handle, once
 *     mbx_registry.lock  mutex: the names, and what lives as long as a name
 *       mbx_calls.lock   spinlock: who sleeps in a call
 *         mbx_port.lock  spinlock: everything that moves in a port
 *   mbx_quota.lock       spinlock, innermost: the table of users
 *
 * Of two ports, no more than one is locked at a time.
 *
 * No lock is held while user memory is touched or while a task sleeps at a
 * port, and no spinlock while memory is allocated.
 */
#ifndef MBX_INTERNAL_H
#define MBX_INTERNAL_H

#include <linux/bits.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/timerqueue.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/mailbox_ipc.h>

#include "memory.h"
#include "queue.h"

struct file;
struct pid;

/* Module parameters; written at run time by root, so read with READ_ONCE(). */
extern unsigned int mbx_ports_max;
extern unsigned int mbx_user_ports_max;
extern unsigned int mbx_message_bytes_max;
extern unsigned int mbx_message_bytes_default;
extern unsigned int mbx_capacity_max;
extern unsigned int mbx_capacity_default;

/* --- process.c ---------------------------------------------------------- */

bool mbx_process_gone(struct pid *pid);

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

/* --- waiter.c ------------------------------------------------------------ */

/**
 * struct mbx_watcher - who is told that a watched port may have changed
 * @changed:	set before @wait is woken
 * @wait:	who sleeps or polls
 */
struct mbx_watcher {
	bool changed;
	wait_queue_head_t wait;
};

/**
 * struct mbx_watch - somebody waits for a state of a port
 * @node:	in mbx_port.watches; mbx_port.lock
 * @by_name:	instead, in mbx_registry.watches, if no port has the name;
 *		mbx_registry.lock
 * @port:	in whose list it is, or NULL; mbx_registry.lock. No reference:
 *		a name that is taken away takes its watches along
 * @name:	what is watched, or empty for @port for good; invariant while
 *		it is in a list, as are the following
 * @events:	MAILBOX_EVENT_*
 * @senders_seen: mbx_port.senders_seen when it began
 * @receivers_seen: likewise
 * @user:	whose quota pays, or NULL; holds a reference
 * @watcher:	whom to tell
 */
struct mbx_watch {
	union {
		struct list_head node;
		struct rb_node by_name;
	};
	struct mbx_port *port;
	char name[MAILBOX_NAME_SIZE];
	u32 events;
	u64 senders_seen;
	u64 receivers_seen;
	struct mbx_user *user;
	struct mbx_watcher *watcher;
};

/**
 * struct mbx_watches - who watches a port
 * @seeing:	those who have looked since they were told last that they may not
 *		see it any more, and saw it
 * @blind:	the others, and those who only want to know what everybody may
 *
 * To be told is to know that something has happened. So who is blind is told only
 * of what everybody may know, and of what may change who may see the port; however
 * many they are, nothing else takes longer for them.
 */
struct mbx_watches {
	struct list_head seeing;
	struct list_head blind;
};

/* What everybody may know of a name. */
#define MBX_EVENTS_PUBLIC	(MAILBOX_EVENT_NAMED | MAILBOX_EVENT_GONE)
/* It may be another port, or who may see it has changed: look anew. */
#define MBX_EVENTS_ALL		(~0U)

void mbx_watcher_init(struct mbx_watcher *watcher);
void mbx_watch_tell_all(struct mbx_watches *watches, u32 events);
void mbx_watch_add(struct mbx_port *port, struct mbx_watch *watch);
void mbx_watch_see(struct mbx_watches *watches, struct mbx_watch *watch,
		   bool sees);

/**
 * mbx_watch_tell() - what is watched may have changed
 * @watches:	by whom
 * @events:	MAILBOX_EVENT_* which may hold now; MBX_EVENTS_ALL
 *
 * Context: mbx_port.lock held.
 */
static inline void mbx_watch_tell(struct mbx_watches *watches, u32 events)
{
	if (!list_empty(&watches->seeing) || (events & MBX_EVENTS_PUBLIC))
		mbx_watch_tell_all(watches, events);
}

int mbx_watcher_sleep(struct mbx_watcher *watcher,
		      const struct mbx_deadline *deadline);

/* --- transfer.c, hold.c, calls.c, send.c, receive.c, port.c, end.c ----- */

/**
 * struct mbx_policy - what a port is created with and PORT_SET changes
 * @buffering:	MAILBOX_BUFFERING_*
 * @capacity:	messages, for BOUNDED
 * @capacity_bytes: 0 = no limit
 * @message_bytes_max: longest message
 * @on_full:	MAILBOX_FULL_*
 * @max_deliveries: leases of a message; 0 = any number
 * @mode:	permission bits
 * @uid:	owner
 * @gid:	group
 */
struct mbx_policy {
	u32 buffering;
	u32 capacity;
	u64 capacity_bytes;
	u32 message_bytes_max;
	u32 on_full;
	u32 max_deliveries;
	umode_t mode;
	kuid_t uid;
	kgid_t gid;
};

/**
 * struct mbx_pollers - who is told, and does not sleep in a call
 * @wait:	who polls
 * @fasync:	handles that want SIGIO
 *
 * Both have locks of their own.
 */
struct mbx_pollers {
	wait_queue_head_t wait;
	struct fasync_struct *fasync;
};

/**
 * struct mbx_channel - what receivers of a port share
 * @node:	in mbx_port.channels
 * @since:	mbx_port.seq when it was made: it gets what was sent later
 * @ready:	messages that were accepted
 * @receivers:	struct mbx_waiter of sleeping receivers, in the order of arrival
 * @pollers:	who polls to receive
 *
 * A port has one, and a broadcast port one for each end that receives. All of
 * it is protected by mbx_port.lock but where noted.
 */
struct mbx_channel {
	struct list_head node;
	u64 since;
	struct mbx_queue ready;
	struct list_head receivers;
	struct mbx_pollers pollers;
};

/**
 * struct mbx_port - queues of messages that processes sleep at, and a policy
 *
 * For the registry:
 * @refs:	one for each bound handle, one for a persistent port's name, one
 *		for each look-up under way
 * @id:		invariant after init
 * @flags:	MAILBOX_CREATE_PERSIST, _HANGUP, _SLOT, _BROADCAST and
 *		MAILBOX_PORT_*; invariant after init
 * @registry:	invariant after init
 * @user:	whose quota pays for the port; invariant after init
 * @by_name:	in mbx_registry.names; mbx_registry.lock
 * @linked:	whether it is; mbx_registry.lock
 * @handles:	bound handles; mbx_registry.lock
 * @allow:	struct mbx_allow; mbx_registry.lock
 * @allowed:	length of @allow; likewise
 * @dead_letter: where messages go that were leased in vain, or NULL; likewise
 * @link:	what it is part of, or NULL; invariant after init, valid as long
 *		as a handle is bound
 * @name:	bytes are invariant after init, empty for an anonymous port;
 *		what the port is called only while @linked
 *
 * For those who talk, all protected by @lock:
 * @lock:	innermost but for the wait queues' own
 * @policy:	see there
 * @dead:	destroyed: every call fails with EIDRM
 * @room:	a channel has room for one more message while it has fewer than so
 *		many, as @policy says
 * @room_bytes:	and fewer bytes than so many
 * @receiver:	a link's: the process that receives; holds a reference, invariant
 *		after init
 * @receiver_exited: a link's: it is gone for good, and everybody was told; so
 *		nothing will be sent any more
 * @sender_exited: a link's: the process that sends is gone for good, whoever
 *		has its handles
 * @shared:	what receivers read from, unless each has a channel of its own
 * @channels:	struct mbx_channel: @shared, or those of the ends
 * @pending:	messages of senders that sleep for room or, on a rendezvous
 *		port, for a receiver; in the order of arrival
 * @senders:	struct mbx_waiter of sleeping senders, in the order of arrival,
 *		also of those that wait for an answer
 * @senders_waiting: length of @senders
 * @receivers_waiting: sleeping receivers in all
 * @ends:	struct mbx_end: those that receive, those that send, and those that
 *		were revoked; but one that came after a revocation and sends is last
 * @cursor:	in @ends, the next one that mbx_port_revoke() looks at
 * @guests:	struct mbx_end of guests that poll
 * @send_handles: ends that may send
 * @receive_handles: ends that may receive
 * @senders_seen: ends that may send, ever
 * @receivers_seen: ends that may receive, ever
 * @seq:	number of the last message
 * @sent:	messages accepted
 * @received:	messages taken
 * @dropped:	messages that were dropped as the port was full
 * @dead_lettered: messages that were given up after their last lease
 * @held:	tree of struct mbx_held by token
 * @leased:	leases in it
 * @requests:	requests in it
 * @due:	leases that end by themselves
 * @watches:	who watches it
 * @searched:	by which search of calls.c it was looked at last; mbx_calls.lock
 *
 * With locks of their own:
 * @pollers_send: who polls to send
 * @expire:	runs when the first of @due is
 */
struct mbx_port {
	spinlock_t lock;
	bool dead;
	bool receiver_exited;
	bool sender_exited;
	struct pid *receiver;
	struct mbx_policy policy;
	u32 room;
	u64 room_bytes;
	struct mbx_channel shared;
	struct list_head channels;
	struct mbx_queue pending;
	struct list_head senders;
	unsigned int senders_waiting;
	unsigned int receivers_waiting;
	struct list_head ends;
	struct list_head *cursor;
	struct list_head guests;
	unsigned int send_handles;
	unsigned int receive_handles;
	u64 senders_seen;
	u64 receivers_seen;
	u64 seq;
	u64 sent;
	u64 received;
	u64 dropped;
	u64 dead_lettered;
	struct rb_root held;
	unsigned int leased;
	unsigned int requests;
	struct timerqueue_head due;
	struct mbx_watches watches;
	u64 searched;

	struct mbx_pollers pollers_send;
	struct delayed_work expire;

	struct kref refs;
	u64 id;
	u32 flags;
	struct mbx_registry *registry;
	struct mbx_user *user;
	struct rb_node by_name;
	bool linked;
	unsigned int handles;
	struct list_head allow;
	unsigned int allowed;
	struct mbx_dead_letter *dead_letter;
	struct mbx_link *link;
	char name[MAILBOX_NAME_SIZE];
};

static inline bool mbx_port_broadcasts(const struct mbx_port *port)
{
	return port->flags & MAILBOX_CREATE_BROADCAST;
}

/**
 * struct mbx_end - one side of a port: the use that a handle makes of it
 * @node:	in mbx_port.ends; mbx_port.lock
 * @port:	NULL if the handle does not use a port in this way; invariant
 *		once the handle is bound, as is all that has no lock named
 * @mode:	FMODE_READ or FMODE_WRITE
 * @channel:	FMODE_READ: where it receives from
 * @own:	@channel, on a broadcast port; the pollers of a guest
 * @listed:	the right to it comes from the allow list
 * @guest:	the right to it, or to @sibling, does: it may be revoked, so those who
 *		poll it do not do so with the others
 * @polled:	in mbx_port.guests, or empty; mbx_port.lock
 * @cred:	of the process that bound it
 * @pid:	that process
 * @sibling:	the other end of the handle, if that is at this port too, or
 *		NULL; mbx_port.lock and mbx_registry.lock
 * @revoked:	the right was taken away, and it does not count any more;
 *		mbx_port.lock
 * @held:	struct mbx_held: what was received and not settled, oldest
 *		first; mbx_port.lock
 * @peers_seen:	mbx_port.senders_seen, or .receivers_seen, when it was attached
 * @met:	one of those was there then
 * @servers:	struct mbx_server: threads that received requests; mbx_port.lock
 * @servers_known: length of @servers; likewise
 * @servers_unknown: one of them could not be noted; likewise
 * @server_last: the one that was noted last
 * @yield_skips: so many sleeps until the next try to yield before one; a hint,
 *		without a lock
 *
 * A handle that sends and receives at one port has two.
 */
struct mbx_end {
	struct list_head node;
	struct mbx_port *port;
	fmode_t mode;
	struct mbx_channel *channel;
	struct mbx_channel own;
	bool listed;
	bool guest;
	struct list_head polled;
	const struct cred *cred;
	struct pid *pid;
	struct mbx_end *sibling;
	bool revoked;
	struct list_head held;
	u64 peers_seen;
	bool met;
	struct list_head servers;
	unsigned int servers_known;
	bool servers_unknown;
	struct pid *server_last;
	unsigned int yield_skips;
};

/* Where those who poll an end wait. */
static inline struct mbx_pollers *mbx_end_pollers(struct mbx_end *end)
{
	if (end->guest || end->channel == &end->own)
		return &end->own.pollers;
	return end->mode == FMODE_READ ? &end->port->shared.pollers :
					 &end->port->pollers_send;
}

/**
 * struct mbx_held - a message that was received and not settled yet
 * @node:	in mbx_port.held
 * @by_end:	in mbx_end.held
 * @end:	who has it; NULL if nobody
 * @token:	mbx_lease_token(), or number of the request
 * @lease:	in a struct mbx_lease; otherwise in the waiter of a caller
 *
 * All of it is protected by mbx_port.lock.
 */
struct mbx_held {
	struct rb_node node;
	struct list_head by_end;
	struct mbx_end *end;
	u64 token;
	bool lease;
};

/**
 * struct mbx_lease - a message under a lease
 * @held:	see there
 * @msg:	the message, in no queue
 * @due:	in mbx_port.due, if it ends by itself
 */
struct mbx_lease {
	struct mbx_held held;
	struct mbx_message *msg;
	struct timerqueue_node due;
};

/* The same message may be leased again: each lease has a token of its own. */
static inline u64 mbx_lease_token(u64 seq, u64 deliveries)
{
	return deliveries << 48 | (seq & GENMASK_ULL(47, 0));
}

/**
 * struct mbx_caller - a thread in a call
 * @by_thread:	in mbx_calls.by_thread; mbx_calls.lock
 * @search:	in a search of calls.c; mbx_calls.lock
 * @task:	the thread; invariant
 * @end:	by which it calls; invariant
 * @waiter:	its request, once that was queued or handed over; mbx_port.lock
 */
struct mbx_caller {
	struct hlist_node by_thread;
	struct list_head search;
	struct task_struct *task;
	struct mbx_end *end;
	struct mbx_waiter *waiter;
};

/**
 * struct mbx_post - a message to send
 * @msg:	in: the message; out: NULL if the port has it now, otherwise
 *		it is still the caller's
 * @seq:	out: its number; 0 if the port dropped it
 */
struct mbx_post {
	struct mbx_message *msg;
	u64 seq;
};

/**
 * struct mbx_send - how to send, see mbx_send_init()
 * @sync:	in: sleep until the message is taken
 * @caller:	in, with @sync: sleep until it is answered; NULL if not
 * @reply_size:	in, for @caller: longest answer
 * @deadline:	in
 * @taken_bytes: out, for @sync without @caller: what the receiver took
 * @taken_pid:	out, likewise: the receiving process; the caller's reference, or
 *		NULL
 * @taken_tid:	out, likewise: the thread
 * @reply:	out, for @caller: the answer; the caller's to free
 */
struct mbx_send {
	bool sync;
	struct mbx_caller *caller;
	size_t reply_size;
	struct mbx_deadline deadline;
	u64 taken_bytes;
	struct pid *taken_pid;
	struct pid *taken_tid;
	struct mbx_message *reply;
};

/* A message that nobody waits for. The results are not set beforehand. */
static inline void mbx_send_init(struct mbx_send *send,
				 struct mbx_deadline deadline)
{
	send->sync = false;
	send->caller = NULL;
	send->reply_size = 0;
	send->deadline = deadline;
}

/**
 * struct mbx_taken - a message that a receiver has in hand
 * @msg:	the message, in no queue
 * @waited:	its sender slept when it was taken
 * @pinned:	somebody peeks at it
 * @request:	its sender waits for an answer
 * @reply_size:	of at most so many bytes
 * @deliveries:	leases that it had before
 */
struct mbx_taken {
	struct mbx_message *msg;
	bool waited;
	bool pinned;
	bool request;
	size_t reply_size;
	unsigned int deliveries;
};

/* What settles it, once it is received. */
static inline u64 mbx_taken_token(const struct mbx_taken *taken, bool lease)
{
	u64 seq = taken->msg->seq;

	if (taken->request)
		return seq;
	return lease ? mbx_lease_token(seq, taken->deliveries + 1) : 0;
}

/**
 * struct mbx_reply - an answer to a request
 * @token:	in: which; out: 0 once it is answered
 * @msg:	in: the answer; NULL afterwards if the caller got it
 */
struct mbx_reply {
	u64 token;
	struct mbx_message *msg;
};

/**
 * struct mbx_room - a buffer of the caller
 * @data:	pointer, from user space
 * @size:	bytes
 */
struct mbx_room {
	u64 data;
	size_t size;
};

/**
 * struct mbx_receive - one receive, of one or several messages, see
 *	mbx_receive_init()
 * @select:	in: which message
 * @size:	in: room of the first buffer in bytes
 * @count:	in: at most so many messages
 * @peek:	in: leave it where it is
 * @trunc:	in: cut what does not fit
 * @lease:	in: take it under a lease
 * @answers:	in: the receiver will know the token of a request
 * @lease_ns:	in, with @lease: how long it lasts; 0 = until it is ended
 * @deadline:	in
 * @reply:	in: an answer to give before, or NULL
 * @rooms:	in: the buffers, of which @size is the first; only if @count > 1
 * @copy:	in: gives message @index to user space; called without a lock,
 *		and again if a message was withdrawn meanwhile. Returns 0 or
 *		-errno
 * @copy_run:	in: likewise, for @count messages from @index on, that are plain:
 *		nobody waits for them, and they were never leased. Only if @count > 1
 * @needed:	out, for -EMSGSIZE: length of the message; mbx_port.lock while a
 *		waiter of the receiver is linked
 * @done:	out: how many were received
 * @error:	out: -errno for the next one, if @done; 0 if there was none
 */
struct mbx_receive {
	struct mbx_select select;
	size_t size;
	unsigned int count;
	bool peek;
	bool trunc;
	bool lease;
	bool answers;
	u64 lease_ns;
	struct mbx_deadline deadline;
	struct mbx_reply *reply;
	const struct mbx_room *rooms;
	int (*copy)(struct mbx_receive *receive, const struct mbx_taken *taken,
		    unsigned int index);
	unsigned int (*copy_run)(struct mbx_receive *receive,
				 struct mbx_message **msgs, unsigned int count,
				 unsigned int index);
	size_t needed;
	unsigned int done;
	int error;
};

/* Any one message. */
static inline void
mbx_receive_init(struct mbx_receive *receive, size_t size,
		 struct mbx_deadline deadline,
		 int (*copy)(struct mbx_receive *receive,
			     const struct mbx_taken *taken, unsigned int index))
{
	receive->select.kind = MAILBOX_SELECT_ANY;
	receive->size = size;
	receive->count = 1;
	receive->peek = false;
	receive->trunc = false;
	receive->lease = false;
	receive->answers = false;
	receive->deadline = deadline;
	receive->reply = NULL;
	receive->copy = copy;
	receive->needed = 0;
	receive->done = 0;
	receive->error = 0;
}

/* send.c, receive.c */
int mbx_port_send(struct mbx_end *end, struct mbx_send *send,
		  struct mbx_post *posts, unsigned int count,
		  unsigned int *done);
bool mbx_port_hand(struct mbx_end *end, struct mbx_message *msg, u64 *seq);
int mbx_port_receive(struct mbx_end *end, struct mbx_receive *receive);
int mbx_port_unreceive(struct mbx_end *end, struct mbx_message *msg, int err);

/* hold.c; @spent gets messages that have had their last lease */
int mbx_port_reply(struct mbx_end *end, struct mbx_reply *reply);
int mbx_port_ack(struct mbx_end *end, u64 token);
int mbx_port_nack(struct mbx_end *end, u64 token, struct list_head *spent);
void mbx_port_expire(struct mbx_port *port, struct list_head *spent);

/* calls.c */
#define MBX_CALLS_BITS	8

/**
 * struct mbx_calls - the threads of a registry that are in a call
 * @lock:	protects @by_thread, and that no call is added during a search
 * @searches:	how many there were
 * @by_thread:	struct mbx_caller by its task
 */
struct mbx_calls {
	spinlock_t lock;
	u64 searches;
	struct hlist_head by_thread[1 << MBX_CALLS_BITS];
};

void mbx_calls_init(struct mbx_calls *calls);

/* port.c */
struct mbx_port *mbx_port_alloc(const struct mbx_policy *policy, u32 flags);
void mbx_port_free(struct mbx_port *port);
void mbx_port_drain(struct mbx_port *port, struct mbx_queue *ready);
void mbx_port_hang_up(struct mbx_port *port);
void mbx_port_changed(struct mbx_port *port);
void mbx_port_exit(struct mbx_port *port, fmode_t mode);
void mbx_port_kill(struct mbx_port *port);
bool mbx_port_post(struct mbx_port *port, struct mbx_message *msg);
int mbx_port_set_policy(struct mbx_port *port, const struct mbx_policy *policy,
			u32 fields);
int mbx_port_get_policy(struct mbx_port *port, struct mbx_policy *policy);
u32 mbx_port_events(struct mbx_port *port, struct mbx_watch *watch);
__poll_t mbx_port_poll(struct mbx_end *in, struct mbx_end *out,
		       struct file *file, poll_table *wait);
void mbx_port_stat(struct mbx_port *port, struct mailbox_ioc_port_stat *stat,
		   struct mailbox_waiter *waiters, u32 room);

/* end.c */
int mbx_port_attach(struct mbx_port *port, struct mbx_end *end);
void mbx_port_detach(struct mbx_end *end, struct list_head *spent);
void mbx_port_revoke(struct mbx_port *port,
		     bool (*keeps)(const struct mbx_end *end),
		     struct list_head *spent);

#endif /* MBX_INTERNAL_H */
