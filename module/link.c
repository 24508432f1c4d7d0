// SPDX-License-Identifier: GPL-2.0-only
/*
 * Direct communication: the one link between two processes, and the inbox of
 * one.
 *
 * DOC: links
 *
 * A link is two ports, one a direction; an inbox is one. It is found by its
 * processes, in a tree of the registry, as long as a handle is bound to it. What
 * it is keyed by are struct pid, which it holds, so that no process that comes
 * later can have the same key. Its ports end when one of its processes exits,
 * whoever holds their handles: the kernel tells by the queue that pidfds are
 * polled with.
 */
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "handle.h"

/**
 * struct mbx_link - the link between two processes, or the inbox of one
 * @node:	in mbx_registry.links; mbx_registry.lock
 * @registry:	invariant after init
 * @handles:	bound to it; mbx_registry.lock
 * @exit:	its processes, in the order of their addresses; the second one
 *		has no pid if this is an inbox; invariant
 * @port:	what each of them receives from; invariant, holds a reference
 */
struct mbx_link {
	struct rb_node node;
	struct mbx_registry *registry;
	unsigned int handles;
	struct mbx_exit exit[2];
	struct mbx_port *port[2];
};

static int link_compare(const struct mbx_link *link, struct pid *const pid[2])
{
	int i;

	for (i = 0; i < 2; i++)
		if (pid[i] != link->exit[i].pid)
			return pid[i] < link->exit[i].pid ? -1 : 1;
	return 0;
}

static struct mbx_link *link_find_locked(struct mbx_registry *registry,
					 struct pid *const pid[2])
{
	struct rb_node *node = registry->links.rb_node;

	lockdep_assert_held(&registry->lock);
	while (node) {
		struct mbx_link *link = rb_entry(node, struct mbx_link, node);
		int order = link_compare(link, pid);

		if (!order)
			return link;
		node = order < 0 ? node->rb_left : node->rb_right;
	}
	return NULL;
}

static void link_insert_locked(struct mbx_registry *registry,
			       struct mbx_link *new)
{
	struct pid *pid[2] = { new->exit[0].pid, new->exit[1].pid };
	struct rb_node **link = &registry->links.rb_node;
	struct rb_node *parent = NULL;

	lockdep_assert_held(&registry->lock);
	while (*link) {
		parent = *link;
		if (link_compare(rb_entry(parent, struct mbx_link, node),
				 pid) < 0)
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&new->node, parent, link);
	rb_insert_color(&new->node, &registry->links);
}

/* Process @i has exited, or something else happened to it. */
static void link_exit(struct mbx_link *link, int i)
{
	if (!mbx_process_gone(link->exit[i].pid))
		return;
	mbx_port_exit(link->port[i], FMODE_READ);
	if (link->port[!i])
		mbx_port_exit(link->port[!i], FMODE_WRITE);
}

static void link_exit_first(struct work_struct *work)
{
	link_exit(container_of(work, struct mbx_link, exit[0].work), 0);
}

static void link_exit_second(struct work_struct *work)
{
	link_exit(container_of(work, struct mbx_link, exit[1].work), 1);
}

/* Without the lock; some of the ports may be registered. */
static void link_free(struct mbx_link *link)
{
	int i;

	for (i = 0; i < 2; i++)
		if (link->port[i])
			mbx_registry_put(link->port[i]);
	kfree(link);
}

static struct mbx_link *link_alloc(struct mbx_registry *registry,
				   struct pid *const pid[2],
				   const struct mbx_policy *policy)
{
	struct mbx_link *link = kzalloc(sizeof(*link), GFP_KERNEL_ACCOUNT);
	int i;

	if (!link)
		return NULL;
	link->registry = registry;
	for (i = 0; i < 2 && pid[i]; i++) {
		link->port[i] = mbx_port_alloc(policy, MAILBOX_PORT_LINK);
		if (!link->port[i])
			goto free;
		link->port[i]->link = link;
		link->port[i]->receiver = get_pid(pid[i]);
	}
	return link;
free:
	link_free(link);
	return NULL;
}

/**
 * mbx_link_get_locked() - the link between two processes, or the inbox of one
 * @registry:	where
 * @a:		a process
 * @b:		another one; NULL for the inbox of @a
 * @policy:	of a new one
 * @may_make:	0 if the caller may make one, -errno if not
 * @made:	gets whether it is new
 *
 * Context: process, mbx_registry.lock held, may sleep for memory. Return: the
 * link, with a handle counted for the caller; ERR_PTR(@may_make),
 * ERR_PTR(-EDQUOT), ERR_PTR(-ENOSPC), ERR_PTR(-ENOMEM).
 */
struct mbx_link *mbx_link_get_locked(struct mbx_registry *registry,
				     struct pid *a, struct pid *b,
				     const struct mbx_policy *policy,
				     int may_make, bool *made)
{
	struct pid *pid[2] = { a, b };
	struct mbx_link *link;
	int err = 0;
	int i;

	if (b && b < a)
		swap(pid[0], pid[1]);
	link = link_find_locked(registry, pid);
	*made = !link;
	if (link) {
		link->handles++;
		return link;
	}
	if (may_make)
		return ERR_PTR(may_make);

	link = link_alloc(registry, pid, policy);
	if (!link)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < 2 && pid[i] && !err; i++)
		err = mbx_registry_add_locked(registry, link->port[i], "");
	if (err) {
		/* Freeing what is registered needs the lock. */
		mutex_unlock(&registry->lock);
		link_free(link);
		mutex_lock(&registry->lock);
		return ERR_PTR(err);
	}
	link->handles = 1;
	mbx_exit_watch(&link->exit[0], pid[0], link_exit_first);
	if (pid[1])
		mbx_exit_watch(&link->exit[1], pid[1], link_exit_second);
	link_insert_locked(registry, link);
	return link;
}

/**
 * mbx_link_put() - a handle of a link goes
 * @link:	the link
 *
 * Context: process, sleeps; no lock held.
 */
void mbx_link_put(struct mbx_link *link)
{
	struct mbx_registry *registry = link->registry;
	bool last;
	int i;

	mutex_lock(&registry->lock);
	last = !--link->handles;
	if (last)
		rb_erase(&link->node, &registry->links);
	mutex_unlock(&registry->lock);
	if (!last)
		return;
	for (i = 0; i < 2 && link->exit[i].pid; i++)
		mbx_exit_unwatch(&link->exit[i]);
	link_free(link);
}

/**
 * mbx_link_ports() - which of its ports a process uses for what
 * @link:	the link, or an inbox
 * @self:	the process
 * @in:		what it receives from, or NULL
 * @out:	what it sends to, or NULL
 */
void mbx_link_ports(const struct mbx_link *link, const struct pid *self,
		    struct mbx_port **in, struct mbx_port **out)
{
	int i = link->exit[0].pid != self;

	*in = link->port[i];
	*out = link->port[!i];
}

/**
 * mbx_link_other() - the other direction of a link
 * @port:	one of a link to which a handle is bound
 *
 * Return: its other port; NULL for an inbox.
 */
struct mbx_port *mbx_link_other(const struct mbx_port *port)
{
	const struct mbx_link *link = port->link;

	return link->port[link->port[0] == port];
}

/**
 * mbx_link_stat() - whose port this is
 * @port:	one of a link to which a handle is bound
 * @stat:	gets the processes
 */
void mbx_link_stat(const struct mbx_port *port,
		   struct mailbox_ioc_port_stat *stat)
{
	const struct mbx_link *link = port->link;
	int i = link->port[0] != port;

	stat->link_pid = pid_vnr(link->exit[i].pid);
	stat->link_peer = pid_vnr(link->exit[!i].pid);
}
