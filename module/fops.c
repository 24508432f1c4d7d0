// SPDX-License-Identifier: GPL-2.0-only
/*
 * A handle as a file: open, read, write, poll. Checks and copies only.
 */
#include <linux/err.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <net/net_namespace.h>

#include "handle.h"
#include "quick.h"

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

	mbx_handle_close(handle);
	mbx_senders_forget(&handle->senders);
	put_net(handle->net);
	kfree(handle);
	return 0;
}

static bool iocb_nonblock(const struct kiocb *iocb)
{
	return (iocb->ki_flags & IOCB_NOWAIT) ||
	       (iocb->ki_filp->f_flags & O_NONBLOCK);
}

/* --- write ------------------------------------------------------------------ */

/* @msg: if it was made, NULL if not. */
static ssize_t handle_write(struct mbx_handle *handle, struct mbx_message *msg,
			    const struct iov_iter *from, bool nonblock)
{
	struct mbx_send send __uninitialized;
	size_t len = iov_iter_count(from);
	u64 seq;
	int err;

	if (!mbx_handle_port(handle))
		return -ENOTCONN;
	if (!handle->out.port)
		return -EBADF;
	mbx_send_init(&send, (struct mbx_deadline){ .nonblock = nonblock });
	err = mbx_handle_send(handle, msg, from, 0, 0, &send, &seq);
	if (err == -EPIPE)
		send_sig(SIGPIPE, current, 0);
	return err ?: len;
}

static noinline ssize_t write_slowly(struct file *file, struct mbx_message *msg,
				     const char __user *data, size_t len)
{
	struct iov_iter from;

	iov_iter_ubuf(&from, ITER_SOURCE, (void __user *)data, len);
	return handle_write(handle_of(file), msg, &from,
			    file->f_flags & O_NONBLOCK);
}

static ssize_t mbx_write(struct file *file, const char __user *data, size_t len,
			 loff_t *pos)
{
	struct mbx_handle *handle = handle_of(file);
	struct mbx_message *msg = NULL;

	if (mbx_handle_port(handle) && handle->out.port) {
		msg = mbx_quick_handle_message(handle, data, len, 0, 0,
					       ktime_get_ns());
		if (msg && mbx_quick_send(&handle->out, msg, NULL))
			return len;
	}
	return write_slowly(file, msg, data, len);
}

static ssize_t mbx_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	ssize_t done;

	done = handle_write(handle_of(iocb->ki_filp), NULL, from,
			    iocb_nonblock(iocb));
	if (done > 0)
		iov_iter_advance(from, done);
	return done;
}

/* --- read ------------------------------------------------------------------- */

struct mbx_read {
	struct mbx_receive receive;
	union {
		char __user *data;
		const struct iov_iter *iter;
	} to;
	size_t copied;
};

static int read_copy(struct mbx_receive *receive, const struct mbx_taken *taken,
		     unsigned int index)
{
	struct mbx_read *read = container_of(receive, struct mbx_read, receive);

	read->copied = taken->msg->len;
	return mbx_quick_copy(taken->msg, read->to.data, receive->size);
}

static int read_copy_iter(struct mbx_receive *receive,
			  const struct mbx_taken *taken, unsigned int index)
{
	struct mbx_read *read = container_of(receive, struct mbx_read, receive);

	read->copied = taken->msg->len;
	return mbx_message_copy(taken->msg, read->to.iter);
}

static ssize_t handle_read(struct mbx_handle *handle, struct mbx_read *read)
{
	int err;

	if (!mbx_handle_port(handle))
		return -ENOTCONN;
	if (!handle->in.port)
		return -EBADF;
	if (!read->receive.size)
		return 0;
	err = mbx_port_receive(&handle->in, &read->receive);
	if (!err)
		return read->copied;
	/* Hung up: end of file. */
	return err == -EPIPE ? 0 : err;
}

static noinline ssize_t read_slowly(struct file *file, char __user *data,
				    size_t size)
{
	struct mbx_read read __uninitialized;

	mbx_receive_init(&read.receive, size,
			 (struct mbx_deadline){
				 .nonblock = file->f_flags & O_NONBLOCK,
			 }, read_copy);
	read.to.data = data;
	return handle_read(handle_of(file), &read);
}

static ssize_t mbx_read(struct file *file, char __user *data, size_t size,
			loff_t *pos)
{
	struct mbx_handle *handle = handle_of(file);
	struct mbx_message *msg;
	ssize_t len;

	if (!mbx_handle_port(handle) || !handle->in.port || !size)
		return read_slowly(file, data, size);
	msg = mbx_quick_receive(&handle->in, size);
	if (!msg)
		return read_slowly(file, data, size);
	len = msg->len;
	return mbx_quick_finish(&handle->in, msg,
				mbx_quick_copy(msg, data, size)) ?: len;
}

static ssize_t mbx_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct mbx_read read __uninitialized;
	ssize_t done;

	mbx_receive_init(&read.receive, iov_iter_count(to),
			 (struct mbx_deadline){
				 .nonblock = iocb_nonblock(iocb),
			 }, read_copy_iter);
	read.to.iter = to;
	done = handle_read(handle_of(iocb->ki_filp), &read);
	if (done > 0)
		iov_iter_advance(to, done);
	return done;
}

/* --- poll ------------------------------------------------------------------- */

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
	/* The common case, without what the others need. */
	.read		= mbx_read,
	.write		= mbx_write,
	.read_iter	= mbx_read_iter,
	.write_iter	= mbx_write_iter,
	.poll		= mbx_poll,
	.fasync		= mbx_fasync,
	.unlocked_ioctl	= mbx_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.show_fdinfo	= mbx_show_fdinfo,
};
