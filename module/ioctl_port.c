// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commands about ports: checks that need no port, and copies.
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <net/net_namespace.h>

#include "ioctl.h"

/* The size of an entry of PORT_LIST when it was first published. */
#define MBX_ENTRY_SIZE	240

#define MBX_LIST_MAX	256
#define MBX_WAITERS_MAX	1024

#define MBX_EVENTS	(MAILBOX_EVENT_NAMED | MAILBOX_EVENT_GONE | \
			 MAILBOX_EVENT_MESSAGE | MAILBOX_EVENT_SENDER | \
			 MAILBOX_EVENT_RECEIVER | MAILBOX_EVENT_HANGUP)

/* Empty means the port that the handle is bound to. */
static bool name_or_none_valid(const char *name)
{
	return !name[0] || mbx_name_valid(name);
}

/**
 * mbx_ioctl_info() - MAILBOX_IOC_INFO
 * @ioctl:	the command
 */
int mbx_ioctl_info(struct mbx_ioctl *ioctl)
{
	struct mailbox_ioc_info *info = &ioctl->arg.info;
	struct mbx_registry *registry = ioctl->handle->registry;
	struct mbx_user *user;
	int err;

	if (info->flags)
		return -EINVAL;
	err = mbx_ioctl_probe(ioctl, 0);
	if (err)
		return err;
	user = mbx_user_get(&registry->quota, current_uid());
	if (!user)
		return -ENOMEM;
	*info = (struct mailbox_ioc_info) {
		.version = MAILBOX_ABI_VERSION,
		.features = MAILBOX_FEATURE_SYNC | MAILBOX_FEATURE_SELECT |
			    MAILBOX_FEATURE_HANGUP | MAILBOX_FEATURE_PAIR |
			    MAILBOX_FEATURE_LINK | MAILBOX_FEATURE_SLOT |
			    MAILBOX_FEATURE_ALLOW | MAILBOX_FEATURE_CALL |
			    MAILBOX_FEATURE_LEASE | MAILBOX_FEATURE_DROP |
			    MAILBOX_FEATURE_BROADCAST |
			    MAILBOX_FEATURE_BATCH | MAILBOX_FEATURE_WAIT,
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
	return mbx_ioctl_reply(ioctl, 0);
}

/* --- binding ------------------------------------------------------------------ */

/**
 * mbx_ioctl_create() - MAILBOX_IOC_PORT_CREATE
 * @ioctl:	the command
 */
int mbx_ioctl_create(struct mbx_ioctl *ioctl)
{
	struct mailbox_ioc_port_create *create = &ioctl->arg.create;
	int err;

	if (create->pad ||
	    (create->flags & ~(MAILBOX_CREATE_PERSIST | MAILBOX_CREATE_HANGUP |
			       MAILBOX_CREATE_OPEN | MAILBOX_CREATE_UID |
			       MAILBOX_CREATE_GID | MAILBOX_CREATE_SLOT |
			       MAILBOX_CREATE_BROADCAST)))
		return -EINVAL;
	err = mbx_ioctl_probe(ioctl, offsetof(typeof(*create), id));
	if (err)
		return err;
	err = mbx_handle_create(ioctl->handle, create);
	if (!err)
		mbx_ioctl_reply(ioctl, offsetof(typeof(*create), id));
	return err;
}

static int open_by_fd(struct mbx_handle *handle, int number, u64 *id)
{
	struct file *file = fget(number);
	int err = -EBADF;

	if (!file)
		return -EBADF;
	if (file->f_op == &mbx_fops)
		err = mbx_handle_open_same(handle, file->private_data, id);
	fput(file);
	return err;
}

/* Bind to the port of this name, once there is one. */
static int open_by_name(struct mbx_handle *handle, const char *name, bool waits,
			const struct mbx_deadline *deadline, u64 *id)
{
	int err;

	/* The port that was waited for may be gone when it is looked for. */
	do {
		err = mbx_handle_open(handle, name, id);
		if (err != -ENOENT || !waits)
			return err;
		err = mbx_handle_wait_name(handle, name, MAILBOX_EVENT_NAMED,
					   deadline, id);
	} while (err > 0);
	return err;
}

static int open_await_peer(struct mbx_handle *handle,
			   const struct mbx_deadline *deadline)
{
	const struct mbx_end *end;
	u32 events;
	u64 id;
	int err;

	if (handle->mode == FMODE_READ) {
		end = &handle->in;
		events = MAILBOX_EVENT_SENDER;
	} else if (handle->mode == FMODE_WRITE) {
		end = &handle->out;
		events = MAILBOX_EVENT_RECEIVER;
	} else {
		return 0;
	}
	/* It may have gone since, as it was told of this handle. */
	if (end->met)
		return 0;
	err = mbx_handle_wait_bound(handle, events | MAILBOX_EVENT_GONE,
				    deadline, &id);
	if (err > 0 && !(err & events))
		return -EIDRM;
	/* Begun anew it would find the handle bound. */
	if (err == -ERESTARTSYS)
		return -EINTR;
	return min(err, 0);
}

/**
 * mbx_ioctl_open() - MAILBOX_IOC_PORT_OPEN
 * @ioctl:	the command
 */
int mbx_ioctl_open(struct mbx_ioctl *ioctl)
{
	struct mailbox_ioc_port_open *open = &ioctl->arg.open;
	bool by_fd = open->flags & MAILBOX_BIND_FD;
	bool waits = open->flags & MAILBOX_BIND_WAIT;
	bool peer = open->flags & MAILBOX_BIND_PEER;
	struct mbx_deadline deadline =
		mbx_ioctl_deadline(ioctl, open->flags & MAILBOX_BIND_NONBLOCK,
				   open->flags & MAILBOX_BIND_REALTIME,
				   open->deadline_ns);
	u64 id;
	int err;

	if ((open->flags & ~(MAILBOX_BIND_WAIT | MAILBOX_BIND_PEER |
			     MAILBOX_BIND_FD | MAILBOX_BIND_NONBLOCK |
			     MAILBOX_BIND_REALTIME)) ||
	    (open->deadline_ns && !waits && !peer))
		return -EINVAL;
	if (by_fd ? open->name[0] || waits :
		    open->fd || !mbx_name_valid(open->name))
		return -EINVAL;
	err = mbx_ioctl_probe(ioctl, offsetof(typeof(*open), id));
	if (err)
		return err;
	if (by_fd)
		err = open_by_fd(ioctl->handle, open->fd, &id);
	else
		err = open_by_name(ioctl->handle, open->name, waits, &deadline,
				   &id);
	if (err)
		return err;
	if (peer)
		err = open_await_peer(ioctl->handle, &deadline);
	if (err)
		return err;
	open->id = id;
	mbx_ioctl_reply(ioctl, offsetof(typeof(*open), id));
	return 0;
}

/* A handle for the other end of a pair: the other direction, or both. */
static struct file *pair_open(const struct mbx_ioctl *ioctl)
{
	struct mbx_handle *handle = ioctl->handle;
	int flags = O_LARGEFILE | (ioctl->file->f_flags & O_NONBLOCK);
	struct mbx_handle *peer;
	struct file *file;

	if (handle->mode == FMODE_READ)
		flags |= O_WRONLY;
	else if (handle->mode == (FMODE_READ | FMODE_WRITE))
		flags |= O_RDWR;
	file = dentry_open(&ioctl->file->f_path, flags, current_cred());
	if (IS_ERR(file))
		return file;

	/* Of the same registry, wherever the caller is now. */
	peer = file->private_data;
	put_net(peer->net);
	peer->net = get_net(handle->net);
	peer->registry = handle->registry;
	return file;
}

/**
 * mbx_ioctl_pair() - MAILBOX_IOC_PORT_PAIR
 * @ioctl:	the command
 */
int mbx_ioctl_pair(struct mbx_ioctl *ioctl)
{
	struct mailbox_ioc_port_pair *pair = &ioctl->arg.pair;
	struct file *file;
	int fd, err;

	if (pair->flags || !ioctl->handle->mode)
		return -EINVAL;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	file = pair_open(ioctl);
	err = PTR_ERR_OR_ZERO(file);
	if (err)
		goto put_fd;
	/* Told beforehand, as it is not to be had back once it is there. */
	swap(pair->fd, fd);
	err = mbx_ioctl_reply(ioctl, offsetof(typeof(*pair), fd));
	swap(pair->fd, fd);
	if (!err)
		err = mbx_handle_pair(ioctl->handle, file->private_data, pair);
	if (err) {
		mbx_ioctl_reply(ioctl, offsetof(typeof(*pair), fd));
		goto put_file;
	}
	pair->fd = fd;
	mbx_ioctl_reply(ioctl, offsetof(typeof(*pair), fd));
	fd_install(fd, file);
	return 0;

put_file:
	fput(file);
put_fd:
	put_unused_fd(fd);
	return err;
}

/**
 * mbx_ioctl_link() - MAILBOX_IOC_PORT_LINK
 * @ioctl:	the command
 */
int mbx_ioctl_link(struct mbx_ioctl *ioctl)
{
	struct mailbox_ioc_port_link *link = &ioctl->arg.link;
	int err;

	if (link->pad || (link->flags & ~MAILBOX_LINK_INBOX) ||
	    link->pid > INT_MAX ||
	    (!link->pid && !(link->flags & MAILBOX_LINK_INBOX)))
		return -EINVAL;
	err = mbx_ioctl_probe(ioctl, offsetof(typeof(*link), id));
	if (err)
		return err;
	err = mbx_handle_link(ioctl->handle, link);
	if (!err)
		mbx_ioctl_reply(ioctl, offsetof(typeof(*link), id));
	return err;
}

/* --- looking at ports, changing and ending them --------------------------------- */

static int remove_check(const struct mailbox_ioc_port_remove *remove)
{
	if (remove->flags || remove->pad || !name_or_none_valid(remove->name))
		return -EINVAL;
	return 0;
}

/**
 * mbx_ioctl_unlink() - MAILBOX_IOC_PORT_UNLINK
 * @ioctl:	the command
 */
int mbx_ioctl_unlink(struct mbx_ioctl *ioctl)
{
	return remove_check(&ioctl->arg.remove) ?:
	       mbx_handle_unlink(ioctl->handle, ioctl->arg.remove.name);
}

/**
 * mbx_ioctl_destroy() - MAILBOX_IOC_PORT_DESTROY
 * @ioctl:	the command
 */
int mbx_ioctl_destroy(struct mbx_ioctl *ioctl)
{
	return remove_check(&ioctl->arg.remove) ?:
	       mbx_handle_destroy(ioctl->handle, ioctl->arg.remove.name);
}

/**
 * mbx_ioctl_stat() - MAILBOX_IOC_PORT_STAT
 * @ioctl:	the command
 */
int mbx_ioctl_stat(struct mbx_ioctl *ioctl)
{
	struct mailbox_ioc_port_stat *stat = &ioctl->arg.stat;
	void __user *user = u64_to_user_ptr(stat->waiters);
	struct mailbox_waiter *waiters = NULL;
	u64 pointer = stat->waiters;
	u32 room = stat->waiters_len;
	bool sends = stat->flags & MAILBOX_STAT_SENDS;
	char name[MAILBOX_NAME_SIZE];
	int err;

	if ((stat->flags & ~MAILBOX_STAT_SENDS) || stat->pad ||
	    (sends && stat->name[0]) || room > MBX_WAITERS_MAX || !pointer != !room ||
	    !name_or_none_valid(stat->name))
		return -EINVAL;
	if (room) {
		waiters = kvcalloc(room, sizeof(*waiters), GFP_KERNEL_ACCOUNT);
		if (!waiters)
			return -ENOMEM;
	}

	memcpy(name, stat->name, sizeof(name));
	err = mbx_ioctl_probe(ioctl, 0) ?:
	      mbx_handle_stat(ioctl->handle, name, sends, stat, waiters, room);
	if (!err && copy_to_user(user, waiters,
				 array_size(stat->waiters_len, sizeof(*waiters))))
		err = -EFAULT;
	kvfree(waiters);
	stat->waiters = pointer;
	stat->flags = sends ? MAILBOX_STAT_SENDS : 0;
	return err ?: mbx_ioctl_reply(ioctl, 0);
}

/**
 * mbx_ioctl_set() - MAILBOX_IOC_PORT_SET
 * @ioctl:	the command
 */
int mbx_ioctl_set(struct mbx_ioctl *ioctl)
{
	const struct mailbox_ioc_port_set *set = &ioctl->arg.set;
	u32 fields = set->flags;

	if (fields & ~(MAILBOX_SET_MODE | MAILBOX_SET_UID | MAILBOX_SET_GID |
		       MAILBOX_SET_CAPACITY | MAILBOX_SET_CAPACITY_BYTES |
		       MAILBOX_SET_MESSAGE_BYTES_MAX | MAILBOX_SET_ON_FULL |
		       MAILBOX_SET_DELIVERIES))
		return -EINVAL;
	/* What is not asked for must not be given. */
	if ((!(fields & MAILBOX_SET_MODE) && set->mode) ||
	    (!(fields & MAILBOX_SET_UID) && set->uid) ||
	    (!(fields & MAILBOX_SET_GID) && set->gid) ||
	    (!(fields & MAILBOX_SET_CAPACITY) &&
	     (set->buffering || set->capacity)) ||
	    (!(fields & MAILBOX_SET_CAPACITY_BYTES) && set->capacity_bytes) ||
	    (!(fields & MAILBOX_SET_MESSAGE_BYTES_MAX) &&
	     set->message_bytes_max) ||
	    (!(fields & MAILBOX_SET_ON_FULL) && set->on_full) ||
	    (!(fields & MAILBOX_SET_DELIVERIES) &&
	     (set->max_deliveries || set->dead_letter[0])))
		return -EINVAL;
	return mbx_handle_set(ioctl->handle, set);
}

/**
 * mbx_ioctl_list() - MAILBOX_IOC_PORT_LIST
 * @ioctl:	the command
 */
int mbx_ioctl_list(struct mbx_ioctl *ioctl)
{
	struct mailbox_ioc_port_list *list = &ioctl->arg.list;
	u32 room = min_t(u32, list->count, MBX_LIST_MAX);
	struct mailbox_ioc_port_stat *entries;
	size_t known;
	u32 count, i;
	int err;

	if (list->flags || list->pad || !name_or_none_valid(list->after) ||
	    list->entry_size < MBX_ENTRY_SIZE || list->entry_size > PAGE_SIZE ||
	    list->entry_size % sizeof(u64))
		return -EINVAL;
	known = min_t(size_t, list->entry_size, sizeof(*entries));
	err = mbx_ioctl_probe(ioctl, 0);
	if (err)
		return err;

	entries = kvcalloc(room, sizeof(*entries), GFP_KERNEL_ACCOUNT);
	if (!entries)
		return -ENOMEM;
	count = mbx_registry_list(ioctl->handle->registry, list->after, entries,
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
	return err ?: mbx_ioctl_reply(ioctl, 0);
}

/**
 * mbx_ioctl_allow() - MAILBOX_IOC_PORT_ALLOW
 * @ioctl:	the command
 */
int mbx_ioctl_allow(struct mbx_ioctl *ioctl)
{
	const struct mailbox_ioc_port_allow *allow = &ioctl->arg.allow;

	if (allow->flags || allow->pad || !name_or_none_valid(allow->name))
		return -EINVAL;
	return mbx_handle_allow(ioctl->handle, allow->name, &allow->entry);
}

/**
 * mbx_ioctl_allowed() - MAILBOX_IOC_PORT_ALLOWED
 * @ioctl:	the command
 */
int mbx_ioctl_allowed(struct mbx_ioctl *ioctl)
{
	struct mailbox_ioc_port_allowed *allowed = &ioctl->arg.allowed;
	u32 count = min_t(u32, allowed->count, MAILBOX_ALLOW_MAX);
	struct mailbox_allow *entries;
	int err;

	if (allowed->flags || allowed->pad ||
	    !name_or_none_valid(allowed->name))
		return -EINVAL;
	err = mbx_ioctl_probe(ioctl, 0);
	if (err)
		return err;
	entries = kvcalloc(count, sizeof(*entries), GFP_KERNEL_ACCOUNT);
	if (!entries)
		return -ENOMEM;
	err = mbx_handle_allowed(ioctl->handle, allowed->name, entries, &count,
				 &allowed->total);
	if (!err && copy_to_user(u64_to_user_ptr(allowed->entries), entries,
				 array_size(count, sizeof(*entries))))
		err = -EFAULT;
	kvfree(entries);
	allowed->count = count;
	return err ?: mbx_ioctl_reply(ioctl, 0);
}

/* --- waiting for ports -------------------------------------------------------------- */

/**
 * mbx_ioctl_wait() - MAILBOX_IOC_PORT_WAIT
 * @ioctl:	the command
 */
int mbx_ioctl_wait(struct mbx_ioctl *ioctl)
{
	struct mailbox_ioc_port_wait *wait = &ioctl->arg.wait;
	struct mbx_deadline deadline =
		mbx_ioctl_deadline(ioctl, wait->flags & MAILBOX_WAIT_NONBLOCK,
				   wait->flags & MAILBOX_WAIT_REALTIME,
				   wait->deadline_ns);
	u64 id;
	int happened;

	if (wait->pad || !wait->events || (wait->events & ~MBX_EVENTS) ||
	    (wait->flags & ~(MAILBOX_WAIT_NONBLOCK | MAILBOX_WAIT_REALTIME)) ||
	    !name_or_none_valid(wait->name))
		return -EINVAL;
	happened = mbx_ioctl_probe(ioctl, offsetof(typeof(*wait), id));
	if (happened)
		return happened;
	if (wait->name[0])
		happened = mbx_handle_wait_name(ioctl->handle, wait->name,
						wait->events, &deadline, &id);
	else
		happened = mbx_handle_wait_bound(ioctl->handle, wait->events,
						 &deadline, &id);
	if (happened < 0)
		return happened;
	wait->id = id;
	wait->happened = happened;
	return mbx_ioctl_reply(ioctl, offsetof(typeof(*wait), id));
}

/**
 * mbx_ioctl_watch() - MAILBOX_IOC_PORT_WATCH
 * @ioctl:	the command
 */
int mbx_ioctl_watch(struct mbx_ioctl *ioctl)
{
	const struct mailbox_ioc_port_watch *watch = &ioctl->arg.watch;

	if (watch->flags || (watch->events & ~MBX_EVENTS) ||
	    (watch->events ? !mbx_name_valid(watch->name) : watch->name[0]))
		return -EINVAL;
	return mbx_handle_watch(ioctl->handle, watch->name, watch->events);
}
