/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_UIDGID_H
#define SHIM_UIDGID_H

typedef struct {
	unsigned int val;
} kuid_t;

typedef struct {
	unsigned int val;
} kgid_t;

#endif /* SHIM_UIDGID_H */
