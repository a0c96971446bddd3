/* SPDX-License-Identifier: MIT
 * What a network of two inputs answers all over a plane. */
#ifndef BOUNDARY_H
#define BOUNDARY_H
#include "../data/data.h"
#include "raster.h"

typedef struct { double x, y; int is; } Point; /* is: its class, or -1 */
typedef struct {
	const char *title, *x_name, *y_name;
	double x0, x1, y0, y1;
	int classes;                /* 0: one number is shown */
	int n;                      /* values of an answer: 1, or classes */
	int columns, rows;          /* of the places asked */
	double *v;                  /* rows from above, columns, n; of one value
	                               or two classes -1 to 1 */
	double least, most;         /* where classes is 0: what -1 and 1 mean */
	VEC(Point) points;
	const Names *names;         /* of the classes, if any */
} Plane;

/* the answer at a place: the class, and how sure it is, 0 to 1 */
int plane_class(const Plane *p, int row, int column, double *sure);
/* levels: of how sure it is, 0: all */
void plane_color(const Plane *p, int row, int column, int levels,
	unsigned char rgb[3]);
const char *class_color(int k); /* "#0072B2" */
const char *class_text(Ctx *c, const Plane *p, int k);

void plane_svg(Ctx *c, const Plane *p, Text *t);
void plane_screen(Ctx *c, const Plane *p, bool fine, Text *t);
Raster plane_raster(Ctx *c, const Plane *p);

/* ---- boundary.c */
int draw_boundary(Ctx *c, const Cli *cli);

#endif
