/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmailbox: message ports between processes, by way of /dev/mailbox.
 *
 * A port is a queue of messages with a policy: how much it buffers, who may
 * use it, how long it lives. A struct mailbox is a handle on a port; it may
 * receive, send, do both, or neither and only look after the port.
 *
 * What holds for every function here:
 *
 * - Failure is -1 or NULL with errno set, and leaks nothing. Success leaves
 *   errno as it was. mailbox_strerror() has a text for every errno.
 * - Any number of threads may use one handle at once; mailbox_close() and
 *   mailbox_detach() are the exception, nobody may be inside another function
 *   with the handle they end. A list iterator belongs to one thread at a time.
 *   The library has no state of its own, and starts no threads. It neither
 *   installs nor raises signals: a send to a port whose receivers are gone
 *   fails with EPIPE and no SIGPIPE.
 * - A signal handler that was installed without SA_RESTART makes a function
 *   that sleeps fail with EINTR; nothing was sent or taken then, and the call
 *   may be repeated. mailbox_call() is the exception, see there. What may sleep
 *   says so.
 * - Clear an attribute struct to all zero, then set what is wanted: 0 is the
 *   default of every field. Fields marked "out" are written on success. Where
 *   a function takes a pointer to one, NULL is one that is all zero, unless it
 *   says otherwise.
 *   reserved[] must be 0 (EINVAL otherwise).
 * - Lengths and sizes are in bytes, times in nanoseconds.
 * - A name has 1 to MAILBOX_NAME_MAX printable bytes and no '/'. A longer one
 *   is ENAMETOOLONG, an empty one EINVAL. Names belong to the network namespace
 *   in which the handle was opened.
 *
 * The flags and limits (MAILBOX_CREATE_*, MAILBOX_SEND_*, MAILBOX_RECEIVE_*,
 * MAILBOX_SELECT_*, MAILBOX_BUFFERING_*, MAILBOX_FULL_*, MAILBOX_SET_*,
 * MAILBOX_CALL_*, MAILBOX_EVENT_*, MAILBOX_WAIT_*, MAILBOX_NAME_MAX, ...) and
 * the structs of allow lists and batches are those of <linux/mailbox_ipc.h>,
 * where each is explained.
 */
#ifndef MAILBOX_H
#define MAILBOX_H

#include <linux/mailbox_ipc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The library itself is built with all else hidden. */
#pragma GCC visibility push(default)

struct mailbox;
struct mailbox_list;

/* --- handles ------------------------------------------------------------- */

/*
 * What a handle may do, as a set. With neither RECEIVE nor SEND it is a control
 * handle: it makes ports, looks at them and changes them, and counts neither as
 * a sender nor as a receiver of the port.
 */
#define MAILBOX_OPEN_CONTROL	0U
#define MAILBOX_OPEN_RECEIVE	(1U << 0)
#define MAILBOX_OPEN_SEND	(1U << 1)
#define MAILBOX_OPEN_BOTH	(MAILBOX_OPEN_RECEIVE | MAILBOX_OPEN_SEND)
/* Nothing sleeps on this handle: EAGAIN instead, and poll mailbox_fd(). */
#define MAILBOX_OPEN_NONBLOCK	(1U << 2)
/* Only for mailbox_open(): wait until there is a port of this name, */
#define MAILBOX_OPEN_WAIT	(1U << 3)
/*
 * and wait, as opening a FIFO does, until the other side has been there: for a
 * handle that only receives a sender, for one that only sends a receiver.
 */
#define MAILBOX_OPEN_PEER	(1U << 4)

/**
 * struct mailbox_create_attr - the policy of a new port
 * @flags:	MAILBOX_CREATE_*: PERSIST, HANGUP, OPEN, UID, GID, SLOT, BROADCAST
 * @mode:	who may use it, as file permissions: r receives, w sends, 0001 to
 *		0666 without the x bits (0 = 0600)
 * @uid:	owner, with MAILBOX_CREATE_UID
 * @gid:	group, with MAILBOX_CREATE_GID
 * @buffering:	MAILBOX_BUFFERING_* (0 = bounded)
 * @capacity:	messages that a bounded port queues (0 = the module's default)
 * @capacity_bytes: payload bytes at which a send sleeps as well (0 = no limit)
 * @message_bytes_max: longest message (0 = the module's default)
 * @on_full:	MAILBOX_FULL_*: what becomes of a message that comes to a full
 *		port (0 = its sender sleeps)
 * @max_deliveries: leases that a message may have that come to nothing, before
 *		it goes to @dead_letter (0 = any number)
 * @dead_letter: name of a port, or NULL: then such a message is dropped
 * @id:		out: number of the port, not used again while the module
 *		stays loaded
 * @created:	out: 1 if the port is new, 0 if MAILBOX_CREATE_OPEN found one
 * @reserved:	0
 */
struct mailbox_create_attr {
	uint32_t flags;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	uint32_t buffering;
	uint32_t capacity;
	uint64_t capacity_bytes;
	uint64_t message_bytes_max;
	uint32_t on_full;
	uint32_t max_deliveries;
	const char *dead_letter;
	uint64_t id;
	uint32_t created;
	uint32_t reserved[9];
};

/**
 * mailbox_open - open a handle, and bind it to the port of this name
 * @name:	the port; NULL leaves the handle without a port, for
 *		mailbox_port_bind(), or for calls that name their port
 * @flags:	MAILBOX_OPEN_*
 *
 * RECEIVE needs the r permission of the port, SEND the w permission, or the
 * port's allow list gives it. The file descriptor has close-on-exec set. Sleeps
 * only with MAILBOX_OPEN_WAIT or MAILBOX_OPEN_PEER, which need a name, and not
 * on a non-blocking handle.
 *
 * Returns the handle, to be ended by mailbox_close(). Errors:
 *   ENODEV	there is no /dev/mailbox: the module is not loaded
 *   EPERM	this process may not open /dev/mailbox
 *   ENOENT	no port has this name
 *   EACCES	the port's permissions do not allow it
 *   EAGAIN	WAIT or PEER would have to sleep, and NONBLOCK is set
 *   EINTR	a signal came first, with WAIT or PEER
 *   EIDRM	the port was destroyed before the other side came, with PEER
 *   EINVAL ENAMETOOLONG EMFILE ENFILE ENOMEM
 */
struct mailbox *mailbox_open(const char *name, unsigned int flags);

/**
 * mailbox_open_until - mailbox_open(), but for no longer than up to a deadline
 * @name:	the port
 * @flags:	MAILBOX_OPEN_*, WAIT or PEER among them
 * @deadline_ns: when to give up, from mailbox_deadline_after() (0 = never)
 *
 * Returns the handle, to be ended by mailbox_close(). Errors: those of
 * mailbox_open(), and
 *   ETIMEDOUT	the deadline passed: there is no port of this name, or, with
 *		PEER, nobody on the other side
 *   EINVAL	a deadline, but neither WAIT nor PEER
 */
struct mailbox *mailbox_open_until(const char *name, unsigned int flags,
				   uint64_t deadline_ns);

/**
 * mailbox_create - open a handle, and bind it to a new port
 * @name:	name of the port; NULL makes one without a name, that only this
 *		handle, and whoever inherits or is passed it, can use
 * @flags:	MAILBOX_OPEN_*, without WAIT and PEER
 * @attr:	policy, and where @id and @created are told; NULL = all defaults
 *
 * The port goes with its last handle unless MAILBOX_CREATE_PERSIST is set. The
 * handle may do what @flags say whatever the port's mode is. Does not sleep.
 *
 * Returns the handle, to be ended by mailbox_close(). Errors: those of
 * mailbox_open(), except that ENOENT and EACCES come only with
 * MAILBOX_CREATE_OPEN, EACCES also for an owner or group that the caller may
 * not give to a port, and
 *   EEXIST	a port has this name (MAILBOX_CREATE_OPEN would use it)
 *   EDQUOT	the caller's user has as many ports as it may
 *   ENOSPC	the registry holds as many ports as it may
 */
struct mailbox *mailbox_create(const char *name, unsigned int flags,
			       struct mailbox_create_attr *attr);

/**
 * struct mailbox_channel_attr - how the ports of a pair or a link buffer
 * @flags:	0
 * @buffering:	MAILBOX_BUFFERING_* (0 = bounded)
 * @capacity:	messages a direction, as in struct mailbox_create_attr
 * @capacity_bytes: as there, a direction
 * @message_bytes_max: as there
 * @id:		out: number of the port that the (first) handle receives from, or,
 *		of a pipe, of the only one; 0 if it receives from none
 * @peer_id:	out: number of the port that it sends to, likewise
 * @created:	out: 1 if the ports are new, 0 if the link was there
 * @reserved:	0
 */
struct mailbox_channel_attr {
	uint32_t flags;
	uint32_t buffering;
	uint32_t capacity;
	uint32_t created;
	uint64_t capacity_bytes;
	uint64_t message_bytes_max;
	uint64_t id;
	uint64_t peer_id;
	uint64_t reserved[4];
};

/**
 * mailbox_pair - make a channel without a name, with a handle at each end
 * @ends:	out: the two handles, each to be ended by mailbox_close()
 * @flags:	what ends[0] may do: MAILBOX_OPEN_BOTH makes a duplex channel, as
 *		socketpair(2) does; MAILBOX_OPEN_RECEIVE a pipe, of which ends[0]
 *		receives and ends[1] sends, as with pipe(2); MAILBOX_OPEN_SEND
 *		the same, the other way round. MAILBOX_OPEN_NONBLOCK is for both
 * @attr:	how it buffers, or NULL
 *
 * When one end is closed, by whomever had it last, the other one receives what
 * is still there, then gets EPIPE. Each is inherited by fork(), and can be passed
 * over a socket. Between two processes each closes the end that is not its own.
 *
 * Returns 0. Errors: EINVAL (also for MAILBOX_OPEN_CONTROL), ENODEV, EPERM,
 * EDQUOT, ENOSPC, EMFILE, ENFILE, ENOMEM.
 */
int mailbox_pair(struct mailbox *ends[2], unsigned int flags,
		 struct mailbox_channel_attr *attr);

/**
 * mailbox_link - open the link to another process: direct communication
 * @pid:	the other process
 * @flags:	MAILBOX_OPEN_BOTH, or one of the two; MAILBOX_OPEN_NONBLOCK
 * @attr:	how it buffers if it is new, and where it is described, or NULL
 *
 * Between two processes there is at most one link, one port a direction. Who
 * comes first makes it; the other one, calling mailbox_link() with the pid of
 * the first, gets the same. What is sent here only that process can receive, and
 * what is received here only that process can have sent. When it exits, what it
 * sent can still be received, then receiving and sending fail with EPIPE.
 *
 * A pid may be that of another process meanwhile: mailbox_link_pidfd() is exact.
 *
 * Returns the handle, to be ended by mailbox_close(). Errors: those of
 * mailbox_pair(), and
 *   ESRCH	there is no such process
 *   EACCES	this process may not signal that one, and there is no link yet
 *   EINVAL	also for the caller's own pid
 */
struct mailbox *mailbox_link(pid_t pid, unsigned int flags,
			     struct mailbox_channel_attr *attr);

/**
 * mailbox_link_pidfd - open the link to the process of a pidfd
 * @pidfd:	of pidfd_open(2), clone(2) with CLONE_PIDFD, or SO_PEERPIDFD; it
 *		remains the caller's
 * @flags:	as for mailbox_link()
 * @attr:	likewise
 *
 * As mailbox_link(), but never with another process that got the same pid. Reads
 * /proc/self/fdinfo, for kernels cannot tell the pid in any other way.
 *
 * Returns the handle. Errors: those of mailbox_link(), where ESRCH is also for a
 * process that has exited, or that has no pid here, and
 *   EBADF	@pidfd is not open, or is something else
 *   EOPNOTSUPP	/proc is not mounted
 */
struct mailbox *mailbox_link_pidfd(int pidfd, unsigned int flags,
				   struct mailbox_channel_attr *attr);

/**
 * mailbox_inbox_open - open the inbox of this process, to receive from
 * @flags:	0 or MAILBOX_OPEN_NONBLOCK
 * @attr:	as for mailbox_link()
 *
 * An inbox is the asymmetric form of a link: one port, from which one process
 * receives, and to which every process may send that may signal it. The @pid
 * that mailbox_message_receive() tells is who sent.
 *
 * Returns the handle, to be ended by mailbox_close(). Errors: those of
 * mailbox_link().
 */
struct mailbox *mailbox_inbox_open(unsigned int flags,
				   struct mailbox_channel_attr *attr);

/**
 * mailbox_inbox_link - open the inbox of another process, to send to
 * @pid:	the other process, which need not have opened it yet
 * @flags:	0 or MAILBOX_OPEN_NONBLOCK
 * @attr:	as for mailbox_link()
 *
 * Returns the handle, to be ended by mailbox_close(). Errors: those of
 * mailbox_link().
 */
struct mailbox *mailbox_inbox_link(pid_t pid, unsigned int flags,
				   struct mailbox_channel_attr *attr);

/**
 * mailbox_inbox_link_pidfd - open the inbox of the process of a pidfd
 * @pidfd:	as for mailbox_link_pidfd()
 * @flags:	0 or MAILBOX_OPEN_NONBLOCK
 * @attr:	as for mailbox_link()
 *
 * Returns the handle, to be ended by mailbox_close(). Errors: those of
 * mailbox_link_pidfd().
 */
struct mailbox *mailbox_inbox_link_pidfd(int pidfd, unsigned int flags,
					 struct mailbox_channel_attr *attr);

/**
 * mailbox_adopt - make a handle of a file descriptor
 * @fd:		of /dev/mailbox, bound to a port or not, inherited or received
 *		over a socket
 *
 * On success the handle owns @fd; nothing about it is changed, close-on-exec
 * neither. On failure @fd remains the caller's.
 *
 * Returns the handle, to be ended by mailbox_close() or mailbox_detach().
 * Errors: EBADF (not open), ENOTTY (not a /dev/mailbox), ENOMEM.
 */
struct mailbox *mailbox_adopt(int fd);

/**
 * mailbox_detach - end a handle, and keep its file descriptor
 * @mb:		the handle; it is gone afterwards
 *
 * Returns the file descriptor, which is the caller's to close. Cannot fail.
 */
int mailbox_detach(struct mailbox *mb);

/**
 * mailbox_fd - the file descriptor of a handle
 * @mb:		the handle, which keeps owning it
 *
 * For poll(2), epoll(7), fcntl(2) and dup2(2). Readable: a receive of any
 * message would not sleep. Writable: a send would not sleep. read(2) and
 * write(2) work on it too: one call, one message of type 0 and priority 0;
 * there a read of 0 bytes is an empty message or a hang-up, and a write after a
 * hang-up raises SIGPIPE. Cannot fail.
 */
int mailbox_fd(const struct mailbox *mb);

/**
 * mailbox_close - end a handle
 * @mb:		the handle, or NULL
 *
 * Closes the file descriptor. The port goes too if this was its last handle
 * anywhere and it is not persistent. errno is left alone.
 */
void mailbox_close(struct mailbox *mb);

/* --- messages ------------------------------------------------------------ */

/**
 * struct mailbox_send_attr - how to send, and what became of it
 * @flags:	MAILBOX_SEND_*: NONBLOCK, SYNC, REALTIME
 * @priority:	0 to MAILBOX_PRIORITY_MAX; a higher one is received first
 * @type:	any number, for receivers to select by
 * @deadline_ns: when to give up, from mailbox_deadline_after() or
 *		mailbox_deadline_at() (0 = never)
 * @seq:	out: the message's number on this port, counting up; 0 if the port
 *		was full and its policy dropped the message
 * @taken_bytes: out, with SYNC: payload bytes that the receiver took
 * @taken_pid:	out, with SYNC: process that took it; 0 if not visible here
 * @taken_tid:	out, with SYNC: thread, likewise
 * @reserved:	0
 */
struct mailbox_send_attr {
	uint32_t flags;
	uint32_t priority;
	uint64_t type;
	uint64_t deadline_ns;
	uint64_t seq;
	uint64_t taken_bytes;
	uint32_t taken_pid;
	uint32_t taken_tid;
	uint64_t reserved[4];
};

/**
 * struct mailbox_receive_attr - what to receive, and what it was
 * @flags:	MAILBOX_RECEIVE_*: NONBLOCK, PEEK, TRUNC, REALTIME, LEASE
 * @select:	MAILBOX_SELECT_* (0 = the first message)
 * @match:	type or process that @select speaks of; 0 for the first message
 * @deadline_ns: when to give up, from mailbox_deadline_after() or
 *		mailbox_deadline_at() (0 = never)
 * @lease_ns:	with LEASE: how long the lease lasts, from now (0 = until it is
 *		ended)
 * @len:	out: bytes of the whole message. Also written on EMSGSIZE: the
 *		size that is needed
 * @type:	out: as sent
 * @seq:	out: the message's number on this port
 * @time_ns:	out: when it was sent, CLOCK_MONOTONIC
 * @priority:	out: as sent
 * @pid:	out: sending process; 0 if not visible here
 * @tid:	out: sending thread, likewise
 * @uid:	out: real user of the sender
 * @gid:	out: real group of the sender
 * @kind:	out: MAILBOX_MESSAGE_PLAIN, or MAILBOX_MESSAGE_REQUEST: one that
 *		is to be answered
 * @token:	out: for mailbox_ack() and mailbox_nack() if it was leased, for
 *		mailbox_reply() if it is a request; 0 otherwise
 * @reply_size:	out: of a request, how long an answer its caller takes
 * @deliveries:	out: how many times it has been leased, this time included; 0 if
 *		never
 * @reserved:	0
 */
struct mailbox_receive_attr {
	uint32_t flags;
	uint32_t select;
	uint64_t match;
	uint64_t deadline_ns;
	uint64_t lease_ns;
	uint64_t len;
	uint64_t type;
	uint64_t seq;
	uint64_t time_ns;
	uint32_t priority;
	uint32_t pid;
	uint32_t tid;
	uint32_t uid;
	uint32_t gid;
	uint32_t kind;
	uint64_t token;
	uint64_t reply_size;
	uint32_t deliveries;
	uint32_t reserved[9];
};

/**
 * mailbox_send - send one message of type 0 and priority 0
 * @mb:		handle that may send
 * @data:	payload; may be NULL if @len is 0
 * @len:	0 up to the port's message_bytes_max; empty messages are messages
 *
 * Sleeps while the port is full, or, on a rendezvous port, until a receiver is
 * there. A message is sent whole, or not at all.
 *
 * Returns @len. Errors, of which each means that nothing was sent:
 *   EAGAIN	it would have to sleep, and the handle is non-blocking
 *   EMSGSIZE	longer than the port takes
 *   EDQUOT	this user has as many bytes queued as it may
 *   EPIPE	the last receiver hung up (port with MAILBOX_CREATE_HANGUP), the
 *		owner of the mail slot, the other end of the pair or the process
 *		at the other end of the link is gone
 *   EIDRM	the port was destroyed
 *   EACCES	the right to send was taken away, by the port's allow list
 *   EINTR	a signal came first
 *   EBADF	the handle was not opened for sending
 *   ENOTCONN	the handle has no port
 *   EFAULT ENOMEM
 */
ssize_t mailbox_send(struct mailbox *mb, const void *data, size_t len);

/**
 * mailbox_message_send - send one message, with all there is to say about it
 * @mb:		handle that may send
 * @data:	payload; may be NULL if @len is 0
 * @len:	0 up to the port's message_bytes_max
 * @attr:	how; NULL = as mailbox_send(). Unchanged on failure
 *
 * With MAILBOX_SEND_SYNC it sleeps until a receiver has taken the message; if a
 * signal or the deadline comes first, the message is withdrawn and nobody gets
 * it. Repeating the call with the same @attr keeps the deadline as it was.
 *
 * Returns @len. Errors: those of mailbox_send(), and
 *   ETIMEDOUT	the deadline passed
 *   ENOBUFS	with SYNC: the port was full, and its policy dropped the message
 *   EOPNOTSUPP	SYNC on a broadcast port
 *   EINVAL	a bad value in @attr; SYNC with NONBLOCK, or SYNC on a
 *		non-blocking handle
 */
ssize_t mailbox_message_send(struct mailbox *mb, const void *data, size_t len,
			     struct mailbox_send_attr *attr);

/**
 * mailbox_receive - receive the first message
 * @mb:		handle that may receive
 * @buf:	where the payload goes; may be NULL if @size is 0
 * @size:	bytes of @buf
 *
 * Highest priority first, in the order of sending within a priority. Sleeps
 * while there is none. Who receives a request in this way cannot answer it, and
 * its caller gets EPIPE: a server uses mailbox_message_receive().
 *
 * Returns the length of the message; 0 is an empty message. Errors, of which
 * each means that no message was taken:
 *   EAGAIN	there is none, and the handle is non-blocking
 *   EMSGSIZE	the message is longer than @size; it stays where it was.
 *		mailbox_message_receive() tells how much is needed
 *   EPIPE	the last sender hung up and nothing is queued (port with
 *		MAILBOX_CREATE_HANGUP, pair, link)
 *   EIDRM	the port was destroyed
 *   EACCES	the right to receive was taken away, by the port's allow list
 *   EINTR	a signal came first
 *   EBADF	the handle was not opened for receiving
 *   ENOTCONN	the handle has no port
 *   EFAULT
 */
ssize_t mailbox_receive(struct mailbox *mb, void *buf, size_t size);

/**
 * mailbox_message_receive - receive one message, with all there is to know
 * @mb:		handle that may receive
 * @buf:	where the payload goes; may be NULL if @size is 0
 * @size:	bytes of @buf
 * @attr:	which one, and where it is described; NULL = as
 *		mailbox_receive(). Unchanged on failure, except @attr->len on
 *		EMSGSIZE
 *
 * MAILBOX_RECEIVE_PEEK copies the message and leaves it queued,
 * MAILBOX_RECEIVE_TRUNC takes a message that is longer than @size and drops
 * what does not fit. Repeating the call with the same @attr keeps the deadline
 * as it was.
 *
 * MAILBOX_RECEIVE_LEASE takes the message for a while: mailbox_ack() is the end
 * of it, mailbox_nack() gives it back, and so do the end of @lease_ns and the
 * close of the handle, also by the death of its last process. A message of kind
 * MAILBOX_MESSAGE_REQUEST is to be answered with mailbox_reply(), and is under no
 * lease; if the handle is closed before, its caller gets EPIPE.
 *
 * Returns the bytes that are in @buf: @attr->len, or @size if that is less.
 * Errors: those of mailbox_receive(), and
 *   ETIMEDOUT	the deadline passed
 *   EINVAL	a bad value in @attr
 *   EBUSY	16383 peeks at the same message are under way
 *   ENOMEM	with LEASE
 */
ssize_t mailbox_message_receive(struct mailbox *mb, void *buf, size_t size,
				struct mailbox_receive_attr *attr);

/**
 * mailbox_message_receive_alloc - receive one message of any length
 * @mb:		handle that may receive
 * @buf:	*buf is NULL, or from malloc(); moved by realloc() as needed
 * @size:	*size is the bytes of *buf; updated with it
 * @attr:	as for mailbox_message_receive(), without MAILBOX_RECEIVE_TRUNC
 *
 * As getline() does it: start with NULL and 0, use the same two variables for
 * any number of calls, and free(*buf) in the end, after failures too. A NUL
 * follows the payload in *buf and is not counted. The message is taken only
 * when there is a buffer for it, so none is lost for want of memory. Sleeps as
 * mailbox_receive() does.
 *
 * Returns the length of the message. Errors: those of
 * mailbox_message_receive() but EMSGSIZE; ENOMEM; EINVAL for TRUNC.
 */
ssize_t mailbox_message_receive_alloc(struct mailbox *mb, void **buf,
				      size_t *size,
				      struct mailbox_receive_attr *attr);

/**
 * mailbox_ack - a leased message is done with
 * @mb:		handle by which it was received
 * @token:	what mailbox_message_receive() told; 0 = the lease that the handle
 *		has had for longest
 *
 * The message is freed. Any thread or process that shares the handle may do so.
 * Does not sleep.
 *
 * Returns 0. Errors:
 *   ESRCH	this handle has no such lease, or has it no more: then somebody
 *		else may have got the message
 *   EINVAL	the token is that of a request
 *   EBADF ENOTCONN EIDRM EACCES
 */
int mailbox_ack(struct mailbox *mb, uint64_t token);

/**
 * mailbox_nack - give a leased message back
 * @mb:		handle by which it was received
 * @token:	as for mailbox_ack()
 *
 * It goes to its old place, for the next who receives; or, if that was the last
 * of the port's @max_deliveries, to its dead-letter port. Does not sleep.
 *
 * Returns 0. Errors: those of mailbox_ack().
 */
int mailbox_nack(struct mailbox *mb, uint64_t token);

/* --- several messages at once -------------------------------------------- */

/**
 * struct mailbox_send_batch_attr - how to send several messages
 * @flags:	MAILBOX_SEND_NONBLOCK, MAILBOX_SEND_REALTIME
 * @error:	out: errno of the next message; 0 if there is none, or if it was
 *		left for the next call
 * @deadline_ns: as in struct mailbox_send_attr, for all of them
 * @reserved:	0
 */
struct mailbox_send_batch_attr {
	uint32_t flags;
	uint32_t error;
	uint64_t deadline_ns;
	uint64_t reserved[4];
};

/**
 * mailbox_send_batch - send several messages, in their order
 * @mb:		handle that may send
 * @entries:	the messages: @data (a pointer, as a number), @len, @type and
 *		@priority of each; @seq is written, and the rest is 0
 * @count:	how many, 1 or more; what is beyond MAILBOX_BATCH_MAX is left for
 *		the next call
 * @attr:	how, and what stopped it; or NULL
 *
 * One system call. Sleeps as often as the port is full.
 *
 * Returns how many were sent, at least 1; if that is less than @count,
 * @attr->error says why. Fails if not even the first was sent, with the errors
 * of mailbox_message_send().
 */
ssize_t mailbox_send_batch(struct mailbox *mb,
			   struct mailbox_send_entry *entries, size_t count,
			   struct mailbox_send_batch_attr *attr);

/**
 * struct mailbox_receive_batch_attr - which messages to receive
 * @flags:	MAILBOX_RECEIVE_*: NONBLOCK, TRUNC, REALTIME, LEASE
 * @select:	as in struct mailbox_receive_attr
 * @match:	likewise
 * @deadline_ns: likewise
 * @lease_ns:	likewise, for each
 * @error:	out: errno of the next message; 0 if there was none
 * @reserved:	0
 */
struct mailbox_receive_batch_attr {
	uint32_t flags;
	uint32_t select;
	uint64_t match;
	uint64_t deadline_ns;
	uint64_t lease_ns;
	uint32_t error;
	uint32_t reserved[9];
};

/**
 * mailbox_receive_batch - receive several messages
 * @mb:		handle that may receive
 * @entries:	where they go: @data (a pointer, as a number) and @size of each
 *		buffer; all else is 0, and is written
 * @count:	at most so many, 1 or more; no more than MAILBOX_BATCH_MAX are
 *		received by one call
 * @attr:	which, and what stopped it; or NULL
 *
 * One system call. Sleeps for the first message only, then takes what is there.
 * A request among them is to be answered, by its @token.
 *
 * Returns how many were received, at least 1. If a message that came next was
 * longer than its buffer, @attr->error is EMSGSIZE, and @len of that entry is
 * the size that is needed. Fails if not even the first was received, with the
 * errors of mailbox_message_receive(), and ENOMEM.
 */
ssize_t mailbox_receive_batch(struct mailbox *mb,
			      struct mailbox_receive_entry *entries,
			      size_t count,
			      struct mailbox_receive_batch_attr *attr);

/* --- calls: a request and its answer ------------------------------------- */

/**
 * struct mailbox_call_attr - how to call, and who answered
 * @flags:	MAILBOX_CALL_REALTIME
 * @priority:	of the request, 0 to MAILBOX_PRIORITY_MAX
 * @type:	of the request, any number, for servers to select by
 * @deadline_ns: when to give up, from mailbox_deadline_after() or
 *		mailbox_deadline_at() (0 = never)
 * @reply_type:	out: type of the answer
 * @seq:	out: number of the request on this port
 * @reply_pid:	out: process that answered; 0 if not visible here
 * @reply_tid:	out: thread, likewise
 * @reserved:	0
 */
struct mailbox_call_attr {
	uint32_t flags;
	uint32_t priority;
	uint64_t type;
	uint64_t deadline_ns;
	uint64_t reply_type;
	uint64_t seq;
	uint32_t reply_pid;
	uint32_t reply_tid;
	uint64_t reserved[4];
};

/**
 * mailbox_call - send a request, and sleep for its answer
 * @mb:		handle that may send; it need not receive
 * @request:	the request; may be NULL if @len is 0
 * @len:	bytes of it
 * @reply:	where the answer goes; may be NULL if @size is 0
 * @size:	bytes of @reply; a server cannot give a longer answer
 * @attr:	how, or NULL
 *
 * One system call. Any number of threads may call by one handle at once: each
 * gets its own answer.
 *
 * Returns the length of the answer. Errors: those of mailbox_send(), where these
 * are different:
 *   ETIMEDOUT	the deadline passed
 *   EINTR	a signal came first, whatever SA_RESTART says
 *   EPIPE	the server that had the request will not answer, or as for
 *		mailbox_send()
 *   EDEADLK	every server that could answer waits itself, for the caller;
 *		nothing was sent
 *   ENOBUFS	the port was full, and its policy dropped the request
 *   EOPNOTSUPP	the port is a broadcast port
 *   EINVAL	a bad value in @attr; also on a non-blocking handle
 * After ETIMEDOUT, EINTR and EPIPE the request may have been carried out
 * nevertheless: only who knows that this does no harm may repeat it.
 */
ssize_t mailbox_call(struct mailbox *mb, const void *request, size_t len,
		     void *reply, size_t size, struct mailbox_call_attr *attr);

/**
 * mailbox_reply - answer a request
 * @mb:		handle by which it was received
 * @token:	which one, as mailbox_message_receive() told
 * @data:	the answer; may be NULL if @len is 0
 * @len:	bytes, up to the @reply_size that came with the request
 * @type:	of the answer, any number
 *
 * Any thread or process that shares the handle may answer, in any order, once.
 * Does not sleep.
 *
 * Returns 0. Errors, of which all but ESRCH leave the request to be answered:
 *   ESRCH	the caller waits no more, or was answered, or the request was
 *		not received by this handle
 *   EMSGSIZE	longer than the caller takes
 *   EDQUOT	this user has as many bytes queued as it may
 *   EINVAL ENOTCONN EIDRM EACCES EFAULT ENOMEM
 */
int mailbox_reply(struct mailbox *mb, uint64_t token, const void *data,
		  size_t len, uint64_t type);

/**
 * struct mailbox_reply_attr - an answer
 * @token:	which request; 0 = none. It is 0 afterwards if the answer was
 *		given, also if the call fails
 * @type:	type of the answer
 * @data:	the answer; may be NULL if @len is 0
 * @len:	bytes of it
 * @reserved:	0
 */
struct mailbox_reply_attr {
	uint64_t token;
	uint64_t type;
	const void *data;
	size_t len;
	uint64_t reserved[2];
};

/**
 * mailbox_reply_receive - answer a request, then receive the next message
 * @mb:		handle that may receive
 * @reply:	the answer, or NULL for none
 * @buf:	as for mailbox_message_receive()
 * @size:	likewise
 * @attr:	likewise, without MAILBOX_RECEIVE_PEEK; not NULL, for it has the
 *		token of the next request
 *
 * mailbox_reply() and mailbox_message_receive() in one system call, for the loop
 * of a server. Nothing is received if the answer cannot be given. Repeating the
 * call with the same @reply, whose token is 0 by then, does not answer twice.
 *
 * Returns the bytes that are in @buf. Errors: those of mailbox_reply(), if
 * @reply->token is not 0 afterwards, else those of mailbox_message_receive().
 * ESRCH is no reason for a server to end: that caller waits no more. It clears
 * the token, and goes on.
 */
ssize_t mailbox_reply_receive(struct mailbox *mb,
			      struct mailbox_reply_attr *reply,
			      void *buf, size_t size,
			      struct mailbox_receive_attr *attr);

/* --- time ---------------------------------------------------------------- */

/**
 * mailbox_deadline_after - turn a duration into a deadline
 * @timeout_ns:	from now on; 0 is a deadline that has passed, which never sleeps
 *
 * Returns the deadline on CLOCK_MONOTONIC, for @deadline_ns of an attribute
 * struct. Compute it once, before the loop that repeats a call on EINTR: the
 * repetitions do not extend it. Never 0; a sum that is too large is capped at
 * some 292 years after boot. Cannot fail.
 */
uint64_t mailbox_deadline_after(uint64_t timeout_ns);

/**
 * mailbox_deadline_at - turn a point in time into a deadline
 * @when:	absolute time, on the clock that the flags of the attribute
 *		struct say: CLOCK_MONOTONIC, or CLOCK_REALTIME with
 *		MAILBOX_SEND_REALTIME or MAILBOX_RECEIVE_REALTIME
 *
 * Returns it for @deadline_ns. Never 0: times at or before the epoch of the
 * clock have passed, and times that are too large are capped. Cannot fail.
 */
uint64_t mailbox_deadline_at(const struct timespec *when);

/* --- ports --------------------------------------------------------------- */

/*
 * The functions below that take both @mb and @name act on the port of that
 * name, in the registry of @mb; with @name NULL on the port that @mb is bound
 * to; with @mb NULL in the registry of the caller's network namespace, through
 * a handle that they open and close again. EINVAL if both are NULL. By way of
 * that handle they may also fail as mailbox_open(NULL, ...) does. Only
 * mailbox_port_wait() sleeps.
 */

/**
 * mailbox_port_bind - bind a handle that has no port to the port of this name
 * @mb:		handle from mailbox_open(NULL, ...) or mailbox_adopt()
 * @name:	the port
 *
 * Returns 0. Errors: EISCONN (it has one), ENOENT, EACCES, EINVAL,
 * ENAMETOOLONG.
 */
int mailbox_port_bind(struct mailbox *mb, const char *name);

/**
 * mailbox_port_bind_handle - bind a handle that has no port to another's port
 * @mb:		handle from mailbox_open(NULL, ...) or mailbox_adopt()
 * @other:	handle with a port, which need not have a name
 *
 * Other than dup(), which shares a handle: @mb has rights, leases and a life of
 * its own, and needs the port's permission as if it were opened by name.
 *
 * Returns 0. Errors: EISCONN (it has one), ENOTCONN (@other has none), EACCES,
 * EIDRM, EINVAL.
 */
int mailbox_port_bind_handle(struct mailbox *mb, const struct mailbox *other);

/**
 * mailbox_port_create - make a port and bind a handle that has none to it
 * @mb:		handle from mailbox_open(NULL, ...) or mailbox_adopt()
 * @name:	name of the port; NULL makes one without a name
 * @attr:	as for mailbox_create()
 *
 * Returns 0. Errors: EISCONN (it has one), and those of mailbox_create().
 */
int mailbox_port_create(struct mailbox *mb, const char *name,
			struct mailbox_create_attr *attr);

/**
 * struct mailbox_port_status - what a port is, and how it stands
 * @name:	its name; empty if it has none (any more)
 * @id:		its number
 * @flags:	MAILBOX_CREATE_PERSIST, HANGUP, SLOT and BROADCAST,
 *		MAILBOX_PORT_PAIR and LINK
 * @mode:	permission bits
 * @uid:	owner
 * @gid:	group
 * @buffering:	MAILBOX_BUFFERING_*
 * @capacity:	messages, for a bounded port
 * @capacity_bytes: bytes at which a send sleeps; 0 = no limit
 * @message_bytes_max: longest message
 * @messages:	queued messages
 * @bytes:	queued payload bytes
 * @senders:	handles that may send
 * @receivers:	handles that may receive
 * @senders_waiting: sends asleep: for room, for a receiver, for a receipt
 * @receivers_waiting: receives asleep
 * @sent:	messages accepted since the port was created
 * @received:	messages taken since the port was created
 * @on_full:	MAILBOX_FULL_*
 * @max_deliveries: as in struct mailbox_create_attr
 * @leased:	messages that are under a lease
 * @requests:	calls that a server has received and not answered
 * @dropped:	messages dropped because the port was full
 * @dead_lettered: messages given up after their last lease
 * @allowed:	entries of the allow list
 * @link_pid:	of a link, the process that receives; 0 if not visible here
 * @link_peer:	of a link, the process that sends, likewise; 0 for an inbox
 * @dead_letter: as in struct mailbox_create_attr; empty if there is none
 * @reserved:	0
 */
struct mailbox_port_status {
	char name[MAILBOX_NAME_SIZE];
	uint64_t id;
	uint32_t flags;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	uint32_t buffering;
	uint32_t capacity;
	uint64_t capacity_bytes;
	uint64_t message_bytes_max;
	uint64_t messages;
	uint64_t bytes;
	uint32_t senders;
	uint32_t receivers;
	uint32_t senders_waiting;
	uint32_t receivers_waiting;
	uint64_t sent;
	uint64_t received;
	uint32_t on_full;
	uint32_t max_deliveries;
	uint32_t leased;
	uint32_t requests;
	uint64_t dropped;
	uint64_t dead_lettered;
	uint32_t allowed;
	uint32_t link_pid;
	uint32_t link_peer;
	uint32_t pad;
	char dead_letter[MAILBOX_NAME_SIZE];
	uint64_t reserved[8];
};

/**
 * mailbox_port_stat - look at a port
 * @mb:		handle, or NULL
 * @name:	port, or NULL
 * @status:	filled on success; need not be cleared before
 *
 * Of a pair or a link it is the port that the handle receives from, or the only
 * one that it has.
 *
 * Returns 0. By name it needs either permission of the port, or its ownership.
 * Errors: ENOENT, EACCES, ENOTCONN, EIDRM, EINVAL, ENAMETOOLONG, ENOMEM.
 */
int mailbox_port_stat(struct mailbox *mb, const char *name,
		      struct mailbox_port_status *status);

/**
 * mailbox_port_stat_sends - look at the port that a handle sends to
 * @mb:		handle, of a pair or a link or any other
 * @status:	filled on success; need not be cleared before
 *
 * Returns 0. Errors: ENOTCONN, EIDRM, EINVAL, ENOMEM.
 */
int mailbox_port_stat_sends(struct mailbox *mb,
			    struct mailbox_port_status *status);

/* No call of mailbox_port_waiters() tells of more. */
#define MAILBOX_WAITERS_MAX	1024U

/**
 * mailbox_port_waiters - who is asleep at a port
 * @mb:		handle, or NULL
 * @name:	port, or NULL
 * @waiters:	array that is filled
 * @count:	room in it, in elements; more than MAILBOX_WAITERS_MAX is not used
 * @status:	NULL, or filled with the status of the same moment, which counts
 *		the sleepers that did not fit too
 *
 * Returns how many were filled. Errors: those of mailbox_port_stat().
 */
ssize_t mailbox_port_waiters(struct mailbox *mb, const char *name,
			     struct mailbox_waiter *waiters, size_t count,
			     struct mailbox_port_status *status);

/**
 * struct mailbox_set_attr - what to change about a port
 * @flags:	MAILBOX_SET_*: which of the fields to apply
 * @mode:	MODE: permission bits, 0 to 0666 without the x bits
 * @uid:	UID: new owner
 * @gid:	GID: new group
 * @buffering:	CAPACITY: MAILBOX_BUFFERING_*, together with @capacity
 * @capacity:	CAPACITY: messages for a bounded port (0 = default), else 0
 * @capacity_bytes: CAPACITY_BYTES: bytes at which a send sleeps (0 = no limit)
 * @message_bytes_max: MESSAGE_BYTES_MAX: longest message (0 = default)
 * @on_full:	ON_FULL: MAILBOX_FULL_*
 * @max_deliveries: DELIVERIES: as in struct mailbox_create_attr, together with
 *		@dead_letter
 * @dead_letter: DELIVERIES: name of a port, or NULL for none
 * @reserved:	0
 */
struct mailbox_set_attr {
	uint32_t flags;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	uint32_t buffering;
	uint32_t capacity;
	uint64_t capacity_bytes;
	uint64_t message_bytes_max;
	uint32_t on_full;
	uint32_t max_deliveries;
	const char *dead_letter;
	uint64_t reserved[4];
};

/**
 * mailbox_port_set - change a port
 * @mb:		handle, or NULL
 * @name:	port, or NULL
 * @attr:	what to change
 *
 * All of it happens, or nothing. More room lets sleeping senders in, less room
 * drops nothing that is queued; handles keep their rights when the mode
 * changes. For the owner of the port. Unlike the others of this section it takes
 * either @mb or @name, not both (EINVAL). @attr is not NULL.
 *
 * Returns 0. Errors: ENOENT, EACCES, ENOTCONN, EIDRM, EINVAL, ENAMETOOLONG.
 */
int mailbox_port_set(struct mailbox *mb, const char *name,
		     const struct mailbox_set_attr *attr);

/**
 * mailbox_port_unlink - take the name away from a port
 * @mb:		handle, or NULL
 * @name:	port, or NULL
 *
 * The name is free at once. Handles that are bound go on, and the port goes
 * with the last of them, persistent or not. For the owner of the port.
 *
 * Returns 0. Errors: ENOENT, EACCES, ENOTCONN, EIDRM, EINVAL, ENAMETOOLONG.
 */
int mailbox_port_unlink(struct mailbox *mb, const char *name);

/**
 * mailbox_port_destroy - end a port now
 * @mb:		handle, or NULL; it stays open, and is to be closed as ever
 * @name:	port, or NULL
 *
 * Every sleeper and every later call on its handles gets EIDRM, and what was
 * queued is lost. For the owner of the port.
 *
 * Returns 0. Errors: ENOENT, EACCES, ENOTCONN, EIDRM, EINVAL, ENAMETOOLONG.
 */
int mailbox_port_destroy(struct mailbox *mb, const char *name);

/**
 * mailbox_port_allow - give or take rights to a port
 * @mb:		handle, or NULL
 * @name:	port, or NULL
 * @entry:	for whom (MAILBOX_ALLOW_USER, GROUP or PROCESS and its @id), and
 *		what it has from now on: MAILBOX_RIGHT_RECEIVE, SEND, both or,
 *		to be taken off the list, neither
 *
 * The list adds to what the mode of the port gives. Who has less than before is
 * cut off: each call with a handle that was bound by virtue of the list, also
 * one that sleeps, fails with EACCES. For the owner of the port.
 *
 * Returns 0. Errors:
 *   ESRCH	there is no such process, or no such entry to take off
 *   ENOSPC	the list has MAILBOX_ALLOW_MAX entries
 *   ENOENT EACCES ENOTCONN EIDRM EINVAL ENAMETOOLONG ENOMEM
 */
int mailbox_port_allow(struct mailbox *mb, const char *name,
		       const struct mailbox_allow *entry);

/**
 * mailbox_port_allowed - read the allow list of a port
 * @mb:		handle, or NULL
 * @name:	port, or NULL
 * @entries:	array that is filled; MAILBOX_ALLOW_MAX elements always suffice
 * @count:	room in it, in elements
 * @total:	NULL, or where the number of entries of the list is told
 *
 * Returns how many were filled. Processes that have exited are not listed.
 * Errors: ENOENT, EACCES, ENOTCONN, EIDRM, EINVAL, ENAMETOOLONG, ENOMEM, EFAULT.
 */
ssize_t mailbox_port_allowed(struct mailbox *mb, const char *name,
			     struct mailbox_allow *entries, size_t count,
			     size_t *total);

/**
 * struct mailbox_wait_attr - what to wait for, and what came
 * @flags:	MAILBOX_WAIT_NONBLOCK, MAILBOX_WAIT_REALTIME
 * @events:	MAILBOX_EVENT_*: NAMED, GONE, MESSAGE, SENDER, RECEIVER, HANGUP;
 *		at least one
 * @deadline_ns: when to give up, from mailbox_deadline_after() or
 *		mailbox_deadline_at() (0 = never)
 * @id:		out: number of the port; 0 if none has the name
 * @happened:	out: those of @events that hold
 * @reserved:	0
 */
struct mailbox_wait_attr {
	uint32_t flags;
	uint32_t events;
	uint64_t deadline_ns;
	uint64_t id;
	uint32_t happened;
	uint32_t reserved[9];
};

/**
 * mailbox_port_wait - sleep until a port is in one of these states
 * @mb:		handle, or NULL
 * @name:	port, which need not exist, or NULL
 * @attr:	which, and what came; not NULL
 *
 * States that last are never missed. MESSAGE, SENDER, RECEIVER and HANGUP need,
 * by name, what mailbox_port_stat() needs, as soon as there is such a port.
 *
 * Returns 0. Errors:
 *   EAGAIN	none of them holds, and it was told not to sleep
 *   ETIMEDOUT	the deadline passed
 *   EINTR	a signal came first
 *   EACCES	the port's permissions do not allow to look
 *   ENOTCONN EINVAL ENAMETOOLONG ENOMEM
 */
int mailbox_port_wait(struct mailbox *mb, const char *name,
		      struct mailbox_wait_attr *attr);

/**
 * mailbox_port_watch - have poll(2) tell the state of a port
 * @mb:		handle that has no port
 * @name:	port, which need not exist
 * @events:	MAILBOX_EVENT_*; 0 = stop watching
 *
 * mailbox_fd() of the handle is readable from now on while one of @events holds,
 * and has POLLERR if the caller may not see the port. mailbox_port_wait() on the
 * handle, with the name and MAILBOX_WAIT_NONBLOCK, tells which. Watching again
 * replaces what was watched before; binding the handle ends it.
 *
 * Returns 0. Errors: EISCONN, EINVAL, ENAMETOOLONG, ENOMEM.
 */
int mailbox_port_watch(struct mailbox *mb, const char *name,
		       unsigned int events);

/* --- all ports ----------------------------------------------------------- */

/**
 * mailbox_list_open - start to list the named ports
 * @mb:		handle whose registry is listed, which must remain open until
 *		mailbox_list_close(); NULL for the one of the caller's network
 *		namespace
 *
 * Returns an iterator, to be ended by mailbox_list_close(). Errors: ENOMEM; with
 * @mb NULL those of mailbox_open(NULL, ...).
 */
struct mailbox_list *mailbox_list_open(struct mailbox *mb);

/**
 * mailbox_list_next - the next port, in the order of the names
 * @list:	the iterator
 * @status:	filled if there is one
 *
 * Any number of ports, a few hundred a system call. Ports may come and go
 * meanwhile: none that stays is left out or told twice. Only ports that
 * mailbox_port_stat() would show to the caller are listed.
 *
 * Returns 1 if there was one, 0 at the end. Errors: ENOMEM, EINVAL.
 */
int mailbox_list_next(struct mailbox_list *list,
		      struct mailbox_port_status *status);

/**
 * mailbox_list_close - end an iterator
 * @list:	the iterator, or NULL
 *
 * errno is left alone.
 */
void mailbox_list_close(struct mailbox_list *list);

/* --- semaphores ---------------------------------------------------------- */

/*
 * A semaphore is a port, and each unit of its count an empty message in it, a
 * token. There are two ways to use one; a program keeps to one of them for each
 * semaphore.
 *
 * Holding: mailbox_semaphore_acquire() takes a token under a lease, and
 * mailbox_semaphore_release() gives it back: n of something, to be used and
 * returned; with a count of 1 a binary semaphore. The lease belongs to the
 * handle. When the handle is closed, for whatever reason, so also when the
 * process is killed, its tokens are given back by the kernel, at once: nobody
 * waits for the dead.
 *
 * Signalling: mailbox_semaphore_post() adds a token, mailbox_semaphore_wait()
 * takes one for good: counting what was produced. Nothing comes back by itself.
 *
 * After fork() parent and child share a handle, and with it what it holds: the
 * token of one that dies comes back only when the other one has closed it, too.
 * So a child gets a handle of its own, and closes the one that it inherited:
 *
 *	mine = mailbox_semaphore_dup(inherited);
 *	mailbox_semaphore_close(inherited);
 *
 * or opens it by name. exec() closes all handles. Threads may share one; what
 * one of them acquired any of them may release.
 *
 * A token counts for the quota of whoever added it, as any empty message does.
 */
struct mailbox_semaphore;

/**
 * struct mailbox_lock_attr - how to make a semaphore or a mutex
 * @flags:	MAILBOX_CREATE_*: PERSIST, OPEN, UID, GID
 * @mode:	who may use it, as file permissions: needs both r and w (0 = 0600)
 * @uid:	owner, with MAILBOX_CREATE_UID
 * @gid:	group, with MAILBOX_CREATE_GID
 * @max:	tokens that may wait in a semaphore (0 = as many as the count it is
 *		made with, and at least the capacity that a port has by
 *		default); a mutex: 0
 * @created:	out: 1 if it is new, 0 if MAILBOX_CREATE_OPEN found one
 * @id:		out: number of the port
 * @reserved:	0
 */
struct mailbox_lock_attr {
	uint32_t flags;
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	uint32_t max;
	uint32_t created;
	uint64_t id;
	uint64_t reserved[4];
};

/**
 * mailbox_semaphore_create - make a semaphore, and open it
 * @name:	name of its port; NULL makes one without a name, for this process
 *		and those that it forks
 * @count:	tokens to begin with
 * @attr:	how, or NULL
 *
 * It goes with its last handle unless MAILBOX_CREATE_PERSIST is set; its name
 * can be taken away with mailbox_port_unlink(). With MAILBOX_CREATE_OPEN one
 * that exists is opened as it is, and @count is not looked at.
 *
 * Any number of processes may create and open one name at once. A port cannot be
 * made with its tokens in it; so who opens a semaphore first makes sure that it
 * had them all, and puts in what is missing if the creator was killed in
 * between. For that moment a port of the name "mailbox-semaphore-ID" is there,
 * which keeps others waiting, for no longer than who made it lives.
 *
 * Returns the semaphore, to be ended by mailbox_semaphore_close(). Errors: those
 * of mailbox_create() and of sending (EDQUOT), and
 *   EINVAL	also: @count is more than @max, @max more than a port's capacity
 *		may be, or what MAILBOX_CREATE_OPEN found is not a semaphore
 *   EINTR	a signal came while another process put the tokens in
 */
struct mailbox_semaphore *
mailbox_semaphore_create(const char *name, unsigned int count,
			 struct mailbox_lock_attr *attr);

/**
 * mailbox_semaphore_open - open a semaphore by its name
 * @name:	its name
 *
 * Returns the semaphore, to be ended by mailbox_semaphore_close(). Errors: those
 * of mailbox_open() with MAILBOX_OPEN_BOTH, and
 *   EINVAL	also: the port is not a semaphore
 *   EINTR EDQUOT ENOSPC	as for mailbox_semaphore_create()
 */
struct mailbox_semaphore *mailbox_semaphore_open(const char *name);

/**
 * mailbox_semaphore_dup - another handle on a semaphore, with or without a name
 * @semaphore:	the first one
 *
 * The new handle holds nothing, whatever the first one holds.
 *
 * Returns the semaphore, to be ended by mailbox_semaphore_close(). Errors: those
 * of mailbox_open(NULL, ...), EACCES, EIDRM.
 */
struct mailbox_semaphore *
mailbox_semaphore_dup(const struct mailbox_semaphore *semaphore);

/**
 * mailbox_semaphore_close - end a handle on a semaphore
 * @semaphore:	the handle, or NULL
 *
 * Gives back what it holds, unless another process shares the handle. errno is
 * left alone.
 */
void mailbox_semaphore_close(struct mailbox_semaphore *semaphore);

/**
 * mailbox_semaphore_handle - the handle below a semaphore
 * @semaphore:	the semaphore, which keeps owning it
 *
 * For the functions of ports, as mailbox_port_stat() and mailbox_port_allow(),
 * and for poll(2): mailbox_fd() of it is readable while there are tokens.
 * Messages are not to be sent or received by it. Cannot fail.
 */
struct mailbox *
mailbox_semaphore_handle(const struct mailbox_semaphore *semaphore);

/**
 * mailbox_semaphore_acquire - take a token, to be released again
 * @semaphore:	the semaphore
 *
 * Sleeps while there is none; who came first is served first.
 *
 * Returns 0. Errors:
 *   EINTR	a signal came first
 *   EIDRM	the semaphore was destroyed
 *   EACCES	the right to use it was taken away
 *   ENOMEM
 */
int mailbox_semaphore_acquire(struct mailbox_semaphore *semaphore);

/**
 * mailbox_semaphore_try_acquire - take a token, if there is one
 * @semaphore:	the semaphore
 *
 * Does not sleep. Returns 0. Errors: EAGAIN (there is none), EIDRM, EACCES,
 * ENOMEM.
 */
int mailbox_semaphore_try_acquire(struct mailbox_semaphore *semaphore);

/**
 * mailbox_semaphore_acquire_until - take a token before a deadline
 * @semaphore:	the semaphore
 * @deadline_ns: from mailbox_deadline_after() (0 = never)
 *
 * Returns 0. Errors: those of mailbox_semaphore_acquire(), and ETIMEDOUT.
 */
int mailbox_semaphore_acquire_until(struct mailbox_semaphore *semaphore,
				    uint64_t deadline_ns);

/**
 * mailbox_semaphore_release - give a token back
 * @semaphore:	the semaphore
 *
 * Does not sleep. Returns 0. Errors: EPERM (this handle holds none), EIDRM,
 * EACCES.
 */
int mailbox_semaphore_release(struct mailbox_semaphore *semaphore);

/**
 * mailbox_semaphore_post - add a token
 * @semaphore:	the semaphore
 *
 * Does not sleep. Tokens that are held do not count for the maximum, as they are
 * not in the semaphore.
 *
 * Returns 0. Errors: EOVERFLOW (as many as its maximum are there), EDQUOT, EIDRM,
 * EACCES, ENOMEM.
 */
int mailbox_semaphore_post(struct mailbox_semaphore *semaphore);

/**
 * mailbox_semaphore_wait - take a token for good
 * @semaphore:	the semaphore
 *
 * Sleeps while there is none; who came first is served first.
 *
 * Returns 0. Errors: those of mailbox_semaphore_acquire().
 */
int mailbox_semaphore_wait(struct mailbox_semaphore *semaphore);

/**
 * mailbox_semaphore_try_wait - take a token for good, if there is one
 * @semaphore:	the semaphore
 *
 * Does not sleep. Returns 0. Errors: those of mailbox_semaphore_try_acquire().
 */
int mailbox_semaphore_try_wait(struct mailbox_semaphore *semaphore);

/**
 * mailbox_semaphore_wait_until - take a token for good before a deadline
 * @semaphore:	the semaphore
 * @deadline_ns: from mailbox_deadline_after() (0 = never)
 *
 * Returns 0. Errors: those of mailbox_semaphore_acquire(), and ETIMEDOUT.
 */
int mailbox_semaphore_wait_until(struct mailbox_semaphore *semaphore,
				 uint64_t deadline_ns);

/**
 * mailbox_semaphore_value - how many tokens are there now
 * @semaphore:	the semaphore
 *
 * Those that are held are not counted; mailbox_port_stat() tells them as
 * @leased.
 *
 * Returns the number. Errors: EIDRM, ENOMEM.
 */
int mailbox_semaphore_value(const struct mailbox_semaphore *semaphore);

/* --- mutexes ------------------------------------------------------------- */

/*
 * A mutex is a binary semaphore that also tells if its last holder died: one
 * token, and, while it is locked, a mark. The kernel gives the token back by
 * itself, but the mark stays, so that the next one who locks it knows that what
 * the mutex protects may be half changed.
 *
 * What is said of handles, fork() and threads at semaphores holds here too. The
 * holder is the handle: one that shares it may unlock.
 */
struct mailbox_mutex;

/**
 * mailbox_mutex_create - make a mutex, and open it
 * @name:	as for mailbox_semaphore_create()
 * @attr:	how, or NULL; @max is 0
 *
 * Returns the mutex, which is not locked, to be ended by mailbox_mutex_close().
 * Errors: those of mailbox_semaphore_create().
 */
struct mailbox_mutex *mailbox_mutex_create(const char *name,
					   struct mailbox_lock_attr *attr);

/**
 * mailbox_mutex_open - open a mutex by its name
 * @name:	its name
 *
 * Returns the mutex, to be ended by mailbox_mutex_close(). Errors: those of
 * mailbox_semaphore_open(); EINVAL if the port is not a mutex.
 */
struct mailbox_mutex *mailbox_mutex_open(const char *name);

/**
 * mailbox_mutex_dup - another handle on a mutex, with or without a name
 * @mutex:	the first one, locked or not; the new one does not hold it
 *
 * Returns the mutex, to be ended by mailbox_mutex_close(). Errors: those of
 * mailbox_semaphore_dup().
 */
struct mailbox_mutex *mailbox_mutex_dup(const struct mailbox_mutex *mutex);

/**
 * mailbox_mutex_close - end a handle on a mutex
 * @mutex:	the handle, or NULL
 *
 * If it holds the mutex, and no other process shares the handle, that is as if
 * the holder had died. errno is left alone.
 */
void mailbox_mutex_close(struct mailbox_mutex *mutex);

/**
 * mailbox_mutex_handle - the handle below a mutex
 * @mutex:	the mutex, which keeps owning it
 *
 * For the functions of ports, as mailbox_port_stat() and mailbox_port_allow(),
 * not for messages nor for poll(2). Cannot fail.
 */
struct mailbox *mailbox_mutex_handle(const struct mailbox_mutex *mutex);

/**
 * mailbox_mutex_lock - lock a mutex
 * @mutex:	the mutex
 *
 * Sleeps while another handle holds it, and, until it is unlocked by another
 * thread, while this one does. Who came first is served first.
 *
 * Returns 0; or 1: it is locked, but the last holder ended without unlocking it,
 * and the caller should see to what the mutex protects. The next to lock gets 0
 * if this one unlocks it.
 * Errors, of which each means that it is not locked by this call:
 *   EINTR	a signal came first
 *   EIDRM	the mutex was destroyed
 *   EACCES	the right to use it was taken away
 *   EDQUOT	this user has as many bytes queued as it may: no room for the mark
 *   ENOMEM
 */
int mailbox_mutex_lock(struct mailbox_mutex *mutex);

/**
 * mailbox_mutex_try_lock - lock a mutex, if nobody holds it
 * @mutex:	the mutex
 *
 * Does not sleep. Returns 0 or 1 as mailbox_mutex_lock() does. Errors: EAGAIN
 * (it is locked), EIDRM, EACCES, EDQUOT, ENOMEM.
 */
int mailbox_mutex_try_lock(struct mailbox_mutex *mutex);

/**
 * mailbox_mutex_lock_until - lock a mutex before a deadline
 * @mutex:	the mutex
 * @deadline_ns: from mailbox_deadline_after() (0 = never)
 *
 * Returns 0 or 1 as mailbox_mutex_lock() does. Errors: those of
 * mailbox_mutex_lock(), and ETIMEDOUT.
 */
int mailbox_mutex_lock_until(struct mailbox_mutex *mutex, uint64_t deadline_ns);

/**
 * mailbox_mutex_unlock - unlock a mutex
 * @mutex:	the mutex
 *
 * Does not sleep. Returns 0. Errors: EPERM (this handle does not hold it), EIDRM,
 * EACCES.
 */
int mailbox_mutex_unlock(struct mailbox_mutex *mutex);

/* --- the module, and errors ---------------------------------------------- */

/**
 * struct mailbox_info - what the module offers, and what is used of it
 * @version:		ABI version of the module
 * @features:		MAILBOX_FEATURE_*
 * @capacity_default:	messages, for a bounded port created with 0
 * @capacity_max:	highest capacity of a bounded port
 * @message_bytes_default: message limit of a port created with 0
 * @message_bytes_max:	highest message limit of a port
 * @ports_max:		ports that this registry may hold
 * @user_ports_max:	ports that one user may have in it
 * @user_bytes_max:	bytes that one user may have queued in it
 * @ports:		ports that it holds now
 * @user_ports:		ports that the caller's user has now
 * @user_bytes:		bytes that the caller's user has queued now, where each
 *			message counts as MAILBOX_MESSAGE_OVERHEAD more
 * @reserved:		0
 */
struct mailbox_info {
	uint32_t version;
	uint32_t pad;
	uint64_t features;
	uint64_t capacity_default;
	uint64_t capacity_max;
	uint64_t message_bytes_default;
	uint64_t message_bytes_max;
	uint64_t ports_max;
	uint64_t user_ports_max;
	uint64_t user_bytes_max;
	uint64_t ports;
	uint64_t user_ports;
	uint64_t user_bytes;
	uint64_t reserved[8];
};

/**
 * mailbox_info_get - ask the module what it offers
 * @mb:		handle, bound or not, or NULL
 * @info:	filled on success; need not be cleared before
 *
 * Returns 0. Errors: with @mb NULL those of mailbox_open(NULL, ...).
 */
int mailbox_info_get(struct mailbox *mb, struct mailbox_info *info);

/* What was being done when an error came, for mailbox_strerror(). */
enum mailbox_op {
	MAILBOX_OP_ANY = 0,	/* not known; or none of the following */
	MAILBOX_OP_OPEN,	/* mailbox_open(), mailbox_port_bind() */
	MAILBOX_OP_CREATE,	/* mailbox_create(), mailbox_port_create() */
	MAILBOX_OP_SEND,	/* mailbox_send(), mailbox_message_send() */
	MAILBOX_OP_RECEIVE,	/* mailbox_receive() and its relatives */
	MAILBOX_OP_STAT,	/* mailbox_port_stat(), mailbox_port_waiters() */
	MAILBOX_OP_SET,		/* mailbox_port_set() */
	MAILBOX_OP_REMOVE,	/* mailbox_port_unlink(), mailbox_port_destroy() */
	MAILBOX_OP_LIST,	/* mailbox_list_open(), mailbox_list_next() */
	MAILBOX_OP_ADOPT,	/* mailbox_adopt() */
	MAILBOX_OP_PAIR,	/* mailbox_pair() */
	MAILBOX_OP_LINK,	/* mailbox_link(), mailbox_inbox_link(), ... */
	MAILBOX_OP_ALLOW,	/* mailbox_port_allow() */
	MAILBOX_OP_WAIT,	/* mailbox_port_wait(), mailbox_port_watch() */
	MAILBOX_OP_CALL,	/* mailbox_call() */
	MAILBOX_OP_REPLY,	/* mailbox_reply() */
	MAILBOX_OP_SETTLE,	/* mailbox_ack(), mailbox_nack() */
	MAILBOX_OP_LOCK_OPEN,	/* mailbox_semaphore_create(), mailbox_mutex_open(), ... */
	MAILBOX_OP_ACQUIRE,	/* to acquire, to wait for, to lock */
	MAILBOX_OP_RELEASE	/* to release, to post, to unlock */
};

/**
 * mailbox_strerror - what an error means, and what to do about it
 * @err:	the errno of a function of this library
 * @op:		which kind of function it was
 *
 * Returns a text in English without a final full stop or newline. It is
 * constant and never freed, so any number of threads may ask. An @err that this
 * library does not give has the text of strerrordesc_np(), or "unknown error".
 * Cannot fail.
 */
const char *mailbox_strerror(int err, enum mailbox_op op);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* MAILBOX_H */
