// SPDX-License-Identifier: GPL-2.0-only
/* stdin, in lines or in bytes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

int input_lines(void (*each)(void *data, const void *line, size_t len),
		void *data)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	int err;

	while ((len = getline(&line, &room, stdin)) > 0) {
		if (line[len - 1] == '\n')
			len--;
		/* At a signal, what was read of a line comes without its end. */
		else if (ferror(stdin))
			break;
		each(data, line, (size_t)len);
	}
	err = errno;
	free(line);
	errno = err;
	return ferror(stdin) ? -1 : 0;
}

ssize_t input_full(void *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size) {
		n = read(STDIN_FILENO, (char *)buf + len, size - len);
		if (n == 0)
			break;
		if (n > 0)
			len += (size_t)n;
		else if (errno != EINTR || stop_signals)
			return -1;
	}
	return (ssize_t)len;
}

const char *input_error(int err)
{
	return stop_signals ? "interrupted" : strerror(err);
}
