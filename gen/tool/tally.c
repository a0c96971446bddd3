/* SPDX-License-Identifier: MIT
 * A network that is compiled and rows in; how often each class is taken for
 * which, or how far outputs are from their targets, out. */
#include <math.h>
#include "tally.h"

const char *
class_name(const Network *net, int k, char buf[24])
{
	if (k < (int)net->classes.n)
		return net->classes.v[k];
	snprintf(buf, 24, "%d", k);
	return buf;
}

const char *
value_name(const Tally *e, int j, char buf[24])
{
	const Network *net = e->s->net;

	if (j < (int)net->columns.n)
		return net->columns.v[j];
	if ((int)e->data->target_names.n == net->targets)
		return e->data->target_names.v[j];
	snprintf(buf, 24, "y%d", j + 1);
	return buf;
}

static size_t
row_of(const Tally *e, size_t i)
{
	return e->rows ? e->rows[i] : i;
}

static void
tally_classes(Tally *e)
{
	Session *s = e->s;
	int n = class_count(s->net), places = class_places(s->net), is, said, j;
	size_t i;

	e->table = mem(s->c, (size_t)n * (size_t)n * sizeof *e->table);
	for (i = 0; i < e->n; i++) {
		session_row(s, e->data, row_of(e, i));
		e->loss += net_loss(s->jit, s->x, s->t);
		net_forward(s->jit, s->x, s->y);
		for (j = 0; j < places; j++) {
			said = output_class(s->net, s->y, j);
			is = data_class(e->data, s->net, row_of(e, i), j);
			e->right += is == said;
			e->table[is * n + said]++;
		}
	}
	e->loss /= (double)e->n;
}

static void
tally_values(Tally *e)
{
	Session *s = e->s;
	int n = s->net->targets, j;
	double *t = mem(s->c, (size_t)n * sizeof *t), y, d;
	double *mean = mem(s->c, (size_t)n * sizeof *mean);
	size_t i;

	e->square = mem(s->c, (size_t)n * sizeof *e->square);
	e->absolute = mem(s->c, (size_t)n * sizeof *e->absolute);
	e->variance = mem(s->c, (size_t)n * sizeof *e->variance);
	for (i = 0; i < e->n; i++) {
		data_targets(e->data, s->net, row_of(e, i), t);
		for (j = 0; j < n; j++)
			mean[j] += t[j] / (double)e->n;
	}
	for (i = 0; i < e->n; i++) {
		session_row(s, e->data, row_of(e, i));
		data_targets(e->data, s->net, row_of(e, i), t);
		e->loss += net_loss(s->jit, s->x, s->t) / (double)e->n;
		net_forward(s->jit, s->x, s->y);
		for (j = 0; j < n && n == s->net->outputs; j++) {
			y = real_get(s->net->dtype, s->y, (size_t)j);
			d = y - t[j];
			e->square[j] += d * d / (double)e->n;
			e->absolute[j] += fabs(d) / (double)e->n;
			d = t[j] - mean[j];
			e->variance[j] += d * d / (double)e->n;
			if (e->pair)
				e->pair(e->u, i, j, t[j], y);
		}
	}
}

double
r_squared(const Tally *e, int target)
{
	double variance = e->variance[target];

	return variance > 0 ? 1 - e->square[target] / variance : NAN;
}

void
tally(Tally *e)
{
	if (!e->data)
		e->data = e->s->data;
	if (class_places(e->s->net))
		tally_classes(e);
	else
		tally_values(e);
}
