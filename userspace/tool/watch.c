// SPDX-License-Identifier: GPL-2.0-only
/* watch: follow ports, their lengths, rates and sleepers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

#define SLEEPERS_SHOWN	8

static const struct option_text options[] = {
	{ "interval", 'i', "DURATION", "time between two looks (default 1s)" },
	{ "count", 'n', "N", "end after N looks" },
	{ "json", 'j', NULL, "a line of JSON for each port and look" },
	{ 0 },
};

/* What one look saw, in the order of the arguments, or of the names. */
struct look {
	uint64_t time_ns;
	struct mailbox_port_status *ports;
	size_t count;
	size_t room;
};

struct watching {
	struct mailbox *mb;
	char **names;		/* empty: all ports */
	int names_count;
	bool json;
	bool terminal;
	struct look now, before;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static struct mailbox_port_status *look_room(struct look *look)
{
	if (look->count == look->room) {
		look->room = look->room ? 2 * look->room : 16;
		look->ports = reallocarray(look->ports, look->room,
					   sizeof(*look->ports));
		if (!look->ports)
			fail_op(NULL, ENOMEM, MAILBOX_OP_STAT);
	}
	return &look->ports[look->count];
}

static void look_at_all(struct watching *watching)
{
	struct look *look = &watching->now;
	struct mailbox_list *list;
	int ret;

	list = mailbox_list_open(watching->mb);
	if (!list)
		fail_op(NULL, errno, MAILBOX_OP_LIST);
	while ((ret = mailbox_list_next(list, look_room(look))) > 0)
		look->count++;
	if (ret < 0)
		fail_op(NULL, errno, MAILBOX_OP_LIST);
	mailbox_list_close(list);
}

static void look_at_names(struct watching *watching)
{
	struct look *look = &watching->now;
	int i;

	for (i = 0; i < watching->names_count; i++) {
		if (mailbox_port_stat(watching->mb, watching->names[i],
				      look_room(look)) < 0)
			fail_op(watching->names[i], errno, MAILBOX_OP_STAT);
		look->count++;
	}
}

/* The same port at the look before. Both looks have the same order. */
static const struct mailbox_port_status *
find_before(const struct watching *watching,
	    const struct mailbox_port_status *port, size_t *at)
{
	const struct look *before = &watching->before;
	size_t i;

	for (i = *at; i < before->count; i++) {
		if (before->ports[i].id == port->id) {
			*at = watching->names_count ? i : i + 1;
			return &before->ports[i];
		}
		if (!watching->names_count &&
		    strcmp(before->ports[i].name, port->name) >= 0)
			break;
	}
	if (!watching->names_count)
		*at = i;
	return NULL;
}

static void print_sleepers(const struct mailbox_waiter *waiters, size_t count,
			   uint32_t asleep, uint32_t direction, const char *what)
{
	size_t shown = 0, i;
	char name[32];

	if (!asleep)
		return;
	printf("  %s:", what);
	for (i = 0; i < count && shown < SLEEPERS_SHOWN; i++) {
		if (waiters[i].direction != direction)
			continue;
		printf(" %u", waiters[i].pid);
		if (*process_name(waiters[i].pid, name))
			printf("(%s)", name);
		shown++;
	}
	if (asleep > shown)
		printf(" and %zu more", asleep - shown);
}

static void print_rate(const struct mailbox_port_status *before, uint64_t count,
		       uint64_t count_before, double seconds)
{
	if (before && seconds > 0)
		printf(" %9.1f", (double)(count - count_before) / seconds);
	else
		printf(" %9s", "-");
}

static void print_header(void)
{
	printf("%-20s %7s %10s %7s %7s %9s %9s %7s %7s  ASLEEP\n", "NAME",
	       "QUEUED", "BYTES", "LEASED", "DROPPED", "SENT/S", "RECVD/S",
	       "SENDERS", "RECVERS");
}

static void print_port(const struct watching *watching,
		       const struct mailbox_port_status *port,
		       const struct mailbox_port_status *before)
{
	static struct mailbox_waiter waiters[MAILBOX_WAITERS_MAX];
	double seconds = (double)(watching->now.time_ns -
				  watching->before.time_ns) / (double)NS_PER_S;
	char name[TEXT_NAME_SIZE];
	struct json_object *object;
	ssize_t count = 0;

	/* It may be gone meanwhile; then nobody sleeps there any more. */
	if (port->senders_waiting || port->receivers_waiting)
		count = mailbox_port_waiters(watching->mb, port->name, waiters,
					     ARRAY_SIZE(waiters), NULL);
	if (count < 0)
		count = 0;

	if (!watching->json) {
		printf("%s %7ju %10ju %7u %7ju", text_name(port->name, name, 20),
		       (uintmax_t)port->messages, (uintmax_t)port->bytes,
		       port->leased, (uintmax_t)port->dropped);
		print_rate(before, port->sent, before ? before->sent : 0,
			   seconds);
		print_rate(before, port->received,
			   before ? before->received : 0, seconds);
		printf(" %7u %7u", port->senders, port->receivers);
		print_sleepers(waiters, (size_t)count, port->senders_waiting,
			       MAILBOX_WAITER_SENDER, "send");
		print_sleepers(waiters, (size_t)count, port->receivers_waiting,
			       MAILBOX_WAITER_RECEIVER, "recv");
		putchar('\n');
		return;
	}

	object = status_json(port);
	json_add_u64(object, "time_ns", watching->now.time_ns);
	if (before && seconds > 0) {
		json_object_object_add(object, "sent_per_s",
			json_object_new_double((double)(port->sent -
					before->sent) / seconds));
		json_object_object_add(object, "received_per_s",
			json_object_new_double((double)(port->received -
					before->received) / seconds));
	}
	json_add_waiters(object, waiters, (size_t)count);
	if (output_json(object) < 0)
		exit(EXIT_FAILED);
}

static void look(struct watching *watching)
{
	const struct mailbox_port_status *before;
	struct look *now = &watching->now;
	struct look older;
	size_t at = 0, i;

	older = watching->before;
	watching->before = watching->now;
	watching->now = older;
	now->count = 0;
	now->time_ns = now_ns();
	if (watching->names_count)
		look_at_names(watching);
	else
		look_at_all(watching);

	if (watching->terminal) {
		/* Home, and clear from there on. */
		fputs("\033[H\033[J", stdout);
		print_header();
	}
	for (i = 0; i < now->count; i++) {
		if (watching->names_count)
			at = 0;
		before = find_before(watching, &now->ports[i], &at);
		print_port(watching, &now->ports[i], before);
	}
	if (output_finish())
		exit(EXIT_FAILED);
}

/* Sleeps; a signal that ends this program ends the sleep. */
static void pause_until(uint64_t deadline_ns)
{
	struct timespec until = {
		.tv_sec = (time_t)(deadline_ns / NS_PER_S),
		.tv_nsec = (long)(deadline_ns % NS_PER_S),
	};

	while (!stop_signals && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME,
						&until, NULL) == EINTR)
		;
}

static int run(struct args *args)
{
	struct watching watching = { 0 };
	uint64_t interval_ns = NS_PER_S;
	uint64_t count = UINT64_MAX;
	int key;

	while ((key = args_next(args)) != -1) {
		switch (key) {
		case 'i':
			interval_ns = value_duration_ns(args);
			if (interval_ns < 10 * 1000 * 1000)
				usage_error("watch",
					    "the interval is 10ms or more");
			break;
		case 'n':
			count = value_number(args, 1, UINT64_MAX);
			break;
		case 'j':
			watching.json = true;
			break;
		}
	}
	watching.names = args->argv;
	watching.names_count = args->argc;
	watching.terminal = !watching.json && isatty(STDOUT_FILENO);

	stop_on_signals();
	stop_on_output_gone();
	watching.mb = mailbox_open(NULL, MAILBOX_OPEN_CONTROL);
	if (!watching.mb)
		fail_op(NULL, errno, MAILBOX_OP_OPEN);

	if (!watching.terminal && !watching.json)
		print_header();
	while (!stop_signals && count--) {
		look(&watching);
		if (count)
			pause_until(mailbox_deadline_after(interval_ns));
	}

	mailbox_close(watching.mb);
	free(watching.now.ports);
	free(watching.before.ports);
	return 0;
}

const struct verb verb_watch = {
	.name = "watch",
	.args = "[PORT...]",
	.summary = "follow ports: lengths, rates, who sleeps there",
	.text =
"Without a PORT it follows all of them. On a terminal the table is drawn anew\n"
"each time, elsewhere every look adds its lines. SIGINT ends it with status 0.\n"
"It does not use the ports, and so wakes nobody and keeps nothing alive.\n",
	.options = { options },
	.run = run,
};
