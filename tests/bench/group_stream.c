// SPDX-License-Identifier: GPL-2.0-only
/* Processes that only send, and processes that only receive, over one queue. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

#define PAIRS_MAX	4
#define NUMBERED	2048	/* messages that are looked at, of each sender */

/* Of one run, seen by all its processes. */
struct stream {
	struct channel channel;
	unsigned int pairs;
	unsigned long warm;		/* messages before the clock starts */
	unsigned long count;		/* messages that are timed */
	atomic_ulong received;
	atomic_ullong start_ns, end_ns;
	atomic_uint index[3];		/* of the next process of a role */
	int done;
	bool numbered;			/* to be looked at, not timed */
	atomic_uchar seen[PAIRS_MAX][NUMBERED];
	atomic_bool wrong;
};

struct numbered {
	uint32_t sender;
	uint32_t number;
};

static void process_setup(struct stream *stream, struct channel *channel, enum role role)
{
	/* Each has a copy; the buffers are its own since the fork. */
	*channel = stream->channel;
	channel->index = atomic_fetch_add(&stream->index[role], 1);
	channel->peers = stream->pairs;
	pin(role == ROLE_FAR);
	channel_attach(channel, role);
}

static void sender(void *arg)
{
	struct stream *stream = arg;
	unsigned long left = (stream->warm + stream->count) / stream->pairs;
	struct channel channel;
	unsigned int unit, i;
	uint32_t number = 0;

	process_setup(stream, &channel, ROLE_NEAR);
	unit = rival_unit(channel.rival);
	for (; left; left -= unit) {
		for (i = 0; stream->numbered && i < unit; i++) {
			struct numbered message = { channel.index, number++ };

			memcpy(channel.out + i * channel.len, &message, sizeof(message));
		}
		channel_send(&channel);
	}
	/* Its end would be taken for a failure, and its sockets are still in use. */
	process_sleep();
}

/* Each message once, and those of a sender in their order. */
static void look(struct stream *stream, const struct channel *channel, uint32_t next[])
{
	struct numbered message;
	unsigned int i;

	for (i = 0; i < channel->got; i++) {
		memcpy(&message, channel->in + i * channel->len, sizeof(message));
		if (message.sender >= stream->pairs || message.number >= NUMBERED ||
		    message.number < next[message.sender] ||
		    atomic_fetch_add(&stream->seen[message.sender][message.number], 1)) {
			atomic_store(&stream->wrong, true);
			return;
		}
		next[message.sender] = message.number + 1;
	}
}

static void finish(struct stream *stream)
{
	atomic_store(&stream->end_ns, now_ns());
	event_set(stream->done);
}

static void receiver(void *arg)
{
	struct stream *stream = arg;
	unsigned long all = stream->warm + stream->count, before;
	uint32_t next[PAIRS_MAX] = {};
	struct channel channel;

	process_setup(stream, &channel, ROLE_FAR);
	for (;;) {
		channel_receive(&channel);
		if (stream->numbered)
			look(stream, &channel, next);
		before = atomic_fetch_add(&stream->received, channel.got);
		if (before < stream->warm && before + channel.got >= stream->warm)
			atomic_store(&stream->start_ns, now_ns());
		if (before + channel.got == all)
			finish(stream);
	}
}

static void run_stream(struct stream *stream)
{
	pid_t pids[2 * PAIRS_MAX];
	unsigned int i;

	atomic_store(&stream->received, 0);
	memset(stream->index, 0, sizeof(stream->index));
	channel_open(&stream->channel);
	for (i = 0; i < stream->pairs; i++) {
		pids[2 * i] = process_start(receiver, stream);
		pids[2 * i + 1] = process_start(sender, stream);
	}
	event_wait(stream->done);
	for (i = 0; i < 2 * stream->pairs; i++)
		process_end(pids[i]);
	channel_close(&stream->channel);
	stream->channel.out = NULL;
}

static void verify_stream(struct stream *stream, const char *label)
{
	unsigned int i, j;

	stream->numbered = true;
	stream->warm = 0;
	stream->count = 1024 * stream->pairs;
	run_stream(stream);
	for (i = 0; i < stream->pairs; i++)
		for (j = 0; j < 1024; j++)
			if (stream->seen[i][j] != 1)
				stream->wrong = true;
	if (stream->wrong)
		die("stream, %s, %s: a message is missing, twice, or before an earlier one",
		    stream->channel.rival->name, label);
	stream->numbered = false;
}

static double per_message(const struct stream *stream)
{
	return (double)(stream->end_ns - stream->start_ns) / stream->count;
}

static void play(const struct rival *rival, unsigned int pairs, const char *label)
{
	struct stream *stream = shared_new(sizeof(*stream));
	double values[16];
	unsigned int i;

	stream->channel = (struct channel){
		.rival = rival, .len = 64, .depth = 64 / rival_unit(rival), .exact = true,
		.stream = true,
	};
	stream->pairs = pairs;
	stream->done = event_new();
	verify_stream(stream, label);
	/* Multiples of what a sender sends at once. */
	stream->warm = 64 * BATCH;
	stream->count = 64 * BATCH;
	run_stream(stream);
	stream->count *= (unsigned long)(mode->stream_ns / (per_message(stream) *
							    stream->count)) + 1;
	for (i = 0; i < mode->repeats; i++) {
		run_stream(stream);
		values[i] = per_message(stream);
	}
	result_figure("stream", label, rival, median(values, mode->repeats), 1);
	event_free(stream->done);
	shared_free(stream, sizeof(*stream));
}

void group_stream(const struct rival *rival)
{
	static const struct {
		unsigned int pairs, does;
		const char *label;
	} cases[] = {
		{ 1, DOES_STREAM, "1 to 1" },
		{ 4, DOES_STREAM4, "4 to 4" },
	};
	const char *excuse;
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(cases); i++) {
		if (!case_chosen("stream", cases[i].label))
			continue;
		excuse = rival_excuse(rival, cases[i].does, 64);
		if (excuse)
			result_excuse("stream", cases[i].label, rival, excuse);
		else
			play(rival, cases[i].pairs, cases[i].label);
	}
}
