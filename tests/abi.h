/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory at whose end there is nothing, and memory that cannot be written.
 */
#ifndef TESTS_ABI_H
#define TESTS_ABI_H

#include "harness.h"

/* The last bytes of a page, behind which there is nothing. */
static inline char *page_end(size_t size)
{
	long page = sysconf(_SC_PAGESIZE);
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(pages != MAP_FAILED);
	CHECK_OK(munmap(pages + page, page));
	return pages + page - size;
}

/* A page that the kernel can read and not write: its answer has no place. */
static inline void *read_only(const void *from, size_t size)
{
	char *end = page_end(size);

	memcpy(end, from, size);
	CHECK_OK(mprotect((void *)((uintptr_t)end & -sysconf(_SC_PAGESIZE)),
			  sysconf(_SC_PAGESIZE), PROT_READ));
	return end;
}

#endif /* TESTS_ABI_H */
