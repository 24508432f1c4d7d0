// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation and every copy fails once: binding handles, looking at ports,
 * changing and ending them, waiting for them, and what the kernel asks of the
 * file itself. faults.h says how.
 */
#include "faults.h"

/* --- what several scenes begin with ------------------------------------------------- */

static void unbound(struct scene *scene, int flags, unsigned long number)
{
	scene->fd[0] = node_open(flags);
	scene->number = number;
}

/* A named port with two messages, and a second handle. */
static void bound(struct scene *scene, unsigned long number)
{
	scene->fd[0] = NAMED_PORT(O_RDWR, scene->name[0]);
	scene->fd[1] = port_open(O_RDWR, scene->name[0]);
	scene->number = number;
	give(scene->fd[0], SHORT, 1);
	give(scene->fd[0], LONG, 2);
}

static void check_works(int fd)
{
	CHECK_EQ(0, put(fd, 42));
	CHECK_EQ(42, take(fd));
}

static void check_bound(struct scene *scene)
{
	check_works(scene->fd[0]);
}

static void check_messages(struct scene *scene)
{
	CHECK_GET(scene->fd[0], SHORT, 1);
	CHECK_GET(scene->fd[0], LONG, 2);
	CHECK_NOTHING(scene->fd[0]);
}

/* --- open and close ----------------------------------------------------------------- */

static void make_nothing(struct scene *scene)
{
	(void)scene;
}

static long long run_open(struct scene *scene)
{
	int fd = open(NODE, scene->op->flags | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	scene->other = fd;
	return 0;
}

static void check_open(struct scene *scene)
{
	struct mailbox_ioc_port_create create = {};

	CHECK_EQ(0, command(scene->other, MAILBOX_IOC_PORT_CREATE, &create));
}

static void make_close(struct scene *scene)
{
	scene->other = NAMED_PORT(O_RDWR, scene->name[0]);
	give(scene->other, LONG, 1);
}

static long long run_close(struct scene *scene)
{
	int fd = scene->other;

	scene->other = -1;
	return RESULT(close(fd));
}

static void check_close(struct scene *scene)
{
	int fd = node_open(O_RDWR);

	CHECK_EQ(-ENOENT, bind_name(fd, scene->name[0]));
	close(fd);
}

/* What the handle has in hand goes back, or to the dead letters. */
static void make_close_holding(struct scene *scene)
{
	struct mailbox_ioc_receive receive = { .flags = MAILBOX_RECEIVE_LEASE };
	struct mailbox_ioc_port_create create = { .max_deliveries = scene->op->flags };
	int i;

	if (create.max_deliveries)
		strcpy(create.dead_letter, scene->name[1]);
	scene->fd[0] = port_new(O_RDWR, scene->name[0], create);
	scene->fd[1] = NAMED_PORT(O_RDWR, scene->name[1]);
	scene->other = port_open(O_RDWR, scene->name[0]);
	for (i = 0; i < 3; i++) {
		give(scene->fd[0], 0, i);
		CHECK_EQ(0, command(scene->other, MAILBOX_IOC_RECEIVE, &receive));
	}
}

static void check_close_holding(struct scene *scene)
{
	int i, to = scene->op->flags ? 1 : 0;

	CHECK_EQ(0, port_stat(scene->fd[0]).leased);
	for (i = 0; i < 3; i++)
		CHECK_GET(scene->fd[to], 0, i);
	CHECK_NOTHING(scene->fd[0]);
	CHECK_NOTHING(scene->fd[1]);
}

/* --- binding ------------------------------------------------------------------------ */

static void make_info(struct scene *scene)
{
	unbound(scene, O_RDWR, MAILBOX_IOC_INFO);
}

static void make_create(struct scene *scene)
{
	unbound(scene, O_RDWR, MAILBOX_IOC_PORT_CREATE);
	scene->arg.create.flags = scene->op->flags;
}

static void make_create_named(struct scene *scene)
{
	make_create(scene);
	strcpy(scene->arg.create.name, scene->name[0]);
}

static void make_create_with_dead_letter(struct scene *scene)
{
	make_create_named(scene);
	scene->arg.create.max_deliveries = 3;
	strcpy(scene->arg.create.dead_letter, "no such port");
}

static void make_create_open(struct scene *scene)
{
	make_create_named(scene);
	scene->fd[1] = NAMED_PORT(O_RDWR, scene->name[0]);
}

static void make_create_existing(struct scene *scene)
{
	make_create_open(scene);
	scene->arg.create.flags = 0;
}

/* Somebody sleeps until there is such a port. */
static void make_create_awaited(struct scene *scene)
{
	struct call *waiter = &scene->sleeper[0];
	static struct mailbox_ioc_port_wait wait;

	make_create_named(scene);
	scene->other = node_open(O_RDWR);
	wait = (struct mailbox_ioc_port_wait) { .events = MAILBOX_EVENT_NAMED };
	strcpy(wait.name, scene->name[0]);
	call_start(waiter, scene->other, MAILBOX_IOC_PORT_WAIT, &wait, 0);
	wait_for_sleep(waiter);
}

static void check_awaited(struct scene *scene)
{
	CHECK_EQ(0, call_join(&scene->sleeper[0]));
	check_bound(scene);
}

static void check_created(struct scene *scene)
{
	CHECK_EQ(1, scene->arg.create.created);
	CHECK_EQ(port_stat(scene->fd[0]).id, scene->arg.create.id);
	check_bound(scene);
	if (scene->op->flags & MAILBOX_CREATE_PERSIST)
		CHECK_EQ(0, port_destroy(scene->fd[0], NULL));
}

static void check_found(struct scene *scene)
{
	CHECK_EQ(0, scene->arg.create.created);
	CHECK_EQ(port_stat(scene->fd[1]).id, scene->arg.create.id);
	check_bound(scene);
}

static void make_bind(struct scene *scene)
{
	unbound(scene, O_RDWR, MAILBOX_IOC_PORT_OPEN);
	scene->fd[1] = NAMED_PORT(O_RDWR, scene->name[0], .flags = scene->op->flags);
	strcpy(scene->arg.open.name, scene->name[0]);
}

static void make_bind_wait(struct scene *scene)
{
	make_bind(scene);
	scene->arg.open.flags = MAILBOX_BIND_WAIT | MAILBOX_BIND_PEER;
}

static void make_bind_fd(struct scene *scene)
{
	unbound(scene, O_RDWR, MAILBOX_IOC_PORT_OPEN);
	scene->fd[1] = PORT(O_RDWR);
	scene->arg.open.flags = MAILBOX_BIND_FD;
	scene->arg.open.fd = scene->fd[1];
}

static void check_bind(struct scene *scene)
{
	CHECK_EQ(port_stat(scene->fd[1]).id, scene->arg.open.id);
	CHECK_EQ(0, put(scene->fd[0], 1));
	CHECK_EQ(1, take(scene->fd[1]));
}

/* There is no such port, and the call is told not to sleep. */
static void make_bind_absent(struct scene *scene)
{
	unbound(scene, O_RDWR, MAILBOX_IOC_PORT_OPEN);
	strcpy(scene->arg.open.name, scene->name[0]);
	scene->arg.open.flags = MAILBOX_BIND_WAIT | MAILBOX_BIND_NONBLOCK;
}

static void make_pair(struct scene *scene)
{
	unbound(scene, scene->op->flags, MAILBOX_IOC_PORT_PAIR);
}

static void check_pair(struct scene *scene)
{
	int first = scene->fd[0], second = scene->arg.pair.fd;
	bool swapped = scene->op->flags == O_RDONLY;

	CHECK_EQ(0, put(swapped ? second : first, 1));
	CHECK_EQ(1, take(swapped ? first : second));
	if (scene->op->flags == O_RDWR) {
		CHECK_EQ(0, put(second, 2));
		CHECK_EQ(2, take(first));
	}
	close(second);
}

static void sleep_on(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

static void make_link(struct scene *scene)
{
	unbound(scene, scene->op->flags ? O_WRONLY : O_RDWR, MAILBOX_IOC_PORT_LINK);
	scene->child = spawn(sleep_on, NULL);
	scene->arg.link.flags = scene->op->flags;
	scene->arg.link.pid = scene->child;
}

static void check_link(struct scene *scene)
{
	CHECK_EQ(1, scene->arg.link.created);
	CHECK_EQ(0, put(scene->fd[0], 1));
	CHECK_EQ(1, stat_sends(scene->fd[0]).messages);
}

/* --- what there is ------------------------------------------------------------------ */

static void make_stat(struct scene *scene)
{
	bound(scene, MAILBOX_IOC_PORT_STAT);
	scene->arg.stat.waiters = user_pointer(scene->array.waiter);
	scene->arg.stat.waiters_len = ARRAY_SIZE(scene->array.waiter);
	CALL_RECEIVE(&scene->sleeper[0], scene->fd[1], .select = MAILBOX_SELECT_TYPE, .match = 9);
	wait_for_waiters(scene->fd[0], 0, 1);
}

static void check_stat(struct scene *scene)
{
	CHECK_EQ(1, scene->arg.stat.waiters_len);
	CHECK_EQ(scene->sleeper[0].tid, scene->array.waiter[0].tid);
	CHECK_EQ(2, scene->arg.stat.messages);
	CHECK_EQ(0, put_as(scene->fd[0], 3, 9, 0));
	CHECK_EQ(3, call_value(&scene->sleeper[0]));
}

static void make_list(struct scene *scene)
{
	bound(scene, MAILBOX_IOC_PORT_LIST);
	scene->fd[2] = NAMED_PORT(O_RDWR, scene->name[1]);
	scene->arg.list.entries = user_pointer(scene->array.stat);
	scene->arg.list.entry_size = sizeof(scene->array.stat[0]);
	scene->arg.list.count = ARRAY_SIZE(scene->array.stat);
}

static void check_list(struct scene *scene)
{
	CHECK_EQ(2, scene->arg.list.count);
	CHECK(!strcmp(scene->name[0], scene->array.stat[0].name));
	CHECK(!strcmp(scene->name[1], scene->array.stat[1].name));
}

static void make_set(struct scene *scene)
{
	bound(scene, MAILBOX_IOC_PORT_SET);
	scene->arg.set.flags = scene->op->flags | MAILBOX_SET_CAPACITY;
	scene->arg.set.capacity = 7;
	if (!(scene->op->flags & MAILBOX_SET_DELIVERIES))
		return;
	scene->arg.set.max_deliveries = 2;
	strcpy(scene->arg.set.dead_letter, scene->name[1]);
}

static void check_set(struct scene *scene)
{
	struct mailbox_ioc_port_stat stat = port_stat(scene->fd[0]);

	CHECK_EQ(7, stat.capacity);
	CHECK(!strcmp(scene->arg.set.dead_letter, stat.dead_letter));
	check_messages(scene);
}

static void make_unlink(struct scene *scene)
{
	bound(scene, MAILBOX_IOC_PORT_UNLINK);
	strcpy(scene->arg.remove.name, scene->name[0]);
}

static void check_unlink(struct scene *scene)
{
	CHECK(!port_stat(scene->fd[0]).name[0]);
	check_messages(scene);
}

static void make_destroy(struct scene *scene)
{
	bound(scene, MAILBOX_IOC_PORT_DESTROY);
	CHECK_EQ(0, RECEIVE(scene->fd[1], .flags = MAILBOX_RECEIVE_LEASE,
			    .data = user_pointer(scene->in), .size = sizeof(scene->in)));
}

static void check_destroy(struct scene *scene)
{
	CHECK_EQ(-EIDRM, take(scene->fd[0]));
	CHECK_EQ(-EIDRM, take(scene->fd[1]));
}

/* --- allow lists -------------------------------------------------------------------- */

static void allow_user(struct scene *scene, __u32 rights)
{
	scene->arg.allow.entry = (struct mailbox_allow) {
		.kind = MAILBOX_ALLOW_USER,
		.id = USER_A,
		.rights = rights,
	};
}

static void make_allow(struct scene *scene)
{
	bound(scene, MAILBOX_IOC_PORT_ALLOW);
	allow_user(scene, MAILBOX_RIGHT_SEND);
}

static void check_allow(struct scene *scene)
{
	CHECK_EQ(1, port_stat(scene->fd[0]).allowed);
	check_messages(scene);
}

struct guest {
	char name[MAILBOX_NAME_SIZE];
	int fd;
	atomic_int step;
};

/* A user who is let in by the list leases a message. */
static void be_guest(void *arg)
{
	struct guest *guest = arg;
	int fd;

	become(USER_A);
	fd = port_open(O_RDWR, guest->name);
	CHECK_EQ(0, RECEIVE(fd, .flags = MAILBOX_RECEIVE_LEASE | MAILBOX_RECEIVE_TRUNC));
	guest->step = 1;
	sleep_on(NULL);
}

static void make_revoke(struct scene *scene)
{
	struct guest *guest = shared_alloc(sizeof(*guest));

	bound(scene, MAILBOX_IOC_PORT_ALLOW);
	allow_user(scene, MAILBOX_RIGHT_SEND | MAILBOX_RIGHT_RECEIVE);
	CHECK_EQ(0, run_ioctl(scene));
	strcpy(guest->name, scene->name[0]);
	scene->child = spawn(be_guest, guest);
	WAIT_FOR(guest->step);
	munmap(guest, sizeof(*guest));
	allow_user(scene, 0);
}

static void check_revoke(struct scene *scene)
{
	struct mailbox_ioc_port_stat stat = port_stat(scene->fd[0]);

	CHECK_EQ(0, stat.allowed);
	CHECK_EQ(2, stat.receivers);
	CHECK_EQ(0, stat.leased);
	check_messages(scene);
}

static void make_allowed(struct scene *scene)
{
	make_allow(scene);
	CHECK_EQ(0, run_ioctl(scene));
	memset(&scene->arg, 0, sizeof(scene->arg));
	scene->number = MAILBOX_IOC_PORT_ALLOWED;
	scene->arg.allowed.count = ARRAY_SIZE(scene->array.allow);
	scene->arg.allowed.entries = user_pointer(scene->array.allow);
}

static void check_allowed(struct scene *scene)
{
	CHECK_EQ(1, scene->arg.allowed.count);
	CHECK_EQ(USER_A, scene->array.allow[0].id);
}

/* --- waiting for ports, poll, SIGIO ------------------------------------------------- */

static void make_wait(struct scene *scene)
{
	unbound(scene, O_RDWR, MAILBOX_IOC_PORT_WAIT);
	scene->fd[1] = NAMED_PORT(O_RDWR, scene->name[0]);
	strcpy(scene->arg.wait.name, scene->name[0]);
	scene->arg.wait.events = MAILBOX_EVENT_NAMED;
}

static void make_wait_bound(struct scene *scene)
{
	bound(scene, MAILBOX_IOC_PORT_WAIT);
	scene->arg.wait.events = MAILBOX_EVENT_NAMED;
}

static void check_wait(struct scene *scene)
{
	CHECK_EQ(MAILBOX_EVENT_NAMED, scene->arg.wait.happened);
	CHECK_EQ(port_stat(scene->fd[1]).id, scene->arg.wait.id);
}

static void make_wait_in_vain(struct scene *scene)
{
	make_wait(scene);
	scene->arg.wait.events = MAILBOX_EVENT_GONE;
	scene->arg.wait.flags = MAILBOX_WAIT_NONBLOCK;
}

static void make_watch(struct scene *scene)
{
	unbound(scene, O_RDWR, MAILBOX_IOC_PORT_WATCH);
	strcpy(scene->arg.watch.name, scene->name[0]);
	scene->arg.watch.events = MAILBOX_EVENT_NAMED;
}

static void check_watch(struct scene *scene)
{
	CHECK_EQ(0, polled(scene->fd[0]));
	scene->fd[1] = NAMED_PORT(O_RDWR, scene->name[0]);
	CHECK_EQ(IN, polled(scene->fd[0]));
}

static void make_poll(struct scene *scene)
{
	bound(scene, 0);
}

static long long run_poll(struct scene *scene)
{
	struct pollfd poll_fd = { .fd = scene->fd[0], .events = IN | OUT };
	long long result = RESULT(poll(&poll_fd, 1, 0));

	return result < 0 ? result : poll_fd.revents;
}

static void make_epoll(struct scene *scene)
{
	bound(scene, 0);
	scene->other = epoll_create1(EPOLL_CLOEXEC);
	CHECK_OK(scene->other);
}

static long long run_epoll(struct scene *scene)
{
	struct epoll_event event = { .events = EPOLLIN };

	return RESULT(epoll_ctl(scene->other, EPOLL_CTL_ADD, scene->fd[0], &event));
}

static void check_epoll(struct scene *scene)
{
	CHECK_EQ(EPOLLIN, epolled(scene->other, -1));
	check_messages(scene);
	CHECK_EQ(0, epolled(scene->other, 0));
}

static void make_fasync(struct scene *scene)
{
	if (scene->op->flags) {
		struct ends ends = PAIR(O_RDWR);

		scene->fd[0] = ends.first;
		scene->fd[1] = ends.second;
	} else {
		scene->fd[0] = PORT(O_RDWR);
	}
	CHECK_OK(fcntl(scene->fd[0], F_SETOWN, getpid()));
}

static long long run_fasync(struct scene *scene)
{
	return RESULT(fcntl(scene->fd[0], F_SETFL, O_RDWR | O_ASYNC));
}

static void check_fasync_failed(struct scene *scene)
{
	sigset_t set = block_io();

	CHECK_EQ(0, fcntl(scene->fd[0], F_GETFL) & O_ASYNC);
	/* What was noted of the file before it failed would be told. */
	if (scene->fd[1] < 0)
		check_works(scene->fd[0]);
	else
		CHECK_EQ(0, put(scene->fd[1], 1));
	CHECK(!io_arrives(&set, 0));
	if (scene->fd[1] >= 0)
		CHECK_EQ(1, take(scene->fd[0]));
}

static void check_fasync(struct scene *scene)
{
	sigset_t set = block_io();

	CHECK_EQ(0, put(scene->fd[scene->fd[1] < 0 ? 0 : 1], 1));
	CHECK(io_arrives(&set, 5));
	CHECK_EQ(1, take(scene->fd[0]));
	CHECK(io_arrives(&set, 5) || scene->fd[1] >= 0);
	/* Whatever else it told. */
	while (io_arrives(&set, 0))
		;
}

/* --- the tables --------------------------------------------------------------------- */

static const struct operation of_binding[] = {
	{ "open", make_nothing, run_open, .check = check_open, .flags = O_RDWR,
	  .errors = { ENOMEM } },
	{ "open_for_control", make_nothing, run_open, .flags = O_ACCMODE, .errors = { ENOMEM } },
	{ "close", make_close, run_close, .check = check_close },
	{ "close_with_leases", make_close_holding, run_close, .check = check_close_holding },
	{ "close_with_last_leases", make_close_holding, run_close, .check = check_close_holding,
	  .flags = 1 },
	{ "info", make_info, .errors = { ENOMEM } },
	{ "create", make_create, .check = check_created, .errors = { ENOMEM } },
	{ "create_named", make_create_named, .check = check_created, .errors = { ENOMEM } },
	{ "create_persistent", make_create_named, .check = check_created, .errors = { ENOMEM },
	  .flags = MAILBOX_CREATE_PERSIST },
	{ "create_slot", make_create_named, .check = check_created, .errors = { ENOMEM },
	  .flags = MAILBOX_CREATE_SLOT },
	{ "create_broadcast", make_create_named, .check = check_created, .errors = { ENOMEM },
	  .flags = MAILBOX_CREATE_BROADCAST },
	{ "create_with_dead_letter", make_create_with_dead_letter, .check = check_created,
	  .errors = { ENOMEM } },
	{ "create_or_open", make_create_open, .check = check_found, .errors = { ENOMEM },
	  .flags = MAILBOX_CREATE_OPEN },
	{ "create_existing", make_create_existing, .result = -EEXIST, .errors = { ENOMEM } },
	{ "create_awaited", make_create_awaited, .check = check_awaited, .errors = { ENOMEM } },
	{ "bind", make_bind, .check = check_bind },
	{ "bind_broadcast", make_bind, .check = check_bind, .flags = MAILBOX_CREATE_BROADCAST },
	{ "bind_fd", make_bind_fd, .check = check_bind },
	{ "bind_wait", make_bind_wait, .check = check_bind },
	{ "bind_wait_in_vain", make_bind_absent, .result = -EAGAIN, .errors = { ENOMEM } },
	{ "pair", make_pair, .check = check_pair, .flags = O_RDWR, .errors = { ENOMEM } },
	{ "pair_to_receive", make_pair, .check = check_pair, .flags = O_RDONLY,
	  .errors = { ENOMEM } },
	{ "pair_to_send", make_pair, .check = check_pair, .flags = O_WRONLY,
	  .errors = { ENOMEM } },
	{ "link", make_link, .check = check_link, .errors = { ENOMEM } },
	{ "link_inbox", make_link, .check = check_link, .flags = MAILBOX_LINK_INBOX,
	  .errors = { ENOMEM } },
};
FAULTS_TABLE(of_binding)

static const struct operation of_control[] = {
	{ "stat", make_stat, .check = check_stat, .errors = { ENOMEM }, .fills_array = true },
	{ "list", make_list, .check = check_list, .errors = { ENOMEM }, .fills_array = true },
	{ "set", make_set, .check = check_set },
	{ "set_dead_letter", make_set, .check = check_set, .flags = MAILBOX_SET_DELIVERIES,
	  .errors = { ENOMEM } },
	{ "unlink", make_unlink, .check = check_unlink },
	{ "destroy", make_destroy, .check = check_destroy },
	{ "allow", make_allow, .check = check_allow, .errors = { ENOMEM } },
	{ "revoke", make_revoke, .check = check_revoke, .errors = { ENOMEM } },
	{ "allowed", make_allowed, .check = check_allowed, .errors = { ENOMEM },
	  .fills_array = true },
	{ "wait", make_wait, .check = check_wait },
	{ "wait_bound", make_wait_bound, .check = check_wait },
	{ "wait_in_vain", make_wait_in_vain, .result = -EAGAIN },
	{ "watch", make_watch, .check = check_watch, .errors = { ENOMEM } },
	{ "poll", make_poll, run_poll, .check = check_messages, .result = IN | OUT },
	{ "epoll_ctl", make_epoll, run_epoll, .check = check_epoll, .errors = { ENOMEM } },
	{ "fasync", make_fasync, run_fasync, .check = check_fasync,
	  .failed = check_fasync_failed, .errors = { ENOMEM } },
	{ "fasync_of_a_pair", make_fasync, run_fasync, .check = check_fasync,
	  .failed = check_fasync_failed, .flags = 1, .errors = { ENOMEM } },
};
FAULTS_TABLE(of_control)

/* The device has no memory to map, and the module no code for it that could fail. */
TEST(mmap_is_refused)
{
	int fd = PORT(O_RDWR);

	CHECK_EQ(-1, (long)mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0));
	CHECK_EQ(ENODEV, errno);
	check_works(fd);
}

/* --- workers ------------------------------------------------------------------------ */

/* Nobody could be told: the end of a lease, a dead letter, the exit of a process. */
TEST(workers_need_no_memory)
{
	struct mailbox_ioc_port_create create = { .max_deliveries = 1 };
	struct mailbox_ioc_port_link link = {};
	struct call dead, linked;
	int fd, to, linked_fd;
	char *name = unique_name();
	const char *reason = injection_skip();
	pid_t pid;

	if (reason)
		SKIP("%s", reason);
	pid = spawn(sleep_on, NULL);
	strcpy(create.dead_letter, name);
	fd = port_new(O_RDWR, NULL, create);
	to = NAMED_PORT(O_RDWR, name, RENDEZVOUS);
	linked_fd = node_open(O_RDWR);
	link.pid = pid;
	CHECK_EQ(0, command(linked_fd, MAILBOX_IOC_PORT_LINK, &link));
	CALL_RECEIVE(&dead, to);
	wait_for_waiters(to, 0, 1);
	CALL_RECEIVE(&linked, linked_fd);
	wait_for_waiters(linked_fd, 0, 1);

	CHECK_EQ(0, put(fd, 7));
	CHECK_EQ(0, RECEIVE(fd, .flags = MAILBOX_RECEIVE_LEASE | MAILBOX_RECEIVE_TRUNC,
			    .lease_ns = 300 * NSEC_PER_MSEC));
	faults_apply(STARVED);
	CHECK_EQ(0, attribute_set("failslab", "task-filter", "N"));
	if (attribute_exists("fail_page_alloc"))
		CHECK_EQ(0, attribute_set("fail_page_alloc", "task-filter", "N"));
	CHECK_EQ(-1, open(NODE, O_RDWR));
	kill(pid, SIGKILL);
	CHECK_EQ(7, call_value(&dead));
	CHECK_EQ(-EPIPE, call_join(&linked));
	faults_apply(MEMORY);
	reap_status(pid);
}
