// SPDX-License-Identifier: GPL-2.0-only
/* Channels: their buffers, and what ends the program when they fail. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static char *buffer_new(size_t size)
{
	char *base;

	if (posix_memalign((void **)&base, 4096, HEADROOM + size))
		die("no memory for a buffer of %zu bytes", size);
	/* Present before anything is measured. */
	memset(base, 0, HEADROOM + size);
	return base + HEADROOM;
}

/* The buffers of many channels of the same kind, which are used one by one. */
void channel_lend(struct channel *lender)
{
	size_t size = lender->len * rival_unit(lender->rival);

	lender->out = buffer_new(size);
	lender->in = buffer_new(size);
}

void channel_unlend(struct channel *lender)
{
	free(lender->out - HEADROOM);
	free(lender->in - HEADROOM);
	lender->out = NULL;
}

void channel_open(struct channel *channel)
{
	channel->lent = channel->out;
	if (!channel->lent)
		channel_lend(channel);
	channel->got = rival_unit(channel->rival);
	channel->fd[0] = -1;
	channel->fd[1] = -1;
	channel->state = NULL;
	channel->rival->open(channel);
}

void channel_attach(struct channel *channel, enum role role)
{
	channel->role = role;
	if (channel->rival->attach)
		channel->rival->attach(channel);
}

void channel_close(struct channel *channel)
{
	channel->rival->close(channel);
	if (!channel->lent)
		channel_unlend(channel);
}

void channel_send(struct channel *channel)
{
	if (channel->rival->send(channel))
		die("%s: cannot send %zu bytes", channel->rival->name, channel->len);
}

void channel_receive(struct channel *channel)
{
	if (channel->rival->receive(channel))
		die("%s: cannot receive %zu bytes", channel->rival->name, channel->len);
}

const char *rival_excuse(const struct rival *rival, unsigned int does, size_t len)
{
	if (rival->does & does && (!rival->len_max || len <= rival->len_max))
		return NULL;
	return rival->reason;
}
