/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the benchmark agree on.
 *
 * A rival is a way of sending messages, behind the same few functions as all
 * the others; a channel is one queue of a rival. A group is a set of cases: it
 * opens channels, verifies that they carry what they are given, has a loop
 * measured, and records the figure. Nothing is subtracted from a figure: what
 * the loop itself costs is a figure of its own ("empty").
 */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* Messages of one call of the forms that send several. */
#define BATCH	16

/* Which end of its channel a process has. */
enum role {
	ROLE_BOTH,	/* one process that talks to itself */
	ROLE_NEAR,	/* of a round trip: asks. Of a stream: sends */
	ROLE_FAR,	/* answers; receives */
};

/* The groups that a rival can take part in, as bits. */
enum {
	DOES_SOLO	= 1 << 0,
	DOES_ROUND	= 1 << 1,
	DOES_STREAM	= 1 << 2,
	DOES_STREAM4	= 1 << 3,
	DOES_PORTS	= 1 << 4,
	DOES_MEMORY	= 1 << 5,
	DOES_ALL	= (1 << 6) - 1,
};

struct rival;

struct channel {
	/* Set by the group, before open(). */
	const struct rival *rival;
	size_t len;		/* bytes of every message */
	unsigned int depth;	/* so many messages can be queued, at least */
	unsigned int number;	/* of the name, where it needs one */
	bool exact;		/* and no more than depth, where that can be set */
	bool stream;		/* one direction, from several processes to several */
	enum role role;		/* set before attach() */
	unsigned int index;	/* of this process among those of its role */
	unsigned int peers;	/* processes of the other role */
	/*
	 * `unit` messages of `len` bytes one after another, and HEADROOM before
	 * them. Set by channel_open(), unless the group lends its own.
	 */
	char *out;		/* what send() sends */
	char *in;		/* where receive() puts it */
	bool lent;
	unsigned int got;	/* messages of the last receive(): `unit`, in a stream maybe less */
	/* The rival's own. */
	int fd[2];
	void *state;
};

/* Bytes that belong to the rival in front of channel.out and channel.in. */
#define HEADROOM	64

/*
 * send() and receive() move `unit` messages and return 0, or -1 with errno;
 * receive() also if what came is not as long as it should be (EBADMSG).
 */
struct rival {
	const char *name;
	unsigned int does;	/* DOES_* */
	unsigned int unit;	/* messages of one send(); 0 = 1 */
	bool mailbox;		/* of the project, others are what it is compared with */
	bool floor;		/* moves no message: shown, but compared with nothing */
	bool duplex;		/* one channel carries a round trip */
	size_t len_max;		/* what is longer cannot be sent, for `reason`; 0 = anything */
	const char *reason;	/* why it does not take part in some groups */
	/* Before any fork. Ends the program if it cannot be had. */
	void (*open)(struct channel *channel);
	/* In each process that uses the channel, after the fork; may be NULL. */
	void (*attach)(struct channel *channel);
	int (*send)(struct channel *channel);
	int (*receive)(struct channel *channel);
	/* Type of what is sent, and of what is received (0 = any); NULL: cannot select. */
	void (*choose)(struct channel *channel, long type, long match);
	/* Finds the channel by its name and lets it go again; NULL: has no names. */
	int (*find)(struct channel *channel);
	void (*close)(struct channel *channel);
};

extern const struct rival rival_empty, rival_getppid, rival_eventfd;
extern const struct rival rival_pipe, rival_seqpacket, rival_dgram, rival_mq, rival_sysv;
extern const struct rival rival_zmq, rival_nng;
extern const struct rival rival_mailbox_rw, rival_mailbox_ioctl, rival_mailbox_batch;
extern const struct rival rival_mailbox_lease, rival_mailbox_call;
extern const struct rival *const rivals[];

static inline unsigned int rival_unit(const struct rival *rival)
{
	return rival->unit ? rival->unit : 1;
}

/* channel.c */
void channel_open(struct channel *channel);
void channel_attach(struct channel *channel, enum role role);
void channel_lend(struct channel *lender);
void channel_unlend(struct channel *lender);
void channel_close(struct channel *channel);
void channel_send(struct channel *channel);
void channel_receive(struct channel *channel);
/* Why a rival is not in this group, with messages so long; NULL if it is. */
const char *rival_excuse(const struct rival *rival, unsigned int does, size_t len);

/* verify.c: ends the program if what comes is not what was sent. */
void pattern_fill(struct channel *channel, unsigned int seed);
const char *pattern_check(const struct channel *channel, unsigned int seed);
const char *verify(struct channel *there, struct channel *back);
int self_test(void);

/* measure.c */
struct figure {
	double value;		/* of one operation, in the mode's unit */
	double spread;		/* distance of the repetitions, as a part of the value */
	double p50, p99, p999;	/* of single operations; 0: not taken */
};

struct mode {
	const char *name;
	const char *unit;
	double budget_ns;	/* of one repetition */
	/* Longer: who runs for how long is the scheduler's choice and has to even out. */
	double stream_ns;
	unsigned int repeats;
	unsigned int samples;	/* single operations that are timed */
	/*
	 * Who is woken does not preempt. Otherwise it does or does not, as the
	 * scheduler's account of the two happens to stand, and a round trip has
	 * one sleep and one wake-up more or less.
	 */
	bool batch;
	/*
	 * Nothing is measured: a debugger follows what is done. Each operation begins
	 * with getppid(), which is called nowhere else. Ends if none comes for so long.
	 */
	double follow_ns;
};

extern const struct mode *mode;
uint64_t now_ns(void);
/* `loop` does n operations. */
struct figure measure(void (*loop)(void *arg, unsigned long n), void *arg);
struct figure median(double *values, unsigned int count);
void pin(unsigned int cpu);

/* process.c */
pid_t process_start(void (*body)(void *arg), void *arg);
void process_end(pid_t pid);
void *shared_new(size_t size);
void shared_free(void *memory, size_t size);
void process_sleep(void) __attribute__((noreturn));
int event_new(void);
void event_set(int event);
void event_wait(int event);
void event_free(int event);

/* settings.c: limits of the system, as they were again at exit. */
void setting(const char *path, unsigned long value);
void settings_raise(bool mailbox);

/* result.c */
void result_figure(const char *group, const char *label, const struct rival *rival,
		   struct figure figure, double divisor);
void result_excuse(const char *group, const char *label, const struct rival *rival,
		   const char *reason);
void result_start(void);
void result_write(const char *path);

/* group_ports.c: channels of one rival, which are used by turns. */
struct ports {
	struct channel lender, *channels;
	unsigned int count, next;
};

#define PORTS_MAX	10000

void ports_open(struct ports *ports, const struct rival *rival);
/* Until there are so many. */
void ports_add(struct ports *ports, unsigned int count);
void ports_close(struct ports *ports);

/* group_*.c */
struct size {
	size_t len;
	const char *label;
	bool few;	/* one of those that all groups have */
};

extern const struct size sizes[];
extern const unsigned int size_count;

struct group {
	const char *name;
	const char *about;
	const char *cases;	/* labels, without their spaces */
	void (*run)(const struct rival *rival);
};

extern const struct group groups[];
extern const unsigned int group_count;
void group_solo(const struct rival *rival);
void group_round(const struct rival *rival);
void group_stream(const struct rival *rival);
void group_select(const struct rival *rival);
void group_ports(const struct rival *rival);
void group_find(const struct rival *rival);
void group_memory(const struct rival *rival);

/* main.c */
bool case_chosen(const char *group, const char *label);
bool all_chosen(void);
/* Says what is wrong, with errno if there is one, and ends the program. */
void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif /* TESTS_BENCH_H */
