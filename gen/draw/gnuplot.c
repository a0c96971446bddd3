/* SPDX-License-Identifier: MIT
 * Curves in; a script for gnuplot out, its data within. */
#include <math.h>
#include <string.h>
#include "curves.h"

static void
quoted(Text *t, const char *s)
{
	text_put(t, "\"", 1);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			text_put(t, "\\", 1);
		if ((unsigned char)*s >= 32)
			text_put(t, s, 1);
	}
	text_put(t, "\"", 1);
}

static const char *
terminal(const char *format)
{
	return !strcmp(format, "pdf") ? "pdfcairo size 16cm,9.5cm" :
		!strcmp(format, "png") ? "pngcairo size 1520,880 fontscale 1.8 "
		"linewidth 2" :
		"svg size 760,440";
}

static void
put_data(const Curves *p, Text *t)
{
	char buf[2][40];
	uint32_t i;
	size_t j;

	for (i = 0; i < p->curves.n; i++) {
		const Series *k = &p->curves.v[i];

		text_add(t, "$curve%u << END\n", i);
		for (j = 0; j < k->n; j++) {
			if (isfinite(k->y[j]))
				text_add(t, "%s %s\n", short_number(buf[0],
				         k->x[j]), number_text(k->y[j], false,
				         buf[1]));
			else
				text_add(t, "\n"); /* the line is broken here */
		}
		text_add(t, "END\n");
	}
}

static void
put_plot(const Curves *p, Text *t)
{
	uint32_t i;

	for (i = 0; i < p->curves.n; i++) {
		const Series *k = &p->curves.v[i];

		text_add(t, "%s $curve%u using 1:2 with %s linewidth 2 "
		         "linecolor rgb \"%s\"%s title ", i ? ", \\\n    " :
		         "plot", i, k->n > 1 ? "lines" : "points pointtype 7",
		         curve_color(p, k), p->files > 1 && k->held ?
		         " dashtype 2" : "");
		quoted(t, k->name);
	}
	text_add(t, "\n");
}

void
curves_gnuplot(Ctx *c, const Curves *p, const char *format, Text *t)
{
	(void)c;
	text_add(t, "# " DRAWN_BY "\nset encoding utf8\nset terminal %s\n",
	         terminal(format));
	text_add(t, "set xlabel ");
	quoted(t, p->x_title);
	text_add(t, " noenhanced\nset ylabel ");
	quoted(t, p->title);
	text_add(t, " noenhanced\nset key outside top left horizontal "
	         "Left reverse noenhanced\nset grid ytics linecolor rgb "
	         "\"#e3e5e8\" linetype 1\nset border 3\nset tics nomirror\n"
	         "set xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\n", p->x0,
	         p->x1, p->y0, p->y1);
	if (p->log)
		text_add(t, "set logscale y\n");
	if (isfinite(p->best))
		text_add(t, "set arrow from %.9g, graph 0 to %.9g, graph 1 "
		         "nohead dashtype 2 linecolor rgb \"#555555\"\n"
		         "set label \"best: epoch %.0f, %.4g\" at %.9g, "
		         "graph 0.96 %s offset %d,0\n", p->best, p->best,
		         p->best, p->best_y, p->best, axis_share(p->best, p->x0,
		         p->x1, false) > 0.6 ? "right" : "left",
		         axis_share(p->best, p->x0, p->x1, false) > 0.6 ? -1 :
		         1);
	put_data(p, t);
	put_plot(p, t);
}
