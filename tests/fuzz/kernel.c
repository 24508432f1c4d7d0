// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <linux/mailbox_ipc.h>

#include "kernel.h"

#define MODULE		"/sys/module/mailbox_ipc/"
#define IDLE_TRIES	200
#define PATTERNS	32

static int log_fd;
static regex_t patterns[PATTERNS];
static unsigned int pattern_count;
static uint64_t code_start, code_end;

static void sleep_ms(unsigned int ms)
{
	const struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

static void set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, value, strlen(value)) < 0)
		fprintf(stderr, "abi: %s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

static uint64_t get(const char *path, int base)
{
	char text[64] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return strtoull(text, NULL, base);
}

/* The same list by which the host judges. */
static void read_patterns(void)
{
	FILE *file = fopen("/etc/kernel-faults", "re");
	char line[200];

	if (!file) {
		fprintf(stderr, "abi: no /etc/kernel-faults: this is for tests/vm/vm\n");
		exit(2);
	}
	while (pattern_count < PATTERNS && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] && line[0] != '#' &&
		    !regcomp(&patterns[pattern_count], line, REG_EXTENDED | REG_NOSUB))
			pattern_count++;
	}
	fclose(file);
}

void kernel_init(void)
{
	/* A report is to be read here, not to end the machine. */
	set("/proc/sys/kernel/panic_on_oops", "0");
	set("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
	set("/sys/kernel/debug/failslab/verbose", "0");
	set("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
	set("/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem", "N");
	set("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	set("/sys/kernel/debug/fail_page_alloc/verbose", "0");
	set("/sys/kernel/debug/fail_usercopy/verbose", "0");
	read_patterns();

	log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (log_fd < 0 || lseek(log_fd, 0, SEEK_END) < 0) {
		perror("abi: /dev/kmsg");
		exit(2);
	}
	code_start = get(MODULE "sections/.text", 16);
	code_end = code_start + (4 << 20);
}

static bool is_fault(const char *line)
{
	unsigned int i;

	for (i = 0; i < pattern_count; i++)
		if (!regexec(&patterns[i], line, 0, NULL, 0))
			return true;
	return false;
}

/* One line of the log as the console has it, "[time] text". */
static bool log_line(char *line, size_t size)
{
	char entry[2048];
	ssize_t len;
	char *text;

	do {
		len = read(log_fd, entry, sizeof(entry) - 1);
	} while (len < 0 && errno == EPIPE);	/* it went faster than we read */
	if (len <= 0)
		return false;
	entry[len] = '\0';
	text = strchr(entry, ';');
	text = text ? text + 1 : entry;
	text[strcspn(text, "\n")] = '\0';
	snprintf(line, size, "[0] %s", text);
	return true;
}

bool kernel_fault(char *title, size_t size)
{
	char line[2100];
	bool found = false;
	unsigned int lines;

	while (log_line(line, sizeof(line))) {
		if (!is_fault(line))
			continue;
		snprintf(title, size, "%s", line + 4);
		found = true;
		break;
	}
	if (!found)
		return false;
	sleep_ms(1000);
	printf("@log %s\n", line);
	for (lines = 0; lines < 200 && log_line(line, sizeof(line)); lines++)
		printf("@log %s\n", line);
	fflush(stdout);
	return true;
}

/* --- nothing may be left -------------------------------------------------------- */

static struct mailbox_ioc_info info_of(int fd, uid_t uid)
{
	struct mailbox_ioc_info info = {};

	syscall(SYS_setresuid, -1, uid, -1);
	if (ioctl(fd, MAILBOX_IOC_INFO, &info))
		info.ports = UINT64_MAX;
	syscall(SYS_setresuid, -1, 0, -1);
	return info;
}

static void destroy_all(int fd)
{
	struct mailbox_ioc_port_stat stats[32];
	struct mailbox_ioc_port_remove victim;
	struct mailbox_ioc_port_list list;
	unsigned int i, round;

	for (round = 0; round < 100; round++) {
		list = (struct mailbox_ioc_port_list){
			.entry_size = sizeof(stats[0]),
			.entries = (uintptr_t)stats,
			.count = 32,
		};
		memset(stats, 0, sizeof(stats));
		if (ioctl(fd, MAILBOX_IOC_PORT_LIST, &list) || !list.count)
			return;
		for (i = 0; i < list.count; i++) {
			victim = (struct mailbox_ioc_port_remove){};
			memcpy(victim.name, stats[i].name, sizeof(victim.name));
			ioctl(fd, MAILBOX_IOC_PORT_DESTROY, &victim);
		}
	}
}

bool kernel_idle(char *title, size_t size)
{
	static const uid_t users[] = { 0, 1000, 1001 };
	int fd = open("/dev/mailbox", 3 | O_CLOEXEC);
	unsigned int try, i;

	if (fd < 0) {
		snprintf(title, size, "the device cannot be opened: %s", strerror(errno));
		return false;
	}
	for (try = 0; try < IDLE_TRIES; try++) {
		bool idle = true;

		if (try)
			sleep_ms(5 + try);
		destroy_all(fd);
		for (i = 0; i < 3 && idle; i++) {
			struct mailbox_ioc_info info = info_of(fd, users[i]);

			idle = !info.ports && !info.user_ports && !info.user_bytes;
			if (!idle)
				snprintf(title, size,
					 "left behind: ports %llu, of user %u: ports %llu bytes %llu",
					 (unsigned long long)info.ports, users[i],
					 (unsigned long long)info.user_ports,
					 (unsigned long long)info.user_bytes);
		}
		/* Also the ports of other network namespaces hold the module. */
		if (idle && get(MODULE "refcnt", 10) != 1) {
			idle = false;
			snprintf(title, size, "left behind: the module has %llu references",
				 (unsigned long long)get(MODULE "refcnt", 10));
		}
		if (idle)
			break;
	}
	close(fd);
	return try < IDLE_TRIES;
}

static void print_file(const char *dir, const char *thread, const char *name)
{
	char path[300], line[512];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/task/%s/%s", dir, thread, name);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		printf("@log     %s", line);
	if (file)
		fclose(file);
}

void kernel_stacks(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *process, *thread;
	char path[300], exe;

	while (proc && (process = readdir(proc))) {
		DIR *tasks;

		snprintf(path, sizeof(path), "/proc/%s/exe", process->d_name);
		if (process->d_name[0] < '1' || process->d_name[0] > '9' ||
		    readlink(path, &exe, 1) < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%s/task", process->d_name);
		tasks = opendir(path);
		while (tasks && (thread = readdir(tasks))) {
			if (thread->d_name[0] == '.')
				continue;
			printf("@log process %s thread %s\n", process->d_name, thread->d_name);
			print_file(process->d_name, thread->d_name, "stack");
			print_file(process->d_name, thread->d_name, "syscall");
		}
		if (tasks)
			closedir(tasks);
	}
	if (proc)
		closedir(proc);
	fflush(stdout);
}

/* --- its code -------------------------------------------------------------------- */

uint32_t kernel_code(uint64_t address)
{
	if (address < code_start || address >= code_end)
		return UINT32_MAX;
	return address - code_start;
}

/* So that the host can tell what an offset is in the object file. */
void kernel_print_sections(void)
{
	DIR *dir = opendir(MODULE "sections");
	struct dirent *entry;
	char path[400];

	while (dir && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, ".text", 5) && strcmp(entry->d_name, ".exit.text"))
			continue;
		snprintf(path, sizeof(path), MODULE "sections/%s", entry->d_name);
		printf("@section %s %lld\n", entry->d_name,
		       (long long)(get(path, 16) - code_start));
	}
	if (dir)
		closedir(dir);
}
