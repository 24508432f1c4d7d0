/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_RBTREE_AUGMENTED_H
#define SHIM_RBTREE_AUGMENTED_H

#include <linux/rbtree.h>

/**
 * struct rb_augment_callbacks - keep what a node says of its subtree right
 * @propagate:	recompute from the node upwards, short of @stop
 * @copy:	@new is where @old was, with the same subtree
 * @rotate:	likewise, and @old has become a child of @new
 */
struct rb_augment_callbacks {
	void (*propagate)(struct rb_node *node, struct rb_node *stop);
	void (*copy)(struct rb_node *old, struct rb_node *new);
	void (*rotate)(struct rb_node *old, struct rb_node *new);
};

void rb_insert_augmented(struct rb_node *node, struct rb_root *root,
			 const struct rb_augment_callbacks *augment);
void rb_erase_augmented(struct rb_node *node, struct rb_root *root,
			const struct rb_augment_callbacks *augment);

#endif /* SHIM_RBTREE_AUGMENTED_H */
