// SPDX-License-Identifier: GPL-2.0-only
/*
 * poll(), select(), epoll and non-blocking calls tell one truth, and whoever
 * polls is woken.
 */
#include <sys/epoll.h>
#include <sys/select.h>

#include "port.h"

/* A state that a port can be in, and what poll() must say of it. */
struct state {
	const char *name;
	void (*build)(void);
	short receiver, sender;		/* revents; 0 without such a handle */
};

/* Two non-blocking handles of the port, or -1. */
static int receiver, sender;
static struct call sleeper;

static void bind_both(struct mailbox_ioc_port_create create)
{
	char *name = unique_name();

	receiver = port_new(O_RDONLY | O_NONBLOCK, name, create);
	sender = port_open(O_WRONLY | O_NONBLOCK, name);
}

#define BIND_BOTH(...) bind_both((struct mailbox_ioc_port_create){ __VA_ARGS__ })

/* A blocking handle of the same port, for sleepers. */
static int blocking(int flags)
{
	return port_open(flags, port_stat(receiver).name);
}

static void empty(void)
{
	BIND_BOTH(.capacity = 2);
}

static void half_full(void)
{
	empty();
	CHECK_EQ(0, put(sender, 1));
}

static void full(void)
{
	half_full();
	CHECK_EQ(0, put(sender, 2));
}

static void full_with_sender_asleep(void)
{
	full();
	CALL_SEND(&sleeper, blocking(O_WRONLY), 3);
	wait_for_waiters(receiver, 1, 0);
}

/* What the sleeper waits for is what write() sends: it goes straight there. */
static void full_with_receiver_asleep(void)
{
	BIND_BOTH(.capacity = 1);
	CHECK_EQ(0, put_as(sender, 1, 5, 0));
	CALL_RECEIVE(&sleeper, blocking(O_RDONLY), .select = MAILBOX_SELECT_TYPE, .match = 0);
	wait_for_waiters(receiver, 0, 1);
}

static void full_with_other_receiver_asleep(void)
{
	BIND_BOTH(.capacity = 1);
	CHECK_EQ(0, put_as(sender, 1, 5, 0));
	CALL_RECEIVE(&sleeper, blocking(O_RDONLY), .select = MAILBOX_SELECT_TYPE, .match = 6);
	wait_for_waiters(receiver, 0, 1);
}

static void full_of_bytes(void)
{
	BIND_BOTH(.capacity = 8, .capacity_bytes = 4);
	CHECK_EQ(0, put(sender, 1));
}

static void unbounded(void)
{
	int i;

	BIND_BOTH(UNBOUNDED);
	for (i = 0; i < 300; i++)
		CHECK_EQ(0, put(sender, i));
}

static void only_an_empty_message(void)
{
	BIND_BOTH(.capacity = 1);
	CHECK_EQ(0, SEND(sender));
}

static void rendezvous(void)
{
	BIND_BOTH(RENDEZVOUS);
}

static void rendezvous_with_sender_asleep(void)
{
	rendezvous();
	CALL_SEND(&sleeper, blocking(O_WRONLY), 1);
	wait_for_waiters(receiver, 1, 0);
}

static void rendezvous_with_receiver_asleep(void)
{
	rendezvous();
	CALL_RECEIVE(&sleeper, blocking(O_RDONLY));
	wait_for_waiters(receiver, 0, 1);
}

static void rendezvous_with_other_receiver_asleep(void)
{
	rendezvous();
	CALL_RECEIVE(&sleeper, blocking(O_RDONLY), .select = MAILBOX_SELECT_TYPE, .match = 6);
	wait_for_waiters(receiver, 0, 1);
}

static void rendezvous_with_peeker_asleep(void)
{
	rendezvous();
	CALL_RECEIVE(&sleeper, blocking(O_RDONLY), .flags = MAILBOX_RECEIVE_PEEK);
	wait_for_waiters(receiver, 0, 1);
}

static void sync_sender_asleep(void)
{
	empty();
	CALL_SEND(&sleeper, blocking(O_WRONLY), 1, .flags = MAILBOX_SEND_SYNC);
	wait_for_waiters(receiver, 1, 0);
}

static void senders_gone(void)
{
	BIND_BOTH(.flags = MAILBOX_CREATE_HANGUP);
	close(sender);
	sender = -1;
}

static void senders_gone_not_drained(void)
{
	BIND_BOTH(.flags = MAILBOX_CREATE_HANGUP);
	CHECK_EQ(0, put(sender, 1));
	close(sender);
	sender = -1;
}

static void senders_not_there_yet(void)
{
	receiver = PORT(O_RDONLY | O_NONBLOCK, .flags = MAILBOX_CREATE_HANGUP);
	sender = -1;
}

static void receivers_gone(void)
{
	BIND_BOTH(.flags = MAILBOX_CREATE_HANGUP);
	close(receiver);
	receiver = -1;
}

static void receivers_gone_and_full(void)
{
	BIND_BOTH(.flags = MAILBOX_CREATE_HANGUP, .capacity = 1);
	CHECK_EQ(0, put(sender, 1));
	close(receiver);
	receiver = -1;
}

static void destroyed(void)
{
	full();
	CHECK_EQ(0, port_destroy(receiver, NULL));
}

static void unbound(void)
{
	receiver = node_open(O_RDONLY | O_NONBLOCK);
	sender = node_open(O_WRONLY | O_NONBLOCK);
}

#define IN	(POLLIN | POLLRDNORM)
#define OUT	(POLLOUT | POLLWRNORM)
#define GONE	(POLLERR | POLLHUP)

static const struct state states[] = {
	{ "empty", empty, 0, OUT },
	{ "half_full", half_full, IN, OUT },
	{ "full", full, IN, 0 },
	{ "full_with_sender_asleep", full_with_sender_asleep, IN, 0 },
	{ "full_with_receiver_asleep", full_with_receiver_asleep, IN, OUT },
	{ "full_with_other_receiver_asleep", full_with_other_receiver_asleep, IN, 0 },
	{ "full_of_bytes", full_of_bytes, IN, 0 },
	{ "unbounded", unbounded, IN, OUT },
	{ "only_an_empty_message", only_an_empty_message, IN, 0 },
	{ "rendezvous", rendezvous, 0, 0 },
	{ "rendezvous_with_sender_asleep", rendezvous_with_sender_asleep, IN, 0 },
	{ "rendezvous_with_receiver_asleep", rendezvous_with_receiver_asleep, 0, OUT },
	{ "rendezvous_with_other_receiver_asleep", rendezvous_with_other_receiver_asleep, 0, 0 },
	{ "rendezvous_with_peeker_asleep", rendezvous_with_peeker_asleep, 0, 0 },
	{ "sync_sender_asleep", sync_sender_asleep, IN, OUT },
	{ "senders_gone", senders_gone, IN | POLLHUP, 0 },
	{ "senders_gone_not_drained", senders_gone_not_drained, IN, 0 },
	{ "senders_not_there_yet", senders_not_there_yet, 0, 0 },
	{ "receivers_gone", receivers_gone, 0, OUT | POLLERR },
	{ "receivers_gone_and_full", receivers_gone_and_full, 0, OUT | POLLERR },
	{ "destroyed", destroyed, IN | OUT | GONE, IN | OUT | GONE },
	{ "unbound", unbound, POLLERR, POLLERR },
};

static const struct state *state(void)
{
	return test_now->row;
}

static short polled(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = IN | OUT };

	CHECK_OK(poll(&poll_fd, 1, 0));
	return poll_fd.revents;
}

static void poll_says(void)
{
	state()->build();
	if (receiver >= 0)
		CHECK_EQ(state()->receiver, polled(receiver));
	if (sender >= 0)
		CHECK_EQ(state()->sender, polled(sender));
}

/* POLLIN and POLLOUT mean that a call would not have to sleep. */
static void calls_agree(void)
{
	char buffer[64];
	short events;

	signal(SIGPIPE, SIG_IGN);
	state()->build();
	events = polled(receiver);
	if (receiver >= 0 && events != POLLERR)
		CHECK_EQ(!!(events & POLLIN),
			 RESULT(read(receiver, buffer, sizeof(buffer))) != -EAGAIN);
	state()->build();
	events = polled(sender);
	if (sender >= 0 && events != POLLERR)
		CHECK_EQ(!!(events & POLLOUT), RESULT(write(sender, "x", 1)) != -EAGAIN);
}

static void select_agrees(void)
{
	struct timeval none = {};
	int fds[2], i;

	state()->build();
	fds[0] = receiver;
	fds[1] = sender;
	for (i = 0; i < 2; i++) {
		fd_set in, out;
		short events;

		if (fds[i] < 0)
			continue;
		events = polled(fds[i]);
		FD_ZERO(&in);
		FD_ZERO(&out);
		FD_SET(fds[i], &in);
		FD_SET(fds[i], &out);
		CHECK_OK(select(fds[i] + 1, &in, &out, NULL, &none));
		CHECK_EQ(!!(events & (POLLIN | POLLHUP | POLLERR)), FD_ISSET(fds[i], &in) != 0);
		CHECK_EQ(!!(events & (POLLOUT | POLLERR)), FD_ISSET(fds[i], &out) != 0);
	}
}

static int epoll_of(int fd, unsigned int events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	CHECK_OK(epoll);
	CHECK_OK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
	return epoll;
}

/* The events that epoll has now, 0 for none. */
static unsigned int epolled(int epoll, int milliseconds)
{
	struct epoll_event event = {};

	return CHECK_OK(epoll_wait(epoll, &event, 1, milliseconds)) ? event.events : 0;
}

static void epoll_agrees(void)
{
	state()->build();
	if (receiver >= 0)
		CHECK_EQ(polled(receiver), epolled(epoll_of(receiver, IN | OUT), 0));
	if (sender >= 0)
		CHECK_EQ(polled(sender), epolled(epoll_of(sender, IN | OUT), 0));
}

static void __attribute__((constructor)) poll_table(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		test_add(states[i].name, "polls", poll_says, &states[i]);
		test_add(states[i].name, "agrees_with_calls", calls_agree, &states[i]);
		test_add(states[i].name, "agrees_with_select", select_agrees, &states[i]);
		test_add(states[i].name, "agrees_with_epoll", epoll_agrees, &states[i]);
	}
}

/*
 * A thread in poll(), which must come back with just these events. No timeout:
 * poll() looks once more when it ends, which would hide that nobody woke it.
 */
struct watcher {
	pthread_t thread;
	int fd;
	short events, revents;
	atomic_int tid;
};

static void *watch(void *arg)
{
	struct watcher *watcher = arg;
	struct pollfd poll_fd = { .fd = watcher->fd, .events = watcher->events };

	atomic_store(&watcher->tid, syscall(SYS_gettid));
	CHECK_EQ(1, RESULT(poll(&poll_fd, 1, -1)));
	watcher->revents = poll_fd.revents;
	return NULL;
}

static bool thread_is_asleep(int tid)
{
	char path[64], text[256], *state;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	if (!tid || file_read(path, text, sizeof(text)) <= 0)
		return false;
	state = strrchr(text, ')');
	return state && state[2] == 'S';
}

static void watch_start(struct watcher *watcher, int fd, short events)
{
	*watcher = (struct watcher){ .fd = fd, .events = events };
	CHECK_EQ(0, pthread_create(&watcher->thread, NULL, watch, watcher));
	WAIT_FOR(thread_is_asleep(watcher->tid));
}

static short watch_end(struct watcher *watcher)
{
	CHECK_EQ(0, pthread_join(watcher->thread, NULL));
	return watcher->revents;
}

TEST(message_wakes_poll)
{
	struct watcher watcher;

	empty();
	watch_start(&watcher, receiver, POLLIN);
	CHECK_EQ(0, put(sender, 1));
	CHECK_EQ(POLLIN, watch_end(&watcher));
}

TEST(room_wakes_poll)
{
	struct watcher watcher;

	full();
	watch_start(&watcher, sender, POLLOUT);
	CHECK_EQ(1, take(receiver));
	CHECK_EQ(POLLOUT, watch_end(&watcher));
}

TEST(room_in_bytes_wakes_poll)
{
	struct watcher watcher;

	full_of_bytes();
	watch_start(&watcher, sender, POLLOUT);
	CHECK_EQ(1, take(receiver));
	CHECK_EQ(POLLOUT, watch_end(&watcher));
}

TEST(more_capacity_wakes_poll)
{
	struct watcher watcher;

	full();
	watch_start(&watcher, sender, POLLOUT);
	CHECK_EQ(0, SET(receiver, .flags = MAILBOX_SET_CAPACITY, .capacity = 3));
	CHECK_EQ(POLLOUT, watch_end(&watcher));
}

TEST(withdrawal_wakes_poll)
{
	struct watcher watcher;

	BIND_BOTH(.capacity = 1);
	CALL_SEND(&sleeper, blocking(O_WRONLY), 1, .flags = MAILBOX_SEND_SYNC,
		  .deadline_ns = deadline_soon());
	wait_for_waiters(receiver, 1, 0);
	watch_start(&watcher, sender, POLLOUT);
	CHECK_EQ(-ETIMEDOUT, call_join(&sleeper));
	CHECK_EQ(POLLOUT, watch_end(&watcher));
}

/* The last sleeper ahead gives up: now a newcomer would not overtake anybody. */
TEST(rendezvous_receiver_wakes_poll)
{
	struct watcher watcher;

	rendezvous();
	watch_start(&watcher, sender, POLLOUT);
	CALL_RECEIVE(&sleeper, blocking(O_RDONLY));
	CHECK_EQ(POLLOUT, watch_end(&watcher));
	CHECK_EQ(0, put(sender, 7));
	CHECK_EQ(7, call_value(&sleeper));
}

/* On a full port too: what this receiver waits for, write() can send. */
TEST(receiver_at_a_full_port_wakes_poll)
{
	struct watcher watcher;

	BIND_BOTH(.capacity = 1);
	CHECK_EQ(0, put_as(sender, 1, 5, 0));
	watch_start(&watcher, sender, POLLOUT);
	CALL_RECEIVE(&sleeper, blocking(O_RDONLY), .select = MAILBOX_SELECT_TYPE, .match = 0);
	CHECK_EQ(POLLOUT, watch_end(&watcher));
	CHECK_EQ(0, put(sender, 7));
	CHECK_EQ(7, call_value(&sleeper));
}

TEST(rendezvous_sender_wakes_poll)
{
	struct watcher watcher;

	rendezvous();
	watch_start(&watcher, receiver, POLLIN);
	CALL_SEND(&sleeper, blocking(O_WRONLY), 7);
	CHECK_EQ(POLLIN, watch_end(&watcher));
	CHECK_EQ(7, take(receiver));
	CHECK_EQ(0, call_join(&sleeper));
}

TEST(destroy_wakes_poll)
{
	struct watcher in, out;

	BIND_BOTH(RENDEZVOUS);
	watch_start(&in, receiver, POLLIN);
	watch_start(&out, sender, POLLOUT);
	CHECK_EQ(0, port_destroy(receiver, NULL));
	CHECK_EQ(POLLIN | GONE, watch_end(&in));
	CHECK_EQ(POLLOUT | GONE, watch_end(&out));
}

TEST(last_sender_wakes_poll)
{
	struct watcher watcher;

	BIND_BOTH(.flags = MAILBOX_CREATE_HANGUP);
	watch_start(&watcher, receiver, POLLIN);
	close(sender);
	CHECK_EQ(POLLIN | POLLHUP, watch_end(&watcher));
}

TEST(last_receiver_wakes_poll)
{
	struct watcher watcher;

	BIND_BOTH(.flags = MAILBOX_CREATE_HANGUP, .capacity = 1);
	CHECK_EQ(0, put(sender, 1));
	watch_start(&watcher, sender, POLLOUT);
	close(receiver);
	CHECK_EQ(POLLOUT | POLLERR, watch_end(&watcher));
}

TEST(level_triggered_epoll_repeats)
{
	int epoll;

	half_full();
	epoll = epoll_of(receiver, EPOLLIN);
	CHECK_EQ(EPOLLIN, epolled(epoll, 0));
	CHECK_EQ(EPOLLIN, epolled(epoll, 0));
	CHECK_EQ(1, take(receiver));
	CHECK_EQ(0, epolled(epoll, 0));
}

TEST(edge_triggered_epoll_tells_each_arrival)
{
	int epoll, i;

	BIND_BOTH(.capacity = 8);
	epoll = epoll_of(receiver, EPOLLIN | EPOLLET);
	CHECK_EQ(0, epolled(epoll, 0));
	for (i = 0; i < 3; i++) {
		CHECK_EQ(0, put(sender, 1));
		CHECK_EQ(EPOLLIN, epolled(epoll, 10000));
		CHECK_EQ(0, epolled(epoll, 0));
	}
}

TEST(edge_triggered_epoll_tells_room)
{
	int epoll;

	full();
	epoll = epoll_of(sender, EPOLLOUT | EPOLLET);
	CHECK_EQ(0, epolled(epoll, 0));
	CHECK_EQ(1, take(receiver));
	CHECK_EQ(EPOLLOUT, epolled(epoll, 10000));
	CHECK_EQ(0, epolled(epoll, 0));
}

TEST(edge_triggered_epoll_tells_of_a_message_put_back)
{
	int epoll;

	half_full();
	epoll = epoll_of(receiver, EPOLLIN | EPOLLET);
	CHECK_EQ(EPOLLIN, epolled(epoll, 0));
	CHECK_EQ(-EFAULT, RECEIVE(receiver, .data = 8, .size = 4));
	CHECK_EQ(EPOLLIN, epolled(epoll, 10000));
	CHECK_EQ(1, take(receiver));
}

TEST(oneshot_epoll_tells_once)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT };
	int epoll;

	half_full();
	epoll = epoll_of(receiver, EPOLLIN | EPOLLONESHOT);
	CHECK_EQ(EPOLLIN, epolled(epoll, 0));
	CHECK_EQ(0, epolled(epoll, 0));
	CHECK_OK(epoll_ctl(epoll, EPOLL_CTL_MOD, receiver, &event));
	CHECK_EQ(EPOLLIN, epolled(epoll, 0));
}

struct exclusive {
	pthread_t thread;
	int fd;
	atomic_int tid;
	atomic_bool woken;
};

static void *wait_exclusively(void *arg)
{
	struct exclusive *me = arg;
	int epoll = epoll_of(me->fd, EPOLLIN | EPOLLEXCLUSIVE);

	atomic_store(&me->tid, syscall(SYS_gettid));
	CHECK_EQ(EPOLLIN, epolled(epoll, 15000));
	me->woken = true;
	return NULL;
}

/* One message wakes one of them; the next one wakes the other. */
TEST(exclusive_epoll_wakes_one_for_each_message)
{
	struct exclusive waiters[4] = {};
	unsigned int i, round, woken;

	BIND_BOTH(.capacity = 8);
	for (i = 0; i < 4; i++) {
		waiters[i].fd = blocking(O_RDONLY);
		pthread_create(&waiters[i].thread, NULL, wait_exclusively, &waiters[i]);
		WAIT_FOR(thread_is_asleep(waiters[i].tid));
	}
	for (round = 1; round <= 4; round++) {
		CHECK_EQ(0, put(sender, round));
		do {
			pause_ns(100000);
			for (woken = 0, i = 0; i < 4; i++)
				woken += waiters[i].woken;
		} while (woken < round);
		CHECK_EQ(round, woken);
		for (i = 0; i < 4; i++)
			CHECK(waiters[i].woken || thread_is_asleep(waiters[i].tid));
	}
	for (i = 0; i < 4; i++)
		pthread_join(waiters[i].thread, NULL);
}

/*
 * Consumers that sleep in poll or epoll only and receive without sleeping:
 * a wake-up that is missed stops them for good.
 */
#define COUNT 6000

struct consumer {
	int fd;
	unsigned int events;		/* of epoll; 0 = poll() */
};

static void produce(void *arg)
{
	struct pollfd room = { .fd = *(int *)arg, .events = POLLOUT };
	long long result;
	int i = 0;

	while (i < COUNT / 2) {
		result = put(room.fd, 1);
		if (!result)
			i++;
		else
			CHECK_EQ(-EAGAIN, result);
		if (result)
			CHECK_EQ(1, RESULT(poll(&room, 1, -1)));
	}
}

static void consume(unsigned int events)
{
	struct pollfd arrival = { .events = POLLIN };
	long long result;
	int epoll, i = 0;
	pid_t pids[2];

	BIND_BOTH(.capacity = 3);
	arrival.fd = receiver;
	epoll = epoll_of(receiver, EPOLLIN | events);
	pids[0] = spawn(produce, &sender);
	pids[1] = spawn(produce, &sender);
	while (i < COUNT) {
		if (events)
			CHECK(epolled(epoll, 15000) & EPOLLIN);
		else
			CHECK_EQ(1, RESULT(poll(&arrival, 1, -1)));
		while ((result = take(receiver)) == 1)
			i++;
		CHECK_EQ(-EAGAIN, result);
	}
	CHECK_EQ(COUNT, i);
	REAP(pids[0]);
	REAP(pids[1]);
}

TEST_WITHIN(poll_misses_nothing, 60)
{
	consume(0);
}

TEST_WITHIN(edge_triggered_epoll_misses_nothing, 60)
{
	consume(EPOLLET);
}
