// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls: a request and its answer. How they end otherwise is in call_end.c.
 */
#include "call.h"

/* --- a request and its answer ------------------------------------------------- */

TEST(answer_arrives)
{
	int fd = PORT(O_RDWR), value = 42;
	struct asker asker;

	CHECK_EQ(0, put(fd, 1));
	ASK(&asker, fd, 7);
	CHECK_EQ(1, take(fd));
	CHECK_EQ(0, REPLY(fd, .token = serve(fd, 7), .type = ~0ULL,
			  .data = user_pointer(&value), .len = sizeof(value)));
	CHECK_EQ(42, answer_of(&asker));
	CHECK_EQ(sizeof(value), asker.arg.reply_len);
	CHECK(asker.arg.reply_type == ~0ULL);
	CHECK_EQ(2, asker.arg.seq);
	CHECK_EQ(getpid(), asker.arg.reply_pid);
	CHECK_EQ(getpid(), asker.arg.reply_tid);
	CHECK(waiters_are(fd, 0, 0));
}

TEST(request_tells_all_that_a_message_does)
{
	struct mailbox_ioc_receive receive = {};
	int fd = PORT(O_RDWR), value;
	struct asker asker;

	ASK(&asker, fd, 7, .type = 5, .priority = 3);
	receive.data = user_pointer(&value);
	receive.size = sizeof(value);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(MAILBOX_MESSAGE_REQUEST, receive.kind);
	CHECK(receive.token);
	CHECK_EQ(sizeof(int), receive.reply_size);
	CHECK_EQ(sizeof(int), receive.len);
	CHECK_EQ(5, receive.type);
	CHECK_EQ(3, receive.priority);
	CHECK_EQ(1, receive.seq);
	CHECK_EQ(0, receive.deliveries);
	CHECK_EQ(getpid(), receive.pid);
	CHECK_EQ(asker.call.tid, receive.tid);
	CHECK_EQ(0, answer(fd, receive.token, 1));
	CHECK_EQ(1, answer_of(&asker));
	/* And another message is no request, whatever is left in the struct. */
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(MAILBOX_MESSAGE_PLAIN, receive.kind);
	CHECK_EQ(0, receive.token);
	CHECK_EQ(0, receive.reply_size);
}

struct served {
	int fd;
	__u64 token;
	int tid;
};

static void *answer_in_thread(void *arg)
{
	struct served *served = arg;

	served->tid = syscall(SYS_gettid);
	CHECK_EQ(0, answer(served->fd, served->token, 42));
	return NULL;
}

static void answer_in_child(void *arg)
{
	answer_in_thread(arg);
}

TEST(another_thread_answers)
{
	struct served served = { .fd = PORT(O_RDWR) };
	struct asker asker;
	pthread_t thread;

	ASK(&asker, served.fd, 7);
	served.token = serve(served.fd, 7);
	pthread_create(&thread, NULL, answer_in_thread, &served);
	CHECK_EQ(42, answer_of(&asker));
	pthread_join(thread, NULL);
	CHECK_EQ(getpid(), asker.arg.reply_pid);
	CHECK_EQ(served.tid, asker.arg.reply_tid);
	CHECK(served.tid != getpid());
}

TEST(another_process_answers)
{
	struct served served = { .fd = PORT(O_RDWR) };
	struct asker asker;
	pid_t pid;

	ASK(&asker, served.fd, 7);
	served.token = serve(served.fd, 7);
	pid = spawn(answer_in_child, &served);
	CHECK_EQ(42, answer_of(&asker));
	REAP(pid);
	CHECK_EQ(pid, asker.arg.reply_pid);
	CHECK_EQ(pid, asker.arg.reply_tid);
}

TEST(request_is_answered_once)
{
	int fd = PORT(O_RDWR);
	struct asker asker;
	__u64 token;

	ASK(&asker, fd, 7);
	token = serve(fd, 7);
	CHECK_EQ(0, answer(fd, token, 1));
	CHECK_EQ(-ESRCH, answer(fd, token, 2));
	CHECK_EQ(1, answer_of(&asker));
	CHECK_EQ(-ESRCH, answer(fd, token, 3));
}

TEST(request_is_answered_by_the_handle_that_has_it)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name), other = port_open(O_RDWR, name);
	struct asker asker;
	__u64 token;

	ASK(&asker, fd, 7);
	token = serve(fd, 7);
	CHECK_EQ(-ESRCH, answer(other, token, 1));
	CHECK_EQ(-ESRCH, answer(fd, token + 1, 1));
	CHECK_EQ(0, answer(dup(fd), token, 2));
	CHECK_EQ(2, answer_of(&asker));
}

TEST(answers_in_another_order)
{
	struct asker askers[3];
	__u64 tokens[3];
	int fd = PORT(O_RDWR), i;

	for (i = 0; i < 3; i++) {
		ask_args(&askers[i], fd, i, (struct mailbox_ioc_call){});
		tokens[i] = serve(fd, i);
		CHECK_EQ(i + 1, port_stat(fd).requests);
	}
	CHECK_EQ(0, messages(fd));
	CHECK(waiters_are(fd, 3, 0));
	for (i = 2; i >= 0; i--) {
		CHECK_EQ(0, answer(fd, tokens[i], 100 + i));
		CHECK_EQ(100 + i, answer_of(&askers[i]));
		CHECK_EQ(i, port_stat(fd).requests);
	}
	CHECK_EQ(3, port_stat(fd).sent);
	CHECK_EQ(3, port_stat(fd).received);
}

TEST(answer_longer_than_the_caller_takes)
{
	int fd = PORT(O_RDWR);
	struct asker asker;
	char bytes[5] = "";
	__u64 token;

	ASK(&asker, fd, 7);
	token = serve(fd, 7);
	CHECK_EQ(-EMSGSIZE, REPLY(fd, .token = token, .data = user_pointer(bytes), .len = 5));
	CHECK_EQ(-EMSGSIZE, REPLY(fd, .token = token, .len = 1ULL << 40));
	CHECK(waiters_are(fd, 1, 0));
	CHECK_EQ(1, port_stat(fd).requests);
	CHECK_EQ(0, REPLY(fd, .token = token, .data = user_pointer(bytes), .len = 3));
	CHECK_EQ(0, call_join(&asker.call));
	CHECK_EQ(3, asker.arg.reply_len);
}

static void *ask_for_nothing(void *arg)
{
	/* There is no buffer where nothing comes. */
	return (void *)CALL(*(int *)arg, .len = 0);
}

TEST(empty_answer_to_an_empty_request)
{
	struct mailbox_ioc_receive receive = {};
	pthread_t thread;
	int fd = PORT(O_RDWR);
	void *result;

	pthread_create(&thread, NULL, ask_for_nothing, &fd);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(0, receive.len);
	CHECK_EQ(0, receive.reply_size);
	CHECK_EQ(-EMSGSIZE, answer(fd, receive.token, 1));
	CHECK_EQ(0, REPLY(fd, .token = receive.token));
	CHECK_EQ(0, pthread_join(thread, &result));
	CHECK(!result);
}

/* --- a crowd ------------------------------------------------------------------ */

#define CALLERS		4
#define SERVERS		4
#define EACH		250

struct crowd {
	int fd;
	char name[MAILBOX_NAME_SIZE];
	atomic_uint answered[CALLERS * EACH];
	atomic_bool stop;
};

struct member {
	struct crowd *crowd;
	unsigned int index;
};

static int transformed(int question)
{
	return question * 7 + 3;
}

static void ask_many(void *arg)
{
	struct member *me = arg;
	struct asker asker;
	unsigned int i;

	for (i = 0; i < EACH; i++) {
		int question = me->index * EACH + i;

		asker_fill(&asker, question, (struct mailbox_ioc_call){ .type = i });
		CHECK_EQ(0, command(me->crowd->fd, MAILBOX_IOC_CALL, &asker.arg));
		CHECK_EQ(transformed(question), asker.answer);
		CHECK_EQ(question, asker.arg.reply_type);
	}
}

/* Has a few in hand, and answers any of them; or always the one before. */
static void serve_many(void *arg)
{
	struct member *me = arg;
	struct crowd *crowd = me->crowd;
	int fd = me->index % 2 ? port_open(O_RDONLY, crowd->name) : crowd->fd;
	unsigned int state = me->index, count = 0, i;
	int values[3], value;
	__u64 tokens[3];

	while (!crowd->stop || count) {
		struct mailbox_ioc_receive receive = { .size = sizeof(int) };
		long long result = -EAGAIN;

		receive.data = user_pointer(&value);
		receive.deadline_ns = deadline_in(CLOCK_MONOTONIC, count ? 1 : 20 * NSEC_PER_MSEC);
		if (count < 3)
			result = command(fd, MAILBOX_IOC_RECEIVE, &receive);
		if (!result) {
			values[count] = value;
			tokens[count++] = receive.token;
			continue;
		}
		CHECK(result == -ETIMEDOUT || count == 3);
		if (!count)
			continue;
		state = state * 1103515245 + 12345;
		i = (state >> 8) % count;
		value = transformed(values[i]);
		atomic_fetch_add(&crowd->answered[values[i]], 1);
		CHECK_EQ(0, REPLY(fd, .token = tokens[i], .type = values[i],
				  .data = user_pointer(&value), .len = sizeof(value)));
		values[i] = values[--count];
		tokens[i] = tokens[count];
	}
}

static void serve_in_turn(void *arg)
{
	struct member *me = arg;
	struct turn turn;
	long long result;

	turn_fill(&turn, 0, 0, 0);
	while (!me->crowd->stop) {
		turn.arg.receive.deadline_ns = deadline_in(CLOCK_MONOTONIC, 20 * NSEC_PER_MSEC);
		result = turn_run(me->crowd->fd, &turn);
		if (result) {
			CHECK_EQ(-ETIMEDOUT, result);
			continue;
		}
		turn.answer = transformed(turn.question);
		atomic_fetch_add(&me->crowd->answered[turn.question], 1);
		turn.arg.reply.token = turn.arg.receive.token;
		turn.arg.reply.type = turn.question;
		turn.arg.reply.data = user_pointer(&turn.answer);
		turn.arg.reply.len = sizeof(turn.answer);
	}
}

static void run_crowd(int fd, const char *name, void (*server)(void *))
{
	struct crowd *crowd = shared_alloc(sizeof(*crowd));
	struct member members[CALLERS + SERVERS];
	pid_t pids[CALLERS + SERVERS];
	unsigned int i;

	crowd->fd = fd;
	strcpy(crowd->name, name);
	for (i = 0; i < CALLERS + SERVERS; i++) {
		members[i] = (struct member){ crowd, i < CALLERS ? i : i - CALLERS };
		pids[i] = spawn(i < CALLERS ? ask_many : server, &members[i]);
	}
	for (i = 0; i < CALLERS + SERVERS; i++) {
		crowd->stop = i >= CALLERS;
		REAP(pids[i]);
	}
	for (i = 0; i < CALLERS * EACH; i++)
		CHECK_EQ(1, crowd->answered[i]);
	CHECK(waiters_are(fd, 0, 0));
	CHECK_EQ(0, messages(fd));
	CHECK_EQ(0, port_stat(fd).requests);
}

TEST_WITHIN(each_answer_to_its_caller, 60)
{
	char *name = unique_name();

	run_crowd(NAMED_PORT(O_RDWR, name, .capacity = 2), name, serve_many);
}

TEST_WITHIN(each_answer_to_its_caller_at_a_rendezvous, 60)
{
	char *name = unique_name();

	run_crowd(NAMED_PORT(O_RDWR, name, RENDEZVOUS), name, serve_in_turn);
}

TEST_WITHIN(each_answer_to_its_caller_in_turn, 60)
{
	char *name = unique_name();

	run_crowd(NAMED_PORT(O_RDWR, name), name, serve_in_turn);
}

/* --- a request is a message --------------------------------------------------- */

TEST(requests_have_priorities_and_types)
{
	struct asker askers[3];
	int fd = PORT(O_RDWR), i;

	CHECK_EQ(0, put_as(fd, 100, 9, 5));
	for (i = 0; i < 3; i++) {
		ask_args(&askers[i], fd, i,
			 (struct mailbox_ioc_call){ .type = i, .priority = i * 4 });
		wait_for_waiters(fd, i + 1, 0);
	}
	CHECK_EQ(4, messages(fd));
	CHECK_EQ(0, answer(fd, serve_as(fd, 0, MAILBOX_SELECT_TYPE, 0), 10));
	CHECK_EQ(10, answer_of(&askers[0]));
	CHECK_EQ(0, answer(fd, serve(fd, 2), 12));
	CHECK_EQ(12, answer_of(&askers[2]));
	CHECK_EQ(100, take(fd));
	CHECK_EQ(0, answer(fd, serve(fd, 1), 11));
	CHECK_EQ(11, answer_of(&askers[1]));
}

TEST(request_waits_for_room)
{
	int fd = PORT(O_RDWR, .capacity = 1);
	struct asker asker;

	CHECK_EQ(0, put(fd, 1));
	ASK(&asker, fd, 7);
	CHECK_EQ(1, messages(fd));
	CHECK_EQ(1, port_stat(fd).sent);
	CHECK_EQ(1, take(fd));
	CHECK_EQ(1, messages(fd));
	CHECK_EQ(2, port_stat(fd).sent);
	CHECK_EQ(0, answer(fd, serve(fd, 7), 2));
	CHECK_EQ(2, answer_of(&asker));
}

/* Out of its turn, from its sleeping sender. */
TEST(request_of_a_caller_that_waits_for_room_is_selected)
{
	int fd = PORT(O_RDWR, .capacity = 1);
	struct asker asker;

	CHECK_EQ(0, put(fd, 1));
	ASK(&asker, fd, 7, .type = 5);
	CHECK_EQ(0, answer(fd, serve_as(fd, 7, MAILBOX_SELECT_TYPE, 5), 2));
	CHECK_EQ(2, answer_of(&asker));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(-EAGAIN, take(fd));
}

/* In hand it takes no room. */
TEST(request_in_hand_leaves_its_room)
{
	int fd = PORT(O_RDWR, .capacity = 1);
	struct asker asker;
	__u64 token;

	ASK(&asker, fd, 7);
	CHECK_EQ(-EAGAIN, put(fd, 1));
	token = serve(fd, 7);
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, answer(fd, token, 2));
	CHECK_EQ(2, answer_of(&asker));
}

TEST(rendezvous_with_a_server_that_sleeps)
{
	int fd = PORT(O_RDWR, RENDEZVOUS);
	struct asker asker;
	struct call server;

	CALL_RECEIVE(&server, fd);
	wait_for_waiters(fd, 0, 1);
	ASK(&asker, fd, 7);
	CHECK_EQ(7, call_value(&server));
	CHECK_EQ(MAILBOX_MESSAGE_REQUEST, server.receive.kind);
	CHECK_EQ(0, answer(fd, server.receive.token, 2));
	CHECK_EQ(2, answer_of(&asker));
}

TEST(request_polls_as_a_message)
{
	struct pollfd poll_fd = { .events = POLLIN, .fd = PORT(O_RDWR) };
	struct asker asker;
	__u64 token;

	ASK(&asker, poll_fd.fd, 7);
	CHECK_EQ(1, RESULT(poll(&poll_fd, 1, 0)));
	token = serve(poll_fd.fd, 7);
	CHECK_EQ(0, RESULT(poll(&poll_fd, 1, 0)));
	CHECK_EQ(0, answer(poll_fd.fd, token, 1));
	CHECK_EQ(1, answer_of(&asker));
}

TEST(peek_of_a_request_has_no_token)
{
	struct mailbox_ioc_receive receive = { .flags = MAILBOX_RECEIVE_PEEK };
	int fd = PORT(O_RDWR), value;
	struct asker asker;

	ASK(&asker, fd, 7);
	receive.data = user_pointer(&value);
	receive.size = sizeof(value);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(7, value);
	CHECK_EQ(MAILBOX_MESSAGE_REQUEST, receive.kind);
	CHECK_EQ(0, receive.token);
	CHECK_EQ(sizeof(int), receive.reply_size);
	CHECK(waiters_are(fd, 1, 0));
	CHECK_EQ(0, port_stat(fd).requests);
	CHECK_EQ(0, answer(fd, serve(fd, 7), 1));
	CHECK_EQ(1, answer_of(&asker));
}

TEST(request_is_not_leased)
{
	struct mailbox_ioc_receive receive = { .flags = MAILBOX_RECEIVE_LEASE, .lease_ns = 1 };
	struct mailbox_ioc_settle settle = {};
	int fd = PORT(O_RDWR, .max_deliveries = 1), value;
	struct asker asker;

	ASK(&asker, fd, 7);
	receive.data = user_pointer(&value);
	receive.size = sizeof(value);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(MAILBOX_MESSAGE_REQUEST, receive.kind);
	CHECK_EQ(0, receive.deliveries);
	CHECK_EQ(0, port_stat(fd).leased);
	CHECK_EQ(1, port_stat(fd).requests);
	CHECK_EQ(-ESRCH, command(fd, MAILBOX_IOC_ACK, &settle));
	settle.token = receive.token;
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_ACK, &settle));
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_NACK, &settle));
	CHECK_EQ(0, answer(fd, receive.token, 1));
	CHECK_EQ(1, answer_of(&asker));
}

TEST(lease_is_not_answered)
{
	struct mailbox_ioc_receive receive = { .flags = MAILBOX_RECEIVE_LEASE };
	struct mailbox_ioc_settle settle = {};
	int fd = PORT(O_RDWR);

	CHECK_EQ(0, SEND(fd));
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK(answer(fd, receive.token, 1) < 0);
	CHECK_EQ(1, port_stat(fd).leased);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_ACK, &settle));
}

TEST(request_of_a_batch_is_answered)
{
	struct mailbox_receive_entry entry = { .size = sizeof(int) };
	struct mailbox_ioc_receive_batch batch = { .count = 1, .entry_size = sizeof(entry) };
	int fd = PORT(O_RDWR), value;
	struct asker asker;

	ASK(&asker, fd, 7);
	entry.data = user_pointer(&value);
	batch.entries = user_pointer(&entry);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE_BATCH, &batch));
	CHECK_EQ(1, batch.done);
	CHECK_EQ(MAILBOX_MESSAGE_REQUEST, entry.kind);
	CHECK_EQ(sizeof(int), entry.reply_size);
	CHECK_EQ(0, answer(fd, entry.token, 1));
	CHECK_EQ(1, answer_of(&asker));
}

/* SYNC waits to be received, a call to be answered; both are in one queue. */
TEST(sync_and_call_mixed)
{
	struct asker first, last;
	struct call sync;
	int fd = PORT(O_RDWR);
	__u64 token;

	ASK(&first, fd, 1);
	CALL_SEND(&sync, fd, 2, .flags = MAILBOX_SEND_SYNC);
	wait_for_waiters(fd, 2, 0);
	ask_args(&last, fd, 3, (struct mailbox_ioc_call){});
	wait_for_waiters(fd, 3, 0);
	token = serve(fd, 1);
	CHECK(waiters_are(fd, 3, 0));
	CHECK_EQ(2, take(fd));
	CHECK_EQ(0, call_join(&sync));
	CHECK_EQ(getpid(), sync.send.taken_pid);
	CHECK(waiters_are(fd, 2, 0));
	CHECK_EQ(0, answer(fd, serve(fd, 3), 30));
	CHECK_EQ(30, answer_of(&last));
	CHECK(!first.call.done);
	CHECK_EQ(0, answer(fd, token, 10));
	CHECK_EQ(10, answer_of(&first));
}

TEST(fdinfo_counts_requests)
{
	int fd = PORT(O_RDWR), other = dup(fd);
	char path[64], text[512];
	struct asker asker;
	__u64 token;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", other);
	ASK(&asker, fd, 7);
	CHECK_OK(file_read(path, text, sizeof(text)));
	CHECK(strstr(text, "\nrequests:\t0\n") && strstr(text, "\nsenders_waiting:\t1\n"));
	token = serve(fd, 7);
	CHECK_OK(file_read(path, text, sizeof(text)));
	CHECK(strstr(text, "\nrequests:\t1\n") && strstr(text, "\nsenders_waiting:\t1\n"));
	CHECK_EQ(0, answer(fd, token, 1));
	CHECK_EQ(1, answer_of(&asker));
	CHECK_OK(file_read(path, text, sizeof(text)));
	CHECK(strstr(text, "\nrequests:\t0\n") && strstr(text, "\nsenders_waiting:\t0\n"));
}

/* --- where it goes ------------------------------------------------------------ */

struct access_row {
	const char *name;
	int flags;
	bool bound;
	long long call, reply, turn;
};

/* Of a call that nobody serves, an answer to nothing, and nothing to receive. */
static const struct access_row access_rows[] = {
	{ "both", O_RDWR, true, -ETIMEDOUT, -ESRCH, -EAGAIN },
	{ "sender", O_WRONLY, true, -ETIMEDOUT, -EBADF, -EBADF },
	{ "receiver", O_RDONLY, true, -EBADF, -ESRCH, -EAGAIN },
	{ "control", O_ACCMODE, true, -EBADF, -EBADF, -EBADF },
	{ "quiet", O_RDWR | O_NONBLOCK, true, -EINVAL, -ESRCH, -EAGAIN },
	{ "quiet_receiver", O_RDONLY | O_NONBLOCK, true, -EBADF, -ESRCH, -EAGAIN },
	{ "unbound", O_RDWR, false, -ENOTCONN, -ENOTCONN, -ENOTCONN },
};

static void access_decides(void)
{
	const struct access_row *row = test_now->row;
	int fd = row->bound ? PORT(row->flags) : node_open(row->flags);
	long long deadline = deadline_in(CLOCK_MONOTONIC, NSEC_PER_MSEC);
	struct turn turn;

	/* For the wrong direction both errors are true. */
	if (row->call == -EBADF && (row->flags & O_NONBLOCK))
		CHECK(CALL(fd, .deadline_ns = deadline) < 0);
	else
		CHECK_EQ(row->call, CALL(fd, .deadline_ns = deadline));
	CHECK_EQ(row->reply, REPLY(fd, .token = 1));
	turn_fill(&turn, 0, 0, QUIET);
	CHECK_EQ(row->turn, turn_run(fd, &turn));
	turn_fill(&turn, 1, 0, QUIET);
	CHECK_EQ(row->reply, turn_run(fd, &turn));
}

static void __attribute__((constructor)) access_table(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(access_rows); i++)
		test_add("handle_for", access_rows[i].name, access_decides, &access_rows[i]);
}

TEST(call_over_a_pair)
{
	struct mailbox_ioc_port_pair pair = {};
	int fd = node_open(O_RDWR);
	struct asker asker;
	__u64 token;

	CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_PAIR, &pair));
	ask_args(&asker, fd, 7, (struct mailbox_ioc_call){});
	wait_for_waiters(pair.fd, 1, 0);
	token = serve(pair.fd, 7);
	CHECK_EQ(1, port_stat(pair.fd).requests);
	CHECK_EQ(0, port_stat(fd).requests);
	CHECK_EQ(-ESRCH, answer(fd, token, 1));
	CHECK_EQ(0, answer(pair.fd, token, 1));
	CHECK_EQ(1, answer_of(&asker));
	/* The answer went past the other direction. */
	CHECK_EQ(0, port_stat(fd).sent);
}

TEST(call_over_a_pipe)
{
	struct mailbox_ioc_port_pair pair = {};
	int fd = node_open(O_WRONLY);
	struct asker asker;

	CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_PAIR, &pair));
	ASK(&asker, fd, 7);
	CHECK_EQ(0, answer(pair.fd, serve(pair.fd, 7), 1));
	CHECK_EQ(1, answer_of(&asker));
}

static void serve_link(void *arg)
{
	struct mailbox_ioc_port_link link = { .pid = getppid() };
	int fd = node_open(O_RDWR);

	(void)arg;
	CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_LINK, &link));
	CHECK_EQ(0, answer(fd, serve(fd, 7), 1));
	serve(fd, 8);
}

TEST(call_over_a_link)
{
	pid_t pid = spawn(serve_link, NULL);
	struct mailbox_ioc_port_link link = { .pid = pid };
	int fd = node_open(O_RDWR);
	struct asker asker;

	CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_LINK, &link));
	ask_args(&asker, fd, 7, (struct mailbox_ioc_call){});
	CHECK_EQ(1, answer_of(&asker));
	CHECK_EQ(pid, asker.arg.reply_pid);
	/* The other end exits with this one in hand. */
	ask_args(&asker, fd, 8, (struct mailbox_ioc_call){});
	CHECK_EQ(-EPIPE, answer_of(&asker));
	REAP(pid);
}

TEST(call_is_not_for_broadcast)
{
	int fd = PORT(O_RDWR, .flags = MAILBOX_CREATE_BROADCAST);

	CHECK_EQ(-EOPNOTSUPP, CALL(fd));
	CHECK_EQ(0, port_stat(fd).sent);
}

TEST(request_is_dropped)
{
	int oldest = PORT(O_RDWR, .capacity = 1, .on_full = MAILBOX_FULL_DROP_OLDEST);
	int newest = PORT(O_RDWR, .capacity = 1, .on_full = MAILBOX_FULL_DROP_NEWEST);
	struct asker asker;
	__u64 token;

	ASK(&asker, oldest, 7);
	CHECK_EQ(0, put(oldest, 1));
	CHECK_EQ(-ENOBUFS, answer_of(&asker));
	CHECK_EQ(1, take(oldest));
	/* Not once it was received. */
	ASK(&asker, oldest, 8);
	token = serve(oldest, 8);
	CHECK_EQ(0, put(oldest, 1));
	CHECK_EQ(0, put(oldest, 2));
	CHECK_EQ(0, answer(oldest, token, 9));
	CHECK_EQ(9, answer_of(&asker));
	CHECK_EQ(0, put(newest, 1));
	CHECK_EQ(-ENOBUFS, CALL(newest));
	CHECK_EQ(1, take(newest));
	CHECK_EQ(-EAGAIN, take(newest));
}
