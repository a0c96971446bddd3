/* SPDX-License-Identifier: MIT
 * Curves in, SVG or TikZ out. */
#include <math.h>
#include <string.h>
#include "curves.h"

enum { WIDTH = 760, HEIGHT = 440, LEFT = 78, RIGHT = 24, TOP = 46, BOTTOM = 58,
	ACROSS = WIDTH - LEFT - RIGHT, DOWN = HEIGHT - TOP - BOTTOM,
	MANY = 2 * ACROSS };    /* points: then two of each column do */

static double
x_of(const Curves *p, double v)
{
	return LEFT + ACROSS * axis_share(v, p->x0, p->x1, false);
}

static double
y_of(const Curves *p, double v)
{
	return TOP + DOWN * (1 - axis_share(v, p->y0, p->y1, p->log));
}

static void
put_style(Text *t)
{
	text_add(t, "<style>\n"
	         "text { font-family: 'Helvetica Neue', Helvetica, Arial, "
	         "'Liberation Sans', sans-serif; font-size: 13px; "
	         "fill: #333; }\n"
	         ".grid { stroke: #e3e5e8; stroke-width: 1; } "
	         ".axis { stroke: #6b7078; stroke-width: 1; }\n"
	         ".best { stroke: #555; stroke-width: 1; "
	         "stroke-dasharray: 4 3; } .note { fill: #555; }\n"
	         ".curve { fill: none; stroke-width: 2; "
	         "stroke-linejoin: round; stroke-linecap: round; }\n</style>\n");
}

static void
put_axes(Ctx *c, const Curves *p, Text *t)
{
	Marks x = marks_of(p->x0, p->x1, false, 8);
	Marks y = marks_of(p->y0, p->y1, p->log, 7);
	double at;
	int i;

	for (i = 0; i < y.n; i++) {
		at = y_of(p, y.at[i]);
		svg_line(t, "grid", LEFT, at, WIDTH - RIGHT, at);
		svg_text(t, "y", "end", LEFT - 8, at + 4.5,
		         mark_text(c, y.at[i]));
	}
	for (i = 0; i < x.n; i++) {
		at = x_of(p, x.at[i]);
		svg_line(t, "axis", at, HEIGHT - BOTTOM, at,
		         HEIGHT - BOTTOM + 5);
		svg_text(t, "x", "middle", at, HEIGHT - BOTTOM + 20,
		         mark_text(c, x.at[i]));
	}
	svg_line(t, "axis", LEFT, TOP, LEFT, HEIGHT - BOTTOM);
	svg_line(t, "axis", LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT,
	         HEIGHT - BOTTOM);
	svg_text(t, "title", "middle", LEFT + ACROSS / 2, HEIGHT - 14,
	         p->x_title);
	text_add(t, "<g transform=\"translate(18 %d) rotate(-90)\">",
	         TOP + DOWN / 2);
	svg_text(t, "title", "middle", 0, 0, p->title);
	text_add(t, "</g>\n");
}

static void
put_best(Ctx *c, const Curves *p, Text *t)
{
	double x;
	bool left;

	if (!isfinite(p->best))
		return;
	x = x_of(p, p->best);
	left = x > LEFT + ACROSS * 0.6;
	svg_line(t, "best", x, TOP, x, HEIGHT - BOTTOM);
	svg_text(t, "note", left ? "end" : "start", x + (left ? -6 : 6),
	         TOP + 12, fmt(c, "best: epoch %.0f, %.4g", p->best,
	         p->best_y));
}

/* Of many points in one column of pixels the least and the most are what is
 * seen; keep[i]: point i is one of them. */
static bool *
thin(Ctx *c, const Curves *p, const Series *k)
{
	bool *keep = mem(c, k->n + 1);
	size_t i, from, low, high;

	if (k->n <= MANY)
		return memset(keep, 1, k->n);
	for (from = 0; from < k->n; from = i) {
		low = high = from;
		for (i = from; i < k->n && floor(x_of(p, k->x[i])) ==
		     floor(x_of(p, k->x[from])); i++) {
			if (!(k->y[low] <= k->y[i]))
				low = i;
			if (!(k->y[high] >= k->y[i]))
				high = i;
		}
		keep[from] = keep[low] = keep[high] = true;
	}
	keep[k->n - 1] = true;
	return keep;
}

typedef void Piece(const Curves *p, const Series *k, size_t from, size_t n,
	const bool *keep, Text *t);

/* there may be no number in between */
static void
each_piece(Ctx *c, const Curves *p, Piece *piece, Text *t)
{
	uint32_t at;
	size_t i, n;

	for (at = 0; at < p->curves.n; at++) {
		const Series *k = &p->curves.v[at];
		bool *keep = thin(c, p, k);

		for (i = 0; i < k->n; i += n + 1) {
			for (n = 0; i + n < k->n && isfinite(k->y[i + n]); n++)
				;
			if (n)
				piece(p, k, i, n, keep, t);
		}
	}
}

static bool
is_dashed(const Curves *p, const Series *k)
{
	return p->files > 1 && k->held;
}

/* one number alone is a dot */
static void
svg_piece(const Curves *p, const Series *k, size_t from, size_t n,
	const bool *keep, Text *t)
{
	size_t i;

	if (n == 1) {
		text_add(t, "<circle cx=\"%.2f\" cy=\"%.2f\" r=\"3\" "
		         "fill=\"%s\"/>\n", x_of(p, k->x[from]),
		         y_of(p, k->y[from]), curve_color(p, k));
		return;
	}
	text_add(t, "<polyline class=\"curve\" stroke=\"%s\"%s points=\"",
	         curve_color(p, k), is_dashed(p, k) ?
	         " stroke-dasharray=\"6 4\"" : "");
	for (i = from; i < from + n; i++)
		if (keep[i])
			text_add(t, "%.2f,%.2f ", x_of(p, k->x[i]),
			         y_of(p, k->y[i]));
	text_add(t, "\"/>\n");
}

static double
legend_width(const Series *k)
{
	return 28 + 7.5 * (double)strlen(k->name) + 22;
}

static void
put_legend(const Curves *p, Text *t)
{
	double x = LEFT;
	uint32_t i;

	for (i = 0; i < p->curves.n; i++) {
		const Series *k = &p->curves.v[i];

		text_add(t, "<line x1=\"%.1f\" y1=\"24\" x2=\"%.1f\" y2=\"24\" "
		         "stroke=\"%s\" stroke-width=\"3\"%s/>\n", x, x + 22,
		         curve_color(p, k), is_dashed(p, k) ?
		         " stroke-dasharray=\"6 4\"" : "");
		svg_text(t, "legend", "start", x + 28, 28.5, k->name);
		x += legend_width(k);
	}
}

void
curves_svg(Ctx *c, const Curves *p, Text *t)
{
	svg_begin(t, WIDTH, HEIGHT, p->title);
	put_style(t);
	put_axes(c, p, t);
	put_best(c, p, t);
	each_piece(c, p, svg_piece, t);
	put_legend(p, t);
	svg_end(t);
}

/* ----------------------------------------------------------------- TikZ */

static void
tex_label(Text *t, const char *style, double x, double y, const char *s)
{
	text_add(t, "\\node[font=\\small, %s] at (%.2f,%.2f) {", style, x, y);
	tex_put(t, s);
	text_add(t, "};\n");
}

static void
tex_axes(Ctx *c, const Curves *p, Text *t)
{
	Marks x = marks_of(p->x0, p->x1, false, 8);
	Marks y = marks_of(p->y0, p->y1, p->log, 7);
	double at;
	int i;

	for (i = 0; i < y.n; i++) {
		at = y_of(p, y.at[i]);
		text_add(t, "\\draw[black!12] (%d,%.2f) -- (%d,%.2f);\n", LEFT,
		         at, WIDTH - RIGHT, at);
		tex_label(t, "left", LEFT - 4, at, mark_text(c, y.at[i]));
	}
	for (i = 0; i < x.n; i++) {
		at = x_of(p, x.at[i]);
		text_add(t, "\\draw (%.2f,%d) -- +(0,5);\n", at,
		         HEIGHT - BOTTOM);
		tex_label(t, "below", at, HEIGHT - BOTTOM + 4,
		          mark_text(c, x.at[i]));
	}
	text_add(t, "\\draw (%d,%d) |- (%d,%d);\n", LEFT, TOP, WIDTH - RIGHT,
	         HEIGHT - BOTTOM);
	tex_label(t, "", LEFT + ACROSS / 2, HEIGHT - 14, p->x_title);
	tex_label(t, "rotate=90", 18, TOP + DOWN / 2, p->title);
}

static void
tex_best(Ctx *c, const Curves *p, Text *t)
{
	double x;

	if (!isfinite(p->best))
		return;
	x = x_of(p, p->best);
	text_add(t, "\\draw[dashed, black!60] (%.2f,%d) -- (%.2f,%d);\n", x,
	         TOP, x, HEIGHT - BOTTOM);
	tex_label(t, x > LEFT + ACROSS * 0.6 ? "left" : "right", x, TOP + 8,
	          fmt(c, "best: epoch %.0f, %.4g", p->best, p->best_y));
}

static void
tex_piece(const Curves *p, const Series *k, size_t from, size_t n,
	const bool *keep, Text *t)
{
	const char *color = curve_color(p, k) + 1;
	size_t i;

	if (n == 1) {
		text_add(t, "\\fill[c%s] (%.2f,%.2f) circle[radius=2pt];\n",
		         color, x_of(p, k->x[from]), y_of(p, k->y[from]));
		return;
	}
	text_add(t, "\\draw[c%s, line width=1pt%s] plot coordinates {\n", color,
	         is_dashed(p, k) ? ", dashed" : "");
	for (i = from; i < from + n; i++)
		if (keep[i])
			text_add(t, "(%.2f,%.2f)\n", x_of(p, k->x[i]),
			         y_of(p, k->y[i]));
	text_add(t, "};\n");
}

static void
tex_legend(const Curves *p, Text *t)
{
	double x = LEFT;
	uint32_t i;

	for (i = 0; i < p->curves.n; i++) {
		const Series *k = &p->curves.v[i];

		text_add(t, "\\draw[c%s, line width=1.5pt%s] (%.1f,24) -- "
		         "+(22,0);\n", curve_color(p, k) + 1,
		         is_dashed(p, k) ? ", dashed" : "", x);
		tex_label(t, "right", x + 22, 24, k->name);
		x += legend_width(k);
	}
}

void
curves_tikz(Ctx *c, const Curves *p, Text *t)
{
	uint32_t i;

	tex_begin(t, WIDTH, HEIGHT);
	for (i = 0; i < p->curves.n; i++)
		tex_color(t, curve_color(p, &p->curves.v[i]));
	tex_axes(c, p, t);
	tex_best(c, p, t);
	each_piece(c, p, tex_piece, t);
	tex_legend(p, t);
	tex_end(t);
}
