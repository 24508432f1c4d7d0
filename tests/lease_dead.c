// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages whose last lease came to nothing: the dead-letter port, and what is
 * counted if there is none.
 */
#include "lease.h"

/* A port that gives up after so many leases, and the one that gets the rest. */
struct letters {
	char name[MAILBOX_NAME_SIZE], dead_name[MAILBOX_NAME_SIZE];
	int fd, dead;
};

static struct letters letters_new(unsigned int most, struct mailbox_ioc_port_create dead)
{
	struct mailbox_ioc_port_create create = { .max_deliveries = most };
	struct letters letters;

	strcpy(letters.name, unique_name());
	strcpy(letters.dead_name, unique_name());
	strcpy(create.dead_letter, letters.dead_name);
	letters.fd = port_new(O_RDWR, letters.name, create);
	letters.dead = port_new(O_RDWR, letters.dead_name, dead);
	return letters;
}

#define LETTERS(most, ...) \
	letters_new(most, (struct mailbox_ioc_port_create){ __VA_ARGS__ })

static unsigned long long dead_lettered(int fd)
{
	return port_stat(fd).dead_lettered;
}

/* Nothing is left of the only message that there was, but that it was counted. */
#define CHECK_GIVEN_UP(fd, before)					\
	do {								\
		CHECK_EQ(1, dead_lettered(fd));				\
		CHECK_EQ(0, port_stat(fd).dropped);			\
		CHECK_EQ(0, leases(fd));				\
		CHECK_EQ(0, messages(fd));				\
		CHECK_EQ((before)->user_bytes, account().user_bytes);	\
	} while (0)

static void nack_first(int fd)
{
	CHECK_EQ(0, nack(fd, GET(fd, .flags = LEASED).receive.token));
}

/* --- how many times ----------------------------------------------------------- */

TEST(last_lease_is_the_last)
{
	struct letters letters = LETTERS(3);
	int i;

	CHECK_EQ(0, put(letters.fd, 1));
	for (i = 1; i <= 3; i++) {
		CHECK_EQ(1, messages(letters.fd));
		CHECK_EQ(i, GET(letters.fd, .flags = LEASED).receive.deliveries);
		CHECK_EQ(0, nack(letters.fd, 0));
	}
	CHECK_EQ(-EAGAIN, take(letters.fd));
	CHECK_EQ(1, dead_lettered(letters.fd));
	CHECK_EQ(0, port_stat(letters.fd).dropped);
	CHECK_ORDER(letters.dead, 1);
}

TEST(only_one_try)
{
	struct letters letters = LETTERS(1);

	put_all(letters.fd, 3);
	LEASE(letters.fd, 1);
	LEASE(letters.fd, 2);
	CHECK_EQ(0, nack(letters.fd, 0));
	CHECK_EQ(0, ack(letters.fd, 0));
	CHECK_ORDER(letters.fd, 3);
	CHECK_ORDER(letters.dead, 1);
}

TEST(any_number_of_times)
{
	int fd = PORT(O_RDWR), i;

	CHECK_EQ(0, put(fd, 1));
	for (i = 0; i < 70000; i++)
		nack_first(fd);
	CHECK_EQ(70000, GET(fd).receive.deliveries);
	CHECK_EQ(0, dead_lettered(fd));
}

TEST(most_deliveries)
{
	struct letters letters = LETTERS(MAILBOX_DELIVERIES_MAX);
	int i;

	CHECK_EQ(0, put(letters.fd, 1));
	for (i = 1; i < MAILBOX_DELIVERIES_MAX; i++)
		nack_first(letters.fd);
	CHECK_EQ(0, dead_lettered(letters.fd));
	CHECK_EQ(1, messages(letters.fd));
	nack_first(letters.fd);
	CHECK_EQ(1, dead_lettered(letters.fd));
	CHECK_ORDER(letters.dead, 1);
}

TEST(ack_of_the_last_lease)
{
	struct letters letters = LETTERS(1);

	CHECK_EQ(0, put(letters.fd, 1));
	CHECK_EQ(0, ack(letters.fd, LEASE(letters.fd, 1)));
	CHECK_EQ(0, dead_lettered(letters.fd));
	CHECK_EQ(-EAGAIN, take(letters.dead));
}

TEST(plain_receive_and_peek_are_no_lease)
{
	struct letters letters = LETTERS(2);
	int i;

	CHECK_EQ(0, put(letters.fd, 1));
	nack_first(letters.fd);
	for (i = 0; i < 5; i++)
		CHECK_EQ(1, take_as(letters.fd, 0, 0, MAILBOX_RECEIVE_PEEK));
	CHECK_EQ(1, messages(letters.fd));
	CHECK_EQ(1, take(letters.fd));
	CHECK_EQ(0, dead_lettered(letters.fd));
}

TEST(failed_lease_does_not_count)
{
	struct letters letters = LETTERS(1);
	int i;

	CHECK_EQ(0, put(letters.fd, 1));
	for (i = 0; i < 3; i++) {
		CHECK_EQ(-EFAULT, RECEIVE(letters.fd, .flags = LEASED, .data = 8, .size = 4));
		CHECK_EQ(-EMSGSIZE, RECEIVE(letters.fd, .flags = LEASED));
	}
	CHECK_EQ(0, dead_lettered(letters.fd));
	CHECK_ORDER(letters.fd, 1);
}

/* --- policy ------------------------------------------------------------------- */

TEST(stat_tells_the_policy)
{
	struct letters letters = LETTERS(7);

	CHECK_EQ(7, port_stat(letters.fd).max_deliveries);
	CHECK(!strcmp(letters.dead_name, port_stat(letters.fd).dead_letter));
	CHECK_EQ(0, port_stat(letters.dead).max_deliveries);
	CHECK(!port_stat(letters.dead).dead_letter[0]);
}

TEST(policies_that_are_none)
{
	struct mailbox_ioc_port_create port = { .dead_letter = "x" };
	int fd = node_open(O_RDWR), bound = PORT(O_RDWR);

	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_CREATE, &port));
	port.max_deliveries = MAILBOX_DELIVERIES_MAX + 1;
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_CREATE, &port));
	port.max_deliveries = 1;
	strcpy(port.dead_letter, "a/b");
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_CREATE, &port));
	memset(port.dead_letter, 'x', sizeof(port.dead_letter));
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_CREATE, &port));
	CHECK_EQ(-EINVAL, SET(bound, .flags = MAILBOX_SET_DELIVERIES, .dead_letter = "x"));
	CHECK_EQ(-EINVAL, SET(bound, .flags = MAILBOX_SET_DELIVERIES,
			      .max_deliveries = MAILBOX_DELIVERIES_MAX + 1));
	CHECK_EQ(-EINVAL, SET(bound, .flags = MAILBOX_SET_DELIVERIES, .max_deliveries = 1,
			      .dead_letter = "a/b"));
	CHECK_EQ(-EINVAL, SET(bound, .max_deliveries = 1));
	CHECK_EQ(0, port_stat(bound).max_deliveries);
}

TEST(policy_is_that_of_the_moment)
{
	struct letters letters = LETTERS(9);
	struct mailbox_ioc_port_set set = {
		.flags = MAILBOX_SET_DELIVERIES, .max_deliveries = 2,
	};

	CHECK_EQ(0, put(letters.fd, 1));
	nack_first(letters.fd);
	nack_first(letters.fd);
	LEASE(letters.fd, 1);
	strcpy(set.dead_letter, letters.dead_name);
	CHECK_EQ(0, set_args(letters.fd, set));
	CHECK_EQ(0, nack(letters.fd, 0));
	CHECK_ORDER(letters.dead, 1);
	CHECK_EQ(0, SET(letters.fd, .flags = MAILBOX_SET_DELIVERIES));
	CHECK_EQ(0, port_stat(letters.fd).max_deliveries);
	CHECK(!port_stat(letters.fd).dead_letter[0]);
	CHECK_EQ(0, put(letters.fd, 2));
	nack_first(letters.fd);
	nack_first(letters.fd);
	CHECK_ORDER(letters.fd, 2);
}

/* --- what arrives there ------------------------------------------------------- */

static void send_as_stranger(void *arg)
{
	int fd = *(int *)arg;

	if (!geteuid())
		become(USER_A);
	CHECK_EQ(0, put_as(fd, 1, 7, 3));
}

TEST(letter_keeps_its_stamp)
{
	struct letters letters = LETTERS(1);
	struct got before, after;
	pid_t pid;

	CHECK_EQ(0, put(letters.dead, 100));
	CHECK_EQ(100, take(letters.dead));
	pid = spawn(send_as_stranger, &letters.fd);
	REAP(pid);
	before = GET(letters.fd, .flags = LEASED);
	CHECK_EQ(0, nack(letters.fd, before.receive.token));
	after = GET(letters.dead);
	CHECK_EQ(1, after.value);
	CHECK_EQ(4, after.receive.len);
	CHECK_EQ(7, after.receive.type);
	CHECK_EQ(3, after.receive.priority);
	CHECK_EQ(pid, after.receive.pid);
	CHECK_EQ(pid, after.receive.tid);
	CHECK_EQ(geteuid() ? getuid() : USER_A, after.receive.uid);
	CHECK_EQ(geteuid() ? getgid() : USER_A, after.receive.gid);
	CHECK_EQ(before.receive.time_ns, after.receive.time_ns);
	CHECK_EQ(MAILBOX_MESSAGE_PLAIN, after.receive.kind);
	/* Numbers are those of the port. */
	CHECK_EQ(2, after.receive.seq);
}

TEST(its_leases_are_counted_anew)
{
	struct letters letters = LETTERS(2, .max_deliveries = 2);

	CHECK_EQ(0, put(letters.fd, 1));
	nack_first(letters.fd);
	nack_first(letters.fd);
	CHECK_EQ(0, GET(letters.dead, .flags = MAILBOX_RECEIVE_PEEK).receive.deliveries);
	CHECK_EQ(1, GET(letters.dead, .flags = LEASED).receive.deliveries);
	CHECK_EQ(0, nack(letters.dead, 0));
	CHECK_EQ(1, messages(letters.dead));
	nack_first(letters.dead);
	CHECK_EQ(0, messages(letters.dead));
	CHECK_EQ(1, dead_lettered(letters.dead));
}

TEST(letters_come_in_the_order_of_giving_up)
{
	struct letters letters = LETTERS(1);
	__u64 tokens[3];
	int i;

	CHECK_EQ(0, put(letters.dead, 100));
	put_all(letters.fd, 3);
	for (i = 0; i < 3; i++)
		tokens[i] = LEASE(letters.fd, i + 1);
	CHECK_EQ(0, nack(letters.fd, tokens[2]));
	CHECK_EQ(0, nack(letters.fd, tokens[0]));
	CHECK_EQ(0, nack(letters.fd, tokens[1]));
	CHECK_ORDER(letters.dead, 100, 3, 1, 2);
}

TEST(letter_is_ordered_by_its_priority)
{
	struct letters letters = LETTERS(1);

	CHECK_EQ(0, put_as(letters.dead, 10, 0, 1));
	CHECK_EQ(0, put_as(letters.dead, 11, 0, 3));
	CHECK_EQ(0, put_as(letters.fd, 1, 0, 2));
	CHECK_EQ(0, put_as(letters.fd, 2, 0, 1));
	nack_first(letters.fd);
	nack_first(letters.fd);
	CHECK_EQ(0, put_as(letters.dead, 12, 0, 1));
	CHECK_ORDER(letters.dead, 11, 1, 10, 2, 12);
}

TEST(letter_wakes_a_receiver)
{
	struct letters letters = LETTERS(1);
	struct call call;

	CHECK_EQ(0, put(letters.fd, 1));
	CALL_RECEIVE(&call, letters.dead);
	wait_for_waiters(letters.dead, 0, 1);
	nack_first(letters.fd);
	CHECK_EQ(1, call_value(&call));
}

static void letter_wakes(enum poller_kind kind)
{
	struct letters letters = LETTERS(1);
	struct poller poller;

	CHECK_EQ(0, put(letters.fd, 1));
	poller_start(&poller, letters.dead, kind, POLLIN);
	nack_first(letters.fd);
	CHECK_EQ(POLLIN, poller_end(&poller));
	CHECK_ORDER(letters.dead, 1);
}

TEST(letter_wakes_poll)
{
	letter_wakes(BY_POLL);
}

TEST(letter_wakes_epoll_edge)
{
	letter_wakes(BY_EPOLL_EDGE);
}

TEST(sender_pays_for_the_letter)
{
	struct account before = account();
	struct letters letters = LETTERS(1);
	unsigned long long queued;

	CHECK_EQ(0, put(letters.fd, 1));
	queued = account().user_bytes;
	nack_first(letters.fd);
	CHECK_EQ(queued, account().user_bytes);
	CHECK_EQ(1, take(letters.dead));
	CHECK_EQ(before.user_bytes, account().user_bytes);
}

/* --- by every way in which a lease ends --------------------------------------- */

TEST(close_gives_up)
{
	struct letters letters = LETTERS(1);
	int holder = open_fd(O_RDONLY, letters.fd);

	put_all(letters.fd, 3);
	LEASE(holder, 1);
	LEASE(holder, 2);
	close(holder);
	CHECK_EQ(2, dead_lettered(letters.fd));
	CHECK_EQ(2, messages(letters.dead));
	CHECK_ORDER(letters.fd, 3);
}

static void lease_and_die(void *arg)
{
	struct letters *letters = arg;
	int fd;

	close(letters->dead);
	close(letters->fd);
	fd = port_open(O_RDONLY, letters->name);
	LEASE(fd, 1);
	kill(getpid(), SIGKILL);
}

TEST(kill_gives_up)
{
	struct letters letters = LETTERS(1);
	struct call call;

	CHECK_EQ(0, put(letters.fd, 1));
	CALL_RECEIVE(&call, letters.dead);
	wait_for_waiters(letters.dead, 0, 1);
	CHECK(WIFSIGNALED(reap_status(spawn(lease_and_die, &letters))));
	CHECK_EQ(1, call_value(&call));
	CHECK_EQ(1, dead_lettered(letters.fd));
}

TEST(time_gives_up)
{
	struct letters letters = LETTERS(2);

	CHECK_EQ(0, put(letters.fd, 1));
	LEASE_FOR(letters.fd, 1, NSEC_PER_MSEC);
	WAIT_FOR(!leases(letters.fd));
	CHECK_EQ(1, messages(letters.fd));
	LEASE_FOR(letters.fd, 1, NSEC_PER_MSEC);
	WAIT_FOR(messages(letters.dead));
	CHECK_EQ(1, dead_lettered(letters.fd));
	CHECK_ORDER(letters.dead, 1);
}

/* The port is gone, but its letter arrives. */
TEST(last_close_gives_up)
{
	struct letters letters = LETTERS(1);

	CHECK_EQ(0, put(letters.fd, 1));
	LEASE(letters.fd, 1);
	close(letters.fd);
	CHECK_EQ(-ENOENT, bind_name(node_open(O_RDWR), letters.name));
	CHECK_ORDER(letters.dead, 1);
}

/* What was queued is freed, and so is what was leased. */
TEST(destroy_is_no_giving_up)
{
	struct account before = account();
	struct letters letters = LETTERS(1);

	CHECK_EQ(0, put(letters.fd, 1));
	LEASE(letters.fd, 1);
	CHECK_EQ(0, port_destroy(letters.fd, NULL));
	CHECK_EQ(-EIDRM, nack(letters.fd, 0));
	close(letters.fd);
	CHECK_EQ(-EAGAIN, take(letters.dead));
	CHECK_EQ(before.user_bytes, account().user_bytes);
}

/* --- where there is no such port ---------------------------------------------- */

TEST(no_name_is_given)
{
	struct account before = account();
	int fd = PORT(O_RDWR, .max_deliveries = 1);

	CHECK_EQ(0, put(fd, 1));
	nack_first(fd);
	CHECK_GIVEN_UP(fd, &before);
}

TEST(name_that_nobody_has)
{
	struct account before = account();
	struct letters letters = LETTERS(1);

	close(letters.dead);
	CHECK_EQ(0, put(letters.fd, 1));
	nack_first(letters.fd);
	CHECK_GIVEN_UP(letters.fd, &before);
}

TEST(port_that_was_destroyed)
{
	struct account before = account();
	struct letters letters = LETTERS(1);

	CHECK_EQ(0, port_destroy(letters.dead, NULL));
	CHECK_EQ(0, put(letters.fd, 1));
	nack_first(letters.fd);
	CHECK_GIVEN_UP(letters.fd, &before);
	CHECK_EQ(-EIDRM, take(letters.dead));
}

TEST(name_is_looked_up_at_the_end)
{
	struct letters letters = LETTERS(1);
	int later;

	put_all(letters.fd, 2);
	LEASE(letters.fd, 1);
	CHECK_EQ(0, port_unlink(letters.dead, NULL));
	later = NAMED_PORT(O_RDWR, letters.dead_name);
	CHECK_EQ(0, nack(letters.fd, 0));
	CHECK_EQ(-EAGAIN, take(letters.dead));
	CHECK_ORDER(later, 1);
}

TEST(broadcast_takes_none)
{
	struct account before = account();
	struct letters letters = LETTERS(1, .flags = MAILBOX_CREATE_BROADCAST);

	CHECK_EQ(0, put(letters.fd, 1));
	nack_first(letters.fd);
	CHECK_GIVEN_UP(letters.fd, &before);
	CHECK_EQ(-EAGAIN, take(letters.dead));
}

TEST(full_port_takes_it)
{
	static const __u32 policies[] = {
		MAILBOX_FULL_BLOCK, MAILBOX_FULL_DROP_OLDEST, MAILBOX_FULL_DROP_NEWEST,
		MAILBOX_FULL_OVERWRITE,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		struct letters letters = LETTERS(1, .capacity = 1, .on_full = policies[i]);

		CHECK_EQ(0, put(letters.dead, 100));
		CHECK_EQ(0, put(letters.fd, 1));
		nack_first(letters.fd);
		CHECK_EQ(2, messages(letters.dead));
		CHECK_EQ(0, port_stat(letters.dead).dropped);
		CHECK_ORDER(letters.dead, 100, 1);
	}
}

TEST(port_full_of_bytes_takes_it)
{
	struct letters letters = LETTERS(1, .capacity_bytes = 4);

	CHECK_EQ(0, put(letters.dead, 100));
	CHECK_EQ(0, put(letters.fd, 1));
	nack_first(letters.fd);
	CHECK_ORDER(letters.dead, 100, 1);
}

TEST(port_of_shorter_messages_takes_it)
{
	struct letters letters = LETTERS(1, .message_bytes_max = 1);

	CHECK_EQ(-EMSGSIZE, put(letters.dead, 100));
	CHECK_EQ(0, put(letters.fd, 1));
	nack_first(letters.fd);
	CHECK_ORDER(letters.dead, 1);
}

TEST(rendezvous_takes_it)
{
	struct letters letters = LETTERS(1, RENDEZVOUS);

	CHECK_EQ(0, put(letters.fd, 1));
	nack_first(letters.fd);
	CHECK_EQ(1, messages(letters.dead));
	CHECK_ORDER(letters.dead, 1);
}

/* It does not overtake the room that a sleeper waits for, nor take it away. */
TEST(letter_leaves_sleeping_senders)
{
	struct letters letters = LETTERS(1, .capacity = 1);
	struct call call;

	CHECK_EQ(0, put(letters.dead, 100));
	CALL_SEND(&call, letters.dead, 101);
	wait_for_waiters(letters.dead, 1, 0);
	CHECK_EQ(0, put(letters.fd, 1));
	nack_first(letters.fd);
	CHECK(waiters_are(letters.dead, 1, 0));
	CHECK_EQ(100, take(letters.dead));
	CHECK(waiters_are(letters.dead, 1, 0));
	CHECK_EQ(1, take(letters.dead));
	CHECK_EQ(0, call_join(&call));
	CHECK_ORDER(letters.dead, 101);
}

/* --- ports in a row, and in a circle ------------------------------------------ */

TEST(letters_of_letters)
{
	struct letters letters = LETTERS(1);
	struct mailbox_ioc_port_set set = {
		.flags = MAILBOX_SET_DELIVERIES, .max_deliveries = 1,
	};
	int last;

	strcpy(set.dead_letter, unique_name());
	last = NAMED_PORT(O_RDWR, set.dead_letter);
	CHECK_EQ(0, set_args(letters.dead, set));
	CHECK_EQ(0, put(letters.fd, 1));
	nack_first(letters.fd);
	nack_first(letters.dead);
	CHECK_EQ(1, dead_lettered(letters.dead));
	CHECK_ORDER(last, 1);
}

TEST(letters_in_a_circle)
{
	struct letters letters = LETTERS(1);
	struct mailbox_ioc_port_set set = {
		.flags = MAILBOX_SET_DELIVERIES, .max_deliveries = 1,
	};
	int i;

	strcpy(set.dead_letter, letters.name);
	CHECK_EQ(0, set_args(letters.dead, set));
	CHECK_EQ(0, put(letters.fd, 1));
	for (i = 0; i < 100; i++) {
		nack_first(letters.fd);
		nack_first(letters.dead);
	}
	CHECK_EQ(100, dead_lettered(letters.fd));
	CHECK_EQ(100, dead_lettered(letters.dead));
	CHECK_ORDER(letters.fd, 1);
}

TEST(own_dead_letter_port)
{
	struct account before = account();
	struct mailbox_ioc_port_create create = { .max_deliveries = 1 };
	char *name = unique_name();
	int fd;

	strcpy(create.dead_letter, name);
	fd = port_new(O_RDWR, name, create);
	put_all(fd, 2);
	nack_first(fd);
	/* As a new message of the port. */
	CHECK_EQ(1, dead_lettered(fd));
	CHECK_EQ(2, take_as(fd, 0, 0, MAILBOX_RECEIVE_PEEK));
	LEASE(fd, 2);
	CHECK_EQ(1, GET(fd, .flags = LEASED).receive.deliveries);
	close(fd);
	CHECK_ACCOUNT(&before);
}

/* --- rights ------------------------------------------------------------------- */

/* USER_A sets the policy and holds the lease; the dead-letter port has this mode. */
static void give_up_as(void *arg)
{
	struct letters *letters = arg;

	if (letters->fd < 0) {
		struct mailbox_ioc_port_create create = { .max_deliveries = 1 };

		become(USER_A);
		strcpy(create.dead_letter, letters->dead_name);
		letters->fd = port_new(O_RDWR, letters->name, create);
	} else {
		become(USER_A);
	}
	CHECK_EQ(0, put(letters->fd, 1));
	nack_first(letters->fd);
	CHECK_EQ(1, dead_lettered(letters->fd));
}

static void set_by_user(__u32 mode, int arrives)
{
	struct letters letters = { .fd = -1 };

	NEED_ROOT();
	strcpy(letters.name, unique_name());
	strcpy(letters.dead_name, unique_name());
	letters.dead = NAMED_PORT(O_RDWR, letters.dead_name, .mode = mode);
	REAP(spawn(give_up_as, &letters));
	CHECK_EQ(arrives ? 1 : -EAGAIN, take(letters.dead));
}

TEST(who_set_it_may_not_send)
{
	set_by_user(0644, 0);
}

TEST(who_set_it_may_send)
{
	set_by_user(0602, 1);
}

/* Who ends the lease could not send there, but who set the policy can. */
TEST(rights_are_not_of_who_ends_the_lease)
{
	struct letters letters;

	NEED_ROOT();
	letters = LETTERS(1, .mode = 0600);
	REAP(spawn(give_up_as, &letters));
	CHECK_ORDER(letters.dead, 1);
}
