// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commands about messages: checks that need no port, and copies.
 */
#include <linux/pid.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "ioctl.h"
#include "quick.h"
#include "user.h"

/* --- send --------------------------------------------------------------------- */

/* It was seen to be writable, and the message is sent. */
static int send_tell(const struct mbx_ioctl *ioctl)
{
	const struct mailbox_ioc_send *arg = &ioctl->arg.send;
	struct mailbox_ioc_send __user *user = ioctl->user;

	/* This is the first size that was published. */
	BUILD_BUG_ON(sizeof(*user) != 64);
	mbx_words_write(&user->seq, &arg->seq,
			sizeof(*arg) - offsetof(typeof(*arg), seq));
	return 0;
}

/* @msg: if it was made, NULL if not. */
static noinline int send_slowly(struct mbx_ioctl *ioctl, struct mbx_message *msg)
{
	struct mailbox_ioc_send *arg = &ioctl->arg.send;
	struct mbx_send send __uninitialized;
	struct iov_iter from;
	int err;

	mbx_send_init(&send, mbx_ioctl_deadline(ioctl,
						arg->flags & MAILBOX_SEND_NONBLOCK,
						arg->flags & MAILBOX_SEND_REALTIME,
						arg->deadline_ns));
	send.sync = arg->flags & MAILBOX_SEND_SYNC;
	mbx_ioctl_source(&from, arg->data, arg->len);
	err = mbx_handle_send(ioctl->handle, msg, &from, arg->type,
			      arg->priority, &send, &arg->seq);
	if (err)
		return err;
	if (send.sync) {
		arg->taken_bytes = send.taken_bytes;
		arg->taken_pid = pid_vnr(send.taken_pid);
		arg->taken_tid = pid_vnr(send.taken_tid);
		put_pid(send.taken_pid);
		put_pid(send.taken_tid);
	}
	return send_tell(ioctl);
}

/**
 * mbx_ioctl_send() - MAILBOX_IOC_SEND
 * @ioctl:	the command
 */
int mbx_ioctl_send(struct mbx_ioctl *ioctl)
{
	struct mailbox_ioc_send *arg = &ioctl->arg.send;
	struct mbx_handle *handle = ioctl->handle;
	bool sync = arg->flags & MAILBOX_SEND_SYNC;
	struct mbx_message *msg = NULL;
	int err;

	if ((arg->flags & ~(MAILBOX_SEND_NONBLOCK | MAILBOX_SEND_SYNC |
			    MAILBOX_SEND_REALTIME)) ||
	    arg->priority > MAILBOX_PRIORITY_MAX ||
	    (sync && mbx_ioctl_nonblock(ioctl, arg->flags & MAILBOX_SEND_NONBLOCK)))
		return -EINVAL;
	err = mbx_ioctl_may(handle, &handle->out);
	if (err)
		return err;
	if (arg->len > MAILBOX_MESSAGE_BYTES_MAX)
		return -EMSGSIZE;
	err = mbx_ioctl_probe(ioctl, offsetof(typeof(*arg), seq));
	if (err)
		return err;
	arg->taken_bytes = 0;
	arg->taken_pid = 0;
	arg->taken_tid = 0;
	if (!sync) {
		msg = mbx_quick_handle_message(handle, u64_to_user_ptr(arg->data),
					       arg->len, arg->type,
					       arg->priority, ktime_get_ns());
		if (msg && mbx_quick_send(&handle->out, msg, &arg->seq))
			return send_tell(ioctl);
	}
	return send_slowly(ioctl, msg);
}

/* --- receive ------------------------------------------------------------------- */

/*
 * A process that lives has a key. The messages of one that has exited may still
 * be there, under a number that no process has any more: in the first pid
 * namespace that number is the key; in another one the queue compares numbers.
 */
static void select_sender(struct mbx_select *select, u32 nr)
{
	struct pid_namespace *ns = task_active_pid_ns(current);
	struct pid *pid;

	select->ns = NULL;
	select->nr = nr;
	select->key = nr;
	if (ns == &init_pid_ns)
		return;
	rcu_read_lock();
	pid = find_pid_ns(nr, ns);
	if (pid)
		select->key = pid_nr(pid);
	else
		select->ns = ns;
	rcu_read_unlock();
}

/**
 * mbx_ioctl_select() - which message a receive wants
 * @select:	filled
 * @kind:	MAILBOX_SELECT_*, from user space
 * @match:	what it compares, likewise
 *
 * Return: 0 or -EINVAL.
 */
int mbx_ioctl_select(struct mbx_select *select, u32 kind, u64 match)
{
	select->kind = kind;
	switch (kind) {
	case MAILBOX_SELECT_ANY:
		return match ? -EINVAL : 0;
	case MAILBOX_SELECT_TYPE:
	case MAILBOX_SELECT_TYPE_NOT:
	case MAILBOX_SELECT_TYPE_AT_MOST:
		select->type = match;
		return 0;
	case MAILBOX_SELECT_SENDER:
		if (!match || match > INT_MAX)
			return -EINVAL;
		select_sender(select, match);
		return 0;
	default:
		return -EINVAL;
	}
}

/**
 * struct mbx_ioctl_receive - one RECEIVE under way
 * @receive:	what and how
 * @ioctl:	the command
 * @arg:	in it
 * @start:	where in the struct of the command it is
 * @copied:	results of a message were written
 */
struct mbx_ioctl_receive {
	struct mbx_receive receive;
	struct mbx_ioctl *ioctl;
	struct mailbox_ioc_receive *arg;
	size_t start;
	bool copied;
};

/* That an answer was given is a result too: one to nobody has nothing in it. */
static int receive_tell_answered(const struct mbx_ioctl_receive *call)
{
	static const struct mailbox_ioc_reply answered;
	const struct mbx_reply *reply = call->receive.reply;

	if (!reply || reply->token)
		return 0;
	return mbx_words_write(call->ioctl->user, &answered, sizeof(answered));
}

/*
 * The results go to user space only: in the kernel's copy of the struct there is
 * what to restore if the message turns out not to be received. Not inline, so that
 * somebody can be held behind it.
 */
static noinline int receive_write(struct mailbox_ioc_receive __user *user,
				  size_t size, const struct mbx_message *msg,
				  const struct mbx_extra *extra)
{
	struct mbx_stamp stamp = mbx_ioctl_stamp(msg->sender);
	u64 time_ns = msg->time_ns + mbx_ioctl_clock_offset();

	if (!user_write_access_begin(user, size))
		return -EFAULT;
	unsafe_put_user(msg->len, &user->len, fault);
	unsafe_put_user(msg->type, &user->type, fault);
	unsafe_put_user(msg->seq, &user->seq, fault);
	unsafe_put_user(time_ns, &user->time_ns, fault);
	unsafe_put_user(msg->priority, &user->priority, fault);
	unsafe_put_user(stamp.pid, &user->pid, fault);
	unsafe_put_user(stamp.tid, &user->tid, fault);
	unsafe_put_user(stamp.uid, &user->uid, fault);
	unsafe_put_user(stamp.gid, &user->gid, fault);
	/* The struct was shorter once. */
	if (size >= offsetofend(typeof(*user), token))
		unsafe_put_user(extra->token, &user->token, fault);
	if (size >= offsetofend(typeof(*user), reply_size))
		unsafe_put_user(extra->reply_size, &user->reply_size, fault);
	if (size >= offsetofend(typeof(*user), deliveries))
		unsafe_put_user(extra->deliveries, &user->deliveries, fault);
	if (size >= offsetofend(typeof(*user), kind))
		unsafe_put_user(extra->kind, &user->kind, fault);
	user_write_access_end();
	return 0;
fault:
	user_write_access_end();
	return -EFAULT;
}

/* Payload and stamp: the message is received when both have arrived. */
static int receive_copy(struct mbx_receive *receive,
			const struct mbx_taken *taken, unsigned int index)
{
	struct mbx_ioctl_receive *call =
		container_of(receive, struct mbx_ioctl_receive, receive);
	const struct mbx_ioctl *ioctl = call->ioctl;
	struct mbx_extra extra = mbx_ioctl_extra(receive, taken);

	call->copied = true;
	return mbx_quick_copy(taken->msg, u64_to_user_ptr(call->arg->data),
			      receive->size) ?:
	       receive_write(ioctl->user + call->start,
			     ioctl->size - call->start, taken->msg, &extra) ?:
	       receive_tell_answered(call);
}

/* @start: where in the command's struct @arg is. */
static int receive_check(struct mbx_ioctl *ioctl,
			 struct mailbox_ioc_receive *arg, size_t start,
			 struct mbx_ioctl_receive *call)
{
	struct mbx_receive *receive = &call->receive;
	u32 flags = arg->flags;
	int err;

	mbx_receive_init(receive,
			 min_t(u64, arg->size, MAILBOX_MESSAGE_BYTES_MAX),
			 mbx_ioctl_deadline(ioctl,
					    flags & MAILBOX_RECEIVE_NONBLOCK,
					    flags & MAILBOX_RECEIVE_REALTIME,
					    arg->deadline_ns),
			 receive_copy);
	receive->peek = flags & MAILBOX_RECEIVE_PEEK;
	receive->trunc = flags & MAILBOX_RECEIVE_TRUNC;
	receive->lease = flags & MAILBOX_RECEIVE_LEASE;
	receive->lease_ns = arg->lease_ns;
	receive->answers = ioctl->size >= start +
					  offsetofend(typeof(*arg), token);
	call->ioctl = ioctl;
	call->arg = arg;
	call->start = start;
	call->copied = false;
	if (arg->pad ||
	    (flags & ~(MAILBOX_RECEIVE_NONBLOCK | MAILBOX_RECEIVE_PEEK |
		       MAILBOX_RECEIVE_TRUNC | MAILBOX_RECEIVE_REALTIME |
		       MAILBOX_RECEIVE_LEASE)) ||
	    (receive->lease && (receive->peek || !receive->answers)) ||
	    (arg->lease_ns && !receive->lease))
		return -EINVAL;
	err = mbx_ioctl_select(&receive->select, arg->select, arg->match);
	return err ?: mbx_ioctl_may(ioctl->handle, &ioctl->handle->in);
}

static int receive_run(struct mbx_ioctl_receive *call)
{
	int err = mbx_port_receive(&call->ioctl->handle->in, &call->receive);

	if (!err)
		return 0;
	/* If it cannot be told, the caller finds out by asking again. */
	if (err == -EMSGSIZE && call->receive.needed)
		call->arg->len = call->receive.needed;
	/* A message that was withdrawn is not in the struct either. */
	if (err == -EMSGSIZE || call->copied)
		mbx_ioctl_reply(call->ioctl, call->start +
				offsetof(typeof(*call->arg), len));
	receive_tell_answered(call);
	return err;
}

static noinline int receive_slowly(struct mbx_ioctl *ioctl)
{
	struct mbx_ioctl_receive call;

	return receive_check(ioctl, &ioctl->arg.receive, 0, &call) ?:
	       receive_run(&call);
}

/* Any message, however it comes; what it asks for is known to be right. */
static bool receive_is_plain(const struct mbx_ioctl *ioctl)
{
	const struct mailbox_ioc_receive *arg = &ioctl->arg.receive;

	return !(arg->flags & ~(MAILBOX_RECEIVE_NONBLOCK |
				MAILBOX_RECEIVE_TRUNC |
				MAILBOX_RECEIVE_REALTIME)) &&
	       arg->select == MAILBOX_SELECT_ANY && !arg->match && !arg->pad &&
	       !arg->lease_ns;
}

/**
 * mbx_ioctl_receive() - MAILBOX_IOC_RECEIVE
 * @ioctl:	the command
 */
int mbx_ioctl_receive(struct mbx_ioctl *ioctl)
{
	static const struct mbx_extra plain = {
		.kind = MAILBOX_MESSAGE_PLAIN,
	};
	const struct mailbox_ioc_receive *arg = &ioctl->arg.receive;
	size_t size = min_t(u64, arg->size, MAILBOX_MESSAGE_BYTES_MAX);
	struct mbx_end *end = &ioctl->handle->in;
	struct mbx_message *msg;
	int err;

	if (!receive_is_plain(ioctl) || mbx_ioctl_may(ioctl->handle, end))
		return receive_slowly(ioctl);
	msg = mbx_quick_receive(end, arg->flags & MAILBOX_RECEIVE_TRUNC ?
				     SIZE_MAX : size);
	if (!msg)
		return receive_slowly(ioctl);
	err = mbx_quick_copy(msg, u64_to_user_ptr(arg->data), size) ?:
	      receive_write(ioctl->user, ioctl->size, msg, &plain);
	err = mbx_quick_finish(end, msg, err);
	/* What was written is that of a message which was not received. */
	if (err)
		mbx_ioctl_reply(ioctl, offsetof(typeof(*arg), len));
	return err;
}

/* --- calls -------------------------------------------------------------------- */

static int call_finish(struct mbx_ioctl *ioctl, const struct mbx_send *send)
{
	struct mailbox_ioc_call *arg = &ioctl->arg.call;
	struct mbx_stamp stamp = mbx_ioctl_stamp(send->reply->sender);
	int err;

	err = mbx_quick_copy(send->reply, u64_to_user_ptr(arg->reply),
			     send->reply_size);
	if (err)
		return err;
	arg->reply_len = send->reply->len;
	arg->reply_type = send->reply->type;
	arg->reply_pid = stamp.pid;
	arg->reply_tid = stamp.tid;
	return mbx_ioctl_reply(ioctl, offsetof(typeof(*arg), reply_len));
}

/**
 * mbx_ioctl_call() - MAILBOX_IOC_CALL
 * @ioctl:	the command
 */
int mbx_ioctl_call(struct mbx_ioctl *ioctl)
{
	struct mbx_handle *handle = ioctl->handle;
	struct mailbox_ioc_call *arg = &ioctl->arg.call;
	struct mbx_send send __uninitialized;
	struct mbx_caller caller;
	struct mbx_message *msg;
	struct iov_iter from;
	int err;

	mbx_send_init(&send, mbx_ioctl_deadline(ioctl, false,
						arg->flags & MAILBOX_CALL_REALTIME,
						arg->deadline_ns));
	send.sync = true;
	send.caller = &caller;
	send.reply_size = min_t(u64, arg->reply_size, MAILBOX_MESSAGE_BYTES_MAX);
	send.reply = NULL;
	if ((arg->flags & ~MAILBOX_CALL_REALTIME) ||
	    arg->priority > MAILBOX_PRIORITY_MAX || send.deadline.nonblock)
		return -EINVAL;
	err = mbx_ioctl_may(handle, &handle->out);
	if (err)
		return err;
	if (arg->len > MAILBOX_MESSAGE_BYTES_MAX)
		return -EMSGSIZE;
	err = mbx_ioctl_probe(ioctl, offsetof(typeof(*arg), reply_len));
	if (err)
		return err;
	/* An answer that cannot be delivered is better not asked for. */
	err = mbx_user_probe(u64_to_user_ptr(arg->reply), send.reply_size);
	if (err)
		return err;

	msg = mbx_quick_handle_message(handle, u64_to_user_ptr(arg->data),
				       arg->len, arg->type, arg->priority,
				       ktime_get_ns());
	mbx_ioctl_source(&from, arg->data, arg->len);
	err = mbx_handle_send(handle, msg, &from, arg->type, arg->priority,
			      &send, &arg->seq);
	if (!err)
		err = call_finish(ioctl, &send);
	mbx_message_free(send.reply);
	return err;
}

/* Make the answer. The caller frees what @reply still holds. */
static int answer_prepare(struct mbx_ioctl *ioctl,
			  const struct mailbox_ioc_reply *arg,
			  struct mbx_reply *reply)
{
	struct mbx_message *msg;
	struct iov_iter from;

	if (arg->len > MAILBOX_MESSAGE_BYTES_MAX)
		return -EMSGSIZE;
	/* Nobody is told when an answer was sent. */
	msg = mbx_quick_handle_message(ioctl->handle, u64_to_user_ptr(arg->data),
				       arg->len, arg->type, 0, 0);
	if (!msg) {
		mbx_ioctl_source(&from, arg->data, arg->len);
		msg = mbx_handle_message(ioctl->handle, &from, arg->type, 0);
	}
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	reply->token = arg->token;
	reply->msg = msg;
	return 0;
}

/**
 * mbx_ioctl_answer() - MAILBOX_IOC_REPLY
 * @ioctl:	the command
 */
int mbx_ioctl_answer(struct mbx_ioctl *ioctl)
{
	const struct mailbox_ioc_reply *arg = &ioctl->arg.reply;
	struct mbx_handle *handle = ioctl->handle;
	struct mbx_reply reply = {};
	int err;

	if (arg->flags || arg->pad || !arg->token)
		return -EINVAL;
	err = mbx_ioctl_may(handle, &handle->in) ?:
	      answer_prepare(ioctl, arg, &reply);
	if (err)
		return err;
	err = mbx_port_reply(&handle->in, &reply);
	mbx_message_free(reply.msg);
	return err;
}

/**
 * mbx_ioctl_answer_receive() - MAILBOX_IOC_REPLY_RECEIVE
 * @ioctl:	the command
 */
int mbx_ioctl_answer_receive(struct mbx_ioctl *ioctl)
{
	struct mailbox_ioc_reply_receive *arg = &ioctl->arg.reply_receive;
	struct mbx_ioctl_receive call;
	struct mbx_reply reply = {};
	u64 token = arg->reply.token;
	int err;

	if (arg->reply.flags || arg->reply.pad ||
	    (!token && (arg->reply.type || arg->reply.data || arg->reply.len)) ||
	    (arg->receive.flags & MAILBOX_RECEIVE_PEEK))
		return -EINVAL;
	err = receive_check(ioctl, &arg->receive, offsetof(typeof(*arg), receive),
			    &call);
	if (err)
		return err;
	if (token) {
		/* That it was answered must be told, or it is done anew. */
		err = mbx_ioctl_probe(ioctl, 0);
		if (!err)
			err = answer_prepare(ioctl, &arg->reply, &reply);
		if (err)
			return err;
		call.receive.reply = &reply;
	}
	err = receive_run(&call);
	mbx_message_free(reply.msg);
	return err;
}

/* --- leases -------------------------------------------------------------------- */

static int settle_check(struct mbx_ioctl *ioctl)
{
	const struct mailbox_ioc_settle *arg = &ioctl->arg.settle;

	if (arg->flags || arg->pad)
		return -EINVAL;
	return mbx_ioctl_may(ioctl->handle, &ioctl->handle->in);
}

/**
 * mbx_ioctl_ack() - MAILBOX_IOC_ACK
 * @ioctl:	the command
 */
int mbx_ioctl_ack(struct mbx_ioctl *ioctl)
{
	return settle_check(ioctl) ?:
	       mbx_port_ack(&ioctl->handle->in, ioctl->arg.settle.token);
}

/**
 * mbx_ioctl_nack() - MAILBOX_IOC_NACK
 * @ioctl:	the command
 */
int mbx_ioctl_nack(struct mbx_ioctl *ioctl)
{
	struct mbx_end *in = &ioctl->handle->in;
	LIST_HEAD(spent);
	int err;

	err = settle_check(ioctl) ?:
	      mbx_port_nack(in, ioctl->arg.settle.token, &spent);
	if (!err)
		mbx_dead_letter_send(in->port, &spent);
	return err;
}
