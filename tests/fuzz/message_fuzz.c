// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer on the memory of messages: message.c, spare.c and sender.c next to a
 * model, which is the bytes that were sent and what they should cost. The
 * Makefile makes copies of the sources without their include lines.
 */
#include <limits.h>

#include "message_shim.h"

#include "message_body.c"
#include "spare_body.c"
#include "sender_body.c"

#define MESSAGES	64
#define HANDLES		3
#define THREADS		4
#define LEN_MAX		20000

/**
 * struct payload - what was sent, and how many messages have it
 * @charged:	the account that paid for it
 * @origin:	the message that has them, if they are shared
 */
struct payload {
	u8 bytes[LEN_MAX];
	size_t len;
	unsigned int refs;
	bool shared;
	struct mbx_user *charged;
	struct mbx_message *origin;
};

struct held {
	struct mbx_message *msg;
	struct payload *payload;
};

static struct held held[MESSAGES];
static unsigned int held_count;
static struct mbx_senders kept[HANDLES];
static u8 memory[LEN_MAX + PAGE_SIZE];

static const size_t lengths[] = {
	0, 1, 8, 63, 64, 65, 192, 193, 256, 257, 448, 960, 1984, 4031, 4032, 4033, 4096, 4097,
	8191, 8192, 8193, 12288, 16384, 19999,
};

/* What the accounts should have: each payload once, and each message's overhead. */
static size_t expected(const struct mbx_user *user)
{
	size_t bytes = 0;
	unsigned int i, j;

	for (i = 0; i < held_count; i++) {
		const struct payload *payload = held[i].payload;

		if (payload->charged != user)
			continue;
		bytes += MAILBOX_MESSAGE_OVERHEAD;
		for (j = 0; j < i && held[j].payload != payload; j++)
			;
		if (j < i)
			continue;
		bytes += payload->len;
		/* The message that all of them refer to has its own. */
		if (payload->shared)
			bytes += MAILBOX_MESSAGE_OVERHEAD;
	}
	return bytes;
}

/* What is in hand, and is to be kept once it is done with. */
static size_t held_bytes(const struct mbx_sender *sender)
{
	size_t bytes = 0;
	unsigned int i, j;

	for (i = 0; i < held_count; i++) {
		const struct mbx_message *msg = held[i].payload->origin ?: held[i].msg;

		SHIM_CHECK(!held[i].payload->origin || !held[i].msg->kept);
		for (j = 0; j < i && held[j].payload != held[i].payload; j++)
			;
		if (j == i && msg->sender == sender && msg->kept)
			bytes += mbx_message_memory(msg);
	}
	return bytes;
}

static size_t chain_bytes(struct llist_node *node, unsigned int room)
{
	size_t bytes = 0;

	for (; node; node = node->next) {
		const struct mbx_message *msg = llist_entry(node, struct mbx_message, spare);

		SHIM_CHECK(msg->room == room && msg->kept && !msg->shared);
		bytes += mbx_message_memory(msg);
	}
	return bytes;
}

static void check_sender(const struct mbx_sender *sender)
{
	const struct mbx_spare *spare = &sender->spare;
	size_t bytes = held_bytes(sender);
	unsigned int i;

	for (i = 0; i < MBX_ROOMS; i++)
		bytes += chain_bytes(spare->ready[i], i) +
			 chain_bytes(spare->returned[i].first, i);
	SHIM_CHECK(bytes == (size_t)spare->bytes.value);
	SHIM_CHECK(bytes <= spare->limit);
}

static void check(void)
{
	unsigned int i, j;

	for (i = 0; i < SHIM_USERS; i++)
		SHIM_CHECK((size_t)shim_users[i].bytes.value == expected(&shim_users[i]));
	for (i = 0; i < HANDLES; i++)
		for (j = 0; j < ARRAY_SIZE(kept[i].slot); j++)
			if (kept[i].slot[j])
				check_sender(kept[i].slot[j]);
	SHIM_CHECK(shim_slab_live >= (long)held_count);
}

static struct iov_iter iter_of(size_t len, u8 how)
{
	return (struct iov_iter){
		.ubuf = memory,
		.count = len,
		.good = how >= 0xE0 && len ? (how & 0x1F) * len / 32 : SIZE_MAX,
		.single = how & 1,
	};
}

/* As those do who send from one piece of memory, if it can be as quick as that. */
static struct mbx_message *send_quickly(struct mbx_senders *senders, const struct iov_iter *from)
{
	struct mbx_sender *sender = mbx_sender_try(&senders->slot[mbx_sender_slot()]);
	struct mbx_message *msg;

	if (!sender)
		return NULL;
	msg = mbx_quick_message(sender, from->ubuf, from->count, 7, 9, 1);
	if (!msg)
		mbx_sender_put(sender);
	return msg;
}

static void do_send(unsigned int handle, u8 pick, u8 how)
{
	size_t len = lengths[pick % (sizeof(lengths) / sizeof(lengths[0]))];
	struct mbx_message *msg = NULL;
	struct payload *payload;
	struct iov_iter iter;
	size_t i;

	if (held_count == MESSAGES)
		return;
	for (i = 0; i < len; i++)
		memory[i] = i * 7 + pick + how;
	iter = iter_of(len, how);
	shim_iter = &iter;
	if (how & 2)
		msg = send_quickly(&kept[handle], &iter);
	if (!msg)
		msg = mbx_message_make(&kept[handle], NULL, &iter, 7, 9);
	if (IS_ERR(msg)) {
		int err = PTR_ERR(msg);

		SHIM_CHECK(err == -EDQUOT || err == -ENOMEM || err == -EFAULT);
		SHIM_CHECK(err != -ENOMEM || !shim_slab_left || shim_killed);
		SHIM_CHECK(err != -EFAULT || iter.good < len);
		return;
	}
	SHIM_CHECK(iter.good >= len && iter.count == len);
	SHIM_CHECK(msg->len == len && !msg->waiter && !msg->shared && !msg->pins);
	SHIM_CHECK(msg->type == 7 && msg->priority == 9 && !msg->seq);
	SHIM_CHECK(msg->sender->tid == shim_tid && msg->sender->uid.val == shim_cred.uid.val);
	payload = calloc(1, sizeof(*payload));
	memcpy(payload->bytes, memory, len);
	payload->len = len;
	payload->refs = 1;
	payload->charged = msg->sender->user;
	held[held_count++] = (struct held){ msg, payload };
}

static void do_copy(unsigned int at, u8 pick, u8 how)
{
	const struct payload *payload = held[at].payload;
	size_t room = lengths[pick % (sizeof(lengths) / sizeof(lengths[0]))];
	size_t len = room < payload->len ? room : payload->len;
	struct iov_iter iter = iter_of(room, how);
	int err;

	shim_iter = &iter;
	memset(memory, 0x55, room + 1);
	err = how & 4 ? mbx_quick_copy(held[at].msg, memory, room) :
			mbx_message_copy(held[at].msg, &iter);
	SHIM_CHECK(err == (iter.good < len ? -EFAULT : 0));
	SHIM_CHECK(memory[room] == 0x55);
	if (err)
		return;
	SHIM_CHECK(!memcmp(memory, payload->bytes, len));
	SHIM_CHECK(len == room || memory[len] == 0x55);
}

static void payload_put(struct payload *payload)
{
	if (!--payload->refs)
		free(payload);
}

static void do_free(unsigned int at)
{
	struct payload *payload = held[at].payload;

	mbx_message_free(held[at].msg);
	held[at] = held[--held_count];
	payload_put(payload);
}

/* As a batch does: from there on. */
static void do_free_all(unsigned int at, unsigned int count)
{
	struct mbx_message *msgs[MESSAGES];
	unsigned int i;

	count = count < held_count - at ? count : held_count - at;
	for (i = 0; i < count; i++)
		msgs[i] = held[at + i].msg;
	mbx_messages_free(msgs, count);
	for (i = 0; i < count; i++)
		payload_put(held[at + i].payload);
	held_count -= count;
	memmove(&held[at], &held[at + count], (held_count - at) * sizeof(held[0]));
}

/* As a broadcast: the message becomes what its copies refer to. */
static void do_share(unsigned int at, unsigned int copies)
{
	struct mbx_message *msg = held[at].msg;
	struct payload *payload = held[at].payload;

	if (payload->shared || held_count + copies > MESSAGES)
		return;
	held[at] = held[--held_count];
	refcount_set(&msg->copies, 1);
	payload->shared = true;
	payload->origin = msg;
	payload->refs = 0;
	while (copies--) {
		struct mbx_message *copy = mbx_message_alloc_copy(msg);

		if (IS_ERR(copy))
			continue;
		if (copies == 2) {
			/* One for which there is no receiver any more. */
			mbx_message_free(copy);
			continue;
		}
		mbx_message_share(copy, msg);
		payload->refs++;
		held[held_count++] = (struct held){ copy, payload };
	}
	mbx_message_unshare(msg);
	if (!payload->refs)
		free(payload);
}

static void do_forget(unsigned int handle)
{
	mbx_senders_forget(&kept[handle]);
	memset(&kept[handle], 0, sizeof(kept[handle]));
}

static void be(u8 who)
{
	static const u8 bytes[THREADS];

	shim_tid = (struct pid *)&bytes[who % THREADS];
	shim_tgid = (struct pid *)&bytes[who / 4 % 2];
	shim_cred.uid.val = who / 8 % SHIM_USERS;
	shim_cred.gid.val = who / 32 % 2;
}

static void step(const u8 *op)
{
	unsigned int at = held_count ? op[1] % held_count : 0;

	switch (op[0] % 13) {
	case 0 ... 3:
		do_send(op[0] / 13 % HANDLES, op[1], op[2]);
		break;
	case 4 ... 5:
		if (held_count)
			do_free(at);
		break;
	case 6:
		if (held_count)
			do_copy(at, op[2], op[0]);
		break;
	case 7:
		if (held_count)
			do_share(at, op[2] % 6);
		break;
	case 8:
		be(op[1]);
		break;
	case 9:
		do_forget(op[1] % HANDLES);
		break;
	case 10:
		shim_slab_left = op[1] & 1 ? op[2] % 8 : -1;
		shim_killed = op[1] == 0xFF;
		break;
	case 11:
		if (op[1] & 1)
			mbx_user_bytes_max = op[2] ? op[2] * 1000UL : LONG_MAX;
		else
			mbx_spare_bytes = op[2] * 256UL;
		break;
	case 12:
		if (held_count)
			do_free_all(at, op[2] % 20);
		break;
	}
	check();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t i;

	memset(shim_users, 0, sizeof(shim_users));
	mbx_user_bytes_max = LONG_MAX;
	mbx_spare_bytes = 16384;
	shim_slab_left = -1;
	shim_killed = false;
	be(0);
	for (i = 0; i + 3 <= size; i += 3)
		step(data + i);

	shim_slab_left = -1;
	while (held_count)
		do_free(0);
	for (i = 0; i < HANDLES; i++)
		do_forget(i);
	check();
	SHIM_CHECK(!shim_slab_live && !shim_pages && !shim_pid_refs);
	for (i = 0; i < SHIM_USERS; i++)
		SHIM_CHECK(!shim_users[i].refs && !shim_users[i].spare.value);
	return 0;
}
