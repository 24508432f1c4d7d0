// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a handle is bound to: one port, or two, and for what it uses them.
 */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "handle.h"
#include "trace.h"

/* --- ends ------------------------------------------------------------------ */

static int end_attach(struct mbx_end *end, struct mbx_port *port, fmode_t mode,
		      enum mbx_right right, bool guest)
{
	int err;

	end->mode = mode;
	end->listed = right == MBX_RIGHT_LISTED;
	end->guest = guest;
	end->cred = get_current_cred();
	end->pid = get_pid(task_tgid(current));
	err = mbx_port_attach(port, end);
	if (err) {
		put_cred(end->cred);
		put_pid(end->pid);
		return err;
	}
	mbx_registry_hold_locked(port);
	return 0;
}

static void end_detach(struct mbx_end *end)
{
	struct mbx_port *port = end->port;
	LIST_HEAD(spent);

	if (!port)
		return;
	mbx_port_detach(end, &spent);
	mbx_dead_letter_send(port, &spent);
	put_cred(end->cred);
	put_pid(end->pid);
	end->port = NULL;
	mbx_registry_unhold(port);
}

/* --- binding ------------------------------------------------------------------ */

/**
 * struct mbx_binding - what a handle is to be bound to
 * @in:		what it receives from, or NULL
 * @out:	what it sends to, or NULL
 * @may_receive: why it may
 * @may_send:	why it may
 */
struct mbx_binding {
	struct mbx_port *in;
	struct mbx_port *out;
	enum mbx_right may_receive;
	enum mbx_right may_send;
};

/*
 * Bind a handle that is not bound, to @port and what @binding says. Nothing is
 * done if it fails; but that needs mbx_handle.lock alone, so mbx_registry.lock
 * is dropped for a moment.
 */
static int handle_bind_locked(struct mbx_handle *handle, struct mbx_port *port,
			      const struct mbx_binding *binding)
{
	struct mbx_registry *registry = handle->registry;
	bool guest = binding->may_receive == MBX_RIGHT_LISTED ||
		     binding->may_send == MBX_RIGHT_LISTED;
	int err = 0;

	lockdep_assert_held(&handle->lock);
	lockdep_assert_held(&registry->lock);
	if (binding->in)
		err = end_attach(&handle->in, binding->in, FMODE_READ,
				 binding->may_receive, guest);
	if (!err && binding->out)
		err = end_attach(&handle->out, binding->out, FMODE_WRITE,
				 binding->may_send, guest);
	if (err) {
		mutex_unlock(&registry->lock);
		end_detach(&handle->in);
		mutex_lock(&registry->lock);
		return err;
	}
	if (binding->in && binding->in == binding->out) {
		handle->in.sibling = &handle->out;
		handle->out.sibling = &handle->in;
	}
	mbx_registry_hold_locked(port);
	mbx_handle_unwatch_locked(handle);
	/* Pairs with mbx_handle_port(). */
	smp_store_release(&handle->port, port);
	return 0;
}

/* Bind to a port that exists, if the caller may. */
static int handle_open_locked(struct mbx_handle *handle, struct mbx_port *port)
{
	const struct pid *self = task_tgid(current);
	struct mbx_binding binding = {};

	lockdep_assert_held(&handle->registry->lock);
	if (handle->mode & FMODE_READ) {
		binding.in = port;
		binding.may_receive =
			mbx_registry_right_locked(port, FMODE_READ, self);
		if (!binding.may_receive ||
		    (port->flags & MAILBOX_CREATE_SLOT))
			return -EACCES;
	}
	if (handle->mode & FMODE_WRITE) {
		binding.out = port;
		binding.may_send =
			mbx_registry_right_locked(port, FMODE_WRITE, self);
		if (!binding.may_send)
			return -EACCES;
	}
	if (!handle->mode && !mbx_registry_visible_locked(port))
		return -EACCES;
	return handle_bind_locked(handle, port, &binding);
}

/* Bind to a port that this handle has made. */
static int handle_bind_own_locked(struct mbx_handle *handle,
				  struct mbx_port *in, struct mbx_port *out)
{
	struct mbx_binding binding = {
		.in = handle->mode & FMODE_READ ? in : NULL,
		.out = handle->mode & FMODE_WRITE ? out : NULL,
		.may_receive = MBX_RIGHT_MODE,
		.may_send = MBX_RIGHT_MODE,
	};

	return handle_bind_locked(handle, binding.in ?: out, &binding);
}

/* --- create and open ------------------------------------------------------------ */

static int create_check(const struct mbx_handle *handle,
			const struct mailbox_ioc_port_create *arg)
{
	u32 flags = arg->flags;

	if (arg->name[0] ? !mbx_name_valid(arg->name) :
			   flags & (MAILBOX_CREATE_PERSIST | MAILBOX_CREATE_OPEN))
		return -EINVAL;
	if ((flags & MAILBOX_CREATE_SLOT) &&
	    ((flags & (MAILBOX_CREATE_PERSIST | MAILBOX_CREATE_BROADCAST)) ||
	     !(handle->mode & FMODE_READ)))
		return -EINVAL;
	if ((flags & MAILBOX_CREATE_BROADCAST) &&
	    arg->buffering == MAILBOX_BUFFERING_RENDEZVOUS)
		return -EINVAL;
	return 0;
}

/* Make a port of its own for the handle. */
static int handle_create_locked(struct mbx_handle *handle, struct mbx_port *new,
				const struct mailbox_ioc_port_create *arg)
{
	int err;

	err = mbx_dead_letter_set_locked(new, arg->dead_letter);
	if (err)
		return err;
	err = mbx_registry_add_locked(handle->registry, new, arg->name);
	if (err)
		return err;
	/* It is not destroyed: nobody else has had the lock yet. */
	return handle_bind_own_locked(handle, new, new);
}

/**
 * mbx_handle_create() - make a port and bind a handle to it
 * @handle:	the handle
 * @arg:	from user space, its padding and flags checked; results filled in
 *
 * Context: process, may sleep. Return: 0 or -errno as the ABI says.
 */
int mbx_handle_create(struct mbx_handle *handle,
		      struct mailbox_ioc_port_create *arg)
{
	struct mbx_registry *registry = handle->registry;
	struct mbx_port *port = NULL;
	struct mbx_policy policy;
	struct mbx_port *new;
	int err;

	err = create_check(handle, arg);
	if (err)
		return err;
	err = mbx_policy_create(registry, arg, &policy);
	if (err)
		return err;
	new = mbx_port_alloc(&policy, arg->flags & (MAILBOX_CREATE_PERSIST |
						    MAILBOX_CREATE_HANGUP |
						    MAILBOX_CREATE_SLOT |
						    MAILBOX_CREATE_BROADCAST));
	if (!new)
		return -ENOMEM;

	mutex_lock(&handle->lock);
	mutex_lock(&registry->lock);
	arg->created = 0;
	err = -EISCONN;
	if (handle->port)
		goto unlock;
	if (arg->name[0])
		port = mbx_registry_find_locked(registry, arg->name);
	if (port) {
		err = -EEXIST;
		if (arg->flags & MAILBOX_CREATE_OPEN)
			err = handle_open_locked(handle, port);
	} else {
		port = new;
		err = handle_create_locked(handle, new, arg);
		arg->created = !err;
	}
	if (!err)
		arg->id = port->id;
unlock:
	mutex_unlock(&registry->lock);
	mutex_unlock(&handle->lock);

	if (!err && arg->created)
		trace_mailbox_create(new->id, new->name, new->flags);
	mbx_registry_put(new);
	return err;
}

/**
 * mbx_handle_open() - bind a handle to the port of this name
 * @handle:	the handle
 * @name:	valid
 * @id:		gets the port's number
 *
 * Context: process, may sleep. Return: 0, -EISCONN, -ENOENT, -EACCES.
 */
int mbx_handle_open(struct mbx_handle *handle, const char *name, u64 *id)
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
	port = mbx_registry_find_locked(registry, name);
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
 * mbx_handle_open_same() - bind a handle to the port of another one
 * @handle:	the handle
 * @other:	bound, or not
 * @id:		gets the port's number
 *
 * Context: process, may sleep. Return: 0, -EISCONN, -ENOTCONN, -EINVAL,
 * -EACCES, -EIDRM.
 */
int mbx_handle_open_same(struct mbx_handle *handle, struct mbx_handle *other,
			 u64 *id)
{
	struct mbx_registry *registry = handle->registry;
	struct mbx_port *port = mbx_handle_port(other);
	struct mbx_policy policy;
	int err;

	mutex_lock(&handle->lock);
	mutex_lock(&registry->lock);
	err = -EISCONN;
	if (handle->port)
		goto unlock;
	err = -ENOTCONN;
	if (!port)
		goto unlock;
	/* Another network namespace, or one direction of two. */
	err = -EINVAL;
	if (port->registry != registry ||
	    (port->flags & MAILBOX_PORT_LINK) ||
	    (other->out.port && other->out.port != port))
		goto unlock;
	err = mbx_port_get_policy(port, &policy);
	if (err)
		goto unlock;
	err = handle_open_locked(handle, port);
	if (!err)
		*id = port->id;
unlock:
	mutex_unlock(&registry->lock);
	mutex_unlock(&handle->lock);
	return err;
}

/* --- pairs ------------------------------------------------------------------------ */

/* A policy that is the default but for how much is buffered. */
static int policy_buffers(const struct mbx_registry *registry, u32 buffering,
			  u32 capacity, u64 capacity_bytes,
			  u64 message_bytes_max, struct mbx_policy *policy)
{
	struct mailbox_ioc_port_create arg = {
		.buffering = buffering,
		.capacity = capacity,
		.capacity_bytes = capacity_bytes,
		.message_bytes_max = message_bytes_max,
	};

	return mbx_policy_create(registry, &arg, policy);
}

/**
 * mbx_handle_pair() - make a channel between two handles
 * @handle:	the first one, which can receive or send
 * @peer:	the second one, of the same registry, not known to anybody
 * @arg:	from user space; results filled in
 *
 * Context: process, may sleep. Return: 0 or -errno as the ABI says.
 */
int mbx_handle_pair(struct mbx_handle *handle, struct mbx_handle *peer,
		    struct mailbox_ioc_port_pair *arg)
{
	bool duplex = handle->mode == (FMODE_READ | FMODE_WRITE);
	u32 flags = MAILBOX_CREATE_HANGUP | MAILBOX_PORT_PAIR;
	struct mbx_registry *registry = handle->registry;
	struct mbx_port *port[2] = {};
	struct mbx_policy policy;
	int err, i;

	err = policy_buffers(registry, arg->buffering, arg->capacity,
			     arg->capacity_bytes, arg->message_bytes_max,
			     &policy);
	if (err)
		return err;
	for (i = 0; i < 1 + duplex; i++) {
		port[i] = mbx_port_alloc(&policy, flags);
		if (!port[i]) {
			err = -ENOMEM;
			goto put;
		}
	}

	mutex_lock(&handle->lock);
	mutex_lock_nested(&peer->lock, SINGLE_DEPTH_NESTING);
	mutex_lock(&registry->lock);
	err = handle->port ? -EISCONN : 0;
	for (i = 0; i < 2 && port[i] && !err; i++)
		err = mbx_registry_add_locked(registry, port[i], "");
	if (!err) {
		struct mbx_port *other = port[1] ?: port[0];

		/* Nobody knows them yet, so they are not destroyed. */
		handle_bind_own_locked(handle, port[0], other);
		handle_bind_own_locked(peer, other, port[0]);
		arg->id = port[0]->id;
		arg->peer_id = other->id;
	}
	mutex_unlock(&registry->lock);
	mutex_unlock(&peer->lock);
	mutex_unlock(&handle->lock);
put:
	for (i = 0; i < 2; i++)
		if (port[i])
			mbx_registry_put(port[i]);
	return err;
}

/* --- links ------------------------------------------------------------------------ */

/* Whose link it is: the caller's with @peer, or the inbox of @peer. */
static struct mbx_link *link_get_locked(struct mbx_handle *handle,
					struct pid *peer, bool inbox,
					const struct mbx_policy *policy,
					bool *made)
{
	struct pid *self = task_tgid(current);
	int may_make = 0;

	if (peer != self)
		may_make = kill_pid(peer, 0, 0);
	if (may_make == -EPERM)
		may_make = -EACCES;
	/* The caller is one of the two of a link, but of an inbox a stranger. */
	if (inbox && may_make)
		return ERR_PTR(may_make);
	if (inbox)
		return mbx_link_get_locked(handle->registry, peer, NULL, policy,
					   0, made);
	return mbx_link_get_locked(handle->registry, self, peer, policy,
				   may_make, made);
}

static int link_check(const struct mbx_handle *handle, const struct pid *peer,
		      bool inbox)
{
	bool own = peer == task_tgid(current);

	if (!handle->mode || (own && !inbox))
		return -EINVAL;
	if (inbox && handle->mode != (own ? FMODE_READ : FMODE_WRITE))
		return -EBADF;
	return 0;
}

/**
 * mbx_handle_link() - bind a handle to the link to a process, or to an inbox
 * @handle:	the handle
 * @arg:	from user space, its padding and flags checked; results filled in
 *
 * Context: process, may sleep. Return: 0 or -errno as the ABI says.
 */
int mbx_handle_link(struct mbx_handle *handle,
		    struct mailbox_ioc_port_link *arg)
{
	struct mbx_registry *registry = handle->registry;
	bool inbox = arg->flags & MAILBOX_LINK_INBOX;
	struct mbx_port *in, *out;
	struct mbx_policy policy;
	struct mbx_link *link;
	struct pid *peer;
	bool made;
	int err;

	err = policy_buffers(registry, arg->buffering, arg->capacity,
			     arg->capacity_bytes, arg->message_bytes_max,
			     &policy);
	if (err)
		return err;
	policy.mode = 0;
	if (inbox && !arg->pid)
		peer = get_pid(task_tgid(current));
	else
		peer = mbx_process_get(arg->pid);
	if (!peer)
		return -ESRCH;
	err = link_check(handle, peer, inbox);
	if (err)
		goto put_peer;

	mutex_lock(&handle->lock);
	mutex_lock(&registry->lock);
	err = -EISCONN;
	if (handle->port)
		goto unlock;
	link = link_get_locked(handle, peer, inbox, &policy, &made);
	err = PTR_ERR_OR_ZERO(link);
	if (err)
		goto unlock;
	/* Who sends to an inbox finds itself on the side that has no port. */
	mbx_link_ports(link, task_tgid(current), &in, &out);
	err = handle_bind_own_locked(handle, in, out);
	if (err) {
		/* One direction was destroyed. */
		mutex_unlock(&registry->lock);
		mbx_link_put(link);
		mutex_lock(&registry->lock);
		goto unlock;
	}
	handle->link = link;
	arg->id = handle->in.port ? in->id : 0;
	arg->peer_id = handle->out.port ? out->id : 0;
	arg->created = made;
unlock:
	mutex_unlock(&registry->lock);
	mutex_unlock(&handle->lock);
put_peer:
	put_pid(peer);
	return err;
}

/* --- sending ---------------------------------------------------------------------- */

/**
 * mbx_handle_send() - send what an iterator holds as one message
 * @handle:	bound to something to send to
 * @msg:	the message, if it was made; NULL if not
 * @from:	the payload, all of it
 * @type:	of the message
 * @priority:	of the message, in range
 * @send:	how, and what came of it
 * @seq:	number of the message; 0 if the port dropped it
 *
 * Context: process, sleeps unless told not to. Return: 0 or -errno as for
 * mbx_port_send(), -EFAULT, -EDQUOT, -ENOMEM.
 */
int mbx_handle_send(struct mbx_handle *handle, struct mbx_message *msg,
		    const struct iov_iter *from, u64 type, u32 priority,
		    struct mbx_send *send, u64 *seq)
{
	struct mbx_post post = { .msg = msg };
	unsigned int done;
	int err;

	/* Only spares the work: it is decided under the lock. */
	if (!msg && iov_iter_count(from) >
	    READ_ONCE(handle->out.port->policy.message_bytes_max))
		return -EMSGSIZE;
	if (!msg)
		post.msg = mbx_handle_message(handle, from, type, priority);
	if (IS_ERR(post.msg))
		return PTR_ERR(post.msg);
	err = mbx_port_send(&handle->out, send, &post, 1, &done);
	if (err)
		mbx_message_free(post.msg);
	else
		*seq = post.seq;
	return err;
}

/* --- close ------------------------------------------------------------------------ */

/**
 * mbx_handle_close() - a handle goes: undo its binding
 * @handle:	used by nobody else any more; may be unbound
 *
 * Context: process, may sleep.
 */
void mbx_handle_close(struct mbx_handle *handle)
{
	struct mbx_registry *registry = handle->registry;
	struct mbx_port *port = handle->port;

	mutex_lock(&handle->lock);
	mutex_lock(&registry->lock);
	mbx_handle_unwatch_locked(handle);
	/* A mail slot goes with who receives, whoever sends to it. */
	if (handle->in.port && (port->flags & MAILBOX_CREATE_SLOT))
		mbx_registry_unname_locked(port);
	mutex_unlock(&registry->lock);
	mutex_unlock(&handle->lock);

	end_detach(&handle->in);
	end_detach(&handle->out);
	if (handle->link)
		mbx_link_put(handle->link);
	if (port)
		mbx_registry_unhold(port);
}
