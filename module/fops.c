// SPDX-License-Identifier: GPL-2.0-only
/*
 * A handle as a file: open, read, write, poll. Checks and copies only.
 */
#include <linux/err.h>
#include <linux/hash.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <net/net_namespace.h>

#include "handle.h"

static struct mbx_handle *handle_of(const struct file *file)
{
	return file->private_data;
}

static int mbx_open(struct inode *inode, struct file *file)
{
	struct mbx_handle *handle;

	handle = kzalloc(sizeof(*handle), GFP_KERNEL_ACCOUNT);
	if (!handle)
		return -ENOMEM;
	mutex_init(&handle->lock);
	mbx_watcher_init(&handle->watcher);
	handle->net = get_net(current->nsproxy->net_ns);
	handle->registry = mbx_registry_of(handle->net);
	handle->mode = file->f_mode & (FMODE_READ | FMODE_WRITE);

	file->private_data = handle;
	file->f_mode |= FMODE_NOWAIT;
	return stream_open(inode, file);
}

static int mbx_release(struct inode *inode, struct file *file)
{
	struct mbx_handle *handle = handle_of(file);
	unsigned int i;

	mbx_handle_close(handle);
	for (i = 0; i < ARRAY_SIZE(handle->senders); i++)
		mbx_sender_forget(&handle->senders[i]);
	put_net(handle->net);
	kfree(handle);
	return 0;
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
struct mbx_message *mbx_handle_message(struct mbx_handle *handle,
				       struct iov_iter *from, u64 type,
				       u32 priority)
{
	unsigned int slot = hash_ptr(current, MBX_SENDERS_BITS);
	struct mbx_message *msg;
	int err;

	msg = mbx_message_alloc(&handle->senders[slot],
				&handle->registry->quota,
				iov_iter_count(from));
	if (IS_ERR(msg))
		return msg;
	msg->type = type;
	msg->priority = priority;
	err = mbx_message_fill(msg, from);
	if (err) {
		mbx_message_free(msg);
		return ERR_PTR(err);
	}
	return msg;
}

/**
 * mbx_handle_send() - send what an iterator holds as one message
 * @handle:	bound to something to send to
 * @from:	the payload, all of it
 * @type:	of the message
 * @priority:	of the message, in range
 * @send:	how, and the results; @send->msg is not used
 *
 * Context: process, sleeps unless told not to. Return: 0 or -errno as for
 * mbx_port_send(), -EFAULT, -EDQUOT, -ENOMEM.
 */
int mbx_handle_send(struct mbx_handle *handle, struct iov_iter *from, u64 type,
		    u32 priority, struct mbx_send *send)
{
	unsigned int done;
	int err;

	/* Only spares the work: it is decided under the lock. */
	if (iov_iter_count(from) >
	    READ_ONCE(handle->out.port->policy.message_bytes_max))
		return -EMSGSIZE;
	send->msg = mbx_handle_message(handle, from, type, priority);
	if (IS_ERR(send->msg))
		return PTR_ERR(send->msg);
	err = mbx_port_send(&handle->out, send, 1, &done);
	mbx_message_free(send->msg);
	return err;
}

static bool iocb_nonblock(const struct kiocb *iocb)
{
	return (iocb->ki_flags & IOCB_NOWAIT) ||
	       (iocb->ki_filp->f_flags & O_NONBLOCK);
}

static ssize_t mbx_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct mbx_handle *handle = handle_of(iocb->ki_filp);
	struct mbx_send send = {
		.deadline.nonblock = iocb_nonblock(iocb),
	};
	size_t len = iov_iter_count(from);
	int err;

	if (!mbx_handle_port(handle))
		return -ENOTCONN;
	if (!handle->out.port)
		return -EBADF;
	err = mbx_handle_send(handle, from, 0, 0, &send);
	if (err == -EPIPE)
		send_sig(SIGPIPE, current, 0);
	return err ?: len;
}

struct mbx_read {
	struct mbx_receive receive;
	struct iov_iter *to;
	size_t copied;
};

static int read_copy(struct mbx_receive *receive, const struct mbx_taken *taken,
		     unsigned int index)
{
	struct mbx_read *read = container_of(receive, struct mbx_read, receive);
	int err;

	/* What an earlier, withdrawn message left behind. */
	iov_iter_revert(read->to, read->copied);
	err = mbx_message_copy(taken->msg, read->to);
	read->copied = receive->size - iov_iter_count(read->to);
	if (err) {
		iov_iter_revert(read->to, read->copied);
		read->copied = 0;
	}
	return err;
}

static ssize_t mbx_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct mbx_handle *handle = handle_of(iocb->ki_filp);
	struct mbx_read read = {
		.receive = {
			.select.kind = MAILBOX_SELECT_ANY,
			.size = iov_iter_count(to),
			.deadline.nonblock = iocb_nonblock(iocb),
			.copy = read_copy,
		},
		.to = to,
	};
	int err;

	if (!mbx_handle_port(handle))
		return -ENOTCONN;
	if (!handle->in.port)
		return -EBADF;
	if (!read.receive.size)
		return 0;
	err = mbx_port_receive(&handle->in, &read.receive);
	if (!err)
		return read.copied;
	iov_iter_revert(to, read.copied);
	/* Hung up: end of file. */
	return err == -EPIPE ? 0 : err;
}

static __poll_t mbx_poll(struct file *file, poll_table *wait)
{
	struct mbx_handle *handle = handle_of(file);

	if (!mbx_handle_port(handle))
		return mbx_handle_poll_watch(handle, file, wait);
	return mbx_port_poll(&handle->in, &handle->out, file, wait);
}

static int mbx_fasync(int fd, struct file *file, int on)
{
	struct mbx_handle *handle = handle_of(file);
	struct mbx_end *in = &handle->in;
	struct mbx_end *out = &handle->out;
	int err = 0;

	if (!mbx_handle_port(handle))
		return on ? -ENOTCONN : 0;
	if (in->port)
		err = fasync_helper(fd, file, on, &mbx_end_pollers(in)->fasync);
	if (err >= 0 && out->port) {
		err = fasync_helper(fd, file, on, &mbx_end_pollers(out)->fasync);
		/* It will not be called to undo half of it. */
		if (err < 0 && on && in->port)
			fasync_helper(-1, file, 0,
				      &mbx_end_pollers(in)->fasync);
	}
	/* From now on those are told who have come just now. */
	mbx_port_poll(in, out, file, NULL);
	return err;
}

static void mbx_show_fdinfo(struct seq_file *seq, struct file *file)
{
	static const char * const rights[] = { "", "r", "w", "rw" };
	struct mbx_handle *handle = handle_of(file);
	struct mailbox_ioc_port_stat stat;
	int err;

	BUILD_BUG_ON((__force int)FMODE_READ != 1 || (__force int)FMODE_WRITE != 2);
	err = mbx_handle_stat(handle, "", false, &stat, NULL, 0);
	if (err) {
		seq_printf(seq, "port:\t%s\n",
			   err == -ENOTCONN ? "none" :
			   err == -EACCES ? "revoked" : "destroyed");
		return;
	}
	seq_printf(seq, "port:\t%llu\nname:\t%s\nrights:\t%s\n", stat.id,
		   stat.name, rights[(__force int)handle->mode]);
	seq_printf(seq, "messages:\t%llu\nbytes:\t%llu\n", stat.messages,
		   stat.bytes);
	seq_printf(seq, "leased:\t%u\nrequests:\t%u\n", stat.leased,
		   stat.requests);
	seq_printf(seq, "senders_waiting:\t%u\nreceivers_waiting:\t%u\n",
		   stat.senders_waiting, stat.receivers_waiting);
}

const struct file_operations mbx_fops = {
	.owner		= THIS_MODULE,
	.open		= mbx_open,
	.release	= mbx_release,
	.read_iter	= mbx_read_iter,
	.write_iter	= mbx_write_iter,
	.poll		= mbx_poll,
	.fasync		= mbx_fasync,
	.unlocked_ioctl	= mbx_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.show_fdinfo	= mbx_show_fdinfo,
};
