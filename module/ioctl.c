// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commands: sizes, copies and the checks that need no port.
 */
#include <linux/cred.h>
#include <linux/nospec.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/user_namespace.h>

#include "internal.h"

/* The size of an entry of PORT_LIST when it was first published. */
#define MBX_ENTRY_SIZE	240

#define MBX_LIST_MAX	256
#define MBX_WAITERS_MAX	1024

/**
 * struct mbx_call - one ioctl under way
 * @file:	of the handle
 * @handle:	the handle
 * @user:	the caller's struct
 * @size:	how much of it both sides know
 * @arg:	the kernel's copy of it
 */
struct mbx_call {
	struct file *file;
	struct mbx_handle *handle;
	void __user *user;
	size_t size;
	union {
		struct mailbox_ioc_info info;
		struct mailbox_ioc_port_create create;
		struct mailbox_ioc_port_open open;
		struct mailbox_ioc_port_remove remove;
		struct mailbox_ioc_port_stat stat;
		struct mailbox_ioc_port_set set;
		struct mailbox_ioc_port_list list;
		struct mailbox_ioc_send send;
		struct mailbox_ioc_receive receive;
	} arg;
};

/* Give the results back: they start at @from in the struct. */
static int call_reply(const struct mbx_call *call, size_t from)
{
	const void *arg = &call->arg;

	if (copy_to_user(call->user + from, arg + from, call->size - from))
		return -EFAULT;
	return 0;
}

/*
 * For a command that cannot be undone when its results cannot be told: see
 * beforehand that they can be, by writing back what was read.
 */
static int call_probe(const struct mbx_call *call, size_t from)
{
	return call_reply(call, from);
}

/* --- the registry's commands ---------------------------------------------- */

static int do_info(struct mbx_call *call)
{
	struct mailbox_ioc_info *info = &call->arg.info;
	struct mbx_registry *registry = call->handle->registry;
	struct mbx_user *user;

	if (info->flags)
		return -EINVAL;
	user = mbx_user_get(&registry->quota, current_uid());
	if (!user)
		return -ENOMEM;
	*info = (struct mailbox_ioc_info) {
		.version = MAILBOX_ABI_VERSION,
		.features = MAILBOX_FEATURE_SYNC | MAILBOX_FEATURE_SELECT |
			    MAILBOX_FEATURE_HANGUP,
		.capacity_default = READ_ONCE(mbx_capacity_default),
		.capacity_max = READ_ONCE(mbx_capacity_max),
		.message_bytes_default = READ_ONCE(mbx_message_bytes_default),
		.message_bytes_max = READ_ONCE(mbx_message_bytes_max),
		.ports_max = READ_ONCE(mbx_ports_max),
		.user_ports_max = READ_ONCE(mbx_user_ports_max),
		.user_bytes_max = READ_ONCE(mbx_user_bytes_max),
		.ports = mbx_registry_ports(registry),
		.user_ports = atomic_read(&user->ports),
		.user_bytes = atomic64_read(&user->bytes),
	};
	mbx_user_put(user);
	return call_reply(call, 0);
}

static int do_port_create(struct mbx_call *call)
{
	struct mailbox_ioc_port_create *create = &call->arg.create;
	int err;

	if (create->pad ||
	    (create->flags & ~(MAILBOX_CREATE_PERSIST | MAILBOX_CREATE_HANGUP |
			       MAILBOX_CREATE_OPEN | MAILBOX_CREATE_UID |
			       MAILBOX_CREATE_GID)))
		return -EINVAL;
	err = call_probe(call, offsetof(typeof(*create), id));
	if (err)
		return err;
	err = mbx_registry_create(call->handle, create);
	if (!err)
		call_reply(call, offsetof(typeof(*create), id));
	return err;
}

static int do_port_open(struct mbx_call *call)
{
	struct mailbox_ioc_port_open *open = &call->arg.open;
	u64 id;
	int err;

	if (open->flags || open->pad || !mbx_name_valid(open->name))
		return -EINVAL;
	err = call_probe(call, offsetof(typeof(*open), id));
	if (err)
		return err;
	err = mbx_registry_open(call->handle, open->name, &id);
	if (err)
		return err;
	open->id = id;
	call_reply(call, offsetof(typeof(*open), id));
	return 0;
}

/* Empty means the port that the handle is bound to. */
static bool name_or_none_valid(const char *name)
{
	return !name[0] || mbx_name_valid(name);
}

static int remove_check(const struct mailbox_ioc_port_remove *remove)
{
	if (remove->flags || remove->pad || !name_or_none_valid(remove->name))
		return -EINVAL;
	return 0;
}

static int do_port_unlink(struct mbx_call *call)
{
	return remove_check(&call->arg.remove) ?:
	       mbx_registry_unlink(call->handle, call->arg.remove.name);
}

static int do_port_destroy(struct mbx_call *call)
{
	return remove_check(&call->arg.remove) ?:
	       mbx_registry_destroy(call->handle, call->arg.remove.name);
}

static int do_port_stat(struct mbx_call *call)
{
	struct mailbox_ioc_port_stat *stat = &call->arg.stat;
	void __user *user = u64_to_user_ptr(stat->waiters);
	struct mailbox_waiter *waiters = NULL;
	u64 pointer = stat->waiters;
	u32 room = stat->waiters_len;
	char name[MAILBOX_NAME_SIZE];
	int err;

	if (stat->flags || room > MBX_WAITERS_MAX || !pointer != !room ||
	    !name_or_none_valid(stat->name))
		return -EINVAL;
	if (room) {
		waiters = kvcalloc(room, sizeof(*waiters), GFP_KERNEL_ACCOUNT);
		if (!waiters)
			return -ENOMEM;
	}

	memcpy(name, stat->name, sizeof(name));
	err = mbx_registry_stat(call->handle, name, stat, waiters, room);
	if (!err && copy_to_user(user, waiters,
				 array_size(stat->waiters_len, sizeof(*waiters))))
		err = -EFAULT;
	kvfree(waiters);
	stat->waiters = pointer;
	return err ?: call_reply(call, 0);
}

static int do_port_set(struct mbx_call *call)
{
	const struct mailbox_ioc_port_set *set = &call->arg.set;
	u32 fields = set->flags;

	if (fields & ~(MAILBOX_SET_MODE | MAILBOX_SET_UID | MAILBOX_SET_GID |
		       MAILBOX_SET_CAPACITY | MAILBOX_SET_CAPACITY_BYTES |
		       MAILBOX_SET_MESSAGE_BYTES_MAX))
		return -EINVAL;
	/* What is not asked for must not be given. */
	if ((!(fields & MAILBOX_SET_MODE) && set->mode) ||
	    (!(fields & MAILBOX_SET_UID) && set->uid) ||
	    (!(fields & MAILBOX_SET_GID) && set->gid) ||
	    (!(fields & MAILBOX_SET_CAPACITY) &&
	     (set->buffering || set->capacity)) ||
	    (!(fields & MAILBOX_SET_CAPACITY_BYTES) && set->capacity_bytes) ||
	    (!(fields & MAILBOX_SET_MESSAGE_BYTES_MAX) &&
	     set->message_bytes_max))
		return -EINVAL;
	return mbx_registry_set(call->handle, set);
}

static int do_port_list(struct mbx_call *call)
{
	struct mailbox_ioc_port_list *list = &call->arg.list;
	u32 room = min_t(u32, list->count, MBX_LIST_MAX);
	struct mailbox_ioc_port_stat *entries;
	size_t known;
	u32 count, i;
	int err = 0;

	if (list->flags || list->pad || !name_or_none_valid(list->after) ||
	    list->entry_size < MBX_ENTRY_SIZE || list->entry_size > PAGE_SIZE ||
	    list->entry_size % sizeof(u64))
		return -EINVAL;
	known = min_t(size_t, list->entry_size, sizeof(*entries));

	entries = kvcalloc(room, sizeof(*entries), GFP_KERNEL_ACCOUNT);
	if (!entries)
		return -ENOMEM;
	count = mbx_registry_list(call->handle->registry, list->after, entries,
				  room);
	for (i = 0; i < count && !err; i++) {
		void __user *to = u64_to_user_ptr(list->entries) +
				  (size_t)i * list->entry_size;

		if (copy_to_user(to, &entries[i], known) ||
		    clear_user(to + known, list->entry_size - known))
			err = -EFAULT;
	}
	kvfree(entries);
	list->count = count;
	return err ?: call_reply(call, 0);
}

/* --- messages --------------------------------------------------------------- */

static int do_send(struct mbx_call *call)
{
	struct mbx_port *port = mbx_handle_port(call->handle);
	struct mailbox_ioc_send *arg = &call->arg.send;
	struct mbx_send send = {
		.sync = arg->flags & MAILBOX_SEND_SYNC,
		.deadline = {
			.nonblock = (arg->flags & MAILBOX_SEND_NONBLOCK) ||
				    (call->file->f_flags & O_NONBLOCK),
			.clock = arg->flags & MAILBOX_SEND_REALTIME ?
				 CLOCK_REALTIME : CLOCK_MONOTONIC,
			.ns = arg->deadline_ns,
		},
	};
	struct iov_iter from;
	int err;

	if ((arg->flags & ~(MAILBOX_SEND_NONBLOCK | MAILBOX_SEND_SYNC |
			    MAILBOX_SEND_REALTIME)) ||
	    arg->priority > MAILBOX_PRIORITY_MAX ||
	    (send.sync && send.deadline.nonblock))
		return -EINVAL;
	if (!port)
		return -ENOTCONN;
	if (!(call->handle->mode & FMODE_WRITE))
		return -EBADF;
	if (arg->len > MAILBOX_MESSAGE_BYTES_MAX)
		return -EMSGSIZE;
	err = call_probe(call, offsetof(typeof(*arg), seq));
	if (err)
		return err;

	iov_iter_ubuf(&from, ITER_SOURCE, u64_to_user_ptr(arg->data), arg->len);
	err = mbx_handle_send(call->handle, port, &from, arg->type,
			      arg->priority, &send);
	if (!err) {
		arg->seq = send.seq;
		arg->taken_bytes = send.taken_bytes;
		arg->taken_pid = pid_vnr(send.taken_pid);
		arg->taken_tid = pid_vnr(send.taken_tid);
		call_reply(call, offsetof(typeof(*arg), seq));
	}
	put_pid(send.taken_pid);
	put_pid(send.taken_tid);
	return err;
}

struct mbx_ioctl_receive {
	struct mbx_receive receive;
	struct mbx_call *call;
	struct mailbox_ioc_receive before;
	bool copied;
};

/* Payload and stamp: the message is received when both have arrived. */
static int receive_copy(struct mbx_receive *receive,
			const struct mbx_message *msg)
{
	struct mbx_ioctl_receive *ioctl =
		container_of(receive, struct mbx_ioctl_receive, receive);
	struct mbx_call *call = ioctl->call;
	const struct mbx_sender *sender = msg->sender;
	struct mailbox_ioc_receive *arg = &call->arg.receive;
	struct iov_iter to;
	int err;

	iov_iter_ubuf(&to, ITER_DEST, u64_to_user_ptr(arg->data),
		      receive->size);
	err = mbx_message_copy(msg, &to);
	if (err)
		return err;
	arg->len = msg->len;
	arg->type = msg->type;
	arg->seq = msg->seq;
	arg->time_ns = msg->time_ns;
	arg->priority = msg->priority;
	arg->pid = pid_vnr(sender->pid);
	arg->tid = pid_vnr(sender->tid);
	arg->uid = from_kuid_munged(current_user_ns(), sender->uid);
	arg->gid = from_kgid_munged(current_user_ns(), sender->gid);
	ioctl->copied = true;
	return call_reply(call, offsetof(typeof(*arg), len));
}

/*
 * A process that lives has a key. The messages of one that has exited may still
 * be there, under a number that no process has any more: in the first pid
 * namespace that number is the key; in another one the queue compares numbers.
 */
static void select_sender(struct mbx_select *select, u32 nr)
{
	struct pid_namespace *ns = task_active_pid_ns(current);
	struct pid *pid;

	select->nr = nr;
	select->key = nr;
	if (ns == &init_pid_ns)
		return;
	rcu_read_lock();
	pid = find_pid_ns(nr, ns);
	if (pid)
		select->key = pid_nr(pid);
	else
		select->ns = ns;
	rcu_read_unlock();
}

static int select_fill(struct mbx_select *select,
		       const struct mailbox_ioc_receive *arg)
{
	select->kind = arg->select;
	switch (arg->select) {
	case MAILBOX_SELECT_ANY:
		return arg->match ? -EINVAL : 0;
	case MAILBOX_SELECT_TYPE:
	case MAILBOX_SELECT_TYPE_NOT:
	case MAILBOX_SELECT_TYPE_AT_MOST:
		select->type = arg->match;
		return 0;
	case MAILBOX_SELECT_SENDER:
		if (!arg->match || arg->match > INT_MAX)
			return -EINVAL;
		select_sender(select, arg->match);
		return 0;
	default:
		return -EINVAL;
	}
}

static int do_receive(struct mbx_call *call)
{
	struct mbx_port *port = mbx_handle_port(call->handle);
	struct mailbox_ioc_receive *arg = &call->arg.receive;
	struct mailbox_ioc_receive __user *user = call->user;
	struct mbx_ioctl_receive receive = {
		.receive = {
			.size = min_t(u64, arg->size, MAILBOX_MESSAGE_BYTES_MAX),
			.peek = arg->flags & MAILBOX_RECEIVE_PEEK,
			.trunc = arg->flags & MAILBOX_RECEIVE_TRUNC,
			.deadline = {
				.nonblock =
				    (arg->flags & MAILBOX_RECEIVE_NONBLOCK) ||
				    (call->file->f_flags & O_NONBLOCK),
				.clock = arg->flags & MAILBOX_RECEIVE_REALTIME ?
					 CLOCK_REALTIME : CLOCK_MONOTONIC,
				.ns = arg->deadline_ns,
			},
			.copy = receive_copy,
		},
		.call = call,
		.before = *arg,
	};
	int err;

	if (arg->pad ||
	    (arg->flags & ~(MAILBOX_RECEIVE_NONBLOCK | MAILBOX_RECEIVE_PEEK |
			    MAILBOX_RECEIVE_TRUNC | MAILBOX_RECEIVE_REALTIME)))
		return -EINVAL;
	err = select_fill(&receive.receive.select, arg);
	if (err)
		return err;
	if (!port)
		return -ENOTCONN;
	if (!(call->handle->mode & FMODE_READ))
		return -EBADF;

	err = mbx_port_receive(port, &receive.receive);
	if (err && receive.copied) {
		/* The message was withdrawn; it is not in the struct either. */
		*arg = receive.before;
		call_reply(call, offsetof(typeof(*arg), len));
	}
	/* If it cannot be told, the caller finds out by asking again. */
	if (err == -EMSGSIZE &&
	    put_user((u64)receive.receive.needed, &user->len))
		return -EMSGSIZE;
	return err;
}

/* --- dispatch ---------------------------------------------------------------- */

/**
 * struct mbx_command - one ioctl command
 * @cmd:	number, direction and the present size of its struct
 * @first_size:	size of the struct when it was first published
 * @run:	carries it out
 */
struct mbx_command {
	unsigned int cmd;
	size_t first_size;
	int (*run)(struct mbx_call *call);
};

#define MBX_COMMAND(command, size, function) \
	[_IOC_NR(command)] = { command, size, function }

/* The second column never changes. */
static const struct mbx_command commands[] = {
	MBX_COMMAND(MAILBOX_IOC_INFO,		96,	do_info),
	MBX_COMMAND(MAILBOX_IOC_PORT_CREATE,	184,	do_port_create),
	MBX_COMMAND(MAILBOX_IOC_PORT_OPEN,	144,	do_port_open),
	MBX_COMMAND(MAILBOX_IOC_PORT_UNLINK,	136,	do_port_unlink),
	MBX_COMMAND(MAILBOX_IOC_PORT_DESTROY,	136,	do_port_destroy),
	MBX_COMMAND(MAILBOX_IOC_PORT_STAT,	240,	do_port_stat),
	MBX_COMMAND(MAILBOX_IOC_PORT_SET,	40,	do_port_set),
	MBX_COMMAND(MAILBOX_IOC_PORT_LIST,	152,	do_port_list),
	MBX_COMMAND(MAILBOX_IOC_SEND,		64,	do_send),
	MBX_COMMAND(MAILBOX_IOC_RECEIVE,	96,	do_receive),
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
	struct mbx_call call;
	size_t ours;
	int err;

	if (!command)
		return -ENOTTY;
	if (theirs < command->first_size)
		return -EINVAL;
	if (theirs > PAGE_SIZE)
		return -E2BIG;

	ours = _IOC_SIZE(command->cmd);
	call.file = file;
	call.handle = file->private_data;
	call.user = (void __user *)user;
	call.size = min(theirs, ours);
	err = copy_struct_from_user(&call.arg, ours, call.user, theirs);
	return err ?: command->run(&call);
}
