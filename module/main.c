// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/mailbox: parameters, and coming and going.
 */
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

#include "handle.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

unsigned int mbx_ports_max = 65536;
unsigned int mbx_user_ports_max = 4096;
unsigned long mbx_user_bytes_max = 64UL << 20;
unsigned int mbx_message_bytes_max = MAILBOX_MESSAGE_BYTES_MAX;
unsigned int mbx_message_bytes_default = 64U << 10;
unsigned int mbx_capacity_max = 65536;
unsigned int mbx_capacity_default = 64;
unsigned int mbx_spare_bytes = 80U << 10;

static int set_count(const char *value, const struct kernel_param *param)
{
	return param_set_uint_minmax(value, param, 1, 1U << 24);
}

static const struct kernel_param_ops count_ops = {
	.set = set_count,
	.get = param_get_uint,
};

static int set_message_bytes(const char *value,
			     const struct kernel_param *param)
{
	return param_set_uint_minmax(value, param, 1,
				     MAILBOX_MESSAGE_BYTES_MAX);
}

static const struct kernel_param_ops message_bytes_ops = {
	.set = set_message_bytes,
	.get = param_get_uint,
};

module_param_cb(ports_max, &count_ops, &mbx_ports_max, 0644);
MODULE_PARM_DESC(ports_max,
		 "ports in a network namespace, up to 16777216 (65536)");

module_param_cb(user_ports_max, &count_ops, &mbx_user_ports_max, 0644);
MODULE_PARM_DESC(user_ports_max,
		 "ports of a user in a network namespace, up to 16777216 (4096)");

module_param_named(user_bytes_max, mbx_user_bytes_max, ulong, 0644);
MODULE_PARM_DESC(user_bytes_max,
		 "bytes that a user may have queued in a network namespace, payload and 256 a message (64 MiB)");

module_param_cb(message_bytes_max, &message_bytes_ops, &mbx_message_bytes_max,
		0644);
MODULE_PARM_DESC(message_bytes_max,
		 "highest message limit of a port in bytes, up to 16 MiB (16 MiB)");

module_param_cb(message_bytes_default, &message_bytes_ops,
		&mbx_message_bytes_default, 0644);
MODULE_PARM_DESC(message_bytes_default,
		 "message limit of a port that asks for none, up to 16 MiB (64 KiB)");

module_param_cb(capacity_max, &count_ops, &mbx_capacity_max, 0644);
MODULE_PARM_DESC(capacity_max,
		 "highest capacity of a bounded port in messages, up to 16777216 (65536)");

module_param_cb(capacity_default, &count_ops, &mbx_capacity_default, 0644);
MODULE_PARM_DESC(capacity_default,
		 "capacity of a bounded port that asks for none, up to 16777216 (64)");

module_param_named(spare_bytes, mbx_spare_bytes, uint, 0644);
MODULE_PARM_DESC(spare_bytes,
		 "memory of received messages that a handle keeps ready for the next of each of four threads (80 KiB)");

static struct miscdevice mbx_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "mailbox",
	.mode	= 0666,
	.fops	= &mbx_fops,
};

static int __init mbx_init(void)
{
	int err;

	/* Messages of one page hold a header and a 64-byte payload in 128. */
	BUILD_BUG_ON(sizeof(struct mbx_message) > 64);

	err = mbx_registry_init();
	if (err)
		return err;
	err = misc_register(&mbx_device);
	if (err)
		goto exit_registry;
	return 0;

exit_registry:
	mbx_registry_exit();
	return err;
}

static void __exit mbx_exit(void)
{
	misc_deregister(&mbx_device);
	mbx_registry_exit();
}

module_init(mbx_init);
module_exit(mbx_exit);

MODULE_DESCRIPTION("Message ports between processes: /dev/mailbox");
MODULE_AUTHOR("The mailbox maintainers");
MODULE_LICENSE("GPL");
