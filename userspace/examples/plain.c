// SPDX-License-Identifier: GPL-2.0-only
/* The same without the library: open, ioctl, write, read, close. */
#include <fcntl.h>
#include <linux/mailbox_ipc.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(void)
{
	struct mailbox_ioc_port_create port = { .name = "plain" };
	struct mailbox_ioc_receive message = { 0 };
	char text[64];
	ssize_t len;
	int fd;

	fd = open("/dev/mailbox", O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, MAILBOX_IOC_PORT_CREATE, &port) < 0)
		goto failed;

	/* read() and write() send and receive without further ado, */
	if (write(fd, "one", 3) != 3 || write(fd, "two", 3) != 3 ||
	    (len = read(fd, text, sizeof(text))) < 0)
		goto failed;
	printf("%.*s\n", (int)len, text);

	/* and RECEIVE tells all there is to know about a message. */
	message.data = (__u64)(unsigned long)text;
	message.size = sizeof(text);
	if (ioctl(fd, MAILBOX_IOC_RECEIVE, &message) < 0)
		goto failed;
	printf("%.*s, from process %u\n", (int)message.len, text, message.pid);

	close(fd);
	return 0;

failed:
	perror("plain");
	if (fd >= 0)
		close(fd);
	return 1;
}
