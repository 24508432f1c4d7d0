/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_RCUPDATE_H
#define SHIM_RCUPDATE_H

struct rcu_head {
	void *unused;
};

#endif /* SHIM_RCUPDATE_H */
