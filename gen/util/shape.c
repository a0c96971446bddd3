/* SPDX-License-Identifier: MIT
 * Shapes: how many values they hold, how they are written. */
#include "../bpgen.h"

int64_t
shape_size(const Shape *s)
{
	int64_t size = 1;
	int i;

	for (i = 0; i < s->rank; i++)
		size *= s->dim[i];
	return size;
}

const char *
shape_text(Ctx *c, const Shape *s)
{
	Text t = { c, NULL, 0, 0 };
	int i;

	text_put(&t, "", 0);
	for (i = 0; i < s->rank; i++)
		text_add(&t, i ? "x%d" : "%d", (int)s->dim[i]);
	return t.s;
}
