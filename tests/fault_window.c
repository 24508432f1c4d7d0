// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes held in the middle of a copy to or from their memory, as long as
 * the test wants: userfaultfd stops them at a page that is not there yet. What
 * others do meanwhile must work, and what was copied in vain must not count.
 */
#include "window.h"

static void read_held(struct call *call, int fd, struct trap *trap)
{
	call_start(call, fd, CALL_READ, trap->page, sizeof(int));
	trap_wait(trap);
}

TEST(held_receiver_holds_up_nobody)
{
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR, .capacity = 2);
	struct call held;

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, put(fd, 2));
	RECEIVE_HELD(&held, fd, &trap);
	CHECK_EQ(0, put(fd, 3));
	CHECK_EQ(2, take(fd));
	CHECK_EQ(3, take(fd));
	CHECK_EQ(-EAGAIN, take(fd));
	CHECK_EQ(0, messages(fd));
	trap_fill(&trap, 0);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(1, trapped_value(&trap));
}

TEST(held_reader_holds_up_nobody)
{
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR, .capacity = 2);
	struct call held;

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, put(fd, 2));
	read_held(&held, fd, &trap);
	CHECK_EQ(2, take(fd));
	trap_fill(&trap, 0);
	CHECK_EQ(4, call_join(&held));
	CHECK_EQ(1, trapped_value(&trap));
}

/* Only one of them gets it, however long the first one takes. */
TEST(message_in_a_copy_is_nobody_elses)
{
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR);
	struct call held;

	CHECK_EQ(0, put(fd, 1));
	RECEIVE_HELD(&held, fd, &trap);
	CHECK_EQ(-EAGAIN, take(fd));
	CHECK_EQ(-EAGAIN, take_as(fd, 0, 0, MAILBOX_RECEIVE_PEEK));
	trap_fill(&trap, 0);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(-EAGAIN, take(fd));
}

TEST(message_of_a_failed_copy_goes_back_to_its_place)
{
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR, .capacity = 4);
	struct call held;

	CHECK_EQ(0, put_as(fd, 1, 0, 5));
	CHECK_EQ(0, put_as(fd, 2, 0, 5));
	RECEIVE_HELD(&held, fd, &trap);
	CHECK_EQ(0, put_as(fd, 3, 0, 5));
	CHECK_EQ(0, put_as(fd, 4, 0, 9));
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	CHECK_EQ(4, messages(fd));
	CHECK_EQ(0, port_stat(fd).received);
	CHECK_EQ(4, take(fd));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(2, take(fd));
	CHECK_EQ(3, take(fd));
}

/* Its room was given to another: the port holds one more than its capacity. */
TEST(message_of_a_failed_copy_finds_its_room_taken)
{
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR, .capacity = 1);
	struct call held;

	CHECK_EQ(0, put(fd, 1));
	RECEIVE_HELD(&held, fd, &trap);
	CHECK_EQ(0, put(fd, 2));
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	CHECK_EQ(2, messages(fd));
	CHECK_EQ(-EAGAIN, put(fd, 3));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(-EAGAIN, put(fd, 3));
	CHECK_EQ(2, take(fd));
	CHECK_EQ(0, put(fd, 3));
}

TEST(message_of_a_failed_copy_goes_to_who_waits_for_it)
{
	struct trap trap = trap_new();
	struct call held, next;
	int fd = PORT(O_RDWR);

	CHECK_EQ(0, put(fd, 1));
	RECEIVE_HELD(&held, fd, &trap);
	CALL_RECEIVE(&next, fd);
	wait_for_waiters(fd, 0, 1);
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	CHECK_EQ(1, call_value(&next));
	CHECK_EQ(0, messages(fd));
}

TEST(message_of_a_failed_copy_wakes_poll)
{
	struct pollfd poll_fd = { .events = POLLIN };
	struct trap trap = trap_new();
	struct call held;
	int fd = PORT(O_RDWR);

	CHECK_EQ(0, put(fd, 1));
	RECEIVE_HELD(&held, fd, &trap);
	poll_fd.fd = fd;
	CHECK_EQ(0, RESULT(poll(&poll_fd, 1, 0)));
	trap_break(&trap);
	CHECK_EQ(1, RESULT(poll(&poll_fd, 1, -1)));
	CHECK_EQ(-EFAULT, call_join(&held));
}

struct victim {
	int fd;
	struct trap trap;
	atomic_bool held;
};

static void be_held(void *arg)
{
	struct victim *victim = arg;
	struct call call;

	victim->trap = trap_new();
	RECEIVE_HELD(&call, victim->fd, &victim->trap);
	victim->held = true;
	call_join(&call);
	FAIL("was let go");
}

TEST(message_of_a_killed_receiver_goes_back)
{
	struct victim *victim = shared_alloc(sizeof(*victim));
	int fd = PORT(O_RDWR, .capacity = 4), i;
	pid_t pid;

	close(trap_new().fd);
	victim->fd = fd;
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, put(fd, 2));
	for (i = 0; i < 20; i++) {
		victim->held = false;
		pid = spawn(be_held, victim);
		WAIT_FOR(victim->held);
		CHECK_EQ(1, messages(fd));
		kill(pid, SIGKILL);
		reap_status(pid);
		CHECK_EQ(2, messages(fd));
	}
	CHECK_EQ(1, take(fd));
	CHECK_EQ(2, take(fd));
}

TEST(sync_sender_waits_for_a_held_receiver)
{
	struct trap trap = trap_new();
	struct call held, send;
	int fd = PORT(O_RDWR);

	CALL_SEND(&send, fd, 1, .flags = MAILBOX_SEND_SYNC);
	wait_for_waiters(fd, 1, 0);
	RECEIVE_HELD(&held, fd, &trap);
	wait_for_waiters(fd, 1, 0);
	CHECK(!send.done);
	trap_fill(&trap, 0);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(1, trapped_value(&trap));
	CHECK_EQ(0, call_join(&send));
	CHECK_EQ(held.tid, send.send.taken_tid);
}

TEST(sync_sender_is_not_told_of_a_failed_copy)
{
	struct trap trap = trap_new();
	struct call held, send;
	int fd = PORT(O_RDWR);

	CALL_SEND(&send, fd, 1, .flags = MAILBOX_SEND_SYNC);
	wait_for_waiters(fd, 1, 0);
	RECEIVE_HELD(&held, fd, &trap);
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	wait_for_waiters(fd, 1, 0);
	CHECK(!send.done);
	CHECK_EQ(1, take(fd));
	CHECK_EQ(0, call_join(&send));
}

/*
 * The sender's deadline passes while the receiver is held. The sender is told
 * so at once, and the receiver, whose copy is good, must not report it.
 */
static void check_withdrawn_from_a_held_receiver(struct call *send, int fd, bool reading)
{
	struct trap trap = trap_new();
	long long deadline = send->send.deadline_ns;
	struct call held;

	if (reading)
		read_held(&held, fd, &trap);
	else
		RECEIVE_HELD(&held, fd, &trap);
	CHECK_EQ(-ETIMEDOUT, call_join(send));
	CHECK_RANGE(deadline, deadline + 5 * NSEC_PER_SEC, send->finished_ns);
	CHECK(!held.done);
	trap_fill(&trap, 0);
	/* It is there for the next message. */
	wait_for_waiters(fd, 0, 1);
	CHECK(!held.done);
	CHECK_EQ(0, messages(fd));
	CHECK_EQ(0, put(fd, 42));
	CHECK_EQ(reading ? 4 : 0, call_join(&held));
	CHECK_EQ(42, trapped_value(&trap));
	CHECK_EQ(1, port_stat(fd).sent);
	CHECK_EQ(1, port_stat(fd).received);
}

TEST(sync_sender_gives_up_while_the_receiver_is_held)
{
	int fd = PORT(O_RDWR);
	struct call send;

	CALL_SEND(&send, fd, 1, .flags = MAILBOX_SEND_SYNC,
		  .deadline_ns = deadline_soon());
	wait_for_waiters(fd, 1, 0);
	check_withdrawn_from_a_held_receiver(&send, fd, false);
}

TEST(sync_sender_gives_up_while_the_reader_is_held)
{
	int fd = PORT(O_RDWR);
	struct call send;

	CALL_SEND(&send, fd, 1, .flags = MAILBOX_SEND_SYNC,
		  .deadline_ns = deadline_soon());
	wait_for_waiters(fd, 1, 0);
	check_withdrawn_from_a_held_receiver(&send, fd, true);
}

TEST(sync_rendezvous_sender_gives_up_while_the_receiver_is_held)
{
	int fd = PORT(O_RDWR, RENDEZVOUS);
	struct call send;

	CALL_SEND(&send, fd, 1, .flags = MAILBOX_SEND_SYNC,
		  .deadline_ns = deadline_soon());
	wait_for_waiters(fd, 1, 0);
	check_withdrawn_from_a_held_receiver(&send, fd, false);
}

/* Without SYNC to be taken is to be accepted, whatever becomes of the copy. */
TEST(rendezvous_sender_waits_for_no_copy)
{
	struct trap trap = trap_new();
	struct call held, send;
	int fd = PORT(O_RDWR, RENDEZVOUS);

	CALL_SEND(&send, fd, 1);
	wait_for_waiters(fd, 1, 0);
	RECEIVE_HELD(&held, fd, &trap);
	CHECK_EQ(0, call_join(&send));
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	CHECK_EQ(1, messages(fd));
	CHECK_EQ(1, port_stat(fd).sent);
	CHECK_EQ(1, take(fd));
}

static void ignore(int number)
{
	(void)number;
}

TEST(sync_sender_is_interrupted_while_the_receiver_is_held)
{
	struct sigaction action = { .sa_handler = ignore };
	struct trap trap = trap_new();
	struct call held, send;
	int fd = PORT(O_RDWR);

	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
	CALL_SEND(&send, fd, 1, .flags = MAILBOX_SEND_SYNC);
	wait_for_waiters(fd, 1, 0);
	RECEIVE_HELD(&held, fd, &trap, .flags = MAILBOX_RECEIVE_NONBLOCK);
	pthread_kill(send.thread, SIGUSR1);
	CHECK_EQ(-EINTR, call_join(&send));
	trap_fill(&trap, 0);
	CHECK_EQ(-EAGAIN, call_join(&held));
}

/* Both fail: the sender was told, so it is not to go back into the queue. */
TEST(withdrawn_message_of_a_failed_copy_is_gone)
{
	struct trap trap = trap_new();
	struct call held, send;
	int fd = PORT(O_RDWR);

	CALL_SEND(&send, fd, 1, .flags = MAILBOX_SEND_SYNC,
		  .deadline_ns = deadline_soon());
	wait_for_waiters(fd, 1, 0);
	RECEIVE_HELD(&held, fd, &trap);
	CHECK_EQ(-ETIMEDOUT, call_join(&send));
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	CHECK_EQ(-EAGAIN, take(fd));
	CHECK_EQ(0, messages(fd));
}

/* It was accepted when it was taken, before what was sent afterwards. */
TEST(failed_copy_from_a_sleeping_sender)
{
	struct trap trap = trap_new();
	struct call held, send;
	int fd = PORT(O_RDWR, .capacity = 1);

	CHECK_EQ(0, put_as(fd, 1, 1, 0));
	CALL_SEND(&send, fd, 2, .type = 2);
	wait_for_waiters(fd, 1, 0);
	RECEIVE_HELD(&held, fd, &trap, .select = MAILBOX_SELECT_TYPE, .match = 2);
	CHECK_EQ(0, call_join(&send));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(0, put_as(fd, 3, 2, 0));
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	CHECK_EQ(2, messages(fd));
	CHECK_EQ(2, take(fd));
	CHECK_EQ(3, take(fd));
}

TEST(destroy_while_a_receiver_is_held)
{
	struct trap trap = trap_new();
	struct call held;
	int fd = PORT(O_RDWR);

	CHECK_EQ(0, put(fd, 1));
	RECEIVE_HELD(&held, fd, &trap);
	CHECK_EQ(0, port_destroy(fd, NULL));
	trap_fill(&trap, 0);
	/* It was taken before the end. */
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(1, trapped_value(&trap));
}

TEST(destroy_while_a_failing_receiver_is_held)
{
	int fd = PORT(O_RDWR), other = node_open(O_RDONLY);
	unsigned long long before = info(other).user_bytes;
	struct trap trap = trap_new();
	struct call held;

	CHECK_EQ(0, put(fd, 1));
	RECEIVE_HELD(&held, fd, &trap);
	CHECK_EQ(0, port_destroy(fd, NULL));
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	CHECK_EQ(before, info(other).user_bytes);
}

TEST(destroy_while_the_receiver_of_a_sync_message_is_held)
{
	struct trap trap = trap_new();
	struct call held, send;
	int fd = PORT(O_RDWR);

	CALL_SEND(&send, fd, 1, .flags = MAILBOX_SEND_SYNC);
	wait_for_waiters(fd, 1, 0);
	RECEIVE_HELD(&held, fd, &trap);
	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(-EIDRM, call_join(&send));
	trap_fill(&trap, 0);
	/* The sender was told that nobody got it. */
	CHECK_EQ(-EIDRM, call_join(&held));
}

TEST(destroy_while_a_peek_is_held)
{
	int fd = PORT(O_RDWR), other = node_open(O_RDONLY);
	unsigned long long before = info(other).user_bytes;
	struct trap trap = trap_new();
	struct call held;

	CHECK_EQ(0, put(fd, 1));
	RECEIVE_HELD(&held, fd, &trap, .flags = MAILBOX_RECEIVE_PEEK);
	CHECK_EQ(0, port_destroy(fd, NULL));
	trap_fill(&trap, 0);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(1, trapped_value(&trap));
	CHECK_EQ(before, info(other).user_bytes);
}

TEST(message_is_taken_while_a_peek_is_held)
{
	struct trap trap = trap_new();
	struct call held;
	int fd = PORT(O_RDWR);

	CHECK_EQ(0, put(fd, 1));
	RECEIVE_HELD(&held, fd, &trap, .flags = MAILBOX_RECEIVE_PEEK);
	CHECK_EQ(1, take(fd));
	CHECK_EQ(-EAGAIN, take(fd));
	trap_fill(&trap, 0);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(1, trapped_value(&trap));
}

TEST(last_close_while_a_receiver_is_held)
{
	struct trap trap = trap_new();
	struct call held;
	int fd = PORT(O_RDWR);

	CHECK_EQ(0, put(fd, 1));
	RECEIVE_HELD(&held, fd, &trap);
	close(fd);
	trap_fill(&trap, 0);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(1, trapped_value(&trap));
}

TEST(held_sender_holds_up_nobody)
{
	struct trap trap = trap_new();
	struct call held;
	int fd = PORT(O_RDWR, .capacity = 2);

	SEND_HELD(&held, fd, &trap);
	CHECK_EQ(0, messages(fd));
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, put(fd, 2));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(2, take(fd));
	trap_fill(&trap, 3);
	CHECK_EQ(0, call_join(&held));
	CHECK_EQ(3, take(fd));
}

TEST(held_sender_that_fails_sends_nothing)
{
	struct trap trap = trap_new();
	int fd = PORT(O_RDWR), other = node_open(O_RDONLY);
	unsigned long long before = info(other).user_bytes;
	struct call held;

	SEND_HELD(&held, fd, &trap);
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	CHECK_EQ(0, messages(fd));
	CHECK_EQ(before, info(other).user_bytes);
}

TEST(destroy_while_a_sender_is_held)
{
	struct trap trap = trap_new();
	struct call held;
	int fd = PORT(O_RDWR);

	SEND_HELD(&held, fd, &trap);
	CHECK_EQ(0, port_destroy(fd, NULL));
	trap_fill(&trap, 1);
	CHECK_EQ(-EIDRM, call_join(&held));
}

/* A reader that has given its message back is behind nobody's end of file. */
TEST(end_of_file_waits_for_no_copy)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDONLY, name, .flags = MAILBOX_CREATE_HANGUP);
	int sender = port_open(O_WRONLY, name);
	struct trap trap = trap_new();
	struct call held;

	CHECK_EQ(0, put(sender, 1));
	RECEIVE_HELD(&held, fd, &trap);
	close(sender);
	trap_break(&trap);
	CHECK_EQ(-EFAULT, call_join(&held));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(-EPIPE, take(fd));
}
