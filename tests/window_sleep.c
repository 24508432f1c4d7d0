// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is about to sleep, or has just been woken by a signal or its deadline, is
 * held there, and what it waits for comes, or the port ends, hangs up, changes,
 * or the right goes. Each kind of sleeper, at each moment, meets each event: the
 * result is always that of the event.
 */
#include "freezer.h"
#include "window.h"

/* --- who sleeps --------------------------------------------------------------------- */

enum kind {
	RECEIVER,
	MEETING_RECEIVER,		/* on a rendezvous port */
	SENDER,				/* for room */
	MEETING_SENDER,
	SYNC_SENDER,
	CALLER,				/* its request is queued */
	SERVED_CALLER,			/* a server has it */
	KINDS
};

static const char * const kind_names[] = {
	"receiver", "meeting_receiver", "sender", "meeting_sender", "sync_sender", "caller",
	"served_caller",
};

/* --- where it is held --------------------------------------------------------------- */

enum moment {
	ABOUT_TO_SLEEP,
	LEAVING_PROCESSOR,		/* its state is set, and it has looked */
	SIGNALLED,			/* the sleep is over, the wait is not */
	TIMED_OUT,			/* likewise */
	MOMENTS
};

static const struct {
	const char *name, *where;
	long long result;		/* if nothing else comes */
	long long deadline_ns;
} moments[] = {
	[ABOUT_TO_SLEEP] = { "about_to_sleep", BEFORE_SLEEP },
	[LEAVING_PROCESSOR] = {
		"leaving_processor", FALLING_ASLEEP, .deadline_ns = 100 * NSEC_PER_SEC,
	},
	[SIGNALLED] = { "signalled", AFTER_SLEEP, .result = -EINTR },
	[TIMED_OUT] = {
		"timed_out", AFTER_SLEEP, .result = -ETIMEDOUT, .deadline_ns = 50 * NSEC_PER_MSEC,
	},
};

/* --- what comes ---------------------------------------------------------------------- */

enum event {
	NOTHING,
	SERVED,				/* it gets what it waits for */
	CALLED,				/* likewise, from somebody who then sleeps */
	ANSWERED,			/* likewise: REPLY_RECEIVE, with no request left */
	DESTROYED,
	REVOKED,
	HUNG_UP,
	CHANGED,			/* PORT_SET: there is room */
	INTERRUPTED,			/* by a signal, before it sleeps at all */
	FROZEN,				/* likewise, and served when it is thawed */
	THAWED,				/* likewise, before it can freeze */
	EVENTS
};

static const char * const event_names[] = {
	"and_nothing_comes", "and_served", "and_called", "and_answered_by_reply_receive",
	"and_destroyed", "and_revoked", "and_hung_up", "and_room_is_made", "and_interrupted",
	"and_frozen", "and_frozen_and_thawed",
};

struct row {
	enum kind kind;
	enum moment moment;
	enum event event;
};

static bool receives(enum kind kind)
{
	return kind == RECEIVER || kind == MEETING_RECEIVER;
}

static bool possible(const struct row *row)
{
	switch (row->event) {
	case NOTHING:
		return moments[row->moment].result;
	case CALLED:
		return receives(row->kind);
	case ANSWERED:
		return row->kind >= CALLER;
	case CHANGED:
		return row->kind == SENDER || row->kind == MEETING_SENDER;
	case INTERRUPTED:
		return !moments[row->moment].result;
	case FROZEN:
	case THAWED:
		/* A receiver is not: it would keep what it is handed from others. */
		return !receives(row->kind) && row->moment == ABOUT_TO_SLEEP;
	default:
		return true;
	}
}

/* --- the scene ----------------------------------------------------------------------- */

struct scene {
	const struct row *row;
	char *name;
	int look;			/* controls the port, and is no end of it */
	int in, out;			/* the others' */
	int own;			/* the sleeper's */
	int gate;
	struct call *call;
	struct asker asker;
	__u64 token;
	struct asker caller;		/* CALLED */
	struct call server;		/* ANSWERED */
	struct turn turn;
};

static void scene_set(struct scene *scene)
{
	struct mailbox_ioc_port_create create = {
		.flags = MAILBOX_CREATE_HANGUP | MAILBOX_CREATE_UID | MAILBOX_CREATE_GID,
		.mode = 0600, .uid = USER_A, .gid = USER_A, .capacity = 1,
	};
	enum kind kind = scene->row->kind;

	NEED_ROOT();
	if (kind == MEETING_RECEIVER || kind == MEETING_SENDER)
		create = (struct mailbox_ioc_port_create){
			.flags = create.flags, .mode = 0600, .uid = USER_A, .gid = USER_A,
			RENDEZVOUS,
		};
	scene->name = unique_name();
	scene->look = port_new(O_ACCMODE, scene->name, create);
	/* The only one of its kind, so that its close hangs up. */
	if (receives(kind))
		scene->out = port_open(O_WRONLY, scene->name);
	else
		scene->in = port_open(O_RDONLY, scene->name);
	scene->own = listed_handle(receives(kind) ? O_RDONLY : O_WRONLY, scene->look, scene->name);
	if (kind == SENDER)
		CHECK_EQ(0, put(scene->own, 100));
}

static void sleeper_start(struct scene *scene)
{
	enum moment moment = scene->row->moment;
	const char *where = moments[moment].where;
	long long deadline = moments[moment].deadline_ns;
	bool receiver = receives(scene->row->kind);

	if (deadline)
		deadline = deadline_in(CLOCK_MONOTONIC, deadline * test_scale());
	scene->call = &scene->asker.call;
	if (receiver)
		scene->gate = GATED_RECEIVE(where, scene->call, scene->own,
					    .deadline_ns = deadline);
	else if (scene->row->kind >= CALLER)
		scene->gate = GATED_ASK(where, &scene->asker, scene->own, 1,
					.deadline_ns = deadline);
	else
		scene->gate = GATED_SEND(where, scene->call, scene->own, 1,
					 .deadline_ns = deadline,
					 .flags = scene->row->kind == SYNC_SENDER ?
						  MAILBOX_SEND_SYNC : 0);
	if (moment == SIGNALLED) {
		wait_for_waiters(scene->look, !receiver, receiver);
		wait_for_sleep(scene->call);
	}
	/* In time, if it has a deadline. */
	if (scene->row->kind == SERVED_CALLER) {
		wait_for_waiters(scene->look, 1, 0);
		scene->token = serve(scene->in, 1);
	}
	if (moment == SIGNALLED)
		CHECK_EQ(0, pthread_kill(scene->call->thread, SIGUSR1));
	gate_wait(scene->gate);
	/* It has not taken its wait back. */
	CHECK(waiters_are(scene->look, !receiver, receiver));
}

/* It gets what it sleeps for. */
static void sleeper_serve(struct scene *scene)
{
	enum kind kind = scene->row->kind;

	if (receives(kind))
		CHECK_EQ(0, put(scene->out, 7));
	else if (kind == SENDER)
		CHECK_EQ(100, take(scene->in));
	else if (kind == SERVED_CALLER)
		CHECK_EQ(0, answer(scene->in, scene->token, 9));
	else if (kind == CALLER)
		CHECK_EQ(0, answer(scene->in, serve(scene->in, 1), 9));
	else
		CHECK_EQ(1, take(scene->in));
	CHECK(waiters_are(scene->look, 0, 0));
}

/* Brings the event about, and returns what the sleeper has to return then. */
static long long event_come(struct scene *scene)
{
	enum kind kind = scene->row->kind;

	switch (scene->row->event) {
	case SERVED:
		sleeper_serve(scene);
		return 0;
	case CALLED:
		ask_args(&scene->caller, scene->out, 7, (struct mailbox_ioc_call){});
		wait_for_waiters(scene->look, 1, 0);
		/* It has woken the sleeper. */
		wait_for_sleep(&scene->caller.call);
		return 0;
	case ANSWERED:
		if (kind == CALLER)
			scene->token = serve(scene->in, 1);
		turn_fill(&scene->turn, scene->token, 9, 0);
		call_start(&scene->server, scene->in, MAILBOX_IOC_REPLY_RECEIVE, &scene->turn.arg,
			   0);
		wait_for_waiters(scene->look, 0, 1);
		wait_for_sleep(&scene->server);
		return 0;
	case DESTROYED:
		CHECK_EQ(0, port_destroy(scene->look, NULL));
		return -EIDRM;
	case REVOKED:
		CHECK_EQ(0, list_off(scene->look));
		CHECK(waiters_are(scene->look, 0, 0));
		return -EACCES;
	case HUNG_UP:
		close(receives(kind) ? scene->out : scene->in);
		CHECK(waiters_are(scene->look, 0, 0));
		return -EPIPE;
	case CHANGED:
		CHECK_EQ(0, SET(scene->look, .flags = MAILBOX_SET_CAPACITY, .capacity = 2));
		CHECK(waiters_are(scene->look, 0, 0));
		return 0;
	case INTERRUPTED:
		CHECK_EQ(0, pthread_kill(scene->call->thread, SIGUSR1));
		return -EINTR;
	case FROZEN:
	case THAWED:
		freezer_new();
		freezer_take("tasks", scene->call->tid);
		freezer_begin("FROZEN");
		if (scene->row->event == THAWED)
			freezer_set("THAWED");
		return 0;
	default:
		return moments[scene->row->moment].result;
	}
}

/* It was, or was to be, frozen where it was to sleep, and sleeps on. */
static void sleeper_thaw(struct scene *scene)
{
	if (scene->row->event == FROZEN) {
		freezer_wait("FROZEN");
		CHECK(waiters_are(scene->look, 1, 0));
		freezer_set("THAWED");
	}
	wait_for_sleep(scene->call);
	CHECK(waiters_are(scene->look, 1, 0));
	sleeper_serve(scene);
}

/* Those who sleep since then get what they sleep for. */
static void others_end(struct scene *scene)
{
	if (scene->row->event == CALLED) {
		CHECK_EQ(MAILBOX_MESSAGE_REQUEST, scene->call->receive.kind);
		CHECK_EQ(0, answer(scene->own, scene->call->receive.token, 8));
		CHECK_EQ(8, answer_of(&scene->caller));
	} else if (scene->row->event == ANSWERED) {
		CHECK_EQ(0, put(scene->own, 8));
		CHECK_EQ(0, call_join(&scene->server));
		CHECK_EQ(8, scene->turn.question);
	}
}

/* What the port holds when it is over: what was sent, and nothing else. */
static void scene_check(struct scene *scene)
{
	enum kind kind = scene->row->kind;
	enum event event = scene->row->event;
	struct mailbox_ioc_port_stat stat;
	bool served = event == SERVED || event == CALLED || event == ANSWERED ||
		      event == FROZEN || event == THAWED;
	bool sent = !receives(kind) && (served || event == CHANGED);

	if (served && receives(kind))
		CHECK_EQ(7, scene->call->value);
	if (served && kind >= CALLER)
		CHECK_EQ(9, scene->asker.answer);
	if (served && kind == SYNC_SENDER)
		CHECK_EQ(getpid(), scene->call->send.taken_pid);
	if (event == DESTROYED)
		return;
	stat = port_stat(scene->look);
	CHECK_EQ(0, stat.senders_waiting + stat.receivers_waiting + stat.requests);
	/* A request that was received was sent, whether answered or not. */
	CHECK_EQ((kind == SENDER) + sent + (served && receives(kind)) +
		 (kind == SERVED_CALLER && !served) + (event == ANSWERED), stat.sent);
	if (event == HUNG_UP || receives(kind)) {
		CHECK_EQ(kind == SENDER, stat.messages);
		return;
	}
	if (kind == SENDER && !served)
		CHECK_EQ(100, take(scene->in));
	if (kind == SENDER && sent)
		CHECK_EQ(1, take(scene->in));
	if (kind == MEETING_SENDER && event == CHANGED)
		CHECK_EQ(1, take(scene->in));
	/* The sleeper's was the only handle that sent. */
	CHECK_EQ(event == REVOKED ? -EPIPE : -EAGAIN, take(scene->in));
}

static void run_row(void)
{
	const struct row *row = test_now->row;
	struct account before = account();
	struct scene scene = { .row = row, .in = -1, .out = -1 };
	long long expected;

	handle_signal(SIGUSR1, 0);
	scene_set(&scene);
	sleeper_start(&scene);
	expected = event_come(&scene);
	gate_go(scene.gate);
	if (row->event == FROZEN || row->event == THAWED)
		sleeper_thaw(&scene);
	CHECK_EQ(expected, call_join(scene.call));
	others_end(&scene);
	scene_check(&scene);
	close(scene.look);
	close(scene.own);
	if (row->event != HUNG_UP)
		close(receives(row->kind) ? scene.out : scene.in);
	CHECK_EQ(before.user_bytes, account().user_bytes);
	CHECK_EQ(before.ports, account().ports);
}

static void __attribute__((constructor)) add_rows(void)
{
	static struct row rows[MOMENTS * KINDS * EVENTS];
	struct row *row = rows;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		char what[120];

		*row = (struct row){
			.event = i % EVENTS,
			.kind = i / EVENTS % KINDS,
			.moment = i / EVENTS / KINDS,
		};
		if (!possible(row))
			continue;
		snprintf(what, sizeof(what), "%s_%s", kind_names[row->kind],
			 event_names[row->event]);
		test_add(moments[row->moment].name, what, run_row, row);
		row++;
	}
}
