// SPDX-License-Identifier: GPL-2.0-only
/* What the bytes of a record mean. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <linux/mailbox_ipc.h>

#include "program.h"

#define KERNEL_ADDRESS	0xffff888000001000UL
#define NOT_CANONICAL	0x0000900000000000UL

/* Values of one kind: the first @valid of them are what the ABI allows. */
struct pool {
	unsigned int valid;
	unsigned int count;
	uint64_t values[20];
};

#define POOL(...) sizeof((uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t), { __VA_ARGS__ }

static const struct pool pools[KINDS] = {
	[KIND_MODE] = { 8, POOL(0, 0666, 0600, 0444, 0222, 060, 06, 0640, 0777, 01000, -1) },
	[KIND_USER] = { 3, POOL(0, 1000, 1001, 65534, -1) },
	[KIND_CAPACITY] = { 6, POOL(0, 1, 2, 3, 16, 1000, -1, 1U << 31) },
	[KIND_BYTES] = { 6, POOL(0, 64, 1, 4096, 65536, 16 << 20, (16 << 20) + 1, 1ULL << 32,
				 1ULL << 63, -1) },
	[KIND_LEN] = { 12, POOL(8, 0, 1, 64, 63, 200, 255, 256, 4000, 4096, 20000, 65536,
				65537, 16 << 20, (16 << 20) + 1, 1ULL << 31, 1ULL << 32,
				1ULL << 63, -1) },
	[KIND_DATA] = { 4, POOL(DATA, DATA + 1, DATA + 4090, DATA + 64, 0, NOWHERE,
				DATA + DATA_SIZE - 4, KERNEL_ADDRESS, NOT_CANONICAL, -1,
				STRUCTS_READ) },
	[KIND_OUT] = { 4, POOL(OUT, OUT + 1, OUT + 4090, DATA, 0, NOWHERE,
			       DATA + DATA_SIZE - 4, KERNEL_ADDRESS, NOT_CANONICAL, -1,
			       STRUCTS_READ) },
	[KIND_COUNT] = { 6, POOL(1, 0, 2, 4, 16, 64, 256, 1024, 1025, 1U << 31, -1) },
	[KIND_TYPE] = { 7, POOL(0, 1, 2, 3, -1, 1ULL << 63, 1ULL << 32) },
	[KIND_PRIORITY] = { 4, POOL(0, 1, 2, 32767, 32768, -1) },
	[KIND_TIME] = { 5, POOL(0, 100000, 1000000, 1, 10000000000, INT64_MAX, 1ULL << 63, -1) },
	[KIND_DELIVERIES] = { 4, POOL(0, 1, 2, 65535, 65536, -1) },
};

static const char *const names[] = {
	"", "a", "b", "c", "d",
	"long567890123456789012345678901234567890123456789012345678901234"
	"567890123456789012345678901234567890123456789012345678901234567",
	/* Up to here they are good. */
	"a/b", "\001", "\xff\xfe", ".", "a\177",
};
#define NAMES_GOOD	6
#define NAMES		(sizeof(names) / sizeof(names[0]))

static unsigned int bits_of(uint64_t mask)
{
	return __builtin_popcountll(mask);
}

/* The bits of @byte on those places that @mask has. */
static uint64_t spread(uint8_t byte, uint64_t mask)
{
	uint64_t value = 0;

	for (; mask; mask &= mask - 1, byte >>= 1)
		if (byte & 1)
			value |= mask & -mask;
	return value;
}

unsigned int decode_valid(const struct field *field)
{
	switch (field->kind) {
	case KIND_FLAGS:
		return 1U << bits_of(field->param);
	case KIND_ENUM:
		return field->param + 1;
	case KIND_NAME:
		return NAMES_GOOD;
	case KIND_DEADLINE:
		return 7;
	case KIND_ENTRY_SIZE:
	case KIND_ARRAY:
		return 1;
	case KIND_TOKEN:
		return 5;
	case KIND_SLOT:
		return SLOTS + 1;
	case KIND_PID:
		return ACTORS + 2;
	case KIND_MATCH:
		return 4 + ACTORS;
	case KIND_ID:
		return 3 + ACTORS;
	}
	return pools[field->kind].valid;
}

static uint64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static uint64_t deadline(uint8_t byte)
{
	switch (byte % 9) {
	case 0: return 0;
	case 1: return 1;
	case 2: return now(CLOCK_MONOTONIC) + 100000;
	case 3: return now(CLOCK_MONOTONIC) + 100000000;
	case 4: return now(CLOCK_REALTIME) + 1000000;
	case 5: return now(CLOCK_MONOTONIC) + 1000000;
	case 6: return now(CLOCK_MONOTONIC) + 10;
	case 7: return (uint64_t)INT64_MAX + 1;
	}
	return UINT64_MAX;
}

uint64_t decode_number(const struct field *field, uint8_t byte,
		       const struct surroundings *around)
{
	static const uint64_t hostile[] = { -1, 1ULL << 31, 1ULL << 63, 1ULL << 32 };
	unsigned int valid = decode_valid(field);
	unsigned int other = byte < valid ? 0 : byte - valid;
	const struct pool *pool = &pools[field->kind];

	switch (field->kind) {
	case KIND_FLAGS:
		if (byte >= valid && byte >= 0xF0)
			return 1ULL << (other % 32);
		return spread(byte, field->param);
	case KIND_ENUM:
		if (byte < valid)
			return byte;
		return other % 5 ? hostile[other % 4] : field->param + 1;
	case KIND_DEADLINE:
		return deadline(byte);
	case KIND_ENTRY_SIZE:
		switch (byte % 9) {
		case 1: return field->param + 8;
		case 2: return field->param - 8;
		case 3: return field->param + 4;
		case 4: return 4096;
		case 5: return 4104;
		case 6: return 0;
		case 7: return 8;
		case 8: return UINT32_MAX;
		}
		return field->param;
	case KIND_TOKEN:
		if (byte == 0)
			return 0;
		if (byte < valid)
			return around->tokens[byte - 1];
		return other % 3 == 2 ? UINT64_MAX :
			around->tokens[other % 4] + (other & 4 ? 1 : -1);
	case KIND_SLOT:
		return byte ? (uint32_t)decode_slot(byte - 1, around) : 0;
	case KIND_PID:
		if (byte < ACTORS)
			return around->pids[byte];
		if (byte < valid)
			return byte == ACTORS ? 0 : around->pids[around->actor];
		return other % 3 == 0 ? 1 : other % 3 == 1 ? UINT32_MAX : 4194303;
	case KIND_MATCH:
		if (byte >= 4 && byte < valid)
			return around->pids[byte - 4];
		return byte < 4 ? byte : hostile[other % 4];
	case KIND_ID:
		if (byte >= 3 && byte < valid)
			return around->pids[byte - 3];
		return byte == 0 ? 0 : byte < 3 ? 999U + byte : hostile[other % 4];
	}
	if (!pool->count)
		return 0;
	return pool->values[byte < pool->count ? byte : byte % pool->count];
}

static void set_name(char *to, uint8_t byte, size_t size)
{
	if (byte == 0xFF) {
		memset(to, 'x', size);		/* no end */
		return;
	}
	if (byte == 0xFE) {
		memcpy(to, "a\0b", 4);		/* something behind the end */
		return;
	}
	strncpy(to, names[byte < NAMES ? byte : byte % NAMES], size);
}

static void set_number(void *to, uint64_t value, size_t size)
{
	memcpy(to, &value, size);
}

/* The entries of a batch: @byte says how they differ from each other. */
static void fill_send(struct mailbox_send_entry *entries, unsigned int count, uint8_t byte)
{
	static const uint64_t lengths[] = { 8, 0, 64, 100, 256, 4096 };
	unsigned int i;

	for (i = 0; i < count; i++)
		entries[i] = (struct mailbox_send_entry){
			.data = DATA + i % 64,
			.len = lengths[(byte + i * (byte >> 4)) % 6],
			.type = (byte >> 2 & 3) * i % 4,
			.priority = (byte & 2) * i % 3,
		};
	/* One of them is wrong. */
	if (byte < 0xE0 || !count)
		return;
	i = (byte & 7) % count;
	switch (byte >> 3 & 3) {
	case 0: entries[i].data = NOWHERE; break;
	case 1: entries[i].len = 17 << 20; break;
	case 2: entries[i].pad = 1; break;
	case 3: entries[i].priority = 40000; break;
	}
}

static void fill_receive(struct mailbox_receive_entry *entries, unsigned int count, uint8_t byte)
{
	static const uint64_t sizes[] = { 4096, 8, 0, 64, 256 };
	unsigned int i;

	for (i = 0; i < count; i++)
		entries[i] = (struct mailbox_receive_entry){
			.data = OUT + i % 64,
			.size = sizes[(byte + i * (byte >> 4)) % 5],
		};
	if (byte < 0xE0 || !count)
		return;
	i = (byte & 7) % count;
	switch (byte >> 3 & 3) {
	case 0: entries[i].data = NOWHERE; break;
	case 1: entries[i].data = STRUCTS_READ; break;
	case 2: entries[i].pad = 1; break;
	case 3: entries[i].size = UINT64_MAX; break;
	}
}

/* @entry_size is only where the ABI has it; a wrong one reads what is there. */
static uint64_t array(const struct field *field, uint8_t byte, unsigned int actor,
		      unsigned int count, uint8_t content)
{
	unsigned char *at = (void *)(ARRAYS + actor * ARRAYS_SIZE);
	unsigned int room = count > 1024 ? 1024 : count;

	if (byte >= 0xE0)
		return decode_where(byte - 0xE0, actor, 4096);
	if (!count)
		return byte ? (uintptr_t)at : 0;
	switch (field->param) {
	case ARRAY_SEND:
		fill_send((void *)at, room, content);
		break;
	case ARRAY_RECEIVE:
		fill_receive((void *)at, room, content);
		break;
	}
	return (uintptr_t)at;
}

static void patch(const struct record *record, unsigned char *to, size_t size)
{
	uint64_t ones = UINT64_MAX, one = 1, top32 = 1U << 31, top64 = 1ULL << 63, bit32 = 1ULL << 32;
	size_t at = record->patch_at * 4 % size;
	size_t left = size - at;
	const void *from = &ones;
	size_t len = 8;

	switch (record->patch % PATCHES) {
	case PATCH_NONE:	return;
	case PATCH_BYTE_ONES:	len = 1; break;
	case PATCH_U32_ONES:	len = 4; break;
	case PATCH_ONE:		from = &one; len = 4; break;
	case PATCH_TOP32:	from = &top32; len = 4; break;
	case PATCH_TOP64:	from = &top64; break;
	case PATCH_BIT32:	from = &bit32; break;
	case PATCH_ARGS:	from = record->args; len = 4; break;
	}
	memcpy(to + at, from, len < left ? len : left);
}

/* Without a token there must not be an answer; most of them are without. */
static void nobody_answered(const struct record *record, struct mailbox_ioc_reply *reply)
{
	if (!reply->token && record->args[ARGS - 1] % 8 != 7)
		*reply = (struct mailbox_ioc_reply){};
}

void decode_struct(const struct record *record, const struct surroundings *around,
		   void *to, size_t size)
{
	const struct command *command = &commands[record->op];
	const struct field *field = command->fields;
	unsigned int count = 0;
	unsigned char *at = to;
	unsigned int i;

	memset(to, 0, size);
	for (i = 0; field[i].name; i++) {
		uint64_t value;

		if (field[i].kind == KIND_NAME) {
			set_name((char *)at + field[i].offset, record->args[i], field[i].size);
			continue;
		}
		if (field[i].kind == KIND_ARRAY)
			value = array(&field[i], record->args[i], around->actor, count,
				      record->args[ARGS - 1]);
		else
			value = decode_number(&field[i], record->args[i], around);
		if (field[i].kind == KIND_COUNT)
			count = value;
		set_number(at + field[i].offset, value, field[i].size);
	}
	if (record->op == OP_REPLY_RECEIVE)
		nobody_answered(record, to);
	patch(record, to, size);
}

/* Only numbers that are not there otherwise are common in a size. */
uint32_t decode_size(const struct record *record, uint32_t size)
{
	switch (record->size) {
	case 1: return size - 8;
	case 2: return size + 8;		/* zeros behind it */
	case 3: return size + 8;		/* something behind it */
	case 4: return size - 1;
	case 5: return size > 24 ? size - 24 : 8;
	case 6: return 0;
	case 7: return 8192;
	case 8: return 16383;
	}
	return size;
}

uint64_t decode_where(uint8_t where, unsigned int actor, size_t size)
{
	unsigned long own = STRUCTS + actor * STRUCTS_STEP;

	switch (where % WHERES) {
	case WHERE_NULL:	return 0;
	case WHERE_UNMAPPED:	return NOWHERE;
	case WHERE_READ_ONLY:	return STRUCTS_READ + actor * STRUCTS_STEP;
	case WHERE_KERNEL:	return KERNEL_ADDRESS;
	case WHERE_PAGE_END:	return own + STRUCTS_SIZE - size;
	case WHERE_BORDER:	return own + STRUCTS_SIZE - size / 2;
	case WHERE_ODD:		return own + 1;
	case WHERE_SHARED:	return STRUCTS + ACTORS * STRUCTS_STEP;
	}
	return own;
}

int decode_slot(uint8_t slot, const struct surroundings *around)
{
	if (slot == SLOT_NONE)
		return -1;
	if (slot == SLOT_STRANGER)
		return around->stranger;
	return around->slots[slot % SLOTS];
}
