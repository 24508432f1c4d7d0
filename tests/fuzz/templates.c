// SPDX-License-Identifier: GPL-2.0-only
/*
 * How each way of communicating is used, in few records: chance alone would
 * seldom bring a caller and its server together. The arguments are in the order
 * of the fields in commands.c, most of them 0, which is the usual thing.
 */
#include "program.h"

#define R(word, who, fd, ...) \
	{ .op = OP_##word, .actor = (who), .slot = (fd), .args = { __VA_ARGS__ } }

/* Of PORT_CREATE: flags, name, buffering, capacity. */
#define CREATE(who, fd, ...)	R(PORT_CREATE, who, fd, __VA_ARGS__)
#define BIND(who, fd, name)	R(PORT_OPEN, who, fd, 0, name)
#define RDWR(who, fd)		R(OPEN, who, fd, 0)
#define LOOKER(who, fd)		R(OPEN, who, fd, 1)
#define RECEIVER(who, fd)	R(OPEN, who, fd, 2)
#define SENDER(who, fd)		R(OPEN, who, fd, 3)
#define THREAD(who)		R(SPAWN, 0, 0, who, 0)
#define PROCESS(who)		R(SPAWN, 0, 0, who, 1)
/* flags, select, match, data, size, deadline, lease; buffers of 4096 bytes. */
#define RECV(who, fd, flags, ...) \
	R(RECEIVE, who, fd, flags, ##__VA_ARGS__)
#define LEASE			16
#define PEEK			2

static const struct program templates[] = {
	{ 9, {	/* a server that answers a call */
		RDWR(0, 0), CREATE(0, 0, 4, 1), THREAD(1),
		RECEIVER(1, 1), BIND(1, 1, 1), RECV(1, 1, 0, 0, 0, 0, 9, 3),
		R(REPLY, 1, 1, 0, 1, 1, 0, 3),
		R(CALL, 0, 0, 0, 0, 1, 0, 3, 0, 9, 3), R(PORT_STAT, 0, 0),
	} },
	{ 10, {	/* one that answers and receives in one go */
		RDWR(0, 0), CREATE(0, 0, 4, 2), THREAD(1), THREAD(2),
		R(REPLY_RECEIVE, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 9, 3),
		R(REPLY_RECEIVE, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 3),
		R(REPLY_RECEIVE, 1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 9, 3),
		R(CALL, 0, 0, 0, 0, 1, 0, 3, 0, 9, 3), R(CALL, 2, 0, 0, 0, 1, 0, 3, 0, 9, 3),
		R(CALL, 0, 0, 0, 0, 1, 0, 3, 0, 9, 3),
	} },
	{ 11, {	/* two servers that call each other */
		RDWR(0, 0), CREATE(0, 0, 4, 1), RDWR(0, 1), CREATE(0, 1, 4, 2),
		THREAD(1), THREAD(2),
		RECV(1, 0, 0, 0, 0, 0, 9, 3), R(CALL, 1, 1, 0, 0, 0, 0, 0, 0, 9, 3),
		RECV(2, 1, 0, 0, 0, 0, 9, 3), R(CALL, 2, 0, 0, 0, 0, 0, 0, 0, 9, 3),
		R(CALL, 0, 0, 0, 0, 0, 0, 0, 0, 9, 3),
	} },
	{ 13, {	/* leases that come to nothing, and the dead-letter port */
		RDWR(0, 0), CREATE(0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2),
		RDWR(0, 1), CREATE(0, 1, 4, 2), R(SEND, 0, 0), R(SEND, 0, 0, 0, 1, 1),
		RECV(0, 0, LEASE, 0, 0, 0, 9), R(NACK, 0, 0), RECV(0, 0, LEASE, 0, 0, 0, 9),
		R(NACK, 0, 0, 0, 2), RECV(0, 0, LEASE, 0, 0, 0, 9), R(ACK, 0, 0, 0, 3),
		RECV(0, 1, 1, 0, 0, 0, 9),
	} },
	{ 9, {	/* a lease that runs out while another waits for the message */
		RDWR(0, 0), CREATE(0, 0, 4, 1), THREAD(1), R(SEND, 0, 0),
		RECV(0, 0, LEASE, 0, 0, 0, 9, 0, 1), RECV(1, 0, LEASE, 0, 0, 0, 9, 3, 2),
		R(SLEEP, 0, 0, 255), R(ACK, 0, 0, 0, 1), R(CLOSE, 0, 0),
	} },
	{ 12, {	/* broadcast, with receivers that come and go */
		SENDER(0, 0), CREATE(0, 0, 68, 1, 0, 1), RECEIVER(0, 1), BIND(0, 1, 1),
		RECEIVER(0, 2), BIND(0, 2, 1), THREAD(1), R(SEND, 0, 0),
		R(SEND_BATCH, 0, 0, 0, 2), RECV(1, 1, 0, 0, 0, 0, 9, 3), R(CLOSE, 1, 2),
		RECV(1, 1, 0, 0, 0, 0, 9, 3),
	} },
	{ 8, {	/* a mail slot */
		RDWR(0, 0), CREATE(0, 0, 32, 1), SENDER(0, 1), BIND(0, 1, 1), R(SEND, 0, 1),
		RECV(0, 0, 0, 0, 0, 0, 9), R(CLOSE, 0, 0), R(SEND, 0, 1),
	} },
	{ 8, {	/* a channel of two handles, and its end */
		RDWR(0, 0), R(PORT_PAIR, 0, 0), R(SEND, 0, 0), RECV(0, 1, 0, 0, 0, 0, 9),
		R(WRITE, 0, 1), R(READ, 0, 0, 0, 9), R(CLOSE, 0, 1), RECV(0, 0, 0, 0, 0, 0, 9),
	} },
	{ 8, {	/* a link between two processes */
		RDWR(0, 0), PROCESS(1), R(PORT_LINK, 0, 0, 0, 1), R(SEND, 0, 0),
		RDWR(1, 1), R(PORT_LINK, 1, 1, 0, 0), RECV(1, 1, 0, 0, 0, 0, 9, 3),
		RECV(0, 0, 0, 0, 0, 0, 9, 3),
	} },
	{ 8, {	/* an inbox */
		RECEIVER(0, 0), R(PORT_LINK, 0, 0, 1, 4), PROCESS(1), SENDER(1, 1),
		R(PORT_LINK, 1, 1, 1, 0), R(SEND, 1, 1), RECV(0, 0, 0, 0, 0, 0, 9, 3),
		R(PORT_STAT, 0, 0, 0, 0, 2),
	} },
	{ 11, {	/* rights that are taken away from one who sleeps */
		SENDER(0, 0), CREATE(0, 0, 4, 1), R(PORT_ALLOW, 0, 0, 0, 1, 1, 3), PROCESS(1),
		R(USER, 1, 0, 0), RDWR(1, 1), BIND(1, 1, 1), RECV(1, 1, 0, 0, 0, 0, 9, 3),
		R(PORT_WAIT, 0, 0, 0, 16, 0, 3), R(SLEEP, 0, 0, 200),
		R(PORT_ALLOW, 0, 0, 0, 1, 1, 0),
	} },
	{ 10, {	/* waiting for a name, and watching it */
		LOOKER(0, 0), THREAD(1), R(PORT_WATCH, 0, 0, 0, 9, 3), R(POLL, 0, 0, 1, 1, 1, 1, 9),
		R(PORT_WAIT, 0, 0, 0, 5, 3, 3), RDWR(1, 1), CREATE(1, 1, 4, 3), R(SEND, 1, 1),
		R(PORT_UNLINK, 1, 1), R(PORT_WAIT, 0, 0, 0, 2, 3, 3),
	} },
	{ 7, {	/* an open that sleeps until there is a port, and a peer */
		RECEIVER(0, 0), THREAD(1), R(PORT_OPEN, 0, 0, 3, 1, 0, 3), SENDER(1, 1),
		CREATE(1, 1, 6, 1), R(SEND, 1, 1), RECV(0, 0, 0, 0, 0, 0, 9),
	} },
	{ 8, {	/* rendezvous, and a receipt */
		RDWR(0, 0), CREATE(0, 0, 4, 1, 1), THREAD(1), R(SEND, 0, 0, 2, 0, 0, 0, 0, 3),
		RECV(1, 0, 0, 0, 0, 0, 9, 3), R(SEND, 0, 0, 0, 0, 0, 0, 0, 3),
		RECV(1, 0, 0, 0, 0, 0, 9, 3), R(PORT_SET, 0, 0, 8, 0, 0, 0, 0, 1),
	} },
	{ 9, {	/* a full port: sleepers, drops, more room */
		RDWR(0, 0), CREATE(0, 0, 4, 1, 0, 1), R(SEND, 0, 0), THREAD(1),
		R(SEND, 1, 0, 0, 0, 0, 0, 0, 3), R(PORT_SET, 0, 0, 8, 0, 0, 0, 0, 2),
		R(PORT_SET, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 1), R(SEND_BATCH, 0, 0, 0, 3),
		R(RECEIVE_BATCH, 0, 0, 0, 0, 0, 4),
	} },
	{ 10, {	/* destroyed while others sleep there */
		RDWR(0, 0), CREATE(0, 0, 5, 1, 0, 1), R(SEND, 0, 0), THREAD(1), THREAD(2),
		R(SEND, 1, 0, 0, 0, 0, 0, 0, 3), R(CALL, 2, 0, 0, 0, 0, 0, 0, 0, 9, 3),
		R(SLEEP, 0, 0, 255), R(SLEEP, 0, 0, 255), R(PORT_DESTROY, 0, 0, 0, 1),
	} },
	{ 9, {	/* selections, and a look without taking */
		RDWR(0, 0), CREATE(0, 0, 4, 1, 2), R(SEND_BATCH, 0, 0, 0, 4),
		R(SEND, 0, 0, 0, 1, 2), R(SEND, 0, 0, 0, 2, 1), RECV(0, 0, PEEK, 1, 2, 0, 9),
		RECV(0, 0, 1, 3, 2, 0, 9), RECV(0, 0, 1, 4, 4, 0, 9), RECV(0, 0, 5, 2, 1, 0, 2),
	} },
	{ 8, {	/* a port without a name; a message that cannot be copied goes back */
		RDWR(0, 0), CREATE(0, 0), RDWR(0, 1), R(PORT_OPEN, 0, 1, 4, 0, 1),
		R(SEND, 0, 1), RECV(0, 0, 0, 0, 0, 5, 9), RECV(0, 0, 0, 0, 0, 0, 1),
		RECV(0, 1, 0, 0, 0, 0, 9),
	} },
	{ 8, {	/* what there is to look at */
		RDWR(0, 0), CREATE(0, 0, 4, 1), R(PORT_ALLOW, 0, 0, 0, 1, 1, 3),
		R(PORT_ALLOW, 0, 0, 0, 3, 3, 1), R(PORT_LIST, 0, 0, 0, 2, 1),
		R(PORT_ALLOWED, 0, 0, 0, 3, 1), R(PORT_STAT, 0, 0), R(FDINFO, 0, 0),
	} },
	{ 10, {	/* a process that is linked, and exits */
		RDWR(0, 0), PROCESS(1), R(PORT_LINK, 0, 0, 0, 1), RDWR(1, 1),
		R(PORT_LINK, 1, 1, 0, 0), R(SEND, 1, 1), R(EXIT, 1, 0),
		RECV(0, 0, 0, 0, 0, 0, 9, 3), RECV(0, 0, 0, 0, 0, 0, 9, 3), R(SEND, 0, 0),
	} },
	{ 8, {	/* a server that goes with a request in its hand */
		RDWR(0, 0), CREATE(0, 0, 4, 1), THREAD(1), RECEIVER(1, 1), BIND(1, 1, 1),
		RECV(1, 1, 0, 0, 0, 0, 9, 3), R(CLOSE, 1, 1),
		R(CALL, 0, 0, 0, 0, 1, 0, 3, 0, 9, 3),
	} },
};

const unsigned int template_count = sizeof(templates) / sizeof(templates[0]);

void program_template(struct program *program, unsigned int number)
{
	*program = templates[number];
}
