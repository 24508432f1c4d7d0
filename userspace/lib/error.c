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
	{ EACCES, MAILBOX_OP_ANY,
	  "not allowed by the mode of the port: receiving needs r, sending w; "
	  "its owner can change that with 'mailbox set --mode'" },
	{ EBADF, MAILBOX_OP_SEND,
	  "the handle was not opened for sending; open one that is" },
	{ EBADF, MAILBOX_OP_RECEIVE,
	  "the handle was not opened for receiving; open one that is" },
	{ EBADF, MAILBOX_OP_ANY, "the file descriptor is not open" },
	{ EAGAIN, MAILBOX_OP_SEND,
	  "the port is full, or, being a rendezvous port, nobody receives; try "
	  "again later, or let it wait" },
	{ EAGAIN, MAILBOX_OP_RECEIVE,
	  "there is no message to receive now; try again later, or let it wait" },
	{ EAGAIN, MAILBOX_OP_ANY, "it would have to wait; try again later" },
	{ ETIMEDOUT, MAILBOX_OP_SEND,
	  "timed out: nobody made room for the message or took it, and it was "
	  "not sent; 'mailbox stat' shows who uses the port" },
	{ ETIMEDOUT, MAILBOX_OP_RECEIVE, "timed out: no message came that fits" },
	{ ETIMEDOUT, MAILBOX_OP_ANY, "timed out" },
	{ EMSGSIZE, MAILBOX_OP_SEND,
	  "the message is longer than the port takes, and was not sent; send it "
	  "in parts, or raise the limit with 'mailbox set --message-size'" },
	{ EMSGSIZE, MAILBOX_OP_ANY,
	  "the message is longer than the buffer, and is still queued; receive "
	  "it with a larger one" },
	{ EDQUOT, MAILBOX_OP_CREATE,
	  "this user has as many ports as one may have; remove some ('mailbox "
	  "ls' shows them, 'mailbox info' the limit)" },
	{ EDQUOT, MAILBOX_OP_ANY,
	  "this user has as many bytes queued as one may have; receive some of "
	  "them ('mailbox ls' shows where they are, 'mailbox info' the limit)" },
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
	{ EPIPE, MAILBOX_OP_ANY, "hung up: the other side has closed the port" },
	{ EBUSY, MAILBOX_OP_ANY,
	  "too many peek at the same message at once; try again" },
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
