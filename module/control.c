// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looking at ports, changing and ending them: by name, or the one that a handle
 * is bound to.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>

#include "handle.h"

/*
 * Returns the port with a reference for the caller and mbx_registry.lock held,
 * or an ERR_PTR without.
 */
static struct mbx_port *port_get_lock(struct mbx_handle *handle,
				      const char *name)
{
	struct mbx_port *port;

	mutex_lock(&handle->registry->lock);
	if (name[0])
		port = mbx_registry_find_locked(handle->registry, name) ?:
		       ERR_PTR(-ENOENT);
	else
		port = mbx_handle_port(handle) ?: ERR_PTR(-ENOTCONN);
	if (IS_ERR(port))
		mutex_unlock(&handle->registry->lock);
	else
		kref_get(&port->refs);
	return port;
}

static void port_put_unlock(struct mbx_port *port)
{
	mutex_unlock(&port->registry->lock);
	mbx_registry_put(port);
}

/* What only the owner may do. Gives the policy. */
static int port_own_locked(struct mbx_port *port, struct mbx_policy *policy)
{
	int err = mbx_port_get_policy(port, policy);

	if (!err && !mbx_policy_owned(port->registry, policy))
		err = -EACCES;
	return err;
}

/* By name it must be visible; who is bound to it was let in. */
static int port_see_locked(struct mbx_handle *handle, struct mbx_port *port,
			   const char *name)
{
	struct mbx_policy policy;
	int err = mbx_port_get_policy(port, &policy);

	if (!err && (name[0] ? !mbx_registry_visible_locked(port) :
			       mbx_handle_revoked(handle)))
		err = -EACCES;
	return err;
}

/**
 * mbx_handle_unlink() - take a port's name away
 * @handle:	on whose behalf
 * @name:	valid, or empty for the port that the handle is bound to
 *
 * Context: process, may sleep. Return: 0, -ENOENT (also for one that has no
 * name any more), -ENOTCONN, -EACCES, -EIDRM.
 */
int mbx_handle_unlink(struct mbx_handle *handle, const char *name)
{
	struct mbx_port *port = port_get_lock(handle, name);
	struct mbx_policy policy;
	bool persisted = false;
	int err;

	if (IS_ERR(port))
		return PTR_ERR(port);
	err = port_own_locked(port, &policy);
	if (!err && !port->linked)
		err = -ENOENT;
	if (!err)
		persisted = mbx_registry_unname_locked(port);
	mutex_unlock(&port->registry->lock);

	if (persisted)
		mbx_registry_unname_put(port);
	mbx_registry_put(port);
	return err;
}

/**
 * mbx_handle_destroy() - end a port now
 * @handle:	on whose behalf
 * @name:	valid, or empty for what the handle is bound to
 *
 * Context: process, may sleep. Return: 0, -ENOENT, -ENOTCONN, -EACCES, -EIDRM.
 */
int mbx_handle_destroy(struct mbx_handle *handle, const char *name)
{
	struct mbx_port *port = port_get_lock(handle, name);
	struct mbx_port *other = NULL;
	struct mbx_policy policy;
	bool persisted = false;
	int err;

	if (IS_ERR(port))
		return PTR_ERR(port);
	if (port->link)
		other = mbx_link_other(port);
	else if (!name[0] && handle->out.port != port)
		other = handle->out.port;
	err = port_own_locked(port, &policy);
	/* The other direction has the same owner, unless that was changed. */
	if (!err && other)
		err = port_own_locked(other, &policy);
	if (!err)
		persisted = mbx_registry_unname_locked(port);
	mutex_unlock(&port->registry->lock);

	if (!err) {
		mbx_port_kill(port);
		if (other)
			mbx_port_kill(other);
	}
	if (persisted)
		mbx_registry_unname_put(port);
	mbx_registry_put(port);
	return err;
}

/**
 * mbx_handle_set() - change the policy of the bound port
 * @handle:	the handle
 * @arg:	from user space, its flags checked
 *
 * Context: process, may sleep. Return: 0, -EINVAL, -ENOTCONN, -EACCES, -EIDRM,
 * -ENOMEM.
 */
int mbx_handle_set(struct mbx_handle *handle,
		   const struct mailbox_ioc_port_set *arg)
{
	struct mbx_port *port = port_get_lock(handle, "");
	struct mbx_policy policy;
	int err;

	/* One change at a time: what is checked here is what is changed. */
	if (IS_ERR(port))
		return PTR_ERR(port);
	err = port_own_locked(port, &policy);
	if (!err)
		err = mbx_policy_set(port->registry, &policy, arg);
	if (!err && mbx_port_broadcasts(port) &&
	    policy.buffering == MAILBOX_BUFFERING_RENDEZVOUS)
		err = -EINVAL;
	if (!err && (arg->flags & MAILBOX_SET_DELIVERIES))
		err = mbx_dead_letter_set_locked(port,
						 arg->dead_letter);
	if (!err)
		err = mbx_port_set_policy(port, &policy, arg->flags);
	port_put_unlock(port);
	return err;
}

/**
 * mbx_handle_stat() - how a port stands
 * @handle:	on whose behalf
 * @name:	valid, or empty for the port that the handle is bound to
 * @sends:	without @name: the one that it sends to
 * @stat:	filled
 * @waiters:	filled with who sleeps, or NULL
 * @room:	in @waiters
 *
 * Context: process, may sleep. Return: 0, -ENOENT, -ENOTCONN, -EACCES, -EIDRM.
 */
int mbx_handle_stat(struct mbx_handle *handle, const char *name, bool sends,
		    struct mailbox_ioc_port_stat *stat,
		    struct mailbox_waiter *waiters, u32 room)
{
	struct mbx_port *port = port_get_lock(handle, name);
	int err;

	if (IS_ERR(port))
		return PTR_ERR(port);
	err = port_see_locked(handle, port, name);
	if (!err)
		mbx_registry_stat_locked(sends && handle->out.port ?
					 handle->out.port : port, stat,
					 waiters, room);
	port_put_unlock(port);
	return err;
}

/**
 * mbx_handle_allow() - change the allow list of a port
 * @handle:	on whose behalf
 * @name:	valid, or empty for the port that the handle is bound to
 * @entry:	from user space
 *
 * Context: process, may sleep. Return: 0, -EINVAL, -ENOENT, -ENOTCONN, -EACCES,
 * -EIDRM, -ESRCH, -ENOSPC, -ENOMEM.
 */
int mbx_handle_allow(struct mbx_handle *handle, const char *name,
		     const struct mailbox_allow *entry)
{
	struct mbx_port *port = port_get_lock(handle, name);
	struct mbx_policy policy;
	LIST_HEAD(spent);
	int err;

	if (IS_ERR(port))
		return PTR_ERR(port);
	err = port_own_locked(port, &policy);
	if (!err)
		err = mbx_allow_change(port, entry, &spent);
	mutex_unlock(&port->registry->lock);
	mbx_dead_letter_send(port, &spent);
	mbx_registry_put(port);
	return err;
}

/**
 * mbx_handle_allowed() - read the allow list of a port
 * @handle:	on whose behalf
 * @name:	valid, or empty for the port that the handle is bound to
 * @entries:	filled
 * @room:	in @entries; how many were filled afterwards
 * @total:	gets how many there are
 *
 * Context: process, may sleep. Return: 0, -ENOENT, -ENOTCONN, -EACCES, -EIDRM.
 */
int mbx_handle_allowed(struct mbx_handle *handle, const char *name,
		       struct mailbox_allow *entries, u32 *room, u32 *total)
{
	struct mbx_port *port = port_get_lock(handle, name);
	int err;

	if (IS_ERR(port))
		return PTR_ERR(port);
	err = port_see_locked(handle, port, name);
	if (!err)
		*room = mbx_allow_list(port, entries, *room, total);
	port_put_unlock(port);
	return err;
}
