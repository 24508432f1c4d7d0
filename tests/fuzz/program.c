// SPDX-License-Identifier: GPL-2.0-only
/* Programs are made, changed, written and read here; nothing is run. */
#include <string.h>
#include <linux/mailbox_ipc.h>

#include "program.h"

static const char *const op_names[OPS] = {
	[OP_UNKNOWN] = "ioctl", [OP_OPEN] = "open", [OP_READ] = "read", [OP_WRITE] = "write",
	[OP_READV] = "readv", [OP_WRITEV] = "writev", [OP_MMAP] = "mmap", [OP_POLL] = "poll",
	[OP_EPOLL] = "epoll", [OP_FCNTL] = "fcntl", [OP_CLOSE] = "close", [OP_DUP] = "dup",
	[OP_FDINFO] = "fdinfo", [OP_PASS] = "pass", [OP_TAKE] = "take", [OP_SPAWN] = "spawn",
	[OP_HOLD] = "hold", [OP_EXIT] = "exit", [OP_KILL] = "kill", [OP_USER] = "user",
	[OP_UNSHARE] = "unshare", [OP_SLEEP] = "sleep", [OP_SPLICE] = "splice",
	[OP_MISC] = "misc", [OP_URING] = "uring",
};

/* How often a generator picks a call, against the others. */
static const uint8_t op_weights[OPS] = {
	[OP_INFO] = 1, [OP_PORT_CREATE] = 12, [OP_PORT_OPEN] = 12, [OP_PORT_UNLINK] = 3,
	[OP_PORT_DESTROY] = 3, [OP_PORT_STAT] = 4, [OP_PORT_SET] = 6, [OP_PORT_LIST] = 3,
	[OP_PORT_PAIR] = 4, [OP_PORT_LINK] = 5, [OP_PORT_ALLOW] = 6, [OP_PORT_ALLOWED] = 2,
	[OP_PORT_WAIT] = 6, [OP_PORT_WATCH] = 4, [OP_SEND] = 24, [OP_RECEIVE] = 24,
	[OP_SEND_BATCH] = 8, [OP_RECEIVE_BATCH] = 8, [OP_CALL] = 10, [OP_REPLY] = 8,
	[OP_REPLY_RECEIVE] = 8, [OP_ACK] = 6, [OP_NACK] = 6, [OP_UNKNOWN] = 1, [OP_OPEN] = 8,
	[OP_READ] = 6, [OP_WRITE] = 6, [OP_READV] = 3, [OP_WRITEV] = 3, [OP_MMAP] = 1,
	[OP_POLL] = 5, [OP_EPOLL] = 5, [OP_FCNTL] = 4, [OP_CLOSE] = 8, [OP_DUP] = 3,
	[OP_FDINFO] = 2, [OP_PASS] = 1, [OP_TAKE] = 1, [OP_SPAWN] = 6, [OP_HOLD] = 1,
	[OP_EXIT] = 1, [OP_KILL] = 2, [OP_USER] = 2, [OP_UNSHARE] = 1, [OP_SLEEP] = 2,
	[OP_SPLICE] = 2, [OP_MISC] = 3, [OP_URING] = 3,
};

/* xorshift64*: the same seed gives the same programs again. */
static uint64_t random_next(struct random *random)
{
	uint64_t x = random->state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	random->state = x;
	return x * 0x2545F4914F6CDD1DULL;
}

uint32_t random_below(struct random *random, uint32_t limit)
{
	return limit ? (random_next(random) >> 32) % limit : 0;
}

static bool chance(struct random *random, uint32_t percent)
{
	return random_below(random, 100) < percent;
}

const char *op_name(unsigned int op)
{
	return op < OP_COMMANDS ? commands[op].name : op_names[op % OPS];
}

static uint8_t random_arg(const struct field *field, struct random *random)
{
	if (chance(random, field->kind == KIND_FLAGS ? 55 : 40))
		return 0;
	if (chance(random, 94))
		return random_below(random, decode_valid(field));
	return random_below(random, 256);
}

/* Names are what brings processes together, so there are few common ones. */
static uint8_t random_name(struct random *random)
{
	return chance(random, 97) ? 1 + random_below(random, 3) : random_below(random, 256);
}

/* Where 0 would not get far. */
static uint8_t usual_arg(unsigned int op, const struct field *field, struct random *random)
{
	bool some = chance(random, 50);

	switch (op) {
	case OP_PORT_OPEN:
	case OP_PORT_CREATE:
		return field->offset == offsetof(struct mailbox_ioc_port_open, name) &&
			op == OP_PORT_OPEN ? random_name(random) : 0;
	case OP_PORT_WAIT:
	case OP_PORT_WATCH:
		if (field->kind == KIND_FLAGS && field->param > 3)
			return 1 + random_below(random, 63);
		return field->kind == KIND_NAME && some ? random_name(random) : 0;
	case OP_PORT_ALLOW:
		if (field->kind == KIND_ENUM)
			return 1 + random_below(random, 3);
		if (field->kind == KIND_FLAGS && field->param)
			return random_below(random, 4);
		return 0;
	case OP_PORT_SET:
		return field->kind == KIND_FLAGS ? 1 << random_below(random, 8) : 0;
	case OP_REPLY:
	case OP_REPLY_RECEIVE:
		return field->kind == KIND_TOKEN && some ? 1 + random_below(random, 4) : 0;
	}
	return 0;
}

static void random_args(struct record *record, struct random *random)
{
	unsigned int i;

	memset(record->args, 0, sizeof(record->args));
	if (record->op < OP_COMMANDS) {
		const struct field *fields = commands[record->op].fields;

		unsigned int count = 0, times;

		while (fields[count].name)
			count++;
		/* A few at a time: most values do not go with each other. */
		for (times = random_below(random, 5); times; times--) {
			i = random_below(random, count);
			record->args[i] = random_arg(&fields[i], random);
		}
		for (i = 0; i < count; i++)
			if (!record->args[i])
				record->args[i] = usual_arg(record->op, &fields[i], random);
		record->args[ARGS - 1] = random_below(random, 256);
		return;
	}
	for (i = 0; i < 6; i++)
		record->args[i] = chance(random, 50) ? random_below(random, 8) :
							  random_below(random, 256);
}

static uint8_t random_slot(struct random *random)
{
	if (chance(random, 2))
		return chance(random, 50) ? SLOT_NONE : SLOT_STRANGER;
	return random_below(random, chance(random, 80) ? 5 : SLOTS);
}

/* What needs processes of its own, each of which costs as much as ten programs. */
static bool costs_much(unsigned int op)
{
	return op == OP_HOLD || op == OP_EXIT || op == OP_KILL || op == OP_USER ||
		op == OP_UNSHARE || op == OP_SPAWN;
}

static unsigned int random_op(struct random *random)
{
	unsigned int total = 0, pick;
	unsigned int op;

	for (op = 0; op < OPS; op++)
		total += op_weights[op];
	pick = random_below(random, total);
	for (op = 0; pick >= op_weights[op]; op++)
		pick -= op_weights[op];
	return op;
}

static void random_record(struct record *record, unsigned int actors, struct random *random)
{
	unsigned int op = random_op(random);

	if (costs_much(op) && !chance(random, 15))
		op = random_op(random);

	*record = (struct record){
		.op = op,
		.actor = random_below(random, actors) | (chance(random, 4) ? 0x80 : 0),
		.slot = random_slot(random),
	};
	random_args(record, random);
	if (chance(random, 3))
		record->size = random_below(random, 9);
	if (chance(random, 3))
		record->where = random_below(random, WHERES);
	if (chance(random, 3)) {
		record->patch = random_below(random, PATCHES);
		record->patch_at = random_below(random, 256);
	}
	if (chance(random, 12))
		record->pause = random_below(random, 256);
	if (chance(random, 5))
		record->fail = 1 + random_below(random, 12);
}

static struct record *add(struct program *program)
{
	static struct record spare;
	struct record *record = program->count < RECORDS_MAX ?
				&program->records[program->count++] : &spare;

	*record = (struct record){};
	return record;
}

/* A handle and what it is bound to. */
static void add_handle(struct program *program, uint8_t slot, unsigned int actors,
		       struct random *random)
{
	struct record *open = add(program), *bind;

	open->op = OP_OPEN;
	open->slot = slot;
	open->args[0] = chance(random, 60) ? 0 : random_below(random, 4);
	open->args[1] = chance(random, 80) ? 0 : random_below(random, 8);
	bind = add(program);
	bind->slot = slot;
	switch (random_below(random, 10)) {
	case 0:
		bind->op = OP_PORT_PAIR;
		random_args(bind, random);
		break;
	case 1:
		bind->op = OP_PORT_LINK;
		random_args(bind, random);
		bind->args[1] = random_below(random, actors);
		break;
	case 2 ... 3:
		bind->op = OP_PORT_OPEN;
		bind->args[1] = random_name(random);
		break;
	default:
		bind->op = OP_PORT_CREATE;
		if (chance(random, 60))
			random_args(bind, random);
		bind->args[0] |= 1 << 2;	/* OPEN */
		bind->args[1] = random_name(random);
	}
}

void program_generate(struct program *program, struct random *random)
{
	unsigned int actors = 1 + random_below(random, ACTORS);
	unsigned int handles = 1 + random_below(random, 4);
	unsigned int target, i;

	if (chance(random, 50)) {
		program_template(program, random_below(random, template_count));
		program_mutate(program, NULL, random);
		return;
	}
	program->count = 0;
	for (i = 0; i < handles; i++)
		add_handle(program, i, actors, random);
	for (i = 1; i < actors; i++) {
		struct record *spawn = add(program);

		spawn->op = OP_SPAWN;
		spawn->args[0] = i;
		spawn->args[1] = chance(random, 8);
	}
	target = program->count + 2 + random_below(random, 18);
	while (program->count < target && program->count < RECORDS_MAX)
		random_record(add(program), actors, random);
}

bool program_cut(struct program *program, unsigned int at)
{
	if (at >= program->count)
		return false;
	program->count--;
	memmove(&program->records[at], &program->records[at + 1],
		(program->count - at) * sizeof(struct record));
	return true;
}

static void insert(struct program *program, unsigned int at, struct record record)
{
	if (program->count == RECORDS_MAX)
		program_cut(program, RECORDS_MAX - 1);
	if (at > program->count)
		at = program->count;
	memmove(&program->records[at + 1], &program->records[at],
		(program->count - at) * sizeof(struct record));
	program->records[at] = record;
	program->count++;
}

static void change_arg(struct record *record, struct random *random)
{
	unsigned int i;

	if (record->op >= OP_COMMANDS) {
		i = random_below(random, 6);
		record->args[i] = random_below(random, chance(random, 50) ? 8 : 256);
		return;
	}
	for (i = 0; commands[record->op].fields[i].name; i++)
		;
	i = random_below(random, i + 1);
	if (!commands[record->op].fields[i].name)
		record->args[ARGS - 1] = random_below(random, 256);
	else
		record->args[i] = random_arg(&commands[record->op].fields[i], random);
}

/* The other program's tail behind this one's head. */
static void join(struct program *program, const struct program *other, struct random *random)
{
	unsigned int head = random_below(random, program->count + 1);
	unsigned int from = random_below(random, other->count);
	unsigned int len = other->count - from;

	if (len > RECORDS_MAX - head)
		len = RECORDS_MAX - head;
	memcpy(&program->records[head], &other->records[from], len * sizeof(struct record));
	program->count = head + len;
}

static void mutate_once(struct program *program, const struct program *other,
			struct random *random)
{
	unsigned int at = random_below(random, program->count);
	struct record *record = &program->records[at];
	struct record fresh;

	switch (random_below(random, 20)) {
	case 0 ... 4:
		random_record(&fresh, ACTORS, random);
		insert(program, 1 + random_below(random, program->count), fresh);
		break;
	case 5 ... 6:
		if (program->count > 1)
			program_cut(program, at);
		break;
	case 7 ... 12:
		change_arg(record, random);
		break;
	case 13:
		insert(program, random_below(random, program->count + 1), *record);
		break;
	case 14:
		record->actor = random_below(random, ACTORS) | (record->actor & 0x80);
		break;
	case 15:
		record->slot = random_slot(random);
		break;
	case 16:
		((uint8_t *)record)[random_below(random, sizeof(*record))] ^=
			1 << random_below(random, 8);
		record->op %= OPS;
		break;
	case 17:
		record->fail = chance(random, 30) ? 0 : 1 + random_below(random, 12);
		break;
	case 18:
		record->pause = random_below(random, 256);
		break;
	case 19:
		if (other && other->count)
			join(program, other, random);
		break;
	}
}

void program_mutate(struct program *program, const struct program *other, struct random *random)
{
	unsigned int times = 1 + random_below(random, 5);

	while (times--)
		mutate_once(program, other, random);
}

void program_write(const struct program *program, FILE *file)
{
	const uint8_t *byte = (const void *)program->records;
	size_t len = program->count * sizeof(struct record);

	while (len--)
		fprintf(file, "%02x", *byte++);
}

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? at - digits : -1;
}

bool program_read(struct program *program, const char *line)
{
	uint8_t *byte = (void *)program->records;
	size_t len = 0, i;

	while (digit(line[0]) >= 0 && digit(line[1]) >= 0 && len < sizeof(program->records)) {
		byte[len++] = digit(line[0]) << 4 | digit(line[1]);
		line += 2;
	}
	program->count = len / sizeof(struct record);
	for (i = 0; i < program->count; i++)
		program->records[i].op %= OPS;
	return len && len % sizeof(struct record) == 0 && (*line == '\n' || !*line);
}

static void print_field(const struct record *record, const struct field *field, uint8_t byte,
			FILE *file)
{
	static const int slots[SLOTS] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };
	const struct surroundings around = {
		.actor = record->actor % ACTORS,
		.pids = { 10000, 10001, 10002, 10003 },
		.tokens = { 0xa, 0xb, 0xc, 0xd },
		.slots = slots,
	};

	if (!byte && field->kind != KIND_LEN && field->kind != KIND_COUNT)
		return;
	switch (field->kind) {
	case KIND_NAME:
	case KIND_ARRAY:
	case KIND_DEADLINE:
	case KIND_TOKEN:
		fprintf(file, " %s=#%u", field->name, byte);
		return;
	}
	fprintf(file, " %s=%#llx", field->name,
		(unsigned long long)decode_number(field, byte, &around));
}

void program_print(const struct program *program, FILE *file)
{
	unsigned int i, j;

	for (i = 0; i < program->count; i++) {
		const struct record *record = &program->records[i];

		fprintf(file, "%2u actor %d%s: %s slot %d", i, record->actor % ACTORS,
			record->actor & 0x80 ? " (32 bit)" : "", op_name(record->op), record->slot);
		if (record->op < OP_COMMANDS) {
			const struct field *fields = commands[record->op].fields;

			for (j = 0; fields[j].name; j++)
				print_field(record, &fields[j], record->args[j], file);
		} else {
			fprintf(file, " args %u %u %u %u %u %u", record->args[0], record->args[1],
				record->args[2], record->args[3], record->args[4], record->args[5]);
		}
		if (record->size)
			fprintf(file, ", size %u", record->size);
		if (record->where)
			fprintf(file, ", where %d", record->where % WHERES);
		if (record->patch % PATCHES)
			fprintf(file, ", patch %d at %d", record->patch % PATCHES,
				record->patch_at * 4);
		if (record->pause)
			fprintf(file, ", pause %u", record->pause);
		if (record->fail)
			fprintf(file, ", fail %u", record->fail);
		fprintf(file, "\n");
	}
}
