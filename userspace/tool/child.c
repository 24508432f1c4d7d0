// SPDX-License-Identifier: GPL-2.0-only
/* Programs that the tool runs, in its place or below it. */
#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool.h"

extern char **environ;

int child_not_started(int err)
{
	return err == ENOENT ? 127 : 126;
}

int program_become(char **argv)
{
	execvp(argv[0], argv);
	complain("%s: %s", argv[0], strerror(errno));
	return child_not_started(errno);
}

pid_t child_start(char **argv, int in, int out)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t signals;
	pid_t pid;
	int err;

	/* It is to find SIGPIPE as this program did. */
	sigemptyset(&signals);
	if (stop_ignores_pipe())
		sigaddset(&signals, SIGPIPE);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &signals);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);

	posix_spawn_file_actions_init(&files);
	err = in < 0 ? 0 :
	      posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	if (!err && out >= 0)
		err = posix_spawn_file_actions_adddup2(&files, out,
						       STDOUT_FILENO);
	if (!err)
		err = posix_spawnp(&pid, argv[0], &files, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);

	if (err) {
		complain("%s: %s", argv[0], strerror(err));
		errno = err;
		return -1;
	}
	return pid;
}

static void pass_on(const pid_t *pids, size_t count)
{
	int number = stop_forward;
	size_t i;

	stop_forward = 0;
	for (i = 0; number && i < count; i++)
		kill(pids[i], number);
}

int children_wait(const pid_t *pids, size_t count, bool forward)
{
	int status = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		while (waitpid(pids[i], &status, 0) < 0 && errno == EINTR)
			/* Those before have ended, and may be others by now. */
			if (forward)
				pass_on(pids + i, count - i);
	}
	return status;
}

int child_exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}
