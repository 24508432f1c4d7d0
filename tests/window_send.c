// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who sends, calls or answers is held in the middle of a copy, and the port is
 * not what it was when he goes on.
 */
#include "window.h"

/* --- before the message is in the port ---------------------------------------------- */

/* A port that has had messages takes the next one in another way (quick.h). */
static void use_port(int sender, int receiver)
{
	CHECK_EQ(0, put(sender, 9));
	CHECK_EQ(9, take(receiver));
}

static void check_revoked(bool used)
{
	char *name = unique_name();
	int owner = foreign_port(name, (struct mailbox_ioc_port_create){});
	int fd = listed_handle(O_WRONLY, owner, name);
	struct trap trap = trap_new();
	struct call held;

	if (used)
		use_port(fd, owner);
	SEND_HELD(&held, fd, &trap);
	CHECK_EQ(0, list_off(owner));
	trap_fill(&trap, 1);
	CHECK_EQ(-EACCES, call_join(&held));
	CHECK_EQ(used, port_stat(owner).sent);
	CHECK_EQ(-EAGAIN, take(owner));
}

TEST(revoked_while_a_sender_is_held)
{
	check_revoked(false);
}

TEST(revoked_while_a_sender_to_a_used_port_is_held)
{
	check_revoked(true);
}

static void check_hung_up(bool used)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_WRONLY, name, .flags = MAILBOX_CREATE_HANGUP);
	int receiver = port_open(O_RDONLY, name);
	struct trap trap = trap_new();
	struct call held;

	if (used)
		use_port(fd, receiver);
	SEND_HELD(&held, fd, &trap);
	close(receiver);
	trap_fill(&trap, 1);
	CHECK_EQ(-EPIPE, call_join(&held));
	CHECK_EQ(0, messages(fd));
}

TEST(hung_up_while_a_sender_is_held)
{
	check_hung_up(false);
}

TEST(hung_up_while_a_sender_to_a_used_port_is_held)
{
	check_hung_up(true);
}

/* Somebody else has come meanwhile: it is not hung up any more. */
TEST(receiver_changes_while_a_sender_is_held)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_WRONLY, name, .flags = MAILBOX_CREATE_HANGUP);
	int receiver = port_open(O_RDONLY, name);
	struct trap trap = trap_new();
	struct call held;

	SEND_HELD(&held, fd, &trap);
	close(receiver);
	receiver = port_open(O_RDONLY, name);
	trap_fill(&trap, 1);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(1, take(receiver));
}

TEST(port_fills_while_a_sender_is_held)
{
	int fd = PORT(O_RDWR, .capacity = 1);
	struct trap trap = trap_new();
	struct call held;

	SEND_HELD(&held, fd, &trap, .flags = MAILBOX_SEND_NONBLOCK);
	CHECK_EQ(0, put(fd, 1));
	trap_fill(&trap, 2);
	CHECK_EQ(-EAGAIN, call_join(&held));
	CHECK_ORDER(fd, 1);
}

TEST(port_fills_while_a_sender_that_may_sleep_is_held)
{
	int fd = PORT(O_RDWR, .capacity = 1);
	struct trap trap = trap_new();
	struct call held;

	SEND_HELD(&held, fd, &trap);
	CHECK_EQ(0, put(fd, 1));
	trap_fill(&trap, 2);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(1, take(fd));
	CHECK_EQ(0, call_join(&held));
	CHECK_ORDER(fd, 2);
}

/* Who sleeps already goes first, though he has begun later. */
TEST(held_sender_does_not_overtake)
{
	int fd = PORT(O_RDWR, .capacity = 1);
	struct trap trap = trap_new();
	struct call held, asleep;

	CHECK_EQ(0, put(fd, 1));
	SEND_HELD(&held, fd, &trap);
	CALL_SEND(&asleep, fd, 2);
	wait_for_waiters(fd, 1, 0);
	trap_fill(&trap, 3);
	wait_for_waiters(fd, 2, 0);
	CHECK_EQ(1, take(fd));
	CHECK_EQ(2, take(fd));
	CHECK_EQ(3, take(fd));
	CHECK_EQ(0, call_join(&asleep));
	CHECK_EQ(0, call_join(&held));
}

static void check_limit(bool used)
{
	int fd = PORT(O_RDWR, .message_bytes_max = sizeof(int));
	struct trap trap = trap_new();
	struct call held;

	if (used)
		use_port(fd, fd);
	SEND_HELD(&held, fd, &trap);
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_MESSAGE_BYTES_MAX,
			.message_bytes_max = sizeof(int) - 1));
	trap_fill(&trap, 1);
	CHECK_EQ(-EMSGSIZE, call_join(&held));
	CHECK_EQ(0, messages(fd));
}

TEST(limit_shrinks_while_a_sender_is_held)
{
	check_limit(false);
}

TEST(limit_shrinks_while_a_sender_to_a_used_port_is_held)
{
	check_limit(true);
}

TEST(receiver_sleeps_while_a_rendezvous_sender_is_held)
{
	int fd = PORT(O_RDWR, RENDEZVOUS);
	struct trap trap = trap_new();
	struct call held, receiver;

	SEND_HELD(&held, fd, &trap, .flags = MAILBOX_SEND_NONBLOCK);
	CALL_RECEIVE(&receiver, fd);
	wait_for_waiters(fd, 0, 1);
	trap_fill(&trap, 5);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(5, call_value(&receiver));
}

TEST(receiver_gives_up_while_a_rendezvous_sender_is_held)
{
	int fd = PORT(O_RDWR, RENDEZVOUS);
	struct trap trap = trap_new();
	struct call held, receiver;

	CALL_RECEIVE(&receiver, fd, .deadline_ns = deadline_soon());
	wait_for_waiters(fd, 0, 1);
	SEND_HELD(&held, fd, &trap, .flags = MAILBOX_SEND_NONBLOCK);
	CHECK_EQ(-ETIMEDOUT, call_value(&receiver));
	trap_fill(&trap, 5);
	CHECK_EQ(-EAGAIN, call_join(&held));
	CHECK_EQ(0, messages(fd));
}

/* A handle counts as a sender as long as a call uses it. */
TEST(closed_while_its_sender_is_held)
{
	char *name = unique_name();
	int receiver = NAMED_PORT(O_RDONLY, name, .flags = MAILBOX_CREATE_HANGUP);
	int fd = port_open(O_WRONLY, name);
	struct trap trap = trap_new();
	struct call held;

	SEND_HELD(&held, fd, &trap);
	close(fd);
	CHECK_EQ(-EAGAIN, take(receiver));
	trap_fill(&trap, 1);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(1, take(receiver));
	CHECK_EQ(-EPIPE, take(receiver));
}

TEST(receiver_of_a_broadcast_comes_while_a_sender_is_held)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_WRONLY, name, .flags = MAILBOX_CREATE_BROADCAST);
	int first = port_open(O_RDONLY, name), second;
	struct trap trap = trap_new();
	struct call held;

	SEND_HELD(&held, fd, &trap);
	second = port_open(O_RDONLY, name);
	trap_fill(&trap, 1);
	CHECK_EQ(0, call_join(&held));
	CHECK_ORDER(first, 1);
	CHECK_ORDER(second, 1);
}

TEST(peer_exits_while_a_sender_is_held)
{
	int gate[2];
	struct mailbox_ioc_port_link link = {};
	struct trap trap = trap_new();
	struct call held;
	char byte;
	pid_t pid;
	int fd;

	CHECK_OK(pipe2(gate, O_CLOEXEC));
	pid = fork_child();
	CHECK_OK(pid);
	if (!pid) {
		close(gate[1]);
		(void)!read(gate[0], &byte, 1);
		_exit(0);
	}
	close(gate[0]);
	fd = node_open(O_RDWR);
	link.pid = pid;
	CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_LINK, &link));
	SEND_HELD(&held, fd, &trap);
	close(gate[1]);
	reap_status(pid);
	trap_fill(&trap, 1);
	CHECK_EQ(-EPIPE, call_join(&held));
	CHECK_EQ(0, stat_sends(fd).messages);
}

/* --- batches ------------------------------------------------------------------------ */

struct batch {
	struct call call;
	struct mailbox_ioc_send_batch arg;
	struct mailbox_send_entry entry[3];
	int value[3];
};

/* Held at the payload of the second of three. */
static void batch_held(struct batch *batch, int fd, struct trap *trap)
{
	int i;

	memset(batch, 0, sizeof(*batch));
	for (i = 0; i < 3; i++) {
		batch->value[i] = i + 1;
		batch->entry[i].data = user_pointer(&batch->value[i]);
		batch->entry[i].len = sizeof(int);
	}
	batch->entry[1].data = user_pointer(trap->page);
	batch->arg.entries = user_pointer(batch->entry);
	batch->arg.entry_size = sizeof(batch->entry[0]);
	batch->arg.count = 3;
	call_start(&batch->call, fd, MAILBOX_IOC_SEND_BATCH, &batch->arg, 0);
	trap_wait(trap);
}

TEST(batch_whose_second_payload_comes_late)
{
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR);
	struct batch batch;

	batch_held(&batch, fd, &trap);
	CHECK_EQ(0, put(fd, 9));
	trap_fill(&trap, 2);
	CHECK_EQ(0, call_join(&batch.call));
	CHECK_EQ(3, batch.arg.done);
	/* In one piece, but for who came before any of it was sent. */
	CHECK_ORDER(fd, 9, 1, 2, 3);
}

TEST(batch_whose_second_payload_does_not_come)
{
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR);
	struct batch batch;

	batch_held(&batch, fd, &trap);
	trap_break(&trap);
	CHECK_EQ(0, call_join(&batch.call));
	CHECK_EQ(1, batch.arg.done);
	CHECK_EQ(EFAULT, batch.arg.error);
	CHECK_EQ(1, batch.entry[0].seq);
	CHECK_EQ(0, batch.entry[2].seq);
	CHECK_ORDER(fd, 1);
}

TEST(destroyed_while_a_batch_is_held)
{
	struct account before = account();
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR);
	struct batch batch;

	batch_held(&batch, fd, &trap);
	CHECK_EQ(0, port_destroy(fd, NULL));
	trap_fill(&trap, 2);
	CHECK_EQ(-EIDRM, call_join(&batch.call));
	CHECK_EQ(0, batch.entry[0].seq);
	CHECK_EQ(before.user_bytes, account().user_bytes);
}

/* --- what the caller is told -------------------------------------------------------- */

/* That it can be told is seen before anything is sent. */
TEST(held_before_it_is_known_whether_it_can_be_told)
{
	int fd = PORT(O_RDWR), value = 7;
	struct mailbox_ioc_send send = { .data = user_pointer(&value), .len = sizeof(value) };
	struct trap trap = trap_write(&send, sizeof(send));
	struct call held;

	call_start(&held, fd, MAILBOX_IOC_SEND, trap.page, 0);
	trap_wait(&trap);
	CHECK_EQ(0, messages(fd));
	trap_protect(&trap, false);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(1, ((struct mailbox_ioc_send *)trap.page)->seq);
	CHECK_ORDER(fd, 7);
}

TEST(what_cannot_be_told_is_not_sent)
{
	int fd = PORT(O_RDWR), value = 7;
	struct mailbox_ioc_send send = { .data = user_pointer(&value), .len = sizeof(value) };
	struct trap trap = trap_write(&send, sizeof(send));
	struct call held;

	call_start(&held, fd, MAILBOX_IOC_SEND, trap.page, 0);
	trap_wait(&trap);
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	CHECK_EQ(0, port_stat(fd).sent);
}

/* The receipt is written after all is over; what becomes of the port is all the same. */
TEST(receipt_is_held)
{
	int fd = PORT(O_RDWR), value = 7;
	struct mailbox_ioc_send send = {
		.flags = MAILBOX_SEND_SYNC,
		.data = user_pointer(&value),
		.len = sizeof(value),
	};
	struct trap trap = trap_write(&send, sizeof(send));
	struct mailbox_ioc_send *told = (struct mailbox_ioc_send *)trap.page;
	struct call held;

	call_start(&held, fd, MAILBOX_IOC_SEND, told, 0);
	trap_wait(&trap);
	trap_protect(&trap, false);
	wait_for_waiters(fd, 1, 0);
	trap_protect(&trap, true);
	CHECK_EQ(7, take(fd));
	trap_wait(&trap);
	CHECK_EQ(0, port_destroy(fd, NULL));
	trap_protect(&trap, false);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(getpid(), told->taken_pid);
	CHECK_EQ(sizeof(int), told->taken_bytes);
}

/* The number of the second handle is told before there is one. */
TEST(pair_is_held)
{
	struct mailbox_ioc_port_pair pair = {};
	struct trap trap = trap_write(&pair, sizeof(pair));
	struct account before = account();
	int fd = node_open(O_RDWR);
	struct call held;

	call_start(&held, fd, MAILBOX_IOC_PORT_PAIR, trap.page, 0);
	trap_wait(&trap);
	CHECK_EQ(before.ports, account().ports);
	CHECK_EQ(-ENOTCONN, put(fd, 1));
	trap_protect(&trap, false);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(1, take(((struct mailbox_ioc_port_pair *)trap.page)->fd));
}

TEST(pair_that_cannot_be_told)
{
	struct mailbox_ioc_port_pair pair = {};
	struct trap trap = trap_write(&pair, sizeof(pair));
	int fd = node_open(O_RDWR);
	struct account before = account();
	struct call held;

	call_start(&held, fd, MAILBOX_IOC_PORT_PAIR, trap.page, 0);
	trap_wait(&trap);
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	CHECK_ACCOUNT(&before);
	CHECK_EQ(-ENOTCONN, put(fd, 1));
}

/* While the list is copied out it is nobody's business. */
TEST(list_is_held)
{
	struct trap trap = trap_new();
	struct mailbox_ioc_port_list list = {
		.entry_size = sizeof(struct mailbox_ioc_port_stat),
		.count = 1,
		.entries = user_pointer(trap.page),
	};
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name), other = node_open(O_RDWR);
	struct call held;

	call_start(&held, other, MAILBOX_IOC_PORT_LIST, &list, 0);
	trap_wait(&trap);
	CHECK_EQ(0, port_destroy(fd, NULL));
	close(fd);
	fd = NAMED_PORT(O_RDWR, name);
	CHECK_EQ(0, put(fd, 1));
	trap_fill(&trap, 0);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(1, list.count);
	CHECK_ORDER(fd, 1);
}

/* --- answers ------------------------------------------------------------------------ */

/* An answer to @token that is held in its payload. */
static void reply_held(struct call *held, struct mailbox_ioc_reply *reply, int fd, __u64 token,
		       struct trap *trap)
{
	*reply = (struct mailbox_ioc_reply) { .token = token, .len = sizeof(int) };
	reply->data = user_pointer(trap->page);
	call_start(held, fd, MAILBOX_IOC_REPLY, reply, 0);
	trap_wait(trap);
}

TEST(revoked_while_an_answer_is_held)
{
	char *name = unique_name();
	int owner = foreign_port(name, (struct mailbox_ioc_port_create){});
	int fd = listed_handle(O_RDWR, owner, name);
	struct trap trap = trap_new();
	struct mailbox_ioc_reply reply;
	struct asker asker;
	struct call held;

	ASK(&asker, owner, 1);
	reply_held(&held, &reply, fd, serve(fd, 1), &trap);
	CHECK_EQ(0, list_off(owner));
	CHECK_EQ(-EPIPE, answer_of(&asker));
	trap_fill(&trap, 2);
	CHECK_EQ(-EACCES, call_join(&held));
}

TEST(destroyed_while_an_answer_is_held)
{
	struct trap trap = trap_new();
	struct mailbox_ioc_reply reply;
	int fd = PORT(O_RDWR);
	struct asker asker;
	struct call held;

	ASK(&asker, fd, 1);
	reply_held(&held, &reply, fd, serve(fd, 1), &trap);
	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(-EIDRM, answer_of(&asker));
	trap_fill(&trap, 2);
	CHECK_EQ(-EIDRM, call_join(&held));
}

/* The handle goes when the answer has been given, not before. */
TEST(closed_while_an_answer_is_held)
{
	char *name = unique_name();
	int caller = NAMED_PORT(O_WRONLY, name), fd = port_open(O_RDONLY, name);
	struct trap trap = trap_new();
	struct mailbox_ioc_reply reply;
	struct asker asker;
	struct call held;

	ASK(&asker, caller, 1);
	reply_held(&held, &reply, fd, serve(fd, 1), &trap);
	close(fd);
	CHECK(!asker.call.done);
	trap_fill(&trap, 2);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(2, answer_of(&asker));
}

TEST(answer_that_fails_is_still_to_be_given)
{
	struct trap trap = trap_new();
	struct mailbox_ioc_reply reply;
	int fd = PORT(O_RDWR);
	struct asker asker;
	struct call held;
	__u64 token;

	ASK(&asker, fd, 1);
	token = serve(fd, 1);
	reply_held(&held, &reply, fd, token, &trap);
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	CHECK(!asker.call.done);
	CHECK_EQ(1, port_stat(fd).requests);
	CHECK_EQ(0, answer(fd, token, 3));
	CHECK_EQ(3, answer_of(&asker));
}

/* The caller has its answer, whatever becomes of the port while it copies. */
TEST(destroyed_while_a_caller_copies_the_answer)
{
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR);
	struct asker asker;

	asker_fill(&asker, 1, (struct mailbox_ioc_call){});
	asker.arg.reply = user_pointer(trap.page);
	call_start(&asker.call, fd, MAILBOX_IOC_CALL, &asker.arg, 0);
	/* It is seen beforehand whether the answer can be written. */
	trap_wait(&trap);
	CHECK_EQ(0, messages(fd));
	trap_fill(&trap, 0);
	wait_for_waiters(fd, 1, 0);
	trap_again(&trap);
	CHECK_EQ(0, answer(fd, serve(fd, 1), 2));
	trap_wait(&trap);
	CHECK_EQ(0, port_stat(fd).requests);
	CHECK_EQ(0, port_destroy(fd, NULL));
	trap_fill(&trap, 0);
	CHECK_EQ(0, call_join(&asker.call));
	CHECK_EQ(2, trapped_value(&trap));
}
