// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commands about several messages.
 */
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "ioctl.h"
#include "quick.h"
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

/* Arrays of so many are on the stack. */
#define BATCH_SMALL		16

/* What the caller knows more of an entry than this module has to be 0. */
static int entry_check_rest(const void __user *user, size_t ours, size_t theirs)
{
	int zero = 1;

	if (theirs > ours)
		zero = check_zeroed_user(user + ours, theirs - ours);
	return zero > 0 ? 0 : zero ?: -E2BIG;
}

/* --- send ---------------------------------------------------------------------- */

/**
 * struct batch_maker - makes the messages of a batch
 * @handle:	who sends
 * @sender:	the calling thread's stamp, or NULL; holds a reference
 * @time_ns:	of those that are made of memory that was left
 */
struct batch_maker {
	struct mbx_handle *handle;
	struct mbx_sender *sender;
	u64 time_ns;
};

/* Make the message of one entry. */
static int batch_prepare(struct batch_maker *maker,
			 const struct mailbox_send_entry *entry,
			 struct mbx_post *post)
{
	struct mbx_message *msg = NULL;
	struct iov_iter from;

	if (entry->priority > MAILBOX_PRIORITY_MAX)
		return -EINVAL;
	if (entry->len > MAILBOX_MESSAGE_BYTES_MAX)
		return -EMSGSIZE;
	if (maker->sender)
		msg = mbx_quick_message(maker->sender,
					u64_to_user_ptr(entry->data), entry->len,
					entry->type, entry->priority,
					maker->time_ns);
	if (msg) {
		refcount_inc(&maker->sender->refs);
		post->msg = msg;
		return 0;
	}
	mbx_ioctl_source(&from, entry->data, entry->len);
	msg = mbx_handle_message(maker->handle, &from, entry->type,
				 entry->priority);
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	/* None is older than the one before. */
	maker->time_ns = msg->time_ns;
	post->msg = msg;
	return 0;
}

/*
 * Make the messages, in @posts. Returns how many, and in @why what keeps the next
 * one from being made; -errno if the array itself is not in order.
 */
static int batch_make(struct mbx_ioctl *ioctl, struct mbx_post *posts, int *why)
{
	const struct mailbox_ioc_send_batch *arg = &ioctl->arg.send_batch;
	const void __user *user = u64_to_user_ptr(arg->entries);
	struct batch_maker maker = {
		.handle = ioctl->handle,
		.sender = mbx_handle_sender(ioctl->handle),
		.time_ns = ktime_get_ns(),
	};
	unsigned int made = 0;
	int err = 0, stop = 0;
	u32 i;

	for (i = 0; i < arg->count; i++) {
		struct mailbox_send_entry entry __uninitialized;

		err = entry_check_rest(user, sizeof(entry), arg->entry_size) ?:
		      mbx_words_read(&entry, user, sizeof(entry));
		if (!err && entry.pad)
			err = -EINVAL;
		if (err)
			break;
		user += arg->entry_size;
		if (stop)
			continue;
		stop = batch_prepare(&maker, &entry, &posts[made]);
		if (!stop)
			made++;
	}
	*why = stop;
	if (maker.sender)
		mbx_sender_put(maker.sender);
	if (!err)
		return made;
	while (made)
		mbx_message_free(posts[--made].msg);
	return err;
}

/* The numbers; where they go was seen to be writable, and they are sent. */
static void batch_tell(const struct mailbox_ioc_send_batch *arg,
		       const struct mbx_post *posts, unsigned int done)
{
	struct mailbox_send_entry __user *user = u64_to_user_ptr(arg->entries);
	unsigned int i;

	if (!user_write_access_begin(user, (size_t)done * arg->entry_size))
		return;
	for (i = 0; i < done; i++) {
		unsafe_put_user(posts[i].seq, &user->seq, fault);
		user = (void __user *)user + arg->entry_size;
	}
fault:
	user_write_access_end();
}

static int batch_send(struct mbx_ioctl *ioctl, struct mbx_post *posts)
{
	struct mailbox_ioc_send_batch *arg = &ioctl->arg.send_batch;
	struct mbx_send send __uninitialized;
	unsigned int done = 0, i;
	int made, why;
	int err = 0;

	made = batch_make(ioctl, posts, &why);
	if (made < 0)
		return made;
	mbx_send_init(&send, mbx_ioctl_deadline(ioctl,
						arg->flags & MAILBOX_SEND_NONBLOCK,
						arg->flags & MAILBOX_SEND_REALTIME,
						arg->deadline_ns));
	if (made)
		err = mbx_port_send(&ioctl->handle->out, &send, posts, made,
				    &done);
	for (i = done; i < made; i++)
		mbx_message_free(posts[i].msg);
	why = err ?: why;
	if (!done)
		return why;
	batch_tell(arg, posts, done);
	arg->done = done;
	arg->error = why == -ERESTARTSYS ? EINTR : -why;
	mbx_ioctl_reply(ioctl, offsetof(typeof(*arg), done));
	return 0;
}

/**
 * mbx_ioctl_send_batch() - MAILBOX_IOC_SEND_BATCH
 * @ioctl:	the command
 */
int mbx_ioctl_send_batch(struct mbx_ioctl *ioctl)
{
	struct mailbox_ioc_send_batch *arg = &ioctl->arg.send_batch;
	struct mbx_post small[BATCH_SMALL] __uninitialized;
	struct mbx_post *posts = small;
	int err;

	if (arg->pad || (arg->flags & ~(MAILBOX_SEND_NONBLOCK |
					MAILBOX_SEND_REALTIME)))
		return -EINVAL;
	err = entries_check(arg->count, arg->entry_size, SEND_ENTRY_SIZE) ?:
	      mbx_ioctl_may(ioctl->handle, &ioctl->handle->out) ?:
	      mbx_ioctl_probe(ioctl, offsetof(typeof(*arg), done)) ?:
	      mbx_user_probe(u64_to_user_ptr(arg->entries),
			     (size_t)arg->count * arg->entry_size);
	if (err)
		return err;
	if (arg->count > BATCH_SMALL) {
		posts = kvmalloc_array(arg->count, sizeof(*posts),
				       GFP_KERNEL_ACCOUNT);
		if (!posts)
			return -ENOMEM;
	}
	err = batch_send(ioctl, posts);
	if (posts != small)
		kvfree(posts);
	return err;
}

/* --- receive ------------------------------------------------------------------- */

/**
 * struct mbx_ioctl_batch - one RECEIVE_BATCH under way
 * @receive:	what and how
 * @rooms:	the buffers of the entries
 * @first:	the first entry as it was
 * @user:	the caller's array
 * @entry_size:	of an entry of it
 * @copied:	results of a message were written
 * @clock_offset: mbx_ioctl_clock_offset()
 * @sender:	of the message before, or NULL; holds a reference
 * @stamp:	its stamp
 */
struct mbx_ioctl_batch {
	struct mbx_receive receive;
	struct mbx_room *rooms;
	struct mailbox_receive_entry first;
	void __user *user;
	u32 entry_size;
	bool copied;
	s64 clock_offset;
	struct mbx_sender *sender;
	struct mbx_stamp stamp;
};

static struct mailbox_receive_entry __user *
batch_entry(const struct mbx_ioctl_batch *batch, unsigned int index)
{
	return batch->user + (size_t)index * batch->entry_size;
}

/* Most messages have the sender of the one before. */
static void batch_stamp(struct mbx_ioctl_batch *batch, struct mbx_sender *sender)
{
	if (sender == batch->sender)
		return;
	if (batch->sender)
		mbx_sender_put(batch->sender);
	refcount_inc(&sender->refs);
	batch->sender = sender;
	batch->stamp = mbx_ioctl_stamp(sender);
}

static __always_inline int batch_write(const struct mbx_ioctl_batch *batch,
				       struct mailbox_receive_entry __user *user,
				       const struct mbx_message *msg,
				       const struct mbx_extra *extra)
{
	u64 time_ns = msg->time_ns + batch->clock_offset;

	/* This is the first size that was published. */
	BUILD_BUG_ON(sizeof(*user) != RECEIVE_ENTRY_SIZE);
	if (!user_write_access_begin(user, sizeof(*user)))
		return -EFAULT;
	unsafe_put_user(msg->len, &user->len, fault);
	unsafe_put_user(msg->type, &user->type, fault);
	unsafe_put_user(msg->seq, &user->seq, fault);
	unsafe_put_user(time_ns, &user->time_ns, fault);
	unsafe_put_user(extra->token, &user->token, fault);
	unsafe_put_user(extra->reply_size, &user->reply_size, fault);
	unsafe_put_user(msg->priority, &user->priority, fault);
	unsafe_put_user(batch->stamp.pid, &user->pid, fault);
	unsafe_put_user(batch->stamp.tid, &user->tid, fault);
	unsafe_put_user(batch->stamp.uid, &user->uid, fault);
	unsafe_put_user(batch->stamp.gid, &user->gid, fault);
	unsafe_put_user(extra->deliveries, &user->deliveries, fault);
	unsafe_put_user(extra->kind, &user->kind, fault);
	user_write_access_end();
	return 0;
fault:
	user_write_access_end();
	return -EFAULT;
}

static __always_inline int batch_copy_one(struct mbx_ioctl_batch *batch,
					  const struct mbx_room *room,
					  struct mailbox_receive_entry __user *user,
					  const struct mbx_message *msg,
					  const struct mbx_extra *extra)
{
	batch->copied = true;
	batch_stamp(batch, msg->sender);
	return mbx_quick_copy(msg, u64_to_user_ptr(room->data), room->size) ?:
	       batch_write(batch, user, msg, extra);
}

static int batch_copy(struct mbx_receive *receive, const struct mbx_taken *taken,
		      unsigned int index)
{
	struct mbx_ioctl_batch *batch =
		container_of(receive, struct mbx_ioctl_batch, receive);
	struct mbx_extra extra = mbx_ioctl_extra(receive, taken);

	return batch_copy_one(batch, &batch->rooms[index],
			      batch_entry(batch, index), taken->msg, &extra);
}

/* Of plain messages. Returns how many. */
static unsigned int batch_copy_run(struct mbx_receive *receive,
				   struct mbx_message **msgs, unsigned int count,
				   unsigned int index)
{
	static const struct mbx_extra plain = { .kind = MAILBOX_MESSAGE_PLAIN };
	struct mbx_ioctl_batch *batch =
		container_of(receive, struct mbx_ioctl_batch, receive);
	struct mailbox_receive_entry __user *user = batch_entry(batch, index);
	const struct mbx_room *room = &batch->rooms[index];
	unsigned int i;

	for (i = 0; i < count; i++, room++) {
		if (batch_copy_one(batch, room, user, msgs[i], &plain))
			break;
		user = (void __user *)user + batch->entry_size;
	}
	return i;
}

static int batch_rooms(struct mbx_ioctl_batch *batch)
{
	unsigned int i;
	int err;

	for (i = 0; i < batch->receive.count; i++) {
		struct mailbox_receive_entry __user *user = batch_entry(batch, i);
		struct mbx_room *room = &batch->rooms[i];
		u64 size;
		u32 pad;

		err = entry_check_rest(user, sizeof(*user), batch->entry_size);
		if (err)
			return err;
		if (!user_read_access_begin(user, sizeof(*user)))
			return -EFAULT;
		unsafe_get_user(room->data, &user->data, fault);
		unsafe_get_user(size, &user->size, fault);
		unsafe_get_user(pad, &user->pad, fault);
		user_read_access_end();
		if (pad)
			return -EINVAL;
		room->size = min_t(u64, size, MAILBOX_MESSAGE_BYTES_MAX);
	}
	return mbx_user_read(&batch->first, batch->user, sizeof(batch->first));
fault:
	user_read_access_end();
	return -EFAULT;
}

static int batch_receive(struct mbx_ioctl *ioctl, struct mbx_ioctl_batch *batch)
{
	struct mailbox_ioc_receive_batch *arg = &ioctl->arg.receive_batch;
	struct mbx_receive *receive = &batch->receive;
	int err;

	err = batch_rooms(batch);
	if (err)
		return err;
	receive->size = batch->rooms[0].size;
	err = mbx_port_receive(&ioctl->handle->in, receive);
	if (batch->sender)
		mbx_sender_put(batch->sender);
	/* A message that was withdrawn is not in the array either. */
	if (err && batch->copied)
		mbx_user_write(batch->user, &batch->first,
			       sizeof(batch->first));
	/* If it cannot be told, the caller finds out by asking again. */
	if (err == -EMSGSIZE || receive->error == -EMSGSIZE)
		put_user((u64)receive->needed,
			 &batch_entry(batch, receive->done)->len);
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
	struct mbx_room small[BATCH_SMALL] __uninitialized;
	struct mbx_ioctl_batch batch;
	u32 flags = arg->flags;
	int err;

	batch.rooms = small;
	batch.user = u64_to_user_ptr(arg->entries);
	batch.entry_size = arg->entry_size;
	batch.copied = false;
	batch.clock_offset = mbx_ioctl_clock_offset();
	batch.sender = NULL;
	mbx_receive_init(&batch.receive, 0,
			 mbx_ioctl_deadline(ioctl,
					    flags & MAILBOX_RECEIVE_NONBLOCK,
					    flags & MAILBOX_RECEIVE_REALTIME,
					    arg->deadline_ns),
			 batch_copy);
	batch.receive.count = arg->count;
	batch.receive.trunc = flags & MAILBOX_RECEIVE_TRUNC;
	batch.receive.lease = flags & MAILBOX_RECEIVE_LEASE;
	batch.receive.lease_ns = arg->lease_ns;
	batch.receive.answers = true;
	batch.receive.copy_run = batch_copy_run;
	if ((flags & ~(MAILBOX_RECEIVE_NONBLOCK | MAILBOX_RECEIVE_TRUNC |
		       MAILBOX_RECEIVE_REALTIME | MAILBOX_RECEIVE_LEASE)) ||
	    (arg->lease_ns && !batch.receive.lease))
		return -EINVAL;
	err = entries_check(arg->count, arg->entry_size, RECEIVE_ENTRY_SIZE) ?:
	      mbx_ioctl_select(&batch.receive.select, arg->select, arg->match) ?:
	      mbx_ioctl_may(ioctl->handle, &ioctl->handle->in) ?:
	      mbx_ioctl_probe(ioctl, offsetof(typeof(*arg), done)) ?:
	      mbx_user_probe(batch.user, (size_t)arg->count * arg->entry_size);
	if (err)
		return err;

	if (arg->count > BATCH_SMALL) {
		batch.rooms = kvmalloc_array(arg->count, sizeof(*batch.rooms),
					     GFP_KERNEL_ACCOUNT);
		if (!batch.rooms)
			return -ENOMEM;
	}
	batch.receive.rooms = batch.rooms;
	err = batch_receive(ioctl, &batch);
	if (batch.rooms != small)
		kvfree(batch.rooms);
	return err;
}
