// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pairs and pipes: two handles that are each other's other side, through fork,
 * exec and sockets, and what happens when one of them goes.
 */
#include <sys/resource.h>
#include <sys/wait.h>

#include "direct.h"

/* --- making one ------------------------------------------------------------------ */

TEST(duplex)
{
	struct ends ends = PAIR(O_RDWR);

	CHECK_EQ(0, put(ends.first, 1));
	CHECK_EQ(0, put(ends.second, 2));
	CHECK_EQ(2, take(ends.first));
	CHECK_EQ(1, take(ends.second));
	/* Nobody gets his own. */
	CHECK_EQ(0, put(ends.first, 3));
	CHECK_EQ(-EAGAIN, take(ends.first));
}

TEST(pipe_from_the_one_that_receives)
{
	struct ends ends = PAIR(O_RDONLY);

	CHECK_EQ(0, put(ends.second, 1));
	CHECK_EQ(1, take(ends.first));
	CHECK_EQ(-EBADF, put(ends.first, 1));
	CHECK_EQ(-EBADF, take(ends.second));
	CHECK_EQ(ends.arg.id, ends.arg.peer_id);
}

TEST(pipe_from_the_one_that_sends)
{
	struct ends ends = PAIR(O_WRONLY);

	CHECK_EQ(0, put(ends.first, 1));
	CHECK_EQ(1, take(ends.second));
	CHECK_EQ(-EBADF, put(ends.second, 1));
}

TEST(ids_are_those_of_the_ports)
{
	struct ends ends = PAIR(O_RDWR);

	CHECK(ends.arg.id != ends.arg.peer_id);
	CHECK_EQ(ends.arg.id, port_stat(ends.first).id);
	CHECK_EQ(ends.arg.peer_id, port_stat(ends.second).id);
	CHECK_EQ(ends.arg.peer_id, stat_sends(ends.first).id);
	CHECK_EQ(ends.arg.id, stat_sends(ends.second).id);
}

TEST(ports_of_a_pair)
{
	struct ends ends = PAIR(O_RDWR, .capacity = 3, .message_bytes_max = 10);
	struct mailbox_ioc_port_stat stat = port_stat(ends.first);

	CHECK_EQ(MAILBOX_CREATE_HANGUP | MAILBOX_PORT_PAIR, stat.port_flags);
	CHECK_EQ(0600, stat.mode);
	CHECK_EQ(3, stat.capacity);
	CHECK_EQ(10, stat.message_bytes_max);
	CHECK_EQ(1, stat.senders);
	CHECK_EQ(1, stat.receivers);
	CHECK_EQ(0, stat.name[0]);
	CHECK_EQ(3, stat_sends(ends.first).capacity);
}

TEST(capacity_is_for_each_direction)
{
	struct ends ends = PAIR(O_RDWR | O_NONBLOCK, .capacity = 1);

	CHECK_EQ(0, put(ends.first, 1));
	CHECK_EQ(-EAGAIN, put(ends.first, 2));
	CHECK_EQ(0, put(ends.second, 3));
	CHECK_EQ(-EAGAIN, put(ends.second, 4));
}

TEST(rendezvous_pair)
{
	struct ends ends = PAIR(O_RDWR, RENDEZVOUS);
	struct call call;

	CALL_SEND(&call, ends.first, 7);
	WAIT_FOR(stat_sends(ends.first).senders_waiting == 1);
	CHECK_EQ(7, take(ends.second));
	CHECK_EQ(0, call_join(&call));
}

TEST(set_changes_what_is_received_from)
{
	struct ends ends = PAIR(O_RDWR);

	CHECK_EQ(0, SET(ends.first, .flags = MAILBOX_SET_CAPACITY, .capacity = 5));
	CHECK_EQ(5, port_stat(ends.first).capacity);
	CHECK(stat_sends(ends.first).capacity != 5);
	CHECK_EQ(5, stat_sends(ends.second).capacity);
}

TEST(second_handle_is_close_on_exec)
{
	struct ends ends = PAIR(O_RDWR);

	CHECK_EQ(FD_CLOEXEC, fcntl(ends.second, F_GETFD));
	CHECK_EQ(0, fcntl(ends.second, F_GETFL) & O_NONBLOCK);
	CHECK_EQ(O_RDWR, fcntl(ends.second, F_GETFL) & O_ACCMODE);
}

TEST(second_handle_is_nonblocking_like_the_first)
{
	struct ends ends = PAIR(O_RDWR | O_NONBLOCK);
	char byte;

	CHECK_ERRNO(EAGAIN, read(ends.second, &byte, 1));
}

TEST(handle_that_is_bound)
{
	struct mailbox_ioc_port_pair arg = {};
	struct account before;
	int fd = PORT(O_RDWR);

	before = account();
	CHECK_EQ(-EISCONN, command(fd, MAILBOX_IOC_PORT_PAIR, &arg));
	CHECK_ACCOUNT(&before);
}

TEST(bad_values_make_nothing)
{
	static const struct mailbox_ioc_port_pair bad[] = {
		{ .flags = 1 }, { .buffering = 3 }, { .capacity = ~0U },
		{ .message_bytes_max = 1ULL << 40 },
		{ .buffering = MAILBOX_BUFFERING_RENDEZVOUS, .capacity = 1 },
	};
	struct account before = account();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct mailbox_ioc_port_pair arg = bad[i];
		int fd = node_open(O_RDWR);

		CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_PAIR, &arg));
		close(fd);
		CHECK_ACCOUNT(&before);
	}
}

TEST(handle_that_neither_sends_nor_receives)
{
	struct mailbox_ioc_port_pair arg = {};

	CHECK_EQ(-EINVAL, command(node_open(O_ACCMODE), MAILBOX_IOC_PORT_PAIR, &arg));
}

TEST(result_that_cannot_be_told)
{
	struct mailbox_ioc_port_pair *arg = mmap(NULL, 4096, PROT_READ,
						 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct account before = account();
	int fd = node_open(O_RDWR);

	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_PORT_PAIR, arg));
	/* It was not bound either. */
	CHECK_EQ(-ENOTCONN, put(fd, 1));
	close(fd);
	CHECK_ACCOUNT(&before);
}

TEST(no_descriptor_is_left)
{
	struct mailbox_ioc_port_pair arg = {};
	struct account before = account();
	int fd = node_open(O_RDWR);
	struct rlimit limit = { fd + 1, fd + 1 }, old;

	CHECK_OK(getrlimit(RLIMIT_NOFILE, &old));
	limit.rlim_max = old.rlim_max;
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
	CHECK_EQ(-EMFILE, command(fd, MAILBOX_IOC_PORT_PAIR, &arg));
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &old));
	CHECK_EQ(-ENOTCONN, put(fd, 1));
	close(fd);
	CHECK_ACCOUNT(&before);
}

TEST(quota_has_room_for_one_port_only)
{
	struct mailbox_ioc_port_pair arg = {};
	pid_t pid;

	NEED_ROOT();
	parameter_set("user_ports_max", 1);
	pid = fork();
	CHECK_OK(pid);
	if (!pid) {
		int fd = node_open(O_RDWR);

		become(USER_A);
		CHECK_EQ(-EDQUOT, command(fd, MAILBOX_IOC_PORT_PAIR, &arg));
		CHECK_EQ(0, info(fd).user_ports);
		CHECK_EQ(-ENOTCONN, put(fd, 1));
		_exit(EXIT_PASS);
	}
	REAP(pid);
}

TEST(nothing_is_left_when_both_are_closed)
{
	struct account before = account();
	struct ends ends = PAIR(O_RDWR);

	CHECK_EQ(0, put(ends.first, 1));
	close(ends.first);
	close(ends.second);
	CHECK_ACCOUNT(&before);
}

/* --- the other side goes ------------------------------------------------------------ */

TEST(what_was_sent_is_received_then_end_of_file)
{
	struct ends ends = PAIR(O_RDWR);
	int value = 0;

	CHECK_EQ(0, put(ends.first, 1));
	CHECK_EQ(0, put(ends.first, 2));
	close(ends.first);
	CHECK_EQ(sizeof(value), read(ends.second, &value, sizeof(value)));
	CHECK_EQ(1, value);
	CHECK_EQ(2, take(ends.second));
	CHECK_EQ(0, read(ends.second, &value, sizeof(value)));
	CHECK_EQ(-EPIPE, take(ends.second));
}

TEST(send_to_nobody)
{
	struct ends ends = PAIR(O_RDWR);

	handle_signal(SIGPIPE, 0);
	close(ends.second);
	CHECK_EQ(-EPIPE, put(ends.first, 1));
	CHECK_EQ(0, signals);
	CHECK_ERRNO(EPIPE, write(ends.first, "x", 1));
	CHECK_EQ(1, signals);
}

TEST(sleeping_receiver_gets_end_of_file)
{
	struct ends ends = PAIR(O_RDWR);
	struct call call;
	char byte;

	call_start(&call, ends.second, CALL_READ, &byte, 1);
	wait_for_waiters(ends.second, 0, 1);
	close(ends.first);
	CHECK_EQ(0, call_join(&call));
}

TEST(sleeping_sender_gets_epipe)
{
	struct ends ends = PAIR(O_RDWR, .capacity = 1);
	struct call call;

	CHECK_EQ(0, put(ends.first, 1));
	CALL_SEND(&call, ends.first, 2);
	WAIT_FOR(stat_sends(ends.first).senders_waiting == 1);
	close(ends.second);
	CHECK_EQ(-EPIPE, call_join(&call));
}

static void check_poller(enum poller_kind kind)
{
	struct ends ends = PAIR(O_RDWR, .capacity = 1);
	struct poller poller;

	CHECK_EQ(0, put(ends.first, 1));
	poller_start(&poller, ends.first, kind, POLLIN | POLLOUT);
	close(ends.second);
	CHECK(poller_end(&poller) & (POLLHUP | POLLERR));
	CHECK_EQ(POLLHUP, polled(ends.first) & POLLHUP);
	CHECK_EQ(POLLERR, polled(ends.first) & POLLERR);
}

TEST(poller_is_told)
{
	check_poller(BY_POLL);
}

TEST(poller_by_epoll_is_told)
{
	check_poller(BY_EPOLL);
}

TEST(poller_by_edge_is_told)
{
	check_poller(BY_EPOLL_EDGE);
}

TEST(message_that_comes_first_is_told_first)
{
	struct ends ends = PAIR(O_RDWR);

	CHECK_EQ(OUT, polled(ends.second));
	CHECK_EQ(0, put(ends.first, 1));
	CHECK_EQ(IN | OUT, polled(ends.second));
	close(ends.first);
	CHECK_EQ(IN, polled(ends.second) & IN);
	CHECK_EQ(1, take(ends.second));
	CHECK_EQ(POLLHUP, polled(ends.second) & POLLHUP);
}

TEST(destroy_ends_both_directions)
{
	struct ends ends = PAIR(O_RDWR);
	struct call call;

	CALL_RECEIVE(&call, ends.second);
	wait_for_waiters(ends.second, 0, 1);
	CHECK_EQ(0, port_destroy(ends.first, NULL));
	CHECK_EQ(-EIDRM, call_join(&call));
	CHECK_EQ(-EIDRM, put(ends.first, 1));
	CHECK_EQ(-EIDRM, put(ends.second, 1));
	CHECK_EQ(-EIDRM, take(ends.first));
}

/* --- through fork, exec and sockets ---------------------------------------------------- */

TEST(copies_of_a_handle_are_one_side)
{
	struct ends ends = PAIR(O_RDWR);
	int copy = dup(ends.first);

	close(ends.first);
	CHECK_EQ(0, put(copy, 1));
	CHECK_EQ(1, take(ends.second));
	CHECK_EQ(-EAGAIN, take(ends.second));
	close(copy);
	CHECK_EQ(-EPIPE, take(ends.second));
}

static void answer_once(void *arg)
{
	struct ends *ends = arg;
	int value = -1;

	close(ends->first);
	CHECK_EQ(0, RECEIVE(ends->second, .data = user_pointer(&value), .size = sizeof(value)));
	CHECK_EQ(0, put(ends->second, value + 1));
}

TEST(child_at_the_other_side)
{
	struct ends ends = PAIR(O_RDWR);
	pid_t pid = spawn(answer_once, &ends);
	int value = 0;

	close(ends.second);
	CHECK_EQ(0, put(ends.first, 41));
	CHECK_EQ(sizeof(value), read(ends.first, &value, sizeof(value)));
	CHECK_EQ(42, value);
	REAP(pid);
	CHECK_EQ(-EPIPE, take(ends.first));
	CHECK_EQ(-EPIPE, put(ends.first, 1));
}

static void wait_for_the_end(void *arg)
{
	(void)arg;
	pause();
}

TEST(child_that_is_killed_hangs_up)
{
	struct ends ends = PAIR(O_RDWR);
	pid_t pid = spawn(wait_for_the_end, NULL);
	struct call call;

	close(ends.second);
	CALL_RECEIVE(&call, ends.first);
	wait_for_waiters(ends.first, 0, 1);
	kill(pid, SIGKILL);
	CHECK_EQ(-EPIPE, call_join(&call));
	reap_status(pid);
}

/* What a program writes that has these for its input and output. */
static size_t run_program(char *const argv[], const char *input, char *output, size_t room)
{
	struct ends in = PAIR(O_WRONLY), out = PAIR(O_RDONLY);
	size_t got = 0;
	ssize_t len;
	pid_t pid;

	pid = fork();
	CHECK_OK(pid);
	if (!pid) {
		dup2(in.second, 0);
		dup2(out.second, 1);
		execvp(argv[0], argv);
		_exit(EXIT_FAIL);
	}
	close(in.second);
	close(out.second);
	for (; *input; input += len) {
		len = strlen(input) > 1000 ? 1000 : strlen(input);
		CHECK_EQ(len, write(in.first, input, len));
	}
	close(in.first);
	while ((len = read(out.first, output + got, room - got)) > 0)
		got += len;
	CHECK_EQ(0, len);
	CHECK_EQ(0, reap_status(pid));
	return got;
}

static void check_program(char *const argv[])
{
	char input[5001], output[8000];
	unsigned int i;

	for (i = 0; i < sizeof(input) - 1; i++)
		input[i] = 'a' + i % 23;
	input[i] = 0;
	CHECK_EQ(i, run_program(argv, input, output, sizeof(output)));
	CHECK_EQ(0, memcmp(input, output, i));
}

TEST(cat_at_both_ends)
{
	check_program((char *[]){ "cat", NULL });
}

TEST(dd_at_both_ends)
{
	check_program((char *[]){ "dd", "bs=2000", NULL });
}

TEST(passed_through_a_socket)
{
	struct ends ends = PAIR(O_RDWR);
	int sockets[2], got;

	CHECK_OK(socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets));
	send_handle(sockets[0], ends.second);
	close(ends.second);
	/* On its way it is still the other side. */
	CHECK_EQ(0, put(ends.first, 5));
	got = receive_handle(sockets[1]);
	CHECK_EQ(5, take(got));
	close(got);
	CHECK_EQ(-EPIPE, put(ends.first, 1));
}

TEST(lost_in_a_socket)
{
	struct ends ends = PAIR(O_RDWR);
	int sockets[2];

	CHECK_OK(socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets));
	send_handle(sockets[0], ends.second);
	close(ends.second);
	close(sockets[0]);
	close(sockets[1]);
	WAIT_FOR(take(ends.first) == -EPIPE);
}

/* --- pipes of CREATE ---------------------------------------------------------------------- */

TEST(pipe_without_a_name)
{
	int in = PORT(O_RDONLY, .flags = MAILBOX_CREATE_HANGUP), out = open_fd(O_WRONLY, in);

	CHECK_EQ(0, put(out, 1));
	close(out);
	CHECK_EQ(1, take(in));
	CHECK_EQ(-EPIPE, take(in));
	/* A new sender lifts it. */
	out = open_fd(O_WRONLY, in);
	CHECK_EQ(-EAGAIN, take(in));
	CHECK_EQ(0, put(out, 2));
	close(in);
	CHECK_EQ(-EPIPE, put(out, 3));
}

TEST(bind_by_a_handle)
{
	int first = PORT(O_RDWR), second = open_fd(O_RDWR, first);

	CHECK_EQ(0, put(first, 1));
	CHECK_EQ(1, take(second));
	CHECK_EQ(port_stat(first).id, port_stat(second).id);
	CHECK_EQ(2, port_stat(first).receivers);
}

TEST(bind_by_no_handle)
{
	int pipe_fds[2];

	CHECK_OK(pipe(pipe_fds));
	CHECK_EQ(-EBADF, bind_fd(node_open(O_RDWR), -1));
	CHECK_EQ(-EBADF, bind_fd(node_open(O_RDWR), pipe_fds[0]));
	CHECK_EQ(-ENOTCONN, bind_fd(node_open(O_RDWR), node_open(O_RDWR)));
	CHECK_EQ(-EISCONN, bind_fd(PORT(O_RDWR), PORT(O_RDWR)));
	CHECK_EQ(-EINVAL, OPEN(node_open(O_RDWR), "name", .flags = MAILBOX_BIND_FD));
}

TEST(bind_by_a_handle_of_a_dead_port)
{
	int fd = PORT(O_RDWR);

	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(-EIDRM, bind_fd(node_open(O_RDWR), fd));
	CHECK_EQ(-EIDRM, bind_fd(node_open(O_ACCMODE), fd));
}

static void bind_as_a_stranger(void *arg)
{
	become(USER_B);
	CHECK_EQ(-EACCES, bind_fd(node_open(O_RDWR), *(int *)arg));
}

TEST(bind_by_a_handle_needs_the_right)
{
	int fd;

	NEED_ROOT();
	fd = PORT(O_RDWR);
	REAP(spawn(bind_as_a_stranger, &fd));
}
