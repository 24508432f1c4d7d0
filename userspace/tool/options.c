// SPDX-License-Identifier: GPL-2.0-only
/* The options of a verb: parsed and explained from the same tables. */
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

#define OPTIONS_MAX	40
#define HELP_COLUMN	26
#define HELP_WIDTH	79

static const struct option_text common[] = {
	{ "help", 'h', NULL, "show this help" },
	{ "version", 'V', NULL, "show the version" },
	{ 0 },
};

static void for_each_option(const struct verb *verb,
			    void (*visit)(const struct option_text *, void *),
			    void *data)
{
	const struct option_text *option;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(verb->options) && verb->options[i]; i++)
		for (option = verb->options[i]; option->name; option++)
			visit(option, data);
	for (option = common; option->name; option++)
		visit(option, data);
}

struct parser {
	struct option longs[OPTIONS_MAX + 1];
	size_t count;
	char shorts[3 * OPTIONS_MAX];
	size_t shorts_len;
};

static void add_to_parser(const struct option_text *option, void *data)
{
	struct parser *parser = data;

	if (parser->count == OPTIONS_MAX)
		abort();
	parser->longs[parser->count++] = (struct option){
		.name = option->name,
		.has_arg = option->arg ? required_argument : no_argument,
		.val = option->key,
	};
	if (option->key < KEY_FIRST) {
		parser->shorts[parser->shorts_len++] = (char)option->key;
		if (option->arg)
			parser->shorts[parser->shorts_len++] = ':';
	}
}

/* Also prints, and ends the program, for --help and --version. */
int args_next(struct args *args)
{
	struct parser parser = { .shorts_len = 0 };
	const char *verb = args->verb->name;
	const char *word;
	int key;

	/* ':' first: tell a missing argument from an unknown option. */
	if (args->verb->options_first)
		parser.shorts[parser.shorts_len++] = '+';
	parser.shorts[parser.shorts_len++] = ':';
	for_each_option(args->verb, add_to_parser, &parser);

	opterr = 0;
	key = getopt_long(args->argc, args->argv, parser.shorts, parser.longs,
			  NULL);
	args->value = optarg;
	word = args->argv[optind > 1 ? optind - 1 : 1];

	switch (key) {
	case 'h':
		args_help(args->verb);
		exit(output_finish());
	case 'V':
		puts("mailbox " MAILBOX_VERSION);
		exit(output_finish());
	case ':':
		usage_error(verb, "option '%s' needs an argument", word);
	case '?':
		if (!optopt)
			usage_error(verb, "there is no option '%s', or it is "
				    "short for several", word);
		if (!strncmp(word, "--", 2))
			usage_error(verb, "the option in '%s' takes no argument",
				    word);
		usage_error(verb, "there is no option '-%c'", optopt);
	case -1:
		args->argc -= optind;
		args->argv += optind;
	}
	return key;
}

const char *args_one(struct args *args, const char *what)
{
	args_some(args, what);
	if (args->argc > 1)
		usage_error(args->verb->name, "one %s is enough, '%s' is one "
			    "too many", what, args->argv[1]);
	return args->argv[0];
}

void args_some(struct args *args, const char *what)
{
	if (args->argc < 1)
		usage_error(args->verb->name, "no %s is given", what);
}

void args_none(struct args *args)
{
	if (args->argc > 0)
		usage_error(args->verb->name, "it takes no argument like '%s'",
			    args->argv[0]);
}

void usage_error(const char *verb, const char *format, ...)
{
	va_list list;

	fputs("mailbox: ", stderr);
	if (verb)
		fprintf(stderr, "%s: ", verb);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	if (verb)
		fprintf(stderr, "; 'mailbox %s --help' tells more\n", verb);
	else
		fputs("; 'mailbox --help' tells more\n", stderr);
	exit(EXIT_USAGE);
}

/* Words of @text in lines from @column on, where the cursor is. */
static void print_wrapped(const char *text, size_t column)
{
	size_t at = column;
	size_t len;

	for (; *text; text += len) {
		text += strspn(text, " ");
		len = strcspn(text, " ");
		if (at > column && at + 1 + len > HELP_WIDTH) {
			printf("\n%*s", (int)column, "");
			at = column;
		} else if (at > column) {
			putchar(' ');
			at++;
		}
		printf("%.*s", (int)len, text);
		at += len;
	}
	putchar('\n');
}

static void print_option(const struct option_text *option, void *data)
{
	char left[64];
	int len;

	(void)data;
	len = option->key < KEY_FIRST ?
		snprintf(left, sizeof(left), "  -%c, --%s", option->key,
			 option->name) :
		snprintf(left, sizeof(left), "      --%s", option->name);
	if (option->arg)
		len += snprintf(left + len, sizeof(left) - len, " %s",
				option->arg);

	if (len > HELP_COLUMN - 2)
		printf("%s\n%*s", left, HELP_COLUMN, "");
	else
		printf("%-*s", HELP_COLUMN, left);
	print_wrapped(option->help, HELP_COLUMN);
}

void args_help(const struct verb *verb)
{
	printf("Usage: mailbox %s [OPTION...]%s%s\n", verb->name,
	       verb->args ? " " : "", verb->args ? verb->args : "");
	print_wrapped(verb->summary, 0);
	putchar('\n');
	for_each_option(verb, print_option, NULL);
	if (verb->text)
		printf("\n%s", verb->text);
}
