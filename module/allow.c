// SPDX-License-Identifier: GPL-2.0-only
/*
 * The allow list of a port: users, groups and processes that may use it besides
 * those whom its mode lets.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "handle.h"

/**
 * struct mbx_allow - one entry
 * @node:	in mbx_port.allow
 * @kind:	MAILBOX_ALLOW_*
 * @uid:	for USER
 * @gid:	for GROUP
 * @pid:	for PROCESS; holds a reference, so that it is never another one
 * @rights:	FMODE_READ, FMODE_WRITE
 *
 * All of it is protected by mbx_registry.lock.
 */
struct mbx_allow {
	struct list_head node;
	u32 kind;
	kuid_t uid;
	kgid_t gid;
	struct pid *pid;
	fmode_t rights;
};

static void allow_free(struct mbx_allow *allow)
{
	put_pid(allow->pid);
	kfree(allow);
}

static bool allow_same(const struct mbx_allow *a, const struct mbx_allow *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case MAILBOX_ALLOW_USER:
		return uid_eq(a->uid, b->uid);
	case MAILBOX_ALLOW_GROUP:
		return gid_eq(a->gid, b->gid);
	default:
		return a->pid == b->pid;
	}
}

/* Does the entry speak of process @pid with the credentials of the caller? */
static bool allow_concerns(const struct mbx_allow *allow, const struct pid *pid)
{
	switch (allow->kind) {
	case MAILBOX_ALLOW_USER:
		return uid_eq(allow->uid, current_fsuid());
	case MAILBOX_ALLOW_GROUP:
		return in_group_p(allow->gid);
	default:
		return allow->pid == pid;
	}
}

/**
 * mbx_allow_rights() - what the list gives a process
 * @port:	whose list
 * @pid:	the process; its credentials are the caller's, or have been
 *		overridden to be
 *
 * Context: mbx_registry.lock held. Return: FMODE_READ, FMODE_WRITE.
 */
fmode_t mbx_allow_rights(const struct mbx_port *port, const struct pid *pid)
{
	const struct mbx_allow *allow;
	fmode_t rights = 0;

	list_for_each_entry(allow, &port->allow, node)
		if (allow_concerns(allow, pid))
			rights |= allow->rights;
	return rights;
}

/* For mbx_port_revoke(). The caller holds mbx_registry.lock. */
static bool end_keeps(const struct mbx_end *end)
{
	const struct cred *old;
	fmode_t rights;

	if (!end->listed)
		return true;
	old = override_creds(end->cred);
	rights = mbx_allow_rights(end->port, end->pid) |
		 mbx_policy_rights(&end->port->policy);
	/* Not noted: it may not have been what let the handle be bound. */
	if (ns_capable_noaudit(end->port->registry->user_ns, CAP_IPC_OWNER))
		rights |= end->mode;
	revert_creds(old);
	return rights & end->mode;
}

/* Fill in whom user space speaks of. */
static int allow_fill(const struct mbx_registry *registry,
		      const struct mailbox_allow *entry, struct mbx_allow *allow)
{
	if (entry->pad ||
	    (entry->rights & ~(MAILBOX_RIGHT_RECEIVE | MAILBOX_RIGHT_SEND)))
		return -EINVAL;
	allow->kind = entry->kind;
	if (entry->rights & MAILBOX_RIGHT_RECEIVE)
		allow->rights |= FMODE_READ;
	if (entry->rights & MAILBOX_RIGHT_SEND)
		allow->rights |= FMODE_WRITE;

	switch (entry->kind) {
	case MAILBOX_ALLOW_USER:
		allow->uid = make_kuid(current_user_ns(), entry->id);
		return uid_valid(allow->uid) ? 0 : -EINVAL;
	case MAILBOX_ALLOW_GROUP:
		allow->gid = make_kgid(current_user_ns(), entry->id);
		return gid_valid(allow->gid) ? 0 : -EINVAL;
	case MAILBOX_ALLOW_PROCESS:
		if (!entry->id || entry->id > INT_MAX)
			return -EINVAL;
		allow->pid = mbx_process_get(entry->id);
		return allow->pid ? 0 : -ESRCH;
	default:
		return -EINVAL;
	}
}

/* Processes that have exited will not come back. True if there were some. */
static bool allow_prune(struct mbx_port *port)
{
	struct mbx_allow *allow, *next;
	bool some = false;

	list_for_each_entry_safe(allow, next, &port->allow, node) {
		if (allow->kind != MAILBOX_ALLOW_PROCESS ||
		    !mbx_process_gone(allow->pid))
			continue;
		list_del(&allow->node);
		port->allowed--;
		allow_free(allow);
		some = true;
	}
	return some;
}

/**
 * mbx_allow_change() - change one entry of the list
 * @port:	whose list
 * @entry:	from user space
 * @spent:	gets messages that have had their last lease, from handles that
 *		were revoked
 *
 * Context: process, mbx_registry.lock held. Return: 0, -EINVAL, -ESRCH,
 * -ENOSPC, -ENOMEM.
 */
int mbx_allow_change(struct mbx_port *port, const struct mailbox_allow *entry,
		     struct list_head *spent)
{
	struct mbx_allow *allow, *new;
	bool less;
	int err;

	lockdep_assert_held(&port->registry->lock);
	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return -ENOMEM;
	err = allow_fill(port->registry, entry, new);
	if (err)
		goto free;

	list_for_each_entry(allow, &port->allow, node) {
		if (!allow_same(allow, new))
			continue;
		less = allow->rights & ~new->rights;
		if (new->rights) {
			allow->rights = new->rights;
		} else {
			list_del(&allow->node);
			port->allowed--;
			allow_free(allow);
		}
		if (less)
			mbx_port_revoke(port, end_keeps, spent);
		else
			mbx_port_changed(port);
		goto free;
	}

	err = -ESRCH;
	if (!new->rights)
		goto free;
	/* Others may hold handles which they had bound. */
	if (port->allowed >= MAILBOX_ALLOW_MAX && allow_prune(port))
		mbx_port_revoke(port, end_keeps, spent);
	err = -ENOSPC;
	if (port->allowed >= MAILBOX_ALLOW_MAX)
		goto free;
	list_add_tail(&new->node, &port->allow);
	port->allowed++;
	/* Some may see it now, and watch it already. */
	mbx_port_changed(port);
	return 0;
free:
	allow_free(new);
	return err;
}

/**
 * mbx_allow_list() - read the list
 * @port:	whose
 * @entries:	filled, in the caller's namespaces
 * @room:	in @entries
 * @total:	how many there are
 *
 * Context: process, mbx_registry.lock held. Return: how many were filled.
 */
u32 mbx_allow_list(struct mbx_port *port, struct mailbox_allow *entries,
		   u32 room, u32 *total)
{
	struct user_namespace *user_ns = current_user_ns();
	const struct mbx_allow *allow;
	u32 count = 0;

	lockdep_assert_held(&port->registry->lock);
	*total = 0;
	list_for_each_entry(allow, &port->allow, node) {
		struct mailbox_allow *entry = &entries[count];

		if (allow->kind == MAILBOX_ALLOW_PROCESS &&
		    mbx_process_gone(allow->pid))
			continue;
		++*total;
		if (count == room)
			continue;
		*entry = (struct mailbox_allow) { .kind = allow->kind };
		if (allow->kind == MAILBOX_ALLOW_USER)
			entry->id = from_kuid_munged(user_ns, allow->uid);
		else if (allow->kind == MAILBOX_ALLOW_GROUP)
			entry->id = from_kgid_munged(user_ns, allow->gid);
		else
			entry->id = pid_vnr(allow->pid);
		if (allow->rights & FMODE_READ)
			entry->rights |= MAILBOX_RIGHT_RECEIVE;
		if (allow->rights & FMODE_WRITE)
			entry->rights |= MAILBOX_RIGHT_SEND;
		count++;
	}
	return count;
}

/**
 * mbx_allow_free() - free the list of a port that goes
 * @port:	nobody uses it any more
 */
void mbx_allow_free(struct mbx_port *port)
{
	struct mbx_allow *allow, *next;

	list_for_each_entry_safe(allow, next, &port->allow, node)
		allow_free(allow);
}
