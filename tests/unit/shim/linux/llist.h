/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LLIST_H
#define SHIM_LLIST_H

struct llist_node {
	struct llist_node *next;
};

struct llist_head {
	struct llist_node *first;
};

#endif /* SHIM_LLIST_H */
