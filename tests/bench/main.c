// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs to send a message: the mailbox, and what could be used
 * instead, measured in one run with the same code around each.
 */
#include <argp.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

const struct rival *const rivals[] = {
	&rival_empty, &rival_getppid, &rival_eventfd,
	&rival_pipe, &rival_seqpacket, &rival_dgram, &rival_mq, &rival_sysv,
#ifdef WITH_ZMQ
	&rival_zmq,
#endif
#ifdef WITH_NNG
	&rival_nng,
#endif
	&rival_mailbox_rw, &rival_mailbox_ioctl, &rival_mailbox_batch, &rival_mailbox_lease,
	&rival_mailbox_call,
	/* The place of a ring in memory that processes share. */
	NULL
};

const struct size sizes[] = {
	{ 8, "8 B", true }, { 64, "64 B", true }, { 512, "512 B" }, { 4096, "4 KiB", true },
	{ 65536, "64 KiB" }, { 1 << 20, "1 MiB" },
};

const unsigned int size_count = ARRAY_LEN(sizes);

const struct group groups[] = {
	{ "solo", "send and receive in one process, by message size",
	  "8B 64B 512B 4KiB 64KiB 1MiB", group_solo },
	{ "round", "round trip between two processes, by message size",
	  "8B 64B 4KiB", group_round },
	{ "stream", "one way, for each message of 64 bytes", "1to1 4to4", group_stream },
	{ "select", "send and receive behind so many that do not match",
	  "10 1000 100000", group_select },
	{ "ports", "send and receive with so many ports", "1 100 10000", group_ports },
	{ "find", "finding a port by its name, among so many", "1 100 10000", group_find },
	{ "memory", "bytes of a queued message, by size, and of an idle port",
	  "8B 64B 4KiB port", group_memory },
};

const unsigned int group_count = ARRAY_LEN(groups);

static const struct mode modes[] = {
	{ "icount", "instructions", 4e6, 1e8, 3, 0, true },
	{ "usual", "instructions", 1e8, 1e8, 3, 0, false },
	{ "wall", "ns", 5e7, 1e8, 7, 10000, false },
	{ "follow", "nothing", .batch = true, .follow_ns = 1e11 },
};

const struct mode *mode = &modes[0];

static struct {
	const char *cases, *rivals;	/* lists; NULL = all */
	const char *json;
	unsigned int settle;
	bool self_test, list;
} options = { .settle = 30 };

void die(const char *format, ...)
{
	int error = errno;
	va_list args;

	fflush(stdout);
	fputs("ipc-bench: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	if (error)
		fprintf(stderr, ": %s", strerror(error));
	fputc('\n', stderr);
	_exit(1);
}

/* One of the list's words begins it; or there is no list. */
static bool chosen(const char *list, const char *name)
{
	size_t len;

	if (!list)
		return true;
	for (; *list; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		if (len && !strncmp(list, name, len))
			return true;
	}
	return false;
}

/* The word is the label, but for the label's spaces. */
static bool is_label(const char *word, size_t len, const char *label)
{
	for (; *label; label++) {
		if (*label == ' ')
			continue;
		if (!len-- || *word++ != *label)
			return false;
	}
	return !len;
}

/* Words are GROUP or GROUP:CASE; without a label any case of the group will do. */
bool case_chosen(const char *group, const char *label)
{
	const char *word = options.cases;
	size_t len, name;

	if (!word)
		return true;
	for (; *word; word += len + !!word[len]) {
		len = strcspn(word, ", ");
		name = strcspn(word, ":, ");
		if (!name || strlen(group) != name || strncmp(word, group, name))
			continue;
		if (!label || name == len || is_label(word + name + 1, len - name - 1, label))
			return true;
	}
	return false;
}

bool all_chosen(void)
{
	return !options.cases && !options.rivals;
}

/* One of the words, which have spaces between them, and none has one in it. */
static bool has_word(const char *words, const char *word, size_t len)
{
	size_t at;

	for (; *words; words += at + !!words[at]) {
		at = strcspn(words, " ");
		if (at == len && !strncmp(words, word, len))
			return true;
	}
	return false;
}

static bool is_case(const char *word, size_t len)
{
	size_t name = strcspn(word, ":, ");
	unsigned int i;

	for (i = 0; i < group_count; i++)
		if (strlen(groups[i].name) == name && !strncmp(word, groups[i].name, name))
			return name == len ||
			       has_word(groups[i].cases, word + name + 1, len - name - 1);
	return false;
}

static bool begins_rival(const char *word, size_t len)
{
	unsigned int i;

	for (i = 0; rivals[i]; i++)
		if (!strncmp(rivals[i]->name, word, len))
			return true;
	return false;
}

/* Ends the program if a list has a word that chooses nothing. */
static void words_check(const char *list, const char *ends, const char *what,
			bool (*known)(const char *word, size_t len))
{
	size_t len;

	errno = 0;
	for (; list && *list; list += len + !!list[len]) {
		len = strcspn(list, ends);
		if (len && !known(list, len))
			die("there is no %s '%.*s' (--list, CASES=list)", what, (int)len, list);
	}
}

static bool mailbox_chosen(void)
{
	unsigned int i;

	for (i = 0; rivals[i]; i++)
		if (rivals[i]->mailbox && chosen(options.rivals, rivals[i]->name))
			return true;
	return false;
}

static void print_lists(void)
{
	unsigned int i;

	puts("groups:");
	for (i = 0; i < group_count; i++)
		printf("  %-8s %s: %s\n", groups[i].name, groups[i].about, groups[i].cases);
	puts("rivals:");
	for (i = 0; rivals[i]; i++)
		printf("  %s\n", rivals[i]->name);
}

enum { OPTION_SELF_TEST = 256, OPTION_LIST };

static const struct argp_option option_list[] = {
	{ "mode", 'm', "MODE", 0, "icount: the clock counts instructions; usual: likewise, with "
	  "the usual policy of the scheduler; wall: time; "
	  "follow: for a debugger", 0 },
	{ "cases", 'c', "LIST", 0, "only these, as GROUP or GROUP:CASE: solo,round:64B", 0 },
	{ "rivals", 'r', "LIST", 0, "only rivals that begin with one of these, with commas", 0 },
	{ "json", 'j', "FILE", 0, "write the figures there (-: standard output)", 0 },
	{ "settle", 's', "SECONDS", 0, "let the system come to rest before (30)", 0 },
	{ "list", OPTION_LIST, NULL, 0, "show groups, their cases, and rivals", 0 },
	{ "self-test", OPTION_SELF_TEST, NULL, 0, "see whether wrong messages are found", 0 },
	{}
};

static error_t option(int key, char *arg, struct argp_state *state)
{
	char *end;
	unsigned int i;

	switch (key) {
	case 'm':
		for (i = 0; i < ARRAY_LEN(modes); i++) {
			if (strcmp(arg, modes[i].name))
				continue;
			mode = &modes[i];
			return 0;
		}
		argp_error(state, "there is no mode '%s'", arg);
		return EINVAL;
	case 'c':
		options.cases = arg;
		return 0;
	case 'r':
		options.rivals = arg;
		return 0;
	case 'j':
		options.json = arg;
		return 0;
	case 's':
		options.settle = strtoul(arg, &end, 10);
		if (*end || end == arg)
			argp_error(state, "seconds, not '%s'", arg);
		return 0;
	case OPTION_LIST:
		options.list = true;
		return 0;
	case OPTION_SELF_TEST:
		options.self_test = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp parser = {
	.options = option_list, .parser = option,
	.doc = "Measure what it costs to send a message, through a mailbox and otherwise.",
};

/* A process each: nothing of one is left for the next, threads neither. */
static void run_one(const struct group *group, const struct rival *rival)
{
	int status;
	pid_t pid;

	fflush(stdout);
	errno = 0;
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		errno = 0;
		group->run(rival);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	if (status)
		die("%s, %s: could not be measured", group->name, rival->name);
}

static int run(void)
{
	const struct sched_param none = {};
	unsigned int i, j;

	result_start();
	pin(0);
	if (mode->batch && sched_setscheduler(0, SCHED_BATCH, &none))
		die("SCHED_BATCH");
	printf("settling for %u s\n", options.settle);
	fflush(stdout);
	sleep(options.settle);
	for (i = 0; i < group_count; i++) {
		if (!case_chosen(groups[i].name, NULL))
			continue;
		printf("# %s: %s%s%s\n", groups[i].name, groups[i].about,
		       groups[i].run == group_memory ? "" : ", in ",
		       groups[i].run == group_memory ? "" : mode->unit);
		for (j = 0; rivals[j]; j++)
			if (chosen(options.rivals, rivals[j]->name))
				run_one(&groups[i], rivals[j]);
	}
	if (options.json)
		result_write(options.json);
	return 0;
}

/* Everything is done by a child, so that whatever ends it, settings go back. */
int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	argp_parse(&parser, argc, argv, 0, NULL, NULL);
	words_check(options.cases, ", ", "case", is_case);
	words_check(options.rivals, ",", "rival", begins_rival);
	if (options.list) {
		print_lists();
		return 0;
	}
	if (options.self_test)
		return self_test();
	settings_raise(mailbox_chosen());
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(run());
	}
	signal(SIGINT, SIG_IGN);
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	if (WIFSIGNALED(status))
		fprintf(stderr, "ipc-bench: ended by signal %d\n", WTERMSIG(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
