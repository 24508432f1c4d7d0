// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copies from and to user space, of any length.
 */
#include <linux/minmax.h>
#include <linux/mm.h>

#include "user.h"

/**
 * mbx_user_read() - copy from user space
 * @to:		where to
 * @from:	where from
 * @len:	bytes, for which there is room in the object at @to
 *
 * Context: process. Return: 0 or -EFAULT.
 */
int mbx_user_read(void *to, const void __user *from, size_t len)
{
	if (len > MBX_WORDS_MAX)
		return copy_from_user(to, from, len) ? -EFAULT : 0;
	return mbx_words_read(to, from, len);
}

/**
 * mbx_user_write() - copy to user space
 * @to:		where to
 * @from:	where from
 * @len:	bytes, which the object at @from has
 *
 * Context: process. Return: 0; or -EFAULT, and what is before the fault was
 * written.
 */
int mbx_user_write(void __user *to, const void *from, size_t len)
{
	if (len > MBX_WORDS_MAX)
		return copy_to_user(to, from, len) ? -EFAULT : 0;
	return mbx_words_write(to, from, len);
}

/**
 * mbx_user_probe() - see that user space can be written
 * @to:		where
 * @len:	bytes
 *
 * It leaves what is there. Context: process. Return: 0 or -EFAULT.
 */
int mbx_user_probe(void __user *to, size_t len)
{
	u8 __user *at = to;
	u8 byte;

	while (len) {
		size_t n = min_t(size_t, len, PAGE_SIZE - offset_in_page(at));

		if (!user_access_begin(at, n))
			return -EFAULT;
		unsafe_get_user(byte, at, fault);
		unsafe_put_user(byte, at, fault);
		user_access_end();
		at += n;
		len -= n;
	}
	return 0;
fault:
	user_access_end();
	return -EFAULT;
}
