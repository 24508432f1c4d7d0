// SPDX-License-Identifier: GPL-2.0-only
/*
 * The entries of batches, which may be longer than the kernel knows them, as
 * structs of commands may.
 */
#include "abi.h"
#include "port.h"

/* Frozen, as first published. */
#define SEND_ENTRY	40
#define RECEIVE_ENTRY	96

#define ENTRIES_MAX	8192

static char entries[ENTRIES_MAX] __attribute__((aligned(8)));
static char payload[4];

/* A send of @count entries, @size bytes apart, of one byte each: 'a', 'b'... */
static long long send_entries(int fd, char *at, unsigned int count, unsigned int size,
			      struct mailbox_ioc_send_batch *batch)
{
	unsigned int i;

	*batch = (struct mailbox_ioc_send_batch){
		.flags = MAILBOX_SEND_NONBLOCK,
		.entries = user_pointer(at),
		.entry_size = size,
		.count = count,
	};
	for (i = 0; i < count; i++) {
		struct mailbox_send_entry *entry = (void *)(at + i * size);

		payload[i] = 'a' + i;
		entry->data = user_pointer(&payload[i]);
		entry->len = 1;
	}
	return command(fd, MAILBOX_IOC_SEND_BATCH, batch);
}

static long long receive_entries(int fd, char *at, unsigned int count, unsigned int size,
				 struct mailbox_ioc_receive_batch *batch)
{
	unsigned int i;

	*batch = (struct mailbox_ioc_receive_batch){
		.flags = MAILBOX_RECEIVE_NONBLOCK,
		.entries = user_pointer(at),
		.entry_size = size,
		.count = count,
	};
	for (i = 0; i < count; i++) {
		struct mailbox_receive_entry *entry = (void *)(at + i * size);

		entry->data = user_pointer(&payload[i]);
		entry->size = 1;
	}
	return command(fd, MAILBOX_IOC_RECEIVE_BATCH, batch);
}

/* Messages of a byte, 'a', 'b'... */
static int port_with(unsigned int count)
{
	int fd = PORT(O_RDWR, .capacity = 8);
	unsigned int i;

	for (i = 0; i < count; i++)
		CHECK_EQ(1, write(fd, &"abcd"[i], 1));
	return fd;
}

/* The next message is that byte. */
static void next_is(int fd, char byte)
{
	char got;

	CHECK_EQ(0, RECEIVE(fd, .flags = MAILBOX_RECEIVE_NONBLOCK, .data = user_pointer(&got),
			    .size = 1));
	CHECK_EQ(byte, got);
}

static void all_zero(const char *at, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		CHECK_EQ(0, at[i]);
}

TEST(send_entries_that_are_too_short_are_refused)
{
	struct mailbox_ioc_send_batch batch;
	int fd = port_with(0);
	unsigned int size;

	for (size = 0; size < SEND_ENTRY; size++)
		CHECK_EQ(-EINVAL, send_entries(fd, entries, 1, size, &batch));
	CHECK_EQ(0, messages(fd));
}

TEST(send_entries_of_odd_sizes_are_refused)
{
	struct mailbox_ioc_send_batch batch;
	int fd = port_with(0);
	unsigned int size;

	for (size = SEND_ENTRY + 1; size < SEND_ENTRY + 8; size++)
		CHECK_EQ(-EINVAL, send_entries(fd, entries, 1, size, &batch));
	CHECK_EQ(-EINVAL, send_entries(fd, entries, 1, sysconf(_SC_PAGESIZE) + 8, &batch));
	CHECK_EQ(0, messages(fd));
}

TEST(send_entries_are_accepted_as_first_published)
{
	struct mailbox_ioc_send_batch batch;
	int fd = port_with(0);
	char *at = page_end(2 * SEND_ENTRY);
	const struct mailbox_send_entry *second = (void *)(at + SEND_ENTRY);

	CHECK_EQ(0, send_entries(fd, at, 2, SEND_ENTRY, &batch));
	CHECK_EQ(2, batch.done);
	CHECK_EQ(0, batch.error);
	CHECK_EQ(2, second->seq);
	next_is(fd, 'a');
	next_is(fd, 'b');
}

TEST(send_entries_that_are_longer_are_accepted)
{
	struct mailbox_ioc_send_batch batch;
	unsigned int size = SEND_ENTRY + 8;
	int fd = port_with(0);
	const struct mailbox_send_entry *second = (void *)(entries + size);

	CHECK_EQ(0, send_entries(fd, entries, 2, size, &batch));
	CHECK_EQ(2, batch.done);
	CHECK_EQ(2, second->seq);
	all_zero(entries + SEND_ENTRY, 8);
	all_zero(entries + size + SEND_ENTRY, 8);
	next_is(fd, 'a');
	next_is(fd, 'b');
}

TEST(send_entries_of_a_page_are_accepted)
{
	struct mailbox_ioc_send_batch batch;
	int fd = port_with(0);

	CHECK_EQ(0, send_entries(fd, entries, 2, 4096, &batch));
	next_is(fd, 'a');
	next_is(fd, 'b');
}

TEST(send_entries_that_ask_for_more_are_refused)
{
	struct mailbox_ioc_send_batch batch;
	int fd = port_with(0);
	unsigned int i;

	for (i = 0; i < 8; i++) {
		entries[SEND_ENTRY + i] = 1;
		CHECK_EQ(-E2BIG, send_entries(fd, entries, 1, SEND_ENTRY + 8, &batch));
		entries[SEND_ENTRY + i] = 0;
	}
	CHECK_EQ(0, messages(fd));
}

TEST(send_entries_with_padding_are_refused)
{
	struct mailbox_ioc_send_batch batch;
	int fd = port_with(0);
	unsigned int i;

	for (i = 28; i < 32; i++) {
		entries[i] = 1;
		CHECK_EQ(-EINVAL, send_entries(fd, entries, 1, SEND_ENTRY, &batch));
		entries[i] = 0;
	}
	CHECK_EQ(0, messages(fd));
}

TEST(send_entries_can_be_used_again)
{
	struct mailbox_ioc_send_batch batch;
	int fd = port_with(0);

	CHECK_EQ(0, send_entries(fd, entries, 2, SEND_ENTRY, &batch));
	CHECK_EQ(0, send_entries(fd, entries, 2, SEND_ENTRY, &batch));
	CHECK_EQ(4, messages(fd));
}

TEST(send_entries_beyond_memory_are_refused)
{
	struct mailbox_ioc_send_batch batch = {
		.count = 1,
		.entry_size = SEND_ENTRY,
		.entries = user_pointer(page_end(SEND_ENTRY - 8)),
	};
	int fd = port_with(0);

	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_SEND_BATCH, &batch));
	batch.entries = 0;
	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_SEND_BATCH, &batch));
	CHECK_EQ(0, messages(fd));
}

TEST(send_entries_that_cannot_be_told_send_nothing)
{
	struct mailbox_send_entry entry = {};
	struct mailbox_ioc_send_batch batch = {
		.count = 1,
		.entry_size = SEND_ENTRY,
		.entries = user_pointer(read_only(&entry, sizeof(entry))),
	};
	int fd = port_with(0);

	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_SEND_BATCH, &batch));
	CHECK_EQ(0, messages(fd));
}

TEST(send_batch_that_cannot_answer_sends_nothing)
{
	struct mailbox_send_entry entry = {};
	struct mailbox_ioc_send_batch batch = {
		.count = 1,
		.entry_size = SEND_ENTRY,
		.entries = user_pointer(&entry),
	};
	int fd = PORT(O_RDWR);

	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_SEND_BATCH, read_only(&batch, sizeof(batch))));
	CHECK_EQ(0, messages(fd));
}

TEST(receive_entries_that_are_too_short_are_refused)
{
	struct mailbox_ioc_receive_batch batch;
	int fd = port_with(1);
	unsigned int size;

	for (size = 0; size < RECEIVE_ENTRY; size++)
		CHECK_EQ(-EINVAL, receive_entries(fd, entries, 1, size, &batch));
	CHECK_EQ(1, messages(fd));
}

TEST(receive_entries_of_odd_sizes_are_refused)
{
	struct mailbox_ioc_receive_batch batch;
	int fd = port_with(1);
	unsigned int size;

	for (size = RECEIVE_ENTRY + 1; size < RECEIVE_ENTRY + 8; size++)
		CHECK_EQ(-EINVAL, receive_entries(fd, entries, 1, size, &batch));
	CHECK_EQ(-EINVAL, receive_entries(fd, entries, 1, sysconf(_SC_PAGESIZE) + 8, &batch));
	CHECK_EQ(1, messages(fd));
}

TEST(receive_entries_are_accepted_as_first_published)
{
	struct mailbox_ioc_receive_batch batch;
	int fd = port_with(2);
	char *at = page_end(2 * RECEIVE_ENTRY);
	const struct mailbox_receive_entry *second = (void *)(at + RECEIVE_ENTRY);

	CHECK_EQ(0, receive_entries(fd, at, 2, RECEIVE_ENTRY, &batch));
	CHECK_EQ(2, batch.done);
	CHECK_EQ(0, batch.error);
	CHECK_EQ(2, second->seq);
	CHECK_EQ('a', payload[0]);
	CHECK_EQ('b', payload[1]);
}

TEST(receive_entries_that_are_longer_are_accepted)
{
	struct mailbox_ioc_receive_batch batch;
	unsigned int size = RECEIVE_ENTRY + 8;
	int fd = port_with(2);
	const struct mailbox_receive_entry *second = (void *)(entries + size);

	CHECK_EQ(0, receive_entries(fd, entries, 2, size, &batch));
	CHECK_EQ(2, batch.done);
	CHECK_EQ(2, second->seq);
	CHECK_EQ(getpid(), second->pid);
	all_zero(entries + RECEIVE_ENTRY, 8);
	all_zero(entries + size + RECEIVE_ENTRY, 8);
	CHECK_EQ('b', payload[1]);
}

TEST(receive_entries_of_a_page_are_accepted)
{
	struct mailbox_ioc_receive_batch batch;
	int fd = port_with(2);

	CHECK_EQ(0, receive_entries(fd, entries, 2, 4096, &batch));
	CHECK_EQ(2, batch.done);
	CHECK_EQ('b', payload[1]);
}

TEST(receive_entries_that_ask_for_more_are_refused)
{
	struct mailbox_ioc_receive_batch batch;
	int fd = port_with(1);
	unsigned int i;

	for (i = 0; i < 8; i++) {
		entries[RECEIVE_ENTRY + i] = 1;
		CHECK_EQ(-E2BIG, receive_entries(fd, entries, 1, RECEIVE_ENTRY + 8, &batch));
		entries[RECEIVE_ENTRY + i] = 0;
	}
	next_is(fd, 'a');
}

TEST(receive_entries_with_padding_are_refused)
{
	struct mailbox_ioc_receive_batch batch;
	int fd = port_with(1);
	unsigned int i;

	for (i = 92; i < 96; i++) {
		entries[i] = 1;
		CHECK_EQ(-EINVAL, receive_entries(fd, entries, 1, RECEIVE_ENTRY, &batch));
		entries[i] = 0;
	}
	next_is(fd, 'a');
}

TEST(receive_entries_can_be_used_again)
{
	struct mailbox_ioc_receive_batch batch;
	int fd = port_with(2);

	CHECK_EQ(0, receive_entries(fd, entries, 1, RECEIVE_ENTRY, &batch));
	CHECK_EQ('a', payload[0]);
	CHECK_EQ(0, receive_entries(fd, entries, 1, RECEIVE_ENTRY, &batch));
	CHECK_EQ('b', payload[0]);
}

TEST(receive_entries_beyond_memory_take_nothing)
{
	struct mailbox_ioc_receive_batch batch = {
		.count = 1,
		.entry_size = RECEIVE_ENTRY,
		.entries = user_pointer(page_end(RECEIVE_ENTRY - 8)),
	};
	int fd = port_with(1);

	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_RECEIVE_BATCH, &batch));
	batch.entries = 0;
	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_RECEIVE_BATCH, &batch));
	next_is(fd, 'a');
}

TEST(receive_entries_that_cannot_be_told_take_nothing)
{
	struct mailbox_receive_entry entry = { .data = user_pointer(payload), .size = 1 };
	struct mailbox_ioc_receive_batch batch = {
		.count = 1,
		.entry_size = RECEIVE_ENTRY,
		.entries = user_pointer(read_only(&entry, sizeof(entry))),
	};
	int fd = port_with(1);

	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_RECEIVE_BATCH, &batch));
	next_is(fd, 'a');
}

/* The entries are told, but not how many of them count. */
TEST(receive_batch_that_cannot_answer_takes_nothing)
{
	struct mailbox_receive_entry entry = { .data = user_pointer(payload), .size = 1 };
	struct mailbox_ioc_receive_batch batch = {
		.count = 1,
		.entry_size = RECEIVE_ENTRY,
		.entries = user_pointer(&entry),
	};
	int fd = port_with(2);

	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_RECEIVE_BATCH,
				  read_only(&batch, sizeof(batch))));
	next_is(fd, 'a');
	next_is(fd, 'b');
}
