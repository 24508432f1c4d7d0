// SPDX-License-Identifier: LGPL-2.1-or-later
/* What an error means, and what to do about it. */
#include "internal.h"

struct text {
	int err;
	enum mailbox_op op;	/* ANY: whatever was being done */
	const char *text;
};

/* The first entry that fits: so those of one operation precede ANY. */
static const struct text texts[] = {
	{ ENODEV, MAILBOX_OP_ANY,
	  "there is no /dev/mailbox: the module is not loaded; load it with "
	  "'modprobe mailbox_ipc' (as root) or 'make load' in its sources" },
	{ EPERM, MAILBOX_OP_RELEASE,
	  "this handle does not hold it: only what was acquired or locked by "
	  "the same handle can be released or unlocked" },
	{ EPERM, MAILBOX_OP_ANY,
	  "no permission to open /dev/mailbox; it should have mode 0666: "
	  "ask who changed it, or run as root" },
	{ ENOTTY, MAILBOX_OP_ADOPT,
	  "the file descriptor is not one of /dev/mailbox" },
	{ ENOTTY, MAILBOX_OP_ANY,
	  "/dev/mailbox does not know this request: either the loaded module is "
	  "older than this program, or the file is not the module's device; "
	  "reload the module, after removing the file if it is a regular one" },
	{ E2BIG, MAILBOX_OP_ANY,
	  "the loaded module is older than this program and does not know what "
	  "it asks for; update the module" },
	{ EINVAL, MAILBOX_OP_OPEN,
	  "not a possible name or open mode: a name has 1 to 127 printable "
	  "characters and no '/'" },
	{ EINVAL, MAILBOX_OP_CREATE,
	  "not a possible port: a name has 1 to 127 printable characters and no "
	  "'/'; the mode is of the bits 0666; only a bounded port has a "
	  "capacity; and no limit may exceed what 'mailbox info' shows" },
	{ EINVAL, MAILBOX_OP_SEND,
	  "not a possible way to send: the priority is 0 to 32767, and "
	  "synchronous sending cannot be non-blocking" },
	{ EINVAL, MAILBOX_OP_RECEIVE,
	  "not a possible way to receive: check the flags and the selection" },
	{ EINVAL, MAILBOX_OP_SET,
	  "not a possible change: the mode is of the bits 0666, only a bounded "
	  "port has a capacity, and no limit may exceed what 'mailbox info' "
	  "shows" },
	{ EINVAL, MAILBOX_OP_PAIR,
	  "not a possible pair: its first end sends, receives or does both, and "
	  "no limit may exceed what 'mailbox info' shows" },
	{ EINVAL, MAILBOX_OP_LINK,
	  "not a possible link: it is with another process, it sends, receives "
	  "or does both, and no limit may exceed what 'mailbox info' shows" },
	{ EINVAL, MAILBOX_OP_ALLOW,
	  "not a possible entry: it is for a user, a group or a process, with "
	  "the right to receive, to send, or both" },
	{ EINVAL, MAILBOX_OP_WAIT,
	  "not possible to wait for: check the events, and the name, which has "
	  "1 to 127 printable characters and no '/'" },
	{ EINVAL, MAILBOX_OP_CALL,
	  "not a possible call: the priority is 0 to 32767, and the handle must "
	  "not be non-blocking" },
	{ EINVAL, MAILBOX_OP_REPLY,
	  "not a request that can be answered: the token is that of a lease, or "
	  "0" },
	{ EINVAL, MAILBOX_OP_SETTLE,
	  "not a lease: the token is that of a request, which is to be answered" },
	{ EINVAL, MAILBOX_OP_LOCK_OPEN,
	  "not a possible semaphore or mutex: the port of this name is something "
	  "else, the count is above the maximum, or the maximum above the highest "
	  "capacity that 'mailbox info' shows" },
	{ EINVAL, MAILBOX_OP_ANY,
	  "a flag or value that this module does not take; a name has 1 to 127 "
	  "printable characters and no '/'" },
	{ ENAMETOOLONG, MAILBOX_OP_ANY,
	  "the name is too long: it has at most 127 bytes" },
	{ ENOTCONN, MAILBOX_OP_ANY,
	  "the handle is not bound to a port; bind it to one first" },
	{ EISCONN, MAILBOX_OP_ANY,
	  "the handle is bound to a port already, and stays so; open another" },
	{ ENOENT, MAILBOX_OP_ANY,
	  "no port has this name; 'mailbox ls' shows those that there are, "
	  "'mailbox create' makes one" },
	{ EEXIST, MAILBOX_OP_ANY,
	  "a port has this name already; use it, choose another name, or take "
	  "the name away with 'mailbox rm'" },
	{ EACCES, MAILBOX_OP_CREATE,
	  "not allowed: the port is there and its mode does not let this user "
	  "use it, or the new owner or group is not this user's to choose" },
	{ EACCES, MAILBOX_OP_SET,
	  "not allowed: only the owner of the port (or root) may change it, and "
	  "only root may give it away" },
	{ EACCES, MAILBOX_OP_REMOVE,
	  "not allowed: only the owner of the port (or root) may remove it" },
	{ EACCES, MAILBOX_OP_LINK,
	  "not allowed: only who may send a signal to a process may make a link "
	  "to it" },
	{ EACCES, MAILBOX_OP_ALLOW,
	  "not allowed: only the owner of the port (or root) may change who is "
	  "allowed" },
	{ EACCES, MAILBOX_OP_SETTLE,
	  "not allowed any more: the owner of the port took the right away, and "
	  "what was leased has gone back" },
	{ EACCES, MAILBOX_OP_ANY,
	  "not allowed (any more) by the port's mode or allow list, or it is "
	  "another's mail slot; its owner can use 'mailbox set --mode' or "
	  "'mailbox allow'" },
	{ EBADF, MAILBOX_OP_SEND,
	  "the handle was not opened for sending; open one that is" },
	{ EBADF, MAILBOX_OP_RECEIVE,
	  "the handle was not opened for receiving; open one that is" },
	{ EBADF, MAILBOX_OP_CALL,
	  "the handle was not opened for sending; open one that is" },
	{ EBADF, MAILBOX_OP_REPLY,
	  "the handle was not opened for receiving; open one that is" },
	{ EBADF, MAILBOX_OP_SETTLE,
	  "the handle was not opened for receiving; open one that is" },
	{ EBADF, MAILBOX_OP_LINK,
	  "the file descriptor is not open, or not one of a process (a pidfd)" },
	{ EBADF, MAILBOX_OP_ANY, "the file descriptor is not open" },
	{ EAGAIN, MAILBOX_OP_SEND,
	  "the port is full, or, being a rendezvous port, nobody receives; try "
	  "again later, or let it wait" },
	{ EAGAIN, MAILBOX_OP_RECEIVE,
	  "there is no message to receive now; try again later, or let it wait" },
	{ EAGAIN, MAILBOX_OP_ACQUIRE,
	  "it is held by others, or there is nothing to take; try again later, "
	  "or let it wait" },
	{ EAGAIN, MAILBOX_OP_ANY, "it would have to wait; try again later" },
	{ ETIMEDOUT, MAILBOX_OP_SEND,
	  "timed out: nobody made room for the message or took it, and it was "
	  "not sent; 'mailbox stat' shows who uses the port" },
	{ ETIMEDOUT, MAILBOX_OP_RECEIVE, "timed out: no message came that fits" },
	{ ETIMEDOUT, MAILBOX_OP_OPEN,
	  "timed out: no port has this name, or nobody came to its other side" },
	{ ETIMEDOUT, MAILBOX_OP_WAIT,
	  "timed out: the port did not come to such a state" },
	{ ETIMEDOUT, MAILBOX_OP_CALL,
	  "timed out: no answer came; the request may have been carried out "
	  "nevertheless" },
	{ ETIMEDOUT, MAILBOX_OP_ACQUIRE,
	  "timed out: those who hold it did not give it back in time" },
	{ ETIMEDOUT, MAILBOX_OP_ANY, "timed out" },
	{ EMSGSIZE, MAILBOX_OP_SEND,
	  "the message is longer than the port takes, and was not sent; send it "
	  "in parts, or raise the limit with 'mailbox set --message-size'" },
	{ EMSGSIZE, MAILBOX_OP_CALL,
	  "the request is longer than the port takes, and was not sent; raise "
	  "the limit with 'mailbox set --message-size'" },
	{ EMSGSIZE, MAILBOX_OP_REPLY,
	  "the answer is longer than the caller takes; give a shorter one" },
	{ EMSGSIZE, MAILBOX_OP_ANY,
	  "the message is longer than the buffer, and is still queued; receive "
	  "it with a larger one" },
	{ EDQUOT, MAILBOX_OP_CREATE,
	  "this user has as many ports as one may have; remove some ('mailbox "
	  "ls' shows them, 'mailbox info' the limit)" },
	{ EDQUOT, MAILBOX_OP_PAIR,
	  "this user has as many ports as one may have; remove some ('mailbox "
	  "ls' shows them, 'mailbox info' the limit)" },
	{ EDQUOT, MAILBOX_OP_LINK,
	  "this user has as many ports as one may have; remove some ('mailbox "
	  "ls' shows them, 'mailbox info' the limit)" },
	{ EDQUOT, MAILBOX_OP_LOCK_OPEN,
	  "this user has as many ports, or as many bytes queued, as one may "
	  "have; 'mailbox ls' shows them, 'mailbox info' the limits" },
	{ EDQUOT, MAILBOX_OP_ANY,
	  "this user has as many bytes queued as one may have; receive some of "
	  "them ('mailbox ls' shows where they are, 'mailbox info' the limit)" },
	{ ENOSPC, MAILBOX_OP_ALLOW,
	  "the list has as many entries as it may have; take some off, or allow "
	  "a group" },
	{ ENOSPC, MAILBOX_OP_ANY,
	  "there are as many ports as there may be; remove some, or raise the "
	  "module's limit ('mailbox info' shows it)" },
	{ EIDRM, MAILBOX_OP_ANY,
	  "the port was destroyed; create it again, then open it anew" },
	{ EPIPE, MAILBOX_OP_SEND,
	  "hung up: the last receiver has closed the port; start a receiver "
	  "first" },
	{ EPIPE, MAILBOX_OP_RECEIVE,
	  "hung up: the last sender has closed the port, and nothing is queued" },
	{ EPIPE, MAILBOX_OP_CALL,
	  "no answer will come: the server ended, or does not answer this "
	  "request; it may have been carried out nevertheless" },
	{ EPIPE, MAILBOX_OP_ANY, "hung up: the other side has closed the port" },
	{ ESRCH, MAILBOX_OP_LINK,
	  "there is no such process (any more)" },
	{ ESRCH, MAILBOX_OP_ALLOW,
	  "there is no such process, or nothing to take off the list" },
	{ ESRCH, MAILBOX_OP_REPLY,
	  "nobody waits for this answer: the caller gave up, was answered "
	  "already, or the request was received by another handle" },
	{ ESRCH, MAILBOX_OP_SETTLE,
	  "this handle has no such lease (any more): it has ended, was settled "
	  "already, or is another handle's" },
	{ ESRCH, MAILBOX_OP_ANY,
	  "what the pid or the token names is not there (any more)" },
	{ EDEADLK, MAILBOX_OP_ANY,
	  "deadlock: every server that could answer waits itself for an answer, "
	  "in the end for this one; nothing was sent" },
	{ ENOBUFS, MAILBOX_OP_ANY,
	  "the port was full, and drops messages then: this one was dropped" },
	{ EOVERFLOW, MAILBOX_OP_RELEASE,
	  "the semaphore is at its maximum; nothing was added" },
	{ EOPNOTSUPP, MAILBOX_OP_LINK,
	  "/proc is needed to tell the process of a pidfd; mount it" },
	{ EOPNOTSUPP, MAILBOX_OP_ANY,
	  "not on such a port: one that broadcasts has neither receipts nor "
	  "answers" },
	{ EBUSY, MAILBOX_OP_ANY,
	  "too many peek at the same message at once; try again" },
	{ EINTR, MAILBOX_OP_CALL,
	  "interrupted by a signal before the answer came; the request may have "
	  "been carried out nevertheless" },
	{ EINTR, MAILBOX_OP_ANY,
	  "interrupted by a signal; nothing was sent or taken, so try again" },
	{ EFAULT, MAILBOX_OP_ANY,
	  "a pointer does not point to memory of this process" },
	{ ENOMEM, MAILBOX_OP_ANY,
	  "not enough memory; free some, or raise the limit of the control "
	  "group" },
	{ EMFILE, MAILBOX_OP_ANY,
	  "this process has as many files open as it may; close some, or raise "
	  "'ulimit -n'" },
	{ ENFILE, MAILBOX_OP_ANY,
	  "the system has as many files open as it may; close some, or raise "
	  "fs.file-max" },
};

const char *mailbox_strerror(int err, enum mailbox_op op)
{
	const char *text;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].err == err && (texts[i].op == MAILBOX_OP_ANY ||
					    texts[i].op == op))
			return texts[i].text;

	text = strerrordesc_np(err);
	return text ? text : "unknown error";
}
