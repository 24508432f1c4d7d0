// SPDX-License-Identifier: GPL-2.0-only
/*
 * PORT_WATCH: poll() by a handle that is not bound; and that whatever
 * happens to a port wakes those who wait for it, whichever way they do.
 */
#include <sched.h>
#include <sys/resource.h>

#include "allow.h"
#include "wait.h"

/* --- whoever waits is woken --------------------------------------------------- */

enum way {
	IN_WAIT,
	IN_BOUND_WAIT,
	IN_POLL,
	IN_EPOLL,
	IN_EPOLL_EDGE,
};

static const char * const ways[] = {
	"wakes_wait", "wakes_bound_wait", "wakes_poll", "wakes_epoll", "wakes_epoll_edge",
};

struct wake_case {
	const struct happening *happening;
	enum way way;
};

static struct wake_case wake_cases[ARRAY_SIZE(happenings) * ARRAY_SIZE(ways)];

static void happening_is_told(void)
{
	const struct wake_case *row = test_now->row;
	const struct happening *happening = row->happening;
	struct waiting waiting;
	struct poller poller;
	int fd = node_open(3);

	port_name = unique_name();
	happening->build();
	if (row->way == IN_BOUND_WAIT)
		CHECK_EQ(0, bind_fd(fd, port_fds[0]));
	else if (row->way != IN_WAIT)
		CHECK_EQ(0, watch(fd, port_name, happening->event));
	switch (row->way) {
	case IN_WAIT:
	case IN_BOUND_WAIT:
		WAITING(&waiting, fd, row->way == IN_WAIT ? port_name : NULL,
			.events = happening->event);
		happening->act();
		CHECK_EQ(happening->event, waiting_end(&waiting));
		break;
	case IN_POLL:
	case IN_EPOLL:
	case IN_EPOLL_EDGE:
		poller_start(&poller, fd, BY_POLL + row->way - IN_POLL, POLLIN);
		happening->act();
		CHECK_EQ(POLLIN, poller_end(&poller));
	}
	port_forget();
}

/* What a handle that is bound to the port cannot see happen, or keeps from happening. */
static bool bound_can_wait(const struct happening *happening)
{
	return happening->build != build_nothing &&
	       (happening->event != NOT_THERE || happening->act == destroy_port);
}

static void __attribute__((constructor)) add_wakes(void)
{
	struct wake_case *row = wake_cases;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(happenings); i++) {
		for (j = 0; j < ARRAY_SIZE(ways); j++, row++) {
			if (j == IN_BOUND_WAIT && !bound_can_wait(&happenings[i]))
				continue;
			row->happening = &happenings[i];
			row->way = j;
			test_add(happenings[i].name, ways[j], happening_is_told, row);
		}
	}
}

/* --- what is refused ---------------------------------------------------------- */

TEST(watch_what_there_is_not)
{
	struct mailbox_ioc_port_watch arg = { .events = NAMED };
	int fd = node_open(O_RDONLY), bit;

	for (bit = 6; bit < 32; bit++)
		CHECK_EQ(-EINVAL, watch(fd, "x", 1U << bit | NAMED));
	CHECK_EQ(-EINVAL, watch(fd, NULL, NAMED));
	CHECK_EQ(-EINVAL, watch(fd, "a/b", NAMED));
	memset(arg.name, 'x', sizeof(arg.name));
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_WATCH, &arg));
	for (bit = 0; bit < 32; bit++) {
		arg = (struct mailbox_ioc_port_watch){ .flags = 1U << bit, NAMED, "x" };
		CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_WATCH, &arg));
	}
	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_PORT_WATCH, (void *)8));
	CHECK_EQ(POLLERR, polled(fd));
}

/* A refused watch leaves the one before. */
TEST(refused_watch_changes_nothing)
{
	char *name = unique_name();
	int fd = watch_new(name, NOT_THERE);

	CHECK_EQ(-EINVAL, watch(fd, name, 1U << 6));
	CHECK_EQ(IN, polled(fd));
}

TEST(watch_by_a_bound_handle)
{
	char *name = unique_name();
	int fd = PORT(O_RDWR);

	CHECK_EQ(-EISCONN, watch(fd, name, NAMED));
	CHECK_EQ(-EISCONN, watch(fd, NULL, 0));
	CHECK_EQ(OUT, polled(fd));
}

TEST(watching_handle_is_not_bound)
{
	char *name = unique_name(), byte;
	int fd = node_open(O_RDWR);

	NAMED_PORT(O_RDWR, name);
	CHECK_EQ(0, watch(fd, name, NAMED));
	CHECK_EQ(-ENOTCONN, RESULT(read(fd, &byte, 1)));
	CHECK_EQ(-ENOTCONN, put(fd, 1));
	CHECK_EQ(-ENOTCONN, events_now(fd, NULL, NAMED));
	CHECK_EQ(NAMED | SENDER | RECEIVER, events_now(fd, name, EVENTS));
}

/* Signals are for handles that are bound; this one polls. */
TEST(watch_sends_no_sigio)
{
	char *name = unique_name();
	int fd = watch_new(name, NAMED);

	CHECK_ERRNO(ENOTCONN, fcntl(fd, F_SETFL, O_ASYNC));
	CHECK_EQ(0, polled(fd));
}

/* --- what it tells ------------------------------------------------------------ */

TEST(nothing_is_watched)
{
	char *name = unique_name();
	int fd = node_open(O_RDONLY);

	CHECK_EQ(POLLERR, polled(fd));
	CHECK_EQ(0, watch(fd, NULL, 0));
	CHECK_EQ(POLLERR, polled(fd));
	CHECK_EQ(0, watch(fd, name, NOT_THERE));
	CHECK_EQ(IN, polled(fd));
	CHECK_EQ(0, watch(fd, NULL, 0));
	CHECK_EQ(POLLERR, polled(fd));
}

TEST(it_is_a_state)
{
	char *name = unique_name();
	int named = watch_new(name, NAMED), gone = watch_new(name, NOT_THERE);
	int message = watch_new(name, MESSAGE), fd, i;

	for (i = 0; i < 3; i++) {
		CHECK_EQ(0, polled(named));
		CHECK_EQ(IN, polled(gone));
		fd = NAMED_PORT(O_RDWR, name);
		CHECK_EQ(IN, polled(named));
		CHECK_EQ(0, polled(gone));
		CHECK_EQ(0, polled(message));
		put_as(fd, 1, 0, 0);
		CHECK_EQ(IN, polled(message));
		CHECK_EQ(1, take(fd));
		CHECK_EQ(0, polled(message));
		close(fd);
	}
}

TEST(each_edge_is_told)
{
	char *name = unique_name();
	int epoll = epoll_of(watch_new(name, NAMED | MESSAGE), POLLIN | EPOLLET), fd, i;

	for (i = 0; i < 5; i++) {
		CHECK_EQ(0, epolled(epoll, 0));
		fd = NAMED_PORT(O_RDWR, name);
		CHECK_EQ(POLLIN, epolled(epoll, 0));
		CHECK_EQ(0, epolled(epoll, 0));
		CHECK_EQ(0, put(fd, 1));
		CHECK_EQ(POLLIN, epolled(epoll, 0));
		close(fd);
		epolled(epoll, 0);
	}
}

TEST(sender_that_has_gone_is_told)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDONLY, name), watching = watch_new(name, SENDER);

	CHECK_EQ(0, polled(watching));
	close(port_open(O_WRONLY, name));
	CHECK_EQ(IN, polled(watching));
	/* A watch that begins now has not seen it. */
	CHECK_EQ(0, watch(watching, name, SENDER));
	CHECK_EQ(0, polled(watching));
	close(fd);
}

/* Those of a port that is gone were somebody else's. */
TEST(sender_that_has_gone_with_its_port_is_not_told)
{
	char *name = unique_name();
	int watching = watch_new(name, SENDER);

	close(NAMED_PORT(O_WRONLY, name));
	CHECK_EQ(0, polled(watching));
}

TEST(watching_again_replaces)
{
	char *one = unique_name(), *two = unique_name();
	int fd = watch_new(one, NAMED), first, second;

	first = NAMED_PORT(O_RDWR, one);
	CHECK_EQ(IN, polled(fd));
	CHECK_EQ(0, watch(fd, two, NAMED));
	CHECK_EQ(0, polled(fd));
	close(first);
	second = NAMED_PORT(O_RDWR, two);
	CHECK_EQ(IN, polled(fd));
	CHECK_EQ(0, watch(fd, two, MESSAGE));
	CHECK_EQ(0, polled(fd));
	CHECK_EQ(0, put(second, 1));
	CHECK_EQ(IN, polled(fd));
}

static void watching_again_wakes(enum poller_kind kind)
{
	char *name = unique_name();
	int fd = watch_new(name, NAMED);
	struct poller poller;

	poller_start(&poller, fd, kind, POLLIN);
	CHECK_EQ(0, watch(fd, name, NOT_THERE));
	CHECK_EQ(POLLIN, poller_end(&poller));
}

TEST(watching_again_wakes_poll)
{
	watching_again_wakes(BY_POLL);
}

TEST(watching_again_wakes_epoll_edge)
{
	watching_again_wakes(BY_EPOLL_EDGE);
}

TEST(watchers_of_several_names)
{
	enum { COUNT = 60 };
	char *names[COUNT];
	int fds[COUNT], i, j;

	for (i = 0; i < COUNT; i++) {
		names[i] = unique_name();
		fds[i] = watch_new(names[i], NAMED);
	}
	for (i = 0; i < COUNT; i += 7) {
		int port = NAMED_PORT(O_RDWR, names[i]);

		for (j = 0; j < COUNT; j++)
			CHECK_EQ(j == i ? IN : 0, polled(fds[j]));
		close(port);
	}
}

TEST(dup_and_fork_share_the_watch)
{
	char *name = unique_name();
	int fd = watch_new(name, NAMED), other = dup(fd);

	CHECK_OK(other);
	close(fd);
	CHECK_EQ(0, polled(other));
	NAMED_PORT(O_RDWR, name);
	CHECK_EQ(IN, polled(other));
	CHECK_EQ(0, watch(other, NULL, 0));
	CHECK_EQ(POLLERR, polled(other));
}

TEST(watch_goes_with_its_handle)
{
	struct account before = account();
	char *name = unique_name();
	int fd;

	close(watch_new(name, NAMED));
	fd = NAMED_PORT(O_RDWR, name);
	close(watch_new(name, EVENTS));
	close(fd);
	CHECK_ACCOUNT(&before);
}

/* --- binding it afterwards ---------------------------------------------------- */

TEST(binding_ends_the_watch)
{
	char *name = unique_name();
	int fd = node_open(O_RDWR), port;

	CHECK_EQ(0, watch(fd, name, NAMED));
	port = NAMED_PORT(O_RDWR, name);
	CHECK_EQ(IN, polled(fd));
	CHECK_EQ(0, bind_name(fd, name));
	CHECK_EQ(OUT, polled(fd));
	CHECK_EQ(0, put(port, 1));
	CHECK_EQ(IN | OUT, polled(fd));
	CHECK_EQ(-EISCONN, watch(fd, name, NAMED));
	/* The name is nothing to it any more. */
	CHECK_EQ(1, take(fd));
	CHECK_EQ(0, port_unlink(port, NULL));
	CHECK_EQ(OUT, polled(fd));
}

TEST(watching_handle_creates)
{
	struct mailbox_ioc_port_create arg = {};
	char *name = unique_name();
	int fd = node_open(O_RDONLY);

	CHECK_EQ(0, watch(fd, name, NOT_THERE));
	strcpy(arg.name, name);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_CREATE, &arg));
	CHECK_EQ(0, polled(fd));
}

TEST(failed_binding_leaves_the_watch)
{
	char *name = unique_name();
	int fd = watch_new(name, NOT_THERE);

	CHECK_EQ(-ENOENT, bind_name(fd, name));
	CHECK_EQ(IN, polled(fd));
}

/* --- who may know ------------------------------------------------------------- */

static void watch_as_stranger(void *arg)
{
	int all = node_open(O_RDONLY), named = node_open(O_RDONLY);
	struct poller poller;
	atomic_int *step = arg;

	become(USER_A);
	CHECK_EQ(0, watch(all, port_name, MESSAGE | NOT_THERE));
	CHECK_EQ(0, watch(named, port_name, NAMED));
	CHECK_EQ(IN, polled(all));
	CHECK_EQ(0, watch(all, port_name, MESSAGE));
	CHECK_EQ(0, polled(all));
	poller_start(&poller, all, BY_EPOLL, POLLIN);
	*step = 1;
	CHECK_EQ(POLLERR, poller_end(&poller));
	CHECK_EQ(IN, polled(named));
	CHECK_EQ(-EACCES, events_now(all, port_name, MESSAGE));
	*step = 2;
	WAIT_FOR(*step == 3);
	CHECK_EQ(IN, polled(all));
}

TEST(stranger_gets_an_error)
{
	atomic_int *step = shared_alloc(sizeof(*step));
	pid_t pid;
	int fd;

	NEED_ROOT();
	port_name = unique_name();
	pid = spawn(watch_as_stranger, step);
	WAIT_FOR(*step == 1);
	fd = NAMED_PORT(O_RDWR, port_name, .mode = 0600);
	CHECK_EQ(0, put(fd, 1));
	WAIT_FOR(*step == 2);
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_MODE, .mode = 0604));
	*step = 3;
	REAP(pid);
}

/* What the watch of somebody else has been told, as an edge-triggered set counts it. */
struct stranger {
	__u32 events;
	unsigned int state;		/* what it polls as while it may not see the port */
	atomic_int step;
};

static void stranger_step(struct stranger *stranger, int step)
{
	stranger->step = step;
	WAIT_FOR(stranger->step > step);
}

static void count_edges(void *arg)
{
	struct stranger *stranger = arg;
	int fd, epoll;

	become(USER_A);
	close(port_fds[0]);
	fd = watch_new(port_name, stranger->events);
	epoll = epoll_of(fd, POLLIN | EPOLLET);
	CHECK_EQ(stranger->state, epolled(epoll, 0));
	stranger_step(stranger, 1);
	CHECK_EQ(0, epolled(epoll, 0));
	/* It may see the port now, and knows. */
	stranger_step(stranger, 3);
	CHECK_EQ(POLLIN, epolled(epoll, 0));
	CHECK_EQ(0, epolled(epoll, 0));
	stranger_step(stranger, 5);
	CHECK_EQ(stranger->events == NAMED ? 0 : POLLIN, epolled(epoll, 0));
	/* Not any more: it is told so, and nothing else. */
	stranger_step(stranger, 7);
	CHECK_EQ(stranger->state, epolled(epoll, 0));
	stranger_step(stranger, 9);
	CHECK_EQ(0, epolled(epoll, 0));
	/* The next port of that name. */
	stranger_step(stranger, 11);
	CHECK_EQ(stranger->state, epolled(epoll, 0));
}

static void port_is_used(int fd)
{
	int i;

	for (i = 0; i < 5; i++) {
		CHECK_EQ(0, put(fd, i));
		CHECK_EQ(i, take_as(fd, 0, 0, MAILBOX_RECEIVE_LEASE));
		nack_message();
		CHECK_EQ(i, take(fd));
		come_and_go();
	}
	CHECK_EQ(0, put(fd, 1));
}

/* What happens in a port is for those who may see it, also that it happens. */
static void check_edges(__u32 events, unsigned int state)
{
	struct stranger *stranger = shared_alloc(sizeof(*stranger));
	pid_t pid;
	int fd;

	NEED_ROOT();
	port_name = unique_name();
	fd = NAMED_PORT(O_RDWR, port_name, .mode = 0600);
	port_fds[0] = fd;
	*stranger = (struct stranger){ .events = events, .state = state };
	pid = spawn(count_edges, stranger);
	WAIT_FOR(stranger->step == 1);
	port_is_used(fd);
	stranger_step(stranger, 2);
	CHECK_EQ(0, allow_user(fd, USER_A, RECEIVES));
	stranger_step(stranger, 4);
	CHECK_EQ(1, take(fd));
	port_is_used(fd);
	stranger_step(stranger, 6);
	CHECK_EQ(0, allow_user(fd, USER_A, 0));
	stranger_step(stranger, 8);
	CHECK_EQ(1, take(fd));
	port_is_used(fd);
	stranger_step(stranger, 10);
	close(fd);
	fd = NAMED_PORT(O_RDWR, port_name, .mode = 0600);
	stranger->step = 12;
	REAP(pid);
	close(fd);
}

TEST(stranger_is_told_of_no_message)
{
	check_edges(MESSAGE, POLLERR);
}

TEST(stranger_is_told_of_no_sender)
{
	check_edges(SENDER | MESSAGE, POLLERR);
}

TEST(watch_for_the_name_is_told_of_the_name)
{
	check_edges(NAMED, POLLIN);
}

static long long switches(int tid)
{
	static const char key[] = "\nvoluntary_ctxt_switches:";
	char path[64], text[4096], *line;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
	CHECK_OK(file_read(path, text, sizeof(text)));
	line = strstr(text, key);
	CHECK(line);
	return atoll(line + strlen(key));
}

/* Who sleeps until the name is free sleeps meanwhile. */
TEST(wait_for_the_end_sleeps_while_the_port_is_used)
{
	struct waiting waiting;
	long long before;
	int i, fd;

	port_name = unique_name();
	fd = NAMED_PORT(O_RDWR, port_name);
	port_fds[0] = fd;
	WAITING(&waiting, node_open(O_RDONLY), port_name, .events = NOT_THERE);
	WAIT_FOR(has_left_its_processor(waiting.call.tid));
	before = switches(waiting.call.tid);
	for (i = 0; i < 20; i++) {
		port_is_used(fd);
		CHECK_EQ(1, take(fd));
		pause_ns(NSEC_PER_MSEC);
	}
	CHECK_EQ(before, switches(waiting.call.tid));
	close(fd);
	CHECK_EQ(NOT_THERE, waiting_end(&waiting));
}

static void create_elsewhere(void *arg)
{
	CHECK_OK(unshare(CLONE_NEWNET));
	close(NAMED_PORT(O_RDWR, arg, .flags = MAILBOX_CREATE_HANGUP));
	CHECK_EQ(NOT_THERE, events_now(node_open(O_RDONLY), arg, EVENTS));
}

TEST(another_network_namespace_is_nothing_to_it)
{
	char *name = unique_name();
	int epoll;

	NEED_ROOT();
	epoll = epoll_of(watch_new(name, NAMED), POLLIN | EPOLLET);
	REAP(spawn(create_elsewhere, name));
	CHECK_EQ(0, epolled(epoll, 0));
}

/* --- how many ----------------------------------------------------------------- */

enum { WATCHES_MAX = 1024 };

static void allow_handles(void)
{
	struct rlimit limit = { 5000, 5000 };

	CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
}

static void watch_too_many(void *arg)
{
	char *name = unique_name(), *there = arg;
	int fds[WATCHES_MAX + 1], i;

	become(USER_A);
	for (i = 0; i <= WATCHES_MAX; i++)
		fds[i] = node_open(O_RDONLY);
	for (i = 0; i < WATCHES_MAX; i++)
		CHECK_EQ(0, watch(fds[i], i % 2 ? name : there, NAMED));
	CHECK_EQ(-EDQUOT, watch(fds[WATCHES_MAX], name, NAMED));
	CHECK_EQ(POLLERR, polled(fds[WATCHES_MAX]));
	CHECK_EQ(-EDQUOT, WAIT(fds[WATCHES_MAX], name, .events = NAMED));
	CHECK_EQ(-EDQUOT, OPEN(fds[WATCHES_MAX], name, .flags = MAILBOX_BIND_WAIT));
	/* One takes the place of its predecessor. */
	CHECK_EQ(0, watch(fds[3], there, NAMED));
	CHECK_EQ(IN, polled(fds[3]));
	/* These need none. */
	CHECK_EQ(-EAGAIN, events_now(PORT(O_RDWR), NULL, MESSAGE));
	CHECK_EQ(0, OPEN(fds[WATCHES_MAX], there, .flags = MAILBOX_BIND_WAIT));
	/* Each of these ends one. */
	close(fds[0]);
	CHECK_EQ(NOT_THERE, events_now(fds[1], name, NOT_THERE));
	CHECK_EQ(0, watch(node_open(O_RDONLY), name, NAMED));
	CHECK_EQ(0, watch(fds[1], NULL, 0));
	CHECK_EQ(0, watch(node_open(O_RDONLY), name, NAMED));
	CHECK_EQ(0, bind_name(fds[2], there));
	CHECK_EQ(0, watch(node_open(O_RDONLY), name, NAMED));
	CHECK_EQ(-EDQUOT, watch(node_open(O_RDONLY), name, NAMED));
}

struct many {
	char *name;
	atomic_bool full, done;
};

static void watch_as_many_as_may_be(void *arg)
{
	struct many *many = arg;
	int i;

	become(USER_A);
	for (i = 0; i < WATCHES_MAX; i++)
		watch_new(many->name, NAMED);
	CHECK_EQ(-EDQUOT, watch(node_open(O_RDONLY), many->name, NAMED));
	many->full = true;
	WAIT_FOR(many->done);
}

static void watch_one_as(uid_t user, const char *name, long long expected)
{
	become(user);
	CHECK_EQ(expected, watch(node_open(O_RDONLY), name, NAMED));
}

static void watch_as_the_same(void *arg)
{
	watch_one_as(USER_A, arg, -EDQUOT);
}

static void watch_as_another(void *arg)
{
	watch_one_as(USER_B, arg, 0);
}

TEST(watches_are_counted_by_user)
{
	struct many *many = shared_alloc(sizeof(*many));
	pid_t pid;

	NEED_ROOT();
	allow_handles();
	many->name = unique_name();
	pid = spawn(watch_as_many_as_may_be, many);
	WAIT_FOR(many->full);
	REAP(spawn(watch_as_the_same, many->name));
	REAP(spawn(watch_as_another, many->name));
	many->done = true;
	REAP(pid);
}

TEST(watches_of_a_user)
{
	char *name = unique_name();

	NEED_ROOT();
	allow_handles();
	NAMED_PORT(O_RDWR, name, .mode = 0666);
	REAP(spawn(watch_too_many, name));
	/* All of them are gone with the process. */
	REAP(spawn(watch_too_many, name));
}

/* --- names that come and go --------------------------------------------------- */

static void *come_and_go_often(void *arg)
{
	int i;

	for (i = 0; i < 3000; i++)
		close(NAMED_PORT(O_RDWR, arg));
	return NULL;
}

/* Watches move between the name and the port, and nothing is lost at the end. */
TEST(watched_name_comes_and_goes_quickly)
{
	enum { COUNT = 8 };
	int fds[COUNT], epolls[COUNT], i, round;
	char *name = unique_name();
	pthread_t thread;

	for (i = 0; i < COUNT; i++) {
		fds[i] = watch_new(name, i % 2 ? NAMED : MESSAGE);
		epolls[i] = epoll_of(fds[i], POLLIN | EPOLLET);
	}
	CHECK_EQ(0, pthread_create(&thread, NULL, come_and_go_often, name));
	for (round = 0; round < 500; round++) {
		i = round % COUNT;
		CHECK_EQ(0, watch(fds[i], name, i % 2 ? NAMED : MESSAGE));
		epolled(epolls[i], 0);
	}
	CHECK_EQ(0, pthread_join(thread, NULL));
	for (i = 0; i < COUNT; i++)
		epolled(epolls[i], 0);
	CHECK_EQ(0, put(NAMED_PORT(O_RDWR, name), 1));
	for (i = 0; i < COUNT; i++)
		CHECK_EQ(POLLIN, epolled(epolls[i], 0));
}
