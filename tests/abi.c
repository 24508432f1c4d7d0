// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ABI table: every command against every rule that holds for all of them,
 * and the published numbers, frozen as literals. Nothing here may be changed
 * to make a test pass: programs that exist have these numbers in them.
 */
#include <stddef.h>

#include "port.h"

/* One command: a call of it that succeeds, and what may vary. */
struct abi_command {
	const char *name;
	unsigned int number;		/* frozen */
	unsigned int defined;		/* what the header says */
	unsigned int size;		/* frozen */
	unsigned int known_flags;	/* frozen */
	int pad;			/* offset of a __u32 that must be 0, or -1 */
	int (*prepare)(void *arg);	/* a handle, and the argument */
};

static int prepare_info(void *arg)
{
	(void)arg;
	return node_open(O_RDWR);
}

static int prepare_create(void *arg)
{
	(void)arg;
	return node_open(O_RDWR);
}

/* The port that the other commands find; it lives as long as the test. */
static char *fixture_name(int *fd)
{
	char *name = unique_name();

	*fd = NAMED_PORT(O_RDWR, name, .capacity = 8);
	return name;
}

static int prepare_open(void *arg)
{
	struct mailbox_ioc_port_open *bind = arg;
	int port;

	strcpy(bind->name, fixture_name(&port));
	return node_open(O_RDWR);
}

static int prepare_remove(void *arg)
{
	struct mailbox_ioc_port_remove *remove = arg;
	int port;

	strcpy(remove->name, fixture_name(&port));
	return node_open(O_RDWR);
}

static int prepare_bound(void *arg)
{
	(void)arg;
	return PORT(O_RDWR, .capacity = 8);
}

static int prepare_list(void *arg)
{
	static struct mailbox_ioc_port_stat entries[4];
	struct mailbox_ioc_port_list *list = arg;
	int fd;

	fixture_name(&fd);
	list->entry_size = sizeof(entries[0]);
	list->entries = user_pointer(entries);
	list->count = ARRAY_SIZE(entries);
	return fd;
}

static int prepare_receive(void *arg)
{
	struct mailbox_ioc_receive *receive = arg;
	static char buffer[16];
	int fd = PORT(O_RDWR, .capacity = 8);

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, put(fd, 2));
	receive->data = user_pointer(buffer);
	receive->size = sizeof(buffer);
	return fd;
}

static const struct abi_command commands[] = {
	{ "info", 0xC060E900, MAILBOX_IOC_INFO, 96, 0, -1, prepare_info },
	{ "create", 0xC0B8E901, MAILBOX_IOC_PORT_CREATE, 184, 0x1F, 180, prepare_create },
	{ "open", 0xC090E902, MAILBOX_IOC_PORT_OPEN, 144, 0, 4, prepare_open },
	{ "unlink", 0x4088E903, MAILBOX_IOC_PORT_UNLINK, 136, 0, 4, prepare_remove },
	{ "destroy", 0x4088E904, MAILBOX_IOC_PORT_DESTROY, 136, 0, 4, prepare_remove },
	{ "stat", 0xC0F0E905, MAILBOX_IOC_PORT_STAT, 240, 0, -1, prepare_bound },
	{ "set", 0x4028E906, MAILBOX_IOC_PORT_SET, 40, 0x3F, -1, prepare_bound },
	{ "list", 0xC098E907, MAILBOX_IOC_PORT_LIST, 152, 0, 20, prepare_list },
	{ "send", 0xC040E910, MAILBOX_IOC_SEND, 64, 0x07, -1, prepare_bound },
	{ "receive", 0xC060E911, MAILBOX_IOC_RECEIVE, 96, 0x0F, 92, prepare_receive },
};

#define ARGUMENT_MAX 8192

static char argument[ARGUMENT_MAX] __attribute__((aligned(8)));

static const struct abi_command *row(void)
{
	return test_now->row;
}

static unsigned long sized(unsigned int size)
{
	return (row()->number & ~(_IOC_SIZEMASK << _IOC_SIZESHIFT)) | size << _IOC_SIZESHIFT;
}

static void number_is_frozen(void)
{
	CHECK_EQ(row()->number, row()->defined);
	CHECK_EQ(row()->size, _IOC_SIZE(row()->defined));
}

static void size_is_accepted(void)
{
	int fd = row()->prepare(argument);

	CHECK_EQ(0, command(fd, row()->number, argument));
}

static void shorter_is_refused(void)
{
	int fd = row()->prepare(argument);
	unsigned int size;

	for (size = 0; size < row()->size; size++)
		CHECK_EQ(-EINVAL, command(fd, sized(size), argument));
}

static void longer_with_zeros_is_accepted(void)
{
	int fd = row()->prepare(argument);
	unsigned int i;

	CHECK_EQ(0, command(fd, sized(row()->size + 8), argument));
	for (i = 0; i < 8; i++)
		CHECK_EQ(0, argument[row()->size + i]);
}

static void a_page_with_zeros_is_accepted(void)
{
	int fd = row()->prepare(argument);

	CHECK_EQ(0, command(fd, sized(4096), argument));
}

static void more_than_a_page_is_refused(void)
{
	int fd = row()->prepare(argument);

	CHECK_EQ(-E2BIG, command(fd, sized(sysconf(_SC_PAGESIZE) + 8), argument));
}

static void longer_with_garbage_is_refused(void)
{
	int fd = row()->prepare(argument);
	unsigned int i;

	for (i = 0; i < 8; i++) {
		argument[row()->size + i] = 1;
		CHECK_EQ(-E2BIG, command(fd, sized(row()->size + 8), argument));
		argument[row()->size + i] = 0;
	}
	/* None of them did anything. */
	CHECK_EQ(0, command(fd, row()->number, argument));
}

static void unknown_flags_are_refused(void)
{
	char before[ARGUMENT_MAX];
	int fd = row()->prepare(argument);
	__u32 flags;
	int bit;

	for (bit = 0; bit < 32; bit++) {
		if (row()->known_flags & 1U << bit)
			continue;
		flags = 1U << bit;
		memcpy(argument, &flags, sizeof(flags));
		memcpy(before, argument, sizeof(before));
		CHECK_EQ(-EINVAL, command(fd, row()->number, argument));
		CHECK(!memcmp(before, argument, sizeof(before)));
	}
}

static void padding_must_be_zero(void)
{
	int fd = row()->prepare(argument);
	unsigned int i;

	if (row()->pad < 0)
		SKIP("has no padding");
	for (i = 0; i < 4; i++) {
		argument[row()->pad + i] = 1;
		CHECK_EQ(-EINVAL, command(fd, row()->number, argument));
		argument[row()->pad + i] = 0;
	}
}

static void bad_pointer_is_refused(void)
{
	int fd = row()->prepare(argument);

	CHECK_EQ(-EFAULT, command(fd, row()->number, NULL));
	CHECK_EQ(-EFAULT, command(fd, row()->number, (void *)1));
	CHECK_EQ(-EFAULT, command(fd, row()->number, (void *)-4096L));
}

/* Two pages, of which the second is not there. */
static char *last_page(void)
{
	long size = sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(pages != MAP_FAILED);
	CHECK_OK(munmap(pages + size, size));
	return pages;
}

static void nothing_beyond_size_is_touched(void)
{
	char *end = last_page() + sysconf(_SC_PAGESIZE);
	char *arg = end - row()->size;
	int fd = row()->prepare(arg);

	CHECK_EQ(0, command(fd, row()->number, arg));
}

static void unreadable_tail_is_refused(void)
{
	char *end = last_page() + sysconf(_SC_PAGESIZE);
	char *arg = end - row()->size;
	int fd = row()->prepare(arg);

	CHECK_EQ(-EFAULT, command(fd, sized(row()->size + 8), arg));
	CHECK_EQ(-EFAULT, command(fd, row()->number, arg + 8));
	CHECK_EQ(0, command(fd, row()->number, arg));
}

static void other_direction_is_unknown(void)
{
	int fd = row()->prepare(argument);
	unsigned int direction;

	for (direction = 0; direction < 4; direction++) {
		if (direction == _IOC_DIR(row()->number))
			continue;
		CHECK_EQ(-ENOTTY, command(fd, _IOC(direction, 0xE9, _IOC_NR(row()->number),
						   row()->size), argument));
	}
}

static void other_magic_is_unknown(void)
{
	int fd = row()->prepare(argument);

	CHECK_EQ(-ENOTTY, command(fd, row()->number ^ 0x0100, argument));
	CHECK_EQ(-ENOTTY, command(fd, row()->number ^ 0x8000, argument));
}

static const struct {
	const char *name;
	void (*run)(void);
} rules[] = {
	{ "number_is_frozen", number_is_frozen },
	{ "size_is_accepted", size_is_accepted },
	{ "shorter_is_refused", shorter_is_refused },
	{ "longer_with_zeros_is_accepted", longer_with_zeros_is_accepted },
	{ "a_page_with_zeros_is_accepted", a_page_with_zeros_is_accepted },
	{ "more_than_a_page_is_refused", more_than_a_page_is_refused },
	{ "longer_with_garbage_is_refused", longer_with_garbage_is_refused },
	{ "unknown_flags_are_refused", unknown_flags_are_refused },
	{ "padding_must_be_zero", padding_must_be_zero },
	{ "bad_pointer_is_refused", bad_pointer_is_refused },
	{ "nothing_beyond_size_is_touched", nothing_beyond_size_is_touched },
	{ "unreadable_tail_is_refused", unreadable_tail_is_refused },
	{ "other_direction_is_unknown", other_direction_is_unknown },
	{ "other_magic_is_unknown", other_magic_is_unknown },
};

static void __attribute__((constructor)) abi_table(void)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		for (j = 0; j < ARRAY_SIZE(rules); j++) {
			/* Where there is no padding there is nothing to try. */
			if (rules[j].run == padding_must_be_zero && commands[i].pad < 0)
				continue;
			test_add(commands[i].name, rules[j].name, rules[j].run, &commands[i]);
		}
	}
}

TEST(unknown_numbers_are_unknown)
{
	static const unsigned int known = 1U << 0 | 1U << 1 | 1U << 2 | 1U << 3 | 1U << 4 |
					  1U << 5 | 1U << 6 | 1U << 7 | 1U << 16 | 1U << 17;
	int fd = PORT(O_RDWR);
	unsigned int number, direction;

	for (number = 0; number < 256; number++) {
		if (number < 32 && known & 1U << number)
			continue;
		for (direction = 0; direction < 4; direction++)
			CHECK_EQ(-ENOTTY, command(fd, _IOC(direction, 0xE9, number, 96),
						  argument));
	}
}

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
	WHOLE(ioc_port_create, 184),
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
	WHOLE(ioc_port_open, 144),
	FIELD(ioc_port_open, flags, 0, 4),
	FIELD(ioc_port_open, fd, 4, 4),
	FIELD(ioc_port_open, name, 8, 128),
	FIELD(ioc_port_open, id, 136, 8),
	WHOLE(ioc_port_remove, 136),
	FIELD(ioc_port_remove, flags, 0, 4),
	FIELD(ioc_port_remove, pad, 4, 4),
	FIELD(ioc_port_remove, name, 8, 128),
	WHOLE(waiter, 16),
	FIELD(waiter, direction, 0, 4),
	FIELD(waiter, pid, 4, 4),
	FIELD(waiter, tid, 8, 4),
	FIELD(waiter, pad, 12, 4),
	WHOLE(ioc_port_stat, 240),
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
	WHOLE(ioc_port_set, 40),
	FIELD(ioc_port_set, flags, 0, 4),
	FIELD(ioc_port_set, mode, 4, 4),
	FIELD(ioc_port_set, uid, 8, 4),
	FIELD(ioc_port_set, gid, 12, 4),
	FIELD(ioc_port_set, buffering, 16, 4),
	FIELD(ioc_port_set, capacity, 20, 4),
	FIELD(ioc_port_set, capacity_bytes, 24, 8),
	FIELD(ioc_port_set, message_bytes_max, 32, 8),
	WHOLE(ioc_port_list, 152),
	FIELD(ioc_port_list, flags, 0, 4),
	FIELD(ioc_port_list, entry_size, 4, 4),
	FIELD(ioc_port_list, entries, 8, 8),
	FIELD(ioc_port_list, count, 16, 4),
	FIELD(ioc_port_list, pad, 20, 4),
	FIELD(ioc_port_list, after, 24, 128),
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
	WHOLE(ioc_receive, 96),
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

TEST(constants_are_frozen)
{
	CHECK_EQ(0xE9, MAILBOX_IOC_MAGIC);
	CHECK_EQ(127, MAILBOX_NAME_MAX);
	CHECK_EQ(128, MAILBOX_NAME_SIZE);
	CHECK_EQ(32767, MAILBOX_PRIORITY_MAX);
	CHECK_EQ(16777216, MAILBOX_MESSAGE_BYTES_MAX);
	CHECK_EQ(256, MAILBOX_MESSAGE_OVERHEAD);
	CHECK_EQ(1, MAILBOX_FEATURE_SYNC);
	CHECK_EQ(2, MAILBOX_FEATURE_SELECT);
	CHECK_EQ(4, MAILBOX_FEATURE_HANGUP);
	CHECK_EQ(0, MAILBOX_BUFFERING_BOUNDED);
	CHECK_EQ(1, MAILBOX_BUFFERING_RENDEZVOUS);
	CHECK_EQ(2, MAILBOX_BUFFERING_UNBOUNDED);
	CHECK_EQ(0x01, MAILBOX_CREATE_PERSIST);
	CHECK_EQ(0x02, MAILBOX_CREATE_HANGUP);
	CHECK_EQ(0x04, MAILBOX_CREATE_OPEN);
	CHECK_EQ(0x08, MAILBOX_CREATE_UID);
	CHECK_EQ(0x10, MAILBOX_CREATE_GID);
	CHECK_EQ(1, MAILBOX_WAITER_SENDER);
	CHECK_EQ(2, MAILBOX_WAITER_RECEIVER);
	CHECK_EQ(0x01, MAILBOX_SET_MODE);
	CHECK_EQ(0x02, MAILBOX_SET_UID);
	CHECK_EQ(0x04, MAILBOX_SET_GID);
	CHECK_EQ(0x08, MAILBOX_SET_CAPACITY);
	CHECK_EQ(0x10, MAILBOX_SET_CAPACITY_BYTES);
	CHECK_EQ(0x20, MAILBOX_SET_MESSAGE_BYTES_MAX);
	CHECK_EQ(0x01, MAILBOX_SEND_NONBLOCK);
	CHECK_EQ(0x02, MAILBOX_SEND_SYNC);
	CHECK_EQ(0x04, MAILBOX_SEND_REALTIME);
	CHECK_EQ(0x01, MAILBOX_RECEIVE_NONBLOCK);
	CHECK_EQ(0x02, MAILBOX_RECEIVE_PEEK);
	CHECK_EQ(0x04, MAILBOX_RECEIVE_TRUNC);
	CHECK_EQ(0x08, MAILBOX_RECEIVE_REALTIME);
	CHECK_EQ(0, MAILBOX_SELECT_ANY);
	CHECK_EQ(1, MAILBOX_SELECT_TYPE);
	CHECK_EQ(2, MAILBOX_SELECT_TYPE_NOT);
	CHECK_EQ(3, MAILBOX_SELECT_TYPE_AT_MOST);
	CHECK_EQ(4, MAILBOX_SELECT_SENDER);
}

TEST(info_reports_version_and_features)
{
	struct mailbox_ioc_info got = info(node_open(O_RDONLY));

	CHECK_EQ(MAILBOX_ABI_VERSION, got.version);
	CHECK_EQ(7, got.features & 7);
}

TEST(info_reports_limits_within_their_maxima)
{
	struct mailbox_ioc_info got = info(node_open(O_RDONLY));

	CHECK_RANGE(1, got.capacity_max, got.capacity_default);
	CHECK_RANGE(1, got.message_bytes_max, got.message_bytes_default);
	CHECK_RANGE(1, MAILBOX_MESSAGE_BYTES_MAX, got.message_bytes_max);
	CHECK(got.ports_max >= 1);
	CHECK(got.user_ports_max >= 1);
	CHECK(got.user_bytes_max >= 1);
}

TEST(info_counts_ports)
{
	int fd = node_open(O_RDONLY);
	struct mailbox_ioc_info before = info(fd), after;

	PORT(O_RDWR);
	after = info(fd);
	CHECK_EQ(before.ports + 1, after.ports);
	CHECK_EQ(before.user_ports + 1, after.user_ports);
}

TEST(info_counts_queued_bytes)
{
	int fd = PORT(O_RDWR);
	unsigned long long before = info(fd).user_bytes;

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(before + sizeof(int) + MAILBOX_MESSAGE_OVERHEAD, info(fd).user_bytes);
	CHECK_EQ(1, take(fd));
	CHECK_EQ(before, info(fd).user_bytes);
}

/* What the kernel hands back can be handed in again, as loops do. */
TEST(send_struct_can_be_used_again)
{
	int fd = PORT(O_RDWR, .capacity = 8);
	struct mailbox_ioc_send send = {};

	CHECK_EQ(0, command(fd, MAILBOX_IOC_SEND, &send));
	CHECK_EQ(0, command(fd, MAILBOX_IOC_SEND, &send));
}

TEST(receive_struct_can_be_used_again)
{
	struct mailbox_ioc_receive receive = { .flags = MAILBOX_RECEIVE_NONBLOCK };
	int fd = PORT(O_RDWR, .capacity = 8), value = 0;

	receive.data = user_pointer(&value);
	receive.size = sizeof(value);
	CHECK_EQ(0, put_as(fd, 1, 7, 7));
	CHECK_EQ(0, put_as(fd, 2, 8, 6));
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(1, value);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(2, value);
	CHECK_EQ(8, receive.type);
}

/* A page that the kernel can read and not write: its answer has no place. */
static void *read_only(const void *from, size_t size)
{
	char *page = last_page();

	memcpy(page, from, size);
	CHECK_OK(mprotect(page, sysconf(_SC_PAGESIZE), PROT_READ));
	return page;
}

TEST(send_that_cannot_answer_sends_nothing)
{
	struct mailbox_ioc_send send = {};
	int fd = PORT(O_RDWR);

	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_SEND, read_only(&send, sizeof(send))));
	CHECK_EQ(0, messages(fd));
}

TEST(receive_that_cannot_answer_takes_nothing)
{
	struct mailbox_ioc_receive receive = {};
	int fd = PORT(O_RDWR), value;

	receive.data = user_pointer(&value);
	receive.size = sizeof(value);
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, put(fd, 2));
	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_RECEIVE, read_only(&receive, sizeof(receive))));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(2, take(fd));
}

TEST(create_that_cannot_answer_binds_nothing)
{
	struct mailbox_ioc_port_create create = {};
	int fd = node_open(O_RDWR);
	char *name = unique_name();

	strcpy(create.name, name);
	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_PORT_CREATE,
				  read_only(&create, sizeof(create))));
	CHECK_EQ(-ENOENT, bind_name(fd, name));
}
