// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of messages that were received, kept ready for the next messages of
 * the same sender. It is charged to the sender's memory cgroup all the time, and
 * to its quota of bytes only while a message is in it; how much a user may have
 * ready has a limit of its own.
 */
#include <linux/list.h>
#include <linux/mm.h>

#include "internal.h"

static unsigned int room_bytes(unsigned int room)
{
	return 128U << room;
}

/**
 * mbx_spare_init() - nothing is spare yet
 * @spare:	where it will be
 * @limit:	at most so many bytes
 */
void mbx_spare_init(struct mbx_spare *spare, unsigned long limit)
{
	unsigned int i;

	spin_lock_init(&spare->lock);
	spare->limit = limit;
	spare->bytes = 0;
	for (i = 0; i < MBX_ROOMS; i++)
		spare->messages[i] = NULL;
	INIT_LIST_HEAD(&spare->pages);
}

/**
 * mbx_spare_take() - a message that was left
 * @spare:	where
 * @room:	of this size
 *
 * Context: process. Return: the message with its sender, all else to be set; or
 * NULL.
 */
struct mbx_message *mbx_spare_take(struct mbx_spare *spare, unsigned int room)
{
	struct mbx_message *msg;

	spin_lock(&spare->lock);
	msg = spare->messages[room];
	if (msg) {
		spare->messages[room] = msg->next;
		spare->bytes -= room_bytes(room);
	}
	spin_unlock(&spare->lock);
	return msg;
}

/**
 * mbx_spare_take_pages() - pages that were left
 * @spare:	where
 * @pages:	they are added here
 * @count:	at most so many
 *
 * Context: process. Return: how many.
 */
unsigned int mbx_spare_take_pages(struct mbx_spare *spare,
				  struct list_head *pages, unsigned int count)
{
	unsigned int taken = 0;

	spin_lock(&spare->lock);
	while (taken < count && !list_empty(&spare->pages)) {
		list_move(spare->pages.next, pages);
		taken++;
	}
	spare->bytes -= taken * PAGE_SIZE;
	spin_unlock(&spare->lock);
	return taken;
}

/**
 * mbx_spare_keep() - a message is done with
 * @spare:	where to keep it
 * @msg:	the message, with its reference to the sender
 * @pages:	pages of it, or NULL
 * @count:	how many
 *
 * Context: process. Return: false if there is enough already: it is still the
 * caller's, as are the pages.
 */
bool mbx_spare_keep(struct mbx_spare *spare, struct mbx_message *msg,
		    struct list_head *pages, unsigned int count)
{
	unsigned long bytes = room_bytes(msg->room) + count * PAGE_SIZE;
	bool keep;

	spin_lock(&spare->lock);
	keep = spare->bytes + bytes <= spare->limit;
	if (keep) {
		if (pages)
			list_splice(pages, &spare->pages);
		msg->next = spare->messages[msg->room];
		spare->messages[msg->room] = msg;
		spare->bytes += bytes;
	}
	spin_unlock(&spare->lock);
	return keep;
}

/**
 * mbx_spare_close() - nothing is to be kept any more
 * @spare:	where
 * @pages:	gets the pages, for the caller to free
 *
 * Context: process. Return: the messages, chained by @next, likewise.
 */
struct mbx_message *mbx_spare_close(struct mbx_spare *spare,
				    struct list_head *pages)
{
	struct mbx_message *messages = NULL;
	unsigned int i;

	spin_lock(&spare->lock);
	spare->limit = 0;
	list_splice_init(&spare->pages, pages);
	for (i = 0; i < MBX_ROOMS; i++) {
		while (spare->messages[i]) {
			struct mbx_message *msg = spare->messages[i];

			spare->messages[i] = msg->next;
			msg->next = messages;
			messages = msg;
		}
	}
	spin_unlock(&spare->lock);
	return messages;
}
