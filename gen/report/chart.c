/* SPDX-License-Identifier: MIT
 * Numbers in, charts out: SVG that needs no script, and the numbers themselves
 * for a script that makes more of them. */
#include <math.h>
#include <string.h>
#include "report.h"

enum { WIDE = 720, HIGH = 260, LEFT = 58, RIGHT = 14, TOP = 10, BELOW_AXIS = 34,
	SQUARE = 300, TICKS = 6 };

typedef struct { double low, high, from, to; bool log; } Axis;

static double
place(const Axis *a, double v)
{
	double low = a->low, high = a->high;

	if (a->log) {
		v = log10(v);
		low = log10(low);
		high = log10(high);
	}
	return a->from + (a->to - a->from) * (v - low) / (high - low);
}

static void
widen(Axis *a, const double *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (isfinite(v[i])) {
			a->low = fmin(a->low, v[i]);
			a->high = fmax(a->high, v[i]);
		}
}

static void
round_off(Axis *a)
{
	double more = a->high > a->low ? 0.04 * (a->high - a->low) :
		fmax(fabs(a->high) * 0.1, 1e-9);

	if (!(a->high >= a->low)) { /* no number at all */
		a->low = a->log ? 0.1 : 0;
		a->high = 1;
	} else if (a->log) {
		a->low /= 1.1;
		a->high *= 1.1;
	} else {
		a->low -= more;
		a->high += more;
	}
}

/* the next number of 1, 2 and 5 times a power of ten */
static double
step_of(double span)
{
	double ten = pow(10, floor(log10(span)));

	return span <= ten ? ten : span <= 2 * ten ? 2 * ten :
		span <= 5 * ten ? 5 * ten : 10 * ten;
}

static int
linear_ticks(const Axis *a, double v[20])
{
	double step = step_of((a->high - a->low) / TICKS), x;
	int n = 0;

	for (x = ceil(a->low / step) * step; x <= a->high && n < 20; x += step)
		v[n++] = fabs(x) < step / 1e6 ? 0 : x;
	return n;
}

/* powers of ten; where these are few, 2 and 5 times them too */
static int
log_ticks(const Axis *a, double v[20])
{
	static const double more[] = {1, 2, 5};
	int first = (int)floor(log10(a->low)), last = (int)ceil(log10(a->high));
	int each = last - first > 3 ? 1 : 3, skip = 1 + (last - first) / 9;
	int ten, k, n = 0;
	double x;

	for (ten = first; ten <= last; ten += skip)
		for (k = 0; k < each; k++) {
			x = more[k] * pow(10, ten);
			if (x >= a->low && x <= a->high && n < 20)
				v[n++] = x;
		}
	return n;
}

static void
axes(Text *t, const Axis *x, const Axis *y, const Chart *k)
{
	double v[20];
	int n = y->log ? log_ticks(y, v) : linear_ticks(y, v), i;

	for (i = 0; i < n; i++) {
		svg_line(t, "grid", x->from, place(y, v[i]), x->to,
		         place(y, v[i]));
		svg_text(t, "tick", "end", x->from - 6, place(y, v[i]) + 4,
		         fmt(t->c, "%.4g%s", v[i], k->unit));
	}
	n = linear_ticks(x, v);
	for (i = 0; i < n; i++)
		svg_text(t, "tick", "middle", place(x, v[i]), y->from + 16,
		         fmt(t->c, "%.6g", v[i]));
	svg_line(t, "axis", x->from, y->from, x->to, y->from);
	svg_text(t, "tick", "end", x->to, y->from + 31, k->across);
}

static void
line(Text *t, const Axis *x, const Axis *y, const Chart *k, const Series *s)
{
	bool drawn = false;
	size_t i;

	text_add(t, "<path class=\"line %s\" d=\"", s->style);
	for (i = 0; i < k->n; i++) {
		bool good = isfinite(s->y[i]) && (!y->log || s->y[i] > 0);

		if (good)
			text_add(t, "%c%.1f %.1f", drawn ? 'L' : 'M',
			         place(x, k->x[i]), place(y, s->y[i]));
		drawn = good;
	}
	text_add(t, "\"/>\n");
}

static const char *
chart_svg(Ctx *c, const Chart *k)
{
	Axis x = {INFINITY, -INFINITY, LEFT, WIDE - RIGHT, false};
	Axis y = {INFINITY, -INFINITY, HIGH - BELOW_AXIS, TOP, k->log};
	Text t = {.c = c};
	int i;

	widen(&x, k->x, k->n);
	if (x.low == x.high)
		round_off(&x);
	for (i = 0; i < k->count; i++)
		widen(&y, k->series[i].y, k->n);
	round_off(&y);
	text_add(&t, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n",
	         WIDE, HIGH, k->title);
	axes(&t, &x, &y, k);
	if (isfinite(k->mark))
		svg_line(&t, "mark", place(&x, k->mark), TOP, place(&x, k->mark),
		         HIGH - BELOW_AXIS);
	for (i = 0; i < k->count; i++)
		line(&t, &x, &y, k, &k->series[i]);
	text_add(&t, "</svg>\n");
	return t.s;
}

static void
numbers(Text *t, const double *v, size_t n)
{
	size_t i;

	text_add(t, "[");
	for (i = 0; i < n; i++)
		if (isfinite(v[i]))
			text_add(t, "%s%.6g", i ? "," : "", v[i]);
		else
			text_add(t, "%snull", i ? "," : "");
	text_add(t, "]");
}

static void
chart_json(Text *t, const Chart *k)
{
	int i;

	text_add(t, "%s{\"id\":\"%s\",\"across\":\"%s\",\"unit\":\"%s\","
	         "\"log\":%s,", t->n ? ",\n" : "", k->id, k->across, k->unit,
	         k->log ? "true" : "false");
	if (isfinite(k->mark))
		text_add(t, "\"mark\":%.6g,", k->mark);
	text_add(t, "\"series\":[");
	for (i = 0; i < k->count; i++)
		text_add(t, "%s[\"%s\",\"%s\"]", i ? "," : "",
		         k->series[i].name, k->series[i].style);
	text_add(t, "],\"data\":[");
	numbers(t, k->x, k->n);
	for (i = 0; i < k->count; i++) {
		text_add(t, ",");
		numbers(t, k->series[i].y, k->n);
	}
	text_add(t, "]}");
}

void
page_chart(Page *p, const Chart *k)
{
	Names row = {0};
	Text keys = {.c = p->c};
	int i;

	text_put(&keys, "", 0);
	for (i = 0; i < k->count && k->count > 1; i++)
		text_add(&keys, "<span class=\"key %s\">%s</span>",
		         k->series[i].style, k->series[i].name);
	if (isfinite(k->mark))
		text_add(&keys, "<span class=\"key best\">best epoch, %.0f"
		         "</span>", k->mark);
	row_put(p, &row, k->id);
	row_put(p, &row, k->title);
	row_put_html(p, &row, chart_svg(p->c, k));
	row_put_html(p, &row, keys.s);
	page_add(p, "charts", &row);
	chart_json(&p->plots, k);
}

const char *
scatter_svg(Ctx *c, const double *is, const double *said, size_t n)
{
	Axis x = {INFINITY, -INFINITY, LEFT, SQUARE + LEFT, false}, y;
	Chart k = {.across = "target", .unit = ""};
	Text t = {.c = c};
	size_t i;

	widen(&x, is, n);
	widen(&x, said, n);
	round_off(&x);
	y = x;
	y.from = SQUARE + TOP;
	y.to = TOP;
	text_add(&t, "<svg viewBox=\"0 0 %d %d\" role=\"img\" "
	         "aria-label=\"outputs over targets\">\n", SQUARE + LEFT + RIGHT,
	         SQUARE + TOP + BELOW_AXIS);
	axes(&t, &x, &y, &k);
	svg_text(&t, "tick", "start", x.from + 6, TOP + 10, "output");
	svg_line(&t, "mark", x.from, y.from, x.to, y.to);
	for (i = 0; i < n; i++)
		if (isfinite(is[i]) && isfinite(said[i]))
			svg_circle(&t, "dot", place(&x, is[i]),
			           place(&y, said[i]), 2.6);
	text_add(&t, "</svg>\n");
	return t.s;
}
