// SPDX-License-Identifier: GPL-2.0-only
/*
 * Structs that lie across the border between memory that can be written and memory
 * that can only be read: what fails has written nothing. Payloads that do: what
 * fails has neither sent nor received anything.
 */
#include "allow.h"

/* Of two pages the first byte of the second one, which can only be read later. */
static char *border(void)
{
	long page = sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	CHECK(pages != MAP_FAILED);
	return pages + page;
}

/*
 * The command fails with EFAULT wherever its struct crosses the border, and leaves
 * it as it was, also if it is not aligned.
 */
static void check_border(int fd, unsigned long number, const void *arg, size_t size)
{
	long page = sysconf(_SC_PAGESIZE);
	char *end = border();
	size_t before;

	for (before = 4; before < size; before += 4) {
		char *at = end - before;

		CHECK_OK(mprotect(end, page, PROT_READ | PROT_WRITE));
		memcpy(at, arg, size);
		CHECK_OK(mprotect(end, page, PROT_READ));
		CHECK_EQ(-EFAULT, command(fd, number, at));
		if (memcmp(at, arg, size))
			FAIL("changed with %zu bytes before the border", before);
	}
	/* It is the border, and nothing else. */
	CHECK_OK(mprotect(end, page, PROT_READ | PROT_WRITE));
	memcpy(end - size, arg, size);
	CHECK_OK(mprotect(end, page, PROT_READ));
	CHECK_EQ(0, command(fd, number, end - size));
}

TEST(info)
{
	struct mailbox_ioc_info arg = {};

	check_border(node_open(O_RDONLY), MAILBOX_IOC_INFO, &arg, sizeof(arg));
}

TEST(stat)
{
	struct mailbox_ioc_port_stat arg = {};

	check_border(PORT(O_RDWR), MAILBOX_IOC_PORT_STAT, &arg, sizeof(arg));
}

TEST(list)
{
	struct mailbox_ioc_port_stat entry;
	struct mailbox_ioc_port_list arg = {
		.entry_size = sizeof(entry),
		.entries = user_pointer(&entry),
		.count = 1,
	};
	/* There is none behind it: what is written is not what was there. */
	int fd = NAMED_PORT(O_RDWR, strcpy(arg.after, unique_name()));

	check_border(fd, MAILBOX_IOC_PORT_LIST, &arg, sizeof(arg));
	close(fd);
}

TEST(allowed)
{
	struct mailbox_allow entry;
	struct mailbox_ioc_port_allowed arg = { .count = 1, .entries = user_pointer(&entry) };
	int fd = PORT(O_RDWR);

	CHECK_EQ(0, allow_process(fd, getpid(), BOTH));
	check_border(fd, MAILBOX_IOC_PORT_ALLOWED, &arg, sizeof(arg));
}

TEST(wait_for_a_bound_port)
{
	struct mailbox_ioc_port_wait arg = { .events = MAILBOX_EVENT_NAMED };

	check_border(PORT(O_RDWR), MAILBOX_IOC_PORT_WAIT, &arg, sizeof(arg));
}

TEST(wait_for_a_name)
{
	struct mailbox_ioc_port_wait arg = { .events = MAILBOX_EVENT_NAMED };
	int fd = NAMED_PORT(O_RDWR, strcpy(arg.name, unique_name()));

	check_border(node_open(O_RDONLY), MAILBOX_IOC_PORT_WAIT, &arg, sizeof(arg));
	close(fd);
}

TEST(send)
{
	struct mailbox_ioc_send arg = { .type = 3 };
	int fd = PORT(O_RDWR);

	check_border(fd, MAILBOX_IOC_SEND, &arg, sizeof(arg));
	CHECK_EQ(1, messages(fd));
}

static void check_receive(unsigned long number, const void *arg, size_t size)
{
	int fd = PORT(O_RDWR), value = 1;

	/* Whatever is written back differs from what was there. */
	CHECK_EQ(0, SEND(fd, .type = 5, .priority = 77, .data = user_pointer(&value),
			 .len = sizeof(value)));
	check_border(fd, number, arg, size);
	CHECK_EQ(0, messages(fd));
}

TEST(receive)
{
	int value;
	struct mailbox_ioc_receive arg = {
		.data = user_pointer(&value),
		.size = sizeof(value),
	};

	check_receive(MAILBOX_IOC_RECEIVE, &arg, sizeof(arg));
}

TEST(leasing_receive)
{
	int value;
	struct mailbox_ioc_receive arg = {
		.flags = MAILBOX_RECEIVE_LEASE,
		.data = user_pointer(&value),
		.size = sizeof(value),
	};

	check_receive(MAILBOX_IOC_RECEIVE, &arg, sizeof(arg));
}

TEST(reply_receive)
{
	int value;
	struct mailbox_ioc_reply_receive arg = {
		.receive.data = user_pointer(&value),
		.receive.size = sizeof(value),
	};

	check_receive(MAILBOX_IOC_REPLY_RECEIVE, &arg, sizeof(arg));
}

/* --- payloads ------------------------------------------------------------------------- */

/* Those that are copied in steps of eight words, of four, of one, and by bytes. */
static const size_t lengths[] = {
	1, 7, 8, 9, 31, 32, 33, 40, 47, 63, 64, 65, 72, 95, 96, 97, 104, 127, 128, 129, 168, 255,
	256, 257, 300,
};

static void bytes_fill(char *at, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		at[i] = i * 7 + len;
}

TEST(payload_to_send)
{
	char *end = border(), data[300], got[300];
	int fd = PORT(O_RDWR);
	size_t before, i;

	CHECK_OK(mprotect(end, sysconf(_SC_PAGESIZE), PROT_NONE));
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		size_t len = lengths[i];

		bytes_fill(data, len);
		for (before = 0; before < len; before++) {
			char *at = memcpy(end - before, data, before);

			CHECK_EQ(-EFAULT, SEND(fd, .data = user_pointer(at), .len = len));
			CHECK_ERRNO(EFAULT, write(fd, at, len));
		}
		CHECK_EQ(0, messages(fd));
		memcpy(end - len, data, len);
		CHECK_EQ(0, SEND(fd, .data = user_pointer(end - len), .len = len));
		CHECK_EQ((ssize_t)len, write(fd, end - len, len));
		CHECK_EQ((ssize_t)len, read(fd, got, sizeof(got)));
		CHECK(!memcmp(got, data, len));
		CHECK_EQ((ssize_t)len, read(fd, got, sizeof(got)));
		CHECK(!memcmp(got, data, len));
	}
}

TEST(payload_to_receive)
{
	char *end = border(), data[300];
	int fd = PORT(O_RDWR);
	size_t before, i;

	CHECK_OK(mprotect(end, sysconf(_SC_PAGESIZE), PROT_READ));
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		size_t len = lengths[i];

		bytes_fill(data, len);
		CHECK_EQ((ssize_t)len, write(fd, data, len));
		for (before = 0; before < len; before++) {
			struct mailbox_ioc_receive receive = {
				.data = user_pointer(end - before),
				.size = len,
			};

			CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_RECEIVE, &receive));
			CHECK_ERRNO(EFAULT, read(fd, end - before, len));
		}
		CHECK_EQ(1, messages(fd));
		CHECK_EQ((ssize_t)len, read(fd, end - len, len));
		CHECK(!memcmp(end - len, data, len));
	}
}
