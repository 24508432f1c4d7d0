/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: what happens at ports, for `trace-cmd record -e mailbox` and
 * the like. Nothing of it goes to the kernel's log.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mailbox

#if !defined(MBX_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MBX_TRACE_H

#include <linux/mailbox_ipc.h>
#include <linux/tracepoint.h>
#include <linux/types.h>

TRACE_DEFINE_ENUM(MAILBOX_WAITER_SENDER);
TRACE_DEFINE_ENUM(MAILBOX_WAITER_RECEIVER);

#define mbx_show_direction(direction)				\
	__print_symbolic(direction,				\
			 { MAILBOX_WAITER_SENDER, "send" },	\
			 { MAILBOX_WAITER_RECEIVER, "receive" })

TRACE_EVENT(mailbox_create,
	TP_PROTO(u64 port, const char *name, u32 flags),
	TP_ARGS(port, name, flags),
	TP_STRUCT__entry(
		__field(u64, port)
		__array(char, name, MAILBOX_NAME_SIZE)
		__field(u32, flags)
	),
	TP_fast_assign(
		__entry->port = port;
		memcpy(__entry->name, name, MAILBOX_NAME_SIZE);
		__entry->flags = flags;
	),
	TP_printk("port=%llu name=%s flags=%#x", __entry->port, __entry->name,
		  __entry->flags)
);

TRACE_EVENT(mailbox_destroy,
	TP_PROTO(u64 port),
	TP_ARGS(port),
	TP_STRUCT__entry(
		__field(u64, port)
	),
	TP_fast_assign(
		__entry->port = port;
	),
	TP_printk("port=%llu", __entry->port)
);

DECLARE_EVENT_CLASS(mailbox_message,
	TP_PROTO(u64 port, u64 seq, u64 type, u32 len),
	TP_ARGS(port, seq, type, len),
	TP_STRUCT__entry(
		__field(u64, port)
		__field(u64, seq)
		__field(u64, type)
		__field(u32, len)
	),
	TP_fast_assign(
		__entry->port = port;
		__entry->seq = seq;
		__entry->type = type;
		__entry->len = len;
	),
	TP_printk("port=%llu seq=%llu type=%llu len=%u", __entry->port,
		  __entry->seq, __entry->type, __entry->len)
);

DEFINE_EVENT(mailbox_message, mailbox_send,
	TP_PROTO(u64 port, u64 seq, u64 type, u32 len),
	TP_ARGS(port, seq, type, len));

DEFINE_EVENT(mailbox_message, mailbox_receive,
	TP_PROTO(u64 port, u64 seq, u64 type, u32 len),
	TP_ARGS(port, seq, type, len));

/* A full port dropped it. */
DEFINE_EVENT(mailbox_message, mailbox_drop,
	TP_PROTO(u64 port, u64 seq, u64 type, u32 len),
	TP_ARGS(port, seq, type, len));

/* A lease came to nothing. */
DEFINE_EVENT(mailbox_message, mailbox_return,
	TP_PROTO(u64 port, u64 seq, u64 type, u32 len),
	TP_ARGS(port, seq, type, len));

/* And it was the last one. */
DEFINE_EVENT(mailbox_message, mailbox_dead_letter,
	TP_PROTO(u64 port, u64 seq, u64 type, u32 len),
	TP_ARGS(port, seq, type, len));

/* Type and length are those of the answer. */
DEFINE_EVENT(mailbox_message, mailbox_reply,
	TP_PROTO(u64 port, u64 seq, u64 type, u32 len),
	TP_ARGS(port, seq, type, len));

TRACE_EVENT(mailbox_sleep,
	TP_PROTO(u64 port, u32 direction),
	TP_ARGS(port, direction),
	TP_STRUCT__entry(
		__field(u64, port)
		__field(u32, direction)
	),
	TP_fast_assign(
		__entry->port = port;
		__entry->direction = direction;
	),
	TP_printk("port=%llu to=%s", __entry->port,
		  mbx_show_direction(__entry->direction))
);

TRACE_EVENT(mailbox_wake,
	TP_PROTO(u64 port, pid_t tid, int result),
	TP_ARGS(port, tid, result),
	TP_STRUCT__entry(
		__field(u64, port)
		__field(pid_t, tid)
		__field(int, result)
	),
	TP_fast_assign(
		__entry->port = port;
		__entry->tid = tid;
		__entry->result = result;
	),
	TP_printk("port=%llu tid=%d result=%d", __entry->port, __entry->tid,
		  __entry->result)
);

TRACE_EVENT(mailbox_refuse,
	TP_PROTO(u64 port, u32 direction, int error),
	TP_ARGS(port, direction, error),
	TP_STRUCT__entry(
		__field(u64, port)
		__field(u32, direction)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->port = port;
		__entry->direction = direction;
		__entry->error = error;
	),
	TP_printk("port=%llu to=%s error=%d", __entry->port,
		  mbx_show_direction(__entry->direction), __entry->error)
);

#endif /* MBX_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
