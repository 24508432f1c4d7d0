// SPDX-License-Identifier: GPL-2.0-only
/* ZeroMQ, over its `ipc` transport, which is AF_UNIX. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <zmq.h>

#include "bench.h"

/* A context has threads, so each process makes its own. */
struct zmq {
	void *context;
	void *sockets[2];	/* to send, to receive; the same one if duplex */
	unsigned int owner, serial;	/* of the name, which is taken for a while */
};

static void name(const struct channel *channel, unsigned int index, char text[64])
{
	struct zmq *zmq = channel->state;

	snprintf(text, 64, "ipc://@bench-%u-%u-%u", zmq->owner, zmq->serial, index);
}

static void *socket_new(struct channel *channel, int type)
{
	struct zmq *zmq = channel->state;
	void *socket = zmq_socket(zmq->context, type);
	int depth = channel->depth, zero = 0;

	if (!socket)
		die("zmq_socket");
	if (zmq_setsockopt(socket, ZMQ_SNDHWM, &depth, sizeof(depth)) ||
	    zmq_setsockopt(socket, ZMQ_RCVHWM, &depth, sizeof(depth)) ||
	    zmq_setsockopt(socket, ZMQ_LINGER, &zero, sizeof(zero)))
		die("zmq_setsockopt");
	return socket;
}

static void *bound(struct channel *channel, int type)
{
	void *socket = socket_new(channel, type);
	char text[64];

	name(channel, channel->index, text);
	if (zmq_bind(socket, text))
		die("zmq_bind %s", text);
	return socket;
}

static void *connected(struct channel *channel, int type, unsigned int peers)
{
	void *socket = socket_new(channel, type);
	unsigned int i;
	char text[64];

	for (i = 0; i < peers; i++) {
		name(channel, i, text);
		if (zmq_connect(socket, text))
			die("zmq_connect %s", text);
	}
	return socket;
}

static void zmq_open(struct channel *channel)
{
	static unsigned int serial;
	struct zmq *zmq = calloc(1, sizeof(*zmq));

	if (!zmq)
		die("no memory");
	zmq->owner = getpid();
	zmq->serial = serial++;
	channel->state = zmq;
}

/* A round trip goes over a pair; a stream is pushed to whoever pulls. */
static void zmq_attach(struct channel *channel)
{
	struct zmq *zmq = channel->state;

	zmq->context = zmq_ctx_new();
	if (!zmq->context)
		die("zmq_ctx_new");
	if (channel->role == ROLE_BOTH) {
		zmq->sockets[1] = bound(channel, ZMQ_PAIR);
		zmq->sockets[0] = connected(channel, ZMQ_PAIR, 1);
	} else if (channel->stream) {
		if (channel->role == ROLE_FAR)
			zmq->sockets[1] = bound(channel, ZMQ_PULL);
		else
			zmq->sockets[0] = connected(channel, ZMQ_PUSH, channel->peers);
	} else {
		zmq->sockets[0] = channel->role == ROLE_FAR ? bound(channel, ZMQ_PAIR) :
				  connected(channel, ZMQ_PAIR, 1);
		zmq->sockets[1] = zmq->sockets[0];
	}
}

static int moved(const struct channel *channel, int len)
{
	if (len == (int)channel->len)
		return 0;
	if (len >= 0)
		errno = EBADMSG;
	return -1;
}

static int zmq_send_(struct channel *channel)
{
	struct zmq *zmq = channel->state;

	return moved(channel, zmq_send(zmq->sockets[0], channel->out, channel->len, 0));
}

static int zmq_receive(struct channel *channel)
{
	struct zmq *zmq = channel->state;

	return moved(channel, zmq_recv(zmq->sockets[1], channel->in, channel->len, 0));
}

static void zmq_close_(struct channel *channel)
{
	struct zmq *zmq = channel->state;

	if (zmq->context) {
		if (zmq->sockets[0])
			zmq_close(zmq->sockets[0]);
		if (zmq->sockets[1] && zmq->sockets[1] != zmq->sockets[0])
			zmq_close(zmq->sockets[1]);
		zmq_ctx_term(zmq->context);
	}
	free(zmq);
}

const struct rival rival_zmq = {
	.name = "ZeroMQ ipc",
	.does = DOES_SOLO | DOES_ROUND | DOES_STREAM | DOES_STREAM4,
	.duplex = true, .reason = "its queues are in the process, not in the kernel",
	.open = zmq_open, .attach = zmq_attach, .send = zmq_send_, .receive = zmq_receive,
	.close = zmq_close_,
};
