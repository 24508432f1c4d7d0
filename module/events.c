// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for the state of a port, rather than for a message.
 *
 * Who waits is in the list of the port, or, while no port has the name, in that
 * of the registry; so there is no moment in which what is waited for could go
 * unseen. It looks, sleeps until it is told of a change, and looks again.
 */
#include <linux/err.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "handle.h"

/* What a handle with two ports is told of the one that it sends to. */
#define EVENTS_SENDS	(MAILBOX_EVENT_RECEIVER | MAILBOX_EVENT_HANGUP | \
			 MAILBOX_EVENT_GONE)

/**
 * mbx_handle_wait_name() - sleep until the port of this name is in some state
 * @handle:	on whose behalf
 * @name:	valid; there need not be such a port
 * @events:	MAILBOX_EVENT_*
 * @deadline:	when to give up
 * @id:		gets the number of the port; 0 if there is none
 *
 * Context: process, sleeps unless told not to. Return: those of @events that
 * hold; -EACCES, -EAGAIN, -ETIMEDOUT, -ERESTARTSYS, -EDQUOT, -ENOMEM.
 */
int mbx_handle_wait_name(struct mbx_handle *handle, const char *name,
			 u32 events, const struct mbx_deadline *deadline,
			 u64 *id)
{
	struct mbx_registry *registry = handle->registry;
	struct mbx_watcher watcher;
	struct mbx_watch watch = {
		.events = events,
		.watcher = &watcher,
	};
	int happened, err;

	mbx_watcher_init(&watcher);
	strscpy(watch.name, name, sizeof(watch.name));
	err = mbx_registry_watch(registry, &watch);
	if (err)
		return err;
	for (;;) {
		/* Before looking; the lock that is taken to look orders it. */
		WRITE_ONCE(watcher.changed, false);
		happened = mbx_registry_events(registry, &watch, id);
		if (happened || err)
			break;
		err = deadline->nonblock ? -EAGAIN :
					   mbx_watcher_sleep(&watcher, deadline);
	}
	mbx_registry_unwatch(registry, &watch);
	return happened ?: err;
}

static void bound_watch(struct mbx_watch *watch, struct mbx_port *port,
			const struct mbx_end *end, u32 events,
			struct mbx_watcher *watcher)
{
	*watch = (struct mbx_watch) {
		.events = events,
		.watcher = watcher,
	};
	spin_lock(&port->lock);
	watch->senders_seen = port->senders_seen;
	watch->receivers_seen = port->receivers_seen;
	if (end->port == port && end->mode == FMODE_READ)
		watch->senders_seen = end->peers_seen;
	if (end->port == port && end->mode == FMODE_WRITE)
		watch->receivers_seen = end->peers_seen;
	mbx_watch_add(port, watch);
	spin_unlock(&port->lock);
}

/**
 * mbx_handle_wait_bound() - sleep until what a handle is bound to is in a state
 * @handle:	the handle
 * @events:	MAILBOX_EVENT_*
 * @deadline:	when to give up
 * @id:		gets the number of the port
 *
 * Context: process, sleeps unless told not to. Return: those of @events that
 * hold; -ENOTCONN, -EACCES, -EAGAIN, -ETIMEDOUT, -ERESTARTSYS.
 */
int mbx_handle_wait_bound(struct mbx_handle *handle, u32 events,
			  const struct mbx_deadline *deadline, u64 *id)
{
	struct mbx_port *port = mbx_handle_port(handle);
	struct mbx_port *other = NULL;
	struct mbx_watch watch[2];
	struct mbx_watcher watcher;
	int happened, err = 0;

	if (!port)
		return -ENOTCONN;
	if (handle->out.port != port)
		other = handle->out.port;
	*id = port->id;
	mbx_watcher_init(&watcher);
	bound_watch(&watch[0], port,
		    handle->in.port ? &handle->in : &handle->out,
		    other ? events & ~MAILBOX_EVENT_RECEIVER : events,
		    &watcher);
	if (other)
		bound_watch(&watch[1], other, &handle->out,
			    events & EVENTS_SENDS, &watcher);
	for (;;) {
		/* Before looking; the lock that is taken to look orders it. */
		WRITE_ONCE(watcher.changed, false);
		happened = mbx_port_events(port, &watch[0]);
		if (other)
			happened |= mbx_port_events(other, &watch[1]);
		if (mbx_handle_revoked(handle))
			happened = -EACCES;
		if (happened || err)
			break;
		err = deadline->nonblock ? -EAGAIN :
					   mbx_watcher_sleep(&watcher, deadline);
	}
	mbx_registry_unwatch(handle->registry, &watch[0]);
	if (other)
		mbx_registry_unwatch(handle->registry, &watch[1]);
	return happened ?: err;
}

/* --- poll ------------------------------------------------------------------- */

/**
 * mbx_handle_unwatch_locked() - poll() tells of nothing any more
 * @handle:	the handle
 *
 * Context: mbx_handle.lock and mbx_registry.lock held.
 */
void mbx_handle_unwatch_locked(struct mbx_handle *handle)
{
	lockdep_assert_held(&handle->lock);
	if (!handle->watching)
		return;
	mbx_registry_unwatch_locked(handle->registry, &handle->watch);
	handle->watching = false;
	/* Whoever polls now polls something else. */
	wake_up_all(&handle->watcher.wait);
}

/**
 * mbx_handle_watch() - have poll() tell of the port of this name
 * @handle:	the handle
 * @name:	valid
 * @events:	MAILBOX_EVENT_*; none = of nothing
 *
 * Context: process, may sleep. Return: 0, -EISCONN, -EDQUOT, -ENOMEM.
 */
int mbx_handle_watch(struct mbx_handle *handle, const char *name, u32 events)
{
	struct mbx_registry *registry = handle->registry;
	int err = 0;

	mutex_lock(&handle->lock);
	mutex_lock(&registry->lock);
	if (handle->port) {
		err = -EISCONN;
		goto unlock;
	}
	mbx_handle_unwatch_locked(handle);
	if (events) {
		handle->watch = (struct mbx_watch) {
			.events = events,
			.watcher = &handle->watcher,
		};
		strscpy(handle->watch.name, name, sizeof(handle->watch.name));
		err = mbx_registry_watch_locked(registry, &handle->watch);
		handle->watching = !err;
		/* It may hold already. */
		wake_up_all(&handle->watcher.wait);
	}
unlock:
	mutex_unlock(&registry->lock);
	mutex_unlock(&handle->lock);
	return err;
}

/**
 * mbx_handle_poll_watch() - poll a handle that is not bound
 * @handle:	the handle
 * @file:	its file
 * @wait:	where to note who polls, or NULL in it
 *
 * Context: process, may sleep.
 */
__poll_t mbx_handle_poll_watch(struct mbx_handle *handle, struct file *file,
			       poll_table *wait)
{
	int events = -EBADF;
	u64 id;

	poll_wait(file, &handle->watcher.wait, wait);
	mutex_lock(&handle->lock);
	if (handle->watching)
		events = mbx_registry_events(handle->registry, &handle->watch,
					     &id);
	mutex_unlock(&handle->lock);
	if (events < 0)
		return EPOLLERR;
	return events ? EPOLLIN | EPOLLRDNORM : 0;
}
