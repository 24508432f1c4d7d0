// SPDX-License-Identifier: GPL-2.0-only
/*
 * Another thread changes structs, arrays and payloads while a call is about to use
 * them. Each call goes by one of the values that were there, all through: what was
 * checked is what is done. They come when they come: memory_held.c is about certain
 * moments.
 */
#include "call.h"
#include "changer.h"
#include "many.h"

#define SHORT	16
#define LONG	200
#define PAGES	12288			/* three pages, on most machines */
#define LIMIT	4096			/* of a port here */

static inline int limited_port(void)
{
	return PORT(O_RDWR, .message_bytes_max = LIMIT);
}

/* --- sends ------------------------------------------------------------------------ */

/* What was checked is what is charged, copied and queued. @result: of the second one. */
static void check_length(__u64 second, long long result)
{
	char *data = letters(LIMIT + 1, 'a'), *buffer = letters(LIMIT + 1, UNTOUCHED);
	struct mailbox_ioc_send send = { .data = user_pointer(data) };
	struct changer changer = {
		.turn = turn_64,
		.where = &send.len,
		.value = { SHORT, second },
	};
	struct outcomes seen = {};
	int fd = limited_port();
	unsigned long long before = user_bytes(fd);

	changer_start(&changer);
	while (goes_on(&seen)) {
		long long err = command(fd, MAILBOX_IOC_SEND, &send);
		size_t len = port_stat(fd).bytes;

		if (result)
			outcome(&seen, 0, result, err);
		else
			CHECK_EQ(0, err);
		CHECK_EQ(!err, messages(fd));
		if (err)
			continue;
		if (result)
			CHECK_EQ(SHORT, len);
		else
			outcome(&seen, SHORT, second, len);
		CHECK_EQ(before + MAILBOX_MESSAGE_OVERHEAD + len, user_bytes(fd));
		take_letters(fd, buffer, LIMIT + 1, 'a', len);
	}
	changer_stop(&changer);
	CHECK_EQ(before, user_bytes(fd));
}

TEST(length_of_a_send_changes)
{
	check_length(LONG, 0);
}

TEST(length_of_a_send_becomes_too_long)
{
	check_length(LIMIT + 1, -EMSGSIZE);
}

/*
 * If it were looked at twice, the sender would sleep for its receipt. A port that drops
 * is not for the common case, which knows no SYNC.
 */
TEST(flags_of_a_send_change)
{
	char *data = letters(SHORT, 'a'), *buffer = letters(SHORT, UNTOUCHED);
	struct mailbox_ioc_send send = { .data = user_pointer(data), .len = SHORT };
	struct changer changer = {
		.turn = turn_32,
		.where = &send.flags,
		.value = { MAILBOX_SEND_NONBLOCK, MAILBOX_SEND_NONBLOCK | MAILBOX_SEND_SYNC },
	};
	struct outcomes seen = {};
	int fd = PORT(O_RDWR, OLDEST);

	changer_start(&changer);
	while (goes_on(&seen)) {
		if (!outcome(&seen, 0, -EINVAL, command(fd, MAILBOX_IOC_SEND, &send)))
			take_letters(fd, buffer, SHORT, 'a', SHORT);
		CHECK_EQ(0, messages(fd));
	}
	changer_stop(&changer);
}

static void check_address(size_t len)
{
	char *data[2] = { letters(len, 'a'), letters(len, 'b') };
	char *buffer = letters(len, UNTOUCHED);
	struct mailbox_ioc_send send = { .len = len };
	struct changer changer = {
		.turn = turn_64,
		.where = &send.data,
		.value = { user_pointer(data[0]), user_pointer(data[1]) },
	};
	struct outcomes seen = {};
	int fd = PORT(O_RDWR);

	changer_start(&changer);
	while (goes_on(&seen)) {
		CHECK_EQ(0, command(fd, MAILBOX_IOC_SEND, &send));
		CHECK_EQ(0, RECEIVE(fd, .data = user_pointer(buffer), .size = len));
		CHECK(all_are(buffer, buffer[0], len));
		outcome(&seen, 'a', 'b', buffer[0]);
	}
	changer_stop(&changer);
}

TEST(address_of_a_short_payload_changes)
{
	check_address(LONG);
}

TEST(address_of_a_payload_of_pages_changes)
{
	check_address(PAGES);
}

/* Which bytes it is made of is the sender's matter; but they stay what they are. */
static void check_payload(size_t len)
{
	char *data = letters(len, 'a');
	char *copy[3] = { letters(len, '1'), letters(len, '2'), letters(len, '3') };
	struct changer changer = {
		.turn = turn_bytes,
		.where = data,
		.value = { 'a', 'b' },
		.size = len,
	};
	int fd = PORT(O_RDWR), i, round;
	size_t at;

	changer_start(&changer);
	for (round = 0; round < ROUNDS / 4; round++) {
		CHECK_EQ(0, SEND(fd, .data = user_pointer(data), .len = len));
		for (i = 0; i < 3; i++)
			CHECK_EQ(0, RECEIVE(fd, .flags = i < 2 ? MAILBOX_RECEIVE_PEEK : 0,
					    .data = user_pointer(copy[i]), .size = len));
		for (at = 0; at < len; at++)
			CHECK(copy[0][at] == 'a' || copy[0][at] == 'b');
		CHECK(!memcmp(copy[0], copy[1], len));
		CHECK(!memcmp(copy[0], copy[2], len));
	}
	changer_stop(&changer);
}

TEST(short_payload_changes)
{
	check_payload(LONG);
}

TEST(payload_of_pages_changes)
{
	check_payload(PAGES);
}

/* --- batches ---------------------------------------------------------------------- */

TEST(length_in_a_batch_changes)
{
	char *data = letters(LIMIT + 1, 'a'), *buffer = letters(LIMIT + 1, UNTOUCHED);
	/* In one page: of each page of the array a byte is written back. */
	struct mailbox_send_entry out[3] __attribute__((aligned(128))) = {};
	struct mailbox_ioc_send_batch send = {
		.count = 3,
		.entries = user_pointer(out),
		.entry_size = sizeof(out[0]),
	};
	struct changer changer = {
		.turn = turn_64,
		.where = &out[1].len,
		.value = { SHORT, LIMIT + 1 },
	};
	struct outcomes seen = {};
	int fd = limited_port(), i;
	unsigned long long before = user_bytes(fd);

	for (i = 0; i < 3; i++) {
		out[i].data = user_pointer(data);
		out[i].len = SHORT;
	}
	changer_start(&changer);
	while (goes_on(&seen)) {
		CHECK_EQ(0, command(fd, MAILBOX_IOC_SEND_BATCH, &send));
		i = outcome(&seen, 3, 1, send.done);
		CHECK_EQ(i ? EMSGSIZE : 0, send.error);
		CHECK_EQ(send.done, messages(fd));
		CHECK_EQ(before + send.done * (MAILBOX_MESSAGE_OVERHEAD + SHORT), user_bytes(fd));
		for (i = send.done; i; i--)
			take_letters(fd, buffer, LIMIT + 1, 'a', SHORT);
	}
	changer_stop(&changer);
	CHECK_EQ(before, user_bytes(fd));
}

/* The array has room for no more. */
TEST(count_of_a_batch_changes)
{
	struct batch *batch = batch_new();
	struct mailbox_ioc_send_batch *send = sending(batch, 1, 0);
	struct changer changer = {
		.turn = turn_32,
		.where = &send->count,
		.value = { 1, MANY },
	};
	struct outcomes seen = {};
	int fd = PORT(O_RDWR), i;

	changer_start(&changer);
	while (goes_on(&seen)) {
		CHECK_EQ(0, command(fd, MAILBOX_IOC_SEND_BATCH, send));
		CHECK_EQ(0, send->error);
		outcome(&seen, 1, MANY, send->done);
		for (i = 0; i < (int)send->done; i++)
			CHECK_EQ(i, take(fd));
		CHECK_EQ(-EAGAIN, take(fd));
	}
	changer_stop(&changer);
}

/* --- receives --------------------------------------------------------------------- */

/* It all arrives, or it stays: never a part. */
TEST(size_of_a_buffer_changes)
{
	char *data = letters(LONG, 'a'), *buffer = letters(LONG, UNTOUCHED);
	struct mailbox_ioc_receive receive = { .data = user_pointer(buffer) };
	struct changer changer = {
		.turn = turn_64,
		.where = &receive.size,
		.value = { LONG, SHORT },
	};
	struct outcomes seen = {};
	int fd = PORT(O_RDWR);

	changer_start(&changer);
	while (goes_on(&seen)) {
		if (!messages(fd))
			CHECK_EQ(0, SEND(fd, .data = user_pointer(data), .len = LONG));
		memset(buffer, UNTOUCHED, LONG);
		if (outcome(&seen, 0, -EMSGSIZE, command(fd, MAILBOX_IOC_RECEIVE, &receive))) {
			CHECK(all_are(buffer, UNTOUCHED, LONG));
			CHECK_EQ(1, messages(fd));
		} else {
			CHECK(all_are(buffer, 'a', LONG));
			CHECK_EQ(0, messages(fd));
		}
		CHECK_EQ(LONG, receive.len);
	}
	changer_stop(&changer);
}

TEST(size_in_a_batch_changes)
{
	char *data = letters(LONG, 'a'), *buffer = letters(LONG, UNTOUCHED);
	struct mailbox_receive_entry in __attribute__((aligned(128))) = {
		.data = user_pointer(buffer),
		.size = LONG,
	};
	struct mailbox_ioc_receive_batch receive = {
		.count = 1,
		.entries = user_pointer(&in),
		.entry_size = sizeof(in),
	};
	struct changer changer = {
		.turn = turn_64,
		.where = &in.size,
		.value = { LONG, SHORT },
	};
	struct outcomes seen = {};
	int fd = PORT(O_RDWR);

	changer_start(&changer);
	while (goes_on(&seen)) {
		long long err;

		if (!messages(fd))
			CHECK_EQ(0, SEND(fd, .data = user_pointer(data), .len = LONG));
		memset(buffer, UNTOUCHED, LONG);
		err = command(fd, MAILBOX_IOC_RECEIVE_BATCH, &receive);
		if (outcome(&seen, 0, -EMSGSIZE, err)) {
			CHECK(all_are(buffer, UNTOUCHED, LONG));
			CHECK_EQ(1, messages(fd));
		} else {
			CHECK(all_are(buffer, 'a', LONG));
			CHECK_EQ(0, messages(fd));
		}
	}
	changer_stop(&changer);
}

TEST(address_of_a_buffer_changes)
{
	char *data = letters(PAGES, 'a');
	char *buffer[2] = { letters(PAGES, UNTOUCHED), letters(PAGES, UNTOUCHED) };
	struct mailbox_ioc_receive receive = { .size = PAGES };
	struct changer changer = {
		.turn = turn_64,
		.where = &receive.data,
		.value = { user_pointer(buffer[0]), user_pointer(buffer[1]) },
	};
	struct outcomes seen = {};
	int fd = PORT(O_RDWR), which;

	changer_start(&changer);
	while (goes_on(&seen)) {
		CHECK_EQ(0, SEND(fd, .data = user_pointer(data), .len = PAGES));
		CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
		which = outcome(&seen, UNTOUCHED, 'a', buffer[1][0]);
		CHECK(all_are(buffer[which], 'a', PAGES));
		CHECK(all_are(buffer[!which], UNTOUCHED, PAGES));
		memset(buffer[which], UNTOUCHED, PAGES);
	}
	changer_stop(&changer);
}

/* --- calls ------------------------------------------------------------------------- */

/* Answers with as much as the caller takes. */
static void *server_run(void *arg)
{
	char *data = letters(LONG, 'a');
	int fd = *(int *)arg;

	for (;;) {
		struct mailbox_ioc_receive receive = {};

		if (command(fd, MAILBOX_IOC_RECEIVE, &receive))
			return NULL;
		CHECK(receive.reply_size == SHORT || receive.reply_size == LONG);
		CHECK_EQ(0, REPLY(fd, .token = receive.token, .data = user_pointer(data),
				  .len = receive.reply_size));
	}
}

/* What the server was told there is room for is what arrives. */
TEST(size_of_an_answer_changes)
{
	char *buffer = letters(LONG, UNTOUCHED);
	struct mailbox_ioc_call call = { .reply = user_pointer(buffer) };
	struct changer changer = {
		.turn = turn_64,
		.where = &call.reply_size,
		.value = { SHORT, LONG },
	};
	struct outcomes seen = {};
	int fd = PORT(O_RDWR);
	pthread_t server;

	CHECK_EQ(0, pthread_create(&server, NULL, server_run, &fd));
	changer_start(&changer);
	while (goes_on(&seen)) {
		memset(buffer, UNTOUCHED, LONG);
		CHECK_EQ(0, command(fd, MAILBOX_IOC_CALL, &call));
		outcome(&seen, SHORT, LONG, call.reply_len);
		CHECK(all_are(buffer, 'a', call.reply_len));
		CHECK(all_are(buffer + call.reply_len, UNTOUCHED, LONG - call.reply_len));
	}
	changer_stop(&changer);
	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(0, pthread_join(server, NULL));
}

TEST(length_of_a_request_changes)
{
	char *data = letters(LIMIT + 1, 'a'), *buffer = letters(SHORT, UNTOUCHED);
	struct mailbox_ioc_call call = {
		.data = user_pointer(data),
		.reply = user_pointer(buffer),
		.reply_size = SHORT,
	};
	struct changer changer = {
		.turn = turn_64,
		.where = &call.len,
		.value = { 0, LIMIT + 1 },
	};
	struct outcomes seen = {};
	int fd = limited_port();
	unsigned long long before = user_bytes(fd);
	pthread_t server;

	CHECK_EQ(0, pthread_create(&server, NULL, server_run, &fd));
	changer_start(&changer);
	/* The server has room for no request that is longer. */
	while (goes_on(&seen))
		outcome(&seen, 0, -EMSGSIZE, command(fd, MAILBOX_IOC_CALL, &call));
	changer_stop(&changer);
	CHECK_EQ(before, user_bytes(fd));
	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(0, pthread_join(server, NULL));
}

/* --- names ------------------------------------------------------------------------- */

TEST(name_of_a_new_port_changes)
{
	struct mailbox_ioc_port_create create = {};
	struct changer changer = {
		.turn = turn_bytes,
		.size = 1,
		.value = { 'x', '/' },
	};
	struct outcomes seen = {};

	strcpy(create.name, unique_name());
	changer.where = &create.name[strlen(create.name)];
	changer_start(&changer);
	while (goes_on(&seen)) {
		int fd = node_open(O_RDWR);

		if (!outcome(&seen, 0, -EINVAL, command(fd, MAILBOX_IOC_PORT_CREATE, &create))) {
			struct mailbox_ioc_port_stat stat = port_stat(fd);

			CHECK(!strchr(stat.name, '/'));
		}
		close(fd);
	}
	changer_stop(&changer);
}
