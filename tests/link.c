// SPDX-License-Identifier: GPL-2.0-only
/*
 * Links: the one channel between two processes, by their pids.
 */
#include <sched.h>

#include "link.h"

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

static void send_by_what_was_passed(void *arg)
{
	CHECK_EQ(0, put(*(int *)arg, 3));
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
	int fd = link_new(O_RDWR, pid);

	REAP(spawn(send_by_what_was_passed, &fd));
	REAP(pid);
}

TEST(policy_is_that_of_the_first)
{
	struct mailbox_ioc_port_link first = { .capacity = 7, .message_bytes_max = 8 };
	struct mailbox_ioc_port_link second = { .capacity = 9 };
	pid_t pid = spawn(stay, NULL);
	int fd = node_open(O_RDWR), other = node_open(O_RDWR);

	CHECK_EQ(0, link_args(fd, pid, &first));
	CHECK_EQ(0, link_args(other, pid, &second));
	CHECK_EQ(7, port_stat(other).capacity);
	CHECK_EQ(7, stat_sends(other).capacity);
	CHECK_EQ(8, stat_sends(other).message_bytes_max);
	end_child(pid);
}

static void send_own_number(void *arg)
{
	struct shared *shared = arg;
	int fd = link_new(O_RDWR, shared->parent);

	CHECK_EQ(0, put(fd, getpid()));
	AWAIT(shared, 1);
	shared->results[1] = take(fd);
}

TEST(links_do_not_mix)
{
	struct shared *shared[2] = { shared_new(), shared_new() };
	pid_t pids[2];
	int fds[2], i;

	for (i = 0; i < 2; i++) {
		pids[i] = spawn(send_own_number, shared[i]);
		fds[i] = link_new(O_RDWR, pids[i]);
		CHECK_EQ(0, put(fds[i], i));
	}
	for (i = 0; i < 2; i++) {
		WAIT_FOR(messages(fds[i]) == 1);
		CHECK_EQ(pids[i], take(fds[i]));
		CHECK_EQ(-EAGAIN, take(fds[i]));
		reach(shared[i], 1);
		REAP(pids[i]);
		CHECK_EQ(i, shared[i]->results[1]);
	}
}

static void come_again(void *arg)
{
	struct shared *shared = arg;

	close(link_new(O_RDWR, shared->parent));
	reach(shared, 1);
	AWAIT(shared, 2);
	shared->results[0] = take(link_new(O_RDWR, shared->parent));
}

TEST(other_side_that_closes_may_come_again)
{
	struct shared *shared = shared_new();
	pid_t pid = spawn(come_again, shared);
	int fd = link_new(O_RDWR, pid);

	AWAIT(shared, 1);
	CHECK_EQ(OUT, polled(fd));
	CHECK_EQ(-EAGAIN, take(fd));
	CHECK_EQ(0, put(fd, 8));
	reach(shared, 2);
	REAP(pid);
	CHECK_EQ(8, shared->results[0]);
}

TEST(link_is_of_one_network_namespace)
{
	struct mailbox_ioc_port_link here = {}, there = {};
	pid_t pid = spawn(stay, NULL);
	int fd = node_open(O_RDWR), other;

	NEED_ROOT();
	CHECK_EQ(0, link_args(fd, pid, &here));
	CHECK_OK(unshare(CLONE_NEWNET));
	other = node_open(O_RDWR);
	CHECK_EQ(0, link_args(other, pid, &there));
	CHECK_EQ(1, there.created);
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, stat_sends(other).messages);
	end_child(pid);
}

static void look_from_inside(void *arg)
{
	struct shared *shared = arg;
	int fd = shared->results[0];

	AWAIT(shared, 1);
	CHECK_EQ(1, getpid());
	CHECK_EQ(-ESRCH, link_to(node_open(O_RDWR), shared->parent));
	/* What the parent receives from, as the child sees it. */
	CHECK_EQ(0, port_stat(fd).link_pid);
	CHECK_EQ(1, port_stat(fd).link_peer);
	CHECK_EQ(1, stat_sends(fd).link_pid);
}

TEST(numbers_are_those_of_the_pid_namespace)
{
	struct shared *shared = shared_new();
	int fd = node_open(O_RDWR);
	pid_t pid;

	NEED_ROOT();
	shared->results[0] = fd;
	CHECK_OK(unshare(CLONE_NEWPID));
	pid = spawn(look_from_inside, shared);
	CHECK_EQ(0, link_to(fd, pid));
	CHECK_EQ(getpid(), port_stat(fd).link_pid);
	CHECK_EQ(pid, port_stat(fd).link_peer);
	reach(shared, 1);
	REAP(pid);
}

/* --- racing for it -------------------------------------------------------------------- */

#define ROUNDS	3000

struct race {
	pid_t pids[2];
	atomic_int arrived[2];
	struct mailbox_ioc_port_link links[2];
};

/* Both sides leave it at once, or nearly: nobody sleeps. */
static void meet(struct race *race, int self, int step)
{
	atomic_store(&race->arrived[self], step);
	while (atomic_load(&race->arrived[!self]) < step)
		sched_yield();
}

static void race_link(struct race *race, int self, int round)
{
	struct mailbox_ioc_port_link *link = &race->links[self];
	int fd = node_open(O_RDWR);

	*link = (struct mailbox_ioc_port_link){};
	meet(race, self, 4 * round + 1);
	CHECK_EQ(0, link_args(fd, race->pids[!self], link));
	meet(race, self, 4 * round + 2);
	CHECK_EQ(1, race->links[0].created + race->links[1].created);
	CHECK_EQ(link->id, race->links[!self].peer_id);
	meet(race, self, 4 * round + 3);
	close(fd);
	/* Both are to have gone before the next one is made. */
	meet(race, self, 4 * round + 4);
}

static void race_as_child(void *arg)
{
	struct race *race = arg;
	int i;

	WAIT_FOR(race->pids[1]);
	for (i = 0; i < ROUNDS; i++)
		race_link(race, 1, i);
}

TEST_WITHIN(both_at_once_never_make_two, 120)
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

TEST_WITHIN(coming_and_going_at_once, 120)
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
