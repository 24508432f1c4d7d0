/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A treap in place of the red-black tree: the shape depends on random numbers
 * instead of colours, so that runs see many shapes.
 */
#ifndef SHIM_RBTREE_H
#define SHIM_RBTREE_H

#include <linux/types.h>

struct rb_node {
	struct rb_node *up;
	struct rb_node *rb_left;
	struct rb_node *rb_right;
	u32 weight;			/* not above that of @up */
};

struct rb_root {
	struct rb_node *rb_node;
};

#define rb_parent(node) ((node)->up)

/* Where the shapes start; the same number gives the same run. */
void shim_rbtree_seed(u32 seed);

static inline void rb_link_node(struct rb_node *node, struct rb_node *parent,
				struct rb_node **link)
{
	node->up = parent;
	node->rb_left = NULL;
	node->rb_right = NULL;
	node->weight = 0;
	*link = node;
}

void rb_insert_color(struct rb_node *node, struct rb_root *root);
void rb_erase(struct rb_node *node, struct rb_root *root);
struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_last(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_prev(const struct rb_node *node);

#endif /* SHIM_RBTREE_H */
