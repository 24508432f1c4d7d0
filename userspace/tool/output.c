// SPDX-License-Identifier: GPL-2.0-only
/* Output: bytes, JSON, and whether it arrived. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tool.h"

int output_write(struct iovec *iov, int count)
{
	/* Do not give up for the signal that came before, or the first now. */
	sig_atomic_t patience = stop_signals + 1;
	ssize_t done;

	while (count > 0) {
		done = writev(STDOUT_FILENO, iov, count);
		if (done < 0 && errno == EINTR && stop_signals <= patience)
			continue;
		if (done < 0)
			return -1;
		for (; count > 0 && (size_t)done >= iov->iov_len; iov++) {
			done -= (ssize_t)iov->iov_len;
			count--;
		}
		if (count > 0) {
			iov->iov_base = (char *)iov->iov_base + done;
			iov->iov_len -= (size_t)done;
		}
	}
	return 0;
}

int output_json(struct json_object *object)
{
	struct iovec iov[2] = { [1] = { "\n", 1 } };
	int ret;

	iov[0].iov_base = (char *)json_object_to_json_string_length(object,
			JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE,
			&iov[0].iov_len);
	if (!iov[0].iov_base) {
		errno = ENOMEM;
		ret = -1;
	} else {
		ret = output_write(iov, 2);
	}
	json_object_put(object);
	return ret;
}

void json_add_u64(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

void json_add_string(struct json_object *object, const char *key,
		     const char *value)
{
	json_object_object_add(object, key, json_object_new_string(value));
}

static struct json_object *base64(const unsigned char *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	struct json_object *object;
	size_t at, out = 0, left, i;
	uint32_t word;
	char *text;

	text = malloc((len + 2) / 3 * 4 + 1);
	if (!text)
		return NULL;
	for (at = 0; at < len; at += 3) {
		left = len - at;
		word = (uint32_t)data[at] << 16;
		if (left > 1)
			word |= (uint32_t)data[at + 1] << 8;
		if (left > 2)
			word |= data[at + 2];
		for (i = 0; i < 4; i++)
			text[out++] = i > left ? '=' :
				      digits[word >> (18 - 6 * i) & 63];
	}
	object = json_object_new_string_len(text, (int)out);
	free(text);
	return object;
}

void json_add_payload(struct json_object *object, const void *data, size_t len)
{
	if (text_is_utf8(data, len))
		json_object_object_add(object, "text",
				json_object_new_string_len(data, (int)len));
	json_object_object_add(object, "base64", base64(data, len));
}

void json_add_name(struct json_object *object, const char *name)
{
	char buf[TEXT_NAME_SIZE];

	json_add_string(object, "name", text_name(name, buf, 0));
	if (!text_is_utf8(name, strlen(name)))
		json_object_object_add(object, "name_base64",
			base64((const unsigned char *)name, strlen(name)));
}

int output_finish(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	/* As other programs in a pipeline: no word about it. */
	if (errno != EPIPE)
		complain("cannot write the output: %s", strerror(errno));
	return EXIT_FAILED;
}
