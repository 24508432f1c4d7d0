// SPDX-License-Identifier: GPL-2.0-only
/* nng, over its `ipc` transport, which is AF_UNIX. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>

#include "bench.h"

/* Threads come with the first socket, so each process makes its own. */
struct nng {
	nng_socket sockets[2];	/* to send, to receive; the same one if duplex */
	unsigned int owner, serial;	/* of the name, which is taken for a while */
	bool have[2];
};

static void try(int error, const char *what)
{
	if (!error)
		return;
	errno = 0;
	die("nng: %s: %s", what, nng_strerror(error));
}

static void name(const struct channel *channel, unsigned int index, char text[64])
{
	struct nng *nng = channel->state;

	snprintf(text, 64, "abstract://bench-%u-%u-%u", nng->owner, nng->serial, index);
}

static void size_set(const struct channel *channel, nng_socket socket, bool sends, bool receives)
{
	/* More is not allowed, and less is not possible. */
	int depth = channel->depth < 8192 ? channel->depth : 8192;

	try(nng_socket_set_size(socket, NNG_OPT_RECVMAXSZ, 0), "no limit of a message");
	if (sends)
		try(nng_socket_set_int(socket, NNG_OPT_SENDBUF, depth), "send buffer");
	if (receives)
		try(nng_socket_set_int(socket, NNG_OPT_RECVBUF, depth), "receive buffer");
}

static void listen_(struct channel *channel, nng_socket socket)
{
	char text[64];

	name(channel, channel->index, text);
	try(nng_listen(socket, text, NULL, 0), text);
}

/* NONBLOCK: the other process may not be there yet; nng tries again. */
static void dial(struct channel *channel, nng_socket socket, unsigned int peers)
{
	unsigned int i;
	char text[64];

	for (i = 0; i < peers; i++) {
		name(channel, i, text);
		try(nng_dial(socket, text, NULL, NNG_FLAG_NONBLOCK), text);
	}
}

static void nng_open_(struct channel *channel)
{
	static unsigned int serial;
	struct nng *nng = calloc(1, sizeof(*nng));

	if (!nng)
		die("no memory");
	nng->owner = getpid();
	nng->serial = serial++;
	channel->state = nng;
}

static void nng_attach(struct channel *channel)
{
	struct nng *nng = channel->state;
	bool far = channel->role == ROLE_FAR;

	if (channel->stream) {
		try(far ? nng_pull0_open(&nng->sockets[1]) : nng_push0_open(&nng->sockets[0]),
		    "open");
		nng->have[far] = true;
		size_set(channel, nng->sockets[far], false, false);
		if (far)
			listen_(channel, nng->sockets[1]);
		else
			dial(channel, nng->sockets[0], channel->peers);
		return;
	}
	try(nng_pair0_open(&nng->sockets[1]), "open");
	nng->have[1] = true;
	size_set(channel, nng->sockets[1], true, true);
	if (channel->role != ROLE_BOTH) {
		nng->sockets[0] = nng->sockets[1];
		if (far)
			listen_(channel, nng->sockets[1]);
		else
			dial(channel, nng->sockets[1], 1);
		return;
	}
	try(nng_pair0_open(&nng->sockets[0]), "open");
	nng->have[0] = true;
	size_set(channel, nng->sockets[0], true, true);
	listen_(channel, nng->sockets[1]);
	dial(channel, nng->sockets[0], 1);
}

/* Its errors are its own; the ones that are errno have the same numbers or a text. */
static int failed(int error)
{
	if (error)
		errno = error & NNG_ESYSERR ? error & ~NNG_ESYSERR : EPROTO;
	return error ? -1 : 0;
}

static int nng_send_(struct channel *channel)
{
	struct nng *nng = channel->state;

	return failed(nng_send(nng->sockets[0], channel->out, channel->len, 0));
}

static int nng_receive(struct channel *channel)
{
	struct nng *nng = channel->state;
	size_t len = channel->len;

	if (failed(nng_recv(nng->sockets[1], channel->in, &len, 0)))
		return -1;
	if (len == channel->len)
		return 0;
	errno = EBADMSG;
	return -1;
}

static void nng_close_(struct channel *channel)
{
	struct nng *nng = channel->state;
	unsigned int i;

	for (i = 0; i < 2; i++)
		if (nng->have[i])
			nng_close(nng->sockets[i]);
	free(nng);
}

const struct rival rival_nng = {
	.name = "nng ipc",
	.does = DOES_SOLO | DOES_ROUND | DOES_STREAM | DOES_STREAM4,
	.duplex = true, .reason = "its queues are in the process, not in the kernel",
	.open = nng_open_, .attach = nng_attach, .send = nng_send_, .receive = nng_receive,
	.close = nng_close_,
};
