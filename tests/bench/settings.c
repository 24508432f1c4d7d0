// SPDX-License-Identifier: GPL-2.0-only
/* Limits of the system that every rival must be free of; put back at exit. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench.h"

#define PARAMETERS "/sys/module/mailbox_ipc/parameters/"

struct saved {
	const char *path;
	unsigned long value;
};

static struct saved saved[32];
static unsigned int saved_count;
static pid_t owner;

static bool value_read(const char *path, unsigned long *value)
{
	FILE *file = fopen(path, "re");
	bool ok = file && fscanf(file, "%lu", value) == 1;

	if (file)
		fclose(file);
	return ok;
}

static bool value_write(const char *path, unsigned long value)
{
	FILE *file = fopen(path, "we");
	bool ok;

	if (!file)
		return false;
	ok = fprintf(file, "%lu\n", value) > 0;
	return fclose(file) == 0 && ok;
}

/* In the reverse order: the first value of each is its old one. */
static void settings_restore(void)
{
	if (getpid() != owner)
		return;
	while (saved_count--)
		value_write(saved[saved_count].path, saved[saved_count].value);
}

/* Never lowers. */
void setting(const char *path, unsigned long value)
{
	unsigned long was;

	if (!value_read(path, &was))
		die("cannot read %s", path);
	if (was >= value)
		return;
	if (saved_count == ARRAY_LEN(saved))
		die("too many settings");
	if (!value_write(path, value))
		die("cannot set %s to %lu (not root?)", path, value);
	saved[saved_count++] = (struct saved){ path, was };
}

static void limit(int resource, const char *name, rlim_t value)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit))
		die("%s", name);
	if (limit.rlim_cur >= value)
		return;
	limit.rlim_cur = value;
	if (limit.rlim_max < value)
		limit.rlim_max = value;
	if (setrlimit(resource, &limit))
		die("%s: cannot be %llu (not root?)", name, (unsigned long long)value);
}

void settings_raise(bool mailbox)
{
	owner = getpid();
	if (atexit(settings_restore))
		die("atexit");
	limit(RLIMIT_NOFILE, "RLIMIT_NOFILE", 65536);
	limit(RLIMIT_MSGQUEUE, "RLIMIT_MSGQUEUE", RLIM_INFINITY);
	setting("/proc/sys/kernel/msgmax", 4 << 20);
	setting("/proc/sys/kernel/msgmni", 20000);
	setting("/proc/sys/fs/mqueue/msg_max", 40000);
	setting("/proc/sys/fs/mqueue/msgsize_max", 4 << 20);
	setting("/proc/sys/fs/mqueue/queues_max", 20000);
	if (!mailbox)
		return;
	if (access(PARAMETERS, F_OK))
		die("the module mailbox_ipc is not loaded");
	setting(PARAMETERS "user_ports_max", 20000);
	setting(PARAMETERS "user_bytes_max", 512 << 20);
}
