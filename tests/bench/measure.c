// SPDX-License-Identifier: GPL-2.0-only
/* The clock, and how a figure is taken. */
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct figure median(double *values, unsigned int count)
{
	struct figure figure = {};

	qsort(values, count, sizeof(values[0]), by_value);
	figure.value = values[count / 2];
	if (figure.value > 0)
		figure.spread = (values[count - 1] - values[0]) / figure.value;
	return figure;
}

/* Operations timed one by one, the clock's own cost included. */
static void sample(void (*loop)(void *arg, unsigned long n), void *arg, struct figure *figure)
{
	double *values = calloc(mode->samples, sizeof(*values));
	unsigned int count = mode->samples, i;

	if (!values)
		die("no memory");
	/* Slow ones are timed less often. */
	if (count * figure->value > 4 * mode->budget_ns)
		count = 4 * mode->budget_ns / figure->value + 100;
	if (count > mode->samples)
		count = mode->samples;
	for (i = 0; i < count; i++) {
		uint64_t start = now_ns();

		loop(arg, 1);
		values[i] = now_ns() - start;
	}
	qsort(values, count, sizeof(values[0]), by_value);
	figure->p50 = values[count / 2];
	figure->p99 = values[(unsigned long)count * 99 / 100];
	figure->p999 = values[(unsigned long)count * 999 / 1000];
	free(values);
}

/* Until the debugger makes getppid() return 0. */
static struct figure follow(void (*loop)(void *arg, unsigned long n), void *arg)
{
	uint64_t end = now_ns() + mode->follow_ns;
	unsigned int i;

	/* The clock is not read in each of them. */
	while (now_ns() < end) {
		for (i = 0; i < 1000; i++) {
			if (!syscall(SYS_getppid))
				return (struct figure){};
			loop(arg, 1);
		}
	}
	die("no debugger came");
}

/*
 * Warm up until the figure to be expected is known, then repeat. A repetition
 * is long enough for a single interrupt not to matter much.
 */
struct figure measure(void (*loop)(void *arg, unsigned long n), void *arg)
{
	unsigned long count = 8;
	struct figure figure;
	uint64_t start, took;
	double values[16];
	unsigned int i;

	if (mode->follow_ns)
		return follow(loop, arg);
	for (;;) {
		start = now_ns();
		loop(arg, count);
		took = now_ns() - start;
		if (took > mode->budget_ns / 8)
			break;
		count *= 4;
	}
	count = count * mode->budget_ns / took + 1;
	for (i = 0; i < mode->repeats; i++) {
		start = now_ns();
		loop(arg, count);
		values[i] = (double)(now_ns() - start) / count;
	}
	figure = median(values, mode->repeats);
	if (mode->samples)
		sample(loop, arg, &figure);
	return figure;
}

/* To the processor of this number among those that the program may use. */
void pin(unsigned int number)
{
	static cpu_set_t all;
	cpu_set_t set;
	int cpu = -1;

	/* The first call is made before there are other processes. */
	if (!CPU_COUNT(&all) && sched_getaffinity(0, sizeof(all), &all))
		die("sched_getaffinity");
	number %= CPU_COUNT(&all);
	do {
		cpu++;
		if (CPU_ISSET(cpu, &all) && !number--)
			break;
	} while (cpu < CPU_SETSIZE);
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
}
