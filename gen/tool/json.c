/* SPDX-License-Identifier: MIT
 * Values in, JSON out (RFC 8259): commas, names, quotes. */
#include <math.h>
#include <string.h>
#include "json.h"

/* the length of the UTF-8 character at s, 0: it is none */
static size_t
character(const char *s)
{
	const unsigned char *b = (const unsigned char *)s;
	size_t n = b[0] < 0x80 ? 1 : b[0] < 0xc2 ? 0 : b[0] < 0xe0 ? 2 :
		b[0] < 0xf0 ? 3 : b[0] < 0xf5 ? 4 : 0, i;

	for (i = 1; i < n; i++)
		if ((b[i] & 0xc0) != 0x80)
			return 0;
	if ((b[0] == 0xe0 && b[1] < 0xa0) || (b[0] == 0xed && b[1] > 0x9f) ||
	    (b[0] == 0xf0 && b[1] < 0x90) || (b[0] == 0xf4 && b[1] > 0x8f))
		return 0;
	return n;
}

static void
put_string(Text *t, const char *s)
{
	size_t n;

	text_put(t, "\"", 1);
	for (; *s; s += n ? n : 1) {
		n = character(s);
		if (!n)
			text_add(t, "\\ufffd");
		else if (*s == '"' || *s == '\\')
			text_add(t, "\\%c", *s);
		else if ((unsigned char)*s < 32 || *s == 127)
			text_add(t, "\\u%04x", (unsigned)*s);
		else
			text_put(t, s, n);
	}
	text_put(t, "\"", 1);
}

/* the comma that is due, and the name */
static void
begin(Text *t, const char *name)
{
	bool line = t->n && t->s[t->n - 1] == '\n';
	size_t n = t->n;

	while (n && (t->s[n - 1] == '\n' || t->s[n - 1] == ' '))
		n--;
	if (n && t->s[n - 1] != '{' && t->s[n - 1] != '[') {
		t->n = n;
		text_add(t, line ? ",\n" : ", ");
	}
	if (name) {
		put_string(t, name);
		text_add(t, ": ");
	}
}

void
json_open(Text *t, const char *name, char bracket)
{
	begin(t, name);
	text_put(t, &bracket, 1);
}

void
json_close(Text *t, char bracket)
{
	text_put(t, &bracket, 1);
}

void
json_text(Text *t, const char *name, const char *s)
{
	begin(t, name);
	if (s)
		put_string(t, s);
	else
		text_add(t, "null");
}

void
json_number(Text *t, const char *name, double v)
{
	char buf[40];

	begin(t, name);
	text_add(t, "%s", isfinite(v) ? number_text(v, false, buf) : "null");
}

void
json_whole(Text *t, const char *name, uint64_t v)
{
	begin(t, name);
	text_add(t, "%llu", (unsigned long long)v);
}

void
json_raw(Text *t, const char *number)
{
	begin(t, NULL);
	text_add(t, "%s", number);
}

void
json_flag(Text *t, const char *name, bool v)
{
	begin(t, name);
	text_add(t, v ? "true" : "false");
}

void
json_line(Text *t)
{
	text_put(t, "\n", 1);
}
