/* SPDX-License-Identifier: MIT
 * Columns of histories, and the axes that they are drawn on. */
#ifndef CURVES_H
#define CURVES_H
#include "formats.h"

typedef struct {
	const char *name;           /* training; with several files: of which */
	double *x, *y;              /* y: NAN where the file has no number */
	size_t n;
	int file;
	bool held;                  /* of rows that were held out */
} Series;
typedef struct {
	const char *title, *x_title; /* of the axes: loss, epoch */
	bool forecast;              /* predictions and targets, no history */
	VEC(Series) curves;
	int files;
	double x0, x1, y0, y1;      /* the axes end there */
	bool log;                   /* that of y */
	double best, best_y;        /* NAN: no epoch is */
	bool best_is_most;
} Curves;

/* ---- history.c: 0, or an exit code after messages */
int curves_read(Ctx *c, const Cli *cli, Curves *out);
/* ---- axes.c */
void curves_scale(Curves *p);
/* the places of at most so many marks on an axis */
typedef struct { double at[16]; int n; } Marks;
Marks marks_of(double from, double to, bool log, int most);
const char *mark_text(Ctx *c, double v);
double axis_share(double v, double from, double to, bool log); /* 0 to 1 */
/* ---- chart.c, screen.c, gnuplot.c */
void curves_svg(Ctx *c, const Curves *p, Text *t);
void curves_tikz(Ctx *c, const Curves *p, Text *t);
void curves_screen(Ctx *c, const Curves *p, bool unicode, bool color,
	int width, Text *t);
void curves_gnuplot(Ctx *c, const Curves *p, const char *format, Text *t);
const char *curve_color(const Curves *p, const Series *k);

#endif
