// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who sleeps in a call, and whether that can end.
 *
 * DOC: deadlock
 *
 * A call whose request is in hand waits for the thread that received it. One
 * whose request is queued waits for its port: for a receiver that sleeps there,
 * or for a thread that has received requests there before; an end by which no
 * request was received yet may get its first at any time. While a request is
 * being taken, somebody is awake. A call is stuck if all that it waits for sleep
 * in calls that are stuck: it will never be answered.
 *
 * A call is entered here before anybody can see its request, and looks whether it
 * is stuck once that is queued; so the last one of a cycle finds all the others.
 * There is one whose request nobody has: a thread that sleeps in a call receives
 * nothing. During a search, under mbx_calls.lock, calls may end but none begins,
 * so all that it sees asleep was so at once, when it began.
 *
 * What it cannot know: that a thread will hand a token to another one, or that
 * one that never served is about to. And it looks only when a call begins: a
 * server that goes away later makes nobody look again.
 *
 * The search goes from call to call, breadth first, and gives up after STEPS_MAX:
 * then the call sleeps.
 */
#include <linux/hash.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "handle.h"
#include "transfer.h"

/* Ends, threads and calls that one search looks at. */
#define STEPS_MAX	1024
/* Threads that are remembered for an end. */
#define SERVERS_MAX	64

/**
 * struct mbx_server - a thread that has received requests by an end
 * @node:	in mbx_end.servers; mbx_port.lock
 * @tid:	the thread; holds a reference
 */
struct mbx_server {
	struct list_head node;
	struct pid *tid;
};

/**
 * mbx_calls_init() - nobody sleeps in a call
 * @calls:	of a new registry
 */
void mbx_calls_init(struct mbx_calls *calls)
{
	unsigned int i;

	spin_lock_init(&calls->lock);
	calls->searches = 0;
	for (i = 0; i < ARRAY_SIZE(calls->by_thread); i++)
		INIT_HLIST_HEAD(&calls->by_thread[i]);
}

/* --- servers ----------------------------------------------------------------- */

static void server_free(struct mbx_server *server)
{
	put_pid(server->tid);
	kfree(server);
}

static bool thread_lives(struct pid *tid)
{
	const struct task_struct *task = pid_task(tid, PIDTYPE_PID);

	/* Set before anybody can have joined the thread. */
	return task && !(READ_ONCE(task->flags) & PF_EXITING);
}

/* Is @tid in the list of @end? Those that have exited go to @gone. */
static bool server_find_locked(struct mbx_end *end, struct pid *tid,
			       struct list_head *gone)
{
	struct mbx_server *server, *next;

	list_for_each_entry_safe(server, next, &end->servers, node) {
		if (server->tid == tid)
			return true;
		if (!thread_lives(server->tid)) {
			list_move(&server->node, gone);
			end->servers_known--;
		}
	}
	return false;
}

static void servers_free(struct list_head *servers)
{
	struct mbx_server *server, *next;

	list_for_each_entry_safe(server, next, servers, node)
		server_free(server);
}

/**
 * mbx_calls_note_another() - mbx_calls_note_server(), if it was not the last one
 * @end:	likewise
 */
void mbx_calls_note_another(struct mbx_end *end)
{
	struct mbx_port *port = end->port;
	struct pid *tid = task_pid(current);
	struct mbx_server *server;
	LIST_HEAD(gone);

	server = kmalloc(sizeof(*server), GFP_KERNEL_ACCOUNT);
	if (server)
		server->tid = get_pid(tid);

	rcu_read_lock();
	spin_lock(&port->lock);
	WRITE_ONCE(end->server_last, NULL);
	if (server_find_locked(end, tid, &gone)) {
		WRITE_ONCE(end->server_last, tid);
	} else if (server && end->servers_known < SERVERS_MAX) {
		list_add(&server->node, &end->servers);
		end->servers_known++;
		WRITE_ONCE(end->server_last, tid);
		server = NULL;
	} else {
		end->servers_unknown = true;
	}
	spin_unlock(&port->lock);
	rcu_read_unlock();
	servers_free(&gone);
	if (server)
		server_free(server);
}

/**
 * mbx_calls_forget_servers() - an end receives nothing any more
 * @end:	in no port's list
 */
void mbx_calls_forget_servers(struct mbx_end *end)
{
	servers_free(&end->servers);
	INIT_LIST_HEAD(&end->servers);
}

/* --- search ------------------------------------------------------------------ */

/**
 * struct mbx_search - a search under way
 * @calls:	where
 * @seen:	struct mbx_caller of calls that were reached, in their order
 * @steps:	that are left
 */
struct mbx_search {
	struct mbx_calls *calls;
	struct list_head seen;
	unsigned int steps;
};

static struct hlist_head *calls_of(struct mbx_calls *calls,
				   const struct task_struct *task)
{
	return &calls->by_thread[hash_ptr(task, MBX_CALLS_BITS)];
}

static bool search_step(struct mbx_search *search)
{
	return search->steps && search->steps--;
}

/*
 * Does the thread sleep in a call? Then that is to be looked at as well. Returns
 * false if it may do something else.
 */
static bool thread_calls(struct mbx_search *search, struct pid *tid)
{
	const struct task_struct *task = pid_task(tid, PIDTYPE_PID);
	struct mbx_caller *caller;

	hlist_for_each_entry(caller, calls_of(search->calls, task), by_thread) {
		if (!search_step(search))
			return false;
		if (caller->task != task)
			continue;
		if (list_empty(&caller->search))
			list_add_tail(&caller->search, &search->seen);
		return true;
	}
	return false;
}

/* Do all threads that ever received requests by this end, and live, call? */
static bool end_calls(struct mbx_search *search, const struct mbx_end *end)
{
	const struct mbx_server *server;
	bool some = false;

	if (end->servers_unknown)
		return false;
	list_for_each_entry(server, &end->servers, node) {
		if (!search_step(search))
			return false;
		if (!thread_lives(server->tid))
			continue;
		if (!thread_calls(search, server->tid))
			return false;
		some = true;
	}
	return some;
}

static bool port_calls(struct mbx_search *search, struct mbx_port *port)
{
	const struct mbx_end *end;
	bool some = false;

	if (!list_empty(&port->shared.receivers))
		return false;
	/* Another call waits for it too, and whom it adds was added. */
	if (port->searched == search->calls->searches)
		return true;
	port->searched = search->calls->searches;
	/* Ends that receive come first, and revoked ones last. */
	list_for_each_entry(end, &port->ends, node) {
		if (end->mode != FMODE_READ || end->revoked)
			break;
		if (!search_step(search) || !end_calls(search, end))
			return false;
		some = true;
	}
	return some;
}

/* Does all that a call waits for sleep in calls? */
static bool caller_waits_for_calls(struct mbx_search *search,
				   const struct mbx_caller *caller)
{
	struct mbx_port *port = caller->end->port;
	const struct mbx_waiter *waiter;
	bool waits = false;

	spin_lock(&port->lock);
	waiter = caller->waiter;
	if (!waiter || waiter->done || port->dead)
		waits = false;
	else if (waiter->held.end)
		waits = thread_lives(waiter->server) &&
			thread_calls(search, waiter->server);
	else if (waiter->queue)
		waits = port_calls(search, port);
	spin_unlock(&port->lock);
	return waits;
}

/**
 * mbx_calls_stuck() - will a call never be answered?
 * @calls:	of its registry
 * @caller:	who has entered it
 *
 * Context: process.
 */
bool mbx_calls_stuck(struct mbx_calls *calls, struct mbx_caller *caller)
{
	struct mbx_search search = {
		.calls = calls,
		.steps = STEPS_MAX,
	};
	struct mbx_caller *next;
	bool stuck = false;

	INIT_LIST_HEAD(&search.seen);
	spin_lock(&calls->lock);
	rcu_read_lock();
	calls->searches++;
	list_add(&caller->search, &search.seen);
	/* What is found on the way is added behind. */
	list_for_each_entry(caller, &search.seen, search) {
		stuck = caller_waits_for_calls(&search, caller);
		if (!stuck)
			break;
	}
	list_for_each_entry_safe(caller, next, &search.seen, search)
		list_del_init(&caller->search);
	rcu_read_unlock();
	spin_unlock(&calls->lock);
	return stuck;
}

/**
 * mbx_calls_enter() - a thread begins a call
 * @calls:	of its registry
 * @caller:	filled
 * @end:	by which
 *
 * Context: process.
 */
void mbx_calls_enter(struct mbx_calls *calls, struct mbx_caller *caller,
		     struct mbx_end *end)
{
	caller->task = current;
	caller->end = end;
	caller->waiter = NULL;
	INIT_LIST_HEAD(&caller->search);
	spin_lock(&calls->lock);
	hlist_add_head(&caller->by_thread, calls_of(calls, current));
	spin_unlock(&calls->lock);
}

/**
 * mbx_calls_leave() - a call is over
 * @calls:	of its registry
 * @caller:	who has entered it
 *
 * Context: process.
 */
void mbx_calls_leave(struct mbx_calls *calls, struct mbx_caller *caller)
{
	spin_lock(&calls->lock);
	hlist_del(&caller->by_thread);
	spin_unlock(&calls->lock);
}
