/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Short copies from and to user space.
 */
#ifndef MBX_USER_H
#define MBX_USER_H

#include <linux/types.h>

#define MBX_USER_WORDS_MAX	256

int mbx_user_read(void *to, const void __user *from, size_t len);
int mbx_user_write(void __user *to, const void *from, size_t len);
int mbx_user_probe(void __user *to, size_t len);

#endif /* MBX_USER_H */
