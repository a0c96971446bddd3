/* SPDX-License-Identifier: MIT
 * The page of `train --report`: texts and tables by name, which the template
 * templates/report/page.html puts in their places. */
#ifndef REPORT_H
#define REPORT_H
#include "../draw/draw.h"
#include "../tool/train.h"

typedef VEC(Names) Rows;
typedef struct { const char *name; Rows rows; } Table;
typedef struct {
	Train *r;
	Ctx *c;
	VEC(Note) texts;            /* HTML */
	VEC(Table) tables;          /* HTML too */
	Text plots;                 /* JSON: what can be zoomed and hovered */
} Page;

/* HTML as it stands */
void page_text(Page *p, const char *name, const char *html);
/* cells, the last one NULL: plain texts, of users too */
void page_row(Page *p, const char *table, ...);
/* the same cell by cell: a row that page_add() ends */
void row_put(Page *p, Names *row, const char *text);
void row_put_html(Page *p, Names *row, const char *html);
void page_add(Page *p, const char *table, const Names *row);

/* chart.c */
typedef struct { const char *name, *style; const double *y; } Series;
typedef struct {
	const char *id, *title;     /* words of ours, like those of the series */
	const char *across, *unit;  /* unit: of y, "" or "%" */
	const double *x;
	size_t n;
	Series series[3];
	int count;
	bool log;
	double mark;                /* a vertical line; NAN: none */
} Chart;
/* into the table `charts`, and into the plots */
void page_chart(Page *p, const Chart *k);
/* targets across, outputs up */
const char *scatter_svg(Ctx *c, const double *is, const double *said, size_t n);

/* png.c: an image of at most 256 colours as a data: URI */
typedef struct {
	int width, height;
	const unsigned char *pixels;
	const unsigned char (*palette)[3];
	int colours;
} Image;
const char *png_uri(Ctx *c, const Image *i);
const char *data_uri(Ctx *c, const char *type, const void *p, size_t n);

/* sections: each adds what it finds, or nothing */
void report_curves(Page *p);     /* curves.c, from the history */
void report_agreement(Page *p);  /* agreement.c: classes, values */
void report_weights(Page *p);    /* pictures.c */
void report_network(Page *p);    /* network.c: spec, layers, memory, check */
void report_run(Page *p);        /* network.c: environment, options */

#endif
