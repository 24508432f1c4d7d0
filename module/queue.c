// SPDX-License-Identifier: GPL-2.0-only
/*
 * Order and selection of messages; queue.h says how.
 */
#include <linux/errno.h>
#include <linux/mailbox_ipc.h>
#include <linux/minmax.h>
#include <linux/pid.h>
#include <linux/rbtree_augmented.h>
#include <linux/slab.h>

#include "queue.h"

/* --- lanes in reserve ---------------------------------------------------- */

/**
 * mbx_lanes_fill() - have at least so many in reserve
 * @lanes:	the reserve
 * @count:	how many
 * @gfp:	how to allocate
 *
 * Context: as @gfp says. Return: false without memory; what there is stays.
 */
bool mbx_lanes_fill(struct mbx_lanes *lanes, unsigned int count, gfp_t gfp)
{
	while (lanes->count < count) {
		struct mbx_lane *lane;

		lane = kmalloc(sizeof(*lane), gfp | __GFP_ACCOUNT);
		if (!lane)
			return false;
		list_add(&lane->messages, &lanes->list);
		lanes->count++;
	}
	return true;
}

static struct mbx_lane *lanes_take(struct mbx_lanes *lanes)
{
	struct mbx_lane *lane;

	if (!lanes || !lanes->count)
		return NULL;
	lane = list_first_entry(&lanes->list, struct mbx_lane, messages);
	list_del(&lane->messages);
	lanes->count--;
	return lane;
}

/**
 * mbx_lanes_free() - give back what was not needed
 * @lanes:	the reserve; empty afterwards
 *
 * Context: any.
 */
void mbx_lanes_free(struct mbx_lanes *lanes)
{
	struct mbx_lane *lane;

	while ((lane = lanes_take(lanes)))
		kfree(lane);
}

/* --- lanes --------------------------------------------------------------- */

static struct mbx_message *lane_head(const struct mbx_lane *lane)
{
	return list_first_entry(&lane->messages, struct mbx_message, node);
}

static struct mbx_lane *lane_of(const struct rb_node *node,
				enum mbx_lane_index index)
{
	return container_of(node - index, struct mbx_lane, node[0]);
}

static int compare(u64 a, u64 b)
{
	return (a > b) - (a < b);
}

/* Which lane goes first: the higher priority, then the older first message. */
static int lane_compare_order(const struct mbx_lane *a,
			      const struct mbx_lane *b)
{
	return compare(b->priority, a->priority) ?:
	       compare(lane_head(a)->seq, lane_head(b)->seq);
}

/* By key, so that the lanes of a key are neighbours, then by process. */
static int lane_compare_sender(const struct mbx_lane *a,
			       const struct mbx_lane *b)
{
	return compare(a->sender, b->sender) ?:
	       compare((uintptr_t)a->pid, (uintptr_t)b->pid);
}

static int lane_compare(const struct mbx_lane *a, const struct mbx_lane *b,
			enum mbx_lane_index index)
{
	switch (index) {
	case MBX_LANE_EXACT:
		return compare(a->type, b->type) ?:
		       lane_compare_sender(a, b) ?:
		       compare(a->priority, b->priority) ?:
		       compare(a->only, b->only);
	case MBX_LANE_TYPE:
		return compare(a->type, b->type) ?: lane_compare_order(a, b);
	case MBX_LANE_SENDER:
		return lane_compare_sender(a, b) ?: lane_compare_order(a, b);
	default:
		return lane_compare_order(a, b);
	}
}

/* --- the span of types below a lane, for "any type but" ------------------ */

static struct mbx_span span_compute(const struct mbx_lane *lane)
{
	const struct rb_node *node = &lane->node[MBX_LANE_ORDER];
	const struct rb_node *child[] = { node->rb_left, node->rb_right };
	struct mbx_span span = { lane->type, lane->type };
	int i;

	for (i = 0; i < 2; i++) {
		const struct mbx_lane *below;

		if (!child[i])
			continue;
		below = lane_of(child[i], MBX_LANE_ORDER);
		span.min = min(span.min, below->span.min);
		span.max = max(span.max, below->span.max);
	}
	return span;
}

static void span_propagate(struct rb_node *node, struct rb_node *stop)
{
	while (node != stop) {
		struct mbx_lane *lane = lane_of(node, MBX_LANE_ORDER);

		lane->span = span_compute(lane);
		node = rb_parent(node);
	}
}

static void span_copy(struct rb_node *old, struct rb_node *new)
{
	lane_of(new, MBX_LANE_ORDER)->span = lane_of(old, MBX_LANE_ORDER)->span;
}

static void span_rotate(struct rb_node *old, struct rb_node *new)
{
	struct mbx_lane *lane = lane_of(old, MBX_LANE_ORDER);

	span_copy(old, new);
	lane->span = span_compute(lane);
}

static const struct rb_augment_callbacks span_callbacks = {
	.propagate	= span_propagate,
	.copy		= span_copy,
	.rotate		= span_rotate,
};

/* --- lanes in their indexes ---------------------------------------------- */

static void lane_link(struct mbx_queue *queue, struct mbx_lane *lane,
		      enum mbx_lane_index index)
{
	struct rb_root *root = &queue->index[index];
	struct rb_node **link = &root->rb_node;
	struct rb_node *parent = NULL;

	while (*link) {
		parent = *link;
		if (lane_compare(lane, lane_of(parent, index), index) < 0)
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&lane->node[index], parent, link);

	if (index == MBX_LANE_ORDER) {
		span_propagate(&lane->node[index], NULL);
		rb_insert_augmented(&lane->node[index], root, &span_callbacks);
	} else {
		rb_insert_color(&lane->node[index], root);
	}
}

static void lane_unlink(struct mbx_queue *queue, struct mbx_lane *lane,
			enum mbx_lane_index index)
{
	struct rb_root *root = &queue->index[index];

	if (index == MBX_LANE_ORDER)
		rb_erase_augmented(&lane->node[index], root, &span_callbacks);
	else
		rb_erase(&lane->node[index], root);
}

static void lane_link_all(struct mbx_queue *queue, struct mbx_lane *lane)
{
	enum mbx_lane_index index;

	for (index = 0; index < MBX_LANE_INDEXES; index++)
		lane_link(queue, lane, index);
}

static void lane_unlink_all(struct mbx_queue *queue, struct mbx_lane *lane)
{
	enum mbx_lane_index index;

	for (index = 0; index < MBX_LANE_INDEXES; index++)
		lane_unlink(queue, lane, index);
}

/*
 * The first message of @lane is another one than before. The trees were built
 * with the old one, so nothing may be looked up before this is done.
 */
static void lane_move(struct mbx_queue *queue, struct mbx_lane *lane)
{
	enum mbx_lane_index index;

	if (lane == queue->alone)
		return;
	for (index = MBX_LANE_ORDER; index < MBX_LANE_INDEXES; index++) {
		struct rb_node *node = &lane->node[index];
		struct rb_node *next = rb_next(node);
		struct rb_node *prev = rb_prev(node);

		if ((!next ||
		     lane_compare(lane, lane_of(next, index), index) < 0) &&
		    (!prev ||
		     lane_compare(lane_of(prev, index), lane, index) < 0))
			continue;
		lane_unlink(queue, lane, index);
		lane_link(queue, lane, index);
	}
}

static u16 message_priority(const struct mbx_queue *queue,
			    const struct mbx_message *msg)
{
	return queue->fifo ? 0 : msg->priority;
}

/* Set in @key what decides the common lane of @msg. */
static void lane_key(const struct mbx_queue *queue,
		     const struct mbx_message *msg, struct mbx_lane *key)
{
	key->type = msg->type;
	key->pid = msg->sender->pid;
	key->sender = msg->sender->key;
	key->only = 0;
	key->priority = message_priority(queue, msg);
}

static struct mbx_lane *lane_search(const struct mbx_queue *queue,
				    const struct mbx_lane *key)
{
	struct rb_node *node = queue->index[MBX_LANE_EXACT].rb_node;

	while (node) {
		struct mbx_lane *lane = lane_of(node, MBX_LANE_EXACT);
		int order = lane_compare(key, lane, MBX_LANE_EXACT);

		if (!order)
			return lane;
		node = order < 0 ? node->rb_left : node->rb_right;
	}
	return NULL;
}

/* The common lane for messages like @msg, or NULL. */
static struct mbx_lane *lane_find(struct mbx_queue *queue,
				  const struct mbx_message *msg)
{
	struct mbx_lane *last = queue->last;
	struct mbx_lane *lane;
	struct mbx_lane key;

	if (last && mbx_lane_takes(queue, last, msg))
		return last;

	lane_key(queue, msg, &key);
	lane = lane_search(queue, &key);
	if (lane)
		queue->last = lane;
	return lane;
}

/* The lane in which @msg is. */
static struct mbx_lane *lane_with(struct mbx_queue *queue,
				  const struct mbx_message *msg)
{
	struct mbx_lane *lane;
	struct mbx_lane key;

	if (queue->alone)
		return queue->alone;
	if (queue->apart) {
		lane_key(queue, msg, &key);
		key.only = msg->seq;
		lane = lane_search(queue, &key);
		if (lane)
			return lane;
	}
	return lane_find(queue, msg);
}

/* Of the lanes with this type, the one that goes first. */
static struct mbx_lane *lane_first_of_type(const struct mbx_queue *queue,
					   u64 type)
{
	struct rb_node *node = queue->index[MBX_LANE_TYPE].rb_node;
	struct mbx_lane *first = NULL;

	while (node) {
		struct mbx_lane *lane = lane_of(node, MBX_LANE_TYPE);

		if (lane->type < type) {
			node = node->rb_right;
		} else {
			if (lane->type == type)
				first = lane;
			node = node->rb_left;
		}
	}
	return first;
}

/* --- selection ----------------------------------------------------------- */

static bool sender_match(const struct mbx_select *select,
			 const struct mbx_sender *sender)
{
	if (!select->ns)
		return sender->key == select->key;
	return pid_nr_ns(sender->pid, select->ns) == select->nr;
}

/**
 * mbx_select_compare() - mbx_select_match(), for a receive that does not want any
 * @select:	likewise
 * @msg:	likewise
 */
bool mbx_select_compare(const struct mbx_select *select,
			const struct mbx_message *msg)
{
	switch (select->kind) {
	case MAILBOX_SELECT_TYPE:
		return msg->type == select->type;
	case MAILBOX_SELECT_TYPE_NOT:
		return msg->type != select->type;
	case MAILBOX_SELECT_TYPE_AT_MOST:
		return msg->type <= select->type;
	case MAILBOX_SELECT_SENDER:
		return sender_match(select, msg->sender);
	default:
		return false;
	}
}

static struct mbx_lane *find_type_not(const struct mbx_queue *queue, u64 type)
{
	struct rb_node *node = queue->index[MBX_LANE_ORDER].rb_node;

	/* Go down to the first lane; every subtree entered holds one. */
	while (node) {
		struct mbx_lane *lane = lane_of(node, MBX_LANE_ORDER);
		struct rb_node *left = node->rb_left;

		if (left) {
			const struct mbx_span *span =
				&lane_of(left, MBX_LANE_ORDER)->span;

			if (span->min != type || span->max != type) {
				node = left;
				continue;
			}
		}
		if (lane->type != type)
			return lane;
		node = node->rb_right;
	}
	return NULL;
}

/* In MBX_LANE_SENDER, the first lane of the process after that of @lane. */
static struct mbx_lane *lane_next_sender(const struct mbx_queue *queue,
					 const struct mbx_lane *lane)
{
	struct rb_node *node = queue->index[MBX_LANE_SENDER].rb_node;
	struct mbx_lane *after = NULL;

	while (node) {
		struct mbx_lane *other = lane_of(node, MBX_LANE_SENDER);

		if (lane_compare_sender(lane, other) < 0) {
			after = other;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return after;
}

/*
 * Nearly always one process matches. It is more than one if a number was used
 * again while messages of the process that had it before are queued; and every
 * process is asked if only its number in some namespace is known.
 */
static struct mbx_lane *find_sender(const struct mbx_queue *queue,
				    const struct mbx_select *select)
{
	struct mbx_lane before = { .sender = select->ns ? 0 : select->key };
	struct mbx_lane *first = NULL;
	struct mbx_lane *lane;

	for (lane = lane_next_sender(queue, &before); lane;
	     lane = lane_next_sender(queue, lane)) {
		if (sender_match(select, lane_head(lane)->sender)) {
			if (!first || lane_compare_order(lane, first) < 0)
				first = lane;
		} else if (!select->ns) {
			break;
		}
	}
	return first;
}

/**
 * mbx_queue_find_lane() - mbx_queue_find(), if there are lanes
 * @queue:	likewise
 * @select:	likewise
 */
struct mbx_message *mbx_queue_find_lane(const struct mbx_queue *queue,
					const struct mbx_select *select)
{
	struct mbx_lane *lane = NULL;
	struct rb_node *node;

	if (queue->alone) {
		struct mbx_message *msg = lane_head(queue->alone);

		return mbx_select_match(select, msg) ? msg : NULL;
	}

	switch (select->kind) {
	case MAILBOX_SELECT_ANY:
		node = rb_first(&queue->index[MBX_LANE_ORDER]);
		lane = lane_of(node, MBX_LANE_ORDER);
		break;
	case MAILBOX_SELECT_TYPE:
		lane = lane_first_of_type(queue, select->type);
		break;
	case MAILBOX_SELECT_TYPE_NOT:
		lane = find_type_not(queue, select->type);
		break;
	case MAILBOX_SELECT_TYPE_AT_MOST:
		node = rb_first(&queue->index[MBX_LANE_TYPE]);
		if (lane_of(node, MBX_LANE_TYPE)->type <= select->type)
			lane = lane_of(node, MBX_LANE_TYPE);
		break;
	case MAILBOX_SELECT_SENDER:
		lane = find_sender(queue, select);
		break;
	}
	return lane ? lane_head(lane) : NULL;
}

/**
 * mbx_queue_least() - the message that matters least
 * @queue:	the queue
 *
 * Context: any; the caller serialises. Return: the oldest message of the lowest
 * priority, still in the queue, or NULL.
 */
struct mbx_message *mbx_queue_least(const struct mbx_queue *queue)
{
	struct rb_node *node = queue->index[MBX_LANE_ORDER].rb_node;
	struct mbx_lane *least = queue->alone;
	u16 priority;

	if (!queue->count || queue->single)
		return queue->single;
	if (!least) {
		priority = lane_of(rb_last(&queue->index[MBX_LANE_ORDER]),
				   MBX_LANE_ORDER)->priority;
		while (node) {
			struct mbx_lane *lane = lane_of(node, MBX_LANE_ORDER);

			if (lane->priority == priority) {
				least = lane;
				node = node->rb_left;
			} else {
				node = node->rb_right;
			}
		}
	}
	return lane_head(least);
}

/* --- the queue ----------------------------------------------------------- */

/**
 * mbx_queue_init() - make an empty queue
 * @queue:	the queue
 * @fifo:	order by mbx_message.seq alone, whatever the priorities
 */
void mbx_queue_init(struct mbx_queue *queue, bool fifo)
{
	*queue = (struct mbx_queue){ .fifo = fifo };
}

/**
 * mbx_queue_exit() - give back what an empty queue keeps
 * @queue:	the queue
 */
void mbx_queue_exit(struct mbx_queue *queue)
{
	kfree(queue->spare);
	queue->spare = NULL;
}

/* Put @msg where its number belongs, unless the place is hard to find. */
static bool lane_add(struct mbx_lane *lane, struct mbx_message *msg)
{
	struct mbx_message *other;

	if (mbx_lane_tail(lane)->seq < msg->seq) {
		list_add_tail(&msg->node, &lane->messages);
		return true;
	}
	/*
	 * One that was taken comes back. It goes first; or behind the one that
	 * has come back before it, as the last one's number is higher.
	 */
	other = lane_head(lane);
	if (other->seq < msg->seq) {
		other = lane->returned;
		if (!other || other->seq > msg->seq)
			return false;
		other = list_next_entry(other, node);
		if (other->seq < msg->seq)
			return false;
	}
	list_add_tail(&msg->node, &other->node);
	lane->returned = msg;
	return true;
}

static void lane_begin(struct mbx_queue *queue, struct mbx_lane *lane,
		       struct mbx_message *msg, u64 only)
{
	lane_key(queue, msg, lane);
	lane->only = only;
	lane->returned = NULL;
	INIT_LIST_HEAD(&lane->messages);
	list_add(&msg->node, &lane->messages);
	queue->last = lane;
}

/* Do two messages belong into the same lane? */
static bool message_joins(const struct mbx_queue *queue,
			  const struct mbx_message *a,
			  const struct mbx_message *b)
{
	return a->type == b->type && a->sender->pid == b->sender->pid &&
	       message_priority(queue, a) == message_priority(queue, b);
}

/* The only message gets a lane, as there will be another one. */
static void queue_unfold(struct mbx_queue *queue)
{
	queue->alone = queue->spare;
	queue->spare = NULL;
	lane_begin(queue, queue->alone, queue->single, 0);
	queue->single = NULL;
}

/**
 * mbx_queue_push_lane() - mbx_queue_push(), if it is not that simple
 * @queue:	likewise
 * @msg:	likewise
 * @reserve:	likewise
 */
bool mbx_queue_push_lane(struct mbx_queue *queue, struct mbx_message *msg,
			 struct mbx_lanes *reserve)
{
	struct mbx_lane *lane = NULL;

	if (queue->single) {
		if (!message_joins(queue, queue->single, msg) &&
		    !(reserve && reserve->count))
			return false;
		queue_unfold(queue);
	}
	if (queue->count)
		lane = lane_find(queue, msg);
	if (lane && lane_add(lane, msg)) {
		if (lane_head(lane) == msg)
			lane_move(queue, lane);
	} else {
		u64 only = lane ? msg->seq : 0;

		lane = queue->spare ?: lanes_take(reserve);
		if (!lane)
			return false;
		queue->spare = NULL;

		lane_begin(queue, lane, msg, only);
		if (only)
			queue->apart++;
		if (!queue->count) {
			queue->alone = lane;
		} else {
			if (queue->alone)
				lane_link_all(queue, queue->alone);
			queue->alone = NULL;
			lane_link_all(queue, lane);
		}
	}
	queue->count++;
	queue->bytes += msg->len;
	return true;
}

/* The last message of @lane has left. */
static void lane_end(struct mbx_queue *queue, struct mbx_lane *lane)
{
	if (lane == queue->alone) {
		queue->alone = NULL;
	} else {
		if (lane->only)
			queue->apart--;
		lane_unlink_all(queue, lane);
	}
	queue->last = NULL;
	if (!queue->spare)
		queue->spare = lane;
	else
		kfree(lane);
}

/**
 * mbx_queue_remove_lane() - mbx_queue_remove(), if there are lanes
 * @queue:	likewise, which has counted it out
 * @msg:	likewise
 */
void mbx_queue_remove_lane(struct mbx_queue *queue, struct mbx_message *msg)
{
	struct mbx_lane *lane = lane_with(queue, msg);
	bool first = lane_head(lane) == msg;

	if (list_is_singular(&lane->messages)) {
		lane_end(queue, lane);
		return;
	}
	if (lane->returned == msg)
		lane->returned = NULL;
	list_del(&msg->node);
	if (first)
		lane_move(queue, lane);
}

/**
 * mbx_queue_remove_run() - take the first messages out
 * @queue:	the queue
 * @first:	what mbx_queue_find() found
 * @last:	what mbx_queue_next() found behind it
 * @count:	how many it is from @first to @last
 * @bytes:	their payloads
 *
 * Context: any; the caller serialises.
 */
void mbx_queue_remove_run(struct mbx_queue *queue, struct mbx_message *first,
			  struct mbx_message *last, unsigned int count,
			  u64 bytes)
{
	struct mbx_lane *lane = queue->alone;

	if (first == last) {
		mbx_queue_remove(queue, first);
		return;
	}
	queue->count -= count;
	queue->bytes -= bytes;
	if (lane->returned && lane->returned->seq <= last->seq)
		lane->returned = NULL;
	if (!queue->count)
		lane_end(queue, lane);
	else
		__list_del(&lane->messages, last->node.next);
}
