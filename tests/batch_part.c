// SPDX-License-Identifier: GPL-2.0-only
/*
 * Batches that end early, and those that are refused as a whole.
 */
#include "allow.h"
#include "call.h"
#include "many.h"

/* --- an array that is refused --------------------------------------------------------- */

/* Room for an array of which so many bytes are in memory like any other. Checked. */
static void *split_array(size_t before, int protection)
{
	long page = sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(pages != MAP_FAILED);
	CHECK_OK(mprotect(pages + page, page, protection));
	return pages + page - before;
}

/* Five entries, of which the first three may be read and written. */
static void check_send_array(int protection)
{
	struct mailbox_send_entry *array = split_array(3 * sizeof(*array), protection);
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR);

	memcpy(array, batch->out, 3 * sizeof(*array));
	sending(batch, 5, 0)->entries = user_pointer(array);
	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_SEND_BATCH, &batch->send));
	CHECK_EQ(0, batch->send.done);
	CHECK_EQ(0, array[0].seq);
	CHECK_EQ(0, messages(fd));
}

TEST(send_array_that_is_there_in_part)
{
	check_send_array(PROT_NONE);
}

TEST(send_array_that_can_be_written_in_part)
{
	check_send_array(PROT_READ);
}

static void check_receive_array(int protection)
{
	struct mailbox_receive_entry *array = split_array(3 * sizeof(*array), protection);
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR);

	put_range(fd, 1, 5);
	memcpy(array, batch->in, 3 * sizeof(*array));
	receiving(batch, 5, 0)->entries = user_pointer(array);
	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_RECEIVE_BATCH, &batch->receive));
	CHECK_EQ(0, batch->receive.done);
	CHECK_LEFT(fd, 1, 5);
}

TEST(receive_array_that_is_there_in_part)
{
	check_receive_array(PROT_NONE);
}

TEST(receive_array_that_can_be_written_in_part)
{
	check_receive_array(PROT_READ);
}

TEST(padding_of_the_last_entry)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR);

	batch->out[4].pad = 1;
	CHECK_EQ(-EINVAL, send_some(batch, fd, 5));
	CHECK_EQ(0, messages(fd));
	put_range(fd, 1, 5);
	batch->in[4].pad = 1;
	CHECK_EQ(-EINVAL, receive_some(batch, fd, 5));
	CHECK_LEFT(fd, 1, 5);
}

TEST(tail_of_the_last_entry)
{
	static struct {
		struct mailbox_send_entry entry;
		__u64 tail;
	} out[5];
	static struct {
		struct mailbox_receive_entry entry;
		__u64 tail;
	} in[5];
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR);

	out[4].tail = 1;
	*sending(batch, 5, 0) = (struct mailbox_ioc_send_batch){
		.count = 5, .entries = user_pointer(out), .entry_size = sizeof(out[0]),
	};
	CHECK_EQ(-E2BIG, command(fd, MAILBOX_IOC_SEND_BATCH, &batch->send));
	CHECK_EQ(0, messages(fd));
	put_range(fd, 1, 5);
	in[4].tail = 1;
	*receiving(batch, 5, 0) = (struct mailbox_ioc_receive_batch){
		.count = 5, .entries = user_pointer(in), .entry_size = sizeof(in[0]),
	};
	CHECK_EQ(-E2BIG, command(fd, MAILBOX_IOC_RECEIVE_BATCH, &batch->receive));
	CHECK_LEFT(fd, 1, 5);
}

TEST(flags_that_a_batch_does_not_have)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR);

	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_SEND_BATCH,
				  sending(batch, 1, MAILBOX_SEND_SYNC)));
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(-EINVAL, receive_flags(batch, fd, 1, MAILBOX_RECEIVE_PEEK));
	receiving(batch, 1, 0)->lease_ns = 1;
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_RECEIVE_BATCH, &batch->receive));
	CHECK_LEFT(fd, 1, 1);
}

TEST(handles_that_may_not)
{
	int out = PORT(O_WRONLY), in = open_fd(O_RDONLY, out), unbound = node_open(O_RDWR);
	struct batch *batch = batch_new();

	CHECK_EQ(-EBADF, send_some(batch, in, 1));
	CHECK_EQ(-EBADF, receive_some(batch, out, 1));
	CHECK_EQ(-ENOTCONN, send_some(batch, unbound, 1));
	CHECK_EQ(-ENOTCONN, receive_some(batch, unbound, 1));
}

TEST(failed_call_leaves_all_as_it_was)
{
	int fd = PORT(O_RDWR, .capacity = 1);
	struct batch *batch = batch_new(), *before = batch_new();

	memset(&batch->in[0].len, 0x55, 24);
	memset(&batch->out[0].seq, 0x55, 8);
	sending(batch, 3, MAILBOX_SEND_NONBLOCK)->error = 5;
	receiving(batch, 3, MAILBOX_RECEIVE_NONBLOCK)->done = 7;
	*before = *batch;
	CHECK_EQ(-EAGAIN, command(fd, MAILBOX_IOC_RECEIVE_BATCH, &batch->receive));
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(-EAGAIN, command(fd, MAILBOX_IOC_SEND_BATCH, &batch->send));
	CHECK(!memcmp(before, batch, sizeof(*batch)));
}

/* --- a send that ends early ------------------------------------------------------------- */

TEST(handle_that_does_not_sleep)
{
	int fd = PORT(O_RDWR | O_NONBLOCK, .capacity = 3);
	struct batch *batch = batch_new();

	CHECK_EQ(-EAGAIN, command(fd, MAILBOX_IOC_RECEIVE_BATCH, receiving(batch, 3, 0)));
	CHECK_EQ(0, command(fd, MAILBOX_IOC_SEND_BATCH, sending(batch, 5, 0)));
	CHECK_EQ(3, batch->send.done);
	CHECK_EQ(EAGAIN, batch->send.error);
}

TEST(bytes_are_enough_in_the_middle)
{
	int fd = PORT(O_RDWR, UNBOUNDED, .capacity_bytes = 2 * sizeof(int));
	struct batch *batch = batch_new();

	CHECK_EQ(2, send_some(batch, fd, 5));
	CHECK_EQ(EAGAIN, batch->send.error);
	CHECK_LEFT(fd, 0, 1);
}

TEST(deadline_on_the_other_clock)
{
	int fd = PORT(O_RDWR, .capacity = 3);
	struct batch *batch = batch_new();

	sending(batch, 3, MAILBOX_SEND_REALTIME)->deadline_ns = 1;
	/* Nothing has to sleep. */
	CHECK_EQ(0, command(fd, MAILBOX_IOC_SEND_BATCH, &batch->send));
	CHECK_EQ(3, batch->send.done);
	CHECK_LEFT(fd, 0, 2);
	sending(batch, 5, MAILBOX_SEND_REALTIME)->deadline_ns =
		deadline_in(CLOCK_REALTIME, 20 * NSEC_PER_MSEC);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_SEND_BATCH, &batch->send));
	CHECK_EQ(3, batch->send.done);
	CHECK_EQ(ETIMEDOUT, batch->send.error);
	CHECK_LEFT(fd, 0, 2);
	receiving(batch, 5, MAILBOX_RECEIVE_REALTIME)->deadline_ns =
		deadline_in(CLOCK_REALTIME, 20 * NSEC_PER_MSEC);
	CHECK_EQ(-ETIMEDOUT, command(fd, MAILBOX_IOC_RECEIVE_BATCH, &batch->receive));
}

/* Nothing was sent yet, so the call goes on. */
TEST(signal_before_the_first)
{
	int fd = PORT(O_RDWR, .capacity = 1);
	struct batch *batch = batch_new();
	struct call call;

	CHECK_EQ(0, put(fd, -1));
	handle_signal(SIGUSR1, SA_RESTART);
	call_start(&call, fd, MAILBOX_IOC_SEND_BATCH, sending(batch, 3, 0), 0);
	wait_for_waiters(fd, 1, 0);
	pthread_kill(call.thread, SIGUSR1);
	WAIT_FOR(signals == 1);
	wait_for_waiters(fd, 1, 0);
	CHECK(!call.done);
	handle_signal(SIGUSR1, 0);
	pthread_kill(call.thread, SIGUSR1);
	CHECK_EQ(-EINTR, call_join(&call));
	CHECK_LEFT(fd, -1, -1);
}

TEST(signal_before_a_receive)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR);
	struct call call;

	handle_signal(SIGUSR1, SA_RESTART);
	call_start(&call, fd, MAILBOX_IOC_RECEIVE_BATCH, receiving(batch, 3, 0), 0);
	wait_for_waiters(fd, 0, 1);
	pthread_kill(call.thread, SIGUSR1);
	WAIT_FOR(signals == 1);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, put(fd, 5));
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(1, batch->receive.done);
	CHECK_EQ(5, batch->values[0]);
}

/* What it does not send it does not keep. */
TEST(quota_is_charged_before_and_given_back)
{
	const unsigned int each = sizeof(int) + MAILBOX_MESSAGE_OVERHEAD;
	int fd = PORT(O_RDWR, .capacity = 3);
	unsigned long long before = user_bytes(fd);
	struct batch *batch = batch_new();
	struct call call;

	handle_signal(SIGUSR1, 0);
	call_start(&call, fd, MAILBOX_IOC_SEND_BATCH, sending(batch, 10, 0), 0);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(before + 10 * each, user_bytes(fd));
	pthread_kill(call.thread, SIGUSR1);
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(3, batch->send.done);
	CHECK_EQ(before + 3 * each, user_bytes(fd));
	CHECK_EQ(3, port_stat(fd).sent);
}

TEST(port_takes_shorter_ones_from_now_on)
{
	int fd = PORT(O_RDWR, .capacity = 1);
	struct batch *batch = batch_new();
	struct call call;

	call_start(&call, fd, MAILBOX_IOC_SEND_BATCH, sending(batch, 5, 0), 0);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_MESSAGE_BYTES_MAX, .message_bytes_max = 2));
	/* The one that it sleeps for may have been let in before. */
	CHECK_EQ(0, take(fd));
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(2, batch->send.done);
	CHECK_EQ(EMSGSIZE, batch->send.error);
	CHECK_LEFT(fd, 1, 1);
}

TEST(receivers_hang_up_in_the_middle)
{
	int out = PORT(O_WRONLY, .capacity = 3, .flags = MAILBOX_CREATE_HANGUP);
	int in = open_fd(O_RDONLY, out);
	struct batch *batch = batch_new();
	struct call call;

	call_start(&call, out, MAILBOX_IOC_SEND_BATCH, sending(batch, 10, 0), 0);
	wait_for_waiters(out, 1, 0);
	close(in);
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(3, batch->send.done);
	CHECK_EQ(EPIPE, batch->send.error);
	CHECK_EQ(-EPIPE, send_some(batch, out, 10));
}

static void send_until_revoked(void *arg)
{
	struct batch *batch = batch_new();
	struct guest *guest = arg;

	guest_enter(guest);
	CHECK_EQ(0, command(guest->fd, MAILBOX_IOC_SEND_BATCH, sending(batch, 10, 0)));
	CHECK_EQ(3, batch->send.done);
	CHECK_EQ(EACCES, batch->send.error);
	CHECK_EQ(-EACCES, send_some(batch, guest->fd, 10));
}

TEST(right_is_taken_away_in_the_middle)
{
	struct guest *guest = GUEST(O_WRONLY, .capacity = 3);
	pid_t pid = spawn(send_until_revoked, guest);

	wait_for_waiters(guest->owner, 1, 0);
	CHECK_EQ(0, guest_revoke(guest));
	REAP(pid);
	CHECK_LEFT(guest->owner, 0, 2);
}

TEST(nobody_who_sleeps_is_overtaken)
{
	int fd = PORT(O_RDWR, .capacity = 1);
	struct batch *batch = batch_new();
	struct call call;

	CHECK_EQ(0, put(fd, 100));
	CALL_SEND(&call, fd, 101);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(-EAGAIN, send_some(batch, fd, 3));
	CHECK_EQ(100, take(fd));
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(-EAGAIN, send_some(batch, fd, 3));
	CHECK_LEFT(fd, 101, 101);
}

TEST(one_receiver_after_the_other)
{
	int fd = PORT(O_RDWR, RENDEZVOUS), i;
	struct batch *batch = batch_new();
	struct call call;

	CHECK_EQ(-EAGAIN, send_some(batch, fd, 3));
	call_start(&call, fd, MAILBOX_IOC_SEND_BATCH, sending(batch, 3, 0), 0);
	for (i = 0; i < 3; i++) {
		wait_for_waiters(fd, 1, 0);
		CHECK_EQ(i, take(fd));
	}
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(3, batch->send.done);
}

/* --- a receive that ends early ------------------------------------------------------------ */

TEST(message_whose_sender_waits_for_it)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR), i, count;
	struct call call;

	put_range(fd, 1, 2);
	CALL_SEND(&call, fd, 3, .flags = MAILBOX_SEND_SYNC);
	wait_for_waiters(fd, 1, 0);
	CHECK_EQ(0, put(fd, 4));
	for (i = 0; i < 4; i += count) {
		count = receive_some(batch, fd, MANY);
		CHECK(count > 0);
		CHECK_EQ(0, batch->receive.error);
		CHECK_EQ(i + 1, batch->values[0]);
		CHECK_EQ(i + count, batch->values[count - 1]);
	}
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(getpid(), call.send.taken_pid);
	CHECK_EQ(sizeof(int), call.send.taken_bytes);
}

TEST(request_is_the_first)
{
	int fd = PORT(O_RDWR), other = open_fd(O_WRONLY, fd);
	struct batch *batch = batch_new();
	struct asker asker;

	ASK(&asker, other, 5);
	CHECK_EQ(0, put(fd, 6));
	CHECK(receive_flags(batch, fd, MANY, MAILBOX_RECEIVE_LEASE) > 0);
	CHECK_EQ(5, batch->values[0]);
	CHECK_EQ(MAILBOX_MESSAGE_REQUEST, batch->in[0].kind);
	CHECK_EQ(sizeof(int), batch->in[0].reply_size);
	CHECK_EQ(0, batch->in[0].deliveries);
	CHECK_EQ(1, port_stat(fd).requests);
	CHECK_EQ(0, answer(fd, batch->in[0].token, 50));
	CHECK_EQ(50, answer_of(&asker));
}

TEST(request_is_the_next)
{
	int fd = PORT(O_RDWR), other = open_fd(O_WRONLY, fd);
	struct batch *batch = batch_new();
	struct asker asker;

	CHECK_EQ(0, put(fd, 4));
	ASK(&asker, other, 5);
	CHECK_EQ(1, receive_some(batch, fd, MANY));
	CHECK_EQ(0, batch->receive.error);
	CHECK_EQ(1, receive_some(batch, fd, MANY));
	CHECK_EQ(5, batch->values[0]);
	CHECK_EQ(0, answer(fd, batch->in[0].token, 50));
	CHECK_EQ(50, answer_of(&asker));
}

TEST(senders_hang_up)
{
	int in = PORT(O_RDONLY, .flags = MAILBOX_CREATE_HANGUP), out = open_fd(O_WRONLY, in);
	struct batch *batch = batch_new();
	struct call call;

	CHECK_EQ(3, send_some(batch, out, 3));
	close(out);
	check_batch(batch, in, 0, 2);
	CHECK_EQ(0, batch->receive.error);
	CHECK_EQ(-EPIPE, receive_some(batch, in, MANY));
	out = open_fd(O_WRONLY, in);
	call_start(&call, in, MAILBOX_IOC_RECEIVE_BATCH, receiving(batch, 3, 0), 0);
	wait_for_waiters(in, 0, 1);
	close(out);
	CHECK_EQ(-EPIPE, call_join(&call));
}

TEST(lowest_type_first)
{
	static const int types[] = { 3, 1, 2, 1 };
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR), i;

	for (i = 0; i < 4; i++)
		CHECK_EQ(0, put_as(fd, i, types[i], 0));
	receiving(batch, MANY, 0)->select = MAILBOX_SELECT_TYPE_AT_MOST;
	batch->receive.match = 2;
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE_BATCH, &batch->receive));
	CHECK_EQ(3, batch->receive.done);
	CHECK_EQ(0, batch->receive.error);
	CHECK_EQ(1, batch->values[0]);
	CHECK_EQ(3, batch->values[1]);
	CHECK_EQ(2, batch->values[2]);
	CHECK_LEFT(fd, 0, 0);
}

/* --- leases ----------------------------------------------------------------------------------- */

TEST(short_buffer_in_the_middle_of_leases)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR);

	put_range(fd, 1, 5);
	batch->in[2].size = 2;
	CHECK_EQ(2, receive_flags(batch, fd, 5, MAILBOX_RECEIVE_LEASE));
	CHECK_EQ(EMSGSIZE, batch->receive.error);
	CHECK_EQ(2, port_stat(fd).leased);
	CHECK_EQ(0, settle(fd, MAILBOX_IOC_ACK, batch->in[0].token));
	CHECK_EQ(0, settle(fd, MAILBOX_IOC_ACK, batch->in[1].token));
	CHECK_LEFT(fd, 3, 5);
}

TEST(bad_buffer_in_the_middle_of_leases)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR);

	put_range(fd, 1, 5);
	batch->in[2].data = 8;
	CHECK_EQ(2, receive_flags(batch, fd, 5, MAILBOX_RECEIVE_LEASE));
	CHECK_EQ(EFAULT, batch->receive.error);
	CHECK_EQ(2, port_stat(fd).leased);
	CHECK_LEFT(fd, 3, 5);
}

TEST(leases_of_a_batch_run_out)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR);

	put_range(fd, 1, 5);
	receiving(batch, 4, MAILBOX_RECEIVE_LEASE)->lease_ns = 30 * NSEC_PER_MSEC;
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE_BATCH, &batch->receive));
	CHECK_EQ(4, batch->receive.done);
	WAIT_FOR(messages(fd) == 5);
	CHECK_EQ(-ESRCH, settle(fd, MAILBOX_IOC_ACK, batch->in[0].token));
	CHECK_LEFT(fd, 1, 5);
}

TEST(leases_of_a_batch_in_their_order)
{
	struct batch *batch = batch_new();
	int fd = PORT(O_RDWR), other = open_fd(O_RDONLY, fd);

	put_range(fd, 1, 5);
	CHECK_EQ(5, receive_flags(batch, other, 5, MAILBOX_RECEIVE_LEASE));
	/* Token 0 is the one that it has had for longest. */
	CHECK_EQ(0, settle(other, MAILBOX_IOC_ACK, 0));
	CHECK_EQ(-ESRCH, settle(other, MAILBOX_IOC_ACK, batch->in[0].token));
	CHECK_EQ(0, settle(other, MAILBOX_IOC_NACK, 0));
	CHECK_EQ(2, take(fd));
	close(other);
	CHECK_LEFT(fd, 3, 5);
}

static void lease_and_stay(void *arg)
{
	struct batch *batch = batch_new();
	int fd = open_fd(O_RDONLY, *(int *)arg);

	CHECK_EQ(6, receive_flags(batch, fd, 6, MAILBOX_RECEIVE_LEASE));
	for (;;)
		pause();
}

TEST(killed_with_the_leases_of_a_batch)
{
	int fd = PORT(O_RDWR);
	pid_t pid;

	put_range(fd, 1, 8);
	pid = spawn(lease_and_stay, &fd);
	WAIT_FOR(port_stat(fd).leased == 6);
	kill(pid, SIGKILL);
	reap_status(pid);
	CHECK_LEFT(fd, 1, 8);
}
