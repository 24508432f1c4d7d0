// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commands about several messages.
 */
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "ioctl.h"
#include "user.h"

/* The sizes of the entries of batches when they were first published. */
#define SEND_ENTRY_SIZE		40
#define RECEIVE_ENTRY_SIZE	96

static int entries_check(u32 count, u32 entry_size, size_t first_size)
{
	if (!count || count > MAILBOX_BATCH_MAX || entry_size < first_size ||
	    entry_size > PAGE_SIZE || entry_size % sizeof(u64))
		return -EINVAL;
	return 0;
}

/*
 * The array at @user of entries of @theirs bytes, which can be written too, as one
 * of entries of @ours; to be freed by kvfree().
 */
static void *entries_read(void __user *user, u32 count, u32 theirs,
			  size_t ours)
{
	void *entries;
	int err = 0;
	u32 i;

	if (mbx_user_probe(user, (size_t)count * theirs))
		return ERR_PTR(-EFAULT);
	entries = kvmalloc_array(count, ours, GFP_KERNEL_ACCOUNT);
	if (!entries)
		return ERR_PTR(-ENOMEM);
	if (theirs == ours) {
		if (copy_from_user(entries, user, count * ours))
			err = -EFAULT;
	} else {
		for (i = 0; i < count && !err; i++)
			err = copy_struct_from_user(entries + i * ours, ours,
						    user + (size_t)i * theirs,
						    theirs);
	}
	if (!err)
		return entries;
	kvfree(entries);
	return ERR_PTR(err);
}

/* Entry @index goes back, as far as both sides know it. */
static int entry_write(void __user *user, u32 index, u32 theirs,
		       const void *entry, size_t ours)
{
	return mbx_user_write(user + (size_t)index * theirs, entry,
			      min_t(size_t, theirs, ours));
}

/* --- send ---------------------------------------------------------------------- */

/* Make the message of one entry. */
static int batch_prepare(struct mbx_handle *handle,
			 const struct mailbox_send_entry *entry,
			 struct mbx_send *send)
{
	struct mbx_message *msg;
	struct iov_iter from;

	if (entry->priority > MAILBOX_PRIORITY_MAX)
		return -EINVAL;
	if (entry->len > MAILBOX_MESSAGE_BYTES_MAX)
		return -EMSGSIZE;
	mbx_ioctl_source(&from, entry->data, entry->len);
	msg = mbx_handle_message(handle, &from, entry->type, entry->priority);
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	send->msg = msg;
	return 0;
}

static int batch_send(struct mbx_ioctl *ioctl, struct mailbox_send_entry *entries,
		      struct mbx_send *sends)
{
	struct mailbox_ioc_send_batch *arg = &ioctl->arg.send_batch;
	struct mbx_handle *handle = ioctl->handle;
	unsigned int made, done = 0, i;
	int err = 0;
	int why = 0;

	for (made = 0; made < arg->count; made++) {
		sends[made].deadline =
			mbx_ioctl_deadline(ioctl,
					   arg->flags & MAILBOX_SEND_NONBLOCK,
					   arg->flags & MAILBOX_SEND_REALTIME,
					   arg->deadline_ns);
		why = batch_prepare(handle, &entries[made], &sends[made]);
		if (why)
			break;
	}
	if (made)
		err = mbx_port_send(&handle->out, sends, made, &done);
	for (i = 0; i < made; i++) {
		if (i < done)
			entries[i].seq = sends[i].seq;
		mbx_message_free(sends[i].msg);
	}
	why = err ?: why;
	if (!done)
		return why;
	arg->done = done;
	arg->error = why == -ERESTARTSYS ? EINTR : -why;
	return 0;
}

/**
 * mbx_ioctl_send_batch() - MAILBOX_IOC_SEND_BATCH
 * @ioctl:	the command
 */
int mbx_ioctl_send_batch(struct mbx_ioctl *ioctl)
{
	struct mailbox_ioc_send_batch *arg = &ioctl->arg.send_batch;
	void __user *user = u64_to_user_ptr(arg->entries);
	struct mailbox_send_entry *entries;
	struct mbx_send *sends;
	int err;
	u32 i;

	if (arg->pad || (arg->flags & ~(MAILBOX_SEND_NONBLOCK |
					MAILBOX_SEND_REALTIME)))
		return -EINVAL;
	err = entries_check(arg->count, arg->entry_size, SEND_ENTRY_SIZE);
	if (!err)
		err = mbx_ioctl_may(ioctl->handle, &ioctl->handle->out);
	if (!err)
		err = mbx_ioctl_probe(ioctl, offsetof(typeof(*arg), done));
	if (err)
		return err;

	entries = entries_read(user, arg->count, arg->entry_size,
			       sizeof(*entries));
	if (IS_ERR(entries))
		return PTR_ERR(entries);
	sends = kvcalloc(arg->count, sizeof(*sends), GFP_KERNEL_ACCOUNT);
	err = sends ? 0 : -ENOMEM;
	for (i = 0; i < arg->count && !err; i++)
		if (entries[i].pad)
			err = -EINVAL;
	if (!err)
		err = batch_send(ioctl, entries, sends);
	if (err)
		goto free;
	for (i = 0; i < arg->done; i++)
		entry_write(user, i, arg->entry_size, &entries[i],
			    sizeof(*entries));
	mbx_ioctl_reply(ioctl, offsetof(typeof(*arg), done));
free:
	kvfree(sends);
	kvfree(entries);
	return err;
}

/* --- receive ------------------------------------------------------------------- */

/**
 * struct mbx_ioctl_batch - one RECEIVE_BATCH under way
 * @receive:	what and how
 * @entries:	the kernel's copy of the array
 * @user:	the caller's array
 * @entry_size:	of an entry of it
 * @copied:	results of a message were written
 */
struct mbx_ioctl_batch {
	struct mbx_receive receive;
	struct mailbox_receive_entry *entries;
	void __user *user;
	u32 entry_size;
	bool copied;
};

static size_t batch_room(struct mbx_receive *receive, unsigned int index)
{
	struct mbx_ioctl_batch *batch =
		container_of(receive, struct mbx_ioctl_batch, receive);

	return min_t(u64, batch->entries[index].size, MAILBOX_MESSAGE_BYTES_MAX);
}

static int batch_copy(struct mbx_receive *receive, const struct mbx_taken *taken,
		      unsigned int index)
{
	struct mbx_ioctl_batch *batch =
		container_of(receive, struct mbx_ioctl_batch, receive);
	struct mailbox_receive_entry *entry = &batch->entries[index];
	const struct mbx_message *msg = taken->msg;
	struct mbx_stamp stamp;
	struct iov_iter to;
	int err;

	mbx_ioctl_dest(&to, entry->data, entry->size);
	err = mbx_message_copy(msg, &to);
	if (err)
		return err;
	stamp = mbx_ioctl_stamp(msg->sender);
	entry->len = msg->len;
	entry->type = msg->type;
	entry->seq = msg->seq;
	entry->time_ns = msg->time_ns + mbx_ioctl_clock_offset();
	entry->token = mbx_taken_token(taken, receive->lease);
	entry->reply_size = taken->reply_size;
	entry->priority = msg->priority;
	entry->pid = stamp.pid;
	entry->tid = stamp.tid;
	entry->uid = stamp.uid;
	entry->gid = stamp.gid;
	entry->deliveries = taken->deliveries +
			    (receive->lease && !taken->request);
	entry->kind = taken->request ? MAILBOX_MESSAGE_REQUEST :
				       MAILBOX_MESSAGE_PLAIN;
	batch->copied = true;
	return entry_write(batch->user, index, batch->entry_size, entry,
			   sizeof(*entry));
}

static int batch_receive(struct mbx_ioctl *ioctl, struct mbx_ioctl_batch *batch)
{
	struct mailbox_ioc_receive_batch *arg = &ioctl->arg.receive_batch;
	const struct mailbox_receive_entry before = batch->entries[0];
	struct mbx_receive *receive = &batch->receive;
	struct mailbox_receive_entry *next;
	unsigned int i;
	int err;

	for (i = 0; i < arg->count; i++)
		if (batch->entries[i].pad)
			return -EINVAL;
	receive->size = batch_room(receive, 0);
	err = mbx_port_receive(&ioctl->handle->in, receive);
	/* A message that was withdrawn is not in the array either. */
	if (err)
		batch->entries[0] = before;
	if (err && batch->copied)
		entry_write(batch->user, 0, batch->entry_size, &before,
			    sizeof(before));
	/* If it cannot be told, the caller finds out by asking again. */
	if (err == -EMSGSIZE || receive->error == -EMSGSIZE) {
		next = &batch->entries[receive->done];
		next->len = receive->needed;
		entry_write(batch->user, receive->done, batch->entry_size,
			    next, sizeof(*next));
	}
	if (err)
		return err;
	arg->done = receive->done;
	arg->error = -receive->error;
	mbx_ioctl_reply(ioctl, offsetof(typeof(*arg), done));
	return 0;
}

/**
 * mbx_ioctl_receive_batch() - MAILBOX_IOC_RECEIVE_BATCH
 * @ioctl:	the command
 */
int mbx_ioctl_receive_batch(struct mbx_ioctl *ioctl)
{
	struct mailbox_ioc_receive_batch *arg = &ioctl->arg.receive_batch;
	u32 flags = arg->flags;
	struct mbx_ioctl_batch batch = {
		.receive = {
			.count = arg->count,
			.trunc = flags & MAILBOX_RECEIVE_TRUNC,
			.lease = flags & MAILBOX_RECEIVE_LEASE,
			.lease_ns = arg->lease_ns,
			.answers = true,
			.deadline = mbx_ioctl_deadline(ioctl,
						       flags & MAILBOX_RECEIVE_NONBLOCK,
						       flags & MAILBOX_RECEIVE_REALTIME,
						       arg->deadline_ns),
			.room = batch_room,
			.copy = batch_copy,
		},
		.user = u64_to_user_ptr(arg->entries),
		.entry_size = arg->entry_size,
	};
	int err;

	if ((flags & ~(MAILBOX_RECEIVE_NONBLOCK | MAILBOX_RECEIVE_TRUNC |
		       MAILBOX_RECEIVE_REALTIME | MAILBOX_RECEIVE_LEASE)) ||
	    (arg->lease_ns && !batch.receive.lease))
		return -EINVAL;
	err = entries_check(arg->count, arg->entry_size, RECEIVE_ENTRY_SIZE);
	if (!err)
		err = mbx_ioctl_select(&batch.receive.select, arg->select,
				       arg->match);
	if (!err)
		err = mbx_ioctl_may(ioctl->handle, &ioctl->handle->in);
	if (!err)
		err = mbx_ioctl_probe(ioctl, offsetof(typeof(*arg), done));
	if (err)
		return err;

	batch.entries = entries_read(batch.user, arg->count, arg->entry_size,
				     sizeof(*batch.entries));
	if (IS_ERR(batch.entries))
		return PTR_ERR(batch.entries);
	err = batch_receive(ioctl, &batch);
	kvfree(batch.entries);
	return err;
}
