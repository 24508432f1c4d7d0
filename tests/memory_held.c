// SPDX-License-Identifier: GPL-2.0-only
/*
 * While a call sleeps, or is held in the copy of a payload, its struct and its array
 * are overwritten: it goes on with what it was given.
 */
#include "call.h"
#include "direct.h"
#include "many.h"
#include "window.h"

static void spoil(void *what, size_t size)
{
	memset(what, 0xff, size);
}

/* There is no buffer any more, and nothing is asked for. */
static void clear(void *what, size_t size)
{
	memset(what, 0, size);
}

/* The first message is this one, with type and priority; it is taken. Checked. */
static void take_exactly(int fd, int value, __u64 type, __u32 priority)
{
	struct mailbox_ioc_receive receive = { .flags = MAILBOX_RECEIVE_NONBLOCK };
	int got = -1;

	receive.data = user_pointer(&got);
	receive.size = sizeof(got);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(sizeof(got), receive.len);
	CHECK_EQ(value, got);
	CHECK_EQ(type, receive.type);
	CHECK_EQ(priority, receive.priority);
}

/* --- sends ------------------------------------------------------------------------ */

TEST(send_is_held_in_its_payload)
{
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR);
	struct call held;

	SEND_HELD(&held, fd, &trap, .type = 3, .priority = 4);
	spoil(&held.send, sizeof(held.send));
	trap_fill(&trap, 42);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(1, held.send.seq);
	take_exactly(fd, 42, 3, 4);
	CHECK_EQ(0, messages(fd));
}

static void check_sleeping_send(int fd, __u32 flags, int before)
{
	struct call send;
	int i;

	for (i = 0; i < before; i++)
		CHECK_EQ(0, put(fd, i));
	CALL_SEND(&send, fd, 42, .flags = flags, .type = 3, .priority = 4);
	wait_for_waiters(fd, 1, 0);
	spoil(&send.send, sizeof(send.send));
	send.value = -1;
	for (i = 0; i < before; i++)
		CHECK_EQ(i, take(fd));
	if (flags & MAILBOX_SEND_SYNC)
		CHECK(waiters_are(fd, 1, 0));
	take_exactly(fd, 42, 3, 4);
	CHECK_EQ(0, call_join(&send));
	CHECK_EQ(before + 1, send.send.seq);
	CHECK_EQ(flags & MAILBOX_SEND_SYNC ? sizeof(int) : 0, send.send.taken_bytes);
}

TEST(send_sleeps_for_room)
{
	check_sleeping_send(PORT(O_RDWR, .capacity = 1), 0, 1);
}

TEST(send_sleeps_for_its_receipt)
{
	check_sleeping_send(PORT(O_RDWR), MAILBOX_SEND_SYNC, 0);
}

/* An entry is read once; the next ones are read when it is their turn. */
TEST(batch_is_held_in_a_payload)
{
	struct trap trap = trap_new();
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR), i;
	struct call held;

	batch->out[1].data = user_pointer(trap.page);
	call_start(&held, fd, MAILBOX_IOC_SEND_BATCH, sending(batch, 3, 0), 0);
	trap_wait(&trap);
	spoil(batch->out, 2 * sizeof(batch->out[0]));
	spoil(&batch->send, sizeof(batch->send));
	batch->values[0] = -1;
	trap_fill(&trap, 1);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(3, batch->send.done);
	CHECK_EQ(0, batch->send.error);
	for (i = 0; i < 3; i++) {
		CHECK_EQ(i + 1, batch->out[i].seq);
		CHECK_EQ(i, take(fd));
	}
}

TEST(batch_sleeps_for_room)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR, .capacity = 1), i;
	struct call send;

	call_start(&send, fd, MAILBOX_IOC_SEND_BATCH, sending(batch, 4, 0), 0);
	wait_for_waiters(fd, 1, 0);
	spoil(batch->out, sizeof(batch->out));
	spoil(&batch->send, sizeof(batch->send));
	spoil(batch->values, sizeof(batch->values));
	for (i = 0; i < 4; i++) {
		WAIT_FOR(messages(fd));
		CHECK_EQ(i, take(fd));
	}
	CHECK_EQ(0, call_join(&send));
	CHECK_EQ(4, batch->send.done);
	CHECK_EQ(0, batch->send.error);
}

/* --- receives --------------------------------------------------------------------- */

TEST(receive_sleeps_for_a_message)
{
	int fd = PORT(O_RDWR);
	struct call receive;

	CALL_RECEIVE(&receive, fd, .select = MAILBOX_SELECT_TYPE, .match = 3);
	wait_for_waiters(fd, 0, 1);
	clear(&receive.receive, sizeof(receive.receive));
	CHECK_EQ(0, put_as(fd, 41, 2, 0));
	CHECK_EQ(0, put_as(fd, 42, 3, 0));
	CHECK_EQ(42, call_value(&receive));
	CHECK_EQ(sizeof(int), receive.receive.len);
	CHECK_EQ(3, receive.receive.type);
	CHECK_EQ(1, messages(fd));
}

TEST(receive_is_held_in_its_payload)
{
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR);
	struct call held;

	CHECK_EQ(0, put_as(fd, 42, 3, 4));
	RECEIVE_HELD(&held, fd, &trap);
	clear(&held.receive, sizeof(held.receive));
	trap_fill(&trap, 0);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(42, trapped_value(&trap));
	CHECK_EQ(sizeof(int), held.receive.len);
	CHECK_EQ(3, held.receive.type);
	CHECK_EQ(4, held.receive.priority);
	CHECK_EQ(0, messages(fd));
}

/* The lease that it asked for is begun. */
TEST(leasing_receive_is_held_in_its_payload)
{
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR);
	struct call held;

	CHECK_EQ(0, put(fd, 42));
	RECEIVE_HELD(&held, fd, &trap, .flags = MAILBOX_RECEIVE_LEASE);
	clear(&held.receive, sizeof(held.receive));
	trap_fill(&trap, 0);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(1, port_stat(fd).leased);
	CHECK_EQ(1, held.receive.deliveries);
}

TEST(batch_sleeps_for_a_message)
{
	struct batch *batch = batch_new();
	struct call receive;
	int fd = PORT(O_RDWR);

	call_start(&receive, fd, MAILBOX_IOC_RECEIVE_BATCH, receiving(batch, 2, 0), 0);
	wait_for_waiters(fd, 0, 1);
	clear(batch->in, sizeof(batch->in));
	clear(&batch->receive, sizeof(batch->receive));
	CHECK_EQ(0, put_as(fd, 42, 3, 4));
	CHECK_EQ(0, call_join(&receive));
	CHECK_EQ(1, batch->receive.done);
	CHECK_EQ(0, batch->receive.error);
	CHECK_EQ(42, batch->values[0]);
	CHECK_EQ(sizeof(int), batch->in[0].len);
	CHECK_EQ(3, batch->in[0].type);
}

/* --- calls ------------------------------------------------------------------------- */

TEST(call_sleeps_for_its_answer)
{
	int fd = PORT(O_RDWR);
	struct asker asker;

	ASK(&asker, fd, 7, .type = 3);
	clear(&asker.arg, sizeof(asker.arg));
	asker.question = -1;
	CHECK_EQ(0, answer(fd, serve_as(fd, 7, MAILBOX_SELECT_TYPE, 3), 42));
	CHECK_EQ(42, answer_of(&asker));
	CHECK_EQ(sizeof(int), asker.arg.reply_len);
	CHECK_EQ(0, asker.arg.reply_type);
}

/* The server is told how long an answer may be, and that holds. */
TEST(call_sleeps_with_a_buffer_that_becomes_small)
{
	int fd = PORT(O_RDWR);
	struct asker asker;
	__u64 token;

	ASK(&asker, fd, 7);
	token = serve(fd, 7);
	asker.arg.reply_size = 1;
	CHECK_EQ(0, answer(fd, token, 0x01020304));
	CHECK_EQ(0x01020304, answer_of(&asker));
}

TEST(answer_is_held_in_its_payload)
{
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR);
	struct mailbox_ioc_reply reply = { .data = user_pointer(trap.page), .len = sizeof(int) };
	struct asker asker;
	struct call held;

	ASK(&asker, fd, 7);
	reply.token = serve(fd, 7);
	call_start(&held, fd, MAILBOX_IOC_REPLY, &reply, 0);
	trap_wait(&trap);
	spoil(&reply, sizeof(reply));
	trap_fill(&trap, 42);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(42, answer_of(&asker));
}

TEST(server_sleeps_for_the_next_request)
{
	int fd = PORT(O_RDWR);
	struct asker first, second;
	struct call served;
	struct turn turn;

	ASK(&first, fd, 7);
	turn_fill(&turn, serve(fd, 7), 42, 0);
	call_start(&served, fd, MAILBOX_IOC_REPLY_RECEIVE, &turn.arg, 0);
	CHECK_EQ(42, answer_of(&first));
	wait_for_waiters(fd, 0, 1);
	clear(&turn.arg, sizeof(turn.arg));
	turn.answer = -1;
	ask_args(&second, fd, 8, (struct mailbox_ioc_call){});
	CHECK_EQ(0, call_join(&served));
	CHECK_EQ(8, turn.question);
	CHECK_EQ(MAILBOX_MESSAGE_REQUEST, turn.arg.receive.kind);
	CHECK_EQ(0, answer(fd, turn.arg.receive.token, 43));
	CHECK_EQ(43, answer_of(&second));
}

/* --- names ------------------------------------------------------------------------- */

TEST(open_sleeps_for_a_name)
{
	struct mailbox_ioc_port_open bind = { .flags = MAILBOX_BIND_WAIT };
	int fd = node_open(O_RDWR), owner;
	char *name = unique_name();
	struct call opening;

	strcpy(bind.name, name);
	call_start(&opening, fd, MAILBOX_IOC_PORT_OPEN, &bind, 0);
	wait_for_sleep(&opening);
	spoil(&bind, sizeof(bind));
	owner = NAMED_PORT(O_RDWR, name);
	CHECK_EQ(0, call_join(&opening));
	CHECK_EQ(port_stat(owner).id, bind.id);
	CHECK_EQ(0, put(fd, 42));
	CHECK_EQ(42, take(owner));
}
