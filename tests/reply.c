// SPDX-License-Identifier: GPL-2.0-only
/*
 * REPLY and REPLY_RECEIVE: what is told of an answer that was given, or was
 * not, and pointers that are bad at any point of a call.
 */
#include <stddef.h>

#include "call.h"

/* Memory that may be read only. */
static void *page_readonly(void)
{
	void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(page != MAP_FAILED);
	return page;
}

#define NOWHERE 8			/* never mapped */

/* --- answer, and receive ------------------------------------------------------ */

TEST(turn_without_an_answer_receives)
{
	int fd = PORT(O_RDWR);
	struct asker asker;
	struct turn turn;

	CHECK_EQ(0, put_as(fd, 5, 6, 0));
	turn_fill(&turn, 0, 0, 0);
	CHECK_EQ(0, turn_run(fd, &turn));
	CHECK_EQ(5, turn.question);
	CHECK_EQ(6, turn.arg.receive.type);
	CHECK_EQ(0, turn.arg.receive.token);
	ASK(&asker, fd, 7);
	CHECK_EQ(0, turn_run(fd, &turn));
	CHECK_EQ(7, turn.question);
	CHECK_EQ(MAILBOX_MESSAGE_REQUEST, turn.arg.receive.kind);
	CHECK_EQ(0, turn.arg.reply.token);
	CHECK_EQ(0, answer(fd, turn.arg.receive.token, 1));
	CHECK_EQ(1, answer_of(&asker));
}

TEST(turn_answers_and_receives)
{
	int fd = PORT(O_RDWR), i;
	struct asker asker;
	struct turn turn;
	__u64 token = 0;

	for (i = 0; i < 5; i++) {
		CHECK_EQ(0, put(fd, i));
		if (i)
			CHECK(!asker.call.done);
		turn_fill(&turn, token, 100 + i, 0);
		turn.arg.reply.type = token ? i : 0;
		CHECK_EQ(0, turn_run(fd, &turn));
		CHECK_EQ(i, turn.question);
		CHECK_EQ(0, turn.arg.reply.token);
		if (i) {
			CHECK_EQ(100 + i, answer_of(&asker));
			CHECK_EQ(i, asker.arg.reply_type);
		}
		ASK(&asker, fd, i);
		token = serve(fd, i);
	}
	CHECK_EQ(0, answer(fd, token, 1));
	CHECK_EQ(1, answer_of(&asker));
}

/* A request in hand, for the tests that answer it and then receive nothing. */
struct scene {
	int fd;
	struct asker asker;
	__u64 token;
	struct turn turn;
};

static void scene_set(struct scene *scene, int fd, __u32 flags)
{
	scene->fd = fd;
	ASK(&scene->asker, fd, 7);
	scene->token = serve(fd, 7);
	turn_fill(&scene->turn, scene->token, 42, flags);
	scene->turn.arg.reply.type = 5;
}

/* The answer has arrived, and the struct says so: it can be used again. */
static void scene_check_answered(struct scene *scene)
{
	struct mailbox_ioc_receive *receive = &scene->turn.arg.receive;

	CHECK_EQ(0, scene->turn.arg.reply.token);
	CHECK_EQ(42, answer_of(&scene->asker));
	CHECK_EQ(5, scene->asker.arg.reply_type);
	CHECK_EQ(-ESRCH, answer(scene->fd, scene->token, 1));
	receive->flags = QUIET;
	receive->data = user_pointer(&scene->turn.question);
	receive->size = sizeof(int);
	CHECK_EQ(-EAGAIN, turn_run(scene->fd, &scene->turn));
	CHECK_EQ(0, put(scene->fd, 9));
	CHECK_EQ(0, turn_run(scene->fd, &scene->turn));
	CHECK_EQ(9, scene->turn.question);
}

TEST(answer_is_given_though_nothing_is_there)
{
	struct scene scene;

	scene_set(&scene, PORT(O_RDWR), QUIET);
	CHECK_EQ(-EAGAIN, turn_run(scene.fd, &scene.turn));
	scene_check_answered(&scene);
}

TEST(answer_is_given_by_a_nonblocking_handle)
{
	struct scene scene;
	int fd = PORT(O_RDWR);

	scene_set(&scene, fd, 0);
	CHECK_OK(fcntl(fd, F_SETFL, O_NONBLOCK));
	CHECK_EQ(-EAGAIN, turn_run(scene.fd, &scene.turn));
	scene_check_answered(&scene);
}

TEST(answer_is_given_before_the_deadline)
{
	struct scene scene;

	scene_set(&scene, PORT(O_RDWR), 0);
	scene.turn.arg.receive.deadline_ns = 1;
	CHECK_EQ(-ETIMEDOUT, turn_run(scene.fd, &scene.turn));
	scene_check_answered(&scene);
}

static atomic_uint signals;

static void count_signal(int number)
{
	(void)number;
	atomic_fetch_add(&signals, 1);
}

static void handle_signals(int flags)
{
	struct sigaction action = { .sa_handler = count_signal, .sa_flags = flags };

	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
}

TEST(answer_is_given_before_a_signal)
{
	struct scene scene;
	struct call call;

	handle_signals(0);
	scene_set(&scene, PORT(O_RDWR), 0);
	call_start(&call, scene.fd, MAILBOX_IOC_REPLY_RECEIVE, &scene.turn.arg, 0);
	wait_for_waiters(scene.fd, 0, 1);
	pthread_kill(call.thread, SIGUSR1);
	CHECK_EQ(-EINTR, call_join(&call));
	scene_check_answered(&scene);
}

/* It begins anew, and has nothing to answer then. */
TEST(answer_is_given_once_with_restart)
{
	struct scene scene;
	struct asker next;
	struct call call;
	unsigned int i;

	handle_signals(SA_RESTART);
	scene_set(&scene, PORT(O_RDWR), 0);
	call_start(&call, scene.fd, MAILBOX_IOC_REPLY_RECEIVE, &scene.turn.arg, 0);
	CHECK_EQ(42, answer_of(&scene.asker));
	for (i = 1; i <= 10; i++) {
		wait_for_waiters(scene.fd, 0, 1);
		pthread_kill(call.thread, SIGUSR1);
		WAIT_FOR(signals == i);
	}
	ask_args(&next, scene.fd, 8, (struct mailbox_ioc_call){});
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(8, scene.turn.question);
	CHECK_EQ(0, scene.turn.arg.reply.token);
	CHECK_EQ(0, answer(scene.fd, scene.turn.arg.receive.token, 80));
	CHECK_EQ(80, answer_of(&next));
}

TEST(answer_is_given_before_the_end_of_the_port)
{
	struct scene scene;
	struct call call;

	scene_set(&scene, PORT(O_RDWR), 0);
	call_start(&call, scene.fd, MAILBOX_IOC_REPLY_RECEIVE, &scene.turn.arg, 0);
	CHECK_EQ(42, answer_of(&scene.asker));
	wait_for_waiters(scene.fd, 0, 1);
	CHECK_EQ(0, port_destroy(scene.fd, NULL));
	CHECK_EQ(-EIDRM, call_join(&call));
	CHECK_EQ(0, scene.turn.arg.reply.token);
}

TEST(answer_is_given_before_end_of_file)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDONLY, name, .flags = MAILBOX_CREATE_HANGUP);
	int sender = port_open(O_WRONLY, name);
	struct asker asker;
	struct turn turn;

	ASK(&asker, sender, 7);
	turn_fill(&turn, serve(fd, 7), 42, 0);
	close(sender);
	/* The caller's own use of it lasts as long as the call. */
	CHECK_EQ(-EAGAIN, take(fd));
	CHECK_EQ(-EPIPE, turn_run(fd, &turn));
	CHECK_EQ(0, turn.arg.reply.token);
	CHECK_EQ(42, answer_of(&asker));
}

TEST(answer_is_given_though_the_next_does_not_fit)
{
	struct scene scene;

	scene_set(&scene, PORT(O_RDWR), 0);
	CHECK_EQ(0, put(scene.fd, 1));
	scene.turn.arg.receive.size = 3;
	CHECK_EQ(-EMSGSIZE, turn_run(scene.fd, &scene.turn));
	CHECK_EQ(4, scene.turn.arg.receive.len);
	CHECK_EQ(1, take(scene.fd));
	scene_check_answered(&scene);
}

TEST(answer_is_given_though_the_next_cannot_be_copied)
{
	struct scene scene;

	scene_set(&scene, PORT(O_RDWR), 0);
	CHECK_EQ(0, put(scene.fd, 1));
	scene.turn.arg.receive.data = NOWHERE;
	CHECK_EQ(-EFAULT, turn_run(scene.fd, &scene.turn));
	CHECK_EQ(1, take(scene.fd));
	scene_check_answered(&scene);
}

TEST(next_request_that_cannot_be_copied_is_put_back)
{
	struct scene scene;
	struct asker next;

	scene_set(&scene, PORT(O_RDWR), 0);
	ask_args(&next, scene.fd, 8, (struct mailbox_ioc_call){});
	wait_for_waiters(scene.fd, 2, 0);
	scene.turn.arg.receive.data = NOWHERE;
	CHECK_EQ(-EFAULT, turn_run(scene.fd, &scene.turn));
	CHECK_EQ(0, port_stat(scene.fd).requests);
	CHECK(!next.call.done);
	CHECK_EQ(0, answer(scene.fd, serve(scene.fd, 8), 80));
	CHECK_EQ(80, answer_of(&next));
	scene_check_answered(&scene);
}

/* --- no answer, and nothing received ------------------------------------------ */

/* The turn fails so, changes nothing, and the request is still to be answered. */
static void scene_check_refused(struct scene *scene, long long expected)
{
	struct turn before = scene->turn;

	CHECK_EQ(0, put(scene->fd, 1));
	CHECK_EQ(expected, turn_run(scene->fd, &scene->turn));
	CHECK(!memcmp(&before, &scene->turn, sizeof(before)));
	CHECK_EQ(1, messages(scene->fd));
	CHECK_EQ(1, port_stat(scene->fd).requests);
	CHECK(waiters_are(scene->fd, 1, 0));
	CHECK_EQ(0, answer(scene->fd, scene->token, 3));
	CHECK_EQ(3, answer_of(&scene->asker));
	CHECK_EQ(1, take(scene->fd));
}

TEST(nothing_is_received_after_no_such_token)
{
	struct scene scene;

	scene_set(&scene, PORT(O_RDWR), 0);
	scene.turn.arg.reply.token++;
	scene_check_refused(&scene, -ESRCH);
}

TEST(nothing_is_received_after_a_long_answer)
{
	struct scene scene;
	char bytes[5] = "";

	scene_set(&scene, PORT(O_RDWR), 0);
	scene.turn.arg.reply.data = user_pointer(bytes);
	scene.turn.arg.reply.len = 5;
	scene_check_refused(&scene, -EMSGSIZE);
}

TEST(nothing_is_received_after_a_bad_answer)
{
	struct scene scene;

	scene_set(&scene, PORT(O_RDWR), 0);
	scene.turn.arg.reply.data = NOWHERE;
	scene_check_refused(&scene, -EFAULT);
}

TEST(turn_does_not_peek)
{
	struct scene scene;

	scene_set(&scene, PORT(O_RDWR), MAILBOX_RECEIVE_PEEK);
	scene_check_refused(&scene, -EINVAL);
}

TEST(turn_with_a_bad_selection_answers_nothing)
{
	struct scene scene;

	scene_set(&scene, PORT(O_RDWR), 0);
	scene.turn.arg.receive.select = 99;
	scene_check_refused(&scene, -EINVAL);
}

TEST(turn_into_memory_that_cannot_be_written)
{
	struct turn *turn = page_readonly();
	struct scene scene;

	scene_set(&scene, PORT(O_RDWR), 0);
	CHECK_EQ(0, put(scene.fd, 1));
	CHECK_OK(mprotect(turn, 4096, PROT_READ | PROT_WRITE));
	*turn = scene.turn;
	CHECK_OK(mprotect(turn, 4096, PROT_READ));
	CHECK_EQ(-EFAULT, turn_run(scene.fd, turn));
	CHECK_EQ(1, messages(scene.fd));
	CHECK_EQ(0, answer(scene.fd, scene.token, 3));
	CHECK_EQ(3, answer_of(&scene.asker));
}

/*
 * The part of the struct that has the answer becomes read-only during the sleep.
 * Either way the promise holds: what failed has not received.
 */
TEST(turn_whose_memory_goes_while_it_sleeps)
{
	char *pages = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct mailbox_ioc_reply_receive *arg;
	struct scene scene;
	struct call call;
	long long result;

	CHECK(pages != MAP_FAILED);
	arg = (void *)(pages + 4096 - offsetof(struct mailbox_ioc_reply_receive, receive));
	scene_set(&scene, PORT(O_RDWR), 0);
	*arg = scene.turn.arg;
	call_start(&call, scene.fd, MAILBOX_IOC_REPLY_RECEIVE, arg, 0);
	CHECK_EQ(42, answer_of(&scene.asker));
	wait_for_waiters(scene.fd, 0, 1);
	CHECK_OK(mprotect(pages, 4096, PROT_READ));
	CHECK_EQ(0, put(scene.fd, 1));
	result = call_join(&call);
	if (!result) {
		CHECK_EQ(1, scene.turn.question);
		CHECK_EQ(0, arg->reply.token);
	} else {
		CHECK_EQ(-EFAULT, result);
		CHECK_EQ(1, take(scene.fd));
	}
}

TEST(turn_without_an_answer_has_nothing_of_one)
{
	int fd = PORT(O_RDWR);
	struct turn turn;

	CHECK_EQ(0, put(fd, 1));
	turn_fill(&turn, 0, 0, 0);
	turn.arg.reply.type = 1;
	CHECK_EQ(-EINVAL, turn_run(fd, &turn));
	turn_fill(&turn, 0, 0, 0);
	turn.arg.reply.len = 1;
	CHECK_EQ(-EINVAL, turn_run(fd, &turn));
	turn_fill(&turn, 0, 0, 0);
	turn.arg.reply.data = user_pointer(&turn);
	CHECK_EQ(-EINVAL, turn_run(fd, &turn));
	CHECK_EQ(1, take(fd));
}

/* --- quota -------------------------------------------------------------------- */

/* In a child, which is another user. */
struct poor {
	int fd, own;
	bool answers;
	char bytes[3000];
	struct asker asker;
};

static void have_little(struct poor *poor)
{
	static char bytes[3000];

	become(USER_A);
	poor->own = PORT(O_RDWR);
	CHECK_EQ(0, SEND(poor->own, .data = user_pointer(bytes), .len = sizeof(bytes)));
}

static void answer_with_little(void *arg)
{
	struct poor *poor = arg;
	struct mailbox_ioc_reply reply = { .len = sizeof(poor->bytes) };
	struct turn turn;

	have_little(poor);
	reply.token = serve(poor->fd, 7);
	reply.data = user_pointer(poor->bytes);
	CHECK_EQ(-EDQUOT, command(poor->fd, MAILBOX_IOC_REPLY, &reply));
	turn_fill(&turn, reply.token, 0, QUIET);
	turn.arg.reply = reply;
	CHECK_EQ(-EDQUOT, turn_run(poor->fd, &turn));
	CHECK(turn.arg.reply.token == reply.token);
	CHECK_EQ(1, port_stat(poor->fd).requests);
	CHECK(waiters_are(poor->fd, 1, 0));
	/* A short one it can afford. */
	CHECK_EQ(0, answer(poor->fd, reply.token, 42));
}

TEST(answer_counts_in_the_quota_of_the_server)
{
	struct poor *poor = shared_alloc(sizeof(*poor));
	pid_t pid;

	NEED_ROOT();
	parameter_set("user_bytes_max", 5000);
	poor->fd = PORT(O_RDWR);
	pid = spawn(answer_with_little, poor);
	asker_fill(&poor->asker, 7, (struct mailbox_ioc_call){});
	poor->asker.arg.reply = user_pointer(poor->bytes);
	poor->asker.arg.reply_size = sizeof(poor->bytes);
	CHECK_EQ(0, command(poor->fd, MAILBOX_IOC_CALL, &poor->asker.arg));
	CHECK_EQ(sizeof(int), poor->asker.arg.reply_len);
	CHECK_EQ(42, *(int *)poor->bytes);
	REAP(pid);
}

static void ask_with_little(void *arg)
{
	struct poor *poor = arg;

	have_little(poor);
	CHECK_EQ(-EDQUOT, CALL(poor->fd, .data = user_pointer(poor->bytes),
			       .len = sizeof(poor->bytes)));
	CHECK_EQ(0, port_stat(poor->fd).sent);
}

TEST(request_counts_in_the_quota_of_the_caller)
{
	struct poor *poor = shared_alloc(sizeof(*poor));

	NEED_ROOT();
	parameter_set("user_bytes_max", 5000);
	poor->fd = PORT(O_RDWR);
	REAP(spawn(ask_with_little, poor));
}

TEST(quota_comes_back)
{
	int fd = PORT(O_RDWR), i;
	unsigned long long before = info(fd).user_bytes;
	struct scene scene;

	for (i = 0; i < 20; i++) {
		scene_set(&scene, fd, QUIET);
		CHECK_EQ(-EAGAIN, turn_run(fd, &scene.turn));
		scene_check_answered(&scene);
	}
	CHECK_EQ(before, info(fd).user_bytes);
}

/* --- bad pointers ------------------------------------------------------------- */

TEST(bad_request_is_not_sent)
{
	int fd = PORT(O_RDWR);

	CHECK_EQ(-EFAULT, CALL(fd, .data = NOWHERE, .len = 4));
	CHECK_EQ(0, port_stat(fd).sent);
	CHECK_EQ(0, messages(fd));
}

/* Also if only the last byte of it cannot be written. */
TEST(bad_buffer_for_the_answer_sends_nothing)
{
	char *pages = page_readonly(), *both;
	int fd = PORT(O_RDWR);

	both = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(both != MAP_FAILED);
	CHECK_OK(mprotect(both + 4096, 4096, PROT_READ));
	CHECK_EQ(-EFAULT, CALL(fd, .reply = NOWHERE, .reply_size = 4));
	CHECK_EQ(-EFAULT, CALL(fd, .reply = user_pointer(pages), .reply_size = 4));
	CHECK_EQ(-EFAULT, CALL(fd, .reply = user_pointer(both + 1), .reply_size = 4096));
	CHECK_EQ(0, port_stat(fd).sent);
	CHECK_EQ(0, messages(fd));
}

TEST(bad_struct_sends_nothing)
{
	int fd = PORT(O_RDWR);

	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_CALL, page_readonly()));
	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_CALL, (void *)NOWHERE));
	CHECK_EQ(0, port_stat(fd).sent);
}

TEST(buffer_for_the_answer_goes_during_the_call)
{
	int fd = PORT(O_RDWR);
	struct asker asker;
	void *page;

	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(page != MAP_FAILED);
	asker_fill(&asker, 7, (struct mailbox_ioc_call){});
	asker.arg.reply = user_pointer(page);
	call_start(&asker.call, fd, MAILBOX_IOC_CALL, &asker.arg, 0);
	wait_for_waiters(fd, 1, 0);
	CHECK_OK(munmap(page, 4096));
	CHECK_EQ(0, answer(fd, serve(fd, 7), 1));
	CHECK_EQ(-EFAULT, call_join(&asker.call));
	CHECK(waiters_are(fd, 0, 0));
}

TEST(bad_buffer_of_the_server_puts_the_request_back)
{
	struct mailbox_ioc_receive *receive = page_readonly();
	int fd = PORT(O_RDWR);
	struct asker asker;

	ASK(&asker, fd, 7);
	CHECK_EQ(-EFAULT, RECEIVE(fd, .data = NOWHERE, .size = 4));
	CHECK_EQ(-EFAULT, RESULT(read(fd, receive, 4)));
	CHECK_EQ(-EMSGSIZE, RECEIVE(fd, .size = 3));
	CHECK_OK(mprotect(receive, 4096, PROT_READ | PROT_WRITE));
	receive->data = user_pointer((char *)receive + 2048);
	receive->size = 4;
	CHECK_OK(mprotect(receive, 4096, PROT_READ));
	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_RECEIVE, receive));
	CHECK_EQ(1, messages(fd));
	CHECK_EQ(0, port_stat(fd).requests);
	CHECK_EQ(0, port_stat(fd).received);
	CHECK(waiters_are(fd, 1, 0));
	CHECK_EQ(0, answer(fd, serve(fd, 7), 1));
	CHECK_EQ(1, answer_of(&asker));
}

TEST(bad_answer_leaves_the_request)
{
	int fd = PORT(O_RDWR);
	struct asker asker;
	__u64 token;

	ASK(&asker, fd, 7);
	token = serve(fd, 7);
	CHECK_EQ(-EFAULT, REPLY(fd, .token = token, .data = NOWHERE, .len = 4));
	CHECK_EQ(-EINVAL, REPLY(fd, .token = token, .flags = 1));
	CHECK_EQ(-EINVAL, REPLY(fd, .token = token, .pad = 1));
	CHECK_EQ(1, port_stat(fd).requests);
	CHECK(waiters_are(fd, 1, 0));
	CHECK_EQ(0, answer(fd, token, 1));
	CHECK_EQ(1, answer_of(&asker));
}

/* Pages, and then some. */
TEST(long_request_and_long_answer)
{
	size_t size = 200001, i;
	int fd = PORT(O_RDWR, .message_bytes_max = 400000);
	char *question = malloc(size), *reply = calloc(1, size), *served = calloc(1, size);
	struct mailbox_ioc_receive receive = { .size = size };
	struct asker asker;

	for (i = 0; i < size; i++)
		question[i] = i * 31 >> 3;
	asker_fill(&asker, 7, (struct mailbox_ioc_call){});
	asker.arg.data = user_pointer(question);
	asker.arg.len = size;
	asker.arg.reply = user_pointer(reply);
	asker.arg.reply_size = size;
	call_start(&asker.call, fd, MAILBOX_IOC_CALL, &asker.arg, 0);
	receive.data = user_pointer(served);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK(!memcmp(question, served, size));
	CHECK_EQ(size, receive.reply_size);
	CHECK_EQ(0, REPLY(fd, .token = receive.token, .data = user_pointer(served), .len = size));
	CHECK_EQ(0, call_join(&asker.call));
	CHECK_EQ(size, asker.arg.reply_len);
	CHECK(!memcmp(question, reply, size));
}

/* What its caller takes is the limit of an answer, not what the port takes. */
TEST(answer_may_be_longer_than_the_messages_of_the_port)
{
	struct mailbox_ioc_call call = { .reply_size = 100 };
	int fd = PORT(O_RDWR, .message_bytes_max = 4);
	char reply[100], text[100] = "long";
	struct asker asker;

	asker_fill(&asker, 7, call);
	asker.arg.reply = user_pointer(reply);
	asker.arg.reply_size = sizeof(reply);
	call_start(&asker.call, fd, MAILBOX_IOC_CALL, &asker.arg, 0);
	CHECK_EQ(0, REPLY(fd, .token = serve(fd, 7), .data = user_pointer(text),
			  .len = sizeof(text)));
	CHECK_EQ(0, call_join(&asker.call));
	CHECK_EQ(sizeof(text), asker.arg.reply_len);
	CHECK(!strcmp(reply, "long"));
	CHECK_EQ(-EMSGSIZE, CALL(fd, .data = user_pointer(text), .len = 5));
}
