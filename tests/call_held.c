// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls whose caller or server is held in the middle of a copy, as long as the
 * test wants: userfaultfd stops it at a page that is not there yet.
 */
#include "window.h"

/* The server is held when it returns, with the request that is there. */
static void serve_held(struct call *held, int fd, struct trap *trap, __u32 flags)
{
	held->receive = (struct mailbox_ioc_receive){ .flags = flags };
	held->receive.data = user_pointer(trap->page);
	held->receive.size = sizeof(int);
	call_start(held, fd, MAILBOX_IOC_RECEIVE, &held->receive, 0);
	trap_wait(trap);
}

/* --- the server is held ------------------------------------------------------- */

TEST(held_server_gets_the_request)
{
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR);
	struct asker asker;
	struct call held;

	ASK(&asker, fd, 7);
	serve_held(&held, fd, &trap, 0);
	/* It is not received yet, and nobody else's. */
	CHECK_EQ(-EAGAIN, take(fd));
	CHECK_EQ(0, port_stat(fd).requests);
	CHECK(waiters_are(fd, 1, 0));
	trap_fill(&trap, 0);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(7, trapped_value(&trap));
	CHECK_EQ(1, port_stat(fd).requests);
	CHECK_EQ(0, answer(fd, held.receive.token, 1));
	CHECK_EQ(1, answer_of(&asker));
}

TEST(held_server_fails)
{
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR);
	struct asker asker;
	struct call held;

	ASK(&asker, fd, 7);
	serve_held(&held, fd, &trap, 0);
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	CHECK(waiters_are(fd, 1, 0));
	CHECK_EQ(1, messages(fd));
	CHECK_EQ(0, answer(fd, serve(fd, 7), 1));
	CHECK_EQ(1, answer_of(&asker));
}

TEST(request_of_a_failed_copy_goes_to_who_waits_for_it)
{
	struct trap trap = trap_new();
	struct call held, next;
	int fd = PORT(O_RDWR);
	struct asker asker;

	ASK(&asker, fd, 7);
	serve_held(&held, fd, &trap, 0);
	CALL_RECEIVE(&next, fd);
	wait_for_waiters(fd, 1, 1);
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	CHECK_EQ(7, call_value(&next));
	CHECK_EQ(0, answer(fd, next.receive.token, 1));
	CHECK_EQ(1, answer_of(&asker));
}

struct victim {
	int fd;
	bool calls;
	struct trap trap;
	atomic_bool held;
};

static void be_held(void *arg)
{
	struct victim *victim = arg;
	struct call call;

	if (victim->calls) {
		CALL(victim->fd, .data = user_pointer(&victim->fd), .len = sizeof(int));
		FAIL("the call came back");
	}
	victim->trap = trap_new();
	serve_held(&call, victim->fd, &victim->trap, 0);
	victim->held = true;
	call_join(&call);
	FAIL("was let go");
}

/* It had not received the request: another one does. */
TEST(held_server_is_killed)
{
	struct victim *victim = shared_alloc(sizeof(*victim));
	int fd = PORT(O_RDWR), i;
	struct asker asker;
	pid_t pid;

	close(trap_new().fd);
	victim->fd = fd;
	ASK(&asker, fd, 7);
	for (i = 0; i < 10; i++) {
		victim->held = false;
		pid = spawn(be_held, victim);
		WAIT_FOR(victim->held);
		CHECK_EQ(0, messages(fd));
		kill(pid, SIGKILL);
		reap_status(pid);
		CHECK_EQ(1, messages(fd));
		CHECK(waiters_are(fd, 1, 0));
	}
	CHECK_EQ(0, answer(fd, serve(fd, 7), 1));
	CHECK_EQ(1, answer_of(&asker));
}

/* --- the caller goes while its server is held ---------------------------------- */

/* The copy was good, but there is nobody any more: nothing was received. */
static void check_nothing_received(struct call *held, int fd, struct trap *trap)
{
	CHECK(!held->done);
	CHECK(waiters_are(fd, 0, 0));
	trap_fill(trap, 0);
	CHECK_EQ(-EAGAIN, call_join(held));
	CHECK_EQ(0, port_stat(fd).requests);
	CHECK_EQ(0, port_stat(fd).sent);
	CHECK_EQ(0, port_stat(fd).received);
	CHECK_EQ(-EAGAIN, take(fd));
}

static void check_deadline_of_a_held_server(int fd)
{
	struct trap trap = trap_new();
	struct asker asker;
	struct call held;

	ASK(&asker, fd, 7, .deadline_ns = deadline_soon());
	serve_held(&held, fd, &trap, QUIET);
	CHECK_EQ(-ETIMEDOUT, answer_of(&asker));
	check_nothing_received(&held, fd, &trap);
}

TEST(caller_times_out_while_the_server_is_held)
{
	check_deadline_of_a_held_server(PORT(O_RDWR));
}

TEST(caller_times_out_while_the_server_of_a_rendezvous_is_held)
{
	check_deadline_of_a_held_server(PORT(O_RDWR, RENDEZVOUS));
}

TEST(caller_is_killed_while_the_server_is_held)
{
	struct victim *victim = shared_alloc(sizeof(*victim));
	struct trap trap = trap_new();
	struct call held;
	pid_t pid;

	victim->fd = PORT(O_RDWR);
	victim->calls = true;
	pid = spawn(be_held, victim);
	wait_for_waiters(victim->fd, 1, 0);
	serve_held(&held, victim->fd, &trap, QUIET);
	kill(pid, SIGKILL);
	reap_status(pid);
	check_nothing_received(&held, victim->fd, &trap);
}

/* The server is held with the first request, and gets the one made anew. */
TEST(caller_begins_anew_while_the_server_is_held)
{
	struct sigaction action = { .sa_handler = count_signal, .sa_flags = SA_RESTART };
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR);
	struct asker asker;
	struct call held;

	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
	ASK(&asker, fd, 7);
	serve_held(&held, fd, &trap, 0);
	pthread_kill(asker.call.thread, SIGUSR1);
	WAIT_FOR(messages(fd) == 1);
	CHECK_EQ(1, signals);
	trap_fill(&trap, 0);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(7, trapped_value(&trap));
	CHECK_EQ(2, held.receive.seq);
	CHECK_EQ(0, messages(fd));
	CHECK_EQ(0, answer(fd, held.receive.token, 1));
	CHECK_EQ(1, answer_of(&asker));
}

TEST(caller_times_out_and_the_copy_fails)
{
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR);
	struct asker asker;
	struct call held;

	ASK(&asker, fd, 7, .deadline_ns = deadline_soon());
	serve_held(&held, fd, &trap, 0);
	CHECK_EQ(-ETIMEDOUT, answer_of(&asker));
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	CHECK_EQ(0, messages(fd));
	CHECK_EQ(-EAGAIN, take(fd));
}

TEST(port_is_destroyed_while_the_server_is_held)
{
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR);
	struct asker asker;
	struct call held;

	ASK(&asker, fd, 7);
	serve_held(&held, fd, &trap, 0);
	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(-EIDRM, answer_of(&asker));
	trap_fill(&trap, 0);
	CHECK_EQ(-EIDRM, call_join(&held));
}

/* --- the answer is held -------------------------------------------------------- */

struct answering {
	struct call call;
	struct mailbox_ioc_reply reply;
};

static void answer_held(struct answering *held, int fd, __u64 token, struct trap *trap)
{
	held->reply = (struct mailbox_ioc_reply){ .token = token, .len = sizeof(int) };
	held->reply.data = user_pointer(trap->page);
	call_start(&held->call, fd, MAILBOX_IOC_REPLY, &held->reply, 0);
	trap_wait(trap);
}

TEST(held_answer_arrives)
{
	struct trap trap = trap_new();
	struct answering held;
	int fd = PORT(O_RDWR);
	struct asker asker;

	ASK(&asker, fd, 7);
	answer_held(&held, fd, serve(fd, 7), &trap);
	CHECK_EQ(1, port_stat(fd).requests);
	trap_fill(&trap, 42);
	CHECK_EQ(0, call_join(&held.call));
	CHECK_EQ(42, answer_of(&asker));
}

TEST(another_answers_while_one_is_held)
{
	struct trap trap = trap_new();
	struct answering held;
	int fd = PORT(O_RDWR);
	struct asker asker;
	__u64 token;

	ASK(&asker, fd, 7);
	token = serve(fd, 7);
	answer_held(&held, fd, token, &trap);
	CHECK_EQ(0, answer(fd, token, 1));
	CHECK_EQ(1, answer_of(&asker));
	trap_fill(&trap, 42);
	CHECK_EQ(-ESRCH, call_join(&held.call));
}

TEST(caller_times_out_while_the_answer_is_held)
{
	struct trap trap = trap_new();
	struct answering held;
	int fd = PORT(O_RDWR);
	struct asker asker;

	ASK(&asker, fd, 7, .deadline_ns = deadline_soon());
	answer_held(&held, fd, serve(fd, 7), &trap);
	CHECK_EQ(-ETIMEDOUT, answer_of(&asker));
	trap_fill(&trap, 42);
	CHECK_EQ(-ESRCH, call_join(&held.call));
	CHECK_EQ(0, port_stat(fd).requests);
}

/* The caller has its answer while the server is still at the next request. */
TEST(answer_arrives_before_the_next_request_is_copied)
{
	struct trap trap = trap_new();
	struct asker first, next;
	int fd = PORT(O_RDWR);
	struct turn turn;
	struct call held;

	ASK(&first, fd, 7);
	turn_fill(&turn, serve(fd, 7), 42, 0);
	turn.arg.receive.data = user_pointer(trap.page);
	ask_args(&next, fd, 8, (struct mailbox_ioc_call){});
	wait_for_waiters(fd, 2, 0);
	call_start(&held, fd, MAILBOX_IOC_REPLY_RECEIVE, &turn.arg, 0);
	trap_wait(&trap);
	CHECK_EQ(42, answer_of(&first));
	trap_fill(&trap, 0);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(8, trapped_value(&trap));
	CHECK_EQ(0, turn.arg.reply.token);
	CHECK_EQ(0, answer(fd, turn.arg.receive.token, 80));
	CHECK_EQ(80, answer_of(&next));
}

/* --- the caller is held -------------------------------------------------------- */

/* It looks at the buffer for the answer before it sends anything. */
static void ask_held(struct asker *asker, int fd, struct trap *trap)
{
	asker_fill(asker, 7, (struct mailbox_ioc_call){});
	asker->arg.reply = user_pointer(trap->page);
	call_start(&asker->call, fd, MAILBOX_IOC_CALL, &asker->arg, 0);
	trap_wait(trap);
	CHECK_EQ(0, messages(fd));
	CHECK_EQ(0, port_stat(fd).sent);
}

TEST(buffer_for_the_answer_comes_late)
{
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR);
	struct asker asker;

	ask_held(&asker, fd, &trap);
	trap_fill(&trap, 0);
	CHECK_EQ(0, answer(fd, serve(fd, 7), 42));
	CHECK_EQ(0, call_join(&asker.call));
	CHECK_EQ(42, trapped_value(&trap));
}

TEST(buffer_for_the_answer_goes_before_the_call)
{
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR);
	struct asker asker;

	ask_held(&asker, fd, &trap);
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&asker.call));
	CHECK_EQ(0, port_stat(fd).sent);
	CHECK(waiters_are(fd, 0, 0));
}
