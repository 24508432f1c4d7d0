// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tracepoints: each tells what happened, in an instance of the tracer's own.
 */
#include <sys/stat.h>

#include "port.h"

#define INSTANCE "/sys/kernel/tracing/instances/mailbox_test"

static void trace_on(void)
{
	NEED_ROOT();
	if (mkdir(INSTANCE, 0700) && errno != EEXIST)
		SKIP("no tracer at /sys/kernel/tracing");
	CHECK_OK(file_write(INSTANCE "/trace", ""));
	CHECK_OK(file_write(INSTANCE "/events/mailbox/enable", "1"));
}

/* How many lines of the trace hold both. */
static int traced(const char *event, const char *text)
{
	FILE *trace = fopen(INSTANCE "/trace", "r");
	char line[512];
	int count = 0;

	CHECK(trace);
	while (fgets(line, sizeof(line), trace))
		count += strstr(line, event) && strstr(line, text);
	fclose(trace);
	return count;
}

static void trace_off(void)
{
	CHECK_OK(file_write(INSTANCE "/events/mailbox/enable", "0"));
	CHECK_OK(rmdir(INSTANCE));
}

static const char *about(int fd, const char *rest)
{
	static char text[128];

	snprintf(text, sizeof(text), "port=%llu%s", (unsigned long long)port_stat(fd).id, rest);
	return text;
}

TEST(create_send_receive_and_destroy_are_traced)
{
	char *name = unique_name(), created[256], ended[64];
	int fd;

	trace_on();
	fd = NAMED_PORT(O_RDWR, name);
	snprintf(created, sizeof(created), "%s name=%s", about(fd, ""), name);
	snprintf(ended, sizeof(ended), "%s", about(fd, ""));
	CHECK_EQ(0, put_as(fd, 1, 7, 3));
	CHECK_EQ(1, take(fd));
	CHECK_EQ(1, traced("mailbox_create:", created));
	CHECK_EQ(1, traced("mailbox_send:", about(fd, " seq=1 type=7 len=4")));
	CHECK_EQ(1, traced("mailbox_receive:", about(fd, " seq=1 type=7 len=4")));
	CHECK_EQ(0, traced("mailbox_destroy:", ended));
	CHECK_EQ(0, port_destroy(fd, ""));
	CHECK_EQ(1, traced("mailbox_destroy:", ended));
	trace_off();
}

TEST(sleep_and_wake_are_traced)
{
	struct call call;
	char woken[64];
	int fd = PORT(O_RDWR);

	trace_on();
	CALL_RECEIVE(&call, fd);
	wait_for_waiters(fd, 0, 1);
	CHECK_EQ(0, put(fd, 5));
	CHECK_EQ(5, call_value(&call));
	CHECK_EQ(1, traced("mailbox_sleep:", about(fd, " to=receive")));
	snprintf(woken, sizeof(woken), "%s tid=%d result=0", about(fd, ""), call.tid);
	CHECK_EQ(1, traced("mailbox_wake:", woken));
	trace_off();
}

TEST(refusals_are_traced)
{
	char text[64];
	int fd = PORT(O_RDWR, .capacity = 1);

	trace_on();
	snprintf(text, sizeof(text), " to=receive error=-%d", EAGAIN);
	CHECK_EQ(-EAGAIN, RECEIVE(fd, .flags = MAILBOX_RECEIVE_NONBLOCK));
	CHECK_EQ(1, traced("mailbox_refuse:", about(fd, text)));
	CHECK_EQ(0, put(fd, 1));
	snprintf(text, sizeof(text), " to=send error=-%d", EAGAIN);
	CHECK_EQ(-EAGAIN, SEND(fd, .flags = MAILBOX_SEND_NONBLOCK));
	CHECK_EQ(1, traced("mailbox_refuse:", about(fd, text)));
	trace_off();
}
