/* SPDX-License-Identifier: MIT
 * The curves of a run from its history. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "report.h"

enum { COLUMNS = 8, MOST_POINTS = 800 };
enum { EPOCH, SECONDS, RATE, LOSS, VAL_LOSS, ACCURACY, VAL_ACCURACY };

typedef struct {
	Ctx *c;
	VEC(double) v[COLUMNS];
	size_t n;
} History;

/* one line; false: it is none of a history */
static bool
read_line(const char *s, double v[COLUMNS])
{
	char *end;
	int k;

	for (k = 0; k < COLUMNS; k++) {
		end = (char *)s; /* strtod would go on in the next line */
		v[k] = *s == ',' || *s == '\n' ? NAN : strtod(s, &end);
		if (*end != (k + 1 < COLUMNS ? ',' : '\n'))
			return false;
		s = end + 1;
	}
	return v[EPOCH] >= 1;
}

/* From the end to the beginning: an epoch that came again counts once, and the
 * first one ends it, as what stands before is of another run. */
static void
read_history(History *h, const char *text, size_t n)
{
	const char *end = text + n, *line;
	double v[COLUMNS], least = INFINITY;
	int k;

	while (end > text && least > 1) {
		for (line = end - 1; line > text && line[-1] != '\n'; line--)
			;
		end = line;
		if (!read_line(line, v) || v[EPOCH] >= least)
			continue;
		least = v[EPOCH];
		for (k = 0; k < COLUMNS; k++)
			PUSH(h->c, &h->v[k], v[k]);
	}
	h->n = h->v[EPOCH].n;
}

/* in order of time, every so many of them, the last and the best too */
static void
arrange(History *h, double best)
{
	size_t stride = (h->n + MOST_POINTS - 1) / MOST_POINTS, i, to = 0, n = h->n;
	double x;
	int k;

	for (k = 0; k < COLUMNS; k++)
		for (i = 0; i < n / 2; i++) {
			x = h->v[k].v[i];
			h->v[k].v[i] = h->v[k].v[n - 1 - i];
			h->v[k].v[n - 1 - i] = x;
		}
	for (i = 0; i < n; i++) {
		if (i % stride && i + 1 < n && h->v[EPOCH].v[i] != best)
			continue;
		for (k = 0; k < COLUMNS; k++)
			h->v[k].v[to] = h->v[k].v[i];
		to++;
	}
	h->n = to;
}

static bool
is_known(const History *h, int column)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		if (isfinite(h->v[column].v[i]))
			return true;
	return false;
}

static bool
all_positive(const History *h)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		if (h->v[LOSS].v[i] <= 0 || h->v[VAL_LOSS].v[i] <= 0)
			return false;
	return true;
}

static void
add_chart(Page *p, const History *h, Chart k, int train, int held)
{
	k.across = "epoch";
	k.x = h->v[EPOCH].v;
	k.n = h->n;
	if (is_known(h, train))
		k.series[k.count++] = (Series){"training", "train",
			h->v[train].v};
	if (held && is_known(h, held))
		k.series[k.count++] = (Series){"validation", "held",
			h->v[held].v};
	if (k.count)
		page_chart(p, &k);
}

static void
in_percent(History *h, int column)
{
	size_t i;

	for (i = 0; i < h->n; i++)
		h->v[column].v[i] *= 100;
}

static bool
rate_changes(const History *h)
{
	return h->n && h->v[RATE].v[0] != h->v[RATE].v[h->n - 1];
}

void
report_curves(Page *p)
{
	Train *r = p->r;
	History h = {.c = p->c};
	const char *why;
	char *text;
	size_t n;
	double best = best_is_kept(r) ? (double)r->best_epoch : NAN;

	if (read_file(p->c, r->history_path, (size_t)1 << 30, &text, &n, &why))
		return;
	read_history(&h, text, n);
	if (!h.n)
		return;
	arrange(&h, best);
	in_percent(&h, ACCURACY);
	in_percent(&h, VAL_ACCURACY);
	add_chart(p, &h, (Chart){.id = "loss", .title = "Loss", .unit = "",
	          .log = all_positive(&h), .mark = best}, LOSS, VAL_LOSS);
	add_chart(p, &h, (Chart){.id = "accuracy", .title = "Accuracy",
	          .unit = "%", .mark = best}, ACCURACY, VAL_ACCURACY);
	if (rate_changes(&h)) {
		Chart k = {.id = "rate", .title = "Learning rate", .unit = "",
			.across = "epoch", .x = h.v[EPOCH].v, .n = h.n,
			.count = 1, .mark = NAN};

		k.series[0] = (Series){"rate", "other", h.v[RATE].v};
		page_chart(p, &k);
	}
}
