/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Asking and serving, made short for the tests of calls. Helpers return what
 * the kernel returned, with -errno in place of -1; those that say "checked" end
 * the test instead.
 */
#ifndef TESTS_CALL_H
#define TESTS_CALL_H

#include "port.h"

/* --- asking ------------------------------------------------------------------- */

/* A number that is asked, in a thread, and the number that is the answer. */
struct asker {
	struct call call;
	struct mailbox_ioc_call arg;
	int question, answer;
};

static inline void asker_fill(struct asker *asker, int question, struct mailbox_ioc_call arg)
{
	asker->question = question;
	asker->answer = -1;
	asker->arg = arg;
	asker->arg.data = user_pointer(&asker->question);
	asker->arg.len = sizeof(int);
	asker->arg.reply = user_pointer(&asker->answer);
	asker->arg.reply_size = sizeof(int);
}

static inline void ask_args(struct asker *asker, int fd, int question, struct mailbox_ioc_call arg)
{
	asker_fill(asker, question, arg);
	call_start(&asker->call, fd, MAILBOX_IOC_CALL, &asker->arg, 0);
}

/* Until it sleeps, if nobody else does. */
#define ASK(asker, fd, question, ...)					\
	do {								\
		ask_args(asker, fd, question, (struct mailbox_ioc_call){ __VA_ARGS__ }); \
		wait_for_waiters(fd, 1, 0);				\
	} while (0)

/* The answer, or -errno. */
static inline long long answer_of(struct asker *asker)
{
	long long result = call_join(&asker->call);

	return result < 0 ? result : asker->answer;
}

/* CALL(fd, .reply_size = 4): in this thread. */
static inline long long call_args(int fd, struct mailbox_ioc_call call)
{
	return command(fd, MAILBOX_IOC_CALL, &call);
}

#define CALL(fd, ...) call_args(fd, (struct mailbox_ioc_call){ __VA_ARGS__ })

/* --- serving ------------------------------------------------------------------ */

/* The token of the next request, which asks this. Checked. */
static inline __u64 serve_as(int fd, int question, __u32 select, __u64 match)
{
	struct mailbox_ioc_receive receive = { .select = select, .match = match };
	int value = -1;

	receive.data = user_pointer(&value);
	receive.size = sizeof(value);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(question, value);
	CHECK_EQ(MAILBOX_MESSAGE_REQUEST, receive.kind);
	CHECK(receive.token);
	return receive.token;
}

static inline __u64 serve(int fd, int question)
{
	return serve_as(fd, question, MAILBOX_SELECT_ANY, 0);
}

static inline long long reply_args(int fd, struct mailbox_ioc_reply reply)
{
	return command(fd, MAILBOX_IOC_REPLY, &reply);
}

#define REPLY(fd, ...) reply_args(fd, (struct mailbox_ioc_reply){ __VA_ARGS__ })

static inline long long answer(int fd, __u64 token, int value)
{
	return REPLY(fd, .token = token, .data = user_pointer(&value), .len = sizeof(value));
}

/* An answer, and a request to come. */
struct turn {
	struct mailbox_ioc_reply_receive arg;
	int answer, question;
};

static inline void turn_fill(struct turn *turn, __u64 token, int value, __u32 flags)
{
	*turn = (struct turn){ .answer = value, .question = -1 };
	turn->arg.receive.flags = flags;
	turn->arg.receive.data = user_pointer(&turn->question);
	turn->arg.receive.size = sizeof(turn->question);
	if (!token)
		return;
	turn->arg.reply.token = token;
	turn->arg.reply.data = user_pointer(&turn->answer);
	turn->arg.reply.len = sizeof(turn->answer);
}

static inline long long turn_run(int fd, struct turn *turn)
{
	return command(fd, MAILBOX_IOC_REPLY_RECEIVE, &turn->arg);
}

#define QUIET MAILBOX_RECEIVE_NONBLOCK

#endif /* TESTS_CALL_H */
