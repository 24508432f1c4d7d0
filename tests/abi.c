// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ABI table: every command against every rule that holds for all of them.
 * The numbers and sizes in it are published, and frozen as literals: nothing
 * here may be changed to make a test pass, as programs that exist have these
 * numbers in them. A struct that grows gets new numbers in the columns for the
 * present size; those of the first one stay.
 */
#include "abi.h"
#include "call.h"

/* A part of a struct. */
struct span {
	unsigned int offset, size;
};

/* One command: a call of it that succeeds, and what may vary. */
struct abi_command {
	const char *name;
	unsigned int first_number, first_size;	/* frozen, as first published */
	unsigned int number, size;		/* frozen */
	unsigned int defined;			/* what the header says */
	int (*prepare)(void *arg);		/* a handle, and the argument */
	/* The flags, at 0, and other fields of bits: those that are known, frozen. */
	struct {
		unsigned int offset;
		__u32 known;
	} bits[3];
	struct span zeros[4];			/* must be 0 in this call */
	struct span results[3];			/* the kernel writes and does not read */
};

static int prepare_unbound(void *arg)
{
	(void)arg;
	return node_open(O_RDWR);
}

static int prepare_bound(void *arg)
{
	(void)arg;
	return PORT(O_RDWR, .capacity = 8);
}

/* The port that other handles find; it lives as long as the test. */
static char *fixture_name(int *fd)
{
	char *name = unique_name();

	*fd = NAMED_PORT(O_RDWR, name, .capacity = 8);
	return name;
}

static int prepare_open(void *arg)
{
	struct mailbox_ioc_port_open *bind = arg;
	int port;

	strcpy(bind->name, fixture_name(&port));
	return node_open(O_RDWR);
}

static int prepare_remove(void *arg)
{
	struct mailbox_ioc_port_remove *remove = arg;
	int port;

	strcpy(remove->name, fixture_name(&port));
	return node_open(O_RDWR);
}

static int prepare_list(void *arg)
{
	static struct mailbox_ioc_port_stat entries[4];
	struct mailbox_ioc_port_list *list = arg;
	int fd;

	fixture_name(&fd);
	list->entry_size = sizeof(entries[0]);
	list->entries = user_pointer(entries);
	list->count = ARRAY_SIZE(entries);
	return fd;
}

static void sleep_on(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

static int prepare_link(void *arg)
{
	struct mailbox_ioc_port_link *link = arg;

	link->pid = spawn(sleep_on, NULL);
	return node_open(O_RDWR);
}

static int prepare_allow(void *arg)
{
	struct mailbox_ioc_port_allow *allow = arg;

	allow->entry.kind = MAILBOX_ALLOW_USER;
	allow->entry.id = USER_A;
	allow->entry.rights = MAILBOX_RIGHT_SEND;
	return PORT(O_RDWR);
}

static int prepare_allowed(void *arg)
{
	static struct mailbox_allow entries[2];
	struct mailbox_ioc_port_allowed *allowed = arg;

	allowed->entries = user_pointer(entries);
	allowed->count = ARRAY_SIZE(entries);
	return PORT(O_RDWR);
}

/* A handle of both directions waits for a sender: itself. */
static int prepare_wait(void *arg)
{
	struct mailbox_ioc_port_wait *wait = arg;

	wait->events = MAILBOX_EVENT_SENDER;
	return PORT(O_RDWR);
}

static int prepare_watch(void *arg)
{
	struct mailbox_ioc_port_watch *watch = arg;

	watch->events = MAILBOX_EVENT_NAMED;
	strcpy(watch->name, unique_name());
	return node_open(O_RDWR);
}

static int full_port(void)
{
	int fd = PORT(O_RDWR, .capacity = 8), i;

	for (i = 0; i < 8; i++)
		CHECK_EQ(0, put(fd, i));
	return fd;
}

static void receive_into_buffer(struct mailbox_ioc_receive *receive)
{
	static char buffer[16];

	receive->data = user_pointer(buffer);
	receive->size = sizeof(buffer);
}

static int prepare_receive(void *arg)
{
	receive_into_buffer(arg);
	return full_port();
}

static int prepare_send_batch(void *arg)
{
	static struct mailbox_send_entry entries[2];
	struct mailbox_ioc_send_batch *batch = arg;

	batch->entries = user_pointer(entries);
	batch->entry_size = sizeof(entries[0]);
	batch->count = ARRAY_SIZE(entries);
	return PORT(O_RDWR, .capacity = 8);
}

static int prepare_receive_batch(void *arg)
{
	static struct mailbox_receive_entry entries[2];
	struct mailbox_ioc_receive_batch *batch = arg;

	batch->entries = user_pointer(entries);
	batch->entry_size = sizeof(entries[0]);
	batch->count = ARRAY_SIZE(entries);
	batch->flags = MAILBOX_RECEIVE_TRUNC;
	return full_port();
}

/* Answers whatever is asked, until the test ends. */
static void serve_all(void *arg)
{
	int fd = *(int *)arg;

	for (;;) {
		struct mailbox_ioc_receive receive = {};

		CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
		CHECK_EQ(0, REPLY(fd, .token = receive.token));
	}
}

static int prepare_call(void *arg)
{
	int port, server;

	(void)arg;
	server = port_open(O_RDONLY, fixture_name(&port));
	spawn(serve_all, &server);
	return port;
}

/* One request is in hand, and its caller waits. */
static int prepare_reply(void *arg)
{
	static struct asker asker;
	struct mailbox_ioc_reply *reply = arg;
	int fd = PORT(O_RDWR, .capacity = 8);

	ASK(&asker, fd, 1);
	reply->token = serve(fd, 1);
	return fd;
}

static int prepare_reply_receive(void *arg)
{
	struct mailbox_ioc_reply_receive *turn = arg;
	int fd = prepare_reply(&turn->reply);

	CHECK_EQ(0, put(fd, 2));
	receive_into_buffer(&turn->receive);
	return fd;
}

static int prepare_settle(void *arg)
{
	int fd = PORT(O_RDWR);

	(void)arg;
	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(1, take_as(fd, MAILBOX_SELECT_ANY, 0, MAILBOX_RECEIVE_LEASE));
	return fd;
}

/* Only the columns for the present size change, and only when a struct grows. */
static const struct abi_command commands[] = {
	{ "info", 0xC060E900, 96, 0xC060E900, 96, MAILBOX_IOC_INFO, prepare_unbound,
	  .results = { { 4, 92 } } },
	{ "create", 0xC0B8E901, 184, 0xC140E901, 320, MAILBOX_IOC_PORT_CREATE, prepare_unbound,
	  .bits = { { 0, 0x7F }, { 4, 0666 } },
	  .zeros = { { 8, 8 }, { 180, 4 }, { 192, 1 } }, .results = { { 168, 12 } } },
	{ "open", 0xC090E902, 144, 0xC098E902, 152, MAILBOX_IOC_PORT_OPEN, prepare_open,
	  .bits = { { 0, 0x1F } },
	  .zeros = { { 4, 4 }, { 144, 8 } }, .results = { { 136, 8 } } },
	{ "unlink", 0x4088E903, 136, 0x4088E903, 136, MAILBOX_IOC_PORT_UNLINK, prepare_remove,
	  .zeros = { { 4, 4 } } },
	{ "destroy", 0x4088E904, 136, 0x4088E904, 136, MAILBOX_IOC_PORT_DESTROY, prepare_remove,
	  .zeros = { { 4, 4 } } },
	{ "stat", 0xC0F0E905, 240, 0xC1A0E905, 416, MAILBOX_IOC_PORT_STAT, prepare_bound,
	  .bits = { { 0, 0x01 } },
	  .zeros = { { 4, 12 }, { 284, 4 } }, .results = { { 144, 140 }, { 288, 128 } } },
	{ "set", 0x4028E906, 40, 0x40B0E906, 176, MAILBOX_IOC_PORT_SET, prepare_bound,
	  .bits = { { 0, 0xFF } },
	  .zeros = { { 4, 36 }, { 40, 8 }, { 48, 1 } } },
	{ "list", 0xC098E907, 152, 0xC098E907, 152, MAILBOX_IOC_PORT_LIST, prepare_list,
	  .zeros = { { 20, 4 } } },
	{ "pair", 0xC030E908, 48, 0xC030E908, 48, MAILBOX_IOC_PORT_PAIR, prepare_unbound,
	  .results = { { 4, 4 }, { 32, 16 } } },
	{ "link", 0xC038E909, 56, 0xC038E909, 56, MAILBOX_IOC_PORT_LINK, prepare_link,
	  .bits = { { 0, 0x01 } },
	  .zeros = { { 52, 4 } }, .results = { { 32, 20 } } },
	{ "allow", 0x4098E90A, 152, 0x4098E90A, 152, MAILBOX_IOC_PORT_ALLOW, prepare_allow,
	  .bits = { { 0, 0 }, { 16, 0x03 } }, .zeros = { { 4, 4 }, { 20, 4 } } },
	{ "allowed", 0xC098E90B, 152, 0xC098E90B, 152, MAILBOX_IOC_PORT_ALLOWED, prepare_allowed,
	  .zeros = { { 20, 4 } }, .results = { { 16, 4 } } },
	{ "wait", 0xC0A0E90C, 160, 0xC0A0E90C, 160, MAILBOX_IOC_PORT_WAIT, prepare_wait,
	  .bits = { { 0, 0x03 }, { 4, 0x3F } },
	  .zeros = { { 156, 4 } }, .results = { { 144, 12 } } },
	{ "watch", 0x4088E90D, 136, 0x4088E90D, 136, MAILBOX_IOC_PORT_WATCH, prepare_watch,
	  .bits = { { 0, 0 }, { 4, 0x3F } } },
	{ "send", 0xC040E910, 64, 0xC040E910, 64, MAILBOX_IOC_SEND, prepare_bound,
	  .bits = { { 0, 0x07 } }, .results = { { 40, 24 } } },
	{ "receive", 0xC060E911, 96, 0xC080E911, 128, MAILBOX_IOC_RECEIVE, prepare_receive,
	  .bits = { { 0, 0x1F } },
	  .zeros = { { 8, 8 }, { 92, 4 }, { 104, 8 } },
	  .results = { { 40, 52 }, { 96, 8 }, { 112, 16 } } },
	{ "send_batch", 0xC028E912, 40, 0xC028E912, 40, MAILBOX_IOC_SEND_BATCH,
	  prepare_send_batch, .bits = { { 0, 0x05 } },
	  .zeros = { { 20, 4 } }, .results = { { 32, 8 } } },
	{ "receive_batch", 0xC038E913, 56, 0xC038E913, 56, MAILBOX_IOC_RECEIVE_BATCH,
	  prepare_receive_batch, .bits = { { 0, 0x1D } },
	  .zeros = { { 8, 8 }, { 40, 8 } }, .results = { { 48, 8 } } },
	{ "call", 0xC058E914, 88, 0xC058E914, 88, MAILBOX_IOC_CALL, prepare_call,
	  .bits = { { 0, 0x01 } }, .results = { { 56, 32 } } },
	{ "reply", 0x4028E915, 40, 0x4028E915, 40, MAILBOX_IOC_REPLY, prepare_reply,
	  .zeros = { { 4, 4 } } },
	{ "reply_receive", 0xC0A8E916, 168, 0xC0A8E916, 168, MAILBOX_IOC_REPLY_RECEIVE,
	  prepare_reply_receive, .bits = { { 0, 0 }, { 40, 0x1D } },
	  .zeros = { { 4, 4 }, { 48, 8 }, { 132, 4 }, { 144, 8 } },
	  .results = { { 80, 52 }, { 136, 8 }, { 152, 16 } } },
	{ "ack", 0x4010E917, 16, 0x4010E917, 16, MAILBOX_IOC_ACK, prepare_settle,
	  .zeros = { { 4, 4 } } },
	{ "nack", 0x4010E918, 16, 0x4010E918, 16, MAILBOX_IOC_NACK, prepare_settle,
	  .zeros = { { 4, 4 } } },
};

/* What a test is made for: a command, and how long its caller thinks the struct is. */
struct abi_case {
	const struct abi_command *command;
	unsigned int size;
};

#define ARGUMENT_MAX 8192

static char argument[ARGUMENT_MAX] __attribute__((aligned(8)));

static const struct abi_command *row(void)
{
	return ((const struct abi_case *)test_now->row)->command;
}

static unsigned int size(void)
{
	return ((const struct abi_case *)test_now->row)->size;
}

/* The command's number for a struct of @bytes. */
static unsigned long sized(unsigned int bytes)
{
	return (row()->number & ~(_IOC_SIZEMASK << _IOC_SIZESHIFT)) | bytes << _IOC_SIZESHIFT;
}

static long long run(int fd, void *arg)
{
	return command(fd, sized(size()), arg);
}

/* Refused, and the struct is as it was. What is at @at is what is wrong. */
static void is_refused(int fd, unsigned int at)
{
	static char before[ARGUMENT_MAX];
	long long result;

	memcpy(before, argument, sizeof(before));
	result = run(fd, argument);
	if (result != -EINVAL)
		note("tried at offset %u", at);
	CHECK_EQ(-EINVAL, result);
	CHECK(!memcmp(before, argument, sizeof(before)));
}

/* --- rules for each size that was ever published -------------------------------- */

static void size_is_accepted(void)
{
	int fd = row()->prepare(argument);

	CHECK_EQ(0, run(fd, argument));
}

static void unknown_flags_are_refused(void)
{
	int fd = row()->prepare(argument);
	unsigned int i, bit;

	for (i = 0; i < ARRAY_SIZE(row()->bits); i++) {
		unsigned int offset = row()->bits[i].offset;
		__u32 before, value;

		if (i && !offset)
			break;
		memcpy(&before, argument + offset, sizeof(before));
		for (bit = 0; bit < 32; bit++) {
			if (row()->bits[i].known & 1U << bit)
				continue;
			value = before | 1U << bit;
			memcpy(argument + offset, &value, sizeof(value));
			is_refused(fd, offset + bit / 8);
		}
		memcpy(argument + offset, &before, sizeof(before));
	}
	/* None of them did anything. */
	CHECK_EQ(0, run(fd, argument));
}

/* Padding, and what nothing in this call asks for. */
static void unused_must_be_zero(void)
{
	int fd = row()->prepare(argument);
	unsigned int i, at;

	for (i = 0; i < ARRAY_SIZE(row()->zeros); i++) {
		const struct span *zeros = &row()->zeros[i];

		if (zeros->offset >= size())
			continue;
		for (at = zeros->offset; at < zeros->offset + zeros->size; at++) {
			argument[at] = 1;
			is_refused(fd, at);
			argument[at] = 0;
		}
	}
	CHECK_EQ(0, run(fd, argument));
}

/* What the kernel handed back may be handed in again, as loops do. */
static void results_are_not_read(void)
{
	int fd = row()->prepare(argument);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(row()->results); i++)
		memset(argument + row()->results[i].offset, 0xff, row()->results[i].size);
	CHECK_EQ(0, run(fd, argument));
}

static void bad_pointer_is_refused(void)
{
	int fd = row()->prepare(argument);

	CHECK_EQ(-EFAULT, run(fd, NULL));
	CHECK_EQ(-EFAULT, run(fd, (void *)1));
	CHECK_EQ(-EFAULT, run(fd, (void *)-4096L));
	CHECK_EQ(0, run(fd, argument));
}

static void nothing_beyond_size_is_touched(void)
{
	char *arg = page_end(size());
	int fd = row()->prepare(argument);

	memcpy(arg, argument, size());
	CHECK_EQ(0, run(fd, arg));
}

static void unreadable_part_is_refused(void)
{
	char *arg = page_end(size() - 8);
	int fd = row()->prepare(argument);

	memcpy(arg, argument, size() - 8);
	CHECK_EQ(-EFAULT, run(fd, arg));
	CHECK_EQ(0, run(fd, argument));
}

/* Where there are results, the call has to do nothing if it cannot tell them. */
static void read_only_is_for_those_without_results(void)
{
	bool results = _IOC_DIR(row()->number) & _IOC_READ;
	int fd = row()->prepare(argument);

	CHECK_EQ(results ? -EFAULT : 0, run(fd, read_only(argument, size())));
	if (results)
		CHECK_EQ(0, run(fd, argument));
}

static void other_direction_is_unknown(void)
{
	int fd = row()->prepare(argument);
	unsigned int direction;

	for (direction = 0; direction < 4; direction++) {
		if (direction == _IOC_DIR(row()->number))
			continue;
		CHECK_EQ(-ENOTTY, command(fd, _IOC(direction, 0xE9, _IOC_NR(row()->number),
						   size()), argument));
	}
}

/* --- rules for the sizes as a whole --------------------------------------------- */

static void numbers_are_frozen(void)
{
	CHECK_EQ(row()->number, row()->defined);
	CHECK_EQ(row()->size, _IOC_SIZE(row()->defined));
	CHECK_EQ(row()->first_number, sized(row()->first_size));
}

static void shorter_is_refused(void)
{
	int fd = row()->prepare(argument);
	unsigned int bytes;

	for (bytes = 0; bytes < row()->first_size; bytes++)
		CHECK_EQ(-EINVAL, command(fd, sized(bytes), argument));
}

/* From programs that were built in the meantime. */
static void sizes_between_are_accepted(void)
{
	unsigned int bytes;

	for (bytes = row()->first_size; bytes <= row()->size; bytes += 8) {
		memset(argument, 0, sizeof(argument));
		CHECK_EQ(0, command(row()->prepare(argument), sized(bytes), argument));
	}
}

static void longer_with_zeros_is_accepted(void)
{
	int fd = row()->prepare(argument);
	unsigned int i;

	CHECK_EQ(0, command(fd, sized(row()->size + 8), argument));
	for (i = 0; i < 8; i++)
		CHECK_EQ(0, argument[row()->size + i]);
}

static void a_page_with_zeros_is_accepted(void)
{
	int fd = row()->prepare(argument);

	CHECK_EQ(0, command(fd, sized(4096), argument));
}

static void more_than_a_page_is_refused(void)
{
	int fd = row()->prepare(argument);

	CHECK_EQ(-E2BIG, command(fd, sized(sysconf(_SC_PAGESIZE) + 8), argument));
}

static void longer_with_garbage_is_refused(void)
{
	int fd = row()->prepare(argument);
	unsigned int i;

	for (i = 0; i < 8; i++) {
		argument[row()->size + i] = 1;
		CHECK_EQ(-E2BIG, command(fd, sized(row()->size + 8), argument));
		argument[row()->size + i] = 0;
	}
	/* None of them did anything. */
	CHECK_EQ(0, command(fd, row()->number, argument));
}

static void unreadable_tail_is_refused(void)
{
	char *arg = page_end(row()->size);
	int fd = row()->prepare(argument);

	memcpy(arg, argument, row()->size);
	CHECK_EQ(-EFAULT, command(fd, sized(row()->size + 8), arg));
	CHECK_EQ(0, command(fd, row()->number, arg));
}

static void other_magic_is_unknown(void)
{
	int fd = row()->prepare(argument);

	CHECK_EQ(-ENOTTY, command(fd, row()->number ^ 0x0100, argument));
	CHECK_EQ(-ENOTTY, command(fd, row()->number ^ 0x8000, argument));
}

/* --- all rules for all commands -------------------------------------------------- */

#define RULE(function) { #function, function }

struct rule {
	const char *name;
	void (*run)(void);
};

static const struct rule rules_of_sizes[] = {
	RULE(size_is_accepted),
	RULE(unknown_flags_are_refused),
	RULE(unused_must_be_zero),
	RULE(results_are_not_read),
	RULE(bad_pointer_is_refused),
	RULE(nothing_beyond_size_is_touched),
	RULE(unreadable_part_is_refused),
	RULE(read_only_is_for_those_without_results),
	RULE(other_direction_is_unknown),
};

static const struct rule rules_of_commands[] = {
	RULE(numbers_are_frozen),
	RULE(shorter_is_refused),
	RULE(sizes_between_are_accepted),
	RULE(longer_with_zeros_is_accepted),
	RULE(a_page_with_zeros_is_accepted),
	RULE(more_than_a_page_is_refused),
	RULE(longer_with_garbage_is_refused),
	RULE(unreadable_tail_is_refused),
	RULE(other_magic_is_unknown),
};

/* Where a struct has nothing of the kind there is nothing to try. */
static bool rule_applies(const struct rule *rule, const struct abi_command *command)
{
	if (rule->run == unused_must_be_zero)
		return command->zeros[0].size;
	if (rule->run == results_are_not_read)
		return command->results[0].size;
	if (rule->run == sizes_between_are_accepted)
		return command->first_size != command->size;
	return true;
}

static void add_rules(const char *group, const struct abi_case *of, const struct rule *rules,
		      unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (rule_applies(&rules[i], of->command))
			test_add(group, rules[i].name, rules[i].run, of);
}

static void __attribute__((constructor)) abi_table(void)
{
	static struct abi_case cases[2 * ARRAY_SIZE(commands)];
	struct abi_case *next = cases;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct abi_command *of = &commands[i];
		char *group;

		*next = (struct abi_case){ of, of->size };
		add_rules(of->name, next, rules_of_commands, ARRAY_SIZE(rules_of_commands));
		add_rules(of->name, next++, rules_of_sizes, ARRAY_SIZE(rules_of_sizes));
		if (of->first_size == of->size)
			continue;
		*next = (struct abi_case){ of, of->first_size };
		if (asprintf(&group, "%s_of_%u", of->name, of->first_size) < 0)
			abort();
		add_rules(group, next++, rules_of_sizes, ARRAY_SIZE(rules_of_sizes));
	}
}

TEST(unknown_numbers_are_unknown)
{
	int fd = PORT(O_RDWR);
	unsigned int number, direction;

	for (number = 0; number < 256; number++) {
		if (number <= 0x0D || (number >= 0x10 && number <= 0x18))
			continue;
		for (direction = 0; direction < 4; direction++)
			CHECK_EQ(-ENOTTY, command(fd, _IOC(direction, 0xE9, number, 96),
						  argument));
	}
}

TEST(info_reports_version_and_features)
{
	struct mailbox_ioc_info got = info(node_open(O_RDONLY));

	CHECK_EQ(MAILBOX_ABI_VERSION, got.version);
	CHECK_EQ(0x1FFF, got.features & 0x1FFF);
}

TEST(info_reports_limits_within_their_maxima)
{
	struct mailbox_ioc_info got = info(node_open(O_RDONLY));

	CHECK_RANGE(1, got.capacity_max, got.capacity_default);
	CHECK_RANGE(1, got.message_bytes_max, got.message_bytes_default);
	CHECK_RANGE(1, MAILBOX_MESSAGE_BYTES_MAX, got.message_bytes_max);
	CHECK(got.ports_max >= 1);
	CHECK(got.user_ports_max >= 1);
	CHECK(got.user_bytes_max >= 1);
}

TEST(info_counts_ports)
{
	int fd = node_open(O_RDONLY);
	struct mailbox_ioc_info before = info(fd), after;

	PORT(O_RDWR);
	after = info(fd);
	CHECK_EQ(before.ports + 1, after.ports);
	CHECK_EQ(before.user_ports + 1, after.user_ports);
}

TEST(info_counts_queued_bytes)
{
	int fd = PORT(O_RDWR);
	unsigned long long before = info(fd).user_bytes;

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(before + sizeof(int) + MAILBOX_MESSAGE_OVERHEAD, info(fd).user_bytes);
	CHECK_EQ(1, take(fd));
	CHECK_EQ(before, info(fd).user_bytes);
}
