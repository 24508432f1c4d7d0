/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ports as they are found, and the handles that are bound to them: what lies
 * between a port and the system calls.
 */
#ifndef MBX_HANDLE_H
#define MBX_HANDLE_H

#include <linux/err.h>
#include <linux/uio.h>

#include "internal.h"

struct net;
struct user_namespace;

/* --- process.c ---------------------------------------------------------- */

/**
 * struct mbx_exit - something is to be done when a process has exited
 * @entry:	in the queue that the kernel wakes
 * @pid:	the process; holds a reference
 * @work:	what is to be done
 */
struct mbx_exit {
	wait_queue_entry_t entry;
	struct pid *pid;
	struct work_struct work;
};

struct pid *mbx_process_get(pid_t nr);
void mbx_exit_watch(struct mbx_exit *exit, struct pid *pid, work_func_t work);
void mbx_exit_unwatch(struct mbx_exit *exit);

/* --- policy.c, allow.c, registry.c, link.c ------------------------------ */

/**
 * struct mbx_registry - the ports of one network namespace
 * @lock:	protects @names, @ports, @last_id, @links and @watches
 * @names:	tree of struct mbx_port by name
 * @ports:	how many ports exist, named or not
 * @last_id:	number of the port that was created last
 * @links:	tree of struct mbx_link by processes
 * @watches:	tree of struct mbx_watch of names that no port has
 * @quota:	what each user has
 * @calls:	who sleeps in a call
 * @user_ns:	whose capabilities count; invariant after init
 */
struct mbx_registry {
	struct mutex lock;
	struct rb_root names;
	unsigned int ports;
	u64 last_id;
	struct rb_root links;
	struct rb_root watches;
	struct mbx_quota quota;
	struct mbx_calls calls;
	struct user_namespace *user_ns;
};

/* policy.c */
fmode_t mbx_policy_rights(const struct mbx_policy *policy);
bool mbx_policy_permits(const struct mbx_registry *registry,
			const struct mbx_policy *policy, fmode_t mode);
bool mbx_policy_owned(const struct mbx_registry *registry,
		      const struct mbx_policy *policy);
int mbx_policy_create(const struct mbx_registry *registry,
		      const struct mailbox_ioc_port_create *arg,
		      struct mbx_policy *policy);
int mbx_policy_set(const struct mbx_registry *registry,
		   struct mbx_policy *policy,
		   const struct mailbox_ioc_port_set *arg);

/* allow.c */
fmode_t mbx_allow_rights(const struct mbx_port *port, const struct pid *pid);
int mbx_allow_change(struct mbx_port *port, const struct mailbox_allow *entry,
		     struct list_head *spent);
u32 mbx_allow_list(struct mbx_port *port, struct mailbox_allow *entries,
		   u32 room, u32 *total);
void mbx_allow_free(struct mbx_port *port);

/**
 * enum mbx_right - why somebody may use a port
 */
enum mbx_right {
	MBX_RIGHT_NONE,
	MBX_RIGHT_MODE,		/* for good */
	MBX_RIGHT_LISTED,	/* as long as the allow list gives it */
};

/* registry.c */
int mbx_registry_init(void);
void mbx_registry_exit(void);
struct mbx_registry *mbx_registry_of(struct net *net);
bool mbx_name_valid(const char *name);
struct mbx_port *mbx_registry_find_locked(struct mbx_registry *registry,
					  const char *name);
int mbx_registry_add_locked(struct mbx_registry *registry,
			    struct mbx_port *port, const char *name);
enum mbx_right mbx_registry_right_locked(struct mbx_port *port, fmode_t mode,
					 const struct pid *pid);
bool mbx_registry_visible_locked(struct mbx_port *port);
void mbx_registry_hold_locked(struct mbx_port *port);
void mbx_registry_unhold(struct mbx_port *port);
void mbx_registry_put(struct mbx_port *port);
bool mbx_registry_unname_locked(struct mbx_port *port);
void mbx_registry_unname_put(struct mbx_port *port);
u32 mbx_registry_ports(struct mbx_registry *registry);
u32 mbx_registry_list(struct mbx_registry *registry, const char *after,
		      struct mailbox_ioc_port_stat *entries, u32 room);
int mbx_registry_watch_locked(struct mbx_registry *registry,
			      struct mbx_watch *watch);
void mbx_registry_unwatch_locked(struct mbx_registry *registry,
				 struct mbx_watch *watch);
int mbx_registry_watch(struct mbx_registry *registry, struct mbx_watch *watch);
void mbx_registry_unwatch(struct mbx_registry *registry,
			  struct mbx_watch *watch);
int mbx_registry_events(struct mbx_registry *registry, struct mbx_watch *watch,
			u64 *id);
void mbx_registry_stat_locked(struct mbx_port *port,
			      struct mailbox_ioc_port_stat *stat,
			      struct mailbox_waiter *waiters, u32 room);

/* dead_letter.c */
int mbx_dead_letter_set_locked(struct mbx_port *port, const char *name);
void mbx_dead_letter_free(struct mbx_port *port);
void mbx_dead_letter_stat(const struct mbx_port *port,
			  struct mailbox_ioc_port_stat *stat);
void mbx_dead_letter_send(struct mbx_port *port, struct list_head *spent);

/* link.c */
struct mbx_link *mbx_link_get_locked(struct mbx_registry *registry,
				     struct pid *a, struct pid *b,
				     const struct mbx_policy *policy,
				     int may_make, bool *made);
void mbx_link_put(struct mbx_link *link);
void mbx_link_ports(const struct mbx_link *link, const struct pid *self,
		    struct mbx_port **in, struct mbx_port **out);
struct mbx_port *mbx_link_other(const struct mbx_port *port);
void mbx_link_stat(const struct mbx_port *port,
		   struct mailbox_ioc_port_stat *stat);

/* --- handle.c, control.c, events.c, fops.c, ioctl.c --------------------- */

/**
 * struct mbx_handle - what file->private_data of /dev/mailbox points to
 * @lock:	protects the change of @port from NULL, and @watch
 * @port:	NULL, then invariant until release: readers use
 *		mbx_handle_port(). What the handle is about: the port that it
 *		receives from, or the only one
 * @in:		how it receives; invariant once @port is set
 * @out:	how it sends; likewise
 * @link:	what it is bound to, if that is a link; likewise
 * @watching:	poll() tells of @watch; @lock
 * @watch:	what it tells while the handle is not bound; @lock and
 *		mbx_registry.lock
 * @watcher:	who polls
 * @senders:	stamps of threads that sent lately
 * @registry:	invariant after init
 * @net:	keeps the registry; invariant after init
 * @mode:	FMODE_READ and FMODE_WRITE of the file; invariant after init
 */
struct mbx_handle {
	struct mutex lock;
	struct mbx_port *port;
	struct mbx_end in;
	struct mbx_end out;
	struct mbx_link *link;
	bool watching;
	struct mbx_watch watch;
	struct mbx_watcher watcher;
	struct mbx_senders senders;
	struct mbx_registry *registry;
	struct net *net;
	fmode_t mode;
};

/* Pairs with the smp_store_release() of handle_bind_locked(): all is there. */
static inline struct mbx_port *mbx_handle_port(const struct mbx_handle *handle)
{
	return smp_load_acquire(&handle->port);
}

/* Ends of one handle are revoked together. */
static inline bool mbx_handle_revoked(const struct mbx_handle *handle)
{
	return READ_ONCE(handle->in.revoked) || READ_ONCE(handle->out.revoked);
}

/* handle.c */
int mbx_handle_create(struct mbx_handle *handle,
		      struct mailbox_ioc_port_create *arg);
int mbx_handle_open(struct mbx_handle *handle, const char *name, u64 *id);
int mbx_handle_open_same(struct mbx_handle *handle, struct mbx_handle *other,
			 u64 *id);
int mbx_handle_send(struct mbx_handle *handle, struct mbx_message *msg,
		    const struct iov_iter *from, u64 type, u32 priority,
		    struct mbx_send *send, u64 *seq);
int mbx_handle_pair(struct mbx_handle *handle, struct mbx_handle *peer,
		    struct mailbox_ioc_port_pair *arg);
int mbx_handle_link(struct mbx_handle *handle,
		    struct mailbox_ioc_port_link *arg);
void mbx_handle_close(struct mbx_handle *handle);

/* control.c */
int mbx_handle_unlink(struct mbx_handle *handle, const char *name);
int mbx_handle_destroy(struct mbx_handle *handle, const char *name);
int mbx_handle_set(struct mbx_handle *handle,
		   const struct mailbox_ioc_port_set *arg);
int mbx_handle_stat(struct mbx_handle *handle, const char *name, bool sends,
		    struct mailbox_ioc_port_stat *stat,
		    struct mailbox_waiter *waiters, u32 room);
int mbx_handle_allow(struct mbx_handle *handle, const char *name,
		     const struct mailbox_allow *entry);
int mbx_handle_allowed(struct mbx_handle *handle, const char *name,
		       struct mailbox_allow *entries, u32 *room, u32 *total);

/* events.c */
int mbx_handle_wait_name(struct mbx_handle *handle, const char *name,
			 u32 events, const struct mbx_deadline *deadline,
			 u64 *id);
int mbx_handle_wait_bound(struct mbx_handle *handle, u32 events,
			  const struct mbx_deadline *deadline, u64 *id);
int mbx_handle_watch(struct mbx_handle *handle, const char *name, u32 events);
void mbx_handle_unwatch_locked(struct mbx_handle *handle);
__poll_t mbx_handle_poll_watch(struct mbx_handle *handle, struct file *file,
			       poll_table *wait);

/* fops.c, ioctl.c */
extern const struct file_operations mbx_fops;

/* The stamp of the calling thread, with a reference; NULL without memory. */
static inline struct mbx_sender *mbx_handle_sender(struct mbx_handle *handle)
{
	return mbx_sender_get(&handle->senders, &handle->registry->quota);
}

/**
 * mbx_handle_message() - make a message of what an iterator holds
 * @handle:	who sends
 * @from:	the payload, all of it
 * @type:	of the message
 * @priority:	of the message, in range
 *
 * Context: process, may sleep. Return: the message, or ERR_PTR(-EFAULT),
 * ERR_PTR(-EDQUOT), ERR_PTR(-ENOMEM).
 */
static inline struct mbx_message *
mbx_handle_message(struct mbx_handle *handle, const struct iov_iter *from,
		   u64 type, u32 priority)
{
	return mbx_message_make(&handle->senders, &handle->registry->quota,
				from, type, priority);
}

long mbx_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

#endif /* MBX_HANDLE_H */
