// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer: the bytes say what is done to a queue and its model. See
 * `make fuzz`.
 */
#define _GNU_SOURCE
#include <stdio.h>

#define MODEL_FAIL(format, ...)						\
	do {								\
		fprintf(stderr, "%s:%d: " format "\n", __FILE__, __LINE__, ##__VA_ARGS__); \
		abort();						\
	} while (0)

#include "model.h"

/* An operation is three bytes: what, and two numbers. */
static void step(struct model *model, const uint8_t *op)
{
	unsigned int reserve = op[0] >> 6;
	struct mbx_select select = {
		.kind = op[1] % (MAILBOX_SELECT_TYPE_AT_MOST + 1),
		.type = model_type(op[2] % 8),
	};
	const struct mbx_message *msg;

	switch (op[0] % 9) {
	case 0 ... 3:
		if (model->count + model->taken_count < MODEL_MESSAGES)
			model_send(model, model_type(op[1] % 8), op[1] / 8 % 8,
				   model_priority(op[2] % 8), op[2], reserve);
		break;
	case 4:
		msg = mbx_queue_find(&model->queue, &select);
		if (msg)
			model_take(model, msg);
		break;
	case 5:
		if (model->count)
			model_take_at(model, op[1] % model->count);
		break;
	case 6:
		if (model->taken_count)
			model_put_back(model, op[1] % model->taken_count, reserve);
		break;
	case 7:
		if (model->taken_count)
			model_drop(model, op[1] % model->taken_count);
		break;
	case 8:
		if (model->taken_count < MODEL_MESSAGES - 8)
			model_take_run(model, &select, op[1] % 8);
		break;
	}
	model_check(model, op[1] * 256 + op[2]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model model;
	size_t i;

	if (size < 2)
		return 0;
	shim_rbtree_seed(data[1]);
	model_init(&model, data[0] & 1);
	for (i = 2; i + 3 <= size; i += 3)
		step(&model, data + i);
	model_exit(&model);
	return 0;
}
