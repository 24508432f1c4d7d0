// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of messages that were received, kept ready for the next messages of
 * the same sender. It is charged to the sender's memory cgroup all the time, and
 * to its quota of bytes only while a message is in it; how much a user may have
 * ready has a limit of its own.
 *
 * A list without a lock may have any number of tasks that add, and one that takes:
 * see linux/llist.h.
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
	for (i = 0; i < MBX_ROOMS; i++)
		init_llist_head(&spare->messages[i]);
}

/**
 * mbx_spare_take() - a message that was left
 * @spare:	the calling thread's, whose struct mbx_sender it has a reference to
 * @room:	of this size
 *
 * Context: process. Return: the message, whose length tells how many pages it has;
 * all else but that is to be set. NULL if there is none.
 */
struct mbx_message *mbx_spare_take(struct mbx_spare *spare, unsigned int room)
{
	struct llist_head *list = &spare->messages[room];
	struct mbx_message *msg;

	if (llist_empty(list))
		return NULL;
	msg = llist_entry(llist_del_first(list), struct mbx_message, spare);
	atomic_long_sub(mbx_message_memory(msg), &spare->bytes);
	return msg;
}

/**
 * mbx_spare_keep() - a message is done with
 * @spare:	its sender's; who calls has a reference to that
 * @msg:	the message, which does not share another one's payload
 *
 * Context: process. Return: false if there is enough already: it is still the
 * caller's.
 */
bool mbx_spare_keep(struct mbx_spare *spare, struct mbx_message *msg)
{
	size_t bytes = mbx_message_memory(msg);

	if (atomic_long_add_return(bytes, &spare->bytes) >
	    READ_ONCE(spare->limit)) {
		atomic_long_sub(bytes, &spare->bytes);
		return false;
	}
	llist_add(&msg->spare, &spare->messages[msg->room]);
	return true;
}

/**
 * mbx_spare_empty() - free what is kept
 * @spare:	where; its thread is not taking from it
 *
 * Context: process.
 */
void mbx_spare_empty(struct mbx_spare *spare)
{
	struct mbx_message *msg, *next;
	unsigned int i;

	for (i = 0; i < MBX_ROOMS; i++)
		llist_for_each_entry_safe(msg, next,
					  llist_del_all(&spare->messages[i]),
					  spare)
			mbx_message_destroy(msg);
}
