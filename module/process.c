// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that ports are about: found once by their number, and told apart
 * for good by their struct pid.
 */
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "handle.h"

/**
 * mbx_process_get() - the process with this number
 * @nr:		in the caller's pid namespace
 *
 * Context: process. Return: a reference, or NULL if there is none.
 */
struct pid *mbx_process_get(pid_t nr)
{
	struct pid *pid;

	rcu_read_lock();
	pid = find_vpid(nr);
	pid = pid && pid_task(pid, PIDTYPE_TGID) ? get_pid(pid) : NULL;
	rcu_read_unlock();
	return pid;
}

/**
 * mbx_process_gone() - has a process exited?
 * @pid:	the process
 *
 * Context: any. Return: true if none of its threads will run again.
 */
bool mbx_process_gone(struct pid *pid)
{
	struct task_struct *task;
	bool gone;

	rcu_read_lock();
	task = pid_task(pid, PIDTYPE_TGID);
	/* A first thread that has exited stays until the others have. */
	gone = !task ||
	       (READ_ONCE(task->exit_state) && thread_group_empty(task));
	rcu_read_unlock();
	return gone;
}

/* --- exit ------------------------------------------------------------------ */

/*
 * The kernel wakes this queue when the process has exited, and at other times
 * too; with locks held that leave nothing to do but to have it done.
 */
static int exit_wake(struct wait_queue_entry *entry, unsigned int mode,
		     int flags, void *key)
{
	struct mbx_exit *exit = container_of(entry, struct mbx_exit, entry);

	schedule_work(&exit->work);
	return 0;
}

/**
 * mbx_exit_watch() - have something done when a process has exited
 * @exit:	the watch
 * @pid:	the process; the watch keeps a reference
 * @work:	is to ask mbx_process_gone() before it does anything, and may run
 *		more than once
 *
 * Context: process.
 */
void mbx_exit_watch(struct mbx_exit *exit, struct pid *pid, work_func_t work)
{
	exit->pid = get_pid(pid);
	INIT_WORK(&exit->work, work);
	init_waitqueue_func_entry(&exit->entry, exit_wake);
	add_wait_queue(&pid->wait_pidfd, &exit->entry);
	/* It may have exited before it was watched. */
	if (mbx_process_gone(pid))
		schedule_work(&exit->work);
}

/**
 * mbx_exit_unwatch() - undo mbx_exit_watch()
 * @exit:	the watch
 *
 * Context: process, sleeps until the work is done; without a lock that it takes.
 */
void mbx_exit_unwatch(struct mbx_exit *exit)
{
	remove_wait_queue(&exit->pid->wait_pidfd, &exit->entry);
	cancel_work_sync(&exit->work);
	put_pid(exit->pid);
}
