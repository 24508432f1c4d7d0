// SPDX-License-Identifier: GPL-2.0-only
/*
 * Structs that lie across the border between memory that can be written and memory
 * that can only be read: what fails has written nothing. Payloads that do, also in
 * several pieces, requests and answers: what fails has neither sent nor received
 * anything.
 */
#include "allow.h"
#include "call.h"

/* The longest payload that is tried. */
#define LONGEST (2 * 4096 + 100)

/* So many bytes can be used before it, and behind it only as @protection lets. */
static char *border(int protection)
{
	size_t room = 4 * sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, 2 * room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	CHECK(pages != MAP_FAILED);
	CHECK_OK(mprotect(pages + room, room, protection));
	return pages + room;
}

/*
 * The command fails with EFAULT wherever its struct crosses the border, and leaves
 * it as it was, also if it is not aligned.
 */
static void check_border(int fd, unsigned long number, const void *arg, size_t size)
{
	long page = sysconf(_SC_PAGESIZE);
	char *end = border(PROT_READ);
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

/*
 * Those that are copied in steps of eight words, of four, of one, and by bytes; in
 * one piece; and page by page.
 */
static const size_t lengths[] = {
	1, 7, 8, 9, 31, 32, 33, 40, 47, 63, 64, 65, 72, 95, 96, 97, 104, 127, 128, 129, 168, 255,
	256, 257, 300, 4032, 4033, LONGEST,
};

/* From one length before the border to the next one that is tried. */
static size_t step(size_t len)
{
	return len > 300 ? 509 : 1;
}

static void bytes_fill(char *at, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		at[i] = i * 7 + len;
}

TEST(payload_to_send)
{
	static char data[LONGEST], got[LONGEST];
	char *end = border(PROT_NONE);
	int fd = PORT(O_RDWR);
	size_t before, i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		size_t len = lengths[i];

		bytes_fill(data, len);
		for (before = 0; before < len; before += step(len)) {
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
	static char data[LONGEST];
	char *end = border(PROT_READ);
	int fd = PORT(O_RDWR);
	size_t before, i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		size_t len = lengths[i];

		bytes_fill(data, len);
		CHECK_EQ((ssize_t)len, write(fd, data, len));
		for (before = 0; before < len; before += step(len)) {
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

/* --- payloads in pieces ------------------------------------------------------------- */

/*
 * @len bytes, of which @before are before the border: a third of them in a piece
 * of its own at @first, as far as they are there, the others up to the border and
 * behind it.
 */
static int pieces(struct iovec *vector, char *first, char *end, size_t len, size_t before)
{
	size_t third = before < len / 3 ? before : len / 3;

	vector[0] = (struct iovec) { first, third };
	vector[1] = (struct iovec) { end - (before - third), len - third };
	return 2;
}

/* The same in one piece. */
static int piece(struct iovec *vector, char *end, size_t len, size_t before)
{
	*vector = (struct iovec) { end - before, len };
	return 1;
}

TEST(pieces_to_write)
{
	static char data[LONGEST], got[LONGEST];
	char *end = border(PROT_NONE);
	int fd = PORT(O_RDWR), count, i;
	struct iovec vector[2];
	size_t before;

	for (i = 0; i < (int)ARRAY_SIZE(lengths); i++) {
		size_t len = lengths[i];

		bytes_fill(data, len);
		for (before = 0; before < len; before += step(len)) {
			count = pieces(vector, data, end, len, before);
			CHECK_ERRNO(EFAULT, writev(fd, vector, count));
			count = piece(vector, end, len, before);
			CHECK_ERRNO(EFAULT, writev(fd, vector, count));
		}
		CHECK_EQ(0, messages(fd));
		CHECK_EQ(2 * i, port_stat(fd).sent);
		count = pieces(vector, data, end, len, len);
		memcpy(vector[1].iov_base, data + vector[0].iov_len, vector[1].iov_len);
		CHECK_EQ((ssize_t)len, writev(fd, vector, count));
		count = piece(vector, end, len, len);
		memcpy(vector->iov_base, data, len);
		CHECK_EQ((ssize_t)len, writev(fd, vector, count));
		CHECK_EQ((ssize_t)len, read(fd, got, sizeof(got)));
		CHECK(!memcmp(got, data, len));
		CHECK_EQ((ssize_t)len, read(fd, got, sizeof(got)));
		CHECK(!memcmp(got, data, len));
	}
}

TEST(pieces_to_read)
{
	static char data[LONGEST], first[LONGEST];
	char *end = border(PROT_READ);
	int fd = PORT(O_RDWR), count, i;
	struct iovec vector[2];
	size_t before;

	for (i = 0; i < (int)ARRAY_SIZE(lengths); i++) {
		size_t len = lengths[i];

		bytes_fill(data, len);
		CHECK_EQ((ssize_t)len, write(fd, data, len));
		CHECK_EQ((ssize_t)len, write(fd, data, len));
		for (before = 0; before < len; before += step(len)) {
			count = pieces(vector, first, end, len, before);
			CHECK_ERRNO(EFAULT, readv(fd, vector, count));
			count = piece(vector, end, len, before);
			CHECK_ERRNO(EFAULT, readv(fd, vector, count));
		}
		CHECK_EQ(2, messages(fd));
		CHECK_EQ(2 * i, port_stat(fd).received);
		count = pieces(vector, first, end, len, len);
		CHECK_EQ((ssize_t)len, readv(fd, vector, count));
		CHECK(!memcmp(vector[0].iov_base, data, vector[0].iov_len));
		CHECK(!memcmp(vector[1].iov_base, data + vector[0].iov_len, vector[1].iov_len));
		count = piece(vector, end, len, len);
		CHECK_EQ((ssize_t)len, readv(fd, vector, count));
		CHECK(!memcmp(vector->iov_base, data, len));
	}
}

/* --- requests and answers ------------------------------------------------------------- */

/* A call in another thread, until its request was received; its token. Checked. */
static __u64 request(struct call *caller, int fd, struct mailbox_ioc_call *arg,
		     const char *data)
{
	static char got[LONGEST];
	struct mailbox_ioc_receive receive = {
		.data = user_pointer(got),
		.size = sizeof(got),
	};

	call_start(caller, fd, MAILBOX_IOC_CALL, arg, 0);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(arg->len, receive.len);
	CHECK(!memcmp(got, data, arg->len));
	return receive.token;
}

TEST(request_of_a_call)
{
	static char data[LONGEST];
	char *end = border(PROT_NONE);
	int fd = PORT(O_RDWR);
	struct call caller;
	size_t before, i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct mailbox_ioc_call call = { .len = lengths[i] };

		bytes_fill(data, call.len);
		for (before = 0; before < call.len; before += step(call.len))
			CHECK_EQ(-EFAULT, CALL(fd, .len = call.len, .data =
					       user_pointer(memcpy(end - before, data, before))));
		CHECK_EQ(0, messages(fd));
		CHECK_EQ(i, port_stat(fd).sent);
		call.data = user_pointer(memcpy(end - call.len, data, call.len));
		CHECK_EQ(0, REPLY(fd, .token = request(&caller, fd, &call, data)));
		CHECK_EQ(0, call_join(&caller));
	}
}

/* Where no answer could be written no request is sent. */
TEST(buffer_for_an_answer)
{
	char *end = border(PROT_READ);
	int fd = PORT(O_RDWR);
	size_t before, i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		size_t size = lengths[i];

		for (before = 0; before < size; before += step(size))
			CHECK_EQ(-EFAULT, CALL(fd, .reply = user_pointer(end - before),
					       .reply_size = size));
	}
	CHECK_EQ(0, port_stat(fd).sent);
}

/* What could be written when the request was sent can be so no longer. */
TEST(answer_to_a_call)
{
	static char data[LONGEST];
	char *end = border(PROT_READ);
	int fd = PORT(O_RDWR);
	struct call caller;
	size_t before, i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		size_t len = lengths[i];

		bytes_fill(data, len);
		/* Each has a thread of its own: not all of them. */
		for (before = len; ; before = before < 9 ? before - 1 : before / 2) {
			struct mailbox_ioc_call call = {
				.reply = user_pointer(end - before),
				.reply_size = len,
			};
			__u64 token;

			CHECK_OK(mprotect(end, LONGEST, PROT_READ | PROT_WRITE));
			memset(end - before, 0, len);
			token = request(&caller, fd, &call, "");
			CHECK_OK(mprotect(end, LONGEST, PROT_READ));
			CHECK_EQ(0, REPLY(fd, .token = token, .data = user_pointer(data),
					  .len = len));
			CHECK_EQ(before < len ? -EFAULT : 0, call_join(&caller));
			CHECK_EQ(before < len ? 0 : len, call.reply_len);
			if (before == len)
				CHECK(!memcmp(end - len, data, len));
			if (!before)
				break;
		}
		CHECK_EQ(0, port_stat(fd).requests);
	}
}

/* After each failure the request is still to be answered. */
static void check_reply(long long (*reply_run)(int fd, const struct mailbox_ioc_reply *reply))
{
	static char data[LONGEST], got[LONGEST];
	char *end = border(PROT_NONE);
	int fd = PORT(O_RDWR);
	struct call caller;
	size_t before, i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct mailbox_ioc_call call = {
			.reply = user_pointer(got),
			.reply_size = sizeof(got),
		};
		struct mailbox_ioc_reply reply = { .len = lengths[i] };

		reply.token = request(&caller, fd, &call, "");
		bytes_fill(data, reply.len);
		for (before = 0; before < reply.len; before += step(reply.len)) {
			reply.data = user_pointer(memcpy(end - before, data, before));
			CHECK_EQ(-EFAULT, reply_run(fd, &reply));
		}
		CHECK_EQ(1, port_stat(fd).requests);
		CHECK(!caller.done);
		reply.data = user_pointer(memcpy(end - reply.len, data, reply.len));
		CHECK_EQ(0, reply_run(fd, &reply));
		CHECK_EQ(0, call_join(&caller));
		CHECK_EQ(reply.len, call.reply_len);
		CHECK(!memcmp(got, data, reply.len));
	}
}

static long long run_reply(int fd, const struct mailbox_ioc_reply *reply)
{
	return command(fd, MAILBOX_IOC_REPLY, reply);
}

TEST(answer_by_reply)
{
	check_reply(run_reply);
}

/* As run_reply(); there is nothing to receive, and that is told of an answer. */
static long long run_turn(int fd, const struct mailbox_ioc_reply *reply)
{
	struct mailbox_ioc_reply_receive turn = {
		.reply = *reply,
		.receive.flags = MAILBOX_RECEIVE_NONBLOCK,
	};
	long long result = command(fd, MAILBOX_IOC_REPLY_RECEIVE, &turn);

	CHECK_EQ(result == -EAGAIN ? 0 : reply->token, turn.reply.token);
	return result == -EAGAIN ? 0 : result;
}

TEST(answer_by_reply_receive)
{
	check_reply(run_turn);
}
