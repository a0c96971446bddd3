/* SPDX-License-Identifier: MIT
 * A table becomes rows of numbers, cell by cell. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "reader.h"

static void
place_last(Ctx *c, char place)
{
	c->diags.v[c->diags.n - 1].place = place;
}

const char *
shown(Ctx *c, const char *s)
{
	size_t i, n = strlen(s);
	char *p;

	if (n > 40) {
		for (n = 37; n && ((unsigned char)s[n] & 0xc0) == 0x80; n--)
			;
		p = fmt(c, "%.*s...", (int)n, s);
	} else
		p = copy(c, s, n);
	for (i = 0; p[i]; i++)
		if ((unsigned char)p[i] < 32 || p[i] == 127)
			p[i] = '?';
	return p;
}

static bool
decimal_comma(const char *s, size_t n, char *out)
{
	char *comma = memchr(s, ',', n);
	double v;

	if (!comma || n > 60)
		return false;
	memcpy(out, s, n + 1);
	out[comma - s] = '.';
	return csv_number(out, n, &v);
}

static bool
bad_number(Reader *r, uint32_t column, const char *s, size_t n)
{
	Ctx *c = r->c;
	Loc at = csv_place(r->csv, r->record, column);
	char fixed[64];

	if (!n) {
		err(c, at, "an empty cell in column %u", column + 1);
		help(c, "nothing is made up for missing values: "
		     "fill them in or leave the row out");
	} else if (csv_is_missing(s, n)) {
		err(c, at, "'%s' is not a finite number", shown(c, s));
	} else if (strspn(s, "+-.0123456789eE") == n && strpbrk(s, "eE") &&
	           isinf(strtod(s, NULL))) {
		err(c, at, "'%s' is too large", shown(c, s));
	} else {
		err(c, at, "'%s' is not a number", shown(c, s));
		if (decimal_comma(s, n, fixed)) {
			fix(c, copy(c, fixed, strlen(fixed)));
			help(c, "numbers use a decimal point");
		} else if (r->record == 0 && !r->csv->forced)
			help(c, "if this line is a header, say "
			     "`--header yes`");
	}
	return false;
}

static bool
number_cell(Reader *r, uint32_t column, const char *s, size_t n, double *v)
{
	if (!csv_number(s, n, v))
		return bad_number(r, column, s, n);
	if (r->f32 && fabs(*v) > FLT_MAX) {
		err(r->c, csv_place(r->csv, r->record, column),
		    "'%s' is too large for `dtype f32`", shown(r->c, s));
		return false;
	}
	return true;
}

/* where `classes` says this name, else all its words */
static Loc
class_place(const Reader *r, const char *name)
{
	Loc at = r->net->classes_loc;
	const Source *s = &r->c->sources.v[at.file];
	size_t n = name ? strlen(name) : 0, i = at.at;

	for (; n && i + n <= s->len && s->text[i] != '\n'; i++)
		if (!memcmp(s->text + i, name, n) &&
		    (i == at.at || strchr(" \t\"", s->text[i - 1])) &&
		    (i + n == s->len || strchr(" \t\r\n\"", s->text[i + n])))
			return (Loc){at.file, (uint32_t)i, (uint32_t)n};
	return at;
}

static bool
unknown_class(Reader *r, uint32_t column, const char *s)
{
	Ctx *c = r->c;
	Labels *l = &r->labels;
	Names names = {0};
	const char *near;
	uint32_t i;
	Loc at = csv_place(r->csv, r->record, column);

	if (!l->fixed) {
		err(c, at, "'%s' is class number %u, but '%s' has %u classes",
		    shown(c, s), l->n + 1, r->net->name, l->most);
		return false;
	}
	for (i = 0; i < l->n && i < 1000; i++)
		PUSH(c, &names, l->name[i]);
	err(c, at, "unknown class '%s'", shown(c, s));
	near = nearest(s, &names);
	/* the end of a name is a common short form: versicolor */
	for (i = 0; !near && i < names.n; i++) {
		size_t a = strlen(names.v[i]), b = strlen(s);

		if (b >= 3 && a > b && !strcasecmp(names.v[i] + a - b, s))
			near = names.v[i];
	}
	if (near)
		fix(c, near);
	if (r->net->classes_loc.file)
		note(c, class_place(r, near), "the classes are listed here");
	else if (l->n && l->n <= 12) {
		Text t = {c, NULL, 0, 0};

		for (i = 0; i < l->n; i++)
			text_add(&t, "%s%s", i ? " " : "", l->name[i]);
		help(c, "the classes are: %s", t.s);
	}
	return false;
}

static bool
class_cell(Reader *r, uint32_t column, const char *s, size_t n, double *v)
{
	int id;

	if (!n || (csv_is_missing(s, n) && label_named(r, s, n) < 0))
		return bad_number(r, column, s, n);
	id = label_class(r, s, n);
	if (id < 0)
		return unknown_class(r, column, s);
	*v = id;
	return true;
}

/* several heads, or a class for each step: class numbers only */
static bool
index_cell(Reader *r, const Head *h, uint32_t column, const char *s, size_t n,
	double *v)
{
	int most = head_classes(r->net, h);

	if (!number_cell(r, column, s, n, v))
		return false;
	if (*v == floor(*v) && *v >= 0 && *v < most)
		return true;
	err(r->c, csv_place(r->csv, r->record, column),
	    "'%s' is not a class number from 0 to %d", shown(r->c, s),
	    most - 1);
	return false;
}

static bool
target_cell(Reader *r, uint32_t column, int k, const char *s, size_t n,
	double *v)
{
	const Head *h = &r->net->heads.v[r->head_of[k]];
	double low = low_target(h);

	if (r->d->pairs)
		return class_cell(r, column, s, n, v);
	if (r->d->label[r->head_of[k]])
		return r->net->heads.n == 1 && (r->net->classes.n ||
		       positions(r->net, h) == 1) ?
		       class_cell(r, column, s, n, v) :
		       index_cell(r, h, column, s, n, v);
	if (!number_cell(r, column, s, n, v))
		return false;
	if (!head_classifies(r->net, h) || (*v >= low && *v <= 1))
		return true;
	err(r->c, csv_place(r->csv, r->record, column),
	    "a target of %s, but %s wants %g to 1", shown(r->c, s),
	    h->loss->name, low);
	return false;
}

static bool
input_cell(Reader *r, uint32_t column, int k, const char *s, size_t n,
	double *v)
{
	int below = ids_below(r, k);

	if (!number_cell(r, column, s, n, v))
		return false;
	if (!below || (*v >= 0 && *v < below && *v == floor(*v)))
		return true;
	err(r->c, csv_place(r->csv, r->record, column),
	    "'%s' is no whole number from 0 to %d", shown(r->c, s),
	    below - 1);
	return false;
}

static bool
on_cell(void *u, uint32_t column, const char *s, size_t n)
{
	Reader *r = u;
	Data *d = r->d;
	int32_t in = r->input[column], out = r->target[column];

	if (in < 0 && out < 0)
		return true;
	if (memchr(s, 0, n))
		return bad_number(r, column, s, n);
	if (in >= 0 && !input_cell(r, column, in, s, n,
	                           &d->x[d->rows * d->x_step + (size_t)in]))
		return false;
	return out < 0 ||
		target_cell(r, column, out, s, n,
		            &d->t[d->rows * d->t_step + (size_t)out]);
}

static void
make_room(Reader *r)
{
	Data *d = r->d;
	size_t cap = d->cap ? d->cap * 2 : 64;
	size_t wide = d->x_step + d->t_step;
	double *x, *t;

	if (d->rows < d->cap)
		return;
	if (cap > UINT32_MAX || cap > ((size_t)1 << 33) / 8 / (wide + 1))
		die(r->c, EX_SOFTWARE_, "%s needs more than 8 GB of memory",
		    d->path);
	x = realloc(d->x, cap * d->x_step * sizeof *x + 1);
	if (x)
		d->x = x;
	t = realloc(d->t, cap * d->t_step * sizeof *t + 1);
	if (t)
		d->t = t;
	if (!x || !t)
		die(r->c, EX_SOFTWARE_, "out of memory while reading %s",
		    d->path);
	d->cap = cap;
}

static bool
on_row(void *u)
{
	Reader *r = u;

	r->d->rows++;
	r->record++;
	make_room(r);
	return true;
}

/* one output with words as labels: two classes; numbers are taken as they are.
 * The first data row decides. */
static void
binary_labels(Reader *r)
{
	const Network *net = r->net;
	const char *s;
	uint32_t i;
	double v;

	if (net->heads.n != 1 || net->outputs != 1 || !is_classifier(net) ||
	    r->d->stored != 1 || r->d->label[0])
		return;
	for (i = 0; i < r->csv->columns; i++)
		if (r->target[i] == 0)
			break;
	s = r->csv->header ? r->csv->second.v && i < r->csv->second.n ?
		r->csv->second.v[i] : "0" : r->csv->first.v[i];
	r->d->label[0] = !csv_number(s, strlen(s), &v) &&
		!csv_is_missing(s, strlen(s));
}

bool
table_read(Reader *r)
{
	CsvSink sink = {r, on_cell, on_row};

	make_room(r);
	if (r->d->pairs) {
		labels_any(r);
	} else {
		binary_labels(r);
		labels_start(r);
	}
	r->record = r->csv->header;
	if (!csv_rows(r->csv, &sink))
		return false;
	if (!r->d->rows) {
		err(r->c, csv_place(r->csv, 0, 0),
		    "there are no rows after the header");
		place_last(r->c, 'l');
		help(r->c, "if this line is data, say `--header no`");
		return false;
	}
	if (r->d->stored || (needs_no_targets(r->net) && r->net->targets))
		r->d->known = r->d->rows;
	if (r->d->pairs)
		return pairs_make(r);
	labels_learn(r);
	return !r->d->series || series_windows(r);
}
