/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A queue next to a model of it that is too simple to be wrong: an array that
 * is searched from end to end. Each operation is done to both; then all that
 * can be asked must have the same answer, and what is inside the queue must
 * be in order.
 *
 * Who includes this defines MODEL_FAIL(format, ...), which does not return. The
 * sources are part of this program, not linked to it, so that static parts can
 * be seen.
 */
#ifndef UNIT_MODEL_H
#define UNIT_MODEL_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Not a path: the folder may be one with a changed copy; see mutants. */
#include "queue.c"

#define MODEL_MESSAGES	512
#define MODEL_SENDERS	32
#define MODEL_TYPES	64
#define MODEL_PRIORITIES 64

/* Numbers of process and type that nothing in a model has. */
#define MODEL_NO_PID	9999
#define MODEL_NO_TYPE	0x1234567812345678ULL

struct model {
	struct mbx_queue queue;
	struct mbx_lanes reserve;

	struct mbx_message *queued[MODEL_MESSAGES];
	unsigned int count;
	/* Taken, but not freed: they may come back. */
	struct mbx_message *taken[MODEL_MESSAGES];
	unsigned int taken_count;

	u64 seq;
	struct pid pids[MODEL_SENDERS];
	struct mbx_sender senders[MODEL_SENDERS];
};

/* Index 0 is the first pid namespace, which a select never names. */
static struct pid_namespace model_ns = { .index = 1 };

#define MODEL_CHECK(condition)						\
	do {								\
		if (!(condition))					\
			MODEL_FAIL("not true: %s", #condition);		\
	} while (0)

/* Types and priorities by their index, the extreme ones first. */
static inline u64 model_type(unsigned int i)
{
	static const u64 extremes[] = {
		0, UINT64_MAX, 1ULL << 63, 1ULL << 32, UINT64_MAX - 1, (1ULL << 63) - 1,
	};

	i %= MODEL_TYPES;
	return i < 6 ? extremes[i] : i;
}

static inline u16 model_priority(unsigned int i)
{
	static const u16 extremes[] = { 0, 32767, 1, 32766 };

	i %= MODEL_PRIORITIES;
	return i < 4 ? extremes[i] : i;
}

/* --- the state of a queue ------------------------------------------------ */

/* What a walk through a subtree has seen. */
struct check_walk {
	enum mbx_lane_index index;
	unsigned int limit;		/* more lanes than this: it has no end */
	unsigned int lanes;
	const struct mbx_lane *prev;
};

static inline struct mbx_span check_subtree(const struct rb_node *node, struct check_walk *walk)
{
	const struct mbx_lane *lane = lane_of(node, walk->index);
	const struct rb_node *child[] = { node->rb_left, node->rb_right };
	struct mbx_span span = { lane->type, lane->type };
	int i;

	MODEL_CHECK(++walk->lanes <= walk->limit);
	for (i = 0; i < 2; i++) {
		if (i) {
			MODEL_CHECK(!walk->prev || lane_compare(walk->prev, lane, walk->index) < 0);
			walk->prev = lane;
		}
		if (child[i]) {
			struct mbx_span below;

			MODEL_CHECK(rb_parent(child[i]) == node);
			below = check_subtree(child[i], walk);
			if (below.min < span.min)
				span.min = below.min;
			if (below.max > span.max)
				span.max = below.max;
		}
	}
	if (walk->index == MBX_LANE_ORDER) {
		MODEL_CHECK(lane->span.min == span.min);
		MODEL_CHECK(lane->span.max == span.max);
	}
	return span;
}

static inline void check_lane(const struct mbx_queue *queue, const struct mbx_lane *lane,
			      unsigned int *apart, unsigned int *count, u64 *bytes)
{
	const struct mbx_message *msg, *prev = NULL;
	bool returned = !lane->returned;

	MODEL_CHECK(!list_empty(&lane->messages));
	if (lane->only) {
		++*apart;
		MODEL_CHECK(list_is_singular(&lane->messages));
		MODEL_CHECK(lane_head(lane)->seq == lane->only);
	}
	list_for_each_entry(msg, &lane->messages, node) {
		MODEL_CHECK(++*count <= queue->count);
		*bytes += msg->len;
		MODEL_CHECK(msg->type == lane->type);
		MODEL_CHECK(msg->sender->key == lane->sender);
		MODEL_CHECK((queue->fifo ? 0 : msg->priority) == lane->priority);
		MODEL_CHECK(!prev || prev->seq < msg->seq);
		returned |= lane->returned == msg;
		prev = msg;
	}
	MODEL_CHECK(returned);
}

/* All that queue.h and queue.c say of a queue is true. Return its lanes. */
static inline unsigned int check_queue(const struct mbx_queue *queue)
{
	unsigned int lanes = 0, count = 0, apart = 0;
	const struct rb_node *node;
	enum mbx_lane_index index;
	u64 bytes = 0;
	bool last = !queue->last;

	for (node = rb_first(&queue->index[MBX_LANE_EXACT]); node; node = rb_next(node)) {
		const struct mbx_lane *lane = lane_of(node, MBX_LANE_EXACT);

		lanes++;
		check_lane(queue, lane, &apart, &count, &bytes);
		last |= queue->last == lane;
		MODEL_CHECK(queue->spare != lane);
	}
	if (queue->alone) {
		MODEL_CHECK(!lanes);
		check_lane(queue, queue->alone, &apart, &count, &bytes);
		MODEL_CHECK(queue->last == queue->alone);
		MODEL_CHECK(queue->spare != queue->alone);
		last = true;
	}
	if (queue->single) {
		MODEL_CHECK(!lanes && !queue->alone && !queue->last && queue->spare);
		count++;
		bytes += queue->single->len;
	}
	MODEL_CHECK(last);
	MODEL_CHECK(apart == queue->apart);
	MODEL_CHECK(count == queue->count);
	MODEL_CHECK(bytes == queue->bytes);

	for (index = 0; index < MBX_LANE_INDEXES; index++) {
		struct check_walk walk = { .index = index, .limit = lanes };

		node = queue->index[index].rb_node;
		if (node) {
			MODEL_CHECK(!rb_parent(node));
			check_subtree(node, &walk);
		}
		MODEL_CHECK(walk.lanes == lanes);
	}
	return lanes + !!queue->alone;
}

/* The list has as many as it says. */
static inline void check_lanes(const struct mbx_lanes *lanes)
{
	const struct mbx_lane *lane;
	unsigned int count = 0;

	list_for_each_entry(lane, &lanes->list, messages)
		MODEL_CHECK(++count <= lanes->count);
	MODEL_CHECK(count == lanes->count);
}

/* --- the model ----------------------------------------------------------- */

static inline void model_init(struct model *model, bool fifo)
{
	unsigned int i;

	*model = (struct model){};
	mbx_queue_init(&model->queue, fifo);
	mbx_lanes_init(&model->reserve);
	for (i = 0; i < MODEL_SENDERS; i++) {
		/* The order differs, and every fourth is in no inner namespace. */
		model->pids[i].nr[0] = 1000 + i;
		model->pids[i].nr[1] = i % 4 == 3 ? 0 : 1100 - i;
		model->senders[i].pid = &model->pids[i];
		model->senders[i].key = model->pids[i].nr[0];
	}
}

static inline void model_exit(struct model *model)
{
	while (model->count) {
		struct mbx_message *msg = model->queued[--model->count];

		mbx_queue_remove(&model->queue, msg);
		free(msg);
	}
	while (model->taken_count)
		free(model->taken[--model->taken_count]);
	MODEL_CHECK(!check_queue(&model->queue));
	MODEL_CHECK(!model->queue.bytes);
	mbx_queue_exit(&model->queue);
	mbx_lanes_free(&model->reserve);
	check_lanes(&model->reserve);
	MODEL_CHECK(!shim_slab_live);
}

static inline bool model_match(const struct mbx_select *select, const struct mbx_message *msg)
{
	switch (select->kind) {
	case MAILBOX_SELECT_ANY:
		return true;
	case MAILBOX_SELECT_TYPE:
		return msg->type == select->type;
	case MAILBOX_SELECT_TYPE_NOT:
		return msg->type != select->type;
	case MAILBOX_SELECT_TYPE_AT_MOST:
		return msg->type <= select->type;
	case MAILBOX_SELECT_SENDER:
		return (u32)msg->sender->pid->nr[select->ns ? 1 : 0] == select->nr;
	}
	return false;
}

/* Both match; does @a go before @b? */
static inline bool model_before(const struct model *model, const struct mbx_select *select,
			 const struct mbx_message *a, const struct mbx_message *b)
{
	if (select->kind == MAILBOX_SELECT_TYPE_AT_MOST && a->type != b->type)
		return a->type < b->type;
	if (!model->queue.fifo && a->priority != b->priority)
		return a->priority > b->priority;
	return a->seq < b->seq;
}

static inline struct mbx_message *model_find(const struct model *model,
				      const struct mbx_select *select)
{
	struct mbx_message *best = NULL;
	unsigned int i;

	for (i = 0; i < model->count; i++) {
		struct mbx_message *msg = model->queued[i];

		if (model_match(select, msg) &&
		    (!best || model_before(model, select, msg, best)))
			best = msg;
	}
	return best;
}

static inline void check_find(const struct model *model, const struct mbx_select *select)
{
	const struct mbx_message *want = model_find(model, select);
	const struct mbx_message *got = mbx_queue_find(&model->queue, select);

	if (want != got)
		MODEL_FAIL("find: kind %u type %#llx nr %u key %u ns %d: want %lld, got %lld",
			   select->kind, (unsigned long long)select->type, select->nr, select->key,
			   !!select->ns, want ? (long long)want->seq : -1,
			   got ? (long long)got->seq : -1);
}

/* The oldest of the lowest priority. */
static inline struct mbx_message *model_least(const struct model *model)
{
	struct mbx_message *least = NULL;
	unsigned int i;

	for (i = 0; i < model->count; i++) {
		struct mbx_message *msg = model->queued[i];

		if (!least || (!model->queue.fifo && msg->priority < least->priority) ||
		    ((model->queue.fifo || msg->priority == least->priority) &&
		     msg->seq < least->seq))
			least = msg;
	}
	return least;
}

static inline void check_least(const struct model *model)
{
	const struct mbx_message *want = model_least(model);
	const struct mbx_message *got = mbx_queue_least(&model->queue);

	if (want != got)
		MODEL_FAIL("least: want %lld, got %lld", want ? (long long)want->seq : -1,
			   got ? (long long)got->seq : -1);
}

/* @pick, any number, says which type and process the selections name. */
static inline void check_selections(const struct model *model, unsigned int pick)
{
	struct mbx_select select = { .kind = MAILBOX_SELECT_ANY };
	const struct mbx_message *msg;
	const struct pid *pid = NULL;

	check_find(model, &select);

	select.type = MODEL_NO_TYPE;
	if (model->count && pick % 8) {
		msg = model->queued[pick / 8 % model->count];
		select.type = msg->type + (pick % 8 == 1) - (pick % 8 == 2);
		pid = msg->sender->pid;
	}
	for (select.kind = MAILBOX_SELECT_TYPE; select.kind <= MAILBOX_SELECT_TYPE_AT_MOST;
	     select.kind++)
		check_find(model, &select);

	select.kind = MAILBOX_SELECT_SENDER;
	select.nr = pid ? pid->nr[0] : MODEL_NO_PID;
	select.key = select.nr;
	check_find(model, &select);

	if (pid && !pid->nr[1])
		return;
	select.ns = &model_ns;
	select.nr = pid ? pid->nr[1] : MODEL_NO_PID;
	check_find(model, &select);
	/* The process is dead, so its key is not known; or another now has it. */
	select.key = pick % 2 ? 0 : model->senders[pick % MODEL_SENDERS].key;
	if (select.key == 0 || (pid && (u32)pid->nr[0] != select.key))
		check_find(model, &select);
}

static inline void model_check(const struct model *model, unsigned int pick)
{
	unsigned int lanes = check_queue(&model->queue);

	MODEL_CHECK(model->queue.count == model->count);
	MODEL_CHECK(shim_slab_live == lanes + !!model->queue.spare + model->reserve.count);
	check_lanes(&model->reserve);
	check_selections(model, pick);
	check_least(model);
}

static inline const struct mbx_lane *model_lane(const struct model *model,
						const struct mbx_message *msg)
{
	const struct mbx_queue *queue = &model->queue;
	const struct mbx_lane *lane = queue->alone;
	const struct rb_node *node;

	if (!queue->count || queue->single)
		return NULL;
	for (node = rb_first(&queue->index[MBX_LANE_EXACT]); lane || node;
	     node = node ? rb_next(node) : NULL) {
		if (node)
			lane = lane_of(node, MBX_LANE_EXACT);
		if (!lane->only && lane->type == msg->type && lane->pid == msg->sender->pid &&
		    lane->priority == (queue->fifo ? 0 : msg->priority))
			return lane;
		lane = NULL;
	}
	return NULL;
}

/* First or last in the lane of its kind, or behind what came back last. */
static inline bool model_fits(const struct model *model, const struct mbx_message *msg)
{
	const struct mbx_lane *lane = model_lane(model, msg);
	const struct mbx_message *other = model->queue.single;
	u64 before = 0, last = 0, first;

	if (other)
		return other->type == msg->type && other->sender->pid == msg->sender->pid &&
		       (model->queue.fifo || other->priority == msg->priority);
	if (!lane)
		return false;
	first = lane_head(lane)->seq;
	list_for_each_entry(other, &lane->messages, node) {
		if (other->seq < msg->seq)
			before = other->seq;
		last = other->seq;
	}
	return msg->seq < first || msg->seq > last ||
	       (lane->returned && lane->returned->seq == before);
}

/* At least @count lanes are in reserve then, and none has gone. */
static inline void model_fill(struct model *model, unsigned int count)
{
	unsigned int had = model->reserve.count;

	MODEL_CHECK(mbx_lanes_fill(&model->reserve, count, GFP_KERNEL));
	MODEL_CHECK(model->reserve.count == (had < count ? count : had));
}

/* @reserve: how many lanes are offered at the first attempt. */
static inline void model_push(struct model *model, struct mbx_message *msg, unsigned int reserve)
{
	const struct mbx_queue *queue = &model->queue;
	/* A message that is alone needs no lane; if it was, the spare one is for it. */
	bool alone = !queue->count && queue->spare;
	bool fits = alone || model_fits(model, msg);
	bool spare = queue->spare && !queue->single;
	unsigned int offered;

	if (model->reserve.count > reserve)
		mbx_lanes_free(&model->reserve);
	model_fill(model, reserve);
	if (!fits && !spare && !model->reserve.count) {
		struct mbx_queue before = model->queue;

		MODEL_CHECK(!mbx_queue_push(&model->queue, msg, &model->reserve));
		/* But for what it remembers. */
		before.last = model->queue.last;
		MODEL_CHECK(!memcmp(&before, &model->queue, sizeof(before)));
		model_check(model, 0);
		model_fill(model, 1);
	}
	offered = model->reserve.count;
	MODEL_CHECK(mbx_queue_push(&model->queue, msg, &model->reserve));
	MODEL_CHECK(model->reserve.count == offered - (!fits && !spare));
	MODEL_CHECK(!queue->spare == (!spare || !fits));
	MODEL_CHECK(!queue->single == !alone);
	model->queued[model->count++] = msg;
}

static inline struct mbx_message *model_send(struct model *model, u64 type, unsigned int sender,
					     u16 priority, u32 len, unsigned int reserve)
{
	struct mbx_message *msg;

	MODEL_CHECK(model->count < MODEL_MESSAGES);
	msg = calloc(1, sizeof(*msg));
	if (!msg)
		abort();
	msg->type = type;
	msg->sender = &model->senders[sender];
	msg->priority = priority;
	msg->len = len;
	msg->seq = ++model->seq;
	model_push(model, msg, reserve);
	return msg;
}

/* The message at @at of model->queued goes to model->taken. */
static inline void model_take_at(struct model *model, unsigned int at)
{
	struct mbx_message *msg = model->queued[at];

	MODEL_CHECK(model->taken_count < MODEL_MESSAGES);
	model->queued[at] = model->queued[--model->count];
	mbx_queue_remove(&model->queue, msg);
	model->taken[model->taken_count++] = msg;
}

static inline void model_take(struct model *model, const struct mbx_message *msg)
{
	unsigned int i;

	for (i = 0; i < model->count; i++)
		if (model->queued[i] == msg)
			break;
	MODEL_CHECK(i < model->count);
	model_take_at(model, i);
}

/* As a batch does: what leaves first, and up to @max in all that are behind it. */
static inline void model_take_run(struct model *model, const struct mbx_select *select,
				  unsigned int max)
{
	struct mbx_message *first = mbx_queue_find(&model->queue, select);
	struct mbx_message *last = NULL;
	struct mbx_message *msg;
	unsigned int count = 0;
	unsigned int i;
	u64 bytes = 0;

	for (msg = first; msg && count < max; msg = mbx_queue_next(&model->queue, msg)) {
		MODEL_CHECK(msg == model_find(model, select));
		for (i = 0; model->queued[i] != msg; i++)
			;
		model->queued[i] = model->queued[--model->count];
		MODEL_CHECK(model->taken_count < MODEL_MESSAGES);
		model->taken[model->taken_count++] = msg;
		last = msg;
		count++;
		bytes += msg->len;
	}
	if (count)
		mbx_queue_remove_run(&model->queue, first, last, count, bytes);
}

static inline void model_put_back(struct model *model, unsigned int at, unsigned int reserve)
{
	struct mbx_message *msg = model->taken[at];

	MODEL_CHECK(model->count < MODEL_MESSAGES);
	model->taken[at] = model->taken[--model->taken_count];
	model_push(model, msg, reserve);
}

static inline void model_drop(struct model *model, unsigned int at)
{
	free(model->taken[at]);
	model->taken[at] = model->taken[--model->taken_count];
}

#endif /* UNIT_MODEL_H */
