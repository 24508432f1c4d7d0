// SPDX-License-Identifier: GPL-2.0-only
/*
 * A handle is an open file description: what closing, forking, duplicating,
 * passing it on and its flags do, and SIGIO and fdinfo.
 */
#include <sys/socket.h>

#include "allow.h"

static bool name_exists(const char *name)
{
	int fd = node_open(O_RDWR);
	bool exists = !bind_name(fd, name);

	close(fd);
	return exists;
}

static void close_it(void *arg)
{
	close(*(int *)arg);
}

TEST(close_in_a_child_is_not_the_last)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name);

	CHECK_EQ(0, put(fd, 1));
	REAP(spawn(close_it, &fd));
	CHECK(name_exists(name));
	CHECK_EQ(1, take(fd));
}

/* An exiting process closes what it inherited: no sleeper may notice. */
TEST(close_by_a_stranger_wakes_nobody)
{
	int fd = PORT(O_RDWR, .flags = MAILBOX_CREATE_HANGUP);
	struct call call;
	int i;

	CALL_RECEIVE(&call, fd);
	wait_for_waiters(fd, 0, 1);
	for (i = 0; i < 20; i++)
		REAP(spawn(close_it, &fd));
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(1, call_value(&call));
}

TEST(close_in_another_thread_does_not_end_a_sleep)
{
	int fd = PORT(O_RDWR), other = dup(fd);
	struct call call;

	CALL_RECEIVE(&call, fd);
	wait_for_waiters(other, 0, 1);
	close(fd);
	wait_for_waiters(other, 0, 1);
	CHECK_EQ(0, put(other, 1));
	CHECK_EQ(1, call_value(&call));
}

static void use_inherited(void *arg)
{
	int fd = *(int *)arg;

	CHECK_EQ(1, take(fd));
	CHECK_EQ(0, put(fd, 2));
}

TEST(fork_shares_the_handle)
{
	int fd = PORT(O_RDWR);

	CHECK_EQ(0, put(fd, 1));
	REAP(spawn(use_inherited, &fd));
	CHECK_EQ(2, take(fd));
	CHECK_EQ(1, port_stat(fd).receivers);
}

struct survivor {
	int fd;
	char *name;
};

static void outlive(void *arg)
{
	struct survivor *survivor = arg;
	int byte;

	/* Until the parent has closed its own. */
	CHECK_EQ(4, RESULT(read(survivor->fd, &byte, sizeof(byte))));
}

TEST(port_lives_in_the_child)
{
	char *name = unique_name();
	struct survivor survivor = { NAMED_PORT(O_RDWR, name), name };
	pid_t pid = spawn(outlive, &survivor);
	int fd;

	close(survivor.fd);
	fd = port_open(O_RDWR, name);
	CHECK_EQ(0, put(fd, 1));
	REAP(pid);
	close(fd);
	CHECK(!name_exists(name));
}

TEST(dup_shares_the_handle)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name), copy = dup(fd);

	CHECK_EQ(0, put(fd, 1));
	close(fd);
	CHECK(name_exists(name));
	CHECK_EQ(1, take(copy));
	close(copy);
	CHECK(!name_exists(name));
}

TEST(unbound_handle_is_bound_for_all_who_share_it)
{
	int fd = node_open(O_RDWR), copy = dup(fd);
	struct mailbox_ioc_port_create create = {};

	CHECK_EQ(0, command(copy, MAILBOX_IOC_PORT_CREATE, &create));
	CHECK_EQ(0, put(fd, 1));
}

TEST(two_handles_of_one_process_are_apart)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name), other = port_open(O_RDWR, name);

	CHECK_OK(fcntl(fd, F_SETFL, O_NONBLOCK));
	CHECK_EQ(0, fcntl(other, F_GETFL) & O_NONBLOCK);
	CHECK_EQ(2, port_stat(fd).receivers);
}

/* The program itself, told by its name what to do with what it inherited. */
static void __attribute__((constructor)) after_exec(int argc, char **argv)
{
	if (argc == 1 && !strcmp(argv[0], "sleeper"))
		for (;;)
			pause();
	if (argc == 3 && !strcmp(argv[0], "sender"))
		_exit(put(atoi(argv[1]), atoi(argv[2])) ? EXIT_FAIL : EXIT_PASS);
}

TEST(exec_closes_what_is_marked)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name);
	pid_t pid = fork_child();

	if (!pid) {
		execl("/proc/self/exe", "sleeper", NULL);
		_exit(EXIT_FAIL);
	}
	close(fd);
	WAIT_FOR(!name_exists(name));
	CHECK_EQ(0, waitpid(pid, NULL, WNOHANG));
	kill(pid, SIGKILL);
}

TEST(exec_keeps_what_is_not_marked)
{
	int fd = PORT(O_RDWR), copy = dup(fd);
	char number[16];
	pid_t pid = fork_child();

	if (!pid) {
		snprintf(number, sizeof(number), "%d", copy);
		execl("/proc/self/exe", "sender", number, "42", NULL);
		_exit(EXIT_FAIL);
	}
	REAP(pid);
	CHECK_EQ(42, take(fd));
}

static void send_handle(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec data = { "x", 1 };
	struct msghdr msg = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&msg);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(int));
	CHECK_OK(sendmsg(socket, &msg, 0));
}

static int receive_handle(int socket)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec data = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	CHECK_OK(recvmsg(socket, &msg, 0));
	CHECK(CMSG_FIRSTHDR(&msg));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	return fd;
}

static void use_passed(void *arg)
{
	int fd = receive_handle(*(int *)arg);

	CHECK_EQ(1, take(fd));
	CHECK_EQ(0, put(fd, 2));
}

TEST(handle_passed_over_a_socket)
{
	int sockets[2], fd, second;
	pid_t pid;

	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	pid = spawn(use_passed, &sockets[1]);
	fd = PORT(O_RDWR);
	CHECK_EQ(0, put(fd, 1));
	send_handle(sockets[0], fd);
	REAP(pid);
	second = take(fd);
	CHECK_EQ(2, second);
}

/* It counts as open while it is on its way, and is closed with the socket. */
TEST(handle_in_a_socket_keeps_the_port)
{
	char *name = unique_name();
	int sockets[2], fd = NAMED_PORT(O_RDWR, name);

	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	send_handle(sockets[0], fd);
	close(fd);
	CHECK(name_exists(name));
	close(sockets[0]);
	close(sockets[1]);
	WAIT_FOR(!name_exists(name));
}

TEST(nonblocking_is_a_flag_of_the_moment)
{
	int fd = PORT(O_RDWR);
	struct call call;
	char byte;

	CHECK_OK(fcntl(fd, F_SETFL, O_NONBLOCK));
	CHECK_ERRNO(EAGAIN, read(fd, &byte, 1));
	CHECK_EQ(-EAGAIN, RECEIVE(fd));
	CHECK_OK(fcntl(fd, F_SETFL, 0));
	CALL_RECEIVE(&call, fd);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(1, call_value(&call));
}

static void handle_io(int fd, int owner)
{
	CHECK_OK(fcntl(fd, F_SETOWN, owner));
	CHECK_OK(fcntl(fd, F_SETSIG, SIGIO));
	CHECK_OK(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC));
}

static sigset_t block_io(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
	return set;
}

static bool io_arrives(const sigset_t *set)
{
	struct timespec limit = { .tv_sec = 10 };

	return sigtimedwait(set, NULL, &limit) == SIGIO;
}

static bool io_is_pending(const sigset_t *set)
{
	struct timespec none = {};

	return sigtimedwait(set, NULL, &none) == SIGIO;
}

TEST(sigio_when_a_message_arrives)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDONLY, name), sender = port_open(O_WRONLY, name);
	sigset_t set = block_io();

	handle_io(fd, getpid());
	CHECK(!io_is_pending(&set));
	CHECK_EQ(0, put(sender, 1));
	CHECK(io_arrives(&set));
	CHECK_EQ(1, take(fd));
}

TEST(sigio_when_there_is_room)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_WRONLY, name, .capacity = 1);
	int receiver = port_open(O_RDONLY, name);
	sigset_t set = block_io();

	CHECK_EQ(0, put(fd, 1));
	handle_io(fd, getpid());
	io_is_pending(&set);
	CHECK_EQ(1, take(receiver));
	CHECK(io_arrives(&set));
	CHECK_EQ(0, put(fd, 2));
}

TEST(no_sigio_of_the_other_direction)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_WRONLY, name, UNBOUNDED);
	sigset_t set = block_io();

	handle_io(fd, getpid());
	io_is_pending(&set);
	CHECK_EQ(0, put(fd, 1));
	CHECK(!io_is_pending(&set));
}

TEST(sigio_when_the_port_is_destroyed)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDONLY, name);
	sigset_t set = block_io();

	handle_io(fd, getpid());
	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK(io_arrives(&set));
}

TEST(sigio_when_the_other_side_hangs_up)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDONLY, name, .flags = MAILBOX_CREATE_HANGUP);
	int sender = port_open(O_WRONLY, name);
	sigset_t set = block_io();

	handle_io(fd, getpid());
	close(sender);
	CHECK(io_arrives(&set));
}

TEST(sigio_can_be_turned_off)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDONLY, name), sender = port_open(O_WRONLY, name);
	sigset_t set = block_io();

	handle_io(fd, getpid());
	CHECK_OK(fcntl(fd, F_SETFL, 0));
	CHECK_EQ(0, put(sender, 1));
	CHECK(!io_is_pending(&set));
}

/* A handle that asked for signals and is closed leaves nothing to signal. */
TEST(closed_handle_gets_no_sigio)
{
	char *name = unique_name();
	int sender = NAMED_PORT(O_WRONLY, name, .capacity = 64), fd, i;
	sigset_t set = block_io();

	for (i = 0; i < 50; i++) {
		fd = port_open(O_RDONLY, name);
		handle_io(fd, getpid());
		close(fd);
	}
	CHECK_EQ(0, put(sender, 1));
	CHECK(!io_is_pending(&set));
}

TEST(sigio_needs_a_port)
{
	int fd = node_open(O_RDWR);

	CHECK_OK(fcntl(fd, F_SETOWN, getpid()));
	CHECK_ERRNO(ENOTCONN, fcntl(fd, F_SETFL, O_ASYNC));
}

static void check_fdinfo(int fd, const char *line)
{
	char path[64], text[2048];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	CHECK_OK(file_read(path, text, sizeof(text)));
	if (!strstr(text, line))
		FAIL("fdinfo has no '%s':\n%s", line, text);
}

TEST(fdinfo_tells_how_the_port_stands)
{
	char *name = unique_name(), line[200];
	int fd = NAMED_PORT(O_RDWR, name, .capacity = 1);
	struct call send, receive;

	CHECK_EQ(0, put(fd, 1));
	CALL_SEND(&send, fd, 2);
	CALL_RECEIVE(&receive, fd, .select = MAILBOX_SELECT_TYPE, .match = 9);
	wait_for_waiters(fd, 1, 1);
	snprintf(line, sizeof(line), "\nport:\t%llu\nname:\t%s\n", port_stat(fd).id, name);
	check_fdinfo(fd, line);
	check_fdinfo(fd, "\nrights:\trw\n");
	check_fdinfo(fd, "\nmessages:\t1\nbytes:\t4\n");
	check_fdinfo(fd, "\nsenders_waiting:\t1\nreceivers_waiting:\t1\n");
}

TEST(fdinfo_tells_the_rights)
{
	check_fdinfo(PORT(O_RDONLY), "\nrights:\tr\n");
	check_fdinfo(PORT(O_WRONLY), "\nrights:\tw\n");
}

/* The other processes' view: tools look at handles that are not theirs. */
TEST(fdinfo_of_an_unbound_or_destroyed_handle)
{
	int fd = node_open(O_RDWR), gone = PORT(O_RDWR);

	check_fdinfo(fd, "\nport:\tnone\n");
	CHECK_EQ(0, port_destroy(gone, NULL));
	check_fdinfo(gone, "\nport:\tdestroyed\n");
}

/* The port lives on, for others. */
static void lose_the_right(void *arg)
{
	struct guest *guest = arg;

	guest_enter(guest);
	check_fdinfo(guest->fd, "\nrights:\tr\n");
	guest_step(guest, 1);
	check_fdinfo(guest->fd, "\nport:\trevoked\n");
}

TEST(fdinfo_of_a_revoked_handle)
{
	struct guest *guest = GUEST(O_RDONLY);
	pid_t pid = spawn(lose_the_right, guest);

	WAIT_FOR(guest->step == 1);
	CHECK_EQ(0, guest_revoke(guest));
	guest->step = 2;
	REAP(pid);
}
