// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leases: that a message comes back whole, and to its old place, whatever was
 * selected and in whichever order leases are settled; against a model, too.
 */
#include "lease.h"

/* --- whole -------------------------------------------------------------------- */

TEST(plain_receive_tells_no_lease)
{
	int fd = PORT(O_RDWR);
	struct got got;

	CHECK_EQ(0, put(fd, 1));
	got = GET(fd);
	CHECK_EQ(0, got.receive.token);
	CHECK_EQ(0, got.receive.deliveries);
	CHECK_EQ(-ESRCH, ack(fd, got.receive.seq));
}

TEST(leased_message_is_nobody_elses)
{
	int fd = PORT(O_RDWR), other = open_fd(O_RDWR, fd);

	CHECK_EQ(0, put(fd, 1));
	LEASE(fd, 1);
	CHECK_EQ(-EAGAIN, take(other));
	CHECK_EQ(-EAGAIN, take_as(other, 0, 0, MAILBOX_RECEIVE_PEEK));
	CHECK_EQ(-EAGAIN, take_as(fd, 0, 0, LEASED));
	CHECK_EQ(OUT, polled(other));
	CHECK_EQ(0, nack(fd, 0));
	CHECK_EQ(IN | OUT, polled(other));
}

TEST(what_it_is_survives_a_lease)
{
	int fd = PORT(O_RDWR);
	struct got before, after;

	CHECK_EQ(0, put_as(fd, 1, 7, 3));
	before = GET(fd, .flags = LEASED);
	CHECK_EQ(0, nack(fd, before.receive.token));
	after = GET(fd, .flags = LEASED);
	CHECK_EQ(1, after.value);
	CHECK_EQ(7, after.receive.type);
	CHECK_EQ(3, after.receive.priority);
	CHECK_EQ(MAILBOX_MESSAGE_PLAIN, after.receive.kind);
	CHECK_EQ(0, after.receive.reply_size);
	CHECK_EQ(before.receive.seq, after.receive.seq);
	CHECK_EQ(before.receive.time_ns, after.receive.time_ns);
	CHECK_EQ(before.receive.pid, after.receive.pid);
	CHECK_EQ(before.receive.tid, after.receive.tid);
	CHECK_EQ(before.receive.uid, after.receive.uid);
	CHECK_EQ(before.receive.gid, after.receive.gid);
}

TEST(deliveries_count_leases_only)
{
	int fd = PORT(O_RDWR), i;
	struct got got;

	CHECK_EQ(0, put(fd, 1));
	for (i = 1; i <= 300; i++) {
		got = GET(fd, .flags = LEASED);
		CHECK_EQ(i, got.receive.deliveries);
		CHECK_EQ(0, nack(fd, got.receive.token));
	}
	CHECK_EQ(300, GET(fd, .flags = MAILBOX_RECEIVE_PEEK).receive.deliveries);
	got = GET(fd);
	CHECK_EQ(300, got.receive.deliveries);
	CHECK_EQ(0, got.receive.token);
}

TEST(long_payload_survives_a_lease)
{
	enum { SIZE = 300000 };
	int fd = PORT(O_RDWR, .message_bytes_max = SIZE), i;
	struct mailbox_ioc_receive receive = { .flags = LEASED, .size = SIZE };
	unsigned char *sent = malloc(SIZE), *back = calloc(1, SIZE);

	CHECK(sent && back);
	for (i = 0; i < SIZE; i++)
		sent[i] = i * 7 + i / 4096;
	CHECK_EQ(0, SEND(fd, .data = user_pointer(sent), .len = SIZE));
	receive.data = user_pointer(back);
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	memset(back, 0, SIZE);
	CHECK_EQ(0, nack(fd, receive.token));
	CHECK_EQ(0, command(fd, MAILBOX_IOC_RECEIVE, &receive));
	CHECK_EQ(SIZE, receive.len);
	CHECK(!memcmp(sent, back, SIZE));
}

TEST(empty_message_is_leased)
{
	int fd = PORT(O_RDWR);
	struct got got;

	CHECK_EQ(0, SEND(fd));
	got = GET(fd, .flags = LEASED);
	CHECK_EQ(0, got.receive.len);
	CHECK_EQ(0, nack(fd, got.receive.token));
	CHECK_EQ(1, messages(fd));
	CHECK_EQ(0, RESULT(read(fd, &got, sizeof(got))));
	CHECK_EQ(0, messages(fd));
}

TEST(read_gets_what_came_back)
{
	int fd = PORT(O_RDWR), value = 0;

	CHECK_EQ(0, put(fd, 9));
	CHECK_EQ(0, nack(fd, LEASE(fd, 9)));
	CHECK_EQ(4, RESULT(read(fd, &value, sizeof(value))));
	CHECK_EQ(9, value);
}

TEST(counters_count_it_once)
{
	int fd = PORT(O_RDWR);
	struct mailbox_ioc_port_stat stat;

	CHECK_EQ(0, put(fd, 1));
	CHECK_EQ(0, nack(fd, LEASE(fd, 1)));
	CHECK_EQ(0, nack(fd, LEASE(fd, 1)));
	CHECK_EQ(0, ack(fd, LEASE(fd, 1)));
	stat = port_stat(fd);
	CHECK_EQ(1, stat.sent);
	CHECK_EQ(1, stat.received);
	CHECK_EQ(0, stat.dropped);
	CHECK_EQ(0, stat.dead_lettered);
}

/* --- to its old place --------------------------------------------------------- */

TEST(goes_back_to_a_priority_that_was_empty)
{
	int fd = PORT(O_RDWR);
	__u64 token;

	CHECK_EQ(0, put_as(fd, 1, 0, 1));
	CHECK_EQ(0, put_as(fd, 2, 0, 2));
	CHECK_EQ(0, put_as(fd, 3, 0, 3));
	CHECK_EQ(3, take(fd));
	token = LEASE(fd, 2);
	CHECK_EQ(0, put_as(fd, 4, 0, 3));
	CHECK_EQ(0, nack(fd, token));
	CHECK_ORDER(fd, 4, 2, 1);
}

/* What is selected is in the middle. */
struct selection {
	const char *name;
	__u32 select;
	__u64 match;
};

static const struct selection selections[] = {
	{ "type", MAILBOX_SELECT_TYPE, 3 },
	{ "type_not", MAILBOX_SELECT_TYPE_NOT, 5 },
	{ "type_at_most", MAILBOX_SELECT_TYPE_AT_MOST, 4 },
};

static void goes_back_by_selection(void)
{
	const struct selection *row = test_now->row;
	int fd = PORT(O_RDWR);
	struct got got;

	CHECK_EQ(0, put_as(fd, 1, 5, 0));
	CHECK_EQ(0, put_as(fd, 2, 5, 0));
	CHECK_EQ(0, put_as(fd, 3, 3, 0));
	CHECK_EQ(0, put_as(fd, 4, 5, 0));
	CHECK_EQ(0, put_as(fd, 5, 3, 0));
	got = GET(fd, .flags = LEASED, .select = row->select, .match = row->match);
	CHECK_EQ(3, got.value);
	CHECK_EQ(5, take_as(fd, row->select, row->match, MAILBOX_RECEIVE_PEEK));
	CHECK_EQ(0, nack(fd, got.receive.token));
	CHECK_EQ(3, take_as(fd, row->select, row->match, MAILBOX_RECEIVE_PEEK));
	CHECK_ORDER(fd, 1, 2, 3, 4, 5);
}

static void __attribute__((constructor)) add_selections(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(selections); i++)
		test_add("goes_back_after_select", selections[i].name, goes_back_by_selection,
			 &selections[i]);
}

static void put_two(void *arg)
{
	int *fd = arg;

	CHECK_EQ(0, put(*fd, 2));
	CHECK_EQ(0, put(*fd, 3));
}

TEST(goes_back_after_select_sender)
{
	int fd = PORT(O_RDWR);
	struct got got;
	pid_t pid;

	CHECK_EQ(0, put(fd, 1));
	pid = spawn(put_two, &fd);
	REAP(pid);
	CHECK_EQ(0, put(fd, 4));
	got = GET(fd, .flags = LEASED, .select = MAILBOX_SELECT_SENDER, .match = pid);
	CHECK_EQ(2, got.value);
	CHECK_EQ(0, nack(fd, got.receive.token));
	CHECK_EQ(2, take_as(fd, MAILBOX_SELECT_SENDER, pid, MAILBOX_RECEIVE_PEEK));
	CHECK_ORDER(fd, 1, 2, 3, 4);
}

/* Four leases, settled in this order; those with their bit in @acks for good. */
static void settle_four(int fd, const int *order, unsigned int acks)
{
	__u64 tokens[4];
	int i, left[4], count = 0;

	put_all(fd, 4);
	for (i = 0; i < 4; i++)
		tokens[i] = LEASE(fd, i + 1);
	for (i = 0; i < 4; i++) {
		if (acks >> order[i] & 1)
			CHECK_EQ(0, ack(fd, tokens[order[i]]));
		else
			CHECK_EQ(0, nack(fd, tokens[order[i]]));
		CHECK_EQ(3 - i, leases(fd));
	}
	for (i = 0; i < 4; i++)
		if (!(acks >> i & 1))
			left[count++] = i + 1;
	check_order(fd, left, count, __FILE__, __LINE__);
}

TEST(settled_in_each_order_and_way)
{
	int fd = PORT(O_RDWR), code;
	unsigned int acks;

	for (code = 0; code < 256; code++) {
		int order[] = { code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6 };

		if ((1 << order[0] | 1 << order[1] | 1 << order[2] | 1 << order[3]) != 15)
			continue;
		for (acks = 0; acks < 16; acks++)
			settle_four(fd, order, acks);
	}
	CHECK_EQ(0, messages(fd));
}

enum { LEASES = 100 };

/* Orders in which so many come back; each has all of 0 to LEASES - 1. */
static void order_up(int *order)
{
	int i;

	for (i = 0; i < LEASES; i++)
		order[i] = i;
}

static void order_down(int *order)
{
	int i;

	for (i = 0; i < LEASES; i++)
		order[i] = LEASES - 1 - i;
}

/* The second half of them belongs between those of the first half. */
static void order_up_then_down(int *order)
{
	int i;

	for (i = 0; i < LEASES; i++)
		order[i] = i < LEASES / 2 ? 2 * i : 2 * (LEASES - i) - 1;
}

static void order_down_then_up(int *order)
{
	int i;

	for (i = 0; i < LEASES; i++)
		order[i] = i < LEASES / 2 ? LEASES - 2 * (i + 1) : 2 * (i - LEASES / 2) + 1;
}

static void order_from_the_middle(int *order)
{
	int i;

	for (i = 0; i < LEASES; i++)
		order[i] = LEASES / 2 + (i % 2 ? -(i + 1) / 2 : i / 2);
}

static void order_from_both_ends(int *order)
{
	int i;

	for (i = 0; i < LEASES; i++)
		order[i] = i % 2 ? LEASES - 1 - i / 2 : i / 2;
}

static void order_random(int *order)
{
	int i;

	order_up(order);
	for (i = LEASES - 1; i > 0; i--) {
		int other = random() % (i + 1), value = order[i];

		order[i] = order[other];
		order[other] = value;
	}
}

static void (* const orders[])(int *) = {
	order_up, order_down, order_up_then_down, order_down_then_up,
	order_from_the_middle, order_from_both_ends,
	order_random, order_random, order_random, order_random, order_random, order_random,
};

/*
 * All are leased, and come back in this order. Each time the first one of those
 * that are back is the first one, whatever is selected by.
 */
static void come_back(int fd, const int *order, __u32 select, __u64 match)
{
	__u64 tokens[LEASES];
	int i, first = LEASES;

	for (i = 0; i < LEASES; i++) {
		struct got got = GET(fd, .flags = LEASED, .select = select, .match = match);

		CHECK_EQ(i, got.value);
		tokens[i] = got.receive.token;
	}
	for (i = 0; i < LEASES; i++) {
		CHECK_EQ(0, nack(fd, tokens[order[i]]));
		first = order[i] < first ? order[i] : first;
		CHECK_EQ(first, take_as(fd, select, match, MAILBOX_RECEIVE_PEEK));
	}
}

TEST(many_come_back_in_each_order)
{
	int fd = PORT(O_RDWR, UNBOUNDED), order[LEASES];
	unsigned int i;

	for (i = 0; i < LEASES; i++)
		CHECK_EQ(0, put_as(fd, i, 5, 1));
	/* These are there all the time, before and behind. */
	CHECK_EQ(0, put_as(fd, 1000, 5, 0));
	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		orders[i](order);
		come_back(fd, order, MAILBOX_SELECT_ANY, 0);
		come_back(fd, order, MAILBOX_SELECT_TYPE, 5);
		come_back(fd, order, MAILBOX_SELECT_SENDER, getpid());
	}
	CHECK_EQ(LEASES + 1, messages(fd));
	for (i = 0; i < LEASES; i++)
		CHECK_EQ(i, take(fd));
	CHECK_EQ(1000, take(fd));
	CHECK_EQ(-EAGAIN, take(fd));
}

/* What is sent meanwhile is behind them; what is taken meanwhile leaves no trace. */
TEST(many_come_back_while_others_come_and_go)
{
	int fd = PORT(O_RDWR, UNBOUNDED), order[LEASES];
	bool taken[2 * LEASES] = {};
	__u64 tokens[LEASES];
	int i, left = 0;

	for (i = 0; i < LEASES; i++)
		CHECK_EQ(0, put(fd, i));
	for (i = 0; i < LEASES; i++)
		tokens[i] = LEASE(fd, i);
	order_up_then_down(order);
	for (i = 0; i < LEASES; i++) {
		CHECK_EQ(0, nack(fd, tokens[order[i]]));
		CHECK_EQ(0, put(fd, LEASES + i));
		left += 2;
		if (i % 5 == 4) {
			long long value = take(fd);

			CHECK_RANGE(0, LEASES - 1, value);
			CHECK(!taken[value]);
			taken[value] = true;
			left--;
		}
	}
	CHECK_EQ(left, messages(fd));
	for (i = 0; i < 2 * LEASES; i++)
		if (!taken[i])
			CHECK_EQ(i, take(fd));
	CHECK_EQ(-EAGAIN, take(fd));
}

/* --- against a model ---------------------------------------------------------- */

enum { MODEL_MAX = 4000 };

struct model {
	int fd;
	unsigned int state;
	struct {
		enum { QUEUED, IN_HAND, DONE } where;
		int priority, type;
		unsigned int deliveries;
		__u64 token;
	} messages[MODEL_MAX];
	int sent;
};

static unsigned int model_random(struct model *model, unsigned int below)
{
	model->state = model->state * 1103515245 + 12345;
	return (model->state >> 16) % below;
}

/* The first one, of this type unless it is 0; -1 if none. */
static int model_first(const struct model *model, int type)
{
	int i, best = -1;

	for (i = 0; i < model->sent; i++) {
		if (model->messages[i].where != QUEUED)
			continue;
		if (type && model->messages[i].type != type)
			continue;
		if (best < 0 || model->messages[i].priority > model->messages[best].priority)
			best = i;
	}
	return best;
}

/* One that is leased, any; -1 if none. */
static int model_in_hand(struct model *model)
{
	int i, start;

	if (!model->sent)
		return -1;
	start = model_random(model, model->sent);
	for (i = 0; i < model->sent; i++) {
		int found = (start + i) % model->sent;

		if (model->messages[found].where == IN_HAND)
			return found;
	}
	return -1;
}

static void model_send(struct model *model)
{
	int i = model->sent;

	if (i == MODEL_MAX)
		return;
	model->messages[i].priority = model_random(model, 3);
	model->messages[i].type = 1 + model_random(model, 3);
	CHECK_EQ(0, put_as(model->fd, i, model->messages[i].type, model->messages[i].priority));
	model->sent++;
}

static void model_lease(struct model *model)
{
	int type = model_random(model, 4), wanted = model_first(model, type);
	__u32 select = type ? MAILBOX_SELECT_TYPE : MAILBOX_SELECT_ANY;
	struct got got;

	if (wanted < 0) {
		CHECK_EQ(-EAGAIN, take_as(model->fd, select, type, LEASED));
		return;
	}
	got = GET(model->fd, .flags = LEASED, .select = select, .match = type);
	CHECK_EQ(wanted, got.value);
	CHECK_EQ(++model->messages[wanted].deliveries, got.receive.deliveries);
	model->messages[wanted].token = got.receive.token;
	model->messages[wanted].where = IN_HAND;
}

static void model_settle(struct model *model)
{
	int i = model_in_hand(model);

	if (i < 0)
		return;
	if (model_random(model, 3)) {
		CHECK_EQ(0, nack(model->fd, model->messages[i].token));
		model->messages[i].where = QUEUED;
	} else {
		CHECK_EQ(0, ack(model->fd, model->messages[i].token));
		model->messages[i].where = DONE;
	}
}

TEST(order_is_that_of_a_model)
{
	struct model *model = calloc(1, sizeof(*model));
	int i, first;

	CHECK(model);
	model->fd = PORT(O_RDWR, UNBOUNDED);
	model->state = 1;
	for (i = 0; i < 12000; i++) {
		switch (model_random(model, 4)) {
		case 0:
			model_send(model);
			break;
		case 1:
		case 2:
			model_lease(model);
			break;
		default:
			model_settle(model);
		}
	}
	while ((i = model_in_hand(model)) >= 0) {
		CHECK_EQ(0, nack(model->fd, model->messages[i].token));
		model->messages[i].where = QUEUED;
	}
	while ((first = model_first(model, 0)) >= 0) {
		CHECK_EQ(first, take(model->fd));
		model->messages[first].where = DONE;
	}
	CHECK_EQ(-EAGAIN, take(model->fd));
}
