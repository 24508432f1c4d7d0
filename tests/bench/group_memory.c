// SPDX-License-Identifier: GPL-2.0-only
/* What a queued message, and a port that nobody uses, take of the machine's memory. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

/* So many that what the kernel's caches had or keep does not matter. */
#define MESSAGES	32000

/* Adds up the lines of the file that have this word and a number. */
static unsigned long numbers_of(const char *path, const char *word)
{
	FILE *file = fopen(path, "re");
	unsigned long sum = 0, value;
	char line[256], found[256];

	if (!file)
		die("%s", path);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " %255s %lu", found, &value) == 2 && !strcmp(found, word))
			sum += value;
	fclose(file);
	return sum;
}

/*
 * Pages that are in use. Those that a processor keeps ready are free, but not
 * among the free ones of /proc; and what goes by way of RCU takes its time.
 */
static double pages_taken(void)
{
	FILE *file;

	sleep(1);
	/* Adds up what each processor has counted for itself. */
	file = fopen("/proc/sys/vm/stat_refresh", "we");
	if (!file || fputs("1\n", file) < 0 || fclose(file))
		die("/proc/sys/vm/stat_refresh");
	return -(double)numbers_of("/proc/vmstat", "nr_free_pages") -
	       (double)numbers_of("/proc/zoneinfo", "count:");
}

static struct figure bytes_each(double pages, unsigned int count)
{
	struct figure figure = { .value = pages * sysconf(_SC_PAGESIZE) / count };

	return figure;
}

static void with_size(const struct rival *rival, size_t len, const char *label)
{
	struct channel channel = { .rival = rival, .len = len, .depth = MESSAGES };
	const char *wrong;
	unsigned int i;
	double pages;

	channel_open(&channel);
	channel_attach(&channel, ROLE_BOTH);
	wrong = verify(&channel, &channel);
	if (wrong)
		die("memory, %s, %s: %s", rival->name, label, wrong);
	pattern_fill(&channel, 1);
	pages = pages_taken();
	for (i = 0; i < MESSAGES; i++)
		channel_send(&channel);
	pages = pages_taken() - pages;
	for (i = 0; i < MESSAGES; i++) {
		channel_receive(&channel);
		wrong = pattern_check(&channel, 1);
		if (wrong)
			die("memory, %s, %s: %s", rival->name, label, wrong);
	}
	channel_close(&channel);
	result_figure("memory", label, rival, bytes_each(pages, MESSAGES), 1);
}

static void idle_port(const struct rival *rival, const char *label)
{
	struct ports ports;
	double pages;

	ports_open(&ports, rival);
	/* Tables of file descriptors grow in steps. */
	ports_add(&ports, PORTS_MAX / 10);
	pages = pages_taken();
	ports_add(&ports, PORTS_MAX);
	pages = pages_taken() - pages;
	ports_close(&ports);
	result_figure("memory", label, rival, bytes_each(pages, PORTS_MAX - PORTS_MAX / 10), 1);
}

void group_memory(const struct rival *rival)
{
	const char *excuse;
	unsigned int i;

	for (i = 0; i < size_count; i++) {
		if (!sizes[i].few || !case_chosen("memory", sizes[i].label))
			continue;
		excuse = rival_excuse(rival, DOES_MEMORY, sizes[i].len);
		if (excuse)
			result_excuse("memory", sizes[i].label, rival, excuse);
		else
			with_size(rival, sizes[i].len, sizes[i].label);
	}
	if (!case_chosen("memory", "port"))
		return;
	excuse = rival_excuse(rival, DOES_PORTS, 64);
	if (excuse)
		result_excuse("memory", "port", rival, excuse);
	else
		idle_port(rival, "port");
}
