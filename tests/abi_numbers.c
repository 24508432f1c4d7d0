// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ABI's numbers as they were published: where each field is, how long it
 * is, and the value of each constant. All are literals, and none may ever be
 * changed; a struct that grows gets more lines. Needs no /dev/mailbox.
 */
#include <stddef.h>
#include <linux/mailbox_ipc.h>

#include "harness.h"

struct layout {
	const char *what;
	size_t offset, size;		/* as compiled */
	size_t frozen_offset, frozen_size;
};

#define FIELD(type, field, offset, size) \
	{ #type "." #field, offsetof(struct mailbox_##type, field), \
	  sizeof(((struct mailbox_##type *)0)->field), offset, size }
#define WHOLE(type, size) { #type, 0, sizeof(struct mailbox_##type), 0, size }

static const struct layout layouts[] = {
	WHOLE(ioc_info, 96),
	FIELD(ioc_info, flags, 0, 4),
	FIELD(ioc_info, version, 4, 4),
	FIELD(ioc_info, features, 8, 8),
	FIELD(ioc_info, capacity_default, 16, 8),
	FIELD(ioc_info, capacity_max, 24, 8),
	FIELD(ioc_info, message_bytes_default, 32, 8),
	FIELD(ioc_info, message_bytes_max, 40, 8),
	FIELD(ioc_info, ports_max, 48, 8),
	FIELD(ioc_info, user_ports_max, 56, 8),
	FIELD(ioc_info, user_bytes_max, 64, 8),
	FIELD(ioc_info, ports, 72, 8),
	FIELD(ioc_info, user_ports, 80, 8),
	FIELD(ioc_info, user_bytes, 88, 8),
	WHOLE(ioc_port_create, 320),
	FIELD(ioc_port_create, flags, 0, 4),
	FIELD(ioc_port_create, mode, 4, 4),
	FIELD(ioc_port_create, uid, 8, 4),
	FIELD(ioc_port_create, gid, 12, 4),
	FIELD(ioc_port_create, name, 16, 128),
	FIELD(ioc_port_create, buffering, 144, 4),
	FIELD(ioc_port_create, capacity, 148, 4),
	FIELD(ioc_port_create, capacity_bytes, 152, 8),
	FIELD(ioc_port_create, message_bytes_max, 160, 8),
	FIELD(ioc_port_create, id, 168, 8),
	FIELD(ioc_port_create, created, 176, 4),
	FIELD(ioc_port_create, pad, 180, 4),
	FIELD(ioc_port_create, on_full, 184, 4),
	FIELD(ioc_port_create, max_deliveries, 188, 4),
	FIELD(ioc_port_create, dead_letter, 192, 128),
	WHOLE(ioc_port_open, 152),
	FIELD(ioc_port_open, flags, 0, 4),
	FIELD(ioc_port_open, fd, 4, 4),
	FIELD(ioc_port_open, name, 8, 128),
	FIELD(ioc_port_open, id, 136, 8),
	FIELD(ioc_port_open, deadline_ns, 144, 8),
	WHOLE(ioc_port_pair, 48),
	FIELD(ioc_port_pair, flags, 0, 4),
	FIELD(ioc_port_pair, fd, 4, 4),
	FIELD(ioc_port_pair, buffering, 8, 4),
	FIELD(ioc_port_pair, capacity, 12, 4),
	FIELD(ioc_port_pair, capacity_bytes, 16, 8),
	FIELD(ioc_port_pair, message_bytes_max, 24, 8),
	FIELD(ioc_port_pair, id, 32, 8),
	FIELD(ioc_port_pair, peer_id, 40, 8),
	WHOLE(ioc_port_link, 56),
	FIELD(ioc_port_link, flags, 0, 4),
	FIELD(ioc_port_link, pid, 4, 4),
	FIELD(ioc_port_link, buffering, 8, 4),
	FIELD(ioc_port_link, capacity, 12, 4),
	FIELD(ioc_port_link, capacity_bytes, 16, 8),
	FIELD(ioc_port_link, message_bytes_max, 24, 8),
	FIELD(ioc_port_link, id, 32, 8),
	FIELD(ioc_port_link, peer_id, 40, 8),
	FIELD(ioc_port_link, created, 48, 4),
	FIELD(ioc_port_link, pad, 52, 4),
	WHOLE(ioc_port_remove, 136),
	FIELD(ioc_port_remove, flags, 0, 4),
	FIELD(ioc_port_remove, pad, 4, 4),
	FIELD(ioc_port_remove, name, 8, 128),
	WHOLE(waiter, 16),
	FIELD(waiter, direction, 0, 4),
	FIELD(waiter, pid, 4, 4),
	FIELD(waiter, tid, 8, 4),
	FIELD(waiter, pad, 12, 4),
	WHOLE(ioc_port_stat, 416),
	FIELD(ioc_port_stat, flags, 0, 4),
	FIELD(ioc_port_stat, waiters_len, 4, 4),
	FIELD(ioc_port_stat, waiters, 8, 8),
	FIELD(ioc_port_stat, name, 16, 128),
	FIELD(ioc_port_stat, id, 144, 8),
	FIELD(ioc_port_stat, port_flags, 152, 4),
	FIELD(ioc_port_stat, mode, 156, 4),
	FIELD(ioc_port_stat, uid, 160, 4),
	FIELD(ioc_port_stat, gid, 164, 4),
	FIELD(ioc_port_stat, buffering, 168, 4),
	FIELD(ioc_port_stat, capacity, 172, 4),
	FIELD(ioc_port_stat, capacity_bytes, 176, 8),
	FIELD(ioc_port_stat, message_bytes_max, 184, 8),
	FIELD(ioc_port_stat, messages, 192, 8),
	FIELD(ioc_port_stat, bytes, 200, 8),
	FIELD(ioc_port_stat, senders, 208, 4),
	FIELD(ioc_port_stat, receivers, 212, 4),
	FIELD(ioc_port_stat, senders_waiting, 216, 4),
	FIELD(ioc_port_stat, receivers_waiting, 220, 4),
	FIELD(ioc_port_stat, sent, 224, 8),
	FIELD(ioc_port_stat, received, 232, 8),
	FIELD(ioc_port_stat, on_full, 240, 4),
	FIELD(ioc_port_stat, max_deliveries, 244, 4),
	FIELD(ioc_port_stat, leased, 248, 4),
	FIELD(ioc_port_stat, requests, 252, 4),
	FIELD(ioc_port_stat, dropped, 256, 8),
	FIELD(ioc_port_stat, dead_lettered, 264, 8),
	FIELD(ioc_port_stat, allowed, 272, 4),
	FIELD(ioc_port_stat, link_pid, 276, 4),
	FIELD(ioc_port_stat, link_peer, 280, 4),
	FIELD(ioc_port_stat, pad, 284, 4),
	FIELD(ioc_port_stat, dead_letter, 288, 128),
	WHOLE(ioc_port_set, 176),
	FIELD(ioc_port_set, flags, 0, 4),
	FIELD(ioc_port_set, mode, 4, 4),
	FIELD(ioc_port_set, uid, 8, 4),
	FIELD(ioc_port_set, gid, 12, 4),
	FIELD(ioc_port_set, buffering, 16, 4),
	FIELD(ioc_port_set, capacity, 20, 4),
	FIELD(ioc_port_set, capacity_bytes, 24, 8),
	FIELD(ioc_port_set, message_bytes_max, 32, 8),
	FIELD(ioc_port_set, on_full, 40, 4),
	FIELD(ioc_port_set, max_deliveries, 44, 4),
	FIELD(ioc_port_set, dead_letter, 48, 128),
	WHOLE(ioc_port_list, 152),
	FIELD(ioc_port_list, flags, 0, 4),
	FIELD(ioc_port_list, entry_size, 4, 4),
	FIELD(ioc_port_list, entries, 8, 8),
	FIELD(ioc_port_list, count, 16, 4),
	FIELD(ioc_port_list, pad, 20, 4),
	FIELD(ioc_port_list, after, 24, 128),
	WHOLE(allow, 16),
	FIELD(allow, kind, 0, 4),
	FIELD(allow, id, 4, 4),
	FIELD(allow, rights, 8, 4),
	FIELD(allow, pad, 12, 4),
	WHOLE(ioc_port_allow, 152),
	FIELD(ioc_port_allow, flags, 0, 4),
	FIELD(ioc_port_allow, pad, 4, 4),
	FIELD(ioc_port_allow, entry, 8, 16),
	FIELD(ioc_port_allow, name, 24, 128),
	WHOLE(ioc_port_allowed, 152),
	FIELD(ioc_port_allowed, flags, 0, 4),
	FIELD(ioc_port_allowed, count, 4, 4),
	FIELD(ioc_port_allowed, entries, 8, 8),
	FIELD(ioc_port_allowed, total, 16, 4),
	FIELD(ioc_port_allowed, pad, 20, 4),
	FIELD(ioc_port_allowed, name, 24, 128),
	WHOLE(ioc_port_wait, 160),
	FIELD(ioc_port_wait, flags, 0, 4),
	FIELD(ioc_port_wait, events, 4, 4),
	FIELD(ioc_port_wait, name, 8, 128),
	FIELD(ioc_port_wait, deadline_ns, 136, 8),
	FIELD(ioc_port_wait, id, 144, 8),
	FIELD(ioc_port_wait, happened, 152, 4),
	FIELD(ioc_port_wait, pad, 156, 4),
	WHOLE(ioc_port_watch, 136),
	FIELD(ioc_port_watch, flags, 0, 4),
	FIELD(ioc_port_watch, events, 4, 4),
	FIELD(ioc_port_watch, name, 8, 128),
	WHOLE(ioc_send, 64),
	FIELD(ioc_send, flags, 0, 4),
	FIELD(ioc_send, priority, 4, 4),
	FIELD(ioc_send, type, 8, 8),
	FIELD(ioc_send, data, 16, 8),
	FIELD(ioc_send, len, 24, 8),
	FIELD(ioc_send, deadline_ns, 32, 8),
	FIELD(ioc_send, seq, 40, 8),
	FIELD(ioc_send, taken_bytes, 48, 8),
	FIELD(ioc_send, taken_pid, 56, 4),
	FIELD(ioc_send, taken_tid, 60, 4),
	WHOLE(ioc_receive, 128),
	FIELD(ioc_receive, flags, 0, 4),
	FIELD(ioc_receive, select, 4, 4),
	FIELD(ioc_receive, match, 8, 8),
	FIELD(ioc_receive, data, 16, 8),
	FIELD(ioc_receive, size, 24, 8),
	FIELD(ioc_receive, deadline_ns, 32, 8),
	FIELD(ioc_receive, len, 40, 8),
	FIELD(ioc_receive, type, 48, 8),
	FIELD(ioc_receive, seq, 56, 8),
	FIELD(ioc_receive, time_ns, 64, 8),
	FIELD(ioc_receive, priority, 72, 4),
	FIELD(ioc_receive, pid, 76, 4),
	FIELD(ioc_receive, tid, 80, 4),
	FIELD(ioc_receive, uid, 84, 4),
	FIELD(ioc_receive, gid, 88, 4),
	FIELD(ioc_receive, pad, 92, 4),
	FIELD(ioc_receive, token, 96, 8),
	FIELD(ioc_receive, lease_ns, 104, 8),
	FIELD(ioc_receive, reply_size, 112, 8),
	FIELD(ioc_receive, deliveries, 120, 4),
	FIELD(ioc_receive, kind, 124, 4),
	WHOLE(send_entry, 40),
	FIELD(send_entry, data, 0, 8),
	FIELD(send_entry, len, 8, 8),
	FIELD(send_entry, type, 16, 8),
	FIELD(send_entry, priority, 24, 4),
	FIELD(send_entry, pad, 28, 4),
	FIELD(send_entry, seq, 32, 8),
	WHOLE(ioc_send_batch, 40),
	FIELD(ioc_send_batch, flags, 0, 4),
	FIELD(ioc_send_batch, count, 4, 4),
	FIELD(ioc_send_batch, entries, 8, 8),
	FIELD(ioc_send_batch, entry_size, 16, 4),
	FIELD(ioc_send_batch, pad, 20, 4),
	FIELD(ioc_send_batch, deadline_ns, 24, 8),
	FIELD(ioc_send_batch, done, 32, 4),
	FIELD(ioc_send_batch, error, 36, 4),
	WHOLE(receive_entry, 96),
	FIELD(receive_entry, data, 0, 8),
	FIELD(receive_entry, size, 8, 8),
	FIELD(receive_entry, len, 16, 8),
	FIELD(receive_entry, type, 24, 8),
	FIELD(receive_entry, seq, 32, 8),
	FIELD(receive_entry, time_ns, 40, 8),
	FIELD(receive_entry, token, 48, 8),
	FIELD(receive_entry, reply_size, 56, 8),
	FIELD(receive_entry, priority, 64, 4),
	FIELD(receive_entry, pid, 68, 4),
	FIELD(receive_entry, tid, 72, 4),
	FIELD(receive_entry, uid, 76, 4),
	FIELD(receive_entry, gid, 80, 4),
	FIELD(receive_entry, deliveries, 84, 4),
	FIELD(receive_entry, kind, 88, 4),
	FIELD(receive_entry, pad, 92, 4),
	WHOLE(ioc_receive_batch, 56),
	FIELD(ioc_receive_batch, flags, 0, 4),
	FIELD(ioc_receive_batch, select, 4, 4),
	FIELD(ioc_receive_batch, match, 8, 8),
	FIELD(ioc_receive_batch, count, 16, 4),
	FIELD(ioc_receive_batch, entry_size, 20, 4),
	FIELD(ioc_receive_batch, entries, 24, 8),
	FIELD(ioc_receive_batch, deadline_ns, 32, 8),
	FIELD(ioc_receive_batch, lease_ns, 40, 8),
	FIELD(ioc_receive_batch, done, 48, 4),
	FIELD(ioc_receive_batch, error, 52, 4),
	WHOLE(ioc_call, 88),
	FIELD(ioc_call, flags, 0, 4),
	FIELD(ioc_call, priority, 4, 4),
	FIELD(ioc_call, type, 8, 8),
	FIELD(ioc_call, data, 16, 8),
	FIELD(ioc_call, len, 24, 8),
	FIELD(ioc_call, deadline_ns, 32, 8),
	FIELD(ioc_call, reply, 40, 8),
	FIELD(ioc_call, reply_size, 48, 8),
	FIELD(ioc_call, reply_len, 56, 8),
	FIELD(ioc_call, reply_type, 64, 8),
	FIELD(ioc_call, seq, 72, 8),
	FIELD(ioc_call, reply_pid, 80, 4),
	FIELD(ioc_call, reply_tid, 84, 4),
	WHOLE(ioc_reply, 40),
	FIELD(ioc_reply, flags, 0, 4),
	FIELD(ioc_reply, pad, 4, 4),
	FIELD(ioc_reply, token, 8, 8),
	FIELD(ioc_reply, type, 16, 8),
	FIELD(ioc_reply, data, 24, 8),
	FIELD(ioc_reply, len, 32, 8),
	WHOLE(ioc_reply_receive, 168),
	FIELD(ioc_reply_receive, reply, 0, 40),
	FIELD(ioc_reply_receive, receive, 40, 128),
	WHOLE(ioc_settle, 16),
	FIELD(ioc_settle, flags, 0, 4),
	FIELD(ioc_settle, pad, 4, 4),
	FIELD(ioc_settle, token, 8, 8),
};

TEST(layout_is_frozen)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		const struct layout *layout = &layouts[i];

		if (layout->offset != layout->frozen_offset || layout->size != layout->frozen_size)
			FAIL("%s: at %zu with %zu bytes, published at %zu with %zu",
			     layout->what, layout->offset, layout->size,
			     layout->frozen_offset, layout->frozen_size);
	}
}

/* A 32-bit program would have holes elsewhere than the kernel otherwise. */
TEST(layout_has_no_holes)
{
	size_t end = 0, whole = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		const struct layout *layout = &layouts[i];

		if (strchr(layout->what, '.')) {
			if (layout->offset != end)
				FAIL("%s: at %zu, after %zu bytes", layout->what,
				     layout->offset, end);
			end = layout->offset + layout->size;
			continue;
		}
		CHECK_EQ(whole, end);
		whole = layout->size;
		end = 0;
	}
	CHECK_EQ(whole, end);
}

TEST(limits_are_frozen)
{
	CHECK_EQ(0xE9, MAILBOX_IOC_MAGIC);
	CHECK_EQ(127, MAILBOX_NAME_MAX);
	CHECK_EQ(128, MAILBOX_NAME_SIZE);
	CHECK_EQ(32767, MAILBOX_PRIORITY_MAX);
	CHECK_EQ(16777216, MAILBOX_MESSAGE_BYTES_MAX);
	CHECK_EQ(256, MAILBOX_MESSAGE_OVERHEAD);
	CHECK_EQ(65535, MAILBOX_DELIVERIES_MAX);
	CHECK_EQ(1024, MAILBOX_BROADCAST_MAX);
	CHECK_EQ(256, MAILBOX_ALLOW_MAX);
	CHECK_EQ(1024, MAILBOX_BATCH_MAX);
}

TEST(features_are_frozen)
{
	CHECK_EQ(0x0001, MAILBOX_FEATURE_SYNC);
	CHECK_EQ(0x0002, MAILBOX_FEATURE_SELECT);
	CHECK_EQ(0x0004, MAILBOX_FEATURE_HANGUP);
	CHECK_EQ(0x0008, MAILBOX_FEATURE_PAIR);
	CHECK_EQ(0x0010, MAILBOX_FEATURE_LINK);
	CHECK_EQ(0x0020, MAILBOX_FEATURE_SLOT);
	CHECK_EQ(0x0040, MAILBOX_FEATURE_ALLOW);
	CHECK_EQ(0x0080, MAILBOX_FEATURE_CALL);
	CHECK_EQ(0x0100, MAILBOX_FEATURE_LEASE);
	CHECK_EQ(0x0200, MAILBOX_FEATURE_DROP);
	CHECK_EQ(0x0400, MAILBOX_FEATURE_BROADCAST);
	CHECK_EQ(0x0800, MAILBOX_FEATURE_BATCH);
	CHECK_EQ(0x1000, MAILBOX_FEATURE_WAIT);
}

TEST(kinds_are_frozen)
{
	CHECK_EQ(0, MAILBOX_BUFFERING_BOUNDED);
	CHECK_EQ(1, MAILBOX_BUFFERING_RENDEZVOUS);
	CHECK_EQ(2, MAILBOX_BUFFERING_UNBOUNDED);
	CHECK_EQ(0, MAILBOX_FULL_BLOCK);
	CHECK_EQ(1, MAILBOX_FULL_DROP_OLDEST);
	CHECK_EQ(2, MAILBOX_FULL_DROP_NEWEST);
	CHECK_EQ(3, MAILBOX_FULL_OVERWRITE);
	CHECK_EQ(1, MAILBOX_WAITER_SENDER);
	CHECK_EQ(2, MAILBOX_WAITER_RECEIVER);
	CHECK_EQ(1, MAILBOX_ALLOW_USER);
	CHECK_EQ(2, MAILBOX_ALLOW_GROUP);
	CHECK_EQ(3, MAILBOX_ALLOW_PROCESS);
	CHECK_EQ(0, MAILBOX_MESSAGE_PLAIN);
	CHECK_EQ(1, MAILBOX_MESSAGE_REQUEST);
	CHECK_EQ(0, MAILBOX_SELECT_ANY);
	CHECK_EQ(1, MAILBOX_SELECT_TYPE);
	CHECK_EQ(2, MAILBOX_SELECT_TYPE_NOT);
	CHECK_EQ(3, MAILBOX_SELECT_TYPE_AT_MOST);
	CHECK_EQ(4, MAILBOX_SELECT_SENDER);
}

TEST(flags_of_ports_are_frozen)
{
	CHECK_EQ(0x01, MAILBOX_CREATE_PERSIST);
	CHECK_EQ(0x02, MAILBOX_CREATE_HANGUP);
	CHECK_EQ(0x04, MAILBOX_CREATE_OPEN);
	CHECK_EQ(0x08, MAILBOX_CREATE_UID);
	CHECK_EQ(0x10, MAILBOX_CREATE_GID);
	CHECK_EQ(0x20, MAILBOX_CREATE_SLOT);
	CHECK_EQ(0x40, MAILBOX_CREATE_BROADCAST);
	CHECK_EQ(0x01, MAILBOX_BIND_WAIT);
	CHECK_EQ(0x02, MAILBOX_BIND_PEER);
	CHECK_EQ(0x04, MAILBOX_BIND_FD);
	CHECK_EQ(0x08, MAILBOX_BIND_NONBLOCK);
	CHECK_EQ(0x10, MAILBOX_BIND_REALTIME);
	CHECK_EQ(0x01, MAILBOX_LINK_INBOX);
	CHECK_EQ(0x01, MAILBOX_STAT_SENDS);
	CHECK_EQ(0x10000, MAILBOX_PORT_PAIR);
	CHECK_EQ(0x20000, MAILBOX_PORT_LINK);
	CHECK_EQ(0x01, MAILBOX_SET_MODE);
	CHECK_EQ(0x02, MAILBOX_SET_UID);
	CHECK_EQ(0x04, MAILBOX_SET_GID);
	CHECK_EQ(0x08, MAILBOX_SET_CAPACITY);
	CHECK_EQ(0x10, MAILBOX_SET_CAPACITY_BYTES);
	CHECK_EQ(0x20, MAILBOX_SET_MESSAGE_BYTES_MAX);
	CHECK_EQ(0x40, MAILBOX_SET_ON_FULL);
	CHECK_EQ(0x80, MAILBOX_SET_DELIVERIES);
	CHECK_EQ(0x01, MAILBOX_RIGHT_RECEIVE);
	CHECK_EQ(0x02, MAILBOX_RIGHT_SEND);
	CHECK_EQ(0x01, MAILBOX_EVENT_NAMED);
	CHECK_EQ(0x02, MAILBOX_EVENT_GONE);
	CHECK_EQ(0x04, MAILBOX_EVENT_MESSAGE);
	CHECK_EQ(0x08, MAILBOX_EVENT_SENDER);
	CHECK_EQ(0x10, MAILBOX_EVENT_RECEIVER);
	CHECK_EQ(0x20, MAILBOX_EVENT_HANGUP);
	CHECK_EQ(0x01, MAILBOX_WAIT_NONBLOCK);
	CHECK_EQ(0x02, MAILBOX_WAIT_REALTIME);
}

TEST(flags_of_messages_are_frozen)
{
	CHECK_EQ(0x01, MAILBOX_SEND_NONBLOCK);
	CHECK_EQ(0x02, MAILBOX_SEND_SYNC);
	CHECK_EQ(0x04, MAILBOX_SEND_REALTIME);
	CHECK_EQ(0x01, MAILBOX_RECEIVE_NONBLOCK);
	CHECK_EQ(0x02, MAILBOX_RECEIVE_PEEK);
	CHECK_EQ(0x04, MAILBOX_RECEIVE_TRUNC);
	CHECK_EQ(0x08, MAILBOX_RECEIVE_REALTIME);
	CHECK_EQ(0x10, MAILBOX_RECEIVE_LEASE);
	CHECK_EQ(0x01, MAILBOX_CALL_REALTIME);
}
