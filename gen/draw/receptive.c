/* SPDX-License-Identifier: MIT
 * A layer's trained weights in; an image out of what each unit looks for: blue
 * where a weight is negative, white at 0, orange where it is positive, each
 * unit against the largest of its own. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "../data/data.h"
#include "raster.h"
#include "terminal.h"

enum {
	SIDE = 128, MOST_ZOOM = 16, GAP = 4, /* of files, in pixels */
	MOST_PIXELS = 1 << 25, ON_SCREEN = 64
};

typedef struct {
	Ctx *c;
	const Cli *cli;
	const Network *net;
	int layer;
	const Array *w;
	int64_t units, planes;      /* images of a unit */
	int high, wide;             /* of an image */
	double *v;                  /* the weights, from -1 to 1 */
} Receptive;

/* ------------------------------------------------------ which weights */

static const Array *
block_of(const Weights *w, const Layer *l)
{
	size_t n = strlen(l->name);
	uint32_t i;

	for (i = 0; i < w->blocks.n; i++) {
		const Array *a = &w->blocks.v[i];

		if (!strncmp(a->name, l->name, n) && a->name[n] == '.' &&
		    a->shape.rank > 1)
			return a;
	}
	return NULL;
}

static int
no_layer(const Receptive *r, const char *name, const Weights *w)
{
	Names names = { 0 };
	const char *near;
	uint32_t i;

	for (i = 0; i < r->net->layers.n; i++)
		if (block_of(w, &r->net->layers.v[i]))
			PUSH(r->c, &names, r->net->layers.v[i].name);
	near = nearest(name, &names);
	if (!*name)
		cli_error("no layer has a matrix of weights");
	else
		cli_error("--units=%s: no layer of this name has a matrix of "
		          "weights", name);
	if (near || names.n)
		cli_help("one has: --units=%s", near ? near : names.v[0]);
	return EX_USAGE_;
}

static int
find_layer(Receptive *r, const Weights *w)
{
	const char *name = cli_get(r->cli, "units");
	uint32_t i;

	for (i = 0; i < r->net->layers.n; i++) {
		const Layer *l = &r->net->layers.v[i];

		if ((*name && strcmp(name, l->name)) || !block_of(w, l))
			continue;
		r->layer = (int)i;
		r->w = block_of(w, l);
		return 0;
	}
	return no_layer(r, name, w);
}

/* ------------------------------------------------------ of which shape */

/* what the layer reads, before layers that only change the shape */
static const Shape *
shape_read(const Receptive *r)
{
	const Layer *l = &r->net->layers.v[r->layer], *from = l;

	while (from->in.n == 1 && (from == l || !from->weights.n)) {
		const Layer *next = &r->net->layers.v[from->in.v[0]];

		if (from != l && shape_size(&next->out) !=
		    shape_size(&from->out))
			break;
		from = next;
		if (from->out.rank > 1)
			return &from->out;
	}
	return NULL;
}

static bool
read_shape(const char *s, int *h, int *w)
{
	char *end;
	long a = strtol(s, &end, 10), b = 0;

	if (*end == 'x')
		b = strtol(end + 1, &end, 10);
	*h = (int)a;
	*w = (int)b;
	return !*end && a > 0 && b > 0 && a <= 4096 && b <= 4096 &&
		*s >= '0' && *s <= '9';
}

static int
asked_shape(Receptive *r, const char *said, int64_t n)
{
	if (!read_shape(said, &r->high, &r->wide)) {
		cli_error("--shape=%s: write height x width, such as "
		          "--shape=16x16", said);
		return EX_USAGE_;
	}
	if (n % ((int64_t)r->high * r->wide)) {
		cli_error("--shape=%s: the %lld weights of a unit of %s are no "
		          "images of this shape", said, (long long)n,
		          r->net->layers.v[r->layer].name);
		return EX_USAGE_;
	}
	return 0;
}

static int
no_shape(const Receptive *r, int64_t n)
{
	int64_t h = (int64_t)sqrt((double)n);

	while (n % h)
		h--;
	cli_error("the %lld weights of a unit of %s have no height and width",
	          (long long)n, r->net->layers.v[r->layer].name);
	cli_help("write, for example, --shape=%lldx%lld", (long long)h,
	         (long long)(n / h));
	return EX_USAGE_;
}

static int
find_shape(Receptive *r)
{
	const char *said = cli_get(r->cli, "shape");
	const Shape *s = &r->w->shape;
	int64_t n = shape_size(s) / s->dim[0];
	int rc = 0;

	r->units = s->dim[0];
	if (said) {
		rc = asked_shape(r, said, n);
	} else {
		if (s->rank == 2)
			s = shape_read(r);
		if (!s || (s != &r->w->shape && shape_size(s) != n))
			return no_shape(r, n);
		r->high = s->dim[s->rank - 2];
		r->wide = s->dim[s->rank - 1];
	}
	if (!rc)
		r->planes = n / ((int64_t)r->high * r->wide);
	return rc;
}

/* -------------------------------------------------------------- drawing */

/* each unit against the largest of its own weights */
static void
scale(Receptive *r)
{
	int64_t n = r->planes * r->high * r->wide, unit, i;
	double most;

	r->v = mem(r->c, (size_t)(r->units * n) * sizeof *r->v);
	for (unit = 0; unit < r->units; unit++) {
		for (most = 0, i = unit * n; i < unit * n + n; i++)
			most = fmax(most, fabs(r->w->v[i]));
		for (i = unit * n; i < unit * n + n && most > 0; i++)
			r->v[i] = r->w->v[i] / most;
	}
}

static double
weight(const Receptive *r, int64_t image, int y, int x)
{
	return r->v[(image * r->high + y) * r->wide + x];
}

static void
put_image(const Receptive *r, Raster *out, int64_t image, int x0, int y0,
	int zoom)
{
	unsigned char rgb[3];
	int x, y;

	for (y = 0; y < r->high * zoom; y++) {
		for (x = 0; x < r->wide * zoom; x++) {
			raster_mix(weight(r, image, y / zoom, x / zoom), rgb);
			raster_set(out, x0 + x, y0 + y, rgb);
		}
	}
}

/* about square; the images of a unit beside each other */
static int
file_columns(const Receptive *r, int64_t n)
{
	double wide = sqrt((double)n * r->high / r->wide);
	int64_t columns = (int64_t)ceil(wide);

	if (r->planes > 1)
		columns = (columns + r->planes - 1) / r->planes * r->planes;
	return (int)(columns < n ? columns : n);
}

static int
to_file(const Receptive *r, Picture *p)
{
	int side = r->high > r->wide ? r->high : r->wide, zoom = SIDE / side;
	int64_t n = r->units * r->planes, i, most;
	int columns, w, h;
	Raster out;

	zoom = zoom < 1 ? 1 : zoom > MOST_ZOOM ? MOST_ZOOM : zoom;
	w = r->wide * zoom + GAP;
	h = r->high * zoom + GAP;
	most = MOST_PIXELS / ((int64_t)w * h);
	most = most < 1 ? 1 : most;
	if (n > most) {
		if (!cli_has(r->cli, "quiet"))
			cli_note("the first %s of %s images are drawn",
			         grouped(r->c, most), grouped(r->c, n));
		n = most;
	}
	columns = file_columns(r, n);
	out = raster_new(r->c, columns * w + GAP, (int)((n + columns - 1) /
	                 columns) * h + GAP, 0xc8);
	for (i = 0; i < n; i++)
		put_image(r, &out, i, GAP + (int)(i % columns) * w,
		          GAP + (int)(i / columns) * h, zoom);
	return raster_encode(r->c, &out, p);
}

/* negative, 0, positive; two rows of an image are one line */
static void
put_letters(const Receptive *r, int64_t image, int y, int shrink, Text *t)
{
	static const char ramp[] = "O::.  -++#";
	double sum;
	int x, i, j, n;

	for (x = 0; x + shrink <= r->wide; x += shrink) {
		sum = 0;
		n = 0;
		for (i = y; i < y + 2 * shrink && i < r->high; i++)
			for (j = x; j < x + shrink; j++, n++)
				sum += weight(r, image, i, j);
		text_put(t, &ramp[(int)lround(4.5 + 4.5 * sum / n)], 1);
	}
}

static void
put_halves(const Receptive *r, int64_t image, int y, int shrink, Text *t)
{
	unsigned char rgb[2][3];
	double sum[2];
	int x, i, j;

	for (x = 0; x + shrink <= r->wide; x += shrink) {
		sum[0] = sum[1] = 0;
		for (i = 0; i < 2 * shrink && y + i < r->high; i++)
			for (j = x; j < x + shrink; j++)
				sum[i / shrink] += weight(r, image, y + i, j);
		for (i = 0; i < 2; i++)
			raster_mix(sum[i] / (shrink * shrink), rgb[i]);
		text_add(t, "\033[38;2;%d;%d;%d;48;2;%d;%d;%dm▀", rgb[0][0],
		         rgb[0][1], rgb[0][2], rgb[1][0], rgb[1][1], rgb[1][2]);
	}
	text_add(t, "\033[0m");
}

static const char *
label(const Receptive *r, int64_t image)
{
	return r->planes == 1 ? fmt(r->c, "%lld", (long long)image + 1) :
		fmt(r->c, "%lld.%lld", (long long)(image / r->planes) + 1,
		    (long long)(image % r->planes) + 1);
}

static int
to_screen(const Receptive *r, Picture *p)
{
	bool fine = unicode_terminal() && terminal_color(r->cli);
	int wide = terminal_width(), shrink = (r->wide + wide - 1) / wide;
	int w = r->wide / shrink, columns = (wide + 2) / (w + 2), y, k;
	int64_t n = r->units * r->planes, shown, i;
	Text t = { .c = r->c };

	shown = n < ON_SCREEN ? n : ON_SCREEN;
	if (r->planes > 1 && columns > r->planes)
		columns -= columns % (int)r->planes;
	text_add(&t, "%s: %s unit%s of %dx%d, each against its largest weight; "
	         "%s\n", r->w->name, grouped(r->c, r->units), plural(r->units),
	         r->high, r->wide, fine ? "blue - white 0 orange +" :
	         "negative O : . 0 - + # positive");
	for (i = 0; i < shown; i += columns) {
		for (k = 0; k < columns && i + k < shown; k++)
			text_add(&t, "%-*.*s", k + 1 < columns ? w + 2 : 0, w,
			         label(r, i + k));
		text_add(&t, "\n");
		for (y = 0; y < r->high; y += 2 * shrink) {
			for (k = 0; k < columns && i + k < shown; k++) {
				text_add(&t, "%s", k ? "  " : "");
				if (fine)
					put_halves(r, i + k, y, shrink, &t);
				else
					put_letters(r, i + k, y, shrink, &t);
			}
			text_add(&t, "\n");
		}
	}
	if (shown < n)
		text_add(&t, "and %s more: -o FILE.png draws all\n",
		         grouped(r->c, n - shown));
	p->text = t.s;
	p->len = t.n;
	return 0;
}

int
draw_weights(Ctx *c, const Cli *cli)
{
	Picture out = { .path = "-" };
	Session s = { 0 };
	Receptive r = { .c = c, .cli = cli };
	int rc = session_open(&s, c, cli, false);

	if (!rc)
		rc = picture_format(c, cli, &out, "text png ppm pgm");
	if (!rc)
		rc = session_weights(&s, true);
	r.net = s.net;
	if (!rc)
		rc = find_layer(&r, s.weights);
	if (!rc)
		rc = find_shape(&r);
	if (!rc)
		rc = picture_check(c, cli, &out, &s.net->deps);
	if (!rc)
		scale(&r);
	if (!rc)
		rc = strcmp(out.format, "text") ? to_file(&r, &out) :
			to_screen(&r, &out);
	return rc ? rc : picture_write(c, &out);
}
