/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The ABI of /dev/mailbox: message ports between processes.
 *
 * An open file description of /dev/mailbox is a handle. A handle is bound to
 * one port, once, by MAILBOX_IOC_PORT_CREATE or MAILBOX_IOC_PORT_OPEN, and
 * stays bound until it is closed. MAILBOX_IOC_PORT_PAIR and
 * MAILBOX_IOC_PORT_LINK bind it to two ports, of which it receives from one
 * and sends to the other. How it was opened says what it may do:
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
 * - A field that is not used must be 0, and 0 always means the default. What is
 *   behind the NUL of a name is not looked at.
 * - The kernel takes the size of the struct from the command itself. A struct
 *   that is longer than the kernel's is accepted if the tail is all zero
 *   (E2BIG otherwise); one that is shorter than the first published size is
 *   EINVAL. What is not written by the kernel comes back as 0.
 * - On failure the struct is left as it was, with the exceptions that are
 *   noted at MAILBOX_IOC_RECEIVE and MAILBOX_IOC_REPLY_RECEIVE.
 * - A deadline above INT64_MAX never comes.
 * - CLOCK_MONOTONIC is that of the caller's time namespace, for deadlines as for
 *   the times of messages.
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
 *   EACCES      mode, owner, group and allow list of the port do not let the
 *               caller, or do not let it any more, or only the owner may do
 *               this, or the caller may not signal the process
 *   EBADF       the handle was opened for the other direction, or a number is
 *               not that of an open handle
 *   EAGAIN      it would have to sleep, and was told not to
 *   ETIMEDOUT   the deadline passed
 *   EINTR       a signal came first (not with SA_RESTART: the call goes on; but
 *               see MAILBOX_IOC_CALL)
 *   EMSGSIZE    the buffer is shorter than the message, or the message is
 *               longer than the port takes
 *   EDQUOT      the quota of the caller's user is used up, or it watches 1024
 *               names already
 *   ENOSPC      the registry holds as many ports as it may, the allow list as
 *               many entries, a broadcast port as many receivers
 *   EIDRM       the port was destroyed
 *   EPIPE       the other side is gone: it hung up, its process exited, or a
 *               server will not answer the call
 *   ESRCH       what the pid or the token names does not exist, or not any more
 *   EDEADLK     who could answer the call waits for calls that wait for it
 *   ENOBUFS     the port's policy dropped the message that was waited for
 *   EOPNOTSUPP  understood, but not on a port of this policy
 *   EBUSY       16383 peeks at the same message are under way
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
 * that a quota can be planned. The memory that the kernel has for a message is
 * up to about twice what it costs, as sizes are rounded up; more only where each
 * message has a thread or a handle of its own, or is leased.
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
#define MAILBOX_FEATURE_PAIR		(1ULL << 3)	/* MAILBOX_IOC_PORT_PAIR */
#define MAILBOX_FEATURE_LINK		(1ULL << 4)	/* MAILBOX_IOC_PORT_LINK */
#define MAILBOX_FEATURE_SLOT		(1ULL << 5)	/* MAILBOX_CREATE_SLOT */
#define MAILBOX_FEATURE_ALLOW		(1ULL << 6)	/* MAILBOX_IOC_PORT_ALLOW */
#define MAILBOX_FEATURE_CALL		(1ULL << 7)	/* MAILBOX_IOC_CALL */
#define MAILBOX_FEATURE_LEASE		(1ULL << 8)	/* MAILBOX_RECEIVE_LEASE */
#define MAILBOX_FEATURE_DROP		(1ULL << 9)	/* MAILBOX_FULL_* */
#define MAILBOX_FEATURE_BROADCAST	(1ULL << 10)	/* MAILBOX_CREATE_BROADCAST */
#define MAILBOX_FEATURE_BATCH		(1ULL << 11)	/* MAILBOX_IOC_SEND_BATCH */
#define MAILBOX_FEATURE_WAIT		(1ULL << 12)	/* MAILBOX_IOC_PORT_WAIT */

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

/*
 * What becomes of a message that comes to a full port. Those that have been
 * received, under a lease too, are not in the port and never dropped. Drops are
 * counted (mailbox_ioc_port_stat.dropped). A sender that sleeps for its message,
 * with MAILBOX_SEND_SYNC or in a call, gets ENOBUFS when it is dropped.
 *
 * BLOCK: the send sleeps.
 * DROP_OLDEST: it takes the place of the oldest message of the lowest priority
 *	that is queued. If its own priority is lower still, it is dropped.
 * DROP_NEWEST: it is dropped: the send succeeds and @seq is 0. On a rendezvous
 *	port that is: nobody was there to receive it.
 * OVERWRITE: it replaces the one that is queued, whatever the priorities, so
 *	that the port holds the latest value. Needs a @capacity of 1.
 */
#define MAILBOX_FULL_BLOCK		0
#define MAILBOX_FULL_DROP_OLDEST	1
#define MAILBOX_FULL_DROP_NEWEST	2
#define MAILBOX_FULL_OVERWRITE		3

/* Highest @max_deliveries. */
#define MAILBOX_DELIVERIES_MAX	65535

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
 * @on_full:	in: MAILBOX_FULL_*. RENDEZVOUS takes only BLOCK and DROP_NEWEST
 * @max_deliveries: in: so many times a message is leased; when the last lease
 *		comes to nothing it goes to @dead_letter, or is dropped and
 *		counted if there is none (0 = any number of times)
 * @dead_letter: in: name of a port in the same network namespace, looked up
 *		when a message goes there; empty = none. The message is moved
 *		with the rights of who set this, and queued even if that port is
 *		full or takes only shorter ones; but a broadcast port takes
 *		none. Its leases are counted anew. Needs @max_deliveries
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
	__u32 on_full;
	__u32 max_deliveries;
	char dead_letter[MAILBOX_NAME_SIZE];
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
/*
 * Mail slot: only this handle, which must be one that receives (EINVAL), ever
 * receives;
 * everybody else may at most send (EACCES). When it is closed, by whomever holds
 * it last, the name is free and senders get EPIPE. Not with PERSIST.
 */
#define MAILBOX_CREATE_SLOT		(1U << 5)
/*
 * Broadcast: every handle that receives gets each message that is sent after it
 * was bound. Each has the whole capacity for itself, and @on_full is applied to
 * each on its own; with BLOCK a send sleeps until all have room, or a receiver
 * asleep that wants it, and is not received before. A send has its number
 * whoever drops it; each that does is counted. Without any receiver a message is
 * gone. Of handles that receive there are at most
 * MAILBOX_BROADCAST_MAX (ENOSPC). SYNC and calls are EOPNOTSUPP. Not with RENDEZVOUS
 * nor with SLOT.
 */
#define MAILBOX_CREATE_BROADCAST	(1U << 6)

/* So many handles may receive at a broadcast port. */
#define MAILBOX_BROADCAST_MAX	1024

/**
 * struct mailbox_ioc_port_open - bind the handle to the port of this name
 * @flags:	in: MAILBOX_BIND_*
 * @fd:		in: with MAILBOX_BIND_FD, a handle; 0 otherwise
 * @name:	in: the name, with its NUL; empty with MAILBOX_BIND_FD
 * @id:		out: number of the port
 * @deadline_ns: in: with WAIT or PEER, when to give up, absolute,
 *		CLOCK_MONOTONIC unless MAILBOX_BIND_REALTIME (0 = never)
 *
 * A handle that was opened O_RDONLY needs the r permission of the port,
 * O_WRONLY the w permission, O_RDWR both, access mode 3 what PORT_STAT needs.
 * CAP_IPC_OWNER in the user namespace that owns the registry overrides them.
 * The port's allow list may give either right as well.
 *
 * Errors: EINVAL, EISCONN, ENOENT, EACCES, ENOSPC; with FD EBADF, ENOTCONN,
 * EIDRM; with WAIT and PEER also EAGAIN, ETIMEDOUT, EINTR, EDQUOT, EIDRM, ENOMEM.
 */
struct mailbox_ioc_port_open {
	__u32 flags;
	__s32 fd;
	char name[MAILBOX_NAME_SIZE];
	__aligned_u64 id;
	__aligned_u64 deadline_ns;
};

/* If no port has this name, sleep until one does. */
#define MAILBOX_BIND_WAIT		(1U << 0)
/*
 * As opening a FIFO does: then sleep until the other side has been there, for a
 * handle that only receives a sender, for one that only sends a receiver. If
 * that fails the handle is bound all the same, and the other side has seen it,
 * but @id is not told; MAILBOX_IOC_PORT_WAIT goes on waiting, close() gives up.
 * So a signal gives EINTR here, also with SA_RESTART.
 */
#define MAILBOX_BIND_PEER		(1U << 1)
/*
 * Bind to the port that handle @fd is bound to: for one without a name. EINVAL
 * if that is a duplex pair, a link, or in another network namespace, and
 * together with WAIT.
 */
#define MAILBOX_BIND_FD			(1U << 2)
/* Fail with EAGAIN rather than sleep, as if the handle were O_NONBLOCK. */
#define MAILBOX_BIND_NONBLOCK		(1U << 3)
/* @deadline_ns is on CLOCK_REALTIME. */
#define MAILBOX_BIND_REALTIME		(1U << 4)

/**
 * struct mailbox_ioc_port_pair - make a channel with a second handle at its end
 * @flags:	in: 0
 * @fd:		out: the second handle, close-on-exec. It is O_NONBLOCK if the
 *		first one is
 * @buffering:	in: as in mailbox_ioc_port_create
 * @capacity:	in: likewise; for each direction
 * @capacity_bytes: in: likewise
 * @message_bytes_max: in: likewise
 * @id:		out: number of the port that the handle receives from, or of
 *		the only one
 * @peer_id:	out: number of the port that the second handle receives from
 *
 * An O_RDWR handle gets a duplex channel: two ports without a name, of which
 * each handle receives from one and sends to the other. For an O_RDONLY or
 * O_WRONLY handle it is one port, a pipe, and the second handle has the other
 * direction. All have MAILBOX_CREATE_HANGUP and mode 0600.
 *
 * Errors: EINVAL (also for access mode 3), EISCONN, EDQUOT, ENOSPC, ENOMEM,
 * EFAULT, and what open() of the device may give, EMFILE among it.
 */
struct mailbox_ioc_port_pair {
	__u32 flags;
	__s32 fd;
	__u32 buffering;
	__u32 capacity;
	__aligned_u64 capacity_bytes;
	__aligned_u64 message_bytes_max;
	__aligned_u64 id;
	__aligned_u64 peer_id;
};

/**
 * struct mailbox_ioc_port_link - bind the handle to the link to a process
 * @flags:	in: MAILBOX_LINK_*
 * @pid:	in: the other process, in the caller's pid namespace (ESRCH for one
 *		of its other threads)
 * @buffering:	in: as in mailbox_ioc_port_create, if the link is new
 * @capacity:	in: likewise; for each direction
 * @capacity_bytes: in: likewise
 * @message_bytes_max: in: likewise
 * @id:		out: number of the port that the handle receives from; 0 if none
 * @peer_id:	out: number of the port that it sends to; 0 if none
 * @created:	out: 1 if the link is new, 0 if it was there
 * @pad:	0
 *
 * Direct communication: between two processes there is at most one link in a
 * network namespace. Whoever comes first makes it; every later call of either
 * gives the same one, as long as a handle is bound to it. It has two ports, one
 * a direction: what the handle sends only the other process can receive, and
 * what it receives only the other process can have sent. It may be passed on:
 * then it is still the link of the process that bound it.
 *
 * When one of the two processes exits, what it has sent can still be received,
 * then comes end-of-file, and a send to it is EPIPE. This is so also if it never
 * asked for the link, if others hold its handles, and if it had exited before
 * and was not waited for yet. A process that gets its number later has nothing
 * of the link.
 *
 * Making a link needs what a signal to the process needs (kill(2)). The ports
 * belong to who makes it, have mode 0 and cannot be bound in another way.
 *
 * Errors: EINVAL (also for the caller's own pid, for 0 and what is no pid, and
 * for access mode 3), EISCONN, ESRCH, EACCES, EDQUOT, ENOSPC, EIDRM (its owner
 * destroyed it, and somebody is still bound to it), ENOMEM, EFAULT.
 */
struct mailbox_ioc_port_link {
	__u32 flags;
	__u32 pid;
	__u32 buffering;
	__u32 capacity;
	__aligned_u64 capacity_bytes;
	__aligned_u64 message_bytes_max;
	__aligned_u64 id;
	__aligned_u64 peer_id;
	__u32 created;
	__u32 pad;
};

/*
 * The asymmetric form: an inbox, one port, from which process @pid alone
 * receives, and to which any process may send that may signal it. With @pid 0,
 * or its own, the caller binds its own inbox, with an O_RDONLY handle. With
 * another one's pid it binds that process's inbox with an O_WRONLY handle. EBADF
 * for a handle of any other access mode. Either may come first.
 * mailbox_ioc_receive.pid tells who sent.
 */
#define MAILBOX_LINK_INBOX		(1U << 0)

/**
 * struct mailbox_ioc_port_remove - argument of PORT_UNLINK and PORT_DESTROY
 * @flags:	in: 0
 * @pad:	0
 * @name:	in: the name; empty = the port that the handle is bound to
 *
 * UNLINK takes the name away: it is free at once, handles that are bound go
 * on, and the port goes with the last of them. DESTROY ends the port now:
 * every sleeper and every later call gets EIDRM, and what was queued is freed.
 * Of a pair or a link, DESTROY ends both directions. Both are for the owner, or
 * CAP_IPC_OWNER.
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
 * @flags:	in: MAILBOX_STAT_*
 * @waiters_len: in: room in @waiters, at most 1024; out: how many were filled
 * @waiters:	in: array of struct mailbox_waiter; 0 exactly if @waiters_len
 *		is 0. Not used by PORT_LIST
 * @name:	in: the name; empty = the port that the handle is bound to.
 *		out: the name; empty if it has none (any more)
 * @id:		out: number of the port
 * @port_flags:	out: MAILBOX_CREATE_PERSIST, HANGUP, SLOT and BROADCAST,
 *		MAILBOX_PORT_*
 * @mode:	out: permission bits
 * @uid:	out: owner, in the caller's user namespace
 * @gid:	out: group, likewise
 * @buffering:	out: MAILBOX_BUFFERING_*
 * @capacity:	out: messages, for BOUNDED
 * @capacity_bytes: out: as in mailbox_ioc_port_create
 * @message_bytes_max: out: likewise
 * @messages:	out: queued messages. Each one that a failed receive put back
 *		may be one more than the capacity. On a broadcast port all that
 *		are queued for any receiver
 * @bytes:	out: queued payload bytes, likewise
 * @senders:	out: handles that may send
 * @receivers:	out: handles that may receive
 * @senders_waiting: out: sends asleep: for room, for a receiver, for a receipt
 * @receivers_waiting: out: receives asleep
 * @sent:	out: messages accepted since the port was created
 * @received:	out: messages taken since the port was created
 * @on_full:	out: MAILBOX_FULL_*
 * @max_deliveries: out: as in mailbox_ioc_port_create
 * @leased:	out: messages that are under a lease
 * @requests:	out: calls that a server has received and not answered
 * @dropped:	out: messages dropped because the port was full
 * @dead_lettered: out: messages that were given up after their last lease
 * @allowed:	out: entries of the allow list
 * @link_pid:	out, MAILBOX_PORT_LINK: the process that receives, in the
 *		caller's pid namespace; 0 if not visible there
 * @link_peer:	out, MAILBOX_PORT_LINK: the process that sends, likewise; 0 for
 *		an inbox
 * @pad:	0
 * @dead_letter: out: as in mailbox_ioc_port_create
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
	__u32 on_full;
	__u32 max_deliveries;
	__u32 leased;
	__u32 requests;
	__aligned_u64 dropped;
	__aligned_u64 dead_lettered;
	__u32 allowed;
	__u32 link_pid;
	__u32 link_peer;
	__u32 pad;
	char dead_letter[MAILBOX_NAME_SIZE];
};

/* Of a pair or a link, the port that the handle sends to; @name is empty. */
#define MAILBOX_STAT_SENDS		(1U << 0)

/* mailbox_ioc_port_stat.port_flags, besides MAILBOX_CREATE_* */
#define MAILBOX_PORT_PAIR		(1U << 16)	/* of MAILBOX_IOC_PORT_PAIR */
#define MAILBOX_PORT_LINK		(1U << 17)	/* of MAILBOX_IOC_PORT_LINK */

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
 * @on_full:	in: likewise
 * @max_deliveries: in: likewise, applied together with @dead_letter
 * @dead_letter: in: likewise
 *
 * A field that is not applied must be 0. On a pair or a link it changes the port
 * that the handle receives from, or the only one that it has. All of it happens,
 * or nothing. More room lets sleeping senders in at once; less room drops
 * nothing that is queued. Handles that are bound keep their rights when the mode
 * changes. For the owner, or CAP_IPC_OWNER.
 *
 * Errors: EINVAL, ENOTCONN, EACCES, EIDRM, ENOMEM.
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
	__u32 on_full;
	__u32 max_deliveries;
	char dead_letter[MAILBOX_NAME_SIZE];
};

#define MAILBOX_SET_MODE		(1U << 0)
#define MAILBOX_SET_UID			(1U << 1)
#define MAILBOX_SET_GID			(1U << 2)
#define MAILBOX_SET_CAPACITY		(1U << 3)
#define MAILBOX_SET_CAPACITY_BYTES	(1U << 4)
#define MAILBOX_SET_MESSAGE_BYTES_MAX	(1U << 5)
#define MAILBOX_SET_ON_FULL		(1U << 6)
#define MAILBOX_SET_DELIVERIES		(1U << 7)

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
 * struct mailbox_allow - one entry of an allow list
 * @kind:	MAILBOX_ALLOW_*
 * @id:		user, group or process, in the caller's namespaces
 * @rights:	MAILBOX_RIGHT_RECEIVE, MAILBOX_RIGHT_SEND
 * @pad:	0
 */
struct mailbox_allow {
	__u32 kind;
	__u32 id;
	__u32 rights;
	__u32 pad;
};

#define MAILBOX_ALLOW_USER		1	/* a process with this fsuid */
#define MAILBOX_ALLOW_GROUP		2	/* a process in this group */
#define MAILBOX_ALLOW_PROCESS		3	/* this process, no other of its number */

#define MAILBOX_RIGHT_RECEIVE		(1U << 0)
#define MAILBOX_RIGHT_SEND		(1U << 1)

/* Longest allow list. */
#define MAILBOX_ALLOW_MAX	256

/**
 * struct mailbox_ioc_port_allow - give or take rights
 * @flags:	in: 0
 * @pad:	0
 * @entry:	in: for whom, and what it has from now on; @rights 0 takes it off
 *		the list
 * @name:	in: the port; empty = the one that the handle is bound to
 *
 * What the list gives is added to what the port's mode gives; what an entry
 * gives is added to what others give. It is looked at when a handle is bound;
 * and when an entry gives less than before, every handle that was bound by
 * virtue of the list, and would not be now, is revoked: each call that uses the
 * right, also one that sleeps, gets EACCES, what it leased goes back, who waits
 * for an answer from it gets EPIPE, what was queued for it at a broadcast port
 * is freed (a lease from there ends as any does), who polls it is told so, and
 * it does not count as a sender or receiver any more. A handle that may not do
 * both any more may do neither. It is the process that bound the handle that
 * counts, not who holds it. Handles of access mode 3 are not revoked. The list
 * is the owner's, or CAP_IPC_OWNER's. When it is full, processes that have
 * exited lose their entries.
 *
 * Errors: EINVAL, ENOENT, ENOTCONN, EACCES, EIDRM, ESRCH (no such process, or
 * no such entry to take off), ENOSPC, ENOMEM.
 */
struct mailbox_ioc_port_allow {
	__u32 flags;
	__u32 pad;
	struct mailbox_allow entry;
	char name[MAILBOX_NAME_SIZE];
};

/**
 * struct mailbox_ioc_port_allowed - read the allow list
 * @flags:	in: 0
 * @count:	in: room in @entries; out: how many were filled
 * @entries:	in: array of struct mailbox_allow. A user, group or process that
 *		the caller's namespaces do not have is given as 65534, 65534, 0
 * @total:	out: entries of the list
 * @pad:	0
 * @name:	in: the port; empty = the one that the handle is bound to
 *
 * For those who may see the port (PORT_STAT). Processes that have exited are
 * not listed. Errors: EINVAL, ENOENT, ENOTCONN, EACCES, EIDRM, EFAULT, ENOMEM.
 */
struct mailbox_ioc_port_allowed {
	__u32 flags;
	__u32 count;
	__aligned_u64 entries;
	__u32 total;
	__u32 pad;
	char name[MAILBOX_NAME_SIZE];
};

/*
 * What can be waited for. All of them are states, so none is missed that lasts;
 * but SENDER and RECEIVER also hold if one has come and gone since the wait
 * began, or began anew after a signal, if the port is still there; on a bound
 * handle that receives or sends, since it was bound.
 */
#define MAILBOX_EVENT_NAMED	(1U << 0)	/* a port has the name; or the bound one lives */
#define MAILBOX_EVENT_GONE	(1U << 1)	/* none has it; or it was destroyed */
#define MAILBOX_EVENT_MESSAGE	(1U << 2)	/* a message is there */
#define MAILBOX_EVENT_SENDER	(1U << 3)	/* a handle that may send */
#define MAILBOX_EVENT_RECEIVER	(1U << 4)	/* a handle that may receive */
#define MAILBOX_EVENT_HANGUP	(1U << 5)	/* one of the sides hung up */

/**
 * struct mailbox_ioc_port_wait - sleep until a port is in one of these states
 * @flags:	in: MAILBOX_WAIT_*
 * @events:	in: MAILBOX_EVENT_*, at least one
 * @name:	in: the port, which need not exist; empty = the one that the
 *		handle is bound to
 * @deadline_ns: in: when to give up, absolute, CLOCK_MONOTONIC unless
 *		MAILBOX_WAIT_REALTIME (0 = never)
 * @id:		out: number of the port; 0 if none has the name
 * @happened:	out: those of @events that hold
 * @pad:	0
 *
 * Works on any handle. MESSAGE, SENDER, RECEIVER and HANGUP need by name what
 * PORT_STAT needs (EACCES, as soon as there is a port of that name). Of a pair
 * or a link, MESSAGE and SENDER speak of the port that is received from,
 * RECEIVER of the one that is sent to. A user may have 1024 such waits, watches
 * and sleeping opens by name in a network namespace.
 *
 * Errors: EINVAL, ENOTCONN, EACCES, EAGAIN, ETIMEDOUT, EINTR, EDQUOT, ENOMEM.
 */
struct mailbox_ioc_port_wait {
	__u32 flags;
	__u32 events;
	char name[MAILBOX_NAME_SIZE];
	__aligned_u64 deadline_ns;
	__aligned_u64 id;
	__u32 happened;
	__u32 pad;
};

/* Fail with EAGAIN rather than sleep, as if the handle were O_NONBLOCK. */
#define MAILBOX_WAIT_NONBLOCK		(1U << 0)
/* @deadline_ns is on CLOCK_REALTIME. */
#define MAILBOX_WAIT_REALTIME		(1U << 1)

/**
 * struct mailbox_ioc_port_watch - have poll() tell the state of a port
 * @flags:	in: 0
 * @events:	in: MAILBOX_EVENT_*; 0 = stop watching
 * @name:	in: the port, which need not exist; empty if @events is 0
 *
 * For a handle that is not bound. It then polls as EPOLLIN while one of @events
 * holds, EPOLLERR if the caller may not see the port; PORT_WAIT with NONBLOCK
 * tells which. Who may not see it is woken when the port comes or goes and when
 * the rights to it change, and not by what happens in it. Watching again replaces
 * what was watched before. Binding the handle ends it; nobody should be polling
 * it then, and not be told.
 *
 * Errors: EINVAL, EISCONN, EDQUOT, ENOMEM.
 */
struct mailbox_ioc_port_watch {
	__u32 flags;
	__u32 events;
	char name[MAILBOX_NAME_SIZE];
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
 * @seq:	out: the message's number on this port, counting up; 0 if the port
 *		was full and its policy dropped it
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
 * EDQUOT, EIDRM, EPIPE, EACCES, ENOMEM; with SYNC also ENOBUFS, EOPNOTSUPP.
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
 * @token:	out: for ACK and NACK under LEASE, for REPLY if the message is a
 *		request; 0 otherwise
 * @lease_ns:	in, LEASE: how long the lease lasts, from now (0 = until it is
 *		ended)
 * @reply_size:	out: for a request, how long an answer its caller takes
 * @deliveries:	out: how many times it has been leased, this time included; 0 if
 *		never
 * @kind:	out: MAILBOX_MESSAGE_*
 *
 * Gives the first message that matches: highest priority first, and in the
 * order of sending within a priority; after all of these, the messages of
 * senders that still sleep, in the order of their arrival, whatever their
 * priority. Sleeps while there is none. Any error means that the message is
 * where it was; the buffer may hold some of it, or of a message that its sender
 * withdrew while it was being copied.
 *
 * A message of kind REQUEST is one that its sender waits to have answered. It is
 * in the hand of this handle until MAILBOX_IOC_REPLY, or until the handle is
 * closed; LEASE is not applied to it. A caller that shows no room for @token, or
 * uses read(), cannot answer: the request's sender gets EPIPE.
 *
 * Errors: EINVAL, ENOTCONN, EBADF, EFAULT, EMSGSIZE, EAGAIN, ETIMEDOUT, EINTR,
 * EIDRM, EPIPE, EBUSY, EACCES; with LEASE also ENOMEM.
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
	__aligned_u64 token;
	__aligned_u64 lease_ns;
	__aligned_u64 reply_size;
	__u32 deliveries;
	__u32 kind;
};

/* mailbox_ioc_receive.kind */
#define MAILBOX_MESSAGE_PLAIN		0
#define MAILBOX_MESSAGE_REQUEST		1

/* Fail with EAGAIN rather than sleep, as if the handle were O_NONBLOCK. */
#define MAILBOX_RECEIVE_NONBLOCK	(1U << 0)
/* Copy the message and leave it queued. */
#define MAILBOX_RECEIVE_PEEK		(1U << 1)
/* A message longer than the buffer is cut instead of EMSGSIZE. */
#define MAILBOX_RECEIVE_TRUNC		(1U << 2)
/* @deadline_ns is on CLOCK_REALTIME. */
#define MAILBOX_RECEIVE_REALTIME	(1U << 3)
/*
 * Take the message, but leave it on the port's books until MAILBOX_IOC_ACK.
 * MAILBOX_IOC_NACK, the end of @lease_ns and the close of the handle, so also
 * the end of its last process, put it back to its old place. Not with PEEK. A
 * SYNC send has its receipt when the lease begins. Needs a struct with @token.
 */
#define MAILBOX_RECEIVE_LEASE		(1U << 4)

#define MAILBOX_SELECT_ANY		0	/* the first message */
#define MAILBOX_SELECT_TYPE		1	/* of type @match */
#define MAILBOX_SELECT_TYPE_NOT		2	/* of any type but @match */
#define MAILBOX_SELECT_TYPE_AT_MOST	3	/* of the lowest type <= @match */
#define MAILBOX_SELECT_SENDER		4	/* sent by process @match */

/**
 * struct mailbox_send_entry - one message of SEND_BATCH
 * @data:	in: pointer to the payload
 * @len:	in: bytes
 * @type:	in: as in mailbox_ioc_send
 * @priority:	in: likewise
 * @pad:	0
 * @seq:	out: likewise
 */
struct mailbox_send_entry {
	__aligned_u64 data;
	__aligned_u64 len;
	__aligned_u64 type;
	__u32 priority;
	__u32 pad;
	__aligned_u64 seq;
};

/* Most messages of one SEND_BATCH or RECEIVE_BATCH. */
#define MAILBOX_BATCH_MAX	1024

/**
 * struct mailbox_ioc_send_batch - send several messages in their order
 * @flags:	in: MAILBOX_SEND_NONBLOCK, MAILBOX_SEND_REALTIME
 * @count:	in: how many, 1 to MAILBOX_BATCH_MAX
 * @entries:	in: array of struct mailbox_send_entry
 * @entry_size:	in: sizeof(struct mailbox_send_entry) as the caller knows it; a
 *		multiple of 8, and at most a page
 * @pad:	0
 * @deadline_ns: in: as in mailbox_ioc_send, for all of them
 * @done:	out: how many were sent
 * @error:	out: errno for the next one; 0 if all were sent
 *
 * Sleeps as often as the port is full. The call fails only if not even the first
 * message could be sent; otherwise it succeeds, and @error says why not all
 * were. Their quota is charged before the first is sent, so that EDQUOT and a
 * bad pointer may stop it early. But an array that cannot be read or written, or
 * has something else than 0 in a @pad or behind what the kernel knows of an
 * entry, refuses the whole call.
 *
 * Errors: as for MAILBOX_IOC_SEND.
 */
struct mailbox_ioc_send_batch {
	__u32 flags;
	__u32 count;
	__aligned_u64 entries;
	__u32 entry_size;
	__u32 pad;
	__aligned_u64 deadline_ns;
	__u32 done;
	__u32 error;
};

/**
 * struct mailbox_receive_entry - one message of RECEIVE_BATCH
 * @data:	in: pointer to the buffer
 * @size:	in: bytes of the buffer
 * @len:	out: as in mailbox_ioc_receive; the size that is needed, for the
 *		entry that @error EMSGSIZE belongs to
 * @type:	out: as in mailbox_ioc_receive, as are all that follow
 * @seq:	out
 * @time_ns:	out
 * @token:	out
 * @reply_size:	out
 * @priority:	out
 * @pid:	out
 * @tid:	out
 * @uid:	out
 * @gid:	out
 * @deliveries:	out
 * @kind:	out
 * @pad:	0
 */
struct mailbox_receive_entry {
	__aligned_u64 data;
	__aligned_u64 size;
	__aligned_u64 len;
	__aligned_u64 type;
	__aligned_u64 seq;
	__aligned_u64 time_ns;
	__aligned_u64 token;
	__aligned_u64 reply_size;
	__u32 priority;
	__u32 pid;
	__u32 tid;
	__u32 uid;
	__u32 gid;
	__u32 deliveries;
	__u32 kind;
	__u32 pad;
};

/**
 * struct mailbox_ioc_receive_batch - receive several messages
 * @flags:	in: MAILBOX_RECEIVE_* but PEEK
 * @select:	in: as in mailbox_ioc_receive
 * @match:	in: likewise
 * @count:	in: at most so many, 1 to MAILBOX_BATCH_MAX
 * @entry_size:	in: sizeof(struct mailbox_receive_entry) as the caller knows it;
 *		a multiple of 8, and at most a page
 * @entries:	in: array of struct mailbox_receive_entry
 * @deadline_ns: in: as in mailbox_ioc_receive
 * @lease_ns:	in: likewise
 * @done:	out: how many were received
 * @error:	out: errno for the next one; 0 if there was none to be had
 *
 * Sleeps for the first only, then takes what there is, without sleeping. It may
 * end early, without an error, before a message whose sender waits for it: the
 * next call gets that one. The call fails only if not even the first message
 * could be received, or for the array as a whole, as SEND_BATCH does.
 *
 * Errors: as for MAILBOX_IOC_RECEIVE, ENOMEM.
 */
struct mailbox_ioc_receive_batch {
	__u32 flags;
	__u32 select;
	__aligned_u64 match;
	__u32 count;
	__u32 entry_size;
	__aligned_u64 entries;
	__aligned_u64 deadline_ns;
	__aligned_u64 lease_ns;
	__u32 done;
	__u32 error;
};

/**
 * struct mailbox_ioc_call - send a request and sleep for its answer
 * @flags:	in: MAILBOX_CALL_*
 * @priority:	in: as in mailbox_ioc_send
 * @type:	in: likewise
 * @data:	in: pointer to the request
 * @len:	in: bytes of it
 * @deadline_ns: in: when to give up, absolute, CLOCK_MONOTONIC unless
 *		MAILBOX_CALL_REALTIME; 0 = never
 * @reply:	in: pointer to the buffer for the answer
 * @reply_size:	in: bytes of it; the server is told
 * @reply_len:	out: bytes of the answer
 * @reply_type:	out: type of the answer, as the server gave it
 * @seq:	out: number of the request on this port
 * @reply_pid:	out: process that answered, in the caller's pid namespace (0 if
 *		not visible there)
 * @reply_tid:	out: thread, likewise
 *
 * The request is a message like any other: it is queued, selected, received. The
 * handle must be one that may send; it need not receive.
 *
 * A signal or the deadline withdraws a request that no server has received yet;
 * after that it ends the call all the same (EINTR also with SA_RESTART, for the
 * request may have been carried out), and the answer comes to nothing. The same
 * goes for EPIPE: the server that had received it will not answer. What
 * interrupts system calls as a signal does counts as one then: being stopped and
 * continued, a debugger that attaches, a cgroup (v2) that is frozen.
 *
 * EDEADLK: the call could only be answered by threads that sleep in calls
 * themselves, which wait for such threads in turn, and so on; nothing was sent.
 * A call whose request is queued waits for the threads that ever received a
 * request by one of the handles that receive at the port; one whose request was
 * received waits for the thread that did, which is taken to answer by itself.
 * Threads that have exited do not count. It is no deadlock while somebody sleeps
 * in a receive there, or such a handle has not received a request yet, or has
 * been used by more than 64 threads. A search that goes too far ends without an
 * error.
 *
 * EFAULT for @reply comes before anything is sent, unless the memory goes away
 * during the call; then the answer is lost.
 *
 * Errors: EINVAL (also on an O_NONBLOCK handle), ENOTCONN, EBADF, EFAULT,
 * EMSGSIZE, ETIMEDOUT, EINTR, EDQUOT, EIDRM, EPIPE, EACCES, EDEADLK, ENOBUFS,
 * EOPNOTSUPP, ENOMEM.
 */
struct mailbox_ioc_call {
	__u32 flags;
	__u32 priority;
	__aligned_u64 type;
	__aligned_u64 data;
	__aligned_u64 len;
	__aligned_u64 deadline_ns;
	__aligned_u64 reply;
	__aligned_u64 reply_size;
	__aligned_u64 reply_len;
	__aligned_u64 reply_type;
	__aligned_u64 seq;
	__u32 reply_pid;
	__u32 reply_tid;
};

/* @deadline_ns is on CLOCK_REALTIME. */
#define MAILBOX_CALL_REALTIME		(1U << 0)

/**
 * struct mailbox_ioc_reply - answer a request
 * @flags:	in: 0
 * @pad:	0
 * @token:	in: which one, as RECEIVE on this handle told
 * @type:	in: any number, for the caller
 * @data:	in: pointer to the answer
 * @len:	in: bytes, up to the caller's @reply_size
 *
 * Waits for nobody. Any thread or process that shares the handle may answer,
 * once. After an error other than ESRCH the request is still to be answered.
 * The answer counts in the quota of the process that sends it.
 *
 * Errors: EINVAL, ENOTCONN, EBADF, EFAULT, ESRCH (no such request: its caller
 * is gone, or it was answered, or it was received by another handle), EMSGSIZE
 * (the caller takes less), EDQUOT, EIDRM, EACCES, ENOMEM.
 */
struct mailbox_ioc_reply {
	__u32 flags;
	__u32 pad;
	__aligned_u64 token;
	__aligned_u64 type;
	__aligned_u64 data;
	__aligned_u64 len;
};

/**
 * struct mailbox_ioc_reply_receive - answer a request, then receive
 * @reply:	in: as for REPLY; a @token of 0 answers nobody, and all else
 *		must be 0 then. out: all 0 once the answer was given, also if
 *		receiving fails then, so that the call can be repeated
 * @receive:	in, out: as for RECEIVE, without PEEK
 *
 * If the answer cannot be given nothing is received. Errors: those of both.
 */
struct mailbox_ioc_reply_receive {
	struct mailbox_ioc_reply reply;
	struct mailbox_ioc_receive receive;
};

/**
 * struct mailbox_ioc_settle - argument of ACK and NACK
 * @flags:	in: 0
 * @pad:	0
 * @token:	in: the lease, as RECEIVE on this handle told; 0 = the one that
 *		this handle has had for longest
 *
 * ACK: the message is done with, and freed. NACK: it goes back to its old place,
 * or, after @max_deliveries of the port, to the dead-letter port. They wait for
 * nobody.
 *
 * Errors: EINVAL (also for the token of a request), ENOTCONN, EBADF, ESRCH (no
 * such lease of this handle, or not any more), EIDRM, EACCES.
 */
struct mailbox_ioc_settle {
	__u32 flags;
	__u32 pad;
	__aligned_u64 token;
};

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
#define MAILBOX_IOC_PORT_PAIR \
	_IOWR(MAILBOX_IOC_MAGIC, 0x08, struct mailbox_ioc_port_pair)
#define MAILBOX_IOC_PORT_LINK \
	_IOWR(MAILBOX_IOC_MAGIC, 0x09, struct mailbox_ioc_port_link)
#define MAILBOX_IOC_PORT_ALLOW \
	_IOW(MAILBOX_IOC_MAGIC, 0x0A, struct mailbox_ioc_port_allow)
#define MAILBOX_IOC_PORT_ALLOWED \
	_IOWR(MAILBOX_IOC_MAGIC, 0x0B, struct mailbox_ioc_port_allowed)
#define MAILBOX_IOC_PORT_WAIT \
	_IOWR(MAILBOX_IOC_MAGIC, 0x0C, struct mailbox_ioc_port_wait)
#define MAILBOX_IOC_PORT_WATCH \
	_IOW(MAILBOX_IOC_MAGIC, 0x0D, struct mailbox_ioc_port_watch)
#define MAILBOX_IOC_SEND \
	_IOWR(MAILBOX_IOC_MAGIC, 0x10, struct mailbox_ioc_send)
#define MAILBOX_IOC_RECEIVE \
	_IOWR(MAILBOX_IOC_MAGIC, 0x11, struct mailbox_ioc_receive)
#define MAILBOX_IOC_SEND_BATCH \
	_IOWR(MAILBOX_IOC_MAGIC, 0x12, struct mailbox_ioc_send_batch)
#define MAILBOX_IOC_RECEIVE_BATCH \
	_IOWR(MAILBOX_IOC_MAGIC, 0x13, struct mailbox_ioc_receive_batch)
#define MAILBOX_IOC_CALL \
	_IOWR(MAILBOX_IOC_MAGIC, 0x14, struct mailbox_ioc_call)
#define MAILBOX_IOC_REPLY \
	_IOW(MAILBOX_IOC_MAGIC, 0x15, struct mailbox_ioc_reply)
#define MAILBOX_IOC_REPLY_RECEIVE \
	_IOWR(MAILBOX_IOC_MAGIC, 0x16, struct mailbox_ioc_reply_receive)
#define MAILBOX_IOC_ACK \
	_IOW(MAILBOX_IOC_MAGIC, 0x17, struct mailbox_ioc_settle)
#define MAILBOX_IOC_NACK \
	_IOW(MAILBOX_IOC_MAGIC, 0x18, struct mailbox_ioc_settle)

#endif /* _UAPI_LINUX_MAILBOX_IPC_H */
