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
 *   may be repeated. Only mailbox_send(), mailbox_receive(),
 *   mailbox_message_send(), mailbox_message_receive() and
 *   mailbox_message_receive_alloc() sleep for a port.
 * - Clear an attribute struct to all zero, then set what is wanted: 0 is the
 *   default of every field. Fields marked "out" are written on success.
 *   reserved[] must be 0 (EINVAL otherwise).
 * - Lengths and sizes are in bytes, times in nanoseconds.
 * - A name has 1 to MAILBOX_NAME_MAX printable bytes and no '/'. A longer one
 *   is ENAMETOOLONG, an empty one EINVAL. Names belong to the network namespace
 *   in which the handle was opened.
 *
 * The flags and limits (MAILBOX_CREATE_*, MAILBOX_SEND_*, MAILBOX_RECEIVE_*,
 * MAILBOX_SELECT_*, MAILBOX_BUFFERING_*, MAILBOX_SET_*, MAILBOX_NAME_MAX, ...)
 * are those of <linux/mailbox_ipc.h>, where each is explained.
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

/**
 * struct mailbox_create_attr - the policy of a new port
 * @flags:	MAILBOX_CREATE_*: PERSIST, HANGUP, OPEN, UID, GID
 * @mode:	who may use it, as file permissions: r receives, w sends, 0001 to
 *		0666 without the x bits (0 = 0600)
 * @uid:	owner, with MAILBOX_CREATE_UID
 * @gid:	group, with MAILBOX_CREATE_GID
 * @buffering:	MAILBOX_BUFFERING_* (0 = bounded)
 * @capacity:	messages that a bounded port queues (0 = the module's default)
 * @capacity_bytes: payload bytes at which a send sleeps as well (0 = no limit)
 * @message_bytes_max: longest message (0 = the module's default)
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
	uint64_t id;
	uint32_t created;
	uint32_t reserved[7];
};

/**
 * mailbox_open - open a handle, and bind it to the port of this name
 * @name:	the port; NULL leaves the handle without a port, for
 *		mailbox_port_bind(), or for calls that name their port
 * @flags:	MAILBOX_OPEN_*
 *
 * RECEIVE needs the r permission of the port, SEND the w permission. The file
 * descriptor has close-on-exec set. Does not wait for a port to appear.
 *
 * Returns the handle, to be ended by mailbox_close(). Errors:
 *   ENODEV	there is no /dev/mailbox: the module is not loaded
 *   EPERM	this process may not open /dev/mailbox
 *   ENOENT	no port has this name
 *   EACCES	the port's permissions do not allow it
 *   EINVAL ENAMETOOLONG EMFILE ENFILE ENOMEM
 */
struct mailbox *mailbox_open(const char *name, unsigned int flags);

/**
 * mailbox_create - open a handle, and bind it to a new port
 * @name:	name of the port; NULL makes one without a name, that only this
 *		handle, and whoever inherits or is passed it, can use
 * @flags:	MAILBOX_OPEN_*
 * @attr:	policy, and where @id and @created are told; NULL = all defaults
 *
 * The port goes with its last handle unless MAILBOX_CREATE_PERSIST is set. The
 * handle may do what @flags say whatever the port's mode is.
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
 * @seq:	out: the message's number on this port, counting up
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
 * @flags:	MAILBOX_RECEIVE_*: NONBLOCK, PEEK, TRUNC, REALTIME
 * @select:	MAILBOX_SELECT_* (0 = the first message)
 * @match:	type or process that @select speaks of; 0 for the first message
 * @deadline_ns: when to give up, from mailbox_deadline_after() or
 *		mailbox_deadline_at() (0 = never)
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
 * @reserved:	0
 */
struct mailbox_receive_attr {
	uint32_t flags;
	uint32_t select;
	uint64_t match;
	uint64_t deadline_ns;
	uint64_t len;
	uint64_t type;
	uint64_t seq;
	uint64_t time_ns;
	uint32_t priority;
	uint32_t pid;
	uint32_t tid;
	uint32_t uid;
	uint32_t gid;
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
 *   EPIPE	the last receiver hung up (port with MAILBOX_CREATE_HANGUP)
 *   EIDRM	the port was destroyed
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
 * while there is none.
 *
 * Returns the length of the message; 0 is an empty message. Errors, of which
 * each means that no message was taken:
 *   EAGAIN	there is none, and the handle is non-blocking
 *   EMSGSIZE	the message is longer than @size; it stays where it was.
 *		mailbox_message_receive() tells how much is needed
 *   EPIPE	the last sender hung up and nothing is queued (port with
 *		MAILBOX_CREATE_HANGUP)
 *   EIDRM	the port was destroyed
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
 * Returns the bytes that are in @buf: @attr->len, or @size if that is less.
 * Errors: those of mailbox_receive(), and
 *   ETIMEDOUT	the deadline passed
 *   EINVAL	a bad value in @attr
 *   EBUSY	32767 peeks at the same message are under way
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
 * when there is a buffer for it, so none is lost for want of memory.
 *
 * Returns the length of the message. Errors: those of
 * mailbox_message_receive() but EMSGSIZE; ENOMEM; EINVAL for TRUNC.
 */
ssize_t mailbox_message_receive_alloc(struct mailbox *mb, void **buf,
				      size_t *size,
				      struct mailbox_receive_attr *attr);

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
 * that handle they may also fail as mailbox_open(NULL, ...) does. None of them
 * sleeps for a port.
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
 * @flags:	MAILBOX_CREATE_PERSIST, MAILBOX_CREATE_HANGUP
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
	uint64_t reserved[8];
};

/**
 * mailbox_port_stat - look at a port
 * @mb:		handle, or NULL
 * @name:	port, or NULL
 * @status:	filled on success; need not be cleared before
 *
 * Returns 0. By name it needs either permission of the port, or its ownership.
 * Errors: ENOENT, EACCES, ENOTCONN, EIDRM, EINVAL, ENAMETOOLONG, ENOMEM.
 */
int mailbox_port_stat(struct mailbox *mb, const char *name,
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
 * either @mb or @name, not both (EINVAL).
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
	MAILBOX_OP_ADOPT	/* mailbox_adopt() */
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
