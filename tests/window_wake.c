// SPDX-License-Identifier: GPL-2.0-only
/*
 * Somebody has ended a wait, and is held before it wakes who waited. What that
 * one was given is its own: it may come upon it by a signal or its deadline, and
 * be gone before the other one goes on.
 */
#include "window.h"

/* --- who ends the wait ---------------------------------------------------------------- */

enum wait {
	MESSAGE,			/* a receiver's, by a send */
	REQUEST,			/* a receiver's, by a call, which then sleeps */
	ROOM,				/* a sender's, by a receive */
	LARGER,				/* a sender's, by PORT_SET */
	RECEIPT,			/* a SYNC sender's, by the receiver's commit */
	ANSWER,				/* a caller's, by its server */
	TURN,				/* likewise, which then sleeps for a request */
	RETURN,				/* a receiver's, by a NACK */
	END,				/* a receiver's, by DESTROY */
	WAITS
};

enum wake {
	BY_SIGNAL,
	BY_DEADLINE,
	BY_WAKER,			/* after the port was destroyed */
	BY_KILLED_WAKER,
	WAKES
};

struct row {
	enum wait wait;
	enum wake wake;
};

static const char * const wait_names[] = {
	"message", "request", "room", "larger_port", "receipt", "answer",
	"answer_by_reply_receive", "returned_lease", "end_of_port",
};

static const char * const wake_names[] = {
	"then_a_signal", "then_the_deadline", "then_the_port_ends", "then_the_waker_is_killed",
};

struct scene {
	enum wait wait;
	int fd;
	struct asker asker;		/* who sleeps */
	__u64 token;			/* ANSWER, TURN, RETURN */
	atomic_int gate;		/* at which the waker is held */
	struct asker waker;
	struct turn turn;
	int word;
	struct mailbox_ioc_reply reply;
	struct mailbox_ioc_settle settle;
	struct mailbox_ioc_port_set set;
	struct mailbox_ioc_port_remove remove;
};

static bool receives(enum wait wait)
{
	return wait == MESSAGE || wait == REQUEST || wait == RETURN || wait == END;
}

static bool calls(enum wait wait)
{
	return wait == ANSWER || wait == TURN;
}

static void sleeper_start(struct scene *scene, long long deadline)
{
	bool receiver = receives(scene->wait);
	struct call *call = &scene->asker.call;

	if (scene->wait == ROOM || scene->wait == LARGER || scene->wait == RETURN)
		CHECK_EQ(0, put(scene->fd, 100));
	if (scene->wait == RETURN)
		scene->token = LEASE(scene->fd, 100);
	if (receiver)
		CALL_RECEIVE(call, scene->fd, .deadline_ns = deadline);
	else if (calls(scene->wait))
		ASK(&scene->asker, scene->fd, 1, .deadline_ns = deadline);
	else
		CALL_SEND(call, scene->fd, 1, .deadline_ns = deadline,
			  .flags = scene->wait == RECEIPT ? MAILBOX_SEND_SYNC : 0);
	wait_for_waiters(scene->fd, !receiver, receiver);
	wait_for_sleep(call);
	if (calls(scene->wait))
		scene->token = serve(scene->fd, 1);
}

/* Ends the wait, and is held before it wakes. */
static int waker_start(struct scene *scene)
{
	struct call *waker = &scene->waker.call;
	const char *where = BEFORE_WAKE;

	switch (scene->wait) {
	case MESSAGE:
		return GATED_SEND(where, waker, scene->fd, 7);
	case REQUEST:
		return GATED_ASK(where, &scene->waker, scene->fd, 7);
	case ROOM:
	case RECEIPT:
		return GATED_RECEIVE(where, waker, scene->fd);
	case LARGER:
		scene->set = (struct mailbox_ioc_port_set){
			.flags = MAILBOX_SET_CAPACITY, .capacity = 2,
		};
		return gated_start(waker, scene->fd, MAILBOX_IOC_PORT_SET, &scene->set, where);
	case ANSWER:
		scene->word = 9;
		scene->reply = (struct mailbox_ioc_reply){
			.token = scene->token,
			.data = user_pointer(&scene->word),
			.len = sizeof(scene->word),
		};
		return gated_start(waker, scene->fd, MAILBOX_IOC_REPLY, &scene->reply, where);
	case TURN:
		turn_fill(&scene->turn, scene->token, 9, 0);
		return gated_start(waker, scene->fd, MAILBOX_IOC_REPLY_RECEIVE, &scene->turn.arg,
				   where);
	case RETURN:
		scene->settle = (struct mailbox_ioc_settle){ .token = scene->token };
		return gated_start(waker, scene->fd, MAILBOX_IOC_NACK, &scene->settle, where);
	default:
		scene->remove = (struct mailbox_ioc_port_remove){};
		return gated_start(waker, scene->fd, MAILBOX_IOC_PORT_DESTROY, &scene->remove,
				   where);
	}
}

static void check_sleeper(struct scene *scene, bool dead)
{
	struct call *call = &scene->asker.call;

	/* Who called gave up before the request was received. */
	if (scene->wait == END || (dead && scene->wait == REQUEST)) {
		CHECK_EQ(-EIDRM, call_join(call));
		return;
	}
	CHECK_EQ(0, call_join(call));
	switch (scene->wait) {
	case MESSAGE:
	case REQUEST:
		CHECK_EQ(7, call->value);
		break;
	case RETURN:
		CHECK_EQ(100, call->value);
		break;
	case RECEIPT:
		CHECK(call->send.taken_pid);
		CHECK_EQ(sizeof(int), call->send.taken_bytes);
		break;
	case ANSWER:
	case TURN:
		CHECK_EQ(9, scene->asker.answer);
		break;
	default:
		break;
	}
}

/* One that sleeps since then gets what it sleeps for, unless the port has gone. */
static void waker_end(struct scene *scene, bool dead)
{
	bool sleeps = scene->wait == REQUEST || scene->wait == TURN;

	if (!dead && scene->wait == REQUEST)
		CHECK_EQ(0, answer(scene->fd, scene->asker.call.receive.token, 8));
	else if (!dead && scene->wait == TURN)
		CHECK_EQ(0, put(scene->fd, 8));
	CHECK_EQ(dead && sleeps ? -EIDRM : 0, call_join(&scene->waker.call));
	if (!dead && scene->wait == REQUEST)
		CHECK_EQ(8, scene->waker.answer);
	else if (!dead && scene->wait == TURN)
		CHECK_EQ(8, scene->turn.question);
}

/*
 * A call that is killed before its request is received takes that back: then its
 * receiver sleeps again.
 */
static void request_come_again(struct scene *scene)
{
	WAIT_FOR(scene->asker.call.done || waiters_are(scene->fd, 0, 1));
	if (!scene->asker.call.done)
		CHECK_EQ(0, put(scene->fd, 7));
}

/* Nothing is left but what was sent and not received. */
static void check_left(struct scene *scene)
{
	CHECK(waiters_are(scene->fd, 0, 0));
	if (scene->wait == LARGER)
		CHECK_EQ(100, take(scene->fd));
	if (scene->wait == LARGER || scene->wait == ROOM)
		CHECK_EQ(1, take(scene->fd));
	CHECK_EQ(-EAGAIN, take(scene->fd));
	CHECK_EQ(port_stat(scene->fd).sent, port_stat(scene->fd).received);
}

static void wake_and_be_killed(void *arg)
{
	struct scene *scene = arg;
	int gate = waker_start(scene);

	gate_wait(gate);
	scene->gate = gate;
	pause();
}

static void run_row(void)
{
	const struct row *row = test_now->row;
	struct account before = account();
	struct scene *scene = shared_alloc(sizeof(*scene));
	struct call *call = &scene->asker.call;
	long long deadline = 0;
	int gate = -1;
	pid_t pid = 0;

	/* Skips here, where there are no gates, and not in a child that is waited for. */
	gate_load();
	handle_signal(SIGUSR1, 0);
	*scene = (struct scene){ .wait = row->wait, .fd = PORT(O_RDWR, .capacity = 1) };
	if (row->wake == BY_DEADLINE)
		deadline = deadline_soon();
	sleeper_start(scene, deadline);
	if (row->wake == BY_KILLED_WAKER) {
		pid = spawn(wake_and_be_killed, scene);
		WAIT_FOR(scene->gate);
	} else {
		gate = waker_start(scene);
		gate_wait(gate);
	}
	CHECK(!call->done || row->wake == BY_DEADLINE);
	switch (row->wake) {
	case BY_SIGNAL:
		CHECK_EQ(0, pthread_kill(call->thread, SIGUSR1));
		break;
	case BY_WAKER:
		CHECK_EQ(0, port_destroy(scene->fd, NULL));
		gate_go(gate);
		break;
	case BY_KILLED_WAKER:
		CHECK_OK(kill(pid, SIGKILL));
		CHECK(WIFSIGNALED(reap_status(pid)));
		if (scene->wait == REQUEST)
			request_come_again(scene);
		break;
	default:
		break;
	}
	check_sleeper(scene, row->wake == BY_WAKER);
	if (row->wake == BY_SIGNAL || row->wake == BY_DEADLINE) {
		CHECK(gate_holds(gate));
		gate_go(gate);
	}
	if (row->wake != BY_KILLED_WAKER)
		waker_end(scene, row->wake == BY_WAKER);
	if (row->wake == BY_SIGNAL && row->wait != END)
		check_left(scene);
	close(scene->fd);
	CHECK_EQ(before.user_bytes, account().user_bytes);
	CHECK_EQ(before.ports, account().ports);
}

static bool possible(const struct row *row)
{
	/* It has ended already; and PORT_SET wakes before others may change the port. */
	return row->wake != BY_WAKER || (row->wait != END && row->wait != LARGER);
}

static void __attribute__((constructor)) add_rows(void)
{
	static struct row rows[WAITS * WAKES];
	struct row *row = rows;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		*row = (struct row){ .wait = i / WAKES, .wake = i % WAKES };
		if (possible(row)) {
			test_add(wait_names[row->wait], wake_names[row->wake], run_row, row);
			row++;
		}
	}
}

/* --- others come between --------------------------------------------------------------- */

TEST(next_message_is_for_the_next)
{
	struct call first, second, waker;
	int fd = PORT(O_RDWR), gate;

	CALL_RECEIVE(&first, fd);
	wait_for_waiters(fd, 0, 1);
	gate = GATED_SEND(BEFORE_WAKE, &waker, fd, 1);
	gate_wait(gate);
	CHECK_EQ(0, put(fd, 2));
	CHECK_EQ(1, messages(fd));
	CALL_RECEIVE(&second, fd);
	CHECK_EQ(2, call_value(&second));
	CHECK(!first.done);
	gate_go(gate);
	CHECK_EQ(1, call_value(&first));
	CHECK_EQ(0, call_join(&waker));
}

/* More than are woken at once: some still sleep, and can give up by themselves. */
TEST(destroy_is_held_between_the_first_and_the_others)
{
	struct mailbox_ioc_port_remove remove = {};
	struct call sleepers[20], waker;
	int fd = PORT(O_RDWR), gate, i;

	handle_signal(SIGUSR1, 0);
	for (i = 0; i < 20; i++) {
		CALL_RECEIVE(&sleepers[i], fd);
		wait_for_waiters(fd, 0, i + 1);
	}
	gate = gated_start(&waker, fd, MAILBOX_IOC_PORT_DESTROY, &remove, BEFORE_WAKE);
	gate_wait(gate);
	CHECK_EQ(-EIDRM, put(fd, 1));
	CHECK_EQ(-EIDRM, take(fd));
	wait_for_sleep(&sleepers[19]);
	CHECK_EQ(0, pthread_kill(sleepers[0].thread, SIGUSR1));
	CHECK_EQ(0, pthread_kill(sleepers[19].thread, SIGUSR1));
	CHECK_EQ(-EIDRM, call_join(&sleepers[0]));
	CHECK_EQ(-EINTR, call_join(&sleepers[19]));
	gate_go(gate);
	for (i = 1; i < 19; i++)
		CHECK_EQ(-EIDRM, call_join(&sleepers[i]));
	CHECK_EQ(0, call_join(&waker));
}

/* Whoever took it meanwhile has it; the poller goes on polling. */
TEST(message_is_taken_before_the_poller_is_woken)
{
	struct poller poller;
	struct call waker;
	int fd = PORT(O_RDWR), gate;

	poller_start(&poller, fd, BY_POLL, IN);
	gate = GATED_SEND(BEFORE_WAKES, &waker, fd, 1);
	gate_wait(gate);
	CHECK_EQ(1, take(fd));
	gate_go(gate);
	CHECK_EQ(0, call_join(&waker));
	WAIT_FOR(thread_is_asleep(poller.tid));
	CHECK_EQ(0, put(fd, 2));
	CHECK_EQ(IN, poller_end(&poller));
	CHECK_EQ(2, take(fd));
}

/* --- the last one of a side has gone, and nobody was told ------------------------------- */

#define BEFORE_HANG_UP	"before mbx_port_hang_up"

TEST(sender_comes_before_the_end_of_file_is_told)
{
	int fd = PORT(O_RDONLY, .flags = MAILBOX_CREATE_HANGUP);
	int sender = open_fd(O_WRONLY, fd);
	struct closing closing;
	struct call call;

	CALL_RECEIVE(&call, fd);
	wait_for_waiters(fd, 0, 1);
	close_start(&closing, sender, BEFORE_HANG_UP);
	CHECK_EQ(-EPIPE, take(fd));
	sender = open_fd(O_WRONLY, fd);
	close_end(&closing);
	CHECK(waiters_are(fd, 0, 1));
	CHECK_EQ(0, put(sender, 1));
	CHECK_EQ(1, call_value(&call));
}

TEST(receiver_comes_before_the_broken_pipe_is_told)
{
	int fd = PORT(O_WRONLY, .flags = MAILBOX_CREATE_HANGUP, .capacity = 1);
	int receiver = open_fd(O_RDONLY, fd);
	struct closing closing;
	struct call call;

	CHECK_EQ(0, put(fd, 1));
	CALL_SEND(&call, fd, 2);
	wait_for_waiters(fd, 1, 0);
	close_start(&closing, receiver, BEFORE_HANG_UP);
	CHECK_EQ(-EPIPE, put(fd, 3));
	receiver = open_fd(O_RDONLY, fd);
	close_end(&closing);
	CHECK(waiters_are(fd, 1, 0));
	CHECK_EQ(1, take(receiver));
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(2, take(receiver));
}

/* --- a poller that is about to look, or has not said yet that it polls ------------------ */

struct gated_poller {
	struct poller poller;
	const char *where;
	int gate;
};

static void *gated_poll(void *arg)
{
	struct gated_poller *gated = arg;

	gate_arm(gated->gate, "me", gated->where);
	return poller_run(&gated->poller);
}

static void check_polled_between(const char *where)
{
	struct gated_poller gated = { .where = where, .gate = gate_new() };
	int fd = PORT(O_RDONLY), sender = open_fd(O_WRONLY, fd);

	gated.poller.fd = fd;
	gated.poller.events = IN;
	CHECK_EQ(0, pthread_create(&gated.poller.thread, NULL, gated_poll, &gated));
	gate_wait(gated.gate);
	CHECK_EQ(0, put(sender, 1));
	gate_go(gated.gate);
	CHECK_EQ(IN, poller_end(&gated.poller));
}

TEST(message_comes_before_the_poller_is_noted)
{
	check_polled_between("before __pollwait");
}

TEST(message_comes_before_the_poller_looks)
{
	check_polled_between("after __pollwait");
}

/* --- a watcher that has looked, and does not sleep yet ---------------------------------- */

TEST(port_changes_before_its_watcher_sleeps)
{
	struct mailbox_ioc_port_wait wait = { .events = MAILBOX_EVENT_MESSAGE };
	int fd = PORT(O_RDWR), gate;
	struct call call;

	gate = gated_start(&call, fd, MAILBOX_IOC_PORT_WAIT, &wait, "before mbx_watcher_sleep");
	gate_wait(gate);
	CHECK_EQ(0, put(fd, 1));
	gate_go(gate);
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(1, take(fd));
}

/* Who it waits for was there when it was bound, and has gone before it looks. */
TEST(peer_leaves_before_the_open_that_waits_for_it_looks)
{
	char *name = unique_name();
	int keep = NAMED_PORT(O_RDONLY, name), sender = node_open(O_WRONLY), gate;
	struct mailbox_ioc_port_open arg = { .flags = MAILBOX_BIND_PEER };
	struct call call;

	strcpy(arg.name, name);
	CHECK_EQ(0, OPEN(sender, name));
	gate = gated_start(&call, node_open(O_RDONLY), MAILBOX_IOC_PORT_OPEN, &arg,
			   "before mbx_handle_wait_bound");
	/* It need not come there at all. */
	WAIT_FOR(gate_holds(gate) || atomic_load(&call.done));
	close(sender);
	gate_go(gate);
	CHECK_EQ(0, call_join(&call));
	close(keep);
}
