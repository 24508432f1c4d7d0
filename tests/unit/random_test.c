// SPDX-License-Identifier: GPL-2.0-only
/*
 * module/queue.c in user space: random operations next to a model.
 *
 * UNIT_SEED repeats a random run, UNIT_STEPS is its length per load.
 */
#include "queue_test.h"

/* --- random operations --------------------------------------------------- */

struct load {
	const char *name;
	unsigned int types;
	unsigned int senders;
	unsigned int priorities;
	unsigned int depth;		/* about so many messages are queued */
	unsigned int put_backs;		/* of 100 that were taken */
	bool fifo;
	bool reuse;			/* two processes each have had the same key */
};

static const struct load loads[] = {
	{ "one_lane",		1, 1, 1, 24, 20 },
	{ "shallow",		3, 3, 3, 3, 30 },
	{ "many_types",		64, 1, 1, 40, 10 },
	{ "many_senders",	1, 32, 1, 40, 10 },
	{ "many_priorities",	1, 1, 64, 40, 10 },
	{ "many_lanes",		16, 16, 16, 64, 10 },
	{ "two_types",		2, 8, 4, 40, 10 },
	{ "few_of_each",	3, 3, 3, 48, 20 },
	{ "put_backs",		4, 4, 4, 24, 90 },
	{ "deep",		6, 6, 6, 200, 20 },
	{ "fifo",		4, 4, 8, 32, 20, .fifo = true },
	{ "fifo_put_backs",	2, 3, 8, 24, 90, .fifo = true },
	{ "reused_keys",	3, 8, 3, 24, 20, .reuse = true },
};

static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoul(text, NULL, 0) : otherwise;
}

static u64 random_state;

static void random_start(u64 seed)
{
	random_state = seed * 0x9e3779b97f4a7c15ULL + 1;
	if (!random_state)
		random_state = 1;
}

static unsigned int random_below(unsigned int limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 32) * limit >> 32;
}

static void random_take(void)
{
	struct mbx_select select = { .kind = random_below(MAILBOX_SELECT_SENDER + 1) };
	const struct mbx_message *msg;

	if (!model.count)
		return;
	/* Somebody withdraws: any message. Otherwise what a receiver gets. */
	msg = model.queued[random_below(model.count)];
	if (random_below(4)) {
		select.type = msg->type;
		select.nr = msg->sender->key;
		select.key = msg->sender->key;
		if (!random_below(4)) {
			model_take_run(&model, &select, 1 + random_below(6));
			return;
		}
		msg = mbx_queue_find(&model.queue, &select);
	}
	if (msg)
		model_take(&model, msg);
}

static void random_step(const struct load *load)
{
	unsigned int what = random_below(100);
	unsigned int sends = model.count < load->depth ? 50 : 35;

	if (what < sends && model.count < 2 * load->depth)
		model_send(&model, model_type(random_below(load->types)),
			   random_below(load->senders),
			   model_priority(random_below(load->priorities)),
			   random_below(5000), random_below(4));
	else if (what < 80 && model.taken_count < 16)
		random_take();
	else if (model.taken_count && random_below(100) < load->put_backs)
		model_put_back(&model, random_below(model.taken_count), random_below(4));
	else if (model.taken_count)
		model_drop(&model, random_below(model.taken_count));
}

static void random_run(void)
{
	const struct load *load = test_now->row;
	unsigned long seed = setting("UNIT_SEED", time(NULL));
	long steps = setting("UNIT_STEPS", 100000);
	unsigned int i;

	note("UNIT_SEED=%lu, %ld steps", seed, steps);
	random_start(seed);
	shim_rbtree_seed(seed);
	start(load->fifo);
	for (i = 0; load->reuse && i < MODEL_SENDERS; i += 2)
		reuse_number(i + 1, i, 0);
	for (model_step = 0; model_step < steps; model_step++) {
		random_step(load);
		model_check(&model, random_below(1 << 16));
	}
	model_step = -1;
	end();
}

static void __attribute__((constructor)) random_add(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(loads); i++)
		test_add("random", loads[i].name, random_run, &loads[i]);
}
