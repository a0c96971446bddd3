/* SPDX-License-Identifier: MIT
 * Which columns of a table are inputs, and which are targets. */
#include <stdlib.h>
#include <string.h>
#include "reader.h"

static bool
bad_option(Reader *r, const char *option, const char *text, const char *item)
{
	const char *near = r->csv->header ? nearest(item, &r->csv->first) : NULL;

	r->usage = true;
	err(r->c, (Loc){0, 0, 0}, "%s %s: %s has no column '%s'%s%s", option,
	    shown(r->c, text), r->d->path, shown(r->c, item),
	    near ? "; a column with a similar name exists: " : "",
	    near ? near : "");
	if (!near && !r->csv->header)
		help(r->c, "columns are numbers from 1 to %u: `2-5,7`",
		     r->csv->columns);
	return false;
}

static bool
column_range(Reader *r, const char *item, uint32_t *from, uint32_t *to)
{
	unsigned long a, b;
	char *end;
	uint32_t i;

	for (i = 0; r->csv->header && i < r->csv->first.n; i++)
		if (!strcmp(r->csv->first.v[i], item)) {
			*from = *to = i;
			return true;
		}
	if (*item < '0' || *item > '9')
		return false;
	a = b = strtoul(item, &end, 10);
	if (*end == '-' && end[1] >= '0' && end[1] <= '9')
		b = strtoul(end + 1, &end, 10);
	if (*end || !a || b < a || b > r->csv->columns)
		return false;
	*from = (uint32_t)a - 1;
	*to = (uint32_t)b - 1;
	return true;
}

typedef VEC(uint32_t) Columns;

static bool
column_list(Reader *r, const char *option, const char *text, Columns *out)
{
	const char *s = text, *end;
	uint32_t i, from, to;
	char *item;

	for (;; s = end + 1) {
		end = s + strcspn(s, ",");
		item = copy(r->c, s, (size_t)(end - s));
		if (!column_range(r, item, &from, &to))
			return bad_option(r, option, text, item);
		for (i = from; i <= to; i++) {
			if (out->n > r->csv->columns) {
				r->usage = true;
				err(r->c, (Loc){0, 0, 0},
				    "%s names a column twice", option);
				return false;
			}
			PUSH(r->c, out, i);
		}
		if (!*end)
			return true;
	}
}

static bool
wrong_columns(Reader *r, uint32_t have)
{
	Ctx *c = r->c;
	int in = r->net->inputs, out = label_columns(r->net);
	int first = (int)have - in - out + 1;

	err(c, csv_place(r->csv, 0, 0), "%u column%s, but %s", have,
	    have == 1 ? "" : "s", expects(r));
	c->diags.v[c->diags.n - 1].place = 'l';
	if (first > 1 && !r->o->columns && !r->o->target)
		help(c, "leave columns out with `--columns %s --target %s`",
		     in == 1 ? fmt(c, "%d", first) :
		     fmt(c, "%d-%d", first, first + in - 1),
		     out == 1 ? fmt(c, "%u", have) :
		     fmt(c, "%d-%u", first + in, have));
	return false;
}

static bool
take(Reader *r, const Columns *in, const Columns *out)
{
	uint32_t i;

	for (i = 0; i < r->csv->columns; i++)
		r->slot[i] = -1;
	for (i = 0; i < in->n + out->n; i++) {
		bool is_in = i < in->n;
		uint32_t k = is_in ? in->v[i] : out->v[i - in->n];

		if (r->slot[k] != -1) {
			r->usage = true;
			err(r->c, (Loc){0, 0, 0},
			    "column %u is chosen twice", k + 1);
			return false;
		}
		r->slot[k] = is_in ? (int32_t)i : -2 - (int32_t)(i - in->n);
	}
	return true;
}

/* fills the list that was not given with the columns that the other leaves */
static void
complement(Reader *r, const Columns *given, Columns *rest)
{
	bool *used = mem(r->c, r->csv->columns);
	uint32_t i;

	for (i = 0; i < given->n; i++)
		used[given->v[i]] = true;
	for (i = 0; i < r->csv->columns; i++)
		if (!used[i])
			PUSH(r->c, rest, i);
}

static bool
choose(Reader *r, Columns *in, Columns *out)
{
	const DataOptions *o = r->o;
	uint32_t i, n = r->csv->columns, inputs = (uint32_t)r->net->inputs;

	if (o->columns && !column_list(r, "--columns", o->columns, in))
		return false;
	if (o->target && !column_list(r, "--target", o->target, out))
		return false;
	if (o->columns && !o->target) {
		complement(r, in, out);
		if (!targets_fit_in(r->net, out->n) && !o->need_targets)
			out->n = 0;
	} else if (o->target && !o->columns)
		complement(r, out, in);
	else if (!o->columns)
		for (i = 0; i < n; i++)
			PUSH(r->c, i < inputs ? in : out, i);
	if (in->n != inputs)
		return wrong_columns(r, in->n + out->n);
	if (!out->n && !o->need_targets)
		return true;
	if (!r->net->targets) {
		out->n = 0; /* forward only: whatever follows the inputs */
		return true;
	}
	return targets_fit_in(r->net, out->n) ||
		wrong_columns(r, in->n + out->n);
}

static void
name_columns(Reader *r, const Columns *cols, Names *out, const char *stem)
{
	uint32_t i;

	for (i = 0; i < cols->n; i++)
		PUSH(r->c, out, r->csv->header ? r->csv->first.v[cols->v[i]] :
		     cols->n == 1 ? stem : fmt(r->c, "%s%u", stem, i + 1));
}

bool
columns_choose(Reader *r)
{
	Columns in = {0}, out = {0};

	r->slot = mem(r->c, r->csv->columns * sizeof *r->slot);
	if (!choose(r, &in, &out) || !take(r, &in, &out))
		return false;
	r->d->stored = (int)out.n;
	assign_heads(r, out.n);
	name_columns(r, &in, &r->d->names, "x");
	name_columns(r, &out, &r->d->target_names, "target");
	return true;
}
