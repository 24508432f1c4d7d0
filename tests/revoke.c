// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handles whose right the allow list has taken away again: what any call by them
 * gets, also one that sleeps. Which handles those are is in revoke_whom.c.
 */
#include <sys/epoll.h>

#include "allow.h"

/* --- every call --------------------------------------------------------------- */

static int value = 1;

static long long by_read(struct guest *guest)
{
	return RESULT(read(guest->fd, &value, sizeof(value)));
}

static long long by_write(struct guest *guest)
{
	return RESULT(write(guest->fd, &value, sizeof(value)));
}

static long long by_send(struct guest *guest)
{
	return SEND(guest->fd);
}

static long long by_sync(struct guest *guest)
{
	return SEND(guest->fd, .flags = MAILBOX_SEND_SYNC);
}

static long long by_quiet_send(struct guest *guest)
{
	return SEND(guest->fd, .flags = MAILBOX_SEND_NONBLOCK);
}

static long long by_receive(struct guest *guest)
{
	return RECEIVE(guest->fd);
}

static long long by_peek(struct guest *guest)
{
	return RECEIVE(guest->fd, .flags = MAILBOX_RECEIVE_PEEK | MAILBOX_RECEIVE_TRUNC);
}

static long long by_selection(struct guest *guest)
{
	return RECEIVE(guest->fd, .select = MAILBOX_SELECT_TYPE, .match = 5);
}

static long long by_lease(struct guest *guest)
{
	return RECEIVE(guest->fd, .flags = MAILBOX_RECEIVE_LEASE);
}

static long long by_send_batch(struct guest *guest)
{
	struct mailbox_send_entry entry = {};
	struct mailbox_ioc_send_batch batch = { .count = 1, .entry_size = sizeof(entry) };

	batch.entries = user_pointer(&entry);
	return command(guest->fd, MAILBOX_IOC_SEND_BATCH, &batch);
}

static long long by_receive_batch(struct guest *guest)
{
	struct mailbox_receive_entry entry = {};
	struct mailbox_ioc_receive_batch batch = { .count = 1, .entry_size = sizeof(entry) };

	batch.entries = user_pointer(&entry);
	return command(guest->fd, MAILBOX_IOC_RECEIVE_BATCH, &batch);
}

static long long by_call(struct guest *guest)
{
	struct mailbox_ioc_call call = {};

	return command(guest->fd, MAILBOX_IOC_CALL, &call);
}

static long long by_reply(struct guest *guest)
{
	struct mailbox_ioc_reply reply = { .token = guest->token };

	return command(guest->fd, MAILBOX_IOC_REPLY, &reply);
}

static long long by_reply_receive(struct guest *guest)
{
	struct mailbox_ioc_reply_receive turn = { .reply.token = guest->token };

	return command(guest->fd, MAILBOX_IOC_REPLY_RECEIVE, &turn);
}

static long long by_turn(struct guest *guest)
{
	struct mailbox_ioc_reply_receive turn = {};

	return command(guest->fd, MAILBOX_IOC_REPLY_RECEIVE, &turn);
}

static long long by_ack(struct guest *guest)
{
	struct mailbox_ioc_settle settle = {};

	return command(guest->fd, MAILBOX_IOC_ACK, &settle);
}

static long long by_nack(struct guest *guest)
{
	struct mailbox_ioc_settle settle = {};

	return command(guest->fd, MAILBOX_IOC_NACK, &settle);
}

static long long by_stat(struct guest *guest)
{
	struct mailbox_ioc_port_stat stat = {};

	return command(guest->fd, MAILBOX_IOC_PORT_STAT, &stat);
}

static long long by_allowed(struct guest *guest)
{
	return allowed_list(guest->fd, NULL, NULL, 0, NULL);
}

static long long by_wait(struct guest *guest)
{
	struct mailbox_ioc_port_wait wait = {
		.flags = MAILBOX_WAIT_NONBLOCK,
		.events = MAILBOX_EVENT_MESSAGE,
	};

	return command(guest->fd, MAILBOX_IOC_PORT_WAIT, &wait);
}

static long long by_poll(struct guest *guest)
{
	struct pollfd poll_fd = { .fd = guest->fd };

	CHECK_EQ(1, RESULT(poll(&poll_fd, 1, -1)));
	return poll_fd.revents & POLLERR ? -EACCES : 0;
}

static long long by_epoll(struct guest *guest)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
	int epoll = epoll_create1(0);

	/* What there is already is told first. */
	CHECK_OK(epoll_ctl(epoll, EPOLL_CTL_ADD, guest->fd, &event));
	do {
		CHECK_EQ(1, RESULT(epoll_wait(epoll, &event, 1, -1)));
	} while (!(event.events & EPOLLERR));
	return -EACCES;
}

/* In which state of the port it sleeps. */
enum asleep { NEVER, EMPTY, FULL, NOBODY, POLLS };

struct row {
	const char *name;
	long long (*run)(struct guest *guest);
	int flags;			/* of the handle */
	enum asleep asleep;
};

static const struct row rows[] = {
	{ "read", by_read, O_RDONLY, EMPTY },
	{ "write", by_write, O_WRONLY, FULL },
	{ "send", by_send, O_WRONLY, FULL },
	{ "send_at_a_rendezvous", by_send, O_WRONLY, NOBODY },
	{ "sync_send", by_sync, O_WRONLY, EMPTY },
	{ "sync_send_to_a_full_port", by_sync, O_WRONLY, FULL },
	{ "sync_send_at_a_rendezvous", by_sync, O_WRONLY, NOBODY },
	{ "nonblocking_send", by_quiet_send, O_WRONLY, NEVER },
	{ "receive", by_receive, O_RDONLY, EMPTY },
	{ "receive_at_a_rendezvous", by_receive, O_RDONLY, NOBODY },
	{ "peek", by_peek, O_RDONLY, EMPTY },
	{ "selecting_receive", by_selection, O_RDWR, FULL },
	{ "leasing_receive", by_lease, O_RDWR, EMPTY },
	{ "send_batch", by_send_batch, O_RDWR, FULL },
	{ "receive_batch", by_receive_batch, O_RDWR, EMPTY },
	{ "call", by_call, O_WRONLY, EMPTY },
	{ "call_of_a_full_port", by_call, O_RDWR, FULL },
	{ "call_at_a_rendezvous", by_call, O_RDWR, NOBODY },
	{ "reply", by_reply, O_RDONLY, NEVER },
	{ "reply_receive", by_reply_receive, O_RDONLY, NEVER },
	{ "receive_with_nothing_to_answer", by_turn, O_RDONLY, EMPTY },
	{ "ack", by_ack, O_RDONLY, NEVER },
	{ "nack", by_nack, O_RDONLY, NEVER },
	{ "stat", by_stat, O_RDWR, NEVER },
	{ "allowed", by_allowed, O_RDWR, NEVER },
	{ "wait", by_wait, O_RDONLY, NEVER },
	{ "poll", by_poll, O_RDONLY, POLLS },
	{ "poll_to_send", by_poll, O_WRONLY, POLLS },
	{ "edge_triggered_epoll", by_epoll, O_RDWR, POLLS },
};

static struct guest *row_guest(void)
{
	const struct row *row = test_now->row;
	struct guest *guest;

	if (row->asleep == NOBODY)
		guest = GUEST(row->flags, RENDEZVOUS);
	else
		guest = GUEST(row->flags, .capacity = 1);
	if (row->asleep == FULL)
		CHECK_EQ(0, put(guest->owner, 1));
	guest->token = 1;
	return guest;
}

static void call_later(void *arg)
{
	struct guest *guest = arg;
	const struct row *row = test_now->row;

	guest_enter(guest);
	guest_step(guest, 1);
	CHECK_EQ(-EACCES, row->run(guest));
	CHECK_EQ(-EACCES, row->run(guest));
	CHECK(polls_as_revoked(guest->fd));
	/* It is bound for good, and another one cannot be. */
	CHECK_EQ(-EISCONN, bind_name(guest->fd, guest->name));
	CHECK_EQ(-EACCES, bind_name(node_open(guest->flags), guest->name));
}

static void call_after_revoke(void)
{
	struct guest *guest = row_guest();
	unsigned long long before;
	pid_t pid;

	before = messages(guest->owner);
	pid = spawn(call_later, guest);
	WAIT_FOR(guest->step == 1);
	CHECK_EQ(0, guest_revoke(guest));
	guest->step = 2;
	REAP(pid);
	CHECK_EQ(before, messages(guest->owner));
	CHECK(waiters_are(guest->owner, 0, 0));
}

static void call_at_once(void *arg)
{
	struct guest *guest = arg;
	const struct row *row = test_now->row;

	guest_enter(guest);
	guest->step = 1;
	CHECK_EQ(-EACCES, row->run(guest));
}

static bool process_is_asleep(pid_t pid)
{
	char path[64], text[256], *state;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (file_read(path, text, sizeof(text)) <= 0)
		return false;
	state = strrchr(text, ')');
	return state && state[2] == 'S';
}

/* It sleeps, and comes back; what it would have sent is nobody's. */
static void sleep_until_revoke(void)
{
	const struct row *row = test_now->row;
	struct guest *guest = row_guest();
	unsigned long long full;
	pid_t pid;

	full = messages(guest->owner);
	pid = spawn(call_at_once, guest);
	WAIT_FOR(guest->step == 1 && process_is_asleep(pid));
	if (row->asleep != POLLS)
		WAIT_FOR(port_stat(guest->owner).senders_waiting ||
			 port_stat(guest->owner).receivers_waiting);
	CHECK_EQ(0, guest_revoke(guest));
	REAP(pid);
	CHECK(waiters_are(guest->owner, 0, 0));
	CHECK_EQ(full, messages(guest->owner));
	if (full)
		CHECK_EQ(1, take(guest->owner));
	CHECK_EQ(-EAGAIN, take(guest->owner));
}

static void __attribute__((constructor)) rows_table(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		test_add("revoked", rows[i].name, call_after_revoke, &rows[i]);
		if (rows[i].asleep != NEVER)
			test_add("sleeping", rows[i].name, sleep_until_revoke, &rows[i]);
	}
}
