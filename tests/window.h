/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls that are held exactly where others could come between: in a copy, by
 * userfaultfd, and elsewhere by gates (gate/mailbox_gate.c).
 */
#ifndef TESTS_WINDOW_H
#define TESTS_WINDOW_H

#include <linux/capability.h>
#include <linux/userfaultfd.h>

#include "call.h"
#include "lease.h"

/* --- traps -------------------------------------------------------------------------- */

/* A page that holds whoever touches it until it is filled or taken away. */
struct trap {
	int fd;
	char *page;
	size_t size;
};

static inline struct trap trap_of(__u64 mode, __u64 features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	struct trap trap = { .size = sysconf(_SC_PAGESIZE) };
	struct uffdio_register range = { .mode = mode };

	trap.fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (trap.fd < 0)
		SKIP("no userfaultfd here: %s", strerror(errno));
	if (ioctl(trap.fd, UFFDIO_API, &api))
		SKIP("userfaultfd cannot do it here: %s", strerror(errno));
	trap.page = mmap(NULL, trap.size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(trap.page != MAP_FAILED);
	range.range.start = (uintptr_t)trap.page;
	range.range.len = trap.size;
	CHECK_OK(ioctl(trap.fd, UFFDIO_REGISTER, &range));
	return trap;
}

static inline struct trap trap_new(void)
{
	return trap_of(UFFDIO_REGISTER_MODE_MISSING, 0);
}

/* Those who write are held, or not any more. */
static inline void trap_protect(struct trap *trap, bool on)
{
	struct uffdio_writeprotect protect = {
		.range = { (uintptr_t)trap->page, trap->size },
		.mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	CHECK_OK(ioctl(trap->fd, UFFDIO_WRITEPROTECT, &protect));
}

/* A page with this struct, which holds whoever writes to it until it is let go. */
static inline struct trap trap_write(const void *data, size_t len)
{
	struct trap trap = trap_of(UFFDIO_REGISTER_MODE_WP, UFFD_FEATURE_PAGEFAULT_FLAG_WP);

	memcpy(trap.page, data, len);
	trap_protect(&trap, true);
	return trap;
}

/* Until somebody is held there. */
static inline void trap_wait(struct trap *trap)
{
	struct pollfd caught = { .fd = trap->fd, .events = POLLIN };
	struct uffd_msg msg;

	CHECK_EQ(1, RESULT(poll(&caught, 1, 15000)));
	CHECK_EQ(sizeof(msg), RESULT(read(trap->fd, &msg, sizeof(msg))));
	CHECK_EQ(UFFD_EVENT_PAGEFAULT, msg.event);
}

/* Lets them go on, with a page that starts with this number. */
static inline void trap_fill(struct trap *trap, int value)
{
	char *source = calloc(1, trap->size);
	struct uffdio_copy copy = {
		.dst = (uintptr_t)trap->page,
		.src = (uintptr_t)source,
		.len = trap->size,
	};

	CHECK(source);
	memcpy(source, &value, sizeof(value));
	CHECK_OK(ioctl(trap->fd, UFFDIO_COPY, &copy));
	free(source);
}

/* Lets them go on, to find that there is no memory: EFAULT. */
static inline void trap_break(struct trap *trap)
{
	struct uffdio_range range = { (uintptr_t)trap->page, trap->size };

	CHECK_OK(munmap(trap->page, trap->size));
	CHECK_OK(ioctl(trap->fd, UFFDIO_WAKE, &range));
}

/* Filled once, it is to hold the next one too. */
static inline void trap_again(struct trap *trap)
{
	CHECK_OK(madvise(trap->page, trap->size, MADV_DONTNEED));
}

static inline int trapped_value(struct trap *trap)
{
	return *(volatile int *)trap->page;
}

/* --- held calls: in their copy when these return ------------------------------------ */

static inline void receive_held_args(struct call *call, int fd, struct trap *trap,
				     struct mailbox_ioc_receive receive)
{
	call->receive = receive;
	call->receive.data = user_pointer(trap->page);
	call->receive.size = sizeof(int);
	call_start(call, fd, MAILBOX_IOC_RECEIVE, &call->receive, 0);
	trap_wait(trap);
}

#define RECEIVE_HELD(call, fd, trap, ...) \
	receive_held_args(call, fd, trap, (struct mailbox_ioc_receive){ __VA_ARGS__ })

static inline void send_held_args(struct call *call, int fd, struct trap *trap,
				  struct mailbox_ioc_send send)
{
	call->send = send;
	call->send.data = user_pointer(trap->page);
	call->send.len = sizeof(int);
	call_start(call, fd, MAILBOX_IOC_SEND, &call->send, 0);
	trap_wait(trap);
}

#define SEND_HELD(call, fd, trap, ...) \
	send_held_args(call, fd, trap, (struct mailbox_ioc_send){ __VA_ARGS__ })

/* --- gates -------------------------------------------------------------------------- */

#define GATE_NODE	"/dev/mailbox_gate"
#define GATE_MODULE	"mailbox_gate.ko"

/* Where calls can be held; see gate/mailbox_gate.c. */
#define BEFORE_SLEEP	"before mbx_waiter_sleep"
#define AFTER_SLEEP	"after mbx_waiter_sleep"
/*
 * Its state is set; with a deadline. A gate at schedule() would be in the way of
 * every task of the machine.
 */
#define FALLING_ASLEEP	"asleep schedule_hrtimeout_range_clock"
/* The port's lock was dropped, and somebody's wait is over. */
#define BEFORE_WAKE	"before mbx_wake"
/* Likewise, of all who are told, also those who poll. */
#define BEFORE_WAKES	"before mbx_wakes_run"
/* What is got with no lock held: for a send that may sleep, to put a message back. */
#define BEFORE_RESERVE	"before mbx_reserve_fill"
#define BEFORE_LANES	"before mbx_lanes_fill"
/* The message is in user memory, and not received yet. */
#define AFTER_COPY	"after receive_write"

/* The module is beside the test programs, if it was built. */
static inline void gate_load(void)
{
	char path[300] = "";
	char *name;
	int fd;

	if (!access(GATE_NODE, F_OK))
		return;
	CHECK_OK(readlink("/proc/self/exe", path, sizeof(path) - sizeof(GATE_MODULE)));
	name = strrchr(path, '/') + 1;
	strcpy(name, GATE_MODULE);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		SKIP("%s is not here: %s", GATE_MODULE, strerror(errno));
	if (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST)
		SKIP("%s cannot be loaded: %s", GATE_MODULE, strerror(errno));
	close(fd);
	WAIT_FOR(!access(GATE_NODE, F_OK));
}

/* A gate that stands nowhere yet. Checked. */
static inline int gate_new(void)
{
	int gate;

	NEED_ROOT();
	gate_load();
	gate = open(GATE_NODE, O_RDWR | O_CLOEXEC);
	CHECK_OK(gate);
	return gate;
}

/*
 * Is it one of the kernel's functions? Those need not be there in each kernel. All
 * others are the module's: a test that cannot hold there has to be told of, or it
 * would be no test any more.
 */
static inline bool gate_in_kernel(const char *where)
{
	static const char * const functions[] = { "schedule_hrtimeout_range_clock", "__pollwait" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(functions); i++)
		if (!strcmp(strchr(where, ' ') + 1, functions[i]))
			return true;
	return false;
}

/* Who is "me" or "any"; so many pass first. Checked. */
static inline void gate_arm_later(int gate, const char *who, const char *where, int skip)
{
	char text[96];
	int len = snprintf(text, sizeof(text), "%s %s %d", who, where, skip);

	if (write(gate, text, len) == len)
		return;
	if (errno == ENOENT && gate_in_kernel(where))
		SKIP("this kernel has no function to hold at: %s", where);
	if (errno == ENOENT)
		FAIL("the module has no function to hold at: %s", where);
	FAIL("gate %s: %s", where, strerror(errno));
}

static inline void gate_arm(int gate, const char *who, const char *where)
{
	gate_arm_later(gate, who, where, 0);
}

static inline int gate_any(const char *where)
{
	int gate = gate_new();

	gate_arm(gate, "any", where);
	return gate;
}

/* The thread that is held there, or 0. */
static inline int gate_holds(int gate)
{
	char text[16] = "";

	CHECK_OK(read(gate, text, sizeof(text) - 1));
	return atoi(text);
}

/* Until somebody is held there. Checked. */
#define gate_wait(gate)						\
	do {								\
		int gate_ = (gate);					\
									\
		WAIT_FOR(gate_holds(gate_));				\
	} while (0)

/* Lets them go on. */
static inline void gate_go(int gate)
{
	CHECK_OK(write(gate, "go", 2));
	close(gate);
}

struct gated {
	struct call *call;
	int gate;
	const char *where;
	int skip;
};

static inline void *gated_run(void *arg)
{
	struct gated gated = *(struct gated *)arg;

	gate_arm_later(gated.gate, "me", gated.where, gated.skip);
	free(arg);
	return call_run(gated.call);
}

/* call_start() of a call that is going to be held, at a later time it comes there. */
static inline int gated_start_later(struct call *call, int fd, unsigned long number, void *arg,
				    const char *where, int skip)
{
	struct gated *gated = malloc(sizeof(*gated));
	int gate = gate_new();

	CHECK(gated);
	*gated = (struct gated){ .call = call, .gate = gate, .where = where, .skip = skip };
	call->fd = fd;
	call->number = number;
	call->arg = arg;
	atomic_store(&call->tid, 0);
	atomic_store(&call->done, false);
	CHECK_EQ(0, pthread_create(&call->thread, NULL, gated_run, gated));
	WAIT_FOR(atomic_load(&call->tid));
	return gate;
}

/* At the first. Returns the gate. */
static inline int gated_start(struct call *call, int fd, unsigned long number, void *arg,
			      const char *where)
{
	return gated_start_later(call, fd, number, arg, where, 0);
}

static inline int gated_send_args(const char *where, struct call *call, int fd, int value,
				  struct mailbox_ioc_send send)
{
	call->value = value;
	call->send = send;
	call->send.data = user_pointer(&call->value);
	call->send.len = sizeof(call->value);
	return gated_start(call, fd, MAILBOX_IOC_SEND, &call->send, where);
}

#define GATED_SEND(where, call, fd, value, ...) \
	gated_send_args(where, call, fd, value, (struct mailbox_ioc_send){ __VA_ARGS__ })

static inline int gated_receive_args(const char *where, struct call *call, int fd,
				     struct mailbox_ioc_receive receive)
{
	call->value = -1;
	call->receive = receive;
	if (!call->receive.data)
		call->receive.data = user_pointer(&call->value);
	call->receive.size = sizeof(call->value);
	return gated_start(call, fd, MAILBOX_IOC_RECEIVE, &call->receive, where);
}

#define GATED_RECEIVE(where, call, fd, ...) \
	gated_receive_args(where, call, fd, (struct mailbox_ioc_receive){ __VA_ARGS__ })

static inline int gated_ask_args(const char *where, struct asker *asker, int fd, int question,
				 struct mailbox_ioc_call arg)
{
	asker_fill(asker, question, arg);
	return gated_start(&asker->call, fd, MAILBOX_IOC_CALL, &asker->arg, where);
}

#define GATED_ASK(where, asker, fd, question, ...) \
	gated_ask_args(where, asker, fd, question, (struct mailbox_ioc_call){ __VA_ARGS__ })

/* The last close of a handle, which is held. */
struct closing {
	pthread_t thread;
	const char *where;
	int fd, gate;
};

static inline void *closing_run(void *arg)
{
	struct closing *closing = arg;

	gate_arm(closing->gate, "me", closing->where);
	close(closing->fd);
	return NULL;
}

static inline void close_start(struct closing *closing, int fd, const char *where)
{
	*closing = (struct closing){ .fd = fd, .gate = gate_new(), .where = where };
	CHECK_EQ(0, pthread_create(&closing->thread, NULL, closing_run, closing));
	gate_wait(closing->gate);
}

static inline void close_end(struct closing *closing)
{
	gate_go(closing->gate);
	CHECK_EQ(0, pthread_join(closing->thread, NULL));
}

/* --- handles that can be revoked ---------------------------------------------------- */

static inline void set_ipc_owner(bool effective)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	CHECK_OK(syscall(SYS_capget, &header, data));
	if (effective)
		data[0].effective |= 1U << CAP_IPC_OWNER;
	else
		data[0].effective &= ~(1U << CAP_IPC_OWNER);
	CHECK_OK(syscall(SYS_capset, &header, data));
}

static inline long long list_self(int fd, __u32 rights)
{
	struct mailbox_ioc_port_allow allow = {
		.entry = { MAILBOX_ALLOW_PROCESS, getpid(), rights, 0 },
	};

	return command(fd, MAILBOX_IOC_PORT_ALLOW, &allow);
}

/* A port of somebody else. Checked. */
static inline int foreign_port(char *name, struct mailbox_ioc_port_create create)
{
	NEED_ROOT();
	create.flags |= MAILBOX_CREATE_UID | MAILBOX_CREATE_GID;
	create.uid = USER_A;
	create.gid = USER_A;
	create.mode = 0600;
	return port_new(O_RDWR, name, create);
}

/* A handle that is bound by virtue of the list, until list_off() takes it off. Checked. */
static inline int listed_handle(int flags, int owner, const char *name)
{
	int fd;

	CHECK_EQ(0, list_self(owner, MAILBOX_RIGHT_SEND | MAILBOX_RIGHT_RECEIVE));
	set_ipc_owner(false);
	fd = port_open(flags, name);
	set_ipc_owner(true);
	return fd;
}

static inline long long list_off(int owner)
{
	return list_self(owner, 0);
}

#endif /* TESTS_WINDOW_H */
