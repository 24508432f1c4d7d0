// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may do what: mode, owner, group and capabilities; and what network, user
 * and pid namespaces show of a port and its messages.
 */
#include <linux/capability.h>
#include <sched.h>
#include <sys/fsuid.h>

#include "port.h"

#define GROUP	60100

/* What a child of another user tries, and the answers it must get. */
struct visitor {
	uid_t user;
	gid_t group;			/* supplementary, or 0 */
	char name[MAILBOX_NAME_SIZE];
	long long expected[3];		/* of binding to receive, to send, to both */
};

static const int open_modes[] = { O_RDONLY, O_WRONLY, O_RDWR };

static void become_member(uid_t user, gid_t group)
{
	CHECK_OK(setgroups(group ? 1 : 0, &group));
	CHECK_OK(setresgid(user, user, user));
	CHECK_OK(setresuid(user, user, user));
	end_with_parent();
}

static void visit(void *arg)
{
	struct visitor *visitor = arg;
	int i;

	become_member(visitor->user, visitor->group);
	for (i = 0; i < 3; i++)
		CHECK_EQ(visitor->expected[i],
			 bind_name(node_open(open_modes[i]), visitor->name));
}

struct mode_row {
	const char *name;
	unsigned int mode;
	bool owner, member;		/* is the visitor? */
	bool receive, send;		/* may the visitor? */
};

/* The first class that fits decides, whatever the later ones would allow. */
static const struct mode_row mode_rows[] = {
	{ "owner_r", 0400, true, false, true, false },
	{ "owner_w", 0200, true, false, false, true },
	{ "owner_rw", 0600, true, false, true, true },
	{ "owner_none", 0066, true, true, false, false },
	{ "group_r", 0640, false, true, true, false },
	{ "group_w", 0620, false, true, false, true },
	{ "group_rw", 0660, false, true, true, true },
	{ "group_none", 0606, false, true, false, false },
	{ "other_r", 0604, false, false, true, false },
	{ "other_w", 0602, false, false, false, true },
	{ "other_rw", 0666, false, false, true, true },
	{ "other_none", 0660, false, false, false, false },
	{ "private_member", 0600, false, true, false, false },
	{ "private_other", 0600, false, false, false, false },
};

static void mode_decides(void)
{
	const struct mode_row *row = test_now->row;
	struct visitor visitor = { .user = row->owner ? USER_A : USER_B };
	char *name = unique_name();

	NEED_ROOT();
	NAMED_PORT(O_RDWR, name, .flags = MAILBOX_CREATE_UID | MAILBOX_CREATE_GID,
		   .uid = USER_A, .gid = GROUP, .mode = row->mode);
	visitor.group = row->member ? GROUP : 0;
	strcpy(visitor.name, name);
	visitor.expected[0] = row->receive ? 0 : -EACCES;
	visitor.expected[1] = row->send ? 0 : -EACCES;
	visitor.expected[2] = row->receive && row->send ? 0 : -EACCES;
	REAP(spawn(visit, &visitor));
}

static void __attribute__((constructor)) mode_table(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mode_rows); i++)
		test_add("mode", mode_rows[i].name, mode_decides, &mode_rows[i]);
}

static void try_private_port(void *arg)
{
	struct mailbox_ioc_port_create create = { .flags = MAILBOX_CREATE_OPEN };
	struct mailbox_ioc_port_stat stat = {};
	struct mailbox_ioc_port_list list = { .entry_size = sizeof(stat) };
	char *name = arg;
	int fd;

	become(USER_B);
	fd = node_open(O_RDWR);
	strcpy(create.name, name);
	strcpy(stat.name, name);
	CHECK_EQ(-EACCES, bind_name(fd, name));
	CHECK_EQ(-EACCES, bind_name(node_open(O_ACCMODE), name));
	CHECK_EQ(-EACCES, command(fd, MAILBOX_IOC_PORT_CREATE, &create));
	CHECK_EQ(-EACCES, command(fd, MAILBOX_IOC_PORT_STAT, &stat));
	CHECK_EQ(-EACCES, port_unlink(fd, name));
	CHECK_EQ(-EACCES, port_destroy(fd, name));
	create.flags = 0;
	CHECK_EQ(-EEXIST, command(fd, MAILBOX_IOC_PORT_CREATE, &create));
	list.entries = user_pointer(&stat);
	for (;;) {
		list.count = 1;
		CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_LIST, &list));
		if (!list.count)
			break;
		CHECK(strcmp(stat.name, name));
		memcpy(list.after, stat.name, sizeof(list.after));
	}
}

TEST(stranger_cannot_touch_a_private_port)
{
	char *name = unique_name();
	int fd;

	NEED_ROOT();
	fd = NAMED_PORT(O_RDWR, name, .flags = MAILBOX_CREATE_UID, .uid = USER_A);
	CHECK_EQ(0, put(fd, 1));
	REAP(spawn(try_private_port, name));
	CHECK_EQ(1, take(fd));
	CHECK(!strcmp(port_stat(fd).name, name));
}

static void drop_capability(int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	CHECK_OK(syscall(SYS_capget, &header, data));
	data[capability / 32].effective &= ~(1U << capability % 32);
	data[capability / 32].permitted &= ~(1U << capability % 32);
	CHECK_OK(syscall(SYS_capset, &header, data));
}

static void visit_without_ipc_owner(void *arg)
{
	CHECK_EQ(0, bind_name(node_open(O_RDWR), arg));
	drop_capability(CAP_IPC_OWNER);
	CHECK_EQ(-EACCES, bind_name(node_open(O_RDWR), arg));
	CHECK_EQ(-EACCES, port_destroy(node_open(O_RDWR), arg));
}

TEST(cap_ipc_owner_overrides_the_mode)
{
	char *name = unique_name();

	NEED_ROOT();
	NAMED_PORT(O_RDWR, name, .flags = MAILBOX_CREATE_UID | MAILBOX_CREATE_GID,
		   .uid = USER_A, .gid = GROUP);
	REAP(spawn(visit_without_ipc_owner, name));
}

static void use_own_port(void *arg)
{
	int fd;

	(void)arg;
	become(USER_A);
	fd = PORT(O_RDWR, .mode = 0060);
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(1, take(fd));
}

TEST(creator_may_what_the_handle_was_opened_for)
{
	NEED_ROOT();
	REAP(spawn(use_own_port, NULL));
}

struct guest {
	int fd;
	char name[MAILBOX_NAME_SIZE];
	atomic_int step;
};

static void stay_bound(void *arg)
{
	struct guest *guest = arg;
	int fd;

	become(USER_B);
	fd = port_open(O_RDWR, guest->name);
	guest->step = 1;
	WAIT_FOR(guest->step == 2);
	CHECK_EQ(1, take(fd));
	CHECK_EQ(-EACCES, bind_name(node_open(O_RDWR), guest->name));
}

TEST(bound_handle_keeps_its_rights)
{
	struct guest *guest = shared_alloc(sizeof(*guest));
	char *name = unique_name();
	pid_t pid;
	int fd;

	NEED_ROOT();
	fd = NAMED_PORT(O_RDWR, name, .mode = 0666);
	strcpy(guest->name, name);
	pid = spawn(stay_bound, guest);
	WAIT_FOR(guest->step == 1);
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_MODE, .mode = 0600));
	CHECK_EQ(0, put(fd, 1));
	guest->step = 2;
	REAP(pid);
}

static void try_what_is_the_owners(void *arg)
{
	char *name = arg;
	int fd;

	become(USER_B);
	fd = port_open(O_RDWR, name);
	CHECK_EQ(-EACCES, SET(fd, .flags = MAILBOX_SET_MODE, .mode = 0666));
	CHECK_EQ(-EACCES, SET(fd, .flags = MAILBOX_SET_CAPACITY, .capacity = 5));
	CHECK_EQ(-EACCES, SET(fd, .flags = MAILBOX_SET_UID, .uid = USER_B));
	CHECK_EQ(-EACCES, port_unlink(fd, NULL));
	CHECK_EQ(-EACCES, port_unlink(fd, name));
	CHECK_EQ(-EACCES, port_destroy(fd, NULL));
	CHECK_EQ(-EACCES, port_destroy(fd, name));
}

TEST(guest_may_not_what_is_the_owners)
{
	char *name = unique_name();
	int fd;

	NEED_ROOT();
	fd = NAMED_PORT(O_RDWR, name, .mode = 0666);
	REAP(spawn(try_what_is_the_owners, name));
	CHECK_EQ(0666, port_stat(fd).mode);
}

static void do_what_is_the_owners(void *arg)
{
	char *name = arg;
	int fd;

	become(USER_A);
	fd = port_open(O_RDWR, name);
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_MODE, .mode = 0600));
	CHECK_EQ(0, port_unlink(fd, NULL));
	CHECK_EQ(0, port_destroy(fd, NULL));
}

TEST(owner_may_what_is_the_owners)
{
	char *name = unique_name();

	NEED_ROOT();
	NAMED_PORT(O_RDWR, name, .flags = MAILBOX_CREATE_UID, .uid = USER_A);
	REAP(spawn(do_what_is_the_owners, name));
}

static long long create_owned(__u32 flags, uid_t uid, gid_t gid)
{
	struct mailbox_ioc_port_create create = { .flags = flags, .uid = uid, .gid = gid };

	return command(node_open(O_RDWR), MAILBOX_IOC_PORT_CREATE, &create);
}

static void give_away(void *arg)
{
	int fd;

	(void)arg;
	become_member(USER_A, GROUP);
	CHECK_EQ(0, create_owned(MAILBOX_CREATE_UID, USER_A, 0));
	CHECK_EQ(-EACCES, create_owned(MAILBOX_CREATE_UID, USER_B, 0));
	CHECK_EQ(-EACCES, create_owned(MAILBOX_CREATE_UID, 0, 0));
	CHECK_EQ(0, create_owned(MAILBOX_CREATE_GID, 0, USER_A));
	CHECK_EQ(0, create_owned(MAILBOX_CREATE_GID, 0, GROUP));
	CHECK_EQ(-EACCES, create_owned(MAILBOX_CREATE_GID, 0, USER_B));
	CHECK_EQ(-EACCES, create_owned(MAILBOX_CREATE_GID, 0, 0));
	fd = PORT(O_RDWR);
	CHECK_EQ(-EACCES, SET(fd, .flags = MAILBOX_SET_UID, .uid = USER_B));
	CHECK_EQ(-EACCES, SET(fd, .flags = MAILBOX_SET_GID, .gid = USER_B));
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_UID, .uid = USER_A));
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_GID, .gid = GROUP));
	CHECK_EQ(GROUP, port_stat(fd).gid);
}

TEST(user_gives_nothing_away)
{
	NEED_ROOT();
	REAP(spawn(give_away, NULL));
}

TEST(administrator_gives_away)
{
	int fd;

	NEED_ROOT();
	fd = PORT(O_RDWR, .flags = MAILBOX_CREATE_UID | MAILBOX_CREATE_GID,
		  .uid = USER_A, .gid = GROUP);
	CHECK_EQ(USER_A, port_stat(fd).uid);
	CHECK_EQ(GROUP, port_stat(fd).gid);
	CHECK_EQ(0, SET(fd, .flags = MAILBOX_SET_UID | MAILBOX_SET_GID, .uid = USER_B));
	CHECK_EQ(USER_B, port_stat(fd).uid);
	CHECK_EQ(0, port_stat(fd).gid);
}

static void create_by_fsuid(void *arg)
{
	struct mailbox_ioc_port_stat stat;

	(void)arg;
	CHECK_OK(setfsgid(GROUP));
	CHECK_OK(setfsuid(USER_A));
	stat = port_stat(PORT(O_RDWR));
	CHECK_EQ(USER_A, stat.uid);
	CHECK_EQ(GROUP, stat.gid);
}

TEST(owner_is_the_fsuid_of_the_creator)
{
	NEED_ROOT();
	REAP(spawn(create_by_fsuid, NULL));
}

/* Takes the rest of the process to new namespaces, or skips. */
static void new_namespaces(int flags)
{
	if (unshare(flags))
		SKIP("cannot unshare: %s", strerror(errno));
}

static void see_nothing(void *arg)
{
	struct mailbox_ioc_port_stat entry = {};
	struct mailbox_ioc_port_list list = { .entry_size = sizeof(entry), .count = 1 };
	char *name = arg;
	int fd, old = node_open(O_RDWR);

	new_namespaces(CLONE_NEWNET);
	fd = node_open(O_RDWR);
	list.entries = user_pointer(&entry);
	strcpy(entry.name, name);
	CHECK_EQ(-ENOENT, command(fd, MAILBOX_IOC_PORT_STAT, &entry));
	CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_LIST, &list));
	CHECK_EQ(0, list.count);
	CHECK_EQ(-ENOENT, port_destroy(fd, name));
	CHECK_EQ(-ENOENT, bind_name(fd, name));
	CHECK_EQ(0, info(fd).ports);
	CHECK_EQ(0, info(fd).user_bytes);
	/* The name is free here, and another port's. */
	close(fd);
	fd = NAMED_PORT(O_RDWR, name);
	CHECK_EQ(-EAGAIN, take(fd));
	CHECK_EQ(0, put(fd, 2));
	/* A handle belongs to where it was opened. */
	CHECK_EQ(0, bind_name(old, name));
	CHECK_EQ(1, take(old));
}

TEST(network_namespaces_see_nothing_of_each_other)
{
	char *name = unique_name();
	int fd;

	NEED_ROOT();
	fd = NAMED_PORT(O_RDWR, name);
	CHECK_EQ(0, put(fd, 1));
	REAP(spawn(see_nothing, name));
	CHECK_EQ(-EAGAIN, take(fd));
}

static void leave_ports_behind(void *arg)
{
	char *name = arg, longer[80];
	int i;

	new_namespaces(CLONE_NEWNET);
	for (i = 0; i < 5; i++) {
		int fd;

		snprintf(longer, sizeof(longer), "%s-%d", name, i);
		fd = NAMED_PORT(O_RDWR, longer, .flags = MAILBOX_CREATE_PERSIST);
		CHECK_EQ(0, put(fd, 1));
		close(fd);
	}
	CHECK_EQ(5, info(node_open(O_RDWR)).ports);
}

static long long references(void)
{
	char text[32];

	CHECK_OK(file_read("/sys/module/mailbox_ipc/refcnt", text, sizeof(text)));
	return atoll(text);
}

TEST_WITHIN(network_namespace_takes_its_ports_along, 60)
{
	long long before = references();

	NEED_ROOT();
	REAP(spawn(leave_ports_behind, unique_name()));
	WAIT_FOR(references() == before);
}

/* The quota of a user counts in each registry of its own. */
static void fill_quota_elsewhere(void *arg)
{
	unsigned long long before;
	int fd;

	(void)arg;
	before = info(node_open(O_RDWR)).user_ports;
	new_namespaces(CLONE_NEWNET);
	fd = PORT(O_RDWR);
	CHECK_EQ(1, info(fd).user_ports);
	CHECK(before > 1);
}

TEST(network_namespaces_count_apart)
{
	NEED_ROOT();
	PORT(O_RDWR);
	PORT(O_RDWR);
	REAP(spawn(fill_quota_elsewhere, NULL));
}

/* Root of a user namespace, as which the outer USER_A appears inside. */
static void become_inner_root(int more)
{
	char map[64];

	become(USER_A);
	new_namespaces(CLONE_NEWUSER | more);
	snprintf(map, sizeof(map), "0 %d 1", USER_A);
	CHECK_EQ(0, file_write("/proc/self/setgroups", "deny"));
	CHECK_EQ(0, file_write("/proc/self/uid_map", map));
	CHECK_EQ(0, file_write("/proc/self/gid_map", map));
	CHECK_OK(setresgid(0, 0, 0));
	CHECK_OK(setresuid(0, 0, 0));
}

static void receive_in_user_namespace(void *arg)
{
	struct mailbox_ioc_receive receive = { .size = sizeof(int) };
	struct mailbox_ioc_port_stat stat;
	int fd = *(int *)arg, value;

	become_inner_root(0);
	receive.data = user_pointer(&value);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	/* The outer root has no number here. */
	CHECK_EQ(65534, receive.uid);
	CHECK_EQ(65534, receive.gid);
	stat = port_stat(fd);
	CHECK_EQ(0, stat.uid);
	CHECK_EQ(65534, stat.gid);
	CHECK_EQ(0, put(fd, 2));
}

TEST(ids_are_those_of_the_readers_user_namespace)
{
	struct mailbox_ioc_receive receive = { .size = sizeof(int) };
	int fd, value;

	NEED_ROOT();
	fd = PORT(O_RDWR, .flags = MAILBOX_CREATE_UID | MAILBOX_CREATE_GID,
		  .uid = USER_A, .gid = GROUP);
	CHECK_EQ(0, put(fd, 1));
	REAP(spawn(receive_in_user_namespace, &fd));
	receive.data = user_pointer(&value);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(USER_A, receive.uid);
	CHECK_EQ(USER_A, receive.gid);
}

static void try_as_inner_root(void *arg)
{
	become_inner_root(0);
	CHECK_EQ(-EACCES, bind_name(node_open(O_RDWR), arg));
	CHECK_EQ(-EACCES, port_destroy(node_open(O_RDWR), arg));
	/* An owner that has no number here cannot be named. */
	CHECK_EQ(-EINVAL, create_owned(MAILBOX_CREATE_UID, 5, 0));
}

TEST(root_of_a_user_namespace_is_nobody_outside)
{
	char *name = unique_name();

	NEED_ROOT();
	NAMED_PORT(O_RDWR, name);
	REAP(spawn(try_as_inner_root, name));
}

static void rule_own_network(void *arg)
{
	int fd;

	become_inner_root(CLONE_NEWNET);
	fd = NAMED_PORT(O_RDWR, arg, .mode = 0060);
	CHECK_EQ(0, port_stat(fd).uid);
	/* The mode denies its owner; the capability counts here. */
	CHECK_EQ(0, bind_name(node_open(O_RDWR), arg));
	CHECK_EQ(0, port_destroy(fd, arg));
}

TEST(root_of_a_user_namespace_rules_its_own_network)
{
	NEED_ROOT();
	REAP(spawn(rule_own_network, unique_name()));
}

/* CAP_SYS_RESOURCE of an inner namespace exceeds nothing, in no network. */
static void fill_as_inner_root(void *arg)
{
	struct mailbox_ioc_port_create create = {};
	char payload[1000] = "";
	int fd, i;

	become_inner_root(*(int *)arg);
	fd = PORT(O_RDWR);
	for (i = 1; i < 3; i++)
		PORT(O_RDWR);
	CHECK_EQ(-EDQUOT, command(node_open(O_RDWR), MAILBOX_IOC_PORT_CREATE, &create));
	CHECK_EQ(0, SEND(fd, .data = user_pointer(payload), .len = sizeof(payload)));
	CHECK_EQ(-EDQUOT, SEND(fd, .flags = MAILBOX_SEND_NONBLOCK,
			       .data = user_pointer(payload), .len = sizeof(payload)));
	CHECK_EQ(1, port_stat(fd).messages);
}

TEST(root_of_a_user_namespace_has_the_quota_of_its_user)
{
	int flags;

	NEED_ROOT();
	parameter_set("user_ports_max", 3);
	parameter_set("user_bytes_max", 2000);
	flags = 0;
	REAP(spawn(fill_as_inner_root, &flags));
	flags = CLONE_NEWNET;
	REAP(spawn(fill_as_inner_root, &flags));
}

struct pid_pair {
	int fd;
	pid_t inner, outer;
};

static void talk_from_pid_namespace(void *arg)
{
	struct mailbox_ioc_receive receive = { .size = sizeof(int) };
	struct pid_pair *pair = arg;
	int value;

	CHECK_EQ(1, getpid());
	receive.data = user_pointer(&value);
	CHECK_EQ(0, command(pair->fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(0, receive.pid);
	CHECK_EQ(0, receive.tid);
	/* Its own number is 1 for itself. */
	CHECK_EQ(0, put(pair->fd, 3));
	CHECK_EQ(3, take_as(pair->fd, MAILBOX_SELECT_SENDER, 1, 0));
	CHECK_EQ(0, put(pair->fd, 4));
}

static void enter_pid_namespace(void *arg)
{
	struct pid_pair *pair = arg;
	pid_t pid;

	new_namespaces(CLONE_NEWPID);
	pid = spawn(talk_from_pid_namespace, arg);
	pair->inner = pid;
	REAP(pid);
}

TEST(pids_are_those_of_the_readers_pid_namespace)
{
	struct mailbox_ioc_receive receive = { .size = sizeof(int) };
	struct pid_pair *pair = shared_alloc(sizeof(*pair));
	int value;

	NEED_ROOT();
	pair->fd = PORT(O_RDWR, .capacity = 4);
	CHECK_EQ(0, put(pair->fd, 1));
	REAP(spawn(enter_pid_namespace, pair));
	/* The sender is gone, and with it the number in most places; not in the message. */
	receive.data = user_pointer(&value);
	CHECK_EQ(0, command(pair->fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(4, value);
	CHECK_EQ(pair->inner, receive.pid);
}

static void put_seven(void *arg)
{
	CHECK_EQ(0, put(*(int *)arg, 7));
}

static void select_in_pid_namespace(void *arg)
{
	int fd = *(int *)arg;
	pid_t pid = spawn(put_seven, arg);

	REAP(pid);
	CHECK_EQ(0, put(fd, 8));
	CHECK_EQ(-EAGAIN, take_as(fd, MAILBOX_SELECT_SENDER, pid + 1, 0));
	CHECK_EQ(7, take_as(fd, MAILBOX_SELECT_SENDER, pid, 0));
	CHECK_EQ(-EAGAIN, take_as(fd, MAILBOX_SELECT_SENDER, pid, 0));
	CHECK_EQ(8, take_as(fd, MAILBOX_SELECT_SENDER, getpid(), 0));
}

static void enter_and_select(void *arg)
{
	new_namespaces(CLONE_NEWPID);
	REAP(spawn(select_in_pid_namespace, arg));
}

/* Its number there is nobody's any more, and still in its messages. */
TEST(sender_that_is_gone_is_selected_in_its_pid_namespace)
{
	int fd = PORT(O_RDWR, .capacity = 4);

	NEED_ROOT();
	CHECK_EQ(0, put(fd, 1));
	REAP(spawn(enter_and_select, &fd));
	CHECK_EQ(1, take(fd));
}
