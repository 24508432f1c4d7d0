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

#include "handle.h"
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

/**
 * mbx_registry_find_locked() - the port of this name
 * @registry:	where
 * @name:	the name
 *
 * Context: mbx_registry.lock held. Return: the port, or NULL.
 */
struct mbx_port *mbx_registry_find_locked(struct mbx_registry *registry,
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

static int watch_compare(const void *name, const struct rb_node *node)
{
	return strcmp(name, rb_entry(node, struct mbx_watch, by_name)->name);
}

static bool watch_less(struct rb_node *node, const struct rb_node *other)
{
	return watch_compare(rb_entry(node, struct mbx_watch, by_name)->name,
			     other) < 0;
}

/* Those who wait for the name watch the port now. */
static void watches_come_locked(struct mbx_registry *registry,
				struct mbx_port *port)
{
	struct mbx_watch *watch;
	struct rb_node *node;

	spin_lock(&port->lock);
	while ((node = rb_find_first(port->name, &registry->watches,
				     watch_compare))) {
		watch = rb_entry(node, struct mbx_watch, by_name);
		rb_erase(node, &registry->watches);
		watch->senders_seen = 0;
		watch->receivers_seen = 0;
		mbx_watch_add(port, watch);
	}
	mbx_watch_tell(&port->watches, MBX_EVENTS_ALL);
	spin_unlock(&port->lock);
}

/* The port loses its name: those who watch it by that go on waiting for it. */
static void watches_go_locked(struct mbx_registry *registry,
			      struct mbx_port *port)
{
	struct mbx_watch *watch, *next;

	spin_lock(&port->lock);
	mbx_watch_tell(&port->watches, MBX_EVENTS_ALL);
	/* All are blind now. */
	list_for_each_entry_safe(watch, next, &port->watches.blind, node) {
		if (!watch->name[0])
			continue;
		list_del(&watch->node);
		rb_add(&watch->by_name, &registry->watches, watch_less);
		watch->port = NULL;
	}
	spin_unlock(&port->lock);
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
	watches_come_locked(registry, port);

	/* As long as a persistent port can be found it needs the module. */
	if (port->flags & MAILBOX_CREATE_PERSIST) {
		kref_get(&port->refs);
		__module_get(THIS_MODULE);
	}
}

/**
 * mbx_registry_unname_locked() - take the name of a port away
 * @port:	the port; may have none
 *
 * Context: process, mbx_registry.lock held. Return: true if the port had a name
 * and was persistent: the caller calls mbx_registry_unname_put() after it has
 * dropped the lock.
 */
bool mbx_registry_unname_locked(struct mbx_port *port)
{
	struct mbx_registry *registry = port->registry;

	lockdep_assert_held(&registry->lock);
	if (!port->linked)
		return false;
	rb_erase(&port->by_name, &registry->names);
	port->linked = false;
	watches_go_locked(registry, port);
	return port->flags & MAILBOX_CREATE_PERSIST;
}

/* --- references ----------------------------------------------------------- */

static void port_release(struct kref *refs)
{
	struct mbx_port *port = container_of(refs, struct mbx_port, refs);
	struct mbx_registry *registry = port->registry;
	struct mbx_user *user = port->user;

	/* What it does needs no reference, as it is ended here. */
	if (registry)
		cancel_delayed_work_sync(&port->expire);
	mbx_allow_free(port);
	mbx_dead_letter_free(port);
	mbx_port_free(port);
	if (!registry)
		return;

	mbx_user_uncharge_port(user);
	mbx_user_put(user);
	mutex_lock(&registry->lock);
	registry->ports--;
	mutex_unlock(&registry->lock);
}

/**
 * mbx_registry_put() - give a reference back
 * @port:	the port; freed with the last one
 *
 * Context: process, may sleep; mbx_registry.lock not held.
 */
void mbx_registry_put(struct mbx_port *port)
{
	kref_put(&port->refs, port_release);
}

/**
 * mbx_registry_unname_put() - give back what a persistent port's name held
 * @port:	the port
 *
 * Context: process, may sleep; mbx_registry.lock not held.
 */
void mbx_registry_unname_put(struct mbx_port *port)
{
	mbx_registry_put(port);
	module_put(THIS_MODULE);
}

/**
 * mbx_registry_hold_locked() - a handle is bound to a port
 * @port:	the port
 *
 * Context: mbx_registry.lock held.
 */
void mbx_registry_hold_locked(struct mbx_port *port)
{
	lockdep_assert_held(&port->registry->lock);
	port->handles++;
	kref_get(&port->refs);
}

/**
 * mbx_registry_unhold() - undo mbx_registry_hold_locked()
 * @port:	the port
 *
 * Context: process, may sleep.
 */
void mbx_registry_unhold(struct mbx_port *port)
{
	struct mbx_registry *registry = port->registry;

	mutex_lock(&registry->lock);
	/* The last one takes the name along, unless it is to persist. */
	if (!--port->handles && !(port->flags & MAILBOX_CREATE_PERSIST))
		mbx_registry_unname_locked(port);
	mutex_unlock(&registry->lock);
	mbx_registry_put(port);
}

static void port_expire(struct work_struct *work)
{
	struct mbx_port *port = container_of(to_delayed_work(work),
					     struct mbx_port, expire);
	LIST_HEAD(spent);

	mbx_port_expire(port, &spent);
	mbx_dead_letter_send(port, &spent);
}

/**
 * mbx_registry_add_locked() - count a new port in
 * @registry:	where
 * @port:	the port, not known to anybody
 * @name:	what it is called, free; or empty
 *
 * Context: process, mbx_registry.lock held, may sleep for memory. Return: 0,
 * -ENOSPC, -EDQUOT, -ENOMEM.
 */
int mbx_registry_add_locked(struct mbx_registry *registry,
			    struct mbx_port *port, const char *name)
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
	INIT_DELAYED_WORK(&port->expire, port_expire);
	if (name[0]) {
		strscpy(port->name, name, sizeof(port->name));
		name_link_locked(registry, port);
	}
	return 0;
}

/* --- rights ----------------------------------------------------------------- */

/**
 * mbx_registry_right_locked() - why may the caller use a port?
 * @port:	the port
 * @mode:	FMODE_READ to receive, or FMODE_WRITE to send
 * @pid:	the caller's process, for the allow list
 *
 * Context: process, mbx_registry.lock held.
 */
enum mbx_right mbx_registry_right_locked(struct mbx_port *port, fmode_t mode,
					 const struct pid *pid)
{
	struct mbx_policy policy;

	lockdep_assert_held(&port->registry->lock);
	mbx_port_get_policy(port, &policy);
	if (mbx_policy_rights(&policy) & mode)
		return MBX_RIGHT_MODE;
	if (mbx_allow_rights(port, pid) & mode)
		return MBX_RIGHT_LISTED;
	/* Last, as it is noted that it was used. */
	return mbx_policy_permits(port->registry, &policy, mode) ?
	       MBX_RIGHT_MODE : MBX_RIGHT_NONE;
}

/* Without a capability: who may receive or send, or owns it, may see it. */
static bool port_listed_locked(struct mbx_port *port)
{
	struct mbx_policy policy;

	mbx_port_get_policy(port, &policy);
	return uid_eq(current_fsuid(), policy.uid) ||
	       mbx_policy_rights(&policy) ||
	       mbx_allow_rights(port, task_tgid(current));
}

/**
 * mbx_registry_visible_locked() - may the caller see how a port stands?
 * @port:	the port
 *
 * Context: process, mbx_registry.lock held.
 */
bool mbx_registry_visible_locked(struct mbx_port *port)
{
	lockdep_assert_held(&port->registry->lock);
	return port_listed_locked(port) ||
	       ns_capable(port->registry->user_ns, CAP_IPC_OWNER);
}

/* --- watching ---------------------------------------------------------------- */

/* Whoever watches pays for it. */
static int watch_charge(struct mbx_registry *registry, struct mbx_watch *watch)
{
	int err;

	watch->user = mbx_user_get(&registry->quota, current_uid());
	if (!watch->user)
		return -ENOMEM;
	err = mbx_user_charge_watch(watch->user);
	if (err) {
		mbx_user_put(watch->user);
		watch->user = NULL;
	}
	return err;
}

/**
 * mbx_registry_watch_locked() - watch a name
 * @registry:	where
 * @watch:	its name, events and watcher set
 *
 * Context: process, mbx_registry.lock held, may sleep for memory. Return: 0,
 * -EDQUOT, -ENOMEM.
 */
int mbx_registry_watch_locked(struct mbx_registry *registry,
			      struct mbx_watch *watch)
{
	struct mbx_port *port;
	int err;

	lockdep_assert_held(&registry->lock);
	err = watch_charge(registry, watch);
	if (err)
		return err;
	watch->port = NULL;
	port = mbx_registry_find_locked(registry, watch->name);
	if (port) {
		spin_lock(&port->lock);
		watch->senders_seen = port->senders_seen;
		watch->receivers_seen = port->receivers_seen;
		mbx_watch_add(port, watch);
		spin_unlock(&port->lock);
	} else {
		rb_add(&watch->by_name, &registry->watches, watch_less);
	}
	return 0;
}

/**
 * mbx_registry_unwatch_locked() - nobody is told any more
 * @registry:	where
 * @watch:	in some list
 *
 * Context: process, mbx_registry.lock held.
 */
void mbx_registry_unwatch_locked(struct mbx_registry *registry,
				 struct mbx_watch *watch)
{
	struct mbx_port *port = watch->port;

	lockdep_assert_held(&registry->lock);
	if (port) {
		spin_lock(&port->lock);
		list_del(&watch->node);
		spin_unlock(&port->lock);
	} else {
		rb_erase(&watch->by_name, &registry->watches);
	}
	if (watch->user) {
		mbx_user_uncharge_watch(watch->user);
		mbx_user_put(watch->user);
	}
}

/**
 * mbx_registry_watch() - watch a name
 * @registry:	where
 * @watch:	its name, events and watcher set
 *
 * Context: process, may sleep. Return: 0, -EDQUOT, -ENOMEM.
 */
int mbx_registry_watch(struct mbx_registry *registry, struct mbx_watch *watch)
{
	int err;

	mutex_lock(&registry->lock);
	err = mbx_registry_watch_locked(registry, watch);
	mutex_unlock(&registry->lock);
	return err;
}

/**
 * mbx_registry_unwatch() - nobody is told any more
 * @registry:	where
 * @watch:	in some list
 *
 * Context: process, may sleep.
 */
void mbx_registry_unwatch(struct mbx_registry *registry, struct mbx_watch *watch)
{
	mutex_lock(&registry->lock);
	mbx_registry_unwatch_locked(registry, watch);
	mutex_unlock(&registry->lock);
}

/**
 * mbx_registry_events() - what of a watched name holds
 * @registry:	where
 * @watch:	the watch
 * @id:		gets the number of the port, or 0
 *
 * Context: process, may sleep. Return: MAILBOX_EVENT_*, or -EACCES.
 */
int mbx_registry_events(struct mbx_registry *registry, struct mbx_watch *watch,
			u64 *id)
{
	struct mbx_port *port;
	int events;

	mutex_lock(&registry->lock);
	port = watch->port;
	*id = port ? port->id : 0;
	if (!port) {
		events = watch->events & MAILBOX_EVENT_GONE;
	} else if ((watch->events & ~MBX_EVENTS_PUBLIC) &&
		   !mbx_registry_visible_locked(port)) {
		spin_lock(&port->lock);
		mbx_watch_see(&port->watches, watch, false);
		spin_unlock(&port->lock);
		events = -EACCES;
	} else {
		events = mbx_port_events(port, watch);
	}
	mutex_unlock(&registry->lock);
	return events;
}

/* --- looking ---------------------------------------------------------------- */

/**
 * mbx_registry_stat_locked() - how a port stands
 * @port:	the port
 * @stat:	filled
 * @waiters:	filled with who sleeps, or NULL
 * @room:	in @waiters
 *
 * Context: process, mbx_registry.lock held. If it is part of a link, the caller
 * is bound to it.
 */
void mbx_registry_stat_locked(struct mbx_port *port,
			      struct mailbox_ioc_port_stat *stat,
			      struct mailbox_waiter *waiters, u32 room)
{
	lockdep_assert_held(&port->registry->lock);
	memset(stat, 0, sizeof(*stat));
	if (port->linked)
		strscpy(stat->name, port->name, sizeof(stat->name));
	stat->allowed = port->allowed;
	mbx_dead_letter_stat(port, stat);
	if (port->link)
		mbx_link_stat(port, stat);
	mbx_port_stat(port, stat, waiters, room);
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
		port = rb_entry(node, struct mbx_port, by_name);
		if (all || port_listed_locked(port))
			mbx_registry_stat_locked(port, &entries[count++], NULL,
						 0);
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
	registry->links = RB_ROOT;
	registry->watches = RB_ROOT;
	mbx_calls_init(&registry->calls);
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
			mbx_registry_unname_locked(port);
		mutex_unlock(&registry->lock);
		if (!port)
			break;
		mbx_registry_unname_put(port);
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
