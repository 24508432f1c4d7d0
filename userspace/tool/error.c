// SPDX-License-Identifier: GPL-2.0-only
/* Errors: one line on stderr each, "mailbox: " first. */
#include <stdarg.h>
#include <stdlib.h>

#include "tool.h"

static void complain_list(const char *format, va_list list)
{
	/* What was printed before stands before it. */
	fflush(stdout);
	fputs("mailbox: ", stderr);
	vfprintf(stderr, format, list);
	fputc('\n', stderr);
}

void complain(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	complain_list(format, list);
	va_end(list);
}

void fail(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	complain_list(format, list);
	va_end(list);
	exit(EXIT_FAILED);
}

void complain_op(const char *subject, int err, enum mailbox_op op)
{
	complain("%s%s%s", subject ? subject : "", subject ? ": " : "",
		 mailbox_strerror(err, op));
}

void fail_op(const char *subject, int err, enum mailbox_op op)
{
	complain_op(subject, err, op);
	exit(EXIT_FAILED);
}
