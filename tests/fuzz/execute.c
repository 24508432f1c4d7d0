// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs programs. A child, the leader, has a thread for each actor and runs one
 * program after the other, for a process costs more than most programs; but an
 * actor may be a process too, and a program that leaves the leader changed is
 * its last one. The fuzzer itself only looks on, wakes up who sleeps, by
 * signals, and kills what is left. What each actor does in the module is traced
 * by KCOV.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/futex.h>
#include <linux/kcov.h>
#include <linux/mailbox_ipc.h>

#include "execute.h"

#define TICK_MS		1
/* After so many ticks a program is killed. */
#define TICKS		64
/* After so many without progress, who sleeps gets a signal. */
#define STILL_TICKS	3
/* So long may a killed process take to go. */
#define GONE_MS		15000

struct run *run;
uint64_t *cover[COVERS];
struct process self;

static int kcov[COVERS];

/* In the fuzzer: the leader, or 0. In the leader: file descriptors from here on go. */
static pid_t leader;
static int first_fd;
static bool in_leader;

static void die(const char *what)
{
	fprintf(stderr, "abi: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* Without errno, which threads of raw clones would share, and as it comes. */
long sys(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 asm("r10") = d;
	register long r8 asm("r8") = e;
	register long r9 asm("r9") = f;
	long result;

	asm volatile("syscall" : "=a"(result)
		     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	return result;
}

/* As programs of 32 bits call it: the result is 32 bits wide too. */
static long sys32(int number, uint32_t a, uint32_t b, uint32_t c)
{
	int result;

	asm volatile("int $0x80" : "=a"(result)
		     : "a"(number), "b"(a), "c"(b), "d"(c)
		     : "r8", "r9", "r10", "r11", "memory");
	return result;
}

void slot_set(unsigned int slot, int fd)
{
	int old;

	if (fd < 0)
		return;
	old = __atomic_exchange_n(&self.slots[slot % SLOTS], fd, __ATOMIC_SEQ_CST);
	if (old >= 0)
		SYS(SYS_close, old);
}

/* --- what a call must not do ------------------------------------------------ */

static void complain(const struct record *record, const char *what, long result)
{
	if (atomic_exchange(&run->complained, true))
		return;
	snprintf(run->complaint, sizeof(run->complaint), "%s %s (record %d, result %ld: %s)",
		 op_name(record->op), what, (int)(record - run->program.records), result,
		 result < 0 ? strerror(-result) : "success");
}

static bool alone(void)
{
	unsigned int i;

	for (i = 1; i < ACTORS; i++)
		if (run->actors[i].started)
			return false;
	return true;
}

static bool error_known(const struct command *command, int error, bool failing)
{
	unsigned int i;

	/* EBADF: of a closed handle. */
	if (error == EINVAL || error == E2BIG || error == EFAULT || error == EBADF)
		return true;
	/* Another thread has closed it, and something else has its number. */
	if (error == ENOTTY && !alone())
		return true;
	if (failing && (error == ENOMEM || error == EINTR))
		return true;
	for (i = 0; command->errors[i]; i++)
		if (command->errors[i] == error)
			return true;
	return false;
}

static void check(const struct record *record, const void *before, const void *after,
		  size_t size, long result)
{
	const struct command *command = &commands[record->op];

	if (result > 0 || (result < 0 && result < -133)) {
		complain(record, "returned what no ioctl may", result);
		return;
	}
	if (result == 0)
		return;
	if (record->slot != SLOT_STRANGER && !error_known(command, -result, record->fail))
		complain(record, "gave an error that the header does not name", result);
	if (record->where == WHERE_NORMAL && !command->partly && !record->size &&
	    !record->patch && memcmp(before, after, size))
		complain(record, "failed and changed its struct", result);
}

/* --- records ---------------------------------------------------------------- */

static uint64_t token_of(const struct record *record, const unsigned char *at)
{
	uint64_t token = 0;

	switch (record->op) {
	case OP_RECEIVE:
		memcpy(&token, at + offsetof(struct mailbox_ioc_receive, token), sizeof(token));
		break;
	case OP_REPLY_RECEIVE:
		memcpy(&token, at + offsetof(struct mailbox_ioc_reply_receive, receive.token),
		       sizeof(token));
		break;
	case OP_RECEIVE_BATCH:
		memcpy(&token, (void *)(ARRAYS + record->actor % 0x80 % ACTORS * ARRAYS_SIZE +
		       offsetof(struct mailbox_receive_entry, token)), sizeof(token));
		break;
	}
	return token;
}

static long do_command(const struct record *record, int fd, const struct surroundings *around)
{
	const struct command *command = &commands[record->op];
	uint32_t right = command->number >> _IOC_SIZESHIFT & _IOC_SIZEMASK;
	uint32_t size = decode_size(record, right);
	uint64_t address = decode_where(record->where, around->actor, size);
	unsigned char *at = (void *)address;
	unsigned char before[1024];
	unsigned long number;
	uint64_t token;
	long result;

	decode_struct(record, around, before, right);
	if (record->where % WHERES == WHERE_READ_ONLY)
		at = (void *)decode_where(WHERE_NORMAL, around->actor, size);
	switch (record->where % WHERES) {
	case WHERE_NORMAL:
	case WHERE_READ_ONLY:
	case WHERE_PAGE_END:
	case WHERE_ODD:
	case WHERE_SHARED:
		memset(at, 0, size > right + 16 ? right + 16 : size);
		memcpy(at, before, size < right ? size : right);
		if (record->size == 3)
			at[right + record->patch_at % 8] = 1;
		break;
	}
	number = (command->number & ~((unsigned long)_IOC_SIZEMASK << _IOC_SIZESHIFT)) |
		(unsigned long)size << _IOC_SIZESHIFT;
	if (record->actor & 0x80)
		result = sys32(54, fd, number, address);
	else
		result = SYS(SYS_ioctl, fd, number, address);

	check(record, before, (void *)address, right, result);
	if (record->where != WHERE_NORMAL || size < right)
		return result;
	token = token_of(record, at);
	if (token)
		run->tokens[run->token_next++ % 4] = token;
	if (record->op == OP_PORT_PAIR && !result)
		slot_set(record->slot + 1, ((struct mailbox_ioc_port_pair *)at)->fd);
	return result;
}

static void before_record(const struct record *record)
{
	unsigned int i;

	if (record->pause < 64) {
		for (i = 0; i < record->pause; i++)
			SYS(SYS_sched_yield);
	} else {
		struct timespec ts = { .tv_nsec = (record->pause - 63) * 5000 };

		SYS(SYS_nanosleep, &ts, NULL);
	}
}

/* Let the Nth thing that can fail do so. Which one, is up to the kernel. */
static void fail_nth(int *fd, unsigned int n)
{
	char text[16];
	int len;

	if (*fd < 0)
		*fd = SYS(SYS_openat, AT_FDCWD, "/proc/thread-self/fail-nth",
			  O_RDWR | O_CLOEXEC);
	len = snprintf(text, sizeof(text), "%u", n);
	SYS(SYS_pwrite64, *fd, text, len, 0);
}

static void act(unsigned int actor, unsigned int first)
{
	struct actor_state *state = &run->actors[actor];
	struct surroundings around = {
		.actor = actor,
		.slots = self.slots,
		.stranger = self.stranger,
	};
	int failing = -1;
	unsigned int i, j;

	state->at = first;
	state->tid = SYS(SYS_gettid);
	state->pid = SYS(SYS_getpid);
	for (i = first; i < run->program.count; i++) {
		const struct record *record = &run->program.records[i];
		int fd;

		if (record->actor % 0x80 % ACTORS != actor)
			continue;
		state->at = i;
		run->steps++;
		if (record->pause)
			before_record(record);
		for (j = 0; j < ACTORS; j++)
			around.pids[j] = run->actors[j].pid;
		for (j = 0; j < 4; j++)
			around.tokens[j] = run->tokens[j];
		fd = decode_slot(record->slot, &around);
		if (record->op == OP_USER || record->op == OP_UNSHARE)
			run->dirty = true;
		if (record->fail)
			fail_nth(&failing, record->fail);
		run->results[i] = record->op < OP_COMMANDS ? do_command(record, fd, &around) :
							     io_do(record, fd, &around);
		if (record->fail)
			fail_nth(&failing, 0);
		run->ran[i] = true;
	}
	state->at = RECORDS_MAX;
}

static void futex_wait(_Atomic uint32_t *word, uint32_t value, const struct timespec *timeout)
{
	SYS(SYS_futex, word, FUTEX_WAIT, value, timeout);
}

static void futex_wake(_Atomic uint32_t *word)
{
	SYS(SYS_futex, word, FUTEX_WAKE, 1);
}

/* Of the leader. It sleeps until it is spawned. */
static void *thread(void *arg)
{
	unsigned int actor = (uintptr_t)arg;
	struct actor_state *state = &run->actors[actor];

	SYS(SYS_ioctl, kcov[actor], KCOV_ENABLE, KCOV_TRACE_PC);
	while (true) {
		uint32_t finished = state->finished;

		if (state->wanted == finished) {
			futex_wait(&state->wanted, finished, NULL);
			continue;
		}
		act(actor, state->first);
		state->finished = finished + 1;
		futex_wake(&state->finished);
	}
	return NULL;
}

/* Of an actor that is a process. */
static void *other_thread(void *arg)
{
	unsigned int actor = (uintptr_t)arg;

	SYS(SYS_ioctl, kcov[ACTORS + actor], KCOV_ENABLE, KCOV_TRACE_PC);
	act(actor, run->actors[actor].first);
	/* Only this thread; the process goes with its last one. */
	SYS(SYS_exit, 0);
	return NULL;
}

void spawn(unsigned int actor, bool process, const struct surroundings *around)
{
	struct actor_state *state = &run->actors[actor];
	pthread_t unused;

	if (atomic_exchange(&state->started, true))
		return;
	state->first = run->actors[around->actor].at + 1;
	if (process) {
		pid_t pid = fork();

		if (pid == 0) {
			in_leader = false;
			other_thread((void *)(uintptr_t)actor);
		}
		/* At once, for those who ask for it next. */
		if (pid > 0)
			state->pid = pid;
	} else if (in_leader) {
		state->wanted++;
		futex_wake(&state->wanted);
	} else {
		pthread_create(&unused, NULL, other_thread, (void *)(uintptr_t)actor);
	}
}

/* --- the leader --------------------------------------------------------------- */

static void nothing(int signal)
{
	(void)signal;
}

static void begin(void)
{
	struct sigaction action = { .sa_handler = nothing };
	unsigned int i;

	sigaction(SIGUSR1, &action, NULL);
	for (i = 0; i < SLOTS; i++)
		self.slots[i] = -1;
	for (i = 0; i < ACTORS; i++)
		self.epoll[i] = -1;
	if (pipe2(self.pipe, O_NONBLOCK) ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, self.socket))
		_exit(1);
	self.stranger = self.pipe[1];
}

/* Children of a thread, too, are the process's. */
static void end(void)
{
	struct actor_state *state;

	for (state = &run->actors[1]; state < &run->actors[ACTORS]; state++) {
		uint32_t finished;

		while ((finished = state->finished) != state->wanted)
			futex_wait(&state->finished, finished, NULL);
	}
	while (SYS(SYS_wait4, -1, NULL, __WALL, NULL) != -ECHILD)
		;
	SYS(SYS_close_range, first_fd, ~0U, 0);
}

static void lead(void)
{
	const int harmless[] = { SIGPIPE, SIGIO, SIGRTMIN };
	struct sigaction action = { .sa_handler = nothing };
	pthread_t unused;
	uintptr_t i;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		sigaction(harmless[i], &action, NULL);
	sigprocmask(SIG_SETMASK, &(sigset_t){}, NULL);
	first_fd = dup(0);
	in_leader = true;
	for (i = 1; i < ACTORS; i++)
		if (pthread_create(&unused, NULL, thread, (void *)i))
			_exit(1);
	SYS(SYS_ioctl, kcov[0], KCOV_ENABLE, KCOV_TRACE_PC);
	while (true) {
		uint32_t done = run->done;

		if (run->go == done) {
			futex_wait(&run->go, done, NULL);
			continue;
		}
		begin();
		act(0, 0);
		end();
		if (run->dirty)
			_exit(0);
		run->done = done + 1;
		futex_wake(&run->done);
	}
}

/* --- the fuzzer ----------------------------------------------------------------- */

/* There is no child left. */
static bool all_gone(void)
{
	pid_t pid;

	do {
		pid = waitpid(-1, NULL, WNOHANG | __WALL);
	} while (pid > 0);
	return pid < 0;
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

static void start_leader(void)
{
	unsigned int i;

	for (i = 0; i < ACTORS; i++) {
		run->actors[i].wanted = 0;
		run->actors[i].finished = 0;
	}
	run->done = run->go;
	fflush(stdout);
	leader = fork();
	if (leader < 0)
		die("fork");
	if (leader == 0) {
		lead();
		_exit(0);
	}
	setpgid(leader, leader);
}

static void prepare(const struct program *program)
{
	unsigned int i;

	run->program = *program;
	run->dirty = false;
	run->complained = false;
	run->complaint[0] = '\0';
	memset(run->ran, 0, sizeof(run->ran));
	run->token_next = 0;
	for (i = 0; i < 4; i++)
		run->tokens[i] = 0;
	for (i = 0; i < ACTORS; i++) {
		run->actors[i].started = i == 0;
		run->actors[i].pid = 0;
		run->actors[i].at = RECORDS_MAX;
	}
	for (i = 0; i < COVERS; i++)
		cover[i][0] = 0;
}

/* Grows as long as anybody does anything, in the module or outside. */
static uint64_t progress(void)
{
	uint64_t sum = run->steps;
	unsigned int i;

	for (i = 0; i < COVERS; i++)
		sum += cover[i][0];
	return sum;
}

static void wake_sleepers(void)
{
	const struct actor_state *actor;

	for (actor = run->actors; actor < &run->actors[ACTORS]; actor++)
		if (actor->pid && actor->at < RECORDS_MAX)
			syscall(SYS_tgkill, actor->pid, actor->tid, SIGUSR1);
}

bool execute(const struct program *program)
{
	const struct timespec tick = { .tv_nsec = TICK_MS * 1000000 };
	uint64_t start, ticked, before = 0;
	unsigned int ticks = 0, still = 0;

	prepare(program);
	if (!leader)
		start_leader();
	run->go++;
	futex_wake(&run->go);
	start = ticked = now_ms();
	while (true) {
		uint32_t done = run->done;

		if (done == run->go)
			return true;
		futex_wait(&run->done, done, &tick);
		/* It ends by itself, is killed by an actor, or by us. */
		if (now_ms() - ticked < TICK_MS)
			continue;
		if (all_gone()) {
			leader = 0;
			return true;
		}
		ticked = now_ms();
		if (++ticks < TICKS) {
			/* It runs by itself as long as it can. */
			uint64_t after = progress();

			still = after == before ? still + 1 : 0;
			before = after;
			if (still >= STILL_TICKS)
				wake_sleepers();
			continue;
		}
		kill(-leader, SIGKILL);
		if (ticked - start > GONE_MS)
			return false;
	}
}

static void map(unsigned long address, size_t size, int protection, int flags, int fd)
{
	if (mmap((void *)address, size, protection, flags | MAP_FIXED_NOREPLACE, fd, 0) ==
	    MAP_FAILED)
		die("mmap");
}

static void map_all(void)
{
	int fd = memfd_create("structs", MFD_CLOEXEC);
	unsigned int i;

	if (fd < 0 || ftruncate(fd, (ACTORS + 1) * STRUCTS_STEP))
		die("memfd");
	map(DATA, DATA_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	map(STRUCTS, (ACTORS + 1) * STRUCTS_STEP, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	for (i = 0; i <= ACTORS; i++)
		munmap((void *)(STRUCTS + i * STRUCTS_STEP + STRUCTS_SIZE),
		       STRUCTS_STEP - STRUCTS_SIZE);
	map(STRUCTS_READ, (ACTORS + 1) * STRUCTS_STEP, PROT_READ, MAP_SHARED, fd);
	map(ARRAYS, ACTORS * ARRAYS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
	close(fd);
}

/* Kernels without KCOV can run programs too; there is no trace then. */
static void trace_init(unsigned int i)
{
	int flags = MAP_SHARED | MAP_ANONYMOUS;

	kcov[i] = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
	if (kcov[i] >= 0) {
		flags = MAP_SHARED;
		if (ioctl(kcov[i], KCOV_INIT_TRACE, COVER_ENTRIES))
			die("/sys/kernel/debug/kcov");
	}
	cover[i] = mmap(NULL, COVER_ENTRIES * sizeof(uint64_t), PROT_READ | PROT_WRITE, flags,
			kcov[i], 0);
	if (cover[i] == MAP_FAILED)
		die("mmap of KCOV's memory");
}

void execute_init(void)
{
	unsigned int i;

	map_all();
	run = mmap(NULL, sizeof(*run), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (run == MAP_FAILED)
		die("mmap");
	for (i = 0; i < COVERS; i++)
		trace_init(i);
	/* Every process that a program leaves behind becomes our child. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}
