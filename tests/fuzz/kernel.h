/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel says of itself: its log, what the module holds, its code. */
#ifndef FUZZ_KERNEL_H
#define FUZZ_KERNEL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Once, before anything runs. */
void kernel_init(void);

/*
 * Is there a fault in the log since the last call? Then print the log from it on
 * as lines that begin with "@log ", and put its first line into @title.
 */
bool kernel_fault(char *title, size_t size);

/*
 * Destroy what is left of named ports; then nothing may be there. If there is
 * something after a while, say what in @title and return false.
 */
bool kernel_idle(char *title, size_t size);

/* Where every process sleeps, as lines that begin with "@log ". */
void kernel_stacks(void);

/* Bytes of the module's code from its beginning on; UINT32_MAX: not in there. */
uint32_t kernel_code(uint64_t address);
void kernel_print_sections(void);

#endif /* FUZZ_KERNEL_H */
