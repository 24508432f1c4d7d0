// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commands: numbers, sizes, and which function carries them out.
 */
#include <linux/nospec.h>
#include <linux/uaccess.h>

#include "ioctl.h"
#include "user.h"

/**
 * mbx_ioctl_reply() - give the results back
 * @ioctl:	the command
 * @from:	where in the struct they start
 *
 * Context: process. Return: 0 or -EFAULT.
 */
int mbx_ioctl_reply(const struct mbx_ioctl *ioctl, size_t from)
{
	const void *arg = &ioctl->arg;

	if (from >= ioctl->size)
		return 0;
	return mbx_user_write(ioctl->user + from, arg + from,
			      ioctl->size - from);
}

/**
 * mbx_ioctl_probe() - see beforehand that results can be given back
 * @ioctl:	the command, which cannot be undone when they cannot
 * @from:	where in the struct they start
 *
 * Context: process. Return: 0 or -EFAULT.
 */
int mbx_ioctl_probe(const struct mbx_ioctl *ioctl, size_t from)
{
	if (from >= ioctl->size)
		return 0;
	return mbx_user_probe(ioctl->user + from, ioctl->size - from);
}

/**
 * struct mbx_command - one ioctl command
 * @cmd:	number, direction and the present size of its struct
 * @first_size:	size of the struct when it was first published
 * @run:	carries it out
 */
struct mbx_command {
	unsigned int cmd;
	size_t first_size;
	int (*run)(struct mbx_ioctl *ioctl);
};

#define MBX_COMMAND(command, size, function) \
	[_IOC_NR(command)] = { command, size, function }

/* The second column never changes. */
static const struct mbx_command commands[] = {
	MBX_COMMAND(MAILBOX_IOC_INFO,		96,	mbx_ioctl_info),
	MBX_COMMAND(MAILBOX_IOC_PORT_CREATE,	184,	mbx_ioctl_create),
	MBX_COMMAND(MAILBOX_IOC_PORT_OPEN,	144,	mbx_ioctl_open),
	MBX_COMMAND(MAILBOX_IOC_PORT_UNLINK,	136,	mbx_ioctl_unlink),
	MBX_COMMAND(MAILBOX_IOC_PORT_DESTROY,	136,	mbx_ioctl_destroy),
	MBX_COMMAND(MAILBOX_IOC_PORT_STAT,	240,	mbx_ioctl_stat),
	MBX_COMMAND(MAILBOX_IOC_PORT_SET,	40,	mbx_ioctl_set),
	MBX_COMMAND(MAILBOX_IOC_PORT_LIST,	152,	mbx_ioctl_list),
	MBX_COMMAND(MAILBOX_IOC_PORT_PAIR,	48,	mbx_ioctl_pair),
	MBX_COMMAND(MAILBOX_IOC_PORT_LINK,	56,	mbx_ioctl_link),
	MBX_COMMAND(MAILBOX_IOC_PORT_ALLOW,	152,	mbx_ioctl_allow),
	MBX_COMMAND(MAILBOX_IOC_PORT_ALLOWED,	152,	mbx_ioctl_allowed),
	MBX_COMMAND(MAILBOX_IOC_PORT_WAIT,	160,	mbx_ioctl_wait),
	MBX_COMMAND(MAILBOX_IOC_PORT_WATCH,	136,	mbx_ioctl_watch),
	MBX_COMMAND(MAILBOX_IOC_SEND,		64,	mbx_ioctl_send),
	MBX_COMMAND(MAILBOX_IOC_RECEIVE,	96,	mbx_ioctl_receive),
	MBX_COMMAND(MAILBOX_IOC_SEND_BATCH,	40,	mbx_ioctl_send_batch),
	MBX_COMMAND(MAILBOX_IOC_RECEIVE_BATCH,	56,	mbx_ioctl_receive_batch),
	MBX_COMMAND(MAILBOX_IOC_CALL,		88,	mbx_ioctl_call),
	MBX_COMMAND(MAILBOX_IOC_REPLY,		40,	mbx_ioctl_answer),
	MBX_COMMAND(MAILBOX_IOC_REPLY_RECEIVE,	168,	mbx_ioctl_answer_receive),
	MBX_COMMAND(MAILBOX_IOC_ACK,		16,	mbx_ioctl_ack),
	MBX_COMMAND(MAILBOX_IOC_NACK,		16,	mbx_ioctl_nack),
};

static const struct mbx_command *command_find(unsigned int cmd)
{
	const struct mbx_command *command;

	if (_IOC_TYPE(cmd) != MAILBOX_IOC_MAGIC ||
	    _IOC_NR(cmd) >= ARRAY_SIZE(commands))
		return NULL;
	command = &commands[array_index_nospec(_IOC_NR(cmd),
					       ARRAY_SIZE(commands))];
	if (!command->run || _IOC_DIR(cmd) != _IOC_DIR(command->cmd))
		return NULL;
	return command;
}

/**
 * mbx_ioctl() - carry out a command
 * @file:	the handle's
 * @cmd:	MAILBOX_IOC_*, with the size of the struct as the caller knows it
 * @user:	the caller's struct
 *
 * Context: process, sleeps if the command does. Return: 0 or -errno as the
 * ABI says.
 */
long mbx_ioctl(struct file *file, unsigned int cmd, unsigned long user)
{
	const struct mbx_command *command = command_find(cmd);
	size_t theirs = _IOC_SIZE(cmd);
	struct mbx_ioctl ioctl __uninitialized;
	size_t ours;
	int err;

	if (!command)
		return -ENOTTY;
	if (theirs < command->first_size)
		return -EINVAL;
	if (theirs > PAGE_SIZE)
		return -E2BIG;

	ours = _IOC_SIZE(command->cmd);
	ioctl.file = file;
	ioctl.handle = file->private_data;
	ioctl.user = (void __user *)user;
	ioctl.size = min(theirs, ours);
	if (theirs == ours)
		err = mbx_user_read(&ioctl.arg, ioctl.user, ours);
	else
		err = copy_struct_from_user(&ioctl.arg, ours, ioctl.user,
					    theirs);
	return err ?: command->run(&ioctl);
}
