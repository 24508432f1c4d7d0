// SPDX-License-Identifier: GPL-2.0-only
/* Whether a channel carries what it is given: looked at outside of measured loops. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

static unsigned char pattern(unsigned int seed, size_t position)
{
	return seed * 167 + position * 31 + (position >> 8) * 13 + 1;
}

void pattern_fill(struct channel *channel, unsigned int seed)
{
	size_t size = channel->len * rival_unit(channel->rival), i;

	for (i = 0; i < size; i++)
		channel->out[i] = pattern(seed, i);
}

/* What is wrong with what was received; NULL if nothing is. */
const char *pattern_check(const struct channel *channel, unsigned int seed)
{
	size_t size = channel->len * rival_unit(channel->rival), i;
	static char text[100];

	for (i = 0; i < size; i++) {
		if ((unsigned char)channel->in[i] == pattern(seed, i))
			continue;
		snprintf(text, sizeof(text), "byte %zu of message %u is 0x%02x, not 0x%02x", i,
			 seed, (unsigned char)channel->in[i], pattern(seed, i));
		return text;
	}
	return NULL;
}

static const char *receive_and_check(struct channel *channel, unsigned int seed)
{
	if (channel->rival->receive(channel))
		return strerror(errno);
	return pattern_check(channel, seed);
}

/*
 * What is wrong, or NULL: one message at a time, and with only one channel,
 * two at a time, so that order counts. The far end, if there is another, hands
 * back what it receives.
 */
const char *verify(struct channel *there, struct channel *back)
{
	unsigned int ahead = there->role == ROLE_BOTH ? 2 : 1;
	unsigned int seed, i;
	const char *wrong;

	if (there->rival->floor)
		return NULL;
	for (seed = 1; seed < 6; seed += ahead) {
		/* Before sending: what is a call has its answer by then. */
		memset(back->in, 0, back->len * rival_unit(back->rival));
		for (i = 0; i < ahead; i++) {
			pattern_fill(there, seed + i);
			if (there->rival->send(there))
				return strerror(errno);
		}
		for (i = 0; i < ahead; i++) {
			wrong = receive_and_check(back, seed + i);
			if (wrong)
				return wrong;
		}
	}
	return NULL;
}

/* --- does it see what is wrong? --- */

enum { PLANT_NOTHING, PLANT_BYTE, PLANT_SHORT, PLANT_TWICE, PLANT_ORDER, PLANT_EMPTY, PLANTS };

static const char *const plant_names[PLANTS] = {
	"nothing", "a wrong byte", "a short message", "a message twice", "a wrong order",
	"nothing received",
};

static char plant_queue[8][64];
static unsigned int planted, plant_sent, plant_received;

static void plant_open(struct channel *channel)
{
	(void)channel;
	plant_sent = 0;
	plant_received = 0;
}

static void plant_close(struct channel *channel)
{
	(void)channel;
}

static int plant_send(struct channel *channel)
{
	memcpy(plant_queue[plant_sent++ % 8], channel->out, 64);
	return 0;
}

static int plant_receive(struct channel *channel)
{
	unsigned int at = plant_received++;

	if (planted == PLANT_EMPTY)
		return 0;
	if (planted == PLANT_TWICE && at == 1)
		at = 0;
	if (planted == PLANT_ORDER)
		at ^= 1;
	memcpy(channel->in, plant_queue[at % 8], 64);
	if (planted == PLANT_BYTE && at == 3)
		channel->in[63]++;
	if (planted == PLANT_SHORT && at == 2) {
		errno = EBADMSG;
		return -1;
	}
	return 0;
}

/* Returns 0 if exactly what is wrong is found to be. */
int self_test(void)
{
	static const struct rival rival = {
		.name = "planted", .does = DOES_ALL, .open = plant_open, .send = plant_send,
		.receive = plant_receive, .close = plant_close,
	};
	struct channel channel = { .rival = &rival, .len = 64, .depth = 2 };
	const char *wrong;
	int status = 0;

	for (planted = 0; planted < PLANTS; planted++) {
		channel.out = NULL;
		channel.in = NULL;
		channel_open(&channel);
		wrong = verify(&channel, &channel);
		if (!wrong != (planted == PLANT_NOTHING)) {
			printf("self-test: %s: %s\n", plant_names[planted],
			       wrong ? wrong : "not seen");
			status = 1;
		}
		channel_close(&channel);
	}
	puts(status ? "self-test: the verification is blind" : "self-test: ok");
	return status;
}
