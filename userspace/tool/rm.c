// SPDX-License-Identifier: GPL-2.0-only
/* rm: remove ports. */
#include <errno.h>

#include "tool.h"

static const struct option_text options[] = {
	{ "destroy", 'd', NULL,
	  "end the port now: what is queued is lost, and all that use it get "
	  "an error" },
	{ "force", 'f', NULL, "a port that is not there is no error" },
	{ 0 },
};

static int run(struct args *args)
{
	bool destroy = false, force = false;
	int key, i, status = 0;

	while ((key = args_next(args)) != -1) {
		switch (key) {
		case 'd':
			destroy = true;
			break;
		case 'f':
			force = true;
			break;
		}
	}
	args_some(args, "port");

	for (i = 0; i < args->argc; i++) {
		const char *name = args->argv[i];
		int ret = destroy ? mailbox_port_destroy(NULL, name) :
				    mailbox_port_unlink(NULL, name);

		if (ret == 0 || (force && errno == ENOENT))
			continue;
		complain_op(name, errno, MAILBOX_OP_REMOVE);
		status = EXIT_FAILED;
	}
	return status;
}

const struct verb verb_rm = {
	.name = "rm",
	.args = "PORT...",
	.summary = "remove ports",
	.text =
"The name is free at once. Without --destroy, those who use the port go on\n"
"until the last of them closes it; a port that nobody has open is gone, with\n"
"what is queued.\n",
	.options = { options },
	.run = run,
};
