/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Short copies from and to user space, of payloads and of the structs of
 * commands.
 *
 * Up to MBX_WORDS_MAX bytes a loop over words is faster than what the processor
 * needs to start a string instruction, and than looking up the slab object to
 * check a length that it was allocated with.
 */
#ifndef MBX_USER_H
#define MBX_USER_H

#include <linux/types.h>
#include <linux/uaccess.h>

#define MBX_WORDS_MAX	256

#define mbx_words_get(to, from, type, fault)				\
	unsafe_get_user(*(type *)(to), (const type __user *)(from), fault)
#define mbx_words_put(to, from, type, fault)				\
	unsafe_put_user(*(const type *)(from), (type __user *)(to), fault)

/* Four words at once. */
#define MBX_FOUR_WORDS	(4 * sizeof(u64))
#define mbx_words_get_four(to, from, fault)				\
do {									\
	mbx_words_get(to, from, u64, fault);				\
	mbx_words_get((to) + 8, (from) + 8, u64, fault);		\
	mbx_words_get((to) + 16, (from) + 16, u64, fault);		\
	mbx_words_get((to) + 24, (from) + 24, u64, fault);		\
} while (0)
#define mbx_words_put_four(to, from, fault)				\
do {									\
	mbx_words_put(to, from, u64, fault);				\
	mbx_words_put((to) + 8, (from) + 8, u64, fault);		\
	mbx_words_put((to) + 16, (from) + 16, u64, fault);		\
	mbx_words_put((to) + 24, (from) + 24, u64, fault);		\
} while (0)

/**
 * mbx_words_read() - copy from user space
 * @to:		where to
 * @from:	where from
 * @len:	bytes, for which there is room in the object at @to
 *
 * Context: process. Return: 0 or -EFAULT.
 */
static __always_inline int mbx_words_read(void *to, const void __user *from,
					  size_t len)
{
	if (!user_read_access_begin(from, len))
		return -EFAULT;
	for (; len >= 2 * MBX_FOUR_WORDS; len -= 2 * MBX_FOUR_WORDS) {
		mbx_words_get_four(to, from, fault);
		mbx_words_get_four(to + MBX_FOUR_WORDS, from + MBX_FOUR_WORDS, fault);
		to += 2 * MBX_FOUR_WORDS;
		from += 2 * MBX_FOUR_WORDS;
	}
	if (len >= MBX_FOUR_WORDS) {
		mbx_words_get_four(to, from, fault);
		to += MBX_FOUR_WORDS;
		from += MBX_FOUR_WORDS;
		len -= MBX_FOUR_WORDS;
	}
	for (; len >= sizeof(u64); len -= sizeof(u64)) {
		mbx_words_get(to, from, u64, fault);
		to += sizeof(u64);
		from += sizeof(u64);
	}
	for (; len; len--, to++, from++)
		mbx_words_get(to, from, u8, fault);
	user_read_access_end();
	return 0;
fault:
	user_read_access_end();
	return -EFAULT;
}

/**
 * mbx_words_write() - copy to user space
 * @to:		where to
 * @from:	where from
 * @len:	bytes, which the object at @from has
 *
 * Context: process. Return: 0; or -EFAULT, and what is before the fault was
 * written.
 */
static __always_inline int mbx_words_write(void __user *to, const void *from,
					   size_t len)
{
	if (!user_write_access_begin(to, len))
		return -EFAULT;
	for (; len >= 2 * MBX_FOUR_WORDS; len -= 2 * MBX_FOUR_WORDS) {
		mbx_words_put_four(to, from, words);
		mbx_words_put_four(to + MBX_FOUR_WORDS, from + MBX_FOUR_WORDS, words);
		to += 2 * MBX_FOUR_WORDS;
		from += 2 * MBX_FOUR_WORDS;
	}
	if (len >= MBX_FOUR_WORDS) {
		mbx_words_put_four(to, from, words);
		to += MBX_FOUR_WORDS;
		from += MBX_FOUR_WORDS;
		len -= MBX_FOUR_WORDS;
	}
words:
	/* After a fault too, for those before the one that is not there. */
	for (; len >= sizeof(u64); len -= sizeof(u64)) {
		mbx_words_put(to, from, u64, bytes);
		to += sizeof(u64);
		from += sizeof(u64);
	}
bytes:
	/* Likewise for those of a word that is there in part. */
	for (; len; len--, to++, from++)
		mbx_words_put(to, from, u8, fault);
	user_write_access_end();
	return 0;
fault:
	user_write_access_end();
	return -EFAULT;
}

int mbx_user_read(void *to, const void __user *from, size_t len);
int mbx_user_write(void __user *to, const void *from, size_t len);
int mbx_user_probe(void __user *to, size_t len);

#endif /* MBX_USER_H */
