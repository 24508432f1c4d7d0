// SPDX-License-Identifier: GPL-2.0-only
/* Values of options, read strictly: all of the word, in range, or an error. */
#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

/* The digits that @text begins with; no sign, no space. -1 if out of range. */
static int parse_digits(const char *text, int base, uint64_t *value,
			char **end)
{
	if (!isxdigit((unsigned char)text[0]))
		return -1;
	errno = 0;
	*value = strtoull(text, end, base);
	return *end == text || errno ? -1 : 0;
}

static int parse_number(const char *text, uint64_t *value)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	char *end;

	if (hex)
		text += 2;
	/* strtoull() would take one more 0x. */
	if (text[strspn(text, "0123456789abcdefABCDEF")])
		return -1;
	return parse_digits(text, hex ? 16 : 10, value, &end) || *end ? -1 : 0;
}

struct unit {
	const char *name;
	uint64_t factor;
};

/* A number, perhaps with decimals, and the name of a unit. */
static int parse_unit(const char *text, const struct unit *units, size_t count,
		      uint64_t *value)
{
	uint64_t whole, fraction = 0, scale = 1;
	char *end;
	size_t i;

	if (parse_digits(text, 10, &whole, &end))
		return -1;
	if (*end == '.') {
		if (!isdigit((unsigned char)*++end))
			return -1;
		for (; isdigit((unsigned char)*end); end++) {
			if (scale >= NS_PER_S)
				return -1;
			fraction = 10 * fraction + (uint64_t)(*end - '0');
			scale *= 10;
		}
	}

	for (i = 0; i < count; i++) {
		uint64_t factor = units[i].factor;

		if (strcmp(units[i].name, end))
			continue;
		/* What has no whole number of the smallest unit is an error. */
		if ((unsigned __int128)fraction * factor % scale ||
		    __builtin_mul_overflow(whole, factor, value))
			return -1;
		fraction = (unsigned __int128)fraction * factor / scale;
		return __builtin_add_overflow(*value, fraction, value) ? -1 : 0;
	}
	return -1;
}

uint64_t value_number(struct args *args, uint64_t min, uint64_t max)
{
	uint64_t value;

	if (parse_number(args->value, &value) || value < min || value > max)
		usage_error(args->verb->name,
			    "'%s' is not a number from %ju to %ju", args->value,
			    (uintmax_t)min, (uintmax_t)max);
	return value;
}

uint64_t value_bytes(struct args *args)
{
	static const struct unit units[] = {
		{ "", 1 }, { "K", 1 << 10 }, { "M", 1 << 20 }, { "G", 1 << 30 },
	};
	uint64_t value;

	if (parse_unit(args->value, units, ARRAY_SIZE(units), &value))
		usage_error(args->verb->name,
			    "'%s' is not a number of bytes, such as 4096, 64K or 2M",
			    args->value);
	return value;
}

uint64_t value_duration_ns(struct args *args)
{
	static const struct unit units[] = {
		{ "ns", 1 }, { "us", 1000 }, { "ms", 1000000 },
		{ "s", NS_PER_S }, { "m", 60 * NS_PER_S },
		{ "h", 3600 * NS_PER_S },
	};
	uint64_t value;

	if (strcmp(args->value, "0") == 0)
		return 0;
	if (parse_unit(args->value, units, ARRAY_SIZE(units), &value))
		usage_error(args->verb->name,
			    "'%s' is not a duration, such as 500ms, 2s or 1m",
			    args->value);
	return value;
}

uint32_t value_mode(struct args *args)
{
	uint64_t value;
	char *end;

	if (parse_digits(args->value, 8, &value, &end) || *end ||
	    value & ~0666ULL)
		usage_error(args->verb->name, "'%s' is not an octal mode of the "
			    "bits 0666, such as 0660", args->value);
	return (uint32_t)value;
}

uint32_t value_user(struct args *args)
{
	const struct passwd *entry = getpwnam(args->value);
	uint64_t value;

	if (entry)
		return entry->pw_uid;
	if (parse_number(args->value, &value) || value >= UINT32_MAX)
		usage_error(args->verb->name, "there is no user '%s'",
			    args->value);
	return (uint32_t)value;
}

uint32_t value_group(struct args *args)
{
	const struct group *entry = getgrnam(args->value);
	uint64_t value;

	if (entry)
		return entry->gr_gid;
	if (parse_number(args->value, &value) || value >= UINT32_MAX)
		usage_error(args->verb->name, "there is no group '%s'",
			    args->value);
	return (uint32_t)value;
}

uint32_t value_pid(struct args *args)
{
	return (uint32_t)value_number(args, 1, INT32_MAX);
}

void timeout_set(struct timeout *timeout, struct args *args)
{
	timeout->ns = value_duration_ns(args);
	timeout->given = true;
}

uint64_t timeout_deadline_ns(const struct timeout *timeout)
{
	return timeout->given ? mailbox_deadline_after(timeout->ns) : 0;
}
