// SPDX-License-Identifier: GPL-2.0-only
/*
 * libmailbox: semaphores, that leases of empty messages make.
 */
#include "library.h"

/* --- semaphores ------------------------------------------------------------------------- */

static struct mailbox_semaphore *semaphore(unsigned int count)
{
	struct mailbox_semaphore *new = mailbox_semaphore_create(NULL, count, NULL);

	CHECK(new);
	return new;
}

static int semaphore_fd(struct mailbox_semaphore *sem)
{
	return mailbox_fd(mailbox_semaphore_handle(sem));
}

TEST(semaphore_counts)
{
	struct mailbox_semaphore *sem = semaphore(2);

	errno = 4242;
	CHECK_EQ(2, mailbox_semaphore_value(sem));
	CHECK_EQ(0, mailbox_semaphore_acquire(sem));
	CHECK_EQ(0, mailbox_semaphore_try_acquire(sem));
	CHECK_EQ(0, mailbox_semaphore_value(sem));
	CHECK_EQ(4242, errno);
	CHECK_ERRNO(EAGAIN, mailbox_semaphore_try_acquire(sem));
	CHECK_ERRNO(ETIMEDOUT,
		    mailbox_semaphore_acquire_until(sem, mailbox_deadline_after(5000000)));
	CHECK_EQ(0, mailbox_semaphore_release(sem));
	CHECK_EQ(0, mailbox_semaphore_acquire_until(sem, mailbox_deadline_after(0)));
	CHECK_EQ(0, mailbox_semaphore_release(sem));
	CHECK_EQ(0, mailbox_semaphore_release(sem));
	CHECK_EQ(2, mailbox_semaphore_value(sem));
	CHECK_ERRNO(EPERM, mailbox_semaphore_release(sem));
	CHECK_EQ(2, mailbox_semaphore_value(sem));
	mailbox_semaphore_close(sem);
	mailbox_semaphore_close(NULL);
}

TEST(semaphore_signals)
{
	struct mailbox_lock_attr attr = { .max = 2 };
	struct mailbox_semaphore *sem = mailbox_semaphore_create(NULL, 0, &attr);

	CHECK(sem);
	CHECK_EQ(1, attr.created);
	CHECK_EQ(port_stat(semaphore_fd(sem)).id, attr.id);
	CHECK_ERRNO(EAGAIN, mailbox_semaphore_try_wait(sem));
	CHECK_ERRNO(ETIMEDOUT, mailbox_semaphore_wait_until(sem, mailbox_deadline_after(5000000)));
	CHECK_EQ(0, mailbox_semaphore_post(sem));
	CHECK_EQ(0, mailbox_semaphore_post(sem));
	CHECK_ERRNO(EOVERFLOW, mailbox_semaphore_post(sem));
	CHECK_EQ(2, mailbox_semaphore_value(sem));
	CHECK_EQ(0, mailbox_semaphore_wait(sem));
	CHECK_EQ(0, mailbox_semaphore_try_wait(sem));
	CHECK_ERRNO(EPERM, mailbox_semaphore_release(sem));
	CHECK_EQ(0, mailbox_semaphore_post(sem));
	CHECK_EQ(0, mailbox_semaphore_wait_until(sem, mailbox_deadline_after(0)));
	mailbox_semaphore_close(sem);
}

static void *acquire_run(void *sem)
{
	CHECK_EQ(0, mailbox_semaphore_acquire(sem));
	return NULL;
}

TEST(semaphore_wakes_who_waits)
{
	struct mailbox_semaphore *sem = semaphore(0);
	pthread_t thread;

	CHECK_EQ(0, pthread_create(&thread, NULL, acquire_run, sem));
	wait_for_waiters(semaphore_fd(sem), 0, 1);
	CHECK_EQ(0, mailbox_semaphore_post(sem));
	CHECK_EQ(0, pthread_join(thread, NULL));
	CHECK_EQ(0, pthread_create(&thread, NULL, acquire_run, sem));
	wait_for_waiters(semaphore_fd(sem), 0, 1);
	/* What one thread holds another may release. */
	CHECK_EQ(0, mailbox_semaphore_release(sem));
	CHECK_EQ(0, pthread_join(thread, NULL));
	CHECK_EQ(0, mailbox_semaphore_value(sem));
	mailbox_semaphore_close(sem);
}

TEST(semaphore_of_many)
{
	struct mailbox_lock_attr attr = { .max = 1000 };
	struct mailbox_semaphore *sem = mailbox_semaphore_create(NULL, 1000, &attr);
	struct pollfd ready = { .fd = semaphore_fd(sem), .events = POLLIN };

	CHECK_EQ(1000, mailbox_semaphore_value(sem));
	CHECK_EQ(1, poll(&ready, 1, 0));
	CHECK_ERRNO(EOVERFLOW, mailbox_semaphore_post(sem));
	mailbox_semaphore_close(sem);
}

TEST(semaphore_has_a_name)
{
	char *name = unique_name();
	struct mailbox_lock_attr attr = { .flags = MAILBOX_CREATE_OPEN };
	struct mailbox_semaphore *sem = mailbox_semaphore_create(name, 3, NULL), *other, *third;

	CHECK(sem);
	CHECK_EQ(0600, port_stat(semaphore_fd(sem)).mode);
	CHECK_NULL(EEXIST, mailbox_semaphore_create(name, 3, NULL));
	errno = 4242;
	other = mailbox_semaphore_open(name);
	CHECK(other);
	third = mailbox_semaphore_create(name, 7, &attr);
	CHECK(third);
	CHECK_EQ(4242, errno);
	CHECK_EQ(0, attr.created);
	CHECK_EQ(3, mailbox_semaphore_value(third));
	CHECK_EQ(0, mailbox_semaphore_acquire(other));
	CHECK_EQ(2, mailbox_semaphore_value(sem));
	CHECK_ERRNO(EPERM, mailbox_semaphore_release(sem));
	mailbox_semaphore_close(other);
	CHECK_EQ(3, mailbox_semaphore_value(sem));
	mailbox_semaphore_close(third);
	mailbox_semaphore_close(sem);
	CHECK_NULL(ENOENT, mailbox_semaphore_open(name));
}

TEST(semaphore_that_persists)
{
	char *name = unique_name();
	struct mailbox_lock_attr attr = { .flags = MAILBOX_CREATE_PERSIST, .mode = 0666 };
	struct mailbox_semaphore *sem;

	mailbox_semaphore_close(mailbox_semaphore_create(name, 3, &attr));
	sem = mailbox_semaphore_open(name);
	CHECK(sem);
	CHECK_EQ(0666, port_stat(semaphore_fd(sem)).mode);
	CHECK_EQ(3, mailbox_semaphore_value(sem));
	CHECK_EQ(0, mailbox_port_unlink(NULL, name));
	mailbox_semaphore_close(sem);
}

TEST(semaphore_tells_errors)
{
	struct mailbox_lock_attr attr = { .max = 2 };
	char *name = unique_name();
	struct mailbox *port = create(name);
	struct mailbox_semaphore *sem;

	CHECK_NULL(EINVAL, mailbox_semaphore_create(NULL, 3, &attr));
	attr.max = UINT32_MAX;
	CHECK_NULL(EINVAL, mailbox_semaphore_create(NULL, 3, &attr));
	attr = (struct mailbox_lock_attr){ .reserved = { 1 } };
	CHECK_NULL(EINVAL, mailbox_semaphore_create(NULL, 3, &attr));
	attr = (struct mailbox_lock_attr){ .flags = MAILBOX_CREATE_HANGUP };
	CHECK_NULL(EINVAL, mailbox_semaphore_create(NULL, 3, &attr));
	attr = (struct mailbox_lock_attr){ .mode = 0700 };
	CHECK_NULL(EINVAL, mailbox_semaphore_create(NULL, 3, &attr));
	attr = (struct mailbox_lock_attr){ .flags = MAILBOX_CREATE_OPEN };
	CHECK_NULL(EINVAL, mailbox_semaphore_create(name, 3, &attr));
	CHECK_NULL(EINVAL, mailbox_semaphore_open(name));
	CHECK_NULL(EINVAL, mailbox_mutex_open(name));
	CHECK_NULL(EINVAL, mailbox_semaphore_open(NULL));
	mailbox_close(port);

	sem = mailbox_semaphore_create(name, 1, NULL);
	CHECK_NULL(EINVAL, mailbox_mutex_open(name));
	CHECK_EQ(0, mailbox_port_destroy(NULL, name));
	CHECK_ERRNO(EIDRM, mailbox_semaphore_acquire(sem));
	CHECK_ERRNO(EIDRM, mailbox_semaphore_release(sem));
	CHECK_ERRNO(EIDRM, mailbox_semaphore_post(sem));
	CHECK_ERRNO(EIDRM, mailbox_semaphore_wait(sem));
	CHECK_ERRNO(EIDRM, mailbox_semaphore_value(sem));
	CHECK_NULL(EIDRM, mailbox_semaphore_dup(sem));
	mailbox_semaphore_close(sem);
}

static void signal_seen(int number)
{
	(void)number;
}

static void acquire_interrupted(void *sem)
{
	struct sigaction action = { .sa_handler = signal_seen };

	sigaction(SIGUSR1, &action, NULL);
	CHECK_ERRNO(EINTR, mailbox_semaphore_acquire(sem));
}

TEST(semaphore_and_a_signal)
{
	struct mailbox_semaphore *sem = semaphore(0);
	pid_t pid = spawn(acquire_interrupted, sem);

	wait_for_waiters(semaphore_fd(sem), 0, 1);
	kill(pid, SIGUSR1);
	REAP(pid);
	mailbox_semaphore_close(sem);
}

struct holder {
	struct mailbox_semaphore *sem;
	int count;
};

/* Takes what it is told to by a handle of its own, and keeps it. */
static void hold(void *arg)
{
	struct holder *holder = arg;
	struct mailbox_semaphore *own = mailbox_semaphore_dup(holder->sem);

	mailbox_semaphore_close(holder->sem);
	CHECK(own);
	while (holder->count--)
		CHECK_EQ(0, mailbox_semaphore_acquire(own));
	for (;;)
		pause();
}

TEST(semaphore_of_a_holder_that_is_killed)
{
	struct holder holder = { .sem = semaphore(3), .count = 2 };
	pid_t pid = spawn(hold, &holder);

	WAIT_FOR(mailbox_semaphore_value(holder.sem) == 1);
	CHECK_EQ(0, mailbox_semaphore_acquire(holder.sem));
	kill_now(pid);
	CHECK_EQ(0, mailbox_semaphore_try_acquire(holder.sem));
	CHECK_EQ(0, mailbox_semaphore_try_acquire(holder.sem));
	CHECK_ERRNO(EAGAIN, mailbox_semaphore_try_acquire(holder.sem));
	mailbox_semaphore_close(holder.sem);
}

TEST(semaphore_of_a_waiter_that_is_killed)
{
	struct holder holder = { .sem = semaphore(0), .count = 1 };
	pid_t pid = spawn(hold, &holder);

	wait_for_waiters(semaphore_fd(holder.sem), 0, 1);
	kill_now(pid);
	CHECK_EQ(0, mailbox_semaphore_post(holder.sem));
	CHECK_EQ(0, mailbox_semaphore_try_acquire(holder.sem));
	mailbox_semaphore_close(holder.sem);
}

/* Whoever sleeps gets what a holder that is killed had. */
TEST(semaphore_goes_from_the_dead_to_who_waits)
{
	struct holder holder = { .sem = semaphore(1), .count = 1 };
	pid_t pid = spawn(hold, &holder);
	pthread_t thread;

	WAIT_FOR(mailbox_semaphore_value(holder.sem) == 0);
	CHECK_EQ(0, pthread_create(&thread, NULL, acquire_run, holder.sem));
	wait_for_waiters(semaphore_fd(holder.sem), 0, 1);
	kill_now(pid);
	CHECK_EQ(0, pthread_join(thread, NULL));
	mailbox_semaphore_close(holder.sem);
}

struct crowd {
	struct mailbox_semaphore *sem;
	atomic_int inside, most;
};

static void crowd_member(void *arg)
{
	struct crowd *crowd = arg;
	struct mailbox_semaphore *own = mailbox_semaphore_dup(crowd->sem);
	int i, now;

	for (i = 0; i < 200; i++) {
		CHECK_EQ(0, mailbox_semaphore_acquire(own));
		now = atomic_fetch_add(&crowd->inside, 1) + 1;
		CHECK(now <= 2);
		if (now > atomic_load(&crowd->most))
			atomic_store(&crowd->most, now);
		if (i % 8 == 0)
			sched_yield();
		atomic_fetch_sub(&crowd->inside, 1);
		CHECK_EQ(0, mailbox_semaphore_release(own));
	}
}

TEST(semaphore_lets_no_more_in_than_its_count)
{
	struct crowd *crowd = shared_alloc(sizeof(*crowd));
	pid_t pids[5];
	int i;

	crowd->sem = semaphore(2);
	for (i = 0; i < 5; i++)
		pids[i] = spawn(crowd_member, crowd);
	for (i = 0; i < 5; i++)
		REAP(pids[i]);
	CHECK_EQ(2, mailbox_semaphore_value(crowd->sem));
	note("at most %d at once", atomic_load(&crowd->most));
	mailbox_semaphore_close(crowd->sem);
}

/* --- semaphores that several processes make at once ------------------------------------- */

#define CREATE_COUNT	40

struct creation {
	const char *name;
	atomic_int start, ready, created;
	atomic_bool done;
};

static void creation_child(void *arg)
{
	struct mailbox_lock_attr attr = { .flags = MAILBOX_CREATE_OPEN };
	struct creation *creation = arg;
	struct mailbox_semaphore *sem;
	int i;

	while (!atomic_load(&creation->start))
		sched_yield();
	sem = mailbox_semaphore_create(creation->name, CREATE_COUNT, &attr);
	CHECK(sem);
	atomic_fetch_add(&creation->created, attr.created);
	atomic_fetch_add(&creation->ready, 1);
	for (i = 0; i < CREATE_COUNT / 4; i++)
		CHECK_EQ(0, mailbox_semaphore_try_acquire(sem));
	/* All have their share, and there is no more than that. */
	while (atomic_load(&creation->ready) < 8) {
		if (atomic_load(&creation->ready) == 4 &&
		    mailbox_semaphore_value(sem) == 0)
			atomic_fetch_add(&creation->ready, 4);
		sched_yield();
	}
}

TEST(semaphore_that_several_create_at_once)
{
	struct creation *creation = shared_alloc(sizeof(*creation));
	pid_t pids[4];
	int round, i;

	for (round = 0; round < 20; round++) {
		creation->name = unique_name();
		atomic_store(&creation->start, 0);
		atomic_store(&creation->ready, 0);
		atomic_store(&creation->created, 0);
		for (i = 0; i < 4; i++)
			pids[i] = spawn(creation_child, creation);
		atomic_store(&creation->start, 1);
		for (i = 0; i < 4; i++)
			REAP(pids[i]);
		CHECK_EQ(1, atomic_load(&creation->created));
	}
}

/* The port that mailbox_semaphore_create() makes, before it has its tokens. */
static int semaphore_half_made(const char *name, int count)
{
	return NAMED_PORT(O_RDWR, name, .capacity = 100, .capacity_bytes = count + 1,
			  .message_bytes_max = 1);
}

TEST(semaphore_of_a_creator_that_died)
{
	char *name = unique_name();
	int fd = semaphore_half_made(name, CREATE_COUNT), i;
	struct mailbox_semaphore *sem;

	for (i = 0; i < CREATE_COUNT / 2; i++)
		CHECK_EQ(0, SEND(fd, .len = 0));
	sem = mailbox_semaphore_open(name);
	CHECK(sem);
	CHECK_EQ(CREATE_COUNT, mailbox_semaphore_value(sem));
	/* What was taken for good is not put in again. */
	CHECK_EQ(0, mailbox_semaphore_wait(sem));
	mailbox_semaphore_close(sem);
	sem = mailbox_semaphore_open(name);
	CHECK_EQ(CREATE_COUNT - 1, mailbox_semaphore_value(sem));
	mailbox_semaphore_close(sem);
	close(fd);
}

static void guard_hold(void *name)
{
	struct mailbox *guard = mailbox_create(name, MAILBOX_OPEN_CONTROL, NULL);

	CHECK(guard);
	for (;;)
		pause();
}

static void semaphore_open_child(void *name)
{
	struct mailbox_semaphore *sem = mailbox_semaphore_open(name);

	CHECK(sem);
	CHECK_EQ(CREATE_COUNT, mailbox_semaphore_value(sem));
}

TEST(semaphore_whose_guard_died)
{
	char *name = unique_name(), guard[64];
	int fd = semaphore_half_made(name, CREATE_COUNT);
	struct mailbox_wait_attr named = { .events = MAILBOX_EVENT_NAMED };
	pid_t holder, opener;

	snprintf(guard, sizeof(guard), "mailbox-semaphore-%llu",
		 (unsigned long long)port_stat(fd).id);
	holder = spawn(guard_hold, guard);
	CHECK_EQ(0, mailbox_port_wait(NULL, guard, &named));
	opener = spawn(semaphore_open_child, name);
	WAIT_FOR(port_stat(fd).receivers == 2);
	pause_ns(20000000);
	CHECK_EQ(0, port_stat(fd).messages);
	kill_now(holder);
	REAP(opener);
	CHECK_NULL(ENOENT, mailbox_open(guard, 0));
	close(fd);
}

static void create_again_and_again(void *arg)
{
	struct mailbox_lock_attr attr = {
		.flags = MAILBOX_CREATE_OPEN | MAILBOX_CREATE_PERSIST,
	};
	struct creation *creation = arg;
	struct mailbox_semaphore *sem;

	while (!atomic_load(&creation->done)) {
		sem = mailbox_semaphore_create(creation->name, CREATE_COUNT, &attr);
		if (!sem && errno == EIDRM)
			continue;
		CHECK(sem);
		mailbox_semaphore_close(sem);
		mailbox_port_destroy(NULL, creation->name);
		atomic_fetch_add(&creation->created, 1);
	}
}

/* Killed at any point, they leave what the next one can complete. */
TEST(semaphore_of_creators_that_are_killed)
{
	struct mailbox_lock_attr attr = {
		.flags = MAILBOX_CREATE_OPEN | MAILBOX_CREATE_PERSIST,
	};
	struct creation *creation = shared_alloc(sizeof(*creation));
	struct mailbox_semaphore *sem;
	int round, found = 0;
	pid_t pids[2];

	creation->name = unique_name();
	for (round = 0; round < 60; round++) {
		atomic_store(&creation->created, 0);
		pids[0] = spawn(create_again_and_again, creation);
		pids[1] = spawn(create_again_and_again, creation);
		WAIT_FOR(atomic_load(&creation->created) >= 2);
		pause_ns(rand() % 3000000);
		kill_now(pids[0]);
		kill_now(pids[1]);
		sem = mailbox_semaphore_create(creation->name, CREATE_COUNT, &attr);
		CHECK(sem);
		found += !attr.created;
		CHECK_EQ(CREATE_COUNT, mailbox_semaphore_value(sem));
		mailbox_semaphore_close(sem);
		mailbox_port_destroy(NULL, creation->name);
	}
	note("%d of 60 were left behind by the dead", found);
}
