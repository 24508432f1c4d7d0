/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_REFCOUNT_H
#define SHIM_REFCOUNT_H

typedef struct {
	int refs;
} refcount_t;

#endif /* SHIM_REFCOUNT_H */
