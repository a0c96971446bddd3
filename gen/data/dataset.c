/* SPDX-License-Identifier: MIT
 * Rows of numbers from a table: which column is what, class names, splits. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "data.h"

/* ------------------------------------------------- what the network expects */

/* losses of probabilities have closed forms; softmax gives them to any loss */
static bool
takes_shares(const Network *net, const Head *h)
{
	const Layer *l = &net->layers.v[h->layer];
	uint32_t i;

	if (h->loss && h->loss->with.n)
		return true;
	for (i = 0; l->rec && l->args && i < l->rec->params.n; i++)
		if (l->args[i].act &&
		    !strcmp(l->args[i].act->rec->name, "softmax"))
			return true;
	return false;
}

bool
is_classifier(const Network *net)
{
	const Head *h = net->heads.v;

	/* a class for every step of a sequence is not the class of a sample */
	if (net->heads.n != 1 || !h->loss || (h->index && h->targets > 1))
		return false;
	return h->index || net->classes.n || takes_shares(net, h);
}

int
class_count(const Network *net)
{
	if (!is_classifier(net))
		return 0;
	return net->outputs == 1 ? 2 : net->outputs;
}

/* hinge wants -1 and +1 */
double
low_target(const Head *h)
{
	return h->loss && !strcmp(h->loss->name, "hinge") ? -1 : 0;
}

static bool
head_classifies(const Network *net, const Head *h)
{
	return h->loss && (h->index || takes_shares(net, h) ||
	       (net->heads.n == 1 && net->classes.n));
}

/* ------------------------------------------------------------ class labels */

typedef struct {
	Ctx *c;
	const char **name;          /* by id */
	uint32_t *slot;             /* hash table of id + 1 */
	uint32_t n, most, mask;
	bool fixed;                 /* the names are known already */
	bool all_whole;             /* each reads as a whole number */
} Labels;

static void
labels_new(Ctx *c, Labels *l, uint32_t most)
{
	uint32_t size = 16;

	while (size < most * 4)
		size *= 2;
	l->c = c;
	l->most = most;
	l->mask = size - 1;
	l->name = mem(c, (most + 1) * sizeof *l->name);
	l->slot = mem(c, size * sizeof *l->slot);
	l->all_whole = true;
}

static bool
whole(const char *s, size_t n, double *v)
{
	return csv_number(s, n, v) && *v == floor(*v) && fabs(*v) < 1e15;
}

/* id of a name; -1 where it is new and either `add` is false or all are used */
static int
label_id(Labels *l, const char *s, size_t n, bool add)
{
	uint32_t i = (uint32_t)fnv1a(FNV_START, s, n) & l->mask;
	double v;

	for (; l->slot[i]; i = (i + 1) & l->mask)
		if (strlen(l->name[l->slot[i] - 1]) == n &&
		    !memcmp(l->name[l->slot[i] - 1], s, n))
			return (int)l->slot[i] - 1;
	if (!add || l->n >= l->most)
		return -1;
	l->name[l->n] = copy(l->c, s, n);
	l->slot[i] = ++l->n;
	l->all_whole = l->all_whole && whole(s, n, &v);
	return (int)l->n - 1;
}

/* 2 and 2.0 and 2.0000 are the same class */
static const char *
label_text(Ctx *c, const char *s, size_t *n)
{
	double v;
	char *p;

	if (!whole(s, *n, &v))
		return s;
	p = fmt(c, "%.0f", v + 0.0);
	*n = strlen(p);
	return p;
}

/* --------------------------------------------------------- reading a table */

typedef struct {
	Ctx *c;
	Network *net;
	Csv *csv;
	Data *d;
	const DataOptions *o;
	int32_t *slot;              /* per column: k input, -2-k target, -1 none */
	Labels labels;
	size_t record;              /* of the file, header included */
	int *head_of;               /* per stored target column */
	bool f32, usage;            /* usage: an option is to blame */
} Reader;

static void
place_last(Ctx *c, char place)
{
	c->diags.v[c->diags.n - 1].place = place;
}

static const char *
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

/* a label: a known name, or a number of a class where names are words */
static bool
class_cell(Reader *r, uint32_t column, const char *s, size_t n, double *v)
{
	Labels *l = &r->labels;
	const char *name;
	double number;
	size_t m = n;
	int id;

	if (!n || (csv_is_missing(s, n) && label_id(l, s, n, false) < 0))
		return bad_number(r, column, s, n);
	id = label_id(l, s, n, false);
	if (id < 0) {
		name = label_text(r->c, s, &m);
		id = label_id(l, name, m, !l->fixed);
	}
	if (id < 0 && l->fixed && !l->all_whole && whole(s, n, &number) &&
	    number >= 0 && number < l->n)
		id = (int)number;
	if (id < 0)
		return unknown_class(r, column, s);
	*v = id;
	return true;
}

/* several heads: class numbers only */
static bool
index_cell(Reader *r, const Head *h, uint32_t column, const char *s, size_t n,
	double *v)
{
	int each = h->index ? h->outputs / h->targets : h->outputs;
	int most = each == 1 ? 2 : each;

	if (!number_cell(r, column, s, n, v))
		return false;
	if (*v == floor(*v) && *v >= 0 && *v < most)
		return true;
	err(r->c, csv_place(r->csv, r->record, column),
	    "'%s' is not a class number from 0 to %d", shown(r->c, s),
	    most - 1);
	return false;
}

/* columns of a head whose targets are class numbers: one for each vector */
static int
label_width(const Network *net, const Head *h)
{
	return head_classifies(net, h) && !h->index ? 1 : h->targets;
}

static bool
target_cell(Reader *r, uint32_t column, int k, const char *s, size_t n,
	double *v)
{
	const Head *h = &r->net->heads.v[r->head_of[k]];
	double low = low_target(h);

	if (r->d->label[r->head_of[k]])
		return r->net->heads.n == 1 && label_width(r->net, h) == 1 ?
			class_cell(r, column, s, n, v) : index_cell(r, h, column, s, n, v);
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
on_cell(void *u, uint32_t column, const char *s, size_t n)
{
	Reader *r = u;
	Data *d = r->d;
	int32_t slot = r->slot[column];

	if (slot == -1)
		return true;
	if (memchr(s, 0, n))
		return bad_number(r, column, s, n);
	if (slot >= 0)
		return number_cell(r, column, s, n,
		                   &d->x[d->rows * (size_t)d->inputs +
		                         (size_t)slot]);
	return target_cell(r, column, -2 - slot, s, n,
	                   &d->t[d->rows * (size_t)d->stored +
	                         (size_t)(-2 - slot)]);
}

static void
make_room(Reader *r)
{
	Data *d = r->d;
	size_t cap = d->cap ? d->cap * 2 : 64;
	size_t wide = (size_t)d->inputs + (size_t)d->stored;
	double *x, *t;

	if (d->rows < d->cap)
		return;
	if (cap > UINT32_MAX || cap > ((size_t)1 << 33) / 8 / (wide + 1))
		die(r->c, EX_SOFTWARE_, "%s needs more than 8 GB of memory",
		    d->path);
	x = realloc(d->x, cap * (size_t)d->inputs * sizeof *x + 1);
	if (x)
		d->x = x;
	t = realloc(d->t, cap * (size_t)d->stored * sizeof *t + 1);
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

/* -------------------------------------------------------- choosing columns */

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

static int
label_columns(const Network *net)
{
	uint32_t i;
	int n = 0;

	for (i = 0; i < net->heads.n; i++)
		n += label_width(net, &net->heads.v[i]);
	return n;
}

static const char *
expects(Reader *r)
{
	const Network *net = r->net;
	int few = label_columns(net);
	bool classes = net->heads.n == 1 && is_classifier(net);
	const char *in = fmt(r->c, "'%s' takes %d input%s", net->name,
	                     net->inputs, net->inputs == 1 ? "" : "s");

	if (!net->targets)
		return in;
	in = fmt(r->c, "%s and %d %s%s", in, few, classes ? "class" : "target",
	         few == 1 ? "" : classes ? "es" : "s");
	if (few == net->targets)
		return in;
	return fmt(r->c, "%s (or %d %s targets)", in, net->targets,
	           classes ? "one-hot" : "separate");
}

static bool
wrong_columns(Reader *r, uint32_t have)
{
	Ctx *c = r->c;
	int in = r->net->inputs, out = label_columns(r->net);
	int first = (int)have - in - out + 1;

	err(c, csv_place(r->csv, 0, 0), "%u column%s, but %s", have,
	    have == 1 ? "" : "s", expects(r));
	place_last(c, 'l');
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
targets_fit_in(const Network *net, uint32_t n)
{
	return (int)n == label_columns(net) || (int)n == net->targets;
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

/* which head each stored target belongs to, and how it is given */
static void
assign_heads(Reader *r, uint32_t columns)
{
	const Network *net = r->net;
	bool labels = (int)columns == label_columns(net);
	uint32_t i, k = 0;
	int j, wide;

	r->d->label = mem(r->c, net->heads.n * sizeof(bool));
	r->head_of = mem(r->c, (columns + 1) * sizeof(int));
	for (i = 0; i < net->heads.n; i++) {
		const Head *h = &net->heads.v[i];

		r->d->label[i] = labels && head_classifies(net, h) &&
			(h->outputs > 1 || h->index || net->classes.n);
		wide = labels ? label_width(net, h) : h->targets;
		for (j = 0; j < wide && k < columns; j++)
			r->head_of[k++] = (int)i;
	}
}

static void
name_columns(Reader *r, const Columns *cols, Names *out, const char *stem)
{
	uint32_t i;

	for (i = 0; i < cols->n; i++)
		PUSH(r->c, out, r->csv->header ? r->csv->first.v[cols->v[i]] :
		     cols->n == 1 ? stem : fmt(r->c, "%s%u", stem, i + 1));
}

/* ---------------------------------------------------------- class names */

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
		if (r->slot[i] == -2)
			break;
	s = r->csv->header ? r->csv->second.v && i < r->csv->second.n ?
		r->csv->second.v[i] : "0" : r->csv->first.v[i];
	r->d->label[0] = !csv_number(s, strlen(s), &v) &&
		!csv_is_missing(s, strlen(s));
}

static void
start_labels(Reader *r)
{
	const Network *net = r->net;
	uint32_t i, n = (uint32_t)class_count(net);

	if (net->heads.n != 1 || !n)
		return;
	labels_new(r->c, &r->labels, n);
	for (i = 0; i < net->classes.n && i < n; i++)
		label_id(&r->labels, net->classes.v[i],
		         strlen(net->classes.v[i]), true);
	r->labels.fixed = net->classes.n > 0;
}

static int
by_name(const void *a, const void *b)
{
	const char *s = *(const char *const *)a, *t = *(const char *const *)b;
	double u, v;

	if (whole(s, strlen(s), &u) && whole(t, strlen(t), &v))
		return (u > v) - (u < v);
	return strcmp(s, t);
}

/* labels 0 .. N-1 are the numbers of their classes */
static bool
labels_are_numbers(const Labels *l)
{
	double v;
	uint32_t i;

	for (i = 0; i < l->n; i++)
		if (!whole(l->name[i], strlen(l->name[i]), &v) || v < 0 ||
		    v >= l->most)
			return false;
	return true;
}

/* sorts the names that were found and renumbers the rows by them */
static void
learn_classes(Reader *r)
{
	Labels *l = &r->labels;
	uint32_t i, j, *rank = mem(r->c, (l->n + 1) * sizeof *rank);
	const char **sorted = mem(r->c, (l->n + 1) * sizeof *sorted);
	bool numbers = labels_are_numbers(l);
	size_t k;

	if (!r->d->stored || !r->d->label[0] || l->fixed ||
	    r->net->heads.n != 1)
		return;
	memcpy(sorted, l->name, l->n * sizeof *sorted);
	qsort(sorted, l->n, sizeof *sorted, by_name);
	for (i = 0; i < l->most; i++)
		PUSH(r->c, &r->net->classes, numbers ? fmt(r->c, "%u", i) :
		     i < l->n ? sorted[i] : fmt(r->c, "(unused %u)", i));
	for (j = 0; j < l->n; j++)
		rank[label_id(l, sorted[j], strlen(sorted[j]), false)] =
			numbers ? (uint32_t)strtoul(sorted[j], NULL, 10) : j;
	for (k = 0; k < r->d->rows; k++)
		r->d->t[k] = rank[(uint32_t)r->d->t[k]];
}

static bool
read_rows(Reader *r)
{
	CsvSink sink = {r, on_cell, on_row};

	make_room(r);
	start_labels(r);
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
	learn_classes(r);
	return true;
}

Data *
data_read(Ctx *c, Network *net, const char *path, const DataOptions *o, int *rc)
{
	Data *d = mem(c, sizeof *d);
	Reader r = {.c = c, .net = net, .d = d, .o = o};
	Columns in = {0}, out = {0};

	d->path = path;
	d->inputs = net->inputs;
	r.f32 = net->dtype == F32;
	r.csv = csv_open(c, path, o->header, rc);
	if (!r.csv)
		return NULL;
	r.slot = mem(c, r.csv->columns * sizeof *r.slot);
	if (!choose(&r, &in, &out) || !take(&r, &in, &out)) {
		*rc = r.usage ? EX_USAGE_ : EX_DATA;
		return NULL;
	}
	d->stored = (int)out.n;
	assign_heads(&r, out.n);
	name_columns(&r, &in, &d->names, "x");
	name_columns(&r, &out, &d->target_names, "target");
	binary_labels(&r);
	if (!read_rows(&r)) {
		*rc = EX_DATA;
		data_free(d);
		return NULL;
	}
	return d;
}

void
data_free(Data *d)
{
	if (!d)
		return;
	free(d->x);
	free(d->t);
	d->x = d->t = NULL;
}
