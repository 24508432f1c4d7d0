// SPDX-License-Identifier: GPL-2.0-only
/*
 * Structs of programs that were built before they grew; structs into which the
 * results cannot be written; structs that are used again. What holds for every
 * command alike is in abi.c.
 */
#include "abi.h"
#include "call.h"

/* --- structs as they were published first --------------------------------------- */

/* Frozen: the numbers of programs that were built then. */
#define OLD_CREATE	0xC0B8E901UL
#define OLD_OPEN	0xC090E902UL
#define OLD_STAT	0xC0F0E905UL
#define OLD_SET		0x4028E906UL
#define OLD_RECEIVE	0xC060E911UL
#define OLD_LIST_ENTRY	240

/* What lies behind the struct of an old program is neither read nor written. */
static long long old_command(int fd, unsigned long number, void *arg, size_t size)
{
	unsigned char *bytes = arg;
	long long result;
	size_t i;

	memset(bytes + _IOC_SIZE(number), 0xa5, size - _IOC_SIZE(number));
	result = command(fd, number, arg);
	for (i = _IOC_SIZE(number); i < size; i++)
		CHECK_EQ(0xa5, bytes[i]);
	return result;
}

#define OLD_COMMAND(fd, number, arg) old_command(fd, number, arg, sizeof(*(arg)))

TEST(old_create_makes_a_port_that_blocks)
{
	struct mailbox_ioc_port_create create = { .capacity = 1 };
	struct mailbox_ioc_port_stat stat;
	int fd = node_open(O_RDWR);

	CHECK_EQ(0, OLD_COMMAND(fd, OLD_CREATE, &create));
	stat = port_stat(fd);
	CHECK_EQ(MAILBOX_FULL_BLOCK, stat.on_full);
	CHECK_EQ(0, stat.max_deliveries);
	CHECK_EQ(0, stat.dead_letter[0]);
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(-EAGAIN, put(fd, 2));
}

TEST(old_create_tells_what_it_made)
{
	struct mailbox_ioc_port_create create = {};
	int fd = node_open(O_RDWR);

	CHECK_EQ(0, OLD_COMMAND(fd, OLD_CREATE, &create));
	CHECK_EQ(port_stat(fd).id, create.id);
	CHECK_EQ(1, create.created);
}

TEST(old_open_binds)
{
	struct mailbox_ioc_port_open bind = {};
	char *name = unique_name();
	int port = NAMED_PORT(O_RDWR, name), fd = node_open(O_RDWR);

	strcpy(bind.name, name);
	CHECK_EQ(0, OLD_COMMAND(fd, OLD_OPEN, &bind));
	CHECK_EQ(port_stat(port).id, bind.id);
	CHECK_EQ(bind.id, port_stat(fd).id);
}

static bool is_asleep(struct call *call)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", atomic_load(&call->tid));
	CHECK_OK(file_read(path, text, sizeof(text)));
	return strstr(text, ") S ");
}

TEST(old_open_can_wait_without_a_deadline)
{
	/* Behind it is what would be a deadline of long ago. */
	struct mailbox_ioc_port_open bind = { .flags = MAILBOX_BIND_WAIT, .deadline_ns = 1 };
	int fd = node_open(O_RDWR), port;
	struct call call = {};

	strcpy(bind.name, unique_name());
	call_start(&call, fd, OLD_OPEN, &bind, 0);
	WAIT_FOR(atomic_load(&call.done) || is_asleep(&call));
	CHECK(!atomic_load(&call.done));
	port = NAMED_PORT(O_RDWR, bind.name);
	CHECK_EQ(0, call_join(&call));
	CHECK_EQ(port_stat(port).id, port_stat(fd).id);
	CHECK_EQ(1, bind.deadline_ns);
}

TEST(old_open_takes_a_handle)
{
	struct mailbox_ioc_port_open bind = { .flags = MAILBOX_BIND_FD };
	int port = PORT(O_RDWR), fd = node_open(O_RDWR);

	bind.fd = port;
	CHECK_EQ(0, OLD_COMMAND(fd, OLD_OPEN, &bind));
	CHECK_EQ(port_stat(port).id, bind.id);
}

TEST(old_stat_is_the_first_part_of_the_new_one)
{
	struct mailbox_ioc_port_stat old = {}, new;
	int fd = NAMED_PORT(O_RDWR, unique_name(), .capacity = 3, .mode = 0640,
			    .on_full = MAILBOX_FULL_DROP_OLDEST);

	CHECK_EQ(0, put(fd, 1));
	new = port_stat(fd);
	CHECK_EQ(0, OLD_COMMAND(fd, OLD_STAT, &old));
	CHECK(!memcmp(&old, &new, _IOC_SIZE(OLD_STAT)));
}

TEST(old_list_has_the_first_part_of_each_entry)
{
	char entries[4 * OLD_LIST_ENTRY + 1];
	struct mailbox_ioc_port_list list = { .count = 4, .entry_size = OLD_LIST_ENTRY };
	struct mailbox_ioc_port_stat first, second;
	char name[2][MAILBOX_NAME_SIZE];

	/* They follow each other, and nothing else has such names. */
	snprintf(name[0], sizeof(name[0]), "%s", unique_name());
	snprintf(name[1], sizeof(name[1]), "%.100s-next", name[0]);
	first = port_stat(NAMED_PORT(O_RDWR, name[0], .capacity = 3));
	second = port_stat(NAMED_PORT(O_RDWR, name[1], .capacity = 4));
	memcpy(list.after, name[0], strlen(name[0]) - 1);
	list.entries = user_pointer(entries);
	memset(entries, 0xa5, sizeof(entries));
	CHECK_EQ(0, command(node_open(O_RDWR), MAILBOX_IOC_PORT_LIST, &list));
	CHECK_RANGE(2, 4, list.count);
	CHECK(!memcmp(entries, &first, OLD_LIST_ENTRY));
	CHECK(!memcmp(entries + OLD_LIST_ENTRY, &second, OLD_LIST_ENTRY));
	CHECK_EQ((char)0xa5, entries[list.count * OLD_LIST_ENTRY]);
}

TEST(old_set_leaves_alone_what_it_does_not_know)
{
	struct mailbox_ioc_port_set set = { .flags = MAILBOX_SET_MODE, .mode = 0640 };
	struct mailbox_ioc_port_stat stat;
	int fd = PORT(O_RDWR, .capacity = 1, .on_full = MAILBOX_FULL_OVERWRITE,
		      .max_deliveries = 3, .dead_letter = "nobody");

	CHECK_EQ(0, OLD_COMMAND(fd, OLD_SET, &set));
	stat = port_stat(fd);
	CHECK_EQ(0640, stat.mode);
	CHECK_EQ(MAILBOX_FULL_OVERWRITE, stat.on_full);
	CHECK_EQ(3, stat.max_deliveries);
	CHECK(!strcmp("nobody", stat.dead_letter));
}

/* What is not there is 0, and that is the default. */
TEST(old_set_of_new_fields_sets_the_defaults)
{
	struct mailbox_ioc_port_set set = {
		.flags = MAILBOX_SET_ON_FULL | MAILBOX_SET_DELIVERIES,
	};
	struct mailbox_ioc_port_stat stat;
	int fd = PORT(O_RDWR, .capacity = 1, .on_full = MAILBOX_FULL_OVERWRITE,
		      .max_deliveries = 3, .dead_letter = "nobody");

	CHECK_EQ(0, OLD_COMMAND(fd, OLD_SET, &set));
	stat = port_stat(fd);
	CHECK_EQ(MAILBOX_FULL_BLOCK, stat.on_full);
	CHECK_EQ(0, stat.max_deliveries);
	CHECK_EQ(0, stat.dead_letter[0]);
}

TEST(old_receive_is_the_first_part_of_the_new_one)
{
	struct mailbox_ioc_receive old = { .flags = MAILBOX_RECEIVE_PEEK }, new;
	int fd = PORT(O_RDWR), value;

	old.data = user_pointer(&value);
	old.size = sizeof(value);
	new = old;
	CHECK_EQ(0, put_as(fd, 1, 2, 3));
	CHECK_EQ(0, OLD_COMMAND(fd, OLD_RECEIVE, &old));
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &new));
	CHECK_EQ(2, old.type);
	CHECK_EQ(3, old.priority);
	CHECK(!memcmp(&old, &new, _IOC_SIZE(OLD_RECEIVE)));
	CHECK_EQ(0, new.token);
	CHECK_EQ(0, new.reply_size);
	CHECK_EQ(0, new.deliveries);
	CHECK_EQ(MAILBOX_MESSAGE_PLAIN, new.kind);
}

/* It has no room for the token, so nobody will answer. */
TEST(old_receive_ends_the_call_of_a_request)
{
	struct mailbox_ioc_receive old = {};
	int fd = PORT(O_RDWR), value = -1;
	struct asker asker;

	old.data = user_pointer(&value);
	old.size = sizeof(value);
	ASK(&asker, fd, 7);
	CHECK_EQ(0, OLD_COMMAND(fd, OLD_RECEIVE, &old));
	CHECK_EQ(7, value);
	CHECK_EQ(-EPIPE, answer_of(&asker));
	CHECK_EQ(0, port_stat(fd).requests);
}

/* Programs that were built when the token was the last field, if there are any. */
TEST(receive_with_room_for_the_token_can_answer)
{
	struct mailbox_ioc_receive receive = {};
	int fd = PORT(O_RDWR), value = -1;
	struct asker asker;

	receive.data = user_pointer(&value);
	receive.size = sizeof(value);
	ASK(&asker, fd, 7);
	CHECK_EQ(0, OLD_COMMAND(fd, _IOC(3, 0xE9, 0x11, 104), &receive));
	CHECK_EQ(7, value);
	CHECK_EQ(0, answer(fd, receive.token, 8));
	CHECK_EQ(8, answer_of(&asker));
}

/* --- results that cannot be told ---------------------------------------------------- */

TEST(send_that_cannot_answer_sends_nothing)
{
	struct mailbox_ioc_send send = {};
	int fd = PORT(O_RDWR);

	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_SEND, read_only(&send, sizeof(send))));
	CHECK_EQ(0, messages(fd));
}

TEST(call_that_cannot_answer_asks_nothing)
{
	struct mailbox_ioc_call call = {};
	int fd = PORT(O_RDWR);

	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_CALL, read_only(&call, sizeof(call))));
	CHECK_EQ(0, port_stat(fd).sent);
}

TEST(receive_that_cannot_answer_takes_nothing)
{
	struct mailbox_ioc_receive receive = {};
	int fd = PORT(O_RDWR), value;

	receive.data = user_pointer(&value);
	receive.size = sizeof(value);
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, put(fd, 2));
	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_RECEIVE, read_only(&receive, sizeof(receive))));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(2, take(fd));
}

/* Nor does the answer arrive: it is still to be given. */
TEST(turn_that_cannot_answer_does_neither)
{
	int fd = PORT(O_RDWR, .capacity = 8);
	struct asker asker;
	struct turn turn;
	__u64 token;

	ASK(&asker, fd, 1);
	token = serve(fd, 1);
	CHECK_EQ(0, put(fd, 2));
	turn_fill(&turn, token, 3, QUIET);
	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_REPLY_RECEIVE,
				  read_only(&turn.arg, sizeof(turn.arg))));
	CHECK_EQ(0, answer(fd, token, 4));
	CHECK_EQ(4, answer_of(&asker));
	CHECK_EQ(2, take(fd));
}

TEST(create_that_cannot_answer_binds_nothing)
{
	struct mailbox_ioc_port_create create = {};
	int fd = node_open(O_RDWR);
	char *name = unique_name();

	strcpy(create.name, name);
	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_PORT_CREATE,
				  read_only(&create, sizeof(create))));
	CHECK_EQ(-ENOENT, bind_name(fd, name));
}

TEST(open_that_cannot_answer_binds_nothing)
{
	struct mailbox_ioc_port_open bind = {};
	int port = NAMED_PORT(O_RDWR, unique_name()), fd = node_open(O_RDWR);

	strcpy(bind.name, port_stat(port).name);
	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_PORT_OPEN, read_only(&bind, sizeof(bind))));
	CHECK_EQ(1, port_stat(port).receivers);
	CHECK_EQ(-ENOTCONN, put(fd, 1));
}

TEST(pair_that_cannot_answer_makes_nothing)
{
	struct mailbox_ioc_port_pair pair = {};
	int fd = node_open(O_RDWR), next;
	unsigned long long ports = info(fd).ports;

	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_PORT_PAIR, read_only(&pair, sizeof(pair))));
	CHECK_EQ(ports, info(fd).ports);
	CHECK_EQ(-ENOTCONN, put(fd, 1));
	/* No second handle either: its number is the next one that is free. */
	next = node_open(O_RDWR);
	CHECK_EQ(fd + 1, next);
}

TEST(link_that_cannot_answer_makes_nothing)
{
	struct mailbox_ioc_port_link link = { .pid = getppid() };
	int fd = node_open(O_RDWR);
	unsigned long long ports = info(fd).ports;

	CHECK_EQ(-EFAULT, command(fd, MAILBOX_IOC_PORT_LINK, read_only(&link, sizeof(link))));
	CHECK_EQ(ports, info(fd).ports);
	CHECK_EQ(-ENOTCONN, put(fd, 1));
}

/* --- structs used again ---------------------------------------------------------------- */

TEST(send_struct_can_be_used_again)
{
	int fd = PORT(O_RDWR, .capacity = 8);
	struct mailbox_ioc_send send = {};

	CHECK_EQ(0, command(fd, MAILBOX_IOC_SEND, &send));
	CHECK_EQ(0, command(fd, MAILBOX_IOC_SEND, &send));
	CHECK_EQ(2, send.seq);
}

TEST(receive_struct_can_be_used_again)
{
	struct mailbox_ioc_receive receive = { .flags = MAILBOX_RECEIVE_NONBLOCK };
	int fd = PORT(O_RDWR, .capacity = 8), value = 0;

	receive.data = user_pointer(&value);
	receive.size = sizeof(value);
	CHECK_EQ(0, put_as(fd, 1, 7, 7));
	CHECK_EQ(0, put_as(fd, 2, 8, 6));
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(1, value);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(2, value);
	CHECK_EQ(8, receive.type);
}

TEST(call_struct_can_be_used_again)
{
	int fd = PORT(O_RDWR), i;
	struct asker asker;

	asker_fill(&asker, 1, (struct mailbox_ioc_call){});
	for (i = 1; i <= 2; i++) {
		call_start(&asker.call, fd, MAILBOX_IOC_CALL, &asker.arg, 0);
		CHECK_EQ(0, answer(fd, serve(fd, 1), i));
		CHECK_EQ(i, answer_of(&asker));
	}
	CHECK_EQ(2, asker.arg.seq);
}
