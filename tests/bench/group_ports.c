// SPDX-License-Identifier: GPL-2.0-only
/* What it costs that there are many ports, used by turns. */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

/* They are used one at a time, so one pair of buffers does for all. */
void ports_open(struct ports *ports, const struct rival *rival)
{
	*ports = (struct ports){
		.channels = calloc(PORTS_MAX, sizeof(*ports->channels)),
		.lender = { .rival = rival, .len = 64 },
	};
	if (!ports->channels)
		die("no memory");
	channel_lend(&ports->lender);
}

void ports_add(struct ports *ports, unsigned int count)
{
	for (; ports->count < count; ports->count++) {
		struct channel *channel = &ports->channels[ports->count];

		*channel = (struct channel){
			.rival = ports->lender.rival, .len = 64, .depth = 2,
			.number = ports->count,
			.out = ports->lender.out, .in = ports->lender.in,
		};
		channel_open(channel);
		channel_attach(channel, ROLE_BOTH);
	}
	ports->next = 0;
}

void ports_close(struct ports *ports)
{
	while (ports->count)
		channel_close(&ports->channels[--ports->count]);
	free(ports->channels);
	channel_unlend(&ports->lender);
}

static struct channel *turn(struct ports *ports)
{
	struct channel *channel = &ports->channels[ports->next];

	if (++ports->next == ports->count)
		ports->next = 0;
	return channel;
}

static void loop(void *arg, unsigned long n)
{
	struct channel *channel;

	while (n--) {
		channel = turn(arg);
		channel_send(channel);
		channel_receive(channel);
	}
}

static void loop_find(void *arg, unsigned long n)
{
	struct channel *channel;

	while (n--) {
		channel = turn(arg);
		if (channel->rival->find(channel))
			die("%s: port %u is not found", channel->rival->name, channel->number);
	}
}

static void each_count(const struct rival *rival, const char *group, const char *excuse,
		       void (*body)(void *arg, unsigned long n))
{
	static const struct {
		unsigned int count;
		const char *label;
	} cases[] = { { 1, "1" }, { 100, "100" }, { PORTS_MAX, "10000" } };
	struct ports ports;
	struct channel *last;
	const char *wrong;
	unsigned int i;

	if (!excuse)
		ports_open(&ports, rival);
	for (i = 0; i < ARRAY_LEN(cases); i++) {
		if (!case_chosen(group, cases[i].label))
			continue;
		if (excuse) {
			result_excuse(group, cases[i].label, rival, excuse);
			continue;
		}
		ports_add(&ports, cases[i].count);
		last = &ports.channels[ports.count - 1];
		wrong = verify(last, last);
		if (wrong)
			die("%s, %s, %s: %s", group, rival->name, cases[i].label, wrong);
		/* Each of them was used before. */
		body(&ports, ports.count);
		result_figure(group, cases[i].label, rival, measure(body, &ports), 1);
	}
	if (!excuse)
		ports_close(&ports);
}

void group_ports(const struct rival *rival)
{
	each_count(rival, "ports", rival_excuse(rival, DOES_PORTS, 64), loop);
}

void group_find(const struct rival *rival)
{
	each_count(rival, "find", rival->find ? NULL : "has no name", loop_find);
}
