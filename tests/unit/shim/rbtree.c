// SPDX-License-Identifier: GPL-2.0-only
/*
 * The treap behind linux/rbtree.h: ordered from left to right by the caller,
 * and no node weighs more than its parent.
 *
 * The callbacks are called as in the kernel: rotate after the pointers are
 * turned, copy when another node takes the place of the erased one, propagate
 * from the lowest place where something is missing now.
 */
#include <linux/rbtree_augmented.h>

static u32 shim_random_state = 1;

void shim_rbtree_seed(u32 seed)
{
	shim_random_state = seed | 1;
}

static u32 shim_random(void)
{
	u32 x = shim_random_state;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	shim_random_state = x;
	return x;
}

/* Whoever pointed at @old points at @new, which may be NULL. */
static void tree_replace(struct rb_root *root, struct rb_node *old, struct rb_node *new)
{
	struct rb_node *up = old->up;

	if (!up)
		root->rb_node = new;
	else if (up->rb_left == old)
		up->rb_left = new;
	else
		up->rb_right = new;
	if (new)
		new->up = up;
}

/* Exchange @node with its parent, keeping the order. */
static void tree_rotate_up(struct rb_root *root, struct rb_node *node,
			   const struct rb_augment_callbacks *augment)
{
	struct rb_node *parent = node->up;
	struct rb_node *between;

	tree_replace(root, parent, node);
	if (parent->rb_left == node) {
		between = node->rb_right;
		parent->rb_left = between;
		node->rb_right = parent;
	} else {
		between = node->rb_left;
		parent->rb_right = between;
		node->rb_left = parent;
	}
	if (between)
		between->up = parent;
	parent->up = node;
	if (augment)
		augment->rotate(parent, node);
}

static void tree_insert(struct rb_node *node, struct rb_root *root,
			const struct rb_augment_callbacks *augment)
{
	node->weight = shim_random();
	while (node->up && node->up->weight < node->weight)
		tree_rotate_up(root, node, augment);
}

/* @node has at most one child: that takes its place. */
static void tree_cut(struct rb_node *node, struct rb_root *root,
		     const struct rb_augment_callbacks *augment)
{
	tree_replace(root, node, node->rb_left ? node->rb_left : node->rb_right);
	if (augment)
		augment->propagate(node->up, NULL);
}

/* The next node in the order takes the place of @node, which has two children. */
static void tree_succeed(struct rb_node *node, struct rb_root *root,
			 const struct rb_augment_callbacks *augment)
{
	struct rb_node *next = node->rb_right;
	struct rb_node *lowest;

	while (next->rb_left)
		next = next->rb_left;
	lowest = next->up == node ? next : next->up;

	tree_replace(root, next, next->rb_right);
	next->weight = node->weight;
	next->rb_left = node->rb_left;
	next->rb_right = node->rb_right;
	next->rb_left->up = next;
	if (next->rb_right)
		next->rb_right->up = next;
	tree_replace(root, node, next);
	if (augment) {
		augment->copy(node, next);
		augment->propagate(lowest, next);
		augment->propagate(next, NULL);
	}
}

static void tree_erase(struct rb_node *node, struct rb_root *root,
		       const struct rb_augment_callbacks *augment)
{
	/* Both ways are right; a coin decides, so that both are used. */
	if (node->rb_left && node->rb_right && shim_random() & 0x100) {
		tree_succeed(node, root, augment);
	} else {
		while (node->rb_left && node->rb_right)
			tree_rotate_up(root, node->rb_left->weight > node->rb_right->weight ?
				       node->rb_left : node->rb_right, augment);
		tree_cut(node, root, augment);
	}
	/* To walk on from a node that is in no tree is a mistake: make it crash. */
	node->up = (struct rb_node *)8;
	node->rb_left = (struct rb_node *)8;
	node->rb_right = (struct rb_node *)8;
}

void rb_insert_color(struct rb_node *node, struct rb_root *root)
{
	tree_insert(node, root, NULL);
}

void rb_insert_augmented(struct rb_node *node, struct rb_root *root,
			 const struct rb_augment_callbacks *augment)
{
	tree_insert(node, root, augment);
}

void rb_erase(struct rb_node *node, struct rb_root *root)
{
	tree_erase(node, root, NULL);
}

void rb_erase_augmented(struct rb_node *node, struct rb_root *root,
			const struct rb_augment_callbacks *augment)
{
	tree_erase(node, root, augment);
}

struct rb_node *rb_first(const struct rb_root *root)
{
	struct rb_node *node = root->rb_node;

	while (node && node->rb_left)
		node = node->rb_left;
	return node;
}

struct rb_node *rb_last(const struct rb_root *root)
{
	struct rb_node *node = root->rb_node;

	while (node && node->rb_right)
		node = node->rb_right;
	return node;
}

struct rb_node *rb_next(const struct rb_node *node)
{
	if (node->rb_right)
		return rb_first(&(struct rb_root){ node->rb_right });
	while (node->up && node->up->rb_right == node)
		node = node->up;
	return node->up;
}

struct rb_node *rb_prev(const struct rb_node *node)
{
	if (node->rb_left)
		return rb_last(&(struct rb_root){ node->rb_left });
	while (node->up && node->up->rb_left == node)
		node = node->up;
	return node->up;
}
