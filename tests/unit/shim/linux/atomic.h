/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_ATOMIC_H
#define SHIM_ATOMIC_H

typedef struct {
	long value;
} atomic_long_t;

#endif /* SHIM_ATOMIC_H */
