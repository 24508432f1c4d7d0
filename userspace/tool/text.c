// SPDX-License-Identifier: GPL-2.0-only
/* Text of others: whether it is UTF-8, and how a terminal can stand it. */
#include <string.h>

#include "tool.h"

/* The UTF-8 sequence at @p: how many bytes it has, 0 if it is none. */
static size_t utf8_sequence(const unsigned char *p, size_t len, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n, i;

	*code = p[0];
	if (p[0] < 0x80)
		return 1;
	n = p[0] < 0xc0 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 :
	    p[0] < 0xf8 ? 4 : 0;
	if (!n || n > len)
		return 0;

	*code &= 0x7fU >> n;
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (p[i] & 0x3f);
	}
	if (*code < least[n] || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code < 0xe000))
		return 0;
	return n;
}

bool text_is_utf8(const void *data, size_t len)
{
	const unsigned char *p = data;
	size_t at, n;
	uint32_t code;

	for (at = 0; at < len; at += n) {
		n = utf8_sequence(p + at, len - at, &code);
		if (!n)
			return false;
	}
	return true;
}

size_t text_width(const char *name)
{
	char buf[TEXT_NAME_SIZE];
	size_t width = 0;
	const char *p;

	for (p = text_name(name, buf, 0); *p; p++)
		width += (*p & 0xc0) != 0x80;
	return width;
}

/* What is no UTF-8, or would control a terminal, becomes a question mark. */
const char *text_name(const char *name, char buf[TEXT_NAME_SIZE], size_t width)
{
	const unsigned char *p = (const unsigned char *)name;
	size_t len = strnlen(name, MAILBOX_NAME_MAX);
	size_t at, n, out = 0, shown = 0;
	uint32_t code;

	for (at = 0; at < len; at += n) {
		n = utf8_sequence(p + at, len - at, &code);
		if (!n || code < 0x20 || (code >= 0x7f && code < 0xa0)) {
			n = n ? n : 1;
			buf[out++] = '?';
		} else {
			memcpy(buf + out, p + at, n);
			out += n;
		}
		shown++;
	}
	while (shown++ < width && out < TEXT_NAME_SIZE - 1)
		buf[out++] = ' ';
	buf[out] = '\0';
	return buf;
}
