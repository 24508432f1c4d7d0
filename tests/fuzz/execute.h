/* SPDX-License-Identifier: GPL-2.0-only */
/* Running a program: by whom, and what is known of it afterwards. */
#ifndef FUZZ_EXECUTE_H
#define FUZZ_EXECUTE_H

#include <stdatomic.h>
#include <sys/types.h>

#include "program.h"

#define COVER_ENTRIES	(32U << 10)

/**
 * struct actor_state - one thread that runs records
 * @started:	somebody has started it, or is about to
 * @pid:	its process, for signals; 0 before it runs
 * @tid:	its thread
 * @at:		the record that it is in; RECORDS_MAX: in none
 * @first:	the record that it begins at
 * @wanted:	counts how often the leader's thread for it was started
 * @finished:	and how often it came to its end
 */
struct actor_state {
	_Atomic bool started;
	_Atomic pid_t pid;
	_Atomic pid_t tid;
	_Atomic unsigned int at;
	_Atomic unsigned int first;
	_Atomic uint32_t wanted;
	_Atomic uint32_t finished;
};

/**
 * struct run - what the processes of a program share
 * @program:	what they run
 * @actors:	who runs it
 * @tokens:	what was received lately
 * @results:	of the records, where @ran
 * @complaint:	how the kernel broke a rule of the header; empty if it did not
 * @go:		counts the programs that were given to the leader
 * @done:	and those that it has ended
 * @steps:	counts the records that were begun
 * @dirty:	the leader's process is not what it was: for no other program
 */
struct run {
	struct program program;
	struct actor_state actors[ACTORS];
	_Atomic uint64_t tokens[4];
	_Atomic unsigned int token_next;
	_Atomic bool complained;
	bool ran[RECORDS_MAX];
	long results[RECORDS_MAX];
	char complaint[256];
	_Atomic uint32_t go;
	_Atomic uint32_t done;
	_Atomic unsigned int steps;
	_Atomic bool dirty;
};

extern struct run *run;

/*
 * Each actor's trace: the number of entries, then these. The leader's threads
 * have the first ACTORS of them, actors that are processes the others.
 */
#define COVERS		(2 * ACTORS)
extern uint64_t *cover[COVERS];

/* Once. */
void execute_init(void);

/*
 * Run @program to its end, or to that of its time. False if it cannot be ended:
 * then some of its processes are still there.
 */
bool execute(const struct program *program);

/* io.c: one call that is no ioctl of the table. Returns as the kernel does. */
long io_do(const struct record *record, int fd, const struct surroundings *around);

/* A system call, with the kernel's own result. */
long sys(long number, long a, long b, long c, long d, long e, long f);

/* Where new file descriptors go; the rest of the process's state. */
struct process {
	int slots[SLOTS];
	int pipe[2];
	int socket[2];
	int stranger;
	int epoll[ACTORS];
};

extern struct process self;

#define SYS(number, ...) SYS_(number, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define SYS_(number, a, b, c, d, e, f, ...)				\
	sys(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

void slot_set(unsigned int slot, int fd);
void spawn(unsigned int actor, bool process, const struct surroundings *around);

#endif /* FUZZ_EXECUTE_H */
