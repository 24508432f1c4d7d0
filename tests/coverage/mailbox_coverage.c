// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which code of mailbox_ipc.ko has ever run, by whichever process, timer or
 * kernel thread: for kernels that have no KCOV, which traces one thread only.
 *
 * The compiler puts a call of __sanitizer_cov_trace_pc() into each basic block
 * of a module that is built with -fsanitize-coverage=trace-pc. Here it is, and
 * sets a bit. /proc/mailbox_coverage lists the addresses, as of the module's
 * last load; loads before it count too.
 */
#include <linux/bitmap.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/string.h>

#define CODE_MAX	SZ_1M

/**
 * struct region - code that is loaded together
 * @start:	its address
 * @size:	0 while it is not loaded
 * @reached:	a bit for each byte
 */
struct region {
	unsigned long start;
	unsigned long size;
	unsigned long reached[BITS_TO_LONGS(CODE_MAX)];
};

static struct region text, init_text;

/* Inlined, as the traced code may be in the middle of a copy to user space. */
static __always_inline bool region_mark(struct region *region, unsigned long address)
{
	unsigned long at = address - READ_ONCE(region->start);

	if (at >= READ_ONCE(region->size))
		return false;
	if (!test_bit(at, region->reached))
		set_bit(at, region->reached);
	return true;
}

void __sanitizer_cov_trace_pc(void);

void notrace __sanitizer_cov_trace_pc(void)
{
	if (!region_mark(&text, _RET_IP_))
		region_mark(&init_text, _RET_IP_);
}
EXPORT_SYMBOL_GPL(__sanitizer_cov_trace_pc);

static void region_set(struct region *region, const struct module_memory *memory)
{
	WRITE_ONCE(region->size, 0);
	WRITE_ONCE(region->start, (unsigned long)memory->base);
	WRITE_ONCE(region->size, min_t(unsigned long, memory->size, CODE_MAX));
}

static int loaded(struct notifier_block *block, unsigned long state, void *data)
{
	const struct module *module = data;

	if (state == MODULE_STATE_COMING && !strcmp(module->name, "mailbox_ipc")) {
		region_set(&text, &module->mem[MOD_TEXT]);
		region_set(&init_text, &module->mem[MOD_INIT_TEXT]);
	}
	return NOTIFY_DONE;
}

static struct notifier_block loaded_block = {
	.notifier_call = loaded,
};

static void region_show(const struct region *region, struct seq_file *seq)
{
	unsigned long at;

	for (at = find_first_bit(region->reached, region->size); at < region->size;
	     at = find_next_bit(region->reached, region->size, at + 1))
		seq_printf(seq, "%lx\n", region->start + at);
}

static int reached_show(struct seq_file *seq, void *unused)
{
	region_show(&text, seq);
	region_show(&init_text, seq);
	return 0;
}

static int __init coverage_init(void)
{
	int err;

	if (!proc_create_single("mailbox_coverage", 0400, NULL, reached_show))
		return -ENOMEM;
	err = register_module_notifier(&loaded_block);
	if (err)
		remove_proc_entry("mailbox_coverage", NULL);
	return err;
}
module_init(coverage_init);

static void __exit coverage_exit(void)
{
	unregister_module_notifier(&loaded_block);
	remove_proc_entry("mailbox_coverage", NULL);
}
module_exit(coverage_exit);

MODULE_DESCRIPTION("Which code of mailbox_ipc.ko has run");
MODULE_LICENSE("GPL");
