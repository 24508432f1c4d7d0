// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who polls a port by a right that the allow list gives, and takes away again:
 * such a guest is told of what is its own, keeps nothing from others, and hears
 * of nothing once it was revoked.
 */
#include "allow.h"
#include "direct.h"

struct way {
	const char *name;
	int flags;			/* of the guest's handle */
	unsigned int events;		/* that it waits for */
	struct mailbox_ioc_port_create port;
};

static const struct way ways[] = {
	{ "receiver", O_RDONLY, EPOLLIN, {} },
	{ "sender", O_WRONLY, EPOLLOUT, {} },
	{ "sender_to_a_broadcast", O_WRONLY, EPOLLOUT, { MAILBOX_CREATE_BROADCAST } },
	{ "both_to_receive", O_RDWR, EPOLLIN, {} },
	{ "both_to_send", O_RDWR, EPOLLOUT, {} },
	/* What the mode gives goes with the handle. */
	{ "receiver_by_mode", O_RDWR, EPOLLIN, { .mode = 0604 } },
	{ "receiver_by_list", O_RDWR, EPOLLIN, { .mode = 0602 } },
	{ "sender_by_mode", O_RDWR, EPOLLOUT, { .mode = 0602 } },
	{ "sender_by_list", O_RDWR, EPOLLOUT, { .mode = 0604 } },
};

static const struct way *way(void)
{
	return test_now->row;
}

static struct guest *way_guest(void)
{
	struct mailbox_ioc_port_create port = way()->port;
	struct guest *guest;

	port.capacity = 1;
	guest = guest_new(port, way()->flags);
	/* There is neither a message nor room until something happens. */
	if (way()->events == EPOLLOUT)
		CHECK_EQ(0, put(guest->owner, 1));
	return guest;
}

/* There is a message now, or room. */
static void way_begins(struct guest *guest)
{
	if (way()->events == EPOLLIN)
		CHECK_EQ(0, put(guest->owner, 1));
	else
		CHECK_EQ(1, take(guest->owner));
}

static void way_ends(struct guest *guest)
{
	if (way()->events == EPOLLIN)
		CHECK_EQ(1, take(guest->owner));
	else
		CHECK_EQ(0, put(guest->owner, 1));
}

static void way_repeats(struct guest *guest)
{
	int i;

	for (i = 0; i < 5; i++) {
		way_begins(guest);
		way_ends(guest);
	}
}

/* --- wake-ups that are for one only --------------------------------------------- */

/* A process that sleeps in epoll_wait() with others, of which one is to be woken. */
struct sleeper {
	struct guest *guest;
	bool is_guest;
	bool works;			/* does what it is told that it can do */
	pid_t pid;
	atomic_int waits, told, done;
};

static void sleep_exclusively(void *arg)
{
	struct sleeper *sleeper = arg;
	struct guest *guest = sleeper->guest;
	int fd, epoll;

	if (sleeper->is_guest) {
		guest_enter(guest);
		fd = guest->fd;
	} else {
		fd = port_open(way()->events == EPOLLIN ? O_RDONLY : O_WRONLY, guest->name);
	}
	epoll = epoll_of(fd, way()->events | EPOLLET | EPOLLEXCLUSIVE);
	for (;;) {
		sleeper->waits++;
		CHECK(epolled(epoll, -1));
		sleeper->told++;
		if (sleeper->works)
			sleeper->done += way()->events == EPOLLIN ? take(fd) == 1 : !put(fd, 1);
	}
}

/* What has woken it has made it runnable before: it is asleep only if it is done. */
static void sleeper_settle(struct sleeper *sleeper)
{
	WAIT_FOR(sleeper->waits && task_is(sleeper->pid, sleeper->pid, 'S') &&
		 sleeper->waits == sleeper->told + 1);
}

static struct sleeper *sleeper_new(struct guest *guest, bool is_guest, bool works)
{
	struct sleeper *sleeper = shared_alloc(sizeof(*sleeper));

	*sleeper = (struct sleeper){ .guest = guest, .is_guest = is_guest, .works = works };
	sleeper->pid = spawn(sleep_exclusively, sleeper);
	WAIT_FOR(sleeper->waits);
	sleeper_settle(sleeper);
	CHECK_EQ(0, sleeper->told);
	return sleeper;
}

/* The guest came first, and waits on. */
static void revoked_takes_no_wake_up(void)
{
	struct guest *guest = way_guest();
	struct sleeper *spy = sleeper_new(guest, true, false);
	struct sleeper *worker = sleeper_new(guest, false, true);
	int told;

	/* A handle that does both may be told of either. */
	CHECK_EQ(0, guest_revoke(guest));
	sleeper_settle(spy);
	told = spy->told;
	CHECK_RANGE(1, 2, told);
	way_begins(guest);
	sleeper_settle(spy);
	sleeper_settle(worker);
	CHECK_EQ(told, spy->told);
	CHECK_EQ(1, worker->done);
}

/* It may be revoked before it has done anything: so another one is told as well. */
static void guest_is_told_besides(void)
{
	struct guest *guest = way_guest();
	struct sleeper *second = sleeper_new(guest, true, false);
	struct sleeper *first = sleeper_new(guest, true, false);
	struct sleeper *worker = sleeper_new(guest, false, false);

	way_begins(guest);
	sleeper_settle(first);
	sleeper_settle(second);
	sleeper_settle(worker);
	CHECK_EQ(1, worker->told);
	CHECK_EQ(1, first->told);
	CHECK_EQ(1, second->told);
}

/* --- edges and signals ------------------------------------------------------------ */

static void count_edges(void *arg)
{
	struct guest *guest = arg;
	int epoll;

	guest_enter(guest);
	epoll = epoll_of(guest->fd, way()->events | EPOLLET);
	CHECK_EQ(0, epolled(epoll, 0));
	guest_step(guest, 1);
	CHECK_EQ(way()->events, epolled(epoll, 0));
	CHECK_EQ(0, epolled(epoll, 0));
	guest_step(guest, 3);
	CHECK_EQ(way()->events | EPOLLERR | EPOLLHUP, epolled(epoll, 0));
	CHECK_EQ(0, epolled(epoll, 0));
	guest_step(guest, 5);
	CHECK_EQ(0, epolled(epoll, 0));
	CHECK(polls_as_revoked(guest->fd));
	/* To look again changes nothing. */
	guest_step(guest, 7);
	CHECK_EQ(0, epolled(epoll, 0));
}

static void take_signals(void *arg)
{
	struct guest *guest = arg;
	sigset_t io = block_io();

	guest_enter(guest);
	handle_io(guest->fd);
	CHECK(!io_arrives(&io, 0));
	guest_step(guest, 1);
	CHECK(io_arrives(&io, 0));
	guest_step(guest, 3);
	CHECK(io_arrives(&io, 0));
	guest_step(guest, 5);
	CHECK(!io_arrives(&io, 0));
	/* To ask for them again changes nothing. */
	CHECK_OK(fcntl(guest->fd, F_SETFL, fcntl(guest->fd, F_GETFL) & ~O_ASYNC));
	handle_io(guest->fd);
	guest_step(guest, 7);
	CHECK(!io_arrives(&io, 0));
}

static void check_steps(void (*run)(void *))
{
	struct guest *guest = way_guest();
	pid_t pid = spawn(run, guest);

	WAIT_FOR(guest->step == 1);
	way_begins(guest);
	guest_step(guest, 2);
	CHECK_EQ(0, guest_revoke(guest));
	guest_step(guest, 4);
	way_ends(guest);
	way_repeats(guest);
	guest_step(guest, 6);
	/* Nor is a handle that was revoked once one that was let in since. */
	CHECK_EQ(0, allow_user(guest->owner, USER_B, BOTH));
	way_repeats(guest);
	guest->step = 8;
	REAP(pid);
}

static void revoked_sees_no_edge(void)
{
	check_steps(count_edges);
}

static void revoked_gets_no_signal(void)
{
	check_steps(take_signals);
}

static void __attribute__((constructor)) ways_table(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		test_add(ways[i].name, "takes_no_wake_up", revoked_takes_no_wake_up, &ways[i]);
		test_add(ways[i].name, "is_told_besides", guest_is_told_besides, &ways[i]);
		test_add(ways[i].name, "sees_no_edge", revoked_sees_no_edge, &ways[i]);
		test_add(ways[i].name, "gets_no_signal", revoked_gets_no_signal, &ways[i]);
	}
}
