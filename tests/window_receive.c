// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who receives is held in the middle of a copy, with the message in no queue,
 * and what becomes of message, lease and port meanwhile.
 */
#include "window.h"

/* --- leases that are about to begin ------------------------------------------------- */

TEST(destroyed_while_a_lease_is_about_to_begin)
{
	struct account before = account();
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR);
	struct call held;

	CHECK_EQ(0, put(fd, 1));
	RECEIVE_HELD(&held, fd, &trap, .flags = LEASED);
	CHECK_EQ(0, leases(fd));
	CHECK_EQ(0, port_destroy(fd, NULL));
	trap_fill(&trap, 0);
	CHECK_EQ(-EIDRM, call_join(&held));
	CHECK_EQ(0, held.receive.token);
	CHECK_EQ(before.user_bytes, account().user_bytes);
}

TEST(revoked_while_a_lease_is_about_to_begin)
{
	char *name = unique_name();
	int owner = foreign_port(name, (struct mailbox_ioc_port_create){});
	int fd = listed_handle(O_RDWR, owner, name);
	struct trap trap = trap_new();
	struct call held, next;

	put_all(owner, 2);
	RECEIVE_HELD(&held, fd, &trap, .flags = LEASED);
	CHECK_EQ(0, list_off(owner));
	CALL_RECEIVE(&next, owner, .select = MAILBOX_SELECT_TYPE, .match = 5);
	wait_for_waiters(owner, 0, 1);
	trap_fill(&trap, 0);
	CHECK_EQ(-EACCES, call_join(&held));
	CHECK_EQ(0, leases(owner));
	CHECK_EQ(0, port_stat(owner).received);
	CHECK_ORDER(owner, 1, 2);
	CHECK_EQ(0, put_as(owner, 3, 5, 0));
	CHECK_EQ(3, call_value(&next));
}

/* What it returns holds: it was received, or it is there. */
TEST(revoked_while_a_receiver_is_held)
{
	char *name = unique_name();
	int owner = foreign_port(name, (struct mailbox_ioc_port_create){});
	int fd = listed_handle(O_RDWR, owner, name);
	struct trap trap = trap_new();
	struct call held;
	long long result;

	CHECK_EQ(0, put(owner, 1));
	RECEIVE_HELD(&held, fd, &trap);
	CHECK_EQ(0, list_off(owner));
	trap_fill(&trap, 0);
	result = call_join(&held);
	if (result)
		CHECK_EQ(-EACCES, result);
	CHECK_EQ(result ? 1 : -EAGAIN, take(owner));
	CHECK_EQ(-EACCES, take(fd));
}

TEST(revoked_and_failed_while_a_receiver_is_held)
{
	char *name = unique_name();
	int owner = foreign_port(name, (struct mailbox_ioc_port_create){});
	int fd = listed_handle(O_RDWR, owner, name);
	struct trap trap = trap_new();
	struct call held;

	put_all(owner, 2);
	RECEIVE_HELD(&held, fd, &trap);
	CHECK_EQ(0, list_off(owner));
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	CHECK_ORDER(owner, 1, 2);
}

/* Nobody can receive it from there any more: the quota of its sender has it back. */
TEST(revoked_and_failed_while_a_receiver_of_a_broadcast_is_held)
{
	struct account before = account();
	char *name = unique_name();
	int owner = foreign_port(name, (struct mailbox_ioc_port_create){
		.flags = MAILBOX_CREATE_BROADCAST,
	});
	int fd = listed_handle(O_RDONLY, owner, name);
	struct trap trap = trap_new();
	struct call held;

	put_all(owner, 2);
	CHECK_ORDER(owner, 1, 2);
	RECEIVE_HELD(&held, fd, &trap);
	CHECK(account().user_bytes > before.user_bytes);
	CHECK_EQ(0, list_off(owner));
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	CHECK_EQ(0, messages(owner));
	CHECK_EQ(before.user_bytes, account().user_bytes);
}

/* Whoever asked is told, and the server has nothing to answer. */
TEST(revoked_while_a_request_is_taken)
{
	char *name = unique_name();
	int owner = foreign_port(name, (struct mailbox_ioc_port_create){});
	int fd = listed_handle(O_RDWR, owner, name);
	struct trap trap = trap_new();
	struct asker asker;
	struct call held;

	ASK(&asker, owner, 1);
	RECEIVE_HELD(&held, fd, &trap);
	CHECK_EQ(0, list_off(owner));
	trap_fill(&trap, 0);
	if (call_join(&held)) {
		CHECK_EQ(-EACCES, held.result);
		CHECK_EQ(0, answer(owner, serve(owner, 1), 2));
		CHECK_EQ(2, answer_of(&asker));
	} else {
		CHECK_EQ(-EPIPE, answer_of(&asker));
		CHECK_EQ(-EACCES, answer(fd, held.receive.token, 2));
	}
	CHECK_EQ(0, port_stat(owner).requests);
}

/* Another thread closes the handle: the lease begins, and ends with the call. */
TEST(closed_while_a_lease_is_about_to_begin)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name), other = port_open(O_RDWR, name);
	struct trap trap = trap_new();
	struct call held, next;

	put_all(other, 2);
	RECEIVE_HELD(&held, fd, &trap, .flags = LEASED);
	close(fd);
	CHECK_EQ(2, take(other));
	CALL_RECEIVE(&next, other);
	wait_for_waiters(other, 0, 1);
	trap_fill(&trap, 0);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(1, call_value(&next));
	CHECK_EQ(0, leases(other));
}

TEST(sync_sender_gives_up_while_its_lease_is_about_to_begin)
{
	struct trap trap = trap_new();
	struct call held, send;
	int fd = PORT(O_RDWR);

	CALL_SEND(&send, fd, 1, .flags = MAILBOX_SEND_SYNC,
		  .deadline_ns = deadline_soon());
	wait_for_waiters(fd, 1, 0);
	RECEIVE_HELD(&held, fd, &trap, .flags = LEASED | MAILBOX_RECEIVE_NONBLOCK);
	CHECK_EQ(-ETIMEDOUT, call_join(&send));
	trap_fill(&trap, 0);
	CHECK_EQ(-EAGAIN, call_join(&held));
	CHECK_EQ(0, held.receive.token);
	CHECK_EQ(0, leases(fd));
	CHECK_EQ(0, port_stat(fd).received);
}

/* The token is told before the lease begins: it is nobody's yet. */
TEST(token_is_told_before_the_lease_begins)
{
	int fd = PORT(O_RDWR), value = -1;
	struct mailbox_ioc_receive receive = {
		.flags = LEASED,
		.data = user_pointer(&value),
		.size = sizeof(value),
	};
	struct trap trap = trap_write(&receive, sizeof(receive));
	struct mailbox_ioc_receive *told = (struct mailbox_ioc_receive *)trap.page;
	struct call held;

	CHECK_EQ(0, put(fd, 1));
	call_start(&held, fd, MAILBOX_IOC_RECEIVE, told, 0);
	trap_wait(&trap);
	CHECK_EQ(1, value);
	CHECK_EQ(0, leases(fd));
	CHECK_EQ(-ESRCH, ack(fd, 0));
	CHECK_EQ(-EAGAIN, take(fd));
	trap_protect(&trap, false);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(1, leases(fd));
	CHECK_EQ(0, ack(fd, told->token));
	CHECK_EQ(-EAGAIN, take(fd));
}

TEST(token_that_cannot_be_told_is_no_lease)
{
	int fd = PORT(O_RDWR), value = -1;
	struct mailbox_ioc_receive receive = {
		.flags = LEASED,
		.data = user_pointer(&value),
		.size = sizeof(value),
	};
	struct trap trap = trap_write(&receive, sizeof(receive));
	struct call held;

	put_all(fd, 2);
	call_start(&held, fd, MAILBOX_IOC_RECEIVE, trap.page, 0);
	trap_wait(&trap);
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	CHECK_EQ(0, leases(fd));
	CHECK_ORDER(fd, 1, 2);
}

/* --- leases that end ---------------------------------------------------------------- */

/* An ACK, or a NACK, that has not told yet what it is about. */
static void settle_held(struct call *held, int fd, unsigned long number, struct trap *trap)
{
	call_start(held, fd, number, trap->page, 0);
	trap_wait(trap);
}

/* Lets it go on, about this lease. */
static void settle_go(struct trap *trap, __u64 token)
{
	struct mailbox_ioc_settle settle = { .token = token };
	char *source = calloc(1, trap->size);
	struct uffdio_copy copy = {
		.dst = (uintptr_t)trap->page,
		.src = (uintptr_t)source,
		.len = trap->size,
	};

	CHECK(source);
	memcpy(source, &settle, sizeof(settle));
	CHECK_OK(ioctl(trap->fd, UFFDIO_COPY, &copy));
	free(source);
}

static void check_lease_ends_first(unsigned long number)
{
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR);
	struct call held;
	__u64 token;

	CHECK_EQ(0, put(fd, 1));
	token = LEASE_FOR(fd, 1, 50 * NSEC_PER_MSEC);
	settle_held(&held, fd, number, &trap);
	WAIT_FOR(messages(fd) == 1);
	settle_go(&trap, token);
	CHECK_EQ(-ESRCH, call_join(&held));
	CHECK_EQ(0, leases(fd));
	CHECK_ORDER(fd, 1);
}

TEST(lease_ends_before_its_ack)
{
	check_lease_ends_first(MAILBOX_IOC_ACK);
}

TEST(lease_ends_before_its_nack)
{
	check_lease_ends_first(MAILBOX_IOC_NACK);
}

/* It was leased anew meanwhile: the old token is nobody's. */
TEST(message_is_leased_anew_before_the_ack)
{
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR);
	struct call held;
	__u64 first, second;

	CHECK_EQ(0, put(fd, 1));
	first = LEASE_FOR(fd, 1, 50 * NSEC_PER_MSEC);
	settle_held(&held, fd, MAILBOX_IOC_ACK, &trap);
	WAIT_FOR(messages(fd) == 1);
	second = LEASE(fd, 1);
	settle_go(&trap, first);
	CHECK_EQ(-ESRCH, call_join(&held));
	CHECK_EQ(0, nack(fd, second));
	CHECK_ORDER(fd, 1);
}

TEST(revoked_before_its_ack)
{
	char *name = unique_name();
	int owner = foreign_port(name, (struct mailbox_ioc_port_create){});
	int fd = listed_handle(O_RDWR, owner, name);
	struct trap trap = trap_new();
	struct call held;
	__u64 token;

	CHECK_EQ(0, put(owner, 1));
	token = LEASE(fd, 1);
	settle_held(&held, fd, MAILBOX_IOC_ACK, &trap);
	CHECK_EQ(0, list_off(owner));
	settle_go(&trap, token);
	CHECK_EQ(-EACCES, call_join(&held));
	CHECK_ORDER(owner, 1);
}

/* --- peeks -------------------------------------------------------------------------- */

/* A message at which somebody looks stays where it is, although it was its last lease. */
TEST(last_lease_ends_while_a_peek_is_held)
{
	struct mailbox_ioc_port_create create = { .max_deliveries = 1 };
	struct trap trap = trap_new();
	char *name = unique_name();
	int to = NAMED_PORT(O_RDWR, name), fd;
	struct call held;

	strcpy(create.dead_letter, name);
	fd = port_new(O_RDWR, NULL, create);
	CHECK_EQ(0, put(fd, 1));
	RECEIVE_HELD(&held, fd, &trap, .flags = MAILBOX_RECEIVE_PEEK);
	CHECK_EQ(0, nack(fd, LEASE(fd, 1)));
	CHECK_EQ(1, messages(fd) + messages(to));
	trap_fill(&trap, 0);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(1, trapped_value(&trap));
	CHECK_EQ(1, messages(fd) + messages(to));
	CHECK_EQ(1, take(messages(fd) ? fd : to));
}

TEST(message_is_acked_while_a_peek_is_held)
{
	struct account before = account();
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR);
	struct call held;

	CHECK_EQ(0, put(fd, 1));
	RECEIVE_HELD(&held, fd, &trap, .flags = MAILBOX_RECEIVE_PEEK);
	CHECK_EQ(0, ack(fd, LEASE(fd, 1)));
	trap_fill(&trap, 0);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(1, trapped_value(&trap));
	CHECK_EQ(-EAGAIN, take(fd));
	CHECK_EQ(before.user_bytes, account().user_bytes);
}

TEST(message_is_dropped_while_a_peek_is_held)
{
	int fd = PORT(O_RDWR, .capacity = 1, .on_full = MAILBOX_FULL_OVERWRITE);
	struct trap trap = trap_new();
	struct call held;

	CHECK_EQ(0, put(fd, 1));
	RECEIVE_HELD(&held, fd, &trap, .flags = MAILBOX_RECEIVE_PEEK);
	CHECK_EQ(0, put(fd, 2));
	trap_fill(&trap, 0);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(1, trapped_value(&trap));
	CHECK_ORDER(fd, 2);
}

/* --- broadcast ---------------------------------------------------------------------- */

TEST(broadcast_is_put_back_to_its_own_receiver)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_WRONLY, name, .flags = MAILBOX_CREATE_BROADCAST, .capacity = 1);
	int first = port_open(O_RDONLY, name), second = port_open(O_RDONLY, name);
	struct trap trap = trap_new();
	struct call held, send;

	CHECK_EQ(0, put(fd, 1));
	RECEIVE_HELD(&held, first, &trap);
	CALL_SEND(&send, fd, 2);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(1, take(second));
	CHECK_EQ(0, call_join(&send));
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	CHECK_ORDER(first, 1, 2);
	CHECK_ORDER(second, 2);
}

/* The other one's copy keeps the payload. */
TEST(receivers_of_a_broadcast_close_while_one_is_held)
{
	struct account before = account();
	char *name = unique_name();
	int fd = NAMED_PORT(O_WRONLY, name, .flags = MAILBOX_CREATE_BROADCAST);
	int first = port_open(O_RDONLY, name), second = port_open(O_RDONLY, name);
	struct trap trap = trap_new();
	struct call held;

	CHECK_EQ(0, put(fd, 1));
	RECEIVE_HELD(&held, first, &trap);
	close(second);
	close(first);
	close(fd);
	trap_fill(&trap, 0);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(1, trapped_value(&trap));
	CHECK_EQ(before.user_bytes, account().user_bytes);
	CHECK_EQ(before.ports, account().ports);
}

TEST(closed_receiver_of_a_broadcast_fails)
{
	struct account before = account();
	char *name = unique_name();
	int fd = NAMED_PORT(O_WRONLY, name, .flags = MAILBOX_CREATE_BROADCAST);
	int first = port_open(O_RDONLY, name), second = port_open(O_RDONLY, name);
	struct trap trap = trap_new();
	struct call held;

	CHECK_EQ(0, put(fd, 1));
	RECEIVE_HELD(&held, first, &trap);
	close(first);
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	CHECK_ORDER(second, 1);
	CHECK_EQ(before.user_bytes, account().user_bytes);
}

/* --- batches ------------------------------------------------------------------------ */

struct batch {
	struct call call;
	struct mailbox_ioc_receive_batch arg;
	struct mailbox_receive_entry entry[3];
	int value[3];
};

/* Held at the second of three; the numbers from 1 to 4 are there. */
static void batch_held(struct batch *batch, int fd, struct trap *trap, __u32 flags)
{
	int i;

	memset(batch, 0, sizeof(*batch));
	for (i = 0; i < 3; i++) {
		batch->entry[i].data = user_pointer(&batch->value[i]);
		batch->entry[i].size = sizeof(int);
	}
	batch->entry[1].data = user_pointer(trap->page);
	batch->arg.flags = flags;
	batch->arg.entries = user_pointer(batch->entry);
	batch->arg.entry_size = sizeof(batch->entry[0]);
	batch->arg.count = 3;
	put_all(fd, 4);
	call_start(&batch->call, fd, MAILBOX_IOC_RECEIVE_BATCH, &batch->arg, 0);
	trap_wait(trap);
}

TEST(batch_holds_up_nobody)
{
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR);
	struct batch batch;

	batch_held(&batch, fd, &trap, 0);
	CHECK_ORDER(fd, 4);
	trap_fill(&trap, 0);
	CHECK_EQ(0, call_join(&batch.call));
	CHECK_EQ(3, batch.arg.done);
	CHECK_EQ(2, trapped_value(&trap));
	CHECK_EQ(3, batch.value[2]);
}

TEST(batch_whose_second_copy_fails_puts_back)
{
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR);
	struct batch batch;

	batch_held(&batch, fd, &trap, 0);
	CHECK_EQ(0, put(fd, 5));
	trap_break(&trap);
	CHECK_EQ(0, call_join(&batch.call));
	CHECK_EQ(1, batch.arg.done);
	CHECK_EQ(EFAULT, batch.arg.error);
	CHECK_EQ(1, port_stat(fd).received);
	CHECK_ORDER(fd, 2, 3, 4, 5);
}

TEST(batch_of_leases_whose_second_copy_fails)
{
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR);
	struct batch batch;

	batch_held(&batch, fd, &trap, LEASED);
	CHECK_EQ(1, leases(fd));
	trap_break(&trap);
	CHECK_EQ(0, call_join(&batch.call));
	CHECK_EQ(1, batch.arg.done);
	CHECK_EQ(1, leases(fd));
	CHECK_EQ(0, nack(fd, batch.entry[0].token));
	CHECK_ORDER(fd, 1, 2, 3, 4);
}

TEST(destroyed_while_a_batch_is_held)
{
	struct account before = account();
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR);
	struct batch batch;

	batch_held(&batch, fd, &trap, 0);
	CHECK_EQ(0, port_destroy(fd, NULL));
	trap_break(&trap);
	CHECK_EQ(0, call_join(&batch.call));
	CHECK_EQ(1, batch.arg.done);
	CHECK_EQ(before.user_bytes, account().user_bytes);
}

TEST(destroyed_while_a_batch_of_leases_is_held)
{
	struct account before = account();
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR);
	struct batch batch;

	batch_held(&batch, fd, &trap, LEASED);
	CHECK_EQ(0, port_destroy(fd, NULL));
	trap_fill(&trap, 0);
	CHECK_EQ(0, call_join(&batch.call));
	CHECK_EQ(1, batch.arg.done);
	CHECK_EQ(EIDRM, batch.arg.error);
	CHECK_EQ(before.user_bytes, account().user_bytes);
}

/* --- what becomes of the port ------------------------------------------------------- */

/* It is not in the port, so it is not dropped; and it goes back to its place. */
TEST(others_are_dropped_while_a_receiver_is_held)
{
	int fd = PORT(O_RDWR, .capacity = 2, .on_full = MAILBOX_FULL_DROP_OLDEST);
	struct trap trap = trap_new();
	struct call held;

	put_all(fd, 2);
	RECEIVE_HELD(&held, fd, &trap);
	CHECK_EQ(0, put(fd, 3));
	CHECK_EQ(0, put(fd, 4));
	CHECK_EQ(1, port_stat(fd).dropped);
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	CHECK_EQ(1, port_stat(fd).dropped);
	CHECK_ORDER(fd, 1, 3, 4);
}

TEST(port_shrinks_while_a_receiver_is_held)
{
	int fd = PORT(O_RDWR, .capacity = 3);
	struct trap trap = trap_new();
	struct call held;

	put_all(fd, 3);
	RECEIVE_HELD(&held, fd, &trap);
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_CAPACITY | MAILBOX_SET_MESSAGE_BYTES_MAX,
			.capacity = 1, .message_bytes_max = 1));
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	CHECK_ORDER(fd, 1, 2, 3);
}

TEST(port_loses_its_name_while_a_receiver_is_held)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name), other;
	struct trap trap = trap_new();
	struct call held;

	CHECK_EQ(0, put(fd, 1));
	RECEIVE_HELD(&held, fd, &trap);
	CHECK_EQ(0, port_unlink(fd, NULL));
	other = NAMED_PORT(O_RDWR, name);
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	CHECK_ORDER(fd, 1);
	CHECK_EQ(-EAGAIN, take(other));
}

/* What was put back is before the end of file. */
TEST(peer_exits_while_a_receiver_is_held)
{
	struct mailbox_ioc_port_link link = {};
	struct trap trap = trap_new();
	int gate[2], fd, value = 1;
	struct call held;
	pid_t pid;

	CHECK_OK(pipe2(gate, O_CLOEXEC));
	pid = fork_child();
	CHECK_OK(pid);
	if (!pid) {
		close(gate[1]);
		link.pid = getppid();
		fd = node_open(O_RDWR);
		CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_LINK, &link));
		CHECK_EQ(0, put(fd, value));
		(void)!read(gate[0], &value, sizeof(value));
		_exit(0);
	}
	close(gate[0]);
	fd = node_open(O_RDWR);
	link.pid = pid;
	CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_LINK, &link));
	WAIT_FOR(messages(fd) == 1);
	RECEIVE_HELD(&held, fd, &trap);
	close(gate[1]);
	reap_status(pid);
	WAIT_FOR(take(fd) == -EPIPE);
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(-EPIPE, take(fd));
}

/* A sender was let into the room; now there is one more than that. */
TEST(sleeper_was_let_in_while_a_receiver_is_held)
{
	int fd = PORT(O_RDWR, .capacity = 1);
	struct trap trap = trap_new();
	struct call held, send, second;

	CHECK_EQ(0, put(fd, 1));
	CALL_SEND(&send, fd, 2);
	wait_for_waiters(fd, 1, 0);
	RECEIVE_HELD(&held, fd, &trap);
	CHECK_EQ(0, call_join(&send));
	CALL_SEND(&second, fd, 3);
	wait_for_waiters(fd, 1, 0);
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	CHECK_EQ(2, messages(fd));
	CHECK_EQ(1, take(fd));
	CHECK(!second.done);
	CHECK_EQ(2, take(fd));
	CHECK_EQ(0, call_join(&second));
	CHECK_ORDER(fd, 3);
}

/* It was handed over at a rendezvous, and cannot be given back to its sender. */
TEST(rendezvous_is_put_back_to_who_waits)
{
	int fd = PORT(O_RDWR, RENDEZVOUS);
	struct trap trap = trap_new();
	struct call held, next;
	int value = 1;

	held.receive = (struct mailbox_ioc_receive){ .data = user_pointer(trap.page),
						     .size = sizeof(int) };
	call_start(&held, fd, MAILBOX_IOC_RECEIVE, &held.receive, 0);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, put(fd, value));
	trap_wait(&trap);
	CALL_RECEIVE(&next, fd);
	wait_for_waiters(fd, 0, 1);
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	CHECK_EQ(1, call_value(&next));
	CHECK_EQ(0, messages(fd));
}
