// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fuzzer of the whole ABI, guided by coverage, that runs inside the virtual
 * machine; tests/fuzz/run starts it, reads what it prints and keeps that.
 *
 *   abi fuzz [--seed N] [--time SECONDS] [--corpus FILE]
 *   abi replay FILE [--times N]	run the programs of a file, again and again
 *   abi expand FILE --seed N		the programs of the batch N, without running
 *					them, after those that are in FILE
 *   abi templates			what a search begins with if no program is known
 *   abi show FILE			for people
 *
 * What it prints are lines that begin with @:
 *
 *   @section NAME OFFSET	where the module's code is
 *   @batch SEED COUNT		what comes now is made of COUNT kept programs
 *   @keep HEX			a program that reached something new
 *   @pc OFFSET...		code that was reached for the first time
 *   @status EXECUTIONS PCS SIGNALS KEPT COMPLAINTS
 *   @crash TITLE / @program HEX... / @log TEXT... / @end
 *				something is wrong, and what ran before it
 *   @complaint TITLE / @program HEX	a broken rule that harms nobody
 *
 * A batch is made from its seed and from the programs that were kept before it,
 * and from nothing else: so that it can be made again when the machine dies.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "execute.h"
#include "kernel.h"

#define BATCH		64
#define KEPT_MAX	20000
#define CODE_MAX	(1U << 20)
#define SIGNALS		(1U << 21)
#define COMPLAINTS	200

/* Exit statuses. */
#define FOUND		3

struct program *kept;
static unsigned int kept_count;

static struct program batch[BATCH];

static uint8_t code_seen[CODE_MAX / 8];
static uint8_t signal_seen[SIGNALS / 8];
static unsigned int code_count, signal_count;
static unsigned long executions, complaints;

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* --- what was reached -------------------------------------------------------- */

static bool mark(uint8_t *map, uint32_t bit)
{
	bool fresh = !(map[bit / 8] & 1 << bit % 8);

	map[bit / 8] |= 1 << bit % 8;
	return fresh;
}

static uint32_t mix(uint64_t a, uint64_t b)
{
	uint64_t x = (a * 0x9E3779B97F4A7C15ULL) ^ (b * 0xC2B2AE3D27D4EB4FULL);

	return (x ^ x >> 29) * 0xBF58476D1CE4E5B9ULL >> 43;
}

_Static_assert(SIGNALS == 1U << 21, "mix() gives 21 bits");

/* The edges of each actor, and each call's results. How many were new? */
static unsigned int collect(bool print)
{
	unsigned int fresh = 0, actor, i;
	unsigned int codes = 0;

	for (actor = 0; actor < COVERS; actor++) {
		uint64_t count = __atomic_load_n(&cover[actor][0], __ATOMIC_RELAXED);
		uint32_t previous = 0;

		if (count >= COVER_ENTRIES)
			count = COVER_ENTRIES - 1;
		for (i = 1; i <= count; i++) {
			uint32_t code = kernel_code(cover[actor][i]);

			if (code >= CODE_MAX)
				continue;
			if (mark(code_seen, code)) {
				code_count++;
				if (print)
					printf(codes++ ? " %x" : "@pc %x", code);
			}
			fresh += mark(signal_seen, mix(code, previous));
			previous = code;
		}
	}
	if (codes)
		putchar('\n');
	for (i = 0; i < run->program.count; i++)
		if (run->ran[i] && run->results[i] < 0)
			fresh += mark(signal_seen, mix(1 + run->program.records[i].op,
						       run->results[i]));
	signal_count += fresh;
	return fresh;
}

/* --- findings ----------------------------------------------------------------- */

static void print_program(const struct program *program)
{
	printf("@program ");
	program_write(program, stdout);
	putchar('\n');
}

static void print_batch(const struct program *programs, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		print_program(&programs[i]);
}

/* The last of @programs was running. What is known is printed, and that is all. */
static void crash(const char *title, const struct program *programs, unsigned int count)
{
	printf("@crash %s\n", title);
	print_batch(programs, count);
	printf("@end\n");
	fflush(stdout);
}

static void complain(const struct program *program)
{
	if (complaints++ > COMPLAINTS)
		return;
	printf("@complaint %s\n", run->complaint);
	print_program(program);
}

/* Run the last of @programs and look for what is wrong. True: go on. */
static bool try(const struct program *programs, unsigned int count)
{
	const struct program *program = &programs[count - 1];
	char title[300];

	executions++;
	if (!execute(program)) {
		printf("@log processes that do not end\n");
		kernel_stacks();
		kernel_fault(title, sizeof(title));
		crash("processes that were killed do not end", programs, count);
		return false;
	}
	if (kernel_fault(title, sizeof(title))) {
		crash(title, programs, count);
		return false;
	}
	if (run->complained)
		complain(program);
	return true;
}

/* --- the search ----------------------------------------------------------------- */

static void print_kept(const struct program *program)
{
	printf("@keep ");
	program_write(program, stdout);
	putchar('\n');
}

static void keep(const struct program *program)
{
	if (kept_count == KEPT_MAX)
		return;
	kept[kept_count++] = *program;
	print_kept(program);
}

/* From @seed and the @kept programs only. */
static void make_batch(uint64_t seed, unsigned int known)
{
	struct random random = { .state = seed * 0x9E3779B97F4A7C15ULL | 1 };
	unsigned int i;

	for (i = 0; i < 8; i++)
		random_below(&random, 2);
	for (i = 0; i < BATCH; i++) {
		unsigned int at, other;

		if (!known || random_below(&random, 100) < 10) {
			program_generate(&batch[i], &random);
			continue;
		}
		/* The younger half as often as all of them. */
		at = random_below(&random, 2) ? random_below(&random, known) :
						 known - 1 - random_below(&random, (known + 1) / 2);
		other = random_below(&random, known);
		batch[i] = kept[at];
		program_mutate(&batch[i], &kept[other], &random);
	}
}

/* Without the records that never ran. */
static void shorten(struct program *program)
{
	unsigned int at;

	for (at = program->count; at-- > 0;)
		if (!run->ran[at] && program->count > 1)
			program_cut(program, at);
}

/* Where there is nothing to begin with: how things are meant to be used. */
static void keep_templates(void)
{
	for (kept_count = 0; kept_count < template_count; kept_count++)
		program_template(&kept[kept_count], kept_count);
}

static bool idle(const struct program *programs, unsigned int count)
{
	char title[300];

	if (kernel_idle(title, sizeof(title)))
		return true;
	kernel_stacks();
	crash(title, programs, count);
	return false;
}

static void status(void)
{
	printf("@status %lu %u %u %u %lu\n", executions, code_count, signal_count, kept_count,
	       complaints);
	fflush(stdout);
}

static int fuzz(uint64_t seed, double seconds)
{
	static struct program found[BATCH];
	double end = now_s() + seconds, told = 0;
	unsigned int i, found_count, start;

	if (!kept_count) {
		keep_templates();
		for (i = 0; i < kept_count; i++)
			print_kept(&kept[i]);
	}
	start = kept_count;
	kernel_init();
	execute_init();
	kernel_print_sections();
	if (!kernel_idle((char[300]){}, 300)) {
		fprintf(stderr, "abi: something uses the module already\n");
		return 2;
	}

	/* What others found before, first: all of it, for the coverage. */
	for (i = 0; i < start && now_s() < end; i++) {
		if (!try(&kept[i / BATCH * BATCH], i % BATCH + 1))
			return FOUND;
		collect(true);
		if (i % BATCH == BATCH - 1 && !idle(&kept[i / BATCH * BATCH], BATCH))
			return FOUND;
		if (now_s() - told >= 1) {
			told = now_s();
			status();
		}
	}
	/* The time may have come in the middle of a batch. */
	if (!idle(&kept[i - i % BATCH], i % BATCH))
		return FOUND;
	while (now_s() < end) {
		seed++;
		printf("@batch %llu %u\n", (unsigned long long)seed, kept_count);
		fflush(stdout);
		make_batch(seed, kept_count);
		found_count = 0;
		for (i = 0; i < BATCH; i++) {
			if (!try(batch, i + 1))
				return FOUND;
			if (collect(true)) {
				found[found_count] = batch[i];
				shorten(&found[found_count++]);
			}
			if (now_s() - told >= 1) {
				told = now_s();
				status();
			}
		}
		if (!idle(batch, BATCH))
			return FOUND;
		for (i = 0; i < found_count; i++)
			keep(&found[i]);
	}
	status();
	printf("@done\n");
	return 0;
}

/* --- files ----------------------------------------------------------------------- */

static void read_programs(const char *path)
{
	static char line[RECORDS_MAX * sizeof(struct record) * 2 + 16];
	FILE *file = fopen(path, "re");

	if (!file) {
		perror(path);
		exit(2);
	}
	while (kept_count < KEPT_MAX && fgets(line, sizeof(line), file)) {
		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (!program_read(&kept[kept_count], line)) {
			fprintf(stderr, "abi: %s: not a program: %.60s\n", path, line);
			exit(2);
		}
		kept_count++;
	}
	fclose(file);
}

static void print_results(void)
{
	unsigned int i;

	for (i = 0; i < run->program.count; i++)
		printf("%2u %-14s %s%ld\n", i, op_name(run->program.records[i].op),
		       run->ran[i] ? "" : "not run ", run->results[i]);
}

static int replay(unsigned int times)
{
	unsigned int i, time;

	kernel_init();
	execute_init();
	kernel_print_sections();
	for (time = 0; time < times; time++) {
		for (i = 0; i < kept_count; i++) {
			if (!try(kept, i + 1))
				return FOUND;
			collect(true);
			if (times == 1)
				print_results();
		}
		if (!idle(kept, kept_count))
			return FOUND;
		status();
	}
	if (times > 1)
		print_results();
	printf("@done\n");
	return complaints ? FOUND : 0;
}

static void usage(void)
{
	fprintf(stderr, "usage: abi fuzz|replay|expand|templates|show [FILE] [--seed N] [--time S]"
		" [--times N] [--corpus FILE]\n");
	exit(2);
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	uint64_t seed = time(NULL);
	unsigned int times = 20, i;
	double seconds = 60;
	int arg;

	/* Not copied when a process is forked. */
	kept = mmap(NULL, KEPT_MAX * sizeof(*kept), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (kept == MAP_FAILED)
		return 2;
	for (arg = 2; arg < argc; arg++) {
		if (argv[arg][0] != '-') {
			read_programs(argv[arg]);
			continue;
		}
		if (arg + 1 == argc)
			usage();
		if (!strcmp(argv[arg], "--seed"))
			seed = strtoull(argv[++arg], NULL, 10);
		else if (!strcmp(argv[arg], "--time"))
			seconds = atof(argv[++arg]);
		else if (!strcmp(argv[arg], "--times"))
			times = atoi(argv[++arg]);
		else if (!strcmp(argv[arg], "--corpus"))
			read_programs(argv[++arg]);
		else
			usage();
	}
	if (!strcmp(verb, "fuzz"))
		return fuzz(seed, seconds);
	if (!strcmp(verb, "replay"))
		return replay(times);
	if (!strcmp(verb, "expand")) {
		make_batch(seed, kept_count);
		print_batch(batch, BATCH);
		return 0;
	}
	if (!strcmp(verb, "templates")) {
		keep_templates();
		print_batch(kept, kept_count);
		return 0;
	}
	if (!strcmp(verb, "show")) {
		for (i = 0; i < kept_count; i++) {
			printf("program %u\n", i);
			program_print(&kept[i], stdout);
		}
		return 0;
	}
	usage();
}
