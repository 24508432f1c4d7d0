// SPDX-License-Identifier: GPL-2.0-only
/*
 * Links: the one channel between two processes, by their pids; and inboxes.
 */
#include <linux/sched.h>
#include <sched.h>

#include "direct.h"

static long long link_args(int fd, pid_t pid, struct mailbox_ioc_port_link *arg)
{
	arg->pid = pid;
	return command(fd, MAILBOX_IOC_PORT_LINK, arg);
}

static long long link_to(int fd, pid_t pid)
{
	struct mailbox_ioc_port_link arg = {};

	return link_args(fd, pid, &arg);
}

static long long inbox_of(int fd, pid_t pid)
{
	struct mailbox_ioc_port_link arg = { .flags = MAILBOX_LINK_INBOX };

	return link_args(fd, pid, &arg);
}

/* Checked. */
static int link_new(int flags, pid_t pid)
{
	int fd = node_open(flags);

	CHECK_EQ(0, link_to(fd, pid));
	return fd;
}

/* What two processes of a test share. */
struct shared {
	pid_t parent;
	atomic_int step;
	atomic_long results[4];
	__u64 ids[4];
};

static struct shared *shared_new(void)
{
	struct shared *shared = shared_alloc(sizeof(*shared));

	shared->parent = getpid();
	return shared;
}

static void reach(struct shared *shared, int step)
{
	atomic_store(&shared->step, step);
}

#define AWAIT(shared, number) WAIT_FOR(atomic_load(&(shared)->step) >= (number))

static void stay(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	reap_status(pid);
}

/* --- talking ------------------------------------------------------------------------ */

static void answer_by_link(void *arg)
{
	struct shared *shared = arg;
	int fd = link_new(O_RDWR, shared->parent), value = 0;

	CHECK_EQ(sizeof(value), read(fd, &value, sizeof(value)));
	value++;
	CHECK_EQ(sizeof(value), write(fd, &value, sizeof(value)));
}

TEST(two_processes_talk)
{
	struct shared *shared = shared_new();
	pid_t pid = spawn(answer_by_link, shared);
	int fd = link_new(O_RDWR, pid), value = 1;

	CHECK_EQ(sizeof(value), write(fd, &value, sizeof(value)));
	CHECK_EQ(sizeof(value), read(fd, &value, sizeof(value)));
	CHECK_EQ(2, value);
	REAP(pid);
}

static void tell_ids(void *arg)
{
	struct shared *shared = arg;
	struct mailbox_ioc_port_link link = {};
	int fd = node_open(O_RDWR), other = node_open(O_RDWR);

	AWAIT(shared, 1);
	CHECK_EQ(0, link_args(fd, shared->parent, &link));
	CHECK_EQ(0, link.created);
	shared->ids[0] = link.id;
	shared->ids[1] = link.peer_id;
	/* Once more is the same again. */
	CHECK_EQ(0, link_args(other, shared->parent, &link));
	CHECK_EQ(0, link.created);
	CHECK_EQ(shared->ids[0], link.id);
	CHECK_EQ(getpid(), port_stat(fd).link_pid);
	CHECK_EQ(shared->parent, port_stat(fd).link_peer);
	CHECK_EQ(shared->parent, stat_sends(fd).link_pid);
}

TEST(whoever_comes_later_gets_the_same)
{
	struct shared *shared = shared_new();
	pid_t pid = spawn(tell_ids, shared);
	struct mailbox_ioc_port_link link = { .capacity = 7 };
	int fd = node_open(O_RDWR);

	CHECK_EQ(0, link_args(fd, pid, &link));
	CHECK_EQ(1, link.created);
	CHECK_EQ(7, port_stat(fd).capacity);
	CHECK_EQ(MAILBOX_PORT_LINK, port_stat(fd).port_flags & MAILBOX_PORT_LINK);
	CHECK_EQ(0, port_stat(fd).mode);
	reach(shared, 1);
	REAP(pid);
	CHECK_EQ(link.id, shared->ids[1]);
	CHECK_EQ(link.peer_id, shared->ids[0]);
}

TEST(threads_are_one_process)
{
	pid_t pid = spawn(stay, NULL);
	struct mailbox_ioc_port_link first = {}, second = { .pid = pid };
	int fd = node_open(O_RDWR);
	struct call call;

	CHECK_EQ(0, link_args(fd, pid, &first));
	call_start(&call, node_open(O_RDWR), MAILBOX_IOC_PORT_LINK, &second, 0);
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(first.id, second.id);
	CHECK_EQ(0, second.created);
	end_child(pid);
}

TEST(link_goes_with_its_last_handle)
{
	struct account before;
	struct mailbox_ioc_port_link link = {};
	pid_t pid = spawn(stay, NULL);
	int fd;
	__u64 id;

	before = account();
	fd = node_open(O_RDWR);
	CHECK_EQ(0, link_args(fd, pid, &link));
	id = link.id;
	CHECK_EQ(0, put(fd, 1));
	close(fd);
	CHECK_ACCOUNT(&before);
	fd = node_open(O_RDWR);
	CHECK_EQ(0, link_args(fd, pid, &link));
	CHECK_EQ(1, link.created);
	CHECK(link.id != id);
	end_child(pid);
}

TEST(one_direction_only)
{
	pid_t pid = spawn(stay, NULL);
	struct mailbox_ioc_port_link link = {};
	int in = node_open(O_RDONLY), out = node_open(O_WRONLY);

	CHECK_EQ(0, link_args(in, pid, &link));
	CHECK(link.id && !link.peer_id);
	CHECK_EQ(0, link_args(out, pid, &link));
	CHECK(!link.id && link.peer_id);
	CHECK_EQ(0, put(out, 1));
	CHECK_EQ(-EBADF, put(in, 1));
	CHECK_EQ(-EAGAIN, take(in));
	end_child(pid);
}

struct passed {
	struct shared *shared;
	int fd;
};

static void send_by_what_was_passed(void *arg)
{
	struct passed *passed = arg;

	CHECK_EQ(0, put(passed->fd, 3));
}

static void receive_from_parent(void *arg)
{
	struct shared *shared = arg;
	int fd = link_new(O_RDWR, shared->parent);
	struct mailbox_ioc_receive receive = {};
	int value;

	receive.data = user_pointer(&value);
	receive.size = sizeof(value);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(3, value);
	/* Who sent is stamped all the same. */
	CHECK(receive.pid != (__u32)shared->parent);
}

TEST(passed_on_it_is_the_same_link)
{
	struct shared *shared = shared_new();
	pid_t pid = spawn(receive_from_parent, shared);
	struct passed passed = { shared, link_new(O_RDWR, pid) };

	REAP(spawn(send_by_what_was_passed, &passed));
	REAP(pid);
}

/* --- racing for it -------------------------------------------------------------------- */

#define ROUNDS	1500

struct race {
	pid_t pids[2];
	atomic_int arrived[2];
	struct mailbox_ioc_port_link links[2];
};

static void race_link(struct race *race, int self, int round)
{
	struct mailbox_ioc_port_link *link = &race->links[self];
	int fd = node_open(O_RDWR);

	*link = (struct mailbox_ioc_port_link){};
	atomic_store(&race->arrived[self], 4 * round + 1);
	WAIT_FOR(atomic_load(&race->arrived[!self]) >= 4 * round + 1);
	CHECK_EQ(0, link_args(fd, race->pids[!self], link));
	atomic_store(&race->arrived[self], 4 * round + 2);
	WAIT_FOR(atomic_load(&race->arrived[!self]) >= 4 * round + 2);
	CHECK_EQ(1, race->links[0].created + race->links[1].created);
	CHECK_EQ(link->id, race->links[!self].peer_id);
	atomic_store(&race->arrived[self], 4 * round + 3);
	WAIT_FOR(atomic_load(&race->arrived[!self]) >= 4 * round + 3);
	close(fd);
	/* Both are to have gone before the next one is made. */
	atomic_store(&race->arrived[self], 4 * round + 4);
	WAIT_FOR(atomic_load(&race->arrived[!self]) >= 4 * round + 4);
}

static void race_as_child(void *arg)
{
	struct race *race = arg;
	int i;

	WAIT_FOR(race->pids[1]);
	for (i = 0; i < ROUNDS; i++)
		race_link(race, 1, i);
}

TEST(both_at_once_never_make_two)
{
	struct race *race = shared_alloc(sizeof(*race));
	pid_t pid;
	int i;

	race->pids[0] = getpid();
	pid = spawn(race_as_child, race);
	race->pids[1] = pid;
	for (i = 0; i < ROUNDS; i++)
		race_link(race, 0, i);
	REAP(pid);
}

static void *link_and_close(void *arg)
{
	pid_t pid = *(pid_t *)arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		int fd = link_new(O_RDWR, pid);
		long long err = put(fd, i);

		/* The other thread may keep it alive until it is full. */
		CHECK(!err || err == -EAGAIN);
		close(fd);
	}
	return NULL;
}

TEST(coming_and_going_at_once)
{
	pid_t pid = spawn(stay, NULL);
	struct account before = account();
	pthread_t threads[2];
	int i;

	for (i = 0; i < 2; i++)
		CHECK_EQ(0, pthread_create(&threads[i], NULL, link_and_close, &pid));
	for (i = 0; i < 2; i++)
		CHECK_EQ(0, pthread_join(threads[i], NULL));
	CHECK_ACCOUNT(&before);
	end_child(pid);
}

/* --- the other side exits ---------------------------------------------------------------- */

static void send_two(void *arg)
{
	struct shared *shared = arg;
	int fd = link_new(O_RDWR, shared->parent);

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, put(fd, 2));
	reach(shared, 1);
	AWAIT(shared, 2);
}

TEST(what_it_sent_is_received_then_end_of_file)
{
	struct shared *shared = shared_new();
	pid_t pid = spawn(send_two, shared);
	int fd = link_new(O_RDWR, pid), value;

	AWAIT(shared, 1);
	reach(shared, 2);
	REAP(pid);
	WAIT_FOR(put(fd, 1) == -EPIPE);
	CHECK_EQ(1, take(fd));
	CHECK_EQ(sizeof(value), read(fd, &value, sizeof(value)));
	CHECK_EQ(2, value);
	WAIT_FOR(take(fd) == -EPIPE);
	CHECK_EQ(0, read(fd, &value, sizeof(value)));
}

TEST(process_that_never_asked_for_it_exits)
{
	pid_t pid = spawn(stay, NULL);
	int fd = link_new(O_RDWR, pid);
	struct call call;

	CALL_RECEIVE(&call, fd);
	wait_for_waiters(fd, 0, 1);
	end_child(pid);
	CHECK_EQ(-EPIPE, call_join(&call));
	CHECK_EQ(-EPIPE, put(fd, 1));
}

TEST(sleeping_sender_is_told)
{
	pid_t pid = spawn(stay, NULL);
	struct mailbox_ioc_port_link link = { .capacity = 1 };
	int fd = node_open(O_RDWR);
	struct call call;

	CHECK_EQ(0, link_args(fd, pid, &link));
	CHECK_EQ(0, put(fd, 1));
	CALL_SEND(&call, fd, 2);
	WAIT_FOR(stat_sends(fd).senders_waiting == 1);
	end_child(pid);
	CHECK_EQ(-EPIPE, call_join(&call));
}

static void check_poller(enum poller_kind kind)
{
	pid_t pid = spawn(stay, NULL);
	int fd = link_new(O_RDWR, pid);
	struct poller poller;

	poller_start(&poller, fd, kind, POLLIN);
	end_child(pid);
	CHECK(poller_end(&poller) & (POLLHUP | POLLERR));
}

TEST(poller_is_told)
{
	check_poller(BY_POLL);
}

TEST(poller_by_edge_is_told)
{
	check_poller(BY_EPOLL_EDGE);
}

/* Others hold its handle, but the process of the link is gone. */
TEST(handles_of_it_do_not_keep_it_alive)
{
	struct shared *shared = shared_new();
	struct ends ends = PAIR(O_RDWR);
	int sockets[2], fd, its;
	pid_t pid;

	(void)ends;
	CHECK_OK(socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets));
	pid = fork();
	CHECK_OK(pid);
	if (!pid) {
		send_handle(sockets[0], link_new(O_RDWR, shared->parent));
		AWAIT(shared, 1);
		_exit(EXIT_PASS);
	}
	its = receive_handle(sockets[1]);
	fd = link_new(O_RDWR, pid);
	CHECK_EQ(0, put(its, 1));
	reach(shared, 1);
	REAP(pid);
	WAIT_FOR(put(fd, 1) == -EPIPE);
	CHECK_EQ(1, take(fd));
	WAIT_FOR(take(fd) == -EPIPE);
	CHECK_EQ(-EPIPE, put(its, 2));
}

static pid_t spawn_as(pid_t number)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&number,
		.set_tid_size = 1,
	};
	pid_t pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid < 0)
		SKIP("cannot choose the number of a process: %s", strerror(errno));
	if (!pid)
		stay(NULL);
	CHECK_EQ(number, pid);
	return pid;
}

TEST(number_used_again_inherits_nothing)
{
	int i;

	NEED_ROOT();
	for (i = 0; i < 20; i++) {
		pid_t pid = spawn(stay, NULL);
		struct mailbox_ioc_port_link link = {};
		int old = link_new(O_RDWR, pid), new = node_open(O_RDWR);

		end_child(pid);
		pid = spawn_as(pid);
		CHECK_EQ(0, link_args(new, pid, &link));
		CHECK_EQ(1, link.created);
		WAIT_FOR(put(old, 1) == -EPIPE);
		CHECK_EQ(0, put(new, 1));
		WAIT_FOR(take(old) == -EPIPE);
		CHECK_EQ(-EAGAIN, take(new));
		end_child(pid);
		close(old);
		close(new);
	}
}

/* --- who may --------------------------------------------------------------------------- */

TEST(process_that_is_not_there)
{
	pid_t pid = spawn(stay, NULL);

	end_child(pid);
	CHECK_EQ(-ESRCH, link_to(node_open(O_RDWR), pid));
	CHECK_EQ(-ESRCH, inbox_of(node_open(O_WRONLY), pid));
}

TEST(values_that_make_no_sense)
{
	struct mailbox_ioc_port_link link = { .flags = 2 };

	CHECK_EQ(-EINVAL, link_to(node_open(O_RDWR), getpid()));
	CHECK_EQ(-EINVAL, link_to(node_open(O_RDWR), 0));
	CHECK_EQ(-EINVAL, link_to(node_open(O_ACCMODE), 1));
	CHECK_EQ(-EINVAL, link_args(node_open(O_RDWR), 1, &link));
	CHECK_EQ(-EISCONN, link_to(PORT(O_RDWR), 1));
}

static void link_as_a_stranger(void *arg)
{
	struct shared *shared = arg;

	become(USER_B);
	shared->results[0] = link_to(node_open(O_RDWR), shared->parent);
	shared->results[1] = inbox_of(node_open(O_WRONLY), shared->parent);
	CHECK_EQ(0, inbox_of(node_open(O_RDONLY), 0));
	reach(shared, 1);
	AWAIT(shared, 2);
	/* The other one could, and has: it is his too now. */
	shared->results[2] = link_to(node_open(O_RDWR), shared->parent);
	reach(shared, 3);
	AWAIT(shared, 4);
}

TEST(it_needs_the_right_to_signal)
{
	struct shared *shared = shared_new();
	pid_t pid;
	int inbox;

	NEED_ROOT();
	/* That it is there already changes nothing. */
	inbox = node_open(O_RDONLY);
	CHECK_EQ(0, inbox_of(inbox, 0));
	pid = spawn(link_as_a_stranger, shared);
	AWAIT(shared, 1);
	CHECK_EQ(-EACCES, shared->results[0]);
	CHECK_EQ(-EACCES, shared->results[1]);
	link_new(O_RDWR, pid);
	reach(shared, 2);
	AWAIT(shared, 3);
	CHECK_EQ(0, shared->results[2]);
	reach(shared, 4);
	REAP(pid);
}

TEST(ports_of_a_link_are_nobody_elses)
{
	pid_t pid = spawn(stay, NULL);
	int fd = link_new(O_RDWR, pid);

	CHECK_EQ(0, port_stat(fd).name[0]);
	CHECK_EQ(-EINVAL, bind_fd(node_open(O_RDWR), fd));
	end_child(pid);
}

TEST(destroyed_link_while_somebody_is_bound)
{
	pid_t pid = spawn(stay, NULL);
	int fd = link_new(O_RDWR, pid);

	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(-EIDRM, put(fd, 1));
	CHECK_EQ(-EIDRM, link_to(node_open(O_RDWR), pid));
	close(fd);
	link_new(O_RDWR, pid);
	end_child(pid);
}

TEST(result_that_cannot_be_told)
{
	struct mailbox_ioc_port_link *link = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
						  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct account before;
	pid_t pid = spawn(stay, NULL);
	int fd;

	before = account();
	fd = node_open(O_RDWR);
	link->pid = pid;
	CHECK_OK(mprotect(link, 4096, PROT_READ));
	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_PORT_LINK, link));
	close(fd);
	CHECK_ACCOUNT(&before);
	end_child(pid);
}

/* --- inboxes -------------------------------------------------------------------------------- */

static void send_to_parent(void *arg)
{
	struct shared *shared = arg;
	int fd = node_open(O_WRONLY);

	CHECK_EQ(0, inbox_of(fd, shared->parent));
	CHECK_EQ(0, put(fd, getpid()));
}

TEST(inbox_takes_from_all_and_tells_who)
{
	struct shared *shared = shared_new();
	int inbox = node_open(O_RDONLY), i;

	CHECK_EQ(0, inbox_of(inbox, 0));
	CHECK_EQ(getpid(), port_stat(inbox).link_pid);
	CHECK_EQ(0, port_stat(inbox).link_peer);
	for (i = 0; i < 3; i++) {
		struct mailbox_ioc_receive receive = {};
		pid_t pid = spawn(send_to_parent, shared);
		int value = 0;

		receive.data = user_pointer(&value);
		receive.size = sizeof(value);
		CHECK_EQ(0, command(inbox, MAILBOX_IOC_RECEIVE, &receive));
		CHECK_EQ(pid, value);
		CHECK_EQ(pid, receive.pid);
		REAP(pid);
		/* Those who sent are gone; others may come. */
		CHECK_EQ(-EAGAIN, take(inbox));
	}
}

static void make_inbox_later(void *arg)
{
	struct shared *shared = arg;
	int fd = node_open(O_RDONLY);

	AWAIT(shared, 1);
	CHECK_EQ(0, inbox_of(fd, 0));
	shared->results[0] = take(fd);
}

TEST(sender_may_come_first)
{
	struct shared *shared = shared_new();
	pid_t pid = spawn(make_inbox_later, shared);
	int fd = node_open(O_WRONLY);

	CHECK_EQ(0, inbox_of(fd, pid));
	CHECK_EQ(0, put(fd, 9));
	reach(shared, 1);
	REAP(pid);
	CHECK_EQ(9, shared->results[0]);
	WAIT_FOR(put(fd, 1) == -EPIPE);
}

TEST(inbox_by_the_wrong_access_mode)
{
	pid_t pid = spawn(stay, NULL);

	CHECK_EQ(-EBADF, inbox_of(node_open(O_RDWR), 0));
	CHECK_EQ(-EBADF, inbox_of(node_open(O_WRONLY), 0));
	CHECK_EQ(-EBADF, inbox_of(node_open(O_RDONLY), pid));
	CHECK_EQ(-EBADF, inbox_of(node_open(O_RDWR), pid));
	end_child(pid);
}

TEST(own_number_is_the_own_inbox)
{
	int first = node_open(O_RDONLY), second = node_open(O_RDONLY);

	CHECK_EQ(0, inbox_of(first, 0));
	CHECK_EQ(0, inbox_of(second, getpid()));
	CHECK_EQ(port_stat(first).id, port_stat(second).id);
}
