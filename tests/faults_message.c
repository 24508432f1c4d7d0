// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation and every copy fails once: sending, receiving and settling,
 * as far as nobody sleeps. faults.h says how.
 */
#include "faults.h"

#define BATCH	5

/* Of the messages of a batch. */
static const size_t lengths[BATCH] = { SHORT, LONG, 0, MIDDLE, SHORT };

/* --- sending ------------------------------------------------------------------------ */

static void send_fill(struct scene *scene)
{
	scene->number = MAILBOX_IOC_SEND;
	scene->arg.send.type = 5;
	scene->arg.send.data = user_pointer(scene->out);
	scene->arg.send.len = scene->op->len;
	data_fill(scene->out, scene->op->len, 1);
}

static void make_send_as(struct scene *scene, struct mailbox_ioc_port_create create)
{
	scene->fd[0] = port_new(O_WRONLY, scene->name[0], create);
	scene->fd[1] = port_open(O_RDWR, scene->name[0]);
	send_fill(scene);
}

#define MAKE_SEND(scene, ...) \
	make_send_as(scene, (struct mailbox_ioc_port_create){ __VA_ARGS__ })

static void make_send(struct scene *scene)
{
	MAKE_SEND(scene);
}

static void check_send(struct scene *scene)
{
	CHECK_EQ(1, scene->arg.send.seq);
	CHECK_GET(scene->fd[1], scene->op->len, 1);
	CHECK_NOTHING(scene->fd[1]);
}

/* Another kind of message is there. */
static void make_send_second(struct scene *scene)
{
	make_send(scene);
	give(scene->fd[1], SHORT, 2);
}

static void check_send_second(struct scene *scene)
{
	CHECK_EQ(2, scene->arg.send.seq);
	CHECK_GET(scene->fd[1], SHORT, 2);
	CHECK_GET(scene->fd[1], scene->op->len, 1);
	CHECK_NOTHING(scene->fd[1]);
}

/* The handle has sent one like it, which was received: its memory is left. */
static void make_send_again(struct scene *scene)
{
	make_send(scene);
	CHECK_EQ(0, SEND(scene->fd[0], .type = scene->op->run ? 0 : scene->arg.send.type,
			 .data = scene->arg.send.data, .len = scene->op->len));
	CHECK_GET(scene->fd[1], scene->op->len, 1);
}

static void check_send_again(struct scene *scene)
{
	CHECK_EQ(2, port_stat(scene->fd[1]).sent);
	CHECK_GET(scene->fd[1], scene->op->len, 1);
	CHECK_NOTHING(scene->fd[1]);
}

static void make_send_full(struct scene *scene)
{
	MAKE_SEND(scene, .capacity = 1);
	scene->arg.send.flags = MAILBOX_SEND_NONBLOCK;
	give(scene->fd[1], SHORT, 2);
}

static void check_send_full(struct scene *scene)
{
	CHECK_GET(scene->fd[1], SHORT, 2);
	CHECK_NOTHING(scene->fd[1]);
}

static void make_send_drop(struct scene *scene)
{
	MAKE_SEND(scene, .capacity = 1, .on_full = scene->op->flags);
	give(scene->fd[1], SHORT, 2);
}

static void check_send_drop(struct scene *scene)
{
	bool newest = scene->op->flags == MAILBOX_FULL_DROP_NEWEST;

	CHECK_EQ(newest ? 0 : 2, scene->arg.send.seq);
	CHECK_EQ(1, port_stat(scene->fd[1]).dropped);
	CHECK_GET(scene->fd[1], newest ? SHORT : scene->op->len, newest ? 2 : 1);
	CHECK_NOTHING(scene->fd[1]);
}

static void make_send_broadcast(struct scene *scene)
{
	MAKE_SEND(scene, .flags = MAILBOX_CREATE_BROADCAST, .capacity = 1,
		  .on_full = scene->op->flags);
	scene->fd[2] = port_open(O_RDONLY, scene->name[0]);
	if (scene->op->flags)
		give(scene->fd[1], SHORT, 2);
	scene->fd[3] = port_open(O_RDONLY, scene->name[0]);
}

static void check_send_broadcast(struct scene *scene)
{
	int i;

	for (i = 1; i <= 3; i++) {
		bool old = scene->op->flags == MAILBOX_FULL_DROP_NEWEST && i < 3;

		CHECK_GET(scene->fd[i], old ? SHORT : scene->op->len, old ? 2 : 1);
		CHECK_NOTHING(scene->fd[i]);
	}
}

static long long run_write(struct scene *scene)
{
	return RESULT(write(scene->fd[0], scene->out, scene->op->len));
}

/* In three uneven parts. */
static void vector_fill(struct scene *scene, char *data)
{
	size_t first = 3, second = scene->op->len / 2;

	scene->vector[0] = (struct iovec) { data, first };
	scene->vector[1] = (struct iovec) { data + first, second };
	scene->vector[2] = (struct iovec) { data + first + second,
					    scene->op->len - first - second };
}

static long long run_writev(struct scene *scene)
{
	vector_fill(scene, scene->out);
	return RESULT(writev(scene->fd[0], scene->vector, 3));
}

static void check_write(struct scene *scene)
{
	CHECK_GET(scene->fd[1], scene->op->len, 1);
	CHECK_NOTHING(scene->fd[1]);
}

static void check_write_second(struct scene *scene)
{
	CHECK_GET(scene->fd[1], SHORT, 2);
	check_write(scene);
}

static void make_send_batch(struct scene *scene)
{
	struct mailbox_send_entry *entry = scene->array.send;
	char *data = scene->out;
	int i;

	make_send(scene);
	memset(&scene->arg, 0, sizeof(scene->arg));
	scene->number = MAILBOX_IOC_SEND_BATCH;
	scene->arg.send_batch.entries = user_pointer(entry);
	scene->arg.send_batch.entry_size = sizeof(*entry);
	scene->arg.send_batch.count = BATCH;
	for (i = 0; i < BATCH; i++) {
		entry[i].data = user_pointer(data);
		entry[i].len = lengths[i];
		entry[i].type = i;
		data_fill(data, lengths[i], i);
		data += lengths[i];
	}
}

/* As many as the caller was told are there, and no others. */
static void check_send_batch(struct scene *scene)
{
	struct mailbox_ioc_send_batch *arg = &scene->arg.send_batch;
	unsigned int i;

	CHECK_RANGE(scene->some ? 1 : BATCH, BATCH, arg->done);
	if (arg->done == BATCH)
		CHECK_EQ(0, arg->error);
	else
		CHECK(arg->error == ENOMEM || arg->error == EFAULT);
	for (i = 0; i < BATCH; i++)
		CHECK_EQ(i < arg->done ? i + 1 : 0, scene->array.send[i].seq);
	for (i = 0; i < arg->done; i++)
		CHECK_GET(scene->fd[1], lengths[i], i);
	CHECK_NOTHING(scene->fd[1]);
}

/* --- receiving ---------------------------------------------------------------------- */

static void make_receive(struct scene *scene)
{
	scene->fd[0] = NAMED_PORT(O_RDWR, scene->name[0]);
	scene->fd[1] = port_open(O_RDWR, scene->name[0]);
	give(scene->fd[1], scene->op->len, 1);
	give(scene->fd[1], SHORT, 2);
	scene->number = MAILBOX_IOC_RECEIVE;
	scene->arg.receive.flags = scene->op->flags;
	scene->arg.receive.data = user_pointer(scene->in);
	scene->arg.receive.size = sizeof(scene->in);
}

static void check_rest(struct scene *scene)
{
	CHECK_GET(scene->fd[1], SHORT, 2);
	CHECK_NOTHING(scene->fd[1]);
}

static void check_receive(struct scene *scene)
{
	bool peek = scene->op->flags & MAILBOX_RECEIVE_PEEK;
	bool lease = scene->op->flags & MAILBOX_RECEIVE_LEASE;

	CHECK_EQ(scene->op->len, scene->arg.receive.len);
	CHECK_EQ(1, scene->arg.receive.seq);
	check_data(scene->in, scene->op->len, 1, __FILE__, __LINE__);
	CHECK_EQ(lease, port_stat(scene->fd[0]).leased);
	CHECK_EQ(lease, !!scene->arg.receive.token);
	if (lease)
		CHECK_EQ(0, command(scene->fd[0], MAILBOX_IOC_NACK,
				    &(struct mailbox_ioc_settle) {
					.token = scene->arg.receive.token }));
	if (peek || lease)
		CHECK_GET(scene->fd[1], scene->op->len, 1);
	check_rest(scene);
}

static void make_receive_cut(struct scene *scene)
{
	make_receive(scene);
	scene->arg.receive.flags = MAILBOX_RECEIVE_TRUNC;
	scene->arg.receive.size = scene->op->len / 2;
}

static void check_receive_cut(struct scene *scene)
{
	CHECK_EQ(scene->op->len, scene->arg.receive.len);
	check_data(scene->in, scene->op->len / 2, 1, __FILE__, __LINE__);
	check_rest(scene);
}

static void check_both(struct scene *scene)
{
	CHECK_GET(scene->fd[1], scene->op->len, 1);
	check_rest(scene);
}

static void make_receive_nowhere(struct scene *scene)
{
	make_receive(scene);
	scene->arg.receive.data = 8;
}

/* The needed size is what it says already, so the struct does not change. */
static void make_receive_short(struct scene *scene)
{
	make_receive(scene);
	scene->arg.receive.size = scene->op->len - 1;
	scene->arg.receive.len = scene->op->len;
}

static long long run_read(struct scene *scene)
{
	return RESULT(read(scene->fd[0], scene->in, sizeof(scene->in)));
}

static long long run_readv(struct scene *scene)
{
	vector_fill(scene, scene->in);
	return RESULT(readv(scene->fd[0], scene->vector, 3));
}

static void check_read(struct scene *scene)
{
	check_data(scene->in, scene->op->len, 1, __FILE__, __LINE__);
	check_rest(scene);
}

static void make_receive_broadcast(struct scene *scene)
{
	scene->fd[0] = NAMED_PORT(O_RDWR, scene->name[0], .flags = MAILBOX_CREATE_BROADCAST);
	scene->fd[1] = port_open(O_RDWR, scene->name[0]);
	give(scene->fd[0], scene->op->len, 1);
	scene->number = MAILBOX_IOC_RECEIVE;
	scene->arg.receive.data = user_pointer(scene->in);
	scene->arg.receive.size = sizeof(scene->in);
}

static void check_receive_broadcast(struct scene *scene)
{
	check_data(scene->in, scene->op->len, 1, __FILE__, __LINE__);
	CHECK_NOTHING(scene->fd[0]);
	CHECK_GET(scene->fd[1], scene->op->len, 1);
	CHECK_NOTHING(scene->fd[1]);
}

static void make_receive_batch(struct scene *scene)
{
	struct mailbox_receive_entry *entry = scene->array.receive;
	char *data = scene->in;
	int i;

	scene->fd[0] = NAMED_PORT(O_RDWR, scene->name[0]);
	scene->fd[1] = port_open(O_RDWR, scene->name[0]);
	scene->number = MAILBOX_IOC_RECEIVE_BATCH;
	scene->arg.receive_batch.flags = scene->op->flags;
	scene->arg.receive_batch.entries = user_pointer(entry);
	scene->arg.receive_batch.entry_size = sizeof(*entry);
	scene->arg.receive_batch.count = scene->op->len;
	for (i = 0; i < BATCH; i++) {
		entry[i].data = user_pointer(data);
		entry[i].size = lengths[i];
		data += lengths[i];
		give(scene->fd[1], lengths[i], i);
	}
}

/* What it has not received is there for others. */
static void check_receive_batch(struct scene *scene)
{
	struct mailbox_ioc_receive_batch *arg = &scene->arg.receive_batch;
	bool lease = scene->op->flags & MAILBOX_RECEIVE_LEASE;
	char *data = scene->in;
	unsigned int i;

	CHECK_RANGE(scene->some ? 1 : BATCH, BATCH, arg->done);
	CHECK_EQ(arg->done == BATCH ? 0 : EFAULT, arg->error);
	for (i = 0; i < arg->done; i++) {
		CHECK_EQ(i + 1, scene->array.receive[i].seq);
		check_data(data, lengths[i], i, __FILE__, __LINE__);
		data += lengths[i];
	}
	CHECK_EQ(lease ? arg->done : 0, port_stat(scene->fd[0]).leased);
	for (i = arg->done; i < BATCH; i++)
		CHECK_GET(scene->fd[1], lengths[i], i);
	CHECK_NOTHING(scene->fd[1]);
}

/* --- settling ----------------------------------------------------------------------- */

/* A leased message, and one behind it. */
static void make_settle(struct scene *scene)
{
	struct mailbox_ioc_port_create create = { .max_deliveries = scene->op->flags };
	struct mailbox_ioc_receive receive = {
		.flags = MAILBOX_RECEIVE_LEASE,
		.data = user_pointer(scene->in),
		.size = sizeof(scene->in),
	};

	if (create.max_deliveries)
		strcpy(create.dead_letter, scene->name[1]);
	scene->fd[0] = port_new(O_RDWR, scene->name[0], create);
	scene->fd[1] = port_open(O_RDWR, scene->name[0]);
	scene->fd[2] = NAMED_PORT(O_RDWR, scene->name[1], .capacity = 1);
	give(scene->fd[1], LONG, 1);
	give(scene->fd[1], SHORT, 2);
	CHECK_EQ(0, command(scene->fd[0], MAILBOX_IOC_RECEIVE, &receive));
	scene->arg.settle.token = receive.token;
}

static void make_ack(struct scene *scene)
{
	make_settle(scene);
	scene->number = MAILBOX_IOC_ACK;
}

static void make_nack(struct scene *scene)
{
	make_settle(scene);
	scene->number = MAILBOX_IOC_NACK;
}

static void check_nack(struct scene *scene)
{
	CHECK_EQ(0, port_stat(scene->fd[0]).leased);
	CHECK_GET(scene->fd[scene->op->flags ? 2 : 1], LONG, 1);
	CHECK_NOTHING(scene->fd[2]);
	check_rest(scene);
}

/* --- the tables --------------------------------------------------------------------- */

#define SENDS	.check = check_send, .payloads = 1, .errors = { ENOMEM }
#define SECONDS	.check = check_send_second, .payloads = 1, .errors = { ENOMEM }
/* Memory is there; a copy that fails does so on the quick way, and the other one is taken. */
#define AGAIN	.check = check_send_again, .payloads = 1, .tries_again = true
#define DROPS	.check = check_send_drop, .payloads = 1, .errors = { ENOMEM }
#define SPREADS	.check = check_send_broadcast, .payloads = 1, .errors = { ENOMEM }
#define WRITES	.check = check_write, .payloads = 1, .errors = { ENOMEM }

static const struct operation of_sending[] = {
	{ "send_empty", make_send, SENDS },
	{ "send", make_send, SENDS, .len = SHORT },
	{ "send_more", make_send, SENDS, .len = MIDDLE },
	{ "send_pages", make_send, SENDS, .len = LONG },
	{ "send_second", make_send_second, SECONDS, .len = SHORT },
	{ "send_second_more", make_send_second, SECONDS, .len = MIDDLE },
	{ "send_second_pages", make_send_second, SECONDS, .len = LONG },
	{ "send_again", make_send_again, AGAIN, .len = SHORT },
	{ "send_again_more", make_send_again, AGAIN, .len = MIDDLE },
	{ "send_again_pages", make_send_again, AGAIN, .len = LONG },
	{ "send_full", make_send_full, .check = check_send_full, .errors = { ENOMEM },
	  .payloads = 1, .result = -EAGAIN, .len = LONG },
	{ "send_drop_oldest", make_send_drop, DROPS, .flags = MAILBOX_FULL_DROP_OLDEST,
	  .len = SHORT },
	{ "send_drop_newest", make_send_drop, DROPS, .flags = MAILBOX_FULL_DROP_NEWEST,
	  .len = MIDDLE },
	{ "send_overwrite", make_send_drop, DROPS, .flags = MAILBOX_FULL_OVERWRITE, .len = LONG },
	{ "send_broadcast", make_send_broadcast, SPREADS, .len = SHORT },
	{ "send_broadcast_pages", make_send_broadcast, SPREADS, .len = LONG },
	{ "send_broadcast_drop_oldest", make_send_broadcast, SPREADS,
	  .flags = MAILBOX_FULL_DROP_OLDEST, .len = MIDDLE },
	{ "send_broadcast_drop_newest", make_send_broadcast, SPREADS,
	  .flags = MAILBOX_FULL_DROP_NEWEST, .len = MIDDLE },
	{ "write", make_send, run_write, WRITES, .result = SHORT, .len = SHORT },
	{ "write_pages", make_send, run_write, WRITES, .result = LONG, .len = LONG },
	{ "write_second", make_send_second, run_write, .check = check_write_second, .payloads = 1,
	  .errors = { ENOMEM }, .result = MIDDLE, .len = MIDDLE },
	{ "write_again", make_send_again, run_write, AGAIN, .result = MIDDLE, .len = MIDDLE },
	{ "write_again_pages", make_send_again, run_write, AGAIN, .result = LONG, .len = LONG },
	{ "writev", make_send, run_writev, WRITES, .result = MIDDLE, .len = MIDDLE },
	{ "writev_pages", make_send, run_writev, WRITES, .result = LONG, .len = LONG },
	{ "send_batch", make_send_batch, .check = check_send_batch, .errors = { ENOMEM } },
};
FAULTS_TABLE(of_sending)

#define RECEIVES .check = check_receive, .payloads = 1
#define READS	.check = check_read, .payloads = 1

static const struct operation of_receiving[] = {
	{ "receive", make_receive, RECEIVES, .len = SHORT },
	{ "receive_more", make_receive, RECEIVES, .len = MIDDLE },
	{ "receive_pages", make_receive, RECEIVES, .len = LONG },
	{ "receive_peek", make_receive, RECEIVES, .flags = MAILBOX_RECEIVE_PEEK, .len = LONG },
	{ "receive_lease", make_receive, RECEIVES, .flags = MAILBOX_RECEIVE_LEASE, .len = LONG,
	  .errors = { ENOMEM } },
	{ "receive_cut", make_receive_cut, .check = check_receive_cut, .len = LONG },
	{ "receive_nowhere", make_receive_nowhere, .check = check_both, .len = SHORT,
	  .result = -EFAULT },
	{ "receive_pages_nowhere", make_receive_nowhere, .check = check_both, .len = LONG,
	  .result = -EFAULT },
	{ "receive_lease_nowhere", make_receive_nowhere, .check = check_both, .len = LONG,
	  .flags = MAILBOX_RECEIVE_LEASE, .result = -EFAULT, .errors = { ENOMEM } },
	{ "receive_short", make_receive_short, .check = check_both, .len = LONG,
	  .result = -EMSGSIZE },
	{ "receive_broadcast", make_receive_broadcast, .check = check_receive_broadcast,
	  .payloads = 1, .len = SHORT },
	{ "receive_broadcast_pages", make_receive_broadcast, .check = check_receive_broadcast,
	  .payloads = 1, .len = LONG },
	{ "read", make_receive, run_read, READS, .result = SHORT, .len = SHORT },
	{ "read_pages", make_receive, run_read, READS, .result = LONG, .len = LONG },
	{ "readv", make_receive, run_readv, READS, .result = MIDDLE, .len = MIDDLE },
	{ "readv_pages", make_receive, run_readv, READS, .result = LONG, .len = LONG },
	{ "receive_batch", make_receive_batch, .check = check_receive_batch, .len = BATCH },
	/* The module has no room for so many entries at hand. */
	{ "receive_batch_of_many", make_receive_batch, .check = check_receive_batch, .len = 20,
	  .errors = { ENOMEM } },
	{ "receive_batch_lease", make_receive_batch, .check = check_receive_batch, .len = BATCH,
	  .flags = MAILBOX_RECEIVE_LEASE, .errors = { ENOMEM } },
	{ "ack", make_ack, .check = check_rest },
	{ "nack", make_nack, .check = check_nack },
	{ "nack_last", make_nack, .check = check_nack, .flags = 1 },
};
FAULTS_TABLE(of_receiving)

/* --- pages ---------------------------------------------------------------------------- */

static long free_kb(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128];
	long kb = -1;

	CHECK(file);
	while (kb < 0 && fgets(line, sizeof(line), file))
		sscanf(line, "MemFree: %ld", &kb);
	fclose(file);
	return kb;
}

/* The kernel's search for leaks does not see pages. */
TEST(failed_sends_keep_no_pages)
{
	/* The 40th thing that a message of 64 pages needs is one of its pages. */
	size_t len = 64 * 4096;
	int i, times = 400, nth = 40;
	const char *reason = injection_skip();
	char *data = calloc(1, len);
	long before;
	int fd;

	if (reason)
		SKIP("%s", reason);
	faults_apply(MEMORY);
	fd = PORT(O_RDWR, .message_bytes_max = len);
	before = free_kb();
	for (i = 0; i < times; i++) {
		int injection = injection_begin(MEMORY, nth);
		long long result = SEND(fd, .data = user_pointer(data), .len = len);

		CHECK(injection_end(MEMORY, injection));
		CHECK_EQ(-ENOMEM, result);
	}
	/* Kept, they would be 40 MiB or more. */
	CHECK_RANGE(0, 16 << 10, before > free_kb() ? before - free_kb() : 0);
	CHECK_EQ(0, messages(fd));
}
