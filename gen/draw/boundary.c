/* SPDX-License-Identifier: MIT
 * `bpgen draw --boundary`: a trained network of two inputs in, a picture of
 * where it says what out, with the rows of a table as points. */
#include <math.h>
#include <string.h>
#include "boundary.h"
#include "terminal.h"

enum {
	SCREEN_COLUMNS = 64, SCREEN_LINES = 24, FILE_SIDE = 240, SVG_SIDE = 81,
	MOST_CLASSES = 32, MOST_POINTS = 5000
};

typedef struct {
	Session *s;
	Plane p;
	Picture out;
	double low, high;           /* of one output: what the classes are */
} Boundary;

/* ------------------------------------------------------- what is asked */

static int
check_net(const Network *net)
{
	const char *why = NULL;

	if (net->inputs != 2)
		why = "--boundary needs a network of 2 inputs";
	else if (class_places(net) > 1)
		why = "--boundary needs one answer a sample";
	else if (class_count(net) > MOST_CLASSES)
		why = "--boundary shows 32 classes at most";
	if (!why)
		return 0;
	cli_error("%s; %s has %d", why, net->name, net->inputs != 2 ?
	          net->inputs : class_places(net) > 1 ? class_places(net) :
	          class_count(net));
	return EX_USAGE_;
}

/* a single target that has two values alone tells two classes, whatever the
 * loss is */
static void
find_two_values(Boundary *b)
{
	const Data *d = b->s->data;
	double low = INFINITY, high = -INFINITY, t;
	size_t i;

	if (b->p.classes || b->s->net->targets != 1 || d->stored != 1)
		return;
	for (i = 0; i < d->known; i++) {
		low = fmin(low, d->t[i * d->t_step]);
		high = fmax(high, d->t[i * d->t_step]);
	}
	for (i = 0; i < d->known; i++) {
		t = d->t[i * d->t_step];
		if (t != low && t != high)
			return;
	}
	if (!(low < high))
		return;
	b->low = low;
	b->high = high;
	b->p.classes = 2;
	b->p.names = mem(b->s->c, sizeof *b->p.names);
	PUSH(b->s->c, (Names *)b->p.names, fmt(b->s->c, "%g", low));
	PUSH(b->s->c, (Names *)b->p.names, fmt(b->s->c, "%g", high));
}

static int
class_of(const Boundary *b, size_t row)
{
	const Data *d = b->s->data;

	if (!b->p.classes || row >= d->known)
		return -1;
	return b->high > b->low ? d->t[row * d->t_step] > b->low :
		data_class(d, b->s->net, row, 0);
}

static void
widen(double *low, double *high)
{
	double room = 0.12 * (*high - *low);

	if (!(room > 0))
		room = fmax(1, fabs(*high));
	*low -= room;
	*high += room;
}

static void
add_points(Boundary *b)
{
	const Data *d = b->s->data;
	Plane *p = &b->p;
	size_t i, step = (d->rows + MOST_POINTS - 1) / MOST_POINTS;

	p->x0 = p->y0 = INFINITY;
	p->x1 = p->y1 = -INFINITY;
	for (i = 0; i < d->rows; i++) {
		Point one = { data_input(d, i, 0), data_input(d, i, 1),
			class_of(b, i) };

		p->x0 = fmin(p->x0, one.x);
		p->x1 = fmax(p->x1, one.x);
		p->y0 = fmin(p->y0, one.y);
		p->y1 = fmax(p->y1, one.y);
		if (i % step == 0)
			PUSH(b->s->c, &p->points, one);
	}
	if (step > 1 && !cli_has(b->s->cli, "quiet"))
		fprintf(stderr, "bpgen: note: of %s rows every %zuth is a "
		        "point\n", grouped(b->s->c, (int64_t)d->rows), step);
	widen(&p->x0, &p->x1);
	widen(&p->y0, &p->y1);
	p->x_name = d->names.v[0];
	p->y_name = d->names.v[1];
}

static void
find_size(Boundary *b)
{
	const char *format = b->out.format;
	int side = strcmp(format, "svg") ? FILE_SIDE : SVG_SIDE;

	b->p.columns = b->p.rows = side;
	if (!strcmp(format, "text")) {
		b->p.columns = SCREEN_COLUMNS;
		b->p.rows = SCREEN_LINES * 2;
	}
}

/* ------------------------------------------------------------- answers */

/* of one output or two classes how far it is from the middle */
static void
take_answer(Boundary *b, double *v)
{
	const Network *net = b->s->net;
	double y = real_get(net->dtype, b->s->y, 0), low = b->low;
	double high = b->high;
	int k;

	v[0] = y;
	if (b->p.classes && net->outputs == 1) {
		if (!(high > low)) {
			low = low_target(net->heads.v);
			high = 1;
		}
		v[0] = 2 * (y - low) / (high - low) - 1;
	} else if (b->p.classes == 2) {
		v[0] = real_get(net->dtype, b->s->y,
		                class_at(net, net->heads.v, 0, 1)) -
		       real_get(net->dtype, b->s->y,
		                class_at(net, net->heads.v, 0, 0));
	} else {
		for (k = 0; k < b->p.classes; k++)
			v[k] = real_get(net->dtype, b->s->y,
			                class_at(net, net->heads.v, 0, k));
	}
}

/* a value alone is shown between its least and its most */
static void
scale_values(Plane *p)
{
	size_t n = (size_t)p->columns * (size_t)p->rows, i;
	double span;

	p->least = INFINITY;
	p->most = -INFINITY;
	for (i = 0; i < n; i++) {
		p->least = fmin(p->least, p->v[i]);
		p->most = fmax(p->most, p->v[i]);
	}
	span = p->most - p->least;
	for (i = 0; i < n; i++)
		p->v[i] = span > 0 ? 2 * (p->v[i] - p->least) / span - 1 : 0;
}

static void
ask(Boundary *b)
{
	Plane *p = &b->p;
	Session *s = b->s;
	double *v;
	int row, column;

	p->n = p->classes > 2 ? p->classes : 1;
	p->v = mem(s->c, (size_t)p->columns * (size_t)p->rows * (size_t)p->n *
	           sizeof *p->v);
	for (v = p->v, row = 0; row < p->rows; row++) {
		for (column = 0; column < p->columns; column++, v += p->n) {
			real_set(s->net->dtype, s->x, 0, p->x0 + (p->x1 - p->x0)
			         * column / (p->columns - 1));
			real_set(s->net->dtype, s->x, 1, p->y1 - (p->y1 - p->y0)
			         * row / (p->rows - 1));
			net_forward(s->jit, s->x, s->y);
			take_answer(b, v);
		}
	}
	if (!p->classes)
		scale_values(p);
}

int
plane_class(const Plane *p, int row, int column, double *sure)
{
	const double *v = p->v + ((size_t)row * (size_t)p->columns +
		(size_t)column) * (size_t)p->n;
	int k, best = 0;

	if (p->n == 1) {
		*sure = fmin(fabs(v[0]), 1);
		return v[0] > 0;
	}
	for (k = 1; k < p->n; k++)
		if (v[k] > v[best])
			best = k;
	*sure = fmin(fmax(v[best], 0), 1);
	return best;
}

const char *
class_color(int k)
{
	static const char *const colors[] = {
		BLUE, ORANGE, "#009E73", "#CC79A7", "#E69F00", "#56B4E9",
		"#F0E442", "#555555"
	};

	return colors[k % 8];
}

void
plane_color(const Plane *p, int row, int column, int levels,
	unsigned char rgb[3])
{
	unsigned part[3];
	double sure;
	int k = plane_class(p, row, column, &sure), i;

	if (levels)
		sure = round(sure * levels) / levels;
	sure = p->n == 1 ? 0.75 * sure : 0.15 + 0.5 * sure;
	sscanf(class_color(k), "#%2x%2x%2x", &part[0], &part[1], &part[2]);
	for (i = 0; i < 3; i++)
		rgb[i] = (unsigned char)lround(255 + sure * ((double)part[i] -
		                               255));
}

const char *
class_text(Ctx *c, const Plane *p, int k)
{
	return k < (int)p->names->n ? p->names->v[k] : fmt(c, "%d", k);
}

/* ------------------------------------------------------------- command */

static int
make(Boundary *b)
{
	Ctx *c = b->s->c;
	Raster pixels;
	Text t = { .c = c };

	if (!strcmp(b->out.format, "svg")) {
		plane_svg(c, &b->p, &t);
	} else if (!strcmp(b->out.format, "text")) {
		plane_screen(c, &b->p, unicode_terminal() &&
		             terminal_color(b->s->cli), &t);
	} else {
		pixels = plane_raster(c, &b->p);
		return raster_encode(c, &pixels, &b->out);
	}
	b->out.text = t.s;
	b->out.len = t.n;
	return 0;
}

static int
prepare(Boundary *b)
{
	Session *s = b->s;
	int rc = check_net(s->net);

	if (!rc)
		rc = picture_format(s->c, s->cli, &b->out,
		                    "text svg png ppm pgm");
	if (!rc)
		rc = session_weights(s, true);
	if (!rc && s->cli->args.n)
		rc = session_data(s, NULL, false);
	if (rc)
		return rc;
	b->p = (Plane){ .title = s->net->name, .x_name = "x1", .y_name = "x2",
		.x0 = -2, .x1 = 2, .y0 = -2, .y1 = 2,
		.classes = class_count(s->net), .names = &s->net->classes };
	if (s->data) {
		find_two_values(b);
		add_points(b);
	}
	find_size(b);
	rc = picture_check(s->c, s->cli, &b->out, &s->net->deps);
	return rc ? rc : session_compile(s, b->p.columns * b->p.rows / 3.0);
}

int
draw_boundary(Ctx *c, const Cli *cli)
{
	Session s = { 0 };
	Boundary b = { .s = &s };
	int rc = session_open(&s, c, cli, false);

	if (!rc)
		rc = prepare(&b);
	if (!rc) {
		ask(&b);
		rc = make(&b);
	}
	if (!rc)
		rc = picture_write(c, &b.out);
	session_close(&s);
	return rc;
}
