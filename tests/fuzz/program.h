/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzzer of the ABI runs: a program is an array of records, each a
 * system call, and nothing but bytes, so that any change of any byte is a
 * program again. What a byte means is told by decode.c; the bytes that a
 * generator picks mostly mean something valid.
 */
#ifndef FUZZ_PROGRAM_H
#define FUZZ_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ACTORS		4
#define SLOTS		12
#define RECORDS_MAX	40
#define ARGS		22

/* A file descriptor of a record is a slot, or one of these. */
#define SLOT_NONE	0xFF		/* -1 */
#define SLOT_STRANGER	0xFE		/* open, and nothing of ours */

/**
 * struct record - one system call
 * @op:		OP_*, modulo their number
 * @actor:	who does it, modulo ACTORS; bit 7: as a 32-bit program would
 * @slot:	the file descriptor
 * @size:	how the size in an ioctl's number differs from the right one
 * @where:	where its struct is: WHERE_*
 * @patch_at:	in units of four bytes: what is spoilt in the struct
 * @patch:	PATCH_*
 * @pause:	what comes before it
 * @fail:	if not 0: that allocation or copy of the call fails
 * @pad:	so that it has 32 bytes
 * @args:	one byte for each field, or argument
 */
struct record {
	uint8_t op;
	uint8_t actor;
	uint8_t slot;
	uint8_t size;
	uint8_t where;
	uint8_t patch_at;
	uint8_t patch;
	uint8_t pause;
	uint8_t fail;
	uint8_t pad;
	uint8_t args[ARGS];
};

_Static_assert(sizeof(struct record) == 32, "records are saved in files");

/**
 * struct program - what is saved, as the hexadecimal digits of its records
 */
struct program {
	uint32_t count;
	struct record records[RECORDS_MAX];
};

enum where {
	WHERE_NORMAL,
	WHERE_NULL,
	WHERE_UNMAPPED,
	WHERE_READ_ONLY,	/* can be copied in, not out */
	WHERE_KERNEL,
	WHERE_PAGE_END,		/* ends where the mapped memory does */
	WHERE_BORDER,		/* its second half is not mapped */
	WHERE_ODD,		/* not aligned */
	WHERE_SHARED,		/* other threads write there */
	WHERES,
};

enum patch {
	PATCH_NONE,
	PATCH_BYTE_ONES,
	PATCH_U32_ONES,
	PATCH_U64_ONES,
	PATCH_ONE,
	PATCH_TOP32,
	PATCH_TOP64,
	PATCH_BIT32,
	PATCH_ARGS,
	PATCHES,
};

enum op {
	OP_INFO,
	OP_PORT_CREATE,
	OP_PORT_OPEN,
	OP_PORT_UNLINK,
	OP_PORT_DESTROY,
	OP_PORT_STAT,
	OP_PORT_SET,
	OP_PORT_LIST,
	OP_PORT_PAIR,
	OP_PORT_LINK,
	OP_PORT_ALLOW,
	OP_PORT_ALLOWED,
	OP_PORT_WAIT,
	OP_PORT_WATCH,
	OP_SEND,
	OP_RECEIVE,
	OP_SEND_BATCH,
	OP_RECEIVE_BATCH,
	OP_CALL,
	OP_REPLY,
	OP_REPLY_RECEIVE,
	OP_ACK,
	OP_NACK,
	OP_COMMANDS,		/* those above are ioctls of the table */

	OP_UNKNOWN = OP_COMMANDS,
	OP_OPEN,
	OP_READ,
	OP_WRITE,
	OP_READV,
	OP_WRITEV,
	OP_MMAP,
	OP_POLL,
	OP_EPOLL,
	OP_FCNTL,
	OP_CLOSE,
	OP_DUP,
	OP_FDINFO,
	OP_PASS,		/* over a socket */
	OP_TAKE,
	OP_SPAWN,		/* start another actor */
	OP_HOLD,		/* a child that keeps the handles for a while */
	OP_EXIT,
	OP_KILL,
	OP_USER,
	OP_UNSHARE,
	OP_SLEEP,
	OP_SPLICE,
	OP_MISC,
	OP_URING,
	OPS,
};

struct random {
	uint64_t state;
};

uint32_t random_below(struct random *random, uint32_t limit);

/* --- commands.c: the ioctls ------------------------------------------------ */

/* What a field holds, and so what a byte of a record means for it. */
enum kind {
	KIND_FLAGS,		/* @param: the bits that there are */
	KIND_ENUM,		/* @param: the highest */
	KIND_MODE,
	KIND_USER,
	KIND_NAME,
	KIND_CAPACITY,
	KIND_BYTES,		/* a limit in bytes */
	KIND_LEN,		/* the length of a buffer */
	KIND_DATA,		/* a pointer to payload */
	KIND_OUT,		/* a pointer to a buffer for payload */
	KIND_ARRAY,		/* a pointer; @param: enum array */
	KIND_COUNT,
	KIND_ENTRY_SIZE,	/* @param: the right one */
	KIND_TYPE,
	KIND_PRIORITY,
	KIND_DEADLINE,		/* a point in time */
	KIND_TIME,		/* a length of time */
	KIND_TOKEN,
	KIND_SLOT,
	KIND_PID,
	KIND_MATCH,
	KIND_DELIVERIES,
	KIND_ID,		/* of an entry of an allow list */
	KINDS,
};

enum array {
	ARRAY_WAITERS,
	ARRAY_STATS,
	ARRAY_ALLOWED,
	ARRAY_SEND,
	ARRAY_RECEIVE,
};

struct field {
	const char *name;
	uint16_t offset;
	uint16_t size;
	uint8_t kind;
	uint64_t param;
};

/**
 * struct command - an ioctl
 * @errors:	the errors that the header allows it, besides EINVAL, E2BIG and
 *		EFAULT, ended by 0
 * @partly:	an error may leave something else in the struct
 */
struct command {
	const char *name;
	unsigned long number;
	bool partly;
	struct field fields[14];
	int errors[20];
};

extern const struct command commands[OP_COMMANDS];

/* --- decode.c: from the bytes of a record to what is passed to the kernel --- */

/* What exists only while a program runs. */
struct surroundings {
	unsigned int actor;
	uint32_t pids[ACTORS];
	uint64_t tokens[4];
	const int *slots;
	int stranger;
};

/* Bytes below this mean something valid. */
unsigned int decode_valid(const struct field *field);

uint64_t decode_number(const struct field *field, uint8_t byte,
		       const struct surroundings *around);
void decode_struct(const struct record *record, const struct surroundings *around,
		   void *to, size_t size);
uint32_t decode_size(const struct record *record, uint32_t size);
uint64_t decode_where(uint8_t where, unsigned int actor, size_t size);
int decode_slot(uint8_t slot, const struct surroundings *around);

/* --- templates.c ------------------------------------------------------------- */

extern const unsigned int template_count;
void program_template(struct program *program, unsigned int number);

/* --- program.c -------------------------------------------------------------- */

void program_generate(struct program *program, struct random *random);
void program_mutate(struct program *program, const struct program *other, struct random *random);
bool program_cut(struct program *program, unsigned int at);

/* As one line of hexadecimal digits, without the newline. */
void program_write(const struct program *program, FILE *file);
bool program_read(struct program *program, const char *line);

/* For people. */
void program_print(const struct program *program, FILE *file);
const char *op_name(unsigned int op);

/* --- the memory that programs use, below 4 GiB for the 32-bit calls --------- */

#define DATA		0x20000000UL	/* payload, read and written */
#define DATA_SIZE	0x40000UL
#define OUT		(DATA + DATA_SIZE / 2)
#define STRUCTS		0x20100000UL	/* for each actor: */
#define STRUCTS_STEP	0x8000UL
#define STRUCTS_SIZE	0x4000UL	/* the rest is not mapped */
#define STRUCTS_READ	0x20200000UL	/* the same memory, read-only */
#define ARRAYS		0x20300000UL
#define ARRAYS_SIZE	0x40000UL
#define NOWHERE		0x20f00000UL

#endif /* FUZZ_PROGRAM_H */
