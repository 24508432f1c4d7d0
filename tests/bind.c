// SPDX-License-Identifier: GPL-2.0-only
/*
 * A port's life: create, bind, names, unlink, destroy, persistence, hang-up.
 */
#include "port.h"

static long long create_with(int fd, const char *name, struct mailbox_ioc_port_create create)
{
	if (name)
		strcpy(create.name, name);
	return command(fd, MAILBOX_IOC_PORT_CREATE, &create);
}

#define CREATE(fd, name, ...) \
	create_with(fd, name, (struct mailbox_ioc_port_create){ __VA_ARGS__ })

TEST(unbound_handle_is_not_connected)
{
	struct mailbox_ioc_port_stat stat = {};
	int fd = node_open(O_RDWR);
	char byte = 0;

	CHECK_EQ(-ENOTCONN, SEND(fd));
	CHECK_EQ(-ENOTCONN, RECEIVE(fd));
	CHECK_EQ(-ENOTCONN, SET(fd));
	CHECK_EQ(-ENOTCONN, command(fd, MAILBOX_IOC_PORT_STAT, &stat));
	CHECK_EQ(-ENOTCONN, port_unlink(fd, NULL));
	CHECK_EQ(-ENOTCONN, port_destroy(fd, NULL));
	CHECK_ERRNO(ENOTCONN, read(fd, &byte, 1));
	CHECK_ERRNO(ENOTCONN, write(fd, &byte, 1));
}

TEST(handle_binds_once)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name);

	CHECK_EQ(-EISCONN, CREATE(fd, NULL));
	CHECK_EQ(-EISCONN, CREATE(fd, unique_name()));
	CHECK_EQ(-EISCONN, bind_name(fd, name));
}

TEST(handle_that_failed_to_bind_can_bind)
{
	char *name = unique_name();
	int fd = node_open(O_RDWR);

	CHECK_EQ(-ENOENT, bind_name(fd, name));
	CHECK_EQ(-EINVAL, CREATE(fd, name, .buffering = 3));
	CHECK_EQ(0, CREATE(fd, name));
	CHECK_EQ(0, put(fd, 1));
}

TEST(write_only_handle_does_not_receive)
{
	int fd = PORT(O_WRONLY);
	char byte;

	CHECK_EQ(-EBADF, RECEIVE(fd, .flags = MAILBOX_RECEIVE_NONBLOCK));
	CHECK_EQ(-EBADF, RECEIVE(fd, .flags = MAILBOX_RECEIVE_NONBLOCK | MAILBOX_RECEIVE_PEEK));
	CHECK_ERRNO(EBADF, read(fd, &byte, 1));
	CHECK_EQ(0, put(fd, 1));
}

TEST(read_only_handle_does_not_send)
{
	char *name = unique_name(), byte = 0;
	int fd = NAMED_PORT(O_RDONLY, name);
	int sender = port_open(O_WRONLY, name);

	CHECK_EQ(-EBADF, SEND(fd, .flags = MAILBOX_SEND_NONBLOCK));
	CHECK_ERRNO(EBADF, write(fd, &byte, 1));
	CHECK_EQ(0, put(sender, 1));
	CHECK_EQ(1, take(fd));
}

TEST(name_exists_once)
{
	char *name = unique_name();

	NAMED_PORT(O_RDWR, name);
	CHECK_EQ(-EEXIST, CREATE(node_open(O_RDWR), name));
}

TEST(ports_without_name_are_apart)
{
	int a = PORT(O_RDWR), b = PORT(O_RDWR);

	CHECK_EQ(0, put(a, 1));
	CHECK_EQ(-EAGAIN, take(b));
	CHECK_EQ(1, take(a));
}

TEST(create_open_creates)
{
	struct mailbox_ioc_port_create create = { .flags = MAILBOX_CREATE_OPEN };

	strcpy(create.name, unique_name());
	CHECK_EQ(0, command(node_open(O_RDWR), MAILBOX_IOC_PORT_CREATE, &create));
	CHECK_EQ(1, create.created);
	CHECK(create.id);
}

TEST(create_open_binds_and_leaves_the_policy)
{
	struct mailbox_ioc_port_create create = {
		.flags = MAILBOX_CREATE_OPEN,
		.capacity = 9,
		.mode = 0666,
	};
	char *name = unique_name();
	int first = NAMED_PORT(O_RDWR, name, .capacity = 3);
	int fd = node_open(O_RDWR);

	strcpy(create.name, name);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_PORT_CREATE, &create));
	CHECK_EQ(0, create.created);
	CHECK_EQ(port_stat(first).id, create.id);
	CHECK_EQ(3, port_stat(fd).capacity);
	CHECK_EQ(0600, port_stat(fd).mode);
	CHECK_EQ(0, put(first, 5));
	CHECK_EQ(5, take(fd));
}

TEST(open_tells_the_id)
{
	struct mailbox_ioc_port_open bind = {};
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name);

	strcpy(bind.name, name);
	CHECK_EQ(0, command(node_open(O_RDWR), MAILBOX_IOC_PORT_OPEN, &bind));
	CHECK_EQ(port_stat(fd).id, bind.id);
}

TEST(ids_are_not_used_again)
{
	unsigned long long last = 0;
	int i, fd;

	for (i = 0; i < 100; i++) {
		fd = PORT(O_RDWR);
		CHECK(port_stat(fd).id > last);
		last = port_stat(fd).id;
		close(fd);
	}
}

TEST(longest_name_is_taken)
{
	char name[MAILBOX_NAME_SIZE];
	int fd;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	memcpy(name, unique_name(), strlen(unique_name()));
	fd = NAMED_PORT(O_RDWR, name);
	CHECK(!strcmp(name, port_stat(fd).name));
	port_open(O_RDWR, name);
}

TEST(name_without_end_is_refused)
{
	struct mailbox_ioc_port_create create = {};
	struct mailbox_ioc_port_remove remove = {};
	struct mailbox_ioc_port_open bind = {};
	struct mailbox_ioc_port_stat stat = {};
	struct mailbox_ioc_port_list list = { .entry_size = sizeof(stat) };
	int fd = node_open(O_RDWR);

	memset(create.name, 'n', sizeof(create.name));
	memset(remove.name, 'n', sizeof(remove.name));
	memset(bind.name, 'n', sizeof(bind.name));
	memset(stat.name, 'n', sizeof(stat.name));
	memset(list.after, 'n', sizeof(list.after));
	list.entries = user_pointer(&stat);
	list.count = 1;
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_CREATE, &create));
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_OPEN, &bind));
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_UNLINK, &remove));
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_DESTROY, &remove));
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_STAT, &stat));
	CHECK_EQ(-EINVAL, command(fd, MAILBOX_IOC_PORT_LIST, &list));
}

TEST(name_with_slash_or_control_is_refused)
{
	static const char bad[] = { '/', '\n', '\t', 1, 0x1b, 0x1f, 0x7f };
	char name[] = "test-x";
	unsigned int i;

	for (i = 0; i < sizeof(bad); i++) {
		name[5] = bad[i];
		CHECK_EQ(-EINVAL, CREATE(node_open(O_RDWR), name));
		CHECK_EQ(-EINVAL, bind_name(node_open(O_RDWR), name));
	}
}

TEST(name_may_have_any_other_ascii)
{
	char name[80], *base = unique_name();
	int c;

	for (c = ' '; c < 0x7f; c++) {
		if (c == '/')
			continue;
		snprintf(name, sizeof(name), "%s%c%c", base, c, c);
		close(NAMED_PORT(O_RDWR, name));
	}
}

TEST(name_may_have_bytes_beyond_ascii)
{
	char name[80];
	int fd;

	snprintf(name, sizeof(name), "%s-\xc3\xbc\x80\xff", unique_name());
	fd = NAMED_PORT(O_RDWR, name);
	CHECK(!strcmp(port_stat(fd).name, name));
	close(port_open(O_RDWR, name));
}

TEST(port_without_name_cannot_persist)
{
	int fd = node_open(O_RDWR);

	CHECK_EQ(-EINVAL, CREATE(fd, NULL, .flags = MAILBOX_CREATE_PERSIST));
	CHECK_EQ(-EINVAL, CREATE(fd, NULL, .flags = MAILBOX_CREATE_OPEN));
}

/* Access mode 3: neither receives nor sends, and counts as neither. */
#define O_CONTROL O_ACCMODE

TEST(control_handle_looks_and_controls)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name), control = port_open(O_CONTROL, name);

	CHECK_EQ(1, port_stat(control).senders);
	CHECK_EQ(1, port_stat(control).receivers);
	CHECK_EQ(0, SET(control, .flags = MAILBOX_SET_CAPACITY, .capacity = 3));
	CHECK_EQ(3, port_stat(fd).capacity);
	CHECK_EQ(0, port_unlink(control, NULL));
}

TEST(control_handle_moves_no_messages)
{
	int fd = PORT(O_CONTROL);
	char byte = 0;

	CHECK_EQ(-EBADF, put(fd, 1));
	CHECK_EQ(-EBADF, take(fd));
	CHECK_ERRNO(EBADF, read(fd, &byte, 1));
	CHECK_ERRNO(EBADF, write(fd, &byte, 1));
}

TEST(control_handle_keeps_the_port)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name, .capacity = 2), control = port_open(O_CONTROL, name);

	CHECK_EQ(0, put(fd, 1));
	close(fd);
	fd = port_open(O_RDWR, name);
	CHECK_EQ(1, take(fd));
	close(fd);
	close(control);
	CHECK_EQ(-ENOENT, bind_name(node_open(O_RDWR), name));
}

TEST(control_handle_holds_off_no_hangup)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDONLY, name, .flags = MAILBOX_CREATE_HANGUP);

	port_open(O_CONTROL, name);
	CHECK_EQ(-EAGAIN, take(fd));
	close(port_open(O_WRONLY, name));
	CHECK_EQ(-EPIPE, take(fd));
}

TEST(open_needs_a_name)
{
	CHECK_EQ(-EINVAL, bind_name(node_open(O_RDWR), ""));
}

TEST(create_refuses_values_out_of_range)
{
	int fd = node_open(O_RDWR);
	struct mailbox_ioc_info limits = info(fd);

	CHECK_EQ(-EINVAL, CREATE(fd, NULL, .mode = 0100));
	CHECK_EQ(-EINVAL, CREATE(fd, NULL, .mode = 0601));
	CHECK_EQ(-EINVAL, CREATE(fd, NULL, .mode = 01600));
	CHECK_EQ(-EINVAL, CREATE(fd, NULL, .mode = 0100600));
	CHECK_EQ(-EINVAL, CREATE(fd, NULL, .uid = 1));
	CHECK_EQ(-EINVAL, CREATE(fd, NULL, .gid = 1));
	CHECK_EQ(-EINVAL, CREATE(fd, NULL, .flags = MAILBOX_CREATE_UID, .uid = -1));
	CHECK_EQ(-EINVAL, CREATE(fd, NULL, .flags = MAILBOX_CREATE_GID, .gid = -1));
	CHECK_EQ(-EINVAL, CREATE(fd, NULL, .buffering = 3));
	CHECK_EQ(-EINVAL, CREATE(fd, NULL, .buffering = -1));
	CHECK_EQ(-EINVAL, CREATE(fd, NULL, .capacity = limits.capacity_max + 1));
	CHECK_EQ(-EINVAL, CREATE(fd, NULL, RENDEZVOUS, .capacity = 1));
	CHECK_EQ(-EINVAL, CREATE(fd, NULL, UNBOUNDED, .capacity = 1));
	CHECK_EQ(-EINVAL, CREATE(fd, NULL, RENDEZVOUS, .capacity_bytes = 1));
	CHECK_EQ(-EINVAL, CREATE(fd, NULL,
				 .message_bytes_max = limits.message_bytes_max + 1));
	CHECK_EQ(-EINVAL, CREATE(fd, NULL, .message_bytes_max = -1));
	CHECK_EQ(0, CREATE(fd, NULL, .capacity = limits.capacity_max,
			   .message_bytes_max = limits.message_bytes_max));
}

TEST(port_goes_with_its_last_handle)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name), other = port_open(O_RDWR, name);

	close(fd);
	close(port_open(O_RDWR, name));
	close(other);
	CHECK_EQ(-ENOENT, bind_name(node_open(O_RDWR), name));
}

TEST(port_without_handles_gives_its_bytes_back)
{
	int fd = PORT(O_RDWR, .capacity = 4), other = node_open(O_RDONLY);
	unsigned long long before = info(other).user_bytes;

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, put(fd, 2));
	CHECK(info(other).user_bytes > before);
	close(fd);
	CHECK_EQ(before, info(other).user_bytes);
}

TEST(persistent_port_keeps_its_messages)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name, .flags = MAILBOX_CREATE_PERSIST, .capacity = 4);

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, put(fd, 2));
	close(fd);
	fd = port_open(O_RDWR, name);
	CHECK_EQ(1, take(fd));
	CHECK_EQ(2, take(fd));
	CHECK_EQ(MAILBOX_CREATE_PERSIST, port_stat(fd).port_flags);
	CHECK_EQ(0, port_unlink(fd, name));
}

TEST(persistent_port_goes_when_unlinked)
{
	char *name = unique_name();
	int fd = node_open(O_RDWR);
	unsigned long long before = info(fd).ports;

	close(NAMED_PORT(O_RDWR, name, .flags = MAILBOX_CREATE_PERSIST));
	CHECK_EQ(before + 1, info(fd).ports);
	CHECK_EQ(0, port_unlink(fd, name));
	CHECK_EQ(before, info(fd).ports);
}

TEST(persistent_port_goes_when_destroyed)
{
	char *name = unique_name();
	int fd = node_open(O_RDWR);
	unsigned long long before = info(fd).ports;

	close(NAMED_PORT(O_RDWR, name, .flags = MAILBOX_CREATE_PERSIST));
	CHECK_EQ(0, port_destroy(fd, name));
	CHECK_EQ(before, info(fd).ports);
}

TEST(unlinked_port_goes_on)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name), other = port_open(O_RDWR, name);

	CHECK_EQ(0, port_unlink(fd, NULL));
	CHECK_EQ(-ENOENT, bind_name(node_open(O_RDWR), name));
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(1, take(other));
	CHECK_EQ(0, port_stat(fd).name[0]);
}

TEST(unlinked_name_is_free_at_once)
{
	char *name = unique_name();
	int old = NAMED_PORT(O_RDWR, name), new;

	CHECK_EQ(0, port_unlink(old, name));
	new = NAMED_PORT(O_RDWR, name);
	CHECK_EQ(0, put(old, 1));
	CHECK_EQ(-EAGAIN, take(new));
	close(old);
	close(port_open(O_RDWR, name));
}

TEST(unlink_of_what_has_no_name)
{
	int fd = PORT(O_RDWR);

	CHECK_EQ(-ENOENT, port_unlink(fd, NULL));
	CHECK_EQ(-ENOENT, port_unlink(fd, unique_name()));
	CHECK_EQ(-ENOENT, port_destroy(fd, unique_name()));
}

TEST(destroyed_port_answers_eidrm)
{
	struct mailbox_ioc_port_stat stat = {};
	char *name = unique_name(), byte = 0;
	int fd = NAMED_PORT(O_RDWR, name, .capacity = 4), other = port_open(O_RDWR, name);

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, port_destroy(other, NULL));
	CHECK_EQ(-EIDRM, put(fd, 1));
	CHECK_EQ(-EIDRM, take(fd));
	CHECK_EQ(-EIDRM, SEND(fd));
	CHECK_EQ(-EIDRM, RECEIVE(fd));
	CHECK_EQ(-EIDRM, RECEIVE(fd, .flags = MAILBOX_RECEIVE_PEEK));
	CHECK_EQ(-EIDRM, SEND(fd, .flags = MAILBOX_SEND_SYNC));
	CHECK_ERRNO(EIDRM, read(fd, &byte, 1));
	CHECK_ERRNO(EIDRM, write(fd, &byte, 1));
	CHECK_EQ(-EIDRM, command(fd, MAILBOX_IOC_PORT_STAT, &stat));
	CHECK_EQ(-EIDRM, SET(fd, .flags = MAILBOX_SET_MODE, .mode = 0600));
	CHECK_EQ(-EIDRM, port_unlink(fd, NULL));
	CHECK_EQ(-EIDRM, port_destroy(fd, NULL));
	CHECK_EQ(-EISCONN, CREATE(fd, NULL));
}

TEST(destroyed_name_is_free_at_once)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDWR, name);

	CHECK_EQ(0, port_destroy(fd, name));
	CHECK_EQ(-ENOENT, bind_name(node_open(O_RDWR), name));
	NAMED_PORT(O_RDWR, name);
}

TEST(destroy_frees_what_was_queued)
{
	int fd = PORT(O_RDWR, .capacity = 4), other = node_open(O_RDONLY);
	unsigned long long before = info(other).user_bytes;

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, port_destroy(fd, NULL));
	CHECK_EQ(before, info(other).user_bytes);
}

TEST(reader_meets_no_end_before_a_sender_was_there)
{
	int fd = PORT(O_RDONLY, .flags = MAILBOX_CREATE_HANGUP);

	CHECK_EQ(-EAGAIN, take(fd));
}

TEST(writer_meets_no_end_before_a_receiver_was_there)
{
	int fd = PORT(O_WRONLY, .flags = MAILBOX_CREATE_HANGUP);

	CHECK_EQ(0, put(fd, 1));
}

TEST(reader_drains_and_meets_the_end)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDONLY, name, .flags = MAILBOX_CREATE_HANGUP, .capacity = 4);
	int sender = port_open(O_WRONLY, name), value;

	CHECK_EQ(0, put(sender, 1));
	CHECK_EQ(0, put(sender, 2));
	CHECK_EQ(0, close(sender));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(4, RESULT(read(fd, &value, sizeof(value))));
	CHECK_EQ(2, value);
	CHECK_EQ(0, RESULT(read(fd, &value, sizeof(value))));
	CHECK_EQ(-EPIPE, take(fd));
	CHECK_EQ(-EPIPE, RECEIVE(fd));
	CHECK_EQ(-EPIPE, RECEIVE(fd, .flags = MAILBOX_RECEIVE_PEEK));
}

/* Messages are there, but none that this receiver wants will ever come. */
TEST(selecting_reader_meets_the_end_too)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDONLY, name, .flags = MAILBOX_CREATE_HANGUP, .capacity = 4);
	int sender = port_open(O_WRONLY, name);

	CHECK_EQ(0, put_as(sender, 1, 1, 0));
	close(sender);
	CHECK_EQ(-EPIPE, take_as(fd, MAILBOX_SELECT_TYPE, 2, 0));
	CHECK_EQ(1, take(fd));
}

TEST(one_sender_of_two_hangs_nothing_up)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDONLY, name, .flags = MAILBOX_CREATE_HANGUP);
	int one = port_open(O_WRONLY, name), two = port_open(O_RDWR, name);

	close(one);
	CHECK_EQ(-EAGAIN, take(fd));
	close(two);
	CHECK_EQ(-EPIPE, take(fd));
}

TEST(new_sender_lifts_the_end)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_RDONLY, name, .flags = MAILBOX_CREATE_HANGUP), sender;

	close(port_open(O_WRONLY, name));
	CHECK_EQ(-EPIPE, take(fd));
	sender = port_open(O_WRONLY, name);
	CHECK_EQ(-EAGAIN, take(fd));
	CHECK_EQ(0, put(sender, 3));
	CHECK_EQ(3, take(fd));
}

TEST(send_without_receivers_breaks)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_WRONLY, name, .flags = MAILBOX_CREATE_HANGUP, .capacity = 4);

	close(port_open(O_RDONLY, name));
	CHECK_EQ(-EPIPE, put(fd, 1));
	CHECK_EQ(-EPIPE, SEND(fd));
	CHECK_EQ(-EPIPE, SEND(fd, .flags = MAILBOX_SEND_SYNC));
	CHECK_EQ(0, messages(fd));
}

static volatile sig_atomic_t pipe_signals;

static void count_pipe(int number)
{
	(void)number;
	pipe_signals++;
}

TEST(write_without_receivers_raises_sigpipe)
{
	char *name = unique_name(), byte = 0;
	int fd = NAMED_PORT(O_WRONLY, name, .flags = MAILBOX_CREATE_HANGUP);

	signal(SIGPIPE, count_pipe);
	close(port_open(O_RDONLY, name));
	CHECK_EQ(-EPIPE, put(fd, 1));
	CHECK_EQ(0, pipe_signals);
	CHECK_ERRNO(EPIPE, write(fd, &byte, 1));
	CHECK_EQ(1, pipe_signals);
}

TEST(new_receiver_lifts_the_break)
{
	char *name = unique_name();
	int fd = NAMED_PORT(O_WRONLY, name, .flags = MAILBOX_CREATE_HANGUP), receiver;

	close(port_open(O_RDONLY, name));
	CHECK_EQ(-EPIPE, put(fd, 1));
	receiver = port_open(O_RDONLY, name);
	CHECK_EQ(0, put(fd, 2));
	CHECK_EQ(2, take(receiver));
}

TEST(without_hangup_nothing_hangs_up)
{
	char *name = unique_name();
	int receiver = NAMED_PORT(O_RDONLY, name, .capacity = 4), sender;

	close(port_open(O_WRONLY, name));
	CHECK_EQ(-EAGAIN, take(receiver));
	sender = port_open(O_WRONLY, name);
	close(receiver);
	CHECK_EQ(0, put(sender, 1));
}
