// SPDX-License-Identifier: GPL-2.0-only
/*
 * What PORT_STAT and PORT_LIST tell, and what PORT_SET changes.
 */
#include <sys/resource.h>

#include "port.h"

TEST(stat_tells_what_was_asked_for)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name, .flags = MAILBOX_CREATE_HANGUP, .mode = 0642,
			    .capacity = 7, .capacity_bytes = 1000, .message_bytes_max = 99);
	struct mailbox_ioc_port_stat stat = port_stat(fd);

	CHECK(!strcmp(name, stat.name));
	CHECK_EQ(MAILBOX_CREATE_HANGUP, stat.port_flags);
	CHECK_EQ(0642, stat.mode);
	CHECK_EQ(geteuid(), stat.uid);
	CHECK_EQ(getegid(), stat.gid);
	CHECK_EQ(MAILBOX_BUFFERING_BOUNDED, stat.buffering);
	CHECK_EQ(7, stat.capacity);
	CHECK_EQ(1000, stat.capacity_bytes);
	CHECK_EQ(99, stat.message_bytes_max);
}

TEST(stat_tells_the_defaults)
{
	int fd = PORT(O_RDWR);
	struct mailbox_ioc_port_stat stat = port_stat(fd);

	CHECK_EQ(0, stat.name[0]);
	CHECK_EQ(0, stat.port_flags);
	CHECK_EQ(0600, stat.mode);
	CHECK_EQ(info(fd).capacity_default, stat.capacity);
	CHECK_EQ(0, stat.capacity_bytes);
	CHECK_EQ(info(fd).message_bytes_default, stat.message_bytes_max);
}

TEST(stat_counts)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name, .capacity = 8);
	struct mailbox_ioc_port_stat stat;

	port_open(O_RDONLY, name);
	port_open(O_RDONLY, name);
	port_open(O_WRONLY, name);
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, put(fd, 2));
	CHECK_EQ(0, put(fd, 3));
	CHECK_EQ(1, take(fd));
	stat = port_stat(fd);
	CHECK_EQ(2, stat.messages);
	CHECK_EQ(8, stat.bytes);
	CHECK_EQ(3, stat.sent);
	CHECK_EQ(1, stat.received);
	CHECK_EQ(2, stat.senders);
	CHECK_EQ(3, stat.receivers);
	CHECK_EQ(0, stat.senders_waiting);
	CHECK_EQ(0, stat.receivers_waiting);
}

TEST(stat_works_by_name)
{
	struct mailbox_ioc_port_stat stat = {};
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name);

	strcpy(stat.name, name);
	CHECK_EQ(0, command(node_open(O_RDONLY), MAILBOX_IOC_PORT_STAT, &stat));
	CHECK_EQ(port_stat(fd).id, stat.id);
	strcpy(stat.name, unique_name());
	stat = (struct mailbox_ioc_port_stat){};
	strcpy(stat.name, unique_name());
	CHECK_EQ(-ENOENT, command(fd, MAILBOX_IOC_PORT_STAT, &stat));
}

TEST(stat_shows_the_sleepers)
{
	struct mailbox_waiter waiters[4] = {};
	struct mailbox_ioc_port_stat stat = { .waiters_len = 4 };
	int fd = PORT(O_RDWR, .capacity = 1);
	struct call one, two;

	stat.waiters = user_pointer(waiters);
	CHECK_EQ(0, put(fd, 0));
	CALL_SEND(&one, fd, 1);
	wait_for_waiters(fd, 1, 0);
	CALL_RECEIVE(&two, fd, .select = MAILBOX_SELECT_TYPE, .match = 77);
	wait_for_waiters(fd, 1, 1);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_STAT, &stat));
	CHECK_EQ(2, stat.waiters_len);
	if (waiters[0].direction == MAILBOX_WAITER_RECEIVER) {
		waiters[3] = waiters[0];
		waiters[0] = waiters[1];
		waiters[1] = waiters[3];
	}
	CHECK_EQ(MAILBOX_WAITER_SENDER, waiters[0].direction);
	CHECK_EQ(getpid(), waiters[0].pid);
	CHECK_EQ(one.tid, waiters[0].tid);
	CHECK_EQ(MAILBOX_WAITER_RECEIVER, waiters[1].direction);
	CHECK_EQ(getpid(), waiters[1].pid);
	CHECK_EQ(two.tid, waiters[1].tid);
	CHECK_EQ(0, waiters[2].direction);
}

TEST(stat_fills_no_more_than_there_is_room_for)
{
	struct mailbox_waiter waiters[3] = {};
	struct mailbox_ioc_port_stat stat = { .waiters_len = 2 };
	int fd = PORT(O_RDWR), i;
	struct call calls[3];

	stat.waiters = user_pointer(waiters);
	for (i = 0; i < 3; i++)
		CALL_RECEIVE(&calls[i], fd);
	wait_for_waiters(fd, 0, 3);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_STAT, &stat));
	CHECK_EQ(2, stat.waiters_len);
	CHECK_EQ(3, stat.receivers_waiting);
	CHECK_EQ(0, waiters[2].direction);
}

TEST(stat_limits_the_room_for_sleepers)
{
	static struct mailbox_waiter waiters[1025];
	struct mailbox_ioc_port_stat stat = { .waiters_len = 1024 };
	int fd = PORT(O_RDWR);

	stat.waiters = user_pointer(waiters);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_STAT, &stat));
	CHECK_EQ(0, stat.waiters_len);
	stat = (struct mailbox_ioc_port_stat){ .waiters_len = 1025 };
	stat.waiters = user_pointer(waiters);
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_STAT, &stat));
}

TEST(stat_wants_room_and_array_or_neither)
{
	struct mailbox_waiter waiter;
	struct mailbox_ioc_port_stat stat = { .waiters_len = 1 };
	int fd = PORT(O_RDWR);

	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_STAT, &stat));
	stat = (struct mailbox_ioc_port_stat){};
	stat.waiters = user_pointer(&waiter);
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_STAT, &stat));
}

TEST(stat_cannot_write_the_sleepers)
{
	struct mailbox_ioc_port_stat stat = { .waiters_len = 1, .waiters = 8 };
	int fd = PORT(O_RDWR);
	struct call call;

	CALL_RECEIVE(&call, fd);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_PORT_STAT, &stat));
	CHECK_EQ(1, stat.waiters_len);
}

TEST(set_applies_each_field)
{
	int fd = PORT(O_RDWR, .capacity = 2);
	struct mailbox_ioc_port_stat stat;

	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_MODE, .mode = 0));
	CHECK_EQ(0, port_stat(fd).mode);
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_MODE, .mode = 0466));
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_CAPACITY, .capacity = 5));
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_CAPACITY_BYTES, .capacity_bytes = 50));
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_MESSAGE_BYTES_MAX, .message_bytes_max = 60));
	stat = port_stat(fd);
	CHECK_EQ(0466, stat.mode);
	CHECK_EQ(5, stat.capacity);
	CHECK_EQ(50, stat.capacity_bytes);
	CHECK_EQ(60, stat.message_bytes_max);
	CHECK_EQ(-EMSGSIZE, SEND(fd, .data = user_pointer(&stat), .len = 61));
}

TEST(set_happens_wholly_or_not_at_all)
{
	int fd = PORT(O_RDWR, .capacity = 2);

	CHECK_EQ(-EINVAL, SET(fd, .flags = MAILBOX_SET_MODE | MAILBOX_SET_CAPACITY |
				  MAILBOX_SET_MESSAGE_BYTES_MAX, .mode = 0666, .capacity = 5,
			      .message_bytes_max = MAILBOX_MESSAGE_BYTES_MAX + 1));
	CHECK_EQ(0600, port_stat(fd).mode);
	CHECK_EQ(2, port_stat(fd).capacity);
}

TEST(set_refuses_values_out_of_range)
{
	int fd = PORT(O_RDWR);
	struct mailbox_ioc_info limits = info(fd);

	CHECK_EQ(-EINVAL, SET(fd, .flags = MAILBOX_SET_MODE, .mode = 0100));
	CHECK_EQ(-EINVAL, SET(fd, .flags = MAILBOX_SET_UID, .uid = -1));
	CHECK_EQ(-EINVAL, SET(fd, .flags = MAILBOX_SET_GID, .gid = -1));
	CHECK_EQ(-EINVAL, SET(fd, .flags = MAILBOX_SET_CAPACITY, .buffering = 3));
	CHECK_EQ(-EINVAL, SET(fd, .flags = MAILBOX_SET_CAPACITY,
			      .capacity = limits.capacity_max + 1));
	CHECK_EQ(-EINVAL, SET(fd, .flags = MAILBOX_SET_CAPACITY, .capacity = 1, RENDEZVOUS));
	CHECK_EQ(-EINVAL, SET(fd, .flags = MAILBOX_SET_MESSAGE_BYTES_MAX,
			      .message_bytes_max = limits.message_bytes_max + 1));
}

TEST(set_refuses_fields_it_was_not_told_to_apply)
{
	int fd = PORT(O_RDWR);

	CHECK_EQ(-EINVAL, SET(fd, .mode = 0600));
	CHECK_EQ(-EINVAL, SET(fd, .uid = 1));
	CHECK_EQ(-EINVAL, SET(fd, .gid = 1));
	CHECK_EQ(-EINVAL, SET(fd, .buffering = 1));
	CHECK_EQ(-EINVAL, SET(fd, .capacity = 1));
	CHECK_EQ(-EINVAL, SET(fd, .capacity_bytes = 1));
	CHECK_EQ(-EINVAL, SET(fd, .message_bytes_max = 1));
}

TEST(less_room_drops_nothing)
{
	int fd = PORT(O_RDWR, .capacity = 4), i;

	for (i = 0; i < 4; i++)
		CHECK_EQ(0, put(fd, i));
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_CAPACITY, .capacity = 2));
	CHECK_EQ(0, take(fd));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(-EAGAIN, put(fd, 9));
	CHECK_EQ(2, take(fd));
	CHECK_EQ(0, put(fd, 4));
	CHECK_EQ(3, take(fd));
	CHECK_EQ(4, take(fd));
}

TEST(rendezvous_drops_nothing_that_was_queued)
{
	int fd = PORT(O_RDWR, .capacity = 4);

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_CAPACITY, RENDEZVOUS));
	CHECK_EQ(-EAGAIN, put(fd, 2));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(-EAGAIN, take(fd));
}

/* Room for the handles of a test with many. */
static void allow_handles(unsigned int count)
{
	struct rlimit limit;

	CHECK_OK(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = limit.rlim_max < count ? limit.rlim_max : count;
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
	if (limit.rlim_cur < count)
		SKIP("no more than %llu files may be open", (unsigned long long)limit.rlim_max);
}

#define MANY 1500

struct listing {
	char prefix[40];
	unsigned int next;		/* number of the name to come */
	unsigned int calls;
};

static struct mailbox_ioc_port_stat list_entries[300];

/* One PORT_LIST call; count 0 at the end. */
static unsigned int list_on(int fd, struct mailbox_ioc_port_list *list, unsigned int room)
{
	list->entry_size = sizeof(list_entries[0]);
	list->entries = user_pointer(list_entries);
	list->count = room;
	CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_LIST, list));
	CHECK(list->count <= room);
	if (list->count)
		memcpy(list->after, list_entries[list->count - 1].name, sizeof(list->after));
	return list->count;
}

/* Every name of the prefix comes once and in order. */
static void list_check(struct listing *listing, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (strncmp(list_entries[i].name, listing->prefix, strlen(listing->prefix)))
			continue;
		CHECK_EQ(listing->next, atoi(list_entries[i].name + strlen(listing->prefix)));
		listing->next++;
	}
	listing->calls++;
}

TEST_WITHIN(list_walks_over_many_ports, 60)
{
	struct mailbox_ioc_port_list list = {};
	struct listing listing = {};
	char name[60];
	unsigned int i, count;
	int fd;

	allow_handles(MANY + 100);
	snprintf(listing.prefix, sizeof(listing.prefix), "%s-", unique_name());
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "%s%06u", listing.prefix, MANY - 1 - i);
		fd = NAMED_PORT(O_RDWR, name);
	}
	fd = node_open(O_RDONLY);
	while ((count = list_on(fd, &list, 300))) {
		CHECK(count <= 256);
		list_check(&listing, count);
	}
	CHECK_EQ(MANY, listing.next);
	/* Calls that fill all of their room take no more steps than that. */
	CHECK(listing.calls <= info(fd).ports / 256 + 1);
}

TEST(list_goes_on_after_a_port_that_went)
{
	struct mailbox_ioc_port_list list = {};
	struct listing listing = {};
	char name[60];
	int fds[10], i;

	snprintf(listing.prefix, sizeof(listing.prefix), "%s-", unique_name());
	for (i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "%s%06d", listing.prefix, i);
		fds[i] = NAMED_PORT(O_RDWR, name);
	}
	while (list_on(fds[9], &list, 1)) {
		list_check(&listing, 1);
		if (listing.next && listing.next < 10)
			close(fds[listing.next - 1]);
	}
	CHECK_EQ(10, listing.next);
}

TEST(list_tells_what_stat_tells)
{
	struct mailbox_ioc_port_list list = {};
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name, .capacity = 3);
	struct mailbox_ioc_port_stat stat;
	bool found = false;

	CHECK_EQ(0, put(fd, 1));
	stat = port_stat(fd);
	while (list_on(fd, &list, 1))
		if (!strcmp(list_entries[0].name, name))
			found = !memcmp(&list_entries[0], &stat, sizeof(stat));
	CHECK(found);
}

TEST(list_shows_no_port_without_name)
{
	struct mailbox_ioc_port_list list = {};
	int fd = PORT(O_RDWR);

	while (list_on(fd, &list, 1))
		CHECK(list_entries[0].id != port_stat(fd).id);
}

TEST(list_serves_programs_with_longer_entries)
{
	struct mailbox_ioc_port_list list = { .entry_size = sizeof(list_entries[0]) + 16 };
	unsigned char memory[2 * (sizeof(list_entries[0]) + 16)];
	char *name = unique_name();
	unsigned int i;
	int fd;

	fd = NAMED_PORT(O_RDWR, name);
	memset(memory, 0xff, sizeof(memory));
	list.entries = user_pointer(memory);
	list.count = 1;
	CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_LIST, &list));
	CHECK_EQ(1, list.count);
	for (i = 0; i < 16; i++)
		CHECK_EQ(0, memory[sizeof(list_entries[0]) + i]);
	CHECK_EQ(0xff, memory[list.entry_size]);
}

TEST(list_refuses_entries_that_are_too_short)
{
	struct mailbox_ioc_port_list list = { .count = 1 };
	int fd = PORT(O_RDWR);

	list.entries = user_pointer(list_entries);
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_LIST, &list));
	list.entry_size = 240 - 8;
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_LIST, &list));
}

TEST(list_refuses_entries_of_odd_sizes)
{
	static char memory[8192];
	struct mailbox_ioc_port_list list = { .count = 1 };
	int fd = NAMED_PORT(O_RDWR, unique_name());

	list.entries = user_pointer(memory);
	list.entry_size = sizeof(list_entries[0]) + 4;
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_LIST, &list));
	list.entry_size = sysconf(_SC_PAGESIZE) + 8;
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_LIST, &list));
	list.entry_size = sysconf(_SC_PAGESIZE);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_LIST, &list));
	CHECK_EQ(1, list.count);
}

TEST(list_refuses_a_bad_array)
{
	struct mailbox_ioc_port_list list = { .count = 1, .entry_size = sizeof(list_entries[0]) };
	int fd = NAMED_PORT(O_RDWR, unique_name());

	list.entries = 8;
	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_PORT_LIST, &list));
}
