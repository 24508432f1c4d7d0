/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_PID_H
#define SHIM_PID_H

#include <linux/types.h>

#define SHIM_PID_NAMESPACES 2

/* @nr: the number in each namespace; 0 where the process does not exist. */
struct pid {
	pid_t nr[SHIM_PID_NAMESPACES];
};

struct pid_namespace {
	unsigned int index;
};

static inline pid_t pid_nr_ns(struct pid *pid, struct pid_namespace *ns)
{
	return pid ? pid->nr[ns->index] : 0;
}

#endif /* SHIM_PID_H */
