/* SPDX-License-Identifier: MIT
 * Curves in; where the axes end, their marks and the best epoch, out. */
#include <math.h>
#include "curves.h"

double
axis_share(double v, double from, double to, bool log)
{
	return log ? (log10(v) - log10(from)) / (log10(to) - log10(from)) :
		(v - from) / (to - from);
}

/* of the held-out rows where there are some; of one file alone */
static void
find_best(Curves *p)
{
	const Series *k = NULL;
	uint32_t i;
	size_t j;

	p->best = p->best_y = NAN;
	for (i = 0; i < p->curves.n; i++)
		if (!k || (p->curves.v[i].held && !k->held))
			k = &p->curves.v[i];
	if (!k || p->files > 1 || p->forecast)
		return;
	for (j = 0; j < k->n; j++) {
		if (!isfinite(k->y[j]) || (isfinite(p->best_y) &&
		    (p->best_is_most ? k->y[j] <= p->best_y :
		     k->y[j] >= p->best_y)))
			continue;
		p->best = k->x[j];
		p->best_y = k->y[j];
	}
}

static void
find_ranges(Curves *p)
{
	uint32_t i;
	size_t j;

	p->x0 = p->y0 = INFINITY;
	p->x1 = p->y1 = -INFINITY;
	for (i = 0; i < p->curves.n; i++) {
		const Series *k = &p->curves.v[i];

		for (j = 0; j < k->n; j++) {
			p->x0 = fmin(p->x0, k->x[j]);
			p->x1 = fmax(p->x1, k->x[j]);
			p->y0 = fmin(p->y0, k->y[j]);
			p->y1 = fmax(p->y1, k->y[j]);
		}
	}
}

void
curves_scale(Curves *p)
{
	double room;

	find_ranges(p);
	find_best(p);
	if (p->x1 <= p->x0) {
		p->x0 -= 1;
		p->x1 += 1;
	}
	p->log = p->y0 > 0 && !p->best_is_most && !p->forecast;
	if (p->log) {
		room = fmax(pow(p->y1 / p->y0, 0.05), 1.1);
		p->y0 = fmax(p->y0 / room, 1e-300);
		p->y1 = fmin(p->y1 * room, 1e300);
		return;
	}
	room = fmax((p->y1 - p->y0) * 0.05, fabs(p->y1) * 1e-6 + 1e-12);
	p->y0 -= room;
	p->y1 += room;
}

/* 1, 2 or 5 times a power of ten */
static Marks
linear_marks(double from, double to, int most)
{
	double raw = (to - from) / most, unit = pow(10, floor(log10(raw)));
	double step = raw <= unit ? unit : raw <= 2 * unit ? 2 * unit :
		raw <= 5 * unit ? 5 * unit : 10 * unit;
	double k = ceil(from / step - 1e-9);
	Marks m = { .n = 0 };

	for (; m.n < 16 && k * step <= to + step * 1e-9; k++)
		m.at[m.n++] = k ? k * step : 0; /* not -0 */
	return m;
}

/* powers of ten, with their doubles and halves where that is too few */
Marks
marks_of(double from, double to, bool log, int most)
{
	static const double between[] = { 1, 2, 5 };
	Marks m = { .n = 0 };
	double decades = log10(to) - log10(from), k;
	int step, i;

	if (!log || decades < 0.7)
		return linear_marks(from, to, most);
	step = (int)ceil(decades / most);
	for (k = floor(log10(from)); k <= log10(to); k++) {
		if (step > 1 && fmod(fabs(k), step) != 0)
			continue;
		for (i = 0; i < (decades < 2.5 ? 3 : 1); i++) {
			double v = between[i] * pow(10, k);

			if (v >= from && v <= to && m.n < 16)
				m.at[m.n++] = v;
		}
	}
	return m;
}

const char *
mark_text(Ctx *c, double v)
{
	if (fabs(v) < 1e7 && v == round(v))
		return fmt(c, "%.0f", v + 0.0);
	return fmt(c, "%.4g", v);
}

const char *
curve_color(const Curves *p, const Series *k)
{
	static const char *const colors[] = {
		BLUE, ORANGE, "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
	};
	int at = p->files > 1 ? k->file : k->held ? 1 :
		(int)(k - p->curves.v);

	return colors[at % 6];
}
