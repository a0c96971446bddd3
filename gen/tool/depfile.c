/* SPDX-License-Identifier: MIT
 * Names of files in, a rule for make (and ninja) out, escaped as gcc does. */
#include <string.h>
#include "house.h"

/* a blank takes a backslash, and so do the backslashes before it */
static void
put_name(Text *t, const char *name)
{
	const char *p, *q;

	for (p = name; *p; p++) {
		if (*p == ' ' || *p == '\t') {
			for (q = p; q > name && q[-1] == '\\'; q--)
				text_put(t, "\\", 1);
			text_put(t, "\\", 1);
		} else if (*p == '#') {
			text_put(t, "\\", 1);
		} else if (*p == '$') {
			text_put(t, "$", 1);
		}
		text_put(t, p, 1);
	}
}

const char *
depfile_text(Ctx *c, const char *target, bool exact, const Names *deps,
	bool phony)
{
	Text t = { .c = c };
	uint32_t i;

	if (exact)
		text_add(&t, "%s", target);
	else
		put_name(&t, target);
	text_add(&t, ":");
	for (i = 0; i < deps->n; i++) {
		text_add(&t, i ? " \\\n " : " ");
		put_name(&t, deps->v[i]);
	}
	text_add(&t, "\n");
	for (i = 1; i < deps->n && phony; i++) {
		text_add(&t, "\n");
		put_name(&t, deps->v[i]);
		text_add(&t, ":\n");
	}
	return t.s;
}
