/* SPDX-License-Identifier: MIT
 * How the network that was kept does on the rows it was validated with, or else
 * on those it learnt from: classes as a matrix, values as a picture each. */
#include <math.h>
#include <stdlib.h>
#include "../tool/tally.h"
#include "report.h"

enum { MOST_CLASSES = 32, MOST_MISTAKES = 12, MOST_TARGETS = 4,
	MOST_PAIRS = 400 };

typedef struct {
	Tally tally;
	Page *page;
	size_t first, stride;       /* rows whose values are shown */
	size_t n;
	double *is[MOST_TARGETS], *said[MOST_TARGETS], *at;
} Agreement;

/* ---------------------------------------------------------------- classes */

static size_t
of_class(const size_t *table, int n, int row)
{
	size_t sum = 0;
	int j;

	for (j = 0; j < n; j++)
		sum += table[row * n + j];
	return sum;
}

/* a line of the table: name, then `share|count` for each class, then recall */
static void
add_class(Page *p, const Tally *t, int n, int row)
{
	size_t all = of_class(t->table, n, row), hits = t->table[row * n + row];
	Names cells = {0};
	char buf[24];
	int j;

	row_put(p, &cells, class_name(t->s->net, row, buf));
	for (j = 0; j < n; j++) {
		size_t k = t->table[row * n + j];

		row_put_html(p, &cells, !k ? "<td class=\"none\">·</td>" :
		             fmt(p->c, "<td class=\"%s\" style=\"--share:%.3f\">"
		             "%zu</td>", j == row ? "hit" : "miss",
		             (double)k / (double)all, k));
	}
	row_put(p, &cells, all ? fmt(p->c, "%.1f %%", 100 * (double)hits /
	        (double)all) : "-");
	page_add(p, "matrix", &cells);
}

static void
add_heads(Page *p, const Tally *t, int n)
{
	Names names = {0}, precision = {0};
	char buf[24];
	int i, j;

	for (j = 0; j < n; j++) {
		size_t said = 0;

		for (i = 0; i < n; i++)
			said += t->table[i * n + j];
		row_put(p, &names, class_name(t->s->net, j, buf));
		row_put(p, &precision, said ? fmt(p->c, "%.0f", 100 *
		        (double)t->table[j * n + j] / (double)said) : "-");
	}
	page_add(p, "matrix_heads", &names);
	page_add(p, "matrix_heads", &precision);
}

/* the largest entries off the diagonal, from the largest on */
static void
add_mistakes(Page *p, const Tally *t, int n)
{
	size_t limit = SIZE_MAX, most;
	int shown = 0, i, j;
	char is[24], said[24];

	do {
		for (most = 0, i = 0; i < n * n; i++)
			if (i / n != i % n && t->table[i] < limit &&
			    t->table[i] > most)
				most = t->table[i];
		for (i = 0; i < n && most; i++)
			for (j = 0; j < n && shown < MOST_MISTAKES; j++)
				if (i != j && t->table[i * n + j] == most) {
					page_row(p, "mistakes", class_name(
					         t->s->net, i, is),
					         class_name(t->s->net, j, said),
					         grouped(p->c, (int64_t)most),
					         NULL);
					shown++;
				}
		limit = most;
	} while (most && shown < MOST_MISTAKES);
}

static void
add_classes(Page *p, const Tally *t)
{
	int n = class_count(t->s->net), i;

	if (n <= MOST_CLASSES) {
		add_heads(p, t, n);
		for (i = 0; i < n; i++)
			add_class(p, t, n, i);
	}
	if (n > 4)
		add_mistakes(p, t, n);
}

/* ----------------------------------------------------------------- values */

static void
take_pair(void *u, size_t i, int target, double is, double said)
{
	Agreement *a = u;

	if (target >= MOST_TARGETS || i < a->first ||
	    (i - a->first) % a->stride || (i - a->first) / a->stride >= a->n)
		return;
	i = (i - a->first) / a->stride;
	a->is[target][i] = is;
	a->said[target][i] = said;
}

static const char *
four(Ctx *c, double v)
{
	return isnan(v) ? "-" : fmt(c, "%.4g", v);
}

static void
add_value(Agreement *a, int j, bool series)
{
	Page *p = a->page;
	const Tally *t = &a->tally;
	Names row = {0};
	char buf[24];
	Chart k = {.id = fmt(p->c, "forecast%d", j + 1), .title = "Forecast",
		.across = "window", .unit = "", .x = a->at, .n = a->n,
		.count = 2, .mark = NAN};

	row_put(p, &row, value_name(t, j, buf));
	row_put(p, &row, four(p->c, sqrt(t->square[j])));
	row_put(p, &row, four(p->c, t->absolute[j]));
	row_put(p, &row, four(p->c, r_squared(t, j)));
	row_put(p, &row, four(p->c, sqrt(t->variance[j])));
	row_put_html(p, &row, scatter_svg(p->c, a->is[j], a->said[j], a->n));
	page_add(p, "values", &row);
	k.series[0] = (Series){"truth", "train", a->is[j]};
	k.series[1] = (Series){"output", "held", a->said[j]};
	if (series)
		page_chart(p, &k);
}

/* of a series the end, step by step; else rows from all over */
static void
add_values(Agreement *a)
{
	const Network *net = a->tally.s->net;
	Ctx *c = a->page->c;
	bool series = a->tally.data->series;
	int targets = net->targets < MOST_TARGETS ? net->targets : MOST_TARGETS;
	size_t rows = a->tally.n, i;
	int j;

	a->n = rows < MOST_PAIRS ? rows : MOST_PAIRS;
	a->stride = series ? 1 : rows / a->n;
	a->first = series ? rows - a->n : 0;
	a->at = mem(c, a->n * sizeof(double));
	for (i = 0; i < a->n; i++)
		a->at[i] = (double)(a->first + i + 1);
	for (j = 0; j < targets; j++) {
		a->is[j] = mem(c, a->n * sizeof(double));
		a->said[j] = mem(c, a->n * sizeof(double));
	}
	a->tally.pair = take_pair;
	a->tally.u = a;
	tally(&a->tally);
	for (j = 0; j < targets; j++)
		add_value(a, j, series);
}

/* ---------------------------------------------------------- of which rows */

void
report_agreement(Page *p)
{
	const Train *r = p->r;
	Session *s = r->s;
	Agreement a = {.page = p, .tally = {.s = s, .data = r->held ? r->val :
		s->data, .rows = r->rows, .n = r->held ? r->held : r->train}};

	if (r->held)
		a.tally.rows = r->val == s->data ? r->rows + r->train : NULL;
	if (!a.tally.n)
		return;
	page_text(p, "judged", fmt(p->c, "%s %s", grouped(p->c,
	          (int64_t)a.tally.n), r->held ? "rows it did not learn from" :
	          "rows it learnt from"));
	if (class_places(s->net)) {
		tally(&a.tally);
		add_classes(p, &a.tally);
	} else if (s->net->targets == s->net->outputs)
		add_values(&a);
}
