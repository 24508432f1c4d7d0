// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a port's policy may be, and whom it lets do what.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/minmax.h>
#include <linux/user_namespace.h>

#include "internal.h"

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
 * mbx_policy_listed() - may the caller see the port without a capability?
 * @policy:	of the port
 *
 * Who may receive or send, or owns it, may.
 */
bool mbx_policy_listed(const struct mbx_policy *policy)
{
	return uid_eq(current_fsuid(), policy->uid) ||
	       (policy->mode & (in_group_p(policy->gid) ? 0060 : 0006));
}

/**
 * mbx_policy_visible() - may the caller see how the port stands?
 * @registry:	of the port
 * @policy:	of the port
 */
bool mbx_policy_visible(const struct mbx_registry *registry,
			const struct mbx_policy *policy)
{
	return mbx_policy_listed(policy) ||
	       ns_capable(registry->user_ns, CAP_IPC_OWNER);
}

/**
 * mbx_policy_permits() - may the caller bind a handle?
 * @registry:	of the port
 * @policy:	of the port
 * @mode:	FMODE_READ to receive, FMODE_WRITE to send: the r and w bits;
 *		neither: a handle to look at the port and to control it
 */
bool mbx_policy_permits(const struct mbx_registry *registry,
			const struct mbx_policy *policy, fmode_t mode)
{
	unsigned int want = 0;
	unsigned int have = policy->mode;

	if (!(mode & (FMODE_READ | FMODE_WRITE)))
		return mbx_policy_visible(registry, policy);
	if (mode & FMODE_READ)
		want |= 4;
	if (mode & FMODE_WRITE)
		want |= 2;
	if (uid_eq(current_fsuid(), policy->uid))
		have >>= 6;
	else if (in_group_p(policy->gid))
		have >>= 3;
	return (have & want) == want ||
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
	bool rendezvous = arg->buffering == MAILBOX_BUFFERING_RENDEZVOUS;
	int err;

	if ((arg->mode & ~0666) || (rendezvous && arg->capacity_bytes))
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
	policy->capacity_bytes = arg->capacity_bytes;
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
	if (policy->buffering == MAILBOX_BUFFERING_RENDEZVOUS &&
	    policy->capacity_bytes)
		return -EINVAL;
	return 0;
}
