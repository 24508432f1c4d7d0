// SPDX-License-Identifier: GPL-2.0-only
/*
 * Somebody has seen something without the lock under which it is true, and is
 * held before he takes that: a receiver that sleeps, a call that nobody will
 * answer, a port that can be opened. What is true then is what counts.
 */
#include "window.h"

/* --- a thread that is held, but not in the first thing that it does -------------------- */

struct held {
	struct asker asker;
	int fd;
	void (*first)(int fd);
	const char *where;
	int gate;
	atomic_bool ready, goes;
};

static void *held_run(void *arg)
{
	struct held *held = arg;

	held->first(held->fd);
	held->ready = true;
	WAIT_FOR(held->goes);
	gate_arm(held->gate, "me", held->where);
	return call_run(&held->asker.call);
}

static void held_start(struct held *held, int fd, void (*first)(int fd), const char *where)
{
	held->fd = fd;
	held->first = first;
	held->where = where;
	held->gate = gate_new();
	held->asker.call.fd = fd;
	CHECK_EQ(0, pthread_create(&held->asker.call.thread, NULL, held_run, held));
}

/* Until it is held. */
static void held_go(struct held *held, unsigned long number, void *arg)
{
	WAIT_FOR(held->ready);
	held->asker.call.number = number;
	held->asker.call.arg = arg;
	held->goes = true;
	gate_wait(held->gate);
}

static long long held_end(struct held *held)
{
	gate_go(held->gate);
	return call_join(&held->asker.call);
}

/* --- a receiver was seen asleep ---------------------------------------------------------- */

static void send_first(int fd)
{
	CHECK_EQ(0, put(fd, 0));
}

/*
 * Who sends the second time has the memory of the first message, and hands the
 * next one to who sleeps. @out sends to the port of @in.
 */
static void hand_start(struct held *held, int out, int in)
{
	*held = (struct held){};
	held_start(held, out, send_first, "before mbx_port_hand");
	WAIT_FOR(held->ready);
	CHECK_EQ(0, take(in));
}

/* Sends 1. */
static void hand_go(struct held *held)
{
	struct call *call = &held->asker.call;

	call->value = 1;
	call->send = (struct mailbox_ioc_send){
		.data = user_pointer(&call->value),
		.len = sizeof(call->value),
	};
	held_go(held, MAILBOX_IOC_SEND, &call->send);
}

static void check_counts(int fd, unsigned long long sent, unsigned long long received)
{
	CHECK_EQ(sent, port_stat(fd).sent);
	CHECK_EQ(received, port_stat(fd).received);
	CHECK(waiters_are(fd, 0, 0));
}

TEST(handed_to_the_receiver_that_was_seen)
{
	struct held held;
	struct call receiver;
	int fd = PORT(O_RDWR);

	hand_start(&held, fd, fd);
	CALL_RECEIVE(&receiver, fd);
	wait_for_waiters(fd, 0, 1);
	hand_go(&held);
	CHECK_EQ(0, held_end(&held));
	CHECK_EQ(1, call_value(&receiver));
	check_counts(fd, 2, 2);
}

TEST(receiver_is_interrupted_before_it_is_handed_a_message)
{
	struct held held;
	struct call receiver;
	int fd = PORT(O_RDWR);

	handle_signal(SIGUSR1, 0);
	hand_start(&held, fd, fd);
	CALL_RECEIVE(&receiver, fd);
	wait_for_waiters(fd, 0, 1);
	hand_go(&held);
	CHECK_EQ(0, pthread_kill(receiver.thread, SIGUSR1));
	CHECK_EQ(-EINTR, call_join(&receiver));
	CHECK_EQ(0, held_end(&held));
	CHECK_ORDER(fd, 1);
	check_counts(fd, 2, 2);
}

TEST(receiver_gives_up_before_it_is_handed_a_message)
{
	struct held held;
	struct call receiver;
	int fd = PORT(O_RDWR);

	hand_start(&held, fd, fd);
	CALL_RECEIVE(&receiver, fd, .deadline_ns = deadline_soon());
	wait_for_waiters(fd, 0, 1);
	hand_go(&held);
	CHECK_EQ(-ETIMEDOUT, call_join(&receiver));
	CHECK_EQ(0, held_end(&held));
	CHECK_ORDER(fd, 1);
	check_counts(fd, 2, 2);
}

TEST(receiver_is_handed_another_message_before)
{
	struct held held;
	struct call receiver;
	int fd = PORT(O_RDWR);

	hand_start(&held, fd, fd);
	CALL_RECEIVE(&receiver, fd);
	wait_for_waiters(fd, 0, 1);
	hand_go(&held);
	CHECK_EQ(0, put(fd, 2));
	CHECK_EQ(2, call_value(&receiver));
	CHECK_EQ(0, put(fd, 3));
	CHECK_EQ(0, held_end(&held));
	CHECK_ORDER(fd, 3, 1);
}

/* Who sleeps now is not who was seen, and wants something else. */
TEST(receiver_that_selects_comes_before_a_message_is_handed)
{
	struct held held;
	struct call receiver, other;
	int fd = PORT(O_RDWR);

	handle_signal(SIGUSR1, 0);
	hand_start(&held, fd, fd);
	CALL_RECEIVE(&receiver, fd);
	wait_for_waiters(fd, 0, 1);
	hand_go(&held);
	CHECK_EQ(0, pthread_kill(receiver.thread, SIGUSR1));
	CHECK_EQ(-EINTR, call_join(&receiver));
	CALL_RECEIVE(&other, fd, .select = MAILBOX_SELECT_TYPE, .match = 5);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, held_end(&held));
	CHECK_EQ(1, messages(fd));
	CHECK_EQ(0, put_as(fd, 2, 5, 0));
	CHECK_EQ(2, call_value(&other));
	CHECK_ORDER(fd, 1);
}

/* Not all who sleep have been told: it must not be handed to one of them. */
TEST(destroyed_before_it_is_handed)
{
	struct account before = account();
	struct mailbox_ioc_port_remove remove = {};
	struct call sleepers[20], destroyer;
	int fd = PORT(O_RDWR), gate, i;
	struct held held;

	hand_start(&held, fd, fd);
	for (i = 0; i < 20; i++) {
		CALL_RECEIVE(&sleepers[i], fd);
		wait_for_waiters(fd, 0, i + 1);
	}
	hand_go(&held);
	gate = gated_start(&destroyer, fd, MAILBOX_IOC_PORT_DESTROY, &remove, BEFORE_WAKE);
	gate_wait(gate);
	CHECK_EQ(-EIDRM, held_end(&held));
	gate_go(gate);
	CHECK_EQ(0, call_join(&destroyer));
	for (i = 0; i < 20; i++)
		CHECK_EQ(-EIDRM, call_join(&sleepers[i]));
	CHECK_EQ(before.user_bytes, account().user_bytes);
}

TEST(revoked_before_it_is_handed)
{
	char *name = unique_name();
	int owner = foreign_port(name, (struct mailbox_ioc_port_create){});
	int fd = listed_handle(O_WRONLY, owner, name);
	struct call receiver;
	struct held held;

	hand_start(&held, fd, owner);
	CALL_RECEIVE(&receiver, owner);
	wait_for_waiters(owner, 0, 1);
	hand_go(&held);
	CHECK_EQ(0, list_off(owner));
	CHECK_EQ(-EACCES, held_end(&held));
	CHECK(waiters_are(owner, 0, 1));
	CHECK_EQ(0, put(owner, 2));
	CHECK_EQ(2, call_value(&receiver));
	check_counts(owner, 2, 2);
}

/* Who receives goes, and nobody else does. */
TEST(hung_up_before_it_is_handed)
{
	int fd = PORT(O_WRONLY, .flags = MAILBOX_CREATE_HANGUP);
	int in = open_fd(O_RDONLY, fd);
	struct call receiver;
	struct held held;

	handle_signal(SIGUSR1, 0);
	hand_start(&held, fd, in);
	CALL_RECEIVE(&receiver, in);
	wait_for_waiters(fd, 0, 1);
	hand_go(&held);
	CHECK_EQ(0, pthread_kill(receiver.thread, SIGUSR1));
	CHECK_EQ(-EINTR, call_join(&receiver));
	close(in);
	CHECK_EQ(-EPIPE, held_end(&held));
	check_counts(fd, 1, 1);
}

TEST(limit_shrinks_before_it_is_handed)
{
	struct held held;
	struct call receiver;
	int fd = PORT(O_RDWR);

	hand_start(&held, fd, fd);
	CALL_RECEIVE(&receiver, fd);
	wait_for_waiters(fd, 0, 1);
	hand_go(&held);
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_MESSAGE_BYTES_MAX,
			.message_bytes_max = sizeof(int) - 1));
	CHECK_EQ(-EMSGSIZE, held_end(&held));
	CHECK(waiters_are(fd, 0, 1));
	CHECK_EQ(0, SEND(fd, .len = 0));
	CHECK_EQ(0, call_join(&receiver));
	CHECK_EQ(0, receiver.receive.len);
	check_counts(fd, 2, 2);
}

/* --- a deadlock was found ----------------------------------------------------------------- */

static void serve_first(int fd)
{
	CHECK_EQ(0, answer(fd, serve(fd, 1), 2));
}

/* The only thread that serves the port calls it, and knows that nobody will answer. */
static int stuck_start(struct held *held)
{
	int fd = PORT(O_RDWR), question = 1;

	*held = (struct held){};
	held_start(held, fd, serve_first, "after mbx_calls_stuck");
	CHECK_EQ(0, CALL(fd, .data = user_pointer(&question), .len = sizeof(question),
			 .reply = user_pointer(&question), .reply_size = sizeof(question)));
	WAIT_FOR(held->ready);
	asker_fill(&held->asker, 3, (struct mailbox_ioc_call){});
	held_go(held, MAILBOX_IOC_CALL, &held->asker.arg);
	CHECK(waiters_are(fd, 1, 0));
	return fd;
}

static long long stuck_end(struct held *held)
{
	long long result = held_end(held);

	return result < 0 ? result : held->asker.answer;
}

/* What the others would return. */
TEST(nobody_comes_before_a_deadlock_is_told)
{
	struct held held;
	int fd = stuck_start(&held);

	CHECK_EQ(-EDEADLK, stuck_end(&held));
	CHECK_ORDER(fd);
	CHECK_EQ(1, port_stat(fd).sent);
}

TEST(request_is_taken_before_a_deadlock_is_told)
{
	struct held held;
	int fd = stuck_start(&held);
	__u64 token = serve(fd, 3);

	gate_go(held.gate);
	wait_for_sleep(&held.asker.call);
	CHECK_EQ(1, port_stat(fd).requests);
	CHECK_EQ(0, answer(fd, token, 4));
	CHECK_EQ(0, call_join(&held.asker.call));
	CHECK_EQ(4, held.asker.answer);
}

/* It is in nobody's hand, and in no queue either. */
TEST(request_is_copied_before_a_deadlock_is_told)
{
	struct held held;
	struct call server;
	int fd = stuck_start(&held), gate = GATED_RECEIVE(AFTER_COPY, &server, fd);

	gate_wait(gate);
	gate_go(held.gate);
	wait_for_sleep(&held.asker.call);
	gate_go(gate);
	CHECK_EQ(3, call_value(&server));
	CHECK_EQ(0, answer(fd, server.receive.token, 4));
	CHECK_EQ(0, call_join(&held.asker.call));
	CHECK_EQ(4, held.asker.answer);
}

TEST(answered_before_a_deadlock_is_told)
{
	struct held held;
	int fd = stuck_start(&held);

	CHECK_EQ(0, answer(fd, serve(fd, 3), 4));
	CHECK_EQ(4, stuck_end(&held));
	CHECK_ORDER(fd);
}

TEST(destroyed_before_a_deadlock_is_told)
{
	struct account before = account();
	struct held held;
	int fd = stuck_start(&held);

	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(-EIDRM, stuck_end(&held));
	close(fd);
	CHECK_EQ(before.user_bytes, account().user_bytes);
	CHECK_EQ(before.ports, account().ports);
}

/* --- a port can be opened -------------------------------------------------------------------- */

/* Destroyed when so many ends of the handle that is to be bound are there. */
static void check_destroyed_at_end(int ends)
{
	struct account before = account();
	struct mailbox_ioc_port_remove remove = {};
	struct mailbox_ioc_port_open arg = { .flags = MAILBOX_BIND_FD };
	int fd = PORT(O_RDWR), other = node_open(O_RDWR), killing, attaching;
	struct call destroyer, opener;

	/* It has no name any more, but lives. */
	killing = gated_start(&destroyer, fd, MAILBOX_IOC_PORT_DESTROY, &remove,
			      "before mbx_port_kill");
	gate_wait(killing);
	arg.fd = fd;
	attaching = gated_start_later(&opener, other, MAILBOX_IOC_PORT_OPEN, &arg,
				      "before mbx_port_attach", ends);
	gate_wait(attaching);
	gate_go(killing);
	CHECK_EQ(0, call_join(&destroyer));
	gate_go(attaching);
	CHECK_EQ(-EIDRM, call_join(&opener));
	close(fd);
	CHECK_EQ(before.ports, account().ports);
	CHECK_EQ(-ENOTCONN, take(other));
	CHECK_EQ(0, bind_fd(other, PORT(O_RDWR)));
}

TEST(destroyed_before_a_handle_is_attached)
{
	check_destroyed_at_end(0);
}

TEST(destroyed_before_a_handle_is_attached_to_send_too)
{
	check_destroyed_at_end(1);
}
