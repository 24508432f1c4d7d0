// SPDX-License-Identifier: GPL-2.0-only
/* The figures: one line each as they come, and all of them as JSON. */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <json-c/json.h>

#include "bench.h"

struct row {
	const char *group;
	char label[24];
	const struct rival *rival;
	const char *reason;	/* why there is no figure; NULL: there is one */
	struct figure figure;
};

/* Shared with the processes that measure, one after another. */
static struct {
	unsigned int count;
	struct row rows[2000];
} *results;

void result_start(void)
{
	results = shared_new(sizeof(*results));
}

static struct row *row_add(const char *group, const char *label, const struct rival *rival)
{
	struct row *row = &results->rows[results->count];

	if (++results->count > ARRAY_LEN(results->rows))
		die("too many figures");
	row->group = group;
	snprintf(row->label, sizeof(row->label), "%s", label);
	row->rival = rival;
	return row;
}

/* A figure of several messages is divided by their number. */
void result_figure(const char *group, const char *label, const struct rival *rival,
		   struct figure figure, double divisor)
{
	figure.value /= divisor;
	figure.p50 /= divisor;
	figure.p99 /= divisor;
	figure.p999 /= divisor;
	row_add(group, label, rival)->figure = figure;
	printf("%-8s %-14s %-21s %12.1f", group, label, rival->name, figure.value);
	if (figure.p50 > 0)
		printf("   p50 %.0f p99 %.0f p99.9 %.0f", figure.p50, figure.p99, figure.p999);
	putchar('\n');
	fflush(stdout);
}

void result_excuse(const char *group, const char *label, const struct rival *rival,
		   const char *reason)
{
	row_add(group, label, rival)->reason = reason;
}

static void add(json_object *object, const char *key, double value, const char *format)
{
	char text[40];

	snprintf(text, sizeof(text), format, value);
	json_object_object_add(object, key, json_object_new_double_s(value, text));
}

static json_object *row_json(const struct row *row)
{
	json_object *object = json_object_new_object();

	json_object_object_add(object, "group", json_object_new_string(row->group));
	json_object_object_add(object, "case", json_object_new_string(row->label));
	json_object_object_add(object, "rival", json_object_new_string(row->rival->name));
	json_object_object_add(object, "mailbox", json_object_new_boolean(row->rival->mailbox));
	json_object_object_add(object, "floor", json_object_new_boolean(row->rival->floor));
	if (row->reason) {
		json_object_object_add(object, "skip", json_object_new_string(row->reason));
		return object;
	}
	add(object, "value", row->figure.value, "%.1f");
	add(object, "spread", row->figure.spread, "%.4f");
	if (row->figure.p50 > 0) {
		add(object, "p50", row->figure.p50, "%.1f");
		add(object, "p99", row->figure.p99, "%.1f");
		add(object, "p99.9", row->figure.p999, "%.1f");
	}
	return object;
}

static json_object *all_json(void)
{
	json_object *root = json_object_new_object(), *list = json_object_new_array();
	struct utsname name;
	unsigned int i;

	if (uname(&name))
		die("uname");
	json_object_object_add(root, "version", json_object_new_int(1));
	json_object_object_add(root, "mode", json_object_new_string(mode->name));
	json_object_object_add(root, "unit", json_object_new_string(mode->unit));
	json_object_object_add(root, "kernel", json_object_new_string(name.release));
	json_object_object_add(root, "machine", json_object_new_string(name.machine));
	json_object_object_add(root, "cpus", json_object_new_int(sysconf(_SC_NPROCESSORS_ONLN)));
	json_object_object_add(root, "partial", json_object_new_boolean(!all_chosen()));
	json_object_object_add(root, "repeats", json_object_new_int(mode->repeats));
	json_object_object_add(root, "results", list);
	for (i = 0; i < results->count; i++)
		json_object_array_add(list, row_json(&results->rows[i]));
	return root;
}

/* As one line; "-" is the standard output. Ends the program if it cannot be. */
void result_write(const char *path)
{
	json_object *root = all_json();
	const char *text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN);
	FILE *file;
	int written;

	fflush(stdout);
	file = strcmp(path, "-") ? fopen(path, "we") : fdopen(dup(STDOUT_FILENO), "w");
	if (!file)
		die("%s", path);
	written = fprintf(file, "%s\n", text);
	if (fclose(file) || written < 0)
		die("%s: cannot be written", path);
	json_object_put(root);
}
