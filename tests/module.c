// SPDX-License-Identifier: GPL-2.0-only
/*
 * Coming and going of the module itself. MAILBOX_KO is the path of the .ko
 * that is loaded; without it nothing is unloaded.
 */
#include "port.h"

#define MODULE "mailbox_ipc"

static long long unload(void)
{
	return RESULT(syscall(SYS_delete_module, MODULE, O_NONBLOCK));
}

static long long load(const char *parameters)
{
	int file = open(getenv("MAILBOX_KO"), O_RDONLY | O_CLOEXEC);
	long long result;

	CHECK_OK(file);
	result = RESULT(syscall(SYS_finit_module, file, parameters, 0));
	close(file);
	return result;
}

static void need_module(void)
{
	if (!getenv("MAILBOX_KO"))
		SKIP("MAILBOX_KO is not set");
	NEED_ROOT();
	/* A test that failed may have left it unloaded. */
	if (access("/sys/module/" MODULE, F_OK))
		CHECK_EQ(0, load(""));
}

TEST(unload_and_load)
{
	int i, fd;

	need_module();
	for (i = 0; i < 5; i++) {
		CHECK_EQ(0, unload());
		CHECK_ERRNO(ENOENT, open(NODE, O_RDWR));
		CHECK_EQ(0, load(""));
		fd = PORT(O_RDWR);
		CHECK_EQ(0, put(fd, i));
		CHECK_EQ(i, take(fd));
		close(fd);
	}
}

TEST(open_handle_keeps_the_module)
{
	int fd;

	need_module();
	fd = node_open(O_RDWR);
	CHECK_EQ(-EWOULDBLOCK, unload());
	close(fd);
	CHECK_EQ(0, unload());
	CHECK_EQ(0, load(""));
}

TEST(bound_handle_keeps_the_module)
{
	int fd;

	need_module();
	fd = PORT(O_RDWR);
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(-EWOULDBLOCK, unload());
	CHECK_EQ(1, take(fd));
	close(fd);
	CHECK_EQ(0, unload());
	CHECK_EQ(0, load(""));
}

TEST(persistent_port_keeps_the_module)
{
	char *name = unique_name();
	int fd;

	need_module();
	fd = NAMED_PORT(O_RDWR, name, .flags = MAILBOX_CREATE_PERSIST);
	CHECK_EQ(0, put(fd, 1));
	close(fd);
	CHECK_EQ(-EWOULDBLOCK, unload());
	fd = port_open(O_RDWR, name);
	CHECK_EQ(1, take(fd));
	CHECK_EQ(0, port_unlink(fd, name));
	close(fd);
	CHECK_EQ(0, unload());
	CHECK_EQ(0, load(""));
}

TEST(persistent_port_that_was_destroyed_does_not)
{
	char *name = unique_name();
	int fd;

	need_module();
	fd = NAMED_PORT(O_RDWR, name, .flags = MAILBOX_CREATE_PERSIST);
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, port_destroy(fd, name));
	close(fd);
	CHECK_EQ(0, unload());
	CHECK_EQ(0, load(""));
}

static void sleep_everywhere(void *arg)
{
	int full = PORT(O_RDWR, .capacity = 1), empty = PORT(O_RDWR), i;
	struct call calls[4];
	atomic_bool *ready = arg;

	CHECK_EQ(0, put(full, 1));
	CALL_SEND(&calls[0], full, 2);
	CALL_SEND(&calls[1], full, 2, .flags = MAILBOX_SEND_SYNC);
	CALL_RECEIVE(&calls[2], empty);
	CALL_RECEIVE(&calls[3], empty, .deadline_ns =
		     deadline_in(CLOCK_MONOTONIC, 3600 * NSEC_PER_SEC));
	wait_for_waiters(full, 2, 0);
	wait_for_waiters(empty, 0, 2);
	*ready = true;
	for (i = 0; i < 4; i++)
		call_join(&calls[i]);
}

TEST(killed_sleepers_let_the_module_go)
{
	atomic_bool *ready = shared_alloc(sizeof(*ready));
	pid_t pid;
	int i;

	need_module();
	for (i = 0; i < 5; i++) {
		*ready = false;
		pid = spawn(sleep_everywhere, ready);
		WAIT_FOR(*ready);
		CHECK_EQ(-EWOULDBLOCK, unload());
		kill(pid, SIGKILL);
		reap_status(pid);
		CHECK_EQ(0, unload());
		CHECK_EQ(0, load(""));
	}
}

TEST(parameters_are_taken_at_load)
{
	int fd;

	need_module();
	CHECK_EQ(0, unload());
	CHECK_EQ(0, load("capacity_default=7 message_bytes_default=77"));
	fd = node_open(O_RDONLY);
	CHECK_EQ(7, info(fd).capacity_default);
	CHECK_EQ(77, info(fd).message_bytes_default);
	close(fd);
	CHECK_EQ(0, unload());
	CHECK_EQ(0, load(""));
}

TEST(parameters_out_of_range_prevent_the_load)
{
	need_module();
	CHECK_EQ(0, unload());
	CHECK_EQ(-EINVAL, load("message_bytes_max=16777217"));
	CHECK_EQ(-EINVAL, load("capacity_max=0"));
	CHECK_EQ(0, load(""));
}

/* Unloading waits for what is freed after a grace period. */
TEST(unload_right_after_use)
{
	int i, j, fd;

	need_module();
	for (i = 0; i < 10; i++) {
		for (j = 0; j < 50; j++) {
			fd = PORT(O_RDWR);
			CHECK_EQ(0, put(fd, j));
			close(fd);
		}
		CHECK_EQ(0, unload());
		CHECK_EQ(0, load(""));
	}
}

/* --- unloading, and the last close ---------------------------------------------------- */

struct user {
	bool closes;			/* or exits */
	atomic_bool ready, go;
};

/* The last one to have the module in use, when it is told to go. */
static void use_until_told(void *arg)
{
	int fd = PORT(O_RDWR), other = PORT(O_RDWR);
	struct user *user = arg;
	struct call call;

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, put(fd, 2));
	CHECK_EQ(1, take(fd));
	if (!user->closes) {
		CALL_RECEIVE(&call, other);
		wait_for_waiters(other, 0, 1);
	}
	user->ready = true;
	while (!user->go)
		;
	if (!user->closes)
		_exit(EXIT_PASS);
	close(other);
	close(fd);
	for (;;)
		pause();
}

/* Whether the module is there or not. */
static void open_again_and_again(void *unused __attribute__((unused)))
{
	int fd;

	for (;;) {
		fd = RESULT(open(NODE, O_RDWR | O_CLOEXEC));
		if (fd >= 0)
			close(fd);
		else
			CHECK(fd == -ENOENT || fd == -ENXIO || fd == -ENODEV);
		pause_ns(NSEC_PER_MSEC);
	}
}

/* It waits for grace periods, which take long where much is going on. */
TEST_WITHIN(unload_races_with_the_last_close, 60)
{
	long long until = now_ns(CLOCK_MONOTONIC) + 4 * NSEC_PER_SEC, result;
	struct user *user = shared_alloc(sizeof(*user));
	unsigned int refused = 0, i;
	pid_t pid;

	need_module();
	spawn(open_again_and_again, NULL);
	for (i = 0; i < 2 || now_ns(CLOCK_MONOTONIC) < until; i++) {
		user->ready = false;
		user->go = false;
		user->closes = i & 1;
		pid = spawn(use_until_told, user);
		WAIT_FOR(user->ready);
		CHECK_EQ(-EWOULDBLOCK, unload());
		user->go = true;
		while ((result = unload()) == -EWOULDBLOCK)
			refused++;
		CHECK_EQ(0, result);
		kill(pid, SIGKILL);
		reap_status(pid);
		CHECK_EQ(0, load(""));
	}
	/* Or it was never tried before the close. */
	CHECK(refused);
	note("unloaded %u times, refused %u times on the way", i, refused);
}
