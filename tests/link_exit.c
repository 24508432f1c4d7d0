// SPDX-License-Identifier: GPL-2.0-only
/*
 * Links: what becomes of them when one of the two processes exits, and of those
 * who get its number later.
 */
#include "link.h"

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

TEST(sleeping_reader_finds_the_end)
{
	pid_t pid = spawn(stay, NULL);
	int fd = link_new(O_RDWR, pid);
	struct call call;
	char byte;

	handle_signal(SIGPIPE, 0);
	call_start(&call, fd, CALL_READ, &byte, 1);
	wait_for_waiters(fd, 0, 1);
	end_child(pid);
	CHECK_EQ(0, call_join(&call));
	WAIT_FOR(put(fd, 1) == -EPIPE);
	CHECK_ERRNO(EPIPE, write(fd, "x", 1));
	CHECK_EQ(1, signals);
}

TEST(sleepers_for_a_receipt_and_a_receiver_are_told)
{
	struct mailbox_ioc_port_link link = { RENDEZVOUS };
	pid_t pids[2] = { spawn(stay, NULL), spawn(stay, NULL) };
	int fds[2] = { link_new(O_RDWR, pids[0]), node_open(O_RDWR) }, i;
	struct call calls[2];

	CHECK_EQ(0, link_args(fds[1], pids[1], &link));
	CALL_SEND(&calls[0], fds[0], 1, .flags = MAILBOX_SEND_SYNC);
	CALL_SEND(&calls[1], fds[1], 1);
	for (i = 0; i < 2; i++) {
		WAIT_FOR(stat_sends(fds[i]).senders_waiting == 1);
		end_child(pids[i]);
		CHECK_EQ(-EPIPE, call_join(&calls[i]));
	}
}

static const struct poller_row {
	const char *name;
	enum poller_kind kind;
	unsigned int events, expected;
} poller_rows[] = {
	{ "poll_receives", BY_POLL, POLLIN, POLLHUP },
	{ "epoll_receives", BY_EPOLL, POLLIN, POLLHUP },
	{ "edge_receives", BY_EPOLL_EDGE, POLLIN, POLLHUP },
	{ "poll_sends", BY_POLL, POLLOUT, POLLERR },
	{ "epoll_sends", BY_EPOLL, POLLOUT, POLLERR },
	{ "edge_sends", BY_EPOLL_EDGE, POLLOUT, POLLERR },
};

static void check_poller(void)
{
	const struct poller_row *row = test_now->row;
	struct mailbox_ioc_port_link link = { .capacity = 1 };
	pid_t pid = spawn(stay, NULL);
	int fd = node_open(O_RDWR);
	struct poller poller;

	CHECK_EQ(0, link_args(fd, pid, &link));
	CHECK_EQ(0, put(fd, 1));
	poller_start(&poller, fd, row->kind, row->events);
	end_child(pid);
	CHECK(poller_end(&poller) & GONE);
	WAIT_FOR((polled(fd) & GONE) == GONE);
	CHECK(polled(fd) & row->expected);
}

static void __attribute__((constructor)) add_pollers(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(poller_rows); i++)
		test_add("exit_is_told", poller_rows[i].name, check_poller, &poller_rows[i]);
}

TEST(exit_is_told_by_sigio)
{
	pid_t pid = spawn(stay, NULL);
	int fd = link_new(O_RDWR, pid);
	sigset_t set = block_io();

	handle_io(fd);
	end_child(pid);
	CHECK(io_arrives(&set, 10));
}

TEST(exit_counts_before_it_is_reaped)
{
	pid_t pid = spawn(stay, NULL);
	int fd = link_new(O_RDWR, pid);
	struct call call;
	siginfo_t info;

	CALL_RECEIVE(&call, fd);
	wait_for_waiters(fd, 0, 1);
	kill(pid, SIGKILL);
	CHECK_OK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	CHECK_EQ(-EPIPE, call_join(&call));
	reap_status(pid);
}

static void *link_as_second_thread(void *arg)
{
	struct shared *shared = arg;

	WAIT_FOR(task_is(getpid(), getpid(), 'Z'));
	CHECK_EQ(0, put(link_new(O_RDWR, shared->parent), 5));
	AWAIT(shared, 1);
	return NULL;
}

static void leave_a_thread(void *arg)
{
	pthread_t thread;

	CHECK_EQ(0, pthread_create(&thread, NULL, link_as_second_thread, arg));
	syscall(SYS_exit, 0);
}

TEST(process_lives_as_long_as_a_thread_of_it)
{
	struct shared *shared = shared_new();
	pid_t pid = spawn(leave_a_thread, shared);
	int fd = link_new(O_RDWR, pid);

	WAIT_FOR(messages(fd) == 1);
	CHECK_EQ(5, take(fd));
	CHECK_EQ(-EAGAIN, take(fd));
	CHECK_EQ(0, put(fd, 1));
	reach(shared, 1);
	WAIT_FOR(take(fd) == -EPIPE);
	reap_status(pid);
}

static void *exec_sleep(void *arg)
{
	execlp("sleep", "sleep", "1000", NULL);
	(void)arg;
	_exit(EXIT_FAIL);
}

static void exec_in_a_thread(void *arg)
{
	pthread_t thread;

	CHECK_EQ(0, pthread_create(&thread, NULL, exec_sleep, arg));
	stay(NULL);
}

static bool is_sleep(pid_t pid)
{
	char path[64], name[32];

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	return file_read(path, name, sizeof(name)) > 0 && !strcmp(name, "sleep\n");
}

TEST(exec_is_no_exit)
{
	pid_t pid = spawn(exec_in_a_thread, NULL);
	int fd = link_new(O_RDWR, pid);

	WAIT_FOR(is_sleep(pid));
	CHECK_EQ(-EAGAIN, take(fd));
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(OUT, polled(fd));
	end_child(pid);
	WAIT_FOR(take(fd) == -EPIPE);
}

static void leave_at_once(void *arg)
{
	(void)arg;
}

/* Whether it exits before, after or while the link is made and slept at. */
TEST(exit_never_misses_who_falls_asleep)
{
	struct account before = account();
	int i;

	for (i = 0; i < 200; i++) {
		pid_t pid = spawn(leave_at_once, NULL);
		int fd = link_new(O_RDWR, pid);
		struct call call;

		CALL_RECEIVE(&call, fd);
		CHECK_EQ(-EPIPE, call_join(&call));
		reap_status(pid);
		close(fd);
	}
	CHECK_ACCOUNT(&before);
}

/* Others hold its handle, but the process of the link is gone. */
TEST(handles_of_it_do_not_keep_it_alive)
{
	struct shared *shared = shared_new();
	int sockets[2], fd, its;
	pid_t pid;

	CHECK_OK(socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets));
	pid = fork_child();
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

TEST(number_used_again_inherits_nothing)
{
	int i;

	NEED_ROOT();
	for (i = 0; i < 20; i++) {
		pid_t pid = spawn(stay, NULL);
		struct mailbox_ioc_port_link link = {};
		int old = link_new(O_RDWR, pid), new = node_open(O_RDWR);

		end_child(pid);
		pid = spawn_as(pid, stay, NULL);
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

static void link_to_parent(void *arg)
{
	struct shared *shared = arg;
	struct mailbox_ioc_port_link link = {};
	int fd = node_open(O_RDWR);

	CHECK_EQ(0, link_args(fd, shared->parent, &link));
	shared->ids[atomic_load(&shared->step)] = link.created ? link.id : 0;
	shared->results[0] = take(fd);
	send_handle(shared->results[1], fd);
}

TEST(number_used_again_does_not_find_the_link_it_made)
{
	struct shared *shared = shared_new();
	int sockets[2], its;
	pid_t pid;

	NEED_ROOT();
	CHECK_OK(socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets));
	shared->results[1] = sockets[0];
	pid = spawn(link_to_parent, shared);
	/* Its handle, which keeps the old link where it is. */
	its = receive_handle(sockets[1]);
	REAP(pid);
	reach(shared, 1);
	REAP(spawn_as(pid, link_to_parent, shared));
	CHECK(shared->ids[0] && shared->ids[1]);
	CHECK(shared->ids[0] != shared->ids[1]);
	CHECK_EQ(shared->ids[0], port_stat(its).id);
}

static void take_from_own_inbox(void *arg)
{
	struct shared *shared = arg;
	int fd = node_open(O_RDONLY);

	CHECK_EQ(0, inbox_of(fd, 0));
	shared->results[0] = take(fd);
	shared->ids[0] = port_stat(fd).id;
}

TEST(number_used_again_has_its_own_inbox)
{
	struct shared *shared = shared_new();
	pid_t pid = spawn(stay, NULL);
	int fd = node_open(O_WRONLY);

	NEED_ROOT();
	CHECK_EQ(0, inbox_of(fd, pid));
	CHECK_EQ(0, put(fd, 1));
	end_child(pid);
	REAP(spawn_as(pid, take_from_own_inbox, shared));
	CHECK_EQ(-EAGAIN, shared->results[0]);
	CHECK(shared->ids[0] != port_stat(fd).id);
	WAIT_FOR(put(fd, 2) == -EPIPE);
}
