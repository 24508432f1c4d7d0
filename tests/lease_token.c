// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leases: what a token is good for and for whom, receives that fail, room, and
 * who sleeps for what comes back.
 */
#include <stddef.h>

#include "lease.h"

/* --- tokens ------------------------------------------------------------------- */

TEST(token_is_good_once)
{
	int fd = PORT(O_RDWR);
	__u64 token;

	put_all(fd, 2);
	token = LEASE(fd, 1);
	CHECK_EQ(0, ack(fd, token));
	CHECK_EQ(-ESRCH, ack(fd, token));
	CHECK_EQ(-ESRCH, nack(fd, token));
	token = LEASE(fd, 2);
	CHECK_EQ(0, nack(fd, token));
	CHECK_EQ(-ESRCH, nack(fd, token));
	CHECK_EQ(-ESRCH, ack(fd, token));
	CHECK_ORDER(fd, 2);
}

/* The lease that it names is over, whoever has the message now. */
TEST(token_is_of_one_lease)
{
	int fd = PORT(O_RDWR);
	__u64 first, second;

	CHECK_EQ(0, put(fd, 1));
	first = LEASE(fd, 1);
	CHECK_EQ(0, nack(fd, first));
	second = LEASE(fd, 1);
	CHECK_EQ(-ESRCH, ack(fd, first));
	CHECK_EQ(1, leases(fd));
	CHECK_EQ(0, ack(fd, second));
}

TEST(token_zero_is_the_longest_held)
{
	int fd = PORT(O_RDWR);

	put_all(fd, 4);
	LEASE(fd, 1);
	LEASE(fd, 2);
	LEASE(fd, 3);
	CHECK_EQ(0, ack(fd, 0));
	CHECK_EQ(0, nack(fd, 0));
	/* 2 is first again, but 3 has been held for longer. */
	LEASE(fd, 2);
	CHECK_EQ(0, ack(fd, 0));
	CHECK_EQ(1, leases(fd));
	CHECK_EQ(0, nack(fd, 0));
	CHECK_ORDER(fd, 2, 4);
}

TEST(token_zero_without_a_lease)
{
	int fd = PORT(O_RDWR), other = open_fd(O_RDWR, fd);

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(-ESRCH, ack(fd, 0));
	CHECK_EQ(-ESRCH, nack(fd, 0));
	LEASE(other, 1);
	CHECK_EQ(-ESRCH, ack(fd, 0));
	CHECK_EQ(-ESRCH, nack(fd, 0));
	CHECK_EQ(1, leases(fd));
}

TEST(token_of_another_handle)
{
	int fd = PORT(O_RDWR), other = open_fd(O_RDWR, fd);
	__u64 token;

	CHECK_EQ(0, put(fd, 1));
	token = LEASE(fd, 1);
	CHECK_EQ(-ESRCH, ack(other, token));
	CHECK_EQ(-ESRCH, nack(other, token));
	CHECK_EQ(1, leases(fd));
	CHECK_EQ(0, ack(fd, token));
}

TEST(token_of_another_port)
{
	int fd = PORT(O_RDWR), other = PORT(O_RDWR);
	__u64 token;

	put_all(fd, 3);
	LEASE(fd, 1);
	LEASE(fd, 2);
	token = LEASE(fd, 3);
	CHECK_EQ(0, put(other, 1));
	LEASE(other, 1);
	CHECK_EQ(-ESRCH, ack(other, token));
	CHECK_EQ(1, leases(other));
}

TEST(token_that_was_never_told)
{
	int fd = PORT(O_RDWR);
	struct got peek;

	put_all(fd, 2);
	peek = GET(fd, .flags = MAILBOX_RECEIVE_PEEK);
	CHECK_EQ(-ESRCH, ack(fd, peek.receive.seq));
	LEASE(fd, 1);
	CHECK_EQ(-ESRCH, ack(fd, ~0ULL));
	CHECK_EQ(-ESRCH, nack(fd, 1ULL << 63));
	CHECK_EQ(1, leases(fd));
	CHECK_EQ(1, messages(fd));
}

TEST(settle_with_what_is_not_used)
{
	struct mailbox_ioc_settle flags = { .flags = 1 }, pad = { .pad = 1 };
	int fd = PORT(O_RDWR);

	CHECK_EQ(0, put(fd, 1));
	LEASE(fd, 1);
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_ACK, &flags));
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_ACK, &pad));
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_NACK, &flags));
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_NACK, &pad));
	CHECK_EQ(1, leases(fd));
}

TEST(settle_by_a_handle_that_cannot)
{
	int fd = PORT(O_RDWR);
	__u64 token;

	CHECK_EQ(0, put(fd, 1));
	token = LEASE(fd, 1);
	CHECK_EQ(-ENOTCONN, ack(node_open(O_RDWR), token));
	CHECK_EQ(-ENOTCONN, nack(node_open(O_RDWR), token));
	CHECK_EQ(-EBADF, ack(open_fd(O_WRONLY, fd), token));
	CHECK_EQ(-EBADF, nack(open_fd(O_WRONLY, fd), token));
	CHECK_EQ(-EBADF, ack(open_fd(3, fd), token));
	CHECK_EQ(-EBADF, nack(open_fd(3, fd), token));
	CHECK_EQ(1, leases(fd));
}

TEST(request_is_not_settled)
{
	struct mailbox_ioc_call request = {};
	int fd = PORT(O_RDWR);
	struct call caller;
	struct got got;

	call_start(&caller, fd, MAILBOX_IOC_CALL, &request, 0);
	wait_for_waiters(fd, 1, 0);
	got = GET(fd, .flags = LEASED);
	CHECK_EQ(MAILBOX_MESSAGE_REQUEST, got.receive.kind);
	CHECK_EQ(-EINVAL, ack(fd, got.receive.token));
	CHECK_EQ(-EINVAL, nack(fd, got.receive.token));
	/* Nor is it what has been held for longest. */
	CHECK_EQ(-ESRCH, ack(fd, 0));
	CHECK_EQ(0, put(fd, 1));
	LEASE(fd, 1);
	CHECK_EQ(0, ack(fd, 0));
	CHECK_EQ(1, port_stat(fd).requests);
	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(-EIDRM, call_join(&caller));
}

TEST(batch_has_a_token_each)
{
	int fd = PORT(O_RDWR), values[3] = {}, i;
	struct mailbox_receive_entry entries[3] = {};
	struct mailbox_ioc_receive_batch batch = {
		.flags = LEASED,
		.count = 3,
		.entries = user_pointer(entries),
		.entry_size = sizeof(entries[0]),
	};

	for (i = 0; i < 3; i++) {
		entries[i].data = user_pointer(&values[i]);
		entries[i].size = sizeof(values[i]);
	}
	put_all(fd, 4);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE_BATCH, &batch));
	CHECK_EQ(3, batch.done);
	CHECK_EQ(3, leases(fd));
	for (i = 0; i < 3; i++) {
		CHECK_EQ(i + 1, values[i]);
		CHECK_EQ(1, entries[i].deliveries);
	}
	CHECK_EQ(0, ack(fd, entries[1].token));
	CHECK_EQ(0, nack(fd, entries[2].token));
	CHECK_EQ(0, nack(fd, entries[0].token));
	CHECK_ORDER(fd, 1, 3, 4);
}

/* --- whose it is -------------------------------------------------------------- */

TEST(dup_settles)
{
	int fd = PORT(O_RDWR), other = dup(fd);

	CHECK_OK(other);
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, nack(other, LEASE(fd, 1)));
	CHECK_EQ(0, ack(fd, LEASE(other, 1)));
	CHECK_EQ(0, leases(fd));
}

struct shared {
	int fd, socket;
	__u64 token;
	atomic_bool go;
};

static void ack_in_child(void *arg)
{
	struct shared *shared = arg;

	CHECK_EQ(0, ack(shared->fd, shared->token));
}

static void lease_in_child(void *arg)
{
	struct shared *shared = arg;

	shared->token = LEASE(shared->fd, 2);
}

TEST(fork_shares_the_leases)
{
	struct shared *shared = shared_alloc(sizeof(*shared));

	shared->fd = PORT(O_RDWR);
	put_all(shared->fd, 2);
	shared->token = LEASE(shared->fd, 1);
	REAP(spawn(ack_in_child, shared));
	CHECK_EQ(0, leases(shared->fd));
	/* It has exited, and the handle is here. */
	REAP(spawn(lease_in_child, shared));
	CHECK_EQ(1, leases(shared->fd));
	CHECK_EQ(0, ack(shared->fd, shared->token));
	CHECK_EQ(0, messages(shared->fd));
}

static void ack_what_is_passed(void *arg)
{
	struct shared *shared = arg;

	close(shared->fd);
	WAIT_FOR(shared->go);
	CHECK_EQ(0, ack(receive_handle(shared->socket), shared->token));
}

TEST(handle_that_is_passed_on_settles)
{
	struct shared *shared = shared_alloc(sizeof(*shared));
	int sockets[2];
	pid_t pid;

	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	shared->socket = sockets[1];
	shared->fd = PORT(O_RDWR);
	pid = spawn(ack_what_is_passed, shared);
	CHECK_EQ(0, put(shared->fd, 1));
	shared->token = LEASE(shared->fd, 1);
	send_handle(sockets[0], shared->fd);
	shared->go = true;
	REAP(pid);
	CHECK_EQ(0, leases(shared->fd));
	CHECK_EQ(0, messages(shared->fd));
}

/* The leases are in a message of a socket. */
TEST(handle_that_is_on_its_way_keeps_the_lease)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name), other = port_open(O_RDWR, name), sockets[2];

	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	CHECK_EQ(0, put(fd, 1));
	LEASE(fd, 1);
	send_handle(sockets[0], fd);
	close(fd);
	CHECK_EQ(1, leases(other));
	CHECK_EQ(-EAGAIN, take(other));
	close(sockets[0]);
	close(sockets[1]);
	WAIT_FOR(!leases(other));
	CHECK_ORDER(other, 1);
}

TEST(two_handles_of_one_process)
{
	int fd = PORT(O_RDWR), one = open_fd(O_RDONLY, fd), two = open_fd(O_RDONLY, fd);
	__u64 token;

	put_all(fd, 4);
	LEASE(one, 1);
	token = LEASE(two, 2);
	LEASE(one, 3);
	close(one);
	CHECK_EQ(1, leases(fd));
	CHECK_EQ(0, ack(two, token));
	CHECK_ORDER(fd, 1, 3, 4);
}

/* --- receives that fail ------------------------------------------------------- */

TEST(lease_that_would_sleep)
{
	int fd = PORT(O_RDWR), quiet = open_fd(O_RDWR | O_NONBLOCK, fd);
	struct mailbox_ioc_receive receive = { .flags = LEASED };

	CHECK_EQ(-EAGAIN, command(quiet, MAILBOX_IOC_RECEIVE, &receive));
	receive.deadline_ns = deadline_in(CLOCK_MONOTONIC, NSEC_PER_MSEC);
	CHECK_EQ(-ETIMEDOUT, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(0, receive.token);
	CHECK_EQ(0, put(fd, 1));
	LEASE(quiet, 1);
	CHECK_EQ(0, ack(quiet, 0));
}

TEST(lease_is_not_a_peek)
{
	int fd = PORT(O_RDWR);

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(-EINVAL, take_as(fd, 0, 0, LEASED | MAILBOX_RECEIVE_PEEK));
	CHECK_EQ(1, messages(fd));
}

TEST(time_without_a_lease)
{
	int fd = PORT(O_RDWR);

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(-EINVAL, RECEIVE(fd, .lease_ns = 1, .flags = MAILBOX_RECEIVE_TRUNC));
	CHECK_EQ(1, messages(fd));
}

static unsigned long receive_of_size(size_t size)
{
	return _IOC(_IOC_READ | _IOC_WRITE, MAILBOX_IOC_MAGIC, 0x11, size);
}

TEST(struct_without_a_token)
{
	struct mailbox_ioc_receive receive = { .flags = LEASED };
	int fd = PORT(O_RDWR);

	CHECK_EQ(0, SEND(fd));
	CHECK_EQ(-EINVAL, command(fd, receive_of_size(offsetof(struct mailbox_ioc_receive, token)),
				  &receive));
	CHECK_EQ(1, messages(fd));
	CHECK_EQ(0, leases(fd));
	CHECK_EQ(0, command(fd, receive_of_size(offsetof(struct mailbox_ioc_receive, lease_ns)),
			    &receive));
	CHECK_EQ(1, leases(fd));
	CHECK_EQ(0, ack(fd, receive.token));
}

TEST(short_buffer_is_no_lease)
{
	struct mailbox_ioc_receive receive = { .flags = LEASED, .size = 3 };
	char bytes[3];
	int fd = PORT(O_RDWR);

	receive.data = user_pointer(bytes);
	put_all(fd, 2);
	CHECK_EQ(-EMSGSIZE, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(4, receive.len);
	CHECK_EQ(0, receive.token);
	CHECK_EQ(0, leases(fd));
	CHECK_EQ(1, GET(fd, .flags = LEASED).receive.deliveries);
	CHECK_EQ(0, nack(fd, 0));
	CHECK_ORDER(fd, 1, 2);
}

TEST(cut_message_goes_back_whole)
{
	struct mailbox_ioc_receive receive = {
		.flags = LEASED | MAILBOX_RECEIVE_TRUNC, .size = 1,
	};
	int fd = PORT(O_RDWR);
	char byte;

	receive.data = user_pointer(&byte);
	CHECK_EQ(0, put(fd, 0x01020304));
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(4, receive.len);
	CHECK_EQ(0, nack(fd, receive.token));
	CHECK_ORDER(fd, 0x01020304);
}

TEST(bad_buffer_is_no_lease)
{
	struct mailbox_ioc_receive receive = { .flags = LEASED, .data = 8, .size = 4 };
	int fd = PORT(O_RDWR);
	struct got got;

	put_all(fd, 2);
	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(0, receive.token);
	CHECK_EQ(0, leases(fd));
	CHECK_EQ(-ESRCH, ack(fd, 0));
	got = GET(fd, .flags = LEASED);
	CHECK_EQ(1, got.value);
	CHECK_EQ(1, got.receive.deliveries);
	CHECK_EQ(0, nack(fd, 0));
	CHECK_ORDER(fd, 1, 2);
}

/* With nowhere to put the token, nobody would have it. */
TEST(bad_struct_is_no_lease)
{
	struct mailbox_ioc_receive *receive = shared_alloc(sysconf(_SC_PAGESIZE));
	int fd = PORT(O_RDWR);

	CHECK_EQ(0, SEND(fd));
	receive->flags = LEASED;
	CHECK_OK(mprotect(receive, sysconf(_SC_PAGESIZE), PROT_READ));
	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_RECEIVE, receive));
	CHECK_EQ(0, leases(fd));
	CHECK_EQ(1, messages(fd));
}

/* Found only when the whole message but its last byte has been copied. */
TEST(buffer_that_ends_too_early_is_no_lease)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = PORT(O_RDWR), i;

	CHECK(memory != MAP_FAILED);
	CHECK_OK(munmap(memory + page, page));
	put_all(fd, 3);
	for (i = 0; i < 50; i++)
		CHECK_EQ(-EFAULT, RECEIVE(fd, .flags = LEASED, .size = 4,
					  .data = user_pointer(memory + page - 3)));
	CHECK_EQ(1, GET(fd, .flags = LEASED).receive.deliveries);
	CHECK_EQ(0, nack(fd, 0));
	CHECK_ORDER(fd, 1, 2, 3);
}

/* --- room --------------------------------------------------------------------- */

TEST(leased_message_is_not_in_the_port)
{
	int fd = PORT(O_RDWR, .capacity = 1);

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(-EAGAIN, put(fd, 2));
	LEASE(fd, 1);
	CHECK_EQ(0, put(fd, 2));
	CHECK_EQ(-EAGAIN, put(fd, 3));
	/* There is always room for what goes back. */
	CHECK_EQ(0, nack(fd, 0));
	CHECK_EQ(2, messages(fd));
	CHECK_EQ(-EAGAIN, put(fd, 3));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(-EAGAIN, put(fd, 3));
	CHECK_ORDER(fd, 2);
	CHECK_EQ(0, put(fd, 3));
}

TEST(leased_bytes_are_not_in_the_port)
{
	int fd = PORT(O_RDWR, .capacity = 9, .capacity_bytes = 4);

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(-EAGAIN, put(fd, 2));
	LEASE(fd, 1);
	CHECK_EQ(0, put(fd, 2));
	CHECK_EQ(0, nack(fd, 0));
	CHECK_EQ(8, port_stat(fd).bytes);
	CHECK_ORDER(fd, 1, 2);
}

TEST(lease_makes_room_for_a_sleeper)
{
	int fd = PORT(O_RDWR, .capacity = 1);
	struct call call;
	__u64 token;

	CHECK_EQ(0, put(fd, 1));
	CALL_SEND(&call, fd, 2);
	wait_for_waiters(fd, 1, 0);
	token = LEASE(fd, 1);
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(0, nack(fd, token));
	CHECK_ORDER(fd, 1, 2);
}

TEST(sender_sleeps_until_what_came_back_is_gone)
{
	int fd = PORT(O_RDWR, .capacity = 1);
	struct call call;

	CHECK_EQ(0, put(fd, 1));
	LEASE(fd, 1);
	CHECK_EQ(0, put(fd, 2));
	CHECK_EQ(0, nack(fd, 0));
	CALL_SEND(&call, fd, 3);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(1, take(fd));
	CHECK(waiters_are(fd, 1, 0));
	CHECK_EQ(2, take(fd));
	CHECK_EQ(0, call_join(&call));
	CHECK_ORDER(fd, 3);
}

TEST(leased_message_is_never_dropped)
{
	static const __u32 policies[] = {
		MAILBOX_FULL_DROP_OLDEST, MAILBOX_FULL_DROP_NEWEST, MAILBOX_FULL_OVERWRITE,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		int fd = PORT(O_RDWR, .capacity = 1, .on_full = policies[i]);

		CHECK_EQ(0, put(fd, 1));
		LEASE(fd, 1);
		CHECK_EQ(0, put(fd, 2));
		CHECK_EQ(0, put(fd, 3));
		CHECK_EQ(1, port_stat(fd).dropped);
		CHECK_EQ(1, leases(fd));
		CHECK_EQ(0, ack(fd, 0));
	}
}

TEST(lease_of_a_rendezvous)
{
	int fd = PORT(O_RDWR, RENDEZVOUS);
	struct call call;
	__u64 token;

	CALL_SEND(&call, fd, 1);
	wait_for_waiters(fd, 1, 0);
	token = LEASE(fd, 1);
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(0, nack(fd, token));
	CHECK_EQ(1, messages(fd));
	CHECK_EQ(-EAGAIN, put(fd, 2));
	CHECK_ORDER(fd, 1);
}

/* Selected from behind what is queued, where it came from. */
TEST(lease_of_a_sleeping_senders_message)
{
	int fd = PORT(O_RDWR, .capacity = 1);
	struct call call;
	struct got got;

	CHECK_EQ(0, put(fd, 1));
	CALL_SEND(&call, fd, 2, .type = 7, .priority = 9);
	wait_for_waiters(fd, 1, 0);
	got = GET(fd, .flags = LEASED, .select = MAILBOX_SELECT_TYPE, .match = 7);
	CHECK_EQ(2, got.value);
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(0, nack(fd, got.receive.token));
	CHECK_EQ(2, take_as(fd, MAILBOX_SELECT_TYPE, 7, 0));
	CHECK_ORDER(fd, 1);
}

TEST(receipt_comes_when_the_lease_begins)
{
	int fd = PORT(O_RDWR);
	struct call call;
	__u64 token;

	CALL_SEND(&call, fd, 1, .flags = MAILBOX_SEND_SYNC);
	wait_for_waiters(fd, 1, 0);
	token = LEASE(fd, 1);
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(4, call.send.taken_bytes);
	CHECK_EQ(getpid(), call.send.taken_pid);
	CHECK_EQ(0, nack(fd, token));
	CHECK_ORDER(fd, 1);
}

/* --- who sleeps --------------------------------------------------------------- */

TEST(sleeper_gets_a_lease)
{
	int fd = PORT(O_RDWR);
	struct call call;

	CALL_RECEIVE(&call, fd, .flags = LEASED);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(1, call_value(&call));
	CHECK_EQ(1, call.receive.deliveries);
	CHECK_EQ(1, leases(fd));
	CHECK_EQ(0, ack(fd, call.receive.token));
	CHECK_EQ(0, leases(fd));
}

TEST(sleeper_gets_what_comes_back)
{
	int fd = PORT(O_RDWR);
	struct call call;

	CHECK_EQ(0, put(fd, 1));
	LEASE(fd, 1);
	CALL_RECEIVE(&call, fd);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, nack(fd, 0));
	CHECK_EQ(1, call_value(&call));
	CHECK_EQ(1, call.receive.deliveries);
	CHECK_EQ(0, leases(fd));
	CHECK_EQ(0, messages(fd));
}

TEST(sleeper_leases_what_comes_back)
{
	int fd = PORT(O_RDWR);
	struct call call;

	CHECK_EQ(0, put(fd, 1));
	LEASE(fd, 1);
	CALL_RECEIVE(&call, fd, .flags = LEASED);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, nack(fd, 0));
	CHECK_EQ(1, call_value(&call));
	CHECK_EQ(2, call.receive.deliveries);
	CHECK_EQ(0, nack(fd, call.receive.token));
	CHECK_ORDER(fd, 1);
}

TEST(only_who_selects_it_is_woken)
{
	int fd = PORT(O_RDWR);
	struct call other, wanted;

	CHECK_EQ(0, put_as(fd, 1, 7, 0));
	LEASE(fd, 1);
	CALL_RECEIVE(&other, fd, .select = MAILBOX_SELECT_TYPE, .match = 8);
	wait_for_waiters(fd, 0, 1);
	CALL_RECEIVE(&wanted, fd, .select = MAILBOX_SELECT_TYPE, .match = 7);
	wait_for_waiters(fd, 0, 2);
	CHECK_EQ(0, nack(fd, 0));
	CHECK_EQ(1, call_value(&wanted));
	CHECK(waiters_are(fd, 0, 1));
	CHECK_EQ(0, put_as(fd, 2, 8, 0));
	CHECK_EQ(2, call_value(&other));
}

TEST(ack_wakes_nobody)
{
	int fd = PORT(O_RDWR);
	struct call call;

	CHECK_EQ(0, put(fd, 1));
	LEASE(fd, 1);
	CALL_RECEIVE(&call, fd);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, ack(fd, 0));
	CHECK(waiters_are(fd, 0, 1));
	CHECK_EQ(0, put(fd, 2));
	CHECK_EQ(2, call_value(&call));
}
