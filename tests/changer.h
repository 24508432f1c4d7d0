/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that another thread changes while calls use it, and what messages are made
 * of there.
 */
#ifndef TESTS_CHANGER_H
#define TESTS_CHANGER_H

#include "port.h"

#define ROUNDS	2000
#define EACH	20			/* so often each outcome is seen at least */
#define UNTOUCHED '.'

/* --- another thread ------------------------------------------------------------- */

/* Changes one thing to and fro for as long as the test runs. */
struct changer {
	pthread_t thread;
	void (*turn)(struct changer *changer, int to);
	volatile void *where;
	__u64 value[2];
	size_t size;
	int fd;
	atomic_bool stop;
};

static inline void turn_32(struct changer *changer, int to)
{
	*(volatile __u32 *)changer->where = changer->value[to];
}

static inline void turn_64(struct changer *changer, int to)
{
	*(volatile __u64 *)changer->where = changer->value[to];
}

static inline void turn_bytes(struct changer *changer, int to)
{
	memset((void *)changer->where, changer->value[to], changer->size);
}

static inline void turn_length(struct changer *changer, int to)
{
	CHECK_OK(ftruncate(changer->fd, changer->value[to]));
}

static inline void *changer_run(void *arg)
{
	struct changer *changer = arg;
	unsigned int i, j;

	for (i = 0; !changer->stop; i++) {
		changer->turn(changer, i & 1);
		/* Each value stays for another while: no step with the calls. */
		for (j = i % 61; j; j--)
			__asm__ volatile("" ::: "memory");
	}
	return NULL;
}

static inline void changer_start(struct changer *changer)
{
	changer->turn(changer, 0);
	CHECK_EQ(0, pthread_create(&changer->thread, NULL, changer_run, changer));
}

static inline void changer_stop(struct changer *changer)
{
	changer->stop = true;
	CHECK_EQ(0, pthread_join(changer->thread, NULL));
}

/* How often a call ended in each of the two ways that it may. */
struct outcomes {
	int count[2];
	int rounds;
	long long limit_ns;
};

/* Until both were seen, and often enough. Checked. */
static inline bool goes_on(struct outcomes *seen)
{
	/* On one processor the other thread does not come in between very often. */
	int each = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? EACH : 0;
	bool both = seen->count[0] >= each && seen->count[1] >= each;

	if (!seen->limit_ns)
		seen->limit_ns = now_ns(CLOCK_MONOTONIC) + WAIT_LIMIT_NS / 2;
	if (now_ns(CLOCK_MONOTONIC) < seen->limit_ns)
		return seen->rounds++ < ROUNDS || !both;
	if (!both)
		FAIL("one of the outcomes is missing: %d and %d in %d rounds", seen->count[0],
		     seen->count[1], seen->rounds);
	return false;
}

/* One of the two. Returns which. */
static inline int outcome(struct outcomes *seen, long long first, long long second,
			  long long actual)
{
	int which = actual == second;

	CHECK_EQ(which ? second : first, actual);
	seen->count[which]++;
	return which;
}

/* --- payloads -------------------------------------------------------------------- */

static inline char *letters(size_t size, char letter)
{
	char *data = malloc(size);

	CHECK(data);
	return memset(data, letter, size);
}

static inline bool all_are(const char *data, char letter, size_t size)
{
	while (size && *data == letter) {
		data++;
		size--;
	}
	return !size;
}

/* The first message has so many of this letter, and nothing more; it is taken. Checked. */
static inline void take_letters(int fd, char *buffer, size_t size, char letter, size_t len)
{
	struct mailbox_ioc_receive receive = {
		.flags = MAILBOX_RECEIVE_NONBLOCK,
		.data = user_pointer(buffer),
		.size = size,
	};

	memset(buffer, UNTOUCHED, size);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(len, receive.len);
	CHECK(all_are(buffer, letter, len));
	CHECK(all_are(buffer + len, UNTOUCHED, size - len));
}

#endif /* TESTS_CHANGER_H */
