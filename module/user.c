// SPDX-License-Identifier: GPL-2.0-only
/*
 * Short copies from and to user space, of payloads and of the structs of
 * commands.
 *
 * Up to MBX_USER_WORDS_MAX bytes a loop over words is faster than what the
 * processor needs to start a string instruction, and than looking up the slab
 * object to check a length that it was allocated with.
 */
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/uaccess.h>

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
	size_t done = 0;

	if (len > MBX_USER_WORDS_MAX)
		return copy_from_user(to, from, len) ? -EFAULT : 0;
	if (!user_read_access_begin(from, len))
		return -EFAULT;
	for (; done + sizeof(u64) <= len; done += sizeof(u64))
		unsafe_get_user(*(u64 *)(to + done),
				(const u64 __user *)(from + done), fault);
	for (; done < len; done++)
		unsafe_get_user(*(u8 *)(to + done),
				(const u8 __user *)(from + done), fault);
	user_read_access_end();
	return 0;
fault:
	user_read_access_end();
	return -EFAULT;
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
	size_t done = 0;

	if (len > MBX_USER_WORDS_MAX)
		return copy_to_user(to, from, len) ? -EFAULT : 0;
	if (!user_write_access_begin(to, len))
		return -EFAULT;
	for (; done + sizeof(u64) <= len; done += sizeof(u64))
		unsafe_put_user(*(const u64 *)(from + done),
				(u64 __user *)(to + done), bytes);
bytes:
	/* Those of a word that is there in part, too. */
	for (; done < len; done++)
		unsafe_put_user(*(const u8 *)(from + done),
				(u8 __user *)(to + done), fault);
	user_write_access_end();
	return 0;
fault:
	user_write_access_end();
	return -EFAULT;
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
