/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * In place of module/trace.h: nothing is traced. Tracepoints have names that
 * two modules cannot both have.
 */
#ifndef MBX_TRACE_H
#define MBX_TRACE_H

#include <linux/types.h>

static inline void trace_mailbox_destroy(u64 port)
{
}

static inline void trace_mailbox_send(u64 port, u64 seq, u64 type, u32 len)
{
}

static inline void trace_mailbox_receive(u64 port, u64 seq, u64 type, u32 len)
{
}

static inline bool trace_mailbox_receive_enabled(void)
{
	return false;
}

static inline void trace_mailbox_drop(u64 port, u64 seq, u64 type, u32 len)
{
}

static inline void trace_mailbox_return(u64 port, u64 seq, u64 type, u32 len)
{
}

static inline void trace_mailbox_reply(u64 port, u64 seq, u64 type, u32 len)
{
}

static inline void trace_mailbox_sleep(u64 port, u32 direction)
{
}

static inline void trace_mailbox_wake(u64 port, pid_t tid, int result)
{
}

static inline void trace_mailbox_refuse(u64 port, u32 direction, int error)
{
}

#endif /* MBX_TRACE_H */
