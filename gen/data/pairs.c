/* SPDX-License-Identifier: MIT
 * Rows or images, each with its class, become pairs for a network that compares
 * two: the target says whether both are of one class.
 *
 * In an order that is drawn once, each row is joined to the next one of its own
 * class and to the next one of another.  So pairs lie close together in this
 * order, and what is held out, its end, shares no row with what is learnt. */
#include <stdlib.h>
#include "reader.h"

enum { ORDER = 7 };             /* the same for all runs: eval splits as train */

bool
takes_pairs(const Network *net, uint32_t columns, bool chosen)
{
	const Shape *in[2];
	uint32_t i, k = 0, half = (uint32_t)net->inputs / 2;
	const Head *h = net->heads.v;

	for (i = 0; i < net->layers.n; i++) {
		if (net->layers.v[i].rec)
			continue;
		if (k == 2)
			return false;
		in[k++] = &net->layers.v[i].out;
	}
	return k == 2 && shape_size(in[0]) == shape_size(in[1]) &&
		net->heads.n == 1 && head_classifies(net, h) &&
		h->targets == 1 && h->outputs == 1 &&
		columns == half + !chosen;
}

static void *
room(Reader *r, void *old, size_t n, size_t each)
{
	void *p = n > SIZE_MAX / 2 / each ? NULL : realloc(old, n * each + 1);

	if (!p)
		die(r->c, EX_SOFTWARE_, "out of memory while reading %s",
		    r->d->path);
	return p;
}

/* the pair of two places in the order */
static void
join(Reader *r, const size_t *order, size_t a, size_t b, double target)
{
	Data *d = r->d;

	d->pair[d->rows] = (Pair){ (uint32_t)order[a], (uint32_t)order[b],
		(uint32_t)a, (uint32_t)b };
	d->t[d->rows++] = target;
}

static bool
whole_error(Reader *r, const char *text)
{
	int rc;

	return bytes_error(r->c, &r->file, &rc, EX_DATA, text);
}

static void
join_all(Reader *r)
{
	Data *d = r->d;
	size_t n = d->rows, i, other = 0;
	size_t *order = room(r, NULL, n, sizeof *order);
	size_t *next = mem(r->c, (r->labels.n + 1) * sizeof *next);
	size_t *same = room(r, NULL, n, sizeof *same);
	size_t *apart = room(r, NULL, n, sizeof *apart);
	int *class = room(r, NULL, n, sizeof *class);
	double low = low_target(r->net->heads.v);

	for (i = 0; i < n; i++)
		order[i] = i;
	rows_shuffle(order, n, ORDER, 0);
	for (i = 0; i < n; i++)
		class[i] = (int)d->t[order[i]];
	for (i = n; i-- > 0;) { /* 0: there is none */
		if (i + 1 < n && class[i + 1] != class[i])
			other = i + 1;
		else if (i + 1 == n)
			other = 0;
		else
			other = apart[i + 1];
		apart[i] = other;
		same[i] = next[class[i]];
		next[class[i]] = i;
	}
	d->pair = room(r, NULL, 2 * n, sizeof *d->pair);
	d->t = room(r, d->t, 2 * n, sizeof *d->t);
	d->samples = n;
	for (d->rows = i = 0; i < n; i++) {
		if (same[i])
			join(r, order, i, same[i], 1);
		if (apart[i])
			join(r, order, i, apart[i], low);
	}
	free(order);
	free(same);
	free(apart);
	free(class);
}

bool
pairs_make(Reader *r)
{
	Data *d = r->d;
	size_t n = d->rows;

	if (!d->stored)
		return whole_error(r, "these rows have no class to be paired by");
	join_all(r);
	d->known = d->rows;
	d->label[0] = false; /* 1, or what is not */
	return d->rows || whole_error(r, fmt(r->c, "%zu row%s make%s no pair", n,
	                                     n == 1 ? "" : "s",
	                                     n == 1 ? "s" : ""));
}

size_t *
pairs_split(const Data *d, double fraction, size_t *train, size_t *held)
{
	size_t *rows = malloc((d->rows + 1) * sizeof *rows), i;
	size_t end = d->samples - (size_t)(fraction * (double)d->samples);

	*train = *held = 0;
	for (i = 0; rows && i < d->rows; i++)
		if (d->pair[i].to < end)
			rows[(*train)++] = i;
	for (i = 0; rows && i < d->rows; i++)
		if (d->pair[i].from >= end)
			rows[*train + (*held)++] = i;
	return rows;
}
