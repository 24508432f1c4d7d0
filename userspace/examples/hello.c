// SPDX-License-Identifier: GPL-2.0-only
/* A port, a message sent to it, and received from it. */
#include <mailbox.h>
#include <stdio.h>

int main(void)
{
	struct mailbox *mb = mailbox_create("hello", MAILBOX_OPEN_BOTH, NULL);
	char text[64];
	ssize_t len;

	if (!mb || mailbox_send(mb, "Hello", 5) < 0 ||
	    (len = mailbox_receive(mb, text, sizeof(text))) < 0) {
		perror("hello");
		return 1;
	}
	printf("%.*s\n", (int)len, text);
	mailbox_close(mb);
	return 0;
}
