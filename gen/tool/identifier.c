/* SPDX-License-Identifier: MIT
 * The name of a net or a file in, the NAME_ of the emitted C out. */
#include <string.h>
#include "house.h"

static bool
letter(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_';
}

static bool
digit(char ch)
{
	return ch >= '0' && ch <= '9';
}

/* bp_info and BP_OK are the runtime's; C reserves what starts with _X or __ */
bool
identifier_ok(const char *name)
{
	const char *p = name;

	if (!letter(*name) || strlen(name) > 60)
		return false;
	while (letter(*p) || digit(*p))
		p++;
	return !*p && name[0] != '_' && strcmp(name, "bp") && strcmp(name, "BP");
}

const char *
identifier(Ctx *c, const char *name)
{
	char *s;
	size_t i;

	if (identifier_ok(name))
		return name;
	s = fmt(c, "net_%.40s", name);
	for (i = 4; s[i]; i++)
		if (!letter(s[i]) && !digit(s[i]))
			s[i] = '_';
	/* a name that only holds odd characters keeps its beginning */
	return letter(s[4]) && s[4] != '_' && identifier_ok(s + 4) ? s + 4 : s;
}
