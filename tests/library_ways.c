// SPDX-License-Identifier: GPL-2.0-only
/*
 * libmailbox: pairs, links, leases, batches, calls, allow lists, waiting.
 */
#include <sys/socket.h>

#include "library.h"

/* --- pairs and links -------------------------------------------------------------- */

TEST(pair_is_duplex)
{
	struct mailbox_channel_attr attr = { .capacity = 3 };
	struct mailbox_port_status status;
	struct mailbox *ends[2];
	char text[4];

	errno = 4242;
	CHECK_EQ(0, mailbox_pair(ends, MAILBOX_OPEN_BOTH, &attr));
	CHECK_EQ(4242, errno);
	CHECK_EQ(1, attr.created);
	CHECK(attr.id && attr.peer_id && attr.id != attr.peer_id);
	CHECK_EQ(3, mailbox_send(ends[0], "one", 3));
	CHECK_EQ(2, mailbox_send(ends[1], "to", 2));
	CHECK_EQ(3, mailbox_receive(ends[1], text, sizeof(text)));
	CHECK_EQ(2, mailbox_receive(ends[0], text, sizeof(text)));

	CHECK_EQ(0, mailbox_port_stat(ends[0], NULL, &status));
	CHECK_EQ(attr.id, status.id);
	CHECK_EQ(3, status.capacity);
	CHECK_EQ(MAILBOX_PORT_PAIR, status.flags & MAILBOX_PORT_PAIR);
	CHECK_EQ(0, mailbox_port_stat_sends(ends[0], &status));
	CHECK_EQ(attr.peer_id, status.id);
	CHECK_EQ(0, mailbox_port_stat(ends[1], NULL, &status));
	CHECK_EQ(attr.peer_id, status.id);

	CHECK_EQ(FD_CLOEXEC, fcntl(mailbox_fd(ends[0]), F_GETFD));
	CHECK_EQ(FD_CLOEXEC, fcntl(mailbox_fd(ends[1]), F_GETFD));
	CHECK_EQ(1, mailbox_send(ends[0], "x", 1));
	mailbox_close(ends[0]);
	CHECK_EQ(1, mailbox_receive(ends[1], text, sizeof(text)));
	CHECK_ERRNO(EPIPE, mailbox_receive(ends[1], text, sizeof(text)));
	CHECK_ERRNO(EPIPE, mailbox_send(ends[1], "x", 1));
	mailbox_close(ends[1]);
}

TEST(pair_is_a_pipe)
{
	struct mailbox *ends[2];
	char byte;

	CHECK_EQ(0, mailbox_pair(ends, MAILBOX_OPEN_RECEIVE | MAILBOX_OPEN_NONBLOCK, NULL));
	CHECK_ERRNO(EAGAIN, mailbox_receive(ends[0], &byte, 1));
	CHECK_EQ(1, mailbox_send(ends[1], "x", 1));
	CHECK_EQ(1, mailbox_receive(ends[0], &byte, 1));
	CHECK_ERRNO(EBADF, mailbox_send(ends[0], "x", 1));
	CHECK_ERRNO(EBADF, mailbox_receive(ends[1], &byte, 1));
	CHECK(fcntl(mailbox_fd(ends[1]), F_GETFL) & O_NONBLOCK);
	mailbox_close(ends[0]);
	mailbox_close(ends[1]);

	CHECK_EQ(0, mailbox_pair(ends, MAILBOX_OPEN_SEND, NULL));
	CHECK_EQ(1, mailbox_send(ends[0], "x", 1));
	CHECK_EQ(1, mailbox_receive(ends[1], &byte, 1));
	mailbox_close(ends[0]);
	mailbox_close(ends[1]);
}

TEST(pair_tells_errors)
{
	struct mailbox_channel_attr attr = { .buffering = 77 };
	struct mailbox *ends[2] = { NULL, NULL };

	CHECK_ERRNO(EINVAL, mailbox_pair(ends, MAILBOX_OPEN_CONTROL, NULL));
	CHECK_ERRNO(EINVAL, mailbox_pair(ends, MAILBOX_OPEN_BOTH | MAILBOX_OPEN_WAIT, NULL));
	CHECK_ERRNO(EINVAL, mailbox_pair(ends, MAILBOX_OPEN_BOTH, &attr));
	attr = (struct mailbox_channel_attr){ .reserved = { 1 } };
	CHECK_ERRNO(EINVAL, mailbox_pair(ends, MAILBOX_OPEN_BOTH, &attr));
	attr = (struct mailbox_channel_attr){ .flags = 1 };
	CHECK_ERRNO(EINVAL, mailbox_pair(ends, MAILBOX_OPEN_BOTH, &attr));
	CHECK(!ends[0] && !ends[1]);
}

static int pidfd_of(pid_t pid)
{
	return CHECK_OK(syscall(SYS_pidfd_open, pid, 0));
}

/* Links to its parent, and answers one message with its double. */
static void link_child(void *arg)
{
	struct mailbox *mb = mailbox_link(getppid(), MAILBOX_OPEN_BOTH, arg);
	int number;

	CHECK(mb);
	CHECK_EQ(sizeof(number), mailbox_receive(mb, &number, sizeof(number)));
	number *= 2;
	CHECK_EQ(sizeof(number), mailbox_send(mb, &number, sizeof(number)));
}

static void check_link(struct mailbox *mb, pid_t pid)
{
	struct mailbox_port_status status;
	int number = 21;

	CHECK(mb);
	CHECK_EQ(0, mailbox_port_stat(mb, NULL, &status));
	CHECK_EQ(MAILBOX_PORT_LINK, status.flags & MAILBOX_PORT_LINK);
	CHECK_EQ(getpid(), status.link_pid);
	CHECK_EQ(pid, status.link_peer);
	CHECK_EQ(sizeof(number), mailbox_send(mb, &number, sizeof(number)));
	CHECK_EQ(sizeof(number), mailbox_receive(mb, &number, sizeof(number)));
	CHECK_EQ(42, number);
	REAP(pid);
	CHECK_ERRNO(EPIPE, mailbox_receive(mb, &number, sizeof(number)));
	CHECK_ERRNO(EPIPE, mailbox_send(mb, &number, sizeof(number)));
	mailbox_close(mb);
}

TEST(link_to_a_process)
{
	struct mailbox_channel_attr attr = { .capacity = 2 };
	pid_t pid = spawn(link_child, NULL);

	check_link(mailbox_link(pid, MAILBOX_OPEN_BOTH, &attr), pid);
	CHECK(attr.id && attr.peer_id);
}

TEST(link_to_a_pidfd)
{
	struct mailbox_channel_attr attr = { .capacity = 2 };
	pid_t pid = spawn(link_child, NULL);
	int pidfd = pidfd_of(pid);

	errno = 4242;
	check_link(mailbox_link_pidfd(pidfd, MAILBOX_OPEN_BOTH, &attr), pid);
	CHECK(attr.id && attr.peer_id);
	close(pidfd);
}

static void do_nothing(void *arg)
{
	(void)arg;
}

static void do_pause(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

TEST(link_tells_errors)
{
	struct mailbox_channel_attr attr = { .reserved = { 1 } };
	pid_t pid = spawn(do_nothing, NULL);

	REAP(pid);
	CHECK_NULL(ESRCH, mailbox_link(pid, MAILBOX_OPEN_BOTH, NULL));
	CHECK_NULL(ESRCH, mailbox_link(0, MAILBOX_OPEN_BOTH, NULL));
	CHECK_NULL(ESRCH, mailbox_link(-1, MAILBOX_OPEN_BOTH, NULL));
	CHECK_NULL(EINVAL, mailbox_link(getpid(), MAILBOX_OPEN_BOTH, NULL));
	CHECK_NULL(EINVAL, mailbox_link(getppid(), MAILBOX_OPEN_CONTROL, NULL));
	CHECK_NULL(EINVAL, mailbox_link(getppid(), MAILBOX_OPEN_BOTH, &attr));
	CHECK_NULL(EINVAL, mailbox_inbox_open(MAILBOX_OPEN_SEND, NULL));
	CHECK_NULL(EINVAL, mailbox_inbox_link(getppid(), MAILBOX_OPEN_RECEIVE, NULL));
}

TEST(link_to_a_process_that_has_exited)
{
	struct mailbox_channel_attr attr = { .capacity = 2 };
	pid_t pid = spawn(do_nothing, NULL);
	int pidfd = pidfd_of(pid);
	struct pollfd poll_exit = { .fd = pidfd, .events = POLLIN };

	CHECK_EQ(1, poll(&poll_exit, 1, -1));
	/* Its number is still taken, and it is gone all the same. */
	CHECK_NULL(ESRCH, mailbox_link_pidfd(pidfd, MAILBOX_OPEN_BOTH, &attr));
	CHECK_EQ(0, attr.id);
	CHECK_NULL(ESRCH, mailbox_inbox_link_pidfd(pidfd, 0, NULL));
	REAP(pid);
	CHECK_NULL(ESRCH, mailbox_link_pidfd(pidfd, MAILBOX_OPEN_BOTH, NULL));
	close(pidfd);
}

TEST(link_to_what_is_no_pidfd)
{
	int fd = open("/dev/null", O_RDONLY);
	struct mailbox *mb = create(NULL);

	CHECK_NULL(EBADF, mailbox_link_pidfd(fd, MAILBOX_OPEN_BOTH, NULL));
	CHECK_NULL(EBADF, mailbox_link_pidfd(mailbox_fd(mb), MAILBOX_OPEN_BOTH, NULL));
	close(fd);
	CHECK_NULL(EBADF, mailbox_link_pidfd(fd, MAILBOX_OPEN_BOTH, NULL));
	CHECK_NULL(EBADF, mailbox_link_pidfd(-1, MAILBOX_OPEN_BOTH, NULL));
	mailbox_close(mb);
}

TEST(link_to_a_stranger)
{
	pid_t target, pid;
	int pidfd;

	NEED_ROOT();
	target = spawn(do_pause, NULL);
	pidfd = pidfd_of(target);
	pid = fork_child();
	if (!pid) {
		become(USER_A);
		CHECK_NULL(EACCES, mailbox_link(target, MAILBOX_OPEN_BOTH, NULL));
		CHECK_NULL(EACCES, mailbox_link_pidfd(pidfd, MAILBOX_OPEN_BOTH, NULL));
		CHECK_NULL(EACCES, mailbox_inbox_link(target, 0, NULL));
		_exit(0);
	}
	REAP(pid);
}

static void inbox_child(void *arg)
{
	struct mailbox *mb = mailbox_inbox_link(getppid(), 0, NULL);

	(void)arg;
	CHECK(mb);
	CHECK_EQ(3, mailbox_send(mb, "ink", 3));
}

TEST(inbox)
{
	struct mailbox_receive_attr receive = {};
	struct mailbox *mb = mailbox_inbox_open(0, NULL), *empty;
	pid_t pid;
	char text[4];
	int i;

	CHECK(mb);
	for (i = 0; i < 2; i++) {
		pid = spawn(inbox_child, NULL);
		CHECK_EQ(3, mailbox_message_receive(mb, text, sizeof(text), &receive));
		CHECK_EQ(pid, receive.pid);
		REAP(pid);
	}
	empty = mailbox_inbox_open(MAILBOX_OPEN_NONBLOCK, NULL);
	CHECK_ERRNO(EAGAIN, mailbox_receive(empty, text, sizeof(text)));
	mailbox_close(empty);
	mailbox_close(mb);
}

static void inbox_pidfd_child(void *arg)
{
	struct mailbox *mb = mailbox_inbox_open(0, NULL);
	char text[4];

	(void)arg;
	CHECK(mb);
	CHECK_EQ(3, mailbox_receive(mb, text, sizeof(text)));
}

TEST(inbox_of_a_pidfd)
{
	pid_t pid = spawn(inbox_pidfd_child, NULL);
	int pidfd = pidfd_of(pid);
	struct mailbox *mb = mailbox_inbox_link_pidfd(pidfd, 0, NULL);

	CHECK(mb);
	CHECK_EQ(3, mailbox_send(mb, "ink", 3));
	REAP(pid);
	CHECK_ERRNO(EPIPE, mailbox_send(mb, "ink", 3));
	mailbox_close(mb);
	close(pidfd);
}

/* --- leases ------------------------------------------------------------------------ */

#define LEASE_NOW	(MAILBOX_RECEIVE_LEASE | MAILBOX_RECEIVE_NONBLOCK)

TEST(lease_ack_nack)
{
	struct mailbox_receive_attr lease = { .flags = LEASE_NOW };
	struct mailbox_port_status status;
	struct mailbox *mb = create(NULL);
	char byte;

	CHECK_EQ(1, mailbox_send(mb, "x", 1));
	CHECK_EQ(1, mailbox_message_receive(mb, &byte, 1, &lease));
	CHECK_EQ(1, lease.deliveries);
	CHECK_EQ(MAILBOX_MESSAGE_PLAIN, lease.kind);
	CHECK(lease.token);
	CHECK_ERRNO(EAGAIN, mailbox_receive(mb, &byte, 1));
	CHECK_EQ(0, mailbox_port_stat(mb, NULL, &status));
	CHECK_EQ(1, status.leased);
	CHECK_EQ(0, mailbox_nack(mb, lease.token));
	CHECK_ERRNO(ESRCH, mailbox_nack(mb, lease.token));
	CHECK_EQ(1, mailbox_message_receive(mb, &byte, 1, &lease));
	CHECK_EQ(2, lease.deliveries);
	CHECK_EQ(0, mailbox_ack(mb, 0));
	CHECK_ERRNO(ESRCH, mailbox_ack(mb, 0));
	CHECK_ERRNO(EAGAIN, mailbox_receive(mb, &byte, 1));
	mailbox_close(mb);
}

TEST(lease_ends_with_time)
{
	struct mailbox_receive_attr lease = {
		.flags = MAILBOX_RECEIVE_LEASE,
		.lease_ns = 5000000,
	};
	struct mailbox *mb = mailbox_create(NULL, MAILBOX_OPEN_BOTH, NULL);
	void *buf = NULL;
	size_t size = 0;

	CHECK_EQ(1, mailbox_send(mb, "x", 1));
	CHECK_EQ(1, mailbox_message_receive_alloc(mb, &buf, &size, &lease));
	CHECK_EQ(1, mailbox_message_receive_alloc(mb, &buf, &size, &lease));
	CHECK_EQ(2, lease.deliveries);
	free(buf);
	mailbox_close(mb);
}

TEST(lease_ends_at_the_dead_letter_port)
{
	char *name = unique_name(), byte;
	struct mailbox_create_attr attr = { .max_deliveries = 1, .dead_letter = name };
	struct mailbox_receive_attr lease = { .flags = LEASE_NOW };
	struct mailbox_port_status status;
	struct mailbox *dead = create(name), *mb = mailbox_create(NULL, MAILBOX_OPEN_BOTH, &attr);

	CHECK_EQ(1, mailbox_send(mb, "x", 1));
	CHECK_EQ(1, mailbox_message_receive(mb, &byte, 1, &lease));
	CHECK_EQ(0, mailbox_nack(mb, lease.token));
	CHECK_EQ(1, mailbox_receive(dead, &byte, 1));
	CHECK_EQ(0, mailbox_port_stat(mb, NULL, &status));
	CHECK_EQ(1, status.dead_lettered);
	mailbox_close(mb);
	mailbox_close(dead);
}

/* --- batches ------------------------------------------------------------------------ */

TEST(batches)
{
	struct mailbox_send_entry out[10] = {};
	struct mailbox_receive_entry in[10] = {};
	struct mailbox_send_batch_attr send = { .error = 99 };
	struct mailbox_receive_batch_attr receive = { .error = 99 };
	struct mailbox *mb = create(NULL);
	int numbers[10], i;

	for (i = 0; i < 10; i++) {
		numbers[i] = i;
		out[i].data = user_pointer(&numbers[i]);
		out[i].len = sizeof(numbers[i]);
		out[i].type = 100 + i;
	}
	/* The port has room for 8. */
	CHECK_EQ(8, mailbox_send_batch(mb, out, 10, &send));
	CHECK_EQ(EAGAIN, send.error);
	CHECK(out[0].seq && out[7].seq > out[0].seq);
	CHECK_ERRNO(EAGAIN, mailbox_send_batch(mb, out, 10, NULL));

	memset(numbers, 0xff, sizeof(numbers));
	for (i = 0; i < 10; i++) {
		in[i].data = user_pointer(&numbers[i]);
		in[i].size = sizeof(numbers[i]);
	}
	in[5].size = 1;
	CHECK_EQ(5, mailbox_receive_batch(mb, in, 10, &receive));
	CHECK_EQ(EMSGSIZE, receive.error);
	CHECK_EQ(sizeof(int), in[5].len);
	in[5].size = sizeof(int);
	CHECK_EQ(3, mailbox_receive_batch(mb, in + 5, 5, &receive));
	CHECK_EQ(0, receive.error);
	for (i = 0; i < 8; i++) {
		CHECK_EQ(i, numbers[i]);
		CHECK_EQ(100 + i, in[i].type);
		CHECK_EQ(out[i].seq, in[i].seq);
		CHECK_EQ(getpid(), in[i].pid);
	}
	CHECK_ERRNO(EAGAIN, mailbox_receive_batch(mb, in, 10, NULL));
	mailbox_close(mb);
}

TEST(batch_is_cut_at_the_maximum)
{
	static struct mailbox_send_entry out[MAILBOX_BATCH_MAX + 5];
	static struct mailbox_receive_entry in[MAILBOX_BATCH_MAX + 5];
	struct mailbox_create_attr attr = { .buffering = MAILBOX_BUFFERING_UNBOUNDED };
	struct mailbox_send_batch_attr send = { .error = 99 };
	struct mailbox *mb = mailbox_create(NULL, MAILBOX_OPEN_BOTH, &attr);

	CHECK(mb);
	CHECK_EQ(MAILBOX_BATCH_MAX, mailbox_send_batch(mb, out, ARRAY_SIZE(out), &send));
	CHECK_EQ(0, send.error);
	CHECK_EQ(5, mailbox_send_batch(mb, out + MAILBOX_BATCH_MAX, 5, NULL));
	CHECK_EQ(MAILBOX_BATCH_MAX, mailbox_receive_batch(mb, in, ARRAY_SIZE(in), NULL));
	mailbox_close(mb);
}

TEST(batch_tells_errors)
{
	struct mailbox_send_entry out = {};
	struct mailbox_receive_entry in = {};
	struct mailbox_send_batch_attr send = { .reserved = { 1 } };
	struct mailbox_receive_batch_attr receive = { .reserved = { 1 } };
	struct mailbox *mb = create(NULL);

	CHECK_ERRNO(EINVAL, mailbox_send_batch(mb, &out, 1, &send));
	CHECK_ERRNO(EINVAL, mailbox_receive_batch(mb, &in, 1, &receive));
	CHECK_ERRNO(EINVAL, mailbox_send_batch(mb, &out, 0, NULL));
	CHECK_ERRNO(EINVAL, mailbox_receive_batch(mb, &in, 0, NULL));
	receive = (struct mailbox_receive_batch_attr){ .flags = MAILBOX_RECEIVE_PEEK };
	CHECK_ERRNO(EINVAL, mailbox_receive_batch(mb, &in, 1, &receive));
	mailbox_close(mb);
}

/* --- calls ---------------------------------------------------------------------------- */

struct caller {
	pthread_t thread;
	struct mailbox *mb;
	struct mailbox_call_attr attr;
	char request[8], reply[8];
	size_t size;
	long long result;
};

static void *caller_run(void *arg)
{
	struct caller *caller = arg;

	caller->result = RESULT(mailbox_call(caller->mb, caller->request, strlen(caller->request),
					     caller->reply, caller->size, &caller->attr));
	return NULL;
}

static void caller_start(struct caller *caller, struct mailbox *mb, const char *request)
{
	caller->mb = mb;
	caller->size = sizeof(caller->reply);
	strcpy(caller->request, request);
	CHECK_EQ(0, pthread_create(&caller->thread, NULL, caller_run, caller));
}

static long long caller_join(struct caller *caller)
{
	CHECK_EQ(0, pthread_join(caller->thread, NULL));
	return caller->result;
}

TEST(call_and_reply)
{
	struct mailbox *mb = mailbox_create(NULL, MAILBOX_OPEN_BOTH, NULL);
	struct caller caller = { .attr = { .type = 5, .priority = 6 } };
	struct mailbox_receive_attr request = {};
	char text[8];

	CHECK(mb);
	caller_start(&caller, mb, "ask");
	CHECK_EQ(3, mailbox_message_receive(mb, text, sizeof(text), &request));
	CHECK_EQ(MAILBOX_MESSAGE_REQUEST, request.kind);
	CHECK_EQ(5, request.type);
	CHECK_EQ(6, request.priority);
	CHECK_EQ(sizeof(caller.reply), request.reply_size);
	CHECK_EQ(1, port_stat(mailbox_fd(mb)).requests);
	CHECK_ERRNO(EINVAL, mailbox_ack(mb, request.token));
	CHECK_ERRNO(EMSGSIZE, mailbox_reply(mb, request.token, "123456789", 9, 0));
	CHECK_ERRNO(ESRCH, mailbox_reply(mb, request.token + 1, "x", 1, 0));
	CHECK_EQ(0, mailbox_reply(mb, request.token, "told", 4, 77));
	CHECK_EQ(4, caller_join(&caller));
	CHECK(!memcmp(caller.reply, "told", 4));
	CHECK_EQ(77, caller.attr.reply_type);
	CHECK_EQ(request.seq, caller.attr.seq);
	CHECK_EQ(getpid(), caller.attr.reply_pid);
	CHECK_EQ(syscall(SYS_gettid), caller.attr.reply_tid);
	CHECK_ERRNO(ESRCH, mailbox_reply(mb, request.token, "x", 1, 0));
	mailbox_close(mb);
}

TEST(reply_and_receive)
{
	struct mailbox *mb = mailbox_create(NULL, MAILBOX_OPEN_BOTH, NULL);
	struct mailbox_receive_attr request = {};
	struct mailbox_reply_attr reply = {};
	struct caller callers[2] = {};
	char text[8];

	CHECK(mb);
	/* Nothing to answer yet. */
	caller_start(&callers[0], mb, "a");
	CHECK_EQ(1, mailbox_reply_receive(mb, NULL, text, sizeof(text), &request));
	caller_start(&callers[1], mb, "bb");
	reply = (struct mailbox_reply_attr){ request.token, 11, "one", 3, { 0 } };
	CHECK_EQ(2, mailbox_reply_receive(mb, &reply, text, sizeof(text), &request));
	CHECK_EQ(0, reply.token);
	CHECK_EQ(3, caller_join(&callers[0]));
	CHECK_EQ(11, callers[0].attr.reply_type);

	/* The answer is given although there is nothing to receive, once. */
	reply.token = request.token;
	reply.type = 12;
	request.flags = MAILBOX_RECEIVE_NONBLOCK;
	CHECK_ERRNO(EAGAIN, mailbox_reply_receive(mb, &reply, text, sizeof(text), &request));
	CHECK_EQ(0, reply.token);
	CHECK_EQ(3, caller_join(&callers[1]));
	CHECK_EQ(12, callers[1].attr.reply_type);
	CHECK_ERRNO(EAGAIN, mailbox_reply_receive(mb, &reply, text, sizeof(text), &request));

	/* What cannot be answered remains, and so does what could be received. */
	CHECK_EQ(5, mailbox_send(mb, "hello", 5));
	reply.token = 1;
	CHECK_ERRNO(ESRCH, mailbox_reply_receive(mb, &reply, text, sizeof(text), &request));
	CHECK_EQ(1, reply.token);
	reply.token = 0;
	CHECK_ERRNO(EMSGSIZE, mailbox_reply_receive(mb, &reply, text, 2, &request));
	CHECK_EQ(5, request.len);
	CHECK_EQ(5, mailbox_reply_receive(mb, &reply, text, sizeof(text), &request));
	CHECK_EQ(MAILBOX_MESSAGE_PLAIN, request.kind);
	mailbox_close(mb);
}

TEST(request_that_cannot_be_answered)
{
	struct mailbox *mb = mailbox_create(NULL, MAILBOX_OPEN_BOTH, NULL);
	struct caller caller = {};
	size_t size = 0;
	void *buf = NULL;
	char text[8];

	/* Who asks for no token has no way to answer. */
	caller_start(&caller, mb, "ask");
	CHECK_EQ(3, mailbox_receive(mb, text, sizeof(text)));
	CHECK_EQ(-EPIPE, caller_join(&caller));
	caller_start(&caller, mb, "ask");
	CHECK_EQ(3, mailbox_message_receive_alloc(mb, &buf, &size, NULL));
	CHECK_EQ(-EPIPE, caller_join(&caller));
	free(buf);
	mailbox_close(mb);
}

TEST(call_tells_errors)
{
	struct mailbox *mb = create(NULL), *wait = mailbox_create(NULL, MAILBOX_OPEN_BOTH, NULL);
	struct mailbox_call_attr attr = { .reserved = { 1 } };
	struct mailbox_reply_attr reply = { .reserved = { 1 } };
	struct mailbox_receive_attr receive = {};

	CHECK_ERRNO(EINVAL, mailbox_call(wait, NULL, 0, NULL, 0, &attr));
	CHECK_ERRNO(EINVAL, mailbox_call(mb, NULL, 0, NULL, 0, NULL));
	attr = (struct mailbox_call_attr){ .deadline_ns = mailbox_deadline_after(5000000) };
	CHECK_ERRNO(ETIMEDOUT, mailbox_call(wait, NULL, 0, NULL, 0, &attr));
	CHECK_EQ(0, messages(mailbox_fd(wait)));
	CHECK_ERRNO(EINVAL, mailbox_reply(mb, 0, NULL, 0, 0));
	CHECK_ERRNO(EINVAL, mailbox_reply_receive(mb, NULL, NULL, 0, NULL));
	CHECK_ERRNO(EINVAL, mailbox_reply_receive(mb, &reply, NULL, 0, &receive));
	receive.flags = MAILBOX_RECEIVE_PEEK;
	CHECK_ERRNO(EINVAL, mailbox_reply_receive(mb, NULL, NULL, 0, &receive));
	mailbox_close(wait);
	mailbox_close(mb);
}

/* --- allow lists ------------------------------------------------------------------------ */

TEST(allow_list)
{
	struct mailbox_allow entry = {
		.kind = MAILBOX_ALLOW_USER,
		.id = USER_A,
		.rights = MAILBOX_RIGHT_SEND,
	}, entries[4] = {};
	char *name = unique_name(), byte;
	struct mailbox *mb = create(name);
	size_t total = 99;
	pid_t pid;

	NEED_ROOT();
	CHECK_EQ(0, mailbox_port_allow(mb, NULL, &entry));
	entry.id = USER_B;
	CHECK_EQ(0, mailbox_port_allow(NULL, name, &entry));
	CHECK_EQ(2, mailbox_port_allowed(mb, NULL, entries, ARRAY_SIZE(entries), &total));
	CHECK_EQ(2, total);
	CHECK_EQ(MAILBOX_RIGHT_SEND, entries[0].rights);
	CHECK_EQ(USER_A + USER_B, entries[0].id + entries[1].id);
	CHECK_EQ(1, mailbox_port_allowed(NULL, name, entries, 1, NULL));
	CHECK_EQ(0, mailbox_port_allowed(NULL, name, NULL, 0, &total));
	CHECK_EQ(2, total);
	CHECK_EQ(2, port_stat(mailbox_fd(mb)).allowed);

	pid = fork_child();
	if (!pid) {
		struct mailbox *sender;

		become(USER_A);
		CHECK_NULL(EACCES, mailbox_open(name, MAILBOX_OPEN_RECEIVE));
		sender = mailbox_open(name, MAILBOX_OPEN_SEND);
		CHECK(sender);
		CHECK_EQ(1, mailbox_send(sender, "x", 1));
		CHECK_ERRNO(EACCES, mailbox_port_allow(sender, NULL, &entry));
		_exit(0);
	}
	REAP(pid);
	CHECK_EQ(1, mailbox_receive(mb, &byte, 1));

	entry.rights = 0;
	CHECK_EQ(0, mailbox_port_allow(mb, NULL, &entry));
	CHECK_ERRNO(ESRCH, mailbox_port_allow(mb, NULL, &entry));
	entry.kind = 99;
	CHECK_ERRNO(EINVAL, mailbox_port_allow(mb, NULL, &entry));
	CHECK_ERRNO(EINVAL, mailbox_port_allow(NULL, NULL, &entry));
	CHECK_ERRNO(ENOENT, mailbox_port_allowed(NULL, unique_name(), NULL, 0, NULL));
	mailbox_close(mb);
}

/* --- waiting for a port -------------------------------------------------------------------- */

TEST(wait_for_a_port)
{
	struct mailbox_wait_attr wait = {
		.flags = MAILBOX_WAIT_NONBLOCK,
		.events = MAILBOX_EVENT_NAMED,
	};
	char *name = unique_name();
	struct mailbox *mb;

	CHECK_ERRNO(EAGAIN, mailbox_port_wait(NULL, name, &wait));
	wait.flags = 0;
	wait.deadline_ns = mailbox_deadline_after(5000000);
	CHECK_ERRNO(ETIMEDOUT, mailbox_port_wait(NULL, name, &wait));
	wait.deadline_ns = 0;
	mb = create(name);
	CHECK_EQ(0, mailbox_port_wait(NULL, name, &wait));
	CHECK_EQ(port_stat(mailbox_fd(mb)).id, wait.id);
	CHECK_EQ(MAILBOX_EVENT_NAMED, wait.happened);
	wait.events = MAILBOX_EVENT_MESSAGE | MAILBOX_EVENT_RECEIVER;
	CHECK_EQ(0, mailbox_port_wait(mb, NULL, &wait));
	CHECK_EQ(MAILBOX_EVENT_RECEIVER, wait.happened);
	mailbox_close(mb);
	wait.events = MAILBOX_EVENT_GONE;
	CHECK_EQ(0, mailbox_port_wait(NULL, name, &wait));

	wait.events = 0;
	CHECK_ERRNO(EINVAL, mailbox_port_wait(NULL, name, &wait));
	wait = (struct mailbox_wait_attr){ .events = 1, .reserved = { 1 } };
	CHECK_ERRNO(EINVAL, mailbox_port_wait(NULL, name, &wait));
	wait = (struct mailbox_wait_attr){ .events = 1 };
	CHECK_ERRNO(EINVAL, mailbox_port_wait(NULL, NULL, &wait));
}

TEST(watch_a_port)
{
	struct mailbox *watch = mailbox_open(NULL, MAILBOX_OPEN_CONTROL), *mb;
	struct mailbox_wait_attr wait = {
		.flags = MAILBOX_WAIT_NONBLOCK,
		.events = MAILBOX_EVENT_NAMED,
	};
	struct pollfd ready = { .fd = mailbox_fd(watch), .events = POLLIN };
	char *name = unique_name();

	CHECK_EQ(0, mailbox_port_watch(watch, name, MAILBOX_EVENT_NAMED));
	CHECK_EQ(0, poll(&ready, 1, 0));
	mb = create(name);
	CHECK_EQ(1, poll(&ready, 1, -1));
	CHECK_EQ(POLLIN, ready.revents);
	CHECK_EQ(0, mailbox_port_wait(watch, name, &wait));
	CHECK_EQ(MAILBOX_EVENT_NAMED, wait.happened);
	CHECK_EQ(0, mailbox_port_watch(watch, NULL, 0));
	CHECK_EQ(0, mailbox_port_watch(watch, name, 0));
	CHECK_EQ(1, poll(&ready, 1, 0));
	CHECK_EQ(POLLERR, ready.revents);
	CHECK_ERRNO(EINVAL, mailbox_port_watch(watch, NULL, MAILBOX_EVENT_NAMED));
	CHECK_ERRNO(EISCONN, mailbox_port_watch(mb, name, MAILBOX_EVENT_NAMED));
	mailbox_close(watch);
	mailbox_close(mb);
}
