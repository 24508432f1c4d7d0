/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A queue of messages: order and selection, nothing else. No locks, no
 * sleeping, no user memory: the caller serialises. Builds in user space too,
 * for tests, so it includes little.
 *
 * DOC: lanes
 *
 * Messages of the same type, priority and sender always leave in the order in
 * which they came, whatever a receiver selects by. They form a lane: a plain
 * list, so that a message itself carries one list node and nothing else. Only
 * lanes are indexed: by what they are, for the next message of the kind; by
 * priority and age of their first message, for receive-any; and in the same
 * order behind the type, and behind the sender, for the selections. So each
 * operation costs the logarithm of the number of lanes, however long the
 * backlog. A lane that is alone, as most are, is not indexed at all; and a message
 * that is alone, as most are, is not even in a lane.
 *
 * A message that comes back has its old number. Nearly always it belongs at the
 * front of its lane, or behind the one that came back before it; if not, it gets
 * a lane apart, rather than being looked a place for.
 */
#ifndef MBX_QUEUE_H
#define MBX_QUEUE_H

#include <linux/mailbox_ipc.h>
#include <linux/rbtree.h>
#include <linux/types.h>

#include "message.h"

struct pid_namespace;

/**
 * struct mbx_select - which message a receive wants
 * @kind:	MAILBOX_SELECT_*
 * @type:	for the kinds that compare a type
 * @key:	for SENDER: mbx_sender.key, if @ns is NULL
 * @ns:		for SENDER: NULL, or the receiver's pid namespace: the process
 *		is the one with number @nr there, and has no known key
 * @nr:		for SENDER, with @ns
 */
struct mbx_select {
	u32 kind;
	u64 type;
	u32 key;
	u32 nr;
	struct pid_namespace *ns;
};

bool mbx_select_compare(const struct mbx_select *select,
			const struct mbx_message *msg);

/**
 * mbx_select_match() - does a receive want this message?
 * @select:	what it wants
 * @msg:	the message
 *
 * Context: any. For MAILBOX_SELECT_TYPE_AT_MOST it says whether the type is
 * low enough; which one is lowest only a queue knows.
 */
static inline bool mbx_select_match(const struct mbx_select *select,
				    const struct mbx_message *msg)
{
	return select->kind == MAILBOX_SELECT_ANY ||
	       mbx_select_compare(select, msg);
}

/* The ways in which lanes are ordered. */
enum mbx_lane_index {
	MBX_LANE_EXACT,		/* type, sender, priority */
	MBX_LANE_ORDER,		/* priority, age of the first message */
	MBX_LANE_TYPE,		/* type, then as ORDER */
	MBX_LANE_SENDER,	/* sender, then as ORDER */
	MBX_LANE_INDEXES,
};

/* The types that occur in a subtree lie between these. */
struct mbx_span {
	u64 min;
	u64 max;
};

/**
 * struct mbx_lane - messages of one type, priority and sending process
 * @node:	in mbx_queue.index, one for each
 * @messages:	in the order of their numbers, never empty while indexed
 * @returned:	the one among them that came back last, or NULL
 * @only:	number of the only message, which came back and has no place in
 *		the common lane of its kind; 0 in that one
 * @type:	invariant while indexed
 * @pid:	mbx_sender.pid, likewise; the messages hold it. Only compared: two
 *		processes may have had the same key, one after the other
 * @sender:	mbx_sender.key, likewise
 * @priority:	likewise; 0 in a queue that ignores priorities
 * @span:	of the subtree below @node[MBX_LANE_ORDER]
 */
struct mbx_lane {
	struct rb_node node[MBX_LANE_INDEXES];
	struct list_head messages;
	struct mbx_message *returned;
	u64 only;
	u64 type;
	const struct pid *pid;
	u32 sender;
	u16 priority;
	struct mbx_span span;
};

/**
 * struct mbx_lanes - lanes to put into queues, got while memory may be waited for
 * @list:	the lanes
 * @count:	how many
 */
struct mbx_lanes {
	struct list_head list;
	unsigned int count;
};

/**
 * struct mbx_queue - messages in order
 * @index:	the lanes, by enum mbx_lane_index
 * @single:	the only message, or NULL. It is in no lane then, and @spare is there
 * @alone:	the only lane, or NULL. It is in no index then, and is @last
 * @last:	the lane that was used last, or NULL: saves the search
 * @spare:	an empty lane kept for the next message that needs one, or NULL
 * @apart:	lanes of messages that came back and are alone in theirs
 * @fifo:	priorities do not count
 * @count:	messages
 * @bytes:	their payloads
 */
struct mbx_queue {
	struct rb_root index[MBX_LANE_INDEXES];
	struct mbx_message *single;
	struct mbx_lane *alone;
	struct mbx_lane *last;
	struct mbx_lane *spare;
	unsigned int apart;
	unsigned int count;
	bool fifo;
	u64 bytes;
};

void mbx_queue_init(struct mbx_queue *queue, bool fifo);
void mbx_queue_exit(struct mbx_queue *queue);
struct mbx_message *mbx_queue_least(const struct mbx_queue *queue);

/* If lanes are to be looked for. */
bool mbx_queue_push_lane(struct mbx_queue *queue, struct mbx_message *msg,
			 struct mbx_lanes *reserve);
void mbx_queue_remove_lane(struct mbx_queue *queue, struct mbx_message *msg);
void mbx_queue_remove_run(struct mbx_queue *queue, struct mbx_message *first,
			  struct mbx_message *last, unsigned int count,
			  u64 bytes);
struct mbx_message *mbx_queue_find_lane(const struct mbx_queue *queue,
					const struct mbx_select *select);

/* Is this the common lane for messages like @msg? */
static inline bool mbx_lane_takes(const struct mbx_queue *queue,
				  const struct mbx_lane *lane,
				  const struct mbx_message *msg)
{
	return lane->type == msg->type && lane->pid == msg->sender->pid &&
	       (queue->fifo || lane->priority == msg->priority) && !lane->only;
}

static inline struct mbx_message *mbx_lane_tail(const struct mbx_lane *lane)
{
	return list_last_entry(&lane->messages, struct mbx_message, node);
}

/**
 * mbx_queue_push() - queue a message where its number and priority belong
 * @queue:	the queue
 * @msg:	the message, numbered, in no queue
 * @reserve:	lanes of which one may be used; NULL = there are none
 *
 * Context: any; the caller serialises. Return: false if a lane is needed that
 * neither the queue nor @reserve has; nothing has changed then.
 */
static inline bool mbx_queue_push(struct mbx_queue *queue,
				  struct mbx_message *msg,
				  struct mbx_lanes *reserve)
{
	struct mbx_lane *last = queue->last;

	if (last && mbx_lane_takes(queue, last, msg) &&
	    mbx_lane_tail(last)->seq < msg->seq)
		list_add_tail(&msg->node, &last->messages);
	else if (!queue->count && queue->spare)
		queue->single = msg;
	else
		return mbx_queue_push_lane(queue, msg, reserve);
	queue->count++;
	queue->bytes += msg->len;
	return true;
}

/**
 * mbx_queue_remove() - take a message out
 * @queue:	the queue
 * @msg:	a message in it
 *
 * Context: any; the caller serialises.
 */
static inline void mbx_queue_remove(struct mbx_queue *queue,
				    struct mbx_message *msg)
{
	queue->count--;
	queue->bytes -= msg->len;
	if (queue->single)
		queue->single = NULL;
	else
		mbx_queue_remove_lane(queue, msg);
}

/**
 * mbx_queue_find() - the message that a receive gets next
 * @queue:	the queue
 * @select:	what the receive wants
 *
 * Context: any; the caller serialises. Return: the message, still in the
 * queue, or NULL.
 */
static inline struct mbx_message *
mbx_queue_find(const struct mbx_queue *queue, const struct mbx_select *select)
{
	if (!queue->count)
		return NULL;
	if (!queue->single)
		return mbx_queue_find_lane(queue, select);
	return mbx_select_match(select, queue->single) ? queue->single : NULL;
}

/**
 * mbx_queue_next() - what a receive gets after a message, if that is near
 * @queue:	the queue
 * @msg:	what mbx_queue_find() found for it, or this function
 *
 * Context: any; the caller serialises. Return: the message, still in the
 * queue; NULL if there is none, or it is to be found when @msg is gone.
 */
static inline struct mbx_message *
mbx_queue_next(const struct mbx_queue *queue, const struct mbx_message *msg)
{
	const struct mbx_lane *lane = queue->alone;

	if (!lane || msg->node.next == &lane->messages)
		return NULL;
	return list_entry(msg->node.next, struct mbx_message, node);
}

static inline void mbx_lanes_init(struct mbx_lanes *lanes)
{
	INIT_LIST_HEAD(&lanes->list);
	lanes->count = 0;
}

bool mbx_lanes_fill(struct mbx_lanes *lanes, unsigned int count, gfp_t gfp);
void mbx_lanes_free(struct mbx_lanes *lanes);

#endif /* MBX_QUEUE_H */
