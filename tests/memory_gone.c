// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that goes away during a call, as a file does that is mapped and truncated;
 * and memory of messages that is used for the next ones: nobody sees in it what was
 * there before.
 */
#include "changer.h"

#define SHORT	16
#define LIMIT	4096

/* --- memory that is taken away ------------------------------------------------------ */

/* A page of a file, mapped, whose length another thread changes. */
struct region {
	struct changer changer;
	void *page;
	size_t size;
};

static void region_start(struct region *region)
{
	region->size = sysconf(_SC_PAGESIZE);
	region->changer = (struct changer){
		.turn = turn_length,
		.value = { region->size, 0 },
		.fd = memfd_create("region", MFD_CLOEXEC),
	};
	CHECK_OK(region->changer.fd);
	CHECK_OK(ftruncate(region->changer.fd, region->size));
	region->page = mmap(NULL, region->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			    region->changer.fd, 0);
	CHECK(region->page != MAP_FAILED);
	changer_start(&region->changer);
}

/* By the file, as the mapping may have lost it. Checked. */
static void region_write(struct region *region, const void *data, size_t size)
{
	CHECK_EQ(size, RESULT(pwrite(region->changer.fd, data, size, 0)));
}

/* A message comes of it if the call says so. */
TEST(payload_is_truncated_during_a_send)
{
	char *data = letters(LIMIT, 'a'), *buffer = letters(LIMIT, UNTOUCHED);
	struct region region;
	struct outcomes seen = {};
	int fd = PORT(O_RDWR);
	size_t i;

	region_start(&region);
	while (goes_on(&seen)) {
		region_write(&region, data, LIMIT);
		if (outcome(&seen, 0, -EFAULT,
			    SEND(fd, .data = user_pointer(region.page), .len = LIMIT))) {
			CHECK_EQ(0, messages(fd));
			continue;
		}
		CHECK_EQ(0, RECEIVE(fd, .data = user_pointer(buffer), .size = LIMIT));
		/* What is put on a file anew is zero. */
		for (i = 0; i < LIMIT; i++)
			CHECK(!buffer[i] || buffer[i] == 'a');
	}
	changer_stop(&region.changer);
}

/* Received, or in its old place: each in its turn. */
TEST(buffer_is_truncated_during_a_receive)
{
	char *data = letters(LIMIT, 'a');
	struct mailbox_ioc_receive receive = { .size = LIMIT };
	struct region region;
	struct outcomes seen = {};
	__u64 next = 0, sent = 0;
	int fd = PORT(O_RDWR);

	region_start(&region);
	receive.data = user_pointer(region.page);
	while (goes_on(&seen)) {
		for (; sent < next + 2; sent++)
			CHECK_EQ(0, SEND(fd, .type = sent, .data = user_pointer(data),
					 .len = LIMIT));
		if (!outcome(&seen, 0, -EFAULT, command(fd, MAILBOX_IOC_RECEIVE, &receive)))
			CHECK_EQ(next++, receive.type);
		CHECK_EQ(sent - next, messages(fd));
	}
	changer_stop(&region.changer);
}

TEST(struct_is_truncated_during_a_send)
{
	char *data = letters(SHORT, 'a'), *buffer = letters(SHORT, UNTOUCHED);
	struct mailbox_ioc_send send = { .data = user_pointer(data), .len = SHORT };
	struct region region;
	struct outcomes seen = {};
	int fd = PORT(O_RDWR);

	region_start(&region);
	while (goes_on(&seen)) {
		struct mailbox_ioc_receive receive = {
			.data = user_pointer(buffer),
			.size = SHORT,
		};

		region_write(&region, &send, sizeof(send));
		if (outcome(&seen, 0, -EFAULT, command(fd, MAILBOX_IOC_SEND, region.page))) {
			CHECK_EQ(0, messages(fd));
			continue;
		}
		CHECK_EQ(1, messages(fd));
		CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
		/* All zero asks for an empty message. */
		CHECK(!receive.len || receive.len == SHORT);
	}
	changer_stop(&region.changer);
}

TEST(struct_is_truncated_during_a_receive)
{
	struct mailbox_ioc_receive receive = { .flags = MAILBOX_RECEIVE_NONBLOCK };
	struct region region;
	struct outcomes seen = {};
	int fd = PORT(O_RDWR), stays;

	region_start(&region);
	while (goes_on(&seen)) {
		if (!messages(fd))
			CHECK_EQ(0, SEND(fd, .len = 0));
		region_write(&region, &receive, sizeof(receive));
		stays = outcome(&seen, 0, -EFAULT, command(fd, MAILBOX_IOC_RECEIVE, region.page));
		CHECK_EQ(stays, messages(fd));
	}
	changer_stop(&region.changer);
}

/* --- memory that is used again ------------------------------------------------------- */

static void send_once(int fd, const char *data, size_t len)
{
	CHECK_EQ(0, SEND(fd, .data = user_pointer(data), .len = len));
}

static void write_once(int fd, const char *data, size_t len)
{
	CHECK_EQ(len, RESULT(write(fd, data, len)));
}

static void send_batch_once(int fd, const char *data, size_t len)
{
	struct mailbox_send_entry out = { .data = user_pointer(data), .len = len };
	struct mailbox_ioc_send_batch send = {
		.count = 1,
		.entries = user_pointer(&out),
		.entry_size = sizeof(out),
	};

	CHECK_EQ(0, command(fd, MAILBOX_IOC_SEND_BATCH, &send));
}

/* A send that gets stuck in its payload leaves what it has copied. */
static void send_broken(int fd, const char *data, size_t len)
{
	size_t page = sysconf(_SC_PAGESIZE), size = (len + page - 1) / page * page;
	char *there = mmap(NULL, size + page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(there != MAP_FAILED);
	CHECK_OK(munmap(there + size, page));
	memcpy(there + size - (len - 1), data, len - 1);
	CHECK_EQ(-EFAULT, SEND(fd, .data = user_pointer(there + size - (len - 1)), .len = len));
	CHECK_OK(munmap(there, size));
}

/* The longest of its kind, and then the shortest that takes the same memory. */
static void run_used_again(void)
{
	static const size_t longest[] = {
		64, 192, 448, 960, 1984, 4032, 4096, 8192, 16384,
	};
	void (*const *send)(int fd, const char *data, size_t len) = test_now->row;
	size_t size = longest[ARRAY_SIZE(longest) - 1], last = 0, i;
	char *secret = letters(size, 's'), *plain = letters(size, 'p');
	char *buffer = letters(size, UNTOUCHED);
	int fd = PORT(O_RDWR), round;

	for (i = 0; i < ARRAY_SIZE(longest); last = longest[i++]) {
		for (round = 0; round < 8; round++) {
			(*send)(fd, secret, longest[i]);
			if (messages(fd))
				take_letters(fd, buffer, size, 's', longest[i]);
			send_once(fd, plain, last + 1);
			take_letters(fd, buffer, size, 'p', last + 1);
			write_once(fd, plain, last + 1);
			take_letters(fd, buffer, size, 'p', last + 1);
			send_batch_once(fd, plain, last + 1);
			take_letters(fd, buffer, size, 'p', last + 1);
		}
	}
}

static void (*const ways[])(int fd, const char *data, size_t len) = {
	send_once, write_once, send_batch_once, send_broken,
};

static void __attribute__((constructor)) add_used_again(void)
{
	static const char *const names[] = { "send", "write", "batch", "failed_send" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ways); i++)
		test_add("memory_is_used_again_after_a", names[i], run_used_again, &ways[i]);
}
