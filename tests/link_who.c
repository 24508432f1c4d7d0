// SPDX-License-Identifier: GPL-2.0-only
/*
 * Links: who may make one, and what it costs; and inboxes.
 */
#include "link.h"

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

static const struct rights_row {
	const char *name;
	uid_t caller[2];		/* real and effective user */
	uid_t target[3];		/* and saved */
	int expected;
} rights_rows[] = {
	{ "same_user", { USER_A, USER_A }, { USER_A, USER_A, USER_A }, 0 },
	{ "other_user", { USER_A, USER_A }, { USER_B, USER_B, USER_B }, -EACCES },
	{ "root", { USER_A, USER_A }, { 0, 0, 0 }, -EACCES },
	{ "by_root", { 0, 0 }, { USER_B, USER_B, USER_B }, 0 },
	{ "saved_user_of_it", { USER_A, USER_A }, { USER_B, USER_B, USER_A }, 0 },
	{ "real_user_of_it", { USER_A, USER_A }, { USER_A, USER_B, USER_B }, 0 },
	{ "effective_user_of_it", { USER_A, USER_A }, { USER_B, USER_A, USER_B }, -EACCES },
	{ "real_user", { USER_A, USER_B }, { USER_A, USER_A, USER_A }, 0 },
	{ "effective_user", { USER_A, USER_B }, { USER_B, USER_B, USER_B }, 0 },
};

static void be_the_target(void *arg)
{
	const struct rights_row *row = test_now->row;

	CHECK_OK(setresuid(row->target[0], row->target[1], row->target[2]));
	end_with_parent();
	reach(arg, 1);
	stay(NULL);
}

static void check_rights(void)
{
	const struct rights_row *row = test_now->row;
	struct shared *shared = shared_new();
	int link = node_open(O_RDWR), inbox = node_open(O_WRONLY);
	pid_t pid;

	NEED_ROOT();
	pid = spawn(be_the_target, shared);
	AWAIT(shared, 1);
	CHECK_OK(setresuid(row->caller[0], row->caller[1], row->caller[1]));
	CHECK_EQ(row->expected ? -EPERM : 0, RESULT(kill(pid, 0)));
	CHECK_EQ(row->expected, link_to(link, pid));
	CHECK_EQ(row->expected, inbox_of(inbox, pid));
}

static void __attribute__((constructor)) add_rights(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rights_rows); i++)
		test_add("right_to_signal", rights_rows[i].name, check_rights, &rights_rows[i]);
}

static void look_for_nobody(void *arg)
{
	become(USER_A);
	CHECK_EQ(-ESRCH, link_to(node_open(O_RDWR), *(pid_t *)arg));
	CHECK_EQ(-ESRCH, inbox_of(node_open(O_WRONLY), *(pid_t *)arg));
}

TEST(process_that_is_not_there_for_a_user)
{
	pid_t pid = spawn(stay, NULL);

	NEED_ROOT();
	end_child(pid);
	REAP(spawn(look_for_nobody, &pid));
}

static void end_as_the_other(void *arg)
{
	struct shared *shared = arg;
	struct call call;
	int fd;

	become(USER_B);
	reach(shared, 1);
	AWAIT(shared, 2);
	fd = link_new(O_RDWR, shared->parent);
	CHECK_EQ(0, port_stat(fd).uid);
	CHECK_EQ(0, stat_sends(fd).uid);
	CHECK_EQ(0, info(fd).user_ports);
	CHECK_EQ(-EACCES, port_destroy(fd, NULL));
	CHECK_EQ(-EACCES, SET(fd, .flags = MAILBOX_SET_CAPACITY, .capacity = 5));
	CALL_RECEIVE(&call, fd);
	wait_for_waiters(fd, 0, 1);
	reach(shared, 3);
	CHECK_EQ(-EIDRM, call_join(&call));
	CHECK_EQ(-EIDRM, put(fd, 1));
	CHECK_EQ(-EIDRM, link_to(node_open(O_RDWR), shared->parent));
}

TEST(ports_belong_to_who_makes_it)
{
	struct shared *shared = shared_new();
	struct account before = account();
	pid_t pid;
	int fd;

	NEED_ROOT();
	pid = spawn(end_as_the_other, shared);
	AWAIT(shared, 1);
	fd = link_new(O_RDWR, pid);
	CHECK_EQ(before.user_ports + 2, info(fd).user_ports);
	reach(shared, 2);
	AWAIT(shared, 3);
	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(-EIDRM, take(fd));
	REAP(pid);
	close(fd);
	CHECK_ACCOUNT(&before);
}

/* The call fails, changes nothing of what it was given, and binds nothing. */
static void check_fails(int error, int fd, pid_t pid)
{
	struct mailbox_ioc_port_link arg = {
		.pid = pid, .capacity = 3, .id = 77, .peer_id = 78, .created = 79,
	}, before = arg;

	CHECK_EQ(-error, command(fd, MAILBOX_IOC_PORT_LINK, &arg));
	CHECK_EQ(0, memcmp(&before, &arg, sizeof(arg)));
	CHECK_EQ(-ENOTCONN, put(fd, 1));
}

TEST(registry_has_room_for_one_port_only)
{
	pid_t pid = spawn(stay, NULL);
	struct account before = account();
	int fd = node_open(O_RDWR);

	NEED_ROOT();
	parameter_set("ports_max", before.ports + 1);
	check_fails(ENOSPC, fd, pid);
	close(fd);
	CHECK_ACCOUNT(&before);
	/* An inbox is one port. */
	CHECK_EQ(0, inbox_of(node_open(O_RDONLY), 0));
	end_child(pid);
}

static void link_over_quota(void *arg)
{
	struct account before;
	pid_t pid;
	int fd;

	(void)arg;
	become(USER_A);
	pid = spawn(stay, NULL);
	before = account();
	fd = node_open(O_RDWR);
	check_fails(EDQUOT, fd, pid);
	close(fd);
	CHECK_ACCOUNT(&before);
	end_child(pid);
}

TEST(quota_has_room_for_one_port_only)
{
	NEED_ROOT();
	parameter_set("user_ports_max", 1);
	REAP(spawn(link_over_quota, NULL));
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

TEST(numbers_that_are_told)
{
	struct mailbox_ioc_port_link to = { .flags = MAILBOX_LINK_INBOX, .capacity = 1 };
	struct mailbox_ioc_port_link again = { .flags = MAILBOX_LINK_INBOX };
	struct mailbox_ioc_port_link own = { .flags = MAILBOX_LINK_INBOX };
	pid_t pid = spawn(stay, NULL);
	int fd = node_open(O_WRONLY);

	CHECK_EQ(0, link_args(fd, pid, &to));
	CHECK_EQ(0, to.id);
	CHECK_EQ(1, to.created);
	CHECK_EQ(port_stat(fd).id, to.peer_id);
	CHECK_EQ(pid, port_stat(fd).link_pid);
	CHECK_EQ(0, port_stat(fd).mode);
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(-EAGAIN, put(fd, 2));
	CHECK_EQ(0, link_args(node_open(O_WRONLY), pid, &again));
	CHECK_EQ(0, again.created);
	CHECK_EQ(to.peer_id, again.peer_id);
	CHECK_EQ(0, link_args(node_open(O_RDONLY), 0, &own));
	CHECK_EQ(1, own.created);
	CHECK(own.id && !own.peer_id);
	end_child(pid);
}

TEST(inbox_cannot_be_bound_in_another_way)
{
	int inbox = node_open(O_RDONLY);

	CHECK_EQ(0, inbox_of(inbox, 0));
	CHECK_EQ(-EINVAL, bind_fd(node_open(O_WRONLY), inbox));
	CHECK_EQ(-EINVAL, bind_fd(node_open(O_RDONLY), inbox));
}

/* An inbox without a handle is gone, with what is in it. */
static void send_to_parent_that_is_there(void *arg)
{
	struct shared *shared = arg;

	AWAIT(shared, 1);
	send_to_parent(shared);
}

TEST(inbox_is_not_a_link)
{
	struct shared *shared = shared_new();
	pid_t pid = spawn(send_to_parent_that_is_there, shared);
	int inbox = node_open(O_RDONLY), link = link_new(O_RDWR, pid);

	CHECK_EQ(0, inbox_of(inbox, 0));
	reach(shared, 1);
	WAIT_FOR(messages(inbox) == 1);
	CHECK(port_stat(inbox).id != port_stat(link).id);
	CHECK_EQ(0, messages(link));
	CHECK_EQ(pid, take(inbox));
	REAP(pid);
	/* Of the link it is the other side that has gone, of the inbox a stranger. */
	WAIT_FOR(take(link) == -EPIPE);
	CHECK_EQ(-EAGAIN, take(inbox));
	CHECK_EQ(0, polled(inbox));
}

static void close_and_bind_again(void *arg)
{
	struct shared *shared = arg;
	int fd = node_open(O_RDONLY);

	CHECK_EQ(0, inbox_of(fd, 0));
	reach(shared, 1);
	AWAIT(shared, 2);
	close(fd);
	reach(shared, 3);
	AWAIT(shared, 4);
	fd = node_open(O_RDONLY);
	CHECK_EQ(0, inbox_of(fd, 0));
	shared->results[0] = take(fd);
}

TEST(owner_that_closes_it_may_come_again)
{
	struct shared *shared = shared_new();
	pid_t pid = spawn(close_and_bind_again, shared);
	int fd = node_open(O_WRONLY);

	AWAIT(shared, 1);
	CHECK_EQ(0, inbox_of(fd, pid));
	reach(shared, 2);
	AWAIT(shared, 3);
	CHECK_EQ(0, put(fd, 6));
	reach(shared, 4);
	REAP(pid);
	CHECK_EQ(6, shared->results[0]);
}

TEST(sleeping_sender_is_told_of_the_owners_exit)
{
	struct mailbox_ioc_port_link link = { .flags = MAILBOX_LINK_INBOX, .capacity = 1 };
	pid_t pid = spawn(stay, NULL);
	int fd = node_open(O_WRONLY);
	struct poller poller;
	struct call call;

	CHECK_EQ(0, link_args(fd, pid, &link));
	CHECK_EQ(0, put(fd, 1));
	CALL_SEND(&call, fd, 2);
	wait_for_waiters(fd, 1, 0);
	poller_start(&poller, fd, BY_EPOLL_EDGE, POLLOUT);
	end_child(pid);
	CHECK_EQ(-EPIPE, call_join(&call));
	CHECK(poller_end(&poller) & POLLERR);
}

static void *take_own_inbox(void *arg)
{
	int fd = node_open(O_RDONLY);

	CHECK_EQ(0, inbox_of(fd, 0));
	*(long *)arg = port_stat(fd).id;
	close(fd);
	return NULL;
}

TEST(threads_have_one_inbox)
{
	int inbox = node_open(O_RDONLY);
	pthread_t thread;
	long id;

	CHECK_EQ(0, inbox_of(inbox, 0));
	CHECK_EQ(0, pthread_create(&thread, NULL, take_own_inbox, &id));
	CHECK_EQ(0, pthread_join(thread, NULL));
	CHECK_EQ(port_stat(inbox).id, id);
}
