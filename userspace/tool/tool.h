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
	const struct option_text *options[3];	/* tables; NULL after the last */
	int (*run)(struct args *args);	/* returns the exit status */
};

extern const struct verb verb_create, verb_exec, verb_info, verb_ls, verb_recv,
	verb_rm, verb_send, verb_set, verb_stat, verb_watch;

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

/* --- the policy of a port: policy.c -------------------------------------- */

/* Options of all verbs that set one, and what was given. */
extern const struct option_text policy_options[];

struct policy {
	uint32_t given;		/* MAILBOX_SET_* */
	uint32_t mode;
	uint32_t uid;
	uint32_t gid;
	uint32_t buffering;
	uint32_t capacity;
	uint64_t capacity_bytes;
	uint64_t message_bytes_max;
};

/* Whether @key is one of them, and was noted. */
bool policy_option(struct policy *policy, struct args *args, int key);
/* As fail_op(), and says which limit of the module was exceeded, if one was. */
void policy_fail(const char *port, const struct policy *policy, int err,
		 enum mailbox_op op) __attribute__((noreturn));

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

void stop_on_signals(void);
/* Stops this process also when the reader of stdout goes away. */
void stop_on_output_gone(void);
/* Whether to stop, for either reason, at this very moment. */
bool stop_wanted(void);

#endif /* MAILBOX_TOOL_H */
