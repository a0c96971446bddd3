/* SPDX-License-Identifier: MIT
 * Names of classes and their numbers; names that only the data knows are learnt. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "reader.h"

enum { MOST_CLASSES = 1 << 16 }; /* of pairs */

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

void
labels_start(Reader *r)
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

void
labels_any(Reader *r)
{
	labels_new(r->c, &r->labels, MOST_CLASSES);
}

int
label_named(Reader *r, const char *s, size_t n)
{
	return label_id(&r->labels, s, n, false);
}

int
label_class(Reader *r, const char *s, size_t n)
{
	Labels *l = &r->labels;
	const char *name;
	double number;
	size_t m = n;
	int id = label_id(l, s, n, false);

	if (id >= 0)
		return id;
	name = label_text(r->c, s, &m);
	id = label_id(l, name, m, !l->fixed);
	if (id < 0 && l->fixed && !l->all_whole && whole(s, n, &number) &&
	    number >= 0 && number < l->n)
		id = (int)number;
	return id;
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

/* Sorts the names that were found and renumbers the rows by them.  Nothing is
 * found where classes can only be numbers (one for each step, or several
 * heads). */
void
labels_learn(Reader *r)
{
	Labels *l = &r->labels;
	uint32_t i, j, *rank = mem(r->c, (l->n + 1) * sizeof *rank);
	const char **sorted = mem(r->c, (l->n + 1) * sizeof *sorted);
	bool numbers = labels_are_numbers(l);
	size_t k;

	if (!l->n || !r->d->stored || !r->d->label[0] || l->fixed ||
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
	for (k = 0; k < r->d->rows * r->d->t_step; k++)
		r->d->t[k] = rank[(uint32_t)r->d->t[k]];
}
