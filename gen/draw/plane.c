/* SPDX-License-Identifier: MIT
 * What a network answers over a plane in; SVG, pixels or characters out. */
#include <math.h>
#include <string.h>
#include "boundary.h"
#include "curves.h"

enum { SIDE = 480, LEFT = 70, TOP = 44, BOTTOM = 56, RIGHT = 24, DOT = 4 };

static double
x_of(const Plane *p, double v)
{
	return LEFT + SIDE * (v - p->x0) / (p->x1 - p->x0);
}

static double
y_of(const Plane *p, double v)
{
	return TOP + SIDE * (p->y1 - v) / (p->y1 - p->y0);
}

/* ---------------------------------------------------------------- SVG */

/* runs of one colour, in few enough shades that there are runs */
static void
put_cells(const Plane *p, Text *t)
{
	double cell = (double)SIDE / (p->columns - 1);
	unsigned char rgb[3], now[3] = { 0 };
	int row, column, from;

	text_add(t, "<g shape-rendering=\"crispEdges\">\n");
	for (row = 0; row < p->rows - 1; row++) {
		for (from = column = 0; column < p->columns; column++) {
			plane_color(p, row, column, 16, rgb);
			if (!column)
				memcpy(now, rgb, 3);
			if (column < p->columns - 1 && !memcmp(now, rgb, 3))
				continue;
			text_add(t, "<rect x=\"%.2f\" y=\"%.2f\" "
			         "width=\"%.2f\" height=\"%.2f\" fill=\"#%02x%02x%02x\"/>\n",
			         LEFT + from * cell, TOP + row * cell,
			         (column - from) * cell + 0.2, cell + 0.2,
			         now[0], now[1], now[2]);
			from = column;
			memcpy(now, rgb, 3);
		}
	}
	text_add(t, "</g>\n");
}

/* by how much class k wins at a place */
static double
margin(const Plane *p, int k, int row, int column)
{
	const double *v = p->v + ((size_t)row * (size_t)p->columns +
		(size_t)column) * (size_t)p->n;
	double other = -INFINITY;
	int i;

	if (p->n == 1)
		return v[0];
	for (i = 0; i < p->n; i++)
		if (i != k)
			other = fmax(other, v[i]);
	return v[k] - other;
}

/* where the margin is 0 on the sides of a cell, from straight lines */
static int
crossings(const Plane *p, int k, int row, int column, double at[8])
{
	static const int corner[5][2] = {
		{ 0, 0 }, { 0, 1 }, { 1, 1 }, { 1, 0 }, { 0, 0 }
	};
	double cell = (double)SIDE / (p->columns - 1), a, b, share;
	int i, n = 0;

	for (i = 0; i < 4; i++) {
		const int *from = corner[i], *to = corner[i + 1];

		a = margin(p, k, row + from[0], column + from[1]);
		b = margin(p, k, row + to[0], column + to[1]);
		if ((a > 0) == (b > 0))
			continue;
		share = a / (a - b);
		at[2 * n] = LEFT + cell * (column + from[1] + share *
		            (to[1] - from[1]));
		at[2 * n + 1] = TOP + cell * (row + from[0] + share *
		                (to[0] - from[0]));
		n++;
	}
	return n;
}

static void
put_boundary(const Plane *p, Text *t)
{
	int k, row, column, n, i;
	double at[8];

	text_add(t, "<path class=\"boundary\" d=\"");
	for (k = 0; k < p->n; k++)
		for (row = 0; row < p->rows - 1; row++)
			for (column = 0; column < p->columns - 1; column++) {
				n = crossings(p, k, row, column, at);
				for (i = 0; i + 1 < n; i += 2)
					text_add(t, "M%.2f %.2fL%.2f %.2f",
					         at[2 * i], at[2 * i + 1],
					         at[2 * i + 2], at[2 * i + 3]);
			}
	text_add(t, "\"/>\n");
}

static void
put_axes(Ctx *c, const Plane *p, Text *t)
{
	Marks x = marks_of(p->x0, p->x1, false, 6);
	Marks y = marks_of(p->y0, p->y1, false, 6);
	int i;

	text_add(t, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" "
	         "fill=\"none\" stroke=\"#6b7078\"/>\n", LEFT, TOP, SIDE, SIDE);
	for (i = 0; i < x.n; i++) {
		svg_line(t, "axis", x_of(p, x.at[i]), TOP + SIDE,
		         x_of(p, x.at[i]), TOP + SIDE + 5);
		svg_text(t, "x", "middle", x_of(p, x.at[i]), TOP + SIDE + 20,
		         mark_text(c, x.at[i]));
	}
	for (i = 0; i < y.n; i++) {
		svg_line(t, "axis", LEFT - 5, y_of(p, y.at[i]), LEFT,
		         y_of(p, y.at[i]));
		svg_text(t, "y", "end", LEFT - 9, y_of(p, y.at[i]) + 4.5,
		         mark_text(c, y.at[i]));
	}
	svg_text(t, "title", "middle", LEFT + SIDE / 2, TOP + SIDE + 44,
	         p->x_name);
	text_add(t, "<g transform=\"translate(18 %d) rotate(-90)\">",
	         TOP + SIDE / 2);
	svg_text(t, "title", "middle", 0, 0, p->y_name);
	text_add(t, "</g>\n");
}

static void
put_legend(Ctx *c, const Plane *p, Text *t)
{
	double x = LEFT;
	int k;

	if (!p->classes)
		svg_text(t, "legend", "start", LEFT, 28, fmt(c, "from %.4g "
		         "(blue) to %.4g (orange)", p->least, p->most));
	for (k = 0; k < p->classes && k < 8; k++) {
		const char *name = class_text(c, p, k);

		text_add(t, "<rect x=\"%.1f\" y=\"17\" width=\"14\" "
		         "height=\"14\" rx=\"3\" fill=\"%s\"/>\n", x,
		         class_color(k));
		svg_text(t, "legend", "start", x + 20, 28.5, name);
		x += 20 + 7.5 * (double)strlen(name) + 20;
	}
}

void
plane_svg(Ctx *c, const Plane *p, Text *t)
{
	uint32_t i;

	svg_begin(t, LEFT + SIDE + RIGHT, TOP + SIDE + BOTTOM, p->title);
	text_add(t, "<style>\ntext { font-family: 'Helvetica Neue', Helvetica, "
	         "Arial, 'Liberation Sans', sans-serif; font-size: 13px; "
	         "fill: #333; }\n.axis { stroke: #6b7078; }\n"
	         ".boundary { fill: none; stroke: #222; stroke-width: 1.6; "
	         "stroke-linecap: round; }\n"
	         ".point { stroke: #fff; stroke-width: 1.2; }\n</style>\n");
	put_cells(p, t);
	if (p->classes)
		put_boundary(p, t);
	for (i = 0; i < p->points.n; i++) {
		const Point *one = &p->points.v[i];

		text_add(t, "<circle class=\"point\" cx=\"%.2f\" cy=\"%.2f\" "
		         "r=\"%d\" fill=\"%s\"/>\n", x_of(p, one->x),
		         y_of(p, one->y), DOT, one->is < 0 ? "#333" :
		         class_color(one->is));
	}
	put_axes(c, p, t);
	put_legend(c, p, t);
	svg_end(t);
}

/* ------------------------------------------------------------- pixels */

static int
column_of(const Plane *p, double x)
{
	return (int)lround((p->columns - 1) * (x - p->x0) / (p->x1 - p->x0));
}

static int
row_of(const Plane *p, double y)
{
	return (int)lround((p->rows - 1) * (p->y1 - y) / (p->y1 - p->y0));
}

static Raster
answers(Ctx *c, const Plane *p, int zoom)
{
	Raster r = raster_new(c, p->columns * zoom, p->rows * zoom, 255);
	unsigned char rgb[3];
	int x, y;

	for (y = 0; y < r.h; y++)
		for (x = 0; x < r.w; x++) {
			plane_color(p, y / zoom, x / zoom, 0, rgb);
			raster_set(&r, x, y, rgb);
		}
	return r;
}

static void
point_color(const Point *one, unsigned char rgb[3])
{
	unsigned part[3] = { 0x33, 0x33, 0x33 };
	int i;

	if (one->is >= 0)
		sscanf(class_color(one->is), "#%2x%2x%2x", &part[0],
		       &part[1], &part[2]);
	for (i = 0; i < 3; i++)
		rgb[i] = (unsigned char)part[i];
}

/* points are discs with a white edge */
Raster
plane_raster(Ctx *c, const Plane *p)
{
	static const unsigned char white[3] = { 255, 255, 255 };
	enum { ZOOM = 2, EDGE = DOT + 1 };
	Raster r = answers(c, p, ZOOM);
	unsigned char rgb[3];
	uint32_t i;
	int x, y, cx, cy, far;

	for (i = 0; i < p->points.n; i++) {
		cx = column_of(p, p->points.v[i].x) * ZOOM;
		cy = row_of(p, p->points.v[i].y) * ZOOM;
		point_color(&p->points.v[i], rgb);
		for (y = -EDGE; y <= EDGE; y++)
			for (x = -EDGE; x <= EDGE; x++) {
				far = x * x + y * y;
				if (far <= EDGE * EDGE)
					raster_set(&r, cx + x, cy + y, far <=
					           DOT * DOT - 2 ? rgb : white);
			}
	}
	return r;
}

/* ------------------------------------------------------------ terminal */

/* of two classes or a value its size; of more classes a sign for each */
static char
letter(const Plane *p, int row, int column)
{
	static const char ramp[] = " .:-=+*#%@", signs[] = ".:+*ox#%&=";
	double sure;
	int k = plane_class(p, row, column, &sure);

	if (p->n > 1)
		return signs[k % 10];
	return ramp[(int)lround(4.5 + (k ? 4.4 : -4.4) * sure)];
}

static void
put_letters(Ctx *c, const Plane *p, Text *t)
{
	char *line = mem(c, (size_t)p->columns + 1);
	uint32_t i;
	int row, column;

	for (row = 0; row < p->rows; row += 2) {
		for (column = 0; column < p->columns; column++)
			line[column] = letter(p, row, column);
		for (i = 0; i < p->points.n; i++) {
			const Point *one = &p->points.v[i];

			if (row_of(p, one->y) / 2 == row / 2)
				line[column_of(p, one->x)] = one->is < 0 ? 'X' :
					(char)('0' + one->is % 10);
		}
		text_add(t, "|%s|\n", line);
	}
}

void
plane_screen(Ctx *c, const Plane *p, bool fine, Text *t)
{
	unsigned char rgb[3];
	Raster r;
	uint32_t i;
	int k;

	text_add(t, "%s from %.4g to %.4g across, %s from %.4g to %.4g up\n",
	         p->x_name, p->x0, p->x1, p->y_name, p->y0, p->y1);
	if (fine) {
		r = answers(c, p, 1);
		for (i = 0; i < p->points.n; i++) {
			point_color(&p->points.v[i], rgb);
			raster_set(&r, column_of(p, p->points.v[i].x),
			           row_of(p, p->points.v[i].y), rgb);
		}
		raster_halves(&r, t);
	} else {
		put_letters(c, p, t);
	}
	if (!p->classes)
		text_add(t, "from %.4g to %.4g\n", p->least, p->most);
	for (k = 0; k < p->classes; k++)
		text_add(t, "%s%d: %s%s", k ? "  " : "points ", k % 10,
		         class_text(c, p, k), k + 1 < p->classes ? "" : "\n");
}
