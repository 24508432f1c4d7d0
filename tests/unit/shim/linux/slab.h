/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_SLAB_H
#define SHIM_SLAB_H

#include <linux/types.h>
#include <stdlib.h>
#include <string.h>

#define GFP_KERNEL	0x1u
#define GFP_ATOMIC	0x2u
#define __GFP_ACCOUNT	0x4u

/* What is allocated and not freed yet. */
static long shim_slab_live;

/* After so many more allocations there is no memory; -1 = there always is. */
static long shim_slab_left = -1;

/* How the last one was asked for. */
static gfp_t shim_slab_gfp;

/* Old contents must not matter: here they are never zeros. */
static inline void *kmalloc(size_t size, gfp_t gfp)
{
	void *object;

	shim_slab_gfp = gfp;
	if (!shim_slab_left)
		return NULL;
	if (shim_slab_left > 0)
		shim_slab_left--;
	object = malloc(size);
	if (!object)
		return NULL;
	shim_slab_live++;
	return memset(object, 0xa5, size);
}

static inline void kfree(const void *object)
{
	if (object)
		shim_slab_live--;
	free((void *)object);
}

#endif /* SHIM_SLAB_H */
