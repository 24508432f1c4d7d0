// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls that drop the port's lock and take it again are held in between: from
 * the copy of a message to its receipt, before it is put back, while a send gets
 * what it needs to sleep, while a lease or a request is about to be settled.
 */
#include "many.h"
#include "window.h"

/* --- between the copy and the receipt ----------------------------------------------- */

/* Nobody got it: the sender has been told so. */
TEST(withdrawn_between_copy_and_receipt)
{
	struct call receive, send;
	int fd = PORT(O_RDWR), gate;

	handle_signal(SIGUSR1, 0);
	CALL_SEND(&send, fd, 1, .flags = MAILBOX_SEND_SYNC);
	wait_for_waiters(fd, 1, 0);
	gate = GATED_RECEIVE(AFTER_COPY, &receive, fd);
	gate_wait(gate);
	CHECK_EQ(1, *(volatile int *)&receive.value);
	CHECK_EQ(0, pthread_kill(send.thread, SIGUSR1));
	CHECK_EQ(-EINTR, call_join(&send));
	gate_go(gate);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, port_stat(fd).sent);
	CHECK_EQ(0, put(fd, 2));
	CHECK_EQ(2, call_value(&receive));
	CHECK_EQ(1, port_stat(fd).received);
}

TEST(timed_out_between_copy_and_receipt)
{
	struct call receive, send;
	int fd = PORT(O_RDWR), gate;

	CALL_SEND(&send, fd, 1, .flags = MAILBOX_SEND_SYNC,
		  .deadline_ns = deadline_soon());
	wait_for_waiters(fd, 1, 0);
	gate = GATED_RECEIVE(AFTER_COPY, &receive, fd, .flags = MAILBOX_RECEIVE_NONBLOCK);
	gate_wait(gate);
	CHECK_EQ(-ETIMEDOUT, call_join(&send));
	gate_go(gate);
	CHECK_EQ(-EAGAIN, call_join(&receive));
	CHECK_EQ(0, port_stat(fd).received);
}

/* It was there first, and what it had was taken from it. */
TEST(receiver_of_a_withdrawn_message_keeps_its_place)
{
	struct call first, second, send;
	int fd = PORT(O_RDWR), gate;

	handle_signal(SIGUSR1, 0);
	gate = GATED_RECEIVE(AFTER_COPY, &first, fd);
	wait_for_waiters(fd, 0, 1);
	CALL_SEND(&send, fd, 1, .flags = MAILBOX_SEND_SYNC);
	gate_wait(gate);
	CALL_RECEIVE(&second, fd);
	wait_for_waiters(fd, 1, 1);
	CHECK_EQ(0, pthread_kill(send.thread, SIGUSR1));
	CHECK_EQ(-EINTR, call_join(&send));
	gate_go(gate);
	wait_for_waiters(fd, 0, 2);
	CHECK_EQ(0, put(fd, 2));
	CHECK_EQ(0, put(fd, 3));
	CHECK_EQ(2, call_value(&first));
	CHECK_EQ(3, call_value(&second));
}

TEST(destroyed_between_copy_and_receipt)
{
	struct account before = account();
	struct call receive, send;
	int fd = PORT(O_RDWR), gate;

	CALL_SEND(&send, fd, 1, .flags = MAILBOX_SEND_SYNC);
	wait_for_waiters(fd, 1, 0);
	gate = GATED_RECEIVE(AFTER_COPY, &receive, fd);
	gate_wait(gate);
	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(-EIDRM, call_join(&send));
	gate_go(gate);
	CHECK_EQ(-EIDRM, call_join(&receive));
	CHECK_EQ(before.user_bytes, account().user_bytes);
}

TEST(destroyed_between_copy_and_lease)
{
	struct account before = account();
	int fd = PORT(O_RDWR), gate;
	struct call receive;

	CHECK_EQ(0, put(fd, 1));
	gate = GATED_RECEIVE(AFTER_COPY, &receive, fd, .flags = LEASED);
	gate_wait(gate);
	CHECK_EQ(0, port_destroy(fd, NULL));
	gate_go(gate);
	CHECK_EQ(-EIDRM, call_join(&receive));
	CHECK_EQ(before.user_bytes, account().user_bytes);
}

TEST(revoked_between_copy_and_lease)
{
	char *name = unique_name();
	int owner = foreign_port(name, (struct mailbox_ioc_port_create){});
	int fd = listed_handle(O_RDONLY, owner, name), gate;
	struct call receive, next;

	CHECK_EQ(0, put(owner, 1));
	gate = GATED_RECEIVE(AFTER_COPY, &receive, fd, .flags = LEASED);
	gate_wait(gate);
	CHECK_EQ(0, list_off(owner));
	CALL_RECEIVE(&next, owner);
	wait_for_waiters(owner, 0, 1);
	gate_go(gate);
	CHECK_EQ(-EACCES, call_join(&receive));
	CHECK_EQ(1, call_value(&next));
	CHECK_EQ(0, leases(owner));
}

/* Whoever asked must not sleep for an answer that cannot come. */
TEST(revoked_between_copy_and_request)
{
	char *name = unique_name();
	int owner = foreign_port(name, (struct mailbox_ioc_port_create){});
	int fd = listed_handle(O_RDONLY, owner, name), gate;
	struct asker asker;
	struct call serve;

	ASK(&asker, owner, 1);
	gate = GATED_RECEIVE(AFTER_COPY, &serve, fd);
	gate_wait(gate);
	CHECK_EQ(0, list_off(owner));
	gate_go(gate);
	call_join(&serve);
	CHECK_EQ(-EPIPE, answer_of(&asker));
	CHECK_EQ(0, port_stat(owner).requests);
}

struct victim {
	int fd;
	atomic_bool held;
};

static void receive_and_be_killed(void *arg)
{
	struct victim *victim = arg;
	struct call call;

	gate_wait(GATED_RECEIVE(AFTER_COPY, &call, victim->fd));
	victim->held = true;
	pause();
}

/* A process that will never run again has received nothing. */
TEST(killed_between_copy_and_receipt)
{
	struct victim *victim = shared_alloc(sizeof(*victim));
	struct call send;
	int fd = PORT(O_RDWR);
	pid_t pid;

	gate_load();
	victim->fd = fd;
	CALL_SEND(&send, fd, 1, .flags = MAILBOX_SEND_SYNC);
	wait_for_waiters(fd, 1, 0);
	pid = spawn(receive_and_be_killed, victim);
	WAIT_FOR(victim->held);
	CHECK_OK(kill(pid, SIGKILL));
	CHECK(WIFSIGNALED(reap_status(pid)));
	CHECK(!send.done);
	CHECK_EQ(1, take(fd));
	CHECK_EQ(0, call_join(&send));
}

TEST(killed_between_copy_and_receipt_of_a_plain_message)
{
	struct victim *victim = shared_alloc(sizeof(*victim));
	int fd = PORT(O_RDWR);
	pid_t pid;

	gate_load();
	victim->fd = fd;
	CHECK_EQ(0, put(fd, 1));
	pid = spawn(receive_and_be_killed, victim);
	WAIT_FOR(victim->held);
	CHECK_OK(kill(pid, SIGKILL));
	CHECK(WIFSIGNALED(reap_status(pid)));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(1, port_stat(fd).received);
}

static void receive_a_batch_and_be_killed(void *arg)
{
	struct victim *victim = arg;
	struct batch *batch = batch_new();
	struct call call;

	receiving(batch, 3, MAILBOX_RECEIVE_NONBLOCK);
	gate_wait(gated_start(&call, victim->fd, MAILBOX_IOC_RECEIVE_BATCH, &batch->receive,
			      "after batch_copy_run"));
	victim->held = true;
	pause();
}

TEST(killed_between_copy_and_receipt_of_a_batch)
{
	struct victim *victim = shared_alloc(sizeof(*victim));
	int fd = PORT(O_RDWR);
	pid_t pid;

	gate_load();
	victim->fd = fd;
	put_all(fd, 4);
	pid = spawn(receive_a_batch_and_be_killed, victim);
	WAIT_FOR(victim->held);
	CHECK_EQ(1, messages(fd));
	CHECK_OK(kill(pid, SIGKILL));
	CHECK(WIFSIGNALED(reap_status(pid)));
	CHECK_EQ(0, port_stat(fd).received);
	CHECK_ORDER(fd, 1, 2, 3, 4);
}

/* --- before it is put back ------------------------------------------------------------ */

/* A receive whose copy fails, held before it puts the message back. */
static int put_back_start(struct call *call, int fd)
{
	int gate = GATED_RECEIVE(BEFORE_LANES, call, fd, .data = 16);

	gate_wait(gate);
	return gate;
}

TEST(destroyed_before_it_is_put_back)
{
	struct account before = account();
	int fd = PORT(O_RDWR), gate;
	struct call call;

	CHECK_EQ(0, put(fd, 1));
	gate = put_back_start(&call, fd);
	CHECK_EQ(0, port_destroy(fd, NULL));
	gate_go(gate);
	CHECK_EQ(-EFAULT, call_join(&call));
	CHECK_EQ(before.user_bytes, account().user_bytes);
}

TEST(withdrawn_before_it_is_put_back)
{
	struct call call, send;
	int fd = PORT(O_RDWR), gate;

	handle_signal(SIGUSR1, 0);
	CALL_SEND(&send, fd, 1, .flags = MAILBOX_SEND_SYNC);
	wait_for_waiters(fd, 1, 0);
	gate = put_back_start(&call, fd);
	CHECK_EQ(0, pthread_kill(send.thread, SIGUSR1));
	CHECK_EQ(-EINTR, call_join(&send));
	gate_go(gate);
	CHECK_EQ(-EFAULT, call_join(&call));
	CHECK_EQ(-EAGAIN, take(fd));
	CHECK_EQ(0, port_stat(fd).sent);
	CHECK_EQ(0, port_stat(fd).received);
}

TEST(receiver_comes_before_it_is_put_back)
{
	struct call call, next;
	int fd = PORT(O_RDWR, .capacity = 1), gate;

	CHECK_EQ(0, put(fd, 1));
	gate = put_back_start(&call, fd);
	CALL_RECEIVE(&next, fd);
	wait_for_waiters(fd, 0, 1);
	gate_go(gate);
	CHECK_EQ(-EFAULT, call_join(&call));
	CHECK_EQ(1, call_value(&next));
	CHECK_EQ(1, port_stat(fd).received);
}

TEST(revoked_before_it_is_put_back)
{
	char *name = unique_name();
	int owner = foreign_port(name, (struct mailbox_ioc_port_create){});
	int fd = listed_handle(O_RDONLY, owner, name), gate;
	struct call call;

	put_all(owner, 2);
	gate = put_back_start(&call, fd);
	CHECK_EQ(0, list_off(owner));
	gate_go(gate);
	CHECK_EQ(-EFAULT, call_join(&call));
	CHECK_ORDER(owner, 1, 2);
}

/* What hung up meanwhile: first the message, then the end of file. */
TEST(hung_up_before_it_is_put_back)
{
	int fd = PORT(O_RDONLY, .flags = MAILBOX_CREATE_HANGUP), gate;
	int sender = open_fd(O_WRONLY, fd);
	struct call call;

	CHECK_EQ(0, put(sender, 1));
	gate = put_back_start(&call, fd);
	close(sender);
	gate_go(gate);
	CHECK_EQ(-EFAULT, call_join(&call));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(-EPIPE, take(fd));
}

/* A batch of three whose second copy fails, held before it puts the rest back. */
static int batch_put_back_start(struct call *call, struct batch *batch, int fd)
{
	int gate;

	put_all(fd, 3);
	receiving(batch, 3, MAILBOX_RECEIVE_NONBLOCK);
	batch->in[1].data = 16;
	gate = gated_start(call, fd, MAILBOX_IOC_RECEIVE_BATCH, &batch->receive, BEFORE_LANES);
	gate_wait(gate);
	CHECK_EQ(0, messages(fd));
	return gate;
}

static void batch_put_back_end(int gate, struct call *call, struct batch *batch)
{
	gate_go(gate);
	CHECK_EQ(0, call_join(call));
	CHECK_EQ(1, batch->receive.done);
	CHECK_EQ(EFAULT, batch->receive.error);
	CHECK_EQ(1, batch->values[0]);
}

TEST(receiver_comes_before_a_batch_is_put_back)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR), gate;
	struct call call, next;

	gate = batch_put_back_start(&call, batch, fd);
	CALL_RECEIVE(&next, fd);
	wait_for_waiters(fd, 0, 1);
	batch_put_back_end(gate, &call, batch);
	CHECK_EQ(2, call_value(&next));
	CHECK_EQ(2, port_stat(fd).received);
	CHECK_ORDER(fd, 3);
}

TEST(destroyed_before_a_batch_is_put_back)
{
	struct account before = account();
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR), gate;
	struct call call;

	gate = batch_put_back_start(&call, batch, fd);
	CHECK_EQ(0, port_destroy(fd, NULL));
	batch_put_back_end(gate, &call, batch);
	CHECK_EQ(before.user_bytes, account().user_bytes);
}

/* --- before a send has what it needs to sleep ------------------------------------------ */

/* A send to a full port, held with nothing done yet. */
static int reserve_start(struct call *call, int fd)
{
	int gate = GATED_SEND(BEFORE_RESERVE, call, fd, 2);

	gate_wait(gate);
	CHECK(waiters_are(fd, 0, 0));
	return gate;
}

TEST(room_comes_before_the_sender_can_sleep)
{
	int fd = PORT(O_RDWR, .capacity = 1), gate;
	struct call call;

	CHECK_EQ(0, put(fd, 1));
	gate = reserve_start(&call, fd);
	CHECK_EQ(1, take(fd));
	gate_go(gate);
	CHECK_EQ(0, call_join(&call));
	CHECK_ORDER(fd, 2);
}

TEST(destroyed_before_the_sender_can_sleep)
{
	struct account before = account();
	int fd = PORT(O_RDWR, .capacity = 1), gate;
	struct call call;

	CHECK_EQ(0, put(fd, 1));
	gate = reserve_start(&call, fd);
	CHECK_EQ(0, port_destroy(fd, NULL));
	gate_go(gate);
	CHECK_EQ(-EIDRM, call_join(&call));
	CHECK_EQ(before.user_bytes, account().user_bytes);
}

TEST(hung_up_before_the_sender_can_sleep)
{
	int fd = PORT(O_WRONLY, .capacity = 1, .flags = MAILBOX_CREATE_HANGUP), gate;
	int receiver = open_fd(O_RDONLY, fd);
	struct call call;

	CHECK_EQ(0, put(fd, 1));
	gate = reserve_start(&call, fd);
	close(receiver);
	gate_go(gate);
	CHECK_EQ(-EPIPE, call_join(&call));
	CHECK_EQ(1, port_stat(fd).sent);
}

TEST(revoked_before_the_sender_can_sleep)
{
	char *name = unique_name();
	int owner = foreign_port(name, (struct mailbox_ioc_port_create){ .capacity = 1 });
	int fd = listed_handle(O_WRONLY, owner, name), gate;
	struct call call;

	CHECK_EQ(0, put(owner, 1));
	gate = reserve_start(&call, fd);
	CHECK_EQ(0, list_off(owner));
	gate_go(gate);
	CHECK_EQ(-EACCES, call_join(&call));
	CHECK_ORDER(owner, 1);
}

TEST(receiver_meets_the_sender_before_it_can_sleep)
{
	int fd = PORT(O_RDWR, RENDEZVOUS), gate;
	struct call call, receiver;

	gate = reserve_start(&call, fd);
	CALL_RECEIVE(&receiver, fd);
	wait_for_waiters(fd, 0, 1);
	gate_go(gate);
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(2, call_value(&receiver));
}

/* One copy more is needed than was got. */
TEST(broadcast_receiver_comes_before_the_copies_are_made)
{
	int fd = PORT(O_WRONLY, .flags = MAILBOX_CREATE_BROADCAST), gate;
	int first = open_fd(O_RDONLY, fd), second;
	struct call call;

	gate = reserve_start(&call, fd);
	second = open_fd(O_RDONLY, fd);
	gate_go(gate);
	CHECK_EQ(0, call_join(&call));
	CHECK_ORDER(first, 2);
	CHECK_ORDER(second, 2);
}

TEST(broadcast_receiver_goes_before_the_copies_are_made)
{
	struct account before = account();
	int fd = PORT(O_WRONLY, .flags = MAILBOX_CREATE_BROADCAST), gate;
	int first = open_fd(O_RDONLY, fd), second = open_fd(O_RDONLY, fd);
	struct call call;

	gate = reserve_start(&call, fd);
	close(second);
	gate_go(gate);
	CHECK_EQ(0, call_join(&call));
	CHECK_ORDER(first, 2);
	CHECK_EQ(before.user_bytes, account().user_bytes);
}

/* --- before the call is known not to be stuck ------------------------------------------- */

TEST(answered_before_the_caller_looks_for_a_deadlock)
{
	int fd = PORT(O_RDWR), gate;
	struct asker asker;

	gate = GATED_ASK("before mbx_calls_stuck", &asker, fd, 1);
	gate_wait(gate);
	CHECK_EQ(0, answer(fd, serve(fd, 1), 2));
	gate_go(gate);
	CHECK_EQ(2, answer_of(&asker));
}

TEST(destroyed_before_the_caller_looks_for_a_deadlock)
{
	int fd = PORT(O_RDWR), gate;
	struct asker asker;

	gate = GATED_ASK("before mbx_calls_stuck", &asker, fd, 1);
	gate_wait(gate);
	CHECK_EQ(0, port_destroy(fd, NULL));
	gate_go(gate);
	CHECK_EQ(-EIDRM, answer_of(&asker));
}

struct caller {
	pthread_t thread;
	int fd, other, gate, answer;
};

/* Known as a server of the other port; and then a caller, which is held. */
static void *serve_and_call(void *arg)
{
	struct caller *caller = arg;
	int question = 3;

	CHECK_EQ(0, answer(caller->other, serve(caller->other, 1), 2));
	gate_arm(caller->gate, "me", "before mbx_calls_stuck");
	CHECK_EQ(0, CALL(caller->fd, .data = user_pointer(&question), .len = sizeof(question),
			 .reply = user_pointer(&caller->answer),
			 .reply_size = sizeof(caller->answer)));
	return NULL;
}

/* Who has its answer waits for nobody, though it has not left its call yet. */
TEST(answered_before_its_server_calls_it)
{
	struct caller caller = {
		.fd = PORT(O_RDWR), .other = PORT(O_RDWR), .gate = gate_new(),
	};
	struct asker asker;

	CHECK_EQ(0, pthread_create(&caller.thread, NULL, serve_and_call, &caller));
	ask_args(&asker, caller.other, 1, (struct mailbox_ioc_call){});
	CHECK_EQ(2, answer_of(&asker));
	gate_wait(caller.gate);
	CHECK_EQ(0, answer(caller.fd, serve(caller.fd, 3), 4));
	/* So this call waits for one that may yet serve it, and sleeps. */
	CHECK_EQ(-ETIMEDOUT, CALL(caller.other, .deadline_ns = deadline_soon()));
	gate_go(caller.gate);
	CHECK_EQ(0, pthread_join(caller.thread, NULL));
	CHECK_EQ(4, caller.answer);
}
