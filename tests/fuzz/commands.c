// SPDX-License-Identifier: GPL-2.0-only
/* Every ioctl of the header: its fields, and the errors that it may give. */
#include <errno.h>
#include <linux/mailbox_ipc.h>

#include "program.h"

#define COMMAND(word) .name = #word, .number = MAILBOX_IOC_##word
#define FIELD(type, member, what, ...)					\
	{ #member, offsetof(struct type, member), sizeof(((struct type *)0)->member),	\
	  KIND_##what, ##__VA_ARGS__ }

#define CREATE_FLAGS	(MAILBOX_CREATE_PERSIST | MAILBOX_CREATE_HANGUP | MAILBOX_CREATE_OPEN | \
			 MAILBOX_CREATE_UID | MAILBOX_CREATE_GID | MAILBOX_CREATE_SLOT | \
			 MAILBOX_CREATE_BROADCAST)
#define BIND_FLAGS	(MAILBOX_BIND_WAIT | MAILBOX_BIND_PEER | MAILBOX_BIND_FD | \
			 MAILBOX_BIND_NONBLOCK | MAILBOX_BIND_REALTIME)
#define SET_FLAGS	0xFF
#define EVENTS		0x3F
#define SEND_FLAGS	(MAILBOX_SEND_NONBLOCK | MAILBOX_SEND_SYNC | MAILBOX_SEND_REALTIME)
#define RECEIVE_FLAGS	(MAILBOX_RECEIVE_NONBLOCK | MAILBOX_RECEIVE_PEEK | \
			 MAILBOX_RECEIVE_TRUNC | MAILBOX_RECEIVE_REALTIME | MAILBOX_RECEIVE_LEASE)
#define RIGHTS		(MAILBOX_RIGHT_RECEIVE | MAILBOX_RIGHT_SEND)

#define POLICY(type)							\
	FIELD(type, buffering, ENUM, 2), FIELD(type, capacity, CAPACITY),	\
	FIELD(type, capacity_bytes, BYTES), FIELD(type, message_bytes_max, BYTES)

#define OPEN_ERRORS	ENOENT, EACCES, EBADF, ENOTCONN, EIDRM, EAGAIN, ETIMEDOUT, EINTR, \
			EDQUOT, ENOMEM
#define SEND_ERRORS	ENOTCONN, EBADF, EMSGSIZE, EAGAIN, ETIMEDOUT, EINTR, EDQUOT, EIDRM, \
			EPIPE, EACCES, ENOMEM, ENOBUFS, EOPNOTSUPP
#define RECEIVE_ERRORS	ENOTCONN, EBADF, EMSGSIZE, EAGAIN, ETIMEDOUT, EINTR, EIDRM, EPIPE, \
			EBUSY, EACCES, ENOMEM
#define REPLY_ERRORS	ENOTCONN, EBADF, ESRCH, EMSGSIZE, EDQUOT, EIDRM, EACCES, ENOMEM
#define SETTLE_ERRORS	ENOTCONN, EBADF, ESRCH, EIDRM, EACCES

const struct command commands[OP_COMMANDS] = {
	[OP_INFO] = {
		COMMAND(INFO),
		.fields = { FIELD(mailbox_ioc_info, flags, FLAGS, 0) },
		.errors = { ENOMEM },
	},
	[OP_PORT_CREATE] = {
		COMMAND(PORT_CREATE),
		.fields = {
			FIELD(mailbox_ioc_port_create, flags, FLAGS, CREATE_FLAGS),
			FIELD(mailbox_ioc_port_create, name, NAME),
			POLICY(mailbox_ioc_port_create),
			FIELD(mailbox_ioc_port_create, mode, MODE),
			FIELD(mailbox_ioc_port_create, uid, USER),
			FIELD(mailbox_ioc_port_create, gid, USER),
			FIELD(mailbox_ioc_port_create, on_full, ENUM, 3),
			FIELD(mailbox_ioc_port_create, max_deliveries, DELIVERIES),
			FIELD(mailbox_ioc_port_create, dead_letter, NAME),
		},
		.errors = { EISCONN, EEXIST, EDQUOT, ENOSPC, OPEN_ERRORS },
	},
	[OP_PORT_OPEN] = {
		COMMAND(PORT_OPEN),
		.fields = {
			FIELD(mailbox_ioc_port_open, flags, FLAGS, BIND_FLAGS),
			FIELD(mailbox_ioc_port_open, name, NAME),
			FIELD(mailbox_ioc_port_open, fd, SLOT),
			FIELD(mailbox_ioc_port_open, deadline_ns, DEADLINE),
		},
		.errors = { EISCONN, ENOSPC, OPEN_ERRORS },
	},
	[OP_PORT_UNLINK] = {
		COMMAND(PORT_UNLINK),
		.fields = {
			FIELD(mailbox_ioc_port_remove, flags, FLAGS, 0),
			FIELD(mailbox_ioc_port_remove, name, NAME),
		},
		.errors = { ENOENT, ENOTCONN, EACCES, EIDRM },
	},
	[OP_PORT_DESTROY] = {
		COMMAND(PORT_DESTROY),
		.fields = {
			FIELD(mailbox_ioc_port_remove, flags, FLAGS, 0),
			FIELD(mailbox_ioc_port_remove, name, NAME),
		},
		.errors = { ENOENT, ENOTCONN, EACCES, EIDRM },
	},
	[OP_PORT_STAT] = {
		COMMAND(PORT_STAT),
		.fields = {
			FIELD(mailbox_ioc_port_stat, flags, FLAGS, MAILBOX_STAT_SENDS),
			FIELD(mailbox_ioc_port_stat, name, NAME),
			FIELD(mailbox_ioc_port_stat, waiters_len, COUNT),
			FIELD(mailbox_ioc_port_stat, waiters, ARRAY, ARRAY_WAITERS),
		},
		.errors = { ENOENT, ENOTCONN, EACCES, EIDRM, ENOMEM },
	},
	[OP_PORT_SET] = {
		COMMAND(PORT_SET),
		.fields = {
			FIELD(mailbox_ioc_port_set, flags, FLAGS, SET_FLAGS),
			FIELD(mailbox_ioc_port_set, mode, MODE),
			FIELD(mailbox_ioc_port_set, uid, USER),
			FIELD(mailbox_ioc_port_set, gid, USER),
			POLICY(mailbox_ioc_port_set),
			FIELD(mailbox_ioc_port_set, on_full, ENUM, 3),
			FIELD(mailbox_ioc_port_set, max_deliveries, DELIVERIES),
			FIELD(mailbox_ioc_port_set, dead_letter, NAME),
		},
		.errors = { ENOTCONN, EACCES, EIDRM },
	},
	[OP_PORT_LIST] = {
		COMMAND(PORT_LIST),
		.fields = {
			FIELD(mailbox_ioc_port_list, flags, FLAGS, 0),
			FIELD(mailbox_ioc_port_list, count, COUNT),
			FIELD(mailbox_ioc_port_list, entries, ARRAY, ARRAY_STATS),
			FIELD(mailbox_ioc_port_list, entry_size, ENTRY_SIZE,
			      sizeof(struct mailbox_ioc_port_stat)),
			FIELD(mailbox_ioc_port_list, after, NAME),
		},
		.errors = { ENOMEM },
	},
	[OP_PORT_PAIR] = {
		COMMAND(PORT_PAIR),
		.fields = {
			FIELD(mailbox_ioc_port_pair, flags, FLAGS, 0),
			POLICY(mailbox_ioc_port_pair),
		},
		.errors = { EISCONN, EDQUOT, ENOSPC, ENOMEM, EMFILE, ENFILE },
	},
	[OP_PORT_LINK] = {
		COMMAND(PORT_LINK),
		.fields = {
			FIELD(mailbox_ioc_port_link, flags, FLAGS, MAILBOX_LINK_INBOX),
			FIELD(mailbox_ioc_port_link, pid, PID),
			POLICY(mailbox_ioc_port_link),
		},
		.errors = { EISCONN, EBADF, ESRCH, EACCES, EDQUOT, ENOSPC, EIDRM, ENOMEM },
	},
	[OP_PORT_ALLOW] = {
		COMMAND(PORT_ALLOW),
		.fields = {
			FIELD(mailbox_ioc_port_allow, flags, FLAGS, 0),
			FIELD(mailbox_ioc_port_allow, entry.kind, ENUM, 3),
			FIELD(mailbox_ioc_port_allow, entry.id, ID),
			FIELD(mailbox_ioc_port_allow, entry.rights, FLAGS, RIGHTS),
			FIELD(mailbox_ioc_port_allow, name, NAME),
		},
		.errors = { ENOENT, ENOTCONN, EACCES, EIDRM, ESRCH, ENOSPC, ENOMEM },
	},
	[OP_PORT_ALLOWED] = {
		COMMAND(PORT_ALLOWED),
		.fields = {
			FIELD(mailbox_ioc_port_allowed, flags, FLAGS, 0),
			FIELD(mailbox_ioc_port_allowed, count, COUNT),
			FIELD(mailbox_ioc_port_allowed, entries, ARRAY, ARRAY_ALLOWED),
			FIELD(mailbox_ioc_port_allowed, name, NAME),
		},
		.errors = { ENOENT, ENOTCONN, EACCES, EIDRM, ENOMEM },
	},
	[OP_PORT_WAIT] = {
		COMMAND(PORT_WAIT),
		.fields = {
			FIELD(mailbox_ioc_port_wait, flags, FLAGS,
			      MAILBOX_WAIT_NONBLOCK | MAILBOX_WAIT_REALTIME),
			FIELD(mailbox_ioc_port_wait, events, FLAGS, EVENTS),
			FIELD(mailbox_ioc_port_wait, name, NAME),
			FIELD(mailbox_ioc_port_wait, deadline_ns, DEADLINE),
		},
		.errors = { ENOTCONN, EACCES, EAGAIN, ETIMEDOUT, EINTR, EDQUOT, ENOMEM },
	},
	[OP_PORT_WATCH] = {
		COMMAND(PORT_WATCH),
		.fields = {
			FIELD(mailbox_ioc_port_watch, flags, FLAGS, 0),
			FIELD(mailbox_ioc_port_watch, events, FLAGS, EVENTS),
			FIELD(mailbox_ioc_port_watch, name, NAME),
		},
		.errors = { EISCONN, EDQUOT, ENOMEM },
	},
	[OP_SEND] = {
		COMMAND(SEND),
		.fields = {
			FIELD(mailbox_ioc_send, flags, FLAGS, SEND_FLAGS),
			FIELD(mailbox_ioc_send, priority, PRIORITY),
			FIELD(mailbox_ioc_send, type, TYPE),
			FIELD(mailbox_ioc_send, data, DATA),
			FIELD(mailbox_ioc_send, len, LEN),
			FIELD(mailbox_ioc_send, deadline_ns, DEADLINE),
		},
		.errors = { SEND_ERRORS },
	},
	[OP_RECEIVE] = {
		COMMAND(RECEIVE),
		.fields = {
			FIELD(mailbox_ioc_receive, flags, FLAGS, RECEIVE_FLAGS),
			FIELD(mailbox_ioc_receive, select, ENUM, 4),
			FIELD(mailbox_ioc_receive, match, MATCH),
			FIELD(mailbox_ioc_receive, data, OUT),
			FIELD(mailbox_ioc_receive, size, LEN),
			FIELD(mailbox_ioc_receive, deadline_ns, DEADLINE),
			FIELD(mailbox_ioc_receive, lease_ns, TIME),
		},
		.partly = true,
		.errors = { RECEIVE_ERRORS },
	},
	[OP_SEND_BATCH] = {
		COMMAND(SEND_BATCH),
		.fields = {
			FIELD(mailbox_ioc_send_batch, flags, FLAGS,
			      MAILBOX_SEND_NONBLOCK | MAILBOX_SEND_REALTIME),
			FIELD(mailbox_ioc_send_batch, count, COUNT),
			FIELD(mailbox_ioc_send_batch, entries, ARRAY, ARRAY_SEND),
			FIELD(mailbox_ioc_send_batch, entry_size, ENTRY_SIZE,
			      sizeof(struct mailbox_send_entry)),
			FIELD(mailbox_ioc_send_batch, deadline_ns, DEADLINE),
		},
		.errors = { SEND_ERRORS },
	},
	[OP_RECEIVE_BATCH] = {
		COMMAND(RECEIVE_BATCH),
		.fields = {
			FIELD(mailbox_ioc_receive_batch, flags, FLAGS, RECEIVE_FLAGS),
			FIELD(mailbox_ioc_receive_batch, select, ENUM, 4),
			FIELD(mailbox_ioc_receive_batch, match, MATCH),
			FIELD(mailbox_ioc_receive_batch, count, COUNT),
			FIELD(mailbox_ioc_receive_batch, entries, ARRAY, ARRAY_RECEIVE),
			FIELD(mailbox_ioc_receive_batch, entry_size, ENTRY_SIZE,
			      sizeof(struct mailbox_receive_entry)),
			FIELD(mailbox_ioc_receive_batch, deadline_ns, DEADLINE),
			FIELD(mailbox_ioc_receive_batch, lease_ns, TIME),
		},
		.errors = { RECEIVE_ERRORS },
	},
	[OP_CALL] = {
		COMMAND(CALL),
		.fields = {
			FIELD(mailbox_ioc_call, flags, FLAGS, MAILBOX_CALL_REALTIME),
			FIELD(mailbox_ioc_call, priority, PRIORITY),
			FIELD(mailbox_ioc_call, type, TYPE),
			FIELD(mailbox_ioc_call, data, DATA),
			FIELD(mailbox_ioc_call, len, LEN),
			FIELD(mailbox_ioc_call, reply, OUT),
			FIELD(mailbox_ioc_call, reply_size, LEN),
			FIELD(mailbox_ioc_call, deadline_ns, DEADLINE),
		},
		.errors = { ENOTCONN, EBADF, EMSGSIZE, ETIMEDOUT, EINTR, EDQUOT, EIDRM, EPIPE,
			    EACCES, EDEADLK, ENOBUFS, EOPNOTSUPP, ENOMEM },
	},
	[OP_REPLY] = {
		COMMAND(REPLY),
		.fields = {
			FIELD(mailbox_ioc_reply, flags, FLAGS, 0),
			FIELD(mailbox_ioc_reply, token, TOKEN),
			FIELD(mailbox_ioc_reply, type, TYPE),
			FIELD(mailbox_ioc_reply, data, DATA),
			FIELD(mailbox_ioc_reply, len, LEN),
		},
		.errors = { REPLY_ERRORS },
	},
	[OP_REPLY_RECEIVE] = {
		COMMAND(REPLY_RECEIVE),
		.fields = {
			FIELD(mailbox_ioc_reply_receive, reply.flags, FLAGS, 0),
			FIELD(mailbox_ioc_reply_receive, reply.token, TOKEN),
			FIELD(mailbox_ioc_reply_receive, reply.type, TYPE),
			FIELD(mailbox_ioc_reply_receive, reply.data, DATA),
			FIELD(mailbox_ioc_reply_receive, reply.len, LEN),
			FIELD(mailbox_ioc_reply_receive, receive.flags, FLAGS, RECEIVE_FLAGS),
			FIELD(mailbox_ioc_reply_receive, receive.select, ENUM, 4),
			FIELD(mailbox_ioc_reply_receive, receive.match, MATCH),
			FIELD(mailbox_ioc_reply_receive, receive.data, OUT),
			FIELD(mailbox_ioc_reply_receive, receive.size, LEN),
			FIELD(mailbox_ioc_reply_receive, receive.deadline_ns, DEADLINE),
			FIELD(mailbox_ioc_reply_receive, receive.lease_ns, TIME),
		},
		.partly = true,
		.errors = { ESRCH, EDQUOT, RECEIVE_ERRORS },
	},
	[OP_ACK] = {
		COMMAND(ACK),
		.fields = {
			FIELD(mailbox_ioc_settle, flags, FLAGS, 0),
			FIELD(mailbox_ioc_settle, token, TOKEN),
		},
		.errors = { SETTLE_ERRORS },
	},
	[OP_NACK] = {
		COMMAND(NACK),
		.fields = {
			FIELD(mailbox_ioc_settle, flags, FLAGS, 0),
			FIELD(mailbox_ioc_settle, token, TOKEN),
		},
		.errors = { SETTLE_ERRORS },
	},
};
