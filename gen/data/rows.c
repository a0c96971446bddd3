/* SPDX-License-Identifier: MIT
 * Rows of a dataset as a network takes them; orders, splits, statistics. */
#include <math.h>
#include <stdlib.h>
#include "data.h"

double
data_input(const Data *d, size_t row, size_t j)
{
	size_t at = row * d->x_step + j;

	if (d->pair)
		at = j < d->x_step ? d->pair[row].a * d->x_step + j :
			d->pair[row].b * d->x_step + j - d->x_step;

	return d->bytes ? d->bytes[at] / d->divisor : d->x[at];
}

static void
one_hot(const Network *net, const Head *h, const double *class, double *v)
{
	int places = positions(net, h), classes = h->outputs / places, i, k;
	int yes = classes == 1; /* one output alone says whether it is class 1 */

	for (i = 0; i < places; i++)
		for (k = 0; k < classes; k++)
			v[class_at(net, h, i, k)] = k + yes == (int)class[i] ?
				1 : low_target(h);
}

void
data_targets(const Data *d, const Network *net, size_t row, double *v)
{
	const double *t = d->t + row * d->t_step;
	uint32_t i;
	int j;

	for (i = 0; i < net->heads.n; i++) {
		const Head *h = &net->heads.v[i];

		if (h->input) {
			for (j = 0; j < d->inputs; j++)
				*v++ = data_input(d, row, (size_t)j);
			continue;
		}
		if (!d->label[i] || h->index) {
			for (j = 0; j < h->targets; j++)
				*v++ = *t++;
			continue;
		}
		one_hot(net, h, t, v);
		v += h->targets;
		t += positions(net, h);
	}
}

int
data_class(const Data *d, const Network *net, size_t row, int place)
{
	const double *t = d->t + row * d->t_step;
	const Head *h = net->heads.v;
	int k, n, best = 0;

	if (!d->stored || net->heads.n != 1)
		return -1;
	if (d->label[0])
		return (int)t[place];
	n = h->outputs / positions(net, h);
	if (n == 1)
		return t[place] > (low_target(h) + 1) / 2;
	for (k = 1; k < n; k++)
		if (t[class_at(net, h, place, k)] > t[class_at(net, h, place, best)])
			best = k;
	return best;
}

static void
put(void *to, Dtype real, size_t i, double v)
{
	if (real == F32)
		((float *)to)[i] = (float)v;
	else
		((double *)to)[i] = v;
}

void
data_gather(const Data *d, const Network *net, Dtype real, const size_t *rows,
	size_t first, size_t n, void *x, void *t)
{
	size_t i, j, row, targets = (size_t)net->targets;
	size_t inputs = (size_t)d->inputs;
	double few[64], *v = few;

	if (t && targets > 64)
		v = malloc(targets * sizeof *v);
	for (i = 0; i < n && v; i++) {
		row = rows ? rows[first + i] : first + i;
		for (j = 0; j < inputs; j++)
			put(x, real, i * inputs + j, data_input(d, row, j));
		if (!t)
			continue;
		data_targets(d, net, row, v);
		for (j = 0; j < targets; j++)
			put(t, real, i * targets + j, v[j]);
	}
	if (v != few)
		free(v);
}

/* splitmix64 (Steele, Lea, Flood 2014) as a function of its counter */
static uint64_t
mixed(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* Fisher-Yates; rows are fewer than 2^32 */
void
rows_shuffle(size_t *rows, size_t n, uint64_t seed, uint64_t round)
{
	uint64_t key = mixed(mixed(seed + 0x9e3779b97f4a7c15u) + round);
	size_t i, j, row;

	for (i = n; i > 1; i--) {
		j = (size_t)((mixed(key + i * 0x9e3779b97f4a7c15u) >> 32) *
		             (uint64_t)i >> 32);
		row = rows[i - 1];
		rows[i - 1] = rows[j];
		rows[j] = row;
	}
}

static int
by_number(const void *a, const void *b)
{
	size_t i = *(const size_t *)a, j = *(const size_t *)b;

	return (i > j) - (i < j);
}

typedef struct { size_t row, at; int group; } Ranked;

static int
by_group(const void *a, const void *b)
{
	const Ranked *x = a, *y = b;

	if (x->group != y->group)
		return (x->group > y->group) - (x->group < y->group);
	return (x->at > y->at) - (x->at < y->at);
}

/* puts the rows of one class together, in the order that they have */
static bool
group_rows(const Data *d, const Network *net, size_t *rows)
{
	Ranked *r = malloc((d->rows + 1) * sizeof *r);
	bool classes = is_classifier(net);
	size_t i;

	if (!r)
		return false;
	for (i = 0; i < d->rows; i++)
		r[i] = (Ranked){rows[i], i,
			classes ? data_class(d, net, rows[i], 0) : 0};
	qsort(r, d->rows, sizeof *r, by_group);
	for (i = 0; i < d->rows; i++)
		rows[i] = r[i].row;
	free(r);
	return true;
}

/* The end of a series; where windows have a target at every step, none of
 * those between is used. */
static size_t *
split_series(const Data *d, double fraction, size_t *train, size_t *held)
{
	size_t *rows = malloc((d->rows + 1) * sizeof *rows), i;
	size_t overlap = d->t_step ? (size_t)d->stored / d->t_step - 1 : 0;

	*held = (size_t)(fraction * (double)d->rows);
	*train = d->rows - *held;
	if (*held)
		*train -= overlap < *train ? overlap : *train;
	for (i = 0; rows && i < *train; i++)
		rows[i] = i;
	for (i = 0; rows && i < *held; i++)
		rows[*train + i] = d->rows - *held + i;
	return rows;
}

/* Shuffled rows, class after class; every time that fraction * i passes a
 * whole number the row is held out. */
static size_t *
split_classes(const Data *d, const Network *net, double fraction, uint64_t seed,
	size_t *train, size_t *held_out)
{
	size_t n = d->rows, held = 0, kept = 0, i;
	size_t *rows = malloc((n + 1) * sizeof *rows);
	size_t *out = malloc((n + 1) * sizeof *out);

	for (i = 0; rows && i < n; i++)
		rows[i] = i;
	if (rows)
		rows_shuffle(rows, n, seed, UINT64_MAX);
	if (!rows || !out || !group_rows(d, net, rows)) {
		free(rows);
		free(out);
		return NULL;
	}
	*train = n - (size_t)(fraction * (double)n);
	for (i = 0; i < n; i++)
		if ((size_t)(fraction * (double)(i + 1)) >
		    (size_t)(fraction * (double)i))
			out[*train + held++] = rows[i];
		else
			out[kept++] = rows[i];
	*held_out = held;
	free(rows);
	qsort(out, kept, sizeof *out, by_number);
	qsort(out + kept, held, sizeof *out, by_number);
	return out;
}

size_t *
rows_split(const Data *d, const Network *net, double fraction, uint64_t seed,
	size_t *train, size_t *held)
{
	return d->pair ? pairs_split(d, fraction, train, held) :
		d->series ? split_series(d, fraction, train, held) :
		split_classes(d, net, fraction, seed, train, held);
}

/* a scalar of the inputs, or of the stored targets */
static double
scalar(const Data *d, bool inputs, size_t row, size_t j)
{
	return inputs ? data_input(d, row, j) :
		d->t[row * d->t_step + j];
}

static void
one_column(const Data *d, bool inputs, size_t j, const size_t *rows, size_t n,
	ColumnStats *s)
{
	double sum = 0, squares = 0, v;
	size_t i;

	s->min = s->max = n ? scalar(d, inputs, rows ? rows[0] : 0, j) : 0;
	for (i = 0; i < n; i++) {
		v = scalar(d, inputs, rows ? rows[i] : i, j);
		sum += v;
		s->min = v < s->min ? v : s->min;
		s->max = v > s->max ? v : s->max;
	}
	s->mean = n ? sum / (double)n : 0;
	for (i = 0; i < n; i++) {
		v = scalar(d, inputs, rows ? rows[i] : i, j) - s->mean;
		squares += v * v;
	}
	/* a constant column deviates by rounding alone */
	s->deviation = n && s->min < s->max ? sqrt(squares / (double)n) : 0;
}

void
column_stats(const Data *d, bool inputs, const size_t *rows, size_t n,
	ColumnStats *out)
{
	int j;

	for (j = 0; j < (inputs ? d->inputs : d->stored); j++)
		one_column(d, inputs, (size_t)j, rows, n, &out[j]);
}
