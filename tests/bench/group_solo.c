// SPDX-License-Identifier: GPL-2.0-only
/* One process sends a message and receives it. */
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

static void with_size(const struct rival *rival, const struct size *size)
{
	struct channel channel = { .rival = rival, .len = size->len, .depth = 2 };
	const char *wrong;

	channel_open(&channel);
	channel_attach(&channel, ROLE_BOTH);
	wrong = verify(&channel, &channel);
	if (wrong)
		die("solo, %s, %s: %s", rival->name, size->label, wrong);
	result_figure("solo", size->label, rival, measure(loop, &channel), rival_unit(rival));
	channel_close(&channel);
}

void group_solo(const struct rival *rival)
{
	const char *excuse;
	unsigned int i;

	for (i = 0; i < size_count; i++) {
		if (!case_chosen("solo", sizes[i].label))
			continue;
		excuse = rival_excuse(rival, DOES_SOLO, sizes[i].len);
		if (excuse)
			result_excuse("solo", sizes[i].label, rival, excuse);
		else
			with_size(rival, &sizes[i]);
	}
}
