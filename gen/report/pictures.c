/* SPDX-License-Identifier: MIT
 * The weights of the first layer as pictures: a unit that sees an image has one
 * of its own, any other layer is one picture of all its weights. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "report.h"

enum { MOST_IMAGES = 64, MOST_WIDE = 512, MOST_HIGH = 128, LEVELS = 63 };

typedef struct {
	Page *p;
	const Layer *layer, *from;
	const Tensor *w;
	unsigned char palette[2 * LEVELS + 1][3];
} Pictures;

/* blue below 0, white, orange above */
static void
mix_palette(Pictures *v)
{
	static const int ends[2][3] = {{0x00, 0x72, 0xb2}, {0xd5, 0x5e, 0x00}};
	int i, k;

	for (i = -LEVELS; i <= LEVELS; i++)
		for (k = 0; k < 3; k++)
			v->palette[i + LEVELS][k] = (unsigned char)(255 +
				(ends[i > 0][k] - 255) * abs(i) / LEVELS);
}

/* the first weights of the network that are a matrix or more */
static bool
find_weights(Pictures *v)
{
	const Network *net = v->p->r->s->net;
	const Program *p = net_program(v->p->r->s->jit);
	uint32_t i;

	for (i = 0; i < p->weights.n; i++) {
		v->w = &p->tensors.v[p->weights.v[i]];
		if (v->w->shape.rank >= 2 && v->w->layer >= 0)
			break;
	}
	if (i == p->weights.n)
		return false;
	v->layer = &net->layers.v[v->w->layer];
	for (i = 0; i < net->layers.n && !v->from; i++)
		if (!net->layers.v[i].rec)
			v->from = &net->layers.v[i];
	return true;
}

/* height x width at a place of the weights, scaled by their own largest */
static void
add_image(Pictures *v, const char *name, size_t at, int height, int width,
	size_t step)
{
	Page *p = v->p;
	Session *s = p->r->s;
	Image image = {.width = width, .height = height,
		.palette = (const unsigned char (*)[3])v->palette,
		.colours = 2 * LEVELS + 1};
	unsigned char *pixels = mem(p->c, (size_t)height * (size_t)width);
	double largest = 0, x;
	int i, j;

	for (i = 0; i < height; i++)
		for (j = 0; j < width; j++)
			largest = fmax(largest, fabs(real_get(s->net->dtype,
			          p->r->params, at + (size_t)i * step +
			          (size_t)j)));
	for (i = 0; i < height; i++)
		for (j = 0; j < width; j++) {
			x = real_get(s->net->dtype, p->r->params, at +
			             (size_t)i * step + (size_t)j);
			pixels[i * width + j] = (unsigned char)(LEVELS +
				(largest > 0 ? lround(LEVELS * x / largest) : 0));
		}
	image.pixels = pixels;
	page_row(p, "images", name, png_uri(p->c, &image),
	         fmt(p->c, "%d", width), fmt(p->c, "%d", height),
	         fmt(p->c, "%.3g", largest), NULL);
}

/* units of `size` weights each, seen as planes of height x width */
static void
add_units(Pictures *v, int height, int width)
{
	Page *p = v->p;
	int units = v->w->shape.dim[0], planes, shown, stride, i, n = 0;
	size_t area = (size_t)height * (size_t)width;

	planes = (int)((size_t)shape_size(&v->w->shape) / (size_t)units / area);
	shown = units * planes;
	stride = (shown + MOST_IMAGES - 1) / MOST_IMAGES;
	for (i = 0; i < shown; i += stride, n++)
		add_image(v, planes > 1 ? fmt(p->c, "unit %d, channel %d",
		          i / planes, i % planes) : fmt(p->c, "unit %d", i),
		          (size_t)v->w->place + (size_t)i * area, height, width,
		          (size_t)width);
	page_text(p, "images_kind", "units");
	page_text(p, "images_note", fmt(p->c, "%d of %d %s, each scaled by its own "
	          "largest weight", n, shown, planes > 1 ?
	          "planes of weights" : "units"));
}

/* one row a unit */
static void
add_matrix(Pictures *v)
{
	const Shape *s = &v->w->shape;
	int height = s->dim[0], width = (int)(shape_size(s) / height);
	int high = height < MOST_HIGH ? height : MOST_HIGH;
	int wide = width < MOST_WIDE ? width : MOST_WIDE;

	add_image(v, "all weights", (size_t)v->w->place, high, wide,
	          (size_t)width);
	page_text(v->p, "images_kind", "matrix");
	page_text(v->p, "images_note", fmt(v->p->c, "%d of %d rows, %d of %d "
	          "columns; a row for each unit", high, height, wide, width));
}

void
report_weights(Page *p)
{
	Pictures v = {.p = p};
	const Shape *w, *in;
	Text name = {.c = p->c};

	if (!find_weights(&v))
		return;
	net_get_kept(p->r->s->jit, p->r->params);
	mix_palette(&v);
	xml_put(&name, v.w->name);
	page_text(p, "images_of", name.s);
	w = &v.w->shape;
	in = &v.from->out;
	if (w->rank == 4 && w->dim[2] > 1 && w->dim[3] > 1)
		add_units(&v, w->dim[2], w->dim[3]);
	else if (w->rank == 2 && w->dim[1] == shape_size(in) &&
	         (in->kind == MAP || in->kind == MATRIX))
		add_units(&v, in->dim[in->rank - 2], in->dim[in->rank - 1]);
	else
		add_matrix(&v);
}
