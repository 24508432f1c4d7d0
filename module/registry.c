// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ports of a network namespace: names, binding, limits.
 *
 * A handle keeps its network namespace, so a registry goes only when no handle
 * is left in it; what is there then are persistent ports.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/slab.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "internal.h"
#include "trace.h"

static unsigned int registry_net_id;

/**
 * mbx_registry_of() - the registry of a network namespace
 * @net:	the namespace
 */
struct mbx_registry *mbx_registry_of(struct net *net)
{
	return net_generic(net, registry_net_id);
}

/* --- names --------------------------------------------------------------- */

/**
 * mbx_name_valid() - may a port be called this?
 * @name:	MAILBOX_NAME_SIZE bytes from user space
 *
 * Return: true for 1 to MAILBOX_NAME_MAX printable bytes without '/', and a
 * NUL. Bytes from 0x80 on are taken as they are, for UTF-8.
 */
bool mbx_name_valid(const char *name)
{
	size_t len = strnlen(name, MAILBOX_NAME_SIZE);
	size_t i;

	if (!len || len > MAILBOX_NAME_MAX)
		return false;
	for (i = 0; i < len; i++) {
		u8 c = name[i];

		if (c < 0x20 || c == 0x7f || c == '/')
			return false;
	}
	return true;
}

static struct mbx_port *name_find_locked(struct mbx_registry *registry,
					 const char *name)
{
	struct rb_node *node = registry->names.rb_node;

	lockdep_assert_held(&registry->lock);
	while (node) {
		struct mbx_port *port = rb_entry(node, struct mbx_port, by_name);
		int order = strcmp(name, port->name);

		if (!order)
			return port;
		node = order < 0 ? node->rb_left : node->rb_right;
	}
	return NULL;
}

/* The first port whose name comes after @name. */
static struct mbx_port *name_after_locked(struct mbx_registry *registry,
					  const char *name)
{
	struct rb_node *node = registry->names.rb_node;
	struct mbx_port *after = NULL;

	lockdep_assert_held(&registry->lock);
	while (node) {
		struct mbx_port *port = rb_entry(node, struct mbx_port, by_name);

		if (strcmp(name, port->name) < 0) {
			after = port;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return after;
}

/* The port of this name is not there yet. */
static void name_link_locked(struct mbx_registry *registry,
			     struct mbx_port *port)
{
	struct rb_node **link = &registry->names.rb_node;
	struct rb_node *parent = NULL;

	lockdep_assert_held(&registry->lock);
	while (*link) {
		parent = *link;
		if (strcmp(port->name, rb_entry(parent, struct mbx_port,
						by_name)->name) < 0)
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&port->by_name, parent, link);
	rb_insert_color(&port->by_name, &registry->names);
	port->linked = true;

	/* As long as a persistent port can be found it needs the module. */
	if (port->flags & MAILBOX_CREATE_PERSIST) {
		kref_get(&port->refs);
		__module_get(THIS_MODULE);
	}
}

/*
 * Take the name away. Returns true if the port was linked and persistent: the
 * caller calls name_put() after it has dropped the lock.
 */
static bool name_unlink_locked(struct mbx_registry *registry,
			       struct mbx_port *port)
{
	lockdep_assert_held(&registry->lock);
	if (!port->linked)
		return false;
	rb_erase(&port->by_name, &registry->names);
	port->linked = false;
	return port->flags & MAILBOX_CREATE_PERSIST;
}

/* --- references ----------------------------------------------------------- */

static void port_release(struct kref *refs)
{
	struct mbx_port *port = container_of(refs, struct mbx_port, refs);
	struct mbx_registry *registry = port->registry;
	struct mbx_user *user = port->user;

	mbx_port_free(port);
	mbx_user_uncharge_port(user);
	mbx_user_put(user);

	mutex_lock(&registry->lock);
	registry->ports--;
	mutex_unlock(&registry->lock);
}

static void port_put(struct mbx_port *port)
{
	kref_put(&port->refs, port_release);
}

/* What a persistent port's name held. */
static void name_put(struct mbx_port *port)
{
	port_put(port);
	module_put(THIS_MODULE);
}

/* --- binding --------------------------------------------------------------- */

/* Both locks held; the handle is not bound. */
static int handle_bind_locked(struct mbx_handle *handle, struct mbx_port *port)
{
	int err;

	lockdep_assert_held(&handle->lock);
	lockdep_assert_held(&port->registry->lock);
	err = mbx_port_attach(port, handle->mode);
	if (err)
		return err;
	port->handles++;
	kref_get(&port->refs);
	/* Pairs with mbx_handle_port(). */
	smp_store_release(&handle->port, port);
	return 0;
}

static int handle_open_locked(struct mbx_handle *handle, struct mbx_port *port)
{
	struct mbx_policy policy;
	int err;

	err = mbx_port_get_policy(port, &policy);
	if (err)
		return err;
	if (!mbx_policy_permits(handle->registry, &policy, handle->mode))
		return -EACCES;
	return handle_bind_locked(handle, port);
}

/* Count a port in, and give it what the registry is to know of it. */
static int registry_add_locked(struct mbx_registry *registry,
			       struct mbx_port *port,
			       const struct mailbox_ioc_port_create *arg)
{
	struct mbx_user *user;
	int err;

	lockdep_assert_held(&registry->lock);
	if (registry->ports >= READ_ONCE(mbx_ports_max))
		return -ENOSPC;
	user = mbx_user_get(&registry->quota, current_uid());
	if (!user)
		return -ENOMEM;
	err = mbx_user_charge_port(user);
	if (err) {
		mbx_user_put(user);
		return err;
	}
	registry->ports++;
	port->registry = registry;
	port->user = user;
	port->id = ++registry->last_id;
	if (arg->name[0]) {
		strscpy(port->name, arg->name, sizeof(port->name));
		name_link_locked(registry, port);
	}
	return 0;
}

/**
 * mbx_registry_create() - make a port and bind a handle to it
 * @handle:	the handle
 * @arg:	from user space, its padding and flags checked; results filled in
 *
 * Context: process, may sleep. Return: 0 or -errno as the ABI says.
 */
int mbx_registry_create(struct mbx_handle *handle,
			struct mailbox_ioc_port_create *arg)
{
	struct mbx_registry *registry = handle->registry;
	struct mbx_policy policy;
	struct mbx_port *port, *new;
	int err;

	if (arg->name[0] && !mbx_name_valid(arg->name))
		return -EINVAL;
	if (!arg->name[0] &&
	    (arg->flags & (MAILBOX_CREATE_PERSIST | MAILBOX_CREATE_OPEN)))
		return -EINVAL;
	err = mbx_policy_create(registry, arg, &policy);
	if (err)
		return err;
	new = mbx_port_alloc(&policy, arg->flags & (MAILBOX_CREATE_PERSIST |
						    MAILBOX_CREATE_HANGUP));
	if (!new)
		return -ENOMEM;

	mutex_lock(&handle->lock);
	mutex_lock(&registry->lock);
	arg->created = 0;
	err = -EISCONN;
	if (handle->port)
		goto unlock;
	port = arg->name[0] ? name_find_locked(registry, arg->name) : NULL;
	if (port) {
		err = -EEXIST;
		if (arg->flags & MAILBOX_CREATE_OPEN)
			err = handle_open_locked(handle, port);
	} else {
		port = new;
		err = registry_add_locked(registry, port, arg);
		if (err)
			goto unlock;
		/* It is not destroyed: nobody else has had the lock yet. */
		handle_bind_locked(handle, port);
		arg->created = 1;
	}
	arg->id = port->id;
unlock:
	mutex_unlock(&registry->lock);
	mutex_unlock(&handle->lock);

	if (arg->created) {
		trace_mailbox_create(new->id, new->name, new->flags);
		/* The handle has its own reference now. */
		port_put(new);
	} else {
		mbx_port_free(new);
	}
	return err;
}

/**
 * mbx_registry_open() - bind a handle to the port of this name
 * @handle:	the handle
 * @name:	valid
 * @id:		gets the port's number
 *
 * Context: process, may sleep. Return: 0, -EISCONN, -ENOENT, -EACCES.
 */
int mbx_registry_open(struct mbx_handle *handle, const char *name, u64 *id)
{
	struct mbx_registry *registry = handle->registry;
	struct mbx_port *port;
	int err;

	mutex_lock(&handle->lock);
	mutex_lock(&registry->lock);
	err = -EISCONN;
	if (handle->port)
		goto unlock;
	err = -ENOENT;
	port = name_find_locked(registry, name);
	if (!port)
		goto unlock;
	err = handle_open_locked(handle, port);
	if (!err)
		*id = port->id;
unlock:
	mutex_unlock(&registry->lock);
	mutex_unlock(&handle->lock);
	return err;
}

/**
 * mbx_registry_close() - a handle goes: undo its binding
 * @handle:	the handle, used by nobody else any more; may be unbound
 *
 * Context: process, may sleep.
 */
void mbx_registry_close(struct mbx_handle *handle)
{
	struct mbx_registry *registry = handle->registry;
	struct mbx_port *port = handle->port;

	if (!port)
		return;
	mbx_port_detach(port, handle->mode);

	mutex_lock(&registry->lock);
	/* The last one takes the name along, unless it is to persist. */
	if (!--port->handles && !(port->flags & MAILBOX_CREATE_PERSIST))
		name_unlink_locked(registry, port);
	mutex_unlock(&registry->lock);
	port_put(port);
}

/* --- by name, or the one that the handle is bound to ----------------------- */

/* Returns the port with a reference for the caller, or an ERR_PTR. */
static struct mbx_port *port_get_locked(struct mbx_handle *handle,
					const char *name)
{
	struct mbx_port *port;

	lockdep_assert_held(&handle->registry->lock);
	if (name[0]) {
		port = name_find_locked(handle->registry, name);
		if (!port)
			return ERR_PTR(-ENOENT);
	} else {
		port = mbx_handle_port(handle);
		if (!port)
			return ERR_PTR(-ENOTCONN);
	}
	kref_get(&port->refs);
	return port;
}

static int registry_remove(struct mbx_handle *handle, const char *name,
			   bool destroy)
{
	struct mbx_registry *registry = handle->registry;
	struct mbx_policy policy;
	struct mbx_port *port;
	bool persisted = false;
	int err;

	mutex_lock(&registry->lock);
	port = port_get_locked(handle, name);
	if (IS_ERR(port)) {
		mutex_unlock(&registry->lock);
		return PTR_ERR(port);
	}
	err = mbx_port_get_policy(port, &policy);
	if (!err && !mbx_policy_owned(registry, &policy))
		err = -EACCES;
	if (!err && !destroy && !port->linked)
		err = -ENOENT;
	if (!err)
		persisted = name_unlink_locked(registry, port);
	mutex_unlock(&registry->lock);

	if (!err && destroy)
		mbx_port_kill(port);
	if (persisted)
		name_put(port);
	port_put(port);
	return err;
}

/**
 * mbx_registry_unlink() - take a port's name away
 * @handle:	on whose behalf
 * @name:	valid, or empty for the port that the handle is bound to
 *
 * Context: process, may sleep. Return: 0, -ENOENT (also for one that has no
 * name any more), -ENOTCONN, -EACCES, -EIDRM.
 */
int mbx_registry_unlink(struct mbx_handle *handle, const char *name)
{
	return registry_remove(handle, name, false);
}

/**
 * mbx_registry_destroy() - end a port now
 * @handle:	on whose behalf
 * @name:	valid, or empty for the port that the handle is bound to
 *
 * Context: process, may sleep. Return: 0, -ENOENT, -ENOTCONN, -EACCES, -EIDRM.
 */
int mbx_registry_destroy(struct mbx_handle *handle, const char *name)
{
	return registry_remove(handle, name, true);
}

/**
 * mbx_registry_set() - change the policy of the bound port
 * @handle:	the handle
 * @arg:	from user space, its flags checked
 *
 * Context: process, may sleep. Return: 0, -EINVAL, -ENOTCONN, -EACCES, -EIDRM.
 */
int mbx_registry_set(struct mbx_handle *handle,
		     const struct mailbox_ioc_port_set *arg)
{
	struct mbx_registry *registry = handle->registry;
	struct mbx_policy policy;
	struct mbx_port *port;
	int err;

	/* One change at a time: what is checked here is what is changed. */
	mutex_lock(&registry->lock);
	port = port_get_locked(handle, "");
	if (IS_ERR(port)) {
		err = PTR_ERR(port);
		goto unlock;
	}
	err = mbx_port_get_policy(port, &policy);
	if (err)
		goto put;
	err = -EACCES;
	if (!mbx_policy_owned(registry, &policy))
		goto put;

	err = mbx_policy_set(registry, &policy, arg);
	if (err)
		goto put;
	err = mbx_port_set_policy(port, &policy, arg->flags);
put:
	mutex_unlock(&registry->lock);
	port_put(port);
	return err;
unlock:
	mutex_unlock(&registry->lock);
	return err;
}

/* --- looking ---------------------------------------------------------------- */

static void stat_fill_locked(struct mbx_port *port,
			     struct mailbox_ioc_port_stat *stat,
			     struct mailbox_waiter *waiters, u32 room)
{
	memset(stat, 0, sizeof(*stat));
	if (port->linked)
		strscpy(stat->name, port->name, sizeof(stat->name));
	mbx_port_stat(port, stat, waiters, room);
}

/**
 * mbx_registry_stat() - how a port stands
 * @handle:	on whose behalf
 * @name:	valid, or empty for the port that the handle is bound to
 * @stat:	filled
 * @waiters:	filled with who sleeps, or NULL
 * @room:	in @waiters
 *
 * Context: process, may sleep. Return: 0, -ENOENT, -ENOTCONN, -EACCES, -EIDRM.
 */
int mbx_registry_stat(struct mbx_handle *handle, const char *name,
		      struct mailbox_ioc_port_stat *stat,
		      struct mailbox_waiter *waiters, u32 room)
{
	struct mbx_registry *registry = handle->registry;
	struct mbx_policy policy;
	struct mbx_port *port;
	int err;

	mutex_lock(&registry->lock);
	port = port_get_locked(handle, name);
	if (IS_ERR(port)) {
		mutex_unlock(&registry->lock);
		return PTR_ERR(port);
	}
	err = mbx_port_get_policy(port, &policy);
	/* Who is bound to it was let in. */
	if (!err && name[0] && !mbx_policy_visible(registry, &policy))
		err = -EACCES;
	if (!err)
		stat_fill_locked(port, stat, waiters, room);
	mutex_unlock(&registry->lock);
	port_put(port);
	return err;
}

/**
 * mbx_registry_ports() - how many ports there are, named or not
 * @registry:	where
 *
 * Context: process, may sleep.
 */
u32 mbx_registry_ports(struct mbx_registry *registry)
{
	u32 ports;

	mutex_lock(&registry->lock);
	ports = registry->ports;
	mutex_unlock(&registry->lock);
	return ports;
}

/**
 * mbx_registry_list() - the ports that the caller may see
 * @registry:	where
 * @after:	a name to start after, or empty
 * @entries:	filled in the order of the names
 * @room:	in @entries
 *
 * Context: process, may sleep. Return: how many were filled.
 */
u32 mbx_registry_list(struct mbx_registry *registry, const char *after,
		      struct mailbox_ioc_port_stat *entries, u32 room)
{
	/* Asked once, and not noted: it need not be used. */
	bool all = ns_capable_noaudit(registry->user_ns, CAP_IPC_OWNER);
	struct mbx_port *port;
	struct rb_node *node;
	u32 count = 0;

	mutex_lock(&registry->lock);
	port = name_after_locked(registry, after);
	for (node = port ? &port->by_name : NULL; node && count < room;
	     node = rb_next(node)) {
		struct mbx_policy policy;

		port = rb_entry(node, struct mbx_port, by_name);
		if (!mbx_port_get_policy(port, &policy) &&
		    (all || mbx_policy_listed(&policy)))
			stat_fill_locked(port, &entries[count++], NULL, 0);
		cond_resched();
	}
	mutex_unlock(&registry->lock);
	return count;
}

/* --- network namespaces ------------------------------------------------------ */

static int __net_init registry_net_init(struct net *net)
{
	struct mbx_registry *registry = mbx_registry_of(net);

	mutex_init(&registry->lock);
	registry->names = RB_ROOT;
	registry->ports = 0;
	registry->last_id = 0;
	registry->user_ns = net->user_ns;
	mbx_quota_init(&registry->quota);
	return 0;
}

/* No handle is left, so all that has a name is persistent. */
static void __net_exit registry_net_exit(struct net *net)
{
	struct mbx_registry *registry = mbx_registry_of(net);
	struct mbx_port *port;

	for (;;) {
		mutex_lock(&registry->lock);
		port = name_after_locked(registry, "");
		if (port)
			name_unlink_locked(registry, port);
		mutex_unlock(&registry->lock);
		if (!port)
			break;
		name_put(port);
	}
}

static struct pernet_operations registry_net_ops = {
	.init	= registry_net_init,
	.exit	= registry_net_exit,
	.id	= &registry_net_id,
	.size	= sizeof(struct mbx_registry),
};

/**
 * mbx_registry_init() - give each network namespace a registry
 *
 * Return: 0 or -errno.
 */
int __init mbx_registry_init(void)
{
	return register_pernet_subsys(&registry_net_ops);
}

/**
 * mbx_registry_exit() - undo mbx_registry_init()
 */
void mbx_registry_exit(void)
{
	unregister_pernet_subsys(&registry_net_ops);
}
