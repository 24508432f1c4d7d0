/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A freezer cgroup (v1), which does to some tasks what a suspend does to all.
 */
#ifndef TEST_FREEZER_H
#define TEST_FREEZER_H

#include <sys/mount.h>

#include "port.h"

static char mount_point[64], group[128];

/* What the freezer's state is to be, in the words of the kernel. */
static inline void freezer_begin(const char *state)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/freezer.state", group);
	CHECK_EQ(0, file_write(path, state));
}

/* Until it is. */
static inline void freezer_wait(const char *state)
{
	char path[160], text[32];

	snprintf(path, sizeof(path), "%s/freezer.state", group);
	WAIT_FOR(file_read(path, text, sizeof(text)) > 0 &&
		 !strncmp(text, state, strlen(state)));
}

static inline void freezer_set(const char *state)
{
	freezer_begin(state);
	freezer_wait(state);
}

/* A group of its own. It thaws when the test is over, however that comes. */
static inline void freezer_new(void)
{
	char path[160];

	NEED_ROOT();
	snprintf(mount_point, sizeof(mount_point), "/tmp/mailbox-freezer-%d", runner_pid);
	if (mkdir(mount_point, 0700) && errno != EEXIST)
		SKIP("no folder %s: %s", mount_point, strerror(errno));
	snprintf(path, sizeof(path), "%s/cgroup.procs", mount_point);
	if (access(path, F_OK) && mount("none", mount_point, "cgroup", 0, "freezer"))
		SKIP("no freezer cgroup: %s", strerror(errno));
	snprintf(group, sizeof(group), "%s/%s", mount_point, unique_name());
	CHECK_OK(mkdir(group, 0700));
	snprintf(path, sizeof(path), "%s/freezer.state", group);
	file_save(path);
}

/* "cgroup.procs" for a process, "tasks" for a single thread. */
static inline void freezer_take(const char *file, int pid)
{
	char path[160], text[32];

	snprintf(path, sizeof(path), "%s/%s", group, file);
	snprintf(text, sizeof(text), "%d", pid);
	CHECK_EQ(0, file_write(path, text));
}

#endif /* TEST_FREEZER_H */
