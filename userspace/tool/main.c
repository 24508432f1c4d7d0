// SPDX-License-Identifier: GPL-2.0-only
/* mailbox: one program, one verb a job. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

static const struct verb *const verbs[] = {
	&verb_create, &verb_ls, &verb_stat, &verb_send, &verb_recv, &verb_call,
	&verb_serve, &verb_work, &verb_wait, &verb_watch, &verb_exec, &verb_pipe,
	&verb_link, &verb_lock, &verb_sem, &verb_allow, &verb_set, &verb_rm,
	&verb_info,
};

static void help(FILE *to)
{
	size_t i;

	fprintf(to, "Usage: mailbox VERB [OPTION...] [ARGUMENT...]\n"
		    "Send and receive messages at ports, and look after them.\n\n");
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(to, "  %-8s %s\n", verbs[i]->name, verbs[i]->summary);
	fprintf(to, "\n'mailbox VERB --help' tells more. "
		    "Exit status: 0 done, 1 failed, 2 not understood.\n");
}

static const struct verb *find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(verbs[i]->name, name))
			return verbs[i];
	return NULL;
}

/* A port must not end up where the standard files belong. */
static void fill_standard_files(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	const struct verb *verb;
	size_t i;

	fill_standard_files();

	if (argc < 2) {
		help(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
		puts("mailbox " MAILBOX_VERSION);
		return output_finish();
	}
	/* For the completion of a shell, and for tests. */
	if (!strcmp(name, "--verbs")) {
		for (i = 0; i < ARRAY_SIZE(verbs); i++)
			puts(verbs[i]->name);
		return output_finish();
	}
	if (!strcmp(name, "--help") || !strcmp(name, "-h") ||
	    !strcmp(name, "help")) {
		verb = argc > 2 ? find_verb(argv[2]) : NULL;
		if (argc > 2 && !verb)
			usage_error(NULL, "there is no verb '%s'", argv[2]);
		if (verb)
			args_help(verb);
		else
			help(stdout);
		return output_finish();
	}

	verb = find_verb(name);
	if (!verb)
		usage_error(NULL, name[0] == '-' ? "there is no option '%s'" :
						   "there is no verb '%s'",
			    name);

	return verb->run(&(struct args){
		.verb = verb,
		.argc = argc - 1,
		.argv = argv + 1,
	});
}
