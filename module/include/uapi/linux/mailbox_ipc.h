/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The ABI of /dev/mailbox: message ports between processes.
 *
 * An open file description of /dev/mailbox is a handle. A handle is bound to
 * one port, once, by MAILBOX_IOC_PORT_CREATE or MAILBOX_IOC_PORT_OPEN, and
 * stays bound until it is closed. How it was opened says what it may do:
 * O_RDONLY receives, O_WRONLY sends, O_RDWR does both. Access mode 3, which
 * Linux has for ioctl alone, does neither: such a handle looks at a port and
 * controls it, and counts neither as a sender nor as a receiver. dup(), fork()
 * and passing it over a socket share the handle.
 *
 * read() and write() work on a bound handle: write() sends one message of
 * type 0 and priority 0, read() receives the first message whatever it is.
 * poll() tells what they would not sleep for. An unbound handle polls as
 * POLLERR; bind it before it is added to an epoll set, which would otherwise
 * not hear of what happens later.
 *
 * Rules that hold for every command:
 *
 * - A field that is not used must be 0, and 0 always means the default.
 * - The kernel takes the size of the struct from the command itself. A struct
 *   that is longer than the kernel's is accepted if the tail is all zero
 *   (E2BIG otherwise); one that is shorter than the first published size is
 *   EINVAL. What is not written by the kernel comes back as 0.
 * - On failure the struct is left as it was, with the exceptions that are
 *   noted at MAILBOX_IOC_RECEIVE.
 *
 * - A deadline above INT64_MAX never comes.
 *
 * Errors, one meaning each:
 *
 *   ENOTTY      this kernel does not know the command
 *   EINVAL      unknown flag, padding that is not 0, a value out of range
 *   E2BIG       the tail of the struct asks for what this kernel does not know
 *   EFAULT      a pointer does not point to memory of the caller
 *   ENOTCONN    the handle is not bound to a port
 *   EISCONN     the handle is bound already
 *   ENOENT      no port has this name
 *   EEXIST      a port has this name already
 *   EACCES      mode, owner and group of the port do not let the caller, or
 *               only the owner may do this
 *   EBADF       the handle was opened for the other direction
 *   EAGAIN      it would have to sleep, and was told not to
 *   ETIMEDOUT   the deadline passed
 *   EINTR       a signal came first (not with SA_RESTART: the call goes on)
 *   EMSGSIZE    the buffer is shorter than the message, or the message is
 *               longer than the port takes
 *   EDQUOT      the quota of the caller's user is used up
 *   ENOSPC      the registry holds as many ports as it may
 *   EIDRM       the port was destroyed
 *   EPIPE       the other side hung up (ports with MAILBOX_CREATE_HANGUP)
 *   EBUSY       32767 peeks at the same message are under way
 *   ENOMEM      the kernel has no memory for it
 */
#ifndef _UAPI_LINUX_MAILBOX_IPC_H
#define _UAPI_LINUX_MAILBOX_IPC_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define MAILBOX_IOC_MAGIC	0xE9

/* What MAILBOX_IOC_INFO reports as version: raised when semantics change. */
#define MAILBOX_ABI_VERSION	1

/* Longest name of a port in bytes; a name[] field also holds the final NUL. */
#define MAILBOX_NAME_MAX	127
#define MAILBOX_NAME_SIZE	(MAILBOX_NAME_MAX + 1)

/* Highest priority of a message; 0 is the lowest, and the default. */
#define MAILBOX_PRIORITY_MAX	32767

/* No port ever takes a longer message, whatever the module's parameters say. */
#define MAILBOX_MESSAGE_BYTES_MAX	(16U << 20)

/*
 * What a message costs its sender's quota besides its payload. Constant, so
 * that a quota can be planned: it covers what the kernel keeps per message,
 * but for messages of which each has a thread of its own.
 */
#define MAILBOX_MESSAGE_OVERHEAD	256

/**
 * struct mailbox_ioc_info - what this kernel offers
 * @flags:		in: 0
 * @version:		out: MAILBOX_ABI_VERSION of the module
 * @features:		out: MAILBOX_FEATURE_* bits
 * @capacity_default:	out: messages, for a bounded port created with 0
 * @capacity_max:	out: highest capacity of a bounded port, in messages
 * @message_bytes_default: out: message limit of a port created with 0
 * @message_bytes_max:	out: highest message limit of a port, in bytes
 * @ports_max:		out: ports that one registry may hold
 * @user_ports_max:	out: ports that one user may have in this registry
 * @user_bytes_max:	out: bytes that one user may have queued here
 * @ports:		out: ports that this registry holds now
 * @user_ports:		out: ports that the caller's user has now
 * @user_bytes:		out: bytes that the caller's user has queued now
 *
 * Works on any handle, bound or not. The limits are the module's parameters
 * of the moment. "This registry" is the one of the network namespace in which
 * the handle was opened.
 */
struct mailbox_ioc_info {
	__u32 flags;
	__u32 version;
	__aligned_u64 features;
	__aligned_u64 capacity_default;
	__aligned_u64 capacity_max;
	__aligned_u64 message_bytes_default;
	__aligned_u64 message_bytes_max;
	__aligned_u64 ports_max;
	__aligned_u64 user_ports_max;
	__aligned_u64 user_bytes_max;
	__aligned_u64 ports;
	__aligned_u64 user_ports;
	__aligned_u64 user_bytes;
};

/* mailbox_ioc_info.features */
#define MAILBOX_FEATURE_SYNC		(1ULL << 0)	/* MAILBOX_SEND_SYNC */
#define MAILBOX_FEATURE_SELECT		(1ULL << 1)	/* MAILBOX_SELECT_* */
#define MAILBOX_FEATURE_HANGUP		(1ULL << 2)	/* MAILBOX_CREATE_HANGUP */

/*
 * How a port buffers: the textbook's zero, bounded and unbounded capacity.
 *
 * BOUNDED: a send sleeps while @capacity messages are queued.
 * RENDEZVOUS: capacity zero, a send sleeps until a receiver is there for it.
 * UNBOUNDED: a send never sleeps; the sender's quota is the only bound.
 */
#define MAILBOX_BUFFERING_BOUNDED	0
#define MAILBOX_BUFFERING_RENDEZVOUS	1
#define MAILBOX_BUFFERING_UNBOUNDED	2

/**
 * struct mailbox_ioc_port_create - make a port and bind the handle to it
 * @flags:	in: MAILBOX_CREATE_*
 * @mode:	in: who may bind, as file permissions: r receives, w sends
 *		(up to 0666, without the x bits; 0 = 0600)
 * @uid:	in: owner, if MAILBOX_CREATE_UID; otherwise the caller's fsuid
 * @gid:	in: group, if MAILBOX_CREATE_GID; otherwise the caller's fsgid
 * @name:	in: 1 to MAILBOX_NAME_MAX bytes and a NUL, without '/' and
 *		without the control characters of ASCII; bytes from 0x80 on are
 *		taken as they are. Empty = a port without a name, which can
 *		have neither MAILBOX_CREATE_PERSIST nor MAILBOX_CREATE_OPEN
 * @buffering:	in: MAILBOX_BUFFERING_*
 * @capacity:	in: for BOUNDED, messages (0 = default); 0 otherwise
 * @capacity_bytes: in: a send also sleeps while this many bytes or more are
 *		queued, so that the last message admitted may exceed it, as with
 *		SO_SNDBUF (0 = no limit in bytes; must be 0 for RENDEZVOUS)
 * @message_bytes_max: in: longest message the port takes (0 = default)
 * @id:		out: number of the port, not used again in this network
 *		namespace while the module stays loaded
 * @created:	out: 1 if the port is new, 0 if MAILBOX_CREATE_OPEN found one
 * @pad:	0
 *
 * The mode, owner and group are those of the port from its first moment on.
 * The creator's own handle may do what it was opened for, whatever @mode is.
 * Giving a port to another owner needs CAP_CHOWN, to a group that the caller
 * is not in as well, in the user namespace that owns the registry.
 *
 * Errors: EINVAL, EISCONN, EEXIST, EACCES, EDQUOT, ENOSPC, ENOMEM;
 * with MAILBOX_CREATE_OPEN also those of MAILBOX_IOC_PORT_OPEN.
 */
struct mailbox_ioc_port_create {
	__u32 flags;
	__u32 mode;
	__u32 uid;
	__u32 gid;
	char name[MAILBOX_NAME_SIZE];
	__u32 buffering;
	__u32 capacity;
	__aligned_u64 capacity_bytes;
	__aligned_u64 message_bytes_max;
	__aligned_u64 id;
	__u32 created;
	__u32 pad;
};

/* The port outlives its handles, until it is unlinked or destroyed. */
#define MAILBOX_CREATE_PERSIST		(1U << 0)
/*
 * Hang-up, as pipes have it. Once a sender was there and the last one has
 * closed, a receiver that finds nothing more gets end-of-file: read() returns
 * 0, MAILBOX_IOC_RECEIVE EPIPE. Once a receiver was there and the last one has
 * closed, a send gets EPIPE (and write() SIGPIPE). A new sender or receiver
 * lifts it.
 */
#define MAILBOX_CREATE_HANGUP		(1U << 1)
/* If the name exists, bind to that port and leave its policy as it is. */
#define MAILBOX_CREATE_OPEN		(1U << 2)
/* @uid, @gid are given: they cannot be told from root's 0 otherwise. */
#define MAILBOX_CREATE_UID		(1U << 3)
#define MAILBOX_CREATE_GID		(1U << 4)

/**
 * struct mailbox_ioc_port_open - bind the handle to the port of this name
 * @flags:	in: 0
 * @pad:	0
 * @name:	in: the name, with its NUL
 * @id:		out: number of the port
 *
 * A handle that was opened O_RDONLY needs the r permission of the port,
 * O_WRONLY the w permission, O_RDWR both, access mode 3 what PORT_STAT needs.
 * CAP_IPC_OWNER in the user namespace that owns the registry overrides them.
 *
 * Errors: EINVAL, EISCONN, ENOENT, EACCES.
 */
struct mailbox_ioc_port_open {
	__u32 flags;
	__u32 pad;
	char name[MAILBOX_NAME_SIZE];
	__aligned_u64 id;
};

/**
 * struct mailbox_ioc_port_remove - argument of PORT_UNLINK and PORT_DESTROY
 * @flags:	in: 0
 * @pad:	0
 * @name:	in: the name; empty = the port that the handle is bound to
 *
 * UNLINK takes the name away: it is free at once, handles that are bound go
 * on, and the port goes with the last of them. DESTROY ends the port now:
 * every sleeper and every later call gets EIDRM, and what was queued is freed.
 * Both are for the owner, or CAP_IPC_OWNER.
 *
 * Errors: EINVAL, ENOENT, ENOTCONN, EACCES, EIDRM.
 */
struct mailbox_ioc_port_remove {
	__u32 flags;
	__u32 pad;
	char name[MAILBOX_NAME_SIZE];
};

/**
 * struct mailbox_waiter - one process asleep at a port
 * @direction:	MAILBOX_WAITER_SENDER or MAILBOX_WAITER_RECEIVER
 * @pid:	process, in the caller's pid namespace; 0 if not visible there
 * @tid:	thread, likewise
 * @pad:	0
 */
struct mailbox_waiter {
	__u32 direction;
	__u32 pid;
	__u32 tid;
	__u32 pad;
};

#define MAILBOX_WAITER_SENDER		1
#define MAILBOX_WAITER_RECEIVER		2

/**
 * struct mailbox_ioc_port_stat - what a port is, and how it stands
 * @flags:	in: 0
 * @waiters_len: in: room in @waiters, at most 1024; out: how many were filled
 * @waiters:	in: array of struct mailbox_waiter; 0 exactly if @waiters_len
 *		is 0. Not used by PORT_LIST
 * @name:	in: the name; empty = the port that the handle is bound to.
 *		out: the name; empty if it has none (any more)
 * @id:		out: number of the port
 * @port_flags:	out: MAILBOX_CREATE_PERSIST, MAILBOX_CREATE_HANGUP
 * @mode:	out: permission bits
 * @uid:	out: owner, in the caller's user namespace
 * @gid:	out: group, likewise
 * @buffering:	out: MAILBOX_BUFFERING_*
 * @capacity:	out: messages, for BOUNDED
 * @capacity_bytes: out: as in mailbox_ioc_port_create
 * @message_bytes_max: out: likewise
 * @messages:	out: queued messages. Each one that a failed receive put back
 *		may be one more than the capacity
 * @bytes:	out: queued payload bytes
 * @senders:	out: handles that may send
 * @receivers:	out: handles that may receive
 * @senders_waiting: out: sends asleep: for room, for a receiver, for a receipt
 * @receivers_waiting: out: receives asleep
 * @sent:	out: messages accepted since the port was created
 * @received:	out: messages taken since the port was created
 *
 * By name it needs either permission of the port, its ownership, or
 * CAP_IPC_OWNER. Errors: EINVAL, ENOENT, ENOTCONN, EACCES, EIDRM, ENOMEM.
 */
struct mailbox_ioc_port_stat {
	__u32 flags;
	__u32 waiters_len;
	__aligned_u64 waiters;
	char name[MAILBOX_NAME_SIZE];
	__aligned_u64 id;
	__u32 port_flags;
	__u32 mode;
	__u32 uid;
	__u32 gid;
	__u32 buffering;
	__u32 capacity;
	__aligned_u64 capacity_bytes;
	__aligned_u64 message_bytes_max;
	__aligned_u64 messages;
	__aligned_u64 bytes;
	__u32 senders;
	__u32 receivers;
	__u32 senders_waiting;
	__u32 receivers_waiting;
	__aligned_u64 sent;
	__aligned_u64 received;
};

/**
 * struct mailbox_ioc_port_set - change the bound port
 * @flags:	in: MAILBOX_SET_*: which of the fields below to apply
 * @mode:	in: new permission bits, up to 0666, without the x bits
 * @uid:	in: new owner (needs CAP_CHOWN)
 * @gid:	in: new group (one of the owner's own, or CAP_CHOWN)
 * @buffering:	in: MAILBOX_BUFFERING_*, applied together with @capacity
 * @capacity:	in: as in mailbox_ioc_port_create
 * @capacity_bytes: in: likewise
 * @message_bytes_max: in: likewise
 *
 * A field that is not applied must be 0. All of it happens, or nothing. More
 * room lets sleeping senders in at once; less room drops nothing that is
 * queued. Handles that are bound keep their rights when the mode changes. For
 * the owner, or CAP_IPC_OWNER.
 *
 * Errors: EINVAL, ENOTCONN, EACCES, EIDRM.
 */
struct mailbox_ioc_port_set {
	__u32 flags;
	__u32 mode;
	__u32 uid;
	__u32 gid;
	__u32 buffering;
	__u32 capacity;
	__aligned_u64 capacity_bytes;
	__aligned_u64 message_bytes_max;
};

#define MAILBOX_SET_MODE		(1U << 0)
#define MAILBOX_SET_UID			(1U << 1)
#define MAILBOX_SET_GID			(1U << 2)
#define MAILBOX_SET_CAPACITY		(1U << 3)
#define MAILBOX_SET_CAPACITY_BYTES	(1U << 4)
#define MAILBOX_SET_MESSAGE_BYTES_MAX	(1U << 5)

/**
 * struct mailbox_ioc_port_list - the named ports, in the order of their names
 * @flags:	in: 0
 * @entry_size:	in: sizeof(struct mailbox_ioc_port_stat) as the caller knows
 *		it: the distance between two entries; a multiple of 8, and at
 *		most a page
 * @entries:	in: array of struct mailbox_ioc_port_stat, filled as PORT_STAT
 *		would, without waiters
 * @count:	in: room in @entries; out: how many were filled; 0 = the end
 * @pad:	0
 * @after:	in: list what comes after this name; empty = from the start
 *
 * Pass the name of the last entry as @after to go on; ports may come and go
 * in between, and none that stays is missed or listed twice. Only ports are
 * listed that PORT_STAT would let the caller see. One call fills at most 256
 * entries. Works on any handle, bound or not. Errors: EINVAL, EFAULT, ENOMEM.
 */
struct mailbox_ioc_port_list {
	__u32 flags;
	__u32 entry_size;
	__aligned_u64 entries;
	__u32 count;
	__u32 pad;
	char after[MAILBOX_NAME_SIZE];
};

/**
 * struct mailbox_ioc_send - send one message
 * @flags:	in: MAILBOX_SEND_*
 * @priority:	in: 0 to MAILBOX_PRIORITY_MAX; a higher one is received first
 * @type:	in: any number, for receivers to select by
 * @data:	in: pointer to the payload
 * @len:	in: bytes, 0 up to the port's message_bytes_max
 * @deadline_ns: in: when to give up, absolute, CLOCK_MONOTONIC unless
 *		MAILBOX_SEND_REALTIME; 0 = never
 * @seq:	out: the message's number on this port, counting up
 * @taken_bytes: out, SYNC: payload bytes that the receiver took
 * @taken_pid:	out, SYNC: process that took it, in the caller's pid namespace
 *		(0 if not visible there)
 * @taken_tid:	out, SYNC: thread, likewise
 *
 * Sleeps while the port is full, or, on a rendezvous port, until a receiver
 * is there. Success without SYNC means that the message is queued or handed
 * to a receiver; any error means that nothing was sent.
 *
 * Errors: EINVAL, ENOTCONN, EBADF, EFAULT, EMSGSIZE, EAGAIN, ETIMEDOUT, EINTR,
 * EDQUOT, EIDRM, EPIPE, ENOMEM.
 */
struct mailbox_ioc_send {
	__u32 flags;
	__u32 priority;
	__aligned_u64 type;
	__aligned_u64 data;
	__aligned_u64 len;
	__aligned_u64 deadline_ns;
	__aligned_u64 seq;
	__aligned_u64 taken_bytes;
	__u32 taken_pid;
	__u32 taken_tid;
};

/* Fail with EAGAIN rather than sleep, as if the handle were O_NONBLOCK. */
#define MAILBOX_SEND_NONBLOCK		(1U << 0)
/*
 * Sleep until a receiver has taken the message, and tell who. If a signal or
 * the deadline comes first the message is withdrawn: no receiver gets it.
 * EINVAL together with NONBLOCK or on an O_NONBLOCK handle.
 */
#define MAILBOX_SEND_SYNC		(1U << 1)
/* @deadline_ns is on CLOCK_REALTIME. */
#define MAILBOX_SEND_REALTIME		(1U << 2)

/**
 * struct mailbox_ioc_receive - receive one message
 * @flags:	in: MAILBOX_RECEIVE_*
 * @select:	in: MAILBOX_SELECT_*: which message
 * @match:	in: the type or process that @select speaks of; 0 for ANY
 * @data:	in: pointer to the buffer
 * @size:	in: bytes of the buffer
 * @deadline_ns: in: when to give up, absolute, CLOCK_MONOTONIC unless
 *		MAILBOX_RECEIVE_REALTIME; 0 = never
 * @len:	out: length of the message. Also written when the call fails
 *		with EMSGSIZE: the size that is needed
 * @type:	out: as sent
 * @seq:	out: the message's number on this port
 * @time_ns:	out: when it was sent, CLOCK_MONOTONIC
 * @priority:	out: as sent
 * @pid:	out: sending process, in the caller's pid namespace; 0 if not
 *		visible there
 * @tid:	out: sending thread, likewise
 * @uid:	out: real user of the sender, in the caller's user namespace
 * @gid:	out: real group, likewise
 * @pad:	0
 *
 * Gives the first message that matches: highest priority first, and in the
 * order of sending within a priority; after all of these, the messages of
 * senders that still sleep, in the order of their arrival, whatever their
 * priority. Sleeps while there is none. Any error means that the message is
 * where it was; the buffer may hold some of it, or of a message that its sender
 * withdrew while it was being copied.
 *
 * Errors: EINVAL, ENOTCONN, EBADF, EFAULT, EMSGSIZE, EAGAIN, ETIMEDOUT, EINTR,
 * EIDRM, EPIPE, EBUSY.
 */
struct mailbox_ioc_receive {
	__u32 flags;
	__u32 select;
	__aligned_u64 match;
	__aligned_u64 data;
	__aligned_u64 size;
	__aligned_u64 deadline_ns;
	__aligned_u64 len;
	__aligned_u64 type;
	__aligned_u64 seq;
	__aligned_u64 time_ns;
	__u32 priority;
	__u32 pid;
	__u32 tid;
	__u32 uid;
	__u32 gid;
	__u32 pad;
};

/* Fail with EAGAIN rather than sleep, as if the handle were O_NONBLOCK. */
#define MAILBOX_RECEIVE_NONBLOCK	(1U << 0)
/* Copy the message and leave it queued. */
#define MAILBOX_RECEIVE_PEEK		(1U << 1)
/* A message longer than the buffer is cut instead of EMSGSIZE. */
#define MAILBOX_RECEIVE_TRUNC		(1U << 2)
/* @deadline_ns is on CLOCK_REALTIME. */
#define MAILBOX_RECEIVE_REALTIME	(1U << 3)

#define MAILBOX_SELECT_ANY		0	/* the first message */
#define MAILBOX_SELECT_TYPE		1	/* of type @match */
#define MAILBOX_SELECT_TYPE_NOT		2	/* of any type but @match */
#define MAILBOX_SELECT_TYPE_AT_MOST	3	/* of the lowest type <= @match */
#define MAILBOX_SELECT_SENDER		4	/* sent by process @match */

#define MAILBOX_IOC_INFO \
	_IOWR(MAILBOX_IOC_MAGIC, 0x00, struct mailbox_ioc_info)
#define MAILBOX_IOC_PORT_CREATE \
	_IOWR(MAILBOX_IOC_MAGIC, 0x01, struct mailbox_ioc_port_create)
#define MAILBOX_IOC_PORT_OPEN \
	_IOWR(MAILBOX_IOC_MAGIC, 0x02, struct mailbox_ioc_port_open)
#define MAILBOX_IOC_PORT_UNLINK \
	_IOW(MAILBOX_IOC_MAGIC, 0x03, struct mailbox_ioc_port_remove)
#define MAILBOX_IOC_PORT_DESTROY \
	_IOW(MAILBOX_IOC_MAGIC, 0x04, struct mailbox_ioc_port_remove)
#define MAILBOX_IOC_PORT_STAT \
	_IOWR(MAILBOX_IOC_MAGIC, 0x05, struct mailbox_ioc_port_stat)
#define MAILBOX_IOC_PORT_SET \
	_IOW(MAILBOX_IOC_MAGIC, 0x06, struct mailbox_ioc_port_set)
#define MAILBOX_IOC_PORT_LIST \
	_IOWR(MAILBOX_IOC_MAGIC, 0x07, struct mailbox_ioc_port_list)
#define MAILBOX_IOC_SEND \
	_IOWR(MAILBOX_IOC_MAGIC, 0x10, struct mailbox_ioc_send)
#define MAILBOX_IOC_RECEIVE \
	_IOWR(MAILBOX_IOC_MAGIC, 0x11, struct mailbox_ioc_receive)

#endif /* _UAPI_LINUX_MAILBOX_IPC_H */
