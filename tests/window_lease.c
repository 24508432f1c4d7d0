// SPDX-License-Identifier: GPL-2.0-only
/*
 * A lease is settled twice at once: whoever comes first settles it, whoever is
 * held finds nothing. Nothing is returned twice, and nothing that is leased anew.
 */
#include "window.h"

#define SHORT	(20 * NSEC_PER_MSEC)
#define EXPIRY	"before mbx_port_expire"

/* --- a NACK that is held ----------------------------------------------------------------- */

struct nack {
	struct call call;
	struct mailbox_ioc_settle settle;
	int gate;
};

static void nack_start_at(const char *where, struct nack *held, int fd, __u64 token)
{
	held->settle = (struct mailbox_ioc_settle){ .token = token };
	held->gate = gated_start(&held->call, fd, MAILBOX_IOC_NACK, &held->settle, where);
	gate_wait(held->gate);
}

static void nack_start(struct nack *held, int fd, __u64 token)
{
	nack_start_at(BEFORE_LANES, held, fd, token);
}

static long long nack_end(struct nack *held)
{
	gate_go(held->gate);
	return call_join(&held->call);
}

TEST(acked_before_its_nack)
{
	int fd = PORT(O_RDWR);
	struct nack held;
	__u64 token;

	put_all(fd, 2);
	token = LEASE(fd, 1);
	nack_start(&held, fd, token);
	CHECK_EQ(0, ack(fd, token));
	CHECK_EQ(-ESRCH, nack_end(&held));
	CHECK_ORDER(fd, 2);
}

TEST(destroyed_before_its_nack)
{
	struct account before = account();
	int fd = PORT(O_RDWR);
	struct nack held;

	CHECK_EQ(0, put(fd, 1));
	nack_start(&held, fd, LEASE(fd, 1));
	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(-EIDRM, nack_end(&held));
	CHECK_EQ(before.user_bytes, account().user_bytes);
}

TEST(revoked_before_its_nack)
{
	char *name = unique_name();
	int owner = foreign_port(name, (struct mailbox_ioc_port_create){});
	int fd = listed_handle(O_RDONLY, owner, name);
	struct nack held;

	CHECK_EQ(0, put(owner, 1));
	nack_start(&held, fd, LEASE(fd, 1));
	CHECK_EQ(0, list_off(owner));
	CHECK_EQ(1, messages(owner));
	CHECK_EQ(-EACCES, nack_end(&held));
	CHECK_ORDER(owner, 1);
}

/* Its time is over, and somebody else has it. */
TEST(leased_anew_before_its_nack)
{
	int fd = PORT(O_RDWR);
	struct nack held;
	__u64 token;

	CHECK_EQ(0, put(fd, 1));
	nack_start(&held, fd, LEASE_FOR(fd, 1, SHORT));
	WAIT_FOR(messages(fd) == 1);
	token = LEASE(fd, 1);
	CHECK_EQ(-ESRCH, nack_end(&held));
	CHECK_EQ(1, leases(fd));
	CHECK_EQ(0, ack(fd, token));
	CHECK_ORDER(fd);
}

TEST(receiver_sleeps_before_the_nack)
{
	int fd = PORT(O_RDWR);
	struct call next;
	struct nack held;

	CHECK_EQ(0, put(fd, 1));
	nack_start(&held, fd, LEASE(fd, 1));
	CALL_RECEIVE(&next, fd);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, nack_end(&held));
	CHECK_EQ(1, call_value(&next));
}

/* --- an expiry that is held ---------------------------------------------------------------- */

/* Message 1 under a lease whose time is over, which nobody has seen to yet. */
static __u64 expiry_start(int fd, int *gate)
{
	__u64 token;

	*gate = gate_any(EXPIRY);
	CHECK_EQ(0, put(fd, 1));
	token = LEASE_FOR(fd, 1, SHORT);
	gate_wait(*gate);
	CHECK_EQ(1, leases(fd));
	return token;
}

/* Until a lease that ends by itself has: those before it have been seen to. */
static void wait_for_expiry(int fd)
{
	CHECK_EQ(0, put_as(fd, 50, 50, 0));
	CHECK_EQ(50, GET(fd, .flags = LEASED, .select = MAILBOX_SELECT_TYPE, .match = 50,
			 .lease_ns = SHORT).value);
	WAIT_FOR(take_as(fd, MAILBOX_SELECT_TYPE, 50, 0) == 50);
}

TEST(acked_before_its_expiry)
{
	int fd = PORT(O_RDWR), gate;
	__u64 token = expiry_start(fd, &gate);

	CHECK_EQ(0, ack(fd, token));
	gate_go(gate);
	wait_for_expiry(fd);
	CHECK_ORDER(fd);
}

/* The new lease is not the one whose time is over. */
TEST(leased_anew_before_its_expiry)
{
	int fd = PORT(O_RDWR), gate;
	__u64 token = expiry_start(fd, &gate);

	CHECK_EQ(0, nack(fd, token));
	token = LEASE_FOR(fd, 1, 100 * NSEC_PER_SEC);
	gate_go(gate);
	wait_for_expiry(fd);
	CHECK_EQ(1, leases(fd));
	CHECK_EQ(0, ack(fd, token));
}

TEST(receiver_sleeps_before_the_expiry)
{
	int fd = PORT(O_RDWR), gate;
	struct call next;

	expiry_start(fd, &gate);
	CALL_RECEIVE(&next, fd);
	wait_for_waiters(fd, 0, 1);
	gate_go(gate);
	CHECK_EQ(1, call_value(&next));
	CHECK_EQ(0, leases(fd));
}

TEST(destroyed_before_its_expiry)
{
	struct account before = account();
	int fd = PORT(O_RDWR), gate;

	expiry_start(fd, &gate);
	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(before.user_bytes, account().user_bytes);
	gate_go(gate);
	close(fd);
	CHECK_EQ(before.ports, account().ports);
}

TEST(holder_is_closed_before_the_expiry)
{
	int fd = PORT(O_RDWR), holder = open_fd(O_RDONLY, fd), gate = gate_any(EXPIRY);

	CHECK_EQ(0, put(fd, 1));
	LEASE_FOR(holder, 1, SHORT);
	gate_wait(gate);
	close(holder);
	CHECK_EQ(1, messages(fd));
	gate_go(gate);
	wait_for_expiry(fd);
	CHECK_ORDER(fd, 1);
}

TEST(revoked_before_the_expiry)
{
	char *name = unique_name();
	int owner = foreign_port(name, (struct mailbox_ioc_port_create){});
	int fd = listed_handle(O_RDONLY, owner, name), gate = gate_any(EXPIRY);

	CHECK_EQ(0, put(owner, 1));
	LEASE_FOR(fd, 1, SHORT);
	gate_wait(gate);
	CHECK_EQ(0, list_off(owner));
	CHECK_EQ(1, messages(owner));
	gate_go(gate);
	wait_for_expiry(owner);
	CHECK_ORDER(owner, 1);
}

struct closer {
	pthread_t thread;
	atomic_int tid;
	int fd;
};

static void *close_plainly(void *arg)
{
	struct closer *closer = arg;

	closer->tid = syscall(SYS_gettid);
	close(closer->fd);
	return NULL;
}

/* The last close waits for whoever is at work at the port. */
TEST(port_goes_during_the_expiry)
{
	struct account before = account();
	struct closer closer = { .fd = PORT(O_RDWR) };
	int gate;

	expiry_start(closer.fd, &gate);
	CHECK_EQ(0, pthread_create(&closer.thread, NULL, close_plainly, &closer));
	WAIT_FOR(task_is(getpid(), closer.tid, 'D'));
	gate_go(gate);
	CHECK_EQ(0, pthread_join(closer.thread, NULL));
	CHECK_EQ(before.user_bytes, account().user_bytes);
	CHECK_EQ(before.ports, account().ports);
}

/* --- a close that is held ---------------------------------------------------------------- */

TEST(lease_ends_before_the_close_returns_it)
{
	int fd = PORT(O_RDWR), holder = open_fd(O_RDONLY, fd);
	struct closing closing;

	CHECK_EQ(0, put(fd, 1));
	/* Long enough for the close to find it. */
	LEASE_FOR(holder, 1, NSEC_PER_SEC);
	close_start(&closing, holder, BEFORE_LANES);
	WAIT_FOR(messages(fd) == 1);
	CHECK_EQ(1, take(fd));
	close_end(&closing);
	CHECK_ORDER(fd);
	CHECK_EQ(0, leases(fd));
	CHECK_EQ(1, port_stat(fd).received);
}

TEST(receiver_sleeps_before_the_close_returns_it)
{
	int fd = PORT(O_RDWR), holder = open_fd(O_RDONLY, fd);
	struct closing closing;
	struct call next;

	CHECK_EQ(0, put(fd, 1));
	LEASE(holder, 1);
	close_start(&closing, holder, BEFORE_LANES);
	CALL_RECEIVE(&next, fd);
	wait_for_waiters(fd, 0, 1);
	close_end(&closing);
	CHECK_EQ(1, call_value(&next));
}

TEST(destroyed_before_the_close_returns_it)
{
	struct account before = account();
	int fd = PORT(O_RDWR), holder = open_fd(O_RDONLY, fd);
	struct closing closing;

	CHECK_EQ(0, put(fd, 1));
	LEASE(holder, 1);
	close_start(&closing, holder, BEFORE_LANES);
	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(before.user_bytes, account().user_bytes);
	close_end(&closing);
}

/* The caller gives up, and the server's close finds nothing of it. */
TEST(caller_gives_up_before_the_close_tells_it)
{
	int fd = PORT(O_RDWR), server = open_fd(O_RDONLY, fd);
	struct closing closing;
	struct asker asker;

	handle_signal(SIGUSR1, 0);
	ASK(&asker, fd, 1);
	serve(server, 1);
	close_start(&closing, server, BEFORE_LANES);
	CHECK_EQ(0, pthread_kill(asker.call.thread, SIGUSR1));
	CHECK_EQ(-EINTR, answer_of(&asker));
	close_end(&closing);
	CHECK_EQ(0, port_stat(fd).requests);
	CHECK(waiters_are(fd, 0, 0));
}

/* --- a port that is destroyed, with what was leased still there ------------------------ */

static void destroy_start(struct call *call, struct mailbox_ioc_port_remove *remove, int fd,
			  int *gate)
{
	*remove = (struct mailbox_ioc_port_remove){};
	*gate = gated_start(call, fd, MAILBOX_IOC_PORT_DESTROY, remove,
			    "before mbx_hold_drop_all");
	gate_wait(*gate);
}

TEST(settled_while_the_port_is_emptied)
{
	struct account before = account();
	struct mailbox_ioc_port_remove remove;
	int fd = PORT(O_RDWR), gate;
	struct call call;
	__u64 token;

	put_all(fd, 2);
	token = LEASE(fd, 1);
	destroy_start(&call, &remove, fd, &gate);
	CHECK_EQ(-EIDRM, ack(fd, token));
	CHECK_EQ(-EIDRM, nack(fd, token));
	CHECK_EQ(-EIDRM, take(fd));
	gate_go(gate);
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(before.user_bytes, account().user_bytes);
}

TEST(holder_is_closed_while_the_port_is_emptied)
{
	struct account before = account();
	struct mailbox_ioc_port_remove remove;
	int fd = PORT(O_RDWR), holder = open_fd(O_RDONLY, fd), gate;
	struct call call;

	put_all(fd, 2);
	LEASE(holder, 1);
	destroy_start(&call, &remove, fd, &gate);
	close(holder);
	gate_go(gate);
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(before.user_bytes, account().user_bytes);
}

TEST(lease_ends_while_the_port_is_emptied)
{
	struct account before = account();
	struct mailbox_ioc_port_remove remove;
	int fd = PORT(O_RDWR), gate, expiry = gate_any("after mbx_port_expire");
	struct call call;

	CHECK_EQ(0, put(fd, 1));
	LEASE_FOR(fd, 1, 10 * SHORT * test_scale());
	destroy_start(&call, &remove, fd, &gate);
	gate_wait(expiry);
	gate_go(gate);
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(before.user_bytes, account().user_bytes);
	gate_go(expiry);
}

/* --- a message has had its last lease, and is in no port ------------------------------------- */

/* A letter to the port of that name is under way, from the port of held->call.fd. */
static void letter_start(struct nack *held, const char *target)
{
	struct mailbox_ioc_port_create create = { .max_deliveries = 1 };
	int fd;

	strcpy(create.dead_letter, target);
	fd = port_new(O_RDWR, NULL, create);
	CHECK_EQ(0, put(fd, 1));
	nack_start_at("before mbx_dead_letter_send", held, fd, LEASE(fd, 1));
	CHECK_EQ(1, port_stat(fd).dead_lettered);
	CHECK_EQ(0, messages(fd) + leases(fd));
}

TEST(target_is_destroyed_before_a_letter_is_sent)
{
	char *name = unique_name();
	int target = NAMED_PORT(O_RDWR, name);
	struct account before = account();
	struct nack held;

	letter_start(&held, name);
	CHECK_EQ(0, port_destroy(target, NULL));
	CHECK_EQ(0, nack_end(&held));
	CHECK_EQ(before.user_bytes, account().user_bytes);
}

/* What has the name when it is sent. */
TEST(target_is_another_port_before_a_letter_is_sent)
{
	char *name = unique_name();
	int target = NAMED_PORT(O_RDWR, name), other;
	struct nack held;

	letter_start(&held, name);
	CHECK_EQ(0, port_unlink(target, NULL));
	other = NAMED_PORT(O_RDWR, name);
	CHECK_EQ(0, nack_end(&held));
	CHECK_ORDER(target);
	CHECK_ORDER(other, 1);
}

/* The right of whoever said where letters go. */
TEST(right_is_lost_before_a_letter_is_sent)
{
	char *name = unique_name();
	int target = foreign_port(name, (struct mailbox_ioc_port_create){});
	struct account before;
	struct nack held;

	CHECK_EQ(0, SET(target, .flags = MAILBOX_SET_MODE, .mode = 0622));
	before = account();
	set_ipc_owner(false);
	letter_start(&held, name);
	set_ipc_owner(true);
	CHECK_EQ(0, SET(target, .flags = MAILBOX_SET_MODE, .mode = 0600));
	CHECK_EQ(0, nack_end(&held));
	CHECK_ORDER(target);
	CHECK_EQ(before.user_bytes, account().user_bytes);
}

TEST(receiver_sleeps_before_a_letter_is_sent)
{
	char *name = unique_name();
	int target = NAMED_PORT(O_RDWR, name);
	struct call receiver;
	struct nack held;

	letter_start(&held, name);
	CALL_RECEIVE(&receiver, target);
	wait_for_waiters(target, 0, 1);
	CHECK_EQ(0, nack_end(&held));
	CHECK_EQ(1, call_value(&receiver));
}

TEST(source_is_destroyed_before_its_letter_is_sent)
{
	char *name = unique_name();
	int target = NAMED_PORT(O_RDWR, name);
	struct nack held;

	letter_start(&held, name);
	CHECK_EQ(0, port_destroy(held.call.fd, NULL));
	CHECK_EQ(0, nack_end(&held));
	CHECK_ORDER(target, 1);
}

TEST(source_is_closed_before_its_letter_is_sent)
{
	char *name = unique_name();
	int target = NAMED_PORT(O_RDWR, name);
	struct account before = account();
	struct nack held;

	letter_start(&held, name);
	close(held.call.fd);
	CHECK_EQ(0, nack_end(&held));
	CHECK_ORDER(target, 1);
	CHECK_EQ(before.ports, account().ports);
}
