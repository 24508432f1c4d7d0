// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation and every copy fails once: calls, and their answers. faults.h
 * says how.
 */
#include "faults.h"

/* --- calling: the partner serves ---------------------------------------------------- */

static void make_call(struct scene *scene)
{
	TWO(scene);
	scene->number = MAILBOX_IOC_CALL;
	scene->arg.call.data = user_pointer(scene->out);
	scene->arg.call.len = scene->op->len;
	scene->arg.call.reply = user_pointer(scene->in);
	scene->arg.call.reply_size = sizeof(scene->in);
}

static void partner_serves(struct scene *scene)
{
	static char question[DATA_MAX], data[DATA_MAX];
	struct mailbox_ioc_receive receive = {
		.data = user_pointer(question),
		.size = sizeof(question),
	};

	if (!scene_sleeps(scene, scene->fd[1], 1, 0))
		return;
	CHECK_EQ(0, command(scene->fd[1], MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(scene->op->len, receive.len);
	check_data(question, scene->op->len, 1, __FILE__, __LINE__);
	data_fill(data, scene->op->len, 2);
	CHECK_EQ(0, REPLY(scene->fd[1], .token = receive.token, .data = user_pointer(data),
			  .len = scene->op->len));
}

/* Nobody has to do with it any more, whether it was answered or not. */
static void call_failed(struct scene *scene)
{
	struct mailbox_ioc_port_stat stat = port_stat(scene->fd[0]);

	CHECK_EQ(0, scene->arg.call.seq);
	CHECK_EQ(0, stat.requests);
	CHECK_EQ(0, stat.messages);
	CHECK_EQ(0, stat.senders_waiting);
	CHECK_EQ(scene->acted, stat.sent);
}

static void check_call(struct scene *scene)
{
	CHECK_EQ(scene->op->len, scene->arg.call.reply_len);
	check_data(scene->in, scene->op->len, 2, __FILE__, __LINE__);
	CHECK_EQ(0, port_stat(scene->fd[0]).requests);
	CHECK_NOTHING(scene->fd[0]);
}

/* --- answers ------------------------------------------------------------------------ */

static const int question = -1;

/* Somebody has asked, and sleeps for the answer. */
static void make_asked(struct scene *scene)
{
	static struct mailbox_ioc_call ask;
	struct call *asker = &scene->sleeper[0];

	scene->fd[0] = NAMED_PORT(O_RDWR, scene->name[0]);
	scene->fd[1] = port_open(O_RDWR, scene->name[0]);
	asker->value = -1;
	ask = (struct mailbox_ioc_call) {
		.data = user_pointer(&question),
		.len = sizeof(question),
		.reply = user_pointer(scene->in),
		.reply_size = sizeof(scene->in),
	};
	call_start(asker, scene->fd[1], MAILBOX_IOC_CALL, &ask, 0);
	wait_for_waiters(scene->fd[1], 1, 0);
	scene->token = serve(scene->fd[0], -1);
}

static void reply_fill(struct scene *scene, struct mailbox_ioc_reply *reply)
{
	reply->token = scene->token;
	reply->data = user_pointer(scene->out);
	reply->len = scene->op->len;
	data_fill(scene->out, scene->op->len, 1);
}

static void make_reply(struct scene *scene)
{
	make_asked(scene);
	scene->number = MAILBOX_IOC_REPLY;
	reply_fill(scene, &scene->arg.reply);
}

static void check_answered(struct scene *scene)
{
	if (scene->sleeper[0].fd < 0)
		return;
	CHECK_EQ(0, call_join(&scene->sleeper[0]));
	scene->sleeper[0].fd = -1;
	check_data(scene->in, scene->op->len, 1, __FILE__, __LINE__);
	CHECK_EQ(0, port_stat(scene->fd[1]).requests);
}

/* A message is there, unless the partner sends it once the call sleeps for one. */
static void make_turn(struct scene *scene)
{
	make_asked(scene);
	scene->number = MAILBOX_IOC_REPLY_RECEIVE;
	reply_fill(scene, &scene->arg.turn.reply);
	if (!scene->op->partner)
		give(scene->fd[1], scene->op->len, 2);
	scene->arg.turn.receive.data = user_pointer(scene->out + LONG);
	scene->arg.turn.receive.size = DATA_MAX - LONG;
	scene->arg.turn.receive.flags = scene->op->flags;
}

static void partner_gives(struct scene *scene)
{
	if (scene_sleeps(scene, scene->fd[1], 0, 1))
		give(scene->fd[1], scene->op->len, 2);
}

/* It says whether the answer was given; it was before the call could sleep. */
static void check_turn_failed(struct scene *scene)
{
	static const struct mailbox_ioc_reply nothing;
	struct mailbox_ioc_port_stat stat = port_stat(scene->fd[1]);
	bool answered = !scene->arg.turn.reply.token;

	CHECK_EQ(scene->op->partner ? scene->acted : 1, stat.messages);
	CHECK_EQ(0, stat.leased);
	CHECK_EQ(0, stat.receivers_waiting);
	if (scene->op->partner)
		CHECK_EQ(scene->acted, answered);
	if (!answered) {
		CHECK_EQ(scene->token, scene->arg.turn.reply.token);
		CHECK_EQ(1, stat.requests);
		CHECK(!scene->sleeper[0].done);
		return;
	}
	CHECK(!memcmp(&nothing, &scene->arg.turn.reply, sizeof(nothing)));
	CHECK_EQ(0, scene->arg.turn.receive.len);
	check_answered(scene);
}

static void check_turn(struct scene *scene)
{
	bool lease = scene->op->flags & MAILBOX_RECEIVE_LEASE;

	check_answered(scene);
	CHECK_EQ(0, scene->arg.turn.reply.token);
	CHECK_EQ(scene->op->len, scene->arg.turn.receive.len);
	check_data(scene->out + LONG, scene->op->len, 2, __FILE__, __LINE__);
	CHECK_EQ(lease, port_stat(scene->fd[0]).leased);
	CHECK_NOTHING(scene->fd[1]);
}

/* --- the table ---------------------------------------------------------------------- */

#define CALLS	.partner = partner_serves, .check = check_call, .failed = call_failed, \
		.payloads = 2, .errors = { ENOMEM }
#define REPLIES	.check = check_answered, .payloads = 1, .errors = { ENOMEM }
#define TURNS	.check = check_turn, .failed = check_turn_failed, .payloads = 2, \
		.errors = { ENOMEM }
#define SLEEPS	TURNS, .partner = partner_gives

static const struct operation of_calls[] = {
	{ "call", make_call, CALLS, .len = SHORT },
	{ "call_more", make_call, CALLS, .len = MIDDLE },
	{ "call_pages", make_call, CALLS, .len = LONG },
	{ "reply", make_reply, REPLIES, .len = SHORT },
	{ "reply_more", make_reply, REPLIES, .len = MIDDLE },
	{ "reply_pages", make_reply, REPLIES, .len = LONG },
	{ "reply_receive", make_turn, TURNS, .len = SHORT },
	{ "reply_receive_more", make_turn, TURNS, .len = MIDDLE },
	{ "reply_receive_lease", make_turn, TURNS, .flags = MAILBOX_RECEIVE_LEASE, .len = MIDDLE },
	{ "reply_receive_asleep", make_turn, SLEEPS, .len = SHORT },
	{ "reply_receive_asleep_more", make_turn, SLEEPS, .len = MIDDLE },
	{ "reply_receive_asleep_lease", make_turn, SLEEPS, .flags = MAILBOX_RECEIVE_LEASE,
	  .len = MIDDLE },
};
FAULTS_TABLE(of_calls)
