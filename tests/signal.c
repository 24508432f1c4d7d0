// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals at every place that sleeps: interrupted, restarted, killed; and the
 * account of every message through thousands of kills.
 */
#include <sched.h>

#include "port.h"

/* A place where a call sleeps, and what lets it go. */
struct place {
	const char *name;
	bool full, rendezvous;		/* of the port */
	unsigned long number;
	__u32 flags;
	bool sender;
	long long success;
};

static const struct place places[] = {
	{ "send_for_room", true, false, MAILBOX_IOC_SEND, 0, true, 0 },
	{ "send_for_a_receiver", false, true, MAILBOX_IOC_SEND, 0, true, 0 },
	{ "send_for_a_receipt", false, false, MAILBOX_IOC_SEND, MAILBOX_SEND_SYNC, true, 0 },
	{ "sync_for_room", true, false, MAILBOX_IOC_SEND, MAILBOX_SEND_SYNC, true, 0 },
	{ "write_for_room", true, false, CALL_WRITE, 0, true, 4 },
	{ "receive", false, false, MAILBOX_IOC_RECEIVE, 0, false, 0 },
	{ "receive_at_a_rendezvous", false, true, MAILBOX_IOC_RECEIVE, 0, false, 0 },
	{ "peek", false, false, MAILBOX_IOC_RECEIVE, MAILBOX_RECEIVE_PEEK, false, 0 },
	{ "read", false, false, CALL_READ, 0, false, 4 },
};

#define MINE 77

static const struct place *place(void)
{
	return test_now->row;
}

static int place_port(void)
{
	struct mailbox_ioc_port_create create = { .capacity = 1 };
	int fd;

	if (place()->rendezvous) {
		create.capacity = 0;
		create.buffering = MAILBOX_BUFFERING_RENDEZVOUS;
	}
	fd = port_new(O_RDWR, NULL, create);
	if (place()->full)
		CHECK_EQ(0, put(fd, 1));
	return fd;
}

static void place_sleep(struct call *call, int fd, __u64 deadline_ns)
{
	static int value = MINE;

	if (place()->number == MAILBOX_IOC_SEND)
		CALL_SEND(call, fd, MINE, .flags = place()->flags, .deadline_ns = deadline_ns);
	else if (place()->number == MAILBOX_IOC_RECEIVE)
		CALL_RECEIVE(call, fd, .flags = place()->flags, .deadline_ns = deadline_ns);
	else
		call_start(call, fd, place()->number, &value, sizeof(value));
}

static bool place_sleeps(int fd)
{
	return waiters_are(fd, place()->sender, !place()->sender);
}

/* Lets the sleeper go, and checks that everything arrives once. */
static void place_serve(struct call *call, int fd)
{
	if (!place()->sender) {
		CHECK_EQ(0, put(fd, MINE));
		CHECK_EQ(place()->success, call_join(call));
		CHECK_EQ(MINE, call->number == CALL_READ ? *(int *)call->arg : call->value);
		if (place()->flags & MAILBOX_RECEIVE_PEEK)
			CHECK_EQ(MINE, take(fd));
	} else {
		if (place()->full)
			CHECK_EQ(1, take(fd));
		CHECK_EQ(MINE, RECEIVE(fd, .flags = 0, .data = user_pointer(&call->value),
				       .size = 4) ? -1 : call->value);
		CHECK_EQ(place()->success, call_join(call));
	}
	CHECK_EQ(-EAGAIN, take(fd));
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

static void signal_interrupts(void)
{
	unsigned long long before;
	int fd = place_port();
	struct call call;

	handle_signals(0);
	before = messages(fd);
	place_sleep(&call, fd, 0);
	WAIT_FOR(place_sleeps(fd));
	pthread_kill(call.thread, SIGUSR1);
	CHECK_EQ(-EINTR, call_join(&call));
	CHECK(waiters_are(fd, 0, 0));
	CHECK_EQ(before, messages(fd));
	/* The port is none the worse for it. */
	place_sleep(&call, fd, 0);
	WAIT_FOR(place_sleeps(fd));
	place_serve(&call, fd);
}

static void signal_restarts(void)
{
	unsigned int i;
	int fd = place_port();
	struct call call;

	handle_signals(SA_RESTART);
	place_sleep(&call, fd, 0);
	for (i = 1; i <= 10; i++) {
		WAIT_FOR(place_sleeps(fd));
		pthread_kill(call.thread, SIGUSR1);
		WAIT_FOR(signals == i);
	}
	WAIT_FOR(place_sleeps(fd));
	CHECK(!call.done);
	place_serve(&call, fd);
}

/* A deadline is a moment: signals do not put it off. */
static void restart_keeps_the_deadline(void)
{
	long long deadline = deadline_soon();
	int fd = place_port();
	struct call call;

	handle_signals(SA_RESTART);
	place_sleep(&call, fd, deadline);
	while (!call.done) {
		pthread_kill(call.thread, SIGUSR1);
		pause_ns(5 * NSEC_PER_MSEC);
	}
	CHECK_EQ(-ETIMEDOUT, call_join(&call));
	CHECK(call.finished_ns >= deadline);
	CHECK(signals);
}

static void sleep_in_child(void *arg)
{
	struct call call;

	place_sleep(&call, *(int *)arg, 0);
	call_join(&call);
	FAIL("woke up: %lld", call.result);
}

static void kill_takes_nothing(void)
{
	int fd = place_port(), i;
	unsigned long long before = messages(fd);
	struct call call;
	pid_t pid;

	for (i = 0; i < 50; i++) {
		pid = spawn(sleep_in_child, &fd);
		WAIT_FOR(place_sleeps(fd));
		kill(pid, SIGKILL);
		reap_status(pid);
		CHECK(waiters_are(fd, 0, 0));
		CHECK_EQ(before, messages(fd));
	}
	place_sleep(&call, fd, 0);
	WAIT_FOR(place_sleeps(fd));
	place_serve(&call, fd);
}

/* A process that is stopped is in nobody's way, and goes on afterwards. */
static void stop_and_continue(void)
{
	int fd = place_port(), status;
	pid_t pid = spawn(sleep_in_child, &fd);

	WAIT_FOR(place_sleeps(fd));
	kill(pid, SIGSTOP);
	CHECK_EQ(pid, waitpid(pid, &status, WUNTRACED));
	CHECK(WIFSTOPPED(status));
	kill(pid, SIGCONT);
	WAIT_FOR(place_sleeps(fd));
	kill(pid, SIGKILL);
	reap_status(pid);
}

static void __attribute__((constructor)) signal_table(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		test_add(places[i].name, "is_interrupted", signal_interrupts, &places[i]);
		test_add(places[i].name, "restarts", signal_restarts, &places[i]);
		if (places[i].number > CALL_WRITE)
			test_add(places[i].name, "keeps_its_deadline",
				 restart_keeps_the_deadline, &places[i]);
		test_add(places[i].name, "is_killed", kill_takes_nothing, &places[i]);
		test_add(places[i].name, "is_stopped", stop_and_continue, &places[i]);
	}
}

/*
 * Between the hand-over and the sleeper's first step. The test has the only
 * CPU that the sleeper may run on, and a priority that nobody takes it away
 * from: it serves the sleeper, and strikes before that can move. False if the
 * deadline came first.
 */
static bool sleeper_on_our_cpu(int fd, struct call *call, struct mailbox_ioc_receive receive)
{
	struct sched_param first = { .sched_priority = 10 };
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	CHECK_OK(sched_setaffinity(0, sizeof(cpus), &cpus));
	call_receive_args(call, fd, receive);
	WAIT_FOR(waiters_are(fd, 0, 1) ||
		 (receive.deadline_ns && now_ns(CLOCK_MONOTONIC) > (long long)receive.deadline_ns));
	if (!waiters_are(fd, 0, 1))
		return false;
	if (sched_setscheduler(0, SCHED_FIFO, &first))
		SKIP("no real-time priority: %s", strerror(errno));
	return true;
}

static void sleeper_may_run(void)
{
	struct sched_param none = {};

	CHECK_OK(sched_setscheduler(0, SCHED_OTHER, &none));
}

TEST(signal_after_the_hand_over_loses_nothing)
{
	int fd = PORT(O_RDWR), i;
	struct call call;

	NEED_ROOT();
	handle_signals(0);
	for (i = 0; i < 100; i++) {
		CHECK(sleeper_on_our_cpu(fd, &call, (struct mailbox_ioc_receive){}));
		CHECK_EQ(0, put(fd, i));
		pthread_kill(call.thread, SIGUSR1);
		sleeper_may_run();
		CHECK_EQ(i, call_value(&call));
		CHECK_EQ(0, messages(fd));
	}
	CHECK_EQ(100, signals);
}

TEST(deadline_after_the_hand_over_loses_nothing)
{
	long long limit = 50 * NSEC_PER_MSEC, deadline, result;
	int fd = PORT(O_RDWR), i = 0;
	struct call call;

	NEED_ROOT();
	while (i < 10) {
		deadline = deadline_in(CLOCK_MONOTONIC, limit);
		if (!sleeper_on_our_cpu(fd, &call, (struct mailbox_ioc_receive){
				.deadline_ns = deadline,
			})) {
			CHECK_EQ(-ETIMEDOUT, call_value(&call));
			limit *= 2;
			continue;
		}
		CHECK_EQ(0, put(fd, i));
		while (now_ns(CLOCK_MONOTONIC) < deadline + NSEC_PER_MSEC)
			;
		sleeper_may_run();
		result = call_value(&call);
		/* Unless it was over before the hand-over. */
		if (result == -ETIMEDOUT) {
			CHECK_EQ(i, take(fd));
			limit *= 2;
			continue;
		}
		CHECK_EQ(i++, result);
		CHECK_EQ(0, messages(fd));
	}
}

static void receive_one(void *arg)
{
	int value;

	RECEIVE(*(int *)arg, .data = user_pointer(&value), .size = 4);
	FAIL("was not killed");
}

/* What a process was given that never runs again, nobody has received. */
TEST(kill_after_the_hand_over_loses_nothing)
{
	struct sched_param first = { .sched_priority = 10 };
	int fd = PORT(O_RDWR), i;
	cpu_set_t cpus;
	pid_t pid;

	NEED_ROOT();
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	CHECK_OK(sched_setaffinity(0, sizeof(cpus), &cpus));
	for (i = 0; i < 100; i++) {
		pid = spawn(receive_one, &fd);
		wait_for_waiters(fd, 0, 1);
		if (sched_setscheduler(0, SCHED_FIFO, &first))
			SKIP("no real-time priority: %s", strerror(errno));
		CHECK_EQ(0, put(fd, i));
		kill(pid, SIGKILL);
		sleeper_may_run();
		reap_status(pid);
		CHECK_EQ(1, messages(fd));
		CHECK_EQ(0, port_stat(fd).received);
		CHECK_EQ(i, take(fd));
		close(fd);
		fd = PORT(O_RDWR);
	}
}

/* The same for who is let in, or gets a receipt: it was sent. */
static void check_served_sender(__u32 flags, bool full)
{
	struct sched_param first = { .sched_priority = 10 };
	int fd = PORT(O_RDWR, .capacity = 1), i;
	struct call call;
	cpu_set_t cpus;

	NEED_ROOT();
	handle_signals(0);
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	CHECK_OK(sched_setaffinity(0, sizeof(cpus), &cpus));
	for (i = 0; i < 100; i++) {
		if (full)
			CHECK_EQ(0, put(fd, 1000));
		CALL_SEND(&call, fd, i, .flags = flags);
		wait_for_waiters(fd, 1, 0);
		if (sched_setscheduler(0, SCHED_FIFO, &first))
			SKIP("no real-time priority: %s", strerror(errno));
		CHECK_EQ(full ? 1000 : i, take(fd));
		pthread_kill(call.thread, SIGUSR1);
		sleeper_may_run();
		CHECK_EQ(0, call_join(&call));
		if (full)
			CHECK_EQ(i, take(fd));
		CHECK_EQ(-EAGAIN, take(fd));
	}
}

TEST(signal_after_being_let_in_is_no_failure)
{
	check_served_sender(0, true);
}

TEST(signal_after_the_receipt_is_no_failure)
{
	check_served_sender(MAILBOX_SEND_SYNC, false);
}

/*
 * The account. Children do one thing in a loop and write down what they know;
 * the test does the other half and kills them at any moment. A number is
 * never received twice, and one that was sent for certain is received, still
 * queued, or the last thing that a killed receiver got.
 */
#define NUMBERS 200000
#define KILLS 1000

struct account {
	int fd;
	__u32 flags;			/* of sends */
	atomic_int next;		/* number to be sent */
	int buffer;			/* of the child that receives */
	atomic_uchar tried[NUMBERS];
	atomic_uchar told[NUMBERS];	/* its send succeeded */
	atomic_uchar refused[NUMBERS];	/* its send failed */
	atomic_uchar taken[NUMBERS];	/* somebody has it for certain */
	atomic_uchar held[NUMBERS];	/* a killed child may have it */
};

static struct account *account_new(int fd, __u32 flags)
{
	struct account *account = shared_alloc(sizeof(*account));

	account->fd = fd;
	account->flags = flags;
	account->next = 1;
	return account;
}

static void send_for_ever(void *arg)
{
	struct account *account = arg;
	int value;

	for (;;) {
		value = atomic_fetch_add(&account->next, 1);
		CHECK(value < NUMBERS);
		account->tried[value] = 1;
		CHECK_EQ(0, SEND(account->fd, .flags = account->flags,
				 .data = user_pointer(&value), .len = 4));
		account->told[value] = 1;
	}
}

static void receive_for_ever(void *arg)
{
	struct account *account = arg;

	for (;;) {
		account->buffer = 0;
		CHECK_EQ(0, RECEIVE(account->fd, .data = user_pointer(&account->buffer),
				    .size = 4));
		account->taken[account->buffer]++;
	}
}

/* Messages that the test itself takes; how many. */
static unsigned int account_drain(struct account *account)
{
	unsigned int count = 0;
	long long value;

	while ((value = take(account->fd)) > 0) {
		account->taken[value]++;
		count++;
	}
	CHECK_EQ(-EAGAIN, value);
	return count;
}

static void account_settle(struct account *account)
{
	struct mailbox_ioc_port_stat stat = port_stat(account->fd);
	unsigned int held = 0, i;

	CHECK(waiters_are(account->fd, 0, 0));
	CHECK_EQ(stat.sent - stat.received, stat.messages);
	account_drain(account);
	for (i = 1; i < NUMBERS; i++) {
		if (account->taken[i] > 1)
			FAIL("message %u was received %u times", i, account->taken[i]);
		if (account->taken[i] && account->refused[i])
			FAIL("message %u was received, its sender was told it failed", i);
		if (account->taken[i] && !account->tried[i])
			FAIL("message %u was received and never sent", i);
		if (account->told[i] && !account->taken[i]) {
			if (!account->held[i])
				FAIL("message %u is lost", i);
			held++;
		}
	}
	CHECK_RANGE(0, KILLS, held);
	note("%d messages, %u died with their receivers", account->next - 1, held);
}

static void kill_senders(int fd, __u32 flags)
{
	struct account *account = account_new(fd, flags);
	int i, j, calls;
	pid_t pid;

	for (i = 0; i < KILLS; i++) {
		pid = spawn(send_for_ever, account);
		calls = random() % 6;
		for (j = 0; j < calls; j++) {
			int value = 0;

			CHECK_EQ(0, RECEIVE(fd, .data = user_pointer(&value), .size = 4));
			account->taken[value]++;
		}
		for (j = random() % 3000; j; j--)
			atomic_signal_fence(memory_order_seq_cst);
		kill(pid, SIGKILL);
		if (random() % 2)
			account_drain(account);
		reap_status(pid);
	}
	account_settle(account);
}

static void kill_receivers(int fd)
{
	struct account *account = account_new(fd, 0);
	int i, j, calls, value;
	pid_t pid;

	for (i = 0; i < KILLS; i++) {
		pid = spawn(receive_for_ever, account);
		if (random() % 2)
			WAIT_FOR(port_stat(fd).receivers_waiting || messages(fd) == 0);
		calls = random() % 6;
		for (j = 0; j <= calls; j++) {
			value = account->next++;
			account->tried[value] = 1;
			if (j == calls && random() % 2)
				kill(pid, SIGKILL);
			if (!put(fd, value))
				account->told[value] = 1;
			else
				account->refused[value] = 1;
		}
		kill(pid, SIGKILL);
		reap_status(pid);
		if (account->buffer && !account->taken[account->buffer])
			account->held[account->buffer] = 1;
		account->buffer = 0;
	}
	account_settle(account);
}

TEST_WITHIN(killed_senders_lose_and_double_nothing, 60)
{
	kill_senders(PORT(O_RDWR, .capacity = 2), 0);
}

TEST_WITHIN(killed_rendezvous_senders_lose_and_double_nothing, 60)
{
	kill_senders(PORT(O_RDWR, RENDEZVOUS), 0);
}

TEST_WITHIN(killed_sync_senders_lose_and_double_nothing, 60)
{
	kill_senders(PORT(O_RDWR, .capacity = 2), MAILBOX_SEND_SYNC);
}

TEST_WITHIN(killed_receivers_lose_and_double_nothing, 60)
{
	kill_receivers(PORT(O_RDWR, .capacity = 4));
}

TEST_WITHIN(killed_rendezvous_receivers_lose_and_double_nothing, 60)
{
	kill_receivers(PORT(O_RDWR, RENDEZVOUS));
}

/* Interrupted all the time, and counted likewise: nobody dies here. */
struct interrupted {
	struct account *account;
	pthread_t thread;
	atomic_bool stop;
	unsigned int eintr;
};

static void *interrupted_receiver(void *arg)
{
	struct interrupted *me = arg;
	long long result;
	int value;

	while (!me->stop) {
		result = RECEIVE(me->account->fd, .data = user_pointer(&value), .size = 4);
		if (result) {
			CHECK_EQ(-EINTR, result);
			me->eintr++;
		} else {
			me->account->taken[value]++;
		}
	}
	return NULL;
}

static void *interrupted_sender(void *arg)
{
	struct interrupted *me = arg;
	long long result;
	int value;

	while (!me->stop) {
		value = me->account->next++;
		me->account->tried[value] = 1;
		result = SEND(me->account->fd, .data = user_pointer(&value), .len = 4);
		if (result) {
			CHECK_EQ(-EINTR, result);
			me->eintr++;
			me->account->refused[value] = 1;
		} else {
			me->account->told[value] = 1;
		}
	}
	return NULL;
}

static void interrupt_both(int fd)
{
	struct account *account = account_new(fd, 0);
	struct interrupted both[2] = { { .account = account }, { .account = account } };
	int i;

	handle_signals(0);
	pthread_create(&both[0].thread, NULL, interrupted_receiver, &both[0]);
	pthread_create(&both[1].thread, NULL, interrupted_sender, &both[1]);
	for (i = 0; i < 4000 || !both[0].eintr || !both[1].eintr; i++) {
		CHECK(i < 100000);
		pthread_kill(both[i % 2].thread, SIGUSR1);
		if (i % 8 == 0)
			pause_ns(random() % 100000);
	}
	for (i = 0; i < 2; i++) {
		both[i].stop = true;
		while (pthread_tryjoin_np(both[i].thread, NULL)) {
			pthread_kill(both[i].thread, SIGUSR1);
			pause_ns(100000);
		}
	}
	account_settle(account);
	note("%u receives and %u sends were interrupted", both[0].eintr, both[1].eintr);
}

TEST_WITHIN(interruptions_lose_and_double_nothing, 60)
{
	interrupt_both(PORT(O_RDWR, .capacity = 2));
}

TEST_WITHIN(interruptions_lose_and_double_nothing_at_a_rendezvous, 60)
{
	interrupt_both(PORT(O_RDWR, RENDEZVOUS));
}
