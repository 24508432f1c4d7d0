/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocations and copies that fail, one after the other. A table of operations
 * says what is there before a call, what the call is, and how it is when it has
 * succeeded. For each there are these tests:
 *
 *   memory	the first allocation fails, then the second, ... until none does
 *   copies	likewise the copies from and to user space, but those of a few
 *		words, which cannot be made to fail in this way (straddle.c does that)
 *   starved	all allocations that may fail do
 *   unmapped	the last word of the struct is in no memory, then the last two, ...
 *   read_only	likewise in memory that cannot be written
 *
 * A call that fails must do so with an error that the ABI has for it, and leave
 * everything as it was; made anew it must succeed.
 *
 * The first three need the kernel's fault injection, and one that tells by the
 * stack, so that only what fails below the module's functions counts.
 */
#ifndef TESTS_FAULTS_H
#define TESTS_FAULTS_H

#include <sys/mount.h>
#include <sys/uio.h>

#include "call.h"
#include "direct.h"

#define DEBUGFS		"/sys/kernel/debug"
#define SCENE_FDS	5
#define DATA_MAX	(4 * 4096)

/* Lengths of messages: a few words, more than those, several pages. */
#define SHORT	4
#define MIDDLE	1000
#define LONG	(2 * 4096 + 100)

/* What the module copies word by word, and what it has in one piece. */
#define WORDS_MAX	256
#define INLINE_MAX	(4096 - 64)

enum faults {
	MEMORY,
	COPIES,
	STARVED,
	INJECTED,			/* those before are */
	UNMAPPED = INJECTED,
	READ_ONLY,
	FAULTS,
};

/* --- what fails --------------------------------------------------------------------- */

/* The module's code. */
static unsigned long long code_start, code_end;

/* 0 or -errno. */
static inline int attribute_set(const char *attribute, const char *file, const char *value)
{
	char path[160];

	snprintf(path, sizeof(path), DEBUGFS "/%s/%s", attribute, file);
	return file_write(path, value);
}

static inline bool attribute_exists(const char *attribute)
{
	char path[160];

	snprintf(path, sizeof(path), DEBUGFS "/%s/require-start", attribute);
	return !access(path, W_OK);
}

/* Does it count below the module's functions, or nowhere? Checked. */
static inline void attribute_apply(const char *attribute, bool counts, bool always)
{
	char start[32], end[32];

	if (!attribute_exists(attribute))
		return;
	snprintf(start, sizeof(start), "0x%llx", counts ? code_start : 1);
	snprintf(end, sizeof(end), "0x%llx", counts ? code_end : 2);
	CHECK_EQ(0, attribute_set(attribute, "probability", "0"));
	CHECK_EQ(0, attribute_set(attribute, "require-start", start));
	CHECK_EQ(0, attribute_set(attribute, "require-end", end));
	CHECK_EQ(0, attribute_set(attribute, "task-filter", "Y"));
	CHECK_EQ(0, attribute_set(attribute, "times", "-1"));
	CHECK_EQ(0, attribute_set(attribute, "verbose", "0"));
	if (always)
		CHECK_EQ(0, attribute_set(attribute, "probability", "100"));
}

/* Checked. */
static inline void faults_apply(enum faults faults)
{
	attribute_apply("failslab", faults != COPIES, faults == STARVED);
	attribute_apply("fail_page_alloc", faults != COPIES, faults == STARVED);
	attribute_apply("fail_usercopy", faults == COPIES, false);
}

/* Calls that follow in this thread fail in their @nth place. Returns a descriptor. */
static inline int injection_begin(enum faults faults, unsigned int nth)
{
	int fd = open(faults == STARVED ? "/proc/thread-self/make-it-fail" :
					  "/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	char text[16];
	int len;

	CHECK_OK(fd);
	len = snprintf(text, sizeof(text), "%u", faults == STARVED ? 1 : nth);
	CHECK_EQ(len, RESULT(pwrite(fd, text, len, 0)));
	return fd;
}

/* Did something fail? */
static inline bool injection_end(enum faults faults, int fd)
{
	char text[16] = "";

	if (faults != STARVED)
		CHECK_OK(pread(fd, text, sizeof(text) - 1, 0));
	CHECK_EQ(1, RESULT(pwrite(fd, "0", 1, 0)));
	close(fd);
	return faults != STARVED && !atoi(text);
}

static inline const char *faults_find_code(void)
{
	unsigned long long size, start;
	char line[256], name[64];
	FILE *modules = fopen("/proc/modules", "re");

	while (modules && fgets(line, sizeof(line), modules)) {
		if (sscanf(line, "%63s %llu %*s %*s %*s %llx", name, &size, &start) == 3 &&
		    !strcmp(name, "mailbox_ipc")) {
			code_start = start;
			code_end = start + size;
		}
	}
	if (modules)
		fclose(modules);
	return code_start ? NULL : "cannot find the module's code (not root?)";
}

/* Why nothing can be injected here, or NULL. */
static inline const char *injection_skip(void)
{
	if (access("/proc/thread-self/fail-nth", W_OK))
		return "this kernel has no fault injection, or only for root";
	if (access(DEBUGFS "/failslab", R_OK))
		mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	if (!attribute_exists("failslab"))
		return "this kernel cannot let allocations fail by the stack";
	attribute_set("failslab", "ignore-gfp-wait", "N");
	attribute_set("fail_page_alloc", "ignore-gfp-wait", "N");
	attribute_set("fail_page_alloc", "ignore-gfp-highmem", "N");
	attribute_set("fail_page_alloc", "min-order", "0");
	return faults_find_code();
}

/* --- scenes ------------------------------------------------------------------------- */

struct operation;

/*
 * What there is when a call is made. It is shared memory, so that no copy to it
 * needs a page, also when the scene has a child.
 */
struct scene {
	const struct operation *op;
	int fd[SCENE_FDS];		/* -1: none. What the call uses is the first */
	int other;			/* not looked at */
	pid_t child;
	char name[2][MAILBOX_NAME_SIZE];
	unsigned long number;
	union {
		struct mailbox_ioc_info info;
		struct mailbox_ioc_port_create create;
		struct mailbox_ioc_port_open open;
		struct mailbox_ioc_port_pair pair;
		struct mailbox_ioc_port_link link;
		struct mailbox_ioc_port_remove remove;
		struct mailbox_ioc_port_stat stat;
		struct mailbox_ioc_port_set set;
		struct mailbox_ioc_port_list list;
		struct mailbox_ioc_port_allow allow;
		struct mailbox_ioc_port_allowed allowed;
		struct mailbox_ioc_port_wait wait;
		struct mailbox_ioc_port_watch watch;
		struct mailbox_ioc_send send;
		struct mailbox_ioc_receive receive;
		struct mailbox_ioc_send_batch send_batch;
		struct mailbox_ioc_receive_batch receive_batch;
		struct mailbox_ioc_call call;
		struct mailbox_ioc_reply reply;
		struct mailbox_ioc_reply_receive turn;
		struct mailbox_ioc_settle settle;
		char bytes[1024];
	} arg;
	union {
		struct mailbox_send_entry send[8];
		struct mailbox_receive_entry receive[20];
		struct mailbox_ioc_port_stat stat[8];
		struct mailbox_waiter waiter[64];
		struct mailbox_allow allow[8];
	} array;
	struct iovec vector[3];
	long long result;		/* of the call */
	bool some;			/* something has failed in it */
	bool acted;			/* the partner has done what it does */
	atomic_bool done;		/* the call is over */
	pthread_t partner;
	bool partner_runs;
	long long partner_result;
	struct call sleeper[2];
	__u64 token;
	unsigned int bad;		/* bytes of the struct that cannot be used */
	bool readable;			/* but read */
	char in[DATA_MAX];
	char out[DATA_MAX];
};

/**
 * struct operation - a row of a table
 * @name:	of it
 * @make:	fills a scene that is all zero
 * @run:	the call, and nothing else; NULL: the ioctl @number with @arg
 * @partner:	runs in another thread meanwhile: waits until the call sleeps, or
 *		is done, and makes it go on
 * @check:	how it is when the call has succeeded
 * @failed:	how it is when the call has failed, and the partner has done what
 *		it does: NULL = all as before the call
 * @result:	of the call, when all goes well
 * @errors:	for want of memory, as the ABI has them; none = it needs no memory
 * @flags:	for @make
 * @len:	of messages, likewise
 * @payloads:	of @len bytes, that the call copies; each copy of a part that can
 *		be made to fail has to
 * @tries_again: it copies the first of them in another way if that fails, and
 *		succeeds
 * @fills_array: it may hold some of the results after an error
 */
struct operation {
	const char *name;
	void (*make)(struct scene *scene);
	long long (*run)(struct scene *scene);
	void (*partner)(struct scene *scene);
	void (*check)(struct scene *scene);
	void (*failed)(struct scene *scene);
	long long result;
	int errors[3];
	__u32 flags;
	size_t len;
	unsigned int payloads;
	bool tries_again;
	bool fills_array;
};

/* Numbered bytes. */
static inline void data_fill(char *data, size_t len, int seed)
{
	size_t i;

	for (i = 0; i < len; i++)
		data[i] = (i * 7 + seed) % 251;
}

static inline void check_data(const char *data, size_t len, int seed, const char *file, int line)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (data[i] != (char)((i * 7 + seed) % 251)) {
			note("%s:%d: byte %zu of %zu is not that of message %d", file, line, i,
			     len, seed);
			_exit(EXIT_FAIL);
		}
}

/* A message of @len bytes, the @seed-th of its kind, without sleeping. Checked. */
static inline void give(int fd, size_t len, int seed)
{
	char data[DATA_MAX];

	data_fill(data, len, seed);
	CHECK_EQ(0, SEND(fd, .flags = MAILBOX_SEND_NONBLOCK, .data = user_pointer(data),
			 .len = len));
}

/* A port with two handles; what is sent or received has a length of the row's. */
static inline void two_handles(struct scene *scene, struct mailbox_ioc_port_create create)
{
	scene->fd[0] = port_new(O_RDWR, scene->name[0], create);
	scene->fd[1] = port_open(O_RDWR, scene->name[0]);
	data_fill(scene->out, scene->op->len, 1);
}

#define TWO(scene, ...) \
	two_handles(scene, (struct mailbox_ioc_port_create){ __VA_ARGS__ })

/* It is the next one. */
static inline void check_get(int fd, size_t len, int seed, const char *file, int line)
{
	static char data[DATA_MAX];
	struct mailbox_ioc_receive receive = {
		.flags = MAILBOX_RECEIVE_NONBLOCK,
		.data = user_pointer(data),
		.size = sizeof(data),
	};

	check_equal(0, command(fd, MAILBOX_IOC_RECEIVE, &receive), "RECEIVE", file, line);
	check_equal(len, receive.len, "len", file, line);
	check_data(data, len, seed, file, line);
}

#define CHECK_GET(fd, len, seed) check_get(fd, len, seed, __FILE__, __LINE__)
#define CHECK_NOTHING(fd) CHECK_EQ(-EAGAIN, take_as(fd, 0, 0, MAILBOX_RECEIVE_TRUNC))

/* --- before and after --------------------------------------------------------------- */

/* What must be the same after a call that failed. */
struct state {
	struct account account;
	long long stat_result[2][SCENE_FDS];
	struct mailbox_ioc_port_stat stat[2][SCENE_FDS];
	short polled[SCENE_FDS];
	char arg[sizeof(((struct scene *)0)->arg)];
	char array[sizeof(((struct scene *)0)->array)];
};

static inline void state_note(struct state *state, const struct scene *scene)
{
	int i, j;

	memset(state, 0, sizeof(*state));
	state->account = account();
	memcpy(state->arg, &scene->arg, sizeof(state->arg));
	memcpy(state->array, &scene->array, sizeof(state->array));
	for (i = 0; i < SCENE_FDS; i++) {
		if (scene->fd[i] < 0)
			continue;
		state->polled[i] = polled(scene->fd[i]);
		for (j = 0; j < 2; j++) {
			state->stat[j][i].flags = j ? MAILBOX_STAT_SENDS : 0;
			state->stat_result[j][i] = command(scene->fd[i], MAILBOX_IOC_PORT_STAT,
							   &state->stat[j][i]);
		}
	}
}

static inline void stat_compare(const struct mailbox_ioc_port_stat *before,
				const struct mailbox_ioc_port_stat *now, int i)
{
	if (!memcmp(before, now, sizeof(*now)))
		return;
	note("handle %d: messages %llu->%llu bytes %llu->%llu sent %llu->%llu received %llu->%llu",
	     i, before->messages, now->messages, before->bytes, now->bytes, before->sent,
	     now->sent, before->received, now->received);
	FAIL("senders %u->%u receivers %u->%u asleep %u+%u->%u+%u leased %u->%u requests %u->%u",
	     before->senders, now->senders, before->receivers, now->receivers,
	     before->senders_waiting, before->receivers_waiting, now->senders_waiting,
	     now->receivers_waiting, before->leased, now->leased, before->requests,
	     now->requests);
}

static inline void state_compare(const struct state *before, const struct scene *scene,
				 bool array_too)
{
	struct state now;
	int i, j;

	state_note(&now, scene);
	CHECK_EQ(before->account.ports, now.account.ports);
	CHECK_EQ(before->account.user_ports, now.account.user_ports);
	CHECK_EQ(before->account.user_bytes, now.account.user_bytes);
	CHECK_EQ(before->account.lowest_fd, now.account.lowest_fd);
	for (i = 0; i < SCENE_FDS; i++) {
		for (j = 0; j < 2; j++) {
			CHECK_EQ(before->stat_result[j][i], now.stat_result[j][i]);
			stat_compare(&before->stat[j][i], &now.stat[j][i], i);
		}
		CHECK_EQ(before->polled[i], now.polled[i]);
	}
	for (i = 0; i < (int)sizeof(now.arg); i++)
		if (before->arg[i] != now.arg[i])
			FAIL("the struct is not as it was: byte %d", i);
	if (!array_too)
		return;
	for (i = 0; i < (int)sizeof(now.array); i++)
		if (before->array[i] != now.array[i])
			FAIL("the array is not as it was: byte %d", i);
}

/* --- running ------------------------------------------------------------------------ */

/* The struct is at the end of good memory; the last words are behind it. */
static inline long long run_at_the_edge(struct scene *scene, size_t size)
{
	static char *good, *bad;
	size_t page = sysconf(_SC_PAGESIZE);
	char *at;
	long long result;

	if (!good) {
		good = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
		CHECK(good != MAP_FAILED);
		bad = good + page;
	}
	at = bad - (size - scene->bad);
	memcpy(at, &scene->arg, size);
	CHECK_OK(mprotect(bad, page, scene->readable ? PROT_READ : PROT_NONE));
	result = command(scene->fd[0], scene->number, at);
	CHECK_OK(mprotect(bad, page, PROT_READ | PROT_WRITE));
	memcpy(&scene->arg, at, size);
	return result;
}

/* With a tail that is all zero, so that it is not copied word by word. */
static inline long long run_ioctl(struct scene *scene)
{
	unsigned long number = scene->number;
	size_t size = _IOC_SIZE(number);

	if (scene->bad)
		return run_at_the_edge(scene, size);
	return command(scene->fd[0], _IOC(_IOC_DIR(number), _IOC_TYPE(number), _IOC_NR(number),
					  size + 8), &scene->arg);
}

static inline long long scene_run(struct scene *scene)
{
	scene->result = scene->op->run ? scene->op->run(scene) : run_ioctl(scene);
	return scene->result;
}

/* The call. Returns whether something was made to fail in it. */
static inline bool scene_run_failing(struct scene *scene, enum faults faults, unsigned int nth)
{
	size_t size = _IOC_SIZE(scene->number);
	bool some;
	int fd;

	if (faults >= INJECTED) {
		scene->bad = 8 * nth <= size ? 8 * nth : 0;
		scene->readable = faults == READ_ONLY;
		some = scene->bad;
		scene_run(scene);
		scene->bad = 0;
		return some;
	}
	fd = injection_begin(faults, nth);
	scene_run(scene);
	return injection_end(faults, fd);
}

static inline void *partner_run(void *arg)
{
	struct scene *scene = arg;

	scene->op->partner(scene);
	return NULL;
}

static inline void partner_start(struct scene *scene)
{
	scene->done = false;
	scene->acted = false;
	if (!scene->op->partner)
		return;
	CHECK_EQ(0, pthread_create(&scene->partner, NULL, partner_run, scene));
	scene->partner_runs = true;
}

static inline void partner_end(struct scene *scene)
{
	scene->done = true;
	if (scene->partner_runs)
		CHECK_EQ(0, pthread_join(scene->partner, NULL));
	scene->partner_runs = false;
}

/* Until so many sleep at the port of @fd; false if the call is over before. */
static inline bool scene_sleeps(struct scene *scene, int fd, unsigned int senders,
				unsigned int receivers)
{
	WAIT_FOR(scene->done || waiters_are(fd, senders, receivers));
	scene->acted = !scene->done;
	return scene->acted;
}

static inline void scene_make(struct scene *scene, const struct operation *op)
{
	int i;

	memset(scene, 0, sizeof(*scene));
	scene->op = op;
	scene->other = -1;
	for (i = 0; i < SCENE_FDS; i++)
		scene->fd[i] = -1;
	for (i = 0; i < 2; i++)
		snprintf(scene->name[i], sizeof(scene->name[i]), "%s", unique_name());
	op->make(scene);
}

static inline void scene_end(struct scene *scene)
{
	int i;

	for (i = 0; i < SCENE_FDS; i++)
		if (scene->fd[i] >= 0)
			close(scene->fd[i]);
	if (scene->other >= 0)
		close(scene->other);
	if (scene->child) {
		kill(scene->child, SIGKILL);
		reap_status(scene->child);
	}
}

static inline bool error_allowed(const struct operation *op, enum faults faults, long long result)
{
	unsigned int i;

	if (faults == COPIES || faults >= INJECTED)
		return result == -EFAULT;
	for (i = 0; i < ARRAY_SIZE(op->errors); i++)
		if (op->errors[i] && result == -op->errors[i])
			return true;
	return false;
}

struct progress {
	unsigned int nth;
	unsigned int refused;		/* calls that failed */
	unsigned int survived;		/* something failed in them, and they did not */
	struct scene scene;
};

/* One call, of which the @nth thing fails. Returns whether something did. */
static inline bool faults_step(const struct operation *op, enum faults faults,
			       struct progress *progress)
{
	struct scene *scene = &progress->scene;
	struct account clean = account();
	struct state before;
	char text[64];
	bool some;

	scene_make(scene, op);
	state_note(&before, scene);
	partner_start(scene);
	some = scene_run_failing(scene, faults, progress->nth);
	partner_end(scene);
	scene->some = some || faults == STARVED;

	if (scene->result != op->result) {
		progress->refused++;
		if (!scene->some)
			FAIL("nothing failed, but the result is %s",
			     value_text(scene->result, text, sizeof(text)));
		if (!error_allowed(op, faults, scene->result))
			FAIL("the error is %s", value_text(scene->result, text, sizeof(text)));
		if (op->failed)
			op->failed(scene);
		else
			state_compare(&before, scene, !op->fills_array);
		scene->some = false;
		partner_start(scene);
		CHECK_EQ(op->result, scene_run(scene));
		partner_end(scene);
	} else if (some) {
		progress->survived++;
	}
	if (op->result < 0)
		state_compare(&before, scene, false);
	if (op->check)
		op->check(scene);
	scene_end(scene);
	CHECK_ACCOUNT(&clean);
	return some;
}

struct faults_row {
	const struct operation *op;
	enum faults faults;
};

/* Memory may be kept from before, or the call may do without, so not each one fails. */
static inline bool must_refuse(const struct faults_row *row)
{
	return row->faults == MEMORY && row->op->errors[0];
}

static inline void faults_run(void *arg)
{
	const struct faults_row *row = test_now->row;
	struct progress *progress = arg;
	unsigned int tries = 5;

	/* What the allocator itself needs now and then may fail in place of the rest. */
	do {
		for (progress->nth = 1; ; progress->nth++)
			if (!faults_step(row->op, row->faults, progress))
				break;
	} while (must_refuse(row) && !progress->refused && --tries);
}

/* Copies of which a payload is made, but those of a few words. */
static inline unsigned int payload_copies(size_t len)
{
	if (len <= WORDS_MAX)
		return 0;
	return len <= INLINE_MAX ? 1 : (len + 4095) / 4096;
}

/* Each copy of the struct and of payloads has failed, or they were not tested. */
static inline void check_copies(const struct operation *op, const struct progress *progress)
{
	/* The struct's own copy; a call without one has to do with payloads alone. */
	unsigned int refused = !op->run, survived = 0;

	/* A call that ends with EFAULT by itself cannot be told apart. */
	if (!attribute_exists("fail_usercopy") || op->result == -EFAULT)
		return;
	if (op->tries_again)
		survived = payload_copies(op->len);
	refused += op->payloads * payload_copies(op->len) - survived;
	if (progress->refused < refused)
		FAIL("the call failed %u times, not %u", progress->refused, refused);
	if (progress->survived < survived)
		FAIL("the call succeeded %u times though a copy failed, not %u",
		     progress->survived, survived);
}

static inline void faults_test(void)
{
	const struct faults_row *row = test_now->row;
	struct progress *progress = shared_alloc(sizeof(*progress));
	struct account before = account();
	int status;

	if (row->faults < INJECTED)
		faults_apply(row->faults);
	status = reap_status(spawn(faults_run, progress));
	if (row->faults < INJECTED)
		faults_apply(MEMORY);
	if (status) {
		note("when number %u fails", progress->nth);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAIL);
	}
	CHECK_ACCOUNT(&before);
	if (row->faults != STARVED)
		note("something failed %u times, the call %u times", progress->nth - 1,
		     progress->refused);
	/* Or nothing was tested. */
	if (must_refuse(row) && !progress->refused)
		FAIL("the call never failed");
	if (row->faults == COPIES)
		check_copies(row->op, progress);
}

static inline void injection_test(void)
{
	SKIP("%s", injection_skip());
}

static inline void faults_table(const struct operation *ops, unsigned int count,
				const char *name)
{
	static const char *const groups[] = {
		"memory", "copies", "starved", "unmapped", "read_only",
	};
	bool injected = !injection_skip();
	unsigned int i, faults;

	if (!injected)
		test_add(name, "with_fault_injection", injection_test, NULL);
	for (faults = injected ? 0 : INJECTED; faults < FAULTS; faults++) {
		for (i = 0; i < count; i++) {
			struct faults_row *row = calloc(1, sizeof(*row));

			if (!row)
				abort();
			row->op = &ops[i];
			row->faults = faults;
			if (faults < INJECTED || !ops[i].run)
				test_add(groups[faults], ops[i].name, faults_test, row);
		}
	}
}

#define FAULTS_TABLE(ops)						\
	static void __attribute__((constructor)) register_##ops(void)	\
	{								\
		faults_table(ops, ARRAY_SIZE(ops), #ops);		\
	}

#endif /* TESTS_FAULTS_H */
