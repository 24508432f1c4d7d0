/* SPDX-License-Identifier: GPL-2.0-only */
/* What the verbs of the tool share. */
#ifndef MAILBOX_TOOL_H
#define MAILBOX_TOOL_H

#include <json-c/json.h>
#include <mailbox.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define NS_PER_S	1000000000ULL

/* Exit statuses: 0, or one of these. */
#define EXIT_FAILED	1
#define EXIT_USAGE	2

/* --- verbs and their arguments: options.c -------------------------------- */

struct args;

/* One option. A table of them ends with a @name that is NULL. */
struct option_text {
	const char *name;	/* long name, without the dashes */
	int key;		/* short name, or a number from KEY_FIRST on */
	const char *arg;	/* name of its argument; NULL if it has none */
	const char *help;
};

#define KEY_FIRST	256

struct verb {
	const char *name;
	const char *args;	/* for the usage line */
	const char *summary;	/* one line */
	const char *text;	/* the rest of the help */
	/* An option after the first argument belongs to a program to be run. */
	bool options_first;
	const struct option_text *options[5];	/* tables; NULL after the last */
	int (*run)(struct args *args);	/* returns the exit status */
};

extern const struct verb verb_allow, verb_call, verb_create, verb_exec,
	verb_info, verb_link, verb_lock, verb_ls, verb_pipe, verb_recv, verb_rm,
	verb_sem, verb_send, verb_serve, verb_set, verb_stat, verb_wait,
	verb_watch, verb_work;

/* The command line of a verb. After args_next() returned -1, @argc and @argv
 * are the arguments that are no options.
 */
struct args {
	const struct verb *verb;
	const char *value;	/* argument of the option just returned */
	int argc;
	char **argv;
};

int args_next(struct args *args);
void args_help(const struct verb *verb);
/* Exactly one argument, at least one, none: usage errors otherwise. */
const char *args_one(struct args *args, const char *what);
void args_some(struct args *args, const char *what);
void args_none(struct args *args);
void usage_error(const char *verb, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

/* --- values of options: value.c ------------------------------------------ */

/* Each of them is a usage error when @args->value is not what it should be. */
uint64_t value_number(struct args *args, uint64_t min, uint64_t max);
uint64_t value_bytes(struct args *args);
uint64_t value_duration_ns(struct args *args);
uint32_t value_mode(struct args *args);
uint32_t value_user(struct args *args);
uint32_t value_group(struct args *args);
uint32_t value_pid(struct args *args);

/* What --timeout said, if it was given. */
struct timeout {
	bool given;
	uint64_t ns;
};

void timeout_set(struct timeout *timeout, struct args *args);
/* Its end, counted from now on; 0 if there is none. */
uint64_t timeout_deadline_ns(const struct timeout *timeout);

/* --- the policy of a port: policy.c -------------------------------------- */

/* Options of the verbs that set one: how it buffers, and all the rest. */
extern const struct option_text buffer_options[], policy_options[];

struct policy {
	uint32_t given;		/* MAILBOX_SET_* */
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	uint32_t buffering;
	uint32_t capacity;
	uint64_t capacity_bytes;
	uint64_t message_bytes_max;
	uint32_t on_full;
	/* MAILBOX_SET_DELIVERIES is for both: which of them were given. */
	bool max_deliveries_given;
	uint32_t max_deliveries;
	const char *dead_letter;	/* NULL: not given; empty: none */
};

/* Whether @key is one of them, and was noted. */
bool policy_option(struct policy *policy, struct args *args, int key);
/* "block", "drop-oldest", ... */
const char *on_full_name(uint32_t on_full);
/* As fail_op(), and says which limit of the module was exceeded, if one was. */
void policy_fail(const char *port, const struct policy *policy, int err,
		 enum mailbox_op op) __attribute__((noreturn));

/* --- handles on ports: open.c --------------------------------------------- */

/* Options of the verbs that use a port, and what was given. */
extern const struct option_text open_options[];

struct opening {
	unsigned int flags;	/* MAILBOX_OPEN_WAIT, MAILBOX_OPEN_PEER */
	struct timeout timeout;	/* for them; the verbs have an option for it */
};

bool open_option(struct opening *opening, int key);
/*
 * The port of this name; of "-" the one that stdin is bound to already, or
 * stdout, for a handle that sends. Does not return without one.
 */
struct mailbox *port_open(const char *port, const struct opening *opening,
			  unsigned int flags);
/*
 * There is no call to refuse a request: its caller learns that it will not be
 * answered when the handle is closed. So *@mb is replaced by another one.
 */
int port_refuse(struct mailbox **mb);

/* --- which messages: select.c -------------------------------------------- */

extern const struct option_text select_options[];

/* Whether @key is one of them, and was noted in @attr. */
bool select_option(struct mailbox_receive_attr *attr, struct args *args,
		   int key);

/* --- messages on stdout: message.c --------------------------------------- */

extern const struct option_text format_options[];

enum format {
	FORMAT_LINE,
	FORMAT_RAW,
	FORMAT_LONG,
	FORMAT_JSON,
};

/* Whether @key is one of them, and was noted in @format. */
bool format_option(enum format *format, struct args *args, int key);
/* -1 with errno if it could not be written. */
int message_write(enum format format, const void *data, size_t len,
		  const struct mailbox_receive_attr *attr);

/* --- stdin: input.c ------------------------------------------------------ */

/* Each line without its newline; -1 with errno if stdin cannot be read. */
int input_lines(void (*each)(void *data, const void *line, size_t len),
		void *data);
/* Up to @size bytes; less only at the end. -1 with errno as above. */
ssize_t input_full(void *buf, size_t size);
/* Why stdin could not be read, said for people. */
const char *input_error(int err);

/* --- programs: child.c --------------------------------------------------- */

/*
 * Replaces this program by another one. If that cannot be it says so, and
 * returns the exit status for it.
 */
int program_become(char **argv);
/*
 * Starts one with @in and @out as its stdin and stdout; -1 leaves them as they
 * are. Returns its pid, or, having said why not, -1 with errno.
 */
pid_t child_start(char **argv, int in, int out);
/* The exit status for one that could not be started for @err. */
int child_not_started(int err);
/*
 * The status of the last of @count children, as waitpid(2) has it, when all have
 * ended. With @forward a SIGTERM or SIGHUP that comes is for them.
 */
int children_wait(const pid_t *pids, size_t count, bool forward);
/* The same as a shell tells it: 128 more than the signal that killed one. */
int child_exit_status(int status);

/* --- errors: error.c ----------------------------------------------------- */

void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
void fail(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));
/* About @err of the library, when it did @op to @subject (NULL: to nothing). */
void complain_op(const char *subject, int err, enum mailbox_op op);
void fail_op(const char *subject, int err, enum mailbox_op op)
	__attribute__((noreturn));

/* --- output: output.c ---------------------------------------------------- */

/* Writes all of it to stdout; -1 with errno if that cannot be. */
struct iovec;
int output_write(struct iovec *iov, int count);
/* One line of JSON on stdout; consumes @object. -1 with errno as above. */
int output_json(struct json_object *object);
/* Adds "text" if the payload is UTF-8, and "base64" in any case. */
void json_add_payload(struct json_object *object, const void *data, size_t len);
void json_add_u64(struct json_object *object, const char *key, uint64_t value);
void json_add_string(struct json_object *object, const char *key,
		     const char *value);
/* "name", and "name_base64" if it is not UTF-8. */
void json_add_name(struct json_object *object, const char *name);
/* The end of every verb that prints by stdio: EXIT_FAILED if it got lost. */
int output_finish(void);

/* --- text of others: text.c ---------------------------------------------- */

#define TEXT_NAME_SIZE	(2 * MAILBOX_NAME_SIZE)

bool text_is_utf8(const void *data, size_t len);
/* How many columns the name of a port takes. */
size_t text_width(const char *name);
/* The name of a port, harmless for a terminal, padded to @width columns. */
const char *text_name(const char *name, char buf[TEXT_NAME_SIZE],
		      size_t width);

/* --- ports, as text and as JSON: describe.c ------------------------------ */

/* "ph--": a letter for each thing that the port is. */
const char *status_letters(const struct mailbox_port_status *status,
			   char buf[8]);
/* ", persistent, hangs up" on stdout. */
void status_print_kinds(const struct mailbox_port_status *status);
struct json_object *status_json(const struct mailbox_port_status *status);
void json_add_waiters(struct json_object *object,
		      const struct mailbox_waiter *waiters, size_t count);
/* "64", "rendezvous" or "unbounded"; @buf is for the first. */
const char *status_capacity(const struct mailbox_port_status *status,
			    char buf[16]);
const char *user_name(uint32_t uid, char buf[32]);
const char *group_name(uint32_t gid, char buf[32]);
/* The name of a process, for people; empty if it cannot be had. */
const char *process_name(uint32_t pid, char buf[32]);

/* --- signals: stop.c ----------------------------------------------------- */

/*
 * How many signals told this process to end. Calls that sleep are interrupted
 * by the first, and once more every second, so that none is slept through.
 */
extern volatile sig_atomic_t stop_signals;
/* Whether it was because nobody reads stdout any more. */
extern volatile sig_atomic_t stop_output_gone;
/* The last SIGTERM or SIGHUP; who passes it on sets it to 0. */
extern volatile sig_atomic_t stop_forward;

void stop_on_signals(void);
/* Whether stop_on_signals() has this process ignore SIGPIPE, which others do not. */
bool stop_ignores_pipe(void);
/* Stops this process also when the reader of stdout goes away. */
void stop_on_output_gone(void);
/* Whether to stop, for either reason, at this very moment. */
bool stop_wanted(void);

#endif /* MAILBOX_TOOL_H */
