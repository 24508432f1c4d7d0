// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pairs: two handles that are each other's other side, and what happens when
 * one of them goes.
 */
#include <stddef.h>
#include <sys/resource.h>

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

TEST(port_of_a_pipe)
{
	struct ends ends = PAIR(O_RDONLY, .capacity = 2);
	struct mailbox_ioc_port_stat stat = port_stat(ends.second);

	CHECK_EQ(ends.arg.id, stat.id);
	CHECK_EQ(MAILBOX_CREATE_HANGUP | MAILBOX_PORT_PAIR, stat.port_flags);
	CHECK_EQ(0600, stat.mode);
	CHECK_EQ(2, stat.capacity);
	CHECK_EQ(1, stat.senders);
	CHECK_EQ(1, stat.receivers);
	CHECK_EQ(O_WRONLY, fcntl(ends.second, F_GETFL) & O_ACCMODE);
}

TEST(stat_of_what_is_sent_to_has_no_name)
{
	struct mailbox_ioc_port_stat stat = { .flags = MAILBOX_STAT_SENDS, .name = "x" };

	CHECK_EQ(-EINVAL, command(PAIR(O_RDWR).first, MAILBOX_IOC_PORT_STAT, &stat));
}

TEST(bytes_are_for_each_direction)
{
	struct ends ends = PAIR(O_RDWR | O_NONBLOCK, .capacity_bytes = 4);

	CHECK_EQ(4, stat_sends(ends.first).capacity_bytes);
	CHECK_EQ(0, put(ends.first, 1));
	CHECK_EQ(-EAGAIN, put(ends.first, 2));
	CHECK_EQ(0, put(ends.second, 3));
	CHECK_EQ(-EAGAIN, put(ends.second, 4));
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

TEST(set_changes_the_only_port_of_a_pipe)
{
	struct ends ends = PAIR(O_WRONLY);

	CHECK_EQ(0, SET(ends.first, .flags = MAILBOX_SET_CAPACITY, .capacity = 5));
	CHECK_EQ(5, port_stat(ends.second).capacity);
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

static const int modes[] = { O_RDWR, O_RDONLY, O_WRONLY };

/* A struct of which what is behind so many bytes cannot be written. Checked. */
static struct mailbox_ioc_port_pair *read_only_from(size_t offset)
{
	char *memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	CHECK(memory != MAP_FAILED);
	CHECK_OK(mprotect(memory + 4096, 4096, PROT_READ));
	return (void *)(memory + 4096 - offset);
}

static void check_cannot_be_told(size_t offset)
{
	struct mailbox_ioc_port_pair *arg = read_only_from(offset);
	struct account before = account();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		int fd = node_open(modes[i]);

		CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_PORT_PAIR, arg));
		/* It was not bound either. */
		CHECK_EQ(-ENOTCONN, command(fd, MAILBOX_IOC_PORT_STAT,
					    &(struct mailbox_ioc_port_stat){}));
		close(fd);
		CHECK_ACCOUNT(&before);
	}
}

TEST(result_that_cannot_be_told)
{
	check_cannot_be_told(0);
}

TEST(result_that_cannot_be_told_in_full)
{
	check_cannot_be_told(offsetof(struct mailbox_ioc_port_pair, id));
	check_cannot_be_told(offsetof(struct mailbox_ioc_port_pair, peer_id));
}

/* The call fails and changes nothing of what it was given. */
static void check_fails(int error, int fd)
{
	struct mailbox_ioc_port_pair arg = {
		.fd = 77, .capacity = 3, .id = 78, .peer_id = 79,
	}, before = arg;

	CHECK_EQ(-error, command(fd, MAILBOX_IOC_PORT_PAIR, &arg));
	CHECK_EQ(0, memcmp(&before, &arg, sizeof(arg)));
}

TEST(struct_is_left_as_it_was)
{
	check_fails(EISCONN, PORT(O_RDWR));
	check_fails(EINVAL, node_open(O_ACCMODE));
}

TEST(no_descriptor_is_left)
{
	struct account before = account();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		int fd = node_open(modes[i]);
		struct rlimit limit = { fd + 1, fd + 1 }, old;

		CHECK_OK(getrlimit(RLIMIT_NOFILE, &old));
		limit.rlim_max = old.rlim_max;
		CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
		check_fails(EMFILE, fd);
		CHECK_OK(setrlimit(RLIMIT_NOFILE, &old));
		/* It can still be bound. */
		CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_CREATE,
				    &(struct mailbox_ioc_port_create){}));
		close(fd);
		CHECK_ACCOUNT(&before);
	}
}

TEST(registry_has_room_for_one_port_only)
{
	struct account before = account();
	int fd = node_open(O_RDWR);

	NEED_ROOT();
	parameter_set("ports_max", before.ports + 1);
	check_fails(ENOSPC, fd);
	close(fd);
	CHECK_ACCOUNT(&before);
	/* A pipe is one port. */
	PAIR(O_RDONLY);
}

TEST(quota_has_room_for_one_port_only)
{
	pid_t pid;

	NEED_ROOT();
	parameter_set("user_ports_max", 1);
	pid = fork_child();
	CHECK_OK(pid);
	if (!pid) {
		int fd = node_open(O_RDWR);

		become(USER_A);
		check_fails(EDQUOT, fd);
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

TEST(sleeping_receipt_and_rendezvous_get_epipe)
{
	struct ends ends = PAIR(O_RDWR), meet = PAIR(O_RDWR, RENDEZVOUS);
	struct call calls[2];

	CALL_SEND(&calls[0], ends.first, 1, .flags = MAILBOX_SEND_SYNC);
	CALL_SEND(&calls[1], meet.first, 1);
	WAIT_FOR(stat_sends(ends.first).senders_waiting == 1);
	WAIT_FOR(stat_sends(meet.first).senders_waiting == 1);
	close(ends.second);
	close(meet.second);
	CHECK_EQ(-EPIPE, call_join(&calls[0]));
	CHECK_EQ(-EPIPE, call_join(&calls[1]));
}

static void write_to_nobody(void *arg)
{
	CHECK_ERRNO(0, write(*(int *)arg, "x", 1));
}

TEST(writer_without_a_handler_is_killed)
{
	struct ends ends = PAIR(O_WRONLY);
	int status;

	close(ends.second);
	status = reap_status(spawn(write_to_nobody, &ends.first));
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(SIGPIPE, WTERMSIG(status));
}

#define RACES	400

/* Whether the close comes before, after or while it falls asleep. */
TEST(close_never_misses_who_falls_asleep)
{
	int i;

	for (i = 0; i < RACES; i++) {
		struct ends in = PAIR(O_RDONLY), out = PAIR(O_WRONLY, .capacity = 1);
		struct call calls[2];

		CHECK_EQ(0, put(out.first, 1));
		CALL_RECEIVE(&calls[0], in.first);
		close(in.second);
		CALL_SEND(&calls[1], out.first, 2);
		close(out.second);
		CHECK_EQ(-EPIPE, call_join(&calls[0]));
		CHECK_EQ(-EPIPE, call_join(&calls[1]));
		close(in.first);
		close(out.first);
	}
}

static const struct poller_row {
	const char *name;
	enum poller_kind kind;
	int mode;
	unsigned int events, expected;
} poller_rows[] = {
	{ "poll_receives", BY_POLL, O_RDONLY, POLLIN, POLLHUP },
	{ "epoll_receives", BY_EPOLL, O_RDONLY, POLLIN, POLLHUP },
	{ "edge_receives", BY_EPOLL_EDGE, O_RDONLY, POLLIN, POLLHUP },
	{ "poll_sends", BY_POLL, O_WRONLY, POLLOUT, POLLERR },
	{ "epoll_sends", BY_EPOLL, O_WRONLY, POLLOUT, POLLERR },
	{ "edge_sends", BY_EPOLL_EDGE, O_WRONLY, POLLOUT, POLLERR },
	{ "poll_both", BY_POLL, O_RDWR, POLLIN | POLLOUT, GONE },
	{ "epoll_both", BY_EPOLL, O_RDWR, POLLIN | POLLOUT, GONE },
	{ "edge_both", BY_EPOLL_EDGE, O_RDWR, POLLIN | POLLOUT, GONE },
};

/* Asleep until the other side goes: nothing to receive, no room to send. */
static void check_poller(void)
{
	const struct poller_row *row = test_now->row;
	struct ends ends = PAIR(row->mode, .capacity = 1);
	struct poller poller;

	if (row->mode != O_RDONLY)
		CHECK_EQ(0, put(ends.first, 1));
	poller_start(&poller, ends.first, row->kind, row->events);
	close(ends.second);
	CHECK(poller_end(&poller) & row->expected);
	CHECK_EQ(row->expected, polled(ends.first) & GONE);
}

static void __attribute__((constructor)) add_pollers(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(poller_rows); i++)
		test_add("hang_up_is_told", poller_rows[i].name, check_poller, &poller_rows[i]);
}

TEST(hang_up_is_told_by_sigio)
{
	struct ends ends = PAIR(O_RDONLY);
	sigset_t set = block_io();

	handle_io(ends.first);
	close(ends.second);
	CHECK(io_arrives(&set, 10));
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
