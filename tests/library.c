// SPDX-License-Identifier: GPL-2.0-only
/*
 * libmailbox: that each function does what it says, and hands on errors. What
 * ports do is tested elsewhere, by the ABI itself.
 */
#include <sys/socket.h>

#include "library.h"

TEST(create_send_receive)
{
	struct mailbox *mb = create(NULL);
	char text[8];

	CHECK_EQ(5, mailbox_send(mb, "hello", 5));
	CHECK_EQ(5, mailbox_receive(mb, text, sizeof(text)));
	CHECK(!memcmp(text, "hello", 5));
	CHECK_ERRNO(EAGAIN, mailbox_receive(mb, text, sizeof(text)));
	mailbox_close(mb);
}

TEST(open_by_name)
{
	char *name = unique_name(), text[8];
	struct mailbox *mb = create(name), *other;

	other = mailbox_open(name, MAILBOX_OPEN_SEND);
	CHECK(other);
	CHECK_EQ(1, mailbox_send(other, "x", 1));
	CHECK_ERRNO(EBADF, mailbox_receive(other, text, sizeof(text)));
	CHECK_EQ(1, mailbox_receive(mb, text, sizeof(text)));
	mailbox_close(other);
	mailbox_close(mb);
	CHECK_NULL(ENOENT, mailbox_open(name, MAILBOX_OPEN_SEND));
}

TEST(create_tells_errors)
{
	struct mailbox_create_attr attr = { .mode = 01000 }, reserved = { .reserved = { 1 } };
	char *name = unique_name(), longest[MAILBOX_NAME_SIZE + 1];
	struct mailbox *mb = create(name);

	memset(longest, 'n', MAILBOX_NAME_SIZE);
	longest[MAILBOX_NAME_SIZE] = 0;
	CHECK_NULL(EEXIST, mailbox_create(name, 0, NULL));
	CHECK_NULL(EINVAL, mailbox_create(NULL, 0, &attr));
	CHECK_NULL(EINVAL, mailbox_create(NULL, 0, &reserved));
	CHECK_NULL(EINVAL, mailbox_create(NULL, 8, NULL));
	CHECK_NULL(EINVAL, mailbox_create("", 0, NULL));
	CHECK_NULL(ENAMETOOLONG, mailbox_create(longest, 0, NULL));
	mailbox_close(mb);
}

TEST(success_leaves_errno)
{
	struct mailbox *mb;
	char byte;

	errno = 4242;
	mb = create(NULL);
	CHECK_EQ(1, mailbox_send(mb, "x", 1));
	CHECK_EQ(1, mailbox_receive(mb, &byte, 1));
	mailbox_close(mb);
	mailbox_close(NULL);
	CHECK_EQ(4242, errno);
}

TEST(control_handle_counts_as_nobody)
{
	char *name = unique_name();
	struct mailbox *mb = create(name), *control = mailbox_open(name, MAILBOX_OPEN_CONTROL);
	struct mailbox_port_status status;

	CHECK(control);
	CHECK_EQ(0, mailbox_port_stat(control, NULL, &status));
	CHECK_EQ(1, status.senders);
	CHECK_EQ(1, status.receivers);
	CHECK_ERRNO(EBADF, mailbox_send(control, "x", 1));
	mailbox_close(control);
	mailbox_close(mb);
}

TEST(adopt_and_detach)
{
	struct mailbox *mb = create(NULL);
	int fd = mailbox_fd(mb), pipes[2];

	CHECK_EQ(fd, mailbox_detach(mb));
	CHECK_EQ(0, put(fd, 7));
	mb = mailbox_adopt(fd);
	CHECK(mb);
	CHECK_EQ(fd, mailbox_fd(mb));
	mailbox_close(mb);
	CHECK_ERRNO(EBADF, fcntl(fd, F_GETFD));
	CHECK_NULL(EBADF, mailbox_adopt(fd));
	CHECK_OK(pipe(pipes));
	CHECK_NULL(ENOTTY, mailbox_adopt(pipes[0]));
}

TEST(bind_later)
{
	char *name = unique_name();
	struct mailbox *mb = mailbox_open(NULL, MAILBOX_OPEN_BOTH);
	struct mailbox *other = mailbox_open(NULL, MAILBOX_OPEN_BOTH);

	CHECK(mb && other);
	CHECK_ERRNO(ENOTCONN, mailbox_send(mb, "x", 1));
	CHECK_ERRNO(ENOENT, mailbox_port_bind(mb, name));
	CHECK_EQ(0, mailbox_port_create(mb, name, NULL));
	CHECK_ERRNO(EISCONN, mailbox_port_create(mb, NULL, NULL));
	CHECK_EQ(0, mailbox_port_bind(other, name));
	CHECK_ERRNO(EISCONN, mailbox_port_bind(other, name));
	CHECK_EQ(1, mailbox_send(mb, "x", 1));
	mailbox_close(other);
	mailbox_close(mb);
}

TEST(attributes_of_a_message)
{
	struct mailbox_send_attr send = { .type = 11, .priority = 12 };
	struct mailbox_receive_attr receive = {
		.select = MAILBOX_SELECT_TYPE,
		.match = 11,
	};
	struct mailbox *mb = create(NULL);
	char text[8];

	CHECK_EQ(1, mailbox_send(mb, "x", 1));
	CHECK_EQ(2, mailbox_message_send(mb, "yz", 2, &send));
	CHECK_EQ(2, mailbox_message_receive(mb, text, sizeof(text), &receive));
	CHECK(!memcmp(text, "yz", 2));
	CHECK_EQ(2, receive.len);
	CHECK_EQ(11, receive.type);
	CHECK_EQ(12, receive.priority);
	CHECK_EQ(send.seq, receive.seq);
	CHECK_EQ(getpid(), receive.pid);
	CHECK_EQ(geteuid(), receive.uid);
	mailbox_close(mb);
}

TEST(short_buffer_tells_the_size)
{
	struct mailbox_receive_attr receive = {};
	struct mailbox *mb = create(NULL);
	char text[3];

	CHECK_EQ(5, mailbox_send(mb, "hello", 5));
	CHECK_ERRNO(EMSGSIZE, mailbox_message_receive(mb, text, sizeof(text), &receive));
	CHECK_EQ(5, receive.len);
	receive = (struct mailbox_receive_attr){ .flags = MAILBOX_RECEIVE_TRUNC };
	CHECK_EQ(3, mailbox_message_receive(mb, text, sizeof(text), &receive));
	CHECK_EQ(5, receive.len);
	mailbox_close(mb);
}

TEST(buffer_grows_as_needed)
{
	static char large[60000];
	struct mailbox *mb = create(NULL);
	size_t size = 0;
	void *buf = NULL;

	memset(large, 'l', sizeof(large));
	CHECK_EQ(0, mailbox_send(mb, NULL, 0));
	CHECK_EQ(3, mailbox_send(mb, "abc", 3));
	CHECK_EQ(sizeof(large), mailbox_send(mb, large, sizeof(large)));
	CHECK_EQ(0, mailbox_message_receive_alloc(mb, &buf, &size, NULL));
	CHECK_EQ(3, mailbox_message_receive_alloc(mb, &buf, &size, NULL));
	CHECK(!strcmp(buf, "abc"));
	CHECK_EQ(sizeof(large), mailbox_message_receive_alloc(mb, &buf, &size, NULL));
	CHECK(!memcmp(buf, large, sizeof(large)));
	CHECK(size > sizeof(large));
	CHECK_ERRNO(EAGAIN, mailbox_message_receive_alloc(mb, &buf, &size, NULL));
	free(buf);
	mailbox_close(mb);
}

TEST(deadlines)
{
	struct mailbox_receive_attr receive = { .flags = MAILBOX_RECEIVE_REALTIME };
	struct mailbox *mb = mailbox_create(NULL, MAILBOX_OPEN_BOTH, NULL);
	struct timespec when;
	long long start = now_ns(CLOCK_MONOTONIC);

	CHECK(mb);
	clock_gettime(CLOCK_REALTIME, &when);
	when.tv_nsec += 5000000;
	receive.deadline_ns = mailbox_deadline_at(&when);
	CHECK_ERRNO(ETIMEDOUT, mailbox_message_receive(mb, NULL, 0, &receive));
	receive.flags = 0;
	receive.deadline_ns = mailbox_deadline_after(5000000);
	CHECK_ERRNO(ETIMEDOUT, mailbox_message_receive(mb, NULL, 0, &receive));
	CHECK(now_ns(CLOCK_MONOTONIC) - start >= 10000000);
	receive.deadline_ns = mailbox_deadline_after(0);
	CHECK(receive.deadline_ns);
	CHECK_ERRNO(ETIMEDOUT, mailbox_message_receive(mb, NULL, 0, &receive));
	CHECK(mailbox_deadline_after(UINT64_MAX) >= INT64_MAX);
	when = (struct timespec){ .tv_sec = -5 };
	CHECK(mailbox_deadline_at(&when));
	mailbox_close(mb);
}

TEST(receipt)
{
	struct mailbox_send_attr send = { .flags = MAILBOX_SEND_SYNC };
	struct mailbox *mb = mailbox_create(NULL, MAILBOX_OPEN_BOTH, NULL);
	struct call call;

	CHECK(mb);
	CALL_RECEIVE(&call, mailbox_fd(mb));
	CHECK_EQ(4, mailbox_message_send(mb, "four", 4, &send));
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(4, send.taken_bytes);
	CHECK_EQ(getpid(), send.taken_pid);
	CHECK_EQ(call.tid, send.taken_tid);
	mailbox_close(mb);
}

TEST(hang_up_raises_no_signal)
{
	struct mailbox_create_attr attr = { .flags = MAILBOX_CREATE_HANGUP };
	char *name = unique_name();
	struct mailbox *mb = mailbox_create(name, MAILBOX_OPEN_SEND, &attr);

	mailbox_close(mailbox_open(name, MAILBOX_OPEN_RECEIVE));
	CHECK_ERRNO(EPIPE, mailbox_send(mb, "x", 1));
	mailbox_close(mb);
}

TEST(stat_and_waiters)
{
	struct mailbox_waiter waiters[2];
	struct mailbox_port_status status;
	char *name = unique_name();
	struct mailbox *mb = mailbox_create(name, MAILBOX_OPEN_BOTH, NULL);
	struct call call;

	CALL_RECEIVE(&call, mailbox_fd(mb));
	wait_for_waiters(mailbox_fd(mb), 0, 1);
	CHECK_EQ(1, mailbox_port_waiters(NULL, name, waiters, 2, &status));
	CHECK_EQ(call.tid, waiters[0].tid);
	CHECK_EQ(1, status.receivers_waiting);
	CHECK(!strcmp(status.name, name));
	CHECK_EQ(0, mailbox_port_stat(mb, NULL, &status));
	CHECK_EQ(1, status.receivers_waiting);
	CHECK_ERRNO(ENOENT, mailbox_port_stat(NULL, unique_name(), &status));
	CHECK_ERRNO(EINVAL, mailbox_port_stat(NULL, NULL, &status));
	CHECK_EQ(1, mailbox_send(mb, "x", 1));
	CHECK_EQ(0, call_join(&call));
	mailbox_close(mb);
}

TEST(set_unlink_destroy)
{
	struct mailbox_set_attr set = { .flags = MAILBOX_SET_CAPACITY, .capacity = 3 };
	struct mailbox_port_status status;
	char *name = unique_name();
	struct mailbox *mb = create(name);

	CHECK_EQ(0, mailbox_port_set(NULL, name, &set));
	CHECK_EQ(0, mailbox_port_stat(mb, NULL, &status));
	CHECK_EQ(3, status.capacity);
	CHECK_EQ(0, mailbox_port_unlink(NULL, name));
	CHECK_ERRNO(ENOENT, mailbox_port_unlink(NULL, name));
	CHECK_EQ(0, mailbox_port_destroy(mb, NULL));
	CHECK_ERRNO(EIDRM, mailbox_send(mb, "x", 1));
	mailbox_close(mb);
}

TEST(list_has_every_port_once)
{
	struct mailbox_port_status status;
	char name[80], *prefix = unique_name();
	struct mailbox_list *list;
	int count = 0, result, i;

	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "%s-%03d", prefix, i);
		create(name);
	}
	list = mailbox_list_open(NULL);
	CHECK(list);
	while ((result = mailbox_list_next(list, &status)) == 1) {
		snprintf(name, sizeof(name), "%s-%03d", prefix, count);
		count += !strcmp(name, status.name);
	}
	CHECK_EQ(0, result);
	CHECK_EQ(0, mailbox_list_next(list, &status));
	CHECK_EQ(300, count);
	mailbox_list_close(list);
	mailbox_list_close(NULL);
}

TEST(info_of_the_module)
{
	struct mailbox_info got;

	CHECK_EQ(0, mailbox_info_get(NULL, &got));
	CHECK_EQ(MAILBOX_ABI_VERSION, got.version);
	CHECK_EQ(info(node_open(O_RDONLY)).user_bytes_max, got.user_bytes_max);
}

TEST(every_error_has_a_text)
{
	static const int errors[] = {
		EINVAL, E2BIG, EFAULT, ENOTCONN, EISCONN, ENOENT, EEXIST, EACCES, EBADF, EAGAIN,
		ETIMEDOUT, EMSGSIZE, EDQUOT, ENOSPC, EIDRM, EPIPE, EBUSY, ENOMEM, ENODEV, ENOTTY,
		EPERM, ENAMETOOLONG, EINTR, EMFILE, ESRCH, EDEADLK, ENOBUFS, EOPNOTSUPP, EOVERFLOW,
		0, -1, 100000,
	};
	unsigned int i;
	int op;

	for (i = 0; i < ARRAY_SIZE(errors); i++)
		for (op = MAILBOX_OP_ANY; op <= MAILBOX_OP_RELEASE; op++)
			CHECK(mailbox_strerror(errors[i], op)[0]);
}

static void *talk(void *arg)
{
	struct mailbox *mb = arg;
	char byte;
	int i;

	for (i = 0; i < 500; i++) {
		CHECK_EQ(1, mailbox_send(mb, "x", 1));
		CHECK_EQ(1, mailbox_receive(mb, &byte, 1));
	}
	return NULL;
}

TEST(threads_share_a_handle)
{
	struct mailbox *mb = mailbox_create(NULL, MAILBOX_OPEN_BOTH, NULL);
	pthread_t threads[4];
	int i;

	for (i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, talk, mb);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	CHECK_EQ(0, messages(mailbox_fd(mb)));
	mailbox_close(mb);
}

/* --- what a port may be ------------------------------------------------------- */

TEST(policy_of_a_full_port)
{
	struct mailbox_create_attr attr = {
		.capacity = 1,
		.on_full = MAILBOX_FULL_OVERWRITE,
		.max_deliveries = 5,
		.dead_letter = "test-dead",
	};
	struct mailbox_set_attr set = {
		.flags = MAILBOX_SET_ON_FULL | MAILBOX_SET_DELIVERIES,
		.on_full = MAILBOX_FULL_DROP_NEWEST,
		.max_deliveries = 7,
		.dead_letter = "test-other",
	};
	struct mailbox_send_attr send = { .seq = 99 };
	struct mailbox_port_status status;
	struct mailbox *mb = mailbox_create(NULL, MAILBOX_OPEN_BOTH, &attr);
	char byte;

	CHECK(mb);
	CHECK_EQ(1, mailbox_send(mb, "a", 1));
	CHECK_EQ(1, mailbox_send(mb, "b", 1));
	CHECK_EQ(0, mailbox_port_stat(mb, NULL, &status));
	CHECK_EQ(MAILBOX_FULL_OVERWRITE, status.on_full);
	CHECK_EQ(5, status.max_deliveries);
	CHECK(!strcmp("test-dead", status.dead_letter));
	CHECK_EQ(1, status.dropped);

	CHECK_EQ(0, mailbox_port_set(mb, NULL, &set));
	CHECK_EQ(1, mailbox_message_send(mb, "c", 1, &send));
	CHECK_EQ(0, send.seq);
	CHECK_EQ(0, mailbox_port_stat(mb, NULL, &status));
	CHECK_EQ(MAILBOX_FULL_DROP_NEWEST, status.on_full);
	CHECK_EQ(7, status.max_deliveries);
	CHECK(!strcmp("test-other", status.dead_letter));
	CHECK_EQ(2, status.dropped);
	CHECK_EQ(1, mailbox_receive(mb, &byte, 1));
	CHECK_EQ('b', byte);
	mailbox_close(mb);
}

TEST(name_of_a_dead_letter_port_is_checked)
{
	char longest[MAILBOX_NAME_SIZE + 1];
	struct mailbox_create_attr attr = { .max_deliveries = 1, .dead_letter = "" };
	struct mailbox_set_attr set = { .flags = MAILBOX_SET_DELIVERIES, .max_deliveries = 1 };
	struct mailbox *mb = create(NULL);

	memset(longest, 'n', MAILBOX_NAME_SIZE);
	longest[MAILBOX_NAME_SIZE] = 0;
	CHECK_NULL(EINVAL, mailbox_create(NULL, MAILBOX_OPEN_BOTH, &attr));
	attr.dead_letter = longest;
	CHECK_NULL(ENAMETOOLONG, mailbox_create(NULL, MAILBOX_OPEN_BOTH, &attr));
	attr = (struct mailbox_create_attr){ .dead_letter = "x" };
	CHECK_NULL(EINVAL, mailbox_create(NULL, MAILBOX_OPEN_BOTH, &attr));
	set.dead_letter = "";
	CHECK_ERRNO(EINVAL, mailbox_port_set(mb, NULL, &set));
	set.dead_letter = longest;
	CHECK_ERRNO(ENAMETOOLONG, mailbox_port_set(mb, NULL, &set));
	mailbox_close(mb);
}

/* --- opening -------------------------------------------------------------------- */

static void open_and_send(void *name)
{
	struct mailbox *mb = mailbox_open(name, MAILBOX_OPEN_SEND | MAILBOX_OPEN_WAIT);

	CHECK(mb);
	CHECK_EQ(1, mailbox_send(mb, "x", 1));
	mailbox_close(mb);
}

TEST(open_waits_for_the_name)
{
	char *name = unique_name(), byte;
	pid_t pid = spawn(open_and_send, name);
	struct mailbox *mb;

	pause_ns(20000000);
	mb = mailbox_create(name, MAILBOX_OPEN_RECEIVE, NULL);
	CHECK(mb);
	CHECK_EQ(1, mailbox_receive(mb, &byte, 1));
	REAP(pid);
	mailbox_close(mb);
}

TEST(open_gives_up)
{
	unsigned int wait = MAILBOX_OPEN_BOTH | MAILBOX_OPEN_WAIT;
	long long start = now_ns(CLOCK_MONOTONIC);
	char *name = unique_name();

	CHECK_NULL(ETIMEDOUT, mailbox_open_until(name, wait, mailbox_deadline_after(5000000)));
	CHECK(now_ns(CLOCK_MONOTONIC) - start >= 5000000);
	CHECK_NULL(ETIMEDOUT, mailbox_open_until(name, wait, mailbox_deadline_after(0)));
	CHECK_NULL(EAGAIN, mailbox_open(name, wait | MAILBOX_OPEN_NONBLOCK));
	CHECK_NULL(ENOENT, mailbox_open(name, MAILBOX_OPEN_BOTH | MAILBOX_OPEN_PEER));
}

TEST(open_checks_what_it_is_told)
{
	char *name = unique_name();
	struct mailbox *mb = create(name);

	CHECK_NULL(EINVAL, mailbox_open(NULL, MAILBOX_OPEN_WAIT));
	CHECK_NULL(EINVAL, mailbox_open(NULL, MAILBOX_OPEN_PEER));
	CHECK_NULL(EINVAL, mailbox_open_until(name, 0, 1));
	CHECK_NULL(EINVAL, mailbox_open(name, 1U << 5));
	CHECK_NULL(EINVAL, mailbox_create(NULL, MAILBOX_OPEN_WAIT, NULL));
	CHECK_NULL(EINVAL, mailbox_create(NULL, MAILBOX_OPEN_PEER, NULL));
	mailbox_close(mailbox_open_until(name, MAILBOX_OPEN_BOTH, 0));
	mailbox_close(mb);
}

static void meet_and_send(void *name)
{
	struct mailbox *mb = mailbox_open(name, MAILBOX_OPEN_SEND | MAILBOX_OPEN_PEER);

	CHECK(mb);
	CHECK_EQ(1, mailbox_send(mb, "x", 1));
	mailbox_close(mb);
}

TEST(open_waits_for_the_other_side)
{
	char *name = unique_name(), byte;
	struct mailbox *keep = mailbox_create(name, MAILBOX_OPEN_CONTROL, NULL), *mb;
	pid_t pid;

	CHECK_NULL(ETIMEDOUT, mailbox_open_until(name, MAILBOX_OPEN_RECEIVE | MAILBOX_OPEN_PEER,
						 mailbox_deadline_after(5000000)));
	CHECK_NULL(EAGAIN, mailbox_open(name, MAILBOX_OPEN_RECEIVE | MAILBOX_OPEN_PEER |
					MAILBOX_OPEN_NONBLOCK));
	CHECK_EQ(0, port_stat(mailbox_fd(keep)).receivers);
	pid = spawn(meet_and_send, name);
	mb = mailbox_open(name, MAILBOX_OPEN_RECEIVE | MAILBOX_OPEN_PEER);
	CHECK(mb);
	CHECK_EQ(1, mailbox_receive(mb, &byte, 1));
	REAP(pid);
	mailbox_close(mb);
	mailbox_close(keep);
}

TEST(bind_to_the_port_of_a_handle)
{
	struct mailbox *mb = create(NULL), *other = mailbox_open(NULL, MAILBOX_OPEN_BOTH);
	struct mailbox *unbound = mailbox_open(NULL, MAILBOX_OPEN_BOTH);
	char byte;

	CHECK(other && unbound);
	CHECK_ERRNO(ENOTCONN, mailbox_port_bind_handle(other, unbound));
	CHECK_EQ(0, mailbox_port_bind_handle(other, mb));
	CHECK_ERRNO(EISCONN, mailbox_port_bind_handle(other, mb));
	CHECK_EQ(1, mailbox_send(mb, "x", 1));
	mailbox_close(mb);
	CHECK_EQ(1, mailbox_receive(other, &byte, 1));
	CHECK_EQ(1, port_stat(mailbox_fd(other)).receivers);
	CHECK_EQ(0, mailbox_port_destroy(other, NULL));
	CHECK_ERRNO(EIDRM, mailbox_port_bind_handle(unbound, other));
	mailbox_close(unbound);
	mailbox_close(other);
}

/* --- the examples -------------------------------------------------------------------------- */

struct example {
	const char *name, *size;	/* how much it is to do; NULL = no argument */
};

static void run_example(void)
{
	const struct example *example = test_now->row;
	const char *folder = getenv("MAILBOX_EXAMPLES");
	char path[160];
	pid_t pid;

	snprintf(path, sizeof(path), "%s/%s", folder ? folder : "/usr/lib/mailbox/examples",
		 example->name);
	if (access(path, X_OK))
		SKIP("%s is not there", path);
	pid = fork_child();
	if (!pid) {
		/* Their output is not TAP. */
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execl(path, example->name, example->size, NULL);
		_exit(127);
	}
	REAP(pid);
}

static void __attribute__((constructor)) add_examples(void)
{
	static const struct example examples[] = {
		{ "hello" }, { "plain" }, { "producer_consumer", "60" },
		{ "readers_writers", "20" }, { "philosophers", "15" }, { "rpc", "40" },
		{ "worker", "40" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(examples); i++)
		test_add("example", examples[i].name, run_example, &examples[i]);
}
