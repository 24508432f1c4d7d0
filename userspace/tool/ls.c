// SPDX-License-Identifier: GPL-2.0-only
/* ls and stat: look at ports. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

static const struct option_text options[] = {
	{ "json", 'j', NULL, "as JSON: one object a line for each port" },
	{ 0 },
};

static void put_json(struct json_object *object)
{
	if (output_json(object) < 0)
		fail("cannot write the output: %s", strerror(errno));
}

static void print_line(const struct mailbox_port_status *status, size_t width)
{
	char name[TEXT_NAME_SIZE], user[32], group[32], capacity[16], letters[8];

	printf("%s  %04o  %-8s %-8s %10s %7ju %10ju %7u %7ju %7u %7u %7u %7u  %s\n",
	       text_name(status->name, name, width), status->mode,
	       user_name(status->uid, user), group_name(status->gid, group),
	       status_capacity(status, capacity),
	       (uintmax_t)status->messages, (uintmax_t)status->bytes,
	       status->leased, (uintmax_t)status->dropped,
	       status->senders, status->senders_waiting,
	       status->receivers, status->receivers_waiting,
	       status_letters(status, letters));
}

static int run_ls(struct args *args)
{
	struct mailbox_port_status *ports = NULL;
	size_t count = 0, room = 0, i;
	struct mailbox_list *list;
	bool json = false;
	size_t width = 12;
	int ret;

	while (args_next(args) != -1)
		json = true;
	args_none(args);

	list = mailbox_list_open(NULL);
	if (!list)
		fail_op(NULL, errno, MAILBOX_OP_LIST);

	/* All of them first: the width of the table depends on the names. */
	for (;;) {
		if (count == room) {
			room = room ? 2 * room : 64;
			ports = reallocarray(ports, room, sizeof(*ports));
			if (!ports)
				fail_op(NULL, ENOMEM, MAILBOX_OP_LIST);
		}
		ret = mailbox_list_next(list, &ports[count]);
		if (ret <= 0)
			break;
		if (text_width(ports[count].name) > width)
			width = text_width(ports[count].name);
		count++;
	}
	if (ret < 0)
		fail_op(NULL, errno, MAILBOX_OP_LIST);
	mailbox_list_close(list);

	if (!json)
		printf("%-*s  MODE  OWNER    GROUP      CAPACITY  QUEUED      "
		       "BYTES  LEASED DROPPED SENDERS  ASLEEP RECVERS  ASLEEP\n",
		       (int)width, "NAME");
	for (i = 0; i < count; i++) {
		if (json)
			put_json(status_json(&ports[i]));
		else
			print_line(&ports[i], width);
	}
	free(ports);
	return output_finish();
}

const struct verb verb_ls = {
	.name = "ls",
	.summary = "list the ports",
	.text =
"A line ends with p if the port is persistent, h if it hangs up, s if it is a\n"
"mail slot, b if it broadcasts. Only ports are listed that you may use, or own.\n",
	.options = { options },
	.run = run_ls,
};

static void print_waiters(const struct mailbox_waiter *waiters, size_t count,
			  uint32_t direction)
{
	char name[32];
	size_t i;

	for (i = 0; i < count; i++) {
		if (waiters[i].direction != direction)
			continue;
		printf(", %u", waiters[i].pid);
		if (*process_name(waiters[i].pid, name))
			printf(" (%s)", name);
	}
	putchar('\n');
}

/* What most ports do not have is told of those that have it. */
static void print_policy(const struct mailbox_port_status *status)
{
	char name[TEXT_NAME_SIZE];

	if (status->on_full != MAILBOX_FULL_BLOCK || status->dropped)
		printf("  when full:    %s, %ju dropped so far\n",
		       on_full_name(status->on_full),
		       (uintmax_t)status->dropped);
	if (status->max_deliveries || status->leased)
		printf("  leased:       %u messages", status->leased);
	if (status->max_deliveries) {
		printf(", each at most %u times, then ", status->max_deliveries);
		if (*status->dead_letter)
			printf("to '%s'", text_name(status->dead_letter, name, 0));
		else
			printf("dropped");
		printf(" (%ju so far)", (uintmax_t)status->dead_lettered);
	}
	if (status->max_deliveries || status->leased)
		putchar('\n');
	if (status->requests)
		printf("  calls:        %u to be answered\n", status->requests);
	if (status->allowed)
		printf("  allowed:      %u more ('mailbox allow' lists them)\n",
		       status->allowed);
	if (status->flags & MAILBOX_PORT_LINK)
		printf("  link:         process %u receives, process %u sends\n",
		       status->link_pid, status->link_peer);
}

static void print_status(const struct mailbox_port_status *status,
			 const struct mailbox_waiter *waiters, size_t count)
{
	char name[TEXT_NAME_SIZE], user[32], group[32], capacity[16];

	printf("%s\n", text_name(status->name, name, 0));
	printf("  id:           %ju", (uintmax_t)status->id);
	status_print_kinds(status);
	printf("\n  mode:         %04o, owner %s, group %s\n", status->mode,
	       user_name(status->uid, user), group_name(status->gid, group));
	printf("  capacity:     %s%s", status_capacity(status, capacity),
	       status->buffering == MAILBOX_BUFFERING_BOUNDED ? " messages" : "");
	if (status->capacity_bytes)
		printf(", %ju bytes", (uintmax_t)status->capacity_bytes);
	printf("\n  message size: at most %ju bytes\n",
	       (uintmax_t)status->message_bytes_max);
	printf("  queued:       %ju messages, %ju bytes\n",
	       (uintmax_t)status->messages, (uintmax_t)status->bytes);
	print_policy(status);
	printf("  so far:       %ju sent, %ju received\n",
	       (uintmax_t)status->sent, (uintmax_t)status->received);
	printf("  senders:      %u, asleep %u", status->senders,
	       status->senders_waiting);
	print_waiters(waiters, count, MAILBOX_WAITER_SENDER);
	printf("  receivers:    %u, asleep %u", status->receivers,
	       status->receivers_waiting);
	print_waiters(waiters, count, MAILBOX_WAITER_RECEIVER);
}

static int run_stat(struct args *args)
{
	static struct mailbox_waiter waiters[MAILBOX_WAITERS_MAX];
	struct mailbox_port_status status;
	int i, ret = 0;
	bool json = false;
	ssize_t count;

	while (args_next(args) != -1)
		json = true;
	args_some(args, "port");

	for (i = 0; i < args->argc; i++) {
		count = mailbox_port_waiters(NULL, args->argv[i], waiters,
					     ARRAY_SIZE(waiters), &status);
		if (count < 0) {
			complain_op(args->argv[i], errno, MAILBOX_OP_STAT);
			ret = EXIT_FAILED;
			continue;
		}
		if (json) {
			struct json_object *object = status_json(&status);

			json_add_waiters(object, waiters, (size_t)count);
			put_json(object);
		} else {
			print_status(&status, waiters, (size_t)count);
		}
	}
	return output_finish() ? EXIT_FAILED : ret;
}

const struct verb verb_stat = {
	.name = "stat",
	.args = "PORT...",
	.summary = "show what a port is, how it stands, and who sleeps there",
	.options = { options },
	.run = run_stat,
};
