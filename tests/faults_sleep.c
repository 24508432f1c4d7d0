// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation and every copy fails once: calls that sleep until another
 * thread makes them go on, and calls that make others go on. faults.h says how.
 */
#include "faults.h"

static long long port_stat_result(int fd)
{
	struct mailbox_ioc_port_stat stat = {};

	return command(fd, MAILBOX_IOC_PORT_STAT, &stat);
}

/* --- receiving: the partner sends --------------------------------------------------- */

static void receive_fill(struct scene *scene)
{
	scene->number = MAILBOX_IOC_RECEIVE;
	scene->arg.receive.flags = scene->op->flags;
	scene->arg.receive.data = user_pointer(scene->in);
	scene->arg.receive.size = sizeof(scene->in);
}

static void make_receive(struct scene *scene)
{
	TWO(scene);
	receive_fill(scene);
}

static void make_receive_rendezvous(struct scene *scene)
{
	TWO(scene, RENDEZVOUS);
	receive_fill(scene);
}

static void make_receive_broadcast(struct scene *scene)
{
	TWO(scene, .flags = MAILBOX_CREATE_BROADCAST);
	receive_fill(scene);
}

static long long run_read(struct scene *scene)
{
	return RESULT(read(scene->fd[0], scene->in, sizeof(scene->in)));
}

static void partner_gives(struct scene *scene)
{
	if (scene_sleeps(scene, scene->fd[1], 0, 1))
		give(scene->fd[1], scene->op->len, 1);
}

/* What was handed over is there for others. */
static void receive_failed(struct scene *scene)
{
	struct mailbox_ioc_port_stat stat = port_stat(scene->fd[0]);

	/* Of a broadcast, the other handle has its own. */
	if (scene->acted && (stat.port_flags & MAILBOX_CREATE_BROADCAST))
		stat.messages--;
	CHECK_EQ(scene->acted, stat.messages);
	CHECK_EQ(0, stat.leased);
	CHECK_EQ(0, stat.received);
	CHECK_EQ(scene->acted, stat.sent);
	CHECK_EQ(scene->acted, !!(polled(scene->fd[0]) & POLLIN));
	CHECK_EQ(0, stat.receivers_waiting);
}

static void check_receive(struct scene *scene)
{
	bool peek = scene->op->flags & MAILBOX_RECEIVE_PEEK;
	bool lease = scene->op->flags & MAILBOX_RECEIVE_LEASE;

	check_data(scene->in, scene->op->len, 1, __FILE__, __LINE__);
	CHECK_EQ(lease, port_stat(scene->fd[0]).leased);
	if (lease)
		CHECK_EQ(0, command(scene->fd[0], MAILBOX_IOC_NACK,
				    &(struct mailbox_ioc_settle) {}));
	if (peek || lease)
		CHECK_GET(scene->fd[0], scene->op->len, 1);
	CHECK_NOTHING(scene->fd[0]);
}

static void make_receive_batch(struct scene *scene)
{
	struct mailbox_receive_entry *entry = scene->array.receive;

	TWO(scene);
	scene->number = MAILBOX_IOC_RECEIVE_BATCH;
	scene->arg.receive_batch.flags = scene->op->flags;
	scene->arg.receive_batch.entries = user_pointer(entry);
	scene->arg.receive_batch.entry_size = sizeof(*entry);
	/* More than the module has room for at hand. */
	scene->arg.receive_batch.count = ARRAY_SIZE(scene->array.receive);
	entry->data = user_pointer(scene->in);
	entry->size = sizeof(scene->in);
}

static void check_receive_batch(struct scene *scene)
{
	CHECK_EQ(1, scene->arg.receive_batch.done);
	CHECK_EQ(0, scene->arg.receive_batch.error);
	CHECK_EQ(scene->op->len, scene->array.receive[0].len);
	check_receive(scene);
}

/* --- sending: the partner receives -------------------------------------------------- */

static void send_fill(struct scene *scene)
{
	scene->number = MAILBOX_IOC_SEND;
	scene->arg.send.flags = scene->op->flags;
	scene->arg.send.data = user_pointer(scene->out);
	scene->arg.send.len = scene->op->len;
}

/* Full of one message. */
static void make_send_full(struct scene *scene)
{
	TWO(scene, .capacity = 1);
	give(scene->fd[1], SHORT, 2);
	send_fill(scene);
}

static void make_send_full_broadcast(struct scene *scene)
{
	TWO(scene, .capacity = 1, .flags = MAILBOX_CREATE_BROADCAST);
	give(scene->fd[1], SHORT, 2);
	CHECK_GET(scene->fd[0], SHORT, 2);
	send_fill(scene);
}

static void make_send(struct scene *scene)
{
	TWO(scene);
	send_fill(scene);
}

static void make_send_rendezvous(struct scene *scene)
{
	TWO(scene, RENDEZVOUS);
	send_fill(scene);
}

static long long run_write(struct scene *scene)
{
	return RESULT(write(scene->fd[0], scene->out, scene->op->len));
}

static void partner_makes_room(struct scene *scene)
{
	if (scene_sleeps(scene, scene->fd[1], 1, 0))
		CHECK_GET(scene->fd[1], SHORT, 2);
}

static void partner_takes(struct scene *scene)
{
	if (scene_sleeps(scene, scene->fd[1], 1, 0))
		CHECK_GET(scene->fd[1], scene->op->len, 1);
}

static void check_sent(struct scene *scene)
{
	CHECK_GET(scene->fd[1], scene->op->len, 1);
	CHECK_NOTHING(scene->fd[1]);
}

static void check_broadcast(struct scene *scene)
{
	CHECK_GET(scene->fd[0], scene->op->len, 1);
	CHECK_NOTHING(scene->fd[0]);
	check_sent(scene);
}

static void check_taken(struct scene *scene)
{
	CHECK_EQ(1, port_stat(scene->fd[1]).received);
	CHECK_NOTHING(scene->fd[1]);
	if (scene->op->flags & MAILBOX_SEND_SYNC)
		CHECK_EQ(getpid(), scene->arg.send.taken_pid);
}

/* --- a batch that sleeps again and again -------------------------------------------- */

#define BATCH 5

static void make_send_batch(struct scene *scene)
{
	struct mailbox_send_entry *entry = scene->array.send;
	int i;

	TWO(scene, .capacity = 1);
	scene->number = MAILBOX_IOC_SEND_BATCH;
	scene->arg.send_batch.entries = user_pointer(entry);
	scene->arg.send_batch.entry_size = sizeof(*entry);
	scene->arg.send_batch.count = BATCH;
	for (i = 0; i < BATCH; i++) {
		entry[i].data = user_pointer(scene->out);
		entry[i].len = scene->op->len;
		entry[i].type = i;
	}
}

/* As long as there is something to be had, or may come. */
static void partner_drains(struct scene *scene)
{
	static struct mailbox_ioc_receive receive;
	static char data[DATA_MAX];
	bool last;

	scene->partner_result = 0;
	do {
		last = scene->done;
		for (;;) {
			receive = (struct mailbox_ioc_receive) {
				.flags = MAILBOX_RECEIVE_NONBLOCK,
				.data = user_pointer(data),
				.size = sizeof(data),
			};
			if (command(scene->fd[1], MAILBOX_IOC_RECEIVE, &receive))
				break;
			CHECK_EQ(scene->partner_result, receive.type);
			check_data(data, scene->op->len, 1, __FILE__, __LINE__);
			scene->partner_result++;
		}
		pause_ns(100000);
	} while (!last);
}

static void check_drained(struct scene *scene)
{
	struct mailbox_ioc_send_batch *arg = &scene->arg.send_batch;

	CHECK_RANGE(scene->some ? 1 : BATCH, BATCH, arg->done);
	CHECK_EQ(arg->done, scene->partner_result);
	if (arg->done == BATCH)
		CHECK_EQ(0, arg->error);
	else
		CHECK(arg->error == ENOMEM || arg->error == EFAULT);
	CHECK_NOTHING(scene->fd[1]);
}

/* --- receiving a request: who asks does not suffer ---------------------------------- */

static void serve_ask(struct scene *scene)
{
	static struct mailbox_ioc_call ask;

	ask = (struct mailbox_ioc_call) {
		.data = user_pointer(scene->out),
		.len = scene->op->len,
		.reply = user_pointer(&scene->partner_result),
		.reply_size = sizeof(scene->partner_result),
	};
	call_start(&scene->sleeper[0], scene->fd[1], MAILBOX_IOC_CALL, &ask, 0);
	wait_for_waiters(scene->fd[1], 1, 0);
}

static void make_serve(struct scene *scene)
{
	make_receive(scene);
	serve_ask(scene);
}

static void check_serve(struct scene *scene)
{
	long long value = 77;

	check_data(scene->in, scene->op->len, 1, __FILE__, __LINE__);
	CHECK(!scene->sleeper[0].done);
	CHECK_EQ(0, REPLY(scene->fd[0], .token = scene->arg.receive.token,
			  .data = user_pointer(&value), .len = sizeof(value)));
	CHECK_EQ(0, call_join(&scene->sleeper[0]));
	CHECK_EQ(77, scene->partner_result);
}

/* --- waiting for ports -------------------------------------------------------------- */

static void make_bind_wait(struct scene *scene)
{
	scene->fd[0] = node_open(O_RDWR);
	scene->fd[1] = node_open(O_RDWR);
	scene->number = MAILBOX_IOC_PORT_OPEN;
	scene->arg.open.flags = MAILBOX_BIND_WAIT;
	strcpy(scene->arg.open.name, scene->name[0]);
}

static void make_wait(struct scene *scene)
{
	scene->fd[0] = node_open(O_RDWR);
	scene->fd[1] = node_open(O_RDWR);
	scene->number = MAILBOX_IOC_PORT_WAIT;
	scene->arg.wait.events = MAILBOX_EVENT_NAMED;
	strcpy(scene->arg.wait.name, scene->name[0]);
}

/* The call is made by the first thread; there is no port yet to ask who sleeps at it. */
static void partner_creates(struct scene *scene)
{
	struct mailbox_ioc_port_create create = {};

	strcpy(create.name, scene->name[0]);
	if (scene->acted || port_stat_result(scene->fd[1]) != -ENOTCONN)
		return;
	WAIT_FOR(scene->done || thread_is_asleep(getpid()));
	if (scene->done)
		return;
	scene->acted = true;
	CHECK_EQ(0, command(scene->fd[1], MAILBOX_IOC_PORT_CREATE, &create));
}

static void nothing_said(struct scene *scene)
{
	CHECK_EQ(0, scene->arg.wait.happened);
	CHECK_EQ(0, scene->arg.wait.id);
}

static void still_unbound(struct scene *scene)
{
	CHECK_EQ(-ENOTCONN, port_stat_result(scene->fd[0]));
}

static void check_bound(struct scene *scene)
{
	CHECK_EQ(port_stat(scene->fd[1]).id, scene->arg.open.id);
	CHECK_EQ(0, put(scene->fd[0], 1));
	CHECK_EQ(1, take(scene->fd[1]));
}

static void check_wait(struct scene *scene)
{
	CHECK_EQ(port_stat(scene->fd[1]).id, scene->arg.wait.id);
}

static void make_wait_message(struct scene *scene)
{
	TWO(scene);
	scene->number = MAILBOX_IOC_PORT_WAIT;
	scene->arg.wait.events = MAILBOX_EVENT_MESSAGE;
}

static void partner_gives_later(struct scene *scene)
{
	pause_ns(5 * NSEC_PER_MSEC);
	if (scene->done || messages(scene->fd[1]))
		return;
	give(scene->fd[1], scene->op->len, 1);
}

/* --- calls that make others go on --------------------------------------------------- */

/* Sleeps in a receive of what is sent, into @in. */
static void sleeper_receives(struct scene *scene, int fd, struct mailbox_ioc_receive receive)
{
	struct call *sleeper = &scene->sleeper[0];

	sleeper->receive = receive;
	sleeper->receive.data = user_pointer(scene->in);
	sleeper->receive.size = sizeof(scene->in);
	call_start(sleeper, fd, MAILBOX_IOC_RECEIVE, &sleeper->receive, 0);
	wait_for_waiters(fd, 0, 1);
}

#define SLEEPER_RECEIVES(scene, fd, ...) \
	sleeper_receives(scene, fd, (struct mailbox_ioc_receive){ __VA_ARGS__ })

static void make_send_to_sleeper(struct scene *scene)
{
	TWO(scene);
	send_fill(scene);
	scene->arg.send.flags = MAILBOX_SEND_NONBLOCK;
	SLEEPER_RECEIVES(scene, scene->fd[1], .flags = scene->op->flags);
}

static void make_send_to_sleeper_rendezvous(struct scene *scene)
{
	TWO(scene, RENDEZVOUS);
	send_fill(scene);
	scene->arg.send.flags = MAILBOX_SEND_NONBLOCK;
	SLEEPER_RECEIVES(scene, scene->fd[1], .flags = scene->op->flags);
}

static void make_broadcast_to_sleeper(struct scene *scene)
{
	TWO(scene, .flags = MAILBOX_CREATE_BROADCAST, .capacity = 1);
	send_fill(scene);
	SLEEPER_RECEIVES(scene, scene->fd[1], .flags = scene->op->flags);
}

static void check_sleeper_got(struct scene *scene)
{
	CHECK_EQ(0, call_join(&scene->sleeper[0]));
	check_data(scene->in, scene->op->len, 1, __FILE__, __LINE__);
	CHECK_NOTHING(scene->fd[1]);
}

static void check_broadcast_got(struct scene *scene)
{
	check_sleeper_got(scene);
	CHECK_GET(scene->fd[0], scene->op->len, 1);
	CHECK_NOTHING(scene->fd[0]);
}

/* Sleeps in a send to a port that is full. */
static void make_admit(struct scene *scene, unsigned long number)
{
	struct call *sleeper = &scene->sleeper[0];

	TWO(scene, .capacity = 1);
	give(scene->fd[1], SHORT, 2);
	sleeper->send = (struct mailbox_ioc_send) {
		.data = user_pointer(scene->out),
		.len = scene->op->len,
	};
	call_start(sleeper, scene->fd[1], MAILBOX_IOC_SEND, &sleeper->send, 0);
	wait_for_waiters(scene->fd[1], 1, 0);
	scene->number = number;
}

static void make_receive_admits(struct scene *scene)
{
	make_admit(scene, MAILBOX_IOC_RECEIVE);
	receive_fill(scene);
}

static void check_admitted(struct scene *scene)
{
	CHECK_EQ(0, call_join(&scene->sleeper[0]));
	check_data(scene->in, SHORT, 2, __FILE__, __LINE__);
	check_sent(scene);
}

/* Once the room was given away the message goes back all the same. */
static void admit_failed(struct scene *scene)
{
	struct mailbox_ioc_port_stat stat = port_stat(scene->fd[0]);

	CHECK_EQ(0, stat.received);
	CHECK_EQ(2, stat.messages + stat.senders_waiting);
}

static void make_set_admits(struct scene *scene)
{
	make_admit(scene, MAILBOX_IOC_PORT_SET);
	scene->arg.set.flags = MAILBOX_SET_CAPACITY;
	scene->arg.set.capacity = 2;
}

static void check_set_admitted(struct scene *scene)
{
	CHECK_EQ(0, call_join(&scene->sleeper[0]));
	CHECK_GET(scene->fd[1], SHORT, 2);
	check_sent(scene);
}

static void make_destroy(struct scene *scene)
{
	make_admit(scene, MAILBOX_IOC_PORT_DESTROY);
}

static void check_destroyed(struct scene *scene)
{
	CHECK_EQ(-EIDRM, call_join(&scene->sleeper[0]));
}

static void make_nack_to_sleeper(struct scene *scene)
{
	bool last = scene->op->flags;
	struct mailbox_ioc_port_create create = { .max_deliveries = last };

	if (last)
		strcpy(create.dead_letter, scene->name[1]);
	two_handles(scene, create);
	scene->fd[2] = NAMED_PORT(O_RDWR, scene->name[1], RENDEZVOUS);
	give(scene->fd[1], scene->op->len, 1);
	CHECK_EQ(0, RECEIVE(scene->fd[0], .flags = MAILBOX_RECEIVE_LEASE,
			    .data = user_pointer(scene->in), .size = sizeof(scene->in)));
	memset(scene->in, 0, sizeof(scene->in));
	scene->number = MAILBOX_IOC_NACK;
	SLEEPER_RECEIVES(scene, scene->fd[last ? 2 : 1]);
}

/* The handle that holds the lease is closed. */
static void make_close_to_sleeper(struct scene *scene)
{
	make_nack_to_sleeper(scene);
	scene->other = scene->fd[0];
	scene->fd[0] = -1;
}

static long long run_close(struct scene *scene)
{
	int fd = scene->other;

	scene->other = -1;
	return RESULT(close(fd));
}

/* Who asked is told that there will be no answer. */
static void make_close_server(struct scene *scene)
{
	TWO(scene);
	serve_ask(scene);
	CHECK_EQ(0, RECEIVE(scene->fd[0], .data = user_pointer(scene->in),
			    .size = sizeof(scene->in)));
	scene->other = scene->fd[0];
	scene->fd[0] = -1;
}

static void check_close_server(struct scene *scene)
{
	CHECK_EQ(-EPIPE, call_join(&scene->sleeper[0]));
	CHECK_EQ(0, port_stat(scene->fd[1]).requests);
}

/* --- the tables --------------------------------------------------------------------- */

#define RECEIVES .partner = partner_gives, .check = check_receive, .failed = receive_failed, \
		.payloads = 1
#define BATCHES	.partner = partner_gives, .check = check_receive_batch, \
		.failed = receive_failed, .payloads = 1, .errors = { ENOMEM }
#define ADMITS	.partner = partner_makes_room, .check = check_sent, .payloads = 1, \
		.errors = { ENOMEM }
#define TAKES	.partner = partner_takes, .check = check_taken, .payloads = 1, \
		.errors = { ENOMEM }
#define CREATES	.partner = partner_creates, .errors = { ENOMEM }

static const struct operation of_sleeping[] = {
	{ "receive", make_receive, RECEIVES, .len = SHORT },
	{ "receive_pages", make_receive, RECEIVES, .len = LONG },
	{ "receive_rendezvous", make_receive_rendezvous, RECEIVES, .len = LONG },
	{ "receive_broadcast", make_receive_broadcast, RECEIVES, .len = LONG },
	{ "receive_peek", make_receive, RECEIVES, .flags = MAILBOX_RECEIVE_PEEK, .len = LONG },
	{ "receive_lease", make_receive, RECEIVES, .flags = MAILBOX_RECEIVE_LEASE, .len = LONG,
	  .errors = { ENOMEM } },
	{ "read", make_receive, run_read, RECEIVES, .result = MIDDLE, .len = MIDDLE },
	{ "receive_batch", make_receive_batch, BATCHES, .len = LONG },
	{ "receive_batch_lease", make_receive_batch, BATCHES, .flags = MAILBOX_RECEIVE_LEASE,
	  .len = MIDDLE },
	{ "send", make_send_full, ADMITS, .len = SHORT },
	{ "send_pages", make_send_full, ADMITS, .len = LONG },
	{ "send_broadcast", make_send_full_broadcast, .partner = partner_makes_room,
	  .check = check_broadcast, .payloads = 1, .errors = { ENOMEM }, .len = LONG },
	{ "write", make_send_full, run_write, ADMITS, .result = MIDDLE, .len = MIDDLE },
	{ "send_rendezvous", make_send_rendezvous, TAKES, .len = MIDDLE },
	{ "send_sync", make_send, TAKES, .flags = MAILBOX_SEND_SYNC, .len = SHORT },
	{ "send_sync_pages", make_send, TAKES, .flags = MAILBOX_SEND_SYNC, .len = LONG },
	{ "send_sync_rendezvous", make_send_rendezvous, TAKES, .flags = MAILBOX_SEND_SYNC,
	  .len = SHORT },
	{ "send_batch", make_send_batch, .partner = partner_drains, .check = check_drained,
	  .errors = { ENOMEM }, .len = MIDDLE },
	{ "bind_wait", make_bind_wait, CREATES, .check = check_bound, .failed = still_unbound },
	{ "wait", make_wait, CREATES, .check = check_wait, .failed = nothing_said },
	{ "wait_message", make_wait_message, .partner = partner_gives_later, .check = check_sent,
	  .failed = nothing_said, .len = SHORT },
};
FAULTS_TABLE(of_sleeping)

#define GETS	.check = check_sleeper_got, .payloads = 1, .errors = { ENOMEM }

static const struct operation of_waking[] = {
	{ "serve", make_serve, .check = check_serve, .payloads = 1, .len = SHORT },
	{ "serve_pages", make_serve, .check = check_serve, .payloads = 1, .len = LONG },
	{ "send_to_sleeper", make_send_to_sleeper, GETS, .len = SHORT },
	{ "send_pages_to_sleeper", make_send_to_sleeper, GETS, .len = LONG },
	{ "send_to_lease", make_send_to_sleeper, GETS, .flags = MAILBOX_RECEIVE_LEASE,
	  .len = LONG },
	{ "send_to_sleeper_rendezvous", make_send_to_sleeper_rendezvous, GETS, .len = MIDDLE },
	{ "broadcast_to_sleeper", make_broadcast_to_sleeper, .check = check_broadcast_got,
	  .payloads = 1, .errors = { ENOMEM }, .len = LONG },
	{ "receive_admits", make_receive_admits, .check = check_admitted, .failed = admit_failed,
	  .len = LONG },
	{ "set_admits", make_set_admits, .check = check_set_admitted, .len = LONG },
	{ "destroy_wakes", make_destroy, .check = check_destroyed, .len = LONG },
	{ "nack_to_sleeper", make_nack_to_sleeper, .check = check_sleeper_got, .len = LONG },
	{ "nack_last_to_sleeper", make_nack_to_sleeper, .check = check_sleeper_got, .flags = 1,
	  .len = LONG },
	{ "close_to_sleeper", make_close_to_sleeper, run_close, .check = check_sleeper_got,
	  .len = LONG },
	{ "close_last_to_sleeper", make_close_to_sleeper, run_close, .check = check_sleeper_got,
	  .flags = 1, .len = LONG },
	{ "close_server", make_close_server, run_close, .check = check_close_server,
	  .len = SHORT },
};
FAULTS_TABLE(of_waking)
