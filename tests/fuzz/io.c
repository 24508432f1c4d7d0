// SPDX-License-Identifier: GPL-2.0-only
/* The calls that are no ioctls of ours: what Linux has for any file. */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <linux/mailbox_ipc.h>

#include "execute.h"

static const struct field data_field = { .kind = KIND_DATA };
static const struct field out_field = { .kind = KIND_OUT };
static const struct field len_field = { .kind = KIND_LEN };
static const struct field pid_field = { .kind = KIND_PID };

#define DATA_ARG(i)	decode_number(&data_field, record->args[i], around)
#define OUT_ARG(i)	decode_number(&out_field, record->args[i], around)
#define LEN_ARG(i)	decode_number(&len_field, record->args[i], around)
#define PID_ARG(i)	decode_number(&pid_field, record->args[i], around)

static long do_open(const struct record *record)
{
	static const int more[] = { 0, O_NONBLOCK, O_CLOEXEC, O_ASYNC, O_NONBLOCK | O_ASYNC,
				    O_APPEND, O_PATH, O_DIRECT };
	int fd = SYS(SYS_openat, AT_FDCWD, "/dev/mailbox",
		     (2 ^ record->args[0] % 4) | more[record->args[1] % 8]);

	slot_set(record->slot, fd);
	return fd;
}

static long do_vector(const struct record *record, int fd, const struct surroundings *around,
		      bool write)
{
	static const int flags[] = { 0, 0, RWF_NOWAIT, RWF_HIPRI, RWF_APPEND, RWF_DSYNC,
				     RWF_NOWAIT | RWF_HIPRI, 0x8000 };
	struct iovec vector[4];
	unsigned int count = record->args[0] % 5;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		vector[i].iov_base = (void *)(write ? DATA_ARG(2 + i) : OUT_ARG(2 + i));
		vector[i].iov_len = LEN_ARG(2 + i);
	}
	return SYS(write ? SYS_pwritev2 : SYS_preadv2, fd, vector, count, -1, -1,
		   flags[record->args[1] % 8]);
}

static long do_poll(const struct record *record, const struct surroundings *around)
{
	struct timespec timeout = { .tv_nsec = record->args[4] * 10000 };
	struct pollfd fds[4];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		fds[i].fd = decode_slot(record->slot + i, around);
		fds[i].events = record->args[i] ? record->args[i] : POLLIN;
	}
	return SYS(SYS_ppoll, fds, 1 + record->args[5] % 4, &timeout, NULL, 8);
}

static long do_epoll(const struct record *record, int fd, const struct surroundings *around)
{
	int *set = &self.epoll[around->actor];
	struct epoll_event events[4], event = {
		.events = EPOLLIN | EPOLLOUT,
		.data.u32 = record->slot,
	};

	if (*set < 0)
		*set = SYS(SYS_epoll_create1, EPOLL_CLOEXEC);
	if (record->args[1] & 1)
		event.events |= EPOLLET;
	if (record->args[1] & 2)
		event.events |= EPOLLONESHOT;
	if (record->args[1] & 4)
		event.events |= EPOLLEXCLUSIVE;
	if (record->args[1] & 8)
		event.events &= ~EPOLLOUT;
	switch (record->args[0] % 8) {
	case 0 ... 2:
		return SYS(SYS_epoll_ctl, *set, EPOLL_CTL_ADD, fd, &event);
	case 3:
		return SYS(SYS_epoll_ctl, *set, EPOLL_CTL_MOD, fd, &event);
	case 4:
		return SYS(SYS_epoll_ctl, *set, EPOLL_CTL_DEL, fd, &event);
	}
	return SYS(SYS_epoll_wait, *set, events, 4, record->args[2] % 4);
}

static long do_fcntl(const struct record *record, int fd, const struct surroundings *around)
{
	static const long flags[] = { 0, O_NONBLOCK, O_ASYNC, O_NONBLOCK | O_ASYNC };
	struct f_owner_ex owner = { .type = record->args[1] % 3, .pid = PID_ARG(2) };

	switch (record->args[0] % 10) {
	case 0 ... 2: return SYS(SYS_fcntl, fd, F_SETFL, flags[record->args[1] % 4]);
	case 3: return SYS(SYS_fcntl, fd, F_SETOWN, PID_ARG(1));
	case 4: return SYS(SYS_fcntl, fd, F_SETOWN_EX, &owner);
	case 5: return SYS(SYS_fcntl, fd, F_SETSIG, record->args[1] % 2 ? SIGRTMIN : 0);
	case 6: return SYS(SYS_fcntl, fd, F_GETFL);
	case 7: return SYS(SYS_fcntl, fd, F_SETLEASE, record->args[1] % 3);
	case 8: return SYS(SYS_fcntl, fd, F_SETFD, record->args[1] % 2);
	}
	return SYS(SYS_fcntl, fd, F_SETPIPE_SZ, 4096);
}

static long do_fdinfo(int fd)
{
	char path[40], text[2048];
	long file, result;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = SYS(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return file;
	result = SYS(SYS_read, file, text, sizeof(text));
	SYS(SYS_close, file);
	return result > 0 ? 0 : result;
}

static long do_socket(const struct record *record, int fd, bool take)
{
	char byte = 0, space[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = space, .msg_controllen = sizeof(space),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	long result;

	if (take) {
		result = SYS(SYS_recvmsg, self.socket[1], &msg, 0);
		cmsg = result >= 0 ? CMSG_FIRSTHDR(&msg) : NULL;
		if (cmsg && cmsg->cmsg_type == SCM_RIGHTS) {
			int taken;

			memcpy(&taken, CMSG_DATA(cmsg), sizeof(taken));
			slot_set(record->slot, taken);
		}
		return result;
	}
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return SYS(SYS_sendmsg, self.socket[0], &msg, 0);
}

static long do_hold(const struct record *record)
{
	struct timespec ts = { .tv_nsec = 100000 * (1 + record->args[0] % 40) };
	long pid = SYS(SYS_fork);

	if (pid)
		return pid;
	SYS(SYS_nanosleep, &ts, NULL);
	SYS(SYS_exit_group, 0);
	return 0;
}

static long do_kill(const struct record *record)
{
	pid_t pid = run->actors[record->args[0] % ACTORS].pid;
	pid_t tid = run->actors[record->args[0] % ACTORS].tid;

	if (pid <= 1)
		return 0;
	if (record->args[1] % 4 == 0)
		return SYS(SYS_kill, pid, SIGKILL);
	return SYS(SYS_tgkill, pid, tid, record->args[1] % 4 == 1 ? SIGUSR1 : SIGIO);
}

/* The kernel's credentials are a thread's own, and so they are here. */
static long do_user(const struct record *record)
{
	static const gid_t groups[] = { 1000, 1001 };

	switch (record->args[0] % 8) {
	case 0: return SYS(SYS_setresuid, 1000, 1000, 0);
	case 1: return SYS(SYS_setresuid, 1001, 1001, 0);
	case 2: return SYS(SYS_setresuid, 0, 0, 0);
	case 3: return SYS(SYS_setfsuid, 1000);
	case 4: return SYS(SYS_setresgid, 1000, 1000, 0);
	case 5: return SYS(SYS_setgroups, record->args[1] % 3, groups);
	case 6: return SYS(SYS_setresuid, 1000, 1000, 1000);
	}
	return SYS(SYS_setfsgid, 1001);
}

static long do_unshare(const struct record *record)
{
	static const long flags[] = { CLONE_NEWNET, CLONE_NEWUSER, CLONE_NEWPID, CLONE_FILES,
				      CLONE_NEWUSER | CLONE_NEWNET, CLONE_NEWIPC, CLONE_FS,
				      CLONE_NEWUSER | CLONE_NEWPID };

	return SYS(SYS_unshare, flags[record->args[0] % 8]);
}

static long do_splice(const struct record *record, int fd, const struct surroundings *around)
{
	static const char text[] = "something to send";
	long len = LEN_ARG(1) & 0xFFFF;

	switch (record->args[0] % 5) {
	case 0:
		SYS(SYS_write, self.pipe[1], text, sizeof(text));
		return SYS(SYS_splice, self.pipe[0], NULL, fd, NULL, len, SPLICE_F_NONBLOCK);
	case 1:
		return SYS(SYS_splice, fd, NULL, self.pipe[1], NULL, len, SPLICE_F_NONBLOCK);
	case 2:
		return SYS(SYS_sendfile, fd, decode_slot(record->slot + 1, around), NULL, len);
	case 3:
		return SYS(SYS_tee, self.pipe[0], fd, len, 0);
	}
	SYS(SYS_write, self.pipe[1], text, sizeof(text));
	return SYS(SYS_sendfile, fd, self.pipe[0], NULL, len);
}

static long do_misc(const struct record *record, int fd, const struct surroundings *around)
{
	struct sigaction action = {};
	struct stat st;
	long number = record->args[1] * 4;

	switch (record->args[0] % 12) {
	case 0: return SYS(SYS_fstat, fd, &st);
	case 1: return SYS(SYS_lseek, fd, number, record->args[2] % 3);
	case 2: return SYS(SYS_ftruncate, fd, number);
	case 3: return SYS(SYS_fsync, fd);
	case 4: return SYS(SYS_flock, fd, LOCK_EX | LOCK_NB);
	case 5: return SYS(SYS_pread64, fd, OUT, 64, 0);
	case 6: return SYS(SYS_pwrite64, fd, DATA, 64, 0);
	case 7: return SYS(SYS_ioctl, fd, FIONREAD, OUT);
	case 8: return SYS(SYS_ioctl, fd, record->args[1] % 2 ? FIONBIO : FIOASYNC, DATA);
	case 9:
		/* From now on, what sleeps goes on after a signal. */
		sigaction(SIGUSR1, NULL, &action);
		action.sa_flags |= SA_RESTART;
		return sigaction(SIGUSR1, &action, NULL);
	case 10: return SYS(SYS_fallocate, fd, 0, 0, number);
	}
	return SYS(SYS_kcmp, getpid(), PID_ARG(2), 0, fd, fd);
}

/* --- io_uring ------------------------------------------------------------------ */

#define URING_ENTRIES	4

/* A ring for one call: what it holds of the handle goes later, by itself. */
static long do_uring(const struct record *record, const struct surroundings *around)
{
	static const uint8_t ops[] = { IORING_OP_READ, IORING_OP_WRITE, IORING_OP_POLL_ADD,
				       IORING_OP_READV, IORING_OP_WRITEV, IORING_OP_SPLICE };
	struct io_uring_params params = { .flags = record->args[4] & 1 ? IORING_SETUP_SQPOLL : 0 };
	struct iovec vector = { (void *)OUT_ARG(1), LEN_ARG(2) };
	unsigned int count = 1 + record->args[5] % URING_ENTRIES;
	struct io_uring_sqe *sqes;
	unsigned int *array, i;
	size_t ring_size;
	char *ring;
	long set, result;

	/* A thread of the kernel's that polls costs a processor: rarely. */
	if (params.flags && record->args[4] != 7)
		params.flags = 0;
	set = SYS(SYS_io_uring_setup, URING_ENTRIES, &params);
	if (set < 0)
		return set;
	/* The array comes last. */
	ring_size = params.sq_off.array + params.sq_entries * sizeof(*array);
	ring = mmap(NULL, ring_size, PROT_READ | PROT_WRITE, MAP_SHARED, set, IORING_OFF_SQ_RING);
	sqes = mmap(NULL, params.sq_entries * sizeof(*sqes), PROT_READ | PROT_WRITE, MAP_SHARED,
		    set, IORING_OFF_SQES);
	result = -1;
	if (ring == MAP_FAILED || (void *)sqes == MAP_FAILED)
		goto end;
	array = (unsigned int *)(ring + params.sq_off.array);
	for (i = 0; i < count; i++) {
		uint8_t op = ops[(record->args[0] + i * (record->args[3] >> 4)) % sizeof(ops)];
		bool vectored = op == IORING_OP_READV || op == IORING_OP_WRITEV;

		sqes[i] = (struct io_uring_sqe){
			.opcode = op,
			.fd = decode_slot(record->slot + (record->args[3] & 4 ? i : 0), around),
			.addr = vectored ? (uintptr_t)&vector : OUT_ARG(1),
			.len = vectored ? 1 : LEN_ARG(2),
			.off = -1,
			.flags = (record->args[3] & 1 ? IOSQE_ASYNC : 0) |
				 (record->args[3] & 2 ? IOSQE_IO_LINK : 0),
		};
		if (op == IORING_OP_POLL_ADD) {
			sqes[i].addr = 0;
			sqes[i].off = 0;
			sqes[i].poll32_events = EPOLLIN | EPOLLOUT;
			sqes[i].len = record->args[3] & 8 ? IORING_POLL_ADD_MULTI : 0;
		}
		array[i] = i;
	}
	__atomic_store_n((unsigned int *)(ring + params.sq_off.tail), count, __ATOMIC_RELEASE);
	result = SYS(SYS_io_uring_enter, set, count, record->args[4] & 2 ? 1 : 0,
		     IORING_ENTER_GETEVENTS | (params.flags ? IORING_ENTER_SQ_WAKEUP : 0), NULL, 0);
end:
	/* Nothing happens if one of them is not there. */
	munmap(ring, ring_size);
	munmap(sqes, params.sq_entries * sizeof(*sqes));
	SYS(SYS_close, set);
	return result;
}

/* --- which one ----------------------------------------------------------------- */

long io_do(const struct record *record, int fd, const struct surroundings *around)
{
	struct timespec ts = { .tv_nsec = record->args[0] * 10000 };
	unsigned long number;

	switch (record->op) {
	case OP_UNKNOWN:
		number = _IOC(record->args[1] % 4, record->args[4] ? 0xE9 : record->args[5],
			      record->args[0], record->args[2] * 4);
		return SYS(SYS_ioctl, fd, number, OUT_ARG(3));
	case OP_OPEN:
		return do_open(record);
	case OP_READ:
		return SYS(SYS_read, fd, OUT_ARG(0), LEN_ARG(1));
	case OP_WRITE:
		return SYS(SYS_write, fd, DATA_ARG(0), LEN_ARG(1));
	case OP_READV:
		return do_vector(record, fd, around, false);
	case OP_WRITEV:
		return do_vector(record, fd, around, true);
	case OP_MMAP:
		return SYS(SYS_mmap, NULL, 4096 * (1 + record->args[0] % 4), record->args[1] % 8,
			   record->args[2] % 2 ? MAP_SHARED : MAP_PRIVATE, fd,
			   record->args[3] * 4096) < 0 ? -1 : 0;
	case OP_POLL:
		return do_poll(record, around);
	case OP_EPOLL:
		return do_epoll(record, fd, around);
	case OP_FCNTL:
		return do_fcntl(record, fd, around);
	case OP_CLOSE:
		if (fd == self.stranger || fd < 0)
			return 0;
		__atomic_compare_exchange_n(&self.slots[record->slot % SLOTS], &fd, -1, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
		return SYS(SYS_close, fd);
	case OP_DUP:
		if (fd == self.stranger)
			return 0;
		fd = SYS(SYS_dup, fd);
		slot_set(record->args[0], fd);
		return fd;
	case OP_FDINFO:
		return do_fdinfo(fd);
	case OP_PASS:
		/* A slot never holds a stranger. */
		return fd == self.stranger ? 0 : do_socket(record, fd, false);
	case OP_TAKE:
		return do_socket(record, fd, true);
	case OP_SPAWN:
		if (record->args[0] % ACTORS)
			spawn(record->args[0] % ACTORS, record->args[1] & 1, around);
		return 0;
	case OP_HOLD:
		return do_hold(record);
	case OP_EXIT:
		return SYS(SYS_exit_group, 0);
	case OP_KILL:
		return do_kill(record);
	case OP_USER:
		return do_user(record);
	case OP_UNSHARE:
		return do_unshare(record);
	case OP_SLEEP:
		return SYS(SYS_nanosleep, &ts, NULL);
	case OP_SPLICE:
		return do_splice(record, fd, around);
	case OP_MISC:
		return do_misc(record, fd, around);
	case OP_URING:
		return do_uring(record, around);
	}
	return 0;
}
