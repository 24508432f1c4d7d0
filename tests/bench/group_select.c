// SPDX-License-Identifier: GPL-2.0-only
/* Send and receive of one type, while messages of another one are queued. */
#include <stdio.h>

#include "bench.h"

static void loop(void *arg, unsigned long n)
{
	struct channel *channel = arg;

	while (n--) {
		channel_send(channel);
		channel_receive(channel);
	}
}

static void check(const struct channel *channel, unsigned int seed, const char *which)
{
	const char *wrong = pattern_check(channel, seed);

	if (wrong)
		die("select, %s, %s: %s", channel->rival->name, which, wrong);
}

static void with_backlog(const struct rival *rival, unsigned int backlog, const char *label)
{
	struct channel channel = { .rival = rival, .len = 64, .depth = backlog + 2 };
	struct figure figure;
	unsigned int i;

	channel_open(&channel);
	channel_attach(&channel, ROLE_BOTH);
	rival->choose(&channel, 1, 0);
	pattern_fill(&channel, 1);
	for (i = 0; i < backlog; i++)
		channel_send(&channel);
	rival->choose(&channel, 2, 2);
	pattern_fill(&channel, 2);
	figure = measure(loop, &channel);
	check(&channel, 2, "the one that was chosen");
	rival->choose(&channel, 1, 0);
	/* Nothing of the backlog has gone, and nothing else is there. */
	for (i = 0; i < backlog; i++) {
		channel_receive(&channel);
		check(&channel, 1, "the backlog");
	}
	channel_close(&channel);
	result_figure("select", label, rival, figure, 1);
}

void group_select(const struct rival *rival)
{
	static const unsigned int backlogs[] = { 10, 1000, 100000 };
	unsigned int i;
	char label[24];

	for (i = 0; i < ARRAY_LEN(backlogs); i++) {
		snprintf(label, sizeof(label), "%u", backlogs[i]);
		if (!case_chosen("select", label))
			continue;
		if (rival->choose)
			with_backlog(rival, backlogs[i], label);
		else
			result_excuse("select", label, rival, "cannot select by type");
	}
}
