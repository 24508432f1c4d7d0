// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits: the module's parameters, quotas that hit only who exceeds them, and
 * memory that comes back, whoever is killed.
 */
#include <sys/resource.h>

#include "port.h"

static void allow_handles(void)
{
	struct rlimit limit = { 20000, 20000 };

	if (setrlimit(RLIMIT_NOFILE, &limit))
		SKIP("20000 files may not be open");
}

static unsigned long long parameter(const char *name)
{
	char path[160], text[32];

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	CHECK_OK(file_read(path, text, sizeof(text)));
	return strtoull(text, NULL, 10);
}

TEST(info_tells_the_parameters)
{
	struct mailbox_ioc_info limits = info(node_open(O_RDONLY));

	CHECK_EQ(parameter("ports_max"), limits.ports_max);
	CHECK_EQ(parameter("user_ports_max"), limits.user_ports_max);
	CHECK_EQ(parameter("user_bytes_max"), limits.user_bytes_max);
	CHECK_EQ(parameter("message_bytes_max"), limits.message_bytes_max);
	CHECK_EQ(parameter("message_bytes_default"), limits.message_bytes_default);
	CHECK_EQ(parameter("capacity_max"), limits.capacity_max);
	CHECK_EQ(parameter("capacity_default"), limits.capacity_default);
}

static long long parameter_try(const char *name, const char *value)
{
	char path[160];

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	return file_write(path, value);
}

TEST(parameters_have_their_ranges)
{
	static const char * const counts[] = {
		"ports_max", "user_ports_max", "capacity_max", "capacity_default",
		"message_bytes_max", "message_bytes_default",
	};
	char path[160];
	unsigned int i;

	NEED_ROOT();
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		snprintf(path, sizeof(path), PARAMETERS "%s", counts[i]);
		file_save(path);
		CHECK_EQ(-EINVAL, parameter_try(counts[i], "0"));
		CHECK_EQ(-EINVAL, parameter_try(counts[i], "16777217"));
		CHECK_EQ(0, parameter_try(counts[i], "16777216"));
		CHECK_EQ(0, parameter_try(counts[i], "1"));
	}
}

TEST(defaults_follow_the_parameters)
{
	int fd;

	NEED_ROOT();
	parameter_set("capacity_default", 3);
	parameter_set("message_bytes_default", 99);
	fd = PORT(O_RDWR);
	CHECK_EQ(3, port_stat(fd).capacity);
	CHECK_EQ(99, port_stat(fd).message_bytes_max);
}

TEST(default_beyond_the_maximum_is_the_maximum)
{
	int fd;

	NEED_ROOT();
	parameter_set("capacity_max", 2);
	parameter_set("message_bytes_max", 10);
	fd = PORT(O_RDWR);
	CHECK_EQ(2, port_stat(fd).capacity);
	CHECK_EQ(10, port_stat(fd).message_bytes_max);
}

TEST(registry_limit)
{
	struct mailbox_ioc_port_create create = {};
	int fd, i;

	NEED_ROOT();
	fd = node_open(O_RDWR);
	parameter_set("ports_max", info(fd).ports + 3);
	for (i = 0; i < 3; i++)
		PORT(O_RDWR);
	CHECK_EQ(-ENOSPC, command(fd, MAILBOX_IOC_PORT_CREATE, &create));
}

/* Ports of the user in this registry, until it is refused one. */
static int create_until_refused(int limit)
{
	int count;

	for (count = 0; count <= limit; count++) {
		struct mailbox_ioc_port_create create = {};
		long long result = command(node_open(O_RDWR), MAILBOX_IOC_PORT_CREATE, &create);

		if (result == -EDQUOT)
			return count;
		CHECK_EQ(0, result);
	}
	return count;
}

static void exceed_ports(void *arg)
{
	int fd;

	(void)arg;
	become(USER_A);
	fd = PORT(O_RDWR);
	CHECK_EQ(9, create_until_refused(10));
	CHECK_EQ(10, info(fd).user_ports);
	close(fd);
	PORT(O_RDWR);
	CHECK_EQ(0, create_until_refused(10));
}

TEST(port_quota_of_a_user)
{
	NEED_ROOT();
	parameter_set("user_ports_max", 10);
	REAP(spawn(exceed_ports, NULL));
	/* All of them went with their process. */
	REAP(spawn(exceed_ports, NULL));
}

struct quota_child {
	uid_t user;
	atomic_bool ready;
	int fd;
};

static void hold_all_ports(void *arg)
{
	struct quota_child *child = arg;

	become(child->user);
	CHECK_EQ(10, create_until_refused(10));
	child->ready = true;
	pause();
}

static void create_one_as(void *arg)
{
	become(*(uid_t *)arg);
	PORT(O_RDWR);
}

TEST(port_quota_is_the_users_own)
{
	struct quota_child *child = shared_alloc(sizeof(*child));
	uid_t user = USER_B;
	pid_t pid;

	NEED_ROOT();
	parameter_set("user_ports_max", 10);
	child->user = USER_A;
	pid = spawn(hold_all_ports, child);
	WAIT_FOR(child->ready);
	REAP(spawn(create_one_as, &user));
	/* Killed, it leaves nothing behind. */
	kill(pid, SIGKILL);
	reap_status(pid);
	user = USER_A;
	REAP(spawn(create_one_as, &user));
}

TEST(port_quota_does_not_bind_the_administrator)
{
	int i;

	NEED_ROOT();
	parameter_set("user_ports_max", 2);
	for (i = 0; i < 5; i++)
		PORT(O_RDWR);
}

#define PAYLOAD 100
#define COST (PAYLOAD + MAILBOX_MESSAGE_OVERHEAD)

static long long send_payload(int fd, __u32 flags)
{
	static char payload[PAYLOAD];

	return SEND(fd, .flags = flags, .data = user_pointer(payload), .len = PAYLOAD);
}

static long long drop(int fd)
{
	static char payload[PAYLOAD];

	return RECEIVE(fd, .flags = MAILBOX_RECEIVE_NONBLOCK, .data = user_pointer(payload),
		       .size = PAYLOAD);
}

static void exceed_bytes(void *arg)
{
	struct quota_child *child = arg;
	int i;

	become(child->user);
	for (i = 0; i < 10; i++)
		CHECK_EQ(0, send_payload(child->fd, 0));
	CHECK_EQ(10 * COST, info(child->fd).user_bytes);
	/* Not even a call that may sleep sleeps for it. */
	CHECK_EQ(-EDQUOT, send_payload(child->fd, 0));
	CHECK_EQ(-EDQUOT, send_payload(child->fd, MAILBOX_SEND_NONBLOCK));
	CHECK_EQ(-EDQUOT, send_payload(child->fd, MAILBOX_SEND_SYNC));
	CHECK_ERRNO(EDQUOT, write(child->fd, "x", 1));
	child->ready = true;
}

static struct quota_child *bytes_fixture(void)
{
	struct quota_child *child = shared_alloc(sizeof(*child));

	NEED_ROOT();
	parameter_set("user_bytes_max", 10 * COST);
	child->fd = PORT(O_RDWR, UNBOUNDED);
	child->user = USER_A;
	return child;
}

TEST(byte_quota_of_a_user)
{
	struct quota_child *child = bytes_fixture();
	int i;

	REAP(spawn(exceed_bytes, child));
	CHECK_EQ(10, messages(child->fd));
	for (i = 0; i < 10; i++)
		CHECK_EQ(0, drop(child->fd));
	/* Whoever receives gives the sender its bytes back. */
	REAP(spawn(exceed_bytes, child));
}

TEST(byte_quota_is_the_senders_own)
{
	struct quota_child *child = bytes_fixture();

	REAP(spawn(exceed_bytes, child));
	child->user = USER_B;
	REAP(spawn(exceed_bytes, child));
	CHECK_EQ(20, messages(child->fd));
}

TEST(byte_quota_comes_back_when_the_port_goes)
{
	struct quota_child *child = bytes_fixture();

	REAP(spawn(exceed_bytes, child));
	CHECK_EQ(0, port_destroy(child->fd, NULL));
	close(child->fd);
	child->fd = PORT(O_RDWR, UNBOUNDED);
	REAP(spawn(exceed_bytes, child));
}

static void sleep_in_send(void *arg)
{
	struct quota_child *child = arg;

	become(child->user);
	send_payload(child->fd, 0);
}

TEST(byte_quota_comes_back_from_a_killed_sleeper)
{
	struct quota_child *child = bytes_fixture();
	pid_t pid;
	int i;

	close(child->fd);
	child->fd = PORT(O_RDWR, RENDEZVOUS);
	for (i = 0; i < 30; i++) {
		pid = spawn(sleep_in_send, child);
		wait_for_waiters(child->fd, 1, 0);
		kill(pid, SIGKILL);
		reap_status(pid);
	}
	close(child->fd);
	child->fd = PORT(O_RDWR, UNBOUNDED);
	REAP(spawn(exceed_bytes, child));
}

TEST(byte_quota_does_not_bind_the_administrator)
{
	struct quota_child *child = bytes_fixture();
	int i;

	for (i = 0; i < 20; i++)
		CHECK_EQ(0, send_payload(child->fd, 0));
}

/*
 * Thousands of everything, and kill -9. A leak adds up: the slab after the
 * first round is compared with the least of it after a later one, as caches may
 * keep something once. Long messages are pages; those a cgroup counts.
 */
#define PORTS	1000
#define ROUNDS	4

struct load {
	unsigned int messages;		/* in each port */
	unsigned int len;
	atomic_bool ready;
};

static void have_thousands(void *arg)
{
	struct load *load = arg;
	char *payload = calloc(1, load->len);
	unsigned int i, j;
	int fd;

	for (i = 0; i < PORTS; i++) {
		fd = PORT(O_RDWR, UNBOUNDED);
		CHECK_OK(dup(fd));
		for (j = 0; j < load->messages; j++)
			CHECK_EQ(0, SEND(fd, .type = j, .data = user_pointer(payload),
					 .len = load->len));
		node_open(O_RDWR);
	}
	load->ready = true;
	for (;;)
		pause();
}

/* In KiB. */
static long long meminfo(const char *name)
{
	char text[4096], *line;

	CHECK_OK(file_read("/proc/meminfo", text, sizeof(text)));
	line = strstr(text, name);
	CHECK(line);
	return atoll(line + strlen(name));
}

static long long slab_used(void)
{
	return meminfo("SUnreclaim:");
}

/* What is freed is freed a little later: the least of a second. */
static long long slab_settled(void)
{
	long long least = slab_used(), now;
	int i;

	for (i = 0; i < 10; i++) {
		pause_ns(100 * NSEC_PER_MSEC);
		now = slab_used();
		least = now < least ? now : least;
	}
	return least;
}

#define SLACK_KIB	1024

TEST_WITHIN(slab_memory_comes_back_after_kill, 120)
{
	struct load *load = shared_alloc(sizeof(*load));
	int fd = node_open(O_RDWR), round;
	struct mailbox_ioc_info before = info(fd);
	long long peak = 0, first = 0, later = INT64_MAX, now;
	pid_t pid;

	NEED_ROOT();
	/* KASAN keeps what is freed for a while, and for itself. */
	if (!access("/sys/kernel/debug/kmemleak", F_OK))
		SKIP("kmemleak looks for what is left behind, slab counts say nothing here");
	allow_handles();
	load->messages = 10;
	load->len = 1500;
	for (round = 0; round < ROUNDS; round++) {
		load->ready = false;
		pid = spawn(have_thousands, load);
		WAIT_FOR(load->ready);
		CHECK_EQ(before.ports + PORTS, info(fd).ports);
		peak = slab_used();
		kill(pid, SIGKILL);
		reap_status(pid);
		CHECK_EQ(before.ports, info(fd).ports);
		CHECK_EQ(before.user_bytes, info(fd).user_bytes);
		WAIT_FOR(slab_used() < peak - 4 * SLACK_KIB);
		now = slab_settled();
		if (!round)
			first = now;
		else
			later = now < later ? now : later;
	}
	note("%lld KiB at most, then %lld, and later %lld", peak, first, later);
	CHECK_RANGE(INT64_MIN, first + SLACK_KIB, later);
}

/* A cgroup of its own for a child: /sys/fs/cgroup/NAME. */
static char group[128];

static void group_file(char *path, size_t size, const char *name)
{
	snprintf(path, size, "%s/%s", group, name);
}

static long long group_read(const char *name)
{
	char path[200], text[64];

	group_file(path, sizeof(path), name);
	CHECK_OK(file_read(path, text, sizeof(text)));
	return atoll(text);
}

static void group_new(const char *limit)
{
	char path[200];

	NEED_ROOT();
	snprintf(group, sizeof(group), "/sys/fs/cgroup/%s", unique_name());
	if (mkdir(group, 0755))
		SKIP("no cgroup: %s: %s", group, strerror(errno));
	group_file(path, sizeof(path), "memory.max");
	if (file_write(path, limit)) {
		rmdir(group);
		SKIP("no memory controller in cgroup2");
	}
}

#define LARGE	1500

struct group_child {
	int fd;
	int count;
	atomic_int sent;
};

static void send_in_group(void *arg)
{
	struct group_child *child = arg;
	static char payload[LARGE];
	char path[200];
	long long result = 0;

	group_file(path, sizeof(path), "cgroup.procs");
	CHECK_EQ(0, file_write(path, "0"));
	while (!result && child->sent < child->count) {
		result = SEND(child->fd, .data = user_pointer(payload), .len = LARGE);
		child->sent += !result;
	}
	CHECK(!result || result == -ENOMEM);
}

TEST(messages_are_charged_to_the_senders_cgroup)
{
	struct group_child *child = shared_alloc(sizeof(*child));
	long long before;

	group_new("max");
	child->fd = PORT(O_RDWR, UNBOUNDED);
	child->count = 2000;
	before = group_read("memory.current");
	REAP(spawn(send_in_group, child));
	CHECK(group_read("memory.current") - before > 2000LL * LARGE * 9 / 10);
	CHECK_EQ(0, port_destroy(child->fd, NULL));
	WAIT_FOR(!rmdir(group));
}

static void have_thousands_in_group(void *arg)
{
	char path[200];

	group_file(path, sizeof(path), "cgroup.procs");
	CHECK_EQ(0, file_write(path, "0"));
	have_thousands(arg);
}

/* What the cgroup is charged for in batches, and the cgroup itself. */
#define GROUP_SLACK	(4 << 20)

TEST_WITHIN(pages_come_back_after_kill, 60)
{
	struct load *load = shared_alloc(sizeof(*load));
	long long peak;
	pid_t pid;

	group_new("max");
	allow_handles();
	load->messages = 3;
	load->len = 16000;
	pid = spawn(have_thousands_in_group, load);
	WAIT_FOR(load->ready);
	peak = group_read("memory.current");
	CHECK(peak > 3LL * PORTS * 16000);
	kill(pid, SIGKILL);
	reap_status(pid);
	WAIT_FOR(group_read("memory.current") < GROUP_SLACK);
	note("%lld bytes at most, then %lld", peak, group_read("memory.current"));
	WAIT_FOR(!rmdir(group));
}

TEST(cgroup_limit_hits_only_its_members)
{
	struct group_child *child = shared_alloc(sizeof(*child));
	int fd = PORT(O_RDWR, UNBOUNDED), status;

	group_new("6M");
	child->fd = fd;
	child->count = 20000;
	status = reap_status(spawn(send_in_group, child));
	/* It was refused, or killed; the cgroup's limit held either way. */
	CHECK(status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
	CHECK_RANGE(100, 6 * 1024 * 1024 / LARGE, child->sent);
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, port_destroy(fd, NULL));
	WAIT_FOR(!rmdir(group));
}

/*
 * Memory of received messages that is kept for the next ones is limited for each
 * user, whatever the number of its handles.
 */
enum {
	SPARE_HANDLES	= 400,
	SPARE_LEN	= 60000,
	SPARE_QUOTA	= 64 << 20,
	SPARE_LIMIT	= SPARE_QUOTA / 8,
};

static void send_once_by_each(int fd, const char *name, int *fds)
{
	static char payload[SPARE_LEN];
	int i;

	for (i = 0; i < SPARE_HANDLES; i++) {
		fds[i] = port_open(O_WRONLY, name);
		CHECK_EQ(SPARE_LEN, RESULT(write(fds[i], payload, SPARE_LEN)));
		CHECK_EQ(SPARE_LEN, RESULT(read(fd, payload, SPARE_LEN)));
	}
}

static void keep_what_may_be_kept(void *arg)
{
	struct group_child *child = arg;
	char path[200], *name = unique_name();
	int fds[SPARE_HANDLES], fd, i;

	group_file(path, sizeof(path), "cgroup.procs");
	CHECK_EQ(0, file_write(path, "0"));
	become(USER_A);
	fd = NAMED_PORT(O_RDWR, name, .message_bytes_max = SPARE_LEN);
	/* It is the user's again each time that its handles are closed. */
	while (child->sent < 8) {
		int step = child->sent;

		send_once_by_each(fd, name, fds);
		CHECK_EQ(0, info(fd).user_bytes);
		child->sent = step + 1;
		WAIT_FOR(child->sent == step + 2);
		for (i = 0; i < SPARE_HANDLES; i++)
			close(fds[i]);
		child->sent = step + 3;
		WAIT_FOR(child->sent == step + 4);
	}
}

TEST_WITHIN(memory_that_is_kept_ready_is_limited_for_each_user, 60)
{
	struct group_child *child = shared_alloc(sizeof(*child));
	long long kept;
	pid_t pid;
	int round;

	group_new("max");
	allow_handles();
	parameter_set("user_bytes_max", SPARE_QUOTA);
	pid = spawn(keep_what_may_be_kept, child);
	for (round = 0; round < 2; round++) {
		WAIT_FOR(child->sent == 4 * round + 1);
		kept = group_read("memory.current");
		note("%lld bytes", kept);
		CHECK_RANGE(0, SPARE_LIMIT + GROUP_SLACK, kept);
		child->sent++;
		WAIT_FOR(child->sent == 4 * round + 3);
		WAIT_FOR(group_read("memory.current") < kept - SPARE_LIMIT / 2);
		child->sent++;
	}
	REAP(pid);
	WAIT_FOR(!rmdir(group));
}
