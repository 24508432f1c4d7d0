// SPDX-License-Identifier: GPL-2.0-only
/* One process asks another, and has its answer. */
#include <stdio.h>
#include <string.h>

#include "bench.h"

struct round {
	struct channel *there, *back;
	bool copy;	/* answer with the question, for who verifies */
	int done;
	struct figure *figure;
};

static void answer(void *arg)
{
	struct round *round = arg;

	pin(1);
	channel_attach(round->there, ROLE_FAR);
	if (round->back != round->there)
		channel_attach(round->back, ROLE_NEAR);
	for (;;) {
		channel_receive(round->there);
		if (round->copy)
			memcpy(round->back->out, round->there->in, round->there->len);
		channel_send(round->back);
	}
}

static void loop(void *arg, unsigned long n)
{
	struct round *round = arg;

	while (n--) {
		channel_send(round->there);
		channel_receive(round->back);
	}
}

/* Both ends are children, since libraries with threads must not be forked. */
static void ask(void *arg)
{
	struct round *round = arg;
	const char *wrong = NULL;

	pin(0);
	channel_attach(round->there, ROLE_NEAR);
	if (round->back != round->there)
		channel_attach(round->back, ROLE_FAR);
	if (round->copy)
		wrong = verify(round->there, round->back);
	else
		*round->figure = measure(loop, round);
	if (wrong)
		die("round trip, %s, %zu bytes: %s", round->there->rival->name,
		    round->there->len, wrong);
	event_set(round->done);
	process_sleep();
}

static struct figure play(const struct rival *rival, size_t len, bool copy)
{
	struct channel channels[2] = {
		{ .rival = rival, .len = len, .depth = 2, .peers = 1 },
		{ .rival = rival, .len = len, .depth = 2, .peers = 1, .number = 1 },
	};
	struct round round = {
		.there = &channels[0], .back = &channels[!rival->duplex], .copy = copy,
		.done = event_new(), .figure = shared_new(sizeof(*round.figure)),
	};
	struct figure figure;
	pid_t pids[2];

	channel_open(round.there);
	if (!rival->duplex)
		channel_open(round.back);
	pids[0] = process_start(answer, &round);
	pids[1] = process_start(ask, &round);
	event_wait(round.done);
	process_end(pids[1]);
	process_end(pids[0]);
	figure = *round.figure;
	channel_close(round.there);
	if (!rival->duplex)
		channel_close(round.back);
	event_free(round.done);
	shared_free(round.figure, sizeof(*round.figure));
	return figure;
}

void group_round(const struct rival *rival)
{
	const char *excuse;
	unsigned int i;

	for (i = 0; i < size_count; i++) {
		if (!sizes[i].few || !case_chosen("round", sizes[i].label))
			continue;
		excuse = rival_excuse(rival, DOES_ROUND, sizes[i].len);
		if (excuse) {
			result_excuse("round", sizes[i].label, rival, excuse);
			continue;
		}
		play(rival, sizes[i].len, true);
		result_figure("round", sizes[i].label, rival,
			      play(rival, sizes[i].len, false), 1);
	}
}
