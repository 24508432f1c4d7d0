// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pairs through fork, exec and sockets; and pipes of CREATE, that other handles
 * are bound to by a handle.
 */
#include "direct.h"

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

TEST(copy_in_a_child_is_the_same_side)
{
	struct ends ends = PAIR(O_RDWR);
	pid_t pid = spawn(wait_for_the_end, NULL);

	close(ends.second);
	CHECK_EQ(0, put(ends.first, 1));
	CHECK_EQ(-EAGAIN, take(ends.first));
	kill(pid, SIGKILL);
	reap_status(pid);
	CHECK_EQ(-EPIPE, put(ends.first, 1));
	CHECK_EQ(-EPIPE, take(ends.first));
}

TEST(exec_closes_the_second_handle)
{
	struct ends ends = PAIR(O_RDWR);
	struct call call;
	pid_t pid = fork_child();

	CHECK_OK(pid);
	if (!pid) {
		execlp("sleep", "sleep", "1000", NULL);
		_exit(EXIT_FAIL);
	}
	close(ends.second);
	CALL_RECEIVE(&call, ends.first);
	CHECK_EQ(-EPIPE, call_join(&call));
	CHECK_EQ(0, kill(pid, SIGKILL));
	CHECK_EQ(SIGKILL, WTERMSIG(reap_status(pid)));
}

#define ECHOES	3000

static void echo_all(void *arg)
{
	struct ends *ends = arg;
	int value;

	close(ends->first);
	while (read(ends->second, &value, sizeof(value)) == sizeof(value))
		CHECK_EQ(sizeof(value), write(ends->second, &value, sizeof(value)));
}

static void *write_all(void *arg)
{
	int fd = *(int *)arg, i;

	for (i = 0; i < ECHOES; i++)
		CHECK_EQ(sizeof(i), write(fd, &i, sizeof(i)));
	return NULL;
}

TEST(both_directions_at_once)
{
	struct ends ends = PAIR(O_RDWR, .capacity = 4);
	pid_t pid = spawn(echo_all, &ends);
	pthread_t thread;
	int value, i;

	close(ends.second);
	CHECK_EQ(0, pthread_create(&thread, NULL, write_all, &ends.first));
	for (i = 0; i < ECHOES; i++) {
		CHECK_EQ(sizeof(value), read(ends.first, &value, sizeof(value)));
		CHECK_EQ(i, value);
	}
	CHECK_EQ(0, pthread_join(thread, NULL));
	close(ends.first);
	REAP(pid);
}

/* What a program writes that has these for its input and output. */
static size_t run_program(char *const argv[], const char *input, char *output, size_t room)
{
	struct ends in = PAIR(O_WRONLY), out = PAIR(O_RDONLY);
	size_t got = 0;
	ssize_t len;
	pid_t pid;

	pid = fork_child();
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

/* It polls, and reads and writes what is there. */
TEST(socat_at_both_ends)
{
	if (access("/usr/bin/socat", X_OK))
		SKIP("no socat here");
	check_program((char *[]){ "socat", "-u", "STDIN", "STDOUT", NULL });
}

/* A child of its own has the duplex pair for both. */
TEST(socat_by_a_duplex_pair)
{
	struct ends ends = PAIR(O_RDWR);
	char fd[16], text[16] = {};
	pid_t pid;

	if (access("/usr/bin/socat", X_OK))
		SKIP("no socat here");
	snprintf(fd, sizeof(fd), "FD:%d", ends.second);
	pid = fork_child();
	CHECK_OK(pid);
	if (!pid) {
		CHECK_OK(fcntl(ends.second, F_SETFD, 0));
		execlp("socat", "socat", fd, "EXEC:cat", NULL);
		_exit(EXIT_FAIL);
	}
	close(ends.second);
	CHECK_EQ(5, write(ends.first, "there", 5));
	CHECK_EQ(5, read(ends.first, text, sizeof(text)));
	CHECK_EQ(0, strcmp(text, "there"));
	close(ends.first);
	CHECK_EQ(0, reap_status(pid));
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

TEST(no_hang_up_before_the_other_side_was_there)
{
	int in = PORT(O_RDONLY, .flags = MAILBOX_CREATE_HANGUP);
	int out = PORT(O_WRONLY, .flags = MAILBOX_CREATE_HANGUP);

	CHECK_EQ(-EAGAIN, take(in));
	CHECK_EQ(0, put(out, 1));
	/* It is there for a receiver that comes later; then that one goes. */
	in = open_fd(O_RDONLY, out);
	CHECK_EQ(1, take(in));
	close(in);
	CHECK_EQ(-EPIPE, put(out, 2));
	in = open_fd(O_RDONLY, out);
	CHECK_EQ(0, put(out, 3));
	CHECK_EQ(3, take(in));
}

TEST(bind_by_a_handle_of_a_pair)
{
	struct ends ends = PAIR(O_RDWR);

	CHECK_EQ(-EINVAL, bind_fd(node_open(O_RDWR), ends.first));
	CHECK_EQ(-EINVAL, bind_fd(node_open(O_RDONLY), ends.second));
	CHECK_EQ(-EINVAL, bind_fd(node_open(O_ACCMODE), ends.second));
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
