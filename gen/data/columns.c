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

/* which of the list each column is; twice is a mistake */
static bool
number(Reader *r, const Columns *list, int32_t *of)
{
	uint32_t i;

	for (i = 0; i < r->csv->columns; i++)
		of[i] = -1;
	for (i = 0; i < list->n; i++) {
		if (of[list->v[i]] >= 0) {
			r->usage = true;
			err(r->c, (Loc){0, 0, 0}, "column %u is chosen twice",
			    list->v[i] + 1);
			return false;
		}
		of[list->v[i]] = (int32_t)i;
	}
	return true;
}

/* an input is no target too, but in a series, which goes on from itself */
static bool
take(Reader *r, const Columns *in, const Columns *out)
{
	uint32_t i, n = r->csv->columns;

	r->input = mem(r->c, n * sizeof *r->input);
	r->target = mem(r->c, n * sizeof *r->target);
	if (!number(r, in, r->input) || !number(r, out, r->target))
		return false;
	for (i = 0; i < n && !r->d->series; i++)
		if (r->input[i] >= 0 && r->target[i] >= 0) {
			r->usage = true;
			err(r->c, (Loc){0, 0, 0}, "column %u is chosen twice",
			    i + 1);
			return false;
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

/* the spec's names of outputs are those of their columns, if there are such */
static bool
named_outputs(Reader *r, Columns *out)
{
	const Names *names = &r->net->columns;
	uint32_t i, from, to;

	for (i = 0; i < names->n && r->csv->header; i++)
		if (column_range(r, names->v[i], &from, &to) && from == to)
			PUSH(r->c, out, from);
	if (out->n == names->n)
		return out->n > 0;
	out->n = 0;
	return false;
}

/* what the options and the spec say; false after err() */
static bool
chosen(Reader *r, Columns *in, Columns *out)
{
	const DataOptions *o = r->o;

	if (o->columns && !column_list(r, "--columns", o->columns, in))
		return false;
	if (o->target)
		return column_list(r, "--target", o->target, out);
	named_outputs(r, out);
	return true;
}

static bool
choose(Reader *r, Columns *in, Columns *out)
{
	uint32_t i, n = r->csv->columns;
	uint32_t inputs = (uint32_t)r->net->inputs / (r->d->pairs ? 2 : 1);

	if (in->n && !out->n) {
		complement(r, in, out);
		if (!targets_fit_in(r->net, out->n) && !r->o->need_targets)
			out->n = 0;
	} else if (out->n && !in->n)
		complement(r, out, in);
	else if (!in->n)
		for (i = 0; i < n; i++)
			PUSH(r->c, i < inputs ? in : out, i);
	if (in->n != inputs)
		return wrong_columns(r, in->n + out->n);
	if (!out->n && !r->o->need_targets)
		return true;
	if (needs_no_targets(r->net)) {
		out->n = 0; /* whatever follows the inputs */
		return true;
	}
	return targets_fit_in(r->net, out->n) ||
		wrong_columns(r, in->n + out->n);
}

/* ----------------------------------------------------------- of a series */

static bool
wrong_series(Reader *r, const Window *w, const Columns *in, const Columns *out)
{
	Ctx *c = r->c;

	err(c, csv_place(r->csv, 0, 0), "%u column%s, but a step of '%s' has "
	    "%d feature%s and %d target%s", r->csv->columns,
	    r->csv->columns == 1 ? "" : "s", r->net->name, w->features,
	    w->features == 1 ? "" : "s", w->targets,
	    w->targets == 1 ? "" : "s");
	c->diags.v[c->diags.n - 1].place = 'l';
	if (!out->n)
		help(c, "name the target with `--target NAME`, or in the spec "
		     "with `columns NAME`");
	else if (!in->n)
		help(c, "name the features with `--columns LIST`; the target "
		     "may be one of them");
	return false;
}

static void
add_range(Reader *r, uint32_t from, uint32_t to, Columns *out)
{
	for (; from < to; from++)
		PUSH(r->c, out, from);
}

/* Inputs first, targets last, as in any table; but a series that is asked for
 * what it has itself reads just that. */
static void
fill_series(Reader *r, uint32_t features, uint32_t targets, Columns *in,
	Columns *out)
{
	uint32_t n = r->csv->columns;

	if (!in->n && !out->n && targets && n == features + targets) {
		add_range(r, 0, features, in);
		add_range(r, features, n, out);
		return;
	}
	if (!in->n && n == features)
		add_range(r, 0, n, in);
	else if (!in->n && features == targets)
		*in = *out;
	if (!out->n && features == targets)
		*out = *in;
}

static bool
choose_series(Reader *r, const Window *w, Columns *in, Columns *out)
{
	uint32_t features = (uint32_t)w->features;
	uint32_t targets = (uint32_t)w->targets;
	Columns said_in = *in, said_out = *out;

	fill_series(r, features, targets, in, out);
	if (!targets || (out->n != targets && !r->o->need_targets))
		out->n = 0;
	return (in->n == features && (out->n == targets ||
	        !r->o->need_targets)) ||
		wrong_series(r, w, &said_in, &said_out);
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
	Data *d = r->d;
	Window w;
	uint32_t i;

	if (!chosen(r, &in, &out))
		return false;
	d->series = is_series(r->net, in.n ? in.n : r->csv->columns,
	                      in.n > 0) && window_of(r->net, &w);
	d->pairs = !d->series && takes_pairs(r->net, in.n ? in.n :
	                                     r->csv->columns, in.n > 0);
	if (!(d->series ? choose_series(r, &w, &in, &out) :
	      choose(r, &in, &out)) || !take(r, &in, &out))
		return false;
	d->x_step = in.n;
	d->t_step = out.n;
	d->stored = (int)out.n * (d->series && w.each ? w.steps : 1);
	assign_heads(r, (uint32_t)d->stored);
	name_columns(r, &in, &d->names, "x");
	for (i = 0; i < in.n && d->pairs; i++)
		PUSH(r->c, &d->names, fmt(r->c, "%s'", d->names.v[i]));
	name_columns(r, &out, &d->target_names, "target");
	return true;
}
