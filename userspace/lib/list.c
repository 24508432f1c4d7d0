// SPDX-License-Identifier: LGPL-2.1-or-later
/* The list of all ports: pages of entries, each begun after the last name. */
#include <stdlib.h>

#include "internal.h"

#define LIST_PAGE	128

struct mailbox_list {
	struct mailbox *mb;	/* NULL: fd is the list's own */
	int fd;
	uint32_t next;		/* entries of the page that were handed out */
	uint32_t count;		/* entries of the page that are filled */
	bool end;
	struct mailbox_ioc_port_stat page[LIST_PAGE];
};

struct mailbox_list *mailbox_list_open(struct mailbox *mb)
{
	int saved = errno;
	struct mailbox_list *list;

	list = calloc(1, sizeof(*list));
	if (!list)
		return NULL;

	list->mb = mb;
	list->fd = mailbox_device_get(mb, NULL, false);
	if (list->fd < 0) {
		saved = errno;
		free(list);
		errno = saved;
		return NULL;
	}
	errno = saved;
	return list;
}

static int list_fetch(struct mailbox_list *list)
{
	struct mailbox_ioc_port_list arg = {
		.entry_size = sizeof(list->page[0]),
		.entries = (uintptr_t)list->page,
		.count = LIST_PAGE,
	};

	if (list->count)
		memcpy(arg.after, list->page[list->count - 1].name,
		       sizeof(arg.after));
	if (ioctl(list->fd, MAILBOX_IOC_PORT_LIST, &arg) < 0)
		return -1;

	list->next = 0;
	list->count = arg.count;
	list->end = arg.count == 0;
	return 0;
}

int mailbox_list_next(struct mailbox_list *list,
		      struct mailbox_port_status *status)
{
	if (list->next == list->count && !list->end && list_fetch(list) < 0)
		return -1;
	if (list->end)
		return 0;

	mailbox_status_fill(status, &list->page[list->next++]);
	return 1;
}

void mailbox_list_close(struct mailbox_list *list)
{
	int saved = errno;

	if (!list)
		return;
	mailbox_device_put(list->mb, list->fd);
	free(list);
	errno = saved;
}
