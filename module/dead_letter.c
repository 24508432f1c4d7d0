// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where messages go that were leased in vain.
 */
#include <linux/cred.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "handle.h"
#include "trace.h"

/* Others get the registry's lock after so many. */
#define DEAD_LETTERS_LOCKED	64

/**
 * struct mbx_dead_letter - where messages go that were leased in vain
 * @cred:	with whose rights; holds a reference
 * @name:	of the port
 */
struct mbx_dead_letter {
	const struct cred *cred;
	char name[MAILBOX_NAME_SIZE];
};

/**
 * mbx_dead_letter_free() - messages of a port go nowhere any more
 * @port:	the port; mbx_registry.lock held, or nobody uses it
 */
void mbx_dead_letter_free(struct mbx_port *port)
{
	if (!port->dead_letter)
		return;
	put_cred(port->dead_letter->cred);
	kfree(port->dead_letter);
	port->dead_letter = NULL;
}

/**
 * mbx_dead_letter_stat() - tell where they go
 * @port:	the port
 * @stat:	gets the name
 *
 * Context: process, mbx_registry.lock held.
 */
void mbx_dead_letter_stat(const struct mbx_port *port,
			  struct mailbox_ioc_port_stat *stat)
{
	if (port->dead_letter)
		strscpy(stat->dead_letter, port->dead_letter->name,
			sizeof(stat->dead_letter));
}

/**
 * mbx_dead_letter_set_locked() - say where messages go
 * @port:	from which port
 * @name:	to which; or empty
 *
 * Context: process, mbx_registry.lock held. Return: 0 or -ENOMEM.
 */
int mbx_dead_letter_set_locked(struct mbx_port *port, const char *name)
{
	struct mbx_dead_letter *new = NULL;

	if (name[0]) {
		new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
		if (!new)
			return -ENOMEM;
		new->cred = get_current_cred();
		strscpy(new->name, name, sizeof(new->name));
	}
	mbx_dead_letter_free(port);
	port->dead_letter = new;
	return 0;
}

/* The port to which messages of @port go, or NULL. */
static struct mbx_port *dead_letter_find_locked(struct mbx_port *port)
{
	struct mbx_port *to = NULL;
	const struct cred *old;

	if (!port->dead_letter)
		return NULL;
	old = override_creds(port->dead_letter->cred);
	to = mbx_registry_find_locked(port->registry, port->dead_letter->name);
	if (to && !mbx_registry_right_locked(to, FMODE_WRITE, NULL))
		to = NULL;
	revert_creds(old);
	return to;
}

/**
 * mbx_dead_letter_send() - messages have had their last lease
 * @port:	from which port
 * @spent:	the messages; empty afterwards
 *
 * Context: process, may sleep; no lock held. A port stays as long as it has a
 * name, so no reference to the other port is needed while the lock is held; it
 * would be a bad one to have, as this may be called by what port_release() waits
 * for.
 */
void mbx_dead_letter_send(struct mbx_port *port, struct list_head *spent)
{
	while (!list_empty(spent)) {
		unsigned int batch = DEAD_LETTERS_LOCKED;
		struct mbx_port *to;

		mutex_lock(&port->registry->lock);
		to = dead_letter_find_locked(port);
		while (batch-- && !list_empty(spent)) {
			struct mbx_message *msg;

			msg = list_first_entry(spent, struct mbx_message, node);
			list_del(&msg->node);
			trace_mailbox_dead_letter(port->id, msg->seq, msg->type,
						  msg->len);
			if (!to || !mbx_port_post(to, msg))
				mbx_message_free(msg);
		}
		mutex_unlock(&port->registry->lock);
		cond_resched();
	}
}
