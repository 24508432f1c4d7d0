// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who sleeps at a port and is frozen: by a freezer cgroup, which does to some
 * processes what a suspend does to all.
 */
#include "call.h"
#include "freezer.h"

/* --- who is asleep there -------------------------------------------------------- */

/* A process that does one call, and writes down what came of it. */
struct sleeper {
	int fd;
	long long (*run)(int fd);
	pid_t pid;
	atomic_bool done;
	long long result;
};

static void sleeper_run(void *arg)
{
	struct sleeper *sleeper = arg;

	sleeper->result = sleeper->run(sleeper->fd);
	sleeper->done = true;
}

static struct sleeper *sleeper_new(int fd, long long (*run)(int fd))
{
	struct sleeper *sleeper = shared_alloc(sizeof(*sleeper));

	*sleeper = (struct sleeper){ .fd = fd, .run = run };
	sleeper->pid = spawn(sleeper_run, sleeper);
	return sleeper;
}

static long long sleeper_end(struct sleeper *sleeper)
{
	REAP(sleeper->pid);
	return sleeper->result;
}

/* Before it has left its processor it is interrupted. */
static void sleeper_freeze(struct sleeper *sleeper)
{
	WAIT_FOR(has_left_its_processor(sleeper->pid));
	freezer_take("cgroup.procs", sleeper->pid);
	freezer_set("FROZEN");
}

/* --- receivers -------------------------------------------------------------------- */

static long long by_read(int fd)
{
	int value = -1;
	long long result = RESULT(read(fd, &value, sizeof(value)));

	return result < 0 ? result : value;
}

static long long by_receive(int fd)
{
	int value = -1;
	long long result = RECEIVE(fd, .data = user_pointer(&value), .size = sizeof(value));

	return result < 0 ? result : value;
}

static long long by_lease(int fd)
{
	int value = -1;
	long long result = RECEIVE(fd, .data = user_pointer(&value), .size = sizeof(value),
				   .flags = MAILBOX_RECEIVE_LEASE);

	return result < 0 ? result : value;
}

static long long by_turn(int fd)
{
	struct turn turn;
	long long result;

	turn_fill(&turn, 0, 0, 0);
	result = turn_run(fd, &turn);
	return result < 0 ? result : turn.question;
}

static long long by_batch(int fd)
{
	struct mailbox_receive_entry entry = {};
	struct mailbox_ioc_receive_batch batch = { .count = 1, .entry_size = sizeof(entry) };
	int value = -1;
	long long result;

	entry.data = user_pointer(&value);
	entry.size = sizeof(value);
	batch.entries = user_pointer(&entry);
	result = command(fd, MAILBOX_IOC_RECEIVE_BATCH, &batch);
	return result < 0 ? result : value;
}

struct receiver {
	const char *name;
	long long (*run)(int fd);
};

static const struct receiver receivers[] = {
	{ "read", by_read },
	{ "receive", by_receive },
	{ "leasing_receive", by_lease },
	{ "reply_receive", by_turn },
	{ "receive_batch", by_batch },
};

/* Others get what comes meanwhile, and it begins anew by itself. */
static void frozen_receiver_holds_no_message(void)
{
	const struct receiver *receiver = test_now->row;
	int fd = PORT(O_RDWR);
	struct sleeper *sleeper;

	freezer_new();
	sleeper = sleeper_new(fd, receiver->run);
	wait_for_waiters(fd, 0, 1);
	sleeper_freeze(sleeper);
	CHECK(waiters_are(fd, 0, 0));
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(1, messages(fd));
	CHECK_EQ(1, take(fd));
	freezer_set("THAWED");
	wait_for_waiters(fd, 0, 1);
	CHECK(!sleeper->done);
	CHECK_EQ(0, put(fd, 2));
	CHECK_EQ(2, sleeper_end(sleeper));
}

static void __attribute__((constructor)) receivers_table(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(receivers); i++)
		test_add("frozen", receivers[i].name, frozen_receiver_holds_no_message,
			 &receivers[i]);
}

TEST(thawed_receiver_is_behind_the_others)
{
	struct sleeper *first, *second;
	int fd = PORT(O_RDWR);

	freezer_new();
	first = sleeper_new(fd, by_receive);
	wait_for_waiters(fd, 0, 1);
	second = sleeper_new(fd, by_receive);
	wait_for_waiters(fd, 0, 2);
	sleeper_freeze(first);
	freezer_set("THAWED");
	wait_for_waiters(fd, 0, 2);
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, put(fd, 2));
	CHECK_EQ(1, sleeper_end(second));
	CHECK_EQ(2, sleeper_end(first));
}

/* What it was handed before, it has. */
TEST(receiver_that_is_frozen_with_a_message)
{
	int fd = PORT(O_RDWR), i;

	freezer_new();
	for (i = 0; i < 20; i++) {
		struct sleeper *sleeper = sleeper_new(fd, by_receive);

		wait_for_waiters(fd, 0, 1);
		freezer_take("cgroup.procs", sleeper->pid);
		CHECK_EQ(0, put(fd, i));
		freezer_set("FROZEN");
		freezer_set("THAWED");
		CHECK_EQ(i, sleeper_end(sleeper));
		CHECK_EQ(0, messages(fd));
	}
}

/* --- who sleeps on ------------------------------------------------------------------ */

#define MINE 77

static long long by_send(int fd)
{
	int value = MINE;

	return SEND(fd, .data = user_pointer(&value), .len = sizeof(value));
}

static long long by_sync(int fd)
{
	int value = MINE;

	return SEND(fd, .data = user_pointer(&value), .len = sizeof(value),
		    .flags = MAILBOX_SEND_SYNC);
}

static long long by_call(int fd)
{
	int answer = -1, value = MINE;
	long long result = CALL(fd, .data = user_pointer(&value), .len = sizeof(value),
				.reply = user_pointer(&answer), .reply_size = sizeof(answer));

	return result < 0 ? result : answer;
}

static long long by_wait(int fd)
{
	struct mailbox_ioc_port_wait wait = { .events = MAILBOX_EVENT_MESSAGE };
	long long result = command(fd, MAILBOX_IOC_PORT_WAIT, &wait);

	return result < 0 ? result : wait.happened;
}

static int full_port(void)
{
	int fd = PORT(O_RDWR, .capacity = 1);

	CHECK_EQ(0, put(fd, 1));
	return fd;
}

static int empty_port(void)
{
	return PORT(O_RDWR);
}

static int rendezvous_port(void)
{
	return PORT(O_RDWR, RENDEZVOUS);
}

static void let_in(int fd)
{
	CHECK_EQ(1, take(fd));
	CHECK_EQ(MINE, take(fd));
}

static void take_it(int fd)
{
	CHECK_EQ(MINE, take(fd));
}

static __u64 token;

static void serve_it(int fd)
{
	token = serve(fd, MINE);
}

static void answer_it(int fd)
{
	CHECK_EQ(0, answer(fd, token, MINE + 1));
}

static void serve_and_answer(int fd)
{
	serve_it(fd);
	answer_it(fd);
}

static void send_it(int fd)
{
	CHECK_EQ(0, put(fd, 1));
}

/* Who has nothing to take from others stays where it is, and sleeps. */
struct row {
	const char *name;
	long long (*run)(int fd);
	int (*build)(void);
	bool waits;			/* is among the port's senders */
	void (*before)(int fd);		/* it is frozen */
	void (*meanwhile)(int fd);
	long long result;
};

static const struct row rows[] = {
	{ "send", by_send, full_port, true, NULL, let_in, 0 },
	{ "send_at_a_rendezvous", by_send, rendezvous_port, true, NULL, take_it, 0 },
	{ "sync_send", by_sync, empty_port, true, NULL, take_it, 0 },
	{ "call", by_call, empty_port, true, NULL, serve_and_answer, MINE + 1 },
	{ "call_in_hand", by_call, empty_port, true, serve_it, answer_it, MINE + 1 },
	{ "wait", by_wait, empty_port, false, NULL, send_it, MAILBOX_EVENT_MESSAGE },
};

static void frozen_sleeps_on(void)
{
	const struct row *row = test_now->row;
	struct sleeper *sleeper;
	int fd = row->build(), i;

	freezer_new();
	sleeper = sleeper_new(fd, row->run);
	if (row->waits)
		wait_for_waiters(fd, 1, 0);
	if (row->before)
		row->before(fd);
	sleeper_freeze(sleeper);
	for (i = 0; i < 5; i++) {
		CHECK(waiters_are(fd, row->waits, 0));
		freezer_set("THAWED");
		/* Some kernels wake it, and it goes to sleep again by itself. */
		WAIT_FOR(has_left_its_processor(sleeper->pid));
		CHECK(waiters_are(fd, row->waits, 0));
		CHECK(!sleeper->done);
		freezer_set("FROZEN");
	}
	/* What happens while it cannot move. */
	row->meanwhile(fd);
	CHECK(!sleeper->done);
	freezer_set("THAWED");
	CHECK_EQ(row->result, sleeper_end(sleeper));
}

static void __attribute__((constructor)) rows_table(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		test_add("frozen", rows[i].name, frozen_sleeps_on, &rows[i]);
}

/* Whoever runs the tests leaves nothing behind, nor the group of a test that failed. */
static void __attribute__((destructor)) freezer_remove(void)
{
	struct dirent *entry;
	char path[400];
	DIR *dir;

	snprintf(mount_point, sizeof(mount_point), "/tmp/mailbox-freezer-%d", runner_pid);
	dir = getpid() == runner_pid ? opendir(mount_point) : NULL;
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", mount_point, entry->d_name);
		rmdir(path);
	}
	if (!dir)
		return;
	closedir(dir);
	umount(mount_point);
	rmdir(mount_point);
}
