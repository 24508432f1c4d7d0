/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small test harness: TAP 13 on stdout; exit 0 = pass, 1 = fail, 4 = skip.
 *
 * Each test runs in a child of its own, in a process group of its own, and
 * under a deadline. A test that hangs is a "not ok" that shows where its
 * threads sleep; what it leaves running is killed before the next one starts.
 * The first check that fails ends the test. With MAILBOX_TEST_SECONDS each has
 * so long, whatever it says itself.
 *
 * A program defines tests with TEST() and includes this header (through port.h
 * where it needs ports). Arguments are names of tests: only those are run.
 */
#ifndef TESTS_HARNESS_H
#define TESTS_HARNESS_H

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXIT_PASS	0
#define EXIT_FAIL	1
#define EXIT_SKIP	4

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define NSEC_PER_SEC	1000000000LL
#define NSEC_PER_MSEC	1000000LL

/* A wait for a state that does not come is a failure after this long. */
#define WAIT_LIMIT_NS	(25 * NSEC_PER_SEC * test_scale())
#define TEST_SECONDS	30

/* How much more time and memory a kernel needs that is built for finding bugs. */
static inline long long test_scale(void)
{
	static long long scale;
	const char *text;

	if (!scale) {
		text = getenv("MAILBOX_TEST_SCALE");
		scale = text ? atoi(text) : 1;
		if (scale < 1)
			scale = 1;
	}
	return scale;
}

struct test {
	const char *name;
	void (*run)(void);
	unsigned int seconds;
	const void *row;		/* for tests made from a table */
	struct test *next;
};

/* Restored by the runner, so that a test may fail wherever it likes. */
struct saved_file {
	char path[160];
	char value[64];
};

/* What a test's processes tell the runner. */
struct verdict {
	char reason[256];
	atomic_uint names;
	unsigned int saved_count;
	struct saved_file saved[16];
};

static struct test *test_first;
static struct test **test_last = &test_first;
static struct verdict *verdict;
static pid_t runner_pid;
static struct test *test_now;

static inline void test_register(struct test *test)
{
	*test_last = test;
	test_last = &test->next;
}

#define TEST_WITHIN(test_name, limit)					\
	static void test_##test_name(void);				\
	static void __attribute__((constructor)) register_##test_name(void) \
	{								\
		static struct test test = {				\
			.name = #test_name,				\
			.run = test_##test_name,			\
			.seconds = limit,				\
		};							\
		test_register(&test);					\
	}								\
	static void test_##test_name(void)

#define TEST(test_name) TEST_WITHIN(test_name, TEST_SECONDS)

/* A test for one row of a table: run() finds it in test_now->row. */
static inline void test_add(const char *group, const char *what, void (*run)(void),
			    const void *row)
{
	struct test *test = calloc(1, sizeof(*test));
	char *name;

	if (!test || asprintf(&name, "%s_%s", group, what) < 0)
		abort();
	test->name = name;
	test->run = run;
	test->seconds = TEST_SECONDS;
	test->row = row;
	test_register(test);
}

/* One line, in one write(), so that lines of several processes do not mix. */
static inline void __attribute__((format(printf, 1, 2)))
note(const char *format, ...)
{
	char line[1024] = "# ";
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line + 2, sizeof(line) - 3, format, args);
	va_end(args);
	if (len > (int)sizeof(line) - 4)
		len = sizeof(line) - 4;
	line[len + 2] = '\n';
	if (write(STDOUT_FILENO, line, len + 3) < 0)
		_exit(EXIT_FAIL);
}

/* Ends the calling process; a test whose child fails sees it in reap(). */
#define FAIL(...)							\
	do {								\
		note("%s:%d: failed:", __FILE__, __LINE__);		\
		note(__VA_ARGS__);					\
		_exit(EXIT_FAIL);					\
	} while (0)

#define SKIP(...)							\
	do {								\
		snprintf(verdict->reason, sizeof(verdict->reason), __VA_ARGS__); \
		_exit(EXIT_SKIP);					\
	} while (0)

static inline const char *value_text(long long value, char *text, size_t size)
{
	const char *name = NULL;

	if (value < 0 && value > -4096)
		name = strerrorname_np(-value);
	if (name)
		snprintf(text, size, "%lld (-%s)", value, name);
	else
		snprintf(text, size, "%lld", value);
	return text;
}

static inline void check_true(bool ok, const char *what, const char *file, int line)
{
	if (ok)
		return;
	note("%s:%d: not true: %s", file, line, what);
	_exit(EXIT_FAIL);
}

static inline void check_equal(long long expected, long long actual, const char *what,
			       const char *file, int line)
{
	char want[64], got[64];

	if (expected == actual)
		return;
	note("%s:%d: %s: expected %s, got %s", file, line, what,
	     value_text(expected, want, sizeof(want)), value_text(actual, got, sizeof(got)));
	_exit(EXIT_FAIL);
}

static inline void check_range(long long low, long long high, long long actual,
			       const char *what, const char *file, int line)
{
	if (actual >= low && actual <= high)
		return;
	note("%s:%d: %s: expected %lld to %lld, got %lld", file, line, what, low, high, actual);
	_exit(EXIT_FAIL);
}

#define CHECK(condition) check_true(!!(condition), #condition, __FILE__, __LINE__)
#define CHECK_EQ(expected, actual) \
	check_equal((long long)(expected), (long long)(actual), #actual, __FILE__, __LINE__)
#define CHECK_RANGE(low, high, actual) \
	check_range(low, high, actual, #actual, __FILE__, __LINE__)

/* A system call's result as the kernel gave it: -errno in place of -1. */
#define RESULT(call)							\
	({								\
		long long result_ = (call);				\
		result_ == -1 ? -(long long)errno : result_;		\
	})

/* The call fails with this errno, and no other. */
#define CHECK_ERRNO(error, call) \
	check_equal(-(long long)(error), RESULT(call), #call, __FILE__, __LINE__)

/* The call succeeds, whatever else it returns. */
#define CHECK_OK(call)							\
	({								\
		long long ok_ = RESULT(call);				\
		if (ok_ < 0)						\
			check_equal(0, ok_, #call, __FILE__, __LINE__);	\
		ok_;							\
	})

static inline long long now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

static inline void pause_ns(long ns)
{
	struct timespec pause = { .tv_nsec = ns };

	nanosleep(&pause, NULL);
}

static inline void wait_step(long long *limit, const char *what, const char *file, int line)
{
	if (!*limit)
		*limit = now_ns(CLOCK_MONOTONIC) + WAIT_LIMIT_NS;
	if (now_ns(CLOCK_MONOTONIC) > *limit) {
		note("%s:%d: did not come true: %s", file, line, what);
		_exit(EXIT_FAIL);
	}
	pause_ns(100000);
}

/* Waits for a state that another process or thread brings about. */
#define WAIT_FOR(condition)						\
	do {								\
		long long limit_ = 0;					\
		while (!(condition))					\
			wait_step(&limit_, #condition, __FILE__, __LINE__); \
	} while (0)

/* Memory that children share with the test; zeroed. */
static inline void *shared_alloc(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(memory != MAP_FAILED);
	return memory;
}

static pid_t test_parent;

/*
 * The caller is killed when its parent ends. To be called once more after its
 * user has changed, which the kernel takes for a reason to forget it.
 */
static inline void end_with_parent(void)
{
	pid_t parent;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	parent = getppid();
	/* It has ended before. In another pid namespace that cannot be seen. */
	if (parent && parent != test_parent)
		_exit(EXIT_FAIL);
}

/*
 * A child that is not left running, with this number if it is not 0; returns as
 * fork() does.
 */
static inline pid_t fork_child_as(pid_t number)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&number,
		.set_tid_size = 1,
	};
	pid_t parent = getpid();
	pid_t pid = number ? syscall(SYS_clone3, &args, sizeof(args)) : fork();

	if (!pid) {
		test_parent = parent;
		end_with_parent();
	}
	return pid;
}

static inline pid_t fork_child(void)
{
	return fork_child_as(0);
}

/* fn(arg) in a child, which exits with 0 unless a check fails in it. */
static inline pid_t spawn(void (*fn)(void *), void *arg)
{
	pid_t pid = fork_child();

	CHECK_OK(pid);
	if (!pid) {
		fn(arg);
		_exit(EXIT_PASS);
	}
	return pid;
}

/* Likewise, with this number; what has had it is gone and reaped. Checked. */
static inline pid_t spawn_as(pid_t number, void (*fn)(void *), void *arg)
{
	pid_t pid = fork_child_as(number);

	if (pid < 0)
		SKIP("cannot choose the number of a process: %s", strerror(errno));
	if (!pid) {
		fn(arg);
		_exit(EXIT_PASS);
	}
	CHECK_EQ(number, pid);
	return pid;
}

static inline int reap_status(pid_t pid)
{
	int status;

	CHECK_EQ(pid, waitpid(pid, &status, 0));
	return status;
}

static inline void check_reap(pid_t pid, const char *file, int line)
{
	int status = reap_status(pid);

	if (WIFSIGNALED(status)) {
		note("%s:%d: child was killed by signal %d", file, line, WTERMSIG(status));
		_exit(EXIT_FAIL);
	}
	/* The child has said what failed; a skip is passed on. */
	if (WEXITSTATUS(status))
		_exit(WEXITSTATUS(status));
}

#define REAP(pid) check_reap(pid, __FILE__, __LINE__)

static inline int file_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = read(fd, text, size - 1);
	if (len < 0)
		len = -errno;
	close(fd);
	text[len < 0 ? 0 : len] = 0;
	return len;
}

/*
 * A thread sleeps and the switch is counted: it is in state S before that. The
 * file says "running" so long.
 */
static inline bool has_left_its_processor(pid_t tid)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/proc/%d/syscall", tid);
	CHECK_OK(file_read(path, text, sizeof(text)));
	return isdigit(text[0]);
}

/* 0 or -errno. */
static inline int file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		error = -errno;
	close(fd);
	return error;
}

/* Remembers what the file holds; the runner puts it back after the test. */
static inline void file_save(const char *path)
{
	struct saved_file *saved = &verdict->saved[verdict->saved_count];

	CHECK(verdict->saved_count < ARRAY_SIZE(verdict->saved));
	snprintf(saved->path, sizeof(saved->path), "%s", path);
	CHECK_OK(file_read(path, saved->value, sizeof(saved->value)));
	verdict->saved_count++;
}

/* Programs with ports define it: 0, or -1 if the test left something behind. */
static int (*test_sweep)(void);

static inline void show_threads(pid_t group)
{
	char path[300], text[2048], *line, *rest;
	DIR *proc = opendir("/proc");
	struct dirent *entry, *task;

	while (proc && (entry = readdir(proc))) {
		pid_t pid = atoi(entry->d_name);
		DIR *tasks;

		if (pid <= 0 || getpgid(pid) != group)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task", pid);
		tasks = opendir(path);
		while (tasks && (task = readdir(tasks))) {
			if (!isdigit(task->d_name[0]))
				continue;
			snprintf(path, sizeof(path), "/proc/%d/task/%s/stack", pid, task->d_name);
			note("process %d thread %s is at:", pid, task->d_name);
			if (file_read(path, text, sizeof(text)) <= 0)
				continue;
			for (line = strtok_r(text, "\n", &rest); line;
			     line = strtok_r(NULL, "\n", &rest))
				note("    %s", line);
		}
		if (tasks)
			closedir(tasks);
	}
	if (proc)
		closedir(proc);
}

/* True if every descendant is gone; they were sent SIGKILL before. */
static inline bool reap_leftovers(void)
{
	long long limit = now_ns(CLOCK_MONOTONIC) + WAIT_LIMIT_NS;
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) >= 0) {
		if (pid > 0)
			continue;
		if (now_ns(CLOCK_MONOTONIC) > limit)
			return false;
		pause_ns(NSEC_PER_MSEC);
	}
	return true;
}

static inline int run_in_child(struct test *test)
{
	struct pollfd gone = { .events = POLLIN };
	const char *limit = getenv("MAILBOX_TEST_SECONDS");
	int seconds = (limit ? atoi(limit) : (int)test->seconds) * test_scale();
	int status = 0;
	pid_t pid = fork_child();

	if (pid < 0)
		return EXIT_FAIL;
	if (!pid) {
		setpgid(0, 0);
		test_now = test;
		test->run();
		_exit(EXIT_PASS);
	}
	setpgid(pid, pid);
	gone.fd = syscall(SYS_pidfd_open, pid, 0);
	if (poll(&gone, 1, seconds * 1000) == 0) {
		note("%s: not done after %d seconds", test->name, seconds);
		show_threads(pid);
		status = EXIT_FAIL;
	}
	close(gone.fd);
	kill(-pid, SIGKILL);
	if (status == EXIT_FAIL)
		return status;
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status)) {
		note("%s: killed by signal %d", test->name, WTERMSIG(status));
		return EXIT_FAIL;
	}
	return WEXITSTATUS(status);
}

/* EXIT_*; whatever the test did to the system is undone. */
static inline int run_test(struct test *test)
{
	int result;

	verdict->reason[0] = 0;
	verdict->saved_count = 0;
	result = run_in_child(test);
	while (verdict->saved_count) {
		struct saved_file *saved = &verdict->saved[--verdict->saved_count];

		file_write(saved->path, saved->value);
	}
	if (!reap_leftovers()) {
		printf("Bail out! %s left a process that cannot be killed\n", test->name);
		exit(EXIT_FAIL);
	}
	if (test_sweep && test_sweep() && result == EXIT_PASS)
		result = EXIT_FAIL;
	return result;
}

static inline bool test_wanted(struct test *test, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], test->name))
			return true;
	return argc == 1;
}

/* Why the whole program cannot run here, or NULL. */
static const char *(*program_skip)(void);

int main(int argc, char **argv)
{
	unsigned int number = 0, passed = 0, failed = 0, count = 0;
	const char *reason = program_skip ? program_skip() : NULL;
	struct test *test;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n");
	if (reason) {
		printf("1..0 # SKIP %s\n", reason);
		return EXIT_SKIP;
	}
	for (test = test_first; test; test = test->next)
		count += test_wanted(test, argc, argv);
	printf("1..%u\n", count);
	runner_pid = getpid();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	verdict = shared_alloc(sizeof(*verdict));
	for (test = test_first; test; test = test->next) {
		if (!test_wanted(test, argc, argv))
			continue;
		number++;
		switch (run_test(test)) {
		case EXIT_PASS:
			passed++;
			printf("ok %u %s\n", number, test->name);
			break;
		case EXIT_SKIP:
			printf("ok %u %s # SKIP %s\n", number, test->name, verdict->reason);
			break;
		default:
			failed++;
			printf("not ok %u %s\n", number, test->name);
		}
	}
	printf("# Totals: pass:%u fail:%u xfail:0 xpass:0 skip:%u error:0\n",
	       passed, failed, count - passed - failed);
	if (failed || !count)
		return EXIT_FAIL;
	return passed ? EXIT_PASS : EXIT_SKIP;
}

#endif /* TESTS_HARNESS_H */
