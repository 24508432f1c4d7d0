// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a port's policy may be, and whom it lets do what.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/minmax.h>
#include <linux/user_namespace.h>

#include "handle.h"

/**
 * mbx_policy_owned() - may the caller do what is the owner's?
 * @registry:	of the port
 * @policy:	of the port
 */
bool mbx_policy_owned(const struct mbx_registry *registry,
		      const struct mbx_policy *policy)
{
	return uid_eq(current_fsuid(), policy->uid) ||
	       ns_capable(registry->user_ns, CAP_IPC_OWNER);
}

/**
 * mbx_policy_rights() - what the mode of a port gives the caller
 * @policy:	of the port
 *
 * Return: FMODE_READ if it may receive, FMODE_WRITE if it may send.
 */
fmode_t mbx_policy_rights(const struct mbx_policy *policy)
{
	unsigned int have = policy->mode;
	fmode_t rights = 0;

	if (uid_eq(current_fsuid(), policy->uid))
		have >>= 6;
	else if (in_group_p(policy->gid))
		have >>= 3;
	if (have & 4)
		rights |= FMODE_READ;
	if (have & 2)
		rights |= FMODE_WRITE;
	return rights;
}

/**
 * mbx_policy_permits() - does mode or capability let the caller bind a handle?
 * @registry:	of the port
 * @policy:	of the port
 * @mode:	FMODE_READ to receive, or FMODE_WRITE to send
 */
bool mbx_policy_permits(const struct mbx_registry *registry,
			const struct mbx_policy *policy, fmode_t mode)
{
	return mbx_policy_rights(policy) & mode ||
	       ns_capable(registry->user_ns, CAP_IPC_OWNER);
}

/*
 * Set owner and group in @policy from what user space asked for; the present
 * ones stay where it did not. Giving away needs CAP_CHOWN, as for files.
 */
static int policy_own(const struct mbx_registry *registry,
		      struct mbx_policy *policy, const u32 *uid, const u32 *gid)
{
	if (uid) {
		kuid_t kuid = make_kuid(current_user_ns(), *uid);

		if (!uid_valid(kuid) ||
		    !kuid_has_mapping(registry->user_ns, kuid))
			return -EINVAL;
		if (!uid_eq(kuid, policy->uid) &&
		    !ns_capable(registry->user_ns, CAP_CHOWN))
			return -EACCES;
		policy->uid = kuid;
	}
	if (gid) {
		kgid_t kgid = make_kgid(current_user_ns(), *gid);

		if (!gid_valid(kgid) ||
		    !kgid_has_mapping(registry->user_ns, kgid))
			return -EINVAL;
		if (!gid_eq(kgid, policy->gid) && !in_group_p(kgid) &&
		    !ns_capable(registry->user_ns, CAP_CHOWN))
			return -EACCES;
		policy->gid = kgid;
	}
	return 0;
}

static int policy_set_capacity(struct mbx_policy *policy, u32 buffering,
			       u32 capacity)
{
	u32 max = READ_ONCE(mbx_capacity_max);

	switch (buffering) {
	case MAILBOX_BUFFERING_BOUNDED:
		if (!capacity)
			capacity = min(READ_ONCE(mbx_capacity_default), max);
		if (capacity > max)
			return -EINVAL;
		break;
	case MAILBOX_BUFFERING_RENDEZVOUS:
	case MAILBOX_BUFFERING_UNBOUNDED:
		if (capacity)
			return -EINVAL;
		break;
	default:
		return -EINVAL;
	}
	policy->buffering = buffering;
	policy->capacity = capacity;
	return 0;
}

static int policy_set_on_full(struct mbx_policy *policy, u32 on_full)
{
	if (on_full > MAILBOX_FULL_OVERWRITE)
		return -EINVAL;
	policy->on_full = on_full;
	return 0;
}

static int policy_set_deliveries(struct mbx_policy *policy, u32 max_deliveries,
				 const char *dead_letter)
{
	if (max_deliveries > MAILBOX_DELIVERIES_MAX ||
	    (dead_letter[0] &&
	     (!max_deliveries || !mbx_name_valid(dead_letter))))
		return -EINVAL;
	policy->max_deliveries = max_deliveries;
	return 0;
}

/* What goes together, and what not. */
static int policy_check(const struct mbx_policy *policy)
{
	bool rendezvous = policy->buffering == MAILBOX_BUFFERING_RENDEZVOUS;

	if (rendezvous && policy->capacity_bytes)
		return -EINVAL;
	if (rendezvous && policy->on_full != MAILBOX_FULL_BLOCK &&
	    policy->on_full != MAILBOX_FULL_DROP_NEWEST)
		return -EINVAL;
	if (policy->on_full == MAILBOX_FULL_OVERWRITE &&
	    (policy->buffering != MAILBOX_BUFFERING_BOUNDED ||
	     policy->capacity != 1))
		return -EINVAL;
	return 0;
}

static int policy_set_message_bytes_max(struct mbx_policy *policy, u64 bytes)
{
	u32 max = READ_ONCE(mbx_message_bytes_max);

	if (!bytes)
		bytes = min(READ_ONCE(mbx_message_bytes_default), max);
	if (bytes > max)
		return -EINVAL;
	policy->message_bytes_max = bytes;
	return 0;
}

/**
 * mbx_policy_create() - the policy of a new port
 * @registry:	where
 * @arg:	from user space
 * @policy:	filled
 *
 * Return: 0, -EINVAL, -EACCES.
 */
int mbx_policy_create(const struct mbx_registry *registry,
		      const struct mailbox_ioc_port_create *arg,
			      struct mbx_policy *policy)
{
	int err;

	if (arg->mode & ~0666)
		return -EINVAL;
	if (!(arg->flags & MAILBOX_CREATE_UID) && arg->uid)
		return -EINVAL;
	if (!(arg->flags & MAILBOX_CREATE_GID) && arg->gid)
		return -EINVAL;

	err = policy_set_capacity(policy, arg->buffering, arg->capacity);
	if (err)
		return err;
	err = policy_set_message_bytes_max(policy, arg->message_bytes_max);
	if (err)
		return err;
	err = policy_set_on_full(policy, arg->on_full);
	if (err)
		return err;
	err = policy_set_deliveries(policy, arg->max_deliveries,
				    arg->dead_letter);
	if (err)
		return err;
	policy->capacity_bytes = arg->capacity_bytes;
	err = policy_check(policy);
	if (err)
		return err;
	policy->mode = arg->mode ?: 0600;
	policy->uid = current_fsuid();
	policy->gid = current_fsgid();
	return policy_own(registry, policy,
			  arg->flags & MAILBOX_CREATE_UID ? &arg->uid : NULL,
			  arg->flags & MAILBOX_CREATE_GID ? &arg->gid : NULL);
}

/**
 * mbx_policy_set() - a policy with some of it changed
 * @registry:	of the port
 * @policy:	in: as it is; out: as it is to be, unless it fails
 * @arg:	from user space
 *
 * Return: 0, -EINVAL, -EACCES.
 */
int mbx_policy_set(const struct mbx_registry *registry,
		   struct mbx_policy *policy,
		   const struct mailbox_ioc_port_set *arg)
{
	u32 fields = arg->flags;
	int err;

	if (fields & MAILBOX_SET_MODE) {
		if (arg->mode & ~0666)
			return -EINVAL;
		policy->mode = arg->mode;
	}
	err = policy_own(registry, policy,
			 fields & MAILBOX_SET_UID ? &arg->uid : NULL,
			 fields & MAILBOX_SET_GID ? &arg->gid : NULL);
	if (err)
		return err;
	if (fields & MAILBOX_SET_CAPACITY) {
		err = policy_set_capacity(policy, arg->buffering,
					  arg->capacity);
		if (err)
			return err;
	}
	if (fields & MAILBOX_SET_CAPACITY_BYTES)
		policy->capacity_bytes = arg->capacity_bytes;
	if (fields & MAILBOX_SET_MESSAGE_BYTES_MAX) {
		err = policy_set_message_bytes_max(policy,
						   arg->message_bytes_max);
		if (err)
			return err;
	}
	if (fields & MAILBOX_SET_ON_FULL) {
		err = policy_set_on_full(policy, arg->on_full);
		if (err)
			return err;
	}
	if (fields & MAILBOX_SET_DELIVERIES) {
		err = policy_set_deliveries(policy, arg->max_deliveries,
					    arg->dead_letter);
		if (err)
			return err;
	}
	return policy_check(policy);
}
