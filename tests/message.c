// SPDX-License-Identifier: GPL-2.0-only
/*
 * One message: its boundaries, length, buffers that are short or not there,
 * PEEK, TRUNC, and what the kernel stamps on it.
 */
#include <stddef.h>

#include "port.h"

#define LIMIT 4096

static char bytes[2 * LIMIT], got[2 * LIMIT];

static void fill(char *data, size_t len, unsigned int seed)
{
	size_t i;

	for (i = 0; i < len; i++)
		data[i] = seed + i * 31 + (i >> 8);
}

static long long send_bytes(int fd, const void *data, unsigned long long len)
{
	return SEND(fd, .flags = MAILBOX_SEND_NONBLOCK, .data = user_pointer(data), .len = len);
}

/* The length that was received, or -errno. */
static long long receive_bytes(int fd, void *data, unsigned long long size, __u32 flags)
{
	struct mailbox_ioc_receive receive = {
		.flags = MAILBOX_RECEIVE_NONBLOCK | flags,
		.data = user_pointer(data),
		.size = size,
	};
	long long result = command(fd, MAILBOX_IOC_RECEIVE, &receive);

	return result < 0 ? result : (long long)receive.len;
}

TEST(boundaries_are_kept)
{
	static const int lengths[] = { 3, 1, 0, 100, LIMIT, 7 };
	int fd = PORT(O_RDWR, .capacity = 8, .message_bytes_max = LIMIT);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		fill(bytes, lengths[i], i);
		CHECK_EQ(0, send_bytes(fd, bytes, lengths[i]));
	}
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		fill(bytes, lengths[i], i);
		CHECK_EQ(lengths[i], receive_bytes(fd, got, sizeof(got), 0));
		CHECK(!memcmp(bytes, got, lengths[i]));
	}
}

TEST(read_and_write_keep_boundaries)
{
	int fd = PORT(O_RDWR, .capacity = 4);

	CHECK_EQ(3, RESULT(write(fd, "one", 3)));
	CHECK_EQ(5, RESULT(write(fd, "three", 5)));
	CHECK_EQ(3, RESULT(read(fd, got, sizeof(got))));
	CHECK(!memcmp(got, "one", 3));
	CHECK_EQ(5, RESULT(read(fd, got, sizeof(got))));
	CHECK(!memcmp(got, "three", 5));
}

TEST(write_sends_type_and_priority_0)
{
	struct mailbox_ioc_receive receive = { .size = sizeof(got) };
	int fd = PORT(O_RDWR);

	receive.data = user_pointer(got);
	CHECK_EQ(1, RESULT(write(fd, "x", 1)));
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(1, receive.len);
	CHECK_EQ(0, receive.type);
	CHECK_EQ(0, receive.priority);
}

TEST(read_takes_any_type_and_priority)
{
	int fd = PORT(O_RDWR, .capacity = 4), value;

	CHECK_EQ(0, put_as(fd, 1, 5, 0));
	CHECK_EQ(0, put_as(fd, 2, 6, 9));
	CHECK_EQ(4, RESULT(read(fd, &value, 4)));
	CHECK_EQ(2, value);
	CHECK_EQ(4, RESULT(read(fd, &value, 4)));
	CHECK_EQ(1, value);
}

TEST(empty_message_is_a_message)
{
	int fd = PORT(O_RDWR);

	CHECK_EQ(0, send_bytes(fd, NULL, 0));
	CHECK_EQ(1, messages(fd));
	CHECK_EQ(0, receive_bytes(fd, NULL, 0, 0));
	CHECK_EQ(0, messages(fd));
}

TEST(empty_write_is_a_message)
{
	int fd = PORT(O_RDWR);

	CHECK_EQ(0, RESULT(write(fd, "", 0)));
	CHECK_EQ(1, messages(fd));
	CHECK_EQ(0, RESULT(read(fd, got, 1)));
	CHECK_EQ(0, messages(fd));
}

/* The kernel does not even ask the file then, whatever it is. */
TEST(writev_of_nothing_sends_nothing)
{
	struct iovec parts[2] = { { bytes, 0 }, { bytes, 0 } };
	int fd = PORT(O_RDWR);

	CHECK_EQ(0, RESULT(writev(fd, parts, 2)));
	CHECK_EQ(0, messages(fd));
}

TEST(read_into_nothing_takes_nothing)
{
	int fd = PORT(O_RDWR);

	CHECK_EQ(0, RESULT(read(fd, got, 0)));
	CHECK_EQ(0, send_bytes(fd, "x", 1));
	CHECK_EQ(0, RESULT(read(fd, got, 0)));
	CHECK_EQ(1, messages(fd));
}

TEST(writev_gathers_one_message)
{
	struct iovec parts[3] = { { "ab", 2 }, { "", 0 }, { "cde", 3 } };
	int fd = PORT(O_RDWR);

	CHECK_EQ(5, RESULT(writev(fd, parts, 3)));
	CHECK_EQ(1, messages(fd));
	CHECK_EQ(5, receive_bytes(fd, got, sizeof(got), 0));
	CHECK(!memcmp(got, "abcde", 5));
}

TEST(readv_scatters_one_message)
{
	char one[2], two[2], three[8];
	struct iovec parts[3] = { { one, 2 }, { two, 2 }, { three, 8 } };
	int fd = PORT(O_RDWR, .capacity = 2);

	CHECK_EQ(0, send_bytes(fd, "abcdef", 6));
	CHECK_EQ(0, send_bytes(fd, "next", 4));
	CHECK_EQ(6, RESULT(readv(fd, parts, 3)));
	CHECK(!memcmp(one, "ab", 2) && !memcmp(two, "cd", 2) && !memcmp(three, "ef", 2));
	CHECK_EQ(1, messages(fd));
}

TEST(readv_sums_up_its_buffers)
{
	char one[2], two[2];
	struct iovec parts[2] = { { one, 2 }, { two, 2 } };
	int fd = PORT(O_RDWR);

	CHECK_EQ(0, send_bytes(fd, "abcde", 5));
	CHECK_EQ(-EMSGSIZE, RESULT(readv(fd, parts, 2)));
	CHECK_EQ(1, messages(fd));
}

TEST(there_is_no_position)
{
	int fd = PORT(O_RDWR, .capacity = 2);

	CHECK_EQ(0, send_bytes(fd, "x", 1));
	CHECK_ERRNO(ESPIPE, pread(fd, got, 1, 0));
	CHECK_ERRNO(ESPIPE, pwrite(fd, got, 1, 0));
	CHECK_ERRNO(ESPIPE, lseek(fd, 0, SEEK_CUR));
}

TEST(length_up_to_the_limit)
{
	int fd = PORT(O_RDWR, .message_bytes_max = LIMIT);

	fill(bytes, LIMIT, 5);
	CHECK_EQ(0, send_bytes(fd, bytes, LIMIT));
	CHECK_EQ(LIMIT, receive_bytes(fd, got, LIMIT, 0));
	CHECK(!memcmp(bytes, got, LIMIT));
}

TEST(length_beyond_the_limit)
{
	int fd = PORT(O_RDWR, .message_bytes_max = LIMIT);

	CHECK_EQ(-EMSGSIZE, send_bytes(fd, bytes, LIMIT + 1));
	CHECK_ERRNO(EMSGSIZE, write(fd, bytes, LIMIT + 1));
	CHECK_EQ(0, messages(fd));
	CHECK_EQ(0, port_stat(fd).sent);
}

TEST(length_beyond_all_memory)
{
	int fd = PORT(O_RDWR);

	CHECK_EQ(-EMSGSIZE, send_bytes(fd, bytes, SIZE_MAX));
	CHECK_EQ(-EMSGSIZE, send_bytes(fd, bytes, UINT64_MAX));
	CHECK_EQ(-EMSGSIZE, send_bytes(fd, bytes, 1ULL << 32));
	CHECK_EQ(-EMSGSIZE, send_bytes(fd, bytes, (1ULL << 32) + 1));
	CHECK_EQ(-EMSGSIZE, send_bytes(fd, bytes, 1ULL << 63));
	CHECK_EQ(0, messages(fd));
}

/* A length that a message cannot have fails at once, full or not. */
TEST(long_message_does_not_wait_for_room)
{
	int fd = PORT(O_RDWR, .capacity = 1, .message_bytes_max = 8);

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(-EMSGSIZE, SEND(fd, .data = user_pointer(bytes), .len = 9));
}

TEST(buffer_of_any_size_is_large_enough)
{
	int fd = PORT(O_RDWR);

	CHECK_EQ(0, send_bytes(fd, "abc", 3));
	CHECK_EQ(3, receive_bytes(fd, got, 1ULL << 40, 0));
	CHECK(!memcmp(got, "abc", 3));
}

TEST(nothing_is_written_beyond_the_message)
{
	int fd = PORT(O_RDWR);

	memset(got, 'z', sizeof(got));
	CHECK_EQ(0, send_bytes(fd, "abc", 3));
	CHECK_EQ(3, receive_bytes(fd, got, sizeof(got), 0));
	CHECK_EQ('z', got[3]);
}

TEST(priority_out_of_range)
{
	int fd = PORT(O_RDWR);

	CHECK_EQ(-EINVAL, put_as(fd, 1, 0, MAILBOX_PRIORITY_MAX + 1));
	CHECK_EQ(-EINVAL, put_as(fd, 1, 0, UINT32_MAX));
	CHECK_EQ(0, put_as(fd, 1, 0, MAILBOX_PRIORITY_MAX));
}

TEST(selection_out_of_range)
{
	int fd = PORT(O_RDWR);

	CHECK_EQ(-EINVAL, take_as(fd, 5, 0, 0));
	CHECK_EQ(-EINVAL, take_as(fd, UINT32_MAX, 0, 0));
	CHECK_EQ(-EINVAL, take_as(fd, MAILBOX_SELECT_ANY, 1, 0));
}

TEST(types_are_any_number)
{
	static const __u64 types[] = { 0, 1, 1ULL << 31, 1ULL << 32, 1ULL << 63, UINT64_MAX };
	int fd = PORT(O_RDWR, .capacity = 8);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		CHECK_EQ(0, put_as(fd, i, types[i], 0));
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		struct mailbox_ioc_receive receive = { .size = sizeof(got) };

		receive.data = user_pointer(got);
		CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
		CHECK_EQ(types[i], receive.type);
	}
}

TEST(short_buffer_tells_the_size_and_keeps)
{
	struct mailbox_ioc_receive receive = { .size = 4 };
	int fd = PORT(O_RDWR, .capacity = 2);

	CHECK_EQ(0, send_bytes(fd, "abcde", 5));
	CHECK_EQ(0, send_bytes(fd, "next", 4));
	receive.data = user_pointer(got);
	CHECK_EQ(-EMSGSIZE, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(5, receive.len);
	CHECK_EQ(2, messages(fd));
	CHECK_EQ(5, receive_bytes(fd, got, 5, 0));
	CHECK(!memcmp(got, "abcde", 5));
}

TEST(short_buffer_of_read_keeps)
{
	int fd = PORT(O_RDWR, .capacity = 2);

	CHECK_EQ(0, send_bytes(fd, "abcde", 5));
	CHECK_EQ(-EMSGSIZE, RESULT(read(fd, got, 4)));
	CHECK_EQ(5, RESULT(read(fd, got, 5)));
}

TEST(buffer_of_size_0_asks_for_the_size)
{
	struct mailbox_ioc_receive receive = { .flags = MAILBOX_RECEIVE_PEEK };
	int fd = PORT(O_RDWR);

	CHECK_EQ(0, send_bytes(fd, "abcde", 5));
	CHECK_EQ(-EMSGSIZE, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(5, receive.len);
}

TEST(trunc_cuts_and_tells_the_length)
{
	int fd = PORT(O_RDWR);

	memset(got, 'z', 8);
	CHECK_EQ(0, send_bytes(fd, "abcde", 5));
	CHECK_EQ(5, receive_bytes(fd, got, 3, MAILBOX_RECEIVE_TRUNC));
	CHECK(!memcmp(got, "abcz", 4));
	CHECK_EQ(0, messages(fd));
}

TEST(peek_leaves)
{
	int fd = PORT(O_RDWR, .capacity = 2);

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, put(fd, 2));
	CHECK_EQ(1, take_as(fd, MAILBOX_SELECT_ANY, 0, MAILBOX_RECEIVE_PEEK));
	CHECK_EQ(1, take_as(fd, MAILBOX_SELECT_ANY, 0, MAILBOX_RECEIVE_PEEK));
	CHECK_EQ(2, messages(fd));
	CHECK_EQ(0, port_stat(fd).received);
	CHECK_EQ(1, take(fd));
	CHECK_EQ(2, take(fd));
}

TEST(peek_selects)
{
	int fd = PORT(O_RDWR, .capacity = 2);

	CHECK_EQ(0, put_as(fd, 1, 1, 0));
	CHECK_EQ(0, put_as(fd, 2, 2, 0));
	CHECK_EQ(2, take_as(fd, MAILBOX_SELECT_TYPE, 2, MAILBOX_RECEIVE_PEEK));
	CHECK_EQ(-EAGAIN, take_as(fd, MAILBOX_SELECT_TYPE, 3, MAILBOX_RECEIVE_PEEK));
}

TEST(peek_cuts)
{
	int fd = PORT(O_RDWR);

	CHECK_EQ(0, send_bytes(fd, "abcde", 5));
	CHECK_EQ(-EMSGSIZE, receive_bytes(fd, got, 2, MAILBOX_RECEIVE_PEEK));
	CHECK_EQ(5, receive_bytes(fd, got, 2, MAILBOX_RECEIVE_PEEK | MAILBOX_RECEIVE_TRUNC));
	CHECK(!memcmp(got, "ab", 2));
	CHECK_EQ(1, messages(fd));
}

/* Room for `size` bytes right before an address that is not there. */
static char *page_end(size_t size)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t room = (size + page - 1) / page * page;
	char *memory = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(memory != MAP_FAILED);
	CHECK_OK(munmap(memory + room, page));
	return memory + room - size;
}

TEST(send_from_what_is_not_there)
{
	int fd = PORT(O_RDWR, .message_bytes_max = LIMIT);
	char *end = page_end(100);

	CHECK_EQ(-EFAULT, send_bytes(fd, end, 101));
	CHECK_EQ(-EFAULT, send_bytes(fd, end, LIMIT));
	CHECK_EQ(-EFAULT, send_bytes(fd, NULL, 1));
	CHECK_EQ(-EFAULT, send_bytes(fd, (void *)-8L, 1));
	CHECK_ERRNO(EFAULT, write(fd, end, 101));
	CHECK_EQ(0, messages(fd));
	CHECK_EQ(0, send_bytes(fd, end, 100));
}

TEST(failed_send_costs_no_quota)
{
	int fd = PORT(O_RDWR, .message_bytes_max = LIMIT);
	unsigned long long before = info(fd).user_bytes;

	CHECK_EQ(-EFAULT, send_bytes(fd, page_end(100), 101));
	CHECK_EQ(before, info(fd).user_bytes);
}

TEST(writev_from_what_is_not_there)
{
	int fd = PORT(O_RDWR, .message_bytes_max = LIMIT);
	char *end = page_end(100);
	struct iovec parts[2] = { { bytes, 10 }, { end, 101 } };

	CHECK_ERRNO(EFAULT, writev(fd, parts, 2));
	CHECK_EQ(0, messages(fd));
}

/* Two messages, of which the first cannot be received. */
static int faulting_fixture(void)
{
	int fd = PORT(O_RDWR, .capacity = 4, .message_bytes_max = 3 * LIMIT);

	fill(bytes, 300, 1);
	CHECK_EQ(0, send_bytes(fd, bytes, 300));
	fill(bytes, 200, 2);
	CHECK_EQ(0, send_bytes(fd, bytes, 200));
	return fd;
}

static void check_both_are_there(int fd)
{
	CHECK_EQ(2, messages(fd));
	CHECK_EQ(500, port_stat(fd).bytes);
	CHECK_EQ(0, port_stat(fd).received);
	fill(bytes, 300, 1);
	CHECK_EQ(300, receive_bytes(fd, got, sizeof(got), 0));
	CHECK(!memcmp(bytes, got, 300));
	fill(bytes, 200, 2);
	CHECK_EQ(200, receive_bytes(fd, got, sizeof(got), 0));
	CHECK(!memcmp(bytes, got, 200));
}

TEST(receive_into_what_is_not_there)
{
	int fd = faulting_fixture();

	CHECK_EQ(-EFAULT, receive_bytes(fd, page_end(299), 400, 0));
	CHECK_EQ(-EFAULT, receive_bytes(fd, NULL, 400, 0));
	CHECK_EQ(-EFAULT, receive_bytes(fd, (void *)-8L, 400, 0));
	check_both_are_there(fd);
}

TEST(read_into_what_is_not_there)
{
	int fd = faulting_fixture();

	CHECK_ERRNO(EFAULT, read(fd, page_end(299), 400));
	check_both_are_there(fd);
}

TEST(readv_into_what_is_not_there)
{
	char *end = page_end(100);
	struct iovec parts[2] = { { got, 100 }, { end, 300 } };
	int fd = faulting_fixture();

	CHECK_ERRNO(EFAULT, readv(fd, parts, 2));
	check_both_are_there(fd);
}

TEST(receive_into_what_may_not_be_written)
{
	char *page = page_end(LIMIT);
	int fd = faulting_fixture();

	CHECK_OK(mprotect(page, LIMIT, PROT_READ));
	CHECK_EQ(-EFAULT, receive_bytes(fd, page, LIMIT, 0));
	CHECK_ERRNO(EFAULT, read(fd, page, LIMIT));
	check_both_are_there(fd);
}

TEST(peek_into_what_is_not_there)
{
	int fd = faulting_fixture();

	CHECK_EQ(-EFAULT, receive_bytes(fd, page_end(299), 400, MAILBOX_RECEIVE_PEEK));
	check_both_are_there(fd);
}

TEST(trunc_needs_only_what_it_takes)
{
	int fd = faulting_fixture();

	CHECK_EQ(300, receive_bytes(fd, page_end(20), 20, MAILBOX_RECEIVE_TRUNC));
	CHECK_EQ(1, messages(fd));
}

TEST_WITHIN(sixteen_mebibytes, 60)
{
	size_t len = MAILBOX_MESSAGE_BYTES_MAX, i;
	char *data = malloc(len), *back = calloc(1, len);
	int fd;

	NEED_ROOT();
	CHECK(data && back);
	parameter_set("message_bytes_max", len);
	fd = PORT(O_RDWR, .message_bytes_max = len);
	for (i = 0; i < len; i += 8)
		memcpy(data + i, &i, sizeof(i));
	CHECK_EQ(0, send_bytes(fd, data, len));
	CHECK_EQ(-EMSGSIZE, receive_bytes(fd, back, len - 1, 0));
	CHECK_EQ(len, receive_bytes(fd, back, len, 0));
	CHECK(!memcmp(data, back, len));
	CHECK_EQ(-EMSGSIZE, send_bytes(fd, data, len + 1));
}

/* Lengths around what allocators and page chains treat differently. */
TEST(every_length_around_a_page)
{
	int fd = PORT(O_RDWR, .message_bytes_max = 2 * LIMIT);
	int len;

	for (len = LIMIT - 300; len < LIMIT + 300; len += 1) {
		fill(bytes, len, len);
		CHECK_EQ(0, send_bytes(fd, bytes, len));
		memset(got, 0, sizeof(got));
		CHECK_EQ(len, receive_bytes(fd, got, len, 0));
		CHECK(!memcmp(bytes, got, len));
		CHECK_EQ(0, got[len]);
	}
}

static struct mailbox_ioc_receive receive_all(int fd)
{
	struct mailbox_ioc_receive receive = { .size = sizeof(got) };

	receive.data = user_pointer(got);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	return receive;
}

TEST(message_tells_its_sender)
{
	int fd = PORT(O_RDWR);
	struct mailbox_ioc_receive receive;

	CHECK_EQ(0, put_as(fd, 1, 11, 12));
	receive = receive_all(fd);
	CHECK_EQ(4, receive.len);
	CHECK_EQ(11, receive.type);
	CHECK_EQ(12, receive.priority);
	CHECK_EQ(getpid(), receive.pid);
	CHECK_EQ(getpid(), receive.tid);
	CHECK_EQ(getuid(), receive.uid);
	CHECK_EQ(getgid(), receive.gid);
}

TEST(message_tells_the_sending_thread)
{
	int fd = PORT(O_RDWR);
	struct mailbox_ioc_receive receive;
	struct call call;

	CALL_SEND(&call, fd, 1);
	CHECK_EQ(0, call_join(&call));
	receive = receive_all(fd);
	CHECK_EQ(getpid(), receive.pid);
	CHECK_EQ(call.tid, receive.tid);
	CHECK(call.tid != getpid());
}

static void send_as_user(void *arg)
{
	CHECK_OK(setresgid(USER_B, USER_B + 1, USER_B));
	CHECK_OK(setresuid(USER_A, USER_A + 1, USER_A));
	CHECK_EQ(0, put(*(int *)arg, 1));
}

TEST(message_tells_real_ids_of_the_moment)
{
	int fd = PORT(O_RDWR);
	struct mailbox_ioc_receive receive;
	pid_t pid;

	NEED_ROOT();
	pid = spawn(send_as_user, &fd);
	REAP(pid);
	receive = receive_all(fd);
	CHECK_EQ(pid, receive.pid);
	CHECK_EQ(USER_A, receive.uid);
	CHECK_EQ(USER_B, receive.gid);
}

static void put_one(void *fd)
{
	CHECK_EQ(0, put(*(int *)fd, 1));
}

/* The sender's number may have been given to another process by now. */
TEST(message_outlives_its_sender)
{
	int fd = PORT(O_RDWR);

	REAP(spawn(put_one, &fd));
	CHECK_EQ(1, messages(fd));
	CHECK_EQ(4, receive_all(fd).len);
}

TEST(seq_counts_up)
{
	struct mailbox_ioc_send send = {};
	int fd = PORT(O_RDWR, .capacity = 4);
	unsigned long long first;

	CHECK_EQ(0, command(fd, MAILBOX_IOC_SEND, &send));
	first = send.seq;
	CHECK_EQ(0, command(fd, MAILBOX_IOC_SEND, &send));
	CHECK_EQ(first + 1, send.seq);
	CHECK_EQ(first, receive_all(fd).seq);
	CHECK_EQ(first + 1, receive_all(fd).seq);
}

TEST(time_is_when_it_was_sent)
{
	int fd = PORT(O_RDWR);
	long long before = now_ns(CLOCK_MONOTONIC), after;

	CHECK_EQ(0, put(fd, 1));
	after = now_ns(CLOCK_MONOTONIC);
	CHECK_RANGE(before, after, receive_all(fd).time_ns);
}

TEST(send_writes_no_receipt_without_sync)
{
	struct mailbox_ioc_send send = { .taken_bytes = 5, .taken_pid = 6, .taken_tid = 7 };
	int fd = PORT(O_RDWR);

	CHECK_EQ(0, command(fd, MAILBOX_IOC_SEND, &send));
	CHECK_EQ(0, send.taken_bytes);
	CHECK_EQ(0, send.taken_pid);
	CHECK_EQ(0, send.taken_tid);
}

TEST(failed_receive_leaves_the_struct)
{
	struct mailbox_ioc_receive receive = { .flags = MAILBOX_RECEIVE_NONBLOCK }, before;
	int fd = PORT(O_RDWR);

	memset(&receive.len, 0x5a, offsetof(struct mailbox_ioc_receive, pad) -
	       offsetof(struct mailbox_ioc_receive, len));
	receive.data = user_pointer(got);
	before = receive;
	CHECK_EQ(-EAGAIN, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK(!memcmp(&before, &receive, sizeof(receive)));
}
