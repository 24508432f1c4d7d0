// SPDX-License-Identifier: GPL-2.0-only
/*
 * The allow list of a port: whom it lets in, who may change it, what it shows.
 * What it takes away from handles that are bound is in revoke.c.
 */
#include <sched.h>
#include <sys/fsuid.h>

#include "allow.h"

static const int open_modes[] = { O_RDONLY, O_WRONLY, O_RDWR };

/* Binds to receive, to send, to both, with these rights. Checked. */
static void check_rights(const char *name, __u32 rights)
{
	static const __u32 needs[] = { RECEIVES, SENDS, BOTH };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		int fd = node_open(open_modes[i]);

		CHECK_EQ((rights & needs[i]) == needs[i] ? 0 : -EACCES, bind_name(fd, name));
		close(fd);
	}
}

/* --- whom it lets in ---------------------------------------------------------- */

struct row {
	const char *name;
	__u32 kind, id, rights;
	uid_t user;			/* who comes, and a group that it is in */
	gid_t group;
	unsigned int mode;		/* of the port, whose owner is USER_A */
	__u32 expected;
};

#define USER	MAILBOX_ALLOW_USER
#define GROUPS	MAILBOX_ALLOW_GROUP

static const struct row rows[] = {
	{ "user_receives", USER, USER_B, RECEIVES, USER_B, 0, 0600, RECEIVES },
	{ "user_sends", USER, USER_B, SENDS, USER_B, 0, 0600, SENDS },
	{ "user_does_both", USER, USER_B, BOTH, USER_B, 0, 0600, BOTH },
	{ "another_user", USER, USER_B + 1, BOTH, USER_B, 0, 0600, 0 },
	{ "group_receives", GROUPS, USER_B, RECEIVES, USER_B, 0, 0600, RECEIVES },
	{ "group_sends", GROUPS, USER_B, SENDS, USER_B, 0, 0600, SENDS },
	{ "further_group_receives", GROUPS, GROUP, RECEIVES, USER_B, GROUP, 0600, RECEIVES },
	{ "further_group_does_both", GROUPS, GROUP, BOTH, USER_B, GROUP, 0600, BOTH },
	{ "another_group", GROUPS, GROUP, BOTH, USER_B, 0, 0600, 0 },
	{ "user_is_no_group", USER, GROUP, BOTH, USER_B, GROUP, 0600, 0 },
	{ "added_to_what_others_may", USER, USER_B, RECEIVES, USER_B, 0, 0602, BOTH },
	{ "added_to_what_the_group_may", USER, USER_B, SENDS, USER_B, GROUP, 0640, BOTH },
	{ "nothing_is_taken_from_the_mode", USER, USER_B, RECEIVES, USER_B, 0, 0606, BOTH },
	{ "owner_that_its_mode_does_not_let", USER, USER_A, BOTH, USER_A, 0, 0066, BOTH },
	{ "group_that_its_mode_does_not_let", GROUPS, GROUP, BOTH, USER_B, GROUP, 0606, BOTH },
	{ "owner_is_not_another", USER, USER_B, BOTH, USER_A, 0, 0066, 0 },
};

struct visit {
	const struct row *row;
	char *name;
};

static void visit(void *arg)
{
	struct visit *visit = arg;

	become_member(visit->row->user, visit->row->group);
	check_rights(visit->name, visit->row->expected);
}

static void list_decides(void)
{
	struct visit visitor = { test_now->row, unique_name() };
	const struct row *row = test_now->row;
	int fd;

	NEED_ROOT();
	fd = NAMED_PORT(O_RDWR, visitor.name, .flags = MAILBOX_CREATE_UID | MAILBOX_CREATE_GID,
			.uid = USER_A, .gid = GROUP, .mode = row->mode);
	CHECK_EQ(0, allow_named(fd, NULL, row->kind, row->id, row->rights));
	CHECK_EQ(1, port_stat(fd).allowed);
	REAP(spawn(visit, &visitor));
}

static void __attribute__((constructor)) rows_table(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		test_add("allowed", rows[i].name, list_decides, &rows[i]);
}

static void enter_with_both(void *arg)
{
	become_member(USER_B, GROUP);
	check_rights(arg, BOTH);
}

static void enter_with_receive(void *arg)
{
	become_member(USER_B, GROUP);
	check_rights(arg, RECEIVES);
}

static void enter_in_vain(void *arg)
{
	become_member(USER_B, GROUP);
	check_rights(arg, 0);
}

TEST(entries_add_up)
{
	char *name = unique_name();
	int fd;

	NEED_ROOT();
	fd = NAMED_PORT(O_RDWR, name);
	REAP(spawn(enter_in_vain, name));
	CHECK_EQ(0, allow_user(fd, USER_B, RECEIVES));
	CHECK_EQ(0, allow_group(fd, GROUP, SENDS));
	REAP(spawn(enter_with_both, name));
	CHECK_EQ(0, allow_group(fd, GROUP, 0));
	REAP(spawn(enter_with_receive, name));
}

/* An entry says what somebody has from now on, not what is added. */
TEST(entry_is_replaced)
{
	char *name = unique_name();
	int fd;

	NEED_ROOT();
	fd = NAMED_PORT(O_RDWR, name);
	CHECK_EQ(0, allow_user(fd, USER_B, SENDS));
	CHECK_EQ(0, allow_user(fd, USER_B, BOTH));
	REAP(spawn(enter_with_both, name));
	CHECK_EQ(0, allow_user(fd, USER_B, RECEIVES));
	REAP(spawn(enter_with_receive, name));
	CHECK_EQ(1, port_stat(fd).allowed);
	CHECK_EQ(0, allow_user(fd, USER_B, 0));
	REAP(spawn(enter_in_vain, name));
	CHECK_EQ(0, port_stat(fd).allowed);
}

static void enter_by_fsuid(void *arg)
{
	drop_capability(CAP_IPC_OWNER);
	check_rights(arg, 0);
	CHECK_OK(setfsuid(USER_B));
	check_rights(arg, BOTH);
	CHECK_OK(setfsuid(USER_A));
	check_rights(arg, 0);
}

TEST(user_is_the_fsuid)
{
	char *name = unique_name();
	int fd;

	NEED_ROOT();
	fd = NAMED_PORT(O_RDWR, name, .flags = MAILBOX_CREATE_UID | MAILBOX_CREATE_GID,
			.uid = USER_A + 10, .gid = GROUP);
	CHECK_EQ(0, allow_user(fd, USER_B, BOTH));
	REAP(spawn(enter_by_fsuid, name));
}

/* --- processes ---------------------------------------------------------------- */

struct candidate {
	char *name;
	atomic_int step;
	__u32 expected;			/* rights of the process */
};

static void *enter_in_thread(void *arg)
{
	struct candidate *candidate = arg;

	check_rights(candidate->name, candidate->expected);
	return NULL;
}

static void enter_as_child(void *arg)
{
	struct candidate *candidate = arg;

	check_rights(candidate->name, 0);
}

static void enter_as_process(void *arg)
{
	struct candidate *candidate = arg;
	pthread_t thread;

	become(USER_B);
	check_rights(candidate->name, 0);
	candidate->step = 1;
	WAIT_FOR(candidate->step == 2);
	check_rights(candidate->name, candidate->expected);
	/* Its threads are the process, its children are not. */
	CHECK_EQ(0, pthread_create(&thread, NULL, enter_in_thread, candidate));
	CHECK_EQ(0, pthread_join(thread, NULL));
	REAP(spawn(enter_as_child, candidate));
	candidate->step = 3;
	WAIT_FOR(candidate->step == 4);
	check_rights(candidate->name, 0);
}

TEST(process_is_let_in)
{
	struct candidate *candidate = shared_alloc(sizeof(*candidate));
	pid_t pid;
	int fd;

	NEED_ROOT();
	candidate->name = unique_name();
	candidate->expected = RECEIVES;
	fd = NAMED_PORT(O_RDWR, candidate->name);
	pid = spawn(enter_as_process, candidate);
	WAIT_FOR(candidate->step == 1);
	CHECK_EQ(0, allow_process(fd, pid, RECEIVES));
	candidate->step = 2;
	WAIT_FOR(candidate->step == 3);
	CHECK_EQ(0, allow_process(fd, pid, 0));
	candidate->step = 4;
	REAP(pid);
}

static void do_nothing(void *arg)
{
	(void)arg;
}

static void stay(void *arg)
{
	(void)arg;
	pause();
}

static void enter_with_a_number_of_old(void *arg)
{
	become(USER_B);
	check_rights(arg, 0);
}

TEST(number_of_a_process_inherits_nothing)
{
	struct mailbox_allow entry;
	char *name = unique_name();
	pid_t pid;
	int fd, i;

	NEED_ROOT();
	fd = NAMED_PORT(O_RDWR, name);
	for (i = 0; i < 10; i++) {
		pid = spawn(stay, NULL);
		CHECK_EQ(0, allow_process(fd, pid, BOTH));
		kill(pid, SIGKILL);
		reap_status(pid);
		REAP(spawn_as(pid, enter_with_a_number_of_old, name));
		pid = spawn_as(pid, stay, NULL);
		CHECK_EQ(0, allowed_list(fd, NULL, &entry, 1, NULL));
		/* It is another one: there is no entry to take off. */
		CHECK_EQ(-ESRCH, allow_process(fd, pid, 0));
		kill(pid, SIGKILL);
		reap_status(pid);
	}
}

TEST(process_that_is_not_there)
{
	int fd = PORT(O_RDWR);
	pid_t pid = spawn(do_nothing, NULL);

	REAP(pid);
	CHECK_EQ(-ESRCH, allow_process(fd, pid, BOTH));
	CHECK_EQ(-ESRCH, allow_process(fd, pid, 0));
	CHECK_EQ(0, port_stat(fd).allowed);
}

/* --- who may change it -------------------------------------------------------- */

static void change_in_vain(void *arg)
{
	struct mailbox_allow entry;
	char *name = arg;
	int fd;

	become_member(USER_B, 0);
	fd = port_open(O_RDWR, name);
	CHECK_EQ(-EACCES, allow_user(fd, USER_B, BOTH));
	CHECK_EQ(-EACCES, allow_user(fd, USER_B, 0));
	CHECK_EQ(-EACCES, allow_user(fd, USER_A, 0));
	CHECK_EQ(-EACCES, allow_named(fd, name, USER, USER_B + 1, BOTH));
	CHECK_EQ(-EACCES, allow_named(node_open(O_RDWR), name, USER, USER_B + 1, BOTH));
	/* But look at it. */
	CHECK_EQ(1, allowed_list(fd, NULL, &entry, 1, NULL));
	CHECK_EQ(1, allowed_list(node_open(O_RDWR), name, &entry, 1, NULL));
	CHECK_EQ(USER_B, entry.id);
}

TEST(list_is_not_the_guests)
{
	char *name = unique_name();
	int fd;

	NEED_ROOT();
	fd = NAMED_PORT(O_RDWR, name);
	CHECK_EQ(0, allow_user(fd, USER_B, BOTH));
	REAP(spawn(change_in_vain, name));
	/* Nor of those whom the mode lets in. */
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_MODE, .mode = 0666));
	REAP(spawn(change_in_vain, name));
	CHECK_EQ(1, port_stat(fd).allowed);
}

static void change_as_owner(void *arg)
{
	become_member(USER_A, 0);
	CHECK_EQ(0, allow_named(node_open(O_RDONLY), arg, USER, USER_B, BOTH));
	CHECK_EQ(0, allow_user(port_open(O_RDONLY, arg), USER_B, RECEIVES));
}

static void change_without_capability(void *arg)
{
	CHECK_EQ(0, allow_named(node_open(O_RDWR), arg, USER, USER_B, BOTH));
	drop_capability(CAP_IPC_OWNER);
	CHECK_EQ(-EACCES, allow_named(node_open(O_RDWR), arg, USER, USER_B, 0));
}

TEST(list_is_the_owners_and_the_administrators)
{
	char *name = unique_name();
	int fd;

	NEED_ROOT();
	fd = NAMED_PORT(O_RDWR, name, .flags = MAILBOX_CREATE_UID, .uid = USER_A);
	REAP(spawn(change_as_owner, name));
	REAP(spawn(enter_with_receive, name));
	REAP(spawn(change_without_capability, name));
	REAP(spawn(enter_with_both, name));
	CHECK_EQ(0, allow_user(fd, USER_B, 0));
}

TEST(list_of_which_port)
{
	char *name = unique_name();
	int fd = node_open(O_RDWR), bound = NAMED_PORT(O_RDWR, name);
	struct mailbox_allow entry;
	int nameless = PORT(O_RDWR);

	CHECK_EQ(-ENOTCONN, allow_user(fd, 1, BOTH));
	CHECK_EQ(-ENOTCONN, allowed_list(fd, NULL, &entry, 1, NULL));
	CHECK_EQ(-ENOENT, allow_named(fd, "test-no-such-port", USER, 1, BOTH));
	CHECK_EQ(-ENOENT, allowed_list(fd, "test-no-such-port", &entry, 1, NULL));
	CHECK_EQ(0, allow_named(nameless, name, USER, 1, BOTH));
	CHECK_EQ(1, port_stat(bound).allowed);
	CHECK_EQ(0, port_stat(nameless).allowed);
	CHECK_EQ(0, port_destroy(bound, NULL));
	CHECK_EQ(-EIDRM, allow_user(bound, 1, BOTH));
	CHECK_EQ(-EIDRM, allowed_list(bound, NULL, &entry, 1, NULL));
}

TEST(entries_that_make_no_sense)
{
	struct mailbox_ioc_port_allow allow = { .entry = { USER, 1, BOTH, 1 } };
	int fd = PORT(O_RDWR);

	CHECK_EQ(-EINVAL, allow_named(fd, NULL, 0, 1, BOTH));
	CHECK_EQ(-EINVAL, allow_named(fd, NULL, 4, 1, BOTH));
	CHECK_EQ(-EINVAL, allow_user(fd, 1, 4));
	CHECK_EQ(-EINVAL, allow_user(fd, -1, BOTH));
	CHECK_EQ(-EINVAL, allow_group(fd, -1, BOTH));
	CHECK(allow_process(fd, 0, BOTH) < 0);
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_ALLOW, &allow));
	CHECK_EQ(-ESRCH, allow_user(fd, 1, 0));
	CHECK_EQ(0, allow_user(fd, 1, SENDS));
	/* A group of the same number is somebody else. */
	CHECK_EQ(-ESRCH, allow_group(fd, 1, 0));
	CHECK_EQ(1, port_stat(fd).allowed);
}

/* --- how long it is, and what it shows ---------------------------------------- */

TEST(list_is_full)
{
	int fd = PORT(O_RDWR), i;

	for (i = 0; i < MAILBOX_ALLOW_MAX; i++)
		CHECK_EQ(0, allow_named(fd, NULL, i % 2 ? USER : GROUPS, i, SENDS));
	CHECK_EQ(-ENOSPC, allow_user(fd, 1000, SENDS));
	CHECK_EQ(-ENOSPC, allow_process(fd, getpid(), SENDS));
	CHECK_EQ(MAILBOX_ALLOW_MAX, port_stat(fd).allowed);
	/* Those who are on it can be changed. */
	CHECK_EQ(0, allow_user(fd, 1, BOTH));
	CHECK_EQ(0, allow_user(fd, 1, 0));
	CHECK_EQ(0, allow_user(fd, 1000, SENDS));
	CHECK_EQ(-ENOSPC, allow_user(fd, 1, SENDS));
}

TEST(processes_that_have_exited_make_room)
{
	int fd = PORT(O_RDWR), i;
	pid_t pid;

	for (i = 0; i < MAILBOX_ALLOW_MAX + 20; i++) {
		pid = spawn(stay, NULL);
		CHECK_EQ(0, allow_process(fd, pid, BOTH));
		kill(pid, SIGKILL);
		reap_status(pid);
	}
	CHECK_EQ(0, allowed_list(fd, NULL, NULL, 0, NULL));
}

TEST(list_is_read)
{
	static const struct mailbox_allow expected[] = {
		{ USER, 5, RECEIVES, 0 }, { GROUPS, 5, SENDS, 0 }, { USER, 0, BOTH, 0 },
	};
	struct mailbox_allow entries[5] = {};
	int fd = PORT(O_RDWR), self = getpid();
	unsigned int i, j, found = 0;
	__u32 total;

	CHECK_EQ(0, allowed_list(fd, NULL, entries, 5, &total));
	CHECK_EQ(0, total);
	for (i = 0; i < 3; i++)
		CHECK_EQ(0, allow_named(fd, NULL, expected[i].kind, expected[i].id,
					expected[i].rights));
	CHECK_EQ(0, allow_process(fd, self, SENDS));
	CHECK_EQ(4, allowed_list(fd, NULL, entries, 5, &total));
	CHECK_EQ(4, total);
	for (i = 0; i < 4; i++) {
		if (entries[i].kind == MAILBOX_ALLOW_PROCESS)
			found += entries[i].id == (__u32)self && entries[i].rights == SENDS;
		for (j = 0; j < 3; j++)
			found += !memcmp(&entries[i], &expected[j], sizeof(expected[j]));
	}
	CHECK_EQ(4, found);
	CHECK_EQ(0, entries[4].kind);
}

TEST(list_is_read_in_part)
{
	struct mailbox_allow entries[4] = {};
	int fd = PORT(O_RDWR), i;
	__u32 total;

	for (i = 0; i < 4; i++)
		CHECK_EQ(0, allow_user(fd, i, BOTH));
	CHECK_EQ(2, allowed_list(fd, NULL, entries, 2, &total));
	CHECK_EQ(4, total);
	CHECK_EQ(USER, entries[1].kind);
	CHECK_EQ(0, entries[2].kind);
	CHECK_EQ(0, allowed_list(fd, NULL, NULL, 0, &total));
	CHECK_EQ(4, total);
	/* More room than can ever be filled. */
	CHECK_EQ(4, allowed_list(fd, NULL, entries, ~0U, &total));
	CHECK_EQ(-EFAULT, allowed_list(fd, NULL, (void *)8, 4, NULL));
}

static bool port_is_listed(const char *name)
{
	struct mailbox_ioc_port_stat entry = {};
	struct mailbox_ioc_port_list list = { .entry_size = sizeof(entry) };
	int fd = node_open(O_RDONLY);

	list.entries = user_pointer(&entry);
	do {
		list.count = 1;
		CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_LIST, &list));
		memcpy(list.after, entry.name, sizeof(list.after));
	} while (list.count && strcmp(entry.name, name));
	close(fd);
	return list.count;
}

static void look(void *arg)
{
	struct candidate *candidate = arg;
	struct mailbox_ioc_port_stat stat = {};
	struct mailbox_allow entry;
	int fd = node_open(O_RDONLY);

	become_member(USER_B, GROUP);
	strcpy(stat.name, candidate->name);
	CHECK_EQ(candidate->expected ? 0 : -EACCES, command(fd, MAILBOX_IOC_PORT_STAT, &stat));
	CHECK_EQ(candidate->expected ? 1 : -EACCES, allowed_list(fd, candidate->name, &entry, 1, NULL));
	CHECK_EQ(!!candidate->expected, port_is_listed(candidate->name));
	CHECK_EQ(candidate->expected ? 0 : -EACCES, bind_name(node_open(O_ACCMODE), candidate->name));
}

TEST(port_is_seen_by_whom_it_lets_in)
{
	struct candidate *candidate = shared_alloc(sizeof(*candidate));
	int fd;

	NEED_ROOT();
	candidate->name = unique_name();
	fd = NAMED_PORT(O_RDWR, candidate->name);
	REAP(spawn(look, candidate));
	candidate->expected = SENDS;
	CHECK_EQ(0, allow_group(fd, GROUP, SENDS));
	REAP(spawn(look, candidate));
	CHECK_EQ(0, allow_user(fd, USER_A, SENDS));
	CHECK_EQ(0, allow_group(fd, GROUP, 0));
	candidate->expected = 0;
	REAP(spawn(look, candidate));
}

/* --- other ways to bind ------------------------------------------------------- */

struct bound {
	int fd;
	char *name;
};

static void bind_otherwise(void *arg)
{
	struct mailbox_ioc_port_create create = { .flags = MAILBOX_CREATE_OPEN };
	struct bound *bound = arg;
	struct mailbox_ioc_port_open same = { .flags = MAILBOX_BIND_FD, .fd = bound->fd };

	become_member(USER_B, 0);
	CHECK_EQ(0, command(node_open(O_RDONLY), MAILBOX_IOC_PORT_OPEN, &same));
	CHECK_EQ(-EACCES, command(node_open(O_WRONLY), MAILBOX_IOC_PORT_OPEN, &same));
	strcpy(create.name, bound->name);
	CHECK_EQ(0, command(node_open(O_RDONLY), MAILBOX_IOC_PORT_CREATE, &create));
	CHECK_EQ(0, create.created);
	CHECK_EQ(-EACCES, command(node_open(O_RDWR), MAILBOX_IOC_PORT_CREATE, &create));
}

TEST(every_way_to_bind_looks_at_the_list)
{
	struct bound bound = { .name = unique_name() };

	NEED_ROOT();
	bound.fd = NAMED_PORT(O_RDWR, bound.name);
	CHECK_EQ(0, allow_user(bound.fd, USER_B, RECEIVES));
	REAP(spawn(bind_otherwise, &bound));
}

static void enter_slot(void *arg)
{
	become_member(USER_B, 0);
	check_rights(arg, SENDS);
}

TEST(nobody_is_let_in_to_receive_from_a_slot)
{
	char *name = unique_name();
	int fd;

	NEED_ROOT();
	fd = NAMED_PORT(O_RDONLY, name, .flags = MAILBOX_CREATE_SLOT);
	CHECK_EQ(0, allow_user(fd, USER_B, BOTH));
	REAP(spawn(enter_slot, name));
}

TEST(list_lasts_as_long_as_the_port)
{
	char *name = unique_name();
	int fd;

	NEED_ROOT();
	fd = NAMED_PORT(O_RDWR, name, .flags = MAILBOX_CREATE_PERSIST);
	CHECK_EQ(0, allow_user(fd, USER_B, BOTH));
	close(fd);
	REAP(spawn(enter_with_both, name));
	CHECK_EQ(0, port_destroy(node_open(O_RDWR), name));
	/* The next one of this name has its own. */
	NAMED_PORT(O_RDWR, name);
	REAP(spawn(enter_in_vain, name));
}

/* --- namespaces --------------------------------------------------------------- */

static void look_from_namespaces(void *arg)
{
	struct mailbox_allow entries[4];
	struct bound *bound = arg;
	int i;

	become_member(USER_B, 0);
	if (unshare(CLONE_NEWUSER))
		SKIP("no user namespaces: %s", strerror(errno));
	CHECK_EQ(4, allowed_list(bound->fd, NULL, entries, 4, NULL));
	for (i = 0; i < 4; i++) {
		if (entries[i].kind != MAILBOX_ALLOW_PROCESS)
			CHECK_EQ(65534, entries[i].id);
		CHECK(entries[i].rights);
	}
	/* Whom it cannot name it cannot let in. */
	CHECK_EQ(-EINVAL, allow_user(PORT(O_RDWR), USER_B, BOTH));
}

static void look_from_a_pid_namespace(void *arg)
{
	struct mailbox_allow entries[4];
	struct bound *bound = arg;
	int i, processes = 0;

	CHECK_EQ(1, getpid());
	CHECK_EQ(4, allowed_list(bound->fd, NULL, entries, 4, NULL));
	for (i = 0; i < 4; i++) {
		if (entries[i].kind != MAILBOX_ALLOW_PROCESS)
			continue;
		CHECK_EQ(0, entries[i].id);
		processes++;
	}
	CHECK_EQ(1, processes);
	/* Its own number is 1 for itself. */
	CHECK_EQ(0, allow_process(bound->fd, 1, SENDS));
}

static void enter_a_pid_namespace(void *arg)
{
	if (unshare(CLONE_NEWPID))
		SKIP("no pid namespaces: %s", strerror(errno));
	REAP(spawn(look_from_a_pid_namespace, arg));
}

TEST(list_in_the_namespaces_of_the_reader)
{
	struct bound bound = {};

	NEED_ROOT();
	bound.fd = PORT(O_RDWR);
	CHECK_EQ(0, allow_user(bound.fd, USER_A, BOTH));
	CHECK_EQ(0, allow_user(bound.fd, USER_B, BOTH));
	CHECK_EQ(0, allow_group(bound.fd, GROUP, BOTH));
	CHECK_EQ(0, allow_process(bound.fd, getpid(), BOTH));
	REAP(spawn(enter_a_pid_namespace, &bound));
	REAP(spawn(look_from_namespaces, &bound));
}
