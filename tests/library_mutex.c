// SPDX-License-Identifier: GPL-2.0-only
/*
 * libmailbox: mutexes, and how the death of a holder shows.
 */
#include "library.h"

/* --- mutexes ------------------------------------------------------------------------------ */

struct holder {
	struct mailbox_mutex *mutex;
};

/* Locks by a handle of its own, and keeps it. */
static void hold(void *arg)
{
	struct holder *holder = arg;
	struct mailbox_mutex *own = mailbox_mutex_dup(holder->mutex);

	mailbox_mutex_close(holder->mutex);
	CHECK(own);
	CHECK_EQ(0, mailbox_mutex_lock(own));
	for (;;)
		pause();
}

static struct mailbox_mutex *mutex_new(void)
{
	struct mailbox_mutex *mutex = mailbox_mutex_create(NULL, NULL);

	CHECK(mutex);
	return mutex;
}

static int mutex_fd(struct mailbox_mutex *mutex)
{
	return mailbox_fd(mailbox_mutex_handle(mutex));
}

TEST(mutex_locks)
{
	struct mailbox_mutex *mutex = mutex_new(), *other = mailbox_mutex_dup(mutex);

	CHECK(other);
	errno = 4242;
	CHECK_EQ(0, mailbox_mutex_lock(mutex));
	CHECK_EQ(0, mailbox_mutex_unlock(mutex));
	CHECK_EQ(0, mailbox_mutex_try_lock(mutex));
	CHECK_EQ(4242, errno);
	CHECK_ERRNO(EAGAIN, mailbox_mutex_try_lock(mutex));
	CHECK_ERRNO(EAGAIN, mailbox_mutex_try_lock(other));
	CHECK_ERRNO(ETIMEDOUT, mailbox_mutex_lock_until(other, mailbox_deadline_after(5000000)));
	CHECK_ERRNO(EPERM, mailbox_mutex_unlock(other));
	CHECK_EQ(0, mailbox_mutex_unlock(mutex));
	CHECK_ERRNO(EPERM, mailbox_mutex_unlock(mutex));
	CHECK_EQ(0, mailbox_mutex_lock_until(other, mailbox_deadline_after(0)));
	CHECK_ERRNO(EPERM, mailbox_mutex_unlock(mutex));
	CHECK_EQ(0, mailbox_mutex_unlock(other));
	mailbox_mutex_close(other);
	mailbox_mutex_close(mutex);
	mailbox_mutex_close(NULL);
}

TEST(mutex_has_a_name)
{
	char *name = unique_name();
	struct mailbox_lock_attr attr = { .flags = MAILBOX_CREATE_OPEN, .max = 1 };
	struct mailbox_mutex *mutex = mailbox_mutex_create(name, NULL), *other, *third;

	CHECK(mutex);
	CHECK_NULL(EINVAL, mailbox_mutex_create(name, &attr));
	CHECK_NULL(EINVAL, mailbox_semaphore_open(name));
	CHECK_NULL(EEXIST, mailbox_mutex_create(name, NULL));
	attr.max = 0;
	other = mailbox_mutex_open(name);
	third = mailbox_mutex_create(name, &attr);
	CHECK(other && third);
	CHECK_EQ(0, attr.created);
	CHECK_EQ(0, mailbox_mutex_lock(other));
	/* One that is opened while it is locked is complete all the same. */
	mailbox_mutex_close(third);
	third = mailbox_mutex_open(name);
	CHECK_ERRNO(EAGAIN, mailbox_mutex_try_lock(third));
	CHECK_EQ(0, mailbox_mutex_unlock(other));
	CHECK_EQ(0, mailbox_mutex_try_lock(third));
	CHECK_EQ(0, mailbox_port_destroy(NULL, name));
	CHECK_ERRNO(EIDRM, mailbox_mutex_unlock(third));
	CHECK_ERRNO(EIDRM, mailbox_mutex_lock(mutex));
	mailbox_mutex_close(third);
	mailbox_mutex_close(other);
	mailbox_mutex_close(mutex);
}

TEST(mutex_tells_that_its_holder_died)
{
	struct holder holder = { .mutex = mutex_new() };
	pid_t pid = spawn(hold, &holder);

	WAIT_FOR(port_stat(mutex_fd(holder.mutex)).leased == 1 &&
		 port_stat(mutex_fd(holder.mutex)).messages == 1);
	CHECK_ERRNO(EAGAIN, mailbox_mutex_try_lock(holder.mutex));
	kill_now(pid);
	errno = 4242;
	CHECK_EQ(1, mailbox_mutex_lock(holder.mutex));
	CHECK_EQ(4242, errno);
	CHECK_EQ(0, mailbox_mutex_unlock(holder.mutex));
	CHECK_EQ(0, mailbox_mutex_lock(holder.mutex));
	CHECK_EQ(0, mailbox_mutex_unlock(holder.mutex));
	mailbox_mutex_close(holder.mutex);
}

TEST(mutex_that_is_closed_while_it_is_locked)
{
	struct mailbox_mutex *mutex = mutex_new(), *other = mailbox_mutex_dup(mutex);

	CHECK_EQ(0, mailbox_mutex_lock(other));
	mailbox_mutex_close(other);
	other = mailbox_mutex_dup(mutex);
	CHECK_EQ(1, mailbox_mutex_lock(other));
	mailbox_mutex_close(other);
	/* Nobody has repaired it yet. */
	CHECK_EQ(1, mailbox_mutex_lock(mutex));
	CHECK_EQ(0, mailbox_mutex_unlock(mutex));
	CHECK_EQ(0, mailbox_mutex_try_lock(mutex));
	mailbox_mutex_close(mutex);
}

TEST(mutex_of_a_waiter_that_is_killed)
{
	struct holder holder = { .mutex = mutex_new() };
	pid_t pid;

	CHECK_EQ(0, mailbox_mutex_lock(holder.mutex));
	pid = spawn(hold, &holder);
	wait_for_waiters(mutex_fd(holder.mutex), 0, 1);
	kill_now(pid);
	CHECK_EQ(0, mailbox_mutex_unlock(holder.mutex));
	CHECK_EQ(0, mailbox_mutex_try_lock(holder.mutex));
	mailbox_mutex_close(holder.mutex);
}

/* No room for the mark: the mutex is as it was. */
TEST(mutex_over_quota)
{
	struct mailbox_mutex *mutex;
	pid_t pid;

	NEED_ROOT();
	mutex = mutex_new();
	parameter_set("user_bytes_max", 0);
	CHECK_EQ(0, SET(mutex_fd(mutex), .flags = MAILBOX_SET_MODE, .mode = 0666));
	pid = fork_child();
	if (!pid) {
		struct mailbox_mutex *own;

		become(USER_A);
		own = mailbox_mutex_dup(mutex);
		CHECK(own);
		CHECK_ERRNO(EDQUOT, mailbox_mutex_lock(own));
		CHECK_ERRNO(EPERM, mailbox_mutex_unlock(own));
		_exit(0);
	}
	REAP(pid);
	CHECK_EQ(0, mailbox_mutex_try_lock(mutex));
	mailbox_mutex_close(mutex);
}

struct shared_pair {
	struct mailbox_mutex *mutex;
	volatile long a, b;
	atomic_long rounds, repairs, torn;
	atomic_bool done;
};

static void pair_add(void *arg)
{
	struct shared_pair *pair = arg;
	struct mailbox_mutex *own = mailbox_mutex_dup(pair->mutex);
	int i;

	for (i = 0; i < 250; i++) {
		CHECK_EQ(0, mailbox_mutex_lock(own));
		CHECK_EQ(pair->a, pair->b);
		pair->a = pair->a + 1;
		if (i % 16 == 0)
			sched_yield();
		pair->b = pair->b + 1;
		CHECK_EQ(0, mailbox_mutex_unlock(own));
	}
}

TEST(mutex_excludes)
{
	struct shared_pair *pair = shared_alloc(sizeof(*pair));
	pid_t pids[4];
	int i;

	pair->mutex = mutex_new();
	for (i = 0; i < 4; i++)
		pids[i] = spawn(pair_add, pair);
	for (i = 0; i < 4; i++)
		REAP(pids[i]);
	CHECK_EQ(1000, pair->a);
	CHECK_EQ(1000, pair->b);
	mailbox_mutex_close(pair->mutex);
}

static void *pair_add_thread(void *arg)
{
	struct shared_pair *pair = arg;
	int i;

	for (i = 0; i < 250; i++) {
		CHECK_EQ(0, mailbox_mutex_lock(pair->mutex));
		pair->a = pair->a + 1;
		CHECK_EQ(0, mailbox_mutex_unlock(pair->mutex));
	}
	return NULL;
}

TEST(mutex_excludes_threads_that_share_it)
{
	struct shared_pair pair = { .mutex = mutex_new() };
	pthread_t threads[3];
	int i;

	for (i = 0; i < 3; i++)
		CHECK_EQ(0, pthread_create(&threads[i], NULL, pair_add_thread, &pair));
	for (i = 0; i < 3; i++)
		CHECK_EQ(0, pthread_join(threads[i], NULL));
	CHECK_EQ(750, pair.a);
	mailbox_mutex_close(pair.mutex);
}

/* Until it is killed, wherever it is then. */
static void pair_add_for_ever(void *arg)
{
	struct shared_pair *pair = arg;
	struct mailbox_mutex *own = mailbox_mutex_dup(pair->mutex);
	int died;

	mailbox_mutex_close(pair->mutex);
	for (;;) {
		died = mailbox_mutex_lock(own);
		CHECK(died >= 0);
		if (died)
			atomic_fetch_add(&pair->repairs, 1);
		if (pair->a != pair->b) {
			/* Half done, and lock() said so. */
			CHECK_EQ(1, died);
			atomic_fetch_add(&pair->torn, 1);
			pair->b = pair->a;
		}
		pair->a = pair->a + 1;
		/* So that it is also killed here. */
		sched_yield();
		pair->b = pair->b + 1;
		atomic_fetch_add(&pair->rounds, 1);
		CHECK_EQ(0, mailbox_mutex_unlock(own));
	}
}

TEST(mutex_of_holders_that_are_killed)
{
	struct shared_pair *pair = shared_alloc(sizeof(*pair));
	pid_t pids[3];
	long before;
	int i, status, round;

	pair->mutex = mutex_new();
	for (i = 0; i < 3; i++)
		pids[i] = spawn(pair_add_for_ever, pair);
	for (round = 0; round < 60; round++) {
		/* They get on, whoever was killed. */
		before = atomic_load(&pair->rounds);
		WAIT_FOR(atomic_load(&pair->rounds) > before + 2);
		pause_ns(rand() % 2000000);
		i = rand() % 3;
		kill(pids[i], SIGKILL);
		status = reap_status(pids[i]);
		CHECK(WIFSIGNALED(status));
		pids[i] = spawn(pair_add_for_ever, pair);
	}
	for (i = 0; i < 3; i++)
		kill_now(pids[i]);
	note("%ld rounds, 60 killed, %ld while they held it, %ld in the middle",
	     atomic_load(&pair->rounds), atomic_load(&pair->repairs), atomic_load(&pair->torn));
	CHECK(mailbox_mutex_try_lock(pair->mutex) >= 0);
	mailbox_mutex_close(pair->mutex);
}
