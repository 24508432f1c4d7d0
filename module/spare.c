// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of messages that were received, kept ready for the next messages of
 * the same sender. It is charged to the sender's memory cgroup all the time, and
 * to its quota of bytes only while a message is in it; how much a user may have
 * ready has a limit of its own.
 *
 * Whether a message is to be kept is decided when it is made. So it comes and
 * goes without being counted.
 *
 * Whoever is done with a message adds it to a list without a lock. Only the thread
 * that sends takes from there, and all at once; so what it has then is its own.
 */
#include <linux/list.h>
#include <linux/mm.h>

#include "internal.h"

/**
 * mbx_spare_init() - nothing is spare yet
 * @spare:	where it will be
 * @limit:	at most so many bytes
 */
void mbx_spare_init(struct mbx_spare *spare, unsigned long limit)
{
	unsigned int i;

	spare->limit = limit;
	spare->charged = limit;
	atomic_long_set(&spare->bytes, 0);
	for (i = 0; i < MBX_ROOMS; i++) {
		spare->ready[i] = NULL;
		init_llist_head(&spare->returned[i]);
	}
}

/**
 * mbx_spare_count() - is a new message to be kept when it is done with?
 * @spare:	the calling thread's
 * @msg:	of the size that it will have; told
 *
 * Context: process.
 */
void mbx_spare_count(struct mbx_spare *spare, struct mbx_message *msg)
{
	size_t bytes = mbx_message_memory(msg);

	msg->kept = atomic_long_add_return(bytes, &spare->bytes) <=
		    READ_ONCE(spare->limit);
	if (!msg->kept)
		atomic_long_sub(bytes, &spare->bytes);
}

/**
 * mbx_spare_uncount() - a message is not to be kept
 * @spare:	its sender's; who calls has a reference to that
 * @msg:	in no list
 *
 * Context: process.
 */
void mbx_spare_uncount(struct mbx_spare *spare, struct mbx_message *msg)
{
	if (msg->kept)
		atomic_long_sub(mbx_message_memory(msg), &spare->bytes);
	msg->kept = 0;
}

static void chain_free(struct mbx_spare *spare, struct llist_node *chain)
{
	struct mbx_message *msg, *next;

	llist_for_each_entry_safe(msg, next, chain, spare) {
		mbx_spare_uncount(spare, msg);
		mbx_message_destroy(msg);
	}
}

/**
 * mbx_spare_return() - free what is kept and not the thread's yet
 * @spare:	where
 *
 * Context: process.
 */
void mbx_spare_return(struct mbx_spare *spare)
{
	unsigned int i;

	for (i = 0; i < MBX_ROOMS; i++)
		chain_free(spare, llist_del_all(&spare->returned[i]));
}

/**
 * mbx_spare_empty() - free what is kept
 * @spare:	where; its thread is not taking from it
 *
 * Context: process.
 */
void mbx_spare_empty(struct mbx_spare *spare)
{
	unsigned int i;

	for (i = 0; i < MBX_ROOMS; i++) {
		chain_free(spare, spare->ready[i]);
		spare->ready[i] = NULL;
	}
	mbx_spare_return(spare);
}
